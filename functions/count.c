/* SPDX-License-Identifier: Apache-2.0 */
/* COUNT(*) and COUNT(x): rows, or values that are not NULL. */
#include "functions/aggregate_table.h"

struct count_state {
  int64_t count;
};

static inline struct count_state *count_at(char *entry, uint32_t offset)
{
  return (struct count_state *)(void *)(entry + offset);
}

static void count_move(const struct wr_aggregate_rows *in, int64_t by)
{
  for (uint32_t i = 0; i < in->row_count; i++)
    count_at(in->entries[i], in->offset)->count += by;
}

static void count_move_valid(const struct wr_aggregate_rows *in, int64_t by)
{
  const struct wr_column *arg = in->args[0];
  if (!arg->valid) {
    count_move(in, by);
    return;
  }
  uint32_t mask = arg->constant ? 0 : UINT32_MAX;
  for (uint32_t i = 0; i < in->row_count; i++)
    count_at(in->entries[i], in->offset)->count +=
        wr_bit_get(arg->valid, in->rows[i] & mask) ? by : 0;
}

/* Of several arguments none may be NULL. */
struct count_prepared {
  uint32_t arg_count;
};

static void count_move_several(const struct wr_aggregate_rows *in, int64_t by)
{
  uint32_t arg_count = ((const struct count_prepared *)in->prepared)->arg_count;
  for (uint32_t i = 0; i < in->row_count; i++) {
    bool has_null = false;
    for (uint32_t a = 0; a < arg_count; a++)
      has_null = has_null || wr_column_is_null(in->args[a], in->rows[i]);
    count_at(in->entries[i], in->offset)->count += has_null ? 0 : by;
  }
}

static void count_add_rows(const struct wr_aggregate_rows *in)
{
  count_move(in, 1);
}
static void count_retract_rows(const struct wr_aggregate_rows *in)
{
  count_move(in, -1);
}
static void count_add_values(const struct wr_aggregate_rows *in)
{
  count_move_valid(in, 1);
}
static void count_retract_values(const struct wr_aggregate_rows *in)
{
  count_move_valid(in, -1);
}

static void count_add_several(const struct wr_aggregate_rows *in)
{
  count_move_several(in, 1);
}
static void count_retract_several(const struct wr_aggregate_rows *in)
{
  count_move_several(in, -1);
}

static void count_merge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++)
    count_at(in->entries[i], in->offset)->count +=
        ((const struct count_state *)(const void *)(sources[i] + in->offset))->count;
}

static void count_unmerge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++)
    count_at(in->entries[i], in->offset)->count -=
        ((const struct count_state *)(const void *)(sources[i] + in->offset))->count;
}

static void count_result(const struct wr_aggregate_results *results)
{
  for (uint32_t i = 0; i < results->count; i++) {
    const struct count_state *state = (const void *)(results->entries[i] + results->offset);
    wr_builder_put_i64(results->out, state->count);
  }
}

#define COUNT_CODE(what)                                                                  \
  {                                                                                       \
    .state_bytes = sizeof(struct count_state), .state_align = 8, .add = count_add_##what, \
    .retract = count_retract_##what, .merge = count_merge, .unmerge = count_unmerge,      \
    .result = count_result                                                                \
  }
static const struct wr_aggregate_code count_rows_code = COUNT_CODE(rows);
static const struct wr_aggregate_code count_values_code = COUNT_CODE(values);
static const struct wr_aggregate_code count_several_code = COUNT_CODE(several);

static enum wr_code count_bind(struct wr_aggregate_site *site, struct wr_error *err)
{
  (void)err;
  site->out->type = &wr_type_bigint;
  if (site->arg_count > 1) {
    struct count_prepared *prepared = WR_NEW(site->binding->arena, struct count_prepared);
    prepared->arg_count = site->arg_count;
    site->out->prepared = prepared;
    site->out->code = &count_several_code;
    return WR_OK;
  }
  /* COUNT(1) is COUNT(*) */
  if (site->arg_count == 1 && !site->call->distinct && wr_expression_is_known(site->args[0]))
    site->arg_count = 0;
  site->out->code = site->arg_count ? &count_values_code : &count_rows_code;
  return WR_OK;
}

const struct wr_aggregate_function wr_aggregates_count[] = {
    {"COUNT", "COUNT(*), COUNT(value, ...) or COUNT(DISTINCT value, ...)",
     "How many rows, or how many in which no value is NULL; with DISTINCT, how many different ones; "
     "BIGINT, never NULL",
     "COUNT(DISTINCT x)", "('a'), ('b'), ('a'), (NULL)", "2", 0, WR_AGGREGATE_ARGS_MAX, count_bind,
     WR_TAKES_ROW},
    {0},
};
