/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_aggregate: rows going in. A row goes to the slice of its time and there to the entry of
 * its key; when the watermark passes, window_fire.c turns slices into rows. Mostly all rows of a
 * batch fall into one slice and none is late: two looks at the time column show it and the batch
 * goes in as it is. Otherwise rows are judged one by one and grouped by slice.
 *
 * A row is late for a window that closes at c iff c <= the least watermark that its operator could
 * know of just before the row. The windows that it is not late for still get it.
 *
 * Windows of processing time close by the clock of the task: before the rows of a batch, and by a
 * timer. Nothing is late for them, and they make the watermark for everything below
 * (operators/clock.h).
 */
#include <assert.h>
#include <stdlib.h>

#include "core/time.h"
#include "operators/row_groups.h"
#include "operators/window_state.h"
#include "operators/window_time.h"
#include "windows/local_time.h"

#define MARK_NAME 1 /* of the byte behind the states, in snapshots */

/* marked: with a byte behind the states (operators/window_emit.h). */
static struct wr_layout *aggregate_layout(const struct wr_window_aggregate *self, bool marked)
{
  const struct wr_window_aggregate_spec *spec = self->spec;
  const struct wr_type **keys = wr_memory_get_zero((spec->key_count + 1) * sizeof *keys);
  uint32_t piece_count = spec->aggregate_count;
  struct wr_state_piece *pieces = wr_memory_get_zero((piece_count + 1) * sizeof *pieces);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = spec->input_schema->fields[spec->keys[k]].type;
  for (uint32_t a = 0; a < spec->aggregate_count; a++) {
    const struct wr_aggregate_code *code = spec->aggregates[a].code;
    pieces[a] = (struct wr_state_piece){code->state_bytes, code->state_align, code->has_text};
  }
  if (marked)
    pieces[piece_count++] = (struct wr_state_piece){1, 1, false};
  struct wr_layout *layout = wr_layout_new(keys, spec->key_count, pieces, piece_count);
  for (uint32_t a = 0; spec->state_ids && a < spec->aggregate_count; a++)
    wr_layout_name(layout, a, wr_window_state_name(&self->rows, spec->state_ids, a), 0);
  if (spec->state_ids && marked)
    wr_layout_name(layout, spec->aggregate_count, MARK_NAME, 0);
  free(keys);
  free(pieces);
  return layout;
}

/* The tables of a slice: its keys, the sets of DISTINCT, the entries before. */
static void aggregate_open_spaces(struct wr_window_aggregate *self)
{
  uint32_t set_count = self->rows.set_count;
  bool emits = self->emission != NULL;
  self->spaces = wr_memory_get((3 + set_count) * sizeof *self->spaces);
  self->spaces[0] = self->space = wr_table_space_new(aggregate_layout(self, emits));
  for (uint32_t s = 0; s < set_count; s++)
    self->spaces[1 + s] = wr_table_space_new(wr_window_set_layout(self->spec, &self->rows.sets[s]));
  if (emits) {
    self->emission->set = set_count;
    self->emission->space = self->spaces[1 + set_count] =
        wr_table_space_new(aggregate_layout(self, true));
  }
  self->slices.set_spaces = self->spaces + 1;
  self->slices.set_count = set_count + emits;
  self->space_count = 1 + self->slices.set_count;
  self->ring = emits ? NULL : wr_window_ring_new(self->spec, wr_table_space_layout(self->space));
  if (self->ring) {
    self->spaces[self->space_count++] = wr_window_ring_space(self->ring);
    self->slices.ring = wr_window_ring_table(self->ring);
  }
}

/* When something is wanted next: a window that closes by the clock, results before or after it, a
 * watermark. */
static void aggregate_set_timer(struct wr_window_aggregate *self)
{
  int64_t due_us = WR_TIME_END;
  if (self->window.by_clock) {
    int64_t end_us = wr_window_next_end(self), told_us = wr_clock_due(&self->clock);
    due_us = end_us == WR_TIME_END ? WR_TIME_END : wr_window_clock_due(&self->window, end_us);
    due_us = told_us < due_us ? told_us : due_us;
  }
  if (self->emission && self->emission->early_due_us < due_us)
    due_us = self->emission->early_due_us;
  if (self->emission && self->emission->late_due_us < due_us)
    due_us = self->emission->late_due_us;
  self->op.timer_us = due_us;
}

static enum wr_code aggregate_open(const void *spec, const struct wr_operator_context *context,
                                   struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct wr_window_aggregate *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_window_aggregate, context);
  self->spec = spec;
  assert(self->spec->schema->column_count ==
         self->spec->key_count + self->spec->aggregate_count +
             (self->spec->window.kind == WR_WINDOW_ALL ? 0 : 3));
  self->window = self->spec->window;
  wr_window_prepare(&self->window);
  if (self->window.by_clock)
    wr_clock_open(&self->clock, &self->window);
  wr_window_rows_open(&self->rows, self->spec);
  self->emission = wr_window_emission_new(self->spec);
  aggregate_open_spaces(self);
  self->closed_us = WR_TIME_NONE;
  wr_window_output_open(self);
  aggregate_set_timer(self);
  *out = &self->op;
  return WR_OK;
}

static void aggregate_count_state(struct wr_window_aggregate *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  uint64_t bytes = 0, spare = 0, keys = 0;
  for (uint32_t i = 0; i < self->space_count; i++) {
    bytes += wr_table_space_memory(self->spaces[i]);
    spare += wr_table_space_spare(self->spaces[i]);
    keys += wr_table_space_keys(self->spaces[i]);
  }
  atomic_store_explicit(&metrics->state_bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&metrics->spare_bytes, spare, memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, keys, memory_order_relaxed);
}

/* ---- adding rows to a slice */

/* rows and hashes go together; rows NULL: row i. `numbers` is rows, or the row numbers that NULL
 * stands for. */
static void aggregate_add(struct wr_window_aggregate *self, const struct wr_batch *batch,
                          struct wr_window_slice *slice, const uint32_t *rows,
                          const uint32_t *numbers, const uint64_t *hashes, uint32_t row_count)
{
  const struct wr_window_aggregate_spec *spec = self->spec;
  const struct wr_column **keys = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = &batch->columns[spec->keys[k]];
  if (self->emission)
    wr_window_emit_before(self, batch, slice, rows, hashes, row_count);
  struct wr_probe probe;
  wr_table_probe(slice->table, keys, rows, hashes, row_count, WR_PROBE_MAKE, &probe);
  for (uint32_t a = 0; a < spec->aggregate_count; a++) {
    const struct wr_aggregate *aggregate = &spec->aggregates[a];
    if (self->rows.of_aggregate[a])
      continue;
    struct wr_aggregate_rows add = {
        .entries = probe.entries,
        .offset = wr_layout_state(wr_table_space_layout(self->space), a),
        .args = wr_window_args(&self->arena, batch, aggregate, &spec->columns[a]),
        .prepared = aggregate->prepared,
        .rows = numbers,
        .row_count = row_count,
        .store = wr_table_space_texts(self->space),
    };
    aggregate->code->add(&add);
  }
  if (self->rows.choice_count > 1)
    wr_window_add_chosen(self, batch, slice, numbers, hashes, row_count, &probe);
  slice->row_count += row_count;
}

static uint64_t *aggregate_hash(struct wr_window_aggregate *self, const struct wr_batch *batch,
                                const uint32_t *rows, uint32_t row_count)
{
  const struct wr_window_aggregate_spec *spec = self->spec;
  const struct wr_column **keys = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = &batch->columns[spec->keys[k]];
  uint64_t *hashes = wr_arena_get(&self->arena, row_count * sizeof *hashes);
  wr_hash_keys(keys, spec->key_count, rows, row_count, self->op.context->hash_seed, hashes);
  return hashes;
}

/* ---- the common case: one slice, nothing late */

/* What is closed for rows, when a watermark is known: windows may wait for late ones. */
static int64_t aggregate_shut(const struct wr_window_aggregate *self, int64_t known_us)
{
  int64_t shut_us;
  return __builtin_sub_overflow(known_us, wr_window_lateness(self->emission), &shut_us)
             ? WR_TIME_NONE
             : shut_us;
}

/* The greatest watermark that any row of the batch can be judged by. */
static int64_t aggregate_latest(const struct wr_window_aggregate *self,
                                const struct wr_batch *batch, const struct wr_window_times *times)
{
  int64_t latest_us = self->closed_us;
  if (!times->arrived_us)
    return latest_us;
  int64_t arrived_us = WR_TIME_NONE;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    int64_t at = times->arrived_us[wr_batch_row(batch, i)];
    arrived_us = at > arrived_us ? at : arrived_us;
  }
  arrived_us = arrived_us < times->others_us ? arrived_us : times->others_us;
  return arrived_us > latest_us ? arrived_us : latest_us;
}

/* The window that all rows of a batch bring with them; false: there are several, or NULLs. */
static bool aggregate_is_attached(const struct wr_window_aggregate *self,
                                  const struct wr_batch *batch, struct wr_window_bounds *bounds)
{
  const struct wr_column *columns[2] = {&batch->columns[self->spec->start_column],
                                        &batch->columns[self->spec->end_column]};
  int64_t first[2];
  for (uint32_t c = 0; c < 2; c++) {
    if (columns[c]->valid)
      return false;
    const int64_t *values = columns[c]->values;
    first[c] = values[wr_column_row(columns[c], wr_batch_row(batch, 0))];
    int64_t differs = 0;
    for (uint32_t i = 0; !columns[c]->constant && i < batch->picked_count; i++)
      differs |= values[wr_batch_row(batch, i)] ^ first[c];
    if (differs || !wr_window_is_bound(first[c]))
      return false;
  }
  *bounds = wr_window_bounds_attached(first[0], first[1]);
  return true;
}

/* The slice that all rows of a batch lie in, by their times; false: there are several, or NULLs. */
static bool aggregate_is_together(const struct wr_window_aggregate *self,
                                  const struct wr_batch *batch, const struct wr_column *column,
                                  struct wr_window_bounds *bounds)
{
  if (column->valid)
    return false;
  const int64_t *values = column->values;
  int64_t least_us = values[wr_column_row(column, wr_batch_row(batch, 0))], greatest_us = least_us;
  for (uint32_t i = 0; !column->constant && i < batch->picked_count; i++) {
    int64_t time_us = values[wr_batch_row(batch, i)];
    least_us = time_us < least_us ? time_us : least_us;
    greatest_us = time_us > greatest_us ? time_us : greatest_us;
  }
  if (least_us < -WR_WINDOW_TIME_MAX || greatest_us > WR_WINDOW_TIME_MAX)
    return false;
  *bounds = wr_window_bounds_of(&self->window, least_us);
  return greatest_us < bounds->end_us && bounds->first_end_us <= bounds->last_end_us;
}

/* True if the whole batch lies in one slice and in time for all its windows. */
static bool aggregate_is_simple(const struct wr_window_aggregate *self,
                                const struct wr_batch *batch, const struct wr_window_times *times,
                                struct wr_window_bounds *bounds)
{
  if (self->window.kind == WR_WINDOW_ALL) {
    *bounds = wr_window_bounds_of(&self->window, 0);
    return true;
  }
  bool together = self->window.kind == WR_WINDOW_ATTACHED
                      ? aggregate_is_attached(self, batch, bounds)
                      : aggregate_is_together(self, batch, &times->column, bounds);
  return together && bounds->first_end_us - self->window.tick_us >
                         aggregate_shut(self, aggregate_latest(self, batch, times));
}

static const uint32_t *aggregate_numbers(struct wr_window_aggregate *self,
                                         const struct wr_batch *batch)
{
  if (batch->picked)
    return batch->picked;
  uint32_t *numbers = wr_arena_get(&self->arena, batch->row_count * sizeof *numbers);
  for (uint32_t i = 0; i < batch->row_count; i++)
    numbers[i] = i;
  return numbers;
}

/* ---- the general case */

/* Whether a row that cannot be used is told, and not only its copy in another grouping set. */
static bool aggregate_tells(const struct wr_window_aggregate *self, const struct wr_batch *batch,
                            uint32_t row)
{
  uint32_t column = self->spec->set_column;
  return column == UINT32_MAX ||
         wr_column_i64(&batch->columns[column], row) == self->spec->first_set;
}

static void aggregate_reject_late(struct wr_window_aggregate *self, const struct wr_batch *batch,
                                  uint32_t row, const struct wr_window_bounds *bounds)
{
  if (!aggregate_tells(self, batch, row))
    return;
  int64_t start_us = self->window.kind == WR_WINDOW_ATTACHED
                         ? bounds->start_us
                         : wr_window_start(&self->window, bounds->last_end_us);
  wr_window_reject_late(&self->op, &self->window, batch, row, start_us, bounds->last_end_us,
                        wr_window_lateness(self->emission));
}

/* The slice of a row before lateness; false: it has no usable time and was rejected. *bounds is
 * that of the row before. */
static bool aggregate_find_bounds(struct wr_window_aggregate *self, const struct wr_batch *batch,
                                  uint32_t row, const struct wr_window_times *times,
                                  struct wr_window_bounds *bounds)
{
  const struct wr_window_aggregate_spec *spec = self->spec;
  bool attached = self->window.kind == WR_WINDOW_ATTACHED;
  const struct wr_column *first = attached ? &batch->columns[spec->start_column] : &times->column;
  const struct wr_column *second = attached ? &batch->columns[spec->end_column] : first;
  if (wr_column_is_null(first, row) || wr_column_is_null(second, row)) {
    if (aggregate_tells(self, batch, row))
      wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "the time of the row is NULL");
    return false;
  }
  int64_t time_us = ((const int64_t *)first->values)[wr_column_row(first, row)];
  int64_t end_us = ((const int64_t *)second->values)[wr_column_row(second, row)];
  int64_t most_us = attached ? WR_WINDOW_BOUND_MAX : WR_WINDOW_TIME_MAX;
  if (time_us < -most_us || time_us > most_us || end_us < -most_us || end_us > most_us) {
    if (aggregate_tells(self, batch, row))
      wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME,
                         "the time of the row is out of range");
    return false;
  }
  if (attached)
    *bounds = wr_window_bounds_attached(time_us, end_us);
  else if (time_us < bounds->start_us || time_us >= bounds->end_us)
    *bounds = wr_window_bounds_of(&self->window, time_us);
  return true;
}

/* Judges every row and sorts the good ones into groups. */
static void aggregate_judge(struct wr_window_aggregate *self, const struct wr_batch *batch,
                            const struct wr_window_times *times, struct wr_row_groups *groups)
{
  struct wr_window_bounds bounds = {0}, last_cut = {0};
  struct wr_window_slice *slice = NULL;
  int64_t closed_us = self->closed_us;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    if (!aggregate_find_bounds(self, batch, row, times, &bounds) ||
        bounds.first_end_us > bounds.last_end_us)
      continue; /* rejected, or between the windows of a HOP whose slide is longer than its size */
    struct wr_window_bounds cut = bounds;
    wr_window_bounds_cut(&self->window, &cut,
                         aggregate_shut(self, wr_window_known(times, row, closed_us)));
    if (cut.first_end_us > cut.last_end_us) {
      aggregate_reject_late(self, batch, row, &bounds);
      continue;
    }
    if (!slice || memcmp(&cut, &last_cut, sizeof cut) != 0)
      slice = wr_window_slices_get(&self->slices, self->space, &cut);
    last_cut = cut;
    wr_row_groups_add(groups, row, slice, &slice->group);
  }
}

static void aggregate_add_groups(struct wr_window_aggregate *self, const struct wr_batch *batch,
                                 const struct wr_window_times *times)
{
  struct wr_row_groups groups = wr_row_groups_new(&self->arena, batch->picked_count);
  aggregate_judge(self, batch, times, &groups);
  const uint32_t *rows = wr_row_groups_sort(&groups, &self->arena);
  const uint64_t *hashes = aggregate_hash(self, batch, rows, groups.row_count);
  uint32_t first = 0;
  for (uint32_t g = 0; g < groups.group_count; g++) {
    struct wr_window_slice *slice = groups.owners[g];
    aggregate_add(self, batch, slice, rows + first, rows + first, hashes + first,
                  groups.ends[g] - first);
    slice->group = WR_NO_GROUP;
    first = groups.ends[g];
  }
}

/* ---- the clock */

static enum wr_code aggregate_clock(struct wr_window_aggregate *self, int64_t now_us,
                                    struct wr_error *err)
{
  self->now_us = now_us > self->now_us ? now_us : self->now_us;
  if (!self->window.by_clock)
    return WR_OK;
  wr_clock_move(&self->clock, self->now_us);
  enum wr_code code = wr_window_fire(self, wr_clock_closed(&self->clock), err);
  return code == WR_OK ? wr_clock_tell(&self->clock, &self->op, err) : code;
}

static enum wr_code aggregate_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  enum wr_code code = aggregate_clock(self, now_us, err);
  if (code == WR_OK && self->emission)
    code = wr_window_emit_due(self, err);
  aggregate_set_timer(self);
  aggregate_count_state(self);
  return code;
}

/* ---- what comes */

static enum wr_code aggregate_on_batch(struct wr_operator *op, uint32_t input,
                                       const struct wr_batch *batch, struct wr_error *err)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  (void)input;
  assert(input == 0);
  for (uint32_t i = 0; batch->change && i < batch->picked_count; i++)
    assert(!(batch->change[wr_batch_row(batch, i)] & WR_DELETE));
  wr_arena_reset(&self->arena);
  enum wr_code code = aggregate_clock(self, batch->now_us, err);
  if (code != WR_OK)
    return code;
  struct wr_batch rows = *batch;
  rows.now_us = self->now_us;
  batch = &rows;
  bool has_times = self->window.kind != WR_WINDOW_ATTACHED && self->window.kind != WR_WINDOW_ALL;
  struct wr_window_times times;
  wr_window_times_of(&self->window, batch, has_times ? self->spec->time_column : UINT32_MAX,
                     &self->arena, &times);
  struct wr_window_bounds bounds;
  if (aggregate_is_simple(self, batch, &times, &bounds)) {
    struct wr_window_slice *slice = wr_window_slices_get(&self->slices, self->space, &bounds);
    const uint64_t *hashes = aggregate_hash(self, batch, batch->picked, batch->picked_count);
    aggregate_add(self, batch, slice, batch->picked, aggregate_numbers(self, batch), hashes,
                  batch->picked_count);
  } else {
    aggregate_add_groups(self, batch, &times);
  }
  if (self->emission)
    code = wr_window_emit_changes(self, err);
  aggregate_set_timer(self);
  aggregate_count_state(self);
  return code;
}

static enum wr_code aggregate_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                           struct wr_error *err)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  if (self->window.by_clock && watermark_us < WR_TIME_END)
    return wr_clock_end(&self->clock, op, watermark_us, err);
  enum wr_code code = wr_window_fire(self, wr_window_watermark(&self->window, watermark_us), err);
  aggregate_count_state(self);
  if (code == WR_OK)
    code = self->window.by_clock ? wr_clock_end(&self->clock, op, watermark_us, err)
                                 : wr_emit_watermark(op, watermark_us, err);
  aggregate_set_timer(self);
  return code;
}

static enum wr_code aggregate_on_idle(struct wr_operator *op, uint32_t input, bool idle,
                                      struct wr_error *err)
{
  (void)input;
  bool by_clock = ((struct wr_window_aggregate *)op)->window.by_clock;
  return by_clock ? WR_OK : wr_emit_idle(op, idle, err);
}

static enum wr_code aggregate_load(struct wr_operator *op, struct wr_part_reader *part,
                                   struct wr_error *err)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  enum wr_code code = wr_window_load(self, part, err);
  aggregate_set_timer(self);
  aggregate_count_state(self);
  return code;
}

static uint64_t aggregate_held_rows(const struct wr_operator *op)
{
  const struct wr_window_aggregate *self = (const struct wr_window_aggregate *)op;
  return wr_window_slices_rows(&self->slices) + (self->ring ? wr_window_ring_rows(self->ring) : 0);
}

static void aggregate_close(struct wr_operator *op)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  wr_window_slices_free(&self->slices);
  wr_window_ring_free(self->ring);
  for (uint32_t i = 0; i < self->space_count; i++)
    wr_table_space_free(self->spaces[i]);
  free(self->spaces);
  wr_window_emission_free(self->emission);
  wr_window_rows_close(&self->rows);
  wr_window_output_close(self);
  wr_arena_free(&self->arena);
  free(self);
}

const struct wr_operator_class wr_operator_class_window_aggregate = {
    .name = "WindowAggregate",
    .open = aggregate_open,
    .on_batch = aggregate_on_batch,
    .on_watermark = aggregate_on_watermark,
    .on_timer = aggregate_on_timer,
    .on_idle = aggregate_on_idle,
    .save = wr_window_save,
    .save_step = wr_window_save_step,
    .load = aggregate_load,
    .held_rows = aggregate_held_rows,
    .close = aggregate_close,
};
