/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subqueries as values: (SELECT ...), x IN (SELECT ...), EXISTS (SELECT ...). Those that read no
 * table are worked out here and become constants; their rows are rows of expressions, into which
 * projections and conditions above them are put. Those that read tables are joins where they stand
 * with AND in WHERE (bind_where.c), and are refused here after everything in them has been looked
 * at. Row comparisons, (a, b) = (1, 2) and (a, b) IN (...), are written out with AND and OR.
 */
#include "planner/binder.h"

#include <assert.h>

#include "core/limits.h"

/* Rows of expressions without columns, `width` of them each. */
struct subquery_rows {
  const struct wr_expression *const **rows;
  uint32_t count, room, width;
};

struct subquery {
  const struct wr_binder *binder;
  struct wr_span span;
};

static void rows_add(struct wr_arena *arena, struct subquery_rows *rows,
                     const struct wr_expression *const *row)
{
  if (rows->count == rows->room) {
    rows->room = rows->room ? 2 * rows->room : 8;
    const struct wr_expression *const **all =
        WR_NEW_ARRAY(arena, const struct wr_expression *const *, rows->room);
    for (uint32_t i = 0; i < rows->count; i++)
      all[i] = rows->rows[i];
    rows->rows = all;
  }
  rows->rows[rows->count++] = row;
}

/* ---- working out */

static const struct wr_expression *subquery_put(const struct subquery *subquery,
                                                const struct wr_expression *expression,
                                                const struct wr_expression *const *row)
{
  return wr_bind_refold(subquery->binder->binding,
                        wr_expression_replace(subquery->binder->arena, expression, row));
}

static enum wr_code subquery_filter(const struct subquery *subquery,
                                    const struct wr_expression *condition,
                                    struct subquery_rows *rows, struct wr_error *err)
{
  uint32_t kept = 0;
  for (uint32_t r = 0; r < rows->count; r++) {
    const struct wr_expression *truth = subquery_put(subquery, condition, rows->rows[r]);
    enum wr_code code = wr_bind_check(subquery->binder->binding, truth, err);
    if (code)
      return code;
    if (truth->kind != WR_EXPRESSION_LITERAL)
      return wr_fail_at(
          err, WR_UNSUPPORTED, subquery->span,
          "the rows of this subquery depend on the clock, which is not supported yet");
    if (wr_expression_is_known(truth) && wr_column_i64(truth->literal, 0))
      rows->rows[kept++] = rows->rows[r];
  }
  rows->count = kept;
  return WR_OK;
}

static void subquery_project(const struct subquery *subquery, const struct wr_logical *node,
                             struct subquery_rows *rows)
{
  uint32_t width = node->schema.column_count;
  for (uint32_t r = 0; r < rows->count; r++) {
    const struct wr_expression **row =
        WR_NEW_ARRAY(subquery->binder->arena, const struct wr_expression *, width);
    for (uint32_t c = 0; c < width; c++)
      row[c] = subquery_put(subquery, node->project.expressions[c], rows->rows[r]);
    rows->rows[r] = row;
  }
}

static void subquery_limit(const struct wr_logical_limit *limit, struct subquery_rows *rows)
{
  uint32_t first = limit->offset < rows->count ? (uint32_t)limit->offset : rows->count;
  rows->rows += first;
  rows->count -= first;
  rows->room = rows->count;
  if (limit->limit < rows->count)
    rows->count = rows->room = (uint32_t)limit->limit;
}

bool wr_subquery_reads_table(struct wr_arena *arena, struct wr_logical *node)
{
  struct wr_logical_order order = wr_logical_order(arena, &node, 1);
  for (uint32_t i = 0; i < order.count; i++)
    if (order.nodes[i]->kind == WR_LOGICAL_SCAN || order.nodes[i]->kind == WR_LOGICAL_REJECTS)
      return true;
  return false;
}

static enum wr_code subquery_run(const struct subquery *subquery, const struct wr_logical *node,
                                 struct subquery_rows *rows, struct wr_error *err)
{
  struct wr_arena *arena = subquery->binder->arena;
  enum wr_code code = WR_OK;
  if (node->kind != WR_LOGICAL_UNION && node->input_count)
    code = subquery_run(subquery, wr_logical_input(node), rows, err);
  if (code)
    return code;
  switch (node->kind) {
  case WR_LOGICAL_VALUES:
    for (uint32_t r = 0; r < node->values.row_count; r++)
      rows_add(arena, rows, node->values.rows + (size_t)r * node->schema.column_count);
    return WR_OK;
  case WR_LOGICAL_FILTER: return subquery_filter(subquery, node->filter.condition, rows, err);
  case WR_LOGICAL_PROJECT: subquery_project(subquery, node, rows); return WR_OK;
  case WR_LOGICAL_LIMIT: subquery_limit(&node->limit, rows); return WR_OK;
  case WR_LOGICAL_UNION:
    for (uint32_t i = 0; i < node->input_count && code == WR_OK; i++) {
      struct subquery_rows branch = {0};
      code = subquery_run(subquery, node->inputs[i], &branch, err);
      for (uint32_t r = 0; r < branch.count; r++)
        rows_add(arena, rows, branch.rows[r]);
    }
    return code;
  default: break;
  }
  return wr_fail_at(err, WR_UNSUPPORTED, subquery->span,
                    "a subquery as a value can only compute, filter and unite constant rows yet");
}

static const char subquery_value[] = "a subquery as a value";

static enum wr_code subquery_fail_table(const char *what, struct wr_span span, struct wr_error *err)
{
  wr_fail_at(err, WR_UNSUPPORTED, span, "%s that reads a table is not supported %s", what,
             what == subquery_value ? "yet" : "here");
  if (what == subquery_value)
    return err->code;
  return wr_hint(err,
                 "EXISTS and IN of queries that read tables are joins: they stand in WHERE, alone "
                 "or with AND");
}

/* Binds a subquery and works it out. */
static enum wr_code subquery_bind(const struct wr_expression_context *context,
                                  const struct wr_tree_query *tree, const char *what,
                                  struct wr_span span, struct wr_logical **node,
                                  struct subquery_rows *rows, struct wr_error *err)
{
  if (context->binder->no_queries)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->span,
                      "%s cannot contain a query: it is worked out from its row alone",
                      context->binder->no_queries);
  struct wr_binder inner = *context->binder;
  inner.enclosing = context->scope;
  inner.windows = NULL;
  enum wr_code code = wr_bind_inner_query(&inner, tree, node, err);
  if (code)
    return code;
  if (wr_subquery_reads_table(inner.arena, *node))
    return subquery_fail_table(what, span, err);
  const struct subquery subquery = {.binder = context->binder, .span = span};
  *rows = (struct subquery_rows){.width = (*node)->schema.column_count};
  return subquery_run(&subquery, *node, rows, err);
}

/* ---- (SELECT ...) */

enum wr_code wr_bind_scalar_subquery(const struct wr_expression_context *context,
                                     const struct wr_tree_expression *tree,
                                     const struct wr_expression **out, struct wr_error *err)
{
  struct wr_logical *node;
  struct subquery_rows rows;
  enum wr_code code =
      subquery_bind(context, tree->query, subquery_value, tree->span, &node, &rows, err);
  if (code)
    return code;
  if (rows.width != 1) {
    wr_fail_at(err, WR_SEMANTIC, tree->span, "a subquery as a value has one column, this has %u",
               rows.width);
    return wr_state(err, WR_STATE_WRONG_COLUMN_COUNT);
  }
  if (rows.count > 1) {
    wr_fail_at(err, WR_SEMANTIC, tree->span, "a subquery as a value has one row, this has %u",
               rows.count);
    return wr_state(err, WR_STATE_CARDINALITY_VIOLATION);
  }
  *out = rows.count
             ? rows.rows[0][0]
             : wr_bind_null(context->binder->binding, node->schema.fields[0].type, tree->span);
  return WR_OK;
}

/* ---- EXISTS (SELECT ...) */

enum wr_code wr_bind_exists(const struct wr_expression_context *context,
                            const struct wr_tree_expression *tree, const struct wr_expression **out,
                            struct wr_error *err)
{
  struct wr_logical *node;
  struct subquery_rows rows;
  enum wr_code code =
      subquery_bind(context, tree->query, "EXISTS of a query", tree->span, &node, &rows, err);
  if (code == WR_OK)
    *out = wr_bind_boolean(context->binder->binding, rows.count > 0, tree->span);
  return code;
}

/* ---- rows against rows */

/* What stands on one side: the values of (a, b), or one value. */
struct row_side {
  const struct wr_expression *const *values;
  uint32_t count;
};

static enum wr_code row_fail_width(uint32_t given, uint32_t wanted, struct wr_span span,
                                   struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, span, "%u value%s cannot be compared to %u", given,
             given == 1 ? "" : "s", wanted);
  return wr_state(err, WR_STATE_WRONG_COLUMN_COUNT);
}

static enum wr_code row_bind_side(const struct wr_expression_context *context,
                                  const struct wr_tree_expression *tree, struct row_side *out,
                                  struct wr_error *err)
{
  bool is_row = tree->kind == WR_TREE_ROW;
  out->count = is_row ? tree->items.count : 1;
  const struct wr_expression **values =
      WR_NEW_ARRAY(context->binder->arena, const struct wr_expression *, out->count);
  out->values = values;
  for (uint32_t i = 0; i < out->count; i++) {
    enum wr_code code =
        wr_bind_expression(context, is_row ? tree->items.items[i] : tree, &values[i], err);
    if (code)
      return code;
  }
  return WR_OK;
}

/* a = 1 AND b = 2 */
static enum wr_code row_equal(const struct wr_expression_context *context,
                              const struct row_side *left, const struct row_side *right,
                              struct wr_span span, const struct wr_expression **out,
                              struct wr_error *err)
{
  const struct wr_binding *binding = context->binder->binding;
  if (left->count != right->count)
    return row_fail_width(right->count, left->count, span, err);
  const struct wr_expression **all =
      WR_NEW_ARRAY(context->binder->arena, const struct wr_expression *, left->count);
  for (uint32_t i = 0; i < left->count; i++) {
    const struct wr_expression *sides[] = {left->values[i], right->values[i]};
    enum wr_code code = wr_bind_call(binding, "=", sides, 2, span, &all[i], err);
    if (code)
      return code;
  }
  *out = all[0];
  return left->count == 1
             ? WR_OK
             : wr_bind_logic(binding, WR_EXPRESSION_AND, all, left->count, span, out, err);
}

enum wr_code wr_bind_row_equal(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree,
                               const struct wr_expression **out, struct wr_error *err)
{
  struct row_side sides[2];
  for (unsigned i = 0; i < 2; i++) {
    enum wr_code code = row_bind_side(context, tree->operation.operands[i], &sides[i], err);
    if (code)
      return code;
  }
  return row_equal(context, &sides[0], &sides[1], tree->span, out, err);
}

/* One of the rows; no row: FALSE. */
static enum wr_code row_in(const struct wr_expression_context *context, const struct row_side *left,
                           const struct row_side *rows, uint32_t count, struct wr_span span,
                           const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_binding *binding = context->binder->binding;
  struct wr_arena *arena = context->binder->arena;
  const struct wr_expression **any = WR_NEW_ARRAY(arena, const struct wr_expression *, count + 1);
  *out = wr_bind_boolean(binding, false, span);
  if (left->count == 1 && count) { /* one column: a list, which is looked up */
    any[0] = left->values[0];
    for (uint32_t r = 0; r < count; r++) {
      if (rows[r].count != 1)
        return row_fail_width(rows[r].count, 1, span, err);
      any[r + 1] = rows[r].values[0];
    }
    return wr_bind_call(binding, "IN", any, count + 1, span, out, err);
  }
  for (uint32_t r = 0; r < count; r++) {
    enum wr_code code = row_equal(context, left, &rows[r], span, &any[r], err);
    if (code)
      return code;
  }
  if (count)
    *out = any[0];
  return count < 2 ? WR_OK : wr_bind_logic(binding, WR_EXPRESSION_OR, any, count, span, out, err);
}

static enum wr_code row_in_query(const struct wr_expression_context *context,
                                 const struct wr_tree_expression *tree, const struct row_side *left,
                                 const struct wr_expression **out, struct wr_error *err)
{
  struct wr_logical *node;
  struct subquery_rows rows;
  enum wr_code code =
      subquery_bind(context, tree->in.query, "IN with a query", tree->span, &node, &rows, err);
  if (code)
    return code;
  if (rows.width != left->count)
    return row_fail_width(left->count, rows.width, tree->span, err);
  struct row_side *sides = WR_NEW_ARRAY(context->binder->arena, struct row_side, rows.count);
  for (uint32_t r = 0; r < rows.count; r++)
    sides[r] = (struct row_side){.values = rows.rows[r], .count = rows.width};
  return row_in(context, left, sides, rows.count, tree->span, out, err);
}

enum wr_code wr_bind_in(const struct wr_expression_context *context,
                        const struct wr_tree_expression *tree, const struct wr_expression **out,
                        struct wr_error *err)
{
  struct row_side left;
  enum wr_code code = row_bind_side(context, tree->in.operand, &left, err);
  if (code)
    return code;
  if (tree->in.query) {
    code = row_in_query(context, tree, &left, out, err);
  } else {
    uint32_t count = tree->in.list.count;
    struct row_side *sides = WR_NEW_ARRAY(context->binder->arena, struct row_side, count);
    for (uint32_t i = 0; i < count && code == WR_OK; i++)
      code = row_bind_side(context, tree->in.list.items[i], &sides[i], err);
    if (code == WR_OK)
      code = row_in(context, &left, sides, count, tree->span, out, err);
  }
  if (code || !tree->in.negated)
    return code;
  return wr_bind_call(context->binder->binding, "NOT", out, 1, tree->span, out, err);
}
