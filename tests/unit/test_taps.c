/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that leave running jobs for those who watch: jobs planned from SQL over a file that has been
 * written for them, run with a hub. What feeds have afterwards is compared with what was in the
 * file. Nothing here counts time: a test waits until what it waits for has come.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "connectors/connector.h"
#include "core/time.h"
#include "live/hub.h"
#include "planner/planner.h"
#include "runtime/execution.h"
#include "runtime/tap.h"
#include "tests/unit/check.h"

enum { ROWS = 600, PAGES = 3, PER_WINDOW = 60, WINDOWS = ROWS / PER_WINDOW };
enum { PATIENCE_S = 60 };

struct job {
  struct wr_arena arena;
  char folder[64], path[96];
  struct wr_program program;
  const struct wr_plan *plan;
  struct wr_hub *hub;
  struct wr_follower *follower; /* of "clicks", from before the first row; or NULL */
  bool follows;
  struct wr_store *store;
};

/* Row i: page i % PAGES, at second i / PER_WINDOW of an hour; windows of a second. */
static void job_write_file(struct job *job)
{
  snprintf(job->folder, sizeof job->folder, "/tmp/weir-taps-XXXXXX");
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(job->folder));
  snprintf(job->path, sizeof job->path, "%s/clicks.csv", job->folder);
  FILE *file = fopen(job->path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  for (int i = 0; i < ROWS; i++)
    fprintf(file, "%d,2026-01-01 00:00:%02d.%03d,%d\n", i % PAGES, i / PER_WINDOW,
            i % PER_WINDOW * 16, i);
  fclose(file);
}

/* more: what the WITH of the table says besides. */
static void job_open(struct job *job, const char *more, const char *sql)
{
  struct wr_error_list errors = {0};
  struct wr_error err;
  *job = (struct job){0};
  job_write_file(job);
  const char *text = wr_arena_print(
      &job->arena,
      "CREATE TABLE clicks (page INT, ts TIMESTAMP(3), number INT, WATERMARK FOR ts AS ts) WITH "
      "('connector' = 'filesystem', 'path' = '%s', 'format' = 'csv'%s);\n"
      "CREATE TABLE counts (at TIMESTAMP(3), page INT, n BIGINT) WITH ('connector' = "
      "'blackhole');\n"
      "CREATE VIEW seconds AS SELECT window_start AS ws, page, COUNT(*) AS n FROM "
      "TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, "
      "window_end, page;\n%s",
      job->path, more, sql);
  const struct wr_planner_options options = {.streams = true, .parallelism = 3};
  enum wr_code code =
      wr_program_build(text, strlen(text), &options, &job->arena, &job->program, &errors);
  WR_CHECK(code == WR_OK, "%s", errors.count ? errors.items[0].message : "");
  CU_ASSERT_EQUAL_FATAL(code, WR_OK);
  CU_ASSERT_EQUAL_FATAL(job->program.job_count, 1);
  job->plan = job->program.jobs[0].plan;
  CU_ASSERT_EQUAL_FATAL(wr_hub_new(0, &job->hub, &err), WR_OK);
}

static void job_close(struct job *job)
{
  if (job->follower)
    wr_follower_free(job->follower);
  wr_hub_free(job->hub);
  unlink(job->path);
  rmdir(job->folder);
  wr_arena_free(&job->arena);
}

static void job_note(void *self, const char *message)
{
  (void)self, (void)message;
}

static void job_wake(void *self)
{
  (void)self;
}

/* Feeds are there, and no row yet. */
static void job_begins(void *self, struct wr_execution *execution)
{
  struct job *job = self;
  struct wr_error err;
  const struct wr_follow follow = {
      .job = "j", .name = "clicks", .framing = WR_FRAMING_LINES, .wake = job_wake};
  if (!execution || !job->follows)
    return;
  wr_error_clear(&err);
  enum wr_code code = wr_hub_follow(job->hub, &follow, &job->follower, &err);
  WR_CHECK(code == WR_OK, "%s", err.message);
}

static struct wr_execution *job_start(struct job *job, const struct wr_snapshot *from)
{
  const struct wr_execution_options options = {.note = job_note,
                                               .begins = job_begins,
                                               .begins_self = job,
                                               .store = job->store,
                                               .from = from,
                                               .durable = job->store != NULL,
                                               .failures_tolerated = 3,
                                               .batch_rows = 50,
                                               .hub = job->hub,
                                               .job_name = "j"};
  struct wr_execution *execution = NULL;
  struct wr_error err;
  wr_error_clear(&err);
  enum wr_code code = wr_execution_start(job->plan, &options, &execution, &err);
  WR_CHECK(code == WR_OK, "%s", err.message);
  CU_ASSERT_EQUAL_FATAL(code, WR_OK);
  return execution;
}

static void job_finish(struct wr_execution *execution)
{
  struct wr_error err;
  while (!wr_execution_wait(execution, 1000))
    ;
  wr_error_clear(&err);
  enum wr_code code = wr_execution_result(execution, &err);
  WR_CHECK(code == WR_OK, "%s", err.message);
  wr_execution_free(execution);
}

static uint32_t count_of(const char *text, const char *piece)
{
  uint32_t count = 0;
  for (const char *at = text; (at = strstr(at, piece)); at += strlen(piece))
    count++;
  return count;
}

/* The newest rows of a stream as text; once at_least have come. */
static const char *job_rows(struct job *job, const char *name, uint32_t at_least)
{
  struct wr_buffer out = {0};
  struct wr_error err;
  int64_t until_us = wr_monotonic_us() + PATIENCE_S * WR_US_PER_SECOND;
  do {
    wr_buffer_clear(&out);
    wr_error_clear(&err);
    enum wr_code code = wr_hub_rows(job->hub, "j", name, NULL, 100000, &out, &err);
    WR_CHECK(code == WR_OK, "%s", err.message);
    if (code || count_of(wr_buffer_string(&out), "{") >= at_least)
      break;
    nanosleep(&(struct timespec){0, 5000000}, NULL);
  } while (wr_monotonic_us() < until_us);
  const char *text = wr_arena_print(&job->arena, "%s", wr_buffer_string(&out));
  wr_buffer_free(&out);
  return text;
}

static const struct wr_feed_look *job_look(struct job *job, const char *name)
{
  uint32_t count;
  const struct wr_feed_look *looks = wr_hub_look(job->hub, "j", &job->arena, &count);
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(looks[i].name, name) == 0)
      return &looks[i];
  return NULL;
}

/* Tables are looked at while somebody follows, results always; all copies of a node show theirs. */
static void test_rows_arrive(void)
{
  struct job job;
  char space[4096];
  ptrdiff_t length;
  uint32_t seen = 0;
  job_open(&job, "", "INSERT INTO counts SELECT * FROM seconds WHERE page > 0");
  job.follows = true;
  job_finish(job_start(&job, NULL));
  wr_hub_job_ended(job.hub, "j", "finished");
  struct wr_buffer text = {0};
  int64_t until_us = wr_monotonic_us() + PATIENCE_S * WR_US_PER_SECOND;
  while ((length = wr_follower_read(job.follower, space, sizeof space)) >= 0 &&
         wr_monotonic_us() < until_us) {
    wr_buffer_put(&text, space, (size_t)length);
    if (length == 0)
      nanosleep(&(struct timespec){0, 5000000}, NULL);
  }
  CU_ASSERT_EQUAL(length, -1);
  for (int i = 0; i < ROWS; i++) {
    char number[32];
    snprintf(number, sizeof number, "\"number\":%d}", i);
    seen += strstr(wr_buffer_string(&text), number) != NULL;
  }
  CU_ASSERT_EQUAL(seen, 0); /* nobody else reads that column, so it is not there */
  CU_ASSERT_EQUAL(count_of(wr_buffer_string(&text), "\"op\":\"+I\""), ROWS);
  CU_ASSERT_EQUAL(count_of(wr_buffer_string(&text), "\"page\":2"), ROWS / PAGES);
  wr_buffer_free(&text);
  const char *view = job_rows(&job, "seconds", WINDOWS * PAGES);
  CU_ASSERT_EQUAL(count_of(view, "{"), WINDOWS * PAGES);
  CU_ASSERT_PTR_NOT_NULL(strstr(view, "{\"ws\":\"2026-01-01T00:00:09.000\",\"page\":0,\"n\":20}"));
  const char *sink = job_rows(&job, "counts", WINDOWS * (PAGES - 1));
  CU_ASSERT_EQUAL(count_of(sink, "{"), WINDOWS * (PAGES - 1));
  CU_ASSERT_PTR_NOT_NULL(strstr(sink, "{\"at\":\"2026-01-01T00:00:00.000\",\"page\":1,\"n\":20}"));
  job_close(&job);
}

static void test_nobody_follows(void)
{
  struct job job;
  job_open(&job, "", "INSERT INTO counts SELECT * FROM seconds");
  job_finish(job_start(&job, NULL));
  CU_ASSERT_EQUAL(count_of(job_rows(&job, "seconds", WINDOWS * PAGES), "{"), WINDOWS * PAGES);
  const struct wr_feed_look *clicks = job_look(&job, "clicks");
  CU_ASSERT_PTR_NOT_NULL_FATAL(clicks);
  CU_ASSERT_EQUAL(clicks->rows_pushed + clicks->rows_skipped, 0);
  CU_ASSERT_EQUAL(clicks->kind, WR_FEED_TABLE);
  CU_ASSERT_EQUAL(job_look(&job, "seconds")->kind, WR_FEED_VIEW);
  CU_ASSERT_EQUAL(job_look(&job, "counts")->kind, WR_FEED_SINK);
  CU_ASSERT_EQUAL(job_look(&job, "seconds")->key_count, 2);
  job_close(&job);
}

/* Two sinks of one table show their rows together. */
static void test_one_table_two_sinks(void)
{
  struct job job;
  job_open(&job, "",
           "INSERT INTO counts SELECT * FROM seconds WHERE page = 0; INSERT INTO counts SELECT * "
           "FROM seconds WHERE page = 1");
  job_finish(job_start(&job, NULL));
  const char *rows = job_rows(&job, "counts", 2 * WINDOWS);
  CU_ASSERT_EQUAL(count_of(rows, "{"), 2 * WINDOWS);
  CU_ASSERT_EQUAL(count_of(rows, "\"page\":1"), WINDOWS);
  job_close(&job);
}

/* A tap wants nothing for itself: a LIMIT that is satisfied ends a job that would never end. */
static void test_limit_ends(void)
{
  struct job job;
  job_open(&job, "",
           "CREATE TABLE endless (a INT) WITH ('connector' = 'datagen', 'rows-per-second' = "
           "'100000'); CREATE VIEW v AS SELECT a FROM endless; SELECT a FROM v LIMIT 3");
  /* the console would print the rows */
  struct wr_plan_node *nodes = WR_NEW_ARRAY(&job.arena, struct wr_plan_node, job.plan->node_count);
  struct wr_plan plan = *job.plan;
  struct wr_plan_sink sink = *job.plan->nodes[plan.node_count - 1].sink;
  const struct wr_options none = {0};
  memcpy(nodes, plan.nodes, plan.node_count * sizeof *nodes);
  sink.table.connector = wr_connector_find("blackhole");
  sink.table.options = &none;
  nodes[plan.node_count - 1].sink = &sink;
  plan.nodes = nodes;
  job.plan = &plan;
  job_finish(job_start(&job, NULL));
  const struct wr_feed_look *result = job_look(&job, "result");
  CU_ASSERT_PTR_NOT_NULL_FATAL(result);
  CU_ASSERT_EQUAL(result->kind, WR_FEED_SINK);
  job_close(&job);
}

/* A process that goes on from an epoch shows what another one had shown; one without a hub goes on
 * from it as well. */
static void test_epochs_keep_rows(void)
{
  struct job job;
  struct wr_snapshot snapshot;
  struct wr_error err;
  uint64_t newest;
  job_open(&job, ", 'source.monitor-interval' = '1 s'", "INSERT INTO counts SELECT * FROM seconds");
  job.store = wr_store_memory_new();
  struct wr_execution *execution = job_start(&job, NULL);
  job_rows(&job, "seconds", (WINDOWS - 1) * PAGES); /* the last one is still open */
  wr_execution_stop(execution, false);
  job_finish(execution);
  wr_hub_free(job.hub);
  CU_ASSERT_EQUAL_FATAL(wr_hub_new(0, &job.hub, &err), WR_OK);
  CU_ASSERT_TRUE_FATAL(job.store->class->latest(job.store, &newest));
  CU_ASSERT_EQUAL_FATAL(wr_snapshot_read(job.store, newest, &job.arena, &snapshot, &err), WR_OK);
  bool has_part = false;
  for (uint32_t i = 0; i < snapshot.part_count; i++)
    has_part = has_part || strcmp(snapshot.parts[i].node_key, WR_TAPS_KEY) == 0;
  CU_ASSERT_TRUE(has_part);
  execution = job_start(&job, &snapshot);
  const char *rows = job_rows(&job, "seconds", 1);
  CU_ASSERT_EQUAL(count_of(rows, "{"), (WINDOWS - 1) * PAGES);
  CU_ASSERT_PTR_NOT_NULL(strstr(rows, "{\"ws\":\"2026-01-01T00:00:08.000\",\"page\":2,\"n\":20}"));
  wr_execution_stop(execution, true);
  job_finish(execution);
  /* nothing comes twice */
  rows = job_rows(&job, "seconds", WINDOWS * PAGES);
  CU_ASSERT_EQUAL(count_of(rows, "{"), WINDOWS * PAGES);
  job.store->class->close(job.store);
  job_close(&job);
}

static void test_epochs_without_hub(void)
{
  struct job job;
  struct wr_snapshot snapshot;
  struct wr_error err;
  uint64_t newest;
  job_open(&job, ", 'source.monitor-interval' = '1 s'", "INSERT INTO counts SELECT * FROM seconds");
  job.store = wr_store_memory_new();
  struct wr_execution *execution = job_start(&job, NULL);
  job_rows(&job, "seconds", (WINDOWS - 1) * PAGES);
  wr_execution_stop(execution, false);
  job_finish(execution);
  struct wr_hub *hub = job.hub;
  for (int life = 0; life < 2; life++) { /* without one, and with one that had none before */
    job.hub = life ? hub : NULL;
    CU_ASSERT_TRUE_FATAL(job.store->class->latest(job.store, &newest));
    CU_ASSERT_EQUAL_FATAL(wr_snapshot_read(job.store, newest, &job.arena, &snapshot, &err), WR_OK);
    execution = job_start(&job, &snapshot);
    wr_execution_stop(execution, false);
    job_finish(execution);
    job.hub = hub;
  }
  job.store->class->close(job.store);
  job_close(&job);
}

static const struct wr_test tests[] = {
    {"rows of tables, views and sinks arrive", test_rows_arrive},
    {"nobody follows: results are kept, tables are not", test_nobody_follows},
    {"two sinks of one table are one stream", test_one_table_two_sinks},
    {"a limit ends a job that can be watched", test_limit_ends},
    {"epochs keep what can be seen", test_epochs_keep_rows},
    {"epochs with it are for jobs without a hub, too", test_epochs_without_hub},
    {NULL, NULL},
};
const struct wr_suite wr_suite_taps = {"taps", tests};
