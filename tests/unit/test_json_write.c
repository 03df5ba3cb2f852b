/* SPDX-License-Identifier: Apache-2.0 */
/* Values as JSON, as plain text and as CSV. */
#include "text/json_write.h"

#include <math.h>
#include <string.h>

#include "core/time.h"
#include "text/value_write.h"
#include "tests/unit/check.h"

static void strings_are_escaped(void)
{
  static const struct {
    const char *text, *json;
  } rows[] = {
      {"", "\"\""},
      {"plain", "\"plain\""},
      {"a longer text without anything special in it",
       "\"a longer text without anything special in it\""},
      {"quote\" backslash\\", "\"quote\\\" backslash\\\\\""},
      {"\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\""},
      {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
      {"0123456\"", "\"0123456\\\"\""},
      {"01234567\n01234567", "\"01234567\\n01234567\""},
      {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80/", "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80/\""},
      {"!#[] all next to special ones ~", "\"!#[] all next to special ones ~\""},
  };
  struct wr_buffer out = {0};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    wr_buffer_clear(&out);
    wr_json_write_string(&out, rows[i].text, strlen(rows[i].text));
    WR_CHECK(strcmp(wr_buffer_string(&out), rows[i].json) == 0, "row %zu: %s", i, out.bytes);
  }
  wr_buffer_free(&out);
}

static void base64(void)
{
  static const char *const rows[][2] = {{"", ""},
                                        {"f", "Zg=="},
                                        {"fo", "Zm8="},
                                        {"foo", "Zm9v"},
                                        {"foob", "Zm9vYg=="},
                                        {"fooba", "Zm9vYmE="},
                                        {"foobar", "Zm9vYmFy"},
                                        {"\xFF\xFE\xFD", "//79"}};
  struct wr_buffer out = {0};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    wr_buffer_clear(&out);
    wr_base64_write(&out, rows[i][0], strlen(rows[i][0]));
    WR_CHECK(strcmp(wr_buffer_string(&out), rows[i][1]) == 0, "%s: %s", rows[i][0], out.bytes);
  }
  wr_buffer_free(&out);
}

/* One value of every kind beside its two texts. */
static void every_kind_is_written(void)
{
  struct wr_arena arena = {0};
  const struct {
    const struct wr_type *type;
    union {
      uint8_t u8;
      int8_t i8;
      int16_t i16;
      int32_t i32;
      int64_t i64;
      float f32;
      double f64;
      wr_i128 i128;
      struct wr_text text;
    } value;
    const char *json, *plain;
  } rows[] = {
      {&wr_type_boolean, {.u8 = 1}, "true", "true"},
      {&wr_type_boolean, {.u8 = 0}, "false", "false"},
      {&wr_type_tinyint, {.i8 = -7}, "-7", "-7"},
      {&wr_type_smallint, {.i16 = -300}, "-300", "-300"},
      {&wr_type_int, {.i32 = INT32_MIN}, "-2147483648", "-2147483648"},
      {&wr_type_bigint, {.i64 = INT64_MIN}, "-9223372036854775808", "-9223372036854775808"},
      {&wr_type_float, {.f32 = 0.1f}, "0.1", "0.1"},
      {&wr_type_double, {.f64 = 2}, "2.0", "2.0"},
      {&wr_type_double, {.f64 = INFINITY}, "\"Infinity\"", "Infinity"},
      {wr_type_decimal(&arena, 10, 2), {.i64 = -5}, "-0.05", "-0.05"},
      {wr_type_decimal(&arena, 38, 3),
       {.i128 = (wr_i128)INT64_MAX * 1000},
       "9223372036854775807.000",
       "9223372036854775807.000"},
      {&wr_type_string, {.text = wr_text_make("a\"b", 3)}, "\"a\\\"b\"", "a\"b"},
      {&wr_type_bytes, {.text = wr_text_make("ab", 2)}, "\"YWI=\"", "0x6162"},
      {&wr_type_date, {.i32 = 20455}, "\"2026-01-02\"", "2026-01-02"},
      {&wr_type_time, {.i64 = 3 * WR_US_PER_HOUR}, "\"03:00:00\"", "03:00:00"},
      {&wr_type_timestamp3,
       {.i64 = 1500},
       "\"1970-01-01 00:00:00.001\"",
       "1970-01-01 00:00:00.001"},
      {&wr_type_timestamp_ltz6,
       {.i64 = 1},
       "\"1970-01-01 00:00:00.000001Z\"",
       "1970-01-01 00:00:00.000001"},
      {&wr_type_interval_month, {.i32 = 14}, "\"+1-02\"", "+1-02"},
      {&wr_type_interval_second, {.i64 = 1000}, "\"+0 00:00:00.001\"", "+0 00:00:00.001"},
  };
  struct wr_buffer out = {0};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_column column = {.type = rows[i].type, .values = &rows[i].value};
    wr_buffer_clear(&out);
    wr_json_write_value(&out, &column, 0, NULL);
    WR_CHECK(strcmp(wr_buffer_string(&out), rows[i].json) == 0, "%s: %s", rows[i].json, out.bytes);
    wr_buffer_clear(&out);
    WR_CHECK(wr_value_write(&out, &column, 0), "%s", rows[i].plain);
    WR_CHECK(strcmp(wr_buffer_string(&out), rows[i].plain) == 0, "%s: %s", rows[i].plain,
             out.bytes);
  }
  wr_buffer_free(&out);
  wr_arena_free(&arena);
}

/* Three columns, the last a ROW; the second row is all NULL. */
static void check_rows(const struct wr_json_style *style, const char *first, const char *second)
{
  struct wr_arena arena = {0};
  int64_t a[] = {1, 0};
  struct wr_text b[] = {wr_text_make("x", 1), wr_text_make("", 0)};
  int64_t t[] = {0, 0};
  uint64_t valid = 1;
  struct wr_field inner[] = {{"t", &wr_type_timestamp3}, {"n", &wr_type_null}};
  struct wr_field fields[] = {
      {"a", &wr_type_bigint}, {"b\"c", &wr_type_string}, {"r", wr_type_row(&arena, inner, 2)}};
  struct wr_column children[] = {{.type = inner[0].type, .valid = &valid, .values = t},
                                 wr_column_null(&arena, &wr_type_null)};
  struct wr_column columns[] = {{.type = fields[0].type, .valid = &valid, .values = a},
                                {.type = fields[1].type, .valid = &valid, .values = b},
                                {.type = fields[2].type, .valid = &valid, .children = children}};
  struct wr_schema schema = {3, fields};
  struct wr_json_row_writer *writer = wr_json_row_writer_new(&schema, style);
  struct wr_buffer out = {0};
  wr_json_row_write(writer, columns, 0, &out);
  WR_CHECK(strcmp(wr_buffer_string(&out), first) == 0, "%s: %s", first, out.bytes);
  wr_buffer_clear(&out);
  wr_json_row_write(writer, columns, 1, &out);
  WR_CHECK(strcmp(wr_buffer_string(&out), second) == 0, "%s: %s", second, out.bytes);
  wr_buffer_clear(&out);
  CU_ASSERT(wr_value_write(&out, &columns[2], 0));
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "(1970-01-01 00:00:00.000, NULL)");
  CU_ASSERT_FALSE(wr_value_write(&out, &columns[2], 1));
  wr_buffer_free(&out);
  wr_json_row_writer_free(writer);
  wr_arena_free(&arena);
}

static void rows_are_objects(void)
{
  check_rows(NULL,
             "{\"a\":1,\"b\\\"c\":\"x\",\"r\":{\"t\":\"1970-01-01 00:00:00.000\",\"n\":null}}",
             "{\"a\":null,\"b\\\"c\":null,\"r\":null}");
}

static void nulls_may_be_left_out(void)
{
  static const struct wr_json_style style = {.datetime = WR_DATETIME_ISO, .leave_out_null = true};
  check_rows(&style, "{\"a\":1,\"b\\\"c\":\"x\",\"r\":{\"t\":\"1970-01-01T00:00:00.000\"}}", "{}");
}

static void csv_fields_are_quoted_when_needed(void)
{
  static const char *const rows[][2] = {
      {"abc", "abc"},         {"", "\"\""},         {"a,b", "\"a,b\""},
      {"a\"b", "\"a\"\"b\""}, {"a\nb", "\"a\nb\""}, {" a", "\" a\""},
      {"a ", "\"a \""},       {"a b", "a b"},       {"a;b", "a;b"}};
  struct wr_buffer out = {0};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    wr_buffer_clear(&out);
    wr_csv_write_text(&out, rows[i][0], strlen(rows[i][0]), ',', '"');
    WR_CHECK(strcmp(wr_buffer_string(&out), rows[i][1]) == 0, "%s: %s", rows[i][0], out.bytes);
  }
  wr_buffer_free(&out);
}

static void buffers_print(void)
{
  struct wr_buffer out = {0};
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), "");
  for (int i = 0; i < 200; i++)
    wr_buffer_print(&out, "%d,%0100d;", i, i);
  CU_ASSERT_NSTRING_EQUAL(out.bytes, "0,000", 5);
  CU_ASSERT_EQUAL(out.length, 200 * 102 + 10 + 90 * 2 + 100 * 3);
  wr_buffer_free(&out);
}

static const struct wr_test tests[] = {
    {"strings_are_escaped", strings_are_escaped},
    {"base64", base64},
    {"every_kind_is_written", every_kind_is_written},
    {"rows_are_objects", rows_are_objects},
    {"nulls_may_be_left_out", nulls_may_be_left_out},
    {"csv_fields_are_quoted_when_needed", csv_fields_are_quoted_when_needed},
    {"buffers_print", buffers_print},
    {NULL, NULL},
};

const struct wr_suite wr_suite_json_write = {"json_write", tests};
