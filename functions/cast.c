/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of casts, CAST and TRY_CAST, implicit casts and what INSERT does. A failed CAST fails
 * its row; TRY_CAST gives NULL. Between numbers, fractions are cut off towards an integer and
 * rounded half up towards a DECIMAL; what does not fit fails. Towards CHAR(n) and VARCHAR(n), text
 * is cut, and CHAR filled up with blanks.
 */
#include "functions/cast.h"

#include <assert.h>
#include <string.h>

#include "core/packed.h"
#include "functions/bind_fold.h"
#include "functions/interval.h"

#define TYPE_CHARS 256

/*
 * From (rows) to (columns), both in the order of enum wr_kind:
 *   .  never          e  only by CAST          a  also by INSERT          i  implicitly
 */
static const char cast_rules[WR_KIND_COUNT][WR_KIND_COUNT + 1] = {
    /*                        NBTSIBFDDCVBVDTTLIIAMMR
     *                        UOIMNILOEHAIAAISTMSRAUO
     *                        LONATGTUCARNRTMZZ  RPLW */
    [WR_NULL] = "iiiiiiiiiiiiiiiiiiiiiii",
    [WR_BOOLEAN] = ".ieeeeeeeee............",
    [WR_TINYINT] = ".eiiiiiiiee......ee....",
    [WR_SMALLINT] = ".eaiiiiiiee......ee....",
    [WR_INT] = ".eaaiiiiiee......ee....",
    [WR_BIGINT] = ".eaaaiiiiee......ee....",
    [WR_FLOAT] = ".eaaaaiiaee............",
    [WR_DOUBLE] = ".eaaaaaiaee............",
    [WR_DECIMAL] = ".eaaaaiiiee............",
    [WR_CHAR] = ".eeeeeeeeiieeeeee......",
    [WR_VARCHAR] = ".eeeeeeeeiieeeeee......",
    [WR_BINARY] = ".........eeii..........",
    [WR_VARBINARY] = ".........eeii..........",
    [WR_DATE] = ".........ee..i.ie......",
    [WR_TIME] = ".........ee...iee......",
    [WR_TIMESTAMP] = ".........ee..aaia......",
    [WR_TIMESTAMP_LTZ] = ".........ee..eeai......",
    [WR_INTERVAL_MONTH] = "..eeee...ee......i.....",
    [WR_INTERVAL_SECOND] = "..eeee...ee.......i....",
    [WR_ARRAY] = ".........ee........i...",
    [WR_MAP] = ".........ee.........i..",
    [WR_MULTISET] = ".........ee..........i.",
    [WR_ROW] = ".........ee...........i",
};

extern const struct wr_function wr_functions_cast[];

static const struct wr_kernel kernel_relabel = {.traits = WR_SAME_VALUES};

enum wr_cast_rule wr_cast_rule(enum wr_kind from, enum wr_kind to)
{
  switch (cast_rules[from][to]) {
  case 'i': return WR_CAST_IMPLICIT;
  case 'a': return WR_CAST_ASSIGN;
  case 'e': return WR_CAST_EXPLICIT;
  default: assert(cast_rules[from][to] == '.'); return WR_CAST_NEVER;
  }
}

static bool kind_is_binary(enum wr_kind kind)
{
  return kind == WR_BINARY || kind == WR_VARBINARY;
}

/* True if every value of `from` has the same bits as a value of `to`. */
static bool cast_is_relabel(const struct wr_type *from, const struct wr_type *to)
{
  if (from->physical != to->physical)
    return false;
  switch (to->kind) {
  case WR_CHAR:
  case WR_BINARY: return from->kind == to->kind && from->length == to->length;
  case WR_VARCHAR: return wr_kind_is_text(from->kind) && from->length <= to->length;
  case WR_VARBINARY: return kind_is_binary(from->kind) && from->length <= to->length;
  case WR_TIME:
  case WR_TIMESTAMP:
  case WR_TIMESTAMP_LTZ: return from->kind == to->kind && from->precision <= to->precision;
  case WR_DECIMAL:
    return from->kind == WR_DECIMAL && from->scale == to->scale && from->precision <= to->precision;
  case WR_ARRAY:
  case WR_MAP:
  case WR_MULTISET:
    if (from->kind != to->kind)
      return false;
    for (uint32_t i = 0; i < to->field_count; i++) {
      if (!cast_is_relabel(from->fields[i].type, to->fields[i].type))
        return false;
    }
    return true;
  default: return from->kind == to->kind && wr_type_equal(from, to);
  }
}

static enum wr_code cast_fail(const struct wr_expression *value, const struct wr_type *type,
                              struct wr_span span, struct wr_error *err)
{
  char from[TYPE_CHARS], to[TYPE_CHARS];
  wr_type_print(value->type, from, sizeof from);
  wr_type_print(type, to, sizeof to);
  wr_fail_at(err, WR_SEMANTIC, span, "%s cannot be cast to %s", from, to);
  return wr_state(err, WR_STATE_CANNOT_COERCE);
}

enum wr_code wr_cast_make(const struct wr_binding *binding, const struct wr_expression *value,
                          const struct wr_type *type, bool try_cast, struct wr_span span,
                          const struct wr_expression **out, struct wr_error *err)
{
  *out = value;
  if (wr_type_equal(value->type, type))
    return WR_OK;
  if (value->type->kind == WR_NULL) {
    *out = wr_bind_null(binding, type, span);
    return WR_OK;
  }
  struct wr_bind_site site = {.binding = binding,
                              .function = &wr_functions_cast[try_cast],
                              .arg_count = 1,
                              .span = span,
                              .type = type};
  site.args = WR_NEW(binding->arena, const struct wr_expression *);
  site.args[0] = value;
  static enum wr_code (*const families[])(struct wr_bind_site *, struct wr_error *) = {
      wr_cast_nested, wr_cast_number, wr_cast_time, wr_cast_text};
  site.kernel = cast_is_relabel(value->type, type) ? &kernel_relabel : NULL;
  for (uint32_t i = 0; i < sizeof families / sizeof *families && !site.kernel; i++) {
    enum wr_code code = families[i](&site, err);
    if (code)
      return code;
  }
  if (!site.kernel)
    return cast_fail(value, type, span, err);
  *out = wr_bind_site_call(&site);
  return WR_OK;
}

/* The same values under another type. */
static const struct wr_expression *cast_relabel(const struct wr_binding *binding,
                                                const struct wr_expression *value,
                                                const struct wr_type *type, bool try_cast,
                                                struct wr_span span)
{
  struct wr_bind_site site = {.binding = binding,
                              .function = &wr_functions_cast[try_cast],
                              .arg_count = 1,
                              .span = span,
                              .type = type,
                              .kernel = &kernel_relabel};
  site.args = WR_NEW(binding->arena, const struct wr_expression *);
  site.args[0] = value;
  return wr_bind_site_call(&site);
}

/* An interval as DECIMAL, in the kinesis dialect: whole units, but seconds with their fraction. */
static enum wr_code cast_interval_to_decimal(const struct wr_binding *binding,
                                             const struct wr_expression *value,
                                             const struct wr_type *type, bool try_cast,
                                             struct wr_span span, const struct wr_expression **out,
                                             struct wr_error *err)
{
  enum wr_interval_field first, last;
  const struct wr_expression *number;
  if (!wr_interval_units(value->type, &first, &last) || last != WR_FIELD_SECOND) {
    enum wr_code code = wr_cast_make(binding, value, &wr_type_bigint, try_cast, span, &number, err);
    return code ? code : wr_cast_make(binding, number, type, try_cast, span, out, err);
  }
  const struct wr_type *micros = wr_type_decimal(binding->arena, WR_DECIMAL_SHORT_DIGITS, 6);
  number = cast_relabel(binding, value, micros, try_cast, span); /* microseconds both */
  return wr_cast_make(binding, number, type, try_cast, span, out, err);
}

enum wr_code wr_bind_cast(const struct wr_binding *binding, const struct wr_expression *value,
                          const struct wr_type *type, bool try_cast, struct wr_span span,
                          const struct wr_expression **out, struct wr_error *err)
{
  if (binding->kinesis && wr_kind_is_interval(type->kind) && value->type->kind == type->kind)
    return *out = cast_relabel(binding, value, type, try_cast, span), WR_OK; /* other units */
  if (wr_cast_rule_of(value->type, type) != WR_CAST_NEVER)
    return wr_cast_make(binding, value, type, try_cast, span, out, err);
  if (binding->kinesis && wr_kind_is_interval(value->type->kind) && type->kind == WR_DECIMAL)
    return cast_interval_to_decimal(binding, value, type, try_cast, span, out, err);
  if (binding->kinesis && wr_kind_is_text(value->type->kind) && wr_kind_is_interval(type->kind) &&
      type->precision)
    return *out = wr_interval_of_text(binding, value, type, try_cast, span), WR_OK;
  cast_fail(value, type, span, err);
  if (wr_kind_is_number(value->type->kind) && wr_kind_is_timestamp(type->kind))
    return wr_hint(err,
                   "TO_TIMESTAMP_LTZ(number, 0 or 3) makes a timestamp of seconds or milliseconds");
  if (wr_kind_is_text(value->type->kind) && type->kind >= WR_ARRAY)
    return wr_hint(err, "JSON is read by the format of a table, or by JSON_VALUE and JSON_QUERY");
  return err->code;
}

enum wr_code wr_bind_assign(const struct wr_binding *binding, const struct wr_expression *value,
                            const struct wr_type *type, const char *column_name,
                            const struct wr_expression **out, struct wr_error *err)
{
  enum wr_kind from_kind = value->type->kind;
  bool is_number_as_text =
      binding->kinesis && wr_kind_is_number(from_kind) && wr_kind_is_text(type->kind);
  if (wr_cast_rule_of(value->type, type) < WR_CAST_ASSIGN && !is_number_as_text) {
    char from[TYPE_CHARS], to[TYPE_CHARS];
    wr_type_print(value->type, from, sizeof from);
    wr_type_print(type, to, sizeof to);
    wr_fail_at(err, WR_SEMANTIC, value->span, "column %s is %s and cannot take %s", column_name, to,
               from);
    wr_state(err, WR_STATE_DATATYPE_MISMATCH);
    if (wr_cast_rule_of(value->type, type) == WR_CAST_EXPLICIT)
      return wr_hint(err, "CAST(... AS %s) converts it", to);
    return err->code;
  }
  bool same_shape = (wr_kind_is_text(from_kind) && wr_kind_is_text(type->kind)) ||
                    (kind_is_binary(from_kind) && kind_is_binary(type->kind));
  if (!same_shape || wr_type_equal(value->type, type))
    return wr_cast_make(binding, value, type, false, value->span, out, err);
  /* Declared lengths are not enforced: text goes through as it is. */
  *out = cast_relabel(binding, value, type, false, value->span);
  return WR_OK;
}

/* ---- TYPEOF ---- */

/* NOT NULL only where both say so. The types are equal apart from that. */
static const struct wr_type *typeof_both(struct wr_arena *arena, const struct wr_type *a,
                                         const struct wr_type *b)
{
  struct wr_type *both = WR_NEW(arena, struct wr_type);
  *both = *a;
  both->not_null = a->not_null && b->not_null;
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, a->field_count + 1);
  for (uint32_t i = 0; i < a->field_count; i++) {
    assert(a->field_count == b->field_count);
    fields[i].name = a->fields[i].name;
    fields[i].type = typeof_both(arena, a->fields[i].type, b->fields[i].type);
  }
  both->fields = a->field_count ? fields : NULL;
  return both;
}

/* A type that is NOT NULL, with these types of its fields. */
static const struct wr_type *typeof_with_fields(struct wr_arena *arena, const struct wr_type *type,
                                                const struct wr_type *const *types)
{
  struct wr_type *out = WR_NEW(arena, struct wr_type);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, type->field_count + 1);
  for (uint32_t i = 0; i < type->field_count; i++)
    fields[i] = (struct wr_field){type->fields[i].name, types[i] ? types[i] : type->fields[i].type};
  *out = *type;
  out->fields = type->field_count ? fields : NULL;
  out->not_null = true;
  return out;
}

static const struct wr_type *typeof_value(struct wr_arena *arena, const struct wr_column *column,
                                          uint32_t row);

/* Of an item of a collection that is not NULL. */
static const struct wr_type *typeof_item(struct wr_arena *arena, const struct wr_type *type,
                                         struct wr_slice item)
{
  struct wr_cell cell;
  if (type->kind != WR_ROW)
    return typeof_value(arena, wr_cell_open(&cell, type, item), 0);
  const struct wr_type **fields = WR_NEW_ARRAY(arena, const struct wr_type *, type->field_count);
  struct wr_packed_row row;
  struct wr_slice field;
  wr_packed_row_open(&row, type, item);
  for (uint32_t i = 0; i < type->field_count; i++)
    fields[i] = wr_packed_row_next(&row, &field)
                    ? typeof_item(arena, type->fields[i].type, field)
                    : wr_type_with_not_null(arena, type->fields[i].type, false);
  return typeof_with_fields(arena, type, fields);
}

/* Of all items; NULL: there are none. */
static const struct wr_type *typeof_items(struct wr_arena *arena, const struct wr_list *list)
{
  const struct wr_type *type = NULL;
  for (uint32_t i = 0; i < list->count; i++) {
    const struct wr_type *item = wr_list_is_null(list, i)
                                     ? wr_type_with_not_null(arena, list->type, false)
                                     : typeof_item(arena, list->type, wr_list_item(list, i));
    type = type ? typeof_both(arena, type, item) : item;
  }
  return type;
}

/* The type of a constant, which is NOT NULL wherever it is not NULL. */
static const struct wr_type *typeof_value(struct wr_arena *arena, const struct wr_column *column,
                                          uint32_t row)
{
  const struct wr_type *type = column->type, *items[2] = {NULL, NULL};
  struct wr_list first, second;
  if (wr_column_is_null(column, row) || type->kind == WR_NULL)
    return wr_type_with_not_null(arena, type, false);
  if (!wr_kind_is_packed(type->kind))
    return wr_type_with_not_null(arena, type, true);
  if (type->kind == WR_ARRAY) {
    wr_list_open(&first, type, wr_column_text(column, row));
  } else {
    wr_map_open(&first, &second, type, wr_column_text(column, row));
    items[1] = typeof_items(arena, &second);
  }
  items[0] = typeof_items(arena, &first);
  return typeof_with_fields(arena, type, items);
}

/* The type of an expression; what makes nested values passes on what its arguments are. */
static const struct wr_type *typeof_expression(struct wr_arena *arena,
                                               const struct wr_expression *expression)
{
  const struct wr_type *type = expression->type;
  if (expression->kind == WR_EXPRESSION_LITERAL)
    return typeof_value(arena, expression->literal, 0);
  const char *name = expression->kind == WR_EXPRESSION_CALL ? expression->function->name : "";
  bool is_row = strcmp(name, "ROW") == 0;
  if (!is_row && strcmp(name, "ARRAY") != 0 && strcmp(name, "MAP") != 0)
    return type;
  const struct wr_type **fields = WR_NEW_ARRAY(arena, const struct wr_type *, type->field_count);
  for (uint32_t i = 0; i < type->field_count; i++)
    fields[i] = NULL;
  for (uint32_t i = 0; i < expression->arg_count; i++) {
    uint32_t field = i % type->field_count;
    const struct wr_type *arg = typeof_expression(arena, expression->args[i]);
    fields[field] = fields[field] ? typeof_both(arena, fields[field], arg) : arg;
  }
  return typeof_with_fields(arena, type, fields);
}

static enum wr_code bind_typeof(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_expression *value = site->args[0];
  if (site->arg_count == 2) { /* the same text serves both: it is always complete */
    enum wr_code code = wr_bind_arg(site, 1, &wr_type_boolean, err);
    if (code)
      return code;
  }
  const struct wr_type *type = typeof_expression(site->binding->arena, value);
  size_t length = wr_type_print_complete(type, NULL, 0);
  char *text = wr_arena_get(site->binding->arena, length + 1);
  wr_type_print_complete(type, text, length + 1);
  const struct wr_text result = wr_text_make(text, (uint32_t)length);
  site->instead = wr_bind_literal(site->binding, &wr_type_string, &result, site->span);
  return WR_OK;
}

const struct wr_function wr_functions_cast[] = {
    {.name = "CAST",
     .usage = "CAST(value AS type)",
     .help =
         "The value as another type; a row whose value does not fit is rejected; kinesis dialect: "
         "numbers are rounded, a text of a TIMESTAMP is yyyy-MM-dd HH:mm:ss",
     .example = "CAST('12' AS INT) + 1",
     .result = "13",
     .most = WR_ARGS_ANY,
     .bind = wr_bind_never},
    {.name = "TRY_CAST",
     .usage = "TRY_CAST(value AS type)",
     .help = "The value as another type, or NULL if it does not fit",
     .example = "TRY_CAST('twelve' AS INT)",
     .most = WR_ARGS_ANY,
     .bind = wr_bind_never,
     .traits = WR_QUIET},
    {.name = "TYPEOF",
     .usage = "TYPEOF(value [, complete])",
     .help = "The type of the value as SQL writes it; always complete",
     .example = "TYPEOF(CAST('1.5' AS DECIMAL(4, 2)))",
     .result = "DECIMAL(4, 2) NOT NULL",
     .least = 1,
     .most = 2,
     .bind = bind_typeof},
    {0},
};
