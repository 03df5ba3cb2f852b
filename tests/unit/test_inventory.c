/* SPDX-License-Identifier: Apache-2.0 */
/* What a job keeps, and what becomes of it when the SQL changes. */
#include <stdlib.h>
#include <string.h>

#include "planner/planner.h"
#include "runtime/inventory.h"
#include "tests/unit/check.h"

#define TABLES                                                                                 \
  "CREATE TABLE c (u BIGINT, p STRING, ms INT, f DOUBLE, ts TIMESTAMP(3), t2 TIMESTAMP(3), "   \
  "WATERMARK FOR ts AS ts) WITH ('connector' = 'datagen');"                                    \
  "CREATE TABLE d (u BIGINT, p STRING, ms INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH " \
  "('connector' = 'datagen');"
#define TUMBLE(keys, what, more)                                                                  \
  TABLES "SELECT " what " FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) " more \
         " GROUP BY window_start, window_end" keys
#define HOP(what)                                                                                 \
  TABLES "SELECT " what " FROM TABLE(HOP(TABLE c, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL " \
         "'1' HOUR)) GROUP BY window_start, window_end"
#define SESSION(what)                                                                           \
  TABLES "SELECT " what " FROM TABLE(SESSION(TABLE c PARTITION BY p, DESCRIPTOR(ts), INTERVAL " \
         "'1' MINUTE)) GROUP BY window_start, window_end, p"
#define OVER(columns, what) \
  TABLES "SELECT " columns ", " what " OVER (PARTITION BY p ORDER BY ts) AS w FROM c"
#define BEST(most)                                                                             \
  TABLES "SELECT p, ms FROM (SELECT p, ms, ROW_NUMBER() OVER (PARTITION BY p ORDER BY ms) AS " \
         "r FROM c) WHERE r <= " most

static void inventory_of(const char *sql, struct wr_arena *arena, struct wr_inventory *out)
{
  const struct wr_planner_options options = {.result_format = "json"};
  struct wr_error_list errors = {0};
  struct wr_program program;
  enum wr_code code = wr_program_build(sql, strlen(sql), &options, arena, &program, &errors);
  WR_CHECK(code == WR_OK && program.job_count == 1, "%s: %s", sql,
           errors.count ? errors.items[0].message : "not one job");
  *out = (struct wr_inventory){0};
  if (code == WR_OK && program.job_count == 1)
    wr_inventory_of_plan(program.jobs[0].plan, arena, out);
}

/* "=" kept, "+" new, "-" dropped, "!" does not fit; sources and watermarks are left out. Behind it,
 * per member that is not in both, "p" if it is new and "m" if it is gone. */
static void verdicts_print(const struct wr_inventory_change *changes, uint32_t count, char *text)
{
  *text = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_inventory_node *node = changes[i].after ? changes[i].after : changes[i].before;
    if (node->is_source || strcmp(node->kind, "Watermark") == 0)
      continue;
    strcat(text, (const char *const[]){"=", "+", "-", "!"}[changes[i].verdict]);
    for (uint32_t m = 0; m < changes[i].added_count; m++)
      strcat(text, "p");
    for (uint32_t m = 0; m < changes[i].lost_count; m++)
      strcat(text, "m");
  }
}

static const struct change_case {
  const char *before, *after, *verdicts;
} change_cases[] = {
    {TUMBLE(", p", "p, COUNT(*)", ""), TUMBLE(", p", "p, COUNT(*)", ""), "="},
    /* conditions, names, what is made of the result, other statements */
    {TUMBLE(", p", "p, SUM(ms)", ""), TUMBLE(", p", "SUM(ms) * 2 AS x, p AS q", "WHERE u > 3"),
     "="},
    {TUMBLE(", p", "p, SUM(ms)", ""), TUMBLE(", p", "p, SUM(ms)", "") " HAVING SUM(ms) > 7", "="},
    /* another kind, key or window is another step */
    {TUMBLE(", p", "p, COUNT(*)", ""), TUMBLE(", u", "u, COUNT(*)", ""), "+-"},
    {TUMBLE(", p", "p, COUNT(*)", ""), TABLES "SELECT DISTINCT p FROM c", "+-"},
    /* aggregates come, go, and change places */
    {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "MAX(ms)", ""), "=pm"},
    {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "SUM(u)", ""), "=pm"},
    {TUMBLE("", "SUM(ms), COUNT(*)", ""), TUMBLE("", "COUNT(*), SUM(ms)", ""), "="},
    {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "SUM(ms), COUNT(*)", ""), "=p"},
    {TUMBLE("", "SUM(ms), COUNT(*)", ""), TUMBLE("", "COUNT(*)", ""), "=m"},
    {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "SUM(DISTINCT ms)", ""), "=pm"},
    {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "SUM(ms) FILTER (WHERE u > 3)", ""), "=pm"},
    {TUMBLE("", "LISTAGG(p, ',')", ""), TUMBLE("", "LISTAGG(p, ';')", ""), "=pm"},
    {TUMBLE("", "SUM(RAND()), SUM(RAND())", ""), TUMBLE("", "SUM(RAND())", ""), "=m"},
    /* a set of values is of all DISTINCT aggregates over it together */
    {TUMBLE("", "SUM(DISTINCT ms), COUNT(DISTINCT ms)", ""),
     TUMBLE("", "COUNT(DISTINCT ms), SUM(DISTINCT ms)", ""), "="},
    {TUMBLE("", "SUM(DISTINCT ms)", ""), TUMBLE("", "SUM(DISTINCT ms), COUNT(DISTINCT u)", ""),
     "=p"},
    {TUMBLE("", "SUM(DISTINCT ms)", ""), TUMBLE("", "SUM(DISTINCT ms), COUNT(DISTINCT ms)", ""),
     "=ppm"},
    {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "SUM(ms)", "") " EMIT ON CHANGE", "!"},
    /* types, keys, and how panes are kept */
    {TUMBLE(", p", "p, SUM(ms)", ""),
     "CREATE TABLE c (u BIGINT, p BYTES, ms INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH "
     "('connector' = 'datagen');"
     "SELECT p, SUM(ms) FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
     "GROUP BY window_start, window_end, p",
     "!"},
    {TUMBLE(", p", "p, SUM(ms)", ""),
     "CREATE TABLE c (u BIGINT, p STRING, ms BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) "
     "WITH ('connector' = 'datagen');"
     "SELECT p, SUM(ms) FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) "
     "GROUP BY window_start, window_end, p",
     "=pm"},
    {HOP("MAX(ms)"), HOP("MIN(u), MAX(ms)"), "=p"},
    {HOP("MAX(ms)"), HOP("MAX(ms), COUNT(DISTINCT p)"), "!"},
    {HOP("COUNT(DISTINCT p)"), HOP("MAX(ms), COUNT(DISTINCT p)"), "=p"},
    {SESSION("COUNT(*)"), SESSION("SUM(ms), COUNT(*)"), "=p"},
    /* rows that are kept */
    {OVER("p", "SUM(ms)"), OVER("p", "SUM(ms)"), "="},
    {OVER("p", "SUM(ms)"), OVER("p", "MIN(ms)"), "!"},
    {OVER("p, u", "SUM(ms)"), OVER("p", "SUM(ms)"), "="},
    {OVER("p, u", "SUM(ms)"), OVER("u, p", "SUM(ms)") " WHERE f > 3", "="},
    {OVER("p, u", "SUM(ms)"), OVER("p, f", "SUM(ms)"), "!p"},
    {BEST("3"), BEST("3"), "="},
    {BEST("3"),
     TABLES "SELECT ms FROM (SELECT p, ms, ROW_NUMBER() OVER (PARTITION BY p ORDER BY ms) AS r "
            "FROM c WHERE u > 3 AND f < 7) WHERE r <= 3",
     "="},
    {BEST("3"), BEST("4"), "!"},
    /* a name of one's own */
    {TUMBLE("", "/*+ STATE('x') */ SUM(ms)", ""), TUMBLE("", "/*+ STATE('x') */ SUM(ms) AS y", ""),
     "="},
    {TUMBLE("", "/*+ STATE('x') */ SUM(ms)", ""), TUMBLE("", "/*+ STATE('y') */ SUM(ms)", ""),
     "+-"},
    {TUMBLE("", "/*+ STATE('x') */ SUM(ms)", ""),
     TABLES "SELECT /*+ STATE('x') */ SUM(ms) FROM TABLE(TUMBLE(TABLE d, DESCRIPTOR(ts), INTERVAL "
            "'1' MINUTE)) GROUP BY window_start, window_end",
     "="},
    {TUMBLE("", "/*+ STATE('x') */ SUM(ms)", ""),
     TABLES "SELECT /*+ STATE('x') */ SUM(ms) FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(ts), INTERVAL "
            "'2' MINUTE)) GROUP BY window_start, window_end",
     "!"},
};

static void sql_may_change(void)
{
  for (size_t i = 0; i < sizeof change_cases / sizeof *change_cases; i++) {
    struct wr_arena arena = {0};
    struct wr_inventory before, after;
    uint32_t count;
    char got[64];
    inventory_of(change_cases[i].before, &arena, &before);
    inventory_of(change_cases[i].after, &arena, &after);
    const struct wr_inventory_change *changes =
        wr_inventory_compare(&before, &after, &arena, &count);
    verdicts_print(changes, count, got);
    WR_CHECK(strcmp(got, change_cases[i].verdicts) == 0, "%s instead of %s:\n%s", got,
             change_cases[i].verdicts, change_cases[i].after);
    wr_arena_free(&arena);
  }
}

/* ---- whose state it is */

#define INTO(number) TABLES "CREATE TABLE o" number " (x BIGINT) WITH ('connector' = 'blackhole');"
#define MINUTES(what, from)                                                                  \
  "SELECT " what " FROM TABLE(TUMBLE(TABLE " from ", DESCRIPTOR(ts), INTERVAL '1' MINUTE)) " \
  "GROUP BY window_start, window_end"
#define WHERE(condition)                                                                             \
  "SELECT SUM(ms) FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE " condition \
  " GROUP BY window_start, window_end"
#define TWO INTO("1") "CREATE TABLE o2 (x BIGINT) WITH ('connector' = 'blackhole');"

/* A step is known by its kind, keys, window and tables, and where several are alike, by their
 * order. Per step of the later SQL: which of the earlier one it goes on with, from 0; "+": none. */
static const struct step_case {
  const char *before, *after, *goes_on_with;
} step_cases[] = {
    /* a name that is given */
    {INTO("1") "INSERT INTO o1 " MINUTES("/*+ STATE('a') */ SUM(ms)", "c"),
     INTO("1") "INSERT INTO o1 " MINUTES("/*+ STATE('a') */ COUNT(*)", "d"), "0"},
    /* alike but for what is counted: told apart by order, and others do not count */
    {TWO "INSERT INTO o1 " MINUTES("SUM(ms)", "c") ";INSERT INTO o2 " MINUTES("MAX(ms)", "c"),
     TWO "INSERT INTO o1 " MINUTES("SUM(ms)", "c") ";INSERT INTO o2 " MINUTES("MAX(ms)", "c"),
     "01"},
    {TWO "INSERT INTO o1 " MINUTES("SUM(ms)", "c") ";INSERT INTO o2 " MINUTES("MAX(ms)", "d"),
     TWO "INSERT INTO o2 " MINUTES("MAX(ms)", "d") ";INSERT INTO o1 " MINUTES("SUM(ms)", "c"),
     "10"},
    {INTO("1") "INSERT INTO o1 " MINUTES("SUM(ms)", "c"),
     TWO "INSERT INTO o2 " MINUTES("MAX(ms)", "d") ";INSERT INTO o1 " MINUTES("SUM(ms)", "c"),
     "+0"},
    {INTO("1") "INSERT INTO o1 " MINUTES("SUM(ms)", "c"),
     TWO "INSERT INTO o1 " MINUTES("SUM(ms)", "c") ";INSERT INTO o2 " MINUTES("MAX(ms)", "c"),
     "0+"},
    /* alike, and in another order: known by their conditions, by what they count, by their tables
     */
    {TWO "INSERT INTO o1 " MINUTES("SUM(ms)", "c") ";INSERT INTO o2 " MINUTES("MAX(ms)", "c"),
     TWO "INSERT INTO o2 " MINUTES("MAX(ms)", "c") ";INSERT INTO o1 " MINUTES("SUM(ms)", "c"),
     "10"},
    {TWO "INSERT INTO o1 " MINUTES("SUM(ms)", "c") ";INSERT INTO o2 " MINUTES("MAX(ms)", "c"),
     TWO "INSERT INTO o2 " MINUTES("MAX(ms)", "c"), "1"},
    {TWO "INSERT INTO o1 " WHERE("u = 1") ";INSERT INTO o2 " WHERE("u = 2"),
     TWO "INSERT INTO o2 " WHERE("u = 2") ";INSERT INTO o1 " WHERE("u = 1"), "10"},
    {TWO "INSERT INTO o1 " WHERE("u = 1") ";INSERT INTO o1 " WHERE("u = 2"),
     TWO "INSERT INTO o1 " WHERE("u = 3") ";INSERT INTO o1 " WHERE("u = 1"), "10"},
    {TWO "INSERT INTO o1 " WHERE("u = 1") ";INSERT INTO o2 " WHERE("u = 1 AND ms > 3"),
     TWO "INSERT INTO o2 " WHERE("u = 7") ";INSERT INTO o1 " WHERE("u = 8"), "10"},
    {TWO "INSERT INTO o1 " WHERE("u = 1") ";INSERT INTO o1 " WHERE("u = 2"),
     TWO "INSERT INTO o1 " WHERE("u = 8") ";INSERT INTO o1 " WHERE("u = 9"), "01"},
    /* a view, or what it stands for; its name and those of its columns; the table of results */
    {INTO("1") "CREATE VIEW v AS SELECT p, ms AS m, ts AS w FROM c WHERE u > 3;"
               "INSERT INTO o1 SELECT SUM(m) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(w), INTERVAL "
               "'1' MINUTE)) GROUP BY window_start, window_end",
     INTO("2") "INSERT INTO o2 " MINUTES("SUM(ms)", "c"), "0"},
    {INTO("1") "CREATE VIEW v AS SELECT * FROM c;INSERT INTO o1 " MINUTES("SUM(ms)", "v"),
     INTO("1") "CREATE VIEW w AS SELECT ts, ms FROM c;INSERT INTO o1 " MINUTES("SUM(ms)", "w"),
     "0"},
    /* another table beneath, another expression for a key */
    {INTO("1") "INSERT INTO o1 " MINUTES("SUM(ms)", "c"),
     INTO("1") "INSERT INTO o1 " MINUTES("SUM(ms)", "d"), "+"},
    {INTO("1") "INSERT INTO o1 " MINUTES("SUM(ms)", "c") ", u + 1",
     INTO("1") "INSERT INTO o1 " MINUTES("SUM(ms)", "c") ", u + 2", "+"},
};

static void steps_are_known(void)
{
  for (size_t i = 0; i < sizeof step_cases / sizeof *step_cases; i++) {
    struct wr_arena arena = {0};
    struct wr_inventory before, after;
    struct wr_snapshot snapshot = {0};
    uint32_t count;
    char got[64] = "";
    inventory_of(step_cases[i].before, &arena, &before);
    inventory_of(step_cases[i].after, &arena, &after);
    wr_inventory_match(&before, &after, &snapshot, &arena);
    const struct wr_inventory_change *changes =
        wr_inventory_compare(&before, &after, &arena, &count);
    for (uint32_t c = 0; c < count; c++) {
      if (!changes[c].after || strcmp(changes[c].after->kind, "WindowAggregate") != 0)
        continue;
      uint32_t number = 0;
      for (const struct wr_inventory_node *at = before.nodes; at != changes[c].before; at++) {
        if (!changes[c].before)
          break;
        number += strcmp(at->kind, "WindowAggregate") == 0;
      }
      strcat(got, changes[c].before ? (const char *const[]){"0", "1", "2"}[number] : "+");
    }
    WR_CHECK(strcmp(got, step_cases[i].goes_on_with) == 0, "%s instead of %s:\n%s", got,
             step_cases[i].goes_on_with, step_cases[i].after);
    wr_arena_free(&arena);
  }
}

/* ---- as bytes */

static void write_inventory(const struct wr_inventory *inventory, struct wr_part_writer *part,
                            struct wr_snapshot *snapshot)
{
  wr_inventory_write(inventory, part);
  *snapshot = (struct wr_snapshot){
      .epoch = 7, .description = part->bytes, .description_length = part->length};
}

static void it_reads_what_it_writes(void)
{
  struct wr_arena arena = {0};
  struct wr_inventory before, after;
  struct wr_part_writer part = {0};
  struct wr_snapshot snapshot;
  struct wr_error err;
  inventory_of(TUMBLE(", p", "p, SUM(ms)", ""), &arena, &before);
  write_inventory(&before, &part, &snapshot);
  CU_ASSERT_EQUAL(wr_inventory_read(&snapshot, &arena, &after, &err), WR_OK);
  CU_ASSERT_EQUAL(after.node_count, 3);
  for (uint32_t i = 0; i < after.node_count && i < before.node_count; i++) {
    const struct wr_inventory_node *a = &before.nodes[i], *b = &after.nodes[i];
    WR_CHECK(strcmp(a->key, b->key) == 0 && strcmp(a->name, b->name) == 0 &&
                 strcmp(a->kind, b->kind) == 0 && strcmp(a->state, b->state) == 0 &&
                 a->is_source == b->is_source && a->copies == b->copies &&
                 strcmp(a->fits, b->fits) == 0 && a->member_count == b->member_count,
             "node %u", i);
    for (uint32_t m = 0; m < a->member_count && m < b->member_count; m++)
      WR_CHECK((a->members[m].is_column || strcmp(a->members[m].words, b->members[m].words) == 0) &&
                   a->members[m].id == b->members[m].id &&
                   a->members[m].is_column == b->members[m].is_column &&
                   a->members[m].is_needed == b->members[m].is_needed,
               "node %u, member %u", i, m);
  }
  wr_part_writer_free(&part);
  wr_arena_free(&arena);
}

/* Format 1 had all words of a step in one, and no members. */
static void write_nameless(const struct wr_inventory *inventory, struct wr_part_writer *part)
{
  wr_part_put_u64(part, 1);
  wr_part_put_u64(part, inventory->node_count);
  for (uint32_t i = 0; i < inventory->node_count; i++) {
    const struct wr_inventory_node *node = &inventory->nodes[i];
    const char *const texts[] = {node->key, node->name, node->kind, node->state};
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
      wr_part_put_bytes(part, texts[t], strlen(texts[t]));
    wr_part_put_u64(part, node->is_source);
    wr_part_put_u64(part, node->copies);
  }
}

/* Then it fits if nothing has changed. */
static void earlier_ones_are_compared_by_words(void)
{
  static const struct {
    const char *after, *verdicts;
  } cases[] = {
      {TUMBLE(", p", "p, SUM(ms), COUNT(*)", ""), "="},
      {TUMBLE(", p", "p, COUNT(*), SUM(ms)", ""), "!"},
      {TUMBLE(", p", "p, SUM(ms)", ""), "!"},
      {TUMBLE(", u", "u, SUM(ms)", ""), "+-"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct wr_arena arena = {0};
    struct wr_inventory before, earlier, after;
    struct wr_part_writer part = {0};
    struct wr_error err;
    uint32_t count;
    char got[64];
    inventory_of(TUMBLE(", p", "p, SUM(ms), COUNT(*)", ""), &arena, &before);
    write_nameless(&before, &part);
    const struct wr_snapshot snapshot = {
        .epoch = 7, .description = part.bytes, .description_length = part.length};
    CU_ASSERT_EQUAL_FATAL(wr_inventory_read(&snapshot, &arena, &earlier, &err), WR_OK);
    inventory_of(cases[i].after, &arena, &after);
    const struct wr_inventory_change *changes =
        wr_inventory_compare(&earlier, &after, &arena, &count);
    verdicts_print(changes, count, got);
    WR_CHECK(strcmp(got, cases[i].verdicts) == 0, "%s instead of %s:\n%s", got, cases[i].verdicts,
             cases[i].after + strlen(TABLES));
    wr_part_writer_free(&part);
    wr_arena_free(&arena);
  }
}

/* Cut anywhere, or with any byte changed, it is read or refused, and never read beyond its end. */
static void damage_is_survived(void)
{
  struct wr_arena arena = {0};
  struct wr_inventory before, after;
  struct wr_part_writer part = {0};
  struct wr_snapshot snapshot;
  struct wr_error err;
  inventory_of(TUMBLE(", p", "p, SUM(ms)", ""), &arena, &before);
  write_inventory(&before, &part, &snapshot);
  for (size_t length = 0; length < part.length; length++) {
    char *cut = memcpy(wr_memory_get(length + 1), part.bytes, length);
    snapshot.description = cut;
    snapshot.description_length = length;
    WR_CHECK(wr_inventory_read(&snapshot, &arena, &after, &err) == WR_DATA, "%zu bytes", length);
    free(cut);
  }
  snapshot.description = part.bytes;
  snapshot.description_length = part.length;
  for (size_t at = 0; at < part.length; at++) {
    part.bytes[at] = (char)(part.bytes[at] ^ 0x81);
    wr_inventory_read(&snapshot, &arena, &after, &err);
    part.bytes[at] = (char)(part.bytes[at] ^ 0x81);
  }
  wr_part_writer_free(&part);
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"what SQL may change", sql_may_change},
    {"steps are known", steps_are_known},
    {"it reads what it writes", it_reads_what_it_writes},
    {"earlier ones are compared by words", earlier_ones_are_compared_by_words},
    {"damage is survived", damage_is_survived},
    {0},
};
const struct wr_suite wr_suite_inventory = {"inventory", tests};
