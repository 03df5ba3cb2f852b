/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Epochs: collects what the tasks save at a barrier, and seals it in the store when the last one
 * has answered. A task that has ended leaves its last parts, which count for every later epoch. At
 * most one epoch is under way.
 *
 *   manifest:  format | epoch | part count | (node key, task)...          part name: "<node
 * key>/<task>"
 */
#ifndef WEIR_RUNTIME_EPOCHS_H
#define WEIR_RUNTIME_EPOCHS_H

#include <stdatomic.h>

#include "state/store.h"

struct wr_epochs;

/* store may be NULL: epochs complete (sinks settled, positions final) but nothing is kept. */
struct wr_epochs *wr_epochs_new(struct wr_store *store, uint32_t task_count, uint64_t first_epoch);
void wr_epochs_free(struct wr_epochs *epochs);

/* Begins the next epoch unless one is under way; returns its number, or 0. Sources see it in
 * wr_epochs_wanted. */
uint64_t wr_epochs_begin(struct wr_epochs *epochs);
uint64_t wr_epochs_wanted(const struct wr_epochs *epochs);
/* The newest epoch that is complete; 0: none. */
uint64_t wr_epochs_complete(const struct wr_epochs *epochs);

/* One part of a task; the writer's bytes are copied. It stands for this and later epochs until a
 * newer one comes. */
void wr_epochs_put(struct wr_epochs *epochs, uint64_t epoch, const char *node_key, uint32_t copy,
                   const struct wr_part_writer *part);

enum wr_answer {
  WR_ANSWER_SAVED,  /* the task has put its parts for this epoch */
  WR_ANSWER_ENDED,  /* it has come to its end before this epoch and its last parts stand for all
                       later ones */
  WR_ANSWER_STOPPED /* it was stopped before this epoch, which can therefore never be complete */
};
/* What a task says of an epoch; seals it when that was the last answer. ENDED and STOPPED name the
 * first epoch that the task has not answered. */
enum wr_code wr_epochs_answer(struct wr_epochs *epochs, uint64_t epoch, enum wr_answer answer,
                              struct wr_error *err);

/* Calls each(self, part) for every saved part of a node in the newest sealed epoch of a store;
 * returns its first failure. */
enum wr_code wr_epochs_restore(struct wr_store *store, const char *node_key,
                               enum wr_code (*each)(void *self, struct wr_part_reader *part,
                                                    struct wr_error *err),
                               void *self, struct wr_error *err);

#endif
