/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join: rows of long lists by their content. A row that is taken back is found by comparing it with
 * all rows of its key, which are mostly few. Where they are many, and may be taken back, a second
 * table leads from the hash of a row's content to the rows that have it.
 *
 * A list is long, and its rows stand here, as long as it has more than WR_JOIN_LONG rows.
 */
#include <assert.h>
#include <stdlib.h>

#include "operators/join_steps.h"

void wr_join_index_open(struct wr_join *self)
{
  static const struct wr_type *const key = &wr_type_bigint;
  const struct wr_state_piece piece = {sizeof(struct wr_join_entry), _Alignof(struct wr_join_entry),
                                       false};
  struct wr_layout *layout = wr_layout_new(&key, 1, &piece, 1);
  self->index_at = wr_layout_state(layout, 0);
  self->index_space = wr_table_space_new(layout);
  self->index = wr_table_new(self->index_space, 0, true);
}

/* The entry of a hash in the table; NULL: there is none. */
static char *index_entry(struct wr_join *self, uint64_t hash, enum wr_probe_mode mode)
{
  static const uint32_t first = 0;
  const struct wr_column column = {.type = &wr_type_bigint, .constant = true, .values = &hash};
  const struct wr_column *const keys[] = {&column};
  struct wr_probe probe;
  wr_table_probe(self->index, keys, &first, &hash, 1, mode, &probe);
  return probe.entries[0];
}

static struct wr_join_entry *index_list(const struct wr_join *self, char *entry)
{
  return (struct wr_join_entry *)(entry + self->index_at);
}

static uint64_t index_hash(struct wr_join *self, uint32_t side, uint64_t address)
{
  uint32_t row;
  uint64_t hash;
  const struct wr_batch *rows = wr_kept_row(&self->sides[side].kept, address, &row);
  wr_join_hash_rows(self, side, rows, &row, 1, &hash);
  return hash;
}

static void index_cut(struct wr_join *self, uint32_t side, char *entry, uint32_t at)
{
  struct wr_join_entry *list = index_list(self, entry);
  wr_join_list_remove(self, side, list, at, false);
  if (list->counts[0] == 0 && list->counts[1] == 0)
    wr_table_remove(self->index, &entry, 1);
}

/* Where the address stands in the list of its content. */
static uint32_t index_place(const struct wr_join_entry *list, uint32_t side, uint64_t address)
{
  const uint64_t *addresses = wr_join_list(list, side);
  uint32_t at = 0;
  while (addresses[at] != address) {
    at++;
    assert(at < list->counts[side]);
  }
  return at;
}

void wr_join_index_add(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                       uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    char *entry = index_entry(self, index_hash(self, side, addresses[i]), WR_PROBE_MAKE);
    wr_join_list_add(self, side, index_list(self, entry), addresses[i], false);
  }
}

void wr_join_index_remove(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                          uint32_t count)
{
  for (uint32_t i = 0; i < count; i++) {
    char *entry = index_entry(self, index_hash(self, side, addresses[i]), WR_PROBE_CHANGE);
    index_cut(self, side, entry, index_place(index_list(self, entry), side, addresses[i]));
  }
}

bool wr_join_index_take(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                        uint32_t row, uint64_t *address)
{
  uint64_t hash;
  wr_join_hash_rows(self, side, batch, &row, 1, &hash);
  char *entry = index_entry(self, hash, WR_PROBE_CHANGE);
  if (!entry)
    return false;
  const uint64_t *addresses = wr_join_list(index_list(self, entry), side);
  for (uint32_t i = index_list(self, entry)->counts[side]; i-- > 0;) {
    uint32_t kept_row;
    const struct wr_batch *kept = wr_kept_row(&self->sides[side].kept, addresses[i], &kept_row);
    if (!wr_join_rows_equal(&self->sides[side], kept, kept_row, batch, row) ||
        wr_join_is_gone(self, side, addresses[i]))
      continue;
    *address = addresses[i];
    index_cut(self, side, entry, i);
    return true;
  }
  return false;
}

void wr_join_index_move(struct wr_join *self, uint32_t side, uint64_t old, uint64_t address)
{
  char *entry = index_entry(self, index_hash(self, side, old), WR_PROBE_CHANGE);
  struct wr_join_entry *list = index_list(self, entry);
  wr_join_list_set(list, side, index_place(list, side, old), address);
}
