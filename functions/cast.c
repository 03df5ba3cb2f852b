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

#include "functions/bind_fold.h"

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
    [WR_TINYINT] = ".eiiiiiiiee............",
    [WR_SMALLINT] = ".eaiiiiiiee............",
    [WR_INT] = ".eaaiiiiiee............",
    [WR_BIGINT] = ".eaaaiiiiee............",
    [WR_FLOAT] = ".eaaaaiiaee............",
    [WR_DOUBLE] = ".eaaaaaiaee............",
    [WR_DECIMAL] = ".eaaaaiiiee............",
    [WR_CHAR] = ".eeeeeeeeiieeeeee......",
    [WR_VARCHAR] = ".eeeeeeeeiieeeeee......",
    [WR_BINARY] = ".........eeii..........",
    [WR_VARBINARY] = ".........eeii..........",
    [WR_DATE] = ".........ee..i.ie......",
    [WR_TIME] = ".........ee...i........",
    [WR_TIMESTAMP] = ".........ee..eeia......",
    [WR_TIMESTAMP_LTZ] = ".........ee..eeai......",
    [WR_INTERVAL_MONTH] = ".........ee......i.....",
    [WR_INTERVAL_SECOND] = ".........ee.......i....",
    [WR_ARRAY] = "...................i...",
    [WR_MAP] = "....................i..",
    [WR_MULTISET] = ".....................i.",
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
  default: return from->kind == to->kind && wr_type_equal(from, to);
  }
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
      wr_cast_number, wr_cast_time, wr_cast_text};
  site.kernel = cast_is_relabel(value->type, type) ? &kernel_relabel : NULL;
  for (uint32_t i = 0; i < sizeof families / sizeof *families && !site.kernel; i++) {
    enum wr_code code = families[i](&site, err);
    if (code)
      return code;
  }
  if (!site.kernel) {
    char from[TYPE_CHARS], to[TYPE_CHARS];
    wr_type_print(value->type, from, sizeof from);
    wr_type_print(type, to, sizeof to);
    return wr_fail_at(err, WR_SEMANTIC, span, "%s cannot be cast to %s", from, to);
  }
  *out = wr_bind_site_call(&site);
  return WR_OK;
}

enum wr_code wr_bind_cast(const struct wr_binding *binding, const struct wr_expression *value,
                          const struct wr_type *type, bool try_cast, struct wr_span span,
                          const struct wr_expression **out, struct wr_error *err)
{
  if (wr_cast_rule(value->type->kind, type->kind) != WR_CAST_NEVER)
    return wr_cast_make(binding, value, type, try_cast, span, out, err);
  char from[TYPE_CHARS], to[TYPE_CHARS];
  wr_type_print(value->type, from, sizeof from);
  wr_type_print(type, to, sizeof to);
  wr_fail_at(err, WR_SEMANTIC, span, "%s cannot be cast to %s", from, to);
  if (wr_kind_is_number(value->type->kind) && wr_kind_is_timestamp(type->kind))
    return wr_hint(err,
                   "TO_TIMESTAMP_LTZ(number, 0 or 3) makes a timestamp of seconds or milliseconds");
  return err->code;
}

enum wr_code wr_bind_assign(const struct wr_binding *binding, const struct wr_expression *value,
                            const struct wr_type *type, const char *column_name,
                            const struct wr_expression **out, struct wr_error *err)
{
  enum wr_kind from_kind = value->type->kind;
  if (wr_cast_rule(from_kind, type->kind) < WR_CAST_ASSIGN) {
    char from[TYPE_CHARS], to[TYPE_CHARS];
    wr_type_print(value->type, from, sizeof from);
    wr_type_print(type, to, sizeof to);
    wr_fail_at(err, WR_SEMANTIC, value->span, "column %s is %s and cannot take %s", column_name, to,
               from);
    if (wr_cast_rule(from_kind, type->kind) == WR_CAST_EXPLICIT)
      return wr_hint(err, "CAST(... AS %s) converts it", to);
    return err->code;
  }
  bool same_shape = (wr_kind_is_text(from_kind) && wr_kind_is_text(type->kind)) ||
                    (kind_is_binary(from_kind) && kind_is_binary(type->kind));
  if (!same_shape || wr_type_equal(value->type, type))
    return wr_cast_make(binding, value, type, false, value->span, out, err);
  /* Declared lengths are not enforced: text goes through as it is. */
  struct wr_bind_site site = {.binding = binding,
                              .function = &wr_functions_cast[0],
                              .arg_count = 1,
                              .span = value->span,
                              .type = type,
                              .kernel = &kernel_relabel};
  site.args = WR_NEW(binding->arena, const struct wr_expression *);
  site.args[0] = value;
  *out = wr_bind_site_call(&site);
  return WR_OK;
}

/* By name they cannot be called: the type is not an argument. */
static enum wr_code cast_bind(struct wr_bind_site *site, struct wr_error *err)
{
  return wr_bind_no_match(site, err);
}

const struct wr_function wr_functions_cast[] = {
    {.name = "CAST",
     .usage = "CAST(value AS type)",
     .help = "The value as another type; a row whose value does not fit is rejected",
     .example = "CAST('12' AS INT) + 1",
     .result = "13",
     .most = WR_ARGS_ANY,
     .bind = cast_bind},
    {.name = "TRY_CAST",
     .usage = "TRY_CAST(value AS type)",
     .help = "The value as another type, or NULL if it does not fit",
     .example = "TRY_CAST('twelve' AS INT)",
     .most = WR_ARGS_ANY,
     .bind = cast_bind,
     .traits = WR_QUIET},
    {0},
};
