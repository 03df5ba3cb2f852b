/* SPDX-License-Identifier: Apache-2.0 */
/* The power goes, or the disk fails, at every single step of some epochs: what is visible
 * afterwards is complete, nothing that was sealed is missing, and nothing is left over. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "state/store_directory_inner.h"
#include "tests/unit/check.h"
#include "tests/unit/store_disk.h"

#define EPOCHS      4
#define EPOCHS_KEPT 2
#define PARTS       4

/* How parts become files. */
struct way {
  size_t packed_max;
  uint32_t open_max;
};
static const struct way ways[] = {
    {0, 0},                       /* each its own */
    {WR_DIRECTORY_PACKED_MAX, 0}, /* all one */
    {5, 1}, /* each its own; those that come in pieces begin in memory, and are closed in between */
};

static bool is_packed(const struct store_disk *disk)
{
  return disk->packed_max == WR_DIRECTORY_PACKED_MAX;
}

static void open_disk(struct store_disk *disk, const struct way *way)
{
  store_disk_open(disk);
  disk->packed_max = way->packed_max;
  disk->open_max = way->open_max;
}

static enum wr_code open_over(struct store_disk *disk, struct wr_store **store,
                              struct wr_error *err)
{
  struct wr_store_directory_options options = {.epochs_kept = EPOCHS_KEPT, .hash_seed = 1};
  enum wr_code code =
      wr_store_directory_open_over(disk->state, &options, &disk->system, store, err);
  if (code != WR_OK)
    return code;
  wr_directory_self(*store)->packed_max = disk->packed_max;
  if (disk->open_max)
    wr_directory_self(*store)->open_max = disk->open_max;
  return code;
}

/* What part `name` of an epoch contains: "a" is always new, "b" is of the second epoch, then kept,
 * "c" and "d" are new and come in pieces. */
static void part_text(char text[32], const char *name, uint64_t epoch)
{
  snprintf(text, 32, "%s in %u", name, (unsigned)epoch);
}

static enum wr_code put(struct wr_store *store, uint64_t epoch, const char *name,
                        struct wr_error *err)
{
  char text[32];
  part_text(text, name, epoch);
  return store->class->put(store, epoch, name, text, strlen(text), err);
}

/* The next two bytes of a part. */
static enum wr_code append(struct wr_store *store, uint64_t epoch, const char *name, size_t at,
                           struct wr_error *err)
{
  char text[32];
  part_text(text, name, epoch);
  return store->class->append(store, epoch, name, text + at, 2, err);
}

static enum wr_code put_rest(struct wr_store *store, uint64_t epoch, const char *name, size_t at,
                             struct wr_error *err)
{
  char text[32];
  part_text(text, name, epoch);
  return store->class->put(store, epoch, name, text + at, strlen(text + at), err);
}

static enum wr_code write_pieces(struct wr_store *store, uint64_t epoch, struct wr_error *err)
{
  enum wr_code code = append(store, epoch, "c", 0, err);
  for (size_t at = 0; code == WR_OK && at < 4; at += 2) {
    code = append(store, epoch, "d", at, err);
    if (code == WR_OK)
      code = append(store, epoch, "c", at + 2, err);
  }
  if (code == WR_OK)
    code = put_rest(store, epoch, "c", 6, err);
  return code == WR_OK ? put_rest(store, epoch, "d", 4, err) : code;
}

/* b_epoch: the sealed one that has b; 0: none. */
static enum wr_code write_epoch(struct wr_store *store, uint64_t epoch, uint64_t b_epoch,
                                struct wr_error *err)
{
  enum wr_code code = put(store, epoch, "a", err);
  if (code == WR_OK)
    code =
        b_epoch ? store->class->keep(store, epoch, "b", b_epoch, err) : put(store, epoch, "b", err);
  if (code == WR_OK)
    code = write_pieces(store, epoch, err);
  char manifest[32];
  snprintf(manifest, sizeof manifest, "manifest %u", (unsigned)epoch);
  if (code == WR_OK)
    code = store->class->seal(store, epoch, manifest, strlen(manifest), err);
  return code;
}

struct outcome {
  uint64_t sealed;  /* the newest epoch that was reported as sealed */
  uint64_t written; /* the newest that was tried */
  uint32_t failures;
  char message[768]; /* of the last failure */
};

/* Some epochs; a failed one is given up and the next one tried. */
static void write_epochs(struct store_disk *disk, struct outcome *outcome)
{
  struct wr_store *store;
  struct wr_error err;
  *outcome = (struct outcome){0};
  enum wr_code code = open_over(disk, &store, &err);
  CU_ASSERT_EQUAL_FATAL(code, WR_OK);
  disk->is_armed = true; /* the folders are there */
  for (uint64_t epoch = 1; epoch <= EPOCHS && !disk->is_dead; epoch++) {
    outcome->written = epoch;
    code = write_epoch(store, epoch, outcome->sealed, &err);
    if (code == WR_OK) {
      outcome->sealed = epoch;
      continue;
    }
    outcome->failures++;
    memcpy(outcome->message, err.message, sizeof outcome->message);
    if (!disk->is_dead)
      store->class->abort(store, epoch);
  }
  store->class->close(store);
}

static void check_text(struct wr_store *store, uint64_t epoch, const char *name,
                       uint64_t from_epoch, const char *at)
{
  char text[32];
  const void *bytes = NULL;
  size_t length = 0;
  struct wr_error err;
  part_text(text, name, from_epoch);
  enum wr_code code = store->class->get(store, epoch, name, &bytes, &length, &err);
  WR_CHECK(code == WR_OK && length == strlen(text) && memcmp(bytes, text, length) == 0,
           "%s: epoch %u, %s", at, (unsigned)epoch, name);
}

/* All visible epochs are complete and right; returns how many files they need. */
static uint32_t check_epochs(struct wr_store *store, bool packed, const char *at, uint32_t *count)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  struct {
    char name[48];
  } files[4 * PARTS * EPOCHS];
  uint32_t file_count = 0;
  const struct wr_store_epoch *list = store->class->list(store, &arena, count);
  for (uint32_t e = 0; e < *count; e++) {
    struct wr_store_part *parts;
    uint32_t part_count;
    enum wr_code code = store->class->check(store, list[e].epoch, &err);
    WR_CHECK(code == WR_OK, "%s: epoch %u: %s", at, (unsigned)list[e].epoch, err.message);
    code = store->class->parts(store, list[e].epoch, &arena, &parts, &part_count, &err);
    if (code != WR_OK)
      continue;
    CU_ASSERT_EQUAL(part_count, PARTS);
    for (uint32_t p = 0; p < part_count; p++) {
      check_text(store, list[e].epoch, parts[p].name, parts[p].from_epoch, at);
      char name[48];
      snprintf(name, sizeof name, "%s %u", packed ? "all" : parts[p].name,
               (unsigned)parts[p].from_epoch);
      uint32_t f = 0;
      while (f < file_count && strcmp(files[f].name, name) != 0)
        f++;
      if (f == file_count)
        snprintf(files[file_count++].name, sizeof name, "%s", name);
    }
  }
  wr_arena_free(&arena);
  return file_count;
}

/* Another process opens what is left, finds all in order, and goes on. */
static void check_after(struct store_disk *disk, const struct outcome *outcome, const char *at)
{
  struct wr_store *store = NULL;
  struct wr_error err;
  uint64_t epoch = 0;
  uint32_t count;
  wr_error_clear(&err);
  enum wr_code code = open_over(disk, &store, &err);
  WR_CHECK(code == WR_OK, "%s: %s", at, err.message);
  CU_ASSERT_PTR_NOT_NULL_FATAL(store);
  if (!store->class->latest(store, &epoch))
    epoch = 0;
  WR_CHECK(epoch >= outcome->sealed && epoch <= outcome->written, "%s: the newest is %u, not %u",
           at, (unsigned)epoch, (unsigned)outcome->sealed);
  uint32_t files = check_epochs(store, is_packed(disk), at, &count);
  WR_CHECK(store_disk_count(disk, "manifests") == count, "%s: manifests", at);
  WR_CHECK(store_disk_count(disk, "parts") == files, "%s: %u parts instead of %u", at,
           store_disk_count(disk, "parts"), files);
  for (uint32_t more = 0; more < EPOCHS_KEPT + 1; more++) {
    uint64_t next = outcome->written + 1 + more;
    code = write_epoch(store, next, epoch, &err);
    WR_CHECK(code == WR_OK, "%s: %s", at, err.message);
    epoch = next;
  }
  files = check_epochs(store, is_packed(disk), at, &count);
  CU_ASSERT_EQUAL(count, EPOCHS_KEPT);
  WR_CHECK(store_disk_count(disk, "parts") == files, "%s: parts of the next ones", at);
  store->class->close(store);
}

static uint64_t steps_of_a_good_run(const struct way *way)
{
  struct store_disk disk;
  struct outcome outcome;
  open_disk(&disk, way);
  write_epochs(&disk, &outcome);
  CU_ASSERT_EQUAL(outcome.sealed, EPOCHS);
  uint64_t steps = disk.step;
  check_after(&disk, &outcome, "a good run");
  store_disk_close(&disk);
  return steps;
}

static void power_goes(const struct way *way)
{
  uint64_t steps = steps_of_a_good_run(way);
  CU_ASSERT(steps > EPOCHS * 8);
  for (uint64_t step = 1; step <= steps + 1; step++) {
    for (unsigned loss = 0; loss < STORE_DISK_LOSSES; loss++) {
      struct store_disk disk;
      struct outcome outcome;
      char at[64];
      snprintf(at, sizeof at, "step %u, lost %u", (unsigned)step, loss);
      open_disk(&disk, way);
      disk.crash_at = step;
      write_epochs(&disk, &outcome);
      store_disk_lose(&disk, loss);
      check_after(&disk, &outcome, at);
      store_disk_close(&disk);
    }
  }
}

static void the_power_goes(void)
{
  for (size_t i = 0; i < WR_COUNT(ways); i++)
    power_goes(&ways[i]);
}

static void step_fails(const struct way *way)
{
  static const int reasons[] = {ENOSPC, EIO, EROFS};
  uint64_t steps = steps_of_a_good_run(way);
  for (uint64_t step = 1; step <= steps; step++) {
    struct store_disk disk;
    struct outcome outcome;
    char at[64], reason[64];
    int number = reasons[step % WR_COUNT(reasons)];
    snprintf(at, sizeof at, "step %u fails", (unsigned)step);
    snprintf(reason, sizeof reason, "%s", strerrordesc_np(number));
    open_disk(&disk, way);
    disk.fail_at = step;
    disk.fail_errno = number;
    write_epochs(&disk, &outcome);
    WR_CHECK(outcome.failures <= 1, "%s: %u failures", at, outcome.failures);
    WR_CHECK(outcome.sealed >= EPOCHS - 1, "%s: sealed %u", at, (unsigned)outcome.sealed);
    if (outcome.failures)
      WR_CHECK(strstr(outcome.message, disk.state) && strstr(outcome.message, reason), "%s: %s", at,
               outcome.message);
    disk.fail_at = 0;
    check_after(&disk, &outcome, at);
    store_disk_close(&disk);
  }
}

static void a_step_fails(void)
{
  for (size_t i = 0; i < WR_COUNT(ways); i++)
    step_fails(&ways[i]);
}

/* A few steps fail, those of giving up among them, and some steps later the power goes; after 0: it
 * stays. */
static void fail_and_crash(uint64_t step, uint64_t more, uint64_t after, unsigned loss)
{
  struct store_disk disk;
  struct outcome outcome;
  char at[96];
  snprintf(at, sizeof at, "steps %u to %u, the power goes %u later, lost %u", (unsigned)step,
           (unsigned)(step + more - 1), (unsigned)after, loss);
  store_disk_open(&disk);
  disk.fail_at = step;
  disk.fail_count = more;
  disk.crash_at = after ? step + more - 1 + after : 0;
  write_epochs(&disk, &outcome);
  store_disk_lose(&disk, loss);
  check_after(&disk, &outcome, at);
  store_disk_close(&disk);
}

static void all_comes_together(void)
{
  uint64_t steps = steps_of_a_good_run(&ways[0]);
  for (uint64_t step = 1; step <= steps; step++)
    for (uint64_t more = 1; more <= 5; more += 2)
      for (uint64_t after = 0; after <= 7; after += 1 + after / 2)
        fail_and_crash(step, more, after,
                       after == 0 ? 0 : (unsigned)(step * 5 + more * 3) % STORE_DISK_LOSSES);
}

/* The same where the manifest gets its name, with everything that can be lost. */
static void around_the_name(void)
{
  uint64_t steps = steps_of_a_good_run(&ways[0]);
  for (uint64_t step = steps - 12; step <= steps; step++)
    for (uint64_t after = 1; after <= 7; after++)
      for (unsigned loss = 0; loss < STORE_DISK_LOSSES; loss++)
        if (loss & STORE_DISK_MANIFESTS)
          fail_and_crash(step, 1, after, loss);
}

/* ---- the id, which is made at the first opening */

/* Opens and closes; the id, or "" if that fails. */
static void open_for_id(struct store_disk *disk, char id[17])
{
  struct wr_store *store;
  struct wr_error err;
  id[0] = 0;
  if (open_over(disk, &store, &err) != WR_OK)
    return;
  memcpy(id, store->id, sizeof store->id);
  CU_ASSERT_EQUAL(strspn(id, "0123456789abcdef"), 16);
  store->class->close(store);
}

/* Whoever has seen the id finds it again. */
static void check_id(struct store_disk *disk, const char *seen, const char *at)
{
  char id[17], again[17];
  open_for_id(disk, id);
  WR_CHECK(id[0] && (!seen[0] || strcmp(id, seen) == 0), "%s: %s instead of %s", at, id, seen);
  open_for_id(disk, again);
  WR_CHECK(strcmp(again, id) == 0, "%s: %s instead of %s", at, again, id);
}

static uint64_t steps_of_an_opening(void)
{
  struct store_disk disk;
  char id[17];
  store_disk_open(&disk);
  disk.is_armed = true;
  open_for_id(&disk, id);
  uint64_t steps = disk.step;
  check_id(&disk, id, "a good opening");
  CU_ASSERT_EQUAL(disk.step, steps); /* nothing is changed any more */
  store_disk_close(&disk);
  return steps;
}

static void the_id_stays(void)
{
  uint64_t steps = steps_of_an_opening();
  CU_ASSERT(steps >= 6);
  for (uint64_t step = 1; step <= steps + 1; step++)
    for (unsigned loss = 0; loss < 2 * STORE_DISK_LOSSES; loss++) {
      struct store_disk disk;
      char id[17], at[64];
      unsigned lost = (loss % STORE_DISK_LOSSES) | (loss >= STORE_DISK_LOSSES) * STORE_DISK_ROOT;
      snprintf(at, sizeof at, "step %u, lost %u", (unsigned)step, lost);
      store_disk_open(&disk);
      disk.is_armed = true;
      disk.crash_at = step;
      open_for_id(&disk, id);
      store_disk_lose(&disk, lost);
      check_id(&disk, id, at);
      store_disk_close(&disk);
    }
}

static void an_id_that_cannot_be_made(void)
{
  uint64_t steps = steps_of_an_opening();
  for (uint64_t step = 1; step <= steps; step++) {
    struct store_disk disk;
    char id[17], at[64];
    snprintf(at, sizeof at, "step %u fails", (unsigned)step);
    store_disk_open(&disk);
    disk.is_armed = true;
    disk.fail_at = step;
    open_for_id(&disk, id);
    disk.fail_at = 0;
    check_id(&disk, id, at);
    store_disk_close(&disk);
  }
}

static const struct wr_test tests[] = {
    {"the power goes", the_power_goes},
    {"a step fails", a_step_fails},
    {"all comes together", all_comes_together},
    {"around the name", around_the_name},
    {"the id stays", the_id_stays},
    {"an id that cannot be made", an_id_that_cannot_be_made},
    {NULL, NULL},
};
const struct wr_suite wr_suite_store_crash = {"store_crash", tests};
