/* SPDX-License-Identifier: Apache-2.0 */
/* Entries are overwritten in turn; each is one piece of memory with all its texts. */
#include "runtime/reject_ring.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/time.h"
#include "runtime/look.h"

#define RING_PER_SECOND 200 /* that are taken, of all tasks together */

struct ring_entry {
  struct wr_execution_reject reject; /* its texts lie in bytes */
  char *bytes;
};

struct wr_reject_ring {
  pthread_mutex_t lock;
  struct ring_entry entries[WR_LOOK_REJECTS];
  uint64_t count; /* taken so far; the newest is that one's */
  /* About so many are taken until then; not exact, which does not matter. */
  _Atomic int64_t left, until_us;
};

struct wr_reject_ring *wr_reject_ring_new(void)
{
  struct wr_reject_ring *ring = wr_memory_get_zero(sizeof *ring);
  pthread_mutex_init(&ring->lock, NULL);
  return ring;
}

void wr_reject_ring_free(struct wr_reject_ring *ring)
{
  if (!ring)
    return;
  for (uint32_t i = 0; i < WR_LOOK_REJECTS; i++)
    free(ring->entries[i].bytes);
  pthread_mutex_destroy(&ring->lock);
  free(ring);
}

bool wr_reject_ring_wants(struct wr_reject_ring *ring)
{
  if (atomic_load_explicit(&ring->left, memory_order_relaxed) > 0)
    return true;
  int64_t now_us = wr_monotonic_us();
  if (now_us < atomic_load_explicit(&ring->until_us, memory_order_relaxed))
    return false;
  atomic_store_explicit(&ring->until_us, now_us + WR_US_PER_SECOND, memory_order_relaxed);
  atomic_store_explicit(&ring->left, RING_PER_SECOND, memory_order_relaxed);
  return true;
}

/* Texts are cut at a character of UTF-8, raw bytes anywhere. */
static size_t ring_length(const char *bytes, size_t length, bool is_text)
{
  if (length <= WR_LOOK_RAW_BYTES)
    return length;
  length = WR_LOOK_RAW_BYTES;
  while (is_text && length > 0 && ((unsigned char)bytes[length] & 0xC0) == 0x80)
    length--;
  return length;
}

static const char *ring_text(char **at, const char *text)
{
  if (!text)
    return NULL;
  size_t length = ring_length(text, strlen(text), true);
  char *start = *at;
  memcpy(start, text, length);
  start[length] = '\0';
  *at += length + 1;
  return start;
}

static struct wr_slice ring_slice(char **at, struct wr_slice slice)
{
  uint32_t length = slice.bytes ? (uint32_t)ring_length(slice.bytes, slice.length, false) : 0;
  struct wr_slice out = {slice.bytes ? *at : NULL, length};
  if (length)
    memcpy(*at, slice.bytes, length);
  *at += length;
  return out;
}

/* Copies all that a reject points at to *at, which moves behind it. */
static struct wr_execution_reject ring_copy(const struct wr_execution_reject *reject, char **at)
{
  struct wr_execution_reject out = *reject;
  out.message = ring_text(at, reject->message);
  out.source = ring_text(at, reject->source);
  out.split = ring_text(at, reject->split);
  out.statement = ring_text(at, reject->statement);
  out.position = ring_slice(at, reject->position);
  out.raw = ring_slice(at, reject->raw);
  return out;
}

static size_t ring_bytes(const struct wr_execution_reject *reject)
{
  const char *const texts[] = {reject->message, reject->source, reject->split, reject->statement};
  size_t bytes = 1; /* never none */
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    bytes += texts[i] ? ring_length(texts[i], strlen(texts[i]), true) + 1 : 0;
  bytes += ring_length(reject->position.bytes, reject->position.length, false);
  return bytes + ring_length(reject->raw.bytes, reject->raw.length, false);
}

void wr_reject_ring_put(struct wr_reject_ring *ring, const struct wr_reject *reject,
                        const char *statement)
{
  if (!wr_reject_ring_wants(ring))
    return;
  atomic_fetch_sub_explicit(&ring->left, 1, memory_order_relaxed);
  const struct wr_execution_reject lent = {.time_us = reject->now_us,
                                           .kind = reject->kind,
                                           .message = reject->message,
                                           .source = reject->source,
                                           .split = reject->split,
                                           .statement = statement,
                                           .position = reject->position,
                                           .raw = reject->raw};
  char *bytes = wr_memory_get(ring_bytes(&lent)), *at = bytes;
  struct ring_entry entry = {.reject = ring_copy(&lent, &at), .bytes = bytes};
  pthread_mutex_lock(&ring->lock);
  struct ring_entry *place = &ring->entries[ring->count++ % WR_LOOK_REJECTS];
  entry.reject.number = ring->count;
  char *old = place->bytes;
  *place = entry;
  pthread_mutex_unlock(&ring->lock);
  free(old);
}

struct wr_execution_reject *wr_reject_ring_copy(struct wr_reject_ring *ring, uint32_t limit,
                                                struct wr_arena *arena, uint32_t *count)
{
  pthread_mutex_lock(&ring->lock);
  uint64_t kept = ring->count < WR_LOOK_REJECTS ? ring->count : WR_LOOK_REJECTS;
  *count = kept < limit ? (uint32_t)kept : limit;
  struct wr_execution_reject *rejects = WR_NEW_ARRAY(arena, struct wr_execution_reject, *count + 1);
  for (uint32_t i = 0; i < *count; i++) {
    const struct wr_execution_reject *reject =
        &ring->entries[(ring->count - 1 - i) % WR_LOOK_REJECTS].reject;
    char *at = wr_arena_get(arena, ring_bytes(reject));
    rejects[i] = ring_copy(reject, &at);
  }
  pthread_mutex_unlock(&ring->lock);
  return rejects;
}
