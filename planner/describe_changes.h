/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of logical_changes.c in words: what describe.c says about the others. */
#ifndef WEIR_PLANNER_DESCRIBE_CHANGES_H
#define WEIR_PLANNER_DESCRIBE_CHANGES_H

#include "planner/logical.h"
#include "planner/writing.h"

const char *wr_normalize_name(const struct wr_logical *node);
void wr_describe_normalize(struct wr_writing *out, const struct wr_logical *node);
/* What its state is found by; see wr_logical_identity. */
const char *wr_identity_normalize(struct wr_arena *arena, const struct wr_logical *node);

#endif
