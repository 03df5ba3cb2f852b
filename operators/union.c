/* SPDX-License-Identifier: Apache-2.0 */
/*
 * union: the rows of all its inputs, as they come. It heads a task, whose channels merge
 * watermarks, idleness and barriers (runtime/task.c), so all that is left to do here is lateness:
 * an input that is behind the others holds the union's watermark back, and its own rows must not be
 * late for what is therefore still open. A row arrives at the least of its own arrival and the
 * watermarks of the other inputs; written into arrived_us it survives further exchanges.
 */
#include <assert.h>
#include <stdlib.h>

#include "operators/specs.h"

struct union_all {
  struct wr_operator op;
  const struct wr_union_spec *spec;
  struct wr_arena arena; /* one batch */
};

static enum wr_code union_open(const void *spec, const struct wr_operator_context *context,
                               struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct union_all *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_union, context);
  self->spec = spec;
  *out = &self->op;
  return WR_OK;
}

static enum wr_code union_on_batch(struct wr_operator *op, uint32_t input,
                                   const struct wr_batch *batch, struct wr_error *err)
{
  struct union_all *self = (struct union_all *)op;
  assert(input < self->spec->input_count);
  (void)input;
  struct wr_batch rows = *batch;
  rows.schema = self->spec->schema;
  rows.runs = NULL;
  rows.run_count = 0;
  if (!batch->arrived_us || batch->others_us == WR_TIME_END)
    return wr_emit_batch(op, &rows, err);
  wr_arena_reset(&self->arena);
  int64_t *arrived_us =
      wr_arena_get(&self->arena, batch->row_count * sizeof *arrived_us + WR_PADDING);
  for (uint32_t i = 0; i < batch->row_count; i++)
    arrived_us[i] =
        batch->arrived_us[i] < batch->others_us ? batch->arrived_us[i] : batch->others_us;
  rows.arrived_us = arrived_us;
  return wr_emit_batch(op, &rows, err);
}

static void union_close(struct wr_operator *op)
{
  struct union_all *self = (struct union_all *)op;
  wr_arena_free(&self->arena);
  free(self);
}

const struct wr_operator_class wr_operator_class_union = {
    .name = "Union",
    .open = union_open,
    .on_batch = union_on_batch,
    .close = union_close,
};
