/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join: the rows of a key. A list of one row is its address in the entry; longer ones are arrays of
 * addresses, of 2^n words with their room in front, so that the rows of a key are found without
 * going from one to the next. A row that is taken back gives its place to the last one.
 *
 *   entry -> | room | address | address | ... |
 */
#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"
#include "operators/join_steps.h"

#define FIRST_ROOM      3   /* rows of the first array: four words */
#define SHRINK_ROOM     15  /* arrays of so many rows do not shrink */
#define MOVE_ROWS       256 /* of a page that are found in their lists together */
#define PAGE_ROOM       64  /* rows of a page that places are made for first */
#define KEEP_AHEAD      8   /* rows whose lists are on their way while one is put into its own */
#define ROW_OF(address) ((uint32_t)((address) & ((1u << WR_KEPT_ROW_BITS) - 1)))

/* ---- arrays */

static uint64_t *list_array(const struct wr_join_entry *entry, uint32_t side)
{
  assert(entry->counts[side] > 1);
  return (uint64_t *)(uintptr_t)entry->rows[side];
}

/* With what the allocator adds. */
static uint64_t array_memory(uint64_t room)
{
  return (room + 2) * sizeof(uint64_t);
}

static void list_set_room(struct wr_join *self, struct wr_join_entry *entry, uint32_t side,
                          uint64_t *array, uint64_t room)
{
  self->list_bytes -= array ? array_memory(array[0]) : 0;
  self->list_bytes += array_memory(room);
  array = wr_memory_resize(array, (room + 1) * sizeof *array);
  array[0] = room;
  entry->rows[side] = (uint64_t)(uintptr_t)array;
}

/* ---- what is known of rows */

static void page_reserve(struct wr_join *self, struct wr_join_rows *rows, uint64_t address)
{
  uint32_t page = (uint32_t)(address >> WR_KEPT_ROW_BITS), row = ROW_OF(address);
  if (page >= rows->page_room) {
    uint32_t room = rows->page_room ? 2 * rows->page_room : 16;
    while (room <= page)
      room *= 2;
    rows->pages = wr_memory_resize(rows->pages, room * sizeof *rows->pages);
    memset(rows->pages + rows->page_room, 0, (room - rows->page_room) * sizeof *rows->pages);
    self->list_bytes += (room - rows->page_room) * sizeof *rows->pages;
    rows->page_room = room;
  }
  struct wr_join_page *at = &rows->pages[page];
  if (row < at->room)
    return;
  uint32_t room = at->room ? 2 * at->room : PAGE_ROOM;
  while (room <= row)
    room *= 2;
  if (rows->has_places)
    at->places = wr_memory_resize(at->places, room * sizeof *at->places);
  if (rows->has_matches)
    at->matches = wr_memory_resize(at->matches, room * sizeof *at->matches);
  self->list_bytes += (uint64_t)(room - at->room) * sizeof(uint32_t) *
                      ((uint32_t)rows->has_places + (uint32_t)rows->has_matches);
  at->room = room;
}

static inline void list_note_place(struct wr_join_rows *rows, uint64_t address, uint32_t place)
{
  if (rows->has_places)
    rows->pages[address >> WR_KEPT_ROW_BITS].places[ROW_OF(address)] = place;
}

static inline uint32_t list_place(const struct wr_join_rows *rows, uint64_t address)
{
  return rows->pages[address >> WR_KEPT_ROW_BITS].places[ROW_OF(address)];
}

/* ---- coming and going */

void wr_join_list_add(struct wr_join *self, uint32_t side, struct wr_join_entry *entry,
                      uint64_t address, bool places)
{
  uint32_t count = entry->counts[side]++;
  if (places)
    list_note_place(&self->sides[side], address, count);
  if (count == 0) {
    entry->rows[side] = address;
    return;
  }
  if (count == 1) {
    uint64_t only = entry->rows[side];
    list_set_room(self, entry, side, NULL, FIRST_ROOM);
    list_array(entry, side)[1] = only;
  }
  uint64_t *array = list_array(entry, side);
  if (array[0] == count) {
    list_set_room(self, entry, side, array, 2 * array[0] + 1);
    array = list_array(entry, side);
  }
  array[1 + count] = address;
}

void wr_join_list_set(struct wr_join_entry *entry, uint32_t side, uint32_t at, uint64_t address)
{
  assert(at < entry->counts[side]);
  if (entry->counts[side] > 1)
    list_array(entry, side)[1 + at] = address;
  else
    entry->rows[side] = address;
}

/* The last row takes its place. */
void wr_join_list_remove(struct wr_join *self, uint32_t side, struct wr_join_entry *entry,
                         uint32_t at, bool places)
{
  uint32_t count = entry->counts[side];
  if (count == 1) {
    entry->counts[side] = 0;
    entry->rows[side] = 0;
    return;
  }
  uint64_t *array = list_array(entry, side);
  array[1 + at] = array[count];
  if (places)
    list_note_place(&self->sides[side], array[1 + at], at);
  entry->counts[side] = --count;
  if (count == 1) {
    entry->rows[side] = array[1];
    self->list_bytes -= array_memory(array[0]);
    free(array);
  } else if (array[0] > SHRINK_ROOM && count < array[0] / 4) {
    list_set_room(self, entry, side, array, array[0] / 2);
  }
}

/* Where the next row goes, and the room in front of all. */
static inline void list_fetch_end(const struct wr_join_entry *entry, uint32_t side)
{
  const uint64_t *list = wr_join_list(entry, side);
  if (entry->counts[side] < 2)
    return;
  __builtin_prefetch(list - 1);
  __builtin_prefetch(list + entry->counts[side], 1);
}

/* A list has a row more and is long. */
static void list_lengthened(struct wr_join *self, uint32_t side, const struct wr_join_entry *entry)
{
  const uint64_t *list = wr_join_list(entry, side);
  uint32_t count = entry->counts[side];
  if (count == WR_JOIN_LONG + 1)
    wr_join_index_add(self, side, list, count);
  else
    wr_join_index_add(self, side, list + count - 1, 1);
}

enum wr_code wr_join_keep(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                          const uint32_t *rows, char *const *entries, const uint32_t *matches,
                          uint32_t row_count, struct wr_error *err)
{
  struct wr_join_rows *to = &self->sides[side];
  uint64_t *addresses = wr_arena_get(&self->arena, (row_count + 1) * sizeof *addresses);
  wr_kept_rows_add(&to->kept, batch, rows, row_count, addresses);
  for (uint32_t i = 0; i < row_count; i++) {
    struct wr_join_entry *entry = wr_join_entry_of(self, entries[i]);
    if (i + KEEP_AHEAD < row_count)
      list_fetch_end(wr_join_entry_of(self, entries[i + KEEP_AHEAD]), side);
    if (entry->counts[side] >= WR_JOIN_ROWS_MAX)
      return wr_fail(err, WR_LIMIT,
                     "%s has more rows of one key to keep than the limit WR_JOIN_ROWS_MAX, %u",
                     self->op.context->name, (unsigned)WR_JOIN_ROWS_MAX);
    if (to->has_places || to->has_matches)
      page_reserve(self, to, addresses[i]);
    if (to->has_matches)
      *wr_join_matches(to, addresses[i]) = matches ? matches[i] : 0;
    wr_join_list_add(self, side, entry, addresses[i], true);
    if (self->spec->by_time)
      wr_timers_add(&self->timers, wr_join_kept_expiry(self, side, addresses[i]),
                    addresses[i] << 1 | side);
    else if (self->has_ttl)
      wr_join_will_go(self, side, addresses[i]);
    if (to->changes && entry->counts[side] > WR_JOIN_LONG)
      list_lengthened(self, side, entry);
  }
  return WR_OK;
}

bool wr_join_take_out(struct wr_join *self, uint32_t side, struct wr_join_entry *entry,
                      const struct wr_batch *batch, uint32_t row)
{
  struct wr_join_rows *from = &self->sides[side];
  uint64_t address;
  if (entry->counts[side] > WR_JOIN_LONG) {
    if (!wr_join_index_take(self, side, batch, row, &address))
      return false;
    wr_gone_rows_add(&from->gone, address);
    wr_join_list_remove(self, side, entry, list_place(from, address), true);
    if (entry->counts[side] == WR_JOIN_LONG)
      wr_join_index_remove(self, side, wr_join_list(entry, side), WR_JOIN_LONG);
    return true;
  }
  const uint64_t *list = wr_join_list(entry, side);
  for (uint32_t i = entry->counts[side]; i-- > 0;) {
    uint32_t kept_row;
    const struct wr_batch *kept = wr_kept_row(&from->kept, list[i], &kept_row);
    if (!wr_join_rows_equal(from, kept, kept_row, batch, row) ||
        wr_join_is_gone(self, side, list[i]))
      continue;
    wr_gone_rows_add(&from->gone, list[i]);
    wr_join_list_remove(self, side, entry, i, true);
    return true;
  }
  return false;
}

void wr_join_leave(struct wr_join *self, uint32_t side, char *const *entries,
                   const uint64_t *addresses, uint32_t count)
{
  struct wr_join_rows *rows = &self->sides[side];
  for (uint32_t i = 0; i < count; i++) {
    struct wr_join_entry *entry = wr_join_entry_of(self, entries[i]);
    bool is_long = rows->changes && entry->counts[side] > WR_JOIN_LONG;
    if (is_long)
      wr_join_index_remove(self, side, &addresses[i], 1);
    wr_join_list_remove(self, side, entry, list_place(rows, addresses[i]), true);
    if (is_long && entry->counts[side] == WR_JOIN_LONG)
      wr_join_index_remove(self, side, wr_join_list(entry, side), WR_JOIN_LONG);
    wr_gone_rows_add(&rows->gone, addresses[i]);
  }
}

char **wr_join_find_kept(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                         uint32_t count)
{
  const struct wr_join_spec *spec = self->spec;
  uint32_t first = side ? spec->sides[0].schema->column_count : 0;
  struct wr_column *columns = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *columns);
  uint64_t *hashes = wr_arena_get(&self->arena, count * sizeof *hashes);
  for (uint32_t k = 0; k < spec->key_count; k++) {
    struct wr_builder *builder = &self->others[first + spec->sides[side].keys[k]];
    wr_builder_reset(builder);
    wr_kept_rows_gather(&self->sides[side].kept, addresses, count, spec->sides[side].keys[k],
                        builder);
    columns[k] = wr_builder_view(builder);
    self->key_columns[k] = &columns[k];
  }
  wr_hash_keys(self->key_columns, spec->key_count, NULL, count, self->op.context->hash_seed,
               hashes);
  struct wr_probe probe;
  wr_table_probe(self->table, self->key_columns, NULL, hashes, count, WR_PROBE_CHANGE, &probe);
  return probe.entries;
}

void wr_join_drop_rows(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                       uint32_t count)
{
  if (count == 0)
    return;
  char **entries = wr_join_find_kept(self, side, addresses, count);
  wr_join_leave(self, side, entries, addresses, count);
  wr_join_forget(self, entries, count);
  wr_join_settle(self, side);
}

void wr_join_forget(struct wr_join *self, char *const *entries, uint32_t count)
{
  char **empty = wr_arena_get(&self->arena, (count + 1) * sizeof *empty);
  uint32_t empty_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_join_entry *entry = entries[i] ? wr_join_entry_of(self, entries[i]) : NULL;
    uint32_t *number = entry ? (uint32_t *)(entries[i] + self->touched_at) : NULL;
    if (!entry || entry->counts[0] || entry->counts[1] || *number == UINT32_MAX)
      continue;
    *number = UINT32_MAX; /* once each */
    empty[empty_count++] = entries[i];
  }
  if (empty_count)
    wr_table_remove(self->table, empty, empty_count);
}

/* ---- tidying */

static void join_keys(struct wr_join *self, uint32_t side, const struct wr_batch *batch)
{
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    self->key_columns[k] = &batch->columns[self->spec->sides[side].keys[k]];
}

/* Tells the lists that these rows of a page lie elsewhere now. */
static void rows_move(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                      uint32_t page, const uint32_t *moved, uint32_t count,
                      const uint64_t *addresses)
{
  struct wr_join_rows *rows = &self->sides[side];
  uint64_t hashes[MOVE_ROWS];
  struct wr_probe probe;
  join_keys(self, side, batch);
  wr_hash_keys(self->key_columns, self->spec->key_count, moved, count, self->op.context->hash_seed,
               hashes);
  wr_table_probe(self->table, self->key_columns, moved, hashes, count, WR_PROBE_FIND, &probe);
  for (uint32_t i = 0; i < count; i++) {
    struct wr_join_entry *entry = wr_join_entry_of(self, probe.entries[i]);
    uint64_t old = (uint64_t)page << WR_KEPT_ROW_BITS | moved[i];
    uint32_t place = list_place(rows, old);
    page_reserve(self, rows, addresses[i]);
    assert(place < entry->counts[side] && wr_join_list(entry, side)[place] == old);
    wr_join_list_set(entry, side, place, addresses[i]);
    list_note_place(rows, addresses[i], place);
    if (entry->counts[side] > WR_JOIN_LONG)
      wr_join_index_move(self, side, old, addresses[i]);
    if (rows->has_matches)
      *wr_join_matches(rows, addresses[i]) = *wr_join_matches(rows, old);
    if (self->has_ttl)
      wr_join_will_go(self, side, addresses[i]);
  }
}

struct rows_of_side {
  struct wr_join *join;
  uint32_t side;
};

/* Moves the rows of a page that are left to where others are added. */
static void rows_move_page(void *argument, uint32_t page)
{
  const struct rows_of_side *rows = argument;
  struct wr_kept_rows *kept = &rows->join->sides[rows->side].kept;
  const struct wr_batch old = kept->pages[page].rows;
  uint32_t left = wr_kept_page_left_count(kept, page);
  uint32_t *moved = wr_memory_get((left + 1) * sizeof *moved);
  uint64_t *addresses = wr_memory_get((left + 1) * sizeof *addresses);
  uint32_t count = wr_kept_page_left(kept, page, moved);
  wr_kept_rows_add(kept, &old, moved, count, addresses);
  for (uint32_t first = 0; first < count; first += MOVE_ROWS) {
    uint32_t some = count - first < MOVE_ROWS ? count - first : MOVE_ROWS;
    rows_move(rows->join, rows->side, &old, page, moved + first, some, addresses + first);
  }
  wr_kept_page_drop(kept, page, moved, count);
  free(moved);
  free(addresses);
}

/* Rows that only come go in the order in which they came, page by page. */
void wr_join_settle(struct wr_join *self, uint32_t side)
{
  struct wr_join_rows *rows = &self->sides[side];
  struct rows_of_side of_side = {.join = self, .side = side};
  wr_gone_rows_settle(&rows->gone, &rows->kept, rows->changes ? rows_move_page : NULL, &of_side);
}

static void arrays_free(const struct wr_table *table, uint32_t entry_at)
{
  char **entries = wr_memory_get(WR_BATCH_ROWS * sizeof *entries);
  struct wr_table_cursor cursor = {0};
  uint32_t count;
  while ((count = wr_table_scan(table, &cursor, entries, WR_BATCH_ROWS)) > 0)
    for (uint32_t i = 0; i < count; i++) {
      const struct wr_join_entry *entry = (const struct wr_join_entry *)(entries[i] + entry_at);
      for (uint32_t s = 0; s < 2; s++)
        if (entry->counts[s] > 1)
          free(list_array(entry, s));
    }
  free(entries);
}

void wr_join_lists_free(struct wr_join *self)
{
  arrays_free(self->table, self->entry_at);
  arrays_free(self->index, self->index_at);
  for (uint32_t s = 0; s < 2; s++) {
    for (uint32_t p = 0; p < self->sides[s].page_room; p++) {
      free(self->sides[s].pages[p].places);
      free(self->sides[s].pages[p].matches);
      free(self->sides[s].pages[p].frozen);
    }
    free(self->sides[s].pages);
    wr_gone_rows_close(&self->sides[s].gone);
  }
}
