/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as EXPLAIN draws them, and what the operators are told: columns, exchanges, lateness,
 * identity. */
#include "planner/planner.h"

#include <string.h>

#include "connectors/connector.h"
#include "operators/specs.h"
#include "tests/unit/check.h"
#include "tests/unit/planner.h"

struct plan_case {
  const char *sql, *logical;
};

/* All jobs of the script, one after the other. */
static const struct plan_case plans[] = {
    {"SELECT 1 + 1 AS two", "Sink(console)  two\n"
                            "└─ Values  2\n"},
    {"VALUES (1, 'a'), (2, NULL)", "Sink(console)  EXPR$0, EXPR$1\n"
                                   "└─ Values  2 rows\n"},
    {"SELECT * FROM plain", "Sink(console)  a, b, t\n"
                            "└─ Source(plain)  a, b, t\n"},
    {"SELECT a FROM plain", "Sink(console)  a\n"
                            "└─ Source(plain)  1 of 3 columns: a\n"},
    {"SELECT b, a FROM plain", "Sink(console)  b, a\n"
                               "└─ Project  b, a\n"
                               "   └─ Source(plain)  2 of 3 columns: a, b\n"},
    {"SELECT c.page, c.info.ip, info.port FROM clicks AS c",
     "Sink(console)  page, ip, port\n"
     "└─ Project  page, info.ip AS ip, info.port AS port\n"
     "   └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "      └─ Source(clicks)  3 of 5 columns: page, ts, info\n"},
    {"SELECT x FROM (SELECT a AS x, b FROM plain) AS s (x, y) WHERE y = 'k' AND x > 1",
     "Sink(console)  x\n"
     "└─ Project  a AS x\n"
     "   └─ Filter  b = 'k' AND a > 1\n"
     "      └─ Source(plain)  2 of 3 columns: a, b\n"},
    {"SELECT a FROM plain WHERE a > 1 AND TRUE AND a > 1",
     "Sink(console)  a\n"
     "└─ Filter  a > 1\n"
     "   └─ Source(plain)  1 of 3 columns: a\n"},
    {"SELECT p FROM slow WHERE p <> 'q'",
     "Sink(console)  p\n"
     "└─ Project  page AS p\n"
     "   └─ Filter  ms > 100 AND page <> 'q'\n"
     "      └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "         └─ Source(clicks)  3 of 5 columns: page, ms, ts\n"},
    {"SELECT m FROM slow WHERE m > 3",
     "Sink(console)  m\n"
     "└─ Filter  m > 3\n"
     "   └─ Project  ms + 1 AS m\n"
     "      └─ Filter  ms > 100\n"
     "         └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "            └─ Source(clicks)  2 of 5 columns: ms, ts\n"},
    {"SELECT m + m AS mm FROM slow",
     "Sink(console)  mm\n"
     "└─ Project  m + m AS mm\n"
     "   └─ Project  ms + 1 AS m\n"
     "      └─ Filter  ms > 100\n"
     "         └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "            └─ Source(clicks)  2 of 5 columns: ms, ts\n"},
    {"SELECT CASE WHEN p = 'a' THEN m ELSE 0 END AS c FROM slow",
     "Sink(console)  c\n"
     "└─ Project  CASE WHEN p = 'a' THEN m ELSE 0 END AS c\n"
     "   └─ Project  page AS p, ms + 1 AS m\n"
     "      └─ Filter  ms > 100\n"
     "         └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "            └─ Source(clicks)  3 of 5 columns: page, ms, ts\n"},
    {"INSERT INTO pairs SELECT m, p FROM slow; INSERT INTO pairs (b) SELECT p FROM slow WHERE p "
     "= 'x'",
     "Sink(pairs)  a, b\n"
     "└─ Project  CAST(m AS BIGINT) AS a, p AS b\n"
     "   └─ Project #3  page AS p, ms + 1 AS m\n"
     "      └─ Filter  ms > 100\n"
     "         └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "            └─ Source(clicks)  3 of 5 columns: page, ms, ts\n"
     "Sink(pairs)  a, b\n"
     "└─ Project  NULL AS a, p AS b\n"
     "   └─ Filter  p = 'x'\n"
     "      └─ Project #3 (see above)\n"},
    {"WITH w AS (SELECT a FROM plain WHERE a > 1) SELECT a FROM w WHERE a < 9",
     "Sink(console)  a\n"
     "└─ Filter  a > 1 AND a < 9\n"
     "   └─ Source(plain)  1 of 3 columns: a\n"},
    {"SELECT * FROM TABLE(TUMBLE(TABLE plain_time, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
     "Sink(console)  ts, x, window_start, window_end, window_time\n"
     "└─ TumbleWindow  TUMBLE(1 h) of ts\n"
     "   └─ Watermark(plain_time)  FOR ts AS ts\n"
     "      └─ Source(plain_time)  ts, x\n"},
    {"SELECT page, window_end FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(ts), INTERVAL '5' MINUTE, "
     "INTERVAL '1' HOUR, INTERVAL '1' MINUTE)) WHERE page = 'a' AND window_start > TIMESTAMP "
     "'2026-01-01 00:00:00'",
     "Sink(console)  page, window_end\n"
     "└─ Project  page, window_end\n"
     "   └─ Filter  window_start > TIMESTAMP '2026-01-01 00:00:00.000'\n"
     "      └─ HopWindow  HOP(1 h every 5 min, offset 1 min) of ts\n"
     "         └─ Filter  page = 'a'\n"
     "            └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "               └─ Source(clicks)  2 of 5 columns: page, ts\n"},
    {"SELECT window_start, page, COUNT(*) AS n, AVG(CAST(ms AS DOUBLE)) AS m FROM "
     "TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE page <> '/health' "
     "GROUP BY window_start, window_end, page",
     "Sink(console)  window_start, page, n, m\n"
     "└─ Project  window_start, page, COUNT(*) AS n, AVG(CAST(ms AS DOUBLE)) AS m\n"
     "   └─ TumbleAggregate  TUMBLE(1 min) of ts by page: COUNT(*), AVG(CAST(ms AS DOUBLE))\n"
     "      └─ Project  page, CAST(ms AS DOUBLE), ts\n"
     "         └─ Filter  page <> '/health'\n"
     "            └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "               └─ Source(clicks)  3 of 5 columns: page, ms, ts\n"},
    {"SELECT page, COUNT(*) AS n FROM TABLE(SESSION(TABLE clicks PARTITION BY page, DESCRIPTOR(ts), "
     "INTERVAL '30' SECOND)) GROUP BY page, window_start, window_end",
     "Sink(console)  page, n\n"
     "└─ Project  page, COUNT(*) AS n\n"
     "   └─ SessionAggregate  SESSION(gap 30 s) of ts by page: COUNT(*)\n"
     "      └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "         └─ Source(clicks)  2 of 5 columns: page, ts\n"},
    /* a condition on the key leaves out whole sessions, another one does not */
    {"SELECT page, COUNT(*) AS n FROM TABLE(SESSION(TABLE clicks PARTITION BY page, DESCRIPTOR(ts), "
     "INTERVAL '30' SECOND)) WHERE page <> 'x' AND ms > 1 GROUP BY page, window_start, window_end",
     "Sink(console)  page, n\n"
     "└─ Project  page, COUNT(*) AS n\n"
     "   └─ WindowAggregate  WINDOW window_start, window_end by page: COUNT(*)\n"
     "      └─ Project  page, window_start, window_end\n"
     "         └─ Filter  ms > 1\n"
     "            └─ SessionWindow  SESSION(gap 30 s) of ts by page\n"
     "               └─ Filter  page <> 'x'\n"
     "                  └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "                     └─ Source(clicks)  3 of 5 columns: page, ms, ts\n"},
    {"SELECT COUNT(*) AS n FROM clicks GROUP BY HOP(ts, INTERVAL '5' SECOND, INTERVAL '8' SECOND)",
     "Sink(console)  n\n"
     "└─ Project  COUNT(*) AS n\n"
     "   └─ HopAggregate  HOP(8 s every 5 s) of ts: COUNT(*)\n"
     "      └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "         └─ Source(clicks)  1 of 5 columns: ts\n"},
    {"SELECT COUNT(*) AS n FROM clicks GROUP BY HOP(ts, INTERVAL '5' SECOND, INTERVAL '8' SECOND) "
     "EMIT EVERY INTERVAL '1' SECOND",
     "Sink(console)  n\n"
     "└─ Fold  the rows that are left at the end\n"
     "   └─ Project  COUNT(*) AS n\n"
     "      └─ WindowAggregate  WINDOW window_start, window_end: COUNT(*); early results every 1 s\n"
     "         └─ HopWindow  HOP(8 s every 5 s) of ts\n"
     "            └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "               └─ Source(clicks)  1 of 5 columns: ts\n"},
    {"SELECT window_time, MIN(ts) AS t FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL "
     "'1' MINUTE)) GROUP BY window_start, window_end, window_time",
     "Sink(console)  window_time, t\n"
     "└─ Project  window_time, MIN(ts) AS t\n"
     "   └─ TumbleAggregate  TUMBLE(1 min) of ts: MIN(ts)\n"
     "      └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "         └─ Source(clicks)  1 of 5 columns: ts\n"},
    {"SELECT page, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' "
     "MINUTE)) WHERE window_end < TIMESTAMP '2026-01-01 00:00:00' GROUP BY window_start, "
     "window_end, page",
     "Sink(console)  page, n\n"
     "└─ Project  page, COUNT(*) AS n\n"
     "   └─ WindowAggregate  WINDOW window_start, window_end by page: COUNT(*)\n"
     "      └─ Project  page, window_start, window_end\n"
     "         └─ Filter  window_end < TIMESTAMP '2026-01-01 00:00:00.000'\n"
     "            └─ TumbleWindow  TUMBLE(1 min) of ts\n"
     "               └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "                  └─ Source(clicks)  2 of 5 columns: page, ts\n"},
    {"SELECT page, MAX(window_end) AS e FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL "
     "'1' MINUTE)) GROUP BY window_start, window_end, page",
     "Sink(console)  page, e\n"
     "└─ Project  page, MAX(window_end) AS e\n"
     "   └─ WindowAggregate  WINDOW window_start, window_end by page: MAX(window_end)\n"
     "      └─ Project  page, window_end, window_start\n"
     "         └─ TumbleWindow  TUMBLE(1 min) of ts\n"
     "            └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "               └─ Source(clicks)  2 of 5 columns: page, ts\n"},
    {"SELECT page, SUM(ms) + COUNT(*) AS x FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), "
     "INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, page HAVING COUNT(*) > 2 AND page "
     "<> 'a'",
     "Sink(console)  page, x\n"
     "└─ Project  page, `SUM(ms)` + `COUNT(*)` AS x\n"
     "   └─ Filter  `COUNT(*)` > 2\n"
     "      └─ TumbleAggregate  TUMBLE(1 min) of ts by page: SUM(ms), COUNT(*)\n"
     "         └─ Filter  page <> 'a'\n"
     "            └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "               └─ Source(clicks)  3 of 5 columns: page, ms, ts\n"},
    {"SELECT COUNT(*) FILTER (WHERE ms > 3) AS f, COUNT(1) AS n FROM TABLE(TUMBLE(TABLE clicks, "
     "DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end",
     "Sink(console)  f, n\n"
     "└─ Project  COUNT(*) FILTER (ms > 3) AS f, COUNT(*) AS n\n"
     "   └─ TumbleAggregate  TUMBLE(1 min) of ts: COUNT(*) FILTER (ms > 3), COUNT(*)\n"
     "      └─ Project  ms > 3, ts\n"
     "         └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "            └─ Source(clicks)  2 of 5 columns: ms, ts\n"},
    {"SELECT w, MAX(n) AS n FROM (SELECT window_start AS w, window_end AS e, page, COUNT(*) AS n "
     "FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY "
     "window_start, window_end, page) GROUP BY w, e",
     "Sink(console)  w, n\n"
     "└─ Project  window_start AS w, MAX(n) AS n\n"
     "   └─ WindowAggregate  WINDOW w, e: MAX(n)\n"
     "      └─ Project  COUNT(*) AS n, window_start AS w, window_end AS e\n"
     "         └─ TumbleAggregate  TUMBLE(1 min) of ts by page: COUNT(*)\n"
     "            └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "               └─ Source(clicks)  2 of 5 columns: page, ts\n"},
    {"SELECT window_end, SUM(n) AS n FROM TABLE(TUMBLE(TABLE minutes, DESCRIPTOR(rt), INTERVAL "
     "'1' HOUR)) GROUP BY window_start, window_end",
     "Sink(console)  window_end, n\n"
     "└─ Project  window_end, SUM(n) AS n\n"
     "   └─ TumbleAggregate  TUMBLE(1 h) of rt: SUM(n)\n"
     "      └─ Project  COUNT(*) AS n, window_time AS rt\n"
     "         └─ TumbleAggregate  TUMBLE(1 min) of ts by page: COUNT(*)\n"
     "            └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "               └─ Source(clicks)  2 of 5 columns: page, ts\n"},
    {"SELECT ms2 FROM computed WHERE ms2 > 4",
     "Sink(console)  ms2\n"
     "└─ Project  ms2\n"
     "   └─ Filter  ms2 > 4\n"
     "      └─ Watermark(computed)  FOR ts AS ts\n"
     "         └─ Project  a * 2 AS ms2, CAST(at AS TIMESTAMP(3)) AS ts\n"
     "            └─ Source(computed)  a, at\n"},
    /* metadata that is written stands behind the physical columns */
    {"CREATE TABLE w (ts TIMESTAMP(3) METADATA FROM 'timestamp', a INT, k STRING METADATA FROM "
     "'key', o BIGINT METADATA FROM 'offset' VIRTUAL) WITH ('connector' = 'kafka', 'topic' = 'x', "
     "'properties.bootstrap.servers' = 'localhost:1', 'format' = 'json'); INSERT INTO w SELECT t, "
     "a, b FROM plain; INSERT INTO w (k) SELECT b FROM plain",
     "Sink(w)  a, ts, k\n"
     "└─ Project  a, CAST(t AS TIMESTAMP_LTZ(3)) AS ts, b AS k\n"
     "   └─ Source(plain) #0  a, b, t\n"
     "Sink(w)  a, ts, k\n"
     "└─ Project  NULL AS a, NULL AS ts, b AS k\n"
     "   └─ Source(plain) #0 (see above)\n"},
    {"SELECT b, o FROM meta", "Sink(console)  b, o\n"
                              "└─ Source(meta)  2 of 3 columns: b, o\n"},
    {"INSERT INTO pairs SELECT 1, NULL; SELECT source FROM error_stream WHERE error_name = 'late_row'",
     "Sink(pairs)  a, b\n"
     "└─ Values  1, NULL\n"
     "Sink(console)  source\n"
     "└─ Project  source\n"
     "   └─ Filter  error_name = 'late_row'\n"
     "      └─ Source(error_stream)  rejected rows and records of this job\n"},
};

/* The same with optional rules off: nothing moves, but columns are still pruned. */
static const struct plan_case plans_unruled[] = {
    {"SELECT a FROM plain WHERE a > 1 AND TRUE", "Sink(console)  a\n"
                                                 "└─ Project  a\n"
                                                 "   └─ Filter  a > 1\n"
                                                 "      └─ Source(plain)  1 of 3 columns: a\n"},
    {"SELECT COUNT(*) AS n FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
     "WHERE page = 'a' GROUP BY window_start, window_end",
     "Sink(console)  n\n"
     "└─ Project  COUNT(*) AS n\n"
     "   └─ WindowAggregate  WINDOW window_start, window_end: COUNT(*)\n"
     "      └─ Project  window_start, window_end\n"
     "         └─ Filter  page = 'a'\n"
     "            └─ TumbleWindow  TUMBLE(1 min) of ts\n"
     "               └─ Watermark(clicks)  FOR ts AS ts - INTERVAL '5' SECOND\n"
     "                  └─ Source(clicks)  2 of 5 columns: page, ts\n"},
};

/* Builds the tables and the script; NULL and a word on failure. */
static const struct wr_program *planner_build(struct wr_arena *arena, const char *sql,
                                              const struct wr_planner_options *options)
{
  struct wr_program *program = WR_NEW(arena, struct wr_program);
  struct wr_error_list errors = {0};
  const char *text = wr_arena_print(arena, "%s%s", PLANNER_TABLES, sql);
  enum wr_code code = wr_program_build(text, strlen(text), options, arena, program, &errors);
  WR_CHECK(code == WR_OK, "%s: %s", sql, errors.count ? errors.items[0].message : "");
  return code ? NULL : program;
}

static void planner_check_plans(const struct plan_case *cases, size_t count, bool rules_off)
{
  for (size_t i = 0; i < count; i++) {
    struct wr_arena arena = {0};
    const struct wr_planner_options options = {.rules_off = rules_off};
    const struct wr_program *program = planner_build(&arena, cases[i].sql, &options);
    const char *logical = "";
    for (uint32_t j = 0; program && j < program->job_count; j++)
      logical = wr_arena_print(&arena, "%s%s", logical, program->jobs[j].logical);
    WR_CHECK(strcmp(logical, cases[i].logical) == 0, "%s\n%s", cases[i].sql, logical);
    wr_arena_free(&arena);
  }
}

static void test_plans(void)
{
  planner_check_plans(plans, WR_COUNT(plans), false);
}

static void test_rules_off(void)
{
  planner_check_plans(plans_unruled, WR_COUNT(plans_unruled), true);
}

static const struct wr_plan_node *planner_find(const struct wr_plan *plan, const char *name)
{
  for (uint32_t i = 0; i < plan->node_count; i++)
    if (strcmp(plan->nodes[i].name, name) == 0)
      return &plan->nodes[i];
  WR_CHECK(false, "%s is not in the plan", name);
  return NULL;
}

static const char planner_keyed[] =
    "INSERT INTO pairs SELECT COUNT(*), page FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), "
    "INTERVAL '1' MINUTE)) "
    "WHERE ms > 1 GROUP BY window_start, window_end, page";

/* A keyed aggregate gets its rows by hash; all else stays in the task of its input. */
static void test_parallel(void)
{
  struct wr_arena arena = {0};
  const struct wr_planner_options options = {.parallelism = 3};
  const struct wr_program *program = planner_build(&arena, planner_keyed, &options);
  CU_ASSERT_PTR_NOT_NULL_FATAL(program);
  const struct wr_plan *plan = program->jobs[0].plan;
  for (uint32_t i = 0; i < plan->node_count; i++) {
    const struct wr_plan_node *node = &plan->nodes[i];
    bool is_aggregate = strcmp(node->name, "TumbleAggregate") == 0;
    WR_CHECK(node->id == i && node->parallelism == 3, "%s", node->name);
    for (uint32_t n = 0; n < node->input_count; n++) {
      CU_ASSERT(node->inputs[n].node < i);
      WR_CHECK(node->inputs[n].exchange == (is_aggregate ? WR_EXCHANGE_HASH : WR_EXCHANGE_FORWARD),
               "%s", node->name);
    }
  }
  const struct wr_plan_node *aggregate = planner_find(plan, "TumbleAggregate");
  CU_ASSERT_EQUAL(aggregate->inputs[0].key_count, 1);
  CU_ASSERT_STRING_EQUAL(
      plan->nodes[aggregate->inputs[0].node].schema->fields[aggregate->inputs[0].keys[0]].name,
      "page");
  wr_arena_free(&arena);
}

/* Without keys there is one copy; a terminal has room for one writer. */
static void test_gather(void)
{
  struct wr_arena arena = {0};
  const struct wr_planner_options options = {.parallelism = 3};
  const struct wr_program *program = planner_build(
      &arena,
      "SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
      "GROUP BY window_start, "
      "window_end; SELECT a FROM plain; SELECT 1",
      &options);
  CU_ASSERT_PTR_NOT_NULL_FATAL(program);
  const struct wr_plan_node *aggregate = planner_find(program->jobs[0].plan, "TumbleAggregate");
  CU_ASSERT(aggregate->parallelism == 1 && aggregate->inputs[0].exchange == WR_EXCHANGE_GATHER);
  const struct wr_plan_node *sink = planner_find(program->jobs[0].plan, "Sink(console)");
  CU_ASSERT(sink->parallelism == 1 && sink->inputs[0].exchange == WR_EXCHANGE_FORWARD);
  sink = planner_find(program->jobs[1].plan, "Sink(console)");
  CU_ASSERT(sink->parallelism == 1 && sink->inputs[0].exchange == WR_EXCHANGE_GATHER);
  CU_ASSERT_EQUAL(planner_find(program->jobs[2].plan, "Values")->parallelism, 1);
  wr_arena_free(&arena);
}

/* Tables may ask for their own number of copies. */
static void test_own_parallelism(void)
{
  struct wr_arena arena = {0};
  const struct wr_planner_options options = {.parallelism = 3};
  const struct wr_program *program = planner_build(
      &arena,
      "CREATE TABLE few (a INT) WITH ('connector' = 'filesystem', 'path' = 'x', 'format' = 'json', "
      "'scan.parallelism' = '2', 'sink.parallelism' = '1'); INSERT INTO few SELECT a FROM few WHERE a > 1",
      &options);
  CU_ASSERT_PTR_NOT_NULL_FATAL(program);
  const struct wr_plan *plan = program->jobs[0].plan;
  CU_ASSERT_EQUAL(planner_find(plan, "Source(few)")->parallelism, 2);
  CU_ASSERT_EQUAL(planner_find(plan, "Filter")->parallelism, 2);
  const struct wr_plan_node *sink = planner_find(plan, "Sink(few)");
  CU_ASSERT(sink->parallelism == 1 && sink->inputs[0].exchange == WR_EXCHANGE_GATHER);
  wr_arena_free(&arena);
}

/* Only what an aggregate judges by is carried, and only as far as to it. */
static void test_arrived(void)
{
  struct wr_arena arena = {0};
  const struct wr_planner_options options = {0};
  const struct wr_program *program = planner_build(
      &arena, wr_arena_print(&arena, "SELECT page FROM clicks; %s", planner_keyed), &options);
  CU_ASSERT_PTR_NOT_NULL_FATAL(program);
  CU_ASSERT_FALSE(planner_find(program->jobs[0].plan, "Watermark(clicks)")->arrived);
  const struct wr_plan *plan = program->jobs[1].plan;
  const struct wr_plan_node *watermark = planner_find(plan, "Watermark(clicks)");
  const struct wr_watermark_spec *spec = watermark->spec;
  CU_ASSERT(watermark->arrived && spec->arrived);
  CU_ASSERT(planner_find(plan, "Filter")->arrived);
  CU_ASSERT_FALSE(planner_find(plan, "TumbleAggregate")->arrived);
  CU_ASSERT_FALSE(planner_find(plan, "Source(clicks)")->arrived);
  CU_ASSERT_EQUAL(spec->idle_timeout_us, 30000000);
  CU_ASSERT_EQUAL(spec->max_ahead_us, 0); /* a file has an end */
  wr_arena_free(&arena);
}

/* Sessions judge, windows of processing time have nothing to judge. */
static void test_arrived_windows(void)
{
  static const struct {
    const char *sql;
    bool arrived;
  } rows[] = {
      {"SELECT * FROM TABLE(SESSION(TABLE clicks PARTITION BY page, DESCRIPTOR(ts), INTERVAL '1' "
       "SECOND))",
       true},
      {"SELECT COUNT(*) FROM clicks GROUP BY page, SESSION(ts, INTERVAL '1' SECOND)", true},
      {"SELECT COUNT(*) FROM clicks GROUP BY CAST(ts AS DATE), TUMBLE(PROCTIME(), INTERVAL '1' "
       "SECOND)",
       false},
      {"SELECT COUNT(*) FROM clicks GROUP BY page, SESSION(PROCTIME(), INTERVAL '1' SECOND)",
       false},
      {"SELECT * FROM TABLE(CUMULATE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL "
       "'2' SECOND))",
       false},
      {"SELECT page FROM TABLE(TUMBLE(TABLE (SELECT page, PROCTIME() AS p FROM clicks), "
       "DESCRIPTOR(p), INTERVAL '1' SECOND)) QUALIFY ROW_NUMBER() OVER (PARTITION BY window_start, "
       "window_end ORDER BY page) = 1",
       false},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    const struct wr_planner_options options = {0};
    const struct wr_program *program = planner_build(&arena, rows[i].sql, &options);
    CU_ASSERT_PTR_NOT_NULL_FATAL(program);
    WR_CHECK(planner_find(program->jobs[0].plan, "Watermark(clicks)")->arrived == rows[i].arrived,
             "%s", rows[i].sql);
    wr_arena_free(&arena);
  }
}

/* A window of processing time is where a time comes from, and all that stands above goes by it. */
static void test_clock(void)
{
  struct wr_arena arena = {0};
  const struct wr_planner_options options = {0};
  const struct wr_program *program = planner_build(
      &arena,
      "CREATE VIEW w AS SELECT page, window_start AS ws, window_end AS we FROM TABLE(TUMBLE(TABLE "
      "(SELECT page, PROCTIME() AS p FROM clicks), DESCRIPTOR(p), INTERVAL '1' SECOND));"
      "SELECT page FROM (SELECT * FROM w UNION ALL SELECT * FROM w) QUALIFY ROW_NUMBER() OVER "
      "(PARTITION BY ws, we ORDER BY page) = 1;"
      "SELECT page FROM w UNION ALL SELECT page FROM clicks;"
      "SELECT DISTINCT * FROM w",
      &options);
  CU_ASSERT_PTR_NOT_NULL_FATAL(program);
  const struct wr_plan *plan = program->jobs[0].plan;
  const struct wr_window_assign_spec *assign = planner_find(plan, "TumbleWindow")->spec;
  CU_ASSERT(assign->window.by_clock);
  CU_ASSERT(planner_find(plan, "Union")->one_time);
  const struct wr_rank_spec *rank = planner_find(plan, "WindowRank")->spec;
  CU_ASSERT(rank->window.kind == WR_WINDOW_ATTACHED && !rank->window.by_clock);
  CU_ASSERT_EQUAL(rank->window.tick_us, 1000);
  CU_ASSERT_FALSE(planner_find(program->jobs[1].plan, "Union")->one_time);
  const struct wr_distinct_spec *distinct = planner_find(program->jobs[2].plan, "Distinct")->spec;
  CU_ASSERT(distinct->end_column != UINT32_MAX && !distinct->window.by_clock);
  wr_arena_free(&arena);
}

/* What the runtime and the operators are told of columns. */
static void test_columns(void)
{
  struct wr_arena arena = {0};
  const struct wr_planner_options options = {0};
  const struct wr_program *program =
      planner_build(&arena, "SELECT b, o FROM meta WHERE a > 1", &options);
  CU_ASSERT_PTR_NOT_NULL_FATAL(program);
  const struct wr_plan *plan = program->jobs[0].plan;
  const struct wr_plan_source *source = planner_find(plan, "Source(meta)")->source;
  CU_ASSERT_EQUAL_FATAL(source->wanted_count, 2);
  CU_ASSERT(source->wanted[0] == 0 && source->wanted[1] == 1);
  CU_ASSERT_EQUAL_FATAL(source->metadata_count, 1);
  CU_ASSERT_STRING_EQUAL(source->table.connector->metadata[source->metadata[0]].name, "offset");
  CU_ASSERT_EQUAL(source->table.physical->column_count, 2);
  CU_ASSERT_FALSE(plan->bounded);
  const struct wr_filter_spec *filter = planner_find(plan, "Filter")->spec;
  CU_ASSERT(!filter->used[0] && filter->used[1] &&
            filter->used[2]); /* a is for the condition alone */
  wr_arena_free(&arena);
}

/* The same state under other names, filters and orders; other state where the keys or windows
 * differ. */
static void test_identity(void)
{
  static const char *const same[] = {
      "SELECT page, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' "
      "MINUTE)) GROUP BY window_start, "
      "window_end, page",
      "SELECT SUM(x), COUNT(*) FROM TABLE(TUMBLE(TABLE renamed, DESCRIPTOR(t), INTERVAL '60' "
      "SECOND)) WHERE x > 3 GROUP BY p, "
      "window_end, window_start",
  };
  static const char *const other[] = {
      "SELECT ms, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
      "GROUP BY window_start, "
      "window_end, ms",
      "SELECT page, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '2' "
      "MINUTE)) GROUP BY window_start, "
      "window_end, page",
  };
  struct wr_arena arena = {0};
  const struct wr_planner_options options = {0};
  const struct wr_program *program = planner_build(
      &arena,
      wr_arena_print(
          &arena,
          "CREATE VIEW renamed AS SELECT page AS p, ms AS x, ts AS t FROM clicks; %s; %s; %s; %s",
          same[0], same[1], other[0], other[1]),
      &options);
  CU_ASSERT_PTR_NOT_NULL_FATAL(program);
  const char *first = planner_find(program->jobs[0].plan, "TumbleAggregate")->identity;
  CU_ASSERT_STRING_EQUAL(first, "aggregate TUMBLE(1 min) of clicks by clicks.page");
  CU_ASSERT_STRING_EQUAL(planner_find(program->jobs[1].plan, "TumbleAggregate")->identity, first);
  CU_ASSERT_STRING_NOT_EQUAL(planner_find(program->jobs[2].plan, "TumbleAggregate")->identity,
                             first);
  CU_ASSERT_STRING_NOT_EQUAL(planner_find(program->jobs[3].plan, "TumbleAggregate")->identity,
                             first);
  wr_arena_free(&arena);
}

/* Inserts are one job in the place of the first; a table read twice is one source; EXPLAIN is
 * marked. */
static void test_jobs(void)
{
  struct wr_arena arena = {0};
  const struct wr_planner_options options = {0};
  const struct wr_program *program = planner_build(
      &arena,
      "SET 'pipeline.name' = 'p'; SET 'state.backend' = 'x'; SELECT 1; INSERT INTO pairs SELECT "
      "a, b FROM plain; "
      "EXPLAIN SELECT 2; INSERT INTO pairs SELECT a + 1, b FROM plain; SELECT message FROM "
      "error_stream",
      &options);
  CU_ASSERT_PTR_NOT_NULL_FATAL(program);
  CU_ASSERT_EQUAL_FATAL(program->job_count, 3);
  CU_ASSERT_STRING_EQUAL(program->name, "p");
  CU_ASSERT_EQUAL_FATAL(program->warning_count, 1);
  CU_ASSERT_STRING_EQUAL(program->warnings[0].message,
                         "the setting 'state.backend' has no effect here");
  CU_ASSERT(program->jobs[0].is_select && !program->jobs[0].is_explain);
  CU_ASSERT(!program->jobs[1].is_select && program->jobs[2].is_explain);
  const struct wr_plan *plan = program->jobs[1].plan;
  uint32_t sources = 0, sinks = 0;
  for (uint32_t i = 0; i < plan->node_count; i++) {
    sources += plan->nodes[i].source != NULL;
    sinks += plan->nodes[i].kind == WR_PLAN_SINK;
  }
  CU_ASSERT(sources == 1 && sinks == 3);
  CU_ASSERT_EQUAL(plan->error_stream, planner_find(plan, "Source(error_stream)")->id);
  CU_ASSERT_PTR_NULL(planner_find(plan, "Source(plain)")->statement);
  CU_ASSERT_STRING_EQUAL(planner_find(plan, "Sink(pairs)")->statement,
                         "INSERT INTO pairs SELECT a, b FROM plain");
  wr_arena_free(&arena);
}

/* Settings of the command line win, and passwords are never shown. */
static void test_explain(void)
{
  static const struct wr_option_value given[] = {{.key = "parallelism.default", .value = "2"}};
  struct wr_arena arena = {0};
  const struct wr_planner_options options = {.settings = given, .setting_count = 1};
  const struct wr_program *program = planner_build(
      &arena,
      "SET 'parallelism.default' = '5'; CREATE TABLE secret (a INT) WITH ('connector' = 'kafka', "
      "'topic' = 'mine', "
      "'properties.bootstrap.servers' = 'l:1', 'properties.group.id' = 'g', "
      "'properties.sasl.password' = 'hunter2', "
      "'format' = 'json'); SELECT a FROM secret",
      &options);
  CU_ASSERT_PTR_NOT_NULL_FATAL(program);
  const char *text = wr_explain_text(&arena, &program->jobs[0]),
             *json = wr_explain_json(&arena, &program->jobs[0]);
  CU_ASSERT(strstr(text, "hunter2") == NULL && strstr(json, "hunter2") == NULL);
  CU_ASSERT(strstr(text, "kafka, json, 'topic' = 'mine'") != NULL);
  CU_ASSERT(strstr(text, "Source(secret)  x2\n") != NULL);
  CU_ASSERT(strstr(json, "\"inputs\":[{\"node\":0,\"exchange\":\"gather\"}]") != NULL);
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"plans", test_plans},
    {"rules_off", test_rules_off},
    {"parallel", test_parallel},
    {"gather", test_gather},
    {"own_parallelism", test_own_parallelism},
    {"arrived", test_arrived},
    {"arrived_windows", test_arrived_windows},
    {"clock", test_clock},
    {"columns", test_columns},
    {"identity", test_identity},
    {"jobs", test_jobs},
    {"explain", test_explain},
    {0},
};

const struct wr_suite wr_suite_planner = {"planner", tests};
