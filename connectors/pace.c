/* SPDX-License-Identifier: Apache-2.0 */
/* How records are dealt to splits, and when they are due; splits take turns. */
#include "connectors/pace.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/time.h"

#define PACE_PULSE_US INT64_C(10000) /* records that fall due within this time come together */

/* ---- splits */

void wr_pace_discover(const char *word, uint32_t split_count, int64_t begun_us,
                      struct wr_arena *arena, struct wr_split **splits)
{
  *splits = WR_NEW_ARRAY(arena, struct wr_split, split_count);
  char *position = wr_arena_print(arena, "0 %" PRId64, begun_us);
  for (uint32_t i = 0; i < split_count; i++)
    (*splits)[i] = (struct wr_split){wr_arena_print(arena, "%s-%u", word, i), position};
}

static void pace_open_split(struct wr_pace *pace, struct wr_pace_split *split,
                            const struct wr_split *from, int64_t begun_us)
{
  size_t length = strlen(pace->word);
  bool known = strncmp(from->name, pace->word, length) == 0 &&
               sscanf(from->name + length, "-%" SCNd64, &split->index) == 1;
  assert(known && split->index >= 0 && split->index < pace->stride);
  (void)known;
  split->begun_us = begun_us;
  if (from->position)
    sscanf(from->position, "%" SCNd64 " %" SCNd64, &split->made, &split->begun_us);
  split->first = split->made;
  split->total = INT64_MAX;
  if (pace->total != INT64_MAX) {
    split->total =
        pace->total > split->index ? (pace->total - split->index - 1) / pace->stride + 1 : 0;
    pace->reader->progress_total += (uint64_t)split->total;
    pace->reader->progress_done += (uint64_t)split->made;
  }
}

void wr_pace_open(struct wr_pace *pace, const struct wr_split *splits, int64_t begun_us,
                  struct wr_reader *reader, struct wr_arena *arena)
{
  assert(pace->word && pace->stride > 0 && pace->rate >= 0 && pace->count_max > 0);
  pace->reader = reader;
  pace->started_us = wr_monotonic_us();
  pace->splits = WR_NEW_ARRAY(arena, struct wr_pace_split, reader->split_count + 1);
  reader->states = WR_NEW_ARRAY(arena, enum wr_split_state, reader->split_count + 1);
  for (uint32_t i = 0; i < reader->split_count; i++) {
    struct wr_pace_split *split = &pace->splits[i];
    pace_open_split(pace, split, &splits[i], begun_us);
    reader->states[i] = split->made >= split->total ? WR_SPLIT_DONE : WR_SPLIT_READING;
  }
}

/* ---- time */

/* When record number `made` of a split is due, on the monotonic clock. */
static int64_t pace_due_us(const struct wr_pace *pace, const struct wr_pace_split *split,
                           int64_t made)
{
  __int128 records = (__int128)(made - split->first) * pace->stride;
  return pace->started_us + (int64_t)(records * WR_US_PER_SECOND / pace->rate);
}

/* Records of a split that may be made now; 0: not yet, and *wake_us is when. Those that fall due
 * shortly one after another are made together by the last of them. */
static uint32_t pace_due_count(const struct wr_pace *pace, const struct wr_pace_split *split,
                               int64_t now_us, int64_t *wake_us)
{
  int64_t left = split->total - split->made;
  int64_t most = left < pace->count_max ? left : pace->count_max;
  if (pace->rate == 0)
    return (uint32_t)most;
  int64_t together = pace->rate * PACE_PULSE_US / WR_US_PER_SECOND / pace->stride;
  together = together < 1 ? 1 : together > most ? most : together;
  int64_t full_us = pace_due_us(pace, split, split->made + together - 1);
  if (full_us > now_us) {
    *wake_us = full_us < *wake_us ? full_us : *wake_us;
    return 0;
  }
  __int128 due = (__int128)(now_us - pace->started_us) * pace->rate /
                     ((__int128)WR_US_PER_SECOND * pace->stride) +
                 1 - (split->made - split->first);
  return (uint32_t)(due < together ? together : due > most ? most : due);
}

/* The next split with records to make, or UINT32_MAX and when to look again. */
static uint32_t pace_pick(struct wr_pace *pace, int64_t now_us, uint32_t *count, int64_t *wake_us)
{
  struct wr_reader *reader = pace->reader;
  for (uint32_t i = 0; i < reader->split_count; i++) {
    uint32_t s = (pace->turn + i) % reader->split_count;
    if (pace->splits[s].made >= pace->splits[s].total)
      reader->states[s] = WR_SPLIT_DONE; /* its last rows have been taken away */
    if (reader->states[s] == WR_SPLIT_DONE || (reader->held && reader->held[s]))
      continue;
    *count = pace_due_count(pace, &pace->splits[s], now_us, wake_us);
    if (*count) {
      pace->turn = s + 1;
      return s;
    }
  }
  return UINT32_MAX;
}

static bool pace_is_done(const struct wr_reader *reader)
{
  for (uint32_t i = 0; i < reader->split_count; i++)
    if (reader->states[i] != WR_SPLIT_DONE)
      return false;
  return true;
}

static void pace_wait(int64_t wait_us)
{
  struct timespec time = {wait_us / WR_US_PER_SECOND, wait_us % WR_US_PER_SECOND * 1000};
  if (wait_us > 0)
    nanosleep(&time, NULL);
}

bool wr_pace_next(struct wr_pace *pace, int wait_ms, uint32_t *split, uint32_t *count)
{
  int64_t now_us = wr_monotonic_us(), end_us = now_us + wait_ms * WR_US_PER_MS;
  for (;;) {
    int64_t wake_us = end_us;
    *split = pace_pick(pace, now_us, count, &wake_us);
    if (*split != UINT32_MAX)
      return true;
    if (now_us >= end_us || pace_is_done(pace->reader))
      return false;
    pace_wait(wake_us - now_us);
    now_us = wr_monotonic_us();
  }
}

void wr_pace_made(struct wr_pace *pace, uint32_t s, uint32_t count, uint32_t row_count,
                  struct wr_batch *batch)
{
  struct wr_pace_split *split = &pace->splits[s];
  assert(count <= split->total - split->made);
  split->made += count;
  pace->reader->progress_done += count;
  int length = snprintf(split->position, sizeof split->position, "%" PRId64 " %" PRId64,
                        split->made, split->begun_us);
  pace->run = (struct wr_run){s, 0, row_count, {split->position, (uint32_t)length}};
  batch->row_count = batch->picked_count = row_count;
  batch->runs = &pace->run;
  batch->run_count = 1;
}
