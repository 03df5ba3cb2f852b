/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MIN and MAX of anything that has an order. NaN is the highest number. They cannot take a value
 * back: what was the second lowest is not known any more. Where rows are taken back all values are
 * kept, in order (functions/value_tree.h).
 */
#include <assert.h>
#include <stdlib.h>

#include "functions/aggregate_table.h"
#include "functions/value_tree.h"
#include "functions/values.h"

/* ---- numbers, times, BOOLEAN ---- */

#define EXTREME_STATE(kind, c_type) \
  struct extreme_##kind {           \
    c_type value;                   \
    bool has;                       \
  } __attribute__((packed, aligned(8)));
EXTREME_STATE(u8, uint8_t)
EXTREME_STATE(i8, int8_t)
EXTREME_STATE(i16, int16_t)
EXTREME_STATE(i32, int32_t)
EXTREME_STATE(i64, int64_t)
EXTREME_STATE(i128, wr_i128)
EXTREME_STATE(f32, float)
EXTREME_STATE(f64, double)

/* better: whether the value x replaces y */
#define EXTREME(name, kind, c_type, better)                                                       \
  static void name##_add_##kind(const struct wr_aggregate_rows *in)                               \
  {                                                                                               \
    const c_type *values = in->args[0]->values;                                                   \
    WR_EACH_ENTRY(in, i, row)                                                                     \
    {                                                                                             \
      struct extreme_##kind *state = (void *)(in->entries[i] + in->offset);                       \
      c_type x = values[row], y = state->value;                                                   \
      state->value = !state->has || (better) ? x : y;                                             \
      state->has = true;                                                                          \
    }                                                                                             \
  }                                                                                               \
  static void name##_merge_##kind(const struct wr_aggregate_rows *in, const char *const *sources) \
  {                                                                                               \
    for (uint32_t i = 0; i < in->row_count; i++) {                                                \
      struct extreme_##kind *state = (void *)(in->entries[i] + in->offset);                       \
      const struct extreme_##kind *source = (const void *)(sources[i] + in->offset);              \
      c_type x = source->value, y = state->value;                                                 \
      if (source->has && (!state->has || (better)))                                               \
        *state = *source;                                                                         \
    }                                                                                             \
  }

#define EXTREME_RESULT(kind)                                                                      \
  static void extreme_result_##kind(const struct wr_aggregate_results *results)                   \
  {                                                                                               \
    for (uint32_t i = 0; i < results->count; i++) {                                               \
      const struct extreme_##kind *state = (const void *)(results->entries[i] + results->offset); \
      if (state->has)                                                                             \
        wr_builder_put_##kind(results->out, state->value);                                        \
      else                                                                                        \
        wr_builder_put_null(results->out);                                                        \
    }                                                                                             \
  }

#define EXTREME_PAIR(kind, c_type, less)     \
  EXTREME(minimum, kind, c_type, less(x, y)) \
  EXTREME(maximum, kind, c_type, less(y, x)) \
  EXTREME_RESULT(kind)
#define PLAIN_LESS(a, b) ((a) < (b))
EXTREME_PAIR(u8, uint8_t, PLAIN_LESS)
EXTREME_PAIR(i8, int8_t, PLAIN_LESS)
EXTREME_PAIR(i16, int16_t, PLAIN_LESS)
EXTREME_PAIR(i32, int32_t, PLAIN_LESS)
EXTREME_PAIR(i64, int64_t, PLAIN_LESS)
EXTREME_PAIR(i128, wr_i128, PLAIN_LESS)
EXTREME_PAIR(f32, float, wr_f64_less)
EXTREME_PAIR(f64, double, wr_f64_less)

/* ---- text ---- */

struct extreme_text {
  struct wr_text text; /* stored form */
  uint64_t has;
};

/* sign 1: greater is better. */
static bool text_is_better(const struct extreme_text *state, const char *bytes, uint32_t length,
                           int sign)
{
  if (!state->has)
    return true;
  uint32_t common = length < state->text.length ? length : state->text.length;
  int order = memcmp(bytes, wr_text_stored_bytes(&state->text), common);
  if (order == 0)
    order = (length > state->text.length) - (length < state->text.length);
  return sign * order > 0;
}

/* Keeping a long text may move the entry: it is looked at again afterwards. */
static void text_keep(const struct wr_aggregate_rows *in, uint32_t i, const char *bytes,
                      uint32_t length)
{
  in->store->put(in->store, i, in->offset, bytes, length);
  struct extreme_text *state = (void *)(in->entries[i] + in->offset);
  state->has = true;
}

static void text_add(const struct wr_aggregate_rows *in, int sign)
{
  WR_EACH_ENTRY(in, i, row)
  {
    const struct wr_text *text = (const struct wr_text *)in->args[0]->values + row;
    const struct extreme_text *state = (const void *)(in->entries[i] + in->offset);
    if (text_is_better(state, wr_text_bytes(text), text->length, sign))
      text_keep(in, i, wr_text_bytes(text), text->length);
  }
}

/* The bytes go through a copy, because making room may move what they lie in. */
static void text_merge(const struct wr_aggregate_rows *in, const char *const *sources, int sign)
{
  char *copy = NULL;
  uint32_t room = 0;
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct extreme_text *source = (const void *)(sources[i] + in->offset);
    const struct extreme_text *state = (const void *)(in->entries[i] + in->offset);
    uint32_t length = source->text.length;
    if (!source->has || !text_is_better(state, wr_text_stored_bytes(&source->text), length, sign))
      continue;
    if (length > room) {
      room = length * 2;
      free(copy);
      copy = wr_memory_get(room);
    }
    if (length)
      memcpy(copy, wr_text_stored_bytes(&source->text), length);
    text_keep(in, i, copy ? copy : "", length);
  }
  free(copy);
}

static void minimum_add_text(const struct wr_aggregate_rows *in)
{
  text_add(in, -1);
}
static void maximum_add_text(const struct wr_aggregate_rows *in)
{
  text_add(in, 1);
}
static void minimum_merge_text(const struct wr_aggregate_rows *in, const char *const *sources)
{
  text_merge(in, sources, -1);
}
static void maximum_merge_text(const struct wr_aggregate_rows *in, const char *const *sources)
{
  text_merge(in, sources, 1);
}

static void extreme_result_text(const struct wr_aggregate_results *results)
{
  for (uint32_t i = 0; i < results->count; i++) {
    const struct extreme_text *state = (const void *)(results->entries[i] + results->offset);
    if (state->has)
      wr_builder_put_text(results->out,
                          wr_text_make(wr_text_stored_bytes(&state->text), state->text.length));
    else
      wr_builder_put_null(results->out);
  }
}

/* ---- where rows are taken back ---- */

static void tree_add(const struct wr_aggregate_rows *in)
{
  char room[WR_TREE_VALUE_BYTES];
  WR_EACH_ENTRY(in, i, row)
  {
    struct wr_tree_value value = wr_tree_value_of(in->args[0], row, room);
    wr_value_tree_add(in, i, &value);
  }
}

static void tree_retract(const struct wr_aggregate_rows *in)
{
  char room[WR_TREE_VALUE_BYTES];
  WR_EACH_ENTRY(in, i, row)
  {
    struct wr_tree_value value = wr_tree_value_of(in->args[0], row, room);
    wr_value_tree_remove(in, i, &value);
  }
}

static void tree_result(const struct wr_aggregate_results *results, bool greatest)
{
  for (uint32_t i = 0; i < results->count; i++) {
    const struct wr_value_tree *tree = (const void *)(results->entries[i] + results->offset);
    struct wr_tree_value value;
    if (tree->broken)
      wr_bit_set(results->failed, i);
    if (wr_value_tree_end(tree, greatest, &value))
      wr_tree_value_put(&value, results->out);
    else
      wr_builder_put_null(results->out);
  }
}

static void minimum_tree_result(const struct wr_aggregate_results *results)
{
  tree_result(results, false);
}
static void maximum_tree_result(const struct wr_aggregate_results *results)
{
  tree_result(results, true);
}

/* long_values: of texts */
#define TREE_CODE(name, long_values)                                                               \
  {                                                                                                \
    .state_bytes = sizeof(struct wr_value_tree), .state_align = 8, .has_text = true, .once = true, \
    .narrow = !(long_values), .add = tree_add, .retract = tree_retract,                            \
    .result = name##_tree_result, .failure = WR_VALUE_TREE_FAILURE                                 \
  }
static const struct wr_aggregate_code minimum_tree = TREE_CODE(minimum, false);
static const struct wr_aggregate_code minimum_tree_of_texts = TREE_CODE(minimum, true);
static const struct wr_aggregate_code maximum_tree = TREE_CODE(maximum, false);
static const struct wr_aggregate_code maximum_tree_of_texts = TREE_CODE(maximum, true);

/* ---- binding ---- */

#define EXTREME_CODE(name, kind, with_text)                                                \
  {                                                                                        \
    .state_bytes = sizeof(struct extreme_##kind), .state_align = 8, .has_text = with_text, \
    .once = true, .add = name##_add_##kind, .merge = name##_merge_##kind,                  \
    .result = extreme_result_##kind,                                                       \
    .changing = (with_text) ? &name##_tree_of_texts : &name##_tree                         \
  }
#define EXTREME_CODES(name)                                                                 \
  {                                                                                         \
    [WR_U8] = EXTREME_CODE(name, u8, false), [WR_I8] = EXTREME_CODE(name, i8, false),       \
    [WR_I16] = EXTREME_CODE(name, i16, false), [WR_I32] = EXTREME_CODE(name, i32, false),   \
    [WR_I64] = EXTREME_CODE(name, i64, false), [WR_I128] = EXTREME_CODE(name, i128, false), \
    [WR_F32] = EXTREME_CODE(name, f32, false), [WR_F64] = EXTREME_CODE(name, f64, false),   \
    [WR_TEXT] = EXTREME_CODE(name, text, true)                                              \
  }
static const struct wr_aggregate_code minimum_codes[WR_PHYSICAL_COUNT] = EXTREME_CODES(minimum);
static const struct wr_aggregate_code maximum_codes[WR_PHYSICAL_COUNT] = EXTREME_CODES(maximum);

static enum wr_code extreme_bind(struct wr_aggregate_site *site,
                                 const struct wr_aggregate_code *codes, struct wr_error *err)
{
  const struct wr_type *type = site->args[0]->type;
  if (!wr_type_has_order(type))
    return wr_aggregate_no_match(site, 0, err);
  site->out->type = type;
  site->out->code = &codes[type->physical];
  return WR_OK;
}
static enum wr_code minimum_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  return extreme_bind(site, minimum_codes, err);
}
static enum wr_code maximum_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  return extreme_bind(site, maximum_codes, err);
}

/* ANY(x) and EVERY(x) are the greatest and the least of truth values. */
static enum wr_code truth_bind(struct wr_aggregate_site *site,
                               const struct wr_aggregate_code *codes, struct wr_error *err)
{
  enum wr_kind kind = site->args[0]->type->kind;
  if (kind != WR_BOOLEAN && kind != WR_NULL)
    return wr_aggregate_no_match(site, 0, err);
  enum wr_code code = wr_aggregate_cast(site, 0, &wr_type_boolean, err);
  return code ? code : extreme_bind(site, codes, err);
}
static enum wr_code any_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  return truth_bind(site, maximum_codes, err);
}
static enum wr_code every_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  return truth_bind(site, minimum_codes, err);
}

const struct wr_aggregate_function wr_aggregates_extremes[] = {
    {"MIN", "MIN(value)", "The least of the values that are not NULL", "MIN(x)",
     "('pear'), ('apple'), (NULL)", "apple", 1, 1, minimum_bind, 0},
    {"MAX", "MAX(value)", "The greatest of the values that are not NULL", "MAX(x)",
     "(DATE '2026-01-02'), (DATE '2025-12-31')", "2026-01-02", 1, 1, maximum_bind, 0},
    {"ANY", "ANY(condition)",
     "TRUE if it is of one of the rows; those of which it is NULL do not count", "ANY(x > 1)",
     "(1), (2), (NULL)", "true", 1, 1, any_bind, 0},
    {"EVERY", "EVERY(condition)",
     "TRUE if it is of all rows; those of which it is NULL do not count", "EVERY(x > 1)",
     "(1), (2), (NULL)", "false", 1, 1, every_bind, 0},
    {0},
};
