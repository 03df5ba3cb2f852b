/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries becoming rows. Results of several windows share a batch; if texts are lent from the
 * entries, a batch leaves before its table goes. An aggregate may have no result (a sum that does
 * not fit its type): such a row is told and left out.
 */
#include <stdlib.h>

#include "operators/frame.h"
#include "operators/window_state.h"
#include "windows/local_time.h"

#define OUTPUT_TEXT_BYTES (256u << 10) /* of the states behind one batch of results */

void wr_window_output_open(struct wr_window_aggregate *self)
{
  struct wr_window_output *out = &self->output;
  uint32_t count = self->spec->schema->column_count;
  out->builders = wr_memory_get_zero(count * sizeof *out->builders);
  out->columns = wr_memory_get_zero(count * sizeof *out->columns);
  for (uint32_t i = 0; i < count; i++)
    wr_builder_open(&out->builders[i], self->spec->schema->fields[i].type);
  out->change = wr_memory_get_zero(WR_BATCH_ROWS * sizeof *out->change);
  out->failed = wr_memory_get_zero(WR_BATCH_ROWS * sizeof *out->failed);
  out->failed_bits = wr_memory_get_zero(WR_BATCH_ROWS / 8 + WR_PADDING);
  out->entries = wr_memory_get_zero(WR_BATCH_ROWS * sizeof *out->entries);
}

void wr_window_output_close(struct wr_window_aggregate *self)
{
  struct wr_window_output *out = &self->output;
  for (uint32_t i = 0; i < self->spec->schema->column_count; i++)
    wr_builder_close(&out->builders[i]);
  free(out->builders);
  free(out->columns);
  free(out->change);
  free(out->failed);
  free(out->failed_bits);
  free(out->entries);
}

/* Rejects the rows without a result; the others, but for hidden ones, remain in picked. */
static uint32_t output_drop_failed(struct wr_window_aggregate *self, const struct wr_batch *rows,
                                   uint32_t *picked)
{
  uint32_t kept = 0;
  for (uint32_t row = 0; row < rows->row_count; row++) {
    uint32_t failed = self->output.failed[row];
    if (failed == 0) {
      picked[kept++] = row;
      continue;
    }
    if (failed == WR_WINDOW_HIDDEN)
      continue;
    const struct wr_aggregate *aggregate = &self->spec->aggregates[failed - 1];
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

enum wr_code wr_window_output_flush(struct wr_window_aggregate *self, struct wr_error *err)
{
  struct wr_window_output *out = &self->output;
  if (out->row_count == 0)
    return WR_OK;
  uint32_t column_count = self->spec->schema->column_count;
  for (uint32_t i = 0; i < column_count; i++) {
    assert(out->builders[i].row_count == out->row_count);
    out->columns[i] = wr_builder_view(&out->builders[i]);
  }
  struct wr_batch rows = {
      .schema = self->spec->schema,
      .columns = out->columns,
      .row_count = out->row_count,
      .picked_count = out->row_count,
      .change = out->has_changes ? out->change : NULL,
      .others_us = WR_TIME_END,
      .now_us = self->now_us,
  };
  uint32_t picked[WR_BATCH_ROWS];
  if (out->failed_count) {
    rows.picked_count = output_drop_failed(self, &rows, picked);
    rows.picked = picked;
    memset(out->failed, 0, out->row_count * sizeof *out->failed);
    out->failed_count = 0;
  }
  enum wr_code code = wr_emit_batch(&self->op, &rows, err);
  for (uint32_t i = 0; i < column_count; i++)
    wr_builder_reset(&out->builders[i]);
  if (out->has_changes)
    memset(out->change, 0, out->row_count * sizeof *out->change);
  out->has_changes = false;
  out->row_count = 0;
  return code;
}

static void output_put_time(struct wr_builder *builder, int64_t time_us, uint32_t count)
{
  wr_builder_reserve(builder, count);
  for (uint32_t i = 0; i < count; i++)
    wr_builder_put_i64(builder, time_us);
}

static void output_keys(struct wr_window_aggregate *self, const struct wr_layout *layout,
                        const char *const *entries, uint32_t count)
{
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    wr_table_key_column(layout, k, entries, count, &self->output.builders[k]);
}

/* The results of aggregate a, whose states are at entries[i] + offset. */
static void output_results(struct wr_window_aggregate *self, uint32_t a, const char *const *entries,
                           uint32_t offset, uint32_t count)
{
  struct wr_window_output *out = &self->output;
  struct wr_builder *builder = &out->builders[self->spec->key_count + a];
  const struct wr_aggregate *aggregate = &self->spec->aggregates[a];
  memset(out->failed_bits, 0, wr_bit_words(count) * sizeof *out->failed_bits);
  wr_builder_reserve(builder, count);
  const struct wr_aggregate_results results = {.entries = entries,
                                               .offset = offset,
                                               .count = count,
                                               .type = aggregate->type,
                                               .prepared = aggregate->prepared,
                                               .out = builder,
                                               .failed = out->failed_bits};
  aggregate->code->result(&results);
  for (uint32_t word = 0; word < wr_bit_words(count); word++) {
    for (uint64_t bits = out->failed_bits[word]; bits; bits &= bits - 1) {
      uint32_t *failed = &out->failed[out->row_count + word * 64 + (uint32_t)__builtin_ctzll(bits)];
      out->failed_count += *failed == 0;
      *failed = *failed ? *failed : a + 1;
    }
  }
}

/* The columns behind keys and aggregates. */
static void output_bounds(struct wr_window_aggregate *self, uint32_t count, int64_t start_us,
                          int64_t end_us)
{
  const struct wr_window_aggregate_spec *spec = self->spec;
  struct wr_window_output *out = &self->output;
  struct wr_builder *builder = out->builders + spec->key_count + spec->aggregate_count;
  if (self->window.kind != WR_WINDOW_ALL) {
    output_put_time(builder++, start_us, count);
    output_put_time(builder++, end_us, count);
    output_put_time(builder++, wr_window_moment(&self->window, end_us - self->window.tick_us),
                    count);
  }
  out->row_count += count;
}

void wr_window_output_add(struct wr_window_aggregate *self, const char *const *entries,
                          uint32_t count, int64_t start_us, int64_t end_us)
{
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  output_keys(self, layout, entries, count);
  for (uint32_t a = 0; a < self->spec->aggregate_count; a++)
    output_results(self, a, entries, wr_layout_state(layout, a), count);
  output_bounds(self, count, start_us, end_us);
}

void wr_window_output_add_panes(struct wr_window_aggregate *self, const char *const *entries,
                                const char *const *panes, uint32_t count, int64_t start_us,
                                int64_t end_us)
{
  const struct wr_frame *frame = wr_window_ring_frame(self->ring);
  output_keys(self, wr_table_space_layout(wr_window_ring_space(self->ring)), entries, count);
  for (uint32_t a = 0; a < self->spec->aggregate_count; a++)
    output_results(self, a, panes, wr_frame_pane_state(frame, a), count);
  output_bounds(self, count, start_us, end_us);
}

uint32_t wr_window_output_fitting(const struct wr_layout *layout, const char *const *entries,
                                  uint32_t count)
{
  uint64_t bytes = 0;
  for (uint32_t i = 0; layout->text_count && i < count; i++) {
    bytes += wr_layout_texts(layout, entries[i]);
    if (bytes > OUTPUT_TEXT_BYTES)
      return i + 1;
  }
  return count;
}

enum wr_code wr_window_output_table(struct wr_window_aggregate *self, const struct wr_table *table,
                                    int64_t start_us, int64_t end_us, struct wr_error *err)
{
  struct wr_window_output *out = &self->output;
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  struct wr_table_cursor cursor = {0};
  enum wr_code code = WR_OK;
  uint32_t count;
  while (code == WR_OK && (count = wr_table_scan(table, &cursor, out->entries,
                                                 WR_BATCH_ROWS - out->row_count)) > 0) {
    const char *const *entries = (const char *const *)out->entries;
    while (code == WR_OK && count > 0) {
      uint32_t fitting = wr_window_output_fitting(layout, entries, count);
      wr_window_output_add(self, entries, fitting, start_us, end_us);
      entries += fitting;
      count -= fitting;
      if (out->row_count == WR_BATCH_ROWS || count > 0)
        code = wr_window_output_flush(self, err);
    }
  }
  if (code == WR_OK && layout->text_count > 0)
    code = wr_window_output_flush(self, err);
  return code;
}
