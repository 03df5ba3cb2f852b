/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table rows of aggregates, and what their files share. A file of aggregates_table ends with
 * `const struct wr_aggregate_function wr_aggregates_<file>[]`.
 */
#ifndef WEIR_FUNCTIONS_AGGREGATE_TABLE_H
#define WEIR_FUNCTIONS_AGGREGATE_TABLE_H

#include "functions/aggregate.h"
#include "functions/function.h"

/* One call while it is being bound. */
struct wr_aggregate_site {
  const struct wr_binding *binding;
  const struct wr_aggregate_function *function;
  const struct wr_aggregate_call *call;
  /* Those of the call, to be replaced by casts; the first arg_count are evaluated per row: bind
   * lowers it where the rest are constants that went into prepared. */
  const struct wr_expression **args;
  uint32_t arg_count;
  struct wr_aggregate *out; /* type, code, prepared and words are to be filled in */
};

enum wr_aggregate_trait {
  WR_TAKES_NULLS_CLAUSE = 1, /* RESPECT NULLS, IGNORE NULLS */
  WR_TAKES_JSON_CLAUSE = 2,  /* NULL ON NULL, ABSENT ON NULL */
  WR_REFUSES_DISTINCT = 4,
  WR_TAKES_ROW = 8 /* arguments of type ROW */
};

struct wr_aggregate_function {
  const char *name;  /* upper case */
  const char *usage; /* how it is written: "SUM(number)" */
  const char *help;  /* one sentence */
  /* SQL over rows: the example is `SELECT <call> FROM (VALUES <rows>) AS t (<columns>)`. */
  const char *example; /* "SUM(x)" */
  const char *over;    /* "(1), (2), (3)": rows of the columns x, y, z */
  const char *result;  /* what that gives, cast to STRING; NULL: is NULL */
  uint8_t least, most; /* number of arguments */
  enum wr_code (*bind)(struct wr_aggregate_site *site, struct wr_error *err);
  unsigned traits; /* of enum wr_aggregate_trait */
};

/* All rows in order: index from 0 until NULL comes back. */
const struct wr_aggregate_function *wr_aggregate_at(uint32_t index);

/* "there is no SUM of STRING", at argument i, with the usage as the hint. */
enum wr_code wr_aggregate_no_match(const struct wr_aggregate_site *site, uint32_t i,
                                   struct wr_error *err);
/* Casts argument i. */
enum wr_code wr_aggregate_cast(struct wr_aggregate_site *site, uint32_t i,
                               const struct wr_type *type, struct wr_error *err);
/* Fails if argument i is not a constant: "the separator of LISTAGG must be a constant". */
enum wr_code wr_aggregate_constant(const struct wr_aggregate_site *site, uint32_t i,
                                   const char *what, struct wr_error *err);

/* for every row whose first argument is not NULL: `row` is its place in the column, `i` its place
 * among the entries. */
#define WR_EACH_ENTRY(in, i, row)                                                 \
  for (uint32_t i = 0, row = 0, mask_ = (in)->args[0]->constant ? 0 : UINT32_MAX; \
       i < (in)->row_count; i++)                                                  \
    if (row = (in)->rows[i] & mask_, !(in)->args[0]->valid || wr_bit_get((in)->args[0]->valid, row))

#endif
