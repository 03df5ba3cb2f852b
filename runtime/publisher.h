/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The publishers of a job: one for each of its sinks that deliver exactly once. They bring what
 * these sinks have written between two barriers, the outboxes, to where everybody sees it, as soon
 * as the epoch is sealed; and at the start they see to it that this has happened, once, for the
 * epoch that the job goes on from.
 *
 * An epoch counts as published when all sinks have been. A process that ends between two of them
 * leaves nothing behind that is wrong: each is recovered by itself, and knows what it has done.
 */
#ifndef WEIR_RUNTIME_PUBLISHER_H
#define WEIR_RUNTIME_PUBLISHER_H

#include "operators/plan.h"
#include "runtime/epochs.h"

struct wr_publishers;

struct wr_publishers_options {
  const struct wr_plan *plan;     /* kept alive by the caller */
  const char *job;                /* 16 hex digits; lent */
  const struct wr_snapshot *from; /* lent; NULL: the job begins at its beginning */
  bool allow_duplicates, allow_gap;
  const char *state_dir; /* for messages */
  void (*note)(void *self, const char *message);
  void *note_self;
};

/* Whether some sink of a job with a state directory delivers exactly once. */
bool wr_publishers_are_wanted(const struct wr_plan *plan);
/* Whether some sink's options ask for exactly once in so many words. */
bool wr_publishers_are_asked(const struct wr_plan *plan);
/* Without a state directory that is refused. */
enum wr_code wr_publishers_check(const struct wr_plan *plan, bool durable, struct wr_error *err);

/* Opens the publishers and has each recover, in the order of the plan. No writer may be open yet.
 * Rows that the snapshot has for a sink that is not there any more are refused unless allow_gap. */
enum wr_code wr_publishers_open(const struct wr_publishers_options *options,
                                struct wr_publishers **out, struct wr_error *err);
/* Cancelled or at rest. */
void wr_publishers_free(struct wr_publishers *publishers);

/* How a SINK node is called among those of the job: the name of its table, or with "-2" and so on;
 * NULL: it does not deliver exactly once. Kept by the publishers. */
const char *wr_publishers_sink(const struct wr_publishers *publishers, uint32_t node);
/* The node key of its outboxes. */
const char *wr_publishers_key(const struct wr_publishers *publishers, uint32_t node);
uint32_t wr_publishers_count(const struct wr_publishers *publishers);

/* For wr_epochs_options: self is the publishers. Every sink is told of every epoch, also if it has
 * no outbox in it. */
enum wr_code wr_publishers_publish(void *self, uint64_t epoch, const struct wr_outbox *outboxes,
                                   uint32_t count, struct wr_error *err);
/* Any thread, also while they publish: this and whatever comes later returns soon, with WR_STOPPED.
 */
void wr_publishers_cancel(struct wr_publishers *publishers);

#endif
