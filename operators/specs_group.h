/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner says to group, as operators/specs.h does to the others. */
#ifndef WEIR_OPERATORS_SPECS_GROUP_H
#define WEIR_OPERATORS_SPECS_GROUP_H

#include <stdbool.h>
#include <stdint.h>

struct wr_window_aggregate_spec;

/*
 * group: aggregates per key without a window. Output schema: keys, aggregates. After every batch
 * each group that it has touched is compared with what it was: +I when it is new, -U and +U when
 * its result has changed, -D when its last row was taken back, nothing if the result is the same.
 * Rows of groups that are not there cannot be taken back, and are passed over.
 */
struct wr_group_spec {
  /* window: ALL. No emission of its own. empty_sets: if no group is there when the input ends,
   * these are. */
  const struct wr_window_aggregate_spec *base;
  bool changes; /* the input takes rows back: groups count theirs; every aggregate can retract */
  bool at_end;  /* each group gives one row, when the input ends */
  /* A group to which no row has come for so long, by the clock, is gone without a word: the next
   * one begins it anew. Then a result is told again although it is the same, so that those below
   * do not forget it. 0: groups stay for ever. Not at_end. */
  int64_t ttl_us;
};

#endif
