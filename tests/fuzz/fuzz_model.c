/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saved models over rows: random cut forests and hotspots. The first byte chooses which, and of
 * what shape; the rest is what was saved. What can be loaded goes on over some rows, and what it
 * then saves is loaded again and does the same.
 */
#include <stdlib.h>
#include <string.h>

#include "operators/cut_forest.h"
#include "operators/hotspots.h"

#define ROWS    20
#define COLUMNS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

static void fill(double *rows)
{
  for (int i = 0; i < ROWS * COLUMNS; i++)
    rows[i] = i * 7 % 11;
}

static void try_forest(uint32_t shingle, struct wr_part_reader *part)
{
  const struct wr_forest_shape shape = {
      .trees = 2, .sample = 10, .time_decay = 50, .shingle = shingle, .columns = COLUMNS};
  struct wr_forest *forest = wr_forest_new(&shape), *again = wr_forest_new(&shape);
  struct wr_error err;
  double rows[ROWS * COLUMNS], scores[2][ROWS];
  fill(rows);
  if (wr_forest_load(forest, part, &err) == WR_OK) {
    struct wr_part_writer saved = {0};
    wr_forest_save(forest, &saved);
    struct wr_part_reader reader = {.bytes = saved.bytes, .length = saved.length};
    demand(wr_forest_load(again, &reader, &err) == WR_OK);
    wr_forest_run(forest, rows, ROWS, scores[0], NULL);
    wr_forest_run(again, rows, ROWS, scores[1], NULL);
    demand(memcmp(scores[0], scores[1], sizeof scores[0]) == 0);
    wr_part_writer_free(&saved);
  }
  wr_forest_free(forest);
  wr_forest_free(again);
}

static void try_hotspots(struct wr_part_reader *part)
{
  const struct wr_hotspots_shape shape = {
      .window = 100, .least = 3, .columns = COLUMNS, .radius = 1.5};
  struct wr_hotspots *hotspots = wr_hotspots_new(&shape);
  const struct wr_hotspot *items;
  struct wr_error err;
  double rows[ROWS * COLUMNS];
  fill(rows);
  if (wr_hotspots_load(hotspots, part, &err) == WR_OK)
    for (int i = 0; i < ROWS; i++) {
      wr_hotspots_add(hotspots, rows + i * COLUMNS);
      demand(wr_hotspots_find(hotspots, &items) <= shape.window);
    }
  wr_hotspots_free(hotspots);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  struct wr_part_reader part = {.bytes = (const char *)data + 1, .length = size - 1};
  if (data[0] % 4 == 0)
    try_hotspots(&part);
  else
    try_forest(data[0] % 4, &part);
  return 0;
}
