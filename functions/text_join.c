/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that put texts together: joining, repeating, filling up, overlaying.
 */
#include "core/limits.h"
#include "functions/bind_site.h"
#include "functions/text_call.h"
#include "functions/text_standard.h"
#include "text/utf8.h"

/* ---- joining and repeating ---- */

WR_TEXT_ROWS(concat)
{
  WR_EACH_ROW(row)
  {
    size_t total = 0;
    for (uint32_t i = 0; i < call->arg_count; i++)
      total += wr_text_arg(call, i, row).length;
    if (!wr_call_text_fits(call, row, total))
      continue;
    char *room = wr_call_room(call, total);
    for (uint32_t i = 0; i < call->arg_count; i++) {
      struct wr_slice text = wr_text_arg(call, i, row);
      memcpy(room, text.bytes, text.length);
      room += text.length;
    }
    wr_call_put_text(call, row, total);
  }
}
WR_TEXT_KERNEL(concat, WR_CAN_FAIL)

static bool kind_is_binary(enum wr_kind kind)
{
  return kind == WR_BINARY || kind == WR_VARBINARY;
}

static enum wr_code bind_concat(struct wr_bind_site *site, struct wr_error *err)
{
  if (site->binding->kinesis && site->arg_count == 2 && kind_is_binary(site->args[0]->type->kind) &&
      kind_is_binary(site->args[1]->type->kind)) {
    site->type = &wr_type_bytes;
    site->kernel = &kernel_concat;
    return WR_OK;
  }
  for (uint32_t i = 0; i < site->arg_count; i++) {
    const struct wr_type *type = site->args[i]->type;
    enum wr_code code =
        wr_kind_is_text(type->kind) ? WR_OK : wr_bind_arg(site, i, &wr_type_string, err);
    if (code)
      return code;
  }
  site->type = &wr_type_string;
  site->kernel = &kernel_concat;
  return WR_OK;
}

/* CONCAT_WS leaves NULL arguments out; a NULL separator gives NULL. */
WR_TEXT_ROWS(concat_ws)
{
  WR_EACH_ROW(row)
  {
    size_t total = 0;
    if (wr_column_is_null(call->args[0], row)) {
      wr_call_set_null(call, row);
      continue;
    }
    struct wr_slice separator = wr_text_arg(call, 0, row);
    for (uint32_t i = 1; i < call->arg_count; i++)
      total += wr_column_is_null(call->args[i], row)
                   ? 0
                   : wr_text_arg(call, i, row).length + separator.length;
    if (!wr_call_text_fits(call, row, total))
      continue;
    char *begin = wr_call_room(call, total), *at = begin;
    bool first = true;
    for (uint32_t i = 1; i < call->arg_count; i++) {
      if (wr_column_is_null(call->args[i], row))
        continue;
      struct wr_slice text = wr_text_arg(call, i, row);
      if (!first) {
        memcpy(at, separator.bytes, separator.length);
        at += separator.length;
      }
      memcpy(at, text.bytes, text.length);
      at += text.length;
      first = false;
    }
    wr_call_put_text(call, row, (size_t)(at - begin));
  }
}
WR_TEXT_KERNEL(concat_ws, WR_SEES_NULL | WR_MAKES_NULL | WR_CAN_FAIL)

static enum wr_code bind_concat_ws(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = bind_concat(site, err);
  site->kernel = &kernel_concat_ws;
  return code;
}

WR_TEXT_ROWS(repeat)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    int32_t times = wr_int_arg(call, 1, row);
    size_t total = times > 0 ? text.length * (size_t)times : 0;
    if (!wr_call_text_fits(call, row, total))
      continue;
    char *room = wr_call_room(call, total);
    for (size_t at = 0; at < total; at += text.length)
      memcpy(room + at, text.bytes, text.length);
    wr_call_put_text(call, row, total);
  }
}
WR_TEXT_KERNEL(repeat, WR_CAN_FAIL)

/* To `count` characters: cut, or filled with the padding on one side. NULL if the count is negative
 * or the padding empty. */
static void pad_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                     bool in_front)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row), padding = wr_text_arg(call, 2, row);
    int64_t count = wr_int_arg(call, 1, row);
    if (count < 0 || wr_utf8_count(padding.bytes, padding.length) == 0) {
      wr_call_set_null(call, row);
      continue;
    }
    size_t kept = wr_utf8_offset(text.bytes, text.length, (size_t)count);
    size_t missing = (size_t)count - wr_utf8_count(text.bytes, kept);
    size_t each = wr_utf8_count(padding.bytes, padding.length), whole = missing / each;
    size_t part = wr_utf8_offset(padding.bytes, padding.length, missing % each);
    size_t fill = whole * padding.length + part;
    if (!wr_call_text_fits(call, row, kept + fill))
      continue;
    char *room = wr_call_room(call, kept + fill), *at = in_front ? room : room + kept;
    memcpy(in_front ? room + fill : room, text.bytes, kept);
    for (size_t i = 0; i < whole; i++, at += padding.length)
      memcpy(at, padding.bytes, padding.length);
    memcpy(at, padding.bytes, part);
    wr_call_put_text(call, row, kept + fill);
  }
}
WR_TEXT_ROWS(lpad)
{
  pad_rows(call, rows, row_count, true);
}
WR_TEXT_ROWS(rpad)
{
  pad_rows(call, rows, row_count, false);
}
WR_TEXT_KERNEL(lpad, WR_MAKES_NULL | WR_CAN_FAIL)
WR_TEXT_KERNEL(rpad, WR_MAKES_NULL | WR_CAN_FAIL)

/*
 * The text with `length` characters from `start` on replaced. As in Flink: nothing is replaced if
 * it would begin outside of the text, and what follows is kept only if the length is above 0.
 */
WR_TEXT_ROWS(overlay)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row), by = wr_text_arg(call, 1, row);
    int64_t start = wr_int_arg(call, 2, row);
    int64_t length = call->arg_count > 3 ? wr_int_arg(call, 3, row)
                                         : (int64_t)wr_utf8_count(by.bytes, by.length);
    if (start < 1 || start > (int64_t)wr_utf8_count(text.bytes, text.length)) {
      wr_call_lend_text(call, row, text.bytes, text.length);
      continue;
    }
    size_t kept = wr_utf8_offset(text.bytes, text.length, (size_t)start - 1), rest = text.length;
    if (length > 0)
      rest = kept + wr_utf8_offset(text.bytes + kept, text.length - kept, (size_t)length);
    size_t total = kept + by.length + (text.length - rest);
    if (!wr_call_text_fits(call, row, total))
      continue;
    char *room = wr_call_room(call, total);
    memcpy(room, text.bytes, kept);
    memcpy(room + kept, by.bytes, by.length);
    memcpy(room + kept + by.length, text.bytes + rest, text.length - rest);
    wr_call_put_text(call, row, total);
  }
}
WR_TEXT_KERNEL(overlay, WR_CAN_FAIL)

/* ---- the table ---- */

#define T WR_VARCHAR
#define N WR_INT
#define B WR_VARBINARY

const struct wr_function wr_functions_text_join[] = {
    {.name = "||",
     .usage = "a || b",
     .help = "Two texts as one",
     .example = "'we' || 'ir'",
     .result = "weir",
     .least = 2,
     .most = 2,
     .bind = bind_concat,
     .traits = WR_OPERATOR},
    {.name = "CONCAT",
     .usage = "CONCAT(text, ...)",
     .help = "All texts as one; NULL if one of them is",
     .example = "CONCAT('a', 'b', 'c')",
     .result = "abc",
     .least = 1,
     .most = WR_ARGS_ANY,
     .bind = bind_concat},
    {.name = "CONCAT_WS",
     .usage = "CONCAT_WS(separator, text, ...)",
     .help = "All texts that are not NULL as one, with the separator between them",
     .example = "CONCAT_WS('-', 'a', NULL, 'c')",
     .result = "a-c",
     .least = 2,
     .most = WR_ARGS_ANY,
     .bind = bind_concat_ws},
    WR_TEXT_ROW("REPEAT", "text, times", WR_KINDS(T, N), 2, 2, string, repeat,
                "The text so many times", "REPEAT('ab', 3)", "ababab"),
    WR_TEXT_ROW("LPAD", "text, length, padding", WR_KINDS(T, N, T), 3, 3, string, lpad,
                "Cut, or filled up in front, to a number of characters", "LPAD('7', 3, '0')",
                "007"),
    WR_TEXT_ROW("RPAD", "text, length, padding", WR_KINDS(T, N, T), 3, 3, string, rpad,
                "Cut, or filled up at the end, to a number of characters", "RPAD('ab', 5, 'xy')",
                "abxyx"),
    {.name = "OVERLAY",
     .usage = "OVERLAY(text PLACING by FROM start [FOR length])",
     .help = "Characters from a position on, as many as the second text has unless said otherwise, "
             "by the second text; kinesis dialect: also in front of the text and behind it",
     .example = "OVERLAY('xxxxxtest' PLACING 'xxxx' FROM 6 FOR 2)",
     .result = "xxxxxxxxxst",
     .takes = {T, T, N, N},
     .least = 3,
     .most = 4,
     .gives = &wr_type_string,
     .kernel = &kernel_overlay,
     .bind = wr_bind_standard_overlay},
    {0},
};
