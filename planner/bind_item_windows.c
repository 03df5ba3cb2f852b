/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/item_windows.h"

#include <assert.h>

#include "core/limits.h"
#include "core/time.h"
#include "planner/rowtime.h"
#include "planner/window_lengths.h"

#define ITEMS_SECONDS_MAX 3600

static const struct wr_span items_nowhere = {WR_NO_POSITION, 0};

struct items {
  struct wr_binder *binder;
  const struct wr_cursor_call *call;
  uint32_t column; /* of call->input: the items */
  const struct wr_window_origin *origin;
};

static const struct wr_expression *items_reference(const struct items *items,
                                                   const struct wr_logical *node, uint32_t column)
{
  return wr_bind_column(items->binder->binding, column, node->schema.fields[column].type,
                        items_nowhere);
}

/* The arguments that both have: the column, and behind `seconds` - 1 others the length. */
static enum wr_code items_read(struct items *items, uint32_t seconds, struct wr_error *err)
{
  const struct wr_cursor_call *call = items->call;
  int64_t length = 0;
  enum wr_code code = wr_cursor_check_time(call, err);
  if (code == WR_OK)
    code = wr_cursor_check_rows(call, err);
  if (code == WR_OK)
    code = wr_cursor_column(items->binder, call, 1, "the column of the items", &items->column, err);
  if (code == WR_OK)
    code = wr_cursor_integer(items->binder, call, seconds, "the length of the windows in seconds",
                             1, ITEMS_SECONDS_MAX, &length, err);
  if (code == WR_OK)
    code = wr_bind_order_type(call->input->schema.fields[items->column].type,
                              wr_cursor_span(call, 1), err);
  if (code)
    return code;
  const struct wr_window window = {.kind = WR_WINDOW_TUMBLE, .size_us = length * WR_US_PER_SECOND};
  return wr_window_origin_of(items->binder, call->input->schema.fields[call->time_column].type,
                             &window, &items->origin, err);
}

/* The items that there are, and the time: the columns of what is aggregated. */
static struct wr_logical *items_rows(const struct items *items, struct wr_error *err)
{
  struct wr_arena *arena = items->binder->arena;
  struct wr_logical *input = items->call->input;
  const struct wr_expression *item = items_reference(items, input, items->column), *has_item;
  enum wr_code code =
      wr_bind_call(items->binder->binding, "IS NOT NULL", &item, 1, items_nowhere, &has_item, err);
  if (code)
    return NULL;
  const struct wr_expression **expressions = WR_NEW_ARRAY(arena, const struct wr_expression *, 2);
  const char **names = WR_NEW_ARRAY(arena, const char *, 2);
  expressions[0] = item;
  expressions[1] = items_reference(items, input, items->call->time_column);
  names[0] = input->schema.fields[items->column].name;
  names[1] = input->schema.fields[items->call->time_column].name;
  return wr_logical_project(arena, wr_logical_filter(arena, input, has_item), expressions, names,
                            2);
}

/* COUNT(*) per item and window, or COUNT(DISTINCT item) per window. */
static enum wr_code items_count(const struct items *items, bool per_item, struct wr_logical **out,
                                struct wr_error *err)
{
  struct wr_arena *arena = items->binder->arena;
  struct wr_logical *rows = items_rows(items, err);
  if (!rows)
    return err->code;
  const struct wr_expression *item = items_reference(items, rows, 0);
  struct wr_aggregate *count = WR_NEW(arena, struct wr_aggregate);
  struct wr_aggregate_columns *columns = WR_NEW(arena, struct wr_aggregate_columns);
  uint32_t *first = WR_NEW_ARRAY(arena, uint32_t, 1); /* column 0 */
  const struct wr_aggregate_call call = {.name = "COUNT",
                                         .args = &item,
                                         .arg_count = !per_item,
                                         .distinct = !per_item,
                                         .span = items->call->span};
  enum wr_code code = wr_bind_aggregate(items->binder->binding, &call, count, err);
  if (code)
    return code;
  *columns = (struct wr_aggregate_columns){.args = first, .filter = UINT32_MAX};
  const struct wr_logical_assign assign = {.origin = items->origin, .time_column = 1};
  struct wr_logical *below = wr_logical_assign(arena, rows, &assign);
  const struct wr_logical_aggregate aggregate = {
      .window = wr_window_attached(&items->origin->window),
      .origin = items->origin,
      .time_column = UINT32_MAX,
      .start_column = wr_logical_part_column(below, WR_PART_START),
      .end_column = wr_logical_part_column(below, WR_PART_END),
      .keys = first,
      .key_count = per_item,
      .aggregates = count,
      .columns = columns,
      .aggregate_count = 1,
      .emit = {.early_us = WR_EMIT_NEVER, .late_us = WR_EMIT_NEVER}};
  *out = wr_logical_aggregate(arena, below, &aggregate);
  (*out)->span = items->call->span;
  return WR_OK;
}

/* Columns of a node under other names, then ROWTIME: the end of the window. */
static struct wr_logical *items_output(const struct items *items, struct wr_logical *node,
                                       const char *const *given, uint32_t count,
                                       uint32_t end_column)
{
  struct wr_arena *arena = items->binder->arena;
  bool has_rowtime = items->binder->binding->kinesis;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(arena, const struct wr_expression *, (size_t)count + 1);
  const char **names = WR_NEW_ARRAY(arena, const char *, (size_t)count + 1);
  for (uint32_t c = 0; c < count; c++) {
    expressions[c] = items_reference(items, node, c);
    names[c] = given[c];
  }
  expressions[count] = items_reference(items, node, end_column);
  names[count] = has_rowtime ? WR_ROWTIME : wr_window_part_names[WR_PART_END];
  return wr_logical_project(arena, node, expressions, names, count + 1);
}

enum wr_code wr_bind_distinct_items(struct wr_binder *binder, const struct wr_cursor_call *call,
                                    struct wr_logical **out, struct wr_error *err)
{
  static const char *const names[] = {"NUMBER_OF_DISTINCT_ITEMS"};
  struct items items = {.binder = binder, .call = call};
  struct wr_logical *counts;
  enum wr_code code = items_read(&items, 2, err);
  if (code == WR_OK)
    code = items_count(&items, false, &counts, err);
  if (code == WR_OK)
    *out = items_output(&items, counts, names, 1, wr_logical_part_column(counts, WR_PART_END));
  return code;
}

enum wr_code wr_bind_top_items(struct wr_binder *binder, const struct wr_cursor_call *call,
                               struct wr_logical **out, struct wr_error *err)
{
  static const char *const names[] = {"ITEM", "ITEM_COUNT"};
  struct items items = {.binder = binder, .call = call};
  struct wr_logical *counts;
  int64_t most = 1;
  enum wr_code code =
      wr_cursor_integer(binder, call, 2, "the number of items", 1, WR_RANK_ROWS_MAX, &most, err);
  if (code == WR_OK)
    code = items_read(&items, 3, err);
  if (code == WR_OK)
    code = items_count(&items, true, &counts, err);
  if (code)
    return code;
  struct wr_sort_key *order = WR_NEW_ARRAY(binder->arena, struct wr_sort_key, 2);
  order[0] = (struct wr_sort_key){.column = 1, .descending = true, .nulls_last = true};
  order[1] = (struct wr_sort_key){.column = 0};
  const struct wr_logical_rank rank = {.origin = items.origin,
                                       .start_column =
                                           wr_logical_part_column(counts, WR_PART_START),
                                       .end_column = wr_logical_part_column(counts, WR_PART_END),
                                       .order = order,
                                       .order_count = 2,
                                       .first = 1,
                                       .last = (uint64_t)most,
                                       .number = WR_RANK_ROW_NUMBER};
  struct wr_logical *ranked = wr_logical_rank(binder->arena, counts, &rank, NULL);
  ranked->span = call->span;
  *out = items_output(&items, ranked, names, 2, rank.end_column);
  return WR_OK;
}
