/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 256-bit amounts for the middle of DECIMAL arithmetic: the product of two 38-digit numbers, or a
 * numerator moved up by 38 digits. Slow and plain; the common cases stay in 128 bits and never come
 * here.
 */
#ifndef WEIR_FUNCTIONS_WIDE_H
#define WEIR_FUNCTIONS_WIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/type.h"

struct wr_wide {
  unsigned __int128 high, low;
};

struct wr_wide wr_wide_multiply(unsigned __int128 a, unsigned __int128 b);
/* value / divisor (not 0), and the rest. */
struct wr_wide wr_wide_divide(struct wr_wide value, unsigned __int128 divisor,
                              unsigned __int128 *rest);

static inline unsigned __int128 wr_amount(wr_i128 value)
{
  return value < 0 ? 0 - (unsigned __int128)value : (unsigned __int128)value;
}

/* Exact arithmetic on unscaled DECIMALs, rounded half up once at the end; false: more than `digits`
 * digits. */

/* (a * 10^a_up + b * 10^b_up) / 10^cut; all three powers 0 to 38. */
bool wr_decimal_add(wr_i128 a, unsigned a_up, wr_i128 b, unsigned b_up, unsigned cut,
                    unsigned digits, wr_i128 *out);
/* a * b / 10^cut; cut 0 to 76. */
bool wr_decimal_multiply(wr_i128 a, wr_i128 b, unsigned cut, unsigned digits, wr_i128 *out);
/* a * 10^up / (b * 10^down); up and down 0 to 76; b not 0. */
bool wr_decimal_divide(wr_i128 a, unsigned up, wr_i128 b, unsigned down, unsigned digits,
                       wr_i128 *out);
/* The remainder of (a * 10^a_up) / (b * 10^b_up); one of the two is 0, the other at most 38; b not
 * 0. */
bool wr_decimal_modulo(wr_i128 a, unsigned a_up, wr_i128 b, unsigned b_up, unsigned digits,
                       wr_i128 *out);

#endif
