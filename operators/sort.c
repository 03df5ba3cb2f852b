/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sort: ORDER BY, with LIMIT and OFFSET if there are any. There is one copy. It has two ways.
 *
 * At the end: rows are kept until the input has ended and leave sorted. With a limit, no more than
 * twice the rows that can still leave are kept: then the others are thrown out.
 *
 * By time: the first key is event time, ascending. A row leaves when the watermark has passed it,
 * for then nothing can come before it any more. Rows that come later than that are rejected, as are
 * those without a time.
 *
 * By time has two variants. Held: rows of a window are sorted by something else, so the watermark
 * stays before the windows of which rows may be here. Within: the time is any column; the greatest
 * so far, less the given time, is the watermark, here and below, whatever that of the input is.
 *
 * The rows lie in pages (operators/kept_rows.h). A snapshot writes them page by page while further
 * rows are taken in; before rows are thrown out it is finished.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"
#include "core/time.h"
#include "operators/sort_order.h"
#include "windows/local_time.h"

#define SORT_SAVE_PAGES 8    /* written per step of a snapshot */
#define SORT_SLACK_ROWS 4096 /* kept above the limit before it is worth throwing out */

struct sort {
  struct wr_operator op;
  const struct wr_sort_spec *spec;
  struct wr_kept_rows kept;
  struct wr_sort_order order;
  struct wr_sort_item *items; /* by time: a heap; at the end: as they came */
  uint64_t item_count, item_room;
  uint64_t *addresses;
  uint32_t *rows; /* of a batch: those that are not late */
  uint32_t row_room;
  uint64_t left;       /* rows that have left, or were passed over by OFFSET */
  int64_t released_us; /* by time: rows up to here have left */
  int64_t now_us;
  struct wr_builder *out;
  struct wr_column *columns;
  uint32_t out_count;
  /* the snapshot being written */
  struct wr_part_writer *part;  /* NULL: none */
  uint64_t save_page, save_end; /* numbers of pages */
};

static void sort_open_kept(struct sort *self)
{
  const struct wr_schema *schema = self->spec->schema;
  wr_kept_rows_open(&self->kept, schema);
  wr_kept_rows_name(&self->kept, self->spec->column_ids, schema->column_count);
}

static enum wr_code sort_open(const void *spec, const struct wr_operator_context *context,
                              struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct sort *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_sort, context);
  self->spec = spec;
  self->released_us = WR_TIME_NONE;
  assert(self->spec->key_count > 0 && context->task_count == 1);
  sort_open_kept(self);
  self->order = (struct wr_sort_order){
      .keys = self->spec->keys, .key_count = self->spec->key_count, .kept = &self->kept};
  uint32_t count = self->spec->schema->column_count;
  self->out = wr_memory_get_zero((count + 1) * sizeof *self->out);
  self->columns = wr_memory_get_zero((count + 1) * sizeof *self->columns);
  for (uint32_t c = 0; c < count; c++)
    wr_builder_open(&self->out[c], self->spec->schema->fields[c].type);
  if (self->spec->limit == 0)
    wr_operator_set_enough(&self->op);
  *out = &self->op;
  return WR_OK;
}

/* ---- rows going out */

static enum wr_code sort_emit(struct sort *self, struct wr_error *err)
{
  if (self->out_count == 0)
    return WR_OK;
  uint32_t count = self->spec->schema->column_count;
  for (uint32_t c = 0; c < count; c++)
    self->columns[c] = wr_builder_view(&self->out[c]);
  const struct wr_batch rows = {.schema = self->spec->schema,
                                .columns = self->columns,
                                .row_count = self->out_count,
                                .picked_count = self->out_count,
                                .others_us = WR_TIME_END,
                                .now_us = self->now_us};
  enum wr_code code = wr_emit_batch(&self->op, &rows, err);
  for (uint32_t c = 0; c < count; c++)
    wr_builder_reset(&self->out[c]);
  self->out_count = 0;
  return code;
}

/* The next row in order leaves, if OFFSET and LIMIT let it. Its bytes stay in its page until the
 * rows are emitted. */
static enum wr_code sort_put(struct sort *self, uint64_t address, struct wr_error *err)
{
  const struct wr_sort_spec *spec = self->spec;
  uint64_t number = self->left++;
  if (number < spec->offset || number - spec->offset >= spec->limit)
    return WR_OK;
  uint32_t row;
  const struct wr_batch *rows = wr_kept_row(&self->kept, address, &row);
  for (uint32_t c = 0; c < spec->schema->column_count; c++) {
    wr_builder_reserve(&self->out[c], 1);
    wr_builder_put_row(&self->out[c], &rows->columns[c], row, true);
  }
  if (number - spec->offset + 1 == spec->limit)
    wr_operator_set_enough(&self->op);
  return ++self->out_count == WR_BATCH_ROWS ? sort_emit(self, err) : WR_OK;
}

/* ---- snapshots */

/* Writes up to `count` pages more. */
static bool sort_save_pages(struct sort *self, uint64_t count)
{
  if (!self->part)
    return true;
  /* Pages that had no rows any more may be gone with their numbers (operators/kept_rows.c). */
  if (self->save_page < self->kept.first_page)
    self->save_page = self->kept.first_page;
  for (; count && self->save_page < self->save_end; count--, self->save_page++) {
    wr_part_put_u64(self->part, 1);
    wr_kept_rows_save(&self->kept, (uint32_t)(self->save_page - self->kept.first_page), self->part);
  }
  if (self->save_page < self->save_end)
    return false;
  wr_part_put_u64(self->part, 0);
  self->part = NULL;
  return true;
}

static void sort_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct sort *self = (struct sort *)op;
  assert(!self->part);
  wr_part_put_u64(part, self->left);
  wr_part_put_i64(part, self->released_us);
  self->part = part;
  self->kept.sealed = true; /* pages that are there change no more */
  self->save_page = self->kept.first_page;
  self->save_end = self->kept.first_page + self->kept.page_count;
}

static bool sort_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  (void)part;
  return sort_save_pages((struct sort *)op, SORT_SAVE_PAGES);
}

/* ---- rows coming in */

static void sort_reserve(struct sort *self, uint32_t row_count)
{
  if (row_count > self->row_room) {
    self->row_room = row_count;
    self->addresses = wr_memory_resize(self->addresses, row_count * sizeof *self->addresses);
    self->rows = wr_memory_resize(self->rows, row_count * sizeof *self->rows);
  }
  if (self->item_count + row_count > self->item_room) {
    self->item_room = 2 * (self->item_count + row_count);
    self->items = wr_memory_resize(self->items, self->item_room * sizeof *self->items);
  }
}

static void sort_keep(struct sort *self, const struct wr_batch *batch, const uint32_t *rows,
                      uint32_t row_count)
{
  wr_kept_rows_add(&self->kept, batch, rows, row_count, self->addresses);
  for (uint32_t i = 0; i < row_count; i++) {
    struct wr_sort_item item = wr_sort_item(&self->order, self->addresses[i]);
    if (self->spec->by_time)
      wr_sort_push(&self->order, self->items, self->item_count, item);
    else
      self->items[self->item_count] = item;
    self->item_count++;
  }
}

static void sort_all(struct sort *self)
{
  struct wr_sort_item *scratch = wr_memory_get((self->item_count + 1) * sizeof *scratch);
  wr_sort_items(&self->order, self->items, self->item_count, scratch);
  free(scratch);
}

/* The rows that LIMIT and OFFSET can still reach; UINT64_MAX: all. */
static uint64_t sort_reach(const struct sort *self)
{
  const struct wr_sort_spec *spec = self->spec;
  return spec->limit > UINT64_MAX - spec->offset ? UINT64_MAX : spec->limit + spec->offset;
}

/* Keeps only the rows that can still be among the first. */
static void sort_shrink(struct sort *self)
{
  uint64_t reach = sort_reach(self);
  if (reach > UINT64_MAX / 4 || self->item_count < 2 * reach + SORT_SLACK_ROWS)
    return;
  sort_save_pages(self, UINT64_MAX);
  sort_all(self);
  struct wr_kept_rows old = self->kept;
  sort_open_kept(self);
  for (uint64_t i = 0; i < reach; i++) {
    uint32_t row;
    const struct wr_batch *rows = wr_kept_row(&old, self->items[i].address, &row);
    wr_kept_rows_add(&self->kept, rows, &row, 1, &self->items[i].address);
  }
  self->item_count = reach;
  wr_kept_rows_close(&old);
}

static void sort_count_state(const struct sort *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  atomic_store_explicit(&metrics->state_bytes,
                        self->kept.bytes + self->item_room * sizeof *self->items,
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, self->item_count, memory_order_relaxed);
}

static enum wr_code sort_check_size(const struct sort *self, struct wr_error *err)
{
  if (self->kept.row_count > self->spec->rows_max)
    return wr_fail(err, WR_LIMIT,
                   "ORDER BY has more rows to keep than the limit WR_SORT_ROWS_MAX, %llu",
                   (unsigned long long)self->spec->rows_max);
  if (self->kept.bytes > self->spec->bytes_max)
    return wr_fail(err, WR_LIMIT,
                   "ORDER BY has more bytes to keep than the limit WR_SORT_BYTES_MAX, %llu",
                   (unsigned long long)self->spec->bytes_max);
  return WR_OK;
}

/* Whether a row comes when rows of later times have left already. */
static bool sort_is_late(const struct sort *self, const struct wr_batch *batch, uint32_t row)
{
  const struct wr_column *times = &batch->columns[self->spec->keys[0].column];
  int64_t time_us = wr_column_i64(times, row), known_us = self->released_us;
  if (batch->arrived_us && !self->spec->within) {
    int64_t arrived_us =
        batch->arrived_us[row] < batch->others_us ? batch->arrived_us[row] : batch->others_us;
    known_us = arrived_us > known_us ? arrived_us : known_us;
  }
  return time_us <= known_us;
}

/* Whether a row can be sorted by its time; it is rejected if not. */
static bool sort_is_in_time(struct sort *self, const struct wr_batch *batch, uint32_t row)
{
  const struct wr_sort_spec *spec = self->spec;
  if (wr_column_is_null(&batch->columns[spec->keys[0].column], row)) {
    wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME,
                       spec->within ? "ROWTIME of the row is NULL" : "the time of the row is NULL");
    return false;
  }
  if (!sort_is_late(self, batch, row))
    return true;
  wr_operator_reject(&self->op, batch, row, WR_REJECT_LATE,
                     spec->within && !spec->within_us
                         ? "ROWTIME would go back: a row before this one has a later time"
                         : "ORDER BY has already let rows of later times go");
  return false;
}

/* within: the watermark that a time makes: rows of just that much earlier are still in time. */
static int64_t sort_watermark(const struct sort *self, int64_t time_us)
{
  const struct wr_sort_spec *spec = self->spec;
  int64_t before_us = spec->within_us;
  before_us += spec->schema->fields[spec->keys[0].column].type->precision <= 3 ? WR_US_PER_MS : 1;
  return time_us < WR_TIME_NONE + before_us ? WR_TIME_NONE : time_us - before_us;
}

static enum wr_code sort_release(struct sort *self, int64_t watermark_us, struct wr_error *err);

/* within: sorts out the rows of a batch that are not too late, and lets go what they release, as if
 * they came one by one. */
static enum wr_code sort_within(struct sort *self, const struct wr_batch *batch,
                                struct wr_error *err)
{
  const struct wr_column *times = &batch->columns[self->spec->keys[0].column];
  uint32_t count = 0;
  int64_t before_us = self->released_us;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    if (!sort_is_in_time(self, batch, row))
      continue;
    self->rows[count++] = row;
    int64_t watermark_us = sort_watermark(self, wr_column_i64(times, row));
    self->released_us = watermark_us > self->released_us ? watermark_us : self->released_us;
  }
  sort_keep(self, batch, self->rows, count);
  sort_count_state(self);
  enum wr_code code = sort_check_size(self, err);
  if (code || (self->released_us == before_us && self->spec->within_us))
    return code;
  int64_t watermark_us = self->released_us; /* within nothing: what is in time is in order */
  code = sort_release(self, self->spec->within_us ? watermark_us : WR_TIME_END, err);
  self->released_us = watermark_us;
  sort_count_state(self);
  return code == WR_OK ? wr_emit_watermark(&self->op, watermark_us, err) : code;
}

static enum wr_code sort_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sort *self = (struct sort *)op;
  (void)input;
  assert(input == 0 && !batch->change);
  self->now_us = batch->now_us;
  if (op->has_enough)
    return WR_OK;
  sort_reserve(self, batch->picked_count);
  if (self->spec->within)
    return sort_within(self, batch, err);
  uint32_t count = 0;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    if (!self->spec->by_time || sort_is_in_time(self, batch, row))
      self->rows[count++] = row;
  }
  sort_keep(self, batch, self->rows, count);
  if (!self->spec->by_time)
    sort_shrink(self);
  sort_count_state(self);
  return sort_check_size(self, err);
}

static enum wr_code sort_release(struct sort *self, int64_t watermark_us, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  while (self->item_count && code == WR_OK) {
    uint64_t address = self->items[0].address;
    uint32_t row;
    const struct wr_batch *rows = wr_kept_row(&self->kept, address, &row);
    if (wr_column_i64(&rows->columns[self->spec->keys[0].column], row) > watermark_us)
      break;
    sort_save_pages(self, UINT64_MAX);
    wr_sort_pop(&self->order, self->items, self->item_count--);
    code = sort_put(self, address, err);
    wr_kept_rows_drop(&self->kept, address);
  }
  self->released_us = watermark_us;
  return code == WR_OK ? sort_emit(self, err) : code;
}

static enum wr_code sort_finish_rows(struct sort *self, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  sort_save_pages(self, UINT64_MAX);
  sort_all(self);
  for (uint64_t i = 0; i < self->item_count && code == WR_OK && !self->op.has_enough; i++)
    code = sort_put(self, self->items[i].address, err);
  wr_kept_rows_close(&self->kept);
  sort_open_kept(self);
  self->item_count = 0;
  return code == WR_OK ? sort_emit(self, err) : code;
}

/* held: the watermark that all rows which are still here have ahead of them. */
static int64_t sort_held_watermark(const struct sort *self, int64_t watermark_us)
{
  const struct wr_window *window = &self->spec->window;
  int64_t next_us = watermark_us + window->tick_us;
  if (watermark_us == WR_TIME_NONE || watermark_us == WR_TIME_END ||
      next_us < -WR_WINDOW_TIME_MAX || next_us > WR_WINDOW_TIME_MAX)
    return watermark_us;
  return wr_window_moment(window, wr_window_slice_start(window, wr_window_local(window, next_us)) -
                                      window->tick_us);
}

/* Sorted at the end, rows are late for nobody as long as no watermark has gone before them. */
static enum wr_code sort_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                      struct wr_error *err)
{
  struct sort *self = (struct sort *)op;
  enum wr_code code;
  if (self->spec->within && watermark_us != WR_TIME_END)
    return WR_OK; /* it speaks of another time */
  if (self->spec->by_time)
    code = sort_release(self, watermark_us, err);
  else if (watermark_us == WR_TIME_END)
    code = sort_finish_rows(self, err);
  else
    return WR_OK;
  sort_count_state(self);
  if (self->spec->held)
    watermark_us = sort_held_watermark(self, watermark_us);
  return code == WR_OK ? wr_emit_watermark(op, watermark_us, err) : code;
}

/* ---- the rest */

static void sort_take_loaded(void *argument, const struct wr_batch *batch)
{
  struct sort *self = argument;
  sort_reserve(self, batch->row_count);
  for (uint32_t i = 0; i < batch->row_count; i++)
    self->rows[i] = i;
  sort_keep(self, batch, self->rows, batch->row_count);
}

static enum wr_code sort_load(struct wr_operator *op, struct wr_part_reader *part,
                              struct wr_error *err)
{
  struct sort *self = (struct sort *)op;
  uint64_t more = 0;
  enum wr_code code = wr_part_get_u64(part, &self->left, err);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &self->released_us, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &more, err);
  while (code == WR_OK && more) {
    code = wr_kept_rows_load(&self->kept, part, sort_take_loaded, self, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &more, err);
  }
  if (code == WR_OK && self->left >= sort_reach(self))
    wr_operator_set_enough(op);
  sort_count_state(self);
  return code;
}

static uint64_t sort_held_rows(const struct wr_operator *op)
{
  return ((const struct sort *)op)->item_count;
}

static void sort_close(struct wr_operator *op)
{
  struct sort *self = (struct sort *)op;
  wr_kept_rows_close(&self->kept);
  for (uint32_t c = 0; c < self->spec->schema->column_count; c++)
    wr_builder_close(&self->out[c]);
  free(self->items);
  free(self->addresses);
  free(self->rows);
  free(self->out);
  free(self->columns);
  free(self);
}

const struct wr_operator_class wr_operator_class_sort = {
    .name = "Sort",
    .open = sort_open,
    .on_batch = sort_on_batch,
    .on_watermark = sort_on_watermark,
    .save = sort_save,
    .save_step = sort_save_step,
    .load = sort_load,
    .held_rows = sort_held_rows,
    .close = sort_close,
};
