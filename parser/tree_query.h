/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queries as they were written:
 *
 *   query = WITH ... body ORDER BY ... LIMIT ...
 *   body  = SELECT core | VALUES | TABLE t | query op query | (query)
 *   FROM  = a tree of relations: tables, subqueries, table functions, UNNEST, joined by joins (a
 * comma is a join, too)
 */
#ifndef WEIR_PARSER_TREE_QUERY_H
#define WEIR_PARSER_TREE_QUERY_H

#include "parser/tree_expression.h"

/* ---- windows of OVER ---- */

enum wr_tree_bound_kind { /* in the order in which rows come */
                          WR_TREE_UNBOUNDED_PRECEDING,
                          WR_TREE_PRECEDING,
                          WR_TREE_CURRENT_ROW,
                          WR_TREE_FOLLOWING,
                          WR_TREE_UNBOUNDED_FOLLOWING
};

struct wr_tree_bound {
  struct wr_span span;
  enum wr_tree_bound_kind kind;
  struct wr_tree_expression *distance; /* PRECEDING and FOLLOWING, else NULL */
};

enum wr_tree_frame { WR_TREE_FRAME_NONE, WR_TREE_FRAME_ROWS, WR_TREE_FRAME_RANGE };

struct wr_tree_window { /* OVER w: only `base`; OVER ([base] PARTITION BY ...); WINDOW name AS (...)
                         */
  struct wr_span span;
  struct wr_tree_identifier *name; /* given by a WINDOW clause, else NULL */
  struct wr_tree_identifier *base; /* the named window this one is or extends, or NULL */
  struct wr_tree_expressions partition_by;
  struct wr_tree_orders order_by;
  struct wr_span order_span; /* the words ORDER BY; length 0: there is none */
  struct wr_span frame_span; /* the word ROWS or RANGE; length 0: there is none */
  enum wr_tree_frame frame;
  struct wr_tree_bound from,
      to; /* if there is a frame; `ROWS 2 PRECEDING` has CURRENT ROW filled in */
};
WR_TREE_LIST(wr_tree_windows, struct wr_tree_window);

/* ---- FROM ---- */

enum wr_tree_relation_kind {
  WR_TREE_TABLE,          /* name [hints] [FOR SYSTEM_TIME AS OF time] */
  WR_TREE_DERIVED,        /* [LATERAL] (query) */
  WR_TREE_TABLE_FUNCTION, /* [LATERAL] TABLE(f(...)), or f(...) itself */
  WR_TREE_UNNEST,         /* UNNEST(value, ...) [WITH ORDINALITY] */
  WR_TREE_MATCH,          /* relation MATCH_RECOGNIZE (...): parser/tree_match.h */
  WR_TREE_JOIN
};

enum wr_tree_join_kind {
  WR_TREE_COMMA, /* FROM a, b: like CROSS, but for messages */
  WR_TREE_CROSS,
  WR_TREE_INNER,
  WR_TREE_LEFT,
  WR_TREE_RIGHT,
  WR_TREE_FULL
};

/* STATE_TTL('a' = '1d'), OPTIONS('k' = 'v'), STATE('name'), BROADCAST(t): either options or words.
 */
struct wr_tree_hint {
  struct wr_span span;
  struct wr_tree_identifier *name;
  struct wr_tree_options options;
  struct wr_tree_texts words; /* names or strings */
};
WR_TREE_LIST(wr_tree_hints, struct wr_tree_hint);

struct wr_tree_match;
struct wr_tree_relation {
  enum wr_tree_relation_kind kind;
  uint32_t height;
  struct wr_span span;                      /* with the alias */
  struct wr_tree_identifier *alias;         /* or NULL; never on a JOIN */
  struct wr_tree_identifiers alias_columns; /* AS t (a, b) */
  struct wr_tree_window *over; /* s OVER (RANGE INTERVAL ... PRECEDING), s OVER w; else NULL */
  union {
    struct {
      struct wr_tree_name name;
      struct wr_tree_hints hints;
      struct wr_tree_expression *as_of; /* FOR SYSTEM_TIME AS OF, or NULL */
      struct wr_span as_of_span;        /* its words */
    } table;
    struct {
      struct wr_tree_query *query;
      bool lateral;
    } derived;
    struct {
      struct wr_tree_expression *call; /* kind WR_TREE_CALL */
      bool lateral;
    } function;
    struct {
      struct wr_tree_expressions values;
      bool with_ordinality;
      struct wr_span ordinality_span; /* WITH ORDINALITY; length 0: it is not there */
    } unnest;
    struct wr_tree_match *match;
    struct {
      enum wr_tree_join_kind kind;
      bool natural;
      struct wr_span at; /* the words between the two sides */
      struct wr_tree_relation *left, *right;
      struct wr_tree_expression *on;    /* or NULL */
      struct wr_tree_identifiers using; /* USING (a, b) */
    } join;
  };
};

/* ---- SELECT ---- */

struct wr_tree_item { /* one entry of a select list */
  struct wr_span span;
  struct wr_tree_expression *value; /* kind STAR for * and t.* */
  struct wr_tree_identifier *alias; /* or NULL */
};
WR_TREE_LIST(wr_tree_items, struct wr_tree_item);

enum wr_tree_group_kind {
  WR_TREE_GROUP_VALUE, /* one expression */
  WR_TREE_GROUP_SET,   /* (), (a, b): several expressions as one */
  WR_TREE_GROUPING_SETS,
  WR_TREE_ROLLUP,
  WR_TREE_CUBE
};

WR_TREE_LIST(wr_tree_groups, struct wr_tree_group);
struct wr_tree_group {
  enum wr_tree_group_kind kind;
  uint32_t height;
  struct wr_span span;
  struct wr_tree_expression *value;  /* VALUE */
  struct wr_tree_expressions values; /* SET */
  struct wr_tree_groups groups;      /* GROUPING_SETS, ROLLUP, CUBE */
};

struct wr_tree_stagger { /* WINDOWED BY STAGGER (PARTITION BY a, b RANGE INTERVAL ...) */
  struct wr_span span;
  struct wr_tree_expressions partition_by; /* may be empty */
  struct wr_tree_expression *range;
};

struct wr_tree_select {
  struct wr_span span;
  struct wr_span stream_span; /* the word STREAM behind SELECT; length 0: it is not there */
  struct wr_tree_hints hints; /* right behind the word SELECT */
  bool distinct;
  struct wr_span distinct_span; /* the word DISTINCT; length 0: it is not there */
  struct wr_tree_items items;
  struct wr_tree_relation *from;                       /* or NULL: SELECT 1 */
  struct wr_tree_expression *where, *having, *qualify; /* each or NULL */
  struct wr_tree_groups group_by;
  struct wr_tree_stagger *stagger; /* or NULL */
  /* The words that begin a clause; length 0: there is none. */
  struct wr_span group_span, where_span, having_span, qualify_span, window_span, emit_span;
  struct wr_tree_expression *emit_every; /* EMIT EVERY interval; NULL: none, or EMIT ON CHANGE */
  struct wr_tree_windows windows;        /* WINDOW w AS (...), ... */
};

/* ---- queries ---- */

struct wr_tree_common { /* WITH name [(columns)] AS (query) */
  struct wr_span span;
  struct wr_tree_identifier *name;
  struct wr_tree_identifiers columns;
  struct wr_tree_query *query;
};
WR_TREE_LIST(wr_tree_commons, struct wr_tree_common);

enum wr_tree_query_kind {
  WR_TREE_SELECT,
  WR_TREE_VALUES, /* VALUES (1, 2), (3, 4): each row is an expression of kind ROW, single values are
                     wrapped */
  WR_TREE_TABLE_QUERY, /* TABLE t: SELECT * FROM t */
  WR_TREE_SET_OPERATION,
  WR_TREE_NESTED /* a query in brackets to which WITH, ORDER BY or LIMIT was added outside */
};

enum wr_tree_set_operator { WR_TREE_UNION, WR_TREE_INTERSECT, WR_TREE_EXCEPT };

struct wr_tree_query {
  enum wr_tree_query_kind kind;
  uint32_t height;
  struct wr_span span;
  struct wr_tree_commons with;
  struct wr_tree_orders order_by;
  struct wr_tree_expression *limit, *offset; /* each or NULL; FETCH FIRST n ROWS ONLY is a limit */
  struct wr_tree_expression *within;         /* ORDER BY ... WITHIN INTERVAL ..., or NULL */
  /* The words ORDER BY, LIMIT or FETCH, OFFSET; length 0: there is none. */
  struct wr_span order_span, limit_span, offset_span;
  union {
    struct wr_tree_select *select;
    struct wr_tree_expressions rows; /* VALUES */
    struct wr_tree_name table;       /* TABLE t */
    struct {
      enum wr_tree_set_operator operator;
      bool all;
      struct wr_span at; /* the operator's words */
      struct wr_tree_query *left, *right;
    } set;
    struct wr_tree_query *nested;
  };
};

/* A UNION whose branches may stand for it within another: a chain of them hangs to the left, counts
 * as one level, and may be long. Without `all`, of a UNION that drops duplicates, those within may
 * keep them or not. */
bool wr_tree_is_union(const struct wr_tree_query *query, bool all);

#endif
