/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A task: one thread that owns a tree of fused operators. Its head is a source, which it steps, or
 * an operator behind channels, whose messages it receives. Everything here but the inbox belongs to
 * that thread once it runs.
 */
#ifndef WEIR_RUNTIME_TASK_H
#define WEIR_RUNTIME_TASK_H

#include <pthread.h>

#include "runtime/channel.h"
#include "runtime/epochs.h"
#include "runtime/execution.h"
#include "runtime/publisher.h"
#include "runtime/rejects.h"
#include "runtime/saving.h"
#include "runtime/source.h"
#include "windows/alignment.h"

/* What the tasks of an execution share. */
struct wr_task_shared {
  struct wr_execution_options options;
  struct wr_epochs *epochs;
  struct wr_publishers *publishers; /* NULL: no sink delivers exactly once */
  _Atomic int stop;                 /* 0, or enum wr_task_stop: sources come to an end */
  _Atomic uint64_t last_epoch;      /* STOP_BEHIND_EPOCH: the one, begun or about to; 0: none yet */
  uint64_t saving_share, outbox_share; /* above them nothing is read */
  _Atomic uint64_t outbox_growing;     /* bytes of exactly-once sinks since the last barrier */
  _Atomic bool aborting; /* a task has failed: everybody leaves as quickly as possible */
  pthread_mutex_t lock;
  pthread_cond_t changed;
  uint32_t drained_count, ended_count, task_count; /* under lock: sinks finished; thread gone */
  enum wr_code code;                               /* under lock: the first failure */
  struct wr_error failure;
  void (*abort)(void *execution); /* wakes everybody; called with the lock held */
  void *execution;
};
/* STOP_BEHIND_EPOCH: nothing more is read, and behind the barrier of last_epoch comes the end. */
enum wr_task_stop { WR_TASK_STOP = 1, WR_TASK_DRAIN = 2, WR_TASK_STOP_BEHIND_EPOCH = 3 };

struct wr_task_node {
  const struct wr_plan_node *plan;
  const char *key;        /* names its parts in snapshots */
  const char *outbox_key; /* sinks: names its outboxes; NULL: it has none */
  uint64_t outbox_bytes;  /* as counted in shared */
  struct wr_operator *op;
  struct wr_source *source; /* SOURCE nodes */
  bool is_sink;
  struct wr_operator_context context;
  struct wr_metrics metrics;
  struct wr_target *targets;
  uint32_t target_count;
  struct wr_part_writer part; /* of the epoch being saved; of a sink: its outbox */
  bool saved;
  struct wr_saving saving;
};

struct wr_task {
  struct wr_task_shared *shared;
  uint32_t group, copy, copy_count;
  struct wr_task_node *nodes; /* topological order; nodes[0] is the head */
  uint32_t node_count;
  struct wr_operator **exchanges; /* sending ends, in the order of their producers */
  uint32_t exchange_count;
  struct wr_operator **taps; /* for those who watch; runtime/tap.h */
  uint32_t tap_count;
  struct wr_operator_context exchange_context;
  struct wr_rejects *rejects;
  struct wr_operator_context rejects_context;
  struct wr_target rejects_target;
  struct wr_metrics edge_metrics; /* of exchanges and rejects: they are no node's rows */
  struct wr_stopwatch watch;
  _Atomic uint64_t cpu_ns; /* that its thread has had, once it has ended; 0: it has not */
  struct wr_inbox inbox;
  struct wr_channel **channels; /* what the head reads; owned */
  uint32_t channel_count;
  struct wr_page_view view;
  struct wr_alignment alignment;                /* of a source with a group */
  const struct wr_split_watermarks *watermarks; /* of its splits; NULL: no watermark is made here */
  pthread_t thread;
  _Atomic bool started;
  /* while running */
  int64_t now_us, tick_us;
  uint64_t before;           /* newest epoch of earlier executions */
  uint64_t saving, answered; /* epoch being saved, 0: none; newest epoch answered */
  uint64_t committed;        /* newest epoch whose positions were told to the source */
  bool stopped;              /* some input was stopped before its end */
  bool has_enough;           /* rows would change nothing any more */
  bool holds;                /* a source that reads nothing until there is room again */
  bool idle;                 /* no channel expects rows; told to those behind */
  uint64_t held_rows;        /* written before the thread ends */
};

/* The thread's body. */
void *wr_task_run(void *task);

#endif
