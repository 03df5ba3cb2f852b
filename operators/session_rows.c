/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions leaving: a row of results each, or (rows mode) all their rows with the session's bounds.
 *
 * Rows that are kept lie in the entry of their session like the state of an aggregate, which has no
 * other work than to keep them: so they are found, merged, saved and dropped with it.
 *
 *   | i64 time | u32 bytes | packed ROW (core/packed.h) | i64 time | ...
 *
 * They leave in order of time, equal times as they came.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"
#include "core/packed.h"
#include "functions/aggregate_buffer.h"
#include "operators/session_state.h"
#include "windows/local_time.h"

#define KEPT_BYTES_MIN    64
#define OUTPUT_TEXT_BYTES (256u << 10) /* of what lies behind one batch of results */

/* ---- keeping rows */

struct kept_rows {
  struct wr_text bytes; /* its length is the room there is */
  uint64_t used;
};

struct kept_head {
  int64_t time_us;
  uint32_t bytes;
};
#define KEPT_HEAD_BYTES 12 /* without padding */

static struct kept_rows *kept_at(const struct wr_aggregate_rows *in, uint32_t i)
{
  return (struct kept_rows *)(void *)(in->entries[i] + in->offset);
}

static char *kept_bytes(const struct kept_rows *kept)
{
  return (char *)wr_text_stored_bytes(&kept->bytes);
}

/* Where so many more bytes go; NULL: the session is full, which the operator is told. */
static char *kept_append(const struct wr_aggregate_rows *in, uint32_t i, uint64_t bytes)
{
  struct kept_rows *kept = kept_at(in, i);
  uint64_t wanted = kept->used + bytes;
  if (wanted > WR_SESSION_ROWS_BYTES_MAX) {
    *((const struct wr_session_keeping *)in->prepared)->full = true;
    return NULL;
  }
  if (wanted > kept->bytes.length) {
    uint64_t length = kept->bytes.length ? 2 * (uint64_t)kept->bytes.length : KEPT_BYTES_MIN;
    length = length < wanted ? wanted : length;
    length = length < WR_SESSION_ROWS_BYTES_MAX ? length : WR_SESSION_ROWS_BYTES_MAX;
    in->store->grow(in->store, i, in->offset, (uint32_t)length);
    kept = kept_at(in, i);
  }
  char *at = kept_bytes(kept) + kept->used;
  kept->used = wanted;
  return at;
}

/* args: the local times of the batch, and its columns as a ROW. */
static void kept_add(const struct wr_aggregate_rows *in)
{
  const struct wr_column *times = in->args[0], *rows = in->args[1];
  for (uint32_t i = 0; i < in->row_count; i++) {
    uint32_t row = in->rows[i];
    size_t bytes = wr_pack_item_bytes(rows, row);
    char *at = kept_append(in, i, KEPT_HEAD_BYTES + bytes);
    if (!at)
      return;
    const struct kept_head head = {((const int64_t *)times->values)[wr_column_row(times, row)],
                                   (uint32_t)bytes};
    memcpy(at, &head, KEPT_HEAD_BYTES);
    wr_pack_item(at + KEPT_HEAD_BYTES, rows, row);
  }
}

static void kept_merge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct kept_rows *source = (const void *)(sources[i] + in->offset);
    char *at = source->used ? kept_append(in, i, source->used) : NULL;
    if (at)
      memcpy(at, kept_bytes(source), source->used);
  }
}

static const struct wr_aggregate_code kept_code = {.state_bytes = sizeof(struct kept_rows),
                                                   .state_align = 8,
                                                   .has_text = true,
                                                   .ordered = true,
                                                   .add = kept_add,
                                                   .merge = kept_merge};

void wr_session_keeper_open(struct wr_session_operator *self)
{
  const struct wr_schema *schema = self->spec->input_schema;
  self->keeping.type = (struct wr_type){.kind = WR_ROW,
                                        .physical = WR_NESTED,
                                        .field_count = schema->column_count,
                                        .fields = schema->fields};
  self->keeping.full = &self->is_full;
  self->keeper = (struct wr_aggregate){
      .name = "rows", .type = &self->keeping.type, .prepared = &self->keeping, .code = &kept_code};
  self->keeper_columns = (struct wr_aggregate_columns){.filter = UINT32_MAX};
}

/* ---- leaving */

static void output_put_bounds(struct wr_session_operator *self, const struct wr_session *session)
{
  uint32_t column = self->spec->schema->column_count - 3;
  int64_t end_us = session->last_us + self->gap_us;
  wr_result_rows_put_time(&self->output, column, session->start_us);
  wr_result_rows_put_time(&self->output, column + 1, end_us);
  wr_result_rows_put_time(&self->output, column + 2,
                          wr_window_moment(&self->window, end_us - self->window.tick_us));
}

struct kept_item {
  int64_t time_us;
  const char *bytes; /* of the head */
};

static int kept_item_compare(const void *left, const void *right)
{
  const struct kept_item *a = left, *b = right;
  if (a->time_us != b->time_us)
    return a->time_us < b->time_us ? -1 : 1;
  return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

/* One kept row, without the bounds; its bytes. */
static uint32_t output_put_kept(struct wr_session_operator *self, const char *bytes)
{
  struct kept_head head;
  struct wr_packed_row row;
  memcpy(&head, bytes, KEPT_HEAD_BYTES);
  wr_packed_row_open(&row, &self->keeping.type,
                     (struct wr_slice){bytes + KEPT_HEAD_BYTES, head.bytes});
  for (uint32_t c = 0; c < self->keeping.type.field_count; c++) {
    struct wr_builder *builder = &self->output.builders[c];
    struct wr_slice field;
    wr_builder_reserve(builder, 1);
    if (wr_packed_row_next(&row, &field))
      wr_packed_put(builder->type, field, builder);
    else
      wr_builder_put_null(builder);
  }
  return head.bytes;
}

/* All of its rows have left when this returns, so its entry may go. */
static enum wr_code output_kept(struct wr_session_operator *self, struct wr_session_side *side,
                                char *entry, struct wr_error *err)
{
  const struct wr_session *session = wr_session_of(side, entry);
  const struct kept_rows *kept = (const void *)(entry + side->states_at[0]);
  struct kept_item *items = wr_memory_get((session->row_count + 1) * sizeof *items);
  const char *at = kept_bytes(kept), *end = at + kept->used;
  uint64_t count = 0;
  for (struct kept_head head; at < end; at += KEPT_HEAD_BYTES + head.bytes) {
    assert(count < session->row_count);
    memcpy(&head, at, KEPT_HEAD_BYTES);
    items[count++] = (struct kept_item){head.time_us, at};
  }
  assert(count == session->row_count);
  qsort(items, count, sizeof *items, kept_item_compare);
  enum wr_code code = WR_OK;
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < count && code == WR_OK; i++) {
    bytes += output_put_kept(self, items[i].bytes);
    output_put_bounds(self, session);
    wr_result_rows_end(&self->output, 1, false);
    if (wr_result_rows_room(&self->output) > 0 && bytes < OUTPUT_TEXT_BYTES && i + 1 < count)
      continue;
    code = wr_result_rows_flush(&self->output, self->now_us, err);
    bytes = 0;
  }
  free(items);
  return code;
}

static void output_results(struct wr_session_operator *self, struct wr_session_side *side,
                           char *const *entries, uint32_t count, bool copy)
{
  const char *const *sources = (const char *const *)entries;
  uint32_t column = 0;
  for (; column < self->spec->key_count; column++)
    wr_table_key_column(side->layout, column, sources, count, &self->output.builders[column]);
  for (uint32_t a = 0; a < self->aggregate_count; a++, column++) {
    const struct wr_aggregate *aggregate = &self->aggregates[a];
    uint32_t set = self->choices.choices[self->choices.of_aggregate[a]].set;
    wr_result_rows_aggregate(&self->output, column, aggregate, side->states_at[a], sources, count);
    for (uint32_t i = 0; set != WR_WINDOW_NO_SET && i < count; i++)
      if (wr_session_values_broken(side, set, entries[i]))
        wr_result_rows_fail(&self->output, i, aggregate, WR_AGGREGATE_BUFFER_FAILURE);
  }
  for (uint32_t i = 0; i < count; i++)
    output_put_bounds(self, wr_session_of(side, entries[i]));
  wr_result_rows_end(&self->output, count, copy);
}

/* How many of the entries make a batch: their texts may be long, and results may be copies. */
static uint32_t output_fitting(const struct wr_session_operator *self,
                               const struct wr_session_side *side, char *const *entries,
                               uint32_t count)
{
  uint32_t room = wr_result_rows_room(&self->output);
  uint64_t bytes = 0;
  count = count < room ? count : room;
  for (uint32_t i = 0; side->layout->text_count > 0 && i < count; i++) {
    bytes += wr_layout_texts(side->layout, entries[i]);
    if (bytes > OUTPUT_TEXT_BYTES)
      return i + 1;
  }
  return count;
}

enum wr_code wr_session_output(struct wr_session_operator *self, struct wr_session_side *side,
                               char *const *entries, uint32_t count, bool copy,
                               struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < count; i++)
    self->held_rows -= wr_session_of(side, entries[i])->row_count;
  if (self->spec->rows) {
    for (uint32_t i = 0; i < count && code == WR_OK; i++)
      code = output_kept(self, side, entries[i], err);
    return code;
  }
  while (count > 0 && code == WR_OK) {
    uint32_t fitting = output_fitting(self, side, entries, count);
    output_results(self, side, entries, fitting, copy && side->layout->text_count > 0);
    entries += fitting;
    count -= fitting;
    if (count > 0 || wr_result_rows_room(&self->output) == 0 ||
        wr_result_rows_copied(&self->output) > OUTPUT_TEXT_BYTES)
      code = wr_result_rows_flush(&self->output, self->now_us, err);
  }
  return code;
}
