/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Expressions as they were written. Nothing is computed here: a number is its digits, a column is
 * its dotted path, and whether `a.b` is a column of a table or a field of a row is for the binder
 * to find out. Memory: see parser/tree_type.h.
 */
#ifndef WEIR_PARSER_TREE_EXPRESSION_H
#define WEIR_PARSER_TREE_EXPRESSION_H

#include "parser/tree_json.h"

struct wr_tree_expression;
struct wr_tree_query;
struct wr_tree_window;

enum wr_tree_literal_kind {
  WR_TREE_INTEGER,     /* 42: digits only; a sign is the operator NEGATE */
  WR_TREE_DECIMAL,     /* 1.50, .5, 1. */
  WR_TREE_APPROXIMATE, /* 1E3, 1.5e-3 */
  WR_TREE_STRING,      /* 'it''s', U&'\00e9' */
  WR_TREE_BINARY,      /* X'00ff': text is the hex digits, an even number of them */
  WR_TREE_TRUE,
  WR_TREE_FALSE,
  WR_TREE_NULL,
  WR_TREE_DATE,         /* DATE '2026-01-02': text is what stands in the quotes, unchecked */
  WR_TREE_TIME,         /* TIME '10:00:00' */
  WR_TREE_TIMESTAMP,    /* TIMESTAMP '2026-01-02 10:00:00.5' */
  WR_TREE_INTERVAL_TEXT /* INTERVAL [-] '5' SECOND */
};

/* The number is that of the operands; + means that `negated` is used: IS NOT NULL, NOT LIKE ... */
enum wr_tree_operator {
  WR_TREE_NEGATE, /* 1: -a */
  WR_TREE_PLUS,   /* 1: +a */
  WR_TREE_NOT,    /* 1 */
  WR_TREE_ADD,    /* 2, and so on to OR */
  WR_TREE_SUBTRACT,
  WR_TREE_MULTIPLY,
  WR_TREE_DIVIDE,
  WR_TREE_MODULO,
  WR_TREE_CONCATENATE,
  WR_TREE_EQUAL,
  WR_TREE_NOT_EQUAL,
  WR_TREE_LESS,
  WR_TREE_LESS_EQUAL,
  WR_TREE_GREATER,
  WR_TREE_GREATER_EQUAL,
  WR_TREE_AND,
  WR_TREE_OR,
  WR_TREE_IS_NULL,           /* 1+ */
  WR_TREE_IS_TRUE,           /* 1+ */
  WR_TREE_IS_FALSE,          /* 1+ */
  WR_TREE_IS_UNKNOWN,        /* 1+ */
  WR_TREE_IS_JSON,           /* 1+: also IS JSON VALUE */
  WR_TREE_IS_JSON_SCALAR,    /* 1+ */
  WR_TREE_IS_JSON_ARRAY,     /* 1+ */
  WR_TREE_IS_JSON_OBJECT,    /* 1+ */
  WR_TREE_IS_DISTINCT,       /* 2+: a IS DISTINCT FROM b */
  WR_TREE_BETWEEN,           /* 3+: a BETWEEN b AND c */
  WR_TREE_BETWEEN_SYMMETRIC, /* 3+ */
  WR_TREE_LIKE,              /* 2 or 3+: a LIKE b [ESCAPE c] */
  WR_TREE_SIMILAR,           /* 2 or 3+: a SIMILAR TO b [ESCAPE c] */
  WR_TREE_SUBSCRIPT,         /* 2: a[b] */
  WR_TREE_OVERLAPS,          /* 2: (s, e) OVERLAPS (s, e) */
  WR_TREE_OPERATOR_COUNT
};

/* The operator in SQL's words: "+", "IS NULL", "IS NOT NULL", "NOT BETWEEN SYMMETRIC", "[]". */
const char *wr_tree_operator_name(enum wr_tree_operator operator, bool negated);

enum wr_tree_expression_kind {
  WR_TREE_LITERAL,
  WR_TREE_COLUMN,    /* name: column, table.column, column.field, table.column.field ... */
  WR_TREE_FIELD,     /* a field of something that is not a name: f(x).a, a[1].b, (a).b */
  WR_TREE_STAR,      /* *, t.*; only in select lists and as the only argument of a call */
  WR_TREE_OPERATION, /* operator with one to three operands */
  WR_TREE_IN,        /* a [NOT] IN (list) or (query) */
  WR_TREE_EXISTS,    /* EXISTS (query) */
  WR_TREE_SUBQUERY,  /* (query) as a value */
  WR_TREE_CASE,
  WR_TREE_CAST, /* CAST, TRY_CAST */
  WR_TREE_CALL,
  WR_TREE_ROW,    /* ROW(a, b), (a, b) */
  WR_TREE_ARRAY,  /* ARRAY[a, b] */
  WR_TREE_MAP,    /* MAP[key, value, key, value] */
  WR_TREE_SYMBOL, /* a word as an argument, in upper case: DAY in TIMESTAMPADD(DAY, ...), BOTH in
                     TRIM */
  WR_TREE_DESCRIPTOR,    /* DESCRIPTOR(column, ...); only as an argument */
  WR_TREE_CURSOR,        /* CURSOR(query); only as an argument */
  WR_TREE_DIFFERENCE,    /* (a - b) SECOND: an INTERVAL */
  WR_TREE_TABLE_ARGUMENT /* TABLE t [PARTITION BY ...] [ORDER BY ...]; only as an argument */
};

WR_TREE_LIST(wr_tree_expressions, struct wr_tree_expression);

struct wr_tree_literal {
  enum wr_tree_literal_kind kind;
  bool negative;    /* INTERVAL - '5' SECOND */
  const char *text; /* digits, or the content of the quotes; "" for TRUE, FALSE, NULL */
  uint32_t length;
  struct wr_tree_interval interval; /* INTERVAL_TEXT */
};

struct wr_tree_operation {
  enum wr_tree_operator operator;
  bool negated;
  uint32_t operand_count;
  struct wr_span at; /* the operator itself, for messages about it */
  struct wr_tree_expression *operands[3];
};

struct wr_tree_branch { /* WHEN condition THEN value; several: WHEN a, b THEN value */
  struct wr_tree_expressions conditions;
  struct wr_tree_expression *value;
};
WR_TREE_LIST(wr_tree_branches, struct wr_tree_branch);

struct wr_tree_argument {
  struct wr_span span;
  struct wr_tree_identifier *name; /* SIZE => value, or NULL */
  struct wr_tree_expression *value;
};
WR_TREE_LIST(wr_tree_arguments, struct wr_tree_argument);

struct wr_tree_order { /* one item of an ORDER BY */
  struct wr_span span;
  struct wr_tree_expression *value;
  bool descending;
  enum { WR_TREE_NULLS_DEFAULT, WR_TREE_NULLS_FIRST, WR_TREE_NULLS_LAST } nulls;
};
WR_TREE_LIST(wr_tree_orders, struct wr_tree_order);

/* clang-format off */
/*
 * A function call. What SQL writes with words inside the brackets becomes an ordinary call:
 *   EXTRACT(unit FROM x)                            EXTRACT(symbol, x)
 *   FLOOR(x TO unit), CEIL, CEILING                 FLOOR(x, symbol)
 *   TRIM([BOTH|LEADING|TRAILING] [c] FROM s), TRIM(s)   TRIM(symbol, c, s); BOTH and ' ' filled in
 *   SUBSTRING(s FROM a [FOR n])                     SUBSTRING(s, a [, n])
 *   SUBSTRING(s SIMILAR pattern ESCAPE e)           SUBSTRING(s, pattern, e): texts
 *   STEP(x BY y)                                    STEP(x, y)
 *   POSITION(a IN s)                                POSITION(a, s)
 *   OVERLAY(s PLACING r FROM a [FOR n])             OVERLAY(s, r, a [, n])
 *   TIMESTAMPADD(unit, n, t), TIMESTAMPDIFF(unit, a, b)   the unit is a symbol
 *   CURRENT_DATE, CURRENT_TIME, CURRENT_TIMESTAMP, LOCALTIME, LOCALTIMESTAMP   no arguments
 * Units as symbols are singular: MINUTES becomes MINUTE. `name` keeps the spelling of the source.
 */
/* clang-format on */
struct wr_tree_call {
  struct wr_tree_name name;
  bool distinct; /* COUNT(DISTINCT a) */
  enum { WR_TREE_RESPECT_DEFAULT, WR_TREE_RESPECT_NULLS, WR_TREE_IGNORE_NULLS } nulls;
  /* The words DISTINCT, IGNORE NULLS, WITHIN GROUP, FILTER; length 0: they are not there. */
  struct wr_span distinct_span, nulls_span, within_span, filter_span;
  struct wr_tree_arguments arguments; /* COUNT(*): one argument of kind STAR */
  struct wr_tree_orders within_group; /* WITHIN GROUP (ORDER BY ...) */
  struct wr_tree_expression *filter;  /* FILTER (WHERE ...), or NULL */
  struct wr_tree_window *over;        /* OVER w, OVER (...), or NULL */
  bool from_last;                     /* NTH_VALUE(x, n) FROM LAST */
  struct wr_span from_span;           /* its words, or FROM FIRST; length 0: not there */
  struct wr_tree_json *json;          /* SQL/JSON clauses, or NULL: none was written */
};

struct wr_tree_expression {
  enum wr_tree_expression_kind kind;
  uint32_t height; /* levels beneath and including this one; at most WR_SQL_NESTING_MAX, so walking
                      may recurse */
  struct wr_span span; /* with the brackets, if any */
  bool bracketed;      /* (a): stood in brackets of its own; a ROW: also if written (a, b) */
  bool is_wrapped;     /* a ROW in further brackets: ((a, b)), (ROW(a, b)) */
  union {
    struct wr_tree_literal literal;
    struct wr_tree_name column;
    struct {
      struct wr_tree_expression *operand;
      struct wr_tree_identifier *name;
    } field;
    struct wr_tree_name star; /* parts.count 0: plain * */
    struct wr_tree_operation operation;
    struct {
      struct wr_tree_expression *operand;
      struct wr_tree_expressions list; /* empty if there is a query */
      struct wr_tree_query *query;     /* or NULL */
      bool negated;
    } in;
    struct wr_tree_query *query; /* EXISTS, SUBQUERY, CURSOR */
    struct {
      struct wr_tree_expression *left, *right;
      struct wr_tree_interval interval; /* its units */
    } difference;
    struct {
      struct wr_tree_expression *operand; /* or NULL: CASE WHEN */
      struct wr_tree_branches branches;
      struct wr_tree_expression *otherwise; /* or NULL: no ELSE */
    } choice;                               /* CASE */
    struct {
      struct wr_tree_expression *operand;
      struct wr_tree_type *type;
      bool attempt; /* TRY_CAST */
    } cast;
    struct wr_tree_call call;
    struct wr_tree_expressions items; /* ROW, ARRAY, MAP */
    struct wr_tree_text symbol;
    struct wr_tree_identifiers columns; /* DESCRIPTOR */
    struct {
      struct wr_tree_name name;    /* parts.count 0 if a query was given: TABLE(SELECT ...) */
      struct wr_tree_query *query; /* or NULL */
      struct wr_tree_expressions partition_by;
      struct wr_tree_orders order_by;
    } table;
  };
};

#endif
