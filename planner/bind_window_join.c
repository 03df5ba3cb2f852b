/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What two streams are joined by. Of the conditions of an open join those that set window_start and
 * window_end of both sides equal say in which windows; without them it is a regular join, which
 * keeps its rows for ever. Other equalities between the sides become keys, computed below where
 * they are more than columns; what is left is looked at for every pair.
 */
#include <assert.h>
#include <string.h>

#include "core/packed.h"
#include "core/time.h"
#include "functions/function.h"
#include "planner/bind_filter.h"
#include "planner/group.h"
#include "planner/lookup.h"
#include "planner/writing.h"

/* ---- conditions */

struct join_draft {
  struct wr_binder *binder;
  struct wr_logical *node; /* the open join */
  struct wr_logical *inputs[2];
  uint32_t left_count;
  const char *what;
  struct wr_condition_list list;
};

/* left = right, as expressions over their sides. */
struct join_equality {
  const struct wr_expression *sides[2];
};

static bool join_is_equality(const struct join_draft *draft, const struct wr_expression *condition,
                             struct join_equality *out)
{
  if (condition->kind != WR_EXPRESSION_CALL || condition->arg_count != 2 ||
      strcmp(condition->function->name, "=") != 0)
    return false;
  for (unsigned first = 0; first < 2; first++) {
    const struct wr_expression *left = condition->args[first], *right = condition->args[!first];
    if (wr_expression_sides(left, draft->left_count) != 1 ||
        wr_expression_sides(right, draft->left_count) != 2)
      continue;
    out->sides[0] = left;
    out->sides[1] = wr_expression_shift(draft->binder, right, -(int64_t)draft->left_count);
    return true;
  }
  return false;
}

/* The role of a side of an equality that is a plain column. */
static const struct wr_column_role *join_role(const struct join_draft *draft, unsigned side,
                                              const struct join_equality *equality)
{
  static const struct wr_column_role none = {0};
  const struct wr_expression *expression = equality->sides[side];
  return expression->kind == WR_EXPRESSION_COLUMN ? &draft->inputs[side]->roles[expression->column]
                                                  : &none;
}

static bool join_is_bound(const struct join_draft *draft, const struct wr_expression *condition,
                          enum wr_window_part part, struct join_equality *out)
{
  return join_is_equality(draft, condition, out) && join_role(draft, 0, out)->part == part &&
         join_role(draft, 1, out)->part == part;
}

/* ---- windows */

/* In what two windows differ; NULL: they are alike. */
static const char *join_difference(const struct wr_window *a, const struct wr_window *b)
{
  if (a->kind != b->kind)
    return "in their kind";
  if (a->size_us != b->size_us || a->months != b->months)
    return "in their size";
  if (a->slide_us != b->slide_us)
    return a->kind == WR_WINDOW_CUMULATE ? "in their step" : "in their slide";
  if (a->offset_us != b->offset_us)
    return "in their offset";
  if (a->tick_us != b->tick_us)
    return "in the fraction digits of their times";
  if (a->by_clock != b->by_clock)
    return "in their time: one follows the stream, the other the clock";
  return a->zone != b->zone ? "in their time zone" : NULL;
}

static enum wr_code join_check_windows(const struct join_draft *draft,
                                       const struct wr_logical_join *join, struct wr_span span,
                                       struct wr_error *err)
{
  const struct wr_window *left = &join->origins[0]->window, *right = &join->origins[1]->window;
  const char *difference = join_difference(left, right);
  if (difference) {
    wr_fail_at(err, WR_UNSUPPORTED, span, "the windows of both sides of %s differ %s", draft->what,
               difference);
    return wr_hint(err, "rows are joined within windows that are the same on both sides");
  }
  if (left->kind == WR_WINDOW_SESSION) {
    wr_fail_at(err, WR_UNSUPPORTED, span,
               "SESSION windows cannot be joined: each key has its own, on each side");
    return wr_hint(err, "use TUMBLE, HOP or CUMULATE on both sides");
  }
  return WR_OK;
}

/* The name of a side's column that is a part of a window, or NULL. */
static const char *join_part_name(const struct wr_logical *input, enum wr_window_part part)
{
  for (uint32_t c = 0; c < input->schema.column_count; c++)
    if (input->roles[c].part == part)
      return input->schema.fields[c].name;
  return NULL;
}

/* One part that is never TRUE has become all of the condition. */
static bool join_is_never(const struct join_draft *draft)
{
  for (uint32_t i = 0; i < draft->list.count; i++)
    if (wr_expression_is_known(draft->list.items[i])) /* TRUE is not in the list */
      return true;
  return false;
}

/* One bound alone, or bounds of several windows: hardly meant, and dear as a regular join. */
static enum wr_code join_fail_windows(const struct join_draft *draft, bool has_start, bool has_end,
                                      struct wr_error *err)
{
  struct wr_span span = draft->node->join.span;
  if (has_start && has_end) {
    wr_fail_at(err, WR_UNSUPPORTED, span,
               "the condition of %s sets window_start and window_end equal, but not of one window "
               "of each side",
               draft->what);
    return wr_hint(err, "both have to come from the same window function");
  }
  wr_fail_at(err, WR_UNSUPPORTED, span,
             "the condition of %s sets %s of both sides equal, but not %s", draft->what,
             has_start ? "window_start" : "window_end", has_start ? "window_end" : "window_start");
  const char *left = join_part_name(draft->inputs[0], has_start ? WR_PART_END : WR_PART_START),
             *right = join_part_name(draft->inputs[1], has_start ? WR_PART_END : WR_PART_START);
  if (left && right)
    return wr_hint(err, "add: left.%s = right.%s", left, right);
  return wr_hint(err, "both sides need the columns of a window, as FROM TABLE(TUMBLE(TABLE t, "
                      "DESCRIPTOR(ts), INTERVAL '1' MINUTE)) has them");
}

/* Finds the window; the conditions that name it are marked in `used`. Without one it is a regular
 * join. */
static enum wr_code join_find_windows(const struct join_draft *draft, struct wr_logical_join *join,
                                      bool *used, struct wr_error *err)
{
  struct join_equality start, end;
  bool has_start = false, has_end = false;
  enum wr_code code = WR_OK;
  join->way = WR_JOIN_BY_WINDOW;
  for (uint32_t i = 0; i < draft->list.count; i++) {
    has_end = has_end || join_is_bound(draft, draft->list.items[i], WR_PART_END, &end);
    if (!join_is_bound(draft, draft->list.items[i], WR_PART_START, &start))
      continue;
    has_start = true;
    for (uint32_t j = 0; j < draft->list.count; j++) {
      if (!join_is_bound(draft, draft->list.items[j], WR_PART_END, &end) ||
          join_role(draft, 0, &start)->origin != join_role(draft, 0, &end)->origin ||
          join_role(draft, 1, &start)->origin != join_role(draft, 1, &end)->origin)
        continue;
      for (unsigned side = 0; side < 2; side++) {
        join->origins[side] = join_role(draft, side, &start)->origin;
        join->start_columns[side] = start.sides[side]->column;
        join->end_columns[side] = end.sides[side]->column;
      }
      code = join_check_windows(draft, join, draft->list.items[i]->span, err);
      if (code)
        continue; /* perhaps another window of theirs is alike */
      used[i] = used[j] = true;
      return WR_OK;
    }
  }
  if (code || has_start || has_end)
    return code ? code : join_fail_windows(draft, has_start, has_end, err);
  *join = (struct wr_logical_join){.kind = join->kind,
                                   .way = WR_JOIN_REGULAR,
                                   .ttl_us = {join->ttl_us[0], join->ttl_us[1]},
                                   .span = join->span};
  return WR_OK;
}

/* ---- keys */

/* A side with columns behind its own for keys that are more than columns. */
struct join_side {
  const struct wr_expression **items;
  const char **names;
  uint32_t count;
  uint32_t *keys;
};

static struct join_side join_side_of(const struct join_draft *draft, unsigned side)
{
  struct wr_arena *arena = draft->binder->arena;
  const struct wr_schema *schema = &draft->inputs[side]->schema;
  uint32_t most = schema->column_count + draft->list.count;
  struct join_side out = {.items = WR_NEW_ARRAY(arena, const struct wr_expression *, most),
                          .names = WR_NEW_ARRAY(arena, const char *, most),
                          .count = schema->column_count,
                          .keys = WR_NEW_ARRAY(arena, uint32_t, draft->list.count)};
  for (uint32_t c = 0; c < schema->column_count; c++) {
    out.items[c] = wr_bind_column(draft->binder->binding, c, schema->fields[c].type,
                                  (struct wr_span){WR_NO_POSITION, 0});
    out.names[c] = schema->fields[c].name;
  }
  return out;
}

static uint32_t join_put(const struct join_draft *draft, unsigned side, struct join_side *columns,
                         const struct wr_expression *expression)
{
  if (expression->kind == WR_EXPRESSION_COLUMN)
    return expression->column;
  columns->items[columns->count] = expression;
  columns->names[columns->count] =
      wr_expression_print(draft->binder->arena, expression, &draft->inputs[side]->schema);
  return columns->count++;
}

/* Whether an equality can be found by a table of keys; its sides then have one type. may_fail: a
 * row whose side cannot be worked out would have failed with every other row. */
static bool join_is_key(const struct join_draft *draft, struct join_equality *equality,
                        bool may_fail)
{
  const struct wr_expression **sides = equality->sides;
  const struct wr_type *common =
      wr_type_common(draft->binder->arena, sides[0]->type, sides[1]->type);
  if (!common || common->physical == WR_NESTED || wr_kind_is_packed(common->kind))
    return false;
  for (unsigned side = 0; side < 2; side++) {
    struct wr_error err;
    if (!wr_type_equal(sides[side]->type, common) &&
        wr_bind_cast(draft->binder->binding, sides[side], common, false, sides[side]->span,
                     &sides[side], &err))
      return false;
    if (may_fail ? !wr_expression_is_deterministic(sides[side]) ||
                       wr_expression_reads_arrived(sides[side])
                 : !wr_condition_is_free(sides[side]))
      return false;
  }
  return true;
}

/* ---- the node */

/* The columns that the open join had, of one that has hidden ones as well. */
static struct wr_logical *join_hide(const struct join_draft *draft, struct wr_logical *join,
                                    uint32_t left_count)
{
  struct wr_arena *arena = draft->binder->arena;
  const struct wr_schema *schema = &draft->node->schema;
  const struct wr_expression **items =
      WR_NEW_ARRAY(arena, const struct wr_expression *, schema->column_count);
  const char **names = WR_NEW_ARRAY(arena, const char *, schema->column_count);
  for (uint32_t c = 0; c < schema->column_count; c++) {
    uint32_t column = c < draft->left_count ? c : c - draft->left_count + left_count;
    names[c] = schema->fields[c].name;
    items[c] = wr_bind_column(draft->binder->binding, column, join->schema.fields[column].type,
                              (struct wr_span){WR_NO_POSITION, 0});
  }
  return wr_logical_project(arena, join, items, names, schema->column_count);
}

/* Columns of the right side of pairs move behind what the left side has now. */
static const struct wr_expression *join_move(const struct join_draft *draft,
                                             const struct wr_expression *condition,
                                             uint32_t left_count)
{
  uint32_t count = draft->left_count + draft->inputs[1]->schema.column_count;
  const struct wr_expression **columns =
      WR_NEW_ARRAY(draft->binder->arena, const struct wr_expression *, count);
  for (uint32_t c = 0; c < count; c++) {
    bool is_right = c >= draft->left_count;
    uint32_t own = is_right ? c - draft->left_count : c;
    columns[c] = wr_bind_column(draft->binder->binding, is_right ? left_count + own : own,
                                draft->inputs[is_right]->schema.fields[own].type,
                                (struct wr_span){WR_NO_POSITION, 0});
  }
  return wr_expression_replace(draft->binder->arena, condition, columns);
}

static struct wr_logical *join_build(const struct join_draft *draft, struct wr_logical_join *join,
                                     const bool *used)
{
  struct wr_arena *arena = draft->binder->arena;
  struct join_side sides[] = {join_side_of(draft, 0), join_side_of(draft, 1)};
  struct wr_condition_list rest = {
      .items = WR_NEW_ARRAY(arena, const struct wr_expression *, draft->list.count)};
  bool pairs_alone = join->kind == WR_JOIN_INNER || join->kind == WR_JOIN_SEMI;
  for (uint32_t i = 0; i < draft->list.count; i++) {
    struct join_equality equality;
    if (used[i])
      continue;
    /* what stands before it may keep it from failing */
    bool may_fail = pairs_alone && rest.count == 0;
    if (!join_is_equality(draft, draft->list.items[i], &equality) ||
        !join_is_key(draft, &equality, may_fail)) {
      rest.items[rest.count++] = draft->list.items[i];
      continue;
    }
    for (unsigned side = 0; side < 2; side++)
      sides[side].keys[join->key_count] = join_put(draft, side, &sides[side], equality.sides[side]);
    join->key_count++;
  }
  struct wr_logical *inputs[2];
  bool has_hidden = false;
  for (unsigned side = 0; side < 2; side++) {
    inputs[side] = draft->inputs[side];
    join->keys[side] = sides[side].keys;
    if (sides[side].count == inputs[side]->schema.column_count)
      continue;
    has_hidden = true;
    inputs[side] = wr_logical_project(arena, inputs[side], sides[side].items, sides[side].names,
                                      sides[side].count);
  }
  uint32_t left_count = inputs[0]->schema.column_count;
  join->condition = wr_condition_of(draft->binder, &rest);
  if (join->condition)
    join->condition = join_move(draft, join->condition, left_count);
  struct wr_logical *out = wr_logical_join(arena, inputs[0], inputs[1], join);
  return has_hidden ? join_hide(draft, out, left_count) : out;
}

/* Conditions on one side alone that may be looked at before the join. */
static bool join_may_push(enum wr_join_kind kind, unsigned side)
{
  switch (kind) {
  case WR_JOIN_INNER:
  case WR_JOIN_SEMI: return true;
  case WR_JOIN_LEFT:
  case WR_JOIN_ANTI: return side == 1;
  case WR_JOIN_RIGHT: return side == 0;
  default: return false;
  }
}

static enum wr_code join_push(struct join_draft *draft, struct wr_error *err)
{
  struct wr_arena *arena = draft->binder->arena;
  struct wr_condition_list own = {
      .items = WR_NEW_ARRAY(arena, const struct wr_expression *, draft->list.count)};
  for (uint32_t i = 0; i < draft->list.count; i++) {
    const struct wr_expression *one = draft->list.items[i];
    unsigned sides = wr_expression_sides(one, draft->left_count), side = sides == 2;
    if (wr_expression_is_known(one) && wr_column_i64(one->literal, 0))
      continue; /* ON TRUE */
    if (sides == 0 || sides == 3 || !wr_condition_is_free(one) ||
        !join_may_push(draft->node->join.kind, side)) {
      own.items[own.count++] = one;
      continue;
    }
    one = wr_expression_shift(draft->binder, one, side ? -(int64_t)draft->left_count : 0);
    enum wr_code code = wr_bind_filter(draft->binder, &draft->inputs[side], one, err);
    if (code)
      return code;
  }
  draft->list = own;
  return WR_OK;
}

/* ---- joins by a range of times */

/* A time attribute of one side, moved by so much. */
struct join_time {
  unsigned side;
  uint32_t column;
  int64_t offset_us;
  bool is_clock; /* of processing time */
};

static bool join_is_call(const struct wr_expression *expression, const char *name, uint32_t count)
{
  return expression->kind == WR_EXPRESSION_CALL && expression->arg_count == count &&
         strcmp(expression->function->name, name) == 0;
}

static bool join_is_time(const struct join_draft *draft, const struct wr_expression *expression,
                         struct join_time *out)
{
  out->offset_us = 0;
  while (join_is_call(expression, "CAST", 1) &&
         expression->args[0]->type->kind == expression->type->kind)
    expression = expression->args[0];
  bool back = join_is_call(expression, "-", 2);
  if (back || join_is_call(expression, "+", 2)) {
    const struct wr_expression *by = expression->args[1];
    if (by->type->kind != WR_INTERVAL_SECOND || !wr_expression_is_known(by) ||
        wr_column_is_null(by->literal, 0))
      return false;
    int64_t offset_us = wr_column_i64(by->literal, 0);
    if (!join_is_time(draft, expression->args[0], out))
      return false;
    return !__builtin_add_overflow(out->offset_us, back ? -offset_us : offset_us, &out->offset_us);
  }
  if (expression->kind != WR_EXPRESSION_COLUMN)
    return false;
  out->side = expression->column >= draft->left_count;
  out->column = expression->column - (out->side ? draft->left_count : 0);
  const struct wr_column_role *role = &draft->inputs[out->side]->roles[out->column];
  out->is_clock = role->is_clock;
  return role->is_event_time || role->is_clock;
}

/* What a condition says of left - right: at least (at most) so much. */
struct join_range {
  uint32_t columns[2];
  bool is_clock;
  int64_t low_us, high_us; /* WR_TIME_NONE, WR_TIME_END: nothing */
};

static bool join_is_range(const struct join_draft *draft, const struct wr_expression *condition,
                          struct join_range *out)
{
  static const struct {
    const char *name;
    bool low, high, excludes;
  } compares[] = {{">=", true, false, false},
                  {">", true, false, true},
                  {"<=", false, true, false},
                  {"<", false, true, true},
                  {"=", true, true, false}};
  struct join_time times[2];
  for (size_t i = 0; i < sizeof compares / sizeof *compares; i++) {
    int64_t apart_us;
    if (!join_is_call(condition, compares[i].name, 2) ||
        !join_is_time(draft, condition->args[0], &times[0]) ||
        !join_is_time(draft, condition->args[1], &times[1]) || times[0].side == times[1].side ||
        times[0].is_clock != times[1].is_clock)
      continue;
    unsigned right = times[0].side == 0; /* which argument is of the right */
    if (__builtin_sub_overflow(times[right].offset_us, times[!right].offset_us, &apart_us))
      return false;
    bool low = right ? compares[i].low : compares[i].high;
    bool high = right ? compares[i].high : compares[i].low;
    *out = (struct join_range){{times[!right].column, times[right].column},
                               times[0].is_clock,
                               low ? apart_us : WR_TIME_NONE,
                               high ? apart_us : WR_TIME_END};
    if (out->is_clock && compares[i].excludes) /* the condition is not asked again */
      *(low ? &out->low_us : &out->high_us) += low ? WR_US_PER_MS : -WR_US_PER_MS;
    return true;
  }
  return false;
}

static bool join_is_of_times(const struct join_range *a, const struct join_range *b)
{
  return a->is_clock == b->is_clock && memcmp(a->columns, b->columns, sizeof a->columns) == 0;
}

/* The range that all conditions over these times leave. */
static struct join_range join_intersect(const struct join_draft *draft,
                                        const struct join_range *first)
{
  struct join_range all = *first, one;
  for (uint32_t i = 0; i < draft->list.count; i++)
    if (join_is_range(draft, draft->list.items[i], &one) && join_is_of_times(&one, first)) {
      all.low_us = one.low_us > all.low_us ? one.low_us : all.low_us;
      all.high_us = one.high_us < all.high_us ? one.high_us : all.high_us;
    }
  return all;
}

/* Rows that can only meet others of about their time need not be kept when that has passed. By the
 * clock the operator has times of its own, and conditions over them are marked in `used`. */
static void join_find_range(const struct join_draft *draft, struct wr_logical_join *join,
                            bool *used)
{
  struct join_range range = {{0}, false, WR_TIME_NONE, WR_TIME_END}, one;
  bool has = false;
  if (join->kind == WR_JOIN_SEMI || join->kind == WR_JOIN_ANTI || draft->inputs[0]->changes ||
      draft->inputs[1]->changes)
    return;
  for (uint32_t i = 0; i < draft->list.count && !has; i++) {
    if (!join_is_range(draft, draft->list.items[i], &one))
      continue;
    range = join_intersect(draft, &one);
    has = range.low_us != WR_TIME_NONE && range.high_us != WR_TIME_END;
  }
  if (!has)
    return;
  join->way = WR_JOIN_INTERVAL;
  join->by_clock = range.is_clock;
  memcpy(join->time_columns, range.columns, sizeof range.columns);
  join->low_us = range.low_us;
  join->high_us = range.high_us;
  for (uint32_t i = 0; i < draft->list.count && range.is_clock; i++)
    used[i] = used[i] ||
              (join_is_range(draft, draft->list.items[i], &one) && join_is_of_times(&one, &range));
}

/* ---- regular joins */

/* Nothing can match: the rows that an outer join keeps, with NULLs for the other side. */
static struct wr_logical *join_unmatched(const struct join_draft *draft)
{
  struct wr_arena *arena = draft->binder->arena;
  const struct wr_schema *schema = &draft->node->schema;
  enum wr_join_kind kind = draft->node->join.kind;
  struct wr_logical **inputs = WR_NEW_ARRAY(arena, struct wr_logical *, 2);
  uint32_t count = 0;
  for (unsigned side = 0; side < 2; side++) {
    enum wr_join_kind one = side ? WR_JOIN_RIGHT : WR_JOIN_LEFT;
    if (kind != one && kind != WR_JOIN_FULL)
      continue;
    const struct wr_expression **items =
        WR_NEW_ARRAY(arena, const struct wr_expression *, schema->column_count);
    const char **names = WR_NEW_ARRAY(arena, const char *, schema->column_count);
    for (uint32_t c = 0; c < schema->column_count; c++) {
      bool is_right = c >= draft->left_count;
      const struct wr_span span = {WR_NO_POSITION, 0};
      names[c] = schema->fields[c].name;
      items[c] = is_right == (side == 1)
                     ? wr_bind_column(draft->binder->binding, is_right ? c - draft->left_count : c,
                                      schema->fields[c].type, span)
                     : wr_bind_null(draft->binder->binding, schema->fields[c].type, span);
    }
    inputs[count++] =
        wr_logical_project(arena, draft->inputs[side], items, names, schema->column_count);
  }
  return count == 1 ? inputs[0] : wr_logical_union(arena, inputs, count);
}

static enum wr_code join_check_regular(const struct join_draft *draft, struct wr_error *err)
{
  const struct wr_logical *node = draft->node;
  if (join_is_never(draft)) {
    wr_fail_at(err, WR_UNSUPPORTED, node->join.span,
               "the condition of %s is never TRUE, so nothing can match", draft->what);
    return wr_hint(err, "a part of it that is always FALSE or NULL hides the others: leave it out");
  }
  bool changes =
      draft->inputs[0]->changes || draft->inputs[1]->changes || node->join.kind != WR_JOIN_INNER;
  for (uint32_t i = 0; i < draft->list.count && changes; i++)
    if (!wr_expression_is_deterministic(draft->list.items[i]))
      return wr_fail_at(
          err, WR_UNSUPPORTED, draft->list.items[i]->span,
          "a condition whose value may be another one each time cannot decide what %s "
          "takes back",
          draft->what);
  return WR_OK;
}

/* What is kept for ever, as nothing says when it is of no more use. */
static void join_warn(const struct join_draft *draft, const struct wr_logical_join *join)
{
  struct wr_settings *settings = draft->binder->settings;
  if (!settings)
    return;
  if (join->key_count == 0)
    wr_settings_warn(settings, join->span,
                     join->kind == WR_JOIN_ANTI
                         ? "without a column that has to be equal on both sides every row meets "
                           "every row of the other side, in one task; NOT IN of columns that are "
                           "declared NOT NULL, and NOT EXISTS (... WHERE a = b), look rows up"
                         : "without a column that has to be equal on both sides every row meets "
                           "every row of the other side, in one task");
  if (join->way == WR_JOIN_INTERVAL)
    return;
  if (wr_logical_is_bounded(draft->binder->arena, draft->inputs[0]) &&
      wr_logical_is_bounded(draft->binder->arena, draft->inputs[1]))
    return;
  if (join->ttl_us[0] || join->ttl_us[1]) /* one alone is for ever because a hint says so */
    return;
  bool has_windows = join_part_name(draft->inputs[0], WR_PART_END) &&
                     join_part_name(draft->inputs[1], WR_PART_END);
  wr_settings_warn(settings, join->span,
                   has_windows
                       ? "the condition does not set window_start and window_end of both sides "
                         "equal: rows of all windows are joined, and kept for ever, as "
                         "'table.exec.state.ttl' is not set"
                       : "this join has no window in which it ends: its rows are kept for ever, as "
                         "'table.exec.state.ttl' is not set");
}

/* Streams whose windows say how far their ROWTIMEs may be apart. */
static void join_take_range(const struct wr_logical *open, struct wr_logical_join *join)
{
  join->way = WR_JOIN_INTERVAL;
  join->by_range = true;
  join->low_us = open->join.low_us;
  join->high_us = open->join.high_us;
  memcpy(join->time_columns, open->join.time_columns, sizeof join->time_columns);
}

enum wr_code wr_bind_window_join(struct wr_binder *binder, struct wr_logical **node,
                                 const char *what, struct wr_error *err)
{
  assert(wr_join_is_open(*node));
  struct join_draft draft = {.binder = binder,
                             .node = *node,
                             .inputs = {(*node)->inputs[0], (*node)->inputs[1]},
                             .left_count = (*node)->inputs[0]->schema.column_count,
                             .what = what,
                             .list = wr_condition_list(binder->arena, (*node)->join.condition)};
  struct wr_logical_join join = {.kind = (*node)->join.kind,
                                 .ttl_us = {(*node)->join.ttl_us[0], (*node)->join.ttl_us[1]},
                                 .span = (*node)->join.span};
  enum wr_code code = join_push(&draft, err);
  bool is_outer =
      join.kind == WR_JOIN_LEFT || join.kind == WR_JOIN_RIGHT || join.kind == WR_JOIN_FULL;
  if (code == WR_OK && is_outer && join_is_never(&draft))
    return *node = join_unmatched(&draft), WR_OK;
  bool *used = WR_NEW_ARRAY(binder->arena, bool, draft.list.count);
  if ((*node)->join.by_range)
    join_take_range(*node, &join);
  else if (code == WR_OK)
    code = join_find_windows(&draft, &join, used, err);
  if (code == WR_OK && join.way != WR_JOIN_BY_WINDOW)
    code = join_check_regular(&draft, err);
  if (code)
    return code;
  if (join.way == WR_JOIN_REGULAR)
    join_find_range(&draft, &join, used);
  *node = join_build(&draft, &join, used);
  if (join.way != WR_JOIN_BY_WINDOW)
    join_warn(&draft, &join);
  return WR_OK;
}

/* ---- all of a FROM */

static const char *join_what(enum wr_join_kind kind)
{
  static const char *const names[WR_JOIN_KIND_COUNT] = {
      [WR_JOIN_INNER] = "a join",       [WR_JOIN_LEFT] = "a LEFT JOIN",
      [WR_JOIN_RIGHT] = "a RIGHT JOIN", [WR_JOIN_FULL] = "a FULL JOIN",
      [WR_JOIN_SEMI] = "EXISTS",        [WR_JOIN_ANTI] = "NOT EXISTS"};
  return names[kind];
}

static enum wr_code settle_join(struct wr_binder *binder, struct wr_logical **node,
                                struct wr_error *err)
{
  struct wr_logical *inputs[] = {(*node)->inputs[0], (*node)->inputs[1]};
  for (unsigned side = 0; side < 2; side++) {
    enum wr_code code = wr_bind_settle(binder, &inputs[side], err);
    if (code)
      return code;
  }
  *node = wr_logical_join(binder->arena, inputs[0], inputs[1], &(*node)->join);
  if ((*node)->join.reference)
    return wr_bind_reference(binder, node, err);
  return wr_bind_window_join(binder, node, join_what((*node)->join.kind), err);
}

static const char **settle_names(struct wr_arena *arena, const struct wr_schema *schema,
                                 uint32_t first)
{
  const char **names = WR_NEW_ARRAY(arena, const char *, schema->column_count);
  for (uint32_t c = first; c < schema->column_count; c++)
    names[c - first] = schema->fields[c].name;
  return names;
}

enum wr_code wr_bind_settle(struct wr_binder *binder, struct wr_logical **node,
                            struct wr_error *err)
{
  struct wr_arena *arena = binder->arena;
  const struct wr_logical *old = *node;
  if (wr_join_is_open(old))
    return settle_join(binder, node, err);
  if (old->kind != WR_LOGICAL_FILTER && old->kind != WR_LOGICAL_PROJECT &&
      old->kind != WR_LOGICAL_UNNEST)
    return WR_OK;
  struct wr_logical *input = wr_logical_input(old);
  enum wr_code code = wr_bind_settle(binder, &input, err);
  if (code || input == wr_logical_input(old))
    return code;
  if (old->kind == WR_LOGICAL_FILTER)
    *node = wr_logical_filter(arena, input, old->filter.condition);
  else if (old->kind == WR_LOGICAL_PROJECT)
    *node = wr_logical_project(arena, input, old->project.expressions,
                               settle_names(arena, &old->schema, 0), old->schema.column_count);
  else
    *node = wr_logical_unnest(arena, input, &old->unnest,
                              settle_names(arena, &old->schema, input->schema.column_count));
  return WR_OK;
}
