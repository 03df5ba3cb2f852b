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
/* EXISTS, SUBQUERY */
struct wr_tree_expression *wr_build_query_value(struct wr_parser *parser, struct wr_span span,
                                                enum wr_tree_expression_kind kind,
                                                struct wr_tree_query *query);
void wr_build_branch(struct wr_parser *parser, struct wr_tree_branches *branches,
                     struct wr_tree_expression *condition, struct wr_tree_expression *value);
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

/* ---- calls (build_call.c) */

enum wr_call_form { /* the words between the arguments of a call */
                    WR_FORM_PLAIN,
                    WR_FORM_FROM,     /* a FROM b */
                    WR_FORM_FROM_FOR, /* a FROM b FOR c */
                    WR_FORM_SIDE,     /* BOTH [a] FROM b; BOTH is the first argument */
                    WR_FORM_TO,       /* a TO unit */
                    WR_FORM_PLACING,  /* a PLACING b FROM c [FOR d] */
                    WR_FORM_IN        /* a IN b */
};

struct wr_build_body { /* what stands between the brackets of a call */
  enum wr_call_form form;
  bool distinct;
  struct wr_span at; /* the word that makes the form */
  struct wr_tree_arguments arguments;
};

/* Arguments in the order of the source; those that are NULL are left out. */
struct wr_build_body wr_build_form(struct wr_parser *parser, enum wr_call_form form,
                                   struct wr_span at, struct wr_tree_expression *a,
                                   struct wr_tree_expression *b, struct wr_tree_expression *c,
                                   struct wr_tree_expression *d);
/* name may be NULL. */
void wr_build_argument(struct wr_parser *parser, struct wr_tree_arguments *arguments,
                       struct wr_tree_identifier *name, struct wr_tree_expression *value);
struct wr_tree_expression *wr_build_symbol(struct wr_parser *parser, struct wr_span span);
struct wr_tree_expression *wr_build_descriptor(struct wr_parser *parser, struct wr_span span,
                                               struct wr_tree_identifiers columns);
/* Either a name or a query; keys and order may be NULL. */
struct wr_tree_expression *wr_build_table_argument(struct wr_parser *parser, struct wr_span span,
                                                   const struct wr_tree_name *name,
                                                   struct wr_tree_query *query,
                                                   struct wr_tree_expression *keys,
                                                   struct wr_tree_order *order);
/* Checks that the function takes the form, and orders the arguments as parser/tree_expression.h
 * says. */
struct wr_tree_expression *wr_build_call(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_name name, struct wr_build_body body);
/* WITHIN GROUP, FILTER, IGNORE NULLS, OVER as far as given in tail. */
void wr_build_call_tail(struct wr_parser *parser, struct wr_tree_expression *call,
                        const struct wr_tree_call *tail);
/* CURRENT_DATE and the like: a call without brackets. */
struct wr_tree_expression *wr_build_special_value(struct wr_parser *parser, struct wr_span span);

/* ---- queries (build_query.c) */

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
/* WITH before, ORDER BY and LIMIT (of tail) behind; each may be NULL. */
struct wr_tree_query *wr_build_around(struct wr_parser *parser, struct wr_span span,
                                      const struct wr_tree_commons *with,
                                      struct wr_tree_query *query,
                                      const struct wr_tree_query *tail);

/* ---- statements (build_statement.c) */

struct wr_build_target { /* the name behind CREATE or DROP */
  struct wr_tree_name name;
  bool conditional; /* IF [NOT] EXISTS */
};

struct wr_build_source { /* LIKE or AS behind CREATE TABLE */
  struct wr_tree_name *like;
  struct wr_tree_like_options options;
  struct wr_tree_query *query;
};

struct wr_build_element { /* one entry between the brackets of CREATE TABLE; a column may bring its
                             key */
  struct wr_tree_column_definition *column;
  struct wr_tree_watermark *watermark;
  struct wr_tree_key *key;
};

struct wr_tree_statement *wr_build_statement(struct wr_parser *parser, struct wr_span span,
                                             enum wr_tree_statement_kind kind);
struct wr_tree_statement *wr_build_insert(struct wr_parser *parser, struct wr_span span,
                                          const struct wr_tree_insert *insert);
struct wr_build_element wr_build_column_element(struct wr_parser *parser, struct wr_span span,
                                                const struct wr_tree_column_definition *column);
struct wr_tree_key *wr_build_key(struct wr_parser *parser, struct wr_span span,
                                 struct wr_tree_identifier *name,
                                 struct wr_tree_identifiers columns, bool not_enforced);
void wr_build_element(struct wr_parser *parser, struct wr_tree_create_table *table,
                      struct wr_build_element element);
struct wr_tree_like_option *wr_build_like_option(struct wr_parser *parser, struct wr_span span,
                                                 enum wr_tree_like_action action,
                                                 struct wr_span feature);

#endif
