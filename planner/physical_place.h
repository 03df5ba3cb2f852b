/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where nodes run, and what follows from it: in how many copies, by what their rows are spread, and
 * what rows may know of the watermark when they arrive.
 */
#ifndef WEIR_PLANNER_PHYSICAL_PLACE_H
#define WEIR_PLANNER_PHYSICAL_PLACE_H

#include "planner/physical_spec.h"

/* The nodes, with the steps that only several tasks need. */
struct wr_logical_order wr_physical_find_order(struct wr_placing *physical,
                                               struct wr_logical *const *roots,
                                               uint32_t root_count);
/* Needs the parallelism of its inputs. */
uint32_t wr_physical_parallelism(const struct wr_placing *physical, const struct wr_logical *node);
/* The inputs of `out`, whose parallelism is known, and what is known of rows that come by them:
 * is_exchanged, is_interleaved, is_held. Needs its inputs connected. */
void wr_physical_connect(const struct wr_placing *physical, const struct wr_logical *node,
                         struct wr_plan_node *out);

/* Per node: reads_arrived, may_be_late and one_time of struct wr_placing. */
const bool *wr_physical_find_arrived(struct wr_arena *arena, const struct wr_logical_order *order);
const bool *wr_physical_find_late(struct wr_arena *arena, const struct wr_logical_order *order);
const bool *wr_physical_find_one_time(struct wr_arena *arena, const struct wr_logical_order *order);

#endif
