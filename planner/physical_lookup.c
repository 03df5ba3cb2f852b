/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookup joins as plan: what the operator is told, and how its table is loaded. Of the table only
 * those columns are decoded that the output, the keys or the filter need.
 *
 *   raw columns -> filter -> columns of the output, then keys that are none of them
 */
#include <string.h>

#include "operators/specs_lookup.h"
#include "planner/lookup.h"

/* What is kept of the table. */
struct lookup_kept {
  const struct wr_expression **items; /* over the table's row */
  struct wr_field *fields;
  uint32_t count;
  uint32_t *keys;
};

static struct lookup_kept lookup_kept(struct wr_arena *arena, const struct wr_settings *settings,
                                      const struct wr_logical_lookup *lookup)
{
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  const struct wr_schema *row = &lookup->table->row;
  uint32_t most = lookup->column_count + lookup->key_count;
  struct lookup_kept out = {.items = WR_NEW_ARRAY(arena, const struct wr_expression *, most),
                            .fields = WR_NEW_ARRAY(arena, struct wr_field, most),
                            .keys = WR_NEW_ARRAY(arena, uint32_t, lookup->key_count)};
  for (uint32_t c = 0; c < lookup->column_count; c++) {
    uint32_t column = lookup->columns[c];
    out.fields[out.count] = row->fields[column];
    out.items[out.count++] =
        wr_bind_column(settings->binding, column, row->fields[column].type, nowhere);
  }
  for (uint32_t k = 0; k < lookup->key_count; k++) {
    const struct wr_expression *key = lookup->table_keys[k];
    uint32_t at = 0;
    while (at < out.count && !wr_expression_equal(out.items[at], key))
      at++;
    out.keys[k] = at;
    if (at < out.count)
      continue;
    out.fields[at] =
        (struct wr_field){.name = wr_expression_print(arena, key, row), .type = key->type};
    out.items[out.count++] = key;
  }
  return out;
}

/* The same over the columns that the source makes. raw: per raw column, its number among them. */
static const struct wr_expression *lookup_over_source(struct wr_arena *arena,
                                                      const struct wr_table *table,
                                                      const struct wr_expression *expression,
                                                      const struct wr_expression *const *raw)
{
  expression = wr_expression_replace(arena, expression, table->expressions);
  return wr_expression_replace(arena, expression, raw);
}

/* Raw columns that an expression over the table's row needs. */
static void lookup_uses(struct wr_arena *arena, const struct wr_table *table,
                        const struct wr_expression *expression, bool *used)
{
  wr_expression_columns(wr_expression_replace(arena, expression, table->expressions), used);
}

const struct wr_plan_reference *wr_physical_reference(const struct wr_placing *physical,
                                                      const struct wr_logical *node)
{
  struct wr_arena *arena = physical->arena;
  const struct wr_logical_lookup *lookup = &node->lookup;
  const struct wr_table *table = lookup->table;
  struct lookup_kept kept = lookup_kept(arena, physical->settings, lookup);
  bool *used = WR_NEW_ARRAY(arena, bool, table->raw.column_count + 1);
  for (uint32_t i = 0; i < kept.count; i++)
    lookup_uses(arena, table, kept.items[i], used);
  if (lookup->filter)
    lookup_uses(arena, table, lookup->filter, used);
  const struct wr_expression **raw =
      WR_NEW_ARRAY(arena, const struct wr_expression *, table->raw.column_count + 1);
  uint32_t *columns = WR_NEW_ARRAY(arena, uint32_t, table->raw.column_count + 1), count = 0;
  for (uint32_t c = 0; c < table->raw.column_count; c++) {
    if (!used[c])
      continue;
    raw[c] = wr_bind_column(physical->settings->binding, count, table->raw.fields[c].type,
                            (struct wr_span){WR_NO_POSITION, 0});
    columns[count++] = c;
  }
  for (uint32_t i = 0; i < kept.count; i++)
    kept.items[i] = lookup_over_source(arena, table, kept.items[i], raw);
  const struct wr_logical *scan = wr_logical_scan(arena, table, columns, count);
  struct wr_plan_reference *out = WR_NEW(arena, struct wr_plan_reference);
  struct wr_schema *schemas = WR_NEW_ARRAY(arena, struct wr_schema, 2);
  schemas[0] = scan->schema;
  schemas[1] = (struct wr_schema){.column_count = kept.count, .fields = kept.fields};
  *out = (struct wr_plan_reference){
      .source = wr_physical_table_source(physical, scan),
      .made = &schemas[0],
      .filter = lookup->filter ? lookup_over_source(arena, table, lookup->filter, raw) : NULL,
      .schema = &schemas[1],
      .expressions = kept.items,
      .keys = kept.keys,
      .key_count = lookup->key_count,
      .reload_us = table->reload_us,
      .fixed_rate = table->reload_fixed_rate};
  return out;
}

const void *wr_physical_lookup(const struct wr_placing *physical, const struct wr_logical *node,
                               const struct wr_schema *schema)
{
  const struct wr_plan_reference *reference = physical->nodes[node->number].reference;
  struct wr_lookup_spec *spec = WR_NEW(physical->arena, struct wr_lookup_spec);
  bool *used = WR_NEW_ARRAY(physical->arena, bool, schema->column_count + 1);
  memcpy(used, physical->filled[node->number], schema->column_count * sizeof *used);
  if (node->lookup.condition)
    wr_expression_columns(node->lookup.condition, used);
  *spec = (struct wr_lookup_spec){.schema = schema,
                                  .input_schema = &wr_logical_input(node)->schema,
                                  .table_schema = reference->schema,
                                  .keys = node->lookup.keys,
                                  .key_count = node->lookup.key_count,
                                  .outer = node->lookup.outer,
                                  .half = node->lookup.half,
                                  .negated = node->lookup.negated,
                                  .condition = node->lookup.condition,
                                  .used = used,
                                  .changes = reference->reload_us > 0};
  return spec;
}
