/* SPDX-License-Identifier: Apache-2.0 */
/* Statements and the parts of CREATE TABLE. */
#include "parser/build_statement.h"

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

void wr_build_into_script(struct wr_parser *parser, struct wr_tree_statement *statement)
{
  if (parser->code == WR_OK)
    WR_LIST_ADD(parser, &parser->script->statements, statement);
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

/* ---- DROP, ALTER, SHOW, functions */

struct wr_tree_statement *wr_build_drop(struct wr_parser *parser, struct wr_span span,
                                        enum wr_tree_object object, bool temporary,
                                        const struct wr_build_target *target)
{
  struct wr_tree_statement *statement = wr_build_statement(parser, span, WR_TREE_DROP);
  statement->drop = (struct wr_tree_drop){.object = object,
                                          .name = target->name,
                                          .temporary = temporary,
                                          .if_exists = target->conditional};
  return statement;
}

struct wr_tree_statement *wr_build_function(struct wr_parser *parser, struct wr_span span,
                                            bool or_replace, bool temporary,
                                            const struct wr_build_target *target,
                                            struct wr_tree_create_function *function)
{
  struct wr_tree_statement *statement = wr_build_statement(parser, span, WR_TREE_CREATE_FUNCTION);
  statement->create_function = function;
  function->name = target->name;
  function->if_not_exists = target->conditional;
  function->or_replace = or_replace;
  function->temporary = temporary;
  return statement;
}

struct wr_tree_alter *wr_build_rename(struct wr_parser *parser, const struct wr_tree_name *to)
{
  struct wr_tree_alter *alter = WR_NEW(parser->arena, struct wr_tree_alter);
  alter->kind = WR_TREE_ALTER_RENAME;
  alter->new_name = WR_NEW(parser->arena, struct wr_tree_name);
  *alter->new_name = *to;
  return alter;
}

struct wr_tree_statement *wr_build_alter(struct wr_parser *parser, struct wr_span span,
                                         enum wr_tree_object object,
                                         const struct wr_build_target *target,
                                         struct wr_tree_alter *alter)
{
  struct wr_tree_statement *statement = wr_build_statement(parser, span, WR_TREE_ALTER);
  alter->object = object;
  alter->name = target->name;
  alter->if_exists = target->conditional;
  statement->alter = alter;
  return statement;
}

struct wr_tree_statement *wr_build_show(struct wr_parser *parser, struct wr_span span, int kind,
                                        const struct wr_tree_name *name,
                                        const struct wr_tree_show *like)
{
  struct wr_tree_statement *statement = wr_build_statement(parser, span, WR_TREE_SHOW);
  if (like)
    statement->show = *like;
  statement->show.kind = (enum wr_tree_show_kind)kind;
  if (name) {
    statement->show.name = WR_NEW(parser->arena, struct wr_tree_name);
    *statement->show.name = *name;
  }
  return statement;
}

struct wr_tree_option *wr_build_partition_value(struct wr_parser *parser, struct wr_span span,
                                                const struct wr_tree_identifier *column,
                                                const struct wr_tree_expression *value)
{
  struct wr_tree_option *option = WR_NEW(parser->arena, struct wr_tree_option);
  bool negative = value->kind == WR_TREE_OPERATION;
  const struct wr_tree_expression *literal = negative ? value->operation.operands[0] : value;
  enum wr_tree_literal_kind kind = literal->literal.kind;
  *option =
      (struct wr_tree_option){span, {column->span, column->text, column->length}, {.length = 0}};
  option->value.span = value->span;
  if (kind == WR_TREE_NULL || kind == WR_TREE_BINARY || kind == WR_TREE_INTERVAL_TEXT ||
      (negative && kind > WR_TREE_APPROXIMATE))
    wr_parser_fail(parser, WR_SYNTAX, value->span,
                   "the value of a partition is a string, a number, a time or a boolean");
  const char *text = kind == WR_TREE_TRUE    ? "true"
                     : kind == WR_TREE_FALSE ? "false"
                                             : literal->literal.text;
  option->value.bytes = wr_arena_print(parser->arena, "%s%s", negative ? "-" : "", text);
  option->value.length = (uint32_t)strlen(option->value.bytes);
  return option;
}
