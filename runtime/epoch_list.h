/* SPDX-License-Identifier: Apache-2.0 */
/* Which epochs a state directory has, read from the disk without touching what its job does there:
 * for people who look. */
#ifndef WEIR_RUNTIME_EPOCH_LIST_H
#define WEIR_RUNTIME_EPOCH_LIST_H

#include "core/arena.h"
#include "core/error.h"
#include "state/store.h"

struct wr_listed_epoch {
  uint64_t epoch;
  int64_t sealed_us; /* clock of the machine */
  int64_t took_us;   /* from its beginning to its seal; 0: not known */
  uint64_t bytes, own_bytes;
  bool is_delta;      /* some of its parts only say what has changed */
  const char *damage; /* why it cannot be read, then the others are 0; NULL: it can */
};

struct wr_epoch_list {
  struct wr_listed_epoch *epochs; /* newest first */
  uint32_t count;
  uint32_t left_out; /* older ones, beyond the most */
};

/* What only the manifest says of an epoch that the store has listed. */
void wr_epoch_list_look(struct wr_store *store, const struct wr_store_epoch *epoch,
                        struct wr_listed_epoch *out);
/* The newest ones, at most so many. Memory comes from the arena. WR_IO: there is no such directory,
 * or nothing in it yet. */
enum wr_code wr_epoch_list_read(const char *state_dir, uint32_t most, struct wr_arena *arena,
                                struct wr_epoch_list *out, struct wr_error *err);

#endif
