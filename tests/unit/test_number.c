/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers: limits, exact rounding, shortest texts. */
#include "text/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

static void integers_are_read(void)
{
  static const struct {
    const char *text;
    unsigned bits;
    bool fits;
    int64_t value;
  } rows[] = {
      {"0", 64, true, 0},
      {"-0", 64, true, 0},
      {"+7", 64, true, 7},
      {"007", 8, true, 7},
      {"127", 8, true, 127},
      {"128", 8, false, 0},
      {"-128", 8, true, -128},
      {"-129", 8, false, 0},
      {"32767", 16, true, 32767},
      {"-32769", 16, false, 0},
      {"2147483647", 32, true, 2147483647},
      {"2147483648", 32, false, 0},
      {"-2147483648", 32, true, INT32_MIN},
      {"9223372036854775807", 64, true, INT64_MAX},
      {"9223372036854775808", 64, false, 0},
      {"-9223372036854775808", 64, true, INT64_MIN},
      {"-9223372036854775809", 64, false, 0},
      {"00000000000000000000000000000000001", 64, true, 1},
      {"18446744073709551616", 64, false, 0},
      {"99999999999999999999999999", 64, false, 0},
      {"", 64, false, 0},
      {"-", 64, false, 0},
      {"1 ", 64, false, 0},
      {" 1", 64, false, 0},
      {"1.0", 64, false, 0},
      {"0x10", 64, false, 0},
      {"1234567890123456789a", 64, false, 0},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    int64_t value = 12345;
    bool fits = wr_parse_integer(rows[i].text, strlen(rows[i].text), rows[i].bits, &value);
    WR_CHECK(fits == rows[i].fits, "'%s' in %u bits", rows[i].text, rows[i].bits);
    WR_CHECK(value == (fits ? rows[i].value : 12345), "'%s' in %u bits", rows[i].text,
             rows[i].bits);
  }
}

static void integers_are_written(void)
{
  static const int64_t values[] = {0,  9,   10,      99,       100,       12345,
                                   -1, -10, 1000000, 99999999, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < WR_COUNT(values); i++) {
    char text[WR_I64_CHARS + 1], expected[32];
    text[wr_format_i64(values[i], text)] = '\0';
    snprintf(expected, sizeof expected, "%lld", (long long)values[i]);
    WR_CHECK(strcmp(text, expected) == 0, "%s: %s", expected, text);
  }
}

static void wide_integers_are_written(void)
{
  wr_i128 most = (wr_i128)(~(unsigned __int128)0 >> 1);
  const struct {
    wr_i128 value;
    const char *text;
  } rows[] = {
      {0, "0"},
      {-1, "-1"},
      {INT64_MIN, "-9223372036854775808"},
      {(wr_i128)1000000000000000000, "1000000000000000000"},
      {(wr_i128)1000000000000000000 * 1000000000000000000, "1000000000000000000000000000000000000"},
      {most, "170141183460469231731687303715884105727"},
      {-most - 1, "-170141183460469231731687303715884105728"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    char text[WR_I128_CHARS + 1];
    text[wr_format_i128(rows[i].value, text)] = '\0';
    WR_CHECK(strcmp(text, rows[i].text) == 0, "%s: %s", rows[i].text, text);
  }
}

static void doubles_are_read_like_the_c_library(void)
{
  static const char *const texts[] = {
      "0",
      "-0.0",
      "1",
      "1.5",
      ".5",
      "5.",
      "1e3",
      "1E-3",
      "+2.5e+2",
      "123456789012345678901234567890",
      "9007199254740993",
      "9007199254740993.0000000000000000001",
      "1e22",
      "1e23",
      "8.5e-20",
      "1e-324",
      "4.9e-324",
      "1e308",
      "1.8e308",
      "1e400",
      "1e-400",
      "0e999999",
      "2.2250738585072011e-308",
      "0.1",
      "0.30000000000000004",
      "100000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001",
      "0.000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001234567",
      "3.141592653589793238462643383279502884",
      "12345678901234567890e-5",
      "1e99999999999",
      "1e-99999999999"};
  for (size_t i = 0; i < WR_COUNT(texts); i++) {
    double value = 0;
    float small = 0;
    WR_CHECK(wr_parse_f64(texts[i], strlen(texts[i]), &value), "%s", texts[i]);
    WR_CHECK(value == strtod(texts[i], NULL), "%s: %.17g", texts[i], value);
    WR_CHECK(wr_parse_f32(texts[i], strlen(texts[i]), &small), "%s", texts[i]);
    WR_CHECK(small == strtof(texts[i], NULL), "%s: %.9g", texts[i], (double)small);
  }
  static const char *const wrong[] = {"",      "-",     ".",       "e5",   "1e",
                                      "1e+",   "1.2.3", "1,5",     " 1",   "1 ",
                                      "0x1p3", "nanx",  "infinit", "1e5x", "--1"};
  for (size_t i = 0; i < WR_COUNT(wrong); i++) {
    double value = 7;
    WR_CHECK(!wr_parse_f64(wrong[i], strlen(wrong[i]), &value) && value == 7, "'%s'", wrong[i]);
  }
}

static void words_are_numbers_too(void)
{
  double value;
  CU_ASSERT(wr_parse_f64("NaN", 3, &value) && isnan(value));
  CU_ASSERT(wr_parse_f64("-Infinity", 9, &value) && value == -INFINITY);
  CU_ASSERT(wr_parse_f64("+inf", 4, &value) && value == INFINITY);
}

static void check_shortest(double value, const char *expected)
{
  char text[WR_F64_CHARS + 1];
  text[wr_format_f64(value, WR_FLOAT_PLAIN, text)] = '\0';
  WR_CHECK(strcmp(text, expected) == 0, "%s: %s", expected, text);
}

static void doubles_are_written_as_short_as_can_be(void)
{
  static const struct {
    double value;
    const char *text;
  } rows[] = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {-2.0, "-2.0"},
      {0.1, "0.1"},
      {0.25, "0.25"},
      {100.0, "100.0"},
      {1234567.0, "1234567.0"},
      {9999999.0, "9999999.0"},
      {1e7, "1.0E7"},
      {12345678.9, "1.23456789E7"},
      {0.001, "0.001"},
      {0.0009, "9.0E-4"},
      {1.5e-7, "1.5E-7"},
      {1e22, "1.0E22"},
      {1e23, "1.0E23"},
      {0.30000000000000004, "0.30000000000000004"},
      {100.0 / 3, "33.333333333333336"},
      {2.0 / 3, "0.6666666666666666"},
      {9007199254740991.0, "9.007199254740991E15"},
      {9007199254740992.0, "9.007199254740992E15"},
      {5e-324, "5.0E-324"},
      {1.7976931348623157e308, "1.7976931348623157E308"},
      {123456.789, "123456.789"},
      {2.2250738585072014e-308, "2.2250738585072014E-308"},
      {0.5, "0.5"},
      {4.35, "4.35"},
      {1e-20, "1.0E-20"},
      {999999.9999999999, "999999.9999999999"},
      {9.5367431640625e-7, "9.5367431640625E-7"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    check_shortest(rows[i].value, rows[i].text);
  check_shortest(INFINITY, "Infinity");
  check_shortest(-INFINITY, "-Infinity");
  check_shortest(NAN, "NaN");
  char text[WR_F64_CHARS];
  CU_ASSERT_EQUAL(wr_format_f64(NAN, WR_FLOAT_JSON, text), 4);
  CU_ASSERT_NSTRING_EQUAL(text, "null", 4);
}

static void floats_are_written_as_short_as_can_be(void)
{
  static const struct {
    float value;
    const char *text;
  } rows[] = {{0.1f, "0.1"},
              {3.4028235e38f, "3.4028235E38"},
              {1e-45f, "1.0E-45"},
              {16777216.0f, "1.6777216E7"},
              {1.17549435e-38f, "1.1754944E-38"},
              {0.3f, "0.3"},
              {33.333332f, "33.333332"},
              {2.0f, "2.0"}};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    char text[WR_F64_CHARS + 1];
    text[wr_format_f32(rows[i].value, WR_FLOAT_PLAIN, text)] = '\0';
    WR_CHECK(strcmp(text, rows[i].text) == 0, "%s: %s", rows[i].text, text);
  }
}

/* Digits of a text without sign, point, exponent and zeros at either end. */
static int significant_digits(const char *text)
{
  int count = 0, zeros = 0;
  for (; *text && *text != 'E' && *text != 'e'; text++) {
    if (*text < '0' || *text > '9' || (*text == '0' && count == 0))
      continue;
    count++;
    zeros = *text == '0' ? zeros + 1 : 0;
  }
  return count - zeros;
}

static void texts_read_back_as_the_same_number(void)
{
  uint64_t random = 88172645463325252; /* xorshift */
  for (int i = 0; i < 20000; i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    double value;
    uint64_t bits = random;
    if (i % 4) /* mostly from 1E-20 to 1E20 */
      bits = (random & UINT64_C(0x800FFFFFFFFFFFFF)) | (uint64_t)(1023 - 66 + random % 132) << 52;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value))
      continue;
    char text[WR_F64_CHARS + 1], library[40];
    text[wr_format_f64(value, WR_FLOAT_PLAIN, text)] = '\0';
    int digits = 1;
    do
      snprintf(library, sizeof library, "%.*e", digits - 1, value);
    while (strtod(library, NULL) != value && digits++ < 17);
    double back = 0;
    WR_CHECK(strtod(text, NULL) == value, "%a: %s", value, text);
    WR_CHECK(wr_parse_f64(text, strlen(text), &back) && back == value, "%a: %s", value, text);
    WR_CHECK(significant_digits(text) <= significant_digits(library), "%a: %s, %s", value, text,
             library);
    float small = (float)value;
    if (!isfinite(small))
      continue;
    text[wr_format_f32(small, WR_FLOAT_PLAIN, text)] = '\0';
    WR_CHECK(strtof(text, NULL) == small, "%a: %s", (double)small, text);
  }
}

static const struct wr_test tests[] = {
    {"integers_are_read", integers_are_read},
    {"integers_are_written", integers_are_written},
    {"wide_integers_are_written", wide_integers_are_written},
    {"doubles_are_read_like_the_c_library", doubles_are_read_like_the_c_library},
    {"words_are_numbers_too", words_are_numbers_too},
    {"doubles_are_written_as_short_as_can_be", doubles_are_written_as_short_as_can_be},
    {"floats_are_written_as_short_as_can_be", floats_are_written_as_short_as_can_be},
    {"texts_read_back_as_the_same_number", texts_read_back_as_the_same_number},
    {NULL, NULL},
};

const struct wr_suite wr_suite_number = {"number", tests};
