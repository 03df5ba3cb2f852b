/* SPDX-License-Identifier: Apache-2.0 */
#include "live/newest.h"

#include <assert.h>
#include <stdlib.h>

#define NEWEST_BUCKETS_MIN 64

void wr_newest_open(struct wr_newest *newest, bool keyed)
{
  *newest = (struct wr_newest){.keyed = keyed};
}

static uint64_t entry_bytes(const struct wr_newest_entry *entry)
{
  return sizeof *entry + entry->key_bytes + entry->row_bytes + 32; /* what malloc adds, about */
}

static void entry_free(struct wr_newest *newest, struct wr_newest_entry *entry)
{
  assert(!entry->listed && entry->pending == 0);
  newest->bytes -= entry_bytes(entry);
  free(entry->row);
  free(entry);
}

void wr_newest_close(struct wr_newest *newest)
{
  while (newest->dirty_first)
    wr_newest_unmark(newest, newest->dirty_first, UINT64_MAX);
  while (newest->first)
    wr_newest_remove(newest, newest->first, newest->first->number);
  free(newest->buckets);
  wr_newest_open(newest, newest->keyed);
}

/* ---- finding */

static struct wr_slice entry_identity(const struct wr_newest *newest,
                                      const struct wr_newest_entry *entry)
{
  return newest->keyed ? (struct wr_slice){entry->key, entry->key_bytes}
                       : (struct wr_slice){entry->row, entry->row_bytes};
}

static struct wr_newest_entry **newest_bucket(const struct wr_newest *newest, uint64_t hash)
{
  return &newest->buckets[hash & (newest->bucket_count - 1)];
}

struct wr_newest_entry *wr_newest_find(const struct wr_newest *newest, uint64_t hash,
                                       struct wr_slice bytes)
{
  if (!newest->buckets)
    return NULL;
  struct wr_newest_entry *entry = *newest_bucket(newest, hash);
  for (; entry; entry = entry->chain) {
    struct wr_slice own = entry_identity(newest, entry);
    if (entry->hash == hash && own.length == bytes.length &&
        memcmp(own.bytes, bytes.bytes, own.length) == 0)
      return entry;
  }
  return NULL;
}

static void buckets_resize(struct wr_newest *newest, uint32_t bucket_count)
{
  struct wr_newest_entry **old = newest->buckets;
  newest->bytes -= newest->bucket_count * sizeof *old;
  newest->bytes += bucket_count * sizeof *old;
  newest->bucket_count = bucket_count;
  newest->buckets = wr_memory_get_zero(bucket_count * sizeof *old);
  free(old);
  for (struct wr_newest_entry *entry = newest->first; entry; entry = entry->newer) {
    struct wr_newest_entry **bucket = newest_bucket(newest, entry->hash);
    entry->chain = *bucket;
    *bucket = entry;
  }
}

static void buckets_add(struct wr_newest *newest, struct wr_newest_entry *entry)
{
  if (newest->count >= newest->bucket_count)
    buckets_resize(newest, newest->bucket_count ? newest->bucket_count * 2 : NEWEST_BUCKETS_MIN);
  struct wr_newest_entry **bucket = newest_bucket(newest, entry->hash);
  entry->chain = *bucket;
  *bucket = entry;
}

static void buckets_remove(struct wr_newest *newest, struct wr_newest_entry *entry)
{
  struct wr_newest_entry **at = newest_bucket(newest, entry->hash);
  while (*at != entry)
    at = &(*at)->chain;
  *at = entry->chain;
}

/* ---- the list */

static void list_append(struct wr_newest *newest, struct wr_newest_entry *entry)
{
  entry->older = newest->last;
  entry->newer = NULL;
  *(newest->last ? &newest->last->newer : &newest->first) = entry;
  newest->last = entry;
}

static void list_take(struct wr_newest *newest, struct wr_newest_entry *entry)
{
  *(entry->older ? &entry->older->newer : &newest->first) = entry->newer;
  *(entry->newer ? &entry->newer->older : &newest->last) = entry->older;
}

struct wr_newest_entry *wr_newest_add(struct wr_newest *newest, uint64_t hash, struct wr_slice key,
                                      struct wr_slice row, uint64_t number, int64_t at_us)
{
  assert(newest->keyed || key.length == 0);
  assert(!newest->last || newest->last->number < number);
  struct wr_newest_entry *entry = wr_memory_get_zero(sizeof *entry + key.length);
  entry->hash = hash;
  entry->number = number;
  entry->at_us = at_us;
  entry->key_bytes = key.length;
  if (key.length)
    memcpy(entry->key, key.bytes, key.length);
  entry->row = wr_memory_get(row.length ? row.length : 1);
  entry->row_bytes = row.length;
  memcpy(entry->row, row.bytes, row.length);
  buckets_add(newest, entry);
  list_append(newest, entry);
  entry->listed = true;
  newest->count++;
  newest->bytes += entry_bytes(entry);
  return entry;
}

void wr_newest_change(struct wr_newest *newest, struct wr_newest_entry *entry, struct wr_slice row,
                      uint64_t number, int64_t at_us)
{
  assert(newest->keyed && entry->listed && newest->last->number < number);
  if (entry->row_bytes != row.length) {
    newest->bytes += row.length;
    newest->bytes -= entry->row_bytes;
    entry->row = wr_memory_resize(entry->row, row.length ? row.length : 1);
    entry->row_bytes = row.length;
  }
  memcpy(entry->row, row.bytes, row.length);
  entry->number = number;
  entry->at_us = at_us;
  list_take(newest, entry);
  list_append(newest, entry);
}

void wr_newest_remove(struct wr_newest *newest, struct wr_newest_entry *entry, uint64_t number)
{
  assert(entry->listed && number >= entry->number);
  list_take(newest, entry);
  buckets_remove(newest, entry);
  entry->listed = false;
  entry->number = number;
  newest->count--;
  if (entry->pending == 0)
    entry_free(newest, entry);
}

/* ---- dirty ones */

static void dirty_take(struct wr_newest *newest, struct wr_newest_entry *entry)
{
  *(entry->dirty_older ? &entry->dirty_older->dirty_newer : &newest->dirty_first) =
      entry->dirty_newer;
  *(entry->dirty_newer ? &entry->dirty_newer->dirty_older : &newest->dirty_last) =
      entry->dirty_older;
  newest->dirty_count--;
}

void wr_newest_mark(struct wr_newest *newest, struct wr_newest_entry *entry, uint64_t ways)
{
  if ((entry->pending | ways) == 0)
    return;
  if (entry->pending)
    dirty_take(newest, entry);
  entry->pending |= ways;
  entry->dirty_older = newest->dirty_last;
  entry->dirty_newer = NULL;
  *(newest->dirty_last ? &newest->dirty_last->dirty_newer : &newest->dirty_first) = entry;
  newest->dirty_last = entry;
  newest->dirty_count++;
}

void wr_newest_unmark(struct wr_newest *newest, struct wr_newest_entry *entry, uint64_t ways)
{
  if (entry->pending == 0)
    return;
  entry->pending &= ~ways;
  if (entry->pending)
    return;
  dirty_take(newest, entry);
  if (!entry->listed)
    entry_free(newest, entry);
}
