/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the state of partitions to work at hand, and back. While a chunk is worked on, the rows lie
 * in the entries and nothing moves; branches are copied out and back. A partition of which nothing
 * is kept goes: so those stay that have begun a match, no others.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "operators/match_state.h"

#define EXPIRE_ENTRIES 256 /* partitions whose timers are looked at together */
#define SPARE_BRANCHES 64  /* room for so many is kept for the next chunk */

/* ---- to work */

/* The work of an entry of the probe; a new one takes what the entry has. */
static struct wr_match_work *work_of(struct wr_match *self, uint32_t index, uint64_t hash)
{
  struct wr_match_head *head = wr_match_head_of(self, index);
  if (head->work)
    return &self->works[head->work - 1];
  if (self->work_count == self->work_room) {
    uint32_t room = self->work_room ? 2 * self->work_room : 64;
    self->works = wr_memory_resize(self->works, room * sizeof *self->works);
    memset(self->works + self->work_room, 0, (room - self->work_room) * sizeof *self->works);
    self->active = wr_memory_resize(self->active, room * sizeof *self->active);
    self->work_room = room;
  }
  struct wr_match_work *work = &self->works[self->work_count++];
  head->work = self->work_count;
  work->index = index;
  work->hash = hash;
  work->old_count = work->seen = head->row_count;
  work->moment = (struct wr_match_moment){.time_us = WR_TIME_NONE};
  work->asked = false;
  work->branch_count = head->branch_count;
  wr_match_work_reserve(self, work, head->branch_count ? head->branch_count : 1);
  if (head->branch_count == 0) {
    assert(head->row_count == 0);
    wr_match_work_begin(self, work, 0);
    return work;
  }
  work->begin = 0;
  work->at = head->row_count;
  memcpy(work->branches, wr_match_first_branch(head), self->branch_bytes);
  if (head->branch_count > 1)
    memcpy(work->branches + self->branch_bytes, wr_text_stored_bytes(&head->branches),
           (size_t)(head->branch_count - 1) * self->branch_bytes);
  return work;
}

/* ---- back to state */

static void head_save(struct wr_match *self, const struct wr_match_work *work)
{
  struct wr_match_head *head = wr_match_head_of(self, work->index);
  uint32_t more = (work->branch_count - 1) * self->branch_bytes;
  int64_t begin_us = wr_match_time_of(self, work, work->begin);
  if (more || head->branches.length) {
    struct wr_text_store *store = wr_table_space_texts(self->space);
    store->put(store, work->index, self->head_at, work->branches + self->branch_bytes, more);
    head = wr_match_head_of(self, work->index);
  }
  memcpy(wr_match_first_branch(head), work->branches, self->branch_bytes);
  head->branch_count = work->branch_count;
  head->row_count = work->row_count - work->begin;
  if (self->spec->within_us == 0)
    return;
  int64_t deadline_us = wr_match_deadline(self, begin_us);
  if (head->timer_us == 0 && deadline_us < WR_TIME_END) {
    head->timer_us = deadline_us ? deadline_us : 1;
    wr_timers_add(&self->timers, head->timer_us, work->hash);
  }
}

static void work_shrink(struct wr_match_work *work)
{
  if (work->room <= SPARE_BRANCHES)
    return;
  free(work->branches);
  free(work->next);
  free(work->truths);
  *work = (struct wr_match_work){0};
}

static void works_save(struct wr_match *self)
{
  char **gone = wr_arena_get(&self->arena, (self->work_count + 1) * sizeof *gone);
  uint32_t gone_count = 0;
  for (uint32_t w = 0; w < self->work_count; w++) {
    struct wr_match_work *work = &self->works[w];
    wr_match_head_of(self, work->index)->work = 0;
    self->kept_rows -= work->old_count;
    self->kept_rows += work->row_count - work->begin;
    if (work->begin == work->row_count)
      continue;
    wr_match_rows_open(self, work); /* texts of others may have moved it */
    head_save(self, work);
    wr_match_rows_drop(self, work->index, work->begin);
  }
  for (uint32_t w = 0; w < self->work_count; w++)
    if (self->works[w].begin == self->works[w].row_count)
      gone[gone_count++] = self->probe.entries[self->works[w].index];
  wr_table_remove(self->table, gone, gone_count);
  for (uint32_t w = 0; w < self->work_count; w++)
    work_shrink(&self->works[w]);
  self->work_count = 0;
  self->found_count = 0;
}

/* The works go through their rows; what is found is made into rows. */
static enum wr_code works_run(struct wr_match *self, int64_t passed_us, struct wr_error *err)
{
  for (uint32_t w = 0; w < self->work_count; w++)
    wr_match_rows_open(self, &self->works[w]);
  enum wr_code code = wr_match_run(self, passed_us, err);
  if (code == WR_OK)
    wr_match_output_add(self);
  works_save(self);
  return code;
}

/* ---- chunks */

/* If a row can begin a match, as far as that can be seen. */
static bool row_begins(const struct wr_match *self, const struct wr_batch *batch, uint32_t row)
{
  for (uint32_t i = 0; i < self->start_count; i++) {
    const struct wr_column *column = &batch->columns[self->start_columns[i]];
    if (!wr_column_is_null(column, row) &&
        ((const uint8_t *)column->values)[wr_column_row(column, row)])
      return true;
  }
  return self->start_count == 0;
}

/* Entries of the rows of a chunk; NULL: the row belongs to no partition, and begins no match. */
static const uint64_t *chunk_probe(struct wr_match *self, const struct wr_match_chunk *chunk)
{
  const struct wr_match_spec *spec = self->spec;
  uint32_t count = chunk->count, begins = 0;
  uint32_t *rows = wr_arena_get(&self->arena, (count + 1) * sizeof *rows);
  uint32_t *some = wr_arena_get(&self->arena, (count + 1) * sizeof *some);
  uint64_t *hashes = wr_arena_get(&self->arena, (count + 1) * sizeof *hashes);
  uint64_t *some_hashes = wr_arena_get(&self->arena, (count + 1) * sizeof *some_hashes);
  const struct wr_column **keys = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = &chunk->rows->columns[spec->keys[k]];
  for (uint32_t i = 0; i < count; i++)
    rows[i] = chunk->first + i;
  wr_hash_keys(keys, spec->key_count, rows, count, self->op.context->hash_seed, hashes);
  for (uint32_t i = 0; i < count; i++) {
    some[begins] = rows[i];
    some_hashes[begins] = hashes[i];
    begins += row_begins(self, chunk->rows, rows[i]);
  }
  if (begins == count) {
    wr_table_probe(self->table, keys, rows, hashes, count, WR_PROBE_MAKE, &self->probe);
    return hashes;
  }
  if (begins)
    wr_table_probe(self->table, keys, some, some_hashes, begins, WR_PROBE_MAKE, &self->probe);
  wr_table_probe(self->table, keys, rows, hashes, count, WR_PROBE_CHANGE, &self->probe);
  return hashes;
}

/* Tells each work which rows of the chunk are its own. numbers: of the work of each row. */
static void chunk_places(struct wr_match *self, const struct wr_match_chunk *chunk,
                         const uint32_t *numbers)
{
  uint32_t *ends = wr_arena_get_zero(&self->arena, (self->work_count + 1) * sizeof *ends);
  uint32_t *places = wr_arena_get(&self->arena, (chunk->count + 1) * sizeof *places);
  for (uint32_t i = 0; i < chunk->count; i++)
    if (numbers[i] != WR_MATCH_NONE)
      ends[numbers[i] + 1]++;
  for (uint32_t w = 0; w < self->work_count; w++) {
    ends[w + 1] += ends[w];
    self->works[w].places = places + ends[w];
  }
  for (uint32_t i = 0; i < chunk->count; i++)
    if (numbers[i] != WR_MATCH_NONE)
      places[ends[numbers[i]]++] = chunk->first + i;
}

enum wr_code wr_match_chunk(struct wr_match *self, const struct wr_match_chunk *chunk,
                            struct wr_error *err)
{
  wr_arena_reset(&self->arena);
  const uint64_t *hashes = chunk_probe(self, chunk);
  uint32_t *numbers = wr_arena_get(&self->arena, (chunk->count + 1) * sizeof *numbers);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < chunk->count && code == WR_OK; i++) {
    numbers[i] = WR_MATCH_NONE;
    if (!self->probe.entries[i])
      continue;
    numbers[i] = (uint32_t)(work_of(self, i, hashes[i]) - self->works);
    code = wr_match_rows_add(self, i, chunk->rows, chunk->first + i, chunk->times[chunk->first + i],
                             err);
  }
  if (code != WR_OK)
    return code;
  chunk_places(self, chunk, numbers);
  return works_run(self, WR_TIME_NONE, err);
}

/* ---- time */

/* Some partitions whose timers have come; their entries, of which each comes once. */
static uint32_t expire_take(struct wr_match *self, int64_t passed_us, char **due, uint32_t room)
{
  struct wr_timer timer;
  uint32_t count = 0;
  char *entries[16];
  while (count + sizeof entries / sizeof *entries <= room &&
         wr_timers_take(&self->timers, passed_us, &timer)) {
    uint32_t met = wr_table_find_hash(self->table, timer.payload, WR_PROBE_CHANGE, entries,
                                      sizeof entries / sizeof *entries);
    for (uint32_t i = 0; i < met; i++) {
      struct wr_match_head *head = (void *)(entries[i] + self->head_at);
      if (head->timer_us != timer.time_us)
        continue; /* that of another one, or of one that is gone */
      head->timer_us = 0;
      due[count++] = entries[i];
    }
  }
  return count;
}

enum wr_code wr_match_expire(struct wr_match *self, int64_t passed_us, struct wr_error *err)
{
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  enum wr_code code = WR_OK;
  while (code == WR_OK) {
    char *due[EXPIRE_ENTRIES];
    uint32_t count = expire_take(self, passed_us, due, EXPIRE_ENTRIES);
    if (count == 0)
      return WR_OK;
    wr_arena_reset(&self->arena);
    wr_table_probe_entries(self->table, (const char *const *)due, count, WR_PROBE_CHANGE,
                           &self->probe);
    for (uint32_t i = 0; i < count; i++) {
      uint64_t hash;
      memcpy(&hash, self->probe.entries[i] + layout->hash_at, sizeof hash);
      work_of(self, i, hash);
    }
    code = works_run(self, passed_us, err);
  }
  return code;
}

void wr_match_work_rebuild(struct wr_match *self)
{
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  struct wr_table_cursor cursor = {0};
  char *entries[64];
  uint32_t count;
  wr_timers_free(&self->timers);
  self->timers = (struct wr_timers){0};
  self->kept_rows = 0;
  while ((count = wr_table_scan(self->table, &cursor, entries, 64)) > 0) {
    for (uint32_t i = 0; i < count; i++) {
      const struct wr_match_head *head = (const void *)(entries[i] + self->head_at);
      uint64_t hash;
      memcpy(&hash, entries[i] + layout->hash_at, sizeof hash);
      self->kept_rows += head->row_count;
      if (head->timer_us)
        wr_timers_add(&self->timers, head->timer_us, hash);
    }
  }
}

void wr_match_work_close(struct wr_match *self)
{
  for (uint32_t w = 0; w < self->work_room; w++) {
    free(self->works[w].branches);
    free(self->works[w].next);
    free(self->works[w].truths);
  }
  free(self->works);
  free(self->active);
  free(self->found);
  free(self->found_branches);
}
