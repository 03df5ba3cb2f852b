/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A condition by itself: parsed as one expression, bound by the binder of queries over the columns
 * of a schema, with nothing else in sight (no tables, no functions of a script), and evaluated as
 * the filters of a plan are. What it is given are rows of others' batches, often few of many, so
 * these are moved together before anything is computed.
 */
#include "planner/predicate.h"

#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"
#include "core/time.h"
#include "functions/evaluator.h"
#include "parser/parser.h"
#include "planner/binder.h"

struct wr_predicate {
  struct wr_arena arena;
  struct wr_binding binding;
  const struct wr_expression *condition;
  struct wr_evaluator *evaluator;
  struct wr_compactor compactor;
  const bool *used; /* columns that it reads */
};

static enum wr_code predicate_check_length(size_t length, struct wr_error *err)
{
  if (length <= WR_PREDICATE_BYTES_MAX)
    return WR_OK;
  return wr_fail_state(err, WR_LIMIT, WR_STATE_TOO_COMPLEX,
                       (struct wr_span){WR_PREDICATE_BYTES_MAX, 0},
                       "the condition has %zu bytes, at most %d are allowed "
                       "(WR_PREDICATE_BYTES_MAX)",
                       length, WR_PREDICATE_BYTES_MAX);
}

static enum wr_code predicate_bind(struct wr_predicate *predicate,
                                   const struct wr_tree_expression *tree,
                                   const struct wr_schema *schema, struct wr_error *err)
{
  struct wr_catalogue nothing;
  wr_catalogue_open(&nothing, &predicate->arena);
  const struct wr_binder binder = {.arena = &predicate->arena,
                                   .catalogue = &nothing,
                                   .binding = &predicate->binding,
                                   .no_queries = "this condition"};
  const struct wr_scope scope = wr_scope_over(&predicate->arena, schema, NULL);
  const struct wr_expression_context context = {
      .binder = &binder, .scope = &scope, .place = "WHERE"};
  enum wr_code code = wr_bind_condition(&context, tree, &predicate->condition, err);
  if (code)
    return code;
  const struct wr_expression *watermark = wr_expression_reads_arrived(predicate->condition);
  if (watermark)
    return wr_fail_at(err, WR_UNSUPPORTED, watermark->span,
                      "this condition cannot ask for CURRENT_WATERMARK: it is worked out from its "
                      "row alone");
  bool *used = WR_NEW_ARRAY(&predicate->arena, bool, schema->column_count + 1);
  wr_expression_columns(predicate->condition, used);
  predicate->used = used;
  return WR_OK;
}

enum wr_code wr_predicate_new(const char *text, size_t length, const struct wr_schema *schema,
                              const char *time_zone, struct wr_predicate **out,
                              struct wr_error *err)
{
  assert((text || length == 0) && schema && out);
  struct wr_tree_expression *tree;
  enum wr_code code = predicate_check_length(length, err);
  if (code)
    return code;
  struct wr_predicate *predicate = wr_memory_get_zero(sizeof *predicate);
  predicate->binding.arena = &predicate->arena;
  predicate->binding.regex_steps = WR_PREDICATE_STEPS_MAX;
  predicate->binding.time_zone =
      time_zone ? wr_arena_print(&predicate->arena, "%s", time_zone) : "UTC";
  code = wr_parse_expression(text, length, &predicate->arena, &tree, err);
  if (code == WR_OK)
    code = predicate_bind(predicate, tree, schema, err);
  if (code) {
    wr_predicate_free(predicate);
    return code;
  }
  predicate->evaluator = wr_evaluator_new(&predicate->condition, 1);
  *out = predicate;
  return WR_OK;
}

void wr_predicate_free(struct wr_predicate *predicate)
{
  if (!predicate)
    return;
  if (predicate->evaluator)
    wr_evaluator_free(predicate->evaluator);
  wr_compactor_close(&predicate->compactor);
  wr_arena_free(&predicate->arena);
  free(predicate);
}

uint32_t wr_predicate_pick(struct wr_predicate *predicate, const struct wr_batch *batch,
                           const uint32_t *rows, uint32_t count, uint32_t *out)
{
  if (count == 0)
    return 0;
  struct wr_batch chosen = *batch, moved;
  chosen.picked = rows;
  chosen.picked_count = count;
  wr_batch_compact(&predicate->compactor, &chosen, predicate->used, &moved);
  moved.now_us = wr_now_us(); /* of who asks, not of whenever the row was made */
  assert(moved.row_count == count && !moved.picked);
  struct wr_evaluation evaluation;
  wr_evaluator_run(predicate->evaluator, &moved, &evaluation);
  const struct wr_column *results = &evaluation.columns[0];
  uint32_t passed = 0, failure = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (failure < evaluation.failure_count && evaluation.failures[failure].row == i) {
      failure++;
      continue;
    }
    if (!wr_column_is_null(results, i) &&
        ((const uint8_t *)results->values)[wr_column_row(results, i)])
      out[passed++] = rows[i];
  }
  return passed;
}
