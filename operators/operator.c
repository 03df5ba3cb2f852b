/* SPDX-License-Identifier: Apache-2.0 */
/* The wrappers around operator classes: counters, times, and the promises of both sides as asserts.
 */
#include "operators/operator.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "text/json_write.h"

static void batch_check(const struct wr_batch *batch)
{
  assert(batch->schema && (batch->columns || batch->schema->column_count == 0));
  assert(batch->picked_count <= batch->row_count);
  assert(batch->picked || batch->picked_count == batch->row_count);
  assert(batch->picked_count == 0 ||
         wr_batch_row(batch, batch->picked_count - 1) < batch->row_count);
  (void)batch;
}

/* From here on time is spent in this operator; what it was spent on goes to operator_leave. */
static inline _Atomic uint64_t *operator_enter(const struct wr_operator *op)
{
  const struct wr_operator_context *context = op->context;
  return context->timed ? wr_stopwatch_turn(context->watch, &context->metrics->own_ns) : NULL;
}

static inline enum wr_code operator_leave(const struct wr_operator *op, _Atomic uint64_t *before,
                                          enum wr_code code)
{
  struct wr_metrics *metrics = op->context->metrics;
  if (!op->context->timed)
    return code;
  wr_metrics_raise(&metrics->state_bytes_most, wr_metrics_get(&metrics->state_bytes));
  wr_metrics_raise(&metrics->state_keys_most, wr_metrics_get(&metrics->state_keys));
  wr_stopwatch_turn(op->context->watch, before);
  return code;
}

/* Whether row i of those that are picked is the first half of an update whose other half follows.
 */
static bool batch_is_half(const struct wr_batch *batch, uint32_t i)
{
  return batch->change && i + 1 < batch->picked_count &&
         batch->change[wr_batch_row(batch, i)] == WR_UPDATE_BEFORE &&
         batch->change[wr_batch_row(batch, i + 1)] == WR_UPDATE_AFTER;
}

/* Hands a batch on in portions: rows stay where they are, fewer are picked. */
static enum wr_code operator_portions(struct wr_operator *op, uint32_t input,
                                      const struct wr_batch *batch, struct wr_error *err)
{
  bool pairs = op->context->portion == WR_PORTION_UPDATE;
  struct wr_batch rows = *batch;
  uint32_t picked[2];
  enum wr_code code = WR_OK;
  rows.picked = picked;
  for (uint32_t i = 0; code == WR_OK && i < batch->picked_count; i += rows.picked_count) {
    rows.picked_count = pairs && batch_is_half(batch, i) ? 2 : 1;
    for (uint32_t k = 0; k < rows.picked_count; k++)
      picked[k] = wr_batch_row(batch, i + k);
    code = op->class->on_batch(op, input, &rows, err);
  }
  return code;
}

enum wr_code wr_operator_batch(struct wr_operator *op, uint32_t input, const struct wr_batch *batch,
                               struct wr_error *err)
{
  assert(op->class && op->class->on_batch);
  assert(op->watermark_us != WR_TIME_END || batch->picked_count == 0);
  batch_check(batch);
  if (batch->picked_count == 0)
    return WR_OK;
  struct wr_metrics *metrics = op->context->metrics;
  wr_metrics_add(&metrics->rows_in, batch->picked_count);
  wr_metrics_add(&metrics->batches_in, 1);
  bool is_whole = op->context->portion == WR_PORTION_BATCH;
  if (!op->context->timed)
    return is_whole ? op->class->on_batch(op, input, batch, err)
                    : operator_portions(op, input, batch, err);
  _Atomic uint64_t *before = operator_enter(op);
  return operator_leave(op, before,
                        is_whole ? op->class->on_batch(op, input, batch, err)
                                 : operator_portions(op, input, batch, err));
}

enum wr_code wr_operator_watermark(struct wr_operator *op, int64_t watermark_us,
                                   struct wr_error *err)
{
  assert(op->class && watermark_us >= op->watermark_us);
  if (watermark_us == op->watermark_us)
    return WR_OK;
  op->watermark_us = watermark_us;
  atomic_store_explicit(&op->context->metrics->watermark_us, watermark_us, memory_order_relaxed);
  if (!op->class->on_watermark)
    return wr_emit_watermark(op, watermark_us, err);
  _Atomic uint64_t *before = operator_enter(op);
  return operator_leave(op, before, op->class->on_watermark(op, watermark_us, err));
}

enum wr_code wr_operator_idle(struct wr_operator *op, uint32_t input, bool idle,
                              struct wr_error *err)
{
  if (!op->class->on_idle)
    return wr_emit_idle(op, idle, err);
  _Atomic uint64_t *before = operator_enter(op);
  return operator_leave(op, before, op->class->on_idle(op, input, idle, err));
}

enum wr_code wr_operator_input_end(struct wr_operator *op, uint32_t input, struct wr_error *err)
{
  if (!op->class->on_input_end)
    return WR_OK;
  _Atomic uint64_t *before = operator_enter(op);
  return operator_leave(op, before, op->class->on_input_end(op, input, err));
}

enum wr_code wr_operator_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  assert(op->timer_us == WR_TIME_END && op->class->on_timer);
  _Atomic uint64_t *before = operator_enter(op);
  return operator_leave(op, before, op->class->on_timer(op, now_us, err));
}

enum wr_code wr_operator_flush(struct wr_operator *op, struct wr_error *err)
{
  if (!op->class->flush)
    return WR_OK;
  _Atomic uint64_t *before = operator_enter(op);
  return operator_leave(op, before, op->class->flush(op, err));
}

enum wr_code wr_operator_finish(struct wr_operator *op, struct wr_error *err)
{
  if (!op->class->finish)
    return WR_OK;
  _Atomic uint64_t *before = operator_enter(op);
  return operator_leave(op, before, op->class->finish(op, err));
}

_Atomic uint64_t *wr_operator_enter(const struct wr_operator *op)
{
  return operator_enter(op);
}

void wr_operator_leave(const struct wr_operator *op, _Atomic uint64_t *before)
{
  operator_leave(op, before, WR_OK);
}

bool wr_operator_needs_rows(const struct wr_operator *op)
{
  if (op->has_enough)
    return false;
  for (uint32_t i = 0; i < op->target_count; i++)
    if (wr_operator_needs_rows(op->targets[i].op))
      return true;
  return op->target_count == 0;
}

enum wr_code wr_emit_batch(struct wr_operator *op, const struct wr_batch *batch,
                           struct wr_error *err)
{
  batch_check(batch);
  if (batch->picked_count == 0)
    return WR_OK;
  wr_metrics_add(&op->context->metrics->rows_out, batch->picked_count);
  for (uint32_t i = 0; i < op->target_count; i++) {
    enum wr_code code = wr_operator_batch(op->targets[i].op, op->targets[i].input, batch, err);
    if (code != WR_OK)
      return code;
  }
  return WR_OK;
}

enum wr_code wr_emit_watermark(struct wr_operator *op, int64_t watermark_us, struct wr_error *err)
{
  for (uint32_t i = 0; i < op->target_count; i++) {
    enum wr_code code = wr_operator_watermark(op->targets[i].op, watermark_us, err);
    if (code != WR_OK)
      return code;
  }
  return WR_OK;
}

enum wr_code wr_emit_idle(struct wr_operator *op, bool idle, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  atomic_store_explicit(&op->context->metrics->idle, idle, memory_order_relaxed);
  for (uint32_t i = 0; code == WR_OK && i < op->target_count; i++)
    code = wr_operator_idle(op->targets[i].op, op->targets[i].input, idle, err);
  return code;
}

/* The split that a row came from, as long as runs are known. */
static const char *reject_split(const struct wr_operator *op, const struct wr_batch *batch,
                                uint32_t row)
{
  for (uint32_t i = 0; i < batch->run_count; i++) {
    const struct wr_run *run = &batch->runs[i];
    if (row >= run->first && row - run->first < run->count && run->split < op->context->split_count)
      return op->context->split_names[run->split];
  }
  return NULL;
}

const char wr_operator_own_column[] = "grouping_id";

/* Nothing if there are no columns to show. */
static void reject_write_row(const struct wr_batch *batch, uint32_t row, struct wr_buffer *out)
{
  static const struct wr_json_style style = {0};
  const struct wr_schema *all = batch->schema;
  struct wr_field *fields = wr_memory_get((all->column_count + 1) * sizeof *fields);
  struct wr_column *columns = wr_memory_get((all->column_count + 1) * sizeof *columns);
  struct wr_schema shown = {.column_count = 0, .fields = fields};
  for (uint32_t c = 0; c < all->column_count; c++) {
    if (all->fields[c].name == wr_operator_own_column)
      continue;
    fields[shown.column_count] = all->fields[c];
    columns[shown.column_count++] = batch->columns[c];
  }
  if (shown.column_count) {
    struct wr_json_row_writer *writer = wr_json_row_writer_new(&shown, &style);
    wr_json_row_write(writer, columns, row, out);
    wr_json_row_writer_free(writer);
  }
  free(fields);
  free(columns);
}

void wr_operator_reject(struct wr_operator *op, const struct wr_batch *batch, uint32_t row,
                        enum wr_reject_kind kind, const char *format, ...)
{
  assert(kind < WR_REJECT_KIND_COUNT && row < batch->row_count);
  if (batch->change && batch->change[row] & WR_DELETE)
    return;
  wr_metrics_add(&op->context->metrics->rejected[kind], 1);
  struct wr_reject_sink *sink = op->context->rejects;
  if (sink->wants && !sink->wants(sink, kind))
    return;
  char message[WR_MESSAGE_BYTES_MAX + 1];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  struct wr_buffer raw = {0};
  reject_write_row(batch, row, &raw);
  struct wr_reject reject = {
      .kind = kind,
      .now_us = batch->now_us,
      .message = message,
      .source = op->context->name,
      .split = reject_split(op, batch, row),
      .raw = {raw.bytes, (uint32_t)raw.length},
      .statement = op->context->statement,
      .pump = op->context->pump,
  };
  sink->put(sink, &reject);
  wr_buffer_free(&raw);
}
