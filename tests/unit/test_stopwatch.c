/* SPDX-License-Identifier: Apache-2.0 */
/* Where time goes: the stopwatch itself, and the wrappers of operators that turn it. Which counter
 * it runs for is checked, never how long. */
#include "core/stopwatch.h"

#include <pthread.h>

#include "operators/operator.h"
#include "tests/unit/check.h"

static void counters_make_up_the_whole(void)
{
  struct wr_stopwatch watch = {0};
  struct wr_metrics outer = {0}, inner = {0};
  CU_ASSERT_PTR_NULL(wr_stopwatch_spend(&watch, WR_SPENT_BUSY));
  uint64_t began_ns = watch.since_ns;
  for (int i = 0; i < 1000; i++) {
    _Atomic uint64_t *task = wr_stopwatch_turn(&watch, &outer.own_ns);
    CU_ASSERT_PTR_EQUAL(task, &watch.spent_ns[WR_SPENT_BUSY]);
    _Atomic uint64_t *caller = wr_stopwatch_turn(&watch, &inner.own_ns);
    CU_ASSERT_PTR_EQUAL(caller, &outer.own_ns);
    CU_ASSERT_PTR_EQUAL(wr_stopwatch_turn(&watch, caller), &inner.own_ns);
    CU_ASSERT_PTR_EQUAL(wr_stopwatch_turn(&watch, task), &outer.own_ns);
  }
  wr_stopwatch_turn(&watch, NULL);
  uint64_t ended_ns = watch.since_ns;
  wr_stopwatch_turn(&watch, NULL); /* it stands: nothing is counted */
  uint64_t sum_ns = wr_metrics_get(&outer.own_ns) + wr_metrics_get(&inner.own_ns) +
                    wr_metrics_get(&watch.spent_ns[WR_SPENT_BUSY]);
  CU_ASSERT_EQUAL(sum_ns, ended_ns - began_ns);
  CU_ASSERT(wr_metrics_get(&outer.own_ns) > 0 && wr_metrics_get(&inner.own_ns) > 0);
}

/* Turns as fast as it can, until it has been looked at often enough. */
struct turner {
  struct wr_stopwatch watch;
  _Atomic bool enough;
};

static void *turner_run(void *argument)
{
  struct turner *turner = argument;
  wr_stopwatch_spend(&turner->watch, WR_SPENT_BUSY);
  for (unsigned i = 0; !atomic_load(&turner->enough); i++)
    wr_stopwatch_spend(&turner->watch, i % WR_SPENT_COUNT);
  wr_stopwatch_turn(&turner->watch, NULL);
  return NULL;
}

/* Nothing is ever counted twice, so that a later look never sees less; and what is going on is
 * seen before it is over. */
static void others_may_read(void)
{
  struct turner turner = {.enough = false};
  pthread_t thread;
  uint64_t before_ns[WR_SPENT_COUNT] = {0}, now_ns[WR_SPENT_COUNT];
  uint32_t faults = 0;
  wr_stopwatch_read(&turner.watch, now_ns); /* which has never run */
  CU_ASSERT_EQUAL(now_ns[WR_SPENT_BUSY], 0);
  CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, turner_run, &turner), 0);
  for (int look = 0; look < 20000; look++) {
    wr_stopwatch_read(&turner.watch, now_ns);
    for (int spent = 0; spent < WR_SPENT_COUNT; spent++) {
      faults += now_ns[spent] < before_ns[spent];
      before_ns[spent] = now_ns[spent];
    }
  }
  atomic_store(&turner.enough, true);
  pthread_join(thread, NULL);
  wr_stopwatch_read(&turner.watch, now_ns);
  for (int spent = 0; spent < WR_SPENT_COUNT; spent++)
    faults += now_ns[spent] < before_ns[spent];
  CU_ASSERT_EQUAL(faults, 0);
}

static void a_wait_is_seen_before_its_end(void)
{
  struct wr_stopwatch watch = {0};
  uint64_t spent_ns[WR_SPENT_COUNT];
  wr_stopwatch_spend(&watch, WR_SPENT_OUTPUT);
  do
    wr_stopwatch_read(&watch, spent_ns);
  while (spent_ns[WR_SPENT_OUTPUT] < 1000);
  CU_ASSERT_EQUAL(wr_metrics_get(&watch.spent_ns[WR_SPENT_OUTPUT]), 0);
  wr_stopwatch_turn(&watch, NULL);
  CU_ASSERT(wr_metrics_get(&watch.spent_ns[WR_SPENT_OUTPUT]) >= spent_ns[WR_SPENT_OUTPUT]);
}

static void no_stopwatch_is_no_harm(void)
{
  struct wr_metrics metrics = {0};
  CU_ASSERT_PTR_NULL(wr_stopwatch_turn(NULL, &metrics.own_ns));
  CU_ASSERT_PTR_NULL(wr_stopwatch_spend(NULL, WR_SPENT_OUTPUT));
  CU_ASSERT_EQUAL(wr_metrics_get(&metrics.own_ns), 0);
}

/* An operator that passes everything on and looks at the stopwatch, before and afterwards. */
struct looker {
  struct wr_operator op;
  uint32_t calls, faults;
  bool fails;
  uint64_t state_bytes; /* that it says it has */
};

static void looker_look(struct looker *self)
{
  const struct wr_operator_context *context = self->op.context;
  self->faults += context->watch->counter != &context->metrics->own_ns;
}

static enum wr_code looker_done(struct looker *self, enum wr_code code, struct wr_error *err)
{
  self->calls++;
  looker_look(self);
  return self->fails ? wr_fail(err, WR_DATA, "as it was told to") : code;
}

static enum wr_code looker_on_batch(struct wr_operator *op, uint32_t input,
                                    const struct wr_batch *batch, struct wr_error *err)
{
  struct looker *self = (struct looker *)op;
  (void)input;
  looker_look(self);
  atomic_store(&op->context->metrics->state_bytes, self->state_bytes);
  return looker_done(self, wr_emit_batch(op, batch, err), err);
}

static enum wr_code looker_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                        struct wr_error *err)
{
  looker_look((struct looker *)op);
  return looker_done((struct looker *)op, wr_emit_watermark(op, watermark_us, err), err);
}

static enum wr_code looker_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  (void)now_us;
  return looker_done((struct looker *)op, WR_OK, err);
}

static enum wr_code looker_on_idle(struct wr_operator *op, uint32_t input, bool idle,
                                   struct wr_error *err)
{
  (void)input;
  return looker_done((struct looker *)op, wr_emit_idle(op, idle, err), err);
}

static enum wr_code looker_flush(struct wr_operator *op, struct wr_error *err)
{
  return looker_done((struct looker *)op, WR_OK, err);
}

static const struct wr_operator_class looker_class = {.name = "Looker",
                                                      .on_batch = looker_on_batch,
                                                      .on_watermark = looker_on_watermark,
                                                      .on_timer = looker_on_timer,
                                                      .on_idle = looker_on_idle,
                                                      .flush = looker_flush,
                                                      .finish = looker_flush};
/* Has nothing but batches: all else goes past it. */
static const struct wr_operator_class plain_class = {.name = "Plain", .on_batch = looker_on_batch};

enum { CHAIN = 3 };
struct chain {
  struct wr_stopwatch watch;
  struct wr_metrics metrics[CHAIN];
  struct wr_operator_context contexts[CHAIN];
  struct wr_target targets[CHAIN];
  struct looker lookers[CHAIN];
};

static void chain_open(struct chain *chain, bool timed)
{
  *chain = (struct chain){.watch = {0}};
  for (uint32_t i = 0; i < CHAIN; i++) {
    chain->contexts[i] = (struct wr_operator_context){
        .metrics = &chain->metrics[i], .watch = &chain->watch, .timed = timed};
    chain->lookers[i].op =
        wr_operator_head(i == 1 ? &plain_class : &looker_class, &chain->contexts[i]);
    chain->targets[i] = (struct wr_target){&chain->lookers[i].op, 0};
    if (i == 0)
      continue;
    chain->lookers[i - 1].op.targets = &chain->targets[i];
    chain->lookers[i - 1].op.target_count = 1;
  }
  wr_stopwatch_spend(&chain->watch, WR_SPENT_BUSY);
}

/* Every call there is; what the last one gave. */
static enum wr_code chain_call_all(struct chain *chain, struct wr_error *err)
{
  static const struct wr_schema nothing = {0};
  const struct wr_batch batch = {.schema = &nothing, .row_count = 1, .picked_count = 1};
  struct wr_operator *op = &chain->lookers[0].op;
  enum wr_code code = wr_operator_batch(op, 0, &batch, err);
  if (code == WR_OK)
    code = wr_operator_watermark(op, 10, err);
  if (code == WR_OK)
    code = wr_operator_watermark(op, 10, err); /* it has not risen: nobody is called */
  if (code == WR_OK)
    code = wr_operator_idle(op, 0, true, err);
  if (code == WR_OK)
    code = wr_operator_timer(op, 20, err);
  if (code == WR_OK)
    code = wr_operator_flush(op, err);
  if (code == WR_OK)
    code = wr_operator_finish(op, err);
  return code;
}

static void operators_are_measured_apart(void)
{
  struct chain chain;
  struct wr_error err;
  chain_open(&chain, true);
  CU_ASSERT_EQUAL(chain_call_all(&chain, &err), WR_OK);
  CU_ASSERT_PTR_EQUAL(chain.watch.counter, &chain.watch.spent_ns[WR_SPENT_BUSY]);
  static const uint32_t calls[CHAIN] = {6, 1, 3};
  for (uint32_t i = 0; i < CHAIN; i++) {
    WR_CHECK(chain.lookers[i].calls == calls[i], "operator %u", i);
    WR_CHECK(chain.lookers[i].faults == 0, "operator %u", i);
    WR_CHECK(wr_metrics_get(&chain.metrics[i].own_ns) > 0, "operator %u", i);
  }
  CU_ASSERT_EQUAL(wr_operator_flush(&chain.lookers[1].op, &err), WR_OK); /* has none */
  CU_ASSERT_EQUAL(chain.lookers[1].calls, 1);
}

static void untimed_operators_are_not_measured(void)
{
  struct chain chain;
  struct wr_error err;
  chain_open(&chain, false);
  CU_ASSERT_EQUAL(chain_call_all(&chain, &err), WR_OK);
  for (uint32_t i = 0; i < CHAIN; i++) {
    WR_CHECK(wr_metrics_get(&chain.metrics[i].own_ns) == 0, "operator %u", i);
    WR_CHECK(wr_metrics_get(&chain.metrics[i].rows_in) == 1, "operator %u", i);
  }
  CU_ASSERT_PTR_EQUAL(chain.watch.counter, &chain.watch.spent_ns[WR_SPENT_BUSY]);
}

/* A failure comes back up through all of them, and so does the stopwatch. */
static void failures_turn_back(void)
{
  struct chain chain;
  struct wr_error err;
  chain_open(&chain, true);
  chain.lookers[2].fails = true;
  CU_ASSERT_EQUAL(chain_call_all(&chain, &err), WR_DATA);
  CU_ASSERT_PTR_EQUAL(chain.watch.counter, &chain.watch.spent_ns[WR_SPENT_BUSY]);
  for (uint32_t i = 0; i < CHAIN; i++)
    WR_CHECK(chain.lookers[i].calls == 1 && chain.lookers[i].faults == 0, "operator %u", i);
}

static void most_state_is_remembered(void)
{
  static const uint64_t bytes[] = {100, 700, 0, 300};
  static const struct wr_schema nothing = {0};
  const struct wr_batch batch = {.schema = &nothing, .row_count = 1, .picked_count = 1};
  struct chain chain;
  struct wr_error err;
  chain_open(&chain, true);
  for (size_t i = 0; i < WR_COUNT(bytes); i++) {
    chain.lookers[2].state_bytes = bytes[i];
    CU_ASSERT_EQUAL(wr_operator_batch(&chain.lookers[0].op, 0, &batch, &err), WR_OK);
  }
  CU_ASSERT_EQUAL(wr_metrics_get(&chain.metrics[2].state_bytes), 300);
  CU_ASSERT_EQUAL(wr_metrics_get(&chain.metrics[2].state_bytes_most), 700);
  CU_ASSERT_EQUAL(wr_metrics_get(&chain.metrics[0].state_bytes_most), 0);
}

static const struct wr_test tests[] = {
    {"counters_make_up_the_whole", counters_make_up_the_whole},
    {"others_may_read", others_may_read},
    {"a_wait_is_seen_before_its_end", a_wait_is_seen_before_its_end},
    {"no_stopwatch_is_no_harm", no_stopwatch_is_no_harm},
    {"operators_are_measured_apart", operators_are_measured_apart},
    {"untimed_operators_are_not_measured", untimed_operators_are_not_measured},
    {"failures_turn_back", failures_turn_back},
    {"most_state_is_remembered", most_state_is_remembered},
    {NULL, NULL},
};

const struct wr_suite wr_suite_stopwatch = {"stopwatch", tests};
