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

static void count_init(char *state)
{
  (void)state; /* zero is right */
}

static void count_move(const struct wr_aggregate_rows *in, int64_t by)
{
  for (uint32_t i = 0; i < in->row_count; i++)
    count_at(in->entries[i], in->offset)->count += by;
}

static void count_move_valid(const struct wr_aggregate_rows *in, int64_t by)
{
  if (!in->arg->valid) {
    count_move(in, by);
    return;
  }
  uint32_t mask = in->arg->constant ? 0 : UINT32_MAX;
  for (uint32_t i = 0; i < in->row_count; i++)
    count_at(in->entries[i], in->offset)->count +=
        wr_bit_get(in->arg->valid, in->rows[i] & mask) ? by : 0;
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

static void count_merge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++)
    count_at(in->entries[i], in->offset)->count +=
        ((const struct count_state *)(const void *)(sources[i] + in->offset))->count;
}

static void count_result(const char *const *entries, uint32_t offset, uint32_t count,
                         const struct wr_type *type, struct wr_builder *out, uint64_t *failed)
{
  (void)type;
  (void)failed;
  wr_builder_reserve(out, count);
  for (uint32_t i = 0; i < count; i++)
    wr_builder_put_i64(out,
                       ((const struct count_state *)(const void *)(entries[i] + offset))->count);
}

static const struct wr_aggregate_code count_rows_code = {.state_bytes = sizeof(struct count_state),
                                                         .state_align = 8,
                                                         .init = count_init,
                                                         .add = count_add_rows,
                                                         .retract = count_retract_rows,
                                                         .merge = count_merge,
                                                         .result = count_result};
static const struct wr_aggregate_code count_values_code = {.state_bytes =
                                                               sizeof(struct count_state),
                                                           .state_align = 8,
                                                           .init = count_init,
                                                           .add = count_add_values,
                                                           .retract = count_retract_values,
                                                           .merge = count_merge,
                                                           .result = count_result};

static bool count_bind(const struct wr_binding *binding, struct wr_aggregate *out)
{
  (void)binding;
  out->type = &wr_type_bigint;
  out->code = out->arg ? &count_values_code : &count_rows_code;
  return true;
}

const struct wr_aggregate_function wr_aggregates_count[] = {
    {"COUNT", "COUNT(*) or COUNT(value)",
     "How many rows, or how many values that are not NULL; BIGINT, never NULL", 0, 1, count_bind},
    {0},
};
