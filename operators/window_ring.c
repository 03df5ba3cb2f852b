/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices into frames, frames into rows. The table of the ring is walked once per window, page by
 * page: totals, results, expiry, and removal of keys that are done, while their entries are in the
 * cache.
 *
 * Windows of processing time close by the clock of each task. When state of several old tasks comes
 * together, the windows of one may have closed where those of another had not: until the last of
 * them has caught up, the ring remembers per key group up to where rows have been out.
 */
#include "operators/window_ring.h"

#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/limits.h"
#include "operators/frame.h"
#include "operators/window_state.h"

#define FEED_ROWS      1024         /* keys of a slice that are fed together */
#define KEY_TEXT_BYTES (256u << 10) /* of keys behind one batch of results */

/* Rows whose last window ends at until. */
struct ring_rows {
  int64_t until;
  uint64_t row_count;
};

struct wr_window_ring {
  const struct wr_window_aggregate_spec *spec;
  struct wr_frame *frame;
  struct wr_table_space *space;
  struct wr_table *table;
  uint32_t frame_at, hash_at;     /* in entries */
  const struct wr_layout *source; /* of slices */
  bool direct;                    /* states in a slice lie as in a pane, from source_at on */
  uint32_t source_at;
  bool lends;  /* rows lend the texts of keys */
  char *panes; /* scratch: of FEED_ROWS keys */
  const char **sources, **totals;
  struct ring_rows *rows; /* by until; rows_first are over */
  uint32_t rows_first, rows_count, rows_capacity;
  int64_t
      out_us; /* windows up to here have been out for some key groups; WR_TIME_NONE: as always */
  int64_t group_out_us[WR_KEY_GROUPS];
};

/* ---- life */

bool wr_window_ring_fits(const struct wr_window *window, const struct wr_aggregate *aggregates,
                         uint32_t aggregate_count)
{
  if (window->kind != WR_WINDOW_HOP || window->size_us <= window->slide_us ||
      !wr_frame_fits(aggregates, aggregate_count))
    return false;
  uint64_t pane_bytes = 16;
  for (uint32_t a = 0; a < aggregate_count; a++) {
    if (aggregates[a].distinct || aggregates[a].code->ordered)
      return false;
    pane_bytes += aggregates[a].code->state_bytes + aggregates[a].code->state_align;
  }
  /* A pane may stand twice, if the first was flipped before the second of its slices came. */
  uint64_t panes = ((uint64_t)(window->size_us / window->slide_us) + 2) * 2;
  return panes <= WR_FRAME_BYTES_MAX / pane_bytes;
}

static struct wr_layout *ring_layout(const struct wr_window_aggregate_spec *spec,
                                     const struct wr_state_piece *piece)
{
  const struct wr_type **keys = wr_memory_get_zero((spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = spec->input_schema->fields[spec->keys[k]].type;
  struct wr_layout *layout = wr_layout_new(keys, spec->key_count, piece, 1);
  free(keys);
  return layout;
}

/* Mostly states have the same places, relative to the first, in both. */
static bool ring_is_direct(const struct wr_window_ring *ring)
{
  for (uint32_t a = 0; a < ring->spec->aggregate_count; a++)
    if (wr_layout_state(ring->source, a) != ring->source_at + wr_frame_pane_state(ring->frame, a) ||
        ring->spec->aggregates[a].code->state_align != 8)
      return false;
  return ring->spec->aggregate_count > 0;
}

struct wr_window_ring *wr_window_ring_new(const struct wr_window_aggregate_spec *spec,
                                          const struct wr_layout *source)
{
  if (!wr_window_ring_fits(&spec->window, spec->aggregates, spec->aggregate_count))
    return NULL;
  struct wr_window_ring *ring = wr_memory_get_zero(sizeof *ring);
  ring->spec = spec;
  ring->source = source;
  ring->frame = wr_frame_new(spec->aggregates, spec->aggregate_count,
                             (uint64_t)(spec->window.size_us / spec->window.slide_us));
  const struct wr_state_piece piece = wr_frame_piece(ring->frame);
  struct wr_layout *layout = ring_layout(spec, &piece);
  for (uint32_t k = 0; k < spec->key_count; k++)
    ring->lends = ring->lends || layout->fields[k].has_text;
  ring->frame_at = wr_layout_state(layout, 0);
  ring->hash_at = layout->hash_at;
  ring->space = wr_table_space_new(layout);
  ring->table = wr_table_new(ring->space, 0, false);
  ring->source_at = spec->aggregate_count ? wr_layout_state(source, 0) : 0;
  ring->direct = ring_is_direct(ring);
  ring->panes = wr_memory_get_zero((size_t)FEED_ROWS * wr_frame_pane_bytes(ring->frame) + 16);
  ring->sources = wr_memory_get(FEED_ROWS * sizeof *ring->sources);
  ring->totals = wr_memory_get(WR_BATCH_ROWS * sizeof *ring->totals);
  ring->out_us = WR_TIME_NONE;
  for (uint32_t g = 0; g < WR_KEY_GROUPS; g++)
    ring->group_out_us[g] = WR_TIME_NONE;
  return ring;
}

void wr_window_ring_free(struct wr_window_ring *ring)
{
  if (!ring)
    return;
  wr_frame_free(ring->frame);
  free(ring->panes);
  free(ring->sources);
  free(ring->totals);
  free(ring->rows);
  free(ring);
}

struct wr_table_space *wr_window_ring_space(const struct wr_window_ring *ring)
{
  return ring->space;
}
const struct wr_frame *wr_window_ring_frame(const struct wr_window_ring *ring)
{
  return ring->frame;
}
struct wr_table *wr_window_ring_table(const struct wr_window_ring *ring)
{
  return ring->table;
}

/* ---- rows in open windows */

static void rows_add(struct wr_window_ring *ring, int64_t until, uint64_t row_count)
{
  uint32_t at = ring->rows_count;
  while (at > ring->rows_first && ring->rows[at - 1].until >= until)
    at--;
  if (at < ring->rows_count && ring->rows[at].until == until) {
    ring->rows[at].row_count += row_count;
    return;
  }
  if (ring->rows_count == ring->rows_capacity) {
    uint32_t kept = ring->rows_count - ring->rows_first;
    if (ring->rows_first <= ring->rows_capacity / 2) {
      ring->rows_capacity = ring->rows_capacity ? 2 * ring->rows_capacity : 16;
      ring->rows = wr_memory_resize(ring->rows, ring->rows_capacity * sizeof *ring->rows);
    }
    memmove(ring->rows, ring->rows + ring->rows_first, kept * sizeof *ring->rows);
    at -= ring->rows_first;
    ring->rows_first = 0;
    ring->rows_count = kept;
  }
  memmove(ring->rows + at + 1, ring->rows + at, (ring->rows_count - at) * sizeof *ring->rows);
  ring->rows[at] = (struct ring_rows){until, row_count};
  ring->rows_count++;
}

static void rows_expire(struct wr_window_ring *ring, int64_t passed)
{
  while (ring->rows_first < ring->rows_count && ring->rows[ring->rows_first].until <= passed)
    ring->rows_first++;
}

uint64_t wr_window_ring_rows(const struct wr_window_ring *ring)
{
  uint64_t rows = 0;
  for (uint32_t i = ring->rows_first; i < ring->rows_count; i++)
    rows += ring->rows[i].row_count;
  return rows;
}

/* ---- slices going in */

/* The states of entries of a slice as panes. */
static const char *const *feed_panes(struct wr_window_ring *ring, char *const *entries,
                                     uint32_t count)
{
  uint32_t pane_bytes = wr_frame_pane_bytes(ring->frame);
  for (uint32_t i = 0; i < count; i++)
    ring->sources[i] =
        ring->direct ? entries[i] + ring->source_at : ring->panes + (size_t)i * pane_bytes;
  for (uint32_t a = 0; !ring->direct && a < ring->spec->aggregate_count; a++) {
    uint32_t from = wr_layout_state(ring->source, a), to = wr_frame_pane_state(ring->frame, a);
    for (uint32_t i = 0; i < count; i++)
      memcpy(ring->panes + (size_t)i * pane_bytes + to, entries[i] + from,
             ring->spec->aggregates[a].code->state_bytes);
  }
  return ring->sources;
}

static void ring_feed(struct wr_window_ring *ring, const struct wr_window_slice *slice,
                      char **entries)
{
  struct wr_table_cursor cursor = {0};
  uint32_t count;
  while ((count = wr_table_scan(slice->table, &cursor, entries, FEED_ROWS)) > 0) {
    struct wr_probe probe;
    wr_table_probe_others(ring->table, ring->source, (const char *const *)entries, count,
                          WR_PROBE_MAKE, &probe);
    const struct wr_frame_places places = {.entries = probe.entries,
                                           .count = count,
                                           .offset = ring->frame_at,
                                           .hash_at = ring->hash_at,
                                           .store = wr_table_space_texts(ring->space)};
    wr_frame_push_all(ring->frame, &places, slice->bounds.last_end_us,
                      feed_panes(ring, entries, count));
  }
  rows_add(ring, slice->bounds.last_end_us, slice->row_count);
}

/* ---- windows coming out */

int64_t wr_window_ring_next(const struct wr_window_aggregate *self)
{
  if (wr_table_keys(self->ring->table) == 0)
    return WR_TIME_END;
  return wr_window_first_end(&self->window, self->closed_us + self->window.tick_us);
}

/* How many of the entries make a batch: the texts of their keys may be long. */
static uint32_t ring_fitting(const struct wr_window_ring *ring, char *const *entries,
                             uint32_t count)
{
  const struct wr_layout *layout = wr_table_space_layout(ring->space);
  uint64_t bytes = 0;
  for (uint32_t i = 0; ring->lends && i < count; i++) {
    for (uint32_t k = 0; k < layout->key_count; k++)
      if (layout->fields[k].has_text)
        bytes += ((const struct wr_text *)(entries[i] + layout->fields[k].offset))->length;
    if (bytes > KEY_TEXT_BYTES)
      return i + 1;
  }
  return count;
}

/* Leaves out the keys whose old task had this window out already. */
static uint32_t ring_choose(const struct wr_window_ring *ring, char **entries, uint32_t count,
                            int64_t end_us, char **chosen)
{
  uint32_t chosen_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t hash = *(const uint64_t *)(const void *)(entries[i] + ring->hash_at);
    if (ring->group_out_us[wr_key_group(hash)] < end_us)
      chosen[chosen_count++] = entries[i];
  }
  return chosen_count;
}

static enum wr_code ring_output(struct wr_window_aggregate *self, char *const *entries,
                                uint32_t count, int64_t end_us, struct wr_error *err)
{
  struct wr_window_ring *ring = self->ring;
  enum wr_code code = WR_OK;
  while (code == WR_OK && count > 0) {
    uint32_t room = WR_BATCH_ROWS - self->output.row_count;
    uint32_t fitting = ring_fitting(ring, entries, count < room ? count : room);
    const struct wr_frame_places places = {
        .entries = entries, .count = fitting, .offset = ring->frame_at, .hash_at = ring->hash_at};
    wr_frame_total_all(ring->frame, &places, ring->totals);
    wr_window_output_add_panes(self, (const char *const *)entries, ring->totals, fitting,
                               end_us - self->window.size_us, end_us);
    if (ring->lends || self->output.row_count == WR_BATCH_ROWS)
      code = wr_window_output_flush(self, err);
    entries += fitting;
    count -= fitting;
  }
  return code;
}

/* Panes whose last window it was go, and keys that have no others. */
static void ring_expire(struct wr_window_ring *ring, char **entries, uint32_t count, int64_t end_us)
{
  const struct wr_frame_places places = {
      .entries = entries, .count = count, .offset = ring->frame_at, .hash_at = ring->hash_at};
  wr_frame_expire_all(ring->frame, &places, end_us);
  uint32_t empty = 0;
  for (uint32_t i = 0; i < count; i++)
    if (wr_frame_pane_count(entries[i] + ring->frame_at) == 0)
      entries[empty++] = entries[i];
  wr_table_remove(ring->table, entries, empty);
}

enum wr_code wr_window_ring_fire(struct wr_window_aggregate *self, int64_t end_us,
                                 struct wr_error *err)
{
  struct wr_window_ring *ring = self->ring;
  struct wr_window_slices *slices = &self->slices;
  char **entries = self->output.entries;
  for (uint32_t i = 0; i < slices->count && slices->slices[i]->bounds.end_us <= end_us;) {
    if (slices->slices[i]->bounds.first_end_us > end_us) {
      i++;
      continue;
    }
    struct wr_window_slice *slice = wr_window_slices_take(slices, i);
    ring_feed(ring, slice, entries);
    wr_window_slice_close(slice, slices);
    free(slice);
  }
  enum wr_code code = WR_OK;
  struct wr_table_cursor cursor = {0};
  char *chosen[FEED_ROWS];
  uint32_t count;
  while (code == WR_OK &&
         (count = wr_table_scan_change(ring->table, &cursor, entries, FEED_ROWS)) > 0) {
    if (end_us <= ring->out_us)
      code =
          ring_output(self, chosen, ring_choose(ring, entries, count, end_us, chosen), end_us, err);
    else
      code = ring_output(self, entries, count, end_us, err);
    ring_expire(ring, entries, count, end_us);
  }
  rows_expire(ring, end_us);
  return code;
}

/* ---- snapshots */

void wr_window_ring_save_shape(const struct wr_window_ring *ring, struct wr_part_writer *part)
{
  wr_frame_save_shape(ring->frame, ring->spec->state_ids, part);
}

enum wr_code wr_window_ring_load_shape(struct wr_window_ring *ring, struct wr_part_reader *part,
                                       struct wr_window_ring_old **old, struct wr_error *err)
{
  struct wr_frame_saved saved;
  bool same;
  *old = NULL;
  enum wr_code code =
      wr_frame_load_shape(ring->frame, ring->spec->state_ids, part, &saved, &same, err);
  if (code != WR_OK || same)
    return code;
  const struct wr_state_piece piece = wr_frame_saved_piece(&saved);
  *old = wr_memory_get_zero(sizeof **old);
  (*old)->saved = saved;
  (*old)->space = wr_table_space_new(ring_layout(ring->spec, &piece));
  (*old)->table = wr_table_new((*old)->space, 0, true);
  return WR_OK;
}

/* Some keys of an old ring. */
static enum wr_code ring_take_old(struct wr_window_ring *ring, const struct wr_window_ring_old *old,
                                  char *const *entries, uint32_t count, struct wr_error *err)
{
  const struct wr_layout *layout = wr_table_space_layout(old->space);
  enum wr_code code = WR_OK;
  struct wr_probe probe;
  wr_table_probe_others(ring->table, layout, (const char *const *)entries, count, WR_PROBE_MAKE,
                        &probe);
  for (uint32_t i = 0; code == WR_OK && i < count; i++) {
    const struct wr_frame_place place = {.entries = probe.entries,
                                         .index = i,
                                         .offset = ring->frame_at,
                                         .store = wr_table_space_texts(ring->space)};
    code = wr_frame_take_saved(ring->frame, ring->spec->state_ids, &old->saved,
                               entries[i] + wr_layout_state(layout, 0), &place, err);
  }
  return code;
}

enum wr_code wr_window_ring_load_old(struct wr_window_ring *ring, struct wr_window_ring_old *old,
                                     enum wr_code load, struct wr_error *err)
{
  struct wr_table_cursor cursor = {0};
  char *entries[FEED_ROWS];
  uint32_t count;
  while (load == WR_OK && (count = wr_table_scan(old->table, &cursor, entries, FEED_ROWS)) > 0)
    load = ring_take_old(ring, old, entries, count, err);
  wr_frame_saved_free(&old->saved);
  wr_table_space_free(old->space);
  free(old);
  return load;
}

void wr_window_ring_save(const struct wr_window_ring *ring, struct wr_part_writer *part)
{
  wr_part_put_u64(part, ring->rows_count - ring->rows_first);
  for (uint32_t i = ring->rows_first; i < ring->rows_count; i++) {
    wr_part_put_i64(part, ring->rows[i].until);
    wr_part_put_u64(part, ring->rows[i].row_count);
  }
  wr_part_put_i64(part, ring->out_us);
  for (uint32_t g = 0; ring->out_us != WR_TIME_NONE && g < WR_KEY_GROUPS; g++)
    wr_part_put_i64(part, ring->group_out_us[g]);
}

/* Up to where the windows of each key group were out. */
static enum wr_code ring_load_groups(struct wr_window_ring *ring, bool by_clock, int64_t closed_us,
                                     uint64_t old_task, uint64_t old_count,
                                     struct wr_part_reader *part, struct wr_error *err)
{
  int64_t old_out_us;
  enum wr_code code = wr_part_get_i64(part, &old_out_us, err);
  for (uint32_t g = 0; code == WR_OK && g < WR_KEY_GROUPS; g++) {
    int64_t out_us = WR_TIME_NONE;
    if (old_out_us != WR_TIME_NONE)
      code = wr_part_get_i64(part, &out_us, err);
    if (!by_clock || g * old_count / WR_KEY_GROUPS != old_task)
      continue;
    /* The window that closed last ends a tick behind. */
    int64_t end_us = closed_us;
    if (closed_us != WR_TIME_NONE && closed_us < WR_TIME_END)
      end_us = closed_us + ring->spec->window.tick_us;
    out_us = out_us > end_us ? out_us : end_us;
    ring->group_out_us[g] = out_us;
    ring->out_us = out_us > ring->out_us ? out_us : ring->out_us;
  }
  return code;
}

enum wr_code wr_window_ring_load(struct wr_window_ring *ring, bool by_clock, int64_t closed_us,
                                 uint64_t old_task, uint64_t old_count, bool with_rows,
                                 struct wr_part_reader *part, struct wr_error *err)
{
  uint64_t count;
  enum wr_code code = wr_part_get_u64(part, &count, err);
  for (uint64_t i = 0; code == WR_OK && i < count; i++) {
    int64_t until = 0;
    uint64_t row_count = 0;
    code = wr_part_get_i64(part, &until, err);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &row_count, err);
    if (code == WR_OK && with_rows)
      rows_add(ring, until, row_count);
  }
  return code ? code : ring_load_groups(ring, by_clock, closed_us, old_task, old_count, part, err);
}
