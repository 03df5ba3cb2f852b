/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls. Functions are no words of the grammar: it accepts the words that some of them have inside
 * their brackets with any name, and the table here says which function takes which. That keeps
 * EXTRACT, TRIM, SUBSTRING and the like usable as column names, and a further one is a row.
 */
#include "parser/build_call.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FORM(form) (1u << WR_FORM_##form)

static const struct {
  const char *name;
  unsigned forms;   /* other than PLAIN, which every function has */
  bool begins_unit; /* the first argument is a unit of time */
} call_functions[] = {
    {"CEIL", FORM(TO), false},
    {"CEILING", FORM(TO), false},
    {"EXTRACT", FORM(FROM), true},
    {"FLOOR", FORM(TO), false},
    {"JSON_OBJECT", FORM(PAIRS), false},
    {"JSON_OBJECTAGG", FORM(PAIRS), false},
    {"OVERLAY", FORM(PLACING), false},
    {"POSITION", FORM(IN), false},
    {"STEP", FORM(BY), false},
    {"SUBSTRING", FORM(FROM) | FORM(FROM_FOR) | FORM(SIMILAR), false},
    {"TIMESTAMPADD", 0, true},
    {"TIMESTAMPDIFF", 0, true},
    {"TRIM", FORM(FROM) | FORM(SIDE), false},
};

static struct wr_span call_nowhere(struct wr_span call)
{
  return (struct wr_span){call.offset, 0};
}

static bool call_is(const struct wr_tree_name *name, const char *function)
{
  const struct wr_tree_identifier *part = name->parts.items[0];
  return name->parts.count == 1 && !part->quoted && strcasecmp(part->text, function) == 0;
}

/* ---- arguments */

void wr_build_argument(struct wr_parser *parser, struct wr_tree_arguments *arguments,
                       struct wr_tree_identifier *name, struct wr_tree_expression *value)
{
  struct wr_tree_argument *argument = WR_NEW(parser->arena, struct wr_tree_argument);
  argument->span = name ? wr_span_join(name->span, value->span) : value->span;
  argument->name = name;
  argument->value = value;
  WR_LIST_ADD(parser, arguments, argument);
}

struct wr_tree_arguments wr_build_append(struct wr_parser *parser, struct wr_tree_arguments list,
                                         const struct wr_tree_arguments *more)
{
  for (uint32_t i = 0; i < more->count; i++)
    WR_LIST_ADD(parser, &list, more->items[i]);
  return list;
}

struct wr_build_body wr_build_form(struct wr_parser *parser, enum wr_call_form form,
                                   struct wr_span at, struct wr_tree_expression *a,
                                   struct wr_tree_expression *b, struct wr_tree_expression *c,
                                   struct wr_tree_expression *d)
{
  struct wr_build_body body = {.form = form, .at = at};
  struct wr_tree_expression *values[] = {a, b, c, d};
  for (size_t i = 0; i < sizeof values / sizeof *values && values[i]; i++)
    wr_build_argument(parser, &body.arguments, NULL, values[i]);
  return body;
}

/* The word in upper case; units of time, which may be written in the plural, in the singular. */
struct wr_tree_expression *wr_build_symbol(struct wr_parser *parser, struct wr_span span)
{
  static const char *const units[] = {"YEAR", "QUARTER", "MONTH",  "WEEK",
                                      "DAY",  "HOUR",    "MINUTE", "SECOND"};
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_SYMBOL);
  char *text = wr_arena_copy(parser->arena, parser->text + span.offset, span.length);
  uint32_t length = span.length;
  for (char *c = text; *c; c++)
    if (*c >= 'a' && *c <= 'z')
      *c = (char)(*c - 'a' + 'A');
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strncmp(text, units[i], strlen(units[i])) == 0 && strcmp(text + strlen(units[i]), "S") == 0)
      text[--length] = '\0';
  expression->symbol = (struct wr_tree_text){span, text, length};
  return expression;
}

struct wr_tree_expression *wr_build_descriptor(struct wr_parser *parser, struct wr_span span,
                                               struct wr_tree_identifiers columns)
{
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_DESCRIPTOR);
  expression->columns = columns;
  return expression;
}

struct wr_tree_expression *wr_build_table_argument(struct wr_parser *parser, struct wr_span span,
                                                   const struct wr_tree_name *name,
                                                   struct wr_tree_query *query,
                                                   struct wr_tree_expression *keys,
                                                   struct wr_tree_order *order)
{
  assert((name != NULL) != (query != NULL));
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_TABLE_ARGUMENT);
  if (name)
    expression->table.name = *name;
  expression->table.query = query;
  if (query)
    wr_build_raise(parser, span, &expression->height, query->height);
  if (keys && keys->kind == WR_TREE_ROW && keys->bracketed)
    expression->table.partition_by = keys->items;
  else if (keys)
    WR_LIST_ADD(parser, &expression->table.partition_by, keys);
  if (order)
    WR_LIST_ADD(parser, &expression->table.order_by, order);
  wr_build_raise_all(parser, span, &expression->height, &expression->table.partition_by);
  wr_build_raise_orders(parser, span, &expression->height, &expression->table.order_by);
  return expression;
}

/* A unit that is no reserved word (WEEK, EPOCH) was read as a column. */
static void call_make_unit(struct wr_parser *parser, struct wr_tree_argument *argument)
{
  const struct wr_tree_expression *value = argument->value;
  if (value->kind == WR_TREE_COLUMN && value->column.parts.count == 1 && !value->bracketed &&
      !value->column.parts.items[0]->quoted)
    argument->value = wr_build_symbol(parser, value->span);
}

/* TRIM in all its forms has three arguments: the side, what to cut off, and from what. */
static void call_complete_trim(struct wr_parser *parser, struct wr_span span,
                               struct wr_tree_arguments *arguments)
{
  struct wr_tree_expression *side = NULL, *what = NULL, *from;
  uint32_t first = 0;
  if (arguments->items[0]->value->kind == WR_TREE_SYMBOL)
    side = arguments->items[first++]->value;
  if (arguments->count - first == 2)
    what = arguments->items[first++]->value;
  from = arguments->items[first]->value;
  if (!side) {
    static const char both[] = "BOTH";
    side = wr_build_expression(parser, call_nowhere(span), WR_TREE_SYMBOL);
    side->symbol = (struct wr_tree_text){side->span, both, sizeof both - 1};
  }
  if (!what) {
    struct wr_tree_text blank = {call_nowhere(span), " ", 1};
    what = wr_build_literal(parser, call_nowhere(span), WR_TREE_STRING, &blank);
  }
  *arguments = wr_build_form(parser, WR_FORM_PLAIN, span, side, what, from, NULL).arguments;
}

/* POSITION(a IN (b)) looked like a list of one. */
static void call_unwrap_position(struct wr_parser *parser, struct wr_tree_arguments *arguments)
{
  struct wr_tree_expression *in = arguments->items[0]->value;
  if (arguments->count != 1 || in->kind != WR_TREE_IN || in->in.negated || in->in.list.count != 1)
    return;
  *arguments = wr_build_form(parser, WR_FORM_PLAIN, in->span, in->in.operand, in->in.list.items[0],
                             NULL, NULL)
                   .arguments;
}

/* ---- IGNORE NULLS */

/* FIRST_VALUE(UPPER(a) IGNORE NULLS): UPPER got the words that FIRST_VALUE means. They stay where
 * they are only at a function that has a use for them. */
static void call_take_nulls(const struct wr_parser *parser, struct wr_build_body *body)
{
  static const char *const takers[] = {"ARRAY_AGG",  "FIRST_VALUE", "LAG",
                                       "LAST_VALUE", "LEAD",        "NTH_VALUE"};
  struct wr_tree_arguments *arguments = &body->arguments;
  struct wr_tree_argument *last = arguments->items[arguments->count - 1];
  struct wr_tree_call *inner = &last->value->call;
  if (last->value->kind != WR_TREE_CALL || last->value->bracketed || inner->over ||
      inner->nulls_span.length == 0 || inner->within_span.offset > inner->nulls_span.offset ||
      inner->filter_span.offset > inner->nulls_span.offset)
    return;
  for (size_t i = 0; i < sizeof takers / sizeof *takers; i++)
    if (call_is(&inner->name, takers[i]))
      return;
  body->nulls = (int)inner->nulls;
  body->nulls_span = inner->nulls_span;
  inner->nulls = WR_TREE_RESPECT_DEFAULT;
  inner->nulls_span = (struct wr_span){0, 0};
  uint32_t end = body->nulls_span.offset;
  while (strchr(" \t\r\n\f\v", parser->text[end - 1]))
    end--;
  last->value->span.length = end - last->value->span.offset;
  last->span.length = end - last->span.offset;
}

/* ---- calls */

static void call_check_form(struct wr_parser *parser, const struct wr_tree_name *name,
                            const struct wr_build_body *body, unsigned forms)
{
  if (body->form == WR_FORM_PLAIN || (forms & 1u << body->form) != 0)
    return;
  const struct wr_tree_identifier *function = name->parts.items[name->parts.count - 1];
  wr_parser_fail(parser, WR_SYNTAX, body->at, "found \"%.*s\", expected \",\" or \")\"",
                 (int)body->at.length, parser->text + body->at.offset);
  wr_parser_hint(parser, body->at, "%s takes its arguments separated by commas", function->text);
}

struct wr_tree_expression *wr_build_call(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_name name, struct wr_build_body body)
{
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_CALL);
  struct wr_tree_arguments *arguments = &body.arguments;
  unsigned forms = 0;
  bool begins_unit = false;
  for (size_t i = 0; i < sizeof call_functions / sizeof *call_functions; i++)
    if (call_is(&name, call_functions[i].name)) {
      forms = call_functions[i].forms;
      begins_unit = call_functions[i].begins_unit;
    }
  call_check_form(parser, &name, &body, forms);
  if (begins_unit && arguments->count > 0)
    call_make_unit(parser, arguments->items[0]);
  if ((forms & FORM(SIDE)) && arguments->count > 0 &&
      (body.form != WR_FORM_PLAIN || arguments->count == 1))
    call_complete_trim(parser, span, arguments);
  if ((forms & FORM(IN)) && arguments->count > 0)
    call_unwrap_position(parser, arguments);
  if (arguments->count > 0)
    call_take_nulls(parser, &body);
  if (body.json) {
    wr_build_json_check(parser, name.parts.items[name.parts.count - 1], body.json);
    wr_build_raise(parser, span, &expression->height, wr_build_json_height(body.json));
  }
  expression->call.name = name;
  expression->call.distinct = body.distinct_span.length > 0;
  expression->call.distinct_span = body.distinct_span;
  expression->call.nulls = body.nulls;
  expression->call.nulls_span = body.nulls_span;
  expression->call.json = body.json;
  expression->call.arguments = *arguments;
  for (uint32_t i = 0; i < arguments->count; i++)
    wr_build_raise(parser, span, &expression->height, arguments->items[i]->value->height);
  return expression;
}

static void tail_once(struct wr_parser *parser, struct wr_span first, struct wr_span second,
                      const char *words)
{
  if (first.length > 0 && second.length > 0)
    wr_parser_fail(parser, WR_SYNTAX, second, "%s is given twice", words);
}

struct wr_tree_call *wr_build_tail_parts(struct wr_parser *parser, struct wr_tree_call *tail,
                                         struct wr_tree_call *part)
{
  if (!tail)
    return part;
  tail_once(parser, tail->within_span, part->within_span, "WITHIN GROUP");
  tail_once(parser, tail->filter_span, part->filter_span, "FILTER");
  tail_once(parser, tail->nulls_span, part->nulls_span, "IGNORE or RESPECT NULLS");
  tail_once(parser, tail->from_span, part->from_span, "FROM FIRST or FROM LAST");
  if (part->from_span.length > 0) {
    tail->from_last = part->from_last;
    tail->from_span = part->from_span;
  } else if (part->within_span.length > 0) {
    tail->within_group = part->within_group;
    tail->within_span = part->within_span;
  } else if (part->filter_span.length > 0) {
    tail->filter = part->filter;
    tail->filter_span = part->filter_span;
  } else {
    tail->nulls = part->nulls;
    tail->nulls_span = part->nulls_span;
  }
  return tail;
}

struct wr_tree_call *wr_build_tail_over(struct wr_parser *parser, struct wr_tree_call *tail,
                                        struct wr_tree_window *over)
{
  if (over && !tail)
    tail = WR_NEW(parser->arena, struct wr_tree_call);
  if (over)
    tail->over = over;
  return tail;
}

void wr_build_call_tail(struct wr_parser *parser, struct wr_tree_expression *call,
                        const struct wr_tree_call *tail)
{
  assert(call->kind == WR_TREE_CALL);
  if (!tail)
    return;
  const struct wr_tree_window *over = tail->over;
  call->call.within_group = tail->within_group;
  call->call.within_span = tail->within_span;
  call->call.filter = tail->filter;
  call->call.filter_span = tail->filter_span;
  tail_once(parser, call->call.nulls_span, tail->nulls_span, "IGNORE or RESPECT NULLS");
  if (tail->nulls_span.length > 0) {
    call->call.nulls = tail->nulls;
    call->call.nulls_span = tail->nulls_span;
  }
  call->call.from_last = tail->from_last;
  call->call.from_span = tail->from_span;
  call->call.over = tail->over;
  wr_build_raise_orders(parser, call->span, &call->height, &tail->within_group);
  if (tail->filter)
    wr_build_raise(parser, call->span, &call->height, tail->filter->height);
  if (!over)
    return;
  wr_build_raise_all(parser, over->span, &call->height, &over->partition_by);
  wr_build_raise_orders(parser, over->span, &call->height, &over->order_by);
  if (over->from.distance)
    wr_build_raise(parser, over->span, &call->height, over->from.distance->height);
  if (over->to.distance)
    wr_build_raise(parser, over->span, &call->height, over->to.distance->height);
}

struct wr_tree_expression *wr_build_special_value(struct wr_parser *parser, struct wr_span span)
{
  struct wr_tree_name name = wr_build_name(parser, wr_build_word(parser, span));
  return wr_build_call(parser, span, name, (struct wr_build_body){0});
}
