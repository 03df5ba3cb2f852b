/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that a writer has completed and nobody sees yet: they wait for the outbox of the next
 * epoch, and stay in the list until they are published, because an epoch may fail to be kept. That
 * is seen by their hidden names: when an outbox is asked for, all earlier epochs have been
 * published or have failed.
 */
#ifndef WEIR_CONNECTORS_FILESYSTEM_READY_H
#define WEIR_CONNECTORS_FILESYSTEM_READY_H

#include "connectors/filesystem_outbox.h"

struct ready_file;

struct wr_file_ready {
  const char *table, *folder, *extension; /* lent by the owner, as long as there is anything */
  struct wr_file_names names;
  uint32_t task;
  /* the rest is its own */
  struct ready_file **files;
  uint32_t count, capacity;
  uint64_t bytes; /* of memory */
};

/* A file that is complete, or will be in time; hidden: its name without folders. Fails when there
 * are WR_FILES_READY_MAX. */
enum wr_code wr_file_ready_add(struct wr_file_ready *ready, const char *partition,
                               uint32_t partition_length, const char *hidden, uint64_t length,
                               struct wr_error *err);
/* Forgets those that have been published, or are gone. */
void wr_file_ready_forget(struct wr_file_ready *ready);
/* Appends an entry for each to an outbox. They get visible names, if they have none, that are those
 * of no file that is there; *number counts them, from 0 for each epoch. */
void wr_file_ready_put(struct wr_file_ready *ready, uint64_t epoch, uint64_t *number,
                       struct wr_buffer *bytes);
/* Appends an entry for a file that is not complete. */
void wr_file_ready_put_open(const struct wr_file_ready *ready, uint64_t epoch, uint64_t *number,
                            const char *partition, uint32_t partition_length, const char *hidden,
                            uint64_t length, struct wr_buffer *bytes);
void wr_file_ready_free(struct wr_file_ready *ready);

#endif
