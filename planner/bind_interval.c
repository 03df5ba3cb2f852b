/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INTERVAL literals: '5' SECOND, '1 02:03:04.5' DAY TO SECOND, '1-6' YEAR TO MONTH. The units from
 * the first to the last stand in the text in order, each behind its own separator; all but the
 * first have an upper bound.
 */
#include "planner/binder.h"

#include <assert.h>

#include "core/time.h"

#define INTERVAL_DIGITS_MAX 18 /* of one number: fits in 64 bits */

struct interval_unit {
  const char *name;
  bool is_months;
  int64_t size;   /* in months or microseconds */
  int64_t bound;  /* when it is not the first */
  char separator; /* before it when it is not the first */
};

static const struct interval_unit interval_units[] = {
    [WR_TREE_YEAR] = {"YEAR", true, 12, 0, 0},
    [WR_TREE_QUARTER] = {"QUARTER", true, 3, 0, 0},
    [WR_TREE_MONTH] = {"MONTH", true, 1, 12, '-'},
    [WR_TREE_WEEK] = {"WEEK", false, 7 * WR_US_PER_DAY, 0, 0},
    [WR_TREE_DAY] = {"DAY", false, WR_US_PER_DAY, 0, 0},
    [WR_TREE_HOUR] = {"HOUR", false, WR_US_PER_HOUR, 24, ' '},
    [WR_TREE_MINUTE] = {"MINUTE", false, WR_US_PER_MINUTE, 60, ':'},
    [WR_TREE_SECOND] = {"SECOND", false, WR_US_PER_SECOND, 60, ':'},
};

/* Digits at *text, at least one; moves *text behind them. */
static bool interval_number(const char **text, int64_t *number, uint32_t *digits)
{
  *number = 0;
  *digits = 0;
  for (; **text >= '0' && **text <= '9'; (*text)++) {
    if (++*digits > INTERVAL_DIGITS_MAX)
      return false;
    *number = *number * 10 + (**text - '0');
  }
  return *digits > 0;
}

/* ".5" behind the seconds, as microseconds; digits behind the sixth are cut. */
static bool interval_fraction(const char **text, int64_t *us)
{
  int64_t place = WR_US_PER_SECOND / 10;
  *us = 0;
  if (**text != '.')
    return true;
  (*text)++;
  if (**text < '0' || **text > '9')
    return false;
  for (; **text >= '0' && **text <= '9'; (*text)++, place /= 10)
    *us += place * (**text - '0');
  return true;
}

/* The next unit of those that may follow: YEAR TO MONTH skips QUARTER, days skip nothing. */
static enum wr_tree_unit interval_next(enum wr_tree_unit unit)
{
  return unit == WR_TREE_YEAR ? WR_TREE_MONTH : unit + 1;
}

static bool interval_parse(const struct wr_tree_literal *literal, int64_t *value)
{
  const char *text = literal->text;
  bool is_negative = literal->negative;
  while (*text == ' ')
    text++;
  if (*text == '-' || *text == '+')
    is_negative ^= *text++ == '-';
  int64_t sum = 0;
  for (enum wr_tree_unit unit = literal->interval.from;; unit = interval_next(unit)) {
    const struct interval_unit *row = &interval_units[unit];
    int64_t number, part, fraction = 0;
    uint32_t digits;
    bool is_first = unit == literal->interval.from;
    if (!is_first && *text++ != row->separator)
      return false;
    if (!interval_number(&text, &number, &digits) || (!is_first && number >= row->bound))
      return false;
    if (is_first && literal->interval.precision >= 0 &&
        digits > (uint32_t)literal->interval.precision)
      return false;
    if (unit == WR_TREE_SECOND && !interval_fraction(&text, &fraction))
      return false;
    if (__builtin_mul_overflow(number, row->size, &part) ||
        __builtin_add_overflow(sum, part, &sum) || __builtin_add_overflow(sum, fraction, &sum))
      return false;
    if (unit == literal->interval.to)
      break;
  }
  while (*text == ' ')
    text++;
  *value = is_negative ? -sum : sum;
  return *text == '\0';
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
      (is_range && !last->separator) ||
      (is_range && (interval->from == WR_TREE_QUARTER || interval->from == WR_TREE_WEEK)))
    return wr_fail_at(err, WR_SEMANTIC, interval->span, "an interval cannot go from %s to %s",
                      first->name, last->name);
  int64_t value;
  bool is_good = interval_parse(literal, &value);
  if (!is_good || (first->is_months && (value > INT32_MAX || value < -INT32_MAX))) {
    wr_fail_at(err, WR_SEMANTIC, span, "'%.60s' is not an interval of %s%s%s", literal->text,
               first->name, is_range ? " TO " : "", is_range ? last->name : "");
    return wr_hint(err, "it is written INTERVAL %s %s%s%s", interval_example(interval), first->name,
                   is_range ? " TO " : "", is_range ? last->name : "");
  }
  *out = wr_bind_i64(binding, first->is_months ? &wr_type_interval_month : &wr_type_interval_second,
                     value, span);
  return WR_OK;
}
