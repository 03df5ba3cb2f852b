/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The earlier sessions of keys, and the timers: what is known beside the tables, and can be worked
 * out from them. Sessions of a key close in their order, so lists lose items at the front; a new
 * one is mostly the last.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "operators/session_state.h"

#define REBUILD_ENTRIES 1024
#define KEY_GROUP_BITS  8
#define FOUND_MAX       8 /* keys of one 64-bit hash */

/* ---- lists */

struct wr_session_list *wr_session_list_of(const struct wr_session_operator *self,
                                           const struct wr_session *session)
{
  assert(session->earlier > 0 && session->earlier <= self->list_count);
  return &self->lists[session->earlier - 1];
}

static struct wr_session_list *list_new(struct wr_session_operator *self,
                                        struct wr_session *session)
{
  self->used_lists++;
  if (self->free_list) {
    session->earlier = self->free_list;
    struct wr_session_list *list = wr_session_list_of(self, session);
    self->free_list = list->next_free;
    *list = (struct wr_session_list){.items = list->items, .capacity = list->capacity};
    return list;
  }
  if (self->list_count == self->list_capacity) {
    self->list_capacity = self->list_capacity ? 2 * self->list_capacity : 16;
    self->lists = wr_memory_resize(self->lists, self->list_capacity * sizeof *self->lists);
  }
  self->lists[self->list_count++] = (struct wr_session_list){0};
  session->earlier = self->list_count;
  self->list_bytes += sizeof *self->lists;
  return &self->lists[self->list_count - 1];
}

static void list_reserve(struct wr_session_operator *self, struct wr_session_list *list)
{
  if (list->end < list->capacity)
    return;
  if (list->first > list->end / 2) {
    memmove(list->items, list->items + list->first,
            (list->end - list->first) * sizeof *list->items);
    list->end -= list->first;
    list->first = 0;
    return;
  }
  assert(list->capacity < UINT32_MAX / 2);
  self->list_bytes -= list->capacity * sizeof *list->items;
  list->capacity = list->capacity ? 2 * list->capacity : 4;
  list->items = wr_memory_resize(list->items, list->capacity * sizeof *list->items);
  self->list_bytes += list->capacity * sizeof *list->items;
}

/* A list without items is kept for another key, with its memory as long as there are not more of
 * that sort than lists in use. */
static void list_drop(struct wr_session_operator *self, uint32_t number)
{
  struct wr_session_list *list = &self->lists[number - 1];
  if (--self->used_lists == 0) {
    wr_session_lists_free(self);
    return;
  }
  if (self->list_count - self->used_lists > self->used_lists) {
    self->list_bytes -= list->capacity * sizeof *list->items;
    free(list->items);
    *list = (struct wr_session_list){0};
  }
  list->next_free = self->free_list;
  self->free_list = number;
}

void wr_session_list_add(struct wr_session_operator *self, struct wr_session *session,
                         const struct wr_session_item *item)
{
  struct wr_session_list *list =
      session->earlier ? wr_session_list_of(self, session) : list_new(self, session);
  list_reserve(self, list);
  uint32_t low = list->first, high = list->end;
  if (low < high && list->items[high - 1].start_us <= item->start_us)
    low = high; /* as mostly */
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (list->items[middle].start_us <= item->start_us)
      low = middle + 1;
    else
      high = middle;
  }
  if (list->first > 0 && low - list->first < list->end - low) {
    list->first--;
    low--;
    memmove(list->items + list->first, list->items + list->first + 1,
            (low - list->first) * sizeof *list->items);
  } else {
    memmove(list->items + low + 1, list->items + low, (list->end - low) * sizeof *list->items);
    list->end++;
  }
  list->items[low] = *item;
}

void wr_session_list_remove(struct wr_session_operator *self, struct wr_session *session,
                            uint32_t at)
{
  struct wr_session_list *list = wr_session_list_of(self, session);
  assert(at >= list->first && at < list->end);
  if (at == list->first)
    list->first++;
  else
    memmove(list->items + at, list->items + at + 1, (--list->end - at) * sizeof *list->items);
  if (list->first < list->end)
    return;
  list_drop(self, session->earlier);
  session->earlier = 0;
}

void wr_session_lists_free(struct wr_session_operator *self)
{
  for (uint32_t i = 0; i < self->list_count; i++)
    free(self->lists[i].items);
  free(self->lists);
  self->lists = NULL;
  self->list_count = self->list_capacity = self->used_lists = self->free_list = 0;
  self->list_bytes = 0;
}

uint32_t wr_session_list_search(const struct wr_session_list *list, int64_t time_us, int64_t gap_us)
{
  uint32_t low = list->first, high = list->end;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (list->items[middle].last_us + gap_us < time_us)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* ---- entries of earlier sessions */

uint64_t wr_session_slot_hash(uint64_t key_hash, uint64_t slot)
{
  uint64_t mixed = (key_hash ^ slot) * UINT64_C(0x9e3779b97f4a7c15);
  mixed = (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
  mixed ^= mixed >> 32;
  return mixed >> KEY_GROUP_BITS | (uint64_t)wr_key_group(key_hash) << (64 - KEY_GROUP_BITS);
}

static int64_t session_slot(const struct wr_session_operator *self, const char *entry)
{
  const struct wr_layout *layout = self->earlier.layout;
  return *(const int64_t *)(const void *)(entry + layout->fields[self->spec->key_count].offset);
}

char *wr_session_find_earlier(struct wr_session_operator *self, uint64_t key_hash, uint64_t slot)
{
  char *found[FOUND_MAX];
  uint32_t count = wr_table_find_hash(self->earlier.table, wr_session_slot_hash(key_hash, slot),
                                      WR_PROBE_CHANGE, found, FOUND_MAX);
  for (uint32_t i = 0; i < count; i++)
    if (session_slot(self, found[i]) == (int64_t)slot)
      return found[i];
  assert(!"an earlier session that is listed has an entry");
  return NULL;
}

/* ---- timers */

int64_t wr_session_due(const struct wr_session_operator *self, const struct wr_session *session)
{
  int64_t last_us = session->last_us;
  if (session->earlier) {
    const struct wr_session_list *list = wr_session_list_of(self, session);
    last_us = list->items[list->first].last_us;
  }
  return last_us + self->slack_us;
}

void wr_session_arm(struct wr_session_operator *self, struct wr_session *session, uint64_t hash)
{
  int64_t due_us = wr_session_due(self, session);
  if (due_us >= session->armed_us)
    return;
  session->armed_us = due_us;
  wr_timers_add(&self->timers, due_us, hash);
}

/* ---- all of it anew */

/* Fields of the entries of one table as columns, to look them up in the other. */
struct rebuild_keys {
  struct wr_builder *builders;
  struct wr_column *columns;
  const struct wr_column **pointers;
  uint32_t count;
};

static void rebuild_keys_open(struct rebuild_keys *keys, const struct wr_session_spec *spec)
{
  keys->count = spec->key_count;
  keys->builders = wr_memory_get_zero((keys->count + 1) * sizeof *keys->builders);
  keys->columns = wr_memory_get_zero((keys->count + 1) * sizeof *keys->columns);
  keys->pointers = wr_memory_get_zero((keys->count + 1) * sizeof *keys->pointers);
  for (uint32_t k = 0; k < keys->count; k++) {
    wr_builder_open(&keys->builders[k], spec->input_schema->fields[spec->keys[k]].type);
    keys->pointers[k] = &keys->columns[k];
  }
}

static void rebuild_keys_close(struct rebuild_keys *keys)
{
  for (uint32_t k = 0; k < keys->count; k++)
    wr_builder_close(&keys->builders[k]);
  free(keys->builders);
  free(keys->columns);
  free(keys->pointers);
}

/* Some earlier sessions go to the lists of their keys. */
static enum wr_code rebuild_lists(struct wr_session_operator *self, struct rebuild_keys *keys,
                                  char *const *entries, uint32_t count, struct wr_error *err)
{
  uint64_t hashes[REBUILD_ENTRIES];
  for (uint32_t k = 0; k < keys->count; k++) {
    wr_builder_reset(&keys->builders[k]);
    wr_table_key_column(self->earlier.layout, k, (const char *const *)entries, count,
                        &keys->builders[k]);
    keys->columns[k] = wr_builder_view(&keys->builders[k]);
  }
  wr_hash_keys(keys->pointers, keys->count, NULL, count, self->op.context->hash_seed, hashes);
  struct wr_probe probe;
  wr_table_probe(self->latest.table, keys->pointers, NULL, hashes, count, WR_PROBE_CHANGE, &probe);
  for (uint32_t i = 0; i < count; i++) {
    if (!probe.entries[i])
      return wr_fail(err, WR_DATA, "the saved state of %s is damaged: a session without its key",
                     self->op.context->name);
    const struct wr_session *session = wr_session_of(&self->earlier, entries[i]);
    const struct wr_session_item item = {session->start_us, session->last_us,
                                         (uint64_t)session_slot(self, entries[i])};
    wr_session_list_add(self, wr_session_of(&self->latest, probe.entries[i]), &item);
    self->held_rows += session->row_count;
  }
  return WR_OK;
}

/* Every key forgets its list and timer, or gets a timer. */
static void rebuild_latest(struct wr_session_operator *self, bool arm)
{
  char *entries[REBUILD_ENTRIES];
  struct wr_table_cursor cursor = {0};
  uint32_t count;
  while ((count = wr_table_scan_change(self->latest.table, &cursor, entries, REBUILD_ENTRIES)) >
         0) {
    for (uint32_t i = 0; i < count; i++) {
      struct wr_session *session = wr_session_of(&self->latest, entries[i]);
      if (arm) {
        wr_session_arm(self, session, wr_session_hash(&self->latest, entries[i]));
        continue;
      }
      session->earlier = 0;
      session->armed_us = WR_TIME_END;
      self->held_rows += session->row_count;
    }
  }
}

enum wr_code wr_session_rebuild(struct wr_session_operator *self, struct wr_error *err)
{
  wr_session_lists_free(self);
  wr_timers_free(&self->timers);
  self->held_rows = 0;
  rebuild_latest(self, false);
  struct rebuild_keys keys;
  rebuild_keys_open(&keys, self->spec);
  char *entries[REBUILD_ENTRIES];
  struct wr_table_cursor cursor = {0};
  enum wr_code code = WR_OK;
  uint32_t count;
  while (code == WR_OK &&
         (count = wr_table_scan(self->earlier.table, &cursor, entries, REBUILD_ENTRIES)) > 0)
    code = rebuild_lists(self, &keys, entries, count, err);
  rebuild_keys_close(&keys);
  rebuild_latest(self, true);
  return code;
}
