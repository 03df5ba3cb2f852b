/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which buckets an expression makes is worked out from the inside. At every step the value of a row
 * is known as
 *
 *   (start of its bucket + moved) * times / by       buckets start at offset + k * size
 *
 * beginning with the time itself: buckets of one tick, moved by 0. A sum moves, a product and a
 * quotient scale, FLOOR, CEIL and STEP join buckets to longer ones. Months have no one length: once
 * buckets are months, only sums may follow.
 */
#include "planner/monotonic.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "core/time.h"
#include "functions/calendar.h"
#include "functions/function.h"
#include "planner/rowtime.h"

#define MONOTONIC_STEPS_MAX 64                   /* nodes that are looked through */
#define MONTH_US            (30 * WR_US_PER_DAY) /* what is said where months do not count */

struct monotonic {
  const struct wr_logical *node; /* whose column the time is */
  uint32_t column;
  int64_t tick_us, size_us, offset_us, moved_us, times, by;
  uint32_t months; /* buckets are so many, then size does not count */
  bool closed, up; /* up: it is the end of a month, not its start */
  const struct wr_window_origin *origin;
};

static enum wr_code monotonic_expression(const struct wr_logical *node, uint32_t depth,
                                         const struct wr_expression *expression, bool *found,
                                         struct monotonic *m, struct wr_error *err);

/* ---- constants */

/* A constant of one kind of interval, or a whole number. */
static bool monotonic_constant(const struct wr_expression *expression, int64_t *out)
{
  enum wr_kind kind = expression->type->kind;
  if (!wr_expression_is_known(expression) ||
      (kind != WR_INTERVAL_SECOND && kind != WR_INTERVAL_MONTH && kind != WR_TIMESTAMP &&
       !wr_kind_is_integer(kind)))
    return false;
  *out = wr_column_i64(expression->literal, 0);
  return true;
}

static enum wr_code monotonic_fail_range(const struct wr_expression *expression,
                                         struct wr_error *err)
{
  return wr_fail_at(err, WR_SEMANTIC, expression->span,
                    "what is computed here from the time is beyond the range of times");
}

/* ---- longer buckets */

/* Where, from the begin of a unit, the first value lies that is of it. */
static int64_t monotonic_first(const struct monotonic *m, int64_t begin_us, bool up)
{
  int64_t first_us = wr_floor_mod(m->offset_us + m->moved_us - begin_us, m->size_us);
  return up && first_us == 0 ? m->size_us : first_us;
}

static enum wr_code monotonic_fail_mixed(const struct wr_expression *expression,
                                         struct wr_error *err)
{
  wr_fail_at(err, WR_UNSUPPORTED, expression->span,
             "these pieces of time are not made of whole ones of those inside");
  return wr_hint(err, "cut ROWTIME itself, as in STEP(s.ROWTIME BY INTERVAL '1' MINUTE)");
}

static enum wr_code monotonic_months(struct monotonic *m, uint32_t months, bool up,
                                     const struct wr_expression *expression, struct wr_error *err)
{
  if (m->months || m->times != 1 || m->by != 1 || WR_US_PER_DAY % m->size_us)
    return monotonic_fail_mixed(expression, err);
  int64_t first_us = monotonic_first(m, 0, up);
  m->closed = up && m->size_us == m->tick_us;
  m->offset_us = first_us - m->moved_us;
  m->moved_us = -m->offset_us;
  m->months = months;
  m->up = up;
  return WR_OK;
}

/* Values from begin + k * unit on become one. */
static enum wr_code monotonic_join(struct monotonic *m, int64_t unit_us, int64_t begin_us, bool up,
                                   const struct wr_expression *expression, struct wr_error *err)
{
  int64_t size_us;
  if (__builtin_mul_overflow(unit_us, m->by, &size_us) ||
      __builtin_mul_overflow(begin_us, m->by, &begin_us) || size_us > WR_WINDOW_TIME_MAX ||
      m->moved_us > WR_WINDOW_TIME_MAX || m->moved_us < -WR_WINDOW_TIME_MAX)
    return monotonic_fail_range(expression, err);
  if (m->months || size_us <= 0 || size_us % m->times || begin_us % m->times)
    return monotonic_fail_mixed(expression, err);
  size_us /= m->times;
  begin_us /= m->times;
  if (size_us % m->size_us)
    return monotonic_fail_mixed(expression, err);
  int64_t first_us = monotonic_first(m, begin_us, up);
  m->closed = up && m->size_us == m->tick_us;
  m->offset_us = wr_floor_mod(begin_us + first_us - m->moved_us, size_us);
  m->moved_us += (up ? size_us : 0) - first_us;
  m->size_us = size_us;
  return WR_OK;
}

/* FLOOR(x TO unit), CEIL(x TO unit) */
static enum wr_code monotonic_round(const struct wr_expression *call, bool up, bool *found,
                                    struct monotonic *m, struct wr_error *err)
{
  enum wr_unit unit;
  const struct wr_expression *word = call->arg_count == 2 ? call->args[1] : NULL;
  *found = *found && word && wr_expression_is_known(word) && wr_kind_is_text(word->type->kind);
  if (!*found)
    return WR_OK;
  const struct wr_text *name = wr_column_text(word->literal, 0);
  *found = wr_unit_find(wr_text_bytes(name), name->length, &unit) && unit >= WR_UNIT_YEAR &&
           unit <= WR_UNIT_MICROSECOND;
  if (!*found)
    return WR_OK;
  if (!wr_unit_us(unit))
    return monotonic_months(m, (uint32_t)wr_unit_months(unit), up, call, err);
  return monotonic_join(m, wr_unit_us(unit), unit == WR_UNIT_WEEK ? -4 * WR_US_PER_DAY : 0, up,
                        call, err); /* 1969-12-28: a Sunday */
}

/* STEP(x BY interval) */
static enum wr_code monotonic_step(const struct wr_expression *call, bool *found,
                                   struct monotonic *m, struct wr_error *err)
{
  int64_t length = 0;
  *found = *found && call->arg_count == 2 && monotonic_constant(call->args[1], &length) &&
           !wr_kind_is_integer(call->args[1]->type->kind) && length > 0;
  if (!*found)
    return WR_OK;
  if (call->args[1]->type->kind == WR_INTERVAL_SECOND)
    return monotonic_join(m, length, 0, false, call, err);
  if (length > UINT16_MAX)
    return monotonic_fail_range(call, err);
  return monotonic_months(m, (uint32_t)length, false, call, err);
}

/* ---- arithmetic */

/* x + c, c + x, x - c */
static enum wr_code monotonic_move(const struct wr_expression *call, int64_t c, int sign,
                                   struct monotonic *m, struct wr_error *err)
{
  int64_t scaled;
  if (__builtin_mul_overflow(c, m->by, &scaled))
    return monotonic_fail_range(call, err);
  if (scaled % m->times)
    return monotonic_fail_mixed(call, err);
  scaled = sign * (scaled / m->times);
  if (__builtin_add_overflow(m->moved_us, scaled, &m->moved_us) ||
      m->moved_us > WR_WINDOW_TIME_MAX || m->moved_us < -WR_WINDOW_TIME_MAX)
    return monotonic_fail_range(call, err);
  return WR_OK;
}

static enum wr_code monotonic_scale(const struct wr_expression *call, int64_t c, int64_t *factor,
                                    struct wr_error *err)
{
  return __builtin_mul_overflow(*factor, c, factor) ? monotonic_fail_range(call, err) : WR_OK;
}

/* Of a time and a constant, on either side. */
static enum wr_code monotonic_arithmetic(const struct wr_logical *node, uint32_t depth,
                                         const struct wr_expression *call, bool *found,
                                         struct monotonic *m, struct wr_error *err)
{
  char operator= call->function->name[0];
  int64_t c;
  bool right = call->arg_count == 2 && monotonic_constant(call->args[1], &c),
       left = !right && call->arg_count == 2 && (operator== '+' || operator== '*') &&
              monotonic_constant(call->args[0], &c);
  *found = false;
  if (!right && !left)
    return WR_OK;
  const struct wr_type *type = call->args[right ? 1 : 0]->type;
  bool is_sum = operator== '+' || operator== '-', is_number = wr_kind_is_integer(type->kind);
  if (is_sum == is_number || type->kind == WR_INTERVAL_MONTH || (is_number && c <= 0))
    return WR_OK;
  enum wr_code code = monotonic_expression(node, depth, call->args[right ? 0 : 1], found, m, err);
  if (code || !*found)
    return code;
  if (m->months && (is_number || m->times == 0))
    m->times = 0; /* no start of a month any more */
  else if (is_number)
    code = monotonic_scale(call, c, operator== '*' ? &m->times : & m->by, err);
  else
    code = monotonic_move(call, c, operator== '-' ? -1 : 1, m, err);
  return code;
}

/* (x - TIMESTAMP 'c') SECOND, MINUTE, HOUR or DAY; coarser ones are cut to whole units. */
static enum wr_code monotonic_difference(const struct wr_logical *node, uint32_t depth,
                                         const struct wr_expression *call, bool *found,
                                         struct monotonic *m, struct wr_error *err)
{
  int64_t c;
  enum wr_unit unit;
  const struct wr_text *name = wr_column_text(call->args[3]->literal, 0);
  if (!monotonic_constant(call->args[1], &c) || c > WR_WINDOW_TIME_MAX || c < -WR_WINDOW_TIME_MAX ||
      !wr_unit_find(wr_text_bytes(name), name->length, &unit) || !wr_unit_us(unit))
    return WR_OK;
  enum wr_code code = monotonic_expression(node, depth, call->args[0], found, m, err);
  if (code || !*found)
    return code;
  *found = !m->months;
  if (*found)
    code = monotonic_move(call, c, -1, m, err);
  if (code == WR_OK && *found && unit != WR_UNIT_SECOND)
    code = monotonic_join(m, wr_unit_us(unit), 0, false, call, err);
  return code;
}

/* ---- expressions */

static enum wr_code monotonic_call(const struct wr_logical *node, uint32_t depth,
                                   const struct wr_expression *call, bool *found,
                                   struct monotonic *m, struct wr_error *err)
{
  const char *name = call->function->name;
  bool is_step = strcmp(name, "STEP") == 0, is_floor = strcmp(name, "FLOOR") == 0,
       is_ceil = strncmp(name, "CEIL", 4) == 0;
  if (call->arg_count && name[0] && !name[1] && strchr("+-*/", name[0]))
    return monotonic_arithmetic(node, depth, call, found, m, err);
  if (strcmp(name, "INTERVAL_DIFFERENCE") == 0)
    return monotonic_difference(node, depth, call, found, m, err);
  bool is_cast = strcmp(name, "CAST") == 0 && wr_kind_is_timestamp(call->type->kind) &&
                 wr_kind_is_timestamp(call->args[0]->type->kind) &&
                 call->type->precision >= call->args[0]->type->precision;
  if (!is_step && !is_floor && !is_ceil && !is_cast && strcmp(name, "MONOTONIC") != 0)
    return WR_OK;
  enum wr_code code = monotonic_expression(node, depth, call->args[0], found, m, err);
  if (code || !*found)
    return code;
  if (is_step)
    return monotonic_step(call, found, m, err);
  return is_floor || is_ceil ? monotonic_round(call, is_ceil, found, m, err) : WR_OK;
}

/* Event time, or the start of windows that follow each other. */
static bool monotonic_is_time(const struct wr_column_role *role)
{
  return role->is_event_time ||
         (role->part == WR_PART_START && role->origin->window.kind == WR_WINDOW_TUMBLE);
}

static struct monotonic monotonic_time(const struct wr_logical *node, uint32_t column)
{
  const struct wr_column_role *role = &node->roles[column];
  int64_t tick_us = node->schema.fields[column].type->precision <= 3 ? WR_US_PER_MS : 1;
  return (struct monotonic){.node = node,
                            .column = column,
                            .tick_us = tick_us,
                            .size_us = tick_us,
                            .times = 1,
                            .by = 1,
                            .closed = true,
                            .origin = role->is_event_time ? NULL : role->origin};
}

/* A column that is no event time may be computed from it below. */
static enum wr_code monotonic_column(const struct wr_logical *node, uint32_t depth, uint32_t column,
                                     bool *found, struct monotonic *m, struct wr_error *err)
{
  for (; depth < MONOTONIC_STEPS_MAX; depth++, node = node->inputs[0]) {
    if (monotonic_is_time(&node->roles[column])) {
      *m = monotonic_time(node, column);
      *found = true;
      return WR_OK;
    }
    if (node->kind == WR_LOGICAL_PROJECT)
      return monotonic_expression(node->inputs[0], depth + 1, node->project.expressions[column],
                                  found, m, err);
    bool is_assign = node->kind == WR_LOGICAL_ASSIGN && column < node->schema.column_count - 3;
    if (node->kind != WR_LOGICAL_FILTER && node->kind != WR_LOGICAL_DISTINCT && !is_assign)
      return WR_OK;
  }
  return WR_OK;
}

static enum wr_code monotonic_expression(const struct wr_logical *node, uint32_t depth,
                                         const struct wr_expression *expression, bool *found,
                                         struct monotonic *m, struct wr_error *err)
{
  *found = false;
  if (expression->kind == WR_EXPRESSION_COLUMN)
    return expression->column < node->schema.column_count
               ? monotonic_column(node, depth, expression->column, found, m, err)
               : WR_OK;
  return expression->kind == WR_EXPRESSION_CALL
             ? monotonic_call(node, depth, expression, found, m, err)
             : WR_OK;
}

/* The column of a node that is the time: handed on unchanged, still event time. */
static bool monotonic_lift(const struct wr_logical *node, const struct monotonic *m,
                           uint32_t *column)
{
  for (uint32_t c = node->schema.column_count; c-- > 0;) { /* ROWTIME is the last */
    const struct wr_logical *at = node;
    uint32_t below = c;
    if (!node->roles[c].is_event_time)
      continue;
    while (at != m->node) {
      if (at->kind == WR_LOGICAL_PROJECT) {
        if (at->project.expressions[below]->kind != WR_EXPRESSION_COLUMN)
          break;
        below = at->project.expressions[below]->column;
      }
      at = at->inputs[0];
    }
    if (at == m->node && below == m->column) {
      *column = c;
      return true;
    }
  }
  return false;
}

enum wr_code wr_buckets_find(const struct wr_binder *binder, const struct wr_logical *node,
                             const struct wr_expression *expression, bool *found,
                             struct wr_buckets *out, struct wr_error *err)
{
  struct monotonic m;
  enum wr_code code = monotonic_expression(node, 0, expression, found, &m, err);
  if (code || !*found)
    return code;
  bool is_plain = m.moved_us == 0 && m.times == 1 && m.by == 1 && !m.up;
  *out = (struct wr_buckets){.closed = m.closed,
                             .is_time = is_plain && m.size_us == m.tick_us && !m.months,
                             .is_start = is_plain && !(m.months && m.offset_us),
                             .origin = m.origin,
                             .window = {.kind = WR_WINDOW_TUMBLE,
                                        .size_us = m.months ? m.months * MONTH_US : m.size_us,
                                        .offset_us = m.offset_us,
                                        .months = m.months,
                                        .tick_us = m.tick_us}};
  *found = m.origin || monotonic_lift(node, &m, &out->time_column);
  if (!*found || m.origin)
    return WR_OK;
  bool *used = WR_NEW_ARRAY(binder->arena, bool, node->schema.column_count);
  wr_expression_columns(expression, used);
  out->direct = used[out->time_column];
  if (m.size_us % m.tick_us || m.offset_us % m.tick_us)
    return wr_fail_at(err, WR_SEMANTIC, expression->span,
                      "pieces of a TIMESTAMP(3) are whole milliseconds long");
  return WR_OK;
}

uint32_t wr_window_end_column(const struct wr_logical *node, const struct wr_window_origin *origin)
{
  for (uint32_t c = node->schema.column_count; c-- > 0;)
    if (node->roles[c].part == WR_PART_END && node->roles[c].origin == origin)
      return c;
  return UINT32_MAX;
}

bool wr_means_rowtime(const struct wr_logical *node, uint32_t rowtime, uint32_t column)
{
  while (column != rowtime) {
    bool is_project = node->kind == WR_LOGICAL_PROJECT;
    if (strcmp(node->schema.fields[rowtime].name, WR_ROWTIME) != 0 ||
        (!is_project && node->kind != WR_LOGICAL_FILTER && node->kind != WR_LOGICAL_DISTINCT))
      return false;
    if (is_project) {
      const struct wr_expression *a = node->project.expressions[rowtime],
                                 *b = node->project.expressions[column];
      if (a->kind != WR_EXPRESSION_COLUMN || b->kind != WR_EXPRESSION_COLUMN)
        return false;
      rowtime = a->column;
      column = b->column;
    }
    node = node->inputs[0];
  }
  return strcmp(node->schema.fields[rowtime].name, WR_ROWTIME) == 0;
}
