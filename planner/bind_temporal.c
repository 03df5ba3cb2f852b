/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JOIN t FOR SYSTEM_TIME AS OF left.time, of an event time: every row of the left side beside the
 * version that its key had then. ON has to set all of the key equal, so that there is one version
 * at most; what else it says is looked at for the pair. Sides of equalities that are more than
 * columns are computed below the join.
 */
#include "planner/temporal.h"

#include <string.h>

#include "core/packed.h"
#include "functions/function.h"
#include "planner/bind_filter.h"
#include "planner/lookup.h"

/* ---- the right side */

bool wr_is_temporal(const struct wr_binder *binder, const struct wr_tree_relation *relation,
                    const struct wr_from *left, uint32_t *column)
{
  const struct wr_expression_context context = {
      .binder = binder, .scope = &left->scope, .place = "FOR SYSTEM_TIME AS OF"};
  const struct wr_expression *time;
  struct wr_error err;
  if (!wr_is_lookup(relation) || wr_bind_expression(&context, relation->table.as_of, &time, &err) ||
      time->kind != WR_EXPRESSION_COLUMN || !left->node->roles[time->column].is_event_time)
    return false;
  *column = time->column;
  return true;
}

enum wr_code wr_bind_versions(struct wr_binder *binder, const struct wr_tree_relation *relation,
                              struct wr_from *out, struct wr_versions *versions,
                              struct wr_error *err)
{
  const struct wr_tree_name *name = &relation->table.name;
  struct wr_logical *node;
  versions->name = name->parts.items[name->parts.count - 1]->text;
  enum wr_code code = wr_bind_table_hinted(binder, name, &relation->table.hints, &node, err);
  if (code == WR_OK)
    code = wr_versions_find(binder, node, name->span, versions, err);
  if (code == WR_OK && relation->alias_columns.count)
    code = wr_bind_rename(binder, versions->node, &relation->alias_columns, relation->span,
                          &versions->node, err);
  if (code)
    return code;
  out->node = versions->node;
  out->scope = wr_scope_over(binder->arena, &out->node->schema,
                             relation->alias ? relation->alias->text : versions->name);
  return WR_OK;
}

/* ---- conditions */

struct temporal_side {
  const struct wr_expression **items; /* its columns, keys that are computed behind them */
  const char **names;
  uint32_t count;
};

struct temporal_draft {
  struct wr_binder *binder;
  struct wr_logical *inputs[2];
  uint32_t left_count;
  const struct wr_versions *versions;
  struct temporal_side sides[2];
  uint32_t *keys[2];
  struct wr_condition_list list, rest;
};

/* Whether no two values of a type become one when they are compared as another. */
static bool temporal_keeps_apart(const struct wr_type *from, const struct wr_type *to)
{
  return from->kind == to->kind ||
         (wr_kind_is_integer(from->kind) &&
          (wr_kind_is_integer(to->kind) || to->kind == WR_DECIMAL)) ||
         (from->physical == WR_TEXT && to->physical == WR_TEXT);
}

/* right-hand key column = something of the left, or a constant; both as one type that a table of
 * keys can be of. */
static bool temporal_is_equality(const struct temporal_draft *draft,
                                 const struct wr_expression *condition, uint32_t key,
                                 const struct wr_expression *sides[2])
{
  struct wr_arena *arena = draft->binder->arena;
  if (condition->kind != WR_EXPRESSION_CALL || condition->arg_count != 2 ||
      strcmp(condition->function->name, "=") != 0)
    return false;
  for (unsigned first = 0; first < 2; first++) {
    const struct wr_expression *left = condition->args[first], *right = condition->args[!first];
    const struct wr_expression *column = right;
    while (column->kind == WR_EXPRESSION_CALL && column->arg_count == 1 &&
           strcmp(column->function->name, "CAST") == 0)
      column = column->args[0];
    if (column->kind != WR_EXPRESSION_COLUMN || column->column != draft->left_count + key ||
        wr_expression_sides(left, draft->left_count) > 1 || !wr_condition_is_free(left))
      continue;
    sides[0] = left;
    sides[1] = wr_expression_shift(draft->binder, right, -(int64_t)draft->left_count);
    const struct wr_type *common = wr_type_common(arena, left->type, right->type);
    if (!common || common->physical == WR_NESTED || wr_kind_is_packed(common->kind) ||
        !temporal_keeps_apart(column->type, common))
      return false;
    for (unsigned side = 0; side < 2; side++) {
      struct wr_error err;
      if (!wr_type_equal(sides[side]->type, common) &&
          wr_bind_cast(draft->binder->binding, sides[side], common, false, sides[side]->span,
                       &sides[side], &err))
        return false;
      if (!wr_condition_is_free(sides[side]))
        return false;
    }
    return true;
  }
  return false;
}

static enum wr_code temporal_fail_key(const struct temporal_draft *draft, uint32_t key,
                                      struct wr_span span, struct wr_error *err)
{
  const struct wr_versions *versions = draft->versions;
  const char *name = draft->inputs[1]->schema.fields[key].name;
  wr_fail_at(err, WR_UNSUPPORTED, span,
             "ON has to set all of the key of '%s' equal to values of the left side, and does not "
             "say what '%s' is",
             versions->name, name);
  return wr_hint(err, "add: AND left.column = %s.%s", versions->name, name);
}

static uint32_t temporal_put(const struct temporal_draft *draft, struct temporal_side *side,
                             unsigned number, const struct wr_expression *expression)
{
  if (expression->kind == WR_EXPRESSION_COLUMN)
    return expression->column;
  side->items[side->count] = expression;
  side->names[side->count] =
      wr_expression_print(draft->binder->arena, expression, &draft->inputs[number]->schema);
  return side->count++;
}

static void temporal_open(struct temporal_draft *draft)
{
  struct wr_arena *arena = draft->binder->arena;
  uint32_t key_count = draft->versions->key_count;
  for (unsigned s = 0; s < 2; s++) {
    const struct wr_schema *schema = &draft->inputs[s]->schema;
    struct temporal_side *side = &draft->sides[s];
    uint32_t most = schema->column_count + key_count;
    side->items = WR_NEW_ARRAY(arena, const struct wr_expression *, most);
    side->names = WR_NEW_ARRAY(arena, const char *, most);
    side->count = schema->column_count;
    for (uint32_t c = 0; c < schema->column_count; c++) {
      side->items[c] = wr_bind_column(draft->binder->binding, c, schema->fields[c].type,
                                      (struct wr_span){WR_NO_POSITION, 0});
      side->names[c] = schema->fields[c].name;
    }
    draft->keys[s] = WR_NEW_ARRAY(arena, uint32_t, key_count);
  }
  draft->rest.items = WR_NEW_ARRAY(arena, const struct wr_expression *, draft->list.count + 1);
}

/* Deals the conditions out: one equality per column of the key, and what is asked of pairs. */
static enum wr_code temporal_deal(struct temporal_draft *draft, struct wr_span span,
                                  struct wr_error *err)
{
  bool *used = WR_NEW_ARRAY(draft->binder->arena, bool, draft->list.count + 1);
  for (uint32_t k = 0; k < draft->versions->key_count; k++) {
    const struct wr_expression *sides[2];
    uint32_t i = 0;
    while (i < draft->list.count &&
           (used[i] ||
            !temporal_is_equality(draft, draft->list.items[i], draft->versions->keys[k], sides)))
      i++;
    if (i == draft->list.count)
      return temporal_fail_key(draft, draft->versions->keys[k], span, err);
    used[i] = true;
    for (unsigned s = 0; s < 2; s++)
      draft->keys[s][k] = temporal_put(draft, &draft->sides[s], s, sides[s]);
  }
  for (uint32_t i = 0; i < draft->list.count; i++) {
    const struct wr_expression *one = draft->list.items[i];
    if (!used[i] && !(wr_expression_is_known(one) && wr_column_i64(one->literal, 0)))
      draft->rest.items[draft->rest.count++] = one;
  }
  return WR_OK;
}

/* ---- the node */

/* Columns of pairs as they were bound, in terms of pairs that have computed keys as well. */
static const struct wr_expression **temporal_columns(const struct temporal_draft *draft)
{
  uint32_t count = draft->left_count + draft->inputs[1]->schema.column_count;
  const struct wr_expression **columns =
      WR_NEW_ARRAY(draft->binder->arena, const struct wr_expression *, count + 1);
  for (uint32_t c = 0; c < count; c++) {
    bool is_right = c >= draft->left_count;
    uint32_t own = is_right ? c - draft->left_count : c;
    columns[c] = wr_bind_column(
        draft->binder->binding, is_right ? draft->sides[0].count + own : own,
        draft->inputs[is_right]->schema.fields[own].type, (struct wr_span){WR_NO_POSITION, 0});
  }
  return columns;
}

/* The columns that the join has in SQL. */
static struct wr_logical *temporal_hide(const struct temporal_draft *draft, struct wr_logical *join)
{
  struct wr_arena *arena = draft->binder->arena;
  const struct wr_expression **items = temporal_columns(draft);
  uint32_t count = draft->left_count + draft->inputs[1]->schema.column_count;
  const char **names = WR_NEW_ARRAY(arena, const char *, count);
  for (uint32_t c = 0; c < count; c++) {
    const struct wr_field *field = &join->schema.fields[items[c]->column];
    names[c] = field->name;
    items[c] = wr_bind_column(draft->binder->binding, items[c]->column, field->type,
                              (struct wr_span){WR_NO_POSITION, 0});
  }
  return wr_logical_project(arena, join, items, names, count);
}

static struct wr_logical *temporal_build(struct temporal_draft *draft, struct wr_logical_join *join)
{
  struct wr_arena *arena = draft->binder->arena;
  struct wr_logical *inputs[2];
  bool has_hidden = false;
  join->condition = wr_condition_of(draft->binder, &draft->rest);
  for (unsigned s = 0; s < 2; s++) {
    const struct temporal_side *side = &draft->sides[s];
    inputs[s] = draft->inputs[s];
    join->keys[s] = draft->keys[s];
    if (side->count == inputs[s]->schema.column_count)
      continue;
    has_hidden = true;
    inputs[s] = wr_logical_project(arena, inputs[s], side->items, side->names, side->count);
  }
  if (join->condition && has_hidden)
    join->condition = wr_expression_replace(arena, join->condition, temporal_columns(draft));
  struct wr_logical *node = wr_logical_join(arena, inputs[0], inputs[1], join);
  return has_hidden ? temporal_hide(draft, node) : node;
}

/* What a row of the left is joined with has to be the same when it is taken back. */
static enum wr_code temporal_check(const struct temporal_draft *draft,
                                   const struct wr_expression *condition,
                                   const struct wr_tree_relation *join, struct wr_error *err)
{
  const struct wr_expression *reads = condition ? wr_expression_reads_arrived(condition) : NULL;
  if (reads)
    return wr_fail_at(err, WR_UNSUPPORTED, reads->span,
                      "CURRENT_WATERMARK cannot stand in the ON of a join as of a time");
  if (condition && wr_expression_is_known(condition) &&
      !(!wr_column_is_null(condition->literal, 0) && wr_column_i64(condition->literal, 0)))
    return wr_fail_at(err, WR_UNSUPPORTED, join->join.on->span,
                      "this condition is never TRUE, so no version is found");
  if (!draft->inputs[0]->changes)
    return WR_OK;
  if (condition && !wr_expression_is_deterministic(condition))
    return wr_fail_at(err, WR_UNSUPPORTED, join->join.on->span,
                      "a condition whose value may be another one each time cannot decide what a "
                      "join of rows that change takes back");
  if (draft->binder->settings)
    wr_settings_warn(draft->binder->settings, join->join.right->table.as_of_span,
                     "the rows of the left side change: one that is taken back when the watermark "
                     "has passed its time, and its version with it, stays");
  return WR_OK;
}

enum wr_code wr_bind_temporal(struct wr_binder *binder, const struct wr_tree_relation *join,
                              const struct wr_versions *versions,
                              const struct wr_expression *condition, struct wr_logical **node,
                              struct wr_error *err)
{
  struct temporal_draft draft = {.binder = binder,
                                 .inputs = {*node, versions->node},
                                 .left_count = (*node)->schema.column_count,
                                 .versions = versions,
                                 .list = wr_condition_list(binder->arena, condition)};
  struct wr_span span = join->join.on          ? join->join.on->span
                        : join->join.at.length ? join->join.at
                                               : join->span;
  enum wr_code code = wr_check_as_of_kind(join, err);
  if (code == WR_OK)
    code = temporal_check(&draft, condition, join, err);
  if (code)
    return code;
  temporal_open(&draft);
  code = temporal_deal(&draft, span, err);
  if (code)
    return code;
  struct wr_logical_join out = {.kind =
                                    join->join.kind == WR_TREE_LEFT ? WR_JOIN_LEFT : WR_JOIN_INNER,
                                .way = WR_JOIN_TEMPORAL,
                                .time_columns = {versions->left_time, versions->time_column},
                                .key_count = versions->key_count,
                                .oldest = versions->oldest,
                                .span = join->join.at};
  *node = temporal_build(&draft, &out);
  return WR_OK;
}
