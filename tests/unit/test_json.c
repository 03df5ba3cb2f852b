/* SPDX-License-Identifier: Apache-2.0 */
/* The format json: what becomes of every kind of value, and of records that are not as they should
 * be. */
#include "tests/unit/decode.h"

static void check_column(const struct wr_type *type, const char *value, const char *expected)
{
  const struct wr_field field = {"a", type};
  const struct wr_schema schema = {1, &field};
  struct decode_trial trial = {.format = "json", .schema = &schema};
  struct wr_buffer text = {0}, lines = {0};
  wr_buffer_print(&text, "{\"x\":[],\"a\":%s , \"y\":{}}\n", value);
  if (*expected == '!') /* "! what", or "!path: what" */
    wr_buffer_print(&lines, "! column a%s%s\n", expected[1] == ' ' && expected[2] != '(' ? ":" : "",
                    expected + 1);
  else
    wr_buffer_print(&lines, "{\"a\":%s}\n", expected);
  decode_check(trial, text.bytes, text.length, wr_buffer_string(&lines));
  wr_buffer_free(&text);
  wr_buffer_free(&lines);
}

struct column_row {
  const struct wr_type *type;
  const char *value, *expected;
};

static void check_columns(const struct column_row *rows, size_t count)
{
  for (size_t i = 0; i < count; i++)
    check_column(rows[i].type, rows[i].value, rows[i].expected);
}

static void integers(void)
{
  static const struct column_row rows[] = {
      {&wr_type_bigint, "0", "0"},
      {&wr_type_bigint, "-0", "0"},
      {&wr_type_bigint, "7", "7"},
      {&wr_type_bigint, "-12345678", "-12345678"},
      {&wr_type_bigint, "123456789", "123456789"},
      {&wr_type_bigint, "1234567890123456", "1234567890123456"},
      {&wr_type_bigint, "12345678901234567", "12345678901234567"},
      {&wr_type_bigint, "9223372036854775807", "9223372036854775807"},
      {&wr_type_bigint, "-9223372036854775808", "-9223372036854775808"},
      {&wr_type_bigint, "9223372036854775808", "! 9223372036854775808 does not fit BIGINT"},
      {&wr_type_bigint, "9007199254740993", "9007199254740993"},
      {&wr_type_bigint, "1.0", "1"},
      {&wr_type_bigint, "12e3", "12000"},
      {&wr_type_bigint, "1.5", "! 1.5 is not a BIGINT"},
      {&wr_type_bigint, "1e30", "! 1e30 does not fit BIGINT"},
      {&wr_type_bigint, "\"42\"", "42"},
      {&wr_type_bigint, "\" -42 \"", "-42"},
      {&wr_type_bigint, "\"\\u0034\"", "4"},
      {&wr_type_bigint, "\"x\"", "! \"x\" is not a BIGINT"},
      {&wr_type_bigint, "\"\"", "! \"\" is not a BIGINT"},
      {&wr_type_bigint, "01", "! 01 is not a BIGINT"},
      {&wr_type_bigint, "-", "! - is not a BIGINT"},
      {&wr_type_bigint, "1x", "! 1x is not a BIGINT"},
      {&wr_type_bigint, "1234567x", "! 1234567x is not a BIGINT"},
      {&wr_type_bigint, "true", "! true is not a BIGINT"},
      {&wr_type_bigint, "null", "null"},
      {&wr_type_bigint, "nul", "! nul is not a BIGINT"},
      {&wr_type_bigint, "{}", "! {} is not a BIGINT"},
      {&wr_type_int, "2147483647", "2147483647"},
      {&wr_type_int, "-2147483648", "-2147483648"},
      {&wr_type_int, "2147483648", "! 2147483648 does not fit INT"},
      {&wr_type_int, "2.5", "! 2.5 is not an INT"},
      {&wr_type_smallint, "-32768", "-32768"},
      {&wr_type_smallint, "32768", "! 32768 does not fit SMALLINT"},
      {&wr_type_tinyint, "-128", "-128"},
      {&wr_type_tinyint, "1.28e2", "! 1.28e2 does not fit TINYINT"},
  };
  check_columns(rows, WR_COUNT(rows));
}

static void other_numbers(void)
{
  struct wr_arena arena = {0};
  const struct wr_type *decimal = wr_type_decimal(&arena, 10, 2),
                       *wide = wr_type_decimal(&arena, 38, 18);
  const struct column_row rows[] = {
      {&wr_type_double, "0.1", "0.1"},
      {&wr_type_double, "-1e-7", "-1.0E-7"},
      {&wr_type_double, "17976931348623157e292", "1.7976931348623157E308"},
      {&wr_type_double, "1e999", "! 1e999 does not fit DOUBLE"},
      {&wr_type_double, "\"NaN\"", "\"NaN\""},
      {&wr_type_double, "\"Infinity\"", "\"Infinity\""},
      {&wr_type_float, "\"-Infinity\"", "\"-Infinity\""},
      {&wr_type_double, "nan", "! nan is not a DOUBLE"},
      {&wr_type_double, "\"1.5\"", "1.5"},
      {&wr_type_double, "1.", "! 1. is not a DOUBLE"},
      {&wr_type_double, "1.e5", "! 1.e5 is not a DOUBLE"},
      {&wr_type_double, "1e", "! 1e is not a DOUBLE"},
      {&wr_type_float, "0.1", "0.1"},
      {&wr_type_float, "1e39", "! 1e39 does not fit FLOAT"},
      {decimal, "1.005", "1.01"},
      {decimal, "-99999999.99", "-99999999.99"},
      {decimal, "100000000", "! 100000000 does not fit DECIMAL(10, 2)"},
      {decimal, "\"2.50\"", "2.50"},
      {decimal, "\"abc\"", "! \"abc\" is not a DECIMAL(10, 2)"},
      {wide, "12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"},
      {wide, "0.1e1", "1.000000000000000000"},
      {&wr_type_boolean, "true", "true"},
      {&wr_type_boolean, "false", "false"},
      {&wr_type_boolean, "\"TRUE\"", "true"},
      {&wr_type_boolean, "\"yes\"", "! \"yes\" is not a BOOLEAN"},
      {&wr_type_boolean, "1", "! 1 is not a BOOLEAN"},
      {&wr_type_boolean, "truefalse", "! truefalse is not a BOOLEAN"},
  };
  check_columns(rows, WR_COUNT(rows));
  wr_arena_free(&arena);
}

static void text(void)
{
  static const struct column_row rows[] = {
      {&wr_type_string, "\"\"", "\"\""},
      {&wr_type_string, "\"abc\"", "\"abc\""},
      {&wr_type_string, "\"twelve bytes\"", "\"twelve bytes\""},
      {&wr_type_string, "\"thirteen byte\"", "\"thirteen byte\""},
      {&wr_type_string, "\"a text that is quite a bit longer than an inline one\"",
       "\"a text that is quite a bit longer than an inline one\""},
      {&wr_type_string, "\"{[,:]}\"", "\"{[,:]}\""},
      {&wr_type_string, "\"\\\"\"", "\"\\\"\""},
      {&wr_type_string, "\"\\\\\"", "\"\\\\\""},
      {&wr_type_string, "\"\\/\\b\\f\\n\\r\\t\"", "\"/\\b\\f\\n\\r\\t\""},
      {&wr_type_string, "\"\\u00e4\\u20AC and more text\"",
       "\"\xC3\xA4\xE2\x82\xAC and more text\""},
      {&wr_type_string, "\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\""},
      {&wr_type_string, "\"\\u0000\"", "\"\\u0000\""},
      {&wr_type_string, "\"\\ud83d\"", "! \"\\ud83d\" is not a STRING"},
      {&wr_type_string, "\"\\ude00\"", "! \"\\ude00\" is not a STRING"},
      {&wr_type_string, "\"\\ud83dx\"", "! \"\\ud83dx\" is not a STRING"},
      {&wr_type_string, "\"\\ud83d\\u0041\"", "! \"\\ud83d\\u0041\" is not a STRING"},
      {&wr_type_string, "\"\\x\"", "! \"\\x\" is not a STRING"},
      {&wr_type_string, "\"\\u12g4\"", "! \"\\u12g4\" is not a STRING"},
      {&wr_type_string, "\"\xC3\xA4\xE2\x82\xAC\"", "\"\xC3\xA4\xE2\x82\xAC\""},
      {&wr_type_string, "12.50", "\"12.50\""},
      {&wr_type_string, "true", "\"true\""},
      {&wr_type_string, "null", "null"},
      {&wr_type_string, "tru", "! tru is not a STRING"},
      {&wr_type_string, "{ \"b\" : [1, 2] }", "\"{ \\\"b\\\" : [1, 2] }\""},
      {&wr_type_string, "[]", "\"[]\""},
      {&wr_type_string, "[1,{\"a\":tru}]", "! [1,{\"a\":tru}] is not a STRING"},
      {&wr_type_string, "{\"a\":1\x01}", "! {\"a\":1\xEF\xBF\xBD} is not a STRING"},
      {&wr_type_bytes, "\"YWI=\"", "\"YWI=\""},
      {&wr_type_bytes, "\"YWI\"", "\"YWI=\""},
      {&wr_type_bytes, "\"//79\"", "\"//79\""},
      {&wr_type_bytes, "\"\"", "\"\""},
      {&wr_type_bytes, "\"Y\"", "! \"Y\" is not a BYTES"},
      {&wr_type_bytes, "\"Y!==\"", "! \"Y!==\" is not a BYTES"},
      {&wr_type_bytes, "5", "! 5 is not a BYTES"},
  };
  check_columns(rows, WR_COUNT(rows));
}

static void times(void)
{
  static const struct column_row rows[] = {
      {&wr_type_date, "\"2026-01-02\"", "\"2026-01-02\""},
      {&wr_type_date, "\"2026-02-30\"", "! \"2026-02-30\" is not a DATE"},
      {&wr_type_time, "\"03:04:05\"", "\"03:04:05\""},
      {&wr_type_timestamp3, "\"2026-01-02 03:04:05.678\"", "\"2026-01-02 03:04:05.678\""},
      {&wr_type_timestamp3, "\"2026-01-02T03:04:05.678\"", "\"2026-01-02 03:04:05.678\""},
      {&wr_type_timestamp3, "\"2026-01-02 03:04:05\"", "\"2026-01-02 03:04:05.000\""},
      {&wr_type_timestamp3, "\"2026-01-02 03:04:05.678999\"", "\"2026-01-02 03:04:05.678\""},
      {&wr_type_timestamp3, "\"1969-12-31 23:59:59.999999\"", "\"1969-12-31 23:59:59.999\""},
      {&wr_type_timestamp6, "\"2026-01-02 03:04:05.678901\"", "\"2026-01-02 03:04:05.678901\""},
      {&wr_type_timestamp3, "\"2026-01-02 24:00:00\"",
       "! \"2026-01-02 24:00:00\" is not a TIMESTAMP(3)"},
      {&wr_type_timestamp3, "1767323045", "! 1767323045 is not a TIMESTAMP(3)"},
      {&wr_type_timestamp_ltz3, "\"2026-01-02 03:04:05.678Z\"", "\"2026-01-02 03:04:05.678Z\""},
      {&wr_type_timestamp_ltz3, "\"2026-01-02T03:04:05+01:00\"", "\"2026-01-02 02:04:05.000Z\""},
      {&wr_type_timestamp_ltz3, "\"2026-01-02 03:04:05\"", "\"2026-01-02 03:04:05.000Z\""},
  };
  check_columns(rows, WR_COUNT(rows));
}

/* Timestamps with the date of the one before take a shorter way; it must refuse what the longer one
 * refuses. */
static void times_in_a_row(void)
{
  static const struct wr_field field = {"t", &wr_type_timestamp3};
  static const struct wr_schema schema = {1, &field};
  decode_check_text((struct decode_trial){.format = "json", .schema = &schema},
                    "{\"t\":\"2026-01-02 03:04:05.678\"}\n{\"t\":\"2026-01-02 23:59:59.999\"}\n"
                    "{\"t\":\"2026-01-02T00:00:00\"}\n{\"t\":\"2026-01-02 03:60:05.678\"}\n"
                    "{\"t\":\"2026-01-02 03:04:61.678\"}\n{\"t\":\"2026-01-02 03:04-05.678\"}\n"
                    "{\"t\":\"2026-01-02 03:04:05.67:\"}\n{\"t\":\"2026-01-02 3a:04:05.678\"}\n"
                    "{\"t\":\"2026-01-02 03:04:05.123456\"}\n{\"t\":\"2026-01-03 00:00:00.001\"}\n"
                    "{\"t\":\"2026-01-03 00:00:00.002\"}\n{\"t\":\"1969-12-31 00:00:00.002\"}\n",
                    "{\"t\":\"2026-01-02 03:04:05.678\"}\n{\"t\":\"2026-01-02 23:59:59.999\"}\n"
                    "{\"t\":\"2026-01-02 00:00:00.000\"}\n"
                    "! column t: \"2026-01-02 03:60:05.678\" is not a TIMESTAMP(3)\n"
                    "! column t: \"2026-01-02 03:04:61.678\" is not a TIMESTAMP(3)\n"
                    "! column t: \"2026-01-02 03:04-05.678\" is not a TIMESTAMP(3)\n"
                    "! column t: \"2026-01-02 03:04:05.67:\" is not a TIMESTAMP(3)\n"
                    "! column t: \"2026-01-02 3a:04:05.678\" is not a TIMESTAMP(3)\n"
                    "{\"t\":\"2026-01-02 03:04:05.123\"}\n{\"t\":\"2026-01-03 00:00:00.001\"}\n"
                    "{\"t\":\"2026-01-03 00:00:00.002\"}\n{\"t\":\"1969-12-31 00:00:00.002\"}\n");
}

static void zones(void)
{
  static const struct wr_field field = {"t", &wr_type_timestamp_ltz3};
  static const struct wr_schema schema = {1, &field};
  struct decode_trial trial = {.format = "json", .schema = &schema, .time_zone = "Europe/Berlin"};
  decode_check_text(trial,
                    "{\"t\":\"2026-01-02 03:04:05\"}\n{\"t\":\"2026-01-02 03:04:05Z\"}\n"
                    "{\"t\":\"2026-01-02 03:04:06Z\"}\n",
                    "! column t: \"2026-01-02 03:04:05\" is not a TIMESTAMP_LTZ(3)\n"
                    "{\"t\":\"2026-01-02 03:04:05.000Z\"}\n{\"t\":\"2026-01-02 03:04:06.000Z\"}\n");
}

static const struct wr_field pair_fields[] = {{"a", &wr_type_bigint}, {"b", &wr_type_string}};
static const struct wr_schema pair_schema = {2, pair_fields};
static const struct decode_trial pair_trial = {.format = "json", .schema = &pair_schema};

static void names(void)
{
  decode_check_text(
      pair_trial,
      "{\"a\":1,\"b\":\"x\"}\n{\"b\":\"y\",\"a\":2}\n{\"c\":0,\"b\":\"z\","
      "\"d\":{\"a\":9},\"a\":3}\n"
      "{\"A\":4,\"B\":\"x\"}\n{}\n{\"a\":5,\"a\":6}\n{\"a\":\"x\",\"a\":7}\n{\"a\":8,\"a\":null}\n"
      "{\"\\u0061\":9,\"\\u0062\":\"esc\"}\n{ \"a\" : 10 , \"b\" : \"sp\" }\n"
      "{\"\":1,\"ab\":2,\"a \":3}\n",
      "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}\n{\"a\":3,\"b\":\"z\"}\n"
      "{\"a\":null,\"b\":null}\n{\"a\":null,\"b\":null}\n{\"a\":6,\"b\":null}\n"
      "{\"a\":7,\"b\":null}\n"
      "{\"a\":null,\"b\":null}\n{\"a\":9,\"b\":\"esc\"}\n{\"a\":10,\"b\":\"sp\"}\n"
      "{\"a\":null,\"b\":null}\n");
}

static void long_and_strange_names(void)
{
  static const struct wr_field fields[] = {
      {"seven77", &wr_type_int},
      {"eight888", &wr_type_int},
      {"fifteen15151515", &wr_type_int},
      {"sixteen616161616", &wr_type_int},
      {"a name of more than sixteen bytes", &wr_type_int},
      {"a name of more than sixteen bites", &wr_type_int},
      {"quote\"back\\slash", &wr_type_int},
      {"", &wr_type_int},
      {"\xC3\xA4", &wr_type_int},
  };
  static const struct wr_schema schema = {WR_COUNT(fields), fields};
  struct decode_trial trial = {.format = "json", .schema = &schema};
  static const char text[] =
      "{\"seven77\":1,\"eight888\":2,\"fifteen15151515\":3,\"sixteen616161616\":4,"
      "\"a name of more than sixteen bytes\":5,\"a name of more than sixteen bites\":6,"
      "\"quote\\\"back\\\\slash\":7,\"\":8,\"\xC3\xA4\":9}\n";
  decode_check_text(trial, text, text);
}

static void many_names(void)
{
  struct wr_buffer text = {0}, expected = {0};
  for (int i = 0; i < 1500; i++) {
    wr_buffer_print(&text,
                    "{\"key %d\":{\"a\":1},\"a\":%d,\"key %d\":[1,{\"b\":2}],\"b\":\"%d\"}\n", i, i,
                    i / 2, i);
    wr_buffer_print(&expected, "{\"a\":%d,\"b\":\"%d\"}\n", i, i);
  }
  decode_check(pair_trial, text.bytes, text.length, wr_buffer_string(&expected));
  wr_buffer_free(&text);
  wr_buffer_free(&expected);
}

/* Each bad record stands between two good ones, which must survive. */
static void bad_records(void)
{
  static const struct {
    const char *record, *message;
  } rows[] = {
      {"{\"a\":1", "the record is not JSON: it ends too early"},
      {"{\"a\":", "the record is not JSON: it ends too early"},
      {"{\"a\"", "the record is not JSON: it ends too early"},
      {"{", "the record is not JSON: it ends too early"},
      {"{\"a\":1,", "the record is not JSON: it ends too early"},
      {"{\"c\":[1,", "the record is not JSON: it ends too early"},
      {"{\"c\":{\"a\":[{", "the record is not JSON: it ends too early"},
      {"[{\"a\":1}", "the record is not JSON: it ends too early"},
      {"[{\"a\":1},", "the record is not JSON: it ends too early"},
      {"[", "the record is not JSON: it ends too early"},
      {"{\"a\":1}}", "the record is not JSON: at byte 8 an object is expected"},
      {"{\"a\":1}]", "the record is not JSON: at byte 8 an object is expected"},
      {"{\"a\" 1}", "the record is not JSON: at byte 6 ':' is expected"},
      {"{\"a\":1 2}", "the record is not JSON: at byte 8 ',' or '}' is expected"},
      {"{\"a\":1,}", "the record is not JSON: at byte 8 a field name in quotes is expected"},
      {"{\"a\":1,2:3}", "the record is not JSON: at byte 8 a field name in quotes is expected"},
      {"{\"a\":}", "the record is not JSON: at byte 6 a value is expected"},
      {"{\"a\":,}", "the record is not JSON: at byte 6 a value is expected"},
      {"{\"a\":x}", "the record is not JSON: at byte 6 a value is expected"},
      {"{a:1}", "the record is not JSON: at byte 2 a field name in quotes is expected"},
      {"{\"c\":[1,]}", "the record is not JSON: at byte 9 a value is expected"},
      {"{\"c\":[1 2]}", "the record is not JSON: at byte 9 ',' or a closing bracket is expected"},
      {"{\"c\":[1}", "the record is not JSON: at byte 8 ',' or a closing bracket is expected"},
      {"{\"c\":{\"d\":1]}",
       "the record is not JSON: at byte 12 ',' or a closing bracket is expected"},
      {"{\"c\":{\"d\"}}", "the record is not JSON: at byte 10 ':' is expected"},
      {"{\"c\":{1:2}}", "the record is not JSON: at byte 7 a field name in quotes is expected"},
      {"{\"b\":\"open}", "the record is not JSON: a string does not end"},
      {"{\"b\":\"open\\\"}", "the record is not JSON: a string does not end"},
      {"{\"b\":\"tab\there\"}",
       "the record is not JSON: a control character stands inside a string"},
      {"{\"b\":\"\xC3\"}", "the record is not UTF-8"},
      {"{\"b\":\"\xED\xA0\x80\"}", "the record is not UTF-8"},
      {"17", "the record is not JSON: at byte 1 an object is expected"},
      {"null", "the record is not JSON: at byte 1 an object is expected"},
      {"\"text\"", "the record is not JSON: at byte 1 an object is expected"},
      {"[1]", "the record is not JSON: at byte 2 an object is expected"},
      {"[{\"a\":1},null]", "the record is not JSON: at byte 10 an object is expected"},
      {"[{\"a\":1} {\"a\":2}]", "the record is not JSON: at byte 10 ',' or ']' is expected"},
      {"{\"a\":1}{\"a\":2", "the record is not JSON: it ends too early"},
      {"[{\"a\":1},{\"a\":\"x\"}]", "column a: \"x\" is not a BIGINT"},
      {"nonsense", "the record is not JSON: at byte 1 an object is expected"},
  };
  struct wr_buffer text = {0}, expected = {0};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    wr_buffer_print(&text, "{\"a\":%zu,\"b\":\"before\"}\n%s\n{\"a\":%zu,\"b\":\"after\"}\n", i,
                    rows[i].record, i);
    wr_buffer_print(&expected, "{\"a\":%zu,\"b\":\"before\"}\n! %s\n{\"a\":%zu,\"b\":\"after\"}\n",
                    i, rows[i].message, i);
  }
  decode_check(pair_trial, text.bytes, text.length, wr_buffer_string(&expected));
  wr_buffer_free(&text);
  wr_buffer_free(&expected);
}

static void several_rows_in_a_record(void)
{
  decode_check_text(
      pair_trial,
      "{\"a\":1}{\"a\":2} {\"a\":3}\n[{\"a\":4},{\"a\":5,\"b\":\"x\"}]\n[]\n"
      "[ {\"a\":6} ] {\"a\":7}\n{\"a\":8}\n",
      "{\"a\":1,\"b\":null}\n{\"a\":2,\"b\":null}\n{\"a\":3,\"b\":null}\n{\"a\":4,\"b\":null}\n"
      "{\"a\":5,\"b\":\"x\"}\n{\"a\":6,\"b\":null}\n{\"a\":7,\"b\":null}\n{\"a\":8,\"b\":null}\n");
}

static void lines_are_records(void)
{
  decode_check_text(
      pair_trial, "\xEF\xBB\xBF{\"a\":1}\r\n\n  \t\r\n {\"a\":2} \r\n{\"a\":3}\n\n{\"a\":4}",
      "{\"a\":1,\"b\":null}\n{\"a\":2,\"b\":null}\n{\"a\":3,\"b\":null}\n{\"a\":4,\"b\":null}\n");
  decode_check_text(pair_trial, "", "");
  decode_check_text(pair_trial, "\n\n", "");
}

static void deep_nesting_has_a_limit(void)
{
  struct wr_buffer text = {0};
  for (int depth = 1020; depth <= 1030; depth += 10) {
    wr_buffer_clear(&text);
    wr_buffer_put_string(&text, "{\"c\":");
    for (int i = 0; i < depth; i++)
      wr_buffer_put_string(&text, i % 2 ? "{\"x\":" : "[");
    wr_buffer_put_string(&text, "1");
    for (int i = depth; i-- > 0;)
      wr_buffer_put_string(&text, i % 2 ? "}" : "]");
    wr_buffer_put_string(&text, ",\"a\":1}\n");
    decode_check(
        pair_trial, text.bytes, text.length,
        depth <= 1024
            ? "{\"a\":1,\"b\":null}\n"
            : "! the record is not JSON: at byte 3078 it is nested deeper than WR_JSON_DEPTH_MAX "
              "(1024)\n");
  }
  wr_buffer_free(&text);
}

static void records_larger_than_a_window(void)
{
  struct wr_buffer text = {0}, expected = {0};
  for (int i = 0; i < 4; i++) {
    wr_buffer_put_string(&text, "{\"c\":[");
    for (int j = 0; j < 20000; j++)
      wr_buffer_put_string(&text, "\"x\",{},");
    wr_buffer_print(&text, "0],\"a\":%d%s\n{\"a\":-1}\n", i, i == 2 ? "" : "}");
    wr_buffer_print(
        &expected,
        i == 2 ? "! the record is not JSON: it ends too early\n" : "{\"a\":%d,\"b\":null}\n", i);
    wr_buffer_put_string(&expected, "{\"a\":-1,\"b\":null}\n");
  }
  struct wr_buffer out = {0};
  for (int apart = 0; apart < 2; apart++) {
    struct decode_trial trial = pair_trial;
    trial.apart = apart;
    wr_buffer_clear(&out);
    decode_text(&trial, text.bytes, text.length, 1 << 20, DECODE_FRAMES_MAX, &out);
    CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out), wr_buffer_string(&expected));
  }
  wr_buffer_free(&out);
  wr_buffer_free(&text);
  wr_buffer_free(&expected);
}

static void rows_within_rows(void)
{
  struct wr_arena arena = {0};
  const struct wr_field inner[] = {{"x", &wr_type_int}, {"y", &wr_type_string}};
  const struct wr_field middle[] = {{"r", wr_type_row(&arena, inner, 2)}, {"z", &wr_type_bigint}};
  const struct wr_field fields[] = {{"m", wr_type_row(&arena, middle, 2)}, {"a", &wr_type_int}};
  const struct wr_schema schema = {2, fields};
  struct decode_trial trial = {.format = "json", .schema = &schema};
  decode_check_text(
      trial,
      "{\"m\":{\"r\":{\"x\":1,\"y\":\"u\"},\"z\":2},\"a\":3}\n{\"a\":4,\"m\":{\"z\":5,"
      "\"r\":null}}\n"
      "{\"m\":null}\n{}\n{\"m\":{}}\n{\"m\":{\"r\":{}}}\n{\"m\":5}\n"
      "{\"m\":{\"r\":{\"x\":\"q\"}},\"a\":6}\n"
      "{\"m\":{\"r\":{\"x\":7}},\"m\":{\"z\":8}}\n{\"m\":{\"r\":[]}}\n",
      "{\"m\":{\"r\":{\"x\":1,\"y\":\"u\"},\"z\":2},\"a\":3}\n{\"m\":{\"r\":null,"
      "\"z\":5},\"a\":4}\n"
      "{\"m\":null,\"a\":null}\n{\"m\":null,\"a\":null}\n{\"m\":{\"r\":null,"
      "\"z\":null},\"a\":null}\n"
      "{\"m\":{\"r\":{\"x\":null,\"y\":null},\"z\":null},\"a\":null}\n"
      "! column m: 5 is not a ROW<r ROW<x INT, y STRING>, z BIGINT>\n"
      "! column m.r.x: \"q\" is not an INT\n{\"m\":{\"r\":null,\"z\":8},\"a\":null}\n"
      "! column m.r: [] is not a ROW<x INT, y STRING>\n");
  wr_arena_free(&arena);
}

static void options_are_kept(void)
{
  static const char *const missing[] = {"json.fail-on-missing-field", "true", NULL};
  static const char *const forgive[] = {"json.ignore-parse-errors", "true", NULL};
  static const char *const both[] = {"json.fail-on-missing-field", "true",
                                     "json.ignore-parse-errors", "true", NULL};
  static const char text[] =
      "{\"a\":1,\"b\":\"x\"}\n{\"a\":\"no\",\"b\":\"y\"}\n{\"a\":2}\n{\"a\":3,\n"
      "{\"a\":4,\"b\":null}\n";
  struct decode_trial trial = pair_trial;
  trial.options = missing;
  decode_check_text(
      trial, text,
      "{\"a\":1,\"b\":\"x\"}\n! column a: \"no\" is not a BIGINT\n! column b is missing\n"
      "! the record is not JSON: it ends too early\n{\"a\":4,\"b\":null}\n");
  trial.options = forgive;
  decode_check_text(
      trial, text,
      "{\"a\":1,\"b\":\"x\"}\n{\"a\":null,\"b\":\"y\"}\n{\"a\":2,\"b\":null}\n{\"a\":4,"
      "\"b\":null}\n");
  trial.options = both;
  decode_check_text(
      trial, text,
      "error: 'json.fail-on-missing-field' and 'json.ignore-parse-errors' cannot both be true\n");
}

static void not_null_is_kept(void)
{
  struct wr_arena arena = {0};
  const struct wr_field fields[] = {{"a", wr_type_with_not_null(&arena, &wr_type_bigint, true)},
                                    {"b", &wr_type_string}};
  const struct wr_schema schema = {2, fields};
  struct decode_trial trial = {.format = "json", .schema = &schema};
  decode_check_text(
      trial, "{\"a\":1}\n{\"a\":null}\n{\"b\":\"x\"}\n",
      "{\"a\":1,\"b\":null}\n! column a is null but declared NOT NULL\n! column a is missing\n");
  wr_arena_free(&arena);
}

static void collections(void)
{
  struct wr_arena arena = {0};
  struct wr_field row_fields[] = {{"x", &wr_type_int},
                                  {"y", wr_type_array(&arena, &wr_type_string)}};
  const struct wr_type *ints = wr_type_array(&arena, &wr_type_int),
                       *texts = wr_type_array(&arena, &wr_type_string),
                       *grid = wr_type_array(&arena, ints),
                       *map = wr_type_map(&arena, &wr_type_string, &wr_type_double),
                       *numbered = wr_type_map(&arena, &wr_type_int, texts),
                       *dated = wr_type_map(&arena, &wr_type_date, &wr_type_boolean),
                       *bag = wr_type_multiset(&arena, &wr_type_string),
                       *row = wr_type_row(&arena, row_fields, 2),
                       *rows_of = wr_type_array(&arena, row),
                       *map_of_rows = wr_type_map(&arena, &wr_type_string, row),
                       *strict =
                           wr_type_array(&arena, wr_type_with_not_null(&arena, &wr_type_int, true));
  const struct column_row rows[] = {
      {ints, "[]", "[]"},
      {ints, " [ 1 , null, -3,\"4\" ] ", "[1,null,-3,4]"},
      {ints, "null", "null"},
      {ints, "[1,2,\"x\"]", "![3]: \"x\" is not an INT"},
      {ints, "[1,[2]]", "![2]: [2] is not an INT"},
      {ints, "[2147483648]", "![1]: 2147483648 does not fit INT"},
      {ints, "[1,nul]", "![2]: nul is not an INT"},
      {ints, "7", "! 7 is not an ARRAY<INT>"},
      {ints, "\"[1]\"", "! \"[1]\" is not an ARRAY<INT>"},
      {ints, "{\"a\":1}", "! {\"a\":1} is not an ARRAY<INT>"},
      {strict, "[1,null]", "![2] is null but declared NOT NULL"},
      {strict, "[]", "[]"},
      {texts, "[\"\",\"a\\nb\",\"a text that is longer than an inline one\",3,{\"q\":[]}]",
       "[\"\",\"a\\nb\",\"a text that is longer than an inline one\",\"3\",\"{\\\"q\\\":[]}\"]"},
      {grid, "[[1],[],null,[2,3]]", "[[1],[],null,[2,3]]"},
      {grid, "[[1],[2,{}]]", "![2][2]: {} is not an INT"},
      {map, "{}", "{}"},
      {map, "{\"a\":1,\"b\":null,\"\":\"NaN\"}", "{\"a\":1.0,\"b\":null,\"\":\"NaN\"}"},
      {map, "{\"a\":1,\"b\":2,\"\\u0061\":3,\"b\":4}", "{\"a\":3.0,\"b\":4.0}"},
      {map, "{\"a\":1,\"it's\":true}", "!['it's']: true is not a DOUBLE"},
      {map, "[]", "! [] is not a MAP<STRING, DOUBLE>"},
      {numbered, "{\"1\":[\"a\"],\"-2\":[],\"01\":null}", "{\"1\":null,\"-2\":[]}"},
      {numbered, "{\"1\":[],\"x\":[]}", "! (key): \"x\" is not an INT"},
      {numbered, "{\"1\":[\"a\",nul]}", "!['1'][2]: nul is not a STRING"},
      {dated, "{\"2026-01-02\":true}", "{\"2026-01-02\":true}"},
      {bag, "{\"a\":2,\"b\":1}", "{\"a\":2,\"b\":1}"},
      {bag, "{\"a\":2,\"a\":7}", "{\"a\":7}"},
      {bag, "{\"a\":0}", "!['a'] must be a count of at least 1"},
      {bag, "{\"a\":null}", "!['a'] must be a count of at least 1"},
      {bag, "{\"a\":1.5}", "!['a']: 1.5 is not an INT"},
      {row, "{\"x\":1,\"y\":[\"a\"]}", "{\"x\":1,\"y\":[\"a\"]}"},
      {row, "{\"x\":1,\"y\":[\"a\",tru]}", "!.y[2]: tru is not a STRING"},
      {rows_of, "[{\"x\":1},{\"y\":[\"p\",\"q\"],\"z\":{}},null,{}]",
       "[{\"x\":1,\"y\":null},{\"x\":null,\"y\":[\"p\",\"q\"]},null,{\"x\":null,\"y\":null}]"},
      {rows_of, "[{\"x\":1},{\"x\":1,\"x\":\"?\"}]", "![2].x: \"?\" is not an INT"},
      {rows_of, "[{\"x\":1},[]]", "![2]: [] is not a ROW<x INT, y ARRAY<STRING>>"},
      {map_of_rows, "{\"k\":{\"x\":1},\"l\":null}", "{\"k\":{\"x\":1,\"y\":null},\"l\":null}"},
      {map_of_rows, "{\"k\":{\"y\":[1,2,true,nil]}}", "!['k'].y[4]: nil is not a STRING"},
  };
  check_columns(rows, WR_COUNT(rows));
  wr_arena_free(&arena);
}

/* Values that do not fit are NULL where they stand, and what cannot be a key or count takes its
 * collection with it. */
static void collections_are_forgiven(void)
{
  static const char *const options[] = {"json.ignore-parse-errors", "true", NULL};
  struct wr_arena arena = {0};
  const struct wr_field fields[] = {
      {"a", wr_type_array(&arena, wr_type_array(&arena, &wr_type_int))},
      {"m", wr_type_map(&arena, &wr_type_int, &wr_type_int)},
      {"s", wr_type_multiset(&arena, &wr_type_string)}};
  const struct wr_schema schema = {3, fields};
  decode_check_text((struct decode_trial){.format = "json", .schema = &schema, .options = options},
                    "{\"a\":[[1,true],{},[2]],\"m\":{\"1\":[]},\"s\":{\"a\":1}}\n"
                    "{\"a\":{},\"m\":{\"1\":1,\"x\":1},\"s\":{\"a\":1,\"b\":-1}}\n",
                    "{\"a\":[[1,null],null,[2]],\"m\":{\"1\":null},\"s\":{\"a\":1}}\n"
                    "{\"a\":null,\"m\":null,\"s\":null}\n");
  wr_arena_free(&arena);
}

/* Long ones in many records: nothing of one is left in the next, and windows change in between. */
static void many_collections(void)
{
  struct wr_arena arena = {0};
  struct wr_field row_fields[] = {{"k", &wr_type_int}};
  const struct wr_field fields[] = {
      {"a", wr_type_array(&arena, wr_type_row(&arena, row_fields, 1))},
      {"m", wr_type_map(&arena, &wr_type_string, &wr_type_int)}};
  const struct wr_schema schema = {2, fields};
  struct wr_buffer text = {0}, lines = {0};
  for (uint32_t i = 0; i < 300; i++) {
    bool bad = i % 7 == 3;
    wr_buffer_put_string(&text, "{\"m\":{");
    for (uint32_t k = 0; k < i % 40; k++)
      wr_buffer_print(&text, "%s\"key %u\":%u", k ? "," : "", k, k + i);
    wr_buffer_put_string(&text, "},\"a\":[");
    for (uint32_t k = 0; k < i % 50; k++)
      wr_buffer_print(&text, k % 3 ? "%s{\"k\":%u}" : "%s{}", k ? "," : "", k);
    wr_buffer_print(&text, "%s]}\n", bad ? i % 50 ? ",7" : "7" : "");
    if (bad) {
      wr_buffer_print(&lines, "! column a[%u]: 7 is not a ROW<k INT>\n", i % 50 + 1);
      continue;
    }
    wr_buffer_put_string(&lines, "{\"a\":[");
    for (uint32_t k = 0; k < i % 50; k++)
      wr_buffer_print(&lines, k % 3 ? "%s{\"k\":%u}" : "%s{\"k\":null}", k ? "," : "", k);
    wr_buffer_put_string(&lines, "],\"m\":{");
    for (uint32_t k = 0; k < i % 40; k++)
      wr_buffer_print(&lines, "%s\"key %u\":%u", k ? "," : "", k, k + i);
    wr_buffer_put_string(&lines, "}}\n");
  }
  decode_check((struct decode_trial){.format = "json", .schema = &schema}, text.bytes, text.length,
               wr_buffer_string(&lines));
  wr_buffer_free(&text);
  wr_buffer_free(&lines);
  wr_arena_free(&arena);
}

/* Small texts that would become large values. */
static void collections_have_limits(void)
{
  struct wr_arena arena = {0};
  struct wr_field *many = WR_NEW_ARRAY(&arena, struct wr_field, 1000);
  for (uint32_t i = 0; i < 1000; i++)
    many[i] = (struct wr_field){wr_arena_print(&arena, "f%u", i), &wr_type_int};
  const struct wr_field fields[] = {
      {"a", wr_type_array(&arena, wr_type_row(&arena, many, 1000))},
      {"b", wr_type_array(&arena, wr_type_array(&arena, wr_type_row(&arena, many, 1000)))},
      {"t", wr_type_array(&arena, &wr_type_tinyint)}};
  const struct wr_schema schema = {3, fields};
  struct wr_buffer text = {0};
  static const struct {
    const char *begin, *item, *end;
    uint32_t count;
    const char *fault;
  } rows[] = {
      {"{\"t\":[0", ",0", "]}", (1 << 20) - 1, NULL},
      {"{\"t\":[0", ",0", "]}", 1 << 20,
       "! column t has more values than the limit WR_COLLECTION_VALUES_MAX, which is 1048576\n"},
      {"{\"a\":[{}", ",{}", "]}", 1048,
       "! column a has more values than the limit WR_COLLECTION_VALUES_MAX, which is 1048576\n"},
      {"{\"b\":[[{}]", ",[{},{},{},{},{},{},{},{},{},{}]", "]}", 20000,
       "! column b[12947] makes the collections of the record larger than the limit "
       "WR_RECORD_BYTES_MAX, which is 16777216\n"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct decode_trial trial = {.format = "json", .schema = &schema};
    struct wr_buffer out = {0};
    wr_buffer_clear(&text);
    wr_buffer_put_string(&text, rows[i].begin);
    for (uint32_t k = 0; k < rows[i].count; k++)
      wr_buffer_put_string(&text, rows[i].item);
    wr_buffer_put_string(&text, rows[i].end);
    decode_text(&trial, text.bytes, text.length, text.length, 1, &out);
    if (rows[i].fault)
      WR_CHECK(strcmp(wr_buffer_string(&out), rows[i].fault) == 0, "%s: %.200s", rows[i].begin,
               wr_buffer_string(&out));
    else
      WR_CHECK(*wr_buffer_string(&out) == '{', "%s: %.200s", rows[i].begin, wr_buffer_string(&out));
    wr_buffer_free(&out);
  }
  wr_buffer_free(&text);
  wr_arena_free(&arena);
}

static void unreadable_types_are_refused(void)
{
  struct wr_arena arena = {0};
  const struct wr_type *nested_key =
      wr_type_map(&arena, wr_type_array(&arena, &wr_type_int), &wr_type_int);
  const struct {
    const struct wr_type *type;
    const char *error;
  } rows[] = {
      {&wr_type_null, "error: the format 'json' cannot read tags of type NULL"},
      {wr_type_array(&arena, &wr_type_null),
       "error: the format 'json' cannot read tags of type ARRAY<NULL>"},
      {wr_type_array(&arena, nested_key),
       "error: the format 'json' cannot read tags of type ARRAY<MAP<ARRAY<INT>, INT>>"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_field field = {"tags", rows[i].type};
    const struct wr_schema schema = {1, &field};
    struct decode_trial trial = {.format = "json", .schema = &schema};
    struct wr_buffer out = {0};
    decode_text(&trial, "{}", 2, 10, 1, &out);
    WR_CHECK(strncmp(wr_buffer_string(&out), rows[i].error, strlen(rows[i].error)) == 0, "%s",
             wr_buffer_string(&out));
    wr_buffer_free(&out);
  }
  wr_arena_free(&arena);
}

/* No column at all: records are checked and counted. */
static void records_without_columns(void)
{
  static const struct wr_schema schema = {0, NULL};
  decode_check_text((struct decode_trial){.format = "json", .schema = &schema},
                    "{\"a\":1}\n{\"a\":}\n{}\n",
                    "{}\n! the record is not JSON: at byte 6 a value is expected\n{}\n");
}

static const struct wr_test tests[] = {
    {"integers", integers},
    {"other_numbers", other_numbers},
    {"text", text},
    {"times", times},
    {"times_in_a_row", times_in_a_row},
    {"zones", zones},
    {"names", names},
    {"long_and_strange_names", long_and_strange_names},
    {"many_names", many_names},
    {"bad_records", bad_records},
    {"several_rows_in_a_record", several_rows_in_a_record},
    {"lines_are_records", lines_are_records},
    {"deep_nesting_has_a_limit", deep_nesting_has_a_limit},
    {"records_larger_than_a_window", records_larger_than_a_window},
    {"rows_within_rows", rows_within_rows},
    {"options_are_kept", options_are_kept},
    {"not_null_is_kept", not_null_is_kept},
    {"collections", collections},
    {"collections_are_forgiven", collections_are_forgiven},
    {"many_collections", many_collections},
    {"collections_have_limits", collections_have_limits},
    {"unreadable_types_are_refused", unreadable_types_are_refused},
    {"records_without_columns", records_without_columns},
    {NULL, NULL},
};

const struct wr_suite wr_suite_json = {"json", tests};
