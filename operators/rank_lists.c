/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The best rows of each key, as a sorted array of items. Most rows of a long stream are not among
 * them: one look at the prefix of the worst item tells, and nothing of the row is copied. A row
 * that is better goes into its list at once, but with its address in the batch; rows are copied all
 * together when the batch is through, without those that were beaten by later ones of it.
 */
#include "operators/rank_state.h"

#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"

#define FIRST_SIZE 2   /* of a list's first array: four items */
#define MOVE_ROWS  256 /* of a page that are found in their lists together */

/* ---- windows */

uint32_t wr_rank_window_search(const struct wr_rank *self, int64_t start_us, int64_t end_us)
{
  uint32_t low = 0, high = self->window_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const struct wr_rank_window *window = self->windows[middle];
    if (window->end_us < end_us || (window->end_us == end_us && window->start_us < start_us))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool window_is_at(const struct wr_rank *self, uint32_t at, int64_t start_us, int64_t end_us)
{
  return at < self->window_count && self->windows[at]->end_us == end_us &&
         self->windows[at]->start_us == start_us;
}

struct wr_rank_window *wr_rank_window_get(struct wr_rank *self, int64_t start_us, int64_t end_us)
{
  uint32_t at = wr_rank_window_search(self, start_us, end_us);
  if (window_is_at(self, at, start_us, end_us))
    return self->windows[at];
  if (self->window_count == self->window_room) {
    self->window_room = self->window_room ? 2 * self->window_room : 8;
    self->windows = wr_memory_resize(self->windows, self->window_room * sizeof *self->windows);
  }
  memmove(self->windows + at + 1, self->windows + at,
          (self->window_count - at) * sizeof *self->windows);
  struct wr_rank_window *window = wr_memory_get_zero(sizeof *window);
  window->start_us = start_us;
  window->end_us = end_us;
  window->group = WR_NO_GROUP;
  window->table = wr_table_new(self->space, 0, true);
  self->windows[at] = window;
  self->window_count++;
  return window;
}

void wr_rank_drop(struct wr_rank *self, uint64_t address)
{
  wr_gone_rows_add(&self->gone, address);
}

/* The size of the array of a list with so many items. */
static uint32_t array_size(uint64_t last, uint32_t count)
{
  uint32_t size = last <= 1u << FIRST_SIZE ? 0 : FIRST_SIZE;
  while (1u << size < count)
    size++;
  return size;
}

static uint64_t array_bytes(uint32_t size)
{
  return (uint64_t)sizeof(struct wr_sort_item) << size;
}

/* With what the allocator adds. */
static uint64_t array_memory(uint32_t size)
{
  return array_bytes(size) + sizeof(struct wr_sort_item);
}

static void list_free_sorted(struct wr_rank *self, struct wr_rank_sorted *sorted, bool rows)
{
  for (uint32_t c = 0; rows && c < sorted->chunk_count; c++)
    for (uint32_t i = 0; i < sorted->chunks[c]->count; i++)
      wr_rank_drop(self, sorted->chunks[c]->items[i].address);
  wr_rank_sorted_free(sorted);
}

/* A list goes with its window. */
static void list_free(struct wr_rank *self, struct wr_rank_list *list, bool rows)
{
  bool has_items = self->spec->last > 1;
  if (self->way != WR_RANK_FIRST) {
    if (list->count)
      list_free_sorted(self, list->sorted, rows);
    return;
  }
  for (uint32_t at = 0; rows && at < list->count; at++)
    wr_rank_drop(self, has_items ? list->items[at].address : list->address);
  if (!has_items || list->count == 0)
    return;
  self->list_bytes -= array_memory(array_size(self->spec->last, list->count));
  free(list->items);
}

void wr_rank_window_free(struct wr_rank *self, struct wr_rank_window *window, bool rows)
{
  char **entries = self->output.entries;
  struct wr_table_cursor cursor = {0};
  uint32_t count;
  while ((count = wr_table_scan(window->table, &cursor, entries, WR_BATCH_ROWS)) > 0)
    for (uint32_t i = 0; i < count; i++)
      list_free(self, wr_rank_list_of(self, entries[i]), rows);
  wr_table_free(window->table);
  free(window);
}

/* Makes room for one more item. */
static void list_grow(struct wr_rank *self, struct wr_rank_list *list)
{
  uint64_t last = self->spec->last;
  uint32_t size = array_size(last, list->count), next = array_size(last, list->count + 1);
  if (list->count && size == next)
    return;
  list->items = wr_memory_resize(list->count ? list->items : NULL, array_bytes(next));
  self->list_bytes += array_memory(next) - (list->count ? array_memory(size) : 0);
}

/* ---- the order */

/* Whether an item stands before the row. */
static inline bool item_before(const struct wr_rank *self, uint64_t prefix, uint64_t address,
                               const struct wr_rank_place *place)
{
  if (prefix != place->prefix)
    return prefix < place->prefix;
  if (self->is_exact && place->is_last && !wr_sort_prefix_is_end(prefix))
    return !self->spec->newest_first;
  uint32_t row;
  const struct wr_batch *rows = wr_rank_row(self, address, &row);
  return wr_sort_compare(&self->order, rows, row, place->rows, place->row) < 0;
}

/* How many items have a lesser prefix. Without branches: which way it goes cannot be foreseen. */
static inline uint32_t items_below(const struct wr_sort_item *items, uint32_t count,
                                   uint64_t prefix)
{
  const struct wr_sort_item *base = items;
  if (count == 0)
    return 0;
  while (count > 1) {
    uint32_t half = count / 2;
    base += base[half - 1].prefix < prefix ? half : 0;
    count -= half;
  }
  return (uint32_t)(base - items) + (base->prefix < prefix);
}

/* How many items stand before the row. */
static uint32_t list_search(const struct wr_rank *self, const struct wr_rank_list *list,
                            const struct wr_rank_place *place)
{
  uint32_t low = items_below(list->items, list->count, place->prefix), high = low;
  if (low == list->count || list->items[low].prefix != place->prefix)
    return low;
  high = place->prefix == UINT64_MAX
             ? list->count
             : low + items_below(list->items + low, list->count - low, place->prefix + 1);
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const struct wr_sort_item *item = &list->items[middle];
    if (item_before(self, item->prefix, item->address, place))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* A row that is in the list, as `place`, lies elsewhere now. */
static void list_set_address(const struct wr_rank *self, struct wr_rank_list *list,
                             const struct wr_rank_place *place, uint64_t old, uint64_t address)
{
  if (self->way != WR_RANK_FIRST) {
    struct wr_rank_at at = wr_rank_find(self, list->sorted, place);
    while (wr_rank_sorted_item(list->sorted, at)->address != old) /* rows that are equal */
      at = wr_rank_sorted_next(list->sorted, at);
    wr_rank_sorted_item(list->sorted, at)->address = address;
    return;
  }
  if (self->spec->last == 1) {
    assert(list->address == old);
    list->address = address;
    return;
  }
  uint32_t at = items_below(list->items, list->count, place->prefix);
  while (at < list->count && list->items[at].address != old)
    at++;
  assert(at < list->count);
  list->items[at].address = address;
}

bool wr_rank_list_take(struct wr_rank *self, struct wr_rank_list *list,
                       const struct wr_rank_place *place, uint64_t address)
{
  uint64_t last = self->spec->last;
  assert(list->count > 0);
  if (self->way != WR_RANK_FIRST) {
    wr_rank_leave(self, list, place, address);
    return list->count == 0;
  }
  if (last == 1) {
    assert(list->address == address);
    list->count = 0;
    return true;
  }
  uint32_t at = items_below(list->items, list->count, place->prefix);
  while (at < list->count && list->items[at].address != address)
    at++;
  assert(at < list->count);
  uint32_t size = array_size(last, list->count--), next = array_size(last, list->count);
  memmove(list->items + at, list->items + at + 1, (list->count - at) * sizeof *list->items);
  self->list_bytes -= array_memory(size) - (list->count ? array_memory(next) : 0);
  if (list->count == 0) {
    free(list->items);
    return true;
  }
  if (size != next)
    list->items = wr_memory_resize(list->items, array_bytes(next));
  list->worst = list->items[list->count - 1].prefix;
  return false;
}

/* ---- taking rows */

/* The key columns of a batch; lent until the next call. */
static const struct wr_column *const *rank_keys(struct wr_rank *self, const struct wr_batch *batch)
{
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    self->key_columns[k] = &batch->columns[self->spec->keys[k]];
  return self->key_columns;
}

void wr_rank_probe(struct wr_rank *self, struct wr_rank_window *window,
                   const struct wr_batch *batch, const uint32_t *rows, const uint64_t *hashes,
                   uint32_t row_count, struct wr_probe *probe)
{
  bool is_one = self->spec->key_count == 0 && row_count > 0;
  wr_table_probe(window->table, rank_keys(self, batch), rows, hashes, is_one ? 1 : row_count,
                 WR_PROBE_MAKE, probe);
  if (!is_one)
    return;
  char **entries = wr_arena_get(&self->arena, row_count * sizeof *entries);
  for (uint32_t i = 0; i < row_count; i++)
    entries[i] = probe->entries[0];
  probe->entries = entries;
}

/* Remembers what the list was before this batch. */
static void rank_touch(struct wr_rank *self, struct wr_rank_list *list)
{
  struct wr_rank_touched *touched = &self->touched[self->touched_count++];
  struct wr_rank_given *before = &touched->before;
  list->touched = self->touched_count;
  *touched = (struct wr_rank_touched){.list = list, .before = {.count = list->count}};
  before->addresses = wr_arena_get(&self->arena, list->count * sizeof *before->addresses);
  for (uint32_t i = 0; i < list->count; i++)
    before->addresses[i] = self->spec->last == 1 ? list->address : list->items[i].address;
}

/* Puts a row of the batch into its list; returns the address of the one that had to go. */
static uint64_t list_put(struct wr_rank *self, struct wr_rank_list *list,
                         const struct wr_rank_place *place)
{
  const uint64_t fresh = WR_RANK_FRESH | place->row;
  uint64_t gone = UINT64_MAX;
  if (self->spec->last == 1) {
    gone = list->count ? list->address : gone;
    list->count = 1;
    list->worst = place->prefix;
    list->address = fresh;
    return gone;
  }
  uint32_t at = list_search(self, list, place);
  if (list->count == self->spec->last) {
    assert(at < list->count);
    gone = list->items[--list->count].address;
  } else {
    list_grow(self, list);
  }
  memmove(list->items + at + 1, list->items + at, (list->count - at) * sizeof *list->items);
  list->items[at] = (struct wr_sort_item){place->prefix, fresh};
  list->worst = list->items[list->count++].prefix;
  return gone;
}

/* Whether a row stands before the last of a full list. */
static inline bool list_wants(const struct wr_rank *self, const struct wr_rank_list *list,
                              const struct wr_rank_place *place)
{
  if (list->count < self->spec->last || place->prefix < list->worst)
    return true;
  if (place->prefix > list->worst)
    return false;
  uint64_t address = self->spec->last == 1 ? list->address : list->items[list->count - 1].address;
  return !item_before(self, list->worst, address, place);
}

void wr_rank_keep(struct wr_rank *self, char *const *entries, const uint32_t *rows,
                  const uint64_t *prefixes, uint32_t *taken, uint32_t taken_count,
                  const uint64_t *beaten)
{
  uint32_t *kept = wr_arena_get(&self->arena, taken_count * sizeof *kept);
  uint64_t *addresses = wr_arena_get(&self->arena, taken_count * sizeof *addresses);
  uint32_t count = 0;
  for (uint32_t i = 0; i < taken_count; i++) {
    if (wr_bit_get(beaten, rows[taken[i]]))
      continue;
    taken[count] = taken[i];
    kept[count++] = rows[taken[i]];
  }
  wr_kept_rows_add(&self->kept, self->fresh, kept, count, addresses);
  if (self->spec->ttl_us)
    wr_ttl_rows_note(&self->ttl, self->fresh, kept, addresses, count);
  self->added = addresses;
  self->added_count = count;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_rank_place place = {prefixes[taken[i]], self->fresh, kept[i], false};
    list_set_address(self, wr_rank_list_of(self, entries[taken[i]]), &place,
                     WR_RANK_FRESH | kept[i], addresses[i]);
  }
}

static void rank_take_first(struct wr_rank *self, char *const *entries, const uint32_t *rows,
                            const uint64_t *prefixes, uint32_t row_count)
{
  uint32_t *taken = wr_arena_get(&self->arena, row_count * sizeof *taken), taken_count = 0;
  uint64_t *beaten =
      wr_arena_get_zero(&self->arena, wr_bit_words(self->fresh->row_count) * sizeof *beaten);
  for (uint32_t i = 0; i < row_count; i++) {
    struct wr_rank_list *list = wr_rank_list_of(self, entries[i]);
    const struct wr_rank_place place = {prefixes[i], self->fresh, rows[i], !self->loading};
    if (!list_wants(self, list, &place))
      continue;
    if (self->touched && !list->touched)
      rank_touch(self, list);
    uint64_t gone = list_put(self, list, &place);
    if (gone & WR_RANK_FRESH && gone != UINT64_MAX)
      wr_bit_set(beaten, (uint32_t)gone);
    else if (gone != UINT64_MAX)
      wr_rank_drop(self, gone);
    taken[taken_count++] = i;
  }
  self->added_count = 0;
  if (taken_count)
    wr_rank_keep(self, entries, rows, prefixes, taken, taken_count, beaten);
}

enum wr_code wr_rank_take(struct wr_rank *self, struct wr_rank_window *window, const uint32_t *rows,
                          const uint64_t *hashes, uint32_t row_count, struct wr_error *err)
{
  if (self->way == WR_RANK_ALL)
    return wr_rank_take_all(self, window, self->fresh, rows, hashes, row_count, err);
  uint64_t *prefixes = wr_arena_get(&self->arena, row_count * sizeof *prefixes);
  struct wr_probe probe;
  wr_rank_probe(self, window, self->fresh, rows, hashes, row_count, &probe);
  wr_sort_prefixes(&self->order, self->fresh, rows, row_count, prefixes);
  if (self->way == WR_RANK_TIES)
    return wr_rank_take_ties(self, probe.entries, rows, prefixes, row_count, err);
  rank_take_first(self, probe.entries, rows, prefixes, row_count);
  return WR_OK;
}

void wr_rank_hash(struct wr_rank *self, const struct wr_batch *batch, const uint32_t *rows,
                  uint32_t row_count, uint64_t *hashes)
{
  bool is_one = self->spec->key_count == 0 && row_count > 0;
  wr_hash_keys(rank_keys(self, batch), self->spec->key_count, rows, is_one ? 1 : row_count,
               self->op.context->hash_seed, hashes);
  for (uint32_t i = 1; is_one && i < row_count; i++)
    hashes[i] = hashes[0];
}

/* ---- tidying */

/* The window of a kept row. */
static struct wr_rank_window *rank_row_window(const struct wr_rank *self,
                                              const struct wr_batch *batch, uint32_t row)
{
  if (!self->has_window)
    return self->windows[0];
  int64_t start_us = wr_column_i64(&batch->columns[self->spec->start_column], row),
          end_us = wr_column_i64(&batch->columns[self->spec->end_column], row);
  uint32_t at = wr_rank_window_search(self, start_us, end_us);
  assert(window_is_at(self, at, start_us, end_us));
  return self->windows[at];
}

/* Tells the lists of one window that these rows of a page lie elsewhere now. */
static void rank_move_rows(struct wr_rank *self, const struct wr_batch *batch, uint32_t page,
                           const uint32_t *rows, uint32_t count, const uint64_t *hashes,
                           const uint64_t *addresses)
{
  const struct wr_rank_window *window = rank_row_window(self, batch, rows[0]);
  uint64_t prefixes[MOVE_ROWS];
  struct wr_probe probe;
  wr_table_probe(window->table, rank_keys(self, batch), rows, hashes, count, WR_PROBE_FIND, &probe);
  wr_sort_prefixes(&self->order, batch, rows, count, prefixes);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_rank_place place = {prefixes[i], batch, rows[i], false};
    list_set_address(self, wr_rank_list_of(self, probe.entries[i]), &place,
                     (uint64_t)page << WR_KEPT_ROW_BITS | rows[i], addresses[i]);
  }
}

/* Moves the rows of a page that are left to where others are added. */
static void rank_move_page(void *argument, uint32_t page)
{
  struct wr_rank *self = argument;
  const struct wr_batch old = self->kept.pages[page].rows;
  uint32_t left = wr_kept_page_left_count(&self->kept, page);
  uint32_t *rows = wr_memory_get(left * sizeof *rows);
  uint64_t *hashes = wr_memory_get(2 * left * sizeof *hashes), *addresses = hashes + left;
  uint32_t count = wr_kept_page_left(&self->kept, page, rows);
  wr_rank_hash(self, &old, rows, count, hashes);
  wr_kept_rows_add(&self->kept, &old, rows, count, addresses);
  if (self->spec->ttl_us)
    wr_ttl_rows_note(&self->ttl, &old, rows, addresses, count);
  for (uint32_t first = 0, end; first < count; first = end) {
    const struct wr_rank_window *window = rank_row_window(self, &old, rows[first]);
    for (end = first + 1; end < count && end < first + MOVE_ROWS; end++)
      if (self->has_window && rank_row_window(self, &old, rows[end]) != window)
        break;
    rank_move_rows(self, &old, page, rows + first, end - first, hashes + first, addresses + first);
  }
  wr_kept_page_drop(&self->kept, page, rows, count);
  free(rows);
  free(hashes);
}

void wr_rank_settle(struct wr_rank *self)
{
  wr_gone_rows_settle(&self->gone, &self->kept, rank_move_page, self);
}
