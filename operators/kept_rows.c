/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/kept_rows.h"

#include <assert.h>
#include <stdlib.h>

#include "core/packed.h"

_Static_assert(WR_BATCH_ROWS < 1 << WR_KEPT_ROW_BITS, "a page has no more rows than a batch");

void wr_kept_rows_open(struct wr_kept_rows *kept, const struct wr_schema *schema)
{
  *kept = (struct wr_kept_rows){.schema = schema, .layout = wr_page_layout_new(schema)};
}

static void page_drop(struct wr_kept_rows *kept, struct wr_kept_page *page)
{
  if (!page->page)
    return;
  kept->bytes -= wr_page_bytes(page->page);
  wr_page_free(page->page);
  wr_page_view_close(&page->view);
  free(page->gone);
  *page = (struct wr_kept_page){0};
}

void wr_kept_rows_close(struct wr_kept_rows *kept)
{
  for (uint32_t i = 0; i < kept->page_count; i++)
    page_drop(kept, &kept->pages[i]);
  free(kept->pages);
  if (kept->layout)
    wr_page_layout_free(kept->layout);
}

/* A fresh page behind the others; those at the front that are gone make room. */
static void kept_add_page(struct wr_kept_rows *kept)
{
  uint32_t gone = 0;
  while (gone < kept->page_count && !kept->pages[gone].page)
    gone++;
  if (gone > kept->page_count / 2) {
    memmove(kept->pages, kept->pages + gone, (kept->page_count - gone) * sizeof *kept->pages);
    kept->page_count -= gone;
    kept->first_page += gone;
  }
  if (kept->page_count == kept->page_room) {
    kept->page_room = kept->page_room ? 2 * kept->page_room : 16;
    kept->pages = wr_memory_resize(kept->pages, kept->page_room * sizeof *kept->pages);
  }
  struct wr_kept_page *page = &kept->pages[kept->page_count++];
  *page = (struct wr_kept_page){.page = wr_page_new()};
  kept->bytes += wr_page_bytes(page->page);
  kept->sealed = false;
}

void wr_kept_rows_add(struct wr_kept_rows *kept, const struct wr_batch *batch, const uint32_t *rows,
                      uint32_t row_count, uint64_t *addresses)
{
  struct wr_batch values = *batch; /* rows that wait are judged: their arrival is of no more use */
  values.arrived_us = NULL;
  while (row_count) {
    if (kept->page_count == 0 || kept->sealed)
      kept_add_page(kept);
    struct wr_kept_page *page = &kept->pages[kept->page_count - 1];
    uint64_t address = (kept->first_page + kept->page_count - 1) << WR_KEPT_ROW_BITS;
    uint32_t first = page->rows.row_count;
    kept->bytes -= wr_page_bytes(page->page);
    uint32_t fitted = wr_page_append(page->page, kept->layout, &values, rows, row_count);
    kept->bytes += wr_page_bytes(page->page);
    wr_page_open(page->page, kept->layout, &page->view, &page->rows);
    for (uint32_t i = 0; i < fitted; i++)
      addresses[i] = address | (first + i);
    kept->row_count += fitted;
    kept->sealed = fitted < row_count;
    rows += fitted;
    addresses += fitted;
    row_count -= fitted;
  }
}

void wr_kept_rows_drop(struct wr_kept_rows *kept, uint64_t address)
{
  uint64_t at = (address >> WR_KEPT_ROW_BITS) - kept->first_page;
  assert(at < kept->page_count && kept->pages[at].page);
  struct wr_kept_page *page = &kept->pages[at];
  kept->row_count--;
  if (!page->gone)
    page->gone = wr_memory_get_zero(wr_bit_words(WR_BATCH_ROWS) * sizeof *page->gone);
  wr_bit_set(page->gone, (uint32_t)(address & ((1u << WR_KEPT_ROW_BITS) - 1)));
  if (++page->dropped < page->rows.row_count)
    return;
  if (at == kept->page_count - 1)
    kept->sealed = true;
  page_drop(kept, page);
}

/* ---- snapshots: row by row, each value with its length, or a length that no value has for NULL */

#define KEPT_NULL UINT32_MAX

void wr_kept_rows_save(const struct wr_kept_rows *kept, uint32_t page, struct wr_part_writer *part)
{
  const struct wr_kept_page *from = &kept->pages[page];
  const struct wr_batch *rows = &from->rows;
  char *bytes = NULL;
  size_t capacity = 0;
  wr_part_put_u64(part, rows->row_count - from->dropped);
  for (uint32_t r = 0; r < rows->row_count; r++) {
    if (from->gone && wr_bit_get(from->gone, r))
      continue;
    for (uint32_t c = 0; c < kept->schema->column_count; c++) {
      const struct wr_column *column = &rows->columns[c];
      bool null = wr_column_is_null(column, r);
      size_t length = null ? 0 : wr_pack_item_bytes(column, r);
      if (length > capacity) {
        capacity = 2 * length;
        bytes = wr_memory_resize(bytes, capacity);
      }
      if (length)
        wr_pack_item(bytes, column, r);
      wr_part_put_u64(part, null ? KEPT_NULL : length);
      if (!null)
        wr_part_put_bytes(part, bytes ? bytes : "", length);
    }
  }
  free(bytes);
}

/* One value into its builder. */
static enum wr_code load_value(struct wr_builder *builder, struct wr_part_reader *part,
                               struct wr_error *err)
{
  uint64_t told;
  const char *bytes;
  size_t length;
  enum wr_code code = wr_part_get_u64(part, &told, err);
  if (code)
    return code;
  wr_builder_reserve(builder, 1);
  if (told == KEPT_NULL) {
    wr_builder_put_null(builder);
    return WR_OK;
  }
  code = wr_part_get_bytes(part, &bytes, &length, err);
  if (code)
    return code;
  uint8_t width = wr_physical_bytes[builder->type->physical];
  if (length != told || (builder->type->physical != WR_TEXT && width && length != width))
    return wr_fail(err, WR_DATA, "the snapshot has rows of another query");
  wr_packed_put(builder->type, (struct wr_slice){bytes, (uint32_t)length}, builder);
  return WR_OK;
}

enum wr_code wr_kept_rows_load(const struct wr_schema *schema, struct wr_part_reader *part,
                               void (*take)(void *self, const struct wr_batch *batch), void *self,
                               struct wr_error *err)
{
  uint64_t row_count;
  enum wr_code code = wr_part_get_u64(part, &row_count, err);
  if (code)
    return code;
  if (row_count > WR_BATCH_ROWS)
    return wr_fail(err, WR_DATA, "the snapshot has rows of another query");
  uint32_t count = schema->column_count;
  struct wr_builder *builders = wr_memory_get_zero((count + 1) * sizeof *builders);
  struct wr_column *columns = wr_memory_get_zero((count + 1) * sizeof *columns);
  for (uint32_t c = 0; c < count; c++)
    wr_builder_open(&builders[c], schema->fields[c].type);
  for (uint64_t i = 0; i < row_count * count && code == WR_OK; i++)
    code = load_value(&builders[i % count], part, err);
  for (uint32_t c = 0; c < count; c++)
    columns[c] = wr_builder_view(&builders[c]);
  const struct wr_batch batch = {.schema = schema,
                                 .columns = columns,
                                 .row_count = (uint32_t)row_count,
                                 .picked_count = (uint32_t)row_count,
                                 .others_us = WR_TIME_END};
  if (code == WR_OK)
    take(self, &batch);
  for (uint32_t c = 0; c < count; c++)
    wr_builder_close(&builders[c]);
  free(builders);
  free(columns);
  return code;
}
