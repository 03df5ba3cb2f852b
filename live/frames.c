/* SPDX-License-Identifier: Apache-2.0 */
#include "live/frames.h"

#include <assert.h>
#include <stdlib.h>

#include "text/number.h"

#define RING_BYTES_MIN ((size_t)16 << 10)
#define RING_MARKS_MIN 256

void wr_ring_open(struct wr_ring *ring, size_t bytes_max, uint32_t marks_max, uint64_t number)
{
  *ring = (struct wr_ring){.bytes_max = bytes_max, .marks_max = marks_max};
  ring->lost = ring->last = number;
  assert(bytes_max >= RING_BYTES_MIN && (bytes_max & (bytes_max - 1)) == 0);
  assert(marks_max >= RING_MARKS_MIN && (marks_max & (marks_max - 1)) == 0);
}

void wr_ring_close(struct wr_ring *ring)
{
  free(ring->bytes);
  free(ring->marks);
  *ring = (struct wr_ring){0};
}

uint64_t wr_ring_bytes(const struct wr_ring *ring)
{
  return ring->capacity + ring->mark_capacity * sizeof *ring->marks;
}

size_t wr_ring_copy(const struct wr_ring *ring, uint64_t place, char *space, size_t room)
{
  assert(place >= ring->begin && place <= ring->end);
  size_t length = ring->end - place < room ? (size_t)(ring->end - place) : room;
  if (length == 0)
    return 0;
  size_t at = place & (ring->capacity - 1), whole = ring->capacity - at;
  size_t first = length < whole ? length : whole;
  memcpy(space, ring->bytes + at, first);
  memcpy(space + first, ring->bytes, length - first);
  return length;
}

static struct wr_ring_mark *ring_mark(const struct wr_ring *ring, uint32_t i)
{
  return &ring->marks[(ring->mark_first + i) & (ring->mark_capacity - 1)];
}

static void ring_drop_first(struct wr_ring *ring)
{
  assert(ring->mark_count > 0);
  const struct wr_ring_mark *mark = ring_mark(ring, 0);
  ring->begin = mark->end;
  ring->lost = mark->number;
  ring->mark_first = (ring->mark_first + 1) & (ring->mark_capacity - 1);
  ring->mark_count--;
}

static void ring_set_capacity(struct wr_ring *ring, size_t capacity)
{
  while (ring->end - ring->begin > capacity)
    ring_drop_first(ring);
  char *bytes = wr_memory_get(capacity);
  uint64_t place = ring->begin;
  while (place < ring->end) { /* what is next to each other in one may be cut in the other */
    size_t at = place & (capacity - 1);
    place += wr_ring_copy(ring, place, bytes + at, capacity - at);
  }
  free(ring->bytes);
  ring->bytes = bytes;
  ring->capacity = capacity;
}

static void ring_set_marks(struct wr_ring *ring, uint32_t capacity)
{
  while (ring->mark_count > capacity)
    ring_drop_first(ring);
  struct wr_ring_mark *marks = wr_memory_get(capacity * sizeof *marks);
  for (uint32_t i = 0; i < ring->mark_count; i++)
    marks[i] = *ring_mark(ring, i);
  free(ring->marks);
  ring->marks = marks;
  ring->mark_first = 0;
  ring->mark_capacity = capacity;
}

/* Room for one more mark. The first ones are always granted. */
static void ring_reserve_mark(struct wr_ring *ring, uint64_t *may_grow)
{
  uint32_t capacity = ring->mark_capacity ? ring->mark_capacity * 2 : RING_MARKS_MIN;
  uint64_t more = (capacity - ring->mark_capacity) * sizeof *ring->marks;
  if (ring->mark_count < ring->mark_capacity)
    return;
  if (ring->mark_capacity == 0 || (capacity <= ring->marks_max && more <= *may_grow)) {
    ring_set_marks(ring, capacity);
    *may_grow -= more < *may_grow ? more : *may_grow;
  } else {
    ring_drop_first(ring);
  }
}

/* Room for a frame of so many bytes, which is at most bytes_max / 2. */
static void ring_reserve(struct wr_ring *ring, size_t length, uint64_t may_grow)
{
  size_t capacity = ring->capacity ? ring->capacity : RING_BYTES_MIN;
  while (capacity < length)
    capacity *= 2; /* it would not fit at all */
  if (capacity > ring->capacity)
    ring_set_capacity(ring, capacity);
  while (ring->end - ring->begin + length > ring->capacity && ring->capacity < ring->bytes_max &&
         ring->capacity <= may_grow) {
    may_grow -= ring->capacity;
    ring_set_capacity(ring, ring->capacity * 2);
  }
  while (ring->end - ring->begin + length > ring->capacity)
    ring_drop_first(ring);
}

bool wr_ring_put(struct wr_ring *ring, uint64_t number, struct wr_slice frame, uint64_t may_grow)
{
  assert(number > ring->last);
  if (frame.length > ring->bytes_max / 2)
    return false;
  ring_reserve_mark(ring, &may_grow);
  ring_reserve(ring, frame.length, may_grow);
  size_t at = ring->end & (ring->capacity - 1), whole = ring->capacity - at;
  size_t first = frame.length < whole ? frame.length : whole;
  memcpy(ring->bytes + at, frame.bytes, first);
  memcpy(ring->bytes, frame.bytes + first, frame.length - first);
  ring->end += frame.length;
  ring->last = number;
  ring->mark_count++;
  *ring_mark(ring, ring->mark_count - 1) = (struct wr_ring_mark){number, ring->end};
  return true;
}

bool wr_ring_halve(struct wr_ring *ring)
{
  if (ring->capacity > RING_BYTES_MIN)
    ring_set_capacity(ring, ring->capacity / 2);
  else if (ring->mark_capacity <= RING_MARKS_MIN)
    return false;
  if (ring->mark_capacity > RING_MARKS_MIN)
    ring_set_marks(ring, ring->mark_capacity / 2);
  return true;
}

bool wr_ring_seek(const struct wr_ring *ring, uint64_t number, uint64_t *place)
{
  if (number < ring->lost)
    return false;
  uint32_t low = 0, high = ring->mark_count; /* marks before low are not behind number */
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (ring_mark(ring, middle)->number <= number)
      low = middle + 1;
    else
      high = middle;
  }
  *place = low == 0 ? ring->begin : ring_mark(ring, low - 1)->end;
  return true;
}

/* ---- the text of frames */

static void frame_id(struct wr_buffer *out, const char *birth, uint64_t number, char mark)
{
  char *at = wr_buffer_reserve(out, strlen(birth) + WR_I64_CHARS + 2), *begin = at;
  size_t length = strlen(birth);
  memcpy(at, birth, length);
  at += length;
  *at++ = '-';
  at += wr_format_i64((int64_t)number, at);
  if (mark)
    *at++ = mark;
  wr_buffer_added(out, (size_t)(at - begin));
}

#define PUT(out, text) wr_buffer_put(out, text, sizeof(text) - 1)

void wr_frame_row(struct wr_buffer *out, enum wr_framing framing, const char *birth,
                  uint64_t number, char mark, const char *op, struct wr_slice json)
{
  bool events = framing == WR_FRAMING_EVENTS;
  if (events)
    PUT(out, "id: ");
  else
    PUT(out, "{\"id\":\"");
  frame_id(out, birth, number, mark);
  if (events)
    PUT(out, "\ndata: {\"op\":\"");
  else
    PUT(out, "\",\"op\":\"");
  wr_buffer_put(out, op, 2);
  PUT(out, "\",\"row\":");
  wr_buffer_put(out, json.bytes, json.length);
  if (events)
    PUT(out, "}\n\n");
  else
    PUT(out, "}\n");
}

void wr_frame_event(struct wr_buffer *out, enum wr_framing framing, const char *birth,
                    uint64_t number, const char *name, const char *fields)
{
  bool events = framing == WR_FRAMING_EVENTS;
  wr_buffer_put_string(out, events ? "event: " : "{\"event\":\"");
  wr_buffer_put_string(out, name);
  if (!events)
    PUT(out, "\"");
  if (number != WR_FRAME_NO_ID) {
    wr_buffer_put_string(out, events ? "\nid: " : ",\"id\":\"");
    frame_id(out, birth, number, 0);
    if (!events)
      PUT(out, "\"");
  }
  if (events)
    PUT(out, "\ndata: {");
  else if (fields[0])
    PUT(out, ",");
  wr_buffer_put_string(out, fields);
  if (events)
    PUT(out, "}\n\n");
  else
    PUT(out, "}\n");
}
