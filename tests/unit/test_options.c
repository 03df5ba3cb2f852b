/* SPDX-License-Identifier: Apache-2.0 */
/* Options: values by kind, checks against tables, names that are nearly right. */
#include "core/options.h"

#include <string.h>

#include "tests/unit/check.h"

static const struct wr_option table[] = {
    {"topic", WR_OPTION_TEXT, .required = true, .help = "the topic to read"},
    {"format", WR_OPTION_CHOICE, .choices = "json|csv|raw", .fallback = "json"},
    {"scan.timeout", WR_OPTION_DURATION, .fallback = "5 s"},
    {"buffer", WR_OPTION_BYTES, .fallback = "64kb"},
    {"rate", WR_OPTION_NUMBER, .help = "rows a second"},
    {"count", WR_OPTION_INTEGER, .fallback = "-3"},
    {"loud", WR_OPTION_BOOL, .help = "say more"},
    {"password", WR_OPTION_INTEGER, .secret = true},
    {"properties.*", WR_OPTION_TEXT, .help = "passed through"},
    {0},
};

static enum wr_code check(const struct wr_option_value *values, uint32_t count,
                          struct wr_error *err)
{
  const struct wr_options options = {values, count};
  const struct wr_option *tables[] = {table};
  wr_error_clear(err);
  return wr_options_check(&options, tables, 1, "table t", (struct wr_span){1, 2}, err);
}

static void durations(void)
{
  static const struct {
    const char *text;
    int64_t us; /* -1: does not parse */
  } rows[] = {
      {"0", 0},
      {"250", 250000},
      {"500 ms", 500000},
      {"5s", 5000000},
      {"1 min", 60000000},
      {"2 h", 7200000000},
      {"1 d", 86400000000},
      {"3 Seconds", 3000000},
      {"7us", 7},
      {" 1 s", 1000000},
      {"", -1},
      {"s", -1},
      {"-1 s", -1},
      {"1.5 s", -1},
      {"1 parsec", -1},
      {"1 s ", -1},
      {"9223372036854775807 d", -1},
      {"99999999999999999999", -1},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    int64_t us = -1;
    bool parsed = wr_option_parse_duration(rows[i].text, &us);
    WR_CHECK(parsed == (rows[i].us >= 0) && (!parsed || us == rows[i].us), "'%s'", rows[i].text);
  }
}

static void sizes(void)
{
  static const struct {
    const char *text;
    int64_t bytes;
  } rows[] = {
      {"10", 10},          {"64kb", 65536},          {"1 mb", 1048576}, {"128MB", 134217728},
      {"2 g", 2147483648}, {"1 tib", 1099511627776}, {"", -1},          {"kb", -1},
      {"1 xb", -1},        {"99999999 tb", -1}};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    int64_t bytes = -1;
    bool parsed = wr_option_parse_bytes(rows[i].text, &bytes);
    WR_CHECK(parsed == (rows[i].bytes >= 0) && (!parsed || bytes == rows[i].bytes), "'%s'",
             rows[i].text);
  }
}

static void good_options_pass_and_are_read(void)
{
  struct wr_error err;
  struct wr_option_value values[] = {
      {.key = "topic", .value = "clicks"}, {.key = "scan.timeout", .value = "1 min"},
      {.key = "format", .value = "csv"},   {.key = "rate", .value = "2.5"},
      {.key = "loud", .value = "TRUE"},    {.key = "properties.group.id", .value = "g"},
  };
  const struct wr_options options = {values, WR_COUNT(values)};
  CU_ASSERT_EQUAL(check(values, WR_COUNT(values), &err), WR_OK);
  CU_ASSERT_STRING_EQUAL(wr_options_text(&options, table, "format"), "csv");
  CU_ASSERT_EQUAL(wr_options_duration_us(&options, table, "scan.timeout"), 60000000);
  CU_ASSERT_EQUAL(wr_options_bytes(&options, table, "buffer"), 65536);
  CU_ASSERT_EQUAL(wr_options_number(&options, table, "rate"), 2.5);
  CU_ASSERT_EQUAL(wr_options_integer(&options, table, "count"), -3);
  CU_ASSERT(wr_options_bool(&options, table, "loud"));
  CU_ASSERT_STRING_EQUAL(wr_options_find(&options, "properties.group.id"), "g");
  CU_ASSERT_PTR_NULL(wr_options_find(&options, "buffer"));
}

static void bad_options_are_named(void)
{
  static const struct {
    struct wr_option_value value;
    const char *message, *hint;
  } rows[] = {
      {{"fromat", "json", {5, 6}, {0, 0}},
       "table t does not know the option 'fromat'",
       "did you mean 'format'?"},
      {{"zzz", "1", {5, 3}, {0, 0}}, "table t does not know the option 'zzz'", ""},
      {{"properties.", "1", {5, 3}, {0, 0}}, "table t does not know the option 'properties.'", ""},
      {{"topic", "again", {5, 5}, {0, 0}}, "the option 'topic' of table t is given twice", ""},
      {{"format", "xml", {0, 0}, {5, 3}},
       "the option 'format' of table t is 'xml', but must be one of json, csv, raw",
       ""},
      {{"format", "js", {0, 0}, {5, 3}},
       "the option 'format' of table t is 'js', but must be one of json, csv, raw",
       ""},
      {{"rate", "fast", {0, 0}, {5, 4}},
       "the option 'rate' of table t is 'fast', but must be a number",
       ""},
      {{"count", "1.5", {0, 0}, {5, 4}},
       "the option 'count' of table t is '1.5', but must be a whole number",
       ""},
      {{"password", "hush", {0, 0}, {5, 4}},
       "the option 'password' of table t is '(secret)', but must be a whole number",
       ""},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_error err;
    struct wr_option_value values[] = {{.key = "topic", .value = "clicks"}, rows[i].value};
    WR_CHECK(check(values, 2, &err) == WR_SEMANTIC, "row %zu", i);
    WR_CHECK(strcmp(err.message, rows[i].message) == 0, "row %zu: %s", i, err.message);
    WR_CHECK(strcmp(err.hint, rows[i].hint) == 0, "row %zu: %s", i, err.hint);
    WR_CHECK(err.span.offset == 5, "row %zu: at %u", i, err.span.offset);
  }
}

static void missing_ones_are_explained(void)
{
  struct wr_error err;
  CU_ASSERT_EQUAL(check(NULL, 0, &err), WR_SEMANTIC);
  CU_ASSERT_STRING_EQUAL(err.message, "table t lacks the option 'topic'");
  CU_ASSERT_STRING_EQUAL(err.hint, "the topic to read");
  CU_ASSERT_EQUAL(err.span.offset, 1);
}

static void nearest_names(void)
{
  static const char *const names[] = {"user_id", "page", "scan.startup.mode", "ts", "url"};
  static const struct {
    const char *name, *nearest;
  } rows[] = {{"user_di", "user_id"},
              {"USER-ID", "user_id"},
              {"pagee", "page"},
              {"scan.start.mode", "scan.startup.mode"},
              {"scan.startup-mdoe", "scan.startup.mode"},
              {"t", "ts"},
              {"st", "ts"},
              {"xyz", NULL},
              {"completely_different", NULL},
              {"", NULL},
              {"urk", "url"},
              {"sin", NULL},
              {"pega", NULL},
              {"usr_idd", "user_id"}};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const char *nearest = wr_nearest(rows[i].name, names, WR_COUNT(names));
    bool same = nearest && rows[i].nearest ? strcmp(nearest, rows[i].nearest) == 0
                                           : nearest == rows[i].nearest;
    WR_CHECK(same, "'%s': %s", rows[i].name, nearest ? nearest : "nothing");
  }
}

static const struct wr_test tests[] = {
    {"durations", durations},
    {"sizes", sizes},
    {"good_options_pass_and_are_read", good_options_pass_and_are_read},
    {"bad_options_are_named", bad_options_are_named},
    {"missing_ones_are_explained", missing_ones_are_explained},
    {"nearest_names", nearest_names},
    {NULL, NULL},
};

const struct wr_suite wr_suite_options = {"options", tests};
