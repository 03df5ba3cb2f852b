/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bound expressions as SQL that a person reads: brackets only where precedence asks for them,
 * literals with their type's keyword, casts written out.
 */
#include <assert.h>

#include "core/packed.h"
#include "core/time.h"
#include "functions/expression.h"
#include "functions/function.h"
#include "text/buffer.h"
#include "text/datetime.h"
#include "text/value_write.h"

#define TYPE_CHARS 512

/* What binds stronger is greater. */
enum precedence { LOWEST, OR, AND, NOT, TEST, SUM, PRODUCT, SIGN, ATOM };

struct printer {
  struct wr_buffer *out;
  const struct wr_schema *schema;
  const char *const *columns; /* as SQL; NULL: names of the schema */
};

static void print_at(struct printer *printer, const struct wr_expression *expression,
                     enum precedence least);

/* ---- names and literals ---- */

static bool name_is_plain(const char *name)
{
  if (!*name || (*name >= '0' && *name <= '9'))
    return false;
  return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$") ==
         strlen(name);
}

static void print_name(struct wr_buffer *out, const char *name)
{
  if (name_is_plain(name)) {
    wr_buffer_put_string(out, name);
    return;
  }
  wr_buffer_put_char(out, '`');
  for (; *name; name++) {
    if (*name == '`')
      wr_buffer_put_char(out, '`');
    wr_buffer_put_char(out, *name);
  }
  wr_buffer_put_char(out, '`');
}

static void print_quoted(struct wr_buffer *out, const char *bytes, size_t length)
{
  wr_buffer_put_char(out, '\'');
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] == '\'')
      wr_buffer_put_char(out, '\'');
    wr_buffer_put_char(out, bytes[i]);
  }
  wr_buffer_put_char(out, '\'');
}

/* In the largest unit that leaves no rest. */
static void print_interval(struct wr_buffer *out, const struct wr_column *literal)
{
  static const struct {
    int64_t us;
    const char *name;
  } units[] = {{WR_US_PER_DAY, "DAY"},
               {WR_US_PER_HOUR, "HOUR"},
               {WR_US_PER_MINUTE, "MINUTE"},
               {WR_US_PER_SECOND, "SECOND"}};
  int64_t value = wr_column_i64(literal, 0);
  if (literal->type->kind == WR_INTERVAL_MONTH) {
    bool years = value % 12 == 0 && value != 0;
    wr_buffer_print(out, "INTERVAL '%lld' %s", (long long)(years ? value / 12 : value),
                    years ? "YEAR" : "MONTH");
    return;
  }
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (value % units[i].us == 0 && (value != 0 || i == 3)) {
      wr_buffer_print(out, "INTERVAL '%lld' %s", (long long)(value / units[i].us), units[i].name);
      return;
    }
  }
  bool whole_ms = value % WR_US_PER_MS == 0;
  int64_t unit = WR_US_PER_SECOND, amount = value < 0 ? -value : value;
  wr_buffer_print(out, "INTERVAL '%s%lld.%0*lld' SECOND", value < 0 ? "-" : "",
                  (long long)(amount / unit), whole_ms ? 3 : 6,
                  (long long)(amount % unit / (whole_ms ? WR_US_PER_MS : 1)));
}

static void print_collection(struct wr_buffer *out, const struct wr_column *literal);

static void print_literal(struct wr_buffer *out, const struct wr_column *literal)
{
  static const char *const keywords[WR_KIND_COUNT] = {[WR_DATE] = "DATE ",
                                                      [WR_TIME] = "TIME ",
                                                      [WR_TIMESTAMP] = "TIMESTAMP ",
                                                      [WR_TIMESTAMP_LTZ] = "TIMESTAMP_LTZ "};
  enum wr_kind kind = literal->type->kind;
  if (wr_column_is_null(literal, 0)) {
    wr_buffer_put_string(out, "NULL");
  } else if (wr_kind_is_text(kind)) {
    print_quoted(out, wr_text_bytes(literal->values),
                 ((const struct wr_text *)literal->values)->length);
  } else if (kind == WR_BOOLEAN) {
    wr_buffer_put_string(out, *(const uint8_t *)literal->values ? "TRUE" : "FALSE");
  } else if (wr_kind_is_interval(kind)) {
    print_interval(out, literal);
  } else if (keywords[kind]) {
    wr_buffer_put_string(out, keywords[kind]);
    wr_buffer_put_char(out, '\'');
    wr_value_write(out, literal, 0);
    wr_buffer_put_char(out, '\'');
  } else if (wr_kind_is_packed(kind)) {
    print_collection(out, literal);
  } else {
    wr_value_write(out, literal, 0);
  }
}

/* One item of a collection as a literal. */
static void print_item(struct wr_buffer *out, const struct wr_list *list, uint32_t i)
{
  struct wr_builder builder;
  wr_builder_open(&builder, list->type);
  wr_builder_reserve(&builder, 1);
  wr_list_put(list, i, &builder);
  struct wr_column column = wr_builder_view(&builder);
  if (list->type->kind != WR_ROW || wr_column_is_null(&column, 0)) {
    print_literal(out, &column);
  } else {
    wr_buffer_put_string(out, "ROW(");
    for (uint32_t f = 0; f < list->type->field_count; f++) {
      if (f)
        wr_buffer_put_string(out, ", ");
      print_literal(out, &column.children[f]);
    }
    wr_buffer_put_char(out, ')');
  }
  wr_builder_close(&builder);
}

/* ARRAY[1, 2], MAP['a', 1]; a MULTISET like the MAP that it is. */
static void print_collection(struct wr_buffer *out, const struct wr_column *literal)
{
  bool is_array = literal->type->kind == WR_ARRAY;
  struct wr_list items, values;
  if (is_array)
    wr_list_open(&items, literal->type, literal->values);
  else
    wr_map_open(&items, &values, literal->type, literal->values);
  wr_buffer_print(out, "%s[",
                  is_array                        ? "ARRAY"
                  : literal->type->kind == WR_MAP ? "MAP"
                                                  : "MULTISET");
  for (uint32_t i = 0; i < items.count; i++) {
    if (i)
      wr_buffer_put_string(out, ", ");
    print_item(out, &items, i);
    if (is_array)
      continue;
    wr_buffer_put_string(out, ", ");
    print_item(out, &values, i);
  }
  wr_buffer_put_char(out, ']');
}

/* ---- operators ---- */

/* How tightly the operator binds, and its arguments have to. */
static enum precedence operator_precedence(const char *name)
{
  static const struct {
    const char *name;
    enum precedence precedence;
  } known[] = {{"+", SUM},     {"-", SUM},   {"||", SUM},      {"*", PRODUCT}, {"/", PRODUCT},
               {"%", PRODUCT}, {"NOT", NOT}, {"NEGATE", SIGN}, {"[]", ATOM}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(known[i].name, name) == 0)
      return known[i].precedence;
  }
  return TEST;
}

static void print_list(struct printer *printer, const struct wr_expression *const *args,
                       uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    if (i)
      wr_buffer_put_string(printer->out, ", ");
    print_at(printer, args[i], LOWEST);
  }
}

static void print_operator(struct printer *printer, const struct wr_expression *call)
{
  const char *name = call->function->name;
  enum precedence own = operator_precedence(name), left = own == TEST ? own + 1 : own;
  struct wr_buffer *out = printer->out;
  if (own == NOT || own == SIGN) { /* the sign is kept as 0 - x: its operand is the last argument */
    wr_buffer_put_string(out, own == NOT ? "NOT " : "-");
    print_at(printer, call->args[call->arg_count - 1], own == NOT ? own : ATOM);
    return;
  }
  if (strcmp(name, "[]") == 0) {
    print_at(printer, call->args[0], ATOM);
    wr_buffer_put_char(out, '[');
    print_at(printer, call->args[1], LOWEST);
    wr_buffer_put_char(out, ']');
    return;
  }
  print_at(printer, call->args[0], left);
  wr_buffer_put_char(out, ' ');
  wr_buffer_put_string(out, name);
  if (strcmp(name, "IN") == 0) {
    wr_buffer_put_string(out, " (");
    print_list(printer, call->args + 1, call->arg_count - 1);
    wr_buffer_put_char(out, ')');
    return;
  }
  if (call->arg_count > 1) {
    wr_buffer_put_char(out, ' ');
    print_at(printer, call->args[1], own + 1);
  }
  if (call->arg_count > 2) {
    wr_buffer_put_string(out, " ESCAPE ");
    print_at(printer, call->args[2], own + 1);
  }
}

/* A constant text argument without its quotes: a unit. */
static void print_word(struct printer *printer, const struct wr_expression *literal)
{
  const struct wr_text *text = literal->literal->values;
  wr_buffer_put(printer->out, wr_text_bytes(text), text->length);
}

/* SQL/JSON functions with clauses (functions/json_functions.h): the visible arguments, then their
 * words, which begin with a blank. False: it is none of them. */
static bool print_json(struct printer *printer, const struct wr_expression *call)
{
  static const struct {
    const char *name;
    uint32_t visible, hidden; /* arguments; one of the two says how many there are */
  } known[] = {{"JSON_EXISTS", 2, 0},
               {"JSON_VALUE", 2, 0},
               {"JSON_QUERY", 2, 0},
               {"JSON_OBJECT", 0, 2},
               {"JSON_ARRAY", 0, 2}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(known[i].name, call->function->name) != 0)
      continue;
    uint32_t visible = known[i].hidden ? call->arg_count - known[i].hidden : known[i].visible;
    print_list(printer, call->args, visible);
    if (call->arg_count > visible)
      print_word(printer, call->args[visible]);
    return true;
  }
  return false;
}

/* The functions with words between their arguments; false: it is none of them. */
static bool print_with_words(struct printer *printer, const struct wr_expression *call)
{
  struct wr_buffer *out = printer->out;
  const char *name = call->function->name;
  bool word_last = call->arg_count == 2 && wr_expression_is_known(call->args[1]) &&
                   wr_kind_is_text(call->args[1]->type->kind);
  if (strcmp(name, "EXTRACT") == 0 && word_last) {
    print_word(printer, call->args[1]);
    wr_buffer_put_string(out, " FROM ");
    print_at(printer, call->args[0], LOWEST);
  } else if ((strcmp(name, "FLOOR") == 0 || strncmp(name, "CEIL", 4) == 0) && word_last) {
    print_at(printer, call->args[0], LOWEST);
    wr_buffer_put_string(out, " TO ");
    print_word(printer, call->args[1]);
  } else if (strcmp(name, "TIMESTAMPDIFF") == 0) {
    print_word(printer, call->args[0]);
    wr_buffer_put_string(out, ", ");
    print_list(printer, call->args + 1, 2);
  } else if (strcmp(name, "POSITION") == 0) {
    print_at(printer, call->args[0], ATOM);
    wr_buffer_put_string(out, " IN ");
    print_at(printer, call->args[1], LOWEST);
  } else {
    return print_json(printer, call);
  }
  return true;
}

static void print_call(struct printer *printer, const struct wr_expression *call)
{
  struct wr_buffer *out = printer->out;
  const char *name = call->function->name;
  bool is_list = strcmp(name, "ARRAY") == 0 || strcmp(name, "MAP") == 0;
  bool is_cast = strcmp(name, "CAST") == 0 || strcmp(name, "TRY_CAST") == 0;
  wr_buffer_put_string(out, name);
  wr_buffer_put_char(out, is_list ? '[' : '(');
  if (is_cast) { /* behind a ROW stand its fields */
    char type[TYPE_CHARS];
    print_at(printer, call->args[0], LOWEST);
    wr_type_print(call->type, type, sizeof type);
    wr_buffer_put_string(out, " AS ");
    wr_buffer_put_string(out, type);
  } else if (!print_with_words(printer, call)) {
    print_list(printer, call->args, call->arg_count);
  }
  wr_buffer_put_char(out, is_list ? ']' : ')');
}

/* ---- branches ---- */

static void print_case(struct printer *printer, const struct wr_expression *expression)
{
  struct wr_buffer *out = printer->out;
  uint32_t last = expression->arg_count - 1;
  wr_buffer_put_string(out, "CASE");
  for (uint32_t i = 0; i < last; i += 2) {
    wr_buffer_put_string(out, " WHEN ");
    print_at(printer, expression->args[i], LOWEST);
    wr_buffer_put_string(out, " THEN ");
    print_at(printer, expression->args[i + 1], LOWEST);
  }
  if (!wr_expression_is_null_literal(expression->args[last])) {
    wr_buffer_put_string(out, " ELSE ");
    print_at(printer, expression->args[last], LOWEST);
  }
  wr_buffer_put_string(out, " END");
}

static void print_logic(struct printer *printer, const struct wr_expression *expression)
{
  bool is_and = expression->kind == WR_EXPRESSION_AND;
  for (uint32_t i = 0; i < expression->arg_count; i++) {
    if (i)
      wr_buffer_put_string(printer->out, is_and ? " AND " : " OR ");
    print_at(printer, expression->args[i], (is_and ? AND : OR) + 1);
  }
}

static enum precedence expression_precedence(const struct wr_expression *expression)
{
  switch (expression->kind) {
  case WR_EXPRESSION_OR: return OR;
  case WR_EXPRESSION_AND: return AND;
  case WR_EXPRESSION_CALL:
    return expression->function->traits & WR_OPERATOR
               ? operator_precedence(expression->function->name)
               : ATOM;
  default: return ATOM;
  }
}

static void print_inside(struct printer *printer, const struct wr_expression *expression)
{
  struct wr_buffer *out = printer->out;
  switch (expression->kind) {
  case WR_EXPRESSION_COLUMN:
    if (printer->columns)
      wr_buffer_put_string(out, printer->columns[expression->column]);
    else if (printer->schema && expression->column < printer->schema->column_count)
      print_name(out, printer->schema->fields[expression->column].name);
    else
      wr_buffer_print(out, "$%u", expression->column);
    break;
  case WR_EXPRESSION_LITERAL: print_literal(out, expression->literal); break;
  case WR_EXPRESSION_FIELD:
    print_at(printer, expression->args[0], ATOM);
    wr_buffer_put_char(out, '.');
    print_name(out, expression->args[0]->type->fields[expression->column].name);
    break;
  case WR_EXPRESSION_CALL:
    if (expression->function->traits & WR_OPERATOR)
      print_operator(printer, expression);
    else
      print_call(printer, expression);
    break;
  case WR_EXPRESSION_AND:
  case WR_EXPRESSION_OR: print_logic(printer, expression); break;
  case WR_EXPRESSION_CASE: print_case(printer, expression); break;
  }
}

static void print_at(struct printer *printer, const struct wr_expression *expression,
                     enum precedence least)
{
  bool brackets = expression_precedence(expression) < least;
  if (brackets)
    wr_buffer_put_char(printer->out, '(');
  print_inside(printer, expression);
  if (brackets)
    wr_buffer_put_char(printer->out, ')');
}

static const char *print_whole(struct wr_arena *arena, const struct wr_expression *expression,
                               const struct wr_schema *schema, const char *const *columns)
{
  struct wr_buffer buffer = {0};
  struct printer printer = {&buffer, schema, columns};
  print_at(&printer, expression, LOWEST);
  const char *text = wr_arena_copy(arena, buffer.bytes, buffer.length);
  wr_buffer_free(&buffer);
  return text;
}

const char *wr_expression_print(struct wr_arena *arena, const struct wr_expression *expression,
                                const struct wr_schema *schema)
{
  return print_whole(arena, expression, schema, NULL);
}

const char *wr_expression_print_as(struct wr_arena *arena, const struct wr_expression *expression,
                                   const char *const *columns)
{
  return print_whole(arena, expression, NULL, columns);
}
