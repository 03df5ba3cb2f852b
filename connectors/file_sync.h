/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing files to the disk without waiting for it: a thread of its own calls fsync for what it is
 * given, in order, and the owner asks how far it has come. The thread begins with the first thing
 * to do.
 */
#ifndef WEIR_CONNECTORS_FILE_SYNC_H
#define WEIR_CONNECTORS_FILE_SYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

struct wr_file_sync;

/* table: for messages, lent for as long. */
struct wr_file_sync *wr_file_sync_new(const char *table);
/* Waits for what was given. */
void wr_file_sync_free(struct wr_file_sync *sync);

/* What was written to a file so far; its descriptor is used by the thread and closed, whatever
 * happens: given, best a dup. Epochs do not fall. */
enum wr_code wr_file_sync_file(struct wr_file_sync *sync, int fd, uint64_t epoch,
                               struct wr_error *err);
/* The names in a folder, and its own name in `levels` folders above it. */
enum wr_code wr_file_sync_folder(struct wr_file_sync *sync, const char *path, uint32_t levels,
                                 uint64_t epoch, struct wr_error *err);

/* Whether all that was given with this epoch, or before, is on the disk; fails if some of it cannot
 * be brought there. */
enum wr_code wr_file_sync_settled(struct wr_file_sync *sync, uint64_t epoch, bool *settled,
                                  struct wr_error *err);
/* Waits until at most so many of the things that were given are not on the disk. */
enum wr_code wr_file_sync_make_room(struct wr_file_sync *sync, uint32_t most, struct wr_error *err);
/* Waits for all. */
enum wr_code wr_file_sync_wait(struct wr_file_sync *sync, struct wr_error *err);

#endif
