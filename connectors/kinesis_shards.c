/* SPDX-License-Identifier: Apache-2.0 */
/* One lock over everything: it is taken a few times per shard's life, and when the version has
 * changed. Entries stay where they are, so that their texts can be lent. */
#include "connectors/kinesis_shards.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/hash.h"
#include "core/limits.h"

struct ledger_entry {
  struct wr_kinesis_shard shard;
  uint32_t reader; /* WR_KINESIS_NOBODY */
  bool drained, settled;
  int64_t drained_us;
};

struct wr_kinesis_ledger {
  pthread_mutex_t lock;
  _Atomic uint64_t version;
  struct wr_arena arena;
  struct ledger_entry **entries; /* in the order in which they became known */
  uint32_t *slots;               /* by name: 1 + number, 0: free */
  uint32_t count, room, slot_mask;
  int64_t next_list_us;
};

struct wr_kinesis_ledger *wr_kinesis_ledger_new(void)
{
  struct wr_kinesis_ledger *ledger = wr_memory_get_zero(sizeof *ledger);
  int failed = pthread_mutex_init(&ledger->lock, NULL);
  assert(!failed);
  (void)failed;
  return ledger;
}

void wr_kinesis_ledger_free(struct wr_kinesis_ledger *ledger)
{
  if (!ledger)
    return;
  pthread_mutex_destroy(&ledger->lock);
  free(ledger->entries);
  free(ledger->slots);
  wr_arena_free(&ledger->arena);
  free(ledger);
}

/* ---- finding, under the lock ---- */

static uint32_t ledger_slot(const struct wr_kinesis_ledger *ledger, const char *name)
{
  uint32_t slot =
      (uint32_t)wr_hash_bytes(name, strlen(name), (uint64_t)(uintptr_t)ledger) & ledger->slot_mask;
  while (ledger->slots[slot] &&
         strcmp(ledger->entries[ledger->slots[slot] - 1]->shard.name, name) != 0)
    slot = (slot + 1) & ledger->slot_mask;
  return slot;
}

static struct ledger_entry *ledger_get(const struct wr_kinesis_ledger *ledger, const char *name)
{
  if (!ledger->slots || !name)
    return NULL;
  uint32_t slot = ledger_slot(ledger, name);
  return ledger->slots[slot] ? ledger->entries[ledger->slots[slot] - 1] : NULL;
}

static void ledger_grow(struct wr_kinesis_ledger *ledger)
{
  if (ledger->count < ledger->room)
    return;
  ledger->room = ledger->room ? 2 * ledger->room : 64;
  ledger->entries = wr_memory_resize(ledger->entries, ledger->room * sizeof *ledger->entries);
  free(ledger->slots);
  ledger->slot_mask = 4 * ledger->room - 1;
  ledger->slots = wr_memory_get_zero((ledger->slot_mask + 1) * sizeof *ledger->slots);
  for (uint32_t i = 0; i < ledger->count; i++)
    ledger->slots[ledger_slot(ledger, ledger->entries[i]->shard.name)] = i + 1;
}

/* The entry of the first parent that is known; NULL: none is. */
static struct ledger_entry *ledger_parent(const struct wr_kinesis_ledger *ledger,
                                          const struct ledger_entry *entry)
{
  struct ledger_entry *parent = ledger_get(ledger, entry->shard.parents[0]);
  return parent ? parent : ledger_get(ledger, entry->shard.parents[1]);
}

static void ledger_changed(struct wr_kinesis_ledger *ledger)
{
  atomic_fetch_add_explicit(&ledger->version, 1, memory_order_release);
}

uint64_t wr_kinesis_ledger_version(const struct wr_kinesis_ledger *ledger)
{
  return atomic_load_explicit(&ledger->version, memory_order_acquire);
}

/* ---- what becomes known ---- */

static void ledger_add(struct wr_kinesis_ledger *ledger, const struct wr_kinesis_shard *shard)
{
  ledger_grow(ledger);
  struct ledger_entry *entry = WR_NEW(&ledger->arena, struct ledger_entry);
  entry->shard = *shard;
  entry->reader = WR_KINESIS_NOBODY;
  entry->shard.name = wr_arena_copy(&ledger->arena, shard->name, strlen(shard->name));
  for (int i = 0; i < 2; i++)
    if (shard->parents[i])
      entry->shard.parents[i] =
          wr_arena_copy(&ledger->arena, shard->parents[i], strlen(shard->parents[i]));
  ledger->entries[ledger->count++] = entry;
  ledger->slots[ledger_slot(ledger, entry->shard.name)] = ledger->count;
}

enum wr_code wr_kinesis_ledger_know(struct wr_kinesis_ledger *ledger,
                                    const struct wr_kinesis_shard *shard, struct wr_error *err)
{
  enum wr_code code = WR_OK;
  pthread_mutex_lock(&ledger->lock);
  struct ledger_entry *entry = ledger_get(ledger, shard->name);
  if (entry) {
    entry->shard.is_closed = entry->shard.is_closed || shard->is_closed;
  } else if (ledger->count == WR_KINESIS_SHARDS_MAX) {
    code = wr_fail(err, WR_LIMIT,
                   "the stream has more than %d shards, those that have ended included "
                   "(WR_KINESIS_SHARDS_MAX)",
                   WR_KINESIS_SHARDS_MAX);
  } else {
    ledger_add(ledger, shard);
    ledger_changed(ledger);
  }
  pthread_mutex_unlock(&ledger->lock);
  return code;
}

const struct wr_kinesis_shard *wr_kinesis_ledger_find(struct wr_kinesis_ledger *ledger,
                                                      const char *name)
{
  pthread_mutex_lock(&ledger->lock);
  const struct ledger_entry *entry = ledger_get(ledger, name);
  pthread_mutex_unlock(&ledger->lock);
  return entry ? &entry->shard : NULL;
}

void wr_kinesis_ledger_own(struct wr_kinesis_ledger *ledger, const char *name, uint32_t reader)
{
  pthread_mutex_lock(&ledger->lock);
  struct ledger_entry *entry = ledger_get(ledger, name);
  assert(entry);
  entry->reader = reader;
  pthread_mutex_unlock(&ledger->lock);
}

void wr_kinesis_ledger_drain(struct wr_kinesis_ledger *ledger, const char *name, int64_t now_us)
{
  pthread_mutex_lock(&ledger->lock);
  struct ledger_entry *entry = ledger_get(ledger, name);
  assert(entry);
  if (!entry->drained) {
    entry->drained = true;
    entry->drained_us = now_us;
    ledger_changed(ledger);
  }
  pthread_mutex_unlock(&ledger->lock);
}

void wr_kinesis_ledger_settle(struct wr_kinesis_ledger *ledger, const char *name)
{
  pthread_mutex_lock(&ledger->lock);
  ledger_get(ledger, name)->settled = true;
  pthread_mutex_unlock(&ledger->lock);
}

bool wr_kinesis_ledger_is_closed(struct wr_kinesis_ledger *ledger, const char *name)
{
  pthread_mutex_lock(&ledger->lock);
  const struct ledger_entry *entry = ledger_get(ledger, name);
  bool is_closed = entry && entry->shard.is_closed;
  pthread_mutex_unlock(&ledger->lock);
  return is_closed;
}

bool wr_kinesis_ledger_has_child(struct wr_kinesis_ledger *ledger, const char *name)
{
  pthread_mutex_lock(&ledger->lock);
  bool has_child = false;
  for (uint32_t i = 0; i < ledger->count && !has_child; i++)
    for (int p = 0; p < 2; p++) {
      const char *parent = ledger->entries[i]->shard.parents[p];
      has_child = has_child || (parent && strcmp(parent, name) == 0);
    }
  pthread_mutex_unlock(&ledger->lock);
  return has_child;
}

/* ---- who reads what, and when ---- */

const struct wr_kinesis_shard *wr_kinesis_ledger_take(struct wr_kinesis_ledger *ledger,
                                                      uint32_t reader)
{
  const struct wr_kinesis_shard *taken = NULL;
  pthread_mutex_lock(&ledger->lock);
  for (uint32_t i = 0; i < ledger->count && !taken; i++) {
    struct ledger_entry *entry = ledger->entries[i];
    if (entry->reader != WR_KINESIS_NOBODY || entry->drained)
      continue;
    const struct ledger_entry *parent = ledger_parent(ledger, entry);
    if (parent &&
        (!parent->drained || (parent->reader != reader && parent->reader != WR_KINESIS_NOBODY)))
      continue;
    entry->reader = reader;
    taken = &entry->shard;
  }
  pthread_mutex_unlock(&ledger->lock);
  return taken;
}

bool wr_kinesis_ledger_may_begin(struct wr_kinesis_ledger *ledger, const char *name,
                                 uint32_t reader, int64_t settle_us, int64_t now_us)
{
  bool may = true;
  pthread_mutex_lock(&ledger->lock);
  const struct ledger_entry *entry = ledger_get(ledger, name);
  assert(entry);
  for (int i = 0; i < 2; i++) {
    const struct ledger_entry *parent = ledger_get(ledger, entry->shard.parents[i]);
    if (parent && (!parent->drained || (parent->reader != reader && !parent->settled &&
                                        parent->drained_us > now_us - settle_us)))
      may = false;
  }
  pthread_mutex_unlock(&ledger->lock);
  return may;
}

bool wr_kinesis_ledger_is_due(struct wr_kinesis_ledger *ledger, int64_t interval_us, int64_t now_us)
{
  bool is_due = false;
  pthread_mutex_lock(&ledger->lock);
  if (ledger->next_list_us == 0) /* they have just been listed */
    ledger->next_list_us = now_us + interval_us;
  if (now_us >= ledger->next_list_us) {
    ledger->next_list_us = now_us + interval_us;
    is_due = true;
  }
  pthread_mutex_unlock(&ledger->lock);
  return is_due;
}
