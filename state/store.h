/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where snapshots are kept. An epoch is a set of named parts and a manifest; seal is the only step
 * that makes an epoch visible, and what is visible is complete. Epochs are numbered upwards;
 * numbers may be left out. Calls come from one thread at a time.
 */
#ifndef WEIR_STATE_STORE_H
#define WEIR_STATE_STORE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/arena.h"
#include "state/part.h"

struct wr_store {
  const struct wr_store_class *class;
  uint64_t hash_seed; /* of keys; is kept with every epoch that is sealed. Whoever goes on from an
                         epoch sets it to that epoch's. 0: the runtime's own */
  _Atomic uint64_t held; /* epochs from this one on stay although enough are newer, because somebody
                            copies them; 0: none. Any thread */
  uint64_t base;  /* the epoch that whoever writes has gone on from, maybe not the newest: it stays
                     until one is sealed; 0: none */
  char id[17];    /* 16 hex digits that no other store has; "": none, as it ends with the process */
  bool id_is_new; /* it was drawn when the store was opened */
};

/* A visible epoch. */
struct wr_store_epoch {
  uint64_t epoch;
  int64_t sealed_us;  /* wall clock */
  uint64_t bytes;     /* of all its parts */
  uint64_t own_bytes; /* of those that are not taken over from older epochs */
  uint32_t part_count;
  uint64_t hash_seed;
  const char *version; /* of the program that sealed it */
  const char *damage;  /* why its manifest cannot be read, a sentence that names the file; NULL: it
                          can.  The numbers above are then 0 */
};

struct wr_store_part {
  const char *name;
  uint64_t bytes;
  uint64_t from_epoch; /* the one that has written it */
};

struct wr_store_class {
  /* The next bytes of a part that comes in pieces; put brings the last ones, before the epoch is
   * sealed. Several parts may be under way. */
  enum wr_code (*append)(struct wr_store *store, uint64_t epoch, const char *name,
                         const void *bytes, size_t length, struct wr_error *err);
  /* A part of an epoch that is being written, newer than all visible ones; a name counts once. The
   * first append, put or keep of an epoch begins it; only one is being written at a time. */
  enum wr_code (*put)(struct wr_store *store, uint64_t epoch, const char *name, const void *bytes,
                      size_t length, struct wr_error *err);
  /* The part of that name of the visible epoch from_epoch stands for this one, too. */
  enum wr_code (*keep)(struct wr_store *store, uint64_t epoch, const char *name,
                       uint64_t from_epoch, struct wr_error *err);
  enum wr_code (*seal)(struct wr_store *store, uint64_t epoch, const void *manifest, size_t length,
                       struct wr_error *err);
  /* Forgets an epoch that is not sealed: after a failure of put, keep or seal, or at will. */
  void (*abort)(struct wr_store *store, uint64_t epoch);
  /* The newest visible epoch, also if it is damaged; false: there is none. */
  bool (*latest)(struct wr_store *store, uint64_t *epoch);
  /* All visible epochs, the newest first. Memory comes from the arena. */
  struct wr_store_epoch *(*list)(struct wr_store *store, struct wr_arena *arena, uint32_t *count);
  /* The parts of an epoch, sorted by name; does not look into them. */
  enum wr_code (*parts)(struct wr_store *store, uint64_t epoch, struct wr_arena *arena,
                        struct wr_store_part **parts, uint32_t *count, struct wr_error *err);
  /* Reads everything that the epoch needs: WR_DATA and what is damaged in which file, or WR_IO. */
  enum wr_code (*check)(struct wr_store *store, uint64_t epoch, struct wr_error *err);
  /* Bytes of a part, checked, lent until `release`, the next append, put or keep, or close. name
   * NULL: the manifest that was given to seal. */
  enum wr_code (*get)(struct wr_store *store, uint64_t epoch, const char *name, const void **bytes,
                      size_t *length, struct wr_error *err);
  /* Remembers that all outboxes of an epoch, and of those before it, have been published; without
   * waiting for the disk, so it may be forgotten. Both NULL: never remembered. */
  void (*set_published)(struct wr_store *store, uint64_t epoch);
  /* The newest epoch of which that is known; 0: none is. */
  uint64_t (*published)(struct wr_store *store);
  /* Gives back the memory of what get has lent. */
  void (*release)(struct wr_store *store);
  void (*close)(struct wr_store *store);
};

/* The newest epoch that is sound, every byte checked; false: there is none. tell (may be NULL)
 * hears of each newer one that is not. */
bool wr_store_find_sound(struct wr_store *store, uint64_t *epoch,
                         void (*tell)(void *self, uint64_t epoch, const struct wr_error *damage),
                         void *self);

/* Keeps the newest sealed epoch in memory: for tests, and for restarts within one process. */
struct wr_store *wr_store_memory_new(void);

#endif
