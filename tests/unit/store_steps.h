/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of stores: their calls with texts, none of which must fail, and files of a directory.
 */
#ifndef WEIR_TESTS_UNIT_STORE_STEPS_H
#define WEIR_TESTS_UNIT_STORE_STEPS_H

#include "state/store.h"
#include "tests/unit/store_disk.h"

/* The directory of a disk, for writing. */
struct wr_store *store_open(struct store_disk *disk, uint32_t epochs_kept);
/* As if parts of more than so many bytes were large ones, which have files of their own. */
void store_set_packing(struct wr_store *store, size_t packed_max, size_t pack_bytes);

void store_put(struct wr_store *store, uint64_t epoch, const char *name, const char *text);
void store_append(struct wr_store *store, uint64_t epoch, const char *name, const char *text);
void store_keep(struct wr_store *store, uint64_t epoch, const char *name, uint64_t from_epoch);
void store_seal(struct wr_store *store, uint64_t epoch, const char *manifest);
/* name NULL: the manifest. */
void store_check_get(struct wr_store *store, uint64_t epoch, const char *name, const char *text);
/* 0: there is none. */
uint64_t store_latest(struct wr_store *store);

void store_write_file(const struct store_disk *disk, const char *name, const void *bytes,
                      size_t length);
bool store_has_file(const struct store_disk *disk, const char *name);

#endif
