/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FROM with several relations. What stands to the right of a join is one of two things: something
 * that is made from each row of the left side (UNNEST, LATERAL), which becomes a step over that
 * side; or a stream of its own. Joins of streams are left open here: by which windows and keys they
 * join may stand in WHERE (bind_filter.c, bind_window_join.c).
 */
#include "planner/bind_filter.h"

#include <assert.h>
#include <string.h>

#include "planner/lookup.h"
#include "planner/stream_join.h"
#include "planner/temporal.h"
#include "planner/ttl.h"

static const char *join_name(enum wr_tree_join_kind kind)
{
  static const char *const names[] = {
      [WR_TREE_COMMA] = "a join",   [WR_TREE_CROSS] = "CROSS JOIN", [WR_TREE_INNER] = "JOIN",
      [WR_TREE_LEFT] = "LEFT JOIN", [WR_TREE_RIGHT] = "RIGHT JOIN", [WR_TREE_FULL] = "FULL JOIN"};
  return names[kind];
}

static struct wr_span join_span(const struct wr_tree_relation *join)
{
  return join->join.at.length ? join->join.at : join->span;
}

/* ---- scopes */

/* The columns of one scope, then those of another, over rows that have both. */
static struct wr_scope join_scopes(struct wr_arena *arena, const struct wr_scope *left,
                                   const struct wr_scope *right, const struct wr_schema *schema,
                                   uint32_t right_first)
{
  uint32_t count = left->column_count + right->column_count;
  struct wr_scope_column *columns = WR_NEW_ARRAY(arena, struct wr_scope_column, count);
  for (uint32_t i = 0; i < left->column_count; i++)
    columns[i] = left->columns[i];
  for (uint32_t i = 0; i < right->column_count; i++) {
    columns[left->column_count + i] = right->columns[i];
    columns[left->column_count + i].column += right_first;
  }
  return (struct wr_scope){.schema = *schema, .columns = columns, .column_count = count};
}

static enum wr_code join_check_alias(const struct wr_scope *left, const struct wr_scope *right,
                                     struct wr_span span, struct wr_error *err)
{
  const char *name = right->column_count ? right->columns[0].relation : NULL;
  if (!name || !wr_scope_has_relation(left, name))
    return WR_OK;
  wr_fail_at(err, WR_SEMANTIC, span, "the name '%s' stands for two tables of this FROM", name);
  wr_state(err, WR_STATE_DUPLICATE_ALIAS);
  return wr_hint(err, "give one of them an alias of its own: %s AS other", name);
}

/* ---- UNNEST */

/* The names of the columns that a collection gives; *count of them. */
static const char *const *unnest_names(struct wr_arena *arena, const struct wr_type *type,
                                       const struct wr_tree_relation *relation, uint32_t *count)
{
  const struct wr_type *item = type->fields[0].type;
  bool is_map = type->kind == WR_MAP, is_row = !is_map && item->kind == WR_ROW;
  uint32_t made = is_map ? 2 : is_row ? item->field_count : 1;
  const char **names = WR_NEW_ARRAY(arena, const char *, made + 1);
  for (uint32_t i = 0; i < made; i++)
    names[i] = is_row ? item->fields[i].name : "EXPR$0";
  if (is_map) {
    names[0] = "KEY";
    names[1] = "VALUE";
  } else if (!is_row && relation->alias && !relation->unnest.with_ordinality) {
    names[0] = relation->alias->text; /* the only column is called like the table */
  }
  names[made] = "ORDINALITY";
  *count = made + relation->unnest.with_ordinality;
  return names;
}

static enum wr_code unnest_alias_names(const struct wr_tree_relation *relation, const char **names,
                                       uint32_t count, struct wr_error *err)
{
  const struct wr_tree_identifiers *given = &relation->alias_columns;
  if (given->count != count && given->count)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_WRONG_COLUMN_COUNT, relation->span,
                         "the number of column names is %u, but that of columns %u", given->count,
                         count);
  for (uint32_t c = 0; c < given->count; c++) {
    for (uint32_t i = 0; i < c; i++)
      if (strcmp(given->items[i]->text, given->items[c]->text) == 0) {
        wr_fail_at(err, WR_SEMANTIC, given->items[c]->span, "the column name '%s' is given twice",
                   names[i]);
        return wr_state(err, WR_STATE_DUPLICATE_COLUMN);
      }
    names[c] = given->items[c]->text;
  }
  return WR_OK;
}

static enum wr_code unnest_value(const struct wr_binder *binder,
                                 const struct wr_tree_relation *relation,
                                 const struct wr_scope *scope, const struct wr_expression **out,
                                 struct wr_error *err)
{
  const struct wr_expression_context context = {
      .binder = binder, .scope = scope, .place = "UNNEST"};
  const struct wr_tree_expressions *values = &relation->unnest.values;
  if (values->count > 1)
    return wr_fail_at(err, WR_UNSUPPORTED, values->items[1]->span,
                      "UNNEST of several collections at once is not supported yet");
  enum wr_code code = wr_bind_expression(&context, values->items[0], out, err);
  if (code == WR_OK)
    code = wr_bind_check(binder->binding, *out, err);
  if (code)
    return code;
  enum wr_kind kind = (*out)->type->kind;
  if (kind == WR_ARRAY || kind == WR_MAP || kind == WR_MULTISET)
    return WR_OK;
  char type[128];
  wr_type_print((*out)->type, type, sizeof type);
  wr_fail_at(err, WR_SEMANTIC, values->items[0]->span,
             "UNNEST needs an ARRAY, MAP or MULTISET, and this is %s", type);
  return wr_state(err, WR_STATE_DATATYPE_MISMATCH);
}

/* The rows whose collections are taken apart: the left side, with the collection in *column.
 * Without a left side it is one row that has nothing else. */
static struct wr_logical *unnest_input(const struct wr_binder *binder, const struct wr_from *left,
                                       const struct wr_expression *value, uint32_t *column)
{
  struct wr_arena *arena = binder->arena;
  if (!left) {
    const struct wr_expression **row = WR_NEW_ARRAY(arena, const struct wr_expression *, 1);
    struct wr_field *field = WR_NEW(arena, struct wr_field);
    *field = (struct wr_field){.name = "collection", .type = value->type};
    row[0] = value;
    *column = 0;
    const struct wr_schema schema = {.column_count = 1, .fields = field};
    return wr_logical_values(arena, &schema, row, 1);
  }
  if (value->kind == WR_EXPRESSION_COLUMN) {
    *column = value->column;
    return left->node;
  }
  const struct wr_schema *schema = &left->node->schema;
  uint32_t count = schema->column_count;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(arena, const struct wr_expression *, count + 1);
  const char **names = WR_NEW_ARRAY(arena, const char *, count + 1);
  for (uint32_t c = 0; c < count; c++) {
    expressions[c] = wr_bind_column(binder->binding, c, schema->fields[c].type,
                                    (struct wr_span){WR_NO_POSITION, 0});
    names[c] = schema->fields[c].name;
  }
  expressions[count] = value;
  names[count] = wr_expression_print(arena, value, schema);
  *column = count;
  return wr_logical_project(arena, left->node, expressions, names, count + 1);
}

/* `outer`: rows with nothing to unnest stay. left NULL: UNNEST stands alone. */
static enum wr_code unnest_bind(const struct wr_binder *binder,
                                const struct wr_tree_relation *relation, const struct wr_from *left,
                                bool outer, struct wr_from *out, struct wr_error *err)
{
  const struct wr_scope none = {0};
  const struct wr_expression *value;
  enum wr_code code = unnest_value(binder, relation, left ? &left->scope : &none, &value, err);
  if (code)
    return code;
  uint32_t count, column;
  const char **names = (const char **)unnest_names(binder->arena, value->type, relation, &count);
  code = unnest_alias_names(relation, names, count, err);
  if (code)
    return code;
  struct wr_logical *input = unnest_input(binder, left, value, &column);
  const struct wr_logical_unnest unnest = {
      .column = column, .outer = outer, .with_ordinality = relation->unnest.with_ordinality};
  out->node = wr_logical_unnest(binder->arena, input, &unnest, names);
  const struct wr_schema items = {.column_count = count,
                                  .fields = out->node->schema.fields + input->schema.column_count};
  struct wr_scope right =
      wr_scope_over(binder->arena, &items, relation->alias ? relation->alias->text : NULL);
  if (left)
    code = join_check_alias(&left->scope, &right, relation->span, err);
  out->scope = join_scopes(binder->arena, left ? &left->scope : &none, &right, &out->node->schema,
                           input->schema.column_count);
  out->scope.outer = left ? left->scope.outer : NULL;
  return code;
}

enum wr_code wr_bind_unnest(struct wr_binder *binder, const struct wr_tree_relation *relation,
                            struct wr_from *out, struct wr_error *err)
{
  return unnest_bind(binder, relation, NULL, false, out, err);
}

/* ---- LATERAL (SELECT ...), LATERAL (SELECT ... FROM UNNEST(...)) */

/* A subquery that only computes with the left side, or takes a collection of it apart. */
static bool lateral_is_simple(const struct wr_tree_query *query)
{
  const struct wr_tree_select *select = query->kind == WR_TREE_SELECT ? query->select : NULL;
  return select && (!select->from || select->from->kind == WR_TREE_UNNEST) && !select->distinct &&
         select->group_span.length == 0 && !select->stagger && !select->having &&
         !select->qualify && select->windows.count == 0 && query->with.count == 0 &&
         query->order_by.count == 0 && !query->limit && !query->offset;
}

static enum wr_code lateral_where(const struct wr_binder *binder,
                                  const struct wr_tree_relation *join,
                                  const struct wr_tree_select *select, struct wr_from *rows,
                                  struct wr_error *err)
{
  if (!select->where)
    return WR_OK;
  const struct wr_expression_context context = {
      .binder = binder, .scope = &rows->scope, .place = "WHERE"};
  const struct wr_expression *condition;
  enum wr_code code = wr_bind_condition(&context, select->where, &condition, err);
  if (code)
    return code;
  if (join->join.kind == WR_TREE_LEFT)
    return wr_fail_at(err, WR_UNSUPPORTED, select->where->span,
                      "WHERE in the LATERAL side of a LEFT JOIN is not supported yet");
  rows->node = wr_logical_filter(binder->arena, rows->node, condition);
  return WR_OK;
}

/* The left side's columns, then the select list over each row with each of its items. */
static enum wr_code lateral_bind(struct wr_binder *binder, const struct wr_tree_relation *join,
                                 const struct wr_from *left, struct wr_from *out,
                                 struct wr_error *err)
{
  const struct wr_tree_relation *relation = join->join.right;
  const struct wr_tree_query *query = relation->derived.query;
  if (!lateral_is_simple(query)) {
    wr_fail_at(err, WR_UNSUPPORTED, relation->span,
               "LATERAL is only supported for a SELECT without FROM, or from UNNEST");
    return wr_hint(err,
                   "for example t, LATERAL (SELECT x + 1 AS y FROM UNNEST(t.numbers) AS u (x))");
  }
  struct wr_from rows = *left;
  enum wr_code code = WR_OK;
  if (query->select->from)
    code =
        unnest_bind(binder, query->select->from, left, join->join.kind == WR_TREE_LEFT, &rows, err);
  if (code)
    return code;
  /* what the subquery has itself hides what stands outside */
  const struct wr_scope outer = {.schema = rows.scope.schema,
                                 .columns = rows.scope.columns,
                                 .column_count = left->scope.column_count,
                                 .outer = left->scope.outer};
  struct wr_from inner = rows;
  inner.scope.columns += left->scope.column_count;
  inner.scope.column_count -= left->scope.column_count;
  inner.scope.outer = &outer;
  code = lateral_where(binder, join, query->select, &inner, err);
  struct wr_selection selection = {
      .tree = query->select, .input = inner.node, .scope = inner.scope};
  if (code == WR_OK)
    code = wr_bind_items(binder, &selection, err);
  if (code)
    return code;
  if (selection.aggregates.count)
    return wr_fail_at(err, WR_UNSUPPORTED, selection.aggregates.spans[0],
                      "aggregates in a LATERAL subquery are not supported yet");
  uint32_t before = rows.scope.schema.column_count, count = before + selection.item_count;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, count);
  for (uint32_t c = 0; c < before; c++) {
    names[c] = rows.scope.schema.fields[c].name;
    expressions[c] = wr_bind_column(binder->binding, c, rows.scope.schema.fields[c].type,
                                    (struct wr_span){WR_NO_POSITION, 0});
  }
  for (uint32_t i = 0; i < selection.item_count; i++) {
    names[before + i] = selection.names[i];
    expressions[before + i] = selection.items[i];
  }
  if (relation->alias_columns.count) {
    code = unnest_alias_names(relation, names + before, selection.item_count, err);
    if (code)
      return code;
  }
  out->node = wr_logical_project(binder->arena, inner.node, expressions, names, count);
  const struct wr_schema made = {.column_count = selection.item_count,
                                 .fields = out->node->schema.fields + before};
  struct wr_scope right =
      wr_scope_over(binder->arena, &made, relation->alias ? relation->alias->text : NULL);
  code = join_check_alias(&left->scope, &right, relation->span, err);
  out->scope = join_scopes(binder->arena, &left->scope, &right, &out->node->schema, before);
  return code;
}

/* ---- joins */

static bool join_is_dependent(const struct wr_tree_relation *right)
{
  return right->kind == WR_TREE_UNNEST ||
         (right->kind == WR_TREE_DERIVED && right->derived.lateral);
}

static enum wr_code join_condition(const struct wr_binder *binder,
                                   const struct wr_tree_relation *join,
                                   const struct wr_scope *scope,
                                   const struct wr_expression **condition, struct wr_error *err)
{
  const struct wr_expression_context context = {.binder = binder, .scope = scope, .place = "ON"};
  *condition = NULL;
  return join->join.on ? wr_bind_condition(&context, join->join.on, condition, err) : WR_OK;
}

static bool join_is_true(const struct wr_expression *condition)
{
  return !condition || (wr_expression_is_known(condition) && wr_column_i64(condition->literal, 0));
}

/* The right side is made from each row of the left one. */
static enum wr_code join_dependent(struct wr_binder *binder, const struct wr_tree_relation *join,
                                   const struct wr_from *left, struct wr_from *out,
                                   struct wr_error *err)
{
  const struct wr_tree_relation *right = join->join.right;
  enum wr_tree_join_kind kind = join->join.kind;
  const char *what = right->kind == WR_TREE_UNNEST ? "UNNEST" : "LATERAL";
  if (kind == WR_TREE_RIGHT || kind == WR_TREE_FULL)
    return wr_fail_at(err, WR_UNSUPPORTED, join_span(join),
                      "%s cannot stand before %s: its rows come from those of the left side",
                      join_name(kind), what);
  if (join->join.natural || join->join.using.count)
    return wr_fail_at(err, WR_UNSUPPORTED, join_span(join),
                      "%s cannot be joined by the names of columns", what);
  enum wr_code code = right->kind == WR_TREE_UNNEST
                          ? unnest_bind(binder, right, left, kind == WR_TREE_LEFT, out, err)
                          : lateral_bind(binder, join, left, out, err);
  const struct wr_expression *condition = NULL;
  if (code == WR_OK)
    code = join_condition(binder, join, &out->scope, &condition, err);
  if (code || join_is_true(condition))
    return code;
  if (kind == WR_TREE_LEFT)
    return wr_fail_at(err, WR_UNSUPPORTED, join->join.on->span,
                      "LEFT JOIN %s takes no other condition than ON TRUE", what);
  out->node = wr_logical_filter(binder->arena, out->node, condition);
  return WR_OK;
}

/* ---- joins of streams */

/* The columns of both sides, in their order. */
static struct wr_schema join_schema(struct wr_arena *arena, const struct wr_from *left,
                                    const struct wr_from *right)
{
  uint32_t before = left->scope.schema.column_count,
           count = before + right->scope.schema.column_count;
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count);
  for (uint32_t c = 0; c < count; c++)
    fields[c] = c < before ? left->scope.schema.fields[c] : right->scope.schema.fields[c - before];
  return (struct wr_schema){.column_count = count, .fields = fields};
}

/* Column names that both sides have, once each. */
static struct wr_tree_identifiers join_common(struct wr_arena *arena, const struct wr_scope *left,
                                              const struct wr_scope *right, struct wr_span span)
{
  struct wr_tree_identifiers out = {
      .items = WR_NEW_ARRAY(arena, struct wr_tree_identifier *, left->column_count)};
  for (uint32_t l = 0; l < left->column_count; l++) {
    const char *name = left->columns[l].name;
    bool is_common = false;
    if (left->columns[l].hidden)
      continue;
    for (uint32_t r = 0; r < right->column_count; r++)
      is_common = is_common || strcmp(right->columns[r].name, name) == 0;
    for (uint32_t i = 0; i < out.count; i++)
      is_common = is_common && strcmp(out.items[i]->text, name) != 0;
    if (!is_common)
      continue;
    struct wr_tree_identifier *part = WR_NEW(arena, struct wr_tree_identifier);
    *part = (struct wr_tree_identifier){.span = span, .text = name};
    out.items[out.count++] = part;
  }
  return out;
}

/* Where a name of USING is: columns of the rows of both. */
struct join_pair {
  uint32_t sides[2];
};

/* left.name = right.name for each name; *equal: over the rows of both. columns[i]: on either side.
 */
static enum wr_code join_using(const struct wr_binder *binder,
                               const struct wr_tree_identifiers *names, const struct wr_from *left,
                               const struct wr_from *right, struct join_pair *columns,
                               const struct wr_expression **equal, struct wr_error *err)
{
  const struct wr_from *const sides[] = {left, right};
  const struct wr_expression **all =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, names->count);
  for (uint32_t i = 0; i < names->count; i++) {
    struct wr_tree_identifier *part = names->items[i];
    const struct wr_tree_name name = {.span = part->span, .parts = {.items = &part, .count = 1}};
    const struct wr_expression *both[2];
    enum wr_code code;
    for (unsigned side = 0; side < 2; side++) {
      code = wr_scope_resolve(&sides[side]->scope, binder->binding, &name, &both[side], err);
      if (code)
        return code;
      columns[i].sides[side] = both[side]->column;
    }
    both[1] = wr_expression_shift(binder, both[1], left->scope.schema.column_count);
    columns[i].sides[1] = both[1]->column;
    code = wr_bind_call(binder->binding, "=", both, 2, part->span, &all[i], err);
    if (code)
      return code;
  }
  const struct wr_condition_list list = {.items = all, .count = names->count};
  *equal = wr_condition_of(binder, &list);
  return WR_OK;
}

/* The names of USING stand once, first; both columns are still there by the names of their tables.
 */
static struct wr_scope join_using_scope(struct wr_arena *arena, const struct wr_scope *full,
                                        const struct wr_tree_identifiers *names,
                                        struct join_pair *columns, const uint32_t *merged)
{
  struct wr_scope_column *out =
      WR_NEW_ARRAY(arena, struct wr_scope_column, names->count + full->column_count);
  struct wr_scope *outer = WR_NEW(arena, struct wr_scope);
  uint32_t count = 0;
  *outer = *full;
  for (uint32_t i = 0; i < names->count; i++)
    out[count++] = (struct wr_scope_column){.name = names->items[i]->text, .column = merged[i]};
  for (uint32_t c = 0; c < full->column_count; c++) {
    bool is_merged = false;
    for (uint32_t i = 0; i < names->count; i++)
      is_merged = is_merged || full->columns[c].column == columns[i].sides[0] ||
                  full->columns[c].column == columns[i].sides[1];
    if (!is_merged)
      out[count++] = full->columns[c];
  }
  struct wr_scope scope = *full;
  scope.columns = out;
  scope.column_count = count;
  scope.outer = outer;
  return scope;
}

/* FULL JOIN USING (a): COALESCE(left.a, right.a), behind the columns of both sides. */
static enum wr_code join_coalesce(const struct wr_binder *binder,
                                  const struct wr_tree_identifiers *names,
                                  struct join_pair *columns, struct wr_from *out, uint32_t *merged,
                                  struct wr_error *err)
{
  struct wr_arena *arena = binder->arena;
  const struct wr_schema *schema = &out->node->schema;
  uint32_t count = schema->column_count, width = count + names->count;
  const struct wr_expression **items = WR_NEW_ARRAY(arena, const struct wr_expression *, width);
  const char **texts = WR_NEW_ARRAY(arena, const char *, width);
  for (uint32_t c = 0; c < count; c++) {
    texts[c] = schema->fields[c].name;
    items[c] = wr_bind_column(binder->binding, c, schema->fields[c].type,
                              (struct wr_span){WR_NO_POSITION, 0});
  }
  for (uint32_t i = 0; i < names->count; i++) {
    const struct wr_expression *both[] = {items[columns[i].sides[0]], items[columns[i].sides[1]]};
    merged[i] = count + i;
    texts[count + i] = names->items[i]->text;
    enum wr_code code = wr_bind_call(binder->binding, "COALESCE", both, 2, names->items[i]->span,
                                     &items[count + i], err);
    if (code)
      return code;
  }
  out->node = wr_logical_project(arena, out->node, items, texts, width);
  out->scope.schema = out->node->schema;
  return WR_OK;
}

/* The windows of streams; what they are joined to. */
static enum wr_code join_windows(struct wr_binder *binder, const struct wr_tree_relation *join,
                                 const struct wr_from *left, const struct wr_from *right,
                                 const struct wr_table *reference, struct wr_logical_join *open,
                                 struct wr_stream_rows *rows, struct wr_error *err)
{
  const struct wr_tree_relation *const sides[] = {join->join.left, join->join.right};
  struct wr_versions versions;
  bool is_apart = !binder->binding->kinesis || wr_is_lookup(join->join.right) ||
                  wr_is_temporal(binder, join->join.right, left, &versions.left_time);
  if (!is_apart && !reference)
    return wr_bind_stream_join(binder, join, left, right, open, rows, err);
  open->reference = reference;
  for (unsigned s = is_apart ? 0 : 1; s < 2; s++) {
    enum wr_code code = wr_check_no_window(sides[s], err);
    if (code)
      return code;
  }
  return reference ? wr_check_reference_kind(join, false, err) : WR_OK;
}

/* Streams with windows of so many rows. */
static enum wr_code join_rows(struct wr_binder *binder, const struct wr_from *left,
                              const struct wr_from *right, const struct wr_stream_rows *rows,
                              const struct wr_expression *condition, struct wr_span span,
                              struct wr_logical **out, struct wr_error *err)
{
  struct wr_logical *inputs[] = {left->node, right->node};
  enum wr_code code = wr_bind_settle(binder, &inputs[0], err);
  if (code == WR_OK)
    code = wr_bind_settle(binder, &inputs[1], err);
  if (code)
    return code;
  code = wr_bind_rows_join(binder, inputs[0], inputs[1], rows->frames, out, err);
  if (code) /* its own places are those of a text that nobody has written */
    err->span = span;
  if (code == WR_OK && condition)
    *out = wr_logical_filter(binder->arena, *out, condition);
  return code;
}

/* What the two sides are joined by is found out later, with WHERE: see bind_filter.c. */
static enum wr_code join_streams(struct wr_binder *binder, const struct wr_tree_relation *join,
                                 const struct wr_from *left, struct wr_from *out,
                                 struct wr_error *err)
{
  static const enum wr_join_kind kinds[] = {
      [WR_TREE_COMMA] = WR_JOIN_INNER, [WR_TREE_CROSS] = WR_JOIN_INNER,
      [WR_TREE_INNER] = WR_JOIN_INNER, [WR_TREE_LEFT] = WR_JOIN_LEFT,
      [WR_TREE_RIGHT] = WR_JOIN_RIGHT, [WR_TREE_FULL] = WR_JOIN_FULL};
  struct wr_arena *arena = binder->arena;
  struct wr_logical_join open = {.kind = kinds[join->join.kind], .span = join_span(join)};
  struct wr_from right;
  const struct wr_table *table = NULL; /* that rows are looked up in */
  struct wr_versions versions = {0};
  struct wr_stream_rows rows = {0};
  bool is_temporal = wr_is_temporal(binder, join->join.right, left, &versions.left_time),
       is_reference = wr_is_reference(binder, join->join.right);
  if (!is_temporal && !wr_is_lookup(join->join.right)) {
    open.ttl_us[0] = wr_ttl_of_us(binder, join->join.left);
    open.ttl_us[1] = wr_ttl_of_us(binder, join->join.right);
  }
  enum wr_code code =
      is_temporal ? wr_bind_versions(binder, join->join.right, &right, &versions, err)
      : is_reference || wr_is_lookup(join->join.right)
          ? wr_bind_lookup_table(binder, join->join.right, left, &right, &table, err)
          : wr_bind_relation(binder, join->join.right, &right, err);
  if (code == WR_OK)
    code = join_check_alias(&left->scope, &right.scope, join->join.right->span, err);
  if (code)
    return code;
  uint32_t before = left->scope.schema.column_count;
  const struct wr_schema both = join_schema(arena, left, &right);
  out->scope = join_scopes(arena, &left->scope, &right.scope, &both, before);
  struct wr_tree_identifiers names = join->join.using;
  if (join->join.natural)
    names = join_common(arena, &left->scope, &right.scope, open.span);
  struct join_pair *columns = WR_NEW_ARRAY(arena, struct join_pair, names.count);
  uint32_t *merged = WR_NEW_ARRAY(arena, uint32_t, names.count);
  if (names.count)
    code = join_using(binder, &names, left, &right, columns, &open.condition, err);
  else
    code = join_condition(binder, join, &out->scope, &open.condition, err);
  if (code == WR_OK)
    code = join_windows(binder, join, left, &right, is_reference ? table : NULL, &open, &rows, err);
  if (code)
    return code;
  out->node = left->node;
  if (is_temporal)
    code = wr_bind_temporal(binder, join, &versions, open.condition, &out->node, err);
  else if (table && !is_reference)
    code = wr_bind_lookup(binder, join, table, open.condition, &out->node, err);
  else if (rows.by_rows)
    code = join_rows(binder, left, &right, &rows, open.condition, open.span, &out->node, err);
  else
    out->node = wr_logical_join(arena, left->node, right.node, &open);
  if (code)
    return code;
  out->scope.schema = out->node->schema;
  for (uint32_t i = 0; i < names.count; i++)
    merged[i] = columns[i].sides[open.kind == WR_JOIN_RIGHT];
  if (names.count && open.kind == WR_JOIN_FULL)
    code = join_coalesce(binder, &names, columns, out, merged, err);
  if (names.count)
    out->scope = join_using_scope(arena, &out->scope, &names, columns, merged);
  if (rows.by_rows)
    wr_stream_join_scope(arena, out->node->schema.column_count - 1, out);
  return code ? code : wr_stream_join_rowtime(binder, &open, before, out, err);
}

enum wr_code wr_bind_join(struct wr_binder *binder, const struct wr_tree_relation *join,
                          struct wr_from *out, struct wr_error *err)
{
  assert(join->kind == WR_TREE_JOIN);
  struct wr_from left;
  const struct wr_tree_relation *turned =
      join_is_dependent(join->join.right) ? NULL : wr_reference_turned(binder, join);
  if (turned) {
    enum wr_code code = wr_check_reference_kind(join, true, err);
    if (code == WR_OK)
      code = wr_bind_join(binder, turned, out, err);
    if (code == WR_OK)
      wr_reference_turn_scope(binder->arena, join->join.left, &out->scope);
    return code;
  }
  enum wr_code code = wr_bind_relation(binder, join->join.left, &left, err);
  if (code == WR_OK && wr_is_lookup(join->join.right))
    code = wr_bind_settle(binder, &left.node, err);
  if (code)
    return code;
  return join_is_dependent(join->join.right) ? join_dependent(binder, join, &left, out, err)
                                             : join_streams(binder, join, &left, out, err);
}
