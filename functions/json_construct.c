/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON_STRING, JSON_OBJECT, JSON_ARRAY. Values are written as text/json_write.h writes them, times
 * in ISO 8601. What another constructor made goes in as JSON, any other text as a string; which of
 * the two is known where the call is bound. Members of an object are in the order of their names,
 * and of several with one name the last is left, as in Flink; so names must be constants.
 */
#include <stdlib.h>

#include "core/limits.h"
#include "functions/json_call.h"
#include "functions/text_call.h"
#include "text/json_write.h"

static const struct wr_json_style json_style = {.datetime = WR_DATETIME_ISO};

struct construct_item {
  const char *name; /* of a member, as JSON with its colon; or NULL */
  uint32_t name_bytes;
  uint32_t arg;
  bool is_json;
};

struct construct_plan {
  bool object, nulls_absent;
  uint32_t item_count;
  struct construct_item *items;
};

/* ---- kernels ---- */

static void rows_string(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_buffer buffer = {0};
  WR_EACH_ROW(row)
  {
    wr_buffer_clear(&buffer);
    wr_json_write_value(&buffer, call->args[0], row, &json_style);
    wr_json_put_buffer(call, row, &buffer);
  }
  wr_buffer_free(&buffer);
}
static const struct wr_kernel kernel_string = {.rows = rows_string, .traits = WR_CAN_FAIL};

/* Ends early once it is too long anyway. */
static void write_items(const struct wr_call *call, uint32_t row, struct wr_buffer *out)
{
  const struct construct_plan *plan = call->prepared;
  bool first = true;
  wr_buffer_put_char(out, plan->object ? '{' : '[');
  for (uint32_t i = 0; i < plan->item_count && out->length <= WR_TEXT_BYTES_MAX; i++) {
    const struct construct_item *item = &plan->items[i];
    const struct wr_column *column = call->args[item->arg];
    bool is_null = wr_column_is_null(column, row);
    if (is_null && plan->nulls_absent)
      continue;
    if (!first)
      wr_buffer_put_char(out, ',');
    first = false;
    wr_buffer_put(out, item->name, item->name_bytes);
    if (is_null) {
      wr_buffer_put(out, "null", 4);
    } else if (item->is_json) {
      const struct wr_text *text = wr_column_text(column, row);
      wr_buffer_put(out, wr_text_bytes(text), text->length);
    } else {
      wr_json_write_value(out, column, row, &json_style);
    }
  }
  wr_buffer_put_char(out, plan->object ? '}' : ']');
}

static void rows_construct(const struct wr_call *call, const uint32_t *rows, uint32_t row_count)
{
  struct wr_buffer buffer = {0};
  WR_EACH_ROW(row)
  {
    wr_buffer_clear(&buffer);
    write_items(call, row, &buffer);
    wr_json_put_buffer(call, row, &buffer);
  }
  wr_buffer_free(&buffer);
}
static const struct wr_kernel kernel_construct = {.rows = rows_construct,
                                                  .traits = WR_CAN_FAIL | WR_SEES_NULL};

/* ---- binding ---- */

static enum wr_code bind_string(struct wr_bind_site *site, struct wr_error *err)
{
  (void)err;
  site->type = &wr_type_string;
  site->kernel = &kernel_string;
  if (site->args[0]->type->kind == WR_NULL)
    site->instead = wr_bind_null(site->binding, &wr_type_string, site->span);
  return WR_OK;
}

static int order_items(const void *a, const void *b)
{
  const struct construct_item *one = a, *other = b;
  uint32_t common = one->name_bytes < other->name_bytes ? one->name_bytes : other->name_bytes;
  int order = memcmp(one->name, other->name, common);
  if (order == 0)
    order = (one->name_bytes > other->name_bytes) - (one->name_bytes < other->name_bytes);
  return order ? order : (one->arg > other->arg) - (one->arg < other->arg);
}

/* By name; of equal names the last. */
static void sort_items(struct construct_plan *plan)
{
  if (plan->item_count)
    qsort(plan->items, plan->item_count, sizeof *plan->items, order_items);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < plan->item_count; i++) {
    const struct construct_item *before = kept ? &plan->items[kept - 1] : NULL;
    bool same = before && before->name_bytes == plan->items[i].name_bytes &&
                memcmp(before->name, plan->items[i].name, before->name_bytes) == 0;
    kept -= same;
    plan->items[kept++] = plan->items[i];
  }
  plan->item_count = kept;
}

static enum wr_code bind_name(const struct wr_bind_site *site, uint32_t i,
                              struct construct_item *item, struct wr_error *err)
{
  const struct wr_expression *name = site->args[i];
  if (!wr_expression_is_known(name) || !wr_kind_is_text(name->type->kind))
    return wr_fail_at(err, WR_SEMANTIC, name->span,
                      "a name in JSON_OBJECT must be a constant text that is not NULL");
  const struct wr_text *text = wr_column_text(name->literal, 0);
  struct wr_buffer buffer = {0};
  wr_json_write_string(&buffer, wr_text_bytes(text), text->length);
  wr_buffer_put_char(&buffer, ':');
  item->name = wr_arena_copy(site->binding->arena, buffer.bytes, buffer.length);
  item->name_bytes = (uint32_t)buffer.length;
  wr_buffer_free(&buffer);
  return WR_OK;
}

/* Behind the values: the words, and which of them are JSON, so that calls that differ in these
 * differ. */
static void bind_hidden(struct wr_bind_site *site, const struct wr_json_clauses *clauses)
{
  const struct wr_binding *binding = site->binding;
  uint32_t count = site->arg_count;
  const struct wr_expression **args =
      WR_NEW_ARRAY(binding->arena, const struct wr_expression *, count + 2);
  memcpy(args, site->args, sizeof *args * count);
  char *mask = wr_arena_get_zero(binding->arena, count + 1);
  for (uint32_t i = 0; i < count; i++)
    mask[i] = clauses->is_json && clauses->is_json[i] ? 'j' : '-';
  args[count] = wr_bind_text(binding, clauses->words, (uint32_t)strlen(clauses->words), site->span);
  args[count + 1] = wr_bind_text(binding, mask, count, site->span);
  site->args = args;
  site->arg_count = count + 2;
}

enum wr_code wr_bind_json_constructor(struct wr_bind_site *site,
                                      const struct wr_json_clauses *clauses, struct wr_error *err)
{
  struct wr_arena *arena = site->binding->arena;
  struct construct_plan *plan = WR_NEW(arena, struct construct_plan);
  bool object = plan->object = strcmp(site->function->name, "JSON_OBJECT") == 0;
  plan->nulls_absent = clauses->nulls_absent;
  plan->items = WR_NEW_ARRAY(arena, struct construct_item, site->arg_count + 1);
  if (object && site->arg_count % 2)
    return wr_bind_no_match(site, err);
  for (uint32_t i = 0; i < site->arg_count; i += 1 + object) {
    uint32_t arg = i + object;
    struct construct_item *item = &plan->items[plan->item_count++];
    enum wr_code code = object ? bind_name(site, i, item, err) : WR_OK;
    if (code)
      return code;
    item->arg = arg;
    item->is_json = clauses->is_json && clauses->is_json[arg];
  }
  if (object)
    sort_items(plan);
  bind_hidden(site, clauses);
  site->type = &wr_type_string;
  site->kernel = &kernel_construct;
  site->prepared = plan;
  return WR_OK;
}

static const struct wr_json_clauses object_clauses = {.words = ""};
static const struct wr_json_clauses array_clauses = {.words = "", .nulls_absent = true};

static enum wr_code bind_object(struct wr_bind_site *site, struct wr_error *err)
{
  return wr_bind_json_constructor(site, &object_clauses, err);
}
static enum wr_code bind_array(struct wr_bind_site *site, struct wr_error *err)
{
  return wr_bind_json_constructor(site, &array_clauses, err);
}

const struct wr_function wr_functions_json_construct[] = {
    {.name = "JSON_STRING",
     .usage = "JSON_STRING(value)",
     .help = "The value as JSON; ROW and MAP become objects, times texts in ISO 8601",
     .example = "JSON_STRING(TIMESTAMP '2026-02-03 04:05:06.789')",
     .result = "\"2026-02-03T04:05:06.789\"",
     .least = 1,
     .most = 1,
     .bind = bind_string},
    {.name = "JSON_OBJECT",
     .usage = "JSON_OBJECT([[KEY] name VALUE value, ...] [NULL | ABSENT ON NULL])",
     .help = "A JSON object, its members in the order of their names; NULLs are null if not said "
             "otherwise",
     .example = "JSON_OBJECT('b' VALUE 1, 'a' VALUE JSON_ARRAY('x', 2.50))",
     .result = "{\"a\":[\"x\",2.50],\"b\":1}",
     .least = 0,
     .most = WR_ARGS_ANY,
     .bind = bind_object},
    {.name = "JSON_ARRAY",
     .usage = "JSON_ARRAY([value, ...] [NULL | ABSENT ON NULL])",
     .help = "A JSON array; NULLs are left out if not said otherwise",
     .example = "JSON_ARRAY(1, 'x', TRUE, JSON_OBJECT('a' VALUE 1))",
     .result = "[1,\"x\",true,{\"a\":1}]",
     .least = 0,
     .most = WR_ARGS_ANY,
     .bind = bind_array},
    {0},
};
