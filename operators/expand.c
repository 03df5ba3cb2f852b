/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand: every row once per grouping set. What is not in a set becomes a column of constant NULLs,
 * and the number of the set a constant column behind the input's: no value is copied, a batch
 * leaves as many times as there are sets.
 */
#include <assert.h>
#include <stdlib.h>

#include "operators/specs.h"

struct expand {
  struct wr_operator op;
  const struct wr_expand_spec *spec;
  struct wr_column *columns; /* of the output */
  struct wr_column *nulls;   /* one per key */
  struct wr_arena arena;     /* of the nulls */
};

static enum wr_code expand_open(const void *spec, const struct wr_operator_context *context,
                                struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct expand *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_expand, context);
  self->spec = spec;
  uint32_t count = self->spec->schema->column_count;
  assert(count > 0 && self->spec->schema->fields[count - 1].type->kind == WR_BIGINT);
  self->columns = wr_memory_get_zero(count * sizeof *self->columns);
  self->nulls = wr_memory_get_zero((self->spec->key_count + 1) * sizeof *self->nulls);
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    self->nulls[k] =
        wr_column_null(&self->arena, self->spec->schema->fields[self->spec->keys[k]].type);
  *out = &self->op;
  return WR_OK;
}

static enum wr_code expand_on_batch(struct wr_operator *op, uint32_t input,
                                    const struct wr_batch *batch, struct wr_error *err)
{
  struct expand *self = (struct expand *)op;
  const struct wr_expand_spec *spec = self->spec;
  uint32_t width = spec->schema->column_count - 1;
  assert(input == 0 && batch->schema->column_count == width);
  (void)input;
  enum wr_code code = WR_OK;
  for (uint32_t s = 0; code == WR_OK && s < spec->set_count; s++) {
    /* one value, with the padding that dense loops may read */
    int64_t id[1 + WR_PADDING / sizeof(int64_t)] = {spec->sets[s].id};
    for (uint32_t c = 0; c < width; c++)
      self->columns[c] = batch->columns[c];
    for (uint32_t k = 0; k < spec->key_count; k++)
      if (spec->sets[s].absent >> k & 1)
        self->columns[spec->keys[k]] = self->nulls[k];
    self->columns[width] =
        (struct wr_column){.type = &wr_type_bigint, .constant = true, .values = id};
    struct wr_batch rows = *batch;
    rows.schema = spec->schema;
    rows.columns = self->columns;
    code = wr_emit_batch(op, &rows, err);
  }
  return code;
}

static void expand_close(struct wr_operator *op)
{
  struct expand *self = (struct expand *)op;
  free(self->columns);
  free(self->nulls);
  wr_arena_free(&self->arena);
  free(self);
}

const struct wr_operator_class wr_operator_class_expand = {
    .name = "Expand",
    .open = expand_open,
    .on_batch = expand_on_batch,
    .close = expand_close,
};
