/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables whose records have a key with a format of its own: the PRIMARY KEY ('connector' =
 * 'upsert-kafka') or 'key.fields' says which columns stand in it, 'value.fields-include' whether
 * they stand in the value as well. Options of a format that is named 'value.format' or 'key.format'
 * may, or must, carry 'value.' or 'key.' in front.
 */
#include <assert.h>
#include <string.h>

#include "formats/keyed.h"
#include "planner/table.h"

/* The options of a format with something in front of their names. */
const struct wr_option *wr_table_prefixed_options(struct wr_arena *arena, const char *prefix,
                                                  const struct wr_format *format)
{
  uint32_t count = 0;
  while (format && format->options && format->options[count].name)
    count++;
  struct wr_option *options = WR_NEW_ARRAY(arena, struct wr_option, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    options[i] = format->options[i];
    options[i].name = wr_arena_print(arena, "%s%s", prefix, options[i].name);
    options[i].required = false;
  }
  return options;
}

/* Those of a format that begin with the prefix, without it, behind others. */
static void keyed_strip(struct wr_arena *arena, const struct wr_options *given, const char *prefix,
                        const struct wr_format *format, const struct wr_options *before,
                        struct wr_options *out)
{
  uint32_t count = before ? before->value_count : 0;
  const char *start = wr_arena_print(arena, "%s%s.", prefix, format->name);
  struct wr_option_value *values =
      WR_NEW_ARRAY(arena, struct wr_option_value, count + given->value_count + 1);
  for (uint32_t i = 0; i < count; i++)
    values[i] = before->values[i];
  for (uint32_t i = 0; i < given->value_count; i++) {
    if (strncmp(given->values[i].key, start, strlen(start)) != 0)
      continue;
    values[count] = given->values[i];
    values[count++].key += strlen(prefix);
  }
  *out = (struct wr_options){.values = values, .value_count = count};
}

void wr_table_settle_options(struct wr_arena *arena, struct wr_table *table)
{
  const struct wr_option_value *implied = table->connector->implied;
  bool has_value = wr_options_find(table->options, "value.format") != NULL;
  if (!has_value && !implied)
    return;
  struct wr_options *options = WR_NEW(arena, struct wr_options);
  keyed_strip(arena, table->options, "value.", table->format, table->options, options);
  for (; implied && implied->key; implied++) {
    struct wr_option_value *values =
        WR_NEW_ARRAY(arena, struct wr_option_value, options->value_count + 1);
    memcpy(values, options->values, options->value_count * sizeof *values);
    values[options->value_count] = *implied;
    values[options->value_count].key_span.offset = WR_NO_POSITION;
    values[options->value_count].value_span.offset = WR_NO_POSITION;
    *options = (struct wr_options){.values = values, .value_count = options->value_count + 1};
  }
  table->options = options;
}

/* ---- which columns stand where */

static bool keyed_is_key(const struct wr_keyed *keyed, uint32_t column)
{
  for (uint32_t k = 0; k < keyed->key_schema->column_count; k++)
    if (keyed->keys[k] == column)
      return true;
  return false;
}

/* What the reading of the options is about. */
struct keyed_reading {
  struct wr_arena *arena;
  struct wr_table *table;
  const uint32_t *columns; /* that are the key: of table->row */
  uint32_t column_count;
  const char *prefix; /* of their names, which the records do not have; may be empty */
  bool except_key;
};

static enum wr_code keyed_check_prefix(const struct keyed_reading *reading, struct wr_error *err)
{
  const struct wr_option_value *given =
      wr_options_find_value(reading->table->options, "key.fields-prefix");
  const char *prefix = reading->prefix;
  if (!*prefix)
    return WR_OK;
  if (!reading->except_key) {
    wr_fail_at(err, WR_SEMANTIC, given->key_span,
               "'key.fields-prefix' needs 'value.fields-include' = 'EXCEPT_KEY'");
    return wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
  }
  for (uint32_t k = 0; k < reading->column_count; k++) {
    const char *name = reading->table->row.fields[reading->columns[k]].name;
    if (strncmp(name, prefix, strlen(prefix)) == 0)
      continue;
    wr_fail_at(err, WR_SEMANTIC, given->value_span,
               "'key.fields-prefix' is '%s', but the key column '%s' does not begin so", prefix,
               name);
    return wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
  }
  return WR_OK;
}

/* The physical column of a declared one. */
static uint32_t keyed_physical(const struct wr_table *table, uint32_t column)
{
  uint32_t c = 0;
  while (table->written_columns[c] != column)
    c++;
  assert(c < table->physical.column_count);
  return c;
}

static void keyed_fill(const struct keyed_reading *reading, struct wr_keyed *keyed)
{
  struct wr_arena *arena = reading->arena;
  const struct wr_table *table = reading->table;
  uint32_t all = table->physical.column_count, key_count = reading->column_count, count = 0;
  struct wr_schema *key = WR_NEW(arena, struct wr_schema), *value = WR_NEW(arena, struct wr_schema);
  struct wr_field *key_fields = WR_NEW_ARRAY(arena, struct wr_field, key_count);
  struct wr_field *value_fields = WR_NEW_ARRAY(arena, struct wr_field, all);
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, key_count);
  uint32_t *values = WR_NEW_ARRAY(arena, uint32_t, all);
  for (uint32_t k = 0; k < key_count; k++) {
    keys[k] = keyed_physical(table, reading->columns[k]);
    key_fields[k] = table->physical.fields[keys[k]];
    key_fields[k].name += strlen(reading->prefix);
  }
  *key = (struct wr_schema){.column_count = key_count, .fields = key_fields};
  keyed->key_schema = key;
  keyed->keys = keys;
  for (uint32_t c = 0; c < all; c++) {
    if (reading->except_key && keyed_is_key(keyed, c))
      continue;
    value_fields[count] = table->physical.fields[c];
    values[count++] = c;
  }
  *value = (struct wr_schema){.column_count = count, .fields = value_fields};
  keyed->value_schema = value;
  keyed->values = values;
}

/* ---- the columns of the key */

static enum wr_code keyed_of_primary(struct keyed_reading *reading, struct wr_error *err)
{
  const struct wr_table *table = reading->table;
  struct wr_span span = table->definition->options_span;
  reading->columns = table->keys;
  reading->column_count = table->key_count;
  if (table->key_count == 0) {
    wr_fail_at(err, WR_SEMANTIC, span, "the table '%s' has no PRIMARY KEY, but %s needs one",
               table->name, table->connector->name);
    wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
    return wr_hint(err, "declare which columns tell rows apart: PRIMARY KEY (...) NOT ENFORCED");
  }
  if (!table->format->changes)
    return WR_OK;
  const struct wr_option_value *given = wr_options_find_value(table->options, "value.format");
  wr_fail_at(err, WR_SEMANTIC, given ? given->value_span : span,
             "%s takes no format that says what became of a row, as %s does",
             table->connector->name, table->format->name);
  wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
  return wr_hint(err, "choose json, csv or raw, or the connector 'kafka'");
}

/* A physical column by its name; column_count of the row: there is none. */
static uint32_t keyed_find_column(const struct wr_table *table, const char *name, size_t length)
{
  for (uint32_t c = 0; c < table->physical.column_count; c++) {
    const char *other = table->physical.fields[c].name;
    if (strlen(other) == length && strncmp(other, name, length) == 0)
      return table->written_columns[c];
  }
  return UINT32_MAX;
}

/* 'key.fields' = 'a;b' */
static enum wr_code keyed_of_fields(struct keyed_reading *reading, struct wr_error *err)
{
  const struct wr_table *table = reading->table;
  const struct wr_option_value *fields = wr_options_find_value(table->options, "key.fields"),
                               *format = wr_options_find_value(table->options, "key.format");
  if (!fields) {
    wr_fail_at(err, WR_SEMANTIC, format->key_span,
               "'key.format' of the table '%s' needs 'key.fields'", table->name);
    wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
    return wr_hint(err, "say which columns stand in the key: 'key.fields' = 'a;b'");
  }
  uint32_t *columns = WR_NEW_ARRAY(reading->arena, uint32_t, table->physical.column_count),
           count = 0;
  reading->columns = columns;
  for (const char *at = fields->value; *at;) {
    size_t length = strcspn(at, ";");
    uint32_t column = keyed_find_column(table, at, length);
    bool is_twice = false;
    for (uint32_t k = 0; k < count; k++)
      is_twice |= columns[k] == column;
    if (column == UINT32_MAX || is_twice) {
      wr_fail_at(err, WR_SEMANTIC, fields->value_span,
                 is_twice ? "'key.fields' of the table '%s' names '%.*s' twice"
                          : "'key.fields' of the table '%s': there is no physical column '%.*s'",
                 table->name, (int)length, at);
      return wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
    }
    columns[count++] = column;
    at += length + (at[length] == ';');
  }
  reading->column_count = count;
  if (count)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, fields->value_span, "'key.fields' of the table '%s' names no column",
             table->name);
  return wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
}

/* Options about a key that no format reads. */
static enum wr_code keyed_check_none(const struct wr_table *table, struct wr_error *err)
{
  static const char *const names[] = {"key.fields", "key.fields-prefix"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const struct wr_option_value *given = wr_options_find_value(table->options, names[i]);
    if (!given)
      continue;
    wr_fail_at(err, WR_SEMANTIC, given->key_span, "'%s' of the table '%s' needs 'key.format'",
               names[i], table->name);
    return wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
  }
  return WR_OK;
}

enum wr_code wr_table_read_keyed(struct wr_arena *arena, struct wr_table *table,
                                 struct wr_error *err)
{
  const struct wr_connector *connector = table->connector;
  if (!table->key_format)
    return keyed_check_none(table, err);
  const char *include = wr_options_text(table->options, connector->options, "value.fields-include"),
             *prefix = wr_options_text(table->options, connector->options, "key.fields-prefix");
  struct keyed_reading reading = {.arena = arena,
                                  .table = table,
                                  .prefix = prefix ? prefix : "",
                                  .except_key = strcmp(include, "EXCEPT_KEY") == 0};
  enum wr_code code =
      connector->upserts ? keyed_of_primary(&reading, err) : keyed_of_fields(&reading, err);
  if (code == WR_OK)
    code = keyed_check_prefix(&reading, err);
  if (code)
    return code;
  struct wr_keyed *keyed = WR_NEW(arena, struct wr_keyed);
  struct wr_options *key_options = WR_NEW(arena, struct wr_options);
  keyed_strip(arena, table->options, "key.", table->key_format, NULL, key_options);
  *keyed = (struct wr_keyed){.upserts = connector->upserts,
                             .except_key = reading.except_key,
                             .key_format = table->key_format,
                             .value_format = table->format,
                             .key_options = key_options};
  keyed_fill(&reading, keyed);
  table->keyed = keyed;
  struct wr_span span = table->definition->options_span;
  if (keyed->value_schema->column_count == 0) {
    wr_fail_at(err, WR_SEMANTIC, span,
               "all columns of '%s' are its key, so its values would be empty", table->name);
    wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
    return wr_hint(err, "leave 'value.fields-include' = 'EXCEPT_KEY' out");
  }
  if (!table->format->changes || !reading.except_key)
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, span,
             "values of %s, which say what became of a row, with columns in the key alone are not "
             "supported",
             table->format->name);
  return wr_hint(err, "leave 'value.fields-include' = 'EXCEPT_KEY' out");
}
