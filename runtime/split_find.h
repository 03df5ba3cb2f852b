/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which splits a source has when a job begins: those that its connector finds now, each with the
 * position that the epoch has of it, and those that only the epoch knows. The order is the
 * connector's, so that however many tasks there are, it can be said who gets what.
 */
#ifndef WEIR_RUNTIME_SPLIT_FIND_H
#define WEIR_RUNTIME_SPLIT_FIND_H

#include "connectors/connector.h"
#include "operators/plan.h"
#include "runtime/snapshot.h"

struct wr_found_splits {
  const struct wr_reader_class *class; /* NULL: not looked for yet */
  struct wr_split *splits;             /* there now; positions NULL: as the startup options say */
  uint32_t split_count;
  struct wr_split *gone; /* in the epoch only; positions are "" where it has none */
  uint32_t gone_count;
  bool resumed; /* the epoch knows this source */
  bool grows;   /* splits may appear while it is read */
  void *shared; /* see wr_reader_class.share */
};

struct wr_split_find {
  const struct wr_plan_source *plan;
  const char *key;                /* what its parts are called in the epoch */
  const struct wr_snapshot *from; /* NULL: the job begins */
  uint32_t task_count;
  void (*note)(void *self, const char *message);
  void *note_self;
};

/* Memory comes from the arena, which outlives the readers. */
enum wr_code wr_splits_find(const struct wr_split_find *find, struct wr_arena *arena,
                            struct wr_found_splits *out, struct wr_error *err);
/* When all readers are closed. */
void wr_splits_forget(struct wr_found_splits *found);

#endif
