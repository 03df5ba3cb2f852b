/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All readers of single values on the same bytes, without a final NUL behind them. What is read
 * must be written and read back as the same value. The first byte chooses parameters.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "text/datetime.h"
#include "text/decimal.h"
#include "text/number.h"
#include "text/pattern.h"
#include "text/regex.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

static void fuzz_numbers(const char *bytes, size_t length)
{
  char text[WR_DECIMAL_CHARS];
  int64_t integer, integer_back = 0;
  if (wr_parse_i64(bytes, length, &integer))
    demand(wr_parse_i64(text, wr_format_i64(integer, text), &integer_back) &&
           integer == integer_back);
  double number, number_back = 0;
  if (wr_parse_f64(bytes, length, &number)) {
    demand(wr_parse_f64(text, wr_format_f64(number, WR_FLOAT_PLAIN, text), &number_back));
    demand(number == number_back || isnan(number));
  }
  float small, small_back = 0;
  if (wr_parse_f32(bytes, length, &small)) {
    demand(wr_parse_f32(text, wr_format_f32(small, WR_FLOAT_PLAIN, text), &small_back));
    demand(small == small_back || isnan(small));
  }
}

static void fuzz_decimals(const char *bytes, size_t length, unsigned choice)
{
  char text[WR_DECIMAL_CHARS];
  unsigned precision = 1 + choice % WR_DECIMAL_DIGITS_MAX, scale = choice / 8 % (precision + 1);
  wr_i128 value, back = 0;
  if (wr_parse_decimal(bytes, length, precision, scale, &value)) {
    demand(wr_decimal_fits(value, precision));
    demand(wr_parse_decimal(text, wr_format_decimal(value, scale, text), precision, scale, &back));
    demand(value == back);
  }
  if (wr_parse_decimal_as_written(bytes, length, &value, &precision, &scale))
    demand(scale <= precision && precision <= WR_DECIMAL_DIGITS_MAX &&
           wr_decimal_fits(value, precision));
}

static void fuzz_times(const char *bytes, size_t length, unsigned choice)
{
  char text[WR_TIMESTAMP_CHARS];
  int64_t us, back = 0;
  int32_t days, days_back = 0;
  if (wr_parse_timestamp(bytes, length, &us)) {
    demand(wr_parse_timestamp(text, wr_format_timestamp(us, 6, WR_DATETIME_SQL, text), &back) &&
           us == back);
  }
  if (wr_parse_timestamp_ltz(bytes, length, 0, &us) && us >= INT64_C(-62135596800000000) &&
      us < INT64_C(253402300800000000)) {
    size_t written = wr_format_timestamp_ltz(us, 9, WR_DATETIME_ISO, text);
    demand(wr_parse_timestamp_ltz(text, written, 3600, &back) && us == back);
  }
  if (wr_parse_date(bytes, length, &days))
    demand(wr_parse_date(text, wr_format_date(days, text), &days_back) && days == days_back);
  if (wr_parse_time(bytes, length, &us))
    demand(wr_parse_time(text, wr_format_time(us, 6, text), &back) && us == back);
  enum wr_interval_field from = choice % 6, to = choice / 6 % 6;
  if (from <= to && (from <= WR_FIELD_MONTH) == (to <= WR_FIELD_MONTH) &&
      wr_parse_interval(bytes, length, from, to, &us)) {
    if (to <= WR_FIELD_MONTH)
      wr_format_interval_month((int32_t)us, text);
    else
      wr_format_interval_second(us, text);
    wr_format_duration(us, text);
  }
}

static void fuzz_characters(const char *bytes, size_t length)
{
  char *mapped = wr_memory_get(WR_UTF8_CASE_BYTES(length));
  size_t upper = wr_utf8_upper(bytes, length, mapped);
  demand(upper <= WR_UTF8_CASE_BYTES(length));
  if (wr_utf8_valid(bytes, length)) {
    demand(wr_utf8_valid(mapped, upper));
    demand(wr_utf8_offset(bytes, length, wr_utf8_count(bytes, length)) == length);
  }
  demand(wr_utf8_lower(bytes, length, mapped) <= WR_UTF8_CASE_BYTES(length));
  demand(wr_utf8_initcap(bytes, length, mapped) <= WR_UTF8_CASE_BYTES(length));
  wr_utf8_width(bytes, length);
  free(mapped);
}

/* The bytes up to the first line break are the pattern, the rest is the text. */
static void fuzz_pattern(const char *bytes, size_t length)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  const struct wr_pattern *pattern;
  const char *line = memchr(bytes, '\n', length);
  size_t pattern_length = line ? (size_t)(line - bytes) : length;
  if (!wr_pattern_new(&arena, bytes, pattern_length, '\\', &pattern, &err))
    wr_pattern_matches(pattern, bytes + pattern_length, length - pattern_length);
  wr_arena_free(&arena);
}

/* The same for a regular expression and for SIMILAR TO. */
static void fuzz_regex(const char *bytes, size_t length)
{
  const char *line = memchr(bytes, '\n', length);
  size_t pattern_length = line ? (size_t)(line - bytes) : length, at;
  for (int similar = 0; similar < 2; similar++) {
    struct wr_arena arena = {0};
    struct wr_error err;
    struct wr_regex_search search = {0};
    const struct wr_regex *regex;
    if (!(similar ? wr_regex_similar_new(&arena, bytes, pattern_length, '\\', &regex, &at, &err)
                  : wr_regex_new(&arena, bytes, pattern_length, &regex, &at, &err))) {
      if (wr_regex_begin(&search, regex, bytes + pattern_length, length - pattern_length))
        while (wr_regex_next(&search) == WR_REGEX_MATCH)
          demand(search.groups[0] <= search.groups[1] && search.groups[1] <= search.length);
    } else {
      demand(at <= pattern_length);
    }
    wr_regex_search_close(&search);
    wr_arena_free(&arena);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  unsigned choice = data[0];
  size_t length = size - 1;
  char *bytes = wr_memory_get(length); /* of exactly this size: reading on is seen */
  memcpy(bytes, data + 1, length);
  fuzz_numbers(bytes, length);
  fuzz_decimals(bytes, length, choice);
  fuzz_times(bytes, length, choice);
  fuzz_characters(bytes, length);
  fuzz_pattern(bytes, length);
  fuzz_regex(bytes, length);
  free(bytes);
  return 0;
}
