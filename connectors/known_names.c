/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash table with open addressing that only grows; the runtime's limit of splits bounds it.
 */
#include "connectors/known_names.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/hash.h"

struct wr_known_names {
  pthread_mutex_t lock;
  struct wr_arena arena;
  const char **slots; /* NULL: free */
  uint32_t count, capacity;
};

struct wr_known_names *wr_known_names_new(void)
{
  struct wr_known_names *known = wr_memory_get_zero(sizeof *known);
  pthread_mutex_init(&known->lock, NULL);
  known->capacity = 1024;
  known->slots = wr_memory_get_zero(known->capacity * sizeof *known->slots);
  return known;
}

void wr_known_names_free(struct wr_known_names *known)
{
  if (!known)
    return;
  pthread_mutex_destroy(&known->lock);
  wr_arena_free(&known->arena);
  free(known->slots);
  free(known);
}

static const char **known_slot(const char **slots, uint32_t capacity, const char *name)
{
  uint64_t at = wr_hash_bytes(name, strlen(name), 0);
  while (slots[at % capacity] && strcmp(slots[at % capacity], name) != 0)
    at++;
  return &slots[at % capacity];
}

static void known_grow(struct wr_known_names *known)
{
  uint32_t capacity = 2 * known->capacity;
  const char **slots = wr_memory_get_zero(capacity * sizeof *slots);
  for (uint32_t i = 0; i < known->capacity; i++)
    if (known->slots[i])
      *known_slot(slots, capacity, known->slots[i]) = known->slots[i];
  free(known->slots);
  known->slots = slots;
  known->capacity = capacity;
}

bool wr_known_names_claim(struct wr_known_names *known, const char *name)
{
  pthread_mutex_lock(&known->lock);
  const char **slot = known_slot(known->slots, known->capacity, name);
  bool is_new = *slot == NULL;
  if (is_new) {
    *slot = wr_arena_copy(&known->arena, name, strlen(name));
    if (++known->count > known->capacity / 2)
      known_grow(known);
  }
  pthread_mutex_unlock(&known->lock);
  return is_new;
}
