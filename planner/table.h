/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CREATE TABLE: from the tree to a definition (table_define.c, table_like.c), and from the
 * definition to struct wr_table (table.c, table_options.c).
 */
#ifndef WEIR_PLANNER_TABLE_H
#define WEIR_PLANNER_TABLE_H

#include "planner/catalogue.h"
#include "planner/settings.h"

/* Options that every table may have, whatever its connector: for the manual. */
extern const struct wr_option wr_table_options[], wr_table_format_options[],
    wr_table_scan_options[], wr_table_sink_options[];

/*
 * What was declared, with LIKE merged in. query: the columns of AS SELECT, which follow those that
 * are declared, or NULL.
 */
enum wr_code wr_table_define(const struct wr_settings *settings,
                             const struct wr_catalogue *catalogue, const char *name,
                             const struct wr_tree_create_table *tree, const struct wr_schema *query,
                             const struct wr_table_definition **out, struct wr_error *err);

/* LIKE: puts the columns and clauses of `from` under those of `draft`, as the options of LIKE say;
 * the room for columns must suffice for both. */
enum wr_code wr_table_merge_like(struct wr_arena *arena, const struct wr_tree_create_table *tree,
                                 const struct wr_table_definition *from,
                                 struct wr_table_definition *draft,
                                 struct wr_column_definition *columns, struct wr_error *err);

/* Checks everything about a table that can be known without using it. The catalogue is for the
 * functions in computed columns. */
enum wr_code wr_table_create(const struct wr_catalogue *catalogue,
                             const struct wr_table_definition *definition,
                             const struct wr_table **out, struct wr_error *err);

/* Options of Flink's filesystem connector that have no effect here, and whether a table may have
 * them; those that are refused; a warning for each that is given. */
extern const struct wr_option wr_table_elsewhere_options[];
bool wr_table_takes_elsewhere(const struct wr_table *table);
enum wr_code wr_table_check_elsewhere(const struct wr_table *table, struct wr_error *err);
void wr_table_warn_elsewhere(struct wr_settings *settings,
                             const struct wr_table_definition *definition);
/* A hint that does nothing is a mistake. */
enum wr_code wr_table_check_elsewhere_hint(const struct wr_table *table,
                                           const struct wr_options *options, struct wr_error *err);

/* Of a table that can be read: what its options say about looking rows up in it. */
enum wr_code wr_table_read_lookup(struct wr_table *table, struct wr_error *err);
/* Connector, format, options and what the planner reads from them. */
enum wr_code wr_table_read_options(struct wr_arena *arena, struct wr_table *table,
                                   struct wr_error *err);

/* The options of a format with 'key.' or 'value.' in front of their names (table_keyed.c). */
const struct wr_option *wr_table_prefixed_options(struct wr_arena *arena, const char *prefix,
                                                  const struct wr_format *format);
/* Behind the check of table->options: puts those behind them that others look for: the options of
 * the value's format without 'value.', what the connector always says. */
void wr_table_settle_options(struct wr_arena *arena, struct wr_table *table);
/* What the key of records is made of, if they have one, once columns and options are known. */
enum wr_code wr_table_read_keyed(struct wr_arena *arena, struct wr_table *table,
                                 struct wr_error *err);

/* The same table with other options; the connector stays. name: its name in messages and plans. */
enum wr_code wr_table_with_options(struct wr_arena *arena, const struct wr_table *table,
                                   const char *name, const struct wr_options *options,
                                   const struct wr_table **out, struct wr_error *err);
/* Options with others put over them; keys given twice are refused. */
enum wr_code wr_table_merge_options(struct wr_arena *arena, const struct wr_options *under,
                                    const struct wr_tree_options *over, struct wr_options *out,
                                    struct wr_error *err);
/* What the hints behind a table's name make of it: OPTIONS(...). The same options give the same
 * table. */
enum wr_code wr_table_hinted(struct wr_arena *arena, const struct wr_table *table,
                             const struct wr_tree_hints *hints, const struct wr_table **out,
                             struct wr_error *err);

#endif
