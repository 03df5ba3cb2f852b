/* SPDX-License-Identifier: Apache-2.0 */
/* What a running job consists of: execution.c runs it, look.c looks at it from outside. */
#ifndef WEIR_RUNTIME_EXECUTION_INNER_H
#define WEIR_RUNTIME_EXECUTION_INNER_H

#include "runtime/build.h"
#include "runtime/execution.h"
#include "runtime/tap.h"

struct wr_execution {
  const struct wr_plan *plan;
  struct wr_task_shared shared;
  struct wr_rejects_shown shown;
  struct wr_taps taps;
  struct wr_build build;
  int64_t started_us;
  _Atomic int64_t ended_us; /* others may look while it ends */
  int64_t epoch_due_us;     /* when the next one begins; WR_TIME_END: never by the clock */
  int64_t epoch_interval_us;
  int64_t stopping_us;          /* when the wait for the last epoch began; 0: it has not */
  _Atomic bool last_epoch_kept; /* once ended */
  bool is_over_limit; /* it ends because its state has become too large, as over_limit says */
  struct wr_error over_limit;
  _Atomic uint64_t savepoint_epoch; /* one up to this number is wanted as soon as possible */
};

#endif
