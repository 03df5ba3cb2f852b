/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variances and standard deviations, of numbers as DOUBLE. The mean and the sum of squared
 * distances from it are kept up to date value by value (B. P. Welford, 1962) and merged pairwise
 * (T. F. Chan, G. H. Golub, R. J. LeVeque, 1979): never the difference of two large sums.
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

#define MOMENTS(name, less, root)                                                             \
  static void name##_result(const struct wr_aggregate_results *results)                       \
  {                                                                                           \
    moments_put(results, less, root);                                                         \
  }                                                                                           \
  static const struct wr_aggregate_code name##_code = {.state_bytes = sizeof(struct moments), \
                                                       .state_align = 8,                      \
                                                       .add = moments_add,                    \
                                                       .merge = moments_merge,                \
                                                       .result = name##_result};              \
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
