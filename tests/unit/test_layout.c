/* SPDX-License-Identifier: Apache-2.0 */
/* Entries that are read back into another layout: pieces of state found by name and by number. */
#include <stdlib.h>

#include "core/hash.h"
#include "state/table.h"
#include "tests/unit/check.h"

enum { PIECES_MAX = 6, KEYS = 500, SEED = 7, TEXT_BYTES = 40 };

/* Names are small numbers; 0: the piece has none. Pieces of 16 bytes hold a text. */
struct shape {
  uint32_t count, names[PIECES_MAX], bytes[PIECES_MAX];
  bool wide_key;
};

static struct wr_table_space *shape_open(const struct shape *shape)
{
  const struct wr_type *const key[] = {shape->wide_key ? &wr_type_string : &wr_type_bigint};
  struct wr_state_piece pieces[PIECES_MAX];
  for (uint32_t p = 0; p < shape->count; p++)
    pieces[p] = (struct wr_state_piece){.bytes = shape->bytes[p],
                                        .align = shape->bytes[p] < 8 ? shape->bytes[p] : 8,
                                        .has_text = shape->bytes[p] == 16};
  struct wr_layout *layout = wr_layout_new(key, 1, pieces, shape->count);
  for (uint32_t p = 0; p < shape->count; p++)
    if (shape->names[p])
      wr_layout_name(layout, p, shape->names[p], shape->names[p] % 2);
  return wr_table_space_new(layout);
}

/* What piece `name` of a key holds; number: of one that has no name. */
static void value_of(uint32_t name, uint32_t number, int64_t key, uint32_t bytes, char *out)
{
  uint64_t value = (uint64_t)key * 1000 + (name ? name : 100 + number);
  for (uint32_t i = 0; i < bytes; i++)
    out[i] = (char)(value >> i % 8 * 8);
}

static void shape_fill(const struct shape *shape, struct wr_table_space *space,
                       struct wr_table *table)
{
  int64_t keys[KEYS + 8];
  uint64_t hashes[KEYS];
  char bytes[TEXT_BYTES];
  for (uint32_t k = 0; k < KEYS; k++)
    keys[k] = k;
  const struct wr_column column = {.type = &wr_type_bigint, .values = keys};
  const struct wr_column *const columns[] = {&column};
  struct wr_probe probe;
  wr_hash_keys(columns, 1, NULL, KEYS, SEED, hashes);
  wr_table_probe(table, columns, NULL, hashes, KEYS, WR_PROBE_MAKE, &probe);
  const struct wr_layout *layout = wr_table_space_layout(space);
  struct wr_text_store *texts = wr_table_space_texts(space);
  for (uint32_t k = 0; k < KEYS; k++)
    for (uint32_t p = 0; p < shape->count; p++) {
      uint32_t at = wr_layout_state(layout, p), length = shape->bytes[p];
      length = length == 16 ? TEXT_BYTES : length;
      value_of(shape->names[p], p, keys[k], length, bytes);
      if (length == TEXT_BYTES)
        texts->put(texts, k, at, bytes, length);
      else
        memcpy(probe.entries[k] + at, bytes, length);
    }
}

/* Pieces that are not as they were saved, or empty if they were not. */
static uint32_t shape_differs(const struct shape *shape, const struct shape *saved,
                              const struct wr_layout *layout, struct wr_table *table)
{
  char *entries[KEYS], bytes[TEXT_BYTES], nothing[TEXT_BYTES] = {0};
  struct wr_table_cursor cursor = {0};
  uint32_t count = wr_table_scan(table, &cursor, entries, KEYS), different = count != KEYS;
  for (uint32_t i = 0; i < count; i++) {
    int64_t key;
    memcpy(&key, entries[i] + layout->fields[0].offset, sizeof key);
    for (uint32_t p = 0; p < shape->count; p++) {
      const char *at = entries[i] + wr_layout_state(layout, p);
      uint32_t length = shape->bytes[p], same = 0;
      for (uint32_t s = 0; s < saved->count; s++)
        same += shape->names[p] ? saved->names[s] == shape->names[p] : s == p;
      if (length == 16 && same) {
        length = TEXT_BYTES;
        different += ((const struct wr_text *)(const void *)at)->length != TEXT_BYTES;
        at = wr_text_stored_bytes((const struct wr_text *)(const void *)at);
      }
      value_of(shape->names[p], p, key, length, bytes);
      different += memcmp(at, same ? bytes : nothing, length) != 0;
    }
  }
  return different;
}

struct loader {
  struct wr_table_loader loader;
  struct wr_table *table;
};

static struct wr_table *loader_find(struct wr_table_loader *loader, uint32_t space, uint64_t tag)
{
  return space == 0 && tag == 1 ? ((struct loader *)loader)->table : NULL;
}

static void shape_save(const struct shape *shape, struct wr_part_writer *part)
{
  struct wr_table_space *space = shape_open(shape);
  shape_fill(shape, space, wr_table_new(space, 1, false));
  wr_table_spaces_save(&space, 1, part);
  while (!wr_table_spaces_save_step(&space, 1, 1))
    ;
  wr_table_space_free(space);
}

static void pieces_are_found(void)
{
  static const struct {
    struct shape saved, wanted;
    enum wr_code code;
  } cases[] = {
      /* other places */
      {{3, {1, 2, 3}, {8, 16, 4}, 0}, {3, {3, 1, 2}, {4, 8, 16}, 0}, WR_OK},
      /* one is gone, one is new */
      {{3, {1, 2, 3}, {8, 16, 4}, 0}, {3, {3, 4, 2}, {4, 16, 16}, 0}, WR_OK},
      {{2, {1, 2}, {8, 16}, 0}, {1, {3}, {16}, 0}, WR_OK},
      {{1, {1}, {8}, 0}, {0, {0}, {0}, 0}, WR_OK},
      /* beside one without a name */
      {{3, {0, 2, 3}, {8, 16, 4}, 0}, {4, {0, 3, 4, 2}, {8, 4, 8, 16}, 0}, WR_OK},
      {{1, {0}, {8}, 0}, {3, {0, 3, 4}, {8, 16, 8}, 0}, WR_OK},
      /* which has to be there */
      {{1, {2}, {8}, 0}, {2, {0, 2}, {8, 8}, 0}, WR_DATA},
      /* types */
      {{2, {1, 2}, {8, 4}, 0}, {2, {2, 1}, {8, 8}, 0}, WR_DATA},
      {{1, {1}, {8}, 0}, {1, {1}, {8}, 1}, WR_DATA},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct wr_part_writer part = {0};
    struct wr_error err;
    shape_save(&cases[i].saved, &part);
    struct wr_table_space *space = shape_open(&cases[i].wanted);
    struct wr_table *table = wr_table_new(space, 1, false);
    struct loader loader = {{loader_find, 0, 1}, table};
    struct wr_part_reader reader = {.bytes = part.bytes, .length = part.length};
    enum wr_code code = wr_table_spaces_load(&space, 1, &loader.loader, &reader, &err);
    WR_CHECK(code == cases[i].code, "case %zu: %s", i, code ? err.message : "read");
    WR_CHECK(code || shape_differs(&cases[i].wanted, &cases[i].saved, wr_table_space_layout(space),
                                   table) == 0,
             "case %zu", i);
    wr_table_space_free(space);
    wr_part_writer_free(&part);
  }
}

/* Before pieces had names they were told apart by their places; whoever reads that knows that they
 * are the same. */
static void nameless_ones_are_found_by_number(void)
{
  static const struct shape saved = {3, {0, 0, 0}, {8, 16, 4}, 0},
                            wanted = {3, {0, 7, 9}, {8, 16, 4}, 0};
  struct wr_part_writer part = {0};
  struct wr_error err;
  shape_save(&saved, &part);
  struct wr_table_space *space = shape_open(&wanted);
  struct wr_table *table = wr_table_new(space, 1, false);
  struct loader loader = {{loader_find, 0, 1}, table};
  struct wr_part_reader reader = {.bytes = part.bytes, .length = part.length};
  CU_ASSERT_EQUAL(wr_table_spaces_load(&space, 1, &loader.loader, &reader, &err), WR_OK);
  CU_ASSERT_EQUAL(shape_differs(&saved, &saved, wr_table_space_layout(space), table), 0);
  wr_table_space_free(space);
  wr_part_writer_free(&part);
}

/* Spaces that nobody wants are read over. */
static void spaces_are_left_out(void)
{
  static const struct shape one = {1, {1}, {16}, 0}, other = {2, {2, 0}, {8, 4}, 0};
  struct wr_table_space *saved[] = {shape_open(&one), shape_open(&other)};
  struct wr_part_writer part = {0};
  struct wr_error err;
  shape_fill(&one, saved[0], wr_table_new(saved[0], 1, false));
  shape_fill(&other, saved[1], wr_table_new(saved[1], 2, false));
  wr_table_spaces_save(saved, 2, &part);
  while (!wr_table_spaces_save_step(saved, 2, 1))
    ;
  struct wr_table_space *wanted[] = {shape_open(&one), NULL};
  struct wr_table *table = wr_table_new(wanted[0], 1, false);
  struct loader loader = {{loader_find, 0, 1}, table};
  struct wr_part_reader reader = {.bytes = part.bytes, .length = part.length};
  CU_ASSERT_EQUAL(wr_table_spaces_load(wanted, 2, &loader.loader, &reader, &err), WR_OK);
  CU_ASSERT(wr_part_at_end(&reader));
  CU_ASSERT_EQUAL(shape_differs(&one, &one, wr_table_space_layout(wanted[0]), table), 0);
  wr_table_space_free(wanted[0]);
  wr_table_space_free(saved[0]);
  wr_table_space_free(saved[1]);
  wr_part_writer_free(&part);
}

static const struct wr_test tests[] = {
    {"pieces are found", pieces_are_found},
    {"nameless ones are found by number", nameless_ones_are_found_by_number},
    {"spaces are left out", spaces_are_left_out},
    {0},
};
const struct wr_suite wr_suite_layout = {"layout", tests};
