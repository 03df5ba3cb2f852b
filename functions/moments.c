/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variances and standard deviations, of numbers as DOUBLE. The mean and the sum of squared
 * distances from it are kept up to date value by value (B. P. Welford, 1962) and merged pairwise
 * (T. F. Chan, G. H. Golub, R. J. LeVeque, 1979): never the difference of two large sums.
 *
 * Taking values back that way adds up errors. Where rows are taken back the sums of the values and
 * of their squares are kept instead, with twice the digits of a DOUBLE (T. J. Dekker, 1971): their
 * difference then is as good as what the values themselves are.
 */
#include <math.h>

#include "functions/aggregate_table.h"

struct moments {
  double mean, squares; /* sum of (value - mean)^2 */
  int64_t count;
};

static inline struct moments *moments_at(char *entry, uint32_t offset)
{
  return (struct moments *)(void *)(entry + offset);
}

static void moments_add(const struct wr_aggregate_rows *in)
{
  const double *values = in->args[0]->values;
  WR_EACH_ENTRY(in, i, row)
  {
    struct moments *state = moments_at(in->entries[i], in->offset);
    double before = values[row] - state->mean;
    state->count++;
    state->mean += before / (double)state->count;
    state->squares += before * (values[row] - state->mean);
  }
}

static void moments_merge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct moments *source = (const void *)(sources[i] + in->offset);
    struct moments *state = moments_at(in->entries[i], in->offset);
    if (source->count == 0)
      continue;
    double between = source->mean - state->mean;
    double mine = (double)state->count, theirs = (double)source->count, all = mine + theirs;
    state->mean += between * (theirs / all);
    state->squares += source->squares + between * between * (mine * theirs / all);
    state->count += source->count;
  }
}

/* Of a sample one value says nothing: NULL. */
static void moments_put(const struct wr_aggregate_results *results, int64_t less, bool root)
{
  for (uint32_t i = 0; i < results->count; i++) {
    const struct moments *state = (const void *)(results->entries[i] + results->offset);
    if (state->count <= less) {
      wr_builder_put_null(results->out);
      continue;
    }
    double variance = state->squares / (double)(state->count - less);
    wr_builder_put_f64(results->out, root ? sqrt(variance) : variance);
  }
}

/* ---- where rows are taken back */

/* A number as the sum of two, of which the second is what rounding the first has lost. */
struct twofold {
  double high, low;
};

struct sums {
  struct twofold sum, squares;
  int64_t count, beyond; /* beyond: values whose square is no finite number */
};

static struct twofold twofold_sum(double a, double b)
{
  double sum = a + b, part = sum - a;
  return (struct twofold){sum, (a - (sum - part)) + (b - part)};
}

static struct twofold twofold_product(double a, double b)
{
  double product = a * b;
  return (struct twofold){product, fma(a, b, -product)};
}

static struct twofold twofold_add(struct twofold a, struct twofold b)
{
  struct twofold high = twofold_sum(a.high, b.high), low = twofold_sum(a.low, b.low);
  high = twofold_sum(high.high, high.low + low.high);
  return twofold_sum(high.high, high.low + low.low);
}

static struct twofold twofold_times(struct twofold a, double b)
{
  struct twofold product = twofold_product(a.high, b);
  return twofold_sum(product.high, fma(a.low, b, product.low));
}

static struct twofold twofold_square(struct twofold a)
{
  struct twofold product = twofold_product(a.high, a.high);
  return twofold_sum(product.high, product.low + 2 * a.high * a.low);
}

static void sums_move(const struct wr_aggregate_rows *in, int sign)
{
  const double *values = in->args[0]->values;
  WR_EACH_ENTRY(in, i, row)
  {
    struct sums *state = (void *)(in->entries[i] + in->offset);
    double value = values[row];
    struct twofold square = twofold_product(value, value);
    state->count += sign;
    if (!isfinite(square.high)) {
      state->beyond += sign;
      continue;
    }
    state->sum = twofold_add(state->sum, (struct twofold){sign * value, 0});
    state->squares =
        twofold_add(state->squares, (struct twofold){sign * square.high, sign * square.low});
    if (state->count == state->beyond)
      state->sum = state->squares = (struct twofold){0, 0};
  }
}

static void sums_add(const struct wr_aggregate_rows *in)
{
  sums_move(in, 1);
}
static void sums_retract(const struct wr_aggregate_rows *in)
{
  sums_move(in, -1);
}

/* The sum of squared distances from the mean: (n * squares - sum * sum) / n. */
static double sums_distances(const struct sums *state)
{
  double count = (double)state->count;
  if (state->beyond > 0)
    return NAN;
  struct twofold square = twofold_square(state->sum);
  struct twofold all = twofold_add(twofold_times(state->squares, count),
                                   (struct twofold){-square.high, -square.low});
  return all.high > 0 ? all.high / count : 0;
}

static void sums_put(const struct wr_aggregate_results *results, int64_t less, bool root)
{
  for (uint32_t i = 0; i < results->count; i++) {
    const struct sums *state = (const void *)(results->entries[i] + results->offset);
    if (state->count <= less) {
      wr_builder_put_null(results->out);
      continue;
    }
    double variance = sums_distances(state) / (double)(state->count - less);
    wr_builder_put_f64(results->out, root ? sqrt(variance) : variance);
  }
}

#define MOMENTS(name, less, root)                                                             \
  static void name##_result(const struct wr_aggregate_results *results)                       \
  {                                                                                           \
    moments_put(results, less, root);                                                         \
  }                                                                                           \
  static void name##_sums_result(const struct wr_aggregate_results *results)                  \
  {                                                                                           \
    sums_put(results, less, root);                                                            \
  }                                                                                           \
  static const struct wr_aggregate_code name##_sums = {.state_bytes = sizeof(struct sums),    \
                                                       .state_align = 8,                      \
                                                       .add = sums_add,                       \
                                                       .retract = sums_retract,               \
                                                       .result = name##_sums_result};         \
  static const struct wr_aggregate_code name##_code = {.state_bytes = sizeof(struct moments), \
                                                       .state_align = 8,                      \
                                                       .add = moments_add,                    \
                                                       .merge = moments_merge,                \
                                                       .result = name##_result,               \
                                                       .changing = &name##_sums};             \
  static enum wr_code name##_bind(struct wr_aggregate_site *site, struct wr_error *err)       \
  {                                                                                           \
    if (!wr_kind_is_number(site->args[0]->type->kind))                                        \
      return wr_aggregate_no_match(site, 0, err);                                             \
    site->out->type = &wr_type_double;                                                        \
    site->out->code = &name##_code;                                                           \
    return wr_aggregate_cast(site, 0, &wr_type_double, err);                                  \
  }
MOMENTS(var_pop, 0, false)
MOMENTS(var_samp, 1, false)
MOMENTS(stddev_pop, 0, true)
MOMENTS(stddev_samp, 1, true)

#define OVER "(2), (4), (4), (4), (5), (5), (7), (9), (NULL)"

const struct wr_aggregate_function wr_aggregates_moments[] = {
    {"STDDEV_POP", "STDDEV_POP([DISTINCT] number)",
     "The standard deviation of the values taken as all there are, DOUBLE", "STDDEV_POP(x)", OVER,
     "2.0", 1, 1, stddev_pop_bind, 0},
    {"STDDEV_SAMP", "STDDEV_SAMP([DISTINCT] number)",
     "The standard deviation of the values taken as a sample, DOUBLE; NULL of fewer than two",
     "STDDEV_SAMP(x)", "(1), (2), (3)", "1.0", 1, 1, stddev_samp_bind, 0},
    {"STDDEV", "STDDEV([DISTINCT] number)", "The same as STDDEV_SAMP", "STDDEV(x)", "(1)", NULL, 1,
     1, stddev_samp_bind, 0},
    {"VAR_POP", "VAR_POP([DISTINCT] number)",
     "The variance of the values taken as all there are, DOUBLE", "VAR_POP(x)", OVER, "4.0", 1, 1,
     var_pop_bind, 0},
    {"VAR_SAMP", "VAR_SAMP([DISTINCT] number)",
     "The variance of the values taken as a sample, DOUBLE; NULL of fewer than two", "VAR_SAMP(x)",
     "(1.5), (2.5)", "0.5", 1, 1, var_samp_bind, 0},
    {"VARIANCE", "VARIANCE([DISTINCT] number)", "The same as VAR_SAMP", "VARIANCE(DISTINCT x)",
     "(1), (2), (2), (3)", "1.0", 1, 1, var_samp_bind, 0},
    {0},
};
