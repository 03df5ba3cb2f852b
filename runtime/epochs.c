/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The course of epochs. One lock guards everything; it is held for a few pointers at a time.
 *
 *   IDLE --begin--> COLLECTING --last answer--> WRITING --published or failed--> IDLE
 *                       |                          |--cannot be published--> DEAD
 *                       |--a task was stopped or has failed--> DEAD
 */
#include "runtime/epochs.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/time.h"
#include "runtime/epochs_inner.h"

void wr_epochs_note(const struct wr_epochs *epochs, const char *message)
{
  if (epochs->options.note)
    epochs->options.note(epochs->options.note_self, message);
}

/* The lock is held. */
static bool epochs_is_under_way(const struct wr_epochs *epochs)
{
  return epochs->phase == WR_EPOCHS_COLLECTING || epochs->phase == WR_EPOCHS_WRITING;
}

/* The lock is held; all tasks have ended: what they have left is to be the last epoch. */
static void epochs_seal_end(struct wr_epochs *epochs)
{
  if (!epochs->options.seal_end || !epochs->has_writer || epochs->phase != WR_EPOCHS_IDLE ||
      epochs->ended_count < epochs->options.task_count || epochs->stopped_from != UINT64_MAX ||
      epochs->last_done)
    return;
  epochs->last_done = epochs->is_last = true;
  epochs->began_us = epochs->collected_us = wr_monotonic_us();
  epochs->phase = WR_EPOCHS_WRITING;
}

void wr_epochs_end_one(struct wr_epochs *epochs)
{
  epochs->next++;
  epochs->timeouts = 0;
  epochs->has_failed = false;
  epochs->phase = epochs->fate.code == WR_OK ? WR_EPOCHS_IDLE : WR_EPOCHS_DEAD;
  epochs_seal_end(epochs);
  pthread_cond_broadcast(&epochs->changed);
}

/* ---- life */

static enum wr_code epochs_start_writer(struct wr_epochs *epochs, struct wr_error *err)
{
  sigset_t all, old; /* threads leave signals to the one that started the job */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  epochs->has_writer = pthread_create(&epochs->writer, NULL, wr_epochs_writer, epochs) == 0;
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (!epochs->has_writer)
    return wr_fail(err, WR_IO, "no thread can be started for writing epochs");
  return WR_OK;
}

enum wr_code wr_epochs_new(const struct wr_epochs_options *options, struct wr_epochs **out,
                           struct wr_error *err)
{
  struct wr_epochs *epochs = wr_memory_get_zero(sizeof *epochs);
  assert(options->task_count > 0 && options->first_epoch > 0);
  epochs->options = *options;
  epochs->options.description = NULL; /* lent */
  assert(options->store || !options->publish);
  epochs->description = wr_memory_get(options->description_length + 1);
  if (options->description_length)
    memcpy(epochs->description, options->description, options->description_length);
  epochs->last_piece = &epochs->first_piece;
  epochs->next = options->first_epoch;
  epochs->stopped_from = UINT64_MAX;
  atomic_init(&epochs->wanted, options->first_epoch - 1);
  atomic_init(&epochs->complete, 0);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&epochs->lock, NULL);
  pthread_cond_init(&epochs->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  enum wr_code code = options->store ? epochs_start_writer(epochs, err) : WR_OK;
  if (code != WR_OK)
    wr_epochs_free(epochs);
  else
    *out = epochs;
  return code;
}

void wr_epochs_free(struct wr_epochs *epochs)
{
  if (epochs->has_writer) {
    pthread_mutex_lock(&epochs->lock);
    epochs->quit = true;
    pthread_cond_broadcast(&epochs->changed);
    pthread_mutex_unlock(&epochs->lock);
    pthread_join(epochs->writer, NULL);
  }
  wr_epochs_parts_free(epochs);
  free(epochs->description);
  pthread_cond_destroy(&epochs->changed);
  pthread_mutex_destroy(&epochs->lock);
  free(epochs);
}

/* ---- the course of an epoch */

uint64_t wr_epochs_wanted(const struct wr_epochs *epochs)
{
  return atomic_load(&epochs->wanted);
}

uint64_t wr_epochs_complete(const struct wr_epochs *epochs)
{
  return atomic_load(&epochs->complete);
}

uint64_t wr_epochs_waiting_bytes(const struct wr_epochs *epochs)
{
  return atomic_load(&epochs->waiting_bytes);
}

uint64_t wr_epochs_outbox_bytes(const struct wr_epochs *epochs)
{
  return atomic_load(&epochs->outbox_bytes);
}

uint64_t wr_epochs_begin(struct wr_epochs *epochs)
{
  uint64_t epoch = 0;
  pthread_mutex_lock(&epochs->lock);
  if (epochs_is_under_way(epochs)) {
    epochs->statistics.skipped++;
  } else if (epochs->phase == WR_EPOCHS_IDLE && epochs->next < epochs->stopped_from &&
             epochs->ended_count < epochs->options.task_count) {
    epoch = epochs->next;
    epochs->answered_count = epochs->ended_count;
    epochs->began_us = wr_monotonic_us();
    epochs->phase = WR_EPOCHS_COLLECTING;
    atomic_store(&epochs->wanted, epoch);
  }
  pthread_mutex_unlock(&epochs->lock);
  return epoch;
}

/* The lock is held: an epoch that is being collected can never be complete, nor any later one. */
static void epochs_end_collecting(struct wr_epochs *epochs)
{
  if (epochs->phase != WR_EPOCHS_COLLECTING)
    return;
  epochs->phase = WR_EPOCHS_DEAD;
  pthread_cond_broadcast(&epochs->changed);
}

void wr_epochs_give_up(struct wr_epochs *epochs)
{
  pthread_mutex_lock(&epochs->lock);
  epochs->stopped_from = 0;
  epochs_end_collecting(epochs);
  pthread_mutex_unlock(&epochs->lock);
}

/* The lock is held: all tasks have answered. */
static void epochs_collected(struct wr_epochs *epochs)
{
  epochs->collected_us = wr_monotonic_us();
  if (epochs->has_writer) {
    epochs->phase = WR_EPOCHS_WRITING;
  } else {
    epochs->statistics.sealed++;
    epochs->statistics.collect_us = epochs->collected_us - epochs->began_us;
    epochs->statistics.failures_in_row = 0;
    atomic_store(&epochs->complete, epochs->next);
    wr_epochs_end_one(epochs);
  }
  pthread_cond_broadcast(&epochs->changed);
}

void wr_epochs_answer(struct wr_epochs *epochs, uint64_t epoch, enum wr_answer answer)
{
  pthread_mutex_lock(&epochs->lock);
  assert(answer != WR_ANSWER_SAVED || epochs->phase == WR_EPOCHS_DEAD ||
         (epochs->phase == WR_EPOCHS_COLLECTING && epoch == epochs->next));
  if (answer != WR_ANSWER_SAVED) {
    epochs->ended_count++;
    assert(epochs->ended_count <= epochs->options.task_count);
  }
  if (answer == WR_ANSWER_STOPPED && epoch < epochs->stopped_from)
    epochs->stopped_from = epoch;
  if (epochs->next >= epochs->stopped_from)
    epochs_end_collecting(epochs);
  if (epochs->phase == WR_EPOCHS_COLLECTING && epoch == epochs->next &&
      ++epochs->answered_count == epochs->options.task_count)
    epochs_collected(epochs);
  if (answer == WR_ANSWER_ENDED) {
    epochs_seal_end(epochs);
    pthread_cond_broadcast(&epochs->changed);
  }
  pthread_mutex_unlock(&epochs->lock);
}

bool wr_epochs_wait(struct wr_epochs *epochs, int64_t deadline_us)
{
  struct timespec deadline = {deadline_us / WR_US_PER_SECOND,
                              deadline_us % WR_US_PER_SECOND * 1000};
  pthread_mutex_lock(&epochs->lock);
  while (epochs_is_under_way(epochs) && wr_monotonic_us() < deadline_us)
    pthread_cond_timedwait(&epochs->changed, &epochs->lock, &deadline);
  bool done = !epochs_is_under_way(epochs);
  pthread_mutex_unlock(&epochs->lock);
  return done;
}

/* The lock is held. An epoch that is collected for too long is a failure, but it goes on: its tasks
 * wait for something, and a new barrier would wait for the same. message: what to tell. */
static void epochs_look_at_clock(struct wr_epochs *epochs, char *message)
{
  const struct wr_epochs_options *options = &epochs->options;
  struct wr_epochs_statistics *statistics = &epochs->statistics;
  if (options->timeout_us == 0 || epochs->phase != WR_EPOCHS_COLLECTING)
    return;
  int64_t waited_us = wr_monotonic_us() - epochs->began_us;
  if (waited_us / options->timeout_us <= epochs->timeouts)
    return;
  epochs->timeouts++;
  epochs->is_late = true;
  statistics->failures_in_row++;
  uint32_t left = options->task_count - epochs->answered_count;
  snprintf(statistics->failure, sizeof statistics->failure,
           "epoch %llu is not complete after %.1f s: %u of %u tasks %s not answered",
           (unsigned long long)epochs->next, (double)waited_us / WR_US_PER_SECOND, left,
           options->task_count, left == 1 ? "has" : "have");
  if (epochs->timeouts > 1)
    return;
  statistics->failed++;
  if (statistics->failures_in_row <= options->failures_tolerated)
    snprintf(message, WR_EPOCHS_NOTE_BYTES,
             "%s; it is waited for (failure %u in a row, %u are tolerated)", statistics->failure,
             statistics->failures_in_row, options->failures_tolerated);
}

enum wr_code wr_epochs_check(struct wr_epochs *epochs, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  char message[WR_EPOCHS_NOTE_BYTES] = "";
  pthread_mutex_lock(&epochs->lock);
  epochs_look_at_clock(epochs, message);
  const struct wr_epochs_statistics *statistics = &epochs->statistics;
  if (epochs->fate.code != WR_OK) {
    *err = epochs->fate;
    code = err->code;
  } else if (epochs->last_failed) {
    code = wr_fail(err, WR_IO, "the end of the job could not be kept: %s", statistics->failure);
  } else if (statistics->failures_in_row > epochs->options.failures_tolerated) {
    code = wr_fail(err, WR_IO,
                   epochs->is_late ? "epochs have failed %u times in a row: %s"
                                   : "%u epochs in a row could not be kept: %s",
                   statistics->failures_in_row, statistics->failure);
    err->retry = epochs->is_late;
  }
  pthread_mutex_unlock(&epochs->lock);
  if (message[0])
    wr_epochs_note(epochs, message);
  return code;
}

void wr_epochs_statistics(struct wr_epochs *epochs, struct wr_epochs_statistics *out)
{
  pthread_mutex_lock(&epochs->lock);
  *out = epochs->statistics;
  out->complete = atomic_load(&epochs->complete);
  out->waiting_bytes = atomic_load(&epochs->waiting_bytes);
  out->is_under_way = epochs_is_under_way(epochs);
  if (out->is_under_way)
    out->under_way_us = wr_monotonic_us() - epochs->began_us;
  pthread_mutex_unlock(&epochs->lock);
}
