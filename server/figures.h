/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All figures of a job at one moment: those of the execution that runs, and in what counts up also
 * those of the executions before, so that no counter ever goes back while the job lives. What is a
 * state rather than a count (bytes, keys, watermarks, how far behind) is of the execution that runs
 * alone.
 *
 *   past (executions that are over)  +  execution  ->  figures  ->  the next past, when it is over
 */
#ifndef WEIR_SERVER_FIGURES_H
#define WEIR_SERVER_FIGURES_H

#include "runtime/epochs.h"
#include "runtime/look.h"

/* Where the time of one task has gone; together the time it has run. */
struct wr_figures_task {
  uint32_t head, copy; /* node; copies of one task have the same head */
  uint64_t busy_ns, backpressured_ns, idle_ns, checkpoint_ns;
  uint64_t cpu_ns;
};

/* What splits have counted that are not shown one by one: gone since an earlier execution, or
 * beyond WR_LOOK_SPLITS_MAX. */
struct wr_figures_rest {
  uint64_t rows, bytes, throttles;
};

struct wr_figures {
  bool runs; /* there is an execution */
  /* of the job, whatever has become of its plan: counted */
  uint64_t rows_in, rows_out, rejected[WR_REJECT_KIND_COUNT];
  uint64_t epochs_sealed, epochs_failed, epochs_skipped;
  /* of the nodes of its plan */
  const struct wr_plan *plan;
  struct wr_execution_step *steps; /* one per node */
  struct wr_figures_task *tasks;   /* copies of one behind the other */
  uint32_t task_count;
  struct wr_execution_split *splits; /* of the execution that runs */
  uint32_t split_count, splits_left_out;
  const bool *split_ended;         /* per split: an execution before has read it to its end */
  struct wr_execution_split *gone; /* sorted; only their counters mean something */
  uint32_t gone_count;
  struct wr_figures_rest *rests; /* one per node; gone is in them, too */
  /* of the execution that runs, else empty */
  struct wr_epochs_statistics epochs;
  uint64_t progress_done, progress_total;
  uint64_t memory_limit, memory_used[WR_MEMORY_REST];
  /* The last rows that could not be used, the newest first; only of those who ask for some. */
  struct wr_execution_reject *rejects;
  uint32_t reject_count;
};

/* past and execution may be NULL. Memory comes from the arena, texts are the plan's and the
 * arena's. */
void wr_figures_read(const struct wr_plan *plan, const struct wr_figures *past,
                     const struct wr_execution *execution, uint32_t rejects_most,
                     struct wr_arena *arena, struct wr_figures *out);

uint64_t wr_figures_bad(const uint64_t rejected[WR_REJECT_KIND_COUNT]); /* all that were not late */
/* The head of the task that a node belongs to. */
uint32_t wr_figures_head(const struct wr_plan *plan, uint32_t node);

/* ---- executions that are over */

/* All zero: none is. */
struct wr_figures_past {
  struct wr_arena arena;
  struct wr_figures figures;
  bool is_some;
};
/* An execution of the plan has ended, and is still there. */
void wr_figures_past_add(struct wr_figures_past *past, const struct wr_plan *plan,
                         const struct wr_execution *execution);
/* The job has another plan now: what nodes have counted is forgotten. */
void wr_figures_past_change(struct wr_figures_past *past);
void wr_figures_past_free(struct wr_figures_past *past);

#endif
