/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kept rows (operators/kept_rows.h) that have to go, but only when a call is over, as what goes out
 * still lends from them; and pages that this leaves mostly empty, whose other rows move to where
 * rows are added.
 */
#ifndef WEIR_OPERATORS_GONE_ROWS_H
#define WEIR_OPERATORS_GONE_ROWS_H

#include "operators/kept_rows.h"

struct wr_gone_rows {
  uint64_t *addresses;
  uint32_t count, room;
  uint32_t filling; /* the page that took rows when they were last settled */
};

void wr_gone_rows_close(struct wr_gone_rows *gone);
void wr_gone_rows_add(struct wr_gone_rows *gone, uint64_t address);
/* They go. move_page: keeps the rows that are left of a page elsewhere and drops them there; NULL:
 * pages stay until their last row has gone. */
void wr_gone_rows_settle(struct wr_gone_rows *gone, struct wr_kept_rows *kept,
                         void (*move_page)(void *self, uint32_t page), void *self);

/* For move_page. Numbers of the rows of a page that are left; rows has place for
 * wr_kept_page_left_count of them. */
static inline uint32_t wr_kept_page_left_count(const struct wr_kept_rows *kept, uint32_t page)
{
  return kept->pages[page].rows.row_count - kept->pages[page].dropped;
}
uint32_t wr_kept_page_left(const struct wr_kept_rows *kept, uint32_t page, uint32_t *rows);
void wr_kept_page_drop(struct wr_kept_rows *kept, uint32_t page, const uint32_t *rows,
                       uint32_t count);

#endif
