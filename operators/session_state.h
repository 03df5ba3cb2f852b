/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the session operator share. Of every key the latest session lies in the entry
 * of the key itself, where nearly all rows go; earlier ones that are still open have entries in a
 * second table, keyed by (keys, slot), and are listed in order of time. A session closes before all
 * later ones, so a key lasts exactly as long as its latest session.
 *
 *   latest    key | session | states
 *                     '- earlier: [ (start, last, slot), (start, last, slot) ]
 *   earlier   key, slot | session | states
 *
 * The hash of an earlier session begins with the key group of its key. A slot is used once in the
 * life of a job, whatever the number of tasks.
 */
#ifndef WEIR_OPERATORS_SESSION_STATE_H
#define WEIR_OPERATORS_SESSION_STATE_H

#include "operators/clock.h"
#include "operators/result_rows.h"
#include "operators/specs.h"
#include "operators/window_rows.h"
#include "operators/window_time.h"
#include "state/timers.h"

/* The first piece of state of an entry. */
struct wr_session {
  int64_t start_us, last_us; /* of its rows */
  uint64_t row_count;        /* 0: there is no session (only within a batch) */
  /* latest only: */
  int64_t armed_us; /* when the timer that the key waits for comes up; WR_TIME_END: it has none */
  uint32_t earlier; /* number of the list of earlier sessions plus one; 0: there are none */
  uint32_t flush;   /* the flush that its last row waits for */
};

struct wr_session_item {
  int64_t start_us, last_us;
  uint64_t slot;
};
/* Earlier sessions of a key by time: items first .. end-1. */
struct wr_session_list {
  struct wr_session_item *items;
  uint32_t first, end, capacity;
  uint32_t next_free; /* of a list that is not used: another one, plus one */
};

/* One of the two tables. Offsets within its entries. */
struct wr_session_side {
  struct wr_table_space *space;
  struct wr_table *table;
  const struct wr_layout *layout;
  uint32_t session_at;
  uint32_t *states_at; /* per aggregate */
  uint32_t *values_at; /* per set: its values; its index lies in values_at[set_count + set] */
};

/* An entry that texts may be put into: by its number in the last probe of the side's space. */
struct wr_session_place {
  struct wr_session_side *side;
  char *const *entries;
  uint32_t index;
};

/* Rows with the entries of their sessions. */
struct wr_session_adding {
  struct wr_session_side *side;
  char **entries;    /* per row; good as long as no text is put */
  uint32_t *rows;    /* of the batch */
  uint32_t *indices; /* of the probe */
  char *const *all;  /* what the probe has handed out */
  uint32_t count;
};

/* Rows mode: the one "aggregate" that keeps all columns of its rows. */
struct wr_session_keeping {
  struct wr_type type; /* of a row */
  bool *full;          /* set when a session has more bytes than the limit */
};

struct wr_session_operator {
  struct wr_operator op;
  const struct wr_session_spec *spec;
  struct wr_window window;
  struct wr_clock clock;        /* by_clock */
  struct wr_session_wait *wait; /* NULL: rows are taken as they come */
  bool tables_saved;            /* of the snapshot being written */
  int64_t gap_us;
  int64_t slack_us; /* gap less the tick, or the gap; a session closes at last + slack */
  bool is_stagger;  /* the gap counts from the first row on: last_us stays where it was */
  const struct wr_aggregate *aggregates; /* of the spec, or `keeper` */
  const struct wr_aggregate_columns *columns;
  uint32_t aggregate_count;
  struct wr_window_rows choices;
  struct wr_aggregate keeper;
  struct wr_aggregate_columns keeper_columns;
  struct wr_session_keeping keeping;
  bool is_full;
  bool has_texts; /* of states: entries move when rows are added */

  struct wr_session_side latest, earlier;
  struct wr_table_space *spaces[2];
  struct wr_table *scratch; /* in the space of the earlier ones */
  struct wr_session_list *lists;
  uint32_t list_count, list_capacity, used_lists;
  uint32_t free_list; /* number of a list that is not used, plus one; 0: all are */
  uint64_t list_bytes;
  struct wr_timers timers; /* payload: hash of the key */
  uint64_t next_slot;
  int64_t closed_us; /* local; sessions that close at or before it have left */
  bool loaded;       /* from some old part */
  int64_t now_us;
  uint64_t held_rows;
  struct wr_result_rows output;
  struct wr_builder **set_values; /* per set and argument: one value, while sets are merged */

  /* the batch at hand */
  struct wr_arena arena;
  const struct wr_batch *batch;
  struct wr_window_times times;
  struct wr_column row_column;   /* rows mode: the batch as a ROW */
  const struct wr_column **keys; /* with the slot behind them */
  struct wr_column slot_column;
  int64_t slot[1 + WR_PADDING / sizeof(int64_t)];
  const struct wr_column *const **args; /* per aggregate */
  uint32_t *rows;
  uint64_t *hashes;
  struct wr_probe probe; /* of the latest sessions, one per row */
  struct wr_session_adding pending;
  uint32_t flush;  /* number of the flush that will add the pending rows */
  uint32_t *empty; /* indices of the probe whose key may have no session in the end */
  uint32_t empty_count;
};

static inline struct wr_session *wr_session_of(const struct wr_session_side *side, char *entry)
{
  return (struct wr_session *)(void *)(entry + side->session_at);
}
static inline char *wr_session_entry(const struct wr_session_place *place)
{
  return place->entries[place->index];
}
static inline uint64_t wr_session_hash(const struct wr_session_side *side, const char *entry)
{
  return *(const uint64_t *)(const void *)(entry + side->layout->hash_at);
}

/* Rows, in the order in which they come; the batch may be of any memory. */
enum wr_code wr_session_rows(struct wr_session_operator *self, const struct wr_batch *batch,
                             struct wr_error *err);

/* ---- session_states.c: states of aggregates */

void wr_session_side_open(struct wr_session_operator *self, struct wr_session_side *side,
                          bool with_slot);
void wr_session_side_close(struct wr_session_side *side);
/* Fresh states in an entry of zeros; of one that is used again. */
void wr_session_init(const struct wr_session_side *side, char *entry);
void wr_session_reset(struct wr_session_operator *self, const struct wr_session_place *place);
void wr_session_add(struct wr_session_operator *self, const struct wr_session_adding *adding);
/* One row of an aggregate. */
void wr_session_add_one(struct wr_session_operator *self, uint32_t aggregate,
                        const struct wr_column *const *args, const struct wr_session_place *place,
                        uint32_t row);
/* Whether the FILTER of a choice lets a row of the batch through. */
bool wr_session_passes(const struct wr_session_operator *self, uint32_t choice, uint32_t row);
/* What is at source, an entry of another table, into fresh states; or to what is there. */
void wr_session_copy(struct wr_session_operator *self, const struct wr_session_side *from,
                     const char *source, const struct wr_session_place *to);
void wr_session_merge(struct wr_session_operator *self, const struct wr_session_side *from,
                      const char *source, const struct wr_session_place *to);

/* ---- session_values.c: the different values of DISTINCT aggregates */

/* Two pieces of state per set: values, index. */
void wr_session_values_pieces(struct wr_state_piece pieces[2]);
/* Hands those of a row's values that are new to the aggregates of the set. */
void wr_session_values_add(struct wr_session_operator *self, uint32_t set,
                           const struct wr_session_place *place, uint32_t row);
void wr_session_values_copy(struct wr_session_operator *self, uint32_t set,
                            const struct wr_session_side *from, const char *source,
                            const struct wr_session_place *to);
void wr_session_values_merge(struct wr_session_operator *self, uint32_t set,
                             const struct wr_session_side *from, const char *source,
                             const struct wr_session_place *to);
void wr_session_values_reset(struct wr_session_operator *self, uint32_t set,
                             const struct wr_session_place *place);
/* Some values could not be kept, so that there is no result. */
bool wr_session_values_broken(const struct wr_session_side *side, uint32_t set, const char *entry);

/* ---- session_rows.c: sessions that keep their rows, and how sessions leave */

void wr_session_keeper_open(struct wr_session_operator *self);
void wr_session_keeper_close(struct wr_session_operator *self);
/* copy: the entries will not stay as they are until the rows leave. */
enum wr_code wr_session_output(struct wr_session_operator *self, struct wr_session_side *side,
                               char *const *entries, uint32_t count, bool copy,
                               struct wr_error *err);

/* ---- session_lists.c: the earlier sessions of a key */

struct wr_session_list *wr_session_list_of(const struct wr_session_operator *self,
                                           const struct wr_session *session);
/* Puts an item at its place, making the list if there is none. */
void wr_session_list_add(struct wr_session_operator *self, struct wr_session *session,
                         const struct wr_session_item *item);
/* Takes item `at` out; the list goes with its last one. */
void wr_session_list_remove(struct wr_session_operator *self, struct wr_session *session,
                            uint32_t at);
void wr_session_lists_free(struct wr_session_operator *self);
/* The first item that time_us does not lie behind, the gap included; end: there is none. */
uint32_t wr_session_list_search(const struct wr_session_list *list, int64_t time_us,
                                int64_t gap_us);
uint64_t wr_session_slot_hash(uint64_t key_hash, uint64_t slot);
/* The entry of an earlier session. */
char *wr_session_find_earlier(struct wr_session_operator *self, uint64_t key_hash, uint64_t slot);
/* When the first session of a key closes. */
int64_t wr_session_due(const struct wr_session_operator *self, const struct wr_session *session);
/* Waits for that, if no timer comes up before. */
void wr_session_arm(struct wr_session_operator *self, struct wr_session *session, uint64_t hash);
/* Lists and timers anew from the tables. */
enum wr_code wr_session_rebuild(struct wr_session_operator *self, struct wr_error *err);

/* ---- session_join.c: a row meets the sessions of its key */

/* Anything but joining the only session of its key, which is open. *joins: the row goes to the
 * latest session. */
enum wr_code wr_session_meet(struct wr_session_operator *self, uint32_t i, int64_t time_us,
                             int64_t known_us, bool *joins, struct wr_error *err);
/* Adds the pending rows. */
void wr_session_flush(struct wr_session_operator *self);

/* ---- session_fire.c */

/* Sessions that close at or before a local watermark leave. STAGGER: in the order of their ends,
 * into `output`, which the caller hands on when all of the watermark has been done. */
enum wr_code wr_session_fire(struct wr_session_operator *self, int64_t watermark_us,
                             struct wr_error *err);

#endif
