/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/result_rows.h"

#include <assert.h>
#include <stdlib.h>

void wr_result_rows_open(struct wr_result_rows *rows, struct wr_operator *op,
                         const struct wr_schema *schema)
{
  uint32_t count = schema->column_count;
  *rows = (struct wr_result_rows){.op = op, .schema = schema};
  rows->builders = wr_memory_get_zero(count * sizeof *rows->builders);
  rows->columns = wr_memory_get_zero(count * sizeof *rows->columns);
  for (uint32_t c = 0; c < count; c++)
    wr_builder_open(&rows->builders[c], schema->fields[c].type);
  rows->failures = wr_memory_get_zero(WR_BATCH_ROWS * sizeof *rows->failures);
  rows->failed_bits = wr_memory_get_zero(WR_BATCH_ROWS / 8 + WR_PADDING);
}

void wr_result_rows_close(struct wr_result_rows *rows)
{
  for (uint32_t c = 0; c < rows->schema->column_count; c++)
    wr_builder_close(&rows->builders[c]);
  free(rows->builders);
  free(rows->columns);
  free(rows->failures);
  free(rows->failed_bits);
}

void wr_result_rows_fail(struct wr_result_rows *rows, uint32_t i,
                         const struct wr_aggregate *aggregate, const char *reason)
{
  struct wr_result_failure *failure = &rows->failures[rows->row_count + i];
  if (failure->aggregate)
    return;
  *failure = (struct wr_result_failure){aggregate, reason};
  rows->failed_count++;
}

void wr_result_rows_aggregate(struct wr_result_rows *rows, uint32_t column,
                              const struct wr_aggregate *aggregate, uint32_t offset,
                              const char *const *entries, uint32_t count)
{
  assert(count <= wr_result_rows_room(rows));
  struct wr_builder *builder = &rows->builders[column];
  memset(rows->failed_bits, 0, wr_bit_words(count) * sizeof *rows->failed_bits);
  wr_builder_reserve(builder, count);
  const struct wr_aggregate_results results = {.entries = entries,
                                               .offset = offset,
                                               .count = count,
                                               .type = aggregate->type,
                                               .prepared = aggregate->prepared,
                                               .out = builder,
                                               .failed = rows->failed_bits};
  aggregate->code->result(&results);
  for (uint32_t word = 0; word < wr_bit_words(count); word++)
    for (uint64_t bits = rows->failed_bits[word]; bits; bits &= bits - 1)
      wr_result_rows_fail(rows, word * 64 + (uint32_t)__builtin_ctzll(bits), aggregate,
                          aggregate->code->failure);
}

/* Long texts of the rows from `first` on into the builder's own memory. */
static void builder_copy_texts(struct wr_builder *builder, uint32_t first)
{
  if (builder->type->physical == WR_NESTED) {
    for (uint32_t f = 0; f < builder->type->field_count; f++)
      builder_copy_texts(&builder->children[f], first);
  } else if (builder->type->physical == WR_TEXT) {
    struct wr_text *texts = builder->values;
    for (uint32_t row = first; row < builder->row_count; row++)
      if (wr_bit_get(builder->valid, row) && texts[row].length > WR_TEXT_INLINE)
        texts[row].bytes = wr_arena_copy(&builder->texts, texts[row].bytes, texts[row].length);
  }
}

void wr_result_rows_end(struct wr_result_rows *rows, uint32_t count, bool copy)
{
  assert(count <= wr_result_rows_room(rows));
  for (uint32_t c = 0; c < rows->schema->column_count; c++) {
    assert(rows->builders[c].row_count == rows->row_count + count);
    if (copy)
      builder_copy_texts(&rows->builders[c], rows->row_count);
  }
  rows->row_count += count;
}

uint64_t wr_result_rows_copied(const struct wr_result_rows *rows)
{
  uint64_t bytes = 0;
  for (uint32_t c = 0; c < rows->schema->column_count; c++)
    bytes += rows->builders[c].texts.used;
  return bytes;
}

/* Rejects the rows without a result; the others remain in picked. */
static uint32_t rows_drop_failed(struct wr_result_rows *rows, const struct wr_batch *batch,
                                 uint32_t *picked)
{
  uint32_t kept = 0;
  for (uint32_t row = 0; row < batch->row_count; row++) {
    const struct wr_result_failure *failure = &rows->failures[row];
    if (!failure->aggregate) {
      picked[kept++] = row;
    } else if (failure->reason) {
      wr_operator_reject(rows->op, batch, row, WR_REJECT_VALUE, "the result of %s %s",
                         failure->aggregate->name, failure->reason);
    } else {
      char type[128];
      wr_type_print(failure->aggregate->type, type, sizeof type);
      wr_operator_reject(rows->op, batch, row, WR_REJECT_VALUE, "the result of %s does not fit %s",
                         failure->aggregate->name, type);
    }
  }
  memset(rows->failures, 0, batch->row_count * sizeof *rows->failures);
  rows->failed_count = 0;
  return kept;
}

enum wr_code wr_result_rows_flush(struct wr_result_rows *rows, int64_t now_us, struct wr_error *err)
{
  if (rows->row_count == 0)
    return WR_OK;
  for (uint32_t c = 0; c < rows->schema->column_count; c++)
    rows->columns[c] = wr_builder_view(&rows->builders[c]);
  struct wr_batch batch = {.schema = rows->schema,
                           .columns = rows->columns,
                           .row_count = rows->row_count,
                           .picked_count = rows->row_count,
                           .others_us = WR_TIME_END,
                           .now_us = now_us};
  uint32_t picked[WR_BATCH_ROWS];
  if (rows->failed_count) {
    batch.picked_count = rows_drop_failed(rows, &batch, picked);
    batch.picked = picked;
  }
  enum wr_code code = wr_emit_batch(rows->op, &batch, err);
  for (uint32_t c = 0; c < rows->schema->column_count; c++)
    wr_builder_reset(&rows->builders[c]);
  rows->row_count = 0;
  return code;
}
