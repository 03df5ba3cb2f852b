/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unnest: every row once per item of the collection in one of its columns, with the item's columns
 * behind its own. Rows come out in order, the items of a row together and in theirs.
 *
 *   ARRAY<T>     T                         of a ROW: its fields
 *   MAP<K, V>    key, value
 *   MULTISET<T>  T as often as it counts   of a ROW: its fields
 *
 * A NULL or empty collection gives nothing, or one row of NULLs if `outer`. Output rows are noted
 * as numbers of input rows, with repetitions, and the input's columns gathered when as many are
 * together as a batch may have.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"
#include "core/packed.h"
#include "operators/specs.h"

struct unnest {
  struct wr_operator op;
  const struct wr_unnest_spec *spec;
  const struct wr_type *type; /* of the collection */
  struct wr_builder items[2]; /* ARRAY, MULTISET: one; MAP: keys and values */
  uint32_t item_count;
  struct wr_builder ordinality;
  uint32_t *rows;   /* of the input, one per output row that waits */
  uint32_t waiting; /* up to WR_BATCH_ROWS */
  struct wr_column *columns;
  struct wr_compactor compactor;
};

static enum wr_code unnest_open(const void *spec, const struct wr_operator_context *context,
                                struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct unnest *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_unnest, context);
  self->spec = spec;
  self->type = self->spec->input_schema->fields[self->spec->column].type;
  assert(wr_kind_is_packed(self->type->kind));
  self->item_count = self->type->kind == WR_MAP ? 2 : 1;
  for (uint32_t i = 0; i < self->item_count; i++) {
    wr_builder_open(&self->items[i], self->type->fields[i].type);
    wr_builder_reserve(&self->items[i], WR_BATCH_ROWS);
  }
  wr_builder_open(&self->ordinality, &wr_type_int);
  wr_builder_reserve(&self->ordinality, WR_BATCH_ROWS);
  self->rows = wr_memory_get(WR_BATCH_ROWS * sizeof *self->rows);
  self->columns = wr_memory_get_zero(self->spec->schema->column_count * sizeof *self->columns);
  *out = &self->op;
  return WR_OK;
}

/* Appends the columns of the items; returns how many. */
static uint32_t unnest_view(struct unnest *self, struct wr_column *out)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < self->item_count; i++) {
    struct wr_column column = wr_builder_view(&self->items[i]);
    if (column.type->kind != WR_ROW || self->type->kind == WR_MAP) {
      out[count++] = column;
      continue;
    }
    for (uint32_t f = 0; f < column.type->field_count; f++)
      out[count++] = column.children[f];
  }
  if (self->spec->with_ordinality)
    out[count++] = wr_builder_view(&self->ordinality);
  return count;
}

/* Emits the rows that wait. batch: what they are rows of. */
static enum wr_code unnest_emit(struct unnest *self, const struct wr_batch *batch,
                                struct wr_error *err)
{
  if (self->waiting == 0)
    return WR_OK;
  uint32_t input_count = self->spec->input_schema->column_count;
  struct wr_batch repeated = *batch, rows;
  repeated.picked = self->rows;
  repeated.picked_count = self->waiting;
  wr_batch_compact(&self->compactor, &repeated, self->spec->used, &rows);
  memcpy(self->columns, rows.columns, input_count * sizeof *self->columns);
  uint32_t added = unnest_view(self, self->columns + input_count);
  assert(input_count + added == self->spec->schema->column_count);
  (void)added;
  rows.schema = self->spec->schema;
  rows.columns = self->columns;
  enum wr_code code = wr_emit_batch(&self->op, &rows, err);
  for (uint32_t i = 0; i < self->item_count; i++)
    wr_builder_reset(&self->items[i]);
  wr_builder_reset(&self->ordinality);
  self->waiting = 0;
  return code;
}

/* Notes one row more, whose item has been put; emits if the batch is full. */
static enum wr_code unnest_add(struct unnest *self, const struct wr_batch *batch, uint32_t row,
                               struct wr_error *err)
{
  self->rows[self->waiting++] = row;
  return self->waiting < WR_BATCH_ROWS ? WR_OK : unnest_emit(self, batch, err);
}

/* A row whose collection has no items. */
static enum wr_code unnest_nothing(struct unnest *self, const struct wr_batch *batch, uint32_t row,
                                   struct wr_error *err)
{
  if (!self->spec->outer)
    return WR_OK;
  for (uint32_t i = 0; i < self->item_count; i++)
    wr_builder_put_null(&self->items[i]);
  wr_builder_put_null(&self->ordinality);
  return unnest_add(self, batch, row, err);
}

/* How often item i comes out: once, or the count of a MULTISET. */
static int32_t unnest_times(const struct unnest *self, const struct wr_list *counts, uint32_t i)
{
  int32_t times = 1;
  if (self->type->kind == WR_MULTISET) {
    assert(!wr_list_is_null(counts, i));
    memcpy(&times, wr_list_item(counts, i).bytes, sizeof times);
  }
  return times > 0 ? times : 0;
}

/* How many rows a collection gives. True if they are not too many: only the counts of a MULTISET
 * can be larger than the bytes of a record allow. */
static bool unnest_is_small(const struct unnest *self, const struct wr_list *lists, uint64_t *count)
{
  *count = 0;
  for (uint32_t i = 0; i < lists[0].count; i++)
    *count += (uint64_t)unnest_times(self, &lists[1], i);
  return *count <= WR_UNNEST_ROWS_MAX;
}

/* The items of the collection in row `row`; builders have room for one batch. */
static enum wr_code unnest_row(struct unnest *self, const struct wr_batch *batch, uint32_t row,
                               struct wr_error *err)
{
  const struct wr_column *column = &batch->columns[self->spec->column];
  if (wr_column_is_null(column, row))
    return unnest_nothing(self, batch, row, err);
  struct wr_list lists[2];
  const struct wr_text *packed = wr_column_text(column, row);
  if (self->type->kind == WR_ARRAY)
    wr_list_open(&lists[0], self->type, packed);
  else
    wr_map_open(&lists[0], &lists[1], self->type, packed);
  uint64_t count;
  if (!unnest_is_small(self, lists, &count)) {
    wr_operator_reject(&self->op, batch, row, WR_REJECT_VALUE,
                       "the MULTISET %s counts %llu items; the limit WR_UNNEST_ROWS_MAX is %d",
                       self->spec->input_schema->fields[self->spec->column].name,
                       (unsigned long long)count, WR_UNNEST_ROWS_MAX);
    return WR_OK;
  }
  if (count == 0)
    return unnest_nothing(self, batch, row, err);
  enum wr_code code = WR_OK;
  int32_t ordinality = 0;
  for (uint32_t i = 0; i < lists[0].count; i++) {
    int32_t times = unnest_times(self, &lists[1], i);
    for (int32_t t = 0; t < times && code == WR_OK; t++) {
      for (uint32_t k = 0; k < self->item_count; k++)
        wr_list_put(&lists[k], i, &self->items[k]);
      wr_builder_put_i32(&self->ordinality, ++ordinality);
      code = unnest_add(self, batch, row, err);
    }
  }
  return code;
}

static enum wr_code unnest_on_batch(struct wr_operator *op, uint32_t input,
                                    const struct wr_batch *batch, struct wr_error *err)
{
  struct unnest *self = (struct unnest *)op;
  assert(input == 0 && self->waiting == 0);
  (void)input;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < batch->picked_count && code == WR_OK; i++)
    code = unnest_row(self, batch, wr_batch_row(batch, i), err);
  return code == WR_OK ? unnest_emit(self, batch, err) : code;
}

static void unnest_close(struct wr_operator *op)
{
  struct unnest *self = (struct unnest *)op;
  for (uint32_t i = 0; i < self->item_count; i++)
    wr_builder_close(&self->items[i]);
  wr_builder_close(&self->ordinality);
  wr_compactor_close(&self->compactor);
  free(self->rows);
  free(self->columns);
  free(self);
}

const struct wr_operator_class wr_operator_class_unnest = {
    .name = "Unnest",
    .open = unnest_open,
    .on_batch = unnest_on_batch,
    .close = unnest_close,
};
