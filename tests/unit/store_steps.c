/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store_steps.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "state/store_directory_inner.h"
#include "tests/unit/check.h"

struct wr_store *store_open(struct store_disk *disk, uint32_t epochs_kept)
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

void store_set_packing(struct wr_store *store, size_t packed_max, size_t pack_bytes)
{
  wr_directory_self(store)->packed_max = packed_max;
  wr_directory_self(store)->pack_bytes = pack_bytes;
}

void store_put(struct wr_store *store, uint64_t epoch, const char *name, const char *text)
{
  struct wr_error err;
  enum wr_code code = store->class->put(store, epoch, name, text, strlen(text), &err);
  WR_CHECK(code == WR_OK, "epoch %u, %s: %s", (unsigned)epoch, name, err.message);
}

void store_append(struct wr_store *store, uint64_t epoch, const char *name, const char *text)
{
  struct wr_error err;
  enum wr_code code = store->class->append(store, epoch, name, text, strlen(text), &err);
  WR_CHECK(code == WR_OK, "epoch %u, %s: %s", (unsigned)epoch, name, err.message);
}

void store_keep(struct wr_store *store, uint64_t epoch, const char *name, uint64_t from_epoch)
{
  struct wr_error err;
  enum wr_code code = store->class->keep(store, epoch, name, from_epoch, &err);
  WR_CHECK(code == WR_OK, "epoch %u, %s: %s", (unsigned)epoch, name, err.message);
}

void store_seal(struct wr_store *store, uint64_t epoch, const char *manifest)
{
  struct wr_error err;
  enum wr_code code = store->class->seal(store, epoch, manifest, strlen(manifest), &err);
  WR_CHECK(code == WR_OK, "epoch %u: %s", (unsigned)epoch, err.message);
}

void store_check_get(struct wr_store *store, uint64_t epoch, const char *name, const char *text)
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

uint64_t store_latest(struct wr_store *store)
{
  uint64_t epoch;
  return store->class->latest(store, &epoch) ? epoch : 0;
}

void store_write_file(const struct store_disk *disk, const char *name, const void *bytes,
                      size_t length)
{
  char path[256];
  snprintf(path, sizeof path, "%s/%s", disk->state, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  CU_ASSERT_FATAL(fd >= 0);
  CU_ASSERT_EQUAL_FATAL(write(fd, bytes, length), (ssize_t)length);
  close(fd);
}

bool store_has_file(const struct store_disk *disk, const char *name)
{
  char path[256];
  snprintf(path, sizeof path, "%s/%s", disk->state, name);
  return access(path, F_OK) == 0;
}
