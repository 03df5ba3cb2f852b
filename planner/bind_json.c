/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQL/JSON functions: their clauses in words become those of functions/json_functions.h. Which
 * clauses a function takes, the parser has checked. What a nested JSON_OBJECT or JSON_ARRAY makes
 * goes into another one as JSON; since a constant call is nothing but a text once it is bound, that
 * is seen here, in the tree.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "functions/json_functions.h"
#include "planner/binder.h"
#include "text/buffer.h"

#define TYPE_CHARS 128

static const char *const json_constructors[] = {"JSON_OBJECT", "JSON_ARRAY", NULL};
static const char *const json_searches[] = {"JSON_EXISTS", "JSON_VALUE", "JSON_QUERY", NULL};

static const char *json_find(const char *const *names, const char *name)
{
  for (; *names; names++)
    if (strcasecmp(*names, name) == 0)
      return *names;
  return NULL;
}

bool wr_is_json_call(const char *name)
{
  return json_find(json_constructors, name) || json_find(json_searches, name);
}

bool wr_json_nulls_absent(const struct wr_tree_call *call)
{
  const char *name = call->name.parts.items[call->name.parts.count - 1]->text;
  if (call->json && call->json->nulls != WR_TREE_JSON_NULLS_DEFAULT)
    return call->json->nulls == WR_TREE_JSON_ABSENT_ON_NULL;
  return strncasecmp(name, "JSON_ARRAY", strlen("JSON_ARRAY")) == 0; /* also JSON_ARRAYAGG */
}

bool wr_is_json_constructor(const struct wr_tree_expression *tree)
{
  return tree->kind == WR_TREE_CALL && tree->call.name.parts.count == 1 &&
         json_find(json_constructors, tree->call.name.parts.items[0]->text);
}

/* ---- RETURNING */

static enum wr_code json_returning(const struct wr_expression_context *context,
                                   const struct wr_tree_json *json, bool is_query,
                                   const struct wr_type **out, struct wr_error *err)
{
  *out = &wr_type_string;
  if (!json || !json->returning)
    return WR_OK;
  enum wr_code code = wr_bind_type(context->binder->binding, json->returning, out, err);
  if (code)
    return code;
  enum wr_kind kind = (*out)->kind;
  bool fits = wr_kind_is_text(kind);
  if (is_query)
    fits = fits || (kind == WR_ARRAY && wr_kind_is_text((*out)->fields[0].type->kind));
  else
    fits = fits || kind == WR_BOOLEAN || wr_kind_is_number(kind);
  if (fits)
    return WR_OK;
  char type[TYPE_CHARS];
  wr_type_print(*out, type, sizeof type);
  wr_fail_at(err, WR_SEMANTIC, json->returning->span, "%s cannot return %s",
             is_query ? "JSON_QUERY" : "JSON_VALUE", type);
  wr_state(err, WR_STATE_DATATYPE_MISMATCH);
  return wr_hint(err,
                 is_query ? "it returns STRING or ARRAY<STRING>"
                          : "it returns STRING, BOOLEAN or a number; CAST that to %s",
                 type);
}

/* What the kernel makes; the declared length of a text is a cast around it. */
static const struct wr_type *json_kernel_type(struct wr_arena *arena, const struct wr_type *type)
{
  if (wr_kind_is_text(type->kind))
    return &wr_type_string;
  return type->kind == WR_ARRAY ? wr_type_array(arena, &wr_type_string) : type;
}

/* ---- ON EMPTY, ON ERROR */

/* DEFAULT value: as the type of the result, numbers and constant texts also if they must be
 * narrowed or read; as a STRING, numbers and booleans as JSON shows them. */
static enum wr_code json_default(const struct wr_expression_context *context,
                                 const struct wr_tree_expression *tree, const struct wr_type *type,
                                 const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_binding *binding = context->binder->binding;
  enum wr_code code = wr_bind_expression(context, tree, out, err);
  if (code)
    return code;
  bool is_read = (*out)->kind == WR_EXPRESSION_LITERAL && wr_kind_is_text((*out)->type->kind);
  bool numbers = wr_kind_is_number((*out)->type->kind) && wr_kind_is_number(type->kind);
  bool boolean = (*out)->type->kind == WR_BOOLEAN && wr_kind_is_text(type->kind);
  bool shown = boolean || (wr_kind_is_number((*out)->type->kind) && wr_kind_is_text(type->kind));
  if (is_read || numbers || shown || (*out)->type->kind == WR_NULL ||
      (*out)->type->kind == type->kind ||
      (wr_kind_is_text((*out)->type->kind) && wr_kind_is_text(type->kind))) {
    code = wr_bind_cast(binding, *out, type, false, tree->span, out, err);
    if (code == WR_OK && boolean) /* as JSON has it: true */
      code = wr_bind_call(binding, "LOWER", out, 1, tree->span, out, err);
    return code ? code : wr_bind_check(binding, *out, err);
  }
  char from[TYPE_CHARS], to[TYPE_CHARS];
  wr_type_print((*out)->type, from, sizeof from);
  wr_type_print(type, to, sizeof to);
  wr_fail_at(err, WR_SEMANTIC, tree->span, "the DEFAULT is %s, and JSON_VALUE returns %s", from,
             to);
  return wr_state(err, WR_STATE_DATATYPE_MISMATCH);
}

static enum wr_code json_behaviour(const struct wr_expression_context *context,
                                   const struct wr_tree_json_behaviour *tree,
                                   const struct wr_type *type, struct wr_json_behaviour *out,
                                   struct wr_error *err)
{
  static const enum wr_json_action actions[] = {
      [WR_TREE_JSON_DEFAULT] = WR_JSON_GIVE_DEFAULT,
      [WR_TREE_JSON_NULL] = WR_JSON_GIVE_NULL,
      [WR_TREE_JSON_ERROR] = WR_JSON_GIVE_ERROR,
      [WR_TREE_JSON_VALUE] = WR_JSON_GIVE_VALUE,
      [WR_TREE_JSON_EMPTY_ARRAY] = WR_JSON_GIVE_EMPTY_ARRAY,
      [WR_TREE_JSON_EMPTY_OBJECT] = WR_JSON_GIVE_EMPTY_OBJECT,
      [WR_TREE_JSON_TRUE] = WR_JSON_GIVE_TRUE,
      [WR_TREE_JSON_FALSE] = WR_JSON_GIVE_FALSE,
      [WR_TREE_JSON_UNKNOWN] = WR_JSON_GIVE_NULL};
  out->action = actions[tree->action];
  if (out->action == WR_JSON_GIVE_EMPTY_OBJECT && type->kind == WR_ARRAY) {
    wr_fail_at(err, WR_SEMANTIC, tree->span, "an empty object is no ARRAY<STRING>");
    return wr_state(err, WR_STATE_DATATYPE_MISMATCH);
  }
  return tree->value ? json_default(context, tree->value, type, &out->value, err) : WR_OK;
}

/* ---- the words, for EXPLAIN and so that different calls differ */

static void json_word_behaviour(struct wr_buffer *words, struct wr_arena *arena,
                                const struct wr_tree_json_behaviour *tree,
                                const struct wr_json_behaviour *behaviour, const char *event)
{
  static const char *const names[] = {
      [WR_TREE_JSON_NULL] = "NULL",     [WR_TREE_JSON_ERROR] = "ERROR",
      [WR_TREE_JSON_VALUE] = "DEFAULT", [WR_TREE_JSON_EMPTY_ARRAY] = "EMPTY ARRAY",
      [WR_TREE_JSON_TRUE] = "TRUE",     [WR_TREE_JSON_EMPTY_OBJECT] = "EMPTY OBJECT",
      [WR_TREE_JSON_FALSE] = "FALSE",   [WR_TREE_JSON_UNKNOWN] = "UNKNOWN"};
  if (tree->action == WR_TREE_JSON_DEFAULT)
    return;
  wr_buffer_print(words, " %s", names[tree->action]);
  if (behaviour->value)
    wr_buffer_print(words, " %s", wr_expression_print(arena, behaviour->value, NULL));
  wr_buffer_print(words, " ON %s", event);
}

static const char *json_words(struct wr_arena *arena, const struct wr_tree_json *json,
                              const struct wr_json_clauses *clauses)
{
  static const char *const wrappers[] = {"", " WITHOUT ARRAY WRAPPER",
                                         " WITH CONDITIONAL ARRAY WRAPPER",
                                         " WITH UNCONDITIONAL ARRAY WRAPPER"};
  static const char *const nulls[] = {"", " NULL ON NULL", " ABSENT ON NULL"};
  if (!json)
    return "";
  struct wr_buffer words = {0};
  if (json->returning) {
    char type[TYPE_CHARS];
    wr_type_print(clauses->returning, type, sizeof type);
    wr_buffer_print(&words, " RETURNING %s", type);
  }
  wr_buffer_put_string(&words, wrappers[json->wrapper]);
  json_word_behaviour(&words, arena, &json->on_empty, &clauses->on_empty, "EMPTY");
  json_word_behaviour(&words, arena, &json->on_error, &clauses->on_error, "ERROR");
  wr_buffer_put_string(&words, nulls[json->nulls]);
  const char *text = wr_arena_copy(arena, words.length ? words.bytes : "", words.length);
  wr_buffer_free(&words);
  return text;
}

/* ---- calls */

/* A number or BOOLEAN as the JSON that is searched: itself, as JSON writes it. */
static enum wr_code json_input(const struct wr_binding *binding, const struct wr_expression **value,
                               struct wr_error *err)
{
  enum wr_kind kind = (*value)->type->kind;
  if (!wr_kind_is_number(kind) && kind != WR_BOOLEAN)
    return WR_OK;
  struct wr_span span = (*value)->span;
  enum wr_code code = wr_bind_cast(binding, *value, &wr_type_string, false, span, value, err);
  if (code == WR_OK && kind == WR_BOOLEAN) /* as JSON has it: true */
    code = wr_bind_call(binding, "LOWER", value, 1, span, value, err);
  return code;
}

static enum wr_code json_clauses(const struct wr_expression_context *context,
                                 const struct wr_tree_call *call, const char *name,
                                 const struct wr_type *type, struct wr_json_clauses *clauses,
                                 struct wr_error *err)
{
  static const enum wr_json_wrapper wrappers[] = {
      [WR_TREE_JSON_WRAPPER_DEFAULT] = WR_JSON_NO_WRAPPER,
      [WR_TREE_JSON_WRAPPER_WITHOUT] = WR_JSON_NO_WRAPPER,
      [WR_TREE_JSON_WRAPPER_CONDITIONAL] = WR_JSON_WRAP_UNLESS_ARRAY,
      [WR_TREE_JSON_WRAPPER_UNCONDITIONAL] = WR_JSON_WRAP};
  struct wr_arena *arena = context->binder->arena;
  const struct wr_tree_json *json = call->json;
  clauses->returning = json_kernel_type(arena, type);
  clauses->nulls_absent = wr_json_nulls_absent(call);
  enum wr_code code = WR_OK;
  if (json) {
    clauses->wrapper = wrappers[json->wrapper];
    code = json_behaviour(context, &json->on_empty, clauses->returning, &clauses->on_empty, err);
    if (!code)
      code = json_behaviour(context, &json->on_error, clauses->returning, &clauses->on_error, err);
  }
  if (json_find(json_constructors, name)) {
    bool *is_json = WR_NEW_ARRAY(arena, bool, call->arguments.count + 1);
    for (uint32_t i = 0; i < call->arguments.count; i++)
      is_json[i] = wr_is_json_constructor(call->arguments.items[i]->value);
    clauses->is_json = is_json;
  }
  if (!code)
    clauses->words = json_words(arena, json, clauses);
  return code;
}

enum wr_code wr_bind_json_call(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree,
                               const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  const struct wr_binding *binding = context->binder->binding;
  const char *written = call->name.parts.items[0]->text;
  const char *search = json_find(json_searches, written);
  const char *name = search ? search : json_find(json_constructors, written);
  assert(name);
  struct wr_json_clauses clauses = {0};
  const struct wr_type *type;
  uint32_t count = call->arguments.count;
  const struct wr_expression **args =
      WR_NEW_ARRAY(context->binder->arena, const struct wr_expression *, count + 1);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < count && !code; i++)
    code = wr_bind_expression(context, call->arguments.items[i]->value, &args[i], err);
  if (!code && search && count)
    code = json_input(binding, &args[0], err);
  if (!code)
    code = json_returning(context, call->json, strcmp(name, "JSON_QUERY") == 0, &type, err);
  if (!code)
    code = json_clauses(context, call, name, type, &clauses, err);
  if (!code)
    code = wr_bind_json(binding, name, &clauses, args, count, tree->span, out, err);
  if (code || strcmp(name, "JSON_EXISTS") == 0 || wr_type_equal((*out)->type, type))
    return code;
  return wr_bind_cast(binding, *out, type, false, tree->span, out, err);
}
