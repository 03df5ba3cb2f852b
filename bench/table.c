/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table [ROWS]: nanoseconds a row of the keyed table by itself: hash, probe, COUNT and SUM of an
 * integer, in batches, for integer and text keys of different numbers, keys uniformly at random.
 * "build" inserts every key once, "run" finds them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/batch.h"
#include "core/time.h"
#include "state/table.h"

#define SEED 1

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

struct source {
  struct wr_builder builder;
  struct wr_column column;
  int64_t values[WR_BATCH_ROWS];
  uint64_t hashes[WR_BATCH_ROWS];
};

/* count keys into the column: consecutive from `first`, or random below `keys` if first is
 * UINT64_MAX. */
static void source_fill(struct source *source, bool text, uint64_t first, uint64_t keys,
                        uint32_t count, uint64_t *seed)
{
  wr_builder_reset(&source->builder);
  wr_builder_reserve(&source->builder, count);
  for (uint32_t i = 0; i < count; i++) {
    uint64_t key = first == UINT64_MAX ? next_random(seed) % keys : first + i;
    source->values[i] = (int64_t)key;
    if (text) {
      char bytes[32];
      int length = snprintf(bytes, sizeof bytes, "/page/%llu.html", (unsigned long long)key);
      wr_builder_put_copy(&source->builder, bytes, (uint32_t)length);
    } else {
      wr_builder_put_i64(&source->builder, (int64_t)key);
    }
  }
  source->column = wr_builder_view(&source->builder);
}

/* The work that is timed. */
static void table_add(struct wr_table *table, const struct wr_layout *layout, struct source *source,
                      uint32_t count)
{
  const struct wr_column *key = &source->column;
  wr_hash_keys(&key, 1, NULL, count, SEED, source->hashes);
  struct wr_probe probe;
  wr_table_probe(table, &key, NULL, source->hashes, count, WR_PROBE_MAKE, &probe);
  uint32_t count_at = wr_layout_state(layout, 0), sum_at = wr_layout_state(layout, 1);
  for (uint32_t i = 0; i < count; i++)
    ++*(int64_t *)(probe.entries[i] + count_at);
  for (uint32_t i = 0; i < count; i++)
    *(int64_t *)(probe.entries[i] + sum_at) += source->values[i];
}

static void measure(bool text, uint64_t keys, uint64_t rows)
{
  const struct wr_type *type = text ? &wr_type_string : &wr_type_bigint;
  const struct wr_state_piece pieces[] = {{8, 8, false}, {8, 8, false}};
  struct wr_layout *layout = wr_layout_new(&type, 1, pieces, 2);
  struct wr_table_space *space = wr_table_space_new(layout);
  struct wr_table *table = wr_table_new(space, 0, false);
  struct source *source = wr_memory_get_zero(sizeof *source);
  wr_builder_open(&source->builder, type);
  uint64_t seed = 1;
  int64_t build_us = 0, run_us = 0;
  for (uint64_t first = 0; first < keys; first += WR_BATCH_ROWS) {
    uint32_t count = (uint32_t)(keys - first < WR_BATCH_ROWS ? keys - first : WR_BATCH_ROWS);
    source_fill(source, text, first, keys, count, &seed);
    int64_t begin = wr_monotonic_us();
    table_add(table, layout, source, count);
    build_us += wr_monotonic_us() - begin;
  }
  for (uint64_t done = 0; done < rows; done += WR_BATCH_ROWS) {
    source_fill(source, text, UINT64_MAX, keys, WR_BATCH_ROWS, &seed);
    int64_t begin = wr_monotonic_us();
    table_add(table, layout, source, WR_BATCH_ROWS);
    run_us += wr_monotonic_us() - begin;
  }
  printf("%-6s %9llu keys  build %6.1f ns  run %6.1f ns  %6.1f bytes a key\n",
         text ? "text" : "bigint", (unsigned long long)keys, (double)build_us * 1000 / (double)keys,
         (double)run_us * 1000 / (double)rows, (double)wr_table_space_bytes(space) / (double)keys);
  wr_builder_close(&source->builder);
  free(source);
  wr_table_space_free(space);
}

int main(int argc, char **argv)
{
  uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
  for (int text = 0; text < 2; text++)
    for (uint64_t keys = 1000; keys <= 1000000; keys *= 10)
      measure(text, keys, rows);
  return 0;
}
