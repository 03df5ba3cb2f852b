/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that an operator keeps until later, packed into pages in the order in which they came. A row
 * has an address, by which it is found as long as it is kept; later rows have higher ones. A page
 * goes when its last row is dropped.
 *
 * Where rows come and go for ever, in no order, pages are mixed (opened with `mixed`): the numbers
 * of pages that are gone are used again, so addresses say nothing about which row is the later one,
 * and the owner moves the few rows of sparse pages elsewhere by adding them anew.
 */
#ifndef WEIR_OPERATORS_KEPT_ROWS_H
#define WEIR_OPERATORS_KEPT_ROWS_H

#include "core/builder.h"
#include "core/page.h"
#include "state/part.h"

struct wr_kept_page {
  struct wr_page *page; /* NULL: all its rows were dropped */
  struct wr_page_view view;
  struct wr_batch rows;
  uint64_t *gone; /* a bit per dropped row; NULL: none was */
  uint32_t dropped;
  /* The page as it was when the snapshot began that still wants it. */
  bool unsaved;
  uint64_t *frozen_gone; /* its bits then; NULL: they are those of now */
  uint32_t frozen_rows, frozen_dropped;
};

struct wr_kept_rows {
  const struct wr_schema *schema;
  const uint64_t *column_ids; /* what the first columns are found by in snapshots; NULL: all by
                                 their numbers */
  uint32_t named_count;
  uint32_t added_count; /* last columns that snapshots from before there were ids do not have */
  struct wr_page_layout *layout;
  struct wr_kept_page *pages;
  uint64_t first_page; /* number of pages[0] */
  uint32_t page_count, page_room;
  uint64_t bytes, row_count;
  uint64_t dropped_rows; /* whose place is still taken, as their page has others */
  uint32_t filling;      /* index of the page that takes rows */
  bool sealed;           /* it takes no more */
  bool mixed;
  uint32_t *free_pages; /* mixed: indices of pages that are gone */
  uint32_t free_count, free_room;
  uint32_t unsaved_count; /* pages that the snapshot being written still wants */
  uint32_t save_from;     /* the first of them is not before this one */
};

#define WR_KEPT_ROW_BITS 16 /* an address is a page's number and, in so many bits, a row of it */

void wr_kept_rows_open(struct wr_kept_rows *kept, const struct wr_schema *schema);
void wr_kept_rows_close(struct wr_kept_rows *kept);
/* Columns of the query, the first `count`, get ids, so that snapshots can be read where there are
 * others, or others still. The ids are lent, may be NULL, and are above the number of columns. */
static inline void wr_kept_rows_name(struct wr_kept_rows *kept, const uint64_t *ids, uint32_t count)
{
  kept->column_ids = ids;
  kept->named_count = ids ? count : 0;
}

/* Keeps rows rows[i] of a batch; addresses[i] are theirs. */
void wr_kept_rows_add(struct wr_kept_rows *kept, const struct wr_batch *batch, const uint32_t *rows,
                      uint32_t row_count, uint64_t *addresses);
/* The page of a kept row as a batch, and the row's number there; lent until rows are added. */
static inline const struct wr_batch *wr_kept_row(const struct wr_kept_rows *kept, uint64_t address,
                                                 uint32_t *row)
{
  *row = address & ((1u << WR_KEPT_ROW_BITS) - 1);
  return &kept->pages[(address >> WR_KEPT_ROW_BITS) - kept->first_page].rows;
}
void wr_kept_rows_drop(struct wr_kept_rows *kept, uint64_t address);

/* Appends one column of some kept rows to a builder of its type. Long texts stay lent from their
 * pages. */
void wr_kept_rows_gather(const struct wr_kept_rows *kept, const uint64_t *addresses, uint32_t count,
                         uint32_t column, struct wr_builder *out);
/* True if more than half of the rows of page `page` (from 0) are dropped, and no more will come. */
static inline bool wr_kept_page_is_sparse(const struct wr_kept_rows *kept, uint32_t page)
{
  const struct wr_kept_page *at = &kept->pages[page];
  return at->page && at->dropped > at->rows.row_count / 2 && at->dropped < at->rows.row_count &&
         (page != kept->filling || kept->sealed);
}

/* Writes the rows of page `page` (from 0) that are kept, as values, whatever the layout of pages.
 */
void wr_kept_rows_save(const struct wr_kept_rows *kept, uint32_t page, struct wr_part_writer *part);
/*
 * Snapshots while rows come and go: begin remembers what is there and copies nothing; next writes
 * one more page as it was then, as wr_kept_rows_save does, until unsaved_count is 0. For mixed
 * pages, which stay in their places.
 */
void wr_kept_rows_save_begin(struct wr_kept_rows *kept);
void wr_kept_rows_save_next(struct wr_kept_rows *kept, struct wr_part_writer *part);
/* Which page next writes (from 0), and which of its rows: WR_BATCH_ROWS at most. */
uint32_t wr_kept_rows_unsaved(struct wr_kept_rows *kept, uint32_t *rows, uint32_t *count);
/* Up to so many pages, each behind a 1, and a 0 behind the last; true: that is written. */
bool wr_kept_rows_save_step(struct wr_kept_rows *kept, struct wr_part_writer *part,
                            uint32_t page_count);
/* Reads what one call wrote and hands it to `take` as a batch of the same schema. A column with an
 * id that was not saved is NULL: it is for the planner to know that nobody minds. */
enum wr_code wr_kept_rows_load(const struct wr_kept_rows *kept, struct wr_part_reader *part,
                               void (*take)(void *self, const struct wr_batch *batch), void *self,
                               struct wr_error *err);

#endif
