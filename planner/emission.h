/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the results of a SELECT's windows come: its clause EMIT before they close, and SET
 * 'table.exec.emit...' for all windows of the statements behind.
 */
#ifndef WEIR_PLANNER_EMISSION_H
#define WEIR_PLANNER_EMISSION_H

#include "planner/binder.h"

/* For a SELECT that does not aggregate. */
enum wr_code wr_check_no_emission(const struct wr_tree_select *tree, struct wr_error *err);
/* origin NULL: the SELECT aggregates without a window. at: where that is written. */
enum wr_code wr_bind_emission(const struct wr_binder *binder, const struct wr_tree_select *tree,
                              const struct wr_window_origin *origin, struct wr_span at,
                              struct wr_window_emit *out, struct wr_error *err);

#endif
