/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results that change: sources of changes, groups and joins without windows, windows that emit
 * early or again and rankings without a window give rows that take back others. Who reads them, or
 * hands them on, is in two tables here; everything else, and sinks that cannot say "take back", are
 * refused, when a statement is bound and before rules move anything.
 */
#include <stdio.h>
#include <string.h>

#include "connectors/connector.h"
#include "formats/keyed.h"
#include "planner/describe.h"
#include "planner/logical.h"
#include "planner/settings.h"

/* Nodes that hand on the changes of what they read. */
static bool check_passes(const struct wr_logical *node)
{
  switch (node->kind) {
  case WR_LOGICAL_EXPAND:
  case WR_LOGICAL_FILTER:
  case WR_LOGICAL_LOOKUP:
  case WR_LOGICAL_PROJECT:
  case WR_LOGICAL_UNION:
  case WR_LOGICAL_WATERMARK:
  case WR_LOGICAL_NORMALIZE: return true;
  default: return false;
  }
}

/* Nodes that read changes. */
static bool check_reads(const struct wr_logical *node)
{
  switch (node->kind) {
  case WR_LOGICAL_AGGREGATE: return node->aggregate.retracts;
  case WR_LOGICAL_JOIN:
    return node->join.way == WR_JOIN_REGULAR || node->join.way == WR_JOIN_TEMPORAL;
  case WR_LOGICAL_RANK: return node->rank.origin == NULL;
  default: return check_passes(node);
  }
}

/* The node that a reader's changes come from. */
static const struct wr_logical *check_cause(const struct wr_logical *node)
{
  while (check_passes(node) && node->input_count) {
    uint32_t i = 0;
    while (i < node->input_count && !node->inputs[i]->changes)
      i++;
    if (i == node->input_count)
      break;
    node = node->inputs[i];
  }
  return node;
}

/* As EXPLAIN will call it. */
static const char *check_name(struct wr_arena *arena, const struct wr_logical *node)
{
  if (node->kind != WR_LOGICAL_AGGREGATE || node->aggregate.window.kind == WR_WINDOW_ALL ||
      node->aggregate.origin->window.kind != WR_WINDOW_TUMBLE)
    return wr_logical_name(arena, node);
  return "TumbleAggregate";
}

const char *wr_changes_cause(struct wr_arena *arena, const struct wr_logical *node)
{
  return check_name(arena, check_cause(node));
}

static enum wr_code check_hint(const struct wr_logical *cause, struct wr_error *err)
{
  if (cause->kind == WR_LOGICAL_AGGREGATE && cause->aggregate.continuous && cause->aggregate.ends)
    return wr_hint(err, "RESET 'execution.runtime-mode': then these groups come once, when their "
                        "input has ended");
  if (cause->kind == WR_LOGICAL_AGGREGATE && cause->aggregate.continuous)
    return wr_hint(err, "group by the bounds of a window as well: GROUP BY window_start, "
                        "window_end, ...");
  if (cause->kind == WR_LOGICAL_AGGREGATE)
    return wr_hint(err,
                   "leave out EMIT, or RESET 'table.exec.emit...': then every window gives one "
                   "result, when it closes");
  if (cause->kind == WR_LOGICAL_RANK)
    return wr_hint(err, "rank the rows of each window: PARTITION BY window_start, window_end");
  return err->code;
}

/* What can be written instead of who reads; NULL: nothing comes to mind. */
static const char *check_reader_way(const struct wr_logical *reader)
{
  switch (reader->kind) {
  case WR_LOGICAL_ASSIGN:
    return "group by a piece of the time, whose result changes as well: GROUP BY FLOOR(ts TO MINUTE)";
  case WR_LOGICAL_LIMIT:
  case WR_LOGICAL_SORT:
    return "for the first rows so far, which change as others do, write QUALIFY ROW_NUMBER() OVER "
           "(ORDER BY ...) <= n";
  case WR_LOGICAL_OVER:
    return reader->over.calls[0].function == WR_OVER_ROW_NUMBER ||
                   reader->over.calls[0].function == WR_OVER_RANK ||
                   reader->over.calls[0].function == WR_OVER_DENSE_RANK
               ? "keep the first rows of each partition: QUALIFY ROW_NUMBER() OVER (...) <= n"
               : "aggregate with GROUP BY, whose results change as well, instead of OVER";
  case WR_LOGICAL_JOIN:
    return "join by equal columns alone, without windows: such a join takes changes";
  default: return NULL;
  }
}

/* Behind that, what can be done about the cause. */
static enum wr_code check_hint_reader(const struct wr_logical *reader,
                                      const struct wr_logical *cause, struct wr_error *err)
{
  const char *way = check_reader_way(reader);
  check_hint(cause, err);
  if (!way)
    return err->code;
  char cause_way[sizeof err->hint];
  snprintf(cause_way, sizeof cause_way, "%s", err->hint);
  return wr_hint(err, "%s%s%s", way, *cause_way ? "; or " : "", cause_way);
}

/* What can be written instead, behind what can be done about the cause. */
static enum wr_code check_hint_sink(const struct wr_table *table, const struct wr_logical *cause,
                                    struct wr_error *err)
{
  const char *way =
      !table->format ? "a table that takes changes: 'upsert-kafka'"
      : strcmp(table->connector->name, "kafka") == 0
          ? "the connector 'upsert-kafka' with a PRIMARY KEY, or the format debezium-json"
          : "the format debezium-json, which says what became of a row, or the connector "
            "'upsert-kafka'";
  *err->hint = '\0';
  check_hint(cause, err);
  char before[sizeof err->hint];
  snprintf(before, sizeof before, "%s", err->hint);
  return wr_hint(err, "%s%s%s %s", before, *before ? "; or " : "",
                 table->format ? "choose" : "write to", way);
}

/* A table takes changes if its records can say what became of a row: by their format, or because
 * they have its key. */
bool wr_changes_are_read(const struct wr_logical *node)
{
  const struct wr_table *table = node->kind == WR_LOGICAL_SINK ? node->sink.table : NULL;
  if (!table)
    return check_reads(node);
  return table->format ? wr_keyed_upserts(table->keyed) || table->format->changes
                       : table->connector->takes_changes;
}

static enum wr_code check_sink(struct wr_arena *arena, const struct wr_logical *sink,
                               struct wr_span span, struct wr_error *err)
{
  const struct wr_table *table = sink->sink.table;
  const struct wr_logical *cause = check_cause(wr_logical_input(sink));
  wr_fail_at(err, WR_UNSUPPORTED, span,
             "'%s' (%s) takes rows that stay as they are, but those of %s change", table->name,
             table->connector->name, check_name(arena, cause));
  return check_hint_sink(table, cause, err);
}

/* ---- what is computed anew when a row is taken back */

/* The call whose value may be another one each time; NULL: there is none. */
static const struct wr_expression *check_find_chance(const struct wr_expression *expression)
{
  if (!expression || wr_expression_is_deterministic(expression))
    return NULL;
  for (uint32_t i = 0; i < expression->arg_count; i++)
    if (!wr_expression_is_deterministic(expression->args[i]))
      return check_find_chance(expression->args[i]);
  return expression;
}

static void check_warn_chance(struct wr_settings *settings, const struct wr_expression *expression)
{
  const struct wr_expression *call = check_find_chance(expression);
  if (call)
    wr_settings_warn(settings, call->span,
                     "this is computed anew when a row is taken back, which then differs from the "
                     "row that was given: write it into a table first, and read it from there");
}

void wr_changes_warn(struct wr_arena *arena, struct wr_settings *settings, struct wr_logical *sink)
{
  const struct wr_table *table = sink->kind == WR_LOGICAL_SINK ? sink->sink.table : NULL;
  const struct wr_logical *keyed =
      table && wr_keyed_upserts(table->keyed) ? wr_logical_input(sink) : NULL;
  struct wr_logical_order order = wr_logical_order(arena, &sink, 1);
  for (uint32_t i = 0; i < order.count && settings; i++) {
    const struct wr_logical *node = order.nodes[i];
    if (node->input_count == 0 || !node->inputs[0]->changes)
      continue;
    if (node->kind == WR_LOGICAL_FILTER)
      check_warn_chance(settings, node->filter.condition);
    if (node->kind != WR_LOGICAL_PROJECT || node == keyed) /* there the key alone is taken back */
      continue;
    for (uint32_t c = 0; c < node->schema.column_count; c++)
      if (!node->roles[c].is_clock)
        check_warn_chance(settings, node->project.expressions[c]);
  }
}

enum wr_code wr_check_changes(struct wr_arena *arena, struct wr_logical *root, struct wr_span span,
                              struct wr_error *err)
{
  struct wr_logical_order order = wr_logical_order(arena, &root, 1);
  for (uint32_t i = 0; i < order.count; i++) {
    const struct wr_logical *node = order.nodes[i], *changing = NULL;
    for (uint32_t k = 0; k < node->input_count && !changing; k++)
      changing = node->inputs[k]->changes ? node->inputs[k] : NULL;
    if (!changing || wr_changes_are_read(node))
      continue;
    if (node->kind == WR_LOGICAL_SINK) {
      enum wr_code code = check_sink(arena, node, span, err);
      if (code)
        return code;
      continue;
    }
    const struct wr_logical *cause = check_cause(changing);
    wr_fail_at(err, WR_UNSUPPORTED, node->span.length ? node->span : span,
               "%s cannot read results that change, as those of %s do", check_name(arena, node),
               check_name(arena, cause));
    *err->hint = '\0';
    return check_hint_reader(node, cause, err);
  }
  return WR_OK;
}
