/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that may be taken back: every row of a partition is kept, as any of them may get among the
 * first when others go. A row is found again by all of its columns but those that nobody reads,
 * which may come with anything, or nothing. So these are its place in the order as well, behind
 * what the order says itself: which of two rows that are equal in it stands first does not depend
 * on when they came, which is a matter of batches where results change.
 *
 * A row that is taken back and is not there is passed over. Of rows that are equal in everything
 * the one that came last goes, which only matters to when the others are over.
 */
#include "functions/values.h"
#include "operators/rank_state.h"

/* ---- the order of whole rows */

static int compare_values(const struct wr_column *a, uint32_t a_row, const struct wr_column *b,
                          uint32_t b_row)
{
  bool a_null = wr_column_is_null(a, a_row), b_null = wr_column_is_null(b, b_row);
  if (a_null || b_null)
    return b_null - a_null;
  if (a->type->physical != WR_NESTED) /* of packed collections the bytes: any order will do */
    return wr_values_compare(a, a_row, b, b_row);
  int found = 0;
  for (uint32_t i = 0; i < a->type->field_count && !found; i++)
    found = compare_values(&a->children[i], wr_column_row(a, a_row), &b->children[i],
                           wr_column_row(b, b_row));
  return found;
}

int wr_rank_compare_rows(const struct wr_rank *self, const struct wr_batch *a, uint32_t a_row,
                         const struct wr_batch *b, uint32_t b_row)
{
  int found = wr_sort_compare(&self->ties, a, a_row, b, b_row);
  const bool *made = self->spec->made;
  for (uint32_t c = 0; c < self->spec->input_schema->column_count && !found; c++)
    if (!made || made[c])
      found = compare_values(&a->columns[c], a_row, &b->columns[c], b_row);
  return found;
}

/* ---- rows that come and go */

/* Rows of a snapshot come in any order: behind the equal ones that are younger. */
static struct wr_rank_at all_skip_younger(const struct wr_rank *self,
                                          const struct wr_rank_sorted *sorted, struct wr_rank_at at,
                                          const struct wr_rank_place *place)
{
  int64_t time_us = wr_ttl_rows_time(&self->ttl, place->rows, place->row);
  const struct wr_sort_item *item;
  for (; (item = wr_rank_sorted_item(sorted, at)) != NULL && item->prefix == place->prefix;
       at = wr_rank_sorted_next(sorted, at)) {
    uint32_t row;
    const struct wr_batch *rows = wr_rank_row(self, item->address, &row);
    if (wr_rank_compare_rows(self, rows, row, place->rows, place->row) != 0 ||
        wr_ttl_rows_time(&self->ttl, rows, row) <= time_us)
      break;
  }
  return at;
}

static enum wr_code all_put(struct wr_rank *self, struct wr_rank_list *list,
                            const struct wr_rank_place *place, uint64_t address,
                            struct wr_error *err)
{
  if (list->count == 0)
    list->sorted = wr_rank_sorted_new(&self->list_bytes);
  struct wr_rank_at at = wr_rank_find(self, list->sorted, place);
  if (self->loading && self->spec->ttl_us)
    at = all_skip_younger(self, list->sorted, at, place);
  const struct wr_sort_item item = {place->prefix, address};
  return wr_rank_put(self, list, &at, item, err);
}

static void all_take_back(struct wr_rank *self, struct wr_rank_list *list,
                          const struct wr_rank_place *place)
{
  if (list->count == 0)
    return;
  struct wr_rank_at at = wr_rank_find(self, list->sorted, place);
  const struct wr_sort_item *item = wr_rank_sorted_item(list->sorted, at);
  uint32_t row;
  if (!item || item->prefix != place->prefix)
    return;
  const struct wr_batch *rows = wr_rank_row(self, item->address, &row);
  if (wr_rank_compare_rows(self, rows, row, place->rows, place->row) != 0)
    return;
  wr_rank_drop(self, item->address);
  wr_rank_sorted_take(list->sorted, at);
  if (--list->count > 0)
    return;
  wr_rank_sorted_free(list->sorted);
  list->sorted = NULL;
}

/* Whether row `row` of a batch takes back another. */
static bool all_is_back(const struct wr_batch *batch, uint32_t row)
{
  return batch->change && batch->change[row] & WR_DELETE;
}

/* Keeps the rows that come. */
static const uint64_t *all_keep(struct wr_rank *self, const struct wr_batch *batch,
                                const uint32_t *rows, uint32_t row_count)
{
  uint32_t *kept = wr_arena_get(&self->arena, row_count * sizeof *kept), count = 0;
  for (uint32_t i = 0; i < row_count; i++)
    if (!all_is_back(batch, rows[i]))
      kept[count++] = rows[i];
  uint64_t *addresses = wr_arena_get(&self->arena, count * sizeof *addresses);
  wr_kept_rows_add(&self->kept, self->fresh, kept, count, addresses);
  if (self->spec->ttl_us)
    wr_ttl_rows_note(&self->ttl, self->fresh, kept, addresses, count);
  return addresses;
}

enum wr_code wr_rank_take_all(struct wr_rank *self, struct wr_rank_window *window,
                              const struct wr_batch *batch, const uint32_t *rows,
                              const uint64_t *hashes, uint32_t row_count, struct wr_error *err)
{
  uint64_t *prefixes = wr_arena_get(&self->arena, row_count * sizeof *prefixes);
  struct wr_probe probe;
  wr_rank_probe(self, window, self->fresh, rows, hashes, row_count, &probe);
  wr_sort_prefixes(&self->order, self->fresh, rows, row_count, prefixes);
  const uint64_t *addresses = all_keep(self, batch, rows, row_count);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < row_count; i++) {
    struct wr_rank_list *list = wr_rank_list_of(self, probe.entries[i]);
    const struct wr_rank_place place = {prefixes[i], self->fresh, rows[i], false};
    wr_rank_touch(self, list);
    if (all_is_back(batch, rows[i]))
      all_take_back(self, list, &place);
    else
      code = all_put(self, list, &place, *addresses++, err);
  }
  return code;
}

void wr_rank_forget_empty(struct wr_rank *self, struct wr_rank_window *window)
{
  char **entries = wr_arena_get(&self->arena, self->touched_count * sizeof *entries);
  uint32_t count = 0;
  for (uint32_t i = 0; i < self->touched_count; i++)
    if (self->touched[i].list->count == 0)
      entries[count++] = (char *)self->touched[i].list - self->list_at;
  if (count)
    wr_table_remove(window->table, entries, count);
}
