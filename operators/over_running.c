/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UNBOUNDED PRECEDING: nothing ever leaves such a frame, so a state per partition runs along, to
 * which every row is added. States without texts lie together as a pane, which is copied for every
 * row and read out for all at once; those with texts are read row by row. DISTINCT asks a set first
 * which values are new to the partition.
 */
#include "core/hash.h"
#include "operators/over_state.h"

/* Per set: a bit for each row of the chunk whose value is new to its partition. */
static uint64_t *set_find_new(struct wr_over *self, const struct wr_over_chunk *chunk, uint32_t set)
{
  const struct wr_over_spec *spec = self->spec;
  const struct wr_over_call *call = &spec->calls[self->set_calls[set]];
  uint32_t key_count = spec->key_count + call->aggregate.arg_count, count = 0;
  uint32_t *rows = wr_arena_get(&self->arena, (chunk->count + 1) * sizeof *rows);
  uint32_t *at = wr_arena_get(&self->arena, (chunk->count + 1) * sizeof *at);
  uint64_t *hashes = wr_arena_get(&self->arena, (chunk->count + 1) * sizeof *hashes);
  uint64_t *is_new =
      wr_arena_get_zero(&self->arena, wr_bit_words(chunk->count + 1) * sizeof *is_new);
  const struct wr_column **keys = wr_arena_get(&self->arena, (key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < key_count; k++)
    keys[k] = &chunk->rows->columns[k < spec->key_count ? spec->keys[k]
                                                        : call->columns.args[k - spec->key_count]];
  for (uint32_t i = 0; i < chunk->count; i++) {
    rows[count] = chunk->numbers[i];
    at[count] = i;
    count += !(chunk->flags[i] & WR_OVER_IS_LATE) &&
             wr_over_passes(chunk->rows, call, chunk->numbers[i]);
  }
  wr_hash_keys(keys, key_count, rows, count, self->op.context->hash_seed, hashes);
  for (uint32_t i = 0; i < count; i++) /* begins with the key group of the partition */
    hashes[i] = hashes[i] >> 8 | (uint64_t)wr_key_group(chunk->hashes[at[i]]) << 56;
  struct wr_probe probe;
  wr_table_probe(self->tables[1 + set], keys, rows, hashes, count, WR_PROBE_MAKE, &probe);
  if (self->ttl.ttl_us) {
    if (wr_ttl_forget(&self->ttl, 1 + set, &probe, count, self->now_us))
      wr_table_probe(self->tables[1 + set], keys, rows, hashes, count, WR_PROBE_MAKE, &probe);
    wr_ttl_write(&self->ttl, 1 + set, &probe, count, self->now_us);
  }
  for (uint32_t m = 0; m < probe.made_count; m++)
    wr_bit_set(is_new, at[probe.made[m]]);
  return is_new;
}

/* A store for one row: its entry is not the first of the probe. */
struct row_store {
  struct wr_text_store store;
  struct wr_text_store *of_probe;
  uint32_t index;
};
static void row_store_put(struct wr_text_store *store, uint32_t i, uint32_t offset,
                          const char *bytes, uint32_t length)
{
  const struct row_store *self = (const struct row_store *)store;
  self->of_probe->put(self->of_probe, self->index + i, offset, bytes, length);
}
static void row_store_grow(struct wr_text_store *store, uint32_t i, uint32_t offset,
                           uint32_t length)
{
  const struct row_store *self = (const struct row_store *)store;
  self->of_probe->grow(self->of_probe, self->index + i, offset, length);
}

/* The calls that have a running state. */
struct running_call {
  uint32_t call, offset; /* of the state in an entry */
  const struct wr_column *const *args;
  const uint64_t *is_new; /* DISTINCT; NULL: all rows count */
};

static uint32_t running_calls(struct wr_over *self, const struct wr_over_chunk *chunk,
                              struct running_call *out)
{
  const uint64_t **is_new = wr_arena_get_zero(&self->arena, (self->set_count + 1) * sizeof *is_new);
  for (uint32_t s = 0; s < self->set_count; s++)
    is_new[s] = set_find_new(self, chunk, s);
  uint32_t count = 0;
  for (uint32_t c = 0; c < self->spec->call_count; c++) {
    const struct wr_over_plan *plan = &self->plans[c];
    if (plan->way != WR_OVER_BY_FRAME && plan->way != WR_OVER_BY_TEXT)
      continue;
    uint32_t offset = plan->way == WR_OVER_BY_TEXT
                          ? plan->at
                          : self->frame_at + wr_frame_pane_state(self->frame, plan->at);
    out[count++] =
        (struct running_call){.call = c,
                              .offset = offset,
                              .args = wr_over_args(self, chunk->rows, &self->spec->calls[c]),
                              .is_new = plan->set == WR_OVER_NONE ? NULL : is_new[plan->set]};
  }
  return count;
}

static void running_add(struct wr_over *self, const struct wr_over_chunk *chunk,
                        const struct running_call *running, uint32_t i)
{
  const struct wr_over_call *call = &self->spec->calls[running->call];
  uint32_t row = chunk->numbers[i];
  if (!wr_over_passes(chunk->rows, call, row) ||
      (running->is_new && !wr_bit_get(running->is_new, i)))
    return;
  struct row_store store = {
      {row_store_put, row_store_grow}, wr_table_space_texts(self->spaces[0]), i};
  const struct wr_aggregate_rows add = {
      .entries = &chunk->probe.entries[i],
      .offset = running->offset,
      .args = running->args,
      .prepared = call->aggregate.prepared,
      .rows = &row,
      .row_count = 1,
      .store = &store.store,
  };
  call->aggregate.code->add(&add);
}

/* Texts of results lie in states that the next row may change: they are copied. */
static void running_read_text(struct wr_over *self, const struct wr_over_chunk *chunk,
                              const struct running_call *running, uint32_t i,
                              struct wr_builder *one)
{
  const struct wr_aggregate *aggregate = &self->spec->calls[running->call].aggregate;
  const char *entry = chunk->probe.entries[i];
  uint64_t failed = 0;
  wr_builder_reset(one);
  wr_builder_reserve(one, 1);
  const struct wr_aggregate_results results = {.entries = &entry,
                                               .offset = running->offset,
                                               .count = 1,
                                               .type = aggregate->type,
                                               .prepared = aggregate->prepared,
                                               .out = one,
                                               .failed = &failed};
  aggregate->code->result(&results);
  const struct wr_column value = wr_builder_view(one);
  struct wr_builder *out = &self->output.builders[running->call];
  wr_builder_reserve(out, 1);
  wr_builder_put_row(out, &value, 0, true);
  if (failed && !(chunk->flags[i] & WR_OVER_IS_LATE))
    wr_over_output_drop(self, chunk->first + i, running->call + 1);
}

void wr_over_running(struct wr_over *self, const struct wr_over_chunk *chunk)
{
  uint32_t call_count = self->spec->call_count;
  struct running_call *calls = wr_arena_get(&self->arena, (call_count + 1) * sizeof *calls);
  uint32_t count = running_calls(self, chunk, calls);
  if (count == 0)
    return;
  struct wr_builder *ones = wr_arena_get_zero(&self->arena, (count + 1) * sizeof *ones);
  for (uint32_t r = 0; r < count; r++)
    if (self->plans[calls[r].call].way == WR_OVER_BY_TEXT)
      wr_builder_open(&ones[r], self->spec->calls[calls[r].call].type);
  uint32_t bytes = self->frame ? wr_frame_pane_bytes(self->frame) : 0;
  char *totals = wr_arena_get(&self->arena, (size_t)(chunk->count + 1) * bytes);
  for (uint32_t i = 0, end; i < chunk->count; i = end) {
    end = wr_over_group_end(self, chunk, i);
    for (uint32_t g = i; g < end; g++)
      for (uint32_t r = 0; r < count && !(chunk->flags[g] & WR_OVER_IS_LATE); r++)
        running_add(self, chunk, &calls[r], g);
    for (uint32_t g = i; g < end; g++) {
      if (bytes)
        memcpy(totals + (size_t)g * bytes, chunk->probe.entries[g] + self->frame_at, bytes);
      for (uint32_t r = 0; r < count; r++)
        if (ones[r].type)
          running_read_text(self, chunk, &calls[r], g, &ones[r]);
    }
  }
  if (bytes)
    wr_over_read_totals(self, chunk, totals);
  for (uint32_t r = 0; r < count; r++)
    if (ones[r].type)
      wr_builder_close(&ones[r]);
}
