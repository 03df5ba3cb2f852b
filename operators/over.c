/* SPDX-License-Identifier: Apache-2.0 */
/*
 * over: rows coming in, watermarks, snapshots. Every row leaves once, with the results over the
 * rows before it, when the watermark has passed it:
 *
 *   rows -> wait (over_waiting.c) -> in order, through their partitions (over_rows.c) -> leave
 *
 * Handled one at a time, the watermark would move to what was known before a row, let rows go, and
 * then the row would be judged. So a row that knows of the watermark a leaves with the first one
 * from its release time max(t, a + 1) on, and rows are put in order by (release, t, arrival). What
 * the rows of a batch know lets rows leave before the watermark itself comes; if those of the batch
 * are behind all that wait, they leave as they are, without being kept.
 *
 * With processing time rows leave at once; their time is that of their batch, and all rows of a
 * batch are peers.
 *
 * A partition of a RANGE is forgotten when the watermark has passed the frame of its last row;
 * those of ROWS and UNBOUNDED are kept for ever, or as long as they have a time to live
 * (operators/ttl.h).
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/limits.h"
#include "operators/over_state.h"
#include "windows/window.h"

#define SAVE_VERSION    2
#define SAVE_ASIDE      1    /* the version that had all rows that wait in one byte string */
#define SAVE_PAGES      4    /* pages copied per step of a snapshot */
#define CHUNK_ROWS      512  /* that go through their partitions at once */
#define CHUNK_ROWS_ANEW 128  /* the same with states per row that may be large */
#define LEAVING_ROWS    4096 /* that are gathered to leave together */

static enum wr_code over_open(const void *spec, const struct wr_operator_context *context,
                              struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct wr_over *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_over, context);
  self->spec = spec;
  self->closed_us = WR_TIME_NONE;
  assert(self->spec->schema->column_count ==
         self->spec->input_schema->column_count + self->spec->call_count);
  wr_over_plan_open(self);
  wr_over_output_open(self);
  wr_over_waiting_open(&self->waiting, self->spec->input_schema, self->spec->column_ids);
  *out = &self->op;
  return WR_OK;
}

static void over_count_state(struct wr_over *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  uint64_t bytes = wr_over_waiting_bytes(&self->waiting);
  uint64_t spare = 0;
  for (uint32_t s = 0; s <= self->set_count; s++) {
    bytes += wr_table_space_memory(self->spaces[s]);
    spare += wr_table_space_spare(self->spaces[s]);
  }
  atomic_store_explicit(&metrics->state_bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&metrics->spare_bytes, spare, memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, wr_table_space_keys(self->spaces[0]),
                        memory_order_relaxed);
}

/* ---- rows leaving */

/* How many of the items make a chunk of about that many rows: groups of peers stay together. */
static uint32_t over_cut(const struct wr_over *self, const struct wr_over_item *items,
                         uint64_t count, uint32_t wanted)
{
  if (count <= wanted)
    return (uint32_t)count;
  if (!self->has_peers)
    return wanted;
  uint32_t end = wanted;
  while (end > 0 && items[end].time_us == items[end - 1].time_us &&
         items[end].release_us == items[end - 1].release_us)
    end--;
  if (end > 0)
    return end;
  end = wanted;
  while (end < count && items[end].time_us == items[0].time_us &&
         items[end].release_us == items[0].release_us)
    end++;
  return end;
}

/* What rows that leave know of the watermark. Those that came behind it are judged below as they
 * were here, whichever watermark lets them go; the others are as rows of a window, which leave as
 * soon as their time has come. By the clock rows know what they knew. */
static const int64_t *over_arrived(struct wr_over *self, const struct wr_batch *rows,
                                   const struct wr_over_item *items)
{
  if (self->spec->by_clock && !rows->arrived_us)
    return NULL;
  int64_t *arrived_us =
      wr_arena_get(&self->leaving, rows->row_count * sizeof *arrived_us + WR_PADDING);
  for (uint32_t i = 0; !self->spec->by_clock && i < rows->row_count; i++)
    arrived_us[i] = items[i].release_us > items[i].time_us ? items[i].release_us - 1 : WR_TIME_NONE;
  for (uint32_t i = 0; self->spec->by_clock && i < rows->row_count; i++)
    arrived_us[i] = rows->arrived_us[i] < rows->others_us ? rows->arrived_us[i] : rows->others_us;
  return arrived_us;
}

/* The rows of a batch, in the order in which it has them, go through their partitions and leave. */
static enum wr_code over_let_go(struct wr_over *self, const struct wr_batch *rows,
                                const struct wr_over_item *items, struct wr_error *err)
{
  uint32_t wanted = self->anew.count ? CHUNK_ROWS_ANEW : CHUNK_ROWS;
  enum wr_code code = WR_OK;
  wr_over_output_begin(self, rows->row_count);
  for (uint32_t first = 0, count; first < rows->row_count && code == WR_OK; first += count) {
    count = over_cut(self, items + first, rows->row_count - first, wanted);
    struct wr_over_chunk chunk = {
        .rows = rows, .items = items + first, .first = first, .count = count};
    wr_arena_reset(&self->arena);
    code = wr_over_rows(self, &chunk, err);
  }
  return code == WR_OK ? wr_over_output_emit(self, rows, over_arrived(self, rows, items), err)
                       : code;
}

/* What waits and can leave with a watermark leaves. */
static enum wr_code over_release(struct wr_over *self, int64_t until_us, struct wr_error *err)
{
  const struct wr_over_item *items;
  uint64_t left = wr_over_waiting_take(&self->waiting, until_us, &items);
  uint32_t wanted = self->anew.count ? CHUNK_ROWS_ANEW : LEAVING_ROWS;
  enum wr_code code = WR_OK;
  while (left && code == WR_OK) {
    uint32_t count = over_cut(self, items, left, wanted);
    struct wr_batch rows;
    wr_arena_reset(&self->leaving);
    wr_over_waiting_gather(&self->waiting, items, count, &self->leaving, &rows);
    rows.now_us = self->now_us;
    code = over_let_go(self, &rows, items, err);
    wr_over_waiting_drop(&self->waiting, items, count);
    items += count;
    left -= count;
  }
  if (self->closed_us < until_us)
    self->closed_us = until_us;
  return code;
}

/* ---- rows coming in */

static void over_reserve(struct wr_over *self, uint32_t count)
{
  if (2 * count <= self->item_room)
    return;
  self->item_room = 2 * count;
  self->items = wr_memory_resize(self->items, self->item_room * sizeof *self->items);
}

/* The items of the rows that have a usable time; *known_us: the greatest watermark any knows of. */
static uint32_t over_judge(struct wr_over *self, const struct wr_batch *batch, int64_t *known_us)
{
  const struct wr_column *times = &batch->columns[self->spec->time_column];
  const int64_t *values = times->values;
  uint32_t count = 0;
  int64_t greatest_us = self->closed_us;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    if (wr_column_is_null(times, row)) {
      wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "the time of the row is NULL");
      continue;
    }
    int64_t time_us = values[wr_column_row(times, row)];
    if (time_us > WR_WINDOW_TIME_MAX || time_us < -WR_WINDOW_TIME_MAX) {
      wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME,
                         "the time of the row is out of range");
      continue;
    }
    int64_t known = self->closed_us;
    if (batch->arrived_us) {
      int64_t arrived_us =
          batch->arrived_us[row] < batch->others_us ? batch->arrived_us[row] : batch->others_us;
      known = arrived_us > known ? arrived_us : known;
    }
    greatest_us = known > greatest_us ? known : greatest_us;
    int64_t release_us = known < WR_TIME_END ? known + 1 : WR_TIME_END;
    self->items[count++] = (struct wr_over_item){
        .release_us = time_us > release_us ? time_us : release_us, .time_us = time_us, .at = row};
  }
  *known_us = greatest_us;
  return count;
}

/* Rows of the batch at hand leave from it: as it is, if it is in order, else put in order. */
static enum wr_code over_let_go_from(struct wr_over *self, const struct wr_batch *batch,
                                     const struct wr_over_item *items, uint32_t count,
                                     struct wr_error *err)
{
  struct wr_batch rows = *batch;
  wr_arena_reset(&self->leaving);
  uint32_t *picked = wr_arena_get(&self->leaving, (count + 1) * sizeof *picked);
  bool as_it_is = true;
  for (uint32_t i = 0; i < count; i++) {
    picked[i] = (uint32_t)items[i].at;
    as_it_is &= picked[i] == i;
  }
  rows.row_count = as_it_is ? count : batch->row_count;
  rows.picked_count = count;
  rows.picked = as_it_is ? NULL : picked;
  rows.change = NULL;
  if (!self->spec->by_clock)
    rows.arrived_us = NULL;
  if (as_it_is)
    return over_let_go(self, &rows, items, err);
  struct wr_batch in_order;
  wr_batch_compact(&self->compactor, &rows, NULL, &in_order);
  return over_let_go(self, &in_order, items, err);
}

static enum wr_code over_check_waiting(const struct wr_over *self, struct wr_error *err)
{
  if (wr_over_waiting_bytes(&self->waiting) <= WR_OVER_WAITING_BYTES_MAX)
    return WR_OK;
  return wr_fail(err, WR_LIMIT,
                 "more bytes of rows wait for the watermark before %s than the limit "
                 "WR_OVER_WAITING_BYTES_MAX, %llu",
                 self->op.context->name, (unsigned long long)WR_OVER_WAITING_BYTES_MAX);
}

/* Partitions whose last frame has ended before this watermark, or time of the clock, go. */
static void over_forget(struct wr_over *self, int64_t passed_us)
{
  struct wr_timer timer;
  while (wr_timers_take(&self->timers, passed_us, &timer)) {
    char *entries[16];
    uint32_t count = wr_table_find_hash(self->tables[0], timer.payload, WR_PROBE_CHANGE, entries,
                                        sizeof entries / sizeof *entries),
             gone = 0;
    int64_t again_us = WR_TIME_END;
    for (uint32_t i = 0; i < count; i++) {
      const struct wr_over_key *key = (const void *)(entries[i] + self->key_at);
      int64_t until_us = key->time_us + self->preceding;
      if (until_us < passed_us)
        entries[gone++] = entries[i];
      else if (until_us < again_us)
        again_us = until_us;
    }
    if (gone < count)
      wr_timers_add(&self->timers, again_us + 1, timer.payload);
    wr_table_remove(self->tables[0], entries, gone);
  }
  if (self->spec->by_clock)
    self->op.timer_us = wr_timers_next(&self->timers);
}

static enum wr_code over_on_clock_batch(struct wr_over *self, const struct wr_batch *batch,
                                        struct wr_error *err)
{
  if (batch->now_us > self->closed_us)
    self->closed_us = batch->now_us;
  for (uint32_t i = 0; i < batch->picked_count; i++)
    self->items[i] =
        (struct wr_over_item){self->closed_us, self->closed_us, wr_batch_row(batch, i)};
  enum wr_code code = over_let_go_from(self, batch, self->items, batch->picked_count, err);
  self->op.timer_us = wr_timers_next(&self->timers);
  if (self->ttl.ttl_us)
    wr_ttl_sweep(&self->ttl, &self->op, self->now_us);
  return code;
}

static enum wr_code over_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct wr_over *self = (struct wr_over *)op;
  (void)input;
  assert(input == 0);
  for (uint32_t i = 0; batch->change && i < batch->picked_count; i++)
    assert(!(batch->change[wr_batch_row(batch, i)] & WR_DELETE));
  self->now_us = batch->now_us;
  over_reserve(self, batch->picked_count);
  if (self->spec->by_clock) {
    enum wr_code code = over_on_clock_batch(self, batch, err);
    over_count_state(self);
    return code;
  }
  int64_t known_us;
  uint32_t count = over_judge(self, batch, &known_us), ready = 0;
  wr_over_items_sort(self->items, count, self->items + count);
  while (ready < count && self->items[ready].release_us <= known_us)
    ready++;
  enum wr_code code = WR_OK;
  if (ready && self->anew.count == 0 && !self->spec->patient &&
      wr_over_waiting_ends_before(&self->waiting, known_us, self->items)) {
    code = over_release(self, known_us, err);
    if (code == WR_OK)
      code = over_let_go_from(self, batch, self->items, ready, err);
  } else {
    ready = 0;
  }
  wr_over_waiting_add(&self->waiting, batch, self->items + ready, count - ready);
  if (code == WR_OK)
    code = over_check_waiting(self, err);
  if (self->ttl.ttl_us)
    wr_ttl_sweep(&self->ttl, &self->op, self->now_us);
  over_count_state(self);
  return code;
}

static enum wr_code over_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                      struct wr_error *err)
{
  struct wr_over *self = (struct wr_over *)op;
  if (self->spec->by_clock)
    return wr_emit_watermark(op, watermark_us, err);
  enum wr_code code = over_release(self, watermark_us, err);
  if (self->forgets && watermark_us < WR_TIME_END)
    over_forget(self, watermark_us);
  over_count_state(self);
  return code == WR_OK ? wr_emit_watermark(op, watermark_us, err) : code;
}

static enum wr_code over_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct wr_over *self = (struct wr_over *)op;
  (void)err;
  self->now_us = now_us > self->now_us ? now_us : self->now_us;
  if (self->spec->by_clock) {
    self->closed_us = now_us > self->closed_us ? now_us : self->closed_us;
    over_forget(self, self->closed_us);
  }
  if (self->ttl.ttl_us)
    wr_ttl_sweep(&self->ttl, op, self->now_us);
  over_count_state(self);
  return WR_OK;
}

/* ---- snapshots: numbers, partitions, then the rows that wait */

static void over_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_over *self = (struct wr_over *)op;
  assert(!self->part);
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_part_put_i64(part, self->closed_us);
  wr_table_spaces_save(self->spaces, 1 + self->set_count, part);
  wr_over_waiting_save(&self->waiting);
  self->part = part;
  self->tables_saved = false;
}

static bool over_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_over *self = (struct wr_over *)op;
  if (!self->part)
    return true;
  assert(self->part == part);
  if (!self->tables_saved) {
    self->tables_saved = wr_table_spaces_save_step(self->spaces, 1 + self->set_count, SAVE_PAGES);
    if (self->tables_saved)
      wr_over_waiting_save_to(&self->waiting, part);
    return false;
  }
  if (!wr_over_waiting_save_step(&self->waiting, SAVE_PAGES))
    return false;
  self->part = NULL;
  return true;
}

struct over_loader {
  struct wr_table_loader loader;
  struct wr_over *over;
};

static struct wr_table *over_loader_find(struct wr_table_loader *loader, uint32_t space,
                                         uint64_t tag)
{
  const struct wr_over *self = ((const struct over_loader *)loader)->over;
  return tag == 0 && space <= self->set_count ? self->tables[space] : NULL;
}

/* Rows that wait, of the partitions of this task. */
static void over_take_loaded(void *argument, const struct wr_batch *batch)
{
  struct wr_over *self = argument;
  const struct wr_over_spec *spec = self->spec;
  uint32_t count = 0;
  wr_arena_reset(&self->arena);
  over_reserve(self, batch->row_count);
  uint64_t *hashes = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *hashes);
  const struct wr_column **keys = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = &batch->columns[spec->keys[k]];
  wr_hash_keys(keys, spec->key_count, NULL, batch->row_count, self->op.context->hash_seed, hashes);
  const struct wr_column *releases = &batch->columns[spec->input_schema->column_count];
  for (uint32_t row = 0; row < batch->row_count; row++) {
    if (wr_key_group_task(wr_key_group(hashes[row]), self->op.context->task_count) !=
        self->op.context->task)
      continue;
    self->items[count++] =
        (struct wr_over_item){.release_us = wr_column_i64(releases, row),
                              .time_us = wr_column_i64(&batch->columns[spec->time_column], row),
                              .at = row};
  }
  wr_over_items_sort(self->items, count, self->items + count);
  wr_over_waiting_add(&self->waiting, batch, self->items, count);
}

/* Timers anew; answers of BY_ANEW mean nothing any more. */
static void over_rebuild(struct wr_over *self)
{
  const struct wr_layout *layout = wr_table_space_layout(self->spaces[0]);
  struct wr_table_cursor cursor = {0};
  char *entries[64];
  uint32_t count;
  wr_timers_free(&self->timers);
  self->timers = (struct wr_timers){0};
  while ((count = wr_table_scan_change(self->tables[0], &cursor, entries, 64)) > 0) {
    for (uint32_t i = 0; i < count; i++) {
      struct wr_over_key *key = (struct wr_over_key *)(void *)(entries[i] + self->key_at);
      uint64_t hash;
      memcpy(&hash, entries[i] + layout->hash_at, sizeof hash);
      key->answer = 0;
      if (self->forgets)
        wr_timers_add(&self->timers, key->time_us + self->preceding + 1, hash);
    }
  }
  if (self->spec->by_clock)
    self->op.timer_us = wr_timers_next(&self->timers);
}

static enum wr_code over_load_waiting(struct wr_over *self, uint64_t version,
                                      struct wr_part_reader *part, struct wr_error *err)
{
  const char *bytes;
  size_t length;
  enum wr_code code = wr_part_get_bytes(part, &bytes, &length, err);
  struct wr_part_reader rows = {.bytes = bytes, .length = length};
  if (code == WR_OK)
    code = wr_over_waiting_load(&self->waiting, &rows, version == SAVE_ASIDE ? NULL : part,
                                over_take_loaded, self, err);
  return code;
}

static enum wr_code over_load(struct wr_operator *op, struct wr_part_reader *part,
                              struct wr_error *err)
{
  struct wr_over *self = (struct wr_over *)op;
  uint64_t version = 0, seed = 0;
  int64_t closed_us = WR_TIME_NONE;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &seed, err);
  if (code == WR_OK &&
      ((version != SAVE_VERSION && version != SAVE_ASIDE) || seed != op->context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", op->context->name);
  if (code == WR_OK)
    code = wr_part_get_i64(part, &closed_us, err);
  struct over_loader loader = {.loader = {.find = over_loader_find,
                                          .task = op->context->task,
                                          .task_count = op->context->task_count},
                               .over = self};
  if (code == WR_OK)
    code = wr_table_spaces_load(self->spaces, 1 + self->set_count, &loader.loader, part, err);
  if (code == WR_OK)
    code = over_load_waiting(self, version, part, err);
  self->closed_us = closed_us > self->closed_us ? closed_us : self->closed_us;
  over_rebuild(self);
  if (self->ttl.ttl_us)
    op->timer_us = 0; /* to sweep: no row need come any more */
  over_count_state(self);
  return code;
}

/* ---- the rest */

static uint64_t over_held_rows(const struct wr_operator *op)
{
  return ((const struct wr_over *)op)->waiting.kept.row_count;
}

static void over_close(struct wr_operator *op)
{
  struct wr_over *self = (struct wr_over *)op;
  wr_over_waiting_close(&self->waiting);
  wr_over_output_close(self);
  wr_over_plan_close(self);
  wr_compactor_close(&self->compactor);
  wr_arena_free(&self->leaving);
  wr_arena_free(&self->arena);
  free(self->items);
  free(self);
}

const struct wr_operator_class wr_operator_class_over = {
    .name = "Over",
    .open = over_open,
    .on_batch = over_on_batch,
    .on_watermark = over_on_watermark,
    .on_timer = over_on_timer,
    .save = over_save,
    .save_step = over_save_step,
    .load = over_load,
    .held_rows = over_held_rows,
    .close = over_close,
};
