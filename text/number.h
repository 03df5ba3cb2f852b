/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and their text, whatever the locale. Parsers take the whole of bytes[0..length-1]: no
 * spaces around it, nothing behind it; they return false and leave *value alone if the text is no
 * number or does not fit. Formatters write without a final NUL and return the length; the caller
 * has made room for the WR_..._CHARS that stand beside each.
 */
#ifndef WEIR_TEXT_NUMBER_H
#define WEIR_TEXT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/type.h"

#define WR_I64_CHARS  20 /* -9223372036854775808 */
#define WR_U64_CHARS  20
#define WR_I128_CHARS 40
#define WR_F64_CHARS  32   /* -2.2250738585072014e-308, with room for a final ".0" */
#define WR_DIGITS_MAX 4096 /* characters of one number text; longer ones are refused */

/* The value of a hexadecimal digit in either case, or -1. */
static inline int wr_hex_digit(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* [+-]digits. */
bool wr_parse_i64(const char *bytes, size_t length, int64_t *value);
/* The same within the range of a signed integer of `bits` 8, 16, 32 or 64. */
bool wr_parse_integer(const char *bytes, size_t length, unsigned bits, int64_t *value);

/*
 * [+-] digits with an optional point and exponent, or NaN, Infinity, Inf in any case. Exactly
 * rounded; too large for a double is Infinity, too small 0, as IEEE 754 has it.
 */
bool wr_parse_f64(const char *bytes, size_t length, double *value);
bool wr_parse_f32(const char *bytes, size_t length, float *value);

size_t wr_format_i64(int64_t value, char *out);
size_t wr_format_u64(uint64_t value, char *out);
size_t wr_format_i128(wr_i128 value, char *out);

/* What a floating number may look like where only JSON numbers will do. */
enum wr_float_style {
  WR_FLOAT_PLAIN, /* NaN, Infinity, -Infinity as words */
  WR_FLOAT_JSON   /* those as null: JSON has no such numbers */
};

/*
 * The shortest text that reads back as the same number, with at least one digit on either side of
 * the point: 2.0, 0.1, 1.0E22, 1.5E-7. Plain digits from 1E-3 up to below 1E7, else an exponent
 * (the form of Java's Double.toString).
 */
size_t wr_format_f64(double value, enum wr_float_style style, char *out);
size_t wr_format_f32(float value, enum wr_float_style style, char *out);

/* Two digits of every number below 100: "00" to "99", at 2 * number. */
extern const char wr_digit_pairs[201];

#endif
