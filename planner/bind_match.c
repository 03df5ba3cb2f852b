/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MATCH_RECOGNIZE, clause by clause, from its tree to a Match between two projections. Meaning and
 * limits are Flink's: a pattern is a row of different variables, one row comes of a match, and the
 * last variable must not wait for ever. A quantifier ? is reluctant there however it is written:
 * where a row could be skipped as well, the match ends as early as it can (docs/decisions/0030).
 */
#include "planner/match.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"
#include "core/options.h"
#include "core/sqlstate.h"
#include "planner/window_lengths.h"

/* ---- PARTITION BY, ORDER BY */

static enum wr_code match_keys(struct wr_binder *binder, const struct wr_tree_match *tree,
                               const struct wr_from *from, struct wr_logical_match *match,
                               struct wr_error *err)
{
  const struct wr_expression_context context = {
      .binder = binder, .scope = &from->scope, .place = "PARTITION BY"};
  uint32_t *keys = WR_NEW_ARRAY(binder->arena, uint32_t, tree->partition_by.count + 1);
  for (uint32_t k = 0; k < tree->partition_by.count; k++) {
    const struct wr_tree_expression *item = tree->partition_by.items[k];
    const struct wr_expression *key;
    enum wr_code code = wr_bind_expression(&context, item, &key, err);
    if (code)
      return code;
    if (key->kind != WR_EXPRESSION_COLUMN) {
      wr_fail_at(err, WR_UNSUPPORTED, item->span,
                 "PARTITION BY of MATCH_RECOGNIZE takes columns alone");
      return wr_hint(err, "compute it in a subquery: FROM (SELECT *, ... AS part FROM t) "
                          "MATCH_RECOGNIZE (PARTITION BY part ...)");
    }
    if (key->type->physical == WR_NESTED) {
      wr_fail_at(err, WR_UNSUPPORTED, item->span, "PARTITION BY of a ROW is not supported yet");
      return wr_hint(err, "partition by its fields: r.a, r.b");
    }
    keys[k] = key->column;
    for (uint32_t before = 0; before < k; before++)
      if (keys[before] == keys[k])
        return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DUPLICATE_COLUMN, item->span,
                             "the column '%s' is there twice",
                             from->node->schema.fields[keys[k]].name);
  }
  match->keys = keys;
  match->key_count = tree->partition_by.count;
  return WR_OK;
}

/* What can be written instead of an order that does not begin with a time. */
static enum wr_code match_hint_time(const struct wr_logical *input, struct wr_error *err)
{
  for (unsigned clock = 0; clock < 2; clock++)
    for (uint32_t c = 0; c < input->schema.column_count; c++)
      if (clock ? input->roles[c].is_clock : input->roles[c].is_event_time)
        return wr_hint(err, "write ORDER BY %s", input->schema.fields[c].name);
  return wr_hint(err, "there is no time of the stream here: declare WATERMARK FOR a column of the "
                      "table, and hand it on unchanged; behind a window it is window_time");
}

/* Rows go along the time of the stream: its event time, or the clock. */
static enum wr_code match_check_time(const struct wr_logical *input,
                                     const struct wr_tree_order *item,
                                     const struct wr_expression *value, struct wr_error *err)
{
  const struct wr_column_role *role =
      value->kind == WR_EXPRESSION_COLUMN ? &input->roles[value->column] : NULL;
  bool is_time = role && (role->is_event_time || role->is_clock);
  if (is_time && !item->descending)
    return WR_OK;
  const char *name = role ? input->schema.fields[value->column].name : NULL;
  wr_fail_at(err, WR_UNSUPPORTED, item->value->span,
             "MATCH_RECOGNIZE goes along the time of the stream, and this is ordered by %s%s%s%s",
             name ? "'" : "", name ? name : "an expression", name ? "'" : "",
             is_time ? ", descending" : "");
  if (role && role->lost_to_clock)
    return wr_hint_lost_to_clock(name, err);
  return match_hint_time(input, err);
}

static enum wr_code match_order(const struct wr_expression_context *context,
                                const struct wr_tree_match *tree, struct wr_logical_match *match,
                                struct wr_error *err)
{
  struct wr_match_names *names = context->match;
  struct wr_expression_context plain = *context;
  struct wr_sort_key *order =
      WR_NEW_ARRAY(context->binder->arena, struct wr_sort_key, tree->order_by.count + 1);
  plain.match = NULL;
  plain.place = "ORDER BY";
  if (tree->order_by.count == 0) {
    wr_fail_at(err, WR_SEMANTIC, tree->span,
               "MATCH_RECOGNIZE needs an ORDER BY: which rows stand side by side depends on it");
    return match_hint_time(names->input, err);
  }
  for (uint32_t k = 0; k < tree->order_by.count; k++) {
    const struct wr_tree_order *item = tree->order_by.items[k];
    const struct wr_expression *value;
    enum wr_code code = wr_bind_expression(&plain, item->value, &value, err);
    if (code == WR_OK)
      code = wr_bind_order_type(value->type, item->value->span, err);
    if (code == WR_OK && k == 0)
      code = match_check_time(names->input, item, value, err);
    if (code)
      return code;
    order[k] = (struct wr_sort_key){.column = wr_match_put(names, value),
                                    .descending = item->descending,
                                    .nulls_last =
                                        item->nulls == WR_TREE_NULLS_LAST ||
                                        (item->nulls == WR_TREE_NULLS_DEFAULT && item->descending)};
  }
  names->time_column = order[0].column;
  names->by_clock = !names->input->roles[names->time_column].is_event_time;
  match->order = order;
  match->order_count = tree->order_by.count;
  if (!names->by_clock || match->order_count == 1)
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, tree->order_by.items[1]->span,
             "by the clock, rows are taken as they come: ORDER BY can have nothing behind '%s'",
             names->input->schema.fields[names->time_column].name);
  return wr_hint(err, "order by an event time to sort rows of the same time");
}

/* ---- PATTERN */

static enum wr_code match_fail_pattern(enum wr_code code, struct wr_span span, const char *message,
                                       const char *hint, struct wr_error *err)
{
  wr_fail_at(err, code, span, "%s", message);
  return wr_hint(err, "%s", hint);
}

static bool match_is_option(const struct wr_tree_match_step *step)
{
  return step->least == 0 && step->most == 1;
}

/* What the steps count, all together. */
static enum wr_code match_check_counts(const struct wr_tree_match *tree, struct wr_error *err)
{
  uint64_t sum = 0;
  for (uint32_t s = 0; s < tree->steps.count; s++) {
    const struct wr_tree_match_step *step = tree->steps.items[s];
    sum += step->most != WR_TREE_NO_MOST ? step->most : step->least ? step->least : 1;
    if (sum > WR_MATCH_REPEAT_MAX)
      return wr_fail_state(err, WR_LIMIT, WR_STATE_TOO_COMPLEX, step->span,
                           "the quantifiers of the pattern count more than %d rows "
                           "(WR_MATCH_REPEAT_MAX)",
                           WR_MATCH_REPEAT_MAX);
  }
  return WR_OK;
}

/* The last step must know when to stop; some step must take a row. */
static enum wr_code match_check_pattern(const struct wr_tree_match *tree, struct wr_error *err)
{
  const struct wr_tree_match_step *last = tree->steps.items[tree->steps.count - 1];
  bool takes_row = false;
  for (uint32_t s = 0; s < tree->steps.count; s++)
    takes_row = takes_row || tree->steps.items[s]->least > 0;
  if (!takes_row)
    return match_fail_pattern(WR_UNSUPPORTED, tree->pattern_span,
                              "the pattern may match no row at all",
                              "let at least one variable take a row: A+ for A*", err);
  if (last->reluctant || match_is_option(last) || last->least == last->most)
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, last->span,
             "the last variable of a pattern must not be greedy: when '%s' ends, only later rows "
             "could tell",
             last->variable->text);
  return wr_hint(err,
                 "end the pattern with the row behind it, as in %s+ X, or let it take as few rows "
                 "as it may: %s+?",
                 last->variable->text, last->variable->text);
}

static enum wr_code match_check_step(const struct wr_tree_match_step *step, struct wr_error *err)
{
  if (step->most == 0)
    return match_fail_pattern(WR_SEMANTIC, step->quantifier,
                              "a variable that takes no rows is none",
                              "leave it out, or write {0,1}", err);
  if (step->most >= step->least)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, step->quantifier, "at least %u rows cannot be at most %u",
             step->least, step->most);
  return wr_hint(err, "write {%u,%u}", step->most, step->least);
}

static enum wr_code match_pattern(struct wr_match_names *names, const struct wr_tree_match *tree,
                                  struct wr_logical_match *match, struct wr_error *err)
{
  struct wr_arena *arena = names->binder->arena;
  uint32_t count = tree->steps.count;
  const char **variables = WR_NEW_ARRAY(arena, const char *, count);
  struct wr_match_step *steps = WR_NEW_ARRAY(arena, struct wr_match_step, count);
  names->variables = variables;
  for (uint32_t s = 0; s < count; s++) {
    const struct wr_tree_match_step *step = tree->steps.items[s];
    enum wr_code code = match_check_step(step, err);
    if (code)
      return code;
    if (wr_match_find_variable(names, step->variable->text) != WR_MATCH_ALL) {
      wr_fail_at(err, WR_UNSUPPORTED, step->variable->span,
                 "the variable '%s' stands in the pattern twice", step->variable->text);
      return wr_hint(err, "give it another name here, and define both in the same way");
    }
    variables[names->variable_count++] = step->variable->text;
    steps[s] = (struct wr_match_step){.variable = s,
                                      .least = step->least,
                                      .most = step->most,
                                      .reluctant = step->reluctant || match_is_option(step)};
  }
  match->steps = steps;
  match->step_count = count;
  enum wr_code code = match_check_counts(tree, err);
  return code ? code : match_check_pattern(tree, err);
}

static enum wr_code match_fail_variable(const struct wr_match_names *names,
                                        const struct wr_tree_identifier *variable,
                                        struct wr_error *err)
{
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_OBJECT, variable->span,
                "there is no variable '%s' in PATTERN", variable->text);
  const char *near = wr_nearest(variable->text, names->variables, names->variable_count);
  return near ? wr_hint(err, "did you mean '%s'?", near) : err->code;
}

static enum wr_code match_skip(const struct wr_match_names *names, const struct wr_tree_match *tree,
                               struct wr_logical_match *match, struct wr_error *err)
{
  static const enum wr_match_skip skips[] = {[WR_TREE_SKIP_PAST_LAST_ROW] = WR_MATCH_PAST_LAST_ROW,
                                             [WR_TREE_SKIP_TO_NEXT_ROW] = WR_MATCH_TO_NEXT_ROW,
                                             [WR_TREE_SKIP_TO_FIRST] = WR_MATCH_TO_FIRST,
                                             [WR_TREE_SKIP_TO_LAST] = WR_MATCH_TO_LAST};
  match->skip = skips[tree->skip];
  if (!tree->skip_variable)
    return WR_OK;
  match->skip_variable = wr_match_find_variable(names, tree->skip_variable->text);
  if (match->skip_variable == WR_MATCH_ALL)
    return match_fail_variable(names, tree->skip_variable, err);
  const struct wr_tree_match_step *first = tree->steps.items[0];
  bool is_first = tree->skip == WR_TREE_SKIP_TO_FIRST || first->most == 1;
  if (match->skip_variable > 0 || !is_first || first->least == 0)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, tree->skip_variable->span,
             "a match that begins where the one before it began would be found for ever: '%s' has "
             "the first row",
             tree->skip_variable->text);
  return wr_hint(err, "SKIP TO NEXT ROW goes on one row further");
}

/* ---- DEFINE */

/* The same condition over the row at hand alone, if it looks at nothing else; NULL: it does. */
static const struct wr_expression *match_over_row(const struct wr_match_names *names,
                                                  const struct wr_expression *condition)
{
  struct wr_arena *arena = names->binder->arena;
  const struct wr_match_list *list = &names->list;
  const struct wr_expression **values =
      WR_NEW_ARRAY(arena, const struct wr_expression *, list->count + 1);
  bool *used = WR_NEW_ARRAY(arena, bool, list->count + 1);
  wr_expression_columns(condition, used);
  for (uint32_t i = 0; i < list->count; i++) {
    if (!used[i])
      continue;
    if (!wr_match_is_at_hand(names, &list->items[i]))
      return NULL;
    values[i] = names->columns.items[list->items[i].column];
  }
  return wr_expression_replace(arena, condition, values);
}

/* Parts that read the clock, or chance, but no other row, are computed as the row comes. */
static enum wr_code match_settle(struct wr_match_names *names,
                                 const struct wr_expression **expression, struct wr_error *err)
{
  const struct wr_expression *now = *expression;
  if (wr_expression_is_deterministic(now))
    return WR_OK;
  const struct wr_expression *own = match_over_row(names, now);
  if (own) {
    *expression = wr_match_at_hand(names, own, now->span);
    return WR_OK;
  }
  struct wr_arena *arena = names->binder->arena;
  const struct wr_expression **args =
      WR_NEW_ARRAY(arena, const struct wr_expression *, now->arg_count + 1);
  bool settles = false;
  for (uint32_t i = 0; i < now->arg_count; i++) {
    args[i] = now->args[i];
    settles = settles || !wr_expression_is_deterministic(args[i]);
    enum wr_code code = match_settle(names, &args[i], err);
    if (code)
      return code;
  }
  if (!settles)
    return match_fail_pattern(WR_UNSUPPORTED, now->span,
                              "a condition on other rows must give the same whenever it is asked",
                              "compute what depends on the clock or on chance in a subquery, as a "
                              "column of the row",
                              err);
  struct wr_expression *copy = WR_NEW(arena, struct wr_expression);
  *copy = *now;
  copy->args = args;
  *expression = copy;
  return WR_OK;
}

static enum wr_code match_define_one(const struct wr_expression_context *context,
                                     const struct wr_tree_definition *definition,
                                     struct wr_match_variable *out, struct wr_error *err)
{
  struct wr_match_names *names = context->match;
  const struct wr_expression *condition, *own;
  names->list = (struct wr_match_list){0};
  enum wr_code code = wr_bind_condition(context, definition->condition, &condition, err);
  if (code)
    return code;
  own = match_over_row(names, condition);
  if (own && wr_expression_is_known(own) && wr_column_i64(own->literal, 0))
    return WR_OK; /* always */
  if (own) {
    out->column = wr_match_put(names, own);
    return WR_OK;
  }
  code = match_settle(names, &condition, err);
  struct wr_schema *schema = WR_NEW(names->binder->arena, struct wr_schema);
  *schema = (struct wr_schema){.column_count = names->list.count, .fields = names->list.fields};
  out->condition = condition;
  out->schema = schema;
  out->references = names->list.items;
  out->reference_count = names->list.count;
  return code;
}

static enum wr_code match_define(const struct wr_expression_context *context,
                                 const struct wr_tree_match *tree, struct wr_logical_match *match,
                                 struct wr_error *err)
{
  struct wr_match_names *names = context->match;
  struct wr_expression_context inner = *context;
  struct wr_match_variable *variables =
      WR_NEW_ARRAY(names->binder->arena, struct wr_match_variable, names->variable_count);
  bool *is_defined = WR_NEW_ARRAY(names->binder->arena, bool, names->variable_count);
  inner.place = "DEFINE";
  for (uint32_t v = 0; v < names->variable_count; v++)
    variables[v] = (struct wr_match_variable){.name = names->variables[v], .column = UINT32_MAX};
  for (uint32_t d = 0; d < tree->definitions.count; d++) {
    const struct wr_tree_definition *definition = tree->definitions.items[d];
    const struct wr_tree_identifier *name = definition->variable;
    names->current = wr_match_find_variable(names, name->text);
    if (names->current == WR_MATCH_ALL)
      return match_fail_variable(names, name, err);
    if (is_defined[names->current])
      return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DUPLICATE_ALIAS, name->span,
                           "the variable '%s' is defined twice", name->text);
    is_defined[names->current] = true;
    enum wr_code code = match_define_one(&inner, definition, &variables[names->current], err);
    if (code)
      return code;
  }
  names->current = WR_MATCH_ALL;
  match->variables = variables;
  match->variable_count = names->variable_count;
  return WR_OK;
}

/* ---- MEASURES */

/* The projection above the node: its keys, then the measures. */
struct match_output {
  const struct wr_expression **items;
  const char **names;
  uint32_t count;
};

static enum wr_code match_check_name(const struct match_output *output,
                                     const struct wr_tree_identifier *name, struct wr_error *err)
{
  for (uint32_t i = 0; i < output->count; i++) {
    if (strcmp(output->names[i], name->text) != 0)
      continue;
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_DUPLICATE_COLUMN, name->span,
                  "the column '%s' is there twice", name->text);
    return wr_hint(err, "columns of PARTITION BY come out by themselves, before the measures");
  }
  return WR_OK;
}

static enum wr_code match_measures(const struct wr_expression_context *context,
                                   const struct wr_tree_match *tree, struct match_output *output,
                                   struct wr_error *err)
{
  struct wr_match_names *names = context->match;
  const struct wr_binding *binding = names->binder->binding;
  struct wr_expression_context inner = *context;
  inner.place = "MEASURES";
  names->list = (struct wr_match_list){0};
  for (uint32_t m = 0; m < tree->measures.count; m++) {
    const struct wr_tree_item *item = tree->measures.items[m];
    const struct wr_expression *value;
    enum wr_code code = match_check_name(output, item->alias, err);
    if (code == WR_OK)
      code = wr_bind_expression(&inner, item->value, &value, err);
    if (code == WR_OK)
      code = wr_bind_check(binding, value, err);
    if (code)
      return code;
    if (value->type->kind == WR_NULL) {
      wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH, item->value->span,
                    "the column '%s' is NULL and has no type", item->alias->text);
      return wr_hint(err, "give it one: CAST(NULL AS STRING) AS %s", item->alias->text);
    }
    output->items[output->count] = value;
    output->names[output->count++] = item->alias->text;
  }
  if (output->count > 0)
    return WR_OK;
  return match_fail_pattern(WR_SEMANTIC, tree->span, "a match gives no columns here",
                            "say what it tells in MEASURES: LAST(A.price) AS price", err);
}

/* Measures are bound over references alone, which stand behind the keys in what the node gives. */
static void match_shift(struct wr_match_names *names, uint32_t key_count,
                        struct match_output *output)
{
  const struct wr_match_list *list = &names->list;
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  const struct wr_expression **moved =
      WR_NEW_ARRAY(names->binder->arena, const struct wr_expression *, list->count + 1);
  for (uint32_t i = 0; i < list->count; i++)
    moved[i] = wr_bind_column(names->binder->binding, key_count + i, list->fields[i].type, nowhere);
  for (uint32_t i = key_count; i < output->count; i++)
    output->items[i] = wr_expression_replace(names->binder->arena, output->items[i], moved);
}

static struct match_output match_output(struct wr_binder *binder, const struct wr_logical *input,
                                        const struct wr_logical_match *match, uint32_t more)
{
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  uint32_t room = match->key_count + more + 1;
  struct match_output output = {.items =
                                    WR_NEW_ARRAY(binder->arena, const struct wr_expression *, room),
                                .names = WR_NEW_ARRAY(binder->arena, const char *, room),
                                .count = match->key_count};
  for (uint32_t k = 0; k < match->key_count; k++) {
    const struct wr_field *field = &input->schema.fields[match->keys[k]];
    output.items[k] = wr_bind_column(binder->binding, k, field->type, nowhere);
    output.names[k] = field->name;
  }
  return output;
}

/* ---- the clause */

static struct wr_match_names match_names(struct wr_binder *binder, const struct wr_from *from)
{
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  const struct wr_schema *schema = &from->node->schema;
  struct wr_match_names names = {.binder = binder,
                                 .input = from->node,
                                 .rows = from->scope,
                                 .plain = wr_scope_over(binder->arena, schema, NULL),
                                 .current = WR_MATCH_ALL};
  names.columns.room = schema->column_count + 8;
  names.columns.count = schema->column_count;
  names.columns.items =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, names.columns.room);
  names.columns.names = WR_NEW_ARRAY(binder->arena, const char *, names.columns.room);
  for (uint32_t c = 0; c < schema->column_count; c++) {
    names.columns.items[c] = wr_bind_column(binder->binding, c, schema->fields[c].type, nowhere);
    names.columns.names[c] = schema->fields[c].name;
  }
  return names;
}

static enum wr_code match_within(const struct wr_binder *binder, const struct wr_tree_match *tree,
                                 struct wr_logical_match *match, struct wr_error *err)
{
  return tree->within ? wr_window_interval(binder, tree->within, "time that a match may take", true,
                                           &match->within_us, err)
                      : WR_OK;
}

enum wr_code wr_bind_match(struct wr_binder *binder, const struct wr_tree_match *tree,
                           struct wr_logical **out, struct wr_error *err)
{
  struct wr_from from;
  struct wr_logical_match match = {.span = tree->span};
  enum wr_code code = wr_bind_relation(binder, tree->input, &from, err);
  if (code)
    return code;
  struct wr_binder inner = *binder; /* bound over rows of a match, no query could be asked */
  inner.no_queries = "MATCH_RECOGNIZE";
  struct wr_match_names names = match_names(&inner, &from);
  const struct wr_expression_context context = {
      .binder = &inner, .scope = &from.scope, .match = &names};
  code = match_keys(&inner, tree, &from, &match, err);
  if (code == WR_OK)
    code = match_order(&context, tree, &match, err);
  if (code == WR_OK)
    code = match_pattern(&names, tree, &match, err);
  if (code == WR_OK)
    code = match_skip(&names, tree, &match, err);
  if (code == WR_OK)
    code = match_within(&inner, tree, &match, err);
  if (code == WR_OK)
    code = match_define(&context, tree, &match, err);
  struct match_output output = match_output(binder, from.node, &match, tree->measures.count);
  if (code == WR_OK)
    code = match_measures(&context, tree, &output, err);
  if (code)
    return code;
  match.measures = names.list.items;
  match.fields = names.list.fields;
  match.measure_count = names.list.count;
  match_shift(&names, match.key_count, &output);
  struct wr_logical *node = from.node;
  if (names.columns.count > node->schema.column_count)
    node = wr_logical_project(binder->arena, node, names.columns.items, names.columns.names,
                              names.columns.count);
  node = wr_logical_match(binder->arena, node, &match);
  *out = wr_logical_project(binder->arena, node, output.items, output.names, output.count);
  return WR_OK;
}
