/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of an ARRAY. Elements are compared by what they mean (functions/item.h), so that NaN
 * and MAPs are found. An array and an element of another type are first cast to what they have in
 * common. Results are collected in a builder and packed.
 */
#include <assert.h>
#include <stdlib.h>

#include "functions/cast.h"
#include "functions/collection.h"
#include "functions/item.h"
#include "functions/text_call.h"

/* ---- how many ---- */

static void rows_cardinality(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  bool is_array = call->args[0]->type->kind == WR_ARRAY;
  bool is_multiset = call->args[0]->type->kind == WR_MULTISET;
  WR_EACH_ROW(row)
  {
    struct wr_list items, counts;
    if (is_array)
      wr_call_list(call, 0, row, &items);
    else
      wr_call_map(call, 0, row, &items, &counts);
    int64_t total = is_multiset ? 0 : items.count;
    for (uint32_t i = 0; is_multiset && i < items.count; i++) {
      int32_t count;
      memcpy(&count, wr_list_item(&counts, i).bytes, sizeof count);
      total += count;
    }
    ((int32_t *)call->values)[row] = total > INT32_MAX ? INT32_MAX : (int32_t)total;
  }
}
static const struct wr_kernel kernel_cardinality = {.rows = rows_cardinality};

static enum wr_code bind_cardinality(struct wr_bind_site *site, struct wr_error *err)
{
  if (!wr_kind_is_packed(site->args[0]->type->kind))
    return wr_bind_no_match(site, err);
  site->type = &wr_type_int;
  site->kernel = &kernel_cardinality;
  return WR_OK;
}

static void rows_element(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WR_EACH_ROW(row)
  {
    struct wr_list list;
    wr_call_list(call, 0, row, &list);
    if (list.count > 1)
      wr_call_fail_state(call, row, WR_STATE_CARDINALITY_VIOLATION,
                         "ELEMENT of an ARRAY of %u elements; it has to be one", list.count);
    else if (list.count == 0 || wr_list_is_null(&list, 0))
      wr_call_set_null(call, row);
    else
      wr_call_put_item(call, row, &list, 0);
  }
}
static const struct wr_kernel kernel_element = {.rows = rows_element,
                                                .traits = WR_MAKES_NULL | WR_CAN_FAIL};

static enum wr_code bind_element(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = wr_bind_arg_kind(site, 0, WR_ARRAY, err);
  if (code)
    return code;
  site->type =
      wr_type_with_not_null(site->binding->arena, site->args[0]->type->fields[0].type, false);
  site->kernel = &kernel_element;
  return WR_OK;
}

/* ---- arrays out of arrays ---- */

/* Runs `body` for every row, with `items` an empty builder of the result's elements. */
#define WITH_ITEMS(body)                                             \
  do {                                                               \
    struct wr_builder items;                                         \
    wr_builder_open(&items, call->expression->type->fields[0].type); \
    WR_EACH_ROW(row)                                                 \
    {                                                                \
      wr_builder_reset(&items);                                      \
      body;                                                          \
      struct wr_column column = wr_builder_view(&items);             \
      wr_call_put_list(call, row, &column, 0, items.row_count);      \
    }                                                                \
    wr_builder_close(&items);                                        \
  } while (0)

static void items_add(struct wr_builder *items, const struct wr_list *list, uint32_t first,
                      uint32_t count)
{
  wr_builder_reserve(items, count);
  for (uint32_t i = 0; i < count; i++)
    wr_list_put(list, first + i, items);
}

/* The element is an argument that may be NULL; the array is not. */
static void array_extend(const struct wr_call *call, struct wr_builder *items, uint32_t row,
                         bool behind)
{
  struct wr_list list;
  wr_call_list(call, 0, row, &list);
  wr_builder_reserve(items, 1);
  if (!behind)
    wr_builder_put_row(items, call->args[1], row, false);
  items_add(items, &list, 0, list.count);
  wr_builder_reserve(items, 1);
  if (behind)
    wr_builder_put_row(items, call->args[1], row, false);
}

/* Where the array is NULL, so is the result; the other rows are listed. */
static uint32_t rows_with_array(const struct wr_call *call, const uint32_t *rows,
                                uint32_t row_count, uint32_t *out)
{
  uint32_t count = 0;
  WR_EACH_ROW(row)
  {
    if (wr_column_is_null(call->args[0], row))
      wr_call_set_null(call, row);
    else
      out[count++] = row;
  }
  return count;
}

#define ARRAY_AND_ELEMENT(name, run)                                                           \
  static void rows_##name(const struct wr_call *call, const uint32_t *all, uint32_t all_count) \
  {                                                                                            \
    uint32_t *rows = wr_memory_get(sizeof *rows * ((size_t)all_count + 1));                    \
    uint32_t row_count = rows_with_array(call, all, all_count, rows);                          \
    run;                                                                                       \
    free(rows);                                                                                \
  }                                                                                            \
  static const struct wr_kernel kernel_##name = {                                              \
      .rows = rows_##name, .traits = WR_SEES_NULL | WR_MAKES_NULL | WR_CAN_FAIL};

ARRAY_AND_ELEMENT(append, WITH_ITEMS(array_extend(call, &items, row, true)))
ARRAY_AND_ELEMENT(prepend, WITH_ITEMS(array_extend(call, &items, row, false)))

#define FIND_INTEGER(c_type)                                        \
  do {                                                              \
    c_type value, other;                                            \
    memcpy(&value, wanted.bytes, sizeof value);                     \
    for (; i < list->count; i++) {                                  \
      memcpy(&other, list->items + sizeof other * i, sizeof other); \
      if (other == value && !wr_list_is_null(list, i))              \
        break;                                                      \
    }                                                               \
    return i;                                                       \
  } while (0)

/* From `from` on, where the element is: a NULL is looked for like any other. */
static uint32_t array_find(const struct wr_list *list, uint32_t from, bool is_null,
                           struct wr_slice wanted)
{
  uint32_t i = from;
  if (!is_null && list->type->physical == WR_I32)
    FIND_INTEGER(int32_t);
  if (!is_null && list->type->physical == WR_I64)
    FIND_INTEGER(int64_t);
  for (; i < list->count; i++) {
    bool other_null = wr_list_is_null(list, i);
    if (is_null ? other_null
                : !other_null && wr_item_equal(list->type, wr_list_item(list, i), wanted))
      break;
  }
  return i;
}

/* The element argument, or nothing if it is NULL. */
static struct wr_slice array_wanted(const struct wr_call *call, uint32_t row, bool *is_null,
                                    struct wr_arena *arena)
{
  wr_arena_reset(arena);
  *is_null = wr_column_is_null(call->args[1], row);
  return *is_null ? (struct wr_slice){0} : wr_item_of(call->args[1], row, arena);
}

static void array_remove(const struct wr_call *call, struct wr_builder *items, uint32_t row,
                         struct wr_arena *arena)
{
  struct wr_list list;
  bool is_null;
  wr_call_list(call, 0, row, &list);
  struct wr_slice wanted = array_wanted(call, row, &is_null, arena);
  for (uint32_t from = 0; from < list.count;) {
    uint32_t at = array_find(&list, from, is_null, wanted);
    items_add(items, &list, from, at - from);
    from = at + 1;
  }
}
static void rows_remove_arrays(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_arena arena = {0};
  WITH_ITEMS(array_remove(call, &items, row, &arena));
  wr_arena_free(&arena);
}
ARRAY_AND_ELEMENT(remove, rows_remove_arrays(call, rows, row_count))

static void rows_contains_arrays(const struct wr_call *call, const uint32_t *rows,
                                 uint32_t row_count)
{
  struct wr_arena arena = {0};
  WR_EACH_ROW(row)
  {
    struct wr_list list;
    bool is_null;
    wr_call_list(call, 0, row, &list);
    struct wr_slice wanted = array_wanted(call, row, &is_null, &arena);
    ((uint8_t *)call->values)[row] = array_find(&list, 0, is_null, wanted) < list.count;
  }
  wr_arena_free(&arena);
}
ARRAY_AND_ELEMENT(contains, rows_contains_arrays(call, rows, row_count))

static void rows_position(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_arena arena = {0};
  WR_EACH_ROW(row)
  {
    struct wr_list list;
    bool is_null;
    wr_call_list(call, 0, row, &list);
    struct wr_slice wanted = array_wanted(call, row, &is_null, &arena);
    uint32_t at = array_find(&list, 0, is_null, wanted);
    ((int32_t *)call->values)[row] = at < list.count ? (int32_t)at + 1 : 0;
  }
  wr_arena_free(&arena);
}
static const struct wr_kernel kernel_position = {.rows = rows_position};

/* False: the row has failed, since even elements of one byte would be too many. */
static bool array_concat(const struct wr_call *call, struct wr_builder *items, uint32_t row)
{
  struct wr_list list;
  size_t total = 0;
  for (uint32_t i = 0; i < call->arg_count; i++) {
    wr_call_list(call, i, row, &list);
    total += list.count;
  }
  if (!wr_call_text_fits(call, row, total))
    return false;
  for (uint32_t i = 0; i < call->arg_count; i++) {
    wr_call_list(call, i, row, &list);
    items_add(items, &list, 0, list.count);
  }
  return true;
}
static void rows_concat(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WITH_ITEMS(if (!array_concat(call, &items, row)) continue);
}
static const struct wr_kernel kernel_concat = {.rows = rows_concat, .traits = WR_CAN_FAIL};

static void array_reverse(const struct wr_call *call, struct wr_builder *items, uint32_t row)
{
  struct wr_list list;
  wr_call_list(call, 0, row, &list);
  wr_builder_reserve(items, list.count);
  for (uint32_t i = list.count; i-- > 0;)
    wr_list_put(&list, i, items);
}
static void rows_reverse(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WITH_ITEMS(array_reverse(call, &items, row));
}
static const struct wr_kernel kernel_reverse = {.rows = rows_reverse, .traits = WR_CAN_FAIL};

/* Offsets count from 1, below 0 from the end; 0 is the beginning. Both ends belong to the slice. */
static void array_slice(const struct wr_call *call, struct wr_builder *items, uint32_t row)
{
  struct wr_list list;
  wr_call_list(call, 0, row, &list);
  int64_t count = list.count, first = wr_column_i64(call->args[1], row), last = count;
  if (call->arg_count > 2)
    last = wr_column_i64(call->args[2], row);
  first = first < 0 ? first + count + 1 : first;
  last = last < 0 ? last + count + 1 : last == 0 ? 1 : last;
  first = first < 1 ? 1 : first;
  last = last > count ? count : last;
  if (first <= last)
    items_add(items, &list, (uint32_t)(first - 1), (uint32_t)(last - first + 1));
}
static void rows_slice(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  WITH_ITEMS(array_slice(call, &items, row));
}
static const struct wr_kernel kernel_slice = {.rows = rows_slice, .traits = WR_CAN_FAIL};

/* ---- binding ---- */

static enum wr_code array_bind(struct wr_bind_site *site, uint32_t array_count, bool with_element,
                               const struct wr_kernel *kernel, struct wr_error *err)
{
  const struct wr_type *array;
  enum wr_code code = wr_bind_args_arrays(site, array_count, with_element, &array, err);
  site->type = array;
  site->kernel = kernel;
  return code;
}
static enum wr_code bind_append(struct wr_bind_site *site, struct wr_error *err)
{
  return array_bind(site, 2, true, &kernel_append, err);
}
static enum wr_code bind_prepend(struct wr_bind_site *site, struct wr_error *err)
{
  return array_bind(site, 2, true, &kernel_prepend, err);
}
static enum wr_code bind_remove(struct wr_bind_site *site, struct wr_error *err)
{
  return array_bind(site, 2, true, &kernel_remove, err);
}
static enum wr_code bind_contains(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = array_bind(site, 2, true, &kernel_contains, err);
  site->type = &wr_type_boolean;
  return code;
}
static enum wr_code bind_position(struct wr_bind_site *site, struct wr_error *err)
{
  enum wr_code code = array_bind(site, 2, true, &kernel_position, err);
  site->type = &wr_type_int;
  return code;
}
static enum wr_code bind_concat(struct wr_bind_site *site, struct wr_error *err)
{
  return array_bind(site, site->arg_count, false, &kernel_concat, err);
}
static enum wr_code bind_reverse(struct wr_bind_site *site, struct wr_error *err)
{
  return array_bind(site, 1, false, &kernel_reverse, err);
}
static enum wr_code bind_slice(struct wr_bind_site *site, struct wr_error *err)
{
  for (uint32_t i = 1; i < site->arg_count; i++) {
    if (!wr_kind_is_integer(site->args[i]->type->kind) && site->args[i]->type->kind != WR_NULL)
      return wr_bind_no_match(site, err);
    enum wr_code code =
        site->args[i]->type->kind == WR_NULL ? wr_bind_arg(site, i, &wr_type_int, err) : WR_OK;
    if (code)
      return code;
  }
  return array_bind(site, 1, false, &kernel_slice, err);
}

#define ARRAY_FUNCTION(symbol, written, least_args, most_args, hook, says, shows, gives_text) \
  {                                                                                           \
    .name = symbol, .usage = written, .help = says, .example = shows, .result = gives_text,   \
    .least = least_args, .most = most_args, .bind = hook                                      \
  }

const struct wr_function wr_functions_collection_array[] = {
    ARRAY_FUNCTION("CARDINALITY", "CARDINALITY(collection)", 1, 1, bind_cardinality,
                   "How many elements an ARRAY or MULTISET has, or entries a MAP",
                   "CARDINALITY(ARRAY['a', NULL, 'b'])", "3"),
    ARRAY_FUNCTION("ELEMENT", "ELEMENT(array)", 1, 1, bind_element,
                   "The only element; NULL if there is none; a row with several is rejected",
                   "ELEMENT(ARRAY[7])", "7"),
    ARRAY_FUNCTION("ARRAY_APPEND", "ARRAY_APPEND(array, element)", 2, 2, bind_append,
                   "The array with the element behind it", "ARRAY_APPEND(ARRAY[1, 2], 3)",
                   "[1, 2, 3]"),
    ARRAY_FUNCTION("ARRAY_PREPEND", "ARRAY_PREPEND(array, element)", 2, 2, bind_prepend,
                   "The array with the element before it", "ARRAY_PREPEND(ARRAY[1, 2], NULL)",
                   "[NULL, 1, 2]"),
    ARRAY_FUNCTION("ARRAY_CONCAT", "ARRAY_CONCAT(array, ...)", 1, WR_ARGS_ANY, bind_concat,
                   "All elements of all arrays; NULL if one of them is",
                   "ARRAY_CONCAT(ARRAY[1], ARRAY[2, 1])", "[1, 2, 1]"),
    ARRAY_FUNCTION("ARRAY_CONTAINS", "ARRAY_CONTAINS(array, element)", 2, 2, bind_contains,
                   "TRUE if the element is in the array; NULL is an element like any other",
                   "ARRAY_CONTAINS(ARRAY[1, NULL], NULL)", "TRUE"),
    ARRAY_FUNCTION("ARRAY_POSITION", "ARRAY_POSITION(array, element)", 2, 2, bind_position,
                   "Where the element is first, counted from 1; 0 if it is not there",
                   "ARRAY_POSITION(ARRAY['a', 'b', 'b'], 'b')", "2"),
    ARRAY_FUNCTION("ARRAY_REMOVE", "ARRAY_REMOVE(array, element)", 2, 2, bind_remove,
                   "The array without the elements that equal this one",
                   "ARRAY_REMOVE(ARRAY[1, 2, 1], 1)", "[2]"),
    ARRAY_FUNCTION("ARRAY_REVERSE", "ARRAY_REVERSE(array)", 1, 1, bind_reverse,
                   "The array from its end", "ARRAY_REVERSE(ARRAY[1, 2, NULL])", "[NULL, 2, 1]"),
    ARRAY_FUNCTION("ARRAY_SLICE", "ARRAY_SLICE(array, first [, last])", 2, 3, bind_slice,
                   "The elements from first to last, counted from 1, below 0 from the end",
                   "ARRAY_SLICE(ARRAY[1, 2, 3, 4], -3, 3)", "[2, 3]"),
    {0},
};
