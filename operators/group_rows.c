/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows of a batch reach which aggregate of a group: what operators/window_rows.h calls
 * choices, for rows that come and rows that are taken back. A set of values has an entry per group
 * and value: where the input changes with a number per choice, of how many rows have it. A value
 * goes to its aggregates when that becomes 1, and is taken back when it becomes 0; an entry of
 * nothing but zeros goes away.
 *
 * Within a batch all rows that come go first: an aggregate never sees a value taken back before it
 * came, and what is left in the end is the same.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "operators/group_state.h"

#define KEY_GROUP_BITS 8
#define COUNT_TAKEN    (-1) /* the first number of an entry that is to be removed already */

struct wr_layout *wr_group_set_layout(const struct wr_group *self, uint32_t number)
{
  const struct wr_window_set *set = &self->rows.sets[number];
  const struct wr_window_aggregate_spec *base = self->base;
  bool expires = self->spec->ttl_us > 0, counts = self->spec->changes;
  if (!counts && !expires)
    return wr_window_set_layout(base, set);
  uint32_t count = base->key_count + set->arg_count;
  const struct wr_type **keys = wr_memory_get(count * sizeof *keys);
  for (uint32_t k = 0; k < count; k++) {
    uint32_t column = k < base->key_count ? base->keys[k] : set->args[k - base->key_count];
    keys[k] = base->input_schema->fields[column].type;
  }
  struct wr_state_piece pieces[2];
  uint32_t piece_count = 0;
  if (counts || set->choice_count > 1) /* else nothing but its bits, as in wr_window_set_layout */
    pieces[piece_count++] = (struct wr_state_piece){
        (counts ? set->choice_count : 1) * (uint32_t)sizeof(int64_t), sizeof(int64_t), false};
  if (expires)
    pieces[piece_count++] = wr_ttl_piece();
  struct wr_layout *layout = wr_layout_new(keys, count, pieces, piece_count);
  if (expires)
    wr_layout_name(layout, piece_count - 1, WR_TTL_NAME, 0);
  free(keys);
  return layout;
}

/* ---- choosing */

/* Per choice and sign, which rows it has. */
struct chosen {
  struct wr_group_list (*lists)[WR_GROUP_SIGNS];
};

static struct wr_group_list list_new(struct wr_group *self, uint32_t room)
{
  return (struct wr_group_list){wr_arena_get(&self->arena, (room + 1) * sizeof(uint32_t)), 0};
}

/* Rows of a list for which a condition is TRUE. */
static struct wr_group_list list_filter(struct wr_group *self, const struct wr_group_batch *rows,
                                        const struct wr_group_list *from, uint32_t column)
{
  const struct wr_column *filter = &rows->batch->columns[column];
  const uint8_t *passes = filter->values;
  struct wr_group_list out = list_new(self, from->count);
  for (uint32_t i = 0; i < from->count; i++) {
    uint32_t row = rows->numbers[from->at[i]];
    out.at[out.count] = from->at[i];
    out.count += !wr_column_is_null(filter, row) && passes[wr_column_row(filter, row)];
  }
  return out;
}

/* Rows that some choice of a set looks at, with bits that say which. */
struct set_rows {
  struct wr_group_list list;
  uint64_t *wanted; /* per row of the batch */
};

static void set_want(struct wr_group *self, uint32_t set, int sign,
                     const struct wr_group_batch *rows, const struct chosen *chosen,
                     struct set_rows *out)
{
  out->wanted = wr_arena_get_zero(&self->arena, (rows->count + 1) * sizeof *out->wanted);
  for (uint32_t c = 1; c < self->rows.choice_count; c++) {
    const struct wr_group_list *from = &chosen->lists[c][sign];
    if (self->rows.choices[c].set != set)
      continue;
    for (uint32_t i = 0; i < from->count; i++)
      out->wanted[from->at[i]] |= self->rows.choices[c].bit;
  }
  out->list = list_new(self, rows->lists[sign].count);
  for (uint32_t i = 0; i < rows->lists[sign].count; i++) {
    out->list.at[out->list.count] = rows->lists[sign].at[i];
    out->list.count += out->wanted[rows->lists[sign].at[i]] != 0;
  }
}

/* The entries of their values. Hashes begin with the key group of the group. */
static void set_probe(struct wr_group *self, uint32_t set, const struct wr_group_batch *rows,
                      const struct wr_group_list *list, enum wr_probe_mode mode,
                      struct wr_probe *probe)
{
  const struct wr_window_aggregate_spec *base = self->base;
  const struct wr_window_set *of = &self->rows.sets[set];
  uint32_t key_count = base->key_count, all_count = key_count + of->arg_count;
  const struct wr_column **keys = wr_arena_get(&self->arena, all_count * sizeof *keys);
  uint32_t *numbers = wr_arena_get(&self->arena, (list->count + 1) * sizeof *numbers);
  uint64_t *hashes = wr_arena_get(&self->arena, (list->count + 1) * sizeof *hashes);
  for (uint32_t k = 0; k < all_count; k++)
    keys[k] = &rows->batch->columns[k < key_count ? base->keys[k] : of->args[k - key_count]];
  for (uint32_t i = 0; i < list->count; i++)
    numbers[i] = rows->numbers[list->at[i]];
  wr_hash_keys(keys, all_count, numbers, list->count, self->op.context->hash_seed, hashes);
  for (uint32_t i = 0; i < list->count; i++)
    hashes[i] = hashes[i] >> KEY_GROUP_BITS | (uint64_t)wr_key_group(rows->hashes[list->at[i]])
                                                  << (64 - KEY_GROUP_BITS);
  wr_table_probe(self->tables[1 + set], keys, numbers, hashes, list->count, mode, probe);
  if (!self->spec->ttl_us)
    return;
  if (wr_ttl_forget(&self->ttl, 1 + set, probe, list->count, self->now_us))
    wr_table_probe(self->tables[1 + set], keys, numbers, hashes, list->count, mode, probe);
  wr_ttl_write(&self->ttl, 1 + set, probe, list->count, self->now_us);
}

static inline uint64_t *set_state(const struct wr_group *self, uint32_t set, char *entry)
{
  const struct wr_layout *layout = wr_table_space_layout(self->spaces[1 + set]);
  return (uint64_t *)(void *)(entry + wr_layout_state(layout, 0));
}

/* Of rows that only come: those whose value is new. */
static void set_choose_new(struct wr_group *self, uint32_t set, const struct set_rows *rows,
                           const struct wr_probe *probe, struct chosen *chosen)
{
  bool is_shared = self->rows.sets[set].choice_count > 1;
  for (uint32_t c = 1; c < self->rows.choice_count; c++) {
    const struct wr_window_choice *choice = &self->rows.choices[c];
    if (choice->set != set)
      continue;
    struct wr_group_list *out = &chosen->lists[c][WR_GROUP_ADD];
    *out = list_new(self, rows->list.count);
    for (uint32_t m = 0; !is_shared && m < probe->made_count; m++)
      out->at[out->count++] = rows->list.at[probe->made[m]];
    for (uint32_t i = 0; is_shared && i < rows->list.count; i++) {
      uint64_t *bits = set_state(self, set, probe->entries[i]);
      uint64_t is_new = rows->wanted[rows->list.at[i]] & choice->bit & ~*bits;
      *bits |= is_new;
      out->at[out->count] = rows->list.at[i];
      out->count += is_new != 0;
    }
  }
}

/* Counts rows of one sign; chosen are those that make a number 1, or 0. */
static void set_choose_counted(struct wr_group *self, uint32_t set, int sign,
                               const struct set_rows *rows, const struct wr_probe *probe,
                               struct chosen *chosen)
{
  for (uint32_t c = 1; c < self->rows.choice_count; c++) {
    const struct wr_window_choice *choice = &self->rows.choices[c];
    if (choice->set != set)
      continue;
    uint32_t number = (uint32_t)__builtin_ctzll(choice->bit);
    struct wr_group_list *out = &chosen->lists[c][sign];
    *out = list_new(self, rows->list.count);
    for (uint32_t i = 0; i < rows->list.count; i++) {
      if (!(rows->wanted[rows->list.at[i]] & choice->bit) || !probe->entries[i])
        continue;
      uint64_t *count = set_state(self, set, probe->entries[i]) + number;
      bool is_chosen = sign == WR_GROUP_ADD ? *count == 0 : *count == 1;
      *count += sign == WR_GROUP_ADD ? 1 : *count > 0 ? UINT64_MAX : 0;
      out->at[out->count] = rows->list.at[i];
      out->count += is_chosen;
    }
  }
}

/* Entries of values that no row has any more. */
static void set_remove(struct wr_group *self, uint32_t set, const struct wr_probe *probe,
                       uint32_t count)
{
  char **entries = wr_arena_get(&self->arena, (count + 1) * sizeof *entries);
  uint32_t choices = self->rows.sets[set].choice_count, removed = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t any = 0, *counts = probe->entries[i] ? set_state(self, set, probe->entries[i]) : NULL;
    for (uint32_t c = 0; counts && c < choices; c++)
      any |= counts[c];
    if (!counts || any)
      continue;
    counts[0] = (uint64_t)COUNT_TAKEN; /* it may be there a second time */
    entries[removed++] = probe->entries[i];
  }
  wr_table_remove(self->tables[1 + set], entries, removed);
}

static void set_choose(struct wr_group *self, uint32_t set, const struct wr_group_batch *rows,
                       struct chosen *chosen)
{
  for (int sign = WR_GROUP_ADD; sign < WR_GROUP_SIGNS; sign++) {
    struct set_rows of;
    struct wr_probe probe;
    if (rows->lists[sign].count == 0)
      continue;
    set_want(self, set, sign, rows, chosen, &of);
    set_probe(self, set, rows, &of.list, sign == WR_GROUP_ADD ? WR_PROBE_MAKE : WR_PROBE_CHANGE,
              &probe);
    if (!self->spec->changes)
      set_choose_new(self, set, &of, &probe, chosen);
    else
      set_choose_counted(self, set, sign, &of, &probe, chosen);
    if (sign == WR_GROUP_RETRACT)
      set_remove(self, set, &probe, of.list.count);
  }
}

/* ---- handing on */

/* Entries of some rows. Where they move, because aggregates put texts into them, only those that
 * the last probe has handed out are corrected: so they are looked up again. */
static char *const *list_entries(struct wr_group *self, struct wr_group_batch *rows,
                                 const struct wr_group_list *list, const uint32_t *numbers,
                                 bool has_text)
{
  if (list->count == rows->count && !rows->is_probed_again)
    return rows->probe.entries;
  if (!has_text) {
    char **entries = wr_arena_get(&self->arena, (list->count + 1) * sizeof *entries);
    for (uint32_t i = 0; i < list->count; i++)
      entries[i] = rows->probe.entries[list->at[i]];
    return entries;
  }
  uint64_t *hashes = wr_arena_get(&self->arena, (list->count + 1) * sizeof *hashes);
  for (uint32_t i = 0; i < list->count; i++)
    hashes[i] = rows->hashes[list->at[i]];
  struct wr_probe probe;
  wr_table_probe(self->tables[0], rows->keys, numbers, hashes, list->count, WR_PROBE_CHANGE,
                 &probe);
  rows->is_probed_again = true;
  return probe.entries;
}

static void list_apply(struct wr_group *self, struct wr_group_batch *rows, uint32_t choice,
                       int sign, const struct wr_group_list *list)
{
  const struct wr_window_aggregate_spec *base = self->base;
  const uint32_t *numbers = rows->numbers;
  if (list->count < rows->count) {
    uint32_t *own = wr_arena_get(&self->arena, (list->count + 1) * sizeof *own);
    for (uint32_t i = 0; i < list->count; i++)
      own[i] = rows->numbers[list->at[i]];
    numbers = own;
  }
  char *const *entries =
      list_entries(self, rows, list, numbers, self->rows.choices[choice].has_text);
  for (uint32_t a = 0; a < base->aggregate_count; a++) {
    const struct wr_aggregate *aggregate = &base->aggregates[a];
    if (self->rows.of_aggregate[a] != choice)
      continue;
    const struct wr_aggregate_rows in = {
        .entries = entries,
        .offset = wr_layout_state(wr_table_space_layout(self->space), a),
        .args = wr_window_args(&self->arena, rows->batch, aggregate, &base->columns[a]),
        .prepared = aggregate->prepared,
        .rows = numbers,
        .row_count = list->count,
        .store = wr_table_space_texts(self->space),
    };
    if (sign == WR_GROUP_ADD)
      aggregate->code->add(&in);
    else
      aggregate->code->retract(&in);
  }
}

void wr_group_add_rows(struct wr_group *self, struct wr_group_batch *rows)
{
  uint32_t choice_count = self->rows.choice_count;
  struct chosen chosen = {wr_arena_get_zero(&self->arena, choice_count * sizeof *chosen.lists)};
  for (uint32_t c = 0; c < choice_count; c++) {
    uint32_t filter = self->rows.choices[c].filter;
    for (int sign = WR_GROUP_ADD; sign < WR_GROUP_SIGNS; sign++)
      chosen.lists[c][sign] = filter == UINT32_MAX || rows->lists[sign].count == 0
                                  ? rows->lists[sign]
                                  : list_filter(self, rows, &rows->lists[sign], filter);
  }
  for (uint32_t s = 0; s < self->rows.set_count; s++)
    set_choose(self, s, rows, &chosen);
  /* Aggregates that keep texts come last: from then on the entries of the others may have moved. */
  for (int with_text = 0; with_text < 2; with_text++)
    for (uint32_t c = 0; c < choice_count; c++)
      for (int sign = WR_GROUP_ADD; sign < WR_GROUP_SIGNS; sign++)
        if (self->rows.choices[c].has_text == with_text && chosen.lists[c][sign].count > 0)
          list_apply(self, rows, c, sign, &chosen.lists[c][sign]);
}
