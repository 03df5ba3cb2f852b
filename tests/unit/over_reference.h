/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OVER the plain way, to hold the operator against: one row at a time. The watermark moves to what
 * was known before the row, rows go, the row is judged; and every result looks at all earlier rows
 * of its partition. Results are lines of text.
 */
#ifndef WEIR_TESTS_UNIT_OVER_REFERENCE_H
#define WEIR_TESTS_UNIT_OVER_REFERENCE_H

#include "operators/specs.h"

/* Columns of the input. */
enum { ID, TS, K, V, NAME, FLAG, PAIR, LIST, COLUMNS };
enum { ROWS = 3000, LINE = 400 };
#define MS INT64_C(1000)

extern const struct wr_schema over_schema;

struct over_row {
  int64_t id, time, arrived, k, v;
  uint32_t name; /* its number */
  bool null_k, null_v, null_name, flag, null_flag;
};

struct over_line {
  char text[LINE];
  size_t length;
};

void over_line_add(struct over_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A value, with a space before it. */
void over_line_column(struct over_line *line, const struct wr_column *column, uint32_t row);
int over_line_compare(const void *a, const void *b);

struct over_call {
  const char *name; /* of an aggregate */
  enum wr_over_function function;
  uint32_t column; /* COLUMNS: none */
  bool filter, distinct;
  int64_t offset;
  uint32_t default_column;
  bool ignore_nulls, from_last, in_frame;
  /* The result for a row, rows[at]. An aggregate, NTH_VALUE, in_frame: rows are those of its frame,
   * `count` of them; else rows[0] is the first of its partition. */
  void (*expect)(struct over_line *line, const struct over_row *const *rows, uint32_t count,
                 int64_t at, const struct over_call *call);
};

/* Calls that share a frame; each list ends with one without `expect`. */
enum { OVER_FRAMED, OVER_EXACT, OVER_TEXTS, OVER_ROWS, OVER_NTH, OVER_OWN, OVER_BACK, OVER_SETS };
struct over_call_set {
  const char *name;
  const struct over_call *calls;
};
extern const struct over_call_set over_call_sets[OVER_SETS];

/* Name of a row; the bytes of its list and pair follow from its id. */
const char *over_name(const struct over_row *row, char out[64]);
/* ROWS rows, given to free. spread: how far they are out of order, in ms; delay: how far behind the
 * greatest time the watermark is. Some keys fall silent for long. */
struct over_row *over_rows_make(uint64_t seed, uint32_t spread, int64_t delay);

struct over_outcome {
  struct over_line *lines; /* given to free */
  uint32_t count, late;
};

struct over_outcome over_outcome_new(void);
/* What is to come out, sorted. */
struct over_outcome over_expected(const struct over_row *rows, const struct over_call *calls,
                                  const struct wr_over_frame *frame);

#endif
