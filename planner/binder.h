/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The binder turns trees into logical nodes and bound expressions: names become columns, words
 * become functions, and what cannot mean anything is refused at its place in the text. It is split
 * by what it reads:
 *
 *   bind_type.c        types and interval literals
 *   bind_expression.c  expressions; bind_call.c: calls, aggregates among them
 *   bind_query.c       SELECT, VALUES, WITH
 *   bind_group.c       GROUP BY and aggregates
 *   bind_from.c        tables, views, subqueries; bind_window.c: window table functions
 *   bind_insert.c      what goes into which sink
 */
#ifndef WEIR_PLANNER_BINDER_H
#define WEIR_PLANNER_BINDER_H

#include "planner/logical.h"
#include "planner/scope.h"
#include "planner/settings.h"

/* Tables and views of one job that are already bound: a second use gets the same node. */
struct wr_memo {
  const void *object; /* struct wr_table, struct wr_view, tree of a WITH query, or the catalogue
                         (error_stream) */
  struct wr_logical *node; /* NULL: being bound right now */
  struct wr_memo *next;
};

/* A WITH query in sight; the innermost first. */
struct wr_common {
  const struct wr_tree_common *tree;
  const struct wr_common *outer; /* what it may use itself: those before it */
};

/* One per job. */
struct wr_binder {
  struct wr_arena *arena;
  const struct wr_catalogue *catalogue;
  const struct wr_binding *binding;
  struct wr_memo *memo;
  const struct wr_common *commons;
  uint32_t depth; /* views and WITH queries inside each other */
};

/* ---- types and literals */

enum wr_code wr_bind_type(struct wr_arena *arena, const struct wr_tree_type *tree,
                          const struct wr_type **out, struct wr_error *err);
/* INTERVAL '...' unit: months or microseconds. */
enum wr_code wr_bind_interval(const struct wr_binding *binding,
                              const struct wr_tree_literal *literal, struct wr_span span,
                              const struct wr_expression **out, struct wr_error *err);

/* ---- expressions */

/* Aggregate calls found in a SELECT. In bound expressions, call i stands as column `first + i`. */
struct wr_aggregate_list {
  uint32_t first;
  struct wr_aggregate *items;
  struct wr_span *spans;
  uint32_t count, room;
};

struct wr_expression_context {
  const struct wr_binder *binder;
  const struct wr_scope *scope;
  struct wr_aggregate_list *aggregates; /* NULL: none may stand here */
  const char *place;                    /* "WHERE", for that message */
};

enum wr_code wr_bind_expression(const struct wr_expression_context *context,
                                const struct wr_tree_expression *tree,
                                const struct wr_expression **out, struct wr_error *err);
enum wr_code wr_bind_call_tree(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree,
                               const struct wr_expression **out, struct wr_error *err);
/* A condition: BOOLEAN or NULL. */
enum wr_code wr_bind_condition(const struct wr_expression_context *context,
                               const struct wr_tree_expression *tree,
                               const struct wr_expression **out, struct wr_error *err);

/* ---- queries */

/* A bound query: its node, whose schema has distinct names. */
enum wr_code wr_bind_query(struct wr_binder *binder, const struct wr_tree_query *query,
                           struct wr_logical **out, struct wr_error *err);
/* FROM: a node and the names over it. relation NULL (no FROM): *node is NULL and the scope empty.
 */
enum wr_code wr_bind_from(struct wr_binder *binder, const struct wr_tree_relation *relation,
                          struct wr_logical **node, struct wr_scope *scope, struct wr_error *err);
/* A table, view, WITH query or error_stream by name. */
enum wr_code wr_bind_table_name(struct wr_binder *binder, const struct wr_tree_name *name,
                                struct wr_logical **node, struct wr_error *err);
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
  const struct wr_expression *having; /* or NULL */
};

/* GROUP BY, HAVING and aggregates: puts the aggregate above selection->input and rewrites the items
 * to its output. */
enum wr_code wr_bind_group(struct wr_binder *binder, struct wr_selection *selection,
                           struct wr_error *err);

/* ---- sinks */

enum wr_code wr_bind_insert(struct wr_binder *binder, const struct wr_tree_insert *insert,
                            const char *statement, struct wr_logical **out, struct wr_error *err);
/* A bare query: its rows go to the console. */
enum wr_code wr_bind_console(struct wr_binder *binder, const struct wr_tree_query *query,
                             const char *result_format, const char *statement,
                             struct wr_logical **out, struct wr_error *err);

#endif
