/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choosing rows for aggregates with FILTER and DISTINCT: while rows go in, and while slices are
 * merged into a window, where the sets of the slices give their values once more and only those
 * that are new to the window count.
 */
#include "operators/window_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "operators/window_state.h"

#define SET_CHOICES_MAX 64 /* bits of an entry */
#define KEY_GROUP_BITS  8

/* ---- which choices there are */

static bool same_columns(const uint32_t *a, uint32_t a_count, const uint32_t *b, uint32_t b_count)
{
  return a_count == b_count && memcmp(a, b, a_count * sizeof *a) == 0;
}

/* A set for these arguments with a bit left, made if there is none. */
static uint32_t rows_find_set(struct wr_window_rows *rows, const uint32_t *args, uint32_t arg_count)
{
  for (uint32_t s = 0; s < rows->set_count; s++)
    if (same_columns(rows->sets[s].args, rows->sets[s].arg_count, args, arg_count) &&
        rows->sets[s].choice_count < SET_CHOICES_MAX)
      return s;
  rows->sets[rows->set_count] = (struct wr_window_set){.args = args, .arg_count = arg_count};
  return rows->set_count++;
}

static uint32_t rows_find_choice(struct wr_window_rows *rows, const struct wr_aggregate *aggregate,
                                 const struct wr_aggregate_columns *columns)
{
  for (uint32_t c = 0; c < rows->choice_count; c++) {
    const struct wr_window_choice *choice = &rows->choices[c];
    if (choice->filter != columns->filter ||
        aggregate->distinct != (choice->set != WR_WINDOW_NO_SET))
      continue;
    if (!aggregate->distinct ||
        same_columns(rows->sets[choice->set].args, rows->sets[choice->set].arg_count, columns->args,
                     aggregate->arg_count))
      return c;
  }
  struct wr_window_choice *choice = &rows->choices[rows->choice_count];
  *choice = (struct wr_window_choice){.filter = columns->filter, .set = WR_WINDOW_NO_SET};
  if (aggregate->distinct) {
    choice->set = rows_find_set(rows, columns->args, aggregate->arg_count);
    choice->bit = UINT64_C(1) << rows->sets[choice->set].choice_count++;
  }
  return rows->choice_count++;
}

/* Sums: in them the order makes no difference. */
static void rows_give_names(struct wr_window_rows *rows, const uint64_t *state_ids, uint32_t count)
{
  for (uint32_t a = 0; state_ids && a < count; a++) {
    struct wr_window_choice *choice = &rows->choices[rows->of_aggregate[a]];
    choice->name += state_ids[a];
    if (choice->set != WR_WINDOW_NO_SET)
      rows->sets[choice->set].name += state_ids[a];
  }
}

uint64_t wr_window_state_name(const struct wr_window_rows *rows, const uint64_t *state_ids,
                              uint32_t aggregate)
{
  uint32_t set = rows->choices[rows->of_aggregate[aggregate]].set;
  if (!state_ids)
    return 0;
  uint64_t name = set == WR_WINDOW_NO_SET ? state_ids[aggregate]
                                          : state_ids[aggregate] ^ rows->sets[set].name << 1;
  return name ? name : 1;
}

void wr_window_rows_open(struct wr_window_rows *rows, const struct wr_window_aggregate_spec *spec)
{
  uint32_t count = spec->aggregate_count;
  rows->choices = wr_memory_get_zero((count + 1) * sizeof *rows->choices);
  rows->sets = wr_memory_get_zero((count + 1) * sizeof *rows->sets);
  rows->of_aggregate = wr_memory_get_zero((count + 1) * sizeof *rows->of_aggregate);
  rows->choices[0] = (struct wr_window_choice){.filter = UINT32_MAX, .set = WR_WINDOW_NO_SET};
  rows->choice_count = 1;
  for (uint32_t a = 0; a < count; a++) {
    uint32_t choice = rows_find_choice(rows, &spec->aggregates[a], &spec->columns[a]);
    rows->of_aggregate[a] = choice;
    rows->choices[choice].has_text |= spec->aggregates[a].code->has_text;
  }
  rows_give_names(rows, spec->state_ids, count);
}

void wr_window_rows_close(struct wr_window_rows *rows)
{
  free(rows->choices);
  free(rows->sets);
  free(rows->of_aggregate);
}

/* ---- snapshots */

/* The choice that has a bit of a set. */
static struct wr_window_choice *rows_choice_of(const struct wr_window_rows *rows, uint32_t set,
                                               uint64_t bit)
{
  uint32_t c = 1;
  while (rows->choices[c].set != set || rows->choices[c].bit != bit)
    c++;
  assert(c < rows->choice_count);
  return &rows->choices[c];
}

void wr_window_rows_save(const struct wr_window_rows *rows, struct wr_part_writer *part)
{
  wr_part_put_u64(part, rows->set_count);
  for (uint32_t s = 0; s < rows->set_count; s++) {
    wr_part_put_u64(part, rows->sets[s].name);
    wr_part_put_u64(part, rows->sets[s].choice_count);
    for (uint32_t c = 0; c < rows->sets[s].choice_count; c++)
      wr_part_put_u64(part, rows_choice_of(rows, s, UINT64_C(1) << c)->name);
  }
}

/* Gives the bits of a set to its choices as a snapshot had them. */
static bool rows_adopt(struct wr_window_rows *rows, uint32_t set, const uint64_t *names,
                       uint64_t count)
{
  uint64_t given = 0;
  if (count != rows->sets[set].choice_count)
    return false;
  for (uint32_t c = 1; c < rows->choice_count; c++) {
    struct wr_window_choice *choice = &rows->choices[c];
    if (choice->set != set)
      continue;
    for (uint64_t n = 0; n < count; n++)
      if (names[n] == choice->name)
        choice->bit = UINT64_C(1) << n;
    given |= choice->bit;
  }
  return __builtin_popcountll(given) == (int)count;
}

static enum wr_code rows_load_set(struct wr_window_rows *rows, uint32_t saved, uint32_t *number,
                                  struct wr_part_reader *part, struct wr_error *err)
{
  uint64_t name, count = 0, names[SET_CHOICES_MAX];
  enum wr_code code = wr_part_get_u64(part, &name, err);
  if (code == WR_OK)
    code = wr_part_get_u64(part, &count, err);
  if (code == WR_OK && count > SET_CHOICES_MAX)
    code = wr_fail(err, WR_DATA, "the saved state is damaged: a set of %llu choices",
                   (unsigned long long)count);
  for (uint64_t n = 0; code == WR_OK && n < count; n++)
    code = wr_part_get_u64(part, &names[n], err);
  *number = WR_WINDOW_NO_SET;
  for (uint32_t s = 0; code == WR_OK && s < rows->set_count; s++)
    if (rows->sets[s].name == name && (name || s == saved))
      *number = s;
  if (code == WR_OK && name && *number != WR_WINDOW_NO_SET &&
      !rows_adopt(rows, *number, names, count))
    code = wr_fail(err, WR_DATA,
                   "the saved state does not fit the query: a set of values is of "
                   "other aggregates");
  return code;
}

enum wr_code wr_window_rows_load(struct wr_window_rows *rows, struct wr_part_reader *part,
                                 uint32_t **numbers, uint32_t *count, struct wr_error *err)
{
  uint64_t sets = 0;
  enum wr_code code = wr_part_get_u64(part, &sets, err);
  *numbers = NULL;
  *count = 0;
  if (code == WR_OK && sets > (part->length - part->at) / 16)
    code = wr_fail(err, WR_DATA, "the saved state is damaged: %llu sets of values",
                   (unsigned long long)sets);
  if (code != WR_OK)
    return code;
  *numbers = wr_memory_get((sets + 1) * sizeof **numbers);
  *count = (uint32_t)sets;
  for (uint32_t s = 0; code == WR_OK && s < *count; s++)
    code = rows_load_set(rows, s, &(*numbers)[s], part, err);
  return code;
}

/* ---- layout */

struct wr_layout *wr_window_set_layout(const struct wr_window_aggregate_spec *spec,
                                       const struct wr_window_set *set)
{
  uint32_t count = spec->key_count + set->arg_count;
  const struct wr_type **keys = wr_memory_get(count * sizeof *keys);
  for (uint32_t k = 0; k < count; k++) {
    uint32_t column = k < spec->key_count ? spec->keys[k] : set->args[k - spec->key_count];
    keys[k] = spec->input_schema->fields[column].type;
  }
  const struct wr_state_piece bits = {sizeof(uint64_t), sizeof(uint64_t), false};
  struct wr_layout *layout = wr_layout_new(keys, count, &bits, set->choice_count > 1);
  free(keys);
  return layout;
}

/* ---- choosing among rows that go in */

static void choice_filter(struct wr_window_choice *choice, const struct wr_batch *batch,
                          const uint32_t *numbers, uint32_t row_count)
{
  const struct wr_column *filter = &batch->columns[choice->filter];
  const uint8_t *passes = filter->values;
  choice->row_count = 0;
  for (uint32_t i = 0; i < row_count; i++) {
    choice->rows[choice->row_count] = i;
    choice->row_count +=
        !wr_column_is_null(filter, numbers[i]) && passes[wr_column_row(filter, numbers[i])];
  }
}

/* Of the rows that passed the filters of a set's choices: those whose value is new, per choice.
 * wanted: per row, bits of the choices. entries, made: of a probe of the rows listed in `probed`.
 */
static void set_choose(struct wr_window_rows *rows, uint32_t set, uint32_t bits_at,
                       const struct wr_probe *probe, const uint32_t *probed, uint32_t probed_count,
                       const uint64_t *wanted)
{
  bool is_shared = rows->sets[set].choice_count > 1;
  for (uint32_t c = 1; c < rows->choice_count; c++) {
    struct wr_window_choice *choice = &rows->choices[c];
    if (choice->set != set)
      continue;
    choice->row_count = 0;
    if (!is_shared) {
      for (uint32_t m = 0; m < probe->made_count; m++)
        choice->rows[choice->row_count++] = probed[probe->made[m]];
      return;
    }
    for (uint32_t i = 0; i < probed_count; i++) {
      uint64_t *bits = (uint64_t *)(void *)(probe->entries[i] + bits_at);
      if (!(wanted[probed[i]] & choice->bit) || (*bits & choice->bit))
        continue;
      *bits |= choice->bit;
      choice->rows[choice->row_count++] = probed[i];
    }
  }
}

/* Fills the choices of one set. Those with a filter have their rows that passed it. */
static void set_choose_rows(struct wr_window_aggregate *self, const struct wr_batch *batch,
                            const struct wr_window_slice *slice, uint32_t set,
                            const uint32_t *numbers, const uint64_t *hashes, uint32_t row_count)
{
  struct wr_window_rows *rows = &self->rows;
  const struct wr_window_aggregate_spec *spec = self->spec;
  uint64_t *wanted = wr_arena_get_zero(&self->arena, (row_count + 1) * sizeof *wanted);
  for (uint32_t c = 1; c < rows->choice_count; c++) {
    const struct wr_window_choice *choice = &rows->choices[c];
    if (choice->set != set)
      continue;
    bool is_filtered = choice->filter != UINT32_MAX;
    uint32_t count = is_filtered ? choice->row_count : row_count;
    for (uint32_t i = 0; i < count; i++)
      wanted[is_filtered ? choice->rows[i] : i] |= choice->bit;
  }
  uint32_t key_count = spec->key_count, all_count = key_count + rows->sets[set].arg_count,
           count = 0;
  const struct wr_column **keys = wr_arena_get(&self->arena, all_count * sizeof *keys);
  for (uint32_t k = 0; k < all_count; k++)
    keys[k] = &batch->columns[k < key_count ? spec->keys[k] : rows->sets[set].args[k - key_count]];
  uint32_t *probed = wr_arena_get(&self->arena, (row_count + 1) * sizeof *probed);
  uint32_t *at = wr_arena_get(&self->arena, (row_count + 1) * sizeof *at);
  for (uint32_t i = 0; i < row_count; i++) {
    probed[count] = i;
    at[count] = numbers[i];
    count += wanted[i] != 0;
  }
  uint64_t *mixed = wr_arena_get(&self->arena, (count + 1) * sizeof *mixed);
  wr_hash_keys(keys, all_count, at, count, self->op.context->hash_seed, mixed);
  for (uint32_t i = 0; i < count; i++)
    mixed[i] = mixed[i] >> KEY_GROUP_BITS | (uint64_t)wr_key_group(hashes[probed[i]])
                                                << (64 - KEY_GROUP_BITS);
  struct wr_probe probe;
  wr_table_probe(slice->sets[set], keys, at, mixed, count, WR_PROBE_MAKE, &probe);
  const struct wr_layout *layout = wr_table_space_layout(self->spaces[1 + set]);
  set_choose(rows, set, rows->sets[set].choice_count > 1 ? wr_layout_state(layout, 0) : 0, &probe,
             probed, count, wanted);
}

/* ---- handing on */

/* What is chosen, ready for the aggregates. */
struct chosen {
  char *const *entries;
  const uint32_t *rows;
  uint32_t row_count;
};

static void chosen_add(struct wr_window_aggregate *self, uint32_t choice, uint32_t aggregate,
                       const struct wr_column *const *args, const struct chosen *chosen)
{
  assert(self->rows.of_aggregate[aggregate] == choice);
  (void)choice;
  const struct wr_aggregate_rows add = {
      .entries = chosen->entries,
      .offset = wr_layout_state(wr_table_space_layout(self->space), aggregate),
      .args = args,
      .prepared = self->spec->aggregates[aggregate].prepared,
      .rows = chosen->rows,
      .row_count = chosen->row_count,
      .store = wr_table_space_texts(self->space),
  };
  self->spec->aggregates[aggregate].code->add(&add);
}

/* Entries of a choice that keeps texts are looked up again, because making room for a text corrects
 * only what the last probe has handed out. The others are taken from the probe of all rows. */
static struct chosen choice_entries(struct wr_window_aggregate *self, const struct wr_batch *batch,
                                    struct wr_table *table, const struct wr_window_choice *choice,
                                    const uint32_t *numbers, const uint64_t *hashes,
                                    const struct wr_probe *all)
{
  const struct wr_window_aggregate_spec *spec = self->spec;
  uint32_t count = choice->row_count;
  uint32_t *rows = wr_arena_get(&self->arena, count * sizeof *rows);
  for (uint32_t i = 0; i < count; i++)
    rows[i] = numbers[choice->rows[i]];
  if (!choice->has_text) {
    char **entries = wr_arena_get(&self->arena, count * sizeof *entries);
    for (uint32_t i = 0; i < count; i++)
      entries[i] = all->entries[choice->rows[i]];
    return (struct chosen){entries, rows, count};
  }
  uint64_t *again = wr_arena_get(&self->arena, count * sizeof *again);
  for (uint32_t i = 0; i < count; i++)
    again[i] = hashes[choice->rows[i]];
  const struct wr_column **keys = wr_arena_get(&self->arena, (spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = &batch->columns[spec->keys[k]];
  struct wr_probe probe;
  wr_table_probe(table, keys, rows, again, count, WR_PROBE_CHANGE, &probe);
  return (struct chosen){probe.entries, rows, count};
}

void wr_window_add_chosen(struct wr_window_aggregate *self, const struct wr_batch *batch,
                          struct wr_window_slice *slice, const uint32_t *numbers,
                          const uint64_t *hashes, uint32_t row_count, const struct wr_probe *probe)
{
  struct wr_window_rows *rows = &self->rows;
  for (uint32_t c = 1; c < rows->choice_count; c++) {
    rows->choices[c].rows = wr_arena_get(&self->arena, (row_count + 1) * sizeof(uint32_t));
    if (rows->choices[c].filter != UINT32_MAX)
      choice_filter(&rows->choices[c], batch, numbers, row_count);
  }
  for (uint32_t s = 0; s < rows->set_count; s++)
    set_choose_rows(self, batch, slice, s, numbers, hashes, row_count);
  for (int with_text = 0; with_text < 2; with_text++) {
    for (uint32_t c = 1; c < rows->choice_count; c++) {
      const struct wr_window_choice *choice = &rows->choices[c];
      if (choice->row_count == 0 || choice->has_text != with_text)
        continue;
      struct chosen chosen =
          choice_entries(self, batch, slice->table, choice, numbers, hashes, probe);
      for (uint32_t a = 0; a < self->spec->aggregate_count; a++)
        if (rows->of_aggregate[a] == c)
          chosen_add(self, c, a,
                     wr_window_args(&self->arena, batch, &self->spec->aggregates[a],
                                    &self->spec->columns[a]),
                     &chosen);
    }
  }
}

/* ---- merging */

/* The keys of a set's entries, its arguments among them, as columns. */
struct set_values {
  struct wr_builder *builders;
  struct wr_column *columns;
  const struct wr_column **pointers;
  uint32_t count;
};

static void set_values_open(struct set_values *values, const struct wr_window_aggregate *self,
                            uint32_t set)
{
  const struct wr_window_aggregate_spec *spec = self->spec;
  const struct wr_window_set *of = &self->rows.sets[set];
  values->count = spec->key_count + of->arg_count;
  values->builders = wr_memory_get(values->count * sizeof *values->builders);
  values->columns = wr_memory_get(values->count * sizeof *values->columns);
  values->pointers = wr_memory_get(values->count * sizeof *values->pointers);
  for (uint32_t k = 0; k < values->count; k++) {
    uint32_t column = k < spec->key_count ? spec->keys[k] : of->args[k - spec->key_count];
    wr_builder_open(&values->builders[k], spec->input_schema->fields[column].type);
    values->pointers[k] = &values->columns[k];
  }
}

static void set_values_read(struct set_values *values, const struct wr_layout *layout,
                            const char *const *entries, uint32_t count)
{
  for (uint32_t k = 0; k < values->count; k++) {
    wr_builder_reset(&values->builders[k]);
    wr_table_key_column(layout, k, entries, count, &values->builders[k]);
    values->columns[k] = wr_builder_view(&values->builders[k]);
  }
}

static void set_values_close(struct set_values *values)
{
  for (uint32_t k = 0; k < values->count; k++)
    wr_builder_close(&values->builders[k]);
  free(values->builders);
  free(values->columns);
  free(values->pointers);
}

/* Hands the values of one choice that are new to the window to its aggregates. */
static void merge_choice(struct wr_window_aggregate *self, uint32_t c,
                         const struct set_values *values, struct wr_table *table)
{
  const struct wr_window_choice *choice = &self->rows.choices[c];
  uint32_t key_count = self->spec->key_count;
  uint64_t *hashes = wr_arena_get(&self->arena, choice->row_count * sizeof *hashes);
  wr_hash_keys(values->pointers, key_count, choice->rows, choice->row_count,
               self->op.context->hash_seed, hashes);
  struct wr_probe probe;
  wr_table_probe(table, values->pointers, choice->rows, hashes, choice->row_count, WR_PROBE_CHANGE,
                 &probe);
  const struct chosen chosen = {probe.entries, choice->rows, choice->row_count};
  for (uint32_t a = 0; a < self->spec->aggregate_count; a++)
    if (self->rows.of_aggregate[a] == c)
      chosen_add(self, c, a, values->pointers + key_count, &chosen);
}

static void merge_set(struct wr_window_aggregate *self, uint32_t set, const struct wr_table *from,
                      struct wr_window_slice *to)
{
  struct wr_window_rows *rows = &self->rows;
  const struct wr_layout *layout = wr_table_space_layout(self->spaces[1 + set]);
  bool is_shared = rows->sets[set].choice_count > 1;
  uint32_t bits_at = is_shared ? wr_layout_state(layout, 0) : 0, count;
  struct set_values values;
  set_values_open(&values, self, set);
  struct wr_table_cursor cursor = {0};
  const char *const *sources = (const char *const *)self->output.entries;
  while ((count = wr_table_scan(from, &cursor, self->output.entries, WR_BATCH_ROWS)) > 0) {
    wr_arena_reset(&self->arena);
    uint32_t *probed = wr_arena_get(&self->arena, count * sizeof *probed);
    uint64_t *wanted = wr_arena_get(&self->arena, count * sizeof *wanted);
    for (uint32_t i = 0; i < count; i++) {
      probed[i] = i;
      wanted[i] = is_shared ? *(const uint64_t *)(const void *)(sources[i] + bits_at) : 1;
    }
    for (uint32_t c = 1; c < rows->choice_count; c++)
      rows->choices[c].rows = wr_arena_get(&self->arena, count * sizeof(uint32_t));
    struct wr_probe probe;
    wr_table_probe_entries(to->sets[set], sources, count, WR_PROBE_MAKE, &probe);
    set_choose(rows, set, bits_at, &probe, probed, count, wanted);
    set_values_read(&values, layout, sources, count);
    for (uint32_t c = 1; c < rows->choice_count; c++)
      if (rows->choices[c].set == set && rows->choices[c].row_count > 0)
        merge_choice(self, c, &values, to->table);
  }
  set_values_close(&values);
}

void wr_window_merge_sets(struct wr_window_aggregate *self, const struct wr_window_slice *from,
                          struct wr_window_slice *to)
{
  for (uint32_t s = 0; s < self->rows.set_count; s++)
    merge_set(self, s, from->sets[s], to);
}
