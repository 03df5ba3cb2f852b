/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times and intervals: every field is checked, and what is written reads back. */
#include "text/datetime.h"

#include <string.h>

#include "core/time.h"
#include "tests/unit/check.h"

#define NONE        INT64_MIN /* refused */
#define DAY_2026    (20455 * WR_US_PER_DAY)
#define TIME_030405 ((3 * 3600 + 4 * 60 + 5) * WR_US_PER_SECOND)

struct row {
  const char *text;
  int64_t us;
};

static void check_rows(const struct row *rows, size_t count,
                       bool (*parse)(const char *, size_t, int64_t *))
{
  for (size_t i = 0; i < count; i++) {
    int64_t us = NONE;
    bool read = parse(rows[i].text, strlen(rows[i].text), &us);
    WR_CHECK(read == (rows[i].us != NONE) && us == rows[i].us, "'%s': %lld", rows[i].text,
             (long long)us);
  }
}

static void timestamps_are_read(void)
{
  static const struct row rows[] = {
      {"2026-01-02 03:04:05", DAY_2026 + TIME_030405},
      {"2026-01-02T03:04:05", DAY_2026 + TIME_030405},
      {"2026-01-02 03:04:05.678", DAY_2026 + TIME_030405 + 678000},
      {"2026-01-02 03:04:05.123456789", DAY_2026 + TIME_030405 + 123456},
      {"2026-01-02T03:04:05.5Z", DAY_2026 + TIME_030405 + 500000},
      {"2026-01-02", DAY_2026},
      {"2026-01-02 03:04", DAY_2026 + TIME_030405 - 5 * WR_US_PER_SECOND},
      {"1970-01-01 00:00:00", 0},
      {"1969-12-31 23:59:59.999999", -1},
      {"2024-02-29 00:00:00", INT64_C(1709164800000000)},
      {"2026-02-29 00:00:00", NONE},
      {"2026-13-01 00:00:00", NONE},
      {"2026-00-01 00:00:00", NONE},
      {"2026-01-00 00:00:00", NONE},
      {"2026-04-31 00:00:00", NONE},
      {"2026-01-02 24:00:00", NONE},
      {"2026-01-02 03:60:00", NONE},
      {"2026-01-02 03:04:60", NONE},
      {"2026-01-02 03:04:05.", NONE},
      {"2026-01-02 03:04:05.1234567890", NONE},
      {"2026-01-02 03:04:05 ", NONE},
      {"2026-01-02 03:04:05+01:00", NONE},
      {"2026-1-2 03:04:05", INT64_C(1767323045000000)},
      {"2026-001-2 03:04:05", NONE},
      {"2026-1-002", NONE},
      {"2026-1-", NONE},
      {"2026-0-1", NONE},
      {"0000-01-01 00:00:00", NONE},
      {"2026-01-02T", NONE},
      {"20260102", NONE},
      {"", NONE},
      {"2026-01-02 0x:04:05", NONE},
  };
  check_rows(rows, WR_COUNT(rows), wr_parse_timestamp);
}

static bool parse_ltz_at_one(const char *bytes, size_t length, int64_t *us)
{
  return wr_parse_timestamp_ltz(bytes, length, WR_US_PER_HOUR, us);
}

static void zones_are_read(void)
{
  static const struct row rows[] = {
      {"2026-01-02 03:04:05Z", DAY_2026 + TIME_030405},
      {"2026-01-02T03:04:05.5 UTC", DAY_2026 + TIME_030405 + 500000},
      {"2026-01-02 03:04:05+02:00", DAY_2026 + TIME_030405 - 2 * WR_US_PER_HOUR},
      {"2026-01-02 03:04:05-0530",
       DAY_2026 + TIME_030405 + 5 * WR_US_PER_HOUR + 30 * WR_US_PER_MINUTE},
      {"2026-01-02 03:04:05+02", DAY_2026 + TIME_030405 - 2 * WR_US_PER_HOUR},
      {"2026-01-02 03:04:05", DAY_2026 + TIME_030405 - WR_US_PER_HOUR},
      {"2026-01-02Z", DAY_2026},
      {"2026-01-02 03:04:05+2", NONE},
      {"2026-01-02 03:04:05+02:", NONE},
      {"2026-01-02 03:04:05+02:60", NONE},
      {"2026-01-02 03:04:05+19:00", NONE},
      {"2026-01-02 03:04:05 ", NONE},
      {"2026-01-02 03:04:05 CET", NONE},
      {"2026-01-02 03:04:05ZZ", NONE},
  };
  check_rows(rows, WR_COUNT(rows), parse_ltz_at_one);
}

static void times_and_dates_are_read(void)
{
  static const struct row rows[] = {
      {"03:04:05", TIME_030405},
      {"00:00", 0},
      {"23:59:59.999999", WR_US_PER_DAY - 1},
      {"24:00:00", NONE},
      {"3:04:05", TIME_030405},
      {"03:04:", NONE},
      {"0304", NONE},
      {"", NONE},
  };
  check_rows(rows, WR_COUNT(rows), wr_parse_time);
  int32_t days = 7;
  CU_ASSERT(wr_parse_date("2026-01-02", 10, &days) && days == 20455);
  CU_ASSERT(!wr_parse_date("2026-01-02 ", 11, &days) && days == 20455);
  CU_ASSERT(!wr_parse_date("2026-01-0", 9, &days));
}

static void timestamps_are_written(void)
{
  static const struct {
    int64_t us;
    unsigned fraction;
    const char *text;
  } rows[] = {
      {DAY_2026 + TIME_030405 + 678901, 3, "2026-01-02 03:04:05.678"},
      {DAY_2026 + TIME_030405 + 678901, 0, "2026-01-02 03:04:05"},
      {DAY_2026 + TIME_030405 + 678901, 6, "2026-01-02 03:04:05.678901"},
      {DAY_2026 + TIME_030405 + 678901, 9, "2026-01-02 03:04:05.678901000"},
      {-1, 6, "1969-12-31 23:59:59.999999"},
      {0, 3, "1970-01-01 00:00:00.000"},
  };
  char text[WR_TIMESTAMP_CHARS + 1];
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    text[wr_format_timestamp(rows[i].us, rows[i].fraction, WR_DATETIME_SQL, text)] = '\0';
    WR_CHECK(strcmp(text, rows[i].text) == 0, "%s: %s", rows[i].text, text);
  }
  text[wr_format_timestamp_ltz(0, 3, WR_DATETIME_ISO, text)] = '\0';
  CU_ASSERT_STRING_EQUAL(text, "1970-01-01T00:00:00.000Z");
  text[wr_format_timestamp(INT64_MAX, 6, WR_DATETIME_SQL, text)] = '\0';
  CU_ASSERT_STRING_EQUAL(text, "+294247-01-10 04:00:54.775807");
  text[wr_format_timestamp(INT64_MIN, 9, WR_DATETIME_SQL, text)] = '\0';
  CU_ASSERT_STRING_EQUAL(text, "-290308-12-21 19:59:05.224192000");
}

static void what_is_written_reads_back(void)
{
  uint64_t random = 88172645463325252;
  for (int i = 0; i < 10000; i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    int64_t us = (int64_t)(random % (uint64_t)(3000 * 365 * WR_US_PER_DAY)) -
                 1000 * 365 * WR_US_PER_DAY,
            back = 0;
    char text[WR_TIMESTAMP_CHARS];
    size_t length = wr_format_timestamp(us, 6, i % 2 ? WR_DATETIME_ISO : WR_DATETIME_SQL, text);
    WR_CHECK(wr_parse_timestamp(text, length, &back) && back == us, "%.*s", (int)length, text);
  }
}

static void intervals_are_read(void)
{
  static const struct {
    const char *text;
    enum wr_interval_field from, to;
    int64_t value;
  } rows[] = {
      {"1", WR_FIELD_MINUTE, WR_FIELD_MINUTE, WR_US_PER_MINUTE},
      {"-1", WR_FIELD_MINUTE, WR_FIELD_MINUTE, -WR_US_PER_MINUTE},
      {"+90", WR_FIELD_SECOND, WR_FIELD_SECOND, 90 * WR_US_PER_SECOND},
      {"1.5", WR_FIELD_SECOND, WR_FIELD_SECOND, 1500000},
      {"0.001", WR_FIELD_SECOND, WR_FIELD_SECOND, 1000},
      {"1 02:03:04.5", WR_FIELD_DAY, WR_FIELD_SECOND, WR_US_PER_DAY + 7384500000},
      {"-1 02:03", WR_FIELD_DAY, WR_FIELD_MINUTE, -(WR_US_PER_DAY + 7380000000)},
      {"100 1", WR_FIELD_DAY, WR_FIELD_HOUR, 100 * WR_US_PER_DAY + WR_US_PER_HOUR},
      {"48:30", WR_FIELD_HOUR, WR_FIELD_MINUTE, 48 * WR_US_PER_HOUR + 30 * WR_US_PER_MINUTE},
      {"3:04.25", WR_FIELD_MINUTE, WR_FIELD_SECOND, 184250000},
      {"1-2", WR_FIELD_YEAR, WR_FIELD_MONTH, 14},
      {"-1-11", WR_FIELD_YEAR, WR_FIELD_MONTH, -23},
      {"13", WR_FIELD_MONTH, WR_FIELD_MONTH, 13},
      {"2", WR_FIELD_YEAR, WR_FIELD_YEAR, 24},
      {"1-12", WR_FIELD_YEAR, WR_FIELD_MONTH, NONE},
      {"1", WR_FIELD_YEAR, WR_FIELD_MONTH, NONE},
      {"1.5", WR_FIELD_MINUTE, WR_FIELD_MINUTE, NONE},
      {"1 24:00", WR_FIELD_DAY, WR_FIELD_MINUTE, NONE},
      {"1:60", WR_FIELD_HOUR, WR_FIELD_MINUTE, NONE},
      {"1 2", WR_FIELD_HOUR, WR_FIELD_MINUTE, NONE},
      {"", WR_FIELD_SECOND, WR_FIELD_SECOND, NONE},
      {"--1", WR_FIELD_SECOND, WR_FIELD_SECOND, NONE},
      {"1 ", WR_FIELD_SECOND, WR_FIELD_SECOND, NONE},
      {"999999999999999", WR_FIELD_DAY, WR_FIELD_DAY, NONE},
      {"9999999999999999999", WR_FIELD_SECOND, WR_FIELD_SECOND, NONE},
      {"999999999", WR_FIELD_YEAR, WR_FIELD_YEAR, NONE},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    int64_t value = NONE;
    bool read =
        wr_parse_interval(rows[i].text, strlen(rows[i].text), rows[i].from, rows[i].to, &value);
    WR_CHECK(read == (rows[i].value != NONE) && value == rows[i].value, "'%s': %lld", rows[i].text,
             (long long)value);
  }
}

static void intervals_are_written(void)
{
  char text[WR_INTERVAL_CHARS + 1];
  text[wr_format_interval_month(14, text)] = '\0';
  CU_ASSERT_STRING_EQUAL(text, "+1-02");
  text[wr_format_interval_month(INT32_MIN, text)] = '\0';
  CU_ASSERT_STRING_EQUAL(text, "-178956970-08");
  text[wr_format_interval_second(WR_US_PER_DAY + 7384500000, text)] = '\0';
  CU_ASSERT_STRING_EQUAL(text, "+1 02:03:04.500");
  text[wr_format_interval_second(-1, text)] = '\0';
  CU_ASSERT_STRING_EQUAL(text, "-0 00:00:00.000001");
  text[wr_format_interval_second(INT64_MIN, text)] = '\0';
  CU_ASSERT_STRING_EQUAL(text, "-106751991 04:00:54.775808");
  static const struct row durations[] = {{"0 s", 0},
                                         {"5 s", 5000000},
                                         {"1 min", 60000000},
                                         {"90 s", 90000000},
                                         {"36 h", 129600000000},
                                         {"1 d", 86400000000},
                                         {"500 ms", 500000},
                                         {"7 us", 7},
                                         {"-2 h", -7200000000}};
  for (size_t i = 0; i < WR_COUNT(durations); i++) {
    text[wr_format_duration(durations[i].us, text)] = '\0';
    WR_CHECK(strcmp(text, durations[i].text) == 0, "%s: %s", durations[i].text, text);
  }
}

static const struct wr_test tests[] = {
    {"timestamps_are_read", timestamps_are_read},
    {"zones_are_read", zones_are_read},
    {"times_and_dates_are_read", times_and_dates_are_read},
    {"timestamps_are_written", timestamps_are_written},
    {"what_is_written_reads_back", what_is_written_reads_back},
    {"intervals_are_read", intervals_are_read},
    {"intervals_are_written", intervals_are_written},
    {NULL, NULL},
};

const struct wr_suite wr_suite_datetime = {"datetime", tests};
