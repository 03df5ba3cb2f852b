/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The binder turns trees into logical nodes and bound expressions: names become columns, words
 * become functions, and what cannot mean anything is refused at its place in the text. It is split
 * by what it reads:
 *
 *   bind_type.c        types and interval literals
 *   bind_expression.c  expressions; bind_subquery.c: queries as values; bind_over.c: OVER
 *   bind_call.c        calls; bind_aggregate.c: of aggregates; bind_function.c: of the script
 *   bind_query.c       SELECT, VALUES, WITH; bind_group.c, bind_set.c, bind_order.c
 *   bind_from.c        tables, views, subqueries; bind_join.c: joins; bind_window.c
 *   bind_insert.c      what goes into which sink; app_streams.c: streams of applications
 */
#ifndef WEIR_PLANNER_BINDER_H
#define WEIR_PLANNER_BINDER_H

#include "planner/logical.h"
#include "planner/scope.h"
#include "planner/settings.h"

/* Tables and views of one job that are already bound: a second use gets the same node. */
struct wr_memo {
  struct wr_memo *next;
  const void *object;      /* a table, a view, tree of a WITH query, the catalogue (error_stream) */
  bool told, is_plain;     /* the binder was so; is_plain: but it is the same to both */
  struct wr_logical *node; /* NULL: being bound right now */
  const char *stream;      /* under which name its rows can be followed; NULL: they cannot */
  enum wr_plan_stream_kind stream_kind;
  bool is_app;           /* a stream of an application, or (stream NULL) rows of a pump */
  bool is_read;          /* by a query; else only by a sink of its own */
  const char *statement; /* a pump: its text */
};

/* A WITH query in sight; the innermost first. */
struct wr_common {
  const struct wr_tree_common *tree;
  const struct wr_common *outer; /* what it may use itself: those before it */
};

struct wr_ttl_select; /* planner/ttl.h */
struct wr_app_way;    /* planner/app_streams.h */

/* One per job. */
struct wr_binder {
  struct wr_arena *arena;
  const struct wr_catalogue *catalogue;
  const struct wr_binding *binding;
  struct wr_settings *settings; /* takes warnings; NULL: nobody reads them */
  struct wr_memo *memo;
  const struct wr_common *commons;
  const struct wr_scope *enclosing; /* of a subquery that is a value: names around it, or NULL */
  const char *no_queries;           /* what is being bound, if it cannot contain queries; or NULL */
  const struct wr_tree_windows *windows; /* WINDOW clause of the SELECT being bound, or NULL */
  struct wr_ttl_select *ttl;             /* that SELECT with its hints, or NULL */
  const struct wr_app_way *way;          /* streams of applications that are being bound */
  bool trial;                            /* only columns are wanted: no pump is looked at */
  uint32_t depth, query_depth; /* of views and WITH queries in each other; of queries, by any way */
  bool endless;                /* tests: groups are planned as if no input came to an end */
  bool printed;                /* bare queries say what changes, and somebody reads that */
  bool told, may_settle;       /* the statement at hand: planner/results.h */
};

/* ---- types and literals */

enum wr_code wr_bind_type(const struct wr_binding *binding, const struct wr_tree_type *tree,
                          const struct wr_type **out, struct wr_error *err);
/* INTERVAL '...' unit: months or microseconds. */
enum wr_code wr_bind_interval(const struct wr_binding *binding,
                              const struct wr_tree_literal *literal, struct wr_span span,
                              const struct wr_expression **out, struct wr_error *err);

/* ---- expressions */

/* Aggregate calls found in a SELECT, GROUPING and its like (code NULL) among them. In bound
 * expressions, call i stands as column `first + i`. */
struct wr_aggregate_list {
  uint32_t first;
  struct wr_aggregate *items;
  struct wr_span *spans;
  uint32_t count, room;
};

struct wr_selection;
struct wr_over_list;

struct wr_expression_context {
  const struct wr_binder *binder;
  const struct wr_scope *scope;
  struct wr_aggregate_list *aggregates; /* NULL: none may stand here */
  struct wr_over_list *overs;           /* the same for calls with OVER; planner/bind_over.h */
  struct wr_match_names *match;         /* in MATCH_RECOGNIZE, planner/match.h; else NULL */
  const struct wr_selection *selection; /* ORDER BY: its names stand for its items; else NULL */
  const char *place;                    /* "WHERE", for that message */
};

enum wr_code wr_bind_expression(const struct wr_expression_context *context,
                                const struct wr_tree_expression *tree,
                                const struct wr_expression **out, struct wr_error *err);
enum wr_code wr_bind_call_tree(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree,
                               const struct wr_expression **out, struct wr_error *err);
/* Scalar SQL/JSON functions with clauses; planner/bind_json.c. */
bool wr_is_json_call(const char *name);
/* A call that gives JSON: inside of another it goes in as it is, not as a string. */
bool wr_is_json_constructor(const struct wr_tree_expression *tree);
enum wr_code wr_bind_json_call(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree,
                               const struct wr_expression **out, struct wr_error *err);
/* ABSENT ON NULL, written or as the function's default: also for JSON_OBJECTAGG, JSON_ARRAYAGG. */
bool wr_json_nulls_absent(const struct wr_tree_call *call);
/* Its arguments, in an array with one place to spare. */
enum wr_code wr_bind_call_args(const struct wr_expression_context *context,
                               const struct wr_tree_call *call, const struct wr_expression ***out,
                               struct wr_error *err);
/* GROUPING, GROUPING_ID, GROUP_ID. */
bool wr_is_grouping_call(const char *name);
/* A call of an aggregate or one of those; bind_aggregate.c. */
enum wr_code wr_bind_aggregate_call(const struct wr_expression_context *context,
                                    const struct wr_tree_expression *tree, const char *name,
                                    const struct wr_expression **out, struct wr_error *err);
/* (SELECT ...), EXISTS (SELECT ...), [NOT] IN (...), (a, b) = (c, d): bind_subquery.c. */
enum wr_code wr_bind_scalar_subquery(const struct wr_expression_context *context,
                                     const struct wr_tree_expression *tree,
                                     const struct wr_expression **out, struct wr_error *err);
enum wr_code wr_bind_exists(const struct wr_expression_context *context,
                            const struct wr_tree_expression *tree, const struct wr_expression **out,
                            struct wr_error *err);
enum wr_code wr_bind_in(const struct wr_expression_context *context,
                        const struct wr_tree_expression *tree, const struct wr_expression **out,
                        struct wr_error *err);
enum wr_code wr_bind_row_equal(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree,
                               const struct wr_expression **out, struct wr_error *err);

/* The aggregate alone, bound but not noted. */
enum wr_code wr_bind_aggregate_alone(const struct wr_expression_context *context,
                                     const struct wr_tree_expression *tree, const char *name,
                                     struct wr_aggregate *out, struct wr_error *err);
/* Whether a query has more in it than constants. */
bool wr_subquery_reads_table(struct wr_arena *arena, struct wr_logical *node);
/* A condition: BOOLEAN or NULL. */
enum wr_code wr_bind_condition(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree,
                               const struct wr_expression **out, struct wr_error *err);

/* ---- queries */

/* A bound query: its node, whose schema has distinct names. */
enum wr_code wr_bind_query(struct wr_binder *binder, const struct wr_tree_query *query,
                           struct wr_logical **out, struct wr_error *err);
/* The same with names as they were written: several columns may have one. */
enum wr_code wr_bind_inner_query(struct wr_binder *binder, const struct wr_tree_query *query,
                                 struct wr_logical **out, struct wr_error *err);
/* UNION ALL and its like. */
enum wr_code wr_bind_set(struct wr_binder *binder, const struct wr_tree_query *tree,
                         struct wr_logical **out, struct wr_error *err);
/* Where a column of a query was written, for messages about it. */
struct wr_span wr_tree_column_span(const struct wr_tree_query *query, uint32_t column);
/* FROM: a node and the names over it. relation NULL (no FROM): *node is NULL and the scope empty.
 */
enum wr_code wr_bind_from(struct wr_binder *binder, const struct wr_tree_relation *relation,
                          struct wr_logical **node, struct wr_scope *scope, struct wr_error *err);
/* What FROM, or a part of it, gives. */
struct wr_from {
  struct wr_logical *node;
  struct wr_scope scope; /* over the node's rows; the node may have columns without a name */
};
enum wr_code wr_bind_relation(struct wr_binder *binder, const struct wr_tree_relation *relation,
                              struct wr_from *out, struct wr_error *err);
enum wr_code wr_bind_join(struct wr_binder *binder, const struct wr_tree_relation *join,
                          struct wr_from *out, struct wr_error *err);
/* UNNEST of a constant, by itself. */
enum wr_code wr_bind_unnest(struct wr_binder *binder, const struct wr_tree_relation *relation,
                            struct wr_from *out, struct wr_error *err);
/* A table, view, WITH query or error_stream by name. */
enum wr_code wr_bind_table_name(struct wr_binder *binder, const struct wr_tree_name *name,
                                struct wr_logical **node, struct wr_error *err);
/* The same with hints behind the name. */
enum wr_code wr_bind_table_hinted(struct wr_binder *binder, const struct wr_tree_name *name,
                                  const struct wr_tree_hints *hints, struct wr_logical **node,
                                  struct wr_error *err);
/* TUMBLE(...), HOP(...) in FROM. */
enum wr_code wr_bind_window(struct wr_binder *binder, const struct wr_tree_expression *call,
                            struct wr_logical **node, struct wr_error *err);
/* The result of a query with other column names. */
enum wr_code wr_bind_rename(const struct wr_binder *binder, struct wr_logical *input,
                            const struct wr_tree_identifiers *names, struct wr_span span,
                            struct wr_logical **out, struct wr_error *err);

/* What a SELECT consists of once its names are known. */
struct wr_selection {
  const struct wr_tree_select *tree;
  struct wr_logical *input; /* FROM and WHERE; NULL: no FROM */
  struct wr_scope scope;
  struct wr_aggregate_list aggregates;
  const struct wr_expression **items; /* select list */
  const char **names;
  uint32_t item_count, item_room;
  uint32_t rowtime; /* the item that is ROWTIME, hidden, behind those of the list; over groups a
                       NULL until they are made; UINT32_MAX: there is none. planner/rowtime.h */
  const struct wr_expression *having, *qualify; /* each or NULL */
  struct wr_over_list *overs;                   /* NULL: none may stand here */
};

void wr_selection_add(struct wr_binder *binder, struct wr_selection *selection,
                      const struct wr_expression *value, const char *name);
/* What ORDER BY sorts by: one key per item, a column of the selection; what is no column of it yet
 * is added behind the others. */
enum wr_code wr_bind_order_items(struct wr_binder *binder, const struct wr_tree_orders *orders,
                                 struct wr_selection *selection, struct wr_sort_key *keys,
                                 struct wr_error *err);
/* Refuses types that have no order. */
enum wr_code wr_bind_order_type(const struct wr_type *type, struct wr_span span,
                                struct wr_error *err);
/* Sorts and cuts a node by ORDER BY, LIMIT and OFFSET; only its first `visible` columns remain. */
enum wr_code wr_bind_tail(struct wr_binder *binder, const struct wr_tree_query *query,
                          const struct wr_sort_key *keys, uint32_t visible,
                          struct wr_logical **node, struct wr_error *err);
/* The same by the columns of the node alone. */
enum wr_code wr_bind_order_over(struct wr_binder *binder, const struct wr_tree_query *query,
                                struct wr_logical **node, struct wr_error *err);
/* The select list, over selection->scope. */
enum wr_code wr_bind_items(struct wr_binder *binder, struct wr_selection *selection,
                           struct wr_error *err);
/* GROUP BY, HAVING and aggregates: puts the aggregate above selection->input and rewrites the items
 * to its output. */
enum wr_code wr_bind_group(struct wr_binder *binder, struct wr_selection *selection,
                           struct wr_error *err);

/* SELECT DISTINCT, UNION: every different row once. Columns behind `visible` are there for ORDER
 * BY alone. */
enum wr_code wr_bind_distinct(struct wr_binder *binder, const struct wr_tree_query *query,
                              uint32_t visible, struct wr_logical **node, struct wr_error *err);

#endif
