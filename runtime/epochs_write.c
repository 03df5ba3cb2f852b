/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that writes. While an epoch is being collected it brings the pieces of its parts into
 * the store as they come, when all tasks have answered the rest, then seals and publishes it. The
 * lock is not held meanwhile: tasks only add parts of later epochs, and no second epoch begins.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "runtime/epochs_inner.h"
#include "runtime/snapshot_format.h"

/* In the store; to be freed. */
static char *part_name(const struct wr_epochs_part *part)
{
  const struct wr_epochs_slot *slot = part->slot;
  size_t room = strlen(slot->node_key) + 48;
  char *name = wr_memory_get(room);
  if (slot->is_outbox)
    snprintf(name, room, WR_SNAPSHOT_OUTBOX_OF_EPOCH, slot->node_key, slot->copy,
             (unsigned long long)part->epoch);
  else
    snprintf(name, room, WR_SNAPSHOT_PART_OF_EPOCH, slot->node_key, slot->copy,
             (unsigned long long)part->epoch);
  return name;
}

/* ---- pieces */

/* The lock is held: forgets what the store has of the epoch under way. */
static void write_abort(struct wr_epochs *epochs)
{
  struct wr_store *store = epochs->options.store;
  if (!epochs->has_begun)
    return;
  epochs->has_begun = false;
  pthread_mutex_unlock(&epochs->lock);
  store->class->abort(store, epochs->next);
  pthread_mutex_lock(&epochs->lock);
}

/* The lock is held when it comes and when it goes. */
static void write_piece(struct wr_epochs *epochs)
{
  struct wr_store *store = epochs->options.store;
  struct wr_epochs_piece *piece = epochs->first_piece;
  struct wr_error err;
  epochs->first_piece = piece->next;
  if (!epochs->first_piece)
    epochs->last_piece = &epochs->first_piece;
  char *name = part_name(piece->part);
  uint64_t epoch = piece->part->epoch;
  assert(epoch == epochs->next);
  epochs->has_begun = true;
  pthread_mutex_unlock(&epochs->lock);
  wr_error_clear(&err);
  enum wr_code code = store->class->append(store, epoch, name, piece->bytes, piece->length, &err);
  free(name);
  pthread_mutex_lock(&epochs->lock);
  wr_epochs_piece_free(epochs, piece);
  if (code == WR_OK)
    return;
  epochs->has_failed = true;
  epochs->why = err;
  wr_epochs_drop_pieces(epochs);
  write_abort(epochs);
}

/* ---- an epoch */

/* What is to be written, taken under the lock. */
struct write {
  uint64_t epoch, previous;
  bool is_last;
  struct wr_epochs_part **parts;
  uint32_t part_count;
};

static enum wr_code write_part(struct wr_epochs *epochs, const struct write *write,
                               const struct wr_epochs_part *part, struct wr_part_writer *manifest,
                               struct wr_error *err)
{
  struct wr_store *store = epochs->options.store;
  const struct wr_epochs_slot *slot = part->slot;
  char *name = part_name(part);
  enum wr_code code;
  assert(part->is_whole);
  if (part->is_sealed)
    code = store->class->keep(store, write->epoch, name, write->previous, err);
  else
    code = store->class->put(store, write->epoch, name, part->bytes, part->length, err);
  free(name);
  wr_part_put_bytes(manifest, slot->node_key, strlen(slot->node_key));
  wr_part_put_u64(manifest, slot->copy);
  wr_part_put_u64(manifest, part->epoch);
  wr_part_put_u64(manifest, (part->is_delta ? WR_SNAPSHOT_DELTA : 0) |
                                (slot->is_outbox ? WR_SNAPSHOT_OUTBOX : 0));
  wr_part_put_u64(manifest, part->tables_at);
  wr_part_put_u64(manifest, part->keys);
  return code;
}

static enum wr_code write_parts(struct wr_epochs *epochs, const struct write *write,
                                struct wr_error *err)
{
  struct wr_store *store = epochs->options.store;
  struct wr_part_writer manifest = {0};
  enum wr_code code = WR_OK;
  wr_part_put_u64(&manifest, WR_SNAPSHOT_FORMAT);
  wr_part_put_u64(&manifest, write->epoch);
  wr_part_put_u64(&manifest, write->previous ? write->previous : epochs->options.previous);
  wr_part_put_i64(&manifest, wr_now_us() - (wr_monotonic_us() - epochs->began_us));
  wr_part_put_u64(&manifest, write->is_last);
  wr_part_put_bytes(&manifest, epochs->description, epochs->options.description_length);
  wr_part_put_u64(&manifest, write->part_count);
  for (uint32_t i = 0; code == WR_OK && i < write->part_count; i++)
    code = write_part(epochs, write, write->parts[i], &manifest, err);
  if (code == WR_OK)
    code = store->class->seal(store, write->epoch, manifest.bytes, manifest.length, err);
  wr_part_writer_free(&manifest);
  return code;
}

static enum wr_code write_publish(struct wr_epochs *epochs, const struct write *write,
                                  struct wr_error *err)
{
  const struct wr_epochs_options *options = &epochs->options;
  uint32_t count = 0;
  if (!options->publish)
    return WR_OK;
  struct wr_outbox *outboxes = wr_memory_get((write->part_count + 1) * sizeof *outboxes);
  for (uint32_t i = 0; i < write->part_count; i++) {
    const struct wr_epochs_part *part = write->parts[i];
    if (part->slot->is_outbox)
      outboxes[count++] =
          (struct wr_outbox){.node_key = part->slot->node_key,
                             .copy = part->slot->copy,
                             .part = {.bytes = part->bytes, .length = part->length}};
  }
  enum wr_code code = options->publish(options->publish_self, write->epoch, outboxes, count, err);
  free(outboxes);
  if (code == WR_OK && count && options->store->class->set_published)
    options->store->class->set_published(options->store, write->epoch);
  return code;
}

/* ---- what has become of it; the lock is held */

static void write_count(struct wr_epochs *epochs, const struct write *write)
{
  struct wr_epochs_statistics *statistics = &epochs->statistics;
  statistics->sealed++;
  statistics->full_bytes = statistics->delta_bytes = 0;
  statistics->outbox_bytes = statistics->kept_bytes = 0;
  for (uint32_t i = 0; i < write->part_count; i++) {
    const struct wr_epochs_part *part = write->parts[i];
    uint64_t *sum = part->slot->is_outbox ? &statistics->outbox_bytes
                    : part->is_sealed     ? &statistics->kept_bytes
                    : part->is_delta      ? &statistics->delta_bytes
                                          : &statistics->full_bytes;
    *sum += part->part_bytes;
  }
  statistics->own_bytes =
      statistics->full_bytes + statistics->delta_bytes + statistics->outbox_bytes;
  statistics->bytes = statistics->own_bytes + statistics->kept_bytes;
  statistics->collect_us = epochs->collected_us - epochs->began_us;
  statistics->write_us = wr_monotonic_us() - epochs->collected_us;
  statistics->sealed_us = wr_now_us();
}

/* message: what to tell; empty if wr_epochs_check tells it. */
static void write_failed(struct wr_epochs *epochs, const struct write *write,
                         const struct wr_error *err, char *message)
{
  struct wr_epochs_statistics *statistics = &epochs->statistics;
  statistics->failed++;
  statistics->failed_epoch = write->epoch;
  statistics->failures_in_row++;
  epochs->last_failed = write->is_last;
  epochs->is_late = false;
  memcpy(statistics->failure, err->message, sizeof statistics->failure);
  wr_epochs_parts_failed(epochs, write->epoch);
  if (!write->is_last && statistics->failures_in_row <= epochs->options.failures_tolerated)
    snprintf(message, WR_EPOCHS_NOTE_BYTES,
             "epoch %llu could not be kept: %s; the job goes on, and tries again with the next one "
             "(failure %u in a row, %u are tolerated)",
             (unsigned long long)write->epoch, err->message, statistics->failures_in_row,
             epochs->options.failures_tolerated);
}

static void write_sealed(struct wr_epochs *epochs, const struct write *write, char *message)
{
  struct wr_epochs_statistics *statistics = &epochs->statistics;
  uint32_t before = statistics->failures_in_row - epochs->timeouts;
  if (before > 0)
    snprintf(message, WR_EPOCHS_NOTE_BYTES, "epoch %llu is kept, after %u that could not be",
             (unsigned long long)write->epoch, before);
  else if (epochs->timeouts)
    snprintf(message, WR_EPOCHS_NOTE_BYTES, "epoch %llu is kept after all, %.1f s after it began",
             (unsigned long long)write->epoch,
             (double)(wr_monotonic_us() - epochs->began_us) / WR_US_PER_SECOND);
  statistics->failures_in_row = 0;
  write_count(epochs, write);
  wr_epochs_parts_sealed(epochs, write->epoch);
  epochs->sealed = write->epoch;
  epochs->has_begun = false;
}

static void write_published(struct wr_epochs *epochs, const struct write *write, enum wr_code code,
                            const struct wr_error *err)
{
  if (code == WR_OK) {
    wr_epochs_parts_published(epochs, write->epoch);
    atomic_store(&epochs->complete, write->epoch);
    return;
  }
  assert(err->code == code);
  epochs->fate = *err;
  epochs->stopped_from = 0;
}

static void write_tell(struct wr_epochs *epochs, const char *message)
{
  if (!message[0])
    return;
  pthread_mutex_unlock(&epochs->lock);
  wr_epochs_note(epochs, message);
  pthread_mutex_lock(&epochs->lock);
}

/* What is no task's. The lock is held when it comes and when it goes. */
static void write_add(struct wr_epochs *epochs, uint64_t epoch)
{
  if (!epochs->options.add)
    return;
  pthread_mutex_unlock(&epochs->lock);
  epochs->options.add(epochs->options.add_self, epochs, epoch);
  pthread_mutex_lock(&epochs->lock);
}

/* The lock is held when it comes and when it goes. */
static void write_one(struct wr_epochs *epochs)
{
  struct write write = {
      .epoch = epochs->next, .previous = epochs->sealed, .is_last = epochs->is_last};
  struct wr_error err;
  char message[WR_EPOCHS_NOTE_BYTES] = "";
  enum wr_code code = WR_OK;
  wr_error_clear(&err);
  if (epochs->has_failed) {
    err = epochs->why;
    code = err.code;
  } else {
    write_add(epochs, write.epoch);
    write.parts = wr_epochs_needed(epochs, write.epoch, &write.part_count);
    epochs->has_begun = true;
    pthread_mutex_unlock(&epochs->lock);
    code = write_parts(epochs, &write, &err);
    pthread_mutex_lock(&epochs->lock);
  }
  if (code != WR_OK) {
    write_abort(epochs);
    write_failed(epochs, &write, &err, message);
  } else {
    write_sealed(epochs, &write, message);
  }
  write_tell(epochs, message);
  if (code == WR_OK) {
    int64_t from_us = wr_monotonic_us();
    pthread_mutex_unlock(&epochs->lock);
    code = write_publish(epochs, &write, &err);
    pthread_mutex_lock(&epochs->lock);
    epochs->statistics.publish_us = wr_monotonic_us() - from_us;
    write_published(epochs, &write, code, &err);
  }
  free(write.parts);
  wr_epochs_end_one(epochs);
}

/* The lock is held. */
static bool writer_is_left(const struct wr_epochs *epochs)
{
  return epochs->quit && epochs->phase != WR_EPOCHS_WRITING;
}

void *wr_epochs_writer(void *argument)
{
  struct wr_epochs *epochs = argument;
  pthread_mutex_lock(&epochs->lock);
  for (;;) {
    if (epochs->phase == WR_EPOCHS_DEAD || writer_is_left(epochs)) {
      wr_epochs_drop_pieces(epochs);
      write_abort(epochs); /* lets go of the lock: whoever quits meanwhile wakes nobody */
    }
    if (writer_is_left(epochs))
      break;
    if (epochs->first_piece)
      write_piece(epochs);
    else if (epochs->phase == WR_EPOCHS_WRITING)
      write_one(epochs);
    else
      pthread_cond_wait(&epochs->changed, &epochs->lock);
  }
  pthread_mutex_unlock(&epochs->lock);
  return NULL;
}
