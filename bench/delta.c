/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delta [MEGABYTES]: snapshots of one large keyed table (1024 MB of entries of 64 bytes, if nothing
 * is said): how long a single call takes at most - while it grows, while snapshots are being
 * written, while it is freed -, how large a delta is after 1 % of the entries have changed, and how
 * long it takes to load a full section and a chain.
 *
 * Between two steps of a snapshot comes a probe of random keys, as in a job. Calls are timed by the
 * clock, which a busy machine stretches, and by the processor time of the thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/batch.h"
#include "core/hash.h"
#include "state/table.h"

#define SEED        1
#define PIECE_BYTES (1u << 20)
#define STEP_PAGES  4
#define DELTAS      5

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

/* ---- times of calls */

struct calls {
  const char *name;
  uint32_t count, capacity;
  double *wall_us, *own_us;
  double begin_wall_us, begin_own_us;
};

static double clock_us(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void call_begin(struct calls *calls)
{
  calls->begin_wall_us = clock_us(CLOCK_MONOTONIC);
  calls->begin_own_us = clock_us(CLOCK_THREAD_CPUTIME_ID);
}

static void call_end(struct calls *calls)
{
  double own_us = clock_us(CLOCK_THREAD_CPUTIME_ID) - calls->begin_own_us,
         wall_us = clock_us(CLOCK_MONOTONIC) - calls->begin_wall_us;
  if (calls->count == calls->capacity) {
    calls->capacity = calls->capacity ? calls->capacity * 2 : 1024;
    calls->wall_us = wr_memory_resize(calls->wall_us, calls->capacity * sizeof(double));
    calls->own_us = wr_memory_resize(calls->own_us, calls->capacity * sizeof(double));
  }
  calls->wall_us[calls->count] = wall_us;
  calls->own_us[calls->count++] = own_us;
}

static int number_order(const void *a, const void *b)
{
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static void calls_print(struct calls *calls)
{
  if (calls->count == 0)
    return;
  qsort(calls->wall_us, calls->count, sizeof(double), number_order);
  qsort(calls->own_us, calls->count, sizeof(double), number_order);
  uint32_t last = calls->count - 1;
  printf("  %-34s %8u calls  p50 %7.3f  p99 %7.3f  p99.9 %7.3f  most %7.3f ms  (clock: p99 %7.3f "
         " most %7.3f)\n",
         calls->name, calls->count, calls->own_us[last / 2] / 1e3,
         calls->own_us[(uint32_t)(last * 0.99)] / 1e3,
         calls->own_us[(uint32_t)(last * 0.999)] / 1e3, calls->own_us[last] / 1e3,
         calls->wall_us[(uint32_t)(last * 0.99)] / 1e3, calls->wall_us[last] / 1e3);
  fflush(stdout);
  free(calls->wall_us);
  free(calls->own_us);
  calls->wall_us = calls->own_us = NULL;
  calls->count = calls->capacity = 0;
}

/* ---- the table */

struct fixture {
  struct wr_table_space *space;
  struct wr_table *table;
  uint64_t keys, seed;
  int64_t values[WR_BATCH_ROWS];
  uint64_t hashes[WR_BATCH_ROWS];
};

static struct wr_table_space *space_new(void)
{
  static const struct wr_type *const type = &wr_type_bigint;
  const struct wr_state_piece pieces[] = {{8, 8, false}, {32, 8, false}};
  return wr_table_space_new(wr_layout_new(&type, 1, pieces, 2));
}

static void probe(struct fixture *f, uint32_t count, enum wr_probe_mode mode, struct calls *calls)
{
  const struct wr_column column = {.type = &wr_type_bigint, .values = f->values};
  const struct wr_column *const key = &column;
  wr_hash_keys(&key, 1, NULL, count, SEED, f->hashes);
  struct wr_probe out;
  call_begin(calls);
  wr_table_probe(f->table, &key, NULL, f->hashes, count, mode, &out);
  call_end(calls);
  uint32_t at = wr_layout_state(wr_table_space_layout(f->space), 0);
  for (uint32_t i = 0; i < count && mode != WR_PROBE_FIND; i++)
    ++*(int64_t *)(out.entries[i] + at);
}

static void probe_random(struct fixture *f, uint32_t count, uint64_t below, enum wr_probe_mode mode,
                         struct calls *calls)
{
  for (uint32_t i = 0; i < count; i++)
    f->values[i] = (int64_t)(next_random(&f->seed) % below);
  probe(f, count, mode, calls);
}

static void fill(struct fixture *f)
{
  struct calls calls = {.name = "probe of 4,096 new keys"};
  for (uint64_t first = 0; first < f->keys; first += WR_BATCH_ROWS) {
    for (uint32_t i = 0; i < WR_BATCH_ROWS; i++)
      f->values[i] = (int64_t)(first + i);
    probe(f, WR_BATCH_ROWS, WR_PROBE_MAKE, &calls);
  }
  calls_print(&calls);
}

/* ---- parts */

struct section {
  struct wr_part_drain drain; /* first */
  char *bytes;
  size_t length, capacity;
};

/* As the runtime, which hands pieces to another thread: nothing is timed here that a task would not
 * wait for, but for the copy. */
static void section_take(struct wr_part_drain *drain, char *bytes, size_t length)
{
  struct section *section = (struct section *)drain;
  if (section->capacity - section->length < length)
    abort();
  memcpy(section->bytes + section->length, bytes, length);
  section->length += length;
  free(bytes);
}

/* load: rows that are probed between two steps: of keys that are there, or of new ones. */
static void save(struct fixture *f, struct section *section, size_t capacity, bool delta,
                 uint32_t load, uint64_t load_keys, const char *what)
{
  *section = (struct section){.drain = {section_take, PIECE_BYTES}, .capacity = capacity};
  section->bytes = wr_memory_get(capacity);
  memset(section->bytes, 1, capacity);
  struct wr_part_writer part = {.drain = &section->drain, .tracked = true, .delta = delta};
  struct calls begin = {.name = "wr_table_spaces_save"}, step = {.name = "save_step of 4 pages"},
               probes = {.name = "probe of 4,096 keys meanwhile"};
  double begin_us = clock_us(CLOCK_THREAD_CPUTIME_ID);
  call_begin(&begin);
  wr_table_spaces_save(&f->space, 1, &part);
  call_end(&begin);
  bool done = false;
  while (!done) {
    if (load)
      probe_random(f, load, load_keys, WR_PROBE_MAKE, &probes);
    call_begin(&step);
    done = wr_table_spaces_save_step(&f->space, 1, STEP_PAGES);
    call_end(&step);
  }
  double took_us = clock_us(CLOCK_THREAD_CPUTIME_ID) - begin_us;
  section_take(&section->drain, part.bytes, part.length);
  printf("%s: %s section of %.1f MB in %.2f s of processor time\n", what,
         part.delta ? "delta" : "full", (double)section->length / 1e6, took_us / 1e6);
  calls_print(&begin);
  calls_print(&step);
  calls_print(&probes);
}

/* ---- loading */

struct loader {
  struct wr_table_loader loader; /* first */
  struct wr_table *table;
};

static struct wr_table *loader_find(struct wr_table_loader *loader, uint32_t space, uint64_t tag)
{
  (void)space;
  (void)tag;
  return ((struct loader *)loader)->table;
}

/* sections: newest first. */
static void load(const struct section *sections, uint32_t count, uint64_t keys, uint32_t task_count)
{
  struct wr_part_reader readers[1 + DELTAS];
  for (uint32_t i = 0; i < count; i++)
    readers[i] = (struct wr_part_reader){.bytes = sections[i].bytes,
                                         .length = sections[i].length,
                                         .older = i + 1 < count ? &readers[i + 1] : NULL};
  struct wr_table_space *space = space_new();
  struct loader loader = {{loader_find, 0, task_count}, wr_table_new(space, 0, false)};
  struct wr_error err;
  double wall_us = clock_us(CLOCK_MONOTONIC), own_us = clock_us(CLOCK_THREAD_CPUTIME_ID);
  if (wr_table_spaces_load(&space, 1, &loader.loader, &readers[0], &err) != WR_OK ||
      (task_count == 1 && wr_table_keys(loader.table) != keys))
    abort();
  printf("load a chain of %u as one of %u: %.2f s, %.2f s of processor time, %llu keys\n", count,
         task_count, (clock_us(CLOCK_MONOTONIC) - wall_us) / 1e6,
         (clock_us(CLOCK_THREAD_CPUTIME_ID) - own_us) / 1e6,
         (unsigned long long)wr_table_keys(loader.table));
  fflush(stdout);
  wr_table_space_free(space);
}

static void give_back(struct fixture *f)
{
  struct calls freed = {.name = "wr_table_free"},
               probes = {.name = "probe of 4,096 keys behind it"};
  uint64_t spare = 0;
  call_begin(&freed);
  wr_table_free(f->table);
  call_end(&freed);
  f->table = wr_table_new(f->space, 1, false);
  for (uint32_t i = 0; i < 10 || wr_table_space_spare(f->space) != spare; i++) {
    spare = wr_table_space_spare(f->space);
    probe_random(f, WR_BATCH_ROWS, 1000, WR_PROBE_MAKE, &probes);
  }
  printf("the table is freed\n");
  calls_print(&freed);
  calls_print(&probes);
}

int main(int argc, char **argv)
{
  uint64_t megabytes = argc > 1 ? strtoull(argv[1], NULL, 10) : 1024;
  struct fixture *f = wr_memory_get_zero(sizeof *f);
  f->space = space_new();
  f->table = wr_table_new(f->space, 0, false);
  uint32_t stride = wr_table_space_layout(f->space)->stride;
  f->keys = (megabytes << 20) / stride / WR_BATCH_ROWS * WR_BATCH_ROWS;
  size_t full_max = f->keys * (stride + 24) + (64u << 20), delta_max = full_max / 4;
  printf("%llu entries of %u bytes\n", (unsigned long long)f->keys, stride);
  fill(f);
  printf("%.1f MB of pages\n", (double)wr_table_space_bytes(f->space) / 1e6);

  struct section sections[1 + DELTAS]; /* newest first */
  struct section *full = &sections[DELTAS];
  struct calls unload = {.name = "probe of 4,096 keys, tracked"},
               plain = {.name = "probe of 4,096 keys, not tracked"};
  for (uint32_t i = 0; i < 2000; i++)
    probe_random(f, WR_BATCH_ROWS, f->keys, WR_PROBE_MAKE, &plain);
  calls_print(&plain);
  save(f, full, full_max, false, WR_BATCH_ROWS, f->keys, "full, random keys change meanwhile");
  for (uint32_t i = 0; i < 2000; i++)
    probe_random(f, WR_BATCH_ROWS, f->keys, WR_PROBE_MAKE, &unload);
  calls_print(&unload);
  free(full->bytes);
  save(f, full, full_max, false, 0, 0, "full");
  load(full, 1, f->keys, 1);
  load(full, 1, f->keys, 2);
  for (uint32_t d = 0; d < DELTAS; d++) {
    struct calls change = {.name = "changes"};
    for (uint64_t rows = f->keys / 100; rows > 0;) {
      uint32_t some = rows < WR_BATCH_ROWS ? (uint32_t)rows : WR_BATCH_ROWS;
      probe_random(f, some, f->keys, WR_PROBE_CHANGE, &change);
      rows -= some;
    }
    calls_print(&change);
    struct section *section = &sections[DELTAS - 1 - d];
    save(f, section, delta_max, true, d % 2 ? WR_BATCH_ROWS / 32 : 0, f->keys, "1 % has changed");
    printf("  %.2f %% of the full section\n", 100 * (double)section->length / (double)full->length);
  }
  load(sections, 1 + DELTAS, f->keys, 1);
  for (uint32_t i = 0; i <= DELTAS; i++)
    free(sections[i].bytes);
  save(f, full, full_max + full_max / 2, false, WR_BATCH_ROWS, f->keys * 4,
       "full, new keys come meanwhile");
  free(full->bytes);
  give_back(f);
  wr_table_space_free(f->space);
  free(f);
  return 0;
}
