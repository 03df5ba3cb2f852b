/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing entries of the keyed table, beside a model that is an array: key k is there with
 * number[k] and a text of its own, or is not. Removed one by one and in batches, while walking, by
 * hash, and while a snapshot is written.
 */
#include <stdlib.h>

#include "state/table.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

enum { KEYS = 20000, BATCH = 600, SEED = 7 };

/* What the entries are like. */
struct shape {
  const char *name;
  uint32_t padding; /* bytes of state that are not used */
  uint32_t text_max;
};

static const struct shape shapes[] = {{"small", 8, 0},
                                      {"with texts", 8, 60},
                                      {"large", 1500, 20},
                                      {"with long texts", 8, 9000},
                                      {"chunks", 900, 0}};

struct model {
  bool there[KEYS];
  uint64_t number[KEYS];
};

struct fixture {
  const struct shape *shape;
  uint32_t key_range;
  uint64_t seed;
  struct wr_table_space *space;
  struct wr_table *table;
  struct model *model;
  int64_t values[BATCH];
  uint64_t hashes[BATCH];
};

static struct wr_table_space *space_new(const struct shape *shape)
{
  static const struct wr_type *const key[] = {&wr_type_bigint};
  const struct wr_state_piece pieces[] = {
      {sizeof(struct wr_text), 8, true}, {8, 8, false}, {shape->padding, 8, false}};
  return wr_table_space_new(wr_layout_new(key, 1, pieces, 3));
}

static struct fixture *fixture_open(const struct shape *shape, uint64_t seed)
{
  struct fixture *f = wr_memory_get_zero(sizeof *f);
  f->shape = shape;
  f->key_range = shape->text_max > 1000 ? KEYS / 20 : shape->padding > 1000 ? KEYS / 8 : KEYS;
  f->seed = seed;
  f->space = space_new(shape);
  f->table = wr_table_new(f->space, 1, false);
  f->model = wr_memory_get_zero(sizeof *f->model);
  return f;
}

static void fixture_close(struct fixture *f)
{
  wr_table_space_free(f->space);
  free(f->model);
  free(f);
}

/* The text of a key that was given this number. */
static uint32_t text_make(const struct shape *shape, uint64_t number, char *out)
{
  uint32_t length = shape->text_max ? (uint32_t)(number * 7919 % shape->text_max) : 0;
  memset(out, (int)('a' + number % 26), length);
  return length;
}

static void probe_values(struct fixture *f, struct wr_table *table, uint32_t count,
                         enum wr_probe_mode mode, struct wr_probe *probe)
{
  const struct wr_column column = {.type = &wr_type_bigint, .values = f->values};
  const struct wr_column *const columns[] = {&column};
  wr_hash_keys(columns, 1, NULL, count, SEED, f->hashes);
  wr_table_probe(table, columns, NULL, f->hashes, count, mode, probe);
}

/* Gives keys from `first` on, or random ones, new numbers. */
static void keys_put(struct fixture *f, int64_t first, uint32_t count)
{
  const struct wr_layout *layout = wr_table_space_layout(f->space);
  struct wr_text_store *texts = wr_table_space_texts(f->space);
  char bytes[9000];
  struct wr_probe probe;
  for (uint32_t i = 0; i < count; i++)
    f->values[i] = first >= 0 ? first + i : random_next(&f->seed) % f->key_range;
  probe_values(f, f->table, count, WR_PROBE_MAKE, &probe);
  for (uint32_t i = 0; i < probe.made_count; i++)
    CU_ASSERT_FALSE(f->model->there[f->values[probe.made[i]]]);
  for (uint32_t i = 0; i < count; i++) {
    int64_t key = f->values[i];
    f->model->there[key] = true;
    f->model->number[key] = random_next(&f->seed);
    *(uint64_t *)(probe.entries[i] + wr_layout_state(layout, 1)) = f->model->number[key];
    uint32_t length = text_make(f->shape, f->model->number[key], bytes);
    texts->put(texts, i, wr_layout_state(layout, 0), bytes, length);
  }
}

/* Random keys, those that are there once each, in any order. */
static void keys_remove(struct fixture *f, uint32_t count)
{
  struct wr_probe probe;
  for (uint32_t i = 0; i < count; i++)
    f->values[i] = random_next(&f->seed) % f->key_range;
  probe_values(f, f->table, count, WR_PROBE_CHANGE, &probe);
  char *removed[BATCH];
  uint32_t removed_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    int64_t key = f->values[i];
    CU_ASSERT(probe.entries[i] != NULL || !f->model->there[key]);
    if (f->model->there[key])
      removed[removed_count++] = probe.entries[i];
    f->model->there[key] = false;
  }
  wr_table_remove(f->table, removed, removed_count);
}

static uint32_t entry_differs(const struct fixture *f, const struct wr_layout *layout,
                              const char *entry, int64_t key)
{
  char bytes[9000];
  uint32_t length = text_make(f->shape, f->model->number[key], bytes);
  const struct wr_text *text = (const void *)(entry + wr_layout_state(layout, 0));
  return *(const int64_t *)(entry + layout->fields[0].offset) != key ||
         *(const uint64_t *)(entry + wr_layout_state(layout, 1)) != f->model->number[key] ||
         text->length != length || memcmp(wr_text_stored_bytes(text), bytes, length) != 0;
}

/* Keys that are not as the model says. */
static uint32_t differences(struct fixture *f, struct wr_table *table)
{
  const struct wr_layout *layout = wr_table_space_layout(f->space);
  uint32_t different = 0, there = 0;
  for (uint32_t first = 0; first < f->key_range; first += BATCH) {
    struct wr_probe probe;
    uint32_t count = f->key_range - first < BATCH ? f->key_range - first : BATCH;
    for (uint32_t i = 0; i < count; i++)
      f->values[i] = first + i;
    probe_values(f, table, count, WR_PROBE_FIND, &probe);
    for (uint32_t i = 0; i < count; i++) {
      const char *entry = probe.entries[i];
      char *found[4];
      uint32_t found_count = wr_table_find_hash(table, f->hashes[i], WR_PROBE_FIND, found, 4);
      different += (entry != NULL) != f->model->there[first + i];
      different += found_count != (entry != NULL) || (entry && found[0] != entry);
      different += entry ? entry_differs(f, layout, entry, first + i) : 0;
      there += entry != NULL;
    }
  }
  return different + (wr_table_keys(table) != there);
}

static void like_a_model(void)
{
  for (uint32_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
    struct fixture *f = fixture_open(&shapes[s], s + 1);
    for (uint32_t round = 0; round < 300; round++) {
      bool shrinks = round / 60 % 2; /* now more come, now more go */
      keys_put(f, -1, shrinks ? BATCH / 6 : BATCH);
      keys_remove(f, round % 3 == 0 ? 1 : shrinks ? BATCH : BATCH / 4);
      if (round % 29 == 0)
        WR_CHECK(differences(f, f->table) == 0, "%s, round %u", shapes[s].name, round);
    }
    WR_CHECK(differences(f, f->table) == 0, "%s", shapes[s].name);
    fixture_close(f);
  }
}

/* Filled and emptied: what is left is a page. */
static void memory_comes_back(void)
{
  for (uint32_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
    struct fixture *f = fixture_open(&shapes[s], s + 9);
    uint64_t empty = wr_table_space_bytes(f->space), before = UINT64_MAX;
    for (uint32_t first = 0; first + BATCH <= f->key_range; first += BATCH)
      keys_put(f, first, BATCH);
    uint64_t full = wr_table_space_bytes(f->space);
    for (uint32_t first = 0; first < f->key_range; first += BATCH) {
      uint32_t count = f->key_range - first < BATCH ? f->key_range - first : BATCH, found = 0;
      struct wr_probe probe;
      for (uint32_t i = 0; i < count; i++)
        f->values[i] = (first + i) * 7919LL % f->key_range;
      probe_values(f, f->table, count, WR_PROBE_CHANGE, &probe);
      char *removed[BATCH];
      for (uint32_t i = 0; i < count; i++)
        if (probe.entries[i])
          removed[found++] = probe.entries[i];
      wr_table_remove(f->table, removed, found);
      uint64_t bytes = wr_table_space_bytes(f->space), share = full / f->key_range;
      WR_CHECK(bytes <= empty + 6 * share * wr_table_keys(f->table) + 4096,
               "%s: %llu bytes for %llu", shapes[s].name, (unsigned long long)bytes,
               (unsigned long long)wr_table_keys(f->table));
      before = bytes;
    }
    WR_CHECK(before == empty && wr_table_keys(f->table) == 0, "%s: %llu bytes are left",
             shapes[s].name, (unsigned long long)before);
    fixture_close(f);
  }
}

/* A walk meets every entry once, whatever is removed behind it. */
static void removed_while_walking(void)
{
  const uint32_t sizes[] = {1, 7, 100, 5000};
  for (uint32_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
    for (uint32_t keep = 0; keep < 4; keep++) {
      struct fixture *f = fixture_open(&shapes[s], s + 31 * keep);
      const struct wr_layout *layout = wr_table_space_layout(f->space);
      for (uint32_t first = 0; first + BATCH <= f->key_range; first += BATCH)
        keys_put(f, first, BATCH);
      uint64_t keys = wr_table_keys(f->table), seen = 0, full = wr_table_space_bytes(f->space);
      bool *met = wr_memory_get_zero(KEYS);
      char **entries = wr_memory_get(5000 * sizeof *entries);
      struct wr_table_cursor cursor = {0};
      uint32_t count, twice = 0;
      while ((count = wr_table_scan_change(f->table, &cursor, entries, sizes[keep])) > 0) {
        uint32_t removed = 0;
        for (uint32_t i = 0; i < count; i++) {
          int64_t key = *(int64_t *)(entries[i] + layout->fields[0].offset);
          twice += met[key];
          met[key] = true;
          if (keep > 0 && random_next(&f->seed) % keep == 0)
            continue;
          f->model->there[key] = false;
          entries[removed++] = entries[i];
        }
        wr_table_remove(f->table, entries, removed);
        seen += count;
      }
      WR_CHECK(twice == 0 && seen == keys, "%s, by %u", shapes[s].name, sizes[keep]);
      WR_CHECK(differences(f, f->table) == 0, "%s, by %u", shapes[s].name, sizes[keep]);
      CU_ASSERT(keep > 0 || wr_table_space_bytes(f->space) <= full / 16);
      free(met);
      free(entries);
      fixture_close(f);
    }
  }
}

/* ---- snapshots */

struct loader {
  struct wr_table_loader loader;
  struct wr_table *table;
};

static struct wr_table *loader_find(struct wr_table_loader *loader, uint32_t space, uint64_t tag)
{
  return space == 0 && tag == 1 ? ((struct loader *)loader)->table : NULL;
}

/* What is saved is what was there when the snapshot began. */
static void snapshot_while_removing(void)
{
  for (uint32_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
    struct fixture *f = fixture_open(&shapes[s], s + 51);
    struct model *then = wr_memory_get(sizeof *then), *now = f->model;
    for (uint32_t epoch = 0; epoch < 4; epoch++) {
      for (uint32_t round = 0; round < 25; round++)
        keys_put(f, -1, BATCH);
      *then = *f->model;
      struct wr_part_writer part = {0};
      wr_table_spaces_save(&f->space, 1, &part);
      uint32_t round = 0;
      do {
        keys_remove(f, round % 2 ? 3 : BATCH);
        if (round % 5 == 4)
          keys_put(f, -1, BATCH / 8);
        round++;
      } while (!wr_table_spaces_save_step(&f->space, 1, 1));
      struct wr_table_space *into = space_new(f->shape);
      struct loader loader = {{loader_find, 0, 1}, wr_table_new(into, 1, false)};
      struct wr_part_reader reader = {.bytes = part.bytes, .length = part.length};
      struct wr_error err;
      CU_ASSERT_EQUAL(wr_table_spaces_load(&into, 1, &loader.loader, &reader, &err), WR_OK);
      f->model = then;
      WR_CHECK(differences(f, loader.table) == 0, "%s, epoch %u", shapes[s].name, epoch);
      f->model = now;
      WR_CHECK(differences(f, f->table) == 0, "%s, epoch %u", shapes[s].name, epoch);
      wr_table_space_free(into);
      wr_part_writer_free(&part);
    }
    free(then);
    fixture_close(f);
  }
}

static const struct wr_test tests[] = {
    {"like_a_model", like_a_model},
    {"memory_comes_back", memory_comes_back},
    {"removed_while_walking", removed_while_walking},
    {"snapshot_while_removing", snapshot_while_removing},
    {NULL, NULL},
};

const struct wr_suite wr_suite_table_remove = {"table_remove", tests};
