/* SPDX-License-Identifier: Apache-2.0 */
/* Functions: every table row's example, and the corners of the families. */
#include <string.h>

#include "functions/function.h"
#include "tests/unit/express.h"

static void every_example_gives_its_result(void)
{
  struct express express;
  express_open(&express, "UTC");
  const struct wr_function *row;
  for (uint32_t i = 0; (row = wr_function_at(i)); i++) {
    bool has_no_example = (row->traits & (WR_CLOCK | WR_ARRIVED | WR_GROUPED)) != 0;
    WR_CHECK(!row->help || row->usage, "%s has help and no usage", row->name);
    WR_CHECK(!row->help || row->example || has_no_example, "%s has no example", row->name);
    if (!row->example)
      continue;
    const char *expected = row->result ? row->result : "NULL";
    express.binding.kinesis = (row->traits & WR_KINESIS) != 0;
    const char *found = express_results(&express, row->example);
    WR_CHECK(strcmp(found, expected) == 0, "%s\n  expected %s\n  found    %s", row->example,
             expected, found);
  }
  express_close(&express);
}

static void comparisons(void)
{
  static const struct express_row rows[] = {
      {"i = 1", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"1 < i", "FALSE|FALSE|NULL|TRUE|FALSE"},
      {"l > i", "TRUE|FALSE|NULL|TRUE|FALSE"},
      {"l = 9223372036854775807", "FALSE|FALSE|NULL|TRUE|FALSE"},
      {"m = 1.250", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"d = d", "TRUE|TRUE|NULL|TRUE|TRUE"},
      {"d > 1e308", "FALSE|FALSE|NULL|TRUE|FALSE"},
      {"d <= -1e308", "FALSE|FALSE|NULL|FALSE|TRUE"},
      {"t = 'weir'", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"t <> ''", "TRUE|FALSE|NULL|TRUE|TRUE"},
      {"t = 'a longer text than 12'", "FALSE|FALSE|NULL|TRUE|FALSE"},
      {"t < 'b'", "FALSE|TRUE|NULL|TRUE|FALSE"},
      {"t >= t", "TRUE|TRUE|NULL|TRUE|TRUE"},
      {"ts >= '2024-02-29 23:59:59.999'", "TRUE|FALSE|NULL|TRUE|FALSE"},
      {"ts > DATE '1970-01-01'", "TRUE|FALSE|NULL|TRUE|FALSE"},
      {"b = TRUE", "TRUE|FALSE|NULL|TRUE|FALSE"},
      {"i IS DISTINCT FROM 1", "FALSE|TRUE|TRUE|TRUE|TRUE"},
      {"t IS NOT DISTINCT FROM NULL", "FALSE|FALSE|TRUE|FALSE|FALSE"},
      {"t = 1", "! = cannot be applied to STRING, INT"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void three_valued_logic(void)
{
  static const struct express_row rows[] = {
      {"b AND TRUE", "TRUE|FALSE|NULL|TRUE|FALSE"},
      {"b AND NULL", "NULL|FALSE|NULL|NULL|FALSE"},
      {"b OR NULL", "TRUE|NULL|NULL|TRUE|NULL"},
      {"b OR i = 0", "TRUE|TRUE|NULL|TRUE|FALSE"},
      {"b AND i = 1", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"NOT b", "FALSE|TRUE|NULL|FALSE|TRUE"},
      {"b AND t LIKE '%e%'", "TRUE|FALSE|NULL|TRUE|FALSE"},
      {"b OR t LIKE '%pf%'", "TRUE|FALSE|NULL|TRUE|TRUE"},
      {"b IS TRUE", "TRUE|FALSE|FALSE|TRUE|FALSE"},
      {"b IS NOT TRUE", "FALSE|TRUE|TRUE|FALSE|TRUE"},
      {"b IS FALSE", "FALSE|TRUE|FALSE|FALSE|TRUE"},
      {"b IS NOT FALSE", "TRUE|FALSE|TRUE|TRUE|FALSE"},
      {"b IS UNKNOWN", "FALSE|FALSE|TRUE|FALSE|FALSE"},
      {"t IS NULL", "FALSE|FALSE|TRUE|FALSE|FALSE"},
      {"i IS NOT NULL AND b", "TRUE|FALSE|FALSE|TRUE|FALSE"},
      {"i BETWEEN 0 AND 1", "TRUE|TRUE|NULL|FALSE|FALSE"},
      {"i AND TRUE", "! AND needs a condition, and this is INT"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void branches_not_taken_do_not_fail(void)
{
  static const struct express_row rows[] = {
      {"10 / i", "10|! division by zero: 10 / 0|NULL|0|-1"},
      {"i <> 0 AND 10 / i > 1", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"10 / i > 1 AND i <> 0", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"i = 0 OR 10 / i > 1", "TRUE|TRUE|NULL|FALSE|FALSE"},
      {"CASE WHEN i = 0 THEN -1 ELSE 10 / i END", "10|-1|NULL|0|-1"},
      {"CASE WHEN 10 / i > 1 THEN 'many' WHEN b THEN 'true' END",
       "many|! division by zero: 10 / 0|NULL|true|NULL"},
      {"COALESCE(NULLIF(i, 0), 1 / 0)", "1|! division by zero: 1 / 0|! division by zero: 1 / "
                                        "0|2147483647|-7"},
      {"IF(i = 0, 0, 10 % i) + IF(i = 0, 0, 10 % i)", "0|0|NULL|20|6"},
      {"CASE WHEN b THEN i WHEN NOT b THEN -i ELSE 5 END", "1|0|5|2147483647|7"},
      {"CASE WHEN b THEN 1 END", "1|NULL|NULL|1|NULL"},
      {"CASE i WHEN 1 THEN t WHEN 0 THEN 'nothing' ELSE t || '!' END",
       "weir|nothing|NULL|a longer text than 12!|\xC3\x84pfel!"},
      {"i / (1 - 1)",
       "! division by zero: 1 / 0|! division by zero: 0 / 0|NULL|! division by zero: "
       "2147483647 / 0|! division by zero: -7 / 0"},
      {"1 / 0", "! division by zero: 1 / 0"},
      {"CASE WHEN FALSE THEN 1 / 0 ELSE 3 END", "3"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void arithmetic(void)
{
  static const struct express_row rows[] = {
      {"i + 1", "2|1|NULL|! 2147483647 + 1 does not fit into INT|-6"},
      {"i + l", "11|0|NULL|! 2147483647 + 9223372036854775807 does not fit into BIGINT|-14"},
      {"l * 2", "20|0|NULL|! 9223372036854775807 * 2 does not fit into BIGINT|-14"},
      {"i - 2147483647", "-2147483646|-2147483647|NULL|0|! -7 - 2147483647 does not fit into INT"},
      {"-i", "-1|0|NULL|-2147483647|7"},
      {"l / 7", "1|0|NULL|1317624576693539401|-1"},
      {"l % 7", "3|0|NULL|0|0"},
      {"l / -3", "-3|0|NULL|-3074457345618258602|2"},
      {"l % 4", "2|0|NULL|3|-3"},
      {"i % -1", "0|0|NULL|0|0"},
      {"l / 1", "10|0|NULL|9223372036854775807|-7"},
      {"MOD(i, 4294967296)", "1|0|NULL|2147483647|-7"},
      {"d / 0", "Infinity|NaN|NULL|NaN|-Infinity"},
      {"m + 1", "2.25|1.00|NULL|100000000.99|0.95"},
      {"m * m", "1.5625|0.0000|NULL|9999999998000000.0001|0.0025"},
      {"m / 3", "0.4166666666667|0.0000000000000|NULL|33333333.3300000000000|-0.0166666666667"},
      {"m % 1", "0.25|0.00|NULL|0.99|-0.05"},
      {"0.908 * l", "9.080|0.000|NULL|8374821809464136432.756|-6.356"},
      {"99999999999999999999999999999999999999 + 1",
       "! 99999999999999999999999999999999999999 + 1 does not fit into DECIMAL(38, 0)"},
      {"1.23456789012345678901 * 1.23456789012345678901", "1.52415787532388367504374335655265966"},
      {"CAST('0.25' AS DECIMAL(38, 38)) * CAST('-0.5' AS DECIMAL(38, 38))",
       "-0.1250000000000000000000000000000000000"},
      {"CAST('-0.000000000000000000272466827204' AS DECIMAL(38, 30)) * CAST('9' AS DECIMAL(38, 16))",
       "0.0000000"},
      {"19580514397760714539676977481.57474895 + -9.91651005036817",
       "19580514397760714539676977471.65823890"},
      {"-9223372036854775808 - 1", "! -9223372036854775808 - 1 does not fit into BIGINT"},
      {"1e0 / 3", "0.3333333333333333"},
      {"7 / 2.0", "3.500000"},
      {"NULL + 1", "NULL"},
      {"t + 1", "! + cannot be applied to STRING, INT"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void times_and_intervals(void)
{
  static const struct express_row rows[] = {
      {"ts - INTERVAL '1' DAY",
       "2026-01-30 10:00:00.500|1969-12-31 00:00:00.000|NULL|2024-02-28 23:59:59.999|1969-12-30 "
       "23:59:59.000"},
      {"ts + INTERVAL '1' MONTH",
       "2026-02-28 10:00:00.500|1970-02-01 00:00:00.000|NULL|2024-03-29 23:59:59.999|1970-01-31 "
       "23:59:59.000"},
      {"FLOOR(ts TO HOUR)",
       "2026-01-31 10:00:00.000|1970-01-01 00:00:00.000|NULL|2024-02-29 23:00:00.000|1969-12-31 "
       "23:00:00.000"},
      {"CEIL(ts TO MONTH)",
       "2026-02-01 00:00:00.000|1970-01-01 00:00:00.000|NULL|2024-03-01 00:00:00.000|1970-01-01 "
       "00:00:00.000"},
      {"FLOOR(DATE '2026-02-04' TO WEEK)", "2026-02-01"},
      {"CEIL(TIMESTAMP '2026-02-04 00:00:01' TO WEEK)", "2026-02-08 00:00:00"},
      {"FLOOR(ts TO YEAR)",
       "2026-01-01 00:00:00.000|1970-01-01 00:00:00.000|NULL|2024-01-01 00:00:00.000|1969-01-01 "
       "00:00:00.000"},
      {"HOUR(ts)", "10|0|NULL|23|23"},
      {"EXTRACT(DAY FROM ts)", "31|1|NULL|29|31"},
      {"EXTRACT(MILLISECOND FROM ts)", "500|0|NULL|999|0"},
      {"EXTRACT(EPOCH FROM ts)", "1769853600|0|NULL|1709251199|-1"},
      {"EXTRACT(FORTNIGHT FROM ts)", "! EXTRACT has no unit FORTNIGHT"},
      {"YEAR(DATE '2026-05-06')", "2026"},
      {"WEEK(DATE '2027-01-01')", "53"},
      {"DAYOFWEEK(DATE '2026-02-01')", "1"},
      {"TIMESTAMPADD(MONTH, 1, DATE '2026-01-31')", "2026-02-28"},
      {"TIMESTAMPADD(HOUR, 2, DATE '2026-01-31')", "2026-01-31 02:00:00.000"},
      {"TIMESTAMPDIFF(MONTH, DATE '2026-01-31', DATE '2026-02-28')", "1"},
      {"TIMESTAMPDIFF(MONTH, DATE '2026-02-28', DATE '2026-01-31')", "-1"},
      {"TIMESTAMPDIFF(MONTH, DATE '2026-01-31', DATE '2026-03-30')", "1"},
      {"TIMESTAMPDIFF(MONTH, TIMESTAMP '2026-01-31 12:00:00', TIMESTAMP '2026-02-28 11:59:59')",
       "0"},
      {"TIMESTAMPDIFF(QUARTER, DATE '2025-11-30', DATE '2026-02-28')", "1"},
      {"TIMESTAMPDIFF(YEAR, DATE '2024-02-29', DATE '2025-02-28')", "1"},
      {"TIMESTAMPDIFF(SECOND, DATE '0001-01-01', DATE '9999-12-31')",
       "! TIMESTAMPDIFF: 315537811200 SECONDs do not fit into INT"},
      {"TIMESTAMPDIFF(YEAR, TIMESTAMP '2024-02-29 00:00:00', TIMESTAMP '2020-02-28 00:00:00')",
       "-4"},
      {"DATE '2026-01-01' + INTERVAL '1' HOUR",
       "! a DATE can only be moved by whole days; CAST it to TIMESTAMP for hours"},
      {"TIME '23:30:00' + INTERVAL '1' HOUR", "00:30:00"},
      {"INTERVAL '90' SECOND * 2", "+0 00:03:00.000"},
      {"ts - ts", "! - cannot be applied to TIMESTAMP(3), TIMESTAMP(3)"},
      {"DATE_FORMAT(ts, 'EEE d MMM yy, h:mm a')",
       "Sat 31 Jan 26, 10:00 AM|Thu 1 Jan 70, 12:00 AM|NULL|Thu 29 Feb 24, 11:59 PM|Wed 31 Dec "
       "69, 11:59 PM"},
      {"DATE_FORMAT(ts, 'SSS''x''''''yyyyDDD')",
       "500x'2026031|000x'1970001|NULL|999x'2024060|000x'1969365"},
      {"DATE_FORMAT(ts, 'Q')", "! the letter Q means nothing in the date pattern 'Q'"},
      {"TO_TIMESTAMP('2026-02-30 00:00:00')", "NULL"},
      {"TO_TIMESTAMP('20260203040506', 'yyyyMMddHHmmss')", "2026-02-03 04:05:06.000"},
      {"TO_TIMESTAMP('3-Feb-2026 4:05 pm', 'd-MMM-yyyy h:mm a')", "2026-02-03 16:05:00.000"},
      {"TO_TIMESTAMP_LTZ(1700000000123, 3)", "2023-11-14 22:13:20.123"},
      {"CURRENT_TIMESTAMP", "2023-11-14 22:13:20.123"},
      {"LOCALTIMESTAMP", "2023-11-14 22:13:20.123"},
      {"CURRENT_DATE", "2023-11-14"},
      {"UNIX_TIMESTAMP()", "1700000000"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static const struct express_row unit_rows[] = {
    {"EXTRACT(MICROSECOND FROM TIMESTAMP '2000-01-31 11:22:33.123456')", "123456"},
    {"EXTRACT(NANOSECOND FROM TIMESTAMP '2000-01-31 11:22:33.123456')", "123456000"},
    {"EXTRACT(DECADE FROM DATE '2000-01-31')", "200"},
    {"EXTRACT(CENTURY FROM DATE '2000-01-31')", "20"},
    {"EXTRACT(MILLENNIUM FROM DATE '2000-01-31')", "2"},
    {"EXTRACT(CENTURY FROM DATE '2001-01-01')", "21"},
    {"EXTRACT(DOW FROM DATE '2000-01-31')", "2"},
    {"EXTRACT(ISODOW FROM DATE '2000-01-31')", "1"},
    {"EXTRACT(WEEK FROM DATE '2020-02-29')", "9"},
    {"EXTRACT(ISOYEAR FROM DATE '2021-01-03')", "2020"},
    {"EXTRACT(DOY FROM DATE '2020-02-29')", "60"},
    {"EXTRACT(MINUTE FROM TIME '10:20:30')", "20"},
    {"EXTRACT(DAY FROM TIME '10:20:30')", "! there is no DAYOFMONTH(TIME(0))"},
    {"EXTRACT(DAY FROM INTERVAL '19 12:10:10.123' DAY TO SECOND)", "19"},
    {"EXTRACT(HOUR FROM INTERVAL '19 12:10:10.123' DAY TO SECOND)", "12"},
    {"EXTRACT(SECOND FROM INTERVAL -'19 12:10:10.123' DAY TO SECOND)", "-10"},
    {"EXTRACT(MILLISECOND FROM INTERVAL '19 12:10:10.123' DAY TO SECOND)", "123"},
    {"EXTRACT(YEAR FROM INTERVAL '30' MONTH)", "2"},
    {"EXTRACT(MONTH FROM INTERVAL '30' MONTH)", "6"},
    {"EXTRACT(DAY FROM INTERVAL '30' MONTH)", "! an interval of months has no DAY"},
    {"EXTRACT(WEEK FROM INTERVAL '30' DAY)", "! an interval of days and seconds has no WEEK"},
    {"FLOOR(TIMESTAMP '2020-02-29 01:56:59.987' TO MILLENNIUM)", "2001-01-01 00:00:00.000"},
    {"FLOOR(TIMESTAMP '2020-02-29 01:56:59.987' TO CENTURY)", "2001-01-01 00:00:00.000"},
    {"FLOOR(TIMESTAMP '2020-02-29 01:56:59.987' TO DECADE)", "2020-01-01 00:00:00.000"},
    {"FLOOR(TIMESTAMP '2020-02-29 01:56:59.987' TO WEEK)", "2020-02-23 00:00:00.000"},
    {"CEIL(TIMESTAMP '2020-02-29 01:56:59.987' TO DECADE)", "2030-01-01 00:00:00.000"},
    {"CEIL(TIMESTAMP '2020-02-29 01:56:59.987' TO CENTURY)", "2101-01-01 00:00:00.000"},
    {"CEIL(TIMESTAMP '2020-02-29 01:56:59.987' TO QUARTER)", "2020-04-01 00:00:00.000"},
    {"CEIL(TIMESTAMP '2020-02-29 01:56:59.987' TO WEEK)", "2020-03-01 00:00:00.000"},
    {"CEIL(TIMESTAMP '2020-02-29 01:56:59.9876' TO MILLISECOND)", "2020-02-29 01:56:59.9880"},
    {"CEIL(DATE '1990-10-14' TO WEEK)", "1990-10-14"},
    {"CEIL(DATE '1990-10-14' TO MONTH)", "1990-11-01"},
    {"FLOOR(TIME '10:20:30' TO HOUR)", "10:00:00"},
    {"CEIL(TIME '10:20:30' TO MINUTE)", "10:21:00"},
    {"CEIL(TIME '23:20:30' TO HOUR)", "! CEIL(23:20:30 TO HOUR) is outside the range of TIME(0)"},
    {"FLOOR(TIME '10:20:30' TO DAY)", "! FLOOR TO DAY: there is no such unit for this type"},
    {"CEIL(DATE '9999-12-31' TO YEAR)",
     "! CEIL(9999-12-31 00:00:00 TO YEAR) is outside the range of TIMESTAMP(0)"},
    {"CEIL(TIMESTAMP '9999-12-31 23:59:59.5' TO SECOND)",
     "! CEIL(9999-12-31 23:59:59.5 TO SECOND) is outside the range of TIMESTAMP(1)"},
    {"FLOOR(DATE '0005-03-04' TO DECADE)",
     "! FLOOR(0005-03-04 00:00:00 TO DECADE) is outside the range of TIMESTAMP(0)"},
    {"CEIL(DATE '0005-03-04' TO DECADE)", "0010-01-01"},
    {"FLOOR(DATE '0001-01-01' TO CENTURY)", "0001-01-01"},
    {"FLOOR(ts TO EPOCH)", "! FLOOR TO EPOCH: there is no such unit for this type"},
    {"TIMESTAMPADD(QUARTER, -1, DATE '2026-05-31')", "2026-02-28"},
    {"TIMESTAMPADD(MILLISECOND, 5, TIMESTAMP '2026-05-31 00:00:00')", "2026-05-31 00:00:00.005"},
    {"(TIME '02:55:00', INTERVAL '1' HOUR) OVERLAPS (TIME '03:30:00', INTERVAL '2' HOUR)", "TRUE"},
    {"(TIME '09:00:00', TIME '10:00:00') OVERLAPS (TIME '10:15:00', INTERVAL '3' HOUR)", "FALSE"},
    {"(DATE '2011-03-10', INTERVAL '10' DAY) OVERLAPS (DATE '2011-03-19', INTERVAL '10' DAY)",
     "TRUE"},
    {"(TIMESTAMP '2011-03-10 05:02:02', INTERVAL '0' SECOND) OVERLAPS (TIMESTAMP '2011-03-10 "
     "05:02:02', TIMESTAMP '2011-03-10 05:02:01')",
     "TRUE"},
    {"(ts, ts) OVERLAPS (ts, INTERVAL '1' SECOND)", "TRUE|TRUE|NULL|TRUE|TRUE"},
    {"(1, 2) OVERLAPS (3, 4)", "! OVERLAPS cannot be applied to INT, INT, INT, INT"},
    {"DATE_FORMAT('2026-02-03 04:05:06', 'HH:mm dd.MM.')", "04:05 03.02."},
    {"DATE_FORMAT('2026-02-03', 'yyyyMMdd')", "20260203"},
    {"DATE_FORMAT(t, 'yyyy')", "NULL|NULL|NULL|NULL|NULL"},
    {"TO_TIMESTAMP_LTZ('2023-01-01 00:00:00')", "2023-01-01 00:00:00.000"},
    {"TO_TIMESTAMP_LTZ('01/02/2023', 'dd/MM/yyyy')", "2023-02-01 00:00:00.000"},
    {"TO_TIMESTAMP_LTZ('2023-01-01 12:30:00', 'yyyy-MM-dd HH:mm:ss', 'Asia/Shanghai')",
     "2023-01-01 04:30:00.000"},
    {"TO_TIMESTAMP_LTZ('x')", "NULL"},
    {"TO_TIMESTAMP_LTZ('2023-01-01', 'yyyy-MM-dd', 'Nowhere')",
     "! there is no time zone 'Nowhere' in /usr/share/zoneinfo; use UTC, +02:00 or a name such as "
     "Europe/Berlin"},
    {"TO_TIMESTAMP_LTZ(1700000000123)", "2023-11-14 22:13:20.123"},
    {"TO_TIMESTAMP_LTZ(1700000000.9, 0)", "2023-11-14 22:13:20.000"},
    {"TO_TIMESTAMP_LTZ(1.7000000005e9, 0)", "2023-11-14 22:13:20.500"},
    {"TO_TIMESTAMP_LTZ(1, 6)", "! TO_TIMESTAMP_LTZ takes seconds (0) or milliseconds (3), not 6"},
    {"CONVERT_TZ('2021-05-10 00:00:00', 'UTC', 'America/Los_Angeles')", "2021-05-09 17:00:00"},
    {"CONVERT_TZ('no', 'UTC', 'UTC')", "NULL"},
    {"CONVERT_TZ('2021-05-10 00:00:00', 'UTC', CASE i WHEN 1 THEN 'Asia/Tokyo' WHEN 0 THEN 'UTC' "
     "ELSE '?' END)",
     "2021-05-10 09:00:00|2021-05-10 00:00:00|! '?' is not a time zone; use UTC, +02:00 or a name "
     "such as Europe/Berlin|! '?' is not a time zone; use UTC, +02:00 or a name such as "
     "Europe/Berlin|! '?' is not a time zone; use UTC, +02:00 or a name such as Europe/Berlin"},
    {"CURRENT_WATERMARK(ts)", "NULL|NULL|NULL|NULL|NULL"},
    {"CURRENT_WATERMARK(i)", "! CURRENT_WATERMARK takes the event time column of a table"},
};

static void units_of_time(void)
{
  express_check(unit_rows, WR_COUNT(unit_rows), "UTC");
}

static void the_watermark_before_each_row(void)
{
  static const int64_t arrived_us[EXPRESS_ROWS + 8] = {INT64_MIN, 0, 1000000, 2000000, 0};
  struct express express;
  express_open(&express, "UTC");
  express.batch.arrived_us = arrived_us;
  CU_ASSERT_STRING_EQUAL(express_results(&express, "CURRENT_WATERMARK(ts)"),
                         "NULL|1970-01-01 00:00:00.000|1970-01-01 00:00:01.000|1970-01-01 "
                         "00:00:02.000|1970-01-01 00:00:00.000");
  CU_ASSERT_STRING_EQUAL(express_results(&express, "ts <= CURRENT_WATERMARK(ts)"),
                         "NULL|TRUE|NULL|FALSE|TRUE");
  express_close(&express);
}

static void zones(void)
{
  static const struct express_row rows[] = {
      {"TO_TIMESTAMP_LTZ(1700000000, 0)", "2023-11-14 23:13:20.000"},
      {"CAST(TO_TIMESTAMP_LTZ(1720000000, 0) AS TIMESTAMP(3))", "2024-07-03 11:46:40.000"},
      {"LOCALTIMESTAMP", "2023-11-14 23:13:20.123"},
      {"CURRENT_DATE", "2023-11-14"},
      {"HOUR(TO_TIMESTAMP_LTZ(1720000000, 0))", "11"},
      /* the hour that the clock leaves out, and the one it shows twice */
      {"UNIX_TIMESTAMP('2024-03-31 01:59:59')", "1711846799"},
      {"UNIX_TIMESTAMP('2024-03-31 02:30:00')", "1711848600"},
      {"UNIX_TIMESTAMP('2024-03-31 03:00:00')", "1711846800"},
      {"UNIX_TIMESTAMP('2024-10-27 02:30:00')", "1729989000"},
      {"UNIX_TIMESTAMP('2024-10-27 03:00:00')", "1729994400"},
      {"FROM_UNIXTIME(4102444800)", "2100-01-01 01:00:00"},
      {"FROM_UNIXTIME(4118083200)", "2100-07-01 02:00:00"},
      {"FLOOR(TO_TIMESTAMP_LTZ(1720000000, 0) TO DAY)", "2024-07-03 00:00:00.000"},
  };
  express_check(rows, WR_COUNT(rows), "Europe/Berlin");
  static const struct express_row fixed[] = {
      {"TO_TIMESTAMP_LTZ(1700000000, 0)", "2023-11-15 03:43:20.000"},
      {"CURRENT_DATE", "2023-11-15"},
  };
  express_check(fixed, WR_COUNT(fixed), "+05:30");
  static const struct express_row unknown[] = {
      {"LOCALTIMESTAMP",
       "! there is no time zone 'Europe/Nowhere' in /usr/share/zoneinfo; use UTC, "
       "+02:00 or a name such as Europe/Berlin"},
  };
  express_check(unknown, WR_COUNT(unknown), "Europe/Nowhere");
}

static void texts(void)
{
  static const struct express_row rows[] = {
      {"UPPER(t)", "WEIR||NULL|A LONGER TEXT THAN 12|\xC3\x84PFEL"},
      {"LOWER(t)", "weir||NULL|a longer text than 12|\xC3\xA4pfel"},
      {"CHAR_LENGTH(t)", "4|0|NULL|21|5"},
      {"REVERSE(t)", "riew||NULL|21 naht txet regnol a|lefp\xC3\x84"},
      {"SUBSTRING(t, 2, 3)", "eir||NULL| lo|pfe"},
      {"SUBSTRING(t, -2)", "ir||NULL|12|el"},
      {"SUBSTRING(t, 0, 1)", "w||NULL|a|\xC3\x84"},
      {"SUBSTRING(t, -9, 3)", "||NULL|t t|"},
      {"SUBSTRING(t, 1, -1)", "NULL|NULL|NULL|NULL|NULL"},
      {"LEFT(t, 2) || RIGHT(t, 3)", "weeir||NULL|a  12|\xC3\x84pfel"},
      {"t || t",
       "weirweir||NULL|a longer text than 12a longer text than 12|\xC3\x84pfel\xC3\x84pfel"},
      {"LPAD(t, 6, '\xC3\xA4o')", "\xC3\xA4oweir|\xC3\xA4o\xC3\xA4o\xC3\xA4o|NULL|a long|"
                                  "\xC3\xA4\xC3\x84pfel"},
      {"RPAD(t, 2, '')", "NULL|NULL|NULL|NULL|NULL"},
      {"TRIM(BOTH '\xC3\x84l' FROM t)", "weir||NULL|a longer text than 12|pfe"},
      {"TRIM(TRAILING FROM '  x  ')", "  x"},
      {"REPLACE(t, 'e', '--')", "w--ir||NULL|a long--r t--xt than 12|\xC3\x84pf--l"},
      {"POSITION('n' IN t)", "0|0|NULL|5|0"},
      {"LOCATE('n', t, 6)", "0|0|NULL|18|0"},
      {"STARTSWITH(t, '')", "TRUE|TRUE|NULL|TRUE|TRUE"},
      {"SPLIT_INDEX(t, ' ', 2)", "NULL|NULL|NULL|text|NULL"},
      {"SPLIT_INDEX('a//b', '/', 1) || '!'", "!"},
      {"SPLIT_INDEX('a b', '', 1)", "b"},
      {"CONCAT_WS(',', t, NULL, 'x')", "weir,x|,x|x|a longer text than 12,x|\xC3\x84pfel,x"},
      {"REPEAT('x', 100000000)",
       "! REPEAT would give a text of 100000000 bytes; WR_TEXT_BYTES_MAX is 16777216"},
      {"t LIKE '%e_r'", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"t LIKE '_____'", "FALSE|FALSE|NULL|FALSE|TRUE"},
      {"t NOT LIKE 'a%'", "TRUE|TRUE|NULL|FALSE|TRUE"},
      {"'50%' LIKE '50!%' ESCAPE '!'", "TRUE"},
      {"t LIKE t", "TRUE|TRUE|NULL|TRUE|TRUE"},
      {"UPPER(1)", "! there is no UPPER(INT)"},
      {"UPER(t)", "! there is no function UPER"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void lists(void)
{
  static const struct express_row rows[] = {
      {"i IN (1, -7)", "TRUE|FALSE|NULL|FALSE|TRUE"},
      {"i NOT IN (1, 2, 3)", "FALSE|TRUE|NULL|TRUE|TRUE"},
      {"i IN (1, 2, NULL)", "TRUE|NULL|NULL|NULL|NULL"},
      {"i IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -7)", "TRUE|FALSE|NULL|FALSE|TRUE"},
      {"i IN (1, 2, l)", "TRUE|TRUE|NULL|FALSE|TRUE"},
      {"i IN (0.5, 1.0)", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"t IN ('weir', '')", "TRUE|TRUE|NULL|FALSE|FALSE"},
      {"t IN ('weir', 'a longer text than 12')", "TRUE|FALSE|NULL|TRUE|FALSE"},
      {"d IN (1.5, 2)", "TRUE|FALSE|NULL|FALSE|FALSE"},
      {"ts IN ('1970-01-01 00:00:00', '1969-12-31 23:59:59')", "FALSE|TRUE|NULL|FALSE|TRUE"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void mathematics(void)
{
  static const struct express_row rows[] = {
      {"ABS(i)", "1|0|NULL|2147483647|7"},
      {"ABS(-2147483647 - 1)", "! ABS(-2147483648) does not fit into INT"},
      {"ABS(m)", "1.25|0.00|NULL|99999999.99|0.05"},
      {"SIGN(m)", "1.00|0.00|NULL|1.00|-1.00"},
      {"FLOOR(m)", "1|0|NULL|99999999|-1"},
      {"CEIL(m)", "2|0|NULL|100000000|0"},
      {"CEIL(d)", "2.0|0.0|NULL|NaN|-Infinity"},
      {"ROUND(m)", "1|0|NULL|100000000|0"},
      {"ROUND(m, 1)", "1.3|0.0|NULL|100000000.0|-0.1"},
      {"ROUND(m, i)", "1.30|0.00|NULL|99999999.99|0.00"},
      {"ROUND(1234, -2)", "1200"},
      {"ROUND(2147483647, -1)", "! ROUND(2147483647) does not fit into INT"},
      {"ROUND(2.675e0, 2)", "2.68"},
      {"SQRT(-1)", "NaN"},
      {"GREATEST(i, l, 5)", "10|5|NULL|9223372036854775807|5"},
      {"LEAST(d, 1e0)", "1.0|0.0|NULL|1.0|-Infinity"},
      {"TRUNCATE(m, 1)", "1.20|0.00|NULL|99999999.90|0.00"},
      {"TRUNCATE(-1299, -2)", "-1200"},
      {"TRUNCATE(d, 0)", "1.0|0.0|NULL|NaN|-Infinity"},
      {"TRUNCATE(-42.349e0, 2)", "-42.34"},
      {"TRUNCATE(1.5e300, 2)", "1.5E300"},
      {"TRUNCATE(1.5e-300, 2)", "0.0"},
      {"TRUNCATE(1.1, 100)", "1.1"},
      {"BIN(i)", "1|0|NULL|1111111111111111111111111111111|"
                 "1111111111111111111111111111111111111111111111111111111111111001"},
      {"HEX(l)", "A|0|NULL|7FFFFFFFFFFFFFFF|FFFFFFFFFFFFFFF9"},
      {"HEX(t)", "77656972||NULL|61206C6F6E6765722074657874207468616E203132|C384"
                 "7066656C"},
      {"HEX(UNHEX('ABC'))", "0ABC"},
      {"UNHEX('xy')", "NULL"},
      {"UNHEX(HEX(t)) = CAST(t AS BYTES)", "TRUE|TRUE|NULL|TRUE|TRUE"},
      {"LOG(2e0)", "0.6931471805599453"},
      {"l % -3", "1|0|NULL|1|-1"},
      {"i % l", "1|! division by zero: 0 % 0|NULL|2147483647|0"},
      {"GREATEST(t, 'b')", "weir|b|NULL|b|\xC3\x84pfel"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static const struct express_row json_rows[] = {
    {"JSON_VALUE('{\"a\": true}', '$.a')", "true"},
    {"JSON_VALUE('{\"a\": \"x\\u00e9\"}', 'lax $.a')", "x\xC3\xA9"},
    {"JSON_VALUE('{\"a\": null}', 'strict $.a' ERROR ON ERROR)", "NULL"},
    {"JSON_VALUE('{\"a\": null}', '$.a' DEFAULT 'none' ON EMPTY)", "none"},
    {"JSON_VALUE('{\"a\": {}}', 'lax $.a' DEFAULT 'empty' ON EMPTY DEFAULT 'error' ON ERROR)",
     "empty"},
    {"JSON_VALUE('{\"a\": {}}', 'strict $.a' DEFAULT 'empty' ON EMPTY DEFAULT 'error' ON ERROR)",
     "error"},
    {"JSON_VALUE('{\"a\": 1}', 'lax $.b' NULL ON EMPTY ERROR ON ERROR)", "NULL"},
    {"JSON_VALUE('{\"a\": 1}', 'strict $.b' NULL ON EMPTY ERROR ON ERROR)",
     "! JSON_VALUE: the path leads nowhere (it is strict unless it begins with lax)"},
    {"JSON_VALUE('{\"a\": 1}', 'lax $.b' ERROR ON EMPTY)", "! JSON_VALUE finds nothing"},
    {"JSON_VALUE('{\"a\": 1}', '$.b' RETURNING INTEGER DEFAULT 42 ON ERROR)", "42"},
    {"JSON_VALUE('{\"a\": 1}', 'lax $.b' RETURNING INTEGER DEFAULT 42 ON EMPTY ERROR ON ERROR)",
     "42"},
    {"JSON_VALUE('{\"a\": 13.37}', '$.a' RETURNING INTEGER)", "13"},
    {"JSON_VALUE('{\"a\": -13.89}', '$.a' RETURNING INTEGER)", "-13"},
    {"JSON_VALUE('{\"a\": 9999999999}', '$.a' RETURNING INTEGER)", "NULL"},
    {"JSON_VALUE('{\"a\": 9999999999}', '$.a' RETURNING BIGINT)", "9999999999"},
    {"JSON_VALUE('{\"a\": \"42\"}', '$.a' RETURNING SMALLINT)", "42"},
    {"JSON_VALUE('{\"a\": \"x\"}', '$.a' RETURNING INTEGER ERROR ON ERROR)",
     "! JSON_VALUE: x is no INT"},
    {"JSON_VALUE('{\"a\": 1}', '$.a' RETURNING BOOLEAN ERROR ON ERROR)",
     "! JSON_VALUE: 1 is no BOOLEAN"},
    {"JSON_VALUE('{\"a\": true}', '$.a' RETURNING BOOLEAN)", "TRUE"},
    {"JSON_VALUE('{\"a\": true}', '$.a' RETURNING INT)", "NULL"},
    {"JSON_VALUE('{\"a\": 13.375}', '$.a' RETURNING DECIMAL(10, 2))", "13.38"},
    {"JSON_VALUE('{\"a\": 123456789.1}', '$.a' RETURNING DECIMAL(5, 2) DEFAULT '0.00' ON ERROR)",
     "0.00"},
    {"JSON_VALUE('{\"a\": 1e3}', '$.a' RETURNING DOUBLE)", "1000.0"},
    {"JSON_VALUE('{\"a\": \"abcdef\"}', '$.a' RETURNING VARCHAR(3))", "abc"},
    {"JSON_VALUE('{\"a\": 1}', '$.a' RETURNING DATE)", "! JSON_VALUE cannot return DATE"},
    {"JSON_VALUE('{\"a\": 1}', '$.a' RETURNING INT DEFAULT TRUE ON ERROR)",
     "! the DEFAULT is BOOLEAN, and JSON_VALUE returns INT"},
    {"JSON_VALUE('{\"a\": 1}', '$.a' RETURNING INT DEFAULT 'x' ON ERROR)",
     "! 'x' cannot be read as INT"},
    {"JSON_VALUE('no', '$.a' DEFAULT 'bad' ON ERROR)", "bad"},
    {"JSON_VALUE('no', 'lax $.a' DEFAULT 'empty' ON EMPTY)", "empty"},
    {"JSON_VALUE(t, '$' DEFAULT t ON ERROR)", "weir||NULL|a longer text than 12|\xC3\x84pfel"},
    {"JSON_VALUE('[' || CAST(i AS STRING) || ']', '$[0]' RETURNING INT)", "1|0|NULL|2147483647|-7"},
    {"JSON_VALUE(CAST(NULL AS STRING), '$.a' DEFAULT 'x' ON EMPTY)", "NULL"},
    {"JSON_VALUE('{}', CAST(NULL AS STRING) DEFAULT 'x' ON EMPTY)", "NULL"},
    {"JSON_VALUE('{\"weir\": 5}', 'lax $.' || t)",
     "5|! the JSON path 'lax $.' has no name at character 7|NULL|! the JSON path 'lax $.a longer "
     "text than 12' has something that is neither a point nor a bracket at character 8|NULL"},
    {"JSON_VALUE('{}', '$.a[?(@.b)]')",
     "! the JSON path '$.a[?(@.b)]' has a filter, which is not supported, at character 5"},
    {"JSON_VALUE(1, '$.a')", "NULL"},
    {"JSON_VALUE(1, '$' RETURNING INT)", "1"},
    {"JSON_QUERY(TRUE, '$' WITH WRAPPER)", "[true]"},
    {"JSON_VALUE(DATE '2026-01-02', '$')", "! there is no JSON_VALUE(DATE, CHAR(1))"},
    {"JSON_EXISTS('{\"a\": [1]}', '$.a[0]')", "TRUE"},
    {"JSON_EXISTS('{\"a\": [1]}', '$.a[1]')", "FALSE"},
    {"JSON_EXISTS('{\"a\": null}', '$.a')", "FALSE"},
    {"JSON_EXISTS('{\"a\": 1}', 'strict $.b' TRUE ON ERROR)", "TRUE"},
    {"JSON_EXISTS('{\"a\": 1}', 'lax $.b' TRUE ON ERROR)", "FALSE"},
    {"JSON_EXISTS('{\"a\": 1}', 'strict $.b' UNKNOWN ON ERROR)", "NULL"},
    {"JSON_EXISTS('{\"a\": 1}', 'strict $.b' ERROR ON ERROR)",
     "! JSON_EXISTS: the path leads nowhere (it is strict unless it begins with lax)"},
    {"JSON_EXISTS('[{\"b\": 1}]', '$..b')", "TRUE"},
    {"JSON_EXISTS('[{\"b\": 1}]', '$..c')", "FALSE"},
    {"JSON_EXISTS('', '$' ERROR ON ERROR)",
     "! JSON_EXISTS: this is no JSON: an end where a value is due at byte 1"},
    {"JSON_QUERY('{\"a\": {\"b\" : 1}}', '$.a')", "{\"b\":1}"},
    {"JSON_QUERY('{\"a\": 1}', 'lax $.a')", "NULL"},
    {"JSON_QUERY('{\"a\": 1}', 'strict $.a' EMPTY OBJECT ON ERROR)", "{}"},
    {"JSON_QUERY('{\"a\": 1}', 'lax $.b' EMPTY ARRAY ON EMPTY)", "[]"},
    {"JSON_QUERY('{\"a\": 1}', 'lax $.b' ERROR ON EMPTY)", "! JSON_QUERY finds nothing"},
    {"JSON_QUERY('[\"a\", [1]]', '$[*]')", "[\"a\",[1]]"},
    {"JSON_QUERY('[\"a\", [1]]', '$[0]' WITH CONDITIONAL ARRAY WRAPPER)", "[\"a\"]"},
    {"JSON_QUERY('[\"a\", [1]]', '$[1]' WITH CONDITIONAL ARRAY WRAPPER)", "[1]"},
    {"JSON_QUERY('[\"a\", [1]]', '$[1]' WITH ARRAY WRAPPER)", "[[1]]"},
    {"JSON_QUERY('[\"a\", {}]', '$[1]' WITH CONDITIONAL WRAPPER)", "[{}]"},
    {"JSON_QUERY('[null]', '$[0]' WITH WRAPPER EMPTY ARRAY ON EMPTY)", "[]"},
    {"JSON_QUERY('[1, \"a\", null, {\"b\": [ ]}]', '$' RETURNING ARRAY<STRING>)[4]", "{\"b\":[]}"},
    {"CARDINALITY(JSON_QUERY('[1, \"a\", null]', '$' RETURNING ARRAY<STRING>))", "3"},
    {"CARDINALITY(JSON_QUERY('{}', '$' RETURNING ARRAY<STRING> EMPTY ARRAY ON ERROR))", "0"},
    {"JSON_QUERY('{}', '$' RETURNING ARRAY<STRING> EMPTY OBJECT ON ERROR)",
     "! an empty object is no ARRAY<STRING>"},
    {"JSON_QUERY('{}', '$' RETURNING INT)", "! JSON_QUERY cannot return INT"},
    {"t IS JSON", "FALSE|FALSE|FALSE|FALSE|FALSE"},
    {"CAST(i AS STRING) IS JSON SCALAR", "TRUE|TRUE|FALSE|TRUE|TRUE"},
    {"'[]' IS NOT JSON ARRAY", "FALSE"},
    {"'[]' IS JSON OBJECT", "FALSE"},
    {"'null' IS JSON VALUE", "TRUE"},
    {"1 IS JSON", "! IS JSON cannot be applied to INT"},
    {"JSON_STRING(t)", "\"weir\"|\"\"|NULL|\"a longer text than 12\"|\"\xC3\x84pfel\""},
    {"JSON_STRING(m)", "1.25|0.00|NULL|99999999.99|-0.05"},
    {"JSON_STRING(NULL)", "NULL"},
    {"JSON_STRING(ROW(1, 'x'))", "{\"EXPR$0\":1,\"EXPR$1\":\"x\"}"},
    {"JSON_STRING(ARRAY[1, NULL])", "[1,null]"},
    {"JSON_OBJECT()", "{}"},
    {"JSON_OBJECT('b' VALUE i, KEY 'a' VALUE b)",
     "{\"a\":true,\"b\":1}|{\"a\":false,\"b\":0}|{\"a\":null,\"b\":null}|{\"a\":true,"
     "\"b\":2147483647}|{\"a\":false,\"b\":-7}"},
    {"JSON_OBJECT('a' VALUE NULL ABSENT ON NULL)", "{}"},
    {"JSON_OBJECT('a' VALUE 1, 'a' VALUE 2)", "{\"a\":2}"},
    {"JSON_OBJECT('\"' VALUE '[1]', 'j' VALUE JSON_ARRAY(JSON_ARRAY()))",
     "{\"\\\"\":\"[1]\",\"j\":[[]]}"},
    {"JSON_OBJECT(t VALUE 1)", "! a name in JSON_OBJECT must be a constant text that is not NULL"},
    {"JSON_ARRAY()", "[]"},
    {"JSON_ARRAY(1, NULL, 'x')", "[1,\"x\"]"},
    {"JSON_ARRAY(1, NULL, 'x' NULL ON NULL)", "[1,null,\"x\"]"},
    {"JSON_ARRAY(JSON_QUERY('[1]', '$'))", "[\"[1]\"]"},
    {"JSON_ARRAY('[1]', i)", "[\"[1]\",1]|[\"[1]\",0]|[\"[1]\"]|[\"[1]\",2147483647]|[\"[1]\",-7]"},
    {"JSON_ARRAY(JSON_ARRAY(1), i)", "[[1],1]|[[1],0]|[[1]]|[[1],2147483647]|[[1],-7]"},
    {"PARSE_JSON('1')", "! the function PARSE_JSON is not supported yet"},
};

static void json(void)
{
  express_check(json_rows, WR_COUNT(json_rows), "UTC");
}

static void json_prints_its_clauses(void)
{
  static const struct express_row rows[] = {
      {"JSON_VALUE(t, '$.a')", "JSON_VALUE(t, '$.a')"},
      {"JSON_VALUE(t, '$.a' RETURNING INT DEFAULT 1 + 1 ON EMPTY ERROR ON ERROR)",
       "JSON_VALUE(t, '$.a' RETURNING INT DEFAULT 2 ON EMPTY ERROR ON ERROR)"},
      {"JSON_QUERY(t, '$.a' WITH WRAPPER EMPTY ARRAY ON EMPTY)",
       "JSON_QUERY(t, '$.a' WITH UNCONDITIONAL ARRAY WRAPPER EMPTY ARRAY ON EMPTY)"},
      {"JSON_EXISTS(t, '$.a' UNKNOWN ON ERROR)", "JSON_EXISTS(t, '$.a' UNKNOWN ON ERROR)"},
      {"JSON_ARRAY(t, i NULL ON NULL)", "JSON_ARRAY(t, i NULL ON NULL)"},
      {"JSON_OBJECT('a' VALUE t)", "JSON_OBJECT('a', t)"},
      {"t IS NOT JSON ARRAY", "NOT t IS JSON ARRAY"},
  };
  struct express express;
  express_open(&express, "UTC");
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_expression *expression = express_bind(&express, rows[i].sql);
    const char *found = expression
                            ? wr_expression_print(&express.arena, expression, &express_schema)
                            : express.err.message;
    WR_CHECK(strcmp(found, rows[i].expected) == 0, "%s\n  found %s", rows[i].sql, found);
  }
  express_close(&express);
}

/* Types by the rules of Flink's planner: precision and scale of + - * / % on DECIMALs, whole
 * numbers as those of their digits. */
static void decimal_types(void)
{
  static const struct {
    const char *sql, *type;
  } rows[] = {
      {"CAST(m AS DECIMAL(10, 2)) + CAST(m AS DECIMAL(5, 4))", "DECIMAL(13, 4)"},
      {"CAST(m AS DECIMAL(38, 0)) + CAST(m AS DECIMAL(38, 0))", "DECIMAL(38, 0)"},
      {"CAST(m AS DECIMAL(38, 10)) + CAST(m AS DECIMAL(38, 10))", "DECIMAL(38, 9)"},
      {"CAST(m AS DECIMAL(38, 10)) - CAST(m AS DECIMAL(38, 20))", "DECIMAL(38, 9)"},
      {"CAST(m AS DECIMAL(38, 38)) - CAST(m AS DECIMAL(38, 0))", "DECIMAL(38, 6)"},
      {"CAST(m AS DECIMAL(38, 4)) + 1", "DECIMAL(38, 4)"},
      {"CAST(m AS DECIMAL(10, 2)) * CAST(m AS DECIMAL(10, 2))", "DECIMAL(21, 4)"},
      {"CAST(m AS DECIMAL(30, 10)) * CAST(m AS DECIMAL(30, 10))", "DECIMAL(38, 6)"},
      {"CAST(m AS DECIMAL(38, 20)) * CAST(m AS DECIMAL(38, 20))", "DECIMAL(38, 6)"},
      {"CAST(m AS DECIMAL(38, 2)) * CAST(m AS DECIMAL(38, 2))", "DECIMAL(38, 4)"},
      {"CAST(m AS DECIMAL(20, 18)) * CAST(m AS DECIMAL(20, 18))", "DECIMAL(38, 33)"},
      {"CAST(m AS DECIMAL(10, 2)) / CAST(m AS DECIMAL(10, 2))", "DECIMAL(23, 13)"},
      {"CAST(m AS DECIMAL(38, 10)) / CAST(m AS DECIMAL(38, 10))", "DECIMAL(38, 6)"},
      {"CAST(m AS DECIMAL(5, 0)) / CAST(m AS DECIMAL(38, 38))", "DECIMAL(38, 6)"},
      {"CAST(m AS DECIMAL(5, 4)) / CAST(m AS DECIMAL(30, 0))", "DECIMAL(36, 35)"},
      {"CAST(m AS DECIMAL(10, 2)) / 3", "DECIMAL(21, 13)"},
      {"l / CAST(m AS DECIMAL(4, 2))", "DECIMAL(27, 6)"},
      {"CAST(m AS DECIMAL(10, 2)) % CAST(m AS DECIMAL(5, 4))", "DECIMAL(5, 4)"},
      {"CAST(m AS DECIMAL(38, 10)) % CAST(m AS DECIMAL(20, 2))", "DECIMAL(28, 10)"},
      {"CAST(m AS DECIMAL(38, 10)) % 7", "DECIMAL(20, 10)"},
      {"ROUND(CAST(m AS DECIMAL(10, 4)), 2)", "DECIMAL(9, 2)"},
      {"ROUND(CAST(m AS DECIMAL(10, 4)), -2)", "DECIMAL(7, 0)"},
      {"TRUNCATE(CAST(m AS DECIMAL(10, 4)), 2)", "DECIMAL(10, 4)"},
      {"CEIL(CAST(m AS DECIMAL(10, 4)))", "DECIMAL(10, 0)"},
      {"FLOOR(CAST(m AS DECIMAL(38, 38)))", "DECIMAL(38, 0)"},
      {"i % l", "BIGINT"},
      {"l % i", "INT"},
      {"l % 123", "INT"},
      {"l % CAST(7 AS TINYINT)", "TINYINT"},
      {"MOD(i, 3000000000)", "BIGINT"},
      {"l / i", "BIGINT"},
  };
  struct express express;
  express_open(&express, "UTC");
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_expression *expression = express_bind(&express, rows[i].sql);
    char type[64] = "";
    if (expression)
      wr_type_print(expression->type, type, sizeof type);
    WR_CHECK(strcmp(type, rows[i].type) == 0, "%s: %s, not %s", rows[i].sql,
             expression ? type : express.err.message, rows[i].type);
  }
  express_close(&express);
}

/* The sequences of java.util.Random, going on from batch to batch; and what has no seed. */
static void chance(void)
{
  struct express express;
  express_open(&express, "UTC");
  CU_ASSERT_STRING_EQUAL(express_results(&express, "RAND_INTEGER(42, 10) + 0 * l"), "0|3|NULL|4|0");
  express_close(&express);
  static const struct express_row rows[] = {
      {"RAND(CASE WHEN b THEN 42 ELSE 43 END) = RAND(42)", "TRUE|FALSE|FALSE|FALSE|FALSE"},
      {"RAND_INTEGER(0)", "! RAND_INTEGER takes a bound above 0, not 0"},
      {"RAND_INTEGER(1)", "0"},
      {"UUID() = UUID()", "FALSE"},
      {"SUBSTRING(UUID(), 9, 1) || SUBSTRING(UUID(), 15, 1)", "-4"},
      {"RAND_INTEGER(l)", "! there is no RAND_INTEGER(BIGINT)"},
  };
  express_check(rows, WR_COUNT(rows), "UTC");
}

static void only_rows_that_count_fail(void)
{
  static const uint32_t picked[] = {0, 3, 4};
  struct express express;
  express_open(&express, "UTC");
  express.batch.picked = picked;
  express.batch.picked_count = 3;
  CU_ASSERT_STRING_EQUAL(express_results(&express, "10 / i"), "10|0|-1");
  CU_ASSERT_STRING_EQUAL(express_results(&express, "10 / (i - 1)"),
                         "! division by zero: 10 / 0|0|-1");
  CU_ASSERT_STRING_EQUAL(express_results(&express, "UPPER(t) || CAST(l AS STRING)"),
                         "WEIR10|A LONGER TEXT THAN 129223372036854775807|\xC3\x84PFEL-7");
  express_close(&express);
}

static void a_filter_picks_what_is_true(void)
{
  static const struct {
    const char *sql;
    uint32_t rows[EXPRESS_ROWS], row_count, failure_count;
  } rows[] = {
      {"b", {0, 3}, 2, 0},
      {"i > 0 AND b", {0, 3}, 2, 0},
      {"NOT b", {1, 4}, 2, 0},
      {"10 / i > 0", {0}, 1, 1},
      {"TRUE", {0, 1, 2, 3, 4}, 5, 0},
      {"1 = NULL", {0}, 0, 0},
      {"t LIKE '%e%'", {0, 3, 4}, 3, 0},
      {"t IS NULL OR 10 / i = 10", {0, 2}, 2, 1},
  };
  struct express express;
  express_open(&express, "UTC");
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    uint32_t picked[EXPRESS_ROWS + 64];
    struct wr_evaluation evaluation;
    const struct wr_expression *expression = express_bind(&express, rows[i].sql);
    struct wr_evaluator *evaluator = wr_evaluator_new(&expression, 1);
    uint32_t count = wr_evaluator_pick(evaluator, &express.batch, picked, &evaluation);
    WR_CHECK(count == rows[i].row_count, "%s: %u rows", rows[i].sql, count);
    WR_CHECK(evaluation.failure_count == rows[i].failure_count, "%s: failures", rows[i].sql);
    for (uint32_t k = 0; k < count && k < rows[i].row_count; k++)
      WR_CHECK(picked[k] == rows[i].rows[k], "%s: row %u", rows[i].sql, picked[k]);
    wr_evaluator_free(evaluator);
  }
  express_close(&express);
}

static void expressions_print_as_sql(void)
{
  static const struct express_row rows[] = {
      {"(i + 1) * 2", "(i + 1) * 2"},
      {"i - (1 - i)", "i - (1 - i)"},
      {"NOT (b AND i = 1) OR t LIKE 'x%'", "NOT (b AND i = 1) OR t LIKE 'x%'"},
      {"l + i", "l + CAST(i AS BIGINT)"},
      {"-(i + 1)", "-(i + 1)"},
      {"CASE WHEN b THEN 1 ELSE 2 END", "CASE WHEN b THEN 1 ELSE 2 END"},
      {"t IN ('a', 'it''s')", "t IN ('a', 'it''s')"},
      {"ts > TIMESTAMP '2026-01-01 00:00:00' + INTERVAL '5' SECOND",
       "ts > TIMESTAMP '2026-01-01 00:00:05.000'"},
      {"ts - INTERVAL '90' SECOND", "ts - INTERVAL '90' SECOND"},
      {"FLOOR(ts TO DAY)", "FLOOR(ts TO DAY)"},
      {"t IS NOT NULL", "t IS NOT NULL"},
      {"TRY_CAST(t AS INT)", "TRY_CAST(t AS INT)"},
      {"1 + 2 * 3", "7"},
      {"b AND 1 = 1", "b"},
      {"b OR 1 = 1", "TRUE"},
  };
  struct express express;
  express_open(&express, "UTC");
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_expression *expression = express_bind(&express, rows[i].sql);
    const char *found = expression
                            ? wr_expression_print(&express.arena, expression, &express_schema)
                            : express.err.message;
    WR_CHECK(strcmp(found, rows[i].expected) == 0, "%s\n  found %s", rows[i].sql, found);
  }
  express_close(&express);
}

static void unknown_names_suggest_the_nearest(void)
{
  CU_ASSERT_STRING_EQUAL(wr_function_nearest("UPER"), "UPPER");
  CU_ASSERT_STRING_EQUAL(wr_function_nearest("cuont"), "COUNT");
  CU_ASSERT_PTR_NULL(wr_function_nearest("no_such_thing_at_all"));
  CU_ASSERT_TRUE(wr_function_exists("substring"));
  CU_ASSERT_FALSE(wr_function_exists("substrong"));
}

static const struct wr_test tests[] = {
    {"every example gives its result", every_example_gives_its_result},
    {"comparisons", comparisons},
    {"three-valued logic", three_valued_logic},
    {"branches not taken do not fail", branches_not_taken_do_not_fail},
    {"arithmetic", arithmetic},
    {"times and intervals", times_and_intervals},
    {"units of time", units_of_time},
    {"the watermark before each row", the_watermark_before_each_row},
    {"zones", zones},
    {"texts", texts},
    {"lists", lists},
    {"mathematics", mathematics},
    {"SQL/JSON", json},
    {"SQL/JSON prints its clauses", json_prints_its_clauses},
    {"decimal types", decimal_types},
    {"chance", chance},
    {"only rows that count fail", only_rows_that_count_fail},
    {"a filter picks what is true", a_filter_picks_what_is_true},
    {"expressions print as SQL", expressions_print_as_sql},
    {"unknown names suggest the nearest", unknown_names_suggest_the_nearest},
    {NULL, NULL},
};

const struct wr_suite wr_suite_functions = {"functions", tests};
