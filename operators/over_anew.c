/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Aggregates of a bounded frame that cannot be framed, because their states have texts or only
 * different values count: for every row they are worked out anew from the rows of its frame, which
 * its partition keeps in a queue. This costs as much as the frame is long; peers share the work.
 *
 * States are entries of a table that lives until the rows have left, keyed by the number of the
 * row, because results may lend their texts from them.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "operators/over_state.h"

void wr_over_anew_open(struct wr_over *self)
{
  const struct wr_over_spec *spec = self->spec;
  struct wr_over_anew *anew = &self->anew;
  uint32_t room = 0;
  for (uint32_t a = 0; a < anew->count; a++)
    room += 1 + spec->calls[anew->calls[a]].aggregate.arg_count;
  anew->fields = wr_memory_get_zero((room + 1) * sizeof *anew->fields);
  anew->sets = wr_memory_get_zero((anew->count + 1) * sizeof *anew->sets);
  anew->met = wr_memory_get_zero((anew->count + 1) * sizeof *anew->met);
  if (anew->count == 0)
    return;
  struct wr_state_piece *pieces = wr_memory_get_zero(anew->count * sizeof *pieces);
  uint32_t *field = anew->fields;
  for (uint32_t a = 0; a < anew->count; a++) {
    const struct wr_over_call *call = &spec->calls[anew->calls[a]];
    const struct wr_aggregate_code *code = call->aggregate.code;
    pieces[a] = (struct wr_state_piece){code->state_bytes, code->state_align, code->has_text};
    *field++ =
        call->columns.filter == UINT32_MAX
            ? WR_OVER_NONE
            : wr_over_shape_add(&self->queue_shape, spec->input_schema, call->columns.filter);
    const struct wr_type **types =
        wr_memory_get((call->aggregate.arg_count + 1) * sizeof(struct wr_type *));
    for (uint32_t i = 0; i < call->aggregate.arg_count; i++) {
      uint32_t column = call->columns.args[i];
      *field++ = wr_over_shape_add(&self->queue_shape, spec->input_schema, column);
      types[i] = spec->input_schema->fields[column].type;
    }
    if (call->aggregate.distinct && !code->once)
      anew->sets[a] = wr_table_space_new(wr_layout_new(types, call->aggregate.arg_count, NULL, 0));
    free(types);
  }
  const struct wr_type *key = &wr_type_bigint;
  anew->space = wr_table_space_new(wr_layout_new(&key, 1, pieces, anew->count));
  wr_builder_open(&anew->rows, &self->queue_shape.type);
  anew->chosen = wr_memory_get(WR_BATCH_ROWS * sizeof *anew->chosen);
  anew->hashes = wr_memory_get(WR_BATCH_ROWS * sizeof *anew->hashes);
  free(pieces);
}

void wr_over_anew_end(struct wr_over *self)
{
  for (uint32_t t = 0; t < self->anew.table_count; t++)
    wr_table_free(self->anew.tables[t]);
  self->anew.table_count = 0;
}

void wr_over_anew_close(struct wr_over *self)
{
  struct wr_over_anew *anew = &self->anew;
  wr_over_anew_end(self);
  for (uint32_t a = 0; a < anew->count; a++)
    wr_table_space_free(anew->sets[a]);
  wr_table_space_free(anew->space);
  if (anew->count)
    wr_builder_close(&anew->rows);
  wr_arena_free(&anew->arena);
  free(anew->chosen);
  free(anew->hashes);
  free(anew->tables);
  free(anew->met);
  free(anew->sets);
  free(anew->fields);
  free(anew->calls);
}

/* The entries of rows of a chunk, by number; several may be the same. */
static struct wr_probe anew_probe(struct wr_over *self, struct wr_table *table,
                                  const int64_t *numbers, bool constant, uint32_t count,
                                  enum wr_probe_mode mode)
{
  struct wr_arena *arena = &self->anew.arena;
  wr_arena_reset(arena);
  const struct wr_column column = {
      .type = &wr_type_bigint, .constant = constant, .values = numbers};
  const struct wr_column *key = &column;
  uint64_t *hashes = wr_arena_get(arena, (count + 1) * sizeof *hashes);
  wr_hash_keys(&key, 1, NULL, count, self->op.context->hash_seed, hashes);
  struct wr_probe probe;
  wr_table_probe(table, &key, NULL, hashes, count, mode, &probe);
  return probe;
}

void wr_over_anew_begin(struct wr_over *self, const struct wr_over_chunk *chunk,
                        struct wr_over_answers *answers)
{
  struct wr_over_anew *anew = &self->anew;
  if (anew->table_count == anew->table_room) {
    anew->table_room = anew->table_room ? 2 * anew->table_room : 4;
    anew->tables = wr_memory_resize(anew->tables, anew->table_room * sizeof *anew->tables);
  }
  answers->table = wr_table_new(anew->space, anew->table_count, true);
  anew->tables[anew->table_count++] = answers->table;
  answers->shared =
      wr_arena_get(&self->arena, (chunk->count + 8) * sizeof *answers->shared + WR_PADDING);
  for (uint32_t i = 0; i < chunk->count; i++)
    answers->shared[i] = i;
  anew_probe(self, answers->table, answers->shared, false, chunk->count, WR_PROBE_MAKE);
}

/* Of the rows of a frame those that an aggregate gets: what passes its filter and, for DISTINCT, is
 * new. `set` has what came before. */
static uint32_t anew_choose(struct wr_over *self, uint32_t filter,
                            const struct wr_column *const *args, uint32_t arg_count,
                            struct wr_table *set, uint32_t count, uint32_t *rows)
{
  const struct wr_column *columns = self->anew.rows.views;
  uint32_t chosen = 0;
  for (uint32_t i = 0; i < count; i++) {
    rows[chosen] = i;
    chosen += filter == WR_OVER_NONE ||
              (!wr_column_is_null(&columns[filter], i) &&
               ((const uint8_t *)columns[filter].values)[wr_column_row(&columns[filter], i)]);
  }
  if (!set || chosen == 0)
    return chosen;
  uint64_t *hashes = self->anew.hashes;
  wr_hash_keys(args, arg_count, rows, chosen, self->op.context->hash_seed, hashes);
  struct wr_probe probe;
  wr_table_probe(set, args, rows, hashes, chosen, WR_PROBE_MAKE, &probe);
  for (uint32_t m = 0; m < probe.made_count; m++)
    rows[m] = rows[probe.made[m]];
  return probe.made_count;
}

/* Adds the unpacked rows to the states of row `number`. */
static void anew_add(struct wr_over *self, const struct wr_over_answers *answers, int64_t number,
                     uint32_t count)
{
  struct wr_over_anew *anew = &self->anew;
  const struct wr_layout *layout = wr_table_space_layout(anew->space);
  const struct wr_column rows = wr_builder_view(&anew->rows);
  const struct wr_column *args[WR_AGGREGATE_ARGS_MAX];
  uint32_t *chosen = anew->chosen;
  const uint32_t *field = anew->fields;
  for (uint32_t a = 0; a < anew->count; a++) {
    const struct wr_aggregate *aggregate = &self->spec->calls[anew->calls[a]].aggregate;
    uint32_t filter = *field++;
    assert(aggregate->arg_count <= WR_AGGREGATE_ARGS_MAX);
    for (uint32_t i = 0; i < aggregate->arg_count; i++)
      args[i] = &rows.children[*field++];
    uint32_t chosen_count =
        anew_choose(self, filter, args, aggregate->arg_count, anew->met[a], count, chosen);
    if (chosen_count == 0)
      continue;
    int64_t key[1 + WR_PADDING / sizeof(int64_t)] = {number};
    const struct wr_probe probe =
        anew_probe(self, answers->table, key, true, chosen_count, WR_PROBE_CHANGE);
    const struct wr_aggregate_rows add = {
        .entries = probe.entries,
        .offset = wr_layout_state(layout, a),
        .args = args,
        .prepared = aggregate->prepared,
        .rows = chosen,
        .row_count = chosen_count,
        .store = wr_table_space_texts(anew->space),
    };
    aggregate->code->add(&add);
  }
}

void wr_over_anew_answer(struct wr_over *self, const struct wr_over_chunk *chunk, uint32_t i,
                         struct wr_over_answers *answers)
{
  struct wr_over_anew *anew = &self->anew;
  struct wr_over_key *key = wr_over_key_of(self, chunk, i);
  if (key->answer == anew->answer) {
    answers->shared[i] = key->answer_row;
    return;
  }
  key->answer = anew->answer;
  key->answer_row = i;
  const struct wr_over_queue *queue = (const void *)(chunk->probe.entries[i] + self->queue_at);
  for (uint32_t a = 0; a < anew->count; a++)
    if (anew->sets[a])
      anew->met[a] = wr_table_new(anew->sets[a], 0, true);
  uint32_t at = 0;
  struct wr_slice row;
  bool more = wr_over_queue_next(queue, &at, &row);
  while (more) {
    wr_builder_reset(&anew->rows);
    wr_builder_reserve(&anew->rows, WR_BATCH_ROWS);
    uint32_t count = 0;
    for (; more && count < WR_BATCH_ROWS; count++) {
      wr_packed_put(&self->queue_shape.type, row, &anew->rows);
      more = wr_over_queue_next(queue, &at, &row);
    }
    anew_add(self, answers, i, count);
  }
  for (uint32_t a = 0; a < anew->count; a++)
    if (anew->sets[a])
      wr_table_free(anew->met[a]);
}

void wr_over_anew_read(struct wr_over *self, const struct wr_over_chunk *chunk,
                       struct wr_over_answers *answers)
{
  struct wr_over_anew *anew = &self->anew;
  const struct wr_layout *layout = wr_table_space_layout(anew->space);
  const struct wr_probe probe =
      anew_probe(self, answers->table, answers->shared, false, chunk->count, WR_PROBE_FIND);
  for (uint32_t a = 0; a < anew->count; a++)
    wr_over_output_results(self, anew->calls[a], (const char *const *)probe.entries,
                           wr_layout_state(layout, a), chunk->first, chunk->count);
}
