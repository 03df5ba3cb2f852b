/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the state of a node is made of, in words. The identity says whose state it is; these words
 * say whether it can be taken over. What fits or does not (keys, types, rows that are kept) is one
 * text; what may come and go by itself are members: aggregates of windows and sessions, and columns
 * of rows that are kept. Columns are told in terms of the tables beneath, so aliases may change;
 * where the hint STATE('name') stands for the identity, tables and columns may change, too, but not
 * their types.
 *
 * DISTINCT aggregates over the same arguments share a set of values that they have had: a set says
 * by which of them a value has come, so it is only of use to all of them together, and their words
 * name each other.
 *
 * The words of everything, in one text, are also those that snapshots had before there were
 * members: they must not change.
 */
#include "planner/describe.h"
#include "planner/describe_rows.h"
#include "planner/match.h"
#include "planner/model.h"

#include <string.h>

#include "core/hash.h"
#include "operators/window_ring.h"
#include "planner/writing.h"

#define CONDITIONS_NODES_MAX 500 /* that are looked at */
#define CONDITIONS_BYTES_MAX 4000

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
  wr_write(out, "%s(%s", aggregate->name,
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

/* What an aggregate goes along, and its keys. */
static void state_groups(struct wr_writing *out, const struct wr_logical *node)
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
}

static void state_shown(struct wr_writing *out, const struct wr_logical_aggregate *aggregate)
{
  if (aggregate->retracts)
    wr_write(out, "; with numbers of rows");
  if (aggregate->emit.early_us >= 0 || aggregate->emit.lateness_us > 0)
    wr_write(out, "; with what was shown");
}

static void state_window_aggregate(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  state_groups(out, node);
  for (uint32_t a = 0; a < aggregate->aggregate_count; a++) {
    wr_write(out, "%s", out->length ? "; " : "");
    state_aggregate(out, wr_logical_input(node), &aggregate->aggregates[a], &aggregate->columns[a],
                    !aggregate->state_name);
  }
  state_shown(out, aggregate);
}

static void state_calls(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical *input = wr_logical_input(node);
  static const char *const names[WR_OVER_FUNCTION_COUNT] = {
      [WR_OVER_AGGREGATE] = "", [WR_OVER_ROW_NUMBER] = "ROW_NUMBER",
      [WR_OVER_RANK] = "RANK",  [WR_OVER_DENSE_RANK] = "DENSE_RANK",
      [WR_OVER_LAG] = "LAG",    [WR_OVER_NTH_VALUE] = "NTH_VALUE"};
  for (uint32_t i = 0; i < node->over.call_count; i++) {
    const struct wr_over_call *call = &node->over.calls[i];
    wr_write(out, "%s", out->length ? "; " : "");
    if (call->function == WR_OVER_AGGREGATE) {
      state_aggregate(out, input, &call->aggregate, &call->columns, true);
      continue;
    }
    wr_write(out, "%s(", names[call->function]);
    if (call->function == WR_OVER_LAG || call->function == WR_OVER_NTH_VALUE) {
      state_column(out, input, call->value_column, true);
      wr_write(out, ", %lld%s%s%s", (long long)call->offset, call->from_last ? " from last" : "",
               call->ignore_nulls ? " ignore nulls" : "", call->in_frame ? " in frame" : "");
    }
    wr_write(out, ")");
  }
}

static void state_rank(struct wr_writing *out, const struct wr_logical *node)
{
  const struct wr_logical_rank *rank = &node->rank;
  static const char *const words[] = {
      [WR_RANK_ROW_NUMBER] = "rows", [WR_RANK_GAPS] = "ranks", [WR_RANK_DENSE] = "dense ranks"};
  wr_write(out, "%s %llu to %llu%s%s%s%s", words[rank->number], (unsigned long long)rank->first,
           (unsigned long long)rank->last, rank->newest_first ? ", newest first" : "",
           rank->with_rank ? " with number" : "", rank->no_nulls ? " without NULLs" : "",
           wr_logical_input(node)->changes ? " of all" : "");
}

static void state_sort(struct wr_writing *out, const struct wr_logical *node)
{
  if (node->sort.limit != UINT64_MAX)
    wr_write(out, "the first %llu + %llu", (unsigned long long)node->sort.limit,
             (unsigned long long)node->sort.offset);
  if (node->sort.within)
    wr_write(out, "within a time");
}

/* Rows of the left wait, whatever the kind; what versions are is one thing for all. */
static void state_temporal(struct wr_writing *out, const struct wr_logical *node)
{
  wr_write(out, "%s of ", node->join.oldest ? "first versions" : "versions");
  for (unsigned side = 0; side < 2; side++) {
    state_column(out, node->inputs[side], node->join.time_columns[side], true);
    wr_write(out, side ? "" : " as of ");
  }
  wr_write(out, node->inputs[0]->changes ? ", of rows that change" : "");
}

static const char *state_words(struct wr_arena *arena, const struct wr_logical *node)
{
  struct wr_writing out = {.arena = arena};
  switch (node->kind) {
  case WR_LOGICAL_AGGREGATE: state_window_aggregate(&out, node); break;
  case WR_LOGICAL_OVER:
    state_rows(&out, node);
    state_calls(&out, node);
    break;
  case WR_LOGICAL_NORMALIZE:
    state_keys(&out, wr_logical_input(node), node->normalize.keys, node->normalize.key_count, true);
    state_rows(&out, node);
    break;
  case WR_LOGICAL_RANK:
    state_rank(&out, node);
    state_rows(&out, node);
    break;
  case WR_LOGICAL_ASSIGN:
    state_keys(&out, wr_logical_input(node), node->assign.keys, node->assign.key_count, true);
    state_rows(&out, node);
    break;
  case WR_LOGICAL_SORT:
    state_sort(&out, node);
    state_rows(&out, node);
    break;
  case WR_LOGICAL_DISTINCT:
    if (node->distinct.keys)
      state_keys(&out, wr_logical_input(node), node->distinct.keys, node->distinct.key_count, true);
    else
      state_rows(&out, node);
    break;
  case WR_LOGICAL_MATCH:
    wr_match_fits(&out, node);
    state_rows(&out, node);
    break;
  case WR_LOGICAL_MODEL:
    wr_model_fits(&out, node);
    state_rows(&out, node);
    break;
  case WR_LOGICAL_JOIN:
    if (node->join.way == WR_JOIN_TEMPORAL)
      state_temporal(&out, node);
    else if (node->join.way != WR_JOIN_BY_WINDOW)
      wr_write(&out, "%s join", wr_join_kind_names[node->join.kind]);
    state_rows(&out, node);
    break;
  default: break;
  }
  return wr_written(&out);
}

/* ---- what may come and go */

struct state_members {
  struct wr_arena *arena;
  struct wr_plan_member *items;
  uint32_t count;
};

/* The same words may stand there several times: then it depends on their order. */
static void members_add(struct state_members *members, const char *words, bool is_column,
                        bool is_needed)
{
  uint64_t before = 0;
  for (uint32_t i = 0; i < members->count; i++)
    before +=
        members->items[i].is_column == is_column && strcmp(members->items[i].words, words) == 0;
  uint64_t id = wr_hash_bytes(words, strlen(words), before << 1 | is_column);
  members->items[members->count++] = (struct wr_plan_member){
      .words = words, .id = id ? id : 1, .is_column = is_column, .is_needed = is_needed};
}

static bool aggregates_share(const struct wr_logical_aggregate *aggregate, uint32_t a, uint32_t b)
{
  const struct wr_aggregate *first = &aggregate->aggregates[a], *second = &aggregate->aggregates[b];
  return first->distinct && second->distinct && first->arg_count == second->arg_count &&
         memcmp(aggregate->columns[a].args, aggregate->columns[b].args,
                first->arg_count * sizeof(uint32_t)) == 0;
}

/* "COUNT(DISTINCT clicks.ms INT), with the values of SUM(DISTINCT clicks.ms INT)" */
static void members_add_aggregate(struct state_members *members, const struct wr_logical *node,
                                  uint32_t number)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  const struct wr_logical *input = wr_logical_input(node);
  struct wr_writing out = {.arena = members->arena};
  bool named = !aggregate->state_name;
  state_aggregate(&out, input, &aggregate->aggregates[number], &aggregate->columns[number], named);
  for (uint32_t a = 0, shared = 0; a < aggregate->aggregate_count; a++) {
    if (a == number || !aggregates_share(aggregate, a, number))
      continue;
    wr_write(&out, shared++ ? ", " : ", with the values of ");
    state_aggregate(&out, input, &aggregate->aggregates[a], &aggregate->columns[a], named);
  }
  members_add(members, wr_written(&out), false, false);
}

/* Columns of rows that are kept. */
static void members_add_rows(struct state_members *members, const struct wr_logical *node,
                             const bool *wanted)
{
  for (uint32_t i = 0; i < node->input_count; i++) {
    const struct wr_logical *input = node->inputs[i];
    bool *used = WR_NEW_ARRAY(members->arena, bool, input->schema.column_count + 1);
    wr_logical_reads(node, i, wanted, used);
    for (uint32_t c = 0; c < input->schema.column_count; c++) {
      struct wr_writing out = {.arena = members->arena};
      wr_write(&out, "%s", node->input_count == 1 ? "" : i == 0 ? "left " : "right ");
      state_column(&out, input, c, true);
      /* Rows of a session only wait for a watermark: an aggregate that is new begins behind them.
       */
      members_add(members, wr_written(&out), true, node->kind != WR_LOGICAL_AGGREGATE && used[c]);
    }
  }
}

static void members_find(struct state_members *members, const struct wr_logical *node,
                         const bool *wanted)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < node->input_count; i++)
    count += node->inputs[i]->schema.column_count;
  if (node->kind == WR_LOGICAL_AGGREGATE)
    count += node->aggregate.aggregate_count;
  members->items = WR_NEW_ARRAY(members->arena, struct wr_plan_member, count + 1);
  switch (node->kind) {
  case WR_LOGICAL_AGGREGATE:
    for (uint32_t a = 0; a < node->aggregate.aggregate_count; a++)
      members_add_aggregate(members, node, a);
    if (node->aggregate.window.kind == WR_WINDOW_SESSION ||
        node->aggregate.window.kind == WR_WINDOW_STAGGER)
      members_add_rows(members, node, wanted);
    break;
  case WR_LOGICAL_NORMALIZE:
    if (!node->normalize.at_end) /* all columns are keys, which do not come or go */
      members_add_rows(members, node, wanted);
    break;
  case WR_LOGICAL_OVER:
  case WR_LOGICAL_RANK:
  case WR_LOGICAL_SORT:
  case WR_LOGICAL_MATCH:
  case WR_LOGICAL_MODEL:
  case WR_LOGICAL_JOIN: members_add_rows(members, node, wanted); break;
  default: break;
  }
}

/* ---- what has to be the same */

/* Rows that are kept per window have its bounds: those of other windows would not go with them. */
static void fits_window(struct wr_writing *out, const struct wr_window_origin *origin)
{
  if (origin)
    wr_write(out, "; per %s", wr_identity_window(out->arena, origin));
}

static const char *state_fits(struct wr_arena *arena, const struct wr_logical *node)
{
  const struct wr_logical_aggregate *aggregate = &node->aggregate;
  struct wr_writing out = {.arena = arena};
  switch (node->kind) {
  case WR_LOGICAL_AGGREGATE:
    if (aggregate->retracts) { /* one that is new would be asked to take back what it never had */
      state_window_aggregate(&out, node);
      break;
    }
    state_groups(&out, node);
    state_shown(&out, aggregate);
    if (aggregate->window.kind == WR_WINDOW_HOP)
      wr_write(&out, wr_window_ring_fits(&aggregate->window, aggregate->aggregates,
                                         aggregate->aggregate_count)
                         ? "; pane by pane"
                         : "; slice by slice");
    break;
  case WR_LOGICAL_OVER: state_calls(&out, node); break;
  case WR_LOGICAL_NORMALIZE:
    state_keys(&out, wr_logical_input(node), node->normalize.keys, node->normalize.key_count, true);
    break;
  case WR_LOGICAL_RANK:
    state_rank(&out, node);
    fits_window(&out, node->rank.origin);
    break;
  case WR_LOGICAL_SORT: state_sort(&out, node); break;
  case WR_LOGICAL_MATCH: wr_match_fits(&out, node); break;
  case WR_LOGICAL_MODEL: wr_model_fits(&out, node); break;
  case WR_LOGICAL_JOIN:
    if (node->join.way == WR_JOIN_TEMPORAL)
      state_temporal(&out, node);
    else if (node->join.way == WR_JOIN_BY_WINDOW)
      wr_write(&out, "rows that match%s", node->join.kind == WR_JOIN_INNER ? "" : ", and others");
    else /* rows that were padded for one kind would be taken back by another, or never */
      wr_write(&out, "%s join of rows with keys", wr_join_kind_names[node->join.kind]);
    if (node->join.way == WR_JOIN_INTERVAL)
      wr_write(&out, ", %lld to %lld us apart%s", (long long)node->join.low_us,
               (long long)node->join.high_us,
               node->join.by_clock   ? " by the clock"
               : node->join.by_range ? " by ROWTIME"
                                     : "");
    fits_window(&out, node->join.origins[0]);
    break;
  case WR_LOGICAL_DISTINCT:
    if (node->distinct.keys)
      state_keys(&out, wr_logical_input(node), node->distinct.keys, node->distinct.key_count, true);
    else
      state_rows(&out, node);
    if (node->distinct.end_column != UINT32_MAX)
      fits_window(&out, node->roles[node->distinct.end_column].origin);
    break;
  default: return state_words(arena, node);
  }
  return wr_written(&out);
}

/* ---- what tells it from others alike */

/* The conditions beneath a node, from below. A node may be reached by many ways: at some point it
 * is enough. */
static void state_conditions(struct wr_writing *out, const struct wr_logical *node, uint32_t *left)
{
  for (uint32_t i = 0; *left > 0 && i < node->input_count; i++) {
    --*left;
    state_conditions(out, node->inputs[i], left);
  }
  if (node->kind == WR_LOGICAL_FILTER && out->length < CONDITIONS_BYTES_MAX)
    wr_write(out, "%s%s", out->length ? "; " : "",
             wr_identity_expression(out->arena, wr_logical_input(node), node->filter.condition));
}

const struct wr_plan_state *wr_logical_state(struct wr_arena *arena, const struct wr_logical *node,
                                             const bool *wanted, const char *sinks)
{
  struct wr_plan_state *state = WR_NEW(arena, struct wr_plan_state);
  struct state_members members = {.arena = arena};
  struct wr_writing conditions = {.arena = arena};
  members_find(&members, node, wanted);
  uint32_t left = CONDITIONS_NODES_MAX;
  state_conditions(&conditions, node, &left);
  *state = (struct wr_plan_state){.words = state_words(arena, node),
                                  .fits = state_fits(arena, node),
                                  .members = members.items,
                                  .member_count = members.count,
                                  .conditions = wr_written(&conditions),
                                  .sinks = sinks};
  return state;
}
