/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/reference.h"

#include <assert.h>
#include <stdlib.h>

#include "core/builder.h"
#include "core/hash.h"
#include "core/limits.h"
#include "functions/values.h"

#define REFERENCE_AHEAD 16 /* rows whose memory is on its way while one is looked up */
#define REFERENCE_FAR_BYTES                                            \
  (256 << 10) /* tables larger than this are not in the nearest caches \
               */

/* The first row of a key. */
struct reference_slot {
  uint32_t tag; /* of its hash */
  uint32_t row; /* 0: the slot is free */
};

struct wr_reference_rows {
  const struct wr_schema *schema;
  const uint32_t *keys;
  uint32_t key_count;
  uint64_t hash_seed;
  struct wr_builder *builders;  /* per column; row 0 is NULL in each */
  bool *has_null;               /* per column: in other rows as well */
  uint32_t count;               /* with row 0 */
  struct reference_slot *slots; /* once sealed */
  uint64_t mask;
  uint32_t *next; /* per row; NULL: every key has one row */
  struct wr_column *columns;
  int64_t loaded_us;
  struct wr_arena arena; /* of rejects */
  struct wr_reject *rejects;
  uint32_t reject_count;
  uint64_t more_rejects;
};

/* ---- loading */

struct wr_reference_rows *wr_reference_rows_new(const struct wr_schema *schema,
                                                const uint32_t *keys, uint32_t key_count,
                                                uint64_t hash_seed)
{
  struct wr_reference_rows *rows = wr_memory_get_zero(sizeof *rows);
  assert(key_count > 0);
  rows->schema = schema;
  rows->keys = keys;
  rows->key_count = key_count;
  rows->hash_seed = hash_seed;
  rows->builders = wr_memory_get_zero(schema->column_count * sizeof *rows->builders);
  rows->has_null = wr_memory_get_zero(schema->column_count * sizeof *rows->has_null);
  rows->columns = wr_memory_get_zero(schema->column_count * sizeof *rows->columns);
  rows->count = 1;
  for (uint32_t c = 0; c < schema->column_count; c++) {
    wr_builder_open(&rows->builders[c], schema->fields[c].type);
    wr_builder_reserve(&rows->builders[c], 1);
    wr_builder_put_null(&rows->builders[c]);
  }
  return rows;
}

void wr_reference_rows_free(struct wr_reference_rows *rows)
{
  if (!rows)
    return;
  for (uint32_t c = 0; c < rows->schema->column_count; c++)
    wr_builder_close(&rows->builders[c]);
  wr_arena_free(&rows->arena);
  free(rows->rejects);
  free(rows->builders);
  free(rows->has_null);
  free(rows->columns);
  free(rows->slots);
  free(rows->next);
  free(rows);
}

/* Whether no key of a row is NULL. */
static bool row_has_key(const struct wr_reference_rows *rows, const struct wr_batch *batch,
                        uint32_t row)
{
  for (uint32_t k = 0; k < rows->key_count; k++)
    if (wr_column_is_null(&batch->columns[rows->keys[k]], row))
      return false;
  return true;
}

enum wr_code wr_reference_rows_add(struct wr_reference_rows *rows, const struct wr_batch *batch,
                                   struct wr_error *err)
{
  assert(!rows->slots && batch->schema->column_count == rows->schema->column_count);
  if (batch->picked_count > WR_REFERENCE_ROWS_MAX - (rows->count - 1))
    return wr_fail(err, WR_LIMIT, "it has more than %u rows (WR_REFERENCE_ROWS_MAX)",
                   WR_REFERENCE_ROWS_MAX);
  for (uint32_t c = 0; c < rows->schema->column_count; c++)
    wr_builder_reserve(&rows->builders[c], batch->picked_count);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    if (!row_has_key(rows, batch, row))
      continue;
    for (uint32_t c = 0; c < rows->schema->column_count; c++) {
      const struct wr_column *column = &batch->columns[c];
      rows->has_null[c] = rows->has_null[c] || wr_column_is_null(column, row);
      wr_builder_put_row(&rows->builders[c], column, row, true);
    }
    rows->count++;
  }
  return WR_OK;
}

static const char *reference_copy(struct wr_arena *arena, const char *text)
{
  return text ? wr_arena_copy(arena, text, strlen(text)) : NULL;
}

static struct wr_slice reference_copy_slice(struct wr_arena *arena, struct wr_slice slice)
{
  return slice.bytes
             ? (struct wr_slice){wr_arena_copy(arena, slice.bytes, slice.length), slice.length}
             : slice;
}

void wr_reference_rows_reject(struct wr_reference_rows *rows, const struct wr_reject *reject)
{
  if (rows->reject_count == WR_REFERENCE_REJECTS_MAX) {
    rows->more_rejects++;
    return;
  }
  if (!rows->rejects)
    rows->rejects = wr_memory_get(WR_REFERENCE_REJECTS_MAX * sizeof *rows->rejects);
  struct wr_reject *kept = &rows->rejects[rows->reject_count++];
  *kept = *reject;
  kept->message = reference_copy(&rows->arena, reject->message);
  kept->source = reference_copy(&rows->arena, reject->source);
  kept->split = reference_copy(&rows->arena, reject->split);
  kept->position = reference_copy_slice(&rows->arena, reject->position);
  kept->raw = reference_copy_slice(&rows->arena, reject->raw);
}

const struct wr_reject *wr_reference_rows_rejects(const struct wr_reference_rows *rows,
                                                  uint32_t *count, uint64_t *more)
{
  *count = rows->reject_count;
  *more = rows->more_rejects;
  return rows->rejects;
}

/* ---- memory */

/* Slots of so many rows: at most two thirds of them are taken. */
static uint64_t reference_slot_count(uint32_t count)
{
  uint64_t slots = 16;
  while (slots < count + (uint64_t)count / 2)
    slots *= 2;
  return slots;
}

static uint64_t builder_bytes(const struct wr_builder *builder)
{
  uint64_t bytes = builder->texts.held + builder->row_capacity / 8 +
                   (uint64_t)wr_physical_bytes[builder->type->physical] * builder->row_capacity;
  for (uint32_t f = 0; builder->children && f < builder->type->field_count; f++)
    bytes += builder_bytes(&builder->children[f]);
  return bytes;
}

uint64_t wr_reference_rows_bytes(const struct wr_reference_rows *rows)
{
  uint64_t slots = rows->slots ? rows->mask + 1 : reference_slot_count(rows->count);
  uint64_t bytes = slots * sizeof *rows->slots + rows->arena.held;
  bytes += rows->next ? rows->count * sizeof *rows->next : 0;
  for (uint32_t c = 0; c < rows->schema->column_count; c++)
    bytes += builder_bytes(&rows->builders[c]);
  return bytes;
}

int64_t wr_reference_rows_loaded_us(const struct wr_reference_rows *rows)
{
  return rows->loaded_us;
}

uint64_t wr_reference_rows_count(const struct wr_reference_rows *rows)
{
  return rows->count - 1;
}

/* Gives the room that rows have not needed back. */
static void builder_trim(struct wr_builder *builder)
{
  uint32_t rows = (wr_bit_words(builder->row_count) + 1) * 64;
  size_t width = wr_physical_bytes[builder->type->physical];
  if (rows >= builder->row_capacity)
    return;
  builder->valid = wr_memory_resize(builder->valid, rows / 8 + WR_PADDING);
  if (width)
    builder->values = wr_memory_resize(builder->values, width * rows + WR_PADDING);
  builder->row_capacity = rows;
  for (uint32_t f = 0; builder->views && f < builder->type->field_count; f++)
    builder_trim(&builder->children[f]);
}

/* ---- the index */

static inline uint32_t hash_tag(uint64_t hash)
{
  return (uint32_t)(hash >> 32);
}

/* Whether the key of a row of other columns is that of a row here; none is NULL. */
static inline bool reference_has_key(const struct wr_reference_rows *rows, uint32_t row,
                                     const struct wr_column *const *keys, uint32_t key_row)
{
  for (uint32_t k = 0; k < rows->key_count; k++) {
    const struct wr_column *own = &rows->columns[rows->keys[k]];
    if (own->type->physical == WR_I64) {
      if (((const int64_t *)own->values)[row] !=
          ((const int64_t *)keys[k]->values)[wr_column_row(keys[k], key_row)])
        return false;
    } else if (!wr_values_equal(own, row, keys[k], key_row)) {
      return false;
    }
  }
  return true;
}

/* The slot of a key: that of its rows, or the free one where they belong. */
static inline struct reference_slot *reference_slot(const struct wr_reference_rows *rows,
                                                    uint64_t hash,
                                                    const struct wr_column *const *keys,
                                                    uint32_t key_row)
{
  uint32_t tag = hash_tag(hash);
  for (uint64_t at = hash & rows->mask;; at = (at + 1) & rows->mask) {
    struct reference_slot *slot = &rows->slots[at];
    if (slot->row == 0 || (slot->tag == tag && reference_has_key(rows, slot->row, keys, key_row)))
      return slot;
  }
}

/* Backwards, so that the rows of a key are in the order in which they were loaded. */
static void reference_index(struct wr_reference_rows *rows)
{
  uint64_t hashes[WR_BATCH_ROWS];
  uint32_t numbers[WR_BATCH_ROWS];
  const struct wr_column **keys = wr_memory_get(rows->key_count * sizeof *keys);
  for (uint32_t k = 0; k < rows->key_count; k++)
    keys[k] = &rows->columns[rows->keys[k]];
  for (uint32_t end = rows->count; end > 1;) {
    uint32_t count = end - 1 < WR_BATCH_ROWS ? end - 1 : WR_BATCH_ROWS;
    for (uint32_t i = 0; i < count; i++)
      numbers[i] = end - 1 - i;
    wr_hash_keys(keys, rows->key_count, numbers, count, rows->hash_seed, hashes);
    for (uint32_t i = 0; i < count; i++) {
      if (i + REFERENCE_AHEAD < count)
        __builtin_prefetch(&rows->slots[hashes[i + REFERENCE_AHEAD] & rows->mask], 1);
      struct reference_slot *slot = reference_slot(rows, hashes[i], keys, numbers[i]);
      if (slot->row && !rows->next)
        rows->next = wr_memory_get_zero(rows->count * sizeof *rows->next);
      if (slot->row)
        rows->next[numbers[i]] = slot->row;
      *slot = (struct reference_slot){hash_tag(hashes[i]), numbers[i]};
    }
    end -= count;
  }
  free(keys);
}

void wr_reference_rows_seal(struct wr_reference_rows *rows, int64_t loaded_us)
{
  assert(!rows->slots);
  rows->loaded_us = loaded_us;
  for (uint32_t c = 0; c < rows->schema->column_count; c++) {
    builder_trim(&rows->builders[c]);
    rows->columns[c] = wr_builder_view(&rows->builders[c]);
  }
  uint64_t slots = reference_slot_count(rows->count);
  rows->mask = slots - 1;
  rows->slots = wr_memory_get_zero(slots * sizeof *rows->slots);
  reference_index(rows);
}

/* ---- looking up */

void wr_reference_rows_view(const struct wr_reference_rows *rows, bool all_null,
                            struct wr_column *columns, struct wr_batch *out)
{
  uint32_t count = rows->schema->column_count;
  assert(rows->slots);
  memcpy(columns, rows->columns, count * sizeof *columns);
  for (uint32_t c = 0; c < count; c++)
    if (!all_null && !rows->has_null[c] && columns[c].type->physical != WR_NESTED)
      columns[c].valid = NULL;
  *out = (struct wr_batch){.schema = rows->schema,
                           .columns = columns,
                           .row_count = rows->count,
                           .picked_count = rows->count,
                           .others_us = WR_TIME_END};
}

static bool keys_have_null(const struct wr_column *const *keys, uint32_t key_count)
{
  for (uint32_t k = 0; k < key_count; k++)
    if (keys[k]->valid)
      return true;
  return false;
}

static inline bool keys_are_null(const struct wr_column *const *keys, uint32_t key_count,
                                 uint32_t row)
{
  for (uint32_t k = 0; k < key_count; k++)
    if (wr_column_is_null(keys[k], row))
      return true;
  return false;
}

/* What the lookup of a row that comes soon will need. */
static inline void reference_fetch(const struct wr_reference_rows *rows, const uint64_t *hashes,
                                   uint32_t i, uint32_t count)
{
  if (i + 2 * REFERENCE_AHEAD < count)
    __builtin_prefetch(&rows->slots[hashes[i + 2 * REFERENCE_AHEAD] & rows->mask]);
  if (i + REFERENCE_AHEAD >= count)
    return;
  const struct wr_column *key = &rows->columns[rows->keys[0]];
  uint32_t row = rows->slots[hashes[i + REFERENCE_AHEAD] & rows->mask].row;
  __builtin_prefetch((const char *)key->values +
                     (size_t)wr_physical_bytes[key->type->physical] * row);
}

struct wr_reference_found wr_reference_rows_find(const struct wr_reference_rows *rows,
                                                 const struct wr_column *const *keys,
                                                 const uint32_t *picked, uint32_t row_count,
                                                 uint64_t *hashes, uint32_t *found)
{
  bool has_null = keys_have_null(keys, rows->key_count);
  bool is_far = (rows->mask + 1) * sizeof *rows->slots > REFERENCE_FAR_BYTES;
  struct wr_reference_found out = {0};
  assert(rows->slots);
  wr_hash_keys(keys, rows->key_count, picked, row_count, rows->hash_seed, hashes);
  for (uint32_t i = 0; i < row_count; i++) {
    uint32_t row = picked ? picked[i] : i;
    if (is_far)
      reference_fetch(rows, hashes, i, row_count);
    found[i] = has_null && keys_are_null(keys, rows->key_count, row)
                   ? 0
                   : reference_slot(rows, hashes[i], keys, row)->row;
    out.matched += found[i] != 0;
    out.several = out.several || (rows->next && rows->next[found[i]]);
  }
  return out;
}

uint32_t wr_reference_rows_next(const struct wr_reference_rows *rows, uint32_t row)
{
  return rows->next ? rows->next[row] : 0;
}
