/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a query says twice is done once: nodes that read the same inputs and do the same are one
 * node with several readers, as a view is that is used twice. Whoever writes the same subquery on
 * both sides of a join (windows and their greatest, for instance) pays for one of them, and a row
 * that is late for it is told once. Left alone is what would not be the same twice: the clock and
 * chance; and state that was given a name of its own.
 */
#include <string.h>

#include "planner/match.h"
#include "planner/model.h"
#include "planner/rule.h"

static bool expressions_equal(const struct wr_expression *const *a,
                              const struct wr_expression *const *b, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    if (!wr_expression_equal(a[i], b[i]) || !wr_expression_is_deterministic(a[i]))
      return false;
  return true;
}

static bool numbers_equal(const uint32_t *a, const uint32_t *b, uint32_t count)
{
  return count == 0 || memcmp(a, b, count * sizeof *a) == 0;
}

static bool windows_equal(const struct wr_window *a, const struct wr_window *b)
{
  return a->kind == b->kind && a->size_us == b->size_us && a->slide_us == b->slide_us &&
         a->offset_us == b->offset_us && a->months == b->months && a->tick_us == b->tick_us &&
         a->zone == b->zone && a->by_clock == b->by_clock;
}

static bool origins_equal(const struct wr_window_origin *a, const struct wr_window_origin *b)
{
  return a == b || (a && b && windows_equal(&a->window, &b->window) &&
                    wr_type_equal(a->type, b->type) && wr_type_equal(a->time_type, b->time_type));
}

static bool assigns_equal(const struct wr_logical_assign *a, const struct wr_logical_assign *b)
{
  return origins_equal(a->origin, b->origin) && a->time_column == b->time_column &&
         a->key_count == b->key_count && numbers_equal(a->keys, b->keys, a->key_count);
}

/* The arguments as columns, and clauses in words: what else an aggregate has follows from them. */
static bool calls_equal(const struct wr_logical_aggregate *a, const struct wr_logical_aggregate *b,
                        uint32_t i)
{
  const struct wr_aggregate *x = &a->aggregates[i], *y = &b->aggregates[i];
  return x->code == y->code && x->distinct == y->distinct && x->arg_count == y->arg_count &&
         wr_type_equal(x->type, y->type) && strcmp(x->name, y->name) == 0 &&
         strcmp(x->words, y->words) == 0 && a->columns[i].filter == b->columns[i].filter &&
         numbers_equal(a->columns[i].args, b->columns[i].args, x->arg_count);
}

static bool aggregates_equal(const struct wr_logical_aggregate *a,
                             const struct wr_logical_aggregate *b)
{
  if (a->state_name || b->state_name || a->has_sets || b->has_sets ||
      !windows_equal(&a->window, &b->window) || !origins_equal(a->origin, b->origin) ||
      a->time_column != b->time_column || a->start_column != b->start_column ||
      a->end_column != b->end_column || a->key_count != b->key_count ||
      a->aggregate_count != b->aggregate_count || a->empty_set_count != b->empty_set_count ||
      a->emit.early_us != b->emit.early_us || a->emit.late_us != b->emit.late_us ||
      a->emit.lateness_us != b->emit.lateness_us || a->ttl_us != b->ttl_us ||
      a->empty_set_count > 0 || a->continuous != b->continuous ||
      !numbers_equal(a->keys, b->keys, a->key_count))
    return false;
  for (uint32_t i = 0; i < a->aggregate_count; i++)
    if (!calls_equal(a, b, i))
      return false;
  return true;
}

/* Whether they do the same, whatever they read. */
static bool nodes_alike(const struct wr_logical *a, const struct wr_logical *b)
{
  if (a->kind != b->kind || a->input_count != b->input_count ||
      a->schema.column_count != b->schema.column_count)
    return false;
  switch (a->kind) {
  case WR_LOGICAL_FILTER: return expressions_equal(&a->filter.condition, &b->filter.condition, 1);
  case WR_LOGICAL_PROJECT:
    return expressions_equal(a->project.expressions, b->project.expressions,
                             a->schema.column_count);
  case WR_LOGICAL_ASSIGN: return assigns_equal(&a->assign, &b->assign);
  case WR_LOGICAL_AGGREGATE: return aggregates_equal(&a->aggregate, &b->aggregate);
  case WR_LOGICAL_MATCH: return wr_match_equal(a->match, b->match);
  case WR_LOGICAL_MODEL: return wr_model_equal(a->model, b->model);
  default: return false;
  }
}

static bool nodes_equal(const struct wr_logical *a, const struct wr_logical *b)
{
  for (uint32_t i = 0; i < a->input_count && i < b->input_count; i++)
    if (a->inputs[i] != b->inputs[i])
      return false;
  return nodes_alike(a, b);
}

bool wr_nodes_same(const struct wr_logical *a, const struct wr_logical *b)
{
  while (a != b) { /* nodes that are alike have one input */
    if (!nodes_alike(a, b) || a->input_count != 1)
      return false;
    a = a->inputs[0];
    b = b->inputs[0];
  }
  return true;
}

/* Who reads the same is among the readers of the first input: nodes behind it. */
static struct wr_logical *share_node(const struct wr_rewrite *rewrite, struct wr_logical *node)
{
  if (node->input_count == 0)
    return node;
  for (uint32_t i = node->inputs[0]->number + 1; i < rewrite->seen_count; i++)
    if (nodes_equal(rewrite->seen[i], node))
      return rewrite->seen[i];
  return node;
}

const struct wr_rule wr_rule_share_equals = {
    .name = "share_equals",
    .help = "does once what is written twice",
    .required = true,
    .node = share_node,
};
