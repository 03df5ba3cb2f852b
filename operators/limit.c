/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit: the rows from number `offset` on, `limit` of them, in the order in which they come; then
 * nothing more, which it says, so that a job that waits for nothing else comes to its end. There is
 * one copy.
 */
#include <assert.h>
#include <stdlib.h>

#include "operators/specs.h"

struct limit {
  struct wr_operator op;
  const struct wr_limit_spec *spec;
  uint64_t seen;         /* rows that have come, as far as that matters */
  struct wr_arena arena; /* one batch */
};

static void limit_look(struct limit *self)
{
  const struct wr_limit_spec *spec = self->spec;
  if (self->seen >= spec->offset && self->seen - spec->offset >= spec->limit)
    wr_operator_set_enough(&self->op);
}

static enum wr_code limit_open(const void *spec, const struct wr_operator_context *context,
                               struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct limit *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_limit, context);
  self->spec = spec;
  assert(context->task_count == 1);
  limit_look(self);
  *out = &self->op;
  return WR_OK;
}

static enum wr_code limit_on_batch(struct wr_operator *op, uint32_t input,
                                   const struct wr_batch *batch, struct wr_error *err)
{
  struct limit *self = (struct limit *)op;
  const struct wr_limit_spec *spec = self->spec;
  assert(input == 0 && !batch->change);
  (void)input;
  if (op->has_enough)
    return WR_OK;
  uint64_t skipped = self->seen < spec->offset ? spec->offset - self->seen : 0;
  uint64_t passed = self->seen > spec->offset ? self->seen - spec->offset : 0;
  uint32_t first = skipped < batch->picked_count ? (uint32_t)skipped : batch->picked_count;
  uint32_t count = batch->picked_count - first;
  if (count > spec->limit - passed)
    count = (uint32_t)(spec->limit - passed);
  self->seen += first + count;
  struct wr_batch rows = *batch;
  rows.picked_count = count;
  if (batch->picked) {
    rows.picked = batch->picked + first;
  } else if (count < batch->row_count) {
    wr_arena_reset(&self->arena);
    uint32_t *picked = wr_arena_get(&self->arena, (count + 1) * sizeof *picked);
    for (uint32_t i = 0; i < count; i++)
      picked[i] = first + i;
    rows.picked = picked;
  }
  limit_look(self);
  return wr_emit_batch(op, &rows, err);
}

static void limit_save(struct wr_operator *op, struct wr_part_writer *part)
{
  wr_part_put_u64(part, ((struct limit *)op)->seen);
}

static enum wr_code limit_load(struct wr_operator *op, struct wr_part_reader *part,
                               struct wr_error *err)
{
  struct limit *self = (struct limit *)op;
  enum wr_code code = wr_part_get_u64(part, &self->seen, err);
  if (code == WR_OK)
    limit_look(self);
  return code;
}

static void limit_close(struct wr_operator *op)
{
  struct limit *self = (struct limit *)op;
  wr_arena_free(&self->arena);
  free(self);
}

const struct wr_operator_class wr_operator_class_limit = {
    .name = "Limit",
    .open = limit_open,
    .on_batch = limit_on_batch,
    .save = limit_save,
    .load = limit_load,
    .close = limit_close,
};
