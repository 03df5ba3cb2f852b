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

static enum wr_code open_over(struct store_disk *disk, struct wr_store **store,
                              struct wr_error *err)
{
  struct wr_store_directory_options options = {.epochs_kept = EPOCHS_KEPT, .hash_seed = 1};
  enum wr_code code =
      wr_store_directory_open_over(disk->state, &options, &disk->system, store, err);
  if (code == WR_OK)
    wr_directory_self(*store)->packed_max = disk->packed_max;
  return code;
}

/* What part `name` of an epoch contains: "a" is always new, "b" is of the second epoch, then kept.
 */
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

/* b_epoch: the sealed one that has b; 0: none. */
static enum wr_code write_epoch(struct wr_store *store, uint64_t epoch, uint64_t b_epoch,
                                struct wr_error *err)
{
  enum wr_code code = put(store, epoch, "a", err);
  if (code == WR_OK)
    code =
        b_epoch ? store->class->keep(store, epoch, "b", b_epoch, err) : put(store, epoch, "b", err);
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
static uint32_t check_epochs(struct wr_store *store, bool is_packed, const char *at,
                             uint32_t *count)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  struct {
    char name[48];
  } files[4 * EPOCHS];
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
    CU_ASSERT_EQUAL(part_count, 2);
    for (uint32_t p = 0; p < part_count; p++) {
      check_text(store, list[e].epoch, parts[p].name, parts[p].from_epoch, at);
      char name[48];
      snprintf(name, sizeof name, "%s %u", is_packed ? "all" : parts[p].name,
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
  uint32_t files = check_epochs(store, disk->packed_max > 0, at, &count);
  WR_CHECK(store_disk_count(disk, "manifests") == count, "%s: manifests", at);
  WR_CHECK(store_disk_count(disk, "parts") == files, "%s: %u parts instead of %u", at,
           store_disk_count(disk, "parts"), files);
  for (uint32_t more = 0; more < EPOCHS_KEPT + 1; more++) {
    uint64_t next = outcome->written + 1 + more;
    code = write_epoch(store, next, epoch, &err);
    WR_CHECK(code == WR_OK, "%s: %s", at, err.message);
    epoch = next;
  }
  files = check_epochs(store, disk->packed_max > 0, at, &count);
  CU_ASSERT_EQUAL(count, EPOCHS_KEPT);
  WR_CHECK(store_disk_count(disk, "parts") == files, "%s: parts of the next ones", at);
  store->class->close(store);
}

static uint64_t steps_of_a_good_run(void)
{
  struct store_disk disk;
  struct outcome outcome;
  store_disk_open(&disk);
  write_epochs(&disk, &outcome);
  CU_ASSERT_EQUAL(outcome.sealed, EPOCHS);
  uint64_t steps = disk.step;
  check_after(&disk, &outcome, "a good run");
  store_disk_close(&disk);
  return steps;
}

static void power_goes(size_t packed_max)
{
  uint64_t steps = steps_of_a_good_run();
  CU_ASSERT(steps > EPOCHS * 8);
  for (uint64_t step = 1; step <= steps + 1; step++) {
    for (unsigned loss = 0; loss < STORE_DISK_LOSSES; loss++) {
      struct store_disk disk;
      struct outcome outcome;
      char at[64];
      snprintf(at, sizeof at, "step %u, lost %u", (unsigned)step, loss);
      store_disk_open(&disk);
      disk.packed_max = packed_max;
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
  power_goes(0);
  power_goes(WR_DIRECTORY_PACKED_MAX);
}

static void step_fails(size_t packed_max)
{
  static const int reasons[] = {ENOSPC, EIO, EROFS};
  uint64_t steps = steps_of_a_good_run();
  for (uint64_t step = 1; step <= steps; step++) {
    struct store_disk disk;
    struct outcome outcome;
    char at[64], reason[64];
    int number = reasons[step % WR_COUNT(reasons)];
    snprintf(at, sizeof at, "step %u fails", (unsigned)step);
    snprintf(reason, sizeof reason, "%s", strerrordesc_np(number));
    store_disk_open(&disk);
    disk.packed_max = packed_max;
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
  step_fails(0);
  step_fails(WR_DIRECTORY_PACKED_MAX);
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
  uint64_t steps = steps_of_a_good_run();
  for (uint64_t step = 1; step <= steps; step++)
    for (uint64_t more = 1; more <= 5; more += 2)
      for (uint64_t after = 0; after <= 7; after += 1 + after / 2)
        fail_and_crash(step, more, after,
                       after == 0 ? 0 : (unsigned)(step * 5 + more * 3) % STORE_DISK_LOSSES);
}

/* The same where the manifest gets its name, with everything that can be lost. */
static void around_the_name(void)
{
  uint64_t steps = steps_of_a_good_run();
  for (uint64_t step = steps - 12; step <= steps; step++)
    for (uint64_t after = 1; after <= 7; after++)
      for (unsigned loss = 0; loss < STORE_DISK_LOSSES; loss++)
        if (loss & STORE_DISK_MANIFESTS)
          fail_and_crash(step, 1, after, loss);
}

static const struct wr_test tests[] = {
    {"the power goes", the_power_goes},
    {"a step fails", a_step_fails},
    {"all comes together", all_comes_together},
    {"around the name", around_the_name},
    {NULL, NULL},
};
const struct wr_suite wr_suite_store_crash = {"store_crash", tests};
