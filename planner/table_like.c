/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CREATE TABLE ... LIKE base (options): what comes from the base table and what happens when both
 * say something. Without options: everything is taken, and options of the new table win. ALL is the
 * rule for what is not named, and then also for OPTIONS. As in Flink, physical columns always come.
 */
#include "planner/table.h"

#include <assert.h>
#include <string.h>

enum like_feature {
  LIKE_CONSTRAINTS,
  LIKE_DISTRIBUTION,
  LIKE_GENERATED,
  LIKE_METADATA,
  LIKE_OPTIONS,
  LIKE_PARTITIONS,
  LIKE_WATERMARKS,
  LIKE_FEATURE_COUNT
};

static const struct {
  const char *name;
  bool may_overwrite;
} like_features[LIKE_FEATURE_COUNT] = {
    [LIKE_CONSTRAINTS] = {"CONSTRAINTS", false}, [LIKE_DISTRIBUTION] = {"DISTRIBUTION", false},
    [LIKE_GENERATED] = {"GENERATED", true},      [LIKE_METADATA] = {"METADATA", true},
    [LIKE_OPTIONS] = {"OPTIONS", true},          [LIKE_PARTITIONS] = {"PARTITIONS", false},
    [LIKE_WATERMARKS] = {"WATERMARKS", true},
};

struct like {
  struct wr_arena *arena;
  const struct wr_table_definition *from;
  enum wr_tree_like_action actions[LIKE_FEATURE_COUNT];
};

static uint32_t like_feature_of(const struct wr_tree_like_option *option)
{
  uint32_t f = 0;
  while (f < LIKE_FEATURE_COUNT && strcmp(like_features[f].name, option->feature.bytes) != 0)
    f++;
  return f; /* LIKE_FEATURE_COUNT: ALL */
}

static enum wr_code like_read(struct like *like, const struct wr_tree_like_options *options,
                              struct wr_error *err)
{
  bool is_given[LIKE_FEATURE_COUNT + 1] = {0};
  for (uint32_t f = 0; f < LIKE_FEATURE_COUNT; f++)
    like->actions[f] = f == LIKE_OPTIONS ? WR_TREE_OVERWRITING : WR_TREE_INCLUDING;
  for (uint32_t i = 0; i < options->count; i++) {
    const struct wr_tree_like_option *option = options->items[i];
    uint32_t feature = like_feature_of(option);
    bool may_overwrite = feature < LIKE_FEATURE_COUNT && like_features[feature].may_overwrite;
    if (is_given[feature])
      return wr_fail_at(err, WR_SEMANTIC, option->span, "LIKE speaks of %s twice",
                        option->feature.bytes);
    if (option->action == WR_TREE_OVERWRITING && !may_overwrite) {
      wr_fail_at(err, WR_SEMANTIC, option->span, "%s cannot be overwritten", option->feature.bytes);
      return wr_hint(err, "choose INCLUDING %s or EXCLUDING %s", option->feature.bytes,
                     option->feature.bytes);
    }
    is_given[feature] = true;
    for (uint32_t f = 0; feature == LIKE_FEATURE_COUNT && f < LIKE_FEATURE_COUNT; f++)
      if (!is_given[f])
        like->actions[f] = option->action;
    if (feature < LIKE_FEATURE_COUNT)
      like->actions[feature] = option->action;
  }
  return WR_OK;
}

static const char *like_feature_name(enum wr_tree_column_kind kind)
{
  return kind == WR_TREE_COMPUTED ? "GENERATED" : "METADATA";
}

/* Whether the new table may declare a column that the base has: only another value for one of the
 * same kind. */
static enum wr_code like_check_column(const struct like *like,
                                      const struct wr_column_definition *old,
                                      const struct wr_column_definition *new, struct wr_error *err)
{
  enum wr_tree_like_action action =
      like->actions[new->kind == WR_TREE_COMPUTED ? LIKE_GENERATED : LIKE_METADATA];
  bool is_same_kind = old->kind == new->kind &&new->kind != WR_TREE_PHYSICAL;
  if (is_same_kind && action == WR_TREE_OVERWRITING)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, new->name_span, "the table '%s' has a column '%s' already",
             like->from->name, new->name);
  wr_state(err, WR_STATE_DUPLICATE_COLUMN);
  return is_same_kind ? wr_hint(err, "say which one is meant: EXCLUDING %s or OVERWRITING %s",
                                like_feature_name(new->kind), like_feature_name(new->kind))
                      : err->code;
}

/* The columns of the base, then the new ones; those that overwrite take the place of the old. */
static enum wr_code like_columns(const struct like *like, struct wr_table_definition *draft,
                                 struct wr_column_definition *columns, struct wr_error *err)
{
  const struct wr_table_definition *from = like->from;
  struct wr_column_definition *declared =
      WR_NEW_ARRAY(like->arena, struct wr_column_definition, draft->column_count);
  memcpy(declared, columns, sizeof *declared * draft->column_count);
  uint32_t count = 0;
  for (uint32_t c = 0; c < from->column_count; c++) {
    enum wr_tree_column_kind kind = from->columns[c].kind;
    bool is_left_out =
        (kind == WR_TREE_COMPUTED && like->actions[LIKE_GENERATED] == WR_TREE_EXCLUDING) ||
        (kind == WR_TREE_METADATA && like->actions[LIKE_METADATA] == WR_TREE_EXCLUDING);
    if (!is_left_out)
      columns[count++] = from->columns[c];
  }
  uint32_t old_count = count;
  for (uint32_t d = 0; d < draft->column_count; d++) {
    uint32_t c = 0;
    while (c < old_count && strcmp(columns[c].name, declared[d].name) != 0)
      c++;
    if (c < old_count) {
      enum wr_code code = like_check_column(like, &columns[c], &declared[d], err);
      if (code)
        return code;
    }
    columns[c < old_count ? c : count++] = declared[d];
  }
  draft->columns = columns;
  draft->column_count = count;
  return WR_OK;
}

static enum wr_code like_conflict(const struct like *like, struct wr_span span, const char *what,
                                  enum like_feature feature, struct wr_error *err)
{
  const char *name = like_features[feature].name;
  wr_fail_at(err, WR_SEMANTIC, span, "the table '%s' has %s already", like->from->name, what);
  wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
  return like_features[feature].may_overwrite
             ? wr_hint(err, "say which is meant: EXCLUDING %s or OVERWRITING %s", name, name)
             : wr_hint(err, "leave out that of the other table: EXCLUDING %s", name);
}

static enum wr_code like_clauses(const struct like *like, struct wr_table_definition *draft,
                                 struct wr_error *err)
{
  const struct wr_table_definition *from = like->from;
  if (from->watermark && like->actions[LIKE_WATERMARKS] != WR_TREE_EXCLUDING) {
    if (draft->watermark && like->actions[LIKE_WATERMARKS] == WR_TREE_INCLUDING)
      return like_conflict(like, draft->watermark->span, "a WATERMARK", LIKE_WATERMARKS, err);
    if (!draft->watermark)
      draft->watermark = from->watermark;
  }
  if (from->key && like->actions[LIKE_CONSTRAINTS] == WR_TREE_INCLUDING) {
    if (draft->key)
      return like_conflict(like, draft->key->span, "a PRIMARY KEY", LIKE_CONSTRAINTS, err);
    draft->key = from->key;
  }
  if (from->partitioned_by.count && like->actions[LIKE_PARTITIONS] == WR_TREE_INCLUDING) {
    if (draft->partitioned_by.count)
      return like_conflict(like, draft->partitioned_by.items[0]->span, "partitions",
                           LIKE_PARTITIONS, err);
    draft->partitioned_by = from->partitioned_by;
  }
  return WR_OK;
}

static enum wr_code like_options(const struct like *like, struct wr_table_definition *draft,
                                 struct wr_error *err)
{
  const struct wr_options *old = &like->from->options, *new = &draft->options;
  if (like->actions[LIKE_OPTIONS] == WR_TREE_EXCLUDING)
    return WR_OK;
  struct wr_option_value *values = WR_NEW_ARRAY(like->arena, struct wr_option_value,
                                                (size_t)old->value_count + new->value_count);
  uint32_t count = 0;
  for (uint32_t i = 0; i < old->value_count; i++) {
    const struct wr_option_value *given = wr_options_find_value(new, old->values[i].key);
    if (given && like->actions[LIKE_OPTIONS] == WR_TREE_INCLUDING)
      return like_conflict(like, given->key_span,
                           wr_arena_print(like->arena, "the option '%s'", given->key), LIKE_OPTIONS,
                           err);
    if (!given)
      values[count++] = old->values[i];
  }
  draft->inherited_count = count;
  if (new->value_count)
    memcpy(values + count, new->values, sizeof *values * new->value_count);
  draft->options = (struct wr_options){.values = values, .value_count = count + new->value_count};
  return WR_OK;
}

enum wr_code wr_table_merge_like(struct wr_arena *arena, const struct wr_tree_create_table *tree,
                                 const struct wr_table_definition *from,
                                 struct wr_table_definition *draft,
                                 struct wr_column_definition *columns, struct wr_error *err)
{
  struct like like = {.arena = arena, .from = from};
  draft->like_name = from->name;
  draft->like_span = tree->like->span;
  enum wr_code code = like_read(&like, &tree->like_options, err);
  if (code == WR_OK)
    code = like_columns(&like, draft, columns, err);
  if (code == WR_OK)
    code = like_clauses(&like, draft, err);
  if (code == WR_OK)
    code = like_options(&like, draft, err);
  return code;
}
