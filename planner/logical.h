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

#include "functions/aggregate.h"
#include "operators/specs.h"
#include "operators/specs.h"
#include "planner/catalogue.h"
#include "windows/window.h"

enum wr_logical_kind {
  WR_LOGICAL_SCAN,
  WR_LOGICAL_REJECTS, /* error_stream */
  WR_LOGICAL_VALUES,
  WR_LOGICAL_WATERMARK,
  WR_LOGICAL_FILTER,
  WR_LOGICAL_PROJECT,
  WR_LOGICAL_ASSIGN,    /* a window table function */
  WR_LOGICAL_AGGREGATE, /* per window and keys; per keys, of input that ends */
  WR_LOGICAL_EXPAND,    /* a row per grouping set */
  WR_LOGICAL_DISTINCT,  /* every different row once */
  WR_LOGICAL_UNION,     /* the rows of all inputs */
  WR_LOGICAL_UNNEST,    /* a row per item of a collection */
  WR_LOGICAL_SORT,
  WR_LOGICAL_LIMIT,
  WR_LOGICAL_SINK,
  WR_LOGICAL_KIND_COUNT
};

enum wr_window_part { WR_PART_NONE, WR_PART_START, WR_PART_END, WR_PART_TIME, WR_PART_COUNT };

/* A window table function as written once in the text: two columns belong together if they have the
 * same origin. */
struct wr_window_origin {
  struct wr_window window;
  const struct wr_type *type; /* of window_start and window_end */
};

struct wr_column_role {
  bool is_event_time;
  enum wr_window_part part;
  const struct wr_window_origin *origin; /* NULL if part is NONE */
};

struct wr_logical_scan {
  const struct wr_table *table;
  const uint32_t *columns; /* of table->raw, ascending: those that are read */
};
struct wr_logical_values {
  const struct wr_expression *const *rows; /* row by row */
  uint32_t row_count;
};
struct wr_logical_watermark {
  const struct wr_table *table;
  uint32_t time_column;
  const struct wr_expression *expression;
};
struct wr_logical_filter {
  const struct wr_expression *condition;
};
struct wr_logical_project {
  const struct wr_expression *const *expressions;
};
struct wr_logical_assign {
  const struct wr_window_origin *origin;
  uint32_t time_column;
};
/* Output: keys, aggregates; but for ALL window_start, window_end, window_time. */
struct wr_logical_aggregate {
  struct wr_window window; /* ATTACHED until a rule has folded the window table function in */
  const struct wr_window_origin *origin; /* ALL: NULL */
  uint32_t time_column;                  /* TUMBLE, HOP */
  uint32_t start_column, end_column;     /* ATTACHED */
  const uint32_t *keys;
  uint32_t key_count;
  const struct wr_aggregate *aggregates;      /* their expressions are not looked at, columns are */
  const struct wr_aggregate_columns *columns; /* of the input, per aggregate */
  uint32_t aggregate_count;
  bool has_sets;             /* the last key names the grouping set */
  int64_t first_set;         /* its value in the first: see struct wr_window_aggregate_spec */
  const int64_t *empty_sets; /* ALL: those without keys, see there too */
  uint32_t empty_set_count;
  const char *state_name; /* hint STATE('...'), or NULL */
};
/* Output: the input's columns, keys that may be NULL, then one of the operator's own. */
struct wr_logical_expand {
  const uint32_t *keys; /* columns of the input */
  uint32_t key_count;
  const struct wr_grouping_set *sets;
  uint32_t set_count;
};
struct wr_logical_distinct {
  uint32_t end_column; /* the end of a window, behind which rows are forgotten; UINT32_MAX: none */
};
/* Output: the input's columns, those of an item, perhaps its number. */
struct wr_logical_unnest {
  uint32_t column; /* the collection */
  bool outer;      /* rows without items stay, with NULLs */
  bool with_ordinality;
};
struct wr_logical_sort {
  const struct wr_sort_key *keys;
  uint32_t key_count;
  bool by_time;           /* the input has no end, the first key is its event time, ascending */
  uint64_t limit, offset; /* limit UINT64_MAX: all rows */
};
struct wr_logical_limit {
  uint64_t limit, offset;
};
struct wr_logical_sink {
  const struct wr_table *table;
  const char *statement; /* SQL text */
};

struct wr_logical {
  enum wr_logical_kind kind;
  struct wr_schema schema;
  const struct wr_column_role *roles; /* one per column */
  struct wr_logical **inputs;         /* none for leaves, several for UNION */
  uint32_t input_count;
  uint32_t number, reader_count; /* as of the last wr_logical_order */
  union {
    struct wr_logical_scan scan;
    struct wr_logical_values values;
    struct wr_logical_watermark watermark;
    struct wr_logical_filter filter;
    struct wr_logical_project project;
    struct wr_logical_assign assign;
    struct wr_logical_aggregate aggregate;
    struct wr_logical_expand expand;
    struct wr_logical_distinct distinct;
    struct wr_logical_unnest unnest;
    struct wr_logical_sort sort;
    struct wr_logical_limit limit;
    struct wr_logical_sink sink;
  };
};

/* The input of a node that has one. */
static inline struct wr_logical *wr_logical_input(const struct wr_logical *node)
{
  assert(node->input_count == 1);
  return node->inputs[0];
}

struct wr_logical *wr_logical_scan(struct wr_arena *arena, const struct wr_table *table,
                                   const uint32_t *columns, uint32_t column_count);
struct wr_logical *wr_logical_rejects(struct wr_arena *arena);
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
                                     const struct wr_window_origin *origin, uint32_t time_column);
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
struct wr_logical *wr_logical_distinct(struct wr_arena *arena, struct wr_logical *input);
struct wr_logical *wr_logical_sink(struct wr_arena *arena, struct wr_logical *input,
                                   const struct wr_table *table, const char *statement);

/* Column number of window_start, window_end or window_time in the output of an ASSIGN or AGGREGATE.
 */
uint32_t wr_logical_part_column(const struct wr_logical *node, enum wr_window_part part);
/* Type of window_time, window_start and window_end for a time column: of its kind, with at least 3
 * fraction digits. */
const struct wr_type *wr_window_type(struct wr_arena *arena, const struct wr_type *time);
extern const char *const wr_window_part_names[WR_PART_COUNT]; /* "window_start", ... */

/* All nodes beneath the roots, inputs before their readers; sets number and reader_count. */
struct wr_logical_order {
  struct wr_logical **nodes;
  uint32_t count;
};
struct wr_logical_order wr_logical_order(struct wr_arena *arena, struct wr_logical *const *roots,
                                         uint32_t root_count);
/* Refuses CURRENT_WATERMARK of a column that is no event time; planner/check_watermark.c. */
enum wr_code wr_check_current_watermark(struct wr_arena *arena, struct wr_logical *const *roots,
                                        uint32_t root_count, struct wr_error *err);

/* Whether a table, and what a node reads, comes to an end by itself. */
bool wr_table_is_bounded(const struct wr_table *table);
bool wr_logical_is_bounded(struct wr_arena *arena, struct wr_logical *node);

/* Sets used[c] for every column of input `input` that the node itself reads, given which of its own
 * output columns are wanted (what only wanted columns need is not counted otherwise). */
void wr_logical_reads(const struct wr_logical *node, uint32_t input, const bool *wanted,
                      bool *used);

/* Which columns of each node of the order somebody reads, all of a sink's being read. */
bool **wr_logical_wanted(struct wr_arena *arena, const struct wr_logical_order *order);

#endif
