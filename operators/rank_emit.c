/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows going out. Which rows is noted as addresses; their columns are gathered one after the other
 * when as many are together as a batch may have. Texts are lent from the pages.
 */
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

enum wr_code wr_rank_reserve(struct wr_rank *self, uint32_t more, struct wr_error *err)
{
  if (self->output.waiting + more <= WR_BATCH_ROWS)
    return WR_OK;
  return wr_rank_flush(self, err);
}

enum wr_code wr_rank_emit(struct wr_rank *self, uint64_t address, uint64_t number,
                          enum wr_change change, struct wr_error *err)
{
  struct wr_rank_output *out = &self->output;
  enum wr_code code = wr_rank_reserve(self, 1, err);
  out->change[out->waiting] = (uint8_t)change;
  out->ranks[out->waiting] = (int64_t)number;
  out->addresses[out->waiting++] = address;
  return code;
}

/* ---- windows */

static enum wr_code emit_first(struct wr_rank *self, const struct wr_rank_list *list,
                               struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t at = (uint32_t)self->spec->first - 1; code == WR_OK && at < list->count; at++) {
    uint64_t address = self->spec->last == 1 ? list->address : list->items[at].address;
    code = wr_rank_emit(self, address, at + 1, WR_INSERT, err);
  }
  return code;
}

static enum wr_code emit_ties(struct wr_rank *self, const struct wr_rank_list *list,
                              struct wr_error *err)
{
  enum wr_code code = WR_OK;
  struct wr_rank_walk walk;
  wr_rank_walk_begin(self, list, &walk);
  for (; code == WR_OK && walk.item; wr_rank_walk_next(self, &walk))
    if (walk.number >= self->spec->first)
      code = wr_rank_emit(self, walk.item->address, walk.number, WR_INSERT, err);
  return code;
}

enum wr_code wr_rank_emit_window(struct wr_rank *self, const struct wr_rank_window *window,
                                 struct wr_error *err)
{
  struct wr_rank_output *out = &self->output;
  struct wr_table_cursor cursor = {0};
  enum wr_code code = WR_OK;
  uint32_t count;
  while (code == WR_OK &&
         (count = wr_table_scan(window->table, &cursor, out->entries, WR_BATCH_ROWS)) > 0)
    for (uint32_t i = 0; code == WR_OK && i < count; i++) {
      const struct wr_rank_list *list = wr_rank_list_of(self, out->entries[i]);
      code = self->way == WR_RANK_FIRST ? emit_first(self, list, err) : emit_ties(self, list, err);
    }
  return code;
}
