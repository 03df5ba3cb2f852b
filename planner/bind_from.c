/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FROM: tables, views, WITH queries, subqueries; several of them are in bind_join.c. What is used
 * twice in a job is bound once, so that a table is read once and a view computed once.
 */
#include "planner/bind_changes.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "planner/app_streams.h"
#include "planner/bind_cursor.h"
#include "planner/match.h"
#include "planner/rowtime.h"
#include "planner/stream_join.h"
#include "planner/system_columns.h"
#include "planner/table.h"

/* ---- the memo */

static struct wr_memo *from_recall(const struct wr_binder *binder, const void *object, bool told)
{
  for (struct wr_memo *memo = binder->memo; memo; memo = memo->next)
    if (memo->object == object && (memo->told == told || memo->is_plain))
      return memo;
  return NULL;
}

/* Whether it is the same for those who are told of changes and for those who wait for the end:
 * nothing in it changes, or could. */
static bool from_is_plain(struct wr_arena *arena, struct wr_logical *node)
{
  struct wr_logical_order order = wr_logical_order(arena, &node, 1);
  for (uint32_t i = 0; i < order.count; i++)
    if (order.nodes[i]->changes ||
        (order.nodes[i]->kind == WR_LOGICAL_AGGREGATE && order.nodes[i]->aggregate.ends))
      return false;
  return true;
}

static struct wr_memo *from_remember(struct wr_binder *binder, const void *object, bool told)
{
  struct wr_memo *memo = WR_NEW(binder->arena, struct wr_memo);
  *memo = (struct wr_memo){.object = object, .told = told, .next = binder->memo};
  binder->memo = memo;
  return memo;
}

/* ---- names */

/* Scan, then what the table computes, then its watermark. */
static struct wr_logical *from_table(struct wr_arena *arena, const struct wr_table *table)
{
  uint32_t *columns = WR_NEW_ARRAY(arena, uint32_t, table->raw.column_count);
  for (uint32_t c = 0; c < table->raw.column_count; c++)
    columns[c] = c;
  struct wr_logical *node = wr_logical_scan(arena, table, columns, table->raw.column_count);
  if (!table->is_plain) {
    const char **names = WR_NEW_ARRAY(arena, const char *, table->row.column_count);
    for (uint32_t c = 0; c < table->row.column_count; c++)
      names[c] = table->row.fields[c].name;
    node = wr_logical_project(arena, node, table->expressions, names, table->row.column_count);
  }
  if (table->time_column != UINT32_MAX)
    node = wr_logical_watermark(arena, node, table, table->time_column, table->watermark);
  return node;
}

/* A query whose columns somebody names: a bare NULL has no type to work with. */
static enum wr_code from_query(struct wr_binder *binder, const struct wr_tree_query *query,
                               struct wr_logical **node, struct wr_error *err)
{
  enum wr_code code = wr_bind_inner_query(binder, query, node, err);
  for (uint32_t c = 0; code == WR_OK && c < (*node)->schema.column_count; c++) {
    const struct wr_field *field = &(*node)->schema.fields[c];
    if (field->type->kind != WR_NULL)
      continue;
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, query->span,
                  "the column '%s' is NULL and has no type", field->name);
    return wr_hint(err, "give it one: CAST(NULL AS STRING) AS %s", field->name);
  }
  return code;
}

/* Names that stand for a query: views and WITH. */
struct from_named {
  const void *object; /* for the memo */
  const char *what, *name;
  const struct wr_tree_query *query;
  const struct wr_tree_identifiers *columns; /* count 0: those of the query */
  bool is_view;
};

static enum wr_code from_bind_named(struct wr_binder *binder, const struct from_named *named,
                                    struct wr_span span, struct wr_logical **node,
                                    struct wr_error *err)
{
  if (++binder->depth > WR_SQL_NESTING_MAX)
    return wr_fail_state(err, WR_LIMIT, WR_STATE_TOO_COMPLEX, span,
                         "views are more than WR_SQL_NESTING_MAX (%d) deep", WR_SQL_NESTING_MAX);
  enum wr_code code = from_query(binder, named->query, node, err);
  if (code == WR_OK && named->columns->count)
    code = wr_bind_rename(binder, *node, named->columns, named->query->span, node, err);
  binder->depth--;
  return code;
}

/* inner: the binder as it was where the query was written. */
static enum wr_code from_named(struct wr_binder *binder, struct wr_binder inner,
                               const struct from_named *named, struct wr_span span,
                               struct wr_logical **node, struct wr_error *err)
{
  struct wr_memo *memo = from_recall(binder, named->object, binder->told);
  if (memo && !memo->node)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_RECURSION, span,
                         "the %s '%s' reads itself", named->what, named->name);
  if (!memo) {
    bool is_known = from_recall(binder, named->object, !binder->told) != NULL;
    memo = from_remember(binder, named->object, binder->told);
    inner.memo = binder->memo;
    enum wr_code code = from_bind_named(&inner, named, span, node, err);
    binder->memo = inner.memo;
    if (code)
      return code;
    memo->node = *node;
    memo->is_plain = from_is_plain(binder->arena, *node);
    memo->stream = named->is_view && !is_known ? named->name : NULL;
    memo->stream_kind = WR_PLAN_STREAM_VIEW;
  }
  *node = memo->node;
  return WR_OK;
}

static enum wr_code from_view(struct wr_binder *binder, const struct wr_view *view,
                              struct wr_span span, struct wr_logical **node, struct wr_error *err)
{
  const struct from_named named = {.object = view,
                                   .what = "view",
                                   .name = view->name,
                                   .query = view->query,
                                   .columns = view->columns,
                                   .is_view = true};
  struct wr_binder inner = *binder;
  inner.binding = view->binding;
  inner.commons = NULL;
  inner.enclosing = NULL;
  return from_named(binder, inner, &named, span, node, err);
}

static enum wr_code from_common(struct wr_binder *binder, const struct wr_common *common,
                                struct wr_span span, struct wr_logical **node, struct wr_error *err)
{
  const struct wr_tree_common *tree = common->tree;
  const struct from_named named = {.object = tree,
                                   .what = "query",
                                   .name = tree->name->text,
                                   .query = tree->query,
                                   .columns = &tree->columns};
  struct wr_binder inner = *binder;
  inner.commons = common->outer;
  inner.enclosing = NULL;
  return from_named(binder, inner, &named, span, node, err);
}

enum wr_code wr_bind_table_name(struct wr_binder *binder, const struct wr_tree_name *name,
                                struct wr_logical **node, struct wr_error *err)
{
  return wr_bind_table_hinted(binder, name, &(struct wr_tree_hints){0}, node, err);
}

static enum wr_code from_fail_hints(const struct wr_tree_hints *hints, const char *what,
                                    struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, hints->items[0]->span, "%s takes no hints: it has no options", what);
  return wr_state(err, WR_STATE_WRONG_OBJECT_TYPE);
}

/* Whether a stream is made of what pumps insert; else it is read from its connector. */
static bool from_is_filled(const struct wr_binder *binder, const struct wr_app_stream *stream)
{
  return !stream->table || wr_app_has_pumps(binder->catalogue, stream);
}

static enum wr_code from_stream(struct wr_binder *binder, const struct wr_app_stream *stream,
                                struct wr_span span, struct wr_logical **node, struct wr_error *err)
{
  enum wr_code code = wr_bind_app_stream(binder, stream, span, node, err);
  for (struct wr_memo *memo = binder->memo; code == WR_OK && memo; memo = memo->next)
    memo->is_read |= memo->object == stream;
  return code;
}

enum wr_code wr_bind_table_hinted(struct wr_binder *binder, const struct wr_tree_name *name,
                                  const struct wr_tree_hints *hints, struct wr_logical **node,
                                  struct wr_error *err)
{
  const char *first = name->parts.items[0]->text;
  for (const struct wr_common *common = binder->commons; common && name->parts.count == 1;
       common = common->outer)
    if (strcmp(common->tree->name->text, first) == 0)
      return hints->count ? from_fail_hints(hints, "a WITH query", err)
                          : from_common(binder, common, name->span, node, err);
  const struct wr_object *object;
  enum wr_code code = wr_catalogue_get(binder->catalogue, name, &object, err);
  if (code)
    return code;
  bool is_filled = object->kind == WR_OBJECT_STREAM && from_is_filled(binder, object->stream);
  if (hints->count && (object->kind == WR_OBJECT_VIEW || object->kind == WR_OBJECT_REJECTS))
    return from_fail_hints(hints, object->kind == WR_OBJECT_VIEW ? "a view" : "error_stream", err);
  if (hints->count && is_filled)
    return from_fail_hints(hints, "a stream that pumps fill", err);
  if (object->kind == WR_OBJECT_VIEW)
    return from_view(binder, object->view, name->span, node, err);
  if (is_filled)
    return from_stream(binder, object->stream, name->span, node, err);
  const struct wr_table *table = object->table;
  if (table && (code = wr_table_hinted(binder->arena, table, hints, &table, err)) != WR_OK)
    return code;
  const void *key = table ? (const void *)table : binder->catalogue;
  struct wr_memo *memo = from_recall(binder, key, false);
  if (memo) {
    *node = memo->node;
    return WR_OK;
  }
  if (table) {
    code = wr_table_check_use(table, false, name->span, err);
    if (code)
      return code;
  }
  memo = from_remember(binder, key, false);
  memo->node = table ? wr_bind_normalized(binder, table, from_table(binder->arena, table))
                     : wr_logical_rejects(binder->arena, binder->binding->kinesis);
  if (!table && binder->binding->kinesis)
    memo->node = wr_bind_app_rejects(binder, memo->node, name->span);
  if (table && binder->binding->kinesis)
    memo->node = wr_rowtime_make(binder, table, memo->node, name->span);
  memo->stream = table ? table->name : "error_stream";
  memo->stream_kind = WR_PLAN_STREAM_TABLE;
  *node = memo->node;
  return WR_OK;
}

/* ---- relations */

enum wr_code wr_bind_rename(const struct wr_binder *binder, struct wr_logical *input,
                            const struct wr_tree_identifiers *names, struct wr_span span,
                            struct wr_logical **out, struct wr_error *err)
{
  uint32_t count = wr_rowtime_visible(binder->binding, &input->schema);
  if (names->count != count)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WRONG_COLUMN_COUNT, span,
                         "the number of column names is %u, but that of columns %u", names->count,
                         count);
  uint32_t all = input->schema.column_count;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, all);
  const char **texts = WR_NEW_ARRAY(binder->arena, const char *, all);
  for (uint32_t c = 0; c < count; c++) {
    for (uint32_t i = 0; i < c; i++)
      if (strcmp(names->items[i]->text, names->items[c]->text) == 0)
        return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DUPLICATE_COLUMN, names->items[c]->span,
                             "the column name '%s' is given twice", texts[i]);
    texts[c] = names->items[c]->text;
    expressions[c] =
        wr_bind_column(binder->binding, c, input->schema.fields[c].type, names->items[c]->span);
  }
  if (all > count) {
    texts[count] = WR_ROWTIME;
    expressions[count] =
        wr_bind_column(binder->binding, count, input->schema.fields[count].type, span);
  }
  *out = wr_logical_project(binder->arena, input, expressions, texts, all);
  return WR_OK;
}

/* A subquery. VALUES of one column under a plain alias are a column of that name, as UNNEST is. */
static enum wr_code from_derived(struct wr_binder *binder, const struct wr_tree_relation *relation,
                                 struct wr_logical **node, struct wr_error *err)
{
  const struct wr_tree_query *query = relation->derived.query;
  if (relation->derived.lateral) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_SYNTAX_ERROR, relation->span,
                  "there is nothing to the left of LATERAL");
    return wr_hint(err, "it stands behind the table whose columns it reads: FROM t, LATERAL (...)");
  }
  enum wr_code code = from_query(binder, query, node, err);
  if (code == WR_OK && query->kind == WR_TREE_VALUES && relation->alias &&
      relation->alias_columns.count == 0 && (*node)->schema.column_count == 1) {
    const struct wr_tree_identifiers name = {
        .items = (struct wr_tree_identifier **)&relation->alias, .count = 1};
    code = wr_bind_rename(binder, *node, &name, relation->span, node, err);
  }
  return code;
}

static enum wr_code from_function(struct wr_binder *binder, const struct wr_tree_relation *relation,
                                  struct wr_logical **node, struct wr_error *err)
{
  const struct wr_tree_expression *call = relation->function.call;
  const struct wr_tree_identifiers *parts = &call->call.name.parts;
  const struct wr_cursor_function *function = wr_cursor_find(parts->items[parts->count - 1]->text);
  bool is_cursor = function || wr_cursor_is_given(call);
  enum wr_code code = is_cursor ? wr_bind_cursor(binder, function, call, node, err)
                                : wr_bind_window(binder, call, node, err);
  if (code == WR_OK && relation->function.lateral)
    return wr_fail_at(err, WR_UNSUPPORTED, relation->span,
                      "LATERAL cannot stand before a %stable function", is_cursor ? "" : "window ");
  return code;
}

static enum wr_code from_named_table(struct wr_binder *binder,
                                     const struct wr_tree_relation *relation,
                                     struct wr_logical **node, struct wr_error *err)
{
  if (relation->table.as_of) {
    wr_fail_at(
        err, WR_UNSUPPORTED, relation->table.as_of_span,
        "FOR SYSTEM_TIME AS OF stands behind the table on the right of a JOIN, in which rows "
        "are looked up");
    return wr_hint(err, "for example FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.proc_time "
                        "AS r ON o.currency = r.currency");
  }
  return wr_bind_table_hinted(binder, &relation->table.name, &relation->table.hints, node, err);
}

enum wr_code wr_bind_relation(struct wr_binder *binder, const struct wr_tree_relation *relation,
                              struct wr_from *out, struct wr_error *err)
{
  const char *alias = NULL;
  enum wr_code code = WR_INTERNAL;
  *out = (struct wr_from){0};
  switch (relation->kind) {
  case WR_TREE_JOIN: return wr_bind_join(binder, relation, out, err);
  case WR_TREE_UNNEST: return wr_bind_unnest(binder, relation, out, err);
  case WR_TREE_TABLE:
    alias = relation->table.name.parts.items[relation->table.name.parts.count - 1]->text;
    code = from_named_table(binder, relation, &out->node, err);
    break;
  case WR_TREE_DERIVED: code = from_derived(binder, relation, &out->node, err); break;
  case WR_TREE_TABLE_FUNCTION: code = from_function(binder, relation, &out->node, err); break;
  case WR_TREE_MATCH: code = wr_bind_match(binder, relation->match, &out->node, err); break;
  }
  if (code == WR_OK && relation->alias_columns.count)
    code = wr_bind_rename(binder, out->node, &relation->alias_columns, relation->span, &out->node,
                          err);
  if (code)
    return code;
  if (relation->alias)
    alias = relation->alias->text;
  out->scope = wr_rowtime_scope(binder, &out->node->schema, alias);
  if (relation->kind == WR_TREE_TABLE && relation->alias_columns.count == 0)
    wr_system_columns_hide(binder, &relation->table.name, &out->scope);
  return WR_OK;
}

enum wr_code wr_bind_from(struct wr_binder *binder, const struct wr_tree_relation *relation,
                          struct wr_logical **node, struct wr_scope *scope, struct wr_error *err)
{
  struct wr_from from = {0};
  enum wr_code code = relation ? wr_check_no_window(relation, err) : WR_OK;
  if (code == WR_OK && relation)
    code = wr_bind_relation(binder, relation, &from, err);
  *node = from.node;
  *scope = from.scope;
  return code;
}
