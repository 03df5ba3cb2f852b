/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logical nodes: what a query means, before anybody says how. They form a DAG whose roots are
 * sinks; a node that several read (a table, a view) exists once. Constructors work out the schema
 * and what is known about each column; rules change nodes only through them.
 *
 * Column roles are what makes streams different from tables: which columns carry event time that
 * the watermark speaks about, and which are the bounds of a window, and of which.
 */
#ifndef WEIR_PLANNER_LOGICAL_H
#define WEIR_PLANNER_LOGICAL_H

#include <assert.h>

#include "planner/logical_node.h"

/* The input of a node that has one. */
static inline struct wr_logical *wr_logical_input(const struct wr_logical *node)
{
  assert(node->input_count == 1);
  return node->inputs[0];
}

struct wr_logical *wr_logical_scan(struct wr_arena *arena, const struct wr_table *table,
                                   const uint32_t *columns, uint32_t column_count);
struct wr_logical *wr_logical_rejects(struct wr_arena *arena, bool has_pump);
struct wr_logical *wr_logical_values(struct wr_arena *arena, const struct wr_schema *schema,
                                     const struct wr_expression *const *rows, uint32_t row_count);
struct wr_logical *wr_logical_watermark(struct wr_arena *arena, struct wr_logical *input,
                                        const struct wr_table *table, uint32_t time_column,
                                        const struct wr_expression *expression);
struct wr_logical *wr_logical_filter(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_expression *condition);
/* names and expressions are kept, not copied. */
struct wr_logical *wr_logical_project(struct wr_arena *arena, struct wr_logical *input,
                                      const struct wr_expression *const *expressions,
                                      const char *const *names, uint32_t count);
/* The input's columns, then window_start, window_end, window_time. */
struct wr_logical *wr_logical_assign(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_logical_assign *assign);
struct wr_logical *wr_logical_aggregate(struct wr_arena *arena, struct wr_logical *input,
                                        const struct wr_logical_aggregate *aggregate);
/* names: of the columns behind the input's. */
struct wr_logical *wr_logical_unnest(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_logical_unnest *unnest,
                                     const char *const *names);
struct wr_logical *wr_logical_sort(struct wr_arena *arena, struct wr_logical *input,
                                   const struct wr_logical_sort *sort);
struct wr_logical *wr_logical_limit(struct wr_arena *arena, struct wr_logical *input,
                                    uint64_t limit, uint64_t offset);
/* Inputs have equal types; names are those of the first. inputs is kept. A column is event time, or
 * the bound of a window, if it is so in every input. */
struct wr_logical *wr_logical_union(struct wr_arena *arena, struct wr_logical **inputs,
                                    uint32_t input_count);
/* sets and keys are kept; keys must not be read by anything but as keys of what stands above. */
struct wr_logical *wr_logical_expand(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_logical_expand *expand);
struct wr_logical *wr_logical_distinct(struct wr_arena *arena, struct wr_logical *input,
                                       int64_t ttl_us);
/* By some columns, until the window of end_column has ended; of the others the first row's. keys is
 * kept. */
struct wr_logical *wr_logical_distinct_by(struct wr_arena *arena, struct wr_logical *input,
                                          const uint32_t *keys, uint32_t key_count,
                                          uint32_t end_column);
/* names: of the calls. */
struct wr_logical *wr_logical_over(struct wr_arena *arena, struct wr_logical *input,
                                   const struct wr_logical_over *over, const char *const *names);
/* name: of the number; NULL if there is none. */
struct wr_logical *wr_logical_rank(struct wr_arena *arena, struct wr_logical *input,
                                   const struct wr_logical_rank *rank, const char *name);
struct wr_logical *wr_logical_join(struct wr_arena *arena, struct wr_logical *left,
                                   struct wr_logical *right, const struct wr_logical_join *join);
struct wr_logical *wr_logical_normalize(struct wr_arena *arena, struct wr_logical *input,
                                        const struct wr_logical_normalize *normalize);
/* What is left of a changing node when its input has ended; has no column of type ROW. */
struct wr_logical *wr_logical_fold(struct wr_arena *arena, struct wr_logical *input);
static inline bool wr_logical_is_fold(const struct wr_logical *node)
{
  return node->kind == WR_LOGICAL_NORMALIZE && node->normalize.at_end;
}
struct wr_logical *wr_logical_stream(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_logical_stream *stream);
struct wr_logical *wr_logical_sink(struct wr_arena *arena, struct wr_logical *input,
                                   const struct wr_table *table, const char *statement);

/* PROCTIME(), as it is: a column of it is a clock. */
bool wr_is_proctime(const struct wr_expression *expression);
/* Column number of window_start, window_end or window_time in the output of an ASSIGN or AGGREGATE.
 */
uint32_t wr_logical_part_column(const struct wr_logical *node, enum wr_window_part part);
/* Type of window_time for a time column: of its kind, with at least 3 fraction digits. */
const struct wr_type *wr_window_type(struct wr_arena *arena, const struct wr_type *time);
/* The window of rows that have its bounds as columns: it goes by the watermark, be it the clock's.
 */
static inline struct wr_window wr_window_attached(const struct wr_window *window)
{
  return (struct wr_window){
      .kind = WR_WINDOW_ATTACHED, .tick_us = window->tick_us, .zone = window->zone};
}
/* Whether an aggregate's results come more than once: before its windows close, or again. */
static inline bool wr_emit_is_plain(const struct wr_window_emit *emit)
{
  return emit->early_us < 0 && emit->late_us < 0 && emit->lateness_us == 0;
}
extern const char *const wr_window_part_names[WR_PART_COUNT]; /* "window_start", ... */

/* All nodes beneath the roots, inputs before their readers; sets number and reader_count. */
struct wr_logical_order {
  struct wr_logical **nodes;
  uint32_t count;
};
struct wr_logical_order wr_logical_order(struct wr_arena *arena, struct wr_logical *const *roots,
                                         uint32_t root_count);
/* Refuses what cannot read the changes that its input gives; span: of the sink that is the root. */
enum wr_code wr_check_changes(struct wr_arena *arena, struct wr_logical *root, struct wr_span span,
                              struct wr_error *err);
/* Warns of functions of chance and of the clock over rows that may be taken back. */
struct wr_settings;
void wr_changes_warn(struct wr_arena *arena, struct wr_settings *settings, struct wr_logical *sink);
/* Whether a node, or a sink, takes rows that are taken back. */
bool wr_changes_are_read(const struct wr_logical *node);
/* The name of the step that the changes of a node come from. */
const char *wr_changes_cause(struct wr_arena *arena, const struct wr_logical *node);
/* Whether rows of a node replace each other by these columns, or fewer, and their changes come in
 * order by them: what a sink with this key needs. */
bool wr_logical_replaces_by(struct wr_arena *arena, struct wr_logical *node, const uint32_t *keys,
                            uint32_t key_count);
/* Refuses CURRENT_WATERMARK of a column that is no event time; planner/check_watermark.c. */
enum wr_code wr_check_current_watermark(struct wr_arena *arena, struct wr_logical *const *roots,
                                        uint32_t root_count, struct wr_error *err);

/* Whether a node aggregates without a window while its results, or its input, change. */
static inline bool wr_logical_is_group(const struct wr_logical *node)
{
  return node->kind == WR_LOGICAL_AGGREGATE &&
         (node->aggregate.continuous || node->aggregate.retracts);
}
/* Whether a node has windows of processing time: the watermark below is its own. */
bool wr_logical_has_clock(const struct wr_logical *node);
/* Whether a node gives rows of its own when their time has come, or as the clock says: none of them
 * is late below. And whether it leaves out rows that come too late for it. */
bool wr_logical_keeps_rows(const struct wr_logical *node);
bool wr_logical_judges(const struct wr_logical *node);

/* Whether a table, and what a node reads, comes to an end by itself. */
bool wr_table_is_bounded(const struct wr_table *table);
bool wr_logical_is_bounded(struct wr_arena *arena, struct wr_logical *node);

/* Sets used[c] for every column of input `input` that the node itself reads, given which of its own
 * output columns are wanted (what only wanted columns need is not counted otherwise). */
void wr_logical_reads(const struct wr_logical *node, uint32_t input, const bool *wanted,
                      bool *used);

/* The same for the nodes of logical_rows.c; false: it is none of them. */
bool wr_logical_rows_reads(const struct wr_logical *node, uint32_t input, const bool *wanted,
                           bool *used);

/* Which columns of each node of the order somebody reads, all of a sink's being read. */
bool **wr_logical_wanted(struct wr_arena *arena, const struct wr_logical_order *order);
/* The same, and values that may be no value at all count as read: whether they are is part of the
 * meaning of a stream of the kinesis dialect. */
bool **wr_logical_wanted_strictly(struct wr_arena *arena, const struct wr_logical_order *order);
/* The same if all columns of the nodes for which shown is set are read as well. */
bool **wr_logical_wanted_with(struct wr_arena *arena, const struct wr_logical_order *order,
                              const bool *shown);
/* Of these, per node and column: which fields of a ROW somebody reads; NULL: it is no ROW.
 * planner/wanted_fields.c. */
const bool *const *const *wr_logical_wanted_fields(struct wr_arena *arena,
                                                   const struct wr_logical_order *order,
                                                   bool *const *wanted);

#endif
