/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join: rows whose times may only be so far apart. The condition says so; here it is used to forget
 * rows. With left - right from low to high, a row of the left meets rows of the right up to its
 * time - low, one of the right those of the left up to its time + high: when the watermark has
 * passed that, the row expires. If its side is padded and it has met nothing, it leaves with NULLs.
 *
 * A row is late iff it had expired when it came, by the watermark that was known just before it,
 * and is behind that: where one side is always the later one, its rows have expired when they come,
 * and meet those that are there. A row does not meet rows that had expired by then either, whether
 * or not they are still there, nor do rows that come after it if it had expired by what they knew:
 * so it does not matter which comes first. All this is only about rows that are behind the
 * watermark when they come. They are kept with what they knew, in a column of the operator's own.
 *
 * The watermark of the result is held back by the longer end of the range: when a row expires, the
 * result's watermark has not passed its time. A late row of a padded side meets nothing, and leaves
 * with NULLs at once; it may be behind the result's watermark, so it tells what was known of that.
 *
 * By a range (by_range) whoever stands below computes the time of the result, which is never before
 * the watermark when rows on time meet: so it is not held back, and pairs of rows that came behind
 * it tell what both knew. As rows of the watermark's own time are still to come then, everything
 * here goes by the last moment before it.
 *
 * Of processing time rows are never late: their time is the clock's when they come, kept in the
 * same column, and in the place of the watermark stands the last millisecond that is over.
 */
#include <assert.h>

#include "operators/join_steps.h"

int64_t wr_join_expiry(const struct wr_join *self, uint32_t side, int64_t time_us)
{
  int64_t out;
  bool is_beyond = side ? __builtin_add_overflow(time_us, self->spec->high_us, &out)
                        : __builtin_sub_overflow(time_us, self->spec->low_us, &out);
  if (!is_beyond)
    return out;
  return time_us < 0 ? WR_TIME_NONE : WR_TIME_END;
}

static int64_t join_kept_time(const struct wr_join *self, uint32_t side, uint64_t address)
{
  const struct wr_join_side *of = &self->spec->sides[side];
  uint32_t row, column = self->spec->by_clock ? of->schema->column_count : of->time_column;
  const struct wr_batch *rows = wr_kept_row(&self->sides[side].kept, address, &row);
  return wr_column_i64(&rows->columns[column], row);
}

int64_t wr_join_kept_expiry(const struct wr_join *self, uint32_t side, uint64_t address)
{
  return wr_join_expiry(self, side, join_kept_time(self, side, address));
}

int64_t wr_join_watermark(const struct wr_join *self, int64_t watermark_us)
{
  const struct wr_join_spec *spec = self->spec;
  int64_t behind_us = spec->high_us > -spec->low_us ? spec->high_us : -spec->low_us, out;
  if (spec->by_range && watermark_us > WR_TIME_NONE && watermark_us < WR_TIME_END)
    return watermark_us - 1;
  if (!spec->by_time || spec->by_clock || spec->by_range || watermark_us == WR_TIME_END ||
      behind_us <= 0)
    return watermark_us;
  return __builtin_sub_overflow(watermark_us, behind_us, &out) ? WR_TIME_NONE : out;
}

/* ---- lateness */

/* What is known before a row of a time that is not NULL, if that has passed it. */
static int64_t join_known(const struct wr_join *self, const struct wr_batch *batch, uint32_t row,
                          int64_t time_us)
{
  int64_t known = WR_TIME_NONE;
  if (batch->arrived_us)
    known = batch->arrived_us[row] < batch->others_us ? batch->arrived_us[row] : batch->others_us;
  if (self->spec->by_range)
    known = wr_join_watermark(self, known);
  return time_us <= known ? known : WR_TIME_NONE;
}

/* Keyless rows that leave with NULLs may be behind, too. */
static void join_judge_keyless(struct wr_join *self, const struct wr_column *times)
{
  struct wr_join_input *in = &self->in;
  for (uint32_t i = 0; i < in->keyless_count; i++) {
    uint32_t row = in->keyless[i];
    in->known_us[row] = wr_column_is_null(times, row)
                            ? WR_TIME_NONE
                            : join_known(self, in->batch, row, wr_column_i64(times, row));
    in->is_behind = in->is_behind || in->known_us[row] != WR_TIME_NONE;
  }
}

/* Whether nothing meets a row: its time is NULL, or it is late. */
static bool join_meets_nothing(struct wr_join *self, const struct wr_column *times, uint32_t row)
{
  struct wr_join_input *in = &self->in;
  in->known_us[row] = WR_TIME_NONE;
  if (wr_column_is_null(times, row))
    return true;
  int64_t time_us = wr_column_i64(times, row), known = join_known(self, in->batch, row, time_us);
  bool is_late = known != WR_TIME_NONE && wr_join_expiry(self, in->side, time_us) <= known;
  in->known_us[row] = known;
  if (is_late && !wr_join_pads(self->spec->kind, in->side)) {
    wr_operator_reject(&self->op, in->batch, row, WR_REJECT_LATE,
                       "the row of the %s side is late: what it could meet is forgotten",
                       in->side ? "right" : "left");
    return true;
  }
  in->is_behind = in->is_behind || known != WR_TIME_NONE;
  return is_late;
}

void wr_join_judge(struct wr_join *self)
{
  struct wr_join_input *in = &self->in;
  const struct wr_column *times = &in->batch->columns[self->spec->sides[in->side].time_column];
  bool pads = wr_join_pads(self->spec->kind, in->side);
  uint32_t left = 0;
  assert(in->gone_count == 0);
  if (self->spec->by_clock)
    return;
  in->known_us = wr_arena_get(&self->arena, in->batch->row_count * sizeof(int64_t) + WR_PADDING);
  if (pads)
    join_judge_keyless(self, times);
  for (uint32_t i = 0; i < in->row_count; i++) {
    uint32_t row = in->rows[i];
    if (!join_meets_nothing(self, times, row))
      in->rows[left++] = row;
    else if (pads)
      in->keyless[in->keyless_count++] = row;
  }
  in->row_count = left;
}

const int64_t *wr_join_arrived(struct wr_join *self, const uint32_t *rows, uint32_t count)
{
  const struct wr_join_input *in = &self->in;
  if (!in->is_behind)
    return NULL;
  int64_t *arrived_us = wr_arena_get(&self->arena, count * sizeof *arrived_us + WR_PADDING);
  for (uint32_t i = 0; i < count; i++)
    arrived_us[i] = self->spec->by_range ? in->known_us[rows[i]]
                                         : wr_join_watermark(self, in->known_us[rows[i]]);
  return arrived_us;
}

/* ---- rows that are kept */

struct wr_batch wr_join_with_own(struct wr_join *self)
{
  const struct wr_join_input *in = &self->in;
  uint32_t count = in->batch->schema->column_count;
  struct wr_column *columns = wr_arena_get(&self->arena, (count + 1) * sizeof *columns);
  struct wr_batch out = *in->batch;
  memcpy(columns, in->batch->columns, count * sizeof *columns);
  columns[count] = (struct wr_column){.type = &wr_type_bigint, .values = in->known_us};
  if (!in->known_us) { /* all came now */
    int64_t *now_us = wr_arena_get(&self->arena, sizeof *now_us + WR_PADDING);
    *now_us = self->spec->by_clock ? wr_join_clock_time(self) : self->now_us;
    columns[count].values = now_us;
    columns[count].constant = true;
  }
  out.schema = &self->kept_schemas[in->side];
  out.columns = columns;
  self->has_behind = self->has_behind || in->is_behind;
  return out;
}

/* Whether the times of a row of the batch and a kept one are as far apart as they may be. */
static bool join_in_range(const struct wr_join *self, uint32_t row, uint64_t address)
{
  const struct wr_join_input *in = &self->in;
  const struct wr_join_spec *spec = self->spec;
  const struct wr_column *times = &in->batch->columns[spec->sides[in->side].time_column];
  int64_t time_us = wr_column_i64(times, row), kept_us = join_kept_time(self, !in->side, address),
          apart_us;
  bool is_beyond = in->side ? __builtin_sub_overflow(kept_us, time_us, &apart_us)
                            : __builtin_sub_overflow(time_us, kept_us, &apart_us);
  return !is_beyond && apart_us >= spec->low_us && apart_us <= spec->high_us;
}

const int64_t *wr_join_pairs_arrived(struct wr_join *self, const uint32_t *rows,
                                     const uint64_t *addresses, uint32_t count)
{
  const struct wr_join_input *in = &self->in;
  uint32_t own = self->spec->sides[!in->side].schema->column_count, at;
  if (!self->spec->by_range || (!in->is_behind && !self->has_behind))
    return NULL;
  int64_t *arrived_us = wr_arena_get(&self->arena, count * sizeof *arrived_us + WR_PADDING);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_batch *kept = wr_kept_row(&self->sides[!in->side].kept, addresses[i], &at);
    int64_t known = wr_column_i64(&kept->columns[own], at);
    arrived_us[i] = known > in->known_us[rows[i]] ? known : in->known_us[rows[i]];
  }
  return arrived_us;
}

bool wr_join_may_meet(const struct wr_join *self, uint32_t row, uint64_t address)
{
  const struct wr_join_input *in = &self->in;
  const struct wr_join_spec *spec = self->spec;
  uint32_t other = !in->side, at;
  if (!spec->by_time)
    return !wr_join_is_gone(self, other, address);
  if (spec->by_clock) {
    int64_t kept_us = join_kept_time(self, other, address), now_us = wr_join_clock_time(self);
    int64_t apart_us = in->side ? kept_us - now_us : now_us - kept_us;
    return apart_us >= spec->low_us && apart_us <= spec->high_us;
  }
  if (spec->by_range && !join_in_range(self, row, address))
    return false;
  if (!in->is_behind && !self->has_behind)
    return true;
  const struct wr_batch *kept = wr_kept_row(&self->sides[other].kept, address, &at);
  int64_t known = wr_column_i64(&kept->columns[spec->sides[other].schema->column_count], at),
          time_us = wr_column_i64(&in->batch->columns[spec->sides[in->side].time_column], row);
  return wr_join_kept_expiry(self, other, address) > in->known_us[row] &&
         wr_join_expiry(self, in->side, time_us) > known;
}

static enum wr_code join_expire_rows(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                                     uint32_t count, struct wr_error *err)
{
  enum wr_code code = wr_join_emit_unmatched(self, side, addresses, count, err);
  if (code == WR_OK)
    wr_join_drop_rows(self, side, addresses, count);
  return code;
}

enum wr_code wr_join_expire(struct wr_join *self, int64_t watermark_us, struct wr_error *err)
{
  uint32_t counts[2] = {0};
  struct wr_timer timer;
  enum wr_code code = WR_OK;
  wr_arena_reset(&self->arena);
  while (code == WR_OK && wr_timers_take(&self->timers, watermark_us, &timer)) {
    uint32_t side = timer.payload & 1;
    self->pairs.addresses[side][counts[side]++] = timer.payload >> 1;
    if (counts[side] < WR_BATCH_ROWS)
      continue;
    code = join_expire_rows(self, side, self->pairs.addresses[side], counts[side], err);
    counts[side] = 0;
    wr_arena_reset(&self->arena);
  }
  for (uint32_t side = 0; side < 2 && code == WR_OK; side++)
    code = join_expire_rows(self, side, self->pairs.addresses[side], counts[side], err);
  return code;
}

enum wr_code wr_join_move_clock(struct wr_join *self, int64_t now_us, struct wr_error *err)
{
  self->now_us = now_us > self->now_us ? now_us : self->now_us;
  if (self->spec->by_clock)
    return wr_join_expire(self, wr_join_clock_time(self) - 1, err);
  if (self->has_ttl)
    wr_join_clean(self);
  return WR_OK;
}
