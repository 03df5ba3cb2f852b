/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What names and calls mean in MEASURES and DEFINE. `A.price` is that of the last row of A,
 * `price` that of the last row of all variables; in a condition the row at hand is the last of its
 * variable and of all. FIRST and LAST choose another row of one variable for all columns inside of
 * them; aggregates go over the rows of one variable.
 */
#include <string.h>
#include <strings.h>

#include "core/options.h"
#include "core/sqlstate.h"
#include "planner/match.h"

uint32_t wr_match_find_variable(const struct wr_match_names *names, const char *name)
{
  for (uint32_t v = 0; v < names->variable_count; v++)
    if (strcmp(names->variables[v], name) == 0)
      return v;
  return WR_MATCH_ALL;
}

/* ---- the projection below */

uint32_t wr_match_put(struct wr_match_names *names, const struct wr_expression *expression)
{
  struct wr_match_columns *columns = &names->columns;
  struct wr_arena *arena = names->binder->arena;
  if (expression->kind == WR_EXPRESSION_COLUMN)
    return expression->column;
  for (uint32_t c = names->input->schema.column_count; c < columns->count; c++)
    if (wr_expression_equal(columns->items[c], expression) &&
        wr_expression_is_deterministic(expression))
      return c;
  if (columns->count == columns->room) {
    columns->room = 2 * columns->room + 8;
    const struct wr_expression **items =
        WR_NEW_ARRAY(arena, const struct wr_expression *, columns->room);
    const char **texts = WR_NEW_ARRAY(arena, const char *, columns->room);
    memcpy(items, columns->items, columns->count * sizeof *items);
    memcpy(texts, columns->names, columns->count * sizeof *texts);
    columns->items = items;
    columns->names = texts;
  }
  columns->items[columns->count] = expression;
  columns->names[columns->count] = wr_expression_print(arena, expression, &names->input->schema);
  return columns->count++;
}

/* ---- references */

static bool names_references_equal(const struct wr_match_reference *a,
                                   const struct wr_match_reference *b)
{
  if (a->kind != b->kind || a->variable != b->variable)
    return false;
  if (a->kind == WR_MATCH_AGGREGATE)
    return wr_aggregate_equal(&a->aggregate, &b->aggregate);
  return a->column == b->column && a->offset == b->offset;
}

/* A column of the projection, with the variable before all of the input's in it: "A.price". */
static const char *names_column_text(const struct wr_match_names *names, uint32_t variable,
                                     uint32_t column)
{
  struct wr_arena *arena = names->binder->arena;
  uint32_t count = names->input->schema.column_count;
  if (variable == WR_MATCH_ALL)
    return names->columns.names[column];
  const char **texts = WR_NEW_ARRAY(arena, const char *, count);
  bool *used = WR_NEW_ARRAY(arena, bool, count);
  wr_expression_columns(names->columns.items[column], used);
  for (uint32_t c = 0; c < count; c++)
    if (used[c])
      texts[c] = wr_arena_print(arena, "%s.%s", names->variables[variable],
                                names->input->schema.fields[c].name);
  return wr_expression_print_as(arena, names->columns.items[column], texts);
}

/* "A.price", "FIRST(price, 2)" */
static const char *names_text(const struct wr_match_names *names,
                              const struct wr_match_reference *reference)
{
  struct wr_arena *arena = names->binder->arena;
  const char *column = names_column_text(names, reference->variable, reference->column);
  bool is_first = reference->kind == WR_MATCH_FIRST;
  if (!is_first && reference->offset == 0)
    return column;
  if (reference->offset == 0)
    return wr_arena_print(arena, "FIRST(%s)", column);
  return wr_arena_print(arena, "%s(%s, %llu)", is_first ? "FIRST" : "LAST", column,
                        (unsigned long long)reference->offset);
}

/* "SUM(A.price)", "COUNT(A.*)"; its arguments are columns of the projection. */
static const char *names_aggregate_text(const struct wr_match_names *names,
                                        const struct wr_match_reference *reference)
{
  struct wr_arena *arena = names->binder->arena;
  const struct wr_aggregate *aggregate = &reference->aggregate;
  uint32_t variable = reference->variable;
  const char *text = wr_arena_print(arena, "%s(", aggregate->name);
  for (uint32_t a = 0; a < aggregate->arg_count; a++)
    text = wr_arena_print(arena, "%s%s%s", text, a ? ", " : "",
                          names_column_text(names, variable, reference->columns.args[a]));
  if (aggregate->arg_count == 0)
    text = wr_arena_print(arena, "%s%s%s*", text,
                          variable == WR_MATCH_ALL ? "" : names->variables[variable],
                          variable == WR_MATCH_ALL ? "" : ".");
  text = wr_arena_print(arena, "%s%s)", text, aggregate->words);
  if (reference->columns.filter != UINT32_MAX)
    text = wr_arena_print(arena, "%s FILTER (%s)", text,
                          names_column_text(names, variable, reference->columns.filter));
  return text;
}

/* As a column of the expression that is being bound. */
static const struct wr_expression *names_note(struct wr_match_names *names,
                                              const struct wr_match_reference *reference,
                                              const struct wr_type *type, struct wr_span span)
{
  struct wr_match_list *list = &names->list;
  struct wr_arena *arena = names->binder->arena;
  uint32_t i = 0;
  while (i < list->count && !names_references_equal(&list->items[i], reference))
    i++;
  if (i == list->count && list->count == list->room) {
    list->room = 2 * list->room + 8;
    struct wr_match_reference *items = WR_NEW_ARRAY(arena, struct wr_match_reference, list->room);
    struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, list->room);
    if (list->count) {
      memcpy(items, list->items, list->count * sizeof *items);
      memcpy(fields, list->fields, list->count * sizeof *fields);
    }
    list->items = items;
    list->fields = fields;
  }
  if (i == list->count) {
    list->items[i] = *reference;
    list->fields[i] = (struct wr_field){.name = reference->kind == WR_MATCH_AGGREGATE
                                                    ? names_aggregate_text(names, reference)
                                                    : names_text(names, reference),
                                        .type = type};
    list->count++;
  }
  return wr_bind_column(names->binder->binding, i, list->fields[i].type, span);
}

/* A value of the row that FIRST, LAST or nothing around it says. */
static const struct wr_expression *names_value(struct wr_match_names *names, uint32_t variable,
                                               const struct wr_expression *value,
                                               struct wr_span span)
{
  bool is_outside = names->inside == NULL;
  struct wr_match_reference reference = {.kind = is_outside ? WR_MATCH_LAST : names->kind,
                                         .variable = variable,
                                         .offset = is_outside ? 0 : names->offset,
                                         .column = wr_match_put(names, value)};
  bool is_in_condition = names->current != WR_MATCH_ALL;
  if (is_in_condition && variable == WR_MATCH_ALL && reference.kind == WR_MATCH_LAST &&
      reference.offset == 0)
    reference.variable = names->current; /* the row at hand is the last of both */
  bool is_there = is_in_condition && wr_match_is_at_hand(names, &reference);
  const struct wr_type *type =
      is_there ? value->type : wr_type_with_not_null(names->binder->arena, value->type, false);
  return names_note(names, &reference, type, span);
}

const struct wr_expression *wr_match_at_hand(struct wr_match_names *names,
                                             const struct wr_expression *value, struct wr_span span)
{
  return names_value(names, names->current, value, span);
}

/* ---- columns */

static const char *names_variable_name(const struct wr_match_names *names, uint32_t variable)
{
  return variable == WR_MATCH_ALL ? NULL : names->variables[variable];
}

/* All columns in a call are of one variable: of which rows would it speak otherwise? */
static enum wr_code names_take_variable(struct wr_match_names *names, uint32_t variable,
                                        struct wr_span span, struct wr_error *err)
{
  if (!names->inside || !names->has_variable || names->variable == variable) {
    names->has_variable = names->inside != NULL;
    names->variable = variable;
    return WR_OK;
  }
  const char *first = names_variable_name(names, names->variable),
             *second = names_variable_name(names, variable);
  wr_fail_at(err, WR_SEMANTIC, span, "%s looks at the rows of %s%s%s and of %s%s%s together",
             names->inside, first ? "'" : "", first ? first : "all variables", first ? "'" : "",
             second ? "'" : "", second ? second : "all variables", second ? "'" : "");
  return wr_hint(err, "put the same variable before every column in it, or none");
}

static enum wr_code names_fail_variable(const struct wr_match_names *names,
                                        const struct wr_tree_identifier *part, struct wr_error *err)
{
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_OBJECT, part->span,
                "there is no variable '%s' in PATTERN", part->text);
  const char *near = wr_nearest(part->text, names->variables, names->variable_count);
  return near ? wr_hint(err, "did you mean '%s'?", near) : err->code;
}

static bool names_has_column(const struct wr_match_names *names, const char *name)
{
  const struct wr_schema *schema = &names->input->schema;
  for (uint32_t c = 0; c < schema->column_count; c++)
    if (strcmp(schema->fields[c].name, name) == 0)
      return true;
  return false;
}

/* The name as a value of the input row, and the variable before it. */
static enum wr_code names_resolve(const struct wr_match_names *names,
                                  const struct wr_tree_name *name, uint32_t *variable,
                                  const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_binding *binding = names->binder->binding;
  const struct wr_tree_identifier *first = name->parts.items[0];
  *variable = wr_match_find_variable(names, first->text);
  if (name->parts.count > 1 && *variable != WR_MATCH_ALL) {
    const struct wr_tree_name rest = {
        .span = name->span,
        .parts = {.items = name->parts.items + 1, .count = name->parts.count - 1}};
    return wr_scope_resolve(&names->plain, binding, &rest, out, err);
  }
  bool is_known = names_has_column(names, first->text);
  if (name->parts.count > 1 && !is_known && !wr_scope_has_relation(&names->rows, first->text))
    return names_fail_variable(names, first, err);
  enum wr_code code = wr_scope_resolve(&names->rows, binding, name, out, err);
  if (code && !is_known && name->parts.count == 1 && *variable != WR_MATCH_ALL)
    return wr_hint(err, "'%s' is a variable: write %s.column, or COUNT(%s.*)", first->text,
                   first->text, first->text);
  *variable = WR_MATCH_ALL;
  return code;
}

enum wr_code wr_bind_match_column(const struct wr_expression_context *context,
                                  const struct wr_tree_expression *tree,
                                  const struct wr_expression **out, struct wr_error *err)
{
  struct wr_match_names *names = context->match;
  uint32_t variable;
  enum wr_code code = names_resolve(names, &tree->column, &variable, out, err);
  if (code == WR_OK)
    code = names_take_variable(names, variable, tree->span, err);
  if (code == WR_OK && !names->is_aggregate)
    *out = names_value(names, variable, *out, tree->span);
  return code;
}

/* ---- calls */

static enum wr_code names_fail_nested(const struct wr_match_names *names,
                                      const struct wr_tree_call *call, const char *name,
                                      struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, call->name.span, "%s cannot stand inside of %s", name,
             names->inside);
  return wr_state(err, WR_STATE_GROUPING_ERROR);
}

/* The rows before or after the last: a whole number that is known. */
static enum wr_code names_offset(const struct wr_tree_expression *tree, const char *name,
                                 uint64_t *out, struct wr_error *err)
{
  const char *digits = tree->literal.text;
  *out = 0;
  bool is_number = tree->kind == WR_TREE_LITERAL && tree->literal.kind == WR_TREE_INTEGER;
  for (; is_number && *digits; digits++)
    if (__builtin_mul_overflow(*out, UINT64_C(10), out) ||
        __builtin_add_overflow(*out, (uint64_t)(*digits - '0'), out))
      is_number = false;
  if (is_number && *out <= INT32_MAX)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, tree->span, "%s is so many rows away: a whole number from 0", name);
  return wr_hint(err, "%s(A.price, 1) is one row %s", name,
                 strcmp(name, "FIRST") == 0 ? "after the first of A" : "before the last of A");
}

/* FIRST(A.price [, 2]): the expression with its columns taken from that row. */
static enum wr_code names_navigate(const struct wr_expression_context *context,
                                   const struct wr_tree_expression *tree, const char *name,
                                   const struct wr_expression **out, struct wr_error *err)
{
  struct wr_match_names *names = context->match;
  const struct wr_tree_call *call = &tree->call;
  uint32_t count = call->arguments.count;
  uint64_t offset = 0;
  if (names->inside)
    return names_fail_nested(names, call, name, err);
  if (call->over || call->distinct || call->filter || call->nulls || call->within_group.count)
    return wr_fail_at(err, WR_SEMANTIC, tree->span, "%s takes no clauses", name);
  if (count < 1 || count > 2) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, tree->span,
                  "%s cannot take %u arguments", name, count);
    return wr_hint(err, "it is used as %s(A.column) or %s(A.column, 1)", name, name);
  }
  enum wr_code code =
      count == 2 ? names_offset(call->arguments.items[1]->value, name, &offset, err) : WR_OK;
  if (code)
    return code;
  names->inside = name;
  names->kind = strcmp(name, "FIRST") == 0 ? WR_MATCH_FIRST : WR_MATCH_LAST;
  names->offset = offset;
  names->has_variable = false;
  code = wr_bind_expression(context, call->arguments.items[0]->value, out, err);
  bool has_variable = names->has_variable;
  names->inside = NULL;
  names->has_variable = false;
  if (code || has_variable)
    return code;
  return wr_fail_at(err, WR_SEMANTIC, call->arguments.items[0]->span,
                    "%s needs a column, to know of which variable", name);
}

/* COUNT(A.*) */
static enum wr_code names_star(struct wr_match_names *names, const struct wr_tree_expression *star,
                               struct wr_error *err)
{
  const struct wr_tree_identifiers *parts = &star->star.parts;
  uint32_t variable = WR_MATCH_ALL;
  if (parts->count > 0)
    variable = wr_match_find_variable(names, parts->items[0]->text);
  if (parts->count > 1 || (parts->count == 1 && variable == WR_MATCH_ALL))
    return names_fail_variable(names, parts->items[0], err);
  names->variable = variable;
  return WR_OK;
}

/* The arguments are columns of the projection below. */
static void names_put_aggregate(struct wr_match_names *names, struct wr_match_reference *reference)
{
  const struct wr_aggregate *aggregate = &reference->aggregate;
  uint32_t *args = WR_NEW_ARRAY(names->binder->arena, uint32_t, aggregate->arg_count + 1);
  for (uint32_t a = 0; a < aggregate->arg_count; a++)
    args[a] = wr_match_put(names, aggregate->args[a]);
  reference->columns = (struct wr_aggregate_columns){
      .args = args,
      .filter = aggregate->filter ? wr_match_put(names, aggregate->filter) : UINT32_MAX};
}

static enum wr_code names_aggregate(const struct wr_expression_context *context,
                                    const struct wr_tree_expression *tree, const char *name,
                                    const struct wr_expression **out, struct wr_error *err)
{
  struct wr_match_names *names = context->match;
  const struct wr_tree_call *call = &tree->call;
  struct wr_aggregate_list none = {0}; /* says that an aggregate may stand here */
  struct wr_expression_context inner = *context;
  struct wr_match_reference reference = {.kind = WR_MATCH_AGGREGATE};
  inner.aggregates = &none;
  if (names->inside)
    return names_fail_nested(names, call, name, err);
  if (call->distinct) {
    wr_fail_at(err, WR_UNSUPPORTED, call->distinct_span,
               "%s(DISTINCT ...) over the rows of a match is not supported", name);
    return wr_hint(err, "leave DISTINCT out, or aggregate what the match gives");
  }
  names->inside = name;
  names->is_aggregate = true;
  names->has_variable = false;
  names->variable = WR_MATCH_ALL;
  const struct wr_tree_expression *star =
      call->arguments.count == 1 && call->arguments.items[0]->value->kind == WR_TREE_STAR
          ? call->arguments.items[0]->value
          : NULL;
  enum wr_code code = star ? names_star(names, star, err) : WR_OK;
  names->has_variable = star != NULL;
  if (code == WR_OK)
    code = wr_bind_aggregate_alone(&inner, tree, name, &reference.aggregate, err);
  reference.variable = names->variable;
  names->inside = NULL;
  names->is_aggregate = names->has_variable = false;
  if (code)
    return code;
  names_put_aggregate(names, &reference);
  *out = names_note(names, &reference, reference.aggregate.type, tree->span);
  return WR_OK;
}

/* MATCH_ROWTIME([ts]): the time of the last row. */
static enum wr_code names_rowtime(const struct wr_expression_context *context,
                                  const struct wr_tree_expression *tree,
                                  const struct wr_expression **out, struct wr_error *err)
{
  struct wr_match_names *names = context->match;
  const struct wr_tree_call *call = &tree->call;
  const struct wr_field *time = &names->input->schema.fields[names->time_column];
  uint32_t count = call->arguments.count, variable;
  const struct wr_tree_expression *first = count ? call->arguments.items[0]->value : NULL;
  const struct wr_expression *value;
  if (names->inside)
    return names_fail_nested(names, call, "MATCH_ROWTIME", err);
  if (count > 1)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, tree->span,
                         "MATCH_ROWTIME cannot take %u arguments", count);
  if (names->by_clock) {
    wr_fail_at(err, WR_SEMANTIC, tree->span,
               "MATCH_ROWTIME needs event time, and the rows are ordered by the clock");
    return wr_hint(err, "MATCH_PROCTIME() is the time of the clock");
  }
  if (first) {
    enum wr_code code = first->kind == WR_TREE_COLUMN
                            ? names_resolve(names, &first->column, &variable, &value, err)
                            : WR_OK;
    if (code)
      return code;
    if (first->kind != WR_TREE_COLUMN || value->kind != WR_EXPRESSION_COLUMN ||
        value->column != names->time_column)
      return wr_fail_at(err, WR_SEMANTIC, first->span,
                        "MATCH_ROWTIME takes the time that the rows are ordered by, '%s', alone",
                        time->name);
  }
  *out = names_value(
      names, WR_MATCH_ALL,
      wr_bind_column(names->binder->binding, names->time_column, time->type, tree->span),
      tree->span);
  return WR_OK;
}

static enum wr_code names_proctime(const struct wr_expression_context *context,
                                   const struct wr_tree_expression *tree,
                                   const struct wr_expression **out, struct wr_error *err)
{
  if (context->match->inside)
    return names_fail_nested(context->match, &tree->call, "MATCH_PROCTIME", err);
  if (tree->call.arguments.count)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_FUNCTION, tree->span,
                         "MATCH_PROCTIME cannot take arguments");
  return wr_bind_call(context->binder->binding, "PROCTIME", NULL, 0, tree->span, out, err);
}

/* Functions that other engines have in MATCH_RECOGNIZE. */
static const struct names_refusal {
  const char *name, *hint;
} names_refusals[] = {
    {"PREV", "LAST(A.price, 1) is that of the row of A before its last one"},
    {"NEXT", "let the later row look at the earlier one: B AS B.price > LAST(A.price)"},
    {"CLASSIFIER", "COUNT(A.*) says how many rows a variable has"},
    {"MATCH_NUMBER", "ROW_NUMBER() OVER (ORDER BY MATCH_ROWTIME()) around it numbers matches"},
};

enum wr_code wr_bind_match_call(const struct wr_expression_context *context,
                                const struct wr_tree_expression *tree, bool *taken,
                                const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_tree_call *call = &tree->call;
  const char *name = call->name.parts.items[0]->text;
  *taken = call->name.parts.count == 1;
  if (!*taken)
    return WR_OK;
  for (size_t i = 0; i < sizeof names_refusals / sizeof *names_refusals; i++) {
    if (strcasecmp(names_refusals[i].name, name) != 0)
      continue;
    wr_fail_at(err, WR_UNSUPPORTED, call->name.span, "%s is not supported", names_refusals[i].name);
    return wr_hint(err, "%s", names_refusals[i].hint);
  }
  if (strcasecmp(name, "FIRST") == 0)
    return names_navigate(context, tree, "FIRST", out, err);
  if (strcasecmp(name, "LAST") == 0)
    return names_navigate(context, tree, "LAST", out, err);
  if (strcasecmp(name, "MATCH_ROWTIME") == 0)
    return names_rowtime(context, tree, out, err);
  if (strcasecmp(name, "MATCH_PROCTIME") == 0)
    return names_proctime(context, tree, out, err);
  *taken = wr_aggregate_exists(name) && !call->over;
  return *taken ? names_aggregate(context, tree, name, out, err) : WR_OK;
}
