/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rank beside a plain reference: random rows with many equal values, every kind of sort key and
 * partition, batch sizes, and a snapshot that is written while rows go on and is continued by other
 * numbers of tasks. With windows the results are compared at the end; without, what is left of all
 * changes is compared after every batch.
 */
#include <stdlib.h>

#include "core/hash.h"
#include "core/limits.h"
#include "core/time.h"
#include "functions/zone.h"
#include "operators/specs.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"

enum { START, END, K, NAME, O, T, D, F, ID, COLUMNS };
enum { ROWS = 1500, RESULTS_MAX = 200000 };
#define MS INT64_C(1000)

static const struct wr_type wide = {
    .kind = WR_DECIMAL, .physical = WR_I128, .precision = 38, .scale = 2};
static const struct wr_field fields[COLUMNS + 1] = {{"wstart", &wr_type_timestamp3},
                                                    {"wend", &wr_type_timestamp3},
                                                    {"k", &wr_type_bigint},
                                                    {"name", &wr_type_string},
                                                    {"o", &wr_type_bigint},
                                                    {"t", &wr_type_string},
                                                    {"d", &wide},
                                                    {"f", &wr_type_double},
                                                    {"id", &wr_type_bigint},
                                                    {"rank", &wr_type_bigint}};
static const struct wr_schema input_schema = {COLUMNS, fields};
static const struct wr_schema ranked_schema = {COLUMNS + 1, fields};

struct row {
  int64_t start, end, arrived, k, o, id;
  bool null_k, null_o, null_window;
  uint32_t name, t;
  wr_i128 d;
  double f;
};

struct result {
  int64_t id, rank;
};

/* What is asked for. */
struct question {
  const char *name;
  struct wr_sort_key order[2];
  uint32_t order_count;
  uint32_t keys[2], key_count;
  uint64_t first, last;
  bool newest_first, with_rank;
};

static const struct question questions[] = {
    {"first row", {{O, false, false}}, 1, {K, 0}, 1, 1, 1, false, false},
    {"last row", {{O, true, false}}, 1, {K, 0}, 1, 1, 1, true, false},
    {"last row with its number", {{O, true, true}}, 1, {NAME, 0}, 1, 1, 1, true, true},
    {"three, NULL last", {{O, false, true}}, 1, {K, 0}, 1, 1, 3, false, false},
    {"ten with numbers", {{O, true, true}}, 1, {NAME, 0}, 1, 1, 10, false, true},
    {"second to fourth", {{T, false, false}, {O, true, false}}, 2, {K, NAME}, 2, 2, 4, false, true},
    {"the same, no numbers", {{T, true, false}}, 1, {NAME, K}, 2, 2, 4, false, false},
    {"wide numbers, no keys", {{D, true, false}}, 1, {0, 0}, 0, 1, 7, false, true},
    {"wide numbers", {{D, false, false}}, 1, {K, 0}, 1, 1, 7, false, false},
    {"doubles", {{F, true, false}}, 1, {K, 0}, 1, 1, 5, false, true},
    {"by arrival", {{O, false, false}}, 0, {K, 0}, 1, 1, 5, false, true},
    {"newest first of two keys",
     {{F, false, false}, {O, false, true}},
     2,
     {K, 0},
     1,
     1,
     1,
     true,
     false},
    {"sixty", {{O, true, false}}, 1, {K, 0}, 1, 1, 60, false, false},
};

static uint32_t name_make(uint32_t number, char *out)
{
  return (uint32_t)snprintf(out, 64, number % 2 ? "n%u" : "a name that does not fit inside %u",
                            number);
}

static struct row *rows_make(uint64_t seed)
{
  static const double doubles[] = {0.0, -0.0, 1.5, -3, 1e300};
  struct row *rows = wr_memory_get_zero(ROWS * sizeof *rows);
  int64_t greatest = WR_TIME_NONE;
  for (uint32_t i = 0; i < ROWS; i++) {
    struct row *row = &rows[i];
    int64_t back =
        random_next(&seed) % 10 == 0 ? random_next(&seed) % 250 : random_next(&seed) % 30;
    int64_t time = ((int64_t)i / 2 - 300 - back) * MS;
    row->arrived = greatest == WR_TIME_NONE ? WR_TIME_NONE : greatest - 40 * MS;
    greatest = time > greatest ? time : greatest;
    row->id = i;
    row->k = random_next(&seed) % 9;
    row->null_k = row->k == 8;
    row->o = random_next(&seed) % 20;
    row->null_o = row->o == 19;
    if (row->o == 18)
      row->o = INT64_MIN; /* beside NULL */
    if (row->o == 17)
      row->o = INT64_MAX;
    row->name = random_next(&seed) % 5;
    row->t = random_next(&seed) % 12;
    row->d =
        ((wr_i128)(random_next(&seed) % 7) - 3) * ((wr_i128)1 << (random_next(&seed) % 2 ? 80 : 3));
    row->f = random_next(&seed) % 9 == 0 ? __builtin_nan("") : doubles[random_next(&seed) % 5];
    row->end = wr_floor_div(time, 50 * MS) * 50 * MS + 50 * MS;
    row->start = row->end - (random_next(&seed) % 2 ? 50 : 100) * MS;
    row->null_window = random_next(&seed) % 200 == 0;
  }
  return rows;
}

/* ---- the reference: the plainest way that there is */

static int order_values(const struct row *a, const struct row *b, const struct wr_sort_key *key)
{
  int found = 0;
  if (key->column == O) {
    if (a->null_o || b->null_o) {
      found = b->null_o - a->null_o; /* NULL is lowest */
      return key->nulls_last ? -found : found;
    }
    found = (a->o > b->o) - (a->o < b->o);
  } else if (key->column == T) {
    char a_name[64], b_name[64];
    name_make(a->t, a_name);
    name_make(b->t, b_name);
    found = strcmp(a_name, b_name);
  } else if (key->column == D) {
    found = (a->d > b->d) - (a->d < b->d);
  } else if (a->f != a->f || b->f != b->f) {
    found = (a->f != a->f) - (b->f != b->f);
  } else {
    found = (a->f > b->f) - (a->f < b->f);
  }
  return key->descending ? -found : found;
}

static bool stands_before(const struct question *question, const struct row *a, const struct row *b)
{
  for (uint32_t k = 0; k < question->order_count; k++) {
    int found = order_values(a, b, &question->order[k]);
    if (found)
      return found < 0;
  }
  return question->newest_first ? a->id > b->id : a->id < b->id;
}

static bool same_key(const struct question *question, const struct row *a, const struct row *b)
{
  for (uint32_t k = 0; k < question->key_count; k++) {
    if (question->keys[k] == NAME ? a->name != b->name
                                  : a->null_k != b->null_k || (!a->null_k && a->k != b->k))
      return false;
  }
  return true;
}

static int result_compare(const void *a, const void *b)
{
  const struct result *x = a, *y = b;
  if (x->id != y->id)
    return x->id < y->id ? -1 : 1;
  return (x->rank > y->rank) - (x->rank < y->rank);
}

struct outcome {
  struct result *results;
  uint32_t count;
};

static void outcome_sort(struct outcome *outcome)
{
  qsort(outcome->results, outcome->count, sizeof *outcome->results, result_compare);
}

static bool is_late(const struct row *row, int64_t ahead_us)
{
  return row->arrived != WR_TIME_NONE && row->end - MS <= row->arrived + ahead_us;
}

/* The rank of each of the first `count` rows is the number of those that stand before it. */
static struct outcome expected(const struct row *rows, uint32_t count,
                               const struct question *question, bool windows, int64_t ahead_us)
{
  struct outcome outcome = {.results = wr_memory_get((count + 1) * sizeof *outcome.results)};
  for (uint32_t i = 0; i < count; i++) {
    uint64_t rank = 1;
    if (windows && (rows[i].null_window || is_late(&rows[i], ahead_us)))
      continue;
    for (uint32_t j = 0; j < count; j++) {
      if (j == i || !same_key(question, &rows[i], &rows[j]))
        continue;
      if (windows && (rows[j].null_window || is_late(&rows[j], ahead_us) ||
                      rows[j].end != rows[i].end || rows[j].start != rows[i].start))
        continue;
      rank += stands_before(question, &rows[j], &rows[i]);
    }
    if (rank >= question->first && rank <= question->last)
      outcome.results[outcome.count++] =
          (struct result){rows[i].id, question->with_rank ? (int64_t)rank : 0};
  }
  outcome_sort(&outcome);
  return outcome;
}

/* ---- the operator, and a sink behind it that applies changes */

struct sink {
  struct wr_operator op;
  const struct wr_rank_spec *spec;
  struct outcome *outcome; /* of all tasks */
  bool with_rank, windows;
  struct result update; /* -U that waits for its +U */
  int64_t update_key;
  bool has_update;
  int64_t end_us, key, rank; /* windows: the row before */
  uint32_t changes;
};

static void sink_remove(struct sink *sink, struct result result)
{
  struct outcome *outcome = sink->outcome;
  uint32_t i = 0;
  while (i < outcome->count && result_compare(&outcome->results[i], &result) != 0)
    i++;
  WR_CHECK(i < outcome->count, "row %lld, rank %lld is not there", (long long)result.id,
           (long long)result.rank);
  if (i < outcome->count)
    outcome->results[i] = outcome->results[--outcome->count];
}

static void sink_change(struct sink *sink, enum wr_change change, struct result result, int64_t key)
{
  CU_ASSERT_EQUAL(sink->has_update, change == WR_UPDATE_AFTER);
  if (sink->has_update) { /* of the same place of the same key */
    CU_ASSERT_EQUAL(sink->update.rank, result.rank);
    CU_ASSERT_EQUAL(sink->update_key, key);
    CU_ASSERT_NOT_EQUAL(sink->update.id, result.id);
  }
  sink->has_update = change == WR_UPDATE_BEFORE;
  sink->update = result;
  sink->update_key = key;
  if (change & WR_DELETE)
    sink_remove(sink, result);
  else if (sink->outcome->count < RESULTS_MAX)
    sink->outcome->results[sink->outcome->count++] = result;
}

/* One number for what the partition keys of a row are. */
static int64_t sink_key(const struct sink *sink, const struct wr_batch *batch, uint32_t row)
{
  const struct wr_rank_spec *spec = sink->spec;
  int64_t key = 0;
  for (uint32_t i = 0; i < spec->key_count; i++) {
    const struct wr_column *column = &batch->columns[spec->keys[i]];
    if (spec->keys[i] == K) {
      key = key * 100 + (wr_column_is_null(column, row) ? 99 : wr_column_i64(column, row));
      continue;
    }
    char name[64];
    int64_t number = 0;
    const struct wr_text *text = wr_column_text(column, row);
    while (name_make((uint32_t)number, name) != text->length ||
           memcmp(name, wr_text_bytes(text), text->length) != 0)
      number++;
    key = key * 100 + number;
  }
  return key;
}

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  (void)input, (void)err;
  CU_ASSERT_TRUE(!sink->windows || !batch->change);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    struct result result = {.id = wr_column_i64(&batch->columns[ID], row)};
    int64_t rank = sink->with_rank ? wr_column_i64(&batch->columns[COLUMNS], row) : 0;
    result.rank = rank;
    int64_t key = sink_key(sink, batch, row);
    sink_change(sink, batch->change ? batch->change[row] : WR_INSERT, result, key);
    if (sink->windows) { /* by end */
      int64_t end_us = wr_column_i64(&batch->columns[END], row);
      CU_ASSERT_TRUE(end_us >= sink->end_us);
      sink->end_us = end_us;
    }
    sink->changes++;
  }
  return WR_OK;
}

static enum wr_code sink_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                      struct wr_error *err)
{
  (void)op, (void)watermark_us, (void)err;
  return WR_OK;
}

static const struct wr_operator_class sink_class = {
    .name = "Sink", .on_batch = sink_on_batch, .on_watermark = sink_on_watermark};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t late, time;
  char message[256];
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct rejects *rejects = (struct rejects *)sink;
  ++*(reject->kind == WR_REJECT_LATE ? &rejects->late : &rejects->time);
  CU_ASSERT_TRUE(reject->raw.length > 2);
  CU_ASSERT_PTR_NULL(memmem(reject->raw.bytes, reject->raw.length, "arrival", 7));
  snprintf(rejects->message, sizeof rejects->message, "%s", reject->message);
}

struct query {
  struct wr_rank_spec spec;
  struct rejects rejects;
  struct outcome outcome;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_builder builders[COLUMNS];
  int64_t now_us;
};

static struct query *query_new(const struct question *question, bool windows)
{
  struct query *query = wr_memory_get_zero(sizeof *query);
  query->spec = (struct wr_rank_spec){
      .schema = question->with_rank ? &ranked_schema : &input_schema,
      .input_schema = &input_schema,
      .window = {.kind = WR_WINDOW_ATTACHED, .tick_us = MS},
      .start_column = windows ? START : UINT32_MAX,
      .end_column = windows ? END : UINT32_MAX,
      .keys = question->keys,
      .key_count = question->key_count,
      .order = question->order,
      .order_count = question->order_count,
      .first = question->first,
      .last = question->last,
      .newest_first = question->newest_first,
      .with_rank = question->with_rank,
  };
  query->rejects.sink.put = rejects_put;
  query->tasks = (struct operate){
      .class = &wr_operator_class_rank, .spec = &query->spec, .rejects = &query->rejects.sink};
  query->outcome.results = wr_memory_get_zero(RESULTS_MAX * sizeof *query->outcome.results);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&query->builders[c], fields[c].type);
  return query;
}

static void query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] = (struct sink){.op = operate_sink(&query->tasks, &sink_class),
                                    .spec = &query->spec,
                                    .outcome = &query->outcome,
                                    .with_rank = query->spec.with_rank,
                                    .windows = query->spec.start_column != UINT32_MAX,
                                    .end_us = WR_TIME_NONE};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

static void query_free(struct query *query)
{
  operate_close(&query->tasks);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&query->builders[c]);
  free(query->outcome.results);
  free(query);
}

static void put_integer(struct wr_builder *builder, int64_t value, bool null)
{
  if (null)
    wr_builder_put_null(builder);
  else
    wr_builder_put_i64(builder, value);
}

static void query_put_row(struct query *query, const struct row *row)
{
  char text[64];
  uint32_t length = name_make(row->name, text);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reserve(&query->builders[c], 1);
  put_integer(&query->builders[START], row->start, false);
  put_integer(&query->builders[END], row->end, row->null_window);
  put_integer(&query->builders[K], row->k, row->null_k);
  wr_builder_put_copy(&query->builders[NAME], text, length);
  put_integer(&query->builders[O], row->o, row->null_o);
  length = name_make(row->t, text);
  wr_builder_put_copy(&query->builders[T], text, length);
  wr_builder_put_i128(&query->builders[D], row->d);
  wr_builder_put_f64(&query->builders[F], row->f);
  wr_builder_put_i64(&query->builders[ID], row->id);
}

/* One batch, shared out over the tasks as an exchange would (but by picked rows), then the
 * watermark. */
static void query_batch(struct query *query, const struct row *rows, uint32_t count,
                        int64_t watermark_us)
{
  struct wr_column columns[COLUMNS];
  const struct wr_column *keys[2];
  int64_t *arrived_us = wr_memory_get(count * sizeof *arrived_us);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reset(&query->builders[c]);
  for (uint32_t i = 0; i < count; i++) {
    query_put_row(query, &rows[i]);
    arrived_us[i] = rows[i].arrived;
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&query->builders[c]);
  for (uint32_t k = 0; k < query->spec.key_count; k++)
    keys[k] = &columns[query->spec.keys[k]];
  const struct wr_batch batch = {.schema = &input_schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .arrived_us = arrived_us,
                                 .others_us = WR_TIME_END,
                                 .now_us = query->now_us};
  operate_batch(&query->tasks, 0, &batch, keys, query->spec.key_count, NULL);
  operate_watermark(&query->tasks, watermark_us);
  for (uint32_t t = 0; t < query->tasks.count; t++)
    CU_ASSERT_FALSE(query->sinks[t].has_update);
  free(arrived_us);
}

static int64_t watermark_before(const struct row *rows, uint32_t at)
{
  return at < ROWS ? rows[at].arrived : WR_TIME_END;
}

static uint32_t rows_left(uint32_t at, uint32_t end, uint32_t batch_rows)
{
  return end - at < batch_rows ? end - at : batch_rows;
}

static void query_rows(struct query *query, const struct row *rows, uint32_t first, uint32_t end,
                       uint32_t batch_rows)
{
  for (uint32_t at = first; at < end; at += batch_rows) {
    uint32_t count = rows_left(at, end, batch_rows);
    query_batch(query, rows + at, count, watermark_before(rows, at + count));
  }
}

/* The tasks are saved as they are at row `at`; then they go on for a while, page by page of the
 * snapshot, which other tasks take up. What the old ones gave meanwhile is forgotten. */
static void query_move(struct query *query, const struct row *rows, uint32_t at,
                       uint32_t batch_rows, uint32_t task_count)
{
  struct operate_snapshot snapshot;
  uint32_t count = query->outcome.count;
  uint32_t late = query->rejects.late, time = query->rejects.time;
  struct result *results = wr_memory_get((count + 1) * sizeof *results);
  memcpy(results, query->outcome.results, count * sizeof *results);
  operate_save(&query->tasks, &snapshot);
  bool done = false;
  for (uint32_t more = at; !done; more += batch_rows) {
    if (more < ROWS)
      query_rows(query, rows, more, more + rows_left(more, ROWS, batch_rows), batch_rows);
    done = operate_save_step(&query->tasks, &snapshot);
  }
  operate_close(&query->tasks);
  memcpy(query->outcome.results, results, count * sizeof *results);
  query->outcome.count = count;
  query->rejects.late = late;
  query->rejects.time = time;
  query_open(query, task_count);
  operate_load(&query->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
  free(results);
}

static bool outcome_is(struct outcome *got, const struct outcome *wanted)
{
  outcome_sort(got);
  return got->count == wanted->count &&
         memcmp(got->results, wanted->results, wanted->count * sizeof *wanted->results) == 0;
}

/* ---- windows */

/* batch_rows, tasks, and those that go on in the middle. */
static const struct {
  uint32_t batch_rows, tasks, next_tasks;
} ways[] = {{1, 1, 0}, {7, 1, 2}, {100, 3, 1}, {1, 2, 3}, {ROWS, 1, 0}, {450, 1, 1}};

static void test_windows(void)
{
  for (uint32_t q = 0; q < WR_COUNT(questions); q++) {
    const struct question *question = &questions[q];
    struct row *rows = rows_make(q + 1);
    struct outcome wanted = expected(rows, ROWS, question, true, 0);
    uint32_t late = 0, nulls = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
      nulls += rows[i].null_window;
      late += !rows[i].null_window && is_late(&rows[i], 0);
    }
    for (uint32_t w = 0; w < WR_COUNT(ways); w++) {
      struct query *query = query_new(question, true);
      query_open(query, ways[w].tasks);
      uint32_t middle = ways[w].next_tasks ? ROWS / 3 : ROWS;
      query_rows(query, rows, 0, middle, ways[w].batch_rows);
      if (ways[w].next_tasks) {
        query_move(query, rows, middle, ways[w].batch_rows, ways[w].next_tasks);
        query_rows(query, rows, middle, ROWS, ways[w].batch_rows);
      }
      WR_CHECK(outcome_is(&query->outcome, &wanted), "%s, way %u: %u results, not %u",
               question->name, w, query->outcome.count, wanted.count);
      WR_CHECK(query->rejects.late == late && query->rejects.time == nulls,
               "%s, way %u: %u late, not %u", question->name, w, query->rejects.late, late);
      CU_ASSERT_EQUAL(operate_state_keys(&query->tasks), 0);
      CU_ASSERT_EQUAL(operate_rejected(&query->tasks, WR_REJECT_LATE) > 0, late > 0);
      query_free(query);
    }
    free(wanted.results);
    free(rows);
  }
}

static void test_held_and_late(void)
{
  static const struct question question = {.order = {{O, true, false}},
                                           .order_count = 1,
                                           .keys = {K},
                                           .key_count = 1,
                                           .first = 1,
                                           .last = 2};
  const struct row rows[] = {
      {.start = 0, .end = 50 * MS, .k = 1, .o = 1, .id = 1, .arrived = WR_TIME_NONE},
      {.start = 0, .end = 50 * MS, .k = 1, .o = 2, .id = 2, .arrived = WR_TIME_NONE},
      {.start = 0, .end = 50 * MS, .k = 1, .o = 0, .id = 3, .arrived = WR_TIME_NONE},
      {.start = 50 * MS, .end = 100 * MS, .k = 1, .o = 1, .id = 4, .arrived = WR_TIME_NONE},
      {.start = 0, .end = 50 * MS, .k = 1, .o = 5, .id = 5, .arrived = 51 * MS},
  };
  struct query *query = query_new(&question, true);
  query_open(query, 1);
  query_batch(query, rows, 4, 48 * MS);
  CU_ASSERT_EQUAL(query->outcome.count, 0);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 3);
  query_batch(query, rows + 3, 1, 49 * MS);
  CU_ASSERT_EQUAL(query->outcome.count, 2);
  CU_ASSERT_EQUAL(query->outcome.results[0].id, 2);
  CU_ASSERT_EQUAL(query->outcome.results[1].id, 1);
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 2);
  query_batch(query, rows + 4, 1, 60 * MS);
  CU_ASSERT_EQUAL(query->rejects.late, 1);
  CU_ASSERT_STRING_EQUAL(query->rejects.message,
                         "the row came 0.002 s after its window from 1970-01-01 00:00:00.000 to "
                         "1970-01-01 00:00:00.050 closed");
  query_free(query);
}

/* Bounds are what the clock of the zone shows; watermarks are not. */
static void test_zone(void)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  const struct question *question = &questions[4];
  struct query *query = query_new(question, true);
  CU_ASSERT_EQUAL_FATAL(wr_zone_find(&arena, "+05:30", &query->spec.window.zone, &err), WR_OK);
  struct row *rows = rows_make(50);
  const int64_t ahead_us = (5 * 60 + 30) * 60 * 1000 * MS;
  for (uint32_t i = 0; i < ROWS; i++) {
    rows[i].start += ahead_us;
    rows[i].end += ahead_us;
  }
  struct outcome wanted = expected(rows, ROWS, question, true, ahead_us);
  CU_ASSERT_TRUE(wanted.count > 100);
  query_open(query, 1);
  query_rows(query, rows, 0, ROWS, 10);
  CU_ASSERT_TRUE(outcome_is(&query->outcome, &wanted));
  free(wanted.results);
  free(rows);
  query_free(query);
  wr_arena_free(&arena);
}

/* ---- changes */

static void test_changes(void)
{
  enum { STEP = 75 }; /* rows between looks at everything */
  for (uint32_t q = 0; q < WR_COUNT(questions); q++) {
    const struct question *question = &questions[q];
    struct row *rows = rows_make(q + 100);
    struct outcome wanted[ROWS / STEP + 1];
    for (uint32_t i = 0; i <= ROWS / STEP; i++)
      wanted[i] = expected(rows, i * STEP, question, false, 0);
    for (uint32_t w = 0; w < WR_COUNT(ways); w++) {
      struct query *query = query_new(question, false);
      query_open(query, ways[w].tasks);
      uint32_t batch_rows = ways[w].batch_rows < STEP ? ways[w].batch_rows : STEP;
      for (uint32_t at = 0; at < ROWS; at += STEP) {
        if (ways[w].next_tasks && at == STEP * 9)
          query_move(query, rows, at, batch_rows, ways[w].next_tasks);
        query_rows(query, rows, at, at + STEP, batch_rows);
        WR_CHECK(outcome_is(&query->outcome, &wanted[at / STEP + 1]),
                 "%s, way %u, row %u: %u results, not %u", question->name, w, at,
                 query->outcome.count, wanted[at / STEP + 1].count);
      }
      CU_ASSERT_EQUAL(query->rejects.late, 0);
      CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), 0);
      query_free(query);
    }
    for (uint32_t i = 0; i <= ROWS / STEP; i++)
      free(wanted[i].results);
    free(rows);
  }
}

/* Nothing is told where nothing has changed: rows that are not good enough, rows that come and go
 * within a batch, a row in place of an equal one. */
static void test_nothing(void)
{
  struct question question = {.order = {{O, false, false}},
                              .order_count = 1,
                              .keys = {K},
                              .key_count = 1,
                              .first = 1,
                              .last = 2,
                              .with_rank = true};
  const struct row rows[] = {
      {.o = 5, .id = 1}, {.o = 3, .id = 2}, {.o = 4, .id = 3}, {.o = 4, .id = 4},
      {.o = 2, .id = 3}, {.o = 1, .id = 9}, {.o = 2, .id = 3},
  };
  struct query *query = query_new(&question, false);
  query_open(query, 1);
  query_batch(query, rows, 3, 0); /* row 1 is gone again */
  CU_ASSERT_EQUAL(query->sinks[0].changes, 2);
  query_batch(query, rows + 3, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 2);
  query_batch(query, rows + 4, 1, 0); /* both places */
  CU_ASSERT_EQUAL(query->sinks[0].changes, 6);
  query_batch(query, rows + 5, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 10);
  query_batch(query, rows + 6, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 10);
  query_free(query);
  question.last = 1;
  question.newest_first = true;
  query = query_new(&question, false);
  query_open(query, 1);
  query_batch(query, rows + 4, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 1);
  query_batch(query, rows + 6, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 1);
  query_batch(query, rows + 5, 1, 0);
  CU_ASSERT_EQUAL(query->sinks[0].changes, 3);
  query_free(query);
}

/* Rows that are replaced over and over take no more room than those that are kept, also while
 * snapshots are taken and though some stay for ever in between. Those get to lie in pages out of
 * their order, which a snapshot must not turn round. */
static void test_room(void)
{
  enum { HOT = 300, ROUNDS = 150, BATCH = 1500, EVER = 12, APART = 20 };
  static const struct question question = {.order = {{O, true, false}},
                                           .order_count = 1,
                                           .keys = {K},
                                           .key_count = 1,
                                           .first = 1,
                                           .last = 3,
                                           .with_rank = true};
  struct query *query = query_new(&question, false);
  struct row *rows = wr_memory_get_zero(BATCH * sizeof *rows);
  uint64_t seed = 5, greatest = 0;
  uint32_t round = 0;
  query_open(query, 1);
  for (; round < ROUNDS; round++) {
    struct wr_part_writer part = {0};
    struct wr_operator *op = query->tasks.ops[0];
    for (uint32_t i = 0; i < BATCH; i++)
      rows[i] = (struct row){
          .k = random_next(&seed) % HOT, .o = round, .id = round * BATCH + i, .name = i % 2};
    for (uint32_t i = 0; i < EVER; i++) { /* three equal rows of a key, some rounds apart */
      rows[i * 100].k = 1000 + (int64_t)(round / (3 * APART) * APART + round % APART) * EVER + i;
      rows[i * 100].o = 1;
    }
    if (round % 20 == 10)
      op->class->save(op, &part);
    query_batch(query, rows, BATCH, 0);
    while (round % 20 == 10 && !op->class->save_step(op, &part))
      continue;
    wr_part_writer_free(&part);
    if (query->tasks.metrics[0].state_bytes > greatest)
      greatest = query->tasks.metrics[0].state_bytes;
  }
  /* 2,700 rows of 200 bytes, twice; lists; pages that are being filled and saved */
  WR_CHECK(greatest < 5 << 18, "%llu bytes", (unsigned long long)greatest);
  query_move(query, rows, ROWS, BATCH, 1);
  for (uint32_t i = 0; i < BATCH; i++)
    rows[i] = (struct row){.k = 1000 + i, .o = 2, .id = (int64_t)round * BATCH + i};
  query_batch(query, rows, BATCH, WR_TIME_END); /* every place of theirs is told */
  CU_ASSERT_TRUE(query->sinks[0].changes > 3 * BATCH);
  free(rows);
  query_free(query);
}

/* Windows share pages: thousands with a few rows each cost little, and what is left of pages whose
 * other windows have closed moves together. */
static void test_many_windows(void)
{
  enum { WINDOWS = 3000, ROUNDS = 4, STEPS = 10 };
  static const struct question question = {
      .order = {{O, true, false}}, .order_count = 1, .first = 1, .last = 3, .with_rank = true};
  struct query *query = query_new(&question, true);
  struct row *rows = wr_memory_get_zero(WINDOWS * sizeof *rows);
  query_open(query, 1);
  for (int64_t round = 0; round < ROUNDS; round++) {
    for (int64_t w = 0; w < WINDOWS; w++)
      rows[w] = (struct row){.end = (w + 2) * MS, .o = round, .id = round * WINDOWS + w};
    query_batch(query, rows, WINDOWS, WR_TIME_NONE);
  }
  uint64_t full = query->tasks.metrics[0].state_bytes;
  WR_CHECK(full < WINDOWS * UINT64_C(2048), "%llu bytes", (unsigned long long)full);
  for (int64_t step = 1; step < STEPS; step++) {
    query_batch(query, rows, 0, step * (WINDOWS / STEPS) * MS);
    uint64_t now = query->tasks.metrics[0].state_bytes,
             most = full / STEPS * (STEPS - (uint64_t)step);
    WR_CHECK(now < most + (UINT64_C(1) << 18), "%llu bytes", (unsigned long long)now);
  }
  query_batch(query, rows, 0, WR_TIME_END);
  WR_CHECK(query->outcome.count == 3 * WINDOWS, "%u rows", query->outcome.count);
  bool right = true;
  for (uint32_t i = 0; i < query->outcome.count; i++) {
    const struct result *result = &query->outcome.results[i];
    right = right && result->rank >= 1 && result->id / WINDOWS == ROUNDS - result->rank;
  }
  CU_ASSERT(right);
  free(rows);
  query_free(query);
}

/* As many as a key may have, worst case: every row is the new best one. */
static void test_many(void)
{
  enum { COUNT = 30000 };
  static const struct question question = {
      .order = {{O, true, false}}, .order_count = 1, .first = COUNT - 999, .last = COUNT};
  struct query *query = query_new(&question, true);
  struct row *rows = wr_memory_get_zero(4000 * sizeof *rows);
  query_open(query, 1);
  for (int64_t first = 0; first < COUNT + 2000; first += 4000) {
    for (int64_t i = 0; i < 4000; i++)
      rows[i] = (struct row){.end = 50 * MS, .o = first + i, .id = first + i};
    query_batch(query, rows, 4000, WR_TIME_NONE + 1 + first);
  }
  CU_ASSERT_EQUAL(operate_held_rows(&query->tasks), COUNT);
  query_batch(query, rows, 0, WR_TIME_END);
  CU_ASSERT_EQUAL(query->outcome.count, 1000);
  outcome_sort(&query->outcome);
  CU_ASSERT_EQUAL(query->outcome.results[0].id, 2000);
  CU_ASSERT_EQUAL(query->outcome.results[999].id, 2999);
  free(rows);
  query_free(query);
}

/* Parts that are cut off or of something else are refused. */
static void test_damage(void)
{
  const struct question *question = &questions[4];
  struct row *rows = rows_make(3);
  struct query *query = query_new(question, false);
  struct operate_snapshot snapshot;
  struct wr_error err;
  query_open(query, 1);
  query_rows(query, rows, 0, 100, 100);
  operate_save_all(&query->tasks, &snapshot);
  operate_close(&query->tasks);
  for (size_t length = 0; length < snapshot.parts[0].length; length += 1 + length / 50) {
    query_open(query, 1);
    CU_ASSERT_EQUAL(operate_load_part(&query->tasks, &snapshot, length, &err), WR_DATA);
    operate_close(&query->tasks);
  }
  query->spec.start_column = START;
  query->spec.end_column = END;
  query_open(query, 1);
  CU_ASSERT_EQUAL(operate_load_part(&query->tasks, &snapshot, snapshot.parts[0].length, &err),
                  WR_DATA);
  operate_snapshot_free(&snapshot);
  free(rows);
  query_free(query);
}

static const struct wr_test rank_tests[] = {
    {"windows", test_windows},
    {"held rows, late rows", test_held_and_late},
    {"zone", test_zone},
    {"changes", test_changes},
    {"nothing to tell", test_nothing},
    {"room", test_room},
    {"many windows", test_many_windows},
    {"many rows of a key", test_many},
    {"damaged snapshots", test_damage},
    {0},
};

const struct wr_suite wr_suite_rank = {"rank", rank_tests};
