/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner says to temporal_join, as operators/specs.h does to other operators. */
#ifndef WEIR_OPERATORS_SPECS_TEMPORAL_H
#define WEIR_OPERATORS_SPECS_TEMPORAL_H

#include "functions/expression.h"

/*
 * temporal_join: every row of the left with the version that its key had at its time. Rows of the
 * right are versions: each takes the place of the one before it of its key from its own time on,
 * and one that takes back ends it. (Of both halves of an update the first one is passed over.)
 * Rows of the left wait until the watermark has reached their time; NULL equals nothing. Output
 * schema: the columns of the left, then of the right; outer: where there is no version, or none
 * that the condition lets through, those of the right are NULL, else the row does not come out.
 */
struct wr_temporal_side {
  const struct wr_schema *schema;
  const uint32_t *keys; /* key_count; of the same types on both sides */
  uint32_t time_column;
  const uint64_t *column_ids; /* as in struct wr_over_spec */
};
struct wr_temporal_join_spec {
  const struct wr_schema *schema;   /* of the output */
  struct wr_temporal_side sides[2]; /* left, versions: inputs 0 and 1 */
  uint32_t key_count;
  bool outer;
  bool changes;                          /* rows of the left may take back */
  bool oldest;                           /* the first version of a key stands for ever */
  const struct wr_schema *pair_schema;   /* columns of the left, then of the right */
  const bool *used;                      /* per column of a pair: somebody reads it */
  const struct wr_expression *condition; /* over a pair: what must be TRUE beside the equal keys;
                                            NULL: nothing */
};

extern const struct wr_operator_class wr_operator_class_temporal_join;

#endif
