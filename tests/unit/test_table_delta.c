/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of snapshots beside a model that is an array: in two spaces with keys of different kinds,
 * tables come and go, keys are made, changed, removed, found; now and then a snapshot is taken,
 * full or a delta, while all of that goes on. What is loaded from the chain, at any parallelism, is
 * what was there when its last snapshot began.
 */
#include <stdlib.h>

#include "state/table_inner.h"
#include "tests/unit/check.h"

enum { SPACES = 2, TAGS = 3, KEYS = 4000, BATCH = 500, SEED = 7, CHAIN_MAX = 6, COPIES_MAX = 3 };

struct model_table {
  bool alive;
  bool there[KEYS];
  uint32_t number[KEYS];
};

struct model {
  struct model_table tables[SPACES][TAGS];
};

struct world {
  struct wr_table_space *spaces[SPACES];
  struct wr_table *tables[SPACES][TAGS];
};

/* How the texts of the states are. */
struct shape {
  const char *name;
  uint32_t text_max, padding, key_range;
};

static const struct shape shapes[] = {{"small", 0, 8, KEYS},
                                      {"texts", 60, 8, KEYS},
                                      {"large entries", 20, 1500, KEYS / 4},
                                      {"long texts", 9000, 8, KEYS / 16},
                                      {"huge texts", 100000, 8, 30}};

struct fixture {
  const struct shape *shape;
  uint64_t seed;
  struct world world;
  struct model *model;
};

static uint32_t random_next(struct fixture *f, uint32_t below)
{
  f->seed = f->seed * UINT64_C(6364136223846793005) + 1442695040888963407;
  return (uint32_t)(f->seed >> 33) % below;
}

static uint32_t text_make(const struct shape *shape, uint32_t number, char *out)
{
  uint32_t length = shape->text_max ? (uint32_t)(number * UINT64_C(7919) % shape->text_max) : 0;
  if (number % 5 == 0 && length > 12)
    length = number % 13;
  memset(out, (int)('a' + number % 26), length);
  return length;
}

/* ---- the tables */

static const struct wr_type *const key_types[SPACES][2] = {{&wr_type_bigint, NULL},
                                                           {&wr_type_string, &wr_type_bigint}};
static const uint32_t key_counts[SPACES] = {1, 2};

static void world_open(struct world *world, const struct shape *shape)
{
  *world = (struct world){0};
  const struct wr_state_piece pieces[] = {
      {sizeof(struct wr_text) + 8, 8, true}, {8, 8, false}, {shape->padding, 8, false}};
  for (uint32_t s = 0; s < SPACES; s++)
    world->spaces[s] = wr_table_space_new(wr_layout_new(key_types[s], key_counts[s], pieces, 3));
}

static void world_close(struct world *world)
{
  for (uint32_t s = 0; s < SPACES; s++)
    wr_table_space_free(world->spaces[s]);
}

static struct fixture *fixture_open(const struct shape *shape, uint64_t seed)
{
  struct fixture *f = wr_memory_get_zero(sizeof *f);
  f->shape = shape;
  f->seed = seed;
  f->model = wr_memory_get_zero(sizeof *f->model);
  world_open(&f->world, shape);
  return f;
}

static void fixture_close(struct fixture *f)
{
  world_close(&f->world);
  free(f->model);
  free(f);
}

/* Keys as columns. Of the second space: a text that is long for every other one, and a number that
 * is NULL for every third. */
struct keys {
  struct wr_builder builders[2];
  struct wr_column columns[2];
  const struct wr_column *pointers[2];
  uint64_t hashes[BATCH];
};

static void keys_open(struct keys *keys, uint32_t space, const uint32_t *numbers, uint32_t count)
{
  for (uint32_t k = 0; k < key_counts[space]; k++) {
    wr_builder_open(&keys->builders[k], key_types[space][k]);
    wr_builder_reserve(&keys->builders[k], count);
  }
  for (uint32_t i = 0; i < count; i++) {
    char bytes[64];
    uint32_t number = numbers[i];
    if (space == 0) {
      wr_builder_put_i64(&keys->builders[0], (int64_t)number * 1000003 - 5000);
      continue;
    }
    int length = snprintf(bytes, sizeof bytes, number % 2 ? "k%u" : "a key that is long enough %u",
                          number / 3);
    wr_builder_put_copy(&keys->builders[0], bytes, (uint32_t)length);
    if (number % 3 == 2)
      wr_builder_put_null(&keys->builders[1]);
    else
      wr_builder_put_i64(&keys->builders[1], number % 3);
  }
  for (uint32_t k = 0; k < key_counts[space]; k++) {
    keys->columns[k] = wr_builder_view(&keys->builders[k]);
    keys->pointers[k] = &keys->columns[k];
  }
  wr_hash_keys(keys->pointers, key_counts[space], NULL, count, SEED, keys->hashes);
}

static void keys_close(struct keys *keys, uint32_t space)
{
  for (uint32_t k = 0; k < key_counts[space]; k++)
    wr_builder_close(&keys->builders[k]);
}

static void keys_choose(struct fixture *f, uint32_t *numbers, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    numbers[i] = random_next(f, f->shape->key_range);
}

static uint64_t *entry_number(const struct wr_layout *layout, char *entry)
{
  return (uint64_t *)(void *)(entry + wr_layout_state(layout, 1));
}

/* ---- what happens to them */

/* Writes states of entries of the last probe. */
static void states_put(struct fixture *f, uint32_t s, uint32_t t, const uint32_t *numbers,
                       uint32_t count, char *const *entries)
{
  struct model_table *model = &f->model->tables[s][t];
  const struct wr_layout *layout = wr_table_space_layout(f->world.spaces[s]);
  struct wr_text_store *texts = wr_table_space_texts(f->world.spaces[s]);
  uint32_t text_at = wr_layout_state(layout, 0);
  char *bytes = wr_memory_get(f->shape->text_max + 16);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t key = numbers[i];
    CU_ASSERT_EQUAL(entries[i] == NULL, !model->there[key]);
    if (!entries[i])
      continue;
    model->number[key] = random_next(f, 1u << 30);
    *entry_number(layout, entries[i]) = model->number[key];
    *(uint64_t *)(void *)(entries[i] + text_at + sizeof(struct wr_text)) = model->number[key] + 1;
    uint32_t length = text_make(f->shape, model->number[key], bytes);
    const struct wr_text *old = (const void *)(entries[i] + text_at);
    if (length > old->length && length > WR_TEXT_INLINE && key % 4 == 0) { /* as a buffer */
      texts->grow(texts, i, text_at, length);
      const struct wr_text *text = (const void *)(entries[i] + text_at);
      memcpy((char *)wr_text_stored_bytes(text), bytes, length);
      memcpy((char *)((struct wr_text *)(void *)(entries[i] + text_at))->head, bytes, 4);
    } else {
      texts->put(texts, i, text_at, bytes, length);
    }
  }
  free(bytes);
}

static void do_probe(struct fixture *f, uint32_t s, uint32_t t, enum wr_probe_mode mode,
                     uint32_t count)
{
  uint32_t numbers[BATCH];
  struct keys keys;
  struct wr_probe probe;
  keys_choose(f, numbers, count);
  keys_open(&keys, s, numbers, count);
  wr_table_probe(f->world.tables[s][t], keys.pointers, NULL, keys.hashes, count, mode, &probe);
  for (uint32_t i = 0; mode == WR_PROBE_MAKE && i < count; i++)
    f->model->tables[s][t].there[numbers[i]] = true;
  if (mode != WR_PROBE_FIND)
    states_put(f, s, t, numbers, count, probe.entries);
  keys_close(&keys, s);
}

static void do_remove(struct fixture *f, uint32_t s, uint32_t t, bool by_hash, uint32_t count)
{
  struct model_table *model = &f->model->tables[s][t];
  uint32_t numbers[BATCH], gone = 0;
  char *entries[BATCH];
  struct keys keys;
  keys_choose(f, numbers, count);
  keys_open(&keys, s, numbers, count);
  if (by_hash) {
    for (uint32_t i = 0; i < count; i++) {
      char *found[4];
      uint32_t met =
          wr_table_find_hash(f->world.tables[s][t], keys.hashes[i], WR_PROBE_CHANGE, found, 4);
      CU_ASSERT_EQUAL(met, model->there[numbers[i]]);
      wr_table_remove(f->world.tables[s][t], found, met);
      model->there[numbers[i]] = false;
    }
  } else {
    struct wr_probe probe;
    wr_table_probe(f->world.tables[s][t], keys.pointers, NULL, keys.hashes, count, WR_PROBE_FIND,
                   &probe);
    for (uint32_t i = 0; i < count; i++) {
      if (model->there[numbers[i]])
        entries[gone++] = probe.entries[i];
      model->there[numbers[i]] = false;
    }
    wr_table_remove(f->world.tables[s][t], entries, gone);
  }
  keys_close(&keys, s);
}

/* All entries get the number that they have plus one; some go. Keys are known by their numbers in
 * the state, which the model looks up. */
static void do_walk(struct fixture *f, uint32_t s, uint32_t t)
{
  struct model_table *model = &f->model->tables[s][t];
  const struct wr_layout *layout = wr_table_space_layout(f->world.spaces[s]);
  if (s != 0)
    return; /* only its keys can be read back simply */
  struct wr_table_cursor cursor = {0};
  char *entries[64];
  uint32_t count;
  while ((count = wr_table_scan_change(f->world.tables[s][t], &cursor, entries, 64)) > 0) {
    uint32_t gone = 0;
    for (uint32_t i = 0; i < count; i++) {
      int64_t key = (*(int64_t *)(void *)(entries[i] + layout->fields[0].offset) + 5000) / 1000003;
      if (random_next(f, 8) > 0)
        continue;
      model->there[key] = false;
      entries[gone++] = entries[i];
    }
    wr_table_remove(f->world.tables[s][t], entries, gone);
  }
}

static void do_something(struct fixture *f)
{
  uint32_t s = random_next(f, SPACES), t = random_next(f, TAGS), what = random_next(f, 100);
  struct model_table *model = &f->model->tables[s][t];
  uint32_t count = 1 + random_next(f, what % 2 ? 20 : f->shape->key_range / 8);
  if (!model->alive) {
    if (what < 40) {
      f->world.tables[s][t] = wr_table_new(f->world.spaces[s], t, false);
      *model = (struct model_table){.alive = true};
    }
  } else if (what < 4) {
    wr_table_free(f->world.tables[s][t]);
    f->world.tables[s][t] = NULL;
    model->alive = false;
  } else if (what < 7) {
    do_walk(f, s, t);
  } else if (what < 40) {
    do_probe(f, s, t, WR_PROBE_MAKE, count);
  } else if (what < 55) {
    do_probe(f, s, t, WR_PROBE_CHANGE, count);
  } else if (what < 65) {
    do_probe(f, s, t, WR_PROBE_FIND, count);
  } else {
    do_remove(f, s, t, what % 3 == 0, count);
  }
}

/* ---- snapshots */

/* What a drain has taken, in one piece again. */
struct section {
  struct wr_part_drain drain; /* first */
  char *bytes;
  size_t length, capacity;
  bool delta;
};

static void section_take(struct wr_part_drain *drain, char *bytes, size_t length)
{
  struct section *section = (struct section *)drain;
  while (section->capacity - section->length < length) {
    section->capacity = section->capacity ? section->capacity * 2 : 65536;
    section->bytes = wr_memory_resize(section->bytes, section->capacity);
  }
  if (length > 0)
    memcpy(section->bytes + section->length, bytes, length);
  section->length += length;
  free(bytes);
}

struct snapshot {
  struct section *section;
  struct wr_part_writer part;
};

static void snapshot_begin(struct world *world, struct section *section, bool delta,
                           uint32_t piece_bytes, struct snapshot *out)
{
  *section = (struct section){.drain = {section_take, piece_bytes}};
  *out = (struct snapshot){.section = section,
                           .part = {.drain = &section->drain, .tracked = true, .delta = delta}};
  wr_part_put_u64(&out->part, 11); /* what the operator has to say */
  wr_table_spaces_save(world->spaces, SPACES, &out->part);
  CU_ASSERT_EQUAL(out->part.tables_at, 8);
  CU_ASSERT(delta || !out->part.delta);
}

static void snapshot_end(struct snapshot *snapshot)
{
  struct section *section = snapshot->section;
  struct wr_part_writer *part = &snapshot->part;
  CU_ASSERT_EQUAL(wr_part_written(part), part->tables_at + part->tables_bytes);
  CU_ASSERT_EQUAL(part->drained, section->length);
  CU_ASSERT(part->length < section->drain.piece_bytes);
  section_take(&section->drain, part->bytes, part->length);
  section->delta = part->delta;
}

/* A snapshot without anything in between. */
static void snapshot_take(struct world *world, struct section *section, bool delta)
{
  struct snapshot snapshot;
  snapshot_begin(world, section, delta, 3000, &snapshot);
  while (!wr_table_spaces_save_step(world->spaces, SPACES, 3)) {
  }
  snapshot_end(&snapshot);
}

struct chain {
  struct section sections[CHAIN_MAX]; /* oldest first */
  uint32_t count;
};

static void chain_free(struct chain *chain)
{
  for (uint32_t i = 0; i < chain->count; i++)
    free(chain->sections[i].bytes);
  chain->count = 0;
}

struct loader {
  struct wr_table_loader loader; /* first */
  struct world *world;
  const struct model *model;
};

static struct wr_table *loader_find(struct wr_table_loader *loader, uint32_t space, uint64_t tag)
{
  struct loader *self = (struct loader *)loader;
  CU_ASSERT_FATAL(space < SPACES && tag < TAGS);
  CU_ASSERT(self->model->tables[space][tag].alive);
  struct wr_table **table = &self->world->tables[space][tag];
  if (!*table)
    *table = wr_table_new(self->world->spaces[space], tag, false);
  return *table;
}

static enum wr_code chain_load(const struct chain *chain, struct world *into,
                               const struct model *model, uint32_t task, uint32_t task_count)
{
  struct wr_part_reader readers[CHAIN_MAX];
  struct wr_error err;
  for (uint32_t i = 0; i < chain->count; i++)
    readers[i] = (struct wr_part_reader){.bytes = chain->sections[i].bytes,
                                         .length = chain->sections[i].length,
                                         .at = 8,
                                         .older = i > 0 ? &readers[i - 1] : NULL};
  struct loader loader = {{loader_find, task, task_count}, into, model};
  struct wr_part_reader *newest = &readers[chain->count - 1];
  enum wr_code code = wr_table_spaces_load(into->spaces, SPACES, &loader.loader, newest, &err);
  CU_ASSERT(code != WR_OK || wr_part_at_end(newest));
  return code;
}

static uint32_t entry_differs(const struct shape *shape, const struct wr_layout *layout,
                              char *entry, uint32_t number)
{
  char *bytes = wr_memory_get(shape->text_max + 16);
  uint32_t length = text_make(shape, number, bytes), text_at = wr_layout_state(layout, 0);
  const struct wr_text *text = (const void *)(entry + text_at);
  uint32_t differs =
      *entry_number(layout, entry) != number ||
      *(uint64_t *)(void *)(entry + text_at + sizeof *text) != (uint64_t)number + 1 ||
      text->length != length || memcmp(wr_text_stored_bytes(text), bytes, length) != 0;
  free(bytes);
  return differs;
}

/* Every key of the model must be in exactly one of the worlds, and nothing else. */
static uint32_t differences(const struct shape *shape, const struct world *worlds, uint32_t count,
                            const struct model *model)
{
  uint32_t different = 0;
  for (uint32_t s = 0; s < SPACES; s++) {
    for (uint32_t t = 0; t < TAGS; t++) {
      uint64_t there = 0;
      for (uint32_t first = 0; first < shape->key_range; first += BATCH) {
        uint32_t numbers[BATCH],
            found[BATCH] = {0},
            some = shape->key_range - first < BATCH ? shape->key_range - first : BATCH;
        struct keys keys;
        for (uint32_t i = 0; i < some; i++)
          numbers[i] = first + i;
        keys_open(&keys, s, numbers, some);
        for (uint32_t w = 0; w < count; w++) {
          struct wr_probe probe;
          if (!worlds[w].tables[s][t])
            continue;
          wr_table_probe(worlds[w].tables[s][t], keys.pointers, NULL, keys.hashes, some,
                         WR_PROBE_FIND, &probe);
          for (uint32_t i = 0; i < some; i++) {
            if (!probe.entries[i])
              continue;
            found[i]++;
            different += entry_differs(shape, wr_table_space_layout(worlds[w].spaces[s]),
                                       probe.entries[i], model->tables[s][t].number[first + i]);
          }
        }
        for (uint32_t i = 0; i < some; i++) {
          bool is = model->tables[s][t].alive && model->tables[s][t].there[first + i];
          different += found[i] != is;
          there += is;
        }
        keys_close(&keys, s);
      }
      for (uint32_t w = 0; w < count; w++)
        there -= worlds[w].tables[s][t] ? wr_table_keys(worlds[w].tables[s][t]) : 0;
      different += there != 0;
    }
  }
  return different;
}

/* Loads chains of some old copies into some new ones. */
static uint32_t loaded_differences(const struct shape *shape, const struct chain *chains,
                                   uint32_t chain_count, uint32_t task_count,
                                   const struct model *model)
{
  struct world worlds[COPIES_MAX] = {0}; /* zero for the compiler */
  for (uint32_t w = 0; w < task_count; w++) {
    world_open(&worlds[w], shape);
    for (uint32_t c = 0; c < chain_count; c++)
      CU_ASSERT_EQUAL(chain_load(&chains[c], &worlds[w], model, w, task_count), WR_OK);
  }
  uint32_t different = differences(shape, worlds, task_count, model);
  for (uint32_t w = 0; w < task_count; w++)
    world_close(&worlds[w]);
  return different;
}

/* ---- tests */

/* One snapshot with things that happen meanwhile; 1: what is loaded differs. */
static uint32_t epoch(struct fixture *f, struct chain *chain, struct model *then, bool counts)
{
  if (!counts || chain->count == CHAIN_MAX)
    chain_free(chain);
  struct snapshot snapshot;
  struct section *section = &chain->sections[chain->count++];
  *then = *f->model;
  snapshot_begin(&f->world, section, chain->count > 1, 100 + random_next(f, 20000), &snapshot);
  uint32_t pages = 1 + random_next(f, 30), rounds = 0;
  do {
    for (uint32_t i = rounds++ < 40 ? random_next(f, 3) : 0; i > 0; i--)
      do_something(f);
  } while (!wr_table_spaces_save_step(f->world.spaces, SPACES, pages));
  snapshot_end(&snapshot);
  CU_ASSERT_EQUAL(section->delta && chain->count == 1, false);
  if (!section->delta && chain->count > 1) { /* declined */
    struct section full = *section;
    chain->count--;
    chain_free(chain);
    chain->sections[0] = full;
    chain->count = 1;
  }
  return loaded_differences(f->shape, chain, 1, 1 + random_next(f, COPIES_MAX), then);
}

static void like_a_model(void)
{
  for (uint32_t s = 0; s < WR_COUNT(shapes); s++) {
    for (uint64_t seed = 1; seed <= 2; seed++) {
      struct fixture *f = fixture_open(&shapes[s], seed * 1000 + s);
      struct model *then = wr_memory_get(sizeof *then);
      struct chain chain = {.count = 0};
      uint32_t deltas = 0;
      bool counts = false;
      for (uint32_t e = 0; e < 20; e++) {
        for (uint32_t i = random_next(f, 30); i > 0; i--)
          do_something(f);
        WR_CHECK(epoch(f, &chain, then, counts) == 0, "%s, seed %llu, epoch %u", shapes[s].name,
                 (unsigned long long)seed, e);
        deltas += chain.count > 1;
        counts = random_next(f, 6) > 0; /* or it has failed: the next one is a full one */
      }
      WR_CHECK(deltas > 5, "%s: %u deltas", shapes[s].name, deltas);
      WR_CHECK(differences(f->shape, &f->world, 1, f->model) == 0, "%s", shapes[s].name);
      chain_free(&chain);
      fixture_close(f);
      free(then);
    }
  }
}

/* Three copies go on from one chain; then two from the three chains that these have written. */
static void copies_change_their_number(void)
{
  for (uint32_t s = 0; s < WR_COUNT(shapes); s++) {
    struct fixture *f = fixture_open(&shapes[s], 91 + s);
    struct model *then = wr_memory_get(sizeof *then);
    struct chain chain = {.count = 0}, chains[COPIES_MAX] = {{.count = 0}};
    for (uint32_t e = 0; e < 3; e++) {
      for (uint32_t i = 0; i < 40; i++)
        do_something(f);
      CU_ASSERT_EQUAL(epoch(f, &chain, then, true), 0);
    }
    for (uint32_t w = 0; w < COPIES_MAX; w++) {
      struct world copy;
      world_open(&copy, f->shape);
      CU_ASSERT_EQUAL(chain_load(&chain, &copy, then, w, COPIES_MAX), WR_OK);
      for (uint32_t t = 0; t < SPACES * TAGS; t++) /* a copy may have no key of a table */
        if (then->tables[t / TAGS][t % TAGS].alive && !copy.tables[t / TAGS][t % TAGS])
          copy.tables[t / TAGS][t % TAGS] = wr_table_new(copy.spaces[t / TAGS], t % TAGS, false);
      for (uint32_t e = 0; e < 3; e++)
        snapshot_take(&copy, &chains[w].sections[chains[w].count++], e > 0);
      CU_ASSERT(chains[w].sections[2].delta && chains[w].sections[2].length < 2000);
      world_close(&copy);
    }
    WR_CHECK(loaded_differences(f->shape, chains, COPIES_MAX, 1, then) == 0, "%s", f->shape->name);
    WR_CHECK(loaded_differences(f->shape, chains, COPIES_MAX, 2, then) == 0, "%s", f->shape->name);
    for (uint32_t w = 0; w < COPIES_MAX; w++)
      chain_free(&chains[w]);
    chain_free(&chain);
    fixture_close(f);
    free(then);
  }
}

/* What a delta holds: what has changed, not what was found. */
static void deltas_are_small(void)
{
  struct fixture *f = fixture_open(&shapes[0], 5);
  struct chain chain = {.count = 0};
  f->world.tables[0][0] = wr_table_new(f->world.spaces[0], 0, false);
  f->model->tables[0][0].alive = true;
  for (uint32_t i = 0; i < 40; i++)
    do_probe(f, 0, 0, WR_PROBE_MAKE, BATCH);
  snapshot_take(&f->world, &chain.sections[0], false);
  snapshot_take(&f->world, &chain.sections[1], true);
  chain.count = 2;
  size_t empty = chain.sections[1].length;
  do_probe(f, 0, 0, WR_PROBE_FIND, BATCH);
  snapshot_take(&f->world, &chain.sections[2], true);
  CU_ASSERT_EQUAL(chain.sections[2].length, empty);
  do_probe(f, 0, 0, WR_PROBE_CHANGE, 1);
  snapshot_take(&f->world, &chain.sections[3], true);
  uint32_t stride = wr_table_space_layout(f->world.spaces[0])->stride;
  CU_ASSERT(chain.sections[3].length > empty && chain.sections[3].length <= empty + stride + 64);
  /* A key that comes and goes between two snapshots leaves nothing. */
  uint64_t keys = wr_table_keys(f->world.tables[0][0]);
  uint32_t number = f->shape->key_range + 5;
  struct keys one;
  struct wr_probe probe;
  keys_open(&one, 0, &number, 1);
  wr_table_probe(f->world.tables[0][0], one.pointers, NULL, one.hashes, 1, WR_PROBE_MAKE, &probe);
  CU_ASSERT_EQUAL(probe.made_count, 1);
  wr_table_remove(f->world.tables[0][0], probe.entries, 1);
  keys_close(&one, 0);
  CU_ASSERT_EQUAL(wr_table_keys(f->world.tables[0][0]), keys);
  snapshot_take(&f->world, &chain.sections[4], true);
  CU_ASSERT_EQUAL(chain.sections[4].length, empty);
  chain.count = 5;
  CU_ASSERT_EQUAL(loaded_differences(f->shape, &chain, 1, 1, f->model), 0);
  chain_free(&chain);
  fixture_close(f);
}

/* When nearly all keys were removed, the list of them would be too long: the next one is full. */
static void forgets_when_too_much_goes(void)
{
  struct fixture *f = fixture_open(&shapes[0], 6);
  struct chain chain = {.count = 0};
  struct wr_table_space *space = f->world.spaces[0];
  struct wr_table *table = f->world.tables[0][0] = wr_table_new(space, 0, false);
  int64_t values[BATCH];
  uint64_t hashes[BATCH], most = 0;
  const struct wr_column column = {.type = &wr_type_bigint, .values = values};
  const struct wr_column *const key = &column;
  for (uint32_t walk = 0; walk < 2; walk++) {
    for (uint32_t first = 0; first < 200000; first += BATCH) {
      struct wr_probe probe;
      for (uint32_t i = 0; i < BATCH; i++)
        values[i] = first + i;
      wr_hash_keys(&key, 1, NULL, BATCH, SEED, hashes);
      wr_table_probe(table, &key, NULL, hashes, BATCH, WR_PROBE_MAKE, &probe);
      if (walk == 1)
        wr_table_remove(table, probe.entries, BATCH);
      most = space->gone_bytes > most ? space->gone_bytes : most;
      CU_ASSERT(space->gone_bytes <= wr_table_space_bytes(space) / 2 + (1u << 18));
    }
    snapshot_take(&f->world, &chain.sections[walk], walk == 1);
  }
  CU_ASSERT(most > 1u << 18); /* they had been listed for a while */
  CU_ASSERT_FALSE(chain.sections[1].delta);
  CU_ASSERT_EQUAL(space->gone_bytes, 0);
  snapshot_take(&f->world, &chain.sections[2], true);
  CU_ASSERT(chain.sections[2].delta);
  chain.count = 3;
  chain_free(&chain);
  fixture_close(f);
}

/* A page that has several places of the directory may have changed in any of them: this is not lost
 * when the directory is halved. */
static void directories_halve(void)
{
  struct fixture *f = fixture_open(&shapes[2], 7);
  struct chain chain = {.count = 2};
  struct wr_table *table = f->world.tables[0][0] = wr_table_new(f->world.spaces[0], 0, false);
  struct model_table *model = &f->model->tables[0][0];
  model->alive = true;
  for (uint32_t i = 0; i < 40; i++)
    do_probe(f, 0, 0, WR_PROBE_MAKE, BATCH);
  snapshot_take(&f->world, &chain.sections[0], false);
  uint32_t depth = table->depth, changed = 0;
  for (uint32_t number = 0; number < f->shape->key_range; number++) {
    struct keys keys;
    struct wr_probe probe;
    keys_open(&keys, 0, &number, 1);
    uint64_t hash = keys.hashes[0];
    bool shallow = wr_table_place_of(table, hash)->page->depth < depth && table->depth == depth;
    bool odd = hash >> (64 - depth) & 1;
    if (model->there[number] && shallow && odd) {
      wr_table_probe(table, keys.pointers, NULL, keys.hashes, 1, WR_PROBE_CHANGE, &probe);
      states_put(f, 0, 0, &number, 1, probe.entries);
      changed++;
    }
    keys_close(&keys, 0);
  }
  for (uint32_t number = 0; number < f->shape->key_range; number++) {
    struct keys keys;
    char *found[4];
    keys_open(&keys, 0, &number, 1);
    if (wr_table_place_of(table, keys.hashes[0])->page->depth >= depth) {
      wr_table_remove(table, found,
                      wr_table_find_hash(table, keys.hashes[0], WR_PROBE_CHANGE, found, 4));
      model->there[number] = false;
    }
    keys_close(&keys, 0);
  }
  CU_ASSERT(changed > 0 && table->depth < depth);
  snapshot_take(&f->world, &chain.sections[1], true);
  CU_ASSERT(chain.sections[1].delta);
  CU_ASSERT_EQUAL(loaded_differences(f->shape, &chain, 1, 1, f->model), 0);
  chain_free(&chain);
  fixture_close(f);
}

/* A delta without what it belongs to, or with something else, is refused. */
static void chains_are_checked(void)
{
  struct fixture *f = fixture_open(&shapes[1], 8);
  struct model *then = wr_memory_get(sizeof *then);
  struct chain chain = {.count = 0}, alone = {.count = 1};
  for (uint32_t e = 0; e < 4; e++) {
    for (uint32_t i = 0; i < 30; i++)
      do_something(f);
    CU_ASSERT_EQUAL(epoch(f, &chain, then, true), 0);
  }
  CU_ASSERT_FATAL(chain.count > 1);
  alone.sections[0] = chain.sections[chain.count - 1];
  struct world into;
  world_open(&into, f->shape);
  CU_ASSERT_EQUAL(chain_load(&alone, &into, then, 0, 1), WR_DATA);
  world_close(&into);
  for (uint32_t round = 0; round < 600; round++) { /* damage: no crash */
    struct section *section = &chain.sections[round % chain.count];
    size_t at = 8 + random_next(f, (uint32_t)(round % 2 ? section->length : 700) - 8);
    at = at < section->length ? at : section->length - 1;
    char old = section->bytes[at];
    section->bytes[at] = (char)random_next(f, 256);
    struct model all = *then;
    for (uint32_t t = 0; t < SPACES * TAGS; t++)
      all.tables[t / TAGS][t % TAGS].alive = true;
    if (at >= 700 || at < 32) { /* tags are checked by the loader of this test */
      world_open(&into, f->shape);
      chain_load(&chain, &into, &all, 0, 1);
      world_close(&into);
    }
    section->bytes[at] = old;
  }
  chain_free(&chain);
  fixture_close(f);
  free(then);
}

static const struct wr_test tests[] = {
    {"like_a_model", like_a_model},
    {"copies_change_their_number", copies_change_their_number},
    {"deltas_are_small", deltas_are_small},
    {"forgets_when_too_much_goes", forgets_when_too_much_goes},
    {"directories_halve", directories_halve},
    {"chains_are_checked", chains_are_checked},
    {NULL, NULL},
};

const struct wr_suite wr_suite_table_delta = {"table_delta", tests};
