/* SPDX-License-Identifier: Apache-2.0 */
/* 256-bit multiplication and division by the schoolbook, and the DECIMAL operations on top of them.
 */
#include "functions/wide.h"

#include <assert.h>

#include "text/decimal.h"

struct wr_wide wr_wide_multiply(unsigned __int128 a, unsigned __int128 b)
{
  uint64_t a0 = (uint64_t)a, a1 = (uint64_t)(a >> 64), b0 = (uint64_t)b, b1 = (uint64_t)(b >> 64);
  unsigned __int128 low = (unsigned __int128)a0 * b0,
                    cross = (unsigned __int128)a1 * b0 + (low >> 64);
  unsigned __int128 cross2 = (unsigned __int128)a0 * b1 + (uint64_t)cross;
  return (struct wr_wide){.high = (unsigned __int128)a1 * b1 + (cross >> 64) + (cross2 >> 64),
                          .low = cross2 << 64 | (uint64_t)low};
}

struct wr_wide wr_wide_divide(struct wr_wide value, unsigned __int128 divisor,
                              unsigned __int128 *rest)
{
  assert(divisor != 0);
  struct wr_wide quotient = {.high = value.high / divisor, .low = 0};
  unsigned __int128 over = value.high % divisor;
  if (over == 0) {
    quotient.low = value.low / divisor;
    *rest = value.low % divisor;
    return quotient;
  }
  for (int bit = 127; bit >= 0; bit--) { /* over < divisor throughout; `carry` is its bit 128 */
    bool carry = over >> 127;
    over = over << 1 | (value.low >> bit & 1);
    if (carry || over >= divisor) {
      over -= divisor;
      quotient.low |= (unsigned __int128)1 << bit;
    }
  }
  *rest = over;
  return quotient;
}

/* A rounded amount with its sign, if it has no more digits. */
static bool wide_finish(struct wr_wide amount, bool round_up, bool negative, unsigned digits,
                        wr_i128 *out)
{
  unsigned __int128 limit = (unsigned __int128)wr_power_of_ten(digits);
  if (amount.high != 0 || amount.low >= limit)
    return false;
  amount.low += round_up;
  if (amount.low >= limit)
    return false;
  *out = negative ? -(wr_i128)amount.low : (wr_i128)amount.low;
  return true;
}

static bool wide_is_less(struct wr_wide a, struct wr_wide b)
{
  return a.high != b.high ? a.high < b.high : a.low < b.low;
}

bool wr_decimal_add(wr_i128 a, unsigned a_up, wr_i128 b, unsigned b_up, unsigned cut,
                    unsigned digits, wr_i128 *out)
{
  struct wr_wide x = wr_wide_multiply(wr_amount(a), (unsigned __int128)wr_power_of_ten(a_up));
  struct wr_wide y = wr_wide_multiply(wr_amount(b), (unsigned __int128)wr_power_of_ten(b_up));
  bool negative = a < 0, round_up = false;
  if ((a < 0) == (b < 0)) { /* below 2 * 10^76, which 256 bits hold */
    x.low += y.low;
    x.high += y.high + (x.low < y.low);
  } else {
    if (wide_is_less(x, y)) {
      struct wr_wide larger = y;
      y = x;
      x = larger;
      negative = b < 0;
    }
    x.high -= y.high + (x.low < y.low);
    x.low -= y.low;
  }
  if (cut > 0) {
    unsigned __int128 power = (unsigned __int128)wr_power_of_ten(cut), rest;
    x = wr_wide_divide(x, power, &rest);
    round_up = rest >= power - rest;
  }
  return wide_finish(x, round_up, negative, digits, out);
}

bool wr_decimal_multiply(wr_i128 a, wr_i128 b, unsigned cut, unsigned digits, wr_i128 *out)
{
  struct wr_wide product = wr_wide_multiply(wr_amount(a), wr_amount(b));
  bool round_up = false, negative = (a < 0) != (b < 0);
  if (cut > WR_DECIMAL_DIGITS_MAX) { /* the digits cut first are too far down to round anything */
    unsigned __int128 ignored;
    product = wr_wide_divide(
        product, (unsigned __int128)wr_power_of_ten(cut - WR_DECIMAL_DIGITS_MAX), &ignored);
    cut = WR_DECIMAL_DIGITS_MAX;
  }
  if (cut > 0) {
    unsigned __int128 power = (unsigned __int128)wr_power_of_ten(cut), rest;
    product = wr_wide_divide(product, power, &rest);
    round_up = rest >= power - rest;
  }
  return wide_finish(product, round_up, negative, digits, out);
}

bool wr_decimal_divide(wr_i128 a, unsigned up, wr_i128 b, unsigned down, unsigned digits,
                       wr_i128 *out)
{
  assert(b != 0 && (up == 0 || down == 0));
  bool negative = (a < 0) != (b < 0);
  unsigned __int128 numerator = wr_amount(a), denominator = wr_amount(b), rest;
  if (down > 38 || up > 76) /* nothing but zero is left, or nothing but zero fits */
    return a == 0 || down > 38 ? (*out = 0, true) : false;
  if (down > 0) {
    struct wr_wide lower = wr_wide_multiply(denominator, (unsigned __int128)wr_power_of_ten(down));
    if (lower.high != 0)
      return *out = 0, true;
    denominator = lower.low;
  }
  struct wr_wide value =
      wr_wide_multiply(numerator, (unsigned __int128)wr_power_of_ten(up > 38 ? 38 : up));
  if (up <= 38) {
    value = wr_wide_divide(value, denominator, &rest);
    return wide_finish(value, rest >= denominator - rest, negative, digits, out);
  }
  /* In two steps: the whole part first, then the rest with the remaining power. */
  unsigned __int128 power = (unsigned __int128)wr_power_of_ten(up - 38);
  struct wr_wide whole = wr_wide_divide(value, denominator, &rest);
  struct wr_wide more = wr_wide_divide(wr_wide_multiply(rest, power), denominator, &rest);
  if (whole.high != 0 || more.high != 0)
    return false;
  struct wr_wide sum = wr_wide_multiply(whole.low, power);
  unsigned __int128 low = sum.low + more.low;
  sum.high += low < sum.low;
  sum.low = low;
  return wide_finish(sum, rest >= denominator - rest, negative, digits, out);
}

bool wr_decimal_modulo(wr_i128 a, unsigned a_up, wr_i128 b, unsigned b_up, unsigned digits,
                       wr_i128 *out)
{
  assert(b != 0 && (a_up == 0 || b_up == 0));
  struct wr_wide divisor = wr_wide_multiply(wr_amount(b), (unsigned __int128)wr_power_of_ten(b_up));
  unsigned __int128 rest =
      wr_amount(a); /* if the divisor is larger than any 128 bits, a is its own remainder */
  if (divisor.high == 0)
    wr_wide_divide(wr_wide_multiply(wr_amount(a), (unsigned __int128)wr_power_of_ten(a_up)),
                   divisor.low, &rest);
  return wide_finish((struct wr_wide){.low = rest}, false, a < 0, digits, out);
}
