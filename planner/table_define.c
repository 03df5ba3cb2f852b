/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The definition of a table: the tree with its types bound, the columns of AS SELECT behind those
 * that are declared, and LIKE merged in. Nothing is checked that the finished table can check.
 */
#include "planner/table.h"

#include <string.h>

#include "core/limits.h"
#include "planner/binder.h"

static enum wr_code define_check(const struct wr_tree_create_table *tree, struct wr_error *err)
{
  if (tree->watermarks.count > 1) {
    wr_fail_at(err, WR_SEMANTIC, tree->watermarks.items[1]->span,
               "a table has one WATERMARK at most");
    return wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
  }
  if (tree->keys.count > 1) {
    wr_fail_at(err, WR_SEMANTIC, tree->keys.items[1]->span, "a table has one PRIMARY KEY at most");
    return wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
  }
  if (tree->columns.count <= WR_COLUMNS_MAX)
    return WR_OK;
  wr_fail_at(err, WR_LIMIT, tree->name.span, "%u columns; the limit WR_COLUMNS_MAX is %d",
             tree->columns.count, WR_COLUMNS_MAX);
  return wr_state(err, WR_STATE_TOO_MANY_COLUMNS);
}

static enum wr_code define_column(const struct wr_binding *binding,
                                  const struct wr_tree_column_definition *tree,
                                  struct wr_column_definition *out, struct wr_error *err)
{
  *out = (struct wr_column_definition){.kind = tree->kind,
                                       .span = tree->span,
                                       .name_span = tree->name->span,
                                       .name = tree->name->text,
                                       .value = tree->value,
                                       .metadata_key = tree->metadata_key,
                                       .is_virtual = tree->is_virtual,
                                       .comment = tree->comment ? tree->comment->bytes : NULL};
  return tree->type ? wr_bind_type(binding, tree->type, &out->type, err) : WR_OK;
}

static struct wr_options define_options(struct wr_arena *arena, const struct wr_tree_options *tree)
{
  struct wr_option_value *values = WR_NEW_ARRAY(arena, struct wr_option_value, tree->count);
  for (uint32_t i = 0; i < tree->count; i++) {
    const struct wr_tree_option *option = tree->items[i];
    values[i] = (struct wr_option_value){.key = option->key.bytes,
                                         .value = option->value.bytes,
                                         .key_span = option->key.span,
                                         .value_span = option->value.span};
  }
  return (struct wr_options){.values = values, .value_count = tree->count};
}

/* The columns of the query that are not declared: behind the others. A declared one must be
 * physical, since the query fills it. */
static enum wr_code define_query(struct wr_arena *arena, const struct wr_tree_create_table *tree,
                                 const struct wr_schema *query, struct wr_table_definition *draft,
                                 struct wr_column_definition *columns, struct wr_error *err)
{
  uint32_t declared = draft->column_count;
  for (uint32_t q = 0; q < query->column_count; q++) {
    const struct wr_field *field = &query->fields[q];
    uint32_t c = 0;
    while (c < declared && strcmp(columns[c].name, field->name) != 0)
      c++;
    if (c < declared && columns[c].kind == WR_TREE_COMPUTED) {
      wr_fail_at(err, WR_SEMANTIC, columns[c].name_span,
                 "the column '%s' is computed, but the query gives one of this name too",
                 field->name);
      wr_state(err, WR_STATE_DUPLICATE_COLUMN);
      return wr_hint(err, "name one of them otherwise");
    }
    if (c < declared)
      continue;
    columns[draft->column_count++] =
        (struct wr_column_definition){.kind = WR_TREE_PHYSICAL,
                                      .span = tree->query->span,
                                      .name_span = tree->query->span,
                                      .name = field->name,
                                      .type = wr_type_with_not_null(arena, field->type, false)};
  }
  return WR_OK;
}

static enum wr_code define_like(struct wr_arena *arena, const struct wr_catalogue *catalogue,
                                const struct wr_tree_create_table *tree,
                                struct wr_table_definition *draft,
                                struct wr_column_definition *columns, struct wr_error *err)
{
  const struct wr_object *object;
  enum wr_code code = wr_catalogue_get(catalogue, tree->like, &object, err);
  if (code)
    return code;
  if (object->kind != WR_OBJECT_TABLE && object->kind != WR_OBJECT_STREAM) {
    wr_fail_at(err, WR_SEMANTIC, tree->like->span, "LIKE takes a table, and '%s' is %s",
               object->name,
               object->kind == WR_OBJECT_VIEW ? "a view" : "the stream of rejected rows");
    return wr_state(err, WR_STATE_WRONG_OBJECT_TYPE);
  }
  const struct wr_table_definition *from = object->table->definition;
  struct wr_column_definition *all = WR_NEW_ARRAY(arena, struct wr_column_definition,
                                                  (size_t)from->column_count + draft->column_count);
  memcpy(all, columns, sizeof *all * draft->column_count);
  return wr_table_merge_like(arena, tree, from, draft, all, err);
}

enum wr_code wr_table_define(const struct wr_settings *settings,
                             const struct wr_catalogue *catalogue, const char *name,
                             const struct wr_tree_create_table *tree, const struct wr_schema *query,
                             const struct wr_table_definition **out, struct wr_error *err)
{
  struct wr_arena *arena = settings->arena;
  struct wr_table_definition *draft = WR_NEW(arena, struct wr_table_definition);
  struct wr_column_definition *columns =
      WR_NEW_ARRAY(arena, struct wr_column_definition,
                   (size_t)tree->columns.count + (query ? query->column_count : 0));
  *draft = (struct wr_table_definition){
      .name = name,
      .span = tree->name.span,
      .options_span = tree->options_span.length ? tree->options_span : tree->name.span,
      .temporary = tree->temporary,
      .columns = columns,
      .column_count = tree->columns.count,
      .watermark = tree->watermarks.count ? tree->watermarks.items[0] : NULL,
      .key = tree->keys.count ? tree->keys.items[0] : NULL,
      .comment = tree->comment ? tree->comment->bytes : NULL,
      .partitioned_by = tree->partitioned_by,
      .options = define_options(arena, &tree->options),
      .binding = settings->binding,
      .idle_timeout_us = wr_settings_duration_us(settings, "table.exec.source.idle-timeout")};
  *out = draft;
  enum wr_code code = define_check(tree, err);
  for (uint32_t c = 0; code == WR_OK && c < tree->columns.count; c++)
    code = define_column(settings->binding, tree->columns.items[c], &columns[c], err);
  if (code == WR_OK && query)
    code = define_query(arena, tree, query, draft, columns, err);
  if (code == WR_OK && tree->like)
    code = define_like(arena, catalogue, tree, draft, columns, err);
  if (code)
    return code;
  if (draft->column_count == 0) {
    wr_fail_at(err, WR_SEMANTIC, tree->name.span, "the table '%s' has no columns", name);
    return wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
  }
  if (draft->column_count <= WR_COLUMNS_MAX)
    return WR_OK;
  wr_fail_at(err, WR_LIMIT, tree->name.span, "%u columns; the limit WR_COLUMNS_MAX is %d",
             draft->column_count, WR_COLUMNS_MAX);
  return wr_state(err, WR_STATE_TOO_MANY_COLUMNS);
}
