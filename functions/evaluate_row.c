/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results of type ROW. A ROW in a column is one column per field, so most of the time nothing has
 * to be done: a constructor or a cast field by field hands out its arguments' columns. Two cases
 * need memory: CASE chooses among ROWs row by row, which are copied into a scratch of the node, and
 * a kernel cannot write columns, so it gives packed bytes that are unpacked here.
 */
#include "functions/evaluate.h"

#include <assert.h>
#include <stdlib.h>

#include "core/packed.h"

/* ---- a scratch ---- */

static void scratch_free(struct wr_scratch *scratch)
{
  for (uint32_t i = 0; scratch->children && i < scratch->type->field_count; i++)
    scratch_free(&scratch->children[i]);
  free(scratch->children);
  free(scratch->columns);
  free(scratch->values);
  free(scratch->valid);
}

static void scratch_open(struct wr_scratch *scratch, const struct wr_type *type)
{
  *scratch = (struct wr_scratch){.type = type};
  if (type->physical != WR_NESTED)
    return;
  scratch->children = wr_memory_get_zero(sizeof *scratch->children * type->field_count);
  scratch->columns = wr_memory_get_zero(sizeof *scratch->columns * type->field_count);
  for (uint32_t i = 0; i < type->field_count; i++)
    scratch_open(&scratch->children[i], type->fields[i].type);
}

/* NULL throughout, with room for so many rows. */
static struct wr_column scratch_clear(struct wr_scratch *scratch, uint32_t row_count)
{
  size_t width = wr_physical_bytes[scratch->type->physical];
  if (scratch->capacity < row_count) {
    uint32_t capacity = 64;
    while (capacity < row_count)
      capacity *= 2;
    free(scratch->values);
    free(scratch->valid);
    scratch->capacity = capacity;
    scratch->values = width ? wr_memory_get_zero(width * capacity + WR_PADDING) : NULL;
    scratch->valid = wr_memory_get(sizeof(uint64_t) * wr_bit_words(capacity) + WR_PADDING);
  }
  memset(scratch->valid, 0, sizeof(uint64_t) * wr_bit_words(scratch->capacity));
  for (uint32_t i = 0; scratch->children && i < scratch->type->field_count; i++)
    scratch->columns[i] = scratch_clear(&scratch->children[i], row_count);
  return (struct wr_column){.type = scratch->type,
                            .valid = scratch->valid,
                            .values = scratch->values,
                            .children = scratch->columns};
}

struct wr_column wr_node_scratch(struct wr_evaluator *evaluator, struct wr_node *node)
{
  if (!node->scratch) {
    node->scratch = wr_memory_get_zero(sizeof *node->scratch);
    scratch_open(node->scratch, node->expression->type);
  }
  return scratch_clear(node->scratch, evaluator->row_count ? evaluator->row_count : 1);
}

void wr_scratch_copy(struct wr_scratch *scratch, const struct wr_column *from, const uint32_t *rows,
                     uint32_t row_count)
{
  size_t width = wr_physical_bytes[scratch->type->physical];
  assert(from->type->physical == scratch->type->physical);
  for (uint32_t i = 0; i < row_count; i++) {
    uint32_t row = rows[i];
    if (wr_column_is_null(from, row)) {
      wr_bit_clear(scratch->valid, row);
      continue;
    }
    wr_bit_set(scratch->valid, row);
    if (width)
      memcpy((char *)scratch->values + width * row,
             (const char *)from->values + width * wr_column_row(from, row), width);
  }
  if (!scratch->children)
    return;
  /* Fields of a NULL ROW stay NULL, whatever stands there. */
  uint32_t *kept = wr_memory_get(sizeof *kept * ((size_t)row_count + 1)), kept_count = 0;
  for (uint32_t i = 0; i < row_count; i++) {
    kept[kept_count] = rows[i];
    kept_count += wr_bit_get(scratch->valid, rows[i]);
  }
  for (uint32_t f = 0; f < scratch->type->field_count; f++) {
    struct wr_column field = from->children[f];
    field.constant = field.constant || from->constant;
    wr_scratch_copy(&scratch->children[f], &field, kept, kept_count);
  }
  free(kept);
}

/* ---- fields that are arguments ---- */

/* Rows of the frame in which a field is NULL that was none before it was cast: TRY_CAST failed. */
static uint32_t fields_failed(const struct wr_column *before, const struct wr_column *after,
                              const struct wr_frame *frame, uint32_t *kept, uint32_t *kept_count)
{
  uint32_t failed = 0;
  *kept_count = 0;
  for (uint32_t i = 0; i < frame->row_count; i++) {
    uint32_t row = frame->rows[i], from = wr_column_row(before, row);
    bool bad = false;
    for (uint32_t f = 0; f < after->type->field_count && !wr_column_is_null(before, row); f++)
      bad = bad || (wr_column_is_null(&after->children[f], row) &&
                    !wr_column_is_null(&before->children[f], from));
    kept[*kept_count] = row;
    *kept_count += !bad;
    failed += bad;
  }
  return failed;
}

void wr_node_gather_fields(struct wr_evaluator *evaluator, struct wr_node *node,
                           const struct wr_frame *frame)
{
  const struct wr_expression *expression = node->expression;
  const struct wr_kernel *kernel = expression->kernel;
  uint32_t first = kernel->traits & WR_FIRST_IS_ROW ? 1 : 0;
  uint32_t count = expression->type->field_count;
  assert(expression->type->kind == WR_ROW && node->arg_count == first + count);
  if (!node->fields)
    node->fields = WR_NEW_ARRAY(&evaluator->arena, struct wr_column, count);
  struct wr_column result = {.type = expression->type, .constant = true, .children = node->fields};
  for (uint32_t i = 0; i < count; i++) {
    node->fields[i] = node->args[first + i]->column;
    result.constant = result.constant && node->fields[i].constant;
  }
  if (first) {
    const struct wr_column *before = &node->args[0]->column;
    result.constant = before->constant;
    result.valid = before->valid;
  }
  node->column = result;
  if (!first || !(expression->function->traits & WR_QUIET))
    return;
  const struct wr_column *before = &node->args[0]->column;
  uint32_t kept_count,
      *kept = wr_arena_get(&evaluator->lists, sizeof(uint32_t) * ((size_t)frame->row_count + 1));
  if (fields_failed(before, &result, frame, kept, &kept_count) == 0)
    return;
  node->column = wr_node_scratch(evaluator, node);
  wr_scratch_copy(node->scratch, &result, kept, kept_count);
}

/* ---- packed bytes ---- */

static void views_set_constant(struct wr_builder *builder)
{
  for (uint32_t i = 0; builder->views && i < builder->type->field_count; i++) {
    builder->views[i].constant = true;
    views_set_constant(&builder->children[i]);
  }
}

void wr_node_unpack(struct wr_evaluator *evaluator, struct wr_node *node,
                    const struct wr_frame *frame)
{
  const struct wr_type *type = node->expression->type;
  struct wr_column packed = node->column;
  bool constant = packed.constant;
  uint32_t row_count = constant ? 1 : evaluator->row_count;
  if (!node->unpacked) {
    node->unpacked = wr_memory_get_zero(sizeof *node->unpacked);
    wr_builder_open(node->unpacked, type);
  }
  struct wr_builder *builder = node->unpacked;
  wr_builder_reset(builder);
  wr_builder_reserve(builder, row_count ? row_count : 1);
  uint32_t next = 0; /* of the frame: rows outside of it have no bytes */
  for (uint32_t row = 0; row < row_count; row++) {
    bool counts =
        constant ? frame->row_count > 0 : next < frame->row_count && frame->rows[next] == row;
    next += counts;
    if (!counts || wr_column_is_null(&packed, row)) {
      wr_builder_put_null(builder);
      continue;
    }
    const struct wr_text *text = (const struct wr_text *)packed.values + row;
    wr_packed_put(type, (struct wr_slice){wr_text_bytes(text), text->length}, builder);
  }
  node->column = wr_builder_view(builder);
  node->column.constant = constant;
  if (constant)
    views_set_constant(builder);
}

void wr_node_free_rows(struct wr_node *node)
{
  if (node->scratch)
    scratch_free(node->scratch);
  free(node->scratch);
  if (node->unpacked)
    wr_builder_close(node->unpacked);
  free(node->unpacked);
}
