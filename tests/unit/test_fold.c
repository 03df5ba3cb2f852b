/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold beside a count per row: random rows that come and are taken back, equal ones among them, and
 * a few that never were; any batches, any number of tasks, and a snapshot that is written while
 * rows go on and is continued by other tasks. Nothing leaves before the end, watermarks neither.
 * And rows that are brought to an operator in portions.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/builder.h"
#include "operators/specs_changes.h"
#include "tests/unit/check.h"
#include "tests/unit/operate.h"
#include "tests/unit/random.h"

enum { K, T, COLUMNS };
enum { ROWS = 6000, KEYS = 40, TEXTS = 3, NULLS = KEYS }; /* the last key stands for NULL */

static const struct wr_field fields[COLUMNS] = {{"k", &wr_type_bigint}, {"t", &wr_type_string}};
static const struct wr_schema schema = {COLUMNS, fields};

struct event {
  uint32_t k, t;
  uint8_t change;
};

/* How often each row is there. */
struct counts {
  int64_t of[KEYS + 1][TEXTS];
};

static const char *const texts[TEXTS] = {"", "short", "a text that does not fit inside of a value"};

static struct event *input_make(uint64_t seed, struct counts *wanted)
{
  struct event *input = wr_memory_get_zero(ROWS * sizeof *input);
  memset(wanted, 0, sizeof *wanted);
  for (uint32_t i = 0; i < ROWS; i++) {
    struct event *event = &input[i];
    *event = (struct event){random_next(&seed) % (KEYS + 1), random_next(&seed) % TEXTS,
                            random_next(&seed) % 2 ? WR_INSERT : WR_UPDATE_AFTER};
    int64_t *there = &wanted->of[event->k][event->t];
    if (random_next(&seed) % 100 < (i % 1000 < 500 ? 40u : 65u))
      event->change = random_next(&seed) % 2 ? WR_DELETE : WR_UPDATE_BEFORE;
    *there += !(event->change & WR_DELETE) ? 1 : *there > 0 ? -1 : 0;
  }
  return input;
}

/* ---- the operator */

struct sink {
  struct wr_operator op;
  struct counts *counts;
  uint64_t *batches;
};

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  (void)input, (void)err;
  CU_ASSERT_PTR_NULL(batch->change);
  CU_ASSERT_EQUAL(op->watermark_us, WR_TIME_NONE);
  ++*sink->batches;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i), t = 0;
    const struct wr_column *k = &batch->columns[K];
    const struct wr_text *text = wr_column_text(&batch->columns[T], row);
    while (t < TEXTS && (strlen(texts[t]) != text->length ||
                         memcmp(texts[t], wr_text_bytes(text), text->length) != 0))
      t++;
    CU_ASSERT_FATAL(t < TEXTS);
    sink->counts->of[wr_column_is_null(k, row) ? NULLS : wr_column_i64(k, row)][t]++;
  }
  return WR_OK;
}

static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

struct trial {
  struct wr_fold_spec spec;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct counts counts;
  uint64_t batches;
};

static void trial_open(struct trial *trial, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    trial->sinks[t] = (struct sink){.op = operate_sink(&trial->tasks, &sink_class),
                                    .counts = &trial->counts,
                                    .batches = &trial->batches};
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
    if (rows[i].k == NULLS)
      wr_builder_put_null(&builders[K]);
    else
      wr_builder_put_i64(&builders[K], rows[i].k);
    wr_builder_put_copy(&builders[T], texts[rows[i].t], (uint32_t)strlen(texts[rows[i].t]));
    change[i] = rows[i].change;
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&builders[c]);
  const struct wr_column *const keys[] = {&columns[K], &columns[T]};
  const struct wr_batch batch = {.schema = &schema,
                                 .columns = columns,
                                 .row_count = count,
                                 .picked_count = count,
                                 .change = change,
                                 .others_us = WR_TIME_END};
  operate_batch(&trial->tasks, 0, &batch, keys, COLUMNS, NULL);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&builders[c]);
  free(change);
}

static void trial_input(struct trial *trial, const struct event *input, uint32_t first,
                        uint32_t end, uint32_t batch_rows)
{
  for (uint32_t at = first; at < end; at += batch_rows) {
    trial_rows(trial, input + at, end - at < batch_rows ? end - at : batch_rows);
    operate_watermark(&trial->tasks, at);
  }
}

/* The tasks are saved in the middle, and go on meanwhile; others take it up. */
static void trial_move(struct trial *trial, const struct event *input, uint32_t task_count)
{
  struct operate_snapshot snapshot;
  uint32_t at = ROWS / 2;
  operate_save(&trial->tasks, &snapshot);
  for (bool done = false; !done; at += at + 50 <= ROWS ? 50 : 0) {
    if (at + 50 <= ROWS)
      trial_rows(trial, input + at, 50);
    done = operate_save_step(&trial->tasks, &snapshot);
  }
  operate_close(&trial->tasks);
  trial_open(trial, task_count);
  operate_load(&trial->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
}

/* batch_rows, tasks, and those that go on in the middle. */
static const struct {
  uint32_t batch_rows, tasks, next_tasks;
} ways[] = {{1, 1, 0}, {7, 1, 2}, {100, 3, 1}, {13, 2, 3}, {ROWS / 2, 1, 0}};

static void test_fold(void)
{
  for (uint64_t seed = 1; seed <= 3; seed++) {
    struct counts wanted;
    struct event *input = input_make(seed, &wanted);
    uint64_t different = 0;
    for (uint32_t i = 0; i <= KEYS; i++)
      for (uint32_t t = 0; t < TEXTS; t++)
        different += wanted.of[i][t] > 0;
    for (uint32_t w = 0; w < WR_COUNT(ways); w++) {
      struct trial *trial = wr_memory_get_zero(sizeof *trial);
      trial->spec = (struct wr_fold_spec){.schema = &schema};
      trial->tasks = (struct operate){.class = &wr_operator_class_fold, .spec = &trial->spec};
      trial_open(trial, ways[w].tasks);
      trial_input(trial, input, 0, ROWS / 2, ways[w].batch_rows);
      if (ways[w].next_tasks)
        trial_move(trial, input, ways[w].next_tasks);
      trial_input(trial, input, ROWS / 2, ROWS, ways[w].batch_rows);
      CU_ASSERT_EQUAL(trial->batches, 0);
      CU_ASSERT_EQUAL(operate_state_keys(&trial->tasks), different);
      CU_ASSERT_EQUAL(operate_held_rows(&trial->tasks), different);
      operate_watermark(&trial->tasks, WR_TIME_END);
      WR_CHECK(memcmp(&trial->counts, &wanted, sizeof wanted) == 0, "seed %u, batches of %u",
               (unsigned)seed, ways[w].batch_rows);
      CU_ASSERT_EQUAL(operate_state_keys(&trial->tasks), 0);
      operate_close(&trial->tasks);
      free(trial);
    }
    free(input);
  }
}

/* A part that ends too early is an error, wherever. */
static void test_damage(void)
{
  struct trial *trial = wr_memory_get_zero(sizeof *trial);
  struct counts wanted;
  struct event *input = input_make(9, &wanted);
  struct operate_snapshot snapshot;
  trial->spec = (struct wr_fold_spec){.schema = &schema};
  trial->tasks = (struct operate){.class = &wr_operator_class_fold, .spec = &trial->spec};
  trial_open(trial, 1);
  trial_input(trial, input, 0, ROWS / 2, 500);
  operate_save_all(&trial->tasks, &snapshot);
  operate_close(&trial->tasks);
  for (size_t length = 0; length < snapshot.parts[0].length; length += 97) {
    struct wr_error err;
    trial_open(trial, 1);
    CU_ASSERT_NOT_EQUAL(operate_load_part(&trial->tasks, &snapshot, length, &err), WR_OK);
    operate_close(&trial->tasks);
  }
  operate_snapshot_free(&snapshot);
  free(input);
  free(trial);
}

/* ---- portions */

struct portions {
  struct wr_operator op;
  char seen[64]; /* rows of each call, calls apart */
  size_t length;
};

static enum wr_code portions_on_batch(struct wr_operator *op, uint32_t input,
                                      const struct wr_batch *batch, struct wr_error *err)
{
  struct portions *self = (struct portions *)op;
  (void)input, (void)err;
  for (uint32_t i = 0; i < batch->picked_count; i++)
    self->seen[self->length++] = (char)('0' + wr_batch_row(batch, i));
  self->seen[self->length++] = ' ';
  CU_ASSERT_FATAL(self->length < sizeof self->seen);
  return WR_OK;
}

static const struct wr_operator_class portions_class = {.name = "Portions",
                                                        .on_batch = portions_on_batch};

static void test_portions(void)
{
  static const struct {
    enum wr_portion portion;
    const char *all, *some; /* rows 0 to 5; rows 1, 2, 4, 5 */
  } rows[] = {{WR_PORTION_BATCH, "012345 ", "1245 "},
              {WR_PORTION_ROW, "0 1 2 3 4 5 ", "1 2 4 5 "},
              {WR_PORTION_UPDATE, "0 12 3 4 5 ", "12 4 5 "}};
  static const uint8_t change[6 + WR_PADDING] = {WR_INSERT,       WR_UPDATE_BEFORE, WR_UPDATE_AFTER,
                                                 WR_UPDATE_AFTER, WR_UPDATE_BEFORE, WR_DELETE};
  static const uint32_t picked[] = {1, 2, 4, 5};
  static const struct wr_schema none = {0, NULL};
  struct wr_batch batch = {.schema = &none, .row_count = 6, .picked_count = 6, .change = change};
  struct wr_error err;
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_metrics metrics = {0};
    const struct wr_operator_context context = {.metrics = &metrics, .portion = rows[i].portion};
    struct portions self = {.op = wr_operator_head(&portions_class, &context)};
    batch.picked = NULL;
    batch.picked_count = 6;
    CU_ASSERT_EQUAL(wr_operator_batch(&self.op, 0, &batch, &err), WR_OK);
    CU_ASSERT_STRING_EQUAL(self.seen, rows[i].all);
    memset(self.seen, 0, sizeof self.seen);
    self.length = 0;
    batch.picked = picked;
    batch.picked_count = WR_COUNT(picked);
    CU_ASSERT_EQUAL(wr_operator_batch(&self.op, 0, &batch, &err), WR_OK);
    CU_ASSERT_STRING_EQUAL(self.seen, rows[i].some);
    CU_ASSERT_EQUAL(wr_metrics_get(&metrics.rows_in), 6 + WR_COUNT(picked));
  }
}

static const struct wr_test fold_tests[] = {
    {"what is left at the end", test_fold},
    {"a damaged snapshot", test_damage},
    {"rows in portions", test_portions},
    {0},
};

const struct wr_suite wr_suite_fold = {"fold", fold_tests};
