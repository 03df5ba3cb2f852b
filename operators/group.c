/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group: aggregates per key over a stream, without a window. One table has an entry per group: the
 * states of its aggregates and, where rows may be taken back, how many it has. A batch goes in as
 * a whole: the results of all groups that it touches are worked out before, the rows go in, the
 * results are worked out again, and what is different leaves (operators/group_output.c). So a group
 * changes once per batch, however many of its rows are in it.
 *
 *   entry   | states of the aggregates | number of rows | last write | marks |
 *
 * What there is after a batch follows from its rows alone, so the sum of all changes does not
 * depend on where batches are cut. The order of rows of one key only matters for those that take
 * back: one that comes while its group has no rows is passed over.
 *
 * With a time to live (operators/ttl.h) a group that is over is made anew by the next row; values
 * of DISTINCT go by themselves, each when it has not come for as long.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "operators/group_state.h"

#define SAVE_PAGES     4 /* pages copied per step */
#define SAVE_VERSION   1
#define MARK_NAME      1 /* of the byte of marks in snapshots, and of the number of rows */
#define COUNT_NAME     2
#define WIDE_BYTES_MAX (1u << 20) /* of long results, before and after, of groups of one step */

/* ---- life */

static struct wr_layout *group_layout(struct wr_group *self)
{
  const struct wr_window_aggregate_spec *base = self->base;
  uint32_t count = base->aggregate_count, all = count + 1 + self->spec->changes;
  bool expires = self->spec->ttl_us > 0;
  const struct wr_type **keys = wr_memory_get((base->key_count + 1) * sizeof *keys);
  struct wr_state_piece *pieces = wr_memory_get((all + 1) * sizeof *pieces);
  for (uint32_t k = 0; k < base->key_count; k++)
    keys[k] = base->input_schema->fields[base->keys[k]].type;
  for (uint32_t a = 0; a < count; a++) {
    const struct wr_aggregate_code *code = base->aggregates[a].code;
    assert(code->retract || !self->spec->changes);
    pieces[a] = (struct wr_state_piece){code->state_bytes, code->state_align, code->has_text};
    self->has_texts = self->has_texts || code->has_text;
    self->has_wide = self->has_wide || (code->has_text && !code->narrow);
  }
  pieces[count] = (struct wr_state_piece){1, 1, false};
  if (self->spec->changes)
    pieces[count + 1] = (struct wr_state_piece){sizeof(int64_t), sizeof(int64_t), false};
  pieces[all] = wr_ttl_piece();
  struct wr_layout *layout = wr_layout_new(keys, base->key_count, pieces, all + expires);
  for (uint32_t a = 0; base->state_ids && a < count; a++)
    wr_layout_name(layout, a, wr_window_state_name(&self->rows, base->state_ids, a), 0);
  wr_layout_name(layout, count, MARK_NAME, 0);
  if (self->spec->changes)
    wr_layout_name(layout, count + 1, COUNT_NAME, 0);
  if (expires)
    wr_layout_name(layout, all, WR_TTL_NAME, 0);
  self->mark_at = wr_layout_state(layout, count);
  self->count_at = self->spec->changes ? wr_layout_state(layout, count + 1) : UINT32_MAX;
  free(keys);
  free(pieces);
  return layout;
}

/* The time of the last write is the last piece of an entry. */
static void group_open_ttl(struct wr_group *self)
{
  wr_ttl_open(&self->ttl, self->spec->ttl_us, self->space_count);
  for (uint32_t i = 0; self->spec->ttl_us && i < self->space_count; i++) {
    const struct wr_layout *layout = wr_table_space_layout(self->spaces[i]);
    self->ttl.tables[i] =
        (struct wr_ttl_table){self->tables[i], layout->fields[layout->field_count - 1].offset};
  }
}

static enum wr_code group_open(const void *spec, const struct wr_operator_context *context,
                               struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct wr_group *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_group, context);
  self->spec = spec;
  self->base = self->spec->base;
  assert(self->base->schema->column_count == self->base->key_count + self->base->aggregate_count);
  wr_window_rows_open(&self->rows, self->base);
  self->space_count = 1 + self->rows.set_count;
  self->spaces = wr_memory_get(self->space_count * sizeof *self->spaces);
  self->tables = wr_memory_get(self->space_count * sizeof *self->tables);
  for (uint32_t i = 0; i < self->space_count; i++) {
    self->spaces[i] =
        wr_table_space_new(i == 0 ? group_layout(self) : wr_group_set_layout(self, i - 1));
    self->tables[i] = wr_table_new(self->spaces[i], 0, false);
  }
  group_open_ttl(self);
  self->space = self->spaces[0];
  wr_group_output_open(self);
  *out = &self->op;
  return WR_OK;
}

static void group_close(struct wr_operator *op)
{
  struct wr_group *self = (struct wr_group *)op;
  for (uint32_t i = 0; i < self->space_count; i++)
    wr_table_space_free(self->spaces[i]);
  free(self->spaces);
  free(self->tables);
  wr_ttl_close(&self->ttl);
  wr_window_rows_close(&self->rows);
  wr_group_output_close(self);
  wr_arena_free(&self->arena);
  free(self);
}

static void group_count_state(const struct wr_group *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  uint64_t bytes = 0, spare = 0, keys = 0;
  for (uint32_t i = 0; i < self->space_count; i++) {
    bytes += wr_table_space_memory(self->spaces[i]);
    spare += wr_table_space_spare(self->spaces[i]);
    keys += wr_table_space_keys(self->spaces[i]);
  }
  atomic_store_explicit(&metrics->state_bytes, bytes, memory_order_relaxed);
  atomic_store_explicit(&metrics->spare_bytes, spare, memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, keys, memory_order_relaxed);
}

/* ---- rows */

/* Which groups the rows are of; the first row of each stands for it. */
static void group_touch(struct wr_group *self, struct wr_group_batch *rows)
{
  char **entries = rows->probe.entries;
  uint32_t mark_at = self->mark_at;
  for (uint32_t m = 0; m < rows->probe.made_count; m++)
    entries[rows->probe.made[m]][mark_at] = WR_GROUP_FRESH;
  rows->touched =
      (struct wr_group_list){wr_arena_get(&self->arena, (rows->count + 1) * sizeof(uint32_t)), 0};
  for (uint32_t i = 0; i < rows->count; i++) {
    char *mark = entries[i] + mark_at;
    rows->touched.at[rows->touched.count] = i;
    rows->touched.count += !(*mark & WR_GROUP_TOUCHED);
    *mark |= WR_GROUP_TOUCHED;
  }
}

/* Rows that come and rows that are taken back; those of groups without rows cannot be. */
static void group_sort_out(struct wr_group *self, struct wr_group_batch *rows)
{
  struct wr_group_list *adds = &rows->lists[WR_GROUP_ADD],
                       *retracts = &rows->lists[WR_GROUP_RETRACT];
  const uint8_t *change = rows->batch->change;
  adds->at = wr_arena_get(&self->arena, (rows->count + 1) * sizeof(uint32_t));
  if (!self->spec->changes) {
    for (uint32_t i = 0; i < rows->count; i++) {
      assert(!change || !(change[rows->numbers[i]] & WR_DELETE));
      adds->at[i] = i;
    }
    adds->count = rows->count;
    return;
  }
  retracts->at = wr_arena_get(&self->arena, (rows->count + 1) * sizeof(uint32_t));
  for (uint32_t i = 0; i < rows->count; i++) {
    int64_t *count = wr_group_count(self, rows->probe.entries[i]);
    bool is_back = change && (change[rows->numbers[i]] & WR_DELETE);
    if (is_back && *count > 0)
      retracts->at[retracts->count++] = i;
    else if (!is_back)
      adds->at[adds->count++] = i;
    *count += !is_back ? 1 : *count > 0 ? -1 : 0;
  }
}

/* The entries of the touched groups, as they are now. */
static char **group_entries(struct wr_group *self, const struct wr_group_batch *rows)
{
  uint32_t count = rows->touched.count;
  char **entries = wr_arena_get(&self->arena, (count + 1) * sizeof *entries);
  if (!rows->is_probed_again) {
    for (uint32_t i = 0; i < count; i++)
      entries[i] = rows->probe.entries[rows->touched.at[i]];
    return entries;
  }
  uint32_t *numbers = wr_arena_get(&self->arena, (count + 1) * sizeof *numbers);
  uint64_t *hashes = wr_arena_get(&self->arena, (count + 1) * sizeof *hashes);
  for (uint32_t i = 0; i < count; i++) {
    numbers[i] = rows->numbers[rows->touched.at[i]];
    hashes[i] = rows->hashes[rows->touched.at[i]];
  }
  struct wr_probe probe;
  wr_table_probe(self->tables[0], rows->keys, numbers, hashes, count, WR_PROBE_CHANGE, &probe);
  memcpy(entries, probe.entries, count * sizeof *entries);
  return entries;
}

/* Groups without rows go; the marks of the others are taken away. */
static void group_settle(struct wr_group *self, char **entries, uint32_t count)
{
  uint32_t gone = 0;
  for (uint32_t i = 0; i < count; i++) {
    entries[i][self->mark_at] = 0;
    if (self->spec->changes && *wr_group_count(self, entries[i]) == 0)
      entries[gone++] = entries[i];
  }
  wr_table_remove(self->tables[0], entries, gone);
}

static enum wr_code group_take(struct wr_group *self, const struct wr_batch *batch,
                               const uint32_t *numbers, const uint64_t *hashes, uint32_t count,
                               struct wr_error *err)
{
  const struct wr_window_aggregate_spec *base = self->base;
  struct wr_group_batch rows = {
      .batch = batch,
      .numbers = numbers,
      .hashes = hashes,
      .count = count,
      .keys = wr_arena_get(&self->arena, (base->key_count + 1) * sizeof(struct wr_column *))};
  for (uint32_t k = 0; k < base->key_count; k++)
    rows.keys[k] = &batch->columns[base->keys[k]];
  wr_table_probe(self->tables[0], rows.keys, numbers, hashes, count, WR_PROBE_MAKE, &rows.probe);
  if (self->spec->ttl_us) {
    if (wr_ttl_forget(&self->ttl, 0, &rows.probe, count, self->now_us)) {
      self->has_expired = true;
      wr_table_probe(self->tables[0], rows.keys, numbers, hashes, count, WR_PROBE_MAKE,
                     &rows.probe);
    }
    wr_ttl_write(&self->ttl, 0, &rows.probe, count, self->now_us);
  }
  group_touch(self, &rows);
  bool shows = !self->spec->at_end;
  if (shows && count > 1 && wr_group_output_bytes(self, &rows) > WIDE_BYTES_MAX) {
    for (uint32_t i = 0; i < rows.touched.count; i++)
      rows.probe.entries[rows.touched.at[i]][self->mark_at] &= WR_GROUP_FRESH;
    enum wr_code code = group_take(self, batch, numbers, hashes, count / 2, err);
    return code ? code
                : group_take(self, batch, numbers + count / 2, hashes + count / 2,
                             count - count / 2, err);
  }
  group_sort_out(self, &rows);
  self->has_expired = self->has_expired && rows.lists[WR_GROUP_ADD].count == 0;
  if (shows)
    wr_group_output_before(self, &rows);
  wr_group_add_rows(self, &rows);
  char **entries = group_entries(self, &rows);
  enum wr_code code = shows ? wr_group_output_after(self, entries, rows.touched.count, err) : WR_OK;
  group_settle(self, entries, rows.touched.count);
  return code;
}

static void group_sweep(struct wr_group *self)
{
  uint64_t before = wr_table_keys(self->tables[0]);
  wr_ttl_sweep(&self->ttl, &self->op, self->now_us);
  self->has_expired = self->has_expired || wr_table_keys(self->tables[0]) < before;
}

static enum wr_code group_on_batch(struct wr_operator *op, uint32_t input,
                                   const struct wr_batch *batch, struct wr_error *err)
{
  struct wr_group *self = (struct wr_group *)op;
  const struct wr_window_aggregate_spec *base = self->base;
  assert(input == 0);
  (void)input;
  wr_arena_reset(&self->arena);
  self->now_us = batch->now_us > self->now_us ? batch->now_us : self->now_us;
  uint32_t count = batch->picked_count;
  const struct wr_column **keys = wr_arena_get(&self->arena, (base->key_count + 1) * sizeof *keys);
  uint32_t *numbers = wr_arena_get(&self->arena, (count + 1) * sizeof *numbers);
  uint64_t *hashes = wr_arena_get(&self->arena, (count + 1) * sizeof *hashes);
  for (uint32_t k = 0; k < base->key_count; k++)
    keys[k] = &batch->columns[base->keys[k]];
  for (uint32_t i = 0; i < count; i++)
    numbers[i] = wr_batch_row(batch, i);
  wr_hash_keys(keys, base->key_count, numbers, count, op->context->hash_seed, hashes);
  enum wr_code code = count ? group_take(self, batch, numbers, hashes, count, err) : WR_OK;
  if (self->spec->ttl_us)
    group_sweep(self);
  group_count_state(self);
  return code;
}

static enum wr_code group_on_timer(struct wr_operator *op, int64_t now_us, struct wr_error *err)
{
  struct wr_group *self = (struct wr_group *)op;
  (void)err;
  self->now_us = now_us > self->now_us ? now_us : self->now_us;
  group_sweep(self);
  group_count_state(self);
  return WR_OK;
}

/* ---- the end of the input */

/* The groups that there are even without rows, where they belong to this task. */
static void group_make_empty(struct wr_group *self)
{
  const struct wr_window_aggregate_spec *base = self->base;
  const struct wr_operator_context *context = self->op.context;
  wr_arena_reset(&self->arena);
  const struct wr_column **keys = wr_arena_get(&self->arena, (base->key_count + 1) * sizeof *keys);
  struct wr_column *columns = wr_arena_get(&self->arena, (base->key_count + 1) * sizeof *columns);
  for (uint32_t k = 0; k < base->key_count; k++) {
    columns[k] = wr_column_null(&self->arena, base->input_schema->fields[base->keys[k]].type);
    keys[k] = &columns[k];
  }
  for (uint32_t s = 0; s < base->empty_set_count; s++) {
    int64_t id[1 + WR_PADDING / sizeof(int64_t)] = {base->empty_sets[s]};
    if (base->set_column != UINT32_MAX)
      columns[base->key_count - 1] =
          (struct wr_column){.type = &wr_type_bigint, .constant = true, .values = id};
    uint64_t hash;
    wr_hash_keys(keys, base->key_count, NULL, 1, context->hash_seed, &hash);
    if (wr_key_group_task(wr_key_group(hash), context->task_count) != context->task)
      continue;
    struct wr_probe probe;
    wr_table_probe(self->tables[0], keys, NULL, &hash, 1, WR_PROBE_MAKE, &probe);
  }
}

static enum wr_code group_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                       struct wr_error *err)
{
  struct wr_group *self = (struct wr_group *)op;
  enum wr_code code = WR_OK;
  bool is_empty =
      self->base->empty_set_count && wr_table_keys(self->tables[0]) == 0 && !self->has_expired;
  if ((self->spec->at_end || is_empty) && watermark_us == WR_TIME_END && !self->has_ended) {
    self->has_ended = true;
    group_make_empty(self);
    code = wr_group_output_all(self, err);
  }
  return code == WR_OK ? wr_emit_watermark(op, watermark_us, err) : code;
}

static uint64_t group_held_rows(const struct wr_operator *op)
{
  const struct wr_group *self = (const struct wr_group *)op;
  return self->spec->at_end && !self->has_ended ? wr_table_keys(self->tables[0]) : 0;
}

/* ---- snapshots */

/* Bits of what has happened. Whether the input has ended is the same for all copies: its end comes
 * before the barrier on every channel, or behind it. */
#define SAVE_ENDED   UINT64_C(1)
#define SAVE_EXPIRED UINT64_C(2)

static void group_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_group *self = (struct wr_group *)op;
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_part_put_u64(part, self->spec->changes);
  wr_part_put_u64(part,
                  (self->has_ended ? SAVE_ENDED : 0) | (self->has_expired ? SAVE_EXPIRED : 0));
  wr_window_rows_save(&self->rows, part);
  wr_table_spaces_save(self->spaces, self->space_count, part);
}

static bool group_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  struct wr_group *self = (struct wr_group *)op;
  (void)part;
  return wr_table_spaces_save_step(self->spaces, self->space_count, SAVE_PAGES);
}

struct group_loader {
  struct wr_table_loader loader;
  struct wr_table **tables; /* as they were saved; NULL: gone */
};

static struct wr_table *group_loader_find(struct wr_table_loader *loader, uint32_t space,
                                          uint64_t tag)
{
  (void)tag;
  return ((struct group_loader *)loader)->tables[space];
}

static enum wr_code group_load_tables(struct wr_group *self, const uint32_t *sets,
                                      uint32_t set_count, struct wr_part_reader *part,
                                      struct wr_error *err)
{
  const struct wr_operator_context *context = self->op.context;
  struct wr_table_space **spaces = wr_memory_get((1 + set_count) * sizeof *spaces);
  struct group_loader loader = {.loader = {group_loader_find, context->task, context->task_count},
                                .tables = wr_memory_get((1 + set_count) * sizeof *loader.tables)};
  for (uint32_t i = 0; i <= set_count; i++) {
    bool is_gone = i > 0 && sets[i - 1] == WR_WINDOW_NO_SET;
    uint32_t number = i == 0 || is_gone ? 0 : 1 + sets[i - 1];
    spaces[i] = is_gone ? NULL : self->spaces[number];
    loader.tables[i] = is_gone ? NULL : self->tables[number];
  }
  enum wr_code code = wr_table_spaces_load(spaces, 1 + set_count, &loader.loader, part, err);
  free(spaces);
  free(loader.tables);
  return code;
}

static enum wr_code group_load(struct wr_operator *op, struct wr_part_reader *part,
                               struct wr_error *err)
{
  struct wr_group *self = (struct wr_group *)op;
  uint64_t version, seed = 0, changes = 0, happened = 0;
  uint32_t *sets = NULL, set_count = 0;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &seed, err);
  if (code == WR_OK && (version != SAVE_VERSION || seed != op->context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", op->context->name);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &changes, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &happened, err);
  self->has_ended = self->has_ended || (happened & SAVE_ENDED); /* its groups have left already */
  self->has_expired = self->has_expired || (happened & SAVE_EXPIRED);
  if (code == WR_OK && (changes != 0) != self->spec->changes)
    code =
        wr_fail(err, WR_DATA, "the saved state of %s was kept in another way", op->context->name);
  if (code == WR_OK)
    code = wr_window_rows_load(&self->rows, part, &sets, &set_count, err);
  if (code == WR_OK)
    code = group_load_tables(self, sets, set_count, part, err);
  free(sets);
  if (self->spec->ttl_us)
    op->timer_us = 0; /* to sweep: no row need come any more */
  group_count_state(self);
  return code;
}

const struct wr_operator_class wr_operator_class_group = {
    .name = "Group",
    .open = group_open,
    .on_batch = group_on_batch,
    .on_watermark = group_on_watermark,
    .on_timer = group_on_timer,
    .save = group_save,
    .save_step = group_save_step,
    .load = group_load,
    .held_rows = group_held_rows,
    .close = group_close,
};
