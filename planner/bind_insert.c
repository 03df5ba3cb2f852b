/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INSERT INTO t [(columns)] query: columns are matched by place, missing ones become NULL, values
 * are fitted to the types of the table. A bare query goes to the console in the same way.
 */
#include "planner/binder.h"

#include <assert.h>
#include <string.h>

/* For each column of the sink, the query's column that fills it; UINT32_MAX: NULL. */
static enum wr_code insert_match(const struct wr_binder *binder,
                                 const struct wr_tree_insert *insert, const struct wr_table *table,
                                 uint32_t **out, struct wr_error *err)
{
  uint32_t count = table->physical.column_count;
  uint32_t *from = WR_NEW_ARRAY(binder->arena, uint32_t, count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  *out = from;
  for (uint32_t c = 0; c < count; c++) {
    names[c] = table->physical.fields[c].name;
    from[c] = insert->columns.count ? UINT32_MAX : c;
  }
  for (uint32_t i = 0; i < insert->columns.count; i++) {
    const struct wr_tree_identifier *part = insert->columns.items[i];
    uint32_t c = 0;
    while (c < count && strcmp(names[c], part->text) != 0)
      c++;
    if (c == count) {
      for (uint32_t v = 0; v < table->row.column_count; v++)
        if (strcmp(table->row.fields[v].name, part->text) == 0)
          return wr_fail_at(err, WR_SEMANTIC, part->span,
                            "the column '%s' of '%s' is computed and cannot be inserted into",
                            part->text, table->name);
      wr_fail_at(err, WR_SEMANTIC, part->span, "the table '%s' has no column '%s'", table->name,
                 part->text);
      const char *near = wr_nearest(part->text, names, count);
      return near ? wr_hint(err, "did you mean '%s'?", near) : err->code;
    }
    if (from[c] != UINT32_MAX)
      return wr_fail_at(err, WR_SEMANTIC, part->span, "the column '%s' is named twice", part->text);
    from[c] = i;
  }
  return WR_OK;
}

/* "a INT, b STRING": as much as fits a hint. */
static const char *insert_list(struct wr_arena *arena, const struct wr_schema *schema)
{
  const char *list = "";
  for (uint32_t c = 0; c < schema->column_count && c < 12; c++) {
    char type[64];
    wr_type_print(schema->fields[c].type, type, sizeof type);
    list = wr_arena_print(arena, "%s%s%s %s", list, c ? ", " : "", schema->fields[c].name, type);
  }
  return schema->column_count > 12 ? wr_arena_print(arena, "%s ...", list) : list;
}

static enum wr_code insert_fail_count(const struct wr_binder *binder,
                                      const struct wr_tree_insert *insert,
                                      const struct wr_table *table, const struct wr_logical *query,
                                      uint32_t expected, struct wr_error *err)
{
  uint32_t given = query->schema.column_count;
  wr_fail_at(err, WR_SEMANTIC, insert->query->span, "the query gives %u column%s, but %s takes %u",
             given, given == 1 ? "" : "s",
             insert->columns.count ? "the list of columns"
                                   : wr_arena_print(binder->arena, "'%s'", table->name),
             expected);
  if (insert->columns.count)
    return err->code;
  return wr_hint(err, "the query: %s; the table: %s", insert_list(binder->arena, &query->schema),
                 insert_list(binder->arena, &table->physical));
}

/* Where a column of the query was written, for messages about it. */
static struct wr_span insert_column_span(const struct wr_tree_query *query, uint32_t column)
{
  if (query->kind != WR_TREE_SELECT || column >= query->select->items.count)
    return query->span;
  for (uint32_t i = 0; i <= column; i++)
    if (query->select->items.items[i]->value->kind == WR_TREE_STAR)
      return query->select->items.items[i]->span;
  return query->select->items.items[column]->span;
}

/* A column of the query. NULL has no type that a column could have, so it is written out again. */
static const struct wr_expression *insert_value(const struct wr_binder *binder,
                                                const struct wr_logical *node, uint32_t column,
                                                struct wr_span span)
{
  const struct wr_type *type = node->schema.fields[column].type;
  return type->kind == WR_NULL ? wr_bind_null(binder->binding, type, span)
                               : wr_bind_column(binder->binding, column, type, span);
}

/* One row of values fitted to the table; from as in insert_match. */
static enum wr_code insert_fit_row(const struct wr_binder *binder,
                                   const struct wr_tree_insert *insert,
                                   const struct wr_table *table, const uint32_t *from,
                                   const struct wr_expression *const *row,
                                   const struct wr_expression **out, struct wr_error *err)
{
  for (uint32_t c = 0; c < table->physical.column_count; c++) {
    const struct wr_field *field = &table->physical.fields[c];
    if (from[c] == UINT32_MAX) {
      out[c] = wr_bind_null(binder->binding, field->type, insert->query->span);
      continue;
    }
    enum wr_code code =
        wr_bind_assign(binder->binding, row[from[c]], field->type, field->name, &out[c], err);
    if (code)
      return code;
  }
  return WR_OK;
}

/* Constant rows are fitted as they are, each value at its own place in the text. */
static enum wr_code insert_fit_values(const struct wr_binder *binder,
                                      const struct wr_tree_insert *insert,
                                      const struct wr_table *table, const uint32_t *from,
                                      struct wr_logical **node, struct wr_error *err)
{
  const struct wr_logical_values *values = &(*node)->values;
  size_t old_count = (*node)->schema.column_count, count = table->physical.column_count;
  const struct wr_expression **cells =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, values->row_count *count);
  for (size_t r = 0; r < values->row_count; r++) {
    enum wr_code code = insert_fit_row(binder, insert, table, from, values->rows + r * old_count,
                                       cells + r * count, err);
    if (code)
      return code;
  }
  *node = wr_logical_values(binder->arena, &table->physical, cells, values->row_count);
  return WR_OK;
}

/* The projection that fits the query's rows to the table. */
static enum wr_code insert_fit(const struct wr_binder *binder, const struct wr_tree_insert *insert,
                               const struct wr_table *table, const uint32_t *from,
                               struct wr_logical **node, struct wr_error *err)
{
  if ((*node)->kind == WR_LOGICAL_VALUES)
    return insert_fit_values(binder, insert, table, from, node, err);
  uint32_t count = table->physical.column_count, old_count = (*node)->schema.column_count;
  const struct wr_expression **row =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, old_count);
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  for (uint32_t c = 0; c < old_count; c++)
    row[c] = insert_value(binder, *node, c, insert_column_span(insert->query, c));
  for (uint32_t c = 0; c < count; c++)
    names[c] = table->physical.fields[c].name;
  enum wr_code code = insert_fit_row(binder, insert, table, from, row, expressions, err);
  if (code == WR_OK)
    *node = wr_logical_project(binder->arena, *node, expressions, names, count);
  return code;
}

static enum wr_code insert_check_table(const struct wr_object *object,
                                       const struct wr_tree_insert *insert, struct wr_error *err)
{
  struct wr_span span = insert->table.span;
  if (insert->overwrite)
    return wr_fail_at(err, WR_UNSUPPORTED, span,
                      "INSERT OVERWRITE is not supported: streams only grow");
  if (insert->hints.count)
    return wr_fail_at(err, WR_UNSUPPORTED, insert->hints.items[0]->span,
                      "hints on tables are not supported yet");
  if (object->kind != WR_OBJECT_TABLE)
    return wr_fail_at(
        err, WR_SEMANTIC, span, "'%s' is %s and cannot be inserted into", object->name,
        object->kind == WR_OBJECT_VIEW ? "a view" : "the built-in stream of rejected rows");
  if (object->table->first_metadata) {
    wr_fail_at(err, WR_UNSUPPORTED, span, "writing metadata is not supported yet: '%s' of '%s'",
               object->table->first_metadata, object->name);
    return wr_hint(err, "a metadata column that is only read is declared VIRTUAL");
  }
  return wr_table_check_use(object->table, true, span, err);
}

enum wr_code wr_bind_insert(struct wr_binder *binder, const struct wr_tree_insert *insert,
                            const char *statement, struct wr_logical **out, struct wr_error *err)
{
  const struct wr_object *object;
  uint32_t *from;
  enum wr_code code = wr_catalogue_get(binder->catalogue, &insert->table, &object, err);
  if (code == WR_OK)
    code = insert_check_table(object, insert, err);
  if (code)
    return code;
  const struct wr_table *table = object->table;
  struct wr_logical *node;
  code = insert_match(binder, insert, table, &from, err);
  if (code == WR_OK)
    code = wr_bind_query(binder, insert->query, &node, err);
  if (code)
    return code;
  uint32_t expected = insert->columns.count ? insert->columns.count : table->physical.column_count;
  if (node->schema.column_count != expected)
    return insert_fail_count(binder, insert, table, node, expected, err);
  code = insert_fit(binder, insert, table, from, &node, err);
  if (code)
    return code;
  *out = wr_logical_sink(binder->arena, node, table, statement);
  return WR_OK;
}

/* SELECT NULL: on the console a NULL without a type is a text. */
static struct wr_logical *insert_type_nulls(const struct wr_binder *binder, struct wr_logical *node)
{
  uint32_t count = node->schema.column_count;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  struct wr_field *fields = WR_NEW_ARRAY(binder->arena, struct wr_field, count);
  bool is_typed = true;
  for (uint32_t c = 0; c < count; c++) {
    const struct wr_span nowhere = {WR_NO_POSITION, 0};
    const struct wr_expression *null = wr_bind_null(binder->binding, &wr_type_string, nowhere);
    bool is_null = node->schema.fields[c].type->kind == WR_NULL;
    fields[c] = (struct wr_field){.name = node->schema.fields[c].name,
                                  .type = is_null ? null->type : node->schema.fields[c].type};
    names[c] = fields[c].name;
    expressions[c] = is_null ? null : wr_bind_column(binder->binding, c, fields[c].type, nowhere);
    is_typed = is_typed && !is_null;
  }
  if (is_typed)
    return node;
  if (node->kind != WR_LOGICAL_VALUES)
    return wr_logical_project(binder->arena, node, expressions, names, count);
  size_t cell_count = (size_t)node->values.row_count * count;
  const struct wr_expression **cells =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, cell_count);
  for (size_t i = 0; i < cell_count; i++)
    cells[i] = node->schema.fields[i % count].type->kind == WR_NULL ? expressions[i % count]
                                                                    : node->values.rows[i];
  const struct wr_schema schema = {.column_count = count, .fields = fields};
  return wr_logical_values(binder->arena, &schema, cells, node->values.row_count);
}

enum wr_code wr_bind_console(struct wr_binder *binder, const struct wr_tree_query *query,
                             const char *result_format, const char *statement,
                             struct wr_logical **out, struct wr_error *err)
{
  struct wr_logical *node;
  enum wr_code code = wr_bind_query(binder, query, &node, err);
  if (code)
    return code;
  node = insert_type_nulls(binder, node);
  struct wr_option_value *value = WR_NEW(binder->arena, struct wr_option_value);
  struct wr_options *options = WR_NEW(binder->arena, struct wr_options);
  *value = (struct wr_option_value){.key = "format",
                                    .value = result_format ? result_format : "auto",
                                    .key_span = {WR_NO_POSITION, 0},
                                    .value_span = {WR_NO_POSITION, 0}};
  *options = (struct wr_options){.values = value, .value_count = 1};
  struct wr_table *table = WR_NEW(binder->arena, struct wr_table);
  *table = (struct wr_table){.name = "console",
                             .connector = wr_connector_find("console"),
                             .options = options,
                             .physical = node->schema,
                             .raw = node->schema,
                             .row = node->schema,
                             .is_plain = true,
                             .single_writer = true,
                             .time_column = UINT32_MAX,
                             .time_zone = binder->binding->time_zone};
  if (!table->connector)
    return wr_fail_at(err, WR_INTERNAL, query->span,
                      "this build has no console to print the rows of a query");
  const struct wr_option *const tables[] = {table->connector->options};
  code = wr_options_check(options, tables, 1, "the console", query->span, err);
  if (code == WR_OK)
    code = wr_table_check_use(table, true, query->span, err);
  *out = code ? NULL : wr_logical_sink(binder->arena, node, table, statement);
  return code;
}
