/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tasks have saved: a slot for every copy of a node, with its newest part and the older ones
 * that are still needed, either because the newest only says what has changed, or because it is for
 * an epoch that has not begun yet.
 *
 * A part may come in pieces, which go to the store while the epoch is being collected. If that
 * epoch fails they are gone, and so is the part; a task that goes on brings a complete one next
 * time. A task that has ended does not: what it leaves therefore comes in one piece, which stays
 * here until it is sealed.
 *
 * An outbox stays until it is published, so that what belongs to an epoch that failed comes out
 * with the next one.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/epochs_inner.h"

/* ---- slots */

static int slot_compare(const struct wr_epochs_slot *slot, const char *node_key, uint32_t copy,
                        bool is_outbox)
{
  int order = strcmp(slot->node_key, node_key);
  if (order == 0)
    order = (slot->copy > copy) - (slot->copy < copy);
  return order ? order : (int)slot->is_outbox - (int)is_outbox;
}

static struct wr_epochs_slot *epochs_slot(struct wr_epochs *epochs, const char *node_key,
                                          uint32_t copy, bool is_outbox)
{
  uint32_t low = 0, high = epochs->slot_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = slot_compare(epochs->slots[middle], node_key, copy, is_outbox);
    if (order == 0)
      return epochs->slots[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  struct wr_epochs_slot *slot = wr_memory_get_zero(sizeof *slot);
  size_t room = strlen(node_key) + 1;
  slot->node_key = wr_memory_get(room);
  memcpy(slot->node_key, node_key, room);
  slot->copy = copy;
  slot->is_outbox = is_outbox;
  epochs->slots =
      wr_memory_resize(epochs->slots, (epochs->slot_count + 1) * sizeof(struct wr_epochs_slot *));
  memmove(&epochs->slots[low + 1], &epochs->slots[low],
          (epochs->slot_count - low) * sizeof(struct wr_epochs_slot *));
  epochs->slots[low] = slot;
  epochs->slot_count++;
  return slot;
}

/* ---- parts */

static void epochs_free_part(struct wr_epochs *epochs, struct wr_epochs_part *part)
{
  if (part->slot->is_outbox)
    atomic_fetch_sub(&epochs->outbox_bytes, part->length);
  free(part->bytes);
  free(part);
}

/* Takes those parts out of a slot of which drop says so. */
static void slot_filter(struct wr_epochs *epochs, struct wr_epochs_slot *slot, uint64_t epoch,
                        bool (*drop)(const struct wr_epochs_part *part, uint64_t epoch))
{
  for (struct wr_epochs_part **at = &slot->parts; *at;) {
    struct wr_epochs_part *part = *at;
    if (!drop(part, epoch)) {
      at = &part->older;
      continue;
    }
    *at = part->older;
    epochs_free_part(epochs, part);
  }
}

/* The part that stands for an epoch; NULL: this slot came later. */
static struct wr_epochs_part *slot_part(const struct wr_epochs_slot *slot, uint64_t epoch)
{
  struct wr_epochs_part *part = slot->parts;
  while (part && part->epoch > epoch)
    part = part->older;
  return part;
}

/* The sealed part that a delta builds upon. */
static struct wr_epochs_part *part_base(const struct wr_epochs_part *part)
{
  struct wr_epochs_part *base = part->older;
  while (base && !base->is_sealed)
    base = base->older;
  assert(base);
  return base;
}

static bool part_has_failed(const struct wr_epochs_part *part, uint64_t under_way)
{
  return !part->is_sealed && part->epoch < under_way;
}

/* The part of a copy of a node for an epoch, of which nothing or some pieces have come so far. */
static struct wr_epochs_part *epochs_part(struct wr_epochs *epochs, uint64_t epoch,
                                          const char *node_key, uint32_t copy, bool is_outbox)
{
  struct wr_epochs_slot *slot = epochs_slot(epochs, node_key, copy, is_outbox);
  if (slot->parts && slot->parts->epoch == epoch) {
    assert(!slot->parts->is_whole);
    return slot->parts;
  }
  assert(!slot->parts || slot->parts->epoch < epoch);
  if (!is_outbox) /* this one is in the place of those that could not be written */
    slot_filter(epochs, slot, epochs->next, part_has_failed);
  struct wr_epochs_part *part = wr_memory_get_zero(sizeof *part);
  part->slot = slot;
  part->epoch = epoch;
  part->older = slot->parts;
  slot->parts = part;
  return part;
}

static void epochs_put(struct wr_epochs *epochs, uint64_t epoch, const char *node_key,
                       uint32_t copy, const struct wr_part_writer *from, char *bytes,
                       bool is_outbox)
{
  if (!epochs->has_writer) { /* nobody wants it */
    free(bytes);
    return;
  }
  pthread_mutex_lock(&epochs->lock);
  struct wr_epochs_part *part = epochs_part(epochs, epoch, node_key, copy, is_outbox);
  assert(part->part_bytes == from->drained);
  part->is_whole = true;
  part->is_delta = from->delta;
  part->tables_at = from->tables_at;
  part->keys = from->keys;
  part->bytes = bytes;
  part->length = from->length;
  part->part_bytes += from->length;
  if (is_outbox)
    atomic_fetch_add(&epochs->outbox_bytes, part->length);
  pthread_mutex_unlock(&epochs->lock);
}

void wr_epochs_put(struct wr_epochs *epochs, uint64_t epoch, const char *node_key, uint32_t copy,
                   struct wr_part_writer *part)
{
  epochs_put(epochs, epoch, node_key, copy, part, part->bytes, false);
  *part = (struct wr_part_writer){0};
}

void wr_epochs_put_outbox(struct wr_epochs *epochs, uint64_t epoch, const char *node_key,
                          uint32_t copy, struct wr_part_writer *part)
{
  assert(part->drained == 0 && !part->delta);
  epochs_put(epochs, epoch, node_key, copy, part, part->bytes, true);
  *part = (struct wr_part_writer){0};
}

void wr_epochs_put_copy(struct wr_epochs *epochs, uint64_t epoch, const char *node_key,
                        uint32_t copy, const struct wr_part_writer *part)
{
  char *bytes = wr_memory_get(part->length + 1);
  assert(part->drained == 0 && !part->delta);
  if (part->length)
    memcpy(bytes, part->bytes, part->length);
  epochs_put(epochs, epoch, node_key, copy, part, bytes, false);
}

/* ---- pieces */

void wr_epochs_append(struct wr_epochs *epochs, uint64_t epoch, const char *node_key, uint32_t copy,
                      char *bytes, size_t length)
{
  if (!epochs->has_writer) {
    free(bytes);
    return;
  }
  pthread_mutex_lock(&epochs->lock);
  assert(epochs->phase == WR_EPOCHS_DEAD ||
         (epochs->phase == WR_EPOCHS_COLLECTING && epoch == epochs->next));
  struct wr_epochs_part *part = epochs_part(epochs, epoch, node_key, copy, false);
  part->is_split = true;
  part->part_bytes += length;
  if (epochs->phase == WR_EPOCHS_DEAD || epochs->has_failed) {
    free(bytes);
  } else {
    struct wr_epochs_piece *piece = wr_memory_get(sizeof *piece);
    *piece = (struct wr_epochs_piece){.part = part, .bytes = bytes, .length = length};
    *epochs->last_piece = piece;
    epochs->last_piece = &piece->next;
    atomic_fetch_add(&epochs->waiting_bytes, length);
    pthread_cond_broadcast(&epochs->changed);
  }
  pthread_mutex_unlock(&epochs->lock);
}

void wr_epochs_piece_free(struct wr_epochs *epochs, struct wr_epochs_piece *piece)
{
  atomic_fetch_sub(&epochs->waiting_bytes, piece->length);
  free(piece->bytes);
  free(piece);
}

void wr_epochs_drop_pieces(struct wr_epochs *epochs)
{
  while (epochs->first_piece) {
    struct wr_epochs_piece *piece = epochs->first_piece;
    epochs->first_piece = piece->next;
    wr_epochs_piece_free(epochs, piece);
  }
  epochs->last_piece = &epochs->first_piece;
}

/* ---- what becomes of them */

struct wr_epochs_part **wr_epochs_needed(const struct wr_epochs *epochs, uint64_t epoch,
                                         uint32_t *count)
{
  uint32_t room = 0;
  for (uint32_t i = 0; i < epochs->slot_count; i++)
    for (const struct wr_epochs_part *part = epochs->slots[i]->parts; part; part = part->older)
      room++;
  struct wr_epochs_part **needed = wr_memory_get((room + 1) * sizeof(struct wr_epochs_part *));
  *count = 0;
  for (uint32_t i = 0; i < epochs->slot_count; i++) {
    const struct wr_epochs_slot *slot = epochs->slots[i];
    struct wr_epochs_part *part = slot_part(slot, epoch);
    uint32_t first = *count;
    for (; part && slot->is_outbox; part = part->older)
      needed[(*count)++] = part;
    for (uint32_t a = first, b = *count; a + 1 < b; a++) { /* the oldest first */
      struct wr_epochs_part *last = needed[--b];
      needed[b] = needed[a];
      needed[a] = last;
    }
    for (; part; part = part->is_delta ? part_base(part) : NULL)
      needed[(*count)++] = part;
  }
  return needed;
}

void wr_epochs_parts_sealed(struct wr_epochs *epochs, uint64_t epoch)
{
  for (uint32_t i = 0; i < epochs->slot_count; i++) {
    struct wr_epochs_slot *slot = epochs->slots[i];
    struct wr_epochs_part *part = slot_part(slot, epoch);
    if (!part || slot->is_outbox)
      continue;
    free(part->bytes);
    part->bytes = NULL;
    part->length = 0;
    part->is_sealed = true;
    while (part->is_delta) {
      struct wr_epochs_part *base = part_base(part);
      while (part->older != base) {
        struct wr_epochs_part *between = part->older;
        part->older = between->older;
        epochs_free_part(epochs, between);
      }
      part = base;
    }
    while (part->older) {
      struct wr_epochs_part *unneeded = part->older;
      part->older = unneeded->older;
      epochs_free_part(epochs, unneeded);
    }
  }
}

static bool part_is_published(const struct wr_epochs_part *part, uint64_t epoch)
{
  return part->epoch <= epoch;
}

void wr_epochs_parts_published(struct wr_epochs *epochs, uint64_t epoch)
{
  for (uint32_t i = 0; i < epochs->slot_count; i++)
    if (epochs->slots[i]->is_outbox)
      slot_filter(epochs, epochs->slots[i], epoch, part_is_published);
}

static bool part_is_gone(const struct wr_epochs_part *part, uint64_t epoch)
{
  return part->epoch == epoch && part->is_split;
}

void wr_epochs_parts_failed(struct wr_epochs *epochs, uint64_t epoch)
{
  for (uint32_t i = 0; i < epochs->slot_count; i++)
    slot_filter(epochs, epochs->slots[i], epoch, part_is_gone);
}

static bool part_any(const struct wr_epochs_part *part, uint64_t epoch)
{
  (void)part, (void)epoch;
  return true;
}

void wr_epochs_parts_free(struct wr_epochs *epochs)
{
  wr_epochs_drop_pieces(epochs);
  for (uint32_t i = 0; i < epochs->slot_count; i++) {
    struct wr_epochs_slot *slot = epochs->slots[i];
    slot_filter(epochs, slot, 0, part_any);
    free(slot->node_key);
    free(slot);
  }
  free(epochs->slots);
}
