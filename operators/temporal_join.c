/* SPDX-License-Identifier: Apache-2.0 */
/*
 * temporal_join: rows coming in, watermarks, snapshots. Rows of the right become versions at once
 * (temporal_versions.c). Rows of the left wait (over_waiting.h) until the watermarks of both sides
 * have reached their time, as no version of it can come then, and leave in the order of (release,
 * time, arrival) beside what they find (temporal_emit.c).
 *
 * Handled one at a time, the watermark would move to what was known before a row, versions would be
 * forgotten, and then the row would come. So a row of the left that is behind the watermark a that
 * it knew leaves with the first one from a + 1 on, and finds the version of its time if that is the
 * newest one at a as well; one that finds none is told as late (INNER), or has NULLs. What is below
 * is told that it was known before it left. Which side is ahead does not matter to any of this.
 *
 * A snapshot has the rows that wait and the kept rows of versions; lists are made anew.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "operators/temporal_state.h"
#include "windows/window.h"

#define SAVE_VERSION 1
#define SAVE_PAGES   4                 /* written per step of a snapshot */
#define CHANGE_ID    UINT64_C(1) << 62 /* by which the column of changes is found in snapshots */

/* ---- life */

/* The left's columns, and what becomes of a row that may take back. */
static void temporal_open_waiting(struct wr_temporal_join *self)
{
  const struct wr_temporal_side *left = &self->spec->sides[0];
  uint32_t width = left->schema->column_count;
  struct wr_field *fields = WR_NEW_ARRAY(&self->forever, struct wr_field, width + 1);
  memcpy(fields, left->schema->fields, width * sizeof *fields);
  fields[width] = (struct wr_field){.name = "change", .type = &wr_type_tinyint};
  self->waiting_schema = (struct wr_schema){width + self->spec->changes, fields};
  if (left->column_ids) {
    self->waiting_ids = WR_NEW_ARRAY(&self->forever, uint64_t, width + 1);
    memcpy(self->waiting_ids, left->column_ids, width * sizeof *self->waiting_ids);
    self->waiting_ids[width] = CHANGE_ID;
  }
  wr_over_waiting_open(&self->waiting, &self->waiting_schema, self->waiting_ids);
}

static enum wr_code temporal_open(const void *spec, const struct wr_operator_context *context,
                                  struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct wr_temporal_join *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_temporal_join, context);
  self->spec = spec;
  self->closed_us = WR_TIME_NONE;
  assert(self->spec->key_count > 0);
  self->key_columns =
      WR_NEW_ARRAY(&self->forever, const struct wr_column *, self->spec->key_count + 1);
  wr_temporal_versions_open(self);
  temporal_open_waiting(self);
  wr_temporal_emit_open(self);
  *out = &self->op;
  return WR_OK;
}

static void temporal_close(struct wr_operator *op)
{
  struct wr_temporal_join *self = (struct wr_temporal_join *)op;
  wr_over_waiting_close(&self->waiting);
  wr_temporal_emit_close(self);
  wr_temporal_versions_close(self);
  free(self->items);
  wr_arena_free(&self->leaving);
  wr_arena_free(&self->arena);
  wr_arena_free(&self->forever);
  free(self);
}

static void temporal_count_state(const struct wr_temporal_join *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  uint64_t bytes = wr_over_waiting_bytes(&self->waiting) + wr_table_space_memory(self->space) +
                   self->kept.bytes + self->list_bytes +
                   self->timers.count * sizeof(struct wr_timer);
  atomic_store_explicit(&metrics->state_bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&metrics->spare_bytes, wr_table_space_spare(self->space),
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, wr_table_space_keys(self->space),
                        memory_order_relaxed);
}

/* ---- rows of the left */

static bool temporal_has_key(const struct wr_temporal_join *self, const struct wr_batch *batch,
                             uint32_t row)
{
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    if (wr_column_is_null(&batch->columns[self->spec->sides[0].keys[k]], row))
      return false;
  return true;
}

/* The items of the rows that have a usable time and can come out. */
static uint32_t temporal_judge(struct wr_temporal_join *self, const struct wr_batch *batch)
{
  const struct wr_column *times = &batch->columns[self->spec->sides[0].time_column];
  uint32_t count = 0;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    bool is_null = wr_column_is_null(times, row);
    int64_t time_us = is_null ? 0 : wr_column_i64(times, row);
    if (is_null || time_us > WR_WINDOW_TIME_MAX || time_us < -WR_WINDOW_TIME_MAX) {
      wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "the time of the row is %s",
                         is_null ? "NULL" : "out of range");
      continue;
    }
    if (!self->spec->outer && !temporal_has_key(self, batch, row))
      continue;
    int64_t known = batch->arrived_us ? batch->arrived_us[row] : WR_TIME_NONE;
    known = known > self->closed_us ? known : self->closed_us;
    int64_t release_us = known < WR_TIME_END ? known + 1 : WR_TIME_END;
    self->items[count++] = (struct wr_over_item){
        .release_us = time_us > release_us ? time_us : release_us, .time_us = time_us, .at = row};
  }
  return count;
}

static void temporal_reserve(struct wr_temporal_join *self, uint32_t count)
{
  if (2 * count <= self->item_room)
    return;
  self->item_room = 2 * count;
  self->items = wr_memory_resize(self->items, self->item_room * sizeof *self->items);
}

static enum wr_code temporal_wait(struct wr_temporal_join *self, const struct wr_batch *batch,
                                  struct wr_error *err)
{
  uint32_t width = self->spec->sides[0].schema->column_count;
  struct wr_batch rows = *batch;
  wr_arena_reset(&self->arena);
  temporal_reserve(self, batch->picked_count);
  uint32_t count = temporal_judge(self, batch);
  wr_over_items_sort(self->items, count, self->items + count);
  if (self->spec->changes) {
    struct wr_column *columns = wr_arena_get(&self->arena, (width + 1) * sizeof *columns);
    char *changes = wr_arena_get_zero(&self->arena, batch->row_count + WR_PADDING);
    if (batch->change)
      memcpy(changes, batch->change, batch->row_count);
    memcpy(columns, batch->columns, width * sizeof *columns);
    columns[width] = (struct wr_column){.type = &wr_type_tinyint, .values = changes};
    rows.columns = columns;
  }
  wr_over_waiting_add(&self->waiting, &rows, self->items, count);
  if (wr_over_waiting_bytes(&self->waiting) <= WR_TEMPORAL_WAITING_BYTES_MAX)
    return WR_OK;
  return wr_fail(err, WR_LIMIT,
                 "more bytes of rows wait for the watermarks of both sides of %s than the limit "
                 "WR_TEMPORAL_WAITING_BYTES_MAX, %llu",
                 self->op.context->name, (unsigned long long)WR_TEMPORAL_WAITING_BYTES_MAX);
}

/* What waits and can leave with a watermark leaves. */
static enum wr_code temporal_release(struct wr_temporal_join *self, int64_t until_us,
                                     struct wr_error *err)
{
  const struct wr_over_item *items;
  uint64_t left = wr_over_waiting_take(&self->waiting, until_us, &items);
  enum wr_code code = WR_OK;
  while (left && code == WR_OK) {
    uint32_t count = left < WR_BATCH_ROWS ? (uint32_t)left : WR_BATCH_ROWS;
    struct wr_batch rows;
    wr_arena_reset(&self->leaving);
    wr_over_waiting_gather(&self->waiting, items, count, &self->leaving, &rows);
    rows.schema = self->spec->sides[0].schema;
    if (self->spec->changes)
      rows.change = rows.columns[rows.schema->column_count].values;
    code = wr_temporal_emit(self, &rows, items, err);
    wr_over_waiting_drop(&self->waiting, items, count);
    items += count;
    left -= count;
  }
  return code;
}

/* ---- the class's calls */

static enum wr_code temporal_on_batch(struct wr_operator *op, uint32_t input,
                                      const struct wr_batch *batch, struct wr_error *err)
{
  struct wr_temporal_join *self = (struct wr_temporal_join *)op;
  assert(input < 2);
  self->now_us = batch->now_us;
  enum wr_code code =
      input ? wr_temporal_versions_add(self, batch, err) : temporal_wait(self, batch, err);
  temporal_count_state(self);
  return code;
}

static enum wr_code temporal_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                          struct wr_error *err)
{
  struct wr_temporal_join *self = (struct wr_temporal_join *)op;
  enum wr_code code = temporal_release(self, watermark_us, err);
  if (watermark_us > self->closed_us)
    self->closed_us = watermark_us;
  if (watermark_us < WR_TIME_END)
    wr_temporal_forget(self, watermark_us);
  temporal_count_state(self);
  return code == WR_OK ? wr_emit_watermark(op, watermark_us, err) : code;
}

static uint64_t temporal_held_rows(const struct wr_operator *op)
{
  return ((const struct wr_temporal_join *)op)->waiting.kept.row_count;
}

/* ---- snapshots: numbers, versions, then the rows that wait */

static void temporal_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_temporal_join *self = (struct wr_temporal_join *)op;
  assert(!self->part);
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_part_put_i64(part, self->closed_us);
  wr_kept_rows_save_begin(&self->kept);
  wr_over_waiting_save(&self->waiting);
  self->part = part;
  self->versions_saved = false;
}

static bool temporal_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_temporal_join *self = (struct wr_temporal_join *)op;
  if (!self->part)
    return true;
  assert(self->part == part);
  if (!self->versions_saved) {
    self->versions_saved = wr_kept_rows_save_step(&self->kept, part, SAVE_PAGES);
    if (self->versions_saved)
      wr_over_waiting_save_to(&self->waiting, part);
    return false;
  }
  if (!wr_over_waiting_save_step(&self->waiting, SAVE_PAGES))
    return false;
  self->part = NULL;
  return true;
}

/* Rows that wait, of the keys of this task. */
static void temporal_take_waiting(void *argument, const struct wr_batch *batch)
{
  struct wr_temporal_join *self = argument;
  const struct wr_temporal_side *left = &self->spec->sides[0];
  uint32_t count = 0;
  wr_arena_reset(&self->arena);
  temporal_reserve(self, batch->row_count);
  uint64_t *hashes = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *hashes);
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    self->key_columns[k] = &batch->columns[left->keys[k]];
  wr_hash_keys(self->key_columns, self->spec->key_count, NULL, batch->row_count,
               self->op.context->hash_seed, hashes);
  const struct wr_column *releases = &batch->columns[self->waiting_schema.column_count];
  for (uint32_t row = 0; row < batch->row_count; row++)
    if (wr_key_group_task(wr_key_group(hashes[row]), self->op.context->task_count) ==
        self->op.context->task)
      self->items[count++] =
          (struct wr_over_item){.release_us = wr_column_i64(releases, row),
                                .time_us = wr_column_i64(&batch->columns[left->time_column], row),
                                .at = row};
  wr_over_items_sort(self->items, count, self->items + count);
  wr_over_waiting_add(&self->waiting, batch, self->items, count);
}

static enum wr_code temporal_load_versions(struct wr_temporal_join *self,
                                           struct wr_part_reader *part, struct wr_error *err)
{
  uint64_t more = 0;
  enum wr_code code = wr_part_get_u64(part, &more, err);
  while (code == WR_OK && more) {
    code = wr_kept_rows_load(&self->kept, part, wr_temporal_versions_take, self, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &more, err);
  }
  return code;
}

static enum wr_code temporal_load_waiting(struct wr_temporal_join *self,
                                          struct wr_part_reader *part, struct wr_error *err)
{
  const char *bytes;
  size_t length;
  enum wr_code code = wr_part_get_bytes(part, &bytes, &length, err);
  struct wr_part_reader aside = {.bytes = bytes, .length = length};
  if (code == WR_OK)
    code = wr_over_waiting_load(&self->waiting, &aside, part, temporal_take_waiting, self, err);
  return code;
}

static enum wr_code temporal_load(struct wr_operator *op, struct wr_part_reader *part,
                                  struct wr_error *err)
{
  struct wr_temporal_join *self = (struct wr_temporal_join *)op;
  uint64_t version = 0, seed = 0;
  int64_t closed_us = WR_TIME_NONE;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &seed, err);
  if (code == WR_OK && (version != SAVE_VERSION || seed != op->context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", op->context->name);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &closed_us, err);
  if (code == WR_OK)
    code = temporal_load_versions(self, part, err);
  if (code == WR_OK)
    code = temporal_load_waiting(self, part, err);
  self->closed_us = closed_us > self->closed_us ? closed_us : self->closed_us;
  temporal_count_state(self);
  return code;
}

const struct wr_operator_class wr_operator_class_temporal_join = {
    .name = "TemporalJoin",
    .open = temporal_open,
    .on_batch = temporal_on_batch,
    .on_watermark = temporal_on_watermark,
    .save = temporal_save,
    .save_step = temporal_save_step,
    .load = temporal_load,
    .held_rows = temporal_held_rows,
    .close = temporal_close,
};
