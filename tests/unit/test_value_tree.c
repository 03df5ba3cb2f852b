/* SPDX-License-Identifier: Apache-2.0 */
/* Values in order beside a plain list: random values of all kinds come and go, many of them equal,
 * and at each step the ends have to be those of the list. */
#include <math.h>
#include <stdlib.h>

#include "functions/value_tree.h"
#include "functions/values.h"
#include "state/table.h"
#include "tests/unit/check.h"
#include "tests/unit/random.h"

enum { VALUES = 4000, STEPS = 12000 };

/* One entry with one tree, and a column of values. */
struct trial {
  struct wr_table_space *space;
  struct wr_table *table;
  struct wr_builder builder, result;
  struct wr_column column;
  uint32_t *there; /* rows of the column */
  uint32_t count;
};

static void value_make(struct wr_builder *builder, uint32_t number, uint64_t *seed)
{
  char text[400];
  wr_builder_reserve(builder, 1);
  switch (builder->type->physical) {
  case WR_U8: wr_builder_put_u8(builder, number % 2); return;
  case WR_I128:
    wr_builder_put_i128(builder, ((wr_i128)random_next(seed) - (1 << 30)) * 1000000000000000000);
    return;
  case WR_F32: wr_builder_put_f32(builder, (float)random_next(seed) - 1e9f); return;
  case WR_F64:
    wr_builder_put_f64(builder, number % 50 == 0   ? NAN
                                : number % 50 == 1 ? -INFINITY
                                : number % 50 == 2 ? -0.0
                                                   : (double)random_next(seed) / 3 - 3e8);
    return;
  case WR_TEXT:
    snprintf(text, sizeof text, "%s%u", number % 3 ? "" : "a text that is a good deal longer than ",
             random_next(seed) % 5000);
    wr_builder_put_copy(builder, text, (uint32_t)strlen(text));
    return;
  default: wr_builder_put_integer(builder, (int64_t)random_next(seed) % 100 - 50); return;
  }
}

static void trial_open(struct trial *trial, const struct wr_type *type, uint64_t *seed)
{
  const struct wr_state_piece piece = {sizeof(struct wr_value_tree), 8, true};
  *trial = (struct trial){0};
  trial->space = wr_table_space_new(wr_layout_new(NULL, 0, &piece, 1));
  trial->table = wr_table_new(trial->space, 0, false);
  wr_builder_open(&trial->builder, type);
  wr_builder_open(&trial->result, type);
  for (uint32_t i = 0; i < VALUES; i++)
    value_make(&trial->builder, i, seed);
  trial->column = wr_builder_view(&trial->builder);
  trial->there = wr_memory_get((STEPS + 1) * sizeof *trial->there);
}

static void trial_close(struct trial *trial)
{
  wr_table_space_free(trial->space);
  wr_builder_close(&trial->builder);
  wr_builder_close(&trial->result);
  free(trial->there);
}

static struct wr_aggregate_rows trial_rows(struct trial *trial)
{
  static const uint64_t hash = 7;
  struct wr_probe probe;
  wr_table_probe(trial->table, NULL, NULL, &hash, 1, WR_PROBE_MAKE, &probe);
  return (struct wr_aggregate_rows){.entries = probe.entries,
                                    .offset =
                                        wr_layout_state(wr_table_space_layout(trial->space), 0),
                                    .row_count = 1,
                                    .store = wr_table_space_texts(trial->space)};
}

static void trial_add(struct trial *trial, uint32_t row)
{
  char room[WR_TREE_VALUE_BYTES];
  struct wr_aggregate_rows in = trial_rows(trial);
  struct wr_tree_value value = wr_tree_value_of(&trial->column, row, room);
  wr_value_tree_add(&in, 0, &value);
  trial->there[trial->count++] = row;
}

/* at: of those that are there. */
static void trial_remove(struct trial *trial, uint32_t at)
{
  char room[WR_TREE_VALUE_BYTES];
  struct wr_aggregate_rows in = trial_rows(trial);
  struct wr_tree_value value = wr_tree_value_of(&trial->column, trial->there[at], room);
  wr_value_tree_remove(&in, 0, &value);
  trial->there[at] = trial->there[--trial->count];
}

static bool trial_is_right(struct trial *trial)
{
  struct wr_aggregate_rows in = trial_rows(trial);
  const struct wr_value_tree *tree = (const void *)(in.entries[0] + in.offset);
  for (unsigned greatest = 0; greatest < 2; greatest++) {
    struct wr_tree_value value;
    if (wr_value_tree_end(tree, greatest, &value) != (trial->count > 0))
      return false;
    if (trial->count == 0)
      continue;
    uint32_t best = trial->there[0];
    for (uint32_t i = 1; i < trial->count; i++) {
      int order = wr_values_compare(&trial->column, trial->there[i], &trial->column, best);
      best = (greatest ? order > 0 : order < 0) ? trial->there[i] : best;
    }
    wr_builder_reset(&trial->result);
    wr_builder_reserve(&trial->result, 1);
    wr_tree_value_put(&value, &trial->result);
    struct wr_column result = wr_builder_view(&trial->result);
    if (wr_values_compare(&result, 0, &trial->column, best) != 0)
      return false;
  }
  return true;
}

static void ends_are_known(void)
{
  struct wr_arena arena = {0};
  const struct wr_type *const types[] = {&wr_type_boolean, &wr_type_int,
                                         &wr_type_bigint,  &wr_type_float,
                                         &wr_type_double,  wr_type_decimal(&arena, 38, 2),
                                         &wr_type_string};
  uint64_t seed = 3;
  for (size_t t = 0; t < WR_COUNT(types); t++) {
    struct trial trial;
    trial_open(&trial, types[t], &seed);
    for (uint32_t step = 0; step < STEPS; step++) {
      uint32_t dice = random_next(&seed) % 10;
      bool shrinks = step / 2000 % 2;
      if (trial.count > 0 && dice < (shrinks ? 7u : 3u))
        trial_remove(&trial, random_next(&seed) % trial.count);
      else
        trial_add(&trial, random_next(&seed) % VALUES);
      if (step % 16 == 0)
        WR_CHECK(trial_is_right(&trial), "type %zu, step %u", t, step);
    }
    while (trial.count > 0) {
      trial_remove(&trial, random_next(&seed) % trial.count);
      if (trial.count % 16 == 0)
        WR_CHECK(trial_is_right(&trial), "type %zu, %u left", t, trial.count);
    }
    trial_close(&trial);
  }
  wr_arena_free(&arena);
}

/* What is not there cannot be taken away. */
static void absent_values_stay_absent(void)
{
  struct trial trial;
  uint64_t seed = 5;
  trial_open(&trial, &wr_type_double, &seed);
  trial.there[trial.count++] = 3;
  trial_remove(&trial, 0);
  CU_ASSERT(trial_is_right(&trial));
  trial_add(&trial, 4);
  trial.there[trial.count++] = 3;
  trial_remove(&trial, 1);
  CU_ASSERT(trial_is_right(&trial));
  trial_close(&trial);
}

/* Values that come and go leave room for others: the state does not grow for ever. */
static void room_is_used_again(void)
{
  struct trial trial;
  uint64_t seed = 9, bytes = 0;
  trial_open(&trial, &wr_type_double, &seed);
  for (uint32_t i = 0; i < 100; i++)
    trial_add(&trial, i + 3);
  for (uint32_t i = 0; i < 200000; i++) {
    trial_remove(&trial, 0);
    trial_add(&trial, random_next(&seed) % VALUES);
    if (i == 20000)
      bytes = wr_table_space_memory(trial.space);
  }
  CU_ASSERT_EQUAL(wr_table_space_memory(trial.space), bytes);
  trial_close(&trial);
}

static const struct wr_test tests[] = {
    {"ends_are_known", ends_are_known},
    {"absent_values_stay_absent", absent_values_stay_absent},
    {"room_is_used_again", room_is_used_again},
    {NULL, NULL},
};

const struct wr_suite wr_suite_value_tree = {"value_tree", tests};
