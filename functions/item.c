/* SPDX-License-Identifier: Apache-2.0 */
/* Items are walked in their packed form; nothing is unpacked to compare it. */
#include "functions/item.h"

#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "functions/values.h"

#define ITEM_SPARSE   16 /* slots for each item from which on they are cleared one by one */
#define ITEM_SCAN_MAX 8  /* entries up to which MAPs are compared by looking at each pair */

/* ---- walking */

static struct wr_text item_text(struct wr_slice item)
{
  return wr_text_make(item.bytes, item.length);
}

static double item_f64(const struct wr_type *type, struct wr_slice item)
{
  double wide;
  float narrow;
  if (type->physical == WR_F64) {
    memcpy(&wide, item.bytes, sizeof wide);
    return wide;
  }
  memcpy(&narrow, item.bytes, sizeof narrow);
  return (double)narrow;
}

/* ---- hashing */

static uint64_t hash_mix(uint64_t a, uint64_t b)
{
  uint64_t parts[2] = {a, b};
  return wr_hash_bytes(parts, sizeof parts, 0);
}

static uint64_t list_item_hash(const struct wr_list *list, uint32_t i)
{
  return wr_list_is_null(list, i) ? 1 : wr_item_hash(list->type, wr_list_item(list, i));
}

static uint64_t collection_hash(const struct wr_type *type, struct wr_slice item)
{
  struct wr_text packed = item_text(item);
  struct wr_list keys, values;
  uint64_t hash = 0;
  if (type->kind == WR_ARRAY) {
    wr_list_open(&keys, type, &packed);
    for (uint32_t i = 0; i < keys.count; i++)
      hash = hash_mix(hash, list_item_hash(&keys, i));
    return hash_mix(hash, keys.count);
  }
  wr_map_open(&keys, &values, type, &packed);
  for (uint32_t i = 0; i < keys.count; i++) /* a sum: in any order */
    hash += hash_mix(list_item_hash(&keys, i), list_item_hash(&values, i));
  return hash_mix(hash, keys.count);
}

uint64_t wr_item_hash(const struct wr_type *type, struct wr_slice item)
{
  if (type->physical == WR_F32 || type->physical == WR_F64) {
    double value = item_f64(type, item);
    uint64_t bits = UINT64_C(0x7ff8000000000000);
    if (value == value) {
      value += 0.0; /* -0.0 becomes 0.0 */
      memcpy(&bits, &value, sizeof bits);
    }
    return hash_mix(bits, 0);
  }
  if (wr_kind_is_packed(type->kind))
    return collection_hash(type, item);
  if (type->kind != WR_ROW)
    return wr_hash_bytes(item.bytes, item.length, 0);
  struct wr_packed_row row;
  uint64_t hash = 0;
  wr_packed_row_open(&row, type, item);
  for (uint32_t f = 0; f < type->field_count; f++) {
    struct wr_slice field;
    bool known = wr_packed_row_next(&row, &field);
    hash = hash_mix(hash, known ? wr_item_hash(type->fields[f].type, field) : 1);
  }
  return hash;
}

/* ---- equality */

static bool list_items_equal(const struct wr_list *a, uint32_t i, const struct wr_list *b,
                             uint32_t j)
{
  bool a_null = wr_list_is_null(a, i), b_null = wr_list_is_null(b, j);
  if (a_null || b_null)
    return a_null == b_null;
  return wr_item_equal(a->type, wr_list_item(a, i), wr_list_item(b, j));
}

static bool arrays_equal(const struct wr_type *type, struct wr_slice a, struct wr_slice b)
{
  struct wr_text a_packed = item_text(a), b_packed = item_text(b);
  struct wr_list x, y;
  wr_list_open(&x, type, &a_packed);
  wr_list_open(&y, type, &b_packed);
  bool equal = x.count == y.count;
  for (uint32_t i = 0; equal && i < x.count; i++)
    equal = list_items_equal(&x, i, &y, i);
  return equal;
}

/* Keys are different within one map. NULL as a key is looked for by walking. */
static bool maps_equal(const struct wr_type *type, struct wr_slice a, struct wr_slice b)
{
  struct wr_text a_packed = item_text(a), b_packed = item_text(b);
  struct wr_list a_keys, a_values, b_keys, b_values;
  wr_map_open(&a_keys, &a_values, type, &a_packed);
  wr_map_open(&b_keys, &b_values, type, &b_packed);
  if (a_keys.count != b_keys.count)
    return false;
  uint32_t count = a_keys.count, same = 0;
  while (same < count && list_items_equal(&a_keys, same, &b_keys, same) &&
         list_items_equal(&a_values, same, &b_values, same))
    same++;
  if (same == count)
    return true; /* most maps that are equal have one order */
  struct wr_item_set set = {0};
  uint32_t *number = NULL; /* entry of b of each member of the set */
  if (count > ITEM_SCAN_MAX) {
    number = wr_memory_get(sizeof *number * count);
    for (uint32_t j = 0; j < count; j++) {
      bool is_new;
      if (!wr_list_is_null(&b_keys, j))
        number[wr_item_set_add(&set, b_keys.type, wr_list_item(&b_keys, j), &is_new)] = j;
    }
  }
  bool equal = true;
  for (uint32_t i = same; equal && i < count; i++) {
    uint32_t j = 0;
    if (number && !wr_list_is_null(&a_keys, i)) {
      uint32_t found = wr_item_set_find(&set, a_keys.type, wr_list_item(&a_keys, i));
      j = found == UINT32_MAX ? count : number[found];
    } else {
      while (j < count && !list_items_equal(&a_keys, i, &b_keys, j))
        j++;
    }
    equal = j < count && list_items_equal(&a_values, i, &b_values, j);
  }
  free(number);
  wr_item_set_free(&set);
  return equal;
}

static bool rows_equal(const struct wr_type *type, struct wr_slice a, struct wr_slice b)
{
  struct wr_packed_row x, y;
  wr_packed_row_open(&x, type, a);
  wr_packed_row_open(&y, type, b);
  for (uint32_t f = 0; f < type->field_count; f++) {
    struct wr_slice p, q;
    bool p_known = wr_packed_row_next(&x, &p), q_known = wr_packed_row_next(&y, &q);
    if (p_known != q_known || (p_known && !wr_item_equal(type->fields[f].type, p, q)))
      return false;
  }
  return true;
}

bool wr_item_equal(const struct wr_type *type, struct wr_slice a, struct wr_slice b)
{
  if (a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0)
    return true;
  switch (type->kind) {
  case WR_FLOAT:
  case WR_DOUBLE: return wr_f64_equal(item_f64(type, a), item_f64(type, b));
  case WR_ARRAY: return arrays_equal(type, a, b);
  case WR_MAP:
  case WR_MULTISET: return maps_equal(type, a, b);
  case WR_ROW: return rows_equal(type, a, b);
  default: return false;
  }
}

struct wr_slice wr_item_of(const struct wr_column *column, uint32_t row, struct wr_arena *arena)
{
  if (column->type->kind == WR_ROW) {
    size_t bytes = wr_pack_item_bytes(column, row);
    char *packed = wr_arena_get(arena, bytes);
    wr_pack_item(packed, column, row);
    return (struct wr_slice){packed, (uint32_t)bytes};
  }
  if (column->type->physical != WR_TEXT) {
    size_t width = wr_physical_bytes[column->type->physical];
    return (struct wr_slice){(const char *)column->values + width * wr_column_row(column, row),
                             (uint32_t)width};
  }
  const struct wr_text *text = wr_column_text(column, row);
  return (struct wr_slice){wr_text_bytes(text), text->length};
}

/* ---- sets */

void wr_item_set_free(struct wr_item_set *set)
{
  free(set->items);
  free(set->hashes);
  free(set->slots);
  *set = (struct wr_item_set){0};
}

/* After one large set many small ones may come: then only their slots are cleared. */
void wr_item_set_clear(struct wr_item_set *set)
{
  bool is_sparse = set->count < set->slot_count / ITEM_SPARSE;
  for (uint32_t i = 0; is_sparse && i < set->count; i++) {
    uint32_t at = (uint32_t)set->hashes[i] & (set->slot_count - 1);
    while (set->slots[at] != i + 1)
      at = (at + 1) & (set->slot_count - 1);
    set->slots[at] = 0;
  }
  if (!is_sparse && set->slots)
    memset(set->slots, 0, sizeof *set->slots * set->slot_count);
  set->count = 0;
}

static void set_grow(struct wr_item_set *set)
{
  set->capacity = set->capacity ? set->capacity * 2 : 16;
  set->slot_count = set->capacity * 2;
  set->items = wr_memory_resize(set->items, sizeof *set->items * set->capacity);
  set->hashes = wr_memory_resize(set->hashes, sizeof *set->hashes * set->capacity);
  free(set->slots);
  set->slots = wr_memory_get_zero(sizeof *set->slots * set->slot_count);
  for (uint32_t i = 0; i < set->count; i++) {
    uint32_t at = (uint32_t)set->hashes[i] & (set->slot_count - 1);
    while (set->slots[at])
      at = (at + 1) & (set->slot_count - 1);
    set->slots[at] = i + 1;
  }
}

/* The slot of the item, or the free one where it would go. */
static uint32_t set_slot(const struct wr_item_set *set, const struct wr_type *type,
                         struct wr_slice item, uint64_t hash)
{
  uint32_t at = (uint32_t)hash & (set->slot_count - 1);
  for (; set->slots[at]; at = (at + 1) & (set->slot_count - 1)) {
    uint32_t i = set->slots[at] - 1;
    if (set->hashes[i] == hash && wr_item_equal(type, set->items[i], item))
      break;
  }
  return at;
}

uint32_t wr_item_set_add(struct wr_item_set *set, const struct wr_type *type, struct wr_slice item,
                         bool *is_new)
{
  if (set->count == set->capacity)
    set_grow(set);
  uint64_t hash = wr_item_hash(type, item);
  uint32_t at = set_slot(set, type, item, hash);
  *is_new = set->slots[at] == 0;
  if (!*is_new)
    return set->slots[at] - 1;
  set->items[set->count] = item;
  set->hashes[set->count] = hash;
  set->slots[at] = ++set->count;
  return set->count - 1;
}

uint32_t wr_item_set_find(const struct wr_item_set *set, const struct wr_type *type,
                          struct wr_slice item)
{
  if (set->count == 0)
    return UINT32_MAX;
  uint32_t at = set_slot(set, type, item, wr_item_hash(type, item));
  return set->slots[at] ? set->slots[at] - 1 : UINT32_MAX;
}
