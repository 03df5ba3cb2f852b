/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where rows leave a running job for those who watch it (live/hub.h). Each stream of the plan
 * (operators/plan.h) gets a feed, and a tap in all copies of its node: one more consumer beside the
 * real ones, which hands batches to the feed. While nobody follows and nothing is kept, it looks at
 * one flag per batch. A tap never waits, never fails, and wants no rows for itself: a LIMIT that is
 * satisfied ends a job whether or not somebody watches.
 *
 *   Watermark --> Filter --> ...
 *             \-> tap --> feed "clicks"
 */
#ifndef WEIR_RUNTIME_TAP_H
#define WEIR_RUNTIME_TAP_H

#include "live/hub.h"
#include "operators/plan.h"
#include "runtime/epochs.h"

/* What the newest rows of all feeds of a job are called among the parts of an epoch. No node has
 * this key: identities begin with the name of a step. */
#define WR_TAPS_KEY "(live)"

/* The feeds of an execution. */
struct wr_taps {
  struct wr_hub *hub; /* NULL: nobody can watch, there are no taps */
  const char *job;
  const struct wr_plan *plan;
  struct wr_feed **feeds; /* per stream of the plan; NULL: it has no tap */
  void (*note)(void *self, const char *message);
  void *note_self;
};

/* Makes the feeds, and gives them the rows that an epoch has kept of them. What goes wrong is told:
 * no job fails because of those who watch. from: may be NULL. */
void wr_taps_open(struct wr_taps *taps, const struct wr_snapshot *from);
void wr_taps_close(struct wr_taps *taps);

/* Makes the feeds of a job that is about to begin, those of its sinks, too: who hears of the job
 * can follow them, and waits for rows. Its executions go on with them. */
void wr_taps_announce(struct wr_hub *hub, const char *job, const struct wr_plan *plan);

/* One more consumer for a stream that has a feed; closed by its class. */
struct wr_operator *wr_tap_new(struct wr_feed *feed, const struct wr_plan_stream *stream,
                               const struct wr_operator_context *context);

/* As in struct wr_epochs_options: the newest rows of all feeds, as one part. They are those of the
 * moment, not of the barrier: what comes again behind the epoch takes its own place by its key. */
void wr_taps_save(void *taps, struct wr_epochs *epochs, uint64_t epoch);

#endif
