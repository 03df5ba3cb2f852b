/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts as something else: base 64, the bytes of a character set, a JSON string. A character that a
 * set does not have becomes a question mark; bytes that are no character become U+FFFD.
 */
#include "functions/bind_site.h"
#include "functions/text_call.h"
#include "text/charset.h"
#include "text/json_write.h"
#include "text/utf8.h"

#define POINT_REPLACEMENT 0xFFFD

/* ---- base 64 (RFC 4648, section 4) */

WR_TEXT_ROWS(to_base64)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    size_t total = wr_base64_chars(text.length);
    if (!wr_call_text_fits(call, row, total))
      continue;
    wr_base64_put(text.bytes, text.length, wr_call_room(call, total));
    wr_call_put_text(call, row, total);
  }
}
WR_TEXT_KERNEL(to_base64, WR_CAN_FAIL)

static int base64_value(char c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* False: it is none. The = at the end may be missing. */
static bool base64_decode(struct wr_slice text, char *out, size_t *out_length)
{
  size_t length = text.length, written = 0;
  if (length && length % 4 == 0 && text.bytes[length - 1] == '=')
    length -= text.bytes[length - 2] == '=' ? 2 : 1;
  if (length % 4 == 1)
    return false;
  uint32_t word = 0, bits = 0;
  for (size_t i = 0; i < length; i++) {
    int value = base64_value(text.bytes[i]);
    if (value < 0)
      return false;
    word = word << 6 | (uint32_t)value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[written++] = (char)(word >> bits & 0xFF);
    }
  }
  *out_length = written;
  return true;
}

WR_TEXT_ROWS(from_base64)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    size_t length;
    char *room = wr_call_room(call, text.length);
    if (!base64_decode(text, room, &length))
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER, "'%.*s' is not base 64",
                         wr_utf8_shown(text.bytes, text.length, 100), text.bytes);
    else if (!wr_utf8_valid(room, length))
      wr_call_fail_state(call, row, WR_STATE_INVALID_CHARACTERS,
                         "the %zu bytes behind '%.*s' are not UTF-8", length,
                         wr_utf8_shown(text.bytes, text.length, 100), text.bytes);
    else
      wr_call_put_text(call, row, length);
  }
}
WR_TEXT_KERNEL(from_base64, WR_CAN_FAIL)

/* ---- character sets */

/* The set of a row; false, and the row has failed: there is none of this name. */
static bool charset_of_row(const struct wr_call *call, uint32_t row, enum wr_charset *charset)
{
  struct wr_slice name = wr_text_arg(call, 1, row);
  if (wr_charset_find(name.bytes, name.length, charset))
    return true;
  wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER, "there is no character set '%.*s'",
                     wr_utf8_shown(name.bytes, name.length, 60), name.bytes);
  return false;
}

WR_TEXT_ROWS(encode)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    enum wr_charset charset;
    if (!charset_of_row(call, row, &charset))
      continue;
    if (charset == WR_CHARSET_UTF8) {
      wr_call_lend_text(call, row, text.bytes, text.length);
      continue;
    }
    char *room = wr_call_room(call, 2 * (size_t)text.length + 2), *at = room;
    if (charset == WR_CHARSET_UTF16)
      at = wr_charset_put(charset, 0xFEFF, at);
    for (size_t i = 0; i < text.length;) {
      uint32_t point = wr_utf8_next(text.bytes, text.length, &i);
      at = wr_charset_put(charset, wr_charset_has(charset, point) ? point : '?', at);
    }
    if (wr_call_text_fits(call, row, (size_t)(at - room)))
      wr_call_put_text(call, row, (size_t)(at - room));
  }
}
WR_TEXT_KERNEL(encode, WR_CAN_FAIL)

WR_TEXT_ROWS(decode)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice bytes = wr_text_arg(call, 0, row);
    enum wr_charset charset;
    size_t i = 0;
    if (!charset_of_row(call, row, &charset))
      continue;
    if (charset == WR_CHARSET_UTF8 && wr_utf8_valid(bytes.bytes, bytes.length)) {
      wr_call_lend_text(call, row, bytes.bytes, bytes.length);
      continue;
    }
    wr_charset_settle(&charset, bytes.bytes, bytes.length, &i);
    char *room = wr_call_room(call, 3 * (size_t)bytes.length), *at = room;
    while (i < bytes.length) {
      uint32_t point = wr_charset_next(charset, bytes.bytes, bytes.length, &i);
      at += wr_utf8_put(point == WR_CHARSET_BROKEN ? POINT_REPLACEMENT : point, at);
    }
    if (wr_call_text_fits(call, row, (size_t)(at - room)))
      wr_call_put_text(call, row, (size_t)(at - room));
  }
}
WR_TEXT_KERNEL(decode, WR_CAN_FAIL)

static enum wr_code bind_charset(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_charset charset;
  if (!wr_expression_is_known(site->args[1]))
    return WR_OK;
  const struct wr_text *text = wr_column_text(site->args[1]->literal, 0);
  if (wr_charset_find(wr_text_bytes(text), text->length, &charset))
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, site->args[1]->span, "there is no character set '%.*s'",
             wr_utf8_shown(wr_text_bytes(text), text->length, 60), wr_text_bytes(text));
  wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
  return wr_hint(err, "there are " WR_CHARSET_NAMES);
}

/* ---- the table ---- */

#define T WR_VARCHAR
#define B WR_VARBINARY

const struct wr_function wr_functions_encoding[] = {
    WR_TEXT_ROW("TO_BASE64", "text", WR_KINDS(T), 1, 1, string, to_base64, "The bytes in base 64",
                "TO_BASE64('hello world')", "aGVsbG8gd29ybGQ="),
    WR_TEXT_ALSO("TO_BASE64", WR_KINDS(B), 1, 1, string, to_base64),
    WR_TEXT_ROW("FROM_BASE64", "text", WR_KINDS(T), 1, 1, string, from_base64,
                "The text that base 64 stands for", "FROM_BASE64('aGVsbG8gd29ybGQ=')",
                "hello world"),
    {.name = "ENCODE",
     .usage = "ENCODE(text, charset)",
     .help = "The bytes of a text in US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE or UTF-16",
     .example = "OCTET_LENGTH(ENCODE('weir', 'UTF-16'))",
     .result = "10",
     .takes = {T, T},
     .least = 2,
     .most = 2,
     .gives = &wr_type_bytes,
     .kernel = &kernel_encode,
     .bind = bind_charset},
    {.name = "DECODE",
     .usage = "DECODE(bytes, charset)",
     .help = "The text of bytes in US-ASCII, ISO-8859-1, UTF-8, UTF-16BE, UTF-16LE or UTF-16",
     .example = "DECODE(ENCODE('weir', 'UTF-16LE'), 'UTF-16LE')",
     .result = "weir",
     .takes = {B, T},
     .least = 2,
     .most = 2,
     .gives = &wr_type_string,
     .kernel = &kernel_decode,
     .bind = bind_charset},
    {0},
};
