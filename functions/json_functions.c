/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON_EXISTS, JSON_VALUE, JSON_QUERY and IS JSON. A path that can name several values gives a
 * list, which counts as an array: JSON_VALUE has no scalar then, JSON_QUERY gives the array. A JSON
 * null is empty for JSON_VALUE and JSON_QUERY and does not exist for JSON_EXISTS.
 */
#include "functions/json_functions.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "core/builder.h"
#include "core/packed.h"
#include "functions/cast.h"
#include "functions/json_call.h"
#include "functions/text_call.h"
#include "text/decimal.h"
#include "text/number.h"
#include "text/utf8.h"

#define TYPE_CHARS  64
#define SHOWN_BYTES 60 /* of a value in a message */

static bool node_is_scalar(const struct wr_json_work *work, uint32_t node)
{
  return work->tape.nodes[node].kind < WR_JSON_ARRAY;
}

/* ---- ON EMPTY, ON ERROR ---- */

/* Argument i is the result. */
static void put_argument(const struct wr_call *call, uint32_t row, uint32_t i)
{
  const struct wr_column *column = call->args[i];
  if (wr_column_is_null(column, row)) {
    wr_call_set_null(call, row);
    return;
  }
  size_t width = wr_physical_bytes[column->type->physical];
  memcpy((char *)call->values + width * row,
         (const char *)column->values + width * wr_column_row(column, row), width);
}

static void put_behaviour(const struct wr_call *call, uint32_t row, enum wr_json_action action,
                          uint32_t value_arg, const char *state, const char *problem, size_t length)
{
  static const char array[] = "[]", object[] = "{}";
  switch (action) {
  case WR_JSON_GIVE_ERROR:
    wr_call_fail_state(call, row, state, "%.*s", (int)length, problem);
    break;
  case WR_JSON_GIVE_VALUE: put_argument(call, row, value_arg); break;
  case WR_JSON_GIVE_EMPTY_ARRAY:
    if (call->expression->type->kind == WR_ARRAY) {
      const struct wr_column none = {.type = &wr_type_string};
      char *room = wr_call_room(call, wr_pack_list_bytes(&none, 0, 0));
      wr_call_put_text(call, row, (size_t)(wr_pack_list(room, &none, 0, 0) - room));
    } else {
      wr_call_lend_text(call, row, array, 2);
    }
    break;
  case WR_JSON_GIVE_EMPTY_OBJECT: wr_call_lend_text(call, row, object, 2); break;
  default: wr_call_set_null(call, row);
  }
}

static void put_outcome(const struct wr_call *call, uint32_t row, enum wr_json_outcome outcome,
                        const struct wr_json_work *work)
{
  const struct wr_json_plan *plan = call->prepared;
  char empty[64];
  int length;
  switch (outcome) {
  case WR_JSON_IS_NULL: wr_call_set_null(call, row); break;
  case WR_JSON_IS_EMPTY:
    length = snprintf(empty, sizeof empty, "%s finds nothing", call->expression->function->name);
    put_behaviour(call, row, plan->clauses.on_empty.action, plan->empty_arg, WR_STATE_NO_JSON_ITEM,
                  empty, (size_t)length);
    break;
  case WR_JSON_IS_ERROR:
    put_behaviour(call, row, plan->clauses.on_error.action, plan->error_arg, work->state,
                  work->buffer.bytes, work->buffer.length);
    break;
  default: break;
  }
}

/* ---- JSON_EXISTS ---- */

static void rows_exists(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  const struct wr_json_plan *plan = call->prepared;
  struct wr_json_work work = {0};
  uint8_t *out = call->values;
  WR_EACH_ROW(row)
  {
    const struct wr_json_path *path;
    enum wr_json_outcome outcome = wr_json_open(call, row, &work, &path);
    const struct wr_json_matches *found = &work.matches;
    if (outcome == WR_JSON_IS_FOUND) {
      bool is_null = wr_json_path_is_definite(path) && found->count &&
                     work.tape.nodes[found->nodes[0]].kind == WR_JSON_NULL;
      out[row] = found->count > 0 && !is_null;
    } else if (outcome == WR_JSON_IS_EMPTY) {
      out[row] = false;
    } else if (outcome == WR_JSON_IS_ERROR && plan->clauses.on_error.action != WR_JSON_GIVE_NULL &&
               plan->clauses.on_error.action != WR_JSON_GIVE_ERROR) {
      out[row] = plan->clauses.on_error.action == WR_JSON_GIVE_TRUE;
    } else {
      put_outcome(call, row, outcome, &work);
    }
  }
  wr_json_work_free(&work);
}
static const struct wr_kernel kernel_exists = {
    .rows = rows_exists, .traits = WR_CAN_FAIL | WR_SEES_NULL | WR_MAKES_NULL};

/* ---- JSON_VALUE ---- */

/* Digits, maybe with fraction and exponent, as a whole number; the fraction is cut off. */
static bool parse_whole(const char *bytes, size_t length, unsigned bits, int64_t *value)
{
  wr_i128 digits;
  unsigned precision, scale;
  if (wr_parse_integer(bytes, length, bits, value))
    return true;
  if (wr_parse_decimal_as_written(bytes, length, &digits, &precision, &scale)) {
    digits /= wr_power_of_ten(scale);
  } else {
    double number;
    if (!wr_parse_f64(bytes, length, &number) || !(fabs(number) < 0x1p63))
      return false;
    digits = (wr_i128)number;
  }
  wr_i128 limit = (wr_i128)1 << (bits - 1);
  *value = (int64_t)digits;
  return digits < limit && digits >= -limit;
}

static bool parse_truth(const char *bytes, size_t length, uint8_t *value)
{
  *value = length == 4 && strncasecmp(bytes, "true", 4) == 0;
  return *value || (length == 5 && strncasecmp(bytes, "false", 5) == 0);
}

/* The text of a scalar as the type of the result; false: it does not say one. */
static bool value_put(const struct wr_call *call, uint32_t row, enum wr_json_kind kind,
                      const char *bytes, size_t length)
{
  const struct wr_type *to = call->expression->type;
  int64_t whole = 0;
  wr_i128 wide;
  if ((to->kind == WR_BOOLEAN) != (kind == WR_JSON_TRUE || kind == WR_JSON_FALSE) &&
      kind != WR_JSON_STRING)
    return false;
  switch (to->kind) {
  case WR_BOOLEAN: return parse_truth(bytes, length, (uint8_t *)call->values + row);
  case WR_TINYINT:
    return parse_whole(bytes, length, 8, &whole) &&
           (((int8_t *)call->values)[row] = (int8_t)whole, true);
  case WR_SMALLINT:
    return parse_whole(bytes, length, 16, &whole) &&
           (((int16_t *)call->values)[row] = (int16_t)whole, true);
  case WR_INT:
    return parse_whole(bytes, length, 32, &whole) &&
           (((int32_t *)call->values)[row] = (int32_t)whole, true);
  case WR_BIGINT: return parse_whole(bytes, length, 64, (int64_t *)call->values + row);
  case WR_FLOAT: return wr_parse_f32(bytes, length, (float *)call->values + row);
  case WR_DOUBLE: return wr_parse_f64(bytes, length, (double *)call->values + row);
  default:
    assert(to->kind == WR_DECIMAL);
    if (!wr_parse_decimal(bytes, length, to->precision, to->scale, &wide))
      return false;
    if (to->physical == WR_I64)
      ((int64_t *)call->values)[row] = (int64_t)wide;
    else
      ((wr_i128 *)call->values)[row] = wide;
    return true;
  }
}

/* A scalar that is not null as the result. */
static enum wr_json_outcome put_scalar(const struct wr_call *call, uint32_t row,
                                       struct wr_json_work *work, uint32_t node)
{
  const struct wr_json_node *scalar = &work->tape.nodes[node];
  const struct wr_type *to = call->expression->type;
  const char *bytes = work->tape.bytes + scalar->first;
  size_t length = scalar->end - scalar->first;
  bool is_text = wr_kind_is_text(to->kind);
  if (is_text && !scalar->escaped) { /* a piece of the argument */
    wr_call_lend_text(call, row, bytes, length);
    return WR_JSON_IS_FOUND;
  }
  if (scalar->escaped) {
    wr_buffer_clear(&work->buffer);
    wr_json_put_string(&work->tape, node, &work->buffer);
    bytes = work->buffer.bytes;
    length = work->buffer.length;
  }
  if (is_text) {
    wr_json_put_buffer(call, row, &work->buffer);
    return WR_JSON_IS_FOUND;
  }
  if (value_put(call, row, scalar->kind, bytes, length))
    return WR_JSON_IS_FOUND;
  char type[TYPE_CHARS], shown[SHOWN_BYTES + 1];
  wr_type_print(to, type, sizeof type);
  snprintf(shown, sizeof shown, "%.*s", wr_utf8_shown(bytes, length, SHOWN_BYTES), bytes);
  return wr_json_error(work, WR_STATE_WRONG_JSON_ITEM, "JSON_VALUE: %s is no %s", shown, type);
}

static void rows_value(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_json_work work = {0};
  WR_EACH_ROW(row)
  {
    const struct wr_json_path *path;
    enum wr_json_outcome outcome = wr_json_open(call, row, &work, &path);
    if (outcome == WR_JSON_IS_FOUND) {
      uint32_t node = wr_json_path_is_definite(path) ? work.matches.nodes[0] : UINT32_MAX;
      if (node == UINT32_MAX || !node_is_scalar(&work, node))
        outcome = wr_json_path_is_strict(path)
                      ? wr_json_error(&work, WR_STATE_WRONG_JSON_ITEM,
                                      "JSON_VALUE: the path names %s, not a scalar",
                                      node == UINT32_MAX ? "a list" : "an array or object")
                      : WR_JSON_IS_EMPTY;
      else if (work.tape.nodes[node].kind == WR_JSON_NULL)
        outcome = WR_JSON_IS_EMPTY;
      else
        outcome = put_scalar(call, row, &work, node);
    }
    put_outcome(call, row, outcome, &work);
  }
  wr_json_work_free(&work);
}
static const struct wr_kernel kernel_value = {.rows = rows_value,
                                              .traits = WR_CAN_FAIL | WR_SEES_NULL | WR_MAKES_NULL};

/* ---- JSON_QUERY ---- */

/* The found values as the items of an array, as JSON. */
static void write_list(struct wr_json_work *work)
{
  wr_buffer_put_char(&work->buffer, '[');
  for (uint32_t i = 0; i < work->matches.count; i++) {
    if (i)
      wr_buffer_put_char(&work->buffer, ',');
    wr_json_put_compact(&work->tape, work->matches.nodes[i], &work->buffer);
  }
  wr_buffer_put_char(&work->buffer, ']');
}

static void query_put_text(const struct wr_call *call, uint32_t row, struct wr_json_work *work,
                           bool list, bool wrapped)
{
  wr_buffer_clear(&work->buffer);
  if (wrapped)
    wr_buffer_put_char(&work->buffer, '[');
  if (list)
    write_list(work);
  else
    wr_json_put_compact(&work->tape, work->matches.nodes[0], &work->buffer);
  if (wrapped)
    wr_buffer_put_char(&work->buffer, ']');
  wr_json_put_buffer(call, row, &work->buffer);
}

/* One item of ARRAY<STRING>: strings as they are, null as NULL, anything else as JSON. */
static void item_put(struct wr_json_work *work, uint32_t node, struct wr_builder *items)
{
  const struct wr_json_node *at = &work->tape.nodes[node];
  wr_builder_reserve(items, 1);
  if (at->kind == WR_JSON_NULL) {
    wr_builder_put_null(items);
    return;
  }
  wr_buffer_clear(&work->buffer);
  if (at->kind == WR_JSON_STRING)
    wr_json_put_string(&work->tape, node, &work->buffer);
  else
    wr_json_put_compact(&work->tape, node, &work->buffer);
  wr_builder_put_copy(items, work->buffer.bytes, (uint32_t)work->buffer.length);
}

static enum wr_json_outcome query_put_array(const struct wr_call *call, uint32_t row,
                                            struct wr_json_work *work, bool list, bool wrapped)
{
  const struct wr_json_node *nodes = work->tape.nodes;
  uint32_t top = list ? 0 : work->matches.nodes[0];
  if (!list && !wrapped && nodes[top].kind != WR_JSON_ARRAY)
    return wr_json_error(work, WR_STATE_WRONG_JSON_ITEM,
                         "JSON_QUERY: an object is no ARRAY<STRING>");
  struct wr_builder items;
  wr_builder_open(&items, &wr_type_string);
  if (wrapped && list) { /* the list is the only item */
    wr_buffer_clear(&work->buffer);
    write_list(work);
    wr_builder_reserve(&items, 1);
    wr_builder_put_copy(&items, work->buffer.bytes, (uint32_t)work->buffer.length);
  } else if (wrapped) {
    item_put(work, top, &items);
  } else if (list) {
    for (uint32_t i = 0; i < work->matches.count; i++)
      item_put(work, work->matches.nodes[i], &items);
  } else {
    for (uint32_t at = wr_json_first(top); at < nodes[top].next; at = nodes[at].next)
      item_put(work, at, &items);
  }
  struct wr_column column = wr_builder_view(&items);
  size_t bytes = wr_pack_list_bytes(&column, 0, items.row_count);
  if (wr_call_text_fits(call, row, bytes)) {
    char *room = wr_call_room(call, bytes);
    wr_pack_list(room, &column, 0, items.row_count);
    wr_call_put_text(call, row, bytes);
  }
  wr_builder_close(&items);
  return WR_JSON_IS_FOUND;
}

/* What was found as the result, or why not. */
static enum wr_json_outcome query_put(const struct wr_call *call, uint32_t row,
                                      struct wr_json_work *work, const struct wr_json_path *path)
{
  const struct wr_json_plan *plan = call->prepared;
  const struct wr_json_node *nodes = work->tape.nodes;
  bool list = !wr_json_path_is_definite(path), wrapped = plan->clauses.wrapper == WR_JSON_WRAP;
  uint32_t node = list ? 0 : work->matches.nodes[0];
  if (!list && nodes[node].kind == WR_JSON_NULL)
    return WR_JSON_IS_EMPTY;
  if (plan->clauses.wrapper == WR_JSON_WRAP_UNLESS_ARRAY)
    wrapped = !list && nodes[node].kind != WR_JSON_ARRAY;
  if (!list && !wrapped && node_is_scalar(work, node))
    return wr_json_path_is_strict(path) ? wr_json_error(work, WR_STATE_WRONG_JSON_ITEM,
                                                        "JSON_QUERY: the path names a scalar")
                                        : WR_JSON_IS_EMPTY;
  if (call->expression->type->kind == WR_ARRAY)
    return query_put_array(call, row, work, list, wrapped);
  query_put_text(call, row, work, list, wrapped);
  return WR_JSON_IS_FOUND;
}

static void rows_query(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_json_work work = {0};
  WR_EACH_ROW(row)
  {
    const struct wr_json_path *path;
    enum wr_json_outcome outcome = wr_json_open(call, row, &work, &path);
    if (outcome == WR_JSON_IS_FOUND)
      outcome = query_put(call, row, &work, path);
    put_outcome(call, row, outcome, &work);
  }
  wr_json_work_free(&work);
}
static const struct wr_kernel kernel_query = {.rows = rows_query,
                                              .traits = WR_CAN_FAIL | WR_SEES_NULL | WR_MAKES_NULL};

/* ---- IS JSON ---- */

#define IS_JSON(name, condition)                                                                \
  static void rows_##name(const struct wr_call *call, const uint32_t *rows, uint32_t row_count) \
  {                                                                                             \
    WR_EACH_ROW(row)                                                                            \
    {                                                                                           \
      enum wr_json_kind kind;                                                                   \
      bool is_null = wr_column_is_null(call->args[0], row);                                     \
      struct wr_slice text = is_null ? (struct wr_slice){0} : wr_text_arg(call, 0, row);        \
      ((uint8_t *)call->values)[row] =                                                          \
          !is_null && wr_json_check(text.bytes, text.length, &kind) && (condition);             \
    }                                                                                           \
  }                                                                                             \
  static const struct wr_kernel kernel_##name = {.rows = rows_##name, .traits = WR_SEES_NULL};
IS_JSON(is_json, true)
IS_JSON(is_scalar, kind < WR_JSON_ARRAY)
IS_JSON(is_array, kind == WR_JSON_ARRAY)
IS_JSON(is_object, kind == WR_JSON_OBJECT)

/* ---- binding ---- */

/* The path if it is constant; the span of an error is the character, if the text is as written. */
static enum wr_code bind_path(struct wr_bind_site *site, struct wr_json_plan *plan,
                              struct wr_error *err)
{
  const struct wr_expression *arg = site->args[1];
  if (!wr_expression_is_known(arg))
    return WR_OK;
  const struct wr_text *text = wr_column_text(arg->literal, 0);
  uint32_t at;
  enum wr_code code = wr_json_path_new(site->binding->arena, wr_text_bytes(text), text->length,
                                       &plan->path, &at, err);
  if (!code)
    return code;
  err->code = code == WR_DATA ? WR_SEMANTIC : code;
  err->span = arg->span;
  if (arg->span.length == text->length + 2 && at < text->length)
    err->span = (struct wr_span){arg->span.offset + 1 + at, 1};
  return err->code;
}

/* The words and the values of DEFAULT behind the visible arguments. */
static void bind_clauses(struct wr_bind_site *site, struct wr_json_plan *plan)
{
  const struct wr_binding *binding = site->binding;
  const struct wr_json_clauses *clauses = &plan->clauses;
  if (!clauses->words || !*clauses->words)
    return;
  const struct wr_expression **args =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, site->arg_count + 3);
  memcpy(args, site->args, sizeof *args * site->arg_count);
  uint32_t count = site->arg_count;
  args[count++] =
      wr_bind_text(binding, clauses->words, (uint32_t)strlen(clauses->words), site->span);
  if (clauses->on_empty.value)
    args[plan->empty_arg = count++] = clauses->on_empty.value;
  if (clauses->on_error.value)
    args[plan->error_arg = count++] = clauses->on_error.value;
  site->args = args;
  site->arg_count = count;
}

static enum wr_code bind_search(struct wr_bind_site *site, const struct wr_json_clauses *clauses,
                                const struct wr_type *type, const struct wr_kernel *kernel,
                                struct wr_error *err)
{
  struct wr_json_plan *plan = WR_NEW(site->binding->arena, struct wr_json_plan);
  plan->clauses = *clauses;
  for (uint32_t i = 0; i < 2; i++) {
    if (!wr_kind_is_text(site->args[i]->type->kind) && site->args[i]->type->kind != WR_NULL)
      return wr_bind_no_match(site, err);
    enum wr_code code = wr_kind_is_text(site->args[i]->type->kind)
                            ? WR_OK
                            : wr_bind_arg(site, i, &wr_type_string, err);
    if (code)
      return code;
  }
  enum wr_code code = bind_path(site, plan, err);
  bind_clauses(site, plan);
  site->type = type;
  site->kernel = kernel;
  site->prepared = plan;
  return code;
}

static const struct wr_json_clauses clauses_none = {.words = ""};

static enum wr_code bind_exists(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_search(site, &clauses_none, &wr_type_boolean, &kernel_exists, err);
}
static enum wr_code bind_value(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_search(site, &clauses_none, &wr_type_string, &kernel_value, err);
}
static enum wr_code bind_query(struct wr_bind_site *site, struct wr_error *err)
{
  return bind_search(site, &clauses_none, &wr_type_string, &kernel_query, err);
}

enum wr_code wr_bind_json(const struct wr_binding *binding, const char *name,
                          const struct wr_json_clauses *clauses,
                          const struct wr_expression *const *args, uint32_t arg_count,
                          struct wr_span span, const struct wr_expression **out,
                          struct wr_error *err)
{
  struct wr_bind_site site = {
      .binding = binding, .function = wr_function_find(name), .arg_count = arg_count, .span = span};
  assert(site.function);
  site.args = WR_NEW_ARRAY(binding->arena, const struct wr_expression *, arg_count + 1);
  if (arg_count)
    memcpy(site.args, args, sizeof *args * arg_count);
  enum wr_code code;
  const struct wr_type *type = clauses->returning ? clauses->returning : &wr_type_string;
  const char *kind = site.function->name + strlen("JSON_");
  if (strcmp(kind, "OBJECT") == 0 || strcmp(kind, "ARRAY") == 0)
    code = wr_bind_json_constructor(&site, clauses, err);
  else if (arg_count != 2)
    code = wr_bind_no_match(&site, err);
  else if (strcmp(kind, "EXISTS") == 0)
    code = bind_search(&site, clauses, &wr_type_boolean, &kernel_exists, err);
  else
    code = bind_search(&site, clauses, type,
                       strcmp(kind, "VALUE") == 0 ? &kernel_value : &kernel_query, err);
  if (!code)
    *out = wr_bind_site_call(&site);
  return code;
}

#define IS_JSON_ROW(upper, lower, says, shows)                                               \
  {                                                                                          \
    .name = upper, .usage = "text " upper, .help = says, .example = shows, .result = "TRUE", \
    .takes = {WR_VARCHAR}, .least = 1, .most = 1, .gives = &wr_type_boolean,                 \
    .kernel = &kernel_##lower, .traits = WR_OPERATOR                                         \
  }

const struct wr_function wr_functions_json_functions[] = {
    IS_JSON_ROW("IS JSON", is_json,
                "TRUE if the text is JSON, FALSE if it is NULL; also written IS JSON VALUE",
                "'{\"a\": 1}' IS JSON"),
    IS_JSON_ROW("IS JSON SCALAR", is_scalar,
                "TRUE if the text is a JSON string, number, true, false or null",
                "'1.5' IS JSON SCALAR"),
    IS_JSON_ROW("IS JSON ARRAY", is_array, "TRUE if the text is a JSON array",
                "'[1, 2]' IS JSON ARRAY"),
    IS_JSON_ROW("IS JSON OBJECT", is_object, "TRUE if the text is a JSON object",
                "'{\"a\": 1}' IS JSON OBJECT"),
    {.name = "JSON_EXISTS",
     .usage = "JSON_EXISTS(json, path [TRUE | FALSE | UNKNOWN | ERROR ON ERROR])",
     .help = "TRUE if the path finds something other than null; FALSE on error if not said "
             "otherwise",
     .example = "JSON_EXISTS('{\"a\": [1, 2]}', 'lax $.a[1]')",
     .result = "TRUE",
     .least = 2,
     .most = 2,
     .bind = bind_exists},
    {.name = "JSON_VALUE",
     .usage =
         "JSON_VALUE(json, path [RETURNING type] [NULL | ERROR | DEFAULT value ON EMPTY] [NULL "
         "| ERROR | DEFAULT value ON ERROR])",
     .help = "The scalar that the path finds, as STRING or as a BOOLEAN or number type",
     .example = "JSON_VALUE('{\"a\": [1, 2]}', '$.a[1]')",
     .result = "2",
     .least = 2,
     .most = 2,
     .bind = bind_value},
    {.name = "JSON_QUERY",
     .usage =
         "JSON_QUERY(json, path [RETURNING STRING | ARRAY<STRING>] [WITHOUT | WITH CONDITIONAL "
         "| WITH UNCONDITIONAL ARRAY WRAPPER] [NULL | EMPTY ARRAY | EMPTY OBJECT | ERROR ON "
         "EMPTY] [... ON ERROR])",
     .help = "The array or object that the path finds, as JSON without blanks; paths with * or two "
             "points give an array of all they find",
     .example = "JSON_QUERY('{\"a\": [{\"b\": 1}, {\"b\": 2}]}', 'lax $.a[*].b')",
     .result = "[1,2]",
     .least = 2,
     .most = 2,
     .bind = bind_query},
    {0},
};
