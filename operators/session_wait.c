/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of rows that come in no order: from several branches of one source, each of which knows
 * of the watermark before it at that source. A row may then know of a watermark that rows still to
 * come are behind, without being late; whatever sessions it would close might be theirs.
 *
 * So rows wait (over_waiting.c) until the watermark has passed what they know of: by then all that
 * know as much or less have come. They go on by (known watermark, time, arrival), which does not
 * depend on how the branches took turns.
 *
 * Rows of STAGGER windows wait until the watermark has passed their time, and go on by (time,
 * arrival) as if they knew of a watermark of just that time: so what their key had open until then
 * closes before they are looked at. Rows whose time the watermark had passed when they came are
 * late. Results leave in the order of their window_end, which is a time of what stands below: rows
 * go on in stretches in which no window closes, and between them those leave that do.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/limits.h"
#include "core/time.h"
#include "operators/over_waiting.h"
#include "operators/session_wait.h"

#define WAIT_SAVE_PAGES 4 /* copied per step of a snapshot */

struct wr_session_wait {
  struct wr_over_waiting waiting; /* release: the known watermark plus 1 us; STAGGER: the time */
  int64_t closed_us;              /* the watermark, as it came */
  struct wr_over_item *items;     /* of one batch, and scratch to sort them */
  uint32_t item_room;
  struct wr_arena arena; /* of rows that go on */
};

struct wr_session_wait *wr_session_wait_new(const struct wr_session_spec *spec)
{
  struct wr_session_wait *wait = wr_memory_get_zero(sizeof *wait);
  wait->closed_us = WR_TIME_NONE;
  wr_over_waiting_open(&wait->waiting, spec->input_schema, spec->column_ids);
  return wait;
}

void wr_session_wait_free(struct wr_session_wait *wait)
{
  if (!wait)
    return;
  wr_over_waiting_close(&wait->waiting);
  wr_arena_free(&wait->arena);
  free(wait->items);
  free(wait);
}

uint64_t wr_session_wait_rows(const struct wr_session_wait *wait)
{
  return wait->waiting.kept.row_count;
}
uint64_t wr_session_wait_bytes(const struct wr_session_wait *wait)
{
  return wr_over_waiting_bytes(&wait->waiting);
}

static void wait_reserve(struct wr_session_wait *wait, uint32_t count)
{
  if (2 * count <= wait->item_room)
    return;
  wait->item_room = 2 * count;
  wait->items = wr_memory_resize(wait->items, wait->item_room * sizeof *wait->items);
}

/* A time that cannot be used is told when the row goes on. */
static int64_t wait_time(const struct wr_column *times, uint32_t row)
{
  return wr_column_is_null(times, row) ? 0 : wr_column_i64(times, row);
}

/* Whether a row of a STAGGER window is behind the watermark; then it is told. */
static bool wait_is_late(struct wr_session_operator *self, const struct wr_batch *batch,
                         uint32_t row, int64_t time_us, int64_t known_us)
{
  int64_t late_us;
  if (time_us >= known_us || wr_column_is_null(&batch->columns[self->spec->time_column], row))
    return false;
  if (__builtin_sub_overflow(known_us, time_us, &late_us))
    late_us = INT64_MAX;
  wr_operator_reject(&self->op, batch, row, WR_REJECT_LATE,
                     "the row came when the watermark had passed its time by %lld.%03lld s, so its "
                     "windows may have closed",
                     (long long)(late_us / WR_US_PER_SECOND),
                     (long long)(late_us % WR_US_PER_SECOND / WR_US_PER_MS));
  return true;
}

enum wr_code wr_session_wait_add(struct wr_session_operator *self, const struct wr_batch *batch,
                                 struct wr_error *err)
{
  struct wr_session_wait *wait = self->wait;
  uint32_t count = 0;
  wait_reserve(wait, batch->picked_count);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    int64_t time_us = wait_time(&batch->columns[self->spec->time_column], row);
    int64_t known_us = wait->closed_us;
    if (batch->arrived_us) {
      int64_t arrived_us =
          batch->arrived_us[row] < batch->others_us ? batch->arrived_us[row] : batch->others_us;
      known_us = arrived_us > known_us ? arrived_us : known_us;
    }
    if (self->is_stagger && wait_is_late(self, batch, row, time_us, known_us))
      continue;
    int64_t release_us = self->is_stagger ? time_us : known_us;
    wait->items[count++] =
        (struct wr_over_item){.release_us = release_us < WR_TIME_END ? release_us + 1 : WR_TIME_END,
                              .time_us = time_us,
                              .at = row};
  }
  wr_over_items_sort(wait->items, count, wait->items + count);
  wr_over_waiting_add(&wait->waiting, batch, wait->items, count);
  if (wr_session_wait_bytes(wait) <= WR_SESSION_WAITING_BYTES_MAX)
    return WR_OK;
  return wr_fail(err, WR_LIMIT,
                 "more bytes of rows wait for the watermark before %s than the limit "
                 "WR_SESSION_WAITING_BYTES_MAX, %llu",
                 self->op.context->name, (unsigned long long)WR_SESSION_WAITING_BYTES_MAX);
}

/* How many of the next rows of STAGGER windows come before the next window closes, once those have
 * left that close before the first of them. */
static enum wr_code wait_stretch(struct wr_session_operator *self, const struct wr_over_item *items,
                                 uint32_t *count, struct wr_error *err)
{
  int64_t first_us = items[0].time_us, next_us;
  enum wr_code code = wr_session_fire(self, first_us, err);
  if (__builtin_add_overflow(first_us, self->gap_us, &next_us)) /* it will be rejected */
    next_us = WR_TIME_END;
  int64_t due_us = wr_timers_next(&self->timers);
  next_us = due_us < next_us ? due_us : next_us;
  uint32_t i = 1;
  while (i < *count && items[i].time_us < next_us)
    i++;
  *count = i;
  return code;
}

enum wr_code wr_session_wait_pass(struct wr_session_operator *self, int64_t watermark_us,
                                  struct wr_error *err)
{
  struct wr_session_wait *wait = self->wait;
  const struct wr_over_item *items;
  uint64_t left = wr_over_waiting_take(&wait->waiting, watermark_us, &items);
  enum wr_code code = WR_OK;
  while (left && code == WR_OK) {
    uint32_t count = left < WR_BATCH_ROWS ? (uint32_t)left : WR_BATCH_ROWS;
    struct wr_batch rows;
    if (self->is_stagger && (code = wait_stretch(self, items, &count, err)))
      return code;
    wr_arena_reset(&wait->arena);
    wr_over_waiting_gather(&wait->waiting, items, count, &wait->arena, &rows);
    int64_t *arrived_us = wr_arena_get(&wait->arena, count * sizeof *arrived_us);
    for (uint32_t i = 0; i < count; i++)
      arrived_us[i] = items[i].release_us - 1;
    rows.arrived_us = arrived_us;
    rows.now_us = self->now_us;
    code = wr_session_rows(self, &rows, err);
    wr_over_waiting_drop(&wait->waiting, items, count);
    items += count;
    left -= count;
  }
  wait->closed_us = watermark_us > wait->closed_us ? watermark_us : wait->closed_us;
  return code;
}

/* ---- snapshots */

void wr_session_wait_save(struct wr_session_wait *wait)
{
  wr_over_waiting_save(&wait->waiting);
  wr_part_put_i64(&wait->waiting.saved, wait->closed_us);
}

void wr_session_wait_save_to(struct wr_session_wait *wait, struct wr_part_writer *part)
{
  if (wait)
    wr_over_waiting_save_to(&wait->waiting, part);
  else
    wr_part_put_bytes(part, "", 0);
}

bool wr_session_wait_save_step(struct wr_session_wait *wait)
{
  return !wait || wr_over_waiting_save_step(&wait->waiting, WAIT_SAVE_PAGES);
}

/* Rows of the keys of this task. */
static void wait_take_loaded(void *argument, const struct wr_batch *batch)
{
  struct wr_session_operator *self = argument;
  struct wr_session_wait *wait = self->wait;
  const struct wr_session_spec *spec = self->spec;
  const struct wr_operator_context *context = self->op.context;
  uint32_t count = 0;
  wr_arena_reset(&wait->arena);
  wait_reserve(wait, batch->row_count);
  uint64_t *hashes = wr_arena_get(&wait->arena, (batch->row_count + 1) * sizeof *hashes);
  const struct wr_column **keys = wr_arena_get(&wait->arena, (spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = &batch->columns[spec->keys[k]];
  wr_hash_keys(keys, spec->key_count, NULL, batch->row_count, context->hash_seed, hashes);
  const struct wr_column *releases = &batch->columns[spec->input_schema->column_count];
  for (uint32_t row = 0; row < batch->row_count; row++) {
    if (wr_key_group_task(wr_key_group(hashes[row]), context->task_count) != context->task)
      continue;
    wait->items[count++] =
        (struct wr_over_item){.release_us = wr_column_i64(releases, row),
                              .time_us = wait_time(&batch->columns[spec->time_column], row),
                              .at = row};
  }
  wr_over_items_sort(wait->items, count, wait->items + count);
  wr_over_waiting_add(&wait->waiting, batch, wait->items, count);
}

enum wr_code wr_session_wait_load(struct wr_session_operator *self, bool all_aside,
                                  struct wr_part_reader *part, struct wr_error *err)
{
  const char *bytes;
  size_t length;
  int64_t closed_us = WR_TIME_NONE;
  enum wr_code code = wr_part_get_bytes(part, &bytes, &length, err);
  struct wr_part_reader rows = {.bytes = bytes, .length = length};
  if (code != WR_OK || length == 0)
    return code;
  if (!self->wait) /* with fewer tasks rows may come in order, but some wait */
    self->wait = wr_session_wait_new(self->spec);
  struct wr_session_wait *wait = self->wait;
  code = wr_part_get_i64(&rows, &closed_us, err);
  wait->closed_us = closed_us > wait->closed_us ? closed_us : wait->closed_us;
  if (code == WR_OK)
    code = wr_over_waiting_load(&wait->waiting, &rows, all_aside ? NULL : part, wait_take_loaded,
                                self, err);
  return code;
}
