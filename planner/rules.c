/* SPDX-License-Identifier: Apache-2.0 */
/* Running the rules, and what several of them need. */
#include "planner/rule.h"

#include <assert.h>

/* Each round makes the plan smaller or moves something down; even deep plans need few. */
#define RULES_ROUNDS_MAX 20

#define WR_ENTRY(name) extern const struct wr_rule wr_rule_##name;
#include "planner/table.inc"
#undef WR_ENTRY

#define WR_ENTRY(name) &wr_rule_##name,
static const struct wr_rule *const rules[] = {
#include "planner/table.inc"
};
#undef WR_ENTRY

static bool rules_run_nodes(struct wr_rewrite *rewrite, const struct wr_rule *rule)
{
  struct wr_logical_order order =
      wr_logical_order(rewrite->arena, rewrite->roots, rewrite->root_count);
  struct wr_logical **now = WR_NEW_ARRAY(rewrite->arena, struct wr_logical *, order.count);
  bool has_changed = false;
  rewrite->seen = now;
  for (uint32_t i = 0; i < order.count; i++) {
    struct wr_logical *node = order.nodes[i];
    for (uint32_t k = 0; k < node->input_count; k++)
      node->inputs[k] = now[node->inputs[k]->number];
    rewrite->seen_count = i;
    if (node->kind == WR_LOGICAL_STREAM) /* it does as if it were not there */
      node->schema = node->inputs[0]->schema;
    now[i] = rule->node(rewrite, node);
    assert(now[i]->schema.column_count == node->schema.column_count);
    has_changed = has_changed || now[i] != node;
  }
  for (uint32_t r = 0; r < rewrite->root_count; r++)
    rewrite->roots[r] = now[rewrite->roots[r]->number];
  return has_changed;
}

void wr_rewrite_run(struct wr_rewrite *rewrite, bool required_only)
{
  bool has_changed = true;
  for (uint32_t round = 0; has_changed && round < RULES_ROUNDS_MAX; round++) {
    has_changed = false;
    for (uint32_t i = 0; i < sizeof rules / sizeof *rules; i++) {
      if (required_only && !rules[i]->required)
        continue;
      assert((rules[i]->node == NULL) != (rules[i]->plan == NULL));
      bool changed = rules[i]->node ? rules_run_nodes(rewrite, rules[i]) : rules[i]->plan(rewrite);
      has_changed = has_changed || changed;
    }
  }
}

bool wr_expression_is_cheap(const struct wr_expression *expression)
{
  while (expression->kind == WR_EXPRESSION_FIELD)
    expression = expression->args[0];
  return expression->kind == WR_EXPRESSION_COLUMN || expression->kind == WR_EXPRESSION_LITERAL;
}

const struct wr_expression *const *wr_conjuncts(const struct wr_expression *const *condition,
                                                uint32_t *count)
{
  bool is_and = (*condition)->kind == WR_EXPRESSION_AND;
  *count = is_and ? (*condition)->arg_count : 1;
  return is_and ? (*condition)->args : condition;
}

const struct wr_expression *wr_conjunction(const struct wr_rewrite *rewrite,
                                           const struct wr_expression *const *conjuncts,
                                           uint32_t count)
{
  assert(count > 0);
  if (count == 1)
    return conjuncts[0];
  const struct wr_expression *both;
  struct wr_error err;
  enum wr_code code = wr_bind_logic(rewrite->binding, WR_EXPRESSION_AND, conjuncts, count,
                                    conjuncts[0]->span, &both, &err);
  assert(code == WR_OK && "conjuncts are conditions");
  (void)code;
  return both;
}

const struct wr_expression **wr_column_references(const struct wr_rewrite *rewrite,
                                                  const struct wr_schema *schema)
{
  const struct wr_expression **columns =
      WR_NEW_ARRAY(rewrite->arena, const struct wr_expression *, schema->column_count);
  for (uint32_t c = 0; c < schema->column_count; c++)
    columns[c] = wr_bind_column(rewrite->binding, c, schema->fields[c].type,
                                (struct wr_span){WR_NO_POSITION, 0});
  return columns;
}

const char **wr_schema_names(struct wr_arena *arena, const struct wr_schema *schema)
{
  const char **names = WR_NEW_ARRAY(arena, const char *, schema->column_count);
  for (uint32_t c = 0; c < schema->column_count; c++)
    names[c] = schema->fields[c].name;
  return names;
}
