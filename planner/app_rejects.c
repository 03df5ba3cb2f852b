/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error_stream as applications know it, made from the rows that Weir has: names in upper case, the
 * record as hexadecimal digits, the pump instead of the statement. Rows that were rejected before
 * any pump saw them have the text "null" for a pump.
 */
#include "planner/app_streams.h"

#include <assert.h>
#include <string.h>

static const struct wr_field app_rejects_fields[] = {
    {"ERROR_TIME", &wr_type_timestamp3},   {"ERROR_LEVEL", &wr_type_string},
    {"ERROR_NAME", &wr_type_string},       {"MESSAGE", &wr_type_string},
    {"DATA_ROWTIME", &wr_type_timestamp3}, {"DATA_ROW", &wr_type_string},
    {"PUMP_NAME", &wr_type_string},
};
enum { APP_REJECTS_COUNT = sizeof app_rejects_fields / sizeof *app_rejects_fields };

const struct wr_schema wr_app_rejects_schema = {.column_count = APP_REJECTS_COUNT,
                                                .fields = app_rejects_fields};

static const struct wr_expression *rejects_text(const struct wr_binding *binding, const char *text,
                                                struct wr_span span)
{
  return wr_bind_text(binding, text, (uint32_t)strlen(text), span);
}

/* A call that cannot fail to bind. */
static const struct wr_expression *rejects_call(const struct wr_binding *binding, const char *name,
                                                const struct wr_expression *const *args,
                                                uint32_t count, struct wr_span span)
{
  const struct wr_expression *out = NULL;
  struct wr_error err;
  wr_error_clear(&err);
  enum wr_code code = wr_bind_call(binding, name, args, count, span, &out, &err);
  assert(code == WR_OK);
  (void)code;
  return out;
}

static const struct wr_expression *rejects_column(const struct wr_binding *binding,
                                                  const char *name, struct wr_span span)
{
  uint32_t c = 0;
  while (strcmp(wr_pump_rejects_schema.fields[c].name, name) != 0)
    c++;
  return wr_bind_column(binding, c, wr_pump_rejects_schema.fields[c].type, span);
}

static const struct wr_expression *rejects_cast(const struct wr_binding *binding,
                                                const struct wr_expression *value,
                                                const struct wr_type *type, struct wr_span span)
{
  struct wr_error err;
  wr_error_clear(&err);
  enum wr_code code = wr_bind_cast(binding, value, type, false, span, &value, &err);
  assert(code == WR_OK);
  (void)code;
  return value;
}

/* CASE WHEN name = from THEN to ELSE other END */
static const struct wr_expression *rejects_choose(const struct wr_binding *binding,
                                                  const struct wr_expression *name,
                                                  const char *from, const char *to,
                                                  const struct wr_expression *other,
                                                  struct wr_span span)
{
  const struct wr_expression *sides[] = {name, rejects_text(binding, from, span)}, *out = NULL;
  const struct wr_expression *args[] = {rejects_call(binding, "=", sides, 2, span),
                                        rejects_text(binding, to, span), other};
  struct wr_error err;
  wr_error_clear(&err);
  enum wr_code code = wr_bind_case(binding, args, 3, span, &out, &err);
  assert(code == WR_OK);
  (void)code;
  return rejects_cast(binding, out, &wr_type_string, span);
}

struct wr_logical *wr_bind_app_rejects(const struct wr_binder *binder, struct wr_logical *rejects,
                                       struct wr_span span)
{
  struct wr_binding *base = WR_NEW(binder->arena, struct wr_binding);
  *base = *binder->binding;
  base->kinesis = false;
  const struct wr_expression **columns =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, APP_REJECTS_COUNT);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, APP_REJECTS_COUNT);
  for (uint32_t c = 0; c < APP_REJECTS_COUNT; c++)
    names[c] = app_rejects_fields[c].name;
  const struct wr_expression *raw = rejects_column(base, "raw_record", span);
  const struct wr_expression *pump[] = {rejects_column(base, "pump", span),
                                        rejects_text(base, "null", span)};
  const struct wr_expression *level = rejects_column(base, "error_level", span),
                             *name = rejects_column(base, "error_name", span);
  columns[0] = rejects_column(base, "error_time", span);
  columns[1] = rejects_choose(base, level, "WARN", "WARNING", level, span);
  columns[2] = rejects_choose(base, name, "bad_record", "Coercion error", name, span);
  columns[3] = rejects_column(base, "message", span);
  columns[4] =
      rejects_cast(base, wr_bind_null(base, &wr_type_timestamp3, span), &wr_type_timestamp3, span);
  columns[5] = rejects_call(base, "HEX", &raw, 1, span);
  columns[6] = rejects_choose(base, name, "bad_record", "null",
                              rejects_call(base, "COALESCE", pump, 2, span), span);
  return wr_logical_project(binder->arena, rejects, columns, names, APP_REJECTS_COUNT);
}
