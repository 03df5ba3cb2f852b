/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watermark: judges the time of every row as it leaves its source. Rows without a usable time are
 * rejected and move nothing; the others raise the watermark of their split and get `arrived_us`,
 * the task's watermark just before them, by which everything below decides what is late. The
 * watermark itself follows each batch.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/time.h"
#include "functions/evaluator.h"
#include "operators/specs.h"
#include "windows/alignment.h"
#include "windows/split_watermark.h"

struct watermark {
  struct wr_operator op;
  const struct wr_watermark_spec *spec;
  struct wr_evaluator *evaluator;
  struct wr_split_watermarks splits;
  int64_t emitted_us;    /* what those behind this operator know */
  bool idle;             /* the same */
  struct wr_arena arena; /* one batch */
};

#define CLOCK_STEP_US (10 * WR_US_PER_MS) /* how often a watermark that follows the clock moves */

/* Good rows of a batch, in the order in which they count. */
struct watermark_rows {
  uint32_t *rows;
  int64_t *values, *before; /* the expression; the task's watermark before the row */
  uint32_t count;
};

static enum wr_code watermark_open(const void *spec, const struct wr_operator_context *context,
                                   struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct watermark *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_watermark, context);
  self->spec = spec;
  self->emitted_us = WR_TIME_NONE;
  assert(wr_kind_is_timestamp(self->spec->expression->type->kind));
  self->evaluator = wr_evaluator_new(&self->spec->expression, 1);
  wr_split_watermarks_open(
      &self->splits, context->split_count, self->spec->by_clock ? 0 : self->spec->idle_timeout_us,
      self->spec->idle_advance && !self->spec->by_clock, self->spec->idle_advance_delay_us);
  self->splits.grows = context->splits_grow;
  if ((context->split_count == 0 && context->splits_grow) || self->spec->by_clock)
    self->op.timer_us = WR_TIME_NONE; /* at once: others need not wait for rows of no split */
  if (context->alignment)
    context->alignment->watermarks = &self->splits;
  if (context->watermarks)
    *context->watermarks = &self->splits;
  *out = &self->op;
  return WR_OK;
}

static enum wr_code watermark_advance(struct watermark *self, int64_t now_us, struct wr_error *err)
{
  self->op.timer_us = wr_split_watermarks_clock(&self->splits, now_us);
  int64_t watermark_us = self->splits.watermark_us;
  if (self->spec->by_clock) { /* whatever comes from now on is not of an earlier millisecond */
    watermark_us = now_us - wr_floor_mod(now_us, WR_US_PER_MS) - WR_US_PER_MS;
    self->op.timer_us = now_us + CLOCK_STEP_US;
  }
  if (watermark_us <= self->emitted_us)
    return WR_OK;
  self->emitted_us = watermark_us;
  atomic_store_explicit(&self->op.context->metrics->watermark_us, self->emitted_us,
                        memory_order_relaxed);
  return wr_emit_watermark(&self->op, self->emitted_us, err);
}

/* Before the first row after a pause, and after the watermark that a pause lets out. */
static enum wr_code watermark_tell_idle(struct watermark *self, struct wr_error *err)
{
  bool idle = wr_split_watermarks_is_idle(&self->splits);
  if (idle == self->idle)
    return WR_OK;
  self->idle = idle;
  return wr_emit_idle(&self->op, idle, err);
}

/* True if the row has a time that may be used; otherwise it is rejected. */
static bool watermark_accept(struct watermark *self, const struct wr_batch *batch, uint32_t row)
{
  const struct wr_watermark_spec *spec = self->spec;
  const struct wr_column *times = &batch->columns[spec->time_column];
  const char *name = spec->schema->fields[spec->time_column].name;
  if (wr_column_is_null(times, row)) {
    wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "%s of table %s is NULL", name,
                       spec->table);
    return false;
  }
  int64_t ahead_us = ((const int64_t *)times->values)[wr_column_row(times, row)] - batch->now_us;
  if (spec->max_ahead_us > 0 && !spec->by_clock && ahead_us > spec->max_ahead_us) {
    wr_operator_reject(
        &self->op, batch, row, WR_REJECT_TIME,
        "%s of table %s is %lld s ahead of the clock; scan.watermark.max-ahead allows %lld s", name,
        spec->table, (long long)(ahead_us / WR_US_PER_SECOND),
        (long long)(spec->max_ahead_us / WR_US_PER_SECOND));
    return false;
  }
  return true;
}

/* The picked rows of first .. end-1 that are good. at walks through the picked rows of the batch,
 * failed through failures. */
static void watermark_collect(struct watermark *self, const struct wr_batch *batch,
                              const struct wr_evaluation *evaluation, uint32_t end, uint32_t *at,
                              uint32_t *failed, struct watermark_rows *good)
{
  const struct wr_column *watermarks = &evaluation->columns[0];
  for (; *at < batch->picked_count && wr_batch_row(batch, *at) < end; ++*at) {
    uint32_t row = wr_batch_row(batch, *at);
    if (*failed < evaluation->failure_count && evaluation->failures[*failed].row == row) {
      wr_operator_reject(&self->op, batch, row, WR_REJECT_VALUE, "%s",
                         evaluation->failures[*failed].message);
      ++*failed;
    } else if (self->spec->upserts && batch->change && batch->change[row] & WR_DELETE) {
      good->values[good->count] = WR_TIME_NONE; /* it has a key and nothing else */
      good->rows[good->count++] = row;
    } else if (watermark_accept(self, batch, row)) {
      bool null = wr_column_is_null(watermarks, row);
      good->values[good->count] =
          null ? WR_TIME_NONE
               : ((const int64_t *)watermarks->values)[wr_column_row(watermarks, row)];
      good->rows[good->count++] = row;
    }
  }
}

/* Sorts out the batch run by run and moves the splits' watermarks along. */
static void watermark_judge(struct watermark *self, const struct wr_batch *batch,
                            struct watermark_rows *good)
{
  struct wr_evaluation evaluation;
  wr_evaluator_run(self->evaluator, batch, &evaluation);
  good->rows = wr_arena_get(&self->arena, batch->picked_count * sizeof *good->rows);
  good->values = wr_arena_get(&self->arena, batch->picked_count * sizeof *good->values);
  good->before = wr_arena_get(&self->arena, batch->picked_count * sizeof *good->before);
  const struct wr_run whole = {.count = batch->row_count};
  const struct wr_run *runs = batch->runs ? batch->runs : &whole;
  uint32_t run_count = batch->runs ? batch->run_count : 1;
  uint32_t at = 0, failed = 0;
  for (uint32_t i = 0; i < run_count; i++) {
    uint32_t first = good->count;
    watermark_collect(self, batch, &evaluation, runs[i].first + runs[i].count, &at, &failed, good);
    wr_split_watermarks_grow(&self->splits, runs[i].split + 1);
    wr_split_watermarks_rows(&self->splits, runs[i].split, good->values + first,
                             good->count - first, good->before + first);
  }
  assert(at == batch->picked_count);
}

static enum wr_code watermark_on_batch(struct wr_operator *op, uint32_t input,
                                       const struct wr_batch *batch, struct wr_error *err)
{
  struct watermark *self = (struct watermark *)op;
  assert(input == 0);
  (void)input;
  /* The clock first, and what it lets out: a split that was idle until now did not hold anybody
   * back. */
  enum wr_code code = watermark_advance(self, batch->now_us, err);
  if (code != WR_OK)
    return code;
  wr_arena_reset(&self->arena);
  struct watermark_rows good = {0};
  watermark_judge(self, batch, &good);
  struct wr_batch rows = *batch;
  rows.others_us = WR_TIME_END;
  if (good.count < batch->picked_count) {
    rows.picked = good.rows;
    rows.picked_count = good.count;
  }
  if (self->spec->arrived) {
    int64_t *arrived_us =
        wr_arena_get(&self->arena, batch->row_count * sizeof *arrived_us + WR_PADDING);
    for (uint32_t i = 0; i < batch->row_count && good.count < batch->row_count; i++)
      arrived_us[i] = WR_TIME_NONE;
    for (uint32_t i = 0; i < good.count; i++)
      arrived_us[good.rows[i]] = good.before[i];
    rows.arrived_us = arrived_us;
  }
  code = watermark_tell_idle(self, err);
  if (code == WR_OK)
    code = wr_emit_batch(op, &rows, err);
  return code == WR_OK ? watermark_advance(self, batch->now_us, err) : code;
}

static enum wr_code watermark_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct watermark *self = (struct watermark *)op;
  enum wr_code code = watermark_advance(self, now_us, err);
  return code == WR_OK ? watermark_tell_idle(self, err) : code;
}

static enum wr_code watermark_on_split(struct wr_operator *op, uint32_t split, int state,
                                       int64_t now_us, struct wr_error *err)
{
  struct watermark *self = (struct watermark *)op;
  assert(state >= 0 && state < WR_SPLIT_PHASE_COUNT);
  enum wr_code code = watermark_advance(self, now_us, err);
  if (code != WR_OK)
    return code;
  wr_split_watermarks_grow(&self->splits, split + 1);
  wr_split_watermarks_phase(&self->splits, split, (enum wr_split_phase)state);
  code = watermark_advance(self, now_us, err);
  return code == WR_OK ? watermark_tell_idle(self, err) : code;
}

static void watermark_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct watermark *self = (struct watermark *)op;
  wr_split_watermarks_save(&self->splits, op->context->split_names, part);
}

static enum wr_code watermark_load(struct wr_operator *op, struct wr_part_reader *part,
                                   struct wr_error *err)
{
  struct watermark *self = (struct watermark *)op;
  return wr_split_watermarks_load(&self->splits, op->context->split_names, part, err);
}

static void watermark_close(struct wr_operator *op)
{
  struct watermark *self = (struct watermark *)op;
  wr_evaluator_free(self->evaluator);
  wr_split_watermarks_close(&self->splits);
  wr_arena_free(&self->arena);
  free(self);
}

const struct wr_operator_class wr_operator_class_watermark = {
    .name = "Watermark",
    .open = watermark_open,
    .on_batch = watermark_on_batch,
    .on_timer = watermark_on_timer,
    .on_split = watermark_on_split,
    .save = watermark_save,
    .load = watermark_load,
    .close = watermark_close,
};
