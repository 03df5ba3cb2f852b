/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compaction: the picked rows moved together, one tight loop per column. Only worth its cost when
 * few rows are left (see wr_batch_is_sparse) or when what follows cannot take a list of rows.
 */
#include "core/batch.h"

#include <assert.h>

struct pick {
  const uint32_t *rows;
  uint32_t count;
  struct wr_arena *arena;
};

static uint64_t *pick_bits(const struct pick *pick, const uint64_t *bits)
{
  uint64_t *out = wr_arena_get(pick->arena, wr_bit_words(pick->count) * sizeof *out + WR_PADDING);
  for (uint32_t first = 0; first < pick->count; first += 64) {
    uint32_t n = pick->count - first < 64 ? pick->count - first : 64;
    uint64_t word = 0;
    for (uint32_t i = 0; i < n; i++)
      word |= (uint64_t)wr_bit_get(bits, pick->rows[first + i]) << i;
    out[first / 64] = word;
  }
  memset(out + wr_bit_words(pick->count), 0, WR_PADDING);
  return out;
}

#define PICK(ctype)                          \
  for (uint32_t i = 0; i < pick->count; i++) \
    ((ctype *)out)[i] = ((const ctype *)values)[pick->rows[i]];

static void *pick_values(const struct pick *pick, const void *values, uint32_t width)
{
  char *out = wr_arena_get(pick->arena, (size_t)pick->count * width + WR_PADDING);
  switch (width) {
  case 1: PICK(uint8_t) break;
  case 2: PICK(uint16_t) break;
  case 4: PICK(uint32_t) break;
  case 8: PICK(uint64_t) break;
  default:
    assert(width == 16);
    PICK(wr_i128)
    break;
  }
  memset(out + (size_t)pick->count * width, 0, WR_PADDING);
  return out;
}
#undef PICK

static struct wr_column pick_column(const struct pick *pick, const struct wr_column *column)
{
  if (column->constant)
    return *column;
  struct wr_column out = {.type = column->type};
  if (column->valid)
    out.valid = pick_bits(pick, column->valid);
  if (column->type->physical != WR_NESTED) {
    out.values = pick_values(pick, column->values, wr_physical_bytes[column->type->physical]);
    return out;
  }
  assert(column->type->kind == WR_ROW);
  struct wr_column *children =
      WR_NEW_ARRAY(pick->arena, struct wr_column, column->type->field_count);
  for (uint32_t i = 0; i < column->type->field_count; i++)
    children[i] = pick_column(pick, &column->children[i]);
  out.children = children;
  return out;
}

void wr_batch_compact(struct wr_compactor *compactor, const struct wr_batch *batch,
                      const bool *used, struct wr_batch *out)
{
  wr_arena_reset(&compactor->arena);
  *out = *batch;
  out->runs = NULL;
  out->run_count = 0;
  if (!batch->picked)
    return;
  struct pick pick = {batch->picked, batch->picked_count, &compactor->arena};
  struct wr_column *columns =
      WR_NEW_ARRAY(&compactor->arena, struct wr_column, batch->schema->column_count);
  for (uint32_t i = 0; i < batch->schema->column_count; i++)
    columns[i] = !used || used[i] ? pick_column(&pick, &batch->columns[i])
                                  : wr_column_null(&compactor->arena, batch->columns[i].type);
  out->columns = columns;
  out->row_count = batch->picked_count;
  out->picked = NULL;
  if (batch->change)
    out->change = pick_values(&pick, batch->change, sizeof *batch->change);
  if (batch->arrived_us)
    out->arrived_us = pick_values(&pick, batch->arrived_us, sizeof *batch->arrived_us);
}

void wr_compactor_close(struct wr_compactor *compactor)
{
  wr_arena_free(&compactor->arena);
}
