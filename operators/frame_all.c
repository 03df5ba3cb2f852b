/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of many keys at once: aggregates are called once for all of them, and records, which lie
 * anywhere in memory, are fetched some keys ahead.
 */
#include <assert.h>

#include "core/batch.h"
#include "operators/frame_inner.h"

#define AHEAD 24 /* keys whose records are fetched beforehand */

static inline struct frame_head *places_head(const struct wr_frame_places *places, uint32_t i)
{
  return head_of(places->entries[i] + places->offset);
}

/* Fetches a record of a key that comes soon, and the head of one that comes later. */
static inline void places_fetch(const struct wr_frame *frame, const struct wr_frame_places *places,
                                uint32_t i, bool young)
{
  if (i + AHEAD < places->count) {
    const char *later = places->entries[i + AHEAD] + places->offset;
    __builtin_prefetch(later, 1);
    __builtin_prefetch(later + sizeof(struct frame_head), 1);
  }
  if (i >= places->count)
    return;
  const struct frame_head *head = places_head(places, i);
  if (head->records.length == 0)
    return;
  const char *record = record_at(frame, head, young ? head->count : 0);
  __builtin_prefetch(record, 1);
  __builtin_prefetch(record + frame->record_bytes + sizeof(int64_t) - 1,
                     1); /* and the next until */
}

/* Merges the panes of targets and sources into the totals. */
static void batch_merge(struct wr_frame *frame, uint32_t count)
{
  const char *const *sources = (const char *const *)frame->sources;
  wr_frame_merge_states(frame, frame->exact, frame->exact_count, frame->targets, sources, count);
  wr_frame_merge_states(frame, frame->stacked, frame->stacked_count, frame->targets, sources,
                        count);
}

void wr_frame_push_all(struct wr_frame *frame, const struct wr_frame_places *places, int64_t until,
                       const char *const *panes)
{
  assert(places->count <= WR_BATCH_ROWS);
  for (uint32_t i = 0; i < places->count; i++) { /* entries may move here, and only here */
    if (frame_has_room(frame, places_head(places, i)))
      continue;
    const struct wr_frame_place place = {
        places->entries, i, places->offset,
        *(const uint64_t *)(const void *)(places->entries[i] + places->hash_at), places->store};
    wr_frame_make_room(frame, &place);
  }
  uint32_t count = 0;
  for (uint32_t i = 0; i < places->count; i++) {
    places_fetch(frame, places, i + AHEAD, true);
    struct frame_head *head = places_head(places, i);
    if (head->count == 0)
      wr_frame_begin(frame, head,
                     *(const uint64_t *)(const void *)(places->entries[i] + places->hash_at));
    if (!head_is_next(head, until)) {
      wr_frame_push_late(frame, head, until, panes[i]);
      continue;
    }
    frame_append(frame, head, until, panes[i]);
    frame->targets[count] = head_totals(head);
    frame->sources[count++] = panes[i];
  }
  batch_merge(frame, count);
  for (uint32_t i = 0; frame->stacked_count > 0 && i < places->count; i++)
    wr_frame_flip_first(frame, places_head(places, i));
}

void wr_frame_expire_all(struct wr_frame *frame, const struct wr_frame_places *places,
                         int64_t passed)
{
  const char *const *sources = (const char *const *)frame->sources;
  uint32_t first = 0;
  while (first < places->count) {
    /* Panes of exact aggregates are gathered; two are left for flips. */
    uint32_t gathered = 0, i = first;
    for (; i < places->count && gathered + 2 < WR_BATCH_ROWS; i++) {
      places_fetch(frame, places, i + AHEAD, false);
      struct frame_head *head = places_head(places, i);
      uint32_t over = frame_passed(frame, head, passed);
      if (over != 1 || head->count == 1 || frame->exact_count == 0)
        continue;
      char *pane = frame->panes + (size_t)(2 + gathered) * frame->pane_bytes;
      record_get(frame, record_at(frame, head, 0), pane);
      frame->targets[gathered] = head_totals(head);
      frame->sources[gathered++] = pane;
    }
    wr_frame_unmerge_states(frame, frame->targets, sources, gathered);
    for (; first < i; first++) {
      struct frame_head *head = places_head(places, first);
      uint32_t over = frame_passed(frame, head, passed);
      if (over == 1)
        wr_frame_drop(frame, head, 1);
      else if (over > 1)
        wr_frame_expire(frame, (char *)head, 0, passed);
    }
  }
}

void wr_frame_total_all(struct wr_frame *frame, const struct wr_frame_places *places,
                        const char **totals)
{
  assert(places->count <= WR_BATCH_ROWS);
  if (frame->stacked_count == 0) {
    for (uint32_t i = 0; i < places->count; i++)
      totals[i] = head_totals(places_head(places, i));
    return;
  }
  uint32_t count = 0;
  for (uint32_t i = 0; i < places->count; i++) {
    places_fetch(frame, places, i + AHEAD, false);
    struct frame_head *head = places_head(places, i);
    totals[i] = head_totals(head);
    if (head->count == 0 || head->flipped == 0)
      continue;
    char *pane = frame->panes + (size_t)i * frame->pane_bytes;
    record_get(frame, record_at(frame, head, 0), pane);
    for (uint32_t e = 0; e < frame->exact_count; e++) {
      uint32_t a = frame->exact[e], at = frame->states[a];
      memcpy(pane + at, totals[i] + at, frame->aggregates[a].code->state_bytes);
    }
    frame->targets[count] = pane;
    frame->sources[count++] = totals[i];
    totals[i] = pane;
  }
  wr_frame_merge_states(frame, frame->stacked, frame->stacked_count, frame->targets,
                        (const char *const *)frame->sources, count);
}
