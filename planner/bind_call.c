/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls. Scalar functions go to functions/bind.h by name, aggregates to bind_aggregate.c.
 */
#include "planner/bind_over.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "planner/bind_cursor.h"
#include "planner/group.h"
#include "planner/match.h"
#include "planner/user_function.h"

/* Names that mean something in Flink and are no functions here. */
struct call_refused {
  const char *name;
  const char *instead; /* the hint, or NULL */
};

static const struct call_refused call_refused[] = {
    {"PARSE_JSON",
     "there is no type VARIANT; keep the text and read it with JSON_VALUE or JSON_QUERY"},
    {"TRY_PARSE_JSON",
     "there is no type VARIANT; keep the text and read it with JSON_VALUE or JSON_QUERY"},
    {0},
};

static const char *const call_windows[] = {"TUMBLE", "HOP", "SESSION", "CUMULATE"};

static enum wr_code call_fail_window(const struct wr_expression_context *context,
                                     const struct wr_tree_call *call, const char *name,
                                     struct wr_error *err)
{
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, call->name.span,
                "the window %s cannot stand in %s", name, context->place);
  return wr_hint(err,
                 "windows stand in FROM, as TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' "
                 "MINUTE)), or in GROUP BY, as TUMBLE(ts, INTERVAL '1' MINUTE)");
}

/* Names of other dialects, and what Weir, as Flink, has for them. */
static const struct call_refused call_elsewhere[] = {
    {"ANY_VALUE", "FIRST_VALUE(x), MIN(x) or MAX(x) does it"},
    {"ARRAY_LENGTH", "CARDINALITY(array) does it"},
    {"CHARINDEX", "LOCATE(part, text) or POSITION(part IN text) does it"},
    {"COUNTIF", "write COUNT(*) FILTER (WHERE condition)"},
    {"COUNT_IF", "write COUNT(*) FILTER (WHERE condition)"},
    {"DATEADD", "write time + INTERVAL '1' DAY"},
    {"DATEDIFF", "write TIMESTAMPDIFF(DAY, from, to)"},
    {"DATE_ADD", "write time + INTERVAL '1' DAY"},
    {"DATE_DIFF", "write TIMESTAMPDIFF(DAY, from, to)"},
    {"DATE_SUB", "write time - INTERVAL '1' DAY"},
    {"DATE_TRUNC", "write FLOOR(time TO HOUR), with the unit behind TO"},
    {"GETDATE", "CURRENT_TIMESTAMP does it"},
    {"GET_JSON_OBJECT",
     "JSON_VALUE(json, path) gives a scalar, JSON_QUERY(json, path) an array or object"},
    {"GROUP_CONCAT", "LISTAGG(text, separator) does it"},
    {"ISNULL", "write a IS NULL, or IFNULL(a, b)"},
    {"JSON_EXTRACT",
     "JSON_VALUE(json, path) gives a scalar, JSON_QUERY(json, path) an array or object"},
    {"LEN", "CHAR_LENGTH(text) does it"},
    {"MEDIAN", "PERCENTILE(number, 0.5) does it"},
    {"NVL", "IFNULL(a, b) or COALESCE(a, b, ...) does it"},
    {"NVL2", "write IF(a IS NOT NULL, b, c)"},
    {"PARSE_DATE", "TO_DATE(text, pattern) does it"},
    {"REGEXP_LIKE", "REGEXP(text, pattern) does it"},
    {"REGEXP_MATCHES", "REGEXP(text, pattern) does it"},
    {"SAFE_CAST", "TRY_CAST(value AS type) does it"},
    {"SIZE", "CARDINALITY(collection) does it"},
    {"SPLIT_PART", "SPLIT_INDEX(text, separator, n) does it, counted from 0"},
    {"STRING_AGG", "LISTAGG(text, separator) does it"},
    {"STRPOS", "POSITION(part IN text) or INSTR(text, part) does it"},
    {"STR_TO_DATE", "TO_DATE(text, pattern) or TO_TIMESTAMP(text, pattern) does it"},
    {"SUBSTRING_INDEX", "SPLIT_INDEX(text, separator, n) gives one part, counted from 0"},
    {"SYSDATE", "CURRENT_TIMESTAMP does it"},
    {"TO_CHAR", "DATE_FORMAT(time, pattern) writes times, CAST(number AS STRING) numbers"},
    {"TO_NUMBER", "CAST(text AS INT), or as another type of numbers, reads it"},
    {"TO_UNIXTIME", "UNIX_TIMESTAMP(text) does it"},
    {"UNIX_SECONDS", "UNIX_TIMESTAMP(text) does it"},
    {0},
};

static enum wr_code call_fail_unknown(const struct wr_catalogue *catalogue,
                                      const struct wr_tree_call *call, const char *name,
                                      struct wr_error *err)
{
  for (const struct call_refused *row = call_refused; row->name; row++) {
    if (strcasecmp(row->name, name) != 0)
      continue;
    wr_fail_at(err, WR_UNSUPPORTED, call->name.span, "the function %s is not supported yet",
               row->name);
    return row->instead ? wr_hint(err, "%s", row->instead) : err->code;
  }
  const struct wr_cursor_function *of_rows = wr_cursor_find(name);
  if (of_rows) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, call->name.span,
                  "%s makes rows out of rows: it stands in FROM", of_rows->name);
    return wr_hint(err, "FROM TABLE(%s)", of_rows->usage);
  }
  wr_fail_at(err, WR_SEMANTIC, call->name.span, "there is no function %s", name);
  wr_state(err, catalogue && wr_catalogue_has_failed(catalogue, name)
                    ? WR_STATE_FOLLOWS
                    : WR_STATE_UNDEFINED_FUNCTION);
  for (const struct call_refused *row = call_elsewhere; row->name; row++)
    if (strcasecmp(row->name, name) == 0)
      return wr_hint(err, "%s", row->instead);
  const char *near =
      catalogue ? wr_catalogue_nearest_function(catalogue, name) : wr_function_nearest(name);
  return near ? wr_hint(err, "did you mean %s?", near) : err->code;
}

/* What no function takes yet. */
static enum wr_code call_check_clauses(const struct wr_tree_expression *tree, bool is_aggregate,
                                       const char *name, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  if (call->over)
    return WR_OK; /* bind_over.c looks at them */
  if (!is_aggregate && call->within_group.count)
    return wr_fail_at(err, WR_UNSUPPORTED, call->within_group.items[0]->span,
                      "WITHIN GROUP is not supported yet");
  if (!is_aggregate && call->nulls != WR_TREE_RESPECT_DEFAULT)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->span,
                      "IGNORE NULLS and RESPECT NULLS are not supported yet");
  if (!is_aggregate && (call->distinct || call->filter))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WRONG_OBJECT_TYPE, tree->span,
                         "%s is not an aggregate: it takes no %s", name,
                         call->distinct ? "DISTINCT" : "FILTER");
  for (uint32_t i = 0; i < call->arguments.count; i++)
    if (call->arguments.items[i]->name)
      return wr_fail_at(err, WR_UNSUPPORTED, call->arguments.items[i]->span,
                        "arguments of %s cannot be named", name);
  return WR_OK;
}

enum wr_code wr_bind_call_args(const struct wr_expression_context *context,
                               const struct wr_tree_call *call, const struct wr_expression ***out,
                               struct wr_error *err)
{
  uint32_t count = call->arguments.count;
  *out = WR_NEW_ARRAY(context->binder->arena, const struct wr_expression *, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    enum wr_code code =
        wr_bind_expression(context, call->arguments.items[i]->value, &(*out)[i], err);
    if (code)
      return code;
  }
  return WR_OK;
}

static bool call_is_star(const struct wr_tree_call *call)
{
  return call->arguments.count == 1 && call->arguments.items[0]->value->kind == WR_TREE_STAR;
}

enum wr_code wr_bind_call_tree(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree,
                               const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  const char *name = call->name.parts.items[call->name.parts.count - 1]->text;
  bool is_aggregate = wr_aggregate_exists(name) || wr_is_grouping_call(name), is_taken;
  if (call_is_star(call) && call->arguments.items[0]->value->star.parts.count && !context->match) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_SYNTAX_ERROR, call->arguments.items[0]->span,
                  "only in MATCH_RECOGNIZE a name can stand before the * of a call");
    return wr_hint(err, "write %s(*)", name);
  }
  if (context->match) {
    enum wr_code match_code = wr_bind_match_call(context, tree, &is_taken, out, err);
    if (is_taken)
      return match_code;
  }
  enum wr_code taken_code = wr_bind_user_call(context, tree, &is_taken, out, err);
  if (is_taken)
    return taken_code;
  if (call->name.parts.count == 1 && wr_is_window_property(name))
    return wr_bind_window_property(context, tree, name, out, err);
  for (uint32_t i = 0; i < sizeof call_windows / sizeof *call_windows; i++)
    if (strcasecmp(call_windows[i], name) == 0)
      return call_fail_window(context, call, call_windows[i], err);
  bool is_over = wr_is_over_function(name);
  if (call->name.parts.count == 1 && is_over && !call->over && !is_aggregate)
    return wr_bind_over_missing(tree, name, err);
  if (call->name.parts.count > 1 || (!is_aggregate && !is_over && !wr_function_exists(name)))
    return call_fail_unknown(context->binder->catalogue, call, name, err);
  enum wr_code code = call_check_clauses(tree, is_aggregate, name, err);
  if (code)
    return code;
  if (call->over)
    return wr_bind_over(context, tree, name, out, err);
  if (is_aggregate)
    return wr_bind_aggregate_call(context, tree, name, out, err);
  if (call_is_star(call))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_SYNTAX_ERROR, call->arguments.items[0]->span,
                         "only COUNT takes *");
  if (wr_is_json_call(name))
    return wr_bind_json_call(context, tree, out, err);
  const struct wr_expression **args;
  code = wr_bind_call_args(context, call, &args, err);
  if (code)
    return code;
  return wr_bind_call(context->binder->binding, name, args, call->arguments.count, tree->span, out,
                      err);
}
