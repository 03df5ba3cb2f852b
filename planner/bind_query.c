/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries: WITH, SELECT, VALUES, TABLE t. A SELECT becomes, from the bottom: FROM, WHERE, GROUP BY
 * with HAVING, one projection for its list, and ORDER BY with LIMIT.
 */
#include "planner/bind_filter.h"
#include "planner/bind_over.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "planner/emission.h"
#include "planner/lookup.h"
#include "planner/rowtime.h"
#include "planner/ttl.h"

#define TYPE_CHARS 128

static enum wr_code query_unsupported(struct wr_span span, const char *what, struct wr_error *err)
{
  return wr_fail_at(err, WR_UNSUPPORTED, span, "%s is not supported yet", what);
}

/* ---- the select list */

void wr_selection_add(struct wr_binder *binder, struct wr_selection *selection,
                      const struct wr_expression *value, const char *name)
{
  if (selection->item_count == selection->item_room) {
    uint32_t room = selection->item_room ? 2 * selection->item_room : 16;
    const struct wr_expression **items =
        WR_NEW_ARRAY(binder->arena, const struct wr_expression *, room);
    const char **names = WR_NEW_ARRAY(binder->arena, const char *, room);
    for (uint32_t i = 0; i < selection->item_count; i++) {
      items[i] = selection->items[i];
      names[i] = selection->names[i];
    }
    selection->items = items;
    selection->names = names;
    selection->item_room = room;
  }
  selection->items[selection->item_count] = value;
  selection->names[selection->item_count++] = name;
}

/* column.*, t.column.field.*: the fields of a ROW as columns */
static enum wr_code query_add_fields(struct wr_binder *binder, struct wr_selection *selection,
                                     const struct wr_tree_expression *tree, struct wr_error *err)
{
  const struct wr_tree_name *name = &tree->star;
  const struct wr_expression *row;
  struct wr_error other;
  enum wr_code code = wr_scope_resolve(&selection->scope, binder->binding, name, &row,
                                       name->parts.count > 1 ? err : &other);
  if (code)
    return name->parts.count > 1
               ? code
               : wr_scope_fail_relation(&selection->scope, name->parts.items[0], err);
  if (row->type->kind != WR_ROW) {
    char type[TYPE_CHARS];
    wr_type_print(row->type, type, sizeof type);
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, name->span,
                         "only a ROW has fields for .*, and this is %s", type);
  }
  for (uint32_t i = 0; i < row->type->field_count; i++)
    wr_selection_add(binder, selection, wr_bind_field_at(binder->binding, row, i, tree->span),
                     row->type->fields[i].name);
  return WR_OK;
}

/* *, t.* */
static enum wr_code query_add_star(struct wr_binder *binder, struct wr_selection *selection,
                                   const struct wr_tree_expression *tree, struct wr_error *err)
{
  const struct wr_tree_identifiers *parts = &tree->star.parts;
  const char *relation = parts->count ? parts->items[parts->count - 1]->text : NULL;
  if (!selection->input)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_SYNTAX_ERROR, tree->span, "* needs a FROM");
  if (relation && !wr_scope_has_relation(&selection->scope, relation))
    return query_add_fields(binder, selection, tree, err);
  for (uint32_t i = 0; i < selection->scope.column_count; i++) {
    const struct wr_scope_column *column = &selection->scope.columns[i];
    if (column->hidden ||
        (relation && (!column->relation || strcmp(column->relation, relation) != 0)))
      continue;
    wr_selection_add(binder, selection,
                     wr_bind_column(binder->binding, column->column,
                                    selection->scope.schema.fields[column->column].type,
                                    tree->span),
                     column->name);
  }
  return WR_OK;
}

/* The alias, the last part of a name, or Flink's EXPR$n. */
static const char *query_item_name(struct wr_arena *arena, const struct wr_tree_item *item,
                                   uint32_t index)
{
  if (item->alias)
    return item->alias->text;
  const struct wr_tree_expression *value = item->value;
  if (value->kind == WR_TREE_COLUMN)
    return value->column.parts.items[value->column.parts.count - 1]->text;
  if (value->kind == WR_TREE_FIELD)
    return value->field.name->text;
  return wr_arena_print(arena, "EXPR$%u", index);
}

enum wr_code wr_bind_items(struct wr_binder *binder, struct wr_selection *selection,
                           struct wr_error *err)
{
  const struct wr_tree_items *items = &selection->tree->items;
  const struct wr_expression_context context = {.binder = binder,
                                                .scope = &selection->scope,
                                                .aggregates = &selection->aggregates,
                                                .overs = selection->overs,
                                                .place = "SELECT"};
  for (uint32_t i = 0; i < items->count; i++) {
    const struct wr_tree_item *item = items->items[i];
    enum wr_code code;
    if (item->value->kind == WR_TREE_STAR) {
      code = query_add_star(binder, selection, item->value, err);
    } else {
      const struct wr_expression *value;
      code = wr_bind_expression(&context, item->value, &value, err);
      if (code == WR_OK)
        code = wr_bind_check(binder->binding, value, err);
      if (code == WR_OK)
        wr_selection_add(binder, selection, value,
                         query_item_name(binder->arena, item, selection->item_count));
    }
    if (code)
      return code;
    if (selection->item_count > WR_COLUMNS_MAX)
      return wr_fail_state(err, WR_LIMIT, WR_STATE_TOO_MANY_COLUMNS, item->span,
                           "the query has more columns than the limit WR_COLUMNS_MAX, %d",
                           WR_COLUMNS_MAX);
  }
  return WR_OK;
}

/* ---- SELECT */

static enum wr_code query_check_select(const struct wr_binder *binder,
                                       const struct wr_tree_select *tree, struct wr_error *err)
{
  for (uint32_t i = 0; i < tree->hints.count; i++) {
    const char *name = tree->hints.items[i]->name->text;
    struct wr_span span = tree->hints.items[i]->span;
    if (strcmp(name, "OPTIONS") == 0) {
      wr_fail_at(err, WR_SEMANTIC, span, "the hint OPTIONS is one of a table, not of a SELECT");
      return wr_hint(err, "it stands behind the table's name: FROM t /*+ OPTIONS(...) */");
    }
    if (strcmp(name, "LOOKUP") == 0) {
      enum wr_code code = wr_check_lookup_hint(binder->settings, tree->hints.items[i], err);
      if (code)
        return code;
      continue;
    }
    if (strcmp(name, "STATE") != 0 && strcmp(name, "STATE_TTL") != 0) {
      static const char *const names[] = {"STATE", "STATE_TTL", "LOOKUP"};
      const char *near = wr_nearest(name, names, sizeof names / sizeof *names);
      wr_fail_at(err, WR_UNSUPPORTED, span, "the hint %s is not supported yet", name);
      return near ? wr_hint(err, "did you mean %s?", near) : err->code;
    }
  }
  return wr_check_ttl_hints(tree, err);
}

static enum wr_code query_where(struct wr_binder *binder, struct wr_selection *selection,
                                struct wr_error *err)
{
  if (!selection->tree->where)
    return WR_OK;
  const struct wr_expression_context context = {
      .binder = binder, .scope = &selection->scope, .place = "WHERE"};
  const struct wr_expression *condition;
  enum wr_code code = wr_bind_condition(&context, selection->tree->where, &condition, err);
  if (code == WR_OK)
    selection->input = wr_logical_filter(binder->arena, selection->input, condition);
  return code;
}

static enum wr_code query_windows(struct wr_binder *binder, struct wr_selection *selection,
                                  struct wr_error *err)
{
  struct wr_expression_context context = {.binder = binder,
                                          .scope = &selection->scope,
                                          .aggregates = &selection->aggregates,
                                          .place = "WINDOW"};
  binder->windows = &selection->tree->windows;
  return wr_bind_windows(&context, err);
}

static enum wr_code query_qualify(const struct wr_binder *binder, struct wr_selection *selection,
                                  struct wr_error *err)
{
  const struct wr_tree_expression *tree = selection->tree->qualify;
  const struct wr_expression_context context = {.binder = binder,
                                                .scope = &selection->scope,
                                                .aggregates = &selection->aggregates,
                                                .overs = selection->overs,
                                                .selection = selection,
                                                .place = "QUALIFY"};
  enum wr_code code = wr_bind_condition(&context, tree, &selection->qualify, err);
  if (code || wr_reads_over(selection->qualify))
    return code;
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_WINDOWING_ERROR, tree->span,
                "QUALIFY has no window function to look at");
  return wr_hint(err, "other conditions are written in WHERE or HAVING");
}

/* The one row that a SELECT without FROM is about, for aggregates: nobody can name its column. */
static void query_one_row(const struct wr_binder *binder, struct wr_selection *selection)
{
  struct wr_field *field = WR_NEW(binder->arena, struct wr_field);
  const struct wr_expression **row = WR_NEW_ARRAY(binder->arena, const struct wr_expression *, 1);
  *field = (struct wr_field){.name = "row", .type = &wr_type_int};
  *row = wr_bind_i64(binder->binding, &wr_type_int, 0, selection->tree->span);
  const struct wr_schema schema = {.column_count = 1, .fields = field};
  selection->input = wr_logical_values(binder->arena, &schema, row, 1);
  selection->scope = (struct wr_scope){.schema = selection->input->schema,
                                       .aliases = selection->scope.aliases,
                                       .enclosing = selection->scope.enclosing};
}

/* One row of the clock and of constants, perhaps under a condition. *aggregates: it is to be bound
 * anew, over a row. */
static enum wr_code query_without_from(struct wr_binder *binder, struct wr_selection *selection,
                                       struct wr_logical **out, bool *aggregates,
                                       struct wr_error *err)
{
  const struct wr_tree_select *tree = selection->tree;
  enum wr_code code = query_windows(binder, selection, err);
  if (code == WR_OK)
    code = wr_bind_items(binder, selection, err);
  if (code == WR_OK && tree->qualify)
    code = query_qualify(binder, selection, err);
  if (code == WR_OK)
    code = wr_check_no_emission(tree, err);
  if (code)
    return code;
  *aggregates =
      selection->aggregates.count || tree->group_span.length || tree->stagger || tree->having;
  if (*aggregates)
    return WR_OK;
  if (selection->overs->count)
    return query_unsupported(tree->span, "OVER without FROM", err);
  struct wr_field *fields = WR_NEW_ARRAY(binder->arena, struct wr_field, selection->item_count);
  for (uint32_t i = 0; i < selection->item_count; i++) {
    if (tree->where && selection->items[i]->type->kind == WR_NULL) /* a filter cannot carry it */
      selection->items[i] = wr_bind_null(binder->binding, &wr_type_string, tree->span);
    fields[i] = (struct wr_field){.name = selection->names[i], .type = selection->items[i]->type};
  }
  const struct wr_schema schema = {.column_count = selection->item_count, .fields = fields};
  selection->input = wr_logical_values(binder->arena, &schema, selection->items, 1);
  code = query_where(binder, selection, err);
  *out = selection->input;
  return code;
}

static enum wr_code query_parts(struct wr_binder *binder, const struct wr_tree_query *query,
                                struct wr_logical **out, struct wr_error *err)
{
  const struct wr_tree_select *tree = query->select;
  struct wr_over_list overs = {0};
  struct wr_selection selection = {.tree = tree, .overs = &overs, .rowtime = UINT32_MAX};
  enum wr_code code = query_check_select(binder, tree, err);
  if (code == WR_OK)
    code = wr_bind_from(binder, tree->from, &selection.input, &selection.scope, err);
  if (code)
    return code;
  selection.scope.aliases = &tree->items;
  selection.scope.enclosing = binder->enclosing;
  if (!tree->from) {
    bool aggregates = false;
    struct wr_selection first = selection;
    code = query_without_from(binder, &first, out, &aggregates, err);
    if (code || !aggregates)
      return code ? code : wr_bind_order_over(binder, query, out, err);
    overs = (struct wr_over_list){0};
    query_one_row(binder, &selection);
  }
  selection.aggregates.first = selection.scope.schema.column_count;
  code = query_windows(binder, &selection, err);
  if (code == WR_OK)
    code = wr_bind_where(binder, tree->where, &selection.scope, &selection.input, err);
  if (code == WR_OK)
    code = wr_bind_items(binder, &selection, err);
  if (code == WR_OK && tree->having) {
    const struct wr_expression_context context = {.binder = binder,
                                                  .scope = &selection.scope,
                                                  .aggregates = &selection.aggregates,
                                                  .place = "HAVING"};
    code = wr_bind_condition(&context, tree->having, &selection.having, err);
  }
  if (code == WR_OK && tree->qualify)
    code = query_qualify(binder, &selection, err);
  if (code == WR_OK)
    wr_rowtime_select(binder, &selection);
  uint32_t visible = selection.item_count;
  struct wr_sort_key *keys = WR_NEW_ARRAY(binder->arena, struct wr_sort_key, query->order_by.count);
  if (code == WR_OK)
    code = wr_bind_order_items(binder, &query->order_by, &selection, keys, err);
  uint32_t listed = selection.item_count;
  wr_over_list_items(binder, &selection);
  if (code == WR_OK &&
      (tree->group_span.length || tree->stagger || tree->having || selection.aggregates.count))
    code = wr_bind_group(binder, &selection, err);
  else if (code == WR_OK)
    code = wr_check_no_emission(tree, err);
  wr_over_take_items(binder, &selection, listed);
  if (code == WR_OK)
    code = wr_bind_overs(binder, &selection, err);
  if (code)
    return code;
  *out = wr_logical_project(binder->arena, selection.input, selection.items, selection.names,
                            selection.item_count);
  if (tree->distinct && (code = wr_bind_distinct(binder, query, visible, out, err)))
    return code;
  return wr_bind_tail(binder, query, keys, visible, out, err);
}

static enum wr_code query_select(struct wr_binder *binder, const struct wr_tree_query *query,
                                 struct wr_logical **out, struct wr_error *err)
{
  struct wr_ttl_select *outer = binder->ttl, own = {.tree = query->select};
  binder->ttl = &own;
  enum wr_code code = query_parts(binder, query, out, err);
  if (code == WR_OK)
    wr_warn_ttl_unused(binder, &own);
  binder->ttl = outer;
  return code;
}

/* ---- VALUES */

/* Casts column c of all rows to one type. */
static enum wr_code query_values_column(struct wr_binder *binder,
                                        const struct wr_tree_expressions *rows,
                                        const struct wr_expression **cells, uint32_t count,
                                        uint32_t c, const struct wr_type **type,
                                        struct wr_error *err)
{
  *type = cells[c]->type;
  for (uint32_t r = 1; r < rows->count; r++) {
    const struct wr_expression *cell = cells[(size_t)r * count + c];
    const struct wr_type *common = wr_type_common(binder->arena, *type, cell->type);
    if (!common)
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, cell->span,
                           "this value does not go with those above it in column %u", c + 1);
    *type = common;
  }
  for (uint32_t r = 0; r < rows->count; r++) {
    const struct wr_expression **cell = &cells[(size_t)r * count + c];
    if (wr_type_equal((*cell)->type, *type))
      continue;
    enum wr_code code =
        wr_bind_cast(binder->binding, *cell, *type, false, (*cell)->span, cell, err);
    if (code)
      return code;
  }
  return WR_OK;
}

static enum wr_code query_values_shape(const struct wr_tree_expressions *rows, struct wr_error *err)
{
  uint32_t count = rows->items[0]->items.count;
  if (count > WR_COLUMNS_MAX)
    return wr_fail_state(err, WR_LIMIT, WR_STATE_TOO_MANY_COLUMNS, rows->items[0]->span,
                         "%u columns; the limit WR_COLUMNS_MAX is %d", count, WR_COLUMNS_MAX);
  for (uint32_t r = 1; r < rows->count; r++)
    if (rows->items[r]->items.count != count)
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WRONG_COLUMN_COUNT, rows->items[r]->span,
                           "the number of values here is %u, in the first row %u",
                           rows->items[r]->items.count, count);
  return WR_OK;
}

static enum wr_code query_values(struct wr_binder *binder, const struct wr_tree_query *tree,
                                 struct wr_logical **out, struct wr_error *err)
{
  const struct wr_tree_expressions *rows = &tree->rows;
  assert(rows->count > 0 && rows->items[0]->kind == WR_TREE_ROW);
  enum wr_code code = query_values_shape(rows, err);
  if (code)
    return code;
  const struct wr_scope none = {.enclosing = binder->enclosing};
  const struct wr_expression_context context = {
      .binder = binder, .scope = &none, .place = "VALUES"};
  binder->windows = NULL;
  uint32_t count = rows->items[0]->items.count;
  size_t cell_count = (size_t)rows->count * count;
  const struct wr_expression **cells =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, cell_count);
  for (size_t i = 0; i < cell_count; i++) {
    code = wr_bind_expression(&context, rows->items[i / count]->items.items[i % count], &cells[i],
                              err);
    if (code)
      return code;
  }
  struct wr_field *fields = WR_NEW_ARRAY(binder->arena, struct wr_field, count);
  for (uint32_t c = 0; c < count; c++) {
    fields[c].name = wr_arena_print(binder->arena, "EXPR$%u", c);
    code = query_values_column(binder, rows, cells, count, c, &fields[c].type, err);
    if (code)
      return code;
  }
  const struct wr_schema schema = {.column_count = count, .fields = fields};
  *out = wr_logical_values(binder->arena, &schema, cells, rows->count);
  return WR_OK;
}

/* ---- queries */

static enum wr_code query_body(struct wr_binder *binder, const struct wr_tree_query *query,
                               struct wr_logical **out, struct wr_error *err)
{
  switch (query->kind) {
  case WR_TREE_SELECT: break;
  case WR_TREE_VALUES: return query_values(binder, query, out, err);
  case WR_TREE_TABLE_QUERY: return wr_bind_table_name(binder, &query->table, out, err);
  case WR_TREE_NESTED: return wr_bind_inner_query(binder, query->nested, out, err);
  case WR_TREE_SET_OPERATION: return wr_bind_set(binder, query, out, err);
  }
  assert(!"a query of another kind");
  return WR_INTERNAL;
}

struct wr_span wr_tree_column_span(const struct wr_tree_query *query, uint32_t column)
{
  while (query->kind == WR_TREE_SET_OPERATION || query->kind == WR_TREE_NESTED)
    query = query->kind == WR_TREE_NESTED ? query->nested : query->set.left;
  if (query->kind != WR_TREE_SELECT || column >= query->select->items.count)
    return query->span;
  for (uint32_t i = 0; i <= column; i++)
    if (query->select->items.items[i]->value->kind == WR_TREE_STAR)
      return query->select->items.items[i]->span;
  return query->select->items.items[column]->span;
}

enum wr_code wr_bind_inner_query(struct wr_binder *binder, const struct wr_tree_query *query,
                                 struct wr_logical **out, struct wr_error *err)
{
  const struct wr_common *outer = binder->commons;
  if (binder->query_depth == WR_QUERY_NESTING_MAX)
    return wr_fail_at(err, WR_LIMIT, query->span,
                      "queries are more than WR_QUERY_NESTING_MAX (%d) deep inside each other",
                      WR_QUERY_NESTING_MAX);
  binder->query_depth++;
  for (uint32_t i = 0; i < query->with.count; i++) {
    struct wr_common *common = WR_NEW(binder->arena, struct wr_common);
    *common = (struct wr_common){.tree = query->with.items[i], .outer = binder->commons};
    binder->commons = common;
  }
  enum wr_code code = WR_OK;
  if (query->kind == WR_TREE_SELECT)
    code = query_select(binder, query, out, err);
  else if ((code = query_body(binder, query, out, err)) == WR_OK)
    code = wr_bind_order_over(binder, query, out, err);
  binder->commons = outer;
  binder->query_depth--;
  return code;
}

/* ---- names of a result */

static bool query_has_name(const char *const *names, uint32_t count, const char *name)
{
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0)
      return true;
  return false;
}

/* Results have distinct names: the second a becomes a0, the third a1. True if any has changed. */
static bool query_distinct_names(struct wr_arena *arena, const char **names, uint32_t count)
{
  const char **given = WR_NEW_ARRAY(arena, const char *, count);
  bool has_changed = false;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t same = 0;
    given[i] = names[i];
    for (uint32_t j = 0; j < i; j++)
      same += strcmp(given[j], given[i]) == 0;
    for (uint32_t n = same ? same - 1 : 0; query_has_name(names, i, names[i]); n++)
      names[i] = wr_arena_print(arena, "%s%u", given[i], n);
    has_changed = has_changed || names[i] != given[i];
  }
  return has_changed;
}

static struct wr_logical *query_renamed(const struct wr_binder *binder, struct wr_logical *node,
                                        const char *const *names)
{
  uint32_t count = node->schema.column_count;
  if (node->kind == WR_LOGICAL_VALUES) { /* constants stay where they are written */
    struct wr_field *fields = WR_NEW_ARRAY(binder->arena, struct wr_field, count);
    for (uint32_t c = 0; c < count; c++)
      fields[c] = (struct wr_field){.name = names[c], .type = node->schema.fields[c].type};
    const struct wr_schema schema = {.column_count = count, .fields = fields};
    return wr_logical_values(binder->arena, &schema, node->values.rows, node->values.row_count);
  }
  const struct wr_expression **columns =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  for (uint32_t c = 0; c < count; c++)
    columns[c] =
        node->schema.fields[c].type->kind == WR_NULL
            ? wr_bind_null(binder->binding, &wr_type_null, (struct wr_span){WR_NO_POSITION, 0})
            : wr_bind_column(binder->binding, c, node->schema.fields[c].type,
                             (struct wr_span){WR_NO_POSITION, 0});
  return wr_logical_project(binder->arena, node, columns, names, count);
}

enum wr_code wr_bind_query(struct wr_binder *binder, const struct wr_tree_query *query,
                           struct wr_logical **out, struct wr_error *err)
{
  enum wr_code code = wr_bind_inner_query(binder, query, out, err);
  if (code)
    return code;
  const struct wr_schema *schema = &(*out)->schema;
  uint32_t count = schema->column_count;
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  for (uint32_t c = 0; c < count; c++)
    names[c] = schema->fields[c].name;
  if (query_distinct_names(binder->arena, names, wr_rowtime_visible(binder->binding, schema)))
    *out = query_renamed(binder, *out, names);
  return WR_OK;
}
