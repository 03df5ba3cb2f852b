/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and text. Integers are read digit by digit and written two digits at a time.
 *
 * Reading a double: up to 19 digits with a small exponent are one exact integer and one exact power
 * of ten, whose product or quotient IEEE 754 rounds correctly (W. Clinger, "How to read floating
 * point numbers accurately", 1990). The rest goes to the C library, in its "C" locale.
 *
 * Writing a double: digits are generated from the exact binary fraction until what has been written
 * lies nearer to the number than to its neighbours (G. Steele and J. White, "How to print
 * floating-point numbers accurately", 1990). All values from 2e-21 to 9e15 fit 128 bits, so no big
 * integers are needed. The rest, rare in data, takes the shortest of the C library's forms that
 * reads back as the same number.
 */
#include "text/number.h"

#include <assert.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef unsigned __int128 number_u128; /* as wr_i128: the compiler's name is not a word */

const char wr_digit_pairs[201] = "00010203040506070809"
                                 "10111213141516171819"
                                 "20212223242526272829"
                                 "30313233343536373839"
                                 "40414243444546474849"
                                 "50515253545556575859"
                                 "60616263646566676869"
                                 "70717273747576777879"
                                 "80818283848586878889"
                                 "90919293949596979899";

static inline bool char_is_digit(char c)
{
  return (unsigned char)(c - '0') < 10;
}

/* ---- reading integers */

bool wr_parse_i64(const char *bytes, size_t length, int64_t *value)
{
  const char *at = bytes, *end = bytes + length;
  bool negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+'))
    at++;
  if (at == end || length > WR_DIGITS_MAX)
    return false;
  uint64_t number = 0;
  if (end - at <= 18) { /* cannot overflow */
    for (; at < end; at++) {
      if (!char_is_digit(*at))
        return false;
      number = number * 10 + (uint64_t)(*at - '0');
    }
  } else {
    for (; at < end; at++) {
      if (!char_is_digit(*at) || __builtin_mul_overflow(number, 10, &number) ||
          __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
        return false;
    }
    if (number > (uint64_t)INT64_MAX + negative)
      return false;
  }
  *value = (int64_t)(negative ? -number : number);
  return true;
}

bool wr_parse_integer(const char *bytes, size_t length, unsigned bits, int64_t *value)
{
  assert(bits == 8 || bits == 16 || bits == 32 || bits == 64);
  int64_t number, limit = INT64_MAX >> (64 - bits);
  if (!wr_parse_i64(bytes, length, &number) || number > limit || number < -limit - 1)
    return false;
  *value = number;
  return true;
}

/* ---- reading floating numbers */

/* What a number text consists of. */
struct number_parts {
  bool negative, exact; /* exact: no digit of the mantissa was left out */
  uint64_t mantissa;    /* the first 19 significant digits */
  int exponent;         /* times 10^exponent */
};

/* False if the text is not [+-] digits [. digits] [e [+-] digits] with at least one digit before
 * the exponent. */
static bool number_scan(const char *at, const char *end, struct number_parts *parts)
{
  *parts = (struct number_parts){.exact = true};
  parts->negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+'))
    at++;
  unsigned digits = 0; /* significant ones in the mantissa */
  bool any = false, behind_point = false;
  for (; at < end; at++) {
    if (*at == '.' && !behind_point) {
      behind_point = true;
      continue;
    }
    if (!char_is_digit(*at))
      break;
    any = true;
    if (digits < 19) {
      parts->mantissa = parts->mantissa * 10 + (uint64_t)(*at - '0');
      digits += parts->mantissa != 0;
      parts->exponent -= behind_point;
    } else {
      parts->exact = parts->exact && *at == '0';
      parts->exponent += !behind_point;
    }
  }
  if (!any)
    return false;
  if (at == end)
    return true;
  if (*at != 'e' && *at != 'E')
    return false;
  at++;
  bool minus = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+'))
    at++;
  if (at == end)
    return false;
  int exponent = 0;
  for (; at < end; at++) {
    if (!char_is_digit(*at))
      return false;
    if (exponent < 100000)
      exponent = exponent * 10 + (*at - '0');
  }
  parts->exponent += minus ? -exponent : exponent;
  return true;
}

/* NaN and infinities by name. */
static bool number_word(const char *at, const char *end, double *value)
{
  bool negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+'))
    at++;
  size_t length = (size_t)(end - at);
  if (length == 3 && strncasecmp(at, "nan", 3) == 0)
    *value = NAN;
  else if ((length == 3 && strncasecmp(at, "inf", 3) == 0) ||
           (length == 8 && strncasecmp(at, "infinity", 8) == 0))
    *value = negative ? -INFINITY : INFINITY;
  else
    return false;
  return true;
}

/* 10^0 to 10^22 are exact doubles. */
static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Lets the C library read a text that number_scan has accepted. single: round once, to a float. */
static double number_read_slowly(const char *bytes, size_t length, bool single)
{
  char text[WR_DIGITS_MAX + 1];
  assert(length <= WR_DIGITS_MAX);
  memcpy(text, bytes, length);
  text[length] = '\0';
  locale_t plain =
      newlocale(LC_ALL_MASK, "C", (locale_t)0); /* static in glibc and musl: costs nothing */
  double value = single ? (double)strtof_l(text, NULL, plain) : strtod_l(text, NULL, plain);
  freelocale(plain);
  return value;
}

bool wr_parse_f64(const char *bytes, size_t length, double *value)
{
  struct number_parts parts;
  if (length > WR_DIGITS_MAX)
    return false;
  if (!number_scan(bytes, bytes + length, &parts))
    return number_word(bytes, bytes + length, value);
  if (!parts.exact || parts.mantissa > UINT64_C(1) << 53 || parts.exponent < -22 ||
      parts.exponent > 22) {
    *value = number_read_slowly(bytes, length, false);
    return true;
  }
  double number = (double)parts.mantissa;
  number = parts.exponent < 0 ? number / exact_powers[-parts.exponent]
                              : number * exact_powers[parts.exponent];
  *value = parts.negative ? -number : number;
  return true;
}

bool wr_parse_f32(const char *bytes, size_t length, float *value)
{
  struct number_parts parts;
  double number;
  if (length > WR_DIGITS_MAX)
    return false;
  if (!number_scan(bytes, bytes + length, &parts)) {
    if (!number_word(bytes, bytes + length, &number))
      return false;
    *value = (float)number;
    return true;
  }
  if (!parts.exact || parts.mantissa > 1u << 24 || parts.exponent < -10 || parts.exponent > 10) {
    *value = (float)number_read_slowly(bytes, length, true);
    return true;
  }
  /* Powers up to 10^10 are exact floats too, so that a single rounding is right. */
  float power = (float)exact_powers[parts.exponent < 0 ? -parts.exponent : parts.exponent];
  float small = parts.exponent < 0 ? (float)parts.mantissa / power : (float)parts.mantissa * power;
  *value = parts.negative ? -small : small;
  return true;
}

/* ---- writing integers */

static unsigned digits_count(uint64_t value)
{
  unsigned count = 1;
  for (;;) {
    if (value < 10)
      return count;
    if (value < 100)
      return count + 1;
    if (value < 1000)
      return count + 2;
    if (value < 10000)
      return count + 3;
    value /= 10000;
    count += 4;
  }
}

/* Writes exactly `count` digits. */
static void digits_write(uint64_t value, unsigned count, char *out)
{
  char *at = out + count;
  while (at - out >= 2) {
    at -= 2;
    memcpy(at, wr_digit_pairs + value % 100 * 2, 2);
    value /= 100;
  }
  if (at > out)
    *out = (char)('0' + value % 10);
}

size_t wr_format_u64(uint64_t value, char *out)
{
  unsigned count = digits_count(value);
  digits_write(value, count, out);
  return count;
}

size_t wr_format_i64(int64_t value, char *out)
{
  if (value >= 0)
    return wr_format_u64((uint64_t)value, out);
  *out = '-';
  return 1 + wr_format_u64(-(uint64_t)value, out + 1);
}

size_t wr_format_i128(wr_i128 value, char *out)
{
  const uint64_t chunk = UINT64_C(1000000000000000000);
  number_u128 rest = value < 0 ? -(number_u128)value : (number_u128)value;
  size_t length = value < 0;
  if (value < 0)
    *out = '-';
  uint64_t low = (uint64_t)(rest % chunk), middle = (uint64_t)(rest / chunk % chunk),
           high = (uint64_t)(rest / chunk / chunk);
  if (high) {
    length += wr_format_u64(high, out + length);
    digits_write(middle, 18, out + length);
    length += 18;
  } else if (middle) {
    length += wr_format_u64(middle, out + length);
  } else {
    return length + wr_format_u64(low, out + length);
  }
  digits_write(low, 18, out + length);
  return length + 18;
}

/* ---- writing floating numbers */

/* 0.d1d2d3... * 10^exponent, d1 not 0. */
struct shortest {
  char digits[32];
  int count, exponent;
};

/* Takes zeros away at the end; at least one digit stays. */
static void shortest_strip(struct shortest *out)
{
  while (out->count > 1 && out->digits[out->count - 1] == '0')
    out->count--;
}

static void shortest_add(struct shortest *out, unsigned digit)
{
  assert(digit <= 9);
  if (out->count == 0 && digit == 0) {
    out->exponent--;
    return;
  }
  assert(out->count < (int)sizeof out->digits);
  out->digits[out->count++] = (char)('0' + digit);
}

/*
 * mantissa / 2^shift, not a whole number, shift 1 to 122. All amounts are in units of 2^-(shift +
 * 2): there the distance to the middle between neighbouring numbers is 2, or 1 below a power of
 * two.
 */
static void shortest_fraction(uint64_t mantissa, unsigned shift, bool power_of_two,
                              struct shortest *out)
{
  assert(shift >= 1 && shift <= 122);
  const unsigned scale = shift + 2;
  const number_u128 one = (number_u128)1 << scale, mask = one - 1;
  number_u128 rest = ((number_u128)mantissa << 2) & mask;
  number_u128 above = 2;
  uint64_t whole = shift < 64 ? mantissa >> shift : 0;
  bool even = (mantissa & 1) == 0; /* then a text exactly in the middle is read as this number */
  *out = (struct shortest){0};
  if (whole) {
    out->count = (int)wr_format_u64(whole, out->digits);
    out->exponent = out->count;
  }
  for (;;) {
    rest *= 10;
    above *= 10;
    number_u128 below = power_of_two ? above / 2 : above;
    unsigned digit = (unsigned)(rest >> scale);
    rest &= mask;
    bool low = even ? rest <= below : rest < below;
    bool high = even ? rest + above >= one : rest + above > one;
    if (!low && !high) {
      shortest_add(out, digit);
      continue;
    }
    bool up = high && (!low || rest * 2 >= one);
    shortest_add(out, digit + up);
    return;
  }
}

/* Text of the C library, at the first precision that reads back; numbers below the normal range
 * have few bits and may need a single digit. */
static void shortest_slowly(double value, bool single, struct shortest *out)
{
  char text[40];
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = uselocale(plain);
  bool has_all_bits = value >= (single ? FLT_MIN : DBL_MIN);
  for (int digits = !has_all_bits ? 1 : single ? FLT_DIG : DBL_DIG;; digits++) {
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    if (single ? (double)strtof(text, NULL) == value : strtod(text, NULL) == value)
      break;
    assert(digits < DBL_DECIMAL_DIG);
  }
  uselocale(before);
  freelocale(plain);
  char *exponent = strchr(text, 'e');
  *out = (struct shortest){.exponent = atoi(exponent + 1) + 1};
  for (const char *c = text; c < exponent; c++)
    if (char_is_digit(*c))
      out->digits[out->count++] = *c;
  shortest_strip(out);
}

/* The digits of a finite number above 0. mantissa_bits: 53 or 24. */
static void shortest_find(double value, int mantissa_bits, struct shortest *out)
{
  const double whole_max = (double)(UINT64_C(1) << mantissa_bits);
  if (value < whole_max && value == floor(value)) {
    *out = (struct shortest){0};
    out->count = out->exponent = (int)wr_format_u64((uint64_t)value, out->digits);
    shortest_strip(out);
    return;
  }
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  int biased = (int)(bits >> (DBL_MANT_DIG - 1));
  int shift = mantissa_bits - DBL_MIN_EXP + 1 - biased; /* value = mantissa / 2^shift */
  if (biased == 0 || value >= whole_max || shift > 122) {
    shortest_slowly(value, mantissa_bits == FLT_MANT_DIG, out);
    return;
  }
  const uint64_t implied = UINT64_C(1) << (DBL_MANT_DIG - 1);
  uint64_t mantissa = ((bits & (implied - 1)) | implied) >> (DBL_MANT_DIG - mantissa_bits);
  shortest_fraction(mantissa, (unsigned)shift, (bits & (implied - 1)) == 0, out);
}

/* Lays digits out: plain from 1E-3 to below 1E7, else with an exponent. */
static size_t shortest_write(const struct shortest *number, char *out)
{
  char *at = out;
  int point = number->exponent; /* digits in front of the point */
  if (point > -3 && point <= 7) {
    int whole = 0;
    if (point <= 0)
      *at++ = '0';
    for (; whole < point && whole < number->count; whole++)
      *at++ = number->digits[whole];
    for (int i = whole; i < point; i++)
      *at++ = '0';
    *at++ = '.';
    for (int i = point; i < 0; i++)
      *at++ = '0';
    if (whole == number->count)
      *at++ = '0';
    memcpy(at, number->digits + whole, (size_t)(number->count - whole));
    at += number->count - whole;
    return (size_t)(at - out);
  }
  *at++ = number->digits[0];
  *at++ = '.';
  if (number->count == 1)
    *at++ = '0';
  memcpy(at, number->digits + 1, (size_t)(number->count - 1));
  at += number->count - 1;
  *at++ = 'E';
  at += wr_format_i64(point - 1, at);
  return (size_t)(at - out);
}

static size_t word_write(const char *word, char *out)
{
  size_t length = strlen(word);
  memcpy(out, word, length);
  return length;
}

static size_t float_write(double value, int mantissa_bits, enum wr_float_style style, char *out)
{
  if (!isfinite(value)) {
    if (style == WR_FLOAT_JSON)
      return word_write("null", out);
    return word_write(isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity", out);
  }
  size_t sign = signbit(value) ? 1 : 0;
  if (sign)
    *out = '-';
  value = fabs(value);
  if (value < 1e7 && value == floor(value)) { /* the most frequent case: counts, whole averages */
    size_t length = sign + wr_format_u64((uint64_t)value, out + sign);
    memcpy(out + length, ".0", 2);
    return length + 2;
  }
  struct shortest number;
  shortest_find(value, mantissa_bits, &number);
  return sign + shortest_write(&number, out + sign);
}

size_t wr_format_f64(double value, enum wr_float_style style, char *out)
{
  return float_write(value, DBL_MANT_DIG, style, out);
}

size_t wr_format_f32(float value, enum wr_float_style style, char *out)
{
  return float_write((double)value, FLT_MANT_DIG, style, out);
}
