/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/dialect.h"

#include <string.h>
#include <strings.h>

static const char dialect_key[] = "sql.dialect";

/* Names that Weir gives itself. */
static const char *const dialect_own_names[] = {"window_start",     "window_end",
                                                "window_time",      "error_stream",
                                                "default_database", "default_catalog"};

static bool dialect_is_said(const struct wr_script *script)
{
  for (uint32_t i = 0; i < script->statements.count; i++) {
    const struct wr_tree_statement *statement = script->statements.items[i];
    if (statement->kind == WR_TREE_SET && strcmp(statement->set.key.bytes, dialect_key) == 0)
      return true;
  }
  return false;
}

static bool dialect_is_application(const struct wr_script *script)
{
  for (uint32_t i = 0; i < script->statements.count; i++) {
    enum wr_tree_statement_kind kind = script->statements.items[i]->kind;
    if (kind == WR_TREE_CREATE_STREAM || kind == WR_TREE_CREATE_PUMP)
      return true;
  }
  return false;
}

static void dialect_fold_name(struct wr_arena *arena, struct wr_tree_identifier *name)
{
  if (name->quoted)
    return;
  for (size_t i = 0; i < sizeof dialect_own_names / sizeof *dialect_own_names; i++)
    if (strcasecmp(name->text, dialect_own_names[i]) == 0) {
      name->text = dialect_own_names[i];
      return;
    }
  char *text = wr_arena_copy(arena, name->text, name->length);
  for (char *at = text; *at; at++)
    *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
  name->text = text;
}

/* How the dialect stands behind a statement. given: the command line has said it, which wins. */
static bool dialect_behind(const struct wr_tree_statement *statement, bool first, bool now,
                           bool given)
{
  if (given)
    return now;
  if (statement->kind == WR_TREE_SET && strcmp(statement->set.key.bytes, dialect_key) == 0)
    return strcmp(statement->set.value.bytes, "kinesis") == 0;
  if (statement->kind == WR_TREE_RESET &&
      (!statement->reset || strcmp(statement->reset->bytes, dialect_key) == 0))
    return first;
  return now;
}

void wr_dialect_settle(struct wr_settings *settings, struct wr_arena *arena,
                       struct wr_script *script)
{
  if (!wr_settings_has_dialect(settings) && !dialect_is_said(script) &&
      dialect_is_application(script))
    wr_settings_assume_kinesis(settings);
  bool given = wr_settings_has_dialect(settings), first = settings->binding->kinesis, now = first;
  uint32_t s = 0, count = script->statements.count;
  for (uint32_t i = 0; i < script->names.count; i++) {
    struct wr_tree_identifier *name = script->names.items[i];
    for (; s < count; s++) {
      const struct wr_tree_statement *statement = script->statements.items[s];
      if (name->span.offset < statement->span.offset + statement->span.length)
        break;
      now = dialect_behind(statement, first, now, given);
    }
    if (now)
      dialect_fold_name(arena, name);
  }
}
