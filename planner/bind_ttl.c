/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hints are of one SELECT: its join, or its groups. A key is the alias of something in FROM, or the
 * name of a table or view that has no alias there. Where a side of a join is itself a join, no key
 * is its name, and what is set counts.
 */
#include "planner/ttl.h"

#include <assert.h>
#include <string.h>

#include "core/options.h"

#define TTL_HINT    "STATE_TTL"
#define TTL_SETTING "table.exec.state.ttl"

int64_t wr_ttl_set_us(const struct wr_binder *binder)
{
  return binder->settings ? wr_settings_duration_us(binder->settings, TTL_SETTING) : 0;
}

/* What a relation is called in its SELECT; NULL: it has no name. */
static const char *ttl_name(const struct wr_tree_relation *relation)
{
  if (relation->kind == WR_TREE_JOIN)
    return NULL;
  if (relation->alias)
    return relation->alias->text;
  if (relation->kind != WR_TREE_TABLE)
    return NULL;
  const struct wr_tree_identifiers *parts = &relation->table.name.parts;
  return parts->items[parts->count - 1]->text;
}

static bool ttl_is_hint(const struct wr_tree_hint *hint)
{
  return strcmp(hint->name->text, TTL_HINT) == 0;
}

/* The hint for a name; NULL: there is none. */
static const struct wr_tree_option *ttl_find(const struct wr_tree_select *tree, const char *name)
{
  for (uint32_t h = 0; h < tree->hints.count; h++) {
    const struct wr_tree_hint *hint = tree->hints.items[h];
    for (uint32_t i = 0; ttl_is_hint(hint) && i < hint->options.count; i++)
      if (strcmp(hint->options.items[i]->key.bytes, name) == 0)
        return hint->options.items[i];
  }
  return NULL;
}

/* The hint for a relation; NULL: there is none. */
static const struct wr_tree_option *ttl_hint(const struct wr_binder *binder,
                                             const struct wr_tree_relation *relation)
{
  const char *name = relation ? ttl_name(relation) : NULL;
  return name && binder->ttl ? ttl_find(binder->ttl->tree, name) : NULL;
}

bool wr_ttl_is_hinted(const struct wr_binder *binder, const struct wr_tree_relation *relation)
{
  return ttl_hint(binder, relation) != NULL;
}

int64_t wr_ttl_of_us(const struct wr_binder *binder, const struct wr_tree_relation *relation)
{
  const struct wr_tree_option *hint = ttl_hint(binder, relation);
  int64_t ttl_us = 0;
  if (!hint)
    return wr_ttl_set_us(binder);
  binder->ttl->is_used = true;
  bool is_duration = wr_option_parse_duration(hint->value.bytes, &ttl_us);
  assert(is_duration);
  (void)is_duration;
  return ttl_us;
}

/* ---- checking */

static bool ttl_has_name(const struct wr_tree_relation *relation, const char *name)
{
  if (!relation)
    return false;
  if (relation->kind == WR_TREE_JOIN)
    return ttl_has_name(relation->join.left, name) || ttl_has_name(relation->join.right, name);
  const char *own = ttl_name(relation);
  return own && strcmp(own, name) == 0;
}

static enum wr_code ttl_check_option(const struct wr_tree_select *tree,
                                     const struct wr_tree_option *option, struct wr_error *err)
{
  int64_t ttl_us;
  if (!ttl_has_name(tree->from, option->key.bytes)) {
    wr_fail_at(err, WR_SEMANTIC, option->key.span, "there is no '%s' in FROM for the hint %s",
               option->key.bytes, TTL_HINT);
    wr_state(err, WR_STATE_INVALID_OPTION_NAME);
    return wr_hint(err, "name what stands there by its alias, if it has one");
  }
  if (ttl_find(tree, option->key.bytes) != option) {
    wr_fail_at(err, WR_SEMANTIC, option->key.span, "the hint %s speaks of '%s' twice", TTL_HINT,
               option->key.bytes);
    return wr_state(err, WR_STATE_INVALID_OPTION_NAME);
  }
  if (wr_option_parse_duration(option->value.bytes, &ttl_us))
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, option->value.span, "'%s' is no duration such as 12 h or 1 d",
             option->value.bytes);
  return wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
}

enum wr_code wr_check_ttl_hints(const struct wr_tree_select *tree, struct wr_error *err)
{
  for (uint32_t h = 0; h < tree->hints.count; h++) {
    const struct wr_tree_hint *hint = tree->hints.items[h];
    if (!ttl_is_hint(hint))
      continue;
    if (hint->options.count == 0) {
      wr_fail_at(err, WR_SEMANTIC, hint->span, "the hint %s takes 'name' = 'duration'", TTL_HINT);
      return wr_state(err, WR_STATE_SYNTAX_ERROR);
    }
    for (uint32_t i = 0; i < hint->options.count; i++) {
      enum wr_code code = ttl_check_option(tree, hint->options.items[i], err);
      if (code)
        return code;
    }
  }
  return WR_OK;
}

void wr_warn_ttl_unused(const struct wr_binder *binder, const struct wr_ttl_select *select)
{
  for (uint32_t h = 0; h < select->tree->hints.count && binder->settings && !select->is_used; h++)
    if (ttl_is_hint(select->tree->hints.items[h]))
      wr_settings_warn(binder->settings, select->tree->hints.items[h]->span,
                       "the hint STATE_TTL has no effect here: it is for a join without a window, "
                       "or the groups of one table");
}

/* ---- EXPLAIN */

void wr_describe_ttl(struct wr_writing *out, int64_t ttl_us, const char *otherwise)
{
  if (ttl_us == 0) {
    wr_write(out, "%s", otherwise);
    return;
  }
  wr_write(out, "; ttl: ");
  wr_write_duration(out, ttl_us);
}

void wr_describe_ttls(struct wr_writing *out, const int64_t ttl_us[2])
{
  static const char *const names[] = {"left ", ", right "};
  if (ttl_us[0] == ttl_us[1]) {
    wr_describe_ttl(out, ttl_us[0], "");
    return;
  }
  wr_write(out, "; ttl: ");
  for (unsigned side = 0; side < 2; side++) {
    wr_write(out, "%s", names[side]);
    if (ttl_us[side])
      wr_write_duration(out, ttl_us[side]);
    else
      wr_write(out, "for ever");
  }
}
