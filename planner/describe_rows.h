/* SPDX-License-Identifier: Apache-2.0 */
/* OVER, RANK and JOIN in words: what describe.c says about the other nodes. */
#ifndef WEIR_PLANNER_DESCRIBE_ROWS_H
#define WEIR_PLANNER_DESCRIBE_ROWS_H

#include "planner/logical.h"
#include "planner/writing.h"

void wr_describe_over(struct wr_writing *out, const struct wr_logical *node);
void wr_describe_rank(struct wr_writing *out, const struct wr_logical *node);
extern const char *const wr_join_kind_names[]; /* "INNER", ... */
void wr_describe_join(struct wr_writing *out, const struct wr_logical *node);

/* What their state is found by; see wr_logical_identity. */
const char *wr_identity_over(struct wr_arena *arena, const struct wr_logical *node);
const char *wr_identity_rank(struct wr_arena *arena, const struct wr_logical *node);
const char *wr_identity_join(struct wr_arena *arena, const struct wr_logical *node);

#endif
