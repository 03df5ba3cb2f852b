/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of an OVER with a queue of their own in each partition: LAG and NTH_VALUE that leave NULLs
 * out, NTH_VALUE that counts from the last row. A queue has the rows that count, no more of them
 * than the call looks at, so the wanted one is always at its front, or behind it:
 *
 *   LAG(x, n), FROM LAST     the last n: the oldest of them, once there are n
 *   NTH_VALUE(x, n)          those of the frame: the n-th
 *
 * Peers of a RANGE share results, so they are read when all have gone in.
 */
#include <assert.h>

#include "operators/over_state.h"

struct own_work {
  struct wr_over *self;
  const struct wr_over_chunk *chunk;
  const struct wr_over_own *own;
  const struct wr_over_call *call;
  bool expires; /* rows leave the queue with the frame */
};

static struct wr_over_queue *own_queue(const struct own_work *work, uint32_t i)
{
  return (void *)(work->chunk->probe.entries[i] + work->own->queue_at);
}

static enum wr_code own_push(const struct own_work *work, uint32_t i, struct wr_error *err)
{
  const struct wr_over_chunk *chunk = work->chunk;
  const struct wr_over_call *call = work->call;
  struct wr_over *self = work->self;
  struct wr_over_queue *queue = own_queue(work, i);
  uint32_t most = (uint32_t)call->offset;
  bool keeps_last = call->function == WR_OVER_LAG || call->from_last;
  bool is_null = wr_column_is_null(&chunk->rows->columns[call->value_column], chunk->numbers[i]);
  if (call->ignore_nulls && is_null)
    return WR_OK;
  if (keeps_last)
    wr_over_queue_trim(queue, most - 1);
  else if (!work->expires && queue->count >= most)
    return WR_OK;
  const struct wr_over_queue_place place = {.entries = chunk->probe.entries,
                                            .index = i,
                                            .offset = work->own->queue_at,
                                            .store = wr_table_space_texts(self->spaces[0])};
  int64_t until = work->expires ? wr_over_row_until(self, chunk, i) : 0;
  return wr_over_queue_push(&work->own->shape, &place, until, chunk->numbers[i], err);
}

/* The value for row i, of what its queue has now. */
static void own_put(const struct own_work *work, uint32_t i)
{
  const struct wr_over_chunk *chunk = work->chunk;
  const struct wr_over_call *call = work->call;
  const struct wr_over_queue *queue = own_queue(work, i);
  struct wr_builder *out = &work->self->output.builders[work->own->call];
  uint32_t wanted = (uint32_t)call->offset, at = 0, number = chunk->numbers[i];
  bool is_late = chunk->flags[i] & WR_OVER_IS_LATE;
  struct wr_slice row = {0};
  wr_builder_reserve(out, 1);
  if (!is_late && queue->count >= wanted) {
    bool is_first = call->function == WR_OVER_LAG || call->from_last;
    for (uint32_t n = is_first ? 1 : wanted; n > 0; n--)
      wr_over_queue_next(queue, &at, &row);
    wr_over_put_kept(work->self, &work->own->shape, 0, row, out);
  } else if (!is_late && call->function == WR_OVER_LAG && call->default_column != UINT32_MAX) {
    wr_builder_put_row(out, &chunk->rows->columns[call->default_column], number, false);
  } else {
    wr_builder_put_null(out);
  }
}

/* LAG looks before the row is there. */
static enum wr_code own_lag(const struct own_work *work, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < work->chunk->count && code == WR_OK; i++) {
    bool is_late = work->chunk->flags[i] & WR_OVER_IS_LATE;
    if (work->expires && !is_late)
      wr_over_queue_expire(own_queue(work, i), wr_over_row_passed(work->self, work->chunk, i));
    own_put(work, i);
    if (!is_late)
      code = own_push(work, i, err);
  }
  return code;
}

static enum wr_code own_nth(const struct own_work *work, struct wr_error *err)
{
  const struct wr_over_chunk *chunk = work->chunk;
  enum wr_code code = WR_OK;
  for (uint32_t i = 0, end; i < chunk->count && code == WR_OK; i = end) {
    end = wr_over_group_end(work->self, chunk, i);
    for (uint32_t g = i; g < end && code == WR_OK; g++) {
      if (chunk->flags[g] & WR_OVER_IS_LATE)
        continue;
      if (work->expires)
        wr_over_queue_expire(own_queue(work, g), wr_over_row_passed(work->self, chunk, g));
      code = own_push(work, g, err);
    }
    for (uint32_t g = i; g < end && code == WR_OK; g++)
      own_put(work, g);
  }
  return code;
}

enum wr_code wr_over_own(struct wr_over *self, const struct wr_over_chunk *chunk,
                         struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t o = 0; o < self->own_count && code == WR_OK; o++) {
    struct wr_over_own *own = &self->owns[o];
    const struct wr_over_call *call = &self->spec->calls[own->call];
    bool is_lag = call->function == WR_OVER_LAG;
    const struct own_work work = {.self = self,
                                  .chunk = chunk,
                                  .own = own,
                                  .call = call,
                                  .expires =
                                      !self->spec->frame.unbounded && (!is_lag || call->in_frame)};
    assert(call->offset > 0);
    wr_over_shape_set(&own->shape, chunk->rows);
    code = is_lag ? own_lag(&work, err) : own_nth(&work, err);
  }
  return code;
}
