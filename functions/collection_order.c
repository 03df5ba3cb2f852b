/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of an ARRAY that need an order of its elements or a set of them, and ARRAY_JOIN. In
 * sets the first of equal elements stays, and NULL is an element. ARRAY_MAX and ARRAY_MIN pass over
 * NULLs.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"
#include "functions/cast.h"
#include "functions/collection.h"
#include "functions/item.h"
#include "functions/values.h"
#include "text/buffer.h"

/* ---- sets ---- */

enum set_operation { SET_DISTINCT, SET_UNION, SET_EXCEPT, SET_INTERSECT };

struct set_work {
  struct wr_builder items;
  struct wr_item_set chosen, other;
};

/* Elements of the list that are not chosen yet and that `keep` says: in, not in, or whatever is in
 * the other set. */
static void set_choose(struct set_work *work, const struct wr_list *list, bool *has_null, int keep,
                       bool other_has_null)
{
  wr_builder_reserve(&work->items, list->count);
  for (uint32_t i = 0; i < list->count; i++) {
    bool is_new, is_null = wr_list_is_null(list, i);
    struct wr_slice item = is_null ? (struct wr_slice){0} : wr_list_item(list, i);
    bool in_other =
        is_null ? other_has_null
                : keep != 0 && wr_item_set_find(&work->other, list->type, item) != UINT32_MAX;
    if ((keep > 0 && !in_other) || (keep < 0 && in_other))
      continue;
    if (is_null) {
      is_new = !*has_null;
      *has_null = true;
    } else {
      wr_item_set_add(&work->chosen, list->type, item, &is_new);
    }
    if (is_new)
      wr_list_put(list, i, &work->items);
  }
}

/* Puts a list into the other set; true if it has a NULL. */
static bool set_remember(struct set_work *work, const struct wr_list *list)
{
  bool has_null = false, is_new;
  wr_item_set_clear(&work->other);
  for (uint32_t i = 0; i < list->count; i++) {
    if (wr_list_is_null(list, i))
      has_null = true;
    else
      wr_item_set_add(&work->other, list->type, wr_list_item(list, i), &is_new);
  }
  return has_null;
}

static void set_rows(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                     enum set_operation operation)
{
  static const int keeps[] = {
      [SET_DISTINCT] = 0, [SET_UNION] = 0, [SET_EXCEPT] = -1, [SET_INTERSECT] = 1};
  struct set_work work = {0};
  wr_builder_open(&work.items, call->expression->type->fields[0].type);
  WR_EACH_ROW(row)
  {
    struct wr_list list, second = {0};
    bool has_null = false, other_has_null = false;
    wr_builder_reset(&work.items);
    wr_item_set_clear(&work.chosen);
    wr_call_list(call, 0, row, &list);
    if (operation != SET_DISTINCT)
      wr_call_list(call, 1, row, &second);
    if (keeps[operation] != 0)
      other_has_null = set_remember(&work, &second);
    set_choose(&work, &list, &has_null, keeps[operation], other_has_null);
    if (operation == SET_UNION)
      set_choose(&work, &second, &has_null, 0, false);
    struct wr_column column = wr_builder_view(&work.items);
    wr_call_put_list(call, row, &column, 0, work.items.row_count);
  }
  wr_item_set_free(&work.chosen);
  wr_item_set_free(&work.other);
  wr_builder_close(&work.items);
}

#define SET_FUNCTION(name, operation, array_count)                                              \
  static void rows_##name(const struct wr_call *call, const uint32_t *rows, uint32_t row_count) \
  {                                                                                             \
    set_rows(call, rows, row_count, operation);                                                 \
  }                                                                                             \
  static const struct wr_kernel kernel_##name = {.rows = rows_##name, .traits = WR_CAN_FAIL};   \
  static enum wr_code bind_##name(struct wr_bind_site *site, struct wr_error *err)              \
  {                                                                                             \
    site->kernel = &kernel_##name;                                                              \
    return wr_bind_args_arrays(site, array_count, false, &site->type, err);                     \
  }
SET_FUNCTION(distinct, SET_DISTINCT, 1)
SET_FUNCTION(union, SET_UNION, 2)
SET_FUNCTION(except, SET_EXCEPT, 2)
SET_FUNCTION(intersect, SET_INTERSECT, 2)

/* ---- order ---- */

/* The list of a row as a column. */
static struct wr_column order_unpack(const struct wr_call *call, uint32_t row,
                                     struct wr_builder *items)
{
  struct wr_list list;
  wr_call_list(call, 0, row, &list);
  wr_builder_reset(items);
  wr_builder_reserve(items, list.count);
  for (uint32_t i = 0; i < list.count; i++)
    wr_list_put(&list, i, items);
  return wr_builder_view(items);
}

static void order_best(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                       int sign)
{
  struct wr_builder items;
  wr_builder_open(&items, call->args[0]->type->fields[0].type);
  WR_EACH_ROW(row)
  {
    struct wr_column column = order_unpack(call, row, &items);
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < items.row_count; i++) {
      if (!wr_column_is_null(&column, i) &&
          (best == UINT32_MAX || sign * wr_values_compare(&column, i, &column, best) > 0))
        best = i;
    }
    if (best == UINT32_MAX) {
      wr_call_set_null(call, row);
      continue;
    }
    struct wr_list list;
    wr_call_list(call, 0, row, &list);
    wr_call_put_item(call, row, &list, best);
  }
  wr_builder_close(&items);
}
static void rows_max(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  order_best(call, rows, row_count, 1);
}
static void rows_min(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  order_best(call, rows, row_count, -1);
}
static const struct wr_kernel kernel_max = {.rows = rows_max, .traits = WR_MAKES_NULL};
static const struct wr_kernel kernel_min = {.rows = rows_min, .traits = WR_MAKES_NULL};

struct order_of {
  const struct wr_column *column;
  bool descending, nulls_last;
};

/* Ties in the order of the array. */
static int order_compare(const void *a, const void *b, void *context)
{
  const struct order_of *of = context;
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  bool i_null = wr_column_is_null(of->column, i), j_null = wr_column_is_null(of->column, j);
  int order = 0;
  if (i_null != j_null)
    return i_null == of->nulls_last ? 1 : -1;
  if (!i_null)
    order = wr_values_compare(of->column, i, of->column, j);
  if (order == 0)
    return (i > j) - (i < j);
  return of->descending ? -order : order;
}

static void rows_sort(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_builder items, sorted;
  uint32_t *numbers = NULL, capacity = 0;
  wr_builder_open(&items, call->args[0]->type->fields[0].type);
  wr_builder_open(&sorted, call->args[0]->type->fields[0].type);
  WR_EACH_ROW(row)
  {
    struct wr_column column = order_unpack(call, row, &items);
    struct order_of of = {.column = &column};
    of.descending = call->arg_count > 1 && !(WR_ARG(call, 1, uint8_t, row) & 1);
    of.nulls_last = call->arg_count > 2 ? !(WR_ARG(call, 2, uint8_t, row) & 1) : of.descending;
    if (items.row_count > capacity) {
      capacity = items.row_count;
      numbers = wr_memory_resize(numbers, sizeof *numbers * capacity);
    }
    for (uint32_t i = 0; i < items.row_count; i++)
      numbers[i] = i;
    if (items.row_count > 1)
      qsort_r(numbers, items.row_count, sizeof *numbers, order_compare, &of);
    wr_builder_reset(&sorted);
    wr_builder_reserve(&sorted, items.row_count);
    for (uint32_t i = 0; i < items.row_count; i++)
      wr_builder_put_row(&sorted, &column, numbers[i], false);
    struct wr_column result = wr_builder_view(&sorted);
    wr_call_put_list(call, row, &result, 0, sorted.row_count);
  }
  free(numbers);
  wr_builder_close(&items);
  wr_builder_close(&sorted);
}
static const struct wr_kernel kernel_sort = {.rows = rows_sort, .traits = WR_CAN_FAIL};

/* An ARRAY whose elements have an order. */
static enum wr_code order_bind(struct wr_bind_site *site, const struct wr_kernel *kernel,
                               struct wr_error *err)
{
  const struct wr_type *array;
  enum wr_code code = wr_bind_args_arrays(site, 1, false, &array, err);
  if (code)
    return code;
  if (!wr_type_has_order(array->fields[0].type))
    return wr_bind_no_match(site, err);
  site->type = wr_type_with_not_null(site->binding->arena, array->fields[0].type, false);
  site->kernel = kernel;
  return WR_OK;
}
static enum wr_code bind_max(struct wr_bind_site *site, struct wr_error *err)
{
  return order_bind(site, &kernel_max, err);
}
static enum wr_code bind_min(struct wr_bind_site *site, struct wr_error *err)
{
  return order_bind(site, &kernel_min, err);
}
static enum wr_code bind_sort(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = order_bind(site, &kernel_sort, err);
  for (uint32_t i = 1; !code && i < site->arg_count; i++)
    code = wr_bind_arg(site, i, &wr_type_boolean, err);
  site->type = site->args[0]->type;
  return code;
}

/* ---- ARRAY_JOIN ---- */

static void rows_join(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_buffer out = {0};
  WR_EACH_ROW(row)
  {
    struct wr_list list;
    wr_call_list(call, 0, row, &list);
    const struct wr_text *between = wr_column_text(call->args[1], row);
    const struct wr_text *for_null =
        call->arg_count > 2 ? wr_column_text(call->args[2], row) : NULL;
    bool is_first = true;
    wr_buffer_clear(&out);
    for (uint32_t i = 0; i < list.count && out.length <= WR_TEXT_BYTES_MAX; i++) {
      bool is_null = wr_list_is_null(&list, i);
      if (is_null && !for_null)
        continue;
      if (!is_first)
        wr_buffer_put(&out, wr_text_bytes(between), between->length);
      is_first = false;
      struct wr_slice item = is_null ? (struct wr_slice){wr_text_bytes(for_null), for_null->length}
                                     : wr_list_item(&list, i);
      wr_buffer_put(&out, item.bytes, item.length);
    }
    wr_buffer_reserve(&out, 1);
    wr_cast_put_text(call, row, out.bytes, out.length);
  }
  wr_buffer_free(&out);
}
static const struct wr_kernel kernel_join = {.rows = rows_join, .traits = WR_CAN_FAIL};

static enum wr_code bind_join(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = wr_bind_arg_kind(site, 0, WR_ARRAY, err);
  if (code)
    return code;
  enum wr_kind element = site->args[0]->type->fields[0].type->kind;
  if (element == WR_NULL)
    code = wr_bind_arg(site, 0, wr_type_array(site->binding->arena, &wr_type_string), err);
  else if (!wr_kind_is_text(element))
    code = wr_bind_no_match(site, err);
  for (uint32_t i = 1; !code && i < site->arg_count; i++)
    code = wr_bind_arg(site, i, &wr_type_string, err);
  site->type = &wr_type_string;
  site->kernel = &kernel_join;
  return code;
}

#define ORDER_FUNCTION(symbol, written, least_args, most_args, hook, says, shows, gives_text) \
  {                                                                                           \
    .name = symbol, .usage = written, .help = says, .example = shows, .result = gives_text,   \
    .least = least_args, .most = most_args, .bind = hook                                      \
  }

const struct wr_function wr_functions_collection_order[] = {
    ORDER_FUNCTION("ARRAY_DISTINCT", "ARRAY_DISTINCT(array)", 1, 1, bind_distinct,
                   "The array without repetitions", "ARRAY_DISTINCT(ARRAY[2, 1, 2, NULL, NULL])",
                   "[2, 1, NULL]"),
    ORDER_FUNCTION("ARRAY_UNION", "ARRAY_UNION(array, array)", 2, 2, bind_union,
                   "The elements of both, each once", "ARRAY_UNION(ARRAY[1, 1, 2], ARRAY[2, 3])",
                   "[1, 2, 3]"),
    ORDER_FUNCTION("ARRAY_EXCEPT", "ARRAY_EXCEPT(array, array)", 2, 2, bind_except,
                   "The elements of the first that are not in the second, each once",
                   "ARRAY_EXCEPT(ARRAY[1, 1, 2], ARRAY[2])", "[1]"),
    ORDER_FUNCTION("ARRAY_INTERSECT", "ARRAY_INTERSECT(array, array)", 2, 2, bind_intersect,
                   "The elements that are in both, each once, in the order of the first",
                   "ARRAY_INTERSECT(ARRAY[3, 1, NULL], ARRAY[NULL, 3])", "[3, NULL]"),
    ORDER_FUNCTION("ARRAY_MAX", "ARRAY_MAX(array)", 1, 1, bind_max,
                   "The greatest element that is not NULL", "ARRAY_MAX(ARRAY[1, NULL, 3])", "3"),
    ORDER_FUNCTION("ARRAY_MIN", "ARRAY_MIN(array)", 1, 1, bind_min,
                   "The least element that is not NULL", "ARRAY_MIN(ARRAY['b', 'a'])", "a"),
    ORDER_FUNCTION("ARRAY_SORT", "ARRAY_SORT(array [, ascending [, nulls_first]])", 1, 3, bind_sort,
                   "The array in order; NULLs come first, in descending order last",
                   "ARRAY_SORT(ARRAY[2, NULL, 3], FALSE)", "[3, 2, NULL]"),
    ORDER_FUNCTION("ARRAY_JOIN", "ARRAY_JOIN(array, between [, for_null])", 2, 3, bind_join,
                   "The texts of an array in one; NULLs are left out, or shown as the third text",
                   "ARRAY_JOIN(ARRAY['a', NULL, 'b'], '-', '?')", "a-?-b"),
    {0},
};
