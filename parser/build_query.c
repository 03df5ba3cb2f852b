/* SPDX-License-Identifier: Apache-2.0 */
/* Queries, their parts, and relations. */
#include "parser/build.h"

#include <assert.h>

struct wr_tree_item *wr_build_item(struct wr_parser *parser, struct wr_span span,
                                   struct wr_tree_expression *value,
                                   struct wr_tree_identifier *alias)
{
  struct wr_tree_item *item = WR_NEW(parser->arena, struct wr_tree_item);
  *item = (struct wr_tree_item){span, value, alias};
  return item;
}

struct wr_tree_group *wr_build_group(struct wr_parser *parser, struct wr_span span,
                                     struct wr_tree_expression *value)
{
  struct wr_tree_group *group = WR_NEW(parser->arena, struct wr_tree_group);
  group->span = span;
  group->height = 1;
  if (!value || (value->kind == WR_TREE_ROW && value->bracketed)) {
    group->kind = WR_TREE_GROUP_SET;
    if (value)
      group->values = value->items;
  } else {
    group->kind = WR_TREE_GROUP_VALUE;
    group->value = value;
  }
  if (value)
    wr_build_raise(parser, span, &group->height, value->height);
  return group;
}

struct wr_tree_group *wr_build_groups(struct wr_parser *parser, struct wr_span span,
                                      enum wr_tree_group_kind kind, struct wr_tree_groups groups)
{
  struct wr_tree_group *group = WR_NEW(parser->arena, struct wr_tree_group);
  group->kind = kind;
  group->span = span;
  group->height = 1;
  group->groups = groups;
  for (uint32_t i = 0; i < groups.count; i++)
    wr_build_raise(parser, span, &group->height, groups.items[i]->height);
  return group;
}

/* ---- relations */

static struct wr_tree_relation *relation_new(struct wr_parser *parser, struct wr_span span,
                                             enum wr_tree_relation_kind kind)
{
  struct wr_tree_relation *relation = WR_NEW(parser->arena, struct wr_tree_relation);
  relation->kind = kind;
  relation->span = span;
  relation->height = 1;
  return relation;
}

struct wr_tree_relation *wr_build_table(struct wr_parser *parser, struct wr_span span,
                                        struct wr_tree_name name, struct wr_tree_hints hints,
                                        struct wr_tree_expression *as_of)
{
  struct wr_tree_relation *relation = relation_new(parser, span, WR_TREE_TABLE);
  relation->table.name = name;
  relation->table.hints = hints;
  relation->table.as_of = as_of;
  if (as_of)
    wr_build_raise(parser, span, &relation->height, as_of->height);
  return relation;
}

struct wr_tree_relation *wr_build_derived(struct wr_parser *parser, struct wr_span span,
                                          struct wr_tree_query *query, bool lateral)
{
  struct wr_tree_relation *relation = relation_new(parser, span, WR_TREE_DERIVED);
  relation->derived.query = query;
  relation->derived.lateral = lateral;
  wr_build_raise(parser, span, &relation->height, query->height);
  return relation;
}

struct wr_tree_relation *wr_build_table_function(struct wr_parser *parser, struct wr_span span,
                                                 struct wr_tree_expression *call)
{
  assert(call->kind == WR_TREE_CALL);
  struct wr_tree_relation *relation = relation_new(parser, span, WR_TREE_TABLE_FUNCTION);
  relation->function.call = call;
  wr_build_raise(parser, span, &relation->height, call->height);
  return relation;
}

struct wr_tree_relation *wr_build_unnest(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_expressions values, bool with_ordinality)
{
  struct wr_tree_relation *relation = relation_new(parser, span, WR_TREE_UNNEST);
  relation->unnest.values = values;
  relation->unnest.with_ordinality = with_ordinality;
  wr_build_raise_all(parser, span, &relation->height, &values);
  return relation;
}

struct wr_tree_relation *wr_build_join(struct wr_parser *parser, struct wr_span span,
                                       struct wr_span at, enum wr_tree_join_kind kind,
                                       struct wr_tree_relation *left,
                                       struct wr_tree_relation *right,
                                       struct wr_tree_expression *on)
{
  struct wr_tree_relation *relation = relation_new(parser, span, WR_TREE_JOIN);
  relation->join.kind = kind;
  relation->join.at = at;
  relation->join.left = left;
  relation->join.right = right;
  relation->join.on = on;
  wr_build_raise(parser, span, &relation->height, left->height);
  wr_build_raise(parser, span, &relation->height, right->height);
  if (on)
    wr_build_raise(parser, span, &relation->height, on->height);
  return relation;
}

/* ---- queries */

struct wr_tree_query *wr_build_query(struct wr_parser *parser, struct wr_span span,
                                     enum wr_tree_query_kind kind)
{
  struct wr_tree_query *query = WR_NEW(parser->arena, struct wr_tree_query);
  query->kind = kind;
  query->span = span;
  query->height = 1;
  return query;
}

static void select_raise(struct wr_parser *parser, const struct wr_tree_select *select,
                         uint32_t *height)
{
  const struct wr_tree_expression *conditions[] = {select->where, select->having, select->qualify,
                                                   select->emit_every,
                                                   select->stagger ? select->stagger->range : NULL};
  for (uint32_t i = 0; i < select->items.count; i++)
    wr_build_raise(parser, select->span, height, select->items.items[i]->value->height);
  if (select->from)
    wr_build_raise(parser, select->span, height, select->from->height);
  for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
    if (conditions[i])
      wr_build_raise(parser, select->span, height, conditions[i]->height);
  for (uint32_t i = 0; i < select->group_by.count; i++)
    wr_build_raise(parser, select->span, height, select->group_by.items[i]->height);
  if (select->stagger)
    wr_build_raise_all(parser, select->stagger->span, height, &select->stagger->partition_by);
  for (uint32_t i = 0; i < select->windows.count; i++) {
    const struct wr_tree_window *window = select->windows.items[i];
    wr_build_raise_all(parser, window->span, height, &window->partition_by);
    wr_build_raise_orders(parser, window->span, height, &window->order_by);
    if (window->from.distance)
      wr_build_raise(parser, window->span, height, window->from.distance->height);
    if (window->to.distance)
      wr_build_raise(parser, window->span, height, window->to.distance->height);
  }
}

struct wr_tree_query *wr_build_select(struct wr_parser *parser, const struct wr_tree_select *select)
{
  struct wr_tree_query *query = wr_build_query(parser, select->span, WR_TREE_SELECT);
  query->select = WR_NEW(parser->arena, struct wr_tree_select);
  *query->select = *select;
  select_raise(parser, select, &query->height);
  return query;
}

struct wr_tree_query *wr_build_values(struct wr_parser *parser, struct wr_span span,
                                      struct wr_tree_expressions rows)
{
  struct wr_tree_query *query = wr_build_query(parser, span, WR_TREE_VALUES);
  for (uint32_t i = 0; i < rows.count; i++) {
    if (rows.items[i]->kind == WR_TREE_ROW && !rows.items[i]->is_wrapped)
      continue;
    struct wr_tree_expressions one = {0};
    WR_LIST_ADD(parser, &one, rows.items[i]);
    rows.items[i] = wr_build_items(parser, rows.items[i]->span, WR_TREE_ROW, &one);
  }
  query->rows = rows;
  wr_build_raise_all(parser, span, &query->height, &rows);
  return query;
}

/* a UNION b UNION c is a chain to whoever reads it, which goes along it without recursion. */
static bool build_continues(const struct wr_tree_query *query)
{
  const struct wr_tree_query *left = query->set.left;
  return query->set.operator== WR_TREE_UNION && wr_tree_is_union(left, query->set.all);
}

struct wr_tree_query *wr_build_set(struct wr_parser *parser, struct wr_span span, struct wr_span at,
                                   enum wr_tree_set_operator operator, bool all,
                                   struct wr_tree_query *left, struct wr_tree_query *right)
{
  struct wr_tree_query *query = wr_build_query(parser, span, WR_TREE_SET_OPERATION);
  query->set.operator= operator;
  query->set.all = all;
  query->set.at = at;
  query->set.left = left;
  query->set.right = right;
  wr_build_raise(parser, span, &query->height,
                 build_continues(query) ? left->height - 1 : left->height);
  wr_build_raise(parser, span, &query->height, right->height);
  return query;
}

struct wr_tree_query *wr_build_query_in_brackets(struct wr_parser *parser, struct wr_span span,
                                                 struct wr_tree_query *query)
{
  query->span = span;
  wr_build_raise(parser, span, &query->height, query->height);
  return query;
}

struct wr_tree_query *wr_build_tail(struct wr_parser *parser, const struct wr_build_clause *limit,
                                    const struct wr_build_clause *offset)
{
  struct wr_tree_query *tail = WR_NEW(parser->arena, struct wr_tree_query);
  if (limit) {
    tail->limit = limit->condition;
    tail->limit_span = limit->words;
  }
  if (offset) {
    tail->offset = offset->condition;
    tail->offset_span = offset->words;
  }
  return tail;
}

struct wr_tree_query *wr_build_around(struct wr_parser *parser, struct wr_span span,
                                      const struct wr_tree_commons *with,
                                      struct wr_tree_query *query, const struct wr_tree_query *tail)
{
  bool has_tail = query->order_by.count > 0 || query->limit || query->offset;
  if (has_tail || query->with.count > 0) {
    struct wr_tree_query *outer = wr_build_query(parser, span, WR_TREE_NESTED);
    outer->nested = query;
    wr_build_raise(parser, span, &outer->height, query->height);
    query = outer;
  }
  query->span = span;
  if (with)
    query->with = *with;
  for (uint32_t i = 0; i < query->with.count; i++)
    wr_build_raise(parser, span, &query->height, query->with.items[i]->query->height);
  if (!tail)
    return query;
  query->order_by = tail->order_by;
  query->within = tail->within;
  query->limit = tail->limit;
  query->offset = tail->offset;
  query->order_span = tail->order_span;
  query->limit_span = tail->limit_span;
  query->offset_span = tail->offset_span;
  wr_build_raise_orders(parser, span, &query->height, &query->order_by);
  if (query->within)
    wr_build_raise(parser, span, &query->height, query->within->height);
  if (query->limit)
    wr_build_raise(parser, span, &query->height, query->limit->height);
  if (query->offset)
    wr_build_raise(parser, span, &query->height, query->offset->height);
  return query;
}
