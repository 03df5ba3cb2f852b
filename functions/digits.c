/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and bytes by their binary and hexadecimal digits: BIN, HEX, UNHEX. Negative numbers are
 * shown as their 64 bits of two's complement.
 */
#include "functions/text_call.h"
#include "text/number.h"

#define BIN_CHARS 64
#define HEX_CHARS 16

/* Without zeros in front; returns the length. */
static size_t put_digits(uint64_t value, unsigned bits, char *out)
{
  static const char digits[] = "0123456789ABCDEF";
  unsigned length = value ? (64 - (unsigned)__builtin_clzll(value) + bits - 1) / bits : 1;
  for (unsigned i = length; i-- > 0; value >>= bits)
    out[i] = digits[value & ((1U << bits) - 1)];
  return length;
}

WR_TEXT_ROWS(bin)
{
  WR_EACH_ROW(row)
  {
    char *room = wr_call_room(call, BIN_CHARS);
    wr_call_put_text(call, row, put_digits((uint64_t)WR_ARG(call, 0, int64_t, row), 1, room));
  }
}
WR_TEXT_ROWS(hex_number)
{
  WR_EACH_ROW(row)
  {
    char *room = wr_call_room(call, HEX_CHARS);
    wr_call_put_text(call, row, put_digits((uint64_t)WR_ARG(call, 0, int64_t, row), 4, room));
  }
}
WR_TEXT_ROWS(hex_text)
{
  static const char digits[] = "0123456789ABCDEF";
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    if (!wr_call_text_fits(call, row, 2 * (size_t)text.length))
      continue;
    char *room = wr_call_room(call, 2 * (size_t)text.length);
    for (size_t i = 0; i < text.length; i++) {
      room[2 * i] = digits[(unsigned char)text.bytes[i] >> 4];
      room[2 * i + 1] = digits[text.bytes[i] & 15];
    }
    wr_call_put_text(call, row, 2 * (size_t)text.length);
  }
}

/* An odd number of digits has a 0 in front; NULL if anything else than digits is there. */
WR_TEXT_ROWS(unhex)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    char *room = wr_call_room(call, text.length / 2 + 1);
    size_t odd = text.length % 2, length = (text.length + 1) / 2;
    bool good = true;
    for (size_t i = 0; i < length && good; i++) {
      int high = i == 0 && odd ? 0 : wr_hex_digit(text.bytes[2 * i - odd]),
          low = wr_hex_digit(text.bytes[2 * i + 1 - odd]);
      good = high >= 0 && low >= 0;
      room[i] = (char)((unsigned)high << 4 | (unsigned)low);
    }
    if (good)
      wr_call_put_text(call, row, length);
    else
      wr_call_set_null(call, row);
  }
}
WR_TEXT_KERNEL(bin, 0)
WR_TEXT_KERNEL(hex_number, 0)
WR_TEXT_KERNEL(hex_text, WR_CAN_FAIL)
WR_TEXT_KERNEL(unhex, WR_MAKES_NULL)

const struct wr_function wr_functions_digits[] = {
    WR_TEXT_ROW("BIN", "number", WR_KINDS(WR_BIGINT), 1, 1, string, bin,
                "The binary digits of a whole number", "BIN(10)", "1010"),
    WR_TEXT_ROW("HEX", "number or text", WR_KINDS(WR_BIGINT), 1, 1, string, hex_number,
                "The hexadecimal digits of a whole number, or of the bytes of a text",
                "HEX('Weir') || HEX(255)", "57656972FF"),
    WR_TEXT_ALSO("HEX", WR_KINDS(WR_VARCHAR), 1, 1, string, hex_text),
    WR_TEXT_ALSO("HEX", WR_KINDS(WR_VARBINARY), 1, 1, string, hex_text),
    WR_TEXT_ROW("UNHEX", "text", WR_KINDS(WR_VARCHAR), 1, 1, bytes, unhex,
                "The bytes that hexadecimal digits say; NULL if they are none",
                "CAST(UNHEX('57656972') AS STRING)", "Weir"),
    {0},
};
