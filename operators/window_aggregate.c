/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_aggregate: rows going in. A row goes to the slice of its time and there to the entry of
 * its key; when the watermark passes, window_fire.c turns slices into rows. Mostly all rows of a
 * batch fall into one slice and none is late: two looks at the time column show it and the batch
 * goes in as it is. Otherwise rows are judged one by one and grouped by slice.
 *
 * A row is late for a window that closes at c iff c <= the least watermark that its operator could
 * know of just before the row. The windows that it is not late for still get it.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/time.h"
#include "operators/window_state.h"
#include "text/datetime.h"

#define SAVE_PAGES   4 /* pages copied per step of a snapshot */
#define SAVE_VERSION 2

/* The rows of one batch by slice. */
struct row_groups {
  uint32_t *rows, *groups;         /* accepted rows, and the group of each */
  struct wr_window_slice **slices; /* per group */
  uint32_t *ends;                  /* per group: number of rows, then end in the sorted rows */
  uint32_t row_count, group_count;
};

static struct wr_layout *aggregate_layout(const struct wr_window_aggregate_spec *spec)
{
  const struct wr_type **keys = wr_memory_get_zero((spec->key_count + 1) * sizeof *keys);
  struct wr_state_piece *pieces = wr_memory_get_zero((spec->aggregate_count + 1) * sizeof *pieces);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = spec->input_schema->fields[spec->keys[k]].type;
  for (uint32_t a = 0; a < spec->aggregate_count; a++) {
    const struct wr_aggregate_code *code = spec->aggregates[a].code;
    pieces[a] = (struct wr_state_piece){code->state_bytes, code->state_align, code->has_text};
  }
  struct wr_layout *layout = wr_layout_new(keys, spec->key_count, pieces, spec->aggregate_count);
  free(keys);
  free(pieces);
  return layout;
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
  wr_window_rows_open(&self->rows, self->spec);
  self->spaces = wr_memory_get((1 + self->rows.set_count) * sizeof *self->spaces);
  self->spaces[0] = self->space = wr_table_space_new(aggregate_layout(self->spec));
  for (uint32_t s = 0; s < self->rows.set_count; s++)
    self->spaces[1 + s] = wr_table_space_new(wr_window_set_layout(self->spec, &self->rows.sets[s]));
  self->slices.set_spaces = self->spaces + 1;
  self->slices.set_count = self->rows.set_count;
  self->closed_us = WR_TIME_NONE;
  wr_window_output_open(self);
  *out = &self->op;
  return WR_OK;
}

static void aggregate_count_state(struct wr_window_aggregate *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  uint64_t bytes = 0, keys = 0;
  for (uint32_t i = 0; i <= self->rows.set_count; i++) {
    bytes += wr_table_space_bytes(self->spaces[i]);
    keys += wr_table_space_keys(self->spaces[i]);
  }
  atomic_store_explicit(&metrics->state_bytes, bytes, memory_order_relaxed);
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
  struct wr_probe probe;
  wr_table_probe(slice->table, keys, rows, hashes, row_count, WR_PROBE_MAKE, &probe);
  wr_window_init_states(self, &probe);
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

/* The greatest watermark that any row of the batch can be judged by. */
static int64_t aggregate_latest(const struct wr_window_aggregate *self,
                                const struct wr_batch *batch)
{
  int64_t latest_us = self->closed_us;
  if (!batch->arrived_us)
    return latest_us;
  int64_t arrived_us = WR_TIME_NONE;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    int64_t at = batch->arrived_us[wr_batch_row(batch, i)];
    arrived_us = at > arrived_us ? at : arrived_us;
  }
  arrived_us = arrived_us < batch->others_us ? arrived_us : batch->others_us;
  return arrived_us > latest_us ? arrived_us : latest_us;
}

/* True if the whole batch lies in one slice and in time for all its windows. */
static bool aggregate_is_simple(const struct wr_window_aggregate *self,
                                const struct wr_batch *batch, struct wr_window_bounds *bounds)
{
  if (self->window.kind == WR_WINDOW_ATTACHED)
    return false;
  if (self->window.kind == WR_WINDOW_ALL) {
    *bounds = wr_window_bounds_of(&self->window, 0);
    return true;
  }
  const struct wr_column *column = &batch->columns[self->spec->time_column];
  if (column->valid || column->constant)
    return false;
  const int64_t *times = column->values;
  int64_t least_us = INT64_MAX, greatest_us = INT64_MIN;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    int64_t time_us = times[wr_batch_row(batch, i)];
    least_us = time_us < least_us ? time_us : least_us;
    greatest_us = time_us > greatest_us ? time_us : greatest_us;
  }
  if (least_us < -WR_WINDOW_TIME_MAX || greatest_us > WR_WINDOW_TIME_MAX)
    return false;
  *bounds = wr_window_bounds_of(&self->window, least_us);
  return greatest_us < bounds->end_us && bounds->first_end_us <= bounds->last_end_us &&
         bounds->first_end_us - self->window.tick_us > aggregate_latest(self, batch);
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
                                  uint32_t row, const struct wr_window_bounds *bounds,
                                  int64_t known_us)
{
  if (!aggregate_tells(self, batch, row))
    return;
  int64_t start_us = self->window.kind == WR_WINDOW_ATTACHED
                         ? bounds->start_us
                         : bounds->last_end_us - self->window.size_us;
  int64_t late_us = known_us - (bounds->last_end_us - self->window.tick_us);
  unsigned fraction = self->window.tick_us < WR_US_PER_MS ? 6 : 3;
  char start[WR_TIMESTAMP_CHARS + 1], end[WR_TIMESTAMP_CHARS + 1];
  start[wr_format_timestamp(start_us, fraction, WR_DATETIME_SQL, start)] = 0;
  end[wr_format_timestamp(bounds->last_end_us, fraction, WR_DATETIME_SQL, end)] = 0;
  wr_operator_reject(&self->op, batch, row, WR_REJECT_LATE,
                     "the row came %lld.%03lld s after its window from %s to %s closed",
                     (long long)(late_us / WR_US_PER_SECOND),
                     (long long)(late_us % WR_US_PER_SECOND / WR_US_PER_MS), start, end);
}

/* The slice of a row before lateness; false: it has no usable time and was rejected. *bounds is
 * that of the row before. */
static bool aggregate_find_bounds(struct wr_window_aggregate *self, const struct wr_batch *batch,
                                  uint32_t row, struct wr_window_bounds *bounds)
{
  const struct wr_window_aggregate_spec *spec = self->spec;
  bool attached = self->window.kind == WR_WINDOW_ATTACHED;
  const struct wr_column *first =
      &batch->columns[attached ? spec->start_column : spec->time_column];
  const struct wr_column *second = attached ? &batch->columns[spec->end_column] : first;
  if (wr_column_is_null(first, row) || wr_column_is_null(second, row)) {
    if (aggregate_tells(self, batch, row))
      wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "the time of the row is NULL");
    return false;
  }
  int64_t time_us = ((const int64_t *)first->values)[wr_column_row(first, row)];
  int64_t end_us = ((const int64_t *)second->values)[wr_column_row(second, row)];
  if (time_us < -WR_WINDOW_TIME_MAX || end_us > WR_WINDOW_TIME_MAX ||
      end_us < -WR_WINDOW_TIME_MAX || time_us > WR_WINDOW_TIME_MAX) {
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

static void groups_add(struct row_groups *groups, uint32_t row, struct wr_window_slice *slice)
{
  if (slice->group == UINT32_MAX) {
    slice->group = groups->group_count++;
    groups->slices[slice->group] = slice;
    groups->ends[slice->group] = 0;
  }
  groups->rows[groups->row_count] = row;
  groups->groups[groups->row_count++] = slice->group;
  groups->ends[slice->group]++;
}

/* Judges every row and sorts the good ones into groups. */
static void aggregate_judge(struct wr_window_aggregate *self, const struct wr_batch *batch,
                            struct row_groups *groups)
{
  struct wr_window_bounds bounds = {0}, last_cut = {0};
  struct wr_window_slice *slice = NULL;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    if (!aggregate_find_bounds(self, batch, row, &bounds) ||
        bounds.first_end_us > bounds.last_end_us)
      continue; /* rejected, or between the windows of a HOP whose slide is longer than its size */
    int64_t known_us = self->closed_us;
    if (batch->arrived_us) {
      int64_t arrived_us =
          batch->arrived_us[row] < batch->others_us ? batch->arrived_us[row] : batch->others_us;
      known_us = arrived_us > known_us ? arrived_us : known_us;
    }
    struct wr_window_bounds cut = bounds;
    wr_window_bounds_cut(&self->window, &cut, known_us);
    if (cut.first_end_us > cut.last_end_us) {
      aggregate_reject_late(self, batch, row, &bounds, known_us);
      continue;
    }
    if (!slice || memcmp(&cut, &last_cut, sizeof cut) != 0)
      slice = wr_window_slices_get(&self->slices, self->space, &cut);
    last_cut = cut;
    groups_add(groups, row, slice);
  }
}

/* Rows of each group together, in their order: a counting sort. Afterwards ends[g] is where group g
 * ends. */
static const uint32_t *groups_sort(struct row_groups *groups, struct wr_arena *arena)
{
  uint32_t *sorted = wr_arena_get(arena, (groups->row_count + 1) * sizeof *sorted);
  uint32_t at = 0;
  for (uint32_t g = 0; g < groups->group_count; g++) {
    uint32_t count = groups->ends[g];
    groups->ends[g] = at;
    at += count;
  }
  for (uint32_t i = 0; i < groups->row_count; i++)
    sorted[groups->ends[groups->groups[i]]++] = groups->rows[i];
  return sorted;
}

static void aggregate_add_groups(struct wr_window_aggregate *self, const struct wr_batch *batch)
{
  struct row_groups groups = {
      .rows = wr_arena_get(&self->arena, batch->picked_count * sizeof *groups.rows),
      .groups = wr_arena_get(&self->arena, batch->picked_count * sizeof *groups.groups),
      .slices = wr_arena_get(&self->arena, batch->picked_count * sizeof *groups.slices),
      .ends = wr_arena_get(&self->arena, batch->picked_count * sizeof *groups.ends),
  };
  aggregate_judge(self, batch, &groups);
  const uint32_t *rows = groups_sort(&groups, &self->arena);
  const uint64_t *hashes = aggregate_hash(self, batch, rows, groups.row_count);
  uint32_t first = 0;
  for (uint32_t g = 0; g < groups.group_count; g++) {
    aggregate_add(self, batch, groups.slices[g], rows + first, rows + first, hashes + first,
                  groups.ends[g] - first);
    groups.slices[g]->group = UINT32_MAX;
    first = groups.ends[g];
  }
}

static enum wr_code aggregate_on_batch(struct wr_operator *op, uint32_t input,
                                       const struct wr_batch *batch, struct wr_error *err)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  (void)input, (void)err;
  assert(input == 0);
  for (uint32_t i = 0; batch->change && i < batch->picked_count; i++)
    assert(!(batch->change[wr_batch_row(batch, i)] & WR_DELETE));
  wr_arena_reset(&self->arena);
  self->now_us = batch->now_us;
  struct wr_window_bounds bounds;
  if (aggregate_is_simple(self, batch, &bounds)) {
    struct wr_window_slice *slice = wr_window_slices_get(&self->slices, self->space, &bounds);
    const uint64_t *hashes = aggregate_hash(self, batch, batch->picked, batch->picked_count);
    aggregate_add(self, batch, slice, batch->picked, aggregate_numbers(self, batch), hashes,
                  batch->picked_count);
  } else {
    aggregate_add_groups(self, batch);
  }
  aggregate_count_state(self);
  return WR_OK;
}

static enum wr_code aggregate_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                           struct wr_error *err)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  enum wr_code code = wr_window_fire(self, watermark_us, err);
  aggregate_count_state(self);
  return code == WR_OK ? wr_emit_watermark(op, watermark_us, err) : code;
}

/* ---- snapshots */

static void aggregate_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_part_put_u64(part, op->context->task);
  wr_part_put_u64(part, op->context->task_count);
  wr_part_put_i64(part, self->closed_us);
  wr_window_slices_save(&self->slices, part);
  wr_table_spaces_save(self->spaces, 1 + self->rows.set_count, part);
}

static bool aggregate_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  (void)part;
  return wr_table_spaces_save_step(self->spaces, 1 + self->rows.set_count, SAVE_PAGES);
}

/* Which task goes on counting the rows of an old task: the one that owns its first key group. */
static bool aggregate_takes_count(const struct wr_operator_context *context, uint64_t old_task,
                                  uint64_t old_count)
{
  for (uint32_t group = 0; old_count > 0 && group < WR_KEY_GROUPS; group++)
    if (group * old_count / WR_KEY_GROUPS == old_task)
      return wr_key_group_task(group, context->task_count) == context->task;
  return false;
}

static enum wr_code aggregate_load(struct wr_operator *op, struct wr_part_reader *part,
                                   struct wr_error *err)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  enum { VERSION, SEED, TASK, TASKS };
  uint64_t head[4];
  int64_t closed_us;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < 4; i++)
    code = wr_part_get_u64(part, &head[i], err);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &closed_us, err);
  if (code == WR_OK && (head[VERSION] != SAVE_VERSION || head[SEED] != op->context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", op->context->name);
  if (code != WR_OK)
    return code;
  bool with_rows = aggregate_takes_count(op->context, head[TASK], head[TASKS]);
  code = wr_window_slices_load(&self->slices, self->spaces, 1 + self->rows.set_count, with_rows,
                               op->context->task, op->context->task_count, part, err);
  if (closed_us > self->closed_us)
    self->closed_us = closed_us;
  aggregate_count_state(self);
  return code;
}

static uint64_t aggregate_held_rows(const struct wr_operator *op)
{
  return wr_window_slices_rows(&((const struct wr_window_aggregate *)op)->slices);
}

static void aggregate_close(struct wr_operator *op)
{
  struct wr_window_aggregate *self = (struct wr_window_aggregate *)op;
  wr_window_slices_free(&self->slices);
  for (uint32_t i = 0; i <= self->rows.set_count; i++)
    wr_table_space_free(self->spaces[i]);
  free(self->spaces);
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
    .save = aggregate_save,
    .save_step = aggregate_save_step,
    .load = aggregate_load,
    .held_rows = aggregate_held_rows,
    .close = aggregate_close,
};
