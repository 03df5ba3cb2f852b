/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a running execution from outside, any thread: how far each split is, and which rows
 * and records could not be used lately. Its other figures are in execution.h. */
#ifndef WEIR_RUNTIME_LOOK_H
#define WEIR_RUNTIME_LOOK_H

#include "connectors/connector.h"
#include "runtime/execution.h"

/* One split of a source: a partition, a shard, a file. */
struct wr_execution_split {
  uint32_t node, copy;         /* of the plan; which parallel reader has it */
  const char *name, *position; /* position: as the connector prints it; "" before the first row */
  enum wr_split_state state;
  int64_t state_since_us; /* clock of the machine */
  int64_t watermark_us;   /* WR_TIME_NONE: none yet, or no watermark is asked of it */
  bool idle;              /* left out of the watermark for now */
  bool holds;             /* the watermark of the source waits for this one */
  bool held;              /* not read for now: it is ahead of others (alignment) */
  int64_t behind_records; /* between its position and its end; -1: not known */
  int64_t behind_ms;      /* the same in time; -1: not known */
  uint64_t rows, bytes, throttles;
};
/* In the order of nodes and names. At most WR_LOOK_SPLITS_MAX, splits that are DONE are left out
 * first; *left_out: so many more. */
struct wr_execution_split *wr_execution_splits(const struct wr_execution *execution,
                                               struct wr_arena *arena, uint32_t *count,
                                               uint32_t *left_out);

/* One of the last rejects, whether or not the job reads error_stream. If very many come at once,
 * only some of them. */
struct wr_execution_reject {
  int64_t time_us;
  enum wr_reject_kind kind;
  const char *message, *source, *split, *statement; /* NULL: not known */
  struct wr_slice position, raw;                    /* raw is cut to WR_LOOK_RAW_BYTES */
  uint64_t number;                                  /* counts up from 1 */
};
/* The newest first, at most limit. */
struct wr_execution_reject *wr_execution_rejects(const struct wr_execution *execution,
                                                 uint32_t limit, struct wr_arena *arena,
                                                 uint32_t *count);

#endif
