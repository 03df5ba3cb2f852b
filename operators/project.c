/* SPDX-License-Identifier: Apache-2.0 */
/*
 * project: computes columns. Plain references to input columns are handed on as they are; only the
 * other expressions go to the evaluator. A row that one of them cannot be computed for is rejected
 * as a whole.
 */
#include <assert.h>
#include <stdlib.h>

#include "functions/evaluator.h"
#include "operators/specs.h"

struct project {
  struct wr_operator op;
  const struct wr_project_spec *spec;
  struct wr_evaluator *evaluator; /* NULL: nothing to compute */
  uint32_t *computed;             /* output column of the evaluator's i-th expression */
  uint32_t computed_count;
  struct wr_column *columns; /* of the output */
  struct wr_compactor compactor;
  struct wr_arena arena; /* one batch */
};

static enum wr_code project_open(const void *spec, const struct wr_operator_context *context,
                                 struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct project *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_project, context);
  self->spec = spec;
  uint32_t count = self->spec->expression_count;
  assert(count == self->spec->schema->column_count);
  self->computed = wr_memory_get_zero((count + 1) * sizeof *self->computed);
  self->columns = wr_memory_get_zero((count + 1) * sizeof *self->columns);
  const struct wr_expression **expressions = wr_memory_get_zero((count + 1) * sizeof *expressions);
  for (uint32_t i = 0; i < count; i++) {
    if (self->spec->expressions[i]->kind == WR_EXPRESSION_COLUMN)
      continue;
    expressions[self->computed_count] = self->spec->expressions[i];
    self->computed[self->computed_count++] = i;
  }
  if (self->computed_count)
    self->evaluator = wr_evaluator_new(expressions, self->computed_count);
  free(expressions);
  *out = &self->op;
  return WR_OK;
}

/* Rejects the rows that failed and takes them out of rows->picked. */
static void project_drop_failed(struct project *self, struct wr_batch *rows,
                                const struct wr_batch *input,
                                const struct wr_evaluation *evaluation)
{
  /* SELECT 1 / 0 of nothing: what else there is in the row tells more than no columns at all. */
  const struct wr_batch *shown = input->schema->column_count ? input : rows;
  wr_arena_reset(&self->arena);
  uint32_t *picked = wr_arena_get(&self->arena, (rows->picked_count + 1) * sizeof *picked);
  uint32_t kept = 0, failed = 0;
  for (uint32_t i = 0; i < rows->picked_count; i++) {
    uint32_t row = wr_batch_row(rows, i);
    if (failed < evaluation->failure_count && evaluation->failures[failed].row == row) {
      wr_operator_reject(&self->op, shown, row, WR_REJECT_VALUE, "%s",
                         evaluation->failures[failed].message);
      failed++;
    } else {
      picked[kept++] = row;
    }
  }
  assert(failed == evaluation->failure_count);
  rows->picked = picked;
  rows->picked_count = kept;
}

static enum wr_code project_on_batch(struct wr_operator *op, uint32_t input,
                                     const struct wr_batch *batch, struct wr_error *err)
{
  struct project *self = (struct project *)op;
  assert(input == 0);
  (void)input;
  struct wr_batch dense = *batch;
  if (self->evaluator && wr_batch_is_sparse(batch))
    wr_batch_compact(&self->compactor, batch, NULL, &dense);
  struct wr_batch rows = dense;
  rows.schema = self->spec->schema;
  rows.columns = self->columns;
  for (uint32_t i = 0; i < self->spec->expression_count; i++)
    if (self->spec->expressions[i]->kind == WR_EXPRESSION_COLUMN)
      self->columns[i] = dense.columns[self->spec->expressions[i]->column];
  if (self->evaluator) {
    struct wr_evaluation evaluation;
    wr_evaluator_run(self->evaluator, &dense, &evaluation);
    for (uint32_t i = 0; i < self->computed_count; i++)
      self->columns[self->computed[i]] = evaluation.columns[i];
    if (evaluation.failure_count)
      project_drop_failed(self, &rows, &dense, &evaluation);
  }
  return wr_emit_batch(op, &rows, err);
}

static void project_close(struct wr_operator *op)
{
  struct project *self = (struct project *)op;
  if (self->evaluator)
    wr_evaluator_free(self->evaluator);
  wr_compactor_close(&self->compactor);
  wr_arena_free(&self->arena);
  free(self->computed);
  free(self->columns);
  free(self);
}

const struct wr_operator_class wr_operator_class_project = {
    .name = "Project",
    .open = project_open,
    .on_batch = project_on_batch,
    .close = project_close,
};
