/* SPDX-License-Identifier: Apache-2.0 */
/* The publishers of a job against a connector that only writes down how it is called. */
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connectors/publisher.h"
#include "runtime/publisher.h"
#include "tests/unit/check.h"

enum { LOG_BYTES = 2000, NODES_MAX = 8, SINK_BYTES = 64 };
#define JOB "0123456789abcdef"

/* What the connectors share; they find it where a table's messages go. */
struct world {
  pthread_mutex_t lock;
  char log[LOG_BYTES];
  size_t length;
  const char *fails; /* this call of this sink: "publish u" */
  bool retry;
  bool waits; /* publish waits until it is cancelled */
};

struct fake {
  struct wr_publisher publisher;
  struct world *world;
  char sink[SINK_BYTES];
  _Atomic bool cancelled;
};

static void world_say(struct world *world, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  pthread_mutex_lock(&world->lock);
  int length =
      vsnprintf(world->log + world->length, sizeof world->log - world->length, format, args);
  world->length += (size_t)length;
  CU_ASSERT_FATAL(world->length < sizeof world->log);
  pthread_mutex_unlock(&world->lock);
  va_end(args);
}

static bool world_has(struct world *world, const char *text)
{
  pthread_mutex_lock(&world->lock);
  bool has = strstr(world->log, text) != NULL;
  pthread_mutex_unlock(&world->lock);
  return has;
}

/* Says the call with its outboxes, and fails if that is wanted. */
static enum wr_code fake_call(const struct fake *self, const char *call, uint64_t epoch,
                              const struct wr_slice *outboxes, uint32_t count, const char *more,
                              struct wr_error *err)
{
  char name[2 * SINK_BYTES];
  snprintf(name, sizeof name, "%s %s", call, self->sink);
  world_say(self->world, "%s %llu%s", name, (unsigned long long)epoch, more);
  for (uint32_t i = 0; i < count; i++)
    world_say(self->world, " <%.*s>", (int)outboxes[i].length, outboxes[i].bytes);
  world_say(self->world, "; ");
  if (!self->world->fails || strcmp(self->world->fails, name) != 0)
    return WR_OK;
  wr_fail(err, WR_CONNECTION, "no %s", name);
  err->retry = self->world->retry;
  return WR_CONNECTION;
}

static const struct wr_publisher_class fake_class;

static enum wr_code fake_open(const struct wr_table_spec *spec, struct wr_publisher **out,
                              struct wr_error *err)
{
  struct fake *self = wr_memory_get_zero(sizeof *self);
  self->publisher.class = &fake_class;
  self->world = spec->note_self;
  snprintf(self->sink, sizeof self->sink, "%s", spec->sink);
  *out = &self->publisher;
  return fake_call(self, "open", 0, NULL, 0, strcmp(spec->job, JOB) == 0 ? "" : " job?", err);
}

static enum wr_code fake_recover(struct wr_publisher *publisher, const struct wr_recovery *recovery,
                                 struct wr_error *err)
{
  char more[64];
  snprintf(more, sizeof more, " after %llu%s%s", (unsigned long long)recovery->previous,
           recovery->allow_duplicates ? " duplicates" : "", recovery->allow_gap ? " gap" : "");
  return fake_call((struct fake *)publisher, "recover", recovery->epoch, recovery->outboxes,
                   recovery->outbox_count, more, err);
}

static enum wr_code fake_publish(struct wr_publisher *publisher, uint64_t epoch,
                                 const struct wr_slice *outboxes, uint32_t outbox_count,
                                 struct wr_error *err)
{
  struct fake *self = (struct fake *)publisher;
  enum wr_code code = fake_call(self, "publish", epoch, outboxes, outbox_count, "", err);
  while (self->world->waits && !atomic_load(&self->cancelled))
    nanosleep(&(struct timespec){0, 1000000}, NULL);
  return self->world->waits ? wr_fail(err, WR_STOPPED, "cancelled") : code;
}

static void fake_cancel(struct wr_publisher *publisher)
{
  atomic_store(&((struct fake *)publisher)->cancelled, true);
}

static void fake_close(struct wr_publisher *publisher)
{
  struct fake *self = (struct fake *)publisher;
  world_say(self->world, "close %s; ", self->sink);
  free(self);
}

static const struct wr_publisher_class fake_class = {.open = fake_open,
                                                     .recover = fake_recover,
                                                     .publish = fake_publish,
                                                     .cancel = fake_cancel,
                                                     .close = fake_close};

static bool asks(const struct wr_table_spec *spec)
{
  return wr_options_find(spec->options, "exactly-once") != NULL;
}

static const struct wr_connector by_itself = {.name = "by itself", .publisher = &fake_class};
static const struct wr_connector if_asked = {
    .name = "if asked", .publisher = &fake_class, .wants_exactly_once = asks};
static const struct wr_connector never = {.name = "never"};

/* ---- plans of sinks alone */

struct job {
  struct wr_plan plan;
  struct wr_plan_node nodes[NODES_MAX];
  struct wr_plan_sink sinks[NODES_MAX];
  struct wr_options options;
  struct wr_option_value value;
};

/* Tables by name: "t" of the connector; NULL ends them. */
static void job_make(struct job *job, const struct wr_connector *connector, bool asking,
                     const char *const *tables)
{
  static const struct wr_schema nothing = {0};
  *job = (struct job){.value = {.key = "exactly-once", .value = "yes"}};
  job->options = (struct wr_options){&job->value, asking ? 1 : 0};
  for (uint32_t n = 0; tables[n]; n++) {
    job->sinks[n].table = (struct wr_plan_table){
        .name = tables[n], .connector = connector, .options = &job->options, .physical = &nothing};
    job->nodes[n] = (struct wr_plan_node){
        .id = n, .kind = WR_PLAN_SINK, .parallelism = 2, .sink = &job->sinks[n], .name = tables[n]};
    job->plan.node_count++;
  }
  job->plan.nodes = job->nodes;
}

static struct wr_publishers *publishers_open(const struct job *job, struct world *world,
                                             const struct wr_snapshot *from, bool allow)
{
  struct wr_publishers *publishers = NULL;
  struct wr_error err;
  const struct wr_publishers_options options = {.plan = &job->plan,
                                                .job = JOB,
                                                .from = from,
                                                .allow_duplicates = allow,
                                                .allow_gap = allow,
                                                .state_dir = "here",
                                                .note_self = world};
  enum wr_code code = wr_publishers_open(&options, &publishers, &err);
  CU_ASSERT_EQUAL(code == WR_OK, publishers != NULL);
  if (code != WR_OK)
    world_say(world, "error %d: %s", code, err.message);
  return publishers;
}

static struct wr_outbox outbox_make(const char *key, uint32_t copy, const char *bytes)
{
  return (struct wr_outbox){key, copy, {.bytes = bytes, .length = strlen(bytes)}};
}

/* Two sealed epochs; the newer one has the outboxes a and b of t, c of u. */
static struct wr_store *store_make(void)
{
  static const struct {
    const char *key, *bytes;
    uint32_t copy;
  } outboxes[] = {{"sink t", "a", 0}, {"sink t", "b", 1}, {"sink u", "c", 0}, {"sink u", "", 1}};
  struct wr_store *store = wr_store_memory_new();
  const struct wr_epochs_options options = {
      .store = store, .task_count = 1, .first_epoch = 3, .description = "", .previous = 2};
  struct wr_epochs *epochs;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_epochs_new(&options, &epochs, &err), WR_OK);
  for (uint64_t epoch = 3; epoch <= 4; epoch++) {
    CU_ASSERT_EQUAL(wr_epochs_begin(epochs), epoch);
    for (size_t i = 0; epoch == 4 && i < WR_COUNT(outboxes); i++) {
      size_t length = strlen(outboxes[i].bytes);
      struct wr_part_writer part = {.bytes = wr_memory_get(1), .length = length, .capacity = 1};
      memcpy(part.bytes, outboxes[i].bytes, length);
      wr_epochs_put_outbox(epochs, epoch, outboxes[i].key, outboxes[i].copy, &part);
    }
    wr_epochs_answer(epochs, epoch, WR_ANSWER_SAVED);
    CU_ASSERT(wr_epochs_wait(epochs, INT64_MAX));
  }
  wr_epochs_free(epochs);
  return store;
}

/* ---- tests */

static void test_names(void)
{
  static const char *const tables[] = {"t", "u", "t", "t-2", "t", NULL};
  static const char *const names[] = {"t", "u", "t-3", "t-2", "t-4"};
  struct world world = {.lock = PTHREAD_MUTEX_INITIALIZER};
  struct job job;
  job_make(&job, &by_itself, false, tables);
  struct wr_publishers *publishers = publishers_open(&job, &world, NULL, false);
  for (uint32_t n = 0; publishers && tables[n]; n++)
    WR_CHECK(strcmp(wr_publishers_sink(publishers, n), names[n]) == 0, "node %u: %s", n,
             wr_publishers_sink(publishers, n));
  CU_ASSERT_STRING_EQUAL(wr_publishers_key(publishers, 2), "sink t-3");
  CU_ASSERT_PTR_NULL(wr_publishers_sink(publishers, 5));
  CU_ASSERT_PTR_NULL(wr_publishers_sink(NULL, 0));
  wr_publishers_free(publishers);
}

/* Which sinks deliver exactly once, and which of them need a state directory for that. */
static void test_who_wants(void)
{
  static const struct {
    const struct wr_connector *connector;
    bool asking, asked;
    uint32_t count;
  } rows[] = {{&by_itself, false, false, 1},
              {&if_asked, false, false, 0},
              {&if_asked, true, true, 1},
              {&never, true, false, 0}};
  static const char *const tables[] = {"t", NULL};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct world world = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct wr_error err;
    struct job job;
    job_make(&job, rows[i].connector, rows[i].asking, tables);
    WR_CHECK(wr_publishers_are_asked(&job.plan) == rows[i].asked, "row %zu", i);
    CU_ASSERT_EQUAL(wr_publishers_check(&job.plan, true, &err), WR_OK);
    enum wr_code code = wr_publishers_check(&job.plan, false, &err);
    WR_CHECK(code == (rows[i].asked ? WR_SEMANTIC : WR_OK), "row %zu", i);
    if (code != WR_OK)
      CU_ASSERT(strstr(err.message, "table t") && strstr(err.hint, "--state-dir"));
    struct wr_publishers *publishers = publishers_open(&job, &world, NULL, false);
    WR_CHECK(wr_publishers_count(publishers) == rows[i].count, "row %zu", i);
    wr_publishers_free(publishers);
  }
}

/* Each sink is opened and recovered before the next, with what its own copies have left. */
static void test_order(void)
{
  static const char *const tables[] = {"t", "u", NULL};
  struct world world = {.lock = PTHREAD_MUTEX_INITIALIZER};
  struct wr_store *store = store_make();
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  struct wr_error err;
  struct job job;
  CU_ASSERT_EQUAL_FATAL(wr_snapshot_read(store, 4, &arena, &snapshot, &err), WR_OK);
  job_make(&job, &by_itself, false, tables);
  struct wr_publishers *publishers = publishers_open(&job, &world, &snapshot, false);
  const struct wr_outbox outboxes[] = {outbox_make("sink t", 0, "d"), outbox_make("sink t", 1, "e"),
                                       outbox_make("sink u", 0, "f")};
  CU_ASSERT_EQUAL_FATAL(publishers != NULL, true);
  CU_ASSERT_EQUAL(wr_publishers_publish(publishers, 5, outboxes, 3, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_publishers_publish(publishers, 6, outboxes + 2, 1, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_publishers_publish(publishers, 7, NULL, 0, &err), WR_OK);
  wr_publishers_free(publishers);
  CU_ASSERT_STRING_EQUAL(
      world.log, "open t 0; recover t 4 after 3 <a> <b>; open u 0; recover u 4 after 3 <c> <>; "
                 "publish t 5 <d> <e>; publish u 5 <f>; publish t 6; publish u 6 <f>; "
                 "publish t 7; publish u 7; close t; close u; ");
  wr_arena_free(&arena);
  store->class->close(store);
}

/* The first failure ends a start, and a publish; it keeps what it says of trying again. */
static void test_failures(void)
{
  static const struct {
    const char *fails, *log;
  } rows[] = {
      {"open t", "open t 0; close t; error"},
      {"recover t", "open t 0; recover t 0 after 0; close t; error"},
      {"recover u", "open t 0; recover t 0 after 0; open u 0; recover u 0 after 0; close t; "
                    "close u; error"},
      {"publish t", "open t 0; recover t 0 after 0; open u 0; recover u 0 after 0; publish t 1; "
                    "close t; close u; "},
      {"publish u", "open t 0; recover t 0 after 0; open u 0; recover u 0 after 0; publish t 1; "
                    "publish u 1; close t; close u; "},
  };
  static const char *const tables[] = {"t", "u", NULL};
  for (size_t i = 0; i < 2 * WR_COUNT(rows); i++) {
    struct world world = {
        .lock = PTHREAD_MUTEX_INITIALIZER, .fails = rows[i / 2].fails, .retry = i % 2};
    struct wr_error err;
    struct job job;
    job_make(&job, &by_itself, false, tables);
    struct wr_publishers *publishers = publishers_open(&job, &world, NULL, false);
    if (publishers) {
      CU_ASSERT_EQUAL(wr_publishers_publish(publishers, 1, NULL, 0, &err), WR_CONNECTION);
      CU_ASSERT_EQUAL(err.retry, i % 2);
    }
    wr_publishers_free(publishers);
    WR_CHECK(strncmp(world.log, rows[i / 2].log, strlen(rows[i / 2].log)) == 0, "row %zu: %s", i,
             world.log);
  }
}

struct waiting {
  struct wr_publishers *publishers;
  enum wr_code code;
};

static void *publish_and_wait(void *argument)
{
  struct waiting *waiting = argument;
  struct wr_error err;
  waiting->code = wr_publishers_publish(waiting->publishers, 1, NULL, 0, &err);
  return NULL;
}

/* Whoever publishes returns; sinks behind it are not begun, and nothing is published later. */
static void test_cancel(void)
{
  static const char *const tables[] = {"t", "u", NULL};
  struct world world = {.lock = PTHREAD_MUTEX_INITIALIZER, .waits = true};
  struct waiting waiting = {0};
  struct wr_error err;
  struct job job;
  pthread_t thread;
  job_make(&job, &by_itself, false, tables);
  waiting.publishers = publishers_open(&job, &world, NULL, false);
  CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, publish_and_wait, &waiting), 0);
  while (!world_has(&world, "publish t"))
    nanosleep(&(struct timespec){0, 1000000}, NULL);
  wr_publishers_cancel(waiting.publishers);
  pthread_join(thread, NULL);
  CU_ASSERT_EQUAL(waiting.code, WR_STOPPED);
  CU_ASSERT_EQUAL(wr_publishers_publish(waiting.publishers, 2, NULL, 0, &err), WR_STOPPED);
  CU_ASSERT(!world_has(&world, "publish u") && !world_has(&world, "publish t 2"));
  wr_publishers_free(waiting.publishers);
  wr_publishers_cancel(NULL);
}

/* Rows that no sink of the SQL would publish any more; where an outbox is empty none is lost. */
static void test_lost(void)
{
  static const char *const only_t[] = {"t", NULL}, *const only_u[] = {"u", NULL};
  struct wr_store *store = store_make();
  struct wr_arena arena = {0};
  struct wr_snapshot snapshot;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_snapshot_read(store, 4, &arena, &snapshot, &err), WR_OK);
  for (int i = 0; i < 2; i++) {
    struct world world = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct job job;
    job_make(&job, &by_itself, false, i ? only_u : only_t);
    CU_ASSERT_PTR_NULL(publishers_open(&job, &world, &snapshot, false));
    CU_ASSERT(world_has(&world, i ? "rows of the sink t" : "rows of the sink u"));
    CU_ASSERT(!world_has(&world, "open"));
    struct wr_publishers *publishers = publishers_open(&job, &world, &snapshot, true);
    CU_ASSERT(world_has(&world, i ? "recover u 4 after 3 duplicates gap <c> <>"
                                  : "recover t 4 after 3 duplicates gap <a> <b>"));
    wr_publishers_free(publishers);
  }
  wr_arena_free(&arena);
  store->class->close(store);
}

static const struct wr_test tests[] = {{"names of sinks", test_names},
                                       {"who wants it", test_who_wants},
                                       {"order", test_order},
                                       {"failures", test_failures},
                                       {"cancelled", test_cancel},
                                       {"sinks that are gone", test_lost},
                                       {NULL, NULL}};
const struct wr_suite wr_suite_publisher = {"publisher", tests};
