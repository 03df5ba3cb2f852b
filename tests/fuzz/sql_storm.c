/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A storm of SQL texts: made from token lists and from seeds (spliced, doubled, cut, nested deep,
 * with huge literals, bytes that are not UTF-8, NUL bytes, quotes that do not end), and run through
 * the parser or the planner. Unlike the fuzz targets beside it, it knows what SQL looks like, needs
 * no special compiler, and gives the same texts for the same seed.
 *
 *     sql_storm [--count N] [--seed S] [--seeds DIR] [--planner] [--text I]
 *
 * A text fails the storm if it takes more than a second, if it makes the arena hold more than
 * MEMORY_FACTOR times its bytes (and MEMORY_BASE), or if an error has no sentence or no place in
 * the text; what crashes or trips a sanitizer fails it anyhow. --text I prints the text of number
 * I.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/limits.h"
#include "parser/dump.h"
#include "parser/keyword.h"
#include "parser/parser.h"
#include "planner/planner.h"
#include "tests/unit/planner.h"

#define TEXT_BYTES_MAX 262144
#define SEEDS_MAX      4096
#define SEED_BYTES_MAX 65536
/* What one byte of text can cost: `a.a.a` makes an identifier and a list entry of every two. */
#define MEMORY_FACTOR  256
#define MEMORY_BASE    (1 << 20)
#define PLANNER_FACTOR 20000
#define PLANNER_BASE   (16 << 20)
#define SECONDS_MAX    1.0
#define CODES          16

struct storm {
  uint64_t state; /* of the generator */
  char *seeds[SEEDS_MAX];
  size_t seed_lengths[SEEDS_MAX];
  size_t seed_count;
  bool planner;
  char text[TEXT_BYTES_MAX];
  size_t length;
  uint64_t codes[CODES];
  uint64_t errors;
  size_t memory_max;
  double seconds_max;
};

/* ---- chance */

/* splitmix64 */
static uint64_t storm_next(struct storm *storm)
{
  uint64_t z = storm->state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static size_t storm_below(struct storm *storm, size_t bound)
{
  return bound > 0 ? (size_t)(storm_next(storm) % bound) : 0;
}

/* ---- pieces */

/* Names; the words of the grammar come from its own table. */
static const char *const names[] = {
    "a",           "b",
    "c",           "t",
    "u",           "ts",
    "x",           "COUNT",
    "SUM",         "MIN",
    "MAX",         "AVG",
    "f",           "INT",
    "STRING",      "BIGINT",
    "DOUBLE",      "DECIMAL",
    "VARCHAR",     "BYTES",
    "BOOLEAN",     "TUMBLE",
    "HOP",         "SESSION",
    "CUMULATE",    "UPPER",
    "LOWER",       "TRIM",
    "SUBSTRING",   "COALESCE",
    "JSON_VALUE",  "JSON_QUERY",
    "JSON_OBJECT", "JSON_ARRAY",
    "JSON_EXISTS", "LISTAGG",
    "FIRST_VALUE", "window_start",
    "window_end",  "TIMESTAMPADD",
    "EXTRACT",     "FLOOR",
    "CARDINALITY", "STREAM",
    "EMIT",
};

static const char *const lexemes[] = {
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    "<>",
    "<=",
    ">=",
    "=",
    "!=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "||",
    ",",
    ".",
    ";",
    ":",
    "=>",
    "/*+",
    "*/",
    "/*",
    "--",
    "\n",
    "'",
    "\"",
    "`",
    "'a'",
    "'it''s'",
    "`x y`",
    "\"q\"",
    "0",
    "1",
    "42",
    "1.5",
    ".5",
    "1e3",
    "1E400",
    "99999999999999999999",
    "X'00ff'",
    "X'0'",
    "U&'\\00e9'",
    "a",
    "b",
    "t",
    "ts",
    "clicks",
    "f(",
    "'$.a'",
    "$",
    "?",
    "#",
    "@",
    "\\",
    "::",
    "==",
    "\xC3\xA4",
    "\xE2\x80\x9C",
    "\xEF\xBB\xBF",
    "\xFF",
    "\xC0\xAF",
    "\xED\xA0\x80",
    "\x01",
    "\t",
    "\r\n",
    "NULL",
    "TRUE",
    "COUNT(*)",
    "{",
    "}",
    "{2,}",
    "A.a",
    "A.*",
};

static const char *const phrases[] = {
    "SELECT * FROM t",
    "SELECT a, COUNT(*) FROM t GROUP BY a",
    "INSERT INTO t SELECT ",
    "CREATE TABLE t (a INT, b STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) ",
    "WITH ('connector' = 'datagen', 'number-of-rows' = '1')",
    "CREATE VIEW v AS SELECT ",
    "CREATE FUNCTION f(a INT) RETURNS INT AS a + 1",
    "CAST(a AS ROW<x INT, y ARRAY<STRING>>)",
    "CASE WHEN a > 1 THEN b ELSE c END",
    "a BETWEEN 1 AND 2",
    "a IN (1, 2, 3)",
    "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE))",
    "TABLE(SESSION(TABLE t PARTITION BY b, DESCRIPTOR(ts), INTERVAL '1' MINUTE))",
    "TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE, INTERVAL '5' MINUTE))",
    "GROUP BY a, TUMBLE(ts, INTERVAL '1' MINUTE) EMIT ON CHANGE",
    "TUMBLE_START(ts, INTERVAL '1' MINUTE)",
    "GROUP BY SESSION(PROCTIME(), INTERVAL '1' MINUTE), CUBE (a, b)",
    "GROUP BY a, window_start, window_end EMIT EVERY INTERVAL '1' SECOND",
    "GROUP BY GROUPING SETS ((a, b), (a), ())",
    "JSON_VALUE(b, '$.a' RETURNING INT NULL ON EMPTY)",
    "JSON_OBJECT('a' VALUE 1, 'b' : 2 ABSENT ON NULL)",
    "SUM(a) FILTER (WHERE a > 1)",
    "ROW_NUMBER() OVER (PARTITION BY a ORDER BY ts DESC)",
    "WITH x AS (SELECT 1 AS a) ",
    "EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT * FROM t; END;",
    "UNION ALL SELECT ",
    "LEFT JOIN u ON t.a = u.a",
    "FOR SYSTEM_TIME AS OF t.ts",
    "MATCH_RECOGNIZE (PARTITION BY page ORDER BY ts MEASURES FIRST(A.ms) AS a, SUM(B.ms + 1) AS s "
    "PATTERN (A B+ C)",
    "PATTERN (A B+ C*? D{2,3} E?) WITHIN INTERVAL '1' HOUR DEFINE B AS B.ms > LAST(B.ms, 1)",
    "AFTER MATCH SKIP TO LAST B",
    "clicks MATCH_RECOGNIZE (ORDER BY ts MEASURES MATCH_ROWTIME() AS at, COUNT(A.*) AS n PATTERN (A)) AS m",
    "ORDER BY a DESC NULLS LAST LIMIT 10",
    "INTERVAL '1-2' YEAR TO MONTH",
    "TIMESTAMP '2026-01-02 03:04:05.678'",
    "MAP['a', 1]['a']",
    "ARRAY[1, 2][1]",
    "EXTRACT(YEAR FROM ts)",
    "TRIM(BOTH 'x' FROM b)",
    "a IS NOT DISTINCT FROM b",
    "UNNEST(ARRAY[1, 2]) WITH ORDINALITY AS u (x, o)",
    "SET 'table.local-time-zone' = 'UTC';",
};

/* Each can stand in itself: opening and closing. */
static const char *const nests[][2] = {
    {"(", ")"},
    {"f(", ")"},
    {"- ", ""},
    {"NOT ", ""},
    {"CASE WHEN a THEN ", " END"},
    {"a + (", ")"},
    {"ARRAY[", "]"},
    {"(SELECT ", ")"},
    {"CAST(", " AS INT)"},
    {"ROW(", ")"},
    {"MAP['a', ", "]"},
    {"a[", "]"},
    {"EXISTS (SELECT * FROM (SELECT ", "))"},
    {"1 + ", ""},
    {"a.", "a"},
    {"a AND ", "a"},
    {"a OR NOT ", "a"},
    {"CAST(a AS ARRAY<", "INT>)"},
    {"JSON_OBJECT('a' VALUE ", ")"},
    {"(VALUES ", ")"},
    {"SELECT 1 UNION (", ")"},
    {"WITH x AS (", " SELECT 1) SELECT 1"},
    {"a BETWEEN ", " AND 1"},
    {"a IN (", ")"},
    {"CAST(a AS ROW<x ", "INT>)"},
    {"SUM(a) OVER (ORDER BY ", ")"},
    {"INSERT INTO t ", ""},
    {"/*", "*/"},
    {"EXPLAIN ", ""},
    {"SELECT * FROM (", ")"},
    {"t JOIN (", ") ON a"},
    {"SELECT * FROM (",
     ") MATCH_RECOGNIZE (ORDER BY ts MEASURES MATCH_ROWTIME() AS ts PATTERN (A))"},
    {"FIRST(", ", 1)"},
    {"A ", "{1,}?"},
};

static void storm_put(struct storm *storm, const char *bytes, size_t length)
{
  size_t room = TEXT_BYTES_MAX - storm->length;
  if (length > room)
    length = room;
  memcpy(storm->text + storm->length, bytes, length);
  storm->length += length;
}

static void storm_put_text(struct storm *storm, const char *text)
{
  storm_put(storm, text, strlen(text));
}

#define PICK(storm, list) ((list)[storm_below((storm), sizeof(list) / sizeof *(list))])

static void storm_put_lexeme(struct storm *storm)
{
  switch (storm_below(storm, 8)) {
  case 0:
  case 1: storm_put_text(storm, PICK(storm, lexemes)); break;
  case 2: storm_put_text(storm, PICK(storm, phrases)); break;
  case 3:
  case 4: storm_put_text(storm, PICK(storm, names)); break;
  default: {
    size_t count;
    const struct wr_keyword *keywords = wr_keyword_list(&count);
    storm_put_text(storm, keywords[storm_below(storm, count)].text);
  }
  }
  storm_put_text(storm, " ");
}

static void storm_put_seed(struct storm *storm)
{
  if (storm->seed_count == 0) {
    storm_put_text(storm, PICK(storm, phrases));
    return;
  }
  size_t seed = storm_below(storm, storm->seed_count);
  storm_put(storm, storm->seeds[seed], storm->seed_lengths[seed]);
}

/* A piece of a seed, from blank to blank. */
static void storm_put_piece(struct storm *storm)
{
  if (storm->seed_count == 0) {
    storm_put_lexeme(storm);
    return;
  }
  size_t seed = storm_below(storm, storm->seed_count), length = storm->seed_lengths[seed];
  const char *bytes = storm->seeds[seed];
  size_t from = storm_below(storm, length + 1);
  size_t end = from + storm_below(storm, 1 + (length - from < 200 ? length - from : 200));
  while (from > 0 && from < length && bytes[from - 1] != ' ')
    from--;
  while (end < length && bytes[end] != ' ')
    end++;
  storm_put(storm, bytes + from, end - from);
}

/* ---- texts */

static void text_of_tokens(struct storm *storm)
{
  size_t count = 1 + storm_below(storm, storm_below(storm, 4) == 0 ? 200 : 25);
  if (storm_below(storm, 2) == 0)
    storm_put_text(storm, PICK(storm, phrases));
  for (size_t i = 0; i < count; i++)
    storm_put_lexeme(storm);
}

static void text_nested(struct storm *storm)
{
  size_t kinds = 1 + storm_below(storm, 3), picked[3];
  size_t depth = storm_below(storm, 8) == 0 ? storm_below(storm, 5000) : storm_below(storm, 250);
  for (size_t i = 0; i < kinds; i++)
    picked[i] = storm_below(storm, sizeof nests / sizeof *nests);
  storm_put_text(storm, storm_below(storm, 2) ? "SELECT " : "");
  for (size_t i = 0; i < depth; i++)
    storm_put_text(storm, nests[picked[i % kinds]][0]);
  storm_put_text(storm, "1");
  size_t closed = storm_below(storm, 4) == 0 ? storm_below(storm, depth + 3) : depth;
  for (size_t i = depth; i > 0 && depth - i < closed; i--)
    storm_put_text(storm, nests[picked[(i - 1) % kinds]][1]);
}

/* One lexeme or list that goes on and on. */
static void text_huge(struct storm *storm)
{
  static const char *const heads[] = {"SELECT '",
                                      "SELECT ",
                                      "SELECT `",
                                      "SELECT X'",
                                      "SELECT 1",
                                      "SELECT a FROM t",
                                      "INSERT INTO t VALUES (1)",
                                      "",
                                      "CREATE TABLE t (a INT",
                                      "SELECT f(1",
                                      "SELECT a IN (1"};
  static const char *const pieces[] = {"x",
                                       "1",
                                       "''",
                                       "00",
                                       ",1",
                                       " OR a",
                                       ", (1)",
                                       ";",
                                       "/**/",
                                       ".a",
                                       " UNION SELECT 1",
                                       ", b INT",
                                       "\xC3\xA4",
                                       " ",
                                       "$;",
                                       "SELECT;",
                                       "'",
                                       "''a",
                                       "/*+ X */",
                                       " AND a = 1",
                                       "a b c;"};
  static const char *const tails[] = {"'", "", "`", ")", ";"};
  size_t bytes = storm_below(storm, 16) == 0 ? TEXT_BYTES_MAX : storm_below(storm, 20000);
  const char *piece = PICK(storm, pieces);
  storm_put_text(storm, PICK(storm, heads));
  while (storm->length < bytes)
    storm_put_text(storm, piece);
  storm_put_text(storm, PICK(storm, tails));
}

static void mutate_once(struct storm *storm)
{
  size_t length = storm->length;
  size_t at = storm_below(storm, length + 1), span = storm_below(storm, length - at + 1);
  char *text = storm->text;
  if (span > 100)
    span = storm_below(storm, 100);
  switch (storm_below(storm, 7)) {
  case 0: /* cut out */
    memmove(text + at, text + at + span, length - at - span);
    storm->length -= span;
    break;
  case 1: /* double */
    if (length + span <= TEXT_BYTES_MAX) {
      memmove(text + at + span, text + at, length - at);
      storm->length += span;
    }
    break;
  case 2: /* cut off */ storm->length = at; break;
  case 3: /* another byte */
    if (at < length)
      text[at] = (char)storm_below(storm, 256);
    break;
  default: { /* put in */
    char rest[4096];
    size_t behind = length - at < sizeof rest ? length - at : sizeof rest;
    memcpy(rest, text + at, behind);
    storm->length = at;
    if (storm_below(storm, 2))
      storm_put_piece(storm);
    else
      storm_put_lexeme(storm);
    storm_put(storm, rest, behind);
    break;
  }
  }
}

static void text_of_seeds(struct storm *storm)
{
  size_t count = 1 + storm_below(storm, 2), changes = storm_below(storm, 5);
  for (size_t i = 0; i < count; i++)
    storm_put_seed(storm);
  for (size_t i = 0; i < changes; i++)
    mutate_once(storm);
}

static void text_make(struct storm *storm, uint64_t seed, uint64_t number)
{
  storm->state = seed * 0x2545F4914F6CDD1Du + number;
  storm->length = 0;
  size_t kind = storm_below(storm, 100);
  if (storm->planner && kind >= 50)
    storm_put_text(storm, PLANNER_TABLES);
  if (kind < 50)
    text_of_seeds(storm);
  else if (kind < 90)
    text_of_tokens(storm);
  else if (kind < 99)
    text_nested(storm);
  else
    text_huge(storm);
  if (storm_below(storm, 50) == 0)
    storm_put(storm, "\0", 1);
}

/* ---- checks */

static bool text_fails(const struct storm *storm, uint64_t number, const char *why, double amount)
{
  fprintf(stderr, "sql_storm: text %" PRIu64 " (%zu bytes): %s (%g)\n", number, storm->length, why,
          amount);
  return false;
}

static bool check_errors(const struct storm *storm, uint64_t number,
                         const struct wr_error_list *errors)
{
  for (uint32_t i = 0; i < errors->count; i++) {
    const struct wr_error *err = &errors->items[i];
    if (err->message[0] == '\0' || err->code == WR_OK || err->code == WR_INTERNAL)
      return text_fails(storm, number, "an error without a sentence, or an internal one", i);
    if (err->span.offset != WR_NO_POSITION &&
        (size_t)err->span.offset + err->span.length > storm->length)
      return text_fails(storm, number, "an error outside of the text", err->span.offset);
  }
  return true;
}

static double clock_seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* text: a copy of its own, so that a sanitizer sees reading behind the end. */
static enum wr_code text_parse(const struct storm *storm, const char *text, FILE *nowhere,
                               struct wr_arena *arena, struct wr_error_list *errors)
{
  struct wr_script *script;
  enum wr_code code = wr_parse_all(text, storm->length, arena, &script, errors);
  if (script)
    wr_tree_dump(nowhere, script);
  return code;
}

static enum wr_code text_plan(const struct storm *storm, const char *text, struct wr_arena *arena,
                              struct wr_error_list *errors)
{
  static const struct wr_planner_options options = {.parallelism = 2};
  struct wr_program program;
  enum wr_code code = wr_program_build(text, storm->length, &options, arena, &program, errors);
  for (uint32_t i = 0; code == WR_OK && i < program.job_count; i++)
    wr_explain_text(arena, &program.jobs[i]);
  return code;
}

static bool text_run(struct storm *storm, uint64_t number, FILE *nowhere)
{
  struct wr_arena arena = {0};
  struct wr_error_list errors = {0};
  char *text = malloc(storm->length > 0 ? storm->length : 1);
  if (!text)
    abort();
  memcpy(text, storm->text, storm->length);
  double begin = clock_seconds();
  enum wr_code code = storm->planner ? text_plan(storm, text, &arena, &errors)
                                     : text_parse(storm, text, nowhere, &arena, &errors);
  double seconds = clock_seconds() - begin;
  size_t held = arena.held;
  bool good = check_errors(storm, number, &errors);
  if (good && (code != WR_OK) != (errors.count > 0))
    good = text_fails(storm, number, "the code and the errors disagree", code);
  storm->codes[code < CODES ? code : CODES - 1]++;
  storm->errors += errors.count + errors.left_out;
  wr_arena_free(&arena);
  free(text);
  if (held > storm->memory_max)
    storm->memory_max = held;
  if (seconds > storm->seconds_max)
    storm->seconds_max = seconds;
  size_t bound = storm->planner ? PLANNER_BASE + storm->length * PLANNER_FACTOR
                                : MEMORY_BASE + storm->length * MEMORY_FACTOR;
  if (good && held > bound)
    good = text_fails(storm, number, "too many bytes in the arena", (double)held);
  if (good && seconds > SECONDS_MAX)
    good = text_fails(storm, number, "too slow; seconds", seconds);
  return good;
}

/* ---- seeds */

/* The SQL of a golden file, or the whole file if it is none. */
static void seed_add(struct storm *storm, const char *bytes, size_t length)
{
  static const char begin[] = "--- sql\n", end[] = "\n--- ";
  char *text = malloc(length + 1);
  if (!text)
    abort();
  memcpy(text, bytes, length);
  text[length] = '\0';
  char *from = strstr(text, begin);
  from = from ? from + sizeof begin - 1 : text;
  char *stop = strstr(from, end);
  if (stop)
    *stop = '\0';
  storm->seed_lengths[storm->seed_count] = strlen(from);
  memmove(text, from, strlen(from) + 1);
  storm->seeds[storm->seed_count++] = text;
}

static void seeds_read(struct storm *storm, const char *folder)
{
  struct dirent **entries;
  int count = scandir(folder, &entries, NULL, alphasort);
  if (count < 0) {
    fprintf(stderr, "sql_storm: cannot read %s\n", folder);
    exit(2);
  }
  for (int i = 0; i < count; i++) {
    char path[4096], *bytes = malloc(SEED_BYTES_MAX);
    snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
    bool is_hidden = entries[i]->d_name[0] == '.';
    const char *dot = strrchr(entries[i]->d_name, '.');
    FILE *file = is_hidden ? NULL : fopen(path, "rb");
    size_t length = file && bytes ? fread(bytes, 1, SEED_BYTES_MAX, file) : 0;
    if (file)
      fclose(file);
    if (length > 0 && storm->seed_count < SEEDS_MAX)
      seed_add(storm, bytes, length);
    else if (!is_hidden && !dot)
      seeds_read(storm, path);
    free(bytes);
    free(entries[i]);
  }
  free(entries);
}

/* ---- the program */

static uint64_t option_number(const char *text)
{
  char *end;
  uint64_t number = strtoull(text, &end, 10);
  if (*end != '\0' || end == text) {
    fprintf(stderr, "sql_storm: not a number: %s\n", text);
    exit(2);
  }
  return number;
}

static void report(const struct storm *storm, uint64_t count, double seconds)
{
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("texts %" PRIu64 ", errors %" PRIu64 ", by code:", count, storm->errors);
  for (size_t i = 0; i < CODES; i++)
    if (storm->codes[i] > 0)
      printf(" %zu=%" PRIu64, i, storm->codes[i]);
  printf("\ngreatest arena %zu bytes, process %ld KiB, slowest text %.3f s, %.0f texts/s\n",
         storm->memory_max, usage.ru_maxrss, storm->seconds_max,
         seconds > 0 ? (double)count / seconds : 0);
}

int main(int argc, char **argv)
{
  struct storm *storm = calloc(1, sizeof *storm);
  uint64_t count = 100000, seed = 1, only = UINT64_MAX, failed = 0;
  FILE *nowhere = fopen("/dev/null", "w");
  if (!storm || !nowhere)
    return 2;
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(argv[i], "--planner") == 0) {
      storm->planner = true;
      continue;
    }
    if (value && strcmp(argv[i], "--count") == 0)
      count = option_number(value);
    else if (value && strcmp(argv[i], "--seed") == 0)
      seed = option_number(value);
    else if (value && strcmp(argv[i], "--text") == 0)
      only = option_number(value);
    else if (value && strcmp(argv[i], "--seeds") == 0)
      seeds_read(storm, value);
    else {
      fprintf(stderr, "sql_storm: unknown option %s\n", argv[i]);
      return 2;
    }
    i++;
  }
  if (only != UINT64_MAX) {
    text_make(storm, seed, only);
    fwrite(storm->text, 1, storm->length, stdout);
    return text_run(storm, only, nowhere) ? 0 : 1;
  }
  double begin = clock_seconds();
  for (uint64_t i = 0; i < count; i++) {
    text_make(storm, seed, i);
    failed += !text_run(storm, i, nowhere);
  }
  report(storm, count, clock_seconds() - begin);
  for (size_t i = 0; i < storm->seed_count; i++)
    free(storm->seeds[i]);
  fclose(nowhere);
  free(storm);
  return failed > 0;
}
