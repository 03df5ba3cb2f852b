/* SPDX-License-Identifier: Apache-2.0 */
/* Exact decimals. Everything is integer arithmetic with checks before it could overflow. */
#include "text/decimal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "text/number.h"

#define DECIMAL_EXPONENT_MAX 100000 /* beyond, all results are 0 or too large */

const int64_t wr_powers_of_ten_i64[19] = {
    INT64_C(1),
    INT64_C(10),
    INT64_C(100),
    INT64_C(1000),
    INT64_C(10000),
    INT64_C(100000),
    INT64_C(1000000),
    INT64_C(10000000),
    INT64_C(100000000),
    INT64_C(1000000000),
    INT64_C(10000000000),
    INT64_C(100000000000),
    INT64_C(1000000000000),
    INT64_C(10000000000000),
    INT64_C(100000000000000),
    INT64_C(1000000000000000),
    INT64_C(10000000000000000),
    INT64_C(100000000000000000),
    INT64_C(1000000000000000000),
};

wr_i128 wr_power_of_ten(unsigned exponent)
{
  assert(exponent <= WR_DECIMAL_DIGITS_MAX);
  wr_i128 power = 1;
  for (; exponent > 18; exponent -= 18)
    power *= wr_powers_of_ten_i64[18];
  return power * wr_powers_of_ten_i64[exponent];
}

bool wr_decimal_fits(wr_i128 value, unsigned precision)
{
  wr_i128 limit = wr_power_of_ten(precision);
  return value < limit && value > -limit;
}

/* ---- reading */

/* Where the parts of a decimal text are. The value is the digits, with the point behind the first
 * whole_count, times 10^exponent. */
struct decimal_text {
  bool negative;
  const char *digits; /* digits and at most one point */
  size_t length;      /* of digits, the point included */
  size_t whole_count; /* digits in front of the point */
  size_t digit_count; /* digits without the point */
  int exponent;
};

static bool decimal_exponent(const char *at, const char *end, int *exponent)
{
  bool minus = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+'))
    at++;
  if (at == end)
    return false;
  int value = 0;
  for (; at < end; at++) {
    if ((unsigned char)(*at - '0') > 9)
      return false;
    if (value < DECIMAL_EXPONENT_MAX)
      value = value * 10 + (*at - '0');
  }
  *exponent = minus ? -value : value;
  return true;
}

static bool decimal_scan(const char *bytes, size_t length, struct decimal_text *text)
{
  const char *at = bytes, *end = bytes + length;
  if (length > WR_DIGITS_MAX)
    return false;
  *text = (struct decimal_text){.negative = at < end && *at == '-'};
  if (at < end && (*at == '-' || *at == '+'))
    at++;
  text->digits = at;
  while (at < end && (unsigned char)(*at - '0') <= 9)
    at++;
  text->whole_count = text->digit_count = (size_t)(at - text->digits);
  if (at < end && *at == '.') {
    const char *fraction = ++at;
    while (at < end && (unsigned char)(*at - '0') <= 9)
      at++;
    text->digit_count += (size_t)(at - fraction);
  }
  text->length = (size_t)(at - text->digits);
  if (text->digit_count == 0)
    return false;
  if (at == end)
    return true;
  return (*at == 'e' || *at == 'E') && decimal_exponent(at + 1, end, &text->exponent);
}

static char decimal_digit(const struct decimal_text *text, size_t i)
{
  return text->digits[i < text->whole_count ? i : i + 1];
}

/* The first `kept` digits as a number, more zeros behind them if there are not so many. False
 * beyond 38 digits. */
static bool decimal_value(const struct decimal_text *text, int64_t kept, wr_i128 *value)
{
  size_t count = kept < (int64_t)text->digit_count ? (size_t)kept : text->digit_count;
  size_t i = 0;
  while (i < count && decimal_digit(text, i) == '0')
    i++;
  if (count - i > WR_DECIMAL_DIGITS_MAX)
    return false;
  unsigned significant = (unsigned)(count - i);
  uint64_t head = 0; /* up to 18 digits in the small type */
  for (size_t stop = i + (significant < 18 ? significant : 18); i < stop; i++)
    head = head * 10 + (uint64_t)(decimal_digit(text, i) - '0');
  wr_i128 number = head;
  for (; i < count; i++)
    number = number * 10 + (decimal_digit(text, i) - '0');
  int64_t zeros = kept - (int64_t)count;
  if (number != 0 && zeros > 0) {
    if (significant + zeros > WR_DECIMAL_DIGITS_MAX)
      return false;
    number *= wr_power_of_ten((unsigned)zeros);
  }
  *value = number;
  return true;
}

bool wr_parse_decimal(const char *bytes, size_t length, unsigned precision, unsigned scale,
                      wr_i128 *value)
{
  assert(precision >= 1 && precision <= WR_DECIMAL_DIGITS_MAX && scale <= precision);
  struct decimal_text text;
  if (!decimal_scan(bytes, length, &text))
    return false;
  int64_t kept =
      (int64_t)text.whole_count + text.exponent + scale; /* digits that are not behind the scale */
  wr_i128 number = 0;
  if (kept >= 0 && !decimal_value(&text, kept, &number))
    return false;
  if (kept >= 0 && kept < (int64_t)text.digit_count)
    number += decimal_digit(&text, (size_t)kept) >= '5';
  if (!wr_decimal_fits(number, precision))
    return false;
  *value = text.negative ? -number : number;
  return true;
}

bool wr_parse_decimal_as_written(const char *bytes, size_t length, wr_i128 *value,
                                 unsigned *precision, unsigned *scale)
{
  struct decimal_text text;
  if (!decimal_scan(bytes, length, &text))
    return false;
  int64_t places = (int64_t)(text.digit_count - text.whole_count) - text.exponent;
  if (places < 0)
    places = 0;
  wr_i128 number;
  if (places > WR_DECIMAL_DIGITS_MAX ||
      !decimal_value(&text, (int64_t)text.whole_count + text.exponent + places, &number))
    return false;
  unsigned digits = 1;
  while (digits < WR_DECIMAL_DIGITS_MAX && !wr_decimal_fits(number, digits))
    digits++;
  *value = text.negative ? -number : number;
  *scale = (unsigned)places;
  *precision = digits > *scale ? digits : *scale;
  if (*precision == 0)
    *precision = 1;
  return true;
}

/* ---- writing */

size_t wr_format_decimal(wr_i128 value, unsigned scale, char *out)
{
  assert(scale <= WR_DECIMAL_DIGITS_MAX);
  char digits[WR_I128_CHARS];
  size_t sign = value < 0;
  bool small = value > INT64_MIN && value <= INT64_MAX;
  size_t count = small ? wr_format_i64((int64_t)(sign ? -value : value), digits)
                       : wr_format_i128(sign ? -value : value, digits);
  char *at = out;
  if (sign)
    *at++ = '-';
  size_t whole = count > scale ? count - scale : 0;
  if (whole == 0)
    *at++ = '0';
  memcpy(at, digits, whole);
  at += whole;
  if (scale == 0)
    return (size_t)(at - out);
  *at++ = '.';
  for (size_t i = count; i < scale; i++)
    *at++ = '0';
  memcpy(at, digits + whole, count - whole);
  return (size_t)(at - out) + count - whole;
}

/* ---- arithmetic */

wr_i128 wr_decimal_divide_rounded(wr_i128 numerator, wr_i128 denominator)
{
  assert(denominator != 0);
  wr_i128 quotient = numerator / denominator, rest = numerator % denominator;
  if (rest == 0)
    return quotient;
  wr_i128 rest_amount = rest < 0 ? -rest : rest,
          amount = denominator < 0 ? -denominator : denominator;
  if (rest_amount >= amount - rest_amount)
    quotient += (numerator < 0) == (denominator < 0) ? 1 : -1;
  return quotient;
}

bool wr_decimal_rescale(wr_i128 value, unsigned scale, unsigned scale_to, unsigned precision_to,
                        wr_i128 *out)
{
  assert(scale <= WR_DECIMAL_DIGITS_MAX && scale_to <= precision_to &&
         precision_to <= WR_DECIMAL_DIGITS_MAX);
  wr_i128 result;
  if (scale_to <= scale) {
    result = scale_to == scale
                 ? value
                 : wr_decimal_divide_rounded(value, wr_power_of_ten(scale - scale_to));
  } else if (__builtin_mul_overflow(value, wr_power_of_ten(scale_to - scale), &result)) {
    return false;
  }
  if (!wr_decimal_fits(result, precision_to))
    return false;
  *out = result;
  return true;
}

/* ---- floating numbers */

double wr_decimal_to_f64(wr_i128 value, unsigned scale)
{
  const wr_i128 exact = (wr_i128)1 << 53;
  if (value <= exact && value >= -exact && scale <= 18) /* both sides exact: one rounding */
    return (double)(int64_t)value / (double)wr_powers_of_ten_i64[scale];
  char text[WR_DECIMAL_CHARS];
  double number = 0;
  bool read = wr_parse_f64(text, wr_format_decimal(value, scale, text), &number);
  assert(read);
  (void)read;
  return number;
}

bool wr_decimal_from_f64(double number, unsigned precision, unsigned scale, wr_i128 *value)
{
  char text[WR_F64_CHARS];
  if (!isfinite(number))
    return false;
  return wr_parse_decimal(text, wr_format_f64(number, WR_FLOAT_PLAIN, text), precision, scale,
                          value);
}
