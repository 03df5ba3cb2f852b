/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saved tables: the part of an operator. The first byte chooses the layout and the task that loads,
 * and whether there is a chain: then two bytes say how long the older of two parts is. The rest is
 * the part. What can be loaded can be walked, saved and loaded again with as many keys, also as a
 * full part and a delta of it.
 */
#include <stdlib.h>

#include "core/type.h"
#include "state/table.h"

#define TABLES 3 /* tags 0, 1 and 2 are wanted */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

struct loader {
  struct wr_table_loader loader; /* first */
  struct wr_table *tables[TABLES];
};

static struct wr_table *loader_find(struct wr_table_loader *loader, uint32_t space, uint64_t tag)
{
  demand(space == 0);
  return tag < TABLES ? ((struct loader *)loader)->tables[tag] : NULL;
}

static struct wr_table_space *open_space(uint8_t choice, struct loader *loader)
{
  static const struct wr_type *const types[][2] = {{&wr_type_bigint, NULL},
                                                   {&wr_type_string, NULL},
                                                   {&wr_type_string, &wr_type_int},
                                                   {NULL, NULL}};
  static const uint32_t counts[] = {1, 1, 2, 0};
  const struct wr_state_piece pieces[] = {{sizeof(struct wr_text), 8, true}, {8, 8, false}};
  struct wr_table_space *space =
      wr_table_space_new(wr_layout_new(types[choice & 3], counts[choice & 3], pieces, 2));
  *loader = (struct loader){.loader = {loader_find, (choice >> 2 & 3) % 3, 3}};
  if (choice >> 4 & 1)
    loader->loader = (struct wr_table_loader){loader_find, 0, 1};
  for (uint64_t tag = 0; tag < TABLES; tag++)
    loader->tables[tag] = wr_table_new(space, tag, false);
  return space;
}

static uint64_t walk(const struct loader *loader)
{
  uint64_t keys = 0;
  for (uint32_t t = 0; t < TABLES; t++) {
    struct wr_table_cursor cursor = {0};
    char *entries[64];
    uint32_t more;
    uint64_t before = keys;
    while ((more = wr_table_scan(loader->tables[t], &cursor, entries, 64)) > 0)
      keys += more;
    demand(keys - before == wr_table_keys(loader->tables[t]));
  }
  return keys;
}

/* Saves the space twice, a delta after some keys are gone, and loads both. A part that nobody wrote
 * may hold one key under several hashes; which of them a delta takes away then is anybody's guess.
 */
static void save_and_load(uint8_t choice, struct wr_table_space *space, struct loader *loader)
{
  struct wr_part_writer parts[2] = {{.tracked = true}, {.tracked = true, .delta = true}};
  struct wr_part_reader readers[2];
  struct loader again;
  struct wr_error err;
  for (int p = 0; p < 2; p++) {
    struct wr_table_cursor cursor = {0};
    char *entries[8];
    uint32_t count = p ? wr_table_scan(loader->tables[0], &cursor, entries, 8) : 0;
    wr_table_remove(loader->tables[0], entries, count);
    uint64_t keys = walk(loader);
    wr_table_spaces_save(&space, 1, &parts[p]);
    while (!wr_table_spaces_save_step(&space, 1, 16)) {
    }
    demand(parts[p].delta == (p == 1));
    readers[p] = (struct wr_part_reader){
        .bytes = parts[p].bytes, .length = parts[p].length, .older = p ? &readers[0] : NULL};
    struct wr_table_space *other = open_space(choice, &again);
    struct wr_part_reader reader = readers[p];
    demand(wr_table_spaces_load(&other, 1, &again.loader, &reader, &err) == WR_OK);
    uint64_t found = walk(&again);
    demand(p == 1 || found == keys);
    wr_table_space_free(other);
  }
  for (int p = 0; p < 2; p++)
    wr_part_writer_free(&parts[p]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct loader loader;
  struct wr_error err;
  if (size < 3)
    return 0;
  uint8_t choice = data[0];
  size_t older = choice >> 5 & 1 ? (size_t)data[1] | (size_t)data[2] << 8 : 0;
  size_t begin = choice >> 5 & 1 ? 3 : 1;
  if (older > size - begin)
    older = size - begin;
  struct wr_part_reader first = {.bytes = (const char *)data + begin, .length = older};
  struct wr_part_reader part = {.bytes = (const char *)data + begin + older,
                                .length = size - begin - older,
                                .older = choice >> 5 & 1 ? &first : NULL};
  struct wr_table_space *space = open_space(choice, &loader);
  if (wr_table_spaces_load(&space, 1, &loader.loader, &part, &err) == WR_OK)
    save_and_load(choice, space, &loader);
  else
    demand(err.message[0]);
  wr_table_space_free(space);
  return 0;
}
