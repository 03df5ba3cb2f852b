/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keyed tables: an extendible hash. A directory, indexed by the top bits of the 64-bit key hash,
 * leads to pages that grow from 1 to 64 KiB and then split; a page holds everything about its keys
 * (state/table_page.h), so it is at once the unit of growth, of accounting and of copying for
 * snapshots. The top 8 bits of the hash are the key group.
 *
 *     places (2^depth)             pages
 *     hash 00.. -------------->  | header | index of tags | entries ->    <- texts |
 *     hash 01.. -----+-------->  | header | ...                                    |
 *     hash 10.. -----+
 *
 * Tables of one operator have the same layout and live in one space, which recycles pages, owns the
 * scratch memory of calls, and is snapshot as a whole. All calls are per batch. Entries that a call
 * hands out stay where they are until the next call that makes or removes entries; those of the
 * last probe are corrected when that very probe, or a text that is put into one of them, makes
 * entries move.
 */
#ifndef WEIR_STATE_TABLE_H
#define WEIR_STATE_TABLE_H

#include "core/builder.h"
#include "core/hash.h"
#include "core/text_store.h"
#include "state/layout.h"

struct wr_table;
struct wr_table_space;

/* The space takes the layout: it is freed with it. */
struct wr_table_space *wr_table_space_new(struct wr_layout *layout);
void wr_table_space_free(struct wr_table_space *space); /* with all its tables */
const struct wr_layout *wr_table_space_layout(const struct wr_table_space *space);
uint64_t wr_table_space_bytes(const struct wr_table_space *space); /* of pages in use */
/* The same and directories; and of spare pages, which wait for their next use. */
uint64_t wr_table_space_memory(const struct wr_table_space *space);
uint64_t wr_table_space_spare(const struct wr_table_space *space);
uint64_t wr_table_space_keys(const struct wr_table_space *space);
/* Fills texts of the entries of the last probe; index i is that of the probe. */
struct wr_text_store *wr_table_space_texts(struct wr_table_space *space);

/* tag names the table in snapshots: unique in its space. temporary: it is never part of one. */
struct wr_table *wr_table_new(struct wr_table_space *space, uint64_t tag, bool temporary);
/* Gives all pages back to the space; while a snapshot is being written, those that it still needs
 * are copied first. */
void wr_table_free(struct wr_table *table);
uint64_t wr_table_keys(const struct wr_table *table);

enum wr_probe_mode {
  WR_PROBE_FIND,   /* entries are only read; absent: NULL */
  WR_PROBE_CHANGE, /* entries will be changed; absent: NULL */
  WR_PROBE_MAKE    /* the same, and absent ones are made: keys filled in, states zero */
};

/* Lent until the next probe in the space. */
struct wr_probe {
  char **entries; /* one per row */
  const uint32_t
      *made; /* rows (as indices of entries) whose entry was made by this probe, once per entry */
  uint32_t made_count;
};

/* Key of rows[i] (NULL: row i), hashed by wr_hash_keys to hashes[i], for i below row_count. */
void wr_table_probe(struct wr_table *table, const struct wr_column *const *keys,
                    const uint32_t *rows, const uint64_t *hashes, uint32_t row_count,
                    enum wr_probe_mode mode, struct wr_probe *out);
/* The same with the keys of entries of another table: of the space, or of one whose layout has keys
 * of the same types. */
void wr_table_probe_entries(struct wr_table *table, const char *const *sources,
                            uint32_t source_count, enum wr_probe_mode mode, struct wr_probe *out);
void wr_table_probe_others(struct wr_table *table, const struct wr_layout *source_layout,
                           const char *const *sources, uint32_t source_count,
                           enum wr_probe_mode mode, struct wr_probe *out);

/* A walk over all entries, in no particular order; opened zeroed. The table must not change in
 * between, but see wr_table_scan_change. */
struct wr_table_cursor {
  uint64_t hash;    /* pages below it are done */
  uint32_t entries; /* of its page, once begun: how many are still to come */
  bool begun, done;
};
/* Up to `max` more entries; 0: that was all. */
uint32_t wr_table_scan(const struct wr_table *table, struct wr_table_cursor *cursor, char **entries,
                       uint32_t max);

/* Appends key `key` of the entries to a builder of its type. Long texts stay lent from the entries.
 */
void wr_table_key_column(const struct wr_layout *layout, uint32_t key, const char *const *entries,
                         uint32_t count, struct wr_builder *out);

/* The same for entries that will be changed (their states, not their keys). Entries that the walk
 * has handed out may be removed before it goes on; nothing else may change. It has to be walked to
 * its end, the 0: until then pages that became empty are kept. */
uint32_t wr_table_scan_change(struct wr_table *table, struct wr_table_cursor *cursor,
                              char **entries, uint32_t max);
/* Up to `max` entries whose key has this hash: mostly one, by accident more. Only FIND and CHANGE.
 */
uint32_t wr_table_find_hash(struct wr_table *table, uint64_t hash, enum wr_probe_mode mode,
                            char **entries, uint32_t max);
/* Brings what that will look at into the cache, for some hashes (about 100) at once. */
void wr_table_fetch_hashes(const struct wr_table *table, const uint64_t *hashes, uint32_t count);
/*
 * A sweep: a walk for entries that were not written for long, in pieces between which the table may
 * change in any way; entries that move past it meanwhile are found by the next round. The owner
 * keeps the time of the last write in 8 bytes of each entry; one that has none yet gets now_us.
 */
struct wr_table_sweep {
  uint32_t written_at; /* offset of that time */
  int64_t now_us;
  int64_t over_us; /* entries last written then, or before, are wanted */
};
/* Looks at up to `max` entries, and hands out those that are wanted. At the end of a round
 * cursor->done is set: zero it for the next one. */
uint32_t wr_table_sweep(struct wr_table *table, struct wr_table_cursor *cursor,
                        const struct wr_table_sweep *sweep, char **entries, uint32_t max);
/* Removes entries and frees what they held; pages that become nearly empty shrink. Entries handed
 * out before are not good any more. The states' own texts go with them. */
void wr_table_remove(struct wr_table *table, char *const *entries, uint32_t count);

/*
 * Snapshots by copy-on-touch, of all spaces of an operator together. begin copies nothing: it only
 * remembers that every page there is now still has to be copied. A page is copied before its first
 * change, and otherwise by step. `part` and the spaces are kept until step has returned true.
 */
void wr_table_spaces_save(struct wr_table_space *const *spaces, uint32_t space_count,
                          struct wr_part_writer *part);
/* Copies up to page_count pages more; true: the snapshot is complete. */
bool wr_table_spaces_save_step(struct wr_table_space *const *spaces, uint32_t space_count,
                               uint32_t page_count);

/* What a loader wants: the table for a tag of a space (NULL: not wanted), and which key groups
 * belong here. */
struct wr_table_loader {
  struct wr_table *(*find)(struct wr_table_loader *loader, uint32_t space, uint64_t tag);
  uint32_t task, task_count;
};
/* A space that is NULL is left out: `find` wants no table of it. */
enum wr_code wr_table_spaces_load(struct wr_table_space *const *spaces, uint32_t space_count,
                                  struct wr_table_loader *loader, struct wr_part_reader *part,
                                  struct wr_error *err);

#endif
