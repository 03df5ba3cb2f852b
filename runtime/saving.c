/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/saving.h"

#include <assert.h>

static void saving_take(struct wr_part_drain *drain, char *bytes, size_t length)
{
  const struct wr_saving *saving = (const struct wr_saving *)drain;
  wr_epochs_append(saving->epochs, saving->epoch, saving->node_key, saving->copy, bytes, length);
}

/* A delta is cheap to write, but everything since the last complete part is read at a restart. */
static bool saving_wants_delta(const struct wr_saving *saving, const struct wr_saving_way *way)
{
  bool is_short = !way->short_chains_only || saving->delta_bytes < saving->full_bytes / 2;
  return way->tracked && way->counts && saving->full_bytes > 0 &&
         saving->delta_count < WR_SAVING_DELTAS_MAX && is_short;
}

void wr_saving_begin(struct wr_saving *saving, uint64_t epoch, const struct wr_saving_way *way,
                     struct wr_part_writer *part)
{
  assert(saving->epochs && part->drained == 0);
  saving->epoch = epoch;
  saving->drain = (struct wr_part_drain){.take = saving_take, .piece_bytes = WR_SAVING_PIECE_BYTES};
  *part = (struct wr_part_writer){.bytes = part->bytes,
                                  .capacity = part->capacity,
                                  .drain = way->in_pieces ? &saving->drain : NULL,
                                  .tracked = way->tracked,
                                  .delta = saving_wants_delta(saving, way)};
}

void wr_saving_end(struct wr_saving *saving, struct wr_part_writer *part)
{
  uint64_t bytes = wr_part_written(part);
  if (part->delta) {
    saving->delta_count++;
    saving->delta_bytes += bytes;
  } else {
    saving->delta_count = 0;
    saving->delta_bytes = 0;
    saving->full_bytes = bytes;
  }
  wr_epochs_put(saving->epochs, saving->epoch, saving->node_key, saving->copy, part);
}
