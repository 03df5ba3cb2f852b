/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far an exactly-once sink has come with its folder: a small hidden file in it, written before
 * the first file of an epoch appears and again behind the last one. Files that have appeared belong
 * to others, who may have taken them away since; the mark says all the same that they were there.
 * While it is open it is locked, which keeps out a second process with a copy of the job's state.
 *
 * Two slots are written in turn, each in place and with a checksum, so that whatever a crash makes
 * of one, the other is whole. Without a file system that has locks nobody is kept out.
 */
#ifndef WEIR_CONNECTORS_FILESYSTEM_MARK_H
#define WEIR_CONNECTORS_FILESYSTEM_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

enum wr_file_mark_state {
  WR_FILE_MARK_BEGUN,     /* files of the epoch may have appeared */
  WR_FILE_MARK_PUBLISHED, /* those that were done have */
  WR_FILE_MARK_COMPLETED, /* also those that were not: the job went on from this epoch */
};

struct wr_file_mark {
  const char *table, *path; /* for messages */
  int fd;                   /* -1: not open */
  bool is_known; /* what follows was read or written; false: the file was not there, or says nothing
                  */
  uint64_t sequence;
  uint64_t epoch;
  enum wr_file_mark_state state;
};

/* Opens the file, or makes it, and locks it; then reads it. Failing leaves it closed. table and
 * path are lent until then. */
enum wr_code wr_file_mark_open(struct wr_file_mark *mark, const char *table, const char *path,
                               struct wr_error *err);
/* Brings it to the disk. On failure either may count: this, or what was there before. */
enum wr_code wr_file_mark_write(struct wr_file_mark *mark, uint64_t epoch,
                                enum wr_file_mark_state state, struct wr_error *err);
void wr_file_mark_close(struct wr_file_mark *mark);

#endif
