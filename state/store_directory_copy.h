/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One epoch of a state directory, copied into a new one that a job can go on from. The copy is made
 * beside its place, as TO.copying, and gets its name last, so that TO is complete or not there,
 * whenever the process or the machine dies. What an earlier attempt has left is replaced.
 */
#ifndef WEIR_STATE_STORE_DIRECTORY_COPY_H
#define WEIR_STATE_STORE_DIRECTORY_COPY_H

#include "state/store_directory.h"

struct wr_store_system; /* state/store_file.h */

struct wr_store_copied {
  uint64_t bytes;      /* of all its files */
  uint32_t file_count; /* of parts */
};

/* store: opened by wr_store_directory_open or _open_reading. TO may be an empty folder, or not be
 * there; its parent must. Every byte is checked before and after it was copied: WR_DATA names the
 * file that is damaged or missing. The id of the directory is copied, too: it stays the same job.
 */
enum wr_code wr_store_directory_copy(struct wr_store *store, uint64_t epoch, const char *to,
                                     struct wr_store_copied *out, struct wr_error *err);

/* Fails as the copying would if TO cannot be its place: it is there and not empty. */
enum wr_code wr_store_directory_copy_check(const char *to, struct wr_error *err);

/* As wr_store_directory_copy, over another system; tests only. */
enum wr_code wr_store_directory_copy_over(struct wr_store *store, uint64_t epoch, const char *to,
                                          const struct wr_store_system *system,
                                          struct wr_store_copied *out, struct wr_error *err);

#endif
