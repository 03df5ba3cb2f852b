/* SPDX-License-Identifier: Apache-2.0 */
/* The newest rows as one JSON array: for those who ask now and then, like a dashboard that polls.
 * Asking counts as following for a while, so a raw table has rows the second time. */
#include <stdlib.h>

#include "live/inside.h"

/* The newest entries that pass, newest first; returns how many. */
static uint32_t rows_find(struct wr_feed *feed, struct wr_feed_filter *filter, uint64_t limit,
                          struct wr_newest_entry **found)
{
  struct wr_newest_entry *entry = feed->newest.last, *some[WR_LIVE_CHUNK_ROWS];
  uint32_t rows[WR_LIVE_CHUNK_ROWS], picked[WR_LIVE_CHUNK_ROWS], found_count = 0;
  while (entry && found_count < limit) {
    uint32_t count = 0, picked_count;
    wr_row_unpack_begin(&feed->packer);
    for (; entry && count < WR_LIVE_CHUNK_ROWS; entry = entry->older) {
      rows[count] = picked[count] = count;
      some[count++] = entry;
      if (filter)
        wr_row_unpack_add(&feed->packer, (struct wr_slice){entry->row, entry->row_bytes});
    }
    picked_count = count;
    if (filter) {
      struct wr_batch batch = wr_row_unpack_view(&feed->packer);
      picked_count = filter->pick(filter, &batch, rows, count, picked);
    }
    for (uint32_t i = 0; i < picked_count && found_count < limit; i++)
      found[found_count++] = some[picked[i]];
  }
  return found_count;
}

static void rows_write(struct wr_feed *feed, struct wr_newest_entry **found, uint32_t count,
                       struct wr_buffer *out)
{
  wr_buffer_put_char(out, '[');
  while (count > 0) {
    uint32_t some = count < WR_LIVE_CHUNK_ROWS ? count : WR_LIVE_CHUNK_ROWS;
    wr_row_unpack_begin(&feed->packer);
    for (uint32_t i = 0; i < some; i++) {
      struct wr_newest_entry *entry = found[--count];
      wr_row_unpack_add(&feed->packer, (struct wr_slice){entry->row, entry->row_bytes});
    }
    struct wr_batch batch = wr_row_unpack_view(&feed->packer);
    for (uint32_t i = 0; i < some; i++) {
      struct wr_slice json = wr_feed_json(feed, &batch, i);
      wr_buffer_put(out, json.bytes, json.length);
      if (i + 1 < some || count > 0)
        wr_buffer_put_char(out, ',');
    }
  }
  wr_buffer_put_char(out, ']');
}

enum wr_code wr_hub_rows(struct wr_hub *hub, const char *job, const char *name,
                         struct wr_feed_filter *filter, uint64_t limit, struct wr_buffer *out,
                         struct wr_error *err)
{
  struct wr_feed *feed = wr_hub_hold(hub, job, name, err);
  if (!feed)
    return WR_SEMANTIC;
  wr_feed_lock(feed);
  enum wr_code code = wr_feed_check_filter(feed, filter, err);
  if (code != WR_OK) {
    pthread_mutex_unlock(&feed->lock);
    wr_feed_let_go(feed);
    return code;
  }
  struct wr_newest_entry **found =
      wr_memory_get((feed->newest.count + 1) * sizeof(struct wr_newest_entry *));
  uint32_t count = rows_find(feed, filter, limit, found);
  if (filter && filter->is_spent)
    code = wr_feed_fail_spent(feed, err);
  else
    rows_write(feed, found, count, out);
  free(found);
  feed->wanted_until_us = wr_hub_now(hub) + WR_LIVE_LINGER_US;
  wr_feed_update_followed(feed);
  pthread_mutex_unlock(&feed->lock);
  wr_hub_ring(hub, false);
  wr_feed_let_go(feed);
  return code;
}
