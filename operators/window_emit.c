/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Early and late results. An entry before and the entry now are put side by side through the usual
 * output, as two rows; then the two are compared and what they are becomes known: a new result, an
 * update of two halves, nothing.
 */
#include "operators/window_emit.h"

#include <assert.h>
#include <stdlib.h>

#include "functions/values.h"
#include "operators/window_state.h"

#define PAIRS_MAX (WR_BATCH_ROWS / 2)

struct wr_window_emission *wr_window_emission_new(const struct wr_window_aggregate_spec *spec)
{
  const struct wr_window_emit *how = &spec->emit;
  if (how->early_us < 0 && how->lateness_us <= 0)
    return NULL;
  assert(spec->window.kind == WR_WINDOW_TUMBLE || spec->window.kind == WR_WINDOW_ATTACHED);
  struct wr_window_emission *emission = wr_memory_get_zero(sizeof *emission);
  emission->how = *how;
  if (spec->window.by_clock)
    emission->how.lateness_us = 0; /* nothing is ever late */
  if (emission->how.late_us < 0)
    emission->how.late_us = 0;
  emission->early_due_us = emission->late_due_us = WR_TIME_END;
  emission->pairs = wr_memory_get(2 * PAIRS_MAX * sizeof *emission->pairs);
  return emission;
}

void wr_window_emission_free(struct wr_window_emission *emission)
{
  if (!emission)
    return;
  free(emission->pairs);
  free(emission->changed);
  free(emission);
}

static bool emit_is_closed(const struct wr_window_aggregate *self,
                           const struct wr_window_slice *slice)
{
  return slice->bounds.end_us - self->window.tick_us <= self->closed_us;
}

static struct wr_table *emit_table(const struct wr_window_aggregate *self,
                                   const struct wr_window_slice *slice)
{
  return slice->sets[self->emission->set];
}

/* Where an entry says that its key is fresh. */
static uint32_t emit_mark(const struct wr_window_aggregate *self)
{
  return wr_layout_state(wr_table_space_layout(self->emission->space), self->spec->aggregate_count);
}

/* ---- the slices that have changed: of thousands that are open it is a few */

static void changed_add(struct wr_window_emission *emission, struct wr_window_slice *slice)
{
  if (emission->changed_count == emission->changed_room) {
    emission->changed_room = emission->changed_room ? 2 * emission->changed_room : 8;
    emission->changed =
        wr_memory_resize(emission->changed, emission->changed_room * sizeof *emission->changed);
  }
  emission->changed[emission->changed_count++] = slice;
}

/* Leaves out those that have been shown since. */
static void changed_tidy(const struct wr_window_aggregate *self)
{
  struct wr_window_emission *emission = self->emission;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < emission->changed_count; i++)
    if (wr_table_keys(emit_table(self, emission->changed[i])) > 0)
      emission->changed[kept++] = emission->changed[i];
  emission->changed_count = kept;
}

void wr_window_emit_loaded(struct wr_window_aggregate *self)
{
  self->emission->changed_count = 0;
  for (uint32_t i = 0; i < self->slices.count; i++)
    if (wr_table_keys(emit_table(self, self->slices.slices[i])) > 0)
      changed_add(self->emission, self->slices.slices[i]);
}

/* ---- remembering */

/* Rows of a batch with the hashes of their keys. */
struct emit_rows {
  uint32_t *rows;
  uint64_t *hashes;
  uint32_t count;
};

static struct emit_rows emit_rows_new(struct wr_window_aggregate *self, uint32_t room)
{
  return (struct emit_rows){wr_arena_get(&self->arena, room * sizeof(uint32_t)),
                            wr_arena_get(&self->arena, room * sizeof(uint64_t)), 0};
}

/* Copies the states of keys that have been shown. */
static void emit_copy(struct wr_window_aggregate *self, struct wr_window_slice *slice,
                      const struct wr_column *const *keys, const struct emit_rows *shown,
                      const char *const *sources)
{
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  struct wr_probe probe;
  wr_table_probe(emit_table(self, slice), keys, shown->rows, shown->hashes, shown->count,
                 WR_PROBE_CHANGE, &probe);
  for (uint32_t a = 0; a < self->spec->aggregate_count; a++) {
    const struct wr_aggregate_rows rows = {
        .entries = probe.entries,
        .offset = wr_layout_state(layout, a),
        .prepared = self->spec->aggregates[a].prepared,
        .row_count = shown->count,
        .store = wr_table_space_texts(self->emission->space),
    };
    self->spec->aggregates[a].code->merge(&rows, sources);
  }
}

void wr_window_emit_before(struct wr_window_aggregate *self, const struct wr_batch *batch,
                           struct wr_window_slice *slice, const uint32_t *rows,
                           const uint64_t *hashes, uint32_t row_count)
{
  if (self->emission->how.early_us < 0 && !emit_is_closed(self, slice))
    return;
  const struct wr_window_aggregate_spec *spec = self->spec;
  const struct wr_column **keys = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = &batch->columns[spec->keys[k]];
  if (row_count > 0 && wr_table_keys(emit_table(self, slice)) == 0)
    changed_add(self->emission, slice);
  struct wr_probe before, now;
  wr_table_probe(emit_table(self, slice), keys, rows, hashes, row_count, WR_PROBE_MAKE, &before);
  if (before.made_count == 0)
    return;
  struct emit_rows made = emit_rows_new(self, before.made_count);
  struct emit_rows shown = emit_rows_new(self, before.made_count);
  const char **sources = wr_arena_get(&self->arena, before.made_count * sizeof *sources);
  for (uint32_t m = 0; m < before.made_count; m++) {
    uint32_t at = before.made[m];
    made.rows[m] = rows ? rows[at] : at;
    made.hashes[m] = hashes[at];
  }
  wr_table_probe(slice->table, keys, made.rows, made.hashes, before.made_count, WR_PROBE_FIND,
                 &now);
  uint32_t mark = emit_mark(self);
  for (uint32_t m = 0; m < before.made_count; m++) {
    before.entries[before.made[m]][mark] = now.entries[m] == NULL;
    if (!now.entries[m])
      continue;
    sources[shown.count] = now.entries[m];
    shown.rows[shown.count] = made.rows[m];
    shown.hashes[shown.count++] = made.hashes[m];
  }
  if (shown.count > 0)
    emit_copy(self, slice, keys, &shown, sources);
}

/* ---- showing */

static bool emit_is_equal(const struct wr_column *column, uint32_t a, uint32_t b)
{
  if (wr_column_is_null(column, a) || wr_column_is_null(column, b))
    return wr_column_is_null(column, a) && wr_column_is_null(column, b);
  if (column->type->physical != WR_NESTED)
    return wr_values_equal(column, a, column, b);
  for (uint32_t f = 0; f < column->type->field_count; f++)
    if (!emit_is_equal(&column->children[f], a, b))
      return false;
  return true;
}

/* What the rows of a pair, from `first` on, are. */
static void emit_judge(struct wr_window_aggregate *self, uint32_t first, bool fresh)
{
  struct wr_window_output *out = &self->output;
  uint32_t before = first, now = first + 1, key_count = self->spec->key_count;
  bool was = !fresh && out->failed[before] == 0, is = out->failed[now] == 0;
  bool differs = was != is;
  for (uint32_t a = 0; was && is && !differs && a < self->spec->aggregate_count; a++)
    differs = !emit_is_equal(&out->columns[key_count + a], before, now);
  out->change[before] = is ? WR_UPDATE_BEFORE : WR_DELETE;
  out->change[now] = was ? WR_UPDATE_AFTER : WR_INSERT;
  if (!was || !differs) {
    out->failed_count += out->failed[before] == 0;
    out->failed[before] = WR_WINDOW_HIDDEN;
  }
  if (is && !differs) {
    out->failed_count++;
    out->failed[now] = WR_WINDOW_HIDDEN;
  }
}

/* Puts out up to PAIRS_MAX entries before beside those of now; the batch is empty. */
static enum wr_code emit_pairs(struct wr_window_aggregate *self,
                               const struct wr_window_slice *slice, char *const *before,
                               char *const *now, uint32_t count, struct wr_error *err)
{
  struct wr_window_output *out = &self->output;
  char **pairs = self->emission->pairs;
  assert(out->row_count == 0 && count <= PAIRS_MAX);
  for (uint32_t i = 0; i < count; i++) {
    pairs[2 * i] = before[i];
    pairs[2 * i + 1] = now[i];
  }
  wr_window_output_add(self, (const char *const *)pairs, 2 * count, slice->bounds.start_us,
                       slice->bounds.end_us);
  for (uint32_t a = 0; a < self->spec->aggregate_count; a++) {
    uint32_t c = self->spec->key_count + a;
    out->columns[c] = wr_builder_view(&out->builders[c]);
  }
  uint32_t mark = emit_mark(self);
  for (uint32_t i = 0; i < count; i++)
    emit_judge(self, 2 * i, before[i][mark]);
  out->has_changes = true;
  return wr_window_output_flush(self, err);
}

/* Shows what has changed in a slice. */
static enum wr_code emit_slice(struct wr_window_aggregate *self, struct wr_window_slice *slice,
                               struct wr_error *err)
{
  struct wr_table *table = emit_table(self, slice);
  if (wr_table_keys(table) == 0)
    return WR_OK;
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  char **entries = self->output.entries;
  struct wr_table_cursor cursor = {0};
  uint32_t count;
  enum wr_code code = wr_window_output_flush(self, err);
  while (code == WR_OK && (count = wr_table_scan(table, &cursor, entries, PAIRS_MAX)) > 0) {
    struct wr_probe now;
    wr_table_probe_entries(slice->table, (const char *const *)entries, count, WR_PROBE_FIND, &now);
    for (uint32_t at = 0, fitting; code == WR_OK && at < count; at += fitting) {
      fitting = wr_window_output_fitting(layout, (const char *const *)now.entries + at, count - at);
      code = emit_pairs(self, slice, entries + at, now.entries + at, fitting, err);
    }
  }
  wr_table_free(table);
  slice->sets[self->emission->set] = wr_table_new(self->emission->space, slice->tag, false);
  return code;
}

enum wr_code wr_window_emit_changes(struct wr_window_aggregate *self, struct wr_error *err)
{
  struct wr_window_emission *emission = self->emission;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < emission->changed_count; i++) {
    struct wr_window_slice *slice = emission->changed[i];
    bool is_closed = emit_is_closed(self, slice);
    int64_t delay_us = is_closed ? emission->how.late_us : emission->how.early_us;
    int64_t *due_us = is_closed ? &emission->late_due_us : &emission->early_due_us;
    assert(delay_us >= 0);
    if (delay_us == 0)
      code = emit_slice(self, slice, err);
    else if (*due_us == WR_TIME_END && __builtin_add_overflow(self->now_us, delay_us, due_us))
      *due_us = WR_TIME_END;
  }
  changed_tidy(self);
  return code;
}

enum wr_code wr_window_emit_due(struct wr_window_aggregate *self, struct wr_error *err)
{
  struct wr_window_emission *emission = self->emission;
  bool early = emission->early_due_us <= self->now_us, late = emission->late_due_us <= self->now_us;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < emission->changed_count; i++)
    if (emit_is_closed(self, emission->changed[i]) ? late : early)
      code = emit_slice(self, emission->changed[i], err);
  changed_tidy(self);
  if (early)
    emission->early_due_us = WR_TIME_END;
  if (late)
    emission->late_due_us = WR_TIME_END;
  return code;
}

/* A window closes: all of its keys, or what has changed since they were last shown. */
static enum wr_code emit_close(struct wr_window_aggregate *self, struct wr_window_slice *slice,
                               struct wr_error *err)
{
  return self->emission->how.early_us < 0
             ? wr_window_output_table(self, slice->table, slice->bounds.start_us,
                                      slice->bounds.end_us, err)
             : emit_slice(self, slice, err);
}

enum wr_code wr_window_emit_fire(struct wr_window_aggregate *self, int64_t watermark_us,
                                 struct wr_error *err)
{
  const struct wr_window_slices *slices = &self->slices;
  int64_t tick_us = self->window.tick_us, gone_us; /* windows that end up to there */
  if (watermark_us >= WR_TIME_END - tick_us)
    gone_us = WR_TIME_END;
  else if (__builtin_sub_overflow(watermark_us + tick_us, self->emission->how.lateness_us,
                                  &gone_us))
    gone_us = WR_TIME_NONE;
  enum wr_code code = WR_OK;
  uint32_t at = 0;
  for (; code == WR_OK && at < slices->count && slices->slices[at]->bounds.end_us <= gone_us; at++)
    if (emit_is_closed(self, slices->slices[at])) /* others are closed below */
      code = emit_slice(self, slices->slices[at], err);
  at = wr_window_slices_open_from(slices, self->closed_us, tick_us);
  for (; code == WR_OK && at < slices->count &&
         slices->slices[at]->bounds.end_us - tick_us <= watermark_us;
       at++)
    code = emit_close(self, slices->slices[at], err);
  if (code == WR_OK)
    code = wr_window_output_flush(self, err);
  changed_tidy(self);
  wr_window_slices_drop(&self->slices, gone_us);
  if (self->closed_us < watermark_us)
    self->closed_us = watermark_us;
  return code;
}
