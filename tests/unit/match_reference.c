/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/match_reference.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/random.h"

/* ---- rows and patterns */

const char *match_name(const struct match_row *row, char out[48])
{
  static const char *const names[] = {"",
                                      "ab",
                                      "twelve bytes",
                                      "a name that is too long to lie inside",
                                      "zz",
                                      "another name of thirty bytes or so"};
  snprintf(out, 48, "%s", names[row->name % 6]);
  return out;
}

struct match_row *match_rows_make(uint64_t seed, uint32_t spread, int64_t delay)
{
  struct match_row *rows = wr_memory_get_zero(ROWS * sizeof *rows);
  int64_t greatest = WR_TIME_NONE;
  for (uint32_t i = 0; i < ROWS; i++) {
    struct match_row *row = &rows[i];
    int64_t back = spread == 0                   ? 0
                   : random_next(&seed) % 8 == 0 ? random_next(&seed) % (3 * spread)
                                                 : random_next(&seed) % spread;
    row->id = i;
    row->time = ((int64_t)i / 2 - 100 - back) * MS;
    row->arrived = greatest == WR_TIME_NONE ? WR_TIME_NONE : greatest - delay * MS;
    greatest = row->time > greatest ? row->time : greatest;
    row->k = random_next(&seed) % 4;
    row->v = (int64_t)(random_next(&seed) % 16) - 2;
    row->null_v = random_next(&seed) % 11 == 0;
    row->name = random_next(&seed) % 6;
    row->b0 = random_next(&seed) % 3 != 0;
    row->b1 = random_next(&seed) % 2 != 0;
  }
  return rows;
}

static const struct {
  const char *name;
  uint32_t least, most;
} quantifiers[] = {{"", 1, 1},
                   {"?", 0, 1},
                   {"+", 1, UINT32_MAX},
                   {"*", 0, UINT32_MAX},
                   {"{2,}", 2, UINT32_MAX},
                   {"{2}", 2, 2},
                   {"{1,3}", 1, 3},
                   {"{0,2}", 0, 2}};

struct match_pattern match_pattern_make(uint64_t *seed)
{
  struct match_pattern pattern = {0};
  pattern.step_count = 1 + random_next(seed) % STEPS_MAX;
  pattern.variable_count = pattern.step_count;
  bool takes = false;
  for (uint32_t s = 0; s < pattern.step_count; s++) {
    bool last = s + 1 == pattern.step_count;
    uint32_t q = random_next(seed) % 3 == 0 ? 0 : random_next(seed) % 8;
    struct wr_match_step *step = &pattern.steps[s];
    if (last && !takes)
      q = random_next(seed) % 2 ? 0 : 2;
    *step = (struct wr_match_step){.variable = s,
                                   .least = quantifiers[q].least,
                                   .most = quantifiers[q].most,
                                   .reluctant = q > 1 && random_next(seed) % 3 == 0};
    if (last && q > 1 && q != 5)
      step->reluctant = true;
    takes |= step->least > 0;
    pattern.conditions[s] = random_next(seed) % CONDITIONS;
  }
  if (pattern.step_count > 2 && random_next(seed) % 6 == 0) /* one that stands twice */
    pattern.steps[2].variable = 0;
  pattern.skip = random_next(seed) % 4;
  pattern.skip_variable = random_next(seed) % pattern.variable_count;
  pattern.within_us = random_next(seed) % 3 == 0 ? (int64_t)(1 + random_next(seed) % 30) * MS : 0;
  pattern.by_value = random_next(seed) % 3 == 0;
  return pattern;
}

void match_pattern_print(const struct match_pattern *pattern, char out[512])
{
  static const char *const skips[] = {"PAST LAST ROW", "TO NEXT ROW", "TO FIRST", "TO LAST"};
  int at = 0;
  for (uint32_t s = 0; s < pattern->step_count; s++) {
    const struct wr_match_step *step = &pattern->steps[s];
    at += snprintf(out + at, 512 - (size_t)at, "v%u(%d){%u,%d}%s ", step->variable,
                   (int)pattern->conditions[step->variable], step->least, (int)step->most,
                   step->reluctant ? "?" : "");
  }
  snprintf(out + at, 512 - (size_t)at, "SKIP %s v%u WITHIN %lld us%s", skips[pattern->skip],
           pattern->skip_variable, (long long)pattern->within_us,
           pattern->by_value ? ", by value" : "");
}

/* ---- outcomes */

int match_line_compare(const void *a, const void *b)
{
  return strcmp(((const struct match_line *)a)->text, ((const struct match_line *)b)->text);
}

void match_outcome_add(struct match_outcome *outcome, const char *text)
{
  if (outcome->count == outcome->room) {
    outcome->room = outcome->room ? 2 * outcome->room : 64;
    outcome->lines = wr_memory_resize(outcome->lines, outcome->room * sizeof *outcome->lines);
  }
  snprintf(outcome->lines[outcome->count++].text, LINE, "%s", text);
}

/* ---- one way through the pattern */

struct path {
  uint8_t steps[ROWS]; /* of each of its rows */
  uint32_t count;
  uint32_t step, taken; /* the last row is the taken-th of that step; 0: no row yet */
};

struct reference {
  const struct match_pattern *pattern;
  const struct match_row *const *rows; /* of the partition, in order */
  uint32_t row_count;
  struct match_outcome *outcome;
};

/* Rows of a variable (-1: of all) on a path that begins with row `begin`, and the row at hand. */
static uint32_t rows_of(const struct reference *self, const struct path *path, uint32_t begin,
                        int variable, const struct match_row *hand, int hand_variable,
                        const struct match_row **out)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < path->count; i++)
    if (variable < 0 || self->pattern->steps[path->steps[i]].variable == (uint32_t)variable)
      out[count++] = self->rows[begin + i];
  if (hand && (variable < 0 || variable == hand_variable))
    out[count++] = hand;
  return count;
}

static bool holds(const struct reference *self, const struct path *path, uint32_t begin,
                  uint32_t variable, const struct match_row *hand)
{
  const struct match_row *own[ROWS], *other[ROWS];
  uint32_t count = rows_of(self, path, begin, (int)variable, hand, (int)variable, own), others;
  char a[48], b[48];
  int64_t sum = 0;
  bool any = false;
  switch (self->pattern->conditions[variable]) {
  case IS_B0: return hand->b0;
  case IS_B1: return hand->b1;
  case RISES:
    return count < 2 || own[count - 2]->null_v || (!hand->null_v && hand->v > own[count - 2]->v);
  case SUM_SMALL:
    for (uint32_t i = 0; i < count; i++) {
      sum += own[i]->null_v ? 0 : own[i]->v;
      any |= !own[i]->null_v;
    }
    return any && sum < 30;
  case ABOVE_FIRST:
    others = rows_of(self, path, begin, 0, hand, (int)variable, other);
    return others && !other[0]->null_v && !hand->null_v && hand->v > other[0]->v;
  case FEW: return rows_of(self, path, begin, -1, hand, (int)variable, other) <= 6;
  case NAME_SMALL:
    others = rows_of(self, path, begin, -1, hand, (int)variable, other);
    for (uint32_t i = 0; i < others; i++)
      any |= strcmp(match_name(other[i], a), match_name(hand, b)) > 0;
    return any;
  default: return true;
  }
}

static bool is_greedy(const struct wr_match_step *step)
{
  return !step->reluctant && step->least != step->most && step->most != 1;
}

/* If the row may pass on to a step: it must not be one of the step before, if that is greedy. */
static bool may_enter(const struct reference *self, const struct path *path, uint32_t begin,
                      uint32_t to, const struct match_row *hand)
{
  const struct wr_match_step *steps = self->pattern->steps;
  return to == 0 || !is_greedy(&steps[to - 1]) ||
         !holds(self, path, begin, steps[to - 1].variable, hand);
}

/* All that may become of a path with a row. Returns how many; *complete: which is a match. */
static uint32_t extend(const struct reference *self, const struct path *path, uint32_t begin,
                       const struct match_row *hand, struct path *out, int *complete)
{
  const struct match_pattern *pattern = self->pattern;
  uint32_t count = 0, first = path->count ? path->step : 0;
  for (uint32_t s = first; s < pattern->step_count; s++) {
    const struct wr_match_step *step = &pattern->steps[s];
    bool here = path->count && s == path->step;
    uint32_t taken = here ? path->taken : 0;
    if (!here && !may_enter(self, path, begin, s, hand))
      break;
    if (taken < step->most && holds(self, path, begin, step->variable, hand)) {
      struct path *next = &out[count++];
      *next = *path;
      next->steps[next->count++] = (uint8_t)s;
      next->step = s;
      next->taken = taken + 1;
      bool ends = next->taken >= step->least;
      for (uint32_t t = s + 1; ends && t < pattern->step_count; t++)
        ends = pattern->steps[t].least == 0 && may_enter(self, path, begin, t, hand);
      if (ends && *complete < 0)
        *complete = (int)count - 1;
    }
    if (taken < step->least)
      break;
  }
  return count;
}

/* ---- matches */

static void put_value(char *line, size_t *at, bool null, int64_t value)
{
  *at += (size_t)(null ? snprintf(line + *at, LINE - *at, " -")
                       : snprintf(line + *at, LINE - *at, " %lld", (long long)value));
}

static void tell(const struct reference *self, const struct path *path, uint32_t begin)
{
  const struct match_row *rows[ROWS];
  char line[LINE], name[48], best[48] = "";
  size_t at = 0;
  put_value(line, &at, false, self->rows[begin]->k);
  put_value(line, &at, false, self->rows[begin]->id);
  put_value(line, &at, false, self->rows[begin + path->count - 1]->id);
  for (uint32_t v = 0; v < self->pattern->variable_count; v++) {
    uint32_t count = rows_of(self, path, begin, (int)v, NULL, 0, rows);
    int64_t sum = 0;
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
      sum += rows[i]->null_v ? 0 : rows[i]->v;
      any |= !rows[i]->null_v;
    }
    put_value(line, &at, false, count);
    put_value(line, &at, !any, sum);
  }
  uint32_t count = rows_of(self, path, begin, 0, NULL, 0, rows);
  at += (size_t)snprintf(line + at, LINE - at, " %s",
                         count ? match_name(rows[count - 1], name) : "-");
  count = rows_of(self, path, begin, self->pattern->variable_count > 1, NULL, 0, rows);
  put_value(line, &at, count < 2 || rows[1]->null_v, count < 2 ? 0 : rows[1]->v);
  count = rows_of(self, path, begin, -1, NULL, 0, rows);
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(match_name(rows[i], name), best) > 0)
      snprintf(best, sizeof best, "%s", name);
  snprintf(line + at, LINE - at, " %s", best);
  match_outcome_add(self->outcome, line);
}

static uint32_t skip(const struct reference *self, const struct path *path, uint32_t begin)
{
  const struct match_pattern *pattern = self->pattern;
  uint32_t row = UINT32_MAX;
  if (pattern->skip == WR_MATCH_PAST_LAST_ROW)
    return begin + path->count;
  if (pattern->skip == WR_MATCH_TO_NEXT_ROW)
    return begin + 1;
  for (uint32_t i = 0; i < path->count; i++)
    if (pattern->steps[path->steps[i]].variable == pattern->skip_variable &&
        (row == UINT32_MAX || pattern->skip == WR_MATCH_TO_LAST))
      row = begin + i;
  if (row != UINT32_MAX && row > begin)
    return row;
  self->outcome->skips++;
  return begin + 1;
}

static void match_partition(const struct reference *self)
{
  enum { PATHS_MAX = 4096 };
  struct path *paths = wr_memory_get(PATHS_MAX * sizeof *paths),
              *next = wr_memory_get(PATHS_MAX * sizeof *next);
  for (uint32_t begin = 0, after; begin < self->row_count; begin = after) {
    uint32_t count = 1, at = begin;
    paths[0] = (struct path){.count = 0};
    after = begin + 1;
    int complete = -1;
    for (; at < self->row_count && count > 0 && complete < 0; at++) {
      int64_t within_us = self->pattern->within_us;
      if (within_us && self->rows[at]->time - self->rows[begin]->time >= within_us)
        break;
      uint32_t next_count = 0;
      for (uint32_t p = 0; p < count && complete < 0; p++) {
        int one = -1;
        uint32_t more = extend(self, &paths[p], begin, self->rows[at], next + next_count, &one);
        if (one >= 0)
          complete = (int)next_count + one;
        next_count += more;
        if (next_count > PATHS_MAX - STEPS_MAX)
          abort();
      }
      struct path *swap = paths;
      paths = next;
      next = swap;
      count = next_count;
    }
    if (complete >= 0) {
      tell(self, &paths[complete], begin);
      after = skip(self, &paths[complete], begin);
    } else if (count > 0 && at == self->row_count && self->pattern->within_us == 0) {
      break; /* it may still come */
    }
  }
  free(paths);
  free(next);
}

static bool row_before(const struct match_pattern *pattern, const struct match_row *a,
                       const struct match_row *b)
{
  if (a->time != b->time)
    return a->time < b->time;
  if (pattern->by_value && a->null_v != b->null_v)
    return b->null_v;
  if (pattern->by_value && !a->null_v && a->v != b->v)
    return a->v > b->v;
  return a->id < b->id;
}

struct match_outcome match_expected(const struct match_row *rows,
                                    const struct match_pattern *pattern)
{
  struct match_outcome outcome = {0};
  for (int64_t k = 0; k < 4; k++) {
    const struct match_row *some[ROWS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
      if (rows[i].k != k)
        continue;
      if (rows[i].time <= rows[i].arrived)
        outcome.late++;
      else
        some[count++] = &rows[i];
      for (uint32_t at = count; at-- > 1 && row_before(pattern, some[at], some[at - 1]);) {
        const struct match_row *swap = some[at];
        some[at] = some[at - 1];
        some[at - 1] = swap;
      }
    }
    const struct reference reference = {
        .pattern = pattern, .rows = some, .row_count = count, .outcome = &outcome};
    match_partition(&reference);
  }
  if (outcome.count)
    qsort(outcome.lines, outcome.count, sizeof *outcome.lines, match_line_compare);
  return outcome;
}
