/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FROM: tables, views, WITH queries, subqueries. What is used twice in a job is bound once, so that
 * a table is read once and a view computed once.
 */
#include "planner/binder.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"

/* ---- the memo */

static struct wr_memo *from_recall(const struct wr_binder *binder, const void *object)
{
  for (struct wr_memo *memo = binder->memo; memo; memo = memo->next)
    if (memo->object == object)
      return memo;
  return NULL;
}

static struct wr_memo *from_remember(struct wr_binder *binder, const void *object)
{
  struct wr_memo *memo = WR_NEW(binder->arena, struct wr_memo);
  *memo = (struct wr_memo){.object = object, .next = binder->memo};
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
  enum wr_code code = wr_bind_query(binder, query, node, err);
  for (uint32_t c = 0; code == WR_OK && c < (*node)->schema.column_count; c++) {
    const struct wr_field *field = &(*node)->schema.fields[c];
    if (field->type->kind != WR_NULL)
      continue;
    wr_fail_at(err, WR_SEMANTIC, query->span, "the column '%s' is NULL and has no type",
               field->name);
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
};

static enum wr_code from_bind_named(struct wr_binder *binder, const struct from_named *named,
                                    struct wr_span span, struct wr_logical **node,
                                    struct wr_error *err)
{
  if (++binder->depth > WR_SQL_NESTING_MAX)
    return wr_fail_at(err, WR_LIMIT, span, "views are more than WR_SQL_NESTING_MAX (%d) deep",
                      WR_SQL_NESTING_MAX);
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
  struct wr_memo *memo = from_recall(binder, named->object);
  if (memo && !memo->node)
    return wr_fail_at(err, WR_SEMANTIC, span, "the %s '%s' reads itself", named->what, named->name);
  if (!memo) {
    memo = from_remember(binder, named->object);
    inner.memo = binder->memo;
    enum wr_code code = from_bind_named(&inner, named, span, node, err);
    binder->memo = inner.memo;
    if (code)
      return code;
    memo->node = *node;
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
                                   .columns = view->columns};
  struct wr_binder inner = *binder;
  inner.binding = view->binding;
  inner.commons = NULL;
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
  return from_named(binder, inner, &named, span, node, err);
}

enum wr_code wr_bind_table_name(struct wr_binder *binder, const struct wr_tree_name *name,
                                struct wr_logical **node, struct wr_error *err)
{
  const char *first = name->parts.items[0]->text;
  for (const struct wr_common *common = binder->commons; common && name->parts.count == 1;
       common = common->outer)
    if (strcmp(common->tree->name->text, first) == 0)
      return from_common(binder, common, name->span, node, err);
  const struct wr_object *object;
  enum wr_code code = wr_catalogue_get(binder->catalogue, name, &object, err);
  if (code)
    return code;
  if (object->kind == WR_OBJECT_VIEW)
    return from_view(binder, object->view, name->span, node, err);
  const void *key =
      object->kind == WR_OBJECT_TABLE ? (const void *)object->table : binder->catalogue;
  struct wr_memo *memo = from_recall(binder, key);
  if (memo) {
    *node = memo->node;
    return WR_OK;
  }
  if (object->kind == WR_OBJECT_TABLE) {
    code = wr_table_check_use(object->table, false, name->span, err);
    if (code)
      return code;
  }
  memo = from_remember(binder, key);
  memo->node = object->kind == WR_OBJECT_TABLE ? from_table(binder->arena, object->table)
                                               : wr_logical_rejects(binder->arena);
  *node = memo->node;
  return WR_OK;
}

/* ---- relations */

enum wr_code wr_bind_rename(const struct wr_binder *binder, struct wr_logical *input,
                            const struct wr_tree_identifiers *names, struct wr_span span,
                            struct wr_logical **out, struct wr_error *err)
{
  uint32_t count = input->schema.column_count;
  if (names->count != count)
    return wr_fail_at(err, WR_SEMANTIC, span,
                      "the number of column names is %u, but that of columns %u", names->count,
                      count);
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  const char **texts = WR_NEW_ARRAY(binder->arena, const char *, count);
  for (uint32_t c = 0; c < count; c++) {
    for (uint32_t i = 0; i < c; i++)
      if (strcmp(names->items[i]->text, names->items[c]->text) == 0)
        return wr_fail_at(err, WR_SEMANTIC, names->items[c]->span,
                          "the column name '%s' is given twice", texts[i]);
    texts[c] = names->items[c]->text;
    expressions[c] =
        wr_bind_column(binder->binding, c, input->schema.fields[c].type, names->items[c]->span);
  }
  *out = wr_logical_project(binder->arena, input, expressions, texts, count);
  return WR_OK;
}

static enum wr_code from_fail_join(const struct wr_tree_relation *relation, struct wr_error *err)
{
  return wr_fail_at(
      err, WR_UNSUPPORTED, relation->join.at.length ? relation->join.at : relation->span,
      "joins are not supported yet: FROM takes one table, view, subquery or window table function");
}

static enum wr_code from_relation(struct wr_binder *binder, const struct wr_tree_relation *relation,
                                  struct wr_logical **node, const char **alias,
                                  struct wr_error *err)
{
  switch (relation->kind) {
  case WR_TREE_TABLE: {
    const struct wr_tree_identifiers *parts = &relation->table.name.parts;
    if (relation->table.hints.count)
      return wr_fail_at(err, WR_UNSUPPORTED, relation->table.hints.items[0]->span,
                        "hints on tables are not supported yet");
    if (relation->table.as_of)
      return wr_fail_at(err, WR_UNSUPPORTED, relation->table.as_of->span,
                        "FOR SYSTEM_TIME AS OF is not supported yet");
    *alias = parts->items[parts->count - 1]->text;
    return wr_bind_table_name(binder, &relation->table.name, node, err);
  }
  case WR_TREE_DERIVED:
    if (relation->derived.lateral)
      return wr_fail_at(err, WR_UNSUPPORTED, relation->span, "LATERAL is not supported yet");
    return from_query(binder, relation->derived.query, node, err);
  case WR_TREE_TABLE_FUNCTION:
    if (relation->function.lateral)
      return wr_fail_at(err, WR_UNSUPPORTED, relation->span, "LATERAL is not supported yet");
    return wr_bind_window(binder, relation->function.call, node, err);
  case WR_TREE_UNNEST:
    return wr_fail_at(err, WR_UNSUPPORTED, relation->span, "UNNEST is not supported yet");
  case WR_TREE_JOIN: return from_fail_join(relation, err);
  }
  assert(!"a relation of another kind");
  return WR_INTERNAL;
}

enum wr_code wr_bind_from(struct wr_binder *binder, const struct wr_tree_relation *relation,
                          struct wr_logical **node, struct wr_scope *scope, struct wr_error *err)
{
  *node = NULL;
  *scope = (struct wr_scope){0};
  if (!relation)
    return WR_OK;
  const char *alias = NULL;
  enum wr_code code = from_relation(binder, relation, node, &alias, err);
  if (code == WR_OK && relation->alias_columns.count)
    code = wr_bind_rename(binder, *node, &relation->alias_columns, relation->span, node, err);
  if (code)
    return code;
  if (relation->alias)
    alias = relation->alias->text;
  *scope = wr_scope_over(binder->arena, &(*node)->schema, alias);
  return WR_OK;
}
