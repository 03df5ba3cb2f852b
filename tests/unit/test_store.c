/* SPDX-License-Identifier: Apache-2.0 */
/* What every store promises, and what the one in a directory adds: retention, the lock, and that
 * damage is found wherever it is. */
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
#include "tests/unit/store_disk.h"

static struct wr_store *open_store(struct store_disk *disk, uint32_t epochs_kept)
{
  struct wr_store *store = NULL;
  struct wr_error err;
  struct wr_store_directory_options options = {.epochs_kept = epochs_kept, .hash_seed = 7};
  wr_error_clear(&err);
  enum wr_code code = wr_store_directory_open(disk->state, &options, &store, &err);
  WR_CHECK(code == WR_OK, "%s", err.message);
  CU_ASSERT_PTR_NOT_NULL_FATAL(store);
  return store;
}

/* As if parts of more than so many bytes were large ones, which have files of their own. */
static void set_packing(struct wr_store *store, size_t packed_max, size_t pack_bytes)
{
  wr_directory_self(store)->packed_max = packed_max;
  wr_directory_self(store)->pack_bytes = pack_bytes;
}

static void put(struct wr_store *store, uint64_t epoch, const char *name, const char *text)
{
  struct wr_error err;
  enum wr_code code = store->class->put(store, epoch, name, text, strlen(text), &err);
  WR_CHECK(code == WR_OK, "epoch %u, %s: %s", (unsigned)epoch, name, err.message);
}

static void append(struct wr_store *store, uint64_t epoch, const char *name, const char *text)
{
  struct wr_error err;
  enum wr_code code = store->class->append(store, epoch, name, text, strlen(text), &err);
  WR_CHECK(code == WR_OK, "epoch %u, %s: %s", (unsigned)epoch, name, err.message);
}

static void keep(struct wr_store *store, uint64_t epoch, const char *name, uint64_t from_epoch)
{
  struct wr_error err;
  enum wr_code code = store->class->keep(store, epoch, name, from_epoch, &err);
  WR_CHECK(code == WR_OK, "epoch %u, %s: %s", (unsigned)epoch, name, err.message);
}

static void seal(struct wr_store *store, uint64_t epoch, const char *manifest)
{
  struct wr_error err;
  enum wr_code code = store->class->seal(store, epoch, manifest, strlen(manifest), &err);
  WR_CHECK(code == WR_OK, "epoch %u: %s", (unsigned)epoch, err.message);
}

/* name NULL: the manifest. */
static void check_get(struct wr_store *store, uint64_t epoch, const char *name, const char *text)
{
  struct wr_error err;
  const void *bytes = NULL;
  size_t length = 0;
  enum wr_code code = store->class->get(store, epoch, name, &bytes, &length, &err);
  WR_CHECK(code == WR_OK, "epoch %u, %s: %s", (unsigned)epoch, name ? name : "manifest",
           err.message);
  WR_CHECK(code == WR_OK && length == strlen(text) && memcmp(bytes, text, length) == 0,
           "epoch %u, %s", (unsigned)epoch, name ? name : "manifest");
}

static uint64_t latest(struct wr_store *store)
{
  uint64_t epoch;
  return store->class->latest(store, &epoch) ? epoch : 0;
}

/* ---- every store */

static void check_an_epoch(struct wr_store *store)
{
  struct wr_error err;
  struct wr_arena arena = {0};
  struct wr_store_part *parts;
  uint32_t count;
  CU_ASSERT_EQUAL(latest(store), 0);
  put(store, 3, "b", "beta");
  put(store, 3, "a", "");
  CU_ASSERT_EQUAL(latest(store), 0);
  CU_ASSERT_EQUAL(store->class->check(store, 3, &err), WR_IO);
  seal(store, 3, "three");
  CU_ASSERT_EQUAL(latest(store), 3);
  check_get(store, 3, NULL, "three");
  check_get(store, 3, "b", "beta");
  check_get(store, 3, "a", "");
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
  put(store, 4, "a", "new");
  keep(store, 4, "b", 3);
  seal(store, 4, "four");
  keep(store, 5, "b", 4);
  keep(store, 5, "a", 4);
  seal(store, 5, "five");
  check_get(store, 5, "b", "beta");
  check_get(store, 5, "a", "new");
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
  put(store, 7, "a", "never");
  store->class->abort(store, 7);
  store->class->abort(store, 7);
  CU_ASSERT_EQUAL(latest(store), 5);
  put(store, 7, "a", "seven");
  seal(store, 7, "");
  check_get(store, 7, "a", "seven");
  check_get(store, 7, NULL, "");
  CU_ASSERT_TRUE(wr_store_find_sound(store, &epoch, NULL, NULL));
  CU_ASSERT_EQUAL(epoch, 7);
  put(store, 8, "a", "is under way when the store is closed");
}

/* Parts that come in pieces, several at a time; what is left of an epoch that is given up does not
 * come up in the next one. */
static void check_pieces(struct wr_store *store)
{
  struct wr_error err;
  append(store, 9, "p", "an epoch that is given up");
  append(store, 9, "q", "has open ends");
  store->class->abort(store, 9);
  append(store, 9, "p", "one");
  put(store, 9, "whole", "between them");
  append(store, 9, "q", "");
  append(store, 9, "p", ", two");
  append(store, 9, "q", "1");
  append(store, 9, "r", "");
  put(store, 9, "p", ", three");
  put(store, 9, "r", "");
  append(store, 9, "s", "the end brings nothing");
  put(store, 9, "s", "");
  put(store, 9, "q", "2");
  seal(store, 9, "nine");
  check_get(store, 9, "p", "one, two, three");
  check_get(store, 9, "q", "12");
  check_get(store, 9, "r", "");
  check_get(store, 9, "s", "the end brings nothing");
  check_get(store, 9, "whole", "between them");
  CU_ASSERT_EQUAL(store->class->check(store, 9, &err), WR_OK);
  keep(store, 10, "p", 9);
  seal(store, 10, "");
  check_get(store, 10, "p", "one, two, three");
  append(store, 11, "p", "is under way when the store is closed");
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
  struct wr_store *store = open_store(&disk, 0);
  CU_ASSERT_EQUAL(store->hash_seed, 7);
  check_an_epoch(store);
  check_keeping(store);
  check_abort(store);
  store->class->close(store);
  CU_ASSERT_EQUAL(store_disk_count(&disk, "manifests"), 3);
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 3); /* b of 3, a of 4, a of 7 */
  store = open_store(&disk, 0);
  check_get(store, 7, "a", "seven");
  check_get(store, 5, "b", "beta");
  check_get(store, 4, NULL, "four");
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
    struct wr_store *store = open_store(&disk, kept);
    set_packing(store, 0, 0);
    for (uint64_t epoch = 1; epoch <= 9; epoch++) {
      put(store, epoch, "a", "changes");
      if (epoch % 4 == 1)
        put(store, epoch, "b", "changes seldom");
      else
        keep(store, epoch, "b", epoch - 1);
      seal(store, epoch, "");
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
    struct wr_store *store = open_store(&disk, 1);
    set_packing(store, rows[r].packed_max, rows[r].pack_bytes);
    for (uint32_t p = 0; p < 20; p++) {
      snprintf(name, sizeof name, "part %u", p);
      snprintf(text, sizeof text, "is %02u", p);
      put(store, 1, name, text);
    }
    seal(store, 1, "");
    WR_CHECK(store_disk_count(&disk, "parts") == rows[r].files, "row %u: %u files", r,
             store_disk_count(&disk, "parts"));
    keep(store, 2, "part 7", 1); /* which keeps its file, and no other */
    put(store, 2, "new", "");
    seal(store, 2, "");
    CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 2);
    store->class->close(store);
    store = open_store(&disk, 1);
    check_get(store, 2, "part 7", "is 07");
    check_get(store, 2, "new", "");
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
    struct wr_store *store = open_store(&disk, 1);
    set_packing(store, rows[r].packed_max, rows[r].pack_bytes);
    wr_directory_self(store)->open_max = rows[r].open_max;
    check_pieces(store);
    store->class->close(store);
    store = open_store(&disk, 1);
    check_get(store, 10, "p", "one, two, three");
    CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 1);
    append(store, 11, "p", "one");
    put(store, 11, "p", ", two");
    seal(store, 11, "");
    check_get(store, 11, "p", "one, two");
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
  struct wr_store *store = open_store(&disk, 1);
  struct wr_error err;
  set_packing(store, 1500, 4000);
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
    set_packing(store, 0, 0);
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
    CU_ASSERT_EQUAL(latest(store), 4);
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
  set_packing(store, 0, 0);
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
  struct wr_store *store = open_store(&disk, 0);
  set_packing(store, 0, 0);
  put(store, 1, "a", "alpha");
  put(store, 1, "b", "beta");
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 2);
  store->class->abort(store, 1);
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 0);
  put(store, 2, "a", "alpha");
  store->class->close(store); /* in the midst of it, and in good order */
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 0);
  store_disk_close(&disk);
}

static void write_file(const struct store_disk *disk, const char *name, const void *bytes,
                       size_t length)
{
  char path[256];
  snprintf(path, sizeof path, "%s/%s", disk->state, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  CU_ASSERT_FATAL(fd >= 0);
  CU_ASSERT_EQUAL_FATAL(write(fd, bytes, length), (ssize_t)length);
  close(fd);
}

static bool has_file(const struct store_disk *disk, const char *name)
{
  char path[256];
  snprintf(path, sizeof path, "%s/%s", disk->state, name);
  return access(path, F_OK) == 0;
}

static void what_a_killed_process_leaves_goes(void)
{
  struct store_disk disk;
  store_disk_open(&disk);
  struct wr_store *store = open_store(&disk, 0);
  put(store, 1, "a", "alpha");
  seal(store, 1, "");
  store->class->close(store);
  static const char *const leftovers[] = {"parts/2-0.part", "parts/1-1.part", "manifests/2.tmp"};
  static const char *const foreign[] = {"parts/readme", "parts/01-0.part", "parts/1-0.part.old",
                                        "manifests/note", "manifests/1.old"};
  for (uint32_t i = 0; i < WR_COUNT(leftovers); i++)
    write_file(&disk, leftovers[i], "x", 1);
  for (uint32_t i = 0; i < WR_COUNT(foreign); i++)
    write_file(&disk, foreign[i], "x", 1);
  struct wr_error err;
  CU_ASSERT_EQUAL(wr_store_directory_open_reading(disk.state, &store, &err), WR_OK);
  CU_ASSERT_EQUAL(latest(store), 1);
  store->class->close(store);
  for (uint32_t i = 0; i < WR_COUNT(leftovers); i++) /* who looks removes nothing */
    WR_CHECK(has_file(&disk, leftovers[i]), "%s", leftovers[i]);
  store = open_store(&disk, 0);
  for (uint32_t i = 0; i < WR_COUNT(leftovers); i++)
    WR_CHECK(!has_file(&disk, leftovers[i]), "%s", leftovers[i]);
  for (uint32_t i = 0; i < WR_COUNT(foreign); i++)
    WR_CHECK(has_file(&disk, foreign[i]), "%s", foreign[i]);
  check_get(store, 1, "a", "alpha");
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
    struct wr_store *own = open_store(&disk, 0);
    put(own, 1, "a", "alpha");
    seal(own, 1, "");
    put(own, 2, "a", "half");
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
  check_get(store, 1, "a", "alpha");
  store->class->close(store);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  CU_ASSERT_EQUAL(wr_store_directory_writer(disk.state), 0);
  store = open_store(&disk, 0);
  CU_ASSERT_EQUAL(wr_store_directory_writer(disk.state), getpid());
  CU_ASSERT_EQUAL(latest(store), 1);
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
  seal(store, 1, "");
  store->class->close(store);
  store = open_store(&disk, 0);
  CU_ASSERT_EQUAL(store->hash_seed, seed);
  store->class->close(store);
  store_disk_close(&disk);
}

/* ---- the id */

static void check_seen_id(const struct store_disk *disk, const char *expected)
{
  struct wr_store *store;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_store_directory_open_reading(disk->state, &store, &err), WR_OK);
  CU_ASSERT_STRING_EQUAL(store->id, expected);
  store->class->close(store);
}

/* Drawn once. What becomes of its file afterwards does not matter once there is an epoch. */
static void the_id_is_kept(void)
{
  static const char *const texts[] = {"",
                                      "0123456789abcde",
                                      "0123456789abcdef0",
                                      "0123456789ABCDEF",
                                      "0123456789abcdef\n\n",
                                      "0123456789abcdeg\n",
                                      "                \n"};
  struct store_disk disk;
  char id[17];
  store_disk_open(&disk);
  struct wr_store *store = open_store(&disk, 0);
  memcpy(id, store->id, sizeof id);
  CU_ASSERT_EQUAL(strlen(id), 16);
  CU_ASSERT_EQUAL(strspn(id, "0123456789abcdef"), 16);
  check_seen_id(&disk, id);
  put(store, 1, "a", "alpha");
  seal(store, 1, "");
  store->class->close(store);
  for (uint32_t i = 0; i < WR_COUNT(texts); i++) {
    write_file(&disk, "id", texts[i], strlen(texts[i]));
    check_seen_id(&disk, id);
    store = open_store(&disk, 0);
    CU_ASSERT_STRING_EQUAL(store->id, id);
    store->class->close(store);
  }
  write_file(&disk, "id", "0123456789abcdef", 16);
  check_seen_id(&disk, "0123456789abcdef");
  store_disk_close(&disk);
}

/* Without any epoch that says it there is nothing that could go on under its name: a new one. */
static void a_new_id(void)
{
  struct store_disk disk;
  char id[17], path[256];
  store_disk_open(&disk);
  struct wr_store *store = open_store(&disk, 0);
  memcpy(id, store->id, sizeof id);
  store->class->close(store);
  snprintf(path, sizeof path, "%s/id", disk.state);
  CU_ASSERT_EQUAL(unlink(path), 0);
  check_seen_id(&disk, "");
  store = open_store(&disk, 0);
  CU_ASSERT_EQUAL(strlen(store->id), 16);
  CU_ASSERT_STRING_NOT_EQUAL(store->id, id);
  store->class->close(store);
  store_disk_close(&disk);
}

/* A manifest as the version before has written it, which knew no ids. */
static void manifests_without_an_id(void)
{
  struct wr_store_manifest manifest = {.version = "0", .epoch = 3, .runtime = "", .id = ""}, read;
  struct wr_arena arena = {0};
  struct wr_error err;
  for (uint32_t kind = 0; kind < 4; kind++) {
    struct wr_part_writer bytes = {0};
    static const char *const ids[] = {"", "0123456789abcdef", "0123456789abcde",
                                      "0123456789abcdeF"};
    manifest.id = ids[kind];
    wr_store_manifest_write(&manifest, &bytes);
    enum wr_code code = wr_store_manifest_read(bytes.bytes, bytes.length, &arena, &read, &err);
    WR_CHECK(code == (kind < 2 ? WR_OK : WR_DATA), "id %s", ids[kind]);
    if (code == WR_OK)
      CU_ASSERT_STRING_EQUAL(read.id, ids[kind]);
    wr_part_writer_free(&bytes);
  }
  wr_arena_free(&arena);
}

/* ---- damage */

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
  CU_ASSERT_EQUAL(latest(store), 2);
  WR_CHECK(store->class->check(store, 2, &err) != WR_OK, "%s: %s", name, how);
  WR_CHECK(strstr(err.message, name) && strstr(err.message, disk->state), "%s: %s: %s", name, how,
           err.message);
  CU_ASSERT_TRUE(wr_store_find_sound(store, &epoch, hear, &told));
  CU_ASSERT_EQUAL(epoch, 1);
  CU_ASSERT_EQUAL(told.count, 1);
  CU_ASSERT_STRING_EQUAL(told.last.message, err.message);
  check_get(store, 1, "a", "one");
  store->class->close(store);
}

static void make_two_epochs(struct store_disk *disk, bool is_packed)
{
  struct wr_store *store = open_store(disk, 0);
  if (!is_packed)
    set_packing(store, 0, 0);
  put(store, 1, "a", "one");
  seal(store, 1, "first");
  put(store, 2, "a", "two");
  put(store, 2, "b", "is not in the first one");
  seal(store, 2, "second");
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
      write_file(&disk, file.name, file.bytes, file.length);
      char how[64];
      snprintf(how, sizeof how, "byte %zu", i);
      check_damage(&disk, file.name, how);
      file.bytes[i] ^= (char)(1 << i % 8);
    }
    write_file(&disk, file.name, file.bytes, file.length);
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
      write_file(&disk, file.name, file.bytes, length);
      snprintf(how, sizeof how, "%zu bytes", length);
      check_damage(&disk, file.name, how);
    }
    write_file(&disk, file.name, file.bytes, file.length);
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
  write_file(&disk, "parts/2-0.part", one.bytes, one.length);
  check_damage(&disk, "parts/2-0.part", "another part");
  snprintf(path, sizeof path, "%s/parts/2-0.part", disk.state);
  CU_ASSERT_EQUAL(unlink(path), 0);
  check_damage(&disk, "parts/2-0.part", "gone");
  CU_ASSERT_EQUAL(mkdir(path, 0777), 0);
  check_damage(&disk, "parts/2-0.part", "a folder");
  CU_ASSERT_EQUAL(rmdir(path), 0);
  write_file(&disk, "parts/2-0.part", two.bytes, two.length);
  read_file(&disk, "manifests/1", &one);
  read_file(&disk, "manifests/2", &two);
  write_file(&disk, "manifests/2", one.bytes, one.length);
  check_damage(&disk, "manifests/2", "another manifest");
  /* opening for writing leaves the parts of an epoch alone that cannot be read */
  struct wr_store *store = open_store(&disk, 0);
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 3);
  const void *bytes;
  size_t length;
  CU_ASSERT_EQUAL(store->class->get(store, 2, "a", &bytes, &length, &err), WR_DATA);
  CU_ASSERT_EQUAL(store->class->keep(store, 3, "a", 2, &err), WR_DATA);
  store->class->abort(store, 3);
  set_packing(store, 0, 0);
  for (uint64_t epoch = 3; epoch <= 5; epoch++) {
    CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), epoch);
    put(store, epoch, "a", "new");
    seal(store, epoch, "");
  }
  CU_ASSERT_EQUAL(store_disk_count(&disk, "manifests"), 3); /* it has gone with its time */
  CU_ASSERT_EQUAL(store_disk_count(&disk, "parts"), 3);
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
    {"the id is kept", the_id_is_kept},
    {"a new id", a_new_id},
    {"manifests without an id", manifests_without_an_id},
    {"flipped bits are found", flipped_bits_are_found},
    {"wrong lengths are found", wrong_lengths_are_found},
    {"wrong files are found", wrong_files_are_found},
    {"places that cannot be used", places_that_cannot_be_used},
    {NULL, NULL},
};
const struct wr_suite wr_suite_store = {"store", tests};
