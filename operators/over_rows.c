/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of an OVER go through their partitions, in the order in which they leave: by release time,
 * time, arrival. A chunk of rows is probed at once. Then it is gone through several times, each
 * time for one purpose:
 *
 *   judge    which rows are late, which are peers; numbers of rows
 *   sets     unbounded DISTINCT: which values are new
 *   frame    panes go in and out, and the total for every row; or the running state
 *   queue    rows of the frame are kept; NTH_VALUE, and what is worked out anew
 *   lag      the last rows
 *   own      calls with a queue of their own
 *
 * With g and r the time and the release time of the last row of its partition that was not late, a
 * row is late iff its time is before g, or equal to g and it leaves later than r: then it had been
 * closed before the row arrived. Rows that are equal in both are peers, and a result that depends
 * on them is read when all have gone in. By row there are no peers that wait for each other, so
 * nothing is closed for rows of the same time.
 *
 * A bounded RANGE counts the rows of its partition whose times lie in it, also for a row that comes
 * behind the watermark. But a partition is forgotten as a whole when the watermark has passed the
 * frame of its last row: for a row that comes after that, whatever its time, it is a new one. That
 * is judged here by what the row knew of, so that it does not matter when memory is really freed.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/time.h"
#include "operators/over_state.h"
#include "text/datetime.h"

#define FETCH_ROWS 8 /* whose memory is fetched together */
#define CACHE_LINE 64

const struct wr_column *const *wr_over_args(struct wr_over *self, const struct wr_batch *batch,
                                            const struct wr_over_call *call)
{
  const struct wr_column **args =
      wr_arena_get(&self->arena, (call->aggregate.arg_count + 1) * sizeof(struct wr_column *));
  for (uint32_t i = 0; i < call->aggregate.arg_count; i++)
    args[i] = &batch->columns[call->columns.args[i]];
  return args;
}

/* ---- partitions */

static void rows_init_states(const struct wr_over *self, char *entry)
{
  struct wr_over_key *key = (struct wr_over_key *)(void *)(entry + self->key_at);
  key->time_us = key->release_us = WR_TIME_NONE;
}

/* Partitions that are over begin anew; the others are written, by rows whose number counts. */
static void rows_revive(struct wr_over *self, struct wr_over_chunk *chunk,
                        const struct wr_column *const *keys, const uint32_t *rows,
                        const uint64_t *hashes)
{
  const struct wr_ttl_table *table = &self->ttl.tables[0];
  int64_t most = self->spec->numbered_max;
  if (wr_ttl_forget(&self->ttl, 0, &chunk->probe, chunk->count, self->now_us))
    wr_table_probe(self->tables[0], keys, rows, hashes, chunk->count, WR_PROBE_MAKE, &chunk->probe);
  if (most == 0) {
    wr_ttl_write(&self->ttl, 0, &chunk->probe, chunk->count, self->now_us);
    return;
  }
  for (uint32_t i = 0; i < chunk->count; i++) {
    char *entry = chunk->probe.entries[i];
    if (((const struct wr_over_key *)(const void *)(entry + self->key_at))->rows < most)
      *(int64_t *)(void *)(entry + table->written_at) = self->now_us;
  }
}

static void rows_probe(struct wr_over *self, struct wr_over_chunk *chunk)
{
  const struct wr_over_spec *spec = self->spec;
  uint32_t count = chunk->count;
  uint32_t *numbers = wr_arena_get(&self->arena, (count + 1) * sizeof *numbers);
  uint64_t *hashes = wr_arena_get(&self->arena, (count + 1) * sizeof *hashes);
  for (uint32_t i = 0; i < count; i++)
    numbers[i] = chunk->first + i;
  const struct wr_column **keys = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = &chunk->rows->columns[spec->keys[k]];
  const uint32_t *rows = chunk->first ? numbers : NULL;
  wr_hash_keys(keys, spec->key_count, rows, count, self->op.context->hash_seed, hashes);
  wr_table_probe(self->tables[0], keys, rows, hashes, count, WR_PROBE_MAKE, &chunk->probe);
  if (self->ttl.ttl_us)
    rows_revive(self, chunk, keys, rows, hashes);
  for (uint32_t m = 0; m < chunk->probe.made_count; m++) {
    uint32_t i = chunk->probe.made[m];
    rows_init_states(self, chunk->probe.entries[i]);
    if (self->forgets)
      wr_timers_add(&self->timers, chunk->items[i].time_us + self->preceding + 1, hashes[i]);
  }
  chunk->numbers = numbers;
  chunk->hashes = hashes;
}

/* ---- lateness, peers, numbers */

static void rows_reject_late(struct wr_over *self, const struct wr_over_chunk *chunk, uint32_t i,
                             int64_t left_us)
{
  int64_t late_us = left_us - chunk->items[i].time_us;
  const struct wr_type *type = self->spec->input_schema->fields[self->spec->time_column].type;
  char left[WR_TIMESTAMP_CHARS + 1];
  left[wr_format_timestamp(left_us, type->precision > 3 ? 6 : 3, WR_DATETIME_SQL, left)] = 0;
  wr_operator_reject(&self->op, chunk->rows, chunk->first + i, WR_REJECT_LATE,
                     "the row came after rows of its partition up to %s had left, %lld.%03lld s "
                     "behind them",
                     left, (long long)(late_us / WR_US_PER_SECOND),
                     (long long)(late_us % WR_US_PER_SECOND / WR_US_PER_MS));
  wr_over_output_drop(self, chunk->first + i, WR_OVER_LATE);
}

static void rows_judge(struct wr_over *self, struct wr_over_chunk *chunk)
{
  chunk->flags = wr_arena_get(&self->arena, chunk->count + 1);
  chunk->counts = wr_arena_get(&self->arena, (chunk->count + 1) * sizeof *chunk->counts);
  for (uint32_t i = 0; i < chunk->count; i++) {
    struct wr_over_key *key = wr_over_key_of(self, chunk, i);
    int64_t time_us = chunk->items[i].time_us, release_us = chunk->items[i].release_us;
    uint8_t flags = 0;
    /* The watermark before the row was at most release - 1. What leaves together with the row had
     * not been closed when it came. */
    if (self->forgets && release_us > key->release_us &&
        key->time_us < release_us - 1 - self->preceding) {
      flags = WR_OVER_IS_FRESH;
      key->time_us = WR_TIME_NONE;
    }
    bool is_closed = release_us > key->release_us && !self->spec->frame.by_row;
    if (time_us < key->time_us || (time_us == key->time_us && is_closed)) {
      rows_reject_late(self, chunk, i, key->time_us);
      chunk->flags[i] = WR_OVER_IS_LATE;
      chunk->counts[i] = 0;
      continue;
    }
    chunk->counts[i] = ++key->rows;
    if (time_us == key->time_us) {
      flags |= WR_OVER_IS_PEER;
    } else {
      key->time_us = time_us;
    }
    key->release_us = release_us > key->release_us ? release_us : key->release_us;
    chunk->flags[i] = flags;
  }
}

/* ROW_NUMBER, RANK, DENSE_RANK. */
static void rows_number(struct wr_over *self, const struct wr_over_chunk *chunk)
{
  const struct wr_over_spec *spec = self->spec;
  bool wanted = false;
  for (uint32_t c = 0; c < spec->call_count; c++) {
    wanted |= self->plans[c].way == WR_OVER_BY_NUMBER;
    if (self->plans[c].way == WR_OVER_BY_NUMBER)
      wr_builder_reserve(&self->output.builders[c], chunk->count);
  }
  for (uint32_t i = 0; wanted && i < chunk->count; i++) {
    struct wr_over_key *key = wr_over_key_of(self, chunk, i);
    bool late = chunk->flags[i] & WR_OVER_IS_LATE;
    if (!late && !(chunk->flags[i] & WR_OVER_IS_PEER)) {
      key->rank = chunk->counts[i];
      key->dense_rank++;
    }
    for (uint32_t c = 0; c < spec->call_count; c++) {
      if (self->plans[c].way != WR_OVER_BY_NUMBER)
        continue;
      int64_t number = spec->calls[c].function == WR_OVER_ROW_NUMBER ? chunk->counts[i]
                       : spec->calls[c].function == WR_OVER_RANK     ? key->rank
                                                                     : key->dense_rank;
      wr_builder_put_integer(&self->output.builders[c], number);
    }
  }
}

/* ---- bounded frames */

/* A pane per row with what the row alone gives. */
static char *rows_fill_panes(struct wr_over *self, const struct wr_over_chunk *chunk)
{
  uint32_t bytes = wr_frame_pane_bytes(self->frame), count = chunk->count;
  char *panes = wr_arena_get(&self->arena, (size_t)(count + 1) * bytes);
  char **entries = wr_arena_get(&self->arena, (count + 1) * sizeof *entries);
  char **chosen = wr_arena_get(&self->arena, (count + 1) * sizeof *chosen);
  uint32_t *rows = wr_arena_get(&self->arena, (count + 1) * sizeof *rows);
  for (uint32_t i = 0; i < count; i++) {
    entries[i] = panes + (size_t)i * bytes;
    memcpy(entries[i], self->empty_pane, bytes);
  }
  for (uint32_t a = 0; a < self->framed_count; a++) {
    const struct wr_over_call *call = &self->spec->calls[self->framed_calls[a]];
    struct wr_aggregate_rows add = {
        .entries = entries,
        .offset = wr_frame_pane_state(self->frame, a),
        .args = wr_over_args(self, chunk->rows, call),
        .prepared = call->aggregate.prepared,
        .rows = chunk->numbers,
        .row_count = count,
    };
    if (call->columns.filter != UINT32_MAX) {
      add.row_count = 0;
      for (uint32_t i = 0; i < count; i++) {
        chosen[add.row_count] = entries[i];
        rows[add.row_count] = chunk->numbers[i];
        add.row_count += wr_over_passes(chunk->rows, call, chunk->numbers[i]);
      }
      add.entries = chosen;
      add.rows = rows;
    }
    call->aggregate.code->add(&add);
  }
  return panes;
}

static enum wr_code rows_push_pane(struct wr_over *self, const struct wr_over_chunk *chunk,
                                   uint32_t i, const char *pane, struct wr_error *err)
{
  char *state = chunk->probe.entries[i] + self->frame_at;
  if (self->spec->frame.rows || !(chunk->flags[i] & WR_OVER_IS_PEER))
    wr_frame_expire(self->frame, state, chunk->hashes[i], wr_over_row_passed(self, chunk, i));
  if (wr_frame_pane_count(state) >= wr_frame_panes_max(self->frame))
    return wr_fail(err, WR_LIMIT,
                   "the frame of one partition of an OVER has more bytes than the limit "
                   "WR_FRAME_BYTES_MAX");
  const struct wr_frame_place place = {.entries = chunk->probe.entries,
                                       .index = i,
                                       .offset = self->frame_at,
                                       .hash = chunk->hashes[i],
                                       .store = wr_table_space_texts(self->spaces[0])};
  wr_frame_push(self->frame, &place, wr_over_row_until(self, chunk, i), pane);
  return WR_OK;
}

void wr_over_read_totals(struct wr_over *self, const struct wr_over_chunk *chunk,
                         const char *totals)
{
  uint32_t bytes = wr_frame_pane_bytes(self->frame);
  const char **entries = wr_arena_get(&self->arena, (chunk->count + 1) * sizeof *entries);
  for (uint32_t i = 0; i < chunk->count; i++)
    entries[i] = totals + (size_t)i * bytes;
  for (uint32_t a = 0; a < self->framed_count; a++)
    wr_over_output_results(self, self->framed_calls[a], entries,
                           wr_frame_pane_state(self->frame, a), chunk->first, chunk->count);
}

/* Fetches what rows from `first` on are going to touch of their frames, and the heads of those that
 * come after these. Many at once: the waits for their addresses overlap, too. */
static void rows_fetch(const struct wr_over *self, const struct wr_over_chunk *chunk,
                       uint32_t first)
{
  uint32_t heads = first ? first + FETCH_ROWS : 0, end = first + 2 * FETCH_ROWS;
  for (uint32_t i = heads; i < end && i < chunk->count; i++) {
    const char *state = chunk->probe.entries[i] + self->frame_at;
    for (uint32_t at = 0; at < self->fetch_bytes; at += CACHE_LINE)
      __builtin_prefetch(state + at, 1);
  }
  for (uint32_t i = first; i < first + FETCH_ROWS && i < chunk->count; i++)
    wr_frame_fetch(self->frame, chunk->probe.entries[i] + self->frame_at);
}

static enum wr_code rows_frame(struct wr_over *self, const struct wr_over_chunk *chunk,
                               struct wr_error *err)
{
  uint32_t bytes = wr_frame_pane_bytes(self->frame);
  const char *panes = rows_fill_panes(self, chunk);
  char *totals = wr_arena_get(&self->arena, (size_t)(chunk->count + 1) * bytes);
  uint32_t fetched = 0;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0, end; i < chunk->count && code == WR_OK; i = end) {
    end = wr_over_group_end(self, chunk, i);
    for (; fetched < end + FETCH_ROWS / 2 && fetched < chunk->count; fetched += FETCH_ROWS)
      rows_fetch(self, chunk, fetched);
    for (uint32_t g = i; g < end && code == WR_OK; g++)
      if (!(chunk->flags[g] & WR_OVER_IS_LATE))
        code = rows_push_pane(self, chunk, g, panes + (size_t)g * bytes, err);
    for (uint32_t g = i; g < end; g++)
      wr_frame_total(self->frame, chunk->probe.entries[g] + self->frame_at,
                     totals + (size_t)g * bytes);
  }
  if (code == WR_OK)
    wr_over_read_totals(self, chunk, totals);
  return code;
}

/* ---- rows that are looked back at */

void wr_over_put_kept(struct wr_over *self, const struct wr_over_shape *shape, uint32_t field,
                      struct wr_slice row, struct wr_builder *out)
{
  struct wr_slice value;
  if (!wr_over_shape_field(shape, row, field, &value)) {
    wr_builder_put_null(out);
    return;
  }
  if (wr_physical_bytes[out->type->physical] == 0 || out->type->physical == WR_TEXT)
    value.bytes = wr_arena_copy(&self->output.texts, value.bytes, value.length);
  wr_packed_put(shape->type.fields[field].type, value, out);
}

static enum wr_code rows_queue_push(struct wr_over *self, const struct wr_over_chunk *chunk,
                                    uint32_t i, struct wr_error *err)
{
  struct wr_over_queue *queue = (void *)(chunk->probe.entries[i] + self->queue_at);
  if (self->spec->frame.unbounded) { /* NTH_VALUE: the first rows stay */
    if (queue->count >= self->nth_rows)
      return WR_OK;
  } else if (self->spec->frame.rows || !(chunk->flags[i] & WR_OVER_IS_PEER)) {
    wr_over_queue_expire(queue, wr_over_row_passed(self, chunk, i));
  }
  const struct wr_over_queue_place place = {.entries = chunk->probe.entries,
                                            .index = i,
                                            .offset = self->queue_at,
                                            .store = wr_table_space_texts(self->spaces[0])};
  return wr_over_queue_push(&self->queue_shape, &place, wr_over_row_until(self, chunk, i),
                            chunk->numbers[i], err);
}

static void rows_put_nth(struct wr_over *self, const struct wr_over_chunk *chunk, uint32_t i)
{
  const struct wr_over_queue *queue = (const void *)(chunk->probe.entries[i] + self->queue_at);
  for (uint32_t c = 0; c < self->spec->call_count; c++) {
    if (self->plans[c].way != WR_OVER_BY_NTH)
      continue;
    struct wr_builder *out = &self->output.builders[c];
    uint32_t wanted = (uint32_t)self->spec->calls[c].offset, at = 0;
    struct wr_slice row = {0};
    bool has = queue->count >= wanted && !(chunk->flags[i] & WR_OVER_IS_LATE);
    for (uint32_t n = 0; has && n < wanted; n++)
      wr_over_queue_next(queue, &at, &row);
    wr_builder_reserve(out, 1);
    if (has)
      wr_over_put_kept(self, &self->queue_shape, self->plans[c].at, row, out);
    else
      wr_builder_put_null(out);
  }
}

static enum wr_code rows_queue(struct wr_over *self, const struct wr_over_chunk *chunk,
                               struct wr_error *err)
{
  struct wr_over_answers answers;
  bool anew = self->anew.count > 0;
  enum wr_code code = WR_OK;
  wr_over_shape_set(&self->queue_shape, chunk->rows);
  if (anew)
    wr_over_anew_begin(self, chunk, &answers);
  for (uint32_t i = 0, end; i < chunk->count && code == WR_OK; i = end) {
    end = wr_over_group_end(self, chunk, i);
    for (uint32_t g = i; g < end && code == WR_OK; g++)
      if (!(chunk->flags[g] & WR_OVER_IS_LATE))
        code = rows_queue_push(self, chunk, g, err);
    self->anew.answer++;
    for (uint32_t g = i; g < end && code == WR_OK; g++) {
      rows_put_nth(self, chunk, g);
      if (anew && !(chunk->flags[g] & WR_OVER_IS_LATE))
        wr_over_anew_answer(self, chunk, g, &answers);
    }
  }
  if (anew && code == WR_OK)
    wr_over_anew_read(self, chunk, &answers);
  return code;
}

static void rows_put_lag(struct wr_over *self, const struct wr_over_chunk *chunk, uint32_t i)
{
  const struct wr_over_queue *queue =
      self->lag_rows ? (const void *)(chunk->probe.entries[i] + self->lag_at) : NULL;
  uint32_t number = chunk->numbers[i];
  for (uint32_t c = 0; c < self->spec->call_count; c++) {
    const struct wr_over_call *call = &self->spec->calls[c];
    if (self->plans[c].way != WR_OVER_BY_LAG)
      continue;
    struct wr_builder *out = &self->output.builders[c];
    const struct wr_column *columns = chunk->rows->columns;
    wr_builder_reserve(out, 1);
    if (chunk->flags[i] & WR_OVER_IS_LATE) {
      wr_builder_put_null(out);
    } else if (call->offset == 0) {
      wr_builder_put_row(out, &columns[call->value_column], number, false);
    } else if (queue->count >= call->offset) {
      uint32_t at = 0;
      struct wr_slice row = {0};
      for (uint32_t n = queue->count - (uint32_t)call->offset + 1; n > 0; n--)
        wr_over_queue_next(queue, &at, &row);
      wr_over_put_kept(self, &self->lag_shape, self->plans[c].at, row, out);
    } else if (call->default_column != UINT32_MAX) {
      wr_builder_put_row(out, &columns[call->default_column], number, false);
    } else {
      wr_builder_put_null(out);
    }
  }
}

static enum wr_code rows_lag(struct wr_over *self, const struct wr_over_chunk *chunk,
                             struct wr_error *err)
{
  enum wr_code code = WR_OK;
  wr_over_shape_set(&self->lag_shape, chunk->rows);
  for (uint32_t i = 0; i < chunk->count && code == WR_OK; i++) {
    struct wr_over_queue *queue =
        self->lag_rows ? (void *)(chunk->probe.entries[i] + self->lag_at) : NULL;
    bool is_late = chunk->flags[i] & WR_OVER_IS_LATE;
    if (queue && self->lag_expires && !is_late)
      wr_over_queue_expire(queue, wr_over_row_passed(self, chunk, i));
    rows_put_lag(self, chunk, i);
    if (!queue || is_late)
      continue;
    wr_over_queue_trim(queue, self->lag_rows - 1);
    int64_t until = self->lag_expires ? wr_over_row_until(self, chunk, i) : 0;
    const struct wr_over_queue_place place = {.entries = chunk->probe.entries,
                                              .index = i,
                                              .offset = self->lag_at,
                                              .store = wr_table_space_texts(self->spaces[0])};
    code = wr_over_queue_push(&self->lag_shape, &place, until, chunk->numbers[i], err);
  }
  return code;
}

/* ---- all of it */

enum wr_code wr_over_rows(struct wr_over *self, struct wr_over_chunk *chunk, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  rows_probe(self, chunk);
  rows_judge(self, chunk);
  rows_number(self, chunk);
  if (self->spec->frame.unbounded)
    wr_over_running(self, chunk);
  else if (self->frame)
    code = rows_frame(self, chunk, err);
  if (code == WR_OK && self->queue_at != WR_OVER_NONE)
    code = rows_queue(self, chunk, err);
  if (code == WR_OK && self->lag_shape.type.field_count > 0)
    code = rows_lag(self, chunk, err);
  if (code == WR_OK && self->own_count > 0)
    code = wr_over_own(self, chunk, err);
  return code;
}
