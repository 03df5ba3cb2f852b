/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of a plan that people can follow: which there are, what is known of their rows, and that
 * looking at a job does not change what state it has. */
#include <string.h>

#include "planner/planner.h"
#include "tests/unit/check.h"
#include "text/buffer.h"

#define TABLES                                                                                    \
  "CREATE TABLE clicks (user_id BIGINT, page STRING, ms INT, ts TIMESTAMP(3), info ROW<ip "       \
  "STRING, port INT>, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = "         \
  "'filesystem', 'path' = 'x', 'format' = 'json');\n"                                             \
  "CREATE TABLE plain (a INT, b STRING, t TIMESTAMP(3)) WITH ('connector' = 'filesystem', "       \
  "'path' = 'x', 'format' = 'json');\n"                                                           \
  "CREATE TABLE computed (a INT, twice AS a * 2) WITH ('connector' = 'filesystem', 'path' = "     \
  "'x', 'format' = 'json');\n"                                                                    \
  "CREATE TABLE counts (page STRING, n BIGINT) WITH ('connector' = 'blackhole');\n"               \
  "CREATE TABLE kept (n BIGINT, page STRING, PRIMARY KEY (page) NOT ENFORCED) WITH ('connector' " \
  "= 'blackhole');\n"                                                                             \
  "CREATE VIEW slow AS SELECT page AS p, ms, user_id, ts FROM clicks WHERE ms > 100;\n"           \
  "CREATE VIEW minutes AS SELECT window_start AS ws, page, COUNT(*) AS n FROM "                   \
  "TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, "      \
  "window_end, page;\n"                                                                           \
  "CREATE VIEW placed AS SELECT * FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' "  \
  "MINUTE));\n"                                                                                   \
  "CREATE VIEW pages AS SELECT DISTINCT page FROM clicks;\n"

#define APP                                                                                       \
  "SET 'sql.dialect' = 'kinesis'; CREATE STREAM s (page STRING, n INT); CREATE PUMP p AS INSERT " \
  "INTO s SELECT STREAM \"page\", \"ms\" FROM \"clicks\"; CREATE STREAM m (page STRING, n INT); " \
  "CREATE PUMP q AS INSERT INTO m SELECT STREAM page, COUNT(*) FROM s GROUP BY page, "            \
  "STEP(s.ROWTIME BY INTERVAL '1' MINUTE); "

#define GROW                                                                                    \
  "FROM TABLE(CUMULATE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '1' HOUR)) " \
  "GROUP BY window_start, window_end, page"

static const struct {
  const char *sql, *streams;
} cases[] = {
    {"SELECT a FROM plain", "result sink Source(plain): a\n"
                            "plain table Source(plain): a\n"},
    {"SELECT b AS x, a FROM plain", "result sink Project: x, a\n"
                                    "plain table Source(plain): a, b\n"},
    {"SELECT page FROM clicks WHERE ms > 3",
     "result sink Project: page\n"
     "clicks table Watermark(clicks): page, ms, ts; time ts\n"},
    /* computed columns stay those of the table */
    {"SELECT twice + 1 AS x FROM computed WHERE a > 1", "result sink Project: x\n"
                                                        "computed table Project: a, twice\n"},
    /* rows of a view are what it says, whatever its readers want of them; names stay its own */
    {"INSERT INTO counts SELECT p, ms FROM slow WHERE p <> 'q'",
     "counts sink Project: page, n\n"
     "clicks table Watermark(clicks): page, ms, ts; time ts\n"
     "slow view Filter: p, ms, ts; time ts\n"},
    {"CREATE VIEW same (x, y, z) AS SELECT * FROM plain; SELECT y FROM same WHERE x > 1",
     "result sink Project: y\n"
     "plain table Source(plain): a, b\n"
     "same view Source(plain): x, y\n"},
    {"SELECT n, page FROM minutes WHERE n > 3",
     "result sink Project: n, page; windows\n"
     "clicks table Watermark(clicks): page, ts; time ts\n"
     "minutes view Project: ws, page, n; key page, ws; time ws; windows\n"},
    {"SELECT * FROM minutes",
     "result sink Project: ws, page, n; key page, ws; time ws; windows\n"
     "clicks table Watermark(clicks): page, ts; time ts\n"
     "minutes view Project: ws, page, n; key page, ws; time ws; windows\n"},
    {"INSERT INTO kept SELECT n, page FROM minutes",
     "kept sink Project: n, page; key page; windows\n"
     "clicks table Watermark(clicks): page, ts; time ts\n"
     "minutes view Project: ws, page, n; key page, ws; time ws; windows\n"},
    {"CREATE TABLE per_page (at TIMESTAMP(3), page STRING, n BIGINT, PRIMARY KEY (at, page) NOT "
     "ENFORCED) WITH ('connector' = 'blackhole'); INSERT INTO per_page SELECT ws, page, n FROM "
     "minutes",
     "per_page sink Project: at, page, n; key at, page; time at; windows\n"
     "clicks table Watermark(clicks): page, ts; time ts\n"
     "minutes view Project: ws, page, n; key page, ws; time ws; windows\n"},
    {"SELECT page, window_end, COUNT(*) AS n " GROW,
     "result sink Project: page, window_end, n; key page, window_end; time window_end; windows\n"
     "clicks table Watermark(clicks): page, ts; time ts\n"},
    {"SELECT page, window_start, COUNT(*) AS n " GROW, /* of each hour there are sixty */
     "result sink Project: page, window_start, n; time window_start; windows\n"
     "clicks table Watermark(clicks): page, ts; time ts\n"},
    /* the best of each window */
    {"SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY ws ORDER BY n DESC) AS rn FROM "
     "(SELECT window_start AS ws, window_end AS we, page, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE "
     "clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, page) AS "
     "m) AS r WHERE rn <= 3",
     NULL},
    {"SELECT * FROM pages", "result sink Distinct: page; key page\n"
                            "clicks table Watermark(clicks): page, ts; time ts\n"
                            "pages view Distinct: page; key page\n"},
    /* what state there is does not depend on who looks: the view is not there by itself */
    {"SELECT DISTINCT page FROM pages", "result sink Distinct: page; key page\n"
                                        "clicks table Watermark(clicks): page, ts; time ts\n"},
    {"SELECT window_start, COUNT(*) AS n FROM placed GROUP BY window_start, window_end",
     "result sink Project: window_start, n; key window_start; time window_start; windows\n"
     "clicks table Watermark(clicks): ts; time ts\n"},
    /* several sinks, one table */
    {"INSERT INTO counts SELECT page, 1 FROM clicks; INSERT INTO counts SELECT b, a FROM plain",
     "counts sink Project: page, n\n"
     "counts sink Project: page, n\n"
     "clicks table Watermark(clicks): page, ts; time ts\n"
     "plain table Source(plain): a, b\n"},
    {"INSERT INTO counts SELECT page, n FROM minutes; SELECT message FROM error_stream",
     "counts sink Project: page, n; windows\n"
     "result sink Project: message\n"
     "clicks table Watermark(clicks): page, ts; time ts\n"
     "minutes view Project: ws, page, n; key page, ws; time ws; windows\n"
     "error_stream table Source(error_stream): error_time, error_level, error_name, message, "
     "source, split, position, raw_record, statement\n"},
    {"SET 'live.views' = 'false'; SELECT m FROM (SELECT ms + 1 AS m, p FROM slow) AS s WHERE p = "
     "'x'",
     "result sink Project: m\n"
     "clicks table Watermark(clicks): page, ms, ts; time ts\n"},
    {"EXPLAIN SELECT * FROM slow", ""},
    /* what is computed in a view is part of what it is for in another query */
    {"CREATE VIEW tens AS SELECT ms * 10 AS m, page, ts FROM clicks; CREATE VIEW more AS SELECT m + "
     "1 AS w, page, ts AS moment FROM tens; SELECT window_start, page, SUM(w) AS s FROM "
     "TABLE(TUMBLE(TABLE more, DESCRIPTOR(moment), INTERVAL '1' MINUTE)) WHERE page <> 'x' GROUP BY "
     "window_start, window_end, page",
     NULL},
    /* streams of applications: with ROWTIME where somebody needs it */
    {APP "SELECT STREAM n FROM m WHERE n > 3",
     "result sink Project: N; windows\n"
     "clicks table Watermark(clicks): page, ROWTIME; time ROWTIME\n"
     "S view Project: PAGE, ROWTIME; time ROWTIME\n"
     "M view Project: PAGE, N, ROWTIME; key PAGE, ROWTIME; time ROWTIME; windows\n"},
    {APP
     "CREATE PUMP p2 AS INSERT INTO s SELECT STREAM \"b\", \"a\" FROM \"plain\"; CREATE STREAM u "
     "(x INT); CREATE PUMP p3 AS INSERT INTO u SELECT STREAM n FROM s",
     "M sink Project: PAGE, N; windows\n"
     "U sink Project: X\n"
     "clicks table Watermark(clicks): page, ms, ROWTIME; time ROWTIME\n"
     "plain table Watermark(plain): a, b, ROWTIME; time ROWTIME\n"
     "S view Union: PAGE, N, ROWTIME; time ROWTIME\n"},
};

static const struct wr_job *streams_plan(const char *sql, bool streams, struct wr_arena *arena,
                                         struct wr_program *program)
{
  const char *text = wr_arena_print(arena, TABLES "%s", sql);
  const struct wr_planner_options options = {.streams = streams};
  struct wr_error_list errors = {0};
  enum wr_code code = wr_program_build(text, strlen(text), &options, arena, program, &errors);
  WR_CHECK(code == WR_OK, "%s: %s", sql, errors.count ? errors.items[0].message : "");
  return code == WR_OK && program->job_count == 1 ? &program->jobs[0] : NULL;
}

static void streams_print(const struct wr_plan *plan, struct wr_buffer *out)
{
  static const char *const kinds[] = {"table", "view", "sink"};
  for (uint32_t i = 0; i < plan->stream_count; i++) {
    const struct wr_plan_stream *stream = &plan->streams[i];
    const struct wr_field *fields = stream->schema->fields;
    CU_ASSERT_EQUAL(stream->schema->column_count, plan->nodes[stream->node].schema->column_count);
    wr_buffer_print(out, "%s %s %s:", stream->name, kinds[stream->kind],
                    plan->nodes[stream->node].name);
    for (uint32_t c = 0; c < stream->schema->column_count; c++)
      wr_buffer_print(out, "%s %s", c ? "," : "", fields[c].name);
    for (uint32_t k = 0; k < stream->key_count; k++)
      wr_buffer_print(out, "%s %s", k ? "," : "; key", fields[stream->key[k]].name);
    if (stream->time_column != UINT32_MAX)
      wr_buffer_print(out, "; time %s", fields[stream->time_column].name);
    wr_buffer_put_string(out, stream->has_window ? "; windows\n" : "\n");
  }
}

static void test_streams(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct wr_arena arena = {0};
    struct wr_program program;
    struct wr_buffer found = {0};
    const struct wr_job *job = streams_plan(cases[i].sql, true, &arena, &program);
    if (job && cases[i].streams) {
      streams_print(job->plan, &found);
      WR_CHECK(strcmp(wr_buffer_string(&found), cases[i].streams) == 0,
               "%s\n  expected\n%s  found\n%s", cases[i].sql, cases[i].streams,
               wr_buffer_string(&found));
    }
    wr_buffer_free(&found);
    wr_arena_free(&arena);
  }
}

/* Identities and what state is made of, node by node, of those that have any; but columns that are
 * kept and not needed may be others. */
static void state_print(const struct wr_plan *plan, struct wr_buffer *out)
{
  for (uint32_t n = 0; n < plan->node_count; n++) {
    const struct wr_plan_node *node = &plan->nodes[n];
    if (!node->identity)
      continue;
    wr_buffer_print(out, "%s: %s", node->identity, node->state ? node->state->fits : "");
    for (uint32_t m = 0; node->state && m < node->state->member_count; m++)
      if (!node->state->members[m].is_column || node->state->members[m].is_needed)
        wr_buffer_print(out, "; %s", node->state->members[m].words);
    wr_buffer_put_char(out, '\n');
  }
}

static void test_state_is_the_same(void)
{
  for (size_t i = 0; i < WR_COUNT(cases); i++) {
    struct wr_arena arena = {0};
    struct wr_program with, without;
    struct wr_buffer a = {0}, b = {0};
    const struct wr_job *seen = streams_plan(cases[i].sql, true, &arena, &with);
    const struct wr_job *alone = streams_plan(cases[i].sql, false, &arena, &without);
    if (seen && alone) {
      CU_ASSERT_EQUAL(alone->plan->stream_count, 0);
      state_print(seen->plan, &a);
      state_print(alone->plan, &b);
      WR_CHECK(strcmp(wr_buffer_string(&a), wr_buffer_string(&b)) == 0, "%s\n  alone\n%s  seen\n%s",
               cases[i].sql, wr_buffer_string(&b), wr_buffer_string(&a));
    }
    wr_buffer_free(&a);
    wr_buffer_free(&b);
    wr_arena_free(&arena);
  }
}

/* What fills a stream is no part of what is above it: pumps come and go. */
static void test_pumps_come_and_go(void)
{
  static const char *const more[] = {
      "",
      "CREATE PUMP p2 AS INSERT INTO s SELECT STREAM \"b\", \"a\" FROM \"plain\";",
      "CREATE OR REPLACE PUMP p AS INSERT INTO s SELECT STREAM * FROM (SELECT STREAM \"b\", \"a\" "
      "FROM \"plain\");",
      "CREATE STREAM o (x INT); CREATE PUMP p3 AS INSERT INTO o SELECT STREAM n FROM s;",
      "CREATE STREAM o (x STRING, y INT); CREATE PUMP p3 AS INSERT INTO o SELECT STREAM * FROM s;",
  };
  static const char wanted[] = "aggregate TUMBLE(1 min) of S by S.PAGE";
  for (size_t i = 0; i < WR_COUNT(more); i++) {
    struct wr_arena arena = {0};
    struct wr_program program;
    const char *sql = wr_arena_print(&arena, APP "%s", more[i]);
    const struct wr_job *job = streams_plan(sql, i & 1, &arena, &program);
    uint32_t found = 0;
    for (uint32_t n = 0; job && n < job->plan->node_count; n++)
      found += job->plan->nodes[n].identity && strcmp(job->plan->nodes[n].identity, wanted) == 0;
    WR_CHECK(found == 1, "%s: %u times", more[i], found);
    wr_arena_free(&arena);
  }
}

static const struct wr_test tests[] = {
    {"pumps come and go, state stays", test_pumps_come_and_go},
    {"tables, views and sinks have streams", test_streams},
    {"state is the same whether or not somebody may look", test_state_is_the_same},
    {NULL, NULL},
};
const struct wr_suite wr_suite_streams = {"streams", tests};
