/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup beside nested loops: a table of reference and rows at random, many sizes of both, INNER
 * and LEFT, with conditions, batches of which few or all rows count; tables that change between two
 * batches; rejects of the loading, told once.
 */
#include <stdlib.h>

#include "core/limits.h"
#include "operators/operator.h"
#include "operators/reference.h"
#include "operators/specs_lookup.h"
#include "parser/parser.h"
#include "planner/binder.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

/* left: id, k, name, v; table: tid, tk, tname, tv */
enum { ID, K, NAME, V, COLUMNS };
enum { LEFT_ROWS = 6000 };

static const struct wr_field fields[2 * COLUMNS] = {
    {"id", &wr_type_bigint},    {"k", &wr_type_bigint},   {"name", &wr_type_string},
    {"v", &wr_type_int},        {"tid", &wr_type_bigint}, {"tk", &wr_type_bigint},
    {"tname", &wr_type_string}, {"tv", &wr_type_int},
};
static const struct wr_schema left_schema = {COLUMNS, fields};
static const struct wr_schema table_schema = {COLUMNS, fields + COLUMNS};
static const struct wr_schema pair_schema = {2 * COLUMNS, fields};

struct row {
  int64_t id, k;
  uint32_t name;
  int32_t v;
  bool null_k, null_name;
};

/* Pairs of ids; right -1: NULLs. */
struct pairs {
  int64_t (*items)[2];
  uint32_t count, room;
};

static void pairs_add(struct pairs *pairs, int64_t left, int64_t right)
{
  if (pairs->count == pairs->room) {
    pairs->room = pairs->room ? 2 * pairs->room : 1024;
    pairs->items = wr_memory_resize(pairs->items, pairs->room * sizeof *pairs->items);
  }
  pairs->items[pairs->count][0] = left;
  pairs->items[pairs->count++][1] = right;
}

static struct row row_make(uint64_t *seed, int64_t id, uint32_t keys)
{
  struct row row = {.id = id,
                    .k = (int64_t)(random_next(seed) % keys) - keys / 2,
                    .name = random_next(seed) % 3,
                    .v = (int32_t)(random_next(seed) % 7)};
  row.null_k = random_next(seed) % 20 == 0;
  row.null_name = random_next(seed) % 20 == 0;
  return row;
}

static void rows_build(const struct row *rows, uint32_t count, struct wr_builder *builders,
                       struct wr_column *columns)
{
  char text[64];
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_reset(&builders[c]);
    wr_builder_reserve(&builders[c], count);
  }
  for (uint32_t i = 0; i < count; i++) {
    wr_builder_put_i64(&builders[ID], rows[i].id);
    if (rows[i].null_k)
      wr_builder_put_null(&builders[K]);
    else
      wr_builder_put_i64(&builders[K], rows[i].k);
    int length =
        snprintf(text, sizeof text, rows[i].name ? "n%u" : "a name longer than %u", rows[i].name);
    if (rows[i].null_name)
      wr_builder_put_null(&builders[NAME]);
    else
      wr_builder_put_copy(&builders[NAME], text, (uint32_t)length);
    wr_builder_put_i32(&builders[V], rows[i].v);
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&builders[c]);
}

/* ---- the table */

struct table {
  struct wr_reference reference;
  struct wr_reference_rows *rows[2]; /* now and before */
  uint32_t holders[2];
};

static const struct wr_reference_rows *table_take(struct wr_reference *self)
{
  struct table *table = (struct table *)self;
  table->holders[0]++;
  return table->rows[0];
}

static void table_give_back(struct wr_reference *self, const struct wr_reference_rows *rows)
{
  struct table *table = (struct table *)self;
  uint32_t which = rows != table->rows[0];
  CU_ASSERT(rows == table->rows[which] && table->holders[which] > 0);
  table->holders[which]--;
}

static const uint32_t table_keys[] = {K, NAME};

static struct wr_reference_rows *table_load(const struct row *rows, uint32_t count,
                                            uint32_t key_count, uint32_t batch_rows)
{
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
  struct wr_error err;
  struct wr_reference_rows *out = wr_reference_rows_new(&table_schema, table_keys, key_count, 7);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&builders[c], fields[c].type);
  for (uint32_t first = 0; first < count; first += batch_rows) {
    uint32_t more = count - first < batch_rows ? count - first : batch_rows;
    rows_build(rows + first, more, builders, columns);
    const struct wr_batch batch = {
        .schema = &table_schema, .columns = columns, .row_count = more, .picked_count = more};
    CU_ASSERT_EQUAL(wr_reference_rows_add(out, &batch, &err), WR_OK);
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&builders[c]);
  wr_reference_rows_seal(out, 5);
  return out;
}

/* ---- what comes out */

struct collector {
  struct wr_operator op;
  struct wr_operator_context context;
  struct wr_metrics metrics;
  struct pairs pairs;
  uint32_t wrong; /* columns that are not those of their row */
  const struct row *left, *table;
};

static bool column_is(const struct wr_column *columns, uint32_t at, const struct row *row)
{
  char text[64];
  int length = snprintf(text, sizeof text, row->name ? "n%u" : "a name longer than %u", row->name);
  if (wr_column_is_null(&columns[K], at) != row->null_k ||
      wr_column_is_null(&columns[NAME], at) != row->null_name ||
      wr_column_i64(&columns[V], at) != row->v)
    return false;
  if (!row->null_k && wr_column_i64(&columns[K], at) != row->k)
    return false;
  const struct wr_text *name = wr_column_text(&columns[NAME], at);
  return row->null_name ||
         (name->length == (uint32_t)length && memcmp(wr_text_bytes(name), text, name->length) == 0);
}

static enum wr_code collector_on_batch(struct wr_operator *op, uint32_t input,
                                       const struct wr_batch *batch, struct wr_error *err)
{
  struct collector *self = (struct collector *)op;
  (void)input, (void)err;
  CU_ASSERT(batch->schema == &pair_schema);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    const struct wr_column *right = batch->columns + COLUMNS;
    int64_t left = wr_column_i64(&batch->columns[ID], row);
    bool found = !wr_column_is_null(&right[ID], row);
    int64_t number = found ? wr_column_i64(&right[ID], row) : -1;
    pairs_add(&self->pairs, left, number);
    self->wrong += !column_is(batch->columns, row, &self->left[left]);
    for (uint32_t c = 0; c < COLUMNS && !found; c++)
      self->wrong += !wr_column_is_null(&right[c], row);
    self->wrong += found && !column_is(right, row, &self->table[number]);
    self->wrong += batch->arrived_us[row] != left || (batch->change[row] & 1) != left % 2;
  }
  return WR_OK;
}

static const struct wr_operator_class collector_class = {.name = "Collector",
                                                         .on_batch = collector_on_batch};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t count;
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)reject;
  ((struct rejects *)sink)->count++;
}

/* ---- an operator over a table */

struct trial {
  uint32_t key_count;
  bool outer;
  const char *condition; /* or NULL */
};

struct bench {
  struct wr_arena arena;
  struct wr_binding binding;
  struct wr_lookup_spec spec;
  struct table table;
  struct rejects rejects;
  struct wr_metrics metrics;
  struct wr_operator_context context;
  struct collector collector;
  struct wr_target target;
  struct wr_operator *op;
};

static const struct wr_expression *bench_condition(struct bench *bench, const char *text)
{
  struct wr_error err;
  struct wr_tree_expression *tree;
  const struct wr_expression *out = NULL;
  const struct wr_scope scope = wr_scope_over(&bench->arena, &pair_schema, NULL);
  struct wr_binder binder = {.arena = &bench->arena, .binding = &bench->binding};
  const struct wr_expression_context context = {.binder = &binder, .scope = &scope, .place = "ON"};
  if (!text)
    return NULL;
  CU_ASSERT_EQUAL(wr_parse_expression(text, strlen(text), &bench->arena, &tree, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_bind_condition(&context, tree, &out, &err), WR_OK);
  return out;
}

static struct bench *bench_new(const struct trial *trial, struct wr_reference_rows *rows)
{
  struct bench *bench = wr_memory_get_zero(sizeof *bench);
  struct wr_error err;
  bench->binding = (struct wr_binding){.arena = &bench->arena, .time_zone = "UTC"};
  bench->table.reference =
      (struct wr_reference){.version = 1, .take = table_take, .give_back = table_give_back};
  bench->table.rows[0] = rows;
  bench->spec = (struct wr_lookup_spec){.schema = &pair_schema,
                                        .input_schema = &left_schema,
                                        .table_schema = &table_schema,
                                        .keys = table_keys,
                                        .key_count = trial->key_count,
                                        .outer = trial->outer,
                                        .condition = bench_condition(bench, trial->condition)};
  bench->rejects.sink.put = rejects_put;
  bench->context = (struct wr_operator_context){.task_count = 1,
                                                .hash_seed = 99,
                                                .name = "under test",
                                                .rejects = &bench->rejects.sink,
                                                .metrics = &bench->metrics,
                                                .reference = &bench->table.reference};
  bench->collector.context =
      (struct wr_operator_context){.name = "collector", .metrics = &bench->collector.metrics};
  bench->collector.op = wr_operator_head(&collector_class, &bench->collector.context);
  bench->target = (struct wr_target){.op = &bench->collector.op};
  CU_ASSERT_EQUAL(wr_operator_class_lookup.open(&bench->spec, &bench->context, &bench->op, &err),
                  WR_OK);
  bench->op->targets = &bench->target;
  bench->op->target_count = 1;
  return bench;
}

static void bench_free(struct bench *bench)
{
  bench->op->class->close(bench->op);
  CU_ASSERT_EQUAL(bench->table.holders[0], 0);
  CU_ASSERT_EQUAL(bench->table.holders[1], 0);
  for (uint32_t i = 0; i < 2; i++)
    wr_reference_rows_free(bench->table.rows[i]);
  free(bench->collector.pairs.items);
  wr_arena_free(&bench->arena);
  free(bench);
}

/* Rows first .. first + count - 1, of which one in `of` counts; those that did are marked. */
static void bench_batch(struct bench *bench, const struct row *rows, uint32_t first, uint32_t count,
                        uint32_t of, bool *counts)
{
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
  struct wr_error err;
  uint32_t *picked = wr_memory_get((count + 1) * sizeof *picked), picked_count = 0;
  int64_t *arrived_us = wr_memory_get((count + 1) * sizeof *arrived_us);
  uint8_t *change = wr_memory_get(count + 1);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&builders[c], fields[c].type);
  rows_build(rows + first, count, builders, columns);
  for (uint32_t i = 0; i < count; i++) {
    arrived_us[i] = first + i;
    change[i] = (first + i) % 2;
    counts[first + i] = i % of == 0;
    if (i % of == 0)
      picked[picked_count++] = i;
  }
  const struct wr_batch batch = {.schema = &left_schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .picked_count = picked_count,
                                 .picked = of > 1 ? picked : NULL,
                                 .change = change,
                                 .arrived_us = arrived_us,
                                 .others_us = WR_TIME_END};
  CU_ASSERT_EQUAL(wr_operator_batch(bench->op, 0, &batch, &err), WR_OK);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&builders[c]);
  free(picked);
  free(arrived_us);
  free(change);
}

/* ---- the simplest way */

static bool naive_matches(const struct trial *trial, const struct row *left,
                          const struct row *right)
{
  if (left->null_k || right->null_k || left->k != right->k)
    return false;
  if (trial->key_count > 1 && (left->null_name || right->null_name || left->name != right->name))
    return false;
  return true;
}

static bool naive_holds(const struct trial *trial, const struct row *left, const struct row *right)
{
  if (!trial->condition)
    return true;
  if (trial->condition[0] == 'v')
    return left->v < right->v;
  return left->v != right->v && 10 / (left->v - right->v) > 0;
}

static void naive_run(const struct trial *trial, const struct row *left, uint32_t left_count,
                      const bool *counts, const struct row *table, uint32_t table_count,
                      struct pairs *out)
{
  for (uint32_t l = 0; l < left_count; l++) {
    bool found = false;
    if (!counts[l])
      continue;
    for (uint32_t t = 0; t < table_count; t++) {
      if (!naive_matches(trial, &left[l], &table[t]) || !naive_holds(trial, &left[l], &table[t]))
        continue;
      pairs_add(out, left[l].id, table[t].id);
      found = true;
    }
    if (!found && trial->outer)
      pairs_add(out, left[l].id, -1);
  }
}

static void pairs_compare(const struct pairs *got, const struct pairs *want, uint32_t number)
{
  WR_CHECK(got->count == want->count, "trial %u: %u pairs instead of %u", number, got->count,
           want->count);
  for (uint32_t i = 0; i < got->count && i < want->count; i++)
    if (memcmp(got->items[i], want->items[i], sizeof *got->items) != 0) {
      WR_CHECK(false, "trial %u, pair %u: %lld %lld instead of %lld %lld", number, i,
               (long long)got->items[i][0], (long long)got->items[i][1],
               (long long)want->items[i][0], (long long)want->items[i][1]);
      return;
    }
}

static const struct trial trials[] = {
    {1, false, NULL},
    {1, true, NULL},
    {2, false, NULL},
    {2, true, NULL},
    {1, false, "v < tv"},
    {1, true, "v < tv"},
    {2, true, "v < tv"},
    {1, false, "10 / (v - tv) > 0"},
    {1, true, "10 / (v - tv) > 0"},
};

static void test_random(void)
{
  static const struct {
    uint32_t table_rows, keys;
  } tables[] = {{0, 5}, {1, 3}, {40, 400}, {300, 10}, {900, 5000}, {20000, 60000}};
  uint64_t seed = 4;
  for (uint32_t t = 0; t < WR_COUNT(tables); t++) {
    struct row *table = wr_memory_get((tables[t].table_rows + 1) * sizeof *table);
    struct row *left = wr_memory_get(LEFT_ROWS * sizeof *left);
    for (uint32_t i = 0; i < tables[t].table_rows; i++)
      table[i] = row_make(&seed, i, tables[t].keys);
    /* large tables are slow to look through in the simplest way */
    uint32_t left_count = tables[t].table_rows > 5000 ? 500 : LEFT_ROWS;
    for (uint32_t i = 0; i < left_count; i++)
      left[i] = row_make(&seed, i, tables[t].keys);
    for (uint32_t n = 0; n < WR_COUNT(trials); n++) {
      bool *counts = wr_memory_get_zero(LEFT_ROWS);
      struct pairs want = {0};
      struct wr_reference_rows *rows = table_load(table, tables[t].table_rows, trials[n].key_count,
                                                  1 + random_next(&seed) % 9000);
      struct bench *bench = bench_new(&trials[n], rows);
      bench->collector.left = left;
      bench->collector.table = table;
      for (uint32_t first = 0; first < left_count;) {
        uint32_t count = 1 + random_next(&seed) % (random_next(&seed) % 3 ? 4096 : 5);
        count = count < left_count - first ? count : left_count - first;
        bench_batch(bench, left, first, count,
                    1 + random_next(&seed) % 3 * (random_next(&seed) % 9), counts);
        first += count;
      }
      naive_run(&trials[n], left, left_count, counts, table, tables[t].table_rows, &want);
      pairs_compare(&bench->collector.pairs, &want, t * 100 + n);
      CU_ASSERT_EQUAL(bench->collector.wrong, 0);
      free(want.items);
      free(counts);
      bench_free(bench);
    }
    free(table);
    free(left);
  }
}

/* Rows of one key, more than a batch has, in their order; a condition may leave the last alone. */
static void test_long_chains(void)
{
  enum { ROWS = 10000 };
  static const struct trial outer = {1, true, "v < tv"};
  struct row *table = wr_memory_get_zero(ROWS * sizeof *table);
  struct row left[3] = {{.id = 0, .k = 5}, {.id = 1, .k = 5, .v = 3}, {.id = 2, .k = 5, .v = 9}};
  bool counts[3];
  struct pairs want = {0};
  for (uint32_t i = 0; i < ROWS; i++)
    table[i] = (struct row){.id = i, .k = 5, .v = i + 1 == ROWS ? 4 : 3};
  struct bench *bench = bench_new(&outer, table_load(table, ROWS, 1, 4096));
  bench->collector.left = left;
  bench->collector.table = table;
  bench_batch(bench, left, 0, 3, 1, counts);
  naive_run(&outer, left, 3, counts, table, ROWS, &want);
  CU_ASSERT_EQUAL(want.count, ROWS + 2);
  pairs_compare(&bench->collector.pairs, &want, 0);
  CU_ASSERT_EQUAL(bench->collector.wrong, 0);
  free(want.items);
  free(table);
  bench_free(bench);
}

/* Another table takes the place of the old between two batches, which is then given back. */
static void test_replaced(void)
{
  static const struct trial inner = {1, false, NULL};
  const struct row old[] = {{.id = 0, .k = 1, .v = 10}};
  const struct row young[] = {{.id = 0, .k = 1, .v = 11}, {.id = 1, .k = 1, .v = 12}};
  const struct row left[] = {{.id = 0, .k = 1}, {.id = 1, .k = 1}};
  bool counts[2];
  struct bench *bench = bench_new(&inner, table_load(old, 1, 1, 100));
  bench->collector.left = left;
  bench->collector.table = old;
  bench_batch(bench, left, 0, 1, 1, counts);
  CU_ASSERT_EQUAL(bench->collector.pairs.count, 1);
  CU_ASSERT_EQUAL(bench->metrics.state_keys, 1);
  CU_ASSERT_EQUAL(bench->metrics.loaded_us, 5);
  bench->table.rows[1] = bench->table.rows[0];
  bench->table.holders[1] = bench->table.holders[0];
  bench->table.holders[0] = 0;
  bench->table.rows[0] = table_load(young, 2, 1, 100);
  bench->table.reference.version = 2;
  bench->collector.table = young;
  bench_batch(bench, left, 1, 1, 1, counts);
  CU_ASSERT_EQUAL(bench->collector.pairs.count, 3);
  CU_ASSERT_EQUAL(bench->collector.wrong, 0);
  CU_ASSERT_EQUAL(bench->table.holders[1], 0);
  CU_ASSERT_EQUAL(bench->metrics.state_keys, 2);
  CU_ASSERT(bench->metrics.state_bytes >= wr_reference_rows_bytes(bench->table.rows[0]));
  bench_free(bench);
}

static void test_rejects(void)
{
  static const struct trial inner = {1, false, NULL};
  enum { MANY = WR_REFERENCE_REJECTS_MAX + 5 };
  struct wr_reference_rows *rows = wr_reference_rows_new(&table_schema, table_keys, 1, 7);
  char message[] = "it is bad", raw[] = "bytes";
  for (uint32_t i = 0; i < MANY; i++) {
    message[0] = (char)('a' + i % 26);
    const struct wr_reject reject = {.kind = WR_REJECT_RECORD,
                                     .message = message,
                                     .source = "r",
                                     .position = {"5", 1},
                                     .raw = {raw, 5}};
    wr_reference_rows_reject(rows, &reject);
  }
  memset(message, 'x', sizeof message - 1); /* they were copied */
  memset(raw, 'x', sizeof raw - 1);
  wr_reference_rows_seal(rows, 6);
  uint32_t count;
  uint64_t more;
  const struct wr_reject *kept = wr_reference_rows_rejects(rows, &count, &more);
  CU_ASSERT_EQUAL(count, WR_REFERENCE_REJECTS_MAX);
  CU_ASSERT_EQUAL(more, 5);
  CU_ASSERT_STRING_EQUAL(kept[27].message, "bt is bad");
  CU_ASSERT_STRING_EQUAL(kept[27].source, "r");
  CU_ASSERT(kept[27].split == NULL && kept[27].raw.length == 5);
  CU_ASSERT_NSTRING_EQUAL(kept[27].raw.bytes, "bytes", 5);
  for (uint32_t task = 0; task < 2; task++) {
    struct bench *bench = bench_new(&inner, rows);
    struct wr_error err;
    bench->context.task = task;
    CU_ASSERT_EQUAL(bench->rejects.count, 0); /* nobody may be there to read them yet */
    CU_ASSERT_EQUAL(bench->op->timer_us, 0);
    bench->op->timer_us = WR_TIME_END;
    CU_ASSERT_EQUAL(wr_operator_timer(bench->op, 1, &err), WR_OK);
    CU_ASSERT_EQUAL(wr_operator_finish(bench->op, &err), WR_OK);
    CU_ASSERT_EQUAL(bench->rejects.count, task ? 0 : WR_REFERENCE_REJECTS_MAX);
    CU_ASSERT_EQUAL(bench->metrics.rejected[WR_REJECT_RECORD], task ? 0 : MANY);
    bench->op->class->close(bench->op);
    CU_ASSERT_EQUAL(bench->table.holders[0], 0);
    wr_arena_free(&bench->arena);
    free(bench);
  }
  wr_reference_rows_free(rows);
}

/* Memory is that of the rows: counted while they come, and not more when there are no more. */
static void test_bytes(void)
{
  enum { ROWS = 100000 };
  struct row *table = wr_memory_get_zero(ROWS * sizeof *table);
  for (uint32_t i = 0; i < ROWS; i++)
    table[i] = (struct row){.id = i, .k = i, .name = i % 3};
  struct wr_reference_rows *rows = table_load(table, ROWS, 1, 4096);
  uint64_t bytes = wr_reference_rows_bytes(rows);
  /* 8 + 8 + 16 + 4 of values, long names of a third, at most two slots of 8 for each */
  WR_CHECK(bytes > ROWS * 50 && bytes < ROWS * 80, "%llu bytes", (unsigned long long)bytes);
  CU_ASSERT_EQUAL(wr_reference_rows_count(rows), ROWS);
  wr_reference_rows_free(rows);
  free(table);
}

static const struct wr_test lookup_tests[] = {
    {"random", test_random},     {"long_chains", test_long_chains},
    {"replaced", test_replaced}, {"rejects", test_rejects},
    {"bytes", test_bytes},       {0}};

const struct wr_suite wr_suite_lookup = {"lookup", lookup_tests};
