/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a plan: cuts it into groups of fused nodes, makes one task (a thread) per copy of a
 * group, connects them with channels, and watches over them until the end, a stop, or a failure.
 * The caller keeps the plan alive.
 */
#ifndef WEIR_RUNTIME_EXECUTION_H
#define WEIR_RUNTIME_EXECUTION_H

#include "operators/plan.h"
#include "runtime/memory.h"
#include "runtime/snapshot.h"

struct wr_execution;
struct wr_hub; /* live/hub.h */

struct wr_execution_options {
  void (*note)(void *self, const char *message); /* tells the user something; any thread */
  void *note_self;
  /* Before the first thread runs: from now on the execution may be stopped. NULL: it does not run
   * after all. May be NULL. */
  void (*begins)(void *self, struct wr_execution *execution);
  void *begins_self;
  /* While tables are loaded in which rows are looked up, before it begins: again and again with
   * true, at the end with false. Returns false: the user has asked to stop. May be NULL. */
  bool (*loads)(void *self, bool loading);
  struct wr_store *store;         /* epochs are sealed there; NULL: they are not kept */
  const struct wr_snapshot *from; /* what the job goes on from; lent until the start is over; NULL:
                                     it begins at its beginning */
  /* The store outlives the process: there is a first epoch at once, so that positions like "the end
   * of the topic" mean the same for ever, or that an older epoch than the newest is what later
   * starts go on from; and a last one at a stop and at the end. */
  bool durable;
  uint32_t failures_tolerated; /* epochs in a row that cannot be written, before the job fails */
  int64_t epoch_timeout_us;    /* how long one may be collected; 0: any time */
  uint64_t memory_bytes;       /* all that the job may take; 0: wr_memory_default */
  /* Of exactly-once sinks: what the user accepts where it cannot be known whether an epoch was
   * published. */
  bool allow_duplicates, allow_gap;
  const char *state_dir;      /* for messages; NULL: not known */
  int64_t epoch_interval_us;  /* 0: epochs only where a source wants its positions committed, every
                                 5 s */
  uint32_t batch_rows;        /* 0: WR_BATCH_ROWS */
  uint64_t cut_after_records; /* tests: when a source has read so many, take an epoch and stop right
                                 behind it; 0: no */
  uint32_t cut_epochs;        /* tests: so many further epochs before, at equal distances */
  bool timed;                 /* where time goes is measured for every step, not only for tasks */
  /* Where the streams of the plan can be followed, under the name of the job; NULL: nowhere. */
  struct wr_hub *hub;
  const char *job_name;
  uint64_t hash_seed; /* of keys; must be the same for all executions of one store */
};

struct wr_execution_summary {
  uint64_t rows_in, rows_out, bytes_in;
  uint64_t rejected[WR_REJECT_KIND_COUNT];
  uint64_t progress_done, progress_total; /* towards the end of bounded input; total 0: unknown */
  uint64_t held_rows;                 /* in windows that had not fired when the job was stopped */
  uint64_t epochs;                    /* the newest complete one */
  uint64_t state_bytes, outbox_bytes; /* outbox: written, but not published yet */
  bool last_epoch_kept; /* durable: what the job has left behind is in it, also what is held */
  int64_t duration_us;
};

/* Opens sources, sinks and operators (errors come at once) and starts the threads. */
enum wr_code wr_execution_start(const struct wr_plan *plan,
                                const struct wr_execution_options *options,
                                struct wr_execution **out, struct wr_error *err);
/* What one step of the plan has counted, over all its copies. */
struct wr_execution_step {
  const char *name, *statement;
  const struct wr_plan_node *plan;
  uint64_t rows_in, rows_out;
  uint64_t rejected[WR_REJECT_KIND_COUNT];
  uint64_t state_bytes, state_keys;
  int64_t loaded_us; /* when the table was loaded in which it looks rows up; 0: in none */
  uint64_t batches_in, bytes_in, bytes_out;
  /* The least of those copies that have one and have neither ended nor fallen idle, else
   * WR_TIME_END if some have ended, else the greatest of idle ones, else WR_TIME_NONE. */
  int64_t watermark_us;
  /* Only if steps are measured. most: sums of what each copy had at most; busiest: of the copy that
   * was busiest, all three times together. helping: the part of format that copies have done for
   * others. */
  uint64_t own_ns, format_ns, connector_ns, busiest_ns, helping_ns;
  uint64_t state_bytes_most, state_keys_most;
};

/* Where the time of one task has gone. */
struct wr_execution_task {
  uint32_t first_step; /* number of its head; the tasks that have the same one are copies */
  uint32_t copy, step_count;
  uint64_t spent_ns[WR_SPENT_COUNT]; /* BUSY: only what belongs to no step */
  uint64_t steps_ns, sending_ns;     /* in its steps; in handing rows to other tasks */
  uint64_t helping_ns; /* of that in its steps: decoding for other copies of its source */
  uint64_t cpu_ns;     /* that its thread was on a processor */
};

/* Waits up to timeout_ms; true: all tasks have ended. To be called again and again: it also begins
 * epochs when they are due. */
bool wr_execution_wait(struct wr_execution *execution, int timeout_ms);
/* Asks sources to stop after what they have in hand; sinks are flushed, open windows do not fire;
 * of a durable execution after a last epoch, behind which nothing is read. drain: as if the input
 * had come to its end, so that open windows fire. Any thread. */
void wr_execution_stop(struct wr_execution *execution, bool drain);
/* How long a stop has waited for the last epoch so far; 0: it does not. */
int64_t wr_execution_stopping_us(const struct wr_execution *execution);
/* The first failure, once wr_execution_wait was true. */
enum wr_code wr_execution_result(const struct wr_execution *execution, struct wr_error *err);
/* Counters as they are now. */
void wr_execution_summarize(const struct wr_execution *execution,
                            struct wr_execution_summary *summary);
/* One per node of the plan, in its order; memory comes from the arena, texts are the plan's. Any
 * thread. */
struct wr_execution_step *wr_execution_steps(const struct wr_execution *execution,
                                             struct wr_arena *arena, uint32_t *count);

/* One per task, copies of one behind the other. Any thread. */
struct wr_execution_task *wr_execution_tasks(const struct wr_execution *execution,
                                             struct wr_arena *arena, uint32_t *count);

/* Savepoints: an epoch that begins after somebody has asked for it, now or as soon as the one under
 * way is done. Any thread. Returns the number it is going to have. */
uint64_t wr_execution_savepoint(struct wr_execution *execution);
enum wr_savepoint { WR_SAVEPOINT_WAITS, WR_SAVEPOINT_SEALED, WR_SAVEPOINT_FAILED };
/* How far it is. SEALED: it or a later one is complete, that is published as well; *epoch says
 * which. FAILED: it could not be kept. It waits for ever if the job stops, fails or comes to its
 * end before. Any thread. */
enum wr_savepoint wr_execution_savepoint_look(const struct wr_execution *execution, uint64_t *epoch,
                                              struct wr_error *err);
/* What has become of epochs so far. Any thread. */
struct wr_epochs_statistics;
void wr_execution_epochs(const struct wr_execution *execution, struct wr_epochs_statistics *out);
/* What the job may take, and what each use of enum wr_memory_use but the rest takes. Any thread. */
void wr_execution_memory(const struct wr_execution *execution, uint64_t *limit,
                         uint64_t used[WR_MEMORY_REST]);
void wr_execution_free(struct wr_execution *execution);

#endif
