/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builders: arrays that double. A ROW builder has no values of its own, only bits and one builder
 * per field; whoever fills it adds one row to each child and then one to the ROW itself. The
 * children of a collection's builder are apart from its rows: see core/packed.h.
 */
#include "core/builder.h"

#include <assert.h>
#include <stdlib.h>

#define BUILDER_ROWS_MIN     64
#define BUILDER_BITS_PADDING (WR_PADDING / sizeof(uint64_t))

void wr_builder_open(struct wr_builder *builder, const struct wr_type *type)
{
  *builder = (struct wr_builder){.type = type};
  if (type->field_count == 0)
    return;
  builder->children = wr_memory_get_zero(sizeof *builder->children * type->field_count);
  if (type->kind == WR_ROW)
    builder->views = wr_memory_get_zero(sizeof *builder->views * type->field_count);
  for (uint32_t i = 0; i < type->field_count; i++)
    wr_builder_open(&builder->children[i], type->fields[i].type);
}

void wr_builder_close(struct wr_builder *builder)
{
  if (builder->children)
    for (uint32_t i = 0; i < builder->type->field_count; i++)
      wr_builder_close(&builder->children[i]);
  free(builder->children);
  free(builder->views);
  free(builder->values);
  free(builder->valid);
  wr_arena_free(&builder->texts);
  *builder = (struct wr_builder){0};
}

void wr_builder_reset(struct wr_builder *builder)
{
  if (builder->row_count)
    memset(builder->valid, 0, sizeof(uint64_t) * wr_bit_words(builder->row_count));
  builder->row_count = 0;
  builder->has_null = false;
  wr_arena_reset(&builder->texts);
  if (builder->children)
    for (uint32_t i = 0; i < builder->type->field_count; i++)
      wr_builder_reset(&builder->children[i]);
}

static void builder_grow(struct wr_builder *builder, uint32_t rows_min)
{
  uint64_t capacity = builder->row_capacity ? builder->row_capacity : BUILDER_ROWS_MIN;
  while (capacity < rows_min)
    capacity *= 2;
  assert(capacity <= UINT32_MAX);
  size_t old_words = builder->row_capacity ? builder->row_capacity / 64 + BUILDER_BITS_PADDING : 0;
  size_t words = (size_t)capacity / 64 + BUILDER_BITS_PADDING;
  builder->valid = wr_memory_resize(builder->valid, words * sizeof(uint64_t));
  memset(builder->valid + old_words, 0, (words - old_words) * sizeof(uint64_t));
  size_t width = wr_physical_bytes[builder->type->physical];
  if (width) {
    size_t used = width * builder->row_count, size = width * (size_t)capacity + WR_PADDING;
    builder->values = wr_memory_resize(builder->values, size);
    memset((char *)builder->values + used, 0, size - used); /* dense kernels read all of it */
  }
  builder->row_capacity = (uint32_t)capacity;
}

void wr_builder_reserve(struct wr_builder *builder, uint32_t more)
{
  assert(more <= UINT32_MAX - builder->row_count);
  if (builder->row_count + more > builder->row_capacity)
    builder_grow(builder, builder->row_count + more);
  if (builder->views)
    for (uint32_t i = 0; i < builder->type->field_count; i++)
      wr_builder_reserve(&builder->children[i], more);
}

struct wr_column wr_builder_view(struct wr_builder *builder)
{
  if (!builder->row_capacity)
    wr_builder_reserve(builder, 1);
  struct wr_column column = {
      .type = builder->type,
      .valid = builder->has_null ? builder->valid : NULL,
      .values = builder->values,
      .children = builder->views,
  };
  if (builder->views) {
    for (uint32_t i = 0; i < builder->type->field_count; i++) {
      assert(builder->children[i].row_count == builder->row_count);
      builder->views[i] = wr_builder_view(&builder->children[i]);
    }
  }
  return column;
}

void wr_builder_put_null(struct wr_builder *builder)
{
  assert(builder->row_count < builder->row_capacity);
  if (builder->views)
    for (uint32_t i = 0; i < builder->type->field_count; i++)
      wr_builder_put_null(&builder->children[i]);
  size_t width = wr_physical_bytes[builder->type->physical];
  char *value = width ? (char *)builder->values + width * builder->row_count : NULL;
  switch (width) { /* a call would take longer than what it does */
  case 0: break;
  case 8: memset(value, 0, 8); break;
  case 16: memset(value, 0, 16); break;
  default: memset(value, 0, width);
  }
  builder->has_null = true;
  builder->row_count++;
}

void wr_builder_put_integer(struct wr_builder *builder, int64_t value)
{
  assert(builder->row_count < builder->row_capacity);
  switch (builder->type->physical) {
  case WR_U8: wr_builder_put_u8(builder, (uint8_t)value); return;
  case WR_I8: wr_builder_put_i8(builder, (int8_t)value); return;
  case WR_I16: wr_builder_put_i16(builder, (int16_t)value); return;
  case WR_I32: wr_builder_put_i32(builder, (int32_t)value); return;
  case WR_I64: wr_builder_put_i64(builder, value); return;
  case WR_I128: wr_builder_put_i128(builder, value); return;
  default: assert(!"a builder of integers");
  }
}

void wr_builder_put_copy(struct wr_builder *builder, const char *bytes, uint32_t length)
{
  assert(builder->type->physical == WR_TEXT && builder->row_count < builder->row_capacity);
  if (length > WR_TEXT_INLINE)
    bytes = memcpy(wr_arena_get(&builder->texts, length), bytes, length);
  wr_builder_put_text(builder, wr_text_make(bytes, length));
}

void wr_builder_put_row(struct wr_builder *builder, const struct wr_column *column, uint32_t row,
                        bool copy)
{
  assert(builder->type->physical == column->type->physical &&
         builder->row_count < builder->row_capacity);
  if (wr_column_is_null(column, row)) {
    wr_builder_put_null(builder);
    return;
  }
  row = wr_column_row(column, row);
  if (builder->views) {
    for (uint32_t i = 0; i < builder->type->field_count; i++)
      wr_builder_put_row(&builder->children[i], &column->children[i], row, copy);
    wr_builder_put_valid(builder);
    return;
  }
  if (copy && builder->type->physical == WR_TEXT) {
    const struct wr_text *text = wr_column_text(column, row);
    wr_builder_put_copy(builder, wr_text_bytes(text), text->length);
    return;
  }
  size_t width = wr_physical_bytes[builder->type->physical];
  memcpy((char *)builder->values + width * builder->row_count,
         (const char *)column->values + width * row, width);
  wr_builder_put_valid(builder);
}

void wr_builder_pop(struct wr_builder *builder)
{
  assert(builder->row_count > 0);
  builder->row_count--;
  wr_bit_clear(builder->valid, builder->row_count);
  if (builder->views)
    for (uint32_t i = 0; i < builder->type->field_count; i++)
      wr_builder_pop(&builder->children[i]);
}
