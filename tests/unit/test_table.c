/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keyed table beside a model that is an array: key number k has count[k] rows and the text
 * last_text[k]. Keys of every shape are made from their number, so a model needs no hashing of its
 * own. Growth, splits, texts that come and go, snapshots while rows go on, and damaged snapshots.
 */
#include "state/table.h"

#include <stdlib.h>

#include "state/table_inner.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

enum { KEYS = 6000, BATCH = 700, SEED = 7 };

/* What the keys look like. */
enum shape { SHAPE_I64, SHAPE_I32, SHAPE_TEXT, SHAPE_MIXED, SHAPE_F64, SHAPE_NONE, SHAPE_COUNT };

static const char *const shape_names[] = {"i64", "i32", "text", "text and nullable i64",
                                          "f64", "none"};
static const struct wr_type *const shape_types[SHAPE_COUNT][2] = {
    {&wr_type_bigint, NULL}, {&wr_type_int, NULL},
    {&wr_type_string, NULL}, {&wr_type_string, &wr_type_bigint},
    {&wr_type_double, NULL}, {NULL, NULL},
};

static uint32_t shape_key_count(enum shape shape)
{
  return (shape_types[shape][0] != NULL) + (shape_types[shape][1] != NULL);
}

/* The state of an entry. */
struct counter {
  struct wr_text last; /* piece 0 */
  uint64_t rows;
};

struct model {
  uint64_t count[KEYS];
  uint32_t last_text[KEYS]; /* text number */
};

/* Text number n: its bytes say which it is; mostly short, sometimes long. */
static uint32_t text_make(uint32_t n, char *out)
{
  uint32_t length = n % 7 == 0 ? n % 300 : n % 20;
  for (uint32_t i = 0; i < length; i++)
    out[i] = (char)('a' + (n + i) % 26);
  return length;
}

static void key_put(enum shape shape, uint32_t number, struct wr_builder *builders)
{
  char bytes[64];
  int length = snprintf(bytes, sizeof bytes, number % 2 ? "k%u" : "a key that is long enough %u",
                        number / 3);
  switch (shape) {
  case SHAPE_I64: wr_builder_put_i64(&builders[0], (int64_t)number * 1000003 - 5000); break;
  case SHAPE_I32: wr_builder_put_i32(&builders[0], (int32_t)number - 100); break;
  case SHAPE_TEXT:
    length =
        snprintf(bytes, sizeof bytes, number % 2 ? "k%u" : "a key that is long enough %u", number);
    wr_builder_put_copy(&builders[0], bytes, (uint32_t)length);
    break;
  case SHAPE_MIXED: /* three numbers share a text and differ in the other column: 0, 1, NULL */
    length = snprintf(bytes, sizeof bytes, number / 3 % 2 ? "k%u" : "a key that is long enough %u",
                      number / 3);
    wr_builder_put_copy(&builders[0], bytes, (uint32_t)length);
    if (number % 3 == 2)
      wr_builder_put_null(&builders[1]);
    else
      wr_builder_put_i64(&builders[1], number % 3);
    break;
  case SHAPE_F64:
    wr_builder_put_f64(&builders[0], number == 1 ? __builtin_nan("") : number * 0.5);
    break;
  default: break;
  }
}

static struct wr_table_space *space_new(enum shape shape)
{
  const struct wr_state_piece pieces[] = {{sizeof(struct wr_text), 8, true}, {8, 8, false}};
  return wr_table_space_new(wr_layout_new(shape_types[shape], shape_key_count(shape), pieces, 2));
}

/* A batch of keys as columns, with their hashes. */
struct batch {
  struct wr_builder builders[2];
  struct wr_column columns[2];
  const struct wr_column *keys[2];
  uint32_t numbers[BATCH], rows[BATCH];
  uint64_t hashes[BATCH];
};

static void batch_open(struct batch *batch, enum shape shape)
{
  for (uint32_t k = 0; k < shape_key_count(shape); k++)
    wr_builder_open(&batch->builders[k], shape_types[shape][k]);
}

static void batch_close(struct batch *batch, enum shape shape)
{
  for (uint32_t k = 0; k < shape_key_count(shape); k++)
    wr_builder_close(&batch->builders[k]);
}

/* Rows come in reverse, so that row numbers and positions differ. */
static void batch_fill(struct batch *batch, enum shape shape, uint32_t key_range, uint64_t *seed)
{
  for (uint32_t k = 0; k < shape_key_count(shape); k++) {
    wr_builder_reset(&batch->builders[k]);
    wr_builder_reserve(&batch->builders[k], BATCH);
  }
  for (uint32_t i = 0; i < BATCH; i++) {
    uint32_t number = shape == SHAPE_NONE ? 0 : random_next(seed) % key_range;
    key_put(shape, number, batch->builders);
    batch->numbers[BATCH - 1 - i] = number;
    batch->rows[i] = BATCH - 1 - i;
  }
  for (uint32_t k = 0; k < shape_key_count(shape); k++) {
    batch->columns[k] = wr_builder_view(&batch->builders[k]);
    batch->keys[k] = &batch->columns[k];
  }
  wr_hash_keys(batch->keys, shape_key_count(shape), batch->rows, BATCH, SEED, batch->hashes);
}

static struct counter *counter_of(const struct wr_table_space *space, char *entry)
{
  return (struct counter *)(entry + wr_layout_state(wr_table_space_layout(space), 0));
}

/* One batch of random keys into the table and the model. */
static void change(struct wr_table_space *space, struct wr_table *table, struct model *model,
                   enum shape shape, struct batch *batch, uint32_t key_range, uint64_t *seed)
{
  batch_fill(batch, shape, key_range, seed);
  struct wr_probe probe;
  wr_table_probe(table, batch->keys, batch->rows, batch->hashes, BATCH, WR_PROBE_MAKE, &probe);
  uint32_t rows_at = wr_layout_state(wr_table_space_layout(space), 1);
  for (uint32_t i = 0; i < probe.made_count; i++) {
    CU_ASSERT_EQUAL(model->count[batch->numbers[probe.made[i]]], 0);
    CU_ASSERT_EQUAL(*(uint64_t *)(probe.entries[probe.made[i]] + rows_at), 0);
  }
  char bytes[512];
  struct wr_text_store *texts = wr_table_space_texts(space);
  for (uint32_t i = 0; i < BATCH; i++) {
    uint32_t number = batch->numbers[i];
    ++*(uint64_t *)(probe.entries[i] + rows_at);
    model->count[number]++;
    if (random_next(seed) % 4 == 0) {
      model->last_text[number] = random_next(seed) % 1000;
      uint32_t length = text_make(model->last_text[number], bytes);
      texts->put(texts, i, wr_layout_state(wr_table_space_layout(space), 0), bytes, length);
    }
  }
}

/* Counts differences: every key of the model must be found in exactly one of the tables. */
static uint32_t differences(struct wr_table_space *const *spaces, struct wr_table *const *tables,
                            uint32_t table_count, const struct model *model, enum shape shape)
{
  struct batch *batch = wr_memory_get_zero(sizeof *batch);
  batch_open(batch, shape);
  uint32_t different = 0, range = shape == SHAPE_NONE ? 1 : KEYS;
  uint64_t keys = 0;
  for (uint32_t number = 0; number < range; number++) {
    for (uint32_t k = 0; k < shape_key_count(shape); k++) {
      wr_builder_reset(&batch->builders[k]);
      wr_builder_reserve(&batch->builders[k], 1);
    }
    key_put(shape, number, batch->builders);
    for (uint32_t k = 0; k < shape_key_count(shape); k++) {
      batch->columns[k] = wr_builder_view(&batch->builders[k]);
      batch->keys[k] = &batch->columns[k];
    }
    uint64_t hash, rows = 0;
    wr_hash_keys(batch->keys, shape_key_count(shape), NULL, 1, SEED, &hash);
    for (uint32_t t = 0; t < table_count; t++) {
      struct wr_probe probe;
      wr_table_probe(tables[t], batch->keys, NULL, &hash, 1, WR_PROBE_FIND, &probe);
      if (!probe.entries[0])
        continue;
      const struct wr_layout *layout = wr_table_space_layout(spaces[t]);
      const struct wr_text *last = &counter_of(spaces[t], probe.entries[0])->last;
      char bytes[512];
      uint32_t length = model->last_text[number] ? text_make(model->last_text[number], bytes) : 0;
      different += last->length != length || memcmp(wr_text_stored_bytes(last), bytes, length) != 0;
      rows += *(uint64_t *)(probe.entries[0] + wr_layout_state(layout, 1));
      keys++;
    }
    different += rows != model->count[number];
  }
  for (uint32_t t = 0; t < table_count; t++)
    keys -= wr_table_keys(tables[t]);
  batch_close(batch, shape);
  free(batch);
  return different + (keys != 0);
}

static void like_a_model(void)
{
  for (enum shape shape = 0; shape < SHAPE_COUNT; shape++) {
    uint64_t seed = shape + 1;
    struct model *model = wr_memory_get_zero(sizeof *model);
    struct batch *batch = wr_memory_get_zero(sizeof *batch);
    batch_open(batch, shape);
    struct wr_table_space *space = space_new(shape);
    struct wr_table *table = wr_table_new(space, 1, false);
    for (uint32_t round = 0; round < 40; round++) {
      change(space, table, model, shape, batch, round < 5 ? 50 : KEYS, &seed);
      if (round % 13 == 0)
        WR_CHECK(differences(&space, &table, 1, model, shape) == 0, "%s, round %u",
                 shape_names[shape], round);
    }
    WR_CHECK(differences(&space, &table, 1, model, shape) == 0, "%s", shape_names[shape]);
    CU_ASSERT_EQUAL(wr_table_space_keys(space), wr_table_keys(table));
    wr_table_free(table);
    CU_ASSERT_EQUAL(wr_table_space_bytes(space), 0);
    CU_ASSERT_EQUAL(wr_table_space_keys(space), 0);
    wr_table_space_free(space);
    batch_close(batch, shape);
    free(batch);
    free(model);
  }
}

/* What a scan finds, with its keys read out, is what is there. */
static void scan_finds_all(void)
{
  uint64_t seed = 3, rows = 0;
  struct model *model = wr_memory_get_zero(sizeof *model);
  struct batch *batch = wr_memory_get_zero(sizeof *batch);
  batch_open(batch, SHAPE_MIXED);
  struct wr_table_space *space = space_new(SHAPE_MIXED);
  struct wr_table *table = wr_table_new(space, 1, false);
  for (uint32_t round = 0; round < 20; round++)
    change(space, table, model, SHAPE_MIXED, batch, KEYS, &seed);
  struct wr_table_cursor cursor = {0};
  char *entries[97];
  uint32_t count, nulls = 0, expected_nulls = 0, seen = 0;
  while ((count = wr_table_scan(table, &cursor, entries, 97)) > 0) {
    const struct wr_layout *layout = wr_table_space_layout(space);
    for (uint32_t k = 0; k < 2; k++) {
      wr_builder_reset(&batch->builders[k]);
      wr_table_key_column(layout, k, (const char *const *)entries, count, &batch->builders[k]);
      batch->columns[k] = wr_builder_view(&batch->builders[k]);
      batch->keys[k] = &batch->columns[k];
    }
    uint64_t hashes[97];
    wr_hash_keys(batch->keys, 2, NULL, count, SEED, hashes);
    for (uint32_t i = 0; i < count; i++) {
      CU_ASSERT_EQUAL(hashes[i], *(uint64_t *)(entries[i] + layout->hash_at));
      nulls += wr_column_is_null(&batch->columns[1], i);
      rows += *(uint64_t *)(entries[i] + wr_layout_state(layout, 1));
    }
    seen += count;
  }
  for (uint32_t number = 2; number < KEYS; number += 3)
    expected_nulls += model->count[number] > 0;
  CU_ASSERT_EQUAL(nulls, expected_nulls);
  CU_ASSERT_EQUAL(rows, 20 * BATCH);
  CU_ASSERT_EQUAL(seen, wr_table_keys(table));
  wr_table_space_free(space);
  batch_close(batch, SHAPE_MIXED);
  free(batch);
  free(model);
}

static void floats_meet(void)
{
  struct wr_table_space *space = space_new(SHAPE_F64);
  struct wr_table *table = wr_table_new(space, 1, false);
  double values[] = {-0.0, 0.0, __builtin_nan(""), -__builtin_nan("1"), 1, -1};
  struct wr_column column = {.type = &wr_type_double, .values = values};
  const struct wr_column *key = &column;
  uint64_t hashes[6];
  wr_hash_keys(&key, 1, NULL, 6, SEED, hashes);
  struct wr_probe probe;
  wr_table_probe(table, &key, NULL, hashes, 6, WR_PROBE_MAKE, &probe);
  CU_ASSERT_EQUAL(probe.made_count, 4);
  CU_ASSERT_PTR_EQUAL(probe.entries[0], probe.entries[1]);
  CU_ASSERT_PTR_EQUAL(probe.entries[2], probe.entries[3]);
  wr_table_space_free(space);
}

/* Adds the keys of two tables in a third. */
static void tables_merge(void)
{
  enum { ROUNDS = 12 };
  for (enum shape shape = SHAPE_I64; shape <= SHAPE_MIXED; shape++) {
    uint64_t seed = 11;
    struct model *model = wr_memory_get_zero(sizeof *model), *all = wr_memory_get_zero(sizeof *all);
    struct batch *batch = wr_memory_get_zero(sizeof *batch);
    batch_open(batch, shape);
    struct wr_table_space *space = space_new(shape);
    struct wr_table *merged = wr_table_new(space, 9, true);
    for (uint32_t part = 0; part < 3; part++) {
      struct wr_table *table = wr_table_new(space, part, false);
      memset(model, 0, sizeof *model);
      for (uint32_t round = 0; round < ROUNDS; round++)
        change(space, table, model, shape, batch, KEYS, &seed);
      struct wr_table_cursor cursor = {0};
      char *entries[1000];
      uint32_t count, rows_at = wr_layout_state(wr_table_space_layout(space), 1);
      while ((count = wr_table_scan(table, &cursor, entries, 1000)) > 0) {
        struct wr_probe probe;
        wr_table_probe_entries(merged, (const char *const *)entries, count, WR_PROBE_MAKE, &probe);
        for (uint32_t i = 0; i < count; i++)
          *(uint64_t *)(probe.entries[i] + rows_at) += *(uint64_t *)(entries[i] + rows_at);
      }
      for (uint32_t number = 0; number < KEYS; number++)
        all->count[number] += model->count[number];
      wr_table_free(table);
    }
    WR_CHECK(differences(&space, &merged, 1, all, shape) == 0, "%s", shape_names[shape]);
    wr_table_space_free(space);
    batch_close(batch, shape);
    free(batch);
    free(model);
    free(all);
  }
}

/* A few keys whose texts are far larger than a page, replaced over and over. */
static void long_texts(void)
{
  enum { LONG_KEYS = 40, LENGTH_MAX = 150000 };
  struct wr_table_space *space = space_new(SHAPE_I64);
  struct wr_table *table = wr_table_new(space, 1, false);
  char *bytes = wr_memory_get(LENGTH_MAX);
  uint32_t lengths[LONG_KEYS] = {0};
  uint64_t seed = 5, greatest = 0;
  int64_t values[LONG_KEYS];
  uint64_t hashes[LONG_KEYS];
  for (uint32_t i = 0; i < LONG_KEYS; i++)
    values[i] = i;
  struct wr_column column = {.type = &wr_type_bigint, .values = values};
  const struct wr_column *key = &column;
  wr_hash_keys(&key, 1, NULL, LONG_KEYS, SEED, hashes);
  struct wr_text_store *texts = wr_table_space_texts(space);
  for (uint32_t round = 0; round < 60; round++) {
    struct wr_probe probe;
    wr_table_probe(table, &key, NULL, hashes, LONG_KEYS, WR_PROBE_MAKE, &probe);
    for (uint32_t i = 0; i < LONG_KEYS; i++) {
      const struct wr_text *last = &counter_of(space, probe.entries[i])->last;
      const char *kept = wr_text_stored_bytes(last);
      CU_ASSERT_EQUAL(last->length, lengths[i]);
      CU_ASSERT(lengths[i] == 0 || (kept[0] == (char)i && kept[lengths[i] - 1] == (char)i));
      lengths[i] = random_next(&seed) % (random_next(&seed) % 8 == 0 ? LENGTH_MAX : 2000);
      memset(bytes, (int)i, lengths[i]);
      texts->put(texts, i, wr_layout_state(wr_table_space_layout(space), 0), bytes, lengths[i]);
    }
    greatest = wr_table_space_bytes(space) > greatest ? wr_table_space_bytes(space) : greatest;
  }
  CU_ASSERT(greatest < (uint64_t)8 * LONG_KEYS * LENGTH_MAX); /* garbage goes away */
  free(bytes);
  wr_table_space_free(space);
}

/* ---- snapshots */

struct loader {
  struct wr_table_loader loader;
  struct wr_table *table;
};

static struct wr_table *loader_find(struct wr_table_loader *loader, uint32_t space, uint64_t tag)
{
  CU_ASSERT_EQUAL(space, 0);
  return tag == 1 ? ((struct loader *)loader)->table : NULL;
}

static enum wr_code load(const struct wr_part_writer *part, size_t length, uint32_t task,
                         uint32_t task_count, struct wr_table_space *space, struct wr_table *table)
{
  struct wr_error err;
  struct wr_part_reader reader = {.bytes = part->bytes, .length = length};
  struct loader loader = {{loader_find, task, task_count}, table};
  enum wr_code code = wr_table_spaces_load(&space, 1, &loader.loader, &reader, &err);
  CU_ASSERT(code != WR_OK || wr_part_at_end(&reader));
  return code;
}

static void check_snapshot(const struct wr_part_writer *part, const struct model *model,
                           enum shape shape, uint32_t task_count)
{
  struct wr_table_space *spaces[3];
  struct wr_table *tables[3];
  for (uint32_t t = 0; t < task_count; t++) {
    spaces[t] = space_new(shape);
    tables[t] = wr_table_new(spaces[t], 1, false);
    CU_ASSERT_EQUAL(load(part, part->length, t, task_count, spaces[t], tables[t]), WR_OK);
    CU_ASSERT(task_count == 1 || shape == SHAPE_NONE ||
              wr_table_keys(tables[t]) < wr_table_space_keys(spaces[0]) * 2 + 50);
  }
  WR_CHECK(differences(spaces, tables, task_count, model, shape) == 0, "%s, %u tasks",
           shape_names[shape], task_count);
  for (uint32_t t = 0; t < task_count; t++)
    wr_table_space_free(spaces[t]);
}

static void snapshot_while_changing(void)
{
  for (enum shape shape = 0; shape < SHAPE_COUNT; shape++) {
    uint64_t seed = 21 + shape;
    struct model *model = wr_memory_get_zero(sizeof *model),
                 *then = wr_memory_get_zero(sizeof *then);
    struct batch *batch = wr_memory_get_zero(sizeof *batch);
    batch_open(batch, shape);
    struct wr_table_space *space = space_new(shape);
    struct wr_table *table = wr_table_new(space, 1, false), *other = wr_table_new(space, 2, false);
    for (uint32_t epoch = 0; epoch < 4; epoch++) {
      for (uint32_t round = 0; round < 5; round++) {
        change(space, table, model, shape, batch, KEYS, &seed);
        if (other) {
          memset(then, 0, sizeof *then);
          wr_table_free(other);
          other = wr_table_new(space, 2, false);
          change(space, other, then, shape, batch, KEYS, &seed);
        }
      }
      *then = *model;
      struct wr_part_writer part = {0};
      wr_table_spaces_save(&space, 1, &part);
      bool done = false;
      for (uint32_t round = 0; !done; round++) {
        if (round < 4)
          change(space, table, model, shape, batch, round < 2 ? 10 : KEYS, &seed);
        if (round == 2) {
          wr_table_free(other); /* not wanted on loading, but may not vanish from the part */
          other = NULL;
        }
        done = wr_table_spaces_save_step(&space, 1, 2);
      }
      wr_table_free(other);
      other = wr_table_new(space, 2, false);
      check_snapshot(&part, then, shape, 1);
      check_snapshot(&part, then, shape, 3);
      wr_part_writer_free(&part);
    }
    WR_CHECK(differences(&space, &table, 1, model, shape) == 0, "%s", shape_names[shape]);
    wr_table_space_free(space);
    batch_close(batch, shape);
    free(batch);
    free(model);
    free(then);
  }
}

/* A dropped table is in the part if it was there when the snapshot began. */
static void dropped_tables_are_saved(void)
{
  uint64_t seed = 2;
  struct model *model = wr_memory_get_zero(sizeof *model);
  struct batch *batch = wr_memory_get_zero(sizeof *batch);
  batch_open(batch, SHAPE_TEXT);
  struct wr_table_space *space = space_new(SHAPE_TEXT);
  struct wr_table *table = wr_table_new(space, 1, false);
  for (uint32_t round = 0; round < 10; round++)
    change(space, table, model, SHAPE_TEXT, batch, KEYS, &seed);
  struct wr_part_writer part = {0};
  wr_table_spaces_save(&space, 1, &part);
  wr_table_spaces_save_step(&space, 1, 1);
  wr_table_free(table);
  CU_ASSERT(wr_table_spaces_save_step(&space, 1, 1));
  check_snapshot(&part, model, SHAPE_TEXT, 1);
  wr_part_writer_free(&part);
  wr_table_space_free(space);
  batch_close(batch, SHAPE_TEXT);
  free(batch);
  free(model);
}

/* ---- texts that serve as buffers */

#define BUFFER_KEYS      24 /* more than a page of long texts keeps */
#define BUFFER_BYTES_MAX (16u << 20)

/* Byte i of the buffer of a key. */
static char buffer_byte(uint32_t key, uint32_t i)
{
  return (char)(key * 31 + i * 7 + (i >> 12));
}

static void buffers_probe(struct wr_table *table, int64_t *keys, uint32_t count,
                          enum wr_probe_mode mode, struct wr_probe *probe)
{
  uint64_t hashes[BUFFER_KEYS];
  for (uint32_t k = 0; k < count; k++)
    keys[k] = k;
  const struct wr_column column = {.type = &wr_type_bigint, .values = keys};
  const struct wr_column *const columns[] = {&column};
  wr_hash_keys(columns, 1, NULL, count, 9, hashes);
  wr_table_probe(table, columns, NULL, hashes, count, mode, probe);
}

static uint32_t buffers_differ(struct wr_table *table, const struct wr_layout *layout,
                               const uint32_t *lengths)
{
  int64_t keys[BUFFER_KEYS + 8];
  struct wr_probe probe;
  uint32_t different = 0;
  buffers_probe(table, keys, BUFFER_KEYS, WR_PROBE_FIND, &probe);
  for (uint32_t k = 0; k < BUFFER_KEYS; k++) {
    const struct wr_text *text = (void *)(probe.entries[k] + wr_layout_state(layout, 0));
    const char *bytes = wr_text_stored_bytes(text);
    uint32_t wrong = text->length != lengths[k];
    for (uint32_t i = 0; !wrong && i < lengths[k]; i++)
      wrong = bytes[i] != buffer_byte(k, i);
    different += wrong;
  }
  return different;
}

static struct wr_table_space *buffers_space(void)
{
  const struct wr_type *const key[] = {&wr_type_bigint};
  const struct wr_state_piece piece = {sizeof(struct wr_text), 8, true};
  return wr_table_space_new(wr_layout_new(key, 1, &piece, 1));
}

/* Buffers of many lengths up to 16 MiB are doubled and filled in place while a snapshot is written:
 * it has them as they were when it began. */
static void long_texts_grow_in_place(void)
{
  struct wr_table_space *space = buffers_space();
  struct wr_table *table = wr_table_new(space, 1, false);
  const struct wr_layout *layout = wr_table_space_layout(space);
  struct wr_text_store *texts = wr_table_space_texts(space);
  uint32_t lengths[BUFFER_KEYS] = {0}, then[BUFFER_KEYS];
  uint64_t live = 0;
  struct wr_part_writer part = {0};
  for (uint32_t length = 8; length <= BUFFER_BYTES_MAX; length *= 2) {
    int64_t keys[BUFFER_KEYS + 8];
    struct wr_probe probe;
    if (length == 1u << 18) {
      memcpy(then, lengths, sizeof then);
      wr_table_spaces_save(&space, 1, &part);
    }
    buffers_probe(table, keys, BUFFER_KEYS, WR_PROBE_MAKE, &probe);
    for (uint32_t k = 0; k < BUFFER_KEYS; k++) {
      if (length > BUFFER_BYTES_MAX >> k / 2) /* only two become longest */
        continue;
      texts->grow(texts, k, wr_layout_state(layout, 0), length);
      struct wr_text *text = (void *)(probe.entries[k] + wr_layout_state(layout, 0));
      char *bytes = (char *)wr_text_stored_bytes(text);
      CU_ASSERT_EQUAL(bytes[length - 1], 0);
      for (uint32_t i = lengths[k]; i < length; i++)
        bytes[i] = buffer_byte(k, i);
      live += length - lengths[k];
      lengths[k] = length;
    }
  }
  CU_ASSERT_EQUAL(buffers_differ(table, layout, lengths), 0);
  CU_ASSERT(wr_table_space_bytes(space) < 6 * live); /* garbage of shorter ones goes away */
  while (!wr_table_spaces_save_step(&space, 1, 1))
    ;
  struct wr_table_space *into = buffers_space();
  struct wr_table *loaded = wr_table_new(into, 1, false);
  CU_ASSERT_EQUAL(load(&part, part.length, 0, 1, into, loaded), WR_OK);
  CU_ASSERT_EQUAL(buffers_differ(loaded, wr_table_space_layout(into), then), 0);
  wr_part_writer_free(&part);
  wr_table_space_free(into);
  wr_table_space_free(space);
}

/* Pages have a limit that the texts of three keys together could reach: so they part before. */
static void very_long_texts_part(void)
{
  enum { TEXTS = 3, BYTES = 40 << 20, STEP = 8 << 20 };
  struct wr_table_space *space = buffers_space();
  struct wr_table *table = wr_table_new(space, 1, false);
  uint32_t at = wr_layout_state(wr_table_space_layout(space), 0);
  struct wr_text_store *texts = wr_table_space_texts(space);
  int64_t keys[BUFFER_KEYS + 8];
  struct wr_probe probe;
  for (uint32_t length = STEP; length <= BYTES; length += STEP) {
    buffers_probe(table, keys, TEXTS, WR_PROBE_MAKE, &probe);
    for (uint32_t k = 0; k < TEXTS; k++) {
      texts->grow(texts, k, at, length);
      struct wr_text *text = (void *)(probe.entries[k] + at);
      ((char *)wr_text_stored_bytes(text))[length - 1] = buffer_byte(k, length - 1);
    }
  }
  CU_ASSERT(table->depth > 0);
  CU_ASSERT(wr_table_space_bytes(space) < (uint64_t)TEXTS * BYTES / 2 * 3);
  buffers_probe(table, keys, TEXTS, WR_PROBE_FIND, &probe);
  for (uint32_t k = 0; k < TEXTS; k++)
    for (uint32_t length = STEP; length <= BYTES; length += STEP) {
      const struct wr_text *text = (const void *)(probe.entries[k] + at);
      CU_ASSERT_EQUAL(wr_text_stored_bytes(text)[length - 1], buffer_byte(k, length - 1));
    }
  wr_table_space_free(space);
}

/* Whatever a part's bytes are: an error, never a wild read (the sanitizers judge). */
static void damaged_parts_are_refused(void)
{
  uint64_t seed = 4;
  struct model *model = wr_memory_get_zero(sizeof *model);
  struct batch *batch = wr_memory_get_zero(sizeof *batch);
  batch_open(batch, SHAPE_MIXED);
  struct wr_table_space *space = space_new(SHAPE_MIXED);
  struct wr_table *table = wr_table_new(space, 1, false);
  change(space, table, model, SHAPE_MIXED, batch, 100, &seed);
  struct wr_part_writer part = {0};
  wr_table_spaces_save(&space, 1, &part);
  while (!wr_table_spaces_save_step(&space, 1, 100))
    ;
  for (size_t length = 0; length < part.length; length += length < 400 ? 1 : 97) {
    struct wr_table_space *into = space_new(SHAPE_MIXED);
    CU_ASSERT_NOT_EQUAL(load(&part, length, 0, 1, into, wr_table_new(into, 1, false)), WR_OK);
    wr_table_space_free(into);
  }
  for (uint32_t round = 0; round < 2000; round++) {
    struct wr_table_space *into = space_new(SHAPE_MIXED);
    size_t at = random_next(&seed) % (round % 2 ? part.length : 600);
    char old = part.bytes[at];
    part.bytes[at] = (char)random_next(&seed);
    load(&part, part.length, 0, 1, into, wr_table_new(into, 1, false));
    part.bytes[at] = old;
    wr_table_space_free(into);
  }
  struct wr_table_space *narrow = space_new(SHAPE_I64);
  CU_ASSERT_EQUAL(load(&part, part.length, 0, 1, narrow, wr_table_new(narrow, 1, false)), WR_DATA);
  wr_table_space_free(narrow);
  wr_part_writer_free(&part);
  wr_table_space_free(space);
  batch_close(batch, SHAPE_MIXED);
  free(batch);
  free(model);
}

static const struct wr_test tests[] = {
    {"like_a_model", like_a_model},
    {"scan_finds_all", scan_finds_all},
    {"floats_meet", floats_meet},
    {"tables_merge", tables_merge},
    {"long_texts", long_texts},
    {"snapshot_while_changing", snapshot_while_changing},
    {"dropped_tables_are_saved", dropped_tables_are_saved},
    {"damaged_parts_are_refused", damaged_parts_are_refused},
    {"long texts grow in place", long_texts_grow_in_place},
    {"very long texts part", very_long_texts_part},
    {NULL, NULL},
};

const struct wr_suite wr_suite_table = {"table", tests};
