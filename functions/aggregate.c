/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and binding aggregates. */
#include "functions/aggregate.h"

#include <assert.h>
#include <strings.h>

#include "core/options.h"
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

enum wr_code wr_bind_aggregate(const struct wr_binding *binding, const char *name,
                               const struct wr_expression *const *args, uint32_t arg_count,
                               struct wr_span span, struct wr_aggregate *out, struct wr_error *err)
{
  const struct wr_aggregate_function *function = aggregate_find(name);
  if (!function) {
    wr_fail_at(err, WR_SEMANTIC, span, "there is no aggregate function %.100s", name);
    const char *nearest = wr_function_nearest(name);
    return nearest ? wr_hint(err, "did you mean %s?", nearest) : err->code;
  }
  *out = (struct wr_aggregate){.name = function->name, .arg = arg_count ? args[0] : NULL};
  if (arg_count < function->least || arg_count > function->most) {
    wr_fail_at(err, WR_SEMANTIC, span, "%s cannot take %u arguments", function->name, arg_count);
    return wr_hint(err, "it is used as %s", function->usage);
  }
  if (out->arg && out->arg->type->kind == WR_NULL)
    out->arg = wr_bind_null(binding, &wr_type_int, out->arg->span);
  if (function->bind(binding, out)) {
    assert(out->code && out->code->add && out->code->merge && out->code->result && out->code->init);
    return WR_OK;
  }
  char type[TYPE_CHARS];
  wr_type_print(out->arg->type, type, sizeof type);
  wr_fail_at(err, WR_SEMANTIC, out->arg->span, "there is no %s of %s", function->name, type);
  return wr_hint(err, "it is used as %s", function->usage);
}
