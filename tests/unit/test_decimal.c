/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals: no digit is lost or invented. */
#include "text/decimal.h"

#include <math.h>
#include <string.h>

#include "tests/unit/check.h"

static void texts_are_rounded_to_the_scale(void)
{
  static const struct {
    const char *text;
    unsigned precision, scale;
    const char *expected; /* NULL: refused */
  } rows[] = {
      {"1.5", 10, 2, "1.50"},
      {"-1.005", 10, 2, "-1.01"},
      {"1.004999999999999999999999999999999999999999", 10, 2, "1.00"},
      {"0.005", 10, 2, "0.01"},
      {"0.0049", 10, 2, "0.00"},
      {"-0.001", 10, 2, "0.00"},
      {"0.5", 10, 0, "1"},
      {"00012", 2, 0, "12"},
      {"99.99", 4, 2, "99.99"},
      {"99.995", 4, 2, NULL},
      {"100", 4, 2, NULL},
      {".5", 10, 1, "0.5"},
      {"5.", 10, 1, "5.0"},
      {"1e3", 10, 2, "1000.00"},
      {"1.25E-1", 10, 2, "0.13"},
      {"12345e-3", 10, 3, "12.345"},
      {"1e-50", 10, 2, "0.00"},
      {"9e-3", 10, 2, "0.01"},
      {"1e50", 38, 0, NULL},
      {"0e50", 38, 0, "0"},
      {"0e999999999", 38, 10, "0.0000000000"},
      {"1e-999999999", 38, 10, "0.0000000000"},
      {"99999999999999999999999999999999999999", 38, 0, "99999999999999999999999999999999999999"},
      {"-99999999999999999999999999999999999999", 38, 0, "-99999999999999999999999999999999999999"},
      {"99999999999999999999999999999999999999.5", 38, 0, NULL},
      {"100000000000000000000000000000000000000", 38, 0, NULL},
      {"0.12345678901234567890123456789012345678", 38, 38,
       "0.12345678901234567890123456789012345678"},
      {"1234567890123456789.25", 21, 2, "1234567890123456789.25"},
      {"", 10, 2, NULL},
      {".", 10, 2, NULL},
      {"-", 10, 2, NULL},
      {"1.2.3", 10, 2, NULL},
      {"1e", 10, 2, NULL},
      {"e1", 10, 2, NULL},
      {"abc", 10, 2, NULL},
      {"1 ", 10, 2, NULL},
      {"NaN", 10, 2, NULL},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    wr_i128 value = 0;
    char text[WR_DECIMAL_CHARS + 1];
    bool read = wr_parse_decimal(rows[i].text, strlen(rows[i].text), rows[i].precision,
                                 rows[i].scale, &value);
    WR_CHECK(read == (rows[i].expected != NULL), "'%s'", rows[i].text);
    if (!read || !rows[i].expected)
      continue;
    text[wr_format_decimal(value, rows[i].scale, text)] = '\0';
    WR_CHECK(strcmp(text, rows[i].expected) == 0, "'%s': %s", rows[i].text, text);
  }
}

static void texts_have_a_type_of_their_own(void)
{
  static const struct {
    const char *text;
    int64_t value;
    unsigned precision, scale;
  } rows[] = {{"1.50", 150, 3, 2}, {"0.05", 5, 2, 2},  {"0", 0, 1, 0},        {"00.0", 0, 1, 1},
              {"120", 120, 3, 0},  {"1e2", 100, 3, 0}, {"1.25e1", 125, 3, 1}, {"-7", -7, 1, 0}};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    wr_i128 value = 0;
    unsigned precision = 0, scale = 0;
    WR_CHECK(
        wr_parse_decimal_as_written(rows[i].text, strlen(rows[i].text), &value, &precision, &scale),
        "%s", rows[i].text);
    WR_CHECK(value == rows[i].value && precision == rows[i].precision && scale == rows[i].scale,
             "%s: (%u,%u)", rows[i].text, precision, scale);
  }
  wr_i128 value;
  unsigned precision, scale;
  static const char long_text[] = "0.123456789012345678901234567890123456789";
  CU_ASSERT_FALSE(
      wr_parse_decimal_as_written(long_text, sizeof long_text - 1, &value, &precision, &scale));
}

static void rescaling_rounds_half_away_from_zero(void)
{
  static const struct {
    int64_t value;
    unsigned scale, scale_to, precision_to;
    bool fits;
    int64_t expected;
  } rows[] = {
      {125, 2, 1, 10, true, 13},   {-125, 2, 1, 10, true, -13}, {124, 2, 1, 10, true, 12},
      {15, 0, 3, 10, true, 15000}, {999, 2, 1, 2, false, 0},    {999, 2, 2, 3, true, 999},
      {1000, 2, 2, 3, false, 0},   {4, 1, 0, 1, true, 0},       {INT64_MAX, 0, 20, 38, false, 0},
      {-5, 1, 0, 5, true, -1},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    wr_i128 out = 0;
    bool fits = wr_decimal_rescale(rows[i].value, rows[i].scale, rows[i].scale_to,
                                   rows[i].precision_to, &out);
    WR_CHECK(fits == rows[i].fits && (!fits || out == rows[i].expected), "row %zu", i);
  }
}

static void division_rounds(void)
{
  static const struct {
    int numerator, denominator, quotient;
  } rows[] = {{7, 2, 4}, {-7, 2, -4}, {7, -2, -4}, {-7, -2, 4},
              {1, 3, 0}, {2, 3, 1},   {6, 3, 2},   {0, 5, 0}};
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    WR_CHECK(wr_decimal_divide_rounded(rows[i].numerator, rows[i].denominator) == rows[i].quotient,
             "row %zu", i);
}

static void powers_are_powers(void)
{
  wr_i128 power = 1;
  for (unsigned i = 0; i <= WR_DECIMAL_DIGITS_MAX; i++) {
    WR_CHECK(wr_power_of_ten(i) == power, "10^%u", i);
    WR_CHECK(i > 18 || wr_powers_of_ten_i64[i] == (int64_t)power, "10^%u", i);
    WR_CHECK(i == 0 || (wr_decimal_fits(power - 1, i) && !wr_decimal_fits(power, i)), "10^%u", i);
    if (i < WR_DECIMAL_DIGITS_MAX)
      power *= 10;
  }
}

static void doubles_and_back(void)
{
  CU_ASSERT_EQUAL(wr_decimal_to_f64(15, 1), 1.5);
  CU_ASSERT_EQUAL(wr_decimal_to_f64(wr_power_of_ten(38) - 1, 0), 1e38);
  CU_ASSERT_EQUAL(wr_decimal_to_f64(-(wr_power_of_ten(30) / 3), 20), -3333333333.3333333333);
  wr_i128 value;
  CU_ASSERT(wr_decimal_from_f64(1.005, 10, 2, &value) && value == 101);
  CU_ASSERT(wr_decimal_from_f64(-1e20, 38, 3, &value) && value == -wr_power_of_ten(23));
  CU_ASSERT_FALSE(wr_decimal_from_f64(NAN, 10, 2, &value));
  CU_ASSERT_FALSE(wr_decimal_from_f64(INFINITY, 10, 2, &value));
  CU_ASSERT_FALSE(wr_decimal_from_f64(1e10, 10, 2, &value));
}

static const struct wr_test tests[] = {
    {"texts_are_rounded_to_the_scale", texts_are_rounded_to_the_scale},
    {"texts_have_a_type_of_their_own", texts_have_a_type_of_their_own},
    {"rescaling_rounds_half_away_from_zero", rescaling_rounds_half_away_from_zero},
    {"division_rounds", division_rounds},
    {"powers_are_powers", powers_are_powers},
    {"doubles_and_back", doubles_and_back},
    {NULL, NULL},
};

const struct wr_suite wr_suite_decimal = {"decimal", tests};
