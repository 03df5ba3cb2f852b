/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The windows that a time column and the lengths behind it stand for, in FROM
 * (planner/bind_window.c) and in GROUP BY (planner/bind_group_window.c).
 */
#ifndef WEIR_PLANNER_WINDOW_LENGTHS_H
#define WEIR_PLANNER_WINDOW_LENGTHS_H

#include "planner/binder.h"

/* As they are written; NULL: not given. */
struct wr_window_lengths {
  enum wr_window_kind kind;
  const struct wr_tree_expression *size;   /* SESSION: the gap */
  const struct wr_tree_expression *slide;  /* HOP; CUMULATE: the step */
  const struct wr_tree_expression *offset; /* not of SESSION */
};

/* A constant INTERVAL of days to seconds; what: "size of a window", for messages. */
enum wr_code wr_window_interval(const struct wr_binder *binder,
                                const struct wr_tree_expression *tree, const char *what,
                                bool positive, int64_t *us, struct wr_error *err);
/* Fails unless a column of a node is a time of the stream: its event time, or PROCTIME(). span:
 * where it is written. */
enum wr_code wr_window_check_time(const struct wr_logical *input, uint32_t column,
                                  struct wr_span span, struct wr_error *err);
/* The hint about a column that is no time of the stream, nor of a window, any more since windows of
 * processing time stand below (struct wr_column_role, lost_to_clock). */
enum wr_code wr_hint_lost_to_clock(const char *column, struct wr_error *err);
/* Lengths and types of the windows over one of a type; by_clock: it is PROCTIME(). */
enum wr_code wr_window_origin(const struct wr_binder *binder, const struct wr_type *time,
                              bool by_clock, const struct wr_window_lengths *lengths,
                              const struct wr_window_origin **out, struct wr_error *err);
/* The same for windows that are known already: all but their tick and zone, which are put in. */
enum wr_code wr_window_origin_of(const struct wr_binder *binder, const struct wr_type *time,
                                 const struct wr_window *window,
                                 const struct wr_window_origin **out, struct wr_error *err);

#endif
