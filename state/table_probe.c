/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probing a table with a batch of keys. For tables that do not fit the cache,
 * rows go in small groups in three passes: fetch the index slot of each, then the entry that it
 * names, then look: the waits of a group overlap. Kinds of keys that are common and cheap to
 * compare have a loop of their own, made from the same lines.
 */
#include <assert.h>

#include "core/arena.h"
#include "state/table_inner.h"

#define PROBE_GROUP        128    /* rows whose memory is fetched together */
#define PROBE_CACHED_BYTES 262144 /* tables up to here are looked up directly */
#define REAP_PAGES         8      /* of freed tables, given back by the way */
#define ALWAYS_INLINE      static inline __attribute__((always_inline))

/* How keys are compared. */
enum key_shape {
  KEY_I64,  /* one column of 8-byte integers without NULL */
  KEY_I32,  /* one column of 4-byte integers without NULL */
  KEY_TEXT, /* one text column without NULL */
  KEY_COLUMNS,
  KEY_ENTRIES,    /* of another table */
  KEY_ENTRIES_I64 /* the same with one key of 8 bytes */
};

struct probing {
  struct wr_table *table;
  const struct wr_layout *layout;
  enum wr_probe_mode mode;
  bool touches;           /* somebody wants to know what changes */
  const uint64_t *hashes; /* or, for KEY_ENTRIES, in the entries */
  const struct wr_column *const *keys;
  const uint32_t *rows;
  const char *const *sources;
  const struct wr_layout *source_layout;
  const void *values; /* KEY_I64, KEY_I32, KEY_TEXT: of the column */
  uint32_t key_at;    /* the same, and KEY_ENTRIES_I64: offset in entries */
  uint32_t nulls_at, stride;
  uint32_t source_key_at, source_nulls_at, source_hash_at;
};

/* ---- keys */

/* A fixed-size key as it is kept: -0.0 as 0.0, one NaN for all. */
static void key_load(const struct wr_column *column, uint32_t row, char value[16])
{
  enum wr_physical physical = column->type->physical;
  row = wr_column_row(column, row);
  memcpy(value, (const char *)column->values + (size_t)row * wr_physical_bytes[physical],
         wr_physical_bytes[physical]);
  if (physical == WR_F64) {
    double number;
    memcpy(&number, value, sizeof number);
    number = number != number ? __builtin_nan("") : number == 0 ? 0 : number;
    memcpy(value, &number, sizeof number);
  } else if (physical == WR_F32) {
    float number;
    memcpy(&number, value, sizeof number);
    number = number != number ? __builtin_nanf("") : number == 0 ? 0 : number;
    memcpy(value, &number, sizeof number);
  }
}

ALWAYS_INLINE bool text_is_stored(const struct wr_text *text, const struct wr_text *stored)
{
  if (memcmp(text, stored, 8) != 0)
    return false;
  if (text->length <= WR_TEXT_INLINE)
    return memcmp(text->tail, stored->tail, 8) == 0;
  return memcmp(text->bytes, wr_text_stored_bytes(stored), text->length) == 0;
}

static bool columns_equal(const struct probing *probing, uint32_t row, const char *entry)
{
  const struct wr_layout *layout = probing->layout;
  for (uint32_t k = 0; k < layout->key_count; k++) {
    const struct wr_column *column = probing->keys[k];
    const struct wr_layout_field *field = &layout->fields[k];
    bool null = entry[layout->nulls_at + k / 8] >> k % 8 & 1;
    if (wr_column_is_null(column, row) != null)
      return false;
    if (null)
      continue;
    char value[16];
    if (field->has_text) {
      if (!text_is_stored(wr_column_text(column, row),
                          (const struct wr_text *)(entry + field->offset)))
        return false;
    } else {
      key_load(column, row, value);
      if (memcmp(value, entry + field->offset, field->bytes) != 0)
        return false;
    }
  }
  return true;
}

static bool entries_equal(const struct probing *probing, const char *source, const char *entry)
{
  const struct wr_layout *layout = probing->layout;
  if (memcmp(source + probing->source_nulls_at, entry + layout->nulls_at, layout->nulls_bytes) != 0)
    return false;
  for (uint32_t k = 0; k < layout->key_count; k++) {
    const struct wr_layout_field *field = &layout->fields[k];
    uint32_t source_at = probing->source_layout->fields[k].offset;
    if (field->has_text) {
      const struct wr_text *a = (const struct wr_text *)(source + source_at);
      const struct wr_text *b = (const struct wr_text *)(entry + field->offset);
      if (a->length != b->length ||
          memcmp(wr_text_stored_bytes(a), wr_text_stored_bytes(b), a->length) != 0)
        return false;
    } else if (memcmp(source + source_at, entry + field->offset, field->bytes) != 0) {
      return false;
    }
  }
  return true;
}

ALWAYS_INLINE uint32_t probing_row(const struct probing *probing, uint32_t i)
{
  return probing->rows ? probing->rows[i] : i;
}

ALWAYS_INLINE bool key_equal(const struct probing *probing, enum key_shape shape, uint32_t i,
                             const char *entry)
{
  const char *kept = entry + probing->key_at;
  switch (shape) {
  case KEY_I64:
    return ((const int64_t *)probing->values)[probing_row(probing, i)] == *(const int64_t *)kept &&
           entry[probing->nulls_at] == 0;
  case KEY_I32:
    return ((const int32_t *)probing->values)[probing_row(probing, i)] == *(const int32_t *)kept &&
           entry[probing->nulls_at] == 0;
  case KEY_TEXT:
    return text_is_stored((const struct wr_text *)probing->values + probing_row(probing, i),
                          (const struct wr_text *)kept) &&
           entry[probing->nulls_at] == 0;
  case KEY_COLUMNS: return columns_equal(probing, probing_row(probing, i), entry);
  case KEY_ENTRIES: return entries_equal(probing, probing->sources[i], entry);
  case KEY_ENTRIES_I64:
    return *(const int64_t *)(probing->sources[i] + probing->source_key_at) ==
               *(const int64_t *)kept &&
           probing->sources[i][probing->source_nulls_at] == entry[probing->nulls_at];
  }
  return false;
}

ALWAYS_INLINE uint64_t key_hash(const struct probing *probing, enum key_shape shape, uint32_t i)
{
  return shape == KEY_ENTRIES || shape == KEY_ENTRIES_I64
             ? *(const uint64_t *)(probing->sources[i] + probing->source_hash_at)
             : probing->hashes[i];
}

/* ---- making entries */

static void keys_put_text(const struct probing *probing, char *entry, uint32_t key,
                          const char *bytes, uint32_t length)
{
  struct wr_table_page *page =
      wr_table_place_of(probing->table, wr_table_entry_hash(probing->layout, entry))->page;
  wr_table_page_put_text(page, (struct wr_text *)(entry + probing->layout->fields[key].offset),
                         bytes, length);
}

static uint32_t text_room(const struct wr_text *text)
{
  return text->length > WR_TEXT_INLINE ? text->length : 0;
}

static char *make_from_columns(const struct probing *probing, uint64_t hash, uint32_t row)
{
  const struct wr_layout *layout = probing->layout;
  uint64_t text_bytes = 0;
  for (uint32_t k = 0; k < layout->key_count; k++)
    if (layout->fields[k].has_text && !wr_column_is_null(probing->keys[k], row))
      text_bytes += text_room(wr_column_text(probing->keys[k], row));
  char *entry = wr_table_add(probing->table, hash, text_bytes);
  for (uint32_t k = 0; k < layout->key_count; k++) {
    const struct wr_column *column = probing->keys[k];
    if (wr_column_is_null(column, row)) {
      entry[layout->nulls_at + k / 8] |= (char)(1 << k % 8);
    } else if (layout->fields[k].has_text) {
      const struct wr_text *text = wr_column_text(column, row);
      keys_put_text(probing, entry, k, wr_text_bytes(text), text->length);
    } else {
      char value[16];
      key_load(column, row, value);
      memcpy(entry + layout->fields[k].offset, value, layout->fields[k].bytes);
    }
  }
  return entry;
}

static char *make_from_entry(const struct probing *probing, uint64_t hash, const char *source)
{
  const struct wr_layout *layout = probing->layout;
  const struct wr_layout_field *from = probing->source_layout->fields;
  uint64_t text_bytes = 0;
  for (uint32_t k = 0; layout->text_count > 0 && k < layout->key_count; k++)
    if (layout->fields[k].has_text)
      text_bytes += text_room((const struct wr_text *)(source + from[k].offset));
  char *entry = wr_table_add(probing->table, hash, text_bytes);
  memcpy(entry + layout->nulls_at, source + probing->source_nulls_at, layout->nulls_bytes);
  for (uint32_t k = 0; k < layout->key_count; k++) {
    const struct wr_layout_field *field = &layout->fields[k];
    if (field->has_text) {
      const struct wr_text *text = (const struct wr_text *)(source + from[k].offset);
      keys_put_text(probing, entry, k, wr_text_stored_bytes(text), text->length);
    } else {
      memcpy(entry + field->offset, source + from[k].offset, field->bytes);
    }
  }
  return entry;
}

static char *probing_make(const struct probing *probing, enum key_shape shape, uint32_t i)
{
  struct wr_table_space *space = probing->table->space;
  uint64_t hash = key_hash(probing, shape, i);
  space->made[space->made_count++] = i;
  if (shape == KEY_ENTRIES || shape == KEY_ENTRIES_I64)
    return make_from_entry(probing, hash, probing->sources[i]);
  return make_from_columns(probing, hash, probing_row(probing, i));
}

/* ---- the loops */

/* The directory as the loops see it. */
struct probed_places {
  const struct wr_table_place *places;
  uint32_t shift;
};

ALWAYS_INLINE struct probed_places places_of(const struct wr_table *table)
{
  return (struct probed_places){table->places, 63 - table->depth};
}

ALWAYS_INLINE char *probing_find(const struct probing *probing, struct probed_places places,
                                 enum key_shape shape, uint32_t i)
{
  uint64_t hash = key_hash(probing, shape, i);
  const struct wr_table_place *place = &places.places[hash >> 1 >> places.shift];
  const uint32_t *index = wr_table_page_index(place->page);
  char *entries = (char *)place->page + place->entries_at;
  uint32_t slots = place->slots, slot = wr_table_slot(hash, slots), tag = wr_table_tag(hash), found;
  while ((found = index[slot]) != 0) {
    if (found >> 16 == tag) {
      char *entry = entries + (size_t)((found & 0xffff) - 1) * probing->stride;
      if (key_equal(probing, shape, i, entry))
        return entry;
    }
    if (++slot == slots)
      slot = 0;
  }
  return NULL;
}

/* Brings the memory of a group of rows into the cache, one kind after the other, so that the waits
 * of its rows overlap. candidates: entries that agree in the tag, and so mostly in the key; or
 * NULL.
 */
ALWAYS_INLINE void probing_fetch(const struct probing *probing, struct probed_places places,
                                 enum key_shape shape, uint32_t first, uint32_t end,
                                 char **candidates)
{
  const struct wr_table_place *found_at[PROBE_GROUP], *missing_at[PROBE_GROUP];
  uint32_t slots[PROBE_GROUP], count = end - first, missing_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t hash = key_hash(probing, shape, first + i);
    const struct wr_table_place *place = &places.places[hash >> 1 >> places.shift];
    found_at[i] = place;
    slots[i] = wr_table_slot(hash, place->slots);
    __builtin_prefetch(&wr_table_page_index(place->page)[slots[i]], 1);
  }
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_table_place *place = found_at[i];
    const uint32_t *index = wr_table_page_index(place->page);
    uint32_t slot = slots[i], tag = wr_table_tag(key_hash(probing, shape, first + i)), found;
    while ((found = index[slot]) != 0 && found >> 16 != tag)
      slot = slot + 1 == place->slots ? 0 : slot + 1;
    candidates[i] = NULL;
    if (found) {
      char *entry = (char *)place->page + place->entries_at +
                    (size_t)((found & 0xffff) - 1) * probing->stride;
      candidates[i] = entry;
      __builtin_prefetch(entry, 1);
      __builtin_prefetch(entry + probing->stride - 1, 1); /* mostly it lies across two lines */
    } else {
      missing_at[missing_count++] = place;
      __builtin_prefetch(place->page, 1);
    }
  }
  for (uint32_t i = 0; i < missing_count; i++) { /* where the next entry will go */
    const struct wr_table_place *place = missing_at[i];
    __builtin_prefetch((char *)place->page + place->entries_at +
                           (size_t)place->page->entry_count * probing->stride,
                       1);
  }
}

ALWAYS_INLINE void probing_run(const struct probing *probing, enum key_shape shape, uint32_t count)
{
  const struct probing hot = *probing; /* a copy whose address nobody has stays in registers */
  struct wr_table_space *space = hot.table->space;
  struct probed_places places = places_of(hot.table);
  char **entries = space->entries, *candidates[PROBE_GROUP];
  for (uint32_t first = 0; first < count; first += PROBE_GROUP) {
    uint32_t end = count - first < PROBE_GROUP ? count : first + PROBE_GROUP;
    bool fetched = hot.table->bytes > PROBE_CACHED_BYTES;
    uint64_t moves = space->moves;
    if (fetched)
      probing_fetch(&hot, places, shape, first, end, candidates);
    for (uint32_t i = first; i < end; i++) {
      char *entry = fetched && space->moves == moves ? candidates[i - first] : NULL;
      if (!entry || !key_equal(&hot, shape, i, entry))
        entry = probing_find(&hot, places, shape, i);
      if (__builtin_expect(!entry, 0) && hot.mode == WR_PROBE_MAKE) {
        space->entry_count = i; /* the entries that are corrected if this one makes others move */
        entry = probing_make(probing, shape, i);
        places = places_of(hot.table);
      }
      entries[i] = entry;
    }
    if (hot.touches)
      wr_table_touch(hot.table, entries + first, end - first);
  }
}

static void probing_dispatch(const struct probing *probing, enum key_shape shape, uint32_t count)
{
  switch (shape) {
  case KEY_I64: probing_run(probing, KEY_I64, count); break;
  case KEY_I32: probing_run(probing, KEY_I32, count); break;
  case KEY_TEXT: probing_run(probing, KEY_TEXT, count); break;
  case KEY_COLUMNS: probing_run(probing, KEY_COLUMNS, count); break;
  case KEY_ENTRIES: probing_run(probing, KEY_ENTRIES, count); break;
  case KEY_ENTRIES_I64: probing_run(probing, KEY_ENTRIES_I64, count); break;
  }
}

static void space_reserve(struct wr_table_space *space, uint32_t count)
{
  if (count <= space->entries_capacity)
    return;
  space->entries = wr_memory_resize(space->entries, count * sizeof *space->entries);
  space->made = wr_memory_resize(space->made, count * sizeof *space->made);
  space->entries_capacity = count;
}

/* Everything but which keys: what is the same for columns and entries. */
static void probing_batch(struct probing *probing, enum key_shape shape, uint32_t count,
                          struct wr_probe *out)
{
  struct wr_table *table = probing->table;
  struct wr_table_space *space = table->space;
  space_reserve(space, count);
  space->probed = table;
  space->entry_count = space->made_count = 0;
  if (space->dying || space->trash)
    wr_table_space_reap(space, REAP_PAGES);
  probing->touches =
      probing->mode != WR_PROBE_FIND && !table->temporary && (space->tracked || space->part);
  probing_dispatch(probing, shape, count);
  space->entry_count = count;
  *out = (struct wr_probe){space->entries, space->made, space->made_count};
}

static enum key_shape columns_shape(const struct wr_layout *layout,
                                    const struct wr_column *const *keys)
{
  if (layout->key_count != 1 || keys[0]->valid || keys[0]->constant)
    return KEY_COLUMNS;
  switch (keys[0]->type->physical) {
  case WR_I64: return KEY_I64;
  case WR_I32: return KEY_I32;
  case WR_TEXT: return KEY_TEXT;
  default: return KEY_COLUMNS;
  }
}

void wr_table_probe(struct wr_table *table, const struct wr_column *const *keys,
                    const uint32_t *rows, const uint64_t *hashes, uint32_t row_count,
                    enum wr_probe_mode mode, struct wr_probe *out)
{
  const struct wr_layout *layout = table->space->layout;
  for (uint32_t k = 0; k < layout->key_count; k++)
    assert(keys[k]->type->physical == layout->fields[k].physical);
  struct probing probing = {
      .table = table,
      .layout = layout,
      .mode = mode,
      .hashes = hashes,
      .keys = keys,
      .rows = rows,
      .values = layout->key_count ? keys[0]->values : NULL,
      .key_at = layout->key_count ? layout->fields[0].offset : 0,
      .nulls_at = layout->nulls_at,
      .stride = layout->stride,
  };
  probing_batch(&probing, columns_shape(layout, keys), row_count, out);
}

void wr_table_probe_others(struct wr_table *table, const struct wr_layout *source_layout,
                           const char *const *sources, uint32_t source_count,
                           enum wr_probe_mode mode, struct wr_probe *out)
{
  const struct wr_layout *layout = table->space->layout;
  assert(layout->key_count == source_layout->key_count);
  struct probing probing = {
      .table = table,
      .layout = layout,
      .mode = mode,
      .sources = sources,
      .source_layout = source_layout,
      .stride = layout->stride,
      .nulls_at = layout->nulls_at,
      .source_nulls_at = source_layout->nulls_at,
      .source_hash_at = source_layout->hash_at,
  };
  enum key_shape shape = KEY_ENTRIES;
  if (layout->key_count == 1 && layout->fields[0].physical == WR_I64) {
    shape = KEY_ENTRIES_I64;
    probing.key_at = layout->fields[0].offset;
    probing.source_key_at = source_layout->fields[0].offset;
  }
  probing_batch(&probing, shape, source_count, out);
}

void wr_table_probe_entries(struct wr_table *table, const char *const *sources,
                            uint32_t source_count, enum wr_probe_mode mode, struct wr_probe *out)
{
  wr_table_probe_others(table, table->space->layout, sources, source_count, mode, out);
}
