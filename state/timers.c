/* SPDX-License-Identifier: Apache-2.0 */
/* The usual heap in an array. */
#include "state/timers.h"

#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/batch.h"

void wr_timers_free(struct wr_timers *timers)
{
  free(timers->heap);
  *timers = (struct wr_timers){0};
}

static bool timer_before(const struct wr_timer *a, const struct wr_timer *b)
{
  return a->time_us != b->time_us ? a->time_us < b->time_us : a->payload < b->payload;
}

void wr_timers_add(struct wr_timers *timers, int64_t time_us, uint64_t payload)
{
  assert(timers->count < UINT32_MAX / 2);
  if (timers->count == timers->capacity) {
    timers->capacity = timers->capacity ? 2 * timers->capacity : 16;
    timers->heap = wr_memory_resize(timers->heap, timers->capacity * sizeof *timers->heap);
  }
  struct wr_timer timer = {time_us, payload};
  uint32_t at = timers->count++;
  while (at > 0 && timer_before(&timer, &timers->heap[(at - 1) / 2])) {
    timers->heap[at] = timers->heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  timers->heap[at] = timer;
}

int64_t wr_timers_next(const struct wr_timers *timers)
{
  return timers->count ? timers->heap[0].time_us : WR_TIME_END;
}

bool wr_timers_take(struct wr_timers *timers, int64_t now_us, struct wr_timer *out)
{
  if (timers->count == 0 || timers->heap[0].time_us > now_us)
    return false;
  *out = timers->heap[0];
  struct wr_timer last = timers->heap[--timers->count];
  uint32_t at = 0;
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= timers->count)
      break;
    if (child + 1 < timers->count && timer_before(&timers->heap[child + 1], &timers->heap[child]))
      child++;
    if (!timer_before(&timers->heap[child], &last))
      break;
    timers->heap[at] = timers->heap[child];
    at = child;
  }
  timers->heap[at] = last; /* of no meaning when it was the only one */
  return true;
}

void wr_timers_save(const struct wr_timers *timers, struct wr_part_writer *part)
{
  wr_part_put_u64(part, timers->count);
  for (uint32_t i = 0; i < timers->count; i++) {
    wr_part_put_i64(part, timers->heap[i].time_us);
    wr_part_put_u64(part, timers->heap[i].payload);
  }
}

enum wr_code wr_timers_load(struct wr_timers *timers, struct wr_part_reader *part,
                            struct wr_error *err)
{
  uint64_t count;
  enum wr_code code = wr_part_get_u64(part, &count, err);
  for (uint64_t i = 0; code == WR_OK && i < count; i++) {
    struct wr_timer timer = {0};
    code = wr_part_get_i64(part, &timer.time_us, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &timer.payload, err);
    if (code == WR_OK)
      wr_timers_add(timers, timer.time_us, timer.payload);
  }
  return code;
}
