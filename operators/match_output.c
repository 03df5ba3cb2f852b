/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matches leaving: the keys of their partition and their measures, copied, for the rows go. They
 * leave in order of the moment at which they could be told: rows of other partitions, and
 * watermarks that come in smaller steps, do not change it.
 */
#include <assert.h>
#include <stdlib.h>

#include "operators/match_state.h"

void wr_match_output_open(struct wr_match *self)
{
  struct wr_match_output *out = &self->output;
  const struct wr_match_spec *spec = self->spec;
  uint32_t count = spec->schema->column_count;
  assert(count == spec->key_count + spec->measure_count);
  out->builders = wr_memory_get_zero((count + 1) * sizeof *out->builders);
  out->lent = wr_memory_get_zero((count + 1) * sizeof *out->lent);
  out->columns = wr_memory_get_zero((count + 1) * sizeof *out->columns);
  for (uint32_t c = 0; c < count; c++) {
    wr_builder_open(&out->builders[c], spec->schema->fields[c].type);
    wr_builder_open(&out->lent[c], spec->schema->fields[c].type);
  }
}

void wr_match_output_close(struct wr_match *self)
{
  struct wr_match_output *out = &self->output;
  for (uint32_t c = 0; c < self->spec->schema->column_count; c++) {
    wr_builder_close(&out->builders[c]);
    wr_builder_close(&out->lent[c]);
  }
  wr_compactor_close(&out->compactor);
  free(out->builders);
  free(out->lent);
  free(out->columns);
  free(out->leaving);
}

/* ---- matches as rows */

static void output_reserve(struct wr_match_output *out, uint32_t more)
{
  if (out->count + more <= out->room)
    return;
  out->room = 2 * (out->count + more);
  out->leaving = wr_memory_resize(out->leaving, out->room * sizeof *out->leaving);
}

/* Copies what is lent from state into column c of the rows. */
static void output_copy(struct wr_match_output *out, uint32_t c, uint32_t count)
{
  const struct wr_column column = wr_builder_view(&out->lent[c]);
  wr_builder_reserve(&out->builders[c], count);
  for (uint32_t i = 0; i < count; i++)
    wr_builder_put_row(&out->builders[c], &column, i, true);
}

static void output_keys(struct wr_match *self, const struct wr_match_found *found, uint32_t count)
{
  struct wr_match_output *out = &self->output;
  const char **entries = wr_arena_get(&self->values, (count + 1) * sizeof *entries);
  for (uint32_t i = 0; i < count; i++)
    entries[i] = self->probe.entries[self->works[found[i].work].index];
  for (uint32_t k = 0; k < self->spec->key_count; k++) {
    wr_builder_reset(&out->lent[k]);
    wr_builder_reserve(&out->lent[k], count);
    wr_table_key_column(wr_table_space_layout(self->space), k, entries, count, &out->lent[k]);
    output_copy(out, k, count);
  }
}

static void output_measures(struct wr_match *self, const struct wr_match_found *found,
                            uint32_t first, uint32_t count)
{
  struct wr_match_output *out = &self->output;
  struct wr_match_span *spans = wr_arena_get(&self->values, (count + 1) * sizeof *spans);
  uint64_t *failed = wr_arena_get(&self->values, (wr_bit_words(count) + 1) * sizeof *failed);
  for (uint32_t i = 0; i < count; i++)
    spans[i] =
        (struct wr_match_span){.work = &self->works[found[i].work],
                               .branch = wr_match_branch_at(self, self->found_branches, first + i),
                               .begin = found[i].begin,
                               .hand = WR_MATCH_NONE};
  for (uint32_t m = 0; m < self->spec->measure_count; m++) {
    uint32_t c = self->spec->key_count + m;
    memset(failed, 0, wr_bit_words(count) * sizeof *failed);
    wr_builder_reset(&out->lent[c]);
    wr_match_refer(self, &self->spec->measures[m], spans, count, &out->lent[c], failed);
    output_copy(out, c, count);
    for (uint32_t i = 0; i < count; i++)
      if (wr_bit_get(failed, i) && out->leaving[out->count + i].failed == 0)
        out->leaving[out->count + i].failed = m + 1;
  }
}

void wr_match_output_add(struct wr_match *self)
{
  struct wr_match_output *out = &self->output;
  output_reserve(out, self->found_count);
  for (uint32_t first = 0, count; first < self->found_count; first += count) {
    const struct wr_match_found *found = &self->found[first];
    count = self->found_count - first < WR_BATCH_ROWS ? self->found_count - first : WR_BATCH_ROWS;
    wr_arena_reset(&self->values);
    for (uint32_t i = 0; i < count; i++) {
      const struct wr_match_work *work = &self->works[found[i].work];
      out->leaving[out->count + i] = (struct wr_match_leaving){
          .moment = found[i].moment,
          .last_us = wr_match_time_of(self, work, found[i].begin + found[i].row_count - 1),
          .hash = work->hash,
          .row = out->count + i};
    }
    output_keys(self, found, count);
    output_measures(self, found, first, count);
    out->count += count;
  }
}

/* ---- leaving */

static int leaving_compare(const void *left, const void *right)
{
  const struct wr_match_leaving *a = left, *b = right;
  if (a->moment.time_us != b->moment.time_us)
    return a->moment.time_us < b->moment.time_us ? -1 : 1;
  if (a->moment.place != b->moment.place)
    return a->moment.place < b->moment.place ? -1 : 1;
  if (a->hash != b->hash)
    return a->hash < b->hash ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

/* A match that was found behind its last row, as one before it had to be given up first, is judged
 * below as what came then. */
static int64_t leaving_arrived(const struct wr_match *self, const struct wr_match_leaving *leaving)
{
  if (self->spec->by_clock || leaving->moment.time_us <= leaving->last_us)
    return WR_TIME_NONE;
  return leaving->moment.time_us - 1;
}

static void leaving_reject(struct wr_match *self, const struct wr_batch *batch, uint32_t row,
                           uint32_t measure)
{
  const struct wr_aggregate *aggregate = &self->spec->measures[measure].aggregate;
  char type[128];
  wr_type_print(aggregate->type, type, sizeof type);
  if (aggregate->code->failure)
    wr_operator_reject(&self->op, batch, row, WR_REJECT_VALUE, "the result of %s %s",
                       aggregate->name, aggregate->code->failure);
  else
    wr_operator_reject(&self->op, batch, row, WR_REJECT_VALUE, "the result of %s does not fit %s",
                       aggregate->name, type);
}

/* Up to a batch of matches from `first` on. */
static enum wr_code emit_some(struct wr_match *self, struct wr_batch *all, uint32_t first,
                              uint32_t count, struct wr_error *err)
{
  struct wr_match_output *out = &self->output;
  wr_arena_reset(&self->values);
  uint32_t *picked = wr_arena_get(&self->values, (count + 1) * sizeof *picked);
  int64_t *arrived_us = wr_arena_get(&self->values, (count + 1) * sizeof *arrived_us + WR_PADDING);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_match_leaving *leaving = &out->leaving[first + i];
    if (leaving->failed) {
      leaving_reject(self, all, leaving->row, leaving->failed - 1);
      continue;
    }
    arrived_us[kept] = leaving_arrived(self, leaving);
    picked[kept++] = leaving->row;
  }
  struct wr_batch batch;
  all->picked = picked;
  all->picked_count = kept;
  if (kept == 0)
    return WR_OK;
  wr_batch_compact(&out->compactor, all, NULL, &batch);
  batch.arrived_us = self->spec->by_clock ? NULL : arrived_us;
  batch.others_us = WR_TIME_END;
  return wr_emit_batch(&self->op, &batch, err);
}

enum wr_code wr_match_output_emit(struct wr_match *self, struct wr_error *err)
{
  struct wr_match_output *out = &self->output;
  uint32_t column_count = self->spec->schema->column_count;
  if (out->count == 0)
    return WR_OK;
  qsort(out->leaving, out->count, sizeof *out->leaving, leaving_compare);
  for (uint32_t c = 0; c < column_count; c++)
    out->columns[c] = wr_builder_view(&out->builders[c]);
  struct wr_batch all = {.schema = self->spec->schema,
                         .columns = out->columns,
                         .row_count = out->count,
                         .others_us = WR_TIME_END,
                         .now_us = self->now_us};
  enum wr_code code = WR_OK;
  for (uint32_t first = 0, count; first < out->count && code == WR_OK; first += count) {
    count = out->count - first < WR_BATCH_ROWS ? out->count - first : WR_BATCH_ROWS;
    code = emit_some(self, &all, first, count, err);
  }
  for (uint32_t c = 0; c < column_count; c++)
    wr_builder_reset(&out->builders[c]);
  out->count = 0;
  return code;
}
