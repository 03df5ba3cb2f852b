/* SPDX-License-Identifier: Apache-2.0 */
/* From the nodes that make changes whole to what their operators are told. */
#include "planner/physical_changes.h"

const void *wr_physical_normalize(const struct wr_placing *physical, const struct wr_logical *node,
                                  const struct wr_schema *schema)
{
  struct wr_materialize_spec *spec = WR_NEW(physical->arena, struct wr_materialize_spec);
  *spec = (struct wr_materialize_spec){.schema = schema,
                                       .column_ids = wr_physical_column_ids(physical, node, 0),
                                       .keys = node->normalize.keys,
                                       .key_count = node->normalize.key_count,
                                       .upserts = !node->normalize.is_sink};
  return spec;
}
