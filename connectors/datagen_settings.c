/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From options to fields. A key is 'fields.' + the column's name (for a field of a ROW: with the
 * names that lead to it, joined by dots) + '.' + a setting. The items of a collection are called
 * element, or key and value. Literals are read as the column's own type, steps of times as
 * durations.
 */
#include "connectors/datagen_field.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "core/packed.h"
#include "core/time.h"
#include "text/datetime.h"
#include "text/decimal.h"
#include "text/number.h"

#define SETTINGS_LENGTH    100   /* of made-up texts, unless the type is shorter */
#define SETTINGS_ITEMS     3     /* of a collection */
#define SETTINGS_ITEMS_MAX 10000 /* ARRAY */
#define SETTINGS_KEYS_MAX  1000  /* MAP, MULTISET: keys are compared with each other */
#define SETTINGS_COUNT_MAX 10    /* how often an element is in a MULTISET */

struct settings {
  const struct wr_table_spec *spec;
  struct wr_arena *arena;
  int64_t rows_per_second;
  uint64_t seed;
};

static const char *const setting_names[] = {"kind", "min",  "max",       "length",   "start",
                                            "end",  "step", "null-rate", "max-past", "values"};
#define SETTING_COUNT (sizeof setting_names / sizeof *setting_names)

static const struct wr_option_value *setting_find(const struct settings *self, const char *path,
                                                  const char *name)
{
  char *key = wr_arena_print(self->arena, "fields.%s.%s", path, name);
  return wr_options_find_value(self->spec->options, key);
}

static enum wr_code setting_fail(const struct settings *self, const struct wr_option_value *value,
                                 const char *expected, struct wr_error *err)
{
  return wr_fail_at(err, WR_SEMANTIC, value->value_span,
                    "the option '%s' of table %s is '%s', but must be %s", value->key,
                    self->spec->table, value->value, expected);
}

/* ---- literals */

/* An integer-like value of the type; *expected says what it should have been. */
static bool setting_parse(const struct wr_type *type, const char *text, wr_i128 *value,
                          const char **expected)
{
  size_t length = strlen(text);
  int64_t integer = 0;
  int32_t days;
  bool parses;
  switch (type->kind) {
  case WR_DECIMAL:
    *expected = "a number that fits the column's DECIMAL";
    return wr_parse_decimal(text, length, type->precision, type->scale, value);
  case WR_DATE:
    *expected = "a date such as 2026-01-02";
    parses = wr_parse_date(text, length, &days);
    integer = parses ? days : 0;
    break;
  case WR_TIME:
    *expected = "a time such as 03:04:05";
    parses = wr_parse_time(text, length, &integer);
    break;
  case WR_TIMESTAMP:
    *expected = "a time such as 2026-01-02 03:04:05";
    parses = wr_parse_timestamp(text, length, &integer);
    break;
  case WR_TIMESTAMP_LTZ:
    *expected = "a time such as 2026-01-02 03:04:05Z";
    parses = wr_parse_timestamp_ltz(text, length, 0, &integer);
    break;
  case WR_INTERVAL_SECOND:
    *expected = "a duration such as 5 s";
    parses = wr_option_parse_duration(text, &integer);
    break;
  default:
    *expected = "a whole number in the range of the column's type";
    parses = wr_parse_integer(text, length,
                              type->physical == WR_I8    ? 8
                              : type->physical == WR_I16 ? 16
                              : type->physical == WR_I32 ? 32
                                                         : 64,
                              &integer);
    break;
  }
  *value = integer;
  return parses;
}

static bool setting_parse_step(const struct wr_type *type, const char *text, int64_t *step,
                               const char **expected)
{
  wr_i128 value;
  if (wr_kind_is_timestamp(type->kind) || type->kind == WR_TIME || type->kind == WR_DATE) {
    *expected = type->kind == WR_DATE ? "whole days such as 1 d" : "a duration such as 100 ms";
    if (!wr_option_parse_duration(text, step))
      return false;
    if (type->kind == WR_DATE && *step % WR_US_PER_DAY != 0)
      return false;
    *step = type->kind == WR_DATE ? *step / WR_US_PER_DAY : *step;
    return true;
  }
  if (!setting_parse(type, text, &value, expected) || value < INT64_MIN || value > INT64_MAX)
    return false;
  *step = (int64_t)value;
  return true;
}

/* ---- what a column has by default */

static void field_set_range(struct wr_datagen_field *field)
{
  const struct wr_type *type = field->type;
  switch (type->kind) {
  case WR_BOOLEAN: field->max = 1; break;
  case WR_TINYINT: field->min = INT8_MIN, field->max = INT8_MAX; break;
  case WR_SMALLINT: field->min = INT16_MIN, field->max = INT16_MAX; break;
  case WR_INT: field->min = INT32_MIN, field->max = INT32_MAX; break;
  case WR_BIGINT: field->min = INT64_MIN, field->max = INT64_MAX; break;
  case WR_DECIMAL: field->max = wr_power_of_ten(type->precision) - 1; break;
  case WR_TIME:
  case WR_INTERVAL_SECOND: field->max = WR_US_PER_DAY - 1; break;
  case WR_INTERVAL_MONTH: field->max = 12; break;
  default: break;
  }
  field->number_max = 1;
  field->step = 1;
  if (wr_kind_is_text(type->kind) || type->kind == WR_BINARY || type->kind == WR_VARBINARY)
    field->length = type->length < SETTINGS_LENGTH ? type->length : SETTINGS_LENGTH;
  if (wr_kind_is_packed(type->kind))
    field->length = SETTINGS_ITEMS;
}

/* A ROW cannot be a key: nobody compares them here. */
static bool field_is_possible(const struct wr_type *type)
{
  bool keyed = type->kind == WR_MAP || type->kind == WR_MULTISET;
  return type->kind != WR_NULL && !(keyed && type->fields[0].type->kind == WR_ROW);
}

/* ---- one setting each */

static enum wr_code field_read_range(const struct settings *self, struct wr_datagen_field *field,
                                     const char *path, struct wr_error *err)
{
  const struct wr_option_value *ends[2] = {setting_find(self, path, "min"),
                                           setting_find(self, path, "max")};
  bool is_time = wr_kind_is_timestamp(field->type->kind) || field->type->kind == WR_DATE;
  bool is_number = field->type->kind == WR_FLOAT || field->type->kind == WR_DOUBLE;
  if (!ends[0] && !ends[1])
    return WR_OK;
  const struct wr_option_value *given = ends[0] ? ends[0] : ends[1];
  if (is_time && !(ends[0] && ends[1]))
    return wr_fail_at(err, WR_SEMANTIC, given->key_span,
                      "a time between two bounds needs both: 'fields.%s.min' and 'fields.%s.max'",
                      path, path);
  for (int i = 0; i < 2; i++) {
    const char *expected = "a number";
    if (ends[i] && !(is_number ? wr_parse_f64(ends[i]->value, strlen(ends[i]->value),
                                              i ? &field->number_max : &field->number_min)
                               : setting_parse(field->type, ends[i]->value,
                                               i ? &field->max : &field->min, &expected)))
      return setting_fail(self, ends[i], expected, err);
  }
  double span = field->number_max - field->number_min;
  field->has_range = is_time;
  if (is_number ? !(span >= 0 && span - span == 0) : field->min > field->max)
    return wr_fail_at(err, WR_SEMANTIC, given->value_span,
                      "the range of the column '%s' of table %s is empty: min is above max", path,
                      self->spec->table);
  return WR_OK;
}

static enum wr_code field_read_sequence(const struct settings *self, struct wr_datagen_field *field,
                                        const char *path, struct wr_error *err)
{
  const struct wr_option_value *start = setting_find(self, path, "start");
  const struct wr_option_value *end = setting_find(self, path, "end");
  const struct wr_option_value *step = setting_find(self, path, "step");
  const struct wr_type *type = field->type;
  bool is_plain = type->physical == WR_TEXT || type->physical == WR_F32 || type->physical == WR_F64;
  const struct wr_type *literal = is_plain ? &wr_type_bigint : type;
  wr_i128 value;
  const char *expected;
  if (start) {
    if (!setting_parse(literal, start->value, &value, &expected) || value != (int64_t)value)
      return setting_fail(self, start, expected, err);
    field->start = (int64_t)value;
    field->has_start = true;
  }
  if (wr_kind_is_timestamp(type->kind))
    field->step =
        self->rows_per_second > 0 ? WR_US_PER_SECOND / self->rows_per_second : WR_US_PER_MS;
  if (wr_kind_is_timestamp(type->kind) && field->step == 0)
    field->step = 1;
  if (step && !setting_parse_step(literal, step->value, &field->step, &expected))
    return setting_fail(self, step, expected, err);
  if (end) {
    if (!setting_parse(literal, end->value, &value, &expected) || value != (int64_t)value)
      return setting_fail(self, end, expected, err);
    field->end = (int64_t)value;
    field->has_end = true;
    if (wr_kind_is_timestamp(type->kind) && !field->has_start)
      return wr_fail_at(err, WR_SEMANTIC, end->key_span,
                        "a sequence of times with an end needs 'fields.%s.start'", path);
    if (field->step > 0 ? field->end < field->start : field->end > field->start)
      return wr_fail_at(err, WR_SEMANTIC, end->value_span,
                        "the sequence of the column '%s' of table %s ends before it starts", path,
                        self->spec->table);
  }
  return WR_OK;
}

static enum wr_code field_read_values(const struct settings *self, struct wr_datagen_field *field,
                                      const char *path, struct wr_error *err)
{
  const struct wr_option_value *values = setting_find(self, path, "values");
  if (!values)
    return WR_OK;
  if (!wr_kind_is_text(field->type->kind))
    return wr_fail_at(err, WR_SEMANTIC, values->key_span,
                      "only texts can be drawn from a list; the column '%s' of table %s is none",
                      path, self->spec->table);
  uint32_t count = 1;
  for (const char *c = values->value; *c; c++)
    count += *c == '|';
  struct wr_text *texts = WR_NEW_ARRAY(self->arena, struct wr_text, count);
  const char *at = wr_arena_copy(self->arena, values->value, strlen(values->value));
  for (uint32_t i = 0; i < count; i++) {
    size_t length = strcspn(at, "|");
    texts[i] = wr_text_make(at, (uint32_t)length);
    at += length + 1;
  }
  field->values = texts;
  field->value_count = count;
  return WR_OK;
}

static enum wr_code field_read_other(const struct settings *self, struct wr_datagen_field *field,
                                     const char *path, struct wr_error *err)
{
  const struct wr_option_value *length = setting_find(self, path, "length");
  const struct wr_option_value *rate = setting_find(self, path, "null-rate");
  const struct wr_option_value *past = setting_find(self, path, "max-past");
  int64_t bytes;
  double share;
  if (length) {
    enum wr_kind kind = field->type->kind;
    int64_t most = kind == WR_ARRAY                          ? SETTINGS_ITEMS_MAX
                   : wr_kind_is_packed(kind)                 ? SETTINGS_KEYS_MAX
                   : field->type->length < WR_TEXT_BYTES_MAX ? field->type->length
                                                             : WR_TEXT_BYTES_MAX;
    if (!wr_parse_i64(length->value, strlen(length->value), &bytes) || bytes < 0 || bytes > most)
      return setting_fail(self, length,
                          kind == WR_ARRAY ? "a number of items up to 10000"
                          : wr_kind_is_packed(kind)
                              ? "a number of entries up to 1000"
                              : "a number of bytes that fits the column's type",
                          err);
    field->length = (uint32_t)bytes;
  }
  if (rate) {
    if (!wr_parse_f64(rate->value, strlen(rate->value), &share) || !(share >= 0 && share <= 1))
      return setting_fail(self, rate, "a share from 0 to 1", err);
    field->null_below = share >= 1 ? UINT64_MAX : (uint64_t)(share * 0x1p64);
  }
  if (past && !wr_option_parse_duration(past->value, &field->max_past_us))
    return setting_fail(self, past, "a duration such as 5 s", err);
  return WR_OK;
}

/* ---- columns */

static enum wr_code field_read(const struct settings *self, const struct wr_field *column,
                               const char *path, uint32_t number, struct wr_datagen_field *field,
                               struct wr_error *err)
{
  *field = (struct wr_datagen_field){.type = column->type};
  field->key =
      self->seed * UINT64_C(0x9e3779b97f4a7c15) + (number + 1) * UINT64_C(0xa0761d6478bd642f);
  if (!field_is_possible(column->type)) {
    char type[128];
    wr_type_print(column->type, type, sizeof type);
    return wr_fail(err, WR_UNSUPPORTED, "datagen cannot make the column '%s' %s of table %s", path,
                   type, self->spec->table);
  }
  const struct wr_option_value *kind = setting_find(self, path, "kind");
  field->is_sequence = kind && strcmp(kind->value, "sequence") == 0;
  if (kind && field->is_sequence && column->type->field_count > 0)
    return setting_fail(self, kind,
                        "random: a nested column has no sequence, but what is in it may", err);
  if (kind && !field->is_sequence && strcmp(kind->value, "random") != 0)
    return setting_fail(self, kind, "random or sequence", err);
  field_set_range(field);
  enum wr_code code = field_read_other(self, field, path, err);
  if (code == WR_OK && field->is_sequence)
    code = field_read_sequence(self, field, path, err);
  else if (code == WR_OK)
    code = field_read_range(self, field, path, err);
  if (code == WR_OK)
    code = field_read_values(self, field, path, err);
  uint32_t count = column->type->field_count;
  if (code != WR_OK || count == 0)
    return code;
  field->children = WR_NEW_ARRAY(self->arena, struct wr_datagen_field, count);
  for (uint32_t i = 0; code == WR_OK && i < count; i++) {
    const struct wr_field *child = &column->type->fields[i];
    if (column->type->kind == WR_MULTISET && i == 1) {
      field->children[i] =
          (struct wr_datagen_field){.type = child->type, .key = ~field->key, .min = 1};
      field->children[i].max = SETTINGS_COUNT_MAX;
      break;
    }
    char *below = wr_arena_print(self->arena, "%s.%s", path, child->name);
    code = field_read(self, child, below, number * 64 + i + 1, &field->children[i], err);
    bool is_key = i == 0 && (column->type->kind == WR_MAP || column->type->kind == WR_MULTISET);
    if (code == WR_OK && is_key && field->children[i].null_below)
      code =
          wr_fail_at(err, WR_SEMANTIC, setting_find(self, below, "null-rate")->key_span,
                     "keys of the column '%s' of table %s cannot be NULL", path, self->spec->table);
  }
  return code;
}

/* Which setting a key's rest ".kind" behind a column is, or one of a field of that ROW. */
static bool setting_is_known(const struct wr_field *columns, uint32_t count, const char *rest)
{
  for (uint32_t i = 0; i < count; i++) {
    size_t length = strlen(columns[i].name);
    if (strncmp(columns[i].name, rest, length) != 0 || rest[length] != '.')
      continue;
    for (size_t s = 0; s < SETTING_COUNT; s++)
      if (strcmp(setting_names[s], rest + length + 1) == 0)
        return true;
    const struct wr_type *type = columns[i].type;
    uint32_t inner_count = type->kind == WR_MULTISET ? 1 : type->field_count;
    if (inner_count > 0 && setting_is_known(type->fields, inner_count, rest + length + 1))
      return true;
  }
  return false;
}

static enum wr_code settings_check_keys(const struct settings *self, struct wr_error *err)
{
  const struct wr_schema *schema = self->spec->schema;
  for (uint32_t i = 0; i < self->spec->options->value_count; i++) {
    const struct wr_option_value *value = &self->spec->options->values[i];
    if (strncmp(value->key, "fields.", 7) != 0 ||
        setting_is_known(schema->fields, schema->column_count, value->key + 7))
      continue;
    const char *dot = strrchr(value->key + 7, '.');
    const char *near = dot ? wr_nearest(dot + 1, setting_names, SETTING_COUNT) : NULL;
    wr_fail_at(err, WR_SEMANTIC, value->key_span,
               "the option '%s' of table %s names no column of the table or no setting of one",
               value->key, self->spec->table);
    if (near && strcmp(near, dot + 1) != 0)
      return wr_hint(err, "did you mean '.%s'?", near);
    return wr_hint(err, "keys look like fields.<column>.kind; settings are kind, min, max, length, "
                        "start, end, step, null-rate, max-past, values");
  }
  return WR_OK;
}

enum wr_code wr_datagen_fields_new(const struct wr_table_spec *spec, int64_t rows_per_second,
                                   uint64_t seed, struct wr_arena *arena,
                                   struct wr_datagen_field **fields, struct wr_error *err)
{
  struct settings self = {spec, arena, rows_per_second, seed};
  const struct wr_schema *schema = spec->schema;
  struct wr_datagen_field *made =
      WR_NEW_ARRAY(arena, struct wr_datagen_field, schema->column_count);
  enum wr_code code = settings_check_keys(&self, err);
  for (uint32_t c = 0; code == WR_OK && c < schema->column_count; c++)
    code = field_read(&self, &schema->fields[c], schema->fields[c].name, c * 4096, &made[c], err);
  *fields = made;
  return code;
}
