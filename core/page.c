/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages. A layout divides the 64 KiB once per schema: every column gets room for the same number of
 * rows, chosen so that texts of an ordinary length fill the rest at about the same time. ROW
 * columns are taken apart: each field, at any depth, is a slot of its own, in breadth-first order
 * so that the fields of one ROW stand side by side.
 *
 *   | flags per slot | valid bits | values of slot 0 | ... | arrived | change | free ... | texts |
 *
 * Appending gathers one column after the other in tight loops. A page's bytes never move while rows
 * are in it, so long texts are kept as plain pointers into the page and opening one only sets up
 * pointers. A column pays for its NULL bits from the first batch on that has any.
 */
#include "core/page.h"

#include <assert.h>
#include <stdlib.h>

#define PAGE_BLOCK_ROWS 64
#define PAGE_TEXT_BYTES 24 /* room that a layout leaves per text for what does not fit inside */

/* One column, or one field of a ROW column. */
struct page_slot {
  const struct wr_type *type;
  uint32_t width;               /* bytes per value; 0: ROW */
  uint32_t values_at, valid_at; /* where in the page */
  uint32_t child_first;         /* ROW: slot of its first field */
};

struct wr_page_layout {
  const struct wr_schema *schema;
  uint32_t row_capacity;
  uint32_t slot_count, text_count;
  uint32_t arrived_at, change_at, texts_at; /* texts_at: where the fixed part ends */
  struct page_slot slots[];
};

struct wr_page {
  char *bytes;
  uint32_t size, row_count;
  uint32_t text_first; /* texts lie from here to size */
  bool has_arrived, has_change;
  int64_t now_us;
};

/* ---- layout */

static uint32_t align(uint32_t offset, uint32_t to)
{
  return (offset + to - 1) & ~(to - 1);
}

static uint32_t type_slots(const struct wr_type *type)
{
  uint32_t count = 1;
  if (type->kind == WR_ROW)
    for (uint32_t i = 0; i < type->field_count; i++)
      count += type_slots(type->fields[i].type);
  return count;
}

/* Breadth first: the slots that were added are themselves walked for their fields. */
static void layout_add_slots(struct wr_page_layout *layout)
{
  uint32_t added = 0;
  for (uint32_t i = 0; i < layout->schema->column_count; i++)
    layout->slots[added++].type = layout->schema->fields[i].type;
  for (uint32_t i = 0; i < added; i++) {
    struct page_slot *slot = &layout->slots[i];
    assert(slot->type->physical != WR_NESTED || slot->type->kind == WR_ROW);
    slot->width = wr_physical_bytes[slot->type->physical];
    layout->text_count += slot->type->physical == WR_TEXT;
    if (slot->type->kind != WR_ROW)
      continue;
    slot->child_first = added;
    for (uint32_t f = 0; f < slot->type->field_count; f++)
      layout->slots[added++].type = slot->type->fields[f].type;
  }
  assert(added == layout->slot_count);
}

/* Places everything for so many rows; returns where the fixed part ends. */
static uint32_t layout_place(struct wr_page_layout *layout, uint32_t rows)
{
  uint32_t at = align(layout->slot_count, 16);
  for (uint32_t i = 0; i < layout->slot_count; i++) {
    layout->slots[i].valid_at = at;
    at += wr_bit_words(rows) * (uint32_t)sizeof(uint64_t);
  }
  for (uint32_t i = 0; i < layout->slot_count; i++) {
    at = align(at, 16);
    layout->slots[i].values_at = at;
    at += layout->slots[i].width * rows;
  }
  at = align(at, 16);
  layout->arrived_at = at;
  at += rows * (uint32_t)sizeof(int64_t);
  layout->change_at = at;
  at += rows;
  layout->texts_at = at + WR_PADDING; /* what is read behind the last value is still the page */
  layout->row_capacity = rows;
  return layout->texts_at;
}

struct wr_page_layout *wr_page_layout_new(const struct wr_schema *schema)
{
  uint32_t slot_count = 0;
  for (uint32_t i = 0; i < schema->column_count; i++)
    slot_count += type_slots(schema->fields[i].type);
  struct wr_page_layout *layout =
      wr_memory_get_zero(sizeof *layout + slot_count * sizeof *layout->slots);
  layout->schema = schema;
  layout->slot_count = slot_count;
  layout_add_slots(layout);

  uint32_t row_bits = 8 * ((uint32_t)sizeof(int64_t) + 1) + slot_count;
  for (uint32_t i = 0; i < slot_count; i++)
    row_bits += 8 * layout->slots[i].width;
  row_bits += 8 * PAGE_TEXT_BYTES * layout->text_count;
  uint32_t rows = WR_PAGE_BYTES * 8 / row_bits;
  if (rows > WR_BATCH_ROWS)
    rows = WR_BATCH_ROWS;
  while (rows > 1 &&
         layout_place(layout, rows) + rows * PAGE_TEXT_BYTES * layout->text_count > WR_PAGE_BYTES)
    rows -= 1 + rows / 64;
  layout_place(
      layout,
      rows ? rows
           : 1); /* one row of very many columns: pages are made larger when they are filled */
  return layout;
}

void wr_page_layout_free(struct wr_page_layout *layout)
{
  free(layout);
}

/* ---- life of a page */

static void page_set_size(struct wr_page *page, uint32_t size)
{
  assert(page->row_count == 0);
  free(page->bytes);
  page->bytes = wr_memory_get(size);
  page->size = size;
  page->text_first = size;
}

struct wr_page *wr_page_new(void)
{
  struct wr_page *page = wr_memory_get_zero(sizeof *page);
  page_set_size(page, WR_PAGE_BYTES);
  return page;
}

void wr_page_free(struct wr_page *page)
{
  if (!page)
    return;
  free(page->bytes);
  free(page);
}

void wr_page_clear(struct wr_page *page)
{
  page->row_count = 0;
  page->has_arrived = page->has_change = false;
  page->text_first = page->size;
  if (page->size != WR_PAGE_BYTES)
    page_set_size(page, WR_PAGE_BYTES);
}

size_t wr_page_bytes(const struct wr_page *page)
{
  return page->size;
}

/* ---- appending */

/* One wr_page_append under way. */
struct page_append {
  struct wr_page *page;
  const struct wr_page_layout *layout;
  const uint32_t *rows;
  uint32_t row_count;
  bool side_by_side; /* rows[i] is rows[0] + i */
};

static bool rows_lie_side_by_side(const uint32_t *rows, uint32_t row_count)
{
  uint32_t differs = 0;
  if (rows[row_count - 1] - rows[0] != row_count - 1)
    return false;
  for (uint32_t i = 0; i < row_count; i++)
    differs |= rows[i] ^ (rows[0] + i);
  return differs == 0;
}

/* Adds to need[i] the long bytes of rows[i] in a column that is not constant. */
static void column_add_text_bytes(const struct wr_column *column, const uint32_t *rows,
                                  uint32_t row_count, uint64_t *need)
{
  if (column->constant)
    return;
  if (column->type->kind == WR_ROW)
    for (uint32_t i = 0; i < column->type->field_count; i++)
      column_add_text_bytes(&column->children[i], rows, row_count, need);
  if (column->type->physical != WR_TEXT)
    return;
  const struct wr_text *texts = column->values;
  for (uint32_t i = 0; i < row_count; i++) {
    uint32_t length = texts[rows[i]].length;
    bool counts = length > WR_TEXT_INLINE && (!column->valid || wr_bit_get(column->valid, rows[i]));
    need[i] += counts ? length : 0;
  }
}

/* The long bytes of constant columns: they are stored once. */
static uint64_t column_constant_bytes(const struct wr_column *column)
{
  uint64_t bytes = 0;
  if (column->type->kind == WR_ROW)
    for (uint32_t i = 0; i < column->type->field_count; i++)
      bytes += column_constant_bytes(&column->children[i]);
  if (column->type->physical != WR_TEXT || !column->constant || wr_column_is_null(column, 0))
    return bytes;
  uint32_t length = wr_column_text(column, 0)->length;
  return length > WR_TEXT_INLINE ? length : 0;
}

/*
 * How many of the rows need no more than `room` bytes for long texts; *bytes is what these need.
 * Goes by blocks, so that lengths are summed column by column.
 */
static uint32_t batch_text_rows(const struct page_append *append, const struct wr_batch *batch,
                                uint32_t rows_max, uint64_t room, uint64_t *bytes)
{
  uint64_t used = 0;
  for (uint32_t c = 0; c < batch->schema->column_count; c++)
    used += column_constant_bytes(&batch->columns[c]);
  *bytes = used;
  for (uint32_t first = 0; first < rows_max; first += PAGE_BLOCK_ROWS) {
    uint64_t need[PAGE_BLOCK_ROWS] = {0};
    uint32_t count = rows_max - first < PAGE_BLOCK_ROWS ? rows_max - first : PAGE_BLOCK_ROWS;
    for (uint32_t c = 0; c < batch->schema->column_count; c++)
      column_add_text_bytes(&batch->columns[c], append->rows + first, count, need);
    for (uint32_t i = 0; i < count; i++) {
      if (used + need[i] > room)
        return first + i;
      used += need[i];
      *bytes = used;
    }
  }
  return rows_max;
}

/* How many of the rows fit. */
static uint32_t append_room(const struct page_append *append, const struct wr_batch *batch)
{
  const struct wr_page *page = append->page;
  if (append->layout->texts_at > page->size)
    return 0;
  uint32_t rows = append->layout->row_capacity - page->row_count;
  if (rows > append->row_count)
    rows = append->row_count;
  if (append->layout->text_count == 0)
    return rows;
  uint64_t bytes;
  return batch_text_rows(append, batch, rows, page->text_first - append->layout->texts_at, &bytes);
}

static bool append_has_null(const struct page_append *append, const struct wr_column *column)
{
  uint64_t all = 1;
  if (!column->valid || column->constant)
    return column->valid && wr_column_is_null(column, 0);
  for (uint32_t i = 0; i < append->row_count; i++)
    all &= column->valid[append->rows[i] >> 6] >> (append->rows[i] & 63);
  return !all;
}

static void append_valid(const struct page_append *append, uint32_t slot_index,
                         const struct wr_column *column)
{
  struct wr_page *page = append->page;
  const struct page_slot *slot = &append->layout->slots[slot_index];
  uint64_t *bits = (uint64_t *)(page->bytes + slot->valid_at);
  bool *has_null = (bool *)page->bytes + slot_index;
  if (page->row_count == 0)
    *has_null = false;
  if (!*has_null && !append_has_null(append, column))
    return; /* rows that a filter has left often have no NULL, though their column has */
  uint32_t first = page->row_count;
  if (!*has_null) {
    *has_null = true;
    memset(bits, 0, wr_bit_words(append->layout->row_capacity) * sizeof *bits);
    for (uint32_t i = 0; i < first; i++)
      wr_bit_set(bits, i);
  }
  for (uint32_t i = 0; i < append->row_count; i++) {
    uint64_t valid =
        !column->valid || wr_bit_get(column->valid, wr_column_row(column, append->rows[i]));
    bits[(first + i) >> 6] |= valid << ((first + i) & 63);
  }
}

static const char *page_keep_bytes(struct wr_page *page, const char *bytes, uint32_t length)
{
  page->text_first -= length;
  return memcpy(page->bytes + page->text_first, bytes, length);
}

static void append_texts(const struct page_append *append, const struct wr_column *column,
                         struct wr_text *out)
{
  const struct wr_text *texts = column->values;
  if (column->constant) {
    struct wr_text text = wr_column_is_null(column, 0) ? (struct wr_text){0} : *texts;
    if (text.length > WR_TEXT_INLINE)
      text.bytes = page_keep_bytes(append->page, text.bytes, text.length);
    for (uint32_t i = 0; i < append->row_count; i++)
      out[i] = text;
    return;
  }
  for (uint32_t i = 0; i < append->row_count; i++) {
    uint32_t row = append->rows[i];
    struct wr_text text = texts[row];
    if (column->valid && !wr_bit_get(column->valid, row))
      text = (struct wr_text){0};
    if (text.length > WR_TEXT_INLINE)
      text.bytes = page_keep_bytes(append->page, text.bytes, text.length);
    out[i] = text;
  }
}

/* Numbers of rows are read two at a time: loads are what counts, as the values are in the cache. */
struct row_pair {
  uint32_t first, second;
};

static inline struct row_pair rows_pair(const uint32_t *rows)
{
  uint64_t both;
  memcpy(&both, rows, sizeof both);
  bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
  uint32_t low = (uint32_t)both, high = (uint32_t)(both >> 32);
  return (struct row_pair){little ? low : high, little ? high : low};
}

#define GATHER                                                                \
  size_t i = 0;                                                               \
  for (; i + 4 <= count; i += 4) {                                            \
    struct row_pair one = rows_pair(rows + i), two = rows_pair(rows + i + 2); \
    to[i] = from[one.first];                                                  \
    to[i + 1] = from[one.second];                                             \
    to[i + 2] = from[two.first];                                              \
    to[i + 3] = from[two.second];                                             \
  }                                                                           \
  for (; i < count; i++)                                                      \
    to[i] = from[rows[i]];

#define APPEND(ctype)                                  \
  do {                                                 \
    ctype *to = out;                                   \
    const ctype *from = values;                        \
    if (constant)                                      \
      for (size_t i = 0; i < count; i++)               \
        to[i] = from[0];                               \
    else if (append->side_by_side)                     \
      memcpy(to, from + rows[0], count * sizeof(*to)); \
    else {                                             \
      GATHER                                           \
    }                                                  \
  } while (0)

static void append_fixed(const struct page_append *append, uint32_t width, bool constant,
                         const void *values, void *out)
{
  const uint32_t *rows = append->rows;
  const size_t count = append->row_count;
  switch (width) {
  case 1: APPEND(uint8_t); break;
  case 2: APPEND(uint16_t); break;
  case 4: APPEND(uint32_t); break;
  case 8: APPEND(uint64_t); break;
  default: assert(width == 16); APPEND(wr_i128);
  }
}
#undef APPEND
#undef GATHER

static void append_column(const struct page_append *append, uint32_t slot_index,
                          const struct wr_column *column)
{
  const struct page_slot *slot = &append->layout->slots[slot_index];
  assert(slot->type->physical == column->type->physical);
  append_valid(append, slot_index, column);
  if (slot->type->kind == WR_ROW) {
    for (uint32_t i = 0; i < slot->type->field_count; i++)
      append_column(append, slot->child_first + i, &column->children[i]);
    return;
  }
  char *out = append->page->bytes + slot->values_at + (size_t)append->page->row_count * slot->width;
  if (slot->type->physical == WR_TEXT)
    append_texts(append, column, (struct wr_text *)out);
  else
    append_fixed(append, slot->width, column->constant, column->values, out);
}

static void append_change(const struct page_append *append, const struct wr_batch *batch)
{
  struct wr_page *page = append->page;
  uint8_t *change = (uint8_t *)page->bytes + append->layout->change_at;
  if (!batch->change && !page->has_change)
    return;
  if (!page->has_change)
    memset(change, WR_INSERT, page->row_count);
  page->has_change = true;
  if (batch->change)
    append_fixed(append, sizeof *change, false, batch->change, change + page->row_count);
  else
    memset(change + page->row_count, WR_INSERT, append->row_count);
}

/* Rows without an arrival time can never be late: they get one before all times. */
static void append_arrived(const struct page_append *append, const struct wr_batch *batch)
{
  static const int64_t never = WR_TIME_NONE;
  struct wr_page *page = append->page;
  int64_t *arrived = (int64_t *)(page->bytes + append->layout->arrived_at);
  if (!batch->arrived_us && !page->has_arrived)
    return;
  if (!page->has_arrived)
    for (uint32_t i = 0; i < page->row_count; i++)
      arrived[i] = never;
  page->has_arrived = true;
  append_fixed(append, sizeof *arrived, !batch->arrived_us,
               batch->arrived_us ? batch->arrived_us : &never, arrived + page->row_count);
}

uint32_t wr_page_append(struct wr_page *page, const struct wr_page_layout *layout,
                        const struct wr_batch *batch, const uint32_t *rows, uint32_t row_count)
{
  assert(rows || row_count == 0);
  assert(batch->schema->column_count == layout->schema->column_count);
  if (row_count == 0)
    return 0;
  struct page_append append = {page, layout, rows, row_count, false};
  append.row_count = append_room(&append, batch);
  if (append.row_count == 0 && page->row_count == 0) {
    uint64_t bytes;
    batch_text_rows(&append, batch, 1, UINT64_MAX, &bytes);
    assert(layout->texts_at + bytes <= UINT32_MAX / 2);
    page_set_size(page, layout->texts_at + (uint32_t)bytes);
    append.row_count = 1;
  }
  if (append.row_count == 0)
    return 0;
  append.side_by_side = rows_lie_side_by_side(rows, append.row_count);
  for (uint32_t i = 0; i < layout->schema->column_count; i++)
    append_column(&append, i, &batch->columns[i]);
  append_change(&append, batch);
  append_arrived(&append, batch);
  page->row_count += append.row_count;
  page->now_us = batch->now_us;
  assert(page->row_count <= layout->row_capacity && page->text_first >= layout->texts_at);
  return append.row_count;
}

/* ---- opening */

void wr_page_open(const struct wr_page *page, const struct wr_page_layout *layout,
                  struct wr_page_view *view, struct wr_batch *batch)
{
  wr_arena_reset(&view->arena);
  struct wr_column *columns = wr_arena_get_zero(&view->arena, layout->slot_count * sizeof *columns);
  for (uint32_t i = 0; i < layout->slot_count; i++) {
    const struct page_slot *slot = &layout->slots[i];
    columns[i].type = slot->type;
    if (page->row_count > 0 && ((const bool *)page->bytes)[i])
      columns[i].valid = (const uint64_t *)(page->bytes + slot->valid_at);
    if (slot->type->kind == WR_ROW)
      columns[i].children = &columns[slot->child_first];
    else
      columns[i].values = page->bytes + slot->values_at;
  }
  *batch = (struct wr_batch){
      .schema = layout->schema,
      .columns = columns,
      .row_count = page->row_count,
      .picked_count = page->row_count,
      .change = page->has_change ? (const uint8_t *)page->bytes + layout->change_at : NULL,
      .arrived_us = page->has_arrived ? (const int64_t *)(page->bytes + layout->arrived_at) : NULL,
      .others_us = WR_TIME_END,
      .now_us = page->now_us,
  };
}

void wr_page_view_close(struct wr_page_view *view)
{
  wr_arena_free(&view->arena);
}
