/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator of MATCH_RECOGNIZE is told. */
#include "planner/match.h"

const void *wr_physical_match(const struct wr_placing *physical, const struct wr_logical *node,
                              const struct wr_schema *schema)
{
  const struct wr_logical_match *match = node->match;
  struct wr_match_spec *spec = WR_NEW(physical->arena, struct wr_match_spec);
  *spec = (struct wr_match_spec){.schema = schema,
                                 .input_schema = &wr_logical_input(node)->schema,
                                 .column_ids = wr_physical_column_ids(physical, node, 0),
                                 .keys = match->keys,
                                 .key_count = match->key_count,
                                 .time_column = match->order[0].column,
                                 .by_clock = wr_match_by_clock(node),
                                 .patient = physical->is_interleaved[node->number],
                                 .order = match->order + 1,
                                 .order_count = match->order_count - 1,
                                 .variables = match->variables,
                                 .variable_count = match->variable_count,
                                 .steps = match->steps,
                                 .step_count = match->step_count,
                                 .skip = match->skip,
                                 .skip_variable = match->skip_variable,
                                 .within_us = match->within_us,
                                 .measures = match->measures,
                                 .measure_count = match->measure_count};
  return spec;
}
