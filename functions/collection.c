/* SPDX-License-Identifier: Apache-2.0 */
/* Results that are collections, and arguments that have to fit together. */
#include "functions/collection.h"

#include <assert.h>

#include "functions/cast.h"
#include "functions/text_call.h"

/* ---- results ---- */

/* Room for a packed result; NULL: it is too long, and the row has failed. */
static char *collection_room(const struct wr_call *call, uint32_t row, size_t bytes)
{
  return wr_call_text_fits(call, row, bytes) ? wr_call_room(call, bytes) : NULL;
}

void wr_call_put_list(const struct wr_call *call, uint32_t row, const struct wr_column *items,
                      uint32_t first, uint32_t count)
{
  size_t bytes = wr_pack_list_bytes(items, first, count);
  char *room = collection_room(call, row, bytes);
  if (!room)
    return;
  wr_pack_list(room, items, first, count);
  wr_call_put_text(call, row, bytes);
}

void wr_call_put_args(const struct wr_call *call, uint32_t row)
{
  size_t bytes = wr_pack_values_bytes(call->args, call->arg_count, row);
  char *room = collection_room(call, row, bytes);
  if (!room)
    return;
  wr_pack_values(room, call->args, call->arg_count, row);
  wr_call_put_text(call, row, bytes);
}

void wr_call_put_map(const struct wr_call *call, uint32_t row, const struct wr_column *keys,
                     const struct wr_column *values, uint32_t first, uint32_t count)
{
  size_t bytes = wr_pack_map_bytes(keys, values, first, count);
  char *room = collection_room(call, row, bytes);
  if (!room)
    return;
  wr_pack_map(room, keys, values, first, count);
  wr_call_put_text(call, row, bytes);
}

void wr_call_put_item(const struct wr_call *call, uint32_t row, const struct wr_list *list,
                      uint32_t i)
{
  struct wr_slice item = wr_list_item(list, i);
  enum wr_physical physical = list->type->physical;
  if (physical == WR_TEXT || physical == WR_NESTED)
    wr_call_lend_text(call, row, item.bytes, item.length);
  else
    memcpy((char *)call->values + (size_t)item.length * row, item.bytes, item.length);
}

/* ---- arguments ---- */

enum wr_code wr_bind_arg_kind(const struct wr_bind_site *site, uint32_t i, enum wr_kind kind,
                              struct wr_error *err)
{
  assert(i < site->arg_count);
  return site->args[i]->type->kind == kind ? WR_OK : wr_bind_no_match(site, err);
}

enum wr_code wr_bind_args_arrays(struct wr_bind_site *site, uint32_t count, bool second_is_element,
                                 const struct wr_type **array, struct wr_error *err)
{
  struct wr_arena *arena = site->binding->arena;
  const struct wr_type *element = &wr_type_null;
  bool has_array = false;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_type *type = site->args[i]->type;
    bool is_element = second_is_element && i == 1;
    if (!is_element && type->kind == WR_ARRAY)
      has_array = true;
    else if (!is_element && type->kind != WR_NULL)
      return wr_bind_no_match(site, err);
    const struct wr_type *own = is_element || type->kind == WR_NULL ? type : type->fields[0].type;
    element = wr_type_common(arena, element, own);
    if (!element)
      return wr_bind_no_match(site, err);
  }
  if (!has_array)
    return wr_bind_no_match(site, err);
  *array = wr_type_array(arena, element);
  for (uint32_t i = 0; i < count; i++) {
    bool is_element = second_is_element && i == 1;
    enum wr_code code = wr_cast_make(site->binding, site->args[i], is_element ? element : *array,
                                     false, site->args[i]->span, &site->args[i], err);
    if (code)
      return code;
  }
  return WR_OK;
}
