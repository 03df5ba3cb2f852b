/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table functions over rows of a query: TABLE(F(CURSOR(SELECT STREAM ...), 100, 'asc')). Which
 * there are stands in the table of bind_cursor.c; each has a function of its own, which makes its
 * nodes above those of the query and takes its other arguments, all constant, by the calls below.
 *
 * What such a function gives has ROWTIME as the last column if the query's rows have it.
 */
#ifndef WEIR_PLANNER_BIND_CURSOR_H
#define WEIR_PLANNER_BIND_CURSOR_H

#include "planner/binder.h"

struct wr_cursor_call;

/* A row of the table. The query is argument 0 and always there. */
struct wr_cursor_function {
  const char *name;
  uint32_t least, most; /* arguments, the query among them */
  const char *usage;    /* for hints: "F(CURSOR(SELECT STREAM ...), n [, m])" */
  enum wr_code (*bind)(struct wr_binder *binder, const struct wr_cursor_call *call,
                       struct wr_logical **out, struct wr_error *err);
};

/* A call whose query is bound. */
struct wr_cursor_call {
  const struct wr_cursor_function *function;
  const struct wr_tree_expression *tree; /* the call, a WR_TREE_CALL */
  struct wr_span span;                   /* of the function's name */
  struct wr_logical *input;              /* rows of the query */
  uint32_t visible;                      /* its columns without ROWTIME, which is the last */
  uint32_t time_column;                  /* of the input: ROWTIME; else its only event time;
                                            UINT32_MAX: there is none */
};

/* Whether a name is one of the table, in any case of letters. */
const struct wr_cursor_function *wr_cursor_find(const char *name);
/* Whether the first argument of a call is CURSOR(...). */
bool wr_cursor_is_given(const struct wr_tree_expression *tree);
/* TABLE(F(CURSOR(query), ...)) in FROM; tree: the call. function NULL: none has its name. */
enum wr_code wr_bind_cursor(struct wr_binder *binder, const struct wr_cursor_function *function,
                            const struct wr_tree_expression *tree, struct wr_logical **out,
                            struct wr_error *err);

/* ---- for the functions: arguments, from 1 on; one that is not there leaves *out as it is */

/* `what` in messages is what the argument says: "the number of trees". */
enum wr_code wr_cursor_integer(const struct wr_binder *binder, const struct wr_cursor_call *call,
                               uint32_t argument, const char *what, int64_t least, int64_t most,
                               int64_t *out, struct wr_error *err);
/* A number above 0, of any type. */
enum wr_code wr_cursor_number(const struct wr_binder *binder, const struct wr_cursor_call *call,
                              uint32_t argument, const char *what, double *out,
                              struct wr_error *err);
enum wr_code wr_cursor_boolean(const struct wr_binder *binder, const struct wr_cursor_call *call,
                               uint32_t argument, const char *what, bool *out,
                               struct wr_error *err);
/* A text, ended by 0. */
enum wr_code wr_cursor_text(const struct wr_binder *binder, const struct wr_cursor_call *call,
                            uint32_t argument, const char *what, const char **out,
                            struct wr_error *err);
/* One of two words, in any case of letters: *out is whether it is the second. */
enum wr_code wr_cursor_choice(const struct wr_binder *binder, const struct wr_cursor_call *call,
                              uint32_t argument, const char *what, const char *first,
                              const char *second, bool *out, struct wr_error *err);
/* The name of a visible column of the query, as a text: exactly so, or else the only one that
 * differs by the case of letters alone. */
enum wr_code wr_cursor_column(const struct wr_binder *binder, const struct wr_cursor_call *call,
                              uint32_t argument, const char *what, uint32_t *out,
                              struct wr_error *err);
/* Where argument i is written; where the function is, if it is not there. */
struct wr_span wr_cursor_span(const struct wr_cursor_call *call, uint32_t argument);

/* Fails unless the rows of the query have a time by which they can be put in order. */
enum wr_code wr_cursor_check_time(const struct wr_cursor_call *call, struct wr_error *err);
/* Fails if the rows of the query change, or its column names hide the one that is added. */
enum wr_code wr_cursor_check_rows(const struct wr_cursor_call *call, struct wr_error *err);
enum wr_code wr_cursor_check_name(const struct wr_cursor_call *call, const char *added,
                                  struct wr_error *err);
/* The node with the columns of the query first, then those that `node` has behind its input's, then
 * ROWTIME: for nodes that add columns behind those of call->input. */
struct wr_logical *wr_cursor_output(const struct wr_binder *binder,
                                    const struct wr_cursor_call *call, struct wr_logical *node);

/* ---- bind_group_rank.c: GROUP_RANK */

enum wr_code wr_bind_group_rank(struct wr_binder *binder, const struct wr_cursor_call *call,
                                struct wr_logical **out, struct wr_error *err);

#endif
