/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the directory store share: store_directory.c opens and reads,
 * store_directory_id.c knows the id, store_directory_write.c puts and seals,
 * store_directory_clean.c takes away what is old. */
#ifndef WEIR_STATE_STORE_DIRECTORY_INNER_H
#define WEIR_STATE_STORE_DIRECTORY_INNER_H

#include "state/store_directory.h"
#include "state/store_manifest.h"

#define WR_DIRECTORY_OPEN_MAX   64          /* files that are written or not on the disk yet */
#define WR_DIRECTORY_PACKED_MAX (256 << 10) /* bytes of a part that shares a file with others */
#define WR_DIRECTORY_PACK_BYTES (4 << 20)   /* of such a file */
#define WR_DIRECTORY_TEMPORARY  ".tmp"      /* behind the name of a file until it is complete */

/* A visible epoch. Owned by one pointer; its texts are in its arena. */
struct wr_directory_epoch {
  uint64_t epoch;
  struct wr_arena arena;
  struct wr_store_manifest manifest;
  struct wr_error damage; /* code WR_OK: the manifest can be read */
};

/* A part that comes in pieces: in memory while it is small, then in a file of its own. */
struct wr_directory_part {
  const char *name;
  char *bytes; /* while it has no file */
  size_t length, room;
  bool has_file;
  uint64_t number; /* of the file */
  struct wr_store_stream stream;
  uint64_t used; /* by this the one is found that has been quiet for the longest time */
};

/* The epoch that is being written. */
struct wr_directory_writing {
  uint64_t epoch; /* 0: none */
  struct wr_arena arena;
  struct wr_store_entry *entries; /* in no order */
  uint32_t entry_count, entry_room;
  struct wr_store_parts_file *files; /* its own, and those it takes over */
  uint32_t file_count, file_room;
  struct wr_directory_part *parts; /* those of which more is to come */
  uint32_t part_count, part_room;
  uint64_t clock;       /* counts what is appended */
  uint64_t next_number; /* files parts/EPOCH-0 up to the one before it may exist */
  bool is_shown;        /* its manifest may have its name */
  bool has_pack;        /* small parts wait to be written together: */
  char *pack;
  size_t pack_length;
  uint32_t pack_file; /* as which of the files */
  struct {
    int fd;
    uint64_t number;
  } open[WR_DIRECTORY_OPEN_MAX];
  uint32_t open_count;
};

/* Bytes that get has lent: of one file. */
struct wr_directory_lent {
  uint64_t file_epoch, file_number;
  char *bytes;
};

struct wr_directory {
  struct wr_store store;
  const struct wr_store_system *system;
  char *path, *parts_path, *manifests_path;
  struct wr_store_folder root, parts, manifests;
  int lock_fd; /* -1: only for looking */
  uint32_t epochs_kept;
  uint32_t open_max;
  size_t packed_max, pack_bytes; /* as above; tests take less */
  void (*note)(void *self, const char *message);
  void *note_self;
  bool is_noted;                      /* that something old cannot be removed */
  struct wr_directory_epoch **epochs; /* ascending */
  uint32_t epoch_count;
  struct wr_directory_writing writing;
  uint64_t unknown_epoch; /* parts up to this one stay: a failed seal may have shown it */
  struct wr_directory_lent *lent;
  uint32_t lent_count;
};

static inline struct wr_directory *wr_directory_self(struct wr_store *store)
{
  return (struct wr_directory *)store;
}

/* parts/EPOCH-N.part, without the folder. */
void wr_directory_part_name(char name[WR_STORE_NAME_BYTES], uint64_t epoch, uint64_t number);
/* manifests/EPOCH. */
void wr_directory_manifest_name(char name[WR_STORE_NAME_BYTES], uint64_t epoch);

/* The epoch if it is visible and its manifest can be read; else WR_IO, or its damage. */
enum wr_code wr_directory_readable(struct wr_directory *self, uint64_t epoch,
                                   const struct wr_directory_epoch **out, struct wr_error *err);
/* Adds the newest epoch; given. */
void wr_directory_add(struct wr_directory *self, struct wr_directory_epoch *epoch);
void wr_directory_epoch_free(struct wr_directory_epoch *epoch);

/* store_directory_id.c: reads the id. If its file is lost or damaged: that of the newest epoch
 * which says it; "" if none does. */
enum wr_code wr_directory_find_id(struct wr_directory *self, bool *is_written,
                                  struct wr_error *err);
/* For writing: in a new directory, or one of an earlier version, it is drawn; on the disk before
 * anything is done with it. */
enum wr_code wr_directory_make_id(struct wr_directory *self, struct wr_error *err);

void wr_directory_set_published(struct wr_store *store, uint64_t epoch);
uint64_t wr_directory_published(struct wr_store *store);

/* Opening for writing: removes half-written manifests and parts that no epoch needs. */
enum wr_code wr_directory_clean(struct wr_directory *self, struct wr_error *err);
/* Forgets old epochs, all before the last few readable ones; true: some are gone, and so is what
 * they alone needed. A failure does no harm: they stay, and the next seal tries again. */
bool wr_directory_retire(struct wr_directory *self, uint32_t epochs_kept);
/* The disk is full: gives up all epochs but the newest readable one; true: something has become
 * free. */
bool wr_directory_make_room(void *self);
/* True if the name is gone. */
bool wr_directory_remove(struct wr_directory *self, const struct wr_store_folder *folder,
                         const char *name);

/* Calls each(self, number, rest) for every entry of a folder whose name begins with a number, in no
 * order. */
enum wr_code wr_directory_walk(const struct wr_store_folder *folder,
                               enum wr_code (*each)(void *self, uint64_t number, const char *rest,
                                                    struct wr_error *err),
                               void *self, struct wr_error *err);
/* A number without signs, blanks and leading zeros at the front of *text, which moves behind it. */
bool wr_directory_number(const char **text, uint64_t *number);

enum wr_code wr_directory_append(struct wr_store *store, uint64_t epoch, const char *name,
                                 const void *bytes, size_t length, struct wr_error *err);
enum wr_code wr_directory_put(struct wr_store *store, uint64_t epoch, const char *name,
                              const void *bytes, size_t length, struct wr_error *err);
enum wr_code wr_directory_keep(struct wr_store *store, uint64_t epoch, const char *name,
                               uint64_t from_epoch, struct wr_error *err);
enum wr_code wr_directory_seal(struct wr_store *store, uint64_t epoch, const void *manifest,
                               size_t length, struct wr_error *err);
void wr_directory_abort(struct wr_store *store, uint64_t epoch);
void wr_directory_release(struct wr_store *store);

/* As wr_store_directory_open, over another system; tests only. */
enum wr_code wr_store_directory_open_over(const char *path,
                                          const struct wr_store_directory_options *options,
                                          const struct wr_store_system *system,
                                          struct wr_store **out, struct wr_error *err);

#endif
