/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packed values: an ARRAY, MAP or MULTISET as self-contained bytes. Their physical kind is TEXT: a
 * collection in a column, a page, a state entry or a key is a struct wr_text whose bytes are the
 * packed value, so that whatever moves, keeps or hashes texts does it with collections, too. Only
 * functions, formats and UNNEST look inside. Equal bytes are equal values (maps: with their entries
 * in the same order; floating numbers: bit by bit).
 *
 *   ARRAY           u32 count | NULL bits, 1 byte for 8 | items
 *     items of fixed width: count values of the element's physical kind, zero under a NULL
 *     others:               u32 ends[count] | bytes of one item behind the other
 *   MAP, MULTISET   u32 bytes of the first array | array of keys | array of values (or INT counts)
 *   ROW (an item)   NULL bits | per field: its value, or u32 length and bytes
 *
 * Nothing is aligned: values are copied out. Numbers are in the machine's order.
 */
#ifndef WEIR_CORE_PACKED_H
#define WEIR_CORE_PACKED_H

#include "core/batch.h"
#include "core/builder.h"

/* A packed ARRAY, or one half of a MAP, opened for reading; lent from the bytes. */
struct wr_list {
  const struct wr_type *type; /* of the items */
  uint32_t count;
  const char *nulls, *ends, *items; /* ends NULL: items have one width */
};

/* True for ARRAY, MAP and MULTISET: values whose text is packed bytes. */
static inline bool wr_kind_is_packed(enum wr_kind kind)
{
  return kind == WR_ARRAY || kind == WR_MAP || kind == WR_MULTISET;
}

void wr_list_open(struct wr_list *list, const struct wr_type *array, const struct wr_text *packed);
/* MAP: keys and values; MULTISET: elements and their counts. */
void wr_map_open(struct wr_list *keys, struct wr_list *values, const struct wr_type *map,
                 const struct wr_text *packed);

static inline bool wr_list_is_null(const struct wr_list *list, uint32_t i)
{
  return (unsigned char)list->nulls[i >> 3] >> (i & 7) & 1;
}
/* The bytes of item i: a value of fixed width, a text, a packed collection, a packed ROW. */
struct wr_slice wr_list_item(const struct wr_list *list, uint32_t i);
/* Appends item i to a builder of the items' type, for which room was reserved; long texts stay lent
 * from the packed bytes. */
void wr_list_put(const struct wr_list *list, uint32_t i, struct wr_builder *out);
/* Appends the value that wr_list_item gave for a type; bytes are lent. */
void wr_packed_put(const struct wr_type *type, struct wr_slice item, struct wr_builder *out);

/* One value that is not NULL of any type but ROW, copied out of its bytes as a column of one row:
 * how values inside of collections are read one by one. */
struct wr_cell {
  struct wr_column column;
  _Alignas(16) char value[sizeof(struct wr_text)];
};
const struct wr_column *wr_cell_open(struct wr_cell *cell, const struct wr_type *type,
                                     struct wr_slice item);

/* The fields of a packed ROW, one after the other. */
struct wr_packed_row {
  const struct wr_type *type;
  const char *nulls, *at;
  uint32_t next; /* number of the field that comes next */
};
void wr_packed_row_open(struct wr_packed_row *row, const struct wr_type *type,
                        struct wr_slice item);
/* False if the field is NULL, else *field gets its bytes; row->next < type->field_count. */
bool wr_packed_row_next(struct wr_packed_row *row, struct wr_slice *field);

/* Bytes of rows first .. first+count-1 of a column packed as an ARRAY, and writing them (returns
 * the end). */
size_t wr_pack_list_bytes(const struct wr_column *column, uint32_t first, uint32_t count);
char *wr_pack_list(char *out, const struct wr_column *column, uint32_t first, uint32_t count);
/* The same for a MAP or MULTISET of two columns. */
size_t wr_pack_map_bytes(const struct wr_column *keys, const struct wr_column *values,
                         uint32_t first, uint32_t count);
char *wr_pack_map(char *out, const struct wr_column *keys, const struct wr_column *values,
                  uint32_t first, uint32_t count);
/* An ARRAY of the values of several columns, at least one and all of one type, in one row. */
size_t wr_pack_values_bytes(const struct wr_column *const *columns, uint32_t count, uint32_t row);
char *wr_pack_values(char *out, const struct wr_column *const *columns, uint32_t count,
                     uint32_t row);
/* One value that is not NULL as the bytes of an item: how ROWs are passed on by functions. */
size_t wr_pack_item_bytes(const struct wr_column *column, uint32_t row);
char *wr_pack_item(char *out, const struct wr_column *column, uint32_t row);

/*
 * For builders of ARRAY, MAP or MULTISET: children[0] (and [1]) collect the items of one value;
 * this packs them into the builder's own memory as its next row, and empties the children. Room for
 * the row must have been reserved.
 */
void wr_builder_put_collected(struct wr_builder *builder);
/* Forgets collected items. */
void wr_builder_drop_collected(struct wr_builder *builder);

#endif
