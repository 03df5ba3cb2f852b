/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sealed epoch as the runtime reads it: which parts of which nodes it has, and what the job that
 * has sealed it said of itself. Written by runtime/epochs.c as the manifest of a store:
 *
 *   format | epoch | ended | description | part count | (node key, copy)...
 *
 * Names of parts in the store are KEY/COPY.
 */
#ifndef WEIR_RUNTIME_SNAPSHOT_H
#define WEIR_RUNTIME_SNAPSHOT_H

#include "state/store.h"

struct wr_snapshot_part {
  const char *node_key;
  uint32_t copy;
  const char *name; /* in the store */
};

struct wr_snapshot {
  struct wr_store *store;
  uint64_t epoch;
  bool ended;              /* all tasks had come to their end: there is nothing to go on with */
  const char *description; /* as given in wr_epochs_options */
  size_t description_length;
  const struct wr_snapshot_part *parts;
  uint32_t part_count;
};

/* Memory comes from the arena; the snapshot may be used as long as the store keeps the epoch. */
enum wr_code wr_snapshot_read(struct wr_store *store, uint64_t epoch, struct wr_arena *arena,
                              struct wr_snapshot *out, struct wr_error *err);

/* Calls each(self, part) for every saved part of a node; returns its first failure. snapshot NULL:
 * there are none. What was read stays in memory until the store is told to release it: best
 * after all copies of a node. */
enum wr_code wr_snapshot_restore(const struct wr_snapshot *snapshot, const char *node_key,
                                 enum wr_code (*each)(void *self, struct wr_part_reader *part,
                                                      struct wr_error *err),
                                 void *self, struct wr_error *err);

#endif
