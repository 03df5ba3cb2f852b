/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rank_local: the first rows of a window among those of one task, before they meet those of others
 * where there is only one copy. The first of the first are the first; so it may hand on what it has
 * at any time and begin again: before a barrier, which is why it has nothing to save, and when it
 * falls idle, as nobody waits for its watermark then.
 */
#include "operators/rank_state.h"

/* Hands on all rows of all windows; none of them has closed by that. */
static enum wr_code local_give(struct wr_operator *op, struct wr_error *err)
{
  struct wr_rank *self = (struct wr_rank *)op;
  int64_t closed_us = self->closed_us;
  enum wr_code code = wr_rank_fire(self, WR_TIME_END, err);
  self->closed_us = closed_us;
  return code;
}

static enum wr_code local_on_idle(struct wr_operator *op, uint32_t input, bool idle,
                                  struct wr_error *err)
{
  (void)input;
  enum wr_code code = idle ? local_give(op, err) : WR_OK;
  return code == WR_OK ? wr_emit_idle(op, idle, err) : code;
}

static enum wr_code local_open(const void *spec, const struct wr_operator_context *context,
                               struct wr_operator **out, struct wr_error *err)
{
  enum wr_code code = wr_rank_open(spec, context, out, err);
  if (code == WR_OK)
    (*out)->class = &wr_operator_class_rank_local;
  return code;
}

const struct wr_operator_class wr_operator_class_rank_local = {
    .name = "LocalRank",
    .open = local_open,
    .on_batch = wr_rank_on_batch,
    .on_watermark = wr_rank_on_watermark,
    .on_idle = local_on_idle,
    .flush = local_give,
    .held_rows = wr_rank_held_rows,
    .close = wr_rank_close,
};
