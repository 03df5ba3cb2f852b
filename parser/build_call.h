/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls: the part of build.h that is about functions. The words that some functions have inside
 * their brackets are read with any name; build_call.c and build_json.c know which function takes
 * which.
 */
#ifndef WEIR_PARSER_BUILD_CALL_H
#define WEIR_PARSER_BUILD_CALL_H

#include "parser/build.h"

enum wr_call_form { /* the words between the arguments of a call */
                    WR_FORM_PLAIN,
                    WR_FORM_PAIRS,    /* [KEY] a VALUE b, ..., a : b, ... */
                    WR_FORM_FROM,     /* a FROM b */
                    WR_FORM_FROM_FOR, /* a FROM b FOR c */
                    WR_FORM_SIDE,     /* BOTH [a] FROM b; BOTH is the first argument */
                    WR_FORM_TO,       /* a TO unit */
                    WR_FORM_BY,       /* a BY b */
                    WR_FORM_SIMILAR,  /* a SIMILAR b ESCAPE c */
                    WR_FORM_PLACING,  /* a PLACING b FROM c [FOR d] */
                    WR_FORM_IN        /* a IN b */
};

struct wr_build_body { /* what stands between the brackets of a call */
  enum wr_call_form form;
  struct wr_span at;            /* the word that makes the form */
  struct wr_span distinct_span; /* length 0: it is not there; so with the next */
  struct wr_span nulls_span;
  int nulls; /* of struct wr_tree_call */
  struct wr_tree_arguments arguments;
  struct wr_tree_json *json; /* or NULL */
};

/* Arguments in the order of the source; those that are NULL are left out. */
struct wr_build_body wr_build_form(struct wr_parser *parser, enum wr_call_form form,
                                   struct wr_span at, struct wr_tree_expression *a,
                                   struct wr_tree_expression *b, struct wr_tree_expression *c,
                                   struct wr_tree_expression *d);
/* name may be NULL. */
void wr_build_argument(struct wr_parser *parser, struct wr_tree_arguments *arguments,
                       struct wr_tree_identifier *name, struct wr_tree_expression *value);
struct wr_tree_arguments wr_build_append(struct wr_parser *parser, struct wr_tree_arguments list,
                                         const struct wr_tree_arguments *more);
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
/* The tail with one part more; a part that is there already is an error. A tail may be NULL. */
struct wr_tree_call *wr_build_tail_parts(struct wr_parser *parser, struct wr_tree_call *tail,
                                         struct wr_tree_call *part);
struct wr_tree_call *wr_build_tail_over(struct wr_parser *parser, struct wr_tree_call *tail,
                                        struct wr_tree_window *over);
/* WITHIN GROUP, FILTER, IGNORE NULLS, OVER as far as given in tail, which may be NULL. */
void wr_build_call_tail(struct wr_parser *parser, struct wr_tree_expression *call,
                        const struct wr_tree_call *tail);
/* CURRENT_DATE and the like: a call without brackets. */
struct wr_tree_expression *wr_build_special_value(struct wr_parser *parser, struct wr_span span);

/* ---- clauses of SQL/JSON functions (build_json.c); json NULL: this is the first one */

enum wr_build_event { WR_BUILD_ON_EMPTY, WR_BUILD_ON_ERROR, WR_BUILD_ON_NULL };

struct wr_tree_json *wr_build_json_returning(struct wr_parser *parser, struct wr_span span,
                                             struct wr_tree_json *json, struct wr_tree_type *type);
struct wr_tree_json *wr_build_json_wrapper(struct wr_parser *parser, struct wr_span span,
                                           struct wr_tree_json *json, int wrapper);
struct wr_tree_json *wr_build_json_nulls(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_json *json, bool absent);
struct wr_tree_json *wr_build_json_behaviour(struct wr_parser *parser, struct wr_span span,
                                             struct wr_tree_json *json,
                                             struct wr_tree_json_behaviour behaviour, int event);
/* Errors for clauses that the function does not take. */
void wr_build_json_check(struct wr_parser *parser, const struct wr_tree_identifier *function,
                         const struct wr_tree_json *json);
uint32_t wr_build_json_height(const struct wr_tree_json *json);

#endif
