/* SPDX-License-Identifier: Apache-2.0 */
/* What only the kinesis dialect has: streams, pumps, staggered windows, differences of times,
 * routines. */
#ifndef WEIR_PARSER_BUILD_KINESIS_H
#define WEIR_PARSER_BUILD_KINESIS_H

#include "parser/build_statement.h"

/* body: with columns, watermarks and keys; description may be NULL. */
struct wr_tree_statement *wr_build_stream(struct wr_parser *parser, struct wr_span span,
                                          bool or_replace, struct wr_tree_name name,
                                          const struct wr_tree_create_table *body,
                                          struct wr_tree_text *description);
/* stopped: the word, or length 0; description may be NULL; insert is a statement of this kind. */
struct wr_tree_statement *wr_build_pump(struct wr_parser *parser, struct wr_span span,
                                        bool or_replace, struct wr_tree_name name,
                                        struct wr_span stopped, struct wr_tree_text *description,
                                        const struct wr_tree_statement *insert);
struct wr_tree_stagger *wr_build_stagger(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_expressions partition_by,
                                         struct wr_tree_expression *range);
/* The relation behind which OVER stands, at `at`. */
struct wr_tree_relation *wr_build_relation_over(struct wr_parser *parser, struct wr_span span,
                                                struct wr_span at,
                                                struct wr_tree_relation *relation,
                                                struct wr_tree_window *over);
/* (a - b) SECOND: what stands in the brackets must be a difference. */
struct wr_tree_expression *wr_build_difference(struct wr_parser *parser, struct wr_span span,
                                               struct wr_tree_expression *value,
                                               struct wr_tree_interval interval);
/* left and right are periods, (start, end) or PERIOD (start, end); behind CONTAINS also a time.
 * What stands between them, at `at`, comes down to comparisons of their bounds. before: the
 * predicates of which left is the last period, joined by AND; or NULL. */
struct wr_build_periods wr_build_periods(struct wr_parser *parser, struct wr_span span,
                                         struct wr_span at, const struct wr_build_periods *before,
                                         struct wr_tree_expression *left,
                                         struct wr_tree_expression *right);
/* OVERLAPS, whose periods may have the word, too. */
struct wr_tree_expression *wr_build_overlaps(struct wr_parser *parser, struct wr_span span,
                                             struct wr_span at, struct wr_tree_expression *left,
                                             struct wr_tree_expression *right);
/* The same body, whose value is said by RETURN; clauses: what stands before that word. */
struct wr_tree_create_function *wr_build_routine(struct wr_parser *parser,
                                                 struct wr_tree_parameters parameters,
                                                 struct wr_tree_type *returns,
                                                 struct wr_build_routine clauses,
                                                 struct wr_tree_expression *value);
/* The clauses with one more; one that is there already, or its opposite, is an error. */
struct wr_build_routine wr_build_routine_clause(struct wr_parser *parser, struct wr_span span,
                                                struct wr_build_routine clauses,
                                                enum wr_build_routine_clause clause);

#endif
