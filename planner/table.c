/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns and the watermark of a CREATE TABLE. Computed columns and the watermark are bound
 * here, once, over the table's own columns; a computed column may use physical and metadata
 * columns, but no other computed one, as in Flink.
 */
#include "planner/table.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "planner/binder.h"

/* The shapes while they grow. */
struct table_draft {
  struct wr_arena *arena;
  const struct wr_settings *settings;
  const struct wr_tree_create_table *tree;
  struct wr_table *table;
  struct wr_field *physical, *raw, *row;
  uint32_t *metadata;
  const struct wr_expression **expressions;
};

/* ---- what a table cannot be yet */

static enum wr_code table_check_clauses(const struct wr_tree_create_table *tree,
                                        struct wr_error *err)
{
  if (tree->like)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->like->span,
                      "CREATE TABLE ... LIKE is not supported yet");
  if (tree->query)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->query->span,
                      "CREATE TABLE ... AS SELECT is not supported yet");
  if (tree->partitioned_by.count)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->partitioned_by.items[0]->span,
                      "PARTITIONED BY is not supported yet");
  if (tree->watermarks.count > 1)
    return wr_fail_at(err, WR_SEMANTIC, tree->watermarks.items[1]->span,
                      "a table has one WATERMARK at most");
  if (tree->keys.count > 1)
    return wr_fail_at(err, WR_SEMANTIC, tree->keys.items[1]->span,
                      "a table has one PRIMARY KEY at most");
  if (tree->columns.count == 0)
    return wr_fail_at(err, WR_SEMANTIC, tree->name.span, "the table '%s' has no columns",
                      tree->name.parts.items[0]->text);
  if (tree->columns.count > WR_COLUMNS_MAX)
    return wr_fail_at(err, WR_LIMIT, tree->name.span, "%u columns; the limit WR_COLUMNS_MAX is %d",
                      tree->columns.count, WR_COLUMNS_MAX);
  return WR_OK;
}

static enum wr_code table_check_key(const struct table_draft *draft, struct wr_error *err)
{
  if (draft->tree->keys.count == 0)
    return WR_OK;
  const struct wr_tree_key *key = draft->tree->keys.items[0];
  if (!key->not_enforced) {
    wr_fail_at(err, WR_SEMANTIC, key->span, "a PRIMARY KEY is not checked on streams");
    return wr_hint(err, "say so: PRIMARY KEY (...) NOT ENFORCED");
  }
  const char **names = WR_NEW_ARRAY(draft->arena, const char *, draft->table->row.column_count);
  for (uint32_t i = 0; i < key->columns.count; i++) {
    const struct wr_tree_identifier *part = key->columns.items[i];
    bool is_found = false;
    for (uint32_t c = 0; c < draft->table->row.column_count; c++) {
      names[c] = draft->row[c].name;
      is_found |= strcmp(names[c], part->text) == 0;
    }
    if (is_found)
      continue;
    wr_fail_at(err, WR_SEMANTIC, part->span, "the PRIMARY KEY names '%s', which is no column",
               part->text);
    const char *near = wr_nearest(part->text, names, draft->table->row.column_count);
    return near ? wr_hint(err, "did you mean '%s'?", near) : err->code;
  }
  return WR_OK;
}

/* ---- columns */

static enum wr_code table_metadata_column(struct table_draft *draft,
                                          const struct wr_tree_column_definition *column,
                                          struct wr_error *err)
{
  struct wr_table *table = draft->table;
  const char *key = column->metadata_key ? column->metadata_key->bytes : column->name->text;
  const char *names[64];
  uint32_t count = 0, which = UINT32_MAX;
  for (const struct wr_metadata *row = table->connector->metadata; row && row->name && count < 64;
       row++) {
    if (strcmp(row->name, key) == 0)
      which = count;
    names[count++] = row->name;
  }
  if (which != UINT32_MAX) {
    draft->raw[table->physical.column_count + table->metadata_count] = (struct wr_field){
        .name = column->name->text, .type = table->connector->metadata[which].type};
    draft->metadata[table->metadata_count++] = which;
    if (!column->is_virtual && !table->first_metadata)
      table->first_metadata = column->name->text;
    return WR_OK;
  }
  struct wr_span span = column->metadata_key ? column->metadata_key->span : column->span;
  wr_fail_at(err, WR_SEMANTIC, span, "the connector '%s' has no metadata '%s'",
             table->connector->name, key);
  const char *near = wr_nearest(key, names, count);
  if (near)
    return wr_hint(err, "did you mean '%s'?", near);
  const char *list = count ? names[0] : NULL;
  for (uint32_t i = 1; i < count; i++)
    list = wr_arena_print(draft->arena, "%s, %s", list, names[i]);
  return list ? wr_hint(err, "it has %s", list) : err->code;
}

/* Names, types and the raw shape. Computed columns have no type yet. */
static enum wr_code table_columns(struct table_draft *draft, struct wr_error *err)
{
  const struct wr_tree_column_definitions *columns = &draft->tree->columns;
  struct wr_table *table = draft->table;
  for (uint32_t c = 0; c < columns->count; c++) {
    const struct wr_tree_column_definition *column = columns->items[c];
    draft->row[c].name = column->name->text;
    for (uint32_t i = 0; i < c; i++)
      if (strcmp(draft->row[i].name, draft->row[c].name) == 0)
        return wr_fail_at(err, WR_SEMANTIC, column->name->span, "the column '%s' is declared twice",
                          draft->row[c].name);
    if (column->kind == WR_TREE_COMPUTED)
      continue;
    enum wr_code code = wr_bind_type(draft->arena, column->type, &draft->row[c].type, err);
    if (code)
      return code;
    if (column->kind == WR_TREE_PHYSICAL)
      draft->physical[table->physical.column_count++] = draft->row[c];
  }
  memcpy(draft->raw, draft->physical, sizeof *draft->raw * table->physical.column_count);
  for (uint32_t c = 0; c < columns->count; c++) {
    if (columns->items[c]->kind != WR_TREE_METADATA)
      continue;
    enum wr_code code = table_metadata_column(draft, columns->items[c], err);
    if (code)
      return code;
  }
  table->physical.fields = draft->physical;
  table->raw = (struct wr_schema){
      .column_count = table->physical.column_count + table->metadata_count, .fields = draft->raw};
  table->metadata = draft->metadata;
  return WR_OK;
}

/* The value of column c over the raw row. */
static enum wr_code table_expression(struct table_draft *draft, uint32_t c, uint32_t *physical,
                                     uint32_t *metadata, struct wr_error *err)
{
  const struct wr_tree_column_definition *column = draft->tree->columns.items[c];
  const struct wr_binding *binding = draft->settings->binding;
  struct wr_table *table = draft->table;
  if (column->kind == WR_TREE_COMPUTED) {
    const struct wr_binder binder = {.arena = draft->arena, .binding = binding};
    struct wr_scope scope = wr_scope_over(draft->arena, &table->raw, table->name);
    const struct wr_expression_context context = {
        .binder = &binder, .scope = &scope, .place = "a computed column"};
    enum wr_code code = wr_bind_expression(&context, column->value, &draft->expressions[c], err);
    if (code == WR_OK)
      draft->row[c].type = draft->expressions[c]->type;
    return code;
  }
  uint32_t from = column->kind == WR_TREE_PHYSICAL ? (*physical)++
                                                   : table->physical.column_count + (*metadata)++;
  draft->expressions[c] = wr_bind_column(binding, from, table->raw.fields[from].type, column->span);
  if (wr_type_equal(table->raw.fields[from].type, draft->row[c].type))
    return WR_OK;
  return wr_bind_cast(binding, draft->expressions[c], draft->row[c].type, false, column->span,
                      &draft->expressions[c], err);
}

static enum wr_code table_row(struct table_draft *draft, struct wr_error *err)
{
  struct wr_table *table = draft->table;
  uint32_t count = draft->tree->columns.count, physical = 0, metadata = 0;
  for (uint32_t c = 0; c < count; c++) {
    enum wr_code code = table_expression(draft, c, &physical, &metadata, err);
    if (code)
      return code;
  }
  table->row = (struct wr_schema){.column_count = count, .fields = draft->row};
  table->expressions = draft->expressions;
  table->is_plain = table->raw.column_count == count;
  for (uint32_t c = 0; c < count; c++)
    table->is_plain = table->is_plain && draft->expressions[c]->kind == WR_EXPRESSION_COLUMN &&
                      draft->expressions[c]->column == c;
  return WR_OK;
}

/* ---- the watermark */

static enum wr_code table_watermark(struct table_draft *draft, struct wr_error *err)
{
  struct wr_table *table = draft->table;
  table->time_column = UINT32_MAX;
  if (draft->tree->watermarks.count == 0)
    return WR_OK;
  const struct wr_tree_watermark *tree = draft->tree->watermarks.items[0];
  const struct wr_binder binder = {.arena = draft->arena, .binding = draft->settings->binding};
  struct wr_scope scope = wr_scope_over(draft->arena, &table->row, table->name);
  const struct wr_expression_context context = {
      .binder = &binder, .scope = &scope, .place = "WATERMARK"};
  const struct wr_expression *column, *value;
  enum wr_code code = wr_scope_resolve(&scope, binder.binding, &tree->column, &column, err);
  if (code == WR_OK)
    code = wr_bind_expression(&context, tree->value, &value, err);
  if (code == WR_OK)
    code = wr_bind_check(binder.binding, value, err);
  if (code)
    return code;
  char type[128];
  wr_type_print(column->type, type, sizeof type);
  if (column->kind != WR_EXPRESSION_COLUMN)
    return wr_fail_at(err, WR_SEMANTIC, tree->column.span,
                      "WATERMARK FOR takes a column, not a field of one");
  if (!wr_kind_is_timestamp(column->type->kind)) {
    wr_fail_at(err, WR_SEMANTIC, tree->column.span,
               "WATERMARK FOR takes a TIMESTAMP or TIMESTAMP_LTZ column, and '%s' is %s",
               draft->row[column->column].name, type);
    return wr_hint(err, "compute one from it, such as ts AS TO_TIMESTAMP(%s)",
                   draft->row[column->column].name);
  }
  if (value->type->kind != column->type->kind) {
    char found[128];
    wr_type_print(value->type, found, sizeof found);
    return wr_fail_at(err, WR_SEMANTIC, tree->value->span, "the watermark is %s, but '%s' is %s",
                      found, draft->row[column->column].name, type);
  }
  table->time_column = column->column;
  table->watermark = value;
  return WR_OK;
}

enum wr_code wr_table_create(const struct wr_settings *settings, const char *name,
                             const struct wr_tree_create_table *tree, const struct wr_table **out,
                             struct wr_error *err)
{
  struct wr_arena *arena = settings->arena;
  uint32_t count = tree->columns.count;
  struct table_draft draft = {
      .arena = arena,
      .settings = settings,
      .tree = tree,
      .table = WR_NEW(arena, struct wr_table),
      .physical = WR_NEW_ARRAY(arena, struct wr_field, count),
      .raw = WR_NEW_ARRAY(arena, struct wr_field, count),
      .row = WR_NEW_ARRAY(arena, struct wr_field, count),
      .metadata = WR_NEW_ARRAY(arena, uint32_t, count),
      .expressions = WR_NEW_ARRAY(arena, const struct wr_expression *, count),
  };
  draft.table->name = name;
  draft.table->time_zone = settings->binding->time_zone;
  enum wr_code code = table_check_clauses(tree, err);
  if (code == WR_OK)
    code = wr_table_read_options(settings, tree, draft.table, err);
  if (code == WR_OK)
    code = table_columns(&draft, err);
  if (code == WR_OK)
    code = table_row(&draft, err);
  if (code == WR_OK)
    code = table_check_key(&draft, err);
  if (code == WR_OK)
    code = table_watermark(&draft, err);
  *out = draft.table;
  return code;
}
