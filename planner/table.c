/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a definition to a table: its shapes, key and watermark. Computed columns and the watermark
 * are bound here, once, over the table's own columns; a computed column may use physical and
 * metadata columns, but no other computed one, as in Flink.
 */
#include "planner/table.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "core/time.h"
#include "planner/binder.h"

/* The shapes while they grow. */
struct table_draft {
  struct wr_arena *arena;
  const struct wr_catalogue *catalogue;
  const struct wr_table_definition *definition;
  struct wr_table *table;
  struct wr_field *physical, *raw, *row;
  uint32_t *metadata;
  uint32_t partitions[WR_PARTITION_COLUMNS_MAX]; /* declared columns */
  const struct wr_expression **expressions;
};

/* ---- keys and partitions */

/* The column of a clause, by name. */
static enum wr_code table_find_column(const struct table_draft *draft, const char *clause,
                                      const struct wr_tree_identifier *part, uint32_t *out,
                                      struct wr_error *err)
{
  const struct wr_table_definition *definition = draft->definition;
  const char **names = WR_NEW_ARRAY(draft->arena, const char *, definition->column_count);
  for (uint32_t c = 0; c < definition->column_count; c++) {
    names[c] = definition->columns[c].name;
    if (strcmp(names[c], part->text) != 0)
      continue;
    *out = c;
    if (definition->columns[c].kind == WR_TREE_PHYSICAL)
      return WR_OK;
    wr_fail_at(err, WR_SEMANTIC, part->span, "%s takes physical columns, and '%s' is %s", clause,
               part->text,
               definition->columns[c].kind == WR_TREE_COMPUTED ? "computed" : "metadata");
    return wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
  }
  wr_fail_at(err, WR_SEMANTIC, part->span, "the %s names '%s', which is no column", clause,
             part->text);
  wr_state(err, WR_STATE_UNDEFINED_COLUMN);
  const char *near = wr_nearest(part->text, names, definition->column_count);
  return near ? wr_hint(err, "did you mean '%s'?", near) : err->code;
}

static enum wr_code table_key(struct table_draft *draft, struct wr_error *err)
{
  const struct wr_tree_key *key = draft->definition->key;
  if (!key)
    return WR_OK;
  if (!key->not_enforced) {
    wr_fail_at(err, WR_SEMANTIC, key->span, "a PRIMARY KEY is not checked on streams");
    wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
    return wr_hint(err, "say so: PRIMARY KEY (...) NOT ENFORCED");
  }
  uint32_t *keys = WR_NEW_ARRAY(draft->arena, uint32_t, key->columns.count);
  for (uint32_t i = 0; i < key->columns.count; i++) {
    enum wr_code code =
        table_find_column(draft, "PRIMARY KEY", key->columns.items[i], &keys[i], err);
    if (code)
      return code;
    for (uint32_t j = 0; j < i; j++)
      if (keys[j] == keys[i]) {
        wr_fail_at(err, WR_SEMANTIC, key->columns.items[i]->span,
                   "the PRIMARY KEY names '%s' twice", key->columns.items[i]->text);
        return wr_state(err, WR_STATE_DUPLICATE_COLUMN);
      }
  }
  draft->table->keys = keys;
  draft->table->key_count = key->columns.count;
  return WR_OK;
}

static bool table_is_key(const struct wr_table *table, uint32_t column)
{
  for (uint32_t k = 0; k < table->key_count; k++)
    if (table->keys[k] == column)
      return true;
  return false;
}

/* A value must be the same when it went through the name of a folder; NULL: it is. */
static const char *table_partition_fault(enum wr_kind kind)
{
  switch (kind) {
  case WR_TIMESTAMP_LTZ: return "which depends on the time zone";
  case WR_BOOLEAN:
  case WR_TINYINT:
  case WR_SMALLINT:
  case WR_INT:
  case WR_BIGINT:
  case WR_FLOAT:
  case WR_DOUBLE:
  case WR_DECIMAL:
  case WR_CHAR:
  case WR_VARCHAR:
  case WR_DATE:
  case WR_TIME:
  case WR_TIMESTAMP: return NULL;
  default: return "which names of folders cannot hold";
  }
}

static enum wr_code table_partition(struct table_draft *draft,
                                    const struct wr_tree_identifier *name, uint32_t *column,
                                    struct wr_error *err)
{
  enum wr_code code = table_find_column(draft, "PARTITIONED BY", name, column, err);
  if (code)
    return code;
  if (!draft->table->connector->partition_option && !draft->table->connector->key_option)
    return wr_fail_at(err, WR_UNSUPPORTED, name->span,
                      "the connector %s does not support PARTITIONED BY",
                      draft->table->connector->name);
  for (uint32_t i = 0; i < draft->table->partition_count; i++)
    if (draft->partitions[i] == *column) {
      wr_fail_at(err, WR_SEMANTIC, name->span, "PARTITIONED BY names '%s' twice", name->text);
      return wr_state(err, WR_STATE_DUPLICATE_COLUMN);
    }
  if (draft->table->partition_count == WR_PARTITION_COLUMNS_MAX)
    return wr_fail_at(err, WR_LIMIT, name->span,
                      "PARTITIONED BY takes %d columns at most (WR_PARTITION_COLUMNS_MAX)",
                      WR_PARTITION_COLUMNS_MAX);
  const struct wr_type *declared = draft->definition->columns[*column].type;
  const char *fault = table_partition_fault(declared->kind);
  if (!fault)
    return WR_OK;
  char type[128];
  wr_type_print(declared, type, sizeof type);
  wr_fail_at(err, WR_UNSUPPORTED, name->span, "the partition column '%s' is %s, %s", name->text,
             type, fault);
  return wr_hint(err, "numbers, texts, BOOLEAN, DATE, TIME and TIMESTAMP can be partition columns");
}

static enum wr_code table_partitions(struct table_draft *draft, struct wr_error *err)
{
  const struct wr_tree_identifiers *names = &draft->definition->partitioned_by;
  const char **partitions = WR_NEW_ARRAY(draft->arena, const char *, names->count);
  struct wr_table *table = draft->table;
  uint32_t physical = 0;
  table->partitions = partitions;
  for (uint32_t i = 0; i < names->count; i++) {
    uint32_t column;
    enum wr_code code = table_partition(draft, names->items[i], &column, err);
    if (code)
      return code;
    draft->partitions[table->partition_count] = column;
    partitions[table->partition_count++] = names->items[i]->text;
  }
  for (uint32_t c = 0; c < draft->definition->column_count; c++)
    physical += draft->definition->columns[c].kind == WR_TREE_PHYSICAL;
  if (names->count == 0 || physical > names->count || table->connector->key_option)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, names->items[0]->span,
             "all columns of '%s' are partition columns, so its records would be empty",
             table->name);
  return wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
}

/* How many columns of PARTITIONED BY are no part of the record: all, or none. */
static uint32_t table_outer_partitions(const struct wr_table *table)
{
  return table->connector->key_option ? 0 : table->partition_count;
}

/* The number of a declared column among the partition columns that are no part of the record;
 * UINT32_MAX: none of them. */
static uint32_t table_partition_of(const struct table_draft *draft, uint32_t column)
{
  for (uint32_t i = 0; i < table_outer_partitions(draft->table); i++)
    if (draft->partitions[i] == column)
      return i;
  return UINT32_MAX;
}

/* Whether the format reads and writes a declared column. */
static bool table_is_physical(const struct table_draft *draft, uint32_t column)
{
  return draft->definition->columns[column].kind == WR_TREE_PHYSICAL &&
         table_partition_of(draft, column) == UINT32_MAX;
}

/* ---- columns */

static enum wr_code table_fail_metadata(const struct table_draft *draft,
                                        const struct wr_column_definition *column, const char *key,
                                        const char *const *names, uint32_t count,
                                        struct wr_error *err)
{
  struct wr_span span = column->metadata_key ? column->metadata_key->span : column->span;
  wr_fail_at(err, WR_SEMANTIC, span, "the connector '%s' has no metadata '%s'",
             draft->table->connector->name, key);
  wr_state(err, WR_STATE_UNDEFINED_COLUMN);
  const char *near = wr_nearest(key, names, count);
  if (near)
    return wr_hint(err, "did you mean '%s'?", near);
  const char *list = count ? names[0] : NULL;
  for (uint32_t i = 1; i < count; i++)
    list = wr_arena_print(draft->arena, "%s, %s", list, names[i]);
  return list ? wr_hint(err, "it has %s", list) : err->code;
}

static enum wr_code table_metadata_column(struct table_draft *draft,
                                          const struct wr_column_definition *column,
                                          struct wr_error *err)
{
  struct wr_table *table = draft->table;
  const char *key = column->metadata_key ? column->metadata_key->bytes : column->name;
  const char *names[64];
  uint32_t count = 0, which = UINT32_MAX;
  for (const struct wr_metadata *row = table->connector->metadata; row && row->name && count < 64;
       row++) {
    bool folded = !column->metadata_key && draft->definition->binding->kinesis;
    if (strcmp(row->name, key) == 0 || (folded && strcasecmp(row->name, key) == 0))
      which = count;
    names[count++] = row->name;
  }
  if (which == UINT32_MAX)
    return table_fail_metadata(draft, column, key, names, count, err);
  draft->raw[table->physical.column_count + table->metadata_count] =
      (struct wr_field){.name = column->name, .type = table->connector->metadata[which].type};
  draft->metadata[table->metadata_count++] = which;
  enum wr_metadata_part part = table->connector->metadata[which].part;
  if (!column->is_virtual && !table->first_metadata &&
      (part == WR_METADATA_READ_ONLY || (table->connector->upserts && part == WR_METADATA_KEY)))
    table->first_metadata = column->name;
  return WR_OK;
}

/* Names, types and the raw shape. Computed columns have no type yet. */
static enum wr_code table_columns(struct table_draft *draft, struct wr_error *err)
{
  const struct wr_table_definition *definition = draft->definition;
  struct wr_table *table = draft->table;
  for (uint32_t c = 0; c < definition->column_count; c++) {
    const struct wr_column_definition *column = &definition->columns[c];
    draft->row[c] = (struct wr_field){.name = column->name, .type = column->type};
    for (uint32_t i = 0; i < c; i++)
      if (strcmp(draft->row[i].name, draft->row[c].name) == 0) {
        wr_fail_at(err, WR_SEMANTIC, column->name_span, "the column '%s' is declared twice",
                   draft->row[c].name);
        return wr_state(err, WR_STATE_DUPLICATE_COLUMN);
      }
    if (table_is_key(table, c))
      draft->row[c].type = wr_type_with_not_null(draft->arena, column->type, true);
    if (table_is_physical(draft, c))
      draft->physical[table->physical.column_count++] = draft->row[c];
  }
  memcpy(draft->raw, draft->physical, sizeof *draft->raw * table->physical.column_count);
  for (uint32_t i = 0; i < table_outer_partitions(table); i++) {
    draft->raw[table->physical.column_count + i] =
        (struct wr_field){.name = table->partitions[i], .type = &wr_type_string};
    draft->metadata[table->metadata_count++] = WR_METADATA_PARTITION + i;
  }
  for (uint32_t c = 0; c < definition->column_count; c++) {
    if (definition->columns[c].kind != WR_TREE_METADATA)
      continue;
    enum wr_code code = table_metadata_column(draft, &definition->columns[c], err);
    if (code)
      return code;
  }
  table->physical.fields = draft->physical;
  table->raw = (struct wr_schema){
      .column_count = table->physical.column_count + table->metadata_count, .fields = draft->raw};
  table->metadata = draft->metadata;
  return WR_OK;
}

static struct wr_binder table_binder(const struct table_draft *draft)
{
  return (struct wr_binder){
      .arena = draft->arena, .catalogue = draft->catalogue, .binding = draft->definition->binding};
}

/* The declared column `c`, which is no computed one, over the raw row: column `from` of it. */
static enum wr_code table_plain_column(struct table_draft *draft, uint32_t c, uint32_t from,
                                       struct wr_error *err)
{
  const struct wr_column_definition *column = &draft->definition->columns[c];
  const struct wr_binding *binding = draft->definition->binding;
  const struct wr_type *raw = draft->table->raw.fields[from].type, *type = draft->row[c].type;
  const struct wr_expression **value = &draft->expressions[c];
  bool is_partition = table_partition_of(draft, c) != UINT32_MAX, not_null = type->not_null;
  enum wr_code code = WR_OK;
  if (is_partition)
    type = wr_type_with_not_null(draft->arena, type, false);
  *value = wr_bind_column(binding, from, raw, column->span);
  if (!wr_type_equal(raw, type))
    code = wr_bind_cast(binding, *value, type, false, column->span, value, err);
  if (code == WR_OK && is_partition && not_null)
    *value = wr_bind_not_null(binding, *value, column->name, false);
  return code;
}

/* Physical, partition and metadata columns. plain: by columns of raw, what stands for them. */
static enum wr_code table_plain_columns(struct table_draft *draft,
                                        const struct wr_expression **plain, struct wr_error *err)
{
  const struct wr_table *table = draft->table;
  uint32_t behind = table->physical.column_count;
  uint32_t physical = 0, metadata = behind + table_outer_partitions(table);
  for (uint32_t c = 0; c < draft->definition->column_count; c++) {
    if (draft->definition->columns[c].kind == WR_TREE_COMPUTED)
      continue;
    uint32_t partition = table_partition_of(draft, c);
    uint32_t from = partition != UINT32_MAX       ? behind + partition
                    : table_is_physical(draft, c) ? physical++
                                                  : metadata++;
    enum wr_code code = table_plain_column(draft, c, from, err);
    if (code)
      return code;
    plain[from] = draft->expressions[c];
  }
  return WR_OK;
}

/* Computed columns see the others with their declared types. */
static enum wr_code table_computed_columns(struct table_draft *draft,
                                           const struct wr_expression *const *plain,
                                           struct wr_error *err)
{
  const struct wr_schema *raw = &draft->table->raw;
  struct wr_binder binder = table_binder(draft);
  binder.no_queries = "a computed column";
  struct wr_field *fields = WR_NEW_ARRAY(draft->arena, struct wr_field, raw->column_count);
  for (uint32_t c = 0; c < raw->column_count; c++)
    fields[c] = (struct wr_field){.name = raw->fields[c].name, .type = plain[c]->type};
  const struct wr_schema seen = {.column_count = raw->column_count, .fields = fields};
  struct wr_scope scope = wr_scope_over(draft->arena, &seen, draft->table->name);
  scope.values = plain;
  const struct wr_expression_context context = {
      .binder = &binder, .scope = &scope, .place = "a computed column"};
  for (uint32_t c = 0; c < draft->definition->column_count; c++) {
    const struct wr_column_definition *column = &draft->definition->columns[c];
    if (column->kind != WR_TREE_COMPUTED)
      continue;
    enum wr_code code = wr_bind_expression(&context, column->value, &draft->expressions[c], err);
    if (code)
      return code;
    draft->row[c].type = draft->expressions[c]->type;
  }
  return WR_OK;
}

static enum wr_code table_row(struct table_draft *draft, struct wr_error *err)
{
  struct wr_table *table = draft->table;
  uint32_t count = draft->definition->column_count;
  const struct wr_expression **plain =
      WR_NEW_ARRAY(draft->arena, const struct wr_expression *, table->raw.column_count);
  enum wr_code code = table_plain_columns(draft, plain, err);
  if (code == WR_OK)
    code = table_computed_columns(draft, plain, err);
  if (code)
    return code;
  table->row = (struct wr_schema){.column_count = count, .fields = draft->row};
  table->expressions = draft->expressions;
  table->is_plain = table->raw.column_count == count;
  for (uint32_t c = 0; c < count; c++)
    table->is_plain = table->is_plain && draft->expressions[c]->kind == WR_EXPRESSION_COLUMN &&
                      draft->expressions[c]->column == c;
  return WR_OK;
}

/* What INSERT fills: see struct wr_table. */
static void table_written(struct table_draft *draft)
{
  const struct wr_table_definition *definition = draft->definition;
  struct wr_table *table = draft->table;
  uint32_t room = definition->column_count + table->partition_count; /* some stand twice */
  struct wr_field *fields = WR_NEW_ARRAY(draft->arena, struct wr_field, room);
  uint32_t *columns = WR_NEW_ARRAY(draft->arena, uint32_t, room);
  uint32_t *metadata = WR_NEW_ARRAY(draft->arena, uint32_t, room);
  uint32_t count = 0, metadata_at = table_outer_partitions(table), written = 0;
  for (uint32_t c = 0; c < definition->column_count; c++)
    if (table_is_physical(draft, c)) {
      columns[count] = c;
      fields[count++] = table->row.fields[c];
    }
  for (uint32_t i = 0; i < table->partition_count; i++) {
    columns[count] = draft->partitions[i];
    metadata[written++] = WR_METADATA_PARTITION + i;
    fields[count++] = (struct wr_field){.name = table->partitions[i], .type = &wr_type_string};
  }
  for (uint32_t c = 0; c < definition->column_count; c++) {
    if (definition->columns[c].kind != WR_TREE_METADATA)
      continue;
    uint32_t which = table->metadata[metadata_at++];
    if (definition->columns[c].is_virtual)
      continue;
    columns[count] = c;
    metadata[written++] = which;
    fields[count++] = (struct wr_field){.name = definition->columns[c].name,
                                        .type = table->connector->metadata[which].type};
  }
  table->written = (struct wr_schema){.column_count = count, .fields = fields};
  table->written_columns = columns;
  table->written_metadata = metadata;
}

/* ---- the watermark */

/* WATERMARK FOR ts AS ts in the kinesis dialect: ROWTIME does not go back, but several rows may
 * have the same, so the watermark stays a tick behind it. */
static enum wr_code table_ascending(const struct wr_binding *binding,
                                    const struct wr_expression *column,
                                    const struct wr_expression **value, struct wr_error *err)
{
  if (!binding->kinesis || !wr_expression_equal(column, *value))
    return WR_OK;
  int64_t tick_us = column->type->precision <= 3 ? WR_US_PER_MS : 1;
  const struct wr_expression *args[] = {
      column, wr_bind_i64(binding, &wr_type_interval_second, tick_us, column->span)};
  return wr_bind_call(binding, "-", args, 2, column->span, value, err);
}

static enum wr_code table_watermark(struct table_draft *draft, struct wr_error *err)
{
  struct wr_table *table = draft->table;
  table->time_column = UINT32_MAX;
  if (!draft->definition->watermark)
    return WR_OK;
  const struct wr_tree_watermark *tree = draft->definition->watermark;
  struct wr_binder binder = table_binder(draft);
  binder.no_queries = "WATERMARK";
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
  if (column->kind != WR_EXPRESSION_COLUMN) {
    wr_fail_at(err, WR_SEMANTIC, tree->column.span,
               "WATERMARK FOR takes a column, not a field of one");
    return wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
  }
  if (!wr_kind_is_timestamp(column->type->kind)) {
    wr_fail_at(err, WR_SEMANTIC, tree->column.span,
               "WATERMARK FOR takes a TIMESTAMP or TIMESTAMP_LTZ column, and '%s' is %s",
               draft->row[column->column].name, type);
    wr_state(err, WR_STATE_DATATYPE_MISMATCH);
    return wr_hint(err, "compute one from it, such as ts AS TO_TIMESTAMP(%s)",
                   draft->row[column->column].name);
  }
  if (value->type->kind != column->type->kind) {
    char found[128];
    wr_type_print(value->type, found, sizeof found);
    wr_fail_at(err, WR_SEMANTIC, tree->value->span, "the watermark is %s, but '%s' is %s", found,
               draft->row[column->column].name, type);
    return wr_state(err, WR_STATE_DATATYPE_MISMATCH);
  }
  code = table_ascending(binder.binding, column, &value, err);
  table->time_column = column->column;
  table->watermark = value;
  return code;
}

enum wr_code wr_table_create(const struct wr_catalogue *catalogue,
                             const struct wr_table_definition *definition,
                             const struct wr_table **out, struct wr_error *err)
{
  struct wr_arena *arena = catalogue->arena;
  uint32_t count = definition->column_count;
  struct table_draft draft = {
      .arena = arena,
      .catalogue = catalogue,
      .definition = definition,
      .table = WR_NEW(arena, struct wr_table),
      .physical = WR_NEW_ARRAY(arena, struct wr_field, count),
      .raw = WR_NEW_ARRAY(arena, struct wr_field, count),
      .row = WR_NEW_ARRAY(arena, struct wr_field, count),
      .metadata = WR_NEW_ARRAY(arena, uint32_t, count),
      .expressions = WR_NEW_ARRAY(arena, const struct wr_expression *, count),
  };
  draft.table->name = definition->name;
  draft.table->definition = definition;
  draft.table->variants = WR_NEW(arena, struct wr_table_variant *);
  draft.table->options = &definition->options;
  draft.table->time_zone = definition->binding->time_zone;
  enum wr_code code = wr_table_read_options(arena, draft.table, err);
  if (code == WR_OK)
    code = table_key(&draft, err);
  if (code == WR_OK)
    code = table_partitions(&draft, err);
  if (code == WR_OK)
    code = table_columns(&draft, err);
  if (code == WR_OK)
    code = table_row(&draft, err);
  if (code == WR_OK)
    table_written(&draft);
  if (code == WR_OK)
    code = wr_table_read_keyed(arena, draft.table, err);
  if (code == WR_OK)
    code = table_watermark(&draft, err);
  *out = draft.table;
  return code;
}
