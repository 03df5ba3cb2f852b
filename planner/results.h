/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When results are given that change: SET 'execution.runtime-mode', and what follows from it for
 * one statement (docs/decisions/0032).
 *
 *   told     as rows come, although the input ends
 *   settled  once, when the input has ended; where it does not end: as rows come
 *
 * A printed result (a SELECT as JSON, a table of the connector print) is told where the plan can;
 * everything else is settled. Groups know how to wait for the end; below other steps that change,
 * where their reader takes no changes, a Fold waits.
 */
#ifndef WEIR_PLANNER_RESULTS_H
#define WEIR_PLANNER_RESULTS_H

#include "planner/binder.h"

/* How a statement is tried first, and whether it is tried settled if that is refused. */
struct wr_results {
  bool told, may_settle;
};
/* printed: somebody reads the changes themselves. */
struct wr_results wr_results_of(const struct wr_binder *binder, bool printed);

/* Whether the rows of a table are printed as changes. */
bool wr_results_are_printed(const struct wr_table *table);

/* Where results are settled: puts a Fold below those beneath a node that take no changes, as far as
 * input ends, and above the node, if it changes then. */
struct wr_logical *wr_results_settled(const struct wr_binder *binder, struct wr_logical *node);

/* The same below a sink that takes no changes or should not; then refuses what is left, and in
 * batch mode input that does not end. span: as for wr_check_changes. */
enum wr_code wr_results_check(const struct wr_binder *binder, struct wr_logical *sink,
                              struct wr_span span, struct wr_error *err);

/* Whether what each row changes is told by itself; printed: people see the rows. */
bool wr_results_singly(const struct wr_binder *binder, bool printed);

#endif
