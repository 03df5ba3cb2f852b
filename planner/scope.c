/* SPDX-License-Identifier: Apache-2.0 */
/* Finding columns by name, and saying it well when there is none. */
#include "planner/scope.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "core/options.h"

#define SCOPE_LISTED_MAX 12 /* so many columns are listed when no name is near */

struct wr_scope wr_scope_over(struct wr_arena *arena, const struct wr_schema *schema,
                              const char *relation)
{
  struct wr_scope_column *columns =
      WR_NEW_ARRAY(arena, struct wr_scope_column, schema->column_count);
  for (uint32_t c = 0; c < schema->column_count; c++)
    columns[c] =
        (struct wr_scope_column){.relation = relation, .name = schema->fields[c].name, .column = c};
  return (struct wr_scope){
      .schema = *schema, .columns = columns, .column_count = schema->column_count};
}

static bool scope_is_of(const struct wr_scope_column *column, const char *relation)
{
  return !relation || (column->relation && strcmp(column->relation, relation) == 0);
}

bool wr_scope_has_relation(const struct wr_scope *scope, const char *relation)
{
  for (uint32_t i = 0; i < scope->column_count; i++)
    if (scope->columns[i].relation && strcmp(scope->columns[i].relation, relation) == 0)
      return true;
  return false;
}

/* How many columns have the name; *found is the first. */
static uint32_t scope_count(const struct wr_scope *scope, const char *relation, const char *name,
                            const struct wr_scope_column **found)
{
  uint32_t count = 0;
  *found = NULL;
  for (uint32_t i = 0; i < scope->column_count; i++) {
    if (scope->columns[i].shadowed || (!relation && scope->columns[i].by_relation) ||
        !scope_is_of(&scope->columns[i], relation) || strcmp(scope->columns[i].name, name) != 0)
      continue;
    if (count++ == 0)
      *found = &scope->columns[i];
  }
  return count;
}

enum wr_code wr_scope_fail_relation(const struct wr_scope *scope,
                                    const struct wr_tree_identifier *relation, struct wr_error *err)
{
  const char *names[WR_COLUMNS_MAX];
  uint32_t count = 0;
  for (uint32_t i = 0; i < scope->column_count && count < WR_COLUMNS_MAX; i++)
    if (scope->columns[i].relation &&
        (count == 0 || strcmp(names[count - 1], scope->columns[i].relation) != 0))
      names[count++] = scope->columns[i].relation;
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_TABLE, relation->span,
                "there is no table or alias '%s' here", relation->text);
  const char *near = wr_nearest(relation->text, names, count);
  if (near || count == 1)
    wr_hint(err, near ? "did you mean '%s'?" : "FROM has only '%s'", near ? near : names[0]);
  return err->code;
}

/* "the columns are a, b, c" */
static void scope_hint_list(const struct wr_scope *scope, const char *relation,
                            struct wr_error *err)
{
  char list[sizeof err->hint];
  size_t length = 0;
  uint32_t listed = 0;
  for (uint32_t i = 0; i < scope->column_count; i++) {
    if (scope->columns[i].hidden || !scope_is_of(&scope->columns[i], relation))
      continue;
    if (++listed > SCOPE_LISTED_MAX || length + 3 >= sizeof list)
      return;
    length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", listed > 1 ? ", " : "",
                               scope->columns[i].name);
  }
  if (listed > 0)
    wr_hint(err, "the columns are %s", list);
}

static const struct wr_tree_item *scope_find_alias(const struct wr_scope *scope, const char *name)
{
  for (uint32_t i = 0; scope->aliases && i < scope->aliases->count; i++)
    if (scope->aliases->items[i]->alias && strcmp(scope->aliases->items[i]->alias->text, name) == 0)
      return scope->aliases->items[i];
  return NULL;
}

/* The nearest name, with its table where there are several. */
static enum wr_code scope_hint_near(const struct wr_scope *scope, const char *relation,
                                    const char *near, struct wr_error *err)
{
  const char *first = scope->columns[0].relation;
  const struct wr_scope_column *found;
  scope_count(scope, relation, near, &found);
  for (uint32_t i = 0; found->relation && i < scope->column_count; i++)
    if (!first || !scope->columns[i].relation || strcmp(scope->columns[i].relation, first) != 0)
      return wr_hint(err, "did you mean '%s.%s'?", found->relation, near);
  return wr_hint(err, "did you mean '%s'?", near);
}

static enum wr_code scope_hint_alias(const struct wr_tree_item *item, struct wr_error *err)
{
  const struct wr_tree_expression *expression = item->value;
  bool is_over = expression->kind == WR_TREE_CALL && expression->call.over;
  wr_hint(err, "'%s' is an alias of the select list, which is not visible here: %s",
          item->alias->text,
          is_over ? "write the condition in QUALIFY, or around the SELECT in brackets"
                  : "repeat its expression");
  return err->code;
}

/* True if nothing here comes out of a window, and the name is that of a column which would. */
static bool scope_hint_window(const struct wr_scope *scope, const char *name, struct wr_error *err)
{
  if (strcmp(name, "window_start") != 0 && strcmp(name, "window_end") != 0 &&
      strcmp(name, "window_time") != 0)
    return false;
  for (uint32_t i = 0; i < scope->column_count; i++)
    if (strncmp(scope->columns[i].name, "window_", strlen("window_")) == 0)
      return false;
  wr_hint(err,
          "it comes from a window function: FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL "
          "'1' MINUTE)); of TUMBLE(ts, ...) in GROUP BY it is TUMBLE_START(ts, ...), TUMBLE_END");
  return true;
}

static enum wr_code scope_fail_column(const struct wr_scope *scope, const char *relation,
                                      const struct wr_tree_identifier *part, bool is_kinesis,
                                      struct wr_error *err)
{
  const struct wr_scope_column *other;
  const char *names[WR_COLUMNS_MAX];
  uint32_t count = 0;
  for (uint32_t i = 0; i < scope->column_count && count < WR_COLUMNS_MAX; i++)
    if (scope_is_of(&scope->columns[i], relation))
      names[count++] = scope->columns[i].name;
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_UNDEFINED_COLUMN, part->span,
                "there is no column '%s'%s%s%s", part->text, relation ? " in '" : "",
                relation ? relation : "", relation ? "'" : "");
  const struct wr_tree_item *alias = relation ? NULL : scope_find_alias(scope, part->text);
  if (alias)
    return scope_hint_alias(alias, err);
  for (uint32_t i = 0; i < count; i++)
    if (strcasecmp(names[i], part->text) == 0)
      return wr_hint(err, "upper and lower case count: the column is called '%s'", names[i]);
  const char *near = wr_nearest(part->text, names, count);
  if (near)
    return scope_hint_near(scope, relation, near, err);
  if (count > 0 && scope_hint_window(scope, part->text, err))
    return err->code;
  if (relation && scope_count(scope, NULL, part->text, &other) > 0 && other->relation)
    return wr_hint(err, "'%s' has one: %s.%s", other->relation, other->relation, part->text);
  if (part->quoted && !is_kinesis)
    return wr_hint(err,
                   "what stands in double quotes or backticks is a name; a text stands in "
                   "single quotes: '%s'",
                   part->text);
  if (count == 0 && !relation)
    return wr_hint(err, "without FROM there are no columns; texts stand in single quotes: '%s'",
                   part->text);
  scope_hint_list(scope, relation, err);
  return err->code;
}

/* Everything is settled but the fields behind the column. */
static enum wr_code scope_take(const struct wr_scope *scope, const struct wr_binding *binding,
                               const struct wr_scope_column *column,
                               const struct wr_tree_name *name, uint32_t part_count,
                               const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_expression *value =
      scope->values ? scope->values[column->column]
                    : wr_bind_column(binding, column->column,
                                     scope->schema.fields[column->column].type, name->span);
  for (uint32_t i = part_count; i < name->parts.count; i++) {
    const struct wr_tree_identifier *field = name->parts.items[i];
    enum wr_code code = wr_bind_field(binding, value, field->text, field->span, &value, err);
    if (code)
      return code;
  }
  *out = value;
  return WR_OK;
}

/* Whether the columns of a name all have tables, and different ones. */
static bool scope_is_told_apart(const struct wr_scope *scope, const char *name)
{
  const char *last = NULL;
  for (uint32_t i = 0; i < scope->column_count; i++) {
    const struct wr_scope_column *column = &scope->columns[i];
    if (strcmp(column->name, name) != 0)
      continue;
    if (!column->relation || (last && strcmp(last, column->relation) == 0))
      return false;
    last = column->relation;
  }
  return true;
}

static enum wr_code scope_fail_ambiguous(const struct wr_scope *scope,
                                         const struct wr_tree_name *name, const char *column,
                                         struct wr_error *err)
{
  wr_fail_state(err, WR_SEMANTIC, WR_STATE_AMBIGUOUS_COLUMN, name->span,
                "the column name '%s' is ambiguous: several columns have it", column);
  char ways[256];
  size_t length = 0;
  for (uint32_t i = 0; i < scope->column_count && length + 3 < sizeof ways; i++)
    if (scope->columns[i].relation && strcmp(scope->columns[i].name, column) == 0)
      length += (size_t)snprintf(ways + length, sizeof ways - length, "%s%s.%s",
                                 length ? " or " : "", scope->columns[i].relation, column);
  if (name->parts.count == 1 && length && length < sizeof ways &&
      scope_is_told_apart(scope, column))
    return wr_hint(err, "say which one is meant: %s", ways);
  return wr_hint(err,
                 strncmp(column, "window_", 7) == 0
                     ? "the window columns are there already: give them other names in a "
                       "subquery, as in SELECT window_start AS inner_start, or leave them out"
                     : "put the table's alias in front, or rename one of them where it is made");
}

static bool scope_knows(const struct wr_scope *scope, const struct wr_tree_name *name)
{
  const struct wr_scope_column *found;
  const char *first = name->parts.items[0]->text;
  return wr_scope_has_relation(scope, first) || scope_count(scope, NULL, first, &found);
}

enum wr_code wr_scope_resolve(const struct wr_scope *scope, const struct wr_binding *binding,
                              const struct wr_tree_name *name, const struct wr_expression **out,
                              struct wr_error *err)
{
  assert(name->parts.count > 0);
  const struct wr_tree_identifier *first = name->parts.items[0];
  const struct wr_scope_column *found;
  if (name->parts.count > 1 && wr_scope_has_relation(scope, first->text)) {
    const struct wr_tree_identifier *second = name->parts.items[1];
    uint32_t count = scope_count(scope, first->text, second->text, &found);
    if (count > 1)
      return scope_fail_ambiguous(scope, name, second->text, err);
    if (count == 1)
      return scope_take(scope, binding, found, name, 2, out, err);
  }
  uint32_t count = scope_count(scope, NULL, first->text, &found);
  if (count > 1)
    return scope_fail_ambiguous(scope, name, first->text, err);
  if (count == 1)
    return scope_take(scope, binding, found, name, 1, out, err);
  if (scope->outer && scope_knows(scope->outer, name))
    return wr_scope_resolve(scope->outer, binding, name, out, err);
  if (scope->enclosing && scope_knows(scope->enclosing, name))
    return wr_fail_at(err, WR_UNSUPPORTED, name->span,
                      "'%s' belongs to the query around this one: correlated subqueries are not "
                      "supported yet",
                      first->text);
  if (name->parts.count == 1)
    return scope_fail_column(scope, NULL, first, binding->kinesis, err);
  if (wr_scope_has_relation(scope, first->text))
    return scope_fail_column(scope, first->text, name->parts.items[1], binding->kinesis, err);
  return wr_scope_fail_relation(scope, first, err);
}
