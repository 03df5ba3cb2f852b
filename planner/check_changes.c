/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results that change: windows that emit early or again and rankings without a window give rows
 * that take back others. Filters, projections, unions and sinks hand them on; everything else, and
 * sinks that cannot say "take back", are refused here, when a statement is bound and before rules
 * move anything.
 */
#include "connectors/connector.h"
#include "formats/format.h"
#include "planner/describe.h"
#include "planner/logical.h"

/* The node that a reader's changes come from. */
static const struct wr_logical *check_cause(const struct wr_logical *node)
{
  while (node->kind == WR_LOGICAL_FILTER || node->kind == WR_LOGICAL_PROJECT ||
         node->kind == WR_LOGICAL_UNION) {
    uint32_t i = 0;
    while (!node->inputs[i]->changes)
      i++;
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

static enum wr_code check_hint(const struct wr_logical *cause, struct wr_error *err)
{
  if (cause->kind == WR_LOGICAL_AGGREGATE)
    return wr_hint(err,
                   "leave out EMIT, or RESET 'table.exec.emit...': then every window gives one "
                   "result, when it closes");
  if (cause->kind == WR_LOGICAL_RANK)
    return wr_hint(err, "rank the rows of each window: PARTITION BY window_start, window_end");
  return err->code;
}

/* The format may know no changes, or not with these options. */
static enum wr_code check_format(const struct wr_table *table, struct wr_error *err)
{
  const struct wr_format *format = table->format;
  if (!format || !format->check)
    return WR_OK;
  const struct wr_format_spec form = {.schema = &table->physical,
                                      .options = table->options,
                                      .time_zone = table->time_zone,
                                      .changes = true};
  return format->check(&form, false, err);
}

static enum wr_code check_sink(struct wr_arena *arena, const struct wr_logical *sink,
                               struct wr_span span, struct wr_error *err)
{
  const struct wr_table *table = sink->sink.table;
  if (table->connector->takes_changes && check_format(table, err) == WR_OK)
    return WR_OK;
  const struct wr_logical *cause = check_cause(wr_logical_input(sink));
  wr_fail_at(err, WR_UNSUPPORTED, span,
             "'%s' (%s) takes rows that stay as they are, but those of %s change", table->name,
             table->connector->takes_changes ? table->format->name : table->connector->name,
             check_name(arena, cause));
  return check_hint(cause, err);
}

enum wr_code wr_check_changes(struct wr_arena *arena, struct wr_logical *root, struct wr_span span,
                              struct wr_error *err)
{
  struct wr_logical_order order = wr_logical_order(arena, &root, 1);
  for (uint32_t i = 0; i < order.count; i++) {
    const struct wr_logical *node = order.nodes[i], *changing = NULL;
    for (uint32_t k = 0; k < node->input_count && !changing; k++)
      changing = node->inputs[k]->changes ? node->inputs[k] : NULL;
    if (!changing || node->kind == WR_LOGICAL_FILTER || node->kind == WR_LOGICAL_PROJECT ||
        node->kind == WR_LOGICAL_UNION)
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
    return check_hint(cause, err);
  }
  return WR_OK;
}
