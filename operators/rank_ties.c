/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RANK and DENSE_RANK: rows that are equal in the order share a number, so a list has all rows up
 * to a number, however many they are. A row in front of the last ones may push them all out, as
 * they have the same number:
 *
 *   RANK <= 3     9 9 7 | 5 5 5          8 comes          9 9 8          7 has the number 4 now
 *   numbers       1 1 3   4 4 4                           1 1 3
 *
 * What else long lists need is here as well: finding a place, and walking along with numbers.
 */
#include <assert.h>

#include "core/limits.h"
#include "operators/rank_state.h"

/* ---- places */

struct find {
  const struct wr_rank *self;
  const struct wr_rank_place *place;
};

/* Whether a row with the same prefix stands before the place. */
static bool find_tied(const void *argument, uint64_t address)
{
  const struct find *find = argument;
  const struct wr_rank *self = find->self;
  const struct wr_rank_place *place = find->place;
  if (self->is_exact && place->is_last && !wr_sort_prefix_is_end(place->prefix))
    return true;
  uint32_t row;
  const struct wr_batch *rows = wr_rank_row(self, address, &row);
  if (self->way == WR_RANK_ALL)
    return wr_rank_compare_rows(self, rows, row, place->rows, place->row) < 0;
  return wr_sort_compare(&self->order, rows, row, place->rows, place->row) < 0;
}

struct wr_rank_at wr_rank_find(const struct wr_rank *self, const struct wr_rank_sorted *sorted,
                               const struct wr_rank_place *place)
{
  const struct find find = {self, place};
  return wr_rank_sorted_find(sorted, place->prefix, find_tied, &find);
}

bool wr_rank_ties(const struct wr_rank *self, const struct wr_sort_item *a,
                  const struct wr_sort_item *b)
{
  if (a->prefix != b->prefix)
    return false;
  if (self->is_exact && !wr_sort_prefix_is_end(a->prefix))
    return true;
  uint32_t a_row, b_row;
  const struct wr_batch *a_rows = wr_rank_row(self, a->address, &a_row);
  const struct wr_batch *b_rows = wr_rank_row(self, b->address, &b_row);
  return wr_sort_compare(&self->ties, a_rows, a_row, b_rows, b_row) == 0;
}

enum wr_code wr_rank_put(struct wr_rank *self, struct wr_rank_list *list, struct wr_rank_at *at,
                         struct wr_sort_item item, struct wr_error *err)
{
  if (list->count >= self->spec->kept_max)
    return wr_fail(err, WR_LIMIT,
                   "%s has more rows of one partition to keep than the limit WR_RANK_KEPT_MAX, "
                   "%llu",
                   self->op.context->name, (unsigned long long)self->spec->kept_max);
  *at = wr_rank_sorted_put(list->sorted, *at, item);
  list->count++;
  return WR_OK;
}

/* ---- walking */

void wr_rank_walk_begin(const struct wr_rank *self, const struct wr_rank_list *list,
                        struct wr_rank_walk *walk)
{
  (void)self;
  *walk = (struct wr_rank_walk){.place = 1, .number = 1};
  if (list->count == 0)
    return;
  walk->sorted = list->sorted;
  walk->item = wr_rank_sorted_item(walk->sorted, walk->at);
}

void wr_rank_walk_next(const struct wr_rank *self, struct wr_rank_walk *walk)
{
  const struct wr_sort_item *before = walk->item;
  enum wr_rank_number number = self->spec->number;
  walk->at = wr_rank_sorted_next(walk->sorted, walk->at);
  walk->item = wr_rank_sorted_item(walk->sorted, walk->at);
  walk->place++;
  if (!walk->item)
    return;
  if (number == WR_RANK_ROW_NUMBER || !wr_rank_ties(self, before, walk->item))
    walk->number = number == WR_RANK_DENSE ? walk->number + 1 : walk->place;
  if (walk->number > self->spec->last)
    walk->item = NULL;
}

struct wr_rank_given wr_rank_given(struct wr_rank *self, const struct wr_rank_list *list)
{
  struct wr_rank_given given = {0};
  struct wr_rank_walk walk;
  bool by_place = self->spec->number == WR_RANK_ROW_NUMBER && list->count > self->spec->last;
  uint64_t room = by_place ? self->spec->last : list->count;
  if (self->way == WR_RANK_ALL && !by_place) { /* how many share the last number is not known */
    room = 0;
    for (wr_rank_walk_begin(self, list, &walk); walk.item; wr_rank_walk_next(self, &walk))
      room++;
  }
  given.addresses = wr_arena_get(&self->arena, room * sizeof *given.addresses);
  given.numbers = wr_arena_get(&self->arena, room * sizeof *given.numbers);
  for (wr_rank_walk_begin(self, list, &walk); walk.item; wr_rank_walk_next(self, &walk)) {
    if (walk.number < self->spec->first)
      continue;
    given.addresses[given.count] = walk.item->address;
    given.numbers[given.count++] = (uint32_t)walk.number;
  }
  return given;
}

void wr_rank_touch(struct wr_rank *self, struct wr_rank_list *list)
{
  if (!self->touched || list->touched)
    return;
  struct wr_rank_touched *touched = &self->touched[self->touched_count++];
  list->touched = self->touched_count;
  *touched = (struct wr_rank_touched){.list = list, .before = wr_rank_given(self, list)};
}

/* ---- taking rows */

struct ties_taking {
  struct wr_rank *self;
  uint64_t *beaten; /* bits of rows of the batch that were kept and had to go again */
};

static const struct wr_sort_item *ties_last(const struct wr_rank_sorted *sorted)
{
  const struct wr_rank_chunk *chunk = sorted->chunks[sorted->chunk_count - 1];
  return &chunk->items[chunk->count - 1];
}

/* Whether a row that stands behind all others would get a number that is wanted. */
static bool ties_has_room(const struct wr_rank *self, const struct wr_rank_list *list)
{
  if (list->count == 0)
    return true;
  uint32_t used = self->spec->number == WR_RANK_DENSE ? list->sorted->groups : list->count;
  return used < self->spec->last;
}

/* Whether the row gets a number that is wanted. */
static bool ties_wants(const struct wr_rank *self, const struct wr_rank_list *list,
                       const struct wr_rank_place *place)
{
  if (ties_has_room(self, list) || place->prefix < list->worst)
    return true;
  if (place->prefix > list->worst)
    return false;
  if (self->is_exact && !wr_sort_prefix_is_end(place->prefix))
    return true; /* as good as the last */
  uint32_t row;
  const struct wr_batch *rows = wr_rank_row(self, ties_last(list->sorted)->address, &row);
  return wr_sort_compare(&self->ties, place->rows, place->row, rows, row) <= 0;
}

/* Whether an item is the only one with its number. */
static bool ties_is_alone(const struct wr_rank *self, const struct wr_rank_sorted *sorted,
                          struct wr_rank_at at)
{
  const struct wr_sort_item *item = wr_rank_sorted_item(sorted, at);
  const struct wr_sort_item *next = wr_rank_sorted_item(sorted, wr_rank_sorted_next(sorted, at));
  if (next && wr_rank_ties(self, item, next))
    return false;
  return !wr_rank_sorted_before(sorted, &at) ||
         !wr_rank_ties(self, wr_rank_sorted_item(sorted, at), item);
}

void wr_rank_leave(struct wr_rank *self, struct wr_rank_list *list,
                   const struct wr_rank_place *place, uint64_t address)
{
  struct wr_rank_sorted *sorted = list->sorted;
  struct wr_rank_at at = wr_rank_find(self, sorted, place);
  while (wr_rank_sorted_item(sorted, at)->address != address) /* rows that are equal */
    at = wr_rank_sorted_next(sorted, at);
  if (self->spec->number == WR_RANK_DENSE && self->way == WR_RANK_TIES)
    sorted->groups -= ties_is_alone(self, sorted, at);
  wr_rank_sorted_take(sorted, at);
  if (--list->count > 0) {
    list->worst = ties_last(sorted)->prefix;
    return;
  }
  wr_rank_sorted_free(sorted);
  list->sorted = NULL;
}

struct ties_group {
  const struct wr_rank *self;
  const struct wr_batch *rows;
  uint32_t row;
};

/* Whether a row with the same prefix stands before all that share its number. */
static bool ties_before_group(const void *argument, uint64_t address)
{
  const struct ties_group *group = argument;
  const struct wr_rank *self = group->self;
  uint32_t row;
  const struct wr_batch *rows = wr_rank_row(self, address, &row);
  return wr_sort_compare(&self->ties, rows, row, group->rows, group->row) < 0;
}

/* How many rows of a list stand before a place. */
static uint64_t ties_before(const struct wr_rank_sorted *sorted, struct wr_rank_at at)
{
  uint64_t count = at.item;
  for (uint32_t c = 0; c < at.chunk; c++)
    count += sorted->chunks[c]->count;
  return count;
}

/* The list has a row more, at that place, which may have pushed out those with the last number. */
static void ties_trim(const struct ties_taking *taking, struct wr_rank_list *list,
                      struct wr_rank_at put)
{
  struct wr_rank *self = taking->self;
  struct wr_rank_sorted *sorted = list->sorted;
  bool is_dense = self->spec->number == WR_RANK_DENSE;
  const struct wr_sort_item *last = ties_last(sorted);
  if (is_dense ? sorted->groups <= self->spec->last
               : list->count <= self->spec->last ||
                     wr_rank_ties(self, wr_rank_sorted_item(sorted, put), last))
    return;
  struct ties_group group = {.self = self};
  group.rows = wr_rank_row(self, last->address, &group.row);
  struct wr_rank_at at = wr_rank_sorted_find(sorted, last->prefix, ties_before_group, &group);
  if (!is_dense && ties_before(sorted, at) < self->spec->last)
    return;
  while (wr_rank_sorted_item(sorted, at)) {
    uint64_t address = wr_rank_sorted_item(sorted, at)->address;
    if (address & WR_RANK_FRESH)
      wr_bit_set(taking->beaten, (uint32_t)address);
    else
      wr_rank_drop(self, address);
    at = wr_rank_sorted_take(sorted, at);
    list->count--;
  }
  sorted->groups -= is_dense;
}

static enum wr_code ties_take(const struct ties_taking *taking, struct wr_rank_list *list,
                              const struct wr_rank_place *place, struct wr_error *err)
{
  struct wr_rank *self = taking->self;
  if (list->count == 0)
    list->sorted = wr_rank_sorted_new(&self->list_bytes);
  const struct wr_sort_item item = {place->prefix, WR_RANK_FRESH | place->row};
  struct wr_rank_at at = wr_rank_find(self, list->sorted, place);
  enum wr_code code = wr_rank_put(self, list, &at, item, err);
  if (code)
    return code;
  if (self->spec->number == WR_RANK_DENSE)
    list->sorted->groups += ties_is_alone(self, list->sorted, at);
  ties_trim(taking, list, at);
  list->worst = ties_last(list->sorted)->prefix;
  return WR_OK;
}

enum wr_code wr_rank_take_ties(struct wr_rank *self, char *const *entries, const uint32_t *rows,
                               const uint64_t *prefixes, uint32_t row_count, struct wr_error *err)
{
  uint32_t *taken = wr_arena_get(&self->arena, row_count * sizeof *taken), taken_count = 0;
  const struct ties_taking taking = {
      self,
      wr_arena_get_zero(&self->arena, wr_bit_words(self->fresh->row_count) * sizeof(uint64_t))};
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < row_count; i++) {
    struct wr_rank_list *list = wr_rank_list_of(self, entries[i]);
    const struct wr_rank_place place = {prefixes[i], self->fresh, rows[i], !self->loading};
    if (!ties_wants(self, list, &place))
      continue;
    wr_rank_touch(self, list);
    code = ties_take(&taking, list, &place, err);
    taken[taken_count++] = i;
  }
  self->added_count = 0;
  if (code == WR_OK && taken_count)
    wr_rank_keep(self, entries, rows, prefixes, taken, taken_count, taking.beaten);
  return code;
}
