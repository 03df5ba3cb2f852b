/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What INSERT enforces on the columns of a table: NOT NULL and declared lengths. The checks are
 * calls like others, of functions that nobody can name: EXPLAIN shows them, a row that does not
 * fit fails and is reported with the column's name.
 */
#include <assert.h>

#include "core/batch.h"
#include "functions/bind_fold.h"
#include "functions/cast.h"
#include "functions/kernel.h"
#include "text/utf8.h"

#define TYPE_CHARS 64

/* Both know their column from the last argument, so that equal checks of two columns stay apart. */
static struct wr_slice enforce_column(const struct wr_call *call)
{
  const struct wr_text *name = wr_column_text(call->args[call->arg_count - 1], 0);
  return (struct wr_slice){wr_text_bytes(name), name->length};
}

/* ---- NOT NULL ---- */

static void fail_nulls(const struct wr_call *call, const uint32_t *rows, uint32_t row_count,
                       const char *what)
{
  const struct wr_column *value = call->args[0];
  if (!value->valid)
    return;
  struct wr_slice column = enforce_column(call);
  WR_EACH_ROW(row)
  {
    if (wr_column_is_null(value, row))
      wr_call_fail_state(call, row, WR_STATE_NOT_NULL_VIOLATION,
                         "column %.*s is %s and cannot take NULL", (int)column.length, column.bytes,
                         what);
  }
}

static void rows_not_null(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  fail_nulls(call, rows, row_count, "NOT NULL");
}
static const struct wr_kernel kernel_not_null = {
    .rows = rows_not_null, .traits = WR_SAME_VALUES | WR_SEES_NULL | WR_CAN_FAIL};
static const struct wr_function function_not_null = {.name = "NOT NULL"};

static void rows_key_not_null(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  fail_nulls(call, rows, row_count, "in the PRIMARY KEY");
}
static const struct wr_kernel kernel_key_not_null = {
    .rows = rows_key_not_null, .traits = WR_SAME_VALUES | WR_SEES_NULL | WR_CAN_FAIL};

/* A call over the value and the name of its column. */
static const struct wr_expression *enforce_call(const struct wr_binding *binding,
                                                const struct wr_function *function,
                                                const struct wr_kernel *kernel,
                                                const struct wr_expression *value,
                                                const struct wr_type *type, const char *column_name)
{
  struct wr_bind_site site = {.binding = binding,
                              .function = function,
                              .arg_count = 2,
                              .span = value->span,
                              .type = type,
                              .kernel = kernel};
  site.args = WR_NEW_ARRAY(binding->arena, const struct wr_expression *, 2);
  site.args[0] = value;
  site.args[1] = wr_bind_text(binding, column_name, (uint32_t)strlen(column_name), value->span);
  return wr_bind_site_call(&site);
}

const struct wr_expression *wr_bind_not_null(const struct wr_binding *binding,
                                             const struct wr_expression *value,
                                             const char *column_name, bool is_key)
{
  if (wr_expression_is_known(value) || wr_expression_gives_fields(value))
    return value;
  const struct wr_type *type = wr_type_with_not_null(binding->arena, value->type, true);
  return enforce_call(binding, &function_not_null, is_key ? &kernel_key_not_null : &kernel_not_null,
                      value, type, column_name);
}

/* ---- lengths ---- */

static bool kind_is_binary(enum wr_kind kind)
{
  return kind == WR_BINARY || kind == WR_VARBINARY;
}

static void rows_length(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_type *type = call->expression->type;
  const struct wr_column *value = call->args[0];
  bool binary = kind_is_binary(type->kind),
       fixed = type->kind == WR_CHAR || type->kind == WR_BINARY;
  struct wr_slice column = enforce_column(call);
  WR_EACH_ROW(row)
  {
    if (wr_column_is_null(value, row))
      continue;
    const struct wr_text *text = wr_column_text(value, row);
    if (!fixed && text->length <= type->length)
      continue; /* a character has at least one byte */
    size_t length = binary ? text->length : wr_utf8_count(wr_text_bytes(text), text->length);
    if (fixed ? length == type->length : length <= type->length)
      continue;
    char shown[TYPE_CHARS];
    wr_type_print(type, shown, sizeof shown);
    wr_call_fail_state(call, row, WR_STATE_TEXT_TOO_LONG,
                       "column %.*s is %s and cannot take %zu %s", (int)column.length, column.bytes,
                       shown, length, binary ? "bytes" : "characters");
  }
}
static const struct wr_kernel kernel_length = {
    .rows = rows_length, .traits = WR_SAME_VALUES | WR_SEES_NULL | WR_CAN_FAIL};
static const struct wr_function function_length = {.name = "CHECK LENGTH"};
static const struct wr_function function_fit = {.name = "FIT LENGTH"};

const struct wr_expression *wr_bind_length(const struct wr_binding *binding,
                                           const struct wr_expression *value,
                                           const struct wr_type *type, enum wr_length_mode mode,
                                           const char *column_name)
{
  bool has_length = type->kind >= WR_CHAR && type->kind <= WR_VARBINARY;
  if (mode == WR_LENGTH_IGNORE || !has_length || type->length == WR_LENGTH_MAX)
    return value;
  assert(value->type->physical == WR_TEXT);
  if (mode == WR_LENGTH_ERROR)
    return enforce_call(binding, &function_length, &kernel_length, value, type, column_name);
  return enforce_call(binding, &function_fit, &wr_kernel_fit_text, value, type, column_name);
}
