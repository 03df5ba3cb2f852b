/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A condition over the columns of a schema, given as SQL text by itself: `page = '/cart' AND n >
 * 3`. For those who look at rows from outside; the planner's own filters are expressions of its
 * plan.
 */
#ifndef WEIR_PLANNER_PREDICATE_H
#define WEIR_PLANNER_PREDICATE_H

#include "core/arena.h"
#include "core/batch.h"
#include "core/error.h"

struct wr_predicate;

/* Searches of patterns may take WR_PREDICATE_STEPS_MAX steps: who evaluates it serves others, too.
 * Errors carry a span into text. Only functions of the row itself: no aggregates, no subqueries, no
 * windows. The schema is lent. */
enum wr_code wr_predicate_new(const char *text, size_t length, const struct wr_schema *schema,
                              const char *time_zone, struct wr_predicate **out,
                              struct wr_error *err);
void wr_predicate_free(struct wr_predicate *predicate);
/* Those among rows[0..count-1] for which it is true; NULL, false and rows for which it fails do not
 * pass. Returns how many; out has room for count. One thread at a time. */
uint32_t wr_predicate_pick(struct wr_predicate *predicate, const struct wr_batch *batch,
                           const uint32_t *rows, uint32_t count, uint32_t *out);

#endif
