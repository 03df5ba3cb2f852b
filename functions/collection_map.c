/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of a MAP. The keys and the values of a packed MAP are ARRAYs already, so that MAP_KEYS
 * and MAP_VALUES only point at them. Keys that are equal become one, the last value counts. */
#include <assert.h>
#include <stdlib.h>

#include "functions/cast.h"
#include "functions/collection.h"
#include "functions/item.h"
#include "functions/text_call.h"

/* ---- its parts ---- */

/* A list as it lies in the packed bytes, up to where it ends. */
static void map_lend_list(const struct wr_call *call, uint32_t row, const struct wr_list *list,
                          const char *end)
{
  const char *begin = list->nulls - sizeof(uint32_t); /* its count stands before */
  wr_call_lend_text(call, row, begin, (size_t)(end - begin));
}

static void rows_keys(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    struct wr_list keys, values;
    wr_call_map(call, 0, row, &keys, &values);
    map_lend_list(call, row, &keys, values.nulls - sizeof(uint32_t));
  }
}
static void rows_values(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    struct wr_list keys, values;
    const struct wr_text *text = wr_column_text(call->args[0], row);
    wr_call_map(call, 0, row, &keys, &values);
    map_lend_list(call, row, &values, wr_text_bytes(text) + text->length);
  }
}
static const struct wr_kernel kernel_keys = {.rows = rows_keys};
static const struct wr_kernel kernel_values = {.rows = rows_values};

static void rows_entries(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_builder items;
  wr_builder_open(&items, call->expression->type->fields[0].type);
  WR_EACH_ROW(row)
  {
    struct wr_list keys, values;
    wr_call_map(call, 0, row, &keys, &values);
    wr_builder_reset(&items);
    wr_builder_reserve(&items, keys.count);
    for (uint32_t i = 0; i < keys.count; i++) {
      wr_list_put(&keys, i, &items.children[0]);
      wr_list_put(&values, i, &items.children[1]);
      wr_builder_put_valid(&items);
    }
    struct wr_column column = wr_builder_view(&items);
    wr_call_put_list(call, row, &column, 0, keys.count);
  }
  wr_builder_close(&items);
}
static const struct wr_kernel kernel_entries = {.rows = rows_entries, .traits = WR_CAN_FAIL};

static enum wr_code part_bind(struct wr_bind_site *site, uint32_t part,
                              const struct wr_kernel *kernel, struct wr_error *err)
{
  enum wr_code code = wr_bind_arg_kind(site, 0, WR_MAP, err);
  if (code)
    return code;
  site->type = wr_type_array(site->binding->arena, site->args[0]->type->fields[part].type);
  site->kernel = kernel;
  return WR_OK;
}
static enum wr_code bind_keys(struct wr_bind_site *site, struct wr_error *err)
{
  return part_bind(site, 0, &kernel_keys, err);
}
static enum wr_code bind_values(struct wr_bind_site *site, struct wr_error *err)
{
  return part_bind(site, 1, &kernel_values, err);
}
static enum wr_code bind_entries(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = wr_bind_arg_kind(site, 0, WR_MAP, err);
  if (code)
    return code;
  struct wr_arena *arena = site->binding->arena;
  const struct wr_type *map = site->args[0]->type;
  const struct wr_field fields[2] = {{"key", map->fields[0].type}, {"value", map->fields[1].type}};
  site->type = wr_type_array(arena, wr_type_row(arena, fields, 2));
  site->kernel = &kernel_entries;
  return WR_OK;
}

/* ---- maps out of others ---- */

struct map_work {
  struct wr_builder keys, values; /* all entries in the order they came */
  struct wr_builder last_keys, last_values;
  struct wr_item_set set;
  uint32_t *last; /* entry of each member of the set */
  uint32_t capacity;
};

static void map_open(struct map_work *work, const struct wr_type *map)
{
  *work = (struct map_work){0};
  wr_builder_open(&work->keys, map->fields[0].type);
  wr_builder_open(&work->values, map->fields[1].type);
  wr_builder_open(&work->last_keys, map->fields[0].type);
  wr_builder_open(&work->last_values, map->fields[1].type);
}

static void map_close(struct map_work *work)
{
  wr_builder_close(&work->keys);
  wr_builder_close(&work->values);
  wr_builder_close(&work->last_keys);
  wr_builder_close(&work->last_values);
  wr_item_set_free(&work->set);
  free(work->last);
}

static void map_begin(struct map_work *work)
{
  wr_builder_reset(&work->keys);
  wr_builder_reset(&work->values);
  wr_builder_reset(&work->last_keys);
  wr_builder_reset(&work->last_values);
  wr_item_set_clear(&work->set);
}

/* Adds entries; *null_at: where the last NULL as a key is. */
static void map_add(struct map_work *work, const struct wr_list *keys, const struct wr_list *values,
                    uint32_t *null_at)
{
  uint32_t total = work->keys.row_count + keys->count;
  if (total > work->capacity) {
    work->capacity = total;
    work->last = wr_memory_resize(work->last, sizeof *work->last * total);
  }
  wr_builder_reserve(&work->keys, keys->count);
  wr_builder_reserve(&work->values, keys->count);
  for (uint32_t i = 0; i < keys->count; i++) {
    bool is_new;
    if (wr_list_is_null(keys, i))
      *null_at = work->keys.row_count;
    else
      work->last[wr_item_set_add(&work->set, keys->type, wr_list_item(keys, i), &is_new)] =
          work->keys.row_count;
    wr_list_put(keys, i, &work->keys);
    wr_list_put(values, i, &work->values);
  }
}

static void map_emit(struct map_work *work, const struct wr_call *call, uint32_t row,
                     uint32_t null_at)
{
  struct wr_column keys = wr_builder_view(&work->keys), values = wr_builder_view(&work->values);
  uint32_t count = work->set.count + (null_at != UINT32_MAX);
  if (count < work->keys.row_count) {
    wr_builder_reserve(&work->last_keys, count);
    wr_builder_reserve(&work->last_values, count);
    for (uint32_t i = 0; i < count; i++) {
      uint32_t at = i < work->set.count ? work->last[i] : null_at;
      wr_builder_put_row(&work->last_keys, &keys, at, false);
      wr_builder_put_row(&work->last_values, &values, at, false);
    }
    keys = wr_builder_view(&work->last_keys);
    values = wr_builder_view(&work->last_values);
  }
  wr_call_put_map(call, row, &keys, &values, 0, count);
}

static void rows_union(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct map_work work;
  map_open(&work, call->expression->type);
  WR_EACH_ROW(row)
  {
    uint32_t null_at = UINT32_MAX;
    struct wr_list keys, values;
    size_t total = 0;
    for (uint32_t i = 0; i < call->arg_count; i++) {
      wr_call_map(call, i, row, &keys, &values);
      total += keys.count;
    }
    if (!wr_call_text_fits(call, row, total)) /* even if an entry were a byte */
      continue;
    map_begin(&work);
    for (uint32_t i = 0; i < call->arg_count; i++) {
      wr_call_map(call, i, row, &keys, &values);
      map_add(&work, &keys, &values, &null_at);
    }
    map_emit(&work, call, row, null_at);
  }
  map_close(&work);
}
static const struct wr_kernel kernel_union = {.rows = rows_union, .traits = WR_CAN_FAIL};

static enum wr_code bind_union(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = wr_bind_args_common(site, 0, &site->type, err);
  if (code)
    return code;
  site->kernel = &kernel_union;
  return wr_bind_arg_kind(site, 0, WR_MAP, err);
}

static void rows_from_arrays(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct map_work work;
  map_open(&work, call->expression->type);
  WR_EACH_ROW(row)
  {
    uint32_t null_at = UINT32_MAX;
    struct wr_list keys, values;
    wr_call_list(call, 0, row, &keys);
    wr_call_list(call, 1, row, &values);
    if (keys.count != values.count) {
      wr_call_fail_state(call, row, WR_STATE_ARRAY_ELEMENT_ERROR,
                         "MAP_FROM_ARRAYS of %u keys and %u values", keys.count, values.count);
      continue;
    }
    map_begin(&work);
    map_add(&work, &keys, &values, &null_at);
    map_emit(&work, call, row, null_at);
  }
  map_close(&work);
}
static const struct wr_kernel kernel_from_arrays = {.rows = rows_from_arrays,
                                                    .traits = WR_CAN_FAIL};

static enum wr_code bind_from_arrays(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = wr_bind_arg_kind(site, 0, WR_ARRAY, err);
  if (!code)
    code = wr_bind_arg_kind(site, 1, WR_ARRAY, err);
  if (code)
    return code;
  site->type = wr_type_map(site->binding->arena, site->args[0]->type->fields[0].type,
                           site->args[1]->type->fields[0].type);
  site->kernel = &kernel_from_arrays;
  return WR_OK;
}

#define MAP_FUNCTION(symbol, written, least_args, most_args, hook, says, shows, gives_text) \
  {                                                                                         \
    .name = symbol, .usage = written, .help = says, .example = shows, .result = gives_text, \
    .least = least_args, .most = most_args, .bind = hook                                    \
  }

const struct wr_function wr_functions_collection_map[] = {
    MAP_FUNCTION("MAP_KEYS", "MAP_KEYS(map)", 1, 1, bind_keys, "The keys as an ARRAY",
                 "MAP_KEYS(MAP['a', 1, 'b', 2])", "[a, b]"),
    MAP_FUNCTION("MAP_VALUES", "MAP_VALUES(map)", 1, 1, bind_values,
                 "The values as an ARRAY, in the order of MAP_KEYS",
                 "MAP_VALUES(MAP['a', 1, 'b', 2])", "[1, 2]"),
    MAP_FUNCTION("MAP_ENTRIES", "MAP_ENTRIES(map)", 1, 1, bind_entries,
                 "An ARRAY of ROWs with the fields key and value", "MAP_ENTRIES(MAP['a', 1])",
                 "[(a, 1)]"),
    MAP_FUNCTION("MAP_UNION", "MAP_UNION(map, ...)", 1, WR_ARGS_ANY, bind_union,
                 "The entries of all maps; of equal keys the last one counts",
                 "MAP_UNION(MAP['a', 1, 'b', 2], MAP['a', 3])", "{a=3, b=2}"),
    MAP_FUNCTION("MAP_FROM_ARRAYS", "MAP_FROM_ARRAYS(keys, values)", 2, 2, bind_from_arrays,
                 "A MAP of two ARRAYs; a row in which one is longer is rejected",
                 "MAP_FROM_ARRAYS(ARRAY['a', 'b'], ARRAY[1, 2])", "{a=1, b=2}"),
    {0},
};
