/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sealed epoch as the runtime reads it: which parts of which nodes it has, and what the job that
 * has sealed it said of itself. Written by runtime/epochs.c as the manifest of a store:
 *
 *   format | epoch | previous | begun | ended | description | part count |
 *   (node key, copy, the epoch that wrote it, what it is, where its tables begin, keys)...
 *
 * Names of parts in the store are KEY/COPY@EPOCH. One copy of a node may have several: the newest
 * one, and while that only says what has changed, the ones before it, down to one that is complete.
 * Format 1 had neither chains nor outboxes; its names are KEY/COPY.
 */
#ifndef WEIR_RUNTIME_SNAPSHOT_H
#define WEIR_RUNTIME_SNAPSHOT_H

#include "state/store.h"

struct wr_snapshot_part {
  const char *node_key;
  uint32_t copy;
  const char *name;   /* in the store */
  uint64_t epoch;     /* the one that wrote it */
  bool outbox;        /* of a sink: to be published with this epoch */
  uint64_t tables_at; /* where its section of tables begins */
  uint64_t keys;      /* of the operator when it was saved; 0: it does not say, or has none */
  const struct wr_snapshot_part *older; /* whose tables are needed as well; NULL: none */
};

/* What a sink has written between two barriers and nobody has seen yet. Lent. */
struct wr_outbox {
  const char *node_key;
  uint32_t copy;
  struct wr_part_reader part;
};

struct wr_snapshot {
  struct wr_store *store;
  uint64_t epoch;
  uint64_t previous;       /* the epoch sealed before it by the same job; 0: none */
  int64_t began_us;        /* wall clock; 0: not known */
  bool ended;              /* all tasks had come to their end: there is nothing to go on with */
  const char *description; /* as given in wr_epochs_options */
  size_t description_length;
  const struct wr_snapshot_part *parts; /* the newest of every copy of a node, and outboxes */
  uint32_t part_count;
};

/* Memory comes from the arena; the snapshot may be used as long as the store keeps the epoch. */
enum wr_code wr_snapshot_read(struct wr_store *store, uint64_t epoch, struct wr_arena *arena,
                              struct wr_snapshot *out, struct wr_error *err);

/* Calls each(self, part) for the newest part of every copy of a node, in the order of copies;
 * returns its first failure. snapshot NULL: there are none. If the part's tables only say what has
 * changed, its reader has `older` set. Bytes are lent until each returns: the store is told to
 * release them from time to time; what is left is given back by the caller's own release. */
enum wr_code wr_snapshot_restore(const struct wr_snapshot *snapshot, const char *node_key,
                                 enum wr_code (*each)(void *self, struct wr_part_reader *part,
                                                      struct wr_error *err),
                                 void *self, struct wr_error *err);

/* What the sink of that node key wants to be published with this epoch, in the order of copies. If
 * an epoch before could not be written, a copy has several outboxes, the oldest first. The list
 * comes from the arena; its bytes are lent until the store is told to release them, which
 * wr_snapshot_restore may do. snapshot NULL: there are none. */
enum wr_code wr_snapshot_outboxes(const struct wr_snapshot *snapshot, const char *node_key,
                                  struct wr_arena *arena, struct wr_outbox **outboxes,
                                  uint32_t *count, struct wr_error *err);

#endif
