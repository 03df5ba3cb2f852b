/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join: rows going out. Which rows make a pair is noted as numbers and addresses; when there are as
 * many as a batch may have, their columns are put together, and the condition is asked about all of
 * them at once. What a batch changes leaves in this order:
 *
 *   pairs of rows that are taken back       are taken back
 *   rows that had none and now have one     lose their NULLs: are taken back
 *   pairs of rows that come                 come
 *   rows that had some and now have none    come with NULLs
 *
 * Without a condition all rows of a key have the same matches, so that its counts before and behind
 * the batch say all; with one, or where matches go by themselves, each row has a number of them.
 * SEMI and ANTI give rows of the left alone in the same way, as they come or when their first match
 * comes or their last one goes.
 *
 * Where times say how long rows wait, they leave with NULLs once, when that is over: at once, if
 * nothing is waited for.
 */
#include <assert.h>
#include <stdlib.h>

#include "operators/join_steps.h"

#define JOIN_AHEAD 8 /* entries whose memory is on its way while one is worked on */

/* ---- life */

void wr_join_output_open(struct wr_join *self)
{
  const struct wr_schema *pairs = self->spec->pair_schema;
  uint32_t count = pairs->column_count;
  self->builders = wr_memory_get_zero((count + 1) * sizeof *self->builders);
  self->others = wr_memory_get_zero((count + 1) * sizeof *self->others);
  self->columns = WR_NEW_ARRAY(&self->forever, struct wr_column, count + 1);
  self->alone = WR_NEW_ARRAY(&self->forever, struct wr_column, count + 1);
  self->nulls = WR_NEW_ARRAY(&self->forever, struct wr_column, count + 1);
  for (uint32_t c = 0; c < count; c++) {
    wr_builder_open(&self->builders[c], pairs->fields[c].type);
    wr_builder_open(&self->others[c], pairs->fields[c].type);
    self->nulls[c] = wr_column_null(&self->forever, pairs->fields[c].type);
  }
  self->pairs.rows = WR_NEW_ARRAY(&self->forever, uint32_t, WR_BATCH_ROWS);
  self->pairs.numbers = WR_NEW_ARRAY(&self->forever, uint32_t, WR_BATCH_ROWS);
  for (uint32_t s = 0; s < 2; s++)
    self->pairs.addresses[s] = WR_NEW_ARRAY(&self->forever, uint64_t, WR_BATCH_ROWS);
  self->pairs.picked = WR_NEW_ARRAY(&self->forever, uint32_t, WR_BATCH_ROWS + 64);
  self->taken_back = WR_NEW_ARRAY(&self->forever, uint8_t, WR_BATCH_ROWS + WR_PADDING);
  memset(self->taken_back, WR_DELETE, WR_BATCH_ROWS);
  if (self->spec->condition)
    self->evaluator = wr_evaluator_new(&self->spec->condition, 1);
}

void wr_join_output_close(struct wr_join *self)
{
  for (uint32_t c = 0; c < self->spec->pair_schema->column_count; c++) {
    wr_builder_close(&self->builders[c]);
    wr_builder_close(&self->others[c]);
  }
  free(self->builders);
  free(self->others);
  free(self->lost);
  wr_compactor_close(&self->compactor);
  if (self->evaluator)
    wr_evaluator_free(self->evaluator);
}

/* ---- columns */

static uint32_t side_first(const struct wr_join *self, uint32_t side)
{
  return side ? self->spec->sides[0].schema->column_count : 0;
}

/* Columns of kept rows. */
static void join_gather(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                        uint32_t count, struct wr_builder *builders, struct wr_column *columns)
{
  uint32_t first = side_first(self, side);
  for (uint32_t c = 0; c < self->spec->sides[side].schema->column_count; c++) {
    if (!self->spec->used[first + c]) {
      columns[first + c] = self->nulls[first + c];
      continue;
    }
    wr_builder_reset(&builders[first + c]);
    wr_kept_rows_gather(&self->sides[side].kept, addresses, count, c, &builders[first + c]);
    columns[first + c] = wr_builder_view(&builders[first + c]);
  }
}

/* Columns of rows of the batch. */
static void join_pick(struct wr_join *self, const uint32_t *rows, uint32_t count,
                      struct wr_column *columns)
{
  uint32_t first = side_first(self, self->in.side);
  struct wr_batch batch = *self->in.batch, out;
  batch.picked = rows;
  batch.picked_count = count;
  batch.change = NULL;
  batch.arrived_us = NULL;
  wr_batch_compact(&self->compactor, &batch, self->spec->used + first, &out);
  memcpy(columns + first, out.columns, batch.schema->column_count * sizeof *columns);
}

/* NULLs for the columns of a side. */
static void join_pad(struct wr_join *self, uint32_t side, struct wr_column *columns)
{
  uint32_t first = side_first(self, side);
  memcpy(columns + first, self->nulls + first,
         self->spec->sides[side].schema->column_count * sizeof *columns);
}

static struct wr_batch join_batch(const struct wr_join *self, const struct wr_column *columns,
                                  uint32_t count, bool take_back)
{
  return (struct wr_batch){.schema = self->spec->schema,
                           .columns = columns,
                           .row_count = count,
                           .picked_count = count,
                           .change = take_back ? self->taken_back : NULL,
                           .others_us = WR_TIME_END,
                           .now_us = self->now_us};
}

/* ---- rows that leave alone */

/* Kept rows: with NULLs beside them, or of SEMI and ANTI. */
static enum wr_code emit_alone(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                               uint32_t count, bool take_back, struct wr_error *err)
{
  assert(count <= WR_BATCH_ROWS);
  if (count == 0)
    return WR_OK;
  join_gather(self, side, addresses, count, self->others, self->alone);
  if (!wr_join_is_half(self->spec->kind))
    join_pad(self, !side, self->alone);
  struct wr_batch rows = join_batch(self, self->alone, count, take_back);
  return wr_emit_batch(&self->op, &rows, err);
}

/* The same of rows of the batch. */
static enum wr_code emit_own(struct wr_join *self, const uint32_t *rows, uint32_t count,
                             bool take_back, struct wr_error *err)
{
  const struct wr_join_input *in = &self->in;
  if (count == 0)
    return WR_OK;
  if (!wr_join_is_half(self->spec->kind)) {
    join_pick(self, rows, count, self->alone);
    join_pad(self, !in->side, self->alone);
    struct wr_batch padded = join_batch(self, self->alone, count, take_back);
    padded.arrived_us = wr_join_arrived(self, rows, count);
    return wr_emit_batch(&self->op, &padded, err);
  }
  struct wr_batch same = join_batch(self, in->batch->columns, in->batch->row_count, take_back);
  same.picked = rows;
  same.picked_count = count;
  return wr_emit_batch(&self->op, &same, err);
}

/* What becomes of rows of a side that have their first match now, or none any more: whether they
 * are taken back. */
static bool join_takes_back(const struct wr_join *self, bool matched)
{
  return matched != (self->spec->kind == WR_JOIN_SEMI);
}

/* All rows of keys that have matches now, or none any more. */
static enum wr_code emit_keys(struct wr_join *self, bool matched, struct wr_error *err)
{
  uint32_t other = !self->in.side, count = 0;
  uint64_t *addresses = self->pairs.addresses[other];
  bool take_back = join_takes_back(self, matched);
  enum wr_code code = WR_OK;
  for (uint32_t t = 0; t < self->touched_count && code == WR_OK; t++) {
    const struct wr_join_touched *touched = &self->touched[t];
    if ((touched->before == 0) == (touched->after == 0) || (touched->after > 0) != matched)
      continue;
    const uint64_t *list = wr_join_list(touched->entry, other);
    for (uint32_t i = 0; i < touched->entry->counts[other] && code == WR_OK; i++) {
      addresses[count++] = list[i];
      if (count < WR_BATCH_ROWS)
        continue;
      code = emit_alone(self, other, addresses, count, take_back, err);
      count = 0;
    }
  }
  return code == WR_OK ? emit_alone(self, other, addresses, count, take_back, err) : code;
}

/* ---- numbers of matches */

static void join_lose(struct wr_join *self, uint64_t address)
{
  if (self->lost_count == self->lost_room) {
    self->lost_room = self->lost_room ? 2 * self->lost_room : 1024;
    self->lost = wr_memory_resize(self->lost, self->lost_room * sizeof *self->lost);
  }
  self->lost[self->lost_count++] = address;
}

/* Notes the matches that the pairs are, or were. Rows of the other side that have their first one,
 * and were given before, are put into `won`; how many. */
static uint32_t join_note(struct wr_join *self, const struct wr_batch *pairs, bool take_back,
                          uint64_t *won)
{
  struct wr_join_rows *others = &self->sides[!self->in.side];
  uint32_t count = 0;
  for (uint32_t i = 0; i < pairs->picked_count; i++) {
    uint32_t at = wr_batch_row(pairs, i);
    self->in.matches[self->pairs.numbers[at]]++;
    if (!others->has_matches)
      continue;
    uint64_t address = self->pairs.addresses[!self->in.side][at];
    uint32_t *matches = wr_join_matches(others, address);
    wr_join_matches_change(self, others, address);
    if (!take_back) {
      if (*matches == 0 && !self->spec->by_time)
        won[count++] = address;
      *matches = *matches == WR_JOIN_LOST ? 1 : *matches + 1;
    } else if (*matches > 0 && --*matches == 0) { /* without state for it there may be too few */
      *matches = WR_JOIN_LOST;
      join_lose(self, address);
    }
  }
  return count;
}

/* Rows of the other side that have lost their last match, and found no other. */
static enum wr_code emit_lost(struct wr_join *self, struct wr_error *err)
{
  uint32_t other = !self->in.side, count = 0;
  uint64_t *addresses = self->pairs.addresses[other];
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < self->lost_count; i++) {
    uint32_t *matches = wr_join_matches(&self->sides[other], self->lost[i]);
    if (*matches != WR_JOIN_LOST)
      continue;
    *matches = 0;
    addresses[count++] = self->lost[i];
    if (count < WR_BATCH_ROWS)
      continue;
    if (code == WR_OK)
      code = emit_alone(self, other, addresses, count, join_takes_back(self, false), err);
    count = 0;
  }
  self->lost_count = 0;
  return code == WR_OK
             ? emit_alone(self, other, addresses, count, join_takes_back(self, false), err)
             : code;
}

/* ---- pairs */

static void join_ask(struct wr_join *self, struct wr_batch *pairs)
{
  struct wr_evaluation evaluation;
  uint32_t count = wr_evaluator_pick(self->evaluator, pairs, self->pairs.picked, &evaluation);
  for (uint32_t i = 0; i < evaluation.failure_count; i++)
    wr_operator_reject(&self->op, pairs, evaluation.failures[i].row, WR_REJECT_VALUE, "%s",
                       evaluation.failures[i].message);
  if (count < pairs->picked_count)
    pairs->picked = self->pairs.picked;
  pairs->picked_count = count;
}

static enum wr_code pairs_flush(struct wr_join *self, bool take_back, struct wr_error *err)
{
  struct wr_join_pairs *pairs = &self->pairs;
  uint32_t side = self->in.side, count = pairs->count, won_count = 0;
  uint64_t won[WR_BATCH_ROWS];
  pairs->count = 0;
  if (count == 0)
    return WR_OK;
  join_pick(self, pairs->rows, count, self->columns);
  join_gather(self, !side, pairs->addresses[!side], count, self->builders, self->columns);
  struct wr_batch rows = join_batch(self, self->columns, count, take_back);
  rows.arrived_us = wr_join_pairs_arrived(self, pairs->rows, pairs->addresses[!side], count);
  if (self->evaluator) {
    rows.schema = self->spec->pair_schema;
    join_ask(self, &rows);
    rows.schema = self->spec->schema;
  }
  if (self->counts)
    won_count = join_note(self, &rows, take_back, won);
  enum wr_code code = emit_alone(self, !side, won, won_count, join_takes_back(self, true), err);
  if (code || wr_join_is_half(self->spec->kind))
    return code;
  return wr_emit_batch(&self->op, &rows, err);
}

/* Brings what row i looks at into the cache: its entry, later the list there. */
static inline void pairs_fetch(const struct wr_join *self, uint32_t i, uint32_t end)
{
  char *const *entries = self->in.entries;
  if (i + 2 * JOIN_AHEAD < end && entries[i + 2 * JOIN_AHEAD])
    __builtin_prefetch(entries[i + 2 * JOIN_AHEAD] + self->entry_at);
  if (i + JOIN_AHEAD < end && entries[i + JOIN_AHEAD])
    __builtin_prefetch(
        wr_join_list(wr_join_entry_of(self, entries[i + JOIN_AHEAD]), !self->in.side));
}

/* Rows first .. end - 1 of the input with all rows of the other side that have their keys. */
static enum wr_code emit_pairs(struct wr_join *self, uint32_t first, uint32_t end, bool take_back,
                               struct wr_error *err)
{
  const struct wr_join_input *in = &self->in;
  struct wr_join_pairs *pairs = &self->pairs;
  uint32_t other = !in->side;
  uint64_t *addresses = pairs->addresses[other];
  bool may_miss = wr_join_may_miss(self);
  enum wr_code code = WR_OK;
  for (uint32_t i = first; i < end && code == WR_OK; i++) {
    pairs_fetch(self, i, end);
    if (!in->entries[i])
      continue;
    const struct wr_join_entry *entry = wr_join_entry_of(self, in->entries[i]);
    const uint64_t *list = wr_join_list(entry, other);
    for (uint32_t k = 0; k < entry->counts[other] && code == WR_OK; k++) {
      if (may_miss && !wr_join_may_meet(self, in->rows[i], list[k]))
        continue;
      pairs->rows[pairs->count] = in->rows[i];
      pairs->numbers[pairs->count] = i;
      addresses[pairs->count] = list[k];
      if (++pairs->count < WR_BATCH_ROWS)
        continue;
      code = pairs_flush(self, take_back, err);
      if (!wr_operator_needs_rows(&self->op))
        return code;
    }
  }
  return code == WR_OK ? pairs_flush(self, take_back, err) : code;
}

/* ---- rows of the batch by themselves */

static bool row_is_matched(const struct wr_join *self, uint32_t i)
{
  const struct wr_join_input *in = &self->in;
  if (in->matches)
    return in->matches[i] > 0;
  return in->entries[i] && wr_join_entry_of(self, in->entries[i])->counts[!in->side] > 0;
}

/* Those of rows first .. end - 1 that leave alone, and rows without a key. */
static enum wr_code emit_rows(struct wr_join *self, bool take_back, struct wr_error *err)
{
  const struct wr_join_input *in = &self->in;
  bool matched = self->spec->kind == WR_JOIN_SEMI;
  uint32_t first = take_back ? 0 : in->gone_count, end = take_back ? in->gone_count : in->row_count;
  uint32_t *rows = wr_arena_get(&self->arena, (end - first + 1) * sizeof *rows), count = 0;
  if (!wr_join_asks(self->spec->kind, in->side))
    return WR_OK;
  if (self->spec->by_time && wr_join_keeps(self, in->side))
    end = first; /* they wait */
  for (uint32_t i = first; i < end; i++) {
    rows[count] = in->rows[i];
    count += row_is_matched(self, i) == matched;
  }
  enum wr_code code = emit_own(self, rows, count, take_back, err);
  if (code || matched)
    return code;
  first = take_back ? 0 : in->keyless_gone_count;
  end = take_back ? in->keyless_gone_count : in->keyless_count;
  return emit_own(self, in->keyless + first, end - first, take_back, err);
}

enum wr_code wr_join_emit(struct wr_join *self, struct wr_error *err)
{
  const struct wr_join_input *in = &self->in;
  bool has_pairs = self->counts || !wr_join_is_half(self->spec->kind);
  enum wr_code code = has_pairs ? emit_pairs(self, 0, in->gone_count, true, err) : WR_OK;
  if (code == WR_OK && in->gone_count + in->keyless_gone_count > 0)
    code = emit_rows(self, true, err);
  if (code == WR_OK && self->touched)
    code = emit_keys(self, true, err);
  if (code == WR_OK && has_pairs)
    code = emit_pairs(self, in->gone_count, in->row_count, false, err);
  if (code == WR_OK)
    code = emit_rows(self, false, err);
  if (code == WR_OK && self->touched)
    code = emit_keys(self, false, err);
  return code == WR_OK && self->lost_count ? emit_lost(self, err) : code;
}

enum wr_code wr_join_emit_unmatched(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                                    uint32_t count, struct wr_error *err)
{
  struct wr_join_rows *rows = &self->sides[side];
  uint64_t *alone = wr_arena_get(&self->arena, (count + 1) * sizeof *alone);
  uint32_t alone_count = 0;
  if (!rows->has_matches || !wr_operator_needs_rows(&self->op))
    return WR_OK;
  for (uint32_t i = 0; i < count; i++) {
    alone[alone_count] = addresses[i];
    alone_count += *wr_join_matches(rows, addresses[i]) == 0;
  }
  return emit_alone(self, side, alone, alone_count, false, err);
}

/* ---- after a snapshot was loaded */

static void count_flush(struct wr_join *self)
{
  struct wr_join_pairs *pairs = &self->pairs;
  struct wr_evaluation evaluation;
  uint32_t count = pairs->count;
  if (count == 0)
    return;
  pairs->count = 0;
  for (uint32_t s = 0; s < 2; s++)
    join_gather(self, s, pairs->addresses[s], count, self->builders, self->columns);
  struct wr_batch rows = join_batch(self, self->columns, count, false);
  rows.schema = self->spec->pair_schema;
  if (self->evaluator) {
    rows.picked_count = wr_evaluator_pick(self->evaluator, &rows, pairs->picked, &evaluation);
    rows.picked = pairs->picked;
  }
  for (uint32_t i = 0; i < rows.picked_count; i++)
    for (uint32_t s = 0; s < 2; s++)
      if (self->sides[s].has_matches)
        ++*wr_join_matches(&self->sides[s], pairs->addresses[s][wr_batch_row(&rows, i)]);
}

void wr_join_count(struct wr_join *self)
{
  struct wr_join_pairs *pairs = &self->pairs;
  char **entries = wr_arena_get(&self->arena, WR_BATCH_ROWS * sizeof *entries);
  struct wr_table_cursor cursor = {0};
  uint32_t count;
  assert(self->counts);
  while ((count = wr_table_scan(self->table, &cursor, entries, WR_BATCH_ROWS)) > 0)
    for (uint32_t e = 0; e < count; e++) {
      const struct wr_join_entry *entry = wr_join_entry_of(self, entries[e]);
      const uint64_t *lists[] = {wr_join_list(entry, 0), wr_join_list(entry, 1)};
      for (uint32_t l = 0; l < entry->counts[0]; l++)
        for (uint32_t r = 0; r < entry->counts[1]; r++) {
          pairs->addresses[0][pairs->count] = lists[0][l];
          pairs->addresses[1][pairs->count] = lists[1][r];
          if (++pairs->count == WR_BATCH_ROWS)
            count_flush(self);
        }
    }
  count_flush(self);
}
