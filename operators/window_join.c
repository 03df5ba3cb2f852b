/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_join: rows going in. Both inputs carry the bounds of windows as columns. Rows wait until
 * the watermark, the least of both inputs, closes their window; then window_join_fire.c matches
 * them and the window is gone at once. A row is late iff its window closes at or before the
 * watermark that was known just before it. Rows that can neither match nor leave alone (NULL among
 * the keys) are not kept.
 *
 * A snapshot writes the rows page by page while others come; pages from which rows go are written
 * first. Restored, a row belongs to the task of its key's group, or without keys of its window's.
 */
#include "operators/window_join.h"

#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/limits.h"
#include "operators/window_time.h"
#include "windows/local_time.h"

#define SAVE_PAGES     4 /* pages written per step of a snapshot */
#define SAVE_VERSION   1
#define SAVE_END       0 /* else a page of side n - 1 follows */
#define JOIN_LIST_ROWS 8
/* So many rows that have gone may stand in the pages of a side before the others move. */
#define JOIN_SLACK_ROWS 65536

static void join_open_kept(struct wr_window_join *self, uint32_t side)
{
  const struct wr_window_join_side *of = &self->spec->sides[side];
  wr_kept_rows_open(&self->kept[side], of->schema);
  wr_kept_rows_name(&self->kept[side], of->column_ids, of->schema->column_count);
}

static enum wr_code join_open(const void *argument, const struct wr_operator_context *context,
                              struct wr_operator **out, struct wr_error *err)
{
  const struct wr_window_join_spec *spec = argument;
  (void)err;
  assert(spec->window.kind == WR_WINDOW_ATTACHED && spec->window.tick_us > 0);
  assert(!spec->window.by_clock);
  struct wr_window_join *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_window_join, context);
  self->spec = spec;
  self->closed_us = WR_TIME_NONE;
  uint32_t count = spec->pair_schema->column_count;
  assert(count == spec->sides[0].schema->column_count + spec->sides[1].schema->column_count);
  self->builders = wr_memory_get_zero((count + 1) * sizeof *self->builders);
  self->columns = wr_memory_get_zero((count + 1) * sizeof *self->columns);
  self->nulls = wr_memory_get_zero((count + 1) * sizeof *self->nulls);
  for (uint32_t c = 0; c < count; c++) {
    wr_builder_open(&self->builders[c], spec->pair_schema->fields[c].type);
    self->nulls[c] = wr_column_null(&self->forever, spec->pair_schema->fields[c].type);
  }
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++) {
    join_open_kept(self, s);
    self->pairs.addresses[s] = WR_NEW_ARRAY(&self->forever, uint64_t, WR_BATCH_ROWS);
    self->pairs.numbers[s] = WR_NEW_ARRAY(&self->forever, uint32_t, WR_BATCH_ROWS);
  }
  self->pairs.picked = WR_NEW_ARRAY(&self->forever, uint32_t, WR_BATCH_ROWS + 64);
  if (spec->condition)
    self->evaluator = wr_evaluator_new(&spec->condition, 1);
  *out = &self->op;
  return WR_OK;
}

static void join_count_state(struct wr_window_join *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  uint64_t rows = self->kept[0].row_count + self->kept[1].row_count;
  uint64_t bytes = self->kept[0].bytes + self->kept[1].bytes + rows * sizeof(uint64_t) +
                   self->window_count * sizeof(struct wr_join_window);
  atomic_store_explicit(&metrics->state_bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, rows, memory_order_relaxed);
}

/* ---- open windows */

static void window_free(struct wr_join_window *window)
{
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++)
    free(window->sides[s].addresses);
  free(window);
}

/* Whether a window stands before those bounds. */
static bool window_is_before(const struct wr_join_window *window, int64_t start_us, int64_t end_us)
{
  return window->end_us < end_us || (window->end_us == end_us && window->start_us < start_us);
}

/* The open window with these bounds, made if there is none. *last: the one found before, or NULL.
 */
static struct wr_join_window *join_get_window(struct wr_window_join *self, int64_t start_us,
                                              int64_t end_us, struct wr_join_window **last)
{
  if (*last && (*last)->start_us == start_us && (*last)->end_us == end_us)
    return *last;
  uint32_t low = 0, high = self->window_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (window_is_before(self->windows[middle], start_us, end_us))
      low = middle + 1;
    else
      high = middle;
  }
  struct wr_join_window **at = &self->windows[low];
  if (low < self->window_count && (*at)->start_us == start_us && (*at)->end_us == end_us)
    return *last = *at;
  if (self->window_count == self->window_room) {
    self->window_room = self->window_room ? 2 * self->window_room : 16;
    self->windows = wr_memory_resize(self->windows, self->window_room * sizeof *self->windows);
    at = &self->windows[low];
  }
  memmove(at + 1, at, (self->window_count++ - low) * sizeof *at);
  *at = wr_memory_get_zero(sizeof **at);
  (*at)->start_us = start_us;
  (*at)->end_us = end_us;
  return *last = *at;
}

static void list_add(struct wr_join_list *list, uint64_t address)
{
  if (list->count == list->room) {
    list->room = list->room ? 2 * list->room : JOIN_LIST_ROWS;
    list->addresses = wr_memory_resize(list->addresses, list->room * sizeof *list->addresses);
  }
  list->addresses[list->count++] = address;
}

/* Keeps these rows of a batch; row rows[i] belongs to windows[i]. */
static enum wr_code join_keep(struct wr_window_join *self, uint32_t side,
                              const struct wr_batch *batch, const uint32_t *rows,
                              struct wr_join_window *const *windows, uint32_t row_count,
                              struct wr_error *err)
{
  uint64_t *addresses = wr_arena_get(&self->arena, (row_count + 1) * sizeof *addresses);
  wr_kept_rows_add(&self->kept[side], batch, rows, row_count, addresses);
  for (uint32_t i = 0; i < row_count; i++) {
    struct wr_join_list *list = &windows[i]->sides[side];
    if (list->count >= WR_JOIN_ROWS_MAX)
      return wr_fail(err, WR_LIMIT,
                     "a join has more rows of one window to keep than the limit WR_JOIN_ROWS_MAX, "
                     "%u",
                     (unsigned)WR_JOIN_ROWS_MAX);
    list_add(list, addresses[i]);
  }
  return WR_OK;
}

/* ---- snapshots */

static void join_save_page(struct wr_window_join *self, uint32_t side, uint64_t page)
{
  struct wr_join_saving *saving = &self->saving[side];
  struct wr_kept_rows *kept = &self->kept[side];
  if (!self->part || page < saving->first || page >= saving->end ||
      wr_bit_get(saving->written, (uint32_t)(page - saving->first)))
    return;
  wr_bit_set(saving->written, (uint32_t)(page - saving->first));
  if (page < kept->first_page || !kept->pages[page - kept->first_page].page)
    return;
  wr_part_put_u64(self->part, 1 + side);
  wr_kept_rows_save(kept, (uint32_t)(page - kept->first_page), self->part);
}

/* Writes up to `count` pages more; true: that was all. */
static bool join_save_pages(struct wr_window_join *self, uint64_t count)
{
  if (!self->part)
    return true;
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++)
    for (struct wr_join_saving *saving = &self->saving[s]; saving->next < saving->end; count--) {
      if (count == 0)
        return false;
      join_save_page(self, s, saving->next++);
    }
  wr_part_put_u64(self->part, SAVE_END);
  self->part = NULL;
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++)
    free(self->saving[s].written);
  memset(self->saving, 0, sizeof self->saving);
  return true;
}

static void join_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_window_join *self = (struct wr_window_join *)op;
  assert(!self->part);
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_part_put_i64(part, self->closed_us);
  self->part = part;
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++) {
    const struct wr_kept_rows *kept = &self->kept[s];
    struct wr_join_saving *saving = &self->saving[s];
    *saving = (struct wr_join_saving){.first = kept->first_page,
                                      .end = kept->first_page + kept->page_count,
                                      .next = kept->first_page};
    saving->written =
        wr_memory_get_zero((wr_bit_words(kept->page_count) + 1) * sizeof *saving->written);
    if (kept->page_count) /* rows still come into the last one */
      join_save_page(self, s, saving->end - 1);
  }
}

static bool join_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  (void)part;
  return join_save_pages((struct wr_window_join *)op, SAVE_PAGES);
}

struct join_loading {
  struct wr_window_join *self;
  uint32_t side;
  enum wr_code code;
  struct wr_error *err;
};

/* Takes the saved rows that belong to this task. */
static void join_take_loaded(void *argument, const struct wr_batch *batch)
{
  struct join_loading *loading = argument;
  struct wr_window_join *self = loading->self;
  const struct wr_window_join_side *side = &self->spec->sides[loading->side];
  const struct wr_operator_context *context = self->op.context;
  const uint32_t bounds[] = {side->start_column, side->end_column};
  const uint32_t *keys = self->spec->key_count ? side->keys : bounds;
  uint32_t key_count = self->spec->key_count ? self->spec->key_count : 2;
  wr_arena_reset(&self->arena);
  const struct wr_column **columns = wr_arena_get(&self->arena, key_count * sizeof *columns);
  for (uint32_t k = 0; k < key_count; k++)
    columns[k] = &batch->columns[keys[k]];
  uint64_t *hashes = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *hashes);
  wr_hash_keys(columns, key_count, NULL, batch->row_count, context->hash_seed, hashes);
  uint32_t *rows = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *rows);
  struct wr_join_window **windows =
      wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof(struct wr_join_window *));
  struct wr_join_window *last = NULL;
  uint32_t count = 0;
  for (uint32_t r = 0; r < batch->row_count; r++) {
    if (wr_key_group_task(wr_key_group(hashes[r]), context->task_count) != context->task)
      continue;
    rows[count] = r;
    windows[count++] = join_get_window(self, wr_column_i64(&batch->columns[side->start_column], r),
                                       wr_column_i64(&batch->columns[side->end_column], r), &last);
  }
  if (loading->code == WR_OK)
    loading->code = join_keep(self, loading->side, batch, rows, windows, count, loading->err);
}

static enum wr_code join_load(struct wr_operator *op, struct wr_part_reader *part,
                              struct wr_error *err)
{
  struct wr_window_join *self = (struct wr_window_join *)op;
  struct join_loading loading = {.self = self, .err = err};
  uint64_t version = 0, seed = 0, next = SAVE_END;
  int64_t closed_us = WR_TIME_NONE;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &seed, err);
  if (code == WR_OK && (version != SAVE_VERSION || seed != op->context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", op->context->name);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &closed_us, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &next, err);
  while (code == WR_OK && next != SAVE_END) {
    if (next > WR_JOIN_SIDES)
      return wr_fail(err, WR_DATA, "the snapshot has rows of another query");
    loading.side = (uint32_t)next - 1;
    code = wr_kept_rows_load(&self->kept[loading.side], part, join_take_loaded, &loading, err);
    if (code == WR_OK)
      code = loading.code;
    if (code == WR_OK)
      code = wr_part_get_u64(part, &next, err);
  }
  if (closed_us > self->closed_us)
    self->closed_us = closed_us;
  join_count_state(self);
  return code;
}

/* ---- windows that close */

/* The rows of a window are not needed any more. */
static void join_drop_rows(struct wr_window_join *self, const struct wr_join_window *window)
{
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++)
    for (uint32_t i = 0; i < window->sides[s].count; i++) {
      uint64_t address = window->sides[s].addresses[i];
      if (self->part)
        join_save_page(self, s, address >> WR_KEPT_ROW_BITS);
      wr_kept_rows_drop(&self->kept[s], address);
    }
}

/* Moves the rows of a side together, window by window. */
static void join_compact(struct wr_window_join *self, uint32_t side)
{
  struct wr_kept_rows old = self->kept[side];
  join_save_pages(self, UINT64_MAX);
  join_open_kept(self, side);
  for (uint32_t w = 0; w < self->window_count; w++) {
    struct wr_join_list *list = &self->windows[w]->sides[side];
    uint32_t rows[WR_BATCH_ROWS];
    for (uint32_t first = 0, count; first < list->count; first += count) {
      uint64_t *addresses = list->addresses + first;
      const struct wr_batch *page = wr_kept_row(&old, addresses[0], &rows[0]);
      for (count = 1; first + count < list->count && count < WR_BATCH_ROWS &&
                      addresses[count] >> WR_KEPT_ROW_BITS == addresses[0] >> WR_KEPT_ROW_BITS;
           count++)
        rows[count] = addresses[count] & ((1u << WR_KEPT_ROW_BITS) - 1);
      wr_kept_rows_add(&self->kept[side], page, rows, count, addresses);
    }
  }
  wr_kept_rows_close(&old);
}

/* Fires what closes at or before watermark_us. */
static enum wr_code join_fire(struct wr_window_join *self, int64_t watermark_us,
                              struct wr_error *err)
{
  enum wr_code code = WR_OK;
  uint32_t fired = 0;
  while (code == WR_OK && fired < self->window_count &&
         self->windows[fired]->end_us - self->spec->window.tick_us <= watermark_us) {
    struct wr_join_window *window = self->windows[fired++];
    code = wr_window_join_fire(self, window, err);
    join_drop_rows(self, window);
    window_free(window);
  }
  self->window_count -= fired;
  if (fired)
    memmove(self->windows, self->windows + fired, self->window_count * sizeof *self->windows);
  if (watermark_us > self->closed_us)
    self->closed_us = watermark_us;
  for (uint32_t s = 0; s < WR_JOIN_SIDES && fired; s++)
    if (self->kept[s].dropped_rows > self->kept[s].row_count + JOIN_SLACK_ROWS)
      join_compact(self, s);
  join_count_state(self);
  return code;
}

static enum wr_code join_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                      struct wr_error *err)
{
  struct wr_window_join *self = (struct wr_window_join *)op;
  enum wr_code code = join_fire(self, wr_window_watermark(&self->spec->window, watermark_us), err);
  return code == WR_OK ? wr_emit_watermark(op, watermark_us, err) : code;
}

/* ---- rows going in */

/* True if the bounds of a row are those of an open window; otherwise it is rejected. */
static bool join_accept(struct wr_window_join *self, uint32_t side, const struct wr_batch *batch,
                        uint32_t row, const struct wr_window_times *times, int64_t *start_us,
                        int64_t *end_us)
{
  const struct wr_column *starts = &batch->columns[self->spec->sides[side].start_column];
  const struct wr_column *ends = &batch->columns[self->spec->sides[side].end_column];
  if (wr_column_is_null(starts, row) || wr_column_is_null(ends, row)) {
    wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME,
                       "the window of the row of the %s side is NULL", side ? "right" : "left");
    return false;
  }
  *start_us = ((const int64_t *)starts->values)[wr_column_row(starts, row)];
  *end_us = ((const int64_t *)ends->values)[wr_column_row(ends, row)];
  if (!wr_window_is_bound(*start_us) || !wr_window_is_bound(*end_us)) {
    wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME,
                       "the window of the row of the %s side is out of range",
                       side ? "right" : "left");
    return false;
  }
  const struct wr_window *window = &self->spec->window;
  if (*end_us - window->tick_us > wr_window_known(times, row, self->closed_us))
    return true;
  wr_window_reject_late_side(&self->op, window, side, batch, row, *start_us, *end_us);
  return false;
}

/* Whether some key of the row is NULL, so that nothing matches it. */
static bool join_is_keyless(const struct wr_window_join *self, uint32_t side,
                            const struct wr_batch *batch, uint32_t row)
{
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    if (wr_column_is_null(&batch->columns[self->spec->sides[side].keys[k]], row))
      return true;
  return false;
}

static enum wr_code join_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct wr_window_join *self = (struct wr_window_join *)op;
  assert(input < WR_JOIN_SIDES && !batch->change);
  self->now_us = batch->now_us;
  wr_arena_reset(&self->arena);
  struct wr_window_times times;
  wr_window_times_of(&self->spec->window, batch, UINT32_MAX, &self->arena, &times);
  uint32_t *rows = wr_arena_get(&self->arena, batch->picked_count * sizeof *rows);
  struct wr_join_window **windows =
      wr_arena_get(&self->arena, batch->picked_count * sizeof(struct wr_join_window *));
  struct wr_join_window *last = NULL;
  bool keeps = wr_join_keeps(self->spec->kind, input);
  uint32_t count = 0;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    int64_t start_us, end_us;
    if (!join_accept(self, input, batch, row, &times, &start_us, &end_us) ||
        (!keeps && join_is_keyless(self, input, batch, row)))
      continue;
    rows[count] = row;
    windows[count++] = join_get_window(self, start_us, end_us, &last);
  }
  enum wr_code code = join_keep(self, input, batch, rows, windows, count, err);
  join_count_state(self);
  return code;
}

/* ---- the rest */

static uint64_t join_held_rows(const struct wr_operator *op)
{
  const struct wr_window_join *self = (const struct wr_window_join *)op;
  return self->kept[0].row_count + self->kept[1].row_count;
}

static void join_close(struct wr_operator *op)
{
  struct wr_window_join *self = (struct wr_window_join *)op;
  for (uint32_t w = 0; w < self->window_count; w++)
    window_free(self->windows[w]);
  free(self->windows);
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++) {
    wr_kept_rows_close(&self->kept[s]);
    free(self->saving[s].written);
  }
  for (uint32_t c = 0; c < self->spec->pair_schema->column_count; c++)
    wr_builder_close(&self->builders[c]);
  free(self->builders);
  free(self->columns);
  free(self->nulls);
  if (self->evaluator)
    wr_evaluator_free(self->evaluator);
  wr_arena_free(&self->arena);
  wr_arena_free(&self->forever);
  free(self);
}

const struct wr_operator_class wr_operator_class_window_join = {
    .name = "WindowJoin",
    .open = join_open,
    .on_batch = join_on_batch,
    .on_watermark = join_on_watermark,
    .save = join_save,
    .save_step = join_save_step,
    .load = join_load,
    .held_rows = join_held_rows,
    .close = join_close,
};
