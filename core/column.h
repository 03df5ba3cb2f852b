/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Columns: one value per row, as an array of the type's physical kind, and a bitmap of those that
 * are not NULL. A ROW is a bitmap and one column per field. The fields of a NULL ROW are NULL
 * themselves, so that reading a field of a ROW is nothing but taking its column; and the fields of
 * a constant ROW are constant.
 */
#ifndef WEIR_CORE_COLUMN_H
#define WEIR_CORE_COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/text.h"
#include "core/type.h"

#define WR_PADDING 64 /* readable bytes behind values and bitmaps */

struct wr_column {
  const struct wr_type *type;
  bool constant;         /* row 0 stands for all */
  const uint64_t *valid; /* bit r of word r/64: row r is not NULL; NULL: none is */
  const void
      *values; /* physical values, padded by WR_PADDING readable bytes; under a NULL: anything */
  const struct wr_column *children; /* ROW: one per field */
};

struct wr_schema {
  uint32_t column_count;
  const struct wr_field *fields;
};

static inline bool wr_bit_get(const uint64_t *bits, uint32_t i)
{
  return bits[i >> 6] >> (i & 63) & 1;
}
static inline void wr_bit_set(uint64_t *bits, uint32_t i)
{
  bits[i >> 6] |= UINT64_C(1) << (i & 63);
}
static inline void wr_bit_clear(uint64_t *bits, uint32_t i)
{
  bits[i >> 6] &= ~(UINT64_C(1) << (i & 63));
}
static inline uint32_t wr_bit_words(uint32_t bits)
{
  return (bits + 63) / 64;
}

/* Row r of a column, constant columns included. */
static inline uint32_t wr_column_row(const struct wr_column *column, uint32_t row)
{
  return column->constant ? 0 : row;
}
static inline bool wr_column_is_null(const struct wr_column *column, uint32_t row)
{
  return column->valid && !wr_bit_get(column->valid, wr_column_row(column, row));
}
/* Any integer-like physical kind (U8 to I64) widened. */
int64_t wr_column_i64(const struct wr_column *column, uint32_t row);
/* DECIMAL of either width, or an integer kind. */
wr_i128 wr_column_i128(const struct wr_column *column, uint32_t row);
double wr_column_f64(const struct wr_column *column, uint32_t row); /* F32, F64 */
static inline const struct wr_text *wr_column_text(const struct wr_column *column, uint32_t row)
{
  return (const struct wr_text *)column->values + wr_column_row(column, row);
}

/* A constant column of NULL; what a ROW needs for its fields comes from the arena. */
struct wr_column wr_column_null(struct wr_arena *arena, const struct wr_type *type);

#endif
