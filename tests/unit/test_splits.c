/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Splits that appear while a job reads. The source is a made-up stream of shards: a table says who
 * is whose child, and a child begins where its parents have ended, both in their order and in time.
 * A far one is always ahead of the rest, so that a watermark which is not held by a child that is
 * about to begin runs past all of its rows.
 *
 *   a -> c, d      d, b -> e      e -> f      far      late: nobody's child, found in reader 7
 */
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/time.h"
#include "runtime/inventory.h"
#include "runtime/source.h"
#include "tests/unit/check.h"
#include "tests/unit/hand_plan.h"

enum { TS, SHARD, NUMBER, COLUMNS };
enum { A, B, FAR, C, D, E, F, LATE, SHARDS };
#define MS     INT64_C(1000)
#define NOBODY UINT32_MAX

static const struct shard {
  const char *name;
  uint32_t parents[2];
  int64_t rows, first_ms;
} shards[SHARDS] = {
    {"a", {NOBODY, NOBODY}, 60, 0},
    {"b", {NOBODY, NOBODY}, 90, 0},
    {"far", {NOBODY, NOBODY}, 400, 100000},
    {"c", {A, NOBODY}, 50, 100},
    {"d", {A, NOBODY}, 70, 100},
    {"e", {D, B}, 40, 200},
    {"f", {E, NOBODY}, 30, 300},
    {"late", {NOBODY, NOBODY}, 25, 200000},
};
enum { ROOTS = 3, LATE_READER = 7 };

static const struct wr_field fields[COLUMNS] = {
    {"ts", &wr_type_timestamp3}, {"shard", &wr_type_bigint}, {"number", &wr_type_bigint}};
static const struct wr_schema schema = {COLUMNS, fields};

/* What all readers of a source know. */
struct ledger {
  _Atomic bool drained[SHARDS];
  bool known[SHARDS]; /* found at the start, or gone */
  uint32_t gone_count;
};

struct stream {
  struct wr_reader reader;
  struct ledger *ledger;
  struct wr_arena arena;
  uint32_t task, task_count, opened;
  uint32_t shard[SHARDS];
  int64_t next[SHARDS];
  enum wr_split_state states[2][SHARDS]; /* the reader's moves with every split that is added */
  struct wr_split added[2][SHARDS];
  uint32_t half, turn;
  bool late_begun;
  struct hand_row row;
};

static uint32_t shard_find(const char *name)
{
  uint32_t s = 0;
  while (s < SHARDS && strcmp(shards[s].name, name) != 0)
    s++;
  return s;
}

/* "found": a string of 0 and 1, who is there when the job begins. */
static enum wr_code stream_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                                    struct wr_split **splits, uint32_t *split_count,
                                    struct wr_error *err)
{
  (void)err;
  const char *found = wr_options_find(spec->options, "found");
  *splits = WR_NEW_ARRAY(arena, struct wr_split, SHARDS);
  *split_count = 0;
  for (uint32_t s = 0; s < SHARDS && found[s]; s++)
    if (found[s] == '1')
      (*splits)[(*split_count)++].name = shards[s].name;
  return WR_OK;
}

static enum wr_code stream_share(const struct wr_table_spec *spec, const struct wr_split *splits,
                                 uint32_t split_count, const struct wr_split *gone,
                                 uint32_t gone_count, void **out, struct wr_error *err)
{
  struct ledger *ledger = wr_memory_get_zero(sizeof *ledger);
  (void)spec, (void)err;
  for (uint32_t i = 0; i < split_count + gone_count; i++) {
    const struct wr_split *split = i < split_count ? &splits[i] : &gone[i - split_count];
    uint32_t s = shard_find(split->name);
    CU_ASSERT_FATAL(s < SHARDS);
    ledger->known[s] = true;
    ledger->drained[s] = split->position && strcmp(split->position, "end") == 0;
  }
  ledger->gone_count = gone_count;
  *out = ledger;
  return WR_OK;
}

static const struct wr_reader_class stream_class;

static void stream_take(struct stream *self, uint32_t shard, int64_t next)
{
  uint32_t split = self->reader.split_count++;
  memcpy(self->states[1 - self->half], self->states[self->half], sizeof self->states[0]);
  memcpy(self->added[1 - self->half], self->added[self->half], sizeof self->added[0]);
  self->half = 1 - self->half; /* who still looks at the old ones sees what is not so */
  memset(self->states[1 - self->half], 0x7f, sizeof self->states[0]);
  memset(self->added[1 - self->half], 0, sizeof self->added[0]);
  self->reader.states = self->states[self->half];
  self->reader.added = self->added[self->half];
  self->shard[split] = shard;
  self->next[split] = next;
  self->states[self->half][split] = WR_SPLIT_WAITS;
}

static enum wr_code stream_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                                uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  (void)err;
  struct stream *self = wr_memory_get_zero(sizeof *self);
  self->reader.class = &stream_class;
  self->ledger = spec->shared;
  self->task = spec->task;
  self->task_count = spec->task_count;
  for (uint32_t s = 0; s < split_count; s++) {
    const char *position = splits[s].position;
    uint32_t shard = shard_find(splits[s].name);
    bool at_end = position && strcmp(position, "end") == 0;
    stream_take(self, shard, at_end ? shards[shard].rows : position ? strtoll(position, 0, 10) : 0);
  }
  self->opened = split_count;
  self->reader.may_grow = hand_option(spec, "late") &&
                          spec->task == LATE_READER % spec->task_count &&
                          !self->ledger->known[LATE];
  hand_row_open(&self->row, &schema);
  *out = &self->reader;
  return WR_OK;
}

static void stream_close(struct wr_reader *reader)
{
  struct stream *self = (struct stream *)reader;
  hand_row_close(&self->row);
  free(self);
}

static void stream_add(struct stream *self, uint32_t shard)
{
  uint32_t split = self->reader.split_count;
  stream_take(self, shard, 0);
  self->added[self->half][split - self->opened].name = shards[shard].name;
}

static bool shard_may_begin(const struct stream *self, uint32_t shard)
{
  for (uint32_t p = 0; p < 2; p++)
    if (shards[shard].parents[p] != NOBODY && !self->ledger->drained[shards[shard].parents[p]])
      return false;
  return true;
}

/* Its last row has been taken: it is DONE, and with that its children are there. */
static void stream_end(struct stream *self, uint32_t split)
{
  uint32_t parent = self->shard[split];
  self->ledger->drained[parent] = true;
  for (uint32_t s = 0; s < SHARDS; s++)
    if (shards[s].parents[0] == parent && !self->ledger->known[s])
      stream_add(self, s);
  self->states[self->half][split] = WR_SPLIT_DONE;
}

static void stream_make(struct stream *self, uint32_t split, struct wr_batch *batch)
{
  const struct shard *shard = &shards[self->shard[split]];
  int64_t number = self->next[split]++;
  const int64_t values[COLUMNS] = {(shard->first_ms + number) * MS, self->shard[split], number};
  hand_row_make(&self->row, values, split, number, batch);
}

/* Ends, and rows of another split, may come with one poll. */
static enum wr_code stream_poll_rows(struct wr_reader *reader, int wait_ms, struct wr_batch *batch,
                                     struct wr_error *err)
{
  struct stream *self = (struct stream *)reader;
  (void)wait_ms, (void)err;
  if (reader->may_grow && !self->late_begun && self->ledger->drained[F]) {
    stream_add(self, LATE);
    self->late_begun = true;
    reader->may_grow = false;
  }
  for (uint32_t i = 0; i < reader->split_count; i++) {
    uint32_t split = self->turn++ % reader->split_count, shard = self->shard[split];
    if (reader->states[split] == WR_SPLIT_DONE || !shard_may_begin(self, shard))
      continue;
    reader->states[split] = WR_SPLIT_READING;
    if (self->next[split] < shards[shard].rows) {
      stream_make(self, split, batch);
      return WR_OK;
    }
    stream_end(self, split);
  }
  return WR_OK;
}

static bool stream_grows(const struct wr_table_spec *spec)
{
  return hand_option(spec, "late") != 0;
}

static const struct wr_reader_class stream_class = {.discover = stream_discover,
                                                    .share = stream_share,
                                                    .unshare = free,
                                                    .open = stream_open,
                                                    .close = stream_close,
                                                    .grows = stream_grows,
                                                    .end_position = "end",
                                                    .poll_rows = stream_poll_rows};
static const struct wr_connector stream_connector = {.name = "stream", .reader = &stream_class};

/* ---- what arrives */

struct seen {
  struct hand_collector collector;
  uint64_t times[SHARDS][400];
  bool alone; /* rows come through channels of several readers, in whatever order */
  uint32_t out_of_order, late, overtaken;
};

static bool shard_is_seen(const struct seen *seen, uint32_t shard)
{
  return shard == NOBODY || seen->times[shard][shards[shard].rows - 1] > 0;
}

/* Behind the watermark, in its task, or alone behind all tasks: `before` is what the row must be
 * behind. */
static void seen_row(struct hand_collector *self, const struct wr_operator *op,
                     const struct wr_batch *batch, uint32_t row)
{
  struct seen *seen = (struct seen *)self;
  uint32_t shard = (uint32_t)wr_column_i64(&batch->columns[SHARD], row);
  int64_t number = wr_column_i64(&batch->columns[NUMBER], row);
  int64_t time_us = wr_column_i64(&batch->columns[TS], row);
  seen->times[shard][number]++;
  for (uint32_t p = 0; p < 2; p++)
    seen->out_of_order += !seen->alone && !shard_is_seen(seen, shards[shard].parents[p]);
  seen->late += batch->arrived_us && batch->arrived_us[row] >= time_us;
  seen->overtaken += op->watermark_us >= time_us;
}

/* ---- jobs */

struct job {
  struct wr_arena arena;
  struct wr_plan plan;
  struct wr_plan_node nodes[3];
  struct wr_plan_input inputs[3];
  struct wr_plan_source source;
  struct wr_watermark_spec watermark;
  struct wr_option_value values[2];
  struct wr_options options;
  struct hand_collector *collector;
};

/* found, late: what the source's options say; alone: the collector is a task of its own. */
static void job_make(struct job *job, struct seen *seen, uint32_t parallelism, const char *found,
                     bool late, bool alone)
{
  seen->collector.see = seen_row;
  job->collector = &seen->collector;
  seen->alone = alone;
  job->values[0] = (struct wr_option_value){.key = "found", .value = found};
  job->values[1] = (struct wr_option_value){.key = "late", .value = late ? "1" : "0"};
  job->options = (struct wr_options){job->values, 2};
  job->source = hand_source(&stream_connector, &job->options, &schema);
  job->watermark = hand_watermark(&schema, TS, &job->arena);
  job->nodes[0] = (struct wr_plan_node){.kind = WR_PLAN_SOURCE, .source = &job->source};
  job->nodes[1] = (struct wr_plan_node){
      .operator_class = &wr_operator_class_watermark, .spec = &job->watermark, .id = 1};
  job->nodes[2] = (struct wr_plan_node){
      .operator_class = &hand_collector_class, .spec = &job->collector, .id = 2};
  for (uint32_t n = 0; n < 3; n++) {
    struct wr_plan_node *node = &job->nodes[n];
    bool gathers = n == 2 && alone;
    node->name = node->identity = n == 0 ? "Source" : n == 1 ? "Watermark" : "Collector";
    node->kind = n ? WR_PLAN_OPERATOR : WR_PLAN_SOURCE;
    node->schema = &schema;
    node->parallelism = gathers ? 1 : parallelism;
    node->inputs = &job->inputs[n];
    node->input_count = n > 0;
    if (n > 0)
      job->inputs[n] = (struct wr_plan_input){
          .node = n - 1, .exchange = gathers ? WR_EXCHANGE_GATHER : WR_EXCHANGE_FORWARD};
  }
  job->plan = (struct wr_plan){
      .nodes = job->nodes, .node_count = 3, .error_stream = UINT32_MAX, .time_zone = "UTC"};
}

static enum wr_code job_run(struct job *job, struct wr_execution_options options,
                            struct wr_error *err)
{
  enum wr_code code = hand_run(&job->plan, options, NULL, err);
  wr_arena_free(&job->arena);
  return code;
}

static void check_seen(const struct seen *seen, bool late, const char *what, uint32_t parallelism)
{
  for (uint32_t s = 0; s < SHARDS; s++)
    for (int64_t n = 0; n < shards[s].rows; n++)
      if (seen->times[s][n] != (s == LATE ? late : 1)) {
        WR_CHECK(false, "%s, parallelism %u: row %d of %s came %d times", what, parallelism, (int)n,
                 shards[s].name, (int)seen->times[s][n]);
        break;
      }
  WR_CHECK(seen->out_of_order == 0 && seen->late == 0 && seen->overtaken == 0,
           "%s, parallelism %u: %u before their parents, %u late, %u overtaken", what, parallelism,
           seen->out_of_order, seen->late, seen->overtaken);
}

/* ---- tests */

/* Children follow parents, also those in other readers, and neither in their task nor behind all
 * tasks does the watermark pass before them. */
static void children_follow_parents(void)
{
  for (uint32_t parallelism = 1; parallelism <= 4; parallelism++)
    for (uint32_t alone = 0; alone < 2; alone++) {
      struct seen seen = {.collector.lock = PTHREAD_MUTEX_INITIALIZER};
      struct wr_error err;
      struct job job = {0};
      job_make(&job, &seen, parallelism, "111", false, alone);
      CU_ASSERT_EQUAL(job_run(&job, (struct wr_execution_options){0}, &err), WR_OK);
      check_seen(&seen, false, alone ? "alone" : "fused", parallelism);
    }
}

/* A reader that has nothing waits for what may come, and meanwhile holds nobody's watermark. */
static void a_reader_without_splits_waits(void)
{
  for (uint32_t parallelism = 1; parallelism <= 8; parallelism += 7) {
    struct seen seen = {.collector.lock = PTHREAD_MUTEX_INITIALIZER};
    struct wr_error err;
    struct job job = {0};
    job_make(&job, &seen, parallelism, "111", true, true);
    CU_ASSERT_EQUAL(job_run(&job, (struct wr_execution_options){0}, &err), WR_OK);
    check_seen(&seen, true, "a late split", parallelism);
  }
}

static void read_newest(struct wr_store *store, struct wr_arena *arena,
                        struct wr_snapshot *snapshot)
{
  uint64_t epoch;
  struct wr_error err;
  CU_ASSERT_FATAL(store->class->latest(store, &epoch));
  CU_ASSERT_FATAL(wr_snapshot_read(store, epoch, arena, snapshot, &err) == WR_OK);
}

/* Cut anywhere, a job goes on with as many readers as it likes: from positions of splits that were
 * there and of those that were found, ended ones among them. */
static void going_on_finds_them_again(void)
{
  for (uint32_t parallelism = 1; parallelism <= 3; parallelism++)
    for (uint64_t cut = 20; cut < 400; cut += 31) {
      struct seen seen = {.collector.lock = PTHREAD_MUTEX_INITIALIZER};
      struct wr_store *store = wr_store_memory_new();
      struct wr_arena arena = {0};
      struct wr_snapshot snapshot;
      struct wr_error err;
      struct job job = {0}, rest = {0};
      job_make(&job, &seen, parallelism, "111", false, cut % 2);
      job_make(&rest, &seen, 4 - parallelism, "1111111", false, cut % 2);
      CU_ASSERT_EQUAL(
          job_run(&job, (struct wr_execution_options){.store = store, .cut_after_records = cut},
                  &err),
          WR_OK);
      read_newest(store, &arena, &snapshot);
      CU_ASSERT_EQUAL(job_run(&rest, (struct wr_execution_options){.from = &snapshot}, &err),
                      WR_OK);
      check_seen(&seen, false, "going on", parallelism);
      wr_arena_free(&arena);
      store->class->close(store);
    }
}

static const char *position_of(const struct wr_snapshot *snapshot, struct wr_arena *arena,
                               const char *split)
{
  struct wr_inventory_position *positions;
  uint32_t count;
  struct wr_error err;
  const char *found = NULL;
  CU_ASSERT_FATAL(wr_inventory_positions(snapshot, "Source", arena, &positions, &count, &err) ==
                  WR_OK);
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(positions[i].split, split) == 0) {
      CU_ASSERT_PTR_NULL(found); /* once */
      found = positions[i].position;
    }
  return found;
}

/* Parents that discovery does not find any more are known all the same: by those who wait for them,
 * and in every epoch from then on. */
static void gone_ones_are_kept(void)
{
  struct seen seen = {.collector.lock = PTHREAD_MUTEX_INITIALIZER};
  struct wr_store *store = wr_store_memory_new();
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  struct wr_error err;
  struct job jobs[3] = {0};
  static const char *const found[3] = {"111", "0011111", "0011111"};
  for (uint32_t i = 0; i < 3; i++) {
    struct wr_execution_options options = {.store = store, .from = i ? &snapshot : NULL};
    options.cut_after_records = i == 0 ? 400 : i == 1 ? 30 : 0;
    job_make(&jobs[i], &seen, i == 1 ? 2 : 1, found[i], false, true);
    CU_ASSERT_EQUAL(job_run(&jobs[i], options, &err), WR_OK);
    if (i == 2)
      break;
    read_newest(store, &arena, &snapshot);
    const char *a = position_of(&snapshot, &arena, "a"), *b = position_of(&snapshot, &arena, "b");
    WR_CHECK(a && strcmp(a, "end") == 0, "a is at %s in job %u", a ? a : "?", i);
    WR_CHECK(b && strcmp(b, "end") == 0, "b is at %s in job %u", b ? b : "?", i);
    CU_ASSERT_PTR_NOT_NULL(position_of(&snapshot, &arena, "c"));
  }
  check_seen(&seen, false, "gone", 1);
  wr_arena_free(&arena);
  store->class->close(store);
}

/* ---- rows and states that come with the same poll */

enum { BURST_ROWS = 5, BURSTS = 2 };

struct burst {
  struct wr_reader reader;
  enum wr_split_state state;
  uint32_t polls;
  struct wr_builder builder;
  struct wr_column column;
  struct wr_run run;
};

static const struct wr_reader_class burst_class;

static enum wr_code burst_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                               uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct burst *self = wr_memory_get_zero(sizeof *self);
  (void)spec, (void)splits, (void)err;
  self->reader =
      (struct wr_reader){.class = &burst_class, .states = &self->state, .split_count = split_count};
  wr_builder_open(&self->builder, &wr_type_bigint);
  *out = &self->reader;
  return WR_OK;
}

static void burst_close(struct wr_reader *reader)
{
  wr_builder_close(&((struct burst *)reader)->builder);
  free(reader);
}

/* Some rows, behind which there is nothing for now; the last ones end the split. */
static enum wr_code burst_poll_rows(struct wr_reader *reader, int wait_ms, struct wr_batch *batch,
                                    struct wr_error *err)
{
  struct burst *self = (struct burst *)reader;
  (void)wait_ms, (void)err;
  wr_builder_reset(&self->builder);
  wr_builder_reserve(&self->builder, BURST_ROWS);
  for (int64_t i = 0; i < BURST_ROWS; i++)
    wr_builder_put_i64(&self->builder, i);
  self->column = wr_builder_view(&self->builder);
  self->run = (struct wr_run){0, 0, BURST_ROWS, {"x", 1}};
  batch->columns = &self->column;
  batch->row_count = batch->picked_count = BURST_ROWS;
  batch->runs = &self->run;
  batch->run_count = 1;
  self->state = ++self->polls == BURSTS ? WR_SPLIT_DONE : WR_SPLIT_CAUGHT_UP;
  return WR_OK;
}

static const struct wr_reader_class burst_class = {
    .open = burst_open, .close = burst_close, .poll_rows = burst_poll_rows};
static const struct wr_connector burst_connector = {.name = "burst", .reader = &burst_class};

struct teller {
  struct wr_operator op;
  char said[64];
  size_t length;
};

static enum wr_code teller_on_batch(struct wr_operator *op, uint32_t input,
                                    const struct wr_batch *batch, struct wr_error *err)
{
  struct teller *self = (struct teller *)op;
  (void)input, (void)err;
  for (uint32_t i = 0; i < batch->picked_count && self->length + 1 < sizeof self->said; i++)
    self->said[self->length++] = 'r';
  return WR_OK;
}

static enum wr_code teller_on_split(struct wr_operator *op, uint32_t split, int state,
                                    int64_t now_us, struct wr_error *err)
{
  struct teller *self = (struct teller *)op;
  (void)split, (void)now_us, (void)err;
  if (self->length + 1 < sizeof self->said)
    self->said[self->length++] = state == WR_SPLIT_DONE        ? 'D'
                                 : state == WR_SPLIT_CAUGHT_UP ? 'C'
                                                               : '?';
  return WR_OK;
}

static const struct wr_operator_class teller_class = {
    .name = "teller", .on_batch = teller_on_batch, .on_split = teller_on_split};

/* Who has caught up, or ended, has no rows on the way: otherwise a watermark that follows the clock
 * then would overtake them. */
static void states_come_behind_rows(void)
{
  static const uint32_t wanted[] = {0};
  static const uint32_t *const no_fields[] = {NULL};
  static const struct wr_field number[] = {{"n", &wr_type_bigint}};
  static const struct wr_schema numbers = {1, number};
  static const struct wr_split split = {.name = "0"};
  static const struct wr_options no_options;
  const struct wr_plan_source plan = {
      .table = {.name = "t", .connector = &burst_connector, .options = &no_options},
      .wanted = wanted,
      .wanted_count = 1,
      .made = &numbers,
      .fields = no_fields};
  for (uint32_t rows = 1; rows <= BURST_ROWS; rows++) {
    struct wr_metrics metrics = {0}, teller_metrics = {0};
    struct wr_operator_context context = {.task_count = 1, .name = "t", .metrics = &metrics};
    struct wr_operator_context teller_context = {.name = "s", .metrics = &teller_metrics};
    struct teller teller = {.op = wr_operator_head(&teller_class, &teller_context)};
    const struct wr_target target = {&teller.op, 0};
    const struct wr_source_settings settings = {.batch_rows = rows};
    struct wr_source *source;
    struct wr_error err;
    bool moved;
    CU_ASSERT_EQUAL_FATAL(
        wr_source_open(&plan, &numbers, &split, 1, &context, &settings, &source, &err), WR_OK);
    wr_source_operator(source)->targets = &target;
    wr_source_operator(source)->target_count = 1;
    while (!wr_source_is_done(source))
      CU_ASSERT_EQUAL_FATAL(wr_source_step(source, 0, 0, &moved, &err), WR_OK);
    WR_CHECK(strcmp(teller.said, "rrrrrCrrrrrD") == 0, "batches of %u: %s", rows, teller.said);
    wr_source_leave(source);
    wr_source_close(source);
  }
}

static const struct wr_test tests[] = {
    {"children_follow_parents", children_follow_parents},
    {"a_reader_without_splits_waits", a_reader_without_splits_waits},
    {"going_on_finds_them_again", going_on_finds_them_again},
    {"gone_ones_are_kept", gone_ones_are_kept},
    {"states_come_behind_rows", states_come_behind_rows},
    {NULL, NULL},
};

const struct wr_suite wr_suite_splits = {"splits", tests};
