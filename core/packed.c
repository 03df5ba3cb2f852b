/* SPDX-License-Identifier: Apache-2.0 */
/* Packing and reading collections; the layout is drawn in the header. */
#include "core/packed.h"

#include <assert.h>

/* ---- reading */

static uint32_t packed_u32(const char *bytes)
{
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

/* Width of an item, 0 if it varies. */
static size_t type_width(const struct wr_type *type)
{
  return type->physical == WR_TEXT ? 0 : wr_physical_bytes[type->physical];
}

static void list_open(struct wr_list *list, const struct wr_type *element, const char *bytes)
{
  *list = (struct wr_list){.type = element, .count = packed_u32(bytes), .nulls = bytes + 4};
  list->items = list->nulls + (list->count + 7) / 8;
  if (type_width(element) == 0) {
    list->ends = list->items;
    list->items += sizeof(uint32_t) * (size_t)list->count;
  }
}

void wr_list_open(struct wr_list *list, const struct wr_type *array, const struct wr_text *packed)
{
  assert(array->kind == WR_ARRAY && packed->length >= 4);
  list_open(list, array->fields[0].type, wr_text_bytes(packed));
}

void wr_map_open(struct wr_list *keys, struct wr_list *values, const struct wr_type *map,
                 const struct wr_text *packed)
{
  assert((map->kind == WR_MAP || map->kind == WR_MULTISET) && packed->length >= 12);
  const char *bytes = wr_text_bytes(packed);
  list_open(keys, map->fields[0].type, bytes + 4);
  list_open(values, map->fields[1].type, bytes + 4 + packed_u32(bytes));
  assert(keys->count == values->count);
}

struct wr_slice wr_list_item(const struct wr_list *list, uint32_t i)
{
  assert(i < list->count);
  if (!list->ends) {
    size_t width = type_width(list->type);
    return (struct wr_slice){list->items + width * i, (uint32_t)width};
  }
  uint32_t first = i ? packed_u32(list->ends + 4 * (size_t)(i - 1)) : 0;
  return (struct wr_slice){list->items + first, packed_u32(list->ends + 4 * (size_t)i) - first};
}

const struct wr_column *wr_cell_open(struct wr_cell *cell, const struct wr_type *type,
                                     struct wr_slice item)
{
  assert(type->kind != WR_ROW);
  cell->column = (struct wr_column){.type = type, .values = cell->value};
  if (type->physical == WR_TEXT) {
    struct wr_text text = wr_text_make(item.bytes, item.length);
    memcpy(cell->value, &text, sizeof text);
  } else {
    assert(item.length == type_width(type));
    memcpy(cell->value, item.bytes, item.length);
  }
  return &cell->column;
}

void wr_packed_row_open(struct wr_packed_row *row, const struct wr_type *type, struct wr_slice item)
{
  assert(type->kind == WR_ROW);
  *row = (struct wr_packed_row){type, item.bytes, item.bytes + (type->field_count + 7) / 8, 0};
}

bool wr_packed_row_next(struct wr_packed_row *row, struct wr_slice *field)
{
  uint32_t number = row->next++;
  assert(number < row->type->field_count);
  if ((unsigned char)row->nulls[number >> 3] >> (number & 7) & 1)
    return false;
  size_t length = type_width(row->type->fields[number].type);
  if (length == 0) {
    length = packed_u32(row->at);
    row->at += 4;
  }
  *field = (struct wr_slice){row->at, (uint32_t)length};
  row->at += length;
  return true;
}

static void packed_put_row(const struct wr_type *type, struct wr_slice item, struct wr_builder *out)
{
  struct wr_packed_row row;
  wr_packed_row_open(&row, type, item);
  for (uint32_t f = 0; f < type->field_count; f++) {
    struct wr_slice field;
    if (wr_packed_row_next(&row, &field))
      wr_packed_put(type->fields[f].type, field, &out->children[f]);
    else
      wr_builder_put_null(&out->children[f]);
  }
  assert(row.at == item.bytes + item.length);
  wr_builder_put_valid(out);
}

void wr_packed_put(const struct wr_type *type, struct wr_slice item, struct wr_builder *out)
{
  assert(out->type->physical == type->physical && out->row_count < out->row_capacity);
  if (type->kind == WR_ROW) {
    packed_put_row(type, item, out);
  } else if (type->physical == WR_TEXT) {
    wr_builder_put_text(out, wr_text_make(item.bytes, item.length));
  } else {
    assert(item.length == type_width(type));
    memcpy((char *)out->values + item.length * (size_t)out->row_count, item.bytes, item.length);
    wr_builder_put_valid(out);
  }
}

void wr_list_put(const struct wr_list *list, uint32_t i, struct wr_builder *out)
{
  if (wr_list_is_null(list, i))
    wr_builder_put_null(out);
  else
    wr_packed_put(list->type, wr_list_item(list, i), out);
}

/* ---- writing */

static char *put_u32(char *out, size_t value)
{
  assert(value <= UINT32_MAX);
  uint32_t small = (uint32_t)value;
  memcpy(out, &small, sizeof small);
  return out + sizeof small;
}

size_t wr_pack_item_bytes(const struct wr_column *column, uint32_t row)
{
  size_t width = type_width(column->type);
  if (width)
    return width;
  if (column->type->kind != WR_ROW)
    return wr_column_text(column, row)->length;
  size_t bytes = (column->type->field_count + 7) / 8;
  for (uint32_t f = 0; f < column->type->field_count; f++) {
    const struct wr_column *field = &column->children[f];
    if (!wr_column_is_null(field, row))
      bytes += wr_pack_item_bytes(field, row) + (type_width(field->type) ? 0 : 4);
  }
  return bytes;
}

static char *pack_row(char *out, const struct wr_column *column, uint32_t row)
{
  uint32_t count = column->type->field_count;
  char *nulls = out;
  memset(nulls, 0, (count + 7) / 8);
  out += (count + 7) / 8;
  for (uint32_t f = 0; f < count; f++) {
    const struct wr_column *field = &column->children[f];
    if (wr_column_is_null(field, row)) {
      nulls[f >> 3] = (char)(nulls[f >> 3] | 1 << (f & 7));
      continue;
    }
    if (type_width(field->type) == 0)
      out = put_u32(out, wr_pack_item_bytes(field, row));
    out = wr_pack_item(out, field, row);
  }
  return out;
}

char *wr_pack_item(char *out, const struct wr_column *column, uint32_t row)
{
  assert(!wr_column_is_null(column, row));
  if (column->type->kind == WR_ROW)
    return pack_row(out, column, row);
  size_t width = type_width(column->type);
  if (width) {
    memcpy(out, (const char *)column->values + width * wr_column_row(column, row), width);
    return out + width;
  }
  const struct wr_text *text = wr_column_text(column, row);
  memcpy(out, wr_text_bytes(text), text->length);
  return out + text->length;
}

/* Where the items of a list come from: rows of one column, or one row of several. */
struct pack_items {
  const struct wr_column *const *columns;
  uint32_t column_step, row, row_step;
  uint32_t count;
};

static bool pack_items_null(const struct pack_items *items, uint32_t i)
{
  return wr_column_is_null(items->columns[i * items->column_step],
                           items->row + i * items->row_step);
}

static size_t pack_items_bytes(const struct pack_items *items)
{
  size_t width = type_width(items->columns[0]->type);
  size_t bytes = 4 + (items->count + 7) / 8 + (width ? width : 4) * (size_t)items->count;
  for (uint32_t i = 0; width == 0 && i < items->count; i++)
    if (!pack_items_null(items, i))
      bytes += wr_pack_item_bytes(items->columns[i * items->column_step],
                                  items->row + i * items->row_step);
  return bytes;
}

static char *pack_items(char *out, const struct pack_items *source)
{
  uint32_t count = source->count;
  size_t width = type_width(source->columns[0]->type);
  out = put_u32(out, count);
  char *nulls = out, *ends = nulls + (count + 7) / 8;
  char *items = width ? ends : ends + 4 * (size_t)count, *at = items;
  memset(nulls, 0, (count + 7) / 8);
  for (uint32_t i = 0; i < count; i++) {
    if (!pack_items_null(source, i)) {
      at = wr_pack_item(at, source->columns[i * source->column_step],
                        source->row + i * source->row_step);
    } else {
      nulls[i >> 3] = (char)(nulls[i >> 3] | 1 << (i & 7));
      memset(at, 0, width);
      at += width;
    }
    if (width == 0)
      put_u32(ends + 4 * (size_t)i, (size_t)(at - items));
  }
  return at;
}

size_t wr_pack_list_bytes(const struct wr_column *column, uint32_t first, uint32_t count)
{
  return pack_items_bytes(
      &(struct pack_items){.columns = &column, .row = first, .row_step = 1, .count = count});
}

char *wr_pack_list(char *out, const struct wr_column *column, uint32_t first, uint32_t count)
{
  return pack_items(
      out, &(struct pack_items){.columns = &column, .row = first, .row_step = 1, .count = count});
}

size_t wr_pack_values_bytes(const struct wr_column *const *columns, uint32_t count, uint32_t row)
{
  return pack_items_bytes(
      &(struct pack_items){.columns = columns, .column_step = 1, .row = row, .count = count});
}

char *wr_pack_values(char *out, const struct wr_column *const *columns, uint32_t count,
                     uint32_t row)
{
  return pack_items(
      out, &(struct pack_items){.columns = columns, .column_step = 1, .row = row, .count = count});
}

size_t wr_pack_map_bytes(const struct wr_column *keys, const struct wr_column *values,
                         uint32_t first, uint32_t count)
{
  return 4 + wr_pack_list_bytes(keys, first, count) + wr_pack_list_bytes(values, first, count);
}

char *wr_pack_map(char *out, const struct wr_column *keys, const struct wr_column *values,
                  uint32_t first, uint32_t count)
{
  char *array = out + 4;
  char *end = wr_pack_list(array, keys, first, count);
  put_u32(out, (size_t)(end - array));
  return wr_pack_list(end, values, first, count);
}

/* ---- builders */

void wr_builder_drop_collected(struct wr_builder *builder)
{
  assert(wr_kind_is_packed(builder->type->kind));
  for (uint32_t i = 0; i < builder->type->field_count; i++)
    wr_builder_reset(&builder->children[i]);
}

void wr_builder_put_collected(struct wr_builder *builder)
{
  assert(wr_kind_is_packed(builder->type->kind) && builder->row_count < builder->row_capacity);
  struct wr_column first = wr_builder_view(&builder->children[0]), second = {0};
  uint32_t count = builder->children[0].row_count;
  bool is_map = builder->type->kind != WR_ARRAY;
  if (is_map)
    second = wr_builder_view(&builder->children[1]);
  assert(!is_map || builder->children[1].row_count == count);
  size_t size =
      is_map ? wr_pack_map_bytes(&first, &second, 0, count) : wr_pack_list_bytes(&first, 0, count);
  char *bytes = wr_arena_get(&builder->texts, size);
  char *end = is_map ? wr_pack_map(bytes, &first, &second, 0, count)
                     : wr_pack_list(bytes, &first, 0, count);
  assert(end == bytes + size && size <= UINT32_MAX);
  (void)end;
  wr_builder_put_text(builder, wr_text_make(bytes, (uint32_t)size));
  wr_builder_drop_collected(builder);
}
