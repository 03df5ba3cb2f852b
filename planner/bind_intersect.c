/* SPDX-License-Identifier: Apache-2.0 */
/*
 * INTERSECT and EXCEPT: every different row once that both sides have, or the left alone. NULLs are
 * equal here, as in GROUP BY. The rows of both sides become one stream with a column that says
 * which side they are from, in groups of equal rows:
 *
 *   Project(the columns)
 *     Filter(INTERSECT: least = 0 AND greatest = 1; EXCEPT: greatest = 0)
 *       Aggregate(MIN(side) AS least, MAX(side) AS greatest, by the columns)
 *         Union
 *           Project(left, 0 AS side)
 *           Project(right, 1 AS side)
 *
 * MIN and MAX do not change any more when both sides have shown the row, however often it comes
 * again: then nothing goes out.
 */
#include "planner/bind_set.h"

struct intersect {
  struct wr_binder *binder;
  struct wr_span at;
  uint32_t width;
};

static struct wr_logical *intersect_mark(const struct intersect *self, struct wr_logical *node,
                                         int64_t side)
{
  const struct wr_binding *binding = self->binder->binding;
  struct wr_arena *arena = self->binder->arena;
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(arena, const struct wr_expression *, self->width + 1);
  const char **names = WR_NEW_ARRAY(arena, const char *, self->width + 1);
  for (uint32_t c = 0; c < self->width; c++) {
    names[c] = node->schema.fields[c].name;
    expressions[c] = wr_bind_column(binding, c, node->schema.fields[c].type, self->at);
  }
  names[self->width] = "side";
  expressions[self->width] = wr_bind_i64(binding, &wr_type_tinyint, side, self->at);
  return wr_logical_project(arena, node, expressions, names, self->width + 1);
}

/* MIN(side), MAX(side), as they are of rows that change. */
static enum wr_code intersect_calls(const struct intersect *self, const struct wr_logical *node,
                                    struct wr_aggregate *calls,
                                    struct wr_aggregate_columns *columns, struct wr_error *err)
{
  static const char *const names[] = {"MIN", "MAX"};
  struct wr_arena *arena = self->binder->arena;
  const struct wr_expression **args = WR_NEW_ARRAY(arena, const struct wr_expression *, 1);
  uint32_t *side = WR_NEW_ARRAY(arena, uint32_t, 1);
  args[0] = wr_bind_column(self->binder->binding, self->width, &wr_type_tinyint, self->at);
  side[0] = self->width;
  for (unsigned i = 0; i < 2; i++) {
    const struct wr_aggregate_call call = {
        .name = names[i], .args = args, .arg_count = 1, .span = self->at};
    enum wr_code code = wr_bind_aggregate(self->binder->binding, &call, &calls[i], err);
    if (code)
      return code;
    if (node->changes && calls[i].code->changing)
      calls[i].code = calls[i].code->changing;
    columns[i] = (struct wr_aggregate_columns){.args = side, .filter = UINT32_MAX};
  }
  return WR_OK;
}

static enum wr_code intersect_group(const struct intersect *self, struct wr_logical **node,
                                    struct wr_error *err)
{
  struct wr_arena *arena = self->binder->arena;
  struct wr_aggregate *calls = WR_NEW_ARRAY(arena, struct wr_aggregate, 2);
  struct wr_aggregate_columns *columns = WR_NEW_ARRAY(arena, struct wr_aggregate_columns, 2);
  enum wr_code code = intersect_calls(self, *node, calls, columns, err);
  if (code)
    return code;
  struct wr_logical_aggregate aggregate = wr_group_of_equals(self->binder, *node, self->width);
  aggregate.aggregates = calls;
  aggregate.columns = columns;
  aggregate.aggregate_count = 2;
  *node = wr_logical_aggregate(arena, *node, &aggregate);
  (*node)->span = self->at;
  return WR_OK;
}

static enum wr_code intersect_is(const struct intersect *self, uint32_t column, int64_t side,
                                 const struct wr_expression **out, struct wr_error *err)
{
  const struct wr_binding *binding = self->binder->binding;
  const struct wr_expression *const args[] = {
      wr_bind_column(binding, column, &wr_type_tinyint, self->at),
      wr_bind_i64(binding, &wr_type_tinyint, side, self->at)};
  return wr_bind_call(binding, "=", args, 2, self->at, out, err);
}

static enum wr_code intersect_filter(const struct intersect *self, bool both,
                                     struct wr_logical **node, struct wr_error *err)
{
  const struct wr_expression *parts[2], *condition;
  enum wr_code code = intersect_is(self, self->width, 0, &parts[0], err);
  if (code == WR_OK)
    code = intersect_is(self, self->width + 1, both, &parts[1], err);
  if (code == WR_OK)
    code = wr_bind_logic(self->binder->binding, WR_EXPRESSION_AND, parts, 2, self->at, &condition,
                         err);
  if (code)
    return code;
  *node = wr_logical_filter(self->binder->arena, *node, condition);
  const struct wr_expression **columns =
      WR_NEW_ARRAY(self->binder->arena, const struct wr_expression *, self->width);
  const char **names = WR_NEW_ARRAY(self->binder->arena, const char *, self->width);
  for (uint32_t c = 0; c < self->width; c++) {
    names[c] = (*node)->schema.fields[c].name;
    columns[c] = wr_bind_column(self->binder->binding, c, (*node)->schema.fields[c].type, self->at);
  }
  *node = wr_logical_project(self->binder->arena, *node, columns, names, self->width);
  return WR_OK;
}

enum wr_code wr_bind_intersect(struct wr_binder *binder, const struct wr_tree_query *tree,
                               struct wr_logical *const *sides, struct wr_logical **out,
                               struct wr_error *err)
{
  bool both = tree->set.operator== WR_TREE_INTERSECT;
  const struct intersect self = {
      .binder = binder, .at = tree->set.at, .width = sides[0]->schema.column_count};
  if (tree->set.all) {
    wr_fail_at(err, WR_UNSUPPORTED, self.at, "%s ALL is not supported: rows come once",
               both ? "INTERSECT" : "EXCEPT");
    return wr_hint(err, "without ALL every different row comes once; to count them, GROUP BY the "
                        "columns of a UNION ALL");
  }
  struct wr_logical **inputs = WR_NEW_ARRAY(binder->arena, struct wr_logical *, 2);
  for (uint32_t i = 0; i < 2; i++)
    inputs[i] = intersect_mark(&self, sides[i], i);
  *out = wr_logical_union(binder->arena, inputs, 2);
  enum wr_code code = wr_check_comparable(tree, sides[0], self.width, err);
  if (code == WR_OK)
    code = intersect_group(&self, out, err);
  return code ? code : intersect_filter(&self, both, out, err);
}
