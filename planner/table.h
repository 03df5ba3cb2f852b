/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE TABLE: from the tree to struct wr_table. */
#ifndef WEIR_PLANNER_TABLE_H
#define WEIR_PLANNER_TABLE_H

#include "planner/catalogue.h"
#include "planner/settings.h"

/* Options that every table may have, whatever its connector: for the manual. */
extern const struct wr_option wr_table_options[], wr_table_format_options[],
    wr_table_scan_options[], wr_table_sink_options[];

/* Checks everything about a table that can be known without using it. */
enum wr_code wr_table_create(const struct wr_settings *settings, const char *name,
                             const struct wr_tree_create_table *tree, const struct wr_table **out,
                             struct wr_error *err);

/* Connector, format, options and what the planner reads from them. */
enum wr_code wr_table_read_options(const struct wr_settings *settings,
                                   const struct wr_tree_create_table *tree, struct wr_table *table,
                                   struct wr_error *err);

#endif
