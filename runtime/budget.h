/* SPDX-License-Identifier: Apache-2.0 */
/* What all operators of a job keep, against their share of its memory. */
#ifndef WEIR_RUNTIME_BUDGET_H
#define WEIR_RUNTIME_BUDGET_H

#include "runtime/build.h"

/* For the way out. */
enum wr_budget_moment {
  WR_BUDGET_RUNNING, /* nothing is kept */
  WR_BUDGET_DURABLE, /* a last epoch keeps everything */
  WR_BUDGET_RESTORED /* before anything was read: the state of an epoch */
};

uint64_t wr_budget_state_bytes(const struct wr_build *build);

/* WR_LIMIT if the state is above its share; says which step has most of it. epoch: RESTORED, the
 * one that the job goes on from. */
enum wr_code wr_budget_check(const struct wr_build *build, uint64_t memory_bytes,
                             enum wr_budget_moment moment, uint64_t epoch, struct wr_error *err);

#endif
