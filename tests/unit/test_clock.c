/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of processing time, with clocks that the test moves. First what one operator hands down
 * and when. Then operators of several tasks, whose clocks are apart, above a rank within their
 * windows: rows lie in channels for as long as they like, tasks are cut off and go on in another
 * number with clocks that have been put back, and yet nothing is late and every window leaves once.
 */
#include <stdlib.h>

#include "core/builder.h"
#include "core/hash.h"
#include "core/time.h"
#include "operators/clock.h"
#include "operators/specs.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

enum { ID, K, INPUTS };
enum { START = INPUTS, END, TIME, OUTPUTS };
enum { TASKS_MAX = 3, ROWS = 3000, WINDOWS_MAX = 20000, SEED = 7 };
#define MS INT64_C(1000)

static const struct wr_field fields[OUTPUTS] = {{"id", &wr_type_bigint},
                                                {"k", &wr_type_bigint},
                                                {"window_start", &wr_type_timestamp3},
                                                {"window_end", &wr_type_timestamp3},
                                                {"window_time", &wr_type_timestamp3}};
static const struct wr_schema input_schema = {INPUTS, fields}, output_schema = {OUTPUTS, fields};
static const uint32_t key_column = K;

/* ---- what a channel carries, in order */

struct message {
  int64_t values[OUTPUTS]; /* of a row */
  int64_t watermark_us;    /* WR_TIME_NONE: it is a row */
};

struct channel {
  struct wr_operator op; /* the sending end */
  struct message *messages;
  uint32_t count, room, taken;
  int64_t sent_us;      /* the last watermark that was sent */
  int64_t watermark_us; /* that was taken out */
  uint32_t idles;
};

static struct message *channel_add(struct channel *channel)
{
  if (channel->count == channel->room) {
    channel->room = channel->room ? 2 * channel->room : 64;
    channel->messages =
        wr_memory_resize(channel->messages, channel->room * sizeof *channel->messages);
  }
  return &channel->messages[channel->count++];
}

/* No row may come behind a watermark that closes its window. */
static enum wr_code channel_on_batch(struct wr_operator *op, uint32_t input,
                                     const struct wr_batch *batch, struct wr_error *err)
{
  struct channel *channel = (struct channel *)op;
  (void)input, (void)err;
  CU_ASSERT(batch->arrived_us == NULL);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    struct message *message = channel_add(channel);
    message->watermark_us = WR_TIME_NONE;
    for (uint32_t c = 0; c < OUTPUTS; c++)
      message->values[c] = wr_column_i64(&batch->columns[c], wr_batch_row(batch, i));
    CU_ASSERT(message->values[TIME] > channel->sent_us);
  }
  return WR_OK;
}

static enum wr_code channel_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                         struct wr_error *err)
{
  struct channel *channel = (struct channel *)op;
  (void)err;
  channel_add(channel)->watermark_us = channel->sent_us = watermark_us;
  return WR_OK;
}

static enum wr_code channel_on_idle(struct wr_operator *op, uint32_t input, bool idle,
                                    struct wr_error *err)
{
  (void)input, (void)idle, (void)err;
  ((struct channel *)op)->idles++;
  return WR_OK;
}

static const struct wr_operator_class channel_class = {.name = "Channel",
                                                       .on_batch = channel_on_batch,
                                                       .on_watermark = channel_on_watermark,
                                                       .on_idle = channel_on_idle};

/* ---- the results of the rank: rows window by window */

struct results {
  struct wr_operator op;
  struct message *windows; /* those that have left */
  uint32_t window_count, row_count, twice;
  bool *is_there; /* per id */
};

static enum wr_code results_on_batch(struct wr_operator *op, uint32_t input,
                                     const struct wr_batch *batch, struct wr_error *err)
{
  struct results *results = (struct results *)op;
  (void)input, (void)err;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i), w = results->window_count;
    int64_t start = wr_column_i64(&batch->columns[START], row),
            end = wr_column_i64(&batch->columns[END], row);
    while (w > 0 && (results->windows[w - 1].values[START] != start ||
                     results->windows[w - 1].values[END] != end))
      w--;
    if (w == 0 && results->window_count < WINDOWS_MAX) {
      results->windows[results->window_count].values[START] = start;
      results->windows[results->window_count++].values[END] = end;
    }
    results->twice += w != 0 && w != results->window_count;
    results->row_count++;
    results->is_there[wr_column_i64(&batch->columns[ID], row)] = true;
  }
  return WR_OK;
}

static enum wr_code results_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                         struct wr_error *err)
{
  (void)op, (void)watermark_us, (void)err;
  return WR_OK;
}

static const struct wr_operator_class results_class = {
    .name = "Results", .on_batch = results_on_batch, .on_watermark = results_on_watermark};

/* ---- the job */

struct rejects {
  struct wr_reject_sink sink;
  uint32_t count;
};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  (void)reject;
  ((struct rejects *)sink)->count++;
}

struct job {
  struct wr_arena arena;
  const struct wr_operator_class *class; /* of the windows */
  struct wr_window_assign_spec assign;
  struct wr_session_spec session;
  struct wr_window_aggregate_spec folded;
  struct wr_aggregate greatest;
  struct wr_aggregate_columns greatest_columns;
  const void *spec;
  struct wr_rank_spec rank_spec;
  struct rejects rejects;
  struct wr_metrics metrics;
  struct wr_operator_context contexts[TASKS_MAX], rank_context, other_context;
  struct wr_operator *ops[TASKS_MAX], *rank;
  struct channel channels[TASKS_MAX];
  struct wr_target targets[TASKS_MAX], rank_target;
  struct results results;
  struct wr_builder in[INPUTS], out[OUTPUTS];
  uint32_t task_count, sent_rows;
};

struct window_case {
  const char *name;
  struct wr_window window;
  bool folded;
};

static const struct window_case cases[] = {
    {"TUMBLE", {.kind = WR_WINDOW_TUMBLE, .size_us = 20 * MS}, false},
    {"short TUMBLE", {.kind = WR_WINDOW_TUMBLE, .size_us = 2 * MS}, false},
    {"HOP", {.kind = WR_WINDOW_HOP, .size_us = 35 * MS, .slide_us = 15 * MS}, false},
    {"CUMULATE", {.kind = WR_WINDOW_CUMULATE, .size_us = 60 * MS, .slide_us = 15 * MS}, false},
    {"SESSION", {.kind = WR_WINDOW_SESSION, .size_us = 4 * MS}, false},
    {"folded TUMBLE", {.kind = WR_WINDOW_TUMBLE, .size_us = 20 * MS}, true},
    {"folded HOP", {.kind = WR_WINDOW_HOP, .size_us = 35 * MS, .slide_us = 15 * MS}, true},
    {"folded CUMULATE",
     {.kind = WR_WINDOW_CUMULATE, .size_us = 60 * MS, .slide_us = 15 * MS},
     true},
    {"long TUMBLE", {.kind = WR_WINDOW_TUMBLE, .size_us = 3000 * MS}, false},
};

static void job_plan(struct job *job, const struct window_case *c)
{
  struct wr_binding binding = {.arena = &job->arena, .time_zone = "UTC"};
  struct wr_error err;
  struct wr_window window = c->window;
  window.tick_us = MS;
  window.by_clock = true;
  if (window.kind == WR_WINDOW_TUMBLE)
    window.slide_us = window.size_us;
  const struct wr_expression *id =
      wr_bind_column(&binding, ID, &wr_type_bigint, (struct wr_span){WR_NO_POSITION, 0});
  static const uint32_t id_column = ID;
  const struct wr_aggregate_call call = {.name = "MAX", .args = &id, .arg_count = 1};
  CU_ASSERT_EQUAL(wr_bind_aggregate(&binding, &call, &job->greatest, &err), WR_OK);
  job->greatest_columns = (struct wr_aggregate_columns){&id_column, UINT32_MAX};
  job->assign = (struct wr_window_assign_spec){.schema = &output_schema, .window = window};
  job->session = (struct wr_session_spec){.schema = &output_schema,
                                          .window = window,
                                          .keys = &key_column,
                                          .key_count = 1,
                                          .rows = true,
                                          .input_schema = &input_schema};
  job->folded = (struct wr_window_aggregate_spec){.schema = &output_schema,
                                                  .window = window,
                                                  .start_column = UINT32_MAX,
                                                  .end_column = UINT32_MAX,
                                                  .keys = &key_column,
                                                  .key_count = 1,
                                                  .aggregates = &job->greatest,
                                                  .columns = &job->greatest_columns,
                                                  .aggregate_count = 1,
                                                  .set_column = UINT32_MAX,
                                                  .emit = {WR_EMIT_NEVER, WR_EMIT_NEVER, 0},
                                                  .input_schema = &input_schema};
  job->class = c->folded                          ? &wr_operator_class_window_aggregate
               : window.kind == WR_WINDOW_SESSION ? &wr_operator_class_session
                                                  : &wr_operator_class_window_assign;
  job->spec = c->folded                          ? (const void *)&job->folded
              : window.kind == WR_WINDOW_SESSION ? (const void *)&job->session
                                                 : (const void *)&job->assign;
  job->rank_spec = (struct wr_rank_spec){.schema = &output_schema,
                                         .input_schema = &output_schema,
                                         .window = {.kind = WR_WINDOW_ATTACHED, .tick_us = MS},
                                         .start_column = START,
                                         .end_column = END,
                                         .first = 1,
                                         .last = 1 << 16};
}

static struct wr_operator_context job_context(struct job *job, uint32_t task, uint32_t task_count)
{
  return (struct wr_operator_context){.task = task,
                                      .task_count = task_count,
                                      .hash_seed = SEED,
                                      .name = "test",
                                      .rejects = &job->rejects.sink,
                                      .metrics = &job->metrics};
}

static void job_open(struct job *job, uint32_t task_count)
{
  struct wr_error err;
  job->task_count = task_count;
  job->other_context = job_context(job, 0, 1);
  job->rank_context = job_context(job, 0, 1);
  for (uint32_t t = 0; t < task_count; t++) {
    job->contexts[t] = job_context(job, t, task_count);
    CU_ASSERT_EQUAL(job->class->open(job->spec, &job->contexts[t], &job->ops[t], &err), WR_OK);
    job->channels[t] = (struct channel){.op = wr_operator_head(&channel_class, &job->other_context),
                                        .sent_us = WR_TIME_NONE,
                                        .watermark_us = WR_TIME_NONE};
    job->targets[t] = (struct wr_target){&job->channels[t].op, 0};
    job->ops[t]->targets = &job->targets[t];
    job->ops[t]->target_count = 1;
  }
  CU_ASSERT_EQUAL(
      wr_operator_class_rank.open(&job->rank_spec, &job->rank_context, &job->rank, &err), WR_OK);
  job->results.op = wr_operator_head(&results_class, &job->other_context);
  job->rank_target = (struct wr_target){&job->results.op, 0};
  job->rank->targets = &job->rank_target;
  job->rank->target_count = 1;
}

static void job_close(struct job *job)
{
  for (uint32_t t = 0; t < job->task_count; t++) {
    job->ops[t]->class->close(job->ops[t]);
    free(job->channels[t].messages);
  }
  job->rank->class->close(job->rank);
}

static struct job *job_new(const struct window_case *c, uint32_t task_count)
{
  struct job *job = wr_memory_get_zero(sizeof *job);
  job->rejects.sink.put = rejects_put;
  job->results.windows = wr_memory_get_zero(WINDOWS_MAX * sizeof *job->results.windows);
  job->results.is_there = wr_memory_get_zero(ROWS * sizeof *job->results.is_there);
  for (uint32_t c_in = 0; c_in < INPUTS; c_in++)
    wr_builder_open(&job->in[c_in], fields[c_in].type);
  for (uint32_t c_out = 0; c_out < OUTPUTS; c_out++)
    wr_builder_open(&job->out[c_out], fields[c_out].type);
  job_plan(job, c);
  job_open(job, task_count);
  return job;
}

static void job_free(struct job *job)
{
  job_close(job);
  for (uint32_t c = 0; c < INPUTS; c++)
    wr_builder_close(&job->in[c]);
  for (uint32_t c = 0; c < OUTPUTS; c++)
    wr_builder_close(&job->out[c]);
  free(job->results.windows);
  free(job->results.is_there);
  wr_arena_free(&job->arena);
  free(job);
}

/* What the runtime does when the clock of a task has moved. */
static void job_clock(struct job *job, uint32_t t, int64_t now_us)
{
  struct wr_error err;
  struct wr_operator *op = job->ops[t];
  if (op->timer_us > now_us)
    return;
  op->timer_us = WR_TIME_END;
  CU_ASSERT_EQUAL(op->class->on_timer(op, now_us, &err), WR_OK);
  CU_ASSERT(op->timer_us > now_us);
}

/* Rows first .. end-1, those of its keys to task t; WR_TIME_NONE: to all. */
static void job_rows(struct job *job, uint32_t t, uint32_t first, uint32_t end, int64_t now_us)
{
  struct wr_error err;
  struct wr_column columns[INPUTS];
  const struct wr_column *keys = &columns[K];
  uint64_t hashes[64];
  int64_t arrived_us[64];
  uint32_t picked[64];
  assert(end - first <= 64);
  for (uint32_t c = 0; c < INPUTS; c++) {
    wr_builder_reset(&job->in[c]);
    wr_builder_reserve(&job->in[c], end - first);
  }
  for (uint32_t i = first; i < end; i++) {
    wr_builder_put_i64(&job->in[ID], i);
    wr_builder_put_i64(&job->in[K], i % 11);
    arrived_us[i - first] = INT64_MAX / 2; /* of another time */
  }
  for (uint32_t c = 0; c < INPUTS; c++)
    columns[c] = wr_builder_view(&job->in[c]);
  wr_hash_keys(&keys, 1, NULL, end - first, SEED, hashes);
  struct wr_batch batch = {.schema = &input_schema,
                           .columns = columns,
                           .row_count = end - first,
                           .arrived_us = arrived_us,
                           .others_us = INT64_MAX / 2,
                           .picked = picked,
                           .now_us = now_us};
  for (uint32_t i = 0; i < end - first; i++)
    if (wr_key_group_task(wr_key_group(hashes[i]), job->task_count) == t)
      picked[batch.picked_count++] = i;
  CU_ASSERT_EQUAL(wr_operator_batch(job->ops[t], 0, &batch, &err), WR_OK);
}

/* Up to `count` messages of a channel reach the rank. */
static void job_deliver(struct job *job, uint32_t t, uint32_t count)
{
  struct wr_error err;
  struct channel *channel = &job->channels[t];
  for (; count && channel->taken < channel->count; count--) {
    const struct message *message = &channel->messages[channel->taken++];
    if (message->watermark_us != WR_TIME_NONE) {
      channel->watermark_us = message->watermark_us;
      int64_t least_us = WR_TIME_END;
      for (uint32_t i = 0; i < job->task_count; i++)
        least_us =
            job->channels[i].watermark_us < least_us ? job->channels[i].watermark_us : least_us;
      if (least_us > job->rank->watermark_us)
        CU_ASSERT_EQUAL(wr_operator_watermark(job->rank, least_us, &err), WR_OK);
      continue;
    }
    struct wr_column columns[OUTPUTS];
    for (uint32_t c = 0; c < OUTPUTS; c++) {
      wr_builder_reset(&job->out[c]);
      wr_builder_reserve(&job->out[c], 1);
      wr_builder_put_i64(&job->out[c], message->values[c]);
      columns[c] = wr_builder_view(&job->out[c]);
    }
    const struct wr_batch batch = {.schema = &output_schema,
                                   .columns = columns,
                                   .row_count = 1,
                                   .picked_count = 1,
                                   .others_us = WR_TIME_END};
    CU_ASSERT_EQUAL(wr_operator_batch(job->rank, 0, &batch, &err), WR_OK);
    job->sent_rows++;
  }
}

static void job_save(struct wr_operator *op, struct wr_part_writer *part)
{
  op->class->save(op, part);
  while (op->class->save_step && !op->class->save_step(op, part))
    ;
}

static void job_load(struct wr_operator *op, const struct wr_part_writer *part)
{
  struct wr_error err;
  struct wr_part_reader reader = {.bytes = part->bytes, .length = part->length};
  CU_ASSERT_EQUAL(op->class->load(op, &reader, &err), WR_OK);
  CU_ASSERT(wr_part_at_end(&reader));
}

/* All channels are empty at a barrier. */
static void job_restore(struct job *job, uint32_t task_count)
{
  uint32_t old_count = job->task_count;
  struct wr_part_writer parts[TASKS_MAX + 1] = {{0}};
  for (uint32_t t = 0; t < old_count; t++)
    job_deliver(job, t, UINT32_MAX);
  for (uint32_t t = 0; t < old_count; t++)
    job_save(job->ops[t], &parts[t]);
  job_save(job->rank, &parts[old_count]);
  job_close(job);
  job_open(job, task_count);
  for (uint32_t t = 0; t < task_count; t++)
    for (uint32_t p = 0; p < old_count; p++)
      job_load(job->ops[t], &parts[p]);
  job_load(job->rank, &parts[old_count]);
  for (uint32_t p = 0; p <= old_count; p++)
    wr_part_writer_free(&parts[p]);
}

static void job_end(struct job *job)
{
  struct wr_error err;
  for (uint32_t t = 0; t < job->task_count; t++) {
    CU_ASSERT_EQUAL(wr_operator_watermark(job->ops[t], WR_TIME_END, &err), WR_OK);
    CU_ASSERT_EQUAL(job->ops[t]->timer_us, WR_TIME_END);
  }
  for (uint32_t t = 0; t < job->task_count; t++)
    job_deliver(job, t, UINT32_MAX);
  CU_ASSERT_EQUAL(job->rank->watermark_us, WR_TIME_END);
}

/* ---- tests */

/* The end of the last window that a clock has seen the end of for long enough. */
static int64_t last_end(const struct window_case *c, int64_t now_us)
{
  int64_t step_us = c->window.slide_us ? c->window.slide_us : c->window.size_us;
  now_us -= WR_CLOCK_TELL_LEAST_US;
  return now_us - wr_floor_mod(now_us, step_us);
}

/* One run. Clocks of tasks are up to 30 ms apart; a restore puts them back. */
static void run(const struct window_case *c, uint64_t seed)
{
  static const int64_t apart_us[TASKS_MAX] = {0, 30 * MS, -7 * MS - 13};
  struct job *job = job_new(c, 1 + random_next(&seed) % TASKS_MAX);
  int64_t now_us = 5000 * MS + random_next(&seed), ahead_us = 0;
  uint32_t next = 0;
  while (next < ROWS) {
    uint32_t count = 1 + random_next(&seed) % 8, what = random_next(&seed) % 100;
    now_us += random_next(&seed) % (what == 0 ? 200 * MS : 2 * MS);
    for (uint32_t t = 0; t < job->task_count; t++)
      if (random_next(&seed) % 4)
        job_clock(job, t, now_us + apart_us[t]);
    if (what < 60) {
      uint32_t end = next + count < ROWS ? next + count : ROWS;
      for (uint32_t t = 0; t < job->task_count; t++)
        job_rows(job, t, next, end, now_us + apart_us[t]);
      next = end;
    } else if (what < 97) {
      job_deliver(job, random_next(&seed) % job->task_count, count * 4);
    } else if (what < 99) { /* what is due reaches the rank, in all windows that have ended */
      for (uint32_t t = 0; t < job->task_count; t++)
        job_clock(job, t, now_us + apart_us[t]);
      for (uint32_t t = 0; t < job->task_count; t++)
        job_deliver(job, t, UINT32_MAX);
      WR_CHECK(job->rank->watermark_us >= now_us - 37 * MS - WR_CLOCK_TELL_MOST_US, "%s: too late",
               c->name);
      WR_CHECK(c->window.kind == WR_WINDOW_SESSION || now_us < ahead_us ||
                   job->rank->watermark_us >= last_end(c, now_us - 8 * MS) - MS,
               "%s: later than a window's end", c->name);
    } else {
      job_restore(job, 1 + random_next(&seed) % TASKS_MAX);
      ahead_us = now_us + 30 * MS;
      now_us -= random_next(&seed) % (150 * MS);
    }
  }
  job_end(job);
  uint32_t lost = 0;
  for (uint32_t i = 0; !c->folded && i < ROWS; i++)
    lost += !job->results.is_there[i];
  WR_CHECK(job->rejects.count == 0 && job->results.twice == 0 && lost == 0 &&
               job->results.row_count == job->sent_rows && job->results.window_count > 0,
           "%s: %u rejected, %u twice, %u lost, %u of %u rows", c->name, job->rejects.count,
           job->results.twice, lost, job->results.row_count, job->sent_rows);
  job_free(job);
}

static void nothing_is_late(void)
{
  for (size_t c = 0; c < WR_COUNT(cases); c++)
    for (uint64_t seed = 1; seed <= 6; seed++)
      run(&cases[c], seed);
}

/* What happens to one operator, and what it then wants and has told. */
struct step {
  int64_t now; /* ms */
  enum { TIMER, ROW, WATERMARK, IDLE } what;
  int64_t told, timer; /* told: the last watermark so far, ms */
};

static void check_steps(const struct window_case *c, const struct step *steps, uint32_t count)
{
  struct wr_error err;
  struct job *job = job_new(c, 1);
  struct wr_operator *op = job->ops[0];
  CU_ASSERT_EQUAL(op->timer_us, WR_TIME_NONE); /* at once */
  for (uint32_t i = 0; i < count; i++) {
    const struct step *step = &steps[i];
    switch (step->what) {
    case TIMER: job_clock(job, 0, step->now * MS); break;
    case ROW: job_rows(job, 0, i, i + 1, step->now * MS); break;
    case WATERMARK: CU_ASSERT_EQUAL(wr_operator_watermark(op, step->now * MS, &err), WR_OK); break;
    case IDLE: CU_ASSERT_EQUAL(wr_operator_idle(op, 0, true, &err), WR_OK); break;
    }
    WR_CHECK(job->channels[0].sent_us == step->told * MS && op->timer_us == step->timer * MS,
             "%s, step %u: told %lld, timer at %lld us", c->name, i,
             (long long)job->channels[0].sent_us, (long long)op->timer_us);
  }
  CU_ASSERT_EQUAL(job->channels[0].idles, 0);
  job_end(job);
  job_free(job);
}

/* With no row the watermark is told at ends of windows, not too often, and once a second. */
static void told_in_time(void)
{
  static const struct step tumble[] = {
      {1003, TIMER, 1002, 1020},      {1019, TIMER, 1002, 1020}, {1020, TIMER, 1019, 1040},
      {1031, ROW, 1019, 1040},        {1045, ROW, 1044, 1060},   {1058, IDLE, 1044, 1060},
      {90000, WATERMARK, 1044, 1060}, {1059, TIMER, 1044, 1060}, {1061, TIMER, 1060, 1080}};
  static const struct step brief[] = {
      {1003, TIMER, 1002, 1013}, {1013, ROW, 1012, 1023}, {1022, ROW, 1012, 1023}};
  static const struct step longer[] = {
      {7000, TIMER, 6999, 8000}, {8001, TIMER, 8000, 9000}, {9000, TIMER, 8999, 10000}};
  static const struct step session[] = {{1003, TIMER, 1002, 1013},
                                        {1500, ROW, 1499, 1504},
                                        {1503, TIMER, 1499, 1504},
                                        {1504, TIMER, 1499, 1510},
                                        {1510, TIMER, 1509, 1520}};
  check_steps(&cases[0], tumble, WR_COUNT(tumble));
  check_steps(&cases[5], tumble, WR_COUNT(tumble));
  check_steps(&cases[1], brief, WR_COUNT(brief));
  check_steps(&cases[8], longer, WR_COUNT(longer));
  check_steps(&cases[4], session, WR_COUNT(session));
}

/* Rows get the operator's time, whatever the clock of a later task says. */
static void clocks_do_not_go_back(void)
{
  for (size_t c = 0; c < WR_COUNT(cases); c++) {
    struct job *job = job_new(&cases[c], 1);
    job_rows(job, 0, 0, 1, 7003 * MS);
    job_clock(job, 0, 8000 * MS);
    job_restore(job, 2);
    for (uint32_t t = 0; t < 2; t++) {
      job_rows(job, t, 1, 12, 3000 * MS);
      job_clock(job, t, 3000 * MS);
    }
    job_end(job);
    for (uint32_t t = 0; t < 2; t++)
      for (uint32_t m = 0; m < job->channels[t].count; m++) {
        const struct message *message = &job->channels[t].messages[m];
        if (message->watermark_us == WR_TIME_NONE)
          WR_CHECK(message->values[END] > 8000 * MS, "%s: a window up to %lld us", cases[c].name,
                   (long long)message->values[END]);
      }
    CU_ASSERT_EQUAL(job->rejects.count, 0);
    CU_ASSERT_EQUAL(job->results.twice, 0);
    job_free(job);
  }
}

static const struct wr_test tests[] = {
    {"told_in_time", told_in_time},
    {"clocks_do_not_go_back", clocks_do_not_go_back},
    {"nothing_is_late", nothing_is_late},
    {NULL, NULL},
};

const struct wr_suite wr_suite_clock = {"clock", tests};
