/* SPDX-License-Identifier: Apache-2.0 */
/* Specs of the nodes of logical_changes.c. */
#ifndef WEIR_PLANNER_PHYSICAL_CHANGES_H
#define WEIR_PLANNER_PHYSICAL_CHANGES_H

#include "planner/physical_spec.h"

const void *wr_physical_normalize(const struct wr_placing *physical, const struct wr_logical *node,
                                  const struct wr_schema *schema);

#endif
