/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows joined with the greatest of their own window are the first of a ranking, all that tie:
 *
 *   Join(window, x = m, k = k)(X, Aggregate(MAX(x) AS m per window and k)(X))
 *   Project(..., x AS m)(Rank(RANK() = 1 per window and k by x DESC)(X))
 *
 * and so for MIN, for x >= m, and for a semi join. X is kept twice by the join, once per side, with
 * all of its rows; the ranking keeps those that may still be the greatest. What has to hold:
 *
 *   - both sides read the same rows. Filters of the joined side alone stand above the ranking.
 *   - nothing but the greatest, the keys and bounds of the window is read of the other side; all
 *     of them are columns of the row itself. Every key is joined by.
 *   - NULL equals nothing: rows without x, or without a key, are left out of the ranking.
 *   - equal and "none is greater" are the same: not for floating point numbers, where -0 and 0 are
 *     one value of several bits.
 *
 * Late rows are the same ones: both sides know of one watermark. They are told once, not per side.
 * docs/decisions/0027 has the whole argument.
 */
#include <assert.h>
#include <string.h>

#include "functions/function.h"
#include "functions/values.h"
#include "planner/rule.h"

#define MAXIMA_STEPS_MAX 64 /* projections and filters on a way; more are left as they are */

/* Projections and filters down to something else, and what they say in terms of that. */
struct maxima_way {
  struct wr_logical *steps[MAXIMA_STEPS_MAX]; /* from the top */
  uint32_t step_count;
  struct wr_logical *base;
  const struct wr_expression *const *columns[MAXIMA_STEPS_MAX + 1]; /* per step, then of the base:
                                                                       each of its columns */
};

struct maxima {
  const struct wr_rewrite *rewrite;
  const struct wr_logical *join;
  unsigned side;                         /* which input has the rows; the other has the greatest */
  struct maxima_way rows, groups, above; /* down to the base; below the aggregate; above it */
  const struct wr_logical_aggregate *aggregate;
  bool is_least;                     /* MIN */
  bool has_match;                    /* the condition says that the row is the greatest */
  uint32_t value_column;             /* x in the joined rows */
  uint32_t *key_columns;             /* per key of the aggregate; UINT32_MAX: not found yet */
  const struct wr_expression **rest; /* conditions that are left */
  uint32_t rest_count;
  bool took_condition;
  uint32_t place; /* number of the step below which the ranking goes in; step_count: the base */
};

/* ---- ways down */

static bool maxima_walk(const struct wr_rewrite *rewrite, struct wr_logical *top,
                        struct maxima_way *way)
{
  struct wr_logical *node = top;
  way->step_count = 0;
  while (node->kind == WR_LOGICAL_PROJECT || node->kind == WR_LOGICAL_FILTER ||
         node->kind == WR_LOGICAL_STREAM) {
    if (way->step_count == MAXIMA_STEPS_MAX)
      return false;
    way->steps[way->step_count++] = node;
    node = wr_logical_input(node);
  }
  way->base = node;
  way->columns[way->step_count] = wr_column_references(rewrite, &node->schema);
  for (uint32_t s = way->step_count; s-- > 0;) {
    const struct wr_logical *step = way->steps[s];
    way->columns[s] = way->columns[s + 1];
    if (step->kind != WR_LOGICAL_PROJECT)
      continue;
    const struct wr_expression **columns =
        WR_NEW_ARRAY(rewrite->arena, const struct wr_expression *, step->schema.column_count);
    for (uint32_t c = 0; c < step->schema.column_count; c++)
      columns[c] =
          wr_expression_replace(rewrite->arena, step->project.expressions[c], way->columns[s + 1]);
    way->columns[s] = columns;
  }
  return true;
}

static bool maxima_same(const struct wr_expression *a, const struct wr_expression *b)
{
  return wr_expression_equal(a, b) && wr_expression_is_deterministic(a);
}

/* Whether a filter of the way has this condition, in terms of the base. */
static bool maxima_filters(const struct wr_rewrite *rewrite, const struct maxima_way *way,
                           uint32_t from, const struct wr_expression *wanted)
{
  for (uint32_t s = from; s < way->step_count; s++) {
    uint32_t count;
    if (way->steps[s]->kind != WR_LOGICAL_FILTER)
      continue;
    const struct wr_expression *const *conjuncts =
        wr_conjuncts(&way->steps[s]->filter.condition, &count);
    for (uint32_t i = 0; i < count; i++)
      if (maxima_same(wr_expression_replace(rewrite->arena, conjuncts[i], way->columns[s + 1]),
                      wanted))
        return true;
  }
  return false;
}

/* Whether every condition of step s of a way is one of the other's as well. */
static bool maxima_shares_filter(const struct wr_rewrite *rewrite, const struct maxima_way *way,
                                 uint32_t s, const struct maxima_way *other, uint32_t from)
{
  uint32_t count;
  const struct wr_expression *const *conjuncts =
      wr_conjuncts(&way->steps[s]->filter.condition, &count);
  for (uint32_t i = 0; i < count; i++)
    if (!maxima_filters(rewrite, other, from,
                        wr_expression_replace(rewrite->arena, conjuncts[i], way->columns[s + 1])))
      return false;
  return true;
}

/* Steps that stand above the ranking see fewer rows than they did. */
static bool maxima_may_rise(const struct wr_logical *step)
{
  if (step->kind == WR_LOGICAL_FILTER)
    return !wr_expression_can_fail(step->filter.condition) &&
           wr_expression_is_deterministic(step->filter.condition) &&
           !wr_expression_reads_arrived(step->filter.condition);
  for (uint32_t c = 0; step->kind == WR_LOGICAL_PROJECT && c < step->schema.column_count; c++) {
    const struct wr_expression *expression = step->project.expressions[c];
    if (wr_expression_can_fail(expression) || !wr_expression_is_deterministic(expression) ||
        wr_expression_reads_arrived(expression))
      return false;
  }
  return true;
}

/* Finds where the rows of the one side are those that the other aggregates. */
static bool maxima_find_place(struct maxima *maxima)
{
  const struct wr_rewrite *rewrite = maxima->rewrite;
  const struct maxima_way *rows = &maxima->rows, *groups = &maxima->groups;
  if (!wr_nodes_same(rows->base, groups->base))
    return false;
  maxima->place = 0;
  for (uint32_t s = rows->step_count; s-- > 0 && maxima->place == 0;)
    if (rows->steps[s]->kind == WR_LOGICAL_FILTER &&
        !maxima_shares_filter(rewrite, rows, s, groups, 0))
      maxima->place = s + 1;
  for (uint32_t s = 0; s < groups->step_count; s++)
    if (groups->steps[s]->kind == WR_LOGICAL_FILTER &&
        !maxima_shares_filter(rewrite, groups, s, rows, maxima->place))
      return false;
  for (uint32_t s = 0; s < maxima->place; s++)
    if (!maxima_may_rise(rows->steps[s]))
      return false;
  return true;
}

/* ---- the aggregate */

/* Whether values of the type are equal where none is greater. */
static bool maxima_fits_type(const struct wr_type *type)
{
  return wr_type_has_order(type) && type->physical != WR_F32 && type->physical != WR_F64 &&
         type->physical != WR_NESTED;
}

static bool maxima_fits_aggregate(struct maxima *maxima, const struct wr_logical *node)
{
  if (node->kind != WR_LOGICAL_AGGREGATE || node->changes)
    return false;
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  const struct wr_schema *input = &wr_logical_input(node)->schema;
  if (aggregate->window.kind != WR_WINDOW_ATTACHED || aggregate->aggregate_count != 1 ||
      aggregate->has_sets || aggregate->empty_set_count || aggregate->state_name ||
      !wr_emit_is_plain(&aggregate->emit) || aggregate->columns[0].filter != UINT32_MAX)
    return false;
  const struct wr_aggregate *call = &aggregate->aggregates[0];
  maxima->is_least = strcmp(call->name, "MIN") == 0;
  if ((!maxima->is_least && strcmp(call->name, "MAX") != 0) || call->arg_count != 1)
    return false;
  const struct wr_type *type = input->fields[aggregate->columns[0].args[0]].type;
  if (!maxima_fits_type(type) ||
      !wr_type_equal(wr_type_with_not_null(maxima->rewrite->arena, type, false),
                     wr_type_with_not_null(maxima->rewrite->arena, call->type, false)))
    return false;
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    if (!maxima_fits_type(input->fields[aggregate->keys[k]].type))
      return false;
  maxima->aggregate = aggregate;
  return true;
}

/* What stands above the aggregate only hands its columns on, or computes with them. */
static bool maxima_fits_above(const struct maxima *maxima)
{
  for (uint32_t s = 0; s < maxima->above.step_count; s++)
    if (maxima->above.steps[s]->kind == WR_LOGICAL_FILTER ||
        !maxima_may_rise(maxima->above.steps[s]))
      return false;
  return true;
}

/* ---- what is joined by */

/* A column of the joined rows in terms of the base. */
static const struct wr_expression *maxima_row_column(const struct maxima *maxima, uint32_t column)
{
  return maxima->rows.columns[0][column];
}

/* A column of the aggregate's input in terms of the base. */
static const struct wr_expression *maxima_group_column(const struct maxima *maxima, uint32_t column)
{
  return maxima->groups.columns[0][column];
}

/* Notes that a column of the rows equals one of the other side; false: it is none that is known, or
 * is not equal in the row itself. */
static bool maxima_note_equal(struct maxima *maxima, uint32_t row_column, uint32_t other_column)
{
  const struct wr_logical_aggregate *aggregate = maxima->aggregate;
  const struct wr_expression *of = maxima->above.columns[0][other_column],
                             *own = maxima_row_column(maxima, row_column);
  if (of->kind != WR_EXPRESSION_COLUMN)
    return false;
  if (of->column < aggregate->key_count) {
    if (!maxima_same(own, maxima_group_column(maxima, aggregate->keys[of->column])))
      return false;
    maxima->key_columns[of->column] = row_column;
    return true;
  }
  if (of->column != aggregate->key_count ||
      !maxima_same(own, maxima_group_column(maxima, aggregate->columns[0].args[0])))
    return false;
  maxima->value_column = row_column;
  return maxima->has_match = true;
}

/* x = m, x >= m, m <= x: a condition of the pair that says that the row is the greatest. */
static bool maxima_take_condition(struct maxima *maxima, const struct wr_expression *condition)
{
  uint32_t before = maxima->join->inputs[0]->schema.column_count;
  if (condition->kind != WR_EXPRESSION_CALL || condition->arg_count != 2)
    return false;
  for (unsigned turned = 0; turned < 2; turned++) {
    const struct wr_expression *row = condition->args[turned], *other = condition->args[!turned];
    const char *bound = (turned == 1) == maxima->is_least ? ">=" : "<=";
    if (row->kind != WR_EXPRESSION_COLUMN || other->kind != WR_EXPRESSION_COLUMN ||
        (row->column >= before) != (maxima->side == 1) ||
        (other->column >= before) != (maxima->side == 0) ||
        (strcmp(condition->function->name, "=") != 0 &&
         strcmp(condition->function->name, bound) != 0))
      continue;
    uint32_t row_column = row->column - (maxima->side ? before : 0),
             other_column = other->column - (maxima->side ? 0 : before);
    const struct wr_expression *of = maxima->above.columns[0][other_column];
    if (of->kind == WR_EXPRESSION_COLUMN && of->column == maxima->aggregate->key_count)
      return maxima_note_equal(maxima, row_column, other_column);
  }
  return false;
}

static bool maxima_find_match(struct maxima *maxima)
{
  const struct wr_logical_join *join = &maxima->join->join;
  uint32_t key_count = maxima->aggregate->key_count;
  struct wr_arena *arena = maxima->rewrite->arena;
  maxima->key_columns = WR_NEW_ARRAY(arena, uint32_t, key_count);
  for (uint32_t k = 0; k < key_count; k++)
    maxima->key_columns[k] = UINT32_MAX;
  for (uint32_t k = 0; k < join->key_count; k++)
    if (!maxima_note_equal(maxima, join->keys[maxima->side][k], join->keys[!maxima->side][k]))
      return false;
  uint32_t count = 0;
  const struct wr_expression *const *conjuncts =
      join->condition ? wr_conjuncts(&join->condition, &count) : NULL;
  maxima->rest = WR_NEW_ARRAY(arena, const struct wr_expression *, count);
  for (uint32_t i = 0; i < count; i++) {
    if (maxima_take_condition(maxima, conjuncts[i]))
      maxima->took_condition = true;
    else
      maxima->rest[maxima->rest_count++] = conjuncts[i];
  }
  /* Behind a condition that was taken, the others see fewer pairs than they did. */
  for (uint32_t i = 0; maxima->took_condition && i < maxima->rest_count; i++)
    if (wr_expression_can_fail(maxima->rest[i]) || !wr_expression_is_deterministic(maxima->rest[i]))
      return false;
  for (uint32_t k = 0; k < key_count; k++)
    if (maxima->key_columns[k] == UINT32_MAX)
      return false;
  return maxima->has_match;
}

/* The windows of both are those of the same columns of the base. */
static bool maxima_fits_windows(const struct maxima *maxima)
{
  const struct wr_logical_join *join = &maxima->join->join;
  const struct wr_logical_aggregate *aggregate = maxima->aggregate;
  const struct wr_logical *node = maxima->above.base;
  unsigned side = maxima->side;
  const struct wr_expression *start = maxima->above.columns[0][join->start_columns[!side]],
                             *end = maxima->above.columns[0][join->end_columns[!side]];
  return start->kind == WR_EXPRESSION_COLUMN && end->kind == WR_EXPRESSION_COLUMN &&
         start->column == wr_logical_part_column(node, WR_PART_START) &&
         end->column == wr_logical_part_column(node, WR_PART_END) &&
         maxima_same(maxima_row_column(maxima, join->start_columns[side]),
                     maxima_group_column(maxima, aggregate->start_column)) &&
         maxima_same(maxima_row_column(maxima, join->end_columns[side]),
                     maxima_group_column(maxima, aggregate->end_column));
}

/* ---- the ranking */

/* The column of a step that is this column of the joined rows; UINT32_MAX: there is none. */
static uint32_t maxima_column_at(const struct maxima *maxima, uint32_t step, uint32_t row_column)
{
  const struct wr_logical *node =
      step < maxima->rows.step_count ? maxima->rows.steps[step] : maxima->rows.base;
  const struct wr_expression *wanted = maxima_row_column(maxima, row_column);
  if (step == 0)
    return row_column;
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    if (maxima_same(maxima->rows.columns[step][c], wanted))
      return c;
  return UINT32_MAX;
}

/* The ranking, with the steps above it; NULL: something is not there where it would stand. */
static struct wr_logical *maxima_rank(const struct maxima *maxima)
{
  struct wr_arena *arena = maxima->rewrite->arena;
  const struct maxima_way *rows = &maxima->rows;
  const struct wr_logical_join *join = &maxima->join->join;
  uint32_t key_count = maxima->aggregate->key_count, place = maxima->place;
  struct wr_logical *input = place < rows->step_count ? rows->steps[place] : rows->base;
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, key_count);
  struct wr_sort_key *order = WR_NEW(arena, struct wr_sort_key);
  bool is_there = true;
  for (uint32_t k = 0; k < key_count; k++) {
    keys[k] = maxima_column_at(maxima, place, maxima->key_columns[k]);
    is_there = is_there && keys[k] != UINT32_MAX;
  }
  *order = (struct wr_sort_key){.column = maxima_column_at(maxima, place, maxima->value_column),
                                .descending = !maxima->is_least,
                                .nulls_last = !maxima->is_least};
  struct wr_logical_rank rank = {
      .start_column = maxima_column_at(maxima, place, join->start_columns[maxima->side]),
      .end_column = maxima_column_at(maxima, place, join->end_columns[maxima->side]),
      .keys = keys,
      .key_count = key_count,
      .order = order,
      .order_count = 1,
      .first = 1,
      .last = 1,
      .number = WR_RANK_GAPS,
      .no_nulls = true};
  if (!is_there || order->column == UINT32_MAX || rank.start_column == UINT32_MAX ||
      rank.end_column == UINT32_MAX)
    return NULL;
  rank.origin = input->roles[rank.start_column].origin;
  if (!rank.origin || input->roles[rank.end_column].origin != rank.origin)
    return NULL;
  rank.shown = rank.origin == join->origins[0] ? NULL : join->origins[0];
  struct wr_logical *node = wr_logical_rank(arena, input, &rank, NULL);
  node->span = maxima->join->span;
  for (uint32_t s = place; s-- > 0;) {
    const struct wr_logical *step = rows->steps[s];
    if (step->kind == WR_LOGICAL_FILTER)
      node = wr_logical_filter(arena, node, step->filter.condition);
    else if (step->kind == WR_LOGICAL_PROJECT)
      node = wr_logical_project(arena, node, step->project.expressions,
                                wr_schema_names(arena, &step->schema), step->schema.column_count);
  }
  return node;
}

/* Per column of the aggregate: the column of the joined rows that has its value, with the
 * aggregate's type; NULL: none has. */
static const struct wr_expression **maxima_stand_ins(const struct maxima *maxima)
{
  const struct wr_rewrite *rewrite = maxima->rewrite;
  const struct wr_logical *node = maxima->above.base, *input = maxima->join->inputs[maxima->side];
  const struct wr_logical_join *join = &maxima->join->join;
  uint32_t count = node->schema.column_count;
  const struct wr_expression **out =
      WR_NEW_ARRAY(rewrite->arena, const struct wr_expression *, count);
  for (uint32_t c = 0; c < count; c++) {
    uint32_t column = UINT32_MAX;
    if (c < maxima->aggregate->key_count)
      column = maxima->key_columns[c];
    else if (c == maxima->aggregate->key_count)
      column = maxima->value_column;
    else if (node->roles[c].part == WR_PART_START)
      column = join->start_columns[maxima->side];
    else if (node->roles[c].part == WR_PART_END)
      column = join->end_columns[maxima->side];
    for (uint32_t i = 0; column == UINT32_MAX && i < input->schema.column_count; i++)
      if (input->roles[i].part == WR_PART_TIME &&
          input->roles[i].origin == join->origins[maxima->side])
        column = i;
    if (column != UINT32_MAX)
      out[c] = wr_bind_column(rewrite->binding, column, node->schema.fields[c].type,
                              (struct wr_span){WR_NO_POSITION, 0});
  }
  return out;
}

/* Pairs, as the join made them; NULL: a column of the other side is not in the row. */
static struct wr_logical *maxima_pairs(const struct maxima *maxima, struct wr_logical *rows)
{
  const struct wr_rewrite *rewrite = maxima->rewrite;
  const struct wr_logical *other = maxima->join->inputs[!maxima->side],
                          *aggregate = maxima->above.base;
  const struct wr_expression *const *own = wr_column_references(rewrite, &rows->schema);
  const struct wr_expression **stand_ins = maxima_stand_ins(maxima);
  uint32_t row_count = rows->schema.column_count, other_count = other->schema.column_count;
  uint32_t first = maxima->side ? other_count : 0, second = maxima->side ? 0 : row_count;
  const struct wr_expression **columns =
      WR_NEW_ARRAY(rewrite->arena, const struct wr_expression *, row_count + other_count);
  const char **names = WR_NEW_ARRAY(rewrite->arena, const char *, row_count + other_count);
  bool *used = WR_NEW_ARRAY(rewrite->arena, bool, aggregate->schema.column_count);
  for (uint32_t c = 0; c < row_count; c++) {
    columns[first + c] = own[c];
    names[first + c] = rows->schema.fields[c].name;
  }
  for (uint32_t c = 0; c < other_count; c++) {
    wr_expression_columns(maxima->above.columns[0][c], used);
    names[second + c] = other->schema.fields[c].name;
  }
  for (uint32_t c = 0; c < aggregate->schema.column_count; c++)
    if (used[c] && !stand_ins[c])
      return NULL;
  for (uint32_t c = 0; c < other_count; c++)
    columns[second + c] =
        wr_expression_replace(rewrite->arena, maxima->above.columns[0][c], stand_ins);
  return wr_logical_project(rewrite->arena, rows, columns, names, row_count + other_count);
}

/* In place of the join; NULL: it does not fit after all. */
static struct wr_logical *maxima_replace(const struct maxima *maxima)
{
  const struct wr_rewrite *rewrite = maxima->rewrite;
  const struct wr_logical *join = maxima->join;
  struct wr_logical *node = maxima_rank(maxima);
  if (node)
    node = maxima_pairs(maxima, node);
  if (!node)
    return NULL;
  if (maxima->rest_count)
    node = wr_logical_filter(rewrite->arena, node,
                             wr_conjunction(rewrite, maxima->rest, maxima->rest_count));
  if (join->join.kind == WR_JOIN_INNER)
    return node;
  return wr_logical_project(rewrite->arena, node, wr_column_references(rewrite, &join->schema),
                            wr_schema_names(rewrite->arena, &join->schema),
                            join->schema.column_count);
}

static struct wr_logical *maxima_try(const struct wr_rewrite *rewrite, struct wr_logical *join,
                                     unsigned side)
{
  struct maxima maxima = {.rewrite = rewrite, .join = join, .side = side};
  if (!maxima_walk(rewrite, join->inputs[!side], &maxima.above) ||
      !maxima_fits_aggregate(&maxima, maxima.above.base) || !maxima_fits_above(&maxima) ||
      !maxima_walk(rewrite, join->inputs[side], &maxima.rows) ||
      !maxima_walk(rewrite, wr_logical_input(maxima.above.base), &maxima.groups) ||
      !maxima_find_place(&maxima) || !maxima_fits_windows(&maxima) || !maxima_find_match(&maxima))
    return NULL;
  return maxima_replace(&maxima);
}

static struct wr_logical *maxima_node(const struct wr_rewrite *rewrite, struct wr_logical *node)
{
  if (node->kind != WR_LOGICAL_JOIN || node->join.way != WR_JOIN_BY_WINDOW || node->changes)
    return node;
  bool is_semi = node->join.kind == WR_JOIN_SEMI;
  if (node->join.kind != WR_JOIN_INNER && !is_semi)
    return node;
  for (unsigned side = 0; side < 2u - is_semi; side++) {
    struct wr_logical *found = maxima_try(rewrite, node, side);
    if (found)
      return found;
  }
  return node;
}

const struct wr_rule wr_rule_rank_maxima = {
    .name = "rank_maxima",
    .help = "ranks rows that are joined with the greatest of their own window",
    .node = maxima_node,
};
