/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The newest rows of a job as bytes, so that they are there again after a restart of the process.
 *
 *   "WRL1" | per feed: u32 bytes of the rest of it
 *                      u32 length, name | u32 length, signature | u8 incomplete
 *                      per row, oldest first: i64 time (clock of the machine) | u32 length, packed
 *
 * Packed rows are those of core/packed.h; the signature says which columns they have. Numbers are
 * in the machine's order, as in the rest of the state.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/time.h"
#include "live/inside.h"

#define SAVE_MAGIC "WRL1"

/* ---- writing */

static void save_u32(struct wr_buffer *out, uint64_t value)
{
  uint32_t narrow = (uint32_t)value;
  assert(value <= UINT32_MAX);
  wr_buffer_put(out, (const char *)&narrow, sizeof narrow);
}

static void save_text(struct wr_buffer *out, const char *text)
{
  save_u32(out, strlen(text));
  wr_buffer_put_string(out, text);
}

/* The oldest entry from which on all rows fit into so many bytes. */
static const struct wr_newest_entry *feed_save_begin(const struct wr_feed *feed, uint64_t bytes_max)
{
  const struct wr_newest_entry *entry = feed->newest.last, *first = NULL;
  uint64_t bytes = 0;
  for (; entry; entry = entry->older) {
    bytes += entry->row_bytes + sizeof(int64_t) + sizeof(uint32_t);
    if (bytes > bytes_max)
      break;
    first = entry;
  }
  return first;
}

static void feed_save(struct wr_feed *feed, void *self)
{
  struct wr_buffer *out = self;
  int64_t past_us = wr_now_us() - wr_hub_now(feed->hub); /* from one clock to the other */
  const struct wr_newest_entry *entry = feed_save_begin(feed, feed->hub->memory_bytes / 8);
  size_t begin = out->length;
  if (!feed->always)
    return;
  save_u32(out, 0);
  save_text(out, feed->name);
  save_text(out, feed->signature);
  wr_buffer_put_char(out, feed->incomplete || entry != feed->newest.first);
  for (; entry; entry = entry->newer) {
    int64_t at_us = entry->at_us + past_us;
    wr_buffer_put(out, (const char *)&at_us, sizeof at_us);
    save_u32(out, entry->row_bytes);
    wr_buffer_put(out, entry->row, entry->row_bytes);
  }
  uint32_t length = (uint32_t)(out->length - begin - sizeof length);
  memcpy(out->bytes + begin, &length, sizeof length);
}

void wr_hub_save(struct wr_hub *hub, const char *job, struct wr_buffer *out)
{
  wr_buffer_put_string(out, SAVE_MAGIC);
  wr_hub_for_job(hub, job, feed_save, out);
}

/* ---- reading */

struct save_reader {
  const char *at, *end;
};

static bool read_bytes(struct save_reader *reader, void *out, size_t length)
{
  if ((size_t)(reader->end - reader->at) < length)
    return false;
  memcpy(out, reader->at, length);
  reader->at += length;
  return true;
}

static bool read_slice(struct save_reader *reader, struct wr_slice *slice)
{
  if (!read_bytes(reader, &slice->length, sizeof slice->length) ||
      (size_t)(reader->end - reader->at) < slice->length)
    return false;
  slice->bytes = reader->at;
  reader->at += slice->length;
  return true;
}

static bool read_feed(struct wr_slice bytes, struct wr_slice *name, struct wr_slice *signature,
                      bool *incomplete, struct save_reader *rows)
{
  char byte;
  *rows = (struct save_reader){bytes.bytes, bytes.bytes + bytes.length};
  if (!read_slice(rows, name) || !read_slice(rows, signature) || !read_bytes(rows, &byte, 1))
    return false;
  *incomplete = byte != 0;
  return true;
}

static bool read_row(struct save_reader *rows, int64_t *at_us, struct wr_slice *row)
{
  return read_bytes(rows, at_us, sizeof *at_us) && read_slice(rows, row);
}

static bool slice_is(struct wr_slice slice, const char *text)
{
  return slice.length == strlen(text) && memcmp(slice.bytes, text, slice.length) == 0;
}

static void feed_restore_row(struct wr_feed *feed, struct wr_slice row, int64_t at_us)
{
  struct wr_slice key = {0}, identity = row;
  if (feed->key_count > 0) {
    wr_row_unpack_begin(&feed->packer);
    wr_row_unpack_add(&feed->packer, row);
    struct wr_batch batch = wr_row_unpack_view(&feed->packer);
    identity = key = wr_row_pack_key(&feed->packer, &batch, 0);
  }
  uint64_t hash = wr_hash_bytes(identity.bytes, identity.length, 0);
  if (feed->key_count > 0 && wr_newest_find(&feed->newest, hash, key))
    return;
  wr_newest_add(&feed->newest, hash, key, row, ++feed->number, at_us);
  if (feed->newest.count > feed->rows_max)
    wr_feed_evict(feed, feed->newest.first);
}

static void feed_restore_rows(struct wr_feed *feed, struct save_reader *rows, bool incomplete)
{
  int64_t now_us = wr_hub_now(feed->hub), past_us = wr_now_us() - now_us, at_us;
  struct wr_slice row;
  while (read_row(rows, &at_us, &row) && wr_hub_room(feed->hub) > 0) {
    at_us -= past_us;
    feed_restore_row(feed, row, at_us < now_us ? at_us : now_us);
    wr_feed_count(feed);
  }
  feed->incomplete = feed->incomplete || incomplete || rows->at < rows->end;
}

void wr_feed_restore(struct wr_feed *feed)
{
  struct wr_feed_saved **at = &feed->hub->saved;
  while (*at) {
    struct wr_feed_saved *saved = *at;
    struct wr_slice name, signature;
    struct save_reader rows;
    bool incomplete;
    if (strcmp(saved->job, feed->job) != 0 ||
        !read_feed((struct wr_slice){saved->bytes, saved->length}, &name, &signature, &incomplete,
                   &rows) ||
        !slice_is(name, feed->name)) {
      at = &saved->next;
      continue;
    }
    *at = saved->next;
    if (feed->number == 0 && feed->always && slice_is(signature, feed->signature)) {
      wr_feed_retire_ways(feed); /* who saw it empty comes again */
      feed_restore_rows(feed, &rows, incomplete);
    }
    atomic_fetch_sub(&feed->hub->kept_bytes, saved->length);
    free(saved->job);
    free(saved);
  }
}

void wr_hub_forget_saved(struct wr_hub *hub, const char *job)
{
  struct wr_feed_saved **at = &hub->saved;
  while (*at) {
    struct wr_feed_saved *saved = *at;
    if (job && strcmp(saved->job, job) != 0) {
      at = &saved->next;
      continue;
    }
    *at = saved->next;
    atomic_fetch_sub(&hub->kept_bytes, saved->length);
    free(saved->job);
    free(saved);
  }
}

/* The form of everything, before anything is taken. */
static bool load_check(struct save_reader reader)
{
  struct wr_slice feed, name, signature, row;
  struct save_reader rows;
  bool incomplete;
  int64_t at_us;
  while (reader.at < reader.end) {
    if (!read_slice(&reader, &feed) || !read_feed(feed, &name, &signature, &incomplete, &rows))
      return false;
    while (rows.at < rows.end)
      if (!read_row(&rows, &at_us, &row))
        return false;
  }
  return true;
}

static void hub_keep_saved(struct wr_hub *hub, const char *job, struct wr_slice bytes)
{
  if (bytes.length > wr_hub_room(hub))
    return; /* the rows come again with time */
  struct wr_feed_saved *saved = wr_memory_get(sizeof *saved + bytes.length);
  size_t length = strlen(job) + 1;
  saved->job = memcpy(wr_memory_get(length), job, length);
  saved->length = bytes.length;
  memcpy(saved->bytes, bytes.bytes, bytes.length);
  saved->next = hub->saved;
  hub->saved = saved;
  atomic_fetch_add(&hub->kept_bytes, bytes.length);
}

enum wr_code wr_hub_load(struct wr_hub *hub, const char *job, struct wr_slice bytes,
                         struct wr_error *err)
{
  struct save_reader reader = {bytes.bytes, bytes.bytes + bytes.length};
  struct wr_slice feed_bytes;
  char magic[4];
  if (bytes.length == 0)
    return WR_OK;
  if (!read_bytes(&reader, magic, sizeof magic) || memcmp(magic, SAVE_MAGIC, sizeof magic) != 0 ||
      !load_check(reader))
    return wr_fail(err, WR_DATA, "the rows of live streams that job %s has kept cannot be read",
                   job);
  pthread_mutex_lock(&hub->lock);
  wr_hub_forget_saved(hub, job); /* of streams that did not come again */
  while (read_slice(&reader, &feed_bytes))
    hub_keep_saved(hub, job, feed_bytes);
  for (struct wr_feed *feed = hub->feeds; feed; feed = feed->next) {
    if (strcmp(feed->job, job) != 0)
      continue;
    wr_feed_lock(feed);
    wr_feed_restore(feed);
    pthread_mutex_unlock(&feed->lock);
  }
  pthread_mutex_unlock(&hub->lock);
  return WR_OK;
}
