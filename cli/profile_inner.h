/* SPDX-License-Identifier: Apache-2.0 */
/* What the two faces of a profile share: profile.c (for people) and profile_json.c. */
#ifndef WEIR_CLI_PROFILE_INNER_H
#define WEIR_CLI_PROFILE_INNER_H

#include "cli/profile.h"

/* Times of all tasks. busy: everything but waiting. */
struct wr_profile_sums {
  uint64_t all_ns, busy_ns, cpu_ns;
  uint64_t sending_ns, saving_ns, between_ns; /* busy with what belongs to no step */
};

struct wr_profile_sums wr_profile_sums(const struct wr_profile *profile);
/* Of a step, its format and its connector. */
uint64_t wr_profile_step_ns(const struct wr_execution_step *step);
/* In steps, in sending, in between. */
uint64_t wr_profile_task_busy_ns(const struct wr_execution_task *task);
/* From its start to its end. */
uint64_t wr_profile_task_ns(const struct wr_execution_task *task);
/* Rejects that are not late. */
uint64_t wr_profile_bad(const struct wr_execution_step *step);

/* All of it as one object on one line. */
const char *wr_profile_json(struct wr_profile *profile);
/* "measured":{...} of a step, and of the job. */
const char *wr_profile_json_step(struct wr_profile *profile, uint32_t i);
const char *wr_profile_json_job(struct wr_profile *profile);

#endif
