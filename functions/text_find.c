/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that look for a text in another one, and replace it.
 */
#include "functions/text_call.h"
#include "text/utf8.h"

static bool text_starts(struct wr_slice text, struct wr_slice start)
{
  return start.length <= text.length && memcmp(text.bytes, start.bytes, start.length) == 0;
}

/* ---- searching ---- */

/* What is nothing is found in front of each character and at the end, as in Java. */
static void replace_nothing(const struct wr_call *call, uint32_t row)
{
  struct wr_slice text = wr_text_arg(call, 0, row), to = wr_text_arg(call, 2, row);
  size_t total = text.length + (wr_utf8_count(text.bytes, text.length) + 1) * to.length;
  if (!wr_call_text_fits(call, row, total))
    return;
  char *begin = wr_call_room(call, total + to.length); /* also for what is no UTF-8 */
  char *end = begin;
  memcpy(end, to.bytes, to.length);
  end += to.length;
  for (size_t at = 0, next; at < text.length; at = next) {
    next = at + wr_utf8_offset(text.bytes + at, text.length - at, 1);
    memcpy(end, text.bytes + at, next - at);
    memcpy(end + (next - at), to.bytes, to.length);
    end += next - at + to.length;
  }
  wr_call_put_text(call, row, (size_t)(end - begin));
}

WR_TEXT_ROWS(replace)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row), from = wr_text_arg(call, 1, row),
                    to = wr_text_arg(call, 2, row);
    size_t found = 0, done = 0;
    const char *hit;
    if (from.length == 0) {
      replace_nothing(call, row);
      continue;
    }
    for (size_t at = 0; (hit = wr_slice_find(text, from, at));
         at = (size_t)(hit - text.bytes) + from.length)
      found++;
    if (found == 0) {
      wr_call_lend_text(call, row, text.bytes, text.length);
      continue;
    }
    size_t total = text.length - found * from.length + found * to.length;
    if (!wr_call_text_fits(call, row, total))
      continue;
    char *begin = wr_call_room(call, total), *at = begin;
    for (; found; found--) {
      hit = wr_slice_find(text, from, done);
      size_t between = (size_t)(hit - text.bytes) - done;
      memcpy(at, text.bytes + done, between);
      memcpy(at + between, to.bytes, to.length);
      at += between + to.length;
      done += between + from.length;
    }
    memcpy(at, text.bytes + done, text.length - done);
    wr_call_put_text(call, row, total);
  }
}
WR_TEXT_KERNEL(replace, WR_CAN_FAIL)

/* ---- translating ---- */

#define TRANSLATE_KEEP   UINT32_MAX
#define TRANSLATE_REMOVE (UINT32_MAX - 1)

/* What becomes of each character: ASCII looked up, others looked for in `from`. */
struct translation {
  bool is_ready;
  struct wr_slice from, to;
  uint32_t ascii[128]; /* a code point, KEEP or REMOVE */
};

/* Code point of `to` at *at, or REMOVE behind its end. */
static uint32_t translation_next(struct wr_slice to, size_t *at)
{
  return *at < to.length ? wr_utf8_next(to.bytes, to.length, at) : TRANSLATE_REMOVE;
}

static void translation_prepare(struct translation *map, struct wr_slice from, struct wr_slice to)
{
  if (map->is_ready && map->from.bytes == from.bytes && map->from.length == from.length &&
      map->to.bytes == to.bytes && map->to.length == to.length)
    return;
  *map = (struct translation){.is_ready = true, .from = from, .to = to};
  for (uint32_t i = 0; i < 128; i++)
    map->ascii[i] = TRANSLATE_KEEP;
  for (size_t f = 0, t = 0; f < from.length;) {
    uint32_t point = wr_utf8_next(from.bytes, from.length, &f), by = translation_next(to, &t);
    if (point < 128 && map->ascii[point] == TRANSLATE_KEEP)
      map->ascii[point] = by;
  }
}

static uint32_t translation_of(const struct translation *map, uint32_t point)
{
  if (point < 128)
    return map->ascii[point];
  for (size_t f = 0, t = 0; f < map->from.length;) {
    uint32_t from = wr_utf8_next(map->from.bytes, map->from.length, &f);
    uint32_t by = translation_next(map->to, &t);
    if (from == point)
      return by;
  }
  return TRANSLATE_KEEP;
}

static size_t translate(const struct translation *map, struct wr_slice text, char *out)
{
  char *end = out;
  for (size_t at = 0; at < text.length;) {
    size_t begin = at;
    uint32_t by = translation_of(map, wr_utf8_next(text.bytes, text.length, &at));
    if (by == TRANSLATE_KEEP) {
      memcpy(end, text.bytes + begin, at - begin);
      end += at - begin;
    } else if (by != TRANSLATE_REMOVE) {
      end += wr_utf8_put(by, end);
    }
  }
  return (size_t)(end - out);
}

/* A NULL or empty `from` changes nothing; a NULL `to` counts as empty. */
WR_TEXT_ROWS(translate)
{
  struct translation map = {.is_ready = false};
  bool same = call->args[1]->constant && call->args[2]->constant;
  WR_EACH_ROW(row)
  {
    if (wr_column_is_null(call->args[0], row)) {
      wr_call_set_null(call, row);
      continue;
    }
    struct wr_slice text = wr_text_arg(call, 0, row), from = {"", 0}, to = {"", 0};
    if (!wr_column_is_null(call->args[1], row))
      from = wr_text_arg(call, 1, row);
    if (!wr_column_is_null(call->args[2], row))
      to = wr_text_arg(call, 2, row);
    map.is_ready = map.is_ready && same;
    translation_prepare(&map, from, to);
    size_t length =
        translate(&map, text, wr_call_room(call, (size_t)text.length * WR_UTF8_BYTES_MAX));
    if (wr_call_text_fits(call, row, length))
      wr_call_put_text(call, row, length);
  }
}
WR_TEXT_KERNEL(translate, WR_SEES_NULL | WR_MAKES_NULL | WR_CAN_FAIL)

/* ---- where ---- */

/* Characters before the place, plus 1; 0 if it is nowhere. An empty text is at the beginning. */
static int32_t position(struct wr_slice text, struct wr_slice wanted, int64_t start)
{
  if (wanted.length == 0)
    return 1;
  size_t from = start > 1 ? wr_utf8_offset(text.bytes, text.length, (size_t)start - 1) : 0;
  const char *hit = wr_slice_find(text, wanted, from);
  return hit ? (int32_t)wr_utf8_count(text.bytes, (size_t)(hit - text.bytes)) + 1 : 0;
}

WR_TEXT_ROWS(position)
{
  WR_EACH_ROW(row)
  ((int32_t *)call->values)[row] = position(wr_text_arg(call, 1, row), wr_text_arg(call, 0, row),
                                            call->arg_count > 2 ? wr_int_arg(call, 2, row) : 1);
}
WR_TEXT_KERNEL(position, 0)

/* The nth occurrence from the left, each beginning behind where the last began. */
static int32_t position_forward(struct wr_slice text, struct wr_slice wanted, int64_t start,
                                int32_t nth)
{
  if (wanted.length == 0)
    return 1;
  size_t at = wr_utf8_offset(text.bytes, text.length, (size_t)start - 1);
  for (;;) {
    const char *hit = wr_slice_find(text, wanted, at);
    if (!hit)
      return 0;
    at = (size_t)(hit - text.bytes);
    if (--nth == 0)
      return (int32_t)wr_utf8_count(text.bytes, at) + 1;
    at += wr_utf8_length(text.bytes[at]);
    if (at > text.length)
      return 0;
  }
}

/* The nth occurrence from the right that ends at least `back` - 1 characters before the end. */
static int32_t position_backward(struct wr_slice text, struct wr_slice wanted, int64_t back,
                                 int32_t nth)
{
  int64_t characters = (int64_t)wr_utf8_count(text.bytes, text.length);
  if (wanted.length == 0)
    return (int32_t)characters + 1;
  int64_t end = characters - (back - 1);
  if (end < 0)
    return 0;
  size_t at = wr_utf8_offset(text.bytes, text.length, (size_t)end);
  if (at < wanted.length)
    return 0;
  for (at -= wanted.length;; at--) {
    if (memcmp(text.bytes + at, wanted.bytes, wanted.length) == 0 && --nth == 0)
      return (int32_t)wr_utf8_count(text.bytes, at) + 1;
    if (at == 0)
      return 0;
  }
}

WR_TEXT_ROWS(instr)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row), wanted = wr_text_arg(call, 1, row);
    int64_t start = call->arg_count > 2 ? wr_int_arg(call, 2, row) : 1;
    int32_t nth = call->arg_count > 3 ? wr_int_arg(call, 3, row) : 1;
    if (nth < 1)
      wr_call_fail_state(call, row, WR_STATE_INVALID_PARAMETER,
                         "INSTR is asked for occurrence %d; the first is 1", nth);
    else
      ((int32_t *)call->values)[row] = start == 0  ? 0
                                       : start > 0 ? position_forward(text, wanted, start, nth)
                                                   : position_backward(text, wanted, -start, nth);
  }
}
WR_TEXT_KERNEL(instr, WR_CAN_FAIL)

WR_TEXT_ROWS(starts_with)
{
  WR_EACH_ROW(row)
  ((uint8_t *)call->values)[row] =
      text_starts(wr_text_arg(call, 0, row), wr_text_arg(call, 1, row));
}
WR_TEXT_KERNEL(starts_with, 0)

WR_TEXT_ROWS(ends_with)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice text = wr_text_arg(call, 0, row), end = wr_text_arg(call, 1, row);
    ((uint8_t *)call->values)[row] =
        end.length <= text.length &&
        memcmp(text.bytes + text.length - end.length, end.bytes, end.length) == 0;
  }
}
WR_TEXT_KERNEL(ends_with, 0)

/* ---- the table ---- */

#define T WR_VARCHAR
#define N WR_INT
#define B WR_VARBINARY

const struct wr_function wr_functions_text_find[] = {
    WR_TEXT_ROW("REPLACE", "text, from, to", WR_KINDS(T, T, T), 3, 3, string, replace,
                "Every occurrence of one text by another", "REPLACE('a-b-c', '-', '+')", "a+b+c"),
    WR_TEXT_ROW(
        "TRANSLATE", "text, from, to", WR_KINDS(T, T, T), 3, 3, string, translate,
        "Each character of the second text by the one at its place in the third, or removed if "
        "that is shorter",
        "TRANSLATE('www.weir.io', 'w.', 'W')", "WWWWeirio"),
    WR_TEXT_ROW("POSITION", "wanted IN text", WR_KINDS(T, T), 2, 2, int, position,
                "Where one text begins in another, or 0", "POSITION('i' IN 'weir')", "3"),
    WR_TEXT_ROW("LOCATE", "wanted, text [, start]", WR_KINDS(T, T, N), 2, 3, int, position,
                "Where one text begins in another, at or behind a position, or 0",
                "LOCATE('a', 'banana', 3)", "4"),
    WR_TEXT_ROW(
        "INSTR", "text, wanted [, start [, occurrence]]", WR_KINDS(T, T, N, N), 2, 4, int, instr,
        "Where the second text begins in the first, or 0; from a negative start it is looked for "
        "backwards",
        "INSTR('banana', 'an', 1, 2)", "4"),
    WR_TEXT_ROW("STARTSWITH", "text, start", WR_KINDS(T, T), 2, 2, boolean, starts_with,
                "TRUE if the text begins so", "STARTSWITH('weir', 'we')", "TRUE"),
    WR_TEXT_ALSO("STARTSWITH", WR_KINDS(B, B), 2, 2, boolean, starts_with),
    WR_TEXT_ROW("ENDSWITH", "text, end", WR_KINDS(T, T), 2, 2, boolean, ends_with,
                "TRUE if the text ends so", "ENDSWITH('weir', 'we')", "FALSE"),
    WR_TEXT_ALSO("ENDSWITH", WR_KINDS(B, B), 2, 2, boolean, ends_with),
    {0},
};
