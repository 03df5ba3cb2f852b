/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files that read tables (table_load.c, table_section.c, table_image.c, table_merge.c)
 * share: the sections of a chain, and images of pages in them.
 */
#ifndef WEIR_STATE_TABLE_LOAD_H
#define WEIR_STATE_TABLE_LOAD_H

#include "state/table_inner.h"

struct wr_table_section_entry {
  uint64_t tag, generation;
  uint32_t space;
  struct wr_table *to; /* NULL: not wanted */
};

struct wr_table_section {
  struct wr_part_reader part; /* at its first image */
  bool is_old;                /* without format, kind and list of tables */
  uint64_t kind;
  struct wr_layout_map *maps; /* one per space */
  struct wr_table_section_entry *tables;
  uint64_t table_count;
};

struct wr_page_image {
  const struct wr_table_section *section;
  uint32_t space;
  struct wr_table *to;
  const struct wr_layout_map *map;
  uint64_t depth, count, gap;
  const char *entries, *texts;
  size_t entries_length, texts_length;
};

/* What is being loaded. */
struct wr_table_loading {
  struct wr_table_space *const *spaces; /* NULL: not wanted */
  uint32_t space_count;
  struct wr_table_loader *loader;
  struct wr_table_section *sections; /* newest first */
  uint32_t section_count, section_capacity;
  size_t *later; /* where the images begin that were left out at first */
  size_t later_count, later_capacity;
};

/* ---- sections */

/* All sections of the chain, down to a full one. */
enum wr_code wr_table_loading_open(struct wr_table_loading *loading,
                                   const struct wr_part_reader *part, struct wr_error *err);
/* Finds the tables that the newest section has, and these tables in the older ones. */
void wr_table_loading_find(struct wr_table_loading *loading);
void wr_table_loading_free(struct wr_table_loading *loading);
/* Whether keys with that hash are this task's. */
bool wr_table_loading_wants(const struct wr_table_loading *loading, uint64_t hash);

/* ---- images */

/* The table of an image or of removed keys. */
enum wr_code wr_page_image_get_table(const struct wr_table_loading *loading,
                                     const struct wr_table_section *section,
                                     struct wr_part_reader *part, struct wr_page_image *image,
                                     struct wr_error *err);
enum wr_code wr_page_image_get(const struct wr_table_loading *loading,
                               const struct wr_table_section *section, struct wr_part_reader *part,
                               struct wr_page_image *image, struct wr_error *err);
uint64_t wr_page_image_hash(const struct wr_page_image *image, uint64_t number);
/* The text at byte `at` of the image's entries, as a value that lends its bytes from the image;
 * false: damaged. */
bool wr_page_image_text(const struct wr_page_image *image, size_t at, struct wr_text *text);
/* Every text must lie in the image, and no byte belong to two of them. */
enum wr_code wr_page_image_check_texts(const struct wr_page_image *image,
                                       const struct wr_layout *layout, struct wr_error *err);
/* Writes entry `number` as its table wants it; texts point into the image, as in an entry. */
void wr_page_image_read(const struct wr_page_image *image, uint64_t number,
                        const struct wr_layout *layout, char *to);

/* ---- deltas */

/* Removes and adds what the section says; leaves `part` behind it. */
enum wr_code wr_table_section_load_delta(const struct wr_table_loading *loading,
                                         const struct wr_table_section *section,
                                         struct wr_part_reader *part, struct wr_error *err);

#endif
