/* SPDX-License-Identifier: Apache-2.0 */
/*
 * materialize beside a plain reference: random rows that come and are taken back, with equal ones
 * among them, over few keys; every batch size, and a snapshot that is written while rows go on and
 * is continued by other numbers of tasks. Of each key the very changes are compared, in their
 * order.
 */
#include <stdio.h>
#include <stdlib.h>

#include "operators/specs.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"

enum { K, T, V, COLUMNS };
enum { ROWS = 6000, KEYS = 23, EVENTS_MAX = 3 * ROWS, LIVE_MAX = ROWS };

static const struct wr_field fields[COLUMNS] = {
    {"k", &wr_type_bigint}, {"t", &wr_type_string}, {"v", &wr_type_bigint}};
static const struct wr_schema schema = {COLUMNS, fields};

/* A row, and what is done with it; v -1: NULL. */
struct event {
  int64_t k, t, v;
  uint8_t change;
};

struct events {
  struct event *items;
  uint32_t count;
};

/* Half of the texts do not fit inside of a value. */
static uint32_t text_make(int64_t number, char *out)
{
  return (uint32_t)snprintf(out, 64, number % 2 ? "t%d" : "a text that is longer than that %d",
                            (int)number);
}

static int64_t text_number(const struct wr_text *text)
{
  return wr_text_bytes(text)[text->length - 1] - '0';
}

static bool event_equal(const struct event *a, const struct event *b)
{
  return a->k == b->k && a->t == b->t && a->v == b->v;
}

/* Rows that come; rows that are there and go, and a few that were never there. upserts: a row that
 * goes is known by its key alone. */
static struct event *input_make(bool upserts, uint64_t seed)
{
  struct event *input = wr_memory_get_zero(ROWS * sizeof *input);
  struct event *live = wr_memory_get_zero(LIVE_MAX * sizeof *live);
  uint32_t live_count = 0;
  for (uint32_t i = 0; i < ROWS; i++) {
    struct event *event = &input[i];
    bool goes = random_next(&seed) % 100 < (i % 1000 < 500 ? 35u : 60u);
    *event = (struct event){.k = random_next(&seed) % KEYS,
                            .t = random_next(&seed) % 4,
                            .v = (int64_t)(random_next(&seed) % 3) - 1,
                            .change = random_next(&seed) % 2 ? WR_INSERT : WR_UPDATE_AFTER};
    uint32_t at = live_count ? random_next(&seed) % live_count : 0;
    bool unknown = random_next(&seed) % 20 == 0;
    if (goes && !upserts && live_count && !unknown) {
      *event = live[at];
      live[at] = live[--live_count];
    }
    if (goes)
      event->change = random_next(&seed) % 2 ? WR_DELETE : WR_UPDATE_BEFORE;
    else if (live_count < LIVE_MAX)
      live[live_count++] = *event;
  }
  free(live);
  return input;
}

/* ---- the reference: a list of all rows that are there */

struct model {
  struct event rows[ROWS];
  uint32_t count;
};

static uint32_t model_newest(const struct model *model, int64_t k)
{
  for (uint32_t i = model->count; i-- > 0;)
    if (model->rows[i].k == k)
      return i;
  return UINT32_MAX;
}

static void model_remove(struct model *model, uint32_t at)
{
  memmove(model->rows + at, model->rows + at + 1, (--model->count - at) * sizeof *model->rows);
}

static void model_tell(struct events *out, struct event row, enum wr_change change)
{
  row.change = (uint8_t)change;
  out->items[out->count++] = row;
}

/* What a change of the newest row of a key comes to. */
static void model_compare(struct events *out, const struct event *before, const struct event *after)
{
  if (before && after && event_equal(before, after))
    return;
  if (before)
    model_tell(out, *before, after ? WR_UPDATE_BEFORE : WR_DELETE);
  if (after)
    model_tell(out, *after, before ? WR_UPDATE_AFTER : WR_INSERT);
}

static void model_take(struct model *model, const struct event *event, bool upserts,
                       struct events *out)
{
  uint32_t newest = model_newest(model, event->k), at = newest;
  struct event before = {0};
  bool was = newest != UINT32_MAX;
  if (upserts && event->change == WR_UPDATE_BEFORE)
    return;
  if (was)
    before = model->rows[newest];
  if (!(event->change & WR_DELETE)) {
    if (upserts && was)
      model_remove(model, newest);
    model->rows[model->count++] = *event;
  } else {
    while (!upserts && at != UINT32_MAX && !event_equal(&model->rows[at], event))
      at--; /* to UINT32_MAX */
    if (at == UINT32_MAX)
      return;
    model_remove(model, at);
  }
  newest = model_newest(model, event->k);
  model_compare(out, was ? &before : NULL, newest == UINT32_MAX ? NULL : &model->rows[newest]);
}

/* ---- the operator */

struct sink {
  struct wr_operator op;
  struct events *events;
};

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct events *events = ((struct sink *)op)->events;
  (void)input, (void)err;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    const struct wr_column *v = &batch->columns[V];
    CU_ASSERT_FATAL(events->count < EVENTS_MAX);
    events->items[events->count++] =
        (struct event){.k = wr_column_i64(&batch->columns[K], row),
                       .t = text_number(wr_column_text(&batch->columns[T], row)),
                       .v = wr_column_is_null(v, row) ? -1 : wr_column_i64(v, row),
                       .change = batch->change[row]};
    /* both halves of an update are together */
    CU_ASSERT_TRUE(batch->change[row] != WR_UPDATE_AFTER ||
                   (i > 0 && batch->change[wr_batch_row(batch, i - 1)] == WR_UPDATE_BEFORE));
  }
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

struct trial {
  struct wr_materialize_spec spec;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct events events;
};

static const uint32_t trial_keys[] = {K};

static void trial_open(struct trial *trial, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    trial->sinks[t] =
        (struct sink){.op = operate_sink(&trial->tasks, &sink_class), .events = &trial->events};
  operate_open(&trial->tasks, task_count, trial->sinks, sizeof *trial->sinks);
}

static void trial_rows(struct trial *trial, const struct event *rows, uint32_t count)
{
  struct wr_builder builders[COLUMNS] = {0};
  struct wr_column columns[COLUMNS];
  uint8_t *change = wr_memory_get_zero(count + WR_PADDING);
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_open(&builders[c], fields[c].type);
    wr_builder_reserve(&builders[c], count);
  }
  for (uint32_t i = 0; i < count; i++) {
    char text[64];
    wr_builder_put_i64(&builders[K], rows[i].k);
    wr_builder_put_copy(&builders[T], text, text_make(rows[i].t, text));
    if (rows[i].v < 0)
      wr_builder_put_null(&builders[V]);
    else
      wr_builder_put_i64(&builders[V], rows[i].v);
    change[i] = rows[i].change;
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&builders[c]);
  const struct wr_column *const keys[] = {&columns[K]};
  const struct wr_batch batch = {.schema = &schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .picked_count = count,
                                 .change = change,
                                 .others_us = WR_TIME_END};
  operate_batch(&trial->tasks, 0, &batch, keys, 1, NULL);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&builders[c]);
  free(change);
}

static void trial_input(struct trial *trial, const struct event *input, uint32_t first,
                        uint32_t end, uint32_t batch_rows)
{
  for (uint32_t at = first; at < end; at += batch_rows)
    trial_rows(trial, input + at, end - at < batch_rows ? end - at : batch_rows);
}

/* The tasks are saved as they are at row `at`, and go on meanwhile; others take it up. */
static void trial_move(struct trial *trial, const struct event *input, uint32_t at,
                       uint32_t batch_rows, uint32_t task_count)
{
  struct operate_snapshot snapshot;
  uint32_t told = trial->events.count;
  operate_save(&trial->tasks, &snapshot);
  for (bool done = false; !done; at += at < ROWS ? batch_rows : 0) {
    if (at < ROWS)
      trial_rows(trial, input + at, ROWS - at < batch_rows ? ROWS - at : batch_rows);
    done = operate_save_step(&trial->tasks, &snapshot);
  }
  operate_close(&trial->tasks);
  trial->events.count = told;
  trial_open(trial, task_count);
  operate_load(&trial->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
}

/* Whether each key was told the same. */
static bool events_equal(const struct events *got, const struct events *wanted)
{
  for (int64_t k = 0; k < KEYS; k++) {
    uint32_t g = 0;
    for (uint32_t w = 0; w < wanted->count; w++) {
      if (wanted->items[w].k != k)
        continue;
      while (g < got->count && got->items[g].k != k)
        g++;
      if (g == got->count || !event_equal(&got->items[g], &wanted->items[w]) ||
          got->items[g].change != wanted->items[w].change)
        return false;
      g++;
    }
  }
  return got->count == wanted->count;
}

/* batch_rows, tasks, and those that go on in the middle. */
static const struct {
  uint32_t batch_rows, tasks, next_tasks;
} ways[] = {{1, 1, 0}, {7, 1, 2}, {100, 3, 1}, {13, 2, 3}, {ROWS, 1, 0}, {900, 1, 1}};

static void check_all(bool upserts)
{
  for (uint64_t seed = 1; seed <= 3; seed++) {
    struct event *input = input_make(upserts, seed);
    struct model *model = wr_memory_get_zero(sizeof *model);
    struct events wanted = {wr_memory_get_zero(EVENTS_MAX * sizeof(struct event)), 0};
    for (uint32_t i = 0; i < ROWS; i++)
      model_take(model, &input[i], upserts, &wanted);
    for (uint32_t w = 0; w < WR_COUNT(ways); w++) {
      struct trial *trial = wr_memory_get_zero(sizeof *trial);
      trial->spec = (struct wr_materialize_spec){
          .schema = &schema, .keys = trial_keys, .key_count = 1, .upserts = upserts};
      trial->tasks =
          (struct operate){.class = &wr_operator_class_materialize, .spec = &trial->spec};
      trial->events.items = wr_memory_get_zero(EVENTS_MAX * sizeof(struct event));
      trial_open(trial, ways[w].tasks);
      uint32_t middle = ways[w].next_tasks ? ROWS / 2 : ROWS;
      trial_input(trial, input, 0, middle, ways[w].batch_rows);
      if (ways[w].next_tasks) {
        trial_move(trial, input, middle, ways[w].batch_rows, ways[w].next_tasks);
        trial_input(trial, input, middle, ROWS, ways[w].batch_rows);
      }
      WR_CHECK(events_equal(&trial->events, &wanted),
               "seed %u, batches of %u: %u changes instead of %u", (unsigned)seed,
               ways[w].batch_rows, trial->events.count, wanted.count);
      uint32_t there = 0;
      for (int64_t k = 0; k < KEYS; k++)
        there += model_newest(model, k) != UINT32_MAX;
      CU_ASSERT_EQUAL(operate_state_keys(&trial->tasks), there);
      operate_close(&trial->tasks);
      free(trial->events.items);
      free(trial);
    }
    free(wanted.items);
    free(model);
    free(input);
  }
}

static void test_upserts(void)
{
  check_all(true);
}

static void test_other_keys(void)
{
  check_all(false);
}

/* A part that ends too early is an error, wherever. */
static void test_damage(void)
{
  struct trial *trial = wr_memory_get_zero(sizeof *trial);
  struct event *input = input_make(false, 9);
  struct operate_snapshot snapshot;
  trial->spec = (struct wr_materialize_spec){.schema = &schema, .keys = trial_keys, .key_count = 1};
  trial->tasks = (struct operate){.class = &wr_operator_class_materialize, .spec = &trial->spec};
  trial->events.items = wr_memory_get_zero(EVENTS_MAX * sizeof(struct event));
  trial_open(trial, 1);
  trial_input(trial, input, 0, 400, 100);
  operate_save_all(&trial->tasks, &snapshot);
  operate_close(&trial->tasks);
  for (size_t length = 0; length < snapshot.parts[0].length; length += 1 + length / 8) {
    struct wr_error err;
    trial_open(trial, 1);
    CU_ASSERT_EQUAL(operate_load_part(&trial->tasks, &snapshot, length, &err), WR_DATA);
    operate_close(&trial->tasks);
  }
  operate_snapshot_free(&snapshot);
  free(trial->events.items);
  free(trial);
  free(input);
}

static const struct wr_test materialize_tests[] = {
    {"upserts become changes", test_upserts},
    {"changes by another key", test_other_keys},
    {"a damaged snapshot", test_damage},
    {0},
};

const struct wr_suite wr_suite_materialize = {"materialize", materialize_tests};
