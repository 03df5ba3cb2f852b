/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a job does what it should, in words. Not alive: it has failed, or restarts again and
 * again, so that starting the process anew might help. Not ready: it runs, but what it needs or has
 * to do is not there: a source cannot be reached, checkpoints are not kept. A job that has ended
 * well is both.
 */
#ifndef WEIR_SERVER_HEALTH_H
#define WEIR_SERVER_HEALTH_H

#include "server/jobs.h"

struct wr_health {
  bool alive, ready; /* not alive is not ready */
  /* Sentences without a full stop; those that say why it is not alive come first. */
  const char **reasons;
  uint32_t reason_count, alive_reason_count;
};

/* now_us: clock of the machine. away_us: for how long a source may be out of reach. Memory comes
 * from the arena. */
void wr_health_judge(const struct wr_job_facts *facts, const struct wr_job_look *look,
                     const struct wr_figures *figures, int64_t away_us, int64_t now_us,
                     struct wr_arena *arena, struct wr_health *out);

#endif
