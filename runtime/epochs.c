/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/epochs.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPOCHS_MANIFEST_FORMAT 1
#define EPOCHS_NAME_BYTES      512

struct epochs_part {
  uint64_t epoch;
  char *node_key;
  uint32_t copy;
  char *bytes;
  size_t length;
  struct epochs_part *next;
};

struct wr_epochs {
  struct wr_store *store;
  pthread_mutex_t lock;
  uint32_t task_count, ended_count, answered_count;
  struct epochs_part *parts; /* the newest ones of every task, and those of the epoch under way */
  bool abandoned;            /* a task was stopped: no later epoch can be complete */
  uint64_t next;
  _Atomic uint64_t wanted, complete;
};

struct wr_epochs *wr_epochs_new(struct wr_store *store, uint32_t task_count, uint64_t first_epoch)
{
  struct wr_epochs *epochs = wr_memory_get_zero(sizeof *epochs);
  epochs->store = store;
  epochs->task_count = task_count;
  epochs->next = first_epoch;
  atomic_init(&epochs->wanted, first_epoch - 1);
  atomic_init(&epochs->complete, 0);
  pthread_mutex_init(&epochs->lock, NULL);
  return epochs;
}

static char *epochs_copy(const char *bytes, size_t length)
{
  char *copy = wr_memory_get(length + 1);
  if (length)
    memcpy(copy, bytes, length);
  return copy;
}

static void epochs_free_part(struct epochs_part *part)
{
  free(part->node_key);
  free(part->bytes);
  free(part);
}

void wr_epochs_free(struct wr_epochs *epochs)
{
  while (epochs->parts) {
    struct epochs_part *part = epochs->parts;
    epochs->parts = part->next;
    epochs_free_part(part);
  }
  pthread_mutex_destroy(&epochs->lock);
  free(epochs);
}

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
  bool under_way = atomic_load(&epochs->wanted) >= epochs->next;
  if (!under_way && !epochs->abandoned && epochs->ended_count < epochs->task_count) {
    epoch = epochs->next;
    epochs->answered_count = epochs->ended_count;
    atomic_store(&epochs->wanted, epoch);
  }
  pthread_mutex_unlock(&epochs->lock);
  return epoch;
}

void wr_epochs_put(struct wr_epochs *epochs, uint64_t epoch, const char *node_key, uint32_t copy,
                   const struct wr_part_writer *part)
{
  struct epochs_part *kept = wr_memory_get_zero(sizeof *kept);
  *kept = (struct epochs_part){epoch,        epochs_copy(node_key, strlen(node_key) + 1),
                               copy,         epochs_copy(part->bytes, part->length),
                               part->length, NULL};
  pthread_mutex_lock(&epochs->lock);
  kept->next = epochs->parts;
  epochs->parts = kept;
  pthread_mutex_unlock(&epochs->lock);
}

/* Some other part of the same copy is newer, and not too new for the epoch. */
static bool epochs_is_superseded(const struct wr_epochs *epochs, const struct epochs_part *part,
                                 uint64_t epoch)
{
  for (const struct epochs_part *other = epochs->parts; other; other = other->next)
    if (other->copy == part->copy && other->epoch > part->epoch && other->epoch <= epoch &&
        strcmp(other->node_key, part->node_key) == 0)
      return true;
  return false;
}

/* Leaves exactly the parts that stand for the epoch, and newer ones. */
static void epochs_drop_superseded(struct wr_epochs *epochs, uint64_t epoch)
{
  for (struct epochs_part **at = &epochs->parts; *at;) {
    struct epochs_part *part = *at;
    if (epochs_is_superseded(epochs, part, epoch)) {
      *at = part->next;
      epochs_free_part(part);
    } else {
      at = &part->next;
    }
  }
}

static enum wr_code epochs_seal(struct wr_epochs *epochs, uint64_t epoch, struct wr_error *err)
{
  struct wr_part_writer manifest = {0};
  enum wr_code code = WR_OK;
  uint64_t count = 0;
  epochs_drop_superseded(epochs, epoch);
  if (!epochs->store)
    return WR_OK;
  for (struct epochs_part *part = epochs->parts; part; part = part->next)
    count += part->epoch <= epoch;
  wr_part_put_u64(&manifest, EPOCHS_MANIFEST_FORMAT);
  wr_part_put_u64(&manifest, epoch);
  wr_part_put_u64(&manifest, count);
  for (struct epochs_part *part = epochs->parts; part && code == WR_OK; part = part->next) {
    if (part->epoch > epoch)
      continue;
    char name[EPOCHS_NAME_BYTES];
    snprintf(name, sizeof name, "%s/%u", part->node_key, part->copy);
    code = epochs->store->class->put(epochs->store, epoch, name, part->bytes, part->length, err);
    wr_part_put_bytes(&manifest, part->node_key, strlen(part->node_key));
    wr_part_put_u64(&manifest, part->copy);
  }
  if (code == WR_OK)
    code = epochs->store->class->seal(epochs->store, epoch, manifest.bytes, manifest.length, err);
  wr_part_writer_free(&manifest);
  return code;
}

enum wr_code wr_epochs_answer(struct wr_epochs *epochs, uint64_t epoch, enum wr_answer answer,
                              struct wr_error *err)
{
  enum wr_code code = WR_OK;
  pthread_mutex_lock(&epochs->lock);
  bool under_way = atomic_load(&epochs->wanted) == epochs->next;
  bool counts =
      under_way && epoch == epochs->next; /* not if it has answered this one before it ended */
  assert(answer != WR_ANSWER_SAVED || counts);
  if (answer != WR_ANSWER_SAVED)
    epochs->ended_count++;
  if (answer == WR_ANSWER_STOPPED && (counts || !under_way))
    epochs->abandoned = true;
  epochs->answered_count += counts;
  if (under_way && epochs->answered_count == epochs->task_count && !epochs->abandoned) {
    code = epochs_seal(epochs, epochs->next, err);
    if (code == WR_OK)
      atomic_store(&epochs->complete, epochs->next);
    epochs->next++;
  }
  pthread_mutex_unlock(&epochs->lock);
  return code;
}

enum wr_code wr_epochs_restore(struct wr_store *store, const char *node_key,
                               enum wr_code (*each)(void *self, struct wr_part_reader *part,
                                                    struct wr_error *err),
                               void *self, struct wr_error *err)
{
  uint64_t epoch, format, count;
  if (!store || !store->class->latest(store, &epoch))
    return WR_OK;
  const void *bytes;
  struct wr_part_reader manifest = {0};
  enum wr_code code = store->class->get(store, epoch, NULL, &bytes, &manifest.length, err);
  manifest.bytes = bytes;
  if (code == WR_OK)
    code = wr_part_get_u64(&manifest, &format, err);
  if (code == WR_OK && format != EPOCHS_MANIFEST_FORMAT)
    code = wr_fail(err, WR_DATA, "the snapshot has format %llu, this version reads format %d",
                   (unsigned long long)format, EPOCHS_MANIFEST_FORMAT);
  if (code == WR_OK)
    code = wr_part_get_u64(&manifest, &epoch, err);
  if (code == WR_OK)
    code = wr_part_get_u64(&manifest, &count, err);
  for (uint64_t i = 0; code == WR_OK && i < count; i++) {
    const char *key;
    size_t key_length;
    uint64_t copy;
    char name[EPOCHS_NAME_BYTES];
    code = wr_part_get_bytes(&manifest, &key, &key_length, err);
    if (code == WR_OK)
      code = wr_part_get_u64(&manifest, &copy, err);
    if (code != WR_OK || key_length != strlen(node_key) || memcmp(key, node_key, key_length) != 0)
      continue;
    struct wr_part_reader part = {0};
    snprintf(name, sizeof name, "%s/%llu", node_key, (unsigned long long)copy);
    code = store->class->get(store, epoch, name, &bytes, &part.length, err);
    part.bytes = bytes;
    if (code == WR_OK)
      code = each(self, &part, err);
  }
  return code;
}
