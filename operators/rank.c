/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rank: the rows first .. last of each key by an order; ROW_NUMBER, RANK or DENSE_RANK with a
 * filter over it. Top-N, and deduplication where `last` is 1. Rows leave in two ways:
 *
 *   with a window   rows are ranked per window, which comes as two of their columns; they leave
 *                   when it closes, and everything of the window goes with them. Rows that come
 *                   later are rejected.
 *   without         rows are kept for ever, as later ones may always have to stand behind them, or
 *                   as long as they have a time to live; each batch tells what it has changed.
 *
 * A snapshot has nothing but the kept rows, with the numbers of their arrival: lists are made anew
 * from them, by whichever task owns their keys then. Pages are written while rows come and go, as
 * they were when the snapshot began.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"
#include "operators/rank_state.h"
#include "operators/window_time.h"
#include "windows/local_time.h"

#define SAVE_PAGES   4 /* written per step of a snapshot */
#define SAVE_VERSION 3
/* The version that did not say since when rows without a time are there. */
#define SAVE_TIMELESS 2

/* ---- life */

/* The order of the spec, and of what is equal in it, arrival. */
static void rank_open_order(struct wr_rank *self)
{
  const struct wr_rank_spec *spec = self->spec;
  uint32_t width = spec->input_schema->column_count;
  struct wr_field *fields = wr_memory_get((width + 2) * sizeof *fields);
  memcpy(fields, spec->input_schema->fields, width * sizeof *fields);
  fields[width] = (struct wr_field){"arrival", &wr_type_bigint};
  fields[width + 1] = (struct wr_field){"time", &wr_type_bigint};
  self->kept_schema = (struct wr_schema){width + 1 + (spec->ttl_us > 0), fields};
  self->keys = wr_memory_get((spec->order_count + 1) * sizeof *self->keys);
  for (uint32_t k = 0; k < spec->order_count; k++)
    self->keys[k] = spec->order[k];
  self->keys[spec->order_count] = (struct wr_sort_key){width, spec->newest_first, false};
  self->order = (struct wr_sort_order){.keys = self->keys, .key_count = spec->order_count + 1};
  self->ties = (struct wr_sort_order){.keys = self->keys, .key_count = spec->order_count};
  self->is_exact =
      spec->order_count == 1 && fields[spec->order[0].column].type->physical != WR_TEXT;
}

static void rank_open_space(struct wr_rank *self)
{
  const struct wr_rank_spec *spec = self->spec;
  const struct wr_type **keys = wr_memory_get((spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = spec->input_schema->fields[spec->keys[k]].type;
  const struct wr_state_piece piece = {sizeof(struct wr_rank_list), _Alignof(struct wr_rank_list),
                                       false};
  struct wr_layout *layout = wr_layout_new(keys, spec->key_count, &piece, 1);
  self->list_at = wr_layout_state(layout, 0);
  self->space = wr_table_space_new(layout);
  self->key_columns = wr_memory_get((spec->key_count + 1) * sizeof *self->key_columns);
  free(keys);
}

enum wr_code wr_rank_open(const void *spec, const struct wr_operator_context *context,
                          struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct wr_rank *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_rank, context);
  self->spec = spec;
  self->way = self->spec->takes_changes                  ? WR_RANK_ALL
              : self->spec->number == WR_RANK_ROW_NUMBER ? WR_RANK_FIRST
                                                         : WR_RANK_TIES;
  self->has_window = self->spec->start_column != UINT32_MAX;
  self->window = self->spec->window;
  self->closed_us = WR_TIME_NONE;
  assert(!self->window.by_clock);
  assert(self->spec->first >= 1 && self->spec->first <= self->spec->last &&
         self->spec->last <= (self->way == WR_RANK_TIES ? self->spec->kept_max : WR_RANK_ROWS_MAX));
  assert(self->spec->schema->column_count ==
         self->spec->input_schema->column_count + self->spec->with_rank);
  assert(self->way == WR_RANK_FIRST || self->spec->kept_max > 0);
  assert(self->way != WR_RANK_ALL || self->spec->order_count > 0);
  assert(self->has_window ? !self->spec->takes_changes : !self->spec->no_nulls);
  assert(!self->has_window || !self->spec->ttl_us);
  rank_open_order(self);
  rank_open_space(self);
  wr_ttl_rows_open(&self->ttl, self->spec->ttl_us, self->spec->input_schema->column_count + 1);
  wr_kept_rows_open(&self->kept, &self->kept_schema);
  wr_kept_rows_name(&self->kept, self->spec->column_ids, self->spec->input_schema->column_count);
  self->kept.mixed = true;
  self->kept.added_count = self->spec->ttl_us > 0;
  wr_rank_output_open(self);
  *out = &self->op;
  return WR_OK;
}

void wr_rank_close(struct wr_operator *op)
{
  struct wr_rank *self = (struct wr_rank *)op;
  for (uint32_t i = 0; i < self->window_count; i++)
    wr_rank_window_free(self, self->windows[i], false);
  wr_kept_rows_close(&self->kept);
  wr_ttl_rows_close(&self->ttl);
  wr_table_space_free(self->space);
  wr_rank_output_close(self);
  wr_arena_free(&self->arena);
  free((void *)self->kept_schema.fields);
  free(self->keys);
  free(self->key_columns);
  free(self->windows);
  wr_gone_rows_close(&self->gone);
  free(self);
}

void wr_rank_count_state(const struct wr_rank *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  uint64_t bytes = wr_table_space_memory(self->space) + self->kept.bytes + self->list_bytes;
  atomic_store_explicit(&metrics->state_bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&metrics->spare_bytes, wr_table_space_spare(self->space),
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, wr_table_space_keys(self->space),
                        memory_order_relaxed);
}

uint64_t wr_rank_held_rows(const struct wr_operator *op)
{
  const struct wr_rank *self = (const struct wr_rank *)op;
  return self->has_window ? self->kept.row_count : 0;
}

/* ---- windows */

/* By their ends. */
enum wr_code wr_rank_fire(struct wr_rank *self, int64_t watermark_us, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  uint32_t fired = 0;
  while (code == WR_OK && fired < self->window_count &&
         self->windows[fired]->end_us - self->window.tick_us <= watermark_us)
    code = wr_rank_emit_window(self, self->windows[fired++], err);
  if (code == WR_OK)
    code = wr_rank_flush(self, err); /* texts are lent from the pages until here */
  for (uint32_t i = 0; i < fired; i++)
    wr_rank_window_free(self, self->windows[i], true);
  if (fired) {
    self->window_count -= fired;
    memmove(self->windows, self->windows + fired, self->window_count * sizeof *self->windows);
    wr_rank_settle(self);
    wr_rank_count_state(self);
  }
  if (watermark_us > self->closed_us)
    self->closed_us = watermark_us;
  return code;
}

/* ---- rows of windows */

/* The bounds of a row's window; false: it has none and was rejected. */
static bool rank_find_bounds(struct wr_rank *self, const struct wr_batch *batch, uint32_t row,
                             int64_t *start_us, int64_t *end_us)
{
  const struct wr_column *start = &batch->columns[self->spec->start_column];
  const struct wr_column *end = &batch->columns[self->spec->end_column];
  if (wr_column_is_null(start, row) || wr_column_is_null(end, row)) {
    wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "the window of the row is NULL");
    return false;
  }
  *start_us = ((const int64_t *)start->values)[wr_column_row(start, row)];
  *end_us = ((const int64_t *)end->values)[wr_column_row(end, row)];
  if (wr_window_is_bound(*start_us) && wr_window_is_bound(*end_us))
    return true;
  wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME,
                     "the window of the row is out of range");
  return false;
}

/* The columns in which NULLs are not wanted and there may be some. */
static uint32_t rank_find_nulls(struct wr_rank *self, const struct wr_batch *batch,
                                const struct wr_column ***out)
{
  const struct wr_rank_spec *spec = self->spec;
  const struct wr_column **columns =
      wr_arena_get(&self->arena, (spec->key_count + spec->order_count + 1) * sizeof *columns);
  uint32_t count = 0;
  for (uint32_t k = 0; spec->no_nulls && k < spec->key_count + spec->order_count; k++) {
    uint32_t c = k < spec->key_count ? spec->keys[k] : spec->order[k - spec->key_count].column;
    if (batch->columns[c].valid)
      columns[count++] = &batch->columns[c];
  }
  *out = columns;
  return count;
}

static bool rank_has_null(const struct wr_column *const *columns, uint32_t count, uint32_t row)
{
  for (uint32_t c = 0; c < count; c++)
    if (wr_column_is_null(columns[c], row))
      return true;
  return false;
}

/* Judges every row and sorts the good ones into groups. */
static void rank_judge(struct wr_rank *self, const struct wr_batch *batch,
                       struct wr_row_groups *groups)
{
  struct wr_window_times times;
  wr_window_times_of(&self->window, batch, UINT32_MAX, &self->arena, &times);
  struct wr_rank_window *window = NULL;
  const struct wr_column **nulls;
  uint32_t null_count = rank_find_nulls(self, batch, &nulls);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    int64_t start_us, end_us;
    if (!rank_find_bounds(self, batch, row, &start_us, &end_us))
      continue;
    if (end_us - self->window.tick_us <= wr_window_known(&times, row, self->closed_us)) {
      wr_window_reject_late(&self->op, &self->window, batch, row, start_us, end_us, 0);
      continue;
    }
    if (null_count && rank_has_null(nulls, null_count, row))
      continue;
    if (!window || window->start_us != start_us || window->end_us != end_us)
      window = wr_rank_window_get(self, start_us, end_us);
    wr_row_groups_add(groups, row, window, &window->group);
  }
}

/* The windows of self->fresh take their rows. */
static enum wr_code rank_take_groups(struct wr_rank *self, struct wr_row_groups *groups,
                                     struct wr_error *err)
{
  const uint32_t *rows = wr_row_groups_sort(groups, &self->arena);
  uint64_t *hashes = wr_arena_get(&self->arena, (groups->row_count + 1) * sizeof *hashes);
  wr_rank_hash(self, self->fresh, rows, groups->row_count, hashes);
  enum wr_code code = WR_OK;
  uint32_t first = 0;
  for (uint32_t g = 0; g < groups->group_count; g++) {
    struct wr_rank_window *window = groups->owners[g];
    window->group = WR_NO_GROUP;
    if (code == WR_OK)
      code = wr_rank_take(self, window, rows + first, hashes + first, groups->ends[g] - first, err);
    first = groups->ends[g];
  }
  wr_rank_settle(self);
  return code;
}

/* ---- rows without windows */

static enum wr_code rank_take_changes(struct wr_rank *self, const struct wr_batch *batch,
                                      struct wr_error *err)
{
  struct wr_rank_window *window = wr_rank_window_get(self, WR_TIME_NONE, WR_TIME_END);
  uint32_t count = batch->picked_count;
  uint32_t *rows = wr_arena_get(&self->arena, count * sizeof *rows);
  uint64_t *hashes = wr_arena_get(&self->arena, count * sizeof *hashes);
  for (uint32_t i = 0; i < count; i++)
    rows[i] = wr_batch_row(batch, i);
  wr_rank_hash(self, batch, rows, count, hashes);
  if (wr_rank_compares(self))
    self->touched = wr_arena_get(&self->arena, count * sizeof *self->touched);
  self->touched_count = 0;
  enum wr_code code = self->way == WR_RANK_ALL
                          ? wr_rank_take_all(self, window, batch, rows, hashes, count, err)
                          : wr_rank_take(self, window, rows, hashes, count, err);
  if (code == WR_OK)
    code = wr_rank_emit_changes(self, err);
  if (self->way == WR_RANK_ALL)
    wr_rank_forget_empty(self, window);
  self->touched = NULL;
  wr_rank_settle(self);
  return code;
}

/* ---- the class's calls */

/* The batch with a column more, or two: arrival, the time. */
static void rank_number(struct wr_rank *self, const struct wr_batch *batch, struct wr_batch *out)
{
  uint32_t width = self->spec->input_schema->column_count;
  struct wr_column *columns = wr_arena_get(&self->arena, (width + 2) * sizeof *columns);
  int64_t *numbers = wr_arena_get(&self->arena, batch->row_count * sizeof *numbers + WR_PADDING);
  memcpy(columns, batch->columns, width * sizeof *columns);
  for (uint32_t i = 0; i < batch->row_count; i++)
    numbers[i] = self->arrivals + i;
  self->arrivals += batch->row_count;
  columns[width] = (struct wr_column){.type = &wr_type_bigint, .values = numbers};
  if (self->spec->ttl_us)
    columns[width + 1] = wr_ttl_rows_now(&self->arena, self->now_us);
  *out = *batch;
  out->schema = &self->kept_schema;
  out->columns = columns;
  out->change = NULL;
}

enum wr_code wr_rank_on_batch(struct wr_operator *op, uint32_t input, const struct wr_batch *batch,
                              struct wr_error *err)
{
  struct wr_rank *self = (struct wr_rank *)op;
  assert(input == 0);
  (void)input;
  for (uint32_t i = 0; batch->change && !self->spec->takes_changes && i < batch->picked_count; i++)
    assert(!(batch->change[wr_batch_row(batch, i)] & WR_DELETE));
  wr_arena_reset(&self->arena);
  self->now_us = batch->now_us;
  if (self->spec->ttl_us)
    wr_rank_expire(self, batch->now_us);
  enum wr_code code = WR_OK;
  struct wr_batch fresh;
  rank_number(self, batch, &fresh);
  self->fresh = &fresh;
  if (self->has_window) {
    struct wr_row_groups groups = wr_row_groups_new(&self->arena, batch->picked_count);
    rank_judge(self, batch, &groups);
    code = rank_take_groups(self, &groups, err);
  } else {
    code = rank_take_changes(self, batch, err);
  }
  self->fresh = NULL;
  if (self->spec->ttl_us)
    op->timer_us = wr_ttl_rows_due(&self->ttl);
  wr_rank_count_state(self);
  return code;
}

static enum wr_code rank_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct wr_rank *self = (struct wr_rank *)op;
  (void)err;
  wr_arena_reset(&self->arena);
  wr_rank_expire(self, now_us);
  op->timer_us = wr_ttl_rows_due(&self->ttl);
  wr_rank_count_state(self);
  return WR_OK;
}

enum wr_code wr_rank_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                  struct wr_error *err)
{
  struct wr_rank *self = (struct wr_rank *)op;
  enum wr_code code = WR_OK;
  if (self->has_window)
    code = wr_rank_fire(self, wr_window_watermark(&self->window, watermark_us), err);
  return code == WR_OK ? wr_emit_watermark(op, watermark_us, err) : code;
}

/* ---- snapshots */

static void rank_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_rank *self = (struct wr_rank *)op;
  assert(!self->part);
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_part_put_i64(part, self->closed_us);
  wr_part_put_i64(part, self->arrivals);
  wr_part_put_u64(part, self->has_window);
  wr_part_put_i64(part, self->ttl.since_us);
  wr_kept_rows_save_begin(&self->kept);
  self->part = part;
}

static bool rank_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_rank *self = (struct wr_rank *)op;
  (void)part;
  if (self->part && wr_kept_rows_save_step(&self->kept, self->part, SAVE_PAGES))
    self->part = NULL;
  return !self->part;
}

struct rank_loader {
  struct wr_rank *self;
  int64_t since_us; /* of rows without a time */
  bool damaged;     /* some row has no window */
  enum wr_code code;
  struct wr_error *err;
};

/* The window of a row that is being loaded; NULL: it cannot have been saved like that. */
static struct wr_rank_window *rank_loaded_window(struct wr_rank *self, const struct wr_batch *batch,
                                                 uint32_t row)
{
  if (!self->has_window)
    return wr_rank_window_get(self, WR_TIME_NONE, WR_TIME_END);
  const struct wr_column *start = &batch->columns[self->spec->start_column];
  const struct wr_column *end = &batch->columns[self->spec->end_column];
  if (wr_column_is_null(start, row) || wr_column_is_null(end, row))
    return NULL;
  int64_t start_us = wr_column_i64(start, row), end_us = wr_column_i64(end, row);
  bool is_window = wr_window_is_bound(start_us) && wr_window_is_bound(end_us);
  return is_window ? wr_rank_window_get(self, start_us, end_us) : NULL;
}

/* Takes the rows of a page that belong to this task. */
static void rank_take_loaded(void *argument, const struct wr_batch *saved)
{
  struct rank_loader *loader = argument;
  struct wr_rank *self = loader->self;
  const struct wr_operator_context *context = self->op.context;
  struct wr_batch timed;
  const struct wr_batch *batch = saved;
  wr_arena_reset(&self->arena);
  if (self->spec->ttl_us) {
    wr_ttl_rows_restore(&self->ttl, &self->arena, loader->since_us, saved, &timed);
    batch = &timed;
  }
  uint64_t *hashes = wr_arena_get(&self->arena, batch->row_count * sizeof *hashes);
  wr_rank_hash(self, batch, NULL, batch->row_count, hashes);
  struct wr_row_groups groups = wr_row_groups_new(&self->arena, batch->row_count);
  for (uint32_t i = 0; i < batch->row_count; i++) {
    if (wr_key_group_task(wr_key_group(hashes[i]), context->task_count) != context->task)
      continue;
    struct wr_rank_window *window = rank_loaded_window(self, batch, i);
    if (window)
      wr_row_groups_add(&groups, i, window, &window->group);
    else
      loader->damaged = true;
  }
  self->fresh = batch;
  self->loading = true;
  if (loader->code == WR_OK)
    loader->code = rank_take_groups(self, &groups, loader->err);
  self->loading = false;
  self->fresh = NULL;
}

static enum wr_code rank_load_pages(struct wr_rank *self, int64_t since_us,
                                    struct wr_part_reader *part, struct wr_error *err)
{
  struct rank_loader loader = {.self = self, .since_us = since_us, .err = err};
  uint64_t more = 0;
  enum wr_code code = wr_part_get_u64(part, &more, err);
  while (code == WR_OK && more) {
    code = wr_kept_rows_load(&self->kept, part, rank_take_loaded, &loader, err);
    if (code == WR_OK)
      code = loader.code;
    if (code == WR_OK && loader.damaged)
      code = wr_fail(err, WR_DATA, "the saved state of %s is damaged: a row without a window",
                     self->op.context->name);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &more, err);
  }
  return code;
}

static enum wr_code rank_load(struct wr_operator *op, struct wr_part_reader *part,
                              struct wr_error *err)
{
  struct wr_rank *self = (struct wr_rank *)op;
  uint64_t version = 0, seed = 0, has_window = 0;
  int64_t closed_us = WR_TIME_NONE, arrivals = 0, since_us = 0;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &seed, err);
  bool is_known = version == SAVE_VERSION || version == SAVE_TIMELESS;
  if (code == WR_OK && (!is_known || seed != op->context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", op->context->name);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &closed_us, err);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &arrivals, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &has_window, err);
  if (code == WR_OK && (has_window != 0) != self->has_window)
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another query", op->context->name);
  if (code == WR_OK && version == SAVE_VERSION)
    code = wr_part_get_i64(part, &since_us, err);
  if (code == WR_OK)
    code = rank_load_pages(self, since_us, part, err);
  self->closed_us = closed_us > self->closed_us ? closed_us : self->closed_us;
  self->arrivals = arrivals > self->arrivals ? arrivals : self->arrivals;
  if (self->spec->ttl_us)
    op->timer_us = 0; /* no row need come any more */
  wr_rank_count_state(self);
  return code;
}

const struct wr_operator_class wr_operator_class_rank = {
    .name = "Rank",
    .open = wr_rank_open,
    .on_batch = wr_rank_on_batch,
    .on_watermark = wr_rank_on_watermark,
    .on_timer = rank_on_timer,
    .save = rank_save,
    .save_step = rank_save_step,
    .load = rank_load,
    .held_rows = wr_rank_held_rows,
    .close = wr_rank_close,
};
