/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OVER goes along the time of the stream. Which windows do is only looked at when a job is bound:
 * until then a condition around a view may still turn a ROW_NUMBER into a RANK.
 */
#include "planner/bind_over.h"
#include "planner/window_lengths.h"

/* The name of the column to order by, if there is one. */
static const char *check_find_time(const struct wr_logical *input)
{
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    if (input->roles[c].is_event_time && input->roles[c].part == WR_PART_NONE)
      return input->schema.fields[c].name;
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    if (input->roles[c].is_event_time || input->roles[c].is_clock)
      return input->schema.fields[c].name;
  return NULL;
}

static enum wr_code check_fail_number(const struct wr_logical_over *over, const char *name,
                                      const char *column, struct wr_error *err)
{
  wr_fail_at(err, WR_UNSUPPORTED, over->span,
             "%s ordered by '%s' has to be cut off: any row to come may be the first", name,
             column);
  return wr_hint(err,
                 "keep the first rows with a condition on the number: QUALIFY %s() OVER (...) <= "
                 "10, or SELECT ... FROM (SELECT ..., %s() OVER (...) AS rn ...) WHERE rn <= 10",
                 name, name);
}

/* ROW_NUMBER and its like. */
static bool check_is_number(const struct wr_over_call *call)
{
  return call->function == WR_OVER_ROW_NUMBER || call->function == WR_OVER_RANK ||
         call->function == WR_OVER_DENSE_RANK;
}

static enum wr_code check_node(const struct wr_logical *node, struct wr_error *err)
{
  const struct wr_logical_over *over = &node->over;
  const struct wr_logical *input = wr_logical_input(node);
  const struct wr_sort_key *first = &over->order[0];
  const struct wr_column_role *role = &input->roles[first->column];
  const char *column = input->schema.fields[first->column].name,
             *name = wr_over_name(&over->calls[0]);
  bool is_time = role->is_event_time || role->is_clock;
  if (over->order_count == 1 && is_time && !first->descending)
    return WR_OK;
  if (over->call_count == 1 && check_is_number(&over->calls[0]))
    return check_fail_number(over, name, column, err);
  if (over->order_count > 1)
    wr_fail_at(err, WR_UNSUPPORTED, over->span,
               "%s(...) OVER goes along the time of the stream alone, and this is ordered by %u "
               "expressions",
               name, over->order_count);
  else
    wr_fail_at(err, WR_UNSUPPORTED, over->span,
               "%s(...) OVER goes along the time of the stream, and this is ordered by '%s'%s",
               name, column, is_time ? ", descending" : "");
  if (role->lost_to_clock)
    return wr_hint_lost_to_clock(column, err);
  if (check_is_number(&over->calls[0]))
    return wr_hint(err,
                   "the first rows by anything else: one %s() OVER (...) with a condition "
                   "that cuts it off, as in rn <= 10",
                   name);
  const char *time = check_find_time(input);
  return time ? wr_hint(err, "write ORDER BY %s", time)
              : wr_hint(err, "there is no time of the stream here: declare WATERMARK FOR a column "
                             "of the table, and hand it on unchanged; behind a window it is "
                             "window_time");
}

enum wr_code wr_check_over(struct wr_arena *arena, struct wr_logical *const *roots,
                           uint32_t root_count, struct wr_error *err)
{
  struct wr_logical_order order = wr_logical_order(arena, roots, root_count);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < order.count && !code; i++)
    if (order.nodes[i]->kind == WR_LOGICAL_OVER)
      code = check_node(order.nodes[i], err);
  return code;
}
