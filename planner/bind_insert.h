/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks: what goes into which table, or to the console. */
#ifndef WEIR_PLANNER_BIND_INSERT_H
#define WEIR_PLANNER_BIND_INSERT_H

#include "planner/binder.h"

enum wr_code wr_bind_insert(struct wr_binder *binder, const struct wr_tree_insert *insert,
                            const char *statement, struct wr_logical **out, struct wr_error *err);
/* A bare query: its rows go to the console. */
enum wr_code wr_bind_console(struct wr_binder *binder, const struct wr_tree_query *query,
                             const char *result_format, const char *statement,
                             struct wr_logical **out, struct wr_error *err);
/* The same for rows that are there already; span: where they were asked for. */
enum wr_code wr_bind_console_node(struct wr_binder *binder, struct wr_logical *node,
                                  const char *result_format, const char *statement,
                                  struct wr_span span, struct wr_logical **out,
                                  struct wr_error *err);

#endif
