/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold: what is left of a stream that changes when it has come to its end. All columns are the key
 * of a table whose entries say how often their row is there; nothing leaves before the end, not
 * even watermarks, so that what stands above sees rows that nobody takes back, and none of them is
 * late.
 *
 * Equal rows go to the same copy and were told in their order by whoever made them, so a count
 * falls below nothing only if somebody takes back what was never there: that is passed over.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "operators/specs_changes.h"
#include "state/table.h"

#define SAVE_PAGES   4 /* copied per step of a snapshot */
#define SAVE_VERSION 1
#define COUNT_NAME   1 /* in snapshots */

struct fold {
  struct wr_operator op;
  const struct wr_fold_spec *spec;
  struct wr_table_space *space;
  struct wr_table *table;
  uint32_t count_at; /* of how often the row is there, in an entry */
  int64_t now_us;
  const struct wr_column **keys; /* scratch */
  struct wr_builder *builders;
  struct wr_column *columns;
  struct wr_arena arena; /* one batch */
};

/* ---- life */

static enum wr_code fold_open(const void *spec, const struct wr_operator_context *context,
                              struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct fold *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&wr_operator_class_fold, context);
  self->spec = spec;
  uint32_t width = self->spec->schema->column_count;
  const struct wr_type **types = wr_memory_get((width + 1) * sizeof *types);
  self->keys = wr_memory_get((width + 1) * sizeof *self->keys);
  self->builders = wr_memory_get_zero((width + 1) * sizeof *self->builders);
  self->columns = wr_memory_get_zero((width + 1) * sizeof *self->columns);
  for (uint32_t c = 0; c < width; c++) {
    types[c] = self->spec->schema->fields[c].type;
    assert(types[c]->physical != WR_NESTED);
    wr_builder_open(&self->builders[c], types[c]);
  }
  const struct wr_state_piece piece = {sizeof(int64_t), _Alignof(int64_t), false};
  struct wr_layout *layout = wr_layout_new(types, width, &piece, 1);
  wr_layout_name(layout, 0, COUNT_NAME, 0);
  self->count_at = wr_layout_state(layout, 0);
  self->space = wr_table_space_new(layout);
  self->table = wr_table_new(self->space, 0, false);
  free(types);
  *out = &self->op;
  return WR_OK;
}

static void fold_close(struct wr_operator *op)
{
  struct fold *self = (struct fold *)op;
  wr_table_space_free(self->space);
  for (uint32_t c = 0; c < self->spec->schema->column_count; c++)
    wr_builder_close(&self->builders[c]);
  free(self->builders);
  free(self->columns);
  free(self->keys);
  wr_arena_free(&self->arena);
  free(self);
}

static void fold_count_state(const struct fold *self)
{
  struct wr_metrics *metrics = self->op.context->metrics;
  atomic_store_explicit(&metrics->state_bytes, wr_table_space_memory(self->space),
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->spare_bytes, wr_table_space_spare(self->space),
                        memory_order_relaxed);
  atomic_store_explicit(&metrics->state_keys, wr_table_space_keys(self->space),
                        memory_order_relaxed);
}

/* ---- rows coming in */

static int64_t *fold_count(const struct fold *self, char *entry)
{
  return (int64_t *)(void *)(entry + self->count_at);
}

/* Rows that are not there any more are forgotten, each once. */
static void fold_forget(struct fold *self, char **entries, uint32_t count)
{
  uint32_t gone = 0;
  for (uint32_t i = 0; i < count; i++) {
    int64_t *left = fold_count(self, entries[i]);
    if (*left != 0)
      continue;
    *left = -1;
    entries[gone++] = entries[i];
  }
  if (gone)
    wr_table_remove(self->table, entries, gone);
}

static enum wr_code fold_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct fold *self = (struct fold *)op;
  (void)input, (void)err;
  assert(input == 0);
  wr_arena_reset(&self->arena);
  self->now_us = batch->now_us > self->now_us ? batch->now_us : self->now_us;
  uint32_t width = self->spec->schema->column_count, count = batch->picked_count;
  uint32_t *rows = wr_arena_get(&self->arena, (count + 1) * sizeof *rows);
  uint64_t *hashes = wr_arena_get(&self->arena, (count + 1) * sizeof *hashes);
  for (uint32_t c = 0; c < width; c++)
    self->keys[c] = &batch->columns[c];
  for (uint32_t i = 0; i < count; i++)
    rows[i] = wr_batch_row(batch, i);
  wr_hash_keys(self->keys, width, rows, count, op->context->hash_seed, hashes);
  struct wr_probe probe;
  wr_table_probe(self->table, self->keys, rows, hashes, count, WR_PROBE_MAKE, &probe);
  for (uint32_t i = 0; i < count; i++) {
    int64_t *left = fold_count(self, probe.entries[i]);
    bool goes = batch->change && batch->change[rows[i]] & WR_DELETE;
    *left += !goes ? 1 : *left > 0 ? -1 : 0;
  }
  fold_forget(self, probe.entries, count);
  fold_count_state(self);
  return WR_OK;
}

/* ---- the end of the input */

/* Rows that are there more than once leave as often, in batches of these again. */
static enum wr_code fold_emit(struct fold *self, char **entries, uint32_t count,
                              struct wr_error *err)
{
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  const struct wr_schema *schema = self->spec->schema;
  uint32_t *picked = wr_arena_get(&self->arena, (count + 1) * sizeof *picked);
  enum wr_code code = WR_OK;
  for (uint32_t c = 0; c < schema->column_count; c++) {
    wr_table_key_column(layout, c, (const char *const *)entries, count, &self->builders[c]);
    self->columns[c] = wr_builder_view(&self->builders[c]);
  }
  struct wr_batch rows = {.schema = schema,
                          .columns = self->columns,
                          .row_count = count,
                          .picked_count = count,
                          .picked = picked,
                          .others_us = WR_TIME_END,
                          .now_us = self->now_us};
  for (uint32_t i = 0; i < count; i++)
    picked[i] = i;
  for (int64_t turn = 1; code == WR_OK && rows.picked_count > 0; turn++) {
    code = wr_emit_batch(&self->op, &rows, err);
    uint32_t left = 0;
    for (uint32_t i = 0; i < rows.picked_count; i++)
      if (*fold_count(self, entries[picked[i]]) > turn)
        picked[left++] = picked[i];
    rows.picked_count = left;
  }
  for (uint32_t c = 0; c < schema->column_count; c++)
    wr_builder_reset(&self->builders[c]);
  return code;
}

/* What has left is not state any more. */
static void fold_empty(struct fold *self)
{
  wr_table_free(self->table);
  self->table = wr_table_new(self->space, 0, false);
  fold_count_state(self);
}

static enum wr_code fold_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                      struct wr_error *err)
{
  struct fold *self = (struct fold *)op;
  struct wr_table_cursor cursor = {0};
  enum wr_code code = WR_OK;
  uint32_t count;
  if (watermark_us != WR_TIME_END)
    return WR_OK;
  wr_arena_reset(&self->arena);
  char **entries = wr_arena_get(&self->arena, WR_BATCH_ROWS * sizeof *entries);
  while (code == WR_OK && (count = wr_table_scan(self->table, &cursor, entries, WR_BATCH_ROWS)) > 0)
    code = fold_emit(self, entries, count, err);
  fold_empty(self);
  return code == WR_OK ? wr_emit_watermark(op, watermark_us, err) : code;
}

static uint64_t fold_held_rows(const struct wr_operator *op)
{
  return wr_table_keys(((const struct fold *)op)->table);
}

/* ---- snapshots */

static void fold_save(struct wr_operator *op, struct wr_part_writer *part)
{
  struct fold *self = (struct fold *)op;
  wr_part_put_u64(part, SAVE_VERSION);
  wr_part_put_u64(part, op->context->hash_seed);
  wr_table_spaces_save(&self->space, 1, part);
}

static bool fold_save_step(struct wr_operator *op, struct wr_part_writer *part)
{
  (void)part;
  return wr_table_spaces_save_step(&((struct fold *)op)->space, 1, SAVE_PAGES);
}

struct fold_loader {
  struct wr_table_loader loader;
  struct wr_table *table;
};

static struct wr_table *fold_loader_find(struct wr_table_loader *loader, uint32_t space,
                                         uint64_t tag)
{
  (void)space, (void)tag;
  return ((struct fold_loader *)loader)->table;
}

static enum wr_code fold_load(struct wr_operator *op, struct wr_part_reader *part,
                              struct wr_error *err)
{
  struct fold *self = (struct fold *)op;
  const struct wr_operator_context *context = op->context;
  struct fold_loader loader = {.loader = {fold_loader_find, context->task, context->task_count},
                               .table = self->table};
  uint64_t version, seed = 0;
  enum wr_code code = wr_part_get_u64(part, &version, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &seed, err);
  if (code == WR_OK && (version != SAVE_VERSION || seed != context->hash_seed))
    code = wr_fail(err, WR_DATA, "the saved state of %s is of another version", context->name);
  if (code == WR_OK)
    code = wr_table_spaces_load(&self->space, 1, &loader.loader, part, err);
  fold_count_state(self);
  return code;
}

const struct wr_operator_class wr_operator_class_fold = {
    .name = "Fold",
    .open = fold_open,
    .on_batch = fold_on_batch,
    .on_watermark = fold_on_watermark,
    .save = fold_save,
    .save_step = fold_save_step,
    .load = fold_load,
    .held_rows = fold_held_rows,
    .close = fold_close,
};
