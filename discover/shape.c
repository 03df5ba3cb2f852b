/* SPDX-License-Identifier: Apache-2.0 */
/* Adding values to a shape. Texts are taken for what the parsers of text/ make of them, which are
 * those that formats read columns with: what looks like a date here can be read as one. */
#include "discover/shape.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>

#include "core/grow.h"
#include "core/limits.h"
#include "core/time.h"
#include "text/datetime.h"
#include "text/number.h"
#include "text/utf8.h"

struct wr_shape *wr_shape_new(struct wr_shaper *shaper, struct wr_slice name)
{
  struct wr_shape *shape = wr_arena_get_zero(shaper->arena, sizeof *shape);
  shape->name.bytes = wr_arena_copy(shaper->arena, name.bytes ? name.bytes : "", name.length);
  shape->name.length = name.length;
  shape->least = INT64_MAX;
  shape->greatest = INT64_MIN;
  shape->clock_top = INT64_MIN;
  return shape;
}

/* ---- looks */

/* -?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?, so that 007 and +1 stay text. */
static enum wr_look look_of_number(const char *bytes, uint32_t length)
{
  const char *at = bytes, *end = bytes + length;
  enum wr_look look = WR_LOOK_INTEGER;
  at += at < end && *at == '-';
  const char *digits = at;
  while (at < end && isdigit((unsigned char)*at))
    at++;
  if (at == digits || (*digits == '0' && at > digits + 1))
    return WR_LOOK_TEXT;
  if (at < end && *at == '.') {
    digits = ++at;
    look = WR_LOOK_NUMBER;
    while (at < end && isdigit((unsigned char)*at))
      at++;
    if (at == digits)
      return WR_LOOK_TEXT;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    at += at < end && (*at == '-' || *at == '+');
    digits = at;
    look = WR_LOOK_NUMBER;
    while (at < end && isdigit((unsigned char)*at))
      at++;
    if (at == digits)
      return WR_LOOK_TEXT;
  }
  return at == end ? look : WR_LOOK_TEXT;
}

static bool look_is_word(const char *bytes, uint32_t length, const char *word)
{
  if (length != strlen(word))
    return false;
  for (uint32_t i = 0; i < length; i++)
    if (tolower((unsigned char)bytes[i]) != word[i])
      return false;
  return true;
}

/* The zone of a time, if it has one, begins behind the clock. */
static enum wr_look look_of_time(const char *bytes, uint32_t length, int64_t *us)
{
  int32_t days;
  if (length < 5 || !isdigit((unsigned char)bytes[0]))
    return WR_LOOK_TEXT;
  if (wr_parse_date(bytes, length, &days)) {
    *us = days * (int64_t)86400 * WR_US_PER_SECOND;
    return WR_LOOK_DATE;
  }
  if (wr_parse_time(bytes, length, us))
    return WR_LOOK_TIME;
  bool is_wall = bytes[length - 1] != 'Z' && wr_parse_timestamp(bytes, length, us);
  if (is_wall)
    return WR_LOOK_TIMESTAMP;
  return wr_parse_timestamp_ltz(bytes, length, 0, us) ? WR_LOOK_ZONED : WR_LOOK_TEXT;
}

enum wr_look wr_look_of_text(const char *bytes, uint32_t length, bool as_number)
{
  int64_t us;
  if (as_number && (look_is_word(bytes, length, "true") || look_is_word(bytes, length, "false")))
    return WR_LOOK_BOOLEAN;
  enum wr_look look = as_number ? look_of_number(bytes, length) : WR_LOOK_TEXT;
  return look == WR_LOOK_TEXT ? look_of_time(bytes, length, &us) : look;
}

/* ---- what is kept of a value */

static void shape_tick(struct wr_shaper *shaper, struct wr_shape *shape, int64_t value)
{
  if (shape->clock_split != shaper->split) {
    shape->clock_split = shaper->split;
    shape->clock_top = INT64_MIN;
  }
  int64_t behind;
  if (value >= shape->clock_top)
    shape->clock_top = value;
  else if (__builtin_sub_overflow(shape->clock_top, value, &behind))
    shape->clock_behind = INT64_MAX;
  else if (behind > shape->clock_behind)
    shape->clock_behind = behind;
}

static void shape_add_digits(struct wr_shape *shape, const char *bytes, uint32_t length)
{
  const char *at = bytes, *end = bytes + length;
  uint32_t before = 0, behind = 0;
  at += at < end && *at == '-';
  for (; at < end && isdigit((unsigned char)*at); at++)
    before++;
  if (at < end && *at == '.')
    for (at++; at < end && isdigit((unsigned char)*at); at++)
      behind++;
  if (at < end) /* an exponent: no DECIMAL is thought of */
    return;
  shape->digits = before > shape->digits ? before : shape->digits;
  shape->scale = behind > shape->scale ? behind : shape->scale;
  shape->significant = before + behind > shape->significant ? before + behind : shape->significant;
}

static void shape_add_number(struct wr_shaper *shaper, struct wr_shape *shape, enum wr_look look,
                             const char *bytes, uint32_t length)
{
  int64_t value;
  double number;
  shape_add_digits(shape, bytes, length);
  if (look == WR_LOOK_NUMBER) {
    if (wr_parse_f64(bytes, length, &number) && fabs(number) < 9e12)
      shape_tick(shaper, shape, (int64_t)(number * 1e6));
  } else if (!wr_parse_i64(bytes, length, &value)) {
    shape->is_beyond_bigint = true;
  } else {
    shape->least = value < shape->least ? value : shape->least;
    shape->greatest = value > shape->greatest ? value : shape->greatest;
    shape_tick(shaper, shape, value);
  }
}

static void shape_add_time(struct wr_shaper *shaper, struct wr_shape *shape, const char *bytes,
                           uint32_t length)
{
  int64_t us = 0;
  uint32_t fraction = 0;
  const char *point = memchr(bytes, '.', length);
  if (look_of_time(bytes, length, &us) != WR_LOOK_TIME)
    shape_tick(shaper, shape, us);
  for (point = point ? point + 1 : NULL;
       point && point < bytes + length && isdigit((unsigned char)*point); point++)
    fraction++;
  shape->fraction = fraction > shape->fraction ? fraction : shape->fraction;
}

/* Cut between characters, without control characters, so that it can stand in a comment. */
static void shape_comment(const char *bytes, size_t length, char text[WR_SHAPE_EXAMPLE_BYTES + 1])
{
  size_t at = 0, kept = length < WR_SHAPE_EXAMPLE_BYTES ? length : WR_SHAPE_EXAMPLE_BYTES - 3;
  while (at < kept && at + wr_utf8_length(bytes[at]) <= kept)
    at += wr_utf8_length(bytes[at]);
  for (size_t i = 0; i < at; i++)
    text[i] = iscntrl((unsigned char)bytes[i]) ? ' ' : bytes[i];
  memcpy(text + at, at < length ? "..." : "", at < length ? 4 : 1);
}

static void shape_add_example(struct wr_shape *shape, const char *bytes, size_t length)
{
  char text[WR_SHAPE_EXAMPLE_BYTES + 1];
  if (shape->example_count == WR_SHAPE_EXAMPLES || !wr_utf8_valid(bytes, length))
    return;
  shape_comment(bytes, length, text);
  for (uint32_t i = 0; i < shape->example_count; i++)
    if (strcmp(shape->examples[i], text) == 0)
      return;
  memcpy(shape->examples[shape->example_count++], text, sizeof text);
}

static void shape_count(struct wr_shape *shape, enum wr_look look, size_t length)
{
  shape->count++;
  shape->looks[look]++;
  shape->length_max = length > shape->length_max ? (uint32_t)length : shape->length_max;
}

static void shape_add_scalar(struct wr_shaper *shaper, struct wr_shape *shape, enum wr_look look,
                             const char *bytes, uint32_t length)
{
  shape_count(shape, look, wr_utf8_count(bytes, length));
  shape_add_example(shape, bytes, length);
  if (look == WR_LOOK_INTEGER || look == WR_LOOK_NUMBER)
    shape_add_number(shaper, shape, look, bytes, length);
  else if (look >= WR_LOOK_DATE && look <= WR_LOOK_ZONED)
    shape_add_time(shaper, shape, bytes, length);
}

void wr_shape_add_field(struct wr_shaper *shaper, struct wr_shape *shape, const char *bytes,
                        uint32_t length, bool quoted)
{
  if (length == 0 && !quoted)
    shape_count(shape, WR_LOOK_NULL, 0);
  else
    shape_add_scalar(shaper, shape, wr_look_of_text(bytes, length, true), bytes, length);
}

/* ---- JSON */

static void shape_leave_out(struct wr_shaper *shaper, const char *name, size_t length)
{
  char text[WR_SHAPE_EXAMPLE_BYTES + 1] = "";
  shaper->left_out_names++;
  if (shaper->left_out_name && *shaper->left_out_name)
    return;
  if (wr_utf8_valid(name, length))
    shape_comment(name, length, text);
  shaper->left_out_name = wr_arena_copy(shaper->arena, text, strlen(text));
}

struct wr_shape *wr_shape_member(struct wr_shaper *shaper, struct wr_shape *shape, const char *name,
                                 size_t length)
{
  for (uint32_t i = 0; i < shape->member_count; i++) {
    uint32_t m = (shape->member_next + i) % shape->member_count;
    struct wr_shape *member = shape->members[m];
    if (member->name.length == length && memcmp(member->name.bytes, name, length) == 0) {
      shape->member_next = m + 1;
      return member;
    }
  }
  if (length == 0 || length > WR_SQL_NAME_BYTES_MAX || !wr_utf8_valid(name, length) ||
      memchr(name, '\0', length) || memchr(name, '\n', length) ||
      shape->member_count == WR_COLUMNS_MAX) {
    shape_leave_out(shaper, name, length);
    return NULL;
  }
  shape->members = wr_grow(shaper->arena, shape->members, shape->member_count,
                           &shape->member_capacity, sizeof *shape->members);
  struct wr_shape *member = wr_shape_new(shaper, (struct wr_slice){name, (uint32_t)length});
  shape->member_next = shape->member_count + 1;
  return shape->members[shape->member_count++] = member;
}

static void shape_add_object(struct wr_shaper *shaper, struct wr_shape *shape,
                             const struct wr_json_tape *tape, uint32_t node, uint32_t depth)
{
  uint32_t at = wr_json_first(node);
  for (uint32_t i = 0; i < tape->nodes[node].length; i++) {
    uint32_t value = tape->nodes[at].next;
    wr_buffer_clear(&shaper->scratch);
    wr_json_put_string(tape, at, &shaper->scratch);
    struct wr_shape *member =
        wr_shape_member(shaper, shape, shaper->scratch.bytes, shaper->scratch.length);
    if (member)
      wr_shape_add_json(shaper, member, tape, value, depth + 1);
    at = tape->nodes[value].next;
  }
}

static void shape_add_array(struct wr_shaper *shaper, struct wr_shape *shape,
                            const struct wr_json_tape *tape, uint32_t node, uint32_t depth)
{
  uint32_t at = wr_json_first(node);
  for (uint32_t i = 0; i < tape->nodes[node].length; i++, at = tape->nodes[at].next) {
    if (!shape->item)
      shape->item = wr_shape_new(shaper, (struct wr_slice){NULL, 0});
    wr_shape_add_json(shaper, shape->item, tape, at, depth + 1);
  }
}

void wr_shape_add_json(struct wr_shaper *shaper, struct wr_shape *shape,
                       const struct wr_json_tape *tape, uint32_t node, uint32_t depth)
{
  const struct wr_json_node *value = &tape->nodes[node];
  const char *bytes = tape->bytes + value->first;
  uint32_t length = value->end - value->first;
  bool is_object = value->kind == WR_JSON_OBJECT;
  switch ((enum wr_json_kind)value->kind) {
  case WR_JSON_NULL: shape_count(shape, WR_LOOK_NULL, 0); break;
  case WR_JSON_FALSE:
  case WR_JSON_TRUE: shape_add_scalar(shaper, shape, WR_LOOK_BOOLEAN, bytes, length); break;
  case WR_JSON_NUMBER:
    shape_add_scalar(shaper, shape, look_of_number(bytes, length), bytes, length);
    break;
  case WR_JSON_STRING:
    wr_buffer_clear(&shaper->scratch);
    wr_json_put_string(tape, node, &shaper->scratch);
    wr_buffer_reserve(&shaper->scratch, 1);
    length = (uint32_t)shaper->scratch.length;
    bytes = shaper->scratch.bytes;
    shape_add_scalar(shaper, shape, wr_look_of_text(bytes, length, false), bytes, length);
    break;
  case WR_JSON_ARRAY:
  case WR_JSON_OBJECT:
    shape_count(shape, is_object ? WR_LOOK_OBJECT : WR_LOOK_ARRAY, length);
    if (depth > 0)
      shape_add_example(shape, bytes, length);
    if (depth < WR_SHAPE_DEPTH_MAX)
      (is_object ? shape_add_object : shape_add_array)(shaper, shape, tape, node, depth);
    break;
  }
}
