/* SPDX-License-Identifier: Apache-2.0 */
/* The id of a state directory: drawn once, kept whatever becomes of its file. */
#include <string.h>
#include <unistd.h>

#include "state/store_directory_inner.h"
#include "tests/unit/check.h"
#include "tests/unit/store_steps.h"

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
  struct wr_store *store = store_open(&disk, 0);
  memcpy(id, store->id, sizeof id);
  CU_ASSERT_EQUAL(strlen(id), 16);
  CU_ASSERT_EQUAL(strspn(id, "0123456789abcdef"), 16);
  check_seen_id(&disk, id);
  store_put(store, 1, "a", "alpha");
  store_seal(store, 1, "");
  store->class->close(store);
  for (uint32_t i = 0; i < WR_COUNT(texts); i++) {
    store_write_file(&disk, "id", texts[i], strlen(texts[i]));
    check_seen_id(&disk, id);
    store = store_open(&disk, 0);
    CU_ASSERT_STRING_EQUAL(store->id, id);
    store->class->close(store);
  }
  store_write_file(&disk, "id", "0123456789abcdef", 16);
  check_seen_id(&disk, "0123456789abcdef");
  store_disk_close(&disk);
}

/* Without any epoch that says it there is nothing that could go on under its name: a new one. */
static void a_new_id(void)
{
  struct store_disk disk;
  char id[17], path[256];
  store_disk_open(&disk);
  struct wr_store *store = store_open(&disk, 0);
  memcpy(id, store->id, sizeof id);
  store->class->close(store);
  snprintf(path, sizeof path, "%s/id", disk.state);
  CU_ASSERT_EQUAL(unlink(path), 0);
  check_seen_id(&disk, "");
  store = store_open(&disk, 0);
  CU_ASSERT_EQUAL(strlen(store->id), 16);
  CU_ASSERT_STRING_NOT_EQUAL(store->id, id);
  CU_ASSERT_TRUE(store->id_is_new);
  store->class->close(store);
  store = store_open(&disk, 0);
  CU_ASSERT_FALSE(store->id_is_new);
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

static const struct wr_test tests[] = {
    {"the id is kept", the_id_is_kept},
    {"a new id", a_new_id},
    {"manifests without an id", manifests_without_an_id},
    {NULL, NULL},
};
const struct wr_suite wr_suite_store_id = {"store_id", tests};
