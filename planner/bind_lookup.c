/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JOIN t FOR SYSTEM_TIME AS OF time: a lookup join if the time is that of the clock. Equalities of
 * ON between the stream and the table become keys; conditions on the table alone say which of its
 * rows are loaded; what is left is looked at for every pair. Keys that are more than columns are
 * computed: on the left below the join, on the right when the table is loaded.
 *
 * As of an event time it is a temporal join (bind_temporal.c).
 */
#include <string.h>

#include "core/packed.h"
#include "functions/function.h"
#include "planner/bind_filter.h"
#include "planner/lookup.h"
#include "planner/table.h"
#include "planner/temporal.h"

/* ---- the table */

static enum wr_code lookup_fail_time(struct wr_span span, const char *what, struct wr_error *err)
{
  wr_fail_at(err, WR_UNSUPPORTED, span,
             "FOR SYSTEM_TIME AS OF takes the event time of the left side, or its processing "
             "time, and this is %s",
             what);
  return wr_hint(err, "rows have an event time by a WATERMARK in CREATE TABLE, a processing time "
                      "by PROCTIME() or a column proc_time AS PROCTIME()");
}

static enum wr_code lookup_time(const struct wr_binder *binder,
                                const struct wr_tree_relation *relation, const struct wr_from *left,
                                struct wr_error *err)
{
  const struct wr_expression_context context = {
      .binder = binder, .scope = &left->scope, .place = "FOR SYSTEM_TIME AS OF"};
  const struct wr_expression *time;
  enum wr_code code = wr_bind_expression(&context, relation->table.as_of, &time, err);
  if (code)
    return code;
  struct wr_span span = relation->table.as_of->span;
  if (wr_is_proctime(time))
    return WR_OK;
  if (time->kind != WR_EXPRESSION_COLUMN)
    return lookup_fail_time(span, "an expression", err);
  const struct wr_column_role *role = &left->node->roles[time->column];
  if (role->is_clock)
    return WR_OK;
  return lookup_fail_time(
      span, role->was_event_time ? "an event time that a session has held up" : "another column",
      err);
}

/* Refuses tables that cannot be read to their end. */
static enum wr_code lookup_check_table(struct wr_binder *binder, const struct wr_table *table,
                                       struct wr_span span, struct wr_error *err)
{
  enum wr_code code = wr_table_check_use(table, false, span, err);
  if (code)
    return code;
  const struct wr_logical *scan = wr_logical_scan(binder->arena, table, NULL, 0);
  if (scan->changes) {
    wr_fail_at(err, WR_UNSUPPORTED, span,
               "rows cannot be looked up in '%s', whose records take others back: a table of "
               "reference is read as it stands",
               table->name);
    return wr_hint(
        err,
        "JOIN %s ON ... without FOR SYSTEM_TIME AS OF joins its newest rows, and changes "
        "as they do; with the event time of the left side, and a WATERMARK and a PRIMARY "
        "KEY in %s, its versions are joined",
        table->name, table->name);
  }
  if (wr_table_is_bounded(table))
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, span,
             "rows cannot be looked up in '%s', which has no end: a table of reference is loaded "
             "as a whole",
             table->name);
  if (strcmp(table->connector->name, "kafka") == 0)
    return wr_hint(err, "'scan.bounded.mode' = 'latest-offset' gives it one; "
                        "'lookup.full-cache.periodic-reload.interval' reads it again");
  return wr_hint(err, "'lookup.full-cache.periodic-reload.interval' loads a table that ends again "
                      "and again, with what is new");
}

static enum wr_code lookup_find_table(struct wr_binder *binder,
                                      const struct wr_tree_relation *relation,
                                      const struct wr_table **out, struct wr_error *err)
{
  const struct wr_tree_name *name = &relation->table.name;
  const char *what = NULL;
  const struct wr_object *object;
  for (const struct wr_common *common = binder->commons; common && name->parts.count == 1;
       common = common->outer)
    if (strcmp(common->tree->name->text, name->parts.items[0]->text) == 0)
      what = "a WITH query";
  if (!what) {
    enum wr_code code = wr_catalogue_get(binder->catalogue, name, &object, err);
    if (code)
      return code;
    what = object->kind == WR_OBJECT_VIEW      ? "a view"
           : object->kind == WR_OBJECT_REJECTS ? "the stream of rejects"
                                               : NULL;
  }
  if (what) {
    wr_fail_at(err, WR_UNSUPPORTED, name->span,
               "FOR SYSTEM_TIME AS OF stands behind a table, and '%s' is %s",
               name->parts.items[name->parts.count - 1]->text, what);
    return wr_state(err, WR_STATE_WRONG_OBJECT_TYPE);
  }
  enum wr_code code =
      wr_table_hinted(binder->arena, object->table, &relation->table.hints, out, err);
  return code ? code : lookup_check_table(binder, *out, name->span, err);
}

enum wr_code wr_bind_lookup_table(struct wr_binder *binder, const struct wr_tree_relation *relation,
                                  const struct wr_from *left, struct wr_from *out,
                                  const struct wr_table **table, struct wr_error *err)
{
  const struct wr_tree_name *name = &relation->table.name;
  enum wr_code code = lookup_find_table(binder, relation, table, err);
  if (code == WR_OK && relation->table.as_of)
    code = lookup_time(binder, relation, left, err);
  if (code)
    return code;
  out->node = wr_logical_values(binder->arena, &(*table)->row, NULL, 0);
  if (relation->alias_columns.count)
    code = wr_bind_rename(binder, out->node, &relation->alias_columns, relation->span, &out->node,
                          err);
  const char *alias =
      relation->alias ? relation->alias->text : name->parts.items[name->parts.count - 1]->text;
  out->scope = wr_scope_over(binder->arena, &out->node->schema, alias);
  return code;
}

/* ---- conditions */

struct lookup_draft {
  struct wr_binder *binder;
  struct wr_logical *input;
  uint32_t left_count;
  struct wr_logical_lookup lookup;
  /* columns of the input, keys that are computed behind them */
  const struct wr_expression **items;
  const char **names;
  uint32_t item_count;
  uint32_t *keys;
  const struct wr_expression **table_keys;
  struct wr_condition_list constants; /* equalities of the table with constants */
  struct wr_condition_list filters, rest;
};

/* An equality between the left side, or a constant, and the table; sides of one type. */
static bool lookup_is_equality(const struct lookup_draft *draft,
                               const struct wr_expression *condition,
                               const struct wr_expression *sides[2], bool *is_constant)
{
  if (condition->kind != WR_EXPRESSION_CALL || condition->arg_count != 2 ||
      strcmp(condition->function->name, "=") != 0)
    return false;
  for (unsigned first = 0; first < 2; first++) {
    const struct wr_expression *left = condition->args[first], *right = condition->args[!first];
    if (wr_expression_sides(left, draft->left_count) > 1 ||
        wr_expression_sides(right, draft->left_count) != 2)
      continue;
    *is_constant = wr_expression_sides(left, draft->left_count) == 0;
    sides[0] = left;
    sides[1] = wr_expression_shift(draft->binder, right, -(int64_t)draft->left_count);
    const struct wr_type *common = wr_type_common(draft->binder->arena, left->type, right->type);
    if (!common || common->physical == WR_NESTED || wr_kind_is_packed(common->kind))
      return false;
    for (unsigned side = 0; side < 2; side++) {
      struct wr_error err;
      if (!wr_type_equal(sides[side]->type, common) &&
          wr_bind_cast(draft->binder->binding, sides[side], common, false, sides[side]->span,
                       &sides[side], &err))
        return false;
    }
    return wr_expression_is_deterministic(sides[1]);
  }
  return false;
}

static void lookup_add_key(struct lookup_draft *draft, const struct wr_expression *const sides[2])
{
  uint32_t k = draft->lookup.key_count++;
  draft->table_keys[k] = sides[1];
  draft->keys[k] = sides[0]->column;
  if (sides[0]->kind == WR_EXPRESSION_COLUMN)
    return;
  draft->names[draft->item_count] =
      wr_expression_print(draft->binder->arena, sides[0], &draft->input->schema);
  draft->items[draft->item_count] = sides[0];
  draft->keys[k] = draft->item_count++;
}

static void lookup_open(struct lookup_draft *draft, const struct wr_condition_list *list)
{
  struct wr_arena *arena = draft->binder->arena;
  const struct wr_schema *schema = &draft->input->schema;
  uint32_t most = schema->column_count + list->count;
  draft->items = WR_NEW_ARRAY(arena, const struct wr_expression *, most + 1);
  draft->names = WR_NEW_ARRAY(arena, const char *, most + 1);
  draft->keys = WR_NEW_ARRAY(arena, uint32_t, list->count + 1);
  draft->table_keys = WR_NEW_ARRAY(arena, const struct wr_expression *, list->count + 1);
  struct wr_condition_list *const lists[] = {&draft->constants, &draft->filters, &draft->rest};
  for (unsigned i = 0; i < 3; i++)
    lists[i]->items = WR_NEW_ARRAY(arena, const struct wr_expression *, list->count + 1);
  for (uint32_t c = 0; c < schema->column_count; c++) {
    draft->items[c] = wr_bind_column(draft->binder->binding, c, schema->fields[c].type,
                                     (struct wr_span){WR_NO_POSITION, 0});
    draft->names[c] = schema->fields[c].name;
  }
  draft->item_count = schema->column_count;
}

/* Deals the conditions out: keys, rows of the table, pairs. */
static void lookup_deal(struct lookup_draft *draft, const struct wr_condition_list *list)
{
  const struct wr_expression *sides[2];
  bool is_constant;
  for (uint32_t i = 0; i < list->count; i++) {
    const struct wr_expression *one = list->items[i];
    if (wr_expression_is_known(one) && wr_column_i64(one->literal, 0))
      continue; /* ON TRUE */
    if (lookup_is_equality(draft, one, sides, &is_constant)) {
      if (is_constant)
        draft->constants.items[draft->constants.count++] = one;
      else
        lookup_add_key(draft, sides);
    } else if (wr_expression_sides(one, draft->left_count) == 2 &&
               wr_expression_is_deterministic(one)) {
      draft->filters.items[draft->filters.count++] = one;
    } else {
      draft->rest.items[draft->rest.count++] = one;
    }
  }
  /* A constant finds rows only where nothing else does. */
  for (uint32_t i = 0; i < draft->constants.count; i++) {
    bool is_key = i == 0 && draft->lookup.key_count == 0 &&
                  lookup_is_equality(draft, draft->constants.items[i], sides, &is_constant);
    if (is_key)
      lookup_add_key(draft, sides);
    else
      draft->filters.items[draft->filters.count++] = draft->constants.items[i];
  }
  for (uint32_t i = 0; i < draft->filters.count; i++)
    draft->filters.items[i] =
        wr_expression_shift(draft->binder, draft->filters.items[i], -(int64_t)draft->left_count);
}

/* ---- the node */

/* The condition of pairs, whose left side has further columns now. */
static const struct wr_expression *lookup_condition(const struct lookup_draft *draft)
{
  const struct wr_expression *condition = wr_condition_of(draft->binder, &draft->rest);
  uint32_t more = draft->item_count - draft->left_count;
  if (!condition || more == 0)
    return condition;
  const struct wr_schema *row = &draft->lookup.table->row;
  uint32_t count = draft->left_count + row->column_count;
  const struct wr_expression **columns =
      WR_NEW_ARRAY(draft->binder->arena, const struct wr_expression *, count);
  for (uint32_t c = 0; c < count; c++)
    columns[c] = c < draft->left_count ? draft->items[c]
                                       : wr_bind_column(draft->binder->binding, c + more,
                                                        row->fields[c - draft->left_count].type,
                                                        (struct wr_span){WR_NO_POSITION, 0});
  return wr_expression_replace(draft->binder->arena, condition, columns);
}

/* The columns that the join has in SQL, of a node that has computed keys as well. */
static struct wr_logical *lookup_hide(const struct lookup_draft *draft, struct wr_logical *node)
{
  struct wr_arena *arena = draft->binder->arena;
  uint32_t more = draft->item_count - draft->left_count, count = node->schema.column_count - more;
  const struct wr_expression **items = WR_NEW_ARRAY(arena, const struct wr_expression *, count);
  const char **names = WR_NEW_ARRAY(arena, const char *, count);
  for (uint32_t c = 0; c < count; c++) {
    uint32_t column = c < draft->left_count ? c : c + more;
    names[c] = node->schema.fields[column].name;
    items[c] = wr_bind_column(draft->binder->binding, column, node->schema.fields[column].type,
                              (struct wr_span){WR_NO_POSITION, 0});
  }
  return wr_logical_project(arena, node, items, names, count);
}

static struct wr_logical *lookup_build(struct lookup_draft *draft)
{
  struct wr_arena *arena = draft->binder->arena;
  struct wr_logical_lookup *lookup = &draft->lookup;
  const struct wr_schema *row = &lookup->table->row;
  uint32_t *columns = WR_NEW_ARRAY(arena, uint32_t, row->column_count);
  for (uint32_t c = 0; c < row->column_count; c++)
    columns[c] = c;
  lookup->columns = columns;
  lookup->column_count = row->column_count;
  lookup->keys = draft->keys;
  lookup->table_keys = draft->table_keys;
  lookup->filter = wr_condition_of(draft->binder, &draft->filters);
  lookup->condition = lookup_condition(draft);
  if (draft->item_count == draft->left_count)
    return wr_logical_lookup(arena, draft->input, lookup);
  struct wr_logical *below =
      wr_logical_project(arena, draft->input, draft->items, draft->names, draft->item_count);
  return lookup_hide(draft, wr_logical_lookup(arena, below, lookup));
}

static enum wr_code lookup_fail_kind(enum wr_tree_join_kind kind, struct wr_span span,
                                     struct wr_error *err)
{
  wr_fail_at(err, WR_UNSUPPORTED, span,
             "%s JOIN cannot look rows up: those of the table only come out beside one of the %s "
             "side",
             kind == WR_TREE_FULL    ? "FULL"
             : kind == WR_TREE_RIGHT ? "RIGHT"
                                     : "LEFT",
             kind == WR_TREE_LEFT ? "right" : "left");
  return wr_hint(err, "JOIN and %s JOIN can", kind == WR_TREE_LEFT ? "RIGHT" : "LEFT");
}

enum wr_code wr_check_reference_kind(const struct wr_tree_relation *join, bool is_left,
                                     struct wr_error *err)
{
  enum wr_tree_join_kind kind = join->join.kind;
  if (kind != WR_TREE_FULL && kind != (is_left ? WR_TREE_LEFT : WR_TREE_RIGHT))
    return WR_OK;
  return lookup_fail_kind(kind, join->join.at.length ? join->join.at : join->span, err);
}

enum wr_code wr_check_as_of_kind(const struct wr_tree_relation *join, struct wr_error *err)
{
  enum wr_tree_join_kind kind = join->join.kind;
  struct wr_span span = join->join.at.length ? join->join.at : join->span;
  if (kind == WR_TREE_INNER || kind == WR_TREE_LEFT)
    return WR_OK;
  if (kind == WR_TREE_COMMA || kind == WR_TREE_CROSS) {
    wr_fail_at(err, WR_UNSUPPORTED, span, "rows are looked up by keys, which %s does not say",
               kind == WR_TREE_COMMA ? "a comma" : "CROSS JOIN");
    return wr_hint(err, "write JOIN t FOR SYSTEM_TIME AS OF ... ON left.key = t.key");
  }
  return lookup_fail_kind(kind, span, err);
}

/* What no row of the left side is looked up for. */
static enum wr_code lookup_check_list(const struct wr_condition_list *list, struct wr_span span,
                                      struct wr_error *err)
{
  for (uint32_t i = 0; i < list->count; i++) {
    const struct wr_expression *reads = wr_expression_reads_arrived(list->items[i]);
    if (reads)
      return wr_fail_at(err, WR_UNSUPPORTED, reads->span,
                        "CURRENT_WATERMARK cannot stand in the ON of a table that is looked up");
  }
  const struct wr_expression *only = list->count == 1 ? list->items[0] : NULL;
  if (!only || only->kind != WR_EXPRESSION_LITERAL ||
      (wr_expression_is_known(only) && wr_column_i64(only->literal, 0)))
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, span, "this condition is never TRUE, so nothing is looked up");
  return wr_hint(err, "a part of it that is always FALSE or NULL hides the others: leave it out");
}

enum wr_code wr_bind_reference(struct wr_binder *binder, struct wr_logical **node,
                               struct wr_error *err)
{
  const struct wr_logical *open = *node;
  const struct wr_logical_join *join = &open->join;
  const struct wr_condition_list list = wr_condition_list(binder->arena, join->condition);
  struct lookup_draft draft = {
      .binder = binder,
      .input = open->inputs[0],
      .left_count = open->inputs[0]->schema.column_count,
      .lookup = {.table = join->reference,
                 .outer = join->kind != WR_JOIN_INNER,
                 .half = join->kind == WR_JOIN_SEMI || join->kind == WR_JOIN_ANTI,
                 .negated = join->kind == WR_JOIN_ANTI,
                 .span = join->span}};
  enum wr_code code = lookup_check_list(&list, join->span, err);
  if (code)
    return code;
  struct wr_condition_list room = list;
  room.count++;
  lookup_open(&draft, &room);
  lookup_deal(&draft, &list);
  if (draft.lookup.key_count == 0) {
    const struct wr_expression *one = wr_bind_i64(binder->binding, &wr_type_int, 1, join->span);
    const struct wr_expression *const sides[] = {one, one};
    lookup_add_key(&draft, sides);
  }
  *node = lookup_build(&draft);
  if (draft.lookup.half) /* the columns of the left side alone */
    *node = wr_logical_project(binder->arena, *node, draft.items, draft.names, draft.left_count);
  return WR_OK;
}

enum wr_code wr_bind_lookup(struct wr_binder *binder, const struct wr_tree_relation *join,
                            const struct wr_table *table, const struct wr_expression *condition,
                            struct wr_logical **node, struct wr_error *err)
{
  enum wr_code code = wr_check_as_of_kind(join, err);
  if (code)
    return code;
  const struct wr_condition_list list = wr_condition_list(binder->arena, condition);
  struct wr_span span = join->join.on ? join->join.on->span : join->join.at;
  code = lookup_check_list(&list, span, err);
  if (code)
    return code;
  struct lookup_draft draft = {
      .binder = binder,
      .input = *node,
      .left_count = (*node)->schema.column_count,
      .lookup = {.table = table, .outer = join->join.kind == WR_TREE_LEFT, .span = join->join.at}};
  lookup_open(&draft, &list);
  lookup_deal(&draft, &list);
  if (draft.lookup.key_count == 0) {
    wr_fail_at(err, WR_UNSUPPORTED, span.length ? span : join->span,
               "rows of '%s' are looked up by keys, and ON sets none of its columns equal to a "
               "value of the left side",
               table->name);
    return wr_hint(err, "write ON left.key = %s.%s", table->name, table->row.fields[0].name);
  }
  if ((*node)->changes && table->reload_us && binder->settings)
    wr_settings_warn(binder->settings, join->join.right->table.as_of_span,
                     "the rows of the left side change, and the table is loaded anew: what is "
                     "taken back may then stand beside other values than when it was given");
  *node = lookup_build(&draft);
  return WR_OK;
}

/* ---- the hint */

enum wr_code wr_check_lookup_hint(struct wr_settings *settings, const struct wr_tree_hint *hint,
                                  struct wr_error *err)
{
  static const struct {
    const char *key;
    bool means_nothing;
  } keys[] = {{"table", false},         {"async", true},       {"output-mode", true},
              {"capacity", true},       {"timeout", true},     {"retry-predicate", true},
              {"retry-strategy", true}, {"fixed-delay", true}, {"max-attempts", true}};
  bool has_table = false;
  for (uint32_t i = 0; i < hint->options.count; i++) {
    const struct wr_tree_option *option = hint->options.items[i];
    size_t k = 0;
    while (k < sizeof keys / sizeof *keys && strcmp(keys[k].key, option->key.bytes) != 0)
      k++;
    if (k == sizeof keys / sizeof *keys) {
      wr_fail_at(err, WR_SEMANTIC, option->key.span, "the hint LOOKUP knows no '%s'",
                 option->key.bytes);
      return wr_state(err, WR_STATE_INVALID_OPTION_NAME);
    }
    has_table = has_table || k == 0;
    if (keys[k].means_nothing && settings)
      wr_settings_warn(settings, option->key.span,
                       "this has no effect here: a table that is looked up is loaded as a whole, "
                       "so nothing is asked for later, or again");
  }
  if (has_table)
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, hint->span, "the hint LOOKUP needs 'table' = 'name'");
  return wr_state(err, WR_STATE_SYNTAX_ERROR);
}
