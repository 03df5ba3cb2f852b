/* SPDX-License-Identifier: Apache-2.0 */
/* What the SQL has changed since an epoch, told where people read it. */
#ifndef WEIR_CLI_CHANGES_H
#define WEIR_CLI_CHANGES_H

#include <stdio.h>

#include "operators/plan.h"
#include "runtime/inventory.h"

/* Compares what an epoch has with what the plan wants, and tells it. State that does not fit is
 * taken out of the snapshot. WR_SEMANTIC: something would be lost that may not be. */
enum wr_code wr_changes_accept(const struct wr_plan *plan, struct wr_inventory *before,
                               struct wr_snapshot *snapshot, bool may_drop, FILE *file,
                               struct wr_arena *arena, struct wr_error *err);

#endif
