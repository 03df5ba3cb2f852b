/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the rows that people follow: which columns tell one from another, whether they
 * are results of windows. Worked out from the sources up, one node at a time. It is mostly shown:
 * what is not sure counts as not known. Of results those of tables with keys depend on it: whether
 * rows replace each other by that key (planner/logical_changes.c).
 */
#include <string.h>

#include "functions/function.h"
#include "planner/lookup.h"
#include "planner/streams.h"

struct key_list {
  uint32_t *columns;
  uint32_t count;
};

static struct wr_stream_facts facts_of_key(struct key_list key, bool has_window)
{
  return (struct wr_stream_facts){key.columns, key.count, has_window};
}

/* Whether this bound of a window is enough to know which it is: windows that grow have one start.
 */
static bool part_identifies(const struct wr_column_role *role)
{
  return role->part == WR_PART_END || role->part == WR_PART_TIME ||
         (role->part == WR_PART_START && role->origin->window.kind != WR_WINDOW_CUMULATE);
}

/* Whether values of a type stay different as values of another one of the same kind. */
static bool type_keeps_apart(const struct wr_type *from, const struct wr_type *to)
{
  if (from->kind != to->kind)
    return false;
  if (from->kind == WR_DECIMAL)
    return to->scale >= from->scale;
  if (from->field_count)
    return wr_type_equal(from, to);
  return to->precision >= from->precision && to->length >= from->length;
}

/* The column of the input that an expression hands on, be it with a check, or as another of the
 * same kind of type that has room for it: what INSERT does to fit a column. UINT32_MAX: none. */
static uint32_t handed_on(const struct wr_expression *expression)
{
  while (expression->kind == WR_EXPRESSION_CALL && expression->arg_count > 0 &&
         type_keeps_apart(expression->args[0]->type, expression->type) &&
         (strcmp(expression->function->name, "CAST") == 0 ||
          strcmp(expression->function->name, "NOT NULL") == 0))
    expression = expression->args[0];
  return expression->kind == WR_EXPRESSION_COLUMN ? expression->column : UINT32_MAX;
}

/* Columns of a projection that are this one of its input, or another bound of the same window. */
static uint32_t project_column(const struct wr_logical *node, uint32_t column)
{
  const struct wr_logical *input = wr_logical_input(node);
  const struct wr_column_role *role = &input->roles[column];
  uint32_t other = UINT32_MAX;
  for (uint32_t c = 0; c < node->schema.column_count; c++) {
    uint32_t from = handed_on(node->project.expressions[c]);
    if (from == UINT32_MAX)
      continue;
    if (from == column)
      return c;
    const struct wr_column_role *own = &input->roles[from];
    if (role->part != WR_PART_NONE && own->origin == role->origin && part_identifies(own) &&
        other == UINT32_MAX)
      other = c;
  }
  return other;
}

static struct wr_stream_facts facts_project(struct wr_arena *arena, const struct wr_logical *node,
                                            const struct wr_stream_facts *input)
{
  struct key_list key = {WR_NEW_ARRAY(arena, uint32_t, input->key_count + 1), 0};
  for (uint32_t k = 0; k < input->key_count; k++) {
    key.columns[k] = project_column(node, input->key[k]);
    if (key.columns[k] == UINT32_MAX)
      return (struct wr_stream_facts){.has_window = input->has_window};
  }
  key.count = input->key_count;
  return facts_of_key(key, input->has_window);
}

/* A PRIMARY KEY tells rows apart only where later ones take the place of earlier ones. */
static struct wr_stream_facts facts_scan(struct wr_arena *arena, const struct wr_logical *node)
{
  const struct wr_table *table = node->scan.table;
  struct key_list key = {WR_NEW_ARRAY(arena, uint32_t, table->key_count + 1), 0};
  if (!node->changes || !table->is_plain)
    return (struct wr_stream_facts){0};
  for (uint32_t k = 0; k < table->key_count; k++)
    for (uint32_t c = 0; c < node->schema.column_count; c++)
      if (node->scan.columns[c] == table->keys[k])
        key.columns[key.count++] = c;
  return key.count == table->key_count ? facts_of_key(key, false) : (struct wr_stream_facts){0};
}

static struct wr_stream_facts facts_aggregate(struct wr_arena *arena, const struct wr_logical *node)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  struct key_list key = {WR_NEW_ARRAY(arena, uint32_t, aggregate->key_count + 1),
                         aggregate->key_count};
  bool has_window = aggregate->window.kind != WR_WINDOW_ALL;
  for (uint32_t k = 0; k < aggregate->key_count; k++)
    key.columns[k] = k;
  if (has_window) {
    bool grows = aggregate->origin->window.kind == WR_WINDOW_CUMULATE;
    key.columns[key.count++] = wr_logical_part_column(node, grows ? WR_PART_END : WR_PART_START);
  }
  return facts_of_key(key, has_window);
}

static struct wr_stream_facts facts_rank(struct wr_arena *arena, const struct wr_logical *node,
                                         const struct wr_stream_facts *input)
{
  const struct wr_logical_rank *rank = &node->rank;
  bool has_window = rank->origin != NULL || input->has_window;
  bool is_one = rank->first == rank->last, shares = rank->number != WR_RANK_ROW_NUMBER;
  struct key_list key = {WR_NEW_ARRAY(arena, uint32_t, rank->key_count + 2), rank->key_count};
  if (shares || (!rank->with_rank && !is_one))
    return (struct wr_stream_facts){input->key, input->key_count, has_window};
  if (rank->key_count)
    memcpy(key.columns, rank->keys, rank->key_count * sizeof *key.columns);
  if (rank->origin) {
    bool grows = rank->origin->window.kind == WR_WINDOW_CUMULATE;
    key.columns[key.count++] = grows ? rank->end_column : rank->start_column;
  }
  if (!is_one)
    key.columns[key.count++] = wr_logical_input(node)->schema.column_count;
  return facts_of_key(key, has_window);
}

/* Whether rows of a side that could match the same row are at most one: its key is among what the
 * join sets equal. */
static bool join_is_single(const struct wr_logical_join *join, unsigned side,
                           const struct wr_stream_facts *facts)
{
  uint32_t found = 0;
  for (uint32_t k = 0; k < facts->key_count; k++)
    for (uint32_t i = 0; i < join->key_count; i++)
      if (join->keys[side][i] == facts->key[k]) {
        found++;
        break;
      }
  return join->way != WR_JOIN_BY_WINDOW && facts->key_count && found == facts->key_count;
}

/* Pairs are told apart by the keys of both, or by that of one side if each of its rows is in one
 * pair at most and none is without. */
static struct wr_stream_facts facts_join(struct wr_arena *arena, const struct wr_logical *node,
                                         const struct wr_stream_facts *left,
                                         const struct wr_stream_facts *right)
{
  bool has_window = node->join.way == WR_JOIN_BY_WINDOW;
  if (node->join.kind == WR_JOIN_SEMI || node->join.kind == WR_JOIN_ANTI ||
      node->join.way == WR_JOIN_TEMPORAL)
    return (struct wr_stream_facts){left->key, left->key_count, has_window};
  bool keeps_left = node->join.kind == WR_JOIN_LEFT || node->join.kind == WR_JOIN_FULL,
       keeps_right = node->join.kind == WR_JOIN_RIGHT || node->join.kind == WR_JOIN_FULL;
  if (left->key_count && !keeps_right && join_is_single(&node->join, 1, right))
    return (struct wr_stream_facts){left->key, left->key_count, has_window};
  bool right_alone = right->key_count && !keeps_left && join_is_single(&node->join, 0, left);
  if (!right_alone && (!left->key_count || !right->key_count))
    return (struct wr_stream_facts){.has_window = has_window};
  uint32_t before = node->inputs[0]->schema.column_count;
  struct key_list key = {WR_NEW_ARRAY(arena, uint32_t, left->key_count + right->key_count), 0};
  if (!right_alone) {
    memcpy(key.columns, left->key, left->key_count * sizeof *key.columns);
    key.count = left->key_count;
  }
  for (uint32_t k = 0; k < right->key_count; k++)
    key.columns[key.count++] = before + right->key[k];
  return facts_of_key(key, has_window);
}

static struct wr_stream_facts facts_distinct(struct wr_arena *arena, const struct wr_logical *node,
                                             const struct wr_stream_facts *input)
{
  const struct wr_logical_distinct *distinct = &node->distinct;
  struct key_list key = {WR_NEW_ARRAY(arena, uint32_t, node->schema.column_count + 1),
                         distinct->keys ? distinct->key_count : node->schema.column_count};
  for (uint32_t c = 0; c < key.count; c++)
    key.columns[c] = distinct->keys ? distinct->keys[c] : c;
  return facts_of_key(key, input->has_window);
}

static struct wr_stream_facts facts_of(struct wr_arena *arena, const struct wr_logical *node,
                                       const struct wr_stream_facts *all)
{
  const struct wr_stream_facts none = {0};
  const struct wr_stream_facts *input = node->input_count ? &all[node->inputs[0]->number] : &none;
  switch (node->kind) {
  case WR_LOGICAL_SCAN: return facts_scan(arena, node);
  case WR_LOGICAL_FILTER:
  case WR_LOGICAL_WATERMARK:
  case WR_LOGICAL_SORT:
  case WR_LOGICAL_LIMIT:
  case WR_LOGICAL_OVER:
  case WR_LOGICAL_MODEL:
  case WR_LOGICAL_STREAM: return *input;
  case WR_LOGICAL_PROJECT: return facts_project(arena, node, input);
  case WR_LOGICAL_ASSIGN:
    if (node->assign.origin->window.kind == WR_WINDOW_TUMBLE)
      return *input;
    break;
  case WR_LOGICAL_AGGREGATE: return facts_aggregate(arena, node);
  case WR_LOGICAL_DISTINCT: return facts_distinct(arena, node, input);
  case WR_LOGICAL_NORMALIZE:
    if (node->normalize.at_end)
      return *input;
    return (struct wr_stream_facts){node->normalize.keys, node->normalize.key_count, false};
  case WR_LOGICAL_LOOKUP:
    if (wr_lookup_is_unique(node))
      return *input;
    break;
  case WR_LOGICAL_RANK: return facts_rank(arena, node, input);
  case WR_LOGICAL_JOIN: return facts_join(arena, node, input, &all[node->inputs[1]->number]);
  case WR_LOGICAL_MATCH: /* a row may be in several matches, and windows end with them */
  case WR_LOGICAL_SINK: return none;
  default: break;
  }
  struct wr_stream_facts facts = {.has_window = node->input_count > 0};
  for (uint32_t i = 0; i < node->input_count; i++)
    facts.has_window = facts.has_window && all[node->inputs[i]->number].has_window;
  return facts;
}

const struct wr_stream_facts *wr_stream_facts(struct wr_arena *arena,
                                              const struct wr_logical_order *order)
{
  struct wr_stream_facts *facts = WR_NEW_ARRAY(arena, struct wr_stream_facts, order->count + 1);
  for (uint32_t i = 0; i < order->count; i++)
    facts[i] = facts_of(arena, order->nodes[i], facts);
  return facts;
}

static const struct wr_column_role *time_role(const struct wr_logical *node, uint32_t column)
{
  uint32_t from =
      node->kind == WR_LOGICAL_PROJECT ? handed_on(node->project.expressions[column]) : UINT32_MAX;
  return from == UINT32_MAX ? &node->roles[column] : &wr_logical_input(node)->roles[from];
}

uint32_t wr_stream_time_column(const struct wr_logical *node, bool has_window)
{
  static const enum wr_window_part parts[] = {WR_PART_START, WR_PART_END, WR_PART_TIME};
  for (size_t p = 0; has_window && p < sizeof parts / sizeof *parts; p++)
    for (uint32_t c = 0; c < node->schema.column_count; c++)
      if (time_role(node, c)->part == parts[p])
        return c;
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    if (time_role(node, c)->is_event_time)
      return c;
  return UINT32_MAX;
}
