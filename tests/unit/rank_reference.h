/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranking the plain way, to hold the operator against: the number of a row is worked out from all
 * others that are there. Rows have many equal values in columns of every kind; what is left at the
 * end is told by the rows' ids.
 */
#ifndef WEIR_TESTS_UNIT_RANK_REFERENCE_H
#define WEIR_TESTS_UNIT_RANK_REFERENCE_H

#include "core/time.h"
#include "operators/specs.h"

enum { START, END, K, NAME, O, T, D, F, ID, COLUMNS };
enum { ROWS = 1500, RESULTS_MAX = 200000 };
#define MS INT64_C(1000)

extern const struct wr_schema rank_input_schema, rank_ranked_schema;

struct row {
  int64_t start, end, arrived, k, o, id;
  bool null_k, null_o, null_window;
  bool back; /* it takes back one that is equal */
  uint32_t name, t;
  wr_i128 d;
  double f;
};

struct result {
  int64_t id, rank;
};
struct outcome {
  struct result *results;
  uint32_t count;
};

/* What is asked for. */
struct question {
  const char *name;
  struct wr_sort_key order[2];
  uint32_t order_count;
  uint32_t keys[2], key_count;
  uint64_t first, last;
  bool newest_first, with_rank;
  enum wr_rank_number number;
  bool no_nulls, changes;
};

/* A text for a number; returns its length. */
uint32_t rank_name_make(uint32_t number, char *out);
/* ROWS of them. */
struct row *rank_rows_make(uint64_t seed);

int rank_result_compare(const void *a, const void *b);
void rank_outcome_sort(struct outcome *outcome);
bool rank_outcome_is(struct outcome *got, const struct outcome *wanted);

bool rank_is_late(const struct row *row, int64_t ahead_us);
/* What is left of the first `count` rows, sorted. */
struct outcome rank_expected(const struct row *rows, uint32_t count,
                             const struct question *question, bool windows, int64_t ahead_us);

#endif
