/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows coming out: which ones a watermark closes, merging the slices of a window, and turning
 * entries into rows. Results of several windows share a batch; if texts are lent from the entries,
 * a batch leaves before its table goes.
 *
 * ALL fires once, when the input ends; groups without keys are there then even if no row came.
 *
 * The slices of a HOP window are merged anew for every window, size / slide merges per key and
 * result.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "operators/window_state.h"

#define OUTPUT_TEXT_BYTES (256u << 10) /* of the states behind one batch of results */

void wr_window_output_open(struct wr_window_aggregate *self)
{
  struct wr_window_output *out = &self->output;
  uint32_t count = self->spec->schema->column_count;
  out->builders = wr_memory_get_zero(count * sizeof *out->builders);
  out->columns = wr_memory_get_zero(count * sizeof *out->columns);
  for (uint32_t i = 0; i < count; i++)
    wr_builder_open(&out->builders[i], self->spec->schema->fields[i].type);
  out->failed = wr_memory_get_zero(WR_BATCH_ROWS * sizeof *out->failed);
  out->failed_bits = wr_memory_get_zero(WR_BATCH_ROWS / 8 + WR_PADDING);
  out->entries = wr_memory_get_zero(WR_BATCH_ROWS * sizeof *out->entries);
}

void wr_window_output_close(struct wr_window_aggregate *self)
{
  struct wr_window_output *out = &self->output;
  for (uint32_t i = 0; i < self->spec->schema->column_count; i++)
    wr_builder_close(&out->builders[i]);
  free(out->builders);
  free(out->columns);
  free(out->failed);
  free(out->failed_bits);
  free(out->entries);
}

/* Rejects the rows without a result; the others remain in picked. */
static uint32_t output_drop_failed(struct wr_window_aggregate *self, const struct wr_batch *rows,
                                   uint32_t *picked)
{
  uint32_t kept = 0;
  for (uint32_t row = 0; row < rows->row_count; row++) {
    uint32_t failed = self->output.failed[row];
    if (failed == 0) {
      picked[kept++] = row;
      continue;
    }
    const struct wr_aggregate *aggregate = &self->spec->aggregates[failed - 1];
    char type[128];
    wr_type_print(aggregate->type, type, sizeof type);
    if (aggregate->code->failure)
      wr_operator_reject(&self->op, rows, row, WR_REJECT_VALUE, "the result of %s %s",
                         aggregate->name, aggregate->code->failure);
    else
      wr_operator_reject(&self->op, rows, row, WR_REJECT_VALUE, "the result of %s does not fit %s",
                         aggregate->name, type);
  }
  return kept;
}

static enum wr_code output_flush(struct wr_window_aggregate *self, struct wr_error *err)
{
  struct wr_window_output *out = &self->output;
  if (out->row_count == 0)
    return WR_OK;
  uint32_t column_count = self->spec->schema->column_count;
  for (uint32_t i = 0; i < column_count; i++) {
    assert(out->builders[i].row_count == out->row_count);
    out->columns[i] = wr_builder_view(&out->builders[i]);
  }
  struct wr_batch rows = {
      .schema = self->spec->schema,
      .columns = out->columns,
      .row_count = out->row_count,
      .picked_count = out->row_count,
      .others_us = WR_TIME_END,
      .now_us = self->now_us,
  };
  uint32_t picked[WR_BATCH_ROWS];
  if (out->failed_count) {
    rows.picked_count = output_drop_failed(self, &rows, picked);
    rows.picked = picked;
    memset(out->failed, 0, out->row_count * sizeof *out->failed);
    out->failed_count = 0;
  }
  enum wr_code code = wr_emit_batch(&self->op, &rows, err);
  for (uint32_t i = 0; i < column_count; i++)
    wr_builder_reset(&out->builders[i]);
  out->row_count = 0;
  return code;
}

static void output_put_time(struct wr_builder *builder, int64_t time_us, uint32_t count)
{
  wr_builder_reserve(builder, count);
  for (uint32_t i = 0; i < count; i++)
    wr_builder_put_i64(builder, time_us);
}

/* Appends the rows of some entries of one window. */
static void output_add(struct wr_window_aggregate *self, const char *const *entries, uint32_t count,
                       int64_t start_us, int64_t end_us)
{
  const struct wr_window_aggregate_spec *spec = self->spec;
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  struct wr_window_output *out = &self->output;
  struct wr_builder *builder = out->builders;
  for (uint32_t k = 0; k < spec->key_count; k++)
    wr_table_key_column(layout, k, entries, count, builder++);
  for (uint32_t a = 0; a < spec->aggregate_count; a++, builder++) {
    const struct wr_aggregate *aggregate = &spec->aggregates[a];
    memset(out->failed_bits, 0, wr_bit_words(count) * sizeof *out->failed_bits);
    wr_builder_reserve(builder, count);
    const struct wr_aggregate_results results = {.entries = entries,
                                                 .offset = wr_layout_state(layout, a),
                                                 .count = count,
                                                 .type = aggregate->type,
                                                 .prepared = aggregate->prepared,
                                                 .out = builder,
                                                 .failed = out->failed_bits};
    aggregate->code->result(&results);
    for (uint32_t word = 0; word < wr_bit_words(count); word++) {
      for (uint64_t bits = out->failed_bits[word]; bits; bits &= bits - 1) {
        uint32_t *failed =
            &out->failed[out->row_count + word * 64 + (uint32_t)__builtin_ctzll(bits)];
        out->failed_count += *failed == 0;
        *failed = *failed ? *failed : a + 1;
      }
    }
  }
  if (self->window.kind != WR_WINDOW_ALL) {
    output_put_time(builder++, start_us, count);
    output_put_time(builder++, end_us, count);
    output_put_time(builder++, end_us - self->window.tick_us, count);
  }
  out->row_count += count;
}

/* How many of the entries make a batch: their texts may be long, and results may be copies. */
static uint32_t output_fitting(const struct wr_layout *layout, const char *const *entries,
                               uint32_t count)
{
  uint64_t bytes = 0;
  for (uint32_t i = 0; layout->text_count && i < count; i++) {
    bytes += wr_layout_texts(layout, entries[i]);
    if (bytes > OUTPUT_TEXT_BYTES)
      return i + 1;
  }
  return count;
}

/* All keys of a table as rows of one window. */
static enum wr_code output_table(struct wr_window_aggregate *self, const struct wr_table *table,
                                 int64_t start_us, int64_t end_us, struct wr_error *err)
{
  struct wr_window_output *out = &self->output;
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  struct wr_table_cursor cursor = {0};
  enum wr_code code = WR_OK;
  uint32_t count;
  while (code == WR_OK && (count = wr_table_scan(table, &cursor, out->entries,
                                                 WR_BATCH_ROWS - out->row_count)) > 0) {
    const char *const *entries = (const char *const *)out->entries;
    while (code == WR_OK && count > 0) {
      uint32_t fitting = output_fitting(layout, entries, count);
      output_add(self, entries, fitting, start_us, end_us);
      entries += fitting;
      count -= fitting;
      if (out->row_count == WR_BATCH_ROWS || count > 0)
        code = output_flush(self, err);
    }
  }
  if (code == WR_OK && layout->text_count > 0)
    code = output_flush(self, err);
  return code;
}

void wr_window_init_states(struct wr_window_aggregate *self, const struct wr_probe *probe)
{
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  for (uint32_t a = 0; a < self->spec->aggregate_count; a++) {
    void (*init)(char *state) = self->spec->aggregates[a].code->init;
    uint32_t offset = wr_layout_state(layout, a);
    for (uint32_t i = 0; init && i < probe->made_count; i++)
      init(probe->entries[probe->made[i]] + offset);
  }
}

/* Merges all keys of a slice into those of a window. */
static void fire_merge(struct wr_window_aggregate *self, const struct wr_window_slice *from,
                       struct wr_window_slice *to)
{
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  struct wr_table_cursor cursor = {0};
  const char *const *sources = (const char *const *)self->output.entries;
  uint32_t count;
  while ((count = wr_table_scan(from->table, &cursor, self->output.entries, WR_BATCH_ROWS)) > 0) {
    struct wr_probe probe;
    wr_table_probe_entries(to->table, sources, count, WR_PROBE_MAKE, &probe);
    wr_window_init_states(self, &probe);
    for (uint32_t a = 0; a < self->spec->aggregate_count; a++) {
      const struct wr_aggregate *aggregate = &self->spec->aggregates[a];
      struct wr_aggregate_rows rows = {
          .entries = probe.entries,
          .offset = wr_layout_state(layout, a),
          .prepared = aggregate->prepared,
          .row_count = count,
          .store = wr_table_space_texts(self->space),
      };
      if (!aggregate->distinct)
        aggregate->code->merge(&rows, sources);
    }
  }
  wr_window_merge_sets(self, from, to);
}

/* ALL: the groups that need no rows, where they belong to this task. */
static void fire_make_empty(struct wr_window_aggregate *self)
{
  const struct wr_window_aggregate_spec *spec = self->spec;
  const struct wr_operator_context *context = self->op.context;
  const struct wr_column **keys = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *keys);
  struct wr_column *columns = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *columns);
  for (uint32_t k = 0; k < spec->key_count; k++) {
    columns[k] = wr_column_null(&self->arena, spec->input_schema->fields[spec->keys[k]].type);
    keys[k] = &columns[k];
  }
  const struct wr_window_bounds bounds = wr_window_bounds_of(&self->window, 0);
  for (uint32_t s = 0; s < spec->empty_set_count; s++) {
    int64_t id[1 + WR_PADDING / sizeof(int64_t)] = {spec->empty_sets[s]};
    if (spec->set_column != UINT32_MAX)
      columns[spec->key_count - 1] =
          (struct wr_column){.type = &wr_type_bigint, .constant = true, .values = id};
    uint64_t hash;
    wr_hash_keys(keys, spec->key_count, NULL, 1, context->hash_seed, &hash);
    if (wr_key_group_task(wr_key_group(hash), context->task_count) != context->task)
      continue;
    const struct wr_window_slice *slice = wr_window_slices_get(&self->slices, self->space, &bounds);
    struct wr_probe probe;
    wr_table_probe(slice->table, keys, NULL, &hash, 1, WR_PROBE_MAKE, &probe);
    wr_window_init_states(self, &probe);
  }
}

/* ATTACHED, ALL: each slice that ends here is a window by itself. */
static enum wr_code fire_slices(struct wr_window_aggregate *self, int64_t end_us,
                                struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0;
       code == WR_OK && i < self->slices.count && self->slices.slices[i]->bounds.end_us == end_us;
       i++)
    code = output_table(self, self->slices.slices[i]->table,
                        self->slices.slices[i]->bounds.start_us, end_us, err);
  return code;
}

/* The window that ends at end_us, from the slices under it. */
static enum wr_code fire_window(struct wr_window_aggregate *self, int64_t end_us,
                                struct wr_error *err)
{
  int64_t start_us = end_us - self->window.size_us;
  const struct wr_window_slice *only = NULL;
  struct wr_window_slice merged = {0};
  for (uint32_t i = 0; i < self->slices.count && self->slices.slices[i]->bounds.end_us <= end_us;
       i++) {
    const struct wr_window_slice *slice = self->slices.slices[i];
    if (slice->bounds.first_end_us > end_us)
      continue;
    assert(slice->bounds.last_end_us >= end_us);
    if (!only) {
      only = slice;
      continue;
    }
    if (!merged.table) {
      wr_window_slice_open(&merged, &self->slices, self->space, UINT64_MAX, true);
      fire_merge(self, only, &merged);
    }
    fire_merge(self, slice, &merged);
  }
  enum wr_code code = WR_OK;
  if (only)
    code = output_table(self, merged.table ? merged.table : only->table, start_us, end_us, err);
  if (merged.table)
    wr_window_slice_close(&merged, &self->slices);
  return code;
}

enum wr_code wr_window_fire(struct wr_window_aggregate *self, int64_t watermark_us,
                            struct wr_error *err)
{
  const struct wr_window *window = &self->window;
  enum wr_code code = WR_OK;
  int64_t end_us;
  if (self->spec->empty_set_count > 0 && watermark_us == WR_TIME_END &&
      self->closed_us < WR_TIME_END)
    fire_make_empty(self);
  while (code == WR_OK &&
         (end_us = wr_window_slices_next(&self->slices, window, self->closed_us)) != WR_TIME_END &&
         end_us - window->tick_us <= watermark_us) {
    bool is_slice = window->kind == WR_WINDOW_ATTACHED || window->kind == WR_WINDOW_ALL;
    code = is_slice ? fire_slices(self, end_us, err) : fire_window(self, end_us, err);
    self->closed_us = end_us - window->tick_us;
    wr_window_slices_drop(&self->slices, end_us);
  }
  if (code == WR_OK)
    code = output_flush(self, err);
  if (self->closed_us < watermark_us)
    self->closed_us = watermark_us;
  return code;
}
