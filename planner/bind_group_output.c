/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands above an aggregate, in terms of its output: pieces that equal a grouping expression
 * or are an aggregate become columns, GROUPING and its like arithmetic over the id of the grouping
 * set. And SELECT DISTINCT, which groups by everything.
 */
#include <assert.h>
#include <string.h>

#include "planner/bind_over.h"
#include "planner/bind_set.h"
#include "planner/group.h"
#include "planner/rowtime.h"
#include "planner/stream_order.h"
#include "planner/ttl.h"

static enum wr_code group_fail_column(const struct wr_group *group,
                                      const struct wr_expression *column, struct wr_error *err)
{
  const struct wr_schema *schema = &group->selection->scope.schema;
  const char *name = schema->fields[column->column].name;
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_GROUPING_ERROR, column->span,
                "the column '%s' is neither grouped by nor inside an aggregate", name);
  for (uint32_t t = 0; t < group->term_count; t++) {
    const struct wr_expression *term = group->terms[t].expression;
    if (term->kind == WR_EXPRESSION_LITERAL && wr_kind_is_integer(term->type->kind))
      return wr_hint(err, "a number in GROUP BY is a constant, no position of the select list: "
                          "write the column's name");
  }
  if (group->binder->binding->kinesis && strcmp(name, WR_ROWTIME) == 0)
    return wr_hint(err, "ROWTIME alone, without a name in front, is the time of the group; of its "
                        "rows there are MIN(ROWTIME) and MAX(ROWTIME)");
  return wr_hint(err, "add it to %s BY, or say which of its values is meant, as in MAX(%s)",
                 group->selection->tree->stagger ? "PARTITION" : "GROUP", name);
}

/* Arithmetic over BIGINT, which cannot go wrong here. */
static const struct wr_expression *group_compute(const struct wr_group *group, const char *operator,
                                                 const struct wr_expression * left, int64_t right)
{
  const struct wr_binding *binding = group->binder->binding;
  const struct wr_expression *args[] = {left,
                                        wr_bind_i64(binding, &wr_type_bigint, right, left->span)};
  const struct wr_expression *out = NULL;
  struct wr_error err;
  enum wr_code code = wr_bind_call(binding, operator, args, 2, left->span, &out, &err);
  assert(code == WR_OK);
  (void)code;
  return out;
}

/* The bit of a term in the grouping id; terms that are in all sets have none. */
static enum wr_code group_bit(const struct wr_group *group, const struct wr_expression *term,
                              const struct wr_expression *id, const struct wr_expression **out,
                              struct wr_error *err)
{
  for (uint32_t t = 0; t < group->term_count; t++) {
    if (!wr_expression_equal(group->terms[t].expression, term))
      continue;
    bool has_bit = id && group->terms[t].part == WR_PART_NONE;
    *out =
        has_bit
            ? group_compute(group, "%",
                            group_compute(group, "/", id, INT64_C(1) << group->terms[t].column), 2)
            : wr_bind_i64(group->binder->binding, &wr_type_bigint, 0, term->span);
    return WR_OK;
  }
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_GROUPING_ERROR, term->span,
                "GROUPING speaks about expressions of GROUP BY, and this is none");
  return wr_hint(err, "write it as it stands in GROUP BY");
}

/* GROUPING(a, b): the bits of a and b as one number. GROUP_ID(): which of several equal sets. */
static enum wr_code group_grouping(const struct wr_group *group, const struct wr_aggregate *call,
                                   struct wr_span span, const struct wr_expression **out,
                                   struct wr_error *err)
{
  const struct wr_binding *binding = group->binder->binding;
  const struct wr_expression *id =
      wr_group_is_expanded(group) ? wr_bind_column(binding, group->key_count, &wr_type_bigint, span)
                                  : NULL;
  *out = wr_bind_i64(binding, &wr_type_bigint, 0, span);
  if (call->arg_count == 0) {
    if (id)
      *out = group_compute(group, "/", id, INT64_C(1) << group->key_count);
    return WR_OK;
  }
  for (uint32_t i = 0; i < call->arg_count; i++) {
    const struct wr_expression *parts[2] = {group_compute(group, "*", *out, 2)};
    enum wr_code code = group_bit(group, call->args[i], id, &parts[1], err);
    if (code == WR_OK)
      code = wr_bind_call(binding, "+", parts, 2, span, out, err);
    if (code)
      return code;
  }
  return WR_OK;
}

enum wr_code wr_group_rewrite(const struct wr_group *group, const struct wr_expression *expression,
                              const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_binding *binding = group->binder->binding;
  const struct wr_schema *output = &group->selection->input->schema;
  for (uint32_t t = 0; t < group->term_count; t++) {
    bool is_constant = expression->kind == WR_EXPRESSION_LITERAL; /* stands for itself */
    if (is_constant || !wr_expression_equal(group->terms[t].expression, expression))
      continue;
    uint32_t column = group->terms[t].column;
    *out = group->terms[t].shown;
    if (!*out)
      *out = wr_bind_column(binding, column, output->fields[column].type, expression->span);
    return WR_OK;
  }
  if (expression->kind == WR_EXPRESSION_COLUMN && expression->column >= WR_OVER_COLUMN) {
    *out = expression; /* computed above the groups */
    return WR_OK;
  }
  if (expression->kind == WR_EXPRESSION_COLUMN) {
    uint32_t first = group->selection->aggregates.first;
    if (wr_group_is_rowtime(group, expression)) {
      *out = group->rowtime;
      return WR_OK;
    }
    if (expression->column < first)
      return group_fail_column(group, expression, err);
    const struct wr_aggregate *call =
        &group->selection->aggregates.items[expression->column - first];
    bool is_property = wr_group_is_property(call);
    if (!call->code && !is_property)
      return group_grouping(group, call, expression->span, out, err);
    uint32_t column = is_property ? wr_group_property_column(group, call)
                                  : group->key_count + wr_group_is_expanded(group) +
                                        group->slots[expression->column - first];
    *out = wr_bind_column(binding, column, output->fields[column].type, expression->span);
    return WR_OK;
  }
  *out = expression;
  if (expression->arg_count == 0)
    return WR_OK;
  const struct wr_expression **args =
      WR_NEW_ARRAY(group->binder->arena, const struct wr_expression *, expression->arg_count);
  for (uint32_t i = 0; i < expression->arg_count; i++) {
    enum wr_code code = wr_group_rewrite(group, expression->args[i], &args[i], err);
    if (code)
      return code;
  }
  struct wr_expression *copy = WR_NEW(group->binder->arena, struct wr_expression);
  *copy = *expression;
  copy->args = args;
  *out = copy;
  return WR_OK;
}

struct wr_logical_aggregate wr_group_of_equals(const struct wr_binder *binder,
                                               struct wr_logical *node, uint32_t key_count)
{
  uint32_t *keys = WR_NEW_ARRAY(binder->arena, uint32_t, key_count + 1);
  for (uint32_t k = 0; k < key_count; k++)
    keys[k] = k;
  bool ends = !binder->endless && wr_logical_is_bounded(binder->arena, node);
  return (struct wr_logical_aggregate){
      .window = {.kind = WR_WINDOW_ALL},
      .time_column = UINT32_MAX,
      .start_column = UINT32_MAX,
      .end_column = UINT32_MAX,
      .keys = keys,
      .key_count = key_count,
      .emit = {.early_us = WR_EMIT_NEVER, .late_us = WR_EMIT_NEVER},
      .continuous = !ends || binder->told,
      .ends = ends,
      .retracts = node->changes,
      .ttl_us = wr_ttl_set_us(binder)};
}

/* Rows that may be taken back have to be counted: groups by all columns, without aggregates. */
static void distinct_group(const struct wr_binder *binder, struct wr_span span, int64_t ttl_us,
                           struct wr_logical **node)
{
  struct wr_logical_aggregate aggregate =
      wr_group_of_equals(binder, *node, (*node)->schema.column_count);
  aggregate.ttl_us = ttl_us;
  *node = wr_logical_aggregate(binder->arena, *node, &aggregate);
  (*node)->span = span;
}

enum wr_code wr_check_comparable(const struct wr_tree_query *query, const struct wr_logical *node,
                                 uint32_t visible, struct wr_error *err)
{
  for (uint32_t c = 0; c < visible; c++) {
    if (node->schema.fields[c].type->physical != WR_NESTED)
      continue;
    wr_fail_at(err, WR_UNSUPPORTED, wr_tree_column_span(query, c),
               "a ROW cannot be compared with others for DISTINCT, UNION, INTERSECT or EXCEPT yet: "
               "'%s'",
               node->schema.fields[c].name);
    return wr_hint(err, "select its fields: r.a, r.b");
  }
  return WR_OK;
}

enum wr_code wr_bind_distinct(struct wr_binder *binder, const struct wr_tree_query *query,
                              uint32_t visible, struct wr_logical **node, struct wr_error *err)
{
  if ((*node)->schema.column_count > visible) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_COLUMN_REFERENCE, query->select->distinct_span,
                  "SELECT DISTINCT is sorted by something that is not in its list");
    return wr_hint(err, "add what stands in ORDER BY to the select list");
  }
  enum wr_code code = wr_check_comparable(query, *node, visible, err);
  if (code)
    return code;
  bool is_taken;
  code = wr_bind_stream_distinct(binder, query, visible, node, &is_taken, err);
  if (code || is_taken)
    return code;
  int64_t ttl_us = wr_ttl_of_us(binder, query->select ? query->select->from : NULL);
  if ((*node)->changes)
    distinct_group(binder, query->select ? query->select->distinct_span : query->span, ttl_us,
                   node);
  else
    *node = wr_logical_distinct(binder->arena, *node, ttl_us);
  return WR_OK;
}
