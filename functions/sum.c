/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SUM and AVG. Integers and DECIMALs add up in 128 bits, which no stream fills: the range of the
 * result type is checked when the result is asked for. Floating sums carry what rounding lost (A.
 * Neumaier, 1974); once a sum is infinite or NaN it stays so. Of no values the sum and the average
 * are NULL.
 */
#include <assert.h>
#include <math.h>

#include "functions/aggregate_table.h"
#include "functions/wide.h"
#include "text/decimal.h"

/* ---- exact ---- */

/* 128 bits in two halves, so that entries need no alignment above 8. */
struct exact_state {
  uint64_t low, high;
  int64_t count;
};

struct floating_state {
  double sum, lost;
  int64_t count;
};

static inline void *state_at(char *entry, uint32_t offset)
{
  return entry + offset;
}

static inline void exact_move(struct exact_state *state, unsigned __int128 by, int64_t count)
{
  unsigned __int128 sum = ((unsigned __int128)state->high << 64 | state->low) + by;
  state->low = (uint64_t)sum;
  state->high = (uint64_t)(sum >> 64);
  state->count += count;
}

static inline wr_i128 exact_sum(const struct exact_state *state)
{
  return (wr_i128)((unsigned __int128)state->high << 64 | state->low);
}

#define EXACT(kind, c_type)                                                                       \
  static void exact_add_##kind(const struct wr_aggregate_rows *in)                                \
  {                                                                                               \
    const c_type *values = in->args[0]->values;                                                   \
    WR_EACH_ENTRY(in, i, row)                                                                     \
    exact_move(state_at(in->entries[i], in->offset), (unsigned __int128)(wr_i128)values[row], 1); \
  }                                                                                               \
  static void exact_retract_##kind(const struct wr_aggregate_rows *in)                            \
  {                                                                                               \
    const c_type *values = in->args[0]->values;                                                   \
    WR_EACH_ENTRY(in, i, row)                                                                     \
    exact_move(state_at(in->entries[i], in->offset), 0 - (unsigned __int128)(wr_i128)values[row], \
               -1);                                                                               \
  }
EXACT(i8, int8_t)
EXACT(i16, int16_t)
EXACT(i32, int32_t)
EXACT(i64, int64_t)
EXACT(i128, wr_i128)

static void exact_merge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct exact_state *source = (const void *)(sources[i] + in->offset);
    exact_move(state_at(in->entries[i], in->offset), (unsigned __int128)exact_sum(source),
               source->count);
  }
}

static void exact_unmerge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct exact_state *source = (const void *)(sources[i] + in->offset);
    exact_move(state_at(in->entries[i], in->offset), 0 - (unsigned __int128)exact_sum(source),
               -source->count);
  }
}

/* ---- results ---- */

/* One value or NULL for a result that does not exist or does not fit. */
static void result_put(const struct wr_aggregate_results *results, uint32_t i, bool fits,
                       wr_i128 value)
{
  struct wr_builder *out = results->out;
  if (!fits) {
    wr_bit_set(results->failed, i);
    wr_builder_put_null(out);
  } else if (results->type->physical == WR_I128) {
    wr_builder_put_i128(out, value);
  } else {
    wr_builder_put_integer(out, (int64_t)value);
  }
}

static const struct exact_state *exact_of(const struct wr_aggregate_results *results, uint32_t i)
{
  return (const void *)(results->entries[i] + results->offset);
}

static void sum_result(const struct wr_aggregate_results *results)
{
  const struct wr_type *type = results->type;
  for (uint32_t i = 0; i < results->count; i++) {
    const struct exact_state *state = exact_of(results, i);
    wr_i128 sum = exact_sum(state);
    if (state->count == 0)
      wr_builder_put_null(results->out);
    else
      result_put(results, i,
                 type->kind == WR_DECIMAL ? wr_decimal_fits(sum, type->precision)
                                          : sum == (int64_t)sum,
                 sum);
  }
}

/* The average of integers is cut towards zero, and lies between the least and the greatest of them:
 * it always fits. */
static void average_result_integer(const struct wr_aggregate_results *results)
{
  for (uint32_t i = 0; i < results->count; i++) {
    const struct exact_state *state = exact_of(results, i);
    if (state->count == 0)
      wr_builder_put_null(results->out);
    else
      result_put(results, i, true, exact_sum(state) / state->count);
  }
}

/* prepared: how many digits the result has more behind the point than the values. */
static void average_result_decimal(const struct wr_aggregate_results *results)
{
  unsigned up = *(const unsigned *)results->prepared;
  for (uint32_t i = 0; i < results->count; i++) {
    const struct exact_state *state = exact_of(results, i);
    wr_i128 average = 0;
    if (state->count == 0) {
      wr_builder_put_null(results->out);
      continue;
    }
    bool fits = wr_decimal_divide(exact_sum(state), up, state->count, 0, results->type->precision,
                                  &average);
    result_put(results, i, fits, average);
  }
}

/* ---- floating ---- */

static inline void floating_move(struct floating_state *state, double value, int64_t count)
{
  double sum = state->sum + value;
  state->lost +=
      fabs(state->sum) >= fabs(value) ? (state->sum - sum) + value : (value - sum) + state->sum;
  state->sum = sum;
  state->count += count;
}

#define FLOATING(kind, c_type)                                                     \
  static void floating_add_##kind(const struct wr_aggregate_rows *in)              \
  {                                                                                \
    const c_type *values = in->args[0]->values;                                    \
    WR_EACH_ENTRY(in, i, row)                                                      \
    floating_move(state_at(in->entries[i], in->offset), values[row], 1);           \
  }                                                                                \
  static void floating_retract_##kind(const struct wr_aggregate_rows *in)          \
  {                                                                                \
    const c_type *values = in->args[0]->values;                                    \
    WR_EACH_ENTRY(in, i, row)                                                      \
    floating_move(state_at(in->entries[i], in->offset), -(double)values[row], -1); \
  }
FLOATING(f32, float)
FLOATING(f64, double)

static void floating_merge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct floating_state *source = (const void *)(sources[i] + in->offset);
    struct floating_state *state = state_at(in->entries[i], in->offset);
    floating_move(state, source->sum, source->count);
    state->lost += source->lost;
  }
}

static void floating_put(const struct wr_aggregate_results *results, bool average)
{
  struct wr_builder *out = results->out;
  for (uint32_t i = 0; i < results->count; i++) {
    const struct floating_state *state = (const void *)(results->entries[i] + results->offset);
    double value = isfinite(state->sum) ? state->sum + state->lost : state->sum;
    if (average)
      value /= (double)state->count;
    if (state->count == 0)
      wr_builder_put_null(out);
    else if (results->type->kind == WR_FLOAT)
      wr_builder_put_f32(out, (float)value);
    else
      wr_builder_put_f64(out, value);
  }
}

static void floating_sum_result(const struct wr_aggregate_results *results)
{
  floating_put(results, false);
}
static void floating_average_result(const struct wr_aggregate_results *results)
{
  floating_put(results, true);
}

/* ---- floating, where rows are taken back ---- */

/* What is infinite or NaN is counted and not added: it can go away again. With the last value goes
 * what rounding has left. */
struct changing_state {
  double sum, lost;
  int64_t count, nan_count, infinite_counts[2]; /* infinite: above 0, below */
};

static inline void changing_move(struct changing_state *state, double value, int64_t by)
{
  state->count += by;
  if (value != value) {
    state->nan_count += by;
  } else if (isinf(value)) {
    state->infinite_counts[value < 0] += by;
  } else {
    struct floating_state sum = {state->sum, state->lost, 0};
    floating_move(&sum, by > 0 ? value : -value, 0);
    state->sum = sum.sum;
    state->lost = sum.lost;
  }
  if (state->count == 0)
    state->sum = state->lost = 0;
}

#define CHANGING(kind, c_type)                                            \
  static void changing_add_##kind(const struct wr_aggregate_rows *in)     \
  {                                                                       \
    const c_type *values = in->args[0]->values;                           \
    WR_EACH_ENTRY(in, i, row)                                             \
    changing_move(state_at(in->entries[i], in->offset), values[row], 1);  \
  }                                                                       \
  static void changing_retract_##kind(const struct wr_aggregate_rows *in) \
  {                                                                       \
    const c_type *values = in->args[0]->values;                           \
    WR_EACH_ENTRY(in, i, row)                                             \
    changing_move(state_at(in->entries[i], in->offset), values[row], -1); \
  }
CHANGING(f32, float)
CHANGING(f64, double)

static double changing_sum(const struct changing_state *state)
{
  if (state->nan_count > 0 || (state->infinite_counts[0] > 0 && state->infinite_counts[1] > 0))
    return NAN;
  if (state->infinite_counts[0] > 0 || state->infinite_counts[1] > 0)
    return state->infinite_counts[0] > 0 ? INFINITY : -INFINITY;
  return isfinite(state->sum) ? state->sum + state->lost : state->sum;
}

static void changing_put(const struct wr_aggregate_results *results, bool average)
{
  for (uint32_t i = 0; i < results->count; i++) {
    const struct changing_state *state = (const void *)(results->entries[i] + results->offset);
    double value = changing_sum(state);
    if (average)
      value /= (double)state->count;
    if (state->count == 0)
      wr_builder_put_null(results->out);
    else if (results->type->kind == WR_FLOAT)
      wr_builder_put_f32(results->out, (float)value);
    else
      wr_builder_put_f64(results->out, value);
  }
}

static void changing_sum_result(const struct wr_aggregate_results *results)
{
  changing_put(results, false);
}
static void changing_average_result(const struct wr_aggregate_results *results)
{
  changing_put(results, true);
}

/* ---- binding ---- */

#define CHANGING_CODE(kind, result_function)                                                    \
  {                                                                                             \
    .state_bytes = sizeof(struct changing_state), .state_align = 8, .add = changing_add_##kind, \
    .retract = changing_retract_##kind, .result = result_function                               \
  }
static const struct wr_aggregate_code changing_sum_f32 = CHANGING_CODE(f32, changing_sum_result);
static const struct wr_aggregate_code changing_sum_f64 = CHANGING_CODE(f64, changing_sum_result);
static const struct wr_aggregate_code changing_average_f32 =
    CHANGING_CODE(f32, changing_average_result);
static const struct wr_aggregate_code changing_average_f64 =
    CHANGING_CODE(f64, changing_average_result);

#define EXACT_CODE(kind, result_function)                                                 \
  {                                                                                       \
    .state_bytes = sizeof(struct exact_state), .state_align = 8, .add = exact_add_##kind, \
    .retract = exact_retract_##kind, .merge = exact_merge, .unmerge = exact_unmerge,      \
    .result = result_function                                                             \
  }
#define FLOATING_CODE(kind, what)                                                               \
  {                                                                                             \
    .state_bytes = sizeof(struct floating_state), .state_align = 8, .add = floating_add_##kind, \
    .retract = floating_retract_##kind, .merge = floating_merge,                                \
    .result = floating_##what##_result, .changing = &changing_##what##_##kind                   \
  }

static const struct wr_aggregate_code sum_codes[WR_PHYSICAL_COUNT] = {
    [WR_I8] = EXACT_CODE(i8, sum_result),     [WR_I16] = EXACT_CODE(i16, sum_result),
    [WR_I32] = EXACT_CODE(i32, sum_result),   [WR_I64] = EXACT_CODE(i64, sum_result),
    [WR_I128] = EXACT_CODE(i128, sum_result), [WR_F32] = FLOATING_CODE(f32, sum),
    [WR_F64] = FLOATING_CODE(f64, sum),
};
static const struct wr_aggregate_code average_codes[WR_PHYSICAL_COUNT] = {
    [WR_I8] = EXACT_CODE(i8, average_result_integer),
    [WR_I16] = EXACT_CODE(i16, average_result_integer),
    [WR_I32] = EXACT_CODE(i32, average_result_integer),
    [WR_I64] = EXACT_CODE(i64, average_result_integer),
    [WR_F32] = FLOATING_CODE(f32, average),
    [WR_F64] = FLOATING_CODE(f64, average),
};

static const struct wr_aggregate_code average_decimal_codes[WR_PHYSICAL_COUNT] = {
    [WR_I64] = EXACT_CODE(i64, average_result_decimal),
    [WR_I128] = EXACT_CODE(i128, average_result_decimal),
};

#define AVERAGE_SCALE 6 /* digits behind the point that an average of DECIMALs has at least */

static enum wr_code sum_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  const struct wr_type *type = site->args[0]->type;
  if (!wr_kind_is_number(type->kind))
    return wr_aggregate_no_match(site, 0, err);
  site->out->type = type;
  if (wr_kind_is_integer(type->kind))
    site->out->type = &wr_type_bigint;
  else if (type->kind == WR_DECIMAL)
    site->out->type = wr_type_decimal(site->binding->arena, WR_DECIMAL_DIGITS_MAX, type->scale);
  site->out->code = &sum_codes[type->physical];
  return WR_OK;
}

static enum wr_code average_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  const struct wr_type *type = site->args[0]->type;
  if (!wr_kind_is_number(type->kind))
    return wr_aggregate_no_match(site, 0, err);
  site->out->type = type;
  site->out->code = &average_codes[type->physical];
  if (type->kind == WR_DECIMAL) {
    unsigned *up = WR_NEW(site->binding->arena, unsigned);
    *up = type->scale < AVERAGE_SCALE ? AVERAGE_SCALE - type->scale : 0;
    site->out->type =
        wr_type_decimal(site->binding->arena, WR_DECIMAL_DIGITS_MAX, type->scale + *up);
    site->out->code = &average_decimal_codes[type->physical];
    site->out->prepared = up;
  }
  return WR_OK;
}

const struct wr_aggregate_function wr_aggregates_sum[] = {
    {"SUM", "SUM([DISTINCT] number)",
     "The sum of the values that are not NULL: BIGINT of integers, DECIMAL(38, s) of DECIMAL(p, s)",
     "SUM(DISTINCT x)", "(1), (2), (2), (NULL)", "3", 1, 1, sum_bind, 0},
    {"AVG", "AVG([DISTINCT] number)",
     "The average of the values that are not NULL, in their type; of integers it is cut", "AVG(x)",
     "(1.0), (2.5)", "1.750000", 1, 1, average_bind, 0},
    {0},
};
