/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file of a directory of snapshots: a header, then bytes. Little-endian.
 *
 *   magic 8 | format 8 | length of the bytes 8 | their XXH3-64 8 | bytes
 *
 * A file may be written piece by piece (struct wr_store_stream); then its header comes last, and
 * until then there are zeros in its place.
 *
 * All changes of the directory go through struct wr_store_system, so that tests can let each of
 * them fail, or be the last one.
 */
#ifndef WEIR_STATE_STORE_FILE_H
#define WEIR_STATE_STORE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/error.h"

#define WR_STORE_FORMAT       1
#define WR_STORE_HEADER_BYTES 32
#define WR_STORE_NAME_BYTES   64 /* of a file within its folder, with the final NUL */

/* As the system calls: -1 and errno. Names are within an open folder. */
struct wr_store_system {
  int (*create)(const struct wr_store_system *self, int folder, const char *name); /* emptied */
  int (*reopen)(const struct wr_store_system *self, int folder, const char *name); /* at its end */
  ssize_t (*write)(const struct wr_store_system *self, int fd, const void *bytes, size_t length);
  ssize_t (*write_at)(const struct wr_store_system *self, int fd, const void *bytes, size_t length,
                      off_t at);
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
  /* The disk is full: true if there is room now, so that it is worth trying again. May be NULL. */
  bool (*make_room)(void *self);
  void *make_room_self;
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
/* The same without a header. */
enum wr_code wr_store_file_write_plain(const struct wr_store_folder *folder, const char *name,
                                       const void *bytes, size_t length, int *fd,
                                       struct wr_error *err);
/* Brings the file to the disk and closes it, also after a failure. */
enum wr_code wr_store_file_finish(const struct wr_store_folder *folder, const char *name, int fd,
                                  struct wr_error *err);

/* A file that comes in pieces. */
struct wr_store_stream {
  int fd;          /* -1: not open now */
  uint64_t length; /* so far */
  void *checksum;  /* its state so far; NULL: it has not been begun */
};
/* Begins a new file; what has the name is replaced. After a failure here or below, nothing but
 * wr_store_stream_drop may follow. */
enum wr_code wr_store_stream_begin(const struct wr_store_folder *folder, const char *name,
                                   struct wr_store_stream *stream, struct wr_error *err);
/* The next bytes; opens the file again if need be. */
enum wr_code wr_store_stream_write(const struct wr_store_folder *folder, const char *name,
                                   struct wr_store_stream *stream, const void *bytes, size_t length,
                                   struct wr_error *err);
/* Closes the file for a while: there are many. */
void wr_store_stream_park(const struct wr_store_folder *folder, struct wr_store_stream *stream);
/* Writes the header. *fd stays open as after wr_store_file_write; the stream is done with. */
enum wr_code wr_store_stream_end(const struct wr_store_folder *folder, const char *name,
                                 enum wr_store_kind kind, struct wr_store_stream *stream,
                                 struct wr_store_bytes *about, int *fd, struct wr_error *err);
/* Closes the file, which is left as it is. */
void wr_store_stream_drop(const struct wr_store_folder *folder, struct wr_store_stream *stream);

enum wr_code wr_store_folder_sync(const struct wr_store_folder *folder, struct wr_error *err);

/* Reads a file and checks it. expected (NULL: what the header says) is what its bytes have to be;
 * more than bytes_max are damage, too. bytes NULL: only checks; else given, to be freed. WR_DATA:
 * it is missing or damaged, told with its path; WR_IO: it cannot be read. */
enum wr_code wr_store_file_read(const struct wr_store_folder *folder, const char *name,
                                enum wr_store_kind kind, const struct wr_store_bytes *expected,
                                uint64_t bytes_max, char **bytes, size_t *length,
                                struct wr_error *err);

#endif
