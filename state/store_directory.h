/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots in a directory; they survive the process and the machine.
 *
 *   DIR/lock                  locked by the process that writes; contains its number
 *   DIR/id                    16 hexadecimal digits, drawn at the first opening for writing;
 *                             manifests say them, too, in case the file is lost
 *   DIR/parts/EPOCH-N.part    never changed; header (state/store_file.h), then the bytes of one
 *                             large part, or of some small ones
 *   DIR/manifests/EPOCH       header, then which parts make the epoch (state/store_manifest.h)
 *
 * Order of an epoch: parts are written, their bytes and then their folder brought to the disk; the
 * manifest is written as EPOCH.tmp, brought to the disk, renamed; its folder is brought to the
 * disk. So an epoch is visible iff its manifest has its name, and then everything it names is on
 * the disk. After that the manifests beyond the last few go, and then the parts that none names.
 * What a killed process has left half-written is removed when the next one opens the directory for
 * writing. If the disk is full, epochs but the newest are given up before their time.
 */
#ifndef WEIR_STATE_STORE_DIRECTORY_H
#define WEIR_STATE_STORE_DIRECTORY_H

#include "state/store.h"

#define WR_STORE_EPOCHS_KEPT 3 /* if nobody says how many */

struct wr_store_directory_options {
  uint32_t epochs_kept; /* at least 1; 0: WR_STORE_EPOCHS_KEPT */
  uint64_t hash_seed;   /* of a directory without epochs; 0: a random one */
  void (*note)(void *self, const char *message); /* old files that cannot be removed; may be NULL */
  void *note_self;
};

/* For writing and reading: makes the directory if need be (not those above it: whoever takes
 * the path from a user makes them, cli/folders.h), locks it, removes what is left over. hash_seed
 * of the store is that of the newest readable epoch. Fails with one sentence if another process has
 * it. Damaged epochs are no failure here: see list and check. */
enum wr_code wr_store_directory_open(const char *path,
                                     const struct wr_store_directory_options *options,
                                     struct wr_store **out, struct wr_error *err);

/* For looking: neither locks nor changes anything; put, keep and seal must not be called. While
 * another process writes there, epochs that were visible at opening may be gone later (WR_IO). */
enum wr_code wr_store_directory_open_reading(const char *path, struct wr_store **out,
                                             struct wr_error *err);

/* The number of the process that has locked the directory; 0: none. */
int64_t wr_store_directory_writer(const char *path);

#endif
