/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time to live: operators without a window whose state is 10 s old at most. Scripts say at which
 * second a row comes, or goes, and what is told; every one is run three times: as it is, restored
 * by other numbers of tasks before each row, and with other rows around it that have nothing to do
 * with it. Then long random streams: nothing must be left once they are over, and restoring must
 * not change what is told.
 */
#include <stdio.h>
#include <stdlib.h>

#include "functions/bind.h"
#include "operators/specs.h"
#include "operators/specs_changes.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"

#define SECOND INT64_C(1000000)
#define START  (1700000000 * SECOND) /* second 0 */
#define TTL    (10 * SECOND)

enum { K, V, COLUMNS, OUT_MAX = 4, TOLD_BYTES = 1 << 20 };

static const struct wr_field fields[OUT_MAX] = {
    {"k", &wr_type_bigint}, {"v", &wr_type_bigint}, {"a", &wr_type_bigint}, {"b", &wr_type_bigint}};
static const struct wr_schema schema = {COLUMNS, fields};
static const struct wr_schema wide_schemas[] = {{2, fields}, {3, fields}, {4, fields}};

/* ---- what is told, as text: "+I 1 2\n" */

struct sink {
  struct wr_operator op;
  char *told;
  size_t *length;
};

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  static const char *const words[] = {
      [WR_INSERT] = "+I", [WR_DELETE] = "-D", [WR_UPDATE_AFTER] = "+U", [WR_UPDATE_BEFORE] = "-U"};
  struct sink *sink = (struct sink *)op;
  (void)input, (void)err;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    char line[256];
    int at =
        snprintf(line, sizeof line, "%s", words[batch->change ? batch->change[row] : WR_INSERT]);
    for (uint32_t c = 0; c < batch->schema->column_count; c++)
      at += snprintf(line + at, sizeof line - (size_t)at, " %lld",
                     (long long)wr_column_i64(&batch->columns[c], row));
    CU_ASSERT_FATAL(*sink->length + (size_t)at + 2 < TOLD_BYTES);
    memcpy(sink->told + *sink->length, line, (size_t)at);
    sink->told[*sink->length + (size_t)at] = '\n';
    *sink->length += (size_t)at + 1;
    sink->told[*sink->length] = 0;
  }
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

/* ---- the operators */

struct trial {
  struct wr_arena arena;
  struct wr_window_aggregate_spec base;
  struct wr_aggregate aggregates[2];
  struct wr_aggregate_columns columns[2];
  union {
    struct wr_group_spec group;
    struct wr_distinct_spec distinct;
    struct wr_rank_spec rank;
    struct wr_materialize_spec materialize;
    struct wr_over_spec over;
  } spec;
  int64_t *ttl_us;    /* in the spec */
  uint32_t key_count; /* columns by which rows are dealt */
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_reject_sink rejects;
  char *told;
  size_t length;
};

static const uint32_t key_k = K, arg_v = V;
static const uint64_t ids[] = {77, 78};

/* COUNT(*), then COUNT(DISTINCT v) or SUM(v). */
static void plan_group(struct trial *trial, bool distinct, bool changes)
{
  struct wr_binding binding = {.arena = &trial->arena, .time_zone = "UTC"};
  struct wr_error err;
  const struct wr_expression *v =
      wr_bind_column(&binding, V, &wr_type_bigint, (struct wr_span){WR_NO_POSITION, 0});
  const struct wr_aggregate_call calls[] = {
      {.name = "COUNT"},
      {.name = distinct ? "COUNT" : "SUM", .args = &v, .arg_count = 1, .distinct = distinct}};
  for (unsigned a = 0; a < 2; a++) {
    CU_ASSERT_EQUAL(wr_bind_aggregate(&binding, &calls[a], &trial->aggregates[a], &err), WR_OK);
    if (changes && trial->aggregates[a].code->changing)
      trial->aggregates[a].code = trial->aggregates[a].code->changing;
    trial->columns[a] = (struct wr_aggregate_columns){a ? &arg_v : NULL, UINT32_MAX};
  }
  trial->base = (struct wr_window_aggregate_spec){.schema = &wide_schemas[1],
                                                  .window = {.kind = WR_WINDOW_ALL},
                                                  .keys = &key_k,
                                                  .key_count = 1,
                                                  .aggregates = trial->aggregates,
                                                  .columns = trial->columns,
                                                  .aggregate_count = 2,
                                                  .set_column = UINT32_MAX,
                                                  .input_schema = &schema,
                                                  .emit = {WR_EMIT_NEVER, WR_EMIT_NEVER, 0}};
  trial->spec.group = (struct wr_group_spec){.base = &trial->base, .changes = changes};
  trial->ttl_us = &trial->spec.group.ttl_us;
  trial->tasks.class = &wr_operator_class_group;
}

/* The one group of all rows, that is there even without any. */
static void plan_group_all(struct trial *trial)
{
  static const int64_t empty_set = 0;
  plan_group(trial, false, true);
  trial->base.schema = &wide_schemas[0];
  trial->base.key_count = trial->key_count = 0;
  trial->base.empty_sets = &empty_set;
  trial->base.empty_set_count = 1;
}

static void plan_group_sum(struct trial *trial)
{
  plan_group(trial, false, false);
}
static void plan_group_distinct(struct trial *trial)
{
  plan_group(trial, true, false);
}
static void plan_group_changes(struct trial *trial)
{
  plan_group(trial, false, true);
}
static void plan_group_distinct_changes(struct trial *trial)
{
  plan_group(trial, true, true);
}

static void plan_distinct(struct trial *trial)
{
  static const uint32_t all[] = {K, V};
  _Static_assert(sizeof all / sizeof *all == COLUMNS, "all columns");
  trial->spec.distinct = (struct wr_distinct_spec){
      .schema = &schema, .keys = all, .key_count = COLUMNS, .end_column = UINT32_MAX};
  trial->ttl_us = &trial->spec.distinct.ttl_us;
  trial->key_count = COLUMNS;
  trial->tasks.class = &wr_operator_class_distinct;
}

static void plan_rank(struct trial *trial, enum wr_rank_number number, uint64_t last, bool changes)
{
  static const struct wr_sort_key by_v = {.column = V};
  bool with_rank = last > 1;
  trial->spec.rank = (struct wr_rank_spec){.schema = &wide_schemas[with_rank],
                                           .input_schema = &schema,
                                           .column_ids = ids,
                                           .start_column = UINT32_MAX,
                                           .end_column = UINT32_MAX,
                                           .keys = &key_k,
                                           .key_count = 1,
                                           .order = &by_v,
                                           .order_count = 1,
                                           .number = number,
                                           .first = 1,
                                           .last = last,
                                           .kept_max = 1000,
                                           .with_rank = with_rank,
                                           .takes_changes = changes};
  trial->ttl_us = &trial->spec.rank.ttl_us;
  trial->tasks.class = &wr_operator_class_rank;
}
static void plan_first(struct trial *trial)
{
  plan_rank(trial, WR_RANK_ROW_NUMBER, 1, false);
}
static void plan_top(struct trial *trial)
{
  plan_rank(trial, WR_RANK_ROW_NUMBER, 2, false);
}
static void plan_ties(struct trial *trial)
{
  plan_rank(trial, WR_RANK_DENSE, 2, false);
}
static void plan_top_changes(struct trial *trial)
{
  plan_rank(trial, WR_RANK_ROW_NUMBER, 2, true);
}

static void plan_materialize(struct trial *trial, bool upserts)
{
  trial->spec.materialize = (struct wr_materialize_spec){
      .schema = &schema, .column_ids = ids, .keys = &key_k, .key_count = 1, .upserts = upserts};
  trial->ttl_us = &trial->spec.materialize.ttl_us;
  trial->tasks.class = &wr_operator_class_materialize;
}
static void plan_normalize(struct trial *trial)
{
  plan_materialize(trial, true);
}
static void plan_sink(struct trial *trial)
{
  plan_materialize(trial, false);
}

/* ROW_NUMBER by the clock. */
static void plan_numbers(struct trial *trial)
{
  static const struct wr_over_call number = {.function = WR_OVER_ROW_NUMBER,
                                             .type = &wr_type_bigint,
                                             .columns = {.filter = UINT32_MAX},
                                             .default_column = UINT32_MAX};
  trial->spec.over = (struct wr_over_spec){.schema = &wide_schemas[1],
                                           .input_schema = &schema,
                                           .column_ids = ids,
                                           .keys = &key_k,
                                           .key_count = 1,
                                           .time_column = V,
                                           .by_clock = true,
                                           .frame = {.unbounded = true},
                                           .calls = &number,
                                           .call_count = 1};
  trial->ttl_us = &trial->spec.over.ttl_us;
  trial->tasks.class = &wr_operator_class_over;
}
static void plan_first_number(struct trial *trial)
{
  plan_numbers(trial);
  trial->spec.over.numbered_max = 1;
}

static void trial_open(struct trial *trial, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    trial->sinks[t] =
        (struct sink){operate_sink(&trial->tasks, &sink_class), trial->told, &trial->length};
  operate_open(&trial->tasks, task_count, trial->sinks, sizeof *trial->sinks);
}

static struct trial *trial_new(void (*plan)(struct trial *trial), int64_t ttl_us)
{
  struct trial *trial = wr_memory_get_zero(sizeof *trial);
  trial->key_count = 1;
  plan(trial);
  *trial->ttl_us = ttl_us;
  trial->tasks.spec = &trial->spec;
  trial->tasks.rejects = &trial->rejects;
  trial->told = wr_memory_get_zero(TOLD_BYTES);
  trial_open(trial, 1);
  return trial;
}

static void trial_free(struct trial *trial)
{
  operate_close(&trial->tasks);
  wr_arena_free(&trial->arena);
  free(trial->told);
  free(trial);
}

struct event {
  int64_t k, v;
  uint8_t change;
};

static void trial_rows(struct trial *trial, int64_t now_us, const struct event *events,
                       uint32_t count)
{
  int64_t *values = wr_memory_get_zero(2 * count * sizeof *values + WR_PADDING);
  uint8_t *change = wr_memory_get_zero(count + WR_PADDING);
  struct wr_column columns[COLUMNS] = {{.type = &wr_type_bigint, .values = values},
                                       {.type = &wr_type_bigint, .values = values + count}};
  bool changes = false;
  for (uint32_t i = 0; i < count; i++) {
    values[i] = events[i].k;
    values[count + i] = events[i].v;
    change[i] = events[i].change;
    changes = changes || change[i] != WR_INSERT;
  }
  const struct wr_column *const keys[] = {&columns[K], &columns[V]};
  const struct wr_batch batch = {.schema = &schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .change = changes ? change : NULL,
                                 .now_us = now_us,
                                 .others_us = WR_TIME_END};
  operate_batch(&trial->tasks, 0, &batch, keys, trial->key_count, NULL);
  free(values);
  free(change);
}

/* The timers that come up until then, one after the other; none before from_us. */
static void trial_timers(struct trial *trial, int64_t from_us, int64_t now_us)
{
  struct wr_error err;
  for (uint32_t t = 0; t < trial->tasks.count; t++) {
    struct wr_operator *op = trial->tasks.ops[t];
    for (uint32_t i = 0; op->timer_us <= now_us; i++) {
      int64_t at_us = op->timer_us > from_us ? op->timer_us : from_us;
      CU_ASSERT_FATAL(i < 100000);
      op->timer_us = WR_TIME_END;
      CU_ASSERT_EQUAL(wr_operator_timer(op, at_us, &err), WR_OK);
    }
  }
}

static void trial_restore(struct trial *trial, uint32_t task_count)
{
  struct operate_snapshot snapshot;
  operate_save_all(&trial->tasks, &snapshot);
  operate_close(&trial->tasks);
  trial_open(trial, task_count);
  operate_load(&trial->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
}

/* ---- scripts */

/* At a second: + - row (I, D), u row (U after), or what is left: = keys. */
struct step {
  int64_t at_s;
  char what;
  int64_t k, v;
  const char *told;
};

#define STEPS_MAX 20

struct script {
  const char *name;
  void (*plan)(struct trial *trial);
  struct step steps[STEPS_MAX]; /* the last: what 0 */
};

static const struct script scripts[] = {
    {"a group begins anew, and says so although nothing is new",
     plan_group_sum,
     {{0, '+', 1, 5, "+I 1 1 5\n"},
      {1, '+', 1, 5, "-U 1 1 5\n+U 1 2 10\n"},
      {10, '+', 1, 0, "-U 1 2 10\n+U 1 3 10\n"}, /* a row of itself lengthens it */
      {19, '+', 2, 0, "+I 2 1 0\n"},
      {20, '+', 1, 7, "+I 1 1 7\n"}, /* 10 s after the last one */
      {29, '+', 2, 1, "+I 2 1 1\n"},
      {60, '=', 0, 0, ""}}},
    {"a result that is the same is told",
     plan_group_changes,
     {{0, '+', 1, 0, "+I 1 1 0\n"},
      {1, '+', 1, 0, "-U 1 1 0\n+U 1 2 0\n"},
      {2, '-', 1, 0, "-U 1 2 0\n+U 1 1 0\n"},
      {3, '-', 1, 0, "-D 1 1 0\n"},
      {4, '-', 1, 0, ""},
      {4, '=', 0, 0, ""}}},
    {"what takes back what is over is passed over",
     plan_group_changes,
     {{0, '+', 1, 5, "+I 1 1 5\n"},
      {1, '+', 1, 6, "-U 1 1 5\n+U 1 2 11\n"},
      {11, '-', 1, 5, ""},
      {12, '+', 1, 3, "+I 1 1 3\n"},
      {13, '-', 1, 6, "-D 1 1 3\n"}, /* counts as the only one that is there */
      {13, '=', 0, 0, ""}}},
    {"values of DISTINCT go by themselves",
     plan_group_distinct,
     {{0, '+', 1, 5, "+I 1 1 1\n"},
      {4, '+', 1, 6, "-U 1 1 1\n+U 1 2 2\n"},
      {8, '+', 1, 6, "-U 1 2 2\n+U 1 3 2\n"},
      {12, '+', 1, 6, "-U 1 3 2\n+U 1 4 2\n"},
      {13, '+', 1, 5, "-U 1 4 2\n+U 1 5 3\n"}, /* 5 is counted again */
      {24, '+', 1, 5, "+I 1 1 1\n"},           /* with the group */
      {60, '=', 0, 0, ""}}},
    {"values of DISTINCT that are taken back",
     plan_group_distinct_changes,
     {{0, '+', 1, 5, "+I 1 1 1\n"},
      {5, '+', 1, 6, "-U 1 1 1\n+U 1 2 2\n"},
      {10, '-', 1, 5, "-U 1 2 2\n+U 1 1 2\n"}, /* the value is over: nothing to uncount */
      {11, '-', 1, 6, "-D 1 1 2\n"},
      {12, '=', 0, 0, ""}}},
    {"a row that comes again lengthens its life",
     plan_distinct,
     {{0, '+', 1, 5, "+I 1 5\n"},
      {9, '+', 1, 5, ""},
      {18, '+', 1, 5, ""},
      {18, '+', 1, 6, "+I 1 6\n"},
      {28, '+', 1, 5, "+I 1 5\n"},
      {60, '=', 0, 0, ""}}},
    {"the first row of a key",
     plan_first,
     {{0, '+', 1, 5, "+I 1 5\n"},
      {5, '+', 1, 6, ""}, /* a row that is not kept writes nothing */
      {9, '+', 1, 3, "-U 1 5\n+U 1 3\n"},
      {18, '+', 1, 4, ""},
      {19, '+', 1, 8, "+I 1 8\n"},
      {60, '=', 0, 0, ""}}},
    {"rows of a list go one by one",
     plan_top,
     {{0, '+', 1, 5, "+I 1 5 1\n"},
      {4, '+', 1, 7, "+I 1 7 2\n"},
      {9, '+', 1, 9, ""},
      {10, '+', 1, 9, "+I 1 9 2\n"}, /* 5 is over, 7 is the first now */
      {14, '+', 1, 6, "-U 1 9 1\n+U 1 6 1\n+I 1 9 2\n"},
      {60, '=', 0, 0, ""}}},
    {"rows that share a number",
     plan_ties,
     {{0, '+', 1, 5, "+I 1 5 1\n"},
      {1, '+', 1, 5, "+I 1 5 1\n"},
      {2, '+', 1, 7, "+I 1 7 2\n"},
      {3, '+', 1, 9, ""},
      {10, '+', 1, 9, ""},                               /* one 5 is still there */
      {11, '+', 1, 9, "+I 1 9 2\n"},                     /* none is */
      {12, '+', 1, 8, "-D 1 9 1\n+I 1 8 1\n+I 1 9 2\n"}, /* 7 is over: 9 was the first */
      {60, '=', 0, 0, ""}}},
    {"rows that may be taken back",
     plan_top_changes,
     {{0, '+', 1, 5, "+I 1 5 1\n"},
      {1, '+', 1, 6, "+I 1 6 2\n"},
      {2, '+', 1, 7, ""},
      {3, '-', 1, 5, "-U 1 5 1\n+U 1 6 1\n-U 1 6 2\n+U 1 7 2\n"},
      {11, '-', 1, 6, ""}, /* over */
      {11, '+', 1, 9, "+I 1 9 2\n"},
      {12, '-', 1, 9, "-D 1 9 1\n"}, /* 7 is over meanwhile, without a word */
      {12, '=', 0, 0, ""}}},
    {"upserts made whole",
     plan_normalize,
     {{0, '+', 1, 5, "+I 1 5\n"},
      {9, 'u', 1, 5, "-U 1 5\n+U 1 5\n"}, /* for those below, which would forget it */
      {18, 'u', 1, 6, "-U 1 5\n+U 1 6\n"},
      {28, 'u', 1, 7, "+I 1 7\n"},
      {38, '-', 1, 7, ""},
      {38, '=', 0, 0, ""}}},
    {"numbers by the clock",
     plan_numbers,
     {{0, '+', 1, 5, "+I 1 5 1\n"},
      {5, '+', 1, 6, "+I 1 6 2\n"},
      {14, '+', 1, 7, "+I 1 7 3\n"},
      {24, '+', 1, 8, "+I 1 8 1\n"},
      {60, '=', 0, 0, ""}}},
    {"only the first number is wanted: others write nothing",
     plan_first_number,
     {{0, '+', 1, 5, "+I 1 5 1\n"},
      {5, '+', 1, 6, "+I 1 6 2\n"},
      {9, '+', 1, 7, "+I 1 7 3\n"},
      {10, '+', 1, 8, "+I 1 8 1\n"},
      {60, '=', 0, 0, ""}}},
    {"changes made whole by another key",
     plan_sink,
     {{0, '+', 1, 5, "+I 1 5\n"},
      {4, '+', 1, 6, "-U 1 5\n+U 1 6\n"},
      {9, '-', 1, 6, "-U 1 6\n+U 1 5\n"},
      {10, '-', 1, 5, ""},
      {11, '+', 1, 7, "+I 1 7\n"},
      {15, '+', 1, 8, "-U 1 7\n+U 1 8\n"},
      {21, '-', 1, 8, "-D 1 8\n"}, /* 7 is over */
      {21, '=', 0, 0, ""}}},
};

static void script_step(struct trial *trial, const struct script *script, const struct step *step,
                        bool alone)
{
  int64_t now_us = START + step->at_s * SECOND;
  trial->length = 0;
  trial->told[0] = 0;
  if (step->what == '=') {
    trial_timers(trial, START, now_us);
    CU_ASSERT(!alone || operate_state_keys(&trial->tasks) == (uint64_t)step->k);
  } else {
    const struct event event = {step->k, step->v,
                                step->what == '-'   ? WR_DELETE
                                : step->what == 'u' ? WR_UPDATE_AFTER
                                                    : WR_INSERT};
    trial_rows(trial, now_us, &event, 1);
  }
  if (strcmp(trial->told, step->told) != 0)
    printf("\n%s, second %lld:\n%s", script->name, (long long)step->at_s, trial->told);
  CU_ASSERT_STRING_EQUAL(trial->told, step->told);
}

/* Other keys, so that pages have rows of all ages. */
static void script_surround(struct trial *trial, const struct step *step, uint64_t *seed)
{
  struct event events[700];
  for (uint32_t i = 0; i < WR_COUNT(events); i++)
    events[i] = (struct event){100 + random_next(seed) % 2000, random_next(seed) % 5, WR_INSERT};
  trial_rows(trial, START + step->at_s * SECOND, events, WR_COUNT(events));
}

static void all_scripts(void)
{
  for (size_t s = 0; s < WR_COUNT(scripts); s++)
    for (unsigned how = 0; how < 3; how++) {
      struct trial *trial = trial_new(scripts[s].plan, TTL);
      uint64_t seed = s;
      for (uint32_t i = 0; scripts[s].steps[i].what; i++) {
        if (how == 1)
          trial_restore(trial, 1 + i % OPERATE_TASKS_MAX);
        script_step(trial, &scripts[s], &scripts[s].steps[i], how != 2);
        if (how == 2)
          script_surround(trial, &scripts[s].steps[i], &seed);
      }
      trial_free(trial);
    }
}

/* ---- long streams */

enum { STREAM_BATCHES = 200, STREAM_ROWS = 250, STREAM_KEYS = 3000 };

static int line_order(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lines in an order that does not depend on which task has said them. */
static char *told_sorted(const char *told)
{
  size_t length = strlen(told), count = 0;
  char *copy = wr_memory_get(length + 1), *out = wr_memory_get(length + 1), *at = out;
  memcpy(copy, told, length + 1);
  const char **lines = wr_memory_get((length / 2 + 2) * sizeof *lines);
  for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n"))
    lines[count++] = line;
  if (count)
    qsort(lines, count, sizeof *lines, line_order);
  for (size_t i = 0; i < count; i++)
    at += sprintf(at, "%s\n", lines[i]);
  *at = 0;
  free(copy);
  free(lines);
  return out;
}

/* Batches half a second or a few apart; every row is of a key that few others have. */
static void stream_batch(struct trial *trial, uint64_t *seed, int64_t *now_us, bool changes)
{
  struct event events[STREAM_ROWS];
  *now_us += SECOND / 2 + (random_next(seed) % 20 == 0 ? 7 * SECOND : 0);
  for (uint32_t i = 0; i < STREAM_ROWS; i++)
    events[i] = (struct event){random_next(seed) % STREAM_KEYS, random_next(seed) % 4,
                               changes && random_next(seed) % 3 == 0 ? WR_DELETE : WR_INSERT};
  trial->length = 0;
  trial->told[0] = 0;
  trial_rows(trial, *now_us, events, STREAM_ROWS);
}

static void long_streams(void)
{
  static void (*const plans[])(struct trial *) = {
      plan_group_sum,   plan_group_distinct, plan_group_changes, plan_group_distinct_changes,
      plan_distinct,    plan_first,          plan_top,           plan_ties,
      plan_top_changes, plan_normalize,      plan_sink,          plan_numbers,
      plan_first_number};
  for (size_t p = 0; p < WR_COUNT(plans); p++) {
    struct trial *plain = trial_new(plans[p], TTL), *moved = trial_new(plans[p], TTL);
    bool changes = plans[p] == plan_group_changes || plans[p] == plan_group_distinct_changes ||
                   plans[p] == plan_top_changes || plans[p] == plan_sink ||
                   plans[p] == plan_normalize;
    uint64_t seed = 7 + p, same_seed = seed, most = 0;
    int64_t now_us = START, same_us = START;
    for (uint32_t b = 0; b < STREAM_BATCHES; b++) {
      if (b % 37 == 36)
        trial_restore(moved, 1 + b % OPERATE_TASKS_MAX);
      stream_batch(plain, &seed, &now_us, changes);
      stream_batch(moved, &same_seed, &same_us, changes);
      char *one = told_sorted(plain->told), *other = told_sorted(moved->told);
      CU_ASSERT_STRING_EQUAL_FATAL(one, other);
      free(one);
      free(other);
      uint64_t keys = operate_state_keys(&plain->tasks);
      most = keys > most ? keys : most;
    }
    CU_ASSERT(most > 500);
    CU_ASSERT(most < 4 * STREAM_KEYS);
    trial_timers(plain, now_us, now_us + 3 * TTL);
    trial_timers(moved, now_us, now_us + 3 * TTL);
    CU_ASSERT_EQUAL(operate_state_keys(&plain->tasks), 0);
    CU_ASSERT_EQUAL(operate_state_keys(&moved->tasks), 0);
    trial_free(plain);
    trial_free(moved);
  }
}

/* Keys that never come again: what is there is that of the last seconds, without a timer. */
static void no_more_than_alive(void)
{
  static void (*const plans[])(struct trial *) = {plan_group_sum,   plan_distinct,  plan_top,
                                                  plan_top_changes, plan_normalize, plan_sink,
                                                  plan_numbers};
  for (size_t p = 0; p < WR_COUNT(plans); p++) {
    struct trial *trial = trial_new(plans[p], TTL);
    uint64_t least_bytes = UINT64_MAX, most_bytes = 0;
    for (uint32_t b = 0; b < 600; b++) {
      struct event events[500];
      for (uint32_t i = 0; i < 500; i++)
        events[i] = (struct event){b * 500 + i, 1, WR_INSERT};
      trial->length = 0;
      trial_rows(trial, START + b * SECOND / 2, events, 500);
      /* 20 batches live, and a quarter of that is still to be swept */
      CU_ASSERT(operate_state_keys(&trial->tasks) <= 26 * 500);
      uint64_t bytes = wr_metrics_get(&trial->tasks.metrics[0].state_bytes);
      if (b < 100)
        continue;
      least_bytes = bytes < least_bytes ? bytes : least_bytes;
      most_bytes = bytes > most_bytes ? bytes : most_bytes;
    }
    CU_ASSERT(most_bytes < 3 * least_bytes);
    trial_free(trial);
  }
}

/* ---- a time to live that is set, changed and taken away between two runs */

static void another_ttl(void)
{
  static void (*const plans[])(struct trial *) = {plan_group_sum, plan_distinct, plan_first,
                                                  plan_normalize, plan_numbers};
  for (size_t p = 0; p < WR_COUNT(plans); p++) {
    struct trial *trial = trial_new(plans[p], 0);
    const struct event one = {1, 5, WR_INSERT}, again = {1, 5, WR_INSERT};
    trial_rows(trial, START, &one, 1);
    CU_ASSERT(trial->length > 0);
    *trial->ttl_us = TTL; /* it counts as written when it is restored, long after */
    trial_restore(trial, 2);
    trial_timers(trial, START + 100 * SECOND, START + 100 * SECOND);
    trial_restore(trial, 1);
    *trial->ttl_us = 2 * TTL;
    trial_restore(trial, 3);
    CU_ASSERT_EQUAL(operate_state_keys(&trial->tasks), 1);
    trial_timers(trial, START + 115 * SECOND, START + 119 * SECOND);
    CU_ASSERT_EQUAL(operate_state_keys(&trial->tasks), 1);
    *trial->ttl_us = 0;
    trial_restore(trial, 1);
    trial->length = 0;
    trial->told[0] = 0;
    trial_rows(trial, START + 1000 * SECOND, &again, 1);
    CU_ASSERT(plans[p] == plan_numbers ? strcmp(trial->told, "+I 1 5 2\n") == 0
                                       : strstr(trial->told, "+I") == NULL);
    trial_free(trial);
  }
}

/* So long that no clock gets there. */
static void for_ever(void)
{
  static void (*const plans[])(struct trial *) = {plan_group_sum,   plan_distinct,  plan_top,
                                                  plan_top_changes, plan_normalize, plan_sink,
                                                  plan_numbers};
  for (size_t p = 0; p < WR_COUNT(plans); p++) {
    struct trial *trial = trial_new(plans[p], INT64_MAX - p);
    const struct event events[] = {{1, 5, WR_INSERT}, {2, 5, WR_INSERT}};
    for (uint32_t i = 0; i < WR_COUNT(events); i++) {
      int64_t now_us = START + i * 1000000 * SECOND;
      trial_rows(trial, now_us, &events[i], 1);
      trial_timers(trial, now_us, now_us);
    }
    CU_ASSERT_EQUAL(operate_state_keys(&trial->tasks), 2);
    trial_free(trial);
  }
}

/* ---- the end of the input, and a group without keys */

static const struct end {
  int64_t rows, taken_back; /* how many, a second each */
  int64_t waits_s;          /* then; a row more if it is negative */
  const char *told;         /* at the end */
} ends[] = {{0, 0, 0, "+I 0 0\n"}, {2, 0, 1, ""},          {2, 2, 1, "+I 0 0\n"},
            {2, 0, 30, ""},        {2, 2, 30, "+I 0 0\n"}, {2, 0, -30, ""}};

static void end_of_expired(void)
{
  for (size_t e = 0; e < WR_COUNT(ends); e++) {
    for (uint32_t task_count = 1; task_count < 4; task_count += 2) {
      struct trial *trial = trial_new(plan_group_all, TTL);
      const struct event one = {1, 0, WR_INSERT}, back = {1, 0, WR_DELETE};
      int64_t now_us = START, waits_s = ends[e].waits_s;
      for (int64_t i = 0; i < ends[e].rows + ends[e].taken_back; i++, now_us += SECOND)
        trial_rows(trial, now_us, i < ends[e].rows ? &one : &back, 1);
      trial_timers(trial, now_us, now_us + (waits_s < 0 ? -waits_s : waits_s) * SECOND);
      if (waits_s < 0)
        trial_rows(trial, now_us - waits_s * SECOND, &one, 1);
      trial_restore(trial, task_count);
      trial->length = 0;
      trial->told[0] = 0;
      for (uint32_t t = 0; t < task_count; t++) {
        struct wr_error err;
        CU_ASSERT_EQUAL(wr_operator_watermark(trial->tasks.ops[t], WR_TIME_END, &err), WR_OK);
      }
      CU_ASSERT_STRING_EQUAL(trial->told, ends[e].told);
      trial_free(trial);
    }
  }
}

static const struct wr_test tests[] = {{"all_scripts", all_scripts},
                                       {"long_streams", long_streams},
                                       {"no_more_than_alive", no_more_than_alive},
                                       {"another_ttl", another_ttl},
                                       {"for_ever", for_ever},
                                       {"end_of_expired", end_of_expired},
                                       {0}};
const struct wr_suite wr_suite_ttl = {"ttl", tests};
