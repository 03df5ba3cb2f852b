/* SPDX-License-Identifier: Apache-2.0 */
/* Statements and the parts of CREATE TABLE. */
#include "parser/build.h"

#include <string.h>
#include <strings.h>

struct wr_tree_statement *wr_build_statement(struct wr_parser *parser, struct wr_span span,
                                             enum wr_tree_statement_kind kind)
{
  struct wr_tree_statement *statement = WR_NEW(parser->arena, struct wr_tree_statement);
  statement->kind = kind;
  statement->span = span;
  return statement;
}

struct wr_tree_statement *wr_build_insert(struct wr_parser *parser, struct wr_span span,
                                          const struct wr_tree_insert *insert)
{
  struct wr_tree_statement *statement = wr_build_statement(parser, span, WR_TREE_INSERT);
  statement->insert = WR_NEW(parser->arena, struct wr_tree_insert);
  *statement->insert = *insert;
  return statement;
}

struct wr_build_element wr_build_column_element(struct wr_parser *parser, struct wr_span span,
                                                const struct wr_tree_column_definition *column)
{
  struct wr_build_element element = {.column =
                                         WR_NEW(parser->arena, struct wr_tree_column_definition)};
  *element.column = *column;
  element.column->span = span;
  return element;
}

struct wr_tree_key *wr_build_key(struct wr_parser *parser, struct wr_span span,
                                 struct wr_tree_identifier *name,
                                 struct wr_tree_identifiers columns, bool not_enforced)
{
  struct wr_tree_key *key = WR_NEW(parser->arena, struct wr_tree_key);
  *key = (struct wr_tree_key){span, name, columns, not_enforced};
  return key;
}

void wr_build_element(struct wr_parser *parser, struct wr_tree_create_table *table,
                      struct wr_build_element element)
{
  if (element.column)
    WR_LIST_ADD(parser, &table->columns, element.column);
  if (element.watermark)
    WR_LIST_ADD(parser, &table->watermarks, element.watermark);
  if (element.key)
    WR_LIST_ADD(parser, &table->keys, element.key);
}

struct wr_tree_like_option *wr_build_like_option(struct wr_parser *parser, struct wr_span span,
                                                 enum wr_tree_like_action action,
                                                 struct wr_span feature)
{
  static const char *const features[] = {"ALL",      "CONSTRAINTS", "DISTRIBUTION", "GENERATED",
                                         "METADATA", "OPTIONS",     "PARTITIONS",   "WATERMARKS"};
  struct wr_tree_like_option *option = WR_NEW(parser->arena, struct wr_tree_like_option);
  const char *word = parser->text + feature.offset;
  option->span = span;
  option->action = action;
  option->feature.span = feature;
  for (size_t i = 0; i < sizeof features / sizeof *features; i++)
    if (strlen(features[i]) == feature.length &&
        strncasecmp(features[i], word, feature.length) == 0) {
      option->feature.bytes = features[i];
      option->feature.length = feature.length;
      return option;
    }
  wr_parser_fail(parser, WR_SYNTAX, feature,
                 "found \"%.*s\", expected ALL, CONSTRAINTS, DISTRIBUTION, GENERATED, METADATA, "
                 "OPTIONS, PARTITIONS or WATERMARKS",
                 (int)feature.length, word);
  return option;
}
