/* SPDX-License-Identifier: Apache-2.0 */
/* What the SQL has changed since an epoch, told on standard error. */
#ifndef WEIR_CLI_CHANGES_H
#define WEIR_CLI_CHANGES_H

#include "operators/plan.h"
#include "runtime/inventory.h"

/* Compares what an epoch has with what the plan wants. State that does not fit is taken out of the
 * snapshot. False: something would be lost that may not be; told, with what helps. */
bool wr_changes_accept(const struct wr_plan *plan, struct wr_inventory *before,
                       struct wr_snapshot *snapshot, bool may_drop, struct wr_arena *arena);

#endif
