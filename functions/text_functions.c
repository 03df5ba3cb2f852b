/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of whole texts: case, length, order, codes of characters. Characters are Unicode code
 * points; positions count from 1. A result that is a piece of the argument is lent from it; others
 * are written into the run's room, one after the other, so that no row costs an allocation of its
 * own.
 */
#include "functions/text_call.h"
#include "functions/text_standard.h"
#include "text/utf8.h"

/* ---- case, length, order ---- */

WR_TEXT_ROWS(upper)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    char *room = wr_call_room(call, WR_UTF8_CASE_BYTES(text.length));
    wr_call_put_text(call, row, wr_utf8_upper(text.bytes, text.length, room));
  }
}
WR_TEXT_KERNEL(upper, 0)

WR_TEXT_ROWS(lower)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    char *room = wr_call_room(call, WR_UTF8_CASE_BYTES(text.length));
    wr_call_put_text(call, row, wr_utf8_lower(text.bytes, text.length, room));
  }
}
WR_TEXT_KERNEL(lower, 0)

WR_TEXT_ROWS(characters)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    wr_call_put_int(call, row, wr_utf8_count(text.bytes, text.length));
  }
}
WR_TEXT_KERNEL(characters, 0)

WR_TEXT_ROWS(octets)
{
  WR_EACH_ROW(row)
  wr_call_put_int(call, row, wr_text_arg(call, 0, row).length);
}
WR_TEXT_KERNEL(octets, 0)

WR_TEXT_ROWS(reverse)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    char *room = wr_call_room(call, text.length);
    for (size_t at = 0, width; at < text.length; at += width) {
      width = wr_utf8_length(text.bytes[at]);
      if (width > text.length - at)
        width = text.length - at;
      memcpy(room + text.length - at - width, text.bytes + at, width);
    }
    wr_call_put_text(call, row, text.length);
  }
}
WR_TEXT_KERNEL(reverse, 0)

WR_TEXT_ROWS(initcap)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    char *room = wr_call_room(call, WR_UTF8_CASE_BYTES(text.length));
    wr_call_put_text(call, row, wr_utf8_initcap(text.bytes, text.length, room));
  }
}
WR_TEXT_KERNEL(initcap, 0)

/* ---- codes ---- */

WR_TEXT_ROWS(ascii)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    size_t at = 0;
    wr_call_put_int(call, row, text.length ? wr_utf8_next(text.bytes, text.length, &at) : 0);
  }
}
WR_TEXT_KERNEL(ascii, 0)

/* The character of the lowest 8 bits, in ISO 8859-1; nothing for a negative number. */
WR_TEXT_ROWS(chr)
{
  WR_EACH_ROW(row)
  {
    int64_t code = WR_ARG(call, 0, int64_t, row);
    char bytes[WR_UTF8_BYTES_MAX];
    wr_call_lend_text(call, row, bytes, code < 0 ? 0 : wr_utf8_put((uint32_t)(code & 0xFF), bytes));
  }
}
WR_TEXT_KERNEL(chr, 0)

/* ---- the table ---- */

#define T WR_VARCHAR
#define N WR_INT
#define B WR_VARBINARY

const struct wr_function wr_functions_text_functions[] = {
    WR_TEXT_ROW("UPPER", "text", WR_KINDS(T), 1, 1, string, upper, "In upper case", "UPPER('Weir')",
                "WEIR"),
    WR_TEXT_ROW("LOWER", "text", WR_KINDS(T), 1, 1, string, lower, "In lower case", "LOWER('Weir')",
                "weir"),
    {.name = "INITCAP",
     .usage = "INITCAP(text)",
     .help = "Each word with a first letter in upper case, the others in lower case; words are "
             "letters and digits, in the kinesis dialect whatever stands between blanks",
     .example = "INITCAP('hello wORLD')",
     .result = "Hello World",
     .takes = {T},
     .least = 1,
     .most = 1,
     .gives = &wr_type_string,
     .kernel = &kernel_initcap,
     .bind = wr_bind_standard_initcap},
    WR_TEXT_ROW("CHAR_LENGTH", "text", WR_KINDS(T), 1, 1, int, characters, "How many characters",
                "CHAR_LENGTH('weir')", "4"),
    WR_TEXT_ROW("CHARACTER_LENGTH", "text", WR_KINDS(T), 1, 1, int, characters,
                "How many characters", "CHARACTER_LENGTH('')", "0"),
    WR_TEXT_ROW("LENGTH", "text", WR_KINDS(T), 1, 1, int, characters, "How many characters",
                "LENGTH('weir')", "4"),
    WR_TEXT_ROW("OCTET_LENGTH", "text", WR_KINDS(T), 1, 1, int, octets, "How many bytes",
                "OCTET_LENGTH('weir')", "4"),
    WR_TEXT_ALSO("OCTET_LENGTH", WR_KINDS(B), 1, 1, int, octets),
    WR_TEXT_ROW("REVERSE", "text", WR_KINDS(T), 1, 1, string, reverse,
                "The characters from last to first", "REVERSE('weir')", "riew"),
    WR_TEXT_ROW("ASCII", "text", WR_KINDS(T), 1, 1, int, ascii,
                "The code point of the first character; 0 for an empty text", "ASCII('abc')", "97"),
    WR_TEXT_ROW("CHR", "number", WR_KINDS(WR_BIGINT), 1, 1, string, chr,
                "The character of this code, of which the lowest 8 bits count", "CHR(353)", "a"),
    {0},
};
