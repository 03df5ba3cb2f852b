/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of EXPLAIN and identities of state for the nodes that make changes whole. */
#include "planner/describe_changes.h"

#include "planner/describe.h"
#include "planner/ttl.h"

const char *wr_normalize_name(const struct wr_logical *node)
{
  if (node->normalize.at_end)
    return "Fold";
  return node->normalize.is_sink ? "SinkMaterializer" : "ChangelogNormalize";
}

void wr_describe_normalize(struct wr_writing *out, const struct wr_logical *node)
{
  if (node->normalize.at_end) {
    wr_write(out, "the rows that are left at the end");
    return;
  }
  wr_write(out, "newest row");
  for (uint32_t k = 0; k < node->normalize.key_count; k++)
    wr_write(out, "%s%s", k ? ", " : " by ", node->schema.fields[node->normalize.keys[k]].name);
  wr_describe_ttl(out, node->normalize.ttl_us, "");
}

const char *wr_identity_normalize(struct wr_arena *arena, const struct wr_logical *node)
{
  struct wr_writing out = {.arena = arena};
  const struct wr_logical *input = wr_logical_input(node);
  if (node->normalize.at_end) {
    wr_write(&out, "fold %s", wr_identity_source(arena, node));
    return wr_written(&out);
  }
  wr_write(&out, "%s %s", node->normalize.is_sink ? "materialize" : "normalize",
           wr_identity_source(arena, node));
  for (uint32_t k = 0; k < node->normalize.key_count; k++)
    wr_write(&out, "%s%s", k ? ", " : " by ",
             wr_identity_column(arena, input, node->normalize.keys[k]));
  return wr_written(&out);
}
