/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of EXPLAIN and identities of state for the nodes of logical_rows.c. */
#include "planner/describe_rows.h"

#include <string.h>

#include "planner/describe.h"
#include "planner/ttl.h"

/* ---- details */

static void rows_keys(struct wr_writing *out, const struct wr_schema *schema, const uint32_t *keys,
                      uint32_t count)
{
  for (uint32_t k = 0; k < count; k++)
    wr_write(out, "%s%s", k ? ", " : " by ", schema->fields[keys[k]].name);
}

static void rows_order(struct wr_writing *out, const struct wr_schema *schema,
                       const struct wr_sort_key *order, uint32_t count)
{
  for (uint32_t k = 0; k < count; k++)
    wr_write(out, "%s%s%s%s", k ? ", " : " ORDER BY ", schema->fields[order[k].column].name,
             order[k].descending ? " DESC" : "",
             order[k].nulls_last == order[k].descending ? ""
             : order[k].nulls_last                      ? " NULLS LAST"
                                                        : " NULLS FIRST");
}

/* Calls that look at the frame; *anew: some of them at every row of it, each time. */
static bool rows_reads_frame(const struct wr_logical_over *over, bool *anew)
{
  bool reads = false;
  *anew = false;
  for (uint32_t i = 0; i < over->call_count; i++) {
    const struct wr_over_call *call = &over->calls[i];
    reads = reads || call->function == WR_OVER_AGGREGATE || call->function == WR_OVER_NTH_VALUE ||
            call->in_frame;
    if (call->function == WR_OVER_AGGREGATE && !over->frame.unbounded)
      *anew = *anew || call->aggregate.distinct || call->aggregate.code->has_text;
  }
  return reads;
}

void wr_describe_over(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_over *over = &node->over;
  const struct wr_schema *input = &wr_logical_input(node)->schema;
  for (uint32_t i = 0; i < over->call_count; i++)
    wr_write(out, "%s%s", i ? ", " : "", node->schema.fields[input->column_count + i].name);
  rows_keys(out, input, over->keys, over->key_count);
  rows_order(out, input, over->order, over->order_count);
  if (wr_logical_input(node)->roles[over->order[0].column].is_clock)
    wr_write(out, " by the clock");
  bool anew;
  if (!rows_reads_frame(over, &anew)) {
    wr_describe_ttl(out, over->ttl_us, "");
    return;
  }
  wr_write(out, over->frame.rows ? " ROWS " : " RANGE ");
  if (over->frame.unbounded)
    wr_write(out, "UNBOUNDED");
  else if (over->frame.rows)
    wr_write(out, "%lld", (long long)over->frame.preceding);
  else
    wr_write_duration(out, over->frame.preceding);
  bool one_by_one = over->frame.by_row && !over->frame.rows;
  wr_write(out, " PRECEDING%s%s", one_by_one ? ", one by one" : "",
           anew ? "; the rows of a frame are aggregated anew each time" : "");
  wr_describe_ttl(out, over->ttl_us, "");
}

void wr_describe_rank(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_rank *rank = &node->rank;
  const struct wr_schema *input = &wr_logical_input(node)->schema;
  static const char *const words[] = {
      [WR_RANK_ROW_NUMBER] = "row", [WR_RANK_GAPS] = "rank", [WR_RANK_DENSE] = "dense rank"};
  if (rank->first == rank->last)
    wr_write(out, "%s %llu", words[rank->number], (unsigned long long)rank->first);
  else
    wr_write(out, "%ss %llu to %llu", words[rank->number], (unsigned long long)rank->first,
             (unsigned long long)rank->last);
  if (rank->origin)
    wr_write(out, " of WINDOW %s, %s", input->fields[rank->start_column].name,
             input->fields[rank->end_column].name);
  rows_keys(out, input, rank->keys, rank->key_count);
  rows_order(out, input, rank->order, rank->order_count);
  if (rank->no_nulls)
    wr_write(out, ", without NULLs");
  if (wr_logical_input(node)->changes)
    wr_write(out, "; keeps all rows, as they may be taken back");
  wr_describe_ttl(out, rank->ttl_us, "");
}

static bool rows_has_name(const struct wr_schema *schema, const char *name)
{
  for (uint32_t c = 0; c < schema->column_count; c++)
    if (strcmp(schema->fields[c].name, name) == 0)
      return true;
  return false;
}

/* ", ts - ts FROM -5 s TO 1 min" */
static void rows_interval(struct wr_writing *out, const struct wr_logical_join *join,
                          const struct wr_schema *left, const struct wr_schema *right)
{
  const int64_t bounds[] = {join->low_us, join->high_us};
  wr_write(out, ", %s - %s", left->fields[join->time_columns[0]].name,
           right->fields[join->time_columns[1]].name);
  for (unsigned b = 0; b < 2; b++) {
    wr_write(out, "%s%s", b ? " TO " : " FROM ", bounds[b] < 0 ? "-" : "");
    wr_write_duration(out, bounds[b] < 0 ? -bounds[b] : bounds[b]);
  }
  if (join->by_clock)
    wr_write(out, " by the clock");
}

const char *const wr_join_kind_names[WR_JOIN_KIND_COUNT] = {
    [WR_JOIN_INNER] = "INNER", [WR_JOIN_LEFT] = "LEFT", [WR_JOIN_RIGHT] = "RIGHT",
    [WR_JOIN_FULL] = "FULL",   [WR_JOIN_SEMI] = "SEMI", [WR_JOIN_ANTI] = "ANTI"};

/* A condition over the columns of both sides, of which some may have the same name. */
static void rows_condition(struct wr_writing *out, const struct wr_logical_join *join,
                           const struct wr_schema *left, const struct wr_schema *right)
{
  uint32_t before = left->column_count, count = before + right->column_count;
  struct wr_field *fields = WR_NEW_ARRAY(out->arena, struct wr_field, count);
  for (uint32_t c = 0; c < count; c++) {
    fields[c] = c < before ? left->fields[c] : right->fields[c - before];
    if (rows_has_name(c < before ? right : left, fields[c].name))
      fields[c].name =
          wr_arena_print(out->arena, "%s_%s", c < before ? "left" : "right", fields[c].name);
  }
  const struct wr_schema both = {.column_count = count, .fields = fields};
  wr_write(out, "%s%s", join->key_count ? " AND " : " ON ",
           wr_expression_print(out->arena, join->condition, &both));
}

void wr_describe_join(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_join *join = &node->join;
  const struct wr_schema *left = &node->inputs[0]->schema, *right = &node->inputs[1]->schema;
  wr_write(out, "%s", wr_join_kind_names[join->kind]);
  if (join->way == WR_JOIN_BY_WINDOW)
    wr_write(out, ", WINDOW %s, %s", left->fields[join->start_columns[0]].name,
             left->fields[join->end_columns[0]].name);
  if (join->way == WR_JOIN_INTERVAL)
    rows_interval(out, join, left, right);
  if (join->way == WR_JOIN_TEMPORAL)
    wr_write(out, ", AS OF %s, %s by %s", left->fields[join->time_columns[0]].name,
             join->oldest ? "first versions" : "versions",
             right->fields[join->time_columns[1]].name);
  for (uint32_t k = 0; k < join->key_count; k++)
    wr_write(out, "%s%s = %s", k ? " AND " : " ON ", left->fields[join->keys[0][k]].name,
             right->fields[join->keys[1][k]].name);
  if (join->condition)
    rows_condition(out, join, left, right);
  if (join->way == WR_JOIN_REGULAR)
    wr_describe_ttls(out, join->ttl_us);
}

/* ---- identities */

static void identity_columns(struct wr_writing *out, const struct wr_logical *node,
                             const uint32_t *columns, uint32_t count)
{
  for (uint32_t k = 0; k < count; k++)
    wr_write(out, "%s%s", k ? ", " : " by ", wr_identity_column(out->arena, node, columns[k]));
}

static void identity_order(struct wr_writing *out, const struct wr_logical *node,
                           const struct wr_sort_key *order, uint32_t count)
{
  for (uint32_t k = 0; k < count; k++)
    wr_write(out, "%s%s%s", k ? ", " : " order ",
             wr_identity_column(out->arena, node, order[k].column),
             order[k].descending ? " desc" : "");
}

const char *wr_identity_over(struct wr_arena *arena, const struct wr_logical *node)
{
  const struct wr_logical_over *over = &node->over;
  const struct wr_logical *input = wr_logical_input(node);
  struct wr_writing out = {.arena = arena};
  wr_write(&out, "over %s", wr_identity_source(arena, node));
  identity_columns(&out, input, over->keys, over->key_count);
  identity_order(&out, input, over->order, over->order_count);
  wr_write(&out, over->frame.rows ? " rows" : " range");
  if (!over->frame.unbounded)
    wr_write(&out, " %lld", (long long)over->frame.preceding);
  wr_write(&out, over->frame.by_row && !over->frame.rows ? " one by one" : "");
  return wr_written(&out);
}

const char *wr_identity_rank(struct wr_arena *arena, const struct wr_logical *node)
{
  const struct wr_logical_rank *rank = &node->rank;
  const struct wr_logical *input = wr_logical_input(node);
  struct wr_writing out = {.arena = arena};
  if (rank->is_local)
    return NULL;
  wr_write(&out, "rank %s%s", rank->origin ? "in windows of " : "",
           wr_identity_source(arena, node));
  identity_columns(&out, input, rank->keys, rank->key_count);
  identity_order(&out, input, rank->order, rank->order_count);
  return wr_written(&out);
}

const char *wr_identity_join(struct wr_arena *arena, const struct wr_logical *node)
{
  const struct wr_logical_join *join = &node->join;
  struct wr_writing out = {.arena = arena};
  wr_write(&out, "%sjoin %s %s", join->way == WR_JOIN_TEMPORAL ? "temporal " : "",
           join->way == WR_JOIN_BY_WINDOW ? "in windows of" : "of",
           wr_identity_source(arena, node));
  for (unsigned side = 0; side < 2; side++)
    identity_columns(&out, node->inputs[side], join->keys[side], join->key_count);
  return wr_written(&out);
}
