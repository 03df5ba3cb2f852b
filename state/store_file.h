/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file of a directory of snapshots: a header, then bytes. Little-endian.
 *
 *   magic 8 | format 8 | length of the bytes 8 | their XXH3-64 8 | bytes
 *
 * All changes of the directory go through struct wr_store_system, so that tests can let each of
 * them fail, or be the last one.
 */
#ifndef WEIR_STATE_STORE_FILE_H
#define WEIR_STATE_STORE_FILE_H

#include <sys/types.h>

#include "core/error.h"

#define WR_STORE_FORMAT       1
#define WR_STORE_HEADER_BYTES 32
#define WR_STORE_NAME_BYTES   64 /* of a file within its folder, with the final NUL */

/* As the system calls: -1 and errno. Names are within an open folder. */
struct wr_store_system {
  int (*create)(const struct wr_store_system *self, int folder, const char *name); /* emptied */
  ssize_t (*write)(const struct wr_store_system *self, int fd, const void *bytes, size_t length);
  int (*sync)(const struct wr_store_system *self, int fd); /* of a file or a folder */
  int (*close)(const struct wr_store_system *self, int fd);
  int (*rename)(const struct wr_store_system *self, int folder, const char *from, const char *to);
  int (*remove)(const struct wr_store_system *self, int folder, const char *name);
};
const struct wr_store_system *wr_store_system_real(void);

/* An open folder. */
struct wr_store_folder {
  const struct wr_store_system *system;
  int fd;           /* -1: not open */
  const char *path; /* for messages */
};

enum wr_store_kind { WR_STORE_PART, WR_STORE_MANIFEST };

/* What the bytes of a file are. */
struct wr_store_bytes {
  uint64_t length, checksum;
};

/* Writes a new file; what has the name is replaced. *fd stays open, its bytes may not be on the
 * disk yet. After a failure there may be a part of the file, and no fd. */
enum wr_code wr_store_file_write(const struct wr_store_folder *folder, const char *name,
                                 enum wr_store_kind kind, const void *bytes, size_t length,
                                 struct wr_store_bytes *about, int *fd, struct wr_error *err);
/* Brings the file to the disk and closes it, also after a failure. */
enum wr_code wr_store_file_finish(const struct wr_store_folder *folder, const char *name, int fd,
                                  struct wr_error *err);
enum wr_code wr_store_folder_sync(const struct wr_store_folder *folder, struct wr_error *err);

/* Reads a file and checks it. expected (NULL: what the header says) is what its bytes have to be;
 * more than bytes_max are damage, too. bytes NULL: only checks; else given, to be freed. WR_DATA:
 * it is missing or damaged, told with its path; WR_IO: it cannot be read. */
enum wr_code wr_store_file_read(const struct wr_store_folder *folder, const char *name,
                                enum wr_store_kind kind, const struct wr_store_bytes *expected,
                                uint64_t bytes_max, char **bytes, size_t *length,
                                struct wr_error *err);

#endif
