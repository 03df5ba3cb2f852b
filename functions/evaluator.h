/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running bound expressions over batches. An evaluator owns the scratch memory of its expressions;
 * one per operator, used by one thread. TOTAL kernels run densely over all rows of a batch, PARTIAL
 * ones only over rows that count (picked, not NULL, branch taken). Callers compact sparse batches
 * first (wr_batch_is_sparse).
 */
#ifndef WEIR_FUNCTIONS_EVALUATOR_H
#define WEIR_FUNCTIONS_EVALUATOR_H

#include "core/batch.h"
#include "functions/expression.h"

struct wr_evaluator;

struct wr_failure {
  uint32_t row;
  uint32_t expression; /* index of the top expression that failed */
  char state[6];       /* SQLSTATE */
  const char *message; /* one sentence, lent until the next run */
};

/* Lent until the evaluator runs again. */
struct wr_evaluation {
  const struct wr_column *columns; /* one per expression, row numbers as in the batch; rows that do
                                      not count: anything */
  const struct wr_failure
      *failures; /* rows that count and could not be evaluated, ascending, each row once */
  uint32_t failure_count;
};

struct wr_evaluator *wr_evaluator_new(const struct wr_expression *const *expressions,
                                      uint32_t count);
void wr_evaluator_free(struct wr_evaluator *evaluator);

void wr_evaluator_run(struct wr_evaluator *evaluator, const struct wr_batch *batch,
                      struct wr_evaluation *out);

/*
 * Rows of the batch for which expression 0 (BOOLEAN) is TRUE, as ascending row numbers; picked has
 * room for row_count + 64. Failed rows are not among them and are told in out. Returns how many.
 */
uint32_t wr_evaluator_pick(struct wr_evaluator *evaluator, const struct wr_batch *batch,
                           uint32_t *picked, struct wr_evaluation *out);

#endif
