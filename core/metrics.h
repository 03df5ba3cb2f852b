/* SPDX-License-Identifier: Apache-2.0 */
/* Counters that one task writes and anybody may read: relaxed atomics, one set per operator. Times
 * are counted with core/stopwatch.h. */
#ifndef WEIR_CORE_METRICS_H
#define WEIR_CORE_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/reject.h"

struct wr_metrics {
  _Atomic uint64_t rows_in, rows_out, batches_in;
  _Atomic uint64_t bytes_in, bytes_out; /* sources and sinks */
  _Atomic uint64_t rejected[WR_REJECT_KIND_COUNT];
  _Atomic uint64_t state_bytes, state_keys;
  /* Only where steps are measured: the time spent in the step itself, not in those that it calls,
   * and apart from it in its format (decode, encode), for other copies of it (a source that helps
   * them with decoding) and in its connector (poll, write); the most that state_bytes and
   * state_keys have been. */
  _Atomic uint64_t own_ns, format_ns, helping_ns, connector_ns;
  _Atomic uint64_t state_bytes_most, state_keys_most;
  _Atomic uint64_t spare_bytes;  /* kept for state that comes next: memory of what has gone */
  _Atomic uint64_t outbox_bytes; /* sinks: not yet part of an epoch */
  _Atomic int64_t watermark_us;
  _Atomic int64_t loaded_us; /* when the table was loaded in which rows are looked up; 0: none is */
  _Atomic bool idle;         /* nothing is expected for now: the watermark does not count */
  _Atomic uint64_t progress_done,
      progress_total; /* bytes or records towards the end of bounded input; total 0: unknown */
};

/* What a source counts of one of its splits, where the connector tells it (a Kinesis shard). */
struct wr_split_metrics {
  _Atomic int64_t behind_ms; /* how far behind its newest record reading is; -1: not known */
  _Atomic uint64_t throttles, bytes; /* questions that came too soon; bytes read */
};

/* Single writer: a load and a store, no locked instruction. */
static inline void wr_metrics_add(_Atomic uint64_t *counter, uint64_t more)
{
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
                        memory_order_relaxed);
}
static inline void wr_metrics_raise(_Atomic uint64_t *counter, uint64_t to)
{
  if (to > atomic_load_explicit(counter, memory_order_relaxed))
    atomic_store_explicit(counter, to, memory_order_relaxed);
}
static inline uint64_t wr_metrics_get(const _Atomic uint64_t *counter)
{
  return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
