/* SPDX-License-Identifier: Apache-2.0 */
/* What every store promises, and what the one in a directory adds: retention, room on a full disk,
 * the lock. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state/store_directory_inner.h"
#include "tests/unit/check.h"
#include "tests/unit/store_steps.h"

/* ---- every store */

static void check_an_epoch(struct wr_store *store)
{
  struct wr_error err;
  struct wr_arena arena = {0};
  struct wr_store_part *parts;
  uint32_t count;
  CU_ASSERT_EQUAL(store_latest(store), 0);
  store_put(store, 3, "b", "beta");
  store_put(store, 3, "a", "");
  CU_ASSERT_EQUAL(store_latest(store), 0);
  CU_ASSERT_EQUAL(store->class->check(store, 3, &err), WR_IO);
  store_seal(store, 3, "three");
  CU_ASSERT_EQUAL(store_latest(store), 3);
  store_check_get(store, 3, NULL, "three");
  store_check_get(store, 3, "b", "beta");
  store_check_get(store, 3, "a", "");
  CU_ASSERT_EQUAL(store->class->check(store, 3, &err), WR_OK);
  const void *bytes;
  size_t length;
  CU_ASSERT_EQUAL(store->class->get(store, 3, "c", &bytes, &length, &err), WR_IO);
  CU_ASSERT_EQUAL(store->class->get(store, 2, "a", &bytes, &length, &err), WR_IO);
  store->class->release(store);
  CU_ASSERT_EQUAL(store->class->parts(store, 3, &arena, &parts, &count, &err), WR_OK);
  CU_ASSERT_EQUAL_FATAL(count, 2);
  CU_ASSERT_STRING_EQUAL(parts[0].name, "a");
  CU_ASSERT_EQUAL(parts[1].bytes, 4);
  CU_ASSERT_EQUAL(parts[1].from_epoch, 3);
  wr_arena_free(&arena);
}

static void check_keeping(struct wr_store *store)
{
  struct wr_error err;
  struct wr_arena arena = {0};
  struct wr_store_part *parts;
  uint32_t count;
  store_put(store, 4, "a", "new");
  store_keep(store, 4, "b", 3);
  store_seal(store, 4, "four");
  store_keep(store, 5, "b", 4);
  store_keep(store, 5, "a", 4);
  store_seal(store, 5, "five");
  store_check_get(store, 5, "b", "beta");
  store_check_get(store, 5, "a", "new");
  CU_ASSERT_EQUAL(store->class->keep(store, 6, "x", 5, &err), WR_IO);
  CU_ASSERT_EQUAL(store->class->keep(store, 6, "a", 1, &err), WR_IO);
  store->class->abort(store, 6);
  const struct wr_store_epoch *list = store->class->list(store, &arena, &count);
  CU_ASSERT_FATAL(count >= 1);
  CU_ASSERT_EQUAL(list[0].epoch, 5);
  CU_ASSERT_EQUAL(list[0].bytes, 7);
  CU_ASSERT_EQUAL(list[0].own_bytes, 0);
  CU_ASSERT_EQUAL(list[0].part_count, 2);
  CU_ASSERT_PTR_NULL(list[0].damage);
  CU_ASSERT_EQUAL(store->class->parts(store, 5, &arena, &parts, &count, &err), WR_OK);
  CU_ASSERT_EQUAL(parts[0].from_epoch, 4);
  CU_ASSERT_EQUAL(parts[1].from_epoch, 3);
  wr_arena_free(&arena);
}

/* An epoch that is given up leaves nothing; its number may be used again. */
static void check_abort(struct wr_store *store)
{
  uint64_t epoch = 0;
  store_put(store, 7, "a", "never");
  store->class->abort(store, 7);
  store->class->abort(store, 7);
  CU_ASSERT_EQUAL(store_latest(store), 5);
  store_put(store, 7, "a", "seven");
  store_seal(store, 7, "");
  store_check_get(store, 7, "a", "seven");
  store_check_get(store, 7, NULL, "");
  CU_ASSERT_TRUE(wr_store_find_sound(store, &epoch, NULL, NULL));
  CU_ASSERT_EQUAL(epoch, 7);
  store_put(store, 8, "a", "is under way when the store is closed");
}

/* Parts that come in pieces, several at a time; what is left of an epoch that is given up does not
 * come up in the next one. */
static void check_pieces(struct wr_store *store)
{
  struct wr_error err;
  store_append(store, 9, "p", "an epoch that is given up");
  store_append(store, 9, "q", "has open ends");
  store->class->abort(store, 9);
  store_append(store, 9, "p", "one");
  store_put(store, 9, "whole", "between them");
  store_append(store, 9, "q", "");
  store_append(store, 9, "p", ", two");
  store_append(store, 9, "q", "1");
  store_append(store, 9, "r", "");
  store_put(store, 9, "p", ", three");
  store_put(store, 9, "r", "");
  store_append(store, 9, "s", "the end brings nothing");
  store_put(store, 9, "s", "");
  store_put(store, 9, "q", "2");
  store_seal(store, 9, "nine");
  store_check_get(store, 9, "p", "one, two, three");
  store_check_get(store, 9, "q", "12");
  store_check_get(store, 9, "r", "");
  store_check_get(store, 9, "s", "the end brings nothing");
  store_check_get(store, 9, "whole", "between them");
  CU_ASSERT_EQUAL(store->class->check(store, 9, &err), WR_OK);
  store_keep(store, 10, "p", 9);
  store_seal(store, 10, "");
  store_check_get(store, 10, "p", "one, two, three");
  store_append(store, 11, "p", "is under way when the store is closed");
}

static void in_memory(void)
{
  struct wr_store *store = wr_store_memory_new();
  check_an_epoch(store);
  check_keeping(store);
  check_abort(store);
  store->class->abort(store, 8);
  check_pieces(store);
  CU_ASSERT_STRING_EQUAL(store->id, "");
  store->class->close(store);
}

static void in_a_directory(void)
{
  struct store_disk disk;
  store_disk_open(&disk);
  struct wr_store *store = store_open(&disk, 0);
  CU_ASSERT_EQUAL(store->hash_seed, 7);
  check_an_epoch(store);
  check_keeping(store);
  check_abort(store);
  store->class->close(store);
  CU_ASSERT_EQUAL(store_disk_count(&disk, "manifests"), 3);
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 3); /* b of 3, a of 4, a of 7 */
  store = store_open(&disk, 0);
  store_check_get(store, 7, "a", "seven");
  store_check_get(store, 5, "b", "beta");
  store_check_get(store, 4, NULL, "four");
  store->class->close(store);
  store_disk_close(&disk);
}

/* ---- the directory */

static void the_last_few_are_kept(void)
{
  for (uint32_t kept = 1; kept <= 4; kept++) {
    struct store_disk disk;
    struct wr_error err;
    store_disk_open(&disk);
    struct wr_store *store = store_open(&disk, kept);
    store_set_packing(store, 0, 0);
    for (uint64_t epoch = 1; epoch <= 9; epoch++) {
      store_put(store, epoch, "a", "changes");
      if (epoch % 4 == 1)
        store_put(store, epoch, "b", "changes seldom");
      else
        store_keep(store, epoch, "b", epoch - 1);
      store_seal(store, epoch, "");
      uint64_t first = epoch > kept ? epoch - kept + 1 : 1, b_files = 1;
      for (uint64_t e = first + 1; e <= epoch; e++)
        b_files += e % 4 == 1;
      CU_ASSERT_EQUAL(store_disk_count(&disk, "manifests"), epoch - first + 1);
      WR_CHECK(store_disk_count(&disk, "parts") == epoch - first + 1 + b_files,
               "epoch %u of %u kept", (unsigned)epoch, kept);
      for (uint64_t e = first; e <= epoch; e++)
        CU_ASSERT_EQUAL(store->class->check(store, e, &err), WR_OK);
      CU_ASSERT_EQUAL(store->class->check(store, first - 1, &err), WR_IO);
    }
    store->class->close(store);
    store_disk_close(&disk);
  }
}

/* Small parts share files; how they are cut changes nothing of what is read. */
static void small_parts_share_files(void)
{
  static const struct {
    size_t packed_max, pack_bytes;
    uint32_t files; /* of one epoch */
  } rows[] = {{0, 0, 20},  {WR_DIRECTORY_PACKED_MAX, WR_DIRECTORY_PACK_BYTES, 1},
              {5, 5, 20},  {5, 10, 10},
              {5, 11, 10}, {4, 100, 20},
              {5, 50, 2}};
  for (uint32_t r = 0; r < WR_COUNT(rows); r++) {
    struct store_disk disk;
    struct wr_error err;
    char name[16], text[16];
    store_disk_open(&disk);
    struct wr_store *store = store_open(&disk, 1);
    store_set_packing(store, rows[r].packed_max, rows[r].pack_bytes);
    for (uint32_t p = 0; p < 20; p++) {
      snprintf(name, sizeof name, "part %u", p);
      snprintf(text, sizeof text, "is %02u", p);
      store_put(store, 1, name, text);
    }
    store_seal(store, 1, "");
    WR_CHECK(store_disk_count(&disk, "parts") == rows[r].files, "row %u: %u files", r,
             store_disk_count(&disk, "parts"));
    store_keep(store, 2, "part 7", 1); /* which keeps its file, and no other */
    store_put(store, 2, "new", "");
    store_seal(store, 2, "");
    CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 2);
    store->class->close(store);
    store = store_open(&disk, 1);
    store_check_get(store, 2, "part 7", "is 07");
    store_check_get(store, 2, "new", "");
    CU_ASSERT_EQUAL(store->class->check(store, 2, &err), WR_OK);
    store->class->close(store);
    store_disk_close(&disk);
  }
}

/* However pieces become files, and however few of these may be open, what is read is the same. */
static void pieces_in_a_directory(void)
{
  static const struct {
    size_t packed_max, pack_bytes;
    uint32_t open_max;
  } rows[] = {{WR_DIRECTORY_PACKED_MAX, WR_DIRECTORY_PACK_BYTES, WR_DIRECTORY_OPEN_MAX},
              {0, 0, WR_DIRECTORY_OPEN_MAX},
              {0, 0, 1},
              {0, 0, 2},
              {2, 100, 1},
              {12, 100, 1}};
  for (uint32_t r = 0; r < WR_COUNT(rows); r++) {
    struct store_disk disk;
    store_disk_open(&disk);
    struct wr_store *store = store_open(&disk, 1);
    store_set_packing(store, rows[r].packed_max, rows[r].pack_bytes);
    wr_directory_self(store)->open_max = rows[r].open_max;
    check_pieces(store);
    store->class->close(store);
    store = store_open(&disk, 1);
    store_check_get(store, 10, "p", "one, two, three");
    CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 1);
    store_append(store, 11, "p", "one");
    store_put(store, 11, "p", ", two");
    store_seal(store, 11, "");
    store_check_get(store, 11, "p", "one, two");
    store->class->close(store);
    store_disk_close(&disk);
  }
}

/* Large parts do not wait in memory: their bytes are in a file before the last ones have come. */
static void pieces_leave_as_they_come(void)
{
  struct store_disk disk;
  char path[256], piece[1000];
  struct stat status;
  store_disk_open(&disk);
  struct wr_store *store = store_open(&disk, 1);
  struct wr_error err;
  store_set_packing(store, 1500, 4000);
  memset(piece, 'x', sizeof piece);
  snprintf(path, sizeof path, "%s/parts/1-0.part", disk.state);
  for (uint32_t i = 1; i <= 5; i++) {
    CU_ASSERT_EQUAL(store->class->append(store, 1, "p", piece, sizeof piece, &err), WR_OK);
    bool is_there = stat(path, &status) == 0;
    WR_CHECK(is_there == (i > 1), "piece %u", i);
    WR_CHECK(!is_there || status.st_size == i * 1000 + WR_STORE_HEADER_BYTES, "piece %u", i);
  }
  store->class->abort(store, 1); /* at once: the disk may be full */
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 0);
  store->class->close(store);
  store_disk_close(&disk);
}

/* ---- a full disk */

struct heard {
  uint32_t count;
  char last[256];
};

static void hear_note(void *self, const char *message)
{
  struct heard *heard = self;
  heard->count++;
  snprintf(heard->last, sizeof heard->last, "%s", message);
}

static enum wr_code write_large(struct wr_store *store, uint64_t epoch, bool in_pieces,
                                size_t length, struct wr_error *err)
{
  char *bytes = wr_memory_get_zero(length);
  enum wr_code code = WR_OK;
  if (in_pieces)
    code = store->class->append(store, epoch, "a", bytes, length / 2, err);
  if (code == WR_OK)
    code =
        store->class->put(store, epoch, "a", bytes, in_pieces ? length - length / 2 : length, err);
  if (code == WR_OK)
    code = store->class->seal(store, epoch, "", 0, err);
  if (code != WR_OK)
    store->class->abort(store, epoch);
  free(bytes);
  return code;
}

/* Epochs are given up before their time if another one finds no room, but never the newest. */
static void old_epochs_make_room(void)
{
  for (int in_pieces = 0; in_pieces <= 1; in_pieces++) {
    struct store_disk disk;
    struct wr_error err;
    struct wr_store *store = NULL;
    struct heard heard = {0};
    store_disk_open(&disk);
    const struct wr_store_directory_options options = {
        .epochs_kept = 3, .hash_seed = 7, .note = hear_note, .note_self = &heard};
    CU_ASSERT_EQUAL_FATAL(
        wr_store_directory_open_over(disk.state, &options, &disk.system, &store, &err), WR_OK);
    store_set_packing(store, 0, 0);
    disk.capacity = 50000;
    for (uint64_t epoch = 1; epoch <= 3; epoch++)
      CU_ASSERT_EQUAL(write_large(store, epoch, in_pieces, 12000, &err), WR_OK);
    CU_ASSERT_EQUAL(store_disk_count(&disk, "manifests"), 3);
    CU_ASSERT_EQUAL(write_large(store, 4, in_pieces, 30000, &err), WR_OK);
    CU_ASSERT_EQUAL(heard.count, 1);
    CU_ASSERT_STRING_EQUAL(heard.last, "the disk is full: epoch 2 and those before it are given up "
                                       "early to make room for epoch 4");
    CU_ASSERT_EQUAL(store_disk_count(&disk, "manifests"), 2);
    CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 2);
    CU_ASSERT_EQUAL(store->class->check(store, 3, &err), WR_OK);
    CU_ASSERT_EQUAL(write_large(store, 5, in_pieces, 30000, &err), WR_IO); /* 4 must stay */
    CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "No space left on device"));
    CU_ASSERT_EQUAL(store_latest(store), 4);
    CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 1);
    CU_ASSERT_EQUAL(store->class->check(store, 4, &err), WR_OK);
    CU_ASSERT_EQUAL(write_large(store, 6, in_pieces, 12000, &err), WR_OK);
    CU_ASSERT_EQUAL(heard.count, 2);
    store->class->close(store);
    store_disk_close(&disk);
  }
}

/* The epoch that is gone on from stays although newer ones are there, until another one is sealed.
 */
static void base_makes_no_room(void)
{
  struct store_disk disk;
  struct wr_error err;
  struct wr_store *store = NULL;
  store_disk_open(&disk);
  const struct wr_store_directory_options options = {.epochs_kept = 3, .hash_seed = 7};
  CU_ASSERT_EQUAL_FATAL(
      wr_store_directory_open_over(disk.state, &options, &disk.system, &store, &err), WR_OK);
  store_set_packing(store, 0, 0);
  disk.capacity = 50000;
  for (uint64_t epoch = 1; epoch <= 3; epoch++)
    CU_ASSERT_EQUAL(write_large(store, epoch, false, 12000, &err), WR_OK);
  store->base = 2;
  CU_ASSERT_EQUAL(write_large(store, 4, false, 30000, &err), WR_IO);
  CU_ASSERT_EQUAL(store_disk_count(&disk, "manifests"), 2); /* 1 has gone */
  CU_ASSERT_EQUAL(store->class->check(store, 2, &err), WR_OK);
  CU_ASSERT_EQUAL(write_large(store, 5, false, 20000, &err), WR_OK);
  CU_ASSERT_EQUAL(store->base, 0);
  CU_ASSERT_EQUAL(write_large(store, 6, false, 25000, &err), WR_OK);
  CU_ASSERT_EQUAL(store->class->check(store, 2, &err), WR_IO);
  store->class->close(store);
  store_disk_close(&disk);
}

/* At once: the disk may be full. */
static void giving_up_frees_the_disk(void)
{
  struct store_disk disk;
  store_disk_open(&disk);
  struct wr_store *store = store_open(&disk, 0);
  store_set_packing(store, 0, 0);
  store_put(store, 1, "a", "alpha");
  store_put(store, 1, "b", "beta");
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 2);
  store->class->abort(store, 1);
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 0);
  store_put(store, 2, "a", "alpha");
  store->class->close(store); /* in the midst of it, and in good order */
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 0);
  store_disk_close(&disk);
}

static void what_a_killed_process_leaves_goes(void)
{
  struct store_disk disk;
  store_disk_open(&disk);
  struct wr_store *store = store_open(&disk, 0);
  store_put(store, 1, "a", "alpha");
  store_seal(store, 1, "");
  store->class->close(store);
  static const char *const leftovers[] = {"parts/2-0.part", "parts/1-1.part", "manifests/2.tmp"};
  static const char *const foreign[] = {"parts/readme", "parts/01-0.part", "parts/1-0.part.old",
                                        "manifests/note", "manifests/1.old"};
  for (uint32_t i = 0; i < WR_COUNT(leftovers); i++)
    store_write_file(&disk, leftovers[i], "x", 1);
  for (uint32_t i = 0; i < WR_COUNT(foreign); i++)
    store_write_file(&disk, foreign[i], "x", 1);
  struct wr_error err;
  CU_ASSERT_EQUAL(wr_store_directory_open_reading(disk.state, &store, &err), WR_OK);
  CU_ASSERT_EQUAL(store_latest(store), 1);
  store->class->close(store);
  for (uint32_t i = 0; i < WR_COUNT(leftovers); i++) /* who looks removes nothing */
    WR_CHECK(store_has_file(&disk, leftovers[i]), "%s", leftovers[i]);
  store = store_open(&disk, 0);
  for (uint32_t i = 0; i < WR_COUNT(leftovers); i++)
    WR_CHECK(!store_has_file(&disk, leftovers[i]), "%s", leftovers[i]);
  for (uint32_t i = 0; i < WR_COUNT(foreign); i++)
    WR_CHECK(store_has_file(&disk, foreign[i]), "%s", foreign[i]);
  store_check_get(store, 1, "a", "alpha");
  store->class->close(store);
  store_disk_close(&disk);
}

/* A second process is refused, with the number of the first; it may look. */
static void one_writes(void)
{
  struct store_disk disk;
  struct wr_error err;
  struct wr_store_directory_options options = {0};
  int ready[2];
  char byte;
  store_disk_open(&disk);
  CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
  CU_ASSERT_EQUAL(wr_store_directory_writer(disk.state), 0);
  pid_t child = fork();
  if (child == 0) {
    struct wr_store *own = store_open(&disk, 0);
    store_put(own, 1, "a", "alpha");
    store_seal(own, 1, "");
    store_put(own, 2, "a", "half");
    ssize_t told = write(ready[1], "x", 1);
    (void)told;
    for (;;)
      pause();
  }
  CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
  struct wr_store *store = NULL;
  CU_ASSERT_EQUAL(wr_store_directory_open(disk.state, &options, &store, &err), WR_IO);
  char expected[256];
  snprintf(expected, sizeof expected, "the state directory %s is in use by process %lld",
           disk.state, (long long)child);
  CU_ASSERT_STRING_EQUAL(err.message, expected);
  CU_ASSERT_EQUAL(wr_store_directory_writer(disk.state), child);
  CU_ASSERT_EQUAL(wr_store_directory_open_reading(disk.state, &store, &err), WR_OK);
  store_check_get(store, 1, "a", "alpha");
  store->class->close(store);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  CU_ASSERT_EQUAL(wr_store_directory_writer(disk.state), 0);
  store = store_open(&disk, 0);
  CU_ASSERT_EQUAL(wr_store_directory_writer(disk.state), getpid());
  CU_ASSERT_EQUAL(store_latest(store), 1);
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 1);
  store->class->close(store);
  close(ready[0]);
  close(ready[1]);
  store_disk_close(&disk);
}

/* The seed of keys comes with the epochs; a new directory gets one of its own. */
static void the_seed_is_kept(void)
{
  struct store_disk disk;
  struct wr_error err;
  struct wr_store *store;
  struct wr_store_directory_options options = {0};
  store_disk_open(&disk);
  CU_ASSERT_EQUAL_FATAL(wr_store_directory_open(disk.state, &options, &store, &err), WR_OK);
  uint64_t seed = store->hash_seed;
  CU_ASSERT_NOT_EQUAL(seed, 0);
  store_seal(store, 1, "");
  store->class->close(store);
  store = store_open(&disk, 0);
  CU_ASSERT_EQUAL(store->hash_seed, seed);
  store->class->close(store);
  store_disk_close(&disk);
}

/* ---- refusals of the system */

static void check_refused(const char *path, const char *expected)
{
  struct wr_error err;
  struct wr_store *store;
  struct wr_store_directory_options options = {0};
  enum wr_code code = wr_store_directory_open(path, &options, &store, &err);
  WR_CHECK(code == WR_IO && strstr(err.message, path) && strstr(err.message, expected), "%s: %s",
           path, code == WR_OK ? "is opened" : err.message);
  if (code == WR_OK)
    store->class->close(store);
}

static void places_that_cannot_be_used(void)
{
  struct store_disk disk;
  struct wr_error err;
  struct wr_store *store;
  char path[256];
  store_disk_open(&disk);
  snprintf(path, sizeof path, "%s/none/state", disk.root);
  check_refused(path, "No such file or directory");
  CU_ASSERT_EQUAL(wr_store_directory_open_reading(path, &store, &err), WR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "No such file or directory"));
  snprintf(path, sizeof path, "%s/file", disk.root);
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  close(fd);
  check_refused(path, "Not a directory");
  check_refused("/proc", "cannot open /proc/lock");
  snprintf(path, sizeof path, "%s/empty", disk.root);
  CU_ASSERT_EQUAL(mkdir(path, 0777), 0);
  CU_ASSERT_EQUAL(wr_store_directory_open_reading(path, &store, &err), WR_IO);
  CU_ASSERT_PTR_NOT_NULL(strstr(err.message, "is no state directory"));
  if (geteuid() != 0) {
    CU_ASSERT_EQUAL(chmod(path, 0555), 0);
    check_refused(path, "Permission denied");
  }
  store_disk_close(&disk);
}

static const struct wr_test tests[] = {
    {"in memory", in_memory},
    {"in a directory", in_a_directory},
    {"the last few are kept", the_last_few_are_kept},
    {"small parts share files", small_parts_share_files},
    {"pieces in a directory", pieces_in_a_directory},
    {"pieces leave as they come", pieces_leave_as_they_come},
    {"old epochs make room", old_epochs_make_room},
    {"the epoch that is gone on from makes no room", base_makes_no_room},
    {"giving up frees the disk", giving_up_frees_the_disk},
    {"what a killed process leaves goes", what_a_killed_process_leaves_goes},
    {"one writes", one_writes},
    {"the seed is kept", the_seed_is_kept},
    {"places that cannot be used", places_that_cannot_be_used},
    {NULL, NULL},
};
const struct wr_suite wr_suite_store = {"store", tests};
