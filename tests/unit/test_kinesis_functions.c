/* SPDX-License-Identifier: Apache-2.0 */
/* Functions, casts and operators where the kinesis dialect differs or has its own. */
#include <string.h>

#include "tests/unit/express.h"

static void check_kinesis(const struct express_row *rows, size_t count)
{
  struct express express;
  express_open(&express, "UTC");
  express.binding.kinesis = true;
  for (size_t i = 0; i < count; i++) {
    const char *found = express_results(&express, rows[i].sql);
    WR_CHECK(strcmp(found, rows[i].expected) == 0, "%s\n  expected %s\n  found    %s", rows[i].sql,
             rows[i].expected, found);
  }
  express_close(&express);
}
#define CHECK_KINESIS(rows) check_kinesis(rows, sizeof rows / sizeof *rows)

static void steps(void)
{
  static const struct express_row rows[] = {
      {"STEP(ts, INTERVAL '1' MINUTE)",
       "2026-01-31 10:00:00.000|1970-01-01 00:00:00.000|NULL|2024-02-29 23:59:00.000|1969-12-31 "
       "23:59:00.000"},
      {"STEP(ts, INTERVAL '7' DAY)",
       "2026-01-29 00:00:00.000|1970-01-01 00:00:00.000|NULL|2024-02-29 00:00:00.000|1969-12-25 "
       "00:00:00.000"},
      {"STEP(ts, INTERVAL '5' MONTH)",
       "2025-11-01 00:00:00.000|1970-01-01 00:00:00.000|NULL|2023-10-01 00:00:00.000|1969-08-01 "
       "00:00:00.000"},
      {"STEP(ts, INTERVAL '0' SECOND)", "! STEP goes by an interval that is longer than nothing"},
      {"STEP(DATE '2026-02-03', INTERVAL '1' YEAR)", "2026-01-01"},
      {"STEP(TIME '10:11:12', INTERVAL '5' MINUTE)", "10:10:00"},
      {"STEP(i, 5)", "0|0|NULL|2147483645|-5"},
      {"STEP(i, 0)",
       "! division by zero: 1 / 0|! division by zero: 0 / 0|NULL|! division by zero: 2147483647 / "
       "0|! division by zero: -7 / 0"},
      {"STEP(t, 5)", "! there is no STEP(STRING, INT)"},
      {"MONOTONIC(i)", "1|0|NULL|2147483647|-7"},
      {"FLOOR(ts TO MONTH)",
       "2026-01-01 00:00:00.000|1970-01-01 00:00:00.000|NULL|2024-02-01 00:00:00.000|1969-12-01 "
       "00:00:00.000"},
      {"CEILING(TIMESTAMP '2026-02-03 04:05:06' TO HOUR)", "2026-02-03 05:00:00"},
  };
  CHECK_KINESIS(rows);
}

static void intervals(void)
{
  static const struct express_row rows[] = {
      {"INTERVAL_DIFFERENCE(ts, TIMESTAMP '1970-01-01 00:00:00', 'SECOND', 'SECOND')",
       "+1769853600.500|+0|NULL|+1709251199.999|-1"},
      {"INTERVAL_DIFFERENCE(ts, TIMESTAMP '1970-01-01 00:00:00', 'DAY', 'HOUR')",
       "+20484 10|+0 00|NULL|+19782 23|+0 00"},
      {"INTERVAL_DIFFERENCE(TIME '12:03:34', TIME '11:57:23', 'MINUTE', 'SECOND')", "+6:11"},
      {"INTERVAL_DIFFERENCE(TIME '12:03:34', TIME '11:57:23', 'MINUTE', 'MINUTE')", "+6"},
      {"INTERVAL_DIFFERENCE(TIMESTAMP '2004-05-01 12:03:34', TIMESTAMP '2004-04-29 11:57:23', "
       "'DAY', 'SECOND')",
       "+2 00:06:11"},
      {"INTERVAL_DIFFERENCE(DATE '2004-12-02', DATE '2003-12-01', 'DAY', 'DAY')", "+367"},
      {"INTERVAL_DIFFERENCE(DATE '2004-12-02', DATE '2003-12-01', 'YEAR', 'MONTH')", "+1-00"},
      {"INTERVAL_DIFFERENCE(ts, t, 'DAY', 'DAY')",
       "! there is no INTERVAL_DIFFERENCE(TIMESTAMP(3), STRING, CHAR(3), CHAR(3))"},
      {"INTERVAL_DIFFERENCE(ts, ts, 'MONTH', 'DAY')", "! an interval cannot go from MONTH to DAY"},
      {"INTERVAL_DIFFERENCE(ts, ts, 'WEEK', 'WEEK')",
       "! the distance of two times cannot be in WEEK"},
      {"FLOOR(INTERVAL_DIFFERENCE(ts, TIMESTAMP '1970-01-01 00:00:00', 'SECOND', 'SECOND') / 10 TO "
       "SECOND)",
       "+176985360|+0|NULL|+170925119|-1"},
      {"CAST(INTERVAL_DIFFERENCE(ts, DATE '1970-01-01', 'MINUTE', 'MINUTE') AS BIGINT)",
       "29497560|0|NULL|28487519|0"},
      {"INTERVAL '1' DAY + INTERVAL '3 4' DAY TO HOUR", "+4 04"},
      {"INTERVAL '1' DAY - INTERVAL '3 4' DAY TO HOUR", "-2 04"},
      {"INTERVAL '1' YEAR + INTERVAL '3-4' YEAR TO MONTH", "+4-04"},
      {"2 * INTERVAL '3 4' DAY TO HOUR", "+6 08"},
      {"INTERVAL '3 4' DAY TO HOUR / 2", "+1 14"},
      {"INTERVAL '3' HOUR * 1.5", "+4"},
      {"INTERVAL '3' HOUR / 1.5e0", "+2"},
      {"INTERVAL '3' HOUR / 0", "! division by zero: an INTERVAL / 0"},
      {"INTERVAL '100' DAY * 9000000000000", "! 8640000000000 * 9000000000000 does not fit into "
                                             "INTERVAL DAY TO SECOND"},
      {"ABS(INTERVAL '-3' HOUR)", "+3"},
      {"CAST(INTERVAL '120' MINUTE AS BIGINT)", "120"},
      {"CAST(INTERVAL '1:30' MINUTE TO SECOND AS INTEGER)", "90"},
      {"CAST(INTERVAL '1.5' SECOND AS DECIMAL(5, 2))", "1.50"},
      {"CAST(INTERVAL '5' DAY AS DECIMAL(5, 2))", "5.00"},
      {"CAST('1:30' AS INTERVAL MINUTE TO SECOND)", "+1:30"},
      {"CAST(INTERVAL '1 12' DAY TO HOUR AS INTERVAL HOUR)", "+36"},
      {"CAST('x' AS INTERVAL DAY)", "! 'x' cannot be read as an INTERVAL of DAY"},
      {"ts - CAST('5' AS INTERVAL MINUTE)",
       "2026-01-31 09:55:00.500|1969-12-31 23:55:00.000|NULL|2024-02-29 23:54:59.999|1969-12-31 "
       "23:54:59.000"},
  };
  CHECK_KINESIS(rows);
}

static void clocks(void)
{
  static const struct express_row rows[] = {
      {"CURRENT_TIMESTAMP", "2023-11-14 22:13:20.123"},
      {"TYPEOF(CURRENT_TIMESTAMP)", "TIMESTAMP(3)"},
      {"CURRENT_ROW_TIMESTAMP", "2023-11-14 22:13:20.123"},
      {"LOCALTIMESTAMP", "2023-11-14 22:13:20.123"},
      {"CURRENT_DATE", "2023-11-14"},
      {"TYPEOF(PROCTIME())", "TIMESTAMP_LTZ(3)"},
      {"UNIX_TIMESTAMP(ts)", "1769853600500|0|NULL|1709251199999|-1000"},
      {"TO_TIMESTAMP(i * 0 + 1500)", "1970-01-01 00:00:01.500|1970-01-01 00:00:01.500|NULL|"
                                     "1970-01-01 00:00:01.500|1970-01-01 00:00:01.500"},
      {"TO_TIMESTAMP(1.5e3)", "1970-01-01 00:00:01.500"},
      {"TO_TIMESTAMP(9000000000000000)",
       "! TO_TIMESTAMP: 9000000000000000 milliseconds are outside the years 1 to 9999"},
      {"TSDIFF(ts, TIMESTAMP '1970-01-01 00:00:01')",
       "1769853599500|-1000|NULL|1709251198999|-2000"},
      {"EXTRACT(SECOND FROM ts)", "0.500|0.000|NULL|59.999|59.000"},
      {"EXTRACT(SECOND FROM INTERVAL '1:30.25' MINUTE TO SECOND)", "30.250"},
      {"EXTRACT(MINUTE FROM ts)", "0|0|NULL|59|59"},
      {"TYPEOF(EXTRACT(SECOND FROM ts))", "DECIMAL(5, 3)"},
  };
  CHECK_KINESIS(rows);
}

static void patterns_of_times(void)
{
  static const struct express_row rows[] = {
      {"CHAR_TO_TIMESTAMP('yyyy-MM-dd hh:mm:ss', '2009-09-16 03:15:24')",
       "2009-09-16 03:15:24.000"},
      {"CHAR_TO_TIMESTAMP('yyyy-mm', '2011-02-08 07:23:19')", "2011-01-01 00:02:00.000"},
      {"CHAR_TO_TIMESTAMP('MMM dd, yyyy', 'March 7, 2010')", "2010-03-07 00:00:00.000"},
      {"CHAR_TO_TIMESTAMP('MMM dd,', 'March 7, 2010')", "1970-03-07 00:00:00.000"},
      {"CHAR_TO_TIMESTAMP('MMM dd,y', 'March 7, 2010')", "2010-03-07 00:00:00.000"},
      {"CHAR_TO_TIMESTAMP('MMM dd,y', 'March 7, 10')", "0010-03-07 00:00:00.000"},
      {"CHAR_TO_TIMESTAMP('M-d', '2-8')", "1970-02-08 00:00:00.000"},
      {"CHAR_TO_TIMESTAMP('M-d', '2-8-2011')", "1970-02-08 00:00:00.000"},
      {"CHAR_TO_TIMESTAMP('M-d', '2011-2-8')",
       "! CHAR_TO_TIMESTAMP: '2011-2-8' is not written as 'M-d'"},
      {"CHAR_TO_TIMESTAMP('MM-dd-yyyy', '06-23-2011 10:11:12')", "2011-06-23 00:00:00.000"},
      {"CHAR_TO_TIMESTAMP('dd-MM-yy hh:mm:ss', '23-06-11 10:11:12')", "2011-06-23 10:11:12.000"},
      {"CHAR_TO_TIMESTAMP('MM-dd-yy', '06-23-99')", "1999-06-23 00:00:00.000"},
      {"CHAR_TO_TIMESTAMP('MMM dd yyyy', 'March 7, 2010')",
       "! CHAR_TO_TIMESTAMP: 'March 7, 2010' is not written as 'MMM dd yyyy'"},
      {"CHAR_TO_TIMESTAMP('yyyyMMddHHmmssSSS', '20260203040506789')", "2026-02-03 04:05:06.789"},
      {"CHAR_TO_TIMESTAMP('dd/MMM/yyyy:HH:mm:ss z', '24/May/2004:22:01:02 PDT')",
       "2004-05-25 05:01:02.000"},
      {"CHAR_TO_TIMESTAMP('yyyy-MM-dd''T''HH:mm:ss.SSSX', '2026-02-03T04:05:06.5Z')",
       "2026-02-03 04:05:06.005"},
      {"CHAR_TO_TIMESTAMP('yyyy DDD', '2024 366')", "2024-12-31 00:00:00.000"},
      {"CHAR_TO_TIMESTAMP('yyyy DDD', '2023 366')",
       "! CHAR_TO_TIMESTAMP: '2023 366' is not written as 'yyyy DDD'"},
      {"CHAR_TO_TIMESTAMP('hh:mm a', '12:15 AM')", "1970-01-01 00:15:00.000"},
      {"CHAR_TO_TIMESTAMP('hh:mm', '14:15')", "1970-01-01 14:15:00.000"},
      {"CHAR_TO_TIMESTAMP('HH:mm', '24:15')",
       "! CHAR_TO_TIMESTAMP: '24:15' is not written as 'HH:mm'"},
      {"CHAR_TO_TIMESTAMP('yyyy', t)",
       "! CHAR_TO_TIMESTAMP: 'weir' is not written as 'yyyy'|! CHAR_TO_TIMESTAMP: '' is not written "
       "as 'yyyy'|NULL|! CHAR_TO_TIMESTAMP: 'a longer text than 12' is not written as 'yyyy'|! "
       "CHAR_TO_TIMESTAMP: '\xC3\x84pfel' is not written as 'yyyy'"},
      {"CHAR_TO_TIMESTAMP('bb', 'x')", "! the letter b means nothing in the date pattern 'bb'"},
      {"CHAR_TO_TIMESTAMP('''x', 'x')", "! a quote is not closed in the date pattern ''x'"},
      {"CHAR_TO_DATE('yyyy-MM-dd', '2010-12-31 23:00')", "2010-12-31"},
      {"CHAR_TO_TIME('HH:mm:ss.SSS', '01:02:03.004')", "01:02:03.004"},
      {"TIMESTAMP_TO_CHAR('yyyy-MM-dd hh:mm:ss', ts)",
       "2026-01-31 10:00:00|1970-01-01 12:00:00|null|2024-02-29 11:59:59|1969-12-31 11:59:59"},
      {"TIMESTAMP_TO_CHAR('G yy Y MMMM MMM M w W D F E EEEE u a H k K h m s SSS S z Z X', TIMESTAMP "
       "'2026-02-03 00:05:06.078')",
       "AD 26 2026 February Feb 2 6 1 34 1 Tue Tuesday 2 AM 0 24 0 12 5 6 078 78 UTC +0000 Z"},
      {"TIMESTAMP_TO_CHAR('w YYYY', TIMESTAMP '2025-12-28 00:00:00')", "1 2026"},
      {"TIMESTAMP_TO_CHAR('w', TIMESTAMP '2026-01-03 00:00:00')", "1"},
      {"TIMESTAMP_TO_CHAR('w', TIMESTAMP '2026-01-04 00:00:00')", "2"},
      {"TIMESTAMP_TO_CHAR(CAST(NULL AS VARCHAR), ts)", "NULL|NULL|NULL|NULL|NULL"},
      {"DATE_TO_CHAR('dd.MM.yyyy', CAST(NULL AS DATE))", "null"},
      {"TIME_TO_CHAR('HH.mm', TIME '03:04:05')", "03.04"},
  };
  CHECK_KINESIS(rows);
}

static void texts(void)
{
  static const struct express_row rows[] = {
      {"SUBSTRING('b' SIMILAR '(a#\"x#\"|b)' ESCAPE '#')", "NULL"},
      {"SUBSTRING('ax' SIMILAR '(a#\"x#\"|b)' ESCAPE '#')", "x"},
      {"SUBSTRING('123456789' FROM 3 FOR 4)", "3456"},
      {"SUBSTRING('123456789' FROM 17 FOR 4)", ""},
      {"SUBSTRING('123456789' FROM -1 FOR 4)", "12"},
      {"SUBSTRING('123456789' FROM 6 FOR 0)", ""},
      {"SUBSTRING('123456789' FROM 8 FOR 4)", "89"},
      {"SUBSTRING('123456789' FROM -5)", "123456789"},
      {"SUBSTRING('123456789', 10, 4)", ""},
      {"SUBSTRING('123456789', 7, 4)", "789"},
      {"SUBSTRING('abc', 1, -1)", "! SUBSTRING: a length cannot be negative, as -1 is"},
      {"SUBSTRING(t FROM 2 FOR 2147483647)", "eir||NULL| longer text than 12|pfel"},
      {"SUBSTRING('TECHNOLOGY' FROM 'L[A-Z]*')", "LOGY"},
      {"SUBSTRING('TECHNOLOGY' FROM 'FOO')", "NULL"},
      {"SUBSTRING('TECHNOLOGY' FROM 'O[A-Z]')", "OL"},
      {"SUBSTRING('123456789', '23#\"456#\"78', '#')", "456"},
      {"SUBSTRING('12345', '23#\"456#\"78', '#')", "NULL"},
      {"SUBSTRING('12345678', '1?23#\"456#\"78', '#')", "456"},
      {"SUBSTRING('TECHNOLOGY', 'TECH%\"NOLO%\"GY', '%')", "NOLO"},
      {"SUBSTRING('aXbXc', '%#\"X_#\"%', '#')", "Xb"},
      {"SUBSTRING('a', 'b', '#')",
       "! the pattern 'b' is not valid at byte 2: it needs two double quotes behind the escape character, "
       "around what is wanted"},
      {"X'01' || X'0203' = X'010203'", "TRUE"},
      {"CAST(SUBSTRING(X'0102030405', 2, 3) AS BINARY(3)) = X'020304'", "TRUE"},
      {"OVERLAY('12345' PLACING 'foo' FROM 1)", "foo45"},
      {"OVERLAY('12345' PLACING 'foo' FROM 0)", "foo345"},
      {"OVERLAY('12345' PLACING 'foo' FROM -2)", "foo12345"},
      {"OVERLAY('12345' PLACING 'foo' FROM 4)", "123foo"},
      {"OVERLAY('12345' PLACING 'foo' FROM 17)", "12345foo"},
      {"OVERLAY('12345' PLACING 'foo' FROM 2 FOR 0)", "1foo2345"},
      {"OVERLAY('12345' PLACING 'foo' FROM 2 FOR 2)", "1foo45"},
      {"OVERLAY('12345' PLACING 'foo' FROM 2 FOR 9)", "1foo"},
      {"OVERLAY('12345' PLACING 'foo' FROM 2 FOR -1)",
       "! OVERLAY: a length cannot be negative, as -1 is"},
      {"INITCAP('each first.letter o''clock  IS \xC3\xA4pfel')",
       "Each First.letter O'clock  Is \xC3\x84pfel"},
      {"POSITION('x' IN t)", "0|0|NULL|12|0"},
      {"POSITION('' IN t)", "1|1|NULL|1|1"},
      {"TRIM(TRAILING 'r' FROM t)", "wei||NULL|a longer text than 12|\xC3\x84pfel"},
      {"REGEX_REPLACE('http://www.amazon.com', 'http://', 'https://', 1, 0)",
       "https://www.amazon.com"},
      {"REGEX_REPLACE('abcabcabc', 'b', 'X', 1, 0)", "aXcaXcaXc"},
      {"REGEX_REPLACE('abcabcabc', 'b', 'X', 3, 0)", "abcaXcaXc"},
      {"REGEX_REPLACE('abcabcabc', 'b', 'X', 1, 2)", "abcaXcabc"},
      {"REGEX_REPLACE('abcabcabc', 'b', 'X', 1, 4)", "abcabcabc"},
      {"REGEX_REPLACE('abc', 'b', 'X', 4, 0)", "abc"},
      {"REGEX_REPLACE('a1b22', '([a-z])([0-9]+)', '$2$1\\$', 1, 0)", "1a$22b$"},
      {"REGEX_REPLACE('a', 'a', '$1', 1, 0)",
       "! REGEX_REPLACE: '$1' has a $ without a group of the pattern, or ends with a backslash"},
      {"REGEX_REPLACE('a', 'a', 'b', 0, 0)", "! REGEX_REPLACE: the first position cannot be 0"},
      {"REGEX_REPLACE('a', 'a', 'b', 1, -1)",
       "! REGEX_REPLACE: the number of a match cannot be -1"},
      {"REGEX_REPLACE(t, 'e', NULL, 1, 0)", "NULL"},
      {"REGEX_REPLACE(t, t, 'x', 1, 1)", "x||NULL|x|x"},
      {"'d' SIMILAR TO '[a-e^c]'", "TRUE"},
      {"'c' SIMILAR TO '[a-e^c]'", "FALSE"},
      {"'abd' SIMILAR TO '[a-e^c]+'", "TRUE"},
      {"'abcd' SIMILAR TO '[a-e^c]+'", "FALSE"},
      {"'x' SIMILAR TO '[^a-e^x]'", "FALSE"},
      {"'y' SIMILAR TO '[^a-e^x]'", "TRUE"},
      {"'a' SIMILAR TO '[a^]'",
       "! the pattern '[a^]' is not valid at byte 3: the class has no end"},
  };
  CHECK_KINESIS(rows);
}

static void numbers(void)
{
  static const struct express_row rows[] = {
      {"5 / 2", "2"},
      {"5.0 / 2", "2.500000000000"},
      {"TYPEOF(CAST(1 AS DECIMAL(5, 2)) * CAST(1 AS DECIMAL(4, 1)))", "DECIMAL(9, 3) NOT NULL"},
      {"TYPEOF(m * m)", "DECIMAL(20, 4)"},
      {"TYPEOF(m + 1.5)", "DECIMAL(11, 2)"},
      {"1e0 / 0", "! division by zero: 1 / 0"},
      {"MOD(7, 0)", "! division by zero: 7 % 0"},
      {"LN(1)", "0.0"},
      {"LN(0)", "! LN(0): only numbers above 0 have a logarithm"},
      {"LOG10(100)", "2.0"},
      {"LOG10(-1)", "! LOG10(-1): only numbers above 0 have a logarithm"},
      {"POWER(0, -1)", "! POWER(0, -1): 0 has no negative powers"},
      {"POWER(-8, 0.5)", "! POWER(-8, 0.5): a negative number only has powers that are whole"},
      {"POWER(-2, 3)", "-8.0"},
      {"SQRT(16)", "4.0"},
      {"ABS(-2.5)", "2.5"},
      {"CAST(-1.5 AS INTEGER)", "-2"},
      {"CAST(2.5 AS BIGINT)", "3"},
      {"CAST(1.49e0 AS TINYINT)", "1"},
      {"CAST(127.5e0 AS TINYINT)", "! 127.5 does not fit into TINYINT"},
      {"CAST(d AS INTEGER)",
       "2|0|NULL|! NaN does not fit into INT|! -Infinity does not fit into INT"},
      {"CAST(m AS INTEGER)", "1|0|NULL|100000000|0"},
  };
  CHECK_KINESIS(rows);
}

static void casts(void)
{
  static const struct express_row rows[] = {
      {"CAST(DATE '2008-08-23' AS VARCHAR(10))", "2008-08-23"},
      {"CAST(DATE '2008-08-23' AS VARCHAR(9))", "! '2008-08-23' does not fit into VARCHAR(9)"},
      {"CAST(DATE '2008-08-23' AS CHAR(12)) || '|'", "2008-08-23  |"},
      {"CAST(ts AS VARCHAR(19))",
       "2026-01-31 10:00:00|1970-01-01 00:00:00|NULL|2024-02-29 23:59:59|1969-12-31 23:59:59"},
      {"CAST(i AS VARCHAR(2))", "1|0|NULL|! '2147483647' does not fit into VARCHAR(2)|-7"},
      {"TRY_CAST(12345 AS VARCHAR(2))", "NULL"},
      {"CAST(t AS VARCHAR(3))", "wei||NULL|a l|\xC3\x84pf"},
      {"CAST(b AS VARCHAR(5))", "TRUE|FALSE|NULL|TRUE|FALSE"},
      {"CAST('true' AS BOOLEAN)", "TRUE"},
      {"CAST('2026-01-31 10:00:00' AS TIMESTAMP)", "2026-01-31 10:00:00.000"},
      {"CAST('2026-01-31 10:00:00.5' AS TIMESTAMP)",
       "! '2026-01-31 10:00:00.5' cannot be read as TIMESTAMP(3)"},
      {"CAST('2026-01-31T10:00:00' AS TIMESTAMP)",
       "! '2026-01-31T10:00:00' cannot be read as TIMESTAMP(3)"},
      {"CAST(DATE '2026-01-31' AS TIMESTAMP)", "2026-01-31 00:00:00.000"},
      {"CAST(ts AS DATE)", "2026-01-31|1970-01-01|NULL|2024-02-29|1969-12-31"},
      {"CAST(ts AS TIME)", "10:00:00.500|00:00:00.000|NULL|23:59:59.999|23:59:59.000"},
      {"CAST(INTERVAL '5' DAY AS VARCHAR(8))", "+5"},
      {"CAST(INTERVAL '5 10' DAY TO HOUR AS CHAR(8)) || '|'", "+5 10   |"},
  };
  CHECK_KINESIS(rows);
}

static void logs(void)
{
  static const struct express_row rows[] = {
      {"REGEX_LOG_PARSE('HEALTHCARE', '.*([E].).*([R].*)')", "(EA, RE)"},
      {"REGEX_LOG_PARSE('x', '(y)')", "NULL"},
      {"REGEX_LOG_PARSE('ab', '(a)')", "NULL"},
      {"REGEX_LOG_PARSE('b', '(a)?(b)')", "(NULL, b)"},
      {"REGEX_LOG_PARSE('x', 'x')", "! REGEX_LOG_PARSE: the pattern has no group"},
      {"REGEX_LOG_PARSE('x', '(x')",
       "! the pattern '(x' is not valid at byte 3: missing closing parenthesis"},
      {"REGEX_LOG_PARSE('x', '(x)', 'a INTEGER, b')",
       "! REGEX_LOG_PARSE: the pattern has 1 groups, and here are 2 columns"},
      {"REGEX_LOG_PARSE('x', '(x)', 'a WRONG')",
       "! REGEX_LOG_PARSE: column 1 of the list lacks a type, at 'WRONG'"},
      {"REGEX_LOG_PARSE('x', '(x)', 'a INTEGER')", "! 'x' cannot be read as INT"},
      {"REGEX_LOG_PARSE(t, t)", "! the pattern of REGEX_LOG_PARSE must be a constant text"},
      {"REGEX_LOG_PARSE(t, '(.)(.*)')",
       "(w, eir)|NULL|NULL|(a,  longer text than 12)|(\xC3\x84, pfel)"},
      {"FAST_REGEX_LOG_PARSE('Mary_had_a_little_lamb', '(.*)_(._.*)_.*')", "(Mary_had, a_little)"},
      {"FAST_REGEX_LOG_PARSE('Mary_had_a_little_lamb', '(.*)_(._.*)_.')", "NULL"},
      {"FAST_REGEX_LOG_PARSE('Mary_had_a_little_lamb', '(.*)_+(._.*)')", "NULL"},
      {"FAST_REGEX_LOG_PARSE('Mary____had_a_little_lamb', '(.*)_+(.*)')",
       "(Mary, had_a_little_lamb)"},
      {"FAST_REGEX_LOG_PARSER('12-Mar 5', '(<1-31>)-(<Alpha>{3})\" \"(<Digit>+)')", "(12, Mar, 5)"},
      {"FAST_REGEX_LOG_PARSE('a.b', '(a|bb)\\.([^c])')", "(a, b)"},
      {"FAST_REGEX_LOG_PARSE('abab!', '(ab)+(!)')", "(!)"},
      {"FAST_REGEX_LOG_PARSE('a', '(a)&b')",
       "! the pattern of FAST_REGEX_LOG_PARSE is bad at character 4: an intersection, &, is not "
       "supported"},
      {"FAST_REGEX_LOG_PARSE('a', '(a')",
       "! the pattern of FAST_REGEX_LOG_PARSE is bad at character 3: a bracket is not closed"},
      {"FAST_REGEX_LOG_PARSE('a', 'a')",
       "! FAST_REGEX_LOG_PARSE gives 1 to 2000 columns (WR_COLUMNS_MAX), and here are 0"},
      {"FIXED_COLUMN_LOG_PARSE('17 weir x', 'id TYPE INTEGER NOT NULL START 0 FOR 2, who TYPE "
       "VARCHAR(9) START 3, \"z\" TYPE VARCHAR(4) START 8')",
       "(17, weir , x)"},
      {"FIXED_COLUMN_LOG_PARSE('24/May/2004:22:01:02|', 'ts TYPE TIMESTAMP "
       "''dd/MMM/yyyy:HH:mm:ss'' START 0 FOR 20, n TYPE INTEGER START 40')",
       "(2004-05-24 22:01:02.000, NULL)"},
      {"FIXED_COLUMN_LOG_PARSE('', 'id TYPE INTEGER NOT NULL START 0 FOR 2')",
       "! column ID is NOT NULL and cannot take NULL"},
      {"FIXED_COLUMN_LOG_PARSE('', 'id INTEGER START 0')",
       "! FIXED_COLUMN_LOG_PARSE: column 1 of the list lacks the word TYPE, at 'INTEGER START 0'"},
      {"VARIABLE_COLUMN_LOG_PARSE('a,b,c', 3, ',')", "(a, b, c)"},
      {"VARIABLE_COLUMN_LOG_PARSE('a,,', 4, ',')", "(a, , , NULL)"},
      {"VARIABLE_COLUMN_LOG_PARSE('a\\,b,c', 2, ',', '\\')", "(a,b, c)"},
      {"VARIABLE_COLUMN_LOG_PARSE('<a,b>,c', 2, ',', '', '<>')", "(a,b, c)"},
      {"VARIABLE_COLUMN_LOG_PARSE('x, y', 'A TYPE VARCHAR(16), B TYPE CHAR(3)', ', ')", "(x, y  )"},
      {"VARIABLE_COLUMN_LOG_PARSE('x', 0, ',')",
       "! VARIABLE_COLUMN_LOG_PARSE gives 1 to 2000 columns (WR_COLUMNS_MAX), and here are 0"},
      {"VARIABLE_COLUMN_LOG_PARSE('x', 1, '')",
       "! the delimiter of VARIABLE_COLUMN_LOG_PARSE is empty"},
      {"SYS_LOG_PARSE('no log')", "NULL"},
      {"SYS_LOG_PARSE('<34>Oct 11 22:14:15 mymachine su: failed')",
       "(1970-10-11 22:14:15.000, mymachine su: failed)"},
      {"W3C_LOG_PARSE('1.2.3.4 - - [24/May/2004:22:01:02 -0700] \"GET /a \\\"b\\\" HTTP/1.1\" 200 -', "
       "'%h %l %u %t \"%r\" %>s %b')",
       "(1.2.3.4, -, -, [24/May/2004:22:01:02 -0700], GET /a \\\"b\\\" HTTP/1.1, 200, NULL)"},
      {"W3C_LOG_PARSE('h.example 1.2.3.4 - x [t] \"GET\" 200 17 \"http://r/\" \"Mozilla 5\"', '%v %h %l "
       "%u %t \\\"%r\\\" %>s %b \"%[Referer]i\" \"%[User-agent]i\"')",
       "(h.example, 1.2.3.4, -, x, [t], GET, 200, 17, http://r/, Mozilla 5)"},
      {"W3C_LOG_PARSE('http://r ---> /u', 'REFERER')", "(http://r, /u)"},
      {"W3C_LOG_PARSE('Mozilla 5.0 (X11)', 'agent')", "(Mozilla 5.0 (X11))"},
      {"W3C_LOG_PARSE('x', 'COMMON')", "NULL"},
      {"W3C_LOG_PARSE('x', 'IIS')",
       "! W3C_LOG_PARSE: nothing says which fields the format IIS has"},
      {"W3C_LOG_PARSE('x', '%h %z')", "! W3C_LOG_PARSE: '%z' is no specifier of Apache's"},
      {"(REGEX_LOG_PARSE(t, '(.)(.*)')).COLUMN2", "eir|NULL|NULL| longer text than 12|pfel"},
  };
  CHECK_KINESIS(rows);
}

/* What has another meaning there is as it was in the other dialect. */
static void the_other_dialect(void)
{
  static const struct express_row rows[] = {
      {"SUBSTRING('123456789' FROM -1 FOR 4)", "9"},
      {"SUBSTRING('TECHNOLOGY', 'L')", "! there is no SUBSTRING(CHAR(10), CHAR(1))"},
      {"UNIX_TIMESTAMP(ts)", "! there is no UNIX_TIMESTAMP(TIMESTAMP(3))"},
      {"TO_TIMESTAMP(1500)", "! there is no TO_TIMESTAMP(BIGINT)"},
      {"LN(0)", "-Infinity"},
      {"CAST(2.5 AS INTEGER)", "2"},
      {"CAST(DATE '2008-08-23' AS VARCHAR(9))", "2008-08-2"},
      {"EXTRACT(SECOND FROM ts)", "0|0|NULL|59|59"},
      {"TYPEOF(CURRENT_TIMESTAMP)", "TIMESTAMP_LTZ(3)"},
      {"INTERVAL '5' DAY", "+5 00:00:00.000"},
      {"CAST(INTERVAL '5' DAY AS BIGINT)", "432000000"},
      {"TYPEOF(m * m)", "DECIMAL(21, 4)"},
  };
  express_check(rows, sizeof rows / sizeof *rows, "UTC");
}

static const struct wr_test tests[] = {
    {"steps", steps},
    {"intervals", intervals},
    {"clocks", clocks},
    {"patterns of times", patterns_of_times},
    {"texts", texts},
    {"numbers", numbers},
    {"casts", casts},
    {"lines of logs", logs},
    {"the other dialect", the_other_dialect},
    {NULL, NULL},
};

const struct wr_suite wr_suite_kinesis_functions = {"kinesis_functions", tests};
