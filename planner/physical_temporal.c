/* SPDX-License-Identifier: Apache-2.0 */
/* From a temporal join to what its operator is told. */
#include <string.h>

#include "operators/specs_temporal.h"
#include "planner/physical_rows.h"
#include "planner/temporal.h"

const void *wr_physical_temporal(const struct wr_placing *physical, const struct wr_logical *node,
                                 const struct wr_schema *schema)
{
  const struct wr_logical_join *join = &node->join;
  struct wr_temporal_join_spec *spec = WR_NEW(physical->arena, struct wr_temporal_join_spec);
  *spec = (struct wr_temporal_join_spec){.schema = schema,
                                         .key_count = join->key_count,
                                         .outer = join->kind == WR_JOIN_LEFT,
                                         .changes = node->inputs[0]->changes,
                                         .oldest = join->oldest,
                                         .pair_schema = wr_physical_pairs(physical->arena, node),
                                         .used = wr_physical_pairs_used(physical, node),
                                         .condition = join->condition};
  for (unsigned side = 0; side < 2; side++)
    spec->sides[side] =
        (struct wr_temporal_side){.schema = &node->inputs[side]->schema,
                                  .keys = join->keys[side],
                                  .time_column = join->time_columns[side],
                                  .column_ids = wr_physical_column_ids(physical, node, side)};
  return spec;
}
