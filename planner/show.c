/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHOW, DESCRIBE and SET alone: what they tell are constant rows that go to the console like those
 * of a query, in their place among the jobs. Columns are called as in Flink.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "functions/aggregate_table.h"
#include "functions/function.h"
#include "planner/program_builder.h"
#include "planner/describe.h"
#include "planner/show_create.h"
#include "planner/writing.h"

#define SHOW_COLUMNS_MAX 6

/* Rows in the making; every cell is a text or NULL, in the column "null" TRUE or FALSE. */
struct show_rows {
  struct wr_arena *arena;
  const char *const *columns;
  uint32_t column_count;
  const char **cells;
  uint32_t count, room; /* rows */
};

static void show_add(struct show_rows *rows, const char *const *cells)
{
  if (rows->count == rows->room) {
    uint32_t room = rows->room ? 2 * rows->room : 16;
    const char **more = WR_NEW_ARRAY(rows->arena, const char *, (size_t)room * rows->column_count);
    if (rows->count)
      memcpy(more, rows->cells, sizeof *more * rows->count * rows->column_count);
    rows->cells = more;
    rows->room = room;
  }
  memcpy(rows->cells + (size_t)rows->count * rows->column_count, cells,
         sizeof *cells * rows->column_count);
  rows->count++;
}

static int show_compare(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* By the only column, each name once. */
static void show_sort(struct show_rows *rows)
{
  assert(rows->column_count == 1);
  uint32_t kept = 0;
  if (rows->count)
    qsort(rows->cells, rows->count, sizeof *rows->cells, show_compare);
  for (uint32_t i = 0; i < rows->count; i++)
    if (kept == 0 || strcmp(rows->cells[kept - 1], rows->cells[i]) != 0)
      rows->cells[kept++] = rows->cells[i];
  rows->count = kept;
}

/* The pattern of LIKE: % is any text, _ one character (which here may be any byte of one), \ makes
 * the next one plain. Patterns and names are short, so going back to the last % will do. */
static bool show_matches(const char *name, const char *pattern, bool ignore_case)
{
  const char *again_name = NULL, *again_pattern = NULL;
  while (*name) {
    bool is_plain = *pattern == '\\' && pattern[1];
    const char *at = pattern + is_plain;
    if (*pattern == '%' && !is_plain) {
      again_pattern = ++pattern;
      again_name = name;
      continue;
    }
    bool is_same = *at == *name || (ignore_case && strncasecmp(at, name, 1) == 0);
    if (*at && (is_same || (*at == '_' && !is_plain))) {
      pattern = at + 1;
      name++;
    } else if (again_pattern) {
      pattern = again_pattern;
      name = ++again_name;
    } else {
      return false;
    }
  }
  while (*pattern == '%')
    pattern++;
  return *pattern == '\0';
}

static bool show_wants(const struct wr_tree_show *show, const char *name)
{
  return !show->like || show_matches(name, show->like->bytes, show->ignore_case) != show->not_like;
}

static void show_add_name(struct show_rows *rows, const struct wr_tree_show *show, const char *name)
{
  if (show_wants(show, name))
    show_add(rows, &name);
}

/* ---- what is shown */

static void show_objects(const struct wr_program_builder *builder, const struct wr_tree_show *show,
                         struct show_rows *rows)
{
  for (const struct wr_object *object = builder->catalogue.first; object; object = object->next)
    if (show->kind == WR_TREE_SHOW_TABLES ? object->kind != WR_OBJECT_REJECTS
                                          : object->kind == WR_OBJECT_VIEW)
      show_add_name(rows, show, object->name);
  show_sort(rows);
}

static void show_functions(const struct wr_program_builder *builder,
                           const struct wr_tree_show *show, struct show_rows *rows)
{
  const struct wr_function *function;
  const struct wr_aggregate_function *aggregate;
  for (uint32_t i = 0; !show->user && (function = wr_function_at(i)); i++)
    if (function->usage && !(function->traits & WR_OPERATOR))
      show_add_name(rows, show, function->name);
  for (uint32_t i = 0; !show->user && (aggregate = wr_aggregate_at(i)); i++)
    show_add_name(rows, show, aggregate->name);
  for (const struct wr_user_function *mine = builder->catalogue.functions; mine; mine = mine->next)
    show_add_name(rows, show, mine->name);
  show_sort(rows);
}

/* The columns of a table, view or error_stream: name, type, null, key, extras, watermark. */
static void describe_columns(const struct wr_program_builder *builder,
                             const struct wr_object *object, const struct wr_tree_show *show,
                             struct show_rows *rows)
{
  const struct wr_table *table = object->table;
  const struct wr_schema *schema = wr_object_schema(object, builder->catalogue.kinesis);
  const char *key = NULL;
  for (uint32_t k = 0; table && k < table->key_count; k++)
    key = wr_arena_print(builder->arena, "%s%s%s", key ? key : "PRI(", key ? ", " : "",
                         schema->fields[table->keys[k]].name);
  for (uint32_t c = 0; c < schema->column_count; c++) {
    const struct wr_field *field = &schema->fields[c];
    char type[1024];
    wr_type_print(field->type, type, sizeof type);
    const char *extras = NULL;
    bool is_key = false;
    for (uint32_t k = 0; table && k < table->key_count; k++)
      is_key = is_key || table->keys[k] == c;
    if (table)
      extras = wr_show_extras(builder->text, builder->arena, &table->definition->columns[c]);
    for (uint32_t p = 0; table && p < table->partition_count; p++)
      if (strcmp(table->partitions[p], field->name) == 0)
        extras = "PARTITION KEY";
    const char *cells[SHOW_COLUMNS_MAX] = {
        field->name,
        wr_arena_copy(builder->arena, type, strlen(type)),
        field->type->not_null ? "FALSE" : "TRUE",
        is_key ? wr_arena_print(builder->arena, "%s)", key) : NULL,
        extras,
        table && table->time_column == c
            ? wr_program_text(builder, table->definition->watermark->value->span)
            : NULL};
    if (!show || show_wants(show, field->name))
      show_add(rows, cells);
  }
}

static void show_settings(const struct wr_program_builder *builder, struct show_rows *rows)
{
  for (const struct wr_option *option = wr_settings_table; option->name; option++) {
    const char *value = wr_settings_text(&builder->settings, option->name);
    const char *cells[] = {option->name, value};
    if (value)
      show_add(rows, cells);
  }
}

static enum wr_code show_fail_kind(const struct wr_object *object, const struct wr_tree_name *name,
                                   bool wants_view, struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, name->span, "'%s' is %s", object->name,
             object->kind == WR_OBJECT_REJECTS  ? "the built-in stream of rejected rows"
             : object->kind == WR_OBJECT_STREAM ? "a stream"
             : wants_view                       ? "a table"
                                                : "a view");
  wr_state(err, WR_STATE_WRONG_OBJECT_TYPE);
  return object->kind == WR_OBJECT_REJECTS || object->kind == WR_OBJECT_STREAM
             ? err->code
             : wr_hint(err, "write SHOW CREATE %s %s", wants_view ? "TABLE" : "VIEW", object->name);
}

static enum wr_code show_create(const struct wr_program_builder *builder,
                                const struct wr_tree_show *show, struct show_rows *rows,
                                struct wr_error *err)
{
  const struct wr_object *object;
  bool wants_view = show->kind == WR_TREE_SHOW_CREATE_VIEW;
  enum wr_code code = wr_catalogue_get(&builder->catalogue, show->name, &object, err);
  if (code)
    return code;
  if (object->kind != (wants_view ? WR_OBJECT_VIEW : WR_OBJECT_TABLE))
    return show_fail_kind(object, show->name, wants_view, err);
  const char *text =
      wants_view ? wr_show_create_view(builder->text, builder->arena, object->view)
                 : wr_show_create_table(builder->text, builder->arena, object->table->definition);
  show_add(rows, &text);
  return WR_OK;
}

/* SHOW TABLES FROM database: there is one. */
static enum wr_code show_check_place(const struct wr_tree_show *show, struct wr_error *err)
{
  static const char *const places[] = {"default_database", "default_catalog"};
  const struct wr_tree_identifiers *parts = &show->name->parts;
  for (uint32_t i = 0; i < parts->count; i++) {
    const struct wr_tree_identifier *part = parts->items[parts->count - 1 - i];
    if (i < 2 && strcmp(part->text, places[i]) == 0)
      continue;
    wr_fail_at(err, WR_UNSUPPORTED, part->span, "there is no %s '%s'", i ? "catalogue" : "database",
               part->text);
    wr_state(err, WR_STATE_UNDEFINED_OBJECT);
    return wr_hint(err, "everything is in default_catalog.default_database");
  }
  return WR_OK;
}

static enum wr_code show_statement(const struct wr_program_builder *builder,
                                   const struct wr_tree_show *show, struct show_rows *rows,
                                   struct wr_error *err)
{
  const struct wr_object *object;
  enum wr_code code = WR_OK;
  switch (show->kind) {
  case WR_TREE_SHOW_TABLES:
  case WR_TREE_SHOW_VIEWS:
  case WR_TREE_SHOW_FUNCTIONS:
    if (show->name && (code = show_check_place(show, err)) != WR_OK)
      return code;
    if (show->kind == WR_TREE_SHOW_FUNCTIONS)
      show_functions(builder, show, rows);
    else
      show_objects(builder, show, rows);
    return WR_OK;
  case WR_TREE_SHOW_COLUMNS:
    code = wr_catalogue_get(&builder->catalogue, show->name, &object, err);
    if (code == WR_OK)
      describe_columns(builder, object, show, rows);
    return code;
  case WR_TREE_SHOW_CREATE_TABLE:
  case WR_TREE_SHOW_CREATE_VIEW: return show_create(builder, show, rows, err);
  case WR_TREE_SHOW_CATALOGS:
  case WR_TREE_SHOW_CURRENT_CATALOG: show_add_name(rows, show, "default_catalog"); return WR_OK;
  case WR_TREE_SHOW_DATABASES:
  case WR_TREE_SHOW_CURRENT_DATABASE: show_add_name(rows, show, "default_database"); return WR_OK;
  }
  assert(!"SHOW of another kind");
  return WR_INTERNAL;
}

/* ---- rows to the console */

static const char *const show_describe_columns[SHOW_COLUMNS_MAX] = {"name", "type",   "null",
                                                                    "key",  "extras", "watermark"};
static const char *const show_setting_columns[] = {"key", "value"};
static const char *const show_columns[] = {
    [WR_TREE_SHOW_TABLES] = "table name",
    [WR_TREE_SHOW_VIEWS] = "view name",
    [WR_TREE_SHOW_COLUMNS] = NULL,
    [WR_TREE_SHOW_FUNCTIONS] = "function name",
    [WR_TREE_SHOW_CREATE_TABLE] = "result",
    [WR_TREE_SHOW_CREATE_VIEW] = "result",
    [WR_TREE_SHOW_CATALOGS] = "catalog name",
    [WR_TREE_SHOW_CURRENT_CATALOG] = "current catalog name",
    [WR_TREE_SHOW_DATABASES] = "database name",
    [WR_TREE_SHOW_CURRENT_DATABASE] = "current database name",
};

static struct wr_logical *show_values(const struct wr_program_builder *builder,
                                      const struct show_rows *rows)
{
  const struct wr_binding *binding = builder->settings.binding;
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  size_t cell_count = (size_t)rows->count * rows->column_count;
  const struct wr_expression **cells =
      WR_NEW_ARRAY(builder->arena, const struct wr_expression *, cell_count);
  struct wr_field *fields = WR_NEW_ARRAY(builder->arena, struct wr_field, rows->column_count);
  for (uint32_t c = 0; c < rows->column_count; c++)
    fields[c] = (struct wr_field){.name = rows->columns[c],
                                  .type = strcmp(rows->columns[c], "null") == 0 ? &wr_type_boolean
                                                                                : &wr_type_string};
  for (size_t i = 0; i < cell_count; i++) {
    const char *text = rows->cells[i];
    if (fields[i % rows->column_count].type->kind == WR_BOOLEAN) {
      cells[i] = wr_bind_boolean(binding, strcmp(text, "TRUE") == 0, nowhere);
      continue;
    }
    cells[i] = wr_bind_null(binding, &wr_type_string, nowhere);
    if (!text)
      continue;
    struct wr_error err;
    const struct wr_expression *value =
        wr_bind_text(binding, text, (uint32_t)strlen(text), nowhere);
    enum wr_code code =
        wr_bind_cast(binding, value, &wr_type_string, false, nowhere, &cells[i], &err);
    assert(code == WR_OK);
    (void)code;
  }
  const struct wr_schema schema = {.column_count = rows->column_count, .fields = fields};
  return wr_logical_values(builder->arena, &schema, cells, rows->count);
}

enum wr_code wr_program_show(struct wr_program_builder *builder,
                             const struct wr_tree_statement *statement, struct wr_error *err)
{
  struct show_rows rows = {.arena = builder->arena};
  enum wr_code code = WR_OK;
  if (statement->kind == WR_TREE_SHOW_SETTINGS) {
    rows.columns = show_setting_columns;
    rows.column_count = 2;
    show_settings(builder, &rows);
  } else if (statement->kind == WR_TREE_DESCRIBE) {
    const struct wr_object *object;
    rows.columns = show_describe_columns;
    rows.column_count = SHOW_COLUMNS_MAX;
    code = wr_catalogue_get(&builder->catalogue, &statement->describe, &object, err);
    if (code == WR_OK)
      describe_columns(builder, object, NULL, &rows);
  } else {
    bool has_several = statement->show.kind == WR_TREE_SHOW_COLUMNS;
    rows.columns = has_several ? show_describe_columns : &show_columns[statement->show.kind];
    rows.column_count = has_several ? SHOW_COLUMNS_MAX : 1;
    code = show_statement(builder, &statement->show, &rows, err);
  }
  if (code)
    return code;
  struct wr_draft *draft = wr_program_add_draft(builder, statement->span);
  struct wr_logical *root;
  draft->is_select = true;
  const struct wr_console console = {.format = builder->options->result_format,
                                     .statement = wr_program_text(builder, statement->span),
                                     .span = statement->span};
  code = wr_bind_console_node(&draft->binder, show_values(builder, &rows), &console, &root, err);
  if (code == WR_OK)
    wr_draft_add_root(draft, root);
  return code;
}
