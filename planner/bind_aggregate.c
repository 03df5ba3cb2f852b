/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of aggregates. They are noted in the context's list and stand as a column behind the
 * input's, until bind_group.c has made them columns of the Aggregate node. So are GROUPING(a),
 * GROUPING_ID(a, b) and GROUP_ID(), which speak about the grouping set of a row of the result.
 */
#include <string.h>
#include <strings.h>

#include "core/sqlstate.h"
#include "planner/binder.h"
#include "planner/group.h"

bool wr_is_grouping_call(const char *name)
{
  return strcasecmp(name, "GROUPING") == 0 || strcasecmp(name, "GROUPING_ID") == 0 ||
         strcasecmp(name, "GROUP_ID") == 0;
}

uint32_t wr_aggregate_note(struct wr_arena *arena, struct wr_aggregate_list *list,
                           const struct wr_aggregate *aggregate, struct wr_span span)
{
  for (uint32_t i = 0; i < list->count; i++)
    if (wr_aggregate_equal(&list->items[i], aggregate))
      return i;
  if (list->count == list->room) {
    uint32_t room = list->room ? 2 * list->room : 8;
    struct wr_aggregate *items = WR_NEW_ARRAY(arena, struct wr_aggregate, room);
    struct wr_span *spans = WR_NEW_ARRAY(arena, struct wr_span, room);
    for (uint32_t i = 0; i < list->count; i++) {
      items[i] = list->items[i];
      spans[i] = list->spans[i];
    }
    list->items = items;
    list->spans = spans;
    list->room = room;
  }
  list->items[list->count] = *aggregate;
  list->spans[list->count] = span;
  return list->count++;
}

static enum wr_code aggregate_fail_place(const struct wr_expression_context *context,
                                         const struct wr_tree_expression *tree, const char *name,
                                         struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, tree->span, "the aggregate %s cannot stand in %s", name,
             context->place);
  wr_state(err, WR_STATE_GROUPING_ERROR);
  if (strcmp(context->place, "WHERE") == 0)
    wr_hint(err, "conditions on aggregates are written in HAVING");
  else if (strcmp(context->place, "an aggregate") == 0)
    wr_hint(err, "aggregate in a subquery first: SELECT ... FROM (SELECT ... GROUP BY ...)");
  return err->code;
}

static enum wr_code grouping_bind(const struct wr_tree_expression *tree, const char *name,
                                  const struct wr_expression *const *args, uint32_t count,
                                  struct wr_aggregate *out, struct wr_error *err)
{
  bool is_id = strcasecmp(name, "GROUP_ID") == 0;
  const struct wr_tree_call *call = &tree->call;
  if (call->distinct || call->filter || call->nulls)
    return wr_fail_at(err, WR_SEMANTIC, tree->span, "%s is not an aggregate: it takes no clauses",
                      name);
  if (is_id != (count == 0)) {
    wr_fail_at(err, WR_SEMANTIC, tree->span, "%s cannot take %u arguments", name, count);
    return wr_hint(err, is_id ? "it is used as GROUP_ID()"
                              : "it is used as GROUPING(column, ...) with columns of GROUP BY");
  }
  *out = (struct wr_aggregate){.name = is_id ? "GROUP_ID" : "GROUPING",
                               .type = &wr_type_bigint,
                               .args = args,
                               .arg_count = count,
                               .words = ""};
  return WR_OK;
}

/* The clauses of the tree in the words of functions/. */
static struct wr_aggregate_call aggregate_call(const struct wr_tree_expression *tree,
                                               const char *name)
{
  static const enum wr_aggregate_nulls nulls[] = {[WR_TREE_RESPECT_DEFAULT] = WR_NULLS_DEFAULT,
                                                  [WR_TREE_RESPECT_NULLS] = WR_NULLS_RESPECT,
                                                  [WR_TREE_IGNORE_NULLS] = WR_NULLS_IGNORE};
  static const enum wr_json_nulls json_nulls[] = {
      [WR_TREE_JSON_NULLS_DEFAULT] = WR_JSON_NULLS_DEFAULT,
      [WR_TREE_JSON_NULL_ON_NULL] = WR_JSON_NULLS_SHOWN,
      [WR_TREE_JSON_ABSENT_ON_NULL] = WR_JSON_NULLS_ABSENT};
  const struct wr_tree_call *call = &tree->call;
  return (struct wr_aggregate_call){.name = name,
                                    .distinct = call->distinct,
                                    .nulls = nulls[call->nulls],
                                    .json_nulls = call->json ? json_nulls[call->json->nulls]
                                                             : WR_JSON_NULLS_DEFAULT,
                                    .span = tree->span,
                                    .distinct_span = call->distinct_span,
                                    .nulls_span = call->nulls_span,
                                    .json_span = call->json ? call->json->nulls_span : tree->span};
}

static bool aggregate_is_star(const struct wr_tree_call *call)
{
  return call->arguments.count == 1 && call->arguments.items[0]->value->kind == WR_TREE_STAR;
}

static enum wr_code aggregate_check(const struct wr_expression_context *context,
                                    const struct wr_tree_expression *tree, const char *name,
                                    struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  if (!context->aggregates)
    return aggregate_fail_place(context, tree, name, err);
  if (aggregate_is_star(call) && strcasecmp(name, "COUNT") != 0)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_SYNTAX_ERROR, call->arguments.items[0]->span,
                         "only COUNT takes *");
  if (call->within_group.count) {
    wr_fail_at(err, WR_UNSUPPORTED, call->within_span,
               "%s does not sort: WITHIN GROUP is not supported", name);
    return wr_hint(err, "values come in the order in which their rows arrive");
  }
  return WR_OK;
}

/* Binds FILTER. Rows that it keeps out must not fail in an argument either: such an argument
 * becomes CASE WHEN filter THEN argument END. */
static enum wr_code aggregate_filter(const struct wr_expression_context *inner,
                                     const struct wr_tree_call *call,
                                     const struct wr_expression **args, uint32_t count,
                                     const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_binding *binding = inner->binder->binding;
  struct wr_expression_context context = *inner;
  context.place = "FILTER";
  enum wr_code code = wr_bind_condition(&context, call->filter, out, err);
  if (code)
    return code;
  struct wr_span span = call->filter->span;
  if ((*out)->type->kind == WR_NULL)
    *out = wr_bind_null(binding, &wr_type_boolean, span);
  for (uint32_t i = 0; code == WR_OK && i < count; i++) {
    const struct wr_expression *parts[] = {*out, args[i],
                                           wr_bind_null(binding, &wr_type_null, span)};
    if (wr_expression_can_fail(args[i]))
      code = wr_bind_case(binding, parts, 3, args[i]->span, &args[i], err);
  }
  return code;
}

/* ROWTIME of the rows: what FIRST_VALUE goes by; NULL: there is none. */
static const struct wr_expression *aggregate_time(const struct wr_expression_context *context)
{
  const struct wr_scope *scope = context->scope;
  for (uint32_t i = scope->column_count; i-- > 0;) {
    uint32_t column = scope->columns[i].column;
    if (scope->columns[i].hidden && !context->match)
      return wr_bind_column(context->binder->binding, column, scope->schema.fields[column].type,
                            (struct wr_span){WR_NO_POSITION, 0});
  }
  return NULL;
}

enum wr_code wr_bind_aggregate_alone(const struct wr_expression_context *context,
                                     const struct wr_tree_expression *tree, const char *name,
                                     struct wr_aggregate *out, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  const struct wr_binding *binding = context->binder->binding;
  enum wr_code code = aggregate_check(context, tree, name, err);
  if (code)
    return code;
  struct wr_expression_context inner = *context;
  if (!call->over) { /* SUM(SUM(a)) OVER (...) adds what GROUP BY gives */
    inner.aggregates = NULL;
    inner.place = "an aggregate";
  }
  uint32_t count = aggregate_is_star(call) ? 0 : call->arguments.count;
  const struct wr_expression **args = NULL;
  code = count ? wr_bind_call_args(&inner, call, &args, err) : WR_OK;
  struct wr_aggregate_call bound = aggregate_call(tree, name);
  bound.args = args;
  bound.arg_count = count;
  bound.last_is_json =
      count && wr_is_json_constructor(call->arguments.items[call->arguments.count - 1]->value);
  if (!call->over)
    bound.time = aggregate_time(context);
  if (code == WR_OK && call->filter)
    code = aggregate_filter(&inner, call, args, count, &bound.filter, err);
  if (code)
    return code;
  return wr_is_grouping_call(name) ? grouping_bind(tree, name, args, count, out, err)
                                   : wr_bind_aggregate(binding, &bound, out, err);
}

enum wr_code wr_bind_aggregate_call(const struct wr_expression_context *context,
                                    const struct wr_tree_expression *tree, const char *name,
                                    const struct wr_expression **out, struct wr_error *err)
{
  struct wr_aggregate aggregate;
  enum wr_code code = wr_bind_aggregate_alone(context, tree, name, &aggregate, err);
  if (code)
    return code;
  struct wr_aggregate_list *list = context->aggregates;
  uint32_t slot = wr_aggregate_note(context->binder->arena, list, &aggregate, tree->span);
  *out = wr_bind_column(context->binder->binding, list->first + slot, aggregate.type, tree->span);
  return WR_OK;
}
