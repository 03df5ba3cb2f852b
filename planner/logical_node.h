/* SPDX-License-Identifier: Apache-2.0 */
/* What logical nodes look like: planner/logical.h makes them and walks over them. */
#ifndef WEIR_PLANNER_LOGICAL_NODE_H
#define WEIR_PLANNER_LOGICAL_NODE_H

#include "functions/aggregate.h"
#include "operators/specs.h"
#include "planner/catalogue.h"
#include "planner/logical_join.h"
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
  WR_LOGICAL_OVER,      /* window functions: columns behind the input's */
  WR_LOGICAL_RANK,      /* the first rows of each partition */
  WR_LOGICAL_JOIN,      /* of two inputs, per window or whenever rows come */
  WR_LOGICAL_NORMALIZE, /* changes made whole by a key */
  WR_LOGICAL_LOOKUP,    /* beside rows of a table of reference, planner/lookup.h */
  WR_LOGICAL_MATCH,     /* a row per match of a pattern, planner/match.h */
  WR_LOGICAL_MODEL,     /* what has been learnt of the rows before, planner/model.h */
  WR_LOGICAL_STREAM,    /* rows that can be followed; only while rules run, planner/streams.h */
  WR_LOGICAL_SINK,
  WR_LOGICAL_KIND_COUNT
};

enum wr_window_part { WR_PART_NONE, WR_PART_START, WR_PART_END, WR_PART_TIME, WR_PART_COUNT };

/* A window table function as written once in the text: two columns belong together if they have the
 * same origin. */
struct wr_window_origin {
  struct wr_window window;
  const struct wr_type *type;      /* of window_start and window_end: a TIMESTAMP */
  const struct wr_type *time_type; /* of window_time: the kind of the time column */
  const char *time_zone;           /* of window.zone; NULL if that is */
  bool end_is_time; /* what aggregates give as window_end is event time: ROWTIME, kinesis dialect */
};

struct wr_column_role {
  bool is_event_time;
  bool was_event_time; /* until a session kept its rows; equal times still stand as they came */
  bool is_clock;       /* PROCTIME(): the time at which a row comes, wherever it is looked at */
  bool lost_to_clock;  /* was event time, or of a window, below windows of processing time: from
                          there on the watermark is the clock's */
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
  bool by_clock; /* rows have the time at which they came: the watermark follows the clock */
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
  const uint32_t *keys; /* SESSION: PARTITION BY */
  uint32_t key_count;
};
/* Output: keys, aggregates; but for ALL (without a window) window_start, window_end, window_time.
 * SESSION: only once a rule has folded the window in, which it does if the keys are those of the
 * partition. */
struct wr_logical_aggregate {
  struct wr_window window; /* ATTACHED until a rule has folded the window table function in */
  const struct wr_window_origin *origin; /* ALL: NULL */
  uint32_t time_column;                  /* of a window that was folded in */
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
  struct wr_window_emit emit;
  bool continuous; /* ALL: results change as rows come; else each comes once, at the end */
  bool ends;       /* ALL: the input comes to an end */
  bool retracts;   /* ALL: the input may take rows back, and every aggregate can */
  int64_t ttl_us;  /* continuous: groups without rows for so long are forgotten; 0: none is. So with
                      the others below that have no window */
  const char *state_name; /* hint STATE('...'), or NULL */
};
/* Output: the input's columns, then one per call. A rule turns ROW_NUMBER that is filtered into
 * RANK; what is left is ordered by a time of the stream, ascending. */
struct wr_logical_over {
  const uint32_t *keys;
  uint32_t key_count;
  const struct wr_sort_key *order;
  uint32_t order_count;
  struct wr_over_frame frame;
  const struct wr_over_call *calls;
  uint32_t call_count;
  int64_t ttl_us;
  int64_t numbered_max; /* as in struct wr_over_spec */
  struct wr_span span;  /* of its window in the text */
};
/* Output: the input's columns, then perhaps the number of the row. */
struct wr_logical_rank {
  const struct wr_window_origin *origin; /* NULL: no window */
  uint32_t start_column, end_column;
  const uint32_t *keys;
  uint32_t key_count;
  const struct wr_sort_key *order;
  uint32_t order_count;
  uint64_t first, last;
  enum wr_rank_number number;
  bool newest_first, with_rank, no_nulls; /* as in struct wr_rank_spec */
  bool is_local;                          /* only while operators are placed: rank_local */
  int64_t ttl_us;
  const struct wr_window_origin *shown; /* to whoever stands above; NULL: the origin itself */
};
/* Output: the input's columns, keys that may be NULL, then one of the operator's own. */
struct wr_logical_expand {
  const uint32_t *keys; /* columns of the input */
  uint32_t key_count;
  const struct wr_grouping_set *sets;
  uint32_t set_count;
};
struct wr_logical_distinct {
  const uint32_t *keys; /* columns that make rows different; NULL: all do, which are not listed */
  uint32_t key_count;
  uint32_t end_column; /* the end of a window, behind which rows are forgotten; UINT32_MAX: none */
  int64_t ttl_us;
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
  bool by_time; /* the input has no end, the first key is its event time, ascending */
  const struct wr_window_origin *held; /* by_time: the first key is window_time of it, and the
                                          watermark below goes by its windows; NULL: by rows */
  bool within; /* by_time, but the first key is any time: rows leave when one has come that is */
  int64_t within_us;      /* later by more than this, and make the watermark below */
  uint64_t limit, offset; /* limit UINT64_MAX: all rows */
};
struct wr_logical_limit {
  uint64_t limit, offset;
};
/* columns: that tell its rows apart, or when they were; made even if no query reads them. */
struct wr_logical_stream {
  const char *name;
  enum wr_plan_stream_kind kind;
  const char *const *names; /* of its columns in SQL; rules may have lost those of the schema */
  const uint32_t *columns;
  uint32_t column_count;
  bool is_app;           /* a stream of an application; name NULL: one of its pumps */
  const char *statement; /* a pump: its text */
};
/* Output: the input's columns; logical_changes.c. */
struct wr_logical_normalize {
  const uint32_t *keys;
  uint32_t key_count;
  bool is_sink; /* SinkMaterializer, else ChangelogNormalize */
  int64_t ttl_us;
  bool at_end; /* neither: what is left when the input ends, by all columns; it does not change */
};
/* Output: the input's columns, then some of the table's; outer: NULL where nothing was found. */
struct wr_logical_lookup {
  const struct wr_table *table;
  const uint32_t *columns; /* of table->row: those of the output */
  uint32_t column_count;
  const uint32_t *keys;                          /* of the input */
  const struct wr_expression *const *table_keys; /* over table->row, of the same types */
  uint32_t key_count;
  const struct wr_expression *filter; /* over table->row: rows that are loaded; NULL: all */
  bool outer;
  bool half, negated;                    /* EXISTS, NOT EXISTS: as in struct wr_lookup_spec */
  const struct wr_expression *condition; /* over the output: pairs that match; NULL: all */
  struct wr_span span;                   /* of the words that join, in the text */
};
struct wr_logical_sink {
  const struct wr_table *table;
  const char *statement; /* SQL text */
  bool singly;           /* every row tells below by itself what it changes: planner/results.h */
};

struct wr_logical {
  enum wr_logical_kind kind;
  struct wr_schema schema;
  const struct wr_column_role *roles; /* one per column */
  bool changes;                       /* its rows may take back */
  struct wr_span span;                /* where it was asked for; length 0: not known */
  struct wr_logical **inputs;         /* none for leaves, several for UNION */
  uint32_t input_count;
  uint32_t number, reader_count; /* as of the last wr_logical_order */
  /* A projection over a view that people may follow: what it would be over any other; NULL: itself.
   * What state is called must not depend on who looks at it. */
  const struct wr_logical *otherwise;
  struct wr_stream_mark *mark; /* planner/streams.h; NULL: none */
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
    struct wr_logical_over over;
    struct wr_logical_rank rank;
    struct wr_logical_join join;
    struct wr_logical_lookup lookup;
    const struct wr_logical_match *match;
    const struct wr_logical_model *model;
    struct wr_logical_stream stream;
    struct wr_logical_normalize normalize;
    struct wr_logical_sink sink;
  };
};

#endif
