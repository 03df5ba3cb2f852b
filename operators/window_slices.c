/* SPDX-License-Identifier: Apache-2.0 */
/* Open slices as a sorted array: there are few (one, or size / slide), new ones nearly always go to
 * the end, and the ones that go are always the first: a later slice never has an earlier last
 * window. */
#include "operators/window_slices.h"

#include <assert.h>
#include <stdlib.h>

#include "operators/row_groups.h"

void wr_window_slice_open(struct wr_window_slice *slice, const struct wr_window_slices *slices,
                          struct wr_table_space *space, uint64_t tag, bool temporary)
{
  slice->tag = tag;
  slice->table = wr_table_new(space, tag, temporary);
  slice->sets = wr_memory_get((slices->set_count + 1) * sizeof *slice->sets);
  for (uint32_t s = 0; s < slices->set_count; s++)
    slice->sets[s] = wr_table_new(slices->set_spaces[s], tag, temporary);
}

void wr_window_slice_close(struct wr_window_slice *slice, const struct wr_window_slices *slices)
{
  wr_table_free(slice->table);
  for (uint32_t s = 0; s < slices->set_count; s++)
    wr_table_free(slice->sets[s]);
  free(slice->sets);
}

void wr_window_slices_free(struct wr_window_slices *slices)
{
  for (uint32_t i = 0; i < slices->count; i++) {
    wr_window_slice_close(slices->slices[i], slices);
    free(slices->slices[i]);
  }
  free(slices->room);
  *slices = (struct wr_window_slices){0};
}

#define ALL_END_US (WR_TIME_END - 1) /* no watermark but the last comes that far */

struct wr_window_bounds wr_window_bounds_of(const struct wr_window *window, int64_t time_us)
{
  assert(window->kind != WR_WINDOW_ATTACHED);
  if (window->kind == WR_WINDOW_ALL)
    return wr_window_bounds_attached(0, ALL_END_US);
  int64_t end_us = wr_window_slice_end(window, time_us);
  if (window->kind == WR_WINDOW_TUMBLE)
    return (struct wr_window_bounds){wr_window_start(window, end_us), end_us, end_us, end_us};
  return (struct wr_window_bounds){
      .start_us = wr_window_slice_start(window, time_us),
      .end_us = end_us,
      .first_end_us = wr_window_first_end(window, time_us),
      .last_end_us = wr_window_last_end(window, time_us),
  };
}

struct wr_window_bounds wr_window_bounds_attached(int64_t start_us, int64_t end_us)
{
  return (struct wr_window_bounds){start_us, end_us, end_us, end_us};
}

void wr_window_bounds_cut(const struct wr_window *window, struct wr_window_bounds *bounds,
                          int64_t closed_us)
{
  int64_t first_close_us = bounds->first_end_us - window->tick_us;
  if (first_close_us > closed_us)
    return;
  if (bounds->last_end_us - window->tick_us <= closed_us)
    bounds->first_end_us = WR_TIME_END;
  else
    bounds->first_end_us +=
        ((closed_us - first_close_us) / window->slide_us + 1) * window->slide_us;
  if (window->kind == WR_WINDOW_CUMULATE) {
    bounds->start_us = bounds->last_end_us - window->size_us;
    bounds->end_us = bounds->first_end_us - window->slide_us;
  }
}

static int bounds_compare(const struct wr_window_bounds *a, const struct wr_window_bounds *b)
{
  if (a->end_us != b->end_us)
    return a->end_us < b->end_us ? -1 : 1;
  if (a->first_end_us != b->first_end_us)
    return a->first_end_us < b->first_end_us ? -1 : 1;
  return (a->start_us > b->start_us) - (a->start_us < b->start_us);
}

/* Index of the first slice that is not before bounds. */
static uint32_t slices_search(const struct wr_window_slices *slices,
                              const struct wr_window_bounds *bounds)
{
  uint32_t low = 0, high = slices->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (bounds_compare(&slices->slices[middle]->bounds, bounds) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Makes room for one more behind the last. */
static void slices_reserve(struct wr_window_slices *slices)
{
  uint32_t gone = (uint32_t)(slices->slices - slices->room);
  if (gone + slices->count < slices->capacity)
    return;
  if (gone <= slices->capacity / 2) {
    slices->capacity = slices->capacity ? 2 * slices->capacity : 8;
    slices->room = wr_memory_resize(slices->room, slices->capacity * sizeof *slices->room);
  }
  memmove(slices->room, slices->room + gone, slices->count * sizeof *slices->room);
  slices->slices = slices->room;
}

static void slices_insert(struct wr_window_slices *slices, uint32_t at,
                          struct wr_window_slice *slice)
{
  slices_reserve(slices);
  if (at < slices->count / 2 && slices->slices > slices->room) { /* one of the first came back */
    slices->slices--;
    memmove(slices->slices, slices->slices + 1, at * sizeof *slices->slices);
  } else {
    memmove(slices->slices + at + 1, slices->slices + at,
            (slices->count - at) * sizeof *slices->slices);
  }
  slices->slices[at] = slice;
  slices->count++;
}

struct wr_window_slice *wr_window_slices_get(struct wr_window_slices *slices,
                                             struct wr_table_space *space,
                                             const struct wr_window_bounds *bounds)
{
  assert(bounds->first_end_us <= bounds->last_end_us);
  uint32_t at = slices_search(slices, bounds);
  if (at < slices->count && bounds_compare(&slices->slices[at]->bounds, bounds) == 0)
    return slices->slices[at];
  struct wr_window_slice *slice = wr_memory_get_zero(sizeof *slice);
  slice->bounds = *bounds;
  wr_window_slice_open(slice, slices, space, slices->next_tag++, false);
  slice->group = WR_NO_GROUP;
  slices_insert(slices, at, slice);
  return slice;
}

struct wr_window_slice *wr_window_slices_take(struct wr_window_slices *slices, uint32_t at)
{
  assert(at < slices->count);
  struct wr_window_slice *slice = slices->slices[at];
  slices->count--;
  if (at < slices->count / 2) { /* mostly it is one of the first: those before it move up */
    memmove(slices->slices + 1, slices->slices, at * sizeof *slices->slices);
    slices->slices++;
  } else {
    memmove(slices->slices + at, slices->slices + at + 1,
            (slices->count - at) * sizeof *slices->slices);
  }
  return slice;
}

struct wr_window_slice *wr_window_slices_put(struct wr_window_slices *slices,
                                             struct wr_window_slice *slice)
{
  uint32_t at = slices_search(slices, &slice->bounds);
  if (at < slices->count && bounds_compare(&slices->slices[at]->bounds, &slice->bounds) == 0)
    return slices->slices[at];
  slices_insert(slices, at, slice);
  return NULL;
}

int64_t wr_window_slices_next(const struct wr_window_slices *slices, const struct wr_window *window,
                              int64_t closed_us)
{
  bool shares = window->kind == WR_WINDOW_HOP || window->kind == WR_WINDOW_CUMULATE;
  if (!shares)
    return slices->count > 0 ? slices->slices[0]->bounds.end_us : WR_TIME_END;
  int64_t next_us = WR_TIME_END;
  for (uint32_t i = 0; i < slices->count && slices->slices[i]->bounds.end_us < next_us; i++) {
    struct wr_window_bounds bounds = slices->slices[i]->bounds;
    wr_window_bounds_cut(window, &bounds, closed_us);
    if (bounds.first_end_us < next_us)
      next_us = bounds.first_end_us;
  }
  return next_us;
}

uint32_t wr_window_slices_open_from(const struct wr_window_slices *slices, int64_t closed_us,
                                    int64_t tick_us)
{
  uint32_t low = 0, high = slices->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (slices->slices[middle]->bounds.end_us - tick_us <= closed_us)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void wr_window_slices_cut(struct wr_window_slices *slices, const struct wr_window *window,
                          int64_t closed_us)
{
  for (uint32_t i = 0; window->kind == WR_WINDOW_HOP && i < slices->count; i++)
    wr_window_bounds_cut(window, &slices->slices[i]->bounds, closed_us);
}

void wr_window_slices_drop(struct wr_window_slices *slices, int64_t end_us)
{
  while (slices->count > 0 && slices->slices[0]->bounds.last_end_us <= end_us) {
    wr_window_slice_close(slices->slices[0], slices);
    free(slices->slices[0]);
    slices->slices++;
    slices->count--;
  }
}

uint64_t wr_window_slices_rows(const struct wr_window_slices *slices)
{
  uint64_t rows = 0;
  for (uint32_t i = 0; i < slices->count; i++)
    rows += slices->slices[i]->row_count;
  return rows;
}

void wr_window_slices_save(const struct wr_window_slices *slices, struct wr_part_writer *part)
{
  wr_part_put_u64(part, slices->count);
  for (uint32_t i = 0; i < slices->count; i++) {
    const struct wr_window_slice *slice = slices->slices[i];
    wr_part_put_u64(part, slice->tag);
    wr_part_put_i64(part, slice->bounds.start_us);
    wr_part_put_i64(part, slice->bounds.end_us);
    wr_part_put_i64(part, slice->bounds.first_end_us);
    wr_part_put_i64(part, slice->bounds.last_end_us);
    wr_part_put_u64(part, slice->row_count);
  }
}

/* Which slice an old tag means now. */
struct slice_tag {
  uint64_t tag;
  struct wr_window_slice *slice;
};

struct slice_loader {
  struct wr_table_loader loader;
  const struct wr_window_slices *slices;
  const uint32_t *numbers;
  struct slice_tag *tags;
  uint64_t count;
};

static struct wr_table *slice_loader_find(struct wr_table_loader *loader, uint32_t space,
                                          uint64_t tag)
{
  const struct slice_loader *self = (const struct slice_loader *)loader;
  space = self->numbers ? self->numbers[space] : space;
  if (space > self->slices->set_count)
    return self->slices->ring;
  for (uint64_t i = 0; i < self->count; i++)
    if (self->tags[i].tag == tag)
      return space == 0 ? self->tags[i].slice->table : self->tags[i].slice->sets[space - 1];
  return NULL;
}

static enum wr_code slice_load(struct wr_window_slices *slices, struct wr_table_space *space,
                               bool with_rows, struct wr_part_reader *part, struct slice_tag *out,
                               struct wr_error *err)
{
  struct wr_window_bounds bounds;
  uint64_t rows = 0;
  enum wr_code code = wr_part_get_u64(part, &out->tag, err);
  int64_t *const numbers[] = {&bounds.start_us, &bounds.end_us, &bounds.first_end_us,
                              &bounds.last_end_us};
  for (uint32_t i = 0; code == WR_OK && i < 4; i++)
    code = wr_part_get_i64(part, numbers[i], err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &rows, err);
  if (code != WR_OK)
    return code;
  if (bounds.first_end_us > bounds.last_end_us)
    return wr_fail(err, WR_DATA, "the saved state is damaged: a slice without a window");
  out->slice = wr_window_slices_get(slices, space, &bounds);
  out->slice->row_count += with_rows ? rows : 0;
  return WR_OK;
}

enum wr_code wr_window_slices_load(struct wr_window_slices *slices,
                                   struct wr_table_space *const *spaces, const uint32_t *numbers,
                                   uint32_t space_count, bool with_rows, uint32_t task,
                                   uint32_t task_count, struct wr_part_reader *part,
                                   struct wr_error *err)
{
  assert(numbers || space_count == 1 + slices->set_count + (slices->ring != NULL));
  uint64_t count;
  enum wr_code code = wr_part_get_u64(part, &count, err);
  if (code != WR_OK)
    return code;
  if (count > (part->length - part->at) / 8)
    return wr_fail(err, WR_DATA, "the saved state is damaged: %llu slices in %zu bytes",
                   (unsigned long long)count, part->length - part->at);
  struct slice_loader loader = {
      .loader = {.find = slice_loader_find, .task = task, .task_count = task_count},
      .slices = slices,
      .numbers = numbers,
      .tags = wr_memory_get_zero((count + 1) * sizeof *loader.tags),
      .count = count};
  for (uint64_t i = 0; code == WR_OK && i < count; i++)
    code = slice_load(slices, spaces[0], with_rows, part, &loader.tags[i], err);
  if (code == WR_OK)
    code = wr_table_spaces_load(spaces, space_count, &loader.loader, part, err);
  free(loader.tags);
  return code;
}
