/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model: RANDOM_CUT_FOREST, HOTSPOTS. Rows coming in, watermarks, snapshots:
 *
 *   rows -> wait (over_waiting.c) -> in order, through the model -> leave with what it says
 *
 * What a row is told depends on all rows before it, so their order is all that counts: by time,
 * then as they came. Rows that several tasks have made for one time (results of a window) come in
 * another order every time; those are put in the order of a hash of all they have, so that the same
 * rows give the same results.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/limits.h"
#include "core/time.h"
#include "operators/model_state.h"
#include "windows/window.h"

#define SAVE_VERSION 1
#define SAVE_PAGES   4    /* pages copied per step of a snapshot */
#define CHUNK_ROWS   4096 /* that are gathered at once; more, if they have to be put in order */
#define ORDER_SEED   0    /* of the hashes by which they are; the same for ever */

struct model {
  struct wr_operator op;
  const struct wr_model_spec *spec;
  const struct wr_model_work *work;
  void *state;
  uint32_t column_count; /* that it looks at */
  struct wr_over_waiting waiting;
  int64_t closed_us; /* what can leave with it has left */
  int64_t last_us;   /* of the last row that has */
  int64_t now_us;
  struct wr_over_item *items;
  uint32_t item_room;
  struct wr_arena leaving;       /* rows that leave together */
  struct wr_compactor compactor; /* some of them */
  bool *usable;
  double *values;
  struct wr_builder *added;
  uint32_t added_count;
  struct wr_column *columns;   /* of what leaves */
  struct wr_part_writer *part; /* the snapshot being written; NULL: none */
};

static enum wr_code model_open(const void *spec, const struct wr_operator_context *context,
                               struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct model *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_model, context);
  self->spec = spec;
  self->closed_us = self->last_us = WR_TIME_NONE;
  assert(context->task_count == 1);
  bool is_forest = self->spec->kind == WR_MODEL_FOREST;
  self->work = is_forest ? &wr_model_forest : &wr_model_hotspots;
  self->column_count = is_forest ? self->spec->forest.shape.columns : self->spec->hotspots.columns;
  self->state = self->work->open(self->spec);
  uint32_t before = self->spec->input_schema->column_count,
           count = self->spec->schema->column_count, rows_max = self->work->rows_max;
  self->added_count = count - before;
  self->added = wr_memory_get_zero(self->added_count * sizeof *self->added);
  for (uint32_t i = 0; i < self->added_count; i++)
    wr_builder_open(&self->added[i], self->spec->schema->fields[before + i].type);
  self->columns = wr_memory_get_zero(count * sizeof *self->columns);
  self->usable = wr_memory_get(rows_max * sizeof *self->usable);
  self->values = wr_memory_get((size_t)rows_max * self->column_count * sizeof *self->values);
  wr_over_waiting_open(&self->waiting, self->spec->input_schema, self->spec->column_ids);
  *out = &self->op;
  return WR_OK;
}

static void model_count_state(const struct model *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  atomic_store_explicit(&metrics->state_bytes,
                        wr_over_waiting_bytes(&self->waiting) + self->work->bytes(self->state),
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, self->waiting.kept.row_count, memory_order_relaxed);
}

/* ---- rows in order */

struct model_ranked {
  uint64_t hash;
  uint32_t row;
};

static int ranked_compare(const void *left, const void *right)
{
  const struct model_ranked *a = left, *b = right;
  if (a->hash != b->hash)
    return a->hash < b->hash ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

/* Puts rows of one time in the order of their hashes. */
static void model_rank(struct model *self, const struct wr_batch *rows,
                       const struct wr_over_item *items, uint32_t *order, uint32_t count)
{
  uint32_t column_count = rows->schema->column_count;
  struct model_ranked *ranked = wr_arena_get(&self->leaving, (count + 1) * sizeof *ranked);
  uint64_t *hashes = wr_arena_get(&self->leaving, (count + 1) * sizeof *hashes);
  const struct wr_column **keys =
      wr_arena_get(&self->leaving, (column_count + 1) * sizeof(struct wr_column *));
  for (uint32_t c = 0; c < column_count; c++)
    keys[c] = &rows->columns[c];
  wr_hash_keys(keys, column_count, order, count, ORDER_SEED, hashes);
  for (uint32_t i = 0; i < count; i++)
    ranked[i] = (struct model_ranked){hashes[i], order[i]};
  for (uint32_t i = 0, end; i < count; i = end) {
    const struct wr_over_item *item = &items[order[i]];
    for (end = i + 1; end < count && item->time_us == items[order[end]].time_us; end++)
      continue;
    qsort(ranked + i, end - i, sizeof *ranked, ranked_compare);
  }
  for (uint32_t i = 0; i < count; i++)
    order[i] = ranked[i].row;
}

/* The numbers of the rows that go, in their order, and what they know of the watermark: as behind
 * an OVER. Those that are behind rows that have gone are told. */
static uint32_t model_order(struct model *self, struct wr_batch *rows,
                            const struct wr_over_item *items, uint32_t *order)
{
  int64_t *arrived_us =
      wr_arena_get(&self->leaving, rows->row_count * sizeof *arrived_us + WR_PADDING);
  uint32_t count = 0;
  for (uint32_t i = 0; i < rows->row_count; i++) {
    arrived_us[i] = items[i].release_us > items[i].time_us ? items[i].release_us - 1 : WR_TIME_NONE;
    if (items[i].time_us < self->last_us) {
      wr_operator_reject(&self->op, rows, i, WR_REJECT_LATE,
                         "%s had seen rows of later times when the row came", self->work->name);
      continue;
    }
    self->last_us = items[i].time_us;
    order[count++] = i;
  }
  if (self->spec->any_order)
    model_rank(self, rows, items, order, count);
  rows->arrived_us = arrived_us;
  return count;
}

/* A number of a row; NaN: NULL. */
static double model_number(const struct wr_column *column, uint32_t row)
{
  if (wr_column_is_null(column, row))
    return (double)NAN;
  uint32_t at = wr_column_row(column, row);
  switch (column->type->physical) {
  case WR_F64: return ((const double *)column->values)[at];
  case WR_F32: return (double)((const float *)column->values)[at];
  default: return (double)wr_column_i64(column, row);
  }
}

/* The numbers of a row; false: it cannot be used. */
static bool model_read(const struct model *self, const struct wr_batch *rows, uint32_t row,
                       double *out)
{
  bool usable = true;
  for (uint32_t c = 0; c < self->column_count; c++) {
    out[c] = model_number(&rows->columns[self->spec->columns[c]], row);
    usable = usable && wr_forest_takes(out[c]);
  }
  return usable;
}

/* Some rows, in this order, go through the model and leave. */
static enum wr_code model_run(struct model *self, const struct wr_batch *rows, struct wr_error *err)
{
  uint32_t before = rows->schema->column_count;
  struct wr_model_rows given = {
      .count = rows->row_count, .usable = self->usable, .values = self->values};
  for (uint32_t i = 0; i < rows->row_count; i++) {
    self->usable[i] =
        model_read(self, rows, i, self->values + (size_t)given.usable_count * self->column_count);
    given.usable_count += self->usable[i];
  }
  for (uint32_t i = 0; i < self->added_count; i++)
    wr_builder_reserve(&self->added[i], rows->row_count);
  self->work->run(self->state, &given, self->added);
  memcpy(self->columns, rows->columns, before * sizeof *self->columns);
  for (uint32_t i = 0; i < self->added_count; i++)
    self->columns[before + i] = wr_builder_view(&self->added[i]);
  struct wr_batch out = *rows;
  out.schema = self->spec->schema;
  out.columns = self->columns;
  enum wr_code code = wr_emit_batch(&self->op, &out, err);
  for (uint32_t i = 0; i < self->added_count; i++)
    wr_builder_reset(&self->added[i]);
  return code;
}

/* Rows of a batch go, so many at once as the model takes. */
static enum wr_code model_go(struct model *self, struct wr_batch *rows,
                             const struct wr_over_item *items, struct wr_error *err)
{
  uint32_t rows_max = self->work->rows_max;
  uint32_t *order = wr_arena_get(&self->leaving, (rows->row_count + 1) * sizeof *order);
  uint32_t going = model_order(self, rows, items, order);
  enum wr_code code = WR_OK;
  if (!self->spec->any_order && going == rows->row_count && going <= rows_max)
    return model_run(self, rows, err);
  for (uint32_t first = 0, count; first < going && code == WR_OK; first += count) {
    count = going - first < rows_max ? going - first : rows_max;
    struct wr_batch some = *rows, dense;
    some.picked = order + first;
    some.picked_count = count;
    wr_batch_compact(&self->compactor, &some, NULL, &dense);
    code = model_run(self, &dense, err);
  }
  return code;
}

/* How many items are gathered at once. */
static uint32_t model_cut(const struct model *self, const struct wr_over_item *items,
                          uint64_t count)
{
  if (count <= CHUNK_ROWS)
    return (uint32_t)count;
  uint32_t end = CHUNK_ROWS;
  while (self->spec->any_order && end < count && items[end].time_us == items[end - 1].time_us &&
         items[end].release_us == items[end - 1].release_us)
    end++;
  return end;
}

/* What waits and can leave with a watermark leaves. */
static enum wr_code model_release(struct model *self, int64_t until_us, struct wr_error *err)
{
  const struct wr_over_item *items;
  uint64_t left = wr_over_waiting_take(&self->waiting, until_us, &items);
  enum wr_code code = WR_OK;
  while (left && code == WR_OK) {
    uint32_t count = model_cut(self, items, left);
    struct wr_batch rows;
    wr_arena_reset(&self->leaving);
    wr_over_waiting_gather(&self->waiting, items, count, &self->leaving, &rows);
    rows.now_us = self->now_us;
    code = model_go(self, &rows, items, err);
    wr_over_waiting_drop(&self->waiting, items, count);
    items += count;
    left -= count;
  }
  if (self->closed_us < until_us)
    self->closed_us = until_us;
  return code;
}

/* ---- rows coming in */

static void model_reserve(struct model *self, uint32_t count)
{
  if (2 * count <= self->item_room)
    return;
  self->item_room = 2 * count;
  self->items = wr_memory_resize(self->items, self->item_room * sizeof *self->items);
}

/* When a row can leave, if it has a usable time; else it is told. A row that knows of a watermark
 * leaves with the next, as if it had come behind the one that it knows. */
static bool model_judge(struct model *self, const struct wr_batch *batch, uint32_t row,
                        struct wr_over_item *item)
{
  const struct wr_column *times = &batch->columns[self->spec->time_column];
  int64_t known_us = self->closed_us;
  if (wr_column_is_null(times, row)) {
    wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "the time of the row is NULL");
    return false;
  }
  int64_t time_us = wr_column_i64(times, row);
  if (time_us > WR_WINDOW_TIME_MAX || time_us < -WR_WINDOW_TIME_MAX) {
    wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME,
                       "the time of the row is out of range");
    return false;
  }
  if (batch->arrived_us) {
    int64_t arrived_us =
        batch->arrived_us[row] < batch->others_us ? batch->arrived_us[row] : batch->others_us;
    known_us = arrived_us > known_us ? arrived_us : known_us;
  }
  int64_t release_us = known_us < WR_TIME_END ? known_us + 1 : WR_TIME_END;
  *item = (struct wr_over_item){
      .release_us = time_us > release_us ? time_us : release_us, .time_us = time_us, .at = row};
  return true;
}

static enum wr_code model_on_batch(struct wr_operator *op, uint32_t input,
                                   const struct wr_batch *batch, struct wr_error *err)
{
  struct model *self = (struct model *)op;
  (void)input;
  assert(input == 0 && !batch->change);
  uint32_t count = 0;
  self->now_us = batch->now_us;
  model_reserve(self, batch->picked_count);
  for (uint32_t i = 0; i < batch->picked_count; i++)
    count += model_judge(self, batch, wr_batch_row(batch, i), &self->items[count]);
  wr_over_items_sort(self->items, count, self->items + count);
  wr_over_waiting_add(&self->waiting, batch, self->items, count);
  model_count_state(self);
  if (wr_over_waiting_bytes(&self->waiting) <= WR_OVER_WAITING_BYTES_MAX)
    return WR_OK;
  return wr_fail(err, WR_LIMIT,
                 "more bytes of rows wait for the watermark before %s than the limit "
                 "WR_OVER_WAITING_BYTES_MAX, %llu",
                 op->context->name, (unsigned long long)WR_OVER_WAITING_BYTES_MAX);
}

static enum wr_code model_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                       struct wr_error *err)
{
  struct model *self = (struct model *)op;
  enum wr_code code = model_release(self, watermark_us, err);
  model_count_state(self);
  return code == WR_OK ? wr_emit_watermark(op, watermark_us, err) : code;
}

/* ---- snapshots: the model, then the rows that wait */

static void model_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct model *self = (struct model *)op;
  assert(!self->part);
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_i64(part, self->closed_us);
  wr_part_put_i64(part, self->last_us);
  self->work->save(self->state, part);
  wr_over_waiting_save(&self->waiting);
  wr_over_waiting_save_to(&self->waiting, part);
  self->part = part;
}

static bool model_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct model *self = (struct model *)op;
  assert(!self->part || self->part == part);
  if (self->part && wr_over_waiting_save_step(&self->waiting, SAVE_PAGES))
    self->part = NULL;
  return !self->part;
}

static void model_take_loaded(void *argument, const struct wr_batch *batch)
{
  struct model *self = argument;
  const struct wr_column *times = &batch->columns[self->spec->time_column];
  const struct wr_column *releases = &batch->columns[self->spec->input_schema->column_count];
  model_reserve(self, batch->row_count);
  for (uint32_t row = 0; row < batch->row_count; row++)
    self->items[row] = (struct wr_over_item){.release_us = wr_column_i64(releases, row),
                                             .time_us = wr_column_i64(times, row),
                                             .at = row};
  wr_over_items_sort(self->items, batch->row_count, self->items + batch->row_count);
  wr_over_waiting_add(&self->waiting, batch, self->items, batch->row_count);
}

static enum wr_code model_load(struct wr_operator *op, struct wr_part_reader *part,
                               struct wr_error *err)
{
  struct model *self = (struct model *)op;
  uint64_t version = 0;
  const char *bytes;
  size_t length;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK && version != SAVE_VERSION)
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", op->context->name);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &self->closed_us, err);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &self->last_us, err);
  if (code == WR_OK)
    code = self->work->load(self->state, part, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &bytes, &length, err);
  if (code == WR_OK) {
    struct wr_part_reader aside = {.bytes = bytes, .length = length};
    code = wr_over_waiting_load(&self->waiting, &aside, part, model_take_loaded, self, err);
  }
  model_count_state(self);
  return code;
}

/* ---- the rest */

static uint64_t model_held_rows(const struct wr_operator *op)
{
  return ((const struct model *)op)->waiting.kept.row_count;
}

static void model_close(struct wr_operator *op)
{
  struct model *self = (struct model *)op;
  self->work->close(self->state);
  wr_over_waiting_close(&self->waiting);
  for (uint32_t i = 0; i < self->added_count; i++)
    wr_builder_close(&self->added[i]);
  wr_compactor_close(&self->compactor);
  wr_arena_free(&self->leaving);
  free(self->added);
  free(self->columns);
  free(self->usable);
  free(self->values);
  free(self->items);
  free(self);
}

const struct wr_operator_class wr_operator_class_model = {
    .name = "Model",
    .open = model_open,
    .on_batch = model_on_batch,
    .on_watermark = model_on_watermark,
    .save = model_save,
    .save_step = model_save_step,
    .load = model_load,
    .held_rows = model_held_rows,
    .close = model_close,
};
