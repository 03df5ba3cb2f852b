/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one node of a task saves at its barriers: in pieces that leave while the rest is still being
 * copied, and either complete or only what has changed since the barrier before. Belongs to the
 * task's thread.
 */
#ifndef WEIR_RUNTIME_SAVING_H
#define WEIR_RUNTIME_SAVING_H

#include "runtime/epochs.h"

#define WR_SAVING_PIECE_BYTES   (1 << 20)
#define WR_SAVING_WAITING_BYTES (64 << 20) /* more that wait for the store: copying pauses */
/* A chain has at most so many deltas, and they have less than half of the bytes of the complete
 * part that they begin with. */
#define WR_SAVING_DELTAS_MAX 10

struct wr_saving {
  struct wr_part_drain drain; /* first */
  struct wr_epochs *epochs;
  const char *node_key;
  uint32_t copy;
  uint64_t epoch; /* being saved */
  uint32_t delta_count;
  uint64_t full_bytes, delta_bytes; /* of the chain that the last part belongs to; 0: none yet */
};

/* How a part is to be saved. */
struct wr_saving_way {
  bool tracked;           /* deltas are worth it: somebody will read them */
  bool counts;            /* the last part is in a sealed epoch */
  bool short_chains_only; /* false: tests want deltas whatever their size */
  bool in_pieces;         /* the epoch is being collected; not for what a task leaves at its end */
};

/* Before an operator saves; the writer may still own a buffer. */
void wr_saving_begin(struct wr_saving *saving, uint64_t epoch, const struct wr_saving_way *way,
                     struct wr_part_writer *part);
/* The part is complete: hands over what is left of it. */
void wr_saving_end(struct wr_saving *saving, struct wr_part_writer *part);

#endif
