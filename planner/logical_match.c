/* SPDX-License-Identifier: Apache-2.0 */
/* The node of MATCH_RECOGNIZE: its columns, what it reads, and how it goes on with fewer. */
#include <assert.h>
#include <string.h>

#include "planner/match.h"

/* The time of the last row of a match is event time above: it leaves before the watermark passes
 * it. Other times may be those of any row before. */
static bool match_is_rowtime(const struct wr_logical *input, const struct wr_logical_match *match,
                             const struct wr_match_reference *reference)
{
  uint32_t time = match->order[0].column;
  return reference->kind == WR_MATCH_LAST && reference->variable == WR_MATCH_ALL &&
         reference->offset == 0 && reference->column == time && input->roles[time].is_event_time;
}

struct wr_logical *wr_logical_match(struct wr_arena *arena, struct wr_logical *input,
                                    const struct wr_logical_match *match)
{
  uint32_t count = match->key_count + match->measure_count;
  assert(match->order_count > 0 && match->step_count > 0);
  struct wr_logical *node = WR_NEW(arena, struct wr_logical);
  struct wr_logical_match *own = WR_NEW(arena, struct wr_logical_match);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count + 1);
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count + 1);
  *own = *match;
  for (uint32_t k = 0; k < match->key_count; k++)
    fields[k] = input->schema.fields[match->keys[k]];
  for (uint32_t m = 0; m < match->measure_count; m++) {
    fields[match->key_count + m] = match->fields[m];
    roles[match->key_count + m].is_event_time = match_is_rowtime(input, match, &match->measures[m]);
  }
  node->kind = WR_LOGICAL_MATCH;
  node->inputs = WR_NEW_ARRAY(arena, struct wr_logical *, 1);
  node->inputs[0] = input;
  node->input_count = 1;
  node->reader_count = 1;
  node->schema = (struct wr_schema){.column_count = count, .fields = fields};
  node->roles = roles;
  node->span = match->span;
  node->match = own;
  return node;
}

/* ---- what it reads */

static void match_reads_reference(const struct wr_match_reference *reference, bool *used)
{
  if (reference->kind != WR_MATCH_AGGREGATE) {
    used[reference->column] = true;
    return;
  }
  for (uint32_t a = 0; a < reference->aggregate.arg_count; a++)
    used[reference->columns.args[a]] = true;
  if (reference->columns.filter != UINT32_MAX)
    used[reference->columns.filter] = true;
}

void wr_match_reads(const struct wr_logical *node, const bool *wanted, bool *used)
{
  const struct wr_logical_match *match = node->match;
  for (uint32_t k = 0; k < match->key_count; k++)
    used[match->keys[k]] = true;
  for (uint32_t k = 0; k < match->order_count; k++)
    used[match->order[k].column] = true;
  for (uint32_t v = 0; v < match->variable_count; v++) {
    const struct wr_match_variable *variable = &match->variables[v];
    if (variable->column != UINT32_MAX)
      used[variable->column] = true;
    for (uint32_t i = 0; i < variable->reference_count; i++)
      match_reads_reference(&variable->references[i], used);
  }
  for (uint32_t m = 0; m < match->measure_count; m++)
    if (wanted[match->key_count + m])
      match_reads_reference(&match->measures[m], used);
}

bool wr_match_has_surplus(const struct wr_logical *node, const bool *wanted)
{
  const struct wr_logical_match *match = node->match;
  for (uint32_t m = 0; m < match->measure_count; m++)
    if (!wanted[match->key_count + m])
      return true;
  return false;
}

/* ---- over another input */

static struct wr_match_reference match_prune_reference(struct wr_arena *arena,
                                                       const struct wr_match_reference *reference,
                                                       const struct wr_expression *const *columns)
{
  struct wr_match_reference now = *reference;
  if (now.kind != WR_MATCH_AGGREGATE) {
    now.column = columns[now.column]->column;
    return now;
  }
  uint32_t *args = WR_NEW_ARRAY(arena, uint32_t, now.aggregate.arg_count + 1);
  for (uint32_t a = 0; a < now.aggregate.arg_count; a++)
    args[a] = columns[now.columns.args[a]]->column;
  now.columns.args = args;
  if (now.columns.filter != UINT32_MAX)
    now.columns.filter = columns[now.columns.filter]->column;
  return now;
}

static const struct wr_match_variable *match_prune_variables(
    struct wr_arena *arena, const struct wr_logical_match *match,
    const struct wr_expression *const *columns)
{
  struct wr_match_variable *variables =
      WR_NEW_ARRAY(arena, struct wr_match_variable, match->variable_count);
  for (uint32_t v = 0; v < match->variable_count; v++) {
    variables[v] = match->variables[v];
    uint32_t count = variables[v].reference_count;
    struct wr_match_reference *references =
        WR_NEW_ARRAY(arena, struct wr_match_reference, count + 1);
    for (uint32_t i = 0; i < count; i++)
      references[i] = match_prune_reference(arena, &variables[v].references[i], columns);
    variables[v].references = references;
    if (variables[v].column != UINT32_MAX)
      variables[v].column = columns[variables[v].column]->column;
  }
  return variables;
}

struct wr_logical *wr_match_prune(struct wr_arena *arena, const struct wr_logical *node,
                                  struct wr_logical *input,
                                  const struct wr_expression *const *columns, const bool *wanted,
                                  bool *kept)
{
  struct wr_logical_match match = *node->match;
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, match.key_count + 1);
  struct wr_sort_key *order = WR_NEW_ARRAY(arena, struct wr_sort_key, match.order_count);
  struct wr_match_reference *measures =
      WR_NEW_ARRAY(arena, struct wr_match_reference, match.measure_count + 1);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, match.measure_count + 1);
  uint32_t count = 0;
  for (uint32_t k = 0; k < match.key_count; k++) {
    keys[k] = columns[match.keys[k]]->column;
    kept[k] = true;
  }
  for (uint32_t k = 0; k < match.order_count; k++) {
    order[k] = match.order[k];
    order[k].column = columns[order[k].column]->column;
  }
  for (uint32_t m = 0; m < match.measure_count; m++) {
    kept[match.key_count + m] = wanted[match.key_count + m];
    if (!wanted[match.key_count + m])
      continue;
    fields[count] = match.fields[m];
    measures[count++] = match_prune_reference(arena, &match.measures[m], columns);
  }
  match.keys = keys;
  match.order = order;
  match.variables = match_prune_variables(arena, node->match, columns);
  match.measures = measures;
  match.fields = fields;
  match.measure_count = count;
  return wr_logical_match(arena, input, &match);
}

/* ---- alike */

static bool match_references_equal(const struct wr_match_reference *a,
                                   const struct wr_match_reference *b, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_aggregate *x = &a[i].aggregate, *y = &b[i].aggregate;
    if (a[i].kind != b[i].kind || a[i].variable != b[i].variable)
      return false;
    if (a[i].kind != WR_MATCH_AGGREGATE) {
      if (a[i].column != b[i].column || a[i].offset != b[i].offset)
        return false;
      continue;
    }
    if (x->code != y->code || x->arg_count != y->arg_count || !wr_type_equal(x->type, y->type) ||
        strcmp(x->name, y->name) != 0 || strcmp(x->words, y->words) != 0 ||
        a[i].columns.filter != b[i].columns.filter ||
        (x->arg_count &&
         memcmp(a[i].columns.args, b[i].columns.args, x->arg_count * sizeof(uint32_t)) != 0))
      return false;
  }
  return true;
}

static bool match_variables_equal(const struct wr_match_variable *a,
                                  const struct wr_match_variable *b, uint32_t count)
{
  for (uint32_t v = 0; v < count; v++)
    if (a[v].column != b[v].column || !a[v].condition != !b[v].condition ||
        (a[v].condition &&
         (a[v].reference_count != b[v].reference_count ||
          !wr_expression_equal(a[v].condition, b[v].condition) ||
          !match_references_equal(a[v].references, b[v].references, a[v].reference_count))))
      return false;
  return true;
}

static bool match_orders_equal(const struct wr_sort_key *a, const struct wr_sort_key *b,
                               uint32_t count)
{
  for (uint32_t k = 0; k < count; k++)
    if (a[k].column != b[k].column || a[k].descending != b[k].descending ||
        a[k].nulls_last != b[k].nulls_last)
      return false;
  return true;
}

static bool match_steps_equal(const struct wr_match_step *a, const struct wr_match_step *b,
                              uint32_t count)
{
  for (uint32_t s = 0; s < count; s++)
    if (a[s].variable != b[s].variable || a[s].least != b[s].least || a[s].most != b[s].most ||
        a[s].reluctant != b[s].reluctant)
      return false;
  return true;
}

bool wr_match_equal(const struct wr_logical_match *a, const struct wr_logical_match *b)
{
  return a->key_count == b->key_count && a->order_count == b->order_count &&
         a->variable_count == b->variable_count && a->step_count == b->step_count &&
         a->measure_count == b->measure_count && a->skip == b->skip &&
         a->skip_variable == b->skip_variable && a->within_us == b->within_us &&
         (a->key_count == 0 || memcmp(a->keys, b->keys, a->key_count * sizeof *a->keys) == 0) &&
         match_orders_equal(a->order, b->order, a->order_count) &&
         match_steps_equal(a->steps, b->steps, a->step_count) &&
         match_variables_equal(a->variables, b->variables, a->variable_count) &&
         match_references_equal(a->measures, b->measures, a->measure_count);
}
