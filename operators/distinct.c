/* SPDX-License-Identifier: Apache-2.0 */
/*
 * distinct: a row leaves the first time that it is seen, at once; later ones like it do not. The
 * key is all columns, or some. If the end of a window is among them, rows are kept in a slice per
 * end (operators/window_slices.h), dropped when the watermark has passed it; rows that come after
 * that are late. Otherwise there is one slice, in which rows stay for ever, or as long as they have
 * a time to live (operators/ttl.h): every row that comes again lengthens it.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/time.h"
#include "operators/row_groups.h"
#include "operators/specs.h"
#include "operators/ttl.h"
#include "operators/window_slices.h"
#include "operators/window_time.h"
#include "windows/local_time.h"

#define SAVE_PAGES   4
#define SAVE_VERSION 1

struct distinct {
  struct wr_operator op;
  const struct wr_distinct_spec *spec;
  struct wr_table_space *space;
  struct wr_window_slices slices;
  int64_t closed_us; /* windows that close at or before it are gone; local time */
  struct wr_ttl ttl; /* of the only slice */
  int64_t now_us;
  struct wr_arena arena; /* one batch */
};

static bool distinct_has_window(const struct distinct *self)
{
  return self->spec->end_column != UINT32_MAX;
}

static enum wr_code distinct_open(const void *spec, const struct wr_operator_context *context,
                                  struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct distinct *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_distinct, context);
  self->spec = spec;
  self->closed_us = WR_TIME_NONE;
  assert(!self->spec->window.by_clock);
  const struct wr_schema *schema = self->spec->schema;
  const struct wr_type **keys = wr_memory_get((self->spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    keys[k] = schema->fields[self->spec->keys[k]].type;
  assert(!self->spec->ttl_us || !distinct_has_window(self));
  const struct wr_state_piece written = wr_ttl_piece();
  struct wr_layout *layout =
      wr_layout_new(keys, self->spec->key_count, &written, self->spec->ttl_us > 0);
  if (self->spec->ttl_us)
    wr_layout_name(layout, 0, WR_TTL_NAME, 0);
  self->space = wr_table_space_new(layout);
  wr_ttl_open(&self->ttl, self->spec->ttl_us, 1);
  free(keys);
  *out = &self->op;
  return WR_OK;
}

static void distinct_count_state(const struct distinct *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  atomic_store_explicit(&metrics->state_bytes, wr_table_space_memory(self->space),
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->spare_bytes, wr_table_space_spare(self->space),
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, wr_table_space_keys(self->space),
                        memory_order_relaxed);
}

/* ---- rows */

/* The slice of a row; NULL: it cannot be used and was rejected. */
static struct wr_window_slice *distinct_slice(struct distinct *self, const struct wr_batch *batch,
                                              const struct wr_window_times *times, uint32_t row)
{
  struct wr_window_bounds bounds = wr_window_bounds_attached(0, WR_TIME_END);
  if (!distinct_has_window(self))
    return wr_window_slices_get(&self->slices, self->space, &bounds);
  const struct wr_column *column = &batch->columns[self->spec->end_column];
  int64_t end_us = wr_column_is_null(column, row) ? INT64_MAX : wr_column_i64(column, row);
  if (!wr_window_is_bound(end_us)) {
    wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME,
                       "the end of the row's window is NULL or out of range");
    return NULL;
  }
  if (end_us - self->spec->window.tick_us <= wr_window_known(times, row, self->closed_us)) {
    wr_window_reject_late(&self->op, &self->spec->window, batch, row, WR_TIME_NONE, end_us, 0);
    return NULL;
  }
  bounds = wr_window_bounds_attached(end_us, end_us);
  return wr_window_slices_get(&self->slices, self->space, &bounds);
}

/* Without windows: the slice that there is, made if it is not. */
static struct wr_window_slice *distinct_only_slice(struct distinct *self)
{
  const struct wr_window_bounds bounds = wr_window_bounds_attached(0, WR_TIME_END);
  struct wr_window_slice *slice = wr_window_slices_get(&self->slices, self->space, &bounds);
  if (self->spec->ttl_us)
    self->ttl.tables[0] =
        (struct wr_ttl_table){slice->table, wr_layout_state(wr_table_space_layout(self->space), 0)};
  return slice;
}

/* Marks those of some rows of one slice that are new. */
static void distinct_probe(struct distinct *self, const struct wr_batch *batch,
                           struct wr_window_slice *slice, const uint32_t *rows, uint32_t row_count,
                           uint64_t *is_new)
{
  uint32_t key_count = self->spec->key_count;
  const struct wr_column **keys = wr_arena_get(&self->arena, key_count * sizeof *keys);
  uint64_t *hashes = wr_arena_get(&self->arena, row_count * sizeof *hashes);
  for (uint32_t k = 0; k < key_count; k++)
    keys[k] = &batch->columns[self->spec->keys[k]];
  wr_hash_keys(keys, key_count, rows, row_count, self->op.context->hash_seed, hashes);
  struct wr_probe probe;
  wr_table_probe(slice->table, keys, rows, hashes, row_count, WR_PROBE_MAKE, &probe);
  if (self->spec->ttl_us) {
    if (wr_ttl_forget(&self->ttl, 0, &probe, row_count, self->now_us))
      wr_table_probe(slice->table, keys, rows, hashes, row_count, WR_PROBE_MAKE, &probe);
    wr_ttl_write(&self->ttl, 0, &probe, row_count, self->now_us);
  }
  for (uint32_t m = 0; m < probe.made_count; m++)
    wr_bit_set(is_new, rows[probe.made[m]]);
}

/* Forgets the windows that close at or before closed_us. */
static void distinct_advance(struct distinct *self, int64_t closed_us)
{
  int64_t tick_us = self->spec->window.tick_us;
  wr_window_slices_drop(&self->slices, closed_us < WR_WINDOW_BOUND_MAX ? closed_us + tick_us
                                                                       : WR_WINDOW_BOUND_MAX);
  self->closed_us = closed_us > self->closed_us ? closed_us : self->closed_us;
}

static enum wr_code distinct_on_batch(struct wr_operator *op, uint32_t input,
                                      const struct wr_batch *batch, struct wr_error *err)
{
  struct distinct *self = (struct distinct *)op;
  assert(input == 0);
  (void)input;
  wr_arena_reset(&self->arena);
  self->now_us = batch->now_us > self->now_us ? batch->now_us : self->now_us;
  if (self->spec->ttl_us)
    distinct_only_slice(self);
  struct wr_window_times times;
  wr_window_times_of(&self->spec->window, batch, UINT32_MAX, &self->arena, &times);
  struct wr_row_groups groups = wr_row_groups_new(&self->arena, batch->picked_count);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    struct wr_window_slice *slice = distinct_slice(self, batch, &times, row);
    if (slice)
      wr_row_groups_add(&groups, row, slice, &slice->group);
  }
  const uint32_t *sorted = wr_row_groups_sort(&groups, &self->arena);
  uint64_t *is_new =
      wr_arena_get_zero(&self->arena, wr_bit_words(batch->row_count) * sizeof *is_new);
  for (uint32_t g = 0, first = 0; g < groups.group_count; first = groups.ends[g++]) {
    struct wr_window_slice *slice = groups.owners[g];
    slice->group = WR_NO_GROUP;
    distinct_probe(self, batch, slice, sorted + first, groups.ends[g] - first, is_new);
  }
  struct wr_batch rows = *batch;
  uint32_t *picked = groups.rows;
  rows.picked = picked;
  rows.picked_count = 0;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    picked[rows.picked_count] = row;
    rows.picked_count += wr_bit_get(is_new, row);
  }
  if (self->spec->ttl_us)
    wr_ttl_sweep(&self->ttl, op, self->now_us);
  distinct_count_state(self);
  return wr_emit_batch(op, &rows, err);
}

static enum wr_code distinct_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                          struct wr_error *err)
{
  struct distinct *self = (struct distinct *)op;
  if (distinct_has_window(self)) {
    distinct_advance(self, wr_window_watermark(&self->spec->window, watermark_us));
    distinct_count_state(self);
  }
  return wr_emit_watermark(op, watermark_us, err);
}

static enum wr_code distinct_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct distinct *self = (struct distinct *)op;
  (void)err;
  self->now_us = now_us > self->now_us ? now_us : self->now_us;
  wr_ttl_sweep(&self->ttl, op, self->now_us);
  distinct_count_state(self);
  return WR_OK;
}

/* ---- snapshots */

static void distinct_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct distinct *self = (struct distinct *)op;
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_part_put_i64(part, self->closed_us);
  wr_window_slices_save(&self->slices, part);
  wr_table_spaces_save(&self->space, 1, part);
}

static bool distinct_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  (void)part;
  return wr_table_spaces_save_step(&((struct distinct *)op)->space, 1, SAVE_PAGES);
}

static enum wr_code distinct_load(struct wr_operator *op, struct wr_part_reader *part,
                                  struct wr_error *err)
{
  struct distinct *self = (struct distinct *)op;
  uint64_t version, seed = 0;
  int64_t closed_us = WR_TIME_NONE;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &seed, err);
  if (code == WR_OK && (version != SAVE_VERSION || seed != op->context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", op->context->name);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &closed_us, err);
  if (code == WR_OK)
    code = wr_window_slices_load(&self->slices, &self->space, NULL, 1, false, op->context->task,
                                 op->context->task_count, part, err);
  self->closed_us = closed_us > self->closed_us ? closed_us : self->closed_us;
  if (code == WR_OK && self->spec->ttl_us) {
    distinct_only_slice(self);
    op->timer_us = 0; /* to sweep: no row need come any more */
  }
  distinct_count_state(self);
  return code;
}

static void distinct_close(struct wr_operator *op)
{
  struct distinct *self = (struct distinct *)op;
  wr_ttl_close(&self->ttl);
  wr_window_slices_free(&self->slices);
  wr_table_space_free(self->space);
  wr_arena_free(&self->arena);
  free(self);
}

const struct wr_operator_class wr_operator_class_distinct = {
    .name = "Distinct",
    .open = distinct_open,
    .on_batch = distinct_on_batch,
    .on_watermark = distinct_on_watermark,
    .on_timer = distinct_on_timer,
    .save = distinct_save,
    .save_step = distinct_save_step,
    .load = distinct_load,
    .close = distinct_close,
};
