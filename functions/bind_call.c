/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls: from a name and arguments to a row of the tables. Among rows of one name that one is taken
 * whose implicit casts are the fewest and shortest; functions for "any types" do their own binding
 * in a hook.
 */
#include <assert.h>
#include <stdio.h>
#include <strings.h>

#include "core/options.h"
#include "functions/bind_fold.h"
#include "functions/cast.h"
#include "text/buffer.h"

#define TYPE_CHARS 256
#define COST_NEVER UINT32_MAX

/* ---- errors ---- */

/* The usages of the rows of this name, for hints. */
static void call_usages(const struct wr_function *function, char *out, size_t size)
{
  size_t used = 0;
  const char *name = function->name;
  for (const char *between = ""; function->name && strcasecmp(function->name, name) == 0;
       function++) {
    if (!function->usage || used >= size)
      continue;
    used += (size_t)snprintf(out + used, size - used, "%s%s", between, function->usage);
    between = "; ";
  }
}

static bool kind_is_temporal(enum wr_kind kind)
{
  return kind >= WR_DATE && kind <= WR_TIMESTAMP_LTZ;
}

/* A word as CEIL(x TO HOUR) has it, which came as a text: its place in the statement has no room
 * for quotes. */
static bool arg_is_word(const struct wr_expression *arg)
{
  return wr_expression_is_known(arg) && arg->type->kind == WR_CHAR &&
         arg->span.length < wr_column_text(arg->literal, 0)->length + 2;
}

/* Times of two kinds are compared: true if it told that one of them has to be cast. */
static bool call_hint_times(const struct wr_bind_site *site, struct wr_error *err)
{
  if (!(site->function->traits & WR_OPERATOR) || site->arg_count != 2 ||
      !strchr("=<>", site->function->name[0]) || !kind_is_temporal(site->args[0]->type->kind) ||
      !kind_is_temporal(site->args[1]->type->kind) ||
      site->args[0]->type->kind == site->args[1]->type->kind)
    return false;
  char type[TYPE_CHARS];
  wr_type_print(site->args[1]->type, type, sizeof type);
  wr_hint(err, "cast one of them: CAST(... AS %s)", type);
  return true;
}

/* A text and something else: says which CAST was meant; true if it did. */
static bool call_hint_cast(const struct wr_bind_site *site, struct wr_error *err)
{
  if (!(site->function->traits & WR_OPERATOR) || site->arg_count != 2)
    return false;
  bool first_is_text = wr_kind_is_text(site->args[0]->type->kind);
  const struct wr_expression *text = site->args[!first_is_text], *other = site->args[first_is_text];
  enum wr_kind kind = other->type->kind;
  bool is_scalar = wr_kind_is_number(kind) || kind == WR_BOOLEAN || kind_is_temporal(kind);
  if (!wr_kind_is_text(text->type->kind) || !is_scalar)
    return false;
  char type[TYPE_CHARS];
  struct wr_arena *arena = site->binding->arena;
  bool joins = strcmp(site->function->name, "||") == 0;
  wr_type_print(joins ? &wr_type_string : other->type, type, sizeof type);
  const struct wr_expression *wrong = joins ? other : text;
  const char *shown =
      wrong->kind == WR_EXPRESSION_LITERAL ? wr_expression_print(arena, wrong, NULL) : "...";
  wr_hint(err, "a text is not cast by itself; write CAST(%.100s AS %s)", shown, type);
  return true;
}

enum wr_code wr_bind_no_match(const struct wr_bind_site *site, struct wr_error *err)
{
  struct wr_buffer types = {0};
  for (uint32_t i = 0; i < site->arg_count; i++) {
    char type[TYPE_CHARS];
    wr_type_print(site->args[i]->type, type, sizeof type);
    if (arg_is_word(site->args[i]))
      snprintf(type, sizeof type, "%.60s",
               wr_text_bytes(wr_column_text(site->args[i]->literal, 0)));
    wr_buffer_print(&types, "%s%s", i ? ", " : "", type);
  }
  char usages[400] = "";
  call_usages(site->function, usages, sizeof usages);
  if (site->function->traits & WR_OPERATOR)
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, site->span,
                  "%s cannot be applied to %.500s", site->function->name, wr_buffer_string(&types));
  else
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, site->span,
                  "there is no %s(%.500s)", site->function->name, wr_buffer_string(&types));
  wr_buffer_free(&types);
  if (call_hint_cast(site, err) || call_hint_times(site, err))
    return err->code;
  return wr_hint(err, "it is used as %s", usages);
}

enum wr_code wr_bind_never(struct wr_bind_site *site, struct wr_error *err)
{
  return wr_bind_no_match(site, err);
}

/* ---- arguments ---- */

/* 0: as it is. Constant texts may stand for dates and times. */
static uint32_t arg_cost(const struct wr_expression *arg, enum wr_kind kind)
{
  enum wr_kind from = arg->type->kind;
  if (from == kind || from == WR_NULL || (wr_kind_is_text(from) && wr_kind_is_text(kind)))
    return 0;
  if (wr_cast_rule(from, kind) == WR_CAST_IMPLICIT)
    return 1 + (kind > from ? kind - from : from - kind);
  if (wr_kind_is_text(from) && kind_is_temporal(kind) && arg->kind == WR_EXPRESSION_LITERAL)
    return 2 * WR_KIND_COUNT;
  return COST_NEVER;
}

/* The type of this kind that holds every value of `from`. */
static const struct wr_type *arg_type(struct wr_arena *arena, const struct wr_type *from,
                                      enum wr_kind kind)
{
  static const struct wr_type *const plain[WR_KIND_COUNT] = {
      [WR_BOOLEAN] = &wr_type_boolean,
      [WR_TINYINT] = &wr_type_tinyint,
      [WR_SMALLINT] = &wr_type_smallint,
      [WR_INT] = &wr_type_int,
      [WR_BIGINT] = &wr_type_bigint,
      [WR_FLOAT] = &wr_type_float,
      [WR_DOUBLE] = &wr_type_double,
      [WR_CHAR] = &wr_type_string,
      [WR_VARCHAR] = &wr_type_string,
      [WR_BINARY] = &wr_type_bytes,
      [WR_VARBINARY] = &wr_type_bytes,
      [WR_DATE] = &wr_type_date,
      [WR_TIME] = &wr_type_time,
      [WR_TIMESTAMP] = &wr_type_timestamp6,
      [WR_TIMESTAMP_LTZ] = &wr_type_timestamp_ltz6,
      [WR_INTERVAL_MONTH] = &wr_type_interval_month,
      [WR_INTERVAL_SECOND] = &wr_type_interval_second,
  };
  if (from->kind == kind || (wr_kind_is_text(from->kind) && wr_kind_is_text(kind)))
    return from;
  if (kind == WR_DECIMAL) {
    unsigned precision = WR_DECIMAL_DIGITS_MAX, scale = WR_DECIMAL_SHORT_DIGITS;
    if (wr_kind_is_integer(from->kind))
      wr_number_digits(from, &precision, &scale);
    return wr_type_decimal(arena, precision, scale);
  }
  assert(plain[kind]);
  return plain[kind];
}

enum wr_code wr_bind_arg(struct wr_bind_site *site, uint32_t i, const struct wr_type *type,
                         struct wr_error *err)
{
  assert(i < site->arg_count);
  if (arg_cost(site->args[i], type->kind) == COST_NEVER)
    return wr_bind_no_match(site, err);
  return wr_cast_make(site->binding, site->args[i], type, false, site->args[i]->span,
                      &site->args[i], err);
}

enum wr_code wr_bind_no_common(const struct wr_bind_site *site, uint32_t first,
                               struct wr_error *err)
{
  const struct wr_expression *const *args = site->args + first;
  uint32_t other = wr_bind_common_conflict(site->binding, args, site->arg_count - first);
  if (site->function->traits & WR_OPERATOR)
    return wr_bind_no_match(site, err);
  char a[TYPE_CHARS], b[TYPE_CHARS];
  wr_type_print(args[0]->type, a, sizeof a);
  wr_type_print(args[other]->type, b, sizeof b);
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, args[other]->span,
                "the arguments of %s have no common type: %s and %s", site->function->name, a, b);
  return wr_hint(err, "CAST one of them to the type of the other");
}

enum wr_code wr_bind_args_common(struct wr_bind_site *site, uint32_t first,
                                 const struct wr_type **type, struct wr_error *err)
{
  *type = wr_bind_common_type(site->binding, site->args + first, site->arg_count - first);
  if (!*type)
    return wr_bind_no_common(site, first, err);
  for (uint32_t i = first; i < site->arg_count; i++) {
    enum wr_code code = wr_bind_arg(site, i, *type, err);
    if (code)
      return code;
  }
  return WR_OK;
}

/* ---- overloads ---- */

static uint32_t overload_cost(const struct wr_function *function, const struct wr_bind_site *site)
{
  if (site->arg_count < function->least || site->arg_count > function->most)
    return COST_NEVER;
  uint32_t total = 0;
  for (uint32_t i = 0; i < site->arg_count; i++) {
    uint32_t cost = arg_cost(site->args[i], function->takes[i]);
    if (cost == COST_NEVER)
      return COST_NEVER;
    total += cost;
  }
  return total;
}

static const struct wr_function *overload_find(const struct wr_function *function,
                                               const struct wr_bind_site *site)
{
  const struct wr_function *best = NULL;
  uint32_t best_cost = COST_NEVER;
  const char *name = function->name;
  for (; function->name && strcmp(function->name, name) == 0; function++) {
    uint32_t cost = overload_cost(function, site);
    if (cost < best_cost) {
      best = function;
      best_cost = cost;
    }
  }
  return best;
}

static enum wr_code overload_bind(struct wr_bind_site *site, struct wr_error *err)
{
  const struct wr_function *function = overload_find(site->function, site);
  if (!function)
    return wr_bind_no_match(site, err);
  for (uint32_t i = 0; i < site->arg_count; i++) {
    const struct wr_type *type =
        arg_type(site->binding->arena, site->args[i]->type, function->takes[i]);
    enum wr_code code = wr_bind_arg(site, i, type, err);
    if (code)
      return code;
  }
  site->function = function;
  site->type = function->gives;
  site->kernel = function->kernel;
  return function->bind ? function->bind(site, err) : WR_OK;
}

/* ---- calls ---- */

const struct wr_expression *wr_bind_site_call(const struct wr_bind_site *site)
{
  assert(site->type && site->kernel);
  struct wr_expression *call = WR_NEW(site->binding->arena, struct wr_expression);
  *call = (struct wr_expression){.kind = WR_EXPRESSION_CALL,
                                 .type = site->type,
                                 .span = site->span,
                                 .function = site->function,
                                 .kernel = site->kernel,
                                 .prepared = site->prepared,
                                 .args = site->args,
                                 .arg_count = site->arg_count};
  if (site->function->traits & WR_RANDOM)
    call->written = call;
  return wr_fold_call(site->binding, call);
}

enum wr_code wr_bind_call(const struct wr_binding *binding, const char *name,
                          const struct wr_expression *const *args, uint32_t arg_count,
                          struct wr_span span, const struct wr_expression **out,
                          struct wr_error *err)
{
  const struct wr_function *function = wr_function_find(name);
  if (!function) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, span,
                  "there is no function %.100s", name);
    const char *nearest = wr_function_nearest(name);
    return nearest ? wr_hint(err, "did you mean %s?", nearest) : err->code;
  }
  struct wr_bind_site site = {
      .binding = binding, .function = function, .arg_count = arg_count, .span = span};
  site.args = WR_NEW_ARRAY(binding->arena, const struct wr_expression *, arg_count);
  if (arg_count)
    memcpy(site.args, args, sizeof *args * arg_count);
  enum wr_code code;
  if (function->kernel)
    code = overload_bind(&site, err);
  else if (arg_count < function->least ||
           (function->most != WR_ARGS_ANY && arg_count > function->most))
    code = wr_bind_no_match(&site, err);
  else
    code = function->bind(&site, err);
  if (!code)
    *out = site.instead ? site.instead : wr_bind_site_call(&site);
  return code;
}
