/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/split_find.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

/* What the epoch has of a split. */
struct saved {
  const char *name, *position;
  uint32_t order;
  bool is_found;
};

struct saved_splits {
  struct wr_arena *arena;
  const char *table;
  struct saved *items;
  uint32_t count, room;
  bool has_parts;
};

/* One saved part of a source, as wr_source_save has written it. */
static enum wr_code saved_take(void *self, struct wr_part_reader *part, struct wr_error *err)
{
  struct saved_splits *saved = self;
  uint64_t count;
  saved->has_parts = true;
  enum wr_code code = wr_part_get_u64(part, &count, err);
  for (uint64_t i = 0; code == WR_OK && i < count; i++) {
    const char *name, *position;
    size_t name_length, position_length;
    code = wr_part_get_bytes(part, &name, &name_length, err);
    if (code == WR_OK)
      code = wr_part_get_bytes(part, &position, &position_length, err);
    if (code == WR_OK && saved->count == UINT32_MAX / 2)
      code = wr_fail(err, WR_DATA, "the saved state is damaged: too many splits of table %s",
                     saved->table);
    if (code != WR_OK)
      return code;
    if (saved->count == saved->room) {
      saved->room = saved->room ? 2 * saved->room : 64;
      saved->items = wr_memory_resize(saved->items, saved->room * sizeof *saved->items);
    }
    saved->items[saved->count] =
        (struct saved){.name = wr_arena_copy(saved->arena, name, name_length),
                       .position = wr_arena_copy(saved->arena, position, position_length),
                       .order = saved->count};
    saved->count++;
  }
  return code;
}

static int saved_compare(const void *a, const void *b)
{
  const struct saved *x = a, *y = b;
  int order = strcmp(x->name, y->name);
  return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int saved_compare_order(const void *a, const void *b)
{
  const struct saved *x = a, *y = b;
  return (x->order > y->order) - (x->order < y->order);
}

/* Sorted by name. NULL: not known. */
static struct saved *saved_find(const struct saved_splits *saved, const char *name)
{
  uint32_t low = 0, high = saved->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = strcmp(saved->items[middle].name, name);
    if (order == 0)
      return &saved->items[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

/* Positions of those that are there, and a list of those that are not. */
static void splits_match(const struct wr_table_spec *spec, const struct saved_splits *saved,
                         struct wr_found_splits *out)
{
  if (saved->count)
    qsort(saved->items, saved->count, sizeof *saved->items, saved_compare);
  for (uint32_t s = 0; s < out->split_count; s++) {
    struct saved *found = saved_find(saved, out->splits[s].name);
    if (!found)
      continue;
    found->is_found = true;
    out->splits[s].position = found->position;
  }
  if (saved->count) /* as they were saved, so that every epoch has them in one order */
    qsort(saved->items, saved->count, sizeof *saved->items, saved_compare_order);
  out->gone = WR_NEW_ARRAY(saved->arena, struct wr_split, saved->count + 1);
  for (uint32_t i = 0; i < saved->count; i++) {
    struct wr_split gone = {saved->items[i].name, saved->items[i].position};
    if (!saved->items[i].is_found && !(out->class->forgets && out->class->forgets(spec, &gone)))
      out->gone[out->gone_count++] = gone;
  }
}

enum wr_code wr_splits_find(const struct wr_split_find *find, struct wr_arena *arena,
                            struct wr_found_splits *out, struct wr_error *err)
{
  const struct wr_plan_table *table = &find->plan->table;
  struct wr_table_spec spec = {.table = table->name,
                               .options = table->options,
                               .schema = table->physical,
                               .partitions = table->partitions,
                               .partition_count = table->partition_count,
                               .wanted = find->plan->wanted,
                               .wanted_count = find->plan->wanted_count,
                               .task_count = find->task_count,
                               .note = find->note,
                               .note_self = find->note_self};
  struct saved_splits saved = {.arena = arena, .table = table->name};
  *out = (struct wr_found_splits){.class = table->connector->reader};
  enum wr_code code = wr_snapshot_restore(find->from, find->key, saved_take, &saved, err);
  spec.resumed = out->resumed = saved.has_parts;
  if (code == WR_OK)
    code = out->class->discover(&spec, arena, &out->splits, &out->split_count, err);
  if (code == WR_OK && out->split_count > WR_SPLITS_MAX)
    code = wr_fail(err, WR_LIMIT, "table %s has more than %u splits (WR_SPLITS_MAX)", table->name,
                   WR_SPLITS_MAX);
  if (code == WR_OK) {
    splits_match(&spec, &saved, out);
    out->grows = out->class->grows && out->class->grows(&spec);
  }
  if (code == WR_OK && out->class->share)
    code = out->class->share(&spec, out->splits, out->split_count, out->gone, out->gone_count,
                             &out->shared, err);
  free(saved.items);
  return code;
}

void wr_splits_forget(struct wr_found_splits *found)
{
  if (found->class && found->class->unshare && found->shared)
    found->class->unshare(found->shared);
  found->shared = NULL;
}
