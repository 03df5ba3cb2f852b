/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHOW CREATE: the statement with everything that LIKE, AS and ALTER have made of it. Values of
 * options that are secret are not shown: such a statement has to be completed before it is run.
 */
#include "planner/show_create.h"

#include <string.h>

#include "planner/table.h"
#include "planner/writing.h"

static void create_name(struct wr_writing *out, const char *name)
{
  wr_write(out, "`");
  for (const char *c = name; *c; c++)
    wr_write(out, *c == '`' ? "``" : "%c", *c);
  wr_write(out, "`");
}

static void create_text(struct wr_writing *out, const char *text)
{
  wr_write(out, "'");
  for (const char *c = text; *c; c++)
    wr_write(out, *c == '\'' ? "''" : "%c", *c);
  wr_write(out, "'");
}

static void create_span(struct wr_writing *out, const char *text, struct wr_span span)
{
  wr_write(out, "%.*s", (int)span.length, text + span.offset);
}

static void create_names(struct wr_writing *out, const struct wr_tree_identifiers *names)
{
  for (uint32_t i = 0; i < names->count; i++) {
    wr_write(out, i ? ", " : "(");
    create_name(out, names->items[i]->text);
  }
  wr_write(out, ")");
}

static void create_extras(struct wr_writing *out, const char *text,
                          const struct wr_column_definition *column)
{
  if (column->kind == WR_TREE_COMPUTED) {
    wr_write(out, "AS ");
    create_span(out, text, column->value->span);
  } else if (column->kind == WR_TREE_METADATA) {
    wr_write(out, "METADATA");
    if (column->metadata_key) {
      wr_write(out, " FROM ");
      create_text(out, column->metadata_key->bytes);
    }
    if (column->is_virtual)
      wr_write(out, " VIRTUAL");
  }
}

const char *wr_show_extras(const char *text, struct wr_arena *arena,
                           const struct wr_column_definition *column)
{
  struct wr_writing out = {.arena = arena};
  if (column->kind == WR_TREE_PHYSICAL)
    return NULL;
  create_extras(&out, text, column);
  return wr_written(&out);
}

/* ROW<a INT NOT NULL, ...>: NOT NULL inside is written too. */
static void create_type(struct wr_writing *out, const struct wr_type *type)
{
  char name[256];
  switch (type->kind) {
  case WR_ROW:
    wr_write(out, "ROW<");
    for (uint32_t f = 0; f < type->field_count; f++) {
      wr_write(out, f ? ", " : "");
      create_name(out, type->fields[f].name);
      wr_write(out, " ");
      create_type(out, type->fields[f].type);
    }
    wr_write(out, ">");
    break;
  case WR_ARRAY:
  case WR_MULTISET:
    wr_write(out, type->kind == WR_ARRAY ? "ARRAY<" : "MULTISET<");
    create_type(out, type->fields[0].type);
    wr_write(out, ">");
    break;
  case WR_MAP:
    wr_write(out, "MAP<");
    create_type(out, type->fields[0].type);
    wr_write(out, ", ");
    create_type(out, type->fields[1].type);
    wr_write(out, ">");
    break;
  default:
    wr_type_print(type, name, sizeof name);
    wr_write(out, "%s", name);
    break;
  }
  if (type->not_null)
    wr_write(out, " NOT NULL");
}

static void create_column(struct wr_writing *out, const char *text,
                          const struct wr_column_definition *column)
{
  wr_write(out, "  ");
  create_name(out, column->name);
  wr_write(out, " ");
  if (column->type)
    create_type(out, column->type);
  if (column->type && column->kind != WR_TREE_PHYSICAL)
    wr_write(out, " ");
  create_extras(out, text, column);
  if (!column->comment)
    return;
  wr_write(out, " COMMENT ");
  create_text(out, column->comment);
}

static void create_clauses(struct wr_writing *out, const char *text,
                           const struct wr_table_definition *table)
{
  if (table->watermark) {
    wr_write(out, ",\n  WATERMARK FOR ");
    for (uint32_t i = 0; i < table->watermark->column.parts.count; i++) {
      wr_write(out, i ? "." : "");
      create_name(out, table->watermark->column.parts.items[i]->text);
    }
    wr_write(out, " AS ");
    create_span(out, text, table->watermark->value->span);
  }
  if (!table->key)
    return;
  wr_write(out, ",\n  ");
  if (table->key->name) {
    wr_write(out, "CONSTRAINT ");
    create_name(out, table->key->name->text);
    wr_write(out, " ");
  }
  wr_write(out, "PRIMARY KEY ");
  create_names(out, &table->key->columns);
  wr_write(out, " NOT ENFORCED");
}

bool wr_show_hides(const struct wr_table_definition *table, const char *key)
{
  const struct wr_connector *connector =
      wr_connector_find(wr_options_find(&table->options, "connector"));
  for (const struct wr_option *row = connector ? connector->options : NULL; row && row->name;
       row++) {
    size_t length = strlen(row->name);
    if (row->name[length - 1] == '*' ? strncmp(row->name, key, length - 1) == 0
                                     : strcmp(row->name, key) == 0)
      return row->secret;
  }
  return false;
}

static void create_options(struct wr_writing *out, const struct wr_table_definition *table)
{
  wr_write(out, "\nWITH (");
  for (uint32_t i = 0; i < table->options.value_count; i++) {
    const struct wr_option_value *option = &table->options.values[i];
    wr_write(out, "%s\n  ", i ? "," : "");
    create_text(out, option->key);
    wr_write(out, " = ");
    create_text(out, wr_show_hides(table, option->key) ? "******" : option->value);
  }
  wr_write(out, "\n)");
}

const char *wr_show_create_table(const char *text, struct wr_arena *arena,
                                 const struct wr_table_definition *table)
{
  struct wr_writing out = {.arena = arena};
  wr_write(&out, "CREATE %sTABLE ", table->temporary ? "TEMPORARY " : "");
  create_name(&out, table->name);
  wr_write(&out, " (\n");
  for (uint32_t c = 0; c < table->column_count; c++) {
    wr_write(&out, c ? ",\n" : "");
    create_column(&out, text, &table->columns[c]);
  }
  create_clauses(&out, text, table);
  wr_write(&out, "\n)");
  if (table->comment) {
    wr_write(&out, "\nCOMMENT ");
    create_text(&out, table->comment);
  }
  if (table->partitioned_by.count) {
    wr_write(&out, "\nPARTITIONED BY ");
    create_names(&out, &table->partitioned_by);
  }
  create_options(&out, table);
  return wr_written(&out);
}

const char *wr_show_create_view(const char *text, struct wr_arena *arena,
                                const struct wr_view *view)
{
  struct wr_writing out = {.arena = arena};
  wr_write(&out, "CREATE %sVIEW ", view->temporary ? "TEMPORARY " : "");
  create_name(&out, view->name);
  wr_write(&out, " ");
  if (view->columns->count) {
    create_names(&out, view->columns);
    wr_write(&out, " ");
  }
  if (view->comment) {
    wr_write(&out, "COMMENT ");
    create_text(&out, view->comment);
    wr_write(&out, " ");
  }
  wr_write(&out, "AS\n");
  create_span(&out, text, view->query->span);
  return wr_written(&out);
}
