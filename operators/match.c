/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match: MATCH_RECOGNIZE. Rows coming in, watermarks, snapshots:
 *
 *   rows -> wait (over_waiting.c) -> in order, through the automaton (match_run.c) -> matches leave
 *
 * Rows leave with the first watermark that has reached their time; those that come when that was
 * known already are late. By the clock they do not wait, and their time is that of their batch.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/limits.h"
#include "core/time.h"
#include "operators/match_state.h"
#include "operators/sort_order.h"
#include "windows/window.h"

#define SAVE_VERSION 1
#define SAVE_PAGES   4    /* pages copied per step of a snapshot */
#define CHUNK_ROWS   4096 /* that are worked on at once; more, if they stand at one time */

static enum wr_code match_open(const void *spec, const struct wr_operator_context *context,
                               struct wr_operator **out, struct wr_error *err)
{
  struct wr_match *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_match, context);
  self->spec = spec;
  self->closed_us = WR_TIME_NONE;
  enum wr_code code = wr_match_plan_open(self, err);
  if (code != WR_OK) {
    wr_match_plan_close(self);
    free(self);
    return code;
  }
  wr_match_output_open(self);
  wr_over_waiting_open(&self->waiting, self->spec->input_schema, self->spec->column_ids);
  *out = &self->op;
  return WR_OK;
}

static void match_count_state(const struct wr_match *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  uint64_t bytes = wr_over_waiting_bytes(&self->waiting) + wr_table_space_memory(self->space);
  atomic_store_explicit(&metrics->state_bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&metrics->spare_bytes, wr_table_space_spare(self->space),
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, wr_table_space_keys(self->space),
                        memory_order_relaxed);
}

/* ---- rows in order */

/* Sorts rows first .. end-1, which stand at one time, by the other keys: a merge sort, so that
 * equal ones stay as they came. */
static void sort_rows(const struct wr_match *self, const struct wr_batch *rows, uint32_t *numbers,
                      uint32_t count, uint32_t *scratch)
{
  if (count < 2)
    return;
  const struct wr_sort_order order = {.keys = self->spec->order,
                                      .key_count = self->spec->order_count};
  uint32_t half = count / 2, a = 0, b = half;
  sort_rows(self, rows, numbers, half, scratch);
  sort_rows(self, rows, numbers + half, count - half, scratch);
  for (uint32_t i = 0; i < count; i++) {
    bool first = b == count ||
                 (a < half && wr_sort_compare(&order, rows, numbers[a], rows, numbers[b]) <= 0);
    scratch[i] = first ? numbers[a++] : numbers[b++];
  }
  memcpy(numbers, scratch, count * sizeof *numbers);
}

/* Rows in order of time are put in order by the other keys, too. */
static void match_sort(struct wr_match *self, struct wr_batch *rows, const int64_t *times)
{
  uint32_t count = rows->row_count;
  if (self->spec->order_count == 0)
    return;
  uint32_t *numbers = wr_arena_get(&self->leaving, (count + 1) * sizeof *numbers);
  uint32_t *scratch = wr_arena_get(&self->leaving, (count + 1) * sizeof *scratch);
  for (uint32_t i = 0; i < count; i++)
    numbers[i] = i;
  for (uint32_t i = 0, end; i < count; i = end) {
    for (end = i + 1; end < count && times[end] == times[i]; end++)
      continue;
    sort_rows(self, rows, numbers + i, end - i, scratch);
  }
  struct wr_batch sorted = *rows;
  sorted.picked = numbers;
  sorted.picked_count = count;
  wr_batch_compact(&self->sorter, &sorted, NULL, rows);
}

/* Rows in order go to their partitions; what they and the time make of it leaves. */
static enum wr_code match_go(struct wr_match *self, struct wr_batch *rows, const int64_t *times,
                             struct wr_error *err)
{
  enum wr_code code = WR_OK;
  match_sort(self, rows, times);
  for (uint32_t first = 0, count; first < rows->row_count && code == WR_OK; first += count) {
    count = rows->row_count - first < CHUNK_ROWS ? rows->row_count - first : CHUNK_ROWS;
    const struct wr_match_chunk chunk = {
        .rows = rows, .times = times, .first = first, .count = count};
    code = wr_match_chunk(self, &chunk, err);
    if (code == WR_OK && self->spec->within_us)
      code = wr_match_expire(self, times[first + count - 1], err);
    if (code == WR_OK)
      code = wr_match_output_emit(self, err);
  }
  return code;
}

/* How many items make a chunk: those of one time stay together where they are sorted. */
static uint32_t match_cut(const struct wr_match *self, const struct wr_over_item *items,
                          uint64_t count)
{
  if (count <= CHUNK_ROWS)
    return (uint32_t)count;
  uint32_t end = CHUNK_ROWS;
  while (self->spec->order_count && end < count && items[end].time_us == items[end - 1].time_us)
    end++;
  return end;
}

/* What waits and can leave with a watermark leaves. */
static enum wr_code match_release(struct wr_match *self, int64_t until_us, struct wr_error *err)
{
  const struct wr_over_item *items;
  uint64_t left = wr_over_waiting_take(&self->waiting, until_us, &items);
  enum wr_code code = WR_OK;
  while (left && code == WR_OK) {
    uint32_t count = match_cut(self, items, left);
    struct wr_batch rows;
    wr_arena_reset(&self->leaving);
    wr_over_waiting_gather(&self->waiting, items, count, &self->leaving, &rows);
    rows.now_us = self->now_us;
    int64_t *times = wr_arena_get(&self->leaving, count * sizeof *times);
    for (uint32_t i = 0; i < count; i++)
      times[i] = items[i].time_us;
    code = match_go(self, &rows, times, err);
    wr_over_waiting_drop(&self->waiting, items, count);
    items += count;
    left -= count;
  }
  if (code == WR_OK && self->spec->within_us)
    code = wr_match_expire(self, until_us, err);
  if (self->closed_us < until_us)
    self->closed_us = until_us;
  return code == WR_OK ? wr_match_output_emit(self, err) : code;
}

/* ---- rows coming in */

static void match_reserve(struct wr_match *self, uint32_t count)
{
  if (2 * count <= self->item_room)
    return;
  self->item_room = 2 * count;
  self->items = wr_memory_resize(self->items, self->item_room * sizeof *self->items);
}

static void match_reject_late(struct wr_match *self, const struct wr_batch *batch, uint32_t row,
                              int64_t late_us)
{
  wr_operator_reject(&self->op, batch, row, WR_REJECT_LATE,
                     "the row came %lld.%03lld s behind the watermark, up to which all rows of the "
                     "pattern had been looked at",
                     (long long)(late_us / WR_US_PER_SECOND),
                     (long long)(late_us % WR_US_PER_SECOND / WR_US_PER_MS));
}

/* The items of the rows that have a usable time and are not late. */
static uint32_t match_judge(struct wr_match *self, const struct wr_batch *batch)
{
  const struct wr_column *times = &batch->columns[self->spec->time_column];
  uint32_t count = 0;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    if (wr_column_is_null(times, row)) {
      wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "the time of the row is NULL");
      continue;
    }
    int64_t time_us = wr_column_i64(times, row), known_us = self->closed_us;
    if (time_us > WR_WINDOW_TIME_MAX || time_us < -WR_WINDOW_TIME_MAX) {
      wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME,
                         "the time of the row is out of range");
      continue;
    }
    if (batch->arrived_us) {
      int64_t arrived_us =
          batch->arrived_us[row] < batch->others_us ? batch->arrived_us[row] : batch->others_us;
      known_us = arrived_us > known_us ? arrived_us : known_us;
    }
    if (time_us <= known_us)
      match_reject_late(self, batch, row, known_us < WR_TIME_END ? known_us - time_us : 0);
    else
      self->items[count++] =
          (struct wr_over_item){.release_us = time_us, .time_us = time_us, .at = row};
  }
  return count;
}

static enum wr_code match_on_clock_batch(struct wr_match *self, const struct wr_batch *batch,
                                         struct wr_error *err)
{
  struct wr_batch rows = *batch;
  if (batch->now_us > self->closed_us)
    self->closed_us = batch->now_us;
  if (batch->picked)
    wr_batch_compact(&self->compactor, batch, NULL, &rows);
  rows.change = NULL;
  rows.arrived_us = NULL;
  wr_arena_reset(&self->leaving);
  int64_t *times = wr_arena_get(&self->leaving, (rows.row_count + 1) * sizeof *times);
  for (uint32_t i = 0; i < rows.row_count; i++)
    times[i] = self->closed_us;
  enum wr_code code = match_go(self, &rows, times, err);
  self->op.timer_us = wr_timers_next(&self->timers);
  return code;
}

static enum wr_code match_on_batch(struct wr_operator *op, uint32_t input,
                                   const struct wr_batch *batch, struct wr_error *err)
{
  struct wr_match *self = (struct wr_match *)op;
  (void)input;
  assert(input == 0);
  for (uint32_t i = 0; batch->change && i < batch->picked_count; i++)
    assert(!(batch->change[wr_batch_row(batch, i)] & WR_DELETE));
  self->now_us = batch->now_us;
  enum wr_code code = WR_OK;
  if (self->spec->by_clock) {
    code = match_on_clock_batch(self, batch, err);
  } else {
    match_reserve(self, batch->picked_count);
    uint32_t count = match_judge(self, batch);
    wr_over_items_sort(self->items, count, self->items + count);
    wr_over_waiting_add(&self->waiting, batch, self->items, count);
    if (wr_over_waiting_bytes(&self->waiting) > WR_OVER_WAITING_BYTES_MAX)
      code = wr_fail(err, WR_LIMIT,
                     "more bytes of rows wait for the watermark before %s than the limit "
                     "WR_OVER_WAITING_BYTES_MAX, %llu",
                     op->context->name, (unsigned long long)WR_OVER_WAITING_BYTES_MAX);
  }
  match_count_state(self);
  return code;
}

static enum wr_code match_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                       struct wr_error *err)
{
  struct wr_match *self = (struct wr_match *)op;
  if (self->spec->by_clock)
    return wr_emit_watermark(op, watermark_us, err);
  enum wr_code code = match_release(self, watermark_us, err);
  match_count_state(self);
  return code == WR_OK ? wr_emit_watermark(op, watermark_us, err) : code;
}

static enum wr_code match_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct wr_match *self = (struct wr_match *)op;
  if (now_us > self->closed_us)
    self->closed_us = now_us;
  self->now_us = now_us;
  enum wr_code code = wr_match_expire(self, self->closed_us, err);
  if (code == WR_OK)
    code = wr_match_output_emit(self, err);
  op->timer_us = wr_timers_next(&self->timers);
  match_count_state(self);
  return code;
}

/* ---- snapshots: numbers, partitions, then the rows that wait */

static void match_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_match *self = (struct wr_match *)op;
  assert(!self->part && self->output.count == 0);
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_part_put_u64(part, self->signature);
  wr_part_put_i64(part, self->closed_us);
  wr_table_spaces_save(&self->space, 1, part);
  wr_over_waiting_save(&self->waiting);
  self->part = part;
  self->tables_saved = false;
}

static bool match_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_match *self = (struct wr_match *)op;
  if (!self->part)
    return true;
  assert(self->part == part);
  if (!self->tables_saved) {
    self->tables_saved = wr_table_spaces_save_step(&self->space, 1, SAVE_PAGES);
    if (self->tables_saved)
      wr_over_waiting_save_to(&self->waiting, part);
    return false;
  }
  if (!wr_over_waiting_save_step(&self->waiting, SAVE_PAGES))
    return false;
  self->part = NULL;
  return true;
}

struct match_loader {
  struct wr_table_loader loader;
  struct wr_match *match;
};

static struct wr_table *match_loader_find(struct wr_table_loader *loader, uint32_t space,
                                          uint64_t tag)
{
  const struct wr_match *self = ((const struct match_loader *)loader)->match;
  return tag == 0 && space == 0 ? self->table : NULL;
}

/* Rows that wait, of the partitions of this task. */
static void match_take_loaded(void *argument, const struct wr_batch *batch)
{
  struct wr_match *self = argument;
  const struct wr_match_spec *spec = self->spec;
  uint32_t count = 0;
  wr_arena_reset(&self->arena);
  match_reserve(self, batch->row_count);
  uint64_t *hashes = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *hashes);
  const struct wr_column **keys = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = &batch->columns[spec->keys[k]];
  wr_hash_keys(keys, spec->key_count, NULL, batch->row_count, self->op.context->hash_seed, hashes);
  for (uint32_t row = 0; row < batch->row_count; row++) {
    int64_t time_us = wr_column_i64(&batch->columns[spec->time_column], row);
    if (wr_key_group_task(wr_key_group(hashes[row]), self->op.context->task_count) ==
        self->op.context->task)
      self->items[count++] =
          (struct wr_over_item){.release_us = time_us, .time_us = time_us, .at = row};
  }
  wr_over_items_sort(self->items, count, self->items + count);
  wr_over_waiting_add(&self->waiting, batch, self->items, count);
}

static enum wr_code match_load_head(struct wr_match *self, struct wr_part_reader *part,
                                    int64_t *closed_us, struct wr_error *err)
{
  const char *name = self->op.context->name;
  uint64_t version = 0, seed = 0, signature = 0;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &seed, err);
  if (code == WR_OK && (version != SAVE_VERSION || seed != self->op.context->hash_seed))
    return wr_fail(err, WR_DATA, "the saved state of %s is of another version", name);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &signature, err);
  if (code == WR_OK && signature != self->signature)
    return wr_fail(err, WR_DATA,
                   "the saved state of %s is of another pattern, or of other columns that its "
                   "conditions and measures look at",
                   name);
  return code == WR_OK ? wr_part_get_i64(part, closed_us, err) : code;
}

static enum wr_code match_load(struct wr_operator *op, struct wr_part_reader *part,
                               struct wr_error *err)
{
  struct wr_match *self = (struct wr_match *)op;
  int64_t closed_us = WR_TIME_NONE;
  enum wr_code code = match_load_head(self, part, &closed_us, err);
  struct match_loader loader = {.loader = {.find = match_loader_find,
                                           .task = op->context->task,
                                           .task_count = op->context->task_count},
                                .match = self};
  if (code == WR_OK)
    code = wr_table_spaces_load(&self->space, 1, &loader.loader, part, err);
  const char *bytes;
  size_t length;
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &bytes, &length, err);
  if (code == WR_OK) {
    struct wr_part_reader aside = {.bytes = bytes, .length = length};
    code = wr_over_waiting_load(&self->waiting, &aside, part, match_take_loaded, self, err);
  }
  self->closed_us = closed_us > self->closed_us ? closed_us : self->closed_us;
  wr_match_work_rebuild(self);
  if (self->spec->by_clock)
    op->timer_us = wr_timers_next(&self->timers);
  match_count_state(self);
  return code;
}

/* ---- the rest */

static uint64_t match_held_rows(const struct wr_operator *op)
{
  const struct wr_match *self = (const struct wr_match *)op;
  return self->waiting.kept.row_count + self->kept_rows;
}

static void match_close(struct wr_operator *op)
{
  struct wr_match *self = (struct wr_match *)op;
  wr_over_waiting_close(&self->waiting);
  wr_match_output_close(self);
  wr_match_work_close(self);
  wr_match_plan_close(self);
  wr_compactor_close(&self->compactor);
  wr_compactor_close(&self->sorter);
  wr_arena_free(&self->leaving);
  wr_arena_free(&self->arena);
  wr_arena_free(&self->values);
  free(self->items);
  free(self);
}

const struct wr_operator_class wr_operator_class_match = {
    .name = "Match",
    .open = match_open,
    .on_batch = match_on_batch,
    .on_watermark = match_on_watermark,
    .on_timer = match_on_timer,
    .save = match_save,
    .save_step = match_save_step,
    .load = match_load,
    .held_rows = match_held_rows,
    .close = match_close,
};
