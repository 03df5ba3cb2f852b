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

/* "=" kept, "+" new, "-" dropped, "!" does not fit; sources and watermarks are left out. */
static void verdicts_print(const struct wr_inventory_change *changes, uint32_t count, char *text)
{
  *text = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_inventory_node *node = changes[i].after ? changes[i].after : changes[i].before;
    if (!node->is_source && strcmp(node->kind, "Watermark") != 0)
      strcat(text, (const char *const[]){"=", "+", "-", "!"}[changes[i].verdict]);
  }
}

static void sql_may_change(void)
{
  static const struct {
    const char *before, *after, *verdicts;
  } cases[] = {
      {TUMBLE(", p", "p, COUNT(*)", ""), TUMBLE(", p", "p, COUNT(*)", ""), "="},
      /* conditions, names, what is made of the result, other statements */
      {TUMBLE(", p", "p, SUM(ms)", ""), TUMBLE(", p", "SUM(ms) * 2 AS x, p AS q", "WHERE u > 3"),
       "="},
      {TUMBLE(", p", "p, SUM(ms)", ""), TUMBLE(", p", "p, SUM(ms)", "") " HAVING SUM(ms) > 7", "="},
      /* another kind, key or window is another step */
      {TUMBLE(", p", "p, COUNT(*)", ""), TUMBLE(", u", "u, COUNT(*)", ""), "+-"},
      {TUMBLE(", p", "p, COUNT(*)", ""), TABLES "SELECT DISTINCT p FROM c", "+-"},
      /* what an aggregation is made of */
      {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "MAX(ms)", ""), "!"},
      {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "SUM(u)", ""), "!"},
      {TUMBLE("", "SUM(ms), COUNT(*)", ""), TUMBLE("", "COUNT(*), SUM(ms)", ""), "!"},
      {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "SUM(ms), COUNT(*)", ""), "!"},
      {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "SUM(DISTINCT ms)", ""), "!"},
      {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "SUM(ms) FILTER (WHERE u > 3)", ""), "!"},
      {TUMBLE("", "SUM(ms)", ""), TUMBLE("", "SUM(ms)", "") " EMIT ON CHANGE", "!"},
      {TUMBLE("", "LISTAGG(p, ',')", ""), TUMBLE("", "LISTAGG(p, ';')", ""), "!"},
      /* rows that are kept */
      {OVER("p", "SUM(ms)"), OVER("p", "SUM(ms)"), "="},
      {OVER("p", "SUM(ms)"), OVER("p", "MIN(ms)"), "!"},
      {OVER("p, u", "SUM(ms)"), OVER("p, f", "SUM(ms)"), "!"},
      {BEST("3"), BEST("3"), "="},
      {BEST("3"), BEST("4"), "!"},
      /* a name of one's own */
      {TUMBLE("", "/*+ STATE('x') */ SUM(ms)", ""),
       TUMBLE("", "/*+ STATE('x') */ SUM(ms) AS y", ""), "="},
      {TUMBLE("", "/*+ STATE('x') */ SUM(ms)", ""), TUMBLE("", "/*+ STATE('y') */ SUM(ms)", ""),
       "+-"},
      {TUMBLE("", "/*+ STATE('x') */ SUM(ms)", ""),
       TABLES
       "SELECT /*+ STATE('x') */ SUM(ms) FROM TABLE(TUMBLE(TABLE d, DESCRIPTOR(ts), INTERVAL "
       "'1' MINUTE)) GROUP BY window_start, window_end",
       "="},
      {TUMBLE("", "/*+ STATE('x') */ SUM(ms)", ""),
       TABLES
       "SELECT /*+ STATE('x') */ SUM(ms) FROM TABLE(TUMBLE(TABLE c, DESCRIPTOR(ts), INTERVAL "
       "'2' MINUTE)) GROUP BY window_start, window_end",
       "!"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct wr_arena arena = {0};
    struct wr_inventory before, after;
    uint32_t count;
    char got[64];
    inventory_of(cases[i].before, &arena, &before);
    inventory_of(cases[i].after, &arena, &after);
    const struct wr_inventory_change *changes =
        wr_inventory_compare(&before, &after, &arena, &count);
    verdicts_print(changes, count, got);
    WR_CHECK(strcmp(got, cases[i].verdicts) == 0, "%s instead of %s:\n%s", got, cases[i].verdicts,
             cases[i].after + strlen(TABLES));
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
                 a->is_source == b->is_source && a->copies == b->copies,
             "node %u", i);
  }
  wr_part_writer_free(&part);
  wr_arena_free(&arena);
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
    {"it reads what it writes", it_reads_what_it_writes},
    {"damage is survived", damage_is_survived},
    {0},
};
const struct wr_suite wr_suite_inventory = {"inventory", tests};
