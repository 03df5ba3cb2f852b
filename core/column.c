/* SPDX-License-Identifier: Apache-2.0 */
/* Reading single values of columns whatever their width, and columns that are NULL throughout. */
#include "core/column.h"

#include <assert.h>

int64_t wr_column_i64(const struct wr_column *column, uint32_t row)
{
  row = wr_column_row(column, row);
  switch (column->type->physical) {
  case WR_U8: return ((const uint8_t *)column->values)[row];
  case WR_I8: return ((const int8_t *)column->values)[row];
  case WR_I16: return ((const int16_t *)column->values)[row];
  case WR_I32: return ((const int32_t *)column->values)[row];
  case WR_I64: return ((const int64_t *)column->values)[row];
  default: assert(!"a column of integers"); return 0;
  }
}

wr_i128 wr_column_i128(const struct wr_column *column, uint32_t row)
{
  if (column->type->physical == WR_I128)
    return ((const wr_i128 *)column->values)[wr_column_row(column, row)];
  return wr_column_i64(column, row);
}

double wr_column_f64(const struct wr_column *column, uint32_t row)
{
  row = wr_column_row(column, row);
  assert(column->type->physical == WR_F32 || column->type->physical == WR_F64);
  if (column->type->physical == WR_F32)
    return (double)((const float *)column->values)[row];
  return ((const double *)column->values)[row];
}

struct wr_column wr_column_null(struct wr_arena *arena, const struct wr_type *type)
{
  /* one row of any kind, not valid, with its padding */
  _Alignas(16) static const char zeros[sizeof(struct wr_text) + WR_PADDING];
  assert(type->physical != WR_NESTED || type->kind == WR_ROW);
  struct wr_column column = {.type = type, .constant = true, .valid = (const uint64_t *)zeros};
  if (type->physical != WR_NESTED) {
    column.values = zeros;
    return column;
  }
  struct wr_column *children = WR_NEW_ARRAY(arena, struct wr_column, type->field_count);
  for (uint32_t i = 0; i < type->field_count; i++)
    children[i] = wr_column_null(arena, type->fields[i].type);
  column.children = children;
  return column;
}
