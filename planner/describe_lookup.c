/* SPDX-License-Identifier: Apache-2.0 */
/* Lookup joins in EXPLAIN, and in the identities of what stands above them. */
#include <string.h>

#include "planner/describe.h"
#include "planner/lookup.h"

/* The columns of the node as its condition sees them, those of the table with its name in front
 * where the input has one of that name. */
static struct wr_schema lookup_schema(struct wr_arena *arena, const struct wr_logical *node)
{
  uint32_t before = wr_logical_input(node)->schema.column_count, count = node->schema.column_count;
  struct wr_field *fields = WR_NEW_ARRAY(arena, struct wr_field, count);
  for (uint32_t c = 0; c < count; c++) {
    fields[c] = node->schema.fields[c];
    for (uint32_t i = 0; c >= before && i < before; i++)
      if (strcmp(fields[i].name, node->schema.fields[c].name) == 0)
        fields[c].name =
            wr_arena_print(arena, "%s.%s", node->lookup.table->name, node->schema.fields[c].name);
  }
  return (struct wr_schema){.column_count = count, .fields = fields};
}

/* "INNER ON currency = rates.currency AND ...; loads rate, name where kind = 'x', anew every 10 s"
 */
void wr_describe_lookup(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_lookup *lookup = &node->lookup;
  const struct wr_schema *input = &wr_logical_input(node)->schema, *row = &lookup->table->row;
  const struct wr_schema both = lookup_schema(out->arena, node);
  wr_write(out, "%s",
           lookup->half    ? (lookup->negated ? "ANTI" : "SEMI")
           : lookup->outer ? "LEFT"
                           : "INNER");
  for (uint32_t k = 0; k < lookup->key_count; k++) {
    const struct wr_expression *key = lookup->table_keys[k];
    bool is_column = key->kind == WR_EXPRESSION_COLUMN;
    wr_write(out, "%s%s = %s%s%s", k ? " AND " : " ON ", input->fields[lookup->keys[k]].name,
             is_column ? lookup->table->name : "", is_column ? "." : "",
             wr_expression_print(out->arena, key, row));
  }
  if (lookup->condition)
    wr_write(out, " AND %s", wr_expression_print(out->arena, lookup->condition, &both));
  wr_write(out, "; loads%s", lookup->column_count ? "" : " keys alone");
  for (uint32_t c = 0; c < lookup->column_count; c++)
    wr_write(out, "%s%s", c ? ", " : " ", row->fields[lookup->columns[c]].name);
  if (lookup->filter)
    wr_write(out, " where %s", wr_expression_print(out->arena, lookup->filter, row));
  if (lookup->table->reload_us == 0)
    return;
  wr_write(out, ", anew every ");
  wr_write_duration(out, lookup->table->reload_us);
}

const char *wr_identity_lookup_column(struct wr_arena *arena, const struct wr_logical *node,
                                      uint32_t column)
{
  const struct wr_logical *input = wr_logical_input(node);
  const struct wr_logical_lookup *lookup = &node->lookup;
  uint32_t before = input->schema.column_count;
  struct wr_writing out = {.arena = arena};
  if (column < before)
    return wr_identity_column(arena, input, column);
  wr_write(&out, "%s.%s of ", lookup->table->name,
           lookup->table->row.fields[lookup->columns[column - before]].name);
  for (uint32_t k = 0; k < lookup->key_count; k++)
    wr_write(&out, "%s%s", k ? ", " : "", wr_identity_column(arena, input, lookup->keys[k]));
  return wr_written(&out);
}
