/* SPDX-License-Identifier: Apache-2.0 */
/* Damage of a state directory is found wherever it is, and the epoch before it is used. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/store_directory_inner.h"
#include "tests/unit/check.h"
#include "tests/unit/store_steps.h"

struct file {
  char name[96], bytes[1024];
  size_t length;
};

static void read_file(const struct store_disk *disk, const char *name, struct file *file)
{
  char path[256];
  snprintf(path, sizeof path, "%s/%s", disk->state, name);
  snprintf(file->name, sizeof file->name, "%s", name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  CU_ASSERT_FATAL(fd >= 0);
  ssize_t length = read(fd, file->bytes, sizeof file->bytes);
  CU_ASSERT_FATAL(length > 0 && length < (ssize_t)sizeof file->bytes);
  file->length = (size_t)length;
  close(fd);
}

struct told {
  uint32_t count;
  struct wr_error last;
};

static void hear(void *self, uint64_t epoch, const struct wr_error *damage)
{
  struct told *told = self;
  CU_ASSERT_EQUAL(epoch, 2);
  told->count++;
  told->last = *damage;
}

/* Epoch 2 cannot be used, the message names the file, and epoch 1 can. */
static void check_damage(struct store_disk *disk, const char *name, const char *how)
{
  struct wr_error err;
  struct wr_store *store;
  struct told told = {0};
  uint64_t epoch = 0;
  wr_error_clear(&err);
  CU_ASSERT_EQUAL_FATAL(wr_store_directory_open_reading(disk->state, &store, &err), WR_OK);
  CU_ASSERT_EQUAL(store_latest(store), 2);
  WR_CHECK(store->class->check(store, 2, &err) != WR_OK, "%s: %s", name, how);
  WR_CHECK(strstr(err.message, name) && strstr(err.message, disk->state), "%s: %s: %s", name, how,
           err.message);
  CU_ASSERT_TRUE(wr_store_find_sound(store, &epoch, hear, &told));
  CU_ASSERT_EQUAL(epoch, 1);
  CU_ASSERT_EQUAL(told.count, 1);
  CU_ASSERT_STRING_EQUAL(told.last.message, err.message);
  store_check_get(store, 1, "a", "one");
  store->class->close(store);
}

static void make_two_epochs(struct store_disk *disk, bool is_packed)
{
  struct wr_store *store = store_open(disk, 0);
  if (!is_packed)
    store_set_packing(store, 0, 0);
  store_put(store, 1, "a", "one");
  store_seal(store, 1, "first");
  store_put(store, 2, "a", "two");
  store_put(store, 2, "b", "is not in the first one");
  store_seal(store, 2, "second");
  store->class->close(store);
}

/* The files of the second one; if small parts are packed, the last is not there. */
static const char *const files_of_two[] = {"manifests/2", "parts/2-0.part", "parts/2-1.part"};

static void flip_bits(bool is_packed)
{
  struct store_disk disk;
  store_disk_open(&disk);
  make_two_epochs(&disk, is_packed);
  for (uint32_t f = 0; f < WR_COUNT(files_of_two) - is_packed; f++) {
    struct file file;
    read_file(&disk, files_of_two[f], &file);
    for (size_t i = 0; i < file.length; i++) {
      file.bytes[i] ^= (char)(1 << i % 8);
      store_write_file(&disk, file.name, file.bytes, file.length);
      char how[64];
      snprintf(how, sizeof how, "byte %zu", i);
      check_damage(&disk, file.name, how);
      file.bytes[i] ^= (char)(1 << i % 8);
    }
    store_write_file(&disk, file.name, file.bytes, file.length);
  }
  store_disk_close(&disk);
}

static void flipped_bits_are_found(void)
{
  flip_bits(false);
  flip_bits(true);
}

static void change_lengths(bool is_packed)
{
  struct store_disk disk;
  store_disk_open(&disk);
  make_two_epochs(&disk, is_packed);
  for (uint32_t f = 0; f < WR_COUNT(files_of_two) - is_packed; f++) {
    struct file file;
    char how[64];
    read_file(&disk, files_of_two[f], &file);
    for (size_t length = 0; length <= file.length + 2; length++) {
      if (length == file.length)
        continue;
      store_write_file(&disk, file.name, file.bytes, length);
      snprintf(how, sizeof how, "%zu bytes", length);
      check_damage(&disk, file.name, how);
    }
    store_write_file(&disk, file.name, file.bytes, file.length);
  }
  store_disk_close(&disk);
}

static void wrong_lengths_are_found(void)
{
  change_lengths(false);
  change_lengths(true);
}

/* Whole files that belong elsewhere, and files that are gone. */
static void wrong_files_are_found(void)
{
  struct store_disk disk;
  struct file one, two;
  char path[256];
  struct wr_error err;
  store_disk_open(&disk);
  make_two_epochs(&disk, false);
  read_file(&disk, "parts/1-0.part", &one);
  read_file(&disk, "parts/2-0.part", &two);
  store_write_file(&disk, "parts/2-0.part", one.bytes, one.length);
  check_damage(&disk, "parts/2-0.part", "another part");
  snprintf(path, sizeof path, "%s/parts/2-0.part", disk.state);
  CU_ASSERT_EQUAL(unlink(path), 0);
  check_damage(&disk, "parts/2-0.part", "gone");
  CU_ASSERT_EQUAL(mkdir(path, 0777), 0);
  check_damage(&disk, "parts/2-0.part", "a folder");
  CU_ASSERT_EQUAL(rmdir(path), 0);
  store_write_file(&disk, "parts/2-0.part", two.bytes, two.length);
  read_file(&disk, "manifests/1", &one);
  read_file(&disk, "manifests/2", &two);
  store_write_file(&disk, "manifests/2", one.bytes, one.length);
  check_damage(&disk, "manifests/2", "another manifest");
  /* opening for writing leaves the parts of an epoch alone that cannot be read */
  struct wr_store *store = store_open(&disk, 0);
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 3);
  const void *bytes;
  size_t length;
  CU_ASSERT_EQUAL(store->class->get(store, 2, "a", &bytes, &length, &err), WR_DATA);
  CU_ASSERT_EQUAL(store->class->keep(store, 3, "a", 2, &err), WR_DATA);
  store->class->abort(store, 3);
  store_set_packing(store, 0, 0);
  for (uint64_t epoch = 3; epoch <= 5; epoch++) {
    CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), epoch);
    store_put(store, epoch, "a", "new");
    store_seal(store, epoch, "");
  }
  CU_ASSERT_EQUAL(store_disk_count(&disk, "manifests"), 3); /* it has gone with its time */
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 3);
  store->class->close(store);
  store_disk_close(&disk);
}

static const struct wr_test tests[] = {
    {"flipped bits are found", flipped_bits_are_found},
    {"wrong lengths are found", wrong_lengths_are_found},
    {"wrong files are found", wrong_files_are_found},
    {NULL, NULL},
};
const struct wr_suite wr_suite_store_damage = {"store_damage", tests};
