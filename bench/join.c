/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join [ROWS]: millions of rows a second through a join without windows by an integer key, without
 * sources and channels. Per line: how many keys there are, rows in and out, bytes of state per row.
 *
 *   come       both sides only come, each key about once or several times on either
 *   table      the right side has come whole and has ended; the left streams by
 *   update     each row of the right is replaced by another one of its key
 *   one key    the same with all rows of the right under one key, and none on the left
 *   range      both sides only come, rows meet if their times are close, and expire
 *   left       the same with NULLs where nothing met a row of the left
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/builder.h"
#include "core/time.h"
#include "operators/specs.h"
#include "parser/parser.h"
#include "planner/binder.h"

enum { K, V, W, COLUMNS };

static const struct wr_field fields[2 * COLUMNS] = {
    {"k", &wr_type_bigint},  {"v", &wr_type_bigint},  {"w", &wr_type_bigint},
    {"rk", &wr_type_bigint}, {"rv", &wr_type_bigint}, {"rw", &wr_type_bigint},
};
static const struct wr_schema side_schema = {COLUMNS, fields}, pair_schema = {2 * COLUMNS, fields};
static const bool used[2 * COLUMNS] = {true, true, true, true, true, true};

struct run {
  struct wr_join_spec spec;
  struct wr_metrics metrics;
  struct wr_reject_sink rejects;
  struct wr_operator_context context;
  struct wr_operator *op;
  struct wr_builder builders[COLUMNS];
  uint64_t seed, in;
  int64_t took_us;
};

static void reject_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)sink, (void)reject;
}

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

static void run_open(struct run *run, enum wr_join_kind kind, bool changes)
{
  static const uint32_t key[] = {K};
  struct wr_error err;
  *run = (struct run){.rejects = {.put = reject_put}, .seed = 1};
  run->spec = (struct wr_join_spec){
      .schema = &pair_schema,
      .kind = kind,
      .sides = {{&side_schema, key, NULL, false}, {&side_schema, key, NULL, changes}},
      .key_count = 1,
      .pair_schema = &pair_schema,
      .used = used};
  run->context = (struct wr_operator_context){.task_count = 1,
                                              .hash_seed = 1,
                                              .name = "join",
                                              .rejects = &run->rejects,
                                              .metrics = &run->metrics};
  wr_operator_class_join.open(&run->spec, &run->context, &run->op, &err);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&run->builders[c], fields[c].type);
}

static void run_close(struct run *run, const char *name, uint64_t keys)
{
  double state = (double)wr_metrics_get(&run->metrics.state_bytes);
  printf("%-8s %9llu keys: %6.1f M rows/s in, %5.1f ns a row, %.2f rows out a row, %5.1f bytes of "
         "state a row\n",
         name, (unsigned long long)keys, (double)run->in / (double)run->took_us,
         (double)run->took_us * 1000 / (double)run->in,
         (double)wr_metrics_get(&run->metrics.rows_out) / (double)run->in, state / (double)run->in);
  run->op->class->close(run->op);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&run->builders[c]);
}

static void put(struct run *run, uint64_t key, uint64_t value)
{
  wr_builder_put_i64(&run->builders[K], (int64_t)key);
  wr_builder_put_i64(&run->builders[V], (int64_t)value);
  wr_builder_put_i64(&run->builders[W], (int64_t)(key ^ value));
}

/* A batch of rows that random keys have; or, of keys first ..., updates from one value to the next.
 */
static void batch(struct run *run, uint32_t side, uint64_t keys, uint64_t first, int64_t update,
                  bool counts)
{
  static uint8_t change[WR_BATCH_ROWS + WR_PADDING];
  struct wr_column columns[COLUMNS];
  struct wr_error err;
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_reset(&run->builders[c]);
    wr_builder_reserve(&run->builders[c], WR_BATCH_ROWS);
  }
  for (uint32_t i = 0; i < WR_BATCH_ROWS; i++) {
    uint64_t number = first + (update < 0 ? i : i / 2);
    change[i] = update < 0 || i % 2 ? WR_INSERT : WR_UPDATE_BEFORE;
    uint64_t key = keys == 0 ? 0 : update < 0 ? next_random(&run->seed) % keys : number % keys;
    put(run, key, update < 0 ? number : number * 1000000 + (uint64_t)update + i % 2);
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&run->builders[c]);
  const struct wr_batch rows = {.schema = &side_schema,
                                .columns = columns,
                                .row_count = WR_BATCH_ROWS,
                                .picked_count = WR_BATCH_ROWS,
                                .change = run->spec.sides[side].changes ? change : NULL,
                                .others_us = WR_TIME_END};
  int64_t begin = wr_monotonic_us();
  wr_operator_batch(run->op, side, &rows, &err);
  if (!counts)
    return;
  run->took_us += wr_monotonic_us() - begin;
  run->in += WR_BATCH_ROWS;
}

static void come(enum wr_join_kind kind, const char *name, uint64_t rows, uint64_t keys)
{
  struct run run;
  run_open(&run, kind, false);
  for (uint64_t done = 0; done < rows; done += WR_BATCH_ROWS)
    batch(&run, done / WR_BATCH_ROWS % 2, keys, done, -1, true);
  run_close(&run, name, keys);
}

static void table(uint64_t rows, uint64_t keys)
{
  struct run run;
  struct wr_error err;
  run_open(&run, WR_JOIN_INNER, false);
  for (uint64_t done = 0; done < keys; done += WR_BATCH_ROWS)
    batch(&run, 1, keys, done, -1, false);
  wr_operator_input_end(run.op, 1, &err);
  for (uint64_t done = 0; done < rows; done += WR_BATCH_ROWS)
    batch(&run, 0, keys, done, -1, true);
  run_close(&run, "table", keys);
}

/* The first round gives what the second takes back. */
static void update(uint64_t rows, uint64_t keys, uint64_t list_keys)
{
  struct run run;
  run_open(&run, WR_JOIN_LEFT, true);
  for (uint64_t done = 0; list_keys && done < keys; done += WR_BATCH_ROWS)
    batch(&run, 0, keys, done, -1, false);
  for (uint64_t done = 0, round = 0; done < rows + 2 * keys; round++)
    for (uint64_t first = 0; first < keys; first += WR_BATCH_ROWS / 2, done += WR_BATCH_ROWS)
      batch(&run, 1, list_keys, first, (int64_t)round, round > 0);
  run_close(&run, list_keys ? "update" : "one key", list_keys);
}

/* ---- joins by a range of times: one row a microsecond, in turns of both sides */

static const struct wr_expression *bind(struct wr_arena *arena, const char *condition)
{
  struct wr_binding binding = {.arena = arena, .time_zone = "UTC"};
  struct wr_binder binder = {.arena = arena, .binding = &binding};
  struct wr_scope scope = wr_scope_over(arena, &pair_schema, NULL);
  struct wr_expression_context context = {.binder = &binder, .scope = &scope, .place = "a bench"};
  struct wr_script *script;
  struct wr_error err;
  const struct wr_expression *out = NULL;
  const char *text = wr_arena_print(arena, "SELECT %s", condition);
  if (wr_parse(text, strlen(text), arena, &script, &err) ||
      wr_bind_expression(
          &context, script->statements.items[0]->query->select->items.items[0]->value, &out, &err))
    exit(1);
  return out;
}

static void range(enum wr_join_kind kind, const char *name, uint64_t rows, uint64_t keys,
                  int64_t apart_us)
{
  struct run run;
  struct wr_error err;
  struct wr_arena arena = {0};
  run_open(&run, kind, false);
  run.op->class->close(run.op);
  run.spec.condition = bind(&arena, wr_arena_print(&arena, "v >= rv - %lld AND v <= rv + %lld",
                                                   (long long)apart_us, (long long)apart_us));
  run.spec.by_time = true;
  run.spec.low_us = -apart_us;
  run.spec.high_us = apart_us;
  run.spec.sides[0].time_column = run.spec.sides[1].time_column = V;
  wr_operator_class_join.open(&run.spec, &run.context, &run.op, &err);
  for (uint64_t done = 0; done < rows; done += WR_BATCH_ROWS) {
    int64_t begin = wr_monotonic_us();
    if (done)
      wr_operator_watermark(run.op, (int64_t)done - 1, &err);
    run.took_us += wr_monotonic_us() - begin;
    batch(&run, done / WR_BATCH_ROWS % 2, keys, done, -1, true);
  }
  run_close(&run, name, keys);
  wr_arena_free(&arena);
}

int main(int argc, char **argv)
{
  uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 8000000;
  for (uint64_t keys = 65536; keys <= 4194304; keys *= 8) {
    come(WR_JOIN_INNER, "inner", rows / 8 < keys ? rows : rows / 8, keys);
    come(WR_JOIN_FULL, "full", rows / 8 < keys ? rows : rows / 8, keys);
    table(rows, keys);
    update(rows, keys, keys);
    range(WR_JOIN_INNER, "range", rows, keys, 1000000);
    range(WR_JOIN_LEFT, "left", rows, keys, 1000000);
  }
  update(rows / 4, 262144, 0);
  return 0;
}
