/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/check.h"

static struct store_disk *disk_self(const struct wr_store_system *system)
{
  return (struct store_disk *)(uintptr_t)system;
}

/* Begins a step; false: it fails with errno. */
static bool disk_step(struct store_disk *disk)
{
  if (!disk->is_armed)
    return true;
  disk->step++;
  if (disk->crash_at && disk->step >= disk->crash_at)
    disk->is_dead = true;
  bool fails =
      disk->fail_at && disk->step >= disk->fail_at && disk->step < disk->fail_at + disk->fail_count;
  errno = disk->is_dead ? EIO : disk->fail_errno;
  return !disk->is_dead && !fails;
}

static struct store_disk_change *disk_note(struct store_disk *disk, int kind, int folder,
                                           const char *name)
{
  CU_ASSERT_FATAL(disk->change_count < STORE_DISK_JOURNAL);
  struct store_disk_change *change = &disk->journal[disk->change_count++];
  memset(change, 0, sizeof *change);
  change->kind = kind;
  change->folder = folder;
  snprintf(change->name, sizeof change->name, "%s", name);
  return change;
}

static int disk_create(const struct wr_store_system *system, int folder, const char *name)
{
  struct store_disk *disk = disk_self(system);
  if (!disk_step(disk))
    return -1;
  bool is_new = faccessat(folder, name, F_OK, 0) != 0;
  int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd >= 0 && is_new)
    disk_note(disk, STORE_DISK_CREATE, folder, name);
  if (fd >= 0)
    disk_note(disk, STORE_DISK_WRITE, folder, name)->fd = fd;
  return fd;
}

/* What was written before the file was closed is brought to the disk with what comes now. */
static int disk_reopen(const struct wr_store_system *system, int folder, const char *name)
{
  struct store_disk *disk = disk_self(system);
  if (!disk_step(disk))
    return -1;
  int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
  if (fd >= 0)
    lseek(fd, 0, SEEK_END);
  for (uint32_t i = 0; fd >= 0 && i < disk->change_count; i++) {
    struct store_disk_change *change = &disk->journal[i];
    if (change->kind == STORE_DISK_WRITE && change->folder == folder &&
        strcmp(change->name, name) == 0)
      change->fd = fd;
  }
  return fd;
}

/* A full disk leaves something behind where a write fails. */
static void disk_write_half(struct store_disk *disk, int fd, const void *bytes, size_t length,
                            off_t at)
{
  if (!disk->is_armed || disk->fail_at != disk->step + 1 || length <= 1 || disk->is_dead)
    return;
  ssize_t ignored = pwrite(fd, bytes, length / 2, at);
  (void)ignored;
}

/* A folder of the state directory. */
static int disk_folder(const struct store_disk *disk, const char *name)
{
  char path[128];
  snprintf(path, sizeof path, "%s/%s", disk->state, name);
  return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static uint64_t disk_used(const struct store_disk *disk)
{
  static const char *const folders[] = {"parts", "manifests"};
  uint64_t used = 0;
  for (size_t f = 0; f < WR_COUNT(folders); f++) {
    int folder = disk_folder(disk, folders[f]);
    DIR *entries = folder >= 0 ? fdopendir(folder) : NULL;
    struct stat status;
    for (const struct dirent *entry; entries && (entry = readdir(entries));)
      if (fstatat(folder, entry->d_name, &status, 0) == 0 && S_ISREG(status.st_mode))
        used += (uint64_t)status.st_size;
    if (entries)
      closedir(entries);
  }
  return used;
}

/* False: there is no room for so many bytes more, with errno. */
static bool disk_has_room(const struct store_disk *disk, size_t more)
{
  errno = ENOSPC;
  return disk->capacity == 0 || disk_used(disk) + more <= disk->capacity;
}

static ssize_t disk_write(const struct wr_store_system *system, int fd, const void *bytes,
                          size_t length)
{
  struct store_disk *disk = disk_self(system);
  disk_write_half(disk, fd, bytes, length, lseek(fd, 0, SEEK_CUR));
  return disk_has_room(disk, length) && disk_step(disk) ? write(fd, bytes, length) : -1;
}

static ssize_t disk_write_at(const struct wr_store_system *system, int fd, const void *bytes,
                             size_t length, off_t at)
{
  struct store_disk *disk = disk_self(system);
  disk_write_half(disk, fd, bytes, length, at);
  return disk_step(disk) ? pwrite(fd, bytes, length, at) : -1;
}

static void disk_forget(struct store_disk *disk, bool is_file, int fd)
{
  uint32_t kept = 0;
  for (uint32_t i = 0; i < disk->change_count; i++) {
    const struct store_disk_change *change = &disk->journal[i];
    bool is_write = change->kind == STORE_DISK_WRITE;
    if (is_file ? is_write && change->fd == fd : !is_write && change->folder == fd)
      continue;
    disk->journal[kept++] = *change;
  }
  disk->change_count = kept;
}

static int disk_sync(const struct wr_store_system *system, int fd)
{
  struct store_disk *disk = disk_self(system);
  struct stat status;
  if (!disk_step(disk))
    return -1;
  disk_forget(disk, fstat(fd, &status) == 0 && S_ISREG(status.st_mode), fd);
  return 0;
}

static int disk_close(const struct wr_store_system *system, int fd)
{
  struct store_disk *disk = disk_self(system);
  for (uint32_t i = 0; i < disk->change_count; i++)
    if (disk->journal[i].kind == STORE_DISK_WRITE && disk->journal[i].fd == fd)
      disk->journal[i].fd = -1; /* the number will be another file's */
  return close(fd);
}

static int disk_rename(const struct wr_store_system *system, int folder, const char *from,
                       const char *to)
{
  struct store_disk *disk = disk_self(system);
  if (!disk_step(disk) || renameat(folder, from, folder, to) != 0)
    return -1;
  struct store_disk_change *change = disk_note(disk, STORE_DISK_RENAME, folder, from);
  snprintf(change->to, sizeof change->to, "%s", to);
  return 0;
}

static int disk_remove(const struct wr_store_system *system, int folder, const char *name)
{
  struct store_disk *disk = disk_self(system);
  char grave[32];
  if (!disk_step(disk))
    return -1;
  snprintf(grave, sizeof grave, "%u", disk->grave_count++);
  if (renameat(folder, name, disk->grave, grave) != 0)
    return -1;
  struct store_disk_change *change = disk_note(disk, STORE_DISK_REMOVE, folder, name);
  snprintf(change->to, sizeof change->to, "%s", grave);
  return 0;
}

void store_disk_open(struct store_disk *disk)
{
  memset(disk, 0, sizeof *disk);
  disk->system = (struct wr_store_system){.create = disk_create,
                                          .reopen = disk_reopen,
                                          .write = disk_write,
                                          .write_at = disk_write_at,
                                          .sync = disk_sync,
                                          .close = disk_close,
                                          .rename = disk_rename,
                                          .remove = disk_remove};
  disk->fail_errno = ENOSPC;
  disk->fail_count = 1;
  const char *fast = "/dev/shm"; /* in memory, if there is one */
  snprintf(disk->root, sizeof disk->root, "%s/weir-unit-XXXXXX",
           access(fast, R_OK | W_OK | X_OK) == 0 ? fast : "/tmp");
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(disk->root));
  char grave[96];
  snprintf(disk->state, sizeof disk->state, "%s/state", disk->root);
  snprintf(grave, sizeof grave, "%s/grave", disk->root);
  CU_ASSERT_EQUAL_FATAL(mkdir(grave, 0777), 0);
  disk->grave = open(grave, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CU_ASSERT_FATAL(disk->grave >= 0);
}

static int disk_remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
  (void)status, (void)kind, (void)walk;
  return remove(path);
}

void store_disk_close(struct store_disk *disk)
{
  close(disk->grave);
  CU_ASSERT_EQUAL(nftw(disk->root, disk_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The folders of the state directory; the descriptors of the journal are those of a store that is
 * closed by now. */
enum { DISK_ROOT, DISK_PARTS, DISK_MANIFESTS, DISK_FOLDERS };

/* By the name of what was changed. */
static int disk_folder_of(const struct store_disk_change *change)
{
  if (strncmp(change->name, "id", 2) == 0)
    return DISK_ROOT;
  return strstr(change->name, ".part") ? DISK_PARTS : DISK_MANIFESTS;
}

static void disk_undo(const struct store_disk *disk, const struct store_disk_change *change,
                      int folder)
{
  int done = 0;
  switch (change->kind) {
  case STORE_DISK_CREATE: done = unlinkat(folder, change->name, 0); break;
  case STORE_DISK_RENAME: done = renameat(folder, change->to, folder, change->name); break;
  case STORE_DISK_REMOVE: done = renameat(disk->grave, change->to, folder, change->name); break;
  case STORE_DISK_WRITE: break;
  }
  CU_ASSERT_EQUAL(done, 0);
}

/* Where a file that was written under a name lies now: later changes of names are followed. */
static void disk_lose_bytes(const struct store_disk *disk, uint32_t at, int folder)
{
  char name[96];
  snprintf(name, sizeof name, "%s", disk->journal[at].name);
  for (uint32_t i = at + 1; i < disk->change_count; i++) {
    const struct store_disk_change *change = &disk->journal[i];
    if (change->kind == STORE_DISK_WRITE || strcmp(change->name, name) != 0)
      continue;
    if (change->kind == STORE_DISK_REMOVE)
      return;
    if (change->kind == STORE_DISK_RENAME)
      snprintf(name, sizeof name, "%s", change->to);
  }
  int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
  if (fd >= 0) {
    CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
    close(fd);
  }
}

void store_disk_lose(struct store_disk *disk, unsigned loss)
{
  static const unsigned names[] = {STORE_DISK_ROOT, STORE_DISK_PARTS, STORE_DISK_MANIFESTS};
  const int folders[] = {disk_folder(disk, ""), disk_folder(disk, "parts"),
                         disk_folder(disk, "manifests")};
  for (uint32_t i = 0; loss & STORE_DISK_BYTES && i < disk->change_count; i++)
    if (disk->journal[i].kind == STORE_DISK_WRITE)
      disk_lose_bytes(disk, i, folders[disk_folder_of(&disk->journal[i])]);
  for (uint32_t i = disk->change_count; i-- > 0;) {
    int folder = disk_folder_of(&disk->journal[i]);
    if (!(loss & names[folder]) || disk->journal[i].kind == STORE_DISK_WRITE)
      continue;
    disk_undo(disk, &disk->journal[i], folders[folder]);
    if (loss & STORE_DISK_LAST)
      loss &= ~names[folder];
  }
  disk->change_count = 0;
  disk->is_armed = disk->is_dead = false;
  disk->crash_at = disk->fail_at = 0;
  for (int i = 0; i < DISK_FOLDERS; i++)
    if (folders[i] >= 0)
      close(folders[i]);
}

uint32_t store_disk_count(const struct store_disk *disk, const char *folder)
{
  char path[128];
  uint32_t count = 0;
  snprintf(path, sizeof path, "%s/%s", disk->state, folder);
  DIR *entries = opendir(path);
  CU_ASSERT_PTR_NOT_NULL_FATAL(entries);
  for (const struct dirent *entry; (entry = readdir(entries));)
    count += entry->d_name[0] != '.';
  closedir(entries);
  return count;
}
