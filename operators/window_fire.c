/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows coming out: which ones a watermark closes, and merging the slices of a window
 * (window_output.c turns entries into rows, window_emit.c does it more than once).
 *
 * ALL fires once, when the input ends; groups without keys are there then even if no row came.
 *
 * The slices of a HOP window are merged anew for every window, size / slide merges per key and
 * result. Those of CUMULATE are merged once: what was read out stays as the slice up to there.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "operators/window_state.h"

/* Merges all keys of a slice into those of a window. */
static void fire_merge(struct wr_window_aggregate *self, const struct wr_window_slice *from,
                       struct wr_window_slice *to)
{
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  struct wr_table_cursor cursor = {0};
  const char *const *sources = (const char *const *)self->output.entries;
  uint32_t count;
  while ((count = wr_table_scan(from->table, &cursor, self->output.entries, WR_BATCH_ROWS)) > 0) {
    struct wr_probe probe;
    wr_table_probe_entries(to->table, sources, count, WR_PROBE_MAKE, &probe);
    for (uint32_t a = 0; a < self->spec->aggregate_count; a++) {
      const struct wr_aggregate *aggregate = &self->spec->aggregates[a];
      struct wr_aggregate_rows rows = {
          .entries = probe.entries,
          .offset = wr_layout_state(layout, a),
          .prepared = aggregate->prepared,
          .row_count = count,
          .store = wr_table_space_texts(self->space),
      };
      if (!aggregate->distinct)
        aggregate->code->merge(&rows, sources);
    }
  }
  wr_window_merge_sets(self, from, to);
}

/* The same, and the slice goes. */
static void fire_absorb(struct wr_window_aggregate *self, struct wr_window_slice *from,
                        struct wr_window_slice *to)
{
  fire_merge(self, from, to);
  to->row_count += from->row_count;
  wr_window_slice_close(from, &self->slices);
  free(from);
}

/* ALL: the groups that need no rows, where they belong to this task. */
static void fire_make_empty(struct wr_window_aggregate *self)
{
  const struct wr_window_aggregate_spec *spec = self->spec;
  const struct wr_operator_context *context = self->op.context;
  const struct wr_column **keys = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *keys);
  struct wr_column *columns = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *columns);
  for (uint32_t k = 0; k < spec->key_count; k++) {
    columns[k] = wr_column_null(&self->arena, spec->input_schema->fields[spec->keys[k]].type);
    keys[k] = &columns[k];
  }
  const struct wr_window_bounds bounds = wr_window_bounds_of(&self->window, 0);
  for (uint32_t s = 0; s < spec->empty_set_count; s++) {
    int64_t id[1 + WR_PADDING / sizeof(int64_t)] = {spec->empty_sets[s]};
    if (spec->set_column != UINT32_MAX)
      columns[spec->key_count - 1] =
          (struct wr_column){.type = &wr_type_bigint, .constant = true, .values = id};
    uint64_t hash;
    wr_hash_keys(keys, spec->key_count, NULL, 1, context->hash_seed, &hash);
    if (wr_key_group_task(wr_key_group(hash), context->task_count) != context->task)
      continue;
    const struct wr_window_slice *slice = wr_window_slices_get(&self->slices, self->space, &bounds);
    struct wr_probe probe;
    wr_table_probe(slice->table, keys, NULL, &hash, 1, WR_PROBE_MAKE, &probe);
  }
}

/* ATTACHED, ALL: each slice that ends here is a window by itself. */
static enum wr_code fire_slices(struct wr_window_aggregate *self, int64_t end_us,
                                struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0;
       code == WR_OK && i < self->slices.count && self->slices.slices[i]->bounds.end_us == end_us;
       i++)
    code = wr_window_output_table(self, self->slices.slices[i]->table,
                                  self->slices.slices[i]->bounds.start_us, end_us, err);
  return code;
}

/* The window that ends at end_us, from the slices under it. */
static enum wr_code fire_window(struct wr_window_aggregate *self, int64_t end_us,
                                struct wr_error *err)
{
  int64_t start_us = wr_window_start(&self->window, end_us);
  const struct wr_window_slice *only = NULL;
  struct wr_window_slice merged = {0};
  for (uint32_t i = 0; i < self->slices.count && self->slices.slices[i]->bounds.end_us <= end_us;
       i++) {
    const struct wr_window_slice *slice = self->slices.slices[i];
    if (slice->bounds.first_end_us > end_us)
      continue;
    assert(slice->bounds.last_end_us >= end_us);
    if (!only) {
      only = slice;
      continue;
    }
    if (!merged.table) {
      wr_window_slice_open(&merged, &self->slices, self->space, UINT64_MAX, true);
      fire_merge(self, only, &merged);
    }
    fire_merge(self, slice, &merged);
  }
  enum wr_code code = WR_OK;
  if (only)
    code = wr_window_output_table(self, merged.table ? merged.table : only->table, start_us, end_us,
                                  err);
  if (merged.table)
    wr_window_slice_close(&merged, &self->slices);
  return code;
}

/* CUMULATE: the first slice takes in the others under the window, is read out, and is then that of
 * the windows that end later. */
static enum wr_code fire_cumulated(struct wr_window_aggregate *self, int64_t end_us,
                                   struct wr_error *err)
{
  const struct wr_window *window = &self->window;
  struct wr_window_slices *slices = &self->slices;
  struct wr_window_slice *all = NULL;
  for (uint32_t i = 0; i < slices->count && slices->slices[i]->bounds.end_us <= end_us;) {
    if (slices->slices[i]->bounds.first_end_us > end_us) {
      i++;
      continue;
    }
    struct wr_window_slice *slice = wr_window_slices_take(slices, i);
    if (all)
      fire_absorb(self, slice, all);
    else
      all = slice;
  }
  if (!all)
    return WR_OK;
  int64_t start_us = wr_window_start(window, end_us);
  enum wr_code code = wr_window_output_table(self, all->table, start_us, end_us, err);
  wr_window_bounds_cut(window, &all->bounds, end_us - window->tick_us);
  if (all->bounds.first_end_us > all->bounds.last_end_us) {
    wr_window_slice_close(all, slices);
    free(all);
    return code;
  }
  struct wr_window_slice *there = wr_window_slices_put(slices, all);
  if (there) {
    /* Of rows that were late for this window before it closed here. */
    uint32_t at = 0;
    while (slices->slices[at] != there)
      at++;
    fire_absorb(self, wr_window_slices_take(slices, at), all);
    wr_window_slices_put(slices, all);
  }
  return code;
}

int64_t wr_window_next_end(const struct wr_window_aggregate *self)
{
  int64_t next_us = wr_window_slices_next(&self->slices, &self->window, self->closed_us);
  int64_t ring_us = self->ring ? wr_window_ring_next(self) : WR_TIME_END;
  return next_us < ring_us ? next_us : ring_us;
}

/* Everything that ends at end_us. */
static enum wr_code fire_end(struct wr_window_aggregate *self, int64_t end_us, struct wr_error *err)
{
  switch (self->window.kind) {
  case WR_WINDOW_ATTACHED:
  case WR_WINDOW_ALL: return fire_slices(self, end_us, err);
  case WR_WINDOW_CUMULATE: return fire_cumulated(self, end_us, err);
  default:
    return self->ring ? wr_window_ring_fire(self, end_us, err) : fire_window(self, end_us, err);
  }
}

enum wr_code wr_window_fire(struct wr_window_aggregate *self, int64_t watermark_us,
                            struct wr_error *err)
{
  const struct wr_window *window = &self->window;
  enum wr_code code = WR_OK;
  int64_t end_us;
  if (self->emission)
    return wr_window_emit_fire(self, watermark_us, err);
  if (self->spec->empty_set_count > 0 && watermark_us == WR_TIME_END &&
      self->closed_us < WR_TIME_END)
    fire_make_empty(self);
  while (code == WR_OK && (end_us = wr_window_next_end(self)) != WR_TIME_END &&
         end_us - window->tick_us <= watermark_us) {
    code = fire_end(self, end_us, err);
    if (self->closed_us < end_us - window->tick_us)
      self->closed_us = end_us - window->tick_us;
    wr_window_slices_drop(&self->slices, end_us);
  }
  if (code == WR_OK)
    code = wr_window_output_flush(self, err);
  if (self->closed_us < watermark_us)
    self->closed_us = watermark_us;
  return code;
}
