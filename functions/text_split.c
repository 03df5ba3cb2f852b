/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that split a text: into an ARRAY of the pieces, one of them, a MAP of keys and values.
 */
#include "core/limits.h"
#include "core/packed.h"
#include "functions/item.h"
#include "functions/regex_run.h"
#include "functions/text_call.h"
#include "text/utf8.h"

static bool is_blank(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

#define WORD_ONES UINT64_C(0x0101010101010101)
#define WORD_LOWS (WORD_ONES * 0x7F)

/* Behind the number-th such byte from at on; NULL: there are not so many. Eight bytes at a time. */
static const char *skip_bytes(const char *at, const char *end, char byte, int32_t number)
{
  const uint64_t pattern = WORD_ONES * (unsigned char)byte;
  for (; end - at >= 8; at += 8) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    word ^= pattern; /* zeros where it is; below, a high bit there and nowhere else */
    uint64_t hits = ~(((word & WORD_LOWS) + WORD_LOWS) | word | WORD_LOWS);
    for (; hits; hits &= hits - 1)
      if (--number == 0)
        return at + (__builtin_ctzll(hits) >> 3) + 1;
  }
  for (; at < end; at++)
    if (*at == byte && --number == 0)
      return at + 1;
  return NULL;
}

/* As split_piece for a separator of one byte. */
static bool split_piece_byte(struct wr_slice text, char separator, int32_t index,
                             struct wr_slice *piece)
{
  const char *end = text.bytes + text.length;
  const char *at = index == 0 ? text.bytes : skip_bytes(text.bytes, end, separator, index);
  if (text.length == 0 || !at)
    return false;
  const char *next = skip_bytes(at, end, separator, 1);
  *piece = (struct wr_slice){at, (size_t)((next ? next - 1 : end) - at)};
  return true;
}

/* The piece between separators, or between single blanks if the separator is empty. False: there
 * are not so many. */
static bool split_piece(struct wr_slice text, struct wr_slice separator, int32_t index,
                        struct wr_slice *piece)
{
  const char *at = text.bytes, *end = text.bytes + text.length;
  if (separator.length == 1)
    return split_piece_byte(text, separator.bytes[0], index, piece);
  if (text.length == 0)
    return false;
  for (;; index--) {
    const char *stop = at, *next;
    if (separator.length) {
      stop = wr_slice_find(text, separator, (size_t)(at - text.bytes));
      stop = stop ? stop : end;
      next = stop == end ? NULL : stop + separator.length;
    } else {
      while (stop < end && !is_blank(*stop))
        stop++;
      next = stop == end ? NULL : stop + 1;
    }
    if (index == 0) {
      *piece = (struct wr_slice){at, (size_t)(stop - at)};
      return true;
    }
    if (!next)
      return false;
    at = next;
  }
}

WR_TEXT_ROWS(split_index)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice piece;
    int32_t index = wr_int_arg(call, 2, row);
    if (index >= 0 &&
        split_piece(wr_text_arg(call, 0, row), wr_text_arg(call, 1, row), index, &piece))
      wr_call_lend_text(call, row, piece.bytes, piece.length);
    else
      wr_call_set_null(call, row);
  }
}
WR_TEXT_KERNEL(split_index, WR_MAKES_NULL)

/* The character of a code from 1 to 255 as the separator. */
WR_TEXT_ROWS(split_code)
{
  WR_EACH_ROW(row)
  {
    struct wr_slice piece;
    int32_t code = wr_int_arg(call, 1, row), index = wr_int_arg(call, 2, row);
    char separator[WR_UTF8_BYTES_MAX];
    if (code >= 1 && code <= 255 && index >= 0 &&
        split_piece(wr_text_arg(call, 0, row),
                    (struct wr_slice){separator, wr_utf8_put((uint32_t)code, separator)}, index,
                    &piece))
      wr_call_lend_text(call, row, piece.bytes, piece.length);
    else
      wr_call_set_null(call, row);
  }
}
WR_TEXT_KERNEL(split_code, WR_MAKES_NULL)

/* ---- an ARRAY ---- */

#define PIECES_MAX (WR_TEXT_BYTES_MAX / 4) /* more would not fit, even if they were empty */

static void split_put(struct wr_builder *out, const char *bytes, size_t length)
{
  wr_builder_reserve(out, 1);
  wr_builder_put_text(out, wr_text_make(bytes, (uint32_t)length));
}

/* Ends early once there are too many pieces anyway. */
static void split_all(struct wr_slice text, struct wr_slice separator, struct wr_builder *out)
{
  const char *at = text.bytes, *end = text.bytes + text.length, *stop;
  if (text.length == 0)
    return;
  if (separator.length == 0) {
    for (size_t begin = 0, width; begin < text.length && out->row_count <= PIECES_MAX;
         begin += width) {
      width = wr_utf8_length(text.bytes[begin]);
      width = width < text.length - begin ? width : text.length - begin;
      split_put(out, text.bytes + begin, width);
    }
    return;
  }
  while (out->row_count <= PIECES_MAX &&
         (stop = memmem(at, (size_t)(end - at), separator.bytes, separator.length))) {
    split_put(out, at, (size_t)(stop - at));
    at = stop + separator.length;
  }
  split_put(out, at, (size_t)(end - at));
}

WR_TEXT_ROWS(split)
{
  struct wr_builder pieces;
  wr_builder_open(&pieces, &wr_type_string);
  WR_EACH_ROW(row)
  {
    wr_builder_reset(&pieces);
    split_all(wr_text_arg(call, 0, row), wr_text_arg(call, 1, row), &pieces);
    struct wr_column column = wr_builder_view(&pieces);
    size_t bytes = wr_pack_list_bytes(&column, 0, pieces.row_count);
    if (!wr_call_text_fits(call, row, bytes))
      continue;
    wr_pack_list(wr_call_room(call, bytes), &column, 0, pieces.row_count);
    wr_call_put_text(call, row, bytes);
  }
  wr_builder_close(&pieces);
}
WR_TEXT_KERNEL(split, WR_CAN_FAIL)

static enum wr_code bind_split(struct wr_bind_site *site, struct wr_error *err)
{
  (void)err;
  site->type = wr_type_array(site->binding->arena, &wr_type_string);
  return WR_OK;
}

/* ---- a MAP ---- */

/* The separators of STR_TO_MAP where they are constant, else NULL. */
struct map_separators {
  const struct wr_regex *pairs, *values;
};

/* One call of STR_TO_MAP at work. */
struct map_run {
  struct wr_regex_run pairs, values;
  struct wr_builder keys, items;
  struct wr_item_set set; /* of the keys */
};

/* A pair; the last value of a key counts, at the place of the first. */
static void map_put(struct map_run *run, struct wr_slice key, struct wr_text value, bool has_value)
{
  bool is_new;
  uint32_t at = wr_item_set_add(&run->set, &wr_type_string, key, &is_new);
  if (is_new) {
    wr_builder_reserve(&run->keys, 1);
    wr_builder_reserve(&run->items, 1);
    wr_builder_put_text(&run->keys, wr_text_make(key.bytes, key.length));
    if (has_value)
      wr_builder_put_text(&run->items, value);
    else
      wr_builder_put_null(&run->items);
    return;
  }
  ((struct wr_text *)run->items.values)[at] = value;
  if (has_value)
    wr_bit_set(run->items.valid, at);
  else
    wr_bit_clear(run->items.valid, at);
  run->items.has_null = run->items.has_null || !has_value;
}

/* One pair of bytes: split at the first separator that is not an empty match in front. */
static enum wr_regex_found map_put_pair(struct map_run *run, const struct wr_regex *separator,
                                        const char *bytes, size_t length)
{
  struct wr_regex_search *search = &run->values.search;
  enum wr_regex_found found = WR_REGEX_GAVE_UP;
  if (!wr_regex_begin(search, separator, bytes, length))
    return found;
  while ((found = wr_regex_next(search)) == WR_REGEX_MATCH && search->groups[1] == 0)
    ;
  if (found == WR_REGEX_MATCH)
    map_put(run, (struct wr_slice){bytes, (uint32_t)search->groups[0]},
            wr_text_make(bytes + search->groups[1], (uint32_t)(length - search->groups[1])), true);
  else if (found == WR_REGEX_NOTHING)
    map_put(run, (struct wr_slice){bytes, (uint32_t)length}, (struct wr_text){0}, false);
  return found;
}

/* All pairs of one text; empty ones at its end do not count. NULL, or why it gave up. */
static const char *map_fill(struct map_run *run, const struct wr_regex *pairs,
                            const struct wr_regex *values, struct wr_slice text)
{
  struct wr_regex_search *search = &run->pairs.search;
  size_t begin = 0, empty = 0; /* empty pairs that wait for one that is not */
  enum wr_regex_found found = WR_REGEX_MATCH;
  if (!wr_regex_begin(search, pairs, text.bytes, text.length))
    return search->why;
  while (found == WR_REGEX_MATCH) {
    found = wr_regex_next(search);
    if (found == WR_REGEX_GAVE_UP)
      return search->why;
    if (found == WR_REGEX_MATCH && search->groups[1] == 0)
      continue;
    size_t end = found == WR_REGEX_MATCH ? search->groups[0] : text.length;
    if (end == begin) {
      empty++;
    } else {
      if (empty && map_put_pair(run, values, text.bytes, 0) == WR_REGEX_GAVE_UP)
        return run->values.search.why;
      empty = 0;
      if (map_put_pair(run, values, text.bytes + begin, end - begin) == WR_REGEX_GAVE_UP)
        return run->values.search.why;
    }
    begin = found == WR_REGEX_MATCH ? search->groups[1] : text.length;
  }
  return NULL;
}

static void map_row(struct map_run *run, uint32_t row)
{
  const struct wr_call *call = run->pairs.call;
  const struct map_separators *known = call->prepared;
  const struct wr_regex *pairs = known->pairs, *values = known->values;
  if (!pairs)
    pairs = wr_regex_run_find(&run->pairs, wr_text_arg(call, 1, row));
  if (!values)
    values = wr_regex_run_find(&run->values, wr_text_arg(call, 2, row));
  if (!pairs || !values) {
    wr_call_fail_state(call, row, WR_STATE_INVALID_PATTERN,
                       "a separator of STR_TO_MAP is no regular expression");
    return;
  }
  struct wr_slice text = wr_text_arg(call, 0, row);
  wr_builder_reset(&run->keys);
  wr_builder_reset(&run->items);
  wr_item_set_clear(&run->set);
  const char *why = text.length ? map_fill(run, pairs, values, text) : NULL;
  if (why) {
    wr_call_fail_state(call, row, WR_STATE_TOO_COMPLEX, "%s", why);
    return;
  }
  struct wr_column keys = wr_builder_view(&run->keys), items = wr_builder_view(&run->items);
  size_t bytes = wr_pack_map_bytes(&keys, &items, 0, run->keys.row_count);
  if (!wr_call_text_fits(call, row, bytes))
    return;
  wr_pack_map(wr_call_room(call, bytes), &keys, &items, 0, run->keys.row_count);
  wr_call_put_text(call, row, bytes);
}

WR_TEXT_ROWS(str_to_map)
{
  struct map_run run = {.pairs.call = call, .values.call = call};
  wr_builder_open(&run.keys, &wr_type_string);
  wr_builder_open(&run.items, &wr_type_string);
  WR_EACH_ROW(row)
  map_row(&run, row);
  wr_builder_close(&run.keys);
  wr_builder_close(&run.items);
  wr_regex_run_close(&run.pairs);
  wr_regex_run_close(&run.values);
  wr_item_set_free(&run.set);
}
WR_TEXT_KERNEL(str_to_map, WR_CAN_FAIL)

static enum wr_code bind_str_to_map(struct wr_bind_site *site, struct wr_error *err)
{
  struct wr_arena *arena = site->binding->arena;
  struct map_separators *known = WR_NEW(arena, struct map_separators);
  enum wr_code code;
  size_t at;
  if (site->arg_count == 2)
    return wr_bind_no_match(site, err);
  if (site->arg_count == 1) {
    code = wr_regex_new(arena, ",", 1, &known->pairs, &at, err);
    if (!code)
      code = wr_regex_new(arena, "=", 1, &known->values, &at, err);
  } else {
    code = wr_regex_bind(site, site->args[1], &known->pairs, err);
    if (!code)
      code = wr_regex_bind(site, site->args[2], &known->values, err);
  }
  site->type = wr_type_map(arena, &wr_type_string, &wr_type_string);
  site->prepared = known;
  return code;
}

/* ---- the table ---- */

#define T WR_VARCHAR
#define N WR_INT
#define B WR_VARBINARY

const struct wr_function wr_functions_text_split[] = {
    {.name = "SPLIT",
     .usage = "SPLIT(text, separator)",
     .help = "The pieces between separators as an ARRAY; all characters if the separator is empty",
     .example = "SPLIT('a,b,,c', ',')",
     .result = "[a, b, , c]",
     .takes = {T, T},
     .least = 2,
     .most = 2,
     .gives = &wr_type_string,
     .kernel = &kernel_split,
     .bind = bind_split},
    WR_TEXT_ROW("SPLIT_INDEX", "text, separator, index", WR_KINDS(T, T, N), 3, 3, string,
                split_index,
                "The piece of that number, from 0, between separators; NULL if there is none",
                "SPLIT_INDEX('a/b/c', '/', 1)", "b"),
    WR_TEXT_ALSO("SPLIT_INDEX", WR_KINDS(T, N, N), 3, 3, string, split_code),
    {.name = "STR_TO_MAP",
     .usage = "STR_TO_MAP(text [, pair separator, value separator])",
     .help =
         "Keys and values as a MAP; the separators, regular expressions, are , and = unless given",
     .example = "STR_TO_MAP('a=1,b=2,c')",
     .result = "{a=1, b=2, c=NULL}",
     .takes = {T, T, T},
     .least = 1,
     .most = 3,
     .gives = &wr_type_string,
     .kernel = &kernel_str_to_map,
     .bind = bind_str_to_map},
    {0},
};
