/* SPDX-License-Identifier: Apache-2.0 */
/* What says which parts make an epoch. The first byte chooses: a manifest of a directory, the
 * runtime's own inside it, or a whole file with its header; the rest is its bytes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/snapshot.h"
#include "state/store_manifest.h"

#define FILE_BYTES_MAX (1 << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

/* What can be read keeps its promises, and is written as the same bytes. */
static void fuzz_directory(const char *bytes, size_t size)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  struct wr_store_manifest manifest;
  struct wr_part_writer again = {0};
  if (wr_store_manifest_read(bytes, size, &arena, &manifest, &err) == WR_OK) {
    for (uint32_t i = 0; i < manifest.entry_count; i++) {
      const struct wr_store_entry *entry = &manifest.entries[i];
      demand(wr_store_manifest_find(&manifest, entry->name) == entry);
      demand(entry->offset + entry->length <= manifest.files[entry->file].bytes.length);
    }
    demand(!wr_store_manifest_find(&manifest, "\x01no part"));
    wr_store_manifest_write(&manifest, &again);
    demand(again.length == size && memcmp(again.bytes, bytes, size) == 0);
  } else {
    demand(err.code == WR_DATA && err.message[0]);
  }
  wr_part_writer_free(&again);
  wr_arena_free(&arena);
}

/* Chains end, and each of their tables lies within its part. */
static enum wr_code count_part(void *self, struct wr_part_reader *part, struct wr_error *err)
{
  (void)err;
  demand(part->at == 0);
  for (const struct wr_part_reader *older = part; older; older = older->older) {
    demand(older->at <= older->length);
    ++*(uint32_t *)self;
  }
  return WR_OK;
}

/* An epoch of this manifest, with parts as both formats call them. */
static struct wr_store *open_epoch(uint64_t epoch, const char *bytes, size_t size)
{
  static const char *const names[] = {"a/0", "a/0@1", "a/0@2", "a/0@3", "a/1@3", "a/0@3 outbox"};
  struct wr_store *store = wr_store_memory_new();
  struct wr_error err;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    demand(store->class->put(store, epoch, names[i], "0123456789", 10, &err) == WR_OK);
  demand(store->class->seal(store, epoch, bytes, size, &err) == WR_OK);
  return store;
}

static void fuzz_runtime(const char *bytes, size_t size)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  struct wr_snapshot snapshot;
  uint64_t epoch = size > 8 && bytes[8] == 1 ? 1 : 3;
  struct wr_store *store = open_epoch(epoch, bytes, size);
  if (wr_snapshot_read(store, epoch, &arena, &snapshot, &err) == WR_OK) {
    demand(snapshot.epoch == epoch && snapshot.previous < epoch);
    demand(snapshot.description_length <= size);
    for (uint32_t i = 0; i < snapshot.part_count && i < 100; i++) {
      const struct wr_snapshot_part *part = &snapshot.parts[i];
      struct wr_outbox *outboxes;
      uint32_t count = 0, outbox_count;
      demand(part->epoch <= epoch && !(part->outbox && part->older));
      if (wr_snapshot_restore(&snapshot, part->node_key, count_part, &count, &err) != WR_OK)
        demand(err.message[0]);
      if (wr_snapshot_outboxes(&snapshot, part->node_key, &arena, &outboxes, &outbox_count, &err) ==
          WR_OK)
        demand(!part->outbox || outbox_count > 0);
    }
  } else {
    demand(err.code == WR_DATA && err.message[0]);
  }
  store->class->close(store);
  wr_arena_free(&arena);
}

/* A file of exactly these bytes, in memory. */
static void fuzz_file(const char *bytes, size_t size)
{
  struct wr_store_folder folder = {
      .system = wr_store_system_real(), .fd = open("/proc/self/fd", O_RDONLY), .path = "memory"};
  int fd = memfd_create("file", MFD_CLOEXEC);
  demand(folder.fd >= 0 && fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
  for (int kind = WR_STORE_PART; kind <= WR_STORE_MANIFEST; kind++) {
    char name[16], *read = NULL;
    size_t length = 0;
    struct wr_error err;
    snprintf(name, sizeof name, "%d", fd);
    enum wr_code code = wr_store_file_read(&folder, name, (enum wr_store_kind)kind, NULL,
                                           FILE_BYTES_MAX, &read, &length, &err);
    demand(code == WR_OK || code == WR_DATA);
    demand(code != WR_OK || (length == size - WR_STORE_HEADER_BYTES &&
                             memcmp(read, bytes + WR_STORE_HEADER_BYTES, length) == 0));
    free(read);
  }
  close(fd);
  close(folder.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static void (*const ways[])(const char *bytes, size_t size) = {fuzz_directory, fuzz_runtime,
                                                                 fuzz_file};
  if (size)
    ways[data[0] % 3]((const char *)data + 1, size - 1);
  return 0;
}
