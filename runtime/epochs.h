/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Epochs: collects what the tasks save at a barrier. A thread of its own writes the parts into the
 * store, large ones while they are still being saved, seals them when the last task has answered,
 * and has what sinks deliver exactly once published; so no task ever waits for a disk. At most one
 * epoch is under way: collected, being written, or published. A task that has ended leaves its last
 * parts, which count for every later epoch; they are written once and then kept by name, and so are
 * parts that a later one builds upon. A failed write is told, the epoch forgotten, and the next one
 * tries again.
 */
#ifndef WEIR_RUNTIME_EPOCHS_H
#define WEIR_RUNTIME_EPOCHS_H

#include "runtime/snapshot.h"
#include "state/store.h"

#define WR_EPOCHS_FAILURES_TOLERATED 10

struct wr_epochs;

struct wr_epochs_options {
  struct wr_store *store; /* belongs to the writer thread until wr_epochs_free; NULL: epochs
                             complete (sinks settled, positions final) but nothing is kept */
  uint32_t task_count;
  uint64_t first_epoch;    /* newer than all in the store */
  const void *description; /* kept with every epoch, for whoever compares plans; copied */
  size_t description_length;
  bool seal_end; /* when all tasks have ended (none was stopped), what they left becomes a last
                    epoch */
  uint32_t failures_tolerated; /* writes in a row that may fail before wr_epochs_check fails */
  /* An epoch that is still being collected after so long counts as a failure, and again after each
   * further time; it may still become complete, which ends the row. 0: it may take any time. Looked
   * at by wr_epochs_check. */
  int64_t timeout_us;
  uint64_t previous; /* the newest sealed epoch of the life before this one, as published by all
                        sinks; 0: none */
  /* Brings the outboxes of an epoch to where everybody sees them, after it was sealed and before it
   * is complete; none begins meanwhile. In the order of node keys and copies. Called by the writer
   * thread; a failure is final: wr_epochs_check fails with it. NULL: no sink has one. */
  enum wr_code (*publish)(void *self, uint64_t epoch, const struct wr_outbox *outboxes,
                          uint32_t count, struct wr_error *err);
  void *publish_self;
  /* Puts what belongs to an epoch and is no task's. Called by the writer thread when all tasks have
   * answered. NULL: nothing is. */
  void (*add)(void *self, struct wr_epochs *epochs, uint64_t epoch);
  void *add_self;
  void (*note)(void *self, const char *message); /* tells the user; any thread; may be NULL */
  void *note_self;
};

/* Fails only if the thread cannot be started. */
enum wr_code wr_epochs_new(const struct wr_epochs_options *options, struct wr_epochs **out,
                           struct wr_error *err);
/* Waits until an epoch that all tasks have answered is written. */
void wr_epochs_free(struct wr_epochs *epochs);

/* Begins the next epoch unless one is under way (then it is skipped) or none can be complete any
 * more; returns its number, or 0. Sources see it in wr_epochs_wanted. */
uint64_t wr_epochs_begin(struct wr_epochs *epochs);
uint64_t wr_epochs_wanted(const struct wr_epochs *epochs);
/* The newest epoch that is complete, that is sealed if there is a store; 0: none. */
uint64_t wr_epochs_complete(const struct wr_epochs *epochs);
/* Waits until no epoch is under way; false: there still is one at the deadline (wr_monotonic_us).
 * An epoch that can never be complete, because a task was stopped or has failed, is not under way.
 */
bool wr_epochs_wait(struct wr_epochs *epochs, int64_t deadline_us);
/* A task has failed: an epoch that is still being collected is given up, and none begins any more.
 */
void wr_epochs_give_up(struct wr_epochs *epochs);
/* Fails with the reason when more writes in a row have failed than are tolerated. */
enum wr_code wr_epochs_check(struct wr_epochs *epochs, struct wr_error *err);

/* One part of a task, which gives its bytes away: the writer is empty afterwards. It stands for
 * this epoch, and if the task ends behind it for later ones. It may be a delta iff the task has
 * answered the epoch that is wr_epochs_complete: then that one's part is needed as well. */
void wr_epochs_put(struct wr_epochs *epochs, uint64_t epoch, const char *node_key, uint32_t copy,
                   struct wr_part_writer *part);
/* The next bytes of a part that comes in pieces, given; wr_epochs_put brings the last ones. They
 * are on their way to the store before the epoch is collected, so this is for epochs that have
 * begun. If one fails, these bytes are gone: what a task leaves at its end comes in one piece. */
void wr_epochs_append(struct wr_epochs *epochs, uint64_t epoch, const char *node_key, uint32_t copy,
                      char *bytes, size_t length);
/* Bytes that wait for the store: whoever could save more goes slower if they are many. */
uint64_t wr_epochs_waiting_bytes(const struct wr_epochs *epochs);
/* Bytes of outboxes that are not published yet. */
uint64_t wr_epochs_outbox_bytes(const struct wr_epochs *epochs);
/* As wr_epochs_put, of what is to be published; it counts for this epoch only, or if that cannot be
 * written for the next one that can: then several of one copy are published, the oldest first. */
void wr_epochs_put_outbox(struct wr_epochs *epochs, uint64_t epoch, const char *node_key,
                          uint32_t copy, struct wr_part_writer *part);
/* As wr_epochs_put, but the bytes are copied. */
void wr_epochs_put_copy(struct wr_epochs *epochs, uint64_t epoch, const char *node_key,
                        uint32_t copy, const struct wr_part_writer *part);

enum wr_answer {
  WR_ANSWER_SAVED,  /* the task has put its parts for this epoch */
  WR_ANSWER_ENDED,  /* it has come to its end before this epoch and its last parts stand for all
                       later ones */
  WR_ANSWER_STOPPED /* it was stopped before this epoch, which can therefore never be complete */
};
/* What a task says of an epoch; hands it to the writer when that was the last answer. ENDED and
 * STOPPED name the first epoch that the task has not answered. */
void wr_epochs_answer(struct wr_epochs *epochs, uint64_t epoch, enum wr_answer answer);

/* For people: what has happened so far. */
struct wr_epochs_statistics {
  uint64_t complete;                /* as wr_epochs_complete */
  uint64_t sealed, failed, skipped; /* how many; skipped: one was still under way */
  uint64_t failed_epoch;            /* the last one that could not be kept; 0: none */
  uint32_t failures_in_row;
  /* Of the newest sealed one: of all its parts; of those that it has written; of the latter
   * complete ones, deltas and outboxes; of those that it has kept by name. */
  uint64_t bytes, own_bytes, full_bytes, delta_bytes, outbox_bytes, kept_bytes;
  uint64_t waiting_bytes;       /* as wr_epochs_waiting_bytes */
  int64_t collect_us, write_us; /* of it: from begin to the last answer; put and seal */
  int64_t publish_us;           /* of the newest one that was tried */
  int64_t sealed_us;            /* wall clock; 0: none yet */
  bool is_under_way;            /* one has begun and is not done with */
  int64_t under_way_us;         /* how long it has taken so far */
  char failure[768];            /* the last one; empty: none */
};
void wr_epochs_statistics(struct wr_epochs *epochs, struct wr_epochs_statistics *out);

#endif
