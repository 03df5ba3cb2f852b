/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the state of a node is made of, in words. The identity says whose state it is; these words
 * say whether it can be taken over: fields of a snapshot lie by number, so SUM(a), MAX(b) must not
 * be read as MAX(b), SUM(a). Columns are told in terms of the tables beneath, so aliases may
 * change; where the hint STATE('name') stands for the identity, tables and columns may change, too,
 * but not their types.
 */
#include "planner/describe.h"

#include "planner/writing.h"

static void state_column(struct wr_writing *out, const struct wr_logical *node, uint32_t column,
                         bool named)
{
  char type[256];
  wr_type_print(node->schema.fields[column].type, type, sizeof type);
  wr_write(out, "%s%s%s", named ? wr_identity_column(out->arena, node, column) : "",
           named ? " " : "", type);
}

/* "rows of clicks.user_id BIGINT, clicks.page STRING" */
static void state_rows(struct wr_writing *out, const struct wr_logical *node)
{
  for (uint32_t i = 0; i < node->input_count; i++) {
    const struct wr_logical *input = node->inputs[i];
    wr_write(out, "%srows of ", out->length ? "; " : "");
    for (uint32_t c = 0; c < input->schema.column_count; c++) {
      wr_write(out, "%s", c ? ", " : "");
      state_column(out, input, c, true);
    }
  }
}

static void state_keys(struct wr_writing *out, const struct wr_logical *node, const uint32_t *keys,
                       uint32_t count, bool named)
{
  for (uint32_t k = 0; k < count; k++) {
    wr_write(out, "%s", k ? ", " : "per ");
    state_column(out, node, keys[k], named);
  }
}

/* "SUM(DISTINCT clicks.ms INT) FILTER (clicks.slow BOOLEAN)" */
static void state_aggregate(struct wr_writing *out, const struct wr_logical *input,
                            const struct wr_aggregate *aggregate,
                            const struct wr_aggregate_columns *columns, bool named)
{
  wr_write(out, "%s%s(%s", out->length ? "; " : "", aggregate->name,
           aggregate->distinct    ? "DISTINCT "
           : aggregate->arg_count ? ""
                                  : "*");
  for (uint32_t i = 0; i < aggregate->arg_count; i++) {
    wr_write(out, "%s", i ? ", " : "");
    state_column(out, input, columns->args[i], named);
  }
  wr_write(out, "%s)", aggregate->words);
  if (columns->filter == UINT32_MAX)
    return;
  wr_write(out, " FILTER (");
  state_column(out, input, columns->filter, named);
  wr_write(out, ")");
}

static void state_window_aggregate(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  const struct wr_logical *input = wr_logical_input(node);
  bool named = !aggregate->state_name; /* then the identity says nothing of tables and windows */
  if (!named && aggregate->origin)
    wr_write(out, "%s ", wr_identity_window(out->arena, aggregate->origin));
  bool folded =
      aggregate->window.kind != WR_WINDOW_ATTACHED && aggregate->window.kind != WR_WINDOW_ALL;
  if (named && folded) {
    wr_write(out, "along ");
    state_column(out, input, aggregate->time_column, true);
    wr_write(out, "%s", aggregate->key_count ? " " : "");
  }
  state_keys(out, input, aggregate->keys, aggregate->key_count, named);
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++)
    state_aggregate(out, input, &aggregate->aggregates[a], &aggregate->columns[a], named);
  if (aggregate->emit.early_us >= 0 || aggregate->emit.lateness_us > 0)
    wr_write(out, "; with what was shown");
}

static void state_over(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical *input = wr_logical_input(node);
  static const char *const names[WR_OVER_FUNCTION_COUNT] = {
      [WR_OVER_AGGREGATE] = "", [WR_OVER_ROW_NUMBER] = "ROW_NUMBER",
      [WR_OVER_RANK] = "RANK",  [WR_OVER_DENSE_RANK] = "DENSE_RANK",
      [WR_OVER_LAG] = "LAG",    [WR_OVER_NTH_VALUE] = "NTH_VALUE"};
  state_rows(out, node);
  for (uint32_t i = 0; i < node->over.call_count; i++) {
    const struct wr_over_call *call = &node->over.calls[i];
    if (call->function == WR_OVER_AGGREGATE) {
      state_aggregate(out, input, &call->aggregate, &call->columns, true);
      continue;
    }
    wr_write(out, "; %s(", names[call->function]);
    if (call->function == WR_OVER_LAG || call->function == WR_OVER_NTH_VALUE) {
      state_column(out, input, call->value_column, true);
      wr_write(out, ", %lld", (long long)call->offset);
    }
    wr_write(out, ")");
  }
}

static void state_rank(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_rank *rank = &node->rank;
  wr_write(out, "rows %llu to %llu%s%s", (unsigned long long)rank->first,
           (unsigned long long)rank->last, rank->newest_first ? ", newest first" : "",
           rank->with_rank ? " with number" : "");
  state_rows(out, node);
}

const char *wr_logical_state(struct wr_arena *arena, const struct wr_logical *node)
{
  struct wr_writing out = {.arena = arena};
  switch (node->kind) {
  case WR_LOGICAL_AGGREGATE: state_window_aggregate(&out, node); break;
  case WR_LOGICAL_OVER: state_over(&out, node); break;
  case WR_LOGICAL_RANK: state_rank(&out, node); break;
  case WR_LOGICAL_ASSIGN:
    state_keys(&out, wr_logical_input(node), node->assign.keys, node->assign.key_count, true);
    state_rows(&out, node);
    break;
  case WR_LOGICAL_SORT:
    if (node->sort.limit != UINT64_MAX)
      wr_write(&out, "the first %llu + %llu", (unsigned long long)node->sort.limit,
               (unsigned long long)node->sort.offset);
    state_rows(&out, node);
    break;
  case WR_LOGICAL_DISTINCT:
  case WR_LOGICAL_JOIN: state_rows(&out, node); break;
  default: break;
  }
  return wr_written(&out);
}
