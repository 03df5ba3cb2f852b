/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Epochs: collects what the tasks save at a barrier; when the last one has answered, a thread of
 * its own writes the parts into the store and seals them, so that no task ever waits for a disk. At
 * most one epoch is under way: collected or being written. A task that has ended leaves its last
 * parts, which count for every later epoch; they are written once and then kept by name. A failed
 * write is told, the epoch forgotten, and the next one tries again.
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
 * this epoch, and if the task ends behind it for later ones. */
void wr_epochs_put(struct wr_epochs *epochs, uint64_t epoch, const char *node_key, uint32_t copy,
                   struct wr_part_writer *part);
/* The same, but the bytes are copied. */
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
  uint32_t failures_in_row;
  uint64_t bytes, own_bytes;    /* of the newest sealed one; without what is kept by name */
  int64_t collect_us, write_us; /* of it: from begin to the last answer; put and seal */
  int64_t sealed_us;            /* wall clock; 0: none yet */
  int64_t under_way_us;         /* how long the one under way has taken so far; 0: none is */
  char failure[768];            /* the last one; empty: none */
};
void wr_epochs_statistics(struct wr_epochs *epochs, struct wr_epochs_statistics *out);

#endif
