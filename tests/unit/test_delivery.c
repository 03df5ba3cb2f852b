/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs that deliver exactly once and jobs that reach their limits, run as jobs are: a source of
 * numbers, a step that keeps as much as it is told, and sinks whose outside world is a list in
 * memory. The world outlives executions, as do the stores, so a job can fail and go on.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connectors/publisher.h"
#include "core/builder.h"
#include "core/time.h"
#include "runtime/execution.h"
#include "tests/unit/check.h"
#include "text/buffer.h"

#define MIB (UINT64_C(1) << 20)
#define ID  "0123456789abcdef"

enum { SINKS = 2, ROWS_MAX = 100000, STEPS_MAX = 10000 };

/* What a publish does instead of succeeding. */
enum trouble { NO_TROUBLE, FAILS_BEFORE, FAILS_AFTER, HANGS };

struct world {
  /* the source */
  int64_t rows, fails_at;         /* it fails when it has come to this row; -1: never */
  int64_t pause_every;            /* waits a little after so many rows; 0: never */
  _Atomic bool holds_end, at_end; /* it does not say that it is done until it is let; it would */
  _Atomic int64_t read;
  /* the sinks: what everybody sees, and up to which epoch */
  int64_t seen[SINKS][ROWS_MAX];
  uint32_t seen_count[SINKS];
  uint64_t marker[SINKS];
  enum trouble trouble;
  uint32_t trouble_at, publish_count; /* the publish that it happens to, of any sink, from 1 on */
  uint64_t row_bytes;                 /* what a row in an outbox is said to take */
  _Atomic bool gate;                  /* closed: a publish that hangs does so until it is opened */
  _Atomic uint32_t last_count;        /* outboxes that were said to be the last ones */
  _Atomic bool faults;
};

/* ---- a source of rows 0, 1, 2, ... */

struct numbers {
  struct wr_reader reader;
  struct world *world;
  enum wr_split_state state;
  int64_t next;
  struct wr_builder builder;
  struct wr_column column;
  struct wr_run run;
  char position[24];
};

static const struct wr_field fields[] = {{"n", &wr_type_bigint}};
static const struct wr_schema schema = {1, fields};

static enum wr_code numbers_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                                     struct wr_split **splits, uint32_t *split_count,
                                     struct wr_error *err)
{
  (void)spec, (void)err;
  *splits = WR_NEW(arena, struct wr_split);
  (*splits)->name = "all";
  *split_count = 1;
  return WR_OK;
}

static const struct wr_reader_class numbers_class;

static enum wr_code numbers_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                                 uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct numbers *self = wr_memory_get_zero(sizeof *self);
  (void)err;
  self->world = spec->note_self;
  self->reader = (struct wr_reader){
      .class = &numbers_class, .states = &self->state, .split_count = split_count};
  self->next = splits[0].position ? strtoll(splits[0].position, NULL, 10) : 0;
  wr_builder_open(&self->builder, &wr_type_bigint);
  *out = &self->reader;
  return WR_OK;
}

static void numbers_close(struct wr_reader *reader)
{
  wr_builder_close(&((struct numbers *)reader)->builder);
  free(reader);
}

static enum wr_code numbers_poll(struct wr_reader *reader, int wait_ms, struct wr_batch *batch,
                                 struct wr_error *err)
{
  struct numbers *self = (struct numbers *)reader;
  struct world *world = self->world;
  (void)wait_ms;
  if (self->next == world->fails_at)
    return wr_fail(err, WR_DATA, "row %lld is bad", (long long)self->next);
  if (self->next == world->rows) {
    atomic_store(&world->at_end, true);
    while (atomic_load(&world->holds_end))
      nanosleep(&(struct timespec){0, 1000000}, NULL);
    self->state = WR_SPLIT_DONE;
    return WR_OK;
  }
  if (world->pause_every && self->next % world->pause_every == world->pause_every - 1)
    nanosleep(&(struct timespec){0, 1000000}, NULL);
  wr_builder_reset(&self->builder);
  wr_builder_reserve(&self->builder, 1);
  wr_builder_put_i64(&self->builder, self->next++);
  self->column = wr_builder_view(&self->builder);
  atomic_fetch_add(&self->world->read, 1);
  int length = snprintf(self->position, sizeof self->position, "%lld", (long long)self->next);
  self->run = (struct wr_run){0, 0, 1, {self->position, (uint32_t)length}};
  batch->columns = &self->column;
  batch->row_count = batch->picked_count = batch->run_count = 1;
  batch->runs = &self->run;
  return WR_OK;
}

static const struct wr_reader_class numbers_class = {.discover = numbers_discover,
                                                     .open = numbers_open,
                                                     .close = numbers_close,
                                                     .poll_rows = numbers_poll};
static const struct wr_connector numbers_connector = {.name = "numbers", .reader = &numbers_class};

/* ---- sinks */

struct shelf_writer {
  struct wr_writer writer;
  struct world *world;
  struct wr_buffer rows;
  bool last;
};

struct shelf {
  struct wr_publisher publisher;
  struct world *world;
  uint32_t number;
  _Atomic bool cancelled;
};

static uint32_t sink_number(const struct wr_table_spec *spec)
{
  return strcmp(spec->sink, "s") != 0;
}

static const struct wr_writer_class shelf_writer_class;

static enum wr_code shelf_writer_open(const struct wr_table_spec *spec, struct wr_writer **out,
                                      struct wr_error *err)
{
  struct shelf_writer *self = wr_memory_get_zero(sizeof *self);
  (void)err;
  self->writer.class = &shelf_writer_class;
  self->world = spec->note_self;
  self->world->faults |= strcmp(spec->job, ID) != 0;
  *out = &self->writer;
  return WR_OK;
}

static enum wr_code shelf_write_rows(struct wr_writer *writer, const struct wr_batch *batch,
                                     struct wr_error *err)
{
  struct shelf_writer *self = (struct shelf_writer *)writer;
  (void)err;
  self->world->faults |= self->last;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    int64_t value = wr_column_i64(&batch->columns[0], wr_batch_row(batch, i));
    wr_buffer_put(&self->rows, (const char *)&value, sizeof value);
  }
  return WR_OK;
}

static enum wr_code shelf_outbox(struct wr_writer *writer, uint64_t epoch, bool last,
                                 struct wr_buffer *bytes, struct wr_error *err)
{
  struct shelf_writer *self = (struct shelf_writer *)writer;
  (void)epoch, (void)err;
  wr_buffer_put(bytes, self->rows.bytes, self->rows.length);
  wr_buffer_clear(&self->rows);
  self->world->faults |= self->last;
  self->world->last_count += last;
  self->last = last;
  return WR_OK;
}

static uint64_t shelf_outbox_bytes(const struct wr_writer *writer)
{
  const struct shelf_writer *self = (const struct shelf_writer *)writer;
  return self->rows.length / sizeof(int64_t) * self->world->row_bytes;
}

static void shelf_writer_close(struct wr_writer *writer)
{
  wr_buffer_free(&((struct shelf_writer *)writer)->rows);
  free(writer);
}

static const struct wr_writer_class shelf_writer_class = {.open = shelf_writer_open,
                                                          .write_rows = shelf_write_rows,
                                                          .outbox = shelf_outbox,
                                                          .outbox_bytes = shelf_outbox_bytes,
                                                          .close = shelf_writer_close};

static const struct wr_publisher_class shelf_class;

static enum wr_code shelf_open(const struct wr_table_spec *spec, struct wr_publisher **out,
                               struct wr_error *err)
{
  struct shelf *self = wr_memory_get_zero(sizeof *self);
  (void)err;
  self->publisher.class = &shelf_class;
  self->world = spec->note_self;
  self->number = sink_number(spec);
  *out = &self->publisher;
  return WR_OK;
}

static void shelf_show(struct shelf *self, uint64_t epoch, const struct wr_slice *outboxes,
                       uint32_t count)
{
  struct world *world = self->world;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t rows = outboxes[i].length / sizeof(int64_t);
    CU_ASSERT_FATAL(world->seen_count[self->number] + rows <= ROWS_MAX);
    memcpy(world->seen[self->number] + world->seen_count[self->number], outboxes[i].bytes,
           rows * sizeof(int64_t));
    world->seen_count[self->number] += rows;
  }
  world->marker[self->number] = epoch;
}

static enum wr_code shelf_recover(struct wr_publisher *publisher,
                                  const struct wr_recovery *recovery, struct wr_error *err)
{
  struct shelf *self = (struct shelf *)publisher;
  uint64_t marker = self->world->marker[self->number];
  (void)err;
  if (recovery->epoch && marker != recovery->epoch) {
    self->world->faults |= marker != recovery->previous;
    shelf_show(self, recovery->epoch, recovery->outboxes, recovery->outbox_count);
  }
  return WR_OK;
}

static enum wr_code shelf_publish(struct wr_publisher *publisher, uint64_t epoch,
                                  const struct wr_slice *outboxes, uint32_t outbox_count,
                                  struct wr_error *err)
{
  struct shelf *self = (struct shelf *)publisher;
  struct world *world = self->world;
  bool now = ++world->publish_count == world->trouble_at;
  world->faults |= world->marker[self->number] >= epoch;
  while (now && world->trouble == HANGS && !atomic_load(&world->gate) &&
         !atomic_load(&self->cancelled))
    nanosleep(&(struct timespec){0, 1000000}, NULL);
  if (atomic_load(&self->cancelled))
    return wr_fail(err, WR_STOPPED, "cancelled");
  if (!now || world->trouble != FAILS_BEFORE)
    shelf_show(self, epoch, outboxes, outbox_count);
  if (!now || world->trouble == HANGS)
    return WR_OK;
  wr_fail(err, WR_CONNECTION, "the shelf has gone");
  err->retry = true;
  return WR_CONNECTION;
}

static void shelf_cancel(struct wr_publisher *publisher)
{
  atomic_store(&((struct shelf *)publisher)->cancelled, true);
}

static void shelf_close(struct wr_publisher *publisher)
{
  free(publisher);
}

static const struct wr_publisher_class shelf_class = {.open = shelf_open,
                                                      .recover = shelf_recover,
                                                      .publish = shelf_publish,
                                                      .cancel = shelf_cancel,
                                                      .close = shelf_close};

static bool shelf_wants(const struct wr_table_spec *spec)
{
  (void)spec;
  return true;
}

static const struct wr_connector shelf_connector = {.name = "shelf",
                                                    .writer = &shelf_writer_class,
                                                    .publisher = &shelf_class,
                                                    .wants_exactly_once = shelf_wants};

/* ---- a step that keeps one MiB per row, or says so; the count is its state */

struct hoard {
  struct wr_operator op;
  uint64_t rows;
};

static void hoard_count(const struct hoard *self)
{
  atomic_store(&self->op.context->metrics->state_bytes, self->rows * MIB);
  atomic_store(&self->op.context->metrics->state_keys, self->rows);
}

static enum wr_code hoard_on_batch(struct wr_operator *op, uint32_t input,
                                   const struct wr_batch *batch, struct wr_error *err)
{
  struct hoard *self = (struct hoard *)op;
  (void)input;
  self->rows += batch->picked_count;
  hoard_count(self);
  return wr_emit_batch(op, batch, err);
}

static void hoard_save(struct wr_operator *op, struct wr_part_writer *part)
{
  wr_part_put_u64(part, ((struct hoard *)op)->rows);
}

static enum wr_code hoard_load(struct wr_operator *op, struct wr_part_reader *part,
                               struct wr_error *err)
{
  struct hoard *self = (struct hoard *)op;
  enum wr_code code = wr_part_get_u64(part, &self->rows, err);
  hoard_count(self);
  return code;
}

static void hoard_close(struct wr_operator *op)
{
  free(op);
}

static enum wr_code hoard_open(const void *spec, const struct wr_operator_context *context,
                               struct wr_operator **out, struct wr_error *err);
static const struct wr_operator_class hoard_class = {.name = "Hoard",
                                                     .open = hoard_open,
                                                     .on_batch = hoard_on_batch,
                                                     .save = hoard_save,
                                                     .load = hoard_load,
                                                     .close = hoard_close};

static enum wr_code hoard_open(const void *spec, const struct wr_operator_context *context,
                               struct wr_operator **out, struct wr_error *err)
{
  struct hoard *self = wr_memory_get_zero(sizeof *self);
  (void)spec, (void)err;
  self->op = wr_operator_head(&hoard_class, context);
  *out = &self->op;
  return WR_OK;
}

/* ---- jobs: numbers, then the hoard or not, then sinks s and t */

enum { NODES = 4 };
struct job {
  struct world world;
  struct wr_store *store;
  struct wr_plan plan;
  struct wr_plan_node nodes[NODES];
  struct wr_plan_input input;
  struct wr_plan_source source;
  struct wr_plan_sink sinks[SINKS];
  struct wr_options none;
  struct wr_execution_options options;
};

static void job_note(void *self, const char *message)
{
  (void)self, (void)message;
}

static void job_make_plan(struct job *job, bool hoards, uint32_t sinks)
{
  static const uint32_t wanted[] = {0}, *const whole[] = {NULL};
  static const char *const names[SINKS] = {"s", "t"};
  job->source = (struct wr_plan_source){.table = {.name = "n",
                                                  .connector = &numbers_connector,
                                                  .options = &job->none,
                                                  .physical = &schema},
                                        .wanted = wanted,
                                        .wanted_count = 1,
                                        .made = &schema,
                                        .fields = whole};
  job->nodes[0] =
      (struct wr_plan_node){.kind = WR_PLAN_SOURCE, .name = "Source(n)", .source = &job->source};
  job->plan.node_count = 1;
  if (hoards)
    job->nodes[job->plan.node_count++] = (struct wr_plan_node){.kind = WR_PLAN_OPERATOR,
                                                               .name = "Hoard",
                                                               .identity = "hoard of n",
                                                               .statement = "INSERT INTO s",
                                                               .operator_class = &hoard_class};
  uint32_t from = job->plan.node_count - 1;
  job->input = (struct wr_plan_input){.node = from, .exchange = WR_EXCHANGE_FORWARD};
  for (uint32_t s = 0; s < sinks; s++) {
    job->sinks[s].table = (struct wr_plan_table){.name = names[s],
                                                 .connector = &shelf_connector,
                                                 .options = &job->none,
                                                 .physical = &schema};
    job->nodes[job->plan.node_count++] =
        (struct wr_plan_node){.kind = WR_PLAN_SINK, .name = names[s], .sink = &job->sinks[s]};
  }
  static const struct wr_plan_input from_source = {.node = 0, .exchange = WR_EXCHANGE_FORWARD};
  for (uint32_t n = 0; n < job->plan.node_count; n++) {
    struct wr_plan_node *node = &job->nodes[n];
    node->id = n;
    node->schema = &schema;
    node->parallelism = 1;
    node->inputs = n > from ? &job->input : &from_source;
    node->input_count = n > 0;
  }
  job->plan.nodes = job->nodes;
  job->plan.error_stream = UINT32_MAX;
  job->plan.time_zone = "UTC";
}

static struct job *job_new(int64_t rows, bool hoards, uint32_t sinks)
{
  struct job *job = wr_memory_get_zero(sizeof *job);
  job->world.rows = rows;
  job->world.fails_at = -1;
  job->store = wr_store_memory_new();
  memcpy(job->store->id, ID, sizeof ID);
  job_make_plan(job, hoards, sinks);
  job->options = (struct wr_execution_options){.note = job_note,
                                               .note_self = &job->world,
                                               .store = job->store,
                                               .durable = true,
                                               .epoch_interval_us = 10 * WR_US_PER_MS,
                                               .epoch_timeout_us = 600 * WR_US_PER_SECOND,
                                               .failures_tolerated = 3};
  return job;
}

static void job_free(struct job *job)
{
  CU_ASSERT(!job->world.faults);
  job->store->class->close(job->store);
  free(job);
}

/* Starts it from what the store has. */
static enum wr_code job_start(struct job *job, struct wr_execution **execution,
                              struct wr_error *err)
{
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  uint64_t epoch;
  enum wr_code code = WR_OK;
  struct wr_execution_options options = job->options;
  if (job->store->class->latest(job->store, &epoch)) {
    code = wr_snapshot_read(job->store, epoch, &arena, &snapshot, err);
    options.from = &snapshot;
  }
  if (code == WR_OK)
    code = wr_execution_start(&job->plan, &options, execution, err);
  wr_arena_free(&arena);
  return code;
}

static enum wr_code job_end(struct wr_execution *execution, struct wr_error *err)
{
  uint32_t steps = 0;
  while (!wr_execution_wait(execution, 100) && steps++ < STEPS_MAX)
    ;
  CU_ASSERT_FATAL(steps < STEPS_MAX);
  enum wr_code code = wr_execution_result(execution, err);
  wr_execution_free(execution);
  return code;
}

static enum wr_code job_run(struct job *job, struct wr_error *err)
{
  struct wr_execution *execution;
  enum wr_code code = job_start(job, &execution, err);
  return code == WR_OK ? job_end(execution, err) : code;
}

/* Whether a sink has shown rows 0 .. rows-1, each once and in order. */
static bool sink_has(const struct job *job, uint32_t sink, int64_t rows)
{
  if (job->world.seen_count[sink] != rows)
    return false;
  for (int64_t n = 0; n < rows; n++)
    if (job->world.seen[sink][n] != n)
      return false;
  return true;
}

/* ---- exactly once */

/* Nothing is open yet when it is refused. */
static void test_needs_store(void)
{
  struct job *job = job_new(10, false, 1);
  struct wr_error err;
  job->options.durable = false;
  CU_ASSERT_EQUAL(job_run(job, &err), WR_SEMANTIC);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "--state-dir"));
  CU_ASSERT_EQUAL(job->world.read, 0);
  job_free(job);
}

/* The rest of bounded input is published before the job is over, and is not published again. */
static void test_end(void)
{
  static const int64_t rows[] = {0, 1, 2000};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct job *job = job_new(rows[i], false, 2);
    struct wr_error err;
    job->world.pause_every = 100;
    CU_ASSERT_EQUAL(job_run(job, &err), WR_OK);
    WR_CHECK(sink_has(job, 0, rows[i]) && sink_has(job, 1, rows[i]), "%d rows", (int)rows[i]);
    CU_ASSERT_EQUAL(job_run(job, &err), WR_OK);
    WR_CHECK(sink_has(job, 0, rows[i]) && sink_has(job, 1, rows[i]), "%d rows, again",
             (int)rows[i]);
    job_free(job);
  }
}

/* A publish fails before or behind its deed, at any of the sinks, and the job starts again. */
static void test_publish_fails(void)
{
  for (uint32_t at = 1; at <= 8; at++) {
    for (enum trouble trouble = FAILS_BEFORE; trouble <= FAILS_AFTER; trouble++) {
      struct job *job = job_new(3000, false, 2);
      struct wr_error err;
      job->world.pause_every = 50;
      job->world.trouble = trouble;
      job->world.trouble_at = at;
      enum wr_code code = job_run(job, &err);
      if (job->world.publish_count < at) { /* it was over before */
        CU_ASSERT_EQUAL(code, WR_OK);
      } else {
        CU_ASSERT_EQUAL(code, WR_CONNECTION);
        CU_ASSERT(err.retry && strstr(err.message, "shelf") != NULL);
        job->world.trouble_at = job->world.publish_count + 1; /* the first of the next life */
        CU_ASSERT_EQUAL(job_run(job, &err), WR_CONNECTION);
        CU_ASSERT_EQUAL(job_run(job, &err), WR_OK);
      }
      WR_CHECK(sink_has(job, 0, 3000) && sink_has(job, 1, 3000), "publish %u", at);
      job_free(job);
    }
  }
}

/* What was read behind the last epoch comes again, also if the source failed, and no earlier. */
static void test_source_fails(void)
{
  struct job *job = job_new(3000, false, 2);
  struct wr_error err;
  job->world.pause_every = 50;
  job->world.fails_at = 1500;
  CU_ASSERT_EQUAL(job_run(job, &err), WR_DATA);
  CU_ASSERT(sink_has(job, 0, job->world.seen_count[0]));
  job->world.fails_at = -1;
  CU_ASSERT_EQUAL(job_run(job, &err), WR_OK);
  CU_ASSERT(sink_has(job, 0, 3000) && sink_has(job, 1, 3000));
  job_free(job);
}

/* A job that fails does not wait for a publish that hangs. */
static void test_abort_while_publishing(void)
{
  struct job *job = job_new(3000, false, 1);
  struct wr_error err;
  job->world.pause_every = 50;
  job->world.trouble = HANGS;
  job->world.trouble_at = 1;
  job->world.fails_at = 1000;
  CU_ASSERT_EQUAL(job_run(job, &err), WR_DATA);
  CU_ASSERT_EQUAL(job->world.publish_count, 1);
  job->world.trouble = NO_TROUBLE;
  job->world.fails_at = -1;
  CU_ASSERT_EQUAL(job_run(job, &err), WR_OK);
  CU_ASSERT(sink_has(job, 0, 3000));
  job_free(job);
}

/* Every stop leaves all that was read published, and nothing behind it. */
static void test_stops(void)
{
  struct job *job = job_new(INT64_MAX, false, 2);
  struct wr_error err;
  job->world.pause_every = 20;
  for (uint32_t i = 0; i < 5; i++) {
    struct wr_execution *execution;
    CU_ASSERT_EQUAL_FATAL(job_start(job, &execution, &err), WR_OK);
    int64_t until = atomic_load(&job->world.read) + 300;
    while (atomic_load(&job->world.read) < until && !wr_execution_wait(execution, 5))
      ;
    wr_execution_stop(execution, false);
    CU_ASSERT_EQUAL(job_end(execution, &err), WR_OK);
    CU_ASSERT(sink_has(job, 0, job->world.read) && sink_has(job, 1, job->world.read));
    CU_ASSERT_EQUAL(job->world.last_count, (i + 1) * SINKS);
  }
  job_free(job);
}

/* A stop whose last epoch begins while the source finds its end: the job is stopped, and goes on to
 * its end with the next start. */
static void test_stop_at_end(void)
{
  struct job *job = job_new(100, false, 2);
  struct wr_execution *execution;
  struct wr_execution_summary summary;
  struct wr_error err;
  job->options.epoch_interval_us = 3600 * WR_US_PER_SECOND;
  job->world.pause_every = 1;
  job->world.holds_end = true;
  CU_ASSERT_EQUAL_FATAL(job_start(job, &execution, &err), WR_OK);
  do {
    wr_execution_wait(execution, 5);
    wr_execution_summarize(execution, &summary);
  } while (summary.epochs == 0 || !atomic_load(&job->world.at_end));
  wr_execution_stop(execution, false);
  while (!wr_execution_stopping_us(execution)) /* then the last epoch has begun */
    wr_execution_wait(execution, 5);
  atomic_store(&job->world.holds_end, false);
  CU_ASSERT_EQUAL(job_end(execution, &err), WR_OK);
  CU_ASSERT(sink_has(job, 0, 100) && sink_has(job, 1, 100));
  CU_ASSERT_EQUAL(job->world.last_count, SINKS);
  CU_ASSERT_EQUAL(job_run(job, &err), WR_OK);
  CU_ASSERT(sink_has(job, 0, 100) && sink_has(job, 1, 100));
  CU_ASSERT_EQUAL(job->world.read, 100);
  job_free(job);
}

/* ---- holding */

/* While nothing can be published the source stops reading, at the share of outboxes. Afterwards it
 * goes on, although no epoch is due for an hour: full outboxes begin them. */
static void test_hold(void)
{
  struct job *job = job_new(INT64_MAX, false, 1);
  struct wr_execution *execution;
  struct wr_execution_summary summary;
  struct wr_error err;
  job->options.memory_bytes = 100 * MIB; /* 10 MiB for outboxes */
  job->options.epoch_interval_us = 3600 * WR_US_PER_SECOND;
  job->world.row_bytes = MIB / 10;
  job->world.trouble = HANGS;
  job->world.trouble_at = 1;
  CU_ASSERT_EQUAL_FATAL(job_start(job, &execution, &err), WR_OK);
  do {
    wr_execution_wait(execution, 10);
    wr_execution_summarize(execution, &summary);
  } while (summary.outbox_bytes <= 10 * MIB);
  for (int i = 0; i < 3; i++) /* what was under way when it went above */
    wr_execution_wait(execution, 10);
  int64_t read = atomic_load(&job->world.read);
  CU_ASSERT(read >= 100 && read < 2000);
  for (int i = 0; i < 10; i++)
    CU_ASSERT(!wr_execution_wait(execution, 10));
  CU_ASSERT_EQUAL(atomic_load(&job->world.read), read);
  CU_ASSERT_EQUAL(job->world.seen_count[0], 0);
  atomic_store(&job->world.gate, true);
  while (atomic_load(&job->world.read) < 10 * read && !wr_execution_wait(execution, 10))
    ;
  wr_execution_stop(execution, false);
  CU_ASSERT_EQUAL(job_end(execution, &err), WR_OK);
  CU_ASSERT(sink_has(job, 0, job->world.read));
  CU_ASSERT(job->world.publish_count > 5);
  job_free(job);
}

/* ---- state */

/* The message names who, how much, what may be, and the way out. */
static void check_limit(const struct wr_error *err)
{
  static const char *const words[] = {"60.0 MiB", "100MiB", "keys of Hoard (hoard of n)",
                                      "INSERT INTO s"};
  for (size_t i = 0; i < WR_COUNT(words); i++)
    WR_CHECK(strstr(err->message, words[i]) != NULL, "%s: %s", words[i], err->message);
  CU_ASSERT_PTR_NOT_NULL(strstr(err->hint, "--memory"));
}

/* The job ends with an epoch that has everything, is refused with what it had, and goes on with
 * more. */
static void test_limit_durable(void)
{
  struct job *job = job_new(200, true, 1);
  struct wr_error err;
  job->options.memory_bytes = 100 * MIB;
  job->world.pause_every = 1;
  CU_ASSERT_EQUAL(job_run(job, &err), WR_LIMIT);
  check_limit(&err);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "nothing is lost"));
  int64_t read = job->world.read;
  CU_ASSERT(read > 60 && sink_has(job, 0, read));
  CU_ASSERT_EQUAL(job_run(job, &err), WR_LIMIT);
  check_limit(&err);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "the state of epoch"));
  CU_ASSERT_EQUAL(job->world.read, read);
  job->options.memory_bytes = 1000 * MIB;
  CU_ASSERT_EQUAL(job_run(job, &err), WR_OK);
  CU_ASSERT_EQUAL(job->world.read, 200);
  CU_ASSERT(sink_has(job, 0, 200));
  job_free(job);
}

/* At its share it is still right. */
static void test_limit_exact(void)
{
  struct job *job = job_new(60, true, 1);
  struct wr_error err;
  job->options.memory_bytes = 100 * MIB;
  job->world.pause_every = 1;
  CU_ASSERT_EQUAL(job_run(job, &err), WR_OK);
  CU_ASSERT(sink_has(job, 0, 60));
  job_free(job);
}

static void test_limit_without_store(void)
{
  struct job *job = job_new(INT64_MAX, true, 0);
  struct wr_error err;
  job->options.memory_bytes = 100 * MIB;
  job->options.durable = false;
  CU_ASSERT_EQUAL(job_run(job, &err), WR_LIMIT);
  check_limit(&err);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.hint, "--state-dir"));
  job_free(job);
}

static const struct wr_test tests[] = {{"needs a state directory", test_needs_store},
                                       {"end of input", test_end},
                                       {"publish fails", test_publish_fails},
                                       {"source fails", test_source_fails},
                                       {"abort while publishing", test_abort_while_publishing},
                                       {"stops", test_stops},
                                       {"stop at the end", test_stop_at_end},
                                       {"hold", test_hold},
                                       {"limit with a state directory", test_limit_durable},
                                       {"limit reached exactly", test_limit_exact},
                                       {"limit without one", test_limit_without_store},
                                       {NULL, NULL}};
const struct wr_suite wr_suite_delivery = {"delivery", tests};
