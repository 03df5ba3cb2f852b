/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a plan: cuts it into groups of fused nodes, makes one task (a thread) per copy of a
 * group, connects them with channels, and watches over them until the end, a stop, or a failure.
 * The caller keeps the plan alive.
 */
#ifndef WEIR_RUNTIME_EXECUTION_H
#define WEIR_RUNTIME_EXECUTION_H

#include "operators/plan.h"
#include "state/store.h"

struct wr_execution;

struct wr_execution_options {
  void (*note)(void *self, const char *message); /* tells the user something; any thread */
  void *note_self;
  struct wr_store
      *store; /* snapshots are sealed there, and restored from there at the start; NULL: none */
  int64_t epoch_interval_us; /* 0: epochs only where a source wants its positions committed, every 5
                                s */
  uint32_t batch_rows;       /* 0: WR_BATCH_ROWS */
  uint64_t cut_after_records; /* tests: when a source has read so many, take an epoch and stop right
                                 behind it; 0: no */
  uint64_t hash_seed;         /* of keys; must be the same for all executions of one store */
};

struct wr_execution_summary {
  uint64_t rows_in, rows_out, bytes_in;
  uint64_t rejected[WR_REJECT_KIND_COUNT];
  uint64_t progress_done, progress_total; /* towards the end of bounded input; total 0: unknown */
  uint64_t held_rows; /* in windows that had not fired when the job was stopped */
  uint64_t epochs;    /* complete ones */
  int64_t duration_us;
};

/* Opens sources, sinks and operators (errors come at once) and starts the threads. */
enum wr_code wr_execution_start(const struct wr_plan *plan,
                                const struct wr_execution_options *options,
                                struct wr_execution **out, struct wr_error *err);
/* Waits up to timeout_ms; true: all tasks have ended. To be called again and again: it also begins
 * epochs when they are due. */
bool wr_execution_wait(struct wr_execution *execution, int timeout_ms);
/* Asks sources to stop after what they have in hand; sinks are flushed, open windows do not fire.
 * Any thread. drain: as if the input had come to its end, so that open windows fire. */
void wr_execution_stop(struct wr_execution *execution, bool drain);
/* The first failure, once wr_execution_wait was true. */
enum wr_code wr_execution_result(const struct wr_execution *execution, struct wr_error *err);
/* Counters as they are now. */
void wr_execution_summarize(const struct wr_execution *execution,
                            struct wr_execution_summary *summary);
void wr_execution_free(struct wr_execution *execution);

#endif
