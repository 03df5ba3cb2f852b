/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values: constant rows, the whole of a VALUES clause or of a SELECT without FROM. The runtime
 * sends one batch of one row without columns; it carries the clock, and an expression that fails is
 * reported for its row alone. Snapshots say that the rows have left: they come once.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/builder.h"
#include "functions/evaluator.h"
#include "operators/specs.h"

struct values {
  struct wr_operator op;
  const struct wr_values_spec *spec;
  struct wr_builder *builders;
  struct wr_column *columns;
  bool done; /* the rows have left */
};

static enum wr_code values_open(const void *spec, const struct wr_operator_context *context,
                                struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct values *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_values, context);
  self->spec = spec;
  uint32_t count = self->spec->schema->column_count;
  self->builders = wr_memory_get_zero((count + 1) * sizeof *self->builders);
  self->columns = wr_memory_get_zero((count + 1) * sizeof *self->columns);
  for (uint32_t i = 0; i < count; i++)
    wr_builder_open(&self->builders[i], self->spec->schema->fields[i].type);
  *out = &self->op;
  return WR_OK;
}

/* Appends one row of the clause to the builders; false: it failed and was rejected. */
static bool values_add_row(struct values *self, const struct wr_expression *const *row,
                           const struct wr_batch *clock)
{
  uint32_t count = self->spec->schema->column_count;
  struct wr_evaluator *evaluator = wr_evaluator_new(row, count);
  struct wr_evaluation evaluation;
  wr_evaluator_run(evaluator, clock, &evaluation);
  bool good = evaluation.failure_count == 0;
  if (!good) {
    struct wr_batch shown = *clock;
    shown.schema = self->spec->schema;
    shown.columns = evaluation.columns;
    wr_operator_reject(&self->op, &shown, 0, WR_REJECT_VALUE, "%s", evaluation.failures[0].message);
  }
  for (uint32_t i = 0; good && i < count; i++) {
    wr_builder_reserve(&self->builders[i], 1);
    wr_builder_put_row(&self->builders[i], &evaluation.columns[i], 0, true);
  }
  wr_evaluator_free(evaluator);
  return good;
}

static enum wr_code values_emit(struct values *self, uint32_t row_count,
                                const struct wr_batch *clock, struct wr_error *err)
{
  uint32_t count = self->spec->schema->column_count;
  for (uint32_t i = 0; i < count; i++)
    self->columns[i] = wr_builder_view(&self->builders[i]);
  struct wr_batch rows = {
      .schema = self->spec->schema,
      .columns = self->columns,
      .row_count = row_count,
      .picked_count = row_count,
      .others_us = WR_TIME_END,
      .now_us = clock->now_us,
  };
  enum wr_code code = wr_emit_batch(&self->op, &rows, err);
  for (uint32_t i = 0; i < count; i++)
    wr_builder_reset(&self->builders[i]);
  return code;
}

static enum wr_code values_on_batch(struct wr_operator *op, uint32_t input,
                                    const struct wr_batch *batch, struct wr_error *err)
{
  struct values *self = (struct values *)op;
  assert(input == 0 && batch->row_count == 1);
  (void)input;
  const struct wr_values_spec *spec = self->spec;
  uint32_t waiting = 0;
  if (self->done)
    return WR_OK;
  self->done = true;
  for (uint32_t i = 0; i < spec->row_count; i++) {
    waiting += values_add_row(self, &spec->rows[(size_t)i * spec->schema->column_count], batch);
    if (waiting < WR_BATCH_ROWS && i + 1 < spec->row_count)
      continue;
    enum wr_code code = values_emit(self, waiting, batch, err);
    if (code != WR_OK)
      return code;
    waiting = 0;
  }
  return WR_OK;
}

static void values_save(struct wr_operator *op, struct wr_part_writer *part)
{
  wr_part_put_u64(part, ((struct values *)op)->done);
}

static enum wr_code values_load(struct wr_operator *op, struct wr_part_reader *part,
                                struct wr_error *err)
{
  uint64_t done;
  enum wr_code code = wr_part_get_u64(part, &done, err);
  if (code == WR_OK)
    ((struct values *)op)->done = done;
  return code;
}

static void values_close(struct wr_operator *op)
{
  struct values *self = (struct values *)op;
  for (uint32_t i = 0; i < self->spec->schema->column_count; i++)
    wr_builder_close(&self->builders[i]);
  free(self->builders);
  free(self->columns);
  free(self);
}

const struct wr_operator_class wr_operator_class_values = {
    .name = "Values",
    .open = values_open,
    .on_batch = values_on_batch,
    .save = values_save,
    .load = values_load,
    .close = values_close,
};
