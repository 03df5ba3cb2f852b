/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/kept_rows.h"

#include <assert.h>
#include <stdlib.h>

_Static_assert(WR_BATCH_ROWS < 1 << WR_KEPT_ROW_BITS, "a page has no more rows than a batch");

void wr_kept_rows_open(struct wr_kept_rows *kept, const struct wr_schema *schema)
{
  *kept = (struct wr_kept_rows){.schema = schema, .layout = wr_page_layout_new(schema)};
}

/* With what looking into it takes. */
static uint64_t page_memory(const struct wr_kept_page *page)
{
  return wr_page_bytes(page->page) + page->view.arena.held + sizeof *page;
}

static void page_drop(struct wr_kept_rows *kept, struct wr_kept_page *page)
{
  if (!page->page)
    return;
  kept->bytes -= page_memory(page);
  kept->dropped_rows -= page->dropped;
  wr_page_free(page->page);
  wr_page_view_close(&page->view);
  free(page->gone);
  free(page->frozen_gone);
  *page = (struct wr_kept_page){0};
  if (!kept->mixed)
    return;
  if (kept->free_count == kept->free_room) {
    kept->free_room = kept->free_room ? 2 * kept->free_room : 16;
    kept->free_pages =
        wr_memory_resize(kept->free_pages, kept->free_room * sizeof *kept->free_pages);
  }
  kept->free_pages[kept->free_count++] = (uint32_t)(page - kept->pages);
}

void wr_kept_rows_close(struct wr_kept_rows *kept)
{
  for (uint32_t i = 0; i < kept->page_count; i++)
    page_drop(kept, &kept->pages[i]);
  free(kept->pages);
  free(kept->free_pages);
  if (kept->layout)
    wr_page_layout_free(kept->layout);
}

/* Pages at the front that are gone make room for others behind. */
static void kept_trim(struct wr_kept_rows *kept)
{
  uint32_t gone = 0;
  while (gone < kept->page_count && !kept->pages[gone].page)
    gone++;
  if (gone <= kept->page_count / 2)
    return;
  memmove(kept->pages, kept->pages + gone, (kept->page_count - gone) * sizeof *kept->pages);
  kept->page_count -= gone;
  kept->first_page += gone;
}

/* A fresh page behind the others, or in place of one that is gone. */
static void kept_add_page(struct wr_kept_rows *kept)
{
  if (!kept->mixed)
    kept_trim(kept);
  if (kept->free_count == 0 && kept->page_count == kept->page_room) {
    kept->page_room = kept->page_room ? 2 * kept->page_room : 16;
    kept->pages = wr_memory_resize(kept->pages, kept->page_room * sizeof *kept->pages);
  }
  kept->filling = kept->free_count ? kept->free_pages[--kept->free_count] : kept->page_count++;
  struct wr_kept_page *page = &kept->pages[kept->filling];
  *page = (struct wr_kept_page){.page = wr_page_new()};
  kept->bytes += page_memory(page);
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
    struct wr_kept_page *page = &kept->pages[kept->filling];
    uint64_t address = (kept->first_page + kept->filling) << WR_KEPT_ROW_BITS;
    uint32_t first = page->rows.row_count;
    kept->bytes -= page_memory(page);
    uint32_t fitted = wr_page_append(page->page, kept->layout, &values, rows, row_count);
    wr_page_open(page->page, kept->layout, &page->view, &page->rows);
    kept->bytes += page_memory(page);
    for (uint32_t i = 0; i < fitted; i++)
      addresses[i] = address | (first + i);
    kept->row_count += fitted;
    kept->sealed = fitted < row_count;
    rows += fitted;
    addresses += fitted;
    row_count -= fitted;
  }
}

static uint64_t *bits_copy(const uint64_t *bits)
{
  size_t bytes = wr_bit_words(WR_BATCH_ROWS) * sizeof *bits;
  uint64_t *copy = wr_memory_get_zero(bytes);
  if (bits)
    memcpy(copy, bits, bytes);
  return copy;
}

void wr_kept_rows_drop(struct wr_kept_rows *kept, uint64_t address)
{
  uint64_t at = (address >> WR_KEPT_ROW_BITS) - kept->first_page;
  assert(at < kept->page_count && kept->pages[at].page);
  struct wr_kept_page *page = &kept->pages[at];
  kept->row_count--;
  kept->dropped_rows++;
  if (page->unsaved && !page->frozen_gone)
    page->frozen_gone = bits_copy(page->gone);
  if (!page->gone)
    page->gone = bits_copy(NULL);
  wr_bit_set(page->gone, (uint32_t)(address & ((1u << WR_KEPT_ROW_BITS) - 1)));
  if (++page->dropped < page->rows.row_count)
    return;
  if (at == kept->filling)
    kept->sealed = true;
  if (!page->unsaved)
    page_drop(kept, page);
}

/* ---- reading */

#define GATHER_ROWS 64 /* whose memory is fetched together: kept rows lie anywhere */

/* Where the values are; NULL: they are NULL. */
static void gather_fetch(const struct wr_kept_rows *kept, const uint64_t *addresses, uint32_t count,
                         uint32_t column, const char **values)
{
  for (uint32_t i = 0; i < count; i++) {
    uint32_t row;
    const struct wr_column *from = &wr_kept_row(kept, addresses[i], &row)->columns[column];
    values[i] =
        wr_column_is_null(from, row)
            ? NULL
            : (const char *)from->values + (size_t)wr_physical_bytes[from->type->physical] * row;
    __builtin_prefetch(values[i]);
  }
}

#define GATHER(name, ctype)                                  \
  for (uint32_t i = 0; i < some; i++) {                      \
    if (values[i])                                           \
      wr_builder_put_##name(out, *(const ctype *)values[i]); \
    else                                                     \
      wr_builder_put_null(out);                              \
  }                                                          \
  break;

static void gather_rows(const struct wr_kept_rows *kept, const uint64_t *addresses, uint32_t count,
                        uint32_t column, struct wr_builder *out)
{
  for (uint32_t i = 0; i < count; i++) {
    uint32_t row;
    const struct wr_batch *rows = wr_kept_row(kept, addresses[i], &row);
    wr_builder_put_row(out, &rows->columns[column], row, false);
  }
}

void wr_kept_rows_gather(const struct wr_kept_rows *kept, const uint64_t *addresses, uint32_t count,
                         uint32_t column, struct wr_builder *out)
{
  wr_builder_reserve(out, count);
  if (out->type->physical == WR_NESTED) {
    gather_rows(kept, addresses, count, column, out);
    return;
  }
  const char *values[GATHER_ROWS];
  for (uint32_t first = 0; first < count; first += GATHER_ROWS) {
    uint32_t some = count - first < GATHER_ROWS ? count - first : GATHER_ROWS;
    gather_fetch(kept, addresses + first, some, column, values);
    switch (wr_physical_bytes[out->type->physical]) {
    case 1: GATHER(u8, uint8_t)
    case 2: GATHER(i16, int16_t)
    case 4: GATHER(i32, int32_t)
    case 8: GATHER(i64, int64_t)
    default:
      assert(wr_physical_bytes[out->type->physical] == sizeof(struct wr_text));
      GATHER(text, struct wr_text)
    }
  }
}
#undef GATHER

/*
 * ---- snapshots: the rows of a page column by column, whatever their places in it
 *
 *   rows | per column: 1 and a bit per row that is not NULL, or 0 | values
 *   rows, SAVED_NAMED | columns | per column: its id, how many bytes, and these bytes as above
 *   values  of fixed width: one behind the other    ROW: its fields, as columns
 *           texts: their lengths, 4 bytes each, and their bytes
 */

#define SAVED_NAMED (UINT64_C(1) << 32)

/* Memory for putting values together; keeps what it has. */
struct kept_scratch {
  char *bytes;
  size_t capacity;
};

static char *scratch_get(struct kept_scratch *scratch, size_t size)
{
  if (size >= scratch->capacity) { /* never NULL */
    free(scratch->bytes);
    scratch->capacity = 2 * size + 64;
    scratch->bytes = wr_memory_get(scratch->capacity);
  }
  return scratch->bytes;
}

static void save_nulls(const struct wr_column *column, const uint32_t *rows, uint32_t count,
                       struct wr_part_writer *part)
{
  uint64_t bits[WR_BATCH_ROWS / 64] = {0};
  uint32_t nulls = 0;
  for (uint32_t i = 0; column->valid && i < count; i++) {
    bool null = wr_column_is_null(column, rows[i]);
    bits[i / 64] |= (uint64_t)!null << i % 64;
    nulls += null;
  }
  wr_part_put_u64(part, nulls > 0);
  if (nulls)
    wr_part_put_bytes(part, bits, wr_bit_words(count) * sizeof *bits);
}

static void save_texts(const struct wr_column *column, const uint32_t *rows, uint32_t count,
                       struct kept_scratch *scratch, struct wr_part_writer *part)
{
  uint32_t lengths[WR_BATCH_ROWS];
  size_t total = 0, at = 0;
  for (uint32_t i = 0; i < count; i++) {
    lengths[i] = wr_column_is_null(column, rows[i]) ? 0 : wr_column_text(column, rows[i])->length;
    total += lengths[i];
  }
  char *bytes = scratch_get(scratch, total);
  for (uint32_t i = 0; i < count; i++) {
    if (lengths[i])
      memcpy(bytes + at, wr_text_bytes(wr_column_text(column, rows[i])), lengths[i]);
    at += lengths[i];
  }
  wr_part_put_bytes(part, lengths, count * sizeof *lengths);
  wr_part_put_bytes(part, bytes, total);
}

static void save_column(const struct wr_column *column, const uint32_t *rows, uint32_t count,
                        struct kept_scratch *scratch, struct wr_part_writer *part)
{
  save_nulls(column, rows, count, part);
  if (column->type->physical == WR_NESTED) {
    for (uint32_t f = 0; f < column->type->field_count; f++)
      save_column(&column->children[f], rows, count, scratch, part);
    return;
  }
  if (column->type->physical == WR_TEXT) {
    save_texts(column, rows, count, scratch, part);
    return;
  }
  size_t width = wr_physical_bytes[column->type->physical];
  char *values = scratch_get(scratch, count * width);
  for (uint32_t i = 0; i < count; i++)
    memcpy(values + i * width, (const char *)column->values + rows[i] * width, width);
  wr_part_put_bytes(part, values, count * width);
}

/* Columns of the operator's own stand behind those of the query and have small numbers. */
static uint64_t kept_column_id(const struct wr_kept_rows *kept, uint32_t column)
{
  return column < kept->named_count ? kept->column_ids[column] : column - kept->named_count;
}

static void save_named(const struct wr_kept_rows *kept, const struct wr_batch *page,
                       const uint32_t *rows, uint32_t count, struct kept_scratch *scratch,
                       struct wr_part_writer *part)
{
  struct wr_part_writer column = {0};
  wr_part_put_u64(part, kept->schema->column_count);
  for (uint32_t c = 0; c < kept->schema->column_count; c++) {
    column.length = 0;
    save_column(&page->columns[c], rows, count, scratch, &column);
    wr_part_put_u64(part, kept_column_id(kept, c));
    wr_part_put_bytes(part, column.bytes, column.length);
  }
  wr_part_writer_free(&column);
}

/* The rows of a page that are saved; how many. */
static uint32_t save_rows(const struct wr_kept_page *from, uint32_t *rows)
{
  const uint64_t *gone = from->frozen_gone ? from->frozen_gone : from->gone;
  uint32_t row_count = from->unsaved ? from->frozen_rows : from->rows.row_count, count = 0;
  for (uint32_t r = 0; r < row_count; r++)
    if (!gone || !wr_bit_get(gone, r))
      rows[count++] = r;
  assert(count == row_count - (from->unsaved ? from->frozen_dropped : from->dropped));
  return count;
}

void wr_kept_rows_save(const struct wr_kept_rows *kept, uint32_t page, struct wr_part_writer *part)
{
  const struct wr_kept_page *from = &kept->pages[page];
  uint32_t rows[WR_BATCH_ROWS], count = save_rows(from, rows);
  wr_part_put_u64(part, count && kept->column_ids ? count | SAVED_NAMED : count);
  if (count == 0)
    return; /* the page may be gone */
  struct kept_scratch scratch = {0};
  if (kept->column_ids)
    save_named(kept, &from->rows, rows, count, &scratch, part);
  for (uint32_t c = 0; !kept->column_ids && c < kept->schema->column_count; c++)
    save_column(&from->rows.columns[c], rows, count, &scratch, part);
  free(scratch.bytes);
}

void wr_kept_rows_save_begin(struct wr_kept_rows *kept)
{
  assert(kept->unsaved_count == 0);
  for (uint32_t i = 0; i < kept->page_count; i++) {
    struct wr_kept_page *page = &kept->pages[i];
    if (!page->page)
      continue;
    page->unsaved = true;
    page->frozen_rows = page->rows.row_count;
    page->frozen_dropped = page->dropped;
    kept->unsaved_count++;
  }
  kept->save_from = 0;
}

static void save_find_next(struct wr_kept_rows *kept)
{
  assert(kept->mixed && kept->unsaved_count > 0);
  while (!kept->pages[kept->save_from].unsaved)
    kept->save_from++;
}

uint32_t wr_kept_rows_unsaved(struct wr_kept_rows *kept, uint32_t *rows, uint32_t *count)
{
  save_find_next(kept);
  *count = save_rows(&kept->pages[kept->save_from], rows);
  return kept->save_from;
}

void wr_kept_rows_save_next(struct wr_kept_rows *kept, struct wr_part_writer *part)
{
  save_find_next(kept);
  struct wr_kept_page *page = &kept->pages[kept->save_from];
  wr_kept_rows_save(kept, kept->save_from, part);
  page->unsaved = false;
  free(page->frozen_gone);
  page->frozen_gone = NULL;
  kept->unsaved_count--;
  if (page->dropped == page->rows.row_count)
    page_drop(kept, page);
}

bool wr_kept_rows_save_step(struct wr_kept_rows *kept, struct wr_part_writer *part,
                            uint32_t page_count)
{
  for (; page_count > 0 && kept->unsaved_count > 0; page_count--) {
    wr_part_put_u64(part, 1);
    wr_kept_rows_save_next(kept, part);
  }
  if (kept->unsaved_count > 0)
    return false;
  wr_part_put_u64(part, 0);
  return true;
}

/* Exactly so many bytes. */
static enum wr_code load_bytes(struct wr_part_reader *part, size_t wanted, const char **bytes,
                               struct wr_error *err)
{
  size_t length;
  enum wr_code code = wr_part_get_bytes(part, bytes, &length, err);
  if (code == WR_OK && length != wanted)
    code = wr_fail(err, WR_DATA, "the snapshot has rows of another query");
  return code;
}

/* Long texts stay lent from the part. */
static enum wr_code load_texts(struct wr_builder *builder, uint32_t count,
                               struct wr_part_reader *part, struct wr_error *err)
{
  const char *lengths, *bytes;
  size_t total, at = 0;
  enum wr_code code = load_bytes(part, count * sizeof(uint32_t), &lengths, err);
  if (code == WR_OK)
    code = wr_part_get_bytes(part, &bytes, &total, err);
  struct wr_text *texts = builder->values;
  for (uint32_t i = 0; code == WR_OK && i < count; i++) {
    uint32_t length;
    memcpy(&length, lengths + i * sizeof length, sizeof length);
    if (length > total - at)
      return wr_fail(err, WR_DATA, "the snapshot has rows of another query");
    texts[i] = wr_text_make(bytes + at, length);
    at += length;
  }
  return code;
}

/* All rows of a column into its builder, which is empty and has room. */
static enum wr_code load_column(struct wr_builder *builder, uint32_t count,
                                struct wr_part_reader *part, struct wr_error *err)
{
  uint64_t has_null;
  const char *bytes = NULL;
  size_t words = wr_bit_words(count);
  enum wr_code code = wr_part_get_u64(part, &has_null, err);
  if (code == WR_OK && has_null)
    code = load_bytes(part, words * sizeof(uint64_t), &bytes, err);
  if (code)
    return code;
  for (uint32_t i = 0; !has_null && i < count; i++)
    wr_bit_set(builder->valid, i);
  if (has_null)
    memcpy(builder->valid, bytes, words * sizeof(uint64_t));
  if (has_null && count % 64)
    builder->valid[words - 1] &= (UINT64_C(1) << count % 64) - 1;
  builder->has_null = has_null;
  const struct wr_type *type = builder->type;
  if (type->physical == WR_TEXT)
    code = load_texts(builder, count, part, err);
  else if (type->physical != WR_NESTED)
    code = load_bytes(part, count * wr_physical_bytes[type->physical], &bytes, err);
  if (code == WR_OK && type->physical != WR_TEXT && type->physical != WR_NESTED)
    memcpy(builder->values, bytes, count * wr_physical_bytes[type->physical]);
  for (uint32_t f = 0; type->kind == WR_ROW && code == WR_OK && f < type->field_count; f++)
    code = load_column(&builder->children[f], count, part, err);
  builder->row_count = code == WR_OK ? count : 0;
  return code;
}

/* A column that was not saved. */
static void load_absent(struct wr_builder *builder, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    wr_builder_put_null(builder);
}

/* Columns that the rows were saved with, by id. */
static enum wr_code load_named(const struct wr_kept_rows *kept, struct wr_builder *builders,
                               uint32_t count, struct wr_part_reader *part, struct wr_error *err)
{
  uint32_t wanted = kept->schema->column_count;
  uint64_t saved = 0;
  enum wr_code code = wr_part_get_u64(part, &saved, err);
  for (uint64_t i = 0; code == WR_OK && i < saved; i++) {
    uint64_t id;
    struct wr_part_reader column = {0};
    code = wr_part_get_u64(part, &id, err);
    if (code == WR_OK)
      code = wr_part_get_bytes(part, &column.bytes, &column.length, err);
    for (uint32_t c = 0; code == WR_OK && c < wanted; c++)
      if (kept_column_id(kept, c) == id && builders[c].row_count == 0)
        code = load_column(&builders[c], count, &column, err);
  }
  for (uint32_t c = 0; code == WR_OK && c < wanted; c++)
    if (builders[c].row_count == 0)
      load_absent(&builders[c], count);
  return code;
}

enum wr_code wr_kept_rows_load(const struct wr_kept_rows *kept, struct wr_part_reader *part,
                               void (*take)(void *self, const struct wr_batch *batch), void *self,
                               struct wr_error *err)
{
  const struct wr_schema *schema = kept->schema;
  uint64_t row_count;
  enum wr_code code = wr_part_get_u64(part, &row_count, err);
  if (code || row_count == 0)
    return code;
  bool is_named = row_count & SAVED_NAMED;
  row_count &= ~SAVED_NAMED;
  if (row_count == 0 || row_count > WR_BATCH_ROWS)
    return wr_fail(err, WR_DATA, "the snapshot has rows of another query");
  uint32_t count = schema->column_count;
  struct wr_builder *builders = wr_memory_get_zero((count + 1) * sizeof *builders);
  struct wr_column *columns = wr_memory_get_zero((count + 1) * sizeof *columns);
  for (uint32_t c = 0; c < count; c++) {
    wr_builder_open(&builders[c], schema->fields[c].type);
    wr_builder_reserve(&builders[c], (uint32_t)row_count);
    if (code == WR_OK && !is_named && kept->column_ids && c >= count - kept->added_count)
      load_absent(&builders[c], (uint32_t)row_count);
    else if (code == WR_OK && !is_named)
      code = load_column(&builders[c], (uint32_t)row_count, part, err);
  }
  if (code == WR_OK && is_named)
    code = load_named(kept, builders, (uint32_t)row_count, part, err);
  for (uint32_t c = 0; code == WR_OK && c < count; c++)
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
