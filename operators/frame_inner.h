/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of frames share: frame.c (the frame of one key), frame_all.c (many keys at once).
 */
#ifndef WEIR_OPERATORS_FRAME_INNER_H
#define WEIR_OPERATORS_FRAME_INNER_H

#include "core/text.h"
#include "operators/frame.h"

#define FRAME_FLIP_SHIFT 12 /* bits of the fraction of first_flip */
#define FRAME_ROOM_SMALL 32 /* room up to here is not given back */

struct frame_head {
  struct wr_text records; /* its length is the room */
  int64_t oldest, youngest;
  uint32_t first, count, flipped;
  uint32_t first_flip; /* at how many panes, with a fraction, the next flip comes that nothing
                          forces; 0: none */
};
_Static_assert(sizeof(struct frame_head) % 16 == 0, "totals follow");

struct wr_frame {
  const struct wr_aggregate *aggregates;
  uint32_t aggregate_count;
  uint32_t *states;     /* per aggregate: its place in a pane */
  uint32_t pane_bytes;  /* rounded up to 16 */
  uint32_t state_bytes; /* of which states */
  uint32_t record_bytes;
  uint32_t *exact, *stacked; /* numbers of aggregates */
  uint32_t exact_count, stacked_count;
  bool ordered;
  uint64_t flip_panes;
  char *panes; /* scratch: of a batch */
  char **targets;
  const char **sources;
};

static inline struct frame_head *head_of(const char *state)
{
  return (struct frame_head *)(uintptr_t)state;
}

static inline char *head_totals(struct frame_head *head)
{
  return (char *)(head + 1);
}

static inline uint32_t head_room(const struct wr_frame *frame, const struct frame_head *head)
{
  return head->records.length / frame->record_bytes;
}

/* Record i, counted from the oldest. */
static inline char *record_at(const struct wr_frame *frame, const struct frame_head *head,
                              uint32_t i)
{
  uint64_t at = ((uint64_t)head->first + i) * frame->record_bytes;
  uint64_t end = (uint64_t)head_room(frame, head) * frame->record_bytes;
  return (char *)wr_text_stored_bytes(&head->records) + (at < end ? at : at - end);
}

static inline int64_t record_until(const char *record)
{
  int64_t until;
  memcpy(&until, record, sizeof until);
  return until;
}

/* Few bytes: a loop is faster than a call. */
static inline void words_copy(const struct wr_frame *frame, char *to, const char *from)
{
  for (uint32_t i = 0; i < frame->state_bytes; i += 8) {
    uint64_t word;
    memcpy(&word, from + i, sizeof word);
    memcpy(to + i, &word, sizeof word);
  }
}

static inline void record_get(const struct wr_frame *frame, const char *record, char *pane)
{
  words_copy(frame, pane, record + sizeof(int64_t));
}

static inline void record_put(const struct wr_frame *frame, char *record, int64_t until,
                              const char *pane)
{
  memcpy(record, &until, sizeof until);
  words_copy(frame, record + sizeof until, pane);
}

static inline bool frame_has_room(const struct wr_frame *frame, const struct frame_head *head)
{
  uint32_t room = head_room(frame, head);
  return head->count < room && (room <= FRAME_ROOM_SMALL || head->count >= room / 8);
}

/* Appends the youngest pane; its states are not in the totals yet. There is room. */
static inline void frame_append(const struct wr_frame *frame, struct frame_head *head,
                                int64_t until, const char *pane)
{
  record_put(frame, record_at(frame, head, head->count), until, pane);
  head->oldest = head->count == 0 ? until : head->oldest;
  head->youngest = until;
  head->count++;
}

/* Whether a pane of this until goes behind the youngest one. */
static inline bool head_is_next(const struct frame_head *head, int64_t until)
{
  return head->count == 0 || until > head->youngest ||
         (until == head->youngest && head->flipped == head->count);
}

/* How many panes are over. */
static inline uint32_t frame_passed(const struct wr_frame *frame, const struct frame_head *head,
                                    int64_t passed)
{
  if (head->count == 0 || head->oldest > passed)
    return 0;
  uint32_t count = 1;
  while (count < head->count && record_until(record_at(frame, head, count)) <= passed)
    count++;
  return count;
}

/* Of some of the aggregates: what is in the panes `from` goes into those of `to`. */
void wr_frame_merge_states(const struct wr_frame *frame, const uint32_t *numbers, uint32_t count,
                           char *const *to, const char *const *from, uint32_t pane_count);
/* Of the exact ones: what is in `from` goes out of `to`. */
void wr_frame_unmerge_states(const struct wr_frame *frame, char *const *to, const char *const *from,
                             uint32_t pane_count);
/* Makes room for one record more; the entry may move. */
void wr_frame_make_room(const struct wr_frame *frame, const struct wr_frame_place *place);
/* The first pane of an empty frame finds empty totals, and says when it flips. */
void wr_frame_begin(const struct wr_frame *frame, struct frame_head *head, uint64_t hash);
/* A pane that is not the youngest. In what has been flipped it counts for all that are older. */
void wr_frame_push_late(const struct wr_frame *frame, struct frame_head *head, int64_t until,
                        const char *pane);
/* After a push: the first flip, if it is time. */
void wr_frame_flip_first(const struct wr_frame *frame, struct frame_head *head);
/* Takes `count` panes away at the old end; those of exact aggregates are out of the totals. */
void wr_frame_drop(const struct wr_frame *frame, struct frame_head *head, uint32_t count);

#endif
