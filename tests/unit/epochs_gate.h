/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of epochs: a store in memory that fails and waits as told, and counts; what tasks of a
 * job say, in which every part is a text; and what was told to people.
 */
#ifndef WEIR_TESTS_UNIT_EPOCHS_GATE_H
#define WEIR_TESTS_UNIT_EPOCHS_GATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/epochs.h"

struct gate {
  struct wr_store store;
  struct wr_store *inner;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool is_shut; /* seal waits until it is opened */
  bool is_waiting;
  _Atomic uint32_t failures_left, append_failures_left;
  _Atomic uint32_t appends, puts, keeps, aborts;
};

void gate_open(struct gate *gate);
void gate_close(struct gate *gate);
void gate_shut(struct gate *gate, bool is_shut);
/* Until somebody waits at it. */
void gate_await(struct gate *gate);

struct wr_epochs *epochs_open(struct wr_epochs_options options);
/* Until nothing is under way; false: not within a minute. */
bool epochs_await(struct wr_epochs *epochs);
void epoch_put(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text);
void epoch_save(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text);
/* epoch: the first one that was not answered. */
void epoch_end(struct wr_epochs *epochs, uint64_t epoch, uint32_t copy, const char *text);
/* The newest epoch of a store, and what its parts contain. */
void epoch_check_kept(struct gate *gate, uint64_t epoch, bool ended, const char *expected);

struct notes {
  pthread_mutex_t lock;
  uint32_t count;
  char last[1024];
};

/* For wr_epochs_options.note; self: the notes. */
void notes_put(void *self, const char *message);

#endif
