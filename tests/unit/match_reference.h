/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MATCH_RECOGNIZE the plain way, to hold the operator against: all rows of a partition in order,
 * and every start tried one after the other, each way through the pattern with the whole list of
 * which row went to which step. Results are lines of text.
 */
#ifndef WEIR_TESTS_UNIT_MATCH_REFERENCE_H
#define WEIR_TESTS_UNIT_MATCH_REFERENCE_H

#include "operators/specs_match.h"

/* Columns of the input. */
enum { ID, TS, K, V, NAME, B0, B1, COLUMNS };
enum { ROWS = 600, LINE = 160, STEPS_MAX = 4 };
#define MS INT64_C(1000)

struct match_row {
  int64_t id, time, arrived, k, v;
  uint32_t name; /* its number */
  bool null_v, b0, b1;
};

/* What the row must be to be a variable's; "self" is that variable. */
enum match_condition {
  ALWAYS,
  IS_B0, /* BOOLEAN columns */
  IS_B1,
  RISES,       /* LAST(self.v, 1) IS NULL OR self.v > LAST(self.v, 1) */
  SUM_SMALL,   /* SUM(self.v) < 30 */
  ABOVE_FIRST, /* self.v > FIRST(v0.v) */
  FEW,         /* COUNT(*) <= 6 */
  NAME_SMALL,  /* MAX(name) > self.name */
  CONDITIONS
};

struct match_pattern {
  enum match_condition conditions[STEPS_MAX]; /* per variable */
  uint32_t variable_count, step_count;
  struct wr_match_step steps[STEPS_MAX];
  enum wr_match_skip skip;
  uint32_t skip_variable;
  int64_t within_us;
  bool by_value; /* ORDER BY ts, v DESC */
};

struct match_line {
  char text[LINE];
};
struct match_outcome {
  struct match_line *lines;          /* given to free */
  uint32_t count, room, late, skips; /* skips: matches with nowhere to go on */
};

const char *match_name(const struct match_row *row, char out[48]);
/* ROWS rows, given to free. spread: how far they are out of order, in ms; delay: how far behind the
 * greatest time the watermark is. */
struct match_row *match_rows_make(uint64_t seed, uint32_t spread, int64_t delay);
/* A pattern at random. */
struct match_pattern match_pattern_make(uint64_t *seed);
void match_pattern_print(const struct match_pattern *pattern, char out[512]);
int match_line_compare(const void *a, const void *b);
void match_outcome_add(struct match_outcome *outcome, const char *text);
/* What is to come out, sorted: key, then FIRST(id), LAST(id), COUNT(id) and SUM(v) of each
 * variable, LAST(v0.name), FIRST(v1.v, 1), MAX(name). */
struct match_outcome match_expected(const struct match_row *rows,
                                    const struct match_pattern *pattern);

#endif
