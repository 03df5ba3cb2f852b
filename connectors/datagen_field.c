/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making columns of generated values. A draw is a 64-bit mix of the column's key and the row's
 * number (the finaliser of SplitMix64, G. Steele, D. Lea, C. Flood, OOPSLA 2014), so nothing has to
 * be remembered between rows. A range is hit by the high half of a product, without a division.
 */
#include "connectors/datagen_field.h"

#include <assert.h>

#include "core/packed.h"
#include "core/time.h"
#include "text/number.h"

#define FIELD_GOLDEN UINT64_C(0x9e3779b97f4a7c15)

/* Independent draws for one row: which of them. */
enum field_draw { FIELD_DRAW_NULL = 1, FIELD_DRAW_VALUE, FIELD_DRAW_PAST, FIELD_DRAW_BYTES };

static inline uint64_t field_mix(uint64_t x)
{
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static inline uint64_t field_draw(const struct wr_datagen_field *field, int64_t row,
                                  enum field_draw which)
{
  uint64_t key = field->key + (uint64_t)which * UINT64_C(0xd1342543de82ef95);
  return field_mix(key + (uint64_t)row * FIELD_GOLDEN);
}

/* 0 to range - 1; range 0 stands for 2^64. */
static inline uint64_t field_below(uint64_t draw, uint64_t range)
{
  return range == 0 ? draw : (uint64_t)(((unsigned __int128)draw * range) >> 64);
}

int64_t wr_datagen_field_rows(const struct wr_datagen_field *field)
{
  int64_t rows = INT64_MAX;
  if (field->is_sequence && field->has_end) {
    __int128 span = (__int128)field->end - field->start;
    __int128 count = field->step == 0 ? INT64_MAX : span / field->step + 1;
    rows = count < INT64_MAX ? (int64_t)count : INT64_MAX;
  }
  bool is_collection = wr_kind_is_packed(field->type->kind);
  for (uint32_t i = 0; field->children && i < field->type->field_count; i++) {
    int64_t child = wr_datagen_field_rows(&field->children[i]);
    if (is_collection && child != INT64_MAX && field->length)
      child /= field->length;
    rows = child < rows ? child : rows;
  }
  return rows;
}

/* ---- one value of each kind */

/* Row `row` of a sequence; wraps silently where a bigint does, which takes 2^63 rows. */
static inline int64_t field_sequence(const struct wr_datagen_field *field, int64_t row,
                                     int64_t begun_us)
{
  int64_t start = field->start;
  if (wr_kind_is_timestamp(field->type->kind) && !field->has_start)
    start = begun_us;
  return (int64_t)((uint64_t)start + (uint64_t)row * (uint64_t)field->step);
}

static inline wr_i128 field_in_range(const struct wr_datagen_field *field, int64_t row)
{
  unsigned __int128 range =
      (unsigned __int128)field->max - (unsigned __int128)field->min + 1; /* never 2^128 */
  uint64_t draw = field_draw(field, row, FIELD_DRAW_VALUE);
  if (range >> 64 == 0 || range == (unsigned __int128)1 << 64)
    return field->min + (wr_i128)field_below(draw, (uint64_t)range);
  unsigned __int128 wide = (unsigned __int128)draw << 64 | field_mix(draw ^ field->key);
  return (wr_i128)((unsigned __int128)field->min + wide % range);
}

/* Cuts a time to the digits of its type. */
static inline int64_t field_tick(const struct wr_type *type, int64_t us)
{
  static const int64_t ticks[7] = {1000000, 100000, 10000, 1000, 100, 10, 1};
  return type->precision >= 6 ? us : us - wr_floor_mod(us, ticks[type->precision]);
}

static inline int64_t field_time(const struct wr_datagen_field *field, int64_t row,
                                 int64_t begun_us, int64_t now_us)
{
  int64_t us = field->is_sequence ? field_sequence(field, row, begun_us)
               : field->has_range ? (int64_t)field_in_range(field, row)
                                  : now_us;
  if (field->max_past_us)
    us -= (int64_t)field_below(field_draw(field, row, FIELD_DRAW_PAST),
                               (uint64_t)field->max_past_us + 1);
  return field_tick(field->type, us);
}

static inline int64_t field_date(const struct wr_datagen_field *field, int64_t row, int64_t now_us)
{
  if (field->is_sequence)
    return field_sequence(field, row, 0);
  if (field->has_range)
    return (int64_t)field_in_range(field, row);
  uint64_t past = field_below(field_draw(field, row, FIELD_DRAW_PAST),
                              (uint64_t)(field->max_past_us / WR_US_PER_DAY) + 1);
  return wr_floor_div(now_us, WR_US_PER_DAY) - (int64_t)past;
}

static inline double field_number(const struct wr_datagen_field *field, int64_t row)
{
  if (field->is_sequence)
    return (double)field_sequence(field, row, 0);
  double unit = (double)(field_draw(field, row, FIELD_DRAW_VALUE) >> 11) * 0x1p-53;
  return field->number_min + unit * (field->number_max - field->number_min);
}

/* A made-up text: hexadecimal digits; a made-up binary value: any bytes. */
static struct wr_text field_bytes(const struct wr_datagen_field *field, int64_t row,
                                  struct wr_builder *out)
{
  static const char digits[] = "0123456789abcdef";
  char small[WR_TEXT_INLINE];
  bool is_text = wr_kind_is_text(field->type->kind);
  char *bytes = field->length > WR_TEXT_INLINE ? wr_arena_get(&out->texts, field->length) : small;
  uint64_t word = 0, draw = field_draw(field, row, FIELD_DRAW_BYTES);
  uint32_t per_word = is_text ? 16 : 8;
  for (uint32_t i = 0; i < field->length; i++) {
    if (i % per_word == 0)
      word = field_mix(draw += FIELD_GOLDEN);
    bytes[i] = is_text ? digits[word & 15] : (char)word;
    word >>= is_text ? 4 : 8;
  }
  return wr_text_make(bytes, field->length);
}

static void field_put_text(const struct wr_datagen_field *field, int64_t row,
                           struct wr_builder *out)
{
  if (field->is_sequence) {
    char text[WR_I64_CHARS];
    wr_builder_put_copy(out, text, (uint32_t)wr_format_i64(field_sequence(field, row, 0), text));
  } else if (field->values) {
    uint64_t which = field_below(field_draw(field, row, FIELD_DRAW_VALUE), field->value_count);
    wr_builder_put_text(out, field->values[which]);
  } else {
    wr_builder_put_text(out, field_bytes(field, row, out));
  }
}

static void field_put(const struct wr_datagen_field *field, int64_t row, int64_t begun_us,
                      int64_t now_us, struct wr_builder *out)
{
  switch (field->type->kind) {
  case WR_TIMESTAMP:
  case WR_TIMESTAMP_LTZ: wr_builder_put_i64(out, field_time(field, row, begun_us, now_us)); return;
  case WR_DATE: wr_builder_put_i32(out, (int32_t)field_date(field, row, now_us)); return;
  case WR_FLOAT: wr_builder_put_f32(out, (float)field_number(field, row)); return;
  case WR_DOUBLE: wr_builder_put_f64(out, field_number(field, row)); return;
  case WR_CHAR:
  case WR_VARCHAR:
  case WR_BINARY:
  case WR_VARBINARY: field_put_text(field, row, out); return;
  default: break;
  }
  wr_i128 value = field->is_sequence ? field_sequence(field, row, 0) : field_in_range(field, row);
  if (field->type->kind == WR_TIME)
    value = field_tick(field->type, (int64_t)wr_floor_mod((int64_t)value, WR_US_PER_DAY));
  if (field->type->physical == WR_I128)
    wr_builder_put_i128(out, value);
  else
    wr_builder_put_integer(out, (int64_t)value);
}

/* ---- columns */

static inline bool field_is_null(const struct wr_datagen_field *field, int64_t row)
{
  return field->null_below && field_draw(field, row, FIELD_DRAW_NULL) < field->null_below;
}

/* The most frequent case in a loop of its own. */
static bool field_make_plain(const struct wr_datagen_field *field, int64_t first, int64_t stride,
                             uint32_t count, struct wr_builder *out)
{
  if (field->null_below || field->is_sequence || !wr_kind_is_integer(field->type->kind) ||
      (field->type->physical != WR_I64 && field->type->physical != WR_I32))
    return false;
  uint64_t range = (uint64_t)(field->max - field->min) + 1;
  uint64_t min = (uint64_t)(int64_t)field->min;
  bool is_wide = field->type->physical == WR_I64;
  for (uint32_t i = 0; i < count; i++) {
    int64_t row = first + (int64_t)i * stride;
    uint64_t value = min + field_below(field_draw(field, row, FIELD_DRAW_VALUE), range);
    if (is_wide)
      wr_builder_put_i64(out, (int64_t)value);
    else
      wr_builder_put_i32(out, (int32_t)value);
  }
  return true;
}

static void field_make_row(const struct wr_datagen_field *field, int64_t first, int64_t stride,
                           uint32_t count, int64_t begun_us, int64_t now_us, struct wr_builder *out)
{
  for (uint32_t i = 0; i < count; i++) {
    int64_t row = first + (int64_t)i * stride;
    if (field_is_null(field, row)) {
      wr_builder_put_null(out);
      continue;
    }
    for (uint32_t c = 0; c < field->type->field_count; c++)
      wr_datagen_field_make(&field->children[c], row, stride, 1, begun_us, now_us,
                            &out->children[c]);
    wr_builder_put_valid(out);
  }
}

/* Is the last key equal to an earlier one? */
static bool keys_end_with_double(struct wr_builder *keys)
{
  struct wr_column column = wr_builder_view(keys);
  uint32_t last = keys->row_count - 1;
  size_t width = wr_physical_bytes[keys->type->physical];
  const char *values = column.values;
  for (uint32_t i = 0; i < last; i++) {
    if (keys->type->physical == WR_TEXT
            ? wr_text_equal(wr_column_text(&column, i), wr_column_text(&column, last))
            : memcmp(values + width * i, values + width * last, width) == 0)
      return true;
  }
  return false;
}

/* Item i of row r counts as row r * length + i. A key that is there already is left out. */
static void field_make_collection(const struct wr_datagen_field *field, int64_t row,
                                  int64_t begun_us, int64_t now_us, struct wr_builder *out)
{
  uint64_t first = (uint64_t)row * field->length;
  bool is_array = field->type->kind == WR_ARRAY;
  wr_builder_reserve(&out->children[0], field->length);
  if (is_array)
    wr_datagen_field_make(&field->children[0], (int64_t)first, 1, field->length, begun_us, now_us,
                          &out->children[0]);
  else
    wr_builder_reserve(&out->children[1], field->length);
  for (uint32_t i = 0; !is_array && i < field->length; i++) {
    int64_t item = (int64_t)(first + i);
    wr_datagen_field_make(&field->children[0], item, 1, 1, begun_us, now_us, &out->children[0]);
    if (keys_end_with_double(&out->children[0]))
      wr_builder_pop(&out->children[0]);
    else
      wr_datagen_field_make(&field->children[1], item, 1, 1, begun_us, now_us, &out->children[1]);
  }
  wr_builder_put_collected(out);
}

void wr_datagen_field_make(const struct wr_datagen_field *field, int64_t first, int64_t stride,
                           uint32_t count, int64_t begun_us, int64_t now_us, struct wr_builder *out)
{
  assert(out->row_count + count <= out->row_capacity && stride > 0);
  if (field->type->kind == WR_ROW) {
    field_make_row(field, first, stride, count, begun_us, now_us, out);
    return;
  }
  if (field_make_plain(field, first, stride, count, out))
    return;
  for (uint32_t i = 0; i < count; i++) {
    int64_t row = first + (int64_t)i * stride;
    if (field_is_null(field, row))
      wr_builder_put_null(out);
    else if (field->children)
      field_make_collection(field, row, begun_us, now_us, out);
    else
      field_put(field, row, begun_us, now_us, out);
  }
}
