/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SUBSTRING, OVERLAY and INITCAP as the SQL standard has them. A piece is what lies between two
 * positions, either of which may be outside of the text: SUBSTRING('abc' FROM -1 FOR 3) is 'a', and
 * a position behind the end gives ''. Words of INITCAP end at a blank only.
 */
#include "functions/text_standard.h"

#include "core/limits.h"
#include "functions/regex_run.h"
#include "functions/text_call.h"
#include "text/utf8.h"

/* ---- SUBSTRING ---- */

/* Where characters from position `start` up to `end` (not with it) lie, both from 1. */
static struct wr_slice standard_piece(struct wr_slice text, int64_t start, int64_t end, bool bytes)
{
  if (start < 1)
    start = 1;
  uint64_t skip = (uint64_t)start - 1, count = end > start ? (uint64_t)(end - start) : 0;
  size_t from = bytes ? (skip < text.length ? skip : text.length)
                      : wr_utf8_offset(text.bytes, text.length, skip);
  size_t left = text.length - from;
  size_t length =
      bytes ? (count < left ? count : left) : wr_utf8_offset(text.bytes + from, left, count);
  return (struct wr_slice){text.bytes + from, (uint32_t)length};
}

WR_TEXT_ROWS(substring)
{
  bool bytes = !wr_kind_is_text(call->args[0]->type->kind);
  WR_EACH_ROW(row)
  {
    int64_t start = wr_int_arg(call, 1, row), end = INT64_MAX;
    if (call->arg_count > 2) {
      int32_t count = wr_int_arg(call, 2, row);
      if (count < 0) {
        wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                           "SUBSTRING: a length cannot be negative, as %d is", count);
        continue;
      }
      end = start + count;
    }
    struct wr_slice piece = standard_piece(wr_text_arg(call, 0, row), start, end, bytes);
    wr_call_lend_text(call, row, piece.bytes, piece.length);
  }
}
WR_TEXT_KERNEL(substring, WR_CAN_FAIL)

enum wr_code wr_bind_standard_substring(struct wr_bind_site *site, struct wr_error *err)
{
  (void)err;
  if (site->binding->kinesis)
    site->kernel = &kernel_substring;
  return WR_OK;
}

enum wr_code wr_bind_pattern_substring(struct wr_bind_site *site, struct wr_error *err)
{
  if (!site->binding->kinesis)
    return wr_bind_no_match(site, err);
  const char *name = site->arg_count == 2 ? "REGEXP_SUBSTR" : "SUBSTRING_SIMILAR";
  return wr_bind_call(site->binding, name, site->args, site->arg_count, site->span, &site->instead,
                      err);
}

/* The pattern and its escape are constant. */
WR_TEXT_ROWS(parts)
{
  struct wr_regex_run run = {.call = call};
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    enum wr_regex_found found = WR_REGEX_GAVE_UP;
    if (wr_regex_begin(&run.search, call->prepared, text.bytes, text.length))
      found = wr_regex_next(&run.search);
    if (found == WR_REGEX_GAVE_UP) {
      wr_call_fail_state(call, row, WR_STATE_TOO_COMPLEX, "%s", run.search.why);
    } else if (found == WR_REGEX_NOTHING || run.search.groups[2] == WR_REGEX_NO_GROUP) {
      wr_call_set_null(call, row);
    } else {
      const size_t *ends = run.search.groups + 2;
      wr_call_lend_text(call, row, text.bytes + ends[0], ends[1] - ends[0]);
    }
  }
  wr_regex_run_close(&run);
}
WR_TEXT_KERNEL(parts, WR_CAN_FAIL | WR_MAKES_NULL)

static enum wr_code bind_parts(struct wr_bind_site *site, struct wr_error *err)
{
  for (uint32_t i = 1; i < 3; i++) {
    if (!wr_expression_is_known(site->args[i]))
      return wr_fail_at(
          err, WR_UNSUPPORTED, site->args[i]->span,
          "the pattern of SUBSTRING(... SIMILAR ...) and its ESCAPE must be constant");
  }
  const struct wr_text *pattern = wr_column_text(site->args[1]->literal, 0),
                       *escape = wr_column_text(site->args[2]->literal, 0);
  size_t at = 0;
  uint32_t point = escape->length ? wr_utf8_next(wr_text_bytes(escape), escape->length, &at) : 0;
  if (escape->length == 0 || at != escape->length)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_ESCAPE, site->args[2]->span,
                         "the ESCAPE of SUBSTRING must be one character");
  const struct wr_regex *regex;
  if (wr_regex_parts_new(site->binding->arena, wr_text_bytes(pattern), pattern->length, point,
                         &regex, &at, err)) {
    err->span = site->args[1]->span;
    err->code = err->code == WR_DATA ? WR_SEMANTIC : err->code;
    return err->code;
  }
  if (site->binding->regex_steps)
    wr_regex_limit(regex, site->binding->regex_steps);
  site->prepared = regex;
  return WR_OK;
}

/* ---- OVERLAY ---- */

WR_TEXT_ROWS(overlay)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row), by = wr_text_arg(call, 1, row);
    int64_t start = wr_int_arg(call, 2, row);
    int64_t count = call->arg_count > 3 ? wr_int_arg(call, 3, row)
                                        : (int64_t)wr_utf8_count(by.bytes, by.length);
    if (count < 0) {
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "OVERLAY: a length cannot be negative, as %lld is", (long long)count);
      continue;
    }
    struct wr_slice front = standard_piece(text, 1, start, false),
                    rest = standard_piece(text, start + count, INT64_MAX, false);
    size_t total = (size_t)front.length + by.length + rest.length;
    if (!wr_call_text_fits(call, row, total))
      continue;
    char *room = wr_call_room(call, total);
    memcpy(room, front.bytes, front.length);
    memcpy(room + front.length, by.bytes, by.length);
    memcpy(room + front.length + by.length, rest.bytes, rest.length);
    wr_call_put_text(call, row, total);
  }
}
WR_TEXT_KERNEL(overlay, WR_CAN_FAIL)

enum wr_code wr_bind_standard_overlay(struct wr_bind_site *site, struct wr_error *err)
{
  (void)err;
  if (site->binding->kinesis)
    site->kernel = &kernel_overlay;
  return WR_OK;
}

/* ---- INITCAP ---- */

/* First letters go through the mapping for whole words one by one, since sharp s becomes two. */
static size_t initcap_words(struct wr_slice text, char *out)
{
  size_t length = 0;
  for (size_t at = 0; at < text.length;) {
    if (text.bytes[at] == ' ') {
      out[length++] = text.bytes[at++];
      continue;
    }
    size_t first = wr_utf8_length(text.bytes[at]), end = at;
    if (first > text.length - at)
      first = text.length - at;
    while (end < text.length && text.bytes[end] != ' ')
      end++;
    length += wr_utf8_upper(text.bytes + at, first, out + length);
    if (end > at + first)
      length += wr_utf8_lower(text.bytes + at + first, end - at - first, out + length);
    at = end > at + first ? end : at + first;
  }
  return length;
}

WR_TEXT_ROWS(initcap)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row);
    char *room = wr_call_room(call, WR_UTF8_CASE_BYTES(text.length));
    wr_call_put_text(call, row, initcap_words(text, room));
  }
}
WR_TEXT_KERNEL(initcap, 0)

enum wr_code wr_bind_standard_initcap(struct wr_bind_site *site, struct wr_error *err)
{
  (void)err;
  if (site->binding->kinesis)
    site->kernel = &kernel_initcap;
  return WR_OK;
}

#define T WR_VARCHAR

const struct wr_function wr_functions_text_standard[] = {
    {.name = "SUBSTRING_SIMILAR",
     .usage = "SUBSTRING(text SIMILAR 'a#\"b#\"c' ESCAPE '#')",
     .help = "What pattern b has taken at the first place where a, b and c match one behind the "
             "other; NULL if there is none",
     .example = "SUBSTRING_SIMILAR('TECHNOLOGY', 'TECH%\"NOLO%\"GY', '%')",
     .result = "NOLO",
     .takes = {T, T, T},
     .least = 3,
     .most = 3,
     .gives = &wr_type_string,
     .kernel = &kernel_parts,
     .bind = bind_parts,
     .traits = WR_KINESIS},
    {0},
};
