/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans made by hand, run as jobs are: tasks, channels, timers, snapshots. The source is a script
 * of rows (ts, k, other, split, number), each a batch of its own; the last step is a collector that
 * sees what arrives, in the order in which it does.
 */
#include <stdlib.h>

#include "core/time.h"
#include "tests/unit/check.h"
#include "tests/unit/hand_plan.h"

enum { TS, K, OTHER, SPLIT, NUMBER, COLUMNS };
enum { START = COLUMNS, END, TIME, WINDOWED };
enum { KEYS = 7, SPLITS_MAX = 4, AHEAD_MS = 1000 };
#define MS INT64_C(1000)

static const struct wr_field fields[2 * WINDOWED] = {
    {"ts", &wr_type_timestamp3}, {"k", &wr_type_bigint},      {"other", &wr_type_bigint},
    {"split", &wr_type_bigint},  {"number", &wr_type_bigint}, {"ws", &wr_type_timestamp3},
    {"we", &wr_type_timestamp3}, {"wt", &wr_type_timestamp3}, {"ts", &wr_type_timestamp3},
    {"k", &wr_type_bigint},      {"other", &wr_type_bigint},  {"split", &wr_type_bigint},
    {"number", &wr_type_bigint}, {"ws", &wr_type_timestamp3}, {"we", &wr_type_timestamp3},
    {"wt", &wr_type_timestamp3},
};
static const struct wr_schema source_schema = {COLUMNS, fields};
static const struct wr_schema window_schema = {WINDOWED, fields};
static const struct wr_schema pair_schema = {2 * WINDOWED, fields};

/* Row `number` of a split, in order of time; later splits are ahead. */
static int64_t row_time(int64_t split, int64_t number, int64_t ahead_ms)
{
  return (number + split * ahead_ms) * MS;
}
static int64_t row_key(int64_t split, int64_t number)
{
  return (number * 5 + split) % KEYS;
}
static int64_t row_other(int64_t split, int64_t number)
{
  return (number * 3 + 2 * split) % KEYS;
}

/* ---- a source of rows: options "splits", "rows" (of each), "ahead", "open" (it never ends) */

struct script {
  struct wr_reader reader;
  enum wr_split_state states[SPLITS_MAX];
  int64_t splits[SPLITS_MAX], next[SPLITS_MAX], rows, ahead_ms;
  bool open;
  uint32_t turn;
  struct hand_row row;
};

static enum wr_code script_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                                    struct wr_split **splits, uint32_t *split_count,
                                    struct wr_error *err)
{
  (void)err;
  *split_count = (uint32_t)hand_option(spec, "splits");
  *splits = WR_NEW_ARRAY(arena, struct wr_split, *split_count);
  for (uint32_t s = 0; s < *split_count; s++)
    (*splits)[s].name = wr_arena_print(arena, "%u", s);
  return WR_OK;
}

static const struct wr_reader_class script_class;

static enum wr_code script_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                                uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  (void)err;
  struct script *self = wr_memory_get_zero(sizeof *self);
  self->reader = (struct wr_reader){
      .class = &script_class, .states = self->states, .split_count = split_count};
  self->rows = hand_option(spec, "rows");
  self->ahead_ms = hand_option(spec, "ahead");
  self->open = hand_option(spec, "open");
  for (uint32_t s = 0; s < split_count; s++) {
    self->splits[s] = strtoll(splits[s].name, NULL, 10);
    self->next[s] = splits[s].position ? strtoll(splits[s].position, NULL, 10) : 0;
  }
  hand_row_open(&self->row, &source_schema);
  *out = &self->reader;
  return WR_OK;
}

static void script_close(struct wr_reader *reader)
{
  struct script *self = (struct script *)reader;
  hand_row_close(&self->row);
  free(self);
}

static void script_make(struct script *self, uint32_t s, struct wr_batch *batch)
{
  int64_t split = self->splits[s], number = self->next[s]++;
  const int64_t values[COLUMNS] = {row_time(split, number, self->ahead_ms), row_key(split, number),
                                   row_other(split, number), split, number};
  hand_row_make(&self->row, values, s, number, batch);
}

static enum wr_code script_poll_rows(struct wr_reader *reader, int wait_ms, struct wr_batch *batch,
                                     struct wr_error *err)
{
  struct script *self = (struct script *)reader;
  (void)wait_ms, (void)err;
  for (uint32_t i = 0; i < reader->split_count; i++) {
    uint32_t s = self->turn++ % reader->split_count;
    if (reader->held && reader->held[s])
      continue;
    if (self->next[s] < self->rows) {
      script_make(self, s, batch);
      return WR_OK;
    }
    self->states[s] = self->open ? WR_SPLIT_CAUGHT_UP : WR_SPLIT_DONE;
  }
  return WR_OK;
}

static const struct wr_reader_class script_class = {.discover = script_discover,
                                                    .open = script_open,
                                                    .close = script_close,
                                                    .poll_rows = script_poll_rows};
static const struct wr_connector script_connector = {.name = "script", .reader = &script_class};

/* ---- the last step */

/* What a collector has seen, in all of its copies. */
struct seen {
  struct hand_collector collector;
  uint64_t rows, sum;
  int64_t last_ms[SPLITS_MAX]; /* of each split; -1: nothing yet */
  int64_t drift_ms, rows_of_split;
  int64_t value[KEYS]; /* of changes: what stands for a key; -1: nothing */
  uint32_t faults;     /* what must not be */
};

/* Order does not matter, but which rows were paired does. */
static uint64_t pair_sum(int64_t split, int64_t number, int64_t other_split, int64_t other_number)
{
  return (uint64_t)(split * 1000 + number) * 1000003 +
         (uint64_t)(other_split * 1000 + other_number);
}

/* Changes of a key must come in their order: +I, then pairs of -U and +U. */
static void seen_change(struct seen *seen, int64_t key, int64_t value, uint8_t change)
{
  bool takes_back = change & WR_DELETE;
  if (takes_back ? seen->value[key] != value : seen->value[key] != -1)
    seen->faults++;
  seen->value[key] = takes_back ? -1 : value;
}

/* Before a row of a split its last one was no further ahead of the others than it may be. */
static void seen_drift(struct seen *seen, int64_t split, int64_t time_ms)
{
  for (int64_t s = 0; s < 2 && seen->last_ms[split] >= 0; s++) {
    bool ended = seen->last_ms[s] - s * AHEAD_MS + 1 == seen->rows_of_split;
    seen->faults +=
        seen->last_ms[s] >= 0 && !ended && seen->last_ms[split] > seen->last_ms[s] + seen->drift_ms;
  }
  seen->last_ms[split] = time_ms;
}

static void seen_row(struct hand_collector *self, const struct wr_operator *op,
                     const struct wr_batch *batch, uint32_t row)
{
  struct seen *seen = (struct seen *)self;
  int64_t values[2 * WINDOWED];
  (void)op;
  for (uint32_t c = 0; c < batch->schema->column_count; c++)
    values[c] = wr_column_i64(&batch->columns[c], row);
  seen->rows++;
  if (batch->change)
    seen_change(seen, values[K], values[NUMBER], batch->change[row]);
  if (seen->drift_ms)
    seen_drift(seen, values[SPLIT], values[TS] / MS);
  if (batch->schema->column_count == 2 * WINDOWED)
    seen->sum += pair_sum(values[SPLIT], values[NUMBER], values[WINDOWED + SPLIT],
                          values[WINDOWED + NUMBER]);
}

/* ---- plans */

enum { NODES_MAX = 6 };
struct job {
  struct wr_arena arena;
  struct wr_plan plan;
  struct wr_plan_node nodes[NODES_MAX];
  struct wr_plan_input inputs[NODES_MAX][2];
  struct wr_plan_source source;
  struct wr_watermark_spec watermark;
  struct wr_window_assign_spec assign;
  struct wr_window_join_spec join;
  struct seen seen;
  struct hand_collector *collector;
  struct wr_option_value values[4];
  struct wr_options options;
};

static struct wr_plan_node *job_add(struct job *job, const char *name,
                                    const struct wr_schema *schema, uint32_t parallelism)
{
  struct wr_plan_node *node = &job->nodes[job->plan.node_count];
  *node = (struct wr_plan_node){.id = job->plan.node_count,
                                .kind = WR_PLAN_OPERATOR,
                                .name = name,
                                .schema = schema,
                                .parallelism = parallelism,
                                .inputs = job->inputs[job->plan.node_count]};
  job->plan.node_count++;
  return node;
}

static void job_connect(struct job *job, struct wr_plan_node *node, uint32_t from,
                        enum wr_exchange exchange, const uint32_t *keys, uint32_t key_count)
{
  job->inputs[node->id][node->input_count++] = (struct wr_plan_input){
      .node = from, .exchange = exchange, .keys = keys, .key_count = key_count};
}

/* splits, rows, ahead, open: what the source's options say. */
static struct job *job_new(uint32_t parallelism, const char *const *options)
{
  static const char *const names[] = {"splits", "rows", "ahead", "open"};
  struct job *job = wr_memory_get_zero(sizeof *job);
  job->plan = (struct wr_plan){.nodes = job->nodes, .error_stream = UINT32_MAX, .time_zone = "UTC"};
  for (uint32_t i = 0; i < 4; i++)
    job->values[i] = (struct wr_option_value){.key = names[i], .value = options[i]};
  job->options = (struct wr_options){job->values, 4};
  job->source = hand_source(&script_connector, &job->options, &source_schema);
  struct wr_plan_node *source = job_add(job, "Source", &source_schema, parallelism);
  source->kind = WR_PLAN_SOURCE;
  source->source = &job->source;
  pthread_mutex_init(&job->seen.collector.lock, NULL);
  job->seen.collector.see = seen_row;
  job->collector = &job->seen.collector;
  for (uint32_t k = 0; k < KEYS; k++)
    job->seen.value[k] = -1;
  for (uint32_t s = 0; s < SPLITS_MAX; s++)
    job->seen.last_ms[s] = -1;
  return job;
}

static void job_free(struct job *job)
{
  pthread_mutex_destroy(&job->seen.collector.lock);
  wr_arena_free(&job->arena);
  free(job);
}

static void job_add_watermark(struct job *job)
{
  struct wr_plan_node *node = job_add(job, "Watermark", &source_schema, job->nodes[0].parallelism);
  job->watermark = hand_watermark(&source_schema, TS, &job->arena);
  node->operator_class = &wr_operator_class_watermark;
  node->spec = &job->watermark;
  job_connect(job, node, node->id - 1, WR_EXCHANGE_FORWARD, NULL, 0);
}

/* TUMBLE of 20 ms. */
static void job_add_assign(struct job *job, enum wr_exchange exchange)
{
  struct wr_plan_node *node = job_add(job, "Assign", &window_schema, job->nodes[0].parallelism);
  job->assign = (struct wr_window_assign_spec){
      .schema = &window_schema,
      .window = {.kind = WR_WINDOW_TUMBLE, .size_us = 20 * MS, .tick_us = MS},
      .time_column = TS};
  node->operator_class = &wr_operator_class_window_assign;
  node->spec = &job->assign;
  job_connect(job, node, node->id - 1, exchange, NULL, 0);
}

static void job_add_collector(struct job *job, enum wr_exchange exchange, const uint32_t *key,
                              uint32_t parallelism)
{
  const struct wr_plan_node *from = &job->nodes[job->plan.node_count - 1];
  struct wr_plan_node *node = job_add(job, "Collector", from->schema, parallelism);
  node->operator_class = &hand_collector_class;
  node->spec = &job->collector;
  job_connect(job, node, from->id, exchange, key, key ? 1 : 0);
}

static void job_run(struct job *job, struct wr_execution_options options,
                    struct wr_execution_summary *summary)
{
  struct wr_error err;
  CU_ASSERT_EQUAL(hand_run(&job->plan, options, summary, &err), WR_OK);
}

/* ---- where time goes */

/* Steps are measured or not; either way tasks are, and the two say the same. */
static void check_times(const struct wr_execution *execution, const struct job *job, bool timed)
{
  struct wr_arena arena = {0};
  uint32_t step_count, task_count;
  uint64_t in_steps_ns = 0, in_tasks_ns = 0;
  const struct wr_execution_step *steps = wr_execution_steps(execution, &arena, &step_count);
  const struct wr_execution_task *tasks = wr_execution_tasks(execution, &arena, &task_count);
  CU_ASSERT_EQUAL(step_count, 3);
  CU_ASSERT_EQUAL(task_count, 2 + 3);
  for (uint32_t i = 0; i < step_count; i++) {
    uint64_t busy_ns = steps[i].own_ns + steps[i].format_ns + steps[i].connector_ns;
    uint32_t copies = job->nodes[i].parallelism;
    in_steps_ns += busy_ns;
    WR_CHECK((busy_ns > 0) == timed, "step %u", i);
    WR_CHECK(steps[i].busiest_ns <= busy_ns, "step %u", i);
    WR_CHECK(steps[i].busiest_ns * copies >= busy_ns, "step %u", i);
    WR_CHECK(steps[i].rows_in == 100, "step %u", i);
    WR_CHECK(steps[i].rows_out == (i < 2 ? 100 : 0), "step %u", i);
    WR_CHECK(steps[i].batches_in > 0 && steps[i].batches_in <= 100, "step %u", i);
  }
  CU_ASSERT_EQUAL(steps[0].batches_in, 100); /* as the script gives them */
  CU_ASSERT_EQUAL(steps[1].batches_in, 100);
  for (uint32_t t = 0; t < task_count; t++) {
    in_tasks_ns += tasks[t].steps_ns;
    WR_CHECK(tasks[t].first_step == (t < 2 ? 0 : 2), "task %u", t);
    WR_CHECK(tasks[t].step_count == (t < 2 ? 2 : 1), "task %u", t);
    WR_CHECK(tasks[t].copy == (t < 2 ? t : t - 2), "task %u", t);
    WR_CHECK(tasks[t].spent_ns[WR_SPENT_BUSY] > 0 && tasks[t].cpu_ns > 0, "task %u", t);
    WR_CHECK((tasks[t].sending_ns > 0) == (timed && t < 2), "task %u", t);
    WR_CHECK(tasks[t].spent_ns[WR_SPENT_SAVING] == 0, "task %u", t);
  }
  CU_ASSERT_EQUAL(in_steps_ns, in_tasks_ns);
  wr_arena_free(&arena);
}

static void times_are_those_of_tasks(void)
{
  static const uint32_t key = K;
  for (int timed = 0; timed < 2; timed++) {
    struct job *job = job_new(2, (const char *const[]){"2", "50", "0", "0"});
    const struct wr_execution_options options = {.note = hand_note, .timed = timed};
    struct wr_execution *execution;
    struct wr_error err;
    job_add_watermark(job);
    job_add_collector(job, WR_EXCHANGE_HASH, &key, 3);
    CU_ASSERT_EQUAL_FATAL(wr_execution_start(&job->plan, &options, &execution, &err), WR_OK);
    while (!wr_execution_wait(execution, 1000))
      ;
    check_times(execution, job, timed);
    wr_execution_free(execution);
    job_free(job);
  }
}

/* ---- timers */

/* Asks for a timer with its first row, and for another with each; the third is the last thing it
 * wants. */
struct ticker {
  struct wr_operator op;
  _Atomic uint32_t *fired;
};

static enum wr_code ticker_open(const void *spec, const struct wr_operator_context *context,
                                struct wr_operator **out, struct wr_error *err);

static enum wr_code ticker_on_batch(struct wr_operator *op, uint32_t input,
                                    const struct wr_batch *batch, struct wr_error *err)
{
  (void)input;
  op->timer_us = batch->now_us + 3 * MS;
  return wr_emit_batch(op, batch, err);
}

static enum wr_code ticker_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  (void)err;
  if (++*((struct ticker *)op)->fired == 3)
    wr_operator_set_enough(op);
  else
    op->timer_us = now_us + 3 * MS;
  return WR_OK;
}

static const struct wr_operator_class ticker_class = {.name = "Ticker",
                                                      .open = ticker_open,
                                                      .on_batch = ticker_on_batch,
                                                      .on_timer = ticker_on_timer,
                                                      .close = hand_close};

static enum wr_code ticker_open(const void *spec, const struct wr_operator_context *context,
                                struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct ticker *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&ticker_class, context);
  self->fired = *(_Atomic uint32_t *const *)spec;
  *out = &self->op;
  return WR_OK;
}

/* One row, and then a source that stays open and says nothing. The job ends by its timers alone:
 * fused with the source, at the head of a task behind a channel, and fused there. */
static void timers_need_no_input(void)
{
  for (uint32_t place = 0; place < 3; place++) {
    struct job *job = job_new(1, (const char *const[]){"1", "1", "0", "1"});
    struct wr_execution_summary summary;
    _Atomic uint32_t fired = 0, *fired_at = &fired;
    if (place == 2)
      job_add_assign(job, WR_EXCHANGE_GATHER);
    struct wr_plan_node *node = job_add(job, "Ticker", &source_schema, 1);
    node->operator_class = &ticker_class;
    node->spec = &fired_at;
    job_connect(job, node, node->id - 1, place == 1 ? WR_EXCHANGE_GATHER : WR_EXCHANGE_FORWARD,
                NULL, 0);
    job_run(job, (struct wr_execution_options){0}, &summary);
    CU_ASSERT_EQUAL(fired, 3);
    CU_ASSERT_EQUAL(summary.rows_in, 1);
    job_free(job);
  }
}

/* Always has a timer that is due, and takes several steps to save; a timer after the barrier is one
 * too many. */
struct clocked {
  struct wr_operator op;
  _Atomic uint32_t *late;
  bool saved;
  uint32_t steps;
};

static enum wr_code clocked_on_batch(struct wr_operator *op, uint32_t input,
                                     const struct wr_batch *batch, struct wr_error *err)
{
  (void)input;
  op->timer_us = batch->now_us;
  return wr_emit_batch(op, batch, err);
}

static enum wr_code clocked_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct clocked *self = (struct clocked *)op;
  (void)err;
  *self->late += self->saved;
  op->timer_us = now_us;
  return WR_OK;
}

static void clocked_save(struct wr_operator *op, struct wr_part_writer *part)
{
  ((struct clocked *)op)->saved = true;
  wr_part_put_u64(part, 0);
}

static bool clocked_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  (void)part;
  return ++((struct clocked *)op)->steps % 5 == 0;
}

static enum wr_code clocked_open(const void *spec, const struct wr_operator_context *context,
                                 struct wr_operator **out, struct wr_error *err);

static const struct wr_operator_class clocked_class = {.name = "Clocked",
                                                       .open = clocked_open,
                                                       .on_batch = clocked_on_batch,
                                                       .on_timer = clocked_on_timer,
                                                       .save = clocked_save,
                                                       .save_step = clocked_save_step,
                                                       .close = hand_close};

static enum wr_code clocked_open(const void *spec, const struct wr_operator_context *context,
                                 struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct clocked *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&clocked_class, context);
  self->late = *(_Atomic uint32_t *const *)spec;
  *out = &self->op;
  return WR_OK;
}

/* What the clock brings about behind the barrier at which tests cut a job, its rest does again:
 * early results would come twice. */
static void no_timer_behind_a_cut(void)
{
  for (uint32_t place = 0; place < 2; place++) {
    struct job *job = job_new(1, (const char *const[]){"1", "20", "0", "0"});
    struct wr_store *store = wr_store_memory_new();
    struct wr_execution_summary summary;
    _Atomic uint32_t late = 0, *late_at = &late;
    struct wr_plan_node *node = job_add(job, "Clocked", &source_schema, 1);
    node->operator_class = &clocked_class;
    node->identity = "clocked";
    node->spec = &late_at;
    job_connect(job, node, node->id - 1, place ? WR_EXCHANGE_GATHER : WR_EXCHANGE_FORWARD, NULL, 0);
    job_run(job, (struct wr_execution_options){.store = store, .cut_after_records = 5}, &summary);
    WR_CHECK(late == 0, "%u timers, place %u", (unsigned)late, place);
    job_free(job);
    store->class->close(store);
  }
}

/* ---- an operator with two inputs */

static uint64_t joined_rows(uint32_t splits, int64_t rows, uint64_t *sum)
{
  uint64_t count = 0;
  *sum = 0;
  for (int64_t s = 0; s < splits; s++)
    for (int64_t n = 0; n < rows; n++)
      for (int64_t t = 0; t < splits; t++)
        for (int64_t m = n / 20 * 20; m < n / 20 * 20 + 20 && m < rows; m++)
          if (row_key(s, n) == row_other(t, m)) {
            count++;
            *sum += pair_sum(s, n, t, m);
          }
  return count;
}

static struct job *self_join(uint32_t parallelism)
{
  static const uint32_t left[] = {K}, right[] = {OTHER};
  struct job *job = job_new(parallelism, (const char *const[]){"3", "200", "0", "0"});
  job_add_watermark(job);
  job_add_assign(job, WR_EXCHANGE_FORWARD);
  struct wr_plan_node *join = job_add(job, "Join", &pair_schema, parallelism);
  job->join = (struct wr_window_join_spec){.schema = &pair_schema,
                                           .kind = WR_JOIN_INNER,
                                           .window = {.kind = WR_WINDOW_ATTACHED, .tick_us = MS},
                                           .sides = {{&window_schema, START, END, left, NULL},
                                                     {&window_schema, START, END, right, NULL}},
                                           .key_count = 1,
                                           .pair_schema = &pair_schema};
  join->operator_class = &wr_operator_class_window_join;
  join->spec = &job->join;
  join->identity = "join";
  job_connect(job, join, 2, WR_EXCHANGE_HASH, left, 1);
  job_connect(job, join, 2, WR_EXCHANGE_HASH, right, 1);
  job_add_collector(job, WR_EXCHANGE_FORWARD, NULL, parallelism);
  return job;
}

/* Both inputs of a join come from the same step, by different keys. */
static void one_producer_for_both_inputs(void)
{
  uint64_t sum, count = joined_rows(3, 200, &sum);
  for (uint32_t parallelism = 1; parallelism <= 3; parallelism++) {
    struct job *job = self_join(parallelism);
    struct wr_execution_summary summary;
    job_run(job, (struct wr_execution_options){0}, &summary);
    CU_ASSERT_EQUAL(summary.rejected[WR_REJECT_LATE], 0);
    WR_CHECK(job->seen.rows == count && job->seen.sum == sum, "parallelism %u", parallelism);
    job_free(job);
  }
}

/* A barrier that comes on both inputs cuts them at the same place. */
static void barriers_align_over_both_inputs(void)
{
  uint64_t sum, count = joined_rows(3, 200, &sum);
  for (uint32_t parallelism = 1; parallelism <= 3; parallelism += 2) {
    for (uint64_t cut = 50; cut < 200; cut += 37) {
      struct wr_store *store = wr_store_memory_new();
      struct wr_execution_options options = {.store = store, .cut_after_records = cut};
      struct wr_execution_summary summary;
      struct job *job = self_join(parallelism), *rest = self_join(4 - parallelism);
      job_run(job, options, &summary);
      CU_ASSERT(job->seen.rows < count);
      struct wr_arena arena = {0};
      struct wr_snapshot snapshot;
      struct wr_error err;
      uint64_t epoch;
      CU_ASSERT_FATAL(store->class->latest(store, &epoch));
      CU_ASSERT_FATAL(wr_snapshot_read(store, epoch, &arena, &snapshot, &err) == WR_OK);
      options.from = &snapshot;
      options.cut_after_records = 0;
      job_run(rest, options, &summary);
      wr_arena_free(&arena);
      WR_CHECK(job->seen.rows + rest->seen.rows == count && job->seen.sum + rest->seen.sum == sum,
               "cut at %u, parallelism %u", (unsigned)cut, parallelism);
      job_free(job);
      job_free(rest);
      store->class->close(store);
    }
  }
}

/* ---- changes */

/* Turns rows into changes: what stood for their key before is taken back. */
struct changer {
  struct wr_operator op;
  int64_t value[KEYS];
  bool known[KEYS];
  struct wr_builder builders[COLUMNS];
};

static enum wr_code changer_open(const void *spec, const struct wr_operator_context *context,
                                 struct wr_operator **out, struct wr_error *err);

static void changer_put(struct changer *self, const struct wr_batch *batch, uint32_t row,
                        int64_t number)
{
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_reserve(&self->builders[c], 1);
    wr_builder_put_i64(&self->builders[c],
                       c == NUMBER ? number : wr_column_i64(&batch->columns[c], row));
  }
}

static enum wr_code changer_row(struct changer *self, const struct wr_batch *batch, uint32_t row,
                                struct wr_error *err)
{
  struct wr_column columns[COLUMNS];
  uint8_t change[2];
  uint32_t count = 0;
  int64_t key = wr_column_i64(&batch->columns[K], row);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reset(&self->builders[c]);
  if (self->known[key]) {
    changer_put(self, batch, row, self->value[key]);
    change[count++] = WR_UPDATE_BEFORE;
  }
  change[count++] = self->known[key] ? WR_UPDATE_AFTER : WR_INSERT;
  self->value[key] = wr_column_i64(&batch->columns[NUMBER], row);
  self->known[key] = true;
  changer_put(self, batch, row, self->value[key]);
  for (uint32_t c = 0; c < COLUMNS; c++)
    columns[c] = wr_builder_view(&self->builders[c]);
  struct wr_batch rows = {.schema = batch->schema,
                          .columns = columns,
                          .row_count = count,
                          .picked_count = count,
                          .change = change,
                          .others_us = WR_TIME_END,
                          .now_us = batch->now_us};
  return wr_emit_batch(&self->op, &rows, err);
}

static enum wr_code changer_on_batch(struct wr_operator *op, uint32_t input,
                                     const struct wr_batch *batch, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  (void)input;
  for (uint32_t i = 0; i < batch->picked_count && code == WR_OK; i++)
    code = changer_row((struct changer *)op, batch, wr_batch_row(batch, i), err);
  return code;
}

static void changer_close(struct wr_operator *op)
{
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&((struct changer *)op)->builders[c]);
  free(op);
}

static const struct wr_operator_class changer_class = {
    .name = "Changer", .open = changer_open, .on_batch = changer_on_batch, .close = changer_close};

static enum wr_code changer_open(const void *spec, const struct wr_operator_context *context,
                                 struct wr_operator **out, struct wr_error *err)
{
  (void)spec, (void)err;
  struct changer *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&changer_class, context);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&self->builders[c], fields[c].type);
  *out = &self->op;
  return WR_OK;
}

/* Through pages and channels a key's changes stay in their order, and its last value is left. */
static void changes_of_a_key_stay_in_order(void)
{
  enum { ROWS = 20000 };
  static const uint32_t key[] = {K};
  static const struct {
    enum wr_exchange exchange;
    uint32_t writers, readers;
  } ways[] = {{WR_EXCHANGE_HASH, 3, 3},   {WR_EXCHANGE_HASH, 3, 2},   {WR_EXCHANGE_GATHER, 3, 1},
              {WR_EXCHANGE_HASH, 1, 3},   {WR_EXCHANGE_SPREAD, 3, 2}, {WR_EXCHANGE_FORWARD, 3, 3},
              {WR_EXCHANGE_SPREAD, 1, 3}, {WR_EXCHANGE_SPREAD, 2, 3}};
  for (size_t w = 0; w < WR_COUNT(ways); w++) {
    struct job *job = job_new(1, (const char *const[]){"1", "20000", "0", "0"});
    struct wr_execution_summary summary;
    struct wr_plan_node *node = job_add(job, "Changer", &source_schema, ways[w].writers);
    node->operator_class = &changer_class;
    node->changes = true;
    node->spec = job;
    job_connect(job, node, 0, WR_EXCHANGE_HASH, key, 1);
    job_add_collector(job, ways[w].exchange, key, ways[w].readers);
    job_run(job, (struct wr_execution_options){0}, &summary);
    WR_CHECK(job->seen.faults == 0 && job->seen.rows == 2 * ROWS - KEYS, "way %u", (unsigned)w);
    for (int64_t number = ROWS - KEYS; number < ROWS; number++)
      CU_ASSERT_EQUAL(job->seen.value[row_key(0, number)], number);
    job_free(job);
  }
}

/* ---- alignment */

/* Of two splits a second apart neither runs away, in one task and in two. */
static void splits_keep_together(void)
{
  for (uint32_t parallelism = 1; parallelism <= 2; parallelism++) {
    for (int64_t interval_us = 0; interval_us < 3 * MS; interval_us += 2 * MS) {
      struct job *job = job_new(parallelism, (const char *const[]){"2", "2000", "1000", "0"});
      struct wr_execution_summary summary;
      job->source.alignment = (struct wr_plan_alignment){"g", 100 * MS, interval_us};
      job->seen.drift_ms = 100;
      job->seen.rows_of_split = 2000;
      job_add_watermark(job);
      job_add_collector(job, WR_EXCHANGE_FORWARD, NULL, parallelism);
      job_run(job, (struct wr_execution_options){0}, &summary);
      WR_CHECK(job->seen.faults == 0, "parallelism %u: %u rows too far ahead", parallelism,
               job->seen.faults);
      CU_ASSERT_EQUAL(job->seen.rows, 4000);
      job_free(job);
    }
  }
}

static const struct wr_test tests[] = {
    {"times_are_those_of_tasks", times_are_those_of_tasks},
    {"timers_need_no_input", timers_need_no_input},
    {"no_timer_behind_a_cut", no_timer_behind_a_cut},
    {"one_producer_for_both_inputs", one_producer_for_both_inputs},
    {"barriers_align_over_both_inputs", barriers_align_over_both_inputs},
    {"changes_of_a_key_stay_in_order", changes_of_a_key_stay_in_order},
    {"splits_keep_together", splits_keep_together},
    {NULL, NULL},
};

const struct wr_suite wr_suite_runtime = {"runtime", tests};
