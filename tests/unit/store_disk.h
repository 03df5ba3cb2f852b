/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that tests can let fail: the changes of a directory of snapshots go through it to real
 * files under a folder of their own. Each change is a step; one of them can fail, or be the last
 * one before the power goes. What was not brought to the disk by then is lost as far as the test
 * says: bytes of files, and names in either folder.
 */
#ifndef WEIR_TESTS_UNIT_STORE_DISK_H
#define WEIR_TESTS_UNIT_STORE_DISK_H

#include "state/store_file.h"

enum store_disk_loss {
  STORE_DISK_BYTES = 1,     /* of files that were not synced */
  STORE_DISK_PARTS = 2,     /* names in the folder of parts that was changed since its sync */
  STORE_DISK_MANIFESTS = 4, /* in that of manifests */
  STORE_DISK_LAST = 8,      /* only the last name in each of these folders */
  STORE_DISK_LOSSES = 16,   /* how many sets of these there are */
  STORE_DISK_ROOT = 32      /* names in the state directory itself, where only the id is made */
};

#define STORE_DISK_JOURNAL 512

/* A change that is not on the disk yet. */
struct store_disk_change {
  enum { STORE_DISK_CREATE, STORE_DISK_RENAME, STORE_DISK_REMOVE, STORE_DISK_WRITE } kind;
  int folder, fd;
  char name[96], to[96]; /* to: the new name, or where a removed file lies */
};

struct store_disk {
  struct wr_store_system system; /* first: the functions get it */
  char root[64];                 /* made, and removed with all that is in it */
  char state[96];                /* the state directory: root/state, not made yet */
  size_t packed_max;             /* parts up to so many bytes share files; 0: none does */
  uint32_t open_max;             /* files open at a time; 0: as many as ever */
  uint64_t capacity;             /* bytes that all files may have; 0: endless */
  int grave;                     /* folder for what was removed */
  uint64_t step, fail_at, fail_count, crash_at; /* counted from 1; 0: never */
  int fail_errno;
  bool is_armed; /* steps are counted, and fail as told */
  bool is_dead;
  struct store_disk_change journal[STORE_DISK_JOURNAL];
  uint32_t change_count, grave_count;
};

void store_disk_open(struct store_disk *disk);
void store_disk_close(struct store_disk *disk);
/* The power goes now, if it has not; what was lost is a set of enum store_disk_loss. The store must
 * have been closed. */
void store_disk_lose(struct store_disk *disk, unsigned loss);
/* How many files a folder of the state directory has. */
uint32_t store_disk_count(const struct store_disk *disk, const char *folder);

#endif
