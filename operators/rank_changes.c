/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes going out. They are told once per batch, by comparing each list with what it was before.
 * What came and went in between is not told; nor is a change of one row for an equal one. Rows that
 * had to go are still there until all is told.
 */
#include <assert.h>

#include "functions/values.h"
#include "operators/rank_state.h"

/* ---- rows */

static bool rows_equal(const struct wr_rank *self, uint64_t a, uint64_t b)
{
  uint32_t a_row, b_row;
  const struct wr_batch *a_rows = wr_kept_row(&self->kept, a, &a_row);
  const struct wr_batch *b_rows = wr_kept_row(&self->kept, b, &b_row);
  const bool *made = self->spec->made;
  for (uint32_t c = 0; c < self->spec->input_schema->column_count; c++)
    if ((!made || made[c]) &&
        !wr_values_alike(&a_rows->columns[c], a_row, &b_rows->columns[c], b_row))
      return false;
  return true;
}

/* ---- places: with the number in the row, or where there is but one */

static enum wr_code emit_places(struct wr_rank *self, const struct wr_rank_given *before,
                                const struct wr_rank_given *after, uint64_t first,
                                struct wr_error *err)
{
  enum wr_code code = WR_OK;
  uint32_t count = before->count > after->count ? before->count : after->count;
  for (uint32_t at = 0; code == WR_OK && at < count; at++) {
    bool was = at < before->count, is = at < after->count;
    if (was && is &&
        (before->addresses[at] == after->addresses[at] ||
         (!self->spec->ttl_us && rows_equal(self, before->addresses[at], after->addresses[at]))))
      continue;
    code = wr_rank_reserve(self, 2, err);
    if (code == WR_OK && was)
      code = wr_rank_emit(self, before->addresses[at], first + at,
                          is ? WR_UPDATE_BEFORE : WR_DELETE, err);
    if (code == WR_OK && is)
      code = wr_rank_emit(self, after->addresses[at], first + at, was ? WR_UPDATE_AFTER : WR_INSERT,
                          err);
  }
  return code;
}

/* ---- rows that were given, whatever their places */

/* Whether row a of a list stood before row b of it. */
static int compare_given(const struct wr_rank *self, uint64_t a, uint64_t b)
{
  uint32_t a_row, b_row;
  if (a == b)
    return 0;
  const struct wr_batch *a_rows = wr_kept_row(&self->kept, a, &a_row);
  const struct wr_batch *b_rows = wr_kept_row(&self->kept, b, &b_row);
  return self->way == WR_RANK_ALL ? wr_rank_compare_rows(self, a_rows, a_row, b_rows, b_row)
                                  : wr_sort_compare(&self->order, a_rows, a_row, b_rows, b_row);
}

/* Rows that are given no more, or with another number (wanted DELETE); those that are new, or have
 * another number now (INSERT). Both lists are in the same order. */
static enum wr_code emit_given(struct wr_rank *self, const struct wr_rank_given *before,
                               const struct wr_rank_given *after, enum wr_change wanted,
                               struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t b = 0, a = 0; code == WR_OK && (b < before->count || a < after->count);) {
    int found = a == after->count ? -1
                : b == before->count
                    ? 1
                    : compare_given(self, before->addresses[b], after->addresses[a]);
    bool was = found <= 0, is = found >= 0;
    bool stays = was && is && (!self->spec->with_rank || before->numbers[b] == after->numbers[a]);
    if (!stays && was && wanted == WR_DELETE)
      code = wr_rank_emit(self, before->addresses[b], before->numbers[b], WR_DELETE, err);
    if (!stays && is && wanted == WR_INSERT)
      code = wr_rank_emit(self, after->addresses[a], after->numbers[a], WR_INSERT, err);
    b += was;
    a += is;
  }
  return code;
}

/* Of one update of a row that only moves forward: where the row stays among those that are given,
 * what was there of it is replaced by what is. *done: that was all. */
static enum wr_code emit_update(struct wr_rank *self, const struct wr_rank_given *before,
                                const struct wr_rank_given *after, bool *done, struct wr_error *err)
{
  uint32_t gone = UINT32_MAX, come = UINT32_MAX, differences = 0;
  for (uint32_t b = 0, a = 0; b < before->count || a < after->count;) {
    int found = a == after->count ? -1
                : b == before->count
                    ? 1
                    : compare_given(self, before->addresses[b], after->addresses[a]);
    differences += found != 0;
    gone = found < 0 ? b : gone;
    come = found > 0 ? a : come;
    b += found <= 0;
    a += found >= 0;
  }
  bool is_dropped = false;
  for (uint32_t i = 0; gone != UINT32_MAX && i < self->gone.count; i++)
    is_dropped = is_dropped || self->gone.addresses[i] == before->addresses[gone];
  *done = differences == 2 && is_dropped && come != UINT32_MAX;
  if (!*done)
    return WR_OK;
  enum wr_code code = wr_rank_reserve(self, 2, err);
  if (code == WR_OK)
    code = wr_rank_emit(self, before->addresses[gone], 0, WR_UPDATE_BEFORE, err);
  return code ? code : wr_rank_emit(self, after->addresses[come], 0, WR_UPDATE_AFTER, err);
}

/* The same of the first rows. Rows that had to go were the last of those before; the others are
 * there in the order in which they were. */
static enum wr_code emit_members(struct wr_rank *self, const struct wr_rank_given *before,
                                 const struct wr_rank_given *after, enum wr_change wanted,
                                 struct wr_error *err)
{
  uint32_t first = (uint32_t)self->spec->first - 1, next = 0;
  enum wr_code code = WR_OK;
  for (uint32_t at = 0; code == WR_OK && at < after->count; at++) {
    uint64_t address = after->addresses[at];
    bool stayed = next < before->count && before->addresses[next] == address;
    bool was = stayed && next >= first, is = at >= first;
    next += stayed;
    if (was == is || (wanted == WR_DELETE) != was)
      continue;
    code = wr_rank_emit(self, address, at + 1, wanted, err);
  }
  for (; wanted == WR_DELETE && code == WR_OK && next < before->count; next++)
    if (next >= first)
      code = wr_rank_emit(self, before->addresses[next], next + 1, wanted, err);
  return code;
}

/* ---- lists */

/* All rows of a list, in order. */
static struct wr_rank_given list_rows(struct wr_rank *self, const struct wr_rank_list *list)
{
  struct wr_rank_given rows = {.count = list->count};
  rows.addresses = wr_arena_get(&self->arena, list->count * sizeof *rows.addresses);
  for (uint32_t i = 0; i < list->count; i++)
    rows.addresses[i] = self->spec->last == 1 ? list->address : list->items[i].address;
  return rows;
}

/* Without those before the first that is given. */
static struct wr_rank_given from_first(const struct wr_rank *self, struct wr_rank_given rows)
{
  uint32_t skip = (uint32_t)self->spec->first - 1;
  if (skip > rows.count)
    skip = rows.count;
  return (struct wr_rank_given){.addresses = rows.addresses + skip, .count = rows.count - skip};
}

static enum wr_code emit_list(struct wr_rank *self, const struct wr_rank_touched *touched,
                              struct wr_error *err)
{
  const struct wr_rank_spec *spec = self->spec;
  bool by_place =
      spec->number == WR_RANK_ROW_NUMBER && (spec->with_rank || spec->first == spec->last);
  bool is_first = self->way == WR_RANK_FIRST;
  struct wr_rank_given before = touched->before, after = is_first
                                                             ? list_rows(self, touched->list)
                                                             : wr_rank_given(self, touched->list);
  if (by_place && is_first) {
    before = from_first(self, before);
    after = from_first(self, after);
  }
  if (by_place)
    return emit_places(self, &before, &after, spec->first, err);
  static const enum wr_change passes[] = {WR_DELETE, WR_INSERT};
  enum wr_code code = WR_OK;
  bool done = false;
  if (self->way == WR_RANK_ALL && self->op.context->portion == WR_PORTION_UPDATE &&
      spec->number == WR_RANK_ROW_NUMBER && !spec->with_rank)
    code = emit_update(self, &before, &after, &done, err);
  if (code || done)
    return code;
  for (unsigned p = 0; code == WR_OK && p < 2; p++)
    code = is_first ? emit_members(self, &before, &after, passes[p], err)
                    : emit_given(self, &before, &after, passes[p], err);
  return code;
}

bool wr_rank_compares(const struct wr_rank *self)
{
  const struct wr_rank_spec *spec = self->spec;
  return self->way != WR_RANK_FIRST || spec->with_rank || spec->first > 1 || spec->last == 1;
}

static enum wr_code emit_rows(struct wr_rank *self, const uint64_t *addresses, uint32_t count,
                              enum wr_change change, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < count; i++)
    code = wr_rank_emit(self, addresses[i], 0, change, err);
  return code;
}

enum wr_code wr_rank_emit_changes(struct wr_rank *self, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  if (!wr_rank_compares(self)) {
    code = emit_rows(self, self->gone.addresses, self->gone.count, WR_DELETE, err);
    if (code == WR_OK)
      code = emit_rows(self, self->added, self->added_count, WR_INSERT, err);
  }
  for (uint32_t i = 0; wr_rank_compares(self) && i < self->touched_count; i++) {
    self->touched[i].list->touched = 0;
    if (code == WR_OK)
      code = emit_list(self, &self->touched[i], err);
  }
  return code == WR_OK ? wr_rank_flush(self, err) : code;
}
