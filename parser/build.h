/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the actions of the grammar call to make nodes. Builders set spans and heights and bring the
 * different ways to write one thing into one shape; they never ask what a name means. Errors (a
 * limit, a form that a function does not take) go to the parser's error; a node comes back in any
 * case, so that actions need not check.
 *
 * Height is counted from the leaves. It is what bounds the recursion of everybody who walks the
 * tree.
 */
#ifndef WEIR_PARSER_BUILD_H
#define WEIR_PARSER_BUILD_H

#include "parser/state.h"

/* Appends to any list of WR_TREE_LIST. */
#define WR_LIST_ADD(parser, list, item)                                                    \
  ((list)->count < (list)->room                                                            \
       ? (void)0                                                                           \
       : (void)((list)->items =                                                            \
                    wr_build_grow((parser), (list)->items, (list)->count, &(list)->room)), \
   (list)->items[(list)->count++] = (item))
void *wr_build_grow(struct wr_parser *parser, void *items, uint32_t count, uint32_t *room);

/* Makes the height at least one more than that of a node beneath; too much is an error at the span.
 */
void wr_build_raise(struct wr_parser *parser, struct wr_span span, uint32_t *height,
                    uint32_t height_beneath);
void wr_build_raise_all(struct wr_parser *parser, struct wr_span span, uint32_t *height,
                        const struct wr_tree_expressions *beneath);
void wr_build_raise_orders(struct wr_parser *parser, struct wr_span span, uint32_t *height,
                           const struct wr_tree_orders *beneath);

/* ---- names and types (build_type.c) */

/* Every name goes into script.names, which is in the order of the text. */
void wr_build_remember(struct wr_parser *parser, struct wr_tree_identifier *name);
struct wr_tree_identifier *wr_build_word(struct wr_parser *parser, struct wr_span span);
struct wr_tree_name wr_build_name(struct wr_parser *parser, struct wr_tree_identifier *part);
/* The digits at the span. */
int32_t wr_build_count(struct wr_parser *parser, struct wr_span digits);

/* Any kind; key and element may be NULL. */
struct wr_tree_type *wr_build_type(struct wr_parser *parser, struct wr_span span,
                                   enum wr_tree_type_kind kind, struct wr_tree_type *key,
                                   struct wr_tree_type *element);
/* DECIMAL(10, 2); WR_TREE_NO_PRECISION for a number that is not given. */
struct wr_tree_type *wr_build_named_type(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_name name, int32_t first, int32_t second);
/* RAW('class', 'snapshot'), which the binder refuses */
struct wr_tree_type *wr_build_class_type(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_name name, struct wr_span class_name);
/* DOUBLE PRECISION, CHAR VARYING(10) */
struct wr_tree_type *wr_build_two_word_type(struct wr_parser *parser, struct wr_span span,
                                            struct wr_tree_name name, struct wr_span second_word,
                                            int32_t length);
/* DATE, TIME(0), TIMESTAMP(3) WITH LOCAL TIME ZONE */
struct wr_tree_type *wr_build_time_type(struct wr_parser *parser, struct wr_span span,
                                        struct wr_span word, int32_t precision,
                                        enum wr_tree_zone zone);
/* fields NULL: none. */
struct wr_tree_type *wr_build_row_type(struct wr_parser *parser, struct wr_span span,
                                       const struct wr_tree_type_fields *fields);
struct wr_tree_interval wr_build_interval(struct wr_parser *parser, struct wr_span span,
                                          const struct wr_tree_interval *from,
                                          const struct wr_tree_interval *to);

/* ---- expressions (build_expression.c) */

struct wr_tree_expression *wr_build_expression(struct wr_parser *parser, struct wr_span span,
                                               enum wr_tree_expression_kind kind);
/* The digits at the span. */
struct wr_tree_expression *wr_build_number(struct wr_parser *parser, struct wr_span span,
                                           enum wr_tree_literal_kind kind);
/* text NULL: "". */
struct wr_tree_expression *wr_build_literal(struct wr_parser *parser, struct wr_span span,
                                            enum wr_tree_literal_kind kind,
                                            const struct wr_tree_text *text);
/* b and c may be NULL. */
struct wr_tree_expression *wr_build_operation(struct wr_parser *parser, struct wr_span span,
                                              struct wr_span at, enum wr_tree_operator operator,
                                              bool negated, struct wr_tree_expression *a,
                                              struct wr_tree_expression *b,
                                              struct wr_tree_expression *c);
/* a AND b AND c ..., or with OR: left-deep if short; long ones are halved, so that they stay low.
 */
struct wr_tree_expression *wr_build_chain(struct wr_parser *parser, enum wr_tree_operator operator,
                                          const struct wr_tree_expressions * operands);
struct wr_tree_expression *wr_build_column(struct wr_parser *parser, struct wr_tree_name name);
struct wr_tree_expression *wr_build_field(struct wr_parser *parser, struct wr_span span,
                                          struct wr_tree_expression *operand,
                                          struct wr_tree_identifier *name);
/* name NULL: plain *. */
struct wr_tree_expression *wr_build_star(struct wr_parser *parser, struct wr_span span,
                                         const struct wr_tree_name *name);
/* Either a list or a query. */
struct wr_tree_expression *wr_build_in(struct wr_parser *parser, struct wr_span span, bool negated,
                                       struct wr_tree_expression *operand,
                                       struct wr_tree_expressions list,
                                       struct wr_tree_query *query);
/* EXISTS, SUBQUERY, CURSOR */
struct wr_tree_expression *wr_build_query_value(struct wr_parser *parser, struct wr_span span,
                                                enum wr_tree_expression_kind kind,
                                                struct wr_tree_query *query);
void wr_build_branch(struct wr_parser *parser, struct wr_tree_branches *branches,
                     struct wr_tree_expressions conditions, struct wr_tree_expression *value);
/* operand and otherwise may be NULL. */
struct wr_tree_expression *wr_build_case(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_expression *operand,
                                         struct wr_tree_branches branches,
                                         struct wr_tree_expression *otherwise);
struct wr_tree_expression *wr_build_cast(struct wr_parser *parser, struct wr_span span,
                                         bool attempt, struct wr_tree_expression *operand,
                                         struct wr_tree_type *type);
/* ROW, ARRAY, MAP; items NULL: none. */
struct wr_tree_expression *wr_build_items(struct wr_parser *parser, struct wr_span span,
                                          enum wr_tree_expression_kind kind,
                                          const struct wr_tree_expressions *items);
struct wr_tree_expression *wr_build_bracketed(struct wr_parser *parser, struct wr_span span,
                                              struct wr_tree_expression *value);

/* ---- queries (build_query.c) */

struct wr_build_clause { /* a clause with the words that begin it; length 0: it is not there */
  struct wr_span words;
  union {
    struct wr_tree_expression *condition;
    struct wr_tree_groups groups;
    struct wr_tree_windows windows;
    struct wr_tree_identifiers identifiers;
    struct wr_tree_options options;
    struct wr_tree_stagger *stagger;
  };
};

struct wr_tree_item *wr_build_item(struct wr_parser *parser, struct wr_span span,
                                   struct wr_tree_expression *value,
                                   struct wr_tree_identifier *alias);
/* One expression, or (a, b) as a set; NULL: (). */
struct wr_tree_group *wr_build_group(struct wr_parser *parser, struct wr_span span,
                                     struct wr_tree_expression *value);
struct wr_tree_group *wr_build_groups(struct wr_parser *parser, struct wr_span span,
                                      enum wr_tree_group_kind kind, struct wr_tree_groups groups);

struct wr_tree_relation *wr_build_table(struct wr_parser *parser, struct wr_span span,
                                        struct wr_tree_name name, struct wr_tree_hints hints,
                                        struct wr_tree_expression *as_of);
struct wr_tree_relation *wr_build_derived(struct wr_parser *parser, struct wr_span span,
                                          struct wr_tree_query *query, bool lateral);
struct wr_tree_relation *wr_build_table_function(struct wr_parser *parser, struct wr_span span,
                                                 struct wr_tree_expression *call);
struct wr_tree_relation *wr_build_unnest(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_expressions values, bool with_ordinality);
struct wr_tree_relation *wr_build_join(struct wr_parser *parser, struct wr_span span,
                                       struct wr_span at, enum wr_tree_join_kind kind,
                                       struct wr_tree_relation *left,
                                       struct wr_tree_relation *right,
                                       struct wr_tree_expression *on);

/* quantifier: only its numbers and its place count. */
struct wr_tree_match_step *wr_build_match_step(struct wr_parser *parser, struct wr_span span,
                                               struct wr_tree_identifier *variable,
                                               const struct wr_tree_match_step *quantifier);
/* match: all but its input. */
struct wr_tree_relation *wr_build_match(struct wr_parser *parser, struct wr_span span,
                                        struct wr_tree_relation *input,
                                        struct wr_tree_match *match);

struct wr_tree_query *wr_build_query(struct wr_parser *parser, struct wr_span span,
                                     enum wr_tree_query_kind kind);
struct wr_tree_query *wr_build_select(struct wr_parser *parser,
                                      const struct wr_tree_select *select);
struct wr_tree_query *wr_build_values(struct wr_parser *parser, struct wr_span span,
                                      struct wr_tree_expressions rows);
struct wr_tree_query *wr_build_set(struct wr_parser *parser, struct wr_span span, struct wr_span at,
                                   enum wr_tree_set_operator operator, bool all,
                                   struct wr_tree_query *left, struct wr_tree_query *right);
/* The same query with the brackets around it counted. */
struct wr_tree_query *wr_build_query_in_brackets(struct wr_parser *parser, struct wr_span span,
                                                 struct wr_tree_query *query);
/* ORDER BY and LIMIT travel as a query that has only these parts; each may be NULL. */
struct wr_tree_query *wr_build_tail(struct wr_parser *parser, const struct wr_build_clause *limit,
                                    const struct wr_build_clause *offset);
/* WITH before, ORDER BY and LIMIT (of tail) behind; each may be NULL. */
struct wr_tree_query *wr_build_around(struct wr_parser *parser, struct wr_span span,
                                      const struct wr_tree_commons *with,
                                      struct wr_tree_query *query,
                                      const struct wr_tree_query *tail);

#endif
