/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter: keeps the rows whose condition is TRUE. Rows stay where they are, only `picked` gets
 * shorter; a batch that has become sparse is moved together first, so that dense kernels do not
 * work for rows that are gone.
 */
#include <assert.h>
#include <stdlib.h>

#include "functions/evaluator.h"
#include "operators/specs.h"

struct filter {
  struct wr_operator op;
  const struct wr_filter_spec *spec;
  struct wr_evaluator *evaluator;
  struct wr_compactor compactor;
  struct wr_arena arena; /* one batch */
};

static enum wr_code filter_open(const void *spec, const struct wr_operator_context *context,
                                struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct filter *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_filter, context);
  self->spec = spec;
  assert(self->spec->condition->type->kind == WR_BOOLEAN);
  self->evaluator = wr_evaluator_new(&self->spec->condition, 1);
  *out = &self->op;
  return WR_OK;
}

static enum wr_code filter_on_batch(struct wr_operator *op, uint32_t input,
                                    const struct wr_batch *batch, struct wr_error *err)
{
  struct filter *self = (struct filter *)op;
  assert(input == 0);
  (void)input;
  struct wr_batch rows = *batch;
  if (wr_batch_is_sparse(batch))
    wr_batch_compact(&self->compactor, batch, NULL, &rows);
  wr_arena_reset(&self->arena);
  uint32_t *picked = wr_arena_get(&self->arena, (rows.row_count + 64) * sizeof *picked);
  struct wr_evaluation evaluation;
  uint32_t picked_count = wr_evaluator_pick(self->evaluator, &rows, picked, &evaluation);
  for (uint32_t i = 0; i < evaluation.failure_count; i++)
    wr_operator_reject(op, &rows, evaluation.failures[i].row, WR_REJECT_VALUE, "%s",
                       evaluation.failures[i].message);
  if (picked_count == rows.picked_count)
    return wr_emit_batch(op, &rows, err);
  rows.picked = picked;
  rows.picked_count = picked_count;
  return wr_emit_batch(op, &rows, err);
}

static void filter_close(struct wr_operator *op)
{
  struct filter *self = (struct filter *)op;
  wr_evaluator_free(self->evaluator);
  wr_compactor_close(&self->compactor);
  wr_arena_free(&self->arena);
  free(self);
}

const struct wr_operator_class wr_operator_class_filter = {
    .name = "Filter",
    .open = filter_open,
    .on_batch = filter_on_batch,
    .close = filter_close,
};
