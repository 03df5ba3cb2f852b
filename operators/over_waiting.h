/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of an OVER that wait for the watermark. A row leaves with the first watermark that has
 * reached its release time; what leaves together is in order of (release, time, arrival).
 *
 * The rows themselves lie in pages (operators/kept_rows.h), in that order within each batch. Beside
 * them there is an item per row, in sorted runs:
 *
 *   run 0  |x x| 17 19 20 20 23 24 ...... 90 |      gone ones at the front, room at the end
 *   run 1  |x|   18 22 31 .. |
 *   run 2  | 40 41 44 |
 *
 * The items of a batch that begins behind the last run, or overlaps but a little of its end, go
 * into it: so rows that come nearly in order are one run, whatever the delay. Others begin a run,
 * and a run that is not twice as long as the next is merged with it, so there are few.
 */
#ifndef WEIR_OPERATORS_OVER_WAITING_H
#define WEIR_OPERATORS_OVER_WAITING_H

#include "operators/kept_rows.h"

struct wr_over_item {
  int64_t release_us, time_us;
  uint64_t at; /* address of a kept row; of a batch at hand: its row */
};

struct wr_over_run;

struct wr_over_waiting {
  const struct wr_schema *schema; /* of the rows */
  struct wr_schema kept_schema;   /* the same and the release time */
  struct wr_kept_rows kept;
  struct wr_over_run *runs; /* oldest first */
  uint32_t run_count, run_room;
  struct wr_over_item *taken; /* out of several runs */
  uint64_t taken_room;
  uint64_t *addresses; /* of one call */
  uint32_t *rows;
  struct wr_over_item *items;
  int64_t *releases;
  uint32_t row_room;
  struct wr_column *columns;
  /* the snapshot being written */
  struct wr_part_writer saved; /* pages that had to be written before their turn */
  struct wr_part_writer *part; /* where the others go; NULL: it is not their turn yet */
  bool saving;
  uint64_t save_page, save_end; /* numbers of pages */
};

/* By release, time, arrival. */
static inline bool wr_over_item_before(const struct wr_over_item *a, const struct wr_over_item *b)
{
  if (a->release_us != b->release_us)
    return a->release_us < b->release_us;
  return a->time_us != b->time_us ? a->time_us < b->time_us : a->at < b->at;
}
/* scratch: as many items. */
void wr_over_items_sort(struct wr_over_item *items, uint32_t count, struct wr_over_item *scratch);

/* column_ids: of the schema, see wr_kept_rows_name; lent. */
void wr_over_waiting_open(struct wr_over_waiting *waiting, const struct wr_schema *schema,
                          const uint64_t *column_ids);
void wr_over_waiting_close(struct wr_over_waiting *waiting);
/* Bytes of all that waits. */
uint64_t wr_over_waiting_bytes(const struct wr_over_waiting *waiting);

/* Keeps rows of a batch; items are sorted, their `at` is the row. Loading uses it, too. */
void wr_over_waiting_add(struct wr_over_waiting *waiting, const struct wr_batch *batch,
                         const struct wr_over_item *items, uint32_t count);
/* True if all that can leave with the watermark until_us stands before this item, and is no peer of
 * it. */
bool wr_over_waiting_ends_before(const struct wr_over_waiting *waiting, int64_t until_us,
                                 const struct wr_over_item *item);
/* Takes out the items of all rows that leave with the watermark until_us, in order; lent until rows
 * are added or taken again. The rows are there until they are dropped. */
uint64_t wr_over_waiting_take(struct wr_over_waiting *waiting, int64_t until_us,
                              const struct wr_over_item **items);
/* The rows of some items as a batch, in their order; texts are lent from the kept rows. */
void wr_over_waiting_gather(const struct wr_over_waiting *waiting, const struct wr_over_item *items,
                            uint32_t count, struct wr_arena *arena, struct wr_batch *out);
void wr_over_waiting_drop(struct wr_over_waiting *waiting, const struct wr_over_item *items,
                          uint32_t count);

/* Snapshots: begun at the barrier; a page that has not been written is written before its first row
 * is dropped, and otherwise by step. Tables are written first, and nothing may come between their
 * pages: so what has to be written meanwhile is put aside in `saved`, to which the operator may add
 * before. When the tables are complete, save_to writes it to the part, as one byte string, and the
 * rest goes there directly. */
void wr_over_waiting_save(struct wr_over_waiting *waiting);
void wr_over_waiting_save_to(struct wr_over_waiting *waiting, struct wr_part_writer *part);
/* True: that was all. */
bool wr_over_waiting_save_step(struct wr_over_waiting *waiting, uint32_t page_count);
/* Hands what was saved to `take` page by page: batches of kept_schema. aside: what is in the byte
 * string, behind what the operator has added. part: NULL if there was nothing but that. */
enum wr_code wr_over_waiting_load(struct wr_over_waiting *waiting, struct wr_part_reader *aside,
                                  struct wr_part_reader *part,
                                  void (*take)(void *self, const struct wr_batch *batch),
                                  void *self, struct wr_error *err);

#endif
