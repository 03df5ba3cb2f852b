/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One lock guards everything; it is held for a few pointers at a time. While an epoch is being
 * written, the writer thread reads the bytes of its parts without the lock: tasks only add parts of
 * later epochs meanwhile, and no second epoch begins.
 *
 *   IDLE --begin--> COLLECTING --last answer--> WRITING --sealed or failed--> IDLE
 *                       |--a task was stopped or has failed--> DEAD
 */
#include "runtime/epochs.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/time.h"
#include "runtime/snapshot_format.h"

enum epochs_phase { EPOCHS_IDLE, EPOCHS_COLLECTING, EPOCHS_WRITING, EPOCHS_DEAD };

struct epochs_part {
  struct epochs_part *older;
  uint64_t epoch;
  bool sealed; /* it is in the newest sealed epoch, and its bytes are gone */
  char *bytes;
  size_t length;
};

/* What one copy of a node has saved: its newest part, and before that those still needed. */
struct epochs_slot {
  char *node_key, *name; /* name: in the store */
  uint32_t copy;
  struct epochs_part *parts; /* newest first */
};

struct wr_epochs {
  struct wr_epochs_options options;
  char *description;
  pthread_mutex_t lock;
  pthread_cond_t changed; /* the phase, or quit */
  pthread_t writer;
  bool has_writer, quit;
  enum epochs_phase phase;
  struct epochs_slot **slots; /* sorted by key and copy */
  uint32_t slot_count;
  uint32_t ended_count, answered_count;
  uint64_t stopped_from; /* the least epoch that a stopped task has not answered */
  bool is_last;          /* of the epoch being written: all tasks have ended before it */
  bool last_done, last_failed;
  uint64_t next, sealed; /* the epoch under way, or the next one; the newest in the store */
  int64_t began_us, collected_us;
  struct wr_epochs_statistics statistics;
  _Atomic uint64_t wanted, complete;
};

/* ---- parts */

static char *epochs_copy(const void *bytes, size_t length)
{
  char *copy = wr_memory_get(length + 1);
  if (length)
    memcpy(copy, bytes, length);
  copy[length] = 0;
  return copy;
}

/* Frees this part and all older ones. */
static void epochs_free_parts(struct epochs_part *part)
{
  while (part) {
    struct epochs_part *older = part->older;
    free(part->bytes);
    free(part);
    part = older;
  }
}

static int slot_compare(const struct epochs_slot *slot, const char *node_key, uint32_t copy)
{
  if (slot->copy != copy)
    return slot->copy < copy ? -1 : 1;
  return strcmp(slot->node_key, node_key);
}

static struct epochs_slot *epochs_slot(struct wr_epochs *epochs, const char *node_key,
                                       uint32_t copy)
{
  uint32_t low = 0, high = epochs->slot_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = slot_compare(epochs->slots[middle], node_key, copy);
    if (order == 0)
      return epochs->slots[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  struct epochs_slot *slot = wr_memory_get_zero(sizeof *slot);
  slot->node_key = epochs_copy(node_key, strlen(node_key));
  slot->copy = copy;
  size_t room = strlen(node_key) + 16;
  slot->name = wr_memory_get(room);
  snprintf(slot->name, room, WR_SNAPSHOT_PART_NAME, node_key, copy);
  epochs->slots =
      wr_memory_resize(epochs->slots, (epochs->slot_count + 1) * sizeof(struct epochs_slot *));
  memmove(&epochs->slots[low + 1], &epochs->slots[low],
          (epochs->slot_count - low) * sizeof(struct epochs_slot *));
  epochs->slots[low] = slot;
  epochs->slot_count++;
  return slot;
}

/* The part that stands for an epoch; NULL: this slot came later. */
static struct epochs_part *slot_part(const struct epochs_slot *slot, uint64_t epoch)
{
  struct epochs_part *part = slot->parts;
  while (part && part->epoch > epoch)
    part = part->older;
  return part;
}

static void epochs_add(struct wr_epochs *epochs, uint64_t epoch, const char *node_key,
                       uint32_t copy, char *bytes, size_t length)
{
  struct epochs_part *part = wr_memory_get_zero(sizeof *part);
  part->epoch = epoch;
  part->bytes = bytes;
  part->length = length;
  pthread_mutex_lock(&epochs->lock);
  struct epochs_slot *slot = epochs_slot(epochs, node_key, copy);
  assert(!slot->parts || slot->parts->epoch < epoch);
  part->older = slot->parts;
  slot->parts = part;
  struct epochs_part *needed = slot_part(slot, epochs->next), *unneeded = NULL;
  if (needed) {
    unneeded = needed->older;
    needed->older = NULL;
  }
  pthread_mutex_unlock(&epochs->lock);
  epochs_free_parts(unneeded);
}

void wr_epochs_put(struct wr_epochs *epochs, uint64_t epoch, const char *node_key, uint32_t copy,
                   struct wr_part_writer *part)
{
  epochs_add(epochs, epoch, node_key, copy, part->bytes, part->length);
  *part = (struct wr_part_writer){0};
}

void wr_epochs_put_copy(struct wr_epochs *epochs, uint64_t epoch, const char *node_key,
                        uint32_t copy, const struct wr_part_writer *part)
{
  epochs_add(epochs, epoch, node_key, copy, epochs_copy(part->bytes, part->length), part->length);
}

/* ---- writing */

static void epochs_note(const struct wr_epochs *epochs, const char *message)
{
  if (epochs->options.note)
    epochs->options.note(epochs->options.note_self, message);
}

/* What is to be written, taken under the lock. */
struct epochs_write {
  uint64_t epoch;
  bool is_last;
  uint32_t count;
  struct {
    const struct epochs_slot *slot;
    struct epochs_part *part;
  } * items;
};

static void epochs_gather(const struct wr_epochs *epochs, struct epochs_write *write)
{
  *write = (struct epochs_write){.epoch = epochs->next, .is_last = epochs->is_last};
  write->items = wr_memory_get((epochs->slot_count + 1) * sizeof *write->items);
  for (uint32_t i = 0; i < epochs->slot_count; i++) {
    struct epochs_part *part = slot_part(epochs->slots[i], write->epoch);
    if (!part)
      continue;
    write->items[write->count].slot = epochs->slots[i];
    write->items[write->count++].part = part;
  }
}

static enum wr_code epochs_write(const struct wr_epochs *epochs, const struct epochs_write *write,
                                 struct wr_error *err)
{
  struct wr_store *store = epochs->options.store;
  struct wr_part_writer manifest = {0};
  enum wr_code code = WR_OK;
  wr_part_put_u64(&manifest, WR_SNAPSHOT_FORMAT);
  wr_part_put_u64(&manifest, write->epoch);
  wr_part_put_u64(&manifest, write->is_last);
  wr_part_put_bytes(&manifest, epochs->description, epochs->options.description_length);
  wr_part_put_u64(&manifest, write->count);
  for (uint32_t i = 0; code == WR_OK && i < write->count; i++) {
    const struct epochs_slot *slot = write->items[i].slot;
    const struct epochs_part *part = write->items[i].part;
    if (part->sealed)
      code = store->class->keep(store, write->epoch, slot->name, epochs->sealed, err);
    else
      code = store->class->put(store, write->epoch, slot->name, part->bytes, part->length, err);
    wr_part_put_bytes(&manifest, slot->node_key, strlen(slot->node_key));
    wr_part_put_u64(&manifest, slot->copy);
  }
  if (code == WR_OK)
    code = store->class->seal(store, write->epoch, manifest.bytes, manifest.length, err);
  if (code != WR_OK)
    store->class->abort(store, write->epoch);
  wr_part_writer_free(&manifest);
  return code;
}

/* The lock is held: what was written needs its bytes no longer. */
static void epochs_sealed(struct wr_epochs *epochs, const struct epochs_write *write)
{
  struct wr_epochs_statistics *statistics = &epochs->statistics;
  statistics->sealed++;
  statistics->failures_in_row = 0;
  statistics->bytes = statistics->own_bytes = 0;
  for (uint32_t i = 0; i < write->count; i++) {
    struct epochs_part *part = write->items[i].part;
    statistics->bytes += part->length;
    statistics->own_bytes += part->sealed ? 0 : part->length;
    free(part->bytes);
    part->bytes = NULL;
    part->sealed = true;
  }
  statistics->collect_us = epochs->collected_us - epochs->began_us;
  statistics->write_us = wr_monotonic_us() - epochs->collected_us;
  statistics->sealed_us = wr_now_us();
  epochs->sealed = write->epoch;
  atomic_store(&epochs->complete, write->epoch);
}

/* The lock is held. message: what to tell; empty if wr_epochs_check tells it. */
static void epochs_failed(struct wr_epochs *epochs, const struct epochs_write *write,
                          const struct wr_error *err, char *message, size_t room)
{
  struct wr_epochs_statistics *statistics = &epochs->statistics;
  statistics->failed++;
  statistics->failures_in_row++;
  epochs->last_failed = write->is_last;
  memcpy(statistics->failure, err->message, sizeof statistics->failure);
  if (!write->is_last && statistics->failures_in_row <= epochs->options.failures_tolerated)
    snprintf(message, room,
             "epoch %llu could not be kept: %s; the job goes on, and tries again with the next one "
             "(failure %u in a row, %u are tolerated)",
             (unsigned long long)write->epoch, err->message, statistics->failures_in_row,
             epochs->options.failures_tolerated);
}

/* The lock is held. */
static bool epochs_is_under_way(const struct wr_epochs *epochs)
{
  return epochs->phase == EPOCHS_COLLECTING || epochs->phase == EPOCHS_WRITING;
}

/* The lock is held; all tasks have ended: what they have left is to be the last epoch. */
static void epochs_seal_end(struct wr_epochs *epochs)
{
  if (!epochs->options.seal_end || !epochs->has_writer || epochs->phase != EPOCHS_IDLE ||
      epochs->ended_count < epochs->options.task_count || epochs->stopped_from != UINT64_MAX ||
      epochs->last_done)
    return;
  epochs->last_done = epochs->is_last = true;
  epochs->began_us = epochs->collected_us = wr_monotonic_us();
  epochs->phase = EPOCHS_WRITING;
}

/* The lock is held when it comes and when it goes. */
static void epochs_write_one(struct wr_epochs *epochs)
{
  struct epochs_write write;
  struct wr_error err;
  char message[sizeof err.message + 200] = "";
  wr_error_clear(&err);
  epochs_gather(epochs, &write);
  pthread_mutex_unlock(&epochs->lock);
  enum wr_code code = epochs_write(epochs, &write, &err);
  pthread_mutex_lock(&epochs->lock);
  uint32_t failures = epochs->statistics.failures_in_row;
  if (code != WR_OK)
    epochs_failed(epochs, &write, &err, message, sizeof message);
  else
    epochs_sealed(epochs, &write);
  if (code == WR_OK && failures)
    snprintf(message, sizeof message, "epoch %llu is kept, after %u that could not be",
             (unsigned long long)write.epoch, failures);
  free(write.items);
  if (message[0]) {
    pthread_mutex_unlock(&epochs->lock);
    epochs_note(epochs, message);
    pthread_mutex_lock(&epochs->lock);
  }
  epochs->next++;
  epochs->phase = EPOCHS_IDLE;
  epochs_seal_end(epochs);
  pthread_cond_broadcast(&epochs->changed);
}

static void *epochs_writer(void *argument)
{
  struct wr_epochs *epochs = argument;
  pthread_mutex_lock(&epochs->lock);
  while (epochs->phase == EPOCHS_WRITING || !epochs->quit) {
    if (epochs->phase == EPOCHS_WRITING)
      epochs_write_one(epochs);
    else
      pthread_cond_wait(&epochs->changed, &epochs->lock);
  }
  pthread_mutex_unlock(&epochs->lock);
  return NULL;
}

/* ---- life */

static enum wr_code epochs_start_writer(struct wr_epochs *epochs, struct wr_error *err)
{
  sigset_t all, old; /* threads leave signals to the one that started the job */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  epochs->has_writer = pthread_create(&epochs->writer, NULL, epochs_writer, epochs) == 0;
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
  epochs->description = epochs_copy(options->description, options->description_length);
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
  for (uint32_t i = 0; i < epochs->slot_count; i++) {
    struct epochs_slot *slot = epochs->slots[i];
    epochs_free_parts(slot->parts);
    free(slot->node_key);
    free(slot->name);
    free(slot);
  }
  free(epochs->slots);
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

uint64_t wr_epochs_begin(struct wr_epochs *epochs)
{
  uint64_t epoch = 0;
  pthread_mutex_lock(&epochs->lock);
  if (epochs_is_under_way(epochs)) {
    epochs->statistics.skipped++;
  } else if (epochs->phase == EPOCHS_IDLE && epochs->next < epochs->stopped_from &&
             epochs->ended_count < epochs->options.task_count) {
    epoch = epochs->next;
    epochs->answered_count = epochs->ended_count;
    epochs->began_us = wr_monotonic_us();
    epochs->phase = EPOCHS_COLLECTING;
    atomic_store(&epochs->wanted, epoch);
  }
  pthread_mutex_unlock(&epochs->lock);
  return epoch;
}

/* The lock is held: an epoch that is being collected can never be complete, nor any later one. */
static void epochs_end_collecting(struct wr_epochs *epochs)
{
  if (epochs->phase != EPOCHS_COLLECTING)
    return;
  epochs->phase = EPOCHS_DEAD;
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
    epochs->phase = EPOCHS_WRITING;
  } else {
    for (uint32_t i = 0; i < epochs->slot_count; i++) /* nobody wants them */
      for (struct epochs_part *part = slot_part(epochs->slots[i], epochs->next); part;
           part = part->older) {
        free(part->bytes);
        part->bytes = NULL;
      }
    epochs->statistics.sealed++;
    epochs->statistics.collect_us = epochs->collected_us - epochs->began_us;
    atomic_store(&epochs->complete, epochs->next);
    epochs->next++;
    epochs->phase = EPOCHS_IDLE;
  }
  pthread_cond_broadcast(&epochs->changed);
}

void wr_epochs_answer(struct wr_epochs *epochs, uint64_t epoch, enum wr_answer answer)
{
  pthread_mutex_lock(&epochs->lock);
  assert(answer != WR_ANSWER_SAVED || epochs->phase == EPOCHS_DEAD ||
         (epochs->phase == EPOCHS_COLLECTING && epoch == epochs->next));
  if (answer != WR_ANSWER_SAVED) {
    epochs->ended_count++;
    assert(epochs->ended_count <= epochs->options.task_count);
  }
  if (answer == WR_ANSWER_STOPPED && epoch < epochs->stopped_from)
    epochs->stopped_from = epoch;
  if (epochs->next >= epochs->stopped_from)
    epochs_end_collecting(epochs);
  if (epochs->phase == EPOCHS_COLLECTING && epoch == epochs->next &&
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

enum wr_code wr_epochs_check(struct wr_epochs *epochs, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  pthread_mutex_lock(&epochs->lock);
  const struct wr_epochs_statistics *statistics = &epochs->statistics;
  if (epochs->last_failed)
    code = wr_fail(err, WR_IO, "the end of the job could not be kept: %s", statistics->failure);
  else if (statistics->failures_in_row > epochs->options.failures_tolerated)
    code = wr_fail(err, WR_IO, "%u epochs in a row could not be kept: %s",
                   statistics->failures_in_row, statistics->failure);
  pthread_mutex_unlock(&epochs->lock);
  return code;
}

void wr_epochs_statistics(struct wr_epochs *epochs, struct wr_epochs_statistics *out)
{
  pthread_mutex_lock(&epochs->lock);
  *out = epochs->statistics;
  out->complete = atomic_load(&epochs->complete);
  if (epochs_is_under_way(epochs))
    out->under_way_us = wr_monotonic_us() - epochs->began_us;
  pthread_mutex_unlock(&epochs->lock);
}
