/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CREATE STREAM and CREATE PUMP. A stream has the columns that its pumps fill, its shape, and with
 * WITH (...) a table as well. A pump is only noted: what it reads may be declared behind it.
 */
#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "planner/app_streams.h"
#include "planner/rowtime.h"
#include "planner/table.h"

static const char *stream_last(const struct wr_tree_name *name)
{
  return name->parts.items[name->parts.count - 1]->text;
}

/* ---- the shape */

/* Whether INSERT fills a column. */
static bool stream_is_filled(const struct wr_column_definition *column)
{
  return column->kind == WR_TREE_PHYSICAL ||
         (column->kind == WR_TREE_METADATA && !column->is_virtual);
}

static enum wr_code stream_check_column(const struct wr_table_definition *definition, uint32_t at,
                                        struct wr_error *err)
{
  const struct wr_column_definition *column = &definition->columns[at];
  if (strcmp(column->name, WR_ROWTIME) == 0) {
    wr_fail_at(err, WR_SEMANTIC, column->name_span,
               "every stream has a column ROWTIME, which is not declared");
    wr_state(err, WR_STATE_DUPLICATE_COLUMN);
    return wr_hint(err, "leave it out; a pump sets it with SELECT STREAM x AS ROWTIME, ...");
  }
  for (uint32_t i = 0; i < at; i++)
    if (strcmp(definition->columns[i].name, column->name) == 0) {
      wr_fail_at(err, WR_SEMANTIC, column->name_span, "the column '%s' is declared twice",
                 column->name);
      return wr_state(err, WR_STATE_DUPLICATE_COLUMN);
    }
  return WR_OK;
}

static enum wr_code stream_shape(struct wr_arena *arena,
                                 const struct wr_table_definition *definition,
                                 const struct wr_table **out, struct wr_error *err)
{
  uint32_t count = 0;
  struct wr_table *shape = WR_NEW(arena, struct wr_table);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, definition->column_count + 1);
  uint32_t *columns = WR_NEW_ARRAY(arena, uint32_t, definition->column_count + 1);
  for (uint32_t c = 0; c < definition->column_count; c++) {
    enum wr_code code = stream_check_column(definition, c, err);
    if (code)
      return code;
    if (stream_is_filled(&definition->columns[c]))
      fields[count++] = (struct wr_field){.name = definition->columns[c].name,
                                          .type = definition->columns[c].type};
  }
  fields[count] = (struct wr_field){.name = WR_ROWTIME, .type = &wr_type_timestamp3};
  for (uint32_t c = 0; c <= count; c++)
    columns[c] = c;
  *shape = (struct wr_table){.name = definition->name,
                             .definition = definition,
                             .options = &definition->options,
                             .physical = {.column_count = count + 1, .fields = fields},
                             .row = {.column_count = count, .fields = fields},
                             .written = {.column_count = count + 1, .fields = fields},
                             .written_columns = columns,
                             .is_plain = true,
                             .time_column = UINT32_MAX,
                             .time_zone = definition->binding->time_zone};
  shape->raw = shape->physical;
  *out = shape;
  return WR_OK;
}

/* ---- CREATE STREAM */

static enum wr_code stream_check_dialect(const struct wr_program_builder *builder,
                                         struct wr_span span, const char *what,
                                         struct wr_error *err)
{
  if (builder->settings.binding->kinesis)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, span, "%s belongs to the dialect 'kinesis', and this is 'flink'",
             what);
  return wr_hint(err, "SET 'sql.dialect' = 'kinesis' before it, or leave that setting out");
}

/* Without a connector there is nothing that these could be about. */
static enum wr_code stream_check_plain(const struct wr_tree_create_table *tree,
                                       struct wr_error *err)
{
  struct wr_span span = {0};
  const char *what = NULL;
  for (uint32_t c = 0; c < tree->columns.count && !what; c++)
    if (tree->columns.items[c]->kind != WR_TREE_PHYSICAL) {
      what = tree->columns.items[c]->kind == WR_TREE_COMPUTED ? "a computed column"
                                                              : "a metadata column";
      span = tree->columns.items[c]->span;
    }
  if (!what && tree->watermarks.count) {
    what = "a WATERMARK";
    span = tree->watermarks.items[0]->span;
  }
  if (!what && tree->keys.count) {
    what = "a PRIMARY KEY";
    span = tree->keys.items[0]->span;
  }
  if (!what)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, span, "only a stream WITH a connector has %s", what);
  wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
  return wr_hint(err, "this one has the columns that its pumps insert, and ROWTIME");
}

static enum wr_code stream_make(struct wr_program_builder *builder,
                                const struct wr_tree_create_stream *tree,
                                struct wr_app_stream *stream, struct wr_error *err)
{
  const struct wr_table_definition *definition;
  bool is_plain = tree->table.options_span.length == 0 && !tree->table.like;
  enum wr_code code = is_plain ? stream_check_plain(&tree->table, err) : WR_OK;
  if (code == WR_OK)
    code = wr_table_define(&builder->settings, &builder->catalogue, stream->name, &tree->table,
                           NULL, &definition, err);
  if (code == WR_OK)
    code = stream_shape(builder->arena, definition, &stream->shape, err);
  if (code || is_plain)
    return code;
  wr_table_warn_elsewhere(&builder->settings, definition);
  return wr_table_create(&builder->catalogue, definition, &stream->table, err);
}

static enum wr_code stream_declare(struct wr_program_builder *builder,
                                   const struct wr_tree_create_stream *tree, struct wr_error *err)
{
  const struct wr_tree_create_table *table = &tree->table;
  struct wr_app_stream *stream = WR_NEW(builder->arena, struct wr_app_stream);
  const char *name;
  bool create;
  stream->tree = tree;
  enum wr_code code = stream_check_dialect(builder, table->name.span, "CREATE STREAM", err);
  if (code == WR_OK)
    code = wr_catalogue_plain_name(&table->name, &stream->name, err);
  if (code == WR_OK)
    code = stream_make(builder, tree, stream, err);
  if (code == WR_OK)
    code = wr_catalogue_may_create(&builder->catalogue, &table->name, table->if_not_exists,
                                   table->or_replace, &create, &name, err);
  if (code == WR_OK && create)
    wr_catalogue_add_stream(&builder->catalogue, stream);
  return code;
}

enum wr_code wr_program_create_stream(struct wr_program_builder *builder,
                                      const struct wr_tree_statement *statement,
                                      struct wr_error *err)
{
  const struct wr_tree_create_stream *tree = statement->create_stream;
  enum wr_code code = stream_declare(builder, tree, err);
  if (code)
    wr_catalogue_note_failed(&builder->catalogue, stream_last(&tree->table.name));
  return code;
}

/* ---- CREATE PUMP */

static void pump_add(struct wr_program_builder *builder, const struct wr_pump *pump)
{
  struct wr_pump *copy = WR_NEW(builder->arena, struct wr_pump);
  *copy = *pump;
  copy->next = builder->catalogue.pumps;
  builder->catalogue.pumps = copy;
}

static struct wr_pump **pump_find(struct wr_catalogue *catalogue, const char *name)
{
  struct wr_pump **link = &catalogue->pumps;
  while (*link && (!(*link)->name || strcmp((*link)->name, name) != 0))
    link = &(*link)->next;
  return link;
}

/* Planning looks at all that a pump reads. */
static enum wr_code pump_check_count(const struct wr_catalogue *catalogue, struct wr_span span,
                                     struct wr_error *err)
{
  uint32_t count = 0;
  for (const struct wr_pump *pump = catalogue->pumps; pump; pump = pump->next)
    count++;
  return count < WR_PUMPS_MAX
             ? WR_OK
             : wr_fail_state(err, WR_LIMIT, WR_STATE_TOO_COMPLEX, span,
                             "the script has more pumps than the limit WR_PUMPS_MAX, %d",
                             WR_PUMPS_MAX);
}

enum wr_code wr_program_create_pump(struct wr_program_builder *builder,
                                    const struct wr_tree_statement *statement, struct wr_error *err)
{
  const struct wr_tree_create_pump *tree = statement->create_pump;
  const char *name;
  enum wr_code code = stream_check_dialect(builder, tree->name.span, "CREATE PUMP", err);
  if (code == WR_OK)
    code = wr_catalogue_plain_name(&tree->name, &name, err);
  if (code == WR_OK)
    code = pump_check_count(&builder->catalogue, tree->name.span, err);
  if (code)
    return code;
  struct wr_pump **old = pump_find(&builder->catalogue, name);
  if (*old && !tree->or_replace) {
    wr_fail_at(err, WR_SEMANTIC, tree->name.span, "a pump '%s' exists already", name);
    wr_state(err, WR_STATE_DUPLICATE_TABLE);
    return wr_hint(err, "write CREATE OR REPLACE PUMP to put this one in its place");
  }
  if (*old)
    *old = (*old)->next;
  if (tree->stopped_span.length)
    wr_settings_warn(&builder->settings, tree->stopped_span,
                     "STOPPED has no effect here: all pumps of a script run with it");
  const struct wr_pump pump = {.name = name,
                               .insert = tree->insert,
                               .span = statement->span,
                               .place = tree->name.span,
                               .statement = wr_program_text(builder, statement->span),
                               .binding = builder->settings.binding};
  pump_add(builder, &pump);
  return WR_OK;
}

bool wr_program_add_pump(struct wr_program_builder *builder,
                         const struct wr_tree_statement *statement)
{
  assert(statement->kind == WR_TREE_INSERT);
  const struct wr_object *object =
      wr_catalogue_find(&builder->catalogue, stream_last(&statement->insert->table));
  if (!object || object->kind != WR_OBJECT_STREAM)
    return false;
  const struct wr_pump pump = {.insert = statement->insert,
                               .span = statement->span,
                               .place = statement->insert->table.span,
                               .statement = wr_program_text(builder, statement->span),
                               .binding = builder->settings.binding};
  pump_add(builder, &pump);
  return true;
}
