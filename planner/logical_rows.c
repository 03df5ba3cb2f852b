/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nodes that look at several rows without making groups of them: OVER, RANK, JOIN. All three
 * hold rows back, so what they say about times and windows is only what is still true when the rows
 * leave.
 */
#include <string.h>

#include "planner/logical.h"

static struct wr_logical *rows_new(struct wr_arena *arena, enum wr_logical_kind kind,
                                   struct wr_logical *const *inputs, uint32_t input_count)
{
  struct wr_logical *node = WR_NEW(arena, struct wr_logical);
  node->kind = kind;
  node->inputs = WR_NEW_ARRAY(arena, struct wr_logical *, input_count);
  memcpy(node->inputs, inputs, input_count * sizeof *inputs);
  node->input_count = input_count;
  node->reader_count = 1;
  return node;
}

/* Room for the columns of the input, which are filled in, and for more. */
static void rows_columns(struct wr_arena *arena, const struct wr_logical *input, uint32_t more,
                         struct wr_field **fields, struct wr_column_role **roles)
{
  uint32_t count = input->schema.column_count;
  *fields = WR_NEW_ARRAY(arena, struct wr_field, count + more);
  *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count + more);
  memcpy(*fields, input->schema.fields, count * sizeof **fields);
  memcpy(*roles, input->roles, count * sizeof **roles);
}

/* Rows of windows that closed at once: only that window is still there, and its window_time. */
static struct wr_column_role rows_closed_role(const struct wr_column_role *role,
                                              const struct wr_window_origin *origin)
{
  if (origin && role->origin == origin)
    return *role;
  return (struct wr_column_role){.is_clock = role->is_clock, .lost_to_clock = role->lost_to_clock};
}

/* Rows leave when the watermark passes the time they are ordered by. Times that are never before it
 * are event time as well, which the time of a window's end is for no other. */
static struct wr_column_role rows_over_role(const struct wr_column_role *role,
                                            const struct wr_column_role *order)
{
  if (!order->is_event_time || order->part == WR_PART_NONE || role->origin == order->origin)
    return *role;
  return rows_closed_role(role, order->origin);
}

struct wr_logical *wr_logical_over(struct wr_arena *arena, struct wr_logical *input,
                                   const struct wr_logical_over *over, const char *const *names)
{
  uint32_t before = input->schema.column_count, count = before + over->call_count;
  assert(over->call_count > 0 && over->order_count > 0);
  struct wr_logical *node = rows_new(arena, WR_LOGICAL_OVER, &input, 1);
  struct wr_field *fields;
  struct wr_column_role *roles;
  rows_columns(arena, input, over->call_count, &fields, &roles);
  for (uint32_t c = 0; c < before; c++)
    roles[c] = rows_over_role(&input->roles[c], &input->roles[over->order[0].column]);
  for (uint32_t i = 0; i < over->call_count; i++)
    fields[before + i] = (struct wr_field){.name = names[i], .type = over->calls[i].type};
  node->schema = (struct wr_schema){.column_count = count, .fields = fields};
  node->roles = roles;
  node->changes = input->changes;
  node->over = *over;
  node->span = over->span;
  return node;
}

struct wr_logical *wr_logical_rank(struct wr_arena *arena, struct wr_logical *input,
                                   const struct wr_logical_rank *rank, const char *name)
{
  uint32_t before = input->schema.column_count;
  assert(rank->first > 0 && rank->first <= rank->last && rank->with_rank == (name != NULL));
  struct wr_logical *node = rows_new(arena, WR_LOGICAL_RANK, &input, 1);
  struct wr_field *fields;
  struct wr_column_role *roles;
  rows_columns(arena, input, rank->with_rank, &fields, &roles);
  for (uint32_t c = 0; c < before; c++)
    roles[c] = rows_closed_role(&input->roles[c], rank->origin);
  for (uint32_t c = 0; c < before && rank->shown; c++)
    if (roles[c].origin)
      roles[c].origin = rank->shown;
  if (rank->with_rank)
    fields[before] = (struct wr_field){.name = name,
                                       .type = wr_type_with_not_null(arena, &wr_type_bigint, true)};
  node->schema = (struct wr_schema){.column_count = before + rank->with_rank, .fields = fields};
  node->roles = roles;
  node->changes = input->changes || !rank->origin;
  node->rank = *rank;
  return node;
}

/* ---- JOIN */

/* Whether rows of a side come out where the other has no match, and it has NULLs then. */
static bool rows_join_keeps(enum wr_join_kind kind, unsigned side)
{
  return kind == WR_JOIN_FULL || kind == (side ? WR_JOIN_RIGHT : WR_JOIN_LEFT);
}

/* Whether rows are taken back although both inputs only give: those that are out because there is
 * no match so far. */
static bool rows_join_changes(const struct wr_logical_join *join)
{
  return join->way == WR_JOIN_REGULAR && join->kind != WR_JOIN_INNER && join->kind != WR_JOIN_SEMI;
}

/* By a range the time of a side that only gives rows of the moment is the later one of a pair.
 *
 * Bounds of the right are those of the left, which is then their origin: so what stands above may
 * take them from either side. A side that may be NULL has no window. */
static struct wr_column_role rows_join_role(const struct wr_logical_join *join, unsigned side,
                                            uint32_t column, const struct wr_column_role *role)
{
  if (join->way == WR_JOIN_INTERVAL && join->by_range)
    return (struct wr_column_role){.is_event_time = join->time_columns[side] == column &&
                                                    (side ? join->high_us : -join->low_us) == 0 &&
                                                    !rows_join_keeps(join->kind, !side)};
  if (join->way == WR_JOIN_INTERVAL && join->time_columns[side] == column)
    return (struct wr_column_role){.is_event_time = !join->by_clock,
                                   .is_clock =
                                       join->by_clock && !rows_join_keeps(join->kind, !side)};
  if (join->way != WR_JOIN_BY_WINDOW || rows_join_keeps(join->kind, !side))
    return (struct wr_column_role){0};
  struct wr_column_role out = rows_closed_role(role, join->origins[side]);
  if (out.origin && !rows_join_keeps(join->kind, side))
    out.origin = join->origins[0];
  return out;
}

struct wr_logical *wr_logical_join(struct wr_arena *arena, struct wr_logical *left,
                                   struct wr_logical *right, const struct wr_logical_join *join)
{
  struct wr_logical *const inputs[] = {left, right};
  bool is_half = join->kind == WR_JOIN_SEMI || join->kind == WR_JOIN_ANTI;
  uint32_t more = is_half ? 0 : right->schema.column_count, next = 0;
  struct wr_logical *node = rows_new(arena, WR_LOGICAL_JOIN, inputs, 2);
  struct wr_field *fields;
  struct wr_column_role *roles;
  rows_columns(arena, left, more, &fields, &roles);
  for (unsigned side = 0; side < 2u - is_half; side++) {
    bool can_lack = rows_join_keeps(join->kind, !side);
    const struct wr_logical *input = inputs[side];
    for (uint32_t c = 0; c < input->schema.column_count; c++, next++) {
      fields[next] = input->schema.fields[c];
      if (can_lack)
        fields[next].type = wr_type_with_not_null(arena, fields[next].type, false);
      roles[next] = rows_join_role(join, side, c, &input->roles[c]);
      if (join->way == WR_JOIN_TEMPORAL && side == 0) /* its rows leave as those of an OVER do */
        roles[next] = rows_over_role(&left->roles[c], &left->roles[join->time_columns[0]]);
    }
  }
  node->schema = (struct wr_schema){.column_count = next, .fields = fields};
  node->roles = roles;
  node->changes =
      left->changes || (right->changes && join->way != WR_JOIN_TEMPORAL) || rows_join_changes(join);
  node->join = *join;
  node->span = join->span;
  return node;
}

/* ---- what they read */

static void rows_reads_over(const struct wr_logical_over *over, uint32_t before, const bool *wanted,
                            bool *used)
{
  bool any = false;
  for (uint32_t i = 0; i < over->call_count; i++) {
    const struct wr_over_call *call = &over->calls[i];
    if (!wanted[before + i])
      continue;
    any = true;
    for (uint32_t a = 0; a < call->aggregate.arg_count; a++)
      used[call->columns.args[a]] = true;
    if (call->function == WR_OVER_AGGREGATE && call->columns.filter != UINT32_MAX)
      used[call->columns.filter] = true;
    if (call->function == WR_OVER_LAG || call->function == WR_OVER_NTH_VALUE)
      used[call->value_column] = true;
    if (call->function == WR_OVER_LAG && call->default_column != UINT32_MAX)
      used[call->default_column] = true;
  }
  for (uint32_t k = 0; k < over->key_count && any; k++)
    used[over->keys[k]] = true;
  for (uint32_t k = 0; k < over->order_count && any; k++)
    used[over->order[k].column] = true;
}

static void rows_reads_rank(const struct wr_logical_rank *rank, bool *used)
{
  if (rank->origin)
    used[rank->start_column] = used[rank->end_column] = true;
  for (uint32_t k = 0; k < rank->key_count; k++)
    used[rank->keys[k]] = true;
  for (uint32_t k = 0; k < rank->order_count; k++)
    used[rank->order[k].column] = true;
}

/* Columns of the expression that are those of one side. */
static void rows_reads_side(const struct wr_expression *expression, uint32_t first, uint32_t count,
                            bool *used)
{
  if (expression->kind == WR_EXPRESSION_COLUMN && expression->column >= first &&
      expression->column - first < count)
    used[expression->column - first] = true;
  for (uint32_t i = 0; i < expression->arg_count; i++)
    rows_reads_side(expression->args[i], first, count, used);
}

static void rows_reads_join(const struct wr_logical *node, uint32_t input, const bool *wanted,
                            bool *used)
{
  const struct wr_logical_join *join = &node->join;
  uint32_t first = input ? node->inputs[0]->schema.column_count : 0,
           count = node->inputs[input]->schema.column_count;
  if (join->way == WR_JOIN_BY_WINDOW)
    used[join->start_columns[input]] = used[join->end_columns[input]] = true;
  if (join->way == WR_JOIN_INTERVAL || join->way == WR_JOIN_TEMPORAL)
    used[join->time_columns[input]] = true;
  for (uint32_t k = 0; k < join->key_count; k++)
    used[join->keys[input][k]] = true;
  if (join->condition)
    rows_reads_side(join->condition, first, count, used);
  for (uint32_t c = 0; c < count && first + c < node->schema.column_count; c++)
    used[c] = used[c] || wanted[first + c];
}

bool wr_logical_rows_reads(const struct wr_logical *node, uint32_t input, const bool *wanted,
                           bool *used)
{
  uint32_t before = node->inputs[0]->schema.column_count;
  switch (node->kind) {
  case WR_LOGICAL_OVER: rows_reads_over(&node->over, before, wanted, used); break;
  case WR_LOGICAL_RANK: rows_reads_rank(&node->rank, used); break;
  case WR_LOGICAL_JOIN: rows_reads_join(node, input, wanted, used); return true;
  default: return false;
  }
  for (uint32_t c = 0; c < before; c++)
    used[c] = used[c] || wanted[c];
  return true;
}
