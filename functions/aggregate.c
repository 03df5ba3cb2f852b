/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and binding aggregates. */
#include "functions/aggregate.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "core/options.h"
#include "core/sqlstate.h"
#include "functions/aggregate_table.h"

#define TYPE_CHARS 256

#define WR_ENTRY(name) extern const struct wr_aggregate_function wr_aggregates_##name[];
#include "functions/aggregates.inc"
#undef WR_ENTRY

#define WR_ENTRY(name) wr_aggregates_##name,
static const struct wr_aggregate_function *const families[] = {
#include "functions/aggregates.inc"
    NULL,
};
#undef WR_ENTRY

const struct wr_aggregate_function *wr_aggregate_at(uint32_t index)
{
  for (uint32_t f = 0; families[f]; f++) {
    for (const struct wr_aggregate_function *row = families[f]; row->name; row++) {
      if (index-- == 0)
        return row;
    }
  }
  return NULL;
}

static const struct wr_aggregate_function *aggregate_find(const char *name)
{
  const struct wr_aggregate_function *row;
  for (uint32_t i = 0; (row = wr_aggregate_at(i)); i++) {
    if (strcasecmp(row->name, name) == 0)
      return row;
  }
  return NULL;
}

bool wr_aggregate_exists(const char *name)
{
  return aggregate_find(name) != NULL;
}

enum wr_code wr_aggregate_no_match(const struct wr_aggregate_site *site, uint32_t i,
                                   struct wr_error *err)
{
  char type[TYPE_CHARS];
  wr_type_print(site->args[i]->type, type, sizeof type);
  wr_fail_at(err, WR_SEMANTIC, site->args[i]->span, "there is no %s of %s", site->function->name,
             type);
  wr_state(err, WR_STATE_UNDEFINED_FUNCTION);
  return wr_hint(err, "it is used as %s", site->function->usage);
}

enum wr_code wr_aggregate_cast(struct wr_aggregate_site *site, uint32_t i,
                               const struct wr_type *type, struct wr_error *err)
{
  if (wr_type_equal(site->args[i]->type, type))
    return WR_OK;
  return wr_bind_cast(site->binding, site->args[i], type, false, site->args[i]->span,
                      &site->args[i], err);
}

enum wr_code wr_aggregate_constant(const struct wr_aggregate_site *site, uint32_t i,
                                   const char *what, struct wr_error *err)
{
  if (wr_expression_is_known(site->args[i]))
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, site->args[i]->span, "the %s of %s must be a constant", what,
             site->function->name);
  return wr_hint(err, "it is used as %s", site->function->usage);
}

/* ---- binding */

/* Clauses that the function does not have. */
static enum wr_code aggregate_check_clauses(const struct wr_aggregate_site *site,
                                            struct wr_error *err)
{
  const struct wr_aggregate_call *call = site->call;
  const struct wr_aggregate_function *function = site->function;
  if (call->nulls != WR_NULLS_DEFAULT && !(function->traits & WR_TAKES_NULLS_CLAUSE))
    return wr_fail_at(err, WR_SEMANTIC, call->nulls_span, "%s takes no %s", function->name,
                      call->nulls == WR_NULLS_IGNORE ? "IGNORE NULLS" : "RESPECT NULLS");
  if (call->json_nulls != WR_JSON_NULLS_DEFAULT && !(function->traits & WR_TAKES_JSON_CLAUSE))
    return wr_fail_at(err, WR_SEMANTIC, call->json_span, "%s takes no NULL ON NULL",
                      function->name);
  if (call->distinct && (function->traits & WR_REFUSES_DISTINCT))
    return wr_fail_at(err, WR_UNSUPPORTED, call->distinct_span, "%s takes no DISTINCT",
                      function->name);
  if (call->distinct && call->arg_count == 0)
    return wr_fail_at(err, WR_SEMANTIC, call->distinct_span, "DISTINCT needs a value, not *");
  return WR_OK;
}

static enum wr_code aggregate_check_args(struct wr_aggregate_site *site, struct wr_error *err)
{
  const struct wr_aggregate_function *function = site->function;
  uint32_t count = site->arg_count;
  if (count < function->least || count > function->most) {
    wr_fail_at(err, WR_SEMANTIC, site->call->span, "%s cannot take %u argument%s", function->name,
               count, count == 1 ? "" : "s");
    return wr_hint(err, "it is used as %s", function->usage);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (site->args[i]->type->kind == WR_NULL)
      site->args[i] = wr_bind_null(site->binding, &wr_type_int, site->args[i]->span);
    if (site->args[i]->type->physical != WR_NESTED)
      continue;
    if (!(function->traits & WR_TAKES_ROW))
      return wr_aggregate_no_match(site, i, err);
    if (site->call->distinct) {
      wr_fail_at(err, WR_UNSUPPORTED, site->args[i]->span,
                 "DISTINCT of a ROW is not supported yet");
      return wr_hint(err, "write its fields one by one, as in COUNT(DISTINCT r.a, r.b)");
    }
  }
  return WR_OK;
}

enum wr_code wr_bind_aggregate(const struct wr_binding *binding,
                               const struct wr_aggregate_call *call, struct wr_aggregate *out,
                               struct wr_error *err)
{
  const struct wr_aggregate_function *function = aggregate_find(call->name);
  if (!function) {
    wr_fail_at(err, WR_SEMANTIC, call->span, "there is no aggregate function %.100s", call->name);
    wr_state(err, WR_STATE_UNDEFINED_FUNCTION);
    const char *nearest = wr_function_nearest(call->name);
    return nearest ? wr_hint(err, "did you mean %s?", nearest) : err->code;
  }
  const struct wr_expression **args =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, call->arg_count + 1);
  for (uint32_t i = 0; i < call->arg_count; i++)
    args[i] = call->args[i];
  *out = (struct wr_aggregate){
      .name = function->name, .words = "", .filter = call->filter, .distinct = call->distinct};
  struct wr_aggregate_site site = {.binding = binding,
                                   .function = function,
                                   .call = call,
                                   .args = args,
                                   .arg_count = call->arg_count,
                                   .out = out};
  enum wr_code code = aggregate_check_clauses(&site, err);
  if (code == WR_OK)
    code = aggregate_check_args(&site, err);
  if (code == WR_OK)
    code = function->bind(&site, err);
  if (code)
    return code;
  assert(out->type && out->code && out->code->add && out->code->merge && out->code->result);
  out->args = args;
  out->arg_count = site.arg_count;
  out->distinct = out->distinct && !out->code->once;
  return WR_OK;
}

bool wr_aggregate_equal(const struct wr_aggregate *a, const struct wr_aggregate *b)
{
  if (a->code != b->code || strcmp(a->name, b->name) != 0 || a->distinct != b->distinct ||
      a->arg_count != b->arg_count || !wr_type_equal(a->type, b->type) ||
      strcmp(a->words, b->words) != 0 || (a->filter != NULL) != (b->filter != NULL))
    return false;
  for (uint32_t i = 0; i < a->arg_count; i++)
    if (!wr_expression_equal(a->args[i], b->args[i]) || !wr_expression_is_deterministic(a->args[i]))
      return false;
  return !a->filter ||
         (wr_expression_equal(a->filter, b->filter) && wr_expression_is_deterministic(a->filter));
}
