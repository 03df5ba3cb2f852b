/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INTERVAL literals: '5' SECOND, '1 02:03:04.5' DAY TO SECOND, '1-6' YEAR TO MONTH. The text itself
 * is read by text/; here are the units of the grammar, of which it knows fewer.
 */
#include "planner/binder.h"

#include <string.h>

#include "functions/interval.h"
#include "text/datetime.h"

struct interval_unit {
  const char *name;
  bool is_months;
  bool may_follow; /* as the last unit of a range */
  enum wr_interval_field field;
  int64_t times; /* how many of that field one unit is */
};

static const struct interval_unit interval_units[] = {
    [WR_TREE_YEAR] = {"YEAR", true, false, WR_FIELD_YEAR, 1},
    [WR_TREE_QUARTER] = {"QUARTER", true, false, WR_FIELD_MONTH, 3},
    [WR_TREE_MONTH] = {"MONTH", true, true, WR_FIELD_MONTH, 1},
    [WR_TREE_WEEK] = {"WEEK", false, false, WR_FIELD_DAY, 7},
    [WR_TREE_DAY] = {"DAY", false, false, WR_FIELD_DAY, 1},
    [WR_TREE_HOUR] = {"HOUR", false, true, WR_FIELD_HOUR, 1},
    [WR_TREE_MINUTE] = {"MINUTE", false, true, WR_FIELD_MINUTE, 1},
    [WR_TREE_SECOND] = {"SECOND", false, true, WR_FIELD_SECOND, 1},
};

/* Months or microseconds; blanks may stand around the text. */
static bool interval_parse(const struct wr_tree_literal *literal, int64_t *value)
{
  const struct wr_tree_interval *interval = &literal->interval;
  const struct interval_unit *first = &interval_units[interval->from];
  const char *text = literal->text + strspn(literal->text, " ");
  size_t length = strlen(text);
  while (length > 0 && text[length - 1] == ' ')
    length--;
  size_t digits = strspn(text + strspn(text, "+-"), "0123456789");
  if (interval->precision >= 0 && digits > (size_t)interval->precision)
    return false;
  if (!wr_parse_interval(text, length, first->field, interval_units[interval->to].field, value) ||
      __builtin_mul_overflow(*value, first->times, value))
    return false;
  return !literal->negative || !__builtin_sub_overflow(0, *value, value);
}

/* How a literal of these units is written, for the hint. */
static const char *interval_example(const struct wr_tree_interval *interval)
{
  static const char *const examples[][WR_TREE_SECOND + 1] = {
      [WR_TREE_YEAR] = {[WR_TREE_MONTH] = "'1-6'"},
      [WR_TREE_DAY] = {[WR_TREE_HOUR] = "'1 02'",
                       [WR_TREE_MINUTE] = "'1 02:30'",
                       [WR_TREE_SECOND] = "'1 02:30:00.5'"},
      [WR_TREE_HOUR] = {[WR_TREE_MINUTE] = "'2:30'", [WR_TREE_SECOND] = "'2:30:00.5'"},
      [WR_TREE_MINUTE] = {[WR_TREE_SECOND] = "'30:00.5'"},
      [WR_TREE_SECOND] = {[WR_TREE_SECOND] = "'0.5'"},
  };
  const char *example = examples[interval->from][interval->to];
  return example ? example : "'10'";
}

enum wr_code wr_bind_interval(const struct wr_binding *binding,
                              const struct wr_tree_literal *literal, struct wr_span span,
                              const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_tree_interval *interval = &literal->interval;
  const struct interval_unit *first = &interval_units[interval->from],
                             *last = &interval_units[interval->to];
  bool is_range = interval->from != interval->to;
  if (first->is_months != last->is_months || interval->from > interval->to ||
      (is_range && !last->may_follow) ||
      (is_range && (interval->from == WR_TREE_QUARTER || interval->from == WR_TREE_WEEK)))
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_DATETIME, interval->span,
                         "an interval cannot go from %s to %s", first->name, last->name);
  int64_t value;
  bool is_good = interval_parse(literal, &value);
  if (!is_good || (first->is_months && (value > INT32_MAX || value < -INT32_MAX))) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_DATETIME, span,
                  "'%.60s' is not an interval of %s%s%s", literal->text, first->name,
                  is_range ? " TO " : "", is_range ? last->name : "");
    return wr_hint(err, "it is written INTERVAL %s %s%s%s", interval_example(interval), first->name,
                   is_range ? " TO " : "", is_range ? last->name : "");
  }
  *out = wr_bind_i64(binding, wr_interval_type(binding->arena, first->field, last->field), value,
                     span);
  return WR_OK;
}
