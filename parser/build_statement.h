/* SPDX-License-Identifier: Apache-2.0 */
/* Statements: the part of build.h that is about what stands between semicolons. */
#ifndef WEIR_PARSER_BUILD_STATEMENT_H
#define WEIR_PARSER_BUILD_STATEMENT_H

#include "parser/build.h"

struct wr_build_target { /* the name behind CREATE or DROP */
  struct wr_tree_name name;
  bool conditional; /* IF [NOT] EXISTS */
};

struct wr_build_source { /* LIKE or AS behind CREATE TABLE */
  struct wr_tree_name *like;
  struct wr_tree_like_options options;
  struct wr_tree_query *query;
};

enum wr_build_routine_clause { /* of CREATE FUNCTION ... RETURN, in any order */
                               WR_BUILD_LANGUAGE,
                               WR_BUILD_SPECIFIC,
                               WR_BUILD_DETERMINISTIC,
                               WR_BUILD_CONTAINS_SQL,
                               WR_BUILD_READS_SQL,
                               WR_BUILD_MODIFIES_SQL,
                               WR_BUILD_CALLED_ON_NULL,
                               WR_BUILD_NULL_ON_NULL
};

struct wr_build_routine {
  unsigned given; /* a bit for each clause */
  bool null_on_null;
};

struct wr_build_periods {           /* (a, b) PRECEDES (c, d) ... */
  struct wr_tree_expression *value; /* what it comes down to */
  struct wr_tree_expression *last;  /* the last period */
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

/* Into the script, unless there was an error. */
void wr_build_into_script(struct wr_parser *parser, struct wr_tree_statement *statement);
struct wr_tree_statement *wr_build_drop(struct wr_parser *parser, struct wr_span span,
                                        enum wr_tree_object object, bool temporary,
                                        const struct wr_build_target *target);
/* The object is completed by what stands before its body. */
struct wr_tree_statement *wr_build_function(struct wr_parser *parser, struct wr_span span,
                                            bool or_replace, bool temporary,
                                            const struct wr_build_target *target,
                                            struct wr_tree_create_function *function);
struct wr_tree_alter *wr_build_rename(struct wr_parser *parser, const struct wr_tree_name *to);
struct wr_tree_statement *wr_build_alter(struct wr_parser *parser, struct wr_span span,
                                         enum wr_tree_object object,
                                         const struct wr_build_target *target,
                                         struct wr_tree_alter *alter);
/* name and like may be NULL. */
struct wr_tree_statement *wr_build_show(struct wr_parser *parser, struct wr_span span, int kind,
                                        const struct wr_tree_name *name,
                                        const struct wr_tree_show *like);
/* a = 'x' of PARTITION (...) */
struct wr_tree_option *wr_build_partition_value(struct wr_parser *parser, struct wr_span span,
                                                const struct wr_tree_identifier *column,
                                                const struct wr_tree_expression *value);

#endif
