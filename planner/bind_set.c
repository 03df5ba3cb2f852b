/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UNION ALL, and UNION, which drops duplicates behind it. The branches, however deep they are
 * nested, become the inputs of one node; columns are matched by place, take the names of the first
 * branch and the types that all of a place have in common, into which a projection casts what
 * differs. INTERSECT and EXCEPT have two branches, and go on in bind_intersect.c.
 */
#include "planner/bind_set.h"

#include <assert.h>

#include "core/limits.h"
#include "planner/rowtime.h"

struct set_branch {
  const struct wr_tree_query *tree;
  struct wr_logical *node;
};

struct set {
  struct wr_binder *binder;
  const char *name; /* "UNION" */
  struct set_branch *branches;
  uint32_t count, room;
};

/* ---- the branches */

static enum wr_code set_add(struct set *set, const struct wr_tree_query *tree, struct wr_error *err)
{
  if (set->count == WR_UNION_INPUTS_MAX)
    return wr_fail_at(err, WR_LIMIT, tree->span,
                      "the UNION has more branches than the limit WR_UNION_INPUTS_MAX, %d",
                      WR_UNION_INPUTS_MAX);
  if (set->count == set->room) {
    set->room = set->room ? 2 * set->room : 8;
    struct set_branch *branches = WR_NEW_ARRAY(set->binder->arena, struct set_branch, set->room);
    for (uint32_t i = 0; i < set->count; i++)
      branches[i] = set->branches[i];
    set->branches = branches;
  }
  struct set_branch *branch = &set->branches[set->count++];
  branch->tree = tree;
  return wr_bind_inner_query(set->binder, tree, &branch->node, err);
}

static enum wr_code set_collect(struct set *set, const struct wr_tree_query *tree, bool all,
                                struct wr_error *err);

static enum wr_code set_side(struct set *set, const struct wr_tree_query *side, bool is_union,
                             bool all, struct wr_error *err)
{
  return is_union && wr_tree_is_union(side, all) ? set_collect(set, side, all, err)
                                                 : set_add(set, side, err);
}

/* A chain hangs to the left and may be long; what hangs to the right is bounded by its height. */
static enum wr_code set_collect(struct set *set, const struct wr_tree_query *tree, bool all,
                                struct wr_error *err)
{
  bool is_union = tree->set.operator== WR_TREE_UNION;
  uint32_t count = 1;
  for (const struct wr_tree_query *at = tree; is_union && wr_tree_is_union(at->set.left, all);
       at = at->set.left)
    count++;
  const struct wr_tree_query **chain =
      WR_NEW_ARRAY(set->binder->arena, const struct wr_tree_query *, count);
  for (uint32_t i = count; i-- > 0; tree = tree->set.left)
    chain[i] = tree;
  enum wr_code code = set_side(set, chain[0]->set.left, is_union, all, err);
  for (uint32_t i = 0; i < count && code == WR_OK; i++)
    code = set_side(set, chain[i]->set.right, is_union, all, err);
  return code;
}

/* ROWTIME stays if every branch has it, and what comes out is a stream again. */
static void set_rowtime(const struct set *set, bool is_union)
{
  bool stays = is_union;
  for (uint32_t i = 0; i < set->count; i++)
    stays = stays &&
            wr_rowtime_column(set->binder->binding, &set->branches[i].node->schema) != UINT32_MAX;
  for (uint32_t i = 0; i < set->count && !stays; i++)
    set->branches[i].node = wr_rowtime_drop(set->binder, set->branches[i].node);
}

static enum wr_code set_check_width(const struct set *set, struct wr_error *err)
{
  const struct wr_binding *binding = set->binder->binding;
  uint32_t width = wr_rowtime_visible(binding, &set->branches[0].node->schema);
  for (uint32_t i = 1; i < set->count; i++) {
    uint32_t other = wr_rowtime_visible(binding, &set->branches[i].node->schema);
    if (other == width)
      continue;
    wr_fail_at(err, WR_SEMANTIC, set->branches[i].tree->span,
               "this branch of the %s has %u column%s, the first one %u", set->name, other,
               other == 1 ? "" : "s", width);
    return wr_state(err, WR_STATE_WRONG_COLUMN_COUNT);
  }
  return WR_OK;
}

/* ---- types */

static enum wr_code set_fail_type(const struct set *set, uint32_t branch, uint32_t column,
                                  const struct wr_type *before, struct wr_error *err)
{
  const struct wr_field *field = &set->branches[branch].node->schema.fields[column];
  char here[128], there[128];
  wr_type_print(field->type, here, sizeof here);
  wr_type_print(before, there, sizeof there);
  wr_fail_at(err, WR_SEMANTIC, wr_tree_column_span(set->branches[branch].tree, column),
             "column %u ('%s') of this branch of the %s is %s, but %s in those before it",
             column + 1, set->branches[0].node->schema.fields[column].name, set->name, here, there);
  wr_state(err, WR_STATE_DATATYPE_MISMATCH);
  return wr_hint(err, "cast one of them: CAST(%s AS %s)", field->name, there);
}

/* The types that all branches have in common; a column that is NULL everywhere is a text. */
static enum wr_code set_types(const struct set *set, const struct wr_type **types,
                              struct wr_error *err)
{
  for (uint32_t c = 0; c < set->branches[0].node->schema.column_count; c++) {
    types[c] = set->branches[0].node->schema.fields[c].type;
    for (uint32_t i = 1; i < set->count; i++) {
      const struct wr_type *type = wr_type_common(set->binder->arena, types[c],
                                                  set->branches[i].node->schema.fields[c].type);
      if (!type)
        return set_fail_type(set, i, c, types[c], err);
      types[c] = type;
    }
    if (types[c]->kind == WR_NULL)
      types[c] = &wr_type_string;
  }
  return WR_OK;
}

static enum wr_code set_cast(const struct set *set, const struct wr_expression **value,
                             const struct wr_type *type, struct wr_error *err)
{
  const struct wr_binding *binding = set->binder->binding;
  if ((*value)->type->kind == WR_NULL)
    *value = wr_bind_null(binding, type, (*value)->span);
  else if (!wr_type_equal((*value)->type, type))
    return wr_bind_cast(binding, *value, type, false, (*value)->span, value, err);
  return WR_OK;
}

/* Constant rows are cast where they stand. */
static enum wr_code set_fit_values(const struct set *set, const struct set_branch *branch,
                                   const struct wr_type *const *types, struct wr_logical **out,
                                   struct wr_error *err)
{
  const struct wr_logical *node = branch->node;
  uint32_t width = node->schema.column_count;
  size_t count = (size_t)node->values.row_count * width;
  const struct wr_expression **cells =
      WR_NEW_ARRAY(set->binder->arena, const struct wr_expression *, count);
  struct wr_field *fields = WR_NEW_ARRAY(set->binder->arena, struct wr_field, width);
  for (size_t i = 0; i < count; i++) {
    cells[i] = node->values.rows[i];
    enum wr_code code = set_cast(set, &cells[i], types[i % width], err);
    if (code)
      return code;
  }
  for (uint32_t c = 0; c < width; c++)
    fields[c] = (struct wr_field){.name = node->schema.fields[c].name, .type = types[c]};
  const struct wr_schema schema = {.column_count = width, .fields = fields};
  *out = wr_logical_values(set->binder->arena, &schema, cells, node->values.row_count);
  return WR_OK;
}

static enum wr_code set_fit(const struct set *set, const struct set_branch *branch,
                            const struct wr_type *const *types, struct wr_logical **out,
                            struct wr_error *err)
{
  struct wr_arena *arena = set->binder->arena;
  const struct wr_schema *schema = &branch->node->schema;
  uint32_t width = schema->column_count;
  bool fits = true;
  for (uint32_t c = 0; c < width; c++)
    fits = fits && wr_type_equal(schema->fields[c].type, types[c]);
  *out = branch->node;
  if (fits)
    return WR_OK;
  if (branch->node->kind == WR_LOGICAL_VALUES)
    return set_fit_values(set, branch, types, out, err);
  const struct wr_expression **expressions =
      WR_NEW_ARRAY(arena, const struct wr_expression *, width);
  const char **names = WR_NEW_ARRAY(arena, const char *, width);
  for (uint32_t c = 0; c < width; c++) {
    names[c] = schema->fields[c].name;
    expressions[c] = wr_bind_column(set->binder->binding, c, schema->fields[c].type,
                                    wr_tree_column_span(branch->tree, c));
    enum wr_code code = set_cast(set, &expressions[c], types[c], err);
    if (code)
      return code;
  }
  *out = wr_logical_project(arena, branch->node, expressions, names, width);
  return WR_OK;
}

/* ---- all together */

enum wr_code wr_bind_set(struct wr_binder *binder, const struct wr_tree_query *tree,
                         struct wr_logical **out, struct wr_error *err)
{
  static const char *const names[] = {
      [WR_TREE_UNION] = "UNION", [WR_TREE_INTERSECT] = "INTERSECT", [WR_TREE_EXCEPT] = "EXCEPT"};
  assert(tree->kind == WR_TREE_SET_OPERATION);
  struct set set = {.binder = binder, .name = names[tree->set.operator]};
  enum wr_code code = set_collect(&set, tree, tree->set.all, err);
  if (code == WR_OK)
    set_rowtime(&set, tree->set.operator== WR_TREE_UNION);
  if (code == WR_OK)
    code = set_check_width(&set, err);
  if (code)
    return code;
  const struct wr_type **types = WR_NEW_ARRAY(binder->arena, const struct wr_type *,
                                              set.branches[0].node->schema.column_count);
  struct wr_logical **inputs = WR_NEW_ARRAY(binder->arena, struct wr_logical *, set.count);
  code = set_types(&set, types, err);
  for (uint32_t i = 0; i < set.count && code == WR_OK; i++)
    code = set_fit(&set, &set.branches[i], types, &inputs[i], err);
  if (code)
    return code;
  if (tree->set.operator!= WR_TREE_UNION)
    return wr_bind_intersect(binder, tree, inputs, out, err);
  *out = wr_logical_union(binder->arena, inputs, set.count);
  return tree->set.all ? WR_OK
                       : wr_bind_distinct(binder, tree, (*out)->schema.column_count, out, err);
}
