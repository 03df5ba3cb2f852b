/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_join: windows coming out. The side with fewer rows becomes a hash table of row numbers, in
 * which the rows of the other side are looked up. Pairs of equal hashes are put together by
 * batches; then their keys are compared and the condition is asked about a batch at once. A bit per
 * row remembers who has found a match. Nothing here is kept from one window to the next.
 *
 * A large window does not fit the caches: what will be looked at soon is fetched ahead.
 *
 *   ends:   | 0 | 2 | 2 | 5 | ...          by hash & mask: where the entries of a bucket end
 *   entries:| hash, row | hash, row | ...  rows of a bucket side by side, in the order they came
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "functions/values.h"
#include "operators/window_join.h"

#define JOIN_AHEAD 16 /* rows whose memory is on its way while one is worked on */

struct join_entry {
  uint64_t hash;
  uint32_t number; /* of the row in its list */
};

/* One side of the window that is being joined. */
struct join_side {
  const struct wr_join_list *list;
  const struct wr_kept_rows *kept;
  uint64_t *hashes;
  uint64_t *keyless; /* bits of rows with a NULL among their keys; NULL: there are none */
  uint64_t *matched; /* bits; NULL: nobody asks */
};

struct join {
  struct wr_window_join *self;
  struct join_side sides[WR_JOIN_SIDES];
  uint32_t build; /* the side in the table */
  struct join_entry *entries;
  uint32_t *ends; /* per bucket; it begins where the one before ends */
  uint64_t mask;
  bool marks;  /* SEMI, ANTI: pairs do not leave, they only tell who has a match */
  bool enough; /* nobody needs further rows */
};

/* ---- values into columns */

/* Columns of one side for these rows; texts stay in the pages. */
static void join_gather(struct wr_window_join *self, uint32_t side, const uint64_t *addresses,
                        uint32_t count)
{
  uint32_t first = side ? self->spec->sides[0].schema->column_count : 0;
  for (uint32_t c = 0; c < self->spec->sides[side].schema->column_count; c++) {
    struct wr_builder *builder = &self->builders[first + c];
    wr_builder_reset(builder);
    wr_kept_rows_gather(&self->kept[side], addresses, count, c, builder);
    self->columns[first + c] = wr_builder_view(builder);
  }
}

static struct wr_batch join_batch(const struct wr_window_join *self, const struct wr_schema *schema,
                                  uint32_t row_count)
{
  return (struct wr_batch){.schema = schema,
                           .columns = self->columns,
                           .row_count = row_count,
                           .picked_count = row_count,
                           .others_us = WR_TIME_END,
                           .now_us = self->now_us};
}

static enum wr_code join_emit(struct join *join, const struct wr_batch *rows, struct wr_error *err)
{
  enum wr_code code = wr_emit_batch(&join->self->op, rows, err);
  join->enough = !wr_operator_needs_rows(&join->self->op);
  return code;
}

/* ---- pairs */

static bool join_keys_equal(const struct join *join, const uint32_t *numbers)
{
  const struct wr_window_join_spec *spec = join->self->spec;
  const struct wr_batch *rows[WR_JOIN_SIDES];
  uint32_t at[WR_JOIN_SIDES];
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++)
    rows[s] = wr_kept_row(join->sides[s].kept, join->sides[s].list->addresses[numbers[s]], &at[s]);
  for (uint32_t k = 0; k < spec->key_count; k++)
    if (!wr_values_equal(&rows[0]->columns[spec->sides[0].keys[k]], at[0],
                         &rows[1]->columns[spec->sides[1].keys[k]], at[1]))
      return false;
  return true;
}

/* Whether key k of a pair that has been put together is equal on both sides. */
static inline bool pair_key_equal(const struct wr_column *left, const struct wr_column *right,
                                  uint32_t i)
{
  if (left->type->physical == WR_I64)
    return ((const int64_t *)left->values)[i] == ((const int64_t *)right->values)[i];
  return wr_values_equal(left, i, right, i);
}

/* Drops pairs whose hashes are equal by accident; true if there were any. */
static bool join_drop_unequal(struct wr_window_join *self)
{
  const struct wr_window_join_spec *spec = self->spec;
  struct wr_join_pairs *pairs = &self->pairs;
  uint32_t kept = 0, count = pairs->count;
  for (uint32_t i = 0; i < count; i++) {
    bool equal = true;
    for (uint32_t k = 0; equal && k < spec->key_count; k++)
      equal = pair_key_equal(
          &self->columns[spec->sides[0].keys[k]],
          &self->columns[spec->sides[0].schema->column_count + spec->sides[1].keys[k]], i);
    for (uint32_t s = 0; equal && kept < i && s < WR_JOIN_SIDES; s++)
      pairs->numbers[s][kept] = pairs->numbers[s][i];
    kept += equal;
  }
  pairs->count = kept;
  return kept < count;
}

/* The columns of the pairs so far, of which the keys are equal. */
static void join_put_together(struct join *join)
{
  struct wr_join_pairs *pairs = &join->self->pairs;
  do {
    for (uint32_t s = 0; s < WR_JOIN_SIDES; s++) {
      const uint64_t *addresses = join->sides[s].list->addresses;
      for (uint32_t i = 0; i < pairs->count; i++)
        pairs->addresses[s][i] = addresses[pairs->numbers[s][i]];
      join_gather(join->self, s, pairs->addresses[s], pairs->count);
    }
  } while (join_drop_unequal(join->self));
}

/* The pairs so far: those that the condition lets through leave or are noted. */
static enum wr_code join_flush(struct join *join, struct wr_error *err)
{
  struct wr_window_join *self = join->self;
  struct wr_join_pairs *pairs = &self->pairs;
  join_put_together(join);
  if (pairs->count == 0)
    return WR_OK;
  struct wr_batch rows = join_batch(self, self->spec->pair_schema, pairs->count);
  if (self->evaluator) {
    struct wr_evaluation evaluation;
    uint32_t count = wr_evaluator_pick(self->evaluator, &rows, pairs->picked, &evaluation);
    for (uint32_t i = 0; i < evaluation.failure_count; i++)
      wr_operator_reject(&self->op, &rows, evaluation.failures[i].row, WR_REJECT_VALUE, "%s",
                         evaluation.failures[i].message);
    if (count < rows.picked_count)
      rows.picked = pairs->picked;
    rows.picked_count = count;
  }
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++)
    for (uint32_t i = 0; join->sides[s].matched && i < rows.picked_count; i++)
      wr_bit_set(join->sides[s].matched, pairs->numbers[s][wr_batch_row(&rows, i)]);
  pairs->count = 0;
  if (join->marks)
    return WR_OK;
  rows.schema = self->spec->schema;
  return join_emit(join, &rows, err);
}

/* A row of the left and one of the right whose hashes are equal. */
static enum wr_code join_add_pair(struct join *join, const uint32_t *numbers, struct wr_error *err)
{
  struct wr_join_pairs *pairs = &join->self->pairs;
  if (join->marks && wr_bit_get(join->sides[0].matched, numbers[0]))
    return WR_OK;
  if (join->marks && !join->self->evaluator) {
    if (join_keys_equal(join, numbers))
      wr_bit_set(join->sides[0].matched, numbers[0]);
    return WR_OK;
  }
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++)
    pairs->numbers[s][pairs->count] = numbers[s];
  return ++pairs->count == WR_BATCH_ROWS ? join_flush(join, err) : WR_OK;
}

/* ---- the table */

/* Hashes of the keys of a side's rows, page by page. */
static void join_hash(struct join *join, uint32_t side)
{
  const struct wr_window_join_spec *spec = join->self->spec;
  struct join_side *of = &join->sides[side];
  const struct wr_column **keys = wr_memory_get((spec->key_count + 1) * sizeof *keys);
  uint32_t rows[WR_BATCH_ROWS];
  of->hashes = wr_memory_get((of->list->count + 1) * sizeof *of->hashes);
  for (uint32_t first = 0, count; first < of->list->count; first += count) {
    const uint64_t *addresses = of->list->addresses + first;
    const struct wr_batch *page = wr_kept_row(of->kept, addresses[0], &rows[0]);
    for (count = 1; first + count < of->list->count && count < WR_BATCH_ROWS &&
                    addresses[count] >> WR_KEPT_ROW_BITS == addresses[0] >> WR_KEPT_ROW_BITS;
         count++)
      rows[count] = addresses[count] & ((1u << WR_KEPT_ROW_BITS) - 1);
    for (uint32_t k = 0; k < spec->key_count; k++)
      keys[k] = &page->columns[spec->sides[side].keys[k]];
    wr_hash_keys(keys, spec->key_count, rows, count, join->self->op.context->hash_seed,
                 of->hashes + first);
    for (uint32_t k = 0; k < spec->key_count; k++) {
      if (!keys[k]->valid)
        continue;
      if (!of->keyless)
        of->keyless = wr_memory_get_zero(wr_bit_words(of->list->count) * sizeof *of->keyless);
      for (uint32_t i = 0; i < count; i++)
        if (wr_column_is_null(keys[k], rows[i]))
          wr_bit_set(of->keyless, first + i);
    }
  }
  free(keys);
}

static bool side_has_key(const struct join_side *side, uint32_t number)
{
  return !side->keyless || !wr_bit_get(side->keyless, number);
}

/* Counts the rows of every bucket, then puts each at its place. */
static void join_build(struct join *join)
{
  const struct join_side *side = &join->sides[join->build];
  uint64_t size = 16;
  while (size < side->list->count)
    size *= 2;
  join->mask = size - 1;
  join->ends = wr_memory_get_zero(size * sizeof *join->ends);
  join->entries = wr_memory_get((side->list->count + 1) * sizeof *join->entries);
  for (uint32_t i = 0; i < side->list->count; i++)
    join->ends[side->hashes[i] & join->mask] += side_has_key(side, i);
  for (uint64_t b = 0, at = 0; b < size; b++) {
    uint32_t count = join->ends[b];
    join->ends[b] = (uint32_t)at;
    at += count;
  }
  for (uint32_t i = 0; i < side->list->count; i++)
    if (side_has_key(side, i))
      join->entries[join->ends[side->hashes[i] & join->mask]++] =
          (struct join_entry){side->hashes[i], i};
}

/* Where the entries of a row's bucket begin. */
static inline uint32_t join_start(const struct join *join, uint64_t hash)
{
  uint64_t bucket = hash & join->mask;
  return bucket ? join->ends[bucket - 1] : 0;
}

/* Looks up every row of the other side. */
static enum wr_code join_probe(struct join *join, struct wr_error *err)
{
  const uint32_t probe = 1 - join->build;
  const struct join_side *side = &join->sides[probe];
  const uint32_t row_count = side->list->count;
  enum wr_code code = WR_OK;
  uint32_t numbers[WR_JOIN_SIDES];
  for (uint32_t i = 0; i < row_count && code == WR_OK && !join->enough; i++) {
    if (i + 2 * JOIN_AHEAD < row_count)
      __builtin_prefetch(&join->ends[side->hashes[i + 2 * JOIN_AHEAD] & join->mask]);
    if (i + JOIN_AHEAD < row_count)
      __builtin_prefetch(&join->entries[join_start(join, side->hashes[i + JOIN_AHEAD])]);
    if (!side_has_key(side, i))
      continue;
    uint64_t hash = side->hashes[i];
    uint32_t end = join->ends[hash & join->mask];
    numbers[probe] = i;
    for (uint32_t at = join_start(join, hash); at < end && code == WR_OK && !join->enough; at++) {
      if (join->entries[at].hash != hash)
        continue;
      numbers[join->build] = join->entries[at].number;
      code = join_add_pair(join, numbers, err);
      if (join->marks && probe == 0 && wr_bit_get(join->sides[0].matched, i))
        break;
    }
  }
  return code == WR_OK ? join_flush(join, err) : code;
}

/* ---- rows that leave alone */

/* Emits the rows of a side that have a match, or have none; other columns, if any, are NULL. */
static enum wr_code join_emit_side(struct join *join, uint32_t s, bool matched,
                                   struct wr_error *err)
{
  struct wr_window_join *self = join->self;
  const struct join_side *side = &join->sides[s];
  uint32_t first = s ? self->spec->sides[0].schema->column_count : 0;
  uint32_t end = first + self->spec->sides[s].schema->column_count;
  uint64_t *addresses = self->pairs.addresses[s];
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < side->list->count && code == WR_OK && !join->enough;) {
    uint32_t count = 0;
    for (; i < side->list->count && count < WR_BATCH_ROWS; i++)
      if (wr_bit_get(side->matched, i) == matched)
        addresses[count++] = side->list->addresses[i];
    if (count == 0)
      break;
    join_gather(self, s, addresses, count);
    for (uint32_t c = 0; c < self->spec->schema->column_count; c++)
      if (c < first || c >= end)
        self->columns[c] = self->nulls[c];
    struct wr_batch rows = join_batch(self, self->spec->schema, count);
    code = join_emit(join, &rows, err);
  }
  return code;
}

enum wr_code wr_window_join_fire(struct wr_window_join *self, const struct wr_join_window *window,
                                 struct wr_error *err)
{
  enum wr_join_kind kind = self->spec->kind;
  struct join join = {.self = self, .marks = kind == WR_JOIN_SEMI || kind == WR_JOIN_ANTI};
  enum wr_code code = WR_OK;
  bool pairs = true;
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++) {
    struct join_side *side = &join.sides[s];
    *side = (struct join_side){.list = &window->sides[s], .kept = &self->kept[s]};
    if (wr_join_keeps(kind, s) || (s == 0 && join.marks))
      side->matched =
          wr_memory_get_zero((wr_bit_words(side->list->count) + 1) * sizeof *side->matched);
    pairs = pairs && side->list->count > 0;
  }
  join.enough = !wr_operator_needs_rows(&self->op);
  if (pairs && !join.enough) {
    for (uint32_t s = 0; s < WR_JOIN_SIDES; s++)
      join_hash(&join, s);
    join.build = window->sides[0].count < window->sides[1].count ? 0 : 1;
    join_build(&join);
    code = join_probe(&join, err);
  }
  for (uint32_t s = 0; s < WR_JOIN_SIDES && code == WR_OK; s++)
    if (wr_join_keeps(kind, s))
      code = join_emit_side(&join, s, false, err);
  if (kind == WR_JOIN_SEMI && code == WR_OK)
    code = join_emit_side(&join, 0, true, err);
  for (uint32_t s = 0; s < WR_JOIN_SIDES; s++) {
    free(join.sides[s].hashes);
    free(join.sides[s].keyless);
    free(join.sides[s].matched);
  }
  free(join.entries);
  free(join.ends);
  return code;
}
