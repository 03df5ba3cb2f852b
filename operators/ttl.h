/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time to live: what was not written for so long, by the clock, is gone without a word. Two ways to
 * keep that, for operators whose state has no window to end with:
 *
 *   tables      An entry has the time of its last write (8 bytes, only where there is a time to
 *               live). Whoever comes upon an entry that is over takes it away and makes it anew.
 *               The others are found by a sweep, which goes round the table four times in a time
 *               to live, a few entries after a batch or by a timer (operators/ttl.c).
 *   kept rows   A row has the time at which it came as a column. A page has a timer for its oldest
 *               row, so all rows that are over are gone before a batch is looked at
 *               (operators/ttl_rows.c).
 *
 * Times are those of batches (now_us), so all rows of one have the same. A time of 0 is not known:
 * the state was kept before there was a time to live, and counts as written when it is seen first.
 */
#ifndef WEIR_OPERATORS_TTL_H
#define WEIR_OPERATORS_TTL_H

#include "operators/kept_rows.h"
#include "operators/operator.h"
#include "state/table.h"
#include "state/timers.h"

#define WR_TTL_NAME 0x77726974 /* of the piece of an entry in snapshots */

/* ---- tables */

/* A table whose entries have the time of their last write. */
struct wr_ttl_table {
  struct wr_table *table;
  uint32_t written_at; /* offset of it */
};

struct wr_ttl {
  int64_t ttl_us; /* 0: for ever; nothing below is used */
  struct wr_ttl_table *tables;
  uint32_t table_count;
  uint32_t at; /* the table that the sweep has come to */
  struct wr_table_cursor cursor;
  int64_t step_us; /* when it goes on; WR_TIME_END: nothing is there */
};

/* Room for so many tables. ttl_us 0 is allowed. */
void wr_ttl_open(struct wr_ttl *ttl, int64_t ttl_us, uint32_t table_count);
void wr_ttl_close(struct wr_ttl *ttl);

static inline struct wr_state_piece wr_ttl_piece(void)
{
  return (struct wr_state_piece){sizeof(int64_t), sizeof(int64_t), false};
}

/* Of the entries that a probe of table `number` has found (NULL: none), those that are over are
 * removed, with those that it has made: then the same has to be probed again, and this is true. */
bool wr_ttl_forget(struct wr_ttl *ttl, uint32_t number, const struct wr_probe *probe,
                   uint32_t count, int64_t now_us);
/* All entries of a probe are written now. */
void wr_ttl_write(const struct wr_ttl *ttl, uint32_t number, const struct wr_probe *probe,
                  uint32_t count, int64_t now_us);
/* After a batch, and when the timer of the operator comes up: sweeps what is due, and sets
 * op->timer_us. True: entries were removed. */
bool wr_ttl_sweep(struct wr_ttl *ttl, struct wr_operator *op, int64_t now_us);

/* ---- kept rows, of mixed pages */

struct wr_ttl_rows {
  int64_t ttl_us;  /* 0: for ever; nothing below is used */
  uint32_t column; /* of kept rows: when they came, BIGINT */
  struct wr_timers timers;
  int64_t *due_us; /* per page: its timer, not later than its oldest row is over; or WR_TIME_END */
  uint32_t page_room;
  int64_t taken_us; /* the last timer that came up */
  int64_t since_us; /* stands for 0; 0: no row has been seen yet */
};

void wr_ttl_rows_open(struct wr_ttl_rows *ttl, int64_t ttl_us, uint32_t column);
void wr_ttl_rows_close(struct wr_ttl_rows *ttl);
/* When a row of a batch with the column came. */
int64_t wr_ttl_rows_time(const struct wr_ttl_rows *ttl, const struct wr_batch *batch, uint32_t row);
/* Rows rows[i] (NULL: i) of a batch that has the column lie at these addresses now. */
void wr_ttl_rows_note(struct wr_ttl_rows *ttl, const struct wr_batch *batch, const uint32_t *rows,
                      const uint64_t *addresses, uint32_t count);
/* Before a batch is looked at: rows of one page that are over, all of them; false: there are no
 * more. The caller drops them and asks again. rows: room for WR_BATCH_ROWS. */
bool wr_ttl_rows_take(struct wr_ttl_rows *ttl, const struct wr_kept_rows *kept, int64_t now_us,
                      uint32_t *page, uint32_t *rows, uint32_t *count);
/* When that is to be done though no rows come; for op->timer_us. */
int64_t wr_ttl_rows_due(const struct wr_ttl_rows *ttl);
/* The column of the time for a batch whose rows come now; in an arena. */
struct wr_column wr_ttl_rows_now(struct wr_arena *arena, int64_t now_us);
/* Rows of a snapshot, with that column: where there is no time, it is what was since_us then. */
void wr_ttl_rows_restore(const struct wr_ttl_rows *ttl, struct wr_arena *arena, int64_t since_us,
                         const struct wr_batch *batch, struct wr_batch *out);

#endif
