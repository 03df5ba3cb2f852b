/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OVER while a SELECT is bound. A call is noted in a list and stands as a column of its own kind in
 * the expressions around it (bind_over.c); once GROUP BY is done, nodes are made of the list and
 * the columns become theirs (over_nodes.c), QUALIFY above them.
 */
#ifndef WEIR_PLANNER_BIND_OVER_H
#define WEIR_PLANNER_BIND_OVER_H

#include "planner/binder.h"

/* In bound expressions call i of the list stands as column WR_OVER_COLUMN + i. */
#define WR_OVER_COLUMN (UINT32_C(1) << 30)

/* PARTITION BY, ORDER BY and a frame, over the rows of the SELECT. */
struct wr_over_window {
  const struct wr_expression **keys, **order;
  struct wr_sort_key *directions; /* per order expression; the columns are not known yet */
  uint32_t key_count, order_count;
  struct wr_over_frame frame;
  bool by_rowtime; /* kinesis, without ORDER BY: by the ROWTIME of the rows that the nodes get */
  struct wr_span span;
  struct wr_span zero_span; /* ROWS 0 PRECEDING; length 0: it does not say so */
};

struct wr_over_item {
  struct wr_over_call call;                      /* its columns are not known yet */
  const struct wr_expression *value, *otherwise; /* LAG, NTH_VALUE; LAG; else NULL */
  struct wr_over_window window;
};

struct wr_over_list {
  struct wr_over_item *items;
  uint32_t count, room;
};

/* Whether the frame matters to it; if not, it can be computed beside calls with any. */
static inline bool wr_over_has_frame(const struct wr_over_call *call)
{
  return call->function == WR_OVER_AGGREGATE || call->function == WR_OVER_NTH_VALUE ||
         call->in_frame;
}
bool wr_over_frames_equal(const struct wr_over_frame *a, const struct wr_over_frame *b);
/* Whether two windows have the same PARTITION BY and ORDER BY. */
bool wr_over_is_together(const struct wr_over_window *a, const struct wr_over_window *b);
/* "ROW_NUMBER", "SUM" */
const char *wr_over_name(const struct wr_over_call *call);

bool wr_is_over_function(const char *name); /* exists only with OVER, or also with it */
enum wr_code wr_bind_over(const struct wr_expression_context *context,
                          const struct wr_tree_expression *tree, const char *name,
                          const struct wr_expression **out, struct wr_error *err);
enum wr_code wr_bind_over_missing(const struct wr_tree_expression *tree, const char *name,
                                  struct wr_error *err);
/* The WINDOW clause, whether somebody uses it or not. */
enum wr_code wr_bind_windows(const struct wr_expression_context *context, struct wr_error *err);
/* Frames of wr_over_window, from the tree; bind_frame.c. order_count: of the window. */
enum wr_code wr_bind_frame(const struct wr_expression_context *context,
                           const struct wr_tree_window *window, uint32_t order_count,
                           struct wr_over_frame *frame, struct wr_error *err);

/* Whether an expression has a call of the list in it. */
bool wr_reads_over(const struct wr_expression *expression);
/* Adds what the calls and QUALIFY read to the selection's items, so that GROUP BY takes it in, and
 * takes it out again; `first`: how many items there were. */
void wr_over_list_items(struct wr_binder *binder, struct wr_selection *selection);
void wr_over_take_items(struct wr_binder *binder, struct wr_selection *selection, uint32_t first);
/* Puts the nodes and QUALIFY above selection->input and rewrites the items. */
enum wr_code wr_bind_overs(struct wr_binder *binder, struct wr_selection *selection,
                           struct wr_error *err);

/*
 * Refuses what has found no place: numbering by something else than time that no condition cuts
 * off. Only known once all statements are bound, since conditions may stand around a view.
 */
enum wr_code wr_check_over(struct wr_arena *arena, struct wr_logical *const *roots,
                           uint32_t root_count, struct wr_error *err);

#endif
