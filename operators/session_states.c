/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a session's aggregates: where they lie, adding rows, merging two sessions.
 *
 * Aggregates without texts are added first, for all rows in one call each. Those with texts may
 * make entries move while they add, which only the table's last probe is told of; so they, and the
 * sets of DISTINCT, get stretches of rows that follow one another in that probe.
 */
#include <assert.h>
#include <stdlib.h>

#include "operators/session_state.h"

/* ---- where they lie */

void wr_session_side_open(struct wr_session_operator *self, struct wr_session_side *side,
                          bool with_slot)
{
  const struct wr_session_spec *spec = self->spec;
  uint32_t sets = self->choices.set_count, aggregates = self->aggregate_count, count = 0;
  const struct wr_type **keys = wr_memory_get_zero((spec->key_count + 1) * sizeof *keys);
  struct wr_state_piece *pieces = wr_memory_get_zero((1 + aggregates + 2 * sets) * sizeof *pieces);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = spec->input_schema->fields[spec->keys[k]].type;
  keys[spec->key_count] = &wr_type_bigint;
  pieces[count++] =
      (struct wr_state_piece){sizeof(struct wr_session), _Alignof(struct wr_session), false};
  for (uint32_t a = 0; a < aggregates; a++) {
    const struct wr_aggregate_code *code = self->aggregates[a].code;
    pieces[count++] = (struct wr_state_piece){code->state_bytes, code->state_align, code->has_text};
  }
  for (uint32_t s = 0; s < sets; s++, count += 2)
    wr_session_values_pieces(pieces + count);
  struct wr_layout *layout = wr_layout_new(keys, spec->key_count + with_slot, pieces, count);
  for (uint32_t a = 0; spec->state_ids && a < aggregates; a++)
    wr_layout_name(layout, 1 + a, wr_window_state_name(&self->choices, spec->state_ids, a), 0);
  for (uint32_t s = 0; spec->state_ids && s < 2 * sets; s++)
    wr_layout_name(layout, 1 + aggregates + s, self->choices.sets[s / 2].name, 1 + s % 2);
  free(keys);
  free(pieces);
  side->space = wr_table_space_new(layout);
  side->table = wr_table_new(side->space, 0, false);
  side->layout = layout;
  side->session_at = wr_layout_state(layout, 0);
  side->states_at = wr_memory_get((aggregates + 1) * sizeof *side->states_at);
  side->values_at = wr_memory_get((2 * sets + 1) * sizeof *side->values_at);
  for (uint32_t a = 0; a < aggregates; a++)
    side->states_at[a] = wr_layout_state(layout, 1 + a);
  for (uint32_t s = 0; s < sets; s++) {
    side->values_at[s] = wr_layout_state(layout, 1 + aggregates + 2 * s);
    side->values_at[sets + s] = wr_layout_state(layout, 2 + aggregates + 2 * s);
  }
}

void wr_session_side_close(struct wr_session_side *side)
{
  wr_table_space_free(side->space);
  free(side->states_at);
  free(side->values_at);
}

void wr_session_init(const struct wr_session_side *side, char *entry)
{
  *wr_session_of(side, entry) = (struct wr_session){.armed_us = WR_TIME_END};
}

void wr_session_reset(struct wr_session_operator *self, const struct wr_session_place *place)
{
  struct wr_text_store *texts = wr_table_space_texts(place->side->space);
  for (uint32_t a = 0; a < self->aggregate_count; a++) {
    const struct wr_aggregate_code *code = self->aggregates[a].code;
    if (code->has_text)
      texts->put(texts, place->index, place->side->states_at[a], "", 0);
    char *state = wr_session_entry(place) + place->side->states_at[a];
    memset(state, 0, code->state_bytes);
  }
  for (uint32_t s = 0; s < self->choices.set_count; s++)
    wr_session_values_reset(self, s, place);
}

/* ---- adding rows */

/* A text store for entries that begin somewhere within a probe. */
struct states_store {
  struct wr_text_store store;
  struct wr_text_store *probed;
  uint32_t first;
};

static void states_put_text(struct wr_text_store *store, uint32_t i, uint32_t offset,
                            const char *bytes, uint32_t length)
{
  struct states_store *self = (struct states_store *)store;
  self->probed->put(self->probed, self->first + i, offset, bytes, length);
}

static void states_grow_text(struct wr_text_store *store, uint32_t i, uint32_t offset,
                             uint32_t length)
{
  struct states_store *self = (struct states_store *)store;
  self->probed->grow(self->probed, self->first + i, offset, length);
}

static struct states_store states_store_at(struct wr_session_side *side, uint32_t first)
{
  return (struct states_store){
      {states_put_text, states_grow_text}, wr_table_space_texts(side->space), first};
}

/* Rows that follow one another in the probe, the first at place. */
static void states_add(struct wr_session_operator *self, uint32_t aggregate,
                       const struct wr_column *const *args, const struct wr_session_place *place,
                       const uint32_t *rows, uint32_t row_count)
{
  struct states_store store = states_store_at(place->side, place->index);
  const struct wr_aggregate_rows add = {
      .entries = place->entries + place->index,
      .offset = place->side->states_at[aggregate],
      .args = args,
      .prepared = self->aggregates[aggregate].prepared,
      .rows = rows,
      .row_count = row_count,
      .store = &store.store,
  };
  self->aggregates[aggregate].code->add(&add);
}

void wr_session_add_one(struct wr_session_operator *self, uint32_t aggregate,
                        const struct wr_column *const *args, const struct wr_session_place *place,
                        uint32_t row)
{
  states_add(self, aggregate, args, place, &row, 1);
}

bool wr_session_passes(const struct wr_session_operator *self, uint32_t choice, uint32_t row)
{
  uint32_t column = self->choices.choices[choice].filter;
  if (column == UINT32_MAX)
    return true;
  const struct wr_column *filter = &self->batch->columns[column];
  return !wr_column_is_null(filter, row) &&
         ((const uint8_t *)filter->values)[wr_column_row(filter, row)];
}

/* The aggregates without texts of one choice. */
static void add_choice(struct wr_session_operator *self, const struct wr_session_adding *adding,
                       uint32_t choice)
{
  char **entries = adding->entries;
  uint32_t *rows = adding->rows, count = adding->count;
  if (self->choices.choices[choice].filter != UINT32_MAX) {
    entries = wr_arena_get(&self->arena, count * sizeof *entries);
    rows = wr_arena_get(&self->arena, count * sizeof *rows);
    count = 0;
    for (uint32_t i = 0; i < adding->count; i++) {
      entries[count] = adding->entries[i];
      rows[count] = adding->rows[i];
      count += wr_session_passes(self, choice, adding->rows[i]);
    }
  }
  for (uint32_t a = 0; count && a < self->aggregate_count; a++) {
    if (self->choices.of_aggregate[a] != choice || self->aggregates[a].code->has_text)
      continue;
    const struct wr_aggregate_rows add = {
        .entries = entries,
        .offset = adding->side->states_at[a],
        .args = self->args[a],
        .prepared = self->aggregates[a].prepared,
        .rows = rows,
        .row_count = count,
        .store = wr_table_space_texts(adding->side->space),
    };
    self->aggregates[a].code->add(&add);
  }
}

/* One aggregate with texts: stretches of rows that follow one another and pass its filter. */
static void add_with_texts(struct wr_session_operator *self, const struct wr_session_adding *adding,
                           uint32_t aggregate)
{
  uint32_t choice = self->choices.of_aggregate[aggregate], end;
  for (uint32_t first = 0; first<adding->count; first = end> first ? end : first + 1) {
    for (end = first; end < adding->count; end++)
      if (adding->indices[end] != adding->indices[first] + (end - first) ||
          !wr_session_passes(self, choice, adding->rows[end]))
        break;
    const struct wr_session_place place = {adding->side, adding->all, adding->indices[first]};
    if (end > first)
      states_add(self, aggregate, self->args[aggregate], &place, adding->rows + first, end - first);
  }
}

void wr_session_add(struct wr_session_operator *self, const struct wr_session_adding *adding)
{
  for (uint32_t c = 0; c < self->choices.choice_count; c++)
    if (self->choices.choices[c].set == WR_WINDOW_NO_SET)
      add_choice(self, adding, c);
  if (!self->has_texts)
    return;
  for (uint32_t a = 0; a < self->aggregate_count; a++)
    if (self->aggregates[a].code->has_text && !self->aggregates[a].distinct)
      add_with_texts(self, adding, a);
  for (uint32_t s = 0; s < self->choices.set_count; s++) {
    for (uint32_t i = 0; i < adding->count; i++) {
      const struct wr_session_place place = {adding->side, adding->all, adding->indices[i]};
      wr_session_values_add(self, s, &place, adding->rows[i]);
    }
  }
}

/* ---- whole sessions */

/* The source looks as if its state were where the target has its own. */
static void states_merge(struct wr_session_operator *self, uint32_t aggregate,
                         const struct wr_session_side *from, const char *source,
                         const struct wr_session_place *to)
{
  uint32_t offset = to->side->states_at[aggregate];
  const char *moved = (const char *)((uintptr_t)source + from->states_at[aggregate] - offset);
  struct states_store store = states_store_at(to->side, to->index);
  const struct wr_aggregate_rows rows = {
      .entries = to->entries + to->index,
      .offset = offset,
      .prepared = self->aggregates[aggregate].prepared,
      .row_count = 1,
      .store = &store.store,
  };
  self->aggregates[aggregate].code->merge(&rows, &moved);
}

void wr_session_copy(struct wr_session_operator *self, const struct wr_session_side *from,
                     const char *source, const struct wr_session_place *to)
{
  for (uint32_t a = 0; a < self->aggregate_count; a++) {
    const struct wr_aggregate_code *code = self->aggregates[a].code;
    if (code->has_text)
      states_merge(self, a, from, source, to);
    else
      memcpy(wr_session_entry(to) + to->side->states_at[a], source + from->states_at[a],
             code->state_bytes);
  }
  for (uint32_t s = 0; s < self->choices.set_count; s++)
    wr_session_values_copy(self, s, from, source, to);
}

void wr_session_merge(struct wr_session_operator *self, const struct wr_session_side *from,
                      const char *source, const struct wr_session_place *to)
{
  for (uint32_t a = 0; a < self->aggregate_count; a++)
    if (!self->aggregates[a].distinct)
      states_merge(self, a, from, source, to);
  for (uint32_t s = 0; s < self->choices.set_count; s++)
    wr_session_values_merge(self, s, from, source, to);
}
