/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: rows and events as the bytes that followers get, and the ring that holds those of one way
 * of following. All who follow alike read the same bytes, each from a place of his own; one read
 * copies as many frames as there are. Places only grow; what lies before `begin` is gone.
 *
 *   begin          place           end
 *   | id: a1-7 ... | id: a1-9 ...  |     marks: (7, its end) (9, its end)
 */
#ifndef WEIR_LIVE_FRAMES_H
#define WEIR_LIVE_FRAMES_H

#include "live/hub.h"

struct wr_ring_mark {
  uint64_t number, end; /* of the row or event; the place behind its frame */
};

struct wr_ring {
  char *bytes;
  size_t capacity, bytes_max; /* capacity: 0 or a power of two */
  uint64_t begin, end;        /* places */
  struct wr_ring_mark *marks; /* a ring as well */
  uint32_t mark_first, mark_count, mark_capacity, marks_max;
  uint64_t lost; /* the greatest number whose frame is not here any more, or never was */
  uint64_t last; /* the greatest number of all */
};

/* number: of the last row before the first frame. */
void wr_ring_open(struct wr_ring *ring, size_t bytes_max, uint32_t marks_max, uint64_t number);
void wr_ring_close(struct wr_ring *ring);
uint64_t wr_ring_bytes(const struct wr_ring *ring); /* memory */
/* Appends a frame; numbers ascend. may_grow: so many more bytes of memory may be taken; otherwise
 * the oldest frames make room. False: it is too long for this ring. */
bool wr_ring_put(struct wr_ring *ring, uint64_t number, struct wr_slice frame, uint64_t may_grow);
/* Drops the older half of what it can hold, and the memory. False: it is as small as can be. */
bool wr_ring_halve(struct wr_ring *ring);
/* The place behind the frames of all numbers up to this one; false: some behind it are gone, or it
 * has not come yet. */
bool wr_ring_seek(const struct wr_ring *ring, uint64_t number, uint64_t *place);
/* Copies from a place that is not gone; returns how many bytes. */
size_t wr_ring_copy(const struct wr_ring *ring, uint64_t place, char *space, size_t room);

/* ---- the text of frames, appended. birth: as in ids */

/* mark: 0, or a character behind the number: no id to come back with */
void wr_frame_row(struct wr_buffer *out, enum wr_framing framing, const char *birth,
                  uint64_t number, char mark, const char *op, struct wr_slice json);
#define WR_FRAME_NO_ID UINT64_MAX
/* fields: `"rows":3` or "". */
void wr_frame_event(struct wr_buffer *out, enum wr_framing framing, const char *birth,
                    uint64_t number, const char *name, const char *fields);

#endif
