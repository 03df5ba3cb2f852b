/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ORDER BY, LIMIT, OFFSET. What a query is sorted by is one of its columns (by name, by number), or
 * an expression over what the query reads, which is then computed beside the columns and goes away
 * after sorting. A stream without an end can only be sorted by its event time, as far as it has
 * come. With LIMIT its first rows so far are a Top-N, whose rows change.
 */
#include "planner/binder.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "core/packed.h"
#include "planner/rowtime.h"
#include "planner/stream_order.h"
#include "planner/ttl.h"
#include "planner/window_lengths.h"

/* ---- what is sorted by */

/* The number in ORDER BY 2, from 0; false: it is no such number. */
static bool order_position(const struct wr_tree_expression *tree, uint64_t *position)
{
  if (tree->kind != WR_TREE_LITERAL || tree->literal.kind != WR_TREE_INTEGER || tree->bracketed)
    return false;
  *position = 0;
  for (const char *digit = tree->literal.text; *digit; digit++)
    *position = *position < UINT32_MAX ? 10 * *position + (uint64_t)(*digit - '0') : *position;
  *position -= 1; /* 0 becomes too large, too */
  return true;
}

static enum wr_code order_fail_position(const struct wr_tree_expression *tree, uint32_t count,
                                        struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, tree->span, "ORDER BY %s: the select list has %u column%s",
             tree->literal.text, count, count == 1 ? "" : "s");
  return wr_state(err, WR_STATE_INVALID_COLUMN_REFERENCE);
}

enum wr_code wr_bind_order_type(const struct wr_type *type, struct wr_span span,
                                struct wr_error *err)
{
  if (type->physical != WR_NESTED && !wr_kind_is_packed(type->kind))
    return WR_OK;
  char text[128];
  wr_type_print(type, text, sizeof text);
  wr_fail_at(err, WR_SEMANTIC, span, "values of type %s have no order to sort by", text);
  return wr_state(err, WR_STATE_DATATYPE_MISMATCH);
}

/* What a hidden column is called in EXPLAIN. */
static const char *order_name(const struct wr_binder *binder, const struct wr_selection *selection,
                              const struct wr_expression *value, uint32_t number)
{
  if (value->kind == WR_EXPRESSION_COLUMN && value->column < selection->scope.schema.column_count)
    return selection->scope.schema.fields[value->column].name;
  return wr_arena_print(binder->arena, "ORDER BY %u", number + 1);
}

enum wr_code wr_bind_order_items(struct wr_binder *binder, const struct wr_tree_orders *orders,
                                 struct wr_selection *selection, struct wr_sort_key *keys,
                                 struct wr_error *err)
{
  uint32_t visible = selection->item_count - (selection->rowtime != UINT32_MAX);
  const struct wr_expression_context context = {.binder = binder,
                                                .scope = &selection->scope,
                                                .aggregates = &selection->aggregates,
                                                .overs = selection->overs,
                                                .selection = selection,
                                                .place = "ORDER BY"};
  for (uint32_t i = 0; i < orders->count; i++) {
    const struct wr_tree_order *order = orders->items[i];
    uint64_t column;
    const struct wr_expression *value;
    if (order_position(order->value, &column)) {
      if (column >= visible)
        return order_fail_position(order->value, visible, err);
      value = selection->items[column];
    } else {
      enum wr_code code = wr_bind_expression(&context, order->value, &value, err);
      if (code == WR_OK)
        code = wr_bind_check(binder->binding, value, err);
      if (code)
        return code;
      for (column = 0; column < selection->item_count; column++)
        if (wr_expression_equal(selection->items[column], value) &&
            wr_expression_is_deterministic(value))
          break;
      if (column == selection->item_count)
        wr_selection_add(binder, selection, value, order_name(binder, selection, value, i));
    }
    enum wr_code code = wr_bind_order_type(value->type, order->value->span, err);
    if (code)
      return code;
    bool nulls_last = order->nulls == WR_TREE_NULLS_LAST ||
                      (order->nulls == WR_TREE_NULLS_DEFAULT && order->descending);
    keys[i] = (struct wr_sort_key){
        .column = (uint32_t)column, .descending = order->descending, .nulls_last = nulls_last};
  }
  return WR_OK;
}

/* ---- how much */

static enum wr_code order_count(const struct wr_binder *binder,
                                const struct wr_tree_expression *tree, const char *what,
                                uint64_t *out, struct wr_error *err)
{
  const struct wr_scope none = {0};
  const struct wr_expression_context context = {.binder = binder, .scope = &none, .place = what};
  const struct wr_expression *value;
  if (!tree)
    return WR_OK;
  enum wr_code code = wr_bind_expression(&context, tree, &value, err);
  if (code == WR_SEMANTIC && strcmp(err->state, WR_STATE_UNDEFINED_COLUMN) == 0)
    return wr_fail_at(err, WR_SEMANTIC, tree->span,
                      "%s needs a constant: a column has another value in every row", what);
  if (code)
    return code;
  if (!wr_kind_is_integer(value->type->kind) || !wr_expression_is_known(value))
    return wr_fail_at(err, WR_SEMANTIC, tree->span, "%s needs a whole number that is constant",
                      what);
  int64_t count = wr_column_i64(value->literal, 0);
  if (count < 0)
    return wr_fail_at(err, WR_SEMANTIC, tree->span, "%s cannot be negative, and this is %lld", what,
                      (long long)count);
  *out = (uint64_t)count;
  return WR_OK;
}

/* ---- the nodes */

static enum wr_code order_fail_unbounded(const struct wr_logical *node,
                                         const struct wr_logical_sort *sort,
                                         const struct wr_tree_query *query, struct wr_error *err)
{
  const struct wr_sort_key *key = &sort->keys[0];
  if (node->roles[key->column].is_event_time)
    wr_fail_at(err, WR_UNSUPPORTED, query->order_by.items[0]->span,
               "a stream cannot be sorted by its time from the last row on: it has no end");
  else
    wr_fail_at(err, WR_UNSUPPORTED, query->order_by.items[0]->span,
               "a stream cannot be sorted by '%s': it has no end, and any row to come may be the "
               "first",
               node->schema.fields[key->column].name);
  if (node->roles[key->column].lost_to_clock)
    return wr_hint_lost_to_clock(node->schema.fields[key->column].name, err);
  if (query->limit)
    return wr_hint(err,
                   "the first rows so far, which change as others come, are at most %d: LIMIT "
                   "and OFFSET together",
                   WR_RANK_ROWS_MAX);
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    if (node->roles[c].is_event_time)
      return wr_hint(err, "the event time comes first: ORDER BY %s, ...",
                     node->schema.fields[c].name);
  return wr_hint(
      err, "with a LIMIT come the first rows so far, which change; or read a table that ends");
}

/* ORDER BY ... LIMIT of rows without an end: those that come first so far, as changes. */
static bool order_is_top(const struct wr_tree_query *query, const struct wr_logical_sort *sort)
{
  return query->limit && sort->limit > 0 && sort->offset < WR_RANK_ROWS_MAX &&
         sort->limit <= WR_RANK_ROWS_MAX - sort->offset;
}

/* LIMIT alone, of rows that change: any rows will do, as long as they are the same ones each time.
 */
static void order_by_all(const struct wr_binder *binder, const struct wr_logical *node,
                         uint32_t visible, struct wr_logical_sort *sort)
{
  struct wr_sort_key *keys = WR_NEW_ARRAY(binder->arena, struct wr_sort_key, visible);
  for (uint32_t c = 0; c < visible; c++) {
    struct wr_error unordered;
    if (wr_bind_order_type(node->schema.fields[c].type, (struct wr_span){0}, &unordered) == WR_OK)
      keys[sort->key_count++] = (struct wr_sort_key){.column = c};
  }
  sort->keys = keys;
}

static struct wr_logical *order_top(const struct wr_binder *binder, struct wr_logical *node,
                                    const struct wr_logical_sort *sort, struct wr_span span)
{
  const struct wr_logical_rank rank = {.start_column = UINT32_MAX,
                                       .end_column = UINT32_MAX,
                                       .order = sort->keys,
                                       .order_count = sort->key_count,
                                       .first = sort->offset + 1,
                                       .last = sort->offset + sort->limit,
                                       .number = WR_RANK_ROW_NUMBER,
                                       .ttl_us = wr_ttl_set_us(binder)};
  struct wr_logical *ranked = wr_logical_rank(binder->arena, node, &rank, NULL);
  ranked->span = span;
  return ranked;
}

/* The node's first `visible` columns. */
static struct wr_logical *order_hide(const struct wr_binder *binder, struct wr_logical *node,
                                     uint32_t visible)
{
  if (node->schema.column_count == visible)
    return node;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, visible);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, visible);
  for (uint32_t c = 0; c < visible; c++) {
    names[c] = node->schema.fields[c].name;
    expressions[c] = wr_bind_column(binder->binding, c, node->schema.fields[c].type,
                                    (struct wr_span){WR_NO_POSITION, 0});
  }
  return wr_logical_project(binder->arena, node, expressions, names, visible);
}

enum wr_code wr_bind_tail(struct wr_binder *binder, const struct wr_tree_query *query,
                          const struct wr_sort_key *keys, uint32_t visible,
                          struct wr_logical **node, struct wr_error *err)
{
  struct wr_logical_sort sort = {
      .keys = keys, .key_count = query->order_by.count, .limit = UINT64_MAX};
  enum wr_code code = order_count(binder, query->limit, "LIMIT", &sort.limit, err);
  if (code == WR_OK)
    code = order_count(binder, query->offset, "OFFSET", &sort.offset, err);
  if (code)
    return code;
  bool is_taken = false;
  code = wr_bind_stream_time(binder, query, visible, node, err);
  if (code == WR_OK)
    code = wr_bind_stream_order(binder, query, &sort, visible, node, &is_taken, err);
  if (code)
    return code;
  if (is_taken) {
    *node = order_hide(binder, *node, visible);
    return WR_OK;
  }
  bool is_bounded = wr_logical_is_bounded(binder->arena, *node);
  if ((*node)->changes && (binder->endless || !is_bounded) && order_is_top(query, &sort)) {
    if (sort.key_count == 0)
      order_by_all(binder, *node, visible, &sort);
    *node = order_top(binder, *node, &sort, query->limit->span);
  } else if (sort.key_count) {
    sort.by_time =
        !is_bounded && (*node)->roles[keys[0].column].is_event_time && !keys[0].descending;
    bool is_endless = !is_bounded && !sort.by_time;
    if (is_endless && !order_is_top(query, &sort))
      return order_fail_unbounded(*node, &sort, query, err);
    *node = is_endless ? order_top(binder, *node, &sort, query->limit->span)
                       : wr_logical_sort(binder->arena, *node, &sort);
  } else if (query->limit || query->offset) {
    *node = wr_logical_limit(binder->arena, *node, sort.limit, sort.offset);
  }
  *node = order_hide(binder, *node, visible);
  return WR_OK;
}

enum wr_code wr_bind_order_over(struct wr_binder *binder, const struct wr_tree_query *query,
                                struct wr_logical **node, struct wr_error *err)
{
  if (query->order_by.count == 0 && !query->limit && !query->offset)
    return WR_OK;
  struct wr_arena *arena = binder->arena;
  const struct wr_schema *schema = &(*node)->schema;
  uint32_t visible = schema->column_count;
  struct wr_selection selection = {.input = *node,
                                   .scope = wr_scope_over(arena, schema, NULL),
                                   .rowtime = wr_rowtime_column(binder->binding, schema)};
  struct wr_sort_key *keys = WR_NEW_ARRAY(arena, struct wr_sort_key, query->order_by.count);
  for (uint32_t c = 0; c < visible; c++)
    wr_selection_add(binder, &selection,
                     wr_bind_column(binder->binding, c, schema->fields[c].type,
                                    (struct wr_span){WR_NO_POSITION, 0}),
                     schema->fields[c].name);
  selection.aggregates.first = visible;
  enum wr_code code = wr_bind_order_items(binder, &query->order_by, &selection, keys, err);
  if (code)
    return code;
  if (selection.aggregates.count)
    return wr_fail_at(err, WR_SEMANTIC, selection.aggregates.spans[0],
                      "an aggregate cannot stand in the ORDER BY of this query");
  if (selection.item_count > visible)
    *node =
        wr_logical_project(arena, *node, selection.items, selection.names, selection.item_count);
  return wr_bind_tail(binder, query, keys, visible, node, err);
}
