/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers what the sources of all tasks have written down of their splits. What no source can know
 * by itself is worked out here: for which of its splits the watermark of a source waits. */
#include "runtime/look.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/time.h"
#include "runtime/execution_inner.h"
#include "runtime/reject_ring.h"
#include "runtime/source_look.h"

/* ---- splits */

struct look_split {
  struct wr_execution_split out;
  bool counts; /* for the watermark */
};

struct look {
  struct look_split *splits;
  uint32_t count, room, left_out;
};

static void look_add(struct look *look, const struct wr_task *task, struct wr_arena *arena)
{
  const struct wr_task_node *head = &task->nodes[0];
  uint32_t count, left_out;
  const struct wr_look_split *splits = wr_source_look_copy(head->source, arena, &count, &left_out);
  look->left_out += left_out;
  if (look->count + count > look->room) {
    look->room = 2 * (look->count + count);
    look->splits = wr_memory_resize(look->splits, look->room * sizeof *look->splits);
  }
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_look_split *split = &splits[i];
    bool is_done = split->state == WR_SPLIT_DONE;
    look->splits[look->count++] =
        (struct look_split){.out = {.node = head->plan->id,
                                    .copy = task->copy,
                                    .name = split->name,
                                    .position = split->position,
                                    .state = split->state,
                                    .state_since_us = split->state_since_us,
                                    .watermark_us = split->watermark_us,
                                    .idle = split->has_watermark && !split->counts && !is_done,
                                    .held = split->held,
                                    .behind_records = split->behind_records,
                                    .behind_ms = split->behind_ms,
                                    .rows = split->rows,
                                    .bytes = split->bytes,
                                    .throttles = split->throttles},
                            .counts = split->counts};
  }
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* "clicks-9" stands before "clicks-10". */
static int name_compare(const char *a, const char *b)
{
  for (; *a && *b; a++, b++) {
    if (is_digit(*a) && is_digit(*b)) {
      size_t a_zeros = strspn(a, "0"), b_zeros = strspn(b, "0");
      size_t a_length = strspn(a + a_zeros, "0123456789");
      size_t b_length = strspn(b + b_zeros, "0123456789");
      if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
      int order = memcmp(a + a_zeros, b + b_zeros, a_length);
      if (order || a_zeros != b_zeros)
        return order ? order : a_zeros < b_zeros ? -1 : 1;
      a += a_zeros + a_length - 1;
      b += b_zeros + b_length - 1;
    } else if (*a != *b) {
      break;
    }
  }
  return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

static int split_compare(const void *left, const void *right)
{
  const struct wr_execution_split *a = &((const struct look_split *)left)->out;
  const struct wr_execution_split *b = &((const struct look_split *)right)->out;
  if (a->node != b->node)
    return a->node < b->node ? -1 : 1;
  return name_compare(a->name, b->name);
}

/* Splits of one source: those that count and are behind all others that do. If none is ahead of
 * them nobody waits. */
static void splits_find_holds(struct look_split *splits, uint32_t count)
{
  int64_t least = INT64_MAX, greatest = INT64_MIN;
  for (uint32_t i = 0; i < count; i++) {
    if (!splits[i].counts)
      continue;
    least = splits[i].out.watermark_us < least ? splits[i].out.watermark_us : least;
    greatest = splits[i].out.watermark_us > greatest ? splits[i].out.watermark_us : greatest;
  }
  for (uint32_t i = 0; i < count; i++)
    splits[i].out.holds =
        splits[i].counts && splits[i].out.watermark_us == least && least < greatest;
}

/* Takes splits away from the end, as many as there are too many: those that are DONE first. */
static void look_cut(struct look *look)
{
  uint32_t surplus = look->count > WR_LOOK_SPLITS_MAX ? look->count - WR_LOOK_SPLITS_MAX : 0;
  uint32_t done = 0, kept = 0;
  look->left_out += surplus;
  for (uint32_t i = 0; i < look->count; i++)
    done += look->splits[i].out.state == WR_SPLIT_DONE;
  uint32_t done_left = done > surplus ? done - surplus : 0;
  uint32_t open_left = WR_LOOK_SPLITS_MAX - (surplus ? done_left : 0);
  for (uint32_t i = 0; surplus && i < look->count; i++) {
    uint32_t *left = look->splits[i].out.state == WR_SPLIT_DONE ? &done_left : &open_left;
    if (*left == 0)
      continue;
    --*left;
    look->splits[kept++] = look->splits[i];
  }
  look->count = surplus ? kept : look->count;
}

struct wr_execution_split *wr_execution_splits(const struct wr_execution *execution,
                                               struct wr_arena *arena, uint32_t *count,
                                               uint32_t *left_out)
{
  struct look look = {0};
  for (uint32_t t = 0; t < execution->build.task_count; t++)
    if (execution->build.tasks[t]->nodes[0].source)
      look_add(&look, execution->build.tasks[t], arena);
  if (look.count)
    qsort(look.splits, look.count, sizeof *look.splits, split_compare);
  for (uint32_t i = 0, end; i < look.count; i = end) {
    for (end = i; end < look.count && look.splits[end].out.node == look.splits[i].out.node;)
      end++;
    splits_find_holds(look.splits + i, end - i);
  }
  look_cut(&look);
  struct wr_execution_split *splits =
      WR_NEW_ARRAY(arena, struct wr_execution_split, look.count + 1);
  for (uint32_t i = 0; i < look.count; i++)
    splits[i] = look.splits[i].out;
  free(look.splits);
  *count = look.count;
  *left_out = look.left_out;
  return splits;
}

/* ---- rejects */

struct wr_execution_reject *wr_execution_rejects(const struct wr_execution *execution,
                                                 uint32_t limit, struct wr_arena *arena,
                                                 uint32_t *count)
{
  return wr_reject_ring_copy(execution->shown.ring, limit, arena, count);
}
