/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks: what goes into which table, or to the console. */
#ifndef WEIR_PLANNER_BIND_INSERT_H
#define WEIR_PLANNER_BIND_INSERT_H

#include "planner/binder.h"

enum wr_code wr_bind_insert(struct wr_binder *binder, const struct wr_tree_insert *insert,
                            const char *statement, struct wr_logical **out, struct wr_error *err);
/* Rows of an INSERT INTO a stream of an application: its columns, then ROWTIME. */
enum wr_code wr_bind_insert_rows(struct wr_binder *binder, const struct wr_tree_insert *insert,
                                 const struct wr_table *shape, struct wr_logical **out,
                                 struct wr_error *err);
/* Such rows into the table of the stream's connector; insert: one of those that fill it. */
enum wr_code wr_bind_insert_node(struct wr_binder *binder, const struct wr_tree_insert *insert,
                                 const struct wr_table *table, struct wr_logical *node,
                                 const char *statement, struct wr_logical **out,
                                 struct wr_error *err);
/* A bare query: its rows go to the console. */
enum wr_code wr_bind_console(struct wr_binder *binder, const struct wr_tree_query *query,
                             const char *result_format, const char *statement,
                             struct wr_logical **out, struct wr_error *err);
/* How rows are shown there. */
struct wr_console {
  const char *format, *statement;
  const char *stream;  /* of an application whose rows they are; NULL: none */
  bool named;          /* one of several results: every row says so */
  struct wr_span span; /* where they were asked for */
};
/* The same for rows that are there already. */
enum wr_code wr_bind_console_node(struct wr_binder *binder, struct wr_logical *node,
                                  const struct wr_console *console, struct wr_logical **out,
                                  struct wr_error *err);

#endif
