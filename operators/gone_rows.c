/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/gone_rows.h"

#include <assert.h>
#include <stdlib.h>

#include "core/arena.h"

void wr_gone_rows_close(struct wr_gone_rows *gone)
{
  free(gone->addresses);
  *gone = (struct wr_gone_rows){0};
}

void wr_gone_rows_add(struct wr_gone_rows *gone, uint64_t address)
{
  if (gone->count == gone->room) {
    gone->room = gone->room ? 2 * gone->room : 1024;
    gone->addresses = wr_memory_resize(gone->addresses, gone->room * sizeof *gone->addresses);
  }
  gone->addresses[gone->count++] = address;
}

void wr_gone_rows_settle(struct wr_gone_rows *gone, struct wr_kept_rows *kept,
                         void (*move_page)(void *self, uint32_t page), void *self)
{
  for (uint32_t i = 0; i < gone->count; i++)
    wr_kept_rows_drop(kept, gone->addresses[i]);
  for (uint32_t i = 0; i < gone->count && move_page; i++) {
    uint32_t page = (uint32_t)(gone->addresses[i] >> WR_KEPT_ROW_BITS);
    if (wr_kept_page_is_sparse(kept, page))
      move_page(self, page);
  }
  gone->count = 0;
  /* Rows of a page that is being filled may have gone while it was. */
  while (gone->filling != kept->filling) {
    uint32_t page = gone->filling;
    gone->filling = kept->filling;
    if (move_page && wr_kept_page_is_sparse(kept, page))
      move_page(self, page);
  }
}

uint32_t wr_kept_page_left(const struct wr_kept_rows *kept, uint32_t page, uint32_t *rows)
{
  const struct wr_kept_page *from = &kept->pages[page];
  uint32_t count = 0;
  for (uint32_t r = 0; r < from->rows.row_count; r++)
    if (!wr_bit_get(from->gone, r))
      rows[count++] = r;
  assert(count == wr_kept_page_left_count(kept, page));
  return count;
}

void wr_kept_page_drop(struct wr_kept_rows *kept, uint32_t page, const uint32_t *rows,
                       uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    wr_kept_rows_drop(kept, (uint64_t)page << WR_KEPT_ROW_BITS | rows[i]);
}
