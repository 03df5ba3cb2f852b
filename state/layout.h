/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of a state entry: hash of the key, NULL bits of the key, marks of its table, key
 * fields, then pieces of state that belong to aggregates. Fields lie by falling alignment, so that
 * padding only appears at the end. The layout travels with snapshots and entries are restored field
 * by field: places may change between versions of a query, fields may go away.
 *
 *   | 16-byte states | hash | 8-byte keys, texts, states | 4 | 2 | 1 | NULL bits | marks | padding
 * |
 *
 * The byte of marks says what a snapshot has to know of the entry (state/table_page.h). It mostly
 * takes the place of padding, moves with the entry, and is not part of what is compared or loaded.
 */
#ifndef WEIR_STATE_LAYOUT_H
#define WEIR_STATE_LAYOUT_H

#include "core/type.h"
#include "state/part.h"

#define WR_LAYOUT_STATE_ID 0x10000 /* id of state piece i is this + i; of key i it is i */
#define WR_LAYOUT_NAMED    (UINT64_C(1) << 63) /* in the id of a piece that has a name */

/* A piece of state as its owner wants it. */
struct wr_state_piece {
  uint32_t bytes, align; /* align: a power of two up to 16 */
  bool has_text;         /* begins with a struct wr_text in stored form */
};

struct wr_layout_field {
  uint64_t id;
  enum wr_physical physical; /* of a key; WR_NESTED: bytes of state */
  uint32_t offset, bytes, align;
  bool has_text;
};

/* Read by anybody, never changed once a table uses it. */
struct wr_layout {
  struct wr_layout_field *fields; /* keys in their order, then state pieces in theirs */
  uint32_t key_count, field_count;
  uint32_t hash_at, nulls_at, nulls_bytes, marks_at;
  uint32_t stride; /* bytes of an entry */
  uint32_t *texts; /* offsets of the struct wr_text fields */
  uint32_t text_count;
};

/* Keys may have any type but those of physical kind NESTED. */
struct wr_layout *wr_layout_new(const struct wr_type *const *keys, uint32_t key_count,
                                const struct wr_state_piece *pieces, uint32_t piece_count);
void wr_layout_free(struct wr_layout *layout);
/* Names a state piece, before the layout is used: by what it is (a hash, never 0), and which of
 * several pieces of that it is. */
void wr_layout_name(struct wr_layout *layout, uint32_t piece, uint64_t name, uint32_t part);

/* Where state piece i lies in an entry. */
static inline uint32_t wr_layout_state(const struct wr_layout *layout, uint32_t piece)
{
  return layout->fields[layout->key_count + piece].offset;
}

/* Bytes of the long texts of an entry. */
uint64_t wr_layout_texts(const struct wr_layout *layout, const char *entry);

#define WR_LAYOUT_ABSENT UINT32_MAX

/* The entry as a part has it, beside the layout that it is wanted in. */
struct wr_layout_map {
  uint32_t stride, hash_at, nulls_at; /* of the saved entry */
  uint32_t *offsets; /* per field of the wanted layout: where the saved entry has it;
                        WR_LAYOUT_ABSENT: nowhere, it begins with zeros */
};

void wr_layout_save(const struct wr_layout *layout, struct wr_part_writer *part);
/* Fails if a field that is wanted had another type, or was not saved and has no name. Layouts that
 * were saved before pieces had names are read by number: their owner knows that they fit. On
 * success the caller frees map->offsets. layout NULL: nothing is wanted. */
enum wr_code wr_layout_load(const struct wr_layout *layout, struct wr_part_reader *part,
                            struct wr_layout_map *map, struct wr_error *err);

#endif
