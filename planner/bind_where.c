/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WHERE. [NOT] EXISTS and [NOT] IN of a query that reads a stream are joins: they keep the rows of
 * this SELECT that have, or have not, a partner in that of the query within the same window. They
 * may stand alone or with AND; the query may speak about this SELECT in its own WHERE.
 *
 *   FROM l WHERE a > 1 AND EXISTS (SELECT * FROM r WHERE r.window_start = l.window_start AND ...)
 *   Filter(a > 1)(l) SEMI r
 */
#include <assert.h>

#include "planner/bind_filter.h"
#include "planner/bind_over.h"
#include "planner/lookup.h"
#include "planner/stream_join.h"
#include "planner/ttl.h"

/* ---- pieces of the condition */

static bool where_is(const struct wr_tree_expression *tree, enum wr_tree_operator which)
{
  return tree->kind == WR_TREE_OPERATION && which == tree->operation.operator;
}

static bool where_relation_reads(const struct wr_tree_relation *relation);

/* Whether a query has a table or view in it; those may still turn out to be constant. */
static bool where_query_reads(const struct wr_tree_query *query)
{
  for (; query->kind == WR_TREE_SET_OPERATION; query = query->set.left) /* a chain may be long */
    if (where_query_reads(query->set.right))
      return true;
  switch (query->kind) {
  case WR_TREE_SELECT: return query->select->from && where_relation_reads(query->select->from);
  case WR_TREE_VALUES: return false;
  case WR_TREE_TABLE_QUERY: return true;
  case WR_TREE_NESTED: return where_query_reads(query->nested);
  default: return true;
  }
}

static bool where_relation_reads(const struct wr_tree_relation *relation)
{
  switch (relation->kind) {
  case WR_TREE_DERIVED: return where_query_reads(relation->derived.query);
  case WR_TREE_UNNEST: return false;
  case WR_TREE_JOIN:
    return where_relation_reads(relation->join.left) || where_relation_reads(relation->join.right);
  default: return true;
  }
}

/* NOT EXISTS (...): what is under the NOTs. */
static const struct wr_tree_expression *where_strip(const struct wr_tree_expression *tree,
                                                    bool *negated)
{
  *negated = false;
  while (where_is(tree, WR_TREE_NOT)) {
    *negated = !*negated;
    tree = tree->operation.operands[0];
  }
  return tree;
}

static bool where_is_join(const struct wr_tree_expression *tree)
{
  bool negated;
  tree = where_strip(tree, &negated);
  if (tree->kind == WR_TREE_EXISTS)
    return where_query_reads(tree->query);
  return tree->kind == WR_TREE_IN && tree->in.query && where_query_reads(tree->in.query);
}

static bool where_has_join(const struct wr_tree_expression *tree)
{
  if (where_is(tree, WR_TREE_AND))
    return where_has_join(tree->operation.operands[0]) ||
           where_has_join(tree->operation.operands[1]);
  return where_is_join(tree);
}

/* ---- a query as one side */

struct where_half {
  struct wr_binder *binder;
  const struct wr_scope *scope;          /* of this SELECT */
  struct wr_logical **left;              /* its rows */
  const struct wr_tree_expression *tree; /* EXISTS or IN */
  bool negated;
  struct wr_logical *right;
  const struct wr_table *reference; /* the rows are looked up in it: planner/lookup.h; or NULL */
  struct wr_scope pairs;            /* names of the query over rows of both; its own hide others */
  const struct wr_expression **columns; /* IN: what the query gives, over the right side */
  uint32_t column_count;
  const struct wr_expression *condition; /* over pairs; NULL: none yet */
};

static const struct wr_tree_query *where_query(const struct where_half *half)
{
  return half->tree->kind == WR_TREE_EXISTS ? half->tree->query : half->tree->in.query;
}

static const char *where_what(const struct where_half *half)
{
  bool is_exists = half->tree->kind == WR_TREE_EXISTS;
  return half->negated ? (is_exists ? "NOT EXISTS" : "NOT IN") : is_exists ? "EXISTS" : "IN";
}

static uint32_t where_left_count(const struct where_half *half)
{
  return (*half->left)->schema.column_count;
}

static void where_and(struct where_half *half, const struct wr_expression *condition)
{
  const struct wr_expression *both[] = {half->condition, condition};
  const struct wr_condition_list list = {.items = half->condition ? both : both + 1,
                                         .count = half->condition ? 2 : 1};
  half->condition = wr_condition_of(half->binder, &list);
}

/* SELECT list FROM relation WHERE condition: may speak about this SELECT in its condition. */
static bool where_is_plain(const struct wr_tree_query *query)
{
  const struct wr_tree_select *select = query->kind == WR_TREE_SELECT ? query->select : NULL;
  return select && select->from && select->group_span.length == 0 && !select->stagger &&
         !select->having && !select->qualify && select->windows.count == 0 &&
         query->with.count == 0 && !query->limit && !query->offset;
}

/* Names of the query over rows of this SELECT and the query's. */
static struct wr_scope where_pairs(const struct where_half *half, const struct wr_from *right)
{
  struct wr_arena *arena = half->binder->arena;
  const struct wr_schema *left = &(*half->left)->schema;
  uint32_t before = left->column_count, count = before + right->scope.schema.column_count;
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count);
  struct wr_scope_column *columns =
      WR_NEW_ARRAY(arena, struct wr_scope_column, right->scope.column_count);
  for (uint32_t c = 0; c < count; c++)
    fields[c] = c < before ? left->fields[c] : right->scope.schema.fields[c - before];
  for (uint32_t i = 0; i < right->scope.column_count; i++) {
    columns[i] = right->scope.columns[i];
    columns[i].column += before;
  }
  return (struct wr_scope){.schema = {.column_count = count, .fields = fields},
                           .columns = columns,
                           .column_count = right->scope.column_count,
                           .outer = half->scope};
}

/* The select list: of IN the columns; of EXISTS only looked at. *whole: it is not about single
 * rows.
 */
static enum wr_code where_items(struct where_half *half, struct wr_binder *inner,
                                const struct wr_from *right, bool *whole, struct wr_error *err)
{
  struct wr_over_list overs = {0};
  struct wr_selection selection = {.tree = where_query(half)->select,
                                   .input = right->node,
                                   .scope = right->scope,
                                   .overs = &overs};
  selection.scope.enclosing = half->scope;
  selection.aggregates.first = right->scope.schema.column_count;
  enum wr_code code = wr_bind_items(inner, &selection, err);
  if (code)
    return code;
  *whole = selection.aggregates.count || overs.count;
  half->columns = selection.items;
  half->column_count = selection.item_count;
  if (*whole && half->tree->kind == WR_TREE_EXISTS)
    return wr_fail_at(err, WR_UNSUPPORTED, half->tree->span,
                      "EXISTS of a query with aggregates is not supported");
  return WR_OK;
}

static enum wr_code where_apply(struct wr_binder *binder, const struct wr_tree_expression *tree,
                                const struct wr_scope *scope, struct where_half *half,
                                struct wr_logical **node, struct wr_error *err);

/* The query's FROM and WHERE. */
static enum wr_code where_bind_plain(struct where_half *half, struct wr_binder *inner, bool *whole,
                                     struct wr_error *err)
{
  const struct wr_tree_select *select = where_query(half)->select;
  struct wr_from right;
  bool is_reference =
      wr_is_reference(inner, select->from) && !(select->where && where_has_join(select->where));
  enum wr_code code =
      is_reference ? wr_bind_lookup_table(inner, select->from, NULL, &right, &half->reference, err)
                   : wr_bind_relation(inner, select->from, &right, err);
  if (code)
    return code;
  right.scope.enclosing = half->scope;
  half->right = right.node;
  half->pairs = where_pairs(half, &right);
  code = where_items(half, inner, &right, whole, err);
  if (code || *whole || !select->where)
    return code;
  return where_apply(inner, select->where, &right.scope, half, &half->right, err);
}

/* A query that speaks about itself alone. */
static enum wr_code where_bind_whole(struct where_half *half, struct wr_binder *inner,
                                     struct wr_error *err)
{
  enum wr_code code = wr_bind_inner_query(inner, where_query(half), &half->right, err);
  if (code)
    return code;
  const struct wr_schema *schema = &half->right->schema;
  half->condition = NULL;
  half->reference = NULL;
  half->column_count = schema->column_count;
  half->columns = WR_NEW_ARRAY(inner->arena, const struct wr_expression *, schema->column_count);
  for (uint32_t c = 0; c < schema->column_count; c++)
    half->columns[c] = wr_bind_column(inner->binding, c, schema->fields[c].type, half->tree->span);
  return WR_OK;
}

/* ---- IN */

/* Bounds of windows and the time of a stream are never NULL, whatever their type says. */
static bool where_is_never_null(const struct wr_expression *expression,
                                const struct wr_logical *input)
{
  if (expression->kind == WR_EXPRESSION_COLUMN) {
    const struct wr_column_role *role = &input->roles[expression->column];
    if (role->part != WR_PART_NONE || role->is_event_time)
      return true;
  }
  return expression->type->not_null || wr_expression_is_known(expression);
}

/* What keeps a row out of NOT IN: the comparison is TRUE, or nobody knows. Then there is no key,
 * and every row is held against every other one. */
static enum wr_code where_perhaps_equal(const struct wr_binder *binder,
                                        const struct wr_expression *const *sides,
                                        const bool *may_be_null, const struct wr_expression **equal,
                                        struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (unsigned i = 0; i < 2 && code == WR_OK; i++) {
    const struct wr_expression *either[] = {*equal, NULL};
    if (!may_be_null[i])
      continue;
    code = wr_bind_call(binder->binding, "IS NULL", &sides[i], 1, sides[i]->span, &either[1], err);
    if (code == WR_OK)
      code =
          wr_bind_logic(binder->binding, WR_EXPRESSION_OR, either, 2, sides[i]->span, equal, err);
  }
  return code;
}

/* x = y for one column of IN, over pairs. */
static enum wr_code where_equal(struct where_half *half, const struct wr_expression *value,
                                const struct wr_expression *column, struct wr_error *err)
{
  const struct wr_binder *binder = half->binder;
  const bool may_be_null[] = {!where_is_never_null(value, *half->left),
                              !where_is_never_null(column, half->right)};
  const struct wr_expression *sides[] = {
      value, wr_expression_shift(binder, column, where_left_count(half))};
  const struct wr_expression *equal;
  enum wr_code code = wr_bind_call(binder->binding, "=", sides, 2, value->span, &equal, err);
  if (code == WR_OK && half->negated)
    code = where_perhaps_equal(binder, sides, may_be_null, &equal, err);
  if (code == WR_OK)
    where_and(half, equal);
  return code;
}

static enum wr_code where_in(struct where_half *half, struct wr_error *err)
{
  const struct wr_tree_expression *operand = half->tree->in.operand;
  bool is_row = operand->kind == WR_TREE_ROW;
  uint32_t count = is_row ? operand->items.count : 1;
  const struct wr_expression_context context = {
      .binder = half->binder, .scope = half->scope, .place = "WHERE"};
  if (count != half->column_count)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WRONG_COLUMN_COUNT, half->tree->span,
                         "%u value%s cannot be compared with %u column%s", count,
                         count == 1 ? "" : "s", half->column_count,
                         half->column_count == 1 ? "" : "s");
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_expression *value;
    enum wr_code code =
        wr_bind_expression(&context, is_row ? operand->items.items[i] : operand, &value, err);
    if (code == WR_OK)
      code = where_equal(half, value, half->columns[i], err);
    if (code)
      return code;
  }
  return WR_OK;
}

/* ---- the joins */

/* *taken false: the query reads no stream after all. */
static enum wr_code where_join(struct wr_binder *binder, const struct wr_tree_expression *tree,
                               const struct wr_scope *scope, struct wr_logical **node, bool *taken,
                               struct wr_error *err)
{
  struct where_half half = {.binder = binder, .scope = scope, .left = node};
  half.tree = where_strip(tree, &half.negated);
  if (half.tree->kind == WR_TREE_IN)
    half.negated = half.negated != half.tree->in.negated;
  struct wr_binder inner = *binder;
  inner.enclosing = scope;
  inner.windows = NULL;
  bool whole = !where_is_plain(where_query(&half));
  enum wr_code code = whole ? WR_OK : where_bind_plain(&half, &inner, &whole, err);
  if (code == WR_OK && whole)
    code = where_bind_whole(&half, &inner, err);
  if (code == WR_OK)
    code = wr_bind_settle(&inner, &half.right, err);
  binder->memo = inner.memo;
  if (code)
    return code;
  *taken = half.reference || wr_subquery_reads_table(binder->arena, half.right);
  if (!*taken)
    return WR_OK;
  if (half.tree->kind == WR_TREE_IN && (code = where_in(&half, err)) != WR_OK)
    return code;
  const struct wr_logical_join join = {.kind = half.negated ? WR_JOIN_ANTI : WR_JOIN_SEMI,
                                       .condition = half.condition,
                                       .reference = half.reference,
                                       .ttl_us = {wr_ttl_set_us(binder), wr_ttl_set_us(binder)},
                                       .span = half.tree->span};
  *node = wr_logical_join(binder->arena, *node, half.right, &join);
  if (half.reference)
    return wr_bind_reference(binder, node, err);
  return wr_bind_window_join(binder, node, where_what(&half), err);
}

/* ---- all of it */

/* Conditions without joins: of this SELECT, or (half) of a query in it. */
static enum wr_code where_plain(struct wr_binder *binder, const struct wr_tree_expression *tree,
                                const struct wr_scope *scope, struct where_half *half,
                                struct wr_logical **node, struct wr_error *err)
{
  const struct wr_expression_context context = {
      .binder = binder, .scope = half ? &half->pairs : scope, .place = "WHERE"};
  const struct wr_expression *condition;
  enum wr_code code = wr_bind_condition(&context, tree, &condition, err);
  if (code)
    return code;
  if (!half)
    return wr_bind_filter(binder, node, condition, err);
  struct wr_condition_list list = wr_condition_list(binder->arena, condition);
  for (uint32_t i = 0; i < list.count && code == WR_OK; i++) {
    uint32_t before = where_left_count(half);
    if (half->reference || wr_expression_sides(list.items[i], before) & 1)
      where_and(half, list.items[i]);
    else
      code = wr_bind_filter(binder, node,
                            wr_expression_shift(binder, list.items[i], -(int64_t)before), err);
  }
  return code;
}

/* The pieces between ANDs: joins == false: those that are none. */
static enum wr_code where_pieces(struct wr_binder *binder, const struct wr_tree_expression *tree,
                                 bool joins, const struct wr_scope *scope, struct where_half *half,
                                 struct wr_logical **node, struct wr_error *err)
{
  if (where_is(tree, WR_TREE_AND) && where_has_join(tree)) {
    enum wr_code code =
        where_pieces(binder, tree->operation.operands[0], joins, scope, half, node, err);
    return code ? code
                : where_pieces(binder, tree->operation.operands[1], joins, scope, half, node, err);
  }
  if (where_is_join(tree) != joins)
    return WR_OK;
  bool taken = false;
  enum wr_code code = joins ? where_join(binder, tree, scope, node, &taken, err) : WR_OK;
  return code || taken ? code : where_plain(binder, tree, scope, half, node, err);
}

/* half: the condition is that of the query of an EXISTS or IN, *node its rows. */
static enum wr_code where_apply(struct wr_binder *binder, const struct wr_tree_expression *tree,
                                const struct wr_scope *scope, struct where_half *half,
                                struct wr_logical **node, struct wr_error *err)
{
  enum wr_code code = where_pieces(binder, tree, false, scope, half, node, err);
  if (code == WR_OK)
    code = wr_bind_settle(binder, node, err);
  if (code == WR_OK && where_has_join(tree))
    code = where_pieces(binder, tree, true, scope, half, node, err);
  return code;
}

enum wr_code wr_bind_where(struct wr_binder *binder, const struct wr_tree_expression *where,
                           const struct wr_scope *scope, struct wr_logical **node,
                           struct wr_error *err)
{
  return where ? where_apply(binder, where, scope, NULL, node, err)
               : wr_bind_settle(binder, node, err);
}
