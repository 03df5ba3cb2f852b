/* SPDX-License-Identifier: Apache-2.0 */
/* The algebra of grouping sets: lists of masks, which are joined and multiplied. */
#include "planner/grouping.h"

#include <assert.h>

#include "core/arena.h"
#include "core/limits.h"

struct grouping_reader {
  struct wr_arena *arena;
  struct wr_grouping_terms *terms;
};

bool wr_grouping_has_sets(const struct wr_tree_groups *groups)
{
  for (uint32_t i = 0; i < groups->count; i++)
    if (groups->items[i]->kind != WR_TREE_GROUP_VALUE &&
        groups->items[i]->kind != WR_TREE_GROUP_SET)
      return true;
  return false;
}

static enum wr_code grouping_check(uint64_t count, struct wr_span span, struct wr_error *err)
{
  if (count <= WR_GROUPING_SETS_MAX)
    return WR_OK;
  return wr_fail_at(err, WR_LIMIT, span,
                    "GROUP BY has more grouping sets than the limit WR_GROUPING_SETS_MAX, %d",
                    WR_GROUPING_SETS_MAX);
}

static struct wr_grouping grouping_new(const struct grouping_reader *reader, uint64_t count)
{
  return (struct wr_grouping){WR_NEW_ARRAY(reader->arena, uint64_t, count), (uint32_t)count};
}

/* An expression, or several in brackets, as one mask. */
static enum wr_code grouping_mask(const struct grouping_reader *reader,
                                  const struct wr_tree_group *group, uint64_t *mask,
                                  struct wr_error *err)
{
  assert(group->kind == WR_TREE_GROUP_VALUE || group->kind == WR_TREE_GROUP_SET);
  bool is_value = group->kind == WR_TREE_GROUP_VALUE;
  *mask = 0;
  for (uint32_t v = 0; v < (is_value ? 1 : group->values.count); v++) {
    uint32_t number = 0;
    enum wr_code code = reader->terms->number(
        reader->terms, is_value ? group->value : group->values.items[v], &number, err);
    if (code)
      return code;
    *mask |= UINT64_C(1) << number;
  }
  return WR_OK;
}

static enum wr_code grouping_masks(const struct grouping_reader *reader,
                                   const struct wr_tree_groups *groups, uint64_t **masks,
                                   struct wr_error *err)
{
  *masks = WR_NEW_ARRAY(reader->arena, uint64_t, groups->count + 1);
  for (uint32_t i = 0; i < groups->count; i++) {
    enum wr_code code = grouping_mask(reader, groups->items[i], &(*masks)[i], err);
    if (code)
      return code;
  }
  return WR_OK;
}

/* All of them, all but the last, ... none. */
static enum wr_code grouping_rollup(const struct grouping_reader *reader,
                                    const struct wr_tree_group *group, struct wr_grouping *out,
                                    struct wr_error *err)
{
  uint64_t *masks;
  uint32_t count = group->groups.count;
  enum wr_code code = grouping_check((uint64_t)count + 1, group->span, err);
  if (code == WR_OK)
    code = grouping_masks(reader, &group->groups, &masks, err);
  if (code)
    return code;
  *out = grouping_new(reader, (uint64_t)count + 1);
  for (uint32_t i = 0; i < count; i++)
    out->sets[count - 1 - i] = masks[i] | (i ? out->sets[count - i] : 0);
  return WR_OK;
}

/* All subsets, the whole first. */
static enum wr_code grouping_cube(const struct grouping_reader *reader,
                                  const struct wr_tree_group *group, struct wr_grouping *out,
                                  struct wr_error *err)
{
  uint64_t *masks;
  uint32_t count = group->groups.count;
  uint64_t sets = count < 63 ? UINT64_C(1) << count : UINT64_MAX;
  enum wr_code code = grouping_check(sets, group->span, err);
  if (code == WR_OK)
    code = grouping_masks(reader, &group->groups, &masks, err);
  if (code)
    return code;
  *out = grouping_new(reader, sets);
  for (uint64_t s = 0; s < sets; s++)
    for (uint32_t i = 0; i < count; i++)
      out->sets[s] |= s >> (count - 1 - i) & 1 ? 0 : masks[i];
  return WR_OK;
}

static enum wr_code grouping_group(const struct grouping_reader *reader,
                                   const struct wr_tree_group *group, struct wr_grouping *out,
                                   struct wr_error *err);

/* GROUPING SETS: those of each item, one behind the other. */
static enum wr_code grouping_join(const struct grouping_reader *reader,
                                  const struct wr_tree_group *group, struct wr_grouping *out,
                                  struct wr_error *err)
{
  *out = (struct wr_grouping){0};
  for (uint32_t i = 0; i < group->groups.count; i++) {
    struct wr_grouping one, all;
    enum wr_code code = grouping_group(reader, group->groups.items[i], &one, err);
    if (code == WR_OK)
      code = grouping_check((uint64_t)out->count + one.count, group->span, err);
    if (code)
      return code;
    all = grouping_new(reader, (uint64_t)out->count + one.count);
    for (uint32_t n = 0; n < all.count; n++)
      all.sets[n] = n < out->count ? out->sets[n] : one.sets[n - out->count];
    *out = all;
  }
  return WR_OK;
}

static enum wr_code grouping_group(const struct grouping_reader *reader,
                                   const struct wr_tree_group *group, struct wr_grouping *out,
                                   struct wr_error *err)
{
  switch (group->kind) {
  case WR_TREE_ROLLUP: return grouping_rollup(reader, group, out, err);
  case WR_TREE_CUBE: return grouping_cube(reader, group, out, err);
  case WR_TREE_GROUPING_SETS: return grouping_join(reader, group, out, err);
  default: break;
  }
  *out = grouping_new(reader, 1);
  return grouping_mask(reader, group, &out->sets[0], err);
}

enum wr_code wr_grouping_read(struct wr_arena *arena, const struct wr_tree_groups *groups,
                              struct wr_grouping_terms *terms, struct wr_grouping *out,
                              struct wr_error *err)
{
  const struct grouping_reader reader = {arena, terms};
  *out = grouping_new(&reader, 1); /* nothing is grouped by: one empty set */
  for (uint32_t i = 0; i < groups->count; i++) {
    struct wr_grouping one, all;
    enum wr_code code = grouping_group(&reader, groups->items[i], &one, err);
    if (code == WR_OK)
      code = grouping_check((uint64_t)out->count * one.count, groups->items[i]->span, err);
    if (code)
      return code;
    all = grouping_new(&reader, (uint64_t)out->count * one.count);
    for (uint32_t a = 0; a < out->count; a++)
      for (uint32_t b = 0; b < one.count; b++)
        all.sets[a * one.count + b] = out->sets[a] | one.sets[b];
    *out = all;
  }
  return WR_OK;
}
