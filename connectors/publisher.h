/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly once (spec.job is set). What writers take lies in their outbox until the epoch is sealed
 * that contains it; only then a publisher, one per sink, brings it to where others see it. So an
 * epoch that is sealed is never taken back, and what it needs to be published lies inside it.
 *
 *   open(publisher) -> recover(the epoch the job goes on from) -> open(writers) -> ...
 *   write ... outbox(epoch) ... settled(epoch) -> the epoch is sealed -> publish(epoch) -> ...
 */
#ifndef WEIR_CONNECTORS_PUBLISHER_H
#define WEIR_CONNECTORS_PUBLISHER_H

#include "connectors/connector.h"

/* What is known at the start of a job. */
struct wr_recovery {
  uint64_t epoch; /* the one it goes on from; 0: it begins anew */
  uint64_t
      previous; /* the one before, which had been published when this one was sealed; 0: none */
  const struct wr_slice
      *outboxes; /* of this sink's writers in the epoch, as outbox made them; lent */
  uint32_t outbox_count;
  bool is_published;     /* it is known that the epoch has been published */
  bool allow_duplicates; /* the user accepts that rows come twice */
  bool allow_gap;        /* the user accepts that rows are missing */
  const char *state_dir; /* for messages */
};

struct wr_publisher {
  const struct wr_publisher_class *class;
};

struct wr_publisher_class {
  /* Keeps out earlier lives of the job that are not dead yet. spec is copied as far as needed. */
  enum wr_code (*open)(const struct wr_table_spec *spec, struct wr_publisher **out,
                       struct wr_error *err);
  /* Publishes the epoch if that has not happened yet, and removes what came behind it. If it cannot
   * be known whether it has, or more was published than the job knows of: refused with WR_DATA and
   * a hint that names the flag, --allow-duplicates or --allow-gap, unless it is given. */
  enum wr_code (*recover)(struct wr_publisher *publisher, const struct wr_recovery *recovery,
                          struct wr_error *err);
  /* All or nothing. Waits for the other side as long as there is hope; told through spec.note. */
  enum wr_code (*publish)(struct wr_publisher *publisher, uint64_t epoch,
                          const struct wr_slice *outboxes, uint32_t outbox_count,
                          struct wr_error *err);
  /* Any thread: recover and publish return soon, with WR_STOPPED. */
  void (*cancel)(struct wr_publisher *publisher);
  void (*close)(struct wr_publisher *publisher);
};

#endif
