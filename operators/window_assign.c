/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_assign: the window table function by itself. Every row comes out once per window it lies
 * in, with the window's start, end and time behind its columns; the windows of a row stay together,
 * earliest first. With TUMBLE the columns of the input are handed on as they are. In a time zone
 * start and end are local times, and the time of the window is the last moment that shows its last
 * tick.
 *
 * Windows of processing time have a class of their own, which looks at the clock and makes the
 * watermark for everything below (operators/clock.h).
 */
#include <assert.h>
#include <stdlib.h>

#include "core/builder.h"
#include "operators/clock.h"
#include "operators/specs.h"
#include "operators/window_time.h"
#include "windows/local_time.h"

#define SAVE_VERSION 1

enum { START, END, TIME, ADDED };

struct window_assign {
  struct wr_operator op;
  const struct wr_window_assign_spec *spec;
  struct wr_window window;        /* of the spec, prepared */
  struct wr_clock clock;          /* by_clock */
  int64_t end_us, last_moment_us; /* of the window that was put last */
  struct wr_builder builders[ADDED];
  struct wr_column *columns; /* of the output */
  uint32_t *rows;            /* rows waiting to go out, with repetitions */
  uint32_t row_count;
  struct wr_compactor compactor;
  struct wr_arena arena; /* one batch */
};

static const struct wr_operator_class assign_class_clock;

static enum wr_code assign_open(const void *spec, const struct wr_operator_context *context,
                                struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct window_assign *self = wr_memory_get_zero(sizeof *self);
  self->spec = spec;
  self->window = self->spec->window;
  self->op = wr_operator_head(
      self->window.by_clock ? &assign_class_clock : &wr_operator_class_window_assign, context);
  assert(self->window.kind == WR_WINDOW_TUMBLE || self->window.kind == WR_WINDOW_HOP ||
         self->window.kind == WR_WINDOW_CUMULATE);
  wr_window_prepare(&self->window);
  self->end_us = WR_TIME_NONE;
  if (self->window.by_clock) {
    wr_clock_open(&self->clock, &self->window);
    self->op.timer_us = wr_clock_due(&self->clock);
  }
  const struct wr_schema *schema = self->spec->schema;
  assert(schema->column_count >= ADDED);
  for (uint32_t i = 0; i < ADDED; i++)
    wr_builder_open(&self->builders[i], schema->fields[schema->column_count - ADDED + i].type);
  self->columns = wr_memory_get_zero(schema->column_count * sizeof *self->columns);
  *out = &self->op;
  return WR_OK;
}

/* Emits rows with the three columns added. */
static enum wr_code assign_emit(struct window_assign *self, struct wr_batch *rows,
                                struct wr_error *err)
{
  uint32_t column_count = self->spec->schema->column_count;
  memcpy(self->columns, rows->columns, (column_count - ADDED) * sizeof *self->columns);
  for (uint32_t i = 0; i < ADDED; i++)
    self->columns[column_count - ADDED + i] = wr_builder_view(&self->builders[i]);
  rows->schema = self->spec->schema;
  rows->columns = self->columns;
  enum wr_code code = wr_emit_batch(&self->op, rows, err);
  for (uint32_t i = 0; i < ADDED; i++)
    wr_builder_reset(&self->builders[i]);
  self->row_count = 0;
  return code;
}

/* Emits the rows collected so far. batch: what they are rows of. */
static enum wr_code assign_flush(struct window_assign *self, const struct wr_batch *batch,
                                 struct wr_error *err)
{
  struct wr_batch picked = *batch, rows;
  picked.picked = self->rows;
  picked.picked_count = self->row_count;
  wr_batch_compact(&self->compactor, &picked, NULL, &rows);
  return assign_emit(self, &rows, err);
}

static void assign_put(struct window_assign *self, int64_t end_us)
{
  if (end_us != self->end_us) {
    self->end_us = end_us;
    self->last_moment_us = wr_window_moment(&self->window, end_us - self->window.tick_us);
  }
  wr_builder_put_i64(&self->builders[START], wr_window_start(&self->window, end_us));
  wr_builder_put_i64(&self->builders[END], end_us);
  wr_builder_put_i64(&self->builders[TIME], self->last_moment_us);
}

static int64_t assign_time(const struct wr_column *times, uint32_t row)
{
  return ((const int64_t *)times->values)[wr_column_row(times, row)];
}

static bool assign_has_time(struct window_assign *self, const struct wr_batch *batch,
                            const struct wr_column *times, uint32_t row)
{
  if (wr_column_is_null(times, row)) {
    wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "the time of the row is NULL");
    return false;
  }
  int64_t time_us = assign_time(times, row);
  if (time_us >= -WR_WINDOW_TIME_MAX && time_us <= WR_WINDOW_TIME_MAX)
    return true;
  wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "the time of the row is out of range");
  return false;
}

/* TUMBLE: one window per row, so the input's columns stay as they are and only the three new ones
 * are filled. */
static enum wr_code assign_tumble(struct window_assign *self, const struct wr_batch *batch,
                                  const struct wr_column *times, struct wr_error *err)
{
  struct wr_batch rows = *batch;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    if (assign_has_time(self, batch, times, row))
      self->rows[self->row_count++] = row;
  }
  for (uint32_t i = 0; i < ADDED; i++)
    wr_builder_reserve(&self->builders[i], batch->row_count);
  for (uint32_t row = 0, next = 0; row < batch->row_count; row++) {
    bool counts =
        next < self->row_count && self->rows[next] == row; /* elsewhere the time may be anything */
    next += counts;
    assign_put(self, counts ? wr_window_last_end(&self->window, assign_time(times, row)) : 0);
  }
  if (self->row_count < batch->picked_count) {
    rows.picked = self->rows;
    rows.picked_count = self->row_count;
  }
  return assign_emit(self, &rows, err);
}

static enum wr_code assign_on_batch(struct wr_operator *op, uint32_t input,
                                    const struct wr_batch *batch, struct wr_error *err)
{
  struct window_assign *self = (struct window_assign *)op;
  assert(input == 0);
  (void)input;
  wr_arena_reset(&self->arena);
  struct wr_window_times of_window;
  wr_window_times_of(&self->window, batch, self->spec->time_column, &self->arena, &of_window);
  const struct wr_column *times = &of_window.column;
  /* A batch never has more picked rows than rows, so that many go out at a time. */
  self->rows = wr_memory_resize(self->rows, batch->row_count * sizeof *self->rows);
  if (self->window.kind == WR_WINDOW_TUMBLE)
    return assign_tumble(self, batch, times, err);
  for (uint32_t i = 0; i < ADDED; i++)
    wr_builder_reserve(&self->builders[i], batch->row_count);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    if (!assign_has_time(self, batch, times, row))
      continue;
    int64_t time_us = assign_time(times, row);
    int64_t last_us = wr_window_last_end(&self->window, time_us);
    for (int64_t end_us = wr_window_first_end(&self->window, time_us);
         code == WR_OK && end_us <= last_us; end_us += self->window.slide_us) {
      assign_put(self, end_us);
      self->rows[self->row_count++] = row;
      if (self->row_count < batch->row_count)
        continue;
      code = assign_flush(self, batch, err);
      for (uint32_t b = 0; b < ADDED; b++)
        wr_builder_reserve(&self->builders[b], batch->row_count);
    }
  }
  return code == WR_OK ? assign_flush(self, batch, err) : code;
}

/* ---- the clock */

static enum wr_code assign_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct window_assign *self = (struct window_assign *)op;
  wr_clock_move(&self->clock, now_us);
  enum wr_code code = wr_clock_tell(&self->clock, op, err);
  op->timer_us = wr_clock_due(&self->clock);
  return code;
}

/* Rows go on without what they knew of the watermark above. */
static enum wr_code assign_on_clock_batch(struct wr_operator *op, uint32_t input,
                                          const struct wr_batch *batch, struct wr_error *err)
{
  struct window_assign *self = (struct window_assign *)op;
  enum wr_code code = assign_on_timer(op, batch->now_us, err);
  struct wr_batch rows = *batch;
  rows.now_us = self->clock.now_us;
  rows.arrived_us = NULL;
  rows.others_us = WR_TIME_END;
  return code == WR_OK ? assign_on_batch(op, input, &rows, err) : code;
}

static enum wr_code assign_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                        struct wr_error *err)
{
  struct window_assign *self = (struct window_assign *)op;
  enum wr_code code = wr_clock_end(&self->clock, op, watermark_us, err);
  op->timer_us = wr_clock_due(&self->clock);
  return code;
}

/* A clock is never idle. */
static enum wr_code assign_on_idle(struct wr_operator *op, uint32_t input, bool idle,
                                   struct wr_error *err)
{
  (void)op, (void)input, (void)idle, (void)err;
  return WR_OK;
}

static void assign_save(struct wr_operator *op, struct wr_part_writer *part)
{
  const struct window_assign *self = (const struct window_assign *)op;
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_i64(part, self->clock.now_us);
}

static enum wr_code assign_load(struct wr_operator *op, struct wr_part_reader *part,
                                struct wr_error *err)
{
  struct window_assign *self = (struct window_assign *)op;
  uint64_t version = 0;
  int64_t now_us = WR_TIME_NONE;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK && version != SAVE_VERSION)
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", op->context->name);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &now_us, err);
  wr_clock_move(&self->clock, now_us);
  return code;
}

static void assign_close(struct wr_operator *op)
{
  struct window_assign *self = (struct window_assign *)op;
  for (uint32_t i = 0; i < ADDED; i++)
    wr_builder_close(&self->builders[i]);
  wr_compactor_close(&self->compactor);
  wr_arena_free(&self->arena);
  free(self->columns);
  free(self->rows);
  free(self);
}

const struct wr_operator_class wr_operator_class_window_assign = {
    .name = "WindowAssign",
    .open = assign_open,
    .on_batch = assign_on_batch,
    .close = assign_close,
};

static const struct wr_operator_class assign_class_clock = {
    .name = "WindowAssign",
    .open = assign_open,
    .on_batch = assign_on_clock_batch,
    .on_watermark = assign_on_watermark,
    .on_timer = assign_on_timer,
    .on_idle = assign_on_idle,
    .save = assign_save,
    .load = assign_load,
    .close = assign_close,
};
