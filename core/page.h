/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages: packed, self-contained rows in at most 64 KiB, what channels carry and give back. Rows are
 * appended until the page is full; columns lie at fixed places computed once per schema, long texts
 * grow from the end towards them.
 *
 *   | header | valid bits | values of column 0 | values of column 1 | ... free ... | texts |
 *
 * A row too long for a page gets a page of its own size. arrived_us and change travel as two
 * further columns when present; others_us and runs do not.
 */
#ifndef WEIR_CORE_PAGE_H
#define WEIR_CORE_PAGE_H

#include "core/batch.h"

#define WR_PAGE_BYTES 65536

struct wr_page;
struct wr_page_layout; /* places of the columns of one schema */

struct wr_page_layout *wr_page_layout_new(const struct wr_schema *schema);
void wr_page_layout_free(struct wr_page_layout *layout);

struct wr_page *wr_page_new(void);
void wr_page_free(struct wr_page *page);
void wr_page_clear(struct wr_page *page);
/* Memory of its rows, used or not. */
size_t wr_page_bytes(const struct wr_page *page);

/*
 * Appends rows rows[0..row_count-1] of the batch (not NULL, whatever is picked); returns how many
 * fitted. A single row that is larger than an empty page makes the page grow. now_us of the page
 * becomes that of the batch.
 */
uint32_t wr_page_append(struct wr_page *page, const struct wr_page_layout *layout,
                        const struct wr_batch *batch, const uint32_t *rows, uint32_t row_count);

/* Memory for looking into pages; opened zeroed. */
struct wr_page_view {
  struct wr_arena arena;
};

/* The page's rows as a batch, lent as long as page and view are unchanged. */
void wr_page_open(const struct wr_page *page, const struct wr_page_layout *layout,
                  struct wr_page_view *view, struct wr_batch *batch);
void wr_page_view_close(struct wr_page_view *view);

#endif
