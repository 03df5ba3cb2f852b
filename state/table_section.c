/* SPDX-License-Identifier: Apache-2.0 */
/* The heads of the sections of a chain: which tables each has, and where they go. */
#include "state/table_load.h"

#include <assert.h>
#include <stdlib.h>

static enum wr_code section_head(const struct wr_table_loading *loading,
                                 struct wr_table_section *section, struct wr_error *err)
{
  struct wr_part_reader *part = &section->part;
  uint64_t spaces;
  enum wr_code code = wr_part_get_u64(part, &spaces, err);
  section->is_old = code == WR_OK && spaces != WR_TABLE_SECTION_FORMAT;
  section->kind = WR_TABLE_SECTION_FULL;
  if (code == WR_OK && !section->is_old) {
    code = wr_part_get_u64(part, &section->kind, err);
    if (code == WR_OK && section->kind > WR_TABLE_SECTION_DELTA)
      code = wr_fail(err, WR_DATA, "the saved state is damaged: no tables are of kind %llu",
                     (unsigned long long)section->kind);
    if (code == WR_OK)
      code = wr_part_get_u64(part, &spaces, err);
  }
  if (code == WR_OK && spaces != loading->space_count)
    code = wr_fail(err, WR_DATA,
                   "the saved state does not fit the query: it has %llu tables instead of %u",
                   (unsigned long long)spaces, loading->space_count);
  for (uint32_t i = 0; code == WR_OK && i < loading->space_count; i++)
    code = wr_layout_load(loading->spaces[i] ? loading->spaces[i]->layout : NULL, part,
                          &section->maps[i], err);
  return code;
}

static enum wr_code section_add_table(struct wr_table_section *section, uint32_t space,
                                      uint64_t capacity, struct wr_error *err)
{
  struct wr_table_section_entry *table = &section->tables[section->table_count];
  *table = (struct wr_table_section_entry){.space = space};
  assert(section->table_count < capacity);
  enum wr_code code = wr_part_get_u64(&section->part, &table->tag, err);
  if (code == WR_OK)
    code = wr_part_get_u64(&section->part, &table->generation, err);
  if (code == WR_OK && section->table_count > 0 && table[-1].space == space &&
      table[-1].generation >= table->generation)
    code = wr_fail(err, WR_DATA, "the saved state is damaged: table %llu comes behind table %llu",
                   (unsigned long long)table->generation, (unsigned long long)table[-1].generation);
  section->table_count++;
  return code;
}

/* Its tables: spaces in their order, the older ones of a space first. */
static enum wr_code section_tables(const struct wr_table_loading *loading,
                                   struct wr_table_section *section, struct wr_error *err)
{
  uint64_t capacity = 0;
  for (uint32_t i = 0; i < loading->space_count; i++) {
    uint64_t count;
    enum wr_code code = wr_part_get_u64(&section->part, &count, err);
    if (code != WR_OK)
      return code;
    if (count > (section->part.length - section->part.at) / 16)
      return wr_fail(err, WR_DATA, "the saved state is damaged: %llu tables in %zu bytes",
                     (unsigned long long)count, section->part.length - section->part.at);
    capacity += count;
    section->tables = wr_memory_resize(section->tables, (capacity + 1) * sizeof *section->tables);
    for (uint64_t t = 0; code == WR_OK && t < count; t++)
      code = section_add_table(section, i, capacity, err);
    if (code != WR_OK)
      return code;
  }
  return WR_OK;
}

/* Reads the head of one more section. */
static enum wr_code loading_add(struct wr_table_loading *loading, const struct wr_part_reader *part,
                                struct wr_error *err)
{
  if (loading->section_count == loading->section_capacity) {
    loading->section_capacity = loading->section_capacity ? loading->section_capacity * 2 : 4;
    loading->sections =
        wr_memory_resize(loading->sections, loading->section_capacity * sizeof *loading->sections);
  }
  struct wr_table_section *section = &loading->sections[loading->section_count++];
  *section = (struct wr_table_section){
      .part = *part,
      .maps = wr_memory_get_zero((loading->space_count + 1) * sizeof *section->maps)};
  enum wr_code code = section_head(loading, section, err);
  return code == WR_OK && !section->is_old ? section_tables(loading, section, err) : code;
}

enum wr_code wr_table_loading_open(struct wr_table_loading *loading,
                                   const struct wr_part_reader *part, struct wr_error *err)
{
  for (;;) {
    enum wr_code code = loading_add(loading, part, err);
    const struct wr_table_section *section = &loading->sections[loading->section_count - 1];
    if (code != WR_OK)
      return code;
    if (section->is_old && loading->section_count > 1)
      return wr_fail(err, WR_DATA,
                     "the saved state is damaged: changes of a state without generations");
    if (section->kind == WR_TABLE_SECTION_FULL)
      return WR_OK;
    if (!part->older)
      return wr_fail(err, WR_DATA,
                     "the saved state is damaged: the state that its changes belong to is missing");
    part = part->older;
  }
}

void wr_table_loading_find(struct wr_table_loading *loading)
{
  const struct wr_table_section *newest = &loading->sections[0];
  for (uint64_t t = 0; t < newest->table_count; t++) {
    struct wr_table_section_entry *table = &newest->tables[t];
    if (loading->spaces[table->space])
      table->to = loading->loader->find(loading->loader, table->space, table->tag);
  }
  for (uint32_t s = 1; s < loading->section_count; s++) {
    struct wr_table_section *section = &loading->sections[s];
    uint64_t n = 0;
    for (uint64_t t = 0; t < section->table_count; t++) {
      struct wr_table_section_entry *table = &section->tables[t];
      while (n < newest->table_count && (newest->tables[n].space < table->space ||
                                         (newest->tables[n].space == table->space &&
                                          newest->tables[n].generation < table->generation)))
        n++;
      if (n < newest->table_count && newest->tables[n].space == table->space &&
          newest->tables[n].generation == table->generation && newest->tables[n].tag == table->tag)
        table->to = newest->tables[n].to;
    }
  }
}

void wr_table_loading_free(struct wr_table_loading *loading)
{
  for (uint32_t s = 0; s < loading->section_count; s++) {
    struct wr_table_section *section = &loading->sections[s];
    for (uint32_t i = 0; i < loading->space_count; i++)
      free(section->maps[i].offsets);
    free(section->maps);
    free(section->tables);
  }
  free(loading->sections);
  free(loading->later);
}

bool wr_table_loading_wants(const struct wr_table_loading *loading, uint64_t hash)
{
  return wr_key_group_task(wr_key_group(hash), loading->loader->task_count) ==
         loading->loader->task;
}
