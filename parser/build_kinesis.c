/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/build_kinesis.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

struct wr_tree_statement *wr_build_stream(struct wr_parser *parser, struct wr_span span,
                                          bool or_replace, struct wr_tree_name name,
                                          const struct wr_tree_create_table *body,
                                          struct wr_tree_text *description)
{
  struct wr_tree_statement *statement = wr_build_statement(parser, span, WR_TREE_CREATE_STREAM);
  statement->create_stream = WR_NEW(parser->arena, struct wr_tree_create_stream);
  statement->create_stream->table = *body;
  statement->create_stream->table.name = name;
  statement->create_stream->table.or_replace = or_replace;
  statement->create_stream->description = description;
  return statement;
}

struct wr_tree_statement *wr_build_pump(struct wr_parser *parser, struct wr_span span,
                                        bool or_replace, struct wr_tree_name name,
                                        struct wr_span stopped, struct wr_tree_text *description,
                                        const struct wr_tree_statement *insert)
{
  assert(insert->kind == WR_TREE_INSERT);
  struct wr_tree_statement *statement = wr_build_statement(parser, span, WR_TREE_CREATE_PUMP);
  statement->create_pump = WR_NEW(parser->arena, struct wr_tree_create_pump);
  *statement->create_pump = (struct wr_tree_create_pump){.name = name,
                                                         .or_replace = or_replace,
                                                         .stopped_span = stopped,
                                                         .description = description,
                                                         .insert = insert->insert,
                                                         .insert_span = insert->span};
  return statement;
}

struct wr_tree_stagger *wr_build_stagger(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_expressions partition_by,
                                         struct wr_tree_expression *range)
{
  struct wr_tree_stagger *stagger = WR_NEW(parser->arena, struct wr_tree_stagger);
  *stagger = (struct wr_tree_stagger){span, partition_by, range};
  return stagger;
}

struct wr_tree_relation *wr_build_relation_over(struct wr_parser *parser, struct wr_span span,
                                                struct wr_span at,
                                                struct wr_tree_relation *relation,
                                                struct wr_tree_window *over)
{
  bool has_window = (relation->kind == WR_TREE_TABLE && !relation->table.as_of) ||
                    (relation->kind == WR_TREE_DERIVED && !relation->derived.lateral) ||
                    (relation->kind == WR_TREE_TABLE_FUNCTION && !relation->function.lateral);
  if (!has_window)
    wr_parser_fail(parser, WR_SYNTAX, at, "OVER cannot stand behind this relation");
  relation->span = span;
  relation->over = over;
  wr_build_raise_all(parser, over->span, &relation->height, &over->partition_by);
  wr_build_raise_orders(parser, over->span, &relation->height, &over->order_by);
  if (over->from.distance)
    wr_build_raise(parser, over->span, &relation->height, over->from.distance->height);
  if (over->to.distance)
    wr_build_raise(parser, over->span, &relation->height, over->to.distance->height);
  return relation;
}

struct wr_tree_expression *wr_build_difference(struct wr_parser *parser, struct wr_span span,
                                               struct wr_tree_expression *value,
                                               struct wr_tree_interval interval)
{
  struct wr_tree_expression *expression = wr_build_expression(parser, span, WR_TREE_DIFFERENCE);
  bool is_difference = value->kind == WR_TREE_OPERATION &&
                       value->operation.operator== WR_TREE_SUBTRACT && !value->bracketed;
  if (!is_difference) {
    wr_parser_fail(parser, WR_SYNTAX, interval.span,
                   "a unit stands behind the difference of two times in brackets");
    wr_parser_hint(parser, interval.span, "as in (a - b) SECOND");
    return expression;
  }
  expression->difference.left = value->operation.operands[0];
  expression->difference.right = value->operation.operands[1];
  expression->difference.interval = interval;
  wr_build_raise(parser, span, &expression->height, value->height);
  return expression;
}

/* ---- predicates of periods */

enum { PERIOD_START, PERIOD_END, PERIOD_BOUNDS };

/* Both comparisons hold; the second may be missing. */
static const struct period_predicate {
  const char *words;
  bool of_time; /* the right side is a time, and both its bounds are this */
  struct period_comparison {
    int left;
    enum wr_tree_operator operator;
    int right;
  } comparisons[2];
  uint32_t count;
} period_predicates[] = {
    {"CONTAINS",
     true,
     {{PERIOD_START, WR_TREE_LESS_EQUAL, PERIOD_START},
      {PERIOD_END, WR_TREE_GREATER, PERIOD_START}},
     2},
    {"CONTAINS",
     false,
     {{PERIOD_START, WR_TREE_LESS_EQUAL, PERIOD_START},
      {PERIOD_END, WR_TREE_GREATER_EQUAL, PERIOD_END}},
     2},
    {"STRICTLY CONTAINS",
     false,
     {{PERIOD_START, WR_TREE_LESS, PERIOD_START}, {PERIOD_END, WR_TREE_GREATER, PERIOD_END}},
     2},
    {"EQUALS",
     false,
     {{PERIOD_START, WR_TREE_EQUAL, PERIOD_START}, {PERIOD_END, WR_TREE_EQUAL, PERIOD_END}},
     2},
    {"PRECEDES", false, {{PERIOD_END, WR_TREE_LESS_EQUAL, PERIOD_START}}, 1},
    {"STRICTLY PRECEDES", false, {{PERIOD_END, WR_TREE_LESS, PERIOD_START}}, 1},
    {"IMMEDIATELY PRECEDES", false, {{PERIOD_END, WR_TREE_EQUAL, PERIOD_START}}, 1},
    {"SUCCEEDS", false, {{PERIOD_START, WR_TREE_GREATER_EQUAL, PERIOD_END}}, 1},
    {"STRICTLY SUCCEEDS", false, {{PERIOD_START, WR_TREE_GREATER, PERIOD_END}}, 1},
    {"IMMEDIATELY SUCCEEDS", false, {{PERIOD_START, WR_TREE_EQUAL, PERIOD_END}}, 1},
};

static bool period_bounds(const struct wr_tree_expression *period,
                          struct wr_tree_expression *bounds[PERIOD_BOUNDS])
{
  if (period->kind == WR_TREE_ROW && period->bracketed && period->items.count == PERIOD_BOUNDS) {
    memcpy(bounds, period->items.items, sizeof *bounds * PERIOD_BOUNDS);
    return true;
  }
  if (period->kind != WR_TREE_CALL || period->call.arguments.count != PERIOD_BOUNDS ||
      period->call.name.parts.count != 1 ||
      strcasecmp(period->call.name.parts.items[0]->text, "PERIOD") != 0)
    return false;
  for (int i = 0; i < PERIOD_BOUNDS; i++)
    bounds[i] = period->call.arguments.items[i]->value;
  return true;
}

/* Letters in upper case, what is between words one blank. */
static void period_words(const struct wr_parser *parser, struct wr_span at, char *words,
                         size_t size)
{
  uint32_t i = 0;
  size_t used = 0;
  while (i < at.length && used + 1 < size) {
    char c = parser->text[at.offset + i];
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
      words[used++] = (char)(c & ~0x20);
      i++;
      continue;
    }
    words[used++] = ' ';
    while (i < at.length && ((parser->text[at.offset + i] | 0x20) < 'a' ||
                             (parser->text[at.offset + i] | 0x20) > 'z'))
      i++;
  }
  words[used] = '\0';
}

static const struct period_predicate *period_find(const char *words, bool of_time)
{
  for (size_t i = 0; i < sizeof period_predicates / sizeof *period_predicates; i++)
    if (period_predicates[i].of_time == of_time && strcmp(period_predicates[i].words, words) == 0)
      return &period_predicates[i];
  return NULL;
}

struct wr_build_periods wr_build_periods(struct wr_parser *parser, struct wr_span span,
                                         struct wr_span at, const struct wr_build_periods *before,
                                         struct wr_tree_expression *left,
                                         struct wr_tree_expression *right)
{
  struct wr_tree_expression *a[PERIOD_BOUNDS], *b[PERIOD_BOUNDS] = {right, right};
  struct wr_build_periods result = {.value = right, .last = right};
  char words[32];
  period_words(parser, at, words, sizeof words);
  bool of_time = !period_bounds(right, b) && strcmp(words, "CONTAINS") == 0;
  const struct period_predicate *predicate = period_find(words, of_time);
  if (!predicate) {
    wr_parser_fail(parser, WR_UNSUPPORTED, at, "the predicate %s is not supported", words);
    wr_parser_hint(parser, at, "compare the bounds of the periods: a.start < b.start AND ...");
    return result;
  }
  if (!period_bounds(left, a) || (!of_time && !period_bounds(right, b))) {
    wr_parser_fail(parser, WR_SYNTAX, at, "%s stands between two periods, each (start, end)",
                   words);
    return result;
  }
  struct wr_tree_expressions all = {0};
  if (before)
    WR_LIST_ADD(parser, &all, before->value);
  for (uint32_t i = 0; i < predicate->count; i++) {
    const struct period_comparison *comparison = &predicate->comparisons[i];
    WR_LIST_ADD(parser, &all,
                wr_build_operation(parser, span, at, comparison->operator, false,
                                   a[comparison->left], b[comparison->right], NULL));
  }
  result.value = all.items[0];
  for (uint32_t i = 1; i < all.count; i++)
    result.value =
        wr_build_operation(parser, span, at, WR_TREE_AND, false, result.value, all.items[i], NULL);
  return result;
}

static struct wr_tree_expression *period_as_row(struct wr_parser *parser,
                                                struct wr_tree_expression *period)
{
  struct wr_tree_expression *bounds[PERIOD_BOUNDS];
  if (period->kind == WR_TREE_ROW || !period_bounds(period, bounds))
    return period;
  struct wr_tree_expressions items = {0};
  WR_LIST_ADD(parser, &items, bounds[PERIOD_START]);
  WR_LIST_ADD(parser, &items, bounds[PERIOD_END]);
  struct wr_tree_expression *row = wr_build_items(parser, period->span, WR_TREE_ROW, &items);
  row->bracketed = true;
  return row;
}

struct wr_tree_expression *wr_build_overlaps(struct wr_parser *parser, struct wr_span span,
                                             struct wr_span at, struct wr_tree_expression *left,
                                             struct wr_tree_expression *right)
{
  return wr_build_operation(parser, span, at, WR_TREE_OVERLAPS, false, period_as_row(parser, left),
                            period_as_row(parser, right), NULL);
}

/* ---- CREATE FUNCTION ... RETURN */

struct wr_build_routine wr_build_routine_clause(struct wr_parser *parser, struct wr_span span,
                                                struct wr_build_routine clauses,
                                                enum wr_build_routine_clause clause)
{
  static const char *const words[] = {"LANGUAGE",
                                      "SPECIFIC",
                                      "DETERMINISTIC or NOT DETERMINISTIC",
                                      "CONTAINS SQL",
                                      "READS SQL DATA",
                                      "MODIFIES SQL DATA",
                                      "RETURNS NULL ON NULL INPUT or CALLED ON NULL INPUT",
                                      ""};
  unsigned kind = clause == WR_BUILD_NULL_ON_NULL ? WR_BUILD_CALLED_ON_NULL : clause;
  if (clauses.given & 1u << kind)
    wr_parser_fail(parser, WR_SYNTAX, span, "%s is given twice", words[kind]);
  clauses.given |= 1u << kind;
  clauses.null_on_null |= clause == WR_BUILD_NULL_ON_NULL;
  return clauses;
}

struct wr_tree_create_function *wr_build_routine(struct wr_parser *parser,
                                                 struct wr_tree_parameters parameters,
                                                 struct wr_tree_type *returns,
                                                 struct wr_build_routine clauses,
                                                 struct wr_tree_expression *value)
{
  struct wr_tree_create_function *function = WR_NEW(parser->arena, struct wr_tree_create_function);
  function->parameters = parameters;
  function->returns = returns;
  function->value = value;
  function->is_routine = true;
  function->null_on_null = clauses.null_on_null;
  return function;
}
