/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that give a piece of a text, or one of several texts: nothing is copied.
 */
#include "functions/bind_site.h"
#include "functions/text_call.h"
#include "functions/text_standard.h"
#include "text/utf8.h"

/*
 * SUBSTRING(text, start [, length]): start 0 counts as 1; a negative one counts from the end, and
 * gives '' if it lies before the text. A negative length gives NULL.
 */
WR_TEXT_ROWS(substring)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    int64_t start = wr_int_arg(call, 1, row),
            count = call->arg_count > 2 ? wr_int_arg(call, 2, row) : INT32_MAX;
    if (count < 0) {
      wr_call_set_null(call, row);
      continue;
    }
    if (start < 0) {
      start += (int64_t)wr_utf8_count(text.bytes, text.length) + 1;
      if (start < 1)
        count = 0;
    }
    size_t skip = start > 1 ? wr_utf8_offset(text.bytes, text.length, (size_t)start - 1) : 0;
    size_t length = wr_utf8_offset(text.bytes + skip, text.length - skip, (size_t)count);
    wr_call_lend_text(call, row, text.bytes + skip, length);
  }
}
WR_TEXT_KERNEL(substring, WR_MAKES_NULL)

WR_TEXT_ROWS(left)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    int32_t count = wr_int_arg(call, 1, row);
    wr_call_lend_text(call, row, text.bytes,
                      count > 0 ? wr_utf8_offset(text.bytes, text.length, (size_t)count) : 0);
  }
}
WR_TEXT_KERNEL(left, 0)

WR_TEXT_ROWS(right)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    int64_t skip = (int64_t)wr_utf8_count(text.bytes, text.length) - wr_int_arg(call, 1, row);
    size_t from = skip <= 0 ? 0 : wr_utf8_offset(text.bytes, text.length, (size_t)skip);
    wr_call_lend_text(call, row, text.bytes + from, text.length - from);
  }
}
WR_TEXT_KERNEL(right, 0)

/* ---- trimming: characters of a set, at either end ---- */

enum trim_side { TRIM_LEFT = 1, TRIM_RIGHT = 2, TRIM_BOTH = 3 };

/* True if the character of `width` bytes is in the set. */
static bool trim_has(struct wr_slice set, const char *character, size_t width)
{
  for (size_t at = 0; at < set.length; at += wr_utf8_length(set.bytes[at])) {
    if (wr_utf8_length(set.bytes[at]) == width && at + width <= set.length &&
        memcmp(set.bytes + at, character, width) == 0)
      return true;
  }
  return false;
}

static struct wr_slice trim(struct wr_slice text, struct wr_slice set, unsigned sides)
{
  while ((sides & TRIM_LEFT) && text.length) {
    size_t width = wr_utf8_length(text.bytes[0]);
    if (width > text.length || !trim_has(set, text.bytes, width))
      break;
    text.bytes += width;
    text.length -= width;
  }
  while ((sides & TRIM_RIGHT) && text.length) {
    size_t at = text.length - 1;
    while (at > 0 && ((unsigned char)text.bytes[at] & 0xC0) == 0x80)
      at--;
    if (!trim_has(set, text.bytes + at, text.length - at))
      break;
    text.length = at;
  }
  return text;
}

static void trim_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                      unsigned sides)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice set =
        call->arg_count > 1 ? wr_text_arg(call, 1, row) : (struct wr_slice){" ", 1};
    struct wr_slice text = trim(wr_text_arg(call, 0, row), set, sides);
    wr_call_lend_text(call, row, text.bytes, text.length);
  }
}
WR_TEXT_ROWS(trim_left)
{
  trim_rows(call, rows, row_count, TRIM_LEFT);
}
WR_TEXT_ROWS(trim_right)
{
  trim_rows(call, rows, row_count, TRIM_RIGHT);
}
WR_TEXT_ROWS(trim_both)
{
  trim_rows(call, rows, row_count, TRIM_BOTH);
}
WR_TEXT_KERNEL(trim_left, 0)
WR_TEXT_KERNEL(trim_right, 0)
WR_TEXT_KERNEL(trim_both, 0)

/* TRIM(text) or TRIM('LEADING', characters, text), which is how TRIM(LEADING characters FROM text)
 * arrives. */
static enum wr_code bind_trim(struct wr_bind_site *site, struct wr_error *err)
{
  const char *name = "BTRIM";
  const struct wr_expression *args[2] = {site->args[0], NULL};
  if (site->arg_count == 2)
    return wr_bind_no_match(site, err);
  if (site->arg_count == 3) {
    if (!wr_expression_is_known(site->args[0]) || !wr_kind_is_text(site->args[0]->type->kind))
      return wr_bind_no_match(site, err);
    const struct wr_text *side = wr_column_text(site->args[0]->literal, 0);
    if (side->length == 7 && memcmp(wr_text_bytes(side), "LEADING", 7) == 0)
      name = "LTRIM";
    else if (side->length == 8 && memcmp(wr_text_bytes(side), "TRAILING", 8) == 0)
      name = "RTRIM";
    args[0] = site->args[2];
    args[1] = site->args[1];
  }
  return wr_bind_call(site->binding, name, args, site->arg_count == 3 ? 2 : 1, site->span,
                      &site->instead, err);
}

/* ---- one of several ---- */

WR_TEXT_ROWS(elt)
{
  WR_EACH_ROW(row)
  {
    int64_t index = wr_column_is_null(call->args[0], row) ? 0 : WR_ARG(call, 0, int64_t, row);
    if (index < 1 || index >= call->arg_count || wr_column_is_null(call->args[index], row)) {
      wr_call_set_null(call, row);
      continue;
    }
    struct wr_slice text = wr_text_arg(call, (uint32_t)index, row);
    wr_call_lend_text(call, row, text.bytes, text.length);
  }
}
WR_TEXT_KERNEL(elt, WR_SEES_NULL | WR_MAKES_NULL)

static enum wr_code bind_elt(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_kind first = site->args[1]->type->kind;
  bool bytes = first == WR_BINARY || first == WR_VARBINARY;
  site->type = bytes ? &wr_type_bytes : &wr_type_string;
  for (uint32_t i = 1; i < site->arg_count; i++) {
    enum wr_kind kind = site->args[i]->type->kind;
    bool fits = bytes ? kind == WR_BINARY || kind == WR_VARBINARY : wr_kind_is_text(kind);
    if (!fits && kind != WR_NULL)
      return wr_bind_no_match(site, err);
  }
  enum wr_code code = wr_bind_arg(site, 0, &wr_type_bigint, err);
  for (uint32_t i = 1; i < site->arg_count && !code; i++)
    code = wr_bind_arg(site, i, site->type, err);
  site->kernel = &kernel_elt;
  return code;
}

static enum wr_code bind_bytes(struct wr_bind_site *site, struct wr_error *err)
{
  return site->binding->kinesis ? wr_bind_standard_substring(site, err)
                                : wr_bind_no_match(site, err);
}

/* ---- the table ---- */

#define T WR_VARCHAR
#define N WR_INT
#define B WR_VARBINARY

const struct wr_function wr_functions_text_piece[] = {
    {.name = "SUBSTRING",
     .usage = "SUBSTRING(text, start [, length])",
     .help =
         "Characters from a position on, counted from 1, or from the end if negative; kinesis "
         "dialect: positions below 1 are in front of the text, and SUBSTRING(text FROM 'regex') "
         "gives the first match",
     .example = "SUBSTRING('abcdef', 2, 3)",
     .result = "bcd",
     .takes = {T, N, N},
     .least = 2,
     .most = 3,
     .gives = &wr_type_string,
     .kernel = &kernel_substring,
     .bind = wr_bind_standard_substring},
    {.name = "SUBSTRING",
     .takes = {T, T, T},
     .least = 2,
     .most = 3,
     .gives = &wr_type_string,
     .kernel = &kernel_substring,
     .bind = wr_bind_pattern_substring},
    {.name = "SUBSTRING",
     .takes = {B, N, N},
     .least = 2,
     .most = 3,
     .gives = &wr_type_bytes,
     .kernel = &kernel_substring,
     .bind = bind_bytes},
    WR_TEXT_ROW("SUBSTR", "text, start [, length]", WR_KINDS(T, N, N), 2, 3, string, substring,
                "The same as SUBSTRING", "SUBSTR('abcdef', -2)", "ef"),
    WR_TEXT_ROW("LEFT", "text, count", WR_KINDS(T, N), 2, 2, string, left, "The first characters",
                "LEFT('abcdef', 2)", "ab"),
    WR_TEXT_ROW("RIGHT", "text, count", WR_KINDS(T, N), 2, 2, string, right, "The last characters",
                "RIGHT('abcdef', 2)", "ef"),
    {.name = "TRIM",
     .usage = "TRIM([BOTH | LEADING | TRAILING] [characters FROM] text)",
     .help = "Without these characters at the ends; blanks unless others are given",
     .example = "TRIM(LEADING 'x' FROM 'xxweirx')",
     .result = "weirx",
     .least = 1,
     .most = 3,
     .bind = bind_trim},
    WR_TEXT_ROW("LTRIM", "text [, characters]", WR_KINDS(T, T), 1, 2, string, trim_left,
                "Without these characters in front; blanks unless others are given",
                "LTRIM('  weir')", "weir"),
    WR_TEXT_ROW("RTRIM", "text [, characters]", WR_KINDS(T, T), 1, 2, string, trim_right,
                "Without these characters at the end; blanks unless others are given",
                "RTRIM('weir..', '.')", "weir"),
    WR_TEXT_ROW("BTRIM", "text [, characters]", WR_KINDS(T, T), 1, 2, string, trim_both,
                "Without these characters at both ends; blanks unless others are given",
                "BTRIM('/a/b/', '/')", "a/b"),
    {.name = "ELT",
     .usage = "ELT(index, text, ...)",
     .help = "The text of that number, from 1; NULL if there are not so many",
     .example = "ELT(2, 'one', 'two', 'three')",
     .result = "two",
     .least = 2,
     .most = WR_ARGS_ANY,
     .bind = bind_elt},
    {0},
};
