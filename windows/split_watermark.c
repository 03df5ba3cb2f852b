/* SPDX-License-Identifier: Apache-2.0 */
/* Per-split watermarks. Tasks have few splits (tens, rarely thousands), so the least is found by
 * looking at all of them, once per run of rows, not per row. */
#include "windows/split_watermark.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/batch.h"
#include "core/time.h"

#define IDLE_STEPS 8 /* idle time is counted in eighths of the timeout */
#define FOLLOW_STEP_US                                                       \
  (200 * WR_US_PER_MS) /* how often a watermark that follows the clock moves \
                        */

void wr_split_watermarks_open(struct wr_split_watermarks *self, uint32_t split_count,
                              int64_t idle_timeout_us, bool follow_clock, int64_t clock_delay_us)
{
  assert(idle_timeout_us >= 0 && clock_delay_us >= 0);
  *self = (struct wr_split_watermarks){
      .watermark_us = WR_TIME_NONE,
      .clock_us = WR_TIME_NONE,
      .idle_timeout_us = idle_timeout_us,
      .follow_clock = follow_clock,
      .clock_delay_us = clock_delay_us,
  };
  wr_split_watermarks_grow(self, split_count);
}

void wr_split_watermarks_close(struct wr_split_watermarks *self)
{
  free(self->splits);
  self->splits = NULL;
  self->split_count = 0;
}

void wr_split_watermarks_grow(struct wr_split_watermarks *self, uint32_t split_count)
{
  if (split_count <= self->split_count)
    return;
  self->splits = wr_memory_resize(self->splits, split_count * sizeof *self->splits);
  for (uint32_t i = self->split_count; i < split_count; i++)
    self->splits[i] =
        (struct wr_split_watermark){.greatest_us = WR_TIME_NONE, .phase = WR_SPLIT_PHASE_READING};
  self->split_count = split_count;
}

static bool split_is_quiet(const struct wr_split_watermarks *self,
                           const struct wr_split_watermark *split)
{
  return self->idle_timeout_us > 0 && split->phase == WR_SPLIT_PHASE_CAUGHT_UP;
}

static bool split_is_active(const struct wr_split_watermarks *self,
                            const struct wr_split_watermark *split)
{
  if (split->phase == WR_SPLIT_PHASE_DONE)
    return false;
  return !split_is_quiet(self, split) || split->quiet_us < self->idle_timeout_us;
}

bool wr_split_watermarks_is_active(const struct wr_split_watermarks *self, uint32_t split)
{
  assert(split < self->split_count);
  return split_is_active(self, &self->splits[split]);
}

bool wr_split_watermarks_is_idle(const struct wr_split_watermarks *self)
{
  bool open = self->grows;
  for (uint32_t i = 0; i < self->split_count; i++) {
    if (split_is_active(self, &self->splits[i]))
      return false;
    open |= self->splits[i].phase != WR_SPLIT_PHASE_DONE;
  }
  return open;
}

/* The clock's share, or WR_TIME_NONE while some split may still hold older rows. */
static int64_t clock_watermark(const struct wr_split_watermarks *self)
{
  if (!self->follow_clock || self->clock_us == WR_TIME_NONE)
    return WR_TIME_NONE;
  bool waits = false;
  for (uint32_t i = 0; i < self->split_count; i++) {
    enum wr_split_phase phase = self->splits[i].phase;
    if (phase != WR_SPLIT_PHASE_CAUGHT_UP && phase != WR_SPLIT_PHASE_DONE)
      return WR_TIME_NONE;
    waits |= phase == WR_SPLIT_PHASE_CAUGHT_UP;
  }
  return waits ? self->clock_us - self->clock_delay_us : WR_TIME_NONE;
}

/* Least over the active splits other than `except`; WR_TIME_END: there are none. */
static int64_t least_active(const struct wr_split_watermarks *self, uint32_t except)
{
  int64_t least = WR_TIME_END;
  for (uint32_t i = 0; i < self->split_count; i++) {
    const struct wr_split_watermark *split = &self->splits[i];
    if (i != except && split_is_active(self, split) && split->greatest_us < least)
      least = split->greatest_us;
  }
  return least;
}

static void watermarks_update(struct wr_split_watermarks *self)
{
  int64_t watermark = least_active(self, UINT32_MAX);
  if (watermark == WR_TIME_END) {
    watermark = WR_TIME_NONE;
    for (uint32_t i = 0; i < self->split_count; i++)
      if (self->splits[i].greatest_us > watermark)
        watermark = self->splits[i].greatest_us;
  }
  int64_t clock = clock_watermark(self);
  if (clock > watermark)
    watermark = clock;
  if (watermark > self->watermark_us)
    self->watermark_us = watermark;
}

int64_t wr_split_watermarks_clock(struct wr_split_watermarks *self, int64_t now_us)
{
  int64_t step = self->idle_timeout_us / IDLE_STEPS + 1;
  int64_t passed =
      self->clock_us == WR_TIME_NONE || now_us < self->clock_us ? 0 : now_us - self->clock_us;
  if (now_us > self->clock_us)
    self->clock_us = now_us;
  int64_t wanted = WR_TIME_END;
  for (uint32_t i = 0; i < self->split_count; i++) {
    struct wr_split_watermark *split = &self->splits[i];
    if (!split_is_quiet(self, split) || split->quiet_us >= self->idle_timeout_us)
      continue;
    split->quiet_us += passed < step ? passed : step;
    int64_t left = self->idle_timeout_us - split->quiet_us;
    if (left > 0 && self->clock_us + (left < step ? left : step) < wanted)
      wanted = self->clock_us + (left < step ? left : step);
  }
  if (clock_watermark(self) != WR_TIME_NONE && self->clock_us + FOLLOW_STEP_US < wanted)
    wanted = self->clock_us + FOLLOW_STEP_US;
  watermarks_update(self);
  return wanted;
}

void wr_split_watermarks_phase(struct wr_split_watermarks *self, uint32_t split,
                               enum wr_split_phase phase)
{
  assert(split < self->split_count && phase < WR_SPLIT_PHASE_COUNT);
  if (self->splits[split].phase != phase)
    self->splits[split].quiet_us = 0;
  self->splits[split].phase = phase;
  watermarks_update(self);
}

void wr_split_watermarks_rows(struct wr_split_watermarks *self, uint32_t split,
                              const int64_t *values, uint32_t count, int64_t *before)
{
  assert(split < self->split_count);
  if (count == 0)
    return;
  struct wr_split_watermark *at = &self->splits[split];
  int64_t watermark = self->watermark_us, greatest = at->greatest_us,
          others = least_active(self, split);
  at->quiet_us = 0; /* it speaks: it counts again, from its first row on */
  for (uint32_t i = 0; i < count; i++) {
    int64_t least = greatest < others ? greatest : others;
    if (least > watermark)
      watermark = least;
    if (before)
      before[i] = watermark;
    if (values[i] > greatest)
      greatest = values[i];
  }
  at->greatest_us = greatest;
  self->watermark_us = watermark;
  watermarks_update(self);
}

void wr_split_watermarks_save(const struct wr_split_watermarks *self, const char *const *names,
                              struct wr_part_writer *part)
{
  wr_part_put_u64(part, self->split_count);
  for (uint32_t i = 0; i < self->split_count; i++) {
    wr_part_put_bytes(part, names[i], strlen(names[i]));
    wr_part_put_i64(part, self->splits[i].greatest_us);
  }
  wr_part_put_i64(part, self->watermark_us);
}

/* Takes one split's value if the split is ours; true if it is. */
static bool load_split(struct wr_split_watermarks *self, const char *const *names, const char *name,
                       size_t length, int64_t greatest_us)
{
  for (uint32_t i = 0; i < self->split_count; i++) {
    if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) {
      self->splits[i].greatest_us = greatest_us;
      return true;
    }
  }
  return false;
}

enum wr_code wr_split_watermarks_load(struct wr_split_watermarks *self, const char *const *names,
                                      struct wr_part_reader *part, struct wr_error *err)
{
  uint64_t count;
  enum wr_code code = wr_part_get_u64(part, &count, err);
  bool ours = false;
  for (uint64_t i = 0; code == WR_OK && i < count; i++) {
    const char *name;
    size_t length;
    int64_t greatest_us;
    code = wr_part_get_bytes(part, &name, &length, err);
    if (code == WR_OK)
      code = wr_part_get_i64(part, &greatest_us, err);
    if (code == WR_OK)
      ours |= load_split(self, names, name, length, greatest_us);
  }
  int64_t watermark_us;
  if (code == WR_OK)
    code = wr_part_get_i64(part, &watermark_us, err);
  if (code != WR_OK || !ours)
    return code;
  /* Splits of several old tasks meet here: none of them has seen more than the least of those
   * tasks' watermarks. */
  if (!self->loaded || watermark_us < self->watermark_us)
    self->watermark_us = watermark_us;
  self->loaded = true;
  return WR_OK;
}
