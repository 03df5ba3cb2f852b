/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What SQL/JSON functions have behind their arguments: RETURNING, ON EMPTY, ON ERROR, WRAPPER, ON
 * NULL. The grammar reads these clauses in any order behind the arguments of any function, so that
 * the functions are no words of their own; the table here says which function takes what.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "parser/build_call.h"

#define CLAUSE(name) (1u << JSON_##name)
#define ACTION(name) (1u << WR_TREE_JSON_##name)

enum json_clause { JSON_RETURNING, JSON_WRAPPER, JSON_NULLS, JSON_ON_EMPTY, JSON_ON_ERROR };

static const struct json_function {
  const char *name;
  unsigned clauses, actions;
  const char *action_words;
} json_functions[] = {
    {"JSON_ARRAY", CLAUSE(NULLS), 0, ""},
    {"JSON_ARRAYAGG", CLAUSE(NULLS), 0, ""},
    {"JSON_EXISTS", CLAUSE(ON_ERROR),
     ACTION(TRUE) | ACTION(FALSE) | ACTION(UNKNOWN) | ACTION(ERROR), "TRUE, FALSE, UNKNOWN, ERROR"},
    {"JSON_OBJECT", CLAUSE(NULLS), 0, ""},
    {"JSON_OBJECTAGG", CLAUSE(NULLS), 0, ""},
    {"JSON_QUERY", CLAUSE(RETURNING) | CLAUSE(WRAPPER) | CLAUSE(ON_EMPTY) | CLAUSE(ON_ERROR),
     ACTION(NULL) | ACTION(ERROR) | ACTION(EMPTY_ARRAY) | ACTION(EMPTY_OBJECT),
     "NULL, EMPTY ARRAY, EMPTY OBJECT, ERROR"},
    {"JSON_VALUE", CLAUSE(RETURNING) | CLAUSE(ON_EMPTY) | CLAUSE(ON_ERROR),
     ACTION(NULL) | ACTION(ERROR) | ACTION(VALUE), "NULL, ERROR, DEFAULT value"},
};

/* ---- reading */

static struct wr_tree_json *json_begin(struct wr_parser *parser, struct wr_tree_json *json)
{
  return json ? json : WR_NEW(parser->arena, struct wr_tree_json);
}

static void json_once(struct wr_parser *parser, struct wr_span span, bool is_there,
                      const char *clause)
{
  if (is_there)
    wr_parser_fail(parser, WR_SYNTAX, span, "%s is given twice", clause);
}

struct wr_tree_json *wr_build_json_returning(struct wr_parser *parser, struct wr_span span,
                                             struct wr_tree_json *json, struct wr_tree_type *type)
{
  json = json_begin(parser, json);
  json_once(parser, span, json->returning != NULL, "RETURNING");
  json->returning = type;
  return json;
}

struct wr_tree_json *wr_build_json_wrapper(struct wr_parser *parser, struct wr_span span,
                                           struct wr_tree_json *json, int wrapper)
{
  json = json_begin(parser, json);
  json_once(parser, span, json->wrapper != WR_TREE_JSON_WRAPPER_DEFAULT, "WRAPPER");
  json->wrapper = (enum wr_tree_json_wrapper)wrapper;
  json->wrapper_span = span;
  return json;
}

struct wr_tree_json *wr_build_json_nulls(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_json *json, bool absent)
{
  json = json_begin(parser, json);
  json_once(parser, span, json->nulls != WR_TREE_JSON_NULLS_DEFAULT, "ON NULL");
  json->nulls = absent ? WR_TREE_JSON_ABSENT_ON_NULL : WR_TREE_JSON_NULL_ON_NULL;
  json->nulls_span = span;
  return json;
}

struct wr_tree_json *wr_build_json_behaviour(struct wr_parser *parser, struct wr_span span,
                                             struct wr_tree_json *json,
                                             struct wr_tree_json_behaviour behaviour, int event)
{
  behaviour.span = span;
  if (event == WR_BUILD_ON_NULL) {
    if (behaviour.action != WR_TREE_JSON_NULL)
      wr_parser_fail(parser, WR_SYNTAX, span, "ON NULL follows NULL or ABSENT");
    return wr_build_json_nulls(parser, span, json, false);
  }
  json = json_begin(parser, json);
  bool is_empty = event == WR_BUILD_ON_EMPTY;
  struct wr_tree_json_behaviour *place = is_empty ? &json->on_empty : &json->on_error;
  json_once(parser, span, place->action != WR_TREE_JSON_DEFAULT,
            is_empty ? "ON EMPTY" : "ON ERROR");
  *place = behaviour;
  return json;
}

/* ---- checking */

static void json_check_clause(struct wr_parser *parser, const struct wr_tree_identifier *name,
                              const struct json_function *function, enum json_clause clause,
                              struct wr_span span)
{
  static const char *const words[] = {"RETURNING", "WRAPPER", "ON NULL", "ON EMPTY", "ON ERROR"};
  if (function && (function->clauses & (1u << clause)))
    return;
  wr_parser_fail(parser, WR_SYNTAX, span, "%s takes no %s", name->text, words[clause]);
}

static void json_check_behaviour(struct wr_parser *parser, const struct wr_tree_identifier *name,
                                 const struct json_function *function, enum json_clause clause,
                                 const struct wr_tree_json_behaviour *behaviour)
{
  if (behaviour->action == WR_TREE_JSON_DEFAULT)
    return;
  json_check_clause(parser, name, function, clause, behaviour->span);
  if (function && !(function->actions & (1u << behaviour->action)))
    wr_parser_fail(parser, WR_SYNTAX, behaviour->span, "before %s %s knows %s",
                   clause == JSON_ON_EMPTY ? "ON EMPTY" : "ON ERROR", name->text,
                   function->action_words);
}

void wr_build_json_check(struct wr_parser *parser, const struct wr_tree_identifier *name,
                         const struct wr_tree_json *json)
{
  const struct json_function *function = NULL;
  for (size_t i = 0; i < sizeof json_functions / sizeof *json_functions; i++)
    if (!name->quoted && strcasecmp(name->text, json_functions[i].name) == 0)
      function = &json_functions[i];
  if (json->returning)
    json_check_clause(parser, name, function, JSON_RETURNING, json->returning->span);
  if (json->wrapper != WR_TREE_JSON_WRAPPER_DEFAULT)
    json_check_clause(parser, name, function, JSON_WRAPPER, json->wrapper_span);
  if (json->nulls != WR_TREE_JSON_NULLS_DEFAULT)
    json_check_clause(parser, name, function, JSON_NULLS, json->nulls_span);
  json_check_behaviour(parser, name, function, JSON_ON_EMPTY, &json->on_empty);
  json_check_behaviour(parser, name, function, JSON_ON_ERROR, &json->on_error);
}

uint32_t wr_build_json_height(const struct wr_tree_json *json)
{
  uint32_t empty = json->on_empty.value ? json->on_empty.value->height : 0;
  uint32_t error = json->on_error.value ? json->on_error.value->height : 0;
  return empty > error ? empty : error;
}
