/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of text. Characters are Unicode code points; positions count from 1. A result that is a
 * piece of the argument is lent from it; others are written into the run's room, one after the
 * other, so that no row costs an allocation of its own.
 */
#include <assert.h>

#include "core/limits.h"
#include "functions/bind_site.h"
#include "functions/kernel.h"
#include "text/utf8.h"

struct slice {
  const char *bytes;
  size_t length;
};

static inline struct slice text_arg(const struct wr_call *call, uint32_t i, uint32_t row)
{
  const struct wr_text *text = wr_column_text(call->args[i], row);
  return (struct slice){wr_text_bytes(text), text->length};
}

static inline int32_t int_arg(const struct wr_call *call, uint32_t i, uint32_t row)
{
  return WR_ARG(call, i, int32_t, row);
}

static bool text_starts(struct slice text, struct slice start)
{
  return start.length <= text.length && memcmp(text.bytes, start.bytes, start.length) == 0;
}

/* Where `wanted` begins at or behind byte `from`, or NULL. */
static const char *text_find(struct slice text, struct slice wanted, size_t from)
{
  if (wanted.length == 0)
    return text.bytes + from;
  return memmem(text.bytes + from, text.length - from, wanted.bytes, wanted.length);
}

/* False, and the row has failed, if a result would be longer than any value may be. */
static bool text_fits(const struct wr_call *call, uint32_t row, size_t bytes)
{
  if (bytes <= WR_TEXT_BYTES_MAX && call->room->arena.used <= WR_BATCH_TEXT_BYTES_MAX)
    return true;
  const char *name = call->expression->function->name;
  if (bytes > WR_TEXT_BYTES_MAX)
    wr_call_fail(call, row, "%s would give a text of %zu bytes; WR_TEXT_BYTES_MAX is %d", name,
                 bytes, WR_TEXT_BYTES_MAX);
  else
    wr_call_fail(call, row, "%s: the texts of one batch reach WR_BATCH_TEXT_BYTES_MAX (%d)", name,
                 WR_BATCH_TEXT_BYTES_MAX);
  return false;
}

#define TEXT_KERNEL(name, kernel_traits) \
  static const struct wr_kernel kernel_##name = {.rows = text_##name, .traits = kernel_traits};
#define TEXT_ROWS(name) \
  static void text_##name(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)

/* ---- case, length, order ---- */

TEXT_ROWS(upper)
{
  WR_EACH_ROW(row)
  {
    struct slice text = text_arg(call, 0, row);
    char *room = wr_call_room(call, WR_UTF8_CASE_BYTES(text.length));
    wr_call_put_text(call, row, wr_utf8_upper(text.bytes, text.length, room));
  }
}
TEXT_KERNEL(upper, 0)

TEXT_ROWS(lower)
{
  WR_EACH_ROW(row)
  {
    struct slice text = text_arg(call, 0, row);
    char *room = wr_call_room(call, WR_UTF8_CASE_BYTES(text.length));
    wr_call_put_text(call, row, wr_utf8_lower(text.bytes, text.length, room));
  }
}
TEXT_KERNEL(lower, 0)

TEXT_ROWS(characters)
{
  WR_EACH_ROW(row)
  {
    struct slice text = text_arg(call, 0, row);
    ((int32_t *)call->values)[row] = (int32_t)wr_utf8_count(text.bytes, text.length);
  }
}
TEXT_KERNEL(characters, 0)

TEXT_ROWS(octets)
{
  WR_EACH_ROW(row)
  ((int32_t *)call->values)[row] = (int32_t)text_arg(call, 0, row).length;
}
TEXT_KERNEL(octets, 0)

TEXT_ROWS(reverse)
{
  WR_EACH_ROW(row)
  {
    struct slice text = text_arg(call, 0, row);
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
TEXT_KERNEL(reverse, 0)

/* ---- pieces ---- */

/*
 * SUBSTRING(text, start [, length]): start 0 counts as 1; a negative one counts from the end, and
 * gives '' if it lies before the text. A negative length gives NULL.
 */
TEXT_ROWS(substring)
{
  WR_EACH_ROW(row)
  {
    struct slice text = text_arg(call, 0, row);
    int64_t start = int_arg(call, 1, row),
            count = call->arg_count > 2 ? int_arg(call, 2, row) : INT32_MAX;
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
TEXT_KERNEL(substring, WR_MAKES_NULL)

TEXT_ROWS(left)
{
  WR_EACH_ROW(row)
  {
    struct slice text = text_arg(call, 0, row);
    int32_t count = int_arg(call, 1, row);
    wr_call_lend_text(call, row, text.bytes,
                      count > 0 ? wr_utf8_offset(text.bytes, text.length, (size_t)count) : 0);
  }
}
TEXT_KERNEL(left, 0)

TEXT_ROWS(right)
{
  WR_EACH_ROW(row)
  {
    struct slice text = text_arg(call, 0, row);
    int64_t skip = (int64_t)wr_utf8_count(text.bytes, text.length) - int_arg(call, 1, row);
    size_t from = skip <= 0 ? 0 : wr_utf8_offset(text.bytes, text.length, (size_t)skip);
    wr_call_lend_text(call, row, text.bytes + from, text.length - from);
  }
}
TEXT_KERNEL(right, 0)

static bool is_blank(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The piece between separators, or between runs of blanks if the separator is empty. False: there
 * are not so many. */
static bool split_piece(struct slice text, struct slice separator, int32_t index,
                        struct slice *piece)
{
  const char *at = text.bytes, *end = text.bytes + text.length;
  if (text.length == 0)
    return false;
  for (;; index--) {
    const char *stop = at, *next;
    if (separator.length) {
      stop = text_find(text, separator, (size_t)(at - text.bytes));
      stop = stop ? stop : end;
      next = stop == end ? NULL : stop + separator.length;
    } else {
      while (stop < end && !is_blank(*stop))
        stop++;
      next = stop == end ? NULL : stop + 1;
    }
    if (index == 0) {
      *piece = (struct slice){at, (size_t)(stop - at)};
      return true;
    }
    if (!next)
      return false;
    at = next;
  }
}

TEXT_ROWS(split_index)
{
  WR_EACH_ROW(row)
  {
    struct slice piece;
    int32_t index = int_arg(call, 2, row);
    if (index >= 0 && split_piece(text_arg(call, 0, row), text_arg(call, 1, row), index, &piece))
      wr_call_lend_text(call, row, piece.bytes, piece.length);
    else
      wr_call_set_null(call, row);
  }
}
TEXT_KERNEL(split_index, WR_MAKES_NULL)

/* ---- trimming: characters of a set, at either end ---- */

enum trim_side { TRIM_LEFT = 1, TRIM_RIGHT = 2, TRIM_BOTH = 3 };

/* True if the character of `width` bytes is in the set. */
static bool trim_has(struct slice set, const char *character, size_t width)
{
  for (size_t at = 0; at < set.length; at += wr_utf8_length(set.bytes[at])) {
    if (wr_utf8_length(set.bytes[at]) == width && at + width <= set.length &&
        memcmp(set.bytes + at, character, width) == 0)
      return true;
  }
  return false;
}

static struct slice trim(struct slice text, struct slice set, unsigned sides)
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
    struct slice set = call->arg_count > 1 ? text_arg(call, 1, row) : (struct slice){" ", 1};
    struct slice text = trim(text_arg(call, 0, row), set, sides);
    wr_call_lend_text(call, row, text.bytes, text.length);
  }
}
TEXT_ROWS(trim_left)
{
  trim_rows(call, rows, row_count, TRIM_LEFT);
}
TEXT_ROWS(trim_right)
{
  trim_rows(call, rows, row_count, TRIM_RIGHT);
}
TEXT_ROWS(trim_both)
{
  trim_rows(call, rows, row_count, TRIM_BOTH);
}
TEXT_KERNEL(trim_left, 0)
TEXT_KERNEL(trim_right, 0)
TEXT_KERNEL(trim_both, 0)

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

/* ---- joining and repeating ---- */

TEXT_ROWS(concat)
{
  WR_EACH_ROW(row)
  {
    size_t total = 0;
    for (uint32_t i = 0; i < call->arg_count; i++)
      total += text_arg(call, i, row).length;
    if (!text_fits(call, row, total))
      continue;
    char *room = wr_call_room(call, total);
    for (uint32_t i = 0; i < call->arg_count; i++) {
      struct slice text = text_arg(call, i, row);
      memcpy(room, text.bytes, text.length);
      room += text.length;
    }
    wr_call_put_text(call, row, total);
  }
}
TEXT_KERNEL(concat, WR_CAN_FAIL)

static enum wr_code bind_concat(struct wr_bind_site *site, struct wr_error *err)
{
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
TEXT_ROWS(concat_ws)
{
  WR_EACH_ROW(row)
  {
    size_t total = 0;
    if (wr_column_is_null(call->args[0], row)) {
      wr_call_set_null(call, row);
      continue;
    }
    struct slice separator = text_arg(call, 0, row);
    for (uint32_t i = 1; i < call->arg_count; i++)
      total += wr_column_is_null(call->args[i], row)
                   ? 0
                   : text_arg(call, i, row).length + separator.length;
    if (!text_fits(call, row, total))
      continue;
    char *begin = wr_call_room(call, total), *at = begin;
    bool first = true;
    for (uint32_t i = 1; i < call->arg_count; i++) {
      if (wr_column_is_null(call->args[i], row))
        continue;
      struct slice text = text_arg(call, i, row);
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
TEXT_KERNEL(concat_ws, WR_SEES_NULL | WR_MAKES_NULL | WR_CAN_FAIL)

static enum wr_code bind_concat_ws(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = bind_concat(site, err);
  site->kernel = &kernel_concat_ws;
  return code;
}

TEXT_ROWS(repeat)
{
  WR_EACH_ROW(row)
  {
    struct slice text = text_arg(call, 0, row);
    int32_t times = int_arg(call, 1, row);
    size_t total = times > 0 ? text.length * (size_t)times : 0;
    if (!text_fits(call, row, total))
      continue;
    char *room = wr_call_room(call, total);
    for (size_t at = 0; at < total; at += text.length)
      memcpy(room + at, text.bytes, text.length);
    wr_call_put_text(call, row, total);
  }
}
TEXT_KERNEL(repeat, WR_CAN_FAIL)

/* To `count` characters: cut, or filled with the padding on one side. NULL if the count is negative
 * or the padding empty. */
static void pad_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                     bool in_front)
{
  WR_EACH_ROW(row)
  {
    struct slice text = text_arg(call, 0, row), padding = text_arg(call, 2, row);
    int64_t count = int_arg(call, 1, row);
    if (count < 0 || padding.length == 0) {
      wr_call_set_null(call, row);
      continue;
    }
    size_t kept = wr_utf8_offset(text.bytes, text.length, (size_t)count);
    size_t missing = (size_t)count - wr_utf8_count(text.bytes, kept);
    size_t each = wr_utf8_count(padding.bytes, padding.length), whole = missing / each;
    size_t part = wr_utf8_offset(padding.bytes, padding.length, missing % each);
    size_t fill = whole * padding.length + part;
    if (!text_fits(call, row, kept + fill))
      continue;
    char *room = wr_call_room(call, kept + fill), *at = in_front ? room : room + kept;
    memcpy(in_front ? room + fill : room, text.bytes, kept);
    for (size_t i = 0; i < whole; i++, at += padding.length)
      memcpy(at, padding.bytes, padding.length);
    memcpy(at, padding.bytes, part);
    wr_call_put_text(call, row, kept + fill);
  }
}
TEXT_ROWS(lpad)
{
  pad_rows(call, rows, row_count, true);
}
TEXT_ROWS(rpad)
{
  pad_rows(call, rows, row_count, false);
}
TEXT_KERNEL(lpad, WR_MAKES_NULL | WR_CAN_FAIL)
TEXT_KERNEL(rpad, WR_MAKES_NULL | WR_CAN_FAIL)

/* ---- searching ---- */

TEXT_ROWS(replace)
{
  WR_EACH_ROW(row)
  {
    struct slice text = text_arg(call, 0, row), from = text_arg(call, 1, row),
                 to = text_arg(call, 2, row);
    size_t found = 0, done = 0;
    const char *hit;
    for (size_t at = 0; from.length && (hit = text_find(text, from, at));
         at = (size_t)(hit - text.bytes) + from.length)
      found++;
    if (found == 0) {
      wr_call_lend_text(call, row, text.bytes, text.length);
      continue;
    }
    size_t total = text.length - found * from.length + found * to.length;
    if (!text_fits(call, row, total))
      continue;
    char *begin = wr_call_room(call, total), *at = begin;
    for (; found; found--) {
      hit = text_find(text, from, done);
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
TEXT_KERNEL(replace, WR_CAN_FAIL)

/* Characters before the place, plus 1; 0 if it is nowhere. */
static int32_t position(struct slice text, struct slice wanted, int32_t start)
{
  if (start < 1)
    return 0;
  size_t from = wr_utf8_offset(text.bytes, text.length, (size_t)start - 1);
  const char *hit = text_find(text, wanted, from);
  return hit ? (int32_t)wr_utf8_count(text.bytes, (size_t)(hit - text.bytes)) + 1 : 0;
}

TEXT_ROWS(position)
{
  WR_EACH_ROW(row)
  ((int32_t *)call->values)[row] = position(text_arg(call, 1, row), text_arg(call, 0, row),
                                            call->arg_count > 2 ? int_arg(call, 2, row) : 1);
}
TEXT_KERNEL(position, 0)

TEXT_ROWS(instr)
{
  WR_EACH_ROW(row)
  ((int32_t *)call->values)[row] = position(text_arg(call, 0, row), text_arg(call, 1, row), 1);
}
TEXT_KERNEL(instr, 0)

TEXT_ROWS(starts_with)
{
  WR_EACH_ROW(row)
  ((uint8_t *)call->values)[row] = text_starts(text_arg(call, 0, row), text_arg(call, 1, row));
}
TEXT_KERNEL(starts_with, 0)

TEXT_ROWS(ends_with)
{
  WR_EACH_ROW(row)
  {
    struct slice text = text_arg(call, 0, row), end = text_arg(call, 1, row);
    ((uint8_t *)call->values)[row] =
        end.length <= text.length &&
        memcmp(text.bytes + text.length - end.length, end.bytes, end.length) == 0;
  }
}
TEXT_KERNEL(ends_with, 0)

/* ---- the table ---- */

#define T WR_VARCHAR
#define N WR_INT
#define TEXT_ROW(upper, arguments, kinds, fewest, greatest, type, code, says, shows, gives_text) \
  {                                                                                              \
    .name = upper, .usage = upper "(" arguments ")", .help = says, .example = shows,             \
    .result = gives_text, .takes = kinds, .least = fewest, .most = greatest,                     \
    .gives = &wr_type_##type, .kernel = &kernel_##code                                           \
  }
#define KINDS(...) \
  {                \
    __VA_ARGS__    \
  }

const struct wr_function wr_functions_text_functions[] = {
    {.name = "||",
     .usage = "a || b",
     .help = "Two texts as one",
     .example = "'we' || 'ir'",
     .result = "weir",
     .least = 2,
     .most = 2,
     .bind = bind_concat,
     .traits = WR_OPERATOR},
    TEXT_ROW("UPPER", "text", KINDS(T), 1, 1, string, upper, "In upper case", "UPPER('Weir')",
             "WEIR"),
    TEXT_ROW("LOWER", "text", KINDS(T), 1, 1, string, lower, "In lower case", "LOWER('Weir')",
             "weir"),
    TEXT_ROW("CHAR_LENGTH", "text", KINDS(T), 1, 1, int, characters, "How many characters",
             "CHAR_LENGTH('weir')", "4"),
    TEXT_ROW("CHARACTER_LENGTH", "text", KINDS(T), 1, 1, int, characters, "How many characters",
             "CHARACTER_LENGTH('')", "0"),
    TEXT_ROW("OCTET_LENGTH", "text", KINDS(T), 1, 1, int, octets, "How many bytes",
             "OCTET_LENGTH('weir')", "4"),
    TEXT_ROW("SUBSTRING", "text, start [, length]", KINDS(T, N, N), 2, 3, string, substring,
             "Characters from a position on, counted from 1, or from the end if negative",
             "SUBSTRING('abcdef', 2, 3)", "bcd"),
    TEXT_ROW("SUBSTR", "text, start [, length]", KINDS(T, N, N), 2, 3, string, substring,
             "The same as SUBSTRING", "SUBSTR('abcdef', -2)", "ef"),
    TEXT_ROW("LEFT", "text, count", KINDS(T, N), 2, 2, string, left, "The first characters",
             "LEFT('abcdef', 2)", "ab"),
    TEXT_ROW("RIGHT", "text, count", KINDS(T, N), 2, 2, string, right, "The last characters",
             "RIGHT('abcdef', 2)", "ef"),
    {.name = "TRIM",
     .usage = "TRIM([BOTH | LEADING | TRAILING] [characters FROM] text)",
     .help = "Without these characters at the ends; blanks unless others are given",
     .example = "TRIM(LEADING 'x' FROM 'xxweirx')",
     .result = "weirx",
     .least = 1,
     .most = 3,
     .bind = bind_trim},
    TEXT_ROW("LTRIM", "text [, characters]", KINDS(T, T), 1, 2, string, trim_left,
             "Without these characters in front; blanks unless others are given", "LTRIM('  weir')",
             "weir"),
    TEXT_ROW("RTRIM", "text [, characters]", KINDS(T, T), 1, 2, string, trim_right,
             "Without these characters at the end; blanks unless others are given",
             "RTRIM('weir..', '.')", "weir"),
    TEXT_ROW("BTRIM", "text [, characters]", KINDS(T, T), 1, 2, string, trim_both,
             "Without these characters at both ends; blanks unless others are given",
             "BTRIM('/a/b/', '/')", "a/b"),
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
    TEXT_ROW("REPEAT", "text, times", KINDS(T, N), 2, 2, string, repeat, "The text so many times",
             "REPEAT('ab', 3)", "ababab"),
    TEXT_ROW("LPAD", "text, length, padding", KINDS(T, N, T), 3, 3, string, lpad,
             "Cut, or filled up in front, to a number of characters", "LPAD('7', 3, '0')", "007"),
    TEXT_ROW("RPAD", "text, length, padding", KINDS(T, N, T), 3, 3, string, rpad,
             "Cut, or filled up at the end, to a number of characters", "RPAD('ab', 5, 'xy')",
             "abxyx"),
    TEXT_ROW("REVERSE", "text", KINDS(T), 1, 1, string, reverse,
             "The characters from last to first", "REVERSE('weir')", "riew"),
    TEXT_ROW("REPLACE", "text, from, to", KINDS(T, T, T), 3, 3, string, replace,
             "Every occurrence of one text by another", "REPLACE('a-b-c', '-', '+')", "a+b+c"),
    TEXT_ROW("POSITION", "wanted IN text", KINDS(T, T), 2, 2, int, position,
             "Where one text begins in another, or 0", "POSITION('i' IN 'weir')", "3"),
    TEXT_ROW("LOCATE", "wanted, text [, start]", KINDS(T, T, N), 2, 3, int, position,
             "Where one text begins in another, at or behind a position, or 0",
             "LOCATE('a', 'banana', 3)", "4"),
    TEXT_ROW("INSTR", "text, wanted", KINDS(T, T), 2, 2, int, instr,
             "Where the second text begins in the first, or 0", "INSTR('weir', 'x')", "0"),
    TEXT_ROW("STARTSWITH", "text, start", KINDS(T, T), 2, 2, boolean, starts_with,
             "TRUE if the text begins so", "STARTSWITH('weir', 'we')", "TRUE"),
    TEXT_ROW("ENDSWITH", "text, end", KINDS(T, T), 2, 2, boolean, ends_with,
             "TRUE if the text ends so", "ENDSWITH('weir', 'we')", "FALSE"),
    TEXT_ROW("SPLIT_INDEX", "text, separator, index", KINDS(T, T, N), 3, 3, string, split_index,
             "The piece of that number, from 0, between separators; NULL if there is none",
             "SPLIT_INDEX('a/b/c', '/', 1)", "b"),
    {0},
};
