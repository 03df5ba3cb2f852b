/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INSERT INTO t [(columns)] query: columns are matched by place, missing ones become NULL, values
 * are fitted to the types of the table, and what the table forbids (NULL, longer texts) is enforced
 * as the settings say. PARTITION (column = value) fills its columns by itself.
 */
#include "planner/bind_insert.h"

#include <assert.h>
#include <string.h>

#include "planner/bind_changes.h"
#include "planner/planner.h"
#include "planner/results.h"
#include "planner/rowtime.h"
#include "planner/table.h"

/* What is done about values that the columns forbid. */
struct insert_rules {
  bool drops_nulls; /* rows with NULL in a NOT NULL column are left out, else they are rejected */
  enum wr_length_mode lengths;
};

static struct insert_rules insert_rules_of(const struct wr_settings *settings)
{
  const char *nulls = wr_settings_text(settings, "table.exec.sink.not-null-enforcer");
  const char *lengths = wr_settings_text(settings, "table.exec.sink.type-length-enforcer");
  return (struct insert_rules){.drops_nulls = strcmp(nulls, "DROP") == 0,
                               .lengths = strcmp(lengths, "IGNORE") == 0     ? WR_LENGTH_IGNORE
                                          : strcmp(lengths, "TRIM_PAD") == 0 ? WR_LENGTH_TRIM_PAD
                                                                             : WR_LENGTH_ERROR};
}

/* What fills the columns of the sink. */
struct insert_map {
  uint32_t *from;                     /* the query's column; UINT32_MAX: none, NULL */
  const struct wr_expression **fixed; /* PARTITION (column = value), the clock; else NULL */
  uint32_t fixed_count;
};

static uint32_t insert_copies(const struct wr_table *table)
{
  return table->connector && table->connector->key_option ? table->partition_count : 0;
}

/* Columns of PARTITIONED BY that make a record's key stand twice among the written ones: in the
 * record, and behind it. That a written column is the second of these. */
static bool insert_is_copy(const struct wr_table *table, uint32_t column)
{
  return insert_copies(table) && column >= table->physical.column_count &&
         column - table->physical.column_count < table->partition_count;
}

/* What fills the first fills the second. */
static void insert_fill_copies(const struct wr_table *table, struct insert_map *map)
{
  for (uint32_t i = 0; i < insert_copies(table); i++) {
    uint32_t copy = table->physical.column_count + i, c = 0;
    while (table->written_columns[c] != table->written_columns[copy])
      c++;
    assert(c < table->physical.column_count);
    if (map->fixed[copy])
      map->fixed[c] = map->fixed[copy];
    map->from[copy] = map->from[c] = map->fixed[c] ? UINT32_MAX : map->from[c];
  }
}

/* The place of a written column among them as they were declared, those of PARTITION left out. */
static uint32_t insert_place(const struct wr_table *table, const struct insert_map *map,
                             uint32_t column)
{
  uint32_t place = 0;
  if (table->written.column_count == table->physical.column_count)
    return column;
  for (uint32_t c = 0; c < table->written.column_count; c++)
    place += !map->fixed[c] && !insert_is_copy(table, c) &&
             table->written_columns[c] < table->written_columns[column];
  return place;
}

/* As it was declared. */
static const struct wr_type *insert_type(const struct wr_table *table, uint32_t column)
{
  return table->row.fields[table->written_columns[column]].type;
}

/* PARTITION (column = value, ...). */
static enum wr_code insert_fix(const struct wr_binder *binder, const struct wr_tree_insert *insert,
                               const struct wr_table *table, struct insert_map *map,
                               struct wr_error *err)
{
  uint32_t first = table->physical.column_count;
  for (uint32_t i = 0; i < insert->partition.count; i++) {
    const struct wr_tree_option *option = insert->partition.items[i];
    const struct wr_tree_text *value = &option->value;
    uint32_t p = 0;
    while (p < table->partition_count && strcmp(table->partitions[p], option->key.bytes) != 0)
      p++;
    if (p == table->partition_count) {
      wr_fail_at(err, WR_SEMANTIC, option->key.span, "'%s' has no partition column '%s'",
                 table->name, option->key.bytes);
      wr_state(err, WR_STATE_UNDEFINED_COLUMN);
      const char *near = wr_nearest(option->key.bytes, table->partitions, table->partition_count);
      return near ? wr_hint(err, "did you mean '%s'?", near) : err->code;
    }
    if (map->fixed[first + p]) {
      wr_fail_at(err, WR_SEMANTIC, option->key.span, "PARTITION names '%s' twice",
                 option->key.bytes);
      return wr_state(err, WR_STATE_DUPLICATE_COLUMN);
    }
    const struct wr_expression *text =
        wr_bind_text(binder->binding, value->bytes, value->length, value->span);
    enum wr_code code = wr_bind_cast(binder->binding, text, insert_type(table, first + p), false,
                                     value->span, &map->fixed[first + p], err);
    if (code == WR_OK)
      code = wr_bind_check(binder->binding, map->fixed[first + p], err);
    if (code)
      return code;
    map->fixed_count++;
  }
  return WR_OK;
}

static enum wr_code insert_fail_column(const struct wr_tree_identifier *part,
                                       const struct wr_table *table, const char *const *names,
                                       struct wr_error *err)
{
  for (uint32_t v = 0; v < table->row.column_count; v++)
    if (strcmp(table->row.fields[v].name, part->text) == 0) {
      wr_fail_at(
          err, WR_SEMANTIC, part->span, "the column '%s' of '%s' is %s and cannot be inserted into",
          part->text, table->name,
          table->definition->columns[v].kind == WR_TREE_COMPUTED ? "computed" : "VIRTUAL metadata");
      return wr_state(err, WR_STATE_INVALID_COLUMN_REFERENCE);
    }
  wr_fail_at(err, WR_SEMANTIC, part->span, "the %s '%s' has no column '%s'",
             table->connector ? "table" : "stream", table->name, part->text);
  wr_state(err, WR_STATE_UNDEFINED_COLUMN);
  const char *near = wr_nearest(part->text, names, table->written.column_count);
  return near ? wr_hint(err, "did you mean '%s'?", near) : err->code;
}

/* For each column of the sink, what fills it. */
static enum wr_code insert_match(const struct wr_binder *binder,
                                 const struct wr_tree_insert *insert, const struct wr_table *table,
                                 struct insert_map *map, struct wr_error *err)
{
  uint32_t count = table->written.column_count;
  uint32_t *from = map->from = WR_NEW_ARRAY(binder->arena, uint32_t, count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  map->fixed = WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  enum wr_code code = insert_fix(binder, insert, table, map, err);
  if (code)
    return code;
  for (uint32_t c = 0; c < count; c++) {
    names[c] = table->written.fields[c].name;
    from[c] = UINT32_MAX;
  }
  insert_fill_copies(table, map);
  for (uint32_t c = 0; c < count && insert->columns.count == 0; c++)
    from[c] = map->fixed[c] ? UINT32_MAX : insert_place(table, map, c);
  for (uint32_t i = 0; i < insert->columns.count; i++) {
    const struct wr_tree_identifier *part = insert->columns.items[i];
    uint32_t c = 0;
    while (c < count && strcmp(names[c], part->text) != 0)
      c++;
    if (c == count)
      return insert_fail_column(part, table, names, err);
    if (from[c] != UINT32_MAX || map->fixed[c]) {
      wr_fail_at(err, WR_SEMANTIC, part->span,
                 map->fixed[c] ? "the column '%s' has its value in PARTITION already"
                               : "the column '%s' is named twice",
                 part->text);
      return wr_state(err, WR_STATE_DUPLICATE_COLUMN);
    }
    from[c] = i;
  }
  insert_fill_copies(table, map);
  return WR_OK;
}

/* A NOT NULL column that the list of columns leaves out would never have a value. */
static enum wr_code insert_check_missing(const struct wr_tree_insert *insert,
                                         const struct wr_table *table, const struct insert_map *map,
                                         struct wr_error *err)
{
  for (uint32_t c = 0; c < table->written.column_count; c++) {
    const struct wr_field *field = &table->written.fields[c];
    if (map->from[c] != UINT32_MAX || map->fixed[c] || !insert_type(table, c)->not_null)
      continue;
    wr_fail_at(err, WR_SEMANTIC, insert->table.span,
               "the column '%s' of '%s' is NOT NULL, but gets no value", field->name, table->name);
    wr_state(err, WR_STATE_NOT_NULL_VIOLATION);
    return wr_hint(err, "add it to the list of columns");
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

/* The columns of the table that a query without a list of columns fills, as they were declared. */
static struct wr_schema insert_schema(struct wr_arena *arena, const struct wr_table *table,
                                      const struct insert_map *map)
{
  uint32_t count = table->written.column_count;
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count);
  for (uint32_t c = 0; c < count; c++)
    if (!map->fixed[c])
      fields[insert_place(table, map, c)] =
          (struct wr_field){.name = table->written.fields[c].name, .type = insert_type(table, c)};
  if (!table->connector) /* a stream: ROWTIME is not counted */
    return (struct wr_schema){.column_count = table->row.column_count, .fields = fields};
  return (struct wr_schema){.column_count = count - insert_copies(table) - map->fixed_count,
                            .fields = fields};
}

static enum wr_code insert_fail_count(const struct wr_binder *binder,
                                      const struct wr_tree_insert *insert,
                                      const struct wr_table *table, const struct insert_map *map,
                                      const struct wr_logical *query, struct wr_error *err)
{
  const struct wr_schema takes = insert_schema(binder->arena, table, map);
  uint32_t given = query->schema.column_count;
  wr_fail_at(err, WR_SEMANTIC, insert->query->span, "the query gives %u column%s, but %s takes %u",
             given, given == 1 ? "" : "s",
             insert->columns.count ? "the list of columns"
                                   : wr_arena_print(binder->arena, "'%s'", table->name),
             insert->columns.count ? insert->columns.count : takes.column_count);
  wr_state(err, WR_STATE_WRONG_COLUMN_COUNT);
  if (insert->columns.count)
    return err->code;
  return wr_hint(err, "the query: %s; the %s: %s", insert_list(binder->arena, &query->schema),
                 table->connector ? "table" : "stream", insert_list(binder->arena, &takes));
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

/* Whether a column of the query is a constant or a NOT NULL column of a table, handed on unchanged:
 * then nothing has to be checked. */
static bool insert_never_null(const struct wr_logical *node, uint32_t column)
{
  switch (node->kind) {
  case WR_LOGICAL_SCAN: return node->schema.fields[column].type->not_null;
  case WR_LOGICAL_FILTER:
  case WR_LOGICAL_WATERMARK: return insert_never_null(wr_logical_input(node), column);
  case WR_LOGICAL_PROJECT: {
    const struct wr_expression *value = node->project.expressions[column];
    return wr_expression_is_known(value) ||
           (value->kind == WR_EXPRESSION_COLUMN &&
            insert_never_null(wr_logical_input(node), value->column));
  }
  default: return false;
  }
}

/* Whether a written column is in the PRIMARY KEY, which has made it NOT NULL. */
static bool insert_is_key(const struct wr_table *table, uint32_t column)
{
  for (uint32_t k = 0; k < table->key_count; k++)
    if (strcmp(table->row.fields[table->keys[k]].name, table->written.fields[column].name) == 0)
      return true;
  return false;
}

/* In the kinesis dialect a text is fitted as CAST does it: longer ones than the column takes fail,
 * CHAR is filled up. */
static enum wr_code insert_fit_text(const struct wr_binder *binder,
                                    const struct wr_expression *value,
                                    const struct wr_type *declared,
                                    const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_type *from = value->type;
  bool fits = declared->kind == WR_VARCHAR && wr_kind_is_text(from->kind) &&
              from->length <= declared->length;
  if (fits)
    return WR_OK;
  return wr_bind_cast(binder->binding, value, wr_type_with_not_null(binder->arena, declared, false),
                      false, value->span, out, err);
}

/* One row of values fitted to the table. node: where they come from, NULL
 * for constants. */
static enum wr_code insert_fit_row(const struct wr_binder *binder,
                                   const struct wr_tree_insert *insert,
                                   const struct wr_table *table, const struct insert_map *map,
                                   const struct insert_rules *rules, const struct wr_logical *node,
                                   const struct wr_expression *const *row,
                                   const struct wr_expression **out, struct wr_error *err)
{
  for (uint32_t c = 0; c < table->written.column_count; c++) {
    const struct wr_field *field = &table->written.fields[c];
    const uint32_t from = map->from[c];
    if (from == UINT32_MAX && !map->fixed[c]) {
      out[c] = wr_bind_null(binder->binding, field->type, insert->query->span);
      continue;
    }
    const struct wr_type *declared = insert_type(table, c);
    enum wr_code code = wr_bind_assign(binder->binding, map->fixed[c] ? map->fixed[c] : row[from],
                                       declared, field->name, &out[c], err);
    if (code)
      return code;
    if (binder->binding->kinesis && wr_kind_is_text(declared->kind) &&
        out[c]->type->kind != WR_NULL && rules->lengths == WR_LENGTH_IGNORE)
      code = insert_fit_text(binder, map->fixed[c] ? map->fixed[c] : row[from], declared, &out[c],
                             err);
    else
      out[c] = wr_bind_length(binder->binding, out[c], declared, rules->lengths, field->name);
    if (code)
      return code;
    if (declared->not_null && !rules->drops_nulls && !map->fixed[c] &&
        !(node && insert_never_null(node, from)))
      out[c] = wr_bind_not_null(binder->binding, out[c], field->name, insert_is_key(table, c));
    if (!wr_type_equal(declared, field->type)) /* metadata and partitions: the connector's type */
      code = wr_bind_cast(binder->binding, out[c], field->type, false, out[c]->span, &out[c], err);
    if (code)
      return code;
  }
  return WR_OK;
}

/* Leaves out the rows that have NULL where the table takes none. */
static enum wr_code insert_drop_nulls(const struct wr_binder *binder, const struct wr_table *table,
                                      struct wr_logical **node, struct wr_error *err)
{
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  for (uint32_t c = 0; c < table->written.column_count; c++) {
    const struct wr_field *field = &(*node)->schema.fields[c];
    if (!insert_type(table, c)->not_null)
      continue;
    const struct wr_expression *condition,
        *column = wr_bind_column(binder->binding, c,
                                 wr_type_with_not_null(binder->arena, field->type, false), nowhere);
    enum wr_code code =
        wr_bind_call(binder->binding, "IS NOT NULL", &column, 1, nowhere, &condition, err);
    if (code)
      return code;
    *node = wr_logical_filter(binder->arena, *node, condition);
  }
  return WR_OK;
}

/* Constant rows are fitted as they are, each value at its own place in the text. */
static enum wr_code insert_fit_values(const struct wr_binder *binder,
                                      const struct wr_tree_insert *insert,
                                      const struct wr_table *table, const struct insert_map *map,
                                      const struct insert_rules *rules, struct wr_logical **node,
                                      struct wr_error *err)
{
  const struct wr_logical_values *values = &(*node)->values;
  size_t old_count = (*node)->schema.column_count, count = table->written.column_count;
  const struct wr_expression **cells =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, values->row_count *count);
  for (size_t r = 0; r < values->row_count; r++) {
    enum wr_code code = insert_fit_row(binder, insert, table, map, rules, NULL,
                                       values->rows + r * old_count, cells + r * count, err);
    if (code)
      return code;
  }
  *node = wr_logical_values(binder->arena, &table->written, cells, values->row_count);
  return WR_OK;
}

/* The projection that fits the query's rows to the table. */
static enum wr_code insert_fit(const struct wr_binder *binder, const struct wr_tree_insert *insert,
                               const struct wr_table *table, const struct insert_map *map,
                               const struct insert_rules *rules, struct wr_logical **node,
                               struct wr_error *err)
{
  if ((*node)->kind == WR_LOGICAL_VALUES)
    return insert_fit_values(binder, insert, table, map, rules, node, err);
  uint32_t count = table->written.column_count, old_count = (*node)->schema.column_count;
  const struct wr_expression **row =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, old_count);
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  for (uint32_t c = 0; c < old_count; c++)
    row[c] = insert_value(binder, *node, c, wr_tree_column_span(insert->query, c));
  for (uint32_t c = 0; c < count; c++)
    names[c] = table->written.fields[c].name;
  enum wr_code code =
      insert_fit_row(binder, insert, table, map, rules, *node, row, expressions, err);
  if (code == WR_OK)
    *node = wr_logical_project(binder->arena, *node, expressions, names, count);
  return code;
}

static enum wr_code insert_check_table(const struct wr_table *table, struct wr_span span,
                                       struct wr_error *err)
{
  if (!table->first_metadata)
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, span,
             "the connector %s cannot write the metadata column '%s' of '%s'",
             table->connector->name, table->first_metadata, table->name);
  return wr_hint(err, "a metadata column that is only read is declared VIRTUAL");
}

/* The table that is meant, with its hints, if it can be written to like this. */
static enum wr_code insert_table(const struct wr_binder *binder,
                                 const struct wr_tree_insert *insert, const struct wr_table **out,
                                 struct wr_error *err)
{
  struct wr_span span = insert->table.span;
  const struct wr_object *object;
  enum wr_code code = wr_catalogue_get(binder->catalogue, &insert->table, &object, err);
  if (code)
    return code;
  if (insert->overwrite) {
    wr_fail_at(err, WR_UNSUPPORTED, insert->overwrite_span.length ? insert->overwrite_span : span,
               "INSERT OVERWRITE is not supported: streams only grow");
    return wr_hint(err, "write INSERT INTO");
  }
  if (object->kind == WR_OBJECT_STREAM && binder->binding->kinesis) { /* by EXPLAIN */
    wr_fail_at(err, WR_UNSUPPORTED, span,
               "'%s' is a stream, and what is inserted into streams is not explained by itself",
               object->name);
    return wr_hint(err, "write EXPLAIN before the query alone, or before a SELECT over the stream");
  }
  if (object->kind != WR_OBJECT_TABLE) {
    wr_fail_at(err, WR_SEMANTIC, span, "'%s' is %s %s and cannot be inserted into", object->name,
               object->kind == WR_OBJECT_REJECTS ? "the" : "a", wr_object_what(object));
    return wr_state(err, WR_STATE_WRONG_OBJECT_TYPE);
  }
  if (insert->partition_span.length && object->table->partition_count == 0) {
    wr_fail_at(err, WR_SEMANTIC, insert->partition_span, "the table '%s' has no partitions",
               object->name);
    wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
    return wr_hint(err, "write the values into the columns: SELECT ..., 'value' AS the_column");
  }
  code = insert_check_table(object->table, span, err);
  if (code)
    return code;
  code = wr_table_hinted(binder->arena, object->table, &insert->hints, out, err);
  return code ? code : wr_table_check_use(*out, true, span, err);
}

/* The rows of a query as the table takes them. */
static enum wr_code insert_sink(struct wr_binder *binder, const struct wr_tree_insert *insert,
                                const struct wr_table *table, const struct insert_map *map,
                                struct wr_logical *node, const char *statement,
                                struct wr_logical **out, struct wr_error *err)
{
  const struct insert_rules rules = insert_rules_of(binder->settings);
  enum wr_code code = insert_fit(binder, insert, table, map, &rules, &node, err);
  if (code == WR_OK && rules.drops_nulls)
    code = insert_drop_nulls(binder, table, &node, err);
  if (code)
    return code;
  node = wr_bind_materialized(binder, table, node);
  *out = wr_logical_sink(binder->arena, node, table, statement);
  (*out)->sink.singly = wr_results_singly(binder, wr_results_are_printed(table));
  return wr_results_check(binder, *out, insert->table.span, err);
}

static enum wr_code insert_query(struct wr_binder *binder, const struct wr_tree_insert *insert,
                                 const struct wr_table *table, const char *statement,
                                 struct wr_logical **out, struct wr_error *err)
{
  struct insert_map map = {0};
  struct wr_logical *node;
  enum wr_code code = insert_match(binder, insert, table, &map, err);
  if (code == WR_OK)
    code = insert_check_missing(insert, table, &map, err);
  if (code == WR_OK)
    code = wr_bind_query(binder, insert->query, &node, err);
  if (code)
    return code;
  node = wr_rowtime_drop(binder, node);
  uint32_t expected = insert->columns.count
                          ? insert->columns.count
                          : table->written.column_count - insert_copies(table) - map.fixed_count;
  if (node->schema.column_count != expected)
    return insert_fail_count(binder, insert, table, &map, node, err);
  return insert_sink(binder, insert, table, &map, node, statement, out, err);
}

enum wr_code wr_bind_insert(struct wr_binder *binder, const struct wr_tree_insert *insert,
                            const char *statement, struct wr_logical **out, struct wr_error *err)
{
  const struct wr_table *table;
  enum wr_code code = insert_table(binder, insert, &table, err);
  if (code)
    return code;
  const struct wr_results results = wr_results_of(binder, wr_results_are_printed(table));
  const struct wr_binder before = *binder;
  binder->told = results.told;
  binder->may_settle = results.may_settle;
  code = insert_query(binder, insert, table, statement, out, err);
  if (code && results.told && results.may_settle) {
    wr_error_clear(err);
    *binder = before;
    binder->may_settle = true;
    code = insert_query(binder, insert, table, statement, out, err);
  }
  binder->told = false;
  return code;
}

/* ---- streams of applications */

/* What fills ROWTIME, the last column of a stream: that of the query's rows, or what it calls so;
 * the clock if there is neither. False: the query has another number of columns. */
static bool insert_rowtime(const struct wr_binder *binder, const struct wr_tree_insert *insert,
                           const struct wr_table *shape, const struct wr_logical *node,
                           struct insert_map *map)
{
  uint32_t last = shape->row.column_count;
  uint32_t visible = wr_rowtime_visible(binder->binding, &node->schema), named = 0;
  uint32_t *time = &map->from[last];
  bool is_listed = insert->columns.count > 0;
  if (!is_listed || *time == UINT32_MAX)
    *time = wr_rowtime_column(binder->binding, &node->schema);
  while (named < visible && strcmp(node->schema.fields[named].name, WR_ROWTIME) != 0)
    named++;
  if (!is_listed && visible == last + 1 && named < visible) { /* SELECT ROWTIME, a, b */
    for (uint32_t c = 0; c < last; c++)
      map->from[c] = c + (c >= named);
    *time = named;
    visible--;
  }
  if (*time == UINT32_MAX)
    map->fixed[last] = wr_rowtime_now(binder, insert->query->span);
  return visible == (is_listed ? insert->columns.count : last);
}

enum wr_code wr_bind_insert_rows(struct wr_binder *binder, const struct wr_tree_insert *insert,
                                 const struct wr_table *shape, struct wr_logical **out,
                                 struct wr_error *err)
{
  const struct insert_rules rules = insert_rules_of(binder->settings);
  struct insert_map map = {0};
  struct wr_logical *node;
  uint32_t last = shape->row.column_count;
  enum wr_code code = insert_match(binder, insert, shape, &map, err);
  if (code == WR_OK)
    code = insert_check_missing(insert, shape, &map, err);
  if (code == WR_OK)
    code = wr_bind_query(binder, insert->query, &node, err);
  if (code)
    return code;
  if (!insert_rowtime(binder, insert, shape, node, &map))
    return insert_fail_count(binder, insert, shape, &map, wr_rowtime_drop(binder, node), err);
  code = insert_fit(binder, insert, shape, &map, &rules, &node, err);
  if (code == WR_OK && rules.drops_nulls)
    code = insert_drop_nulls(binder, shape, &node, err);
  if (code)
    return code;
  struct wr_column_role *roles = WR_NEW_ARRAY(binder->arena, struct wr_column_role, last + 1);
  memcpy(roles, node->roles, (last + 1) * sizeof *roles);
  roles[last].is_event_time = true;
  node->roles = roles;
  *out = node;
  return WR_OK;
}

enum wr_code wr_bind_insert_node(struct wr_binder *binder, const struct wr_tree_insert *insert,
                                 const struct wr_table *table, struct wr_logical *node,
                                 const char *statement, struct wr_logical **out,
                                 struct wr_error *err)
{
  const struct wr_tree_insert whole = {.table = insert->table, .query = insert->query};
  struct insert_map map = {0};
  enum wr_code code = insert_check_table(table, insert->table.span, err);
  if (code == WR_OK)
    code = wr_table_check_use(table, true, insert->table.span, err);
  if (code == WR_OK)
    code = insert_match(binder, &whole, table, &map, err);
  if (code)
    return code;
  node = wr_rowtime_drop(binder, node);
  assert(node->schema.column_count == table->written.column_count - insert_copies(table));
  return insert_sink(binder, &whole, table, &map, node, statement, out, err);
}
