/* SPDX-License-Identifier: Apache-2.0 */
/* JSON_QUOTE and JSON_UNQUOTE: a text as a JSON string, and back (RFC 8259, section 7). */
#include "functions/text_call.h"
#include "text/number.h"
#include "text/utf8.h"

#define QUOTED_CHARACTER_MAX 12 /* two surrogates */

static char *quote_unit(uint32_t unit, char *out)
{
  static const char hex[] = "0123456789abcdef";
  *out++ = '\\';
  *out++ = 'u';
  for (int shift = 12; shift >= 0; shift -= 4)
    *out++ = hex[unit >> shift & 15];
  return out;
}

/* Everything beyond ASCII is escaped, so that the result is ASCII. */
static char *quote_point(uint32_t point, char *out)
{
  static const char plain[] = "\"\\/\b\f\n\r\t", letter[] = "\"\\/bfnrt";
  const char *found = point && point < 0x80 ? strchr(plain, (int)point) : NULL;
  if (found) {
    *out++ = '\\';
    *out++ = letter[found - plain];
  } else if (point >= 0x10000) {
    out = quote_unit(0xD800 | (point - 0x10000) >> 10, out);
    out = quote_unit(0xDC00 | ((point - 0x10000) & 0x3FF), out);
  } else if (point < 0x20 || point > 0x7F) {
    out = quote_unit(point, out);
  } else {
    *out++ = (char)point;
  }
  return out;
}

WR_TEXT_ROWS(json_quote)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    size_t total = 2;
    for (size_t at = 0; at < text.length;) {
      char character[QUOTED_CHARACTER_MAX];
      total +=
          (size_t)(quote_point(wr_utf8_next(text.bytes, text.length, &at), character) - character);
    }
    if (!wr_call_text_fits(call, row, total))
      continue;
    char *out = wr_call_room(call, total);
    *out++ = '"';
    for (size_t at = 0; at < text.length;)
      out = quote_point(wr_utf8_next(text.bytes, text.length, &at), out);
    *out = '"';
    wr_call_put_text(call, row, total);
  }
}
WR_TEXT_KERNEL(json_quote, WR_CAN_FAIL)

/* ---- back */

/* Four hexadecimal digits, or -1. */
static int32_t unquote_hex(const char *at, const char *end)
{
  int32_t value = 0;
  for (int i = 0; i < 4; i++, at++) {
    int digit = at < end ? wr_hex_digit(*at) : -1;
    if (digit < 0)
      return -1;
    value = value << 4 | digit;
  }
  return value;
}

/* The code point behind \u, or -1; half a pair is U+FFFD. */
static int32_t unquote_unicode(const char **at, const char *end)
{
  int32_t point = unquote_hex(*at, end), low = -1;
  if (point < 0)
    return -1;
  *at += 4;
  if (point < 0xD800 || point >= 0xE000)
    return point;
  if (point < 0xDC00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u')
    low = unquote_hex(*at + 2, end);
  if (low < 0xDC00 || low >= 0xE000)
    return 0xFFFD;
  *at += 6;
  return 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
}

/* The text of a JSON string; false: it is none. */
static bool unquote(struct wr_slice text, char *out, size_t *length)
{
  static const char letter[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
  if (text.length < 2 || text.bytes[0] != '"' || text.bytes[text.length - 1] != '"')
    return false;
  char *begin = out;
  for (const char *at = text.bytes + 1, *end = text.bytes + text.length - 1; at < end;) {
    char c = *at++;
    if (c == '"' || (unsigned char)c < 0x20)
      return false;
    if (c != '\\') {
      *out++ = c;
      continue;
    }
    if (at == end)
      return false;
    c = *at++;
    const char *found = c ? strchr(letter, c) : NULL;
    if (found) {
      *out++ = plain[found - letter];
      continue;
    }
    int32_t point = c == 'u' ? unquote_unicode(&at, end) : -1;
    if (point < 0)
      return false;
    out += wr_utf8_put((uint32_t)point, out);
  }
  *length = (size_t)(out - begin);
  return true;
}

WR_TEXT_ROWS(json_unquote)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    size_t length;
    if (unquote(text, wr_call_room(call, text.length), &length))
      wr_call_put_text(call, row, length);
    else
      wr_call_lend_text(call, row, text.bytes, text.length);
  }
}
WR_TEXT_KERNEL(json_unquote, 0)

const struct wr_function wr_functions_json_quote[] = {
    WR_TEXT_ROW("JSON_QUOTE", "text", WR_KINDS(WR_VARCHAR), 1, 1, string, json_quote,
                "The text as a JSON string, in ASCII", "JSON_QUOTE('say \"hi\"')",
                "\"say \\\"hi\\\"\""),
    WR_TEXT_ROW("JSON_UNQUOTE", "text", WR_KINDS(WR_VARCHAR), 1, 1, string, json_unquote,
                "The text of a JSON string; what is none stays as it is",
                "JSON_UNQUOTE('\"a\\u0062c\"')", "abc"),
    {0},
};
