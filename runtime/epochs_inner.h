/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of epochs share: epochs.c is their course, epochs_parts.c what tasks have saved,
 * epochs_write.c the thread that brings it into the store. */
#ifndef WEIR_RUNTIME_EPOCHS_INNER_H
#define WEIR_RUNTIME_EPOCHS_INNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/epochs.h"

#define WR_EPOCHS_NOTE_BYTES 1024

enum wr_epochs_phase {
  WR_EPOCHS_IDLE,
  WR_EPOCHS_COLLECTING,
  WR_EPOCHS_WRITING, /* and publishing */
  WR_EPOCHS_DEAD
};

struct wr_epochs_slot;

/* What one copy of a node has saved for one epoch. */
struct wr_epochs_part {
  struct wr_epochs_part *older;
  const struct wr_epochs_slot *slot;
  uint64_t epoch;
  bool is_whole;       /* its last bytes have come */
  bool is_split;       /* pieces of it have gone: it cannot be written once more */
  bool is_sealed;      /* it is in the newest sealed epoch, and its bytes are gone */
  bool is_delta;       /* the sealed part before it is needed as well */
  uint64_t tables_at;  /* where its section of tables begins */
  uint64_t part_bytes; /* of all of it */
  uint64_t keys;       /* as the operator has counted them */
  char *bytes;         /* what is here of it: all, or what is behind the pieces */
  size_t length;
};

/* What one copy of a node has saved. Outboxes have slots of their own. */
struct wr_epochs_slot {
  char *node_key;
  uint32_t copy;
  bool is_outbox;
  struct wr_epochs_part *parts; /* newest first: those that are needed */
};

/* Bytes of a part on their way to the store. */
struct wr_epochs_piece {
  struct wr_epochs_piece *next;
  const struct wr_epochs_part *part;
  char *bytes;
  size_t length;
};

struct wr_epochs {
  struct wr_epochs_options options;
  char *description;
  pthread_mutex_t lock;
  pthread_cond_t changed; /* the phase, the queue of pieces, or quit */
  pthread_t writer;
  bool has_writer, quit;
  enum wr_epochs_phase phase;
  struct wr_epochs_slot **slots; /* sorted by key and copy */
  uint32_t slot_count;
  struct wr_epochs_piece *first_piece, **last_piece; /* of the epoch under way */
  uint32_t ended_count, answered_count;
  uint64_t stopped_from; /* the least epoch that a stopped task has not answered */
  bool is_last;          /* of the epoch being written: all tasks have ended before it */
  bool last_done, last_failed;
  bool has_begun;        /* the store has something of the epoch under way */
  bool has_failed;       /* the epoch under way is given up, with what will still come of it, */
  struct wr_error why;   /* because of this */
  struct wr_error fate;  /* of publishing: nothing goes on after it; code WR_OK: none */
  uint64_t next, sealed; /* the epoch under way, or the next one; the newest in the store */
  uint32_t timeouts;     /* of the epoch under way */
  bool is_late;          /* the last failure was one of them */
  int64_t began_us, collected_us;
  struct wr_epochs_statistics statistics;
  _Atomic uint64_t wanted, complete, waiting_bytes, outbox_bytes;
};

/* epochs_parts.c; the lock is held. */

/* The parts that an epoch needs, in the order of node keys and copies: of each slot the newest one,
 * and the older ones down to one that is complete; all outboxes that are not published yet, the
 * oldest first. To be freed. */
struct wr_epochs_part **wr_epochs_needed(const struct wr_epochs *epochs, uint64_t epoch,
                                         uint32_t *count);
/* The epoch is sealed: its parts need their bytes no longer, and what no chain needs goes. */
void wr_epochs_parts_sealed(struct wr_epochs *epochs, uint64_t epoch);
/* Its outboxes are published. */
void wr_epochs_parts_published(struct wr_epochs *epochs, uint64_t epoch);
/* It could not be written: parts that are not all here any more are gone. */
void wr_epochs_parts_failed(struct wr_epochs *epochs, uint64_t epoch);
void wr_epochs_drop_pieces(struct wr_epochs *epochs);
void wr_epochs_piece_free(struct wr_epochs *epochs, struct wr_epochs_piece *piece);
void wr_epochs_parts_free(struct wr_epochs *epochs);

/* epochs_write.c */

/* The body of the thread. */
void *wr_epochs_writer(void *epochs);

/* epochs.c */

void wr_epochs_note(const struct wr_epochs *epochs, const char *message);
/* The lock is held: the epoch under way is written, or could not be. */
void wr_epochs_end_one(struct wr_epochs *epochs);

#endif
