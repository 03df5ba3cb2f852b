/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making and opening nested values: ROW(a, b), ARRAY[a, b], MAP[k, v, ...], x[i]. A ROW is nothing
 * but its arguments under one name. The elements of an ARRAY, and the keys and values of a MAP, get
 * a common type. Of equal keys the last one counts.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"
#include "functions/bind_fold.h"
#include "functions/cast.h"
#include "functions/collection.h"
#include "functions/item.h"

/* ---- ROW ---- */

static const struct wr_kernel kernel_row = {.traits = WR_GIVES_FIELDS | WR_SEES_NULL};

static enum wr_code bind_row(struct wr_bind_site *site, struct wr_error *err)
{
  struct wr_arena *arena = site->binding->arena;
  if (site->arg_count > WR_COLUMNS_MAX) {
    wr_fail_at(err, WR_LIMIT, site->span, "a ROW of %u fields; WR_COLUMNS_MAX is %d",
               site->arg_count, WR_COLUMNS_MAX);
    return wr_state(err, WR_STATE_TOO_MANY_COLUMNS);
  }
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, site->arg_count);
  for (uint32_t i = 0; i < site->arg_count; i++) {
    fields[i].name = wr_arena_print(arena, "EXPR$%u", i);
    fields[i].type = site->args[i]->type;
  }
  site->type = wr_type_row(arena, fields, site->arg_count);
  site->kernel = &kernel_row;
  return WR_OK;
}

/* ---- ARRAY ---- */

static void rows_array(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  static const char nothing[4]; /* an ARRAY of no items */
  WR_EACH_ROW(row)
  {
    if (call->arg_count)
      wr_call_put_args(call, row);
    else
      wr_call_lend_text(call, row, nothing, sizeof nothing);
  }
}
static const struct wr_kernel kernel_array = {.rows = rows_array,
                                              .traits = WR_SEES_NULL | WR_CAN_FAIL};

static enum wr_code bind_array(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_type *element = &wr_type_null; /* ARRAY[]: what it is cast to decides */
  if (site->arg_count) {
    enum wr_code code = wr_bind_args_common(site, 0, &element, err);
    if (code)
      return code;
  }
  site->type = wr_type_array(site->binding->arena, element);
  site->kernel = &kernel_array;
  return WR_OK;
}

/* ---- MAP ---- */

static void rows_map(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_type *type = call->expression->type;
  const uint32_t count = call->arg_count / 2;
  struct wr_builder keys, values;
  struct wr_item_set set = {0};
  struct wr_arena arena = {0};
  wr_builder_open(&keys, type->fields[0].type);
  wr_builder_open(&values, type->fields[1].type);
  wr_builder_reserve(&keys, count + 1);
  wr_builder_reserve(&values, count + 1);
  uint32_t *last = wr_memory_get(sizeof *last * ((size_t)count + 1));
  WR_EACH_ROW(row)
  {
    uint32_t null_at = UINT32_MAX;
    wr_item_set_clear(&set);
    wr_arena_reset(&arena);
    for (uint32_t i = 0; i < count; i++) {
      bool is_new;
      if (wr_column_is_null(call->args[2 * i], row))
        null_at = i;
      else
        last[wr_item_set_add(&set, type->fields[0].type, wr_item_of(call->args[2 * i], row, &arena),
                             &is_new)] = i;
    }
    wr_builder_reset(&keys);
    wr_builder_reset(&values);
    for (uint32_t k = 0; k < set.count + (null_at != UINT32_MAX); k++) {
      uint32_t i = k < set.count ? last[k] : null_at;
      wr_builder_put_row(&keys, call->args[2 * i], row, false);
      wr_builder_put_row(&values, call->args[2 * i + 1], row, false);
    }
    struct wr_column key_column = wr_builder_view(&keys), value_column = wr_builder_view(&values);
    wr_call_put_map(call, row, &key_column, &value_column, 0, keys.row_count);
  }
  free(last);
  wr_arena_free(&arena);
  wr_item_set_free(&set);
  wr_builder_close(&keys);
  wr_builder_close(&values);
}
static const struct wr_kernel kernel_map = {.rows = rows_map, .traits = WR_SEES_NULL | WR_CAN_FAIL};

/* Every second argument from `first` on cast to their common type. */
static enum wr_code map_half(struct wr_bind_site *site, uint32_t first, const struct wr_type **type,
                             struct wr_error *err)
{
  uint32_t count = site->arg_count / 2;
  struct wr_bind_site half = *site;
  half.arg_count = count;
  half.args = WR_NEW_ARRAY(site->binding->arena, const struct wr_expression *, count + 1);
  *type = &wr_type_null;
  if (count == 0)
    return WR_OK;
  for (uint32_t i = 0; i < count; i++)
    half.args[i] = site->args[2 * i + first];
  *type = wr_bind_common_type(site->binding, half.args, count);
  if (!*type)
    return wr_bind_no_match(site, err);
  for (uint32_t i = 0; i < count; i++) {
    enum wr_code code = wr_bind_arg(&half, i, *type, err);
    if (code)
      return code;
    site->args[2 * i + first] = half.args[i];
  }
  return WR_OK;
}

static enum wr_code bind_map(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_type *key, *value;
  if (site->arg_count % 2 != 0) {
    wr_fail_at(err, WR_SEMANTIC, site->span, "MAP takes keys and values in turn, and here are %u",
               site->arg_count);
    return wr_state(err, WR_STATE_UNDEFINED_FUNCTION);
  }
  enum wr_code code = map_half(site, 0, &key, err);
  if (!code)
    code = map_half(site, 1, &value, err);
  if (code)
    return code;
  site->type = wr_type_map(site->binding->arena, key, value);
  site->kernel = &kernel_map;
  return WR_OK;
}

/* ---- x[i] ---- */

static void rows_array_item(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    struct wr_list list;
    wr_call_list(call, 0, row, &list);
    int64_t i = wr_column_i64(call->args[1], row);
    if (i < 1 || i > list.count || wr_list_is_null(&list, (uint32_t)(i - 1)))
      wr_call_set_null(call, row);
    else
      wr_call_put_item(call, row, &list, (uint32_t)(i - 1));
  }
}
static const struct wr_kernel kernel_array_item = {.rows = rows_array_item,
                                                   .traits = WR_MAKES_NULL};

static void rows_map_value(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_arena arena = {0};
  WR_EACH_ROW(row)
  {
    struct wr_list keys, values;
    wr_call_map(call, 0, row, &keys, &values);
    wr_arena_reset(&arena);
    struct wr_slice wanted = wr_item_of(call->args[1], row, &arena);
    uint32_t i = 0;
    while (i < keys.count &&
           (wr_list_is_null(&keys, i) || !wr_item_equal(keys.type, wr_list_item(&keys, i), wanted)))
      i++;
    if (i == keys.count || wr_list_is_null(&values, i))
      wr_call_set_null(call, row);
    else
      wr_call_put_item(call, row, &values, i);
  }
  wr_arena_free(&arena);
}
static const struct wr_kernel kernel_map_value = {.rows = rows_map_value, .traits = WR_MAKES_NULL};

/* There may be no such item, even if no item is NULL. */
static enum wr_code bind_item(struct wr_bind_site *site, struct wr_error *err)
{
  struct wr_arena *arena = site->binding->arena;
  const struct wr_type *type = site->args[0]->type;
  const struct wr_expression *index = site->args[1];
  if (type->kind == WR_MAP) {
    site->type = wr_type_with_not_null(arena, type->fields[1].type, false);
    site->kernel = &kernel_map_value;
    return wr_bind_arg(site, 1, type->fields[0].type, err);
  }
  if (type->kind != WR_ARRAY ||
      !(wr_kind_is_integer(index->type->kind) || index->type->kind == WR_NULL))
    return wr_bind_no_match(site, err);
  if (wr_expression_is_known(index) && wr_column_i64(index->literal, 0) < 1)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_ARRAY_ELEMENT_ERROR, index->span,
                         "the items of an ARRAY count from 1, not %lld",
                         (long long)wr_column_i64(index->literal, 0));
  site->type = wr_type_with_not_null(arena, type->fields[0].type, false);
  site->kernel = &kernel_array_item;
  return index->type->kind == WR_NULL ? wr_bind_arg(site, 1, &wr_type_int, err) : WR_OK;
}

const struct wr_function wr_functions_construct[] = {
    {.name = "ROW",
     .usage = "ROW(a, b, ...)",
     .help = "A ROW of these fields; also written (a, b)",
     .example = "ROW(1, 'a', NULL)",
     .result = "(1, a, NULL)",
     .least = 1,
     .most = WR_ARGS_ANY,
     .bind = bind_row},
    {.name = "ARRAY",
     .usage = "ARRAY[a, b, ...]",
     .help = "An ARRAY of values of one type; an empty one needs a CAST",
     .example = "ARRAY[1, 2.5, NULL]",
     .result = "[1.0, 2.5, NULL]",
     .most = WR_ARGS_ANY,
     .bind = bind_array},
    {.name = "MAP",
     .usage = "MAP[key, value, key, value, ...]",
     .help = "A MAP of keys to values; of equal keys the last one counts",
     .example = "MAP['a', 1, 'b', 2]",
     .result = "{a=1, b=2}",
     .most = WR_ARGS_ANY,
     .bind = bind_map},
    {.name = "[]",
     .usage = "array[index]; map[key]",
     .help = "The item at a position, counted from 1, or the value of a key; NULL if there is none",
     .example = "ARRAY['x', 'y'][2] || MAP['k', 'z']['k']",
     .result = "yz",
     .least = 2,
     .most = 2,
     .bind = bind_item,
     .traits = WR_OPERATOR},
    {0},
};
