/* SPDX-License-Identifier: Apache-2.0 */
/* Counters that one task writes and anybody may read: relaxed atomics, one set per operator. */
#ifndef WEIR_CORE_METRICS_H
#define WEIR_CORE_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/reject.h"

struct wr_metrics {
  _Atomic uint64_t rows_in, rows_out, batches_in;
  _Atomic uint64_t bytes_in, bytes_out; /* sources and sinks */
  _Atomic uint64_t rejected[WR_REJECT_KIND_COUNT];
  _Atomic uint64_t state_bytes, state_keys;
  _Atomic uint64_t spare_bytes;  /* kept for state that comes next: memory of what has gone */
  _Atomic uint64_t outbox_bytes; /* sinks: not yet part of an epoch */
  _Atomic int64_t watermark_us;
  _Atomic uint64_t progress_done,
      progress_total; /* bytes or records towards the end of bounded input; total 0: unknown */
};

/* Single writer: a load and a store, no locked instruction. */
static inline void wr_metrics_add(_Atomic uint64_t *counter, uint64_t more)
{
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
                        memory_order_relaxed);
}
static inline uint64_t wr_metrics_get(const _Atomic uint64_t *counter)
{
  return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
