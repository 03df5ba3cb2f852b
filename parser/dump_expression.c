/* SPDX-License-Identifier: Apache-2.0 */
/* Names, types and expressions. */
#include <assert.h>

#include "parser/dump_part.h"

/* ---- names and texts */

static void dump_quoted(FILE *file, const char *text, char quote)
{
  fputc(quote, file);
  for (; *text; text++) {
    if (*text == quote)
      fputc(quote, file);
    fputc(*text, file);
  }
  fputc(quote, file);
}

void wr_dump_identifier(FILE *file, const struct wr_tree_identifier *identifier)
{
  if (identifier->quoted)
    dump_quoted(file, identifier->text, '`');
  else
    fputs(identifier->text, file);
}

void wr_dump_name(FILE *file, const struct wr_tree_name *name)
{
  for (uint32_t i = 0; i < name->parts.count; i++) {
    if (i > 0)
      fputc('.', file);
    wr_dump_identifier(file, name->parts.items[i]);
  }
}

void wr_dump_text(FILE *file, const struct wr_tree_text *text)
{
  fputc(' ', file);
  dump_quoted(file, text->bytes, '\'');
}

void wr_dump_options(FILE *file, const struct wr_tree_options *options)
{
  for (uint32_t i = 0; i < options->count; i++) {
    wr_dump_text(file, &options->items[i]->key);
    fputc('=', file);
    dump_quoted(file, options->items[i]->value.bytes, '\'');
  }
}

void wr_dump_identifiers(FILE *file, const char *word, const struct wr_tree_identifiers *list)
{
  if (list->count == 0)
    return;
  fprintf(file, " (%s", word);
  for (uint32_t i = 0; i < list->count; i++) {
    fputc(' ', file);
    wr_dump_identifier(file, list->items[i]);
  }
  fputc(')', file);
}

/* ---- types */

static void dump_interval(FILE *file, const struct wr_tree_interval *interval)
{
  static const char *const units[] = {"YEAR", "QUARTER", "MONTH",  "WEEK",
                                      "DAY",  "HOUR",    "MINUTE", "SECOND"};
  fputs(units[interval->from], file);
  if (interval->precision != WR_TREE_NO_PRECISION)
    fprintf(file, "(%d)", interval->precision);
  if (interval->to != interval->from)
    fprintf(file, " TO %s", units[interval->to]);
  if (interval->fraction != WR_TREE_NO_PRECISION)
    fprintf(file, "(%d)", interval->fraction);
}

static void dump_named_type(FILE *file, const struct wr_tree_type *type)
{
  static const char *const zones[] = {"", " WITHOUT TIME ZONE", " WITH TIME ZONE",
                                      " WITH LOCAL TIME ZONE"};
  wr_dump_name(file, &type->name);
  for (uint32_t i = 0; i < type->argument_count; i++)
    fprintf(file, "%s%u", i == 0 ? "(" : ",", type->arguments[i]);
  if (type->argument_count > 0)
    fputc(')', file);
  fputs(zones[type->zone], file);
}

static void dump_row_type(FILE *file, const struct wr_tree_type *type)
{
  for (uint32_t i = 0; i < type->fields.count; i++) {
    const struct wr_tree_type_field *field = type->fields.items[i];
    if (i > 0)
      fputc(',', file);
    wr_dump_identifier(file, field->name);
    fputc(' ', file);
    wr_dump_type(file, field->type);
    if (field->comment)
      wr_dump_text(file, field->comment);
  }
}

void wr_dump_type(FILE *file, const struct wr_tree_type *type)
{
  static const char *const words[] = {"", "", "ARRAY<", "MULTISET<", "MAP<", "ROW<"};
  fputs(words[type->kind], file);
  switch (type->kind) {
  case WR_TREE_TYPE_NAMED: dump_named_type(file, type); break;
  case WR_TREE_TYPE_INTERVAL:
    fputs("INTERVAL ", file);
    dump_interval(file, &type->interval);
    break;
  case WR_TREE_TYPE_MAP:
    wr_dump_type(file, type->key);
    fputc(',', file);
    wr_dump_type(file, type->element);
    break;
  case WR_TREE_TYPE_ARRAY:
  case WR_TREE_TYPE_MULTISET: wr_dump_type(file, type->element); break;
  case WR_TREE_TYPE_ROW: dump_row_type(file, type); break;
  }
  if (words[type->kind][0] != '\0')
    fputc('>', file);
  if (type->not_null)
    fputs(" NOT NULL", file);
}

/* ---- expressions */

static void dump_literal(FILE *file, const struct wr_tree_literal *literal)
{
  static const char *const words[] = {"",      "",     "",      "",      "X",          "TRUE",
                                      "FALSE", "NULL", "DATE ", "TIME ", "TIMESTAMP ", "INTERVAL "};
  fputs(words[literal->kind], file);
  if (literal->kind <= WR_TREE_APPROXIMATE) {
    fputs(literal->text, file);
  } else if (literal->kind < WR_TREE_TRUE || literal->kind > WR_TREE_NULL) {
    if (literal->negative)
      fputs("- ", file);
    dump_quoted(file, literal->text, '\'');
  }
  if (literal->kind == WR_TREE_INTERVAL_TEXT) {
    fputc(' ', file);
    dump_interval(file, &literal->interval);
  }
}

static void dump_operation(FILE *file, const struct wr_tree_operation *operation)
{
  fprintf(file, "(%s", wr_tree_operator_name(operation->operator, operation->negated));
  for (uint32_t i = 0; i < operation->operand_count; i++) {
    fputc(' ', file);
    wr_dump_expression(file, operation->operands[i]);
  }
  fputc(')', file);
}

static void dump_in(FILE *file, const struct wr_tree_expression *expression)
{
  fputs(expression->in.negated ? "(NOT IN " : "(IN ", file);
  wr_dump_expression(file, expression->in.operand);
  wr_dump_expressions(file, NULL, &expression->in.list);
  if (expression->in.query) {
    fputc(' ', file);
    wr_dump_query(file, expression->in.query);
  }
  fputc(')', file);
}

static void dump_case(FILE *file, const struct wr_tree_expression *expression)
{
  fputs("(CASE", file);
  if (expression->choice.operand) {
    fputc(' ', file);
    wr_dump_expression(file, expression->choice.operand);
  }
  for (uint32_t i = 0; i < expression->choice.branches.count; i++) {
    fputs(" (WHEN ", file);
    const struct wr_tree_branch *branch = expression->choice.branches.items[i];
    for (uint32_t c = 0; c < branch->conditions.count; c++) {
      wr_dump_expression(file, branch->conditions.items[c]);
      fputc(' ', file);
    }
    wr_dump_expression(file, branch->value);
    fputc(')', file);
  }
  if (expression->choice.otherwise) {
    fputs(" (ELSE ", file);
    wr_dump_expression(file, expression->choice.otherwise);
    fputc(')', file);
  }
  fputc(')', file);
}

static void dump_json_behaviour(FILE *file, const char *event,
                                const struct wr_tree_json_behaviour *behaviour)
{
  static const char *const actions[] = {
      "", "null", "error", "", "empty-array", "empty-object", "true", "false", "unknown"};
  if (behaviour->action == WR_TREE_JSON_DEFAULT)
    return;
  fprintf(file, " (%s %s", event, actions[behaviour->action]);
  if (behaviour->value)
    wr_dump_expression(file, behaviour->value);
  fputc(')', file);
}

static void dump_json(FILE *file, const struct wr_tree_json *json)
{
  static const char *const wrappers[] = {"", " without-wrapper", " conditional-wrapper",
                                         " unconditional-wrapper"};
  static const char *const nulls[] = {"", " null-on-null", " absent-on-null"};
  if (json->returning) {
    fputs(" (returning ", file);
    wr_dump_type(file, json->returning);
    fputc(')', file);
  }
  fputs(wrappers[json->wrapper], file);
  fputs(nulls[json->nulls], file);
  dump_json_behaviour(file, "on-empty", &json->on_empty);
  dump_json_behaviour(file, "on-error", &json->on_error);
}

static void dump_call(FILE *file, const struct wr_tree_call *call)
{
  static const char *const nulls[] = {"", " respect-nulls", " ignore-nulls"};
  fputs("(call ", file);
  wr_dump_name(file, &call->name);
  if (call->distinct)
    fputs(" distinct", file);
  for (uint32_t i = 0; i < call->arguments.count; i++) {
    const struct wr_tree_argument *argument = call->arguments.items[i];
    fputc(' ', file);
    if (argument->name)
      fprintf(file, "%s=>", argument->name->text);
    wr_dump_expression(file, argument->value);
  }
  if (call->json)
    dump_json(file, call->json);
  wr_dump_orders(file, "within", &call->within_group);
  if (call->filter) {
    fputs(" (filter ", file);
    wr_dump_expression(file, call->filter);
    fputc(')', file);
  }
  if (call->from_span.length > 0)
    fputs(call->from_last ? " from-last" : " from-first", file);
  fputs(nulls[call->nulls], file);
  if (call->over) {
    fputc(' ', file);
    wr_dump_window(file, call->over);
  }
  fputc(')', file);
}

static void dump_table_argument(FILE *file, const struct wr_tree_expression *expression)
{
  fputs("(TABLE ", file);
  if (expression->table.query)
    wr_dump_query(file, expression->table.query);
  else
    wr_dump_name(file, &expression->table.name);
  wr_dump_expressions(file, "partition", &expression->table.partition_by);
  wr_dump_orders(file, "order", &expression->table.order_by);
  fputc(')', file);
}

static void dump_list(FILE *file, const char *word, const struct wr_tree_expressions *list)
{
  fprintf(file, "(%s", word);
  wr_dump_expressions(file, NULL, list);
  fputc(')', file);
}

static void dump_query_value(FILE *file, const char *word, const struct wr_tree_query *query)
{
  fprintf(file, "(%s ", word);
  wr_dump_query(file, query);
  fputc(')', file);
}

static void dump_cast(FILE *file, const struct wr_tree_expression *expression)
{
  fputs(expression->cast.attempt ? "(TRY_CAST " : "(CAST ", file);
  wr_dump_expression(file, expression->cast.operand);
  fputc(' ', file);
  wr_dump_type(file, expression->cast.type);
  fputc(')', file);
}

static void dump_difference(FILE *file, const struct wr_tree_expression *expression)
{
  fputs("(difference ", file);
  wr_dump_expression(file, expression->difference.left);
  fputc(' ', file);
  wr_dump_expression(file, expression->difference.right);
  fputc(' ', file);
  dump_interval(file, &expression->difference.interval);
  fputc(')', file);
}

void wr_dump_expression(FILE *file, const struct wr_tree_expression *expression)
{
  switch (expression->kind) {
  case WR_TREE_LITERAL: dump_literal(file, &expression->literal); break;
  case WR_TREE_COLUMN: wr_dump_name(file, &expression->column); break;
  case WR_TREE_FIELD:
    fputs("(. ", file);
    wr_dump_expression(file, expression->field.operand);
    fputc(' ', file);
    wr_dump_identifier(file, expression->field.name);
    fputc(')', file);
    break;
  case WR_TREE_STAR:
    wr_dump_name(file, &expression->star);
    fputs(expression->star.parts.count > 0 ? ".*" : "*", file);
    break;
  case WR_TREE_OPERATION: dump_operation(file, &expression->operation); break;
  case WR_TREE_IN: dump_in(file, expression); break;
  case WR_TREE_EXISTS: dump_query_value(file, "EXISTS", expression->query); break;
  case WR_TREE_SUBQUERY: dump_query_value(file, "SUBQUERY", expression->query); break;
  case WR_TREE_CURSOR: dump_query_value(file, "CURSOR", expression->query); break;
  case WR_TREE_DIFFERENCE: dump_difference(file, expression); break;
  case WR_TREE_CASE: dump_case(file, expression); break;
  case WR_TREE_CAST: dump_cast(file, expression); break;
  case WR_TREE_CALL: dump_call(file, &expression->call); break;
  case WR_TREE_ROW: dump_list(file, "ROW", &expression->items); break;
  case WR_TREE_ARRAY: dump_list(file, "ARRAY", &expression->items); break;
  case WR_TREE_MAP: dump_list(file, "MAP", &expression->items); break;
  case WR_TREE_SYMBOL: fprintf(file, ":%s", expression->symbol.bytes); break;
  case WR_TREE_DESCRIPTOR:
    fputs("(DESCRIPTOR", file);
    for (uint32_t i = 0; i < expression->columns.count; i++) {
      fputc(' ', file);
      wr_dump_identifier(file, expression->columns.items[i]);
    }
    fputc(')', file);
    break;
  case WR_TREE_TABLE_ARGUMENT: dump_table_argument(file, expression); break;
  }
}

void wr_dump_expressions(FILE *file, const char *word, const struct wr_tree_expressions *list)
{
  if (list->count == 0)
    return;
  if (word)
    fprintf(file, " (%s", word);
  for (uint32_t i = 0; i < list->count; i++) {
    fputc(' ', file);
    wr_dump_expression(file, list->items[i]);
  }
  if (word)
    fputc(')', file);
}

void wr_dump_orders(FILE *file, const char *word, const struct wr_tree_orders *list)
{
  static const char *const nulls[] = {"", " nulls-first", " nulls-last"};
  if (list->count == 0)
    return;
  fprintf(file, " (%s", word);
  for (uint32_t i = 0; i < list->count; i++) {
    fputc(' ', file);
    wr_dump_expression(file, list->items[i]->value);
    fprintf(file, "%s%s", list->items[i]->descending ? " desc" : "", nulls[list->items[i]->nulls]);
  }
  fputc(')', file);
}

static void dump_bound(FILE *file, const struct wr_tree_bound *bound)
{
  static const char *const words[] = {"unbounded-preceding", "preceding", "current-row",
                                      "following", "unbounded-following"};
  fputc(' ', file);
  if (!bound->distance) {
    fputs(words[bound->kind], file);
    return;
  }
  fprintf(file, "(%s ", words[bound->kind]);
  wr_dump_expression(file, bound->distance);
  fputc(')', file);
}

void wr_dump_window(FILE *file, const struct wr_tree_window *window)
{
  static const char *const frames[] = {"", "rows", "range"};
  fputs(window->name ? "(window" : "(over", file);
  if (window->name)
    fprintf(file, " %s", window->name->text);
  if (window->base)
    fprintf(file, " base=%s", window->base->text);
  wr_dump_expressions(file, "partition", &window->partition_by);
  wr_dump_orders(file, "order", &window->order_by);
  if (window->frame != WR_TREE_FRAME_NONE) {
    fprintf(file, " (%s", frames[window->frame]);
    dump_bound(file, &window->from);
    dump_bound(file, &window->to);
    fputc(')', file);
  }
  fputc(')', file);
}
