/* SPDX-License-Identifier: Apache-2.0 */
/* The node of a lookup join. A row leaves as it came, with the columns of the table beside it: what
 * is known of the columns of the input stays true. */
#include <assert.h>
#include <string.h>

#include "planner/lookup.h"

struct wr_logical *wr_logical_lookup(struct wr_arena *arena, struct wr_logical *input,
                                     const struct wr_logical_lookup *lookup)
{
  uint32_t before = input->schema.column_count, count = before + lookup->column_count;
  assert(lookup->key_count > 0);
  struct wr_logical *node = WR_NEW(arena, struct wr_logical);
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count);
  struct wr_column_role *roles = WR_NEW_ARRAY(arena, struct wr_column_role, count);
  for (uint32_t c = 0; c < before; c++) {
    fields[c] = input->schema.fields[c];
    roles[c] = input->roles[c];
  }
  for (uint32_t c = 0; c < lookup->column_count; c++) {
    fields[before + c] = lookup->table->row.fields[lookup->columns[c]];
    if (lookup->outer)
      fields[before + c].type = wr_type_with_not_null(arena, fields[before + c].type, false);
  }
  node->kind = WR_LOGICAL_LOOKUP;
  node->inputs = WR_NEW_ARRAY(arena, struct wr_logical *, 1);
  node->inputs[0] = input;
  node->input_count = 1;
  node->reader_count = 1;
  node->schema = (struct wr_schema){.column_count = count, .fields = fields};
  node->roles = roles;
  node->changes = input->changes;
  node->span = lookup->span;
  node->lookup = *lookup;
  return node;
}

static void lookup_reads(const struct wr_expression *expression, uint32_t first, uint32_t end,
                         bool *used)
{
  if (expression->kind == WR_EXPRESSION_COLUMN && expression->column >= first &&
      expression->column < end)
    used[expression->column - first] = true;
  for (uint32_t i = 0; i < expression->arg_count; i++)
    lookup_reads(expression->args[i], first, end, used);
}

void wr_lookup_reads(const struct wr_logical *node, bool *used)
{
  uint32_t before = wr_logical_input(node)->schema.column_count;
  for (uint32_t k = 0; k < node->lookup.key_count; k++)
    used[node->lookup.keys[k]] = true;
  if (node->lookup.condition)
    lookup_reads(node->lookup.condition, 0, before, used);
}

bool wr_lookup_is_unique(const struct wr_logical *node)
{
  const struct wr_logical_lookup *lookup = &node->lookup;
  for (uint32_t i = 0; i < lookup->table->key_count; i++) {
    uint32_t k = 0;
    while (k < lookup->key_count && (lookup->table_keys[k]->kind != WR_EXPRESSION_COLUMN ||
                                     lookup->table_keys[k]->column != lookup->table->keys[i]))
      k++;
    if (k == lookup->key_count)
      return false;
  }
  return lookup->table->key_count > 0;
}

/* Of the columns of the table that it makes. */
static bool lookup_wants(const struct wr_logical *node, const bool *wanted, uint32_t column)
{
  uint32_t before = wr_logical_input(node)->schema.column_count;
  bool is_read = wanted[before + column];
  if (!is_read && node->lookup.condition)
    lookup_reads(node->lookup.condition, before + column, before + column + 1, &is_read);
  return is_read;
}

bool wr_lookup_has_surplus(const struct wr_logical *node, const bool *wanted)
{
  for (uint32_t c = 0; c < node->lookup.column_count; c++)
    if (!lookup_wants(node, wanted, c))
      return true;
  return false;
}

struct wr_logical *wr_lookup_prune(struct wr_arena *arena, const struct wr_binding *binding,
                                   const struct wr_logical *node, struct wr_logical *input,
                                   const struct wr_expression *const *columns, const bool *wanted,
                                   bool *kept)
{
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  uint32_t before = wr_logical_input(node)->schema.column_count;
  struct wr_logical_lookup lookup = node->lookup;
  uint32_t *keys = WR_NEW_ARRAY(arena, uint32_t, lookup.key_count);
  uint32_t *own = WR_NEW_ARRAY(arena, uint32_t, lookup.column_count + 1);
  const struct wr_expression **now =
      WR_NEW_ARRAY(arena, const struct wr_expression *, node->schema.column_count);
  lookup.column_count = 0;
  for (uint32_t c = 0; c < before; c++) {
    kept[c] = columns[c] != NULL;
    now[c] = columns[c];
  }
  for (uint32_t c = 0; c < node->lookup.column_count; c++) {
    kept[before + c] = lookup_wants(node, wanted, c);
    if (!kept[before + c])
      continue;
    now[before + c] = wr_bind_column(binding, input->schema.column_count + lookup.column_count,
                                     node->schema.fields[before + c].type, nowhere);
    own[lookup.column_count++] = node->lookup.columns[c];
  }
  for (uint32_t k = 0; k < lookup.key_count; k++)
    keys[k] = columns[lookup.keys[k]]->column;
  lookup.keys = keys;
  lookup.columns = own;
  if (lookup.condition)
    lookup.condition = wr_expression_replace(arena, lookup.condition, now);
  return wr_logical_lookup(arena, input, &lookup);
}
