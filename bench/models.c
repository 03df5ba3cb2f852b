/* SPDX-License-Identifier: Apache-2.0 */
/*
 * models [ROWS [WORD]]: rows a second of random cut forests and hotspots by themselves, one
 * thread's CPU time, over numbers at random in memory, a thousand rows a call as the operator gives
 * them. WORD picks lines. MiB: what the model holds; of a snapshot what it writes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "operators/cut_forest.h"
#include "operators/hotspots.h"

enum { CHUNK = 1024 };

static double uniform(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return (double)(*state >> 11) * 0x1p-53;
}

static double seconds(void)
{
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* One in a hundred rows is odd. */
static double *make_rows(uint32_t count, uint32_t columns)
{
  uint64_t seed = 1;
  double *rows = wr_memory_get((size_t)count * columns * sizeof *rows);
  for (uint32_t i = 0; i < count; i++) {
    double base = uniform(&seed) < 0.01 ? 150 : 60;
    for (uint32_t c = 0; c < columns; c++)
      rows[(size_t)i * columns + c] = base + 40 * uniform(&seed);
  }
  return rows;
}

static void measure_forest(const char *name, const struct wr_forest_shape *shape, uint32_t count,
                           bool explained)
{
  double *rows = make_rows(count, shape->columns), scores[CHUNK], sum = 0;
  struct wr_forest_share *shares =
      explained ? wr_memory_get((size_t)CHUNK * shape->columns * sizeof *shares) : NULL;
  struct wr_forest *forest = wr_forest_new(shape);
  struct wr_part_writer part = {0};
  double begin = seconds();
  for (uint32_t i = 0; i < count; i += CHUNK) {
    uint32_t chunk = count - i < CHUNK ? count - i : CHUNK;
    wr_forest_run(forest, rows + (size_t)i * shape->columns, chunk, scores, shares);
    sum += scores[0];
  }
  double took = seconds() - begin;
  wr_forest_save(forest, &part);
  printf("%-34s %10.0f rows/s  %6.1f MiB, saved %6.1f  (%.2f)\n", name, count / took,
         (double)wr_forest_bytes(forest) / (1 << 20), (double)part.length / (1 << 20), sum);
  wr_part_writer_free(&part);
  wr_forest_free(forest);
  free(shares);
  free(rows);
}

static void measure_hotspots(const char *name, const struct wr_hotspots_shape *shape,
                             uint32_t count)
{
  double *rows = make_rows(count, shape->columns);
  struct wr_hotspots *hotspots = wr_hotspots_new(shape);
  uint64_t found = 0;
  double begin = seconds();
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_hotspot *items;
    wr_hotspots_add(hotspots, rows + (size_t)i * shape->columns);
    found += wr_hotspots_find(hotspots, &items);
  }
  double took = seconds() - begin;
  printf("%-34s %10.0f rows/s  %6.1f MiB  (%.2f hotspots)\n", name, count / took,
         (double)wr_hotspots_bytes(shape) / (1 << 20), (double)found / count);
  wr_hotspots_free(hotspots);
  free(rows);
}

int main(int argc, char **argv)
{
  static const struct {
    const char *name;
    struct wr_forest_shape shape;
    bool explained;
    uint32_t fewer;
  } forests[] = {
      {"forest, 1 column", {100, 256, 100000, 1, 1}, false, 1},
      {"forest, 2 columns", {100, 256, 100000, 1, 2}, false, 1},
      {"forest, 2 columns, explained", {100, 256, 100000, 1, 2}, true, 1},
      {"forest, 10 columns", {100, 256, 100000, 1, 10}, false, 4},
      {"forest, 1 column, shingle 10", {100, 256, 100000, 10, 1}, false, 4},
      {"forest, 2 columns, decay 1000", {100, 256, 1000, 1, 2}, false, 4},
      {"forest, 30 columns, 1000 x 1000", {1000, 1000, 100000, 1, 30}, false, 100},
  };
  static const struct {
    const char *name;
    struct wr_hotspots_shape shape;
  } spots[] = {
      {"hotspots, 1000 rows, few near", {1000, 17, 2, 1}},
      {"hotspots, 1000 rows, many near", {1000, 17, 2, 5}},
      {"hotspots, 100 rows, few near", {100, 5, 2, 2}},
  };
  uint32_t rows = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 200000;
  for (size_t i = 0; i < sizeof forests / sizeof *forests; i++)
    if (argc < 3 || strstr(forests[i].name, argv[2]))
      measure_forest(forests[i].name, &forests[i].shape, rows / forests[i].fewer + 1,
                     forests[i].explained);
  for (size_t i = 0; i < sizeof spots / sizeof *spots; i++)
    if (argc < 3 || strstr(spots[i].name, argv[2]))
      measure_hotspots(spots[i].name, &spots[i].shape, rows);
  return 0;
}
