/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup: rows beside those of a table of reference. The keys of a batch are looked up at once.
 * Mostly every row has one match or none: then the batch goes on as it is, with fewer rows picked,
 * and the table's columns are laid beside it, row by row. Where rows have several matches, or few
 * have any, pairs of row numbers are noted and both sides gathered when as many are together as a
 * batch may have.
 *
 *   aligned   rows    r0 r1 r2 r3        pairs   rows     r0 r0 r0 r3
 *             table   t7  -  - t2                table    t7 t8 t9 t2
 */
#include <assert.h>
#include <stdlib.h>

#include "functions/evaluator.h"
#include "operators/operator.h"
#include "operators/reference.h"
#include "operators/specs_lookup.h"

#define LOOKUP_SPARSE     4       /* aligned if at least one row in so many comes out */
#define LOOKUP_REFRESH_US 1000000 /* how often a new table is looked for where no rows come */

struct lookup_pairs {
  uint32_t *left, *right; /* row numbers; right 0: NULLs, if none of the pairs before has matched */
  uint32_t count;         /* up to WR_BATCH_ROWS */
  uint32_t row;           /* outer: the row of the last pair that the condition let through */
  bool has_row;
};

struct lookup {
  struct wr_operator op;
  const struct wr_lookup_spec *spec;
  const struct wr_reference_rows *rows;
  uint64_t version;
  bool told;                       /* rejects of these rows */
  struct wr_batch table;           /* all of its rows */
  struct wr_column *table_columns; /* of it */
  bool *wanted;                    /* of them: those of the output */
  const struct wr_column **keys;
  uint32_t capacity; /* rows of a batch that there is room for */
  uint64_t *hashes;
  uint32_t *found;            /* per row that counts: its first match, or 0 */
  uint32_t *at;               /* the same per row of the batch */
  uint32_t *matched, *picked; /* rows with a match; of them those that the condition lets through */
  struct wr_compactor left, right;
  struct wr_column *columns; /* of the output */
  struct wr_evaluator *evaluator;
  struct lookup_pairs pairs;
};

/* ---- the table */

/* Rejects of the loading, once for all copies: before the first row of the stream nobody was there
 * to read them. */
static void lookup_tell(struct lookup *self)
{
  const struct wr_operator_context *context = self->op.context;
  uint32_t count;
  uint64_t more;
  const struct wr_reject *rejects = wr_reference_rows_rejects(self->rows, &count, &more);
  self->told = true;
  for (uint32_t i = 0; i < count && context->task == 0; i++) {
    wr_metrics_add(&context->metrics->rejected[rejects[i].kind], 1);
    struct wr_reject reject = rejects[i];
    reject.statement = context->statement;
    reject.pump = context->pump;
    context->rejects->put(context->rejects, &reject);
  }
  if (more && context->task == 0)
    wr_metrics_add(&context->metrics->rejected[WR_REJECT_RECORD], more);
}

static void lookup_take(struct lookup *self)
{
  const struct wr_operator_context *context = self->op.context;
  struct wr_reference *reference = context->reference;
  self->version = atomic_load_explicit(&reference->version, memory_order_acquire);
  if (self->rows)
    reference->give_back(reference, self->rows);
  self->rows = reference->take(reference);
  self->told = false;
  wr_reference_rows_view(self->rows, self->spec->outer, self->table_columns, &self->table);
  if (context->task != 0)
    return; /* it is there once for all copies */
  atomic_store_explicit(&context->metrics->state_bytes, wr_reference_rows_bytes(self->rows),
                        memory_order_relaxed);
  atomic_store_explicit(&context->metrics->loaded_us, wr_reference_rows_loaded_us(self->rows),
                        memory_order_relaxed);
  atomic_store_explicit(&context->metrics->state_keys, wr_reference_rows_count(self->rows),
                        memory_order_relaxed);
}

/* Before a batch: the table as it is now. */
static void lookup_refresh(struct lookup *self)
{
  const struct wr_reference *reference = self->op.context->reference;
  if (atomic_load_explicit(&reference->version, memory_order_relaxed) != self->version)
    lookup_take(self);
  if (!self->told)
    lookup_tell(self);
}

static enum wr_code lookup_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct lookup *self = (struct lookup *)op;
  (void)err;
  lookup_refresh(self);
  if (self->spec->changes)
    op->timer_us = now_us + LOOKUP_REFRESH_US;
  return WR_OK;
}

static enum wr_code lookup_finish(struct wr_operator *op, struct wr_error *err)
{
  (void)err;
  lookup_refresh((struct lookup *)op);
  return WR_OK;
}

/* ---- opening */

static enum wr_code lookup_open(const void *spec, const struct wr_operator_context *context,
                                struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct lookup *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_lookup, context);
  self->spec = spec;
  assert(context->reference && self->spec->key_count > 0);
  uint32_t table_count = self->spec->table_schema->column_count;
  uint32_t visible = self->spec->schema->column_count - self->spec->input_schema->column_count;
  self->table_columns = wr_memory_get_zero((table_count + 1) * sizeof *self->table_columns);
  self->wanted = wr_memory_get_zero(table_count + 1);
  for (uint32_t c = 0; c < visible; c++)
    self->wanted[c] = true;
  self->keys = wr_memory_get_zero(self->spec->key_count * sizeof *self->keys);
  self->columns =
      wr_memory_get_zero((self->spec->schema->column_count + 1) * sizeof *self->columns);
  self->pairs.left = wr_memory_get(WR_BATCH_ROWS * sizeof *self->pairs.left);
  self->pairs.right = wr_memory_get(WR_BATCH_ROWS * sizeof *self->pairs.right);
  if (self->spec->condition)
    self->evaluator = wr_evaluator_new(&self->spec->condition, 1);
  lookup_take(self);
  self->op.timer_us = 0; /* at once, when everybody is there to be told */
  *out = &self->op;
  return WR_OK;
}

static void lookup_close(struct wr_operator *op)
{
  struct lookup *self = (struct lookup *)op;
  op->context->reference->give_back(op->context->reference, self->rows);
  if (self->evaluator)
    wr_evaluator_free(self->evaluator);
  wr_compactor_close(&self->left);
  wr_compactor_close(&self->right);
  free(self->table_columns);
  free(self->wanted);
  free(self->keys);
  free(self->hashes);
  free(self->found);
  free(self->at);
  free(self->matched);
  free(self->picked);
  free(self->columns);
  free(self->pairs.left);
  free(self->pairs.right);
  free(self);
}

static void lookup_reserve(struct lookup *self, uint32_t rows)
{
  if (rows < WR_BATCH_ROWS)
    rows = WR_BATCH_ROWS;
  if (rows <= self->capacity)
    return;
  self->capacity = rows;
  self->hashes = wr_memory_resize(self->hashes, rows * sizeof *self->hashes);
  self->found = wr_memory_resize(self->found, rows * sizeof *self->found);
  self->at = wr_memory_resize(self->at, rows * sizeof *self->at);
  self->matched = wr_memory_resize(self->matched, rows * sizeof *self->matched);
  self->picked = wr_memory_resize(self->picked, (rows + 64) * sizeof *self->picked);
}

/* ---- both sides */

/* The columns of these rows of the table behind those of the left side. */
static void lookup_gather(struct lookup *self, const uint32_t *numbers, uint32_t count)
{
  uint32_t before = self->spec->input_schema->column_count;
  struct wr_batch wanted = self->table, gathered;
  wanted.picked = numbers;
  wanted.picked_count = count;
  wr_batch_compact(&self->right, &wanted, self->wanted, &gathered);
  uint32_t visible = self->spec->schema->column_count - before;
  if (visible)
    memcpy(self->columns + before, gathered.columns, visible * sizeof *self->columns);
}

static void lookup_put_left(struct lookup *self, const struct wr_batch *left)
{
  uint32_t before = self->spec->input_schema->column_count;
  if (before)
    memcpy(self->columns, left->columns, before * sizeof *self->columns);
}

/* Rows of a batch for which the condition is TRUE, into self->picked; returns how many. */
static uint32_t lookup_pick(struct lookup *self, const struct wr_batch *rows)
{
  struct wr_evaluation evaluation;
  uint32_t count = wr_evaluator_pick(self->evaluator, rows, self->picked, &evaluation);
  for (uint32_t i = 0; i < evaluation.failure_count; i++)
    wr_operator_reject(&self->op, rows, evaluation.failures[i].row, WR_REJECT_VALUE, "%s",
                       evaluation.failures[i].message);
  return count;
}

/* ---- a match or none for each row */

/* Narrows rows, all of which have a match, to those that the condition lets through. outer: the
 * others stay, but lose their match. at: per row. */
static void lookup_judge(struct lookup *self, const uint32_t *at, struct wr_batch *rows)
{
  uint32_t count = lookup_pick(self, rows);
  if (self->spec->outer && count < rows->picked_count) {
    uint32_t *kept = at == self->found ? self->at : self->found;
    memset(kept, 0, rows->row_count * sizeof *kept);
    for (uint32_t i = 0; i < count; i++)
      kept[self->picked[i]] = at[self->picked[i]];
    lookup_gather(self, kept, rows->row_count);
  }
  rows->picked = self->picked;
  rows->picked_count = count;
}

/* rows: those of the batch, all of which count; narrowed to those with a match. */
static void lookup_narrow(struct lookup *self, const uint32_t *at, struct wr_batch *rows)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < rows->picked_count; i++) {
    uint32_t row = wr_batch_row(rows, i);
    self->matched[count] = row;
    count += at[row] != 0;
  }
  rows->picked = self->matched;
  rows->picked_count = count;
}

static enum wr_code lookup_aligned(struct lookup *self, const struct wr_batch *batch,
                                   uint32_t matched, struct wr_error *err)
{
  struct wr_batch rows = *batch;
  uint32_t *at = batch->picked ? self->at : self->found;
  if (batch->picked) {
    memset(at, 0, batch->row_count * sizeof *at);
    for (uint32_t i = 0; i < batch->picked_count; i++)
      at[batch->picked[i]] = self->found[i];
  }
  lookup_gather(self, at, batch->row_count);
  lookup_put_left(self, batch);
  rows.schema = self->spec->schema;
  rows.columns = self->columns;
  if (matched < batch->picked_count && (self->evaluator || !self->spec->outer))
    lookup_narrow(self, at, &rows);
  if (self->evaluator)
    lookup_judge(self, at, &rows);
  if (self->spec->outer) {
    rows.picked = batch->picked;
    rows.picked_count = batch->picked_count;
  }
  return wr_emit_batch(&self->op, &rows, err);
}

/* ---- several matches */

/* Of pairs that wait: those that come out, into self->matched. The one with NULLs that stands
 * behind all others of its row comes out if none of them does. */
static void pairs_judge(struct lookup *self, struct wr_batch *rows)
{
  struct lookup_pairs *pairs = &self->pairs;
  uint32_t count = 0, kept = 0, next = 0;
  for (uint32_t p = 0; p < pairs->count; p++)
    if (pairs->right[p])
      self->matched[count++] = p;
  rows->picked = self->matched;
  rows->picked_count = count;
  count = lookup_pick(self, rows);
  for (uint32_t p = 0; p < pairs->count; p++) {
    bool comes_out;
    if (pairs->right[p]) {
      comes_out = next < count && self->picked[next] == p;
      next += comes_out;
    } else {
      comes_out = !pairs->has_row || pairs->row != pairs->left[p];
    }
    self->matched[kept] = p;
    kept += comes_out;
    pairs->has_row = pairs->has_row || comes_out;
    pairs->row = comes_out ? pairs->left[p] : pairs->row;
  }
  rows->picked_count = kept;
}

/* Emits the pairs that wait. batch: what the left ones are rows of. */
static enum wr_code pairs_emit(struct lookup *self, const struct wr_batch *batch,
                               struct wr_error *err)
{
  struct lookup_pairs *pairs = &self->pairs;
  struct wr_batch repeated = *batch, rows;
  if (pairs->count == 0)
    return WR_OK;
  repeated.picked = pairs->left;
  repeated.picked_count = pairs->count;
  wr_batch_compact(&self->left, &repeated, self->spec->used, &rows);
  lookup_gather(self, pairs->right, pairs->count);
  lookup_put_left(self, &rows);
  rows.schema = self->spec->schema;
  rows.columns = self->columns;
  if (self->evaluator)
    pairs_judge(self, &rows);
  pairs->count = 0;
  return wr_emit_batch(&self->op, &rows, err);
}

static enum wr_code pairs_add(struct lookup *self, const struct wr_batch *batch, uint32_t left,
                              uint32_t right, struct wr_error *err)
{
  struct lookup_pairs *pairs = &self->pairs;
  pairs->left[pairs->count] = left;
  pairs->right[pairs->count] = right;
  return ++pairs->count < WR_BATCH_ROWS ? WR_OK : pairs_emit(self, batch, err);
}

static enum wr_code lookup_pairs(struct lookup *self, const struct wr_batch *batch,
                                 struct wr_error *err)
{
  enum wr_code code = WR_OK;
  self->pairs.has_row = false;
  for (uint32_t i = 0; i < batch->picked_count && code == WR_OK; i++) {
    uint32_t left = wr_batch_row(batch, i), right = self->found[i];
    bool may_lack = self->spec->outer && (self->evaluator || right == 0);
    for (; right && code == WR_OK; right = wr_reference_rows_next(self->rows, right))
      code = pairs_add(self, batch, left, right, err);
    if (may_lack && code == WR_OK)
      code = pairs_add(self, batch, left, 0, err);
  }
  return code == WR_OK ? pairs_emit(self, batch, err) : code;
}

/* ---- whether there is a match */

/* Rows of pairs that the condition lets through get a mark. */
static void half_mark(struct lookup *self, const struct wr_batch *batch)
{
  struct lookup_pairs *pairs = &self->pairs;
  struct wr_batch repeated = *batch, rows;
  if (pairs->count == 0)
    return;
  repeated.picked = pairs->left;
  repeated.picked_count = pairs->count;
  wr_batch_compact(&self->left, &repeated, self->spec->used, &rows);
  lookup_gather(self, pairs->right, pairs->count);
  lookup_put_left(self, &rows);
  rows.schema = self->spec->schema;
  rows.columns = self->columns;
  uint32_t count = lookup_pick(self, &rows);
  for (uint32_t i = 0; i < count; i++)
    self->at[pairs->left[self->picked[i]]] = 1;
  pairs->count = 0;
}

/* Marks rows of the batch that have a match, in self->at. */
static void half_find(struct lookup *self, const struct wr_batch *batch)
{
  struct lookup_pairs *pairs = &self->pairs;
  memset(self->at, 0, batch->row_count * sizeof *self->at);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t left = wr_batch_row(batch, i), right = self->found[i];
    if (!self->evaluator)
      self->at[left] = right != 0;
    for (; right && self->evaluator; right = wr_reference_rows_next(self->rows, right)) {
      pairs->left[pairs->count] = left;
      pairs->right[pairs->count] = right;
      if (++pairs->count == WR_BATCH_ROWS)
        half_mark(self, batch);
    }
  }
  half_mark(self, batch);
}

static enum wr_code lookup_half(struct lookup *self, const struct wr_batch *batch,
                                struct wr_error *err)
{
  struct wr_batch rows = *batch;
  uint32_t count = 0;
  half_find(self, batch);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    self->matched[count] = row;
    count += (self->at[row] != 0) != self->spec->negated;
  }
  if (count == 0)
    return WR_OK;
  memset(self->found, 0, batch->row_count * sizeof *self->found);
  lookup_gather(self, self->found, batch->row_count);
  lookup_put_left(self, batch);
  rows.schema = self->spec->schema;
  rows.columns = self->columns;
  rows.picked = self->matched;
  rows.picked_count = count;
  return wr_emit_batch(&self->op, &rows, err);
}

static enum wr_code lookup_on_batch(struct wr_operator *op, uint32_t input,
                                    const struct wr_batch *batch, struct wr_error *err)
{
  struct lookup *self = (struct lookup *)op;
  assert(input == 0 && self->pairs.count == 0);
  (void)input;
  lookup_refresh(self);
  lookup_reserve(self, batch->row_count);
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    self->keys[k] = &batch->columns[self->spec->keys[k]];
  struct wr_reference_found found = wr_reference_rows_find(
      self->rows, self->keys, batch->picked, batch->picked_count, self->hashes, self->found);
  if (self->spec->half)
    return lookup_half(self, batch, err);
  uint32_t leaving = self->spec->outer ? batch->picked_count : found.matched;
  if (leaving == 0)
    return WR_OK;
  if (found.several || leaving < batch->row_count / LOOKUP_SPARSE)
    return lookup_pairs(self, batch, err);
  return lookup_aligned(self, batch, found.matched, err);
}

const struct wr_operator_class wr_operator_class_lookup = {
    .name = "LookupJoin",
    .open = lookup_open,
    .on_batch = lookup_on_batch,
    .on_timer = lookup_on_timer,
    .finish = lookup_finish,
    .close = lookup_close,
};
