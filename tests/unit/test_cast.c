/* SPDX-License-Identifier: Apache-2.0 */
/* Casts: between all families, at their limits, and what INSERT does by itself. */
#include "functions/cast.h"

#include <string.h>

#include "tests/unit/express.h"

static void numbers_become_numbers(void)
{
  static const struct express_row rows[] = {
      {"CAST(i AS BIGINT)", "1|0|NULL|2147483647|-7"},
      {"CAST(l AS INT)", "10|0|NULL|! 9223372036854775807 does not fit into INT|-7"},
      {"TRY_CAST(l AS INT)", "10|0|NULL|NULL|-7"},
      {"CAST(i AS TINYINT)", "1|0|NULL|! 2147483647 does not fit into TINYINT|-7"},
      {"CAST(m AS INT)", "1|0|NULL|99999999|0"},
      {"CAST(m AS DOUBLE)", "1.25|0.0|NULL|9.999999999E7|-0.05"},
      {"CAST(m AS DECIMAL(10, 1))", "1.3|0.0|NULL|100000000.0|-0.1"},
      {"CAST(m AS DECIMAL(9, 2))",
       "1.25|0.00|NULL|! 99999999.99 does not fit into DECIMAL(9, 2)|-0.05"},
      {"CAST(m AS DECIMAL(38, 20))",
       "1.25000000000000000000|0.00000000000000000000|NULL|99999999.99000000000000000000|"
       "-0.05000000000000000000"},
      {"CAST(l AS DECIMAL(19, 0))", "10|0|NULL|9223372036854775807|-7"},
      {"CAST(l AS DECIMAL(18, 0))",
       "10|0|NULL|! 9223372036854775807 does not fit into DECIMAL(18, 0)|-7"},
      {"CAST(d AS INT)", "1|0|NULL|! NaN does not fit into INT|! -Infinity does not fit into INT"},
      {"CAST(-1.9e0 AS INT)", "-1"},
      {"CAST(9.3e18 AS BIGINT)", "! 9.3E18 does not fit into BIGINT"},
      {"CAST(0.1e0 AS DECIMAL(5, 3))", "0.100"},
      {"CAST(1e300 AS FLOAT)", "Infinity"},
      {"CAST(b AS INT)", "1|0|NULL|1|0"},
      {"CAST(i AS BOOLEAN)", "TRUE|FALSE|NULL|TRUE|TRUE"},
      {"CAST(TRUE AS DECIMAL(3, 1))", "1.0"},
      {"i + 1.5", "2.5|1.5|NULL|2147483648.5|-5.5"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void texts_are_read(void)
{
  static const struct express_row rows[] = {
      {"CAST(' 42 ' AS INT)", "42"},
      {"CAST('4.2' AS INT)", "4"},
      {"CAST('-4.' AS SMALLINT)", "-4"},
      {"CAST('4.2x' AS INT)", "! '4.2x' cannot be read as INT"},
      {"CAST('200.5' AS TINYINT)", "! '200.5' cannot be read as TINYINT"},
      {"TRY_CAST('' AS INT)", "NULL"},
      {"TRY_CAST(t AS BIGINT)", "NULL|NULL|NULL|NULL|NULL"},
      {"CAST(t AS DOUBLE)",
       "! 'weir' cannot be read as DOUBLE|! '' cannot be read as DOUBLE|NULL|! "
       "'a longer text than 12' cannot be read as DOUBLE|! '\xC3\x84pfel' "
       "cannot be read as DOUBLE"},
      {"CAST('99999999999999999999' AS BIGINT)",
       "! '99999999999999999999' cannot be read as BIGINT"},
      {"CAST('1.005' AS DECIMAL(5, 2))", "1.01"},
      {"CAST('1e3' AS DOUBLE)", "1000.0"},
      {"CAST('Yes' AS BOOLEAN)", "TRUE"},
      {"CAST('maybe' AS BOOLEAN)", "! 'maybe' cannot be read as BOOLEAN"},
      {"CAST('2026-02-03' AS DATE)", "2026-02-03"},
      {"CAST('2026-02-03 04:05:06' AS DATE)", "2026-02-03"},
      {"CAST('2026-02-30' AS DATE)", "! '2026-02-30' cannot be read as DATE"},
      {"CAST('04:05' AS TIME)", "04:05:00"},
      {"CAST('2026-02-03T04:05:06.789' AS TIMESTAMP(1))", "2026-02-03 04:05:06.7"},
      {"CAST('2026-02-03' AS TIMESTAMP(0))", "2026-02-03 00:00:00"},
      {"CAST('2026-02-03 04:05:06' AS TIMESTAMP_LTZ(0))", "2026-02-03 04:05:06"},
      {"CAST(CAST('2026-02-03 04:05:06+02:00' AS TIMESTAMP_LTZ(0)) AS TIMESTAMP(0))",
       "2026-02-03 02:05:06"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void values_become_text(void)
{
  static const struct express_row rows[] = {
      {"CAST(b AS STRING)", "TRUE|FALSE|NULL|TRUE|FALSE"},
      {"CAST(l AS STRING)", "10|0|NULL|9223372036854775807|-7"},
      {"CAST(m AS STRING)", "1.25|0.00|NULL|99999999.99|-0.05"},
      {"CAST(d AS STRING)", "1.5|0.0|NULL|NaN|-Infinity"},
      {"CAST(t AS VARCHAR(3))", "wei||NULL|a l|\xC3\x84pf"},
      {"CAST(t AS CHAR(6)) || '.'", "weir  .|      .|NULL|a long.|\xC3\x84pfel ."},
      {"CAST(l AS VARCHAR(2))", "10|0|NULL|92|-7"},
      {"CAST(DATE '2026-02-03' AS STRING)", "2026-02-03"},
      {"CAST(INTERVAL '14' MONTH AS STRING)", "+1-02"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void times_become_times(void)
{
  static const struct express_row rows[] = {
      {"CAST(ts AS DATE)", "2026-01-31|1970-01-01|NULL|2024-02-29|1969-12-31"},
      {"CAST(ts AS TIME)", "10:00:00|00:00:00|NULL|23:59:59|23:59:59"},
      {"CAST(ts AS TIMESTAMP(0))",
       "2026-01-31 10:00:00|1970-01-01 00:00:00|NULL|2024-02-29 23:59:59|1969-12-31 23:59:59"},
      {"CAST(DATE '2026-02-03' AS TIMESTAMP(3))", "2026-02-03 00:00:00.000"},
      {"CAST(CAST(ts AS TIMESTAMP_LTZ(3)) AS TIMESTAMP(3)) = ts", "TRUE|TRUE|NULL|TRUE|TRUE"},
      {"CAST(1 AS TIMESTAMP(3))", "! INT cannot be cast to TIMESTAMP(3)"},
      {"CAST(TIME '01:02:03' AS DATE)", "! TIME(0) cannot be cast to DATE"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
  express_check(rows, WR_COUNT(rows), "-03:30");
  express_check(rows, WR_COUNT(rows), "America/New_York");
}

static void intervals_are_numbers(void)
{
  static const struct express_row rows[] = {
      {"CAST(INTERVAL '14' MONTH AS INT)", "14"},
      {"CAST(INTERVAL '1' DAY AS BIGINT)", "86400000"},
      {"CAST(INTERVAL '1' DAY AS SMALLINT)",
       "! an interval of 86400000 milliseconds does not fit into SMALLINT"},
      {"TRY_CAST(INTERVAL '1' DAY AS TINYINT)", "NULL"},
      {"CAST(CAST(-i AS INTERVAL MONTH) AS STRING)", "-0-01|+0-00|NULL|-178956970-07|+0-07"},
      {"CAST(CAST(l AS INTERVAL SECOND) AS STRING)",
       "+0 00:00:00.010|+0 00:00:00.000|NULL|! 9223372036854775807 milliseconds are too many for "
       "an INTERVAL|-0 00:00:00.007"},
      {"CAST(d AS INTERVAL MONTH)", "! DOUBLE cannot be cast to INTERVAL YEAR TO MONTH"},
      {"CAST(TIME '10:00:00' AS TIMESTAMP(0))", "1970-01-01 10:00:00"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

/* ---- what INSERT enforces */

static const char *enforced(struct express *express, const struct wr_expression *value)
{
  struct wr_evaluation evaluation;
  struct wr_evaluator *evaluator = wr_evaluator_new(&value, 1);
  wr_evaluator_run(evaluator, &express->batch, &evaluation);
  wr_buffer_clear(&express->out);
  for (uint32_t r = 0; r < EXPRESS_ROWS; r++) {
    if (r)
      wr_buffer_put_char(&express->out, '|');
    express_show(express, &evaluation, r);
  }
  wr_evaluator_free(evaluator);
  return wr_buffer_string(&express->out);
}

static void not_null_is_enforced(void)
{
  static const struct {
    const char *sql, *expected;
  } rows[] = {
      {"i", "1|0|! column x is NOT NULL and cannot take NULL|2147483647|-7"},
      {"t || '.'", "weir.|.|! column x is NOT NULL and cannot take NULL|a longer text than "
                   "12.|\xC3\x84pfel."},
      {"10 / i", "10|! division by zero: 10 / 0|! column x is NOT NULL and cannot take NULL|0|-1"},
      {"ROW(i)", "(1)|(0)|(NULL)|(2147483647)|(-7)"},
      {"7", "7|7|7|7|7"},
  };
  struct express express;
  express_open(&express, "UTC");
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_expression *value = express_bind(&express, rows[i].sql);
    const char *found = enforced(&express, wr_bind_not_null(&express.binding, value, "x", false));
    WR_CHECK(strcmp(found, rows[i].expected) == 0, "%s\n  found %s", rows[i].sql, found);
  }
  /* equal values of two columns are two checks */
  const struct wr_expression *value = express_bind(&express, "i"),
                             *both[2] = {wr_bind_not_null(&express.binding, value, "x", false),
                                         wr_bind_not_null(&express.binding, value, "y", false)};
  CU_ASSERT_FALSE(wr_expression_equal(both[0], both[1]));
  const struct wr_expression *null = wr_bind_null(&express.binding, &wr_type_int, value->span);
  CU_ASSERT_NOT_EQUAL(wr_bind_check(&express.binding,
                                    wr_bind_not_null(&express.binding, null, "x", false),
                                    &express.err),
                      WR_OK);
  CU_ASSERT_STRING_EQUAL(express.err.message, "column x is NOT NULL and cannot take NULL");
  express_close(&express);
}

static void lengths_are_enforced(void)
{
  static const struct {
    enum wr_kind kind;
    enum wr_length_mode mode;
    const char *expected;
  } rows[] = {
      {WR_VARCHAR, WR_LENGTH_IGNORE, "weir||NULL|a longer text than 12|\xC3\x84pfel"},
      {WR_VARCHAR, WR_LENGTH_TRIM_PAD, "weir||NULL|a longe|\xC3\x84pfel"},
      {WR_CHAR, WR_LENGTH_TRIM_PAD, "weir   |       |NULL|a longe|\xC3\x84pfel  "},
      {WR_VARCHAR, WR_LENGTH_ERROR,
       "weir||NULL|! column x is VARCHAR(7) and cannot take 21 characters|\xC3\x84pfel"},
      {WR_CHAR, WR_LENGTH_ERROR,
       "! column x is CHAR(7) and cannot take 4 characters|! column x is CHAR(7) and cannot take 0 "
       "characters|NULL|! column x is CHAR(7) and cannot take 21 characters|! column x is CHAR(7) "
       "and cannot take 5 characters"},
  };
  struct express express;
  express_open(&express, "UTC");
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_type *type = wr_type_text(&express.arena, rows[i].kind, 7);
    const struct wr_expression *value;
    CU_ASSERT_EQUAL(wr_bind_assign(&express.binding, express_bind(&express, "t"), type, "x", &value,
                                   &express.err),
                    WR_OK);
    const char *found =
        enforced(&express, wr_bind_length(&express.binding, value, type, rows[i].mode, "x"));
    WR_CHECK(strcmp(found, rows[i].expected) == 0, "%zu\n  found %s", i, found);
  }
  express_close(&express);
}

static void insert_casts_by_itself(void)
{
  static const struct wr_field row_fields[] = {{"a", &wr_type_bigint}, {"b", &wr_type_string}};
  static const struct wr_type row_type = {
      .kind = WR_ROW, .physical = WR_NESTED, .field_count = 2, .fields = row_fields};
  static const struct {
    const char *sql;
    const struct wr_type *type;
    const char *expected; /* the message, or NULL: goes */
  } rows[] = {
      {"l", &wr_type_int, NULL},
      {"d", &wr_type_int, NULL},
      {"m", &wr_type_tinyint, NULL},
      {"t", &wr_type_string, NULL},
      {"ts", &wr_type_timestamp6, NULL},
      {"ts", &wr_type_timestamp_ltz3, NULL},
      {"NULL", &wr_type_double, NULL},
      {"t", &wr_type_int, "column x is INT and cannot take STRING"},
      {"l", &wr_type_string, "column x is STRING and cannot take BIGINT"},
      {"l", &wr_type_timestamp3, "column x is TIMESTAMP(3) and cannot take BIGINT"},
      {"b", &wr_type_int, "column x is INT and cannot take BOOLEAN"},
      {"ts", &wr_type_date, NULL},
      {"ROW(i, t)", &row_type, NULL},
      {"ROW(t, t)", &row_type,
       "column x is ROW<a BIGINT, b STRING> and cannot take ROW<`EXPR$0` STRING, `EXPR$1` STRING>"},
  };
  struct express express;
  express_open(&express, "UTC");
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_expression *value = express_bind(&express, rows[i].sql), *out = NULL;
    enum wr_code code =
        wr_bind_assign(&express.binding, value, rows[i].type, "x", &out, &express.err);
    if (rows[i].expected)
      WR_CHECK(code && strcmp(express.err.message, rows[i].expected) == 0, "%s: %s", rows[i].sql,
               code ? express.err.message : "goes");
    else
      WR_CHECK(!code && wr_type_equal(out->type, rows[i].type), "%s", rows[i].sql);
  }
  express_close(&express);
}

static void every_rule_has_code(void)
{
  static const struct wr_type *const types[] = {
      &wr_type_boolean,        &wr_type_tinyint,
      &wr_type_smallint,       &wr_type_int,
      &wr_type_bigint,         &wr_type_float,
      &wr_type_double,         &express_decimal,
      &wr_type_string,         &wr_type_bytes,
      &wr_type_date,           &wr_type_time,
      &wr_type_timestamp3,     &wr_type_timestamp_ltz3,
      &wr_type_interval_month, &wr_type_interval_second,
  };
  struct express express;
  express_open(&express, "UTC");
  const struct wr_span span = {0};
  for (size_t a = 0; a < WR_COUNT(types); a++) {
    for (size_t b = 0; b < WR_COUNT(types); b++) {
      char from[64], to[64];
      const struct wr_expression *out, *value = wr_bind_column(&express.binding, 0, types[a], span);
      wr_type_print(types[a], from, sizeof from);
      wr_type_print(types[b], to, sizeof to);
      bool can = wr_cast_rule(types[a]->kind, types[b]->kind) != WR_CAST_NEVER;
      bool goes = !wr_bind_cast(&express.binding, value, types[b], false, span, &out, &express.err);
      WR_CHECK(can == goes, "%s to %s", from, to);
    }
  }
  express_close(&express);
}

static void common_types(void)
{
  static const struct express_row rows[] = {
      {"CASE WHEN b THEN 1 ELSE 2.50 END", "1.00|2.50|2.50|1.00|2.50"},
      {"CASE WHEN b THEN i ELSE l END", "1|0|NULL|2147483647|-7"},
      {"CASE WHEN b THEN 'yes' ELSE 'no' END", "yes|no|no|yes|no"},
      {"CASE WHEN b THEN NULL ELSE NULL END", "NULL|NULL|NULL|NULL|NULL"},
      {"CASE WHEN b THEN i ELSE d END", "1.0|0.0|NULL|2.147483647E9|-Infinity"},
      {"CASE WHEN b THEN i ELSE t END",
       "! the branches of CASE have no common type: INT and STRING"},
      {"COALESCE(m, l)", "1.25|0.00|NULL|99999999.99|-0.05"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static const struct wr_test tests[] = {
    {"numbers become numbers", numbers_become_numbers},
    {"texts are read", texts_are_read},
    {"values become text", values_become_text},
    {"times become times", times_become_times},
    {"intervals are numbers", intervals_are_numbers},
    {"NOT NULL is enforced", not_null_is_enforced},
    {"lengths are enforced", lengths_are_enforced},
    {"INSERT casts by itself", insert_casts_by_itself},
    {"every rule has code", every_rule_has_code},
    {"common types", common_types},
    {NULL, NULL},
};

const struct wr_suite wr_suite_cast = {"cast", tests};
