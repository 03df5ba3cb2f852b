/* SPDX-License-Identifier: Apache-2.0 */
/*
 * materialize: per key the rows that are there, of which the newest is what is known below. It
 * makes a stream of upserts whole (every key has one row), and one that is whole by another key (a
 * key may have several rows at a time, and while one of them goes before the next one comes, or
 * after, the newest of those that are there stands).
 *
 *   table: key -> list of addresses, in the order of arrival
 *   kept rows: input's columns | arrival | time, if rows have a time to live (operators/ttl.h)
 *
 * All rows of a batch that come are kept first; then they are taken one by one, and what has to go
 * is let go when the changes have been emitted. A snapshot has nothing but the kept rows; lists are
 * made anew from them, by whichever task owns their keys then.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "functions/values.h"
#include "operators/gone_rows.h"
#include "operators/row_list.h"
#include "operators/specs_changes.h"
#include "operators/ttl.h"

#define SAVE_PAGES   4 /* written per step of a snapshot */
#define SAVE_VERSION 2
/* The version that did not say since when rows without a time are there. */
#define SAVE_TIMELESS 1
#define EXPIRE_ROWS   256

struct materialize {
  struct wr_operator op;
  const struct wr_materialize_spec *spec;
  struct wr_schema kept_schema; /* input, arrival, perhaps the time */
  struct wr_table_space *space;
  struct wr_table *table;
  uint32_t list_at; /* of the state in entries */
  struct wr_kept_rows kept;
  struct wr_ttl_rows ttl;
  uint64_t list_bytes;
  int64_t arrivals, now_us;
  const struct wr_column **key_columns; /* scratch */
  struct wr_arena arena;                /* one batch */
  /* rows going out */
  struct wr_builder *builders;
  struct wr_column *columns;
  uint64_t *addresses;
  uint8_t *change;
  uint32_t waiting;
  /* what goes at the end of the batch */
  struct wr_gone_rows gone;
  char **emptied;
  uint32_t emptied_count;
  struct wr_part_writer *part; /* of the snapshot being written; NULL: none */
};

/* ---- life */

static void materialize_open_space(struct materialize *self)
{
  const struct wr_materialize_spec *spec = self->spec;
  const struct wr_type **keys = wr_memory_get((spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = spec->schema->fields[spec->keys[k]].type;
  const struct wr_state_piece piece = {sizeof(struct wr_row_list), _Alignof(struct wr_row_list),
                                       false};
  struct wr_layout *layout = wr_layout_new(keys, spec->key_count, &piece, 1);
  self->list_at = wr_layout_state(layout, 0);
  self->space = wr_table_space_new(layout);
  self->table = wr_table_new(self->space, 0, true);
  self->key_columns = wr_memory_get((spec->key_count + 1) * sizeof *self->key_columns);
  free(keys);
}

static void materialize_open_output(struct materialize *self)
{
  uint32_t width = self->spec->schema->column_count;
  self->builders = wr_memory_get_zero((width + 1) * sizeof *self->builders);
  self->columns = wr_memory_get_zero((width + 1) * sizeof *self->columns);
  for (uint32_t c = 0; c < width; c++)
    wr_builder_open(&self->builders[c], self->spec->schema->fields[c].type);
  self->addresses = wr_memory_get(WR_BATCH_ROWS * sizeof *self->addresses);
  self->change = wr_memory_get_zero(WR_BATCH_ROWS + WR_PADDING);
}

static enum wr_code materialize_open(const void *spec, const struct wr_operator_context *context,
                                     struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct materialize *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_materialize, context);
  self->spec = spec;
  assert(self->spec->key_count > 0);
  uint32_t width = self->spec->schema->column_count;
  struct wr_field *fields = wr_memory_get((width + 2) * sizeof *fields);
  memcpy(fields, self->spec->schema->fields, width * sizeof *fields);
  fields[width] = (struct wr_field){"arrival", &wr_type_bigint};
  fields[width + 1] = (struct wr_field){"time", &wr_type_bigint};
  self->kept_schema = (struct wr_schema){width + 1 + (self->spec->ttl_us > 0), fields};
  wr_ttl_rows_open(&self->ttl, self->spec->ttl_us, width + 1);
  materialize_open_space(self);
  wr_kept_rows_open(&self->kept, &self->kept_schema);
  wr_kept_rows_name(&self->kept, self->spec->column_ids, width);
  self->kept.mixed = true;
  self->kept.added_count = self->spec->ttl_us > 0;
  materialize_open_output(self);
  *out = &self->op;
  return WR_OK;
}

static struct wr_row_list *materialize_list(const struct materialize *self, char *entry)
{
  return (struct wr_row_list *)(void *)(entry + self->list_at);
}

static void materialize_free_lists(struct materialize *self)
{
  char *entries[256];
  struct wr_table_cursor cursor = {0};
  uint32_t count;
  while ((count = wr_table_scan(self->table, &cursor, entries, 256)) > 0)
    for (uint32_t i = 0; i < count; i++)
      if (materialize_list(self, entries[i])->count > 1)
        free(materialize_list(self, entries[i])->items);
}

static void materialize_close(struct wr_operator *op)
{
  struct materialize *self = (struct materialize *)op;
  materialize_free_lists(self);
  wr_kept_rows_close(&self->kept);
  wr_ttl_rows_close(&self->ttl);
  wr_table_space_free(self->space);
  for (uint32_t c = 0; c < self->spec->schema->column_count; c++)
    wr_builder_close(&self->builders[c]);
  wr_arena_free(&self->arena);
  free((void *)self->kept_schema.fields);
  free(self->key_columns);
  free(self->builders);
  free(self->columns);
  free(self->addresses);
  free(self->change);
  wr_gone_rows_close(&self->gone);
  free(self);
}

static void materialize_count_state(const struct materialize *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  uint64_t bytes = wr_table_space_memory(self->space) + self->kept.bytes + self->list_bytes;
  atomic_store_explicit(&metrics->state_bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&metrics->spare_bytes, wr_table_space_spare(self->space),
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, wr_table_space_keys(self->space),
                        memory_order_relaxed);
}

/* ---- rows going out */

static enum wr_code materialize_flush(struct materialize *self, struct wr_error *err)
{
  const struct wr_schema *schema = self->spec->schema;
  if (self->waiting == 0)
    return WR_OK;
  for (uint32_t c = 0; c < schema->column_count; c++) {
    wr_kept_rows_gather(&self->kept, self->addresses, self->waiting, c, &self->builders[c]);
    self->columns[c] = wr_builder_view(&self->builders[c]);
  }
  const struct wr_batch rows = {.schema = schema,
                                .columns = self->columns,
                                .row_count = self->waiting,
                                .picked_count = self->waiting,
                                .change = self->change,
                                .others_us = WR_TIME_END,
                                .now_us = self->now_us};
  enum wr_code code = wr_emit_batch(&self->op, &rows, err);
  for (uint32_t c = 0; c < schema->column_count; c++)
    wr_builder_reset(&self->builders[c]);
  self->waiting = 0;
  return code;
}

/* One row more, or both halves of an update, in one batch. */
static enum wr_code materialize_reserve(struct materialize *self, uint32_t count,
                                        struct wr_error *err)
{
  return self->waiting + count <= WR_BATCH_ROWS ? WR_OK : materialize_flush(self, err);
}

static void materialize_put(struct materialize *self, uint64_t address, enum wr_change change)
{
  self->change[self->waiting] = (uint8_t)change;
  self->addresses[self->waiting++] = address;
}

/* ---- rows coming in */

/* Whether a row of a batch is equal to a kept one; arrival is not looked at. */
static bool row_is_kept(const struct materialize *self, const struct wr_batch *batch, uint32_t row,
                        uint64_t address)
{
  uint32_t kept_row;
  const struct wr_batch *kept = wr_kept_row(&self->kept, address, &kept_row);
  for (uint32_t c = 0; c < self->spec->schema->column_count; c++)
    if (!wr_values_alike(&batch->columns[c], row, &kept->columns[c], kept_row))
      return false;
  return true;
}

/* A row comes, which is kept at this address. */
static enum wr_code materialize_add(struct materialize *self, struct wr_row_list *list,
                                    const struct wr_batch *batch, uint32_t row, uint64_t address,
                                    struct wr_error *err)
{
  enum wr_code code = materialize_reserve(self, 2, err);
  uint64_t before = list->count ? wr_row_list_items(list)[list->count - 1] : 0;
  bool was = list->count > 0;
  bool is_equal = !self->spec->ttl_us && was && row_is_kept(self, batch, row, before);
  if (self->spec->upserts && is_equal) {
    wr_gone_rows_add(&self->gone, address);
    return code;
  }
  if (self->spec->upserts && was) {
    list->address = address;
    wr_gone_rows_add(&self->gone, before);
  } else {
    wr_row_list_put(list, list->count, address, &self->list_bytes);
  }
  if (is_equal)
    return code;
  if (was)
    materialize_put(self, before, WR_UPDATE_BEFORE);
  materialize_put(self, address, was ? WR_UPDATE_AFTER : WR_INSERT);
  return code;
}

/* Which row of the list one that takes back takes; UINT32_MAX: none. */
static uint32_t materialize_find(const struct materialize *self, struct wr_row_list *list,
                                 const struct wr_batch *batch, uint32_t row)
{
  if (self->spec->upserts)
    return list->count ? 0 : UINT32_MAX;
  for (uint32_t at = list->count; at-- > 0;)
    if (row_is_kept(self, batch, row, wr_row_list_items(list)[at]))
      return at;
  return UINT32_MAX;
}

static enum wr_code materialize_take_back(struct materialize *self, char *entry,
                                          const struct wr_batch *batch, uint32_t row,
                                          struct wr_error *err)
{
  struct wr_row_list *list = materialize_list(self, entry);
  enum wr_code code = materialize_reserve(self, 2, err);
  uint32_t at = materialize_find(self, list, batch, row);
  if (at == UINT32_MAX)
    return code;
  uint64_t address = wr_row_list_items(list)[at];
  bool was_newest = at == list->count - 1;
  wr_row_list_take(list, at, &self->list_bytes);
  wr_gone_rows_add(&self->gone, address);
  if (!was_newest)
    return code;
  if (list->count == 0) {
    materialize_put(self, address, WR_DELETE);
    return code;
  }
  uint64_t newest = wr_row_list_items(list)[list->count - 1];
  uint32_t newest_row;
  const struct wr_batch *kept = wr_kept_row(&self->kept, newest, &newest_row);
  if (row_is_kept(self, kept, newest_row, address))
    return code;
  materialize_put(self, address, WR_UPDATE_BEFORE);
  materialize_put(self, newest, WR_UPDATE_AFTER);
  return code;
}

/* The batch with a column more, or two: arrival, the time. */
static void materialize_number(struct materialize *self, const struct wr_batch *batch,
                               struct wr_batch *out)
{
  uint32_t width = self->spec->schema->column_count;
  struct wr_column *columns = wr_arena_get(&self->arena, (width + 2) * sizeof *columns);
  int64_t *numbers = wr_arena_get(&self->arena, batch->row_count * sizeof *numbers + WR_PADDING);
  memcpy(columns, batch->columns, width * sizeof *columns);
  for (uint32_t i = 0; i < batch->row_count; i++)
    numbers[i] = self->arrivals + i;
  self->arrivals += batch->row_count;
  columns[width] = (struct wr_column){.type = &wr_type_bigint, .values = numbers};
  if (self->spec->ttl_us)
    columns[width + 1] = wr_ttl_rows_now(&self->arena, self->now_us);
  *out = *batch;
  out->schema = &self->kept_schema;
  out->columns = columns;
  out->change = NULL;
}

static void materialize_probe(struct materialize *self, const struct wr_batch *batch,
                              const uint32_t *rows, const uint64_t *hashes, uint32_t row_count,
                              enum wr_probe_mode mode, struct wr_probe *probe)
{
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    self->key_columns[k] = &batch->columns[self->spec->keys[k]];
  wr_table_probe(self->table, self->key_columns, rows, hashes, row_count, mode, probe);
}

static uint64_t *materialize_hash(struct materialize *self, const struct wr_batch *batch,
                                  const uint32_t *rows, uint32_t row_count)
{
  uint64_t *hashes = wr_arena_get(&self->arena, (row_count + 1) * sizeof *hashes);
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    self->key_columns[k] = &batch->columns[self->spec->keys[k]];
  wr_hash_keys(self->key_columns, self->spec->key_count, rows, row_count,
               self->op.context->hash_seed, hashes);
  return hashes;
}

/* ---- at the end of a batch */

/* Rows of a page lie elsewhere now. */
static void materialize_move_rows(struct materialize *self, const struct wr_batch *batch,
                                  uint32_t page, const uint32_t *rows, uint32_t count,
                                  const uint64_t *hashes, const uint64_t *addresses)
{
  struct wr_probe probe;
  materialize_probe(self, batch, rows, hashes, count, WR_PROBE_FIND, &probe);
  for (uint32_t i = 0; i < count; i++) {
    struct wr_row_list *list = materialize_list(self, probe.entries[i]);
    uint64_t *items = wr_row_list_items(list), old = (uint64_t)page << WR_KEPT_ROW_BITS | rows[i];
    uint32_t at = 0;
    while (at < list->count && items[at] != old)
      at++;
    assert(at < list->count);
    items[at] = addresses[i];
  }
}

/* Moves the rows of a page that are left to where others are added. */
static void materialize_move_page(void *argument, uint32_t page)
{
  struct materialize *self = argument;
  const struct wr_batch old = self->kept.pages[page].rows;
  uint32_t left = wr_kept_page_left_count(&self->kept, page);
  uint32_t *rows = wr_arena_get(&self->arena, left * sizeof *rows);
  uint64_t *addresses = wr_arena_get(&self->arena, left * sizeof *addresses);
  uint32_t count = wr_kept_page_left(&self->kept, page, rows);
  const uint64_t *hashes = materialize_hash(self, &old, rows, count);
  wr_kept_rows_add(&self->kept, &old, rows, count, addresses);
  if (self->spec->ttl_us)
    wr_ttl_rows_note(&self->ttl, &old, rows, addresses, count);
  materialize_move_rows(self, &old, page, rows, count, hashes, addresses);
  wr_kept_page_drop(&self->kept, page, rows, count);
}

/* Keys without rows are forgotten, but for those that got one again. */
static void materialize_forget(struct materialize *self)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < self->emptied_count; i++) {
    struct wr_row_list *list = materialize_list(self, self->emptied[i]);
    list->is_noted = false;
    if (list->count == 0)
      self->emptied[count++] = self->emptied[i];
  }
  self->emptied_count = 0;
  if (count)
    wr_table_remove(self->table, self->emptied, count);
}

/* ---- rows that are over */

/* Rows rows[i] of a page leave their lists, without a word. */
static void materialize_expire_rows(struct materialize *self, uint32_t page, const uint32_t *rows,
                                    uint32_t count)
{
  const struct wr_batch old = self->kept.pages[page].rows;
  char *emptied[EXPIRE_ROWS];
  uint32_t emptied_count = 0;
  struct wr_probe probe;
  const uint64_t *hashes = materialize_hash(self, &old, rows, count);
  materialize_probe(self, &old, rows, hashes, count, WR_PROBE_FIND, &probe);
  for (uint32_t i = 0; i < count; i++) {
    struct wr_row_list *list = materialize_list(self, probe.entries[i]);
    uint64_t *items = wr_row_list_items(list),
             address = (uint64_t)page << WR_KEPT_ROW_BITS | rows[i];
    uint32_t at = 0;
    while (at < list->count && items[at] != address)
      at++;
    assert(at < list->count);
    wr_row_list_take(list, at, &self->list_bytes);
    wr_gone_rows_add(&self->gone, address);
    if (list->count == 0)
      emptied[emptied_count++] = probe.entries[i];
  }
  wr_table_remove(self->table, emptied, emptied_count);
}

static void materialize_expire(struct materialize *self, int64_t now_us)
{
  uint32_t *rows = wr_arena_get(&self->arena, WR_BATCH_ROWS * sizeof *rows), page, count;
  while (wr_ttl_rows_take(&self->ttl, &self->kept, now_us, &page, rows, &count)) {
    for (uint32_t first = 0, some; first < count; first += some) {
      some = count - first < EXPIRE_ROWS ? count - first : EXPIRE_ROWS;
      materialize_expire_rows(self, page, rows + first, some);
    }
    wr_gone_rows_settle(&self->gone, &self->kept, materialize_move_page, self);
  }
}

/* ---- the class's calls */

static enum wr_code materialize_on_timer(struct wr_operator *op, int64_t now_us,
                                         struct wr_error *err)
{
  struct materialize *self = (struct materialize *)op;
  (void)err;
  wr_arena_reset(&self->arena);
  materialize_expire(self, now_us);
  op->timer_us = wr_ttl_rows_due(&self->ttl);
  materialize_count_state(self);
  return WR_OK;
}

static enum wr_code materialize_on_batch(struct wr_operator *op, uint32_t input,
                                         const struct wr_batch *batch, struct wr_error *err)
{
  struct materialize *self = (struct materialize *)op;
  assert(input == 0);
  (void)input;
  wr_arena_reset(&self->arena);
  self->now_us = batch->now_us;
  if (self->spec->ttl_us)
    materialize_expire(self, batch->now_us);
  struct wr_batch fresh;
  materialize_number(self, batch, &fresh);
  uint32_t count = 0, coming = 0, most = batch->picked_count;
  uint32_t *rows = wr_arena_get(&self->arena, 2 * most * sizeof *rows), *kept = rows + most;
  uint64_t *addresses = wr_arena_get(&self->arena, most * sizeof *addresses);
  for (uint32_t i = 0; i < most; i++) {
    uint32_t row = wr_batch_row(batch, i);
    enum wr_change change = batch->change ? batch->change[row] : WR_INSERT;
    if (self->spec->upserts && change == WR_UPDATE_BEFORE)
      continue;
    rows[count++] = row;
    kept[coming] = row;
    coming += !(change & WR_DELETE);
  }
  if (count == 0)
    return WR_OK;
  const uint64_t *hashes = materialize_hash(self, batch, rows, count);
  struct wr_probe probe;
  materialize_probe(self, batch, rows, hashes, count, WR_PROBE_MAKE, &probe);
  wr_kept_rows_add(&self->kept, &fresh, kept, coming, addresses);
  if (self->spec->ttl_us)
    wr_ttl_rows_note(&self->ttl, &fresh, kept, addresses, coming);
  self->emptied = wr_arena_get(&self->arena, count * sizeof *self->emptied);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0, next = 0; code == WR_OK && i < count; i++) {
    struct wr_row_list *list = materialize_list(self, probe.entries[i]);
    if (next < coming && kept[next] == rows[i])
      code = materialize_add(self, list, batch, rows[i], addresses[next++], err);
    else
      code = materialize_take_back(self, probe.entries[i], batch, rows[i], err);
    if (list->count || list->is_noted)
      continue;
    list->is_noted = true;
    self->emptied[self->emptied_count++] = probe.entries[i];
  }
  if (code == WR_OK)
    code = materialize_flush(self, err);
  if (code != WR_OK)
    return code;
  materialize_forget(self);
  wr_gone_rows_settle(&self->gone, &self->kept, materialize_move_page, self);
  if (self->spec->ttl_us)
    op->timer_us = wr_ttl_rows_due(&self->ttl);
  materialize_count_state(self);
  return WR_OK;
}

/* ---- snapshots */

static void materialize_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct materialize *self = (struct materialize *)op;
  assert(!self->part);
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_i64(part, self->arrivals);
  wr_part_put_i64(part, self->ttl.since_us);
  wr_kept_rows_save_begin(&self->kept);
  self->part = part;
}

static bool materialize_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct materialize *self = (struct materialize *)op;
  (void)part;
  if (self->part && wr_kept_rows_save_step(&self->kept, self->part, SAVE_PAGES))
    self->part = NULL;
  return !self->part;
}

static int64_t materialize_arrival(const struct materialize *self, uint64_t address)
{
  uint32_t row;
  const struct wr_batch *kept = wr_kept_row(&self->kept, address, &row);
  return wr_column_i64(&kept->columns[self->spec->schema->column_count], row);
}

struct materialize_loader {
  struct materialize *self;
  int64_t since_us; /* of rows without a time */
};

/* Takes the rows of a page that belong to this task. */
static void materialize_take_loaded(void *argument, const struct wr_batch *saved)
{
  const struct materialize_loader *loader = argument;
  struct materialize *self = loader->self;
  const struct wr_operator_context *context = self->op.context;
  struct wr_batch timed;
  const struct wr_batch *batch = saved;
  wr_arena_reset(&self->arena);
  if (self->spec->ttl_us) {
    wr_ttl_rows_restore(&self->ttl, &self->arena, loader->since_us, saved, &timed);
    batch = &timed;
  }
  uint32_t *rows = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *rows), count = 0;
  uint64_t *addresses = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *addresses);
  uint64_t *hashes = materialize_hash(self, batch, NULL, batch->row_count);
  for (uint32_t i = 0; i < batch->row_count; i++) {
    if (wr_key_group_task(wr_key_group(hashes[i]), context->task_count) != context->task)
      continue;
    rows[count] = i;
    hashes[count++] = hashes[i];
  }
  if (count == 0)
    return;
  struct wr_probe probe;
  materialize_probe(self, batch, rows, hashes, count, WR_PROBE_MAKE, &probe);
  wr_kept_rows_add(&self->kept, batch, rows, count, addresses);
  if (self->spec->ttl_us)
    wr_ttl_rows_note(&self->ttl, batch, rows, addresses, count);
  for (uint32_t i = 0; i < count; i++) {
    struct wr_row_list *list = materialize_list(self, probe.entries[i]);
    int64_t arrival = materialize_arrival(self, addresses[i]);
    uint32_t at = list->count;
    while (at > 0 && materialize_arrival(self, wr_row_list_items(list)[at - 1]) > arrival)
      at--;
    wr_row_list_put(list, at, addresses[i], &self->list_bytes);
  }
}

static enum wr_code materialize_load(struct wr_operator *op, struct wr_part_reader *part,
                                     struct wr_error *err)
{
  struct materialize *self = (struct materialize *)op;
  struct materialize_loader loader = {.self = self};
  uint64_t version = 0, more = 0;
  int64_t arrivals = 0;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK && version != SAVE_VERSION && version != SAVE_TIMELESS)
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", op->context->name);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &arrivals, err);
  if (code == WR_OK && version == SAVE_VERSION)
    code = wr_part_get_i64(part, &loader.since_us, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &more, err);
  while (code == WR_OK && more) {
    code = wr_kept_rows_load(&self->kept, part, materialize_take_loaded, &loader, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &more, err);
  }
  self->arrivals = arrivals > self->arrivals ? arrivals : self->arrivals;
  if (self->spec->ttl_us)
    op->timer_us = 0; /* no row need come any more */
  materialize_count_state(self);
  return code;
}

const struct wr_operator_class wr_operator_class_materialize = {
    .name = "Materialize",
    .open = materialize_open,
    .on_batch = materialize_on_batch,
    .on_timer = materialize_on_timer,
    .save = materialize_save,
    .save_step = materialize_save_step,
    .load = materialize_load,
    .close = materialize_close,
};
