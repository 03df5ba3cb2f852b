/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A builder owns the memory of a column that grows row by row: what decoders, generators and
 * result-producing operators fill. Memory is kept between rounds. Text values are stored as they
 * are given: their long bytes stay lent, or are copied with wr_builder_put_copy into the builder's
 * own arena, which lives until the next reset.
 */
#ifndef WEIR_CORE_BUILDER_H
#define WEIR_CORE_BUILDER_H

#include "core/arena.h"
#include "core/column.h"

struct wr_builder {
  const struct wr_type *type;
  uint32_t row_count, row_capacity; /* row_count <= row_capacity, which wr_builder_reserve raises */
  bool has_null;
  void *values;    /* NULL for ROW */
  uint64_t *valid; /* bits of rows at or behind row_count are 0 */
  struct wr_arena texts;
  struct wr_builder *children; /* ROW: one per field; ARRAY, MAP, MULTISET: the items of the value
                                  that is being put together (core/packed.h) */
  struct wr_column *views;     /* ROW: what wr_builder_view hands out for the children */
};

void wr_builder_open(struct wr_builder *builder, const struct wr_type *type);
void wr_builder_close(struct wr_builder *builder);
/* Forgets the rows, keeps the memory. */
void wr_builder_reset(struct wr_builder *builder);
/* Makes room for `more` rows behind row_count. */
void wr_builder_reserve(struct wr_builder *builder, uint32_t more);
/* The column of all rows so far; lent until the builder changes. */
struct wr_column wr_builder_view(struct wr_builder *builder);

/* Adding one row; room must have been reserved. */
static inline void wr_builder_put_valid(struct wr_builder *builder)
{
  wr_bit_set(builder->valid, builder->row_count++);
}
#define WR_BUILDER_PUT(name, ctype)                                                 \
  static inline void wr_builder_put_##name(struct wr_builder *builder, ctype value) \
  {                                                                                 \
    ((ctype *)builder->values)[builder->row_count] = value;                         \
    wr_builder_put_valid(builder);                                                  \
  }
WR_BUILDER_PUT(u8, uint8_t)
WR_BUILDER_PUT(i8, int8_t)
WR_BUILDER_PUT(i16, int16_t)
WR_BUILDER_PUT(i32, int32_t)
WR_BUILDER_PUT(i64, int64_t)
WR_BUILDER_PUT(f32, float)
WR_BUILDER_PUT(f64, double)
WR_BUILDER_PUT(i128, wr_i128)
WR_BUILDER_PUT(text, struct wr_text)
#undef WR_BUILDER_PUT
/* A NULL row; the value beneath is cleared. For ROW also in the children. */
void wr_builder_put_null(struct wr_builder *builder);
/* A value of an integer kind, DATE, TIME, TIMESTAMP, INTERVAL or short DECIMAL in the width of the
 * builder's type. */
void wr_builder_put_integer(struct wr_builder *builder, int64_t value);
/* Text whose bytes are copied. */
void wr_builder_put_copy(struct wr_builder *builder, const char *bytes, uint32_t length);
/* Row `row` of a column of the same type; long texts stay lent from it unless copy is true. */
void wr_builder_put_row(struct wr_builder *builder, const struct wr_column *column, uint32_t row,
                        bool copy);
/* Takes the last row back. */
void wr_builder_pop(struct wr_builder *builder);

#endif
