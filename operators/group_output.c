/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups becoming rows. The results of all touched groups are worked out twice, column by column,
 * into the same builders: before the rows go in, of those that were there, and afterwards. Then the
 * two are compared, and what is to leave is gathered in pairs:
 *
 *   builders   before a, before b | after a, after b, after c
 *   leaves     -U a  +U a  -U b  +U b  +I c
 *
 * A result may not exist (a sum that does not fit its type): such a row is told once, and as long
 * as that is so the group has no row.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "functions/values.h"
#include "operators/group_state.h"
#include "operators/window_state.h"

#define NOT_SHOWN UINT32_MAX

void wr_group_output_open(struct wr_group *self)
{
  struct wr_group_output *out = &self->output;
  const struct wr_schema *schema = self->base->schema;
  out->builders = wr_memory_get_zero((schema->column_count + 1) * sizeof *out->builders);
  out->columns = wr_memory_get_zero((schema->column_count + 1) * sizeof *out->columns);
  for (uint32_t c = 0; c < schema->column_count; c++)
    wr_builder_open(&out->builders[c], schema->fields[c].type);
  for (unsigned i = 0; i < 2; i++)
    out->failed[i] = wr_memory_get_zero(WR_BATCH_ROWS * sizeof *out->failed[i]);
  out->before_of = wr_memory_get(WR_BATCH_ROWS * sizeof *out->before_of);
  out->failed_bits = wr_memory_get_zero(WR_BATCH_ROWS / 8 + WR_PADDING);
  out->change = wr_memory_get_zero(2 * WR_BATCH_ROWS + WR_PADDING);
  out->picked = wr_memory_get(2 * WR_BATCH_ROWS * sizeof *out->picked);
  out->entries = wr_memory_get(WR_BATCH_ROWS * sizeof *out->entries);
}

void wr_group_output_close(struct wr_group *self)
{
  struct wr_group_output *out = &self->output;
  for (uint32_t c = 0; c < self->base->schema->column_count; c++)
    wr_builder_close(&out->builders[c]);
  free(out->builders);
  free(out->columns);
  for (unsigned i = 0; i < 2; i++)
    free(out->failed[i]);
  free(out->before_of);
  free(out->failed_bits);
  free(out->change);
  free(out->picked);
  free(out->entries);
  wr_compactor_close(&out->compactor);
}

/* ---- results */

/* Texts that are lent from entries: rows go in before they are looked at. */
static void output_keep_texts(struct wr_builder *builder, uint32_t first, struct wr_arena *arena)
{
  struct wr_text *texts = builder->values;
  if (builder->type->physical != WR_TEXT)
    return;
  for (uint32_t i = first; i < builder->row_count; i++) {
    if (!wr_bit_get(builder->valid, i) || texts[i].length <= WR_TEXT_INLINE)
      continue;
    texts[i] = wr_text_make(wr_arena_copy(arena, wr_text_bytes(&texts[i]), texts[i].length),
                            texts[i].length);
  }
}

/* Appends the results of all aggregates; failed[i]: of entries[i]. */
static void output_results(struct wr_group *self, const char *const *entries, uint32_t count,
                           uint32_t *failed, bool keep)
{
  struct wr_group_output *out = &self->output;
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  memset(failed, 0, count * sizeof *failed);
  for (uint32_t a = 0; a < self->base->aggregate_count; a++) {
    const struct wr_aggregate *aggregate = &self->base->aggregates[a];
    struct wr_builder *builder = &out->builders[self->base->key_count + a];
    memset(out->failed_bits, 0, wr_bit_words(count) * sizeof *out->failed_bits);
    wr_builder_reserve(builder, count);
    uint32_t first = builder->row_count;
    const struct wr_aggregate_results results = {.entries = entries,
                                                 .offset = wr_layout_state(layout, a),
                                                 .count = count,
                                                 .type = aggregate->type,
                                                 .prepared = aggregate->prepared,
                                                 .out = builder,
                                                 .failed = out->failed_bits};
    aggregate->code->result(&results);
    if (keep)
      output_keep_texts(builder, first, &self->arena);
    for (uint32_t word = 0; word < wr_bit_words(count); word++)
      for (uint64_t bits = out->failed_bits[word]; bits; bits &= bits - 1) {
        uint32_t *number = &failed[word * 64 + (uint32_t)__builtin_ctzll(bits)];
        *number = *number ? *number : a + 1;
      }
  }
}

uint64_t wr_group_output_bytes(const struct wr_group *self, const struct wr_group_batch *rows)
{
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  uint64_t bytes = 0;
  for (uint32_t a = 0; self->has_wide && a < self->base->aggregate_count; a++) {
    const struct wr_aggregate_code *code = self->base->aggregates[a].code;
    uint32_t at = wr_layout_state(layout, a);
    for (uint32_t i = 0; code->has_text && !code->narrow && i < rows->touched.count; i++)
      bytes +=
          ((const struct wr_text *)(const void *)(rows->probe.entries[rows->touched.at[i]] + at))
              ->length;
  }
  return bytes;
}

void wr_group_output_before(struct wr_group *self, const struct wr_group_batch *rows)
{
  struct wr_group_output *out = &self->output;
  const char **entries = wr_arena_get(&self->arena, (rows->touched.count + 1) * sizeof *entries);
  out->before_count = 0;
  for (uint32_t i = 0; i < rows->touched.count; i++) {
    const char *entry = rows->probe.entries[rows->touched.at[i]];
    bool is_fresh = entry[self->mark_at] & WR_GROUP_FRESH;
    out->before_of[i] = is_fresh ? NOT_SHOWN : out->before_count;
    entries[out->before_count] = entry;
    out->before_count += !is_fresh;
  }
  output_results(self, entries, out->before_count, out->failed[0], true);
}

/* ---- what is different */

#define DIFFERS(ctype)                                                \
  for (uint32_t i = 0; i < count; i++) {                              \
    const ctype *values = column->values;                             \
    if (before_of[i] != NOT_SHOWN)                                    \
      differs[i] |= values[before_of[i]] != values[before_count + i]; \
  }

static bool output_is_equal(const struct wr_column *column, uint32_t a, uint32_t b)
{
  if (wr_column_is_null(column, a) || wr_column_is_null(column, b))
    return wr_column_is_null(column, a) && wr_column_is_null(column, b);
  if (column->type->physical != WR_NESTED)
    return wr_values_equal(column, a, column, b);
  for (uint32_t f = 0; f < column->type->field_count; f++)
    if (!output_is_equal(&column->children[f], a, b))
      return false;
  return true;
}

/* Sets differs[i] where a column of group i is not what it was. */
static void output_compare(const struct wr_group_output *out, const struct wr_column *column,
                           uint32_t count, uint8_t *differs)
{
  const uint32_t *before_of = out->before_of;
  uint32_t before_count = out->before_count;
  enum wr_physical physical = column->type->physical;
  if (!column->valid && physical == WR_I64) {
    DIFFERS(int64_t)
  } else if (!column->valid && physical == WR_I32) {
    DIFFERS(int32_t)
  } else {
    for (uint32_t i = 0; i < count; i++)
      if (before_of[i] != NOT_SHOWN && !differs[i])
        differs[i] = !output_is_equal(column, before_of[i], before_count + i);
  }
}

/* ---- leaving */

static void output_reject(struct wr_group *self, const struct wr_batch *rows, uint32_t row,
                          uint32_t failed)
{
  const struct wr_aggregate *aggregate = &self->base->aggregates[failed - 1];
  char type[128];
  wr_type_print(aggregate->type, type, sizeof type);
  if (aggregate->code->failure)
    wr_operator_reject(&self->op, rows, row, WR_REJECT_VALUE, "the result of %s %s",
                       aggregate->name, aggregate->code->failure);
  else
    wr_operator_reject(&self->op, rows, row, WR_REJECT_VALUE, "the result of %s does not fit %s",
                       aggregate->name, type);
}

/* The columns of what is in the builders. */
static struct wr_batch output_view(struct wr_group *self)
{
  struct wr_group_output *out = &self->output;
  uint32_t count = 0;
  for (uint32_t c = 0; c < self->base->schema->column_count; c++) {
    count = out->builders[c].row_count;
    out->columns[c] = wr_builder_view(&out->builders[c]);
  }
  return (struct wr_batch){.schema = self->base->schema,
                           .columns = out->columns,
                           .row_count = count,
                           .picked_count = count,
                           .others_us = WR_TIME_END,
                           .now_us = self->now_us};
}

static void output_reset(struct wr_group *self)
{
  for (uint32_t c = 0; c < self->base->schema->column_count; c++)
    wr_builder_reset(&self->output.builders[c]);
}

static void output_keys(struct wr_group *self, const char *const *entries, uint32_t count)
{
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  for (uint32_t k = 0; k < self->base->key_count; k++)
    wr_table_key_column(layout, k, entries, count, &self->output.builders[k]);
}

/* Which rows leave, as what; how many. */
static uint32_t output_judge(struct wr_group *self, const struct wr_batch *rows,
                             char *const *entries, uint32_t count, const uint8_t *differs)
{
  struct wr_group_output *out = &self->output;
  uint32_t picked = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t before = out->before_of[i], after = out->before_count + i;
    bool is_there = !self->spec->changes || *wr_group_count(self, entries[i]) > 0;
    bool was = before != NOT_SHOWN && out->failed[0][before] == 0;
    bool is = is_there && out->failed[1][i] == 0;
    if (is_there && !is && (was || before == NOT_SHOWN))
      output_reject(self, rows, after, out->failed[1][i]);
    if (was && is && !differs[i] && !self->spec->ttl_us)
      continue;
    out->picked[picked] = before;
    out->change[picked] = is ? WR_UPDATE_BEFORE : WR_DELETE;
    picked += was;
    out->picked[picked] = after;
    out->change[picked] = was ? WR_UPDATE_AFTER : WR_INSERT;
    picked += is;
  }
  return picked;
}

/* Gathers picked rows, as many at a time as a batch may have. */
static enum wr_code output_emit(struct wr_group *self, struct wr_batch *rows, uint32_t count,
                                struct wr_error *err)
{
  struct wr_group_output *out = &self->output;
  enum wr_code code = WR_OK;
  for (uint32_t first = 0; code == WR_OK && first < count; first += WR_BATCH_ROWS) {
    struct wr_batch gathered;
    rows->picked = out->picked + first;
    rows->picked_count = count - first < WR_BATCH_ROWS ? count - first : WR_BATCH_ROWS;
    wr_batch_compact(&out->compactor, rows, NULL, &gathered);
    gathered.change = out->change + first;
    code = wr_emit_batch(&self->op, &gathered, err);
  }
  return code;
}

enum wr_code wr_group_output_after(struct wr_group *self, char *const *entries, uint32_t count,
                                   struct wr_error *err)
{
  struct wr_group_output *out = &self->output;
  const char **shown = wr_arena_get(&self->arena, (count + 1) * sizeof *shown);
  uint8_t *differs = wr_arena_get_zero(&self->arena, count + 1);
  uint32_t shown_count = 0;
  for (uint32_t i = 0; i < count; i++)
    if (out->before_of[i] != NOT_SHOWN)
      shown[shown_count++] = entries[i];
  assert(shown_count == out->before_count);
  output_keys(self, shown, shown_count);
  output_keys(self, (const char *const *)entries, count);
  output_results(self, (const char *const *)entries, count, out->failed[1], false);
  struct wr_batch rows = output_view(self);
  if (self->base->schema->column_count == 0)
    rows.row_count = shown_count + count;
  for (uint32_t a = 0; a < self->base->aggregate_count; a++)
    output_compare(out, &out->columns[self->base->key_count + a], count, differs);
  uint32_t picked = output_judge(self, &rows, entries, count, differs);
  enum wr_code code = output_emit(self, &rows, picked, err);
  output_reset(self);
  return code;
}

/* A piece of the table. */
static enum wr_code output_piece(struct wr_group *self, char *const *entries, uint32_t count,
                                 struct wr_error *err)
{
  struct wr_group_output *out = &self->output;
  output_keys(self, (const char *const *)entries, count);
  output_results(self, (const char *const *)entries, count, out->failed[1], false);
  struct wr_batch rows = output_view(self);
  rows.row_count = count;
  rows.picked = out->picked;
  rows.picked_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (out->failed[1][i])
      output_reject(self, &rows, i, out->failed[1][i]);
    else
      out->picked[rows.picked_count++] = i;
  }
  enum wr_code code = wr_emit_batch(&self->op, &rows, err);
  output_reset(self);
  return code;
}

enum wr_code wr_group_output_all(struct wr_group *self, struct wr_error *err)
{
  const struct wr_layout *layout = wr_table_space_layout(self->space);
  struct wr_group_output *out = &self->output;
  struct wr_table_cursor cursor = {0};
  enum wr_code code = WR_OK;
  uint32_t count;
  while (code == WR_OK &&
         (count = wr_table_scan(self->tables[0], &cursor, out->entries, WR_BATCH_ROWS)) > 0)
    for (uint32_t at = 0, fitting; code == WR_OK && at < count; at += fitting) {
      fitting =
          wr_window_output_fitting(layout, (const char *const *)out->entries + at, count - at);
      code = output_piece(self, out->entries + at, fitting, err);
    }
  return code;
}
