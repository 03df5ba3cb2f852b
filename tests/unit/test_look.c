/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking at a running job: a source whose splits do what the test says, and what is shown of them;
 * rejects that are kept to be shown. A test waits until what it waits for is shown.
 */
#include "runtime/look.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/builder.h"
#include "core/limits.h"
#include "core/time.h"
#include "functions/bind.h"
#include "operators/specs.h"
#include "runtime/reject_ring.h"
#include "tests/unit/check.h"

enum { TS, NUMBER, COLUMNS };
enum { SPLITS = 4, OPENED = 3, PATIENCE_S = 60, BAD_NUMBER = 7 };
#define MS INT64_C(1000)

static const char *const names[SPLITS] = {"p-2", "p-10", "p-9", "p-11"};
static const struct wr_field fields[COLUMNS] = {{"ts", &wr_type_timestamp3},
                                                {"number", &wr_type_bigint}};
static const struct wr_schema schema = {COLUMNS, fields};

/* ---- a source that does what it is told */

struct told {
  _Atomic int64_t rows[SPLITS]; /* so many are there */
  _Atomic int64_t behind[SPLITS];
  _Atomic int state[SPLITS]; /* when they are read */
  _Atomic bool grows;        /* the last split has been found */
  bool has_bad_rows;
};

struct source {
  struct wr_reader reader;
  struct told *told;
  enum wr_split_state states[SPLITS];
  uint32_t numbers[SPLITS]; /* of names */
  int64_t next[SPLITS];
  struct wr_split added[1];
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
  struct wr_run run;
  char position[32];
};

static enum wr_code source_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                                    struct wr_split **splits, uint32_t *count, struct wr_error *err)
{
  (void)spec, (void)err;
  *count = OPENED;
  *splits = WR_NEW_ARRAY(arena, struct wr_split, OPENED);
  for (uint32_t s = 0; s < OPENED; s++)
    (*splits)[s].name = names[s];
  return WR_OK;
}

static uint32_t number_of(const char *name)
{
  uint32_t s = 0;
  while (strcmp(names[s], name) != 0)
    s++;
  return s;
}

static const struct wr_reader_class source_class;

static enum wr_code source_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                                uint32_t count, struct wr_reader **out, struct wr_error *err)
{
  struct source *self = wr_memory_get_zero(sizeof *self);
  (void)err;
  self->reader = (struct wr_reader){
      .class = &source_class, .states = self->states, .split_count = count, .may_grow = true};
  self->reader.added = self->added;
  self->told = (struct told *)(uintptr_t)strtoull(wr_options_find(spec->options, "told"), NULL, 10);
  for (uint32_t s = 0; s < count; s++)
    self->numbers[s] = number_of(splits[s].name);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&self->builders[c], fields[c].type);
  *out = &self->reader;
  return WR_OK;
}

static void source_close(struct wr_reader *reader)
{
  struct source *self = (struct source *)reader;
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&self->builders[c]);
  free(self);
}

static bool source_grows(const struct wr_table_spec *spec)
{
  (void)spec;
  return true;
}

/* Row n of a split is at n seconds; every BAD_NUMBERth has no time, if there are bad ones. */
static void source_make(struct source *self, uint32_t s, struct wr_batch *batch)
{
  int64_t number = self->next[s]++;
  bool bad = self->told->has_bad_rows && number % BAD_NUMBER == BAD_NUMBER - 1;
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_reset(&self->builders[c]);
    wr_builder_reserve(&self->builders[c], 1);
    if (c == TS && bad)
      wr_builder_put_null(&self->builders[c]);
    else
      wr_builder_put_i64(&self->builders[c], c == TS ? number * WR_US_PER_SECOND : number);
    self->columns[c] = wr_builder_view(&self->builders[c]);
  }
  int length = snprintf(self->position, sizeof self->position, "%lld", (long long)number + 1);
  self->run = (struct wr_run){s, 0, 1, {self->position, (uint32_t)length}};
  batch->columns = self->columns;
  batch->row_count = batch->picked_count = 1;
  batch->runs = &self->run;
  batch->run_count = 1;
}

static enum wr_code source_poll(struct wr_reader *reader, int wait_ms, struct wr_batch *batch,
                                struct wr_error *err)
{
  struct source *self = (struct source *)reader;
  (void)err;
  bool owns_first = reader->split_count > 0 && self->numbers[0] == 0;
  if (owns_first && reader->may_grow && atomic_load(&self->told->grows)) {
    self->added[0].name = names[SPLITS - 1];
    self->numbers[reader->split_count++] = SPLITS - 1;
    reader->may_grow = false;
  }
  for (uint32_t s = 0; s < reader->split_count; s++) {
    uint32_t number = self->numbers[s];
    if (self->next[s] < atomic_load(&self->told->rows[number])) {
      source_make(self, s, batch);
      self->states[s] = WR_SPLIT_READING;
      return WR_OK;
    }
    self->states[s] = (enum wr_split_state)atomic_load(&self->told->state[number]);
  }
  if (wait_ms)
    nanosleep(&(struct timespec){0, 1000000}, NULL);
  return WR_OK;
}

static int64_t source_behind(const struct wr_reader *reader, uint32_t split)
{
  const struct source *self = (const struct source *)reader;
  return atomic_load(&self->told->behind[self->numbers[split]]);
}

static const struct wr_reader_class source_class = {.discover = source_discover,
                                                    .open = source_open,
                                                    .close = source_close,
                                                    .grows = source_grows,
                                                    .poll_rows = source_poll,
                                                    .behind = source_behind};
static const struct wr_connector source_connector = {.name = "told", .reader = &source_class};

/* ---- a job over it: Source -> Watermark, whose rows nobody reads */

struct job {
  struct wr_arena arena;
  struct told told;
  struct wr_plan plan;
  struct wr_plan_node nodes[2];
  struct wr_plan_input input;
  struct wr_plan_source source;
  struct wr_watermark_spec watermark;
  struct wr_option_value value;
  struct wr_options options;
};

static const uint32_t all_columns[] = {TS, NUMBER}, *const whole_columns[COLUMNS] = {NULL};

static void job_open(struct job *job, uint32_t parallelism)
{
  *job = (struct job){0};
  struct wr_binding binding = {.arena = &job->arena, .time_zone = "UTC"};
  job->value = (struct wr_option_value){
      .key = "told",
      .value = wr_arena_print(&job->arena, "%llu", (unsigned long long)(uintptr_t)&job->told)};
  job->options = (struct wr_options){&job->value, 1};
  job->source = (struct wr_plan_source){.table = {.name = "t",
                                                  .connector = &source_connector,
                                                  .options = &job->options,
                                                  .physical = &schema},
                                        .wanted = all_columns,
                                        .wanted_count = COLUMNS,
                                        .made = &schema,
                                        .fields = whole_columns};
  job->watermark = (struct wr_watermark_spec){
      .schema = &schema,
      .table = "t",
      .expression = wr_bind_column(&binding, TS, &wr_type_timestamp3, (struct wr_span){0, 0}),
      .idle_timeout_us = 5 * MS,
      .time_column = TS};
  job->nodes[0] = (struct wr_plan_node){.kind = WR_PLAN_SOURCE,
                                        .name = "Source(t)",
                                        .schema = &schema,
                                        .parallelism = parallelism,
                                        .source = &job->source};
  job->nodes[1] = (struct wr_plan_node){.id = 1,
                                        .kind = WR_PLAN_OPERATOR,
                                        .name = "Watermark(t)",
                                        .statement = "SELECT 1",
                                        .schema = &schema,
                                        .parallelism = parallelism,
                                        .inputs = &job->input,
                                        .input_count = 1,
                                        .operator_class = &wr_operator_class_watermark,
                                        .spec = &job->watermark};
  job->plan = (struct wr_plan){
      .nodes = job->nodes, .node_count = 2, .error_stream = UINT32_MAX, .time_zone = "UTC"};
}

static void job_note(void *self, const char *message)
{
  (void)self, (void)message;
}

static struct wr_execution *job_start(struct job *job)
{
  const struct wr_execution_options options = {.note = job_note};
  struct wr_execution *execution = NULL;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_execution_start(&job->plan, &options, &execution, &err), WR_OK);
  return execution;
}

static void job_stop(struct wr_execution *execution)
{
  wr_execution_stop(execution, false);
  while (!wr_execution_wait(execution, 100))
    ;
  wr_execution_free(execution);
}

/* All splits as text, one line each: "p-2 5 reading 4 s, 3 behind, 5 rows, holds". */
static const char *job_splits(struct job *job, const struct wr_execution *execution)
{
  static const char *const states[] = {"reading", "caught up", "away", "waits", "done"};
  uint32_t count, left_out;
  const struct wr_execution_split *splits =
      wr_execution_splits(execution, &job->arena, &count, &left_out);
  const char *text = "";
  CU_ASSERT_EQUAL(left_out, 0);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_execution_split *split = &splits[i];
    bool has_time = split->watermark_us != WR_TIME_NONE;
    CU_ASSERT_TRUE(split->node == 0 && split->state_since_us > 0);
    text = wr_arena_print(&job->arena, "%s%s '%s' %s %lld s, %lld behind, %llu rows%s%s%s\n", text,
                          split->name, split->position, states[split->state],
                          has_time ? (long long)(split->watermark_us / WR_US_PER_SECOND) : -1,
                          (long long)split->behind_records, (unsigned long long)split->rows,
                          split->holds ? ", holds" : "", split->idle ? ", idle" : "",
                          split->held ? ", held" : "");
  }
  return text;
}

static void job_wait(struct job *job, const struct wr_execution *execution, const char *expected)
{
  int64_t until_us = wr_monotonic_us() + PATIENCE_S * WR_US_PER_SECOND;
  const char *found = job_splits(job, execution);
  while (strcmp(found, expected) != 0 && wr_monotonic_us() < until_us) {
    nanosleep(&(struct timespec){0, 5000000}, NULL);
    found = job_splits(job, execution);
  }
  WR_CHECK(strcmp(found, expected) == 0, "expected\n%s  found\n%s", expected, found);
}

static int64_t job_watermark_s(struct job *job, const struct wr_execution *execution)
{
  uint32_t count;
  const struct wr_execution_step *steps = wr_execution_steps(execution, &job->arena, &count);
  CU_ASSERT_EQUAL(count, 2);
  return steps[1].watermark_us == WR_TIME_NONE ? -1 : steps[1].watermark_us / WR_US_PER_SECOND;
}

static void check_splits(uint32_t parallelism)
{
  struct job job;
  job_open(&job, parallelism);
  for (uint32_t s = 0; s < SPLITS; s++)
    atomic_store(&job.told.behind[s], -1);
  struct wr_execution *execution = job_start(&job);
  job_wait(&job, execution,
           "p-2 '' reading -1 s, -1 behind, 0 rows\n"
           "p-9 '' reading -1 s, -1 behind, 0 rows\n"
           "p-10 '' reading -1 s, -1 behind, 0 rows\n");
  atomic_store(&job.told.rows[0], 5);
  atomic_store(&job.told.rows[1], 3);
  atomic_store(&job.told.rows[2], 10);
  atomic_store(&job.told.behind[2], 42);
  job_wait(&job, execution,
           "p-2 '5' reading 4 s, -1 behind, 5 rows\n"
           "p-9 '10' reading 9 s, 42 behind, 10 rows\n"
           "p-10 '3' reading 2 s, -1 behind, 3 rows, holds\n");
  CU_ASSERT_EQUAL(job_watermark_s(&job, execution), 2);
  /* who has nothing more counts no longer; who is away does */
  atomic_store(&job.told.state[1], WR_SPLIT_CAUGHT_UP);
  atomic_store(&job.told.state[2], WR_SPLIT_AWAY);
  job_wait(&job, execution,
           "p-2 '5' reading 4 s, -1 behind, 5 rows, holds\n"
           "p-9 '10' away 9 s, 42 behind, 10 rows\n"
           "p-10 '3' caught up 2 s, 0 behind, 3 rows, idle\n");
  atomic_store(&job.told.state[0], WR_SPLIT_CAUGHT_UP);
  atomic_store(&job.told.state[2], WR_SPLIT_DONE);
  job_wait(&job, execution,
           "p-2 '5' caught up 4 s, 0 behind, 5 rows, idle\n"
           "p-9 '10' done 9 s, 0 behind, 10 rows\n"
           "p-10 '3' caught up 2 s, 0 behind, 3 rows, idle\n");
  /* one more, which holds the others until it has rows */
  atomic_store(&job.told.behind[3], 7);
  atomic_store(&job.told.rows[1], 4);
  atomic_store(&job.told.state[1], WR_SPLIT_READING);
  atomic_store(&job.told.grows, true);
  job_wait(&job, execution,
           "p-2 '5' caught up 4 s, 0 behind, 5 rows, idle\n"
           "p-9 '10' done 9 s, 0 behind, 10 rows\n"
           "p-10 '4' reading 3 s, -1 behind, 4 rows\n"
           "p-11 '' reading -1 s, 7 behind, 0 rows, holds\n");
  job_stop(execution);
  wr_arena_free(&job.arena);
}

static void test_splits(void)
{
  check_splits(1);
}

static void test_splits_of_copies(void)
{
  check_splits(3);
}

static void test_rejects(void)
{
  struct job job;
  uint32_t count = 0;
  struct wr_execution_reject *rejects = NULL;
  job_open(&job, 1);
  job.told.has_bad_rows = true;
  struct wr_execution *execution = job_start(&job);
  int64_t until_us = wr_monotonic_us() + PATIENCE_S * WR_US_PER_SECOND;
  atomic_store(&job.told.rows[0], 3 * BAD_NUMBER);
  do {
    nanosleep(&(struct timespec){0, 5000000}, NULL);
    rejects = wr_execution_rejects(execution, 100, &job.arena, &count);
  } while (count < 3 && wr_monotonic_us() < until_us);
  CU_ASSERT_EQUAL_FATAL(count, 3);
  CU_ASSERT_EQUAL(rejects[0].number, 3);
  CU_ASSERT_EQUAL(rejects[1].number, 2);
  wr_execution_rejects(execution, 2, &job.arena, &count);
  CU_ASSERT_EQUAL(count, 2);
  job_stop(execution);
  CU_ASSERT_EQUAL(rejects[0].kind, WR_REJECT_TIME);
  CU_ASSERT_TRUE(rejects[0].time_us > 0);
  CU_ASSERT_STRING_EQUAL(rejects[0].message, "ts of table t is NULL");
  CU_ASSERT_STRING_EQUAL(rejects[0].source, "Watermark(t)");
  CU_ASSERT_STRING_EQUAL(rejects[0].split, "p-2");
  CU_ASSERT_EQUAL(rejects[0].position.length, 0);
  WR_CHECK(rejects[0].raw.length == 23 &&
               memcmp(rejects[0].raw.bytes, "{\"ts\":null,\"number\":20}", 23) == 0,
           "%.*s", (int)rejects[0].raw.length, rejects[0].raw.bytes);
  wr_arena_free(&job.arena);
}

/* Nothing in it is longer than it may be, and of a flood it takes a share. */
static void test_ring(void)
{
  struct wr_arena arena = {0};
  struct wr_reject_ring *ring = wr_reject_ring_new();
  static char raw[2 * WR_LOOK_RAW_BYTES], statement[2 * WR_LOOK_RAW_BYTES];
  uint32_t count;
  memset(raw, 0xff, sizeof raw);
  for (size_t i = 0; i + 2 < sizeof statement; i += 2)
    memcpy(statement + i, "\xC3\x84", 2);
  const struct wr_reject reject = {
      .kind = WR_REJECT_RECORD, .message = "no", .position = {"12", 2}, .raw = {raw, sizeof raw}};
  CU_ASSERT_TRUE(wr_reject_ring_wants(ring));
  CU_ASSERT_EQUAL(wr_reject_ring_copy(ring, 10, &arena, &count) == NULL || count == 0, true);
  wr_reject_ring_put(ring, &reject, statement + 1);
  const struct wr_execution_reject *found = wr_reject_ring_copy(ring, 10, &arena, &count);
  CU_ASSERT_EQUAL_FATAL(count, 1);
  CU_ASSERT_EQUAL(found->raw.length, WR_LOOK_RAW_BYTES);
  CU_ASSERT_EQUAL(strlen(found->statement), WR_LOOK_RAW_BYTES - 1); /* no half of a character */
  CU_ASSERT_TRUE(found->position.length == 2 && memcmp(found->position.bytes, "12", 2) == 0);
  CU_ASSERT_TRUE(!found->source && !found->split);
  for (uint32_t i = 0; i < 100000; i++)
    wr_reject_ring_put(ring, &reject, NULL);
  found = wr_reject_ring_copy(ring, WR_LOOK_REJECTS + 5, &arena, &count);
  CU_ASSERT_TRUE(count > 100 && count <= WR_LOOK_REJECTS);
  for (uint32_t i = 1; i < count; i++)
    CU_ASSERT_EQUAL(found[i - 1].number, found[i].number + 1);
  wr_reject_ring_free(ring);
  wr_reject_ring_free(NULL);
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"what splits do is shown", test_splits},
    {"the same of several copies", test_splits_of_copies},
    {"the last rejects are shown", test_rejects},
    {"the ring of rejects is bounded", test_ring},
    {NULL, NULL},
};
const struct wr_suite wr_suite_look = {"look", tests};
