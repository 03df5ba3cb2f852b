/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From logical nodes to the plan that the runtime runs: one plan node per logical node, with an
 * operator's spec, a parallelism, and how rows get from one to the next.
 */
#ifndef WEIR_PLANNER_PHYSICAL_H
#define WEIR_PLANNER_PHYSICAL_H

#include "planner/logical.h"
#include "planner/settings.h"
#include "planner/streams.h"

struct wr_pump;

/* pumps: all there are; a node that works for one of them has its name. */
const struct wr_plan *wr_physical_plan(struct wr_arena *arena, const struct wr_settings *settings,
                                       uint32_t parallelism, struct wr_logical *const *roots,
                                       uint32_t root_count, const struct wr_streams *streams,
                                       const struct wr_pump *pumps);

#endif
