/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GROUP_RANK(CURSOR(...), 'column', 'rank', 'desc', 'asc', idle, most): the rows of one ROWTIME are
 * a group, which leaves once the watermark has reached it, each row with its RANK by a column. So
 * there are windows as long as a tick, and existing nodes:
 *
 *   query -> Assign(TUMBLE, a tick) -> Rank(RANK by the column) -> Rank(by the number, the first of
 *   them) -> Project(columns of the query, the number, ROWTIME)
 *
 * Rows leave a Rank in its order, so the second one is only there for another order, or for fewer
 * rows. How long a group may wait is not needed: the watermark follows the clock.
 */
#include "planner/bind_cursor.h"

#include <limits.h>

#include "core/limits.h"
#include "core/time.h"
#include "planner/rowtime.h"

enum { RANK_BY = 1, RANK_OUT, RANK_SORT, RANK_ORDER, RANK_IDLE, RANK_MOST };

struct group_rank {
  uint32_t column;       /* of the query */
  const char *name;      /* of the number */
  bool from_the_top;     /* the greatest has the number 1 */
  bool last_first;       /* the greatest number leaves first */
  int64_t idle_ms, most; /* most 0: all */
};

static enum wr_code rank_arguments(const struct wr_binder *binder,
                                   const struct wr_cursor_call *call, struct group_rank *rank,
                                   struct wr_error *err)
{
  enum wr_code code = wr_cursor_check_time(call, err);
  if (code == WR_OK)
    code = wr_cursor_column(binder, call, RANK_BY, "the column to rank by", &rank->column, err);
  if (code == WR_OK)
    code = wr_cursor_text(binder, call, RANK_OUT, "the name of the rank", &rank->name, err);
  if (code == WR_OK)
    code = wr_cursor_check_name(call, rank->name, err);
  if (code == WR_OK)
    code = wr_cursor_choice(binder, call, RANK_SORT, "the order to rank in", "asc", "desc",
                            &rank->from_the_top, err);
  if (code == WR_OK)
    code = wr_cursor_choice(binder, call, RANK_ORDER, "the order of the output", "asc", "desc",
                            &rank->last_first, err);
  if (code == WR_OK)
    code = wr_cursor_integer(binder, call, RANK_IDLE, "the time that a group may wait", 0, INT_MAX,
                             &rank->idle_ms, err);
  if (code == WR_OK)
    code = wr_cursor_integer(binder, call, RANK_MOST, "the number of rows of a group", 0,
                             WR_RANK_ROWS_MAX, &rank->most, err);
  if (code)
    return code;
  if (call->input->schema.fields[rank->column].type->physical == WR_NESTED)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_DATATYPE_MISMATCH,
                         wr_cursor_span(call, RANK_BY), "rows have no order by '%s'",
                         call->input->schema.fields[rank->column].name);
  return WR_OK;
}

/* Windows of one time each. */
static struct wr_logical *rank_assign(const struct wr_binder *binder,
                                      const struct wr_cursor_call *call,
                                      const struct wr_window_origin **out)
{
  const struct wr_type *time = call->input->schema.fields[call->time_column].type;
  struct wr_window_origin *origin = WR_NEW(binder->arena, struct wr_window_origin);
  struct wr_window *window = &origin->window;
  window->kind = WR_WINDOW_TUMBLE;
  window->tick_us = window->size_us = window->slide_us = time->precision <= 3 ? WR_US_PER_MS : 1;
  wr_window_prepare(window);
  origin->type = origin->time_type = wr_window_type(binder->arena, time);
  *out = origin;
  const struct wr_logical_assign assign = {.origin = origin, .time_column = call->time_column};
  return wr_logical_assign(binder->arena, call->input, &assign);
}

/* The rows of each window by a column; name NULL: without their number. */
static struct wr_logical *rank_node(const struct wr_binder *binder,
                                    const struct wr_cursor_call *call,
                                    const struct wr_window_origin *origin, struct wr_logical *node,
                                    const struct wr_logical_rank *like, const char *name)
{
  uint32_t first = call->input->schema.column_count; /* of the columns of the window */
  struct wr_logical_rank rank = *like;
  rank.origin = origin;
  rank.start_column = first;
  rank.end_column = first + WR_PART_END - WR_PART_START;
  rank.first = 1;
  rank.with_rank = name != NULL;
  rank.order_count = 1;
  node = wr_logical_rank(binder->arena, node, &rank, name);
  node->span = call->span;
  return node;
}

static const struct wr_sort_key *rank_key(const struct wr_binder *binder, uint32_t column,
                                          bool descending)
{
  struct wr_sort_key *key = WR_NEW(binder->arena, struct wr_sort_key);
  *key = (struct wr_sort_key){column, descending, descending}; /* NULL is the lowest */
  return key;
}

/* The query's columns, the number as an INT, the time. */
static enum wr_code rank_output(const struct wr_binder *binder, const struct wr_cursor_call *call,
                                const char *name, struct wr_logical **node, struct wr_error *err)
{
  uint32_t before = call->input->schema.column_count, count = before + 1, at = 0;
  uint32_t time = before + WR_PART_TIME - WR_PART_START;
  const struct wr_schema *schema = &(*node)->schema;
  const struct wr_expression **items =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  for (; at < call->visible; at++) {
    uint32_t column = at == call->time_column ? time : at;
    items[at] = wr_bind_column(binder->binding, column, schema->fields[column].type, call->span);
    names[at] = schema->fields[at].name;
  }
  const struct wr_type *type = wr_type_with_not_null(binder->arena, &wr_type_int, true);
  const struct wr_expression *number =
      wr_bind_column(binder->binding, before + 3, schema->fields[before + 3].type, call->span);
  enum wr_code code =
      wr_bind_cast(binder->binding, number, type, false, call->span, &items[at], err);
  if (code)
    return code;
  names[at++] = name;
  if (before > call->visible) {
    items[at] = wr_bind_column(binder->binding, time, schema->fields[time].type, call->span);
    names[at++] = WR_ROWTIME;
  }
  *node = wr_logical_project(binder->arena, *node, items, names, at);
  struct wr_column_role *roles = WR_NEW_ARRAY(binder->arena, struct wr_column_role, at);
  roles[before > call->visible ? at - 1 : call->time_column].is_event_time = true;
  (*node)->roles = roles; /* nobody below knows of the windows */
  return WR_OK;
}

enum wr_code wr_bind_group_rank(struct wr_binder *binder, const struct wr_cursor_call *call,
                                struct wr_logical **out, struct wr_error *err)
{
  struct group_rank rank = {0};
  const struct wr_window_origin *origin;
  enum wr_code code = rank_arguments(binder, call, &rank, err);
  if (code)
    return code;
  struct wr_logical *node = rank_assign(binder, call, &origin);
  bool is_short = rank.most > 0 && !rank.last_first;
  const struct wr_logical_rank ranked = {.order = rank_key(binder, rank.column, rank.from_the_top),
                                         .number = WR_RANK_GAPS,
                                         .last = is_short ? (uint64_t)rank.most : WR_RANK_KEPT_MAX};
  node = rank_node(binder, call, origin, node, &ranked, rank.name);
  const struct wr_logical_rank first = {
      .order = rank_key(binder, node->schema.column_count - 1, rank.last_first),
      .number = rank.most ? WR_RANK_ROW_NUMBER : WR_RANK_GAPS,
      .last = rank.most ? (uint64_t)rank.most : WR_RANK_KEPT_MAX};
  if (rank.most || rank.last_first)
    node = rank_node(binder, call, origin, node, &first, NULL);
  code = rank_output(binder, call, rank.name, &node, err);
  *out = node;
  return code;
}
