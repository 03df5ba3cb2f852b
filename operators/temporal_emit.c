/* SPDX-License-Identifier: Apache-2.0 */
/*
 * temporal_join: rows of the left that meet their versions and leave, some thousand at once. Each
 * has one version at most, so the columns of the right are laid beside those of the left, row by
 * row; where there is none, some other version stands there and the row is not picked, or is told
 * to be NULL.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "operators/temporal_state.h"

void wr_temporal_emit_open(struct wr_temporal_join *self)
{
  const struct wr_schema *pairs = self->spec->pair_schema, *right = self->spec->sides[1].schema;
  uint32_t before = self->spec->sides[0].schema->column_count;
  assert(pairs->column_count == before + right->column_count);
  self->builders = wr_memory_get_zero((right->column_count + 1) * sizeof *self->builders);
  self->columns = WR_NEW_ARRAY(&self->forever, struct wr_column, pairs->column_count + 1);
  self->nulls = WR_NEW_ARRAY(&self->forever, struct wr_column, right->column_count + 1);
  for (uint32_t c = 0; c < right->column_count; c++) {
    wr_builder_open(&self->builders[c], right->fields[c].type);
    self->nulls[c] = wr_column_null(&self->forever, right->fields[c].type);
  }
  self->picked = WR_NEW_ARRAY(&self->forever, uint32_t, WR_BATCH_ROWS + 64);
  if (self->spec->condition)
    self->evaluator = wr_evaluator_new(&self->spec->condition, 1);
}

void wr_temporal_emit_close(struct wr_temporal_join *self)
{
  for (uint32_t c = 0; c < self->spec->sides[1].schema->column_count; c++)
    wr_builder_close(&self->builders[c]);
  free(self->builders);
  if (self->evaluator)
    wr_evaluator_free(self->evaluator);
}

/* The rows of a batch and the versions that they have. */
struct temporal_pairs {
  const struct wr_batch *rows;
  const struct wr_over_item *items;
  uint64_t *addresses; /* per row */
  uint64_t *has;       /* a bit per row */
  uint32_t *matched;   /* rows that have one */
  uint32_t matched_count;
};

static void pairs_find(struct wr_temporal_join *self, struct temporal_pairs *pairs)
{
  uint32_t count = pairs->rows->row_count;
  uint32_t *all = wr_arena_get(&self->arena, (count + 1) * sizeof *all);
  pairs->addresses = wr_arena_get(&self->arena, (count + 1) * sizeof *pairs->addresses);
  pairs->matched = wr_arena_get(&self->arena, (count + 1) * sizeof *pairs->matched);
  pairs->has =
      wr_arena_get_zero(&self->arena, wr_bit_words(count) * sizeof *pairs->has + WR_PADDING);
  for (uint32_t i = 0; i < count; i++) {
    all[i] = i;
    pairs->addresses[i] = WR_TEMPORAL_NONE;
  }
  const struct wr_temporal_rows keyed = wr_temporal_hash(self, 0, pairs->rows, all, count);
  struct wr_probe probe;
  wr_table_probe(self->table, self->key_columns, keyed.rows, keyed.hashes, keyed.count,
                 WR_PROBE_FIND, &probe);
  for (uint32_t i = 0; i < keyed.count; i++) {
    uint32_t row = keyed.rows[i];
    if (!probe.entries[i])
      continue;
    uint64_t address = wr_temporal_find(self, wr_temporal_key_of(self, probe.entries[i]),
                                        pairs->items[row].time_us, pairs->items[row].release_us);
    if (address == WR_TEMPORAL_NONE)
      continue;
    pairs->addresses[row] = address;
    wr_bit_set(pairs->has, row);
    pairs->matched[pairs->matched_count++] = row;
  }
}

/* Rows of INNER that come behind the watermark, and whose version may be forgotten. */
static void pairs_tell_late(struct wr_temporal_join *self, const struct temporal_pairs *pairs)
{
  for (uint32_t i = 0; i < pairs->rows->row_count; i++)
    if (pairs->items[i].release_us > pairs->items[i].time_us && !wr_bit_get(pairs->has, i))
      wr_operator_reject(&self->op, pairs->rows, i, WR_REJECT_LATE,
                         "the row is late: there is no version for its time any more");
}

/* The columns of the right; rows without a version have any. */
static void pairs_gather(struct wr_temporal_join *self, const struct temporal_pairs *pairs)
{
  uint32_t before = self->spec->sides[0].schema->column_count, count = pairs->rows->row_count;
  const bool *used = self->spec->used;
  uint64_t any = pairs->addresses[pairs->matched[0]];
  for (uint32_t i = 0; i < count; i++)
    pairs->addresses[i] = pairs->addresses[i] == WR_TEMPORAL_NONE ? any : pairs->addresses[i];
  for (uint32_t c = 0; c < self->spec->sides[1].schema->column_count; c++) {
    self->columns[before + c] = self->nulls[c];
    if (!used[before + c])
      continue;
    wr_builder_reset(&self->builders[c]);
    wr_kept_rows_gather(&self->kept, pairs->addresses, count, c, &self->builders[c]);
    self->columns[before + c] = wr_builder_view(&self->builders[c]);
  }
}

/* Narrows the matches to those that the condition lets through. */
static void pairs_ask(struct wr_temporal_join *self, struct temporal_pairs *pairs,
                      const struct wr_batch *rows)
{
  struct wr_batch asked = *rows;
  struct wr_evaluation evaluation;
  asked.schema = self->spec->pair_schema;
  asked.picked = pairs->matched;
  asked.picked_count = pairs->matched_count;
  uint32_t count = wr_evaluator_pick(self->evaluator, &asked, self->picked, &evaluation);
  for (uint32_t i = 0; i < evaluation.failure_count; i++)
    wr_operator_reject(&self->op, &asked, evaluation.failures[i].row, WR_REJECT_VALUE, "%s",
                       evaluation.failures[i].message);
  memset(pairs->has, 0, wr_bit_words(rows->row_count) * sizeof *pairs->has);
  for (uint32_t i = 0; i < count; i++)
    wr_bit_set(pairs->has, self->picked[i]);
  memcpy(pairs->matched, self->picked, count * sizeof *pairs->matched);
  pairs->matched_count = count;
}

/* The column with NULLs in the rows that have no bit. */
static struct wr_column pairs_mask(struct wr_temporal_join *self, const struct wr_column *column,
                                   const uint64_t *has, uint32_t count)
{
  struct wr_column out = *column;
  if (column->constant)
    return out; /* nobody reads it */
  uint64_t *valid =
      wr_arena_get_zero(&self->arena, wr_bit_words(count) * sizeof *valid + WR_PADDING);
  for (uint32_t w = 0; w < wr_bit_words(count); w++)
    valid[w] = column->valid ? column->valid[w] & has[w] : has[w];
  out.valid = valid;
  if (column->type->kind != WR_ROW)
    return out;
  struct wr_column *children =
      WR_NEW_ARRAY(&self->arena, struct wr_column, column->type->field_count);
  for (uint32_t f = 0; f < column->type->field_count; f++)
    children[f] = pairs_mask(self, &column->children[f], has, count);
  out.children = children;
  return out;
}

/* What rows that leave know of the watermark, as those of an OVER do: late ones are judged below as
 * they were here. */
static const int64_t *pairs_arrived(struct wr_temporal_join *self,
                                    const struct temporal_pairs *pairs)
{
  uint32_t count = pairs->rows->row_count;
  int64_t *arrived_us = wr_arena_get(&self->arena, count * sizeof *arrived_us + WR_PADDING);
  for (uint32_t i = 0; i < count; i++)
    arrived_us[i] = pairs->items[i].release_us > pairs->items[i].time_us
                        ? pairs->items[i].release_us - 1
                        : WR_TIME_NONE;
  return arrived_us;
}

enum wr_code wr_temporal_emit(struct wr_temporal_join *self, const struct wr_batch *rows,
                              const struct wr_over_item *items, struct wr_error *err)
{
  const struct wr_temporal_join_spec *spec = self->spec;
  uint32_t before = spec->sides[0].schema->column_count, count = rows->row_count;
  struct temporal_pairs pairs = {.rows = rows, .items = items};
  assert(count <= WR_BATCH_ROWS && !rows->picked);
  wr_arena_reset(&self->arena);
  pairs_find(self, &pairs);
  if (!spec->outer)
    pairs_tell_late(self, &pairs);
  memcpy(self->columns, rows->columns, before * sizeof *self->columns);
  memcpy(self->columns + before, self->nulls,
         spec->sides[1].schema->column_count * sizeof *self->columns);
  struct wr_batch out = {.schema = spec->schema,
                         .columns = self->columns,
                         .row_count = count,
                         .picked_count = count,
                         .change = rows->change,
                         .arrived_us = pairs_arrived(self, &pairs),
                         .others_us = WR_TIME_END,
                         .now_us = self->now_us};
  if (pairs.matched_count) {
    pairs_gather(self, &pairs);
    if (self->evaluator)
      pairs_ask(self, &pairs, &out);
  }
  if (!spec->outer) {
    out.picked = pairs.matched;
    out.picked_count = pairs.matched_count;
  } else if (pairs.matched_count < count) {
    for (uint32_t c = before; c < spec->pair_schema->column_count; c++)
      self->columns[c] = pairs_mask(self, &self->columns[c], pairs.has, count);
  }
  return wr_emit_batch(&self->op, &out, err);
}
