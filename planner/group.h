/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A GROUP BY while it is bound: what bind_group.c, bind_group_window.c and bind_group_output.c
 * share.
 */
#ifndef WEIR_PLANNER_GROUP_H
#define WEIR_PLANNER_GROUP_H

#include "planner/binder.h"
#include "planner/grouping.h"

struct wr_group_term {
  const struct wr_expression *expression; /* over the input */
  enum wr_window_part part;               /* NONE: a key */
  uint32_t column;                        /* in the output */
  const struct wr_expression *shown;      /* what it is over the output; NULL: its column */
};

/* TUMBLE(ts, size) among the terms: windows that the aggregate brings along. */
struct wr_group_window {
  const struct wr_tree_expression *tree; /* NULL: there is none */
  const char *function;                  /* "TUMBLE" */
  const struct wr_expression **args;     /* as they were bound */
  uint32_t arg_count;
};

/* An expression of ROWTIME among the terms: the same, in the kinesis dialect. */
struct wr_group_step {
  bool has;
  bool beside;           /* no term is the window: it is computed below, and a key as well */
  uint32_t time_column;  /* of the input */
  bool closed, is_start; /* as in struct wr_buckets */
};

struct wr_group {
  struct wr_grouping_terms base;
  struct wr_binder *binder;
  struct wr_selection *selection;
  struct wr_group_term *terms;
  uint32_t term_count, key_count;
  const struct wr_window_origin *origin; /* NULL: there is no window */
  bool is_continuous;                    /* their results change as rows come */
  bool ends;                             /* no window: the input has an end */
  uint32_t part_columns[WR_PART_COUNT];  /* of the input; UINT32_MAX: not grouped by */
  struct wr_group_window window;
  struct wr_group_step step;
  const struct wr_expression *rowtime; /* of the groups, over the output; NULL: they have none */
  struct wr_grouping grouping;         /* masks of terms; count 0: there is one set, of all */
  uint32_t *slots; /* per aggregate call: its number among those of the node; GROUPING: none */
};

/* With several grouping sets the output has their id behind the keys. */
static inline bool wr_group_is_expanded(const struct wr_group *group)
{
  return group->grouping.count > 1;
}

/* An expression over the input and the aggregate calls as one over the output. */
enum wr_code wr_group_rewrite(const struct wr_group *group, const struct wr_expression *expression,
                              const struct wr_expression **out, struct wr_error *err);

/* Puts a call into the list of a SELECT, unless it is there already; its number. */
uint32_t wr_aggregate_note(struct wr_arena *arena, struct wr_aggregate_list *list,
                           const struct wr_aggregate *aggregate, struct wr_span span);

/* ---- STEP, FLOOR and the like of ROWTIME in GROUP BY: bind_group_step.c */

/* Finds what ends the groups of a stream of the kinesis dialect, which must be there. */
enum wr_code wr_group_find_step(struct wr_group *group, struct wr_error *err);
/* Once the aggregate is made: what it stands for above it, and ROWTIME of the groups. */
enum wr_code wr_group_show_step(struct wr_group *group, struct wr_error *err);
/* Whether a column of the input is ROWTIME as it was written without the name of a relation: above
 * groups it is theirs. */
bool wr_group_is_rowtime(const struct wr_group *group, const struct wr_expression *column);

/* ---- TUMBLE, HOP, SESSION in GROUP BY: bind_group_window.c */

/* Whether a term of the clause is a call of one of them. */
bool wr_group_is_window(const struct wr_tree_expression *tree);
/* Takes such a term; *is_new false: it was there before. */
enum wr_code wr_group_add_window(struct wr_group *group, const struct wr_tree_expression *tree,
                                 bool *is_new, struct wr_error *err);
/* TUMBLE_START, HOP_ROWTIME ... in SELECT, HAVING and ORDER BY: noted as aggregates are. */
bool wr_is_window_property(const char *name);
enum wr_code wr_bind_window_property(const struct wr_expression_context *context,
                                     const struct wr_tree_expression *tree, const char *name,
                                     const struct wr_expression **out, struct wr_error *err);
/* Whether a noted call is TUMBLE_START or its like. */
bool wr_group_is_property(const struct wr_aggregate *call);
/* Holds all of them against the window of the clause. */
enum wr_code wr_group_check_properties(const struct wr_group *group, struct wr_error *err);
/* The column of the output that one stands for. */
uint32_t wr_group_property_column(const struct wr_group *group, const struct wr_aggregate *call);

/* ---- bind_stagger.c */

/* Reads WINDOWED BY STAGGER, instead of GROUP BY. */
enum wr_code wr_group_read_stagger(struct wr_group *group, struct wr_error *err);
/* ROWTIME of the results: when their windows close. */
void wr_group_stagger_rowtime(const struct wr_group *group);

#endif
