/* SPDX-License-Identifier: Apache-2.0 */
/* What the logical node of a join says; part of planner/logical_node.h. */
#ifndef WEIR_PLANNER_LOGICAL_JOIN_H
#define WEIR_PLANNER_LOGICAL_JOIN_H

#include "core/error.h"
#include "functions/expression.h"
#include "operators/specs.h"

struct wr_table;
struct wr_window_origin;

/* Output: the columns of the left, then of the right; SEMI, ANTI: of the left. */
enum wr_join_way {
  WR_JOIN_OPEN,      /* not known yet, see wr_bind_filter */
  WR_JOIN_BY_WINDOW, /* rows of the same window, when it closes */
  WR_JOIN_REGULAR,   /* rows whenever they come */
  WR_JOIN_INTERVAL,  /* the same of streams that only give, by a range of times; not SEMI, ANTI */
  WR_JOIN_TEMPORAL   /* rows of the left beside versions of their time: planner/temporal.h */
};
struct wr_logical_join {
  enum wr_join_kind kind;
  enum wr_join_way way;
  const struct wr_window_origin *origins[2]; /* BY_WINDOW: windows alike: same kind, lengths,
                                                offset, zone; else NULL */
  uint32_t start_columns[2], end_columns[2];
  uint32_t time_columns[2]; /* INTERVAL: event time; left - right is low_us to high_us */
  int64_t low_us, high_us;
  bool by_clock; /* INTERVAL: they are PROCTIME(), of which the condition does not speak */
  bool by_range; /* INTERVAL: ROWTIME, of which it does not speak either; known while OPEN. What
                    comes out has a ROWTIME of its own: planner/stream_join.h */
  const struct wr_table *reference; /* OPEN: rows of the right are looked up in it: lookup.h */
  bool oldest;                      /* TEMPORAL: the first version of a key stands for ever */
  int64_t ttl_us[2];                /* REGULAR: of the rows of each side */
  const uint32_t *keys[2];          /* key_count each, types equal in pairs */
  uint32_t key_count;
  const struct wr_expression *condition; /* over the columns of both; NULL: none */
  struct wr_span span;                   /* of the words that join, in the text */
};

#endif
