/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join: rows whose times may only be so far apart. The condition says so; here it is used to forget
 * rows. With left - right from low to high, a row of the left meets rows of the right up to its
 * time
 * - low, one of the right those of the left up to its time + high: when the watermark has passed
 * that, the row expires.
 *
 * A row is late iff it had expired when it came, by the watermark that was known just before it,
 * and is behind that: where one side is always the later one, its rows have expired when they come,
 * and meet those that are there. A row does not meet rows that had expired by then either, whether
 * or not they are still there, nor do rows that come after it if it had expired by what they knew:
 * so it does not matter which comes first. All this is only about rows that are behind the
 * watermark when they come. They are kept with what they knew, in a column of the operator's own.
 */
#include <assert.h>

#include "core/hash.h"
#include "operators/join_state.h"

int64_t wr_join_expiry(const struct wr_join *self, uint32_t side, int64_t time_us)
{
  int64_t out;
  bool is_beyond = side ? __builtin_add_overflow(time_us, self->spec->high_us, &out)
                        : __builtin_sub_overflow(time_us, self->spec->low_us, &out);
  if (!is_beyond)
    return out;
  return time_us < 0 ? WR_TIME_NONE : WR_TIME_END;
}

int64_t wr_join_kept_expiry(const struct wr_join *self, uint32_t side, uint64_t address)
{
  uint32_t row;
  const struct wr_batch *rows = wr_kept_row(&self->sides[side].kept, address, &row);
  return wr_join_expiry(self, side,
                        wr_column_i64(&rows->columns[self->spec->sides[side].time_column], row));
}

int64_t wr_join_watermark(const struct wr_join *self, int64_t watermark_us)
{
  const struct wr_join_spec *spec = self->spec;
  int64_t behind_us = spec->high_us > -spec->low_us ? spec->high_us : -spec->low_us, out;
  if (!spec->by_time || watermark_us == WR_TIME_END || behind_us <= 0)
    return watermark_us;
  return __builtin_sub_overflow(watermark_us, behind_us, &out) ? WR_TIME_NONE : out;
}

void wr_join_judge(struct wr_join *self)
{
  struct wr_join_input *in = &self->in;
  const struct wr_batch *batch = in->batch;
  const struct wr_column *times = &batch->columns[self->spec->sides[in->side].time_column];
  uint32_t left = 0;
  assert(in->gone_count == 0);
  in->known_us = wr_arena_get(&self->arena, batch->row_count * sizeof(int64_t) + WR_PADDING);
  for (uint32_t i = 0; i < in->row_count; i++) {
    uint32_t row = in->rows[i];
    if (wr_column_is_null(times, row))
      continue; /* meets nothing */
    int64_t time_us = wr_column_i64(times, row), known = WR_TIME_NONE;
    if (batch->arrived_us)
      known = batch->arrived_us[row] < batch->others_us ? batch->arrived_us[row] : batch->others_us;
    if (time_us <= known && wr_join_expiry(self, in->side, time_us) <= known) {
      wr_operator_reject(&self->op, batch, row, WR_REJECT_LATE,
                         "the row of the %s side is late: what it could meet is forgotten",
                         in->side ? "right" : "left");
      continue;
    }
    in->known_us[row] = time_us <= known ? known : WR_TIME_NONE;
    in->is_behind = in->is_behind || time_us <= known;
    in->rows[left++] = row;
  }
  in->row_count = left;
}

struct wr_batch wr_join_with_known(struct wr_join *self)
{
  const struct wr_join_input *in = &self->in;
  uint32_t count = in->batch->schema->column_count;
  struct wr_column *columns = wr_arena_get(&self->arena, (count + 1) * sizeof *columns);
  struct wr_batch out = *in->batch;
  memcpy(columns, in->batch->columns, count * sizeof *columns);
  columns[count] = (struct wr_column){.type = &wr_type_bigint, .values = in->known_us};
  out.schema = &self->kept_schemas[in->side];
  out.columns = columns;
  self->has_behind = self->has_behind || in->is_behind;
  return out;
}

bool wr_join_may_meet(const struct wr_join *self, uint32_t row, uint64_t address)
{
  const struct wr_join_input *in = &self->in;
  const struct wr_join_side *sides = self->spec->sides;
  uint32_t other = !in->side, at;
  const struct wr_batch *kept = wr_kept_row(&self->sides[other].kept, address, &at);
  int64_t known = wr_column_i64(&kept->columns[sides[other].schema->column_count], at),
          time_us = wr_column_i64(&in->batch->columns[sides[in->side].time_column], row);
  return wr_join_kept_expiry(self, other, address) > in->known_us[row] &&
         wr_join_expiry(self, in->side, time_us) > known;
}

/* The entries of kept rows. */
static char **join_find_kept(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                             uint32_t count)
{
  const struct wr_join_spec *spec = self->spec;
  uint32_t first = side ? spec->sides[0].schema->column_count : 0;
  struct wr_column *columns = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *columns);
  uint64_t *hashes = wr_arena_get(&self->arena, count * sizeof *hashes);
  for (uint32_t k = 0; k < spec->key_count; k++) {
    struct wr_builder *builder = &self->others[first + spec->sides[side].keys[k]];
    wr_builder_reset(builder);
    wr_kept_rows_gather(&self->sides[side].kept, addresses, count, spec->sides[side].keys[k],
                        builder);
    columns[k] = wr_builder_view(builder);
    self->key_columns[k] = &columns[k];
  }
  wr_hash_keys(self->key_columns, spec->key_count, NULL, count, self->op.context->hash_seed,
               hashes);
  struct wr_probe probe;
  wr_table_probe(self->table, self->key_columns, NULL, hashes, count, WR_PROBE_CHANGE, &probe);
  return probe.entries;
}

static void join_expire_rows(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                             uint32_t count)
{
  if (count == 0)
    return;
  char **entries = join_find_kept(self, side, addresses, count);
  wr_join_leave(self, side, entries, addresses, count);
  wr_join_forget(self, entries, count);
  wr_join_settle(self, side);
}

void wr_join_expire(struct wr_join *self, int64_t watermark_us)
{
  uint32_t counts[2] = {0};
  struct wr_timer timer;
  wr_arena_reset(&self->arena);
  while (wr_timers_take(&self->timers, watermark_us, &timer)) {
    uint32_t side = timer.payload & 1;
    self->pairs.addresses[side][counts[side]++] = timer.payload >> 1;
    if (counts[side] < WR_BATCH_ROWS)
      continue;
    join_expire_rows(self, side, self->pairs.addresses[side], counts[side]);
    counts[side] = 0;
    wr_arena_reset(&self->arena);
  }
  for (uint32_t side = 0; side < 2; side++)
    join_expire_rows(self, side, self->pairs.addresses[side], counts[side]);
}
