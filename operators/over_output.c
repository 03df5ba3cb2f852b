/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows leaving an OVER: the columns of the input as they are, and one builder per call. Late rows
 * have been told already and rows without a result are told here; the others are picked.
 */
#include <assert.h>
#include <stdlib.h>

#include "operators/over_state.h"

void wr_over_output_open(struct wr_over *self)
{
  struct wr_over_output *out = &self->output;
  const struct wr_over_spec *spec = self->spec;
  out->builders = wr_memory_get_zero((spec->call_count + 1) * sizeof *out->builders);
  out->columns = wr_memory_get_zero((spec->schema->column_count + 1) * sizeof *out->columns);
  for (uint32_t c = 0; c < spec->call_count; c++)
    wr_builder_open(&out->builders[c], spec->calls[c].type);
}

void wr_over_output_close(struct wr_over *self)
{
  struct wr_over_output *out = &self->output;
  for (uint32_t c = 0; c < self->spec->call_count; c++)
    wr_builder_close(&out->builders[c]);
  free(out->builders);
  free(out->columns);
  free(out->dropped);
  free(out->picked);
  free(out->failed_bits);
  wr_compactor_close(&out->slices);
  wr_arena_free(&out->texts);
}

void wr_over_output_begin(struct wr_over *self, uint32_t row_count)
{
  struct wr_over_output *out = &self->output;
  for (uint32_t c = 0; c < self->spec->call_count; c++)
    wr_builder_reset(&out->builders[c]);
  wr_arena_reset(&out->texts);
  if (row_count > out->room) {
    out->room = row_count;
    free(out->dropped);
    out->dropped = wr_memory_get_zero(row_count * sizeof *out->dropped);
    out->picked = wr_memory_resize(out->picked, row_count * sizeof *out->picked);
    out->failed_bits = wr_memory_resize(out->failed_bits, row_count / 8 + WR_PADDING);
  } else if (out->dropped_count) {
    memset(out->dropped, 0, out->room * sizeof *out->dropped);
  }
  out->dropped_count = 0;
}

void wr_over_output_drop(struct wr_over *self, uint32_t row, uint32_t why)
{
  struct wr_over_output *out = &self->output;
  if (out->dropped[row])
    return;
  out->dropped[row] = why;
  out->dropped_count++;
}

void wr_over_output_results(struct wr_over *self, uint32_t call, const char *const *entries,
                            uint32_t offset, uint32_t first, uint32_t count)
{
  struct wr_over_output *out = &self->output;
  const struct wr_aggregate *aggregate = &self->spec->calls[call].aggregate;
  assert(out->builders[call].row_count == first);
  memset(out->failed_bits, 0, wr_bit_words(count) * sizeof *out->failed_bits);
  wr_builder_reserve(&out->builders[call], count);
  const struct wr_aggregate_results results = {.entries = entries,
                                               .offset = offset,
                                               .count = count,
                                               .type = aggregate->type,
                                               .prepared = aggregate->prepared,
                                               .out = &out->builders[call],
                                               .failed = out->failed_bits};
  aggregate->code->result(&results);
  for (uint32_t word = 0; word < wr_bit_words(count); word++)
    for (uint64_t bits = out->failed_bits[word]; bits; bits &= bits - 1)
      wr_over_output_drop(self, first + word * 64 + (uint32_t)__builtin_ctzll(bits), call + 1);
}

/* Rejects the rows without a result; the others are picked. */
static uint32_t output_pick(struct wr_over *self, const struct wr_batch *rows, uint32_t *picked)
{
  uint32_t kept = 0;
  for (uint32_t row = 0; row < rows->row_count; row++) {
    uint32_t dropped = self->output.dropped[row];
    picked[kept] = row;
    kept += dropped == 0;
    if (dropped == 0 || dropped == WR_OVER_LATE)
      continue;
    const struct wr_aggregate *aggregate = &self->spec->calls[dropped - 1].aggregate;
    char type[128];
    wr_type_print(aggregate->type, type, sizeof type);
    if (aggregate->code->failure)
      wr_operator_reject(&self->op, rows, row, WR_REJECT_VALUE, "the result of %s %s",
                         aggregate->name, aggregate->code->failure);
    else
      wr_operator_reject(&self->op, rows, row, WR_REJECT_VALUE, "the result of %s does not fit %s",
                         aggregate->name, type);
  }
  return kept;
}

/* Many peers leave together: more rows than a batch has. */
static enum wr_code output_emit_slices(struct wr_over *self, struct wr_batch *rows,
                                       struct wr_error *err)
{
  uint32_t *picked = self->output.picked;
  for (uint32_t i = 0; !rows->picked && i < rows->row_count; i++)
    picked[i] = i;
  uint32_t count = rows->picked_count;
  enum wr_code code = WR_OK;
  for (uint32_t first = 0; first < count && code == WR_OK; first += WR_BATCH_ROWS) {
    struct wr_batch slice;
    rows->picked = picked + first;
    rows->picked_count = count - first < WR_BATCH_ROWS ? count - first : WR_BATCH_ROWS;
    wr_batch_compact(&self->output.slices, rows, NULL, &slice);
    code = wr_emit_batch(&self->op, &slice, err);
  }
  return code;
}

enum wr_code wr_over_output_emit(struct wr_over *self, const struct wr_batch *rows,
                                 const int64_t *arrived_us, struct wr_error *err)
{
  const struct wr_over_spec *spec = self->spec;
  struct wr_over_output *out = &self->output;
  uint32_t column_count = spec->input_schema->column_count;
  memcpy(out->columns, rows->columns, column_count * sizeof *out->columns);
  for (uint32_t c = 0; c < spec->call_count; c++) {
    assert(out->builders[c].row_count == rows->row_count);
    out->columns[column_count + c] = wr_builder_view(&out->builders[c]);
  }
  struct wr_batch leaving = {
      .schema = spec->schema,
      .columns = out->columns,
      .row_count = rows->row_count,
      .picked_count = rows->row_count,
      .arrived_us = arrived_us,
      .others_us = WR_TIME_END,
      .now_us = self->now_us,
  };
  if (out->dropped_count) {
    leaving.picked_count = output_pick(self, &leaving, out->picked);
    leaving.picked = out->picked;
  }
  enum wr_code code = leaving.row_count > WR_BATCH_ROWS ? output_emit_slices(self, &leaving, err)
                                                        : wr_emit_batch(&self->op, &leaving, err);
  wr_over_anew_end(self);
  return code;
}
