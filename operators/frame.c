/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a frame is in an entry: a head with a text, and in the text a circle of records. A record is
 * the `until` of a pane and its states, in order of until, the oldest at number `first`:
 *
 *   | head: text, oldest, youngest, first, count, flipped, first_flip | totals |
 *             '--> | until states | until states | ...          (bytes in a text are not aligned)
 *
 * Of the aggregates of stacks the first `flipped` records hold suffixes, the others panes, and
 * `totals` the merge of those panes; of exact ones all records hold panes, and totals that of all.
 * Records are copied to aligned memory to be worked on.
 *
 * Room grows by a quarter to a half, how much says the key's hash: so keys that get their panes at
 * the same time neither grow nor flip together. A frame that has become small beside its room gives
 * it back when it grows again.
 */
#include "operators/frame.h"

#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/batch.h"
#include "core/limits.h"
#include "operators/frame_inner.h"

#define ROOM_MIN 4 /* records */

/* ---- life */

bool wr_frame_fits(const struct wr_aggregate *aggregates, uint32_t aggregate_count)
{
  for (uint32_t a = 0; a < aggregate_count; a++)
    if (aggregates[a].code->has_text || !aggregates[a].code->merge)
      return false;
  return true;
}

static uint32_t round_up(uint32_t bytes, uint32_t align)
{
  return (bytes + align - 1) / align * align;
}

struct wr_frame *wr_frame_new(const struct wr_aggregate *aggregates, uint32_t aggregate_count,
                              uint64_t flip_panes)
{
  assert(wr_frame_fits(aggregates, aggregate_count));
  struct wr_frame *frame = wr_memory_get_zero(sizeof *frame);
  frame->aggregates = aggregates;
  frame->aggregate_count = aggregate_count;
  frame->flip_panes = flip_panes;
  frame->states = wr_memory_get((aggregate_count + 1) * sizeof *frame->states);
  frame->exact = wr_memory_get((aggregate_count + 1) * sizeof *frame->exact);
  frame->stacked = wr_memory_get((aggregate_count + 1) * sizeof *frame->stacked);
  uint32_t at = 0;
  for (uint32_t a = 0; a < aggregate_count; a++) {
    const struct wr_aggregate_code *code = aggregates[a].code;
    frame->states[a] = at = round_up(at, code->state_align);
    at += code->state_bytes;
    if (code->unmerge)
      frame->exact[frame->exact_count++] = a;
    else
      frame->stacked[frame->stacked_count++] = a;
    frame->ordered = frame->ordered || code->ordered;
  }
  frame->state_bytes = round_up(at, 8);
  frame->pane_bytes = round_up(at, 16);
  frame->record_bytes = (uint32_t)sizeof(int64_t) + frame->state_bytes;
  frame->panes = wr_memory_get((size_t)WR_BATCH_ROWS * frame->pane_bytes + 16);
  frame->targets = wr_memory_get(WR_BATCH_ROWS * sizeof *frame->targets);
  frame->sources = wr_memory_get(WR_BATCH_ROWS * sizeof *frame->sources);
  return frame;
}

void wr_frame_free(struct wr_frame *frame)
{
  if (!frame)
    return;
  free(frame->states);
  free(frame->exact);
  free(frame->stacked);
  free(frame->panes);
  free(frame->targets);
  free(frame->sources);
  free(frame);
}

struct wr_state_piece wr_frame_piece(const struct wr_frame *frame)
{
  return (struct wr_state_piece){(uint32_t)sizeof(struct frame_head) + frame->pane_bytes, 16, true};
}

uint32_t wr_frame_pane_bytes(const struct wr_frame *frame)
{
  return frame->pane_bytes;
}

uint32_t wr_frame_pane_state(const struct wr_frame *frame, uint32_t aggregate)
{
  assert(aggregate < frame->aggregate_count);
  return frame->states[aggregate];
}

uint32_t wr_frame_panes_max(const struct wr_frame *frame)
{
  return WR_FRAME_BYTES_MAX / frame->record_bytes;
}

void wr_frame_pane_init(const struct wr_frame *frame, char *pane)
{
  memset(pane, 0, frame->pane_bytes);
}

/* ---- states */

/* Of some of the aggregates: what is in `from` into `to`, or out of it again; both are panes. */
void wr_frame_merge_states(const struct wr_frame *frame, const uint32_t *numbers, uint32_t count,
                           char *const *to, const char *const *from, uint32_t pane_count)
{
  struct wr_aggregate_rows rows = {.entries = to, .row_count = pane_count};
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_aggregate *aggregate = &frame->aggregates[numbers[i]];
    rows.offset = frame->states[numbers[i]];
    rows.prepared = aggregate->prepared;
    aggregate->code->merge(&rows, from);
  }
}

void wr_frame_unmerge_states(const struct wr_frame *frame, char *const *to, const char *const *from,
                             uint32_t pane_count)
{
  struct wr_aggregate_rows rows = {.entries = to, .row_count = pane_count};
  for (uint32_t i = 0; i < frame->exact_count; i++) {
    const struct wr_aggregate *aggregate = &frame->aggregates[frame->exact[i]];
    rows.offset = frame->states[frame->exact[i]];
    rows.prepared = aggregate->prepared;
    aggregate->code->unmerge(&rows, from);
  }
}

static void stacked_merge(const struct wr_frame *frame, char *to, const char *from)
{
  wr_frame_merge_states(frame, frame->stacked, frame->stacked_count, &to, &from, 1);
}
static void exact_merge(const struct wr_frame *frame, char *to, const char *from)
{
  wr_frame_merge_states(frame, frame->exact, frame->exact_count, &to, &from, 1);
}

/* Empties the states of stacks in a pane. */
static void stacked_clear(const struct wr_frame *frame, char *pane)
{
  for (uint32_t i = 0; i < frame->stacked_count; i++) {
    uint32_t a = frame->stacked[i];
    memset(pane + frame->states[a], 0, frame->aggregates[a].code->state_bytes);
  }
}

/* ---- records */

/* Merges a pane into the states of record i; of stacks only, or of all. */
static void record_merge(const struct wr_frame *frame, const struct frame_head *head, uint32_t i,
                         const char *pane, bool all)
{
  char *record = record_at(frame, head, i), *copy = frame->panes;
  record_get(frame, record, copy);
  stacked_merge(frame, copy, pane);
  if (all)
    exact_merge(frame, copy, pane);
  record_put(frame, record, record_until(record), copy);
}

/* ---- room */

/* A circle that has been cut open at its end: what lay before the cut goes to the new end. */
static void records_unroll(const struct wr_frame *frame, struct frame_head *head, uint32_t old_room)
{
  uint32_t room = head_room(frame, head);
  if (head->first + head->count <= old_room)
    return;
  char *bytes = (char *)wr_text_stored_bytes(&head->records);
  size_t from = (size_t)head->first * frame->record_bytes;
  size_t to = (size_t)(head->first + room - old_room) * frame->record_bytes;
  memmove(bytes + to, bytes + from, (size_t)(old_room - head->first) * frame->record_bytes);
  head->first += room - old_room;
}

/* Puts the records into less room. */
static void records_shrink(const struct wr_frame *frame, const struct wr_frame_place *place,
                           uint32_t room)
{
  struct frame_head *head = head_of(place->entries[place->index] + place->offset);
  uint32_t length = room * frame->record_bytes;
  char *bytes = wr_memory_get_zero(length);
  for (uint32_t i = 0; i < head->count; i++)
    memcpy(bytes + (size_t)i * frame->record_bytes, record_at(frame, head, i), frame->record_bytes);
  head->first = 0;
  place->store->put(place->store, place->index, place->offset, bytes, length);
  free(bytes);
}

static uint32_t room_wanted(const struct wr_frame *frame, uint32_t room, uint64_t hash)
{
  uint64_t chance = (hash ^ room) * UINT64_C(0x9e3779b97f4a7c15) >> 40;
  uint64_t wanted = room < ROOM_MIN ? ROOM_MIN + chance % ROOM_MIN
                                    : room + (uint64_t)room / 4 + 1 + chance % (room / 4 + 1);
  /* What a key needs when it is full, and two to spare: not more, if it is that at all. */
  if (frame->flip_panes > 0 && room < frame->flip_panes + 2 && wanted > frame->flip_panes + 2)
    wanted = frame->flip_panes + 2;
  if (wanted < ROOM_MIN)
    wanted = ROOM_MIN;
  uint32_t max = wr_frame_panes_max(frame);
  return wanted > max ? max : (uint32_t)wanted;
}

/* Makes room for one record more; the entry may move. */
void wr_frame_make_room(const struct wr_frame *frame, const struct wr_frame_place *place)
{
  struct frame_head *head = head_of(place->entries[place->index] + place->offset);
  uint32_t room = head_room(frame, head);
  if (room > FRAME_ROOM_SMALL && head->count < room / 8) {
    records_shrink(frame, place, head->count * 2 + ROOM_MIN);
  } else if (head->count == room) {
    assert(head->count < wr_frame_panes_max(frame));
    uint32_t wanted = room_wanted(frame, room, place->hash);
    place->store->grow(place->store, place->index, place->offset, wanted * frame->record_bytes);
    records_unroll(frame, head_of(place->entries[place->index] + place->offset), room);
  }
}

/* ---- flips */

/* Turns all panes into old ones: each becomes the merge of itself and those behind it. Those that
 * are old already take in all the others. */
static void frame_flip(const struct wr_frame *frame, struct frame_head *head)
{
  if (frame->stacked_count == 0 || head->flipped == head->count)
    return;
  char *younger = frame->panes, *pane = younger + frame->pane_bytes;
  record_get(frame, record_at(frame, head, head->count - 1), younger);
  for (uint32_t i = head->count - 1; i-- > head->flipped;) {
    char *record = record_at(frame, head, i);
    record_get(frame, record, pane);
    stacked_merge(frame, pane, younger);
    record_put(frame, record, record_until(record), pane);
    char *done = pane;
    pane = younger;
    younger = done;
  }
  for (uint32_t i = 0; i < head->flipped; i++) {
    char *record = record_at(frame, head, i);
    record_get(frame, record, pane);
    stacked_merge(frame, pane, younger);
    record_put(frame, record, record_until(record), pane);
  }
  stacked_clear(frame, head_totals(head));
  head->flipped = head->count;
}

/* ---- push */

/* The first pane of an empty frame finds empty totals, and says when it flips. */
void wr_frame_begin(const struct wr_frame *frame, struct frame_head *head, uint64_t hash)
{
  wr_frame_pane_init(frame, head_totals(head));
  head->first = head->flipped = 0;
  uint32_t chance = (uint32_t)(hash >> 16);
  if (frame->flip_panes == 0) /* anywhere between 8 and 16, and later between 2^n and twice that */
    head->first_flip = (8u << FRAME_FLIP_SHIFT) + chance % (8u << FRAME_FLIP_SHIFT);
  else if (frame->flip_panes > 1 && frame->flip_panes < UINT32_MAX >> FRAME_FLIP_SHIFT)
    head->first_flip = (1 + chance % (uint32_t)(frame->flip_panes - 1)) << FRAME_FLIP_SHIFT;
  else
    head->first_flip = 0;
}

/* The number of the first record whose until is not below this one. */
static uint32_t frame_search(const struct wr_frame *frame, const struct frame_head *head,
                             int64_t until)
{
  uint32_t low = 0, high = head->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (record_until(record_at(frame, head, middle)) < until)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Opens a place for a record at number `at`, on the side where fewer have to move. */
static void records_open(const struct wr_frame *frame, struct frame_head *head, uint32_t at)
{
  if (at < head->count / 2) {
    head->first = (head->first ? head->first : head_room(frame, head)) - 1;
    for (uint32_t i = 0; i < at; i++)
      memcpy(record_at(frame, head, i), record_at(frame, head, i + 1), frame->record_bytes);
  } else {
    for (uint32_t i = head->count; i > at; i--)
      memcpy(record_at(frame, head, i), record_at(frame, head, i - 1), frame->record_bytes);
  }
  head->count++;
}

/* A pane that is not the youngest. In what has been flipped it counts for all that are older. */
void wr_frame_push_late(const struct wr_frame *frame, struct frame_head *head, int64_t until,
                        const char *pane)
{
  uint32_t at = until == head->youngest ? head->count - 1 : frame_search(frame, head, until);
  bool old = at < head->flipped;
  assert(!frame->ordered || (at + 1 == head->count && !old));
  if (record_until(record_at(frame, head, at)) == until) {
    record_merge(frame, head, at, pane, true);
  } else {
    records_open(frame, head, at);
    char *record = record_at(frame, head, at);
    if (old) {
      char *suffix = frame->panes + frame->pane_bytes, *younger = frame->panes;
      words_copy(frame, suffix, pane);
      record_get(frame, record_at(frame, head, at + 1), younger);
      stacked_merge(frame, suffix, younger);
      record_put(frame, record, until, suffix);
      head->flipped++;
    } else {
      record_put(frame, record, until, pane);
    }
    head->oldest = at == 0 ? until : head->oldest;
  }
  for (uint32_t i = 0; old && i < at; i++)
    record_merge(frame, head, i, pane, false);
  char *totals = head_totals(head);
  exact_merge(frame, totals, pane);
  if (!old)
    stacked_merge(frame, totals, pane);
}

void wr_frame_flip_first(const struct wr_frame *frame, struct frame_head *head)
{
  if (head->first_flip == 0 || head->count < head->first_flip >> FRAME_FLIP_SHIFT)
    return;
  bool again = frame->flip_panes == 0 && head->first_flip <= UINT32_MAX / 2;
  head->first_flip = again ? head->first_flip * 2 : 0;
  frame_flip(frame, head);
}

void wr_frame_push(const struct wr_frame *frame, const struct wr_frame_place *place, int64_t until,
                   const char *pane)
{
  struct frame_head *head = head_of(place->entries[place->index] + place->offset);
  if (!frame_has_room(frame, head)) {
    wr_frame_make_room(frame, place);
    head = head_of(place->entries[place->index] + place->offset);
  }
  if (head->count == 0)
    wr_frame_begin(frame, head, place->hash);
  if (!head_is_next(head, until)) {
    wr_frame_push_late(frame, head, until, pane);
    return;
  }
  frame_append(frame, head, until, pane);
  exact_merge(frame, head_totals(head), pane);
  stacked_merge(frame, head_totals(head), pane);
  wr_frame_flip_first(frame, head);
}

/* ---- expire */

/* Takes `count` panes away at the old end; those of exact aggregates are out of the totals. */
void wr_frame_drop(const struct wr_frame *frame, struct frame_head *head, uint32_t count)
{
  uint32_t room = head_room(frame, head);
  head->first = head->first + count < room ? head->first + count : head->first + count - room;
  head->count -= count;
  if (head->count == 0) {
    head->flipped = 0;
    return;
  }
  head->oldest = record_until(record_at(frame, head, 0));
  if (head->flipped >= count) {
    head->flipped -= count;
    return;
  }
  head->flipped = 0; /* the totals of stacks have panes that are gone */
  head->first_flip = 0;
  frame_flip(frame, head);
}

void wr_frame_expire(const struct wr_frame *frame, char *state, uint64_t hash, int64_t passed)
{
  (void)hash;
  struct frame_head *head = head_of(state);
  uint32_t count = frame_passed(frame, head, passed);
  if (count == 0)
    return;
  for (uint32_t i = 0; frame->exact_count > 0 && i < count && count < head->count; i++) {
    char *totals = head_totals(head);
    const char *pane = frame->panes;
    record_get(frame, record_at(frame, head, i), frame->panes);
    wr_frame_unmerge_states(frame, &totals, &pane, 1);
  }
  wr_frame_drop(frame, head, count);
}

/* ---- reading */

uint32_t wr_frame_pane_count(const char *state)
{
  return head_of(state)->count;
}

int64_t wr_frame_oldest(const struct wr_frame *frame, const char *state)
{
  (void)frame;
  return head_of(state)->count ? head_of(state)->oldest : WR_TIME_END;
}

void wr_frame_total(const struct wr_frame *frame, const char *state, char *out)
{
  struct frame_head *head = head_of(state);
  if (head->count == 0) {
    wr_frame_pane_init(frame, out);
    return;
  }
  const char *totals = head_totals(head);
  memcpy(out, totals, frame->pane_bytes);
  if (frame->stacked_count == 0 || head->flipped == 0)
    return;
  record_get(frame, record_at(frame, head, 0), out); /* exact ones: not the total */
  stacked_merge(frame, out, totals);
  for (uint32_t i = 0; i < frame->exact_count; i++) {
    uint32_t a = frame->exact[i], at = frame->states[a];
    memcpy(out + at, totals + at, frame->aggregates[a].code->state_bytes);
  }
}

void wr_frame_fetch(const struct wr_frame *frame, const char *state)
{
  const struct frame_head *head = head_of(state);
  if (head->records.length == 0)
    return;
  const char *oldest = record_at(frame, head, 0);
  __builtin_prefetch(oldest, 1);
  __builtin_prefetch(oldest + frame->record_bytes + sizeof(int64_t), 1);
  __builtin_prefetch(record_at(frame, head, head->count), 1);
}
