/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots: the newest rows of a way as frames. The latest one of a way is kept and given to
 * everybody who comes as long as not much has been told since; a crowd that comes at once costs one
 * of them. Who reads it and goes on at its place in the ring gets all frames since then.
 */
#include <assert.h>
#include <stdlib.h>

#include "live/inside.h"

#define SNAPSHOT_BEHIND_BYTES 65536 /* of frames that who gets an older snapshot reads besides */

void wr_snapshot_let_go(struct wr_hub *hub, struct wr_snapshot *snapshot)
{
  assert(snapshot->holders > 0);
  if (--snapshot->holders > 0)
    return;
  atomic_fetch_sub(&hub->kept_bytes, snapshot->bytes);
  wr_buffer_free(&snapshot->frames);
  free(snapshot->begins);
  free(snapshot);
}

/* Where the newest so many rows begin that the way shows; *count is how many there are. */
static struct wr_newest_entry *snapshot_begin(const struct wr_way *way, uint64_t rows,
                                              uint32_t *count, bool *all)
{
  struct wr_newest_entry *entry = way->feed->newest.last, *first = NULL;
  *count = 0;
  *all = true;
  for (; entry; entry = entry->older) {
    if (!(entry->shown >> way->slot & 1))
      continue;
    if (*count == rows) {
      *all = false;
      break;
    }
    first = entry;
    ++*count;
  }
  return first;
}

static void snapshot_put_rows(struct wr_snapshot *snapshot, struct wr_way *way,
                              struct wr_newest_entry *entry)
{
  struct wr_feed *feed = way->feed;
  struct wr_newest_entry *some[WR_LIVE_CHUNK_ROWS];
  while (entry) {
    uint32_t count = 0;
    wr_row_unpack_begin(&feed->packer);
    for (; entry && count < WR_LIVE_CHUNK_ROWS; entry = entry->newer) {
      if (!(entry->shown >> way->slot & 1))
        continue;
      wr_row_unpack_add(&feed->packer, (struct wr_slice){entry->row, entry->row_bytes});
      some[count++] = entry;
    }
    struct wr_batch batch = wr_row_unpack_view(&feed->packer);
    for (uint32_t i = 0; i < count; i++) {
      snapshot->begins[snapshot->row_count++] = snapshot->frames.length;
      wr_frame_row(&snapshot->frames, way->framing, feed->birth, some[i]->number, 's', "+I",
                   wr_feed_json(feed, &batch, i));
    }
  }
}

static struct wr_snapshot *snapshot_make(struct wr_way *way, uint64_t rows)
{
  struct wr_feed *feed = way->feed;
  struct wr_hub *hub = feed->hub;
  bool all;
  uint32_t count;
  struct wr_newest_entry *first = snapshot_begin(way, rows, &count, &all);
  uint64_t guess = 0; /* as text, a row is mostly longer than packed */
  for (struct wr_newest_entry *entry = first; entry; entry = entry->newer)
    guess += entry->shown >> way->slot & 1 ? entry->row_bytes * UINT64_C(2) + 64 : 0;
  if (guess > wr_hub_last_room(hub))
    return NULL;
  struct wr_snapshot *snapshot = wr_memory_get_zero(sizeof *snapshot);
  snapshot->holders = 1;
  snapshot->all = all;
  snapshot->complete = all && !feed->incomplete;
  snapshot->number = way->over ? way->end_number - 1 : feed->number;
  snapshot->place = way->over ? way->end_place : way->ring.end;
  snapshot->begins = wr_memory_get((count + 1) * sizeof *snapshot->begins);
  snapshot_put_rows(snapshot, way, first);
  assert(snapshot->row_count == count);
  snapshot->begins[count] = snapshot->frames.length;
  snapshot->bytes =
      sizeof *snapshot + snapshot->frames.capacity + (count + 1) * sizeof *snapshot->begins;
  atomic_fetch_add(&hub->kept_bytes, snapshot->bytes);
  if (snapshot->bytes > guess && wr_hub_last_room(hub) == 0) {
    wr_snapshot_let_go(hub, snapshot);
    return NULL;
  }
  return snapshot;
}

static bool snapshot_serves(const struct wr_snapshot *snapshot, const struct wr_way *way,
                            uint64_t rows)
{
  size_t behind_max = snapshot->frames.length / 2 + SNAPSHOT_BEHIND_BYTES;
  return (snapshot->all || snapshot->row_count >= rows) && snapshot->place >= way->ring.begin &&
         way->ring.end - snapshot->place <= behind_max;
}

struct wr_snapshot *wr_snapshot_get(struct wr_way *way, uint64_t row_count)
{
  if (!way->snapshot || !snapshot_serves(way->snapshot, way, row_count)) {
    if (way->ticks)
      wr_way_tick(way); /* so that what followers have is what the entries say */
    wr_way_forget_snapshot(way);
    way->snapshot = snapshot_make(way, row_count);
    if (!way->snapshot)
      return NULL;
  }
  way->snapshot->holders++;
  return way->snapshot;
}
