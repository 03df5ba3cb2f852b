/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact decimals: an integer that stands for value * 10^scale. Nothing here passes through binary
 * floating point except the two functions that say so. Rounding is half away from zero (HALF_UP).
 * "Fits precision p" means: less than 10^p in amount. Functions that can fail return false and
 * leave *value alone.
 */
#ifndef WEIR_TEXT_DECIMAL_H
#define WEIR_TEXT_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/type.h"

#define WR_DECIMAL_CHARS 44 /* sign, 38 digits, leading 0, point */

/* 10^exponent, exponent 0 to 38. */
wr_i128 wr_power_of_ten(unsigned exponent);
extern const int64_t wr_powers_of_ten_i64[19]; /* 10^0 to 10^18 */

bool wr_decimal_fits(wr_i128 value, unsigned precision);

/*
 * [+-] digits with an optional point and exponent, all of bytes[0..length-1]. Surplus digits are
 * rounded; false if the text is no number or the result does not fit the precision.
 */
bool wr_parse_decimal(const char *bytes, size_t length, unsigned precision, unsigned scale,
                      wr_i128 *value);

/*
 * The same, but precision and scale are those of the text, and no digit is lost: "1.50" is 150,
 * precision 3, scale 2. False beyond 38 digits.
 */
bool wr_parse_decimal_as_written(const char *bytes, size_t length, wr_i128 *value,
                                 unsigned *precision, unsigned *scale);

/* With all `scale` digits behind the point: 1.50. No final NUL; returns the length. Room:
 * WR_DECIMAL_CHARS. */
size_t wr_format_decimal(wr_i128 value, unsigned scale, char *out);

/* The value at another scale, rounded if that has fewer digits; false if it does not fit the
 * precision. */
bool wr_decimal_rescale(wr_i128 value, unsigned scale, unsigned scale_to, unsigned precision_to,
                        wr_i128 *out);

/* numerator / denominator, rounded; denominator not 0. */
wr_i128 wr_decimal_divide_rounded(wr_i128 numerator, wr_i128 denominator);

/* The nearest double, and a double rounded to a decimal by its shortest text; false: NaN, infinite,
 * does not fit. */
double wr_decimal_to_f64(wr_i128 value, unsigned scale);
bool wr_decimal_from_f64(double number, unsigned precision, unsigned scale, wr_i128 *value);

#endif
