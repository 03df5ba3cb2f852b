/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where snapshots are kept. An epoch is a set of named parts and a manifest; seal is the only step
 * that makes an epoch visible. Calls come from one thread.
 */
#ifndef WEIR_STATE_STORE_H
#define WEIR_STATE_STORE_H

#include <stdbool.h>

#include "core/arena.h"
#include "state/part.h"

struct wr_store {
  const struct wr_store_class *class;
};

struct wr_store_class {
  enum wr_code (*put)(struct wr_store *store, uint64_t epoch, const char *name, const void *bytes,
                      size_t length, struct wr_error *err);
  enum wr_code (*seal)(struct wr_store *store, uint64_t epoch, const void *manifest, size_t length,
                       struct wr_error *err);
  /* The newest sealed epoch; false: there is none. */
  bool (*latest)(struct wr_store *store, uint64_t *epoch);
  /* Bytes lent as long as the store keeps the epoch. name NULL: the manifest. */
  enum wr_code (*get)(struct wr_store *store, uint64_t epoch, const char *name, const void **bytes,
                      size_t *length, struct wr_error *err);
  void (*close)(struct wr_store *store);
};

/* Keeps the newest sealed epoch in memory: for tests, and for restarts within one process. */
struct wr_store *wr_store_memory_new(void);

#endif
