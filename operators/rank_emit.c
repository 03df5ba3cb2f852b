/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows going out. Which rows is noted as addresses; their columns are gathered one after the other
 * when as many are together as a batch may have. Texts are lent from the pages.
 *
 * Changes are told once per batch, by comparing each list with what it was before. What came and
 * went in between is not told; nor is a change of one row for an equal one.
 */
#include <assert.h>
#include <stdlib.h>

#include "operators/rank_state.h"

void wr_rank_output_open(struct wr_rank *self)
{
  struct wr_rank_output *out = &self->output;
  const struct wr_schema *schema = self->spec->schema;
  out->builders = wr_memory_get_zero(schema->column_count * sizeof *out->builders);
  out->columns = wr_memory_get_zero(schema->column_count * sizeof *out->columns);
  for (uint32_t c = 0; c < schema->column_count; c++)
    wr_builder_open(&out->builders[c], schema->fields[c].type);
  out->addresses = wr_memory_get(WR_BATCH_ROWS * sizeof *out->addresses);
  out->ranks = wr_memory_get(WR_BATCH_ROWS * sizeof *out->ranks);
  out->change = wr_memory_get_zero(WR_BATCH_ROWS + WR_PADDING);
  out->entries = wr_memory_get(WR_BATCH_ROWS * sizeof *out->entries);
}

void wr_rank_output_close(struct wr_rank *self)
{
  struct wr_rank_output *out = &self->output;
  for (uint32_t c = 0; c < self->spec->schema->column_count; c++)
    wr_builder_close(&out->builders[c]);
  free(out->builders);
  free(out->columns);
  free(out->addresses);
  free(out->ranks);
  free(out->change);
  free(out->entries);
}

/* The columns of the rows that wait. */
static void output_gather(struct wr_rank *self)
{
  struct wr_rank_output *out = &self->output;
  uint32_t count = self->spec->input_schema->column_count;
  for (uint32_t c = 0; c < count; c++)
    wr_kept_rows_gather(&self->kept, out->addresses, out->waiting, c, &out->builders[c]);
  if (self->spec->with_rank) {
    struct wr_builder *ranks = &out->builders[count];
    wr_builder_reserve(ranks, out->waiting);
    for (uint32_t i = 0; i < out->waiting; i++)
      wr_builder_put_i64(ranks, out->ranks[i]);
  }
  for (uint32_t c = 0; c < self->spec->schema->column_count; c++)
    out->columns[c] = wr_builder_view(&out->builders[c]);
}

enum wr_code wr_rank_flush(struct wr_rank *self, struct wr_error *err)
{
  struct wr_rank_output *out = &self->output;
  if (out->waiting == 0)
    return WR_OK;
  output_gather(self);
  const struct wr_batch rows = {.schema = self->spec->schema,
                                .columns = out->columns,
                                .row_count = out->waiting,
                                .picked_count = out->waiting,
                                .change = self->has_window ? NULL : out->change,
                                .others_us = WR_TIME_END,
                                .now_us = self->now_us};
  enum wr_code code = wr_emit_batch(&self->op, &rows, err);
  for (uint32_t c = 0; c < self->spec->schema->column_count; c++)
    wr_builder_reset(&out->builders[c]);
  out->waiting = 0;
  return code;
}

/* Makes sure that so many more rows go into the batch. */
static inline enum wr_code output_reserve(struct wr_rank *self, uint32_t more, struct wr_error *err)
{
  if (self->output.waiting + more <= WR_BATCH_ROWS)
    return WR_OK;
  return wr_rank_flush(self, err);
}

static inline void output_put(struct wr_rank *self, uint64_t address, uint32_t rank,
                              enum wr_change change)
{
  struct wr_rank_output *out = &self->output;
  out->change[out->waiting] = (uint8_t)change;
  out->ranks[out->waiting] = rank;
  out->addresses[out->waiting++] = address;
}

static inline uint64_t list_address(const struct wr_rank *self, const struct wr_rank_list *list,
                                    uint32_t at)
{
  return self->spec->last == 1 ? list->address : list->items[at].address;
}

/* ---- windows */

enum wr_code wr_rank_emit_window(struct wr_rank *self, const struct wr_rank_window *window,
                                 struct wr_error *err)
{
  struct wr_rank_output *out = &self->output;
  struct wr_table_cursor cursor = {0};
  enum wr_code code = WR_OK;
  uint32_t count, first = (uint32_t)self->spec->first - 1;
  while (code == WR_OK &&
         (count = wr_table_scan(window->table, &cursor, out->entries, WR_BATCH_ROWS)) > 0) {
    for (uint32_t i = 0; code == WR_OK && i < count; i++) {
      const struct wr_rank_list *list = wr_rank_list_of(self, out->entries[i]);
      for (uint32_t at = first; code == WR_OK && at < list->count; at++) {
        code = output_reserve(self, 1, err);
        output_put(self, list_address(self, list, at), at + 1, WR_INSERT);
      }
    }
  }
  return code;
}

/* ---- changes */

static bool values_equal(const struct wr_column *a, uint32_t a_row, const struct wr_column *b,
                         uint32_t b_row)
{
  bool null = wr_column_is_null(a, a_row);
  if (null != wr_column_is_null(b, b_row))
    return false;
  if (null)
    return true;
  if (a->type->physical == WR_TEXT)
    return wr_text_equal(wr_column_text(a, a_row), wr_column_text(b, b_row));
  for (uint32_t i = 0; a->type->kind == WR_ROW && i < a->type->field_count; i++)
    if (!values_equal(&a->children[i], a_row, &b->children[i], b_row))
      return false;
  size_t width = wr_physical_bytes[a->type->physical];
  return width == 0 || memcmp((const char *)a->values + width * a_row,
                              (const char *)b->values + width * b_row, width) == 0;
}

static bool rows_equal(const struct wr_rank *self, uint64_t a, uint64_t b)
{
  uint32_t a_row, b_row;
  const struct wr_batch *a_rows = wr_kept_row(&self->kept, a, &a_row);
  const struct wr_batch *b_rows = wr_kept_row(&self->kept, b, &b_row);
  for (uint32_t c = 0; c < self->spec->input_schema->column_count; c++)
    if (!values_equal(&a_rows->columns[c], a_row, &b_rows->columns[c], b_row))
      return false;
  return true;
}

/* What is at each place: with the number of the place in the row, or where there is but one. */
static enum wr_code emit_places(struct wr_rank *self, const struct wr_rank_touched *touched,
                                struct wr_error *err)
{
  const struct wr_rank_list *list = touched->list;
  enum wr_code code = WR_OK;
  for (uint32_t at = (uint32_t)self->spec->first - 1; code == WR_OK && at < list->count; at++) {
    uint64_t address = list_address(self, list, at);
    bool was = at < touched->before_count;
    if (was && (touched->before[at] == address || rows_equal(self, touched->before[at], address)))
      continue;
    code = output_reserve(self, 2, err);
    if (was)
      output_put(self, touched->before[at], at + 1, WR_UPDATE_BEFORE);
    output_put(self, address, at + 1, was ? WR_UPDATE_AFTER : WR_INSERT);
  }
  return code;
}

/* Which rows there are, whatever their places. Rows that had to go were the last of those before;
 * the others are there in the order in which they were. */
static enum wr_code emit_members(struct wr_rank *self, const struct wr_rank_touched *touched,
                                 enum wr_change wanted, struct wr_error *err)
{
  const struct wr_rank_list *list = touched->list;
  uint32_t first = (uint32_t)self->spec->first - 1, before = 0;
  enum wr_code code = WR_OK;
  for (uint32_t at = 0; code == WR_OK && at < list->count; at++) {
    uint64_t address = list->items[at].address;
    bool stayed = before < touched->before_count && touched->before[before] == address;
    bool was = stayed && before >= first, is = at >= first;
    before += stayed;
    if (was == is || (wanted == WR_DELETE) != was)
      continue;
    code = output_reserve(self, 1, err);
    output_put(self, address, at + 1, wanted);
  }
  for (; wanted == WR_DELETE && code == WR_OK && before < touched->before_count; before++) {
    if (before < first)
      continue;
    code = output_reserve(self, 1, err);
    output_put(self, touched->before[before], before + 1, wanted);
  }
  return code;
}

bool wr_rank_compares(const struct wr_rank_spec *spec)
{
  return spec->with_rank || spec->first > 1 || spec->last == 1;
}

static enum wr_code emit_rows(struct wr_rank *self, const uint64_t *addresses, uint32_t count,
                              enum wr_change change, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < count; i++) {
    code = output_reserve(self, 1, err);
    output_put(self, addresses[i], 0, change);
  }
  return code;
}

static enum wr_code emit_lists(struct wr_rank *self, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < self->touched_count; i++) {
    const struct wr_rank_touched *touched = &self->touched[i];
    touched->list->touched = 0;
    if (code == WR_OK && (self->spec->with_rank || self->spec->last == 1)) {
      code = emit_places(self, touched, err);
      continue;
    }
    if (code == WR_OK)
      code = emit_members(self, touched, WR_DELETE, err);
    if (code == WR_OK)
      code = emit_members(self, touched, WR_INSERT, err);
  }
  self->touched_count = 0;
  return code;
}

enum wr_code wr_rank_emit_changes(struct wr_rank *self, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  if (wr_rank_compares(self->spec))
    code = emit_lists(self, err);
  else
    code = emit_rows(self, self->dropped, self->dropped_count, WR_DELETE, err);
  if (code == WR_OK && !wr_rank_compares(self->spec))
    code = emit_rows(self, self->added, self->added_count, WR_INSERT, err);
  return code == WR_OK ? wr_rank_flush(self, err) : code;
}
