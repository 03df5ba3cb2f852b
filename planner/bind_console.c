/* SPDX-License-Identifier: Apache-2.0 */
/* A bare query: its rows go to the console, a table that nobody has declared. */
#include "planner/bind_insert.h"

#include <string.h>

#include "planner/planner.h"
#include "planner/results.h"
#include "planner/rowtime.h"

/* SELECT NULL: on the console a NULL without a type is a text. */
static struct wr_logical *console_type_nulls(const struct wr_binder *binder,
                                             struct wr_logical *node)
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

static enum wr_code console_query(struct wr_binder *binder, const struct wr_tree_query *query,
                                  const char *result_format, const char *statement,
                                  struct wr_logical **out, struct wr_error *err)
{
  struct wr_logical *node;
  enum wr_code code = wr_bind_query(binder, query, &node, err);
  if (code)
    return code;
  node = wr_rowtime_drop(binder, node);
  node = wr_results_settled(binder, console_type_nulls(binder, node));
  const struct wr_console console = {
      .format = result_format, .statement = statement, .span = query->span};
  return wr_bind_console_node(binder, node, &console, out, err);
}

enum wr_code wr_bind_console(struct wr_binder *binder, const struct wr_tree_query *query,
                             const char *result_format, const char *statement,
                             struct wr_logical **out, struct wr_error *err)
{
  const struct wr_results results = wr_results_of(binder, binder->printed);
  const struct wr_binder before = *binder;
  binder->told = results.told;
  binder->may_settle = results.may_settle;
  enum wr_code code = console_query(binder, query, result_format, statement, out, err);
  if (code && results.told && results.may_settle) {
    wr_error_clear(err);
    *binder = before;
    binder->may_settle = true;
    code = console_query(binder, query, result_format, statement, out, err);
  }
  binder->told = false;
  return code;
}

/* What the console is told. */
static const struct wr_options *console_options(const struct wr_binder *binder,
                                                const struct wr_console *console, bool changes)
{
  const struct wr_option_value all[] = {
      {.key = "format", .value = console->format ? console->format : "auto"},
      {.key = "changes", .value = changes ? "true" : NULL},
      {.key = "stream", .value = console->named ? console->stream : NULL}};
  uint32_t count = sizeof all / sizeof *all;
  struct wr_option_value *values = WR_NEW_ARRAY(binder->arena, struct wr_option_value, count);
  struct wr_options *options = WR_NEW(binder->arena, struct wr_options);
  options->values = values;
  for (uint32_t i = 0; i < count; i++) {
    if (!all[i].value)
      continue;
    values[options->value_count] = all[i];
    values[options->value_count].key_span = (struct wr_span){WR_NO_POSITION, 0};
    values[options->value_count++].value_span = (struct wr_span){WR_NO_POSITION, 0};
  }
  return options;
}

enum wr_code wr_bind_console_node(struct wr_binder *binder, struct wr_logical *node,
                                  const struct wr_console *console, struct wr_logical **out,
                                  struct wr_error *err)
{
  static const struct wr_options no_options = {0};
  bool nowhere = console->format && strcmp(console->format, WR_RESULT_NOWHERE) == 0;
  const struct wr_options *options =
      nowhere ? &no_options : console_options(binder, console, node->changes);
  struct wr_table *table = WR_NEW(binder->arena, struct wr_table);
  *table = (struct wr_table){.name = nowhere ? "nowhere" : "console",
                             .connector = wr_connector_find(nowhere ? "blackhole" : "console"),
                             .options = options,
                             .shown = console->stream,
                             .physical = node->schema,
                             .written = node->schema,
                             .raw = node->schema,
                             .row = node->schema,
                             .is_plain = true,
                             .single_writer = true,
                             .time_column = UINT32_MAX,
                             .time_zone = binder->binding->time_zone};
  if (!table->connector)
    return wr_fail_at(err, WR_INTERNAL, console->span,
                      "this build has no console to print the rows of a query");
  const struct wr_option *const tables[] = {table->connector->options};
  enum wr_code code = wr_options_check(options, tables, 1, "the console", console->span, err);
  if (code == WR_OK)
    code = wr_table_check_use(table, true, console->span, err);
  *out = code ? NULL : wr_logical_sink(binder->arena, node, table, console->statement);
  if (code)
    return code;
  (*out)->sink.singly = wr_results_singly(binder, binder->printed);
  return wr_results_check(binder, *out, console->span, err);
}
