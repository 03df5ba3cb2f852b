/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of epochs: they contain what the epoch needs and no more, and are complete or not there,
 * whatever fails on the way. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/store_directory_copy.h"
#include "state/store_directory_inner.h"
#include "tests/unit/check.h"
#include "tests/unit/store_disk.h"

/* A directory with epochs 1 to 3: "old" is of the first, and kept; "large" has a file of its own.
 */
struct original {
  struct store_disk disk;
  struct wr_store *store;
  char to[96];
};

static void put(struct wr_store *store, uint64_t epoch, const char *name, const void *bytes,
                size_t length)
{
  struct wr_error err;
  CU_ASSERT_EQUAL(store->class->put(store, epoch, name, bytes, length, &err), WR_OK);
}

static void original_open(struct original *original)
{
  struct wr_store_directory_options options = {.epochs_kept = 3, .hash_seed = 5};
  struct wr_error err;
  char large[WR_DIRECTORY_PACKED_MAX + 1];
  store_disk_open(&original->disk);
  snprintf(original->to, sizeof original->to, "%s/copy", original->disk.root);
  enum wr_code code =
      wr_store_directory_open(original->disk.state, &options, &original->store, &err);
  CU_ASSERT_EQUAL_FATAL(code, WR_OK);
  struct wr_store *store = original->store;
  for (uint64_t epoch = 1; epoch <= 3; epoch++) {
    memset(large, (int)epoch, sizeof large);
    if (epoch == 1)
      put(store, epoch, "old", "oldest", 6);
    else
      CU_ASSERT_EQUAL(store->class->keep(store, epoch, "old", epoch - 1, &err), WR_OK);
    put(store, epoch, "large", large, sizeof large);
    put(store, epoch, "small", &epoch, sizeof epoch);
    CU_ASSERT_EQUAL(store->class->seal(store, epoch, "all", 3, &err), WR_OK);
  }
}

static void original_close(struct original *original)
{
  original->store->class->close(original->store);
  store_disk_close(&original->disk);
}

static bool is_there(const char *path)
{
  struct stat status;
  return lstat(path, &status) == 0;
}

static bool is_copying_there(const struct original *original)
{
  char path[128];
  snprintf(path, sizeof path, "%s.copying", original->to);
  return is_there(path);
}

/* The copy can be gone on from: it is that epoch alone, and it is the same job. */
static void check_copy(const struct original *original, uint64_t epoch)
{
  struct wr_store_directory_options options = {.epochs_kept = 3};
  struct wr_store *store;
  struct wr_error err;
  const void *bytes;
  size_t length;
  uint64_t latest = 0;
  uint32_t count = 0;
  struct wr_arena arena = {0};
  enum wr_code code = wr_store_directory_open(original->to, &options, &store, &err);
  WR_CHECK(code == WR_OK, "%s", err.message);
  if (code != WR_OK)
    return;
  const struct wr_store_class *class = store->class;
  CU_ASSERT(class->latest(store, &latest) && latest == epoch);
  class->list(store, &arena, &count);
  CU_ASSERT_EQUAL(count, 1);
  CU_ASSERT_EQUAL(class->check(store, epoch, &err), WR_OK);
  CU_ASSERT(class->get(store, epoch, "old", &bytes, &length, &err) == WR_OK && length == 6 &&
            memcmp(bytes, "oldest", 6) == 0);
  CU_ASSERT(class->get(store, epoch, "small", &bytes, &length, &err) == WR_OK &&
            memcmp(bytes, &epoch, sizeof epoch) == 0);
  CU_ASSERT(class->get(store, epoch, NULL, &bytes, &length, &err) == WR_OK && length == 3);
  CU_ASSERT_EQUAL(store->hash_seed, 5);
  CU_ASSERT(store->id[0] && strcmp(store->id, original->store->id) == 0);
  class->close(store);
  wr_arena_free(&arena);
}

static void a_copy_is_complete(void)
{
  for (uint64_t epoch = 1; epoch <= 3; epoch++) {
    struct original original;
    struct wr_store_copied copied;
    struct wr_error err;
    original_open(&original);
    CU_ASSERT_EQUAL(wr_store_directory_copy(original.store, epoch, original.to, &copied, &err),
                    WR_OK);
    CU_ASSERT_EQUAL(copied.file_count, epoch == 1 ? 2 : 3);
    CU_ASSERT(copied.bytes > WR_DIRECTORY_PACKED_MAX);
    check_copy(&original, epoch);
    CU_ASSERT(!is_copying_there(&original));
    original_close(&original);
  }
}

static void what_is_there_is_not_overwritten(void)
{
  struct original original;
  struct wr_store_copied copied;
  struct wr_error err;
  char file[128], link[128];
  original_open(&original);
  CU_ASSERT_EQUAL(mkdir(original.to, 0777), 0);
  CU_ASSERT_EQUAL(wr_store_directory_copy_check(original.to, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_store_directory_copy(original.store, 2, original.to, &copied, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_store_directory_copy(original.store, 3, original.to, &copied, &err), WR_IO);
  CU_ASSERT(strstr(err.message, "is not empty") && err.hint[0]);
  check_copy(&original, 2);
  snprintf(file, sizeof file, "%s/file", original.disk.root);
  close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
  snprintf(link, sizeof link, "%s/link", original.disk.root);
  CU_ASSERT_EQUAL(symlink(original.to, link), 0);
  const char *const places[] = {file, link};
  for (size_t i = 0; i < WR_COUNT(places); i++) {
    CU_ASSERT_EQUAL(wr_store_directory_copy(original.store, 3, places[i], &copied, &err), WR_IO);
    CU_ASSERT(strstr(err.message, "is no folder") != NULL);
  }
  CU_ASSERT_EQUAL(wr_store_directory_copy(original.store, 3, "/tmp/..", &copied, &err), WR_IO);
  original_close(&original);
}

/* What lies at TO.copying is replaced if it is a copy, and left alone if it is not. */
static void what_is_in_the_way(void)
{
  struct original original;
  struct wr_store_copied copied;
  struct wr_error err;
  char path[128], mine[160];
  original_open(&original);
  snprintf(path, sizeof path, "%s.copying", original.to);
  snprintf(mine, sizeof mine, "%s/mine", path);
  CU_ASSERT(mkdir(path, 0777) == 0 && mkdir(mine, 0777) == 0);
  CU_ASSERT_EQUAL(wr_store_directory_copy(original.store, 3, original.to, &copied, &err), WR_IO);
  CU_ASSERT(strstr(err.message, "is in the way") && is_there(mine) && !is_there(original.to));
  rmdir(mine);
  /* Another process is at it. */
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  snprintf(mine, sizeof mine, "%s/lock", path);
  int fd = open(mine, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  CU_ASSERT_EQUAL(fcntl(fd, F_OFD_SETLK, &whole), 0);
  CU_ASSERT_EQUAL(wr_store_directory_copy(original.store, 3, original.to, &copied, &err), WR_IO);
  CU_ASSERT(strstr(err.message, "another process is just copying") && is_copying_there(&original));
  close(fd);
  CU_ASSERT_EQUAL(wr_store_directory_copy(original.store, 3, original.to, &copied, &err), WR_OK);
  check_copy(&original, 3);
  original_close(&original);
}

/* A flipped bit or a missing file of the original: told, and nothing is left. */
static void damage_is_not_copied(void)
{
  for (int missing = 0; missing < 2; missing++) {
    struct original original;
    struct wr_store_copied copied;
    struct wr_error err;
    char path[128];
    original_open(&original);
    snprintf(path, sizeof path, "%s/parts/3-0.part", original.disk.state);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    CU_ASSERT(missing ? unlink(path) == 0 : pwrite(fd, "?", 1, 1000) == 1);
    close(fd);
    CU_ASSERT_EQUAL(wr_store_directory_copy(original.store, 3, original.to, &copied, &err),
                    WR_DATA);
    CU_ASSERT(strstr(err.message, "3-0.part") != NULL);
    CU_ASSERT(!is_there(original.to) && !is_copying_there(&original));
    CU_ASSERT_EQUAL(wr_store_directory_copy(original.store, 2, original.to, &copied, &err), WR_OK);
    CU_ASSERT_EQUAL(wr_store_directory_copy(original.store, 9, path, &copied, &err), WR_IO);
    original_close(&original);
  }
}

/* Each step fails, or is the last one before the power goes. */
static void every_step_may_be_the_last(void)
{
  uint32_t visible = 0, steps = 0;
  for (int crash = 0; crash < 2; crash++) {
    bool is_reached = true;
    for (uint64_t step = 1; is_reached; step++) {
      struct original original;
      struct wr_store_copied copied;
      struct wr_error err;
      original_open(&original);
      struct store_disk *disk = &original.disk;
      disk->is_armed = true;
      *(crash ? &disk->crash_at : &disk->fail_at) = step;
      enum wr_code code = wr_store_directory_copy_over(original.store, 3, original.to,
                                                       &disk->system, &copied, &err);
      is_reached = disk->step >= step;
      steps++;
      if (is_there(original.to)) { /* then nothing that it needs waits for the disk */
        visible++;
        for (uint32_t i = 0; i < disk->change_count; i++)
          WR_CHECK(strstr(disk->journal[i].name, ".copying"), "step %u: %s", (unsigned)step,
                   disk->journal[i].name);
      } else {
        WR_CHECK(code != WR_OK && (crash || !is_copying_there(&original)), "step %u",
                 (unsigned)step);
        enum wr_code again = wr_store_directory_copy(original.store, 3, original.to, &copied, &err);
        WR_CHECK(again == WR_OK, "step %u: %s", (unsigned)step, err.message);
      }
      check_copy(&original, 3);
      original_close(&original);
    }
  }
  /* Each time the last sync and none at all; and a failure to remove what was not there. */
  CU_ASSERT(steps > 40 && visible == 5);
}

/* Epochs that somebody holds stay although enough are newer, but not for ever. */
static void held_epochs_stay(void)
{
  struct original original;
  struct wr_error err;
  original_open(&original);
  struct wr_store *store = original.store;
  atomic_store(&store->held, 2);
  for (uint64_t epoch = 4; epoch < 20; epoch++) {
    put(store, epoch, "a", "a", 1);
    CU_ASSERT_EQUAL(store->class->seal(store, epoch, "", 0, &err), WR_OK);
  }
  CU_ASSERT_EQUAL(store->class->check(store, 2, &err), WR_OK);
  CU_ASSERT_EQUAL(store->class->check(store, 1, &err), WR_IO);
  CU_ASSERT_EQUAL(store_disk_count(&original.disk, "manifests"), 18);
  atomic_store(&store->held, 0);
  put(store, 20, "a", "a", 1);
  CU_ASSERT_EQUAL(store->class->seal(store, 20, "", 0, &err), WR_OK);
  CU_ASSERT_EQUAL(store_disk_count(&original.disk, "manifests"), 3);
  original_close(&original);
}

static const struct wr_test tests[] = {
    {"complete", a_copy_is_complete},
    {"not_overwritten", what_is_there_is_not_overwritten},
    {"in_the_way", what_is_in_the_way},
    {"damage", damage_is_not_copied},
    {"steps", every_step_may_be_the_last},
    {"held", held_epochs_stay},
    {NULL, NULL},
};
const struct wr_suite wr_suite_store_copy = {"store_copy", tests};
