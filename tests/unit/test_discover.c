/* SPDX-License-Identifier: Apache-2.0 */
/* What is found in samples: format, header, types, event time; and how it is printed. */
#include "discover/discover.h"

#include <string.h>

#include "parser/parser.h"
#include "tests/unit/check.h"

static const char *const no_options[] = {"connector", "filesystem", "path", "it's", NULL};
static const char *const no_secrets[] = {NULL};

static enum wr_code discover(const char *text, bool is_messages, struct wr_arena *arena,
                             struct wr_discovery *found, struct wr_error *err)
{
  struct wr_sample_piece pieces[64];
  uint32_t count = 0;
  if (!is_messages)
    pieces[count++] = (struct wr_sample_piece){text, strlen(text), 0, true, "file.x"};
  for (const char *at = text, *end; is_messages && (end = strchr(at, '\n')); at = end + 1)
    pieces[count++] = (struct wr_sample_piece){at, (size_t)(end - at), 0, true, NULL};
  const struct wr_sample sample = {.pieces = pieces,
                                   .piece_count = count,
                                   .is_messages = is_messages,
                                   .is_named_csv = strncmp(text, "a,b", 3) == 0,
                                   .source = "here",
                                   .header = -1,
                                   .records_max = 1000};
  return wr_discover(&sample, arena, found, err);
}

/* As CREATE TABLE, which must be SQL; comments in it are left out of *table. */
static void print(const struct wr_discovery *found, struct wr_arena *arena, struct wr_buffer *all,
                  struct wr_buffer *table)
{
  const struct wr_discovered_table settings = {
      .name = "t", .options = no_options, .secrets = no_secrets, .source = "here"};
  struct wr_script *script;
  struct wr_error err;
  wr_discover_put_table(found, &settings, all);
  WR_CHECK(wr_parse(all->bytes, all->length, arena, &script, &err) == WR_OK, "%.*s: %s",
           (int)all->length, all->bytes, err.message);
  const char *at = all->bytes, *end = at + all->length;
  while (at < end) {
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    const char *stop = at;
    while (stop < line_end && strncmp(stop, "--", 2) != 0)
      stop++;
    while (stop > at && stop[-1] == ' ')
      stop--;
    const char *from = at;
    while (from < stop && *from == ' ')
      from++;
    wr_buffer_put(table, from, (size_t)(stop - from));
    wr_buffer_put_char(table, stop > from ? '\n' : ' ');
    at = line_end + 1;
  }
}

static void check(const char *text, bool is_messages, const char *const *parts)
{
  struct wr_arena arena = {0};
  struct wr_buffer all = {0}, table = {0};
  struct wr_discovery found;
  struct wr_error err;
  enum wr_code code = discover(text, is_messages, &arena, &found, &err);
  WR_CHECK(code == WR_OK, "%s: %s", text, err.message);
  if (code == WR_OK) {
    print(&found, &arena, &all, &table);
    for (; *parts; parts++) {
      bool is_absent = **parts == '!';
      bool is_there = strstr(wr_buffer_string(&table), *parts + is_absent) != NULL;
      WR_CHECK(is_there != is_absent, "%s\n--- lacks, or should not have: %s", table.bytes, *parts);
    }
  }
  wr_buffer_free(&all);
  wr_buffer_free(&table);
  wr_arena_free(&arena);
}

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void types_of_json(void)
{
  static const struct {
    const char *text, *column;
  } rows[] = {
      {"{\"a\":true}\n{\"a\":null}\n", "a BOOLEAN\n"},
      {"{\"a\":1}\n{\"a\":-9223372036854775808}\n", "a BIGINT\n"},
      {"{\"a\":1}\n{\"a\":9223372036854775808}\n", "a DECIMAL(38, 0)\n"},
      {"{\"a\":100000000000000000000000000000000000000}\n", "a STRING\n"},
      {"{\"a\":1}\n{\"a\":1.5}\n", "a DOUBLE\n"},
      {"{\"a\":1e3}\n", "a DOUBLE\n"},
      {"{\"a\":0.123456789012345678}\n", "a DECIMAL(38, 18)\n"},
      {"{\"a\":1}\n{\"a\":\"1\"}\n", "a STRING\n"},
      {"{\"a\":\"007\"}\n", "a STRING\n"},
      {"{\"a\":null}\n", "a STRING\n"},
      {"{\"a\":\"2026-01-02\"}\n", "a DATE\n"},
      {"{\"a\":\"2026-02-30\"}\n", "a STRING\n"},
      {"{\"a\":\"03:04:05\"}\n", "a TIME(3)\n"},
      {"{\"a\":\"2026-01-02 03:04:05\"}\n{\"a\":\"2026-01-02\"}\n{\"a\":null}\n",
       "a TIMESTAMP(3)\n"},
      {"{\"a\":\"2026-01-02T03:04:05.123456Z\"}\n{\"a\":null}\n", "a TIMESTAMP_LTZ(6)\n"},
      {"{\"a\":\"2026-01-02T03:04:05+02:00\"}\n{\"a\":null}\n", "a TIMESTAMP_LTZ(3)\n"},
      {"{\"a\":\"2026-01-02T03:04:05Z\"}\n{\"a\":\"2026-01-02T03:04:05\"}\n", "a STRING\n"},
      {"{\"a\":{\"b\":1,\"c d\":[1,2.5]}}\n", "a ROW<b BIGINT, `c d` ARRAY<DOUBLE>>\n"},
      {"{\"a\":{}}\n{\"a\":{}}\n", "a MAP<STRING, STRING>\n"},
      {"{\"a\":[]}\n", "a ARRAY<STRING>\n"},
      {"{\"a\":[{\"b\":[]},{\"c\":true}]}\n", "a ARRAY<ROW<b ARRAY<STRING>, c BOOLEAN>>\n"},
      {"{\"a\":{\"b\":1}}\n{\"a\":[1]}\n", "a STRING\n"},
      {"{\"select\":1,\"b`c\":2}\n", "`select` BIGINT,\n`b``c` BIGINT\n"},
      {"{\"a\":1,\"A\":\"x\"}\n", "a BIGINT,\nA STRING\n"},
      {"{\"a\":1}{\"a\":2.5} {\"b\":1}\n", "a DOUBLE,\nb BIGINT\n"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    for (int is_messages = 0; is_messages < 2; is_messages++)
      check(rows[i].text, is_messages, PARTS(rows[i].column, "'format' = 'json'"));
}

/* Many names of which every object has a few: these are keys. */
static void maps(void)
{
  struct wr_buffer text = {0};
  for (int i = 0; i < 60; i++)
    wr_buffer_print(&text, "{\"m\":{\"user%d\":%d,\"user%d\":1.5},\"r\":{\"x%d\":1}}\n", i, i,
                    i + 1, i % 3);
  check(wr_buffer_string(&text), false,
        PARTS("m MAP<STRING, DOUBLE>", "r ROW<x0 BIGINT, x1 BIGINT, x2 BIGINT>"));
  wr_buffer_free(&text);
}

static void csv(void)
{
  check("id,name\n1,x\n2,y\n", false, PARTS("id BIGINT", "name STRING", "'csv.header' = 'true'"));
  check("1,x\n2,y\n", false, PARTS("column_1 BIGINT", "!csv.header"));
  check("alice,berlin\nbob,paris\n", false, PARTS("column_1 STRING", "!csv.header"));
  check("user_name,city\nbob,paris\n", false, PARTS("user_name STRING", "'csv.header' = 'true'"));
  check("a\tb,c\n1\t2\n\n3\t\n", false,
        PARTS("a BIGINT", "`b,c` BIGINT", "'csv.field-delimiter' = '\\t'"));
  check("a;b\n\"x;\ny\";1\n\"z\";2\n", false,
        PARTS("a STRING", "b BIGINT", "'csv.field-delimiter' = ';'"));
  check("a|a|\n1|2|3\n4|5|6\n", false, PARTS("a BIGINT", "a_2 BIGINT", "column_3 BIGINT"));
  check("007,1\n008,2\n", false, PARTS("column_1 STRING", "column_2 BIGINT"));
  check("\xef\xbb\xbfid,at\r\n1,2026-01-02 03:04:05\r\n", false,
        PARTS("id BIGINT", "at TIMESTAMP(3)", "WATERMARK FOR at"));
  check("1,x\n2,y\n", true, PARTS("column_1 BIGINT", "'format' = 'csv'", "!csv.header"));
}

static void lines(void)
{
  check("one\ntwo, three\nfour\n", false, PARTS("line STRING", "'format' = 'raw'"));
  check("1\n2\n3\n", false, PARTS("line STRING", "'format' = 'raw'"));
}

static void event_time(void)
{
  static const struct {
    const char *text, *part, *watermark;
  } rows[] = {
      {"{\"v\":1,\"at\":\"2026-01-02 03:04:05\"}\n", "at TIMESTAMP(3)",
       "WATERMARK FOR at AS at - INTERVAL '5' SECOND"},
      {"{\"at\":\"2026-01-02 03:04:45\"}\n{\"at\":\"2026-01-02 03:04:05\"}\n", "at TIMESTAMP(3)",
       "at - INTERVAL '1' MINUTE"},
      {"{\"updated_at\":\"2026-01-02 03:04:05\",\"event_time\":\"2026-01-02 03:04:05\"}\n", "",
       "WATERMARK FOR event_time AS"},
      {"{\"birth_date\":\"1990-01-02 00:00:00\",\"ts\":1767322800}\n",
       "event_time AS TO_TIMESTAMP_LTZ(ts, 0),", "WATERMARK FOR event_time"},
      {"{\"ts\":1767322800000,\"event_time\":1}\n", "event_time_2 AS TO_TIMESTAMP_LTZ(ts, 3),",
       "WATERMARK FOR event_time_2 AS event_time_2"},
      {"{\"ts\":1767322800000000}\n", "TO_TIMESTAMP_LTZ(ts / 1000, 3)", "INTERVAL '5' SECOND"},
      {"{\"ts\":1767322800000000000}\n", "TO_TIMESTAMP_LTZ(ts / 1000000, 3)",
       "INTERVAL '5' SECOND"},
      {"{\"ts\":1767322800.25}\n", "TO_TIMESTAMP_LTZ(CAST(ts * 1000 AS BIGINT), 3)", "WATERMARK"},
      {"{\"ts\":1767322830}\n{\"ts\":1767322800}\n", "ts BIGINT", "INTERVAL '30' SECOND"},
      {"{\"data\":{\"time\":\"2026-01-02T03:04:05Z\"}}\n", "event_time AS data.`time`,",
       "WATERMARK FOR event_time"},
      {"{\"id\":1767322800}\n", "id BIGINT\n)", "!WATERMARK"},
      {"{\"ts\":17}\n", "ts BIGINT\n)", "!WATERMARK"},
      {"{\"at\":\"2026-01-02 03:04:05\"}\n{\"at\":null}\n", "at TIMESTAMP(3)\n)", "!WATERMARK"},
      {"{\"at\":\"2026-01-02 03:04:05\"}\n{\"b\":1}\n", "at TIMESTAMP(3),\nb BIGINT\n)",
       "!WATERMARK"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    check(rows[i].text, false, PARTS(rows[i].part, rows[i].watermark));
}

static void comments(void)
{
  struct wr_arena arena = {0};
  struct wr_buffer all = {0}, table = {0};
  struct wr_discovery found;
  struct wr_error err;
  static const char text[] =
      "{\"a\":\"x\\n-- y\",\"b\":1}\n{\"a\":null,\"b\":\"s\"}\n{\"b\":2}\n{\"b\":3}\n{\"b\":4}\n"
      "{\"b\":5}\n{\"b\":6}\n{\"b\":7}\n{\"b\":8}\n{\"b\":9}\nbroken\n";
  CU_ASSERT_EQUAL_FATAL(discover(text, false, &arena, &found, &err), WR_OK);
  print(&found, &arena, &all, &table);
  static const char *const parts[] = {"-- From 11 records (101 bytes) of here.\n",
                                      "-- 1 of them do not fit the table", "-- 90 % NULL; x -- y\n",
                                      "-- values of several types; 1, s, 2\n", "'path' = 'it''s'"};
  for (size_t i = 0; i < WR_COUNT(parts); i++)
    WR_CHECK(strstr(wr_buffer_string(&all), parts[i]) != NULL, "%s\n--- lacks: %s", all.bytes,
             parts[i]);
  wr_buffer_free(&all);
  wr_buffer_free(&table);
  wr_arena_free(&arena);
}

/* The comments that a sample is to have. */
static void check_comments(const char *text, const char *const *parts)
{
  struct wr_arena arena = {0};
  struct wr_buffer all = {0}, table = {0};
  struct wr_discovery found;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(discover(text, false, &arena, &found, &err), WR_OK);
  print(&found, &arena, &all, &table);
  for (; *parts; parts++)
    WR_CHECK(strstr(wr_buffer_string(&all), *parts) != NULL, "%s\n--- lacks: %s", all.bytes,
             *parts);
  wr_buffer_free(&all);
  wr_buffer_free(&table);
  wr_arena_free(&arena);
}

static void comments_of_doubt(void)
{
  check_comments("{\"a\":1,\"\":2,\"x\\ny\":3}\n",
                 PARTS("-- 2 values are left out: ", "one is 'x y'"));
  check_comments("{\"at\":\"2026-01-09 00:00:00\"}\n{\"at\":\"2026-01-01 00:00:00\"}\n",
                 PARTS("INTERVAL '7' DAY", "-- rows came up to 8 d behind earlier ones; 7 d is"));
  check_comments("{\"at\":\"2026-01-08 00:00:00\"}\n{\"at\":\"2026-01-01 00:00:00\"}\n",
                 PARTS("INTERVAL '7' DAY", "-- rows came up to 7 d behind earlier ones\n"));
  check_comments("a,b,c\n1,2,3\n1,2\n4,5,6\n1,2\n7,8,9\n", /* named .csv: most are enough */
                 PARTS("-- 2 of them do not fit the table", "a BIGINT,", "c BIGINT ",
                       "'csv.header' = 'true'"));
}

static void check_folders(const struct wr_discovery *found, const char *want)
{
  static const struct wr_discovered_folder at[] = {
      {"day", "2026-01-02"}, {"n", "7"}, {"my land", "DE"}};
  const struct wr_discovered_table settings = {.name = "t",
                                               .options = no_options,
                                               .secrets = no_secrets,
                                               .source = "here",
                                               .folders = at,
                                               .folder_count = WR_COUNT(at)};
  struct wr_buffer out = {0};
  wr_discover_put_table(found, &settings, &out);
  WR_CHECK(strncmp(wr_buffer_string(&out), want, strlen(want)) == 0, "%s", out.bytes);
  wr_buffer_free(&out);
}

static void folders(void)
{
  struct wr_arena arena = {0};
  struct wr_discovery found;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(discover("{\"n\":1}\n", false, &arena, &found, &err), WR_OK);
  check_folders(&found,
                "-- From 1 record (7 bytes) of here.\n"
                "-- The column n is that of the records; the folders have one, too (7).\n"
                "CREATE TABLE t (\n"
                "  n BIGINT,                             -- 1\n"
                "  `day` STRING,                         -- of the files' folders; 2026-01-02\n"
                "  `my land` STRING                      -- of the files' folders; DE\n"
                ") PARTITIONED BY (`day`, `my land`) WITH (\n");
  wr_arena_free(&arena);
}

static void refuses(void)
{
  static const struct {
    const char *text, *message, *hint;
  } rows[] = {
      {"", "there are no records to look at in here", "empty"},
      {"a,b\n1\n1,2,3\n1,2,3,4\n1,2,3,4,5\n", "different numbers of fields", "--format raw"},
      {"[{\"a\":1},\n{\"a\":2}]\n", "JSON arrays", "jq -c '.[]'"},
      {"{\n\"a\": 1\n}\n", "over several lines", "jq -c ."},
      {"\x01\x02\xff\xfe\n\xff\n", "UTF-8: byte 3 of line 1 of file.x is 0xff", ""},
      {"a\n\nb\xef\xbf\xbd\xc3\n\xff\n", "UTF-8: byte 5 of line 3 of file.x is 0xc3", ""},
      {"{}\n{}\n", "no columns", ""},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_discovery found;
    struct wr_error err = {0};
    WR_CHECK(discover(rows[i].text, false, &arena, &found, &err) == WR_DATA &&
                 strstr(err.message, rows[i].message) && strstr(err.hint, rows[i].hint),
             "row %zu: %s (%s)", i, err.message, err.hint);
    wr_arena_free(&arena);
  }
}

static void refuses_messages(void)
{
  struct wr_arena arena = {0};
  struct wr_discovery found;
  struct wr_error err = {0};
  WR_CHECK(discover("", true, &arena, &found, &err) == WR_DATA && strstr(err.hint, "--wait"),
           "%s (%s)", err.message, err.hint);
  WR_CHECK(discover("a\nb\xff\n", true, &arena, &found, &err) == WR_DATA &&
               strstr(err.message, "byte 2 of record 2 of here is 0xff"),
           "%s", err.message);
  wr_arena_free(&arena);
}

static void analytics(void)
{
  struct wr_arena arena = {0};
  struct wr_buffer out = {0};
  struct wr_discovery found;
  struct wr_error err;
  static const char text[] =
      "{\"USER\":\"x\",\"USER@DOMAIN\":1,\"@@\":1.5,\"a\":{\"b c\":true,\"year\":"
      "\"2026-01-02 03:04:05\"},\"l\":[1,2],\"1st\":null}\n";
  CU_ASSERT_EQUAL_FATAL(discover(text, true, &arena, &found, &err), WR_OK);
  wr_discover_put_schema(&found, &arena, &out);
  static const char *const parts[] = {
      "\"RecordFormatType\": \"JSON\"",
      "{\"Name\": \"COL_USER\", \"SqlType\": \"VARCHAR(4)\", \"Mapping\": \"$.USER\"}",
      "{\"Name\": \"COL_USERDOMAIN\", \"SqlType\": \"BIGINT\", \"Mapping\": \"$.USER@DOMAIN\"}",
      "{\"Name\": \"COL_2\", \"SqlType\": \"DOUBLE\", \"Mapping\": \"$.@@\"}",
      "{\"Name\": \"COL_bc\", \"SqlType\": \"BOOLEAN\", \"Mapping\": \"$.a['b c']\"}",
      "{\"Name\": \"COL_year\", \"SqlType\": \"TIMESTAMP\", \"Mapping\": \"$.a.year\"}",
      "{\"Name\": \"l\", \"SqlType\": \"VARCHAR(16)\", \"Mapping\": \"$.l[0:]\"}",
      "{\"Name\": \"COL_1st\", \"SqlType\": \"VARCHAR(4)\", \"Mapping\": \"$.1st\"}\n  ]"};
  struct wr_json_tape tape = {0};
  CU_ASSERT(wr_json_scan(&tape, out.bytes, out.length));
  wr_json_tape_free(&tape);
  for (size_t i = 0; i < WR_COUNT(parts); i++)
    WR_CHECK(strstr(wr_buffer_string(&out), parts[i]) != NULL, "%s\n--- lacks: %s", out.bytes,
             parts[i]);
  wr_buffer_free(&out);
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"types-of-json", types_of_json},
    {"maps", maps},
    {"csv", csv},
    {"lines", lines},
    {"event-time", event_time},
    {"comments", comments},
    {"comments-of-doubt", comments_of_doubt},
    {"folders", folders},
    {"refuses", refuses},
    {"refuses-messages", refuses_messages},
    {"analytics", analytics},
    {NULL, NULL},
};

const struct wr_suite wr_suite_discover = {"discover", tests};
