/* SPDX-License-Identifier: Apache-2.0 */
/*
 * temporal_join: the versions of a key, in a list by (time, arrival). Mostly a key has one, which
 * lies in its entry. When the watermark has passed a later version, those before it go: a timer per
 * key that has any says when. A key whose last version has ended is remembered for a while, so that
 * a version that comes too late does not bring it back.
 *
 * A late version counts from the watermark on that it knew when it came, unless a newer one that
 * had come by then has taken its place before: that one is told as too late.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "operators/temporal_state.h"
#include "windows/window.h"

#define FIRST_ROOM  4
#define END_KEPT_US (INT64_C(3600) * 1000000) /* how long of event time an end is remembered */
#define TIMED_KEYS  16                        /* of one hash: mostly there is one */

/* ---- life */

void wr_temporal_versions_open(struct wr_temporal_join *self)
{
  const struct wr_temporal_join_spec *spec = self->spec;
  const struct wr_temporal_side *right = &spec->sides[1];
  static const char *const names[WR_TEMPORAL_COLUMNS] = {"time", "seen", "mark"};
  uint32_t width = right->schema->column_count;
  struct wr_field *fields =
      WR_NEW_ARRAY(&self->forever, struct wr_field, width + WR_TEMPORAL_COLUMNS);
  memcpy(fields, right->schema->fields, width * sizeof *fields);
  for (uint32_t c = 0; c < WR_TEMPORAL_COLUMNS; c++)
    fields[width + c] = (struct wr_field){.name = names[c], .type = &wr_type_bigint};
  self->kept_schema = (struct wr_schema){width + WR_TEMPORAL_COLUMNS, fields};
  wr_kept_rows_open(&self->kept, &self->kept_schema);
  wr_kept_rows_name(&self->kept, right->column_ids, width);
  self->kept.mixed = true;
  const struct wr_type **keys = WR_NEW_ARRAY(&self->forever, const struct wr_type *, width + 1);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = right->schema->fields[right->keys[k]].type;
  const struct wr_state_piece piece = {sizeof(struct wr_temporal_key),
                                       _Alignof(struct wr_temporal_key), false};
  struct wr_layout *layout = wr_layout_new(keys, spec->key_count, &piece, 1);
  self->key_at = wr_layout_state(layout, 0);
  self->space = wr_table_space_new(layout);
  self->table = wr_table_new(self->space, 0, true);
}

static struct wr_temporal_version *versions_items(struct wr_temporal_key *key)
{
  return key->room ? key->items : &key->only;
}

void wr_temporal_versions_close(struct wr_temporal_join *self)
{
  char *entries[256];
  struct wr_table_cursor cursor = {0};
  uint32_t count;
  while ((count = wr_table_scan(self->table, &cursor, entries, 256)) > 0)
    for (uint32_t i = 0; i < count; i++)
      if (wr_temporal_key_of(self, entries[i])->room)
        free(wr_temporal_key_of(self, entries[i])->items);
  wr_table_space_free(self->space);
  wr_kept_rows_close(&self->kept);
  wr_timers_free(&self->timers);
  wr_gone_rows_close(&self->gone);
}

/* ---- lists */

/* How many versions are not after this time. */
static uint32_t versions_until(const struct wr_temporal_version *items, uint32_t count,
                               int64_t time_us)
{
  if (count == 0 || items[count - 1].time_us <= time_us)
    return count;
  uint32_t low = 0, high = count - 1;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (items[middle].time_us <= time_us)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void versions_put(struct wr_temporal_join *self, struct wr_temporal_key *key, uint32_t at,
                         const struct wr_temporal_version *version)
{
  uint32_t room = key->room ? key->room : 1;
  if (key->count == room) {
    uint32_t more = room < FIRST_ROOM ? FIRST_ROOM : 2 * room;
    struct wr_temporal_version *items = wr_memory_get(more * sizeof *items);
    memcpy(items, versions_items(key), key->count * sizeof *items);
    self->list_bytes += (more - key->room) * sizeof *items;
    if (key->room)
      free(key->items);
    key->items = items;
    key->room = more;
  }
  struct wr_temporal_version *items = versions_items(key);
  memmove(items + at + 1, items + at, (key->count - at) * sizeof *items);
  items[at] = *version;
  key->count++;
}

/* Takes versions first .. end-1 out. */
static void versions_take_out(struct wr_temporal_join *self, struct wr_temporal_key *key,
                              uint32_t first, uint32_t end)
{
  struct wr_temporal_version *items = versions_items(key);
  for (uint32_t i = first; i < end; i++)
    wr_gone_rows_add(&self->gone, items[i].address);
  memmove(items + first, items + end, (key->count - end) * sizeof *items);
  key->count -= end - first;
  if (key->count > 1 || !key->room)
    return;
  struct wr_temporal_version only = key->count ? items[0] : (struct wr_temporal_version){0};
  self->list_bytes -= key->room * sizeof *items;
  free(key->items);
  key->only = only;
  key->room = 0;
}

/* The first watermark with which it takes the place of those before it. */
static int64_t version_base(const struct wr_temporal_version *version)
{
  return version->time_us > version->seen_us ? version->time_us : version->seen_us + 1;
}

/* ---- what has passed */

/* Takes out what no row that leaves behind this watermark can find. */
static void versions_prune(struct wr_temporal_join *self, struct wr_temporal_key *key,
                           int64_t watermark_us)
{
  const struct wr_temporal_version *items = versions_items(key);
  if (self->spec->oldest) {
    uint32_t first = 0;
    while (first < key->count && items[first].seen_us > watermark_us)
      first++;
    if (first + 1 < key->count)
      versions_take_out(self, key, first + 1, key->count);
    return;
  }
  uint32_t last = versions_until(items, key->count, watermark_us);
  while (last > 0 && items[last - 1].seen_us >= watermark_us)
    last--;
  if (last == 0)
    return;
  const struct wr_temporal_version *newest = &items[last - 1];
  bool is_forgotten = newest->is_end && version_base(newest) <= watermark_us - END_KEPT_US;
  versions_take_out(self, key, 0, is_forgotten ? last : last - 1);
}

/* When there will be something to take out; WR_TIME_END: never. */
static int64_t versions_due(const struct wr_temporal_join *self, struct wr_temporal_key *key)
{
  const struct wr_temporal_version *items = versions_items(key);
  int64_t due_us = WR_TIME_END;
  if (key->count > 1)
    due_us = self->spec->oldest ? items[0].seen_us : version_base(&items[1]);
  if (key->count && items[0].is_end && !self->spec->oldest) {
    int64_t end_us = version_base(&items[0]);
    end_us = end_us > WR_TIME_END - END_KEPT_US ? WR_TIME_END : end_us + END_KEPT_US;
    due_us = end_us < due_us ? end_us : due_us;
  }
  return due_us;
}

static void versions_set_timer(struct wr_temporal_join *self, char *entry, uint64_t hash)
{
  struct wr_temporal_key *key = wr_temporal_key_of(self, entry);
  int64_t due_us = key->is_timed ? WR_TIME_END : versions_due(self, key);
  if (due_us == WR_TIME_END)
    return;
  key->is_timed = true;
  wr_timers_add(&self->timers, due_us, hash);
}

/* ---- kept rows */

static const struct wr_column *const *versions_keys(struct wr_temporal_join *self,
                                                    const struct wr_batch *batch, uint32_t side)
{
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    self->key_columns[k] = &batch->columns[self->spec->sides[side].keys[k]];
  return self->key_columns;
}

struct wr_temporal_rows wr_temporal_hash(struct wr_temporal_join *self, uint32_t side,
                                         const struct wr_batch *batch, const uint32_t *rows,
                                         uint32_t row_count)
{
  const struct wr_column *const *keys = versions_keys(self, batch, side);
  uint32_t *left = wr_arena_get(&self->arena, (row_count + 1) * sizeof *left), count = 0;
  uint64_t *hashes = wr_arena_get(&self->arena, (row_count + 1) * sizeof *hashes);
  bool can_lack = false;
  for (uint32_t k = 0; k < self->spec->key_count; k++)
    can_lack |= keys[k]->valid != NULL;
  for (uint32_t i = 0; i < row_count; i++) {
    bool has_null = false;
    for (uint32_t k = 0; can_lack && k < self->spec->key_count; k++)
      has_null |= wr_column_is_null(keys[k], rows[i]);
    left[count] = rows[i];
    count += !has_null;
  }
  wr_hash_keys(keys, self->spec->key_count, left, count, self->op.context->hash_seed, hashes);
  return (struct wr_temporal_rows){left, hashes, count};
}

static int64_t versions_own(const struct wr_temporal_join *self, const struct wr_batch *kept,
                            uint32_t row, enum wr_temporal_column column)
{
  return wr_column_i64(&kept->columns[self->spec->sides[1].schema->column_count + column], row);
}

static int64_t versions_mark(const struct wr_temporal_join *self, uint64_t address)
{
  uint32_t row;
  const struct wr_batch *kept = wr_kept_row(&self->kept, address, &row);
  return versions_own(self, kept, row, WR_TEMPORAL_MARK);
}

/* Moves the rows of a page that are left to where others are added. */
static void versions_move_page(void *argument, uint32_t page)
{
  struct wr_temporal_join *self = argument;
  const struct wr_batch old = self->kept.pages[page].rows;
  uint32_t left = wr_kept_page_left_count(&self->kept, page);
  uint32_t *rows = wr_arena_get(&self->arena, left * sizeof *rows);
  uint64_t *addresses = wr_arena_get(&self->arena, left * sizeof *addresses);
  uint32_t count = wr_kept_page_left(&self->kept, page, rows);
  const struct wr_temporal_rows keyed = wr_temporal_hash(self, 1, &old, rows, count);
  assert(keyed.count == count);
  struct wr_probe probe;
  wr_table_probe(self->table, self->key_columns, rows, keyed.hashes, count, WR_PROBE_FIND, &probe);
  wr_kept_rows_add(&self->kept, &old, rows, count, addresses);
  for (uint32_t i = 0; i < count; i++) {
    struct wr_temporal_key *key = wr_temporal_key_of(self, probe.entries[i]);
    struct wr_temporal_version *items = versions_items(key);
    uint64_t at = (uint64_t)page << WR_KEPT_ROW_BITS | rows[i];
    uint32_t v = versions_until(items, key->count, versions_own(self, &old, rows[i], 0));
    while (v > 0 && items[v - 1].address != at)
      v--;
    assert(v > 0);
    items[v - 1].address = addresses[i];
  }
  wr_kept_page_drop(&self->kept, page, rows, count);
}

void wr_temporal_forget(struct wr_temporal_join *self, int64_t watermark_us)
{
  struct wr_timer timer;
  wr_arena_reset(&self->arena);
  while (wr_timers_take(&self->timers, watermark_us, &timer)) {
    char *entries[TIMED_KEYS];
    uint32_t count = wr_table_find_hash(self->table, timer.payload, WR_PROBE_CHANGE, entries,
                                        TIMED_KEYS),
             empty = 0;
    for (uint32_t i = 0; i < count; i++) {
      struct wr_temporal_key *key = wr_temporal_key_of(self, entries[i]);
      versions_prune(self, key, watermark_us);
      key->is_timed = false;
      versions_set_timer(self, entries[i], timer.payload);
      if (key->count == 0)
        entries[empty++] = entries[i];
    }
    if (empty)
      wr_table_remove(self->table, entries, empty);
  }
  wr_gone_rows_settle(&self->gone, &self->kept, versions_move_page, self);
}

/* ---- rows coming in */

/* A batch of versions on its way into the lists. */
struct versions_batch {
  const struct wr_batch *batch; /* as it came */
  struct wr_batch kept;         /* the same with the columns behind them */
  int64_t *times, *seen, *marks;
  const uint32_t *rows;
  const uint64_t *hashes;
  char **entries;
};

static void versions_widen(struct wr_temporal_join *self, struct versions_batch *in)
{
  const struct wr_batch *batch = in->batch;
  uint32_t width = self->spec->sides[1].schema->column_count;
  struct wr_column *columns =
      wr_arena_get(&self->arena, (width + WR_TEMPORAL_COLUMNS) * sizeof *columns);
  int64_t **const own[WR_TEMPORAL_COLUMNS] = {&in->times, &in->seen, &in->marks};
  memcpy(columns, batch->columns, width * sizeof *columns);
  for (uint32_t c = 0; c < WR_TEMPORAL_COLUMNS; c++) {
    *own[c] = wr_arena_get(&self->arena, batch->row_count * sizeof(int64_t) + WR_PADDING);
    columns[width + c] = (struct wr_column){.type = &wr_type_bigint, .values = *own[c]};
  }
  in->kept = *batch;
  in->kept.schema = &self->kept_schema;
  in->kept.columns = columns;
  in->kept.change = NULL;
}

/* The rows that are versions or end one, with their times; those of NULL end the newest there is.
 */
static uint32_t versions_judge(struct wr_temporal_join *self, struct versions_batch *in,
                               uint32_t *rows)
{
  const struct wr_batch *batch = in->batch;
  const struct wr_column *times = &batch->columns[self->spec->sides[1].time_column];
  uint32_t count = 0;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    enum wr_change change = batch->change ? batch->change[row] : WR_INSERT;
    if (change == WR_UPDATE_BEFORE)
      continue;
    bool is_end = change & WR_DELETE, has_time = !wr_column_is_null(times, row);
    int64_t time_us = has_time ? wr_column_i64(times, row) : WR_TIME_NONE;
    if (has_time ? time_us > WR_WINDOW_TIME_MAX || time_us < -WR_WINDOW_TIME_MAX : !is_end) {
      wr_operator_reject(&self->op, batch, row, WR_REJECT_TIME, "the time of the version is %s",
                         has_time ? "out of range" : "NULL");
      continue;
    }
    int64_t arrived_us = batch->arrived_us ? batch->arrived_us[row] : WR_TIME_NONE;
    in->times[row] = time_us;
    in->seen[row] = arrived_us > self->closed_us ? arrived_us : self->closed_us;
    in->marks[row] = self->arrivals++ * 2 + is_end;
    rows[count++] = row;
  }
  return count;
}

/* Whether a newer version had taken the place of this one before it came. */
static bool versions_is_late(const struct wr_temporal_version *items, uint32_t count, uint32_t at,
                             const struct wr_temporal_version *version)
{
  for (; at < count && items[at].time_us <= version->seen_us; at++)
    if (items[at].seen_us < version->seen_us)
      return true;
  return false;
}

static enum wr_code versions_insert(struct wr_temporal_join *self, const struct versions_batch *in,
                                    uint32_t i, const struct wr_temporal_version *version,
                                    struct wr_error *err)
{
  struct wr_temporal_key *key = wr_temporal_key_of(self, in->entries[i]);
  struct wr_temporal_version *items = versions_items(key);
  uint32_t at = versions_until(items, key->count, version->time_us);
  if (self->spec->oldest ? at > 0 : versions_is_late(items, key->count, at, version)) {
    if (!self->spec->oldest)
      wr_operator_reject(&self->op, in->batch, in->rows[i], WR_REJECT_LATE,
                         "the version is late: a newer one has taken its place before it came");
    wr_gone_rows_add(&self->gone, version->address);
    return WR_OK;
  }
  if (at > 0 && items[at - 1].time_us == version->time_us && version->seen_us < version->time_us) {
    wr_gone_rows_add(&self->gone, items[at - 1].address); /* nobody has met it, and nobody will */
    items[at - 1] = *version;
  } else {
    versions_put(self, key, at, version);
  }
  if (key->count > WR_TEMPORAL_VERSIONS_MAX)
    return wr_fail(err, WR_LIMIT,
                   "%s has more versions of one key that the watermark has not passed than the "
                   "limit WR_TEMPORAL_VERSIONS_MAX, %d",
                   self->op.context->name, WR_TEMPORAL_VERSIONS_MAX);
  versions_set_timer(self, in->entries[i], in->hashes[i]);
  return WR_OK;
}

/* Keeps rows first .. end-1 and puts them into their lists. */
static enum wr_code versions_keep(struct wr_temporal_join *self, const struct versions_batch *in,
                                  uint32_t first, uint32_t end, struct wr_error *err)
{
  uint64_t *addresses = wr_arena_get(&self->arena, (end - first + 1) * sizeof *addresses);
  enum wr_code code = WR_OK;
  wr_kept_rows_add(&self->kept, &in->kept, in->rows + first, end - first, addresses);
  for (uint32_t i = first; i < end && code == WR_OK; i++) {
    uint32_t row = in->rows[i];
    const struct wr_temporal_version version = {.time_us = in->times[row],
                                                .seen_us = in->seen[row],
                                                .address = addresses[i - first],
                                                .is_end = in->marks[row] & 1};
    code = versions_insert(self, in, i, &version, err);
  }
  return code;
}

/* A row that takes back and has a key alone ends the newest version, from that one's time on for
 * all that has not left. */
static enum wr_code versions_keep_bare(struct wr_temporal_join *self,
                                       const struct versions_batch *in, uint32_t i,
                                       struct wr_error *err)
{
  struct wr_temporal_key *key = wr_temporal_key_of(self, in->entries[i]);
  if (key->count == 0)
    return WR_OK;
  in->times[in->rows[i]] = versions_items(key)[key->count - 1].time_us;
  return versions_keep(self, in, i, i + 1, err);
}

/* Keys that have nothing, as what came for them was of no use. */
static void versions_forget_empty(struct wr_temporal_join *self, const struct wr_probe *probe)
{
  char **empty = wr_arena_get(&self->arena, (probe->made_count + 1) * sizeof *empty);
  uint32_t count = 0;
  for (uint32_t m = 0; m < probe->made_count; m++)
    if (wr_temporal_key_of(self, probe->entries[probe->made[m]])->count == 0)
      empty[count++] = probe->entries[probe->made[m]];
  if (count)
    wr_table_remove(self->table, empty, count);
}

enum wr_code wr_temporal_versions_add(struct wr_temporal_join *self, const struct wr_batch *batch,
                                      struct wr_error *err)
{
  struct versions_batch in = {.batch = batch};
  wr_arena_reset(&self->arena);
  versions_widen(self, &in);
  uint32_t *rows = wr_arena_get(&self->arena, (batch->picked_count + 1) * sizeof *rows);
  uint32_t count = versions_judge(self, &in, rows), first = 0;
  const struct wr_temporal_rows keyed = wr_temporal_hash(self, 1, batch, rows, count);
  struct wr_probe probe;
  wr_table_probe(self->table, self->key_columns, keyed.rows, keyed.hashes, keyed.count,
                 WR_PROBE_MAKE, &probe);
  in.rows = keyed.rows;
  in.hashes = keyed.hashes;
  in.entries = probe.entries;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < keyed.count && code == WR_OK; i++) {
    if (in.times[keyed.rows[i]] != WR_TIME_NONE)
      continue;
    code = versions_keep(self, &in, first, i, err);
    if (code == WR_OK)
      code = versions_keep_bare(self, &in, i, err);
    first = i + 1;
  }
  if (code == WR_OK)
    code = versions_keep(self, &in, first, keyed.count, err);
  versions_forget_empty(self, &probe);
  wr_gone_rows_settle(&self->gone, &self->kept, versions_move_page, self);
  return code;
}

/* ---- rows of the left */

uint64_t wr_temporal_find(const struct wr_temporal_join *self, const struct wr_temporal_key *key,
                          int64_t time_us, int64_t release_us)
{
  const struct wr_temporal_version *items = key->room ? key->items : &key->only;
  if (self->spec->oldest) {
    for (uint32_t i = 0; i < key->count; i++)
      if (items[i].seen_us < release_us)
        return items[i].time_us <= time_us ? items[i].address : WR_TEMPORAL_NONE;
    return WR_TEMPORAL_NONE;
  }
  /* A late row finds what was there before the watermark that it knew took anything away. */
  int64_t known_us = release_us > time_us ? release_us - 1 : time_us;
  for (uint32_t i = versions_until(items, key->count, known_us); i-- > 0;) {
    const struct wr_temporal_version *version = &items[i];
    if (version->time_us > time_us ? version->seen_us < known_us : version->seen_us < release_us)
      return version->time_us <= time_us && !version->is_end ? version->address : WR_TEMPORAL_NONE;
  }
  return WR_TEMPORAL_NONE;
}

/* ---- snapshots */

/* Rows of this task; their order is made anew. */
void wr_temporal_versions_take(void *argument, const struct wr_batch *batch)
{
  struct wr_temporal_join *self = argument;
  const struct wr_operator_context *context = self->op.context;
  wr_arena_reset(&self->arena);
  uint32_t *rows = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *rows), count = 0;
  uint64_t *hashes = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *hashes);
  uint64_t *addresses = wr_arena_get(&self->arena, (batch->row_count + 1) * sizeof *addresses);
  wr_hash_keys(versions_keys(self, batch, 1), self->spec->key_count, NULL, batch->row_count,
               context->hash_seed, hashes);
  for (uint32_t i = 0; i < batch->row_count; i++) {
    if (wr_key_group_task(wr_key_group(hashes[i]), context->task_count) != context->task)
      continue;
    hashes[count] = hashes[i];
    rows[count++] = i;
  }
  struct wr_probe probe;
  wr_table_probe(self->table, self->key_columns, rows, hashes, count, WR_PROBE_MAKE, &probe);
  wr_kept_rows_add(&self->kept, batch, rows, count, addresses);
  for (uint32_t i = 0; i < count; i++) {
    struct wr_temporal_key *key = wr_temporal_key_of(self, probe.entries[i]);
    int64_t mark = versions_own(self, batch, rows[i], WR_TEMPORAL_MARK);
    const struct wr_temporal_version version = {
        .time_us = versions_own(self, batch, rows[i], WR_TEMPORAL_TIME),
        .seen_us = versions_own(self, batch, rows[i], WR_TEMPORAL_SEEN),
        .address = addresses[i],
        .is_end = mark & 1};
    struct wr_temporal_version *items = versions_items(key);
    uint32_t at = versions_until(items, key->count, version.time_us);
    while (at > 0 && items[at - 1].time_us == version.time_us &&
           versions_mark(self, items[at - 1].address) > mark)
      at--;
    versions_put(self, key, at, &version);
    versions_set_timer(self, probe.entries[i], hashes[i]);
    self->arrivals = mark / 2 >= self->arrivals ? mark / 2 + 1 : self->arrivals;
  }
}
