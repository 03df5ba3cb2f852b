/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join: what a batch comes to. Rows of a stream that changes often come and go within one batch, or
 * are taken back to be given again as they were; such pairs change nothing and are left out here.
 * Of what is left all rows that are taken back can be worked on before all that come.
 *
 * Rows of equal content form a class, found by a hash over all columns; of each class the rows that
 * have no opposite yet lie on a stack.
 */
#include <assert.h>

#include "core/hash.h"
#include "functions/values.h"
#include "operators/join_steps.h"

#define NO_ROW UINT32_MAX

/* ---- content */

bool wr_join_rows_equal(const struct wr_join_rows *side, const struct wr_batch *a, uint32_t a_row,
                        const struct wr_batch *b, uint32_t b_row)
{
  for (uint32_t i = 0; i < side->content_count; i++) {
    uint32_t c = side->content[i];
    if (!wr_values_alike(&a->columns[c], a_row, &b->columns[c], b_row))
      return false;
  }
  return true;
}

static uint32_t count_leaves(const struct wr_column *column)
{
  if (column->type->physical != WR_NESTED)
    return 1;
  uint32_t count = 0;
  for (uint32_t f = 0; f < column->type->field_count; f++)
    count += count_leaves(&column->children[f]);
  return count;
}

static uint32_t put_leaves(const struct wr_column *column, const struct wr_column **out)
{
  if (column->type->physical != WR_NESTED) {
    *out = column;
    return 1;
  }
  uint32_t count = 0;
  for (uint32_t f = 0; f < column->type->field_count; f++)
    count += put_leaves(&column->children[f], out + count);
  return count;
}

void wr_join_hash_rows(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                       const uint32_t *rows, uint32_t row_count, uint64_t *hashes)
{
  const struct wr_join_rows *of = &self->sides[side];
  uint32_t count = 0, room = 0;
  for (uint32_t i = 0; i < of->content_count; i++)
    room += count_leaves(&batch->columns[of->content[i]]);
  const struct wr_column **leaves = wr_arena_get(&self->arena, (room + 1) * sizeof *leaves);
  for (uint32_t i = 0; i < of->content_count; i++)
    count += put_leaves(&batch->columns[of->content[i]], leaves + count);
  wr_hash_keys(leaves, count, rows, row_count, self->op.context->hash_seed, hashes);
}

/* ---- opposites */

/* Rows are numbers in a list of them. */
struct fold {
  const struct wr_join_rows *side;
  const struct wr_batch *batch;
  const uint32_t *rows;
  uint64_t *hashes;
  uint32_t *slots; /* by hash: the first row of a class; NO_ROW: free */
  uint32_t mask;
  uint32_t *tops;  /* per first row: the last one without an opposite; NO_ROW: none */
  uint32_t *below; /* per row: the one before it on the stack */
};

static bool fold_takes_back(const struct fold *fold, uint32_t i)
{
  return fold->batch->change[fold->rows[i]] & WR_DELETE;
}

/* The first row of the class of row i. */
static uint32_t fold_class(struct fold *fold, uint32_t i)
{
  uint32_t slot = (uint32_t)fold->hashes[i] & fold->mask;
  for (; fold->slots[slot] != NO_ROW; slot = (slot + 1) & fold->mask) {
    uint32_t first = fold->slots[slot];
    if (fold->hashes[first] == fold->hashes[i] &&
        wr_join_rows_equal(fold->side, fold->batch, fold->rows[first], fold->batch, fold->rows[i]))
      return first;
  }
  fold->slots[slot] = i;
  fold->tops[i] = NO_ROW;
  return i;
}

/* Marks the rows that have no opposite. */
static void fold_rows(struct wr_join *self, const struct wr_batch *batch, uint32_t side,
                      const uint32_t *rows, uint32_t count, uint64_t *stays)
{
  struct wr_arena *arena = &self->arena;
  uint32_t size = 16;
  while (size < 2 * count)
    size *= 2;
  struct fold fold = {.side = &self->sides[side],
                      .batch = batch,
                      .rows = rows,
                      .hashes = wr_arena_get(arena, count * sizeof(uint64_t)),
                      .slots = wr_arena_get(arena, size * sizeof(uint32_t)),
                      .mask = size - 1,
                      .tops = wr_arena_get(arena, count * sizeof(uint32_t)),
                      .below = wr_arena_get(arena, count * sizeof(uint32_t))};
  memset(fold.slots, 0xff, size * sizeof *fold.slots);
  wr_join_hash_rows(self, side, batch, rows, count, fold.hashes);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t *top = &fold.tops[fold_class(&fold, i)];
    if (*top != NO_ROW && fold_takes_back(&fold, *top) != fold_takes_back(&fold, i)) {
      wr_bit_clear(stays, *top);
      *top = fold.below[*top];
    } else {
      wr_bit_set(stays, i);
      fold.below[i] = *top;
      *top = i;
    }
  }
}

/* ---- the batch */

static bool fold_is_keyless(const struct wr_join *self, const struct wr_batch *batch, uint32_t side,
                            uint32_t row)
{
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    if (wr_column_is_null(&batch->columns[self->spec->sides[side].keys[k]], row))
      return true;
  return false;
}

static bool fold_may_be_keyless(const struct wr_join *self, const struct wr_batch *batch,
                                uint32_t side)
{
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    if (batch->columns[self->spec->sides[side].keys[k]].valid)
      return true;
  return false;
}

/* Adds the rows of one kind; keyless ones are kept apart. */
static void fold_collect(struct wr_join *self, const struct wr_batch *batch, uint32_t side,
                         const uint32_t *rows, const uint64_t *stays, uint32_t count, bool gone)
{
  struct wr_join_input *in = &self->in;
  bool has_keyless = fold_may_be_keyless(self, batch, side);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t row = rows[i];
    if (batch->change && ((batch->change[row] & WR_DELETE) != 0) != gone)
      continue;
    if (stays && !wr_bit_get(stays, i))
      continue;
    if (has_keyless && fold_is_keyless(self, batch, side, row))
      in->keyless[in->keyless_count++] = row;
    else
      in->rows[in->row_count++] = row;
  }
}

void wr_join_fold(struct wr_join *self, const struct wr_batch *batch, uint32_t side)
{
  uint32_t count = batch->picked_count;
  uint32_t *rows = wr_arena_get(&self->arena, count * sizeof *rows);
  bool takes_back = false;
  for (uint32_t i = 0; i < count; i++) {
    rows[i] = wr_batch_row(batch, i);
    takes_back = takes_back || (batch->change && batch->change[rows[i]] & WR_DELETE);
  }
  self->in = (struct wr_join_input){.side = side,
                                    .batch = batch,
                                    .rows = wr_arena_get(&self->arena, count * sizeof *rows),
                                    .keyless = wr_arena_get(&self->arena, count * sizeof *rows)};
  uint64_t *stays = NULL;
  if (takes_back) {
    assert(self->spec->sides[side].changes);
    stays = wr_arena_get_zero(&self->arena, (wr_bit_words(count) + 1) * sizeof *stays);
    fold_rows(self, batch, side, rows, count, stays);
    fold_collect(self, batch, side, rows, stays, count, true);
    self->in.gone_count = self->in.row_count;
    self->in.keyless_gone_count = self->in.keyless_count;
  }
  fold_collect(self, batch, side, rows, stays, count, false);
}
