/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/results.h"

#include <string.h>

#include "connectors/connector.h"

static bool results_mode_is(const struct wr_binder *binder, const char *mode)
{
  return binder->settings &&
         strcmp(wr_settings_text(binder->settings, "execution.runtime-mode"), mode) == 0;
}

struct wr_results wr_results_of(const struct wr_binder *binder, bool printed)
{
  if (results_mode_is(binder, "streaming"))
    return (struct wr_results){.told = true};
  return (struct wr_results){.told = printed && !results_mode_is(binder, "batch"),
                             .may_settle = true};
}

bool wr_results_are_printed(const struct wr_table *table)
{
  return strcmp(table->connector->name, "print") == 0;
}

/* ---- at the end */

/* ROWs cannot be compared. */
static bool results_can_fold(const struct wr_logical *node)
{
  for (uint32_t c = 0; c < node->schema.column_count; c++)
    if (node->schema.fields[c].type->physical == WR_NESTED)
      return false;
  return true;
}

static bool results_may_fold(const struct wr_binder *binder, struct wr_logical *node)
{
  return node->changes && !binder->endless && results_can_fold(node) &&
         wr_logical_is_bounded(binder->arena, node);
}

/* Sorting and counting off the first rows need the end whenever there is one. */
static bool results_need_end(const struct wr_logical *node)
{
  return node->kind == WR_LOGICAL_SORT || node->kind == WR_LOGICAL_LIMIT;
}

/* Nodes whose rows change if those of their input do, and not by themselves. */
static bool results_inherit(const struct wr_logical *node)
{
  switch (node->kind) {
  case WR_LOGICAL_SCAN:
  case WR_LOGICAL_REJECTS:
  case WR_LOGICAL_VALUES:
  case WR_LOGICAL_AGGREGATE:
  case WR_LOGICAL_RANK:
  case WR_LOGICAL_JOIN:
  case WR_LOGICAL_NORMALIZE: return false;
  default: return true;
  }
}

static void results_settle(const struct wr_binder *binder, struct wr_logical *node)
{
  bool changes = false;
  for (uint32_t k = 0; k < node->input_count; k++) {
    struct wr_logical **input = &node->inputs[k];
    if ((!binder->told || (results_need_end(node) && !binder->may_settle)) &&
        !wr_changes_are_read(node) && results_may_fold(binder, *input))
      *input = wr_logical_fold(binder->arena, *input);
    if (wr_logical_is_fold(*input) && !wr_logical_input(*input)->changes)
      *input = wr_logical_input(*input); /* something beneath waits already */
    changes = changes || (*input)->changes;
  }
  node->changes = results_inherit(node) ? changes && node->changes : node->changes;
}

static void results_settle_all(const struct wr_binder *binder, struct wr_logical *root)
{
  struct wr_logical_order order = wr_logical_order(binder->arena, &root, 1);
  for (uint32_t i = 0; i < order.count; i++)
    results_settle(binder, order.nodes[i]);
}

struct wr_logical *wr_results_settled(const struct wr_binder *binder, struct wr_logical *node)
{
  results_settle_all(binder, node);
  return !binder->told && results_may_fold(binder, node) ? wr_logical_fold(binder->arena, node)
                                                         : node;
}

static enum wr_code results_check_ends(const struct wr_binder *binder, struct wr_logical *sink,
                                       struct wr_span span, struct wr_error *err)
{
  struct wr_logical_order order = wr_logical_order(binder->arena, &sink, 1);
  for (uint32_t i = 0; i < order.count; i++) {
    const struct wr_logical *node = order.nodes[i];
    if (node->kind != WR_LOGICAL_SCAN || wr_table_is_bounded(node->scan.table))
      continue;
    wr_fail_at(err, WR_SEMANTIC, span,
               "'%s' does not end, so with 'execution.runtime-mode' = 'batch' its results would "
               "never come",
               node->scan.table->name);
    return wr_hint(err, "RESET 'execution.runtime-mode', or let the table end, as with "
                        "'scan.bounded.mode' of kafka");
  }
  return WR_OK;
}

enum wr_code wr_results_check(const struct wr_binder *binder, struct wr_logical *sink,
                              struct wr_span span, struct wr_error *err)
{
  bool is_batch = results_mode_is(binder, "batch");
  enum wr_code code = is_batch ? results_check_ends(binder, sink, span, err) : WR_OK;
  if (code)
    return code;
  results_settle_all(binder, sink);
  if (is_batch || wr_results_are_printed(sink->sink.table)) {
    sink->inputs[0] = wr_results_settled(binder, sink->inputs[0]);
    sink->changes = sink->inputs[0]->changes;
  }
  wr_changes_warn(binder->arena, binder->settings, sink);
  return wr_check_changes(binder->arena, sink, span, err);
}

bool wr_results_singly(const struct wr_binder *binder, bool printed)
{
  return printed && binder->told && binder->settings &&
         !wr_settings_bool(binder->settings, "table.exec.mini-batch.enabled");
}
