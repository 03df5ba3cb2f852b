/* SPDX-License-Identifier: Apache-2.0 */
/* Types by name, with their parameters checked. Names of types are not case-sensitive. */
#include "planner/binder.h"

#include <assert.h>
#include <strings.h>

#include "core/limits.h"
#include "functions/interval.h"

enum type_parameters {
  TYPE_PLAIN,   /* none */
  TYPE_LENGTH,  /* (n) */
  TYPE_DECIMAL, /* (p, s) */
  TYPE_FRACTION /* (p) */
};

struct type_name {
  const char *name;
  enum wr_kind kind;
  enum type_parameters parameters;
  uint32_t fallback; /* length, digits or fraction when none is given; as in Flink, which gives a
                        varying length no limit, whatever the standard says */
};

/* What differs in the kinesis dialect. */
static const struct type_name type_kinesis_names[] = {
    {"FLOAT", WR_DOUBLE, TYPE_PLAIN, 0},   {"DECIMAL", WR_DECIMAL, TYPE_DECIMAL, 18},
    {"DEC", WR_DECIMAL, TYPE_DECIMAL, 18}, {"NUMERIC", WR_DECIMAL, TYPE_DECIMAL, 18},
    {"TIME", WR_TIME, TYPE_FRACTION, 3},   {"TIMESTAMP", WR_TIMESTAMP, TYPE_FRACTION, 3},
};

static const struct type_name type_names[] = {
    {"BOOLEAN", WR_BOOLEAN, TYPE_PLAIN, 0},
    {"TINYINT", WR_TINYINT, TYPE_PLAIN, 0},
    {"SMALLINT", WR_SMALLINT, TYPE_PLAIN, 0},
    {"INT", WR_INT, TYPE_PLAIN, 0},
    {"INTEGER", WR_INT, TYPE_PLAIN, 0},
    {"BIGINT", WR_BIGINT, TYPE_PLAIN, 0},
    {"FLOAT", WR_FLOAT, TYPE_PLAIN, 0},
    {"REAL", WR_FLOAT, TYPE_PLAIN, 0},
    {"DOUBLE", WR_DOUBLE, TYPE_PLAIN, 0},
    {"DOUBLE PRECISION", WR_DOUBLE, TYPE_PLAIN, 0},
    {"DECIMAL", WR_DECIMAL, TYPE_DECIMAL, 10},
    {"DEC", WR_DECIMAL, TYPE_DECIMAL, 10},
    {"NUMERIC", WR_DECIMAL, TYPE_DECIMAL, 10},
    {"CHAR", WR_CHAR, TYPE_LENGTH, 1},
    {"CHARACTER", WR_CHAR, TYPE_LENGTH, 1},
    {"VARCHAR", WR_VARCHAR, TYPE_LENGTH, WR_LENGTH_MAX},
    {"CHAR VARYING", WR_VARCHAR, TYPE_LENGTH, WR_LENGTH_MAX},
    {"CHARACTER VARYING", WR_VARCHAR, TYPE_LENGTH, WR_LENGTH_MAX},
    {"STRING", WR_VARCHAR, TYPE_PLAIN, 0},
    {"BINARY", WR_BINARY, TYPE_LENGTH, 1},
    {"VARBINARY", WR_VARBINARY, TYPE_LENGTH, WR_LENGTH_MAX},
    {"BINARY VARYING", WR_VARBINARY, TYPE_LENGTH, WR_LENGTH_MAX},
    {"BYTES", WR_VARBINARY, TYPE_PLAIN, 0},
    {"DATE", WR_DATE, TYPE_PLAIN, 0},
    {"TIME", WR_TIME, TYPE_FRACTION, 0},
    {"TIMESTAMP", WR_TIMESTAMP, TYPE_FRACTION, 6},
    {"TIMESTAMP_LTZ", WR_TIMESTAMP_LTZ, TYPE_FRACTION, 6},
};

#define TYPE_NAME_COUNT (sizeof type_names / sizeof *type_names)

/* Names that mean something elsewhere, and what to write instead. */
static const struct {
  const char *name, *reason, *instead;
} type_others[] = {
    {"RAW", "holds objects of a Java class, which do not exist here", "use BYTES for opaque data"},
    {"STRUCTURED", "stands for a Java class, which does not exist here", "use ROW<...>"},
    {"VARIANT", "is not supported", "use STRING for the JSON text, and the JSON functions"},
    {"BITMAP", "is not supported", "use COUNT(DISTINCT ...) or APPROX_COUNT_DISTINCT"},
    {"NULL", "cannot be declared: it is the type of a bare NULL", "name the type that is meant"},
    {"TEXT", NULL, "STRING"},
    {"JSON", NULL, "STRING"},
    {"DATETIME", NULL, "TIMESTAMP"},
    {"LONG", NULL, "BIGINT"},
    {"SHORT", NULL, "SMALLINT"},
    {"BYTE", NULL, "TINYINT"},
    {"NUMBER", NULL, "DECIMAL"},
    {"BLOB", NULL, "BYTES"},
    {"TIMESTAMPTZ", NULL, "TIMESTAMP_LTZ"},
    {"STRUCT", NULL, "ROW<name TYPE, ...>"},
    {"LIST", NULL, "ARRAY<TYPE>"},
};

static const struct wr_type *const type_plain[WR_KIND_COUNT] = {
    [WR_BOOLEAN] = &wr_type_boolean,   [WR_TINYINT] = &wr_type_tinyint,
    [WR_SMALLINT] = &wr_type_smallint, [WR_INT] = &wr_type_int,
    [WR_BIGINT] = &wr_type_bigint,     [WR_FLOAT] = &wr_type_float,
    [WR_DOUBLE] = &wr_type_double,     [WR_VARCHAR] = &wr_type_string,
    [WR_VARBINARY] = &wr_type_bytes,   [WR_DATE] = &wr_type_date,
};

static enum wr_code type_fail_range(const struct wr_tree_type *tree, const char *what,
                                    uint32_t least, uint32_t most, struct wr_error *err)
{
  return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_OPTION_VALUE, tree->span,
                       "the %s of a %s must be from %u to %u", what,
                       tree->name.parts.items[0]->text, least, most);
}

static enum wr_code type_with_parameters(struct wr_arena *arena, const struct wr_tree_type *tree,
                                         const struct type_name *row, const struct wr_type **out,
                                         struct wr_error *err)
{
  static const uint32_t most[] = {
      [TYPE_PLAIN] = 0, [TYPE_LENGTH] = 1, [TYPE_DECIMAL] = 2, [TYPE_FRACTION] = 1};
  if (tree->argument_count > most[row->parameters])
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_SYNTAX_ERROR, tree->span, "%s takes %s",
                         row->name, most[row->parameters] ? "fewer parameters" : "no parameters");
  uint32_t first = tree->argument_count > 0 ? tree->arguments[0] : row->fallback;
  uint32_t second = tree->argument_count > 1 ? tree->arguments[1] : 0;
  switch (row->parameters) {
  case TYPE_LENGTH:
    if (first < 1 || first > WR_LENGTH_MAX)
      return type_fail_range(tree, "length", 1, WR_LENGTH_MAX, err);
    *out = wr_type_text(arena, row->kind, first);
    return WR_OK;
  case TYPE_DECIMAL:
    if (first < 1 || first > WR_DECIMAL_DIGITS_MAX)
      return type_fail_range(tree, "number of digits", 1, WR_DECIMAL_DIGITS_MAX, err);
    if (second > first)
      return type_fail_range(tree, "scale", 0, first, err);
    *out = wr_type_decimal(arena, first, second);
    return WR_OK;
  case TYPE_FRACTION:
    if (first > 9)
      return type_fail_range(tree, "precision", 0, 9, err);
    *out = wr_type_timestamp(arena, row->kind, first);
    return WR_OK;
  default:
    *out = type_plain[row->kind];
    assert(*out);
    return WR_OK;
  }
}

static enum wr_code type_fail_unknown(const struct wr_tree_type *tree, const char *name,
                                      struct wr_error *err)
{
  const char *names[TYPE_NAME_COUNT], *near = NULL;
  for (size_t i = 0; i < sizeof type_others / sizeof *type_others; i++) {
    if (strcasecmp(type_others[i].name, name) != 0)
      continue;
    near = type_others[i].instead;
    if (!type_others[i].reason)
      break;
    wr_fail_at(err, WR_UNSUPPORTED, tree->span, "the type %s %s", type_others[i].name,
               type_others[i].reason);
    return wr_hint(err, "%s", near);
  }
  for (uint32_t i = 0; i < TYPE_NAME_COUNT; i++)
    names[i] = type_names[i].name;
  wr_fail_at(err, WR_SEMANTIC, tree->span, "there is no type %s", name);
  wr_state(err, WR_STATE_UNDEFINED_OBJECT);
  if (!near)
    near = wr_nearest(name, names, TYPE_NAME_COUNT);
  return near ? wr_hint(err, "did you mean %s?", near) : err->code;
}

static const struct type_name *type_find(const struct type_name *names, size_t count,
                                         const char *name)
{
  for (size_t i = 0; i < count; i++)
    if (strcasecmp(names[i].name, name) == 0)
      return &names[i];
  return NULL;
}

static enum wr_code type_named(const struct wr_binding *binding, const struct wr_tree_type *tree,
                               const struct wr_type **out, struct wr_error *err)
{
  const char *name = tree->name.parts.items[tree->name.parts.count - 1]->text;
  const struct type_name *row = NULL;
  if (tree->name.parts.count == 1 && binding->kinesis)
    row =
        type_find(type_kinesis_names, sizeof type_kinesis_names / sizeof *type_kinesis_names, name);
  if (tree->name.parts.count == 1 && !row)
    row = type_find(type_names, TYPE_NAME_COUNT, name);
  if (!row)
    return type_fail_unknown(tree, name, err);
  struct type_name zoned = *row;
  if (tree->zone == WR_TREE_ZONE_WITH) {
    wr_fail_at(err, WR_UNSUPPORTED, tree->span, "%s WITH TIME ZONE does not exist in this dialect",
               row->name);
    return wr_hint(err, "use TIMESTAMP WITH LOCAL TIME ZONE, that is TIMESTAMP_LTZ");
  }
  if (tree->zone == WR_TREE_ZONE_LOCAL) {
    if (row->kind != WR_TIMESTAMP)
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_SYNTAX_ERROR, tree->span,
                           "only TIMESTAMP can be WITH LOCAL TIME ZONE");
    zoned.kind = WR_TIMESTAMP_LTZ;
  }
  return type_with_parameters(binding->arena, tree, &zoned, out, err);
}

static enum wr_code type_row(const struct wr_binding *binding, const struct wr_tree_type *tree,
                             const struct wr_type **out, struct wr_error *err)
{
  uint32_t count = tree->fields.count;
  if (count == 0)
    return wr_fail_at(err, WR_UNSUPPORTED, tree->span, "a ROW without fields is not supported");
  if (count > WR_COLUMNS_MAX)
    return wr_fail_at(err, WR_LIMIT, tree->span,
                      "a ROW of %u fields; the limit WR_COLUMNS_MAX is %d", count, WR_COLUMNS_MAX);
  struct wr_arena *arena = binding->arena;
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_tree_type_field *field = tree->fields.items[i];
    fields[i].name = field->name->text;
    enum wr_code code = wr_bind_type(binding, field->type, &fields[i].type, err);
    if (code)
      return code;
    for (uint32_t j = 0; j < i; j++)
      if (strcmp(fields[j].name, fields[i].name) == 0)
        return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DUPLICATE_COLUMN, field->span,
                             "the field '%s' is declared twice", fields[i].name);
  }
  *out = wr_type_row(arena, fields, count);
  return WR_OK;
}

/* ARRAY, MULTISET, MAP. */
static enum wr_code type_collection(const struct wr_binding *binding,
                                    const struct wr_tree_type *tree, const struct wr_type **out,
                                    struct wr_error *err)
{
  struct wr_arena *arena = binding->arena;
  const struct wr_type *element, *key = NULL;
  enum wr_code code = WR_OK;
  if (tree->kind == WR_TREE_TYPE_MAP)
    code = wr_bind_type(binding, tree->key, &key, err);
  if (code == WR_OK)
    code = wr_bind_type(binding, tree->element, &element, err);
  if (code != WR_OK)
    return code;
  if (key)
    *out = wr_type_map(arena, key, element);
  else if (tree->kind == WR_TREE_TYPE_ARRAY)
    *out = wr_type_array(arena, element);
  else
    *out = wr_type_multiset(arena, element);
  return WR_OK;
}

/* The digits that may be given are checked; values have room for all of them, so they change
 * nothing. */
static enum wr_code type_interval(const struct wr_binding *binding, const struct wr_tree_type *tree,
                                  const struct wr_type **out, struct wr_error *err)
{
  static const enum wr_interval_field fields[] = {
      [WR_TREE_YEAR] = WR_FIELD_YEAR,     [WR_TREE_QUARTER] = WR_FIELD_MONTH,
      [WR_TREE_MONTH] = WR_FIELD_MONTH,   [WR_TREE_WEEK] = WR_FIELD_DAY,
      [WR_TREE_DAY] = WR_FIELD_DAY,       [WR_TREE_HOUR] = WR_FIELD_HOUR,
      [WR_TREE_MINUTE] = WR_FIELD_MINUTE, [WR_TREE_SECOND] = WR_FIELD_SECOND};
  const struct wr_tree_interval *interval = &tree->interval;
  bool months = interval->from <= WR_TREE_MONTH;
  int32_t most = months ? 4 : 6;
  if (interval->precision != WR_TREE_NO_PRECISION &&
      (interval->precision < 1 || interval->precision > most))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_OPTION_VALUE, interval->span,
                         "the digits of an interval's first unit must be from 1 to %d, not %d",
                         most, interval->precision);
  if (interval->fraction != WR_TREE_NO_PRECISION &&
      (interval->fraction < 0 || interval->fraction > 9))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_OPTION_VALUE, interval->span,
                         "the digits behind the seconds of an interval must be from 0 to 9, not %d",
                         interval->fraction);
  *out = wr_interval_type(binding->arena, fields[interval->from], fields[interval->to]);
  return WR_OK;
}

enum wr_code wr_bind_type(const struct wr_binding *binding, const struct wr_tree_type *tree,
                          const struct wr_type **out, struct wr_error *err)
{
  if (tree->height > WR_TYPE_NESTING_MAX)
    return wr_fail_at(err, WR_LIMIT, tree->span,
                      "a type of %u levels; the limit WR_TYPE_NESTING_MAX is %d", tree->height,
                      WR_TYPE_NESTING_MAX);
  enum wr_code code = WR_OK;
  switch (tree->kind) {
  case WR_TREE_TYPE_NAMED: code = type_named(binding, tree, out, err); break;
  case WR_TREE_TYPE_INTERVAL: code = type_interval(binding, tree, out, err); break;
  case WR_TREE_TYPE_ROW: code = type_row(binding, tree, out, err); break;
  case WR_TREE_TYPE_ARRAY:
  case WR_TREE_TYPE_MULTISET:
  case WR_TREE_TYPE_MAP: code = type_collection(binding, tree, out, err); break;
  }
  if (code == WR_OK && tree->not_null)
    *out = wr_type_with_not_null(binding->arena, *out, true);
  return code;
}
