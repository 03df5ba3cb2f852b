/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PERCENTILE, exact: the state is every value with how often it came, in a growing buffer of pairs
 * (DOUBLE, BIGINT). Equal values become one when the buffer is full, before it grows. Between two
 * neighbours the result is interpolated: of values v0 .. v(n-1) in order it lies at place
 * percentage * (n - 1).
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "core/packed.h"
#include "functions/aggregate_buffer.h"
#include "functions/values.h"

#define PERCENTAGES_MAX 1000

struct pair {
  double value;
  int64_t count;
};

struct percentages {
  uint32_t count;
  bool is_array;
  double at[];
};

static int pair_compare(const void *left, const void *right)
{
  const struct pair *a = left, *b = right;
  return wr_f64_less(a->value, b->value) ? -1 : wr_f64_less(b->value, a->value);
}

/* The pairs of a buffer in order, equal values made one; caller frees. */
static struct pair *pairs_read(const struct wr_aggregate_buffer *state, uint32_t *count)
{
  uint32_t all = state->used / sizeof(struct pair), kept = 0;
  struct pair *pairs = wr_memory_get((all + 1) * sizeof *pairs);
  memcpy(pairs, wr_aggregate_buffer_bytes(state), all * sizeof *pairs);
  qsort(pairs, all, sizeof *pairs, pair_compare);
  for (uint32_t i = 0; i < all; i++) {
    if (kept && pair_compare(&pairs[kept - 1], &pairs[i]) == 0)
      pairs[kept - 1].count += pairs[i].count;
    else
      pairs[kept++] = pairs[i];
  }
  *count = kept;
  return pairs;
}

static void pairs_append(const struct wr_aggregate_rows *in, uint32_t i, struct pair pair)
{
  struct wr_aggregate_buffer *state = wr_aggregate_buffer_at(in, i);
  if (!wr_aggregate_buffer_fits(state, sizeof pair) && state->used) {
    uint32_t count;
    struct pair *pairs = pairs_read(state, &count);
    /* If little was gained it grows all the same: the next time must not come soon. */
    if (count * sizeof pair <= state->used / 2 || state->used > WR_AGGREGATE_BYTES_MAX / 2) {
      memcpy(wr_aggregate_buffer_bytes(state), pairs, count * sizeof pair);
      state->used = count * (uint32_t)sizeof pair;
    }
    free(pairs);
    if (state->used > WR_AGGREGATE_BYTES_MAX - WR_AGGREGATE_BYTES_MAX / 16) {
      wr_aggregate_buffer_break(in, i);
      return;
    }
  }
  char *at = wr_aggregate_buffer_append(in, i, sizeof pair);
  if (at)
    memcpy(at, &pair, sizeof pair);
}

static void percentile_add(const struct wr_aggregate_rows *in)
{
  const double *values = in->args[0]->values;
  WR_EACH_ENTRY(in, i, row)
  pairs_append(in, i, (struct pair){values[row], 1});
}

/* A row whose frequency is NULL or not above 0 does not count. */
static void percentile_add_frequency(const struct wr_aggregate_rows *in)
{
  const double *values = in->args[0]->values;
  const struct wr_column *frequency = in->args[1];
  WR_EACH_ENTRY(in, i, row)
  {
    if (wr_column_is_null(frequency, in->rows[i]))
      continue;
    int64_t count = wr_column_i64(frequency, in->rows[i]);
    if (count > 0)
      pairs_append(in, i, (struct pair){values[row], count});
  }
}

/* The value at a place of the sorted values. */
static double pairs_at(const struct pair *pairs, uint32_t count, wr_i128 place)
{
  wr_i128 before = 0;
  for (uint32_t i = 0; i < count; i++) {
    before += pairs[i].count;
    if (place < before)
      return pairs[i].value;
  }
  return pairs[count - 1].value;
}

static double pairs_percentile(const struct pair *pairs, uint32_t count, double percentage)
{
  wr_i128 all = 0;
  for (uint32_t i = 0; i < count; i++)
    all += pairs[i].count;
  double place = percentage * (double)(all - 1), below = floor(place);
  double low = pairs_at(pairs, count, (wr_i128)below);
  if (place == below)
    return low;
  double high = pairs_at(pairs, count, (wr_i128)below + 1);
  return low == high ? low : low * (below + 1 - place) + high * (place - below);
}

static void percentile_result(const struct wr_aggregate_results *results)
{
  const struct percentages *percentages = results->prepared;
  struct wr_builder *out = percentages->is_array ? &results->out->children[0] : results->out;
  for (uint32_t i = 0; i < results->count; i++) {
    const struct wr_aggregate_buffer *state =
        wr_aggregate_buffer_of(results->entries[i], results->offset);
    if (state->broken) {
      wr_aggregate_buffer_fail(results, i);
      continue;
    }
    if (state->used == 0) {
      wr_builder_put_null(results->out);
      continue;
    }
    uint32_t count;
    struct pair *pairs = pairs_read(state, &count);
    if (percentages->is_array)
      wr_builder_reserve(out, percentages->count);
    for (uint32_t p = 0; p < percentages->count; p++)
      wr_builder_put_f64(out, pairs_percentile(pairs, count, percentages->at[p]));
    if (percentages->is_array)
      wr_builder_put_collected(results->out);
    free(pairs);
  }
}

#define PERCENTILE_CODE(add_function)                                                      \
  {                                                                                        \
    .state_bytes = sizeof(struct wr_aggregate_buffer), .state_align = 8, .has_text = true, \
    .narrow = true, .add = add_function, .merge = wr_aggregate_buffer_merge,               \
    .result = percentile_result, .failure = WR_AGGREGATE_BUFFER_FAILURE                    \
  }
static const struct wr_aggregate_code percentile_code = PERCENTILE_CODE(percentile_add);
static const struct wr_aggregate_code percentile_frequency_code =
    PERCENTILE_CODE(percentile_add_frequency);

static enum wr_code percentile_fail(const struct wr_aggregate_site *site, struct wr_error *err)
{
  wr_fail_at(err, WR_SEMANTIC, site->args[1]->span,
             "the percentage of PERCENTILE must be a constant between 0 and 1, or an ARRAY of "
             "%d at most",
             PERCENTAGES_MAX);
  return wr_hint(err, "it is used as %s", site->function->usage);
}

/* The percentages as a constant of DOUBLE or ARRAY<DOUBLE>. */
static enum wr_code percentile_prepare(struct wr_aggregate_site *site, struct wr_error *err)
{
  struct wr_arena *arena = site->binding->arena;
  const struct wr_type *type = site->args[1]->type;
  bool is_array = type->kind == WR_ARRAY;
  if (!wr_kind_is_number(is_array ? type->fields[0].type->kind : type->kind))
    return percentile_fail(site, err);
  enum wr_code code = wr_aggregate_cast(
      site, 1, is_array ? wr_type_array(arena, &wr_type_double) : &wr_type_double, err);
  if (code)
    return code;
  if (!wr_expression_is_known(site->args[1]))
    return percentile_fail(site, err);
  struct wr_list list = {.count = 1};
  if (is_array)
    wr_list_open(&list, site->args[1]->type, wr_column_text(site->args[1]->literal, 0));
  if (list.count > PERCENTAGES_MAX)
    return percentile_fail(site, err);
  struct percentages *out =
      wr_arena_get_zero(arena, sizeof *out + (list.count + 1) * sizeof *out->at);
  out->count = list.count;
  out->is_array = is_array;
  for (uint32_t i = 0; i < list.count; i++) {
    if (!is_array)
      out->at[0] = wr_column_f64(site->args[1]->literal, 0);
    else if (!wr_list_is_null(&list, i))
      memcpy(&out->at[i], wr_list_item(&list, i).bytes, sizeof *out->at);
    else
      return percentile_fail(site, err);
    if (!(out->at[i] >= 0 && out->at[i] <= 1))
      return percentile_fail(site, err);
  }
  site->out->prepared = out;
  return WR_OK;
}

static enum wr_code percentile_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  struct wr_arena *arena = site->binding->arena;
  if (!wr_kind_is_number(site->args[0]->type->kind))
    return wr_aggregate_no_match(site, 0, err);
  if (site->arg_count == 3 && !wr_kind_is_integer(site->args[2]->type->kind))
    return wr_aggregate_no_match(site, 2, err);
  const struct wr_schema none = {0};
  enum wr_code code = percentile_prepare(site, err);
  if (code == WR_OK)
    code = wr_aggregate_cast(site, 0, &wr_type_double, err);
  if (code)
    return code;
  const struct percentages *percentages = site->out->prepared;
  site->out->type = percentages->is_array ? wr_type_array(arena, &wr_type_double) : &wr_type_double;
  site->out->words =
      wr_arena_print(arena, ", %s", wr_expression_print(arena, site->args[1], &none));
  site->out->code = site->arg_count == 3 ? &percentile_frequency_code : &percentile_code;
  if (site->arg_count == 3)
    site->args[1] = site->args[2];
  site->arg_count--;
  return WR_OK;
}

const struct wr_aggregate_function wr_aggregates_percentile[] = {
    {"PERCENTILE", "PERCENTILE([DISTINCT] number, percentage | ARRAY of them [, frequency])",
     "The value below which that share of the values lies (0 to 1, a constant), exact and "
     "interpolated between neighbours: DOUBLE, or ARRAY<DOUBLE> of an ARRAY; frequency says how "
     "often a value counts",
     "PERCENTILE(x, 0.25)", "(10), (40), (20), (30)", "17.5", 2, 3, percentile_bind, 0},
    {0},
};
