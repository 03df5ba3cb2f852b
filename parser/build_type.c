/* SPDX-License-Identifier: Apache-2.0 */
/* Lists, heights, names and types. */
#include "parser/build.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"

void *wr_build_grow(struct wr_parser *parser, void *items, uint32_t count, uint32_t *room)
{
  uint32_t new_room =
      count == 0 ? 4 : count * 2; /* WR_SQL_TOKENS_MAX keeps this far from overflow */
  void **grown = wr_arena_get(parser->arena, new_room * sizeof(void *));
  if (count > 0)
    memcpy(grown, items, count * sizeof(void *));
  *room = new_room;
  return grown;
}

static void build_raise(struct wr_parser *parser, struct wr_span span, uint32_t *height,
                        uint32_t height_beneath, uint32_t height_max, const char *limit)
{
  if (*height <= height_beneath)
    *height = height_beneath + 1;
  if (*height <= height_max)
    return;
  wr_parser_fail(parser, WR_LIMIT, span, "nested too deeply; at most %u levels (%s)", height_max,
                 limit);
  wr_parser_state(parser, span, WR_STATE_TOO_COMPLEX);
}

void wr_build_raise(struct wr_parser *parser, struct wr_span span, uint32_t *height,
                    uint32_t height_beneath)
{
  build_raise(parser, span, height, height_beneath, WR_SQL_NESTING_MAX, "WR_SQL_NESTING_MAX");
}

void wr_build_raise_all(struct wr_parser *parser, struct wr_span span, uint32_t *height,
                        const struct wr_tree_expressions *beneath)
{
  for (uint32_t i = 0; i < beneath->count; i++)
    wr_build_raise(parser, span, height, beneath->items[i]->height);
}

void wr_build_raise_orders(struct wr_parser *parser, struct wr_span span, uint32_t *height,
                           const struct wr_tree_orders *beneath)
{
  for (uint32_t i = 0; i < beneath->count; i++)
    wr_build_raise(parser, span, height, beneath->items[i]->value->height);
}

/* ---- names */

/* A word that is no name by itself becomes one when the grammar has seen what is behind it, so a
 * name may come before those just behind it. */
void wr_build_remember(struct wr_parser *parser, struct wr_tree_identifier *name)
{
  struct wr_tree_identifiers *names = &parser->script->names;
  WR_LIST_ADD(parser, names, name);
  for (uint32_t i = names->count - 1; i > 0 && names->items[i - 1]->span.offset > name->span.offset;
       i--) {
    names->items[i] = names->items[i - 1];
    names->items[i - 1] = name;
  }
}

struct wr_tree_identifier *wr_build_word(struct wr_parser *parser, struct wr_span span)
{
  struct wr_tree_identifier *word = WR_NEW(parser->arena, struct wr_tree_identifier);
  word->span = span;
  word->text = wr_arena_copy(parser->arena, parser->text + span.offset, span.length);
  word->length = span.length;
  wr_build_remember(parser, word);
  return word;
}

struct wr_tree_name wr_build_name(struct wr_parser *parser, struct wr_tree_identifier *part)
{
  struct wr_tree_name name = {.span = part->span};
  WR_LIST_ADD(parser, &name.parts, part);
  return name;
}

int32_t wr_build_count(struct wr_parser *parser, struct wr_span digits)
{
  int64_t count = 0;
  for (uint32_t i = 0; i < digits.length && count <= INT32_MAX; i++)
    count = count * 10 + (parser->text[digits.offset + i] - '0');
  if (count <= INT32_MAX)
    return (int32_t)count;
  wr_parser_fail(parser, WR_SYNTAX, digits, "the number %.*s is too large here; at most %d",
                 digits.length < 40 ? (int)digits.length : 40, parser->text + digits.offset,
                 INT32_MAX);
  return 0;
}

/* ---- types */

static void build_type_raise(struct wr_parser *parser, struct wr_tree_type *type,
                             const struct wr_tree_type *beneath)
{
  build_raise(parser, type->span, &type->height, beneath->height, WR_TYPE_NESTING_MAX,
              "WR_TYPE_NESTING_MAX");
}

struct wr_tree_type *wr_build_type(struct wr_parser *parser, struct wr_span span,
                                   enum wr_tree_type_kind kind, struct wr_tree_type *key,
                                   struct wr_tree_type *element)
{
  struct wr_tree_type *type = WR_NEW(parser->arena, struct wr_tree_type);
  type->kind = kind;
  type->span = span;
  type->height = 1;
  type->key = key;
  type->element = element;
  if (key)
    build_type_raise(parser, type, key);
  if (element)
    build_type_raise(parser, type, element);
  return type;
}

struct wr_tree_type *wr_build_named_type(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_name name, int32_t first, int32_t second)
{
  struct wr_tree_type *type = wr_build_type(parser, span, WR_TREE_TYPE_NAMED, NULL, NULL);
  type->name = name;
  int32_t counts[2] = {first, second};
  for (int i = 0; i < 2 && counts[i] != WR_TREE_NO_PRECISION; i++)
    type->arguments[type->argument_count++] = (uint32_t)counts[i];
  return type;
}

struct wr_tree_type *wr_build_class_type(struct wr_parser *parser, struct wr_span span,
                                         struct wr_tree_name name, struct wr_span class_name)
{
  if (strcasecmp(name.parts.items[name.parts.count - 1]->text, "RAW") != 0)
    wr_parser_fail(parser, WR_SYNTAX, class_name, "found %.*s, expected a whole number",
                   (int)class_name.length, parser->text + class_name.offset);
  return wr_build_named_type(parser, span, name, WR_TREE_NO_PRECISION, WR_TREE_NO_PRECISION);
}

struct wr_tree_type *wr_build_two_word_type(struct wr_parser *parser, struct wr_span span,
                                            struct wr_tree_name name, struct wr_span second_word,
                                            int32_t length)
{
  struct wr_tree_identifier *first = name.parts.items[name.parts.count - 1];
  struct wr_tree_identifier *both = wr_build_word(parser, wr_span_join(first->span, second_word));
  both->text = wr_arena_print(parser->arena, "%s %.*s", first->text, (int)second_word.length,
                              parser->text + second_word.offset);
  both->length = first->length + 1 + second_word.length;
  if (name.parts.count > 1 || first->quoted)
    wr_parser_fail(parser, WR_SYNTAX, both->span, "there is no type of the name \"%s\"",
                   both->text);
  return wr_build_named_type(parser, span, wr_build_name(parser, both), length,
                             WR_TREE_NO_PRECISION);
}

struct wr_tree_type *wr_build_time_type(struct wr_parser *parser, struct wr_span span,
                                        struct wr_span word, int32_t precision,
                                        enum wr_tree_zone zone)
{
  struct wr_tree_name name = wr_build_name(parser, wr_build_word(parser, word));
  struct wr_tree_type *type =
      wr_build_named_type(parser, span, name, precision, WR_TREE_NO_PRECISION);
  type->zone = zone;
  return type;
}

struct wr_tree_type *wr_build_row_type(struct wr_parser *parser, struct wr_span span,
                                       const struct wr_tree_type_fields *fields)
{
  struct wr_tree_type *type = wr_build_type(parser, span, WR_TREE_TYPE_ROW, NULL, NULL);
  if (fields)
    type->fields = *fields;
  for (uint32_t i = 0; i < type->fields.count; i++)
    build_type_raise(parser, type, type->fields.items[i]->type);
  return type;
}

struct wr_tree_interval wr_build_interval(struct wr_parser *parser, struct wr_span span,
                                          const struct wr_tree_interval *from,
                                          const struct wr_tree_interval *to)
{
  bool months = from->from <= WR_TREE_MONTH;
  if (from->from >= to->from || (months && to->from > WR_TREE_MONTH))
    wr_parser_fail(parser, WR_SYNTAX, span,
                   "an interval goes from YEAR TO MONTH, or from DAY, "
                   "HOUR or MINUTE to a finer unit down to SECOND");
  return (struct wr_tree_interval){
      .span = span,
      .from = from->from,
      .to = to->from,
      .precision = from->precision,
      .fraction = to->precision, /* DAY TO SECOND(3): digits behind the point */
  };
}
