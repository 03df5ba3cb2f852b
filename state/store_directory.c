/* SPDX-License-Identifier: Apache-2.0 */
#include "state/store_directory.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"
#include "state/store_directory_inner.h"

#define DIRECTORY_MODE       0777 /* less the umask */
#define DIRECTORY_LOCK       "lock"
#define DIRECTORY_PARTS      "parts"
#define DIRECTORY_MANIFESTS  "manifests"
#define DIRECTORY_LOCK_BYTES 24 /* a process number and a line break */

/* ---- names */

void wr_directory_part_name(char name[WR_STORE_NAME_BYTES], uint64_t epoch, uint64_t number)
{
  snprintf(name, WR_STORE_NAME_BYTES, "%llu-%llu.part", (unsigned long long)epoch,
           (unsigned long long)number);
}

void wr_directory_manifest_name(char name[WR_STORE_NAME_BYTES], uint64_t epoch)
{
  snprintf(name, WR_STORE_NAME_BYTES, "%llu", (unsigned long long)epoch);
}

bool wr_directory_number(const char **text, uint64_t *number)
{
  const char *at = *text;
  *number = 0;
  if (*at == '0' && at[1] >= '0' && at[1] <= '9')
    return false;
  for (; *at >= '0' && *at <= '9'; at++)
    if (__builtin_mul_overflow(*number, 10, number) ||
        __builtin_add_overflow(*number, (uint64_t)(*at - '0'), number))
      return false;
  bool any = at > *text;
  *text = at;
  return any;
}

enum wr_code wr_directory_walk(const struct wr_store_folder *folder,
                               enum wr_code (*each)(void *self, uint64_t number, const char *rest,
                                                    struct wr_error *err),
                               void *self, struct wr_error *err)
{
  int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
  enum wr_code code = WR_OK;
  if (!entries) {
    code = wr_fail(err, WR_IO, "cannot list %s: %m", folder->path);
    if (fd >= 0)
      close(fd);
    return code;
  }
  while (code == WR_OK) {
    errno = 0;
    const struct dirent *entry = readdir(entries);
    if (!entry && errno)
      code = wr_fail(err, WR_IO, "cannot list %s: %m", folder->path);
    if (!entry)
      break;
    const char *rest = entry->d_name;
    uint64_t number;
    if (wr_directory_number(&rest, &number))
      code = each(self, number, rest, err);
  }
  closedir(entries);
  return code;
}

/* ---- epochs */

void wr_directory_epoch_free(struct wr_directory_epoch *epoch)
{
  wr_arena_free(&epoch->arena);
  free(epoch);
}

void wr_directory_add(struct wr_directory *self, struct wr_directory_epoch *epoch)
{
  self->epochs = wr_memory_resize(self->epochs, (self->epoch_count + 1) * sizeof *self->epochs);
  self->epochs[self->epoch_count++] = epoch;
}

static enum wr_code epoch_load(const struct wr_directory *self, struct wr_directory_epoch *epoch,
                               struct wr_error *err)
{
  char name[WR_STORE_NAME_BYTES];
  char *bytes = NULL;
  size_t length = 0;
  struct wr_error inner;
  wr_directory_manifest_name(name, epoch->epoch);
  enum wr_code code = wr_store_file_read(&self->manifests, name, WR_STORE_MANIFEST, NULL,
                                         WR_STATE_MANIFEST_BYTES_MAX, &bytes, &length, err);
  if (code != WR_OK)
    return code;
  code = wr_store_manifest_read(bytes, length, &epoch->arena, &epoch->manifest, &inner);
  if (code != WR_OK)
    wr_fail(err, code, "%s/%s is damaged: %s", self->manifests.path, name, inner.message);
  else if (epoch->manifest.epoch != epoch->epoch)
    code = wr_fail(err, WR_DATA, "%s/%s is damaged: it says that it is epoch %llu",
                   self->manifests.path, name, (unsigned long long)epoch->manifest.epoch);
  free(bytes);
  return code;
}

/* One name in the folder of manifests. */
static enum wr_code directory_see_epoch(void *argument, uint64_t number, const char *rest,
                                        struct wr_error *err)
{
  struct wr_directory *self = argument;
  struct wr_error damage;
  (void)err;
  if (*rest || number == 0 || number >= INT64_MAX) /* none is called so, nor can one follow it */
    return WR_OK;
  struct wr_directory_epoch *epoch = wr_memory_get_zero(sizeof *epoch);
  epoch->epoch = number;
  wr_error_clear(&damage);
  if (epoch_load(self, epoch, &damage) != WR_OK) {
    epoch->manifest = (struct wr_store_manifest){0};
    epoch->damage = damage;
  }
  wr_directory_add(self, epoch);
  return WR_OK;
}

static int epoch_compare(const void *a, const void *b)
{
  const struct wr_directory_epoch *left = *(struct wr_directory_epoch *const *)a,
                                  *right = *(struct wr_directory_epoch *const *)b;
  return left->epoch < right->epoch ? -1 : 1;
}

static enum wr_code directory_find(struct wr_directory *self, uint64_t epoch,
                                   const struct wr_directory_epoch **out, struct wr_error *err)
{
  for (uint32_t e = 0; e < self->epoch_count; e++) {
    *out = self->epochs[e];
    if ((*out)->epoch == epoch)
      return WR_OK;
  }
  return wr_fail(err, WR_IO, "epoch %llu is not in %s", (unsigned long long)epoch, self->path);
}

enum wr_code wr_directory_readable(struct wr_directory *self, uint64_t epoch,
                                   const struct wr_directory_epoch **out, struct wr_error *err)
{
  enum wr_code code = directory_find(self, epoch, out, err);
  if (code != WR_OK || (*out)->damage.code == WR_OK)
    return code;
  *err = (*out)->damage;
  return err->code;
}

/* ---- reading */

static bool directory_latest(struct wr_store *store, uint64_t *epoch)
{
  const struct wr_directory *self = wr_directory_self(store);
  if (self->epoch_count)
    *epoch = self->epochs[self->epoch_count - 1]->epoch;
  return self->epoch_count > 0;
}

static struct wr_store_epoch *directory_list(struct wr_store *store, struct wr_arena *arena,
                                             uint32_t *count)
{
  const struct wr_directory *self = wr_directory_self(store);
  struct wr_store_epoch *list = WR_NEW_ARRAY(arena, struct wr_store_epoch, self->epoch_count);
  *count = self->epoch_count;
  for (uint32_t e = 0; e < self->epoch_count; e++) {
    const struct wr_directory_epoch *from = self->epochs[self->epoch_count - 1 - e];
    const struct wr_store_manifest *manifest = &from->manifest;
    struct wr_store_epoch *to = &list[e];
    to->epoch = from->epoch;
    to->version = "";
    if (from->damage.code != WR_OK) {
      to->damage = wr_arena_print(arena, "%s", from->damage.message);
      continue;
    }
    to->sealed_us = manifest->sealed_us;
    to->hash_seed = manifest->hash_seed;
    to->version = wr_arena_print(arena, "%s", manifest->version);
    to->part_count = manifest->entry_count;
    for (uint32_t i = 0; i < manifest->entry_count; i++) {
      const struct wr_store_entry *entry = &manifest->entries[i];
      to->bytes += entry->length;
      to->own_bytes += manifest->files[entry->file].epoch == from->epoch ? entry->length : 0;
    }
  }
  return list;
}

static enum wr_code directory_parts(struct wr_store *store, uint64_t epoch, struct wr_arena *arena,
                                    struct wr_store_part **parts, uint32_t *count,
                                    struct wr_error *err)
{
  const struct wr_directory_epoch *from;
  enum wr_code code = wr_directory_readable(wr_directory_self(store), epoch, &from, err);
  if (code != WR_OK)
    return code;
  *count = from->manifest.entry_count;
  *parts = WR_NEW_ARRAY(arena, struct wr_store_part, *count);
  for (uint32_t i = 0; i < *count; i++) {
    const struct wr_store_entry *entry = &from->manifest.entries[i];
    (*parts)[i] = (struct wr_store_part){wr_arena_print(arena, "%s", entry->name), entry->length,
                                         from->manifest.files[entry->file].epoch};
  }
  return WR_OK;
}

static enum wr_code directory_read_file(const struct wr_directory *self,
                                        const struct wr_store_parts_file *file, char **bytes,
                                        size_t *length, struct wr_error *err)
{
  char name[WR_STORE_NAME_BYTES];
  wr_directory_part_name(name, file->epoch, file->number);
  return wr_store_file_read(&self->parts, name, WR_STORE_PART, &file->bytes, UINT64_MAX, bytes,
                            length, err);
}

static enum wr_code directory_check(struct wr_store *store, uint64_t epoch, struct wr_error *err)
{
  struct wr_directory *self = wr_directory_self(store);
  const struct wr_directory_epoch *from;
  enum wr_code code = wr_directory_readable(self, epoch, &from, err);
  for (uint32_t i = 0; code == WR_OK && i < from->manifest.file_count; i++)
    code = directory_read_file(self, &from->manifest.files[i], NULL, NULL, err);
  return code;
}

/* A whole file, read once. */
static enum wr_code directory_get_file(struct wr_directory *self,
                                       const struct wr_store_parts_file *file, const char **bytes,
                                       struct wr_error *err)
{
  struct wr_directory_lent lent = {.file_epoch = file->epoch, .file_number = file->number};
  size_t length;
  for (uint32_t i = 0; i < self->lent_count; i++) {
    const struct wr_directory_lent *old = &self->lent[i];
    if (old->file_epoch == lent.file_epoch && old->file_number == lent.file_number) {
      *bytes = old->bytes;
      return WR_OK;
    }
  }
  enum wr_code code = directory_read_file(self, file, &lent.bytes, &length, err);
  if (code != WR_OK)
    return code;
  self->lent = wr_memory_resize(self->lent, (self->lent_count + 1) * sizeof *self->lent);
  self->lent[self->lent_count++] = lent;
  *bytes = lent.bytes;
  return WR_OK;
}

static enum wr_code directory_get(struct wr_store *store, uint64_t epoch, const char *name,
                                  const void **bytes, size_t *length, struct wr_error *err)
{
  struct wr_directory *self = wr_directory_self(store);
  const struct wr_directory_epoch *from;
  enum wr_code code = wr_directory_readable(self, epoch, &from, err);
  if (code != WR_OK)
    return code;
  if (!name) {
    *bytes = from->manifest.runtime;
    *length = from->manifest.runtime_length;
    return WR_OK;
  }
  const struct wr_store_entry *entry = wr_store_manifest_find(&from->manifest, name);
  if (!entry)
    return wr_fail(err, WR_IO, "epoch %llu in %s has no part named %s", (unsigned long long)epoch,
                   self->path, name);
  const char *file;
  code = directory_get_file(self, &from->manifest.files[entry->file], &file, err);
  if (code != WR_OK)
    return code;
  *bytes = file + entry->offset;
  *length = (size_t)entry->length;
  return WR_OK;
}

void wr_directory_release(struct wr_store *store)
{
  struct wr_directory *self = wr_directory_self(store);
  for (uint32_t i = 0; i < self->lent_count; i++)
    free(self->lent[i].bytes);
  free(self->lent);
  self->lent = NULL;
  self->lent_count = 0;
}

/* ---- opening and closing */

static void directory_close(struct wr_store *store)
{
  struct wr_directory *self = wr_directory_self(store);
  wr_directory_abort(store, self->writing.epoch);
  wr_directory_release(store);
  for (uint32_t e = 0; e < self->epoch_count; e++)
    wr_directory_epoch_free(self->epochs[e]);
  free(self->epochs);
  const int fds[] = {self->root.fd, self->parts.fd, self->manifests.fd, self->lock_fd};
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0)
      close(fds[i]); /* of the lock: which frees it */
  free(self->parts_path);
  free(self->manifests_path);
  free(self->path);
  free(self);
}

static const struct wr_store_class directory_class = {.append = wr_directory_append,
                                                      .put = wr_directory_put,
                                                      .keep = wr_directory_keep,
                                                      .seal = wr_directory_seal,
                                                      .abort = wr_directory_abort,
                                                      .latest = directory_latest,
                                                      .list = directory_list,
                                                      .parts = directory_parts,
                                                      .check = directory_check,
                                                      .get = directory_get,
                                                      .set_published = wr_directory_set_published,
                                                      .published = wr_directory_published,
                                                      .release = wr_directory_release,
                                                      .close = directory_close};

static char *directory_path(const char *path, const char *name)
{
  size_t room = strlen(path) + strlen(name) + 2;
  char *joined = wr_memory_get(room);
  snprintf(joined, room, *name ? "%s/%s" : "%s%s", path, name);
  return joined;
}

static struct wr_directory *directory_new(const char *path, const struct wr_store_system *system)
{
  struct wr_directory *self = wr_memory_get_zero(sizeof *self);
  self->store.class = &directory_class;
  self->system = system;
  self->path = directory_path(path, "");
  self->parts_path = directory_path(path, DIRECTORY_PARTS);
  self->manifests_path = directory_path(path, DIRECTORY_MANIFESTS);
  self->root = (struct wr_store_folder){system, -1, self->path, NULL, NULL};
  self->parts =
      (struct wr_store_folder){system, -1, self->parts_path, wr_directory_make_room, self};
  self->manifests =
      (struct wr_store_folder){system, -1, self->manifests_path, wr_directory_make_room, self};
  self->lock_fd = -1;
  self->epochs_kept = WR_STORE_EPOCHS_KEPT;
  self->open_max = WR_DIRECTORY_OPEN_MAX;
  self->packed_max = WR_DIRECTORY_PACKED_MAX;
  self->pack_bytes = WR_DIRECTORY_PACK_BYTES;
  return self;
}

static enum wr_code directory_open_folder(const char *path, int *fd, struct wr_error *err)
{
  *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (*fd < 0)
    return wr_fail(err, WR_IO, "cannot open the folder %s: %m", path);
  return WR_OK;
}

/* ---- opening */

/* Both folders, and what is visible in them. */
static enum wr_code directory_load(struct wr_directory *self, struct wr_error *err)
{
  enum wr_code code = directory_open_folder(self->parts_path, &self->parts.fd, err);
  if (code == WR_OK)
    code = directory_open_folder(self->manifests_path, &self->manifests.fd, err);
  if (code == WR_OK)
    code = wr_directory_walk(&self->manifests, directory_see_epoch, self, err);
  if (code == WR_OK && self->epoch_count)
    qsort(self->epochs, self->epoch_count, sizeof *self->epochs, epoch_compare);
  for (uint32_t e = 0; code == WR_OK && e < self->epoch_count; e++)
    if (self->epochs[e]->damage.code == WR_OK)
      self->store.hash_seed = self->epochs[e]->manifest.hash_seed;
  return code;
}

/* Makes a folder, and brings its name to the disk. */
static enum wr_code directory_make_folder(const struct wr_directory *self, const char *path,
                                          const char *parent, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  if (mkdir(path, DIRECTORY_MODE) != 0)
    return errno == EEXIST ? WR_OK : wr_fail(err, WR_IO, "cannot make the folder %s: %m", path);
  int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || self->system->sync(self->system, fd) != 0)
    code = wr_fail(err, WR_IO, "cannot bring %s to the disk: %m", parent);
  if (fd >= 0)
    close(fd);
  return code;
}

static enum wr_code directory_make(struct wr_directory *self, struct wr_error *err)
{
  char *parent = directory_path(self->path, "..");
  enum wr_code code = directory_make_folder(self, self->path, parent, err);
  free(parent);
  return code;
}

/* The number in a lock file; 0: there is none. */
static int64_t directory_lock_holder(int fd)
{
  char text[DIRECTORY_LOCK_BYTES];
  uint64_t number = 0;
  ssize_t length = pread(fd, text, sizeof text - 1, 0);
  const char *at = text;
  text[length > 0 ? length : 0] = 0;
  return wr_directory_number(&at, &number) && number <= INT64_MAX ? (int64_t)number : 0;
}

/* A lock of the open file: it ends with the process, whatever becomes of it. */
static struct flock directory_whole_file(void)
{
  return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static enum wr_code directory_lock(struct wr_directory *self, struct wr_error *err)
{
  struct flock whole = directory_whole_file();
  char *path = directory_path(self->path, DIRECTORY_LOCK), text[DIRECTORY_LOCK_BYTES];
  enum wr_code code = WR_OK;
  self->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  int length = snprintf(text, sizeof text, "%lld\n", (long long)getpid());
  if (self->lock_fd < 0)
    code = wr_fail(err, WR_IO, "cannot open %s: %m", path);
  else if (fcntl(self->lock_fd, F_OFD_SETLK, &whole) != 0)
    code = errno == EAGAIN || errno == EACCES
               ? wr_fail(err, WR_IO, "the state directory %s is in use by process %lld", self->path,
                         (long long)directory_lock_holder(self->lock_fd))
               : wr_fail(err, WR_IO, "cannot lock %s: %m", path);
  else if (ftruncate(self->lock_fd, 0) != 0 ||
           pwrite(self->lock_fd, text, (size_t)length, 0) != length)
    code = wr_fail(err, WR_IO, "cannot write %s: %m", path);
  free(path);
  return code;
}

static enum wr_code directory_seed(struct wr_directory *self, uint64_t given, struct wr_error *err)
{
  bool is_known = false;
  for (uint32_t e = 0; e < self->epoch_count; e++)
    is_known = is_known || self->epochs[e]->damage.code == WR_OK;
  if (is_known)
    return WR_OK;
  self->store.hash_seed = given;
  while (self->store.hash_seed == 0)
    if (getrandom(&self->store.hash_seed, sizeof self->store.hash_seed, 0) < 0 && errno != EINTR)
      return wr_fail(err, WR_IO, "the system gives no random number: %m");
  return WR_OK;
}

enum wr_code wr_store_directory_open_over(const char *path,
                                          const struct wr_store_directory_options *options,
                                          const struct wr_store_system *system,
                                          struct wr_store **out, struct wr_error *err)
{
  struct wr_directory *self = directory_new(path, system);
  if (options->epochs_kept)
    self->epochs_kept = options->epochs_kept;
  self->note = options->note;
  self->note_self = options->note_self;
  enum wr_code code = directory_make(self, err);
  if (code == WR_OK)
    code = directory_lock(self, err);
  if (code == WR_OK)
    code = directory_open_folder(self->path, &self->root.fd, err);
  if (code == WR_OK)
    code = directory_make_folder(self, self->parts_path, self->path, err);
  if (code == WR_OK)
    code = directory_make_folder(self, self->manifests_path, self->path, err);
  if (code == WR_OK)
    code = directory_load(self, err);
  if (code == WR_OK)
    code = wr_directory_make_id(self, err);
  if (code == WR_OK)
    code = wr_directory_clean(self, err);
  if (code == WR_OK)
    code = directory_seed(self, options->hash_seed, err);
  if (code != WR_OK)
    directory_close(&self->store);
  else
    *out = &self->store;
  return code;
}

enum wr_code wr_store_directory_open(const char *path,
                                     const struct wr_store_directory_options *options,
                                     struct wr_store **out, struct wr_error *err)
{
  return wr_store_directory_open_over(path, options, wr_store_system_real(), out, err);
}

enum wr_code wr_store_directory_open_reading(const char *path, struct wr_store **out,
                                             struct wr_error *err)
{
  struct wr_directory *self = directory_new(path, wr_store_system_real());
  bool is_written;
  enum wr_code code = directory_open_folder(path, &self->root.fd, err);
  if (code == WR_OK && faccessat(self->root.fd, DIRECTORY_MANIFESTS, F_OK, 0) != 0 &&
      errno == ENOENT)
    code = wr_fail(err, WR_IO, "%s is no state directory: there is no folder %s in it", path,
                   DIRECTORY_MANIFESTS);
  if (code == WR_OK)
    code = directory_load(self, err);
  if (code == WR_OK)
    code = wr_directory_find_id(self, &is_written, err);
  if (code != WR_OK)
    directory_close(&self->store);
  else
    *out = &self->store;
  return code;
}

int64_t wr_store_directory_writer(const char *path)
{
  struct flock whole = directory_whole_file();
  char *lock = directory_path(path, DIRECTORY_LOCK);
  int fd = open(lock, O_RDONLY | O_CLOEXEC);
  free(lock);
  if (fd < 0)
    return 0;
  bool is_held = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
  int64_t holder = is_held ? directory_lock_holder(fd) : 0;
  close(fd);
  return holder;
}
