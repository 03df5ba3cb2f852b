/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store DIR [MEGABYTES]: what an epoch costs in a directory of snapshots: milliseconds of put
 * (writing), of seal (bringing it to the disk, and forgetting old epochs), of checking and reading
 * it back, by number of parts; and of one in which nothing has changed. "In pieces": the same bytes
 * as one part that comes 1 MiB at a time, as large ones do. Beside it one plain file of as many
 * bytes, written and brought to the disk. DIR must not exist; it is left there.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/time.h"
#include "state/store_directory.h"

#define ROUNDS      6 /* the first one does not count */
#define PIECE_BYTES (1 << 20)

static void must(enum wr_code code, const struct wr_error *err)
{
  if (code == WR_OK)
    return;
  fprintf(stderr, "%s\n", err->message);
  exit(1);
}

/* Shortest, mean, longest. */
struct timing {
  double least, sum, most;
};

static void timing_add(struct timing *timing, int64_t from_us)
{
  double ms = (double)(wr_monotonic_us() - from_us) / 1000;
  timing->least = timing->sum == 0 || ms < timing->least ? ms : timing->least;
  timing->most = ms > timing->most ? ms : timing->most;
  timing->sum += ms;
}

static void timing_print(const struct timing *timing)
{
  printf("  %7.1f %7.1f %7.1f", timing->least, timing->sum / (ROUNDS - 1), timing->most);
}

static void part_name(char name[32], uint32_t part)
{
  snprintf(name, 32, "node/%u", part);
}

/* A part, maybe in pieces. */
static enum wr_code write_part(struct wr_store *store, uint64_t epoch, const char *name,
                               const char *bytes, size_t length, bool in_pieces,
                               struct wr_error *err)
{
  enum wr_code code = WR_OK;
  size_t at = 0;
  for (; in_pieces && code == WR_OK && length - at > PIECE_BYTES; at += PIECE_BYTES)
    code = store->class->append(store, epoch, name, bytes + at, PIECE_BYTES, err);
  return code == WR_OK ? store->class->put(store, epoch, name, bytes + at, length - at, err) : code;
}

static void write_epoch(struct wr_store *store, uint64_t epoch, uint32_t parts, const char *bytes,
                        size_t length, bool in_pieces, uint64_t from_epoch)
{
  struct wr_error err;
  char name[32];
  for (uint32_t p = 0; p < parts; p++) {
    part_name(name, p);
    must(from_epoch ? store->class->keep(store, epoch, name, from_epoch, &err)
                    : write_part(store, epoch, name, bytes + p, length, in_pieces, &err),
         &err);
  }
}

static void read_epoch(struct wr_store *store, uint64_t epoch, uint32_t parts)
{
  struct wr_error err;
  char name[32];
  const void *bytes;
  size_t length;
  for (uint32_t p = 0; p < parts; p++) {
    part_name(name, p);
    must(store->class->get(store, epoch, name, &bytes, &length, &err), &err);
  }
  store->class->release(store);
}

/* One line: epochs of `parts` parts of `length` bytes. */
static void bench_parts(struct wr_store *store, uint64_t *epoch, uint32_t parts, const char *bytes,
                        size_t length, bool in_pieces)
{
  struct timing put = {0}, seal = {0}, check = {0}, get = {0}, kept = {0},
                *none = &(struct timing){0};
  struct wr_error err;
  for (int round = 0; round < ROUNDS; round++) {
    int64_t from_us = wr_monotonic_us();
    write_epoch(store, ++*epoch, parts, bytes + round, length, in_pieces, 0);
    timing_add(round ? &put : none, from_us);
    from_us = wr_monotonic_us();
    must(store->class->seal(store, *epoch, "", 0, &err), &err);
    timing_add(round ? &seal : none, from_us);
    from_us = wr_monotonic_us();
    must(store->class->check(store, *epoch, &err), &err);
    timing_add(round ? &check : none, from_us);
    from_us = wr_monotonic_us();
    read_epoch(store, *epoch, parts);
    timing_add(round ? &get : none, from_us);
    from_us = wr_monotonic_us();
    write_epoch(store, *epoch + 1, parts, NULL, 0, false, *epoch);
    must(store->class->seal(store, ++*epoch, "", 0, &err), &err);
    timing_add(round ? &kept : none, from_us);
  }
  if (in_pieces)
    printf("pieces %11zu B", length);
  else
    printf("%6u x %9zu B", parts, length);
  timing_print(&put);
  timing_print(&seal);
  printf("  %7.1f %7.1f %7.1f\n", check.least, get.least, kept.sum / (ROUNDS - 1));
}

static void bench_plain(const char *path, const char *bytes, size_t length)
{
  struct timing wrote = {0}, synced = {0}, *none = &(struct timing){0};
  for (int round = 0; round < ROUNDS; round++) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int64_t from_us = wr_monotonic_us();
    for (size_t at = 0; at < length;) {
      ssize_t more = write(fd, bytes + at, length - at < (8u << 20) ? length - at : 8u << 20);
      if (more <= 0)
        exit(1);
      at += (size_t)more;
    }
    timing_add(round ? &wrote : none, from_us);
    from_us = wr_monotonic_us();
    if (fsync(fd) != 0)
      exit(1);
    timing_add(round ? &synced : none, from_us);
    close(fd);
    unlink(path);
  }
  printf("plain  %11zu B", length);
  timing_print(&wrote);
  timing_print(&synced);
  printf("\n");
}

int main(int argc, char **argv)
{
  if (argc < 2) {
    fprintf(stderr, "usage: store DIR [MEGABYTES]\n");
    return 2;
  }
  size_t megabytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
  size_t total = megabytes << 20, room = total + 4096;
  char *bytes = wr_memory_get(room), path[4096];
  uint64_t seed = 1, epoch = 0;
  for (size_t i = 0; i + 8 <= room; i += 8) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    memcpy(bytes + i, &seed, 8);
  }
  struct wr_store *store;
  struct wr_error err;
  struct wr_store_directory_options options = {0};
  must(wr_store_directory_open(argv[1], &options, &store, &err), &err);
  printf("milliseconds              %25s %25s  %7s %7s %7s\n", "put: least, mean, most",
         "seal: least, mean, most", "check", "get", "kept");
  snprintf(path, sizeof path, "%s/plain", argv[1]);
  bench_plain(path, bytes, total);
  static const uint32_t counts[] = {1, 8, 64, 512};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    bench_parts(store, &epoch, counts[i], bytes, total / counts[i], false);
  bench_parts(store, &epoch, 1, bytes, total, true);
  bench_parts(store, &epoch, 8, bytes, 200, false);
  bench_parts(store, &epoch, 512, bytes, 200, false);
  store->class->close(store);
  free(bytes);
  return 0;
}
