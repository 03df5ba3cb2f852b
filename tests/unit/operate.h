/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of operators: one operator in several tasks, each with a sink behind it, rows dealt to
 * them by key, and snapshots that other numbers of tasks go on from. What must not fail is asserted
 * here.
 */
#ifndef WEIR_TESTS_UNIT_OPERATE_H
#define WEIR_TESTS_UNIT_OPERATE_H

#include "operators/operator.h"

enum { OPERATE_TASKS_MAX = 3, OPERATE_SEED = 99 };

struct operate {
  const struct wr_operator_class *class; /* by the caller, as all of this block */
  const void *spec;
  struct wr_reject_sink *rejects;
  int64_t apart_us; /* by so much the clock of a task is ahead of that of the one before */

  uint32_t count; /* of tasks */
  struct wr_operator *ops[OPERATE_TASKS_MAX];
  struct wr_metrics metrics[OPERATE_TASKS_MAX], sink_metrics;
  struct wr_operator_context contexts[OPERATE_TASKS_MAX], sink_context;
  struct wr_target targets[OPERATE_TASKS_MAX];
};

/* What all tasks have saved. */
struct operate_snapshot {
  struct wr_part_writer parts[OPERATE_TASKS_MAX];
  bool is_complete[OPERATE_TASKS_MAX];
  uint32_t count;
};

/* The head of a sink; good until the tasks are freed. */
struct wr_operator operate_sink(struct operate *tasks, const struct wr_operator_class *class);
/* Opens `count` tasks; behind task t is the sink at `sinks` + t * sink_bytes. */
void operate_open(struct operate *tasks, uint32_t count, void *sinks, size_t sink_bytes);
void operate_close(struct operate *tasks);

uint64_t operate_held_rows(const struct operate *tasks);
uint64_t operate_state_keys(const struct operate *tasks);
uint64_t operate_rejected(const struct operate *tasks, enum wr_reject_kind kind);

/* Rows (columns, row_count, times) shared out over the tasks by their keys, as an exchange would,
 * but by picked rows. task_of, if not NULL: which task each row went to. */
void operate_batch(struct operate *tasks, uint32_t input, const struct wr_batch *rows,
                   const struct wr_column *const *keys, uint32_t key_count, uint32_t *task_of);
void operate_watermark(struct operate *tasks, int64_t watermark_us);

/* Begins a snapshot of what the tasks hold now. */
void operate_save(struct operate *tasks, struct operate_snapshot *snapshot);
/* One step of every task that has not finished; true: the snapshot is complete. */
bool operate_save_step(struct operate *tasks, struct operate_snapshot *snapshot);
void operate_save_all(struct operate *tasks, struct operate_snapshot *snapshot);
/* Every task, just opened, takes its share of all parts. */
void operate_load(struct operate *tasks, const struct operate_snapshot *snapshot);
/* What the first task says to the first `length` bytes of the first part. */
enum wr_code operate_load_part(struct operate *tasks, const struct operate_snapshot *snapshot,
                               size_t length, struct wr_error *err);
void operate_snapshot_free(struct operate_snapshot *snapshot);

#endif
