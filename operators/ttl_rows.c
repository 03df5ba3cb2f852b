/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept rows with a time to live. Rows mostly lie in pages in the order in which they came, and
 * those that were moved are few: so a page is looked at when its oldest row is over, and each look
 * takes at least one row away.
 */
#include "operators/ttl.h"

#include <stdlib.h>

#include "core/arena.h"

#define IDLE_SHARE 8 /* without rows, pages wait for so much of the time to live longer */

void wr_ttl_rows_open(struct wr_ttl_rows *ttl, int64_t ttl_us, uint32_t column)
{
  *ttl = (struct wr_ttl_rows){.ttl_us = ttl_us, .column = column};
}

void wr_ttl_rows_close(struct wr_ttl_rows *ttl)
{
  wr_timers_free(&ttl->timers);
  free(ttl->due_us);
}

int64_t wr_ttl_rows_time(const struct wr_ttl_rows *ttl, const struct wr_batch *batch, uint32_t row)
{
  const struct wr_column *column = &batch->columns[ttl->column];
  int64_t written_us = wr_column_is_null(column, row) ? 0 : wr_column_i64(column, row);
  return written_us ? written_us : ttl->since_us;
}

/* The page is looked at when a row of that time is over. */
static void page_note(struct wr_ttl_rows *ttl, uint32_t page, int64_t written_us)
{
  if (page >= ttl->page_room) {
    uint32_t room = 2 * page + 16;
    ttl->due_us = wr_memory_resize(ttl->due_us, room * sizeof *ttl->due_us);
    for (uint32_t i = ttl->page_room; i < room; i++)
      ttl->due_us[i] = WR_TIME_END;
    ttl->page_room = room;
  }
  int64_t due_us;
  if (__builtin_add_overflow(written_us, ttl->ttl_us, &due_us))
    return; /* never */
  if (due_us < ttl->taken_us)
    due_us = ttl->taken_us;
  if (due_us >= ttl->due_us[page])
    return;
  ttl->due_us[page] = due_us;
  wr_timers_add(&ttl->timers, due_us, page);
}

void wr_ttl_rows_note(struct wr_ttl_rows *ttl, const struct wr_batch *batch, const uint32_t *rows,
                      const uint64_t *addresses, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    page_note(ttl, (uint32_t)(addresses[i] >> WR_KEPT_ROW_BITS),
              wr_ttl_rows_time(ttl, batch, rows ? rows[i] : i));
}

/* The rows of a page that are over. */
static uint32_t page_take(struct wr_ttl_rows *ttl, const struct wr_kept_page *page, uint32_t number,
                          int64_t now_us, uint32_t *rows)
{
  int64_t over_us = now_us - ttl->ttl_us, oldest_us = WR_TIME_END;
  uint32_t count = 0;
  for (uint32_t r = 0; page->page && r < page->rows.row_count; r++) {
    if (page->gone && wr_bit_get(page->gone, r))
      continue;
    int64_t written_us = wr_ttl_rows_time(ttl, &page->rows, r);
    if (written_us <= over_us)
      rows[count++] = r;
    else if (written_us < oldest_us)
      oldest_us = written_us;
  }
  if (oldest_us < WR_TIME_END)
    page_note(ttl, number, oldest_us);
  return count;
}

bool wr_ttl_rows_take(struct wr_ttl_rows *ttl, const struct wr_kept_rows *kept, int64_t now_us,
                      uint32_t *page, uint32_t *rows, uint32_t *count)
{
  struct wr_timer timer;
  if (ttl->since_us == 0)
    ttl->since_us = now_us;
  while (wr_timers_take(&ttl->timers, now_us, &timer)) {
    ttl->taken_us = timer.time_us;
    *page = (uint32_t)timer.payload;
    if (timer.time_us != ttl->due_us[*page])
      continue; /* another one has come up for it, or will */
    ttl->due_us[*page] = WR_TIME_END;
    if (*page >= kept->page_count)
      continue;
    *count = page_take(ttl, &kept->pages[*page], *page, now_us, rows);
    if (*count)
      return true;
  }
  return false;
}

int64_t wr_ttl_rows_due(const struct wr_ttl_rows *ttl)
{
  int64_t next_us = wr_timers_next(&ttl->timers), due_us;
  return __builtin_add_overflow(next_us, ttl->ttl_us / IDLE_SHARE, &due_us) ? WR_TIME_END : due_us;
}

struct wr_column wr_ttl_rows_now(struct wr_arena *arena, int64_t now_us)
{
  int64_t *value = wr_arena_get_zero(arena, sizeof *value + WR_PADDING);
  *value = now_us;
  return (struct wr_column){.type = &wr_type_bigint, .constant = true, .values = value};
}

void wr_ttl_rows_restore(const struct wr_ttl_rows *ttl, struct wr_arena *arena, int64_t since_us,
                         const struct wr_batch *batch, struct wr_batch *out)
{
  const struct wr_column *from = &batch->columns[ttl->column];
  uint32_t width = batch->schema->column_count;
  struct wr_column *columns = wr_arena_get(arena, width * sizeof *columns);
  int64_t *times = wr_arena_get(arena, batch->row_count * sizeof *times + WR_PADDING);
  for (uint32_t c = 0; c < width; c++)
    columns[c] = batch->columns[c];
  for (uint32_t i = 0; i < batch->row_count; i++) {
    int64_t written_us = wr_column_is_null(from, i) ? 0 : wr_column_i64(from, i);
    times[i] = written_us ? written_us : since_us;
  }
  columns[ttl->column] = (struct wr_column){.type = &wr_type_bigint, .values = times};
  *out = *batch;
  out->columns = columns;
}
