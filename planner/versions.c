/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows are the versions of a table. A table with a PRIMARY KEY and a WATERMARK has them: its
 * rows, or changes, as they come, before anything makes them whole. So has a view that keeps the
 * newest row of each key by the event time, or the oldest: not the rows that it gives, which change
 * as others come, but those that it chooses from. Projections may stand above either, if they hand
 * key and time on.
 *
 *   Project(Rank(row 1 by k ORDER BY ts DESC)(X))   ->   Project(X), keys k
 *   Project(ChangelogNormalize(Watermark(Scan)))    ->   Project(Watermark(Scan)), PRIMARY KEY
 */
#include <string.h>

#include "planner/temporal.h"

/* The column of a projection that is this one of its input; UINT32_MAX: none. */
static uint32_t versions_handed_on(const struct wr_logical *project, uint32_t column)
{
  for (uint32_t c = 0; c < project->schema.column_count; c++) {
    const struct wr_expression *expression = project->project.expressions[c];
    if (expression->kind == WR_EXPRESSION_COLUMN && expression->column == column)
      return c;
  }
  return UINT32_MAX;
}

static enum wr_code versions_fail(struct wr_span span, const struct wr_versions *versions,
                                  const char *why, struct wr_error *err)
{
  wr_fail_at(err, WR_UNSUPPORTED, span, "'%s' has no versions that can be joined as of a time: %s",
             versions->name, why);
  return wr_hint(
      err, "a table with a PRIMARY KEY and a WATERMARK has them, and so has a view that keeps "
           "the newest row of each key: SELECT ... FROM (SELECT *, ROW_NUMBER() OVER "
           "(PARTITION BY key ORDER BY ts DESC) AS n FROM t) WHERE n = 1");
}

static enum wr_code versions_of_table(const struct wr_logical *node, const struct wr_table *table,
                                      struct wr_span span, struct wr_versions *versions,
                                      struct wr_error *err)
{
  if (table->key_count == 0)
    return versions_fail(span, versions, "the table has no PRIMARY KEY", err);
  versions->keys = table->keys;
  versions->key_count = table->key_count;
  versions->time_column = node->watermark.time_column;
  return WR_OK;
}

/* The newest, or oldest, row of each key: the rows that it is chosen from. The number, which is 1,
 * becomes a constant. */
static enum wr_code versions_of_rank(struct wr_binder *binder, struct wr_logical *node,
                                     struct wr_span span, struct wr_versions *versions,
                                     struct wr_error *err)
{
  const struct wr_logical_rank *rank = &node->rank;
  struct wr_logical *input = wr_logical_input(node);
  if (rank->origin || rank->number != WR_RANK_ROW_NUMBER || rank->last != 1 ||
      rank->key_count == 0 || rank->order_count != 1)
    return versions_fail(span, versions,
                         "its ROW_NUMBER does not number the rows of a key by one time", err);
  if (!input->roles[rank->order[0].column].is_event_time)
    return versions_fail(span, versions, "its ROW_NUMBER does not go by the event time", err);
  if (input->changes)
    return versions_fail(span, versions, "the rows that it numbers are taken back", err);
  versions->keys = rank->keys;
  versions->key_count = rank->key_count;
  versions->time_column = rank->order[0].column;
  versions->oldest = !rank->order[0].descending;
  versions->node = input;
  if (!rank->with_rank)
    return WR_OK;
  const struct wr_schema *schema = &node->schema;
  const struct wr_expression **items =
      WR_NEW_ARRAY(binder->arena, const struct wr_expression *, schema->column_count);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, schema->column_count);
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  for (uint32_t c = 0; c < schema->column_count; c++) {
    const struct wr_type *type = schema->fields[c].type;
    names[c] = schema->fields[c].name;
    items[c] = c < input->schema.column_count ? wr_bind_column(binder->binding, c, type, nowhere)
                                              : wr_bind_i64(binder->binding, type, 1, nowhere);
  }
  versions->node = wr_logical_project(binder->arena, input, items, names, schema->column_count);
  return WR_OK;
}

/* The same columns over the versions below; keys and time move with them. */
static enum wr_code versions_of_project(struct wr_binder *binder, struct wr_logical *node,
                                        struct wr_span span, struct wr_versions *versions,
                                        struct wr_error *err)
{
  enum wr_code code = wr_versions_find(binder, wr_logical_input(node), span, versions, err);
  if (code)
    return code;
  uint32_t *keys = WR_NEW_ARRAY(binder->arena, uint32_t, versions->key_count);
  uint32_t time = versions_handed_on(node, versions->time_column);
  const struct wr_field *fields = wr_logical_input(node)->schema.fields;
  for (uint32_t k = 0; k < versions->key_count; k++) {
    keys[k] = versions_handed_on(node, versions->keys[k]);
    if (keys[k] == UINT32_MAX)
      return versions_fail(span, versions,
                           wr_arena_print(binder->arena, "it does not hand on the key '%s'",
                                          fields[versions->keys[k]].name),
                           err);
  }
  if (time == UINT32_MAX)
    return versions_fail(span, versions,
                         wr_arena_print(binder->arena, "it does not hand on the event time '%s'",
                                        fields[versions->time_column].name),
                         err);
  const char **names = WR_NEW_ARRAY(binder->arena, const char *, node->schema.column_count);
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    names[c] = node->schema.fields[c].name;
  versions->node = wr_logical_project(binder->arena, versions->node, node->project.expressions,
                                      names, node->schema.column_count);
  versions->keys = keys;
  versions->time_column = time;
  return WR_OK;
}

enum wr_code wr_versions_find(struct wr_binder *binder, struct wr_logical *node,
                              struct wr_span span, struct wr_versions *versions,
                              struct wr_error *err)
{
  versions->node = node;
  switch (node->kind) {
  case WR_LOGICAL_WATERMARK:
    return versions_of_table(node, node->watermark.table, span, versions, err);
  case WR_LOGICAL_NORMALIZE: /* it makes whole what is wanted as it came */
    if (node->normalize.is_sink || wr_logical_input(node)->kind == WR_LOGICAL_SCAN)
      break;
    return wr_versions_find(binder, wr_logical_input(node), span, versions, err);
  case WR_LOGICAL_RANK: return versions_of_rank(binder, node, span, versions, err);
  case WR_LOGICAL_PROJECT:
    if (wr_logical_input(node)->kind == WR_LOGICAL_SCAN)
      break;
    return versions_of_project(binder, node, span, versions, err);
  case WR_LOGICAL_FILTER:
    return versions_fail(span, versions,
                         "a condition leaves out some of its rows; it may stand in ON, or in WHERE "
                         "of the join",
                         err);
  case WR_LOGICAL_SCAN: break;
  default:
    return versions_fail(span, versions, "its rows are not those of a table, or the newest ones",
                         err);
  }
  return versions_fail(span, versions, "the table has no WATERMARK, so no row has an event time",
                       err);
}
