/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows become newest rows and frames. Each row gets a number. Ways that tell at once get a frame if
 * the row passes their filter; ways that tell every so often get a mark at the entry, and make
 * their frames at the tick (way.c).
 *
 * With a key, followers see what happens to keys: +I a key they do not have, +U another row of one
 * they have, -D it is gone. A way with a filter shows a key as gone when its new row does not pass.
 * The first half of an update (-U) is no news if the second half follows; if not, it is the end of
 * its key. Without a key rows are told as they come, with their own op.
 */
#include <assert.h>

#include "core/hash.h"
#include "live/inside.h"

static const char *const change_ops[] = {"+I", "-D", "+U", "-U"}; /* by enum wr_change */

/* One wr_feed_apply under way. */
struct apply {
  struct wr_feed *feed;
  const struct wr_batch *batch;
  int64_t now_us;
  uint64_t at_once, ticking; /* ways, by their bits */
  uint64_t passes[WR_LIVE_CHUNK_ROWS];
  uint32_t row;         /* the one under way ... */
  struct wr_slice json; /* ... as text; length 0: not needed so far */
};

static uint64_t way_bit(const struct wr_way *way)
{
  return UINT64_C(1) << way->slot;
}

static void apply_filter(struct apply *apply, struct wr_way *way, const uint32_t *rows,
                         uint32_t count)
{
  uint32_t picked[WR_LIVE_CHUNK_ROWS];
  if (!way->filter) {
    for (uint32_t i = 0; i < count; i++)
      apply->passes[i] |= way_bit(way);
    return;
  }
  uint32_t picked_count = way->filter->pick(way->filter, apply->batch, rows, count, picked);
  assert(picked_count <= count);
  if (way->filter->is_spent) {
    apply->at_once &= ~way_bit(way); /* nothing is known of these rows */
    return;
  }
  for (uint32_t i = 0; i < picked_count; i++)
    apply->passes[picked[i] - rows[0]] |= way_bit(way);
}

static void apply_filters(struct apply *apply, uint32_t first, uint32_t count)
{
  uint32_t rows[WR_LIVE_CHUNK_ROWS];
  for (uint32_t i = 0; i < count; i++) {
    rows[i] = first + i;
    apply->passes[i] = 0;
  }
  for (struct wr_way *way = apply->feed->ways; way; way = way->next) {
    if (way->over)
      continue;
    if (way->every_us > 0) {
      apply->ticking |= way_bit(way);
      continue;
    }
    apply->at_once |= way_bit(way);
    apply_filter(apply, way, rows, count);
  }
}

/* Frames for ways that tell at once: op[0] for those of `first`, op[1] for those of `again`, op[2]
 * for those of `gone`. */
static void apply_tell(struct apply *apply, const char *const *ops, uint64_t first, uint64_t again,
                       uint64_t gone)
{
  struct wr_feed *feed = apply->feed;
  uint64_t all = first | again | gone;
  if (all == 0)
    return;
  if (apply->json.length == 0)
    apply->json = wr_feed_json(feed, apply->batch, apply->row);
  for (struct wr_way *way = feed->ways; way; way = way->next) {
    uint64_t bit = way_bit(way);
    if (all & bit)
      wr_way_put_row(way, feed->number,
                     first & bit   ? ops[0]
                     : again & bit ? ops[1]
                                   : ops[2],
                     apply->json);
  }
}

static void apply_mark(struct apply *apply, struct wr_newest_entry *entry, uint64_t ways)
{
  wr_newest_mark(&apply->feed->newest, entry, ways);
  for (struct wr_way *way = ways ? apply->feed->ways : NULL; way; way = way->next)
    way->ticks = way->ticks || (ways & way_bit(way));
}

/* An entry that followers may have leaves; ways that tick and have shown it tell so. */
static void apply_remove(struct apply *apply, struct wr_newest_entry *entry)
{
  struct wr_newest *newest = &apply->feed->newest;
  uint64_t tell = entry->shown & apply->ticking;
  wr_newest_unmark(newest, entry, ~tell);
  apply_mark(apply, entry, tell);
  wr_newest_remove(newest, entry, apply->feed->number);
}

/* A row is taken back that is not among the newest ones: it may have been before. */
static void apply_unknown(struct apply *apply, uint64_t hash, struct wr_slice key,
                          struct wr_slice row)
{
  struct wr_feed *feed = apply->feed;
  uint64_t tell = 0;
  for (struct wr_way *way = feed->ways; way && apply->ticking; way = way->next) {
    uint32_t picked;
    if (!(apply->ticking & way_bit(way)))
      continue;
    if (way->filter && way->filter->pick(way->filter, apply->batch, &apply->row, 1, &picked) == 0)
      continue;
    if (feed->newest.dirty_count > 2 * feed->rows_max)
      way->rows_skipped++;
    else
      tell |= way_bit(way);
  }
  if (!tell)
    return;
  struct wr_newest_entry *entry =
      wr_newest_add(&feed->newest, hash, key, row, feed->number, apply->now_us);
  entry->shown = tell;
  apply_remove(apply, entry);
}

static void apply_limit(struct apply *apply)
{
  struct wr_feed *feed = apply->feed;
  while (feed->newest.count > feed->rows_max)
    wr_feed_evict(feed, feed->newest.first);
}

/* ---- with a key */

static void keyed_put(struct apply *apply, uint64_t passes)
{
  static const char *const ops[] = {"+I", "+U", "-D"};
  struct wr_feed *feed = apply->feed;
  struct wr_newest *newest = &feed->newest;
  struct wr_slice key = wr_row_pack_key(&feed->packer, apply->batch, apply->row),
                  row = wr_row_pack(&feed->packer, apply->batch, apply->row);
  uint64_t hash = wr_hash_bytes(key.bytes, key.length, 0);
  struct wr_newest_entry *entry = wr_newest_find(newest, hash, key);
  feed->number++;
  if (entry)
    wr_newest_change(newest, entry, row, feed->number, apply->now_us);
  else
    entry = wr_newest_add(newest, hash, key, row, feed->number, apply->now_us);
  uint64_t had = entry->shown & apply->at_once;
  apply_tell(apply, ops, passes & ~had, passes & had, had & ~passes);
  entry->shown = (entry->shown & ~apply->at_once) | passes;
  apply_mark(apply, entry, apply->ticking);
  apply_limit(apply);
}

static void keyed_drop(struct apply *apply, uint64_t passes)
{
  static const char *const ops[] = {"-D", "-D", "-D"};
  struct wr_feed *feed = apply->feed;
  struct wr_slice key = wr_row_pack_key(&feed->packer, apply->batch, apply->row),
                  row = wr_row_pack(&feed->packer, apply->batch, apply->row);
  uint64_t hash = wr_hash_bytes(key.bytes, key.length, 0);
  struct wr_newest_entry *entry = wr_newest_find(&feed->newest, hash, key);
  feed->number++;
  apply_tell(apply, ops, 0, 0, entry ? entry->shown & apply->at_once : passes);
  if (entry)
    apply_remove(apply, entry);
  else
    apply_unknown(apply, hash, key, row);
}

/* Whether the next row, which must be a new one, has the same key. */
static bool keyed_is_update(struct apply *apply, uint32_t next)
{
  struct wr_feed *feed = apply->feed;
  if (next >= apply->batch->row_count || apply->batch->change[next] & WR_DELETE)
    return false;
  struct wr_slice key = wr_row_pack_key(&feed->packer, apply->batch, apply->row);
  wr_buffer_clear(&feed->frame);
  wr_buffer_put(&feed->frame, key.bytes, key.length);
  key = wr_row_pack_key(&feed->packer, apply->batch, next);
  return key.length == feed->frame.length && memcmp(key.bytes, feed->frame.bytes, key.length) == 0;
}

/* ---- without */

static void free_put(struct apply *apply, const char *op, uint64_t passes)
{
  struct wr_feed *feed = apply->feed;
  struct wr_slice row = wr_row_pack(&feed->packer, apply->batch, apply->row), none = {0};
  uint64_t hash = wr_hash_bytes(row.bytes, row.length, 0);
  struct wr_newest_entry *entry =
      wr_newest_add(&feed->newest, hash, none, row, ++feed->number, apply->now_us);
  apply_tell(apply, &op, passes, 0, 0);
  entry->shown = passes;
  apply_mark(apply, entry, apply->ticking);
  apply_limit(apply);
}

static void free_drop(struct apply *apply, const char *op, uint64_t passes)
{
  struct wr_feed *feed = apply->feed;
  struct wr_slice row = wr_row_pack(&feed->packer, apply->batch, apply->row), none = {0};
  uint64_t hash = wr_hash_bytes(row.bytes, row.length, 0);
  struct wr_newest_entry *entry = wr_newest_find(&feed->newest, hash, row);
  feed->number++;
  apply_tell(apply, &op, passes, 0, 0);
  if (entry)
    apply_remove(apply, entry);
  else
    apply_unknown(apply, hash, none, row);
}

static void apply_row(struct apply *apply, uint64_t passes)
{
  struct wr_feed *feed = apply->feed;
  bool changes = feed->changes && apply->batch->change;
  uint8_t change = changes ? apply->batch->change[apply->row] & 3 : WR_INSERT;
  if (feed->key_count == 0)
    (change & WR_DELETE ? free_drop : free_put)(apply, change_ops[change], passes);
  else if (!(change & WR_DELETE))
    keyed_put(apply, passes);
  else if (change != WR_UPDATE_BEFORE || !keyed_is_update(apply, apply->row + 1))
    keyed_drop(apply, passes);
}

void wr_feed_apply(struct wr_feed *feed, const struct wr_batch *batch, uint32_t first,
                   uint32_t count)
{
  struct apply apply = {.feed = feed, .batch = batch, .now_us = wr_hub_now(feed->hub)};
  assert(count <= WR_LIVE_CHUNK_ROWS && first + count <= batch->row_count);
  apply_filters(&apply, first, count);
  for (uint32_t i = 0; i < count; i++) {
    apply.row = first + i;
    apply.json = (struct wr_slice){0};
    apply_row(&apply, apply.passes[i]);
  }
}
