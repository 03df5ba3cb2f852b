/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXP_AVG: a mean whose weights halve with every half-life of a value's age. Only the proportions
 * of weights count, so a state is the weighted sum and the sum of weights as seen from its latest
 * time; when a later value comes, or a later state is merged, both are scaled down. Values may come
 * in any order, and old ones only ever get lighter, so nothing overflows.
 */
#include <math.h>

#include "functions/aggregate_table.h"

struct exp_avg {
  double sum, weight; /* weight 0: no value yet */
  int64_t time_us;    /* the latest */
};

/* How much lighter a value is than one that is so much younger. */
static double exp_avg_weight(int64_t young_us, int64_t old_us, double half_life_us)
{
  return exp2(-((double)young_us - (double)old_us) / half_life_us);
}

static void exp_avg_put(struct exp_avg *state, double sum, double weight, int64_t time_us,
                        double half_life_us)
{
  if (state->weight == 0) {
    *state = (struct exp_avg){sum, weight, time_us};
  } else if (time_us >= state->time_us) {
    double factor = exp_avg_weight(time_us, state->time_us, half_life_us);
    *state = (struct exp_avg){state->sum * factor + sum, state->weight * factor + weight, time_us};
  } else {
    double factor = exp_avg_weight(state->time_us, time_us, half_life_us);
    state->sum += sum * factor;
    state->weight += weight * factor;
  }
}

static void exp_avg_add(const struct wr_aggregate_rows *in)
{
  const double *values = in->args[0]->values;
  double half_life_us = *(const double *)in->prepared;
  WR_EACH_ENTRY(in, i, row)
  {
    if (wr_column_is_null(in->args[1], in->rows[i]))
      continue;
    exp_avg_put((void *)(in->entries[i] + in->offset), values[row], 1,
                wr_column_i64(in->args[1], in->rows[i]), half_life_us);
  }
}

static void exp_avg_merge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  double half_life_us = *(const double *)in->prepared;
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct exp_avg *source = (const void *)(sources[i] + in->offset);
    if (source->weight > 0)
      exp_avg_put((void *)(in->entries[i] + in->offset), source->sum, source->weight,
                  source->time_us, half_life_us);
  }
}

static void exp_avg_result(const struct wr_aggregate_results *results)
{
  for (uint32_t i = 0; i < results->count; i++) {
    const struct exp_avg *state = (const void *)(results->entries[i] + results->offset);
    if (state->weight > 0)
      wr_builder_put_f64(results->out, state->sum / state->weight);
    else
      wr_builder_put_null(results->out);
  }
}

static const struct wr_aggregate_code exp_avg_code = {.state_bytes = sizeof(struct exp_avg),
                                                      .state_align = 8,
                                                      .add = exp_avg_add,
                                                      .merge = exp_avg_merge,
                                                      .result = exp_avg_result};

static enum wr_code exp_avg_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  const struct wr_expression *half_life = site->args[2];
  const struct wr_schema none = {0};
  if (!wr_kind_is_number(site->args[0]->type->kind))
    return wr_aggregate_no_match(site, 0, err);
  if (!wr_kind_is_timestamp(site->args[1]->type->kind))
    return wr_aggregate_no_match(site, 1, err);
  if (half_life->type->kind != WR_INTERVAL_SECOND)
    return wr_aggregate_no_match(site, 2, err);
  if (!wr_expression_is_known(half_life) || wr_column_i64(half_life->literal, 0) <= 0) {
    wr_fail_at(err, WR_SEMANTIC, half_life->span,
               "the half-life of EXP_AVG must be a constant interval above 0");
    return wr_hint(err, "for example INTERVAL '10' SECOND");
  }
  double *prepared = WR_NEW(site->binding->arena, double);
  *prepared = (double)wr_column_i64(half_life->literal, 0);
  site->out->prepared = prepared;
  site->out->words = wr_arena_print(site->binding->arena, ", %s",
                                    wr_expression_print(site->binding->arena, half_life, &none));
  site->out->type = &wr_type_double;
  site->out->code = &exp_avg_code;
  site->arg_count = 2;
  return wr_aggregate_cast(site, 0, &wr_type_double, err);
}

const struct wr_aggregate_function wr_aggregates_exp_avg[] = {
    {"EXP_AVG", "EXP_AVG([DISTINCT] number, timestamp, INTERVAL half_life)",
     "The mean of the values, each weighing half as much as one that is a half-life younger, DOUBLE; "
     "in the kinesis dialect EXP_AVG(number, INTERVAL half_life) OVER goes by ROWTIME",
     "EXP_AVG(x, y, INTERVAL '1' SECOND)",
     "(1, TIMESTAMP '2026-01-01 00:00:00'), (4, TIMESTAMP '2026-01-01 00:00:01')", "3.0", 3, 3,
     exp_avg_bind, 0},
    {0},
};
