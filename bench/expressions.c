/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expressions [WORD]: millions of rows a second per class of expression, over batches of 4,096 rows
 * of which every sixteenth has NULLs. WORD picks the lines that contain it. An expression whose
 * function does not exist is left out and says so. "alone" is the time of the line itself; reading
 * rows and writing results are not in it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/batch.h"
#include "core/packed.h"
#include "core/time.h"
#include "functions/evaluator.h"
#include "parser/parser.h"
#include "planner/binder.h"

#define COLUMNS    12
#define NULL_EVERY 16
#define LEAST_US   200000 /* a line runs for at least so long, three times; the best counts */
#define SEED       1

static const struct {
  const char *what, *sql;
} lines[] = {
    {"integer arithmetic", "i * 3 + l - 7"},
    {"integer division", "l / 7 + l % 10"},
    {"floating arithmetic", "d * 1.5e0 + d / 3e0"},
    {"decimal 18 digits", "m * 2 + m"},
    {"decimal 38 digits", "w * m + w"},
    {"comparison", "l > 500"},
    {"text equality, short", "t = 'apple'"},
    {"text order", "t < u"},
    {"AND, OR", "(l > 100 AND i < 900) OR d > 0.5e0"},
    {"CASE over numbers", "CASE WHEN i < 300 THEN l WHEN i < 600 THEN i ELSE 0 END"},
    {"CASE that may fail", "CASE WHEN i <> 0 THEN l / i ELSE 0 END"},
    {"COALESCE", "COALESCE(l, i, 0)"},
    {"IN list, 3 numbers", "i IN (1, 20, 300)"},
    {"IN list, 40 numbers",
     "i IN (1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33,35,37,39,41,43,45,47,49,51,53,55,57,59,"
     "61,63,65,67,69,71,73,75,77,79)"},
    {"IN list, texts", "t IN ('apple', 'banana', 'elderberry pie')"},
    {"IN list, 12 decimals",
     "m IN (1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5)"},
    {"number to text", "CAST(l AS STRING)"},
    {"decimal to text", "CAST(m AS STRING)"},
    {"double to text", "CAST(d AS STRING)"},
    {"text to number", "CAST(n AS BIGINT)"},
    {"text to timestamp", "CAST(z AS TIMESTAMP(3))"},
    {"narrowing", "CAST(l AS INT)"},
    {"number to decimal", "CAST(l AS DECIMAL(18, 2))"},
    {"decimal to double", "CAST(m AS DOUBLE)"},
    {"LIKE prefix", "u LIKE 'https://%'"},
    {"LIKE infix", "u LIKE '%item%'"},
    {"LIKE general", "u LIKE '%/_tem.%query=%'"},
    {"SUBSTRING", "SUBSTRING(u, 9, 20)"},
    {"UPPER", "UPPER(u)"},
    {"concatenation", "t || '-' || n"},
    {"SPLIT_INDEX", "SPLIT_INDEX(u, '/', 3)"},
    {"REGEXP_EXTRACT", "REGEXP_EXTRACT(u, '(&|^)channel_id=([^&]*)', 2)"},
    {"REPLACE", "REPLACE(u, 'e', 'E')"},
    {"EXTRACT", "EXTRACT(HOUR FROM ts)"},
    {"FLOOR to a day", "FLOOR(ts TO DAY)"},
    {"DATE_FORMAT", "DATE_FORMAT(ts, 'yyyy-MM-dd HH:mm')"},
    {"time plus interval", "ts + INTERVAL '5' MINUTE"},
    {"JSON_VALUE", "JSON_VALUE(j, '$.price')"},
    {"hash, MD5", "MD5(u)"},
    {"hash, SHA256", "SHA256(u)"},
    {"array subscript", "a[3]"},
    {"array made", "ARRAY[i, l, 7]"},
    {"ARRAY_CONTAINS", "ARRAY_CONTAINS(a, 500)"},
    {"map lookup", "MAP['a', i, 'b', 2][t]"},
    {"ROW field", "(ROW(i, t)).EXPR$0 + 1"},
    {"STEP", "STEP(ts, INTERVAL '10' SECOND)"},
    {"CHAR_TO_TIMESTAMP", "CHAR_TO_TIMESTAMP('yyyy-MM-dd HH:mm:ss', z)"},
    {"TIMESTAMP_TO_CHAR", "TIMESTAMP_TO_CHAR('yyyy-MM-dd HH:mm:ss', ts)"},
    {"REGEX_REPLACE", "REGEX_REPLACE(u, 'e', 'E', 1, 0)"},
    {"REGEX_LOG_PARSE", "REGEX_LOG_PARSE(u, '([a-z]+)://([^/]*)/(.*)').COLUMN2"},
    {"FAST_REGEX_LOG_PARSE", "FAST_REGEX_LOG_PARSE(u, '(.*)://(.*)/(.*)').COLUMN2"},
    {"VARIABLE_COLUMN_LOG_PARSE", "VARIABLE_COLUMN_LOG_PARSE(u, 4, '/').COLUMN3"},
    {"ROW chosen by CASE", "CASE WHEN i < 500 THEN ROW(i, t) ELSE ROW(0, '') END"},
};
#define LINE_COUNT (sizeof lines / sizeof *lines)

static const struct wr_type decimal_18 = {
    .kind = WR_DECIMAL, .physical = WR_I64, .precision = 15, .scale = 2};
static const struct wr_type decimal_38 = {
    .kind = WR_DECIMAL, .physical = WR_I128, .precision = 22, .scale = 6};
static const struct wr_field array_fields[] = {{"element", &wr_type_int}};
static const struct wr_type array_int = {
    .kind = WR_ARRAY, .physical = WR_TEXT, .field_count = 1, .fields = array_fields};
static const struct wr_field fields[COLUMNS] = {
    {"i", &wr_type_int},    {"l", &wr_type_bigint}, {"d", &wr_type_double},
    {"m", &decimal_18},     {"w", &decimal_38},     {"t", &wr_type_string},
    {"u", &wr_type_string}, {"n", &wr_type_string}, {"ts", &wr_type_timestamp3},
    {"z", &wr_type_string}, {"j", &wr_type_string}, {"a", &array_int},
};
static const struct wr_schema schema = {COLUMNS, fields};

struct bench {
  struct wr_arena arena;
  struct wr_binding binding;
  struct wr_binder binder;
  struct wr_scope scope;
  struct wr_builder builders[COLUMNS];
  struct wr_column columns[COLUMNS];
  struct wr_batch batch;
};

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

__attribute__((format(printf, 2, 3))) static void put_text(struct wr_builder *builder,
                                                           const char *format, ...)
{
  char text[400];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  wr_builder_put_copy(builder, text, (uint32_t)length);
}

static void put_row(struct wr_builder *b, uint64_t *seed)
{
  static const char *const words[] = {"apple", "banana", "cherry", "date", "elderberry pie", "fig"};
  uint64_t number = next_random(seed) % 1000;
  wr_builder_put_i32(&b[0], (int32_t)number);
  wr_builder_put_i64(&b[1], (int64_t)(next_random(seed) % 1000));
  wr_builder_put_f64(&b[2], (double)number / 997);
  wr_builder_put_i64(&b[3], (int64_t)(next_random(seed) % 100000));
  wr_builder_put_i128(&b[4], (wr_i128)next_random(seed) * 1000);
  put_text(&b[5], "%s", words[next_random(seed) % 6]);
  put_text(&b[6], "https://www.nexmark.com/%u/item.htm?query=1&channel_id=%u", (unsigned)number,
           (unsigned)(next_random(seed) % 100000));
  put_text(&b[7], "%u", (unsigned)(next_random(seed) % 10000000));
  wr_builder_put_i64(&b[8], INT64_C(1767225600000000) + (int64_t)next_random(seed) * 1000);
  put_text(&b[9], "2026-01-%02u %02u:%02u:07.250", (unsigned)(1 + number % 31),
           (unsigned)(number % 24), (unsigned)(number % 60));
  put_text(&b[10], "{\"auction\":%u,\"channel\":\"%s\",\"price\":%u,\"extra\":\"abcdefgh\"}",
           (unsigned)number, words[number % 6], (unsigned)(number * 7));
  for (uint32_t i = 0; i < 5; i++) {
    wr_builder_reserve(&b[11].children[0], 1);
    wr_builder_put_i32(&b[11].children[0], (int32_t)(next_random(seed) % 1000));
  }
  wr_builder_put_collected(&b[11]);
}

static void bench_open(struct bench *bench)
{
  uint64_t seed = SEED;
  bench->binding = (struct wr_binding){.arena = &bench->arena, .time_zone = "UTC"};
  bench->binder = (struct wr_binder){.arena = &bench->arena, .binding = &bench->binding};
  bench->scope = wr_scope_over(&bench->arena, &schema, NULL);
  for (uint32_t c = 0; c < COLUMNS; c++) {
    wr_builder_open(&bench->builders[c], fields[c].type);
    wr_builder_reserve(&bench->builders[c], WR_BATCH_ROWS);
  }
  for (uint32_t r = 0; r < WR_BATCH_ROWS; r++) {
    if (r % NULL_EVERY == 5)
      for (uint32_t c = 0; c < COLUMNS; c++)
        wr_builder_put_null(&bench->builders[c]);
    else
      put_row(bench->builders, &seed);
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    bench->columns[c] = wr_builder_view(&bench->builders[c]);
  bench->batch = (struct wr_batch){.schema = &schema,
                                   .columns = bench->columns,
                                   .row_count = WR_BATCH_ROWS,
                                   .picked_count = WR_BATCH_ROWS};
}

static void bench_close(struct bench *bench)
{
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&bench->builders[c]);
  wr_arena_free(&bench->arena);
}

static const struct wr_expression *bench_bind(struct bench *bench, const char *sql,
                                              struct wr_error *err)
{
  struct wr_script *script;
  const char *text = wr_arena_print(&bench->arena, "SELECT %s", sql);
  if (wr_parse(text, strlen(text), &bench->arena, &script, err))
    return NULL;
  struct wr_expression_context context = {
      .binder = &bench->binder, .scope = &bench->scope, .place = "a benchmark"};
  const struct wr_expression *expression;
  const struct wr_tree_query *query = script->statements.items[0]->query;
  if (wr_bind_expression(&context, query->select->items.items[0]->value, &expression, err))
    return NULL;
  return expression;
}

/* Microseconds a batch, the best of three. */
static double bench_time(struct bench *bench, const struct wr_expression *expression,
                         uint32_t *failures)
{
  struct wr_evaluator *evaluator = wr_evaluator_new(&expression, 1);
  struct wr_evaluation evaluation;
  double best = 1e9;
  for (int round = 0; round < 3; round++) {
    int64_t begin = wr_monotonic_us(), spent = 0;
    uint32_t batches = 0;
    while (spent < LEAST_US) {
      for (int i = 0; i < 8; i++, batches++)
        wr_evaluator_run(evaluator, &bench->batch, &evaluation);
      spent = wr_monotonic_us() - begin;
    }
    double each = (double)spent / batches;
    best = each < best ? each : best;
  }
  *failures = evaluation.failure_count;
  wr_evaluator_free(evaluator);
  return best;
}

int main(int argc, char **argv)
{
  const char *word = argc > 1 ? argv[1] : "";
  struct bench *bench = wr_memory_get_zero(sizeof *bench);
  bench_open(bench);
  printf("%-22s %10s %8s  %s\n", "", "M rows/s", "ns/row", "");
  for (size_t i = 0; i < LINE_COUNT; i++) {
    if (!strstr(lines[i].what, word))
      continue;
    struct wr_error err = {0};
    const struct wr_expression *expression = bench_bind(bench, lines[i].sql, &err);
    if (!expression) {
      printf("%-22s %10s %8s  left out: %s\n", lines[i].what, "-", "-", err.message);
      continue;
    }
    uint32_t failures = 0;
    double us = bench_time(bench, expression, &failures);
    printf("%-22s %10.1f %8.2f  %.60s\n", lines[i].what, WR_BATCH_ROWS / us,
           us * 1000 / WR_BATCH_ROWS, lines[i].sql);
    if (failures)
      printf("%-22s %u rows of a batch fail\n", "", failures);
  }
  bench_close(bench);
  free(bench);
  return 0;
}
