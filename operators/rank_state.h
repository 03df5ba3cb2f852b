/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of rank share: rank.c (the class: which window a row is of, snapshots),
 * rank_lists.c (the rows of a window by key and order), rank_ties.c and rank_all.c (lists that may
 * be long), rank_emit.c, rank_changes.c (rows going out), rank_ttl.c (rows over), rank_local.c.
 *
 *   window -> table: key -> list of items, in order     item: prefix, address
 *   window -> table ...                                                  |
 *   kept rows, of all windows: pages                                     |
 *               input's columns | arrival | time <------------------------+
 *
 * Windows share the pages of their rows, so that many windows with few rows cost little. Arrival, a
 * number that grows with every row, is a column of kept rows and the last key of the order: so it
 * is total, whatever a snapshot or the tidying of pages does to where rows lie. The time is there
 * if rows have a time to live (operators/ttl.h).
 */
#ifndef WEIR_OPERATORS_RANK_STATE_H
#define WEIR_OPERATORS_RANK_STATE_H

#include "operators/gone_rows.h"
#include "operators/rank_sorted.h"
#include "operators/row_groups.h"
#include "operators/ttl.h"
#include "state/table.h"

#define WR_RANK_FRESH (UINT64_C(1) << 63) /* an address: row of the batch that is being taken */

/* Which rows a list has, and how. */
enum wr_rank_way {
  WR_RANK_FIRST, /* the first `last`, as an array */
  WR_RANK_TIES,  /* those with a number up to `last` that rows share: there may be any number */
  WR_RANK_ALL    /* all, as rows may be taken back */
};

/* The state of a key. */
struct wr_rank_list {
  uint64_t worst; /* prefix of the last item; ALL: not used */
  union {
    uint64_t address;           /* FIRST: of the only item, if `last` is 1 */
    struct wr_sort_item *items; /* FIRST: best first; room for the next power of two; its own memory
                                 */
    struct wr_rank_sorted *sorted; /* TIES, ALL; not if it is empty */
  };
  uint32_t count;
  uint32_t touched; /* its number, from 1, among the lists that this batch changes; 0: none */
};

struct wr_rank_window {
  int64_t start_us, end_us;
  struct wr_table *table;
  uint32_t group; /* within the batch at hand (operators/row_groups.h) */
};

/* Rows of a list that are given, in order. */
struct wr_rank_given {
  uint64_t *addresses;
  uint32_t *numbers; /* FIRST: NULL, they are the places from 1 */
  uint32_t count;
};

/* A list that a batch changes, and what it was before: FIRST: all of it; else what it gave. */
struct wr_rank_touched {
  struct wr_rank_list *list;
  struct wr_rank_given before;
};

struct wr_rank_output {
  struct wr_builder *builders;
  struct wr_column *columns;
  uint64_t *addresses; /* of rows that are still to be gathered */
  uint32_t waiting;
  int64_t *ranks;
  uint8_t *change; /* of all rows */
  char **entries;  /* of a table being read out */
};

struct wr_rank {
  struct wr_operator op;
  const struct wr_rank_spec *spec;
  enum wr_rank_way way;
  bool has_window;
  bool is_exact; /* one key, of numbers: equal prefixes mostly are equal keys */
  struct wr_window window;
  struct wr_schema kept_schema; /* input, arrival, perhaps the time */
  struct wr_sort_key *keys;     /* order, arrival */
  struct wr_sort_order order;
  struct wr_sort_order ties; /* without arrival: rows that are equal in it share a number */
  struct wr_table_space *space;
  uint32_t list_at;                /* of the state in entries */
  struct wr_kept_rows kept;        /* rows of all windows */
  struct wr_ttl_rows ttl;          /* of them; without windows */
  struct wr_rank_window **windows; /* by end, start; without windows: at most one */
  uint32_t window_count, window_room;
  uint64_t list_bytes; /* of items */
  int64_t closed_us;   /* windows that close at or before it have left; local */
  int64_t now_us;
  int64_t arrivals;                     /* rows so far */
  const struct wr_column **key_columns; /* scratch */
  struct wr_rank_output output;
  struct wr_arena arena; /* one batch */
  /* the batch being taken */
  const struct wr_batch *fresh;
  bool loading; /* it comes from a snapshot: its rows need not be later than others */
  struct wr_rank_touched *touched; /* NULL: they are not wanted */
  uint32_t touched_count;
  uint64_t *added; /* addresses of rows of the batch that are kept */
  uint32_t added_count;
  struct wr_gone_rows gone;    /* kept rows that have to go once the changes are emitted */
  struct wr_part_writer *part; /* of the snapshot being written; NULL: none */
};

/* A row that is looked for, or looks for its place. */
struct wr_rank_place {
  uint64_t prefix;
  const struct wr_batch *rows;
  uint32_t row;
  bool is_last; /* to have come: after every other row that is kept */
};

static inline struct wr_rank_list *wr_rank_list_of(const struct wr_rank *self, char *entry)
{
  return (struct wr_rank_list *)(entry + self->list_at);
}

/* The row at an address. */
static inline const struct wr_batch *wr_rank_row(const struct wr_rank *self, uint64_t address,
                                                 uint32_t *row)
{
  if (!(address & WR_RANK_FRESH))
    return wr_kept_row(&self->kept, address, row);
  *row = (uint32_t)address;
  return self->fresh;
}

/* ---- rank.c, for rank_local.c */
enum wr_code wr_rank_open(const void *spec, const struct wr_operator_context *context,
                          struct wr_operator **out, struct wr_error *err);
enum wr_code wr_rank_on_batch(struct wr_operator *op, uint32_t input, const struct wr_batch *batch,
                              struct wr_error *err);
enum wr_code wr_rank_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                  struct wr_error *err);
/* Windows that close at or before the (local) watermark leave. */
enum wr_code wr_rank_fire(struct wr_rank *self, int64_t watermark_us, struct wr_error *err);
uint64_t wr_rank_held_rows(const struct wr_operator *op);
void wr_rank_close(struct wr_operator *op);
void wr_rank_count_state(const struct wr_rank *self);

/* ---- rank_lists.c */

/* The number of the first window that does not end, or begin, before these bounds. */
uint32_t wr_rank_window_search(const struct wr_rank *self, int64_t start_us, int64_t end_us);
/* The window with these bounds, made if there is none yet. */
struct wr_rank_window *wr_rank_window_get(struct wr_rank *self, int64_t start_us, int64_t end_us);
/* It gives back its lists; rows: it lets go of its rows, too, which stay until wr_rank_settle. */
void wr_rank_window_free(struct wr_rank *self, struct wr_rank_window *window, bool rows);

/* Rows rows[i] of self->fresh with these hashes of their keys: those that are among the best of
 * their key are kept. Others have to make room; they stay until wr_rank_settle. */
enum wr_code wr_rank_take(struct wr_rank *self, struct wr_rank_window *window, const uint32_t *rows,
                          const uint64_t *hashes, uint32_t row_count, struct wr_error *err);
/* The entries of the keys of rows, made where there are none. */
void wr_rank_probe(struct wr_rank *self, struct wr_rank_window *window,
                   const struct wr_batch *batch, const uint32_t *rows, const uint64_t *hashes,
                   uint32_t row_count, struct wr_probe *probe);
/* The row lets go of its place once the changes are emitted. */
void wr_rank_drop(struct wr_rank *self, uint64_t address);
/* Copies the rows rows[taken[i]] of the batch but those that are beaten, and tells their lists
 * where they are. */
void wr_rank_keep(struct wr_rank *self, char *const *entries, const uint32_t *rows,
                  const uint64_t *prefixes, uint32_t *taken, uint32_t taken_count,
                  const uint64_t *beaten);
/* Takes a row of the window of all rows out of its list; true: that is empty now. */
bool wr_rank_list_take(struct wr_rank *self, struct wr_rank_list *list,
                       const struct wr_rank_place *place, uint64_t address);
/* Lets go of rows that are not kept any more, and tidies pages that are mostly empty. */
void wr_rank_settle(struct wr_rank *self);
/* Hashes of the keys of rows (NULL: all) of a batch. */
void wr_rank_hash(struct wr_rank *self, const struct wr_batch *batch, const uint32_t *rows,
                  uint32_t row_count, uint64_t *hashes);

/* ---- rank_ties.c */

/* Where a row stands, or would stand. */
struct wr_rank_at wr_rank_find(const struct wr_rank *self, const struct wr_rank_sorted *sorted,
                               const struct wr_rank_place *place);
/* Whether neighbours share a number. */
bool wr_rank_ties(const struct wr_rank *self, const struct wr_sort_item *a,
                  const struct wr_sort_item *b);
/* Puts a row into a list, which must not have too many; *at: then where it is. */
enum wr_code wr_rank_put(struct wr_rank *self, struct wr_rank_list *list, struct wr_rank_at *at,
                         struct wr_sort_item item, struct wr_error *err);
/* As wr_rank_take. */
enum wr_code wr_rank_take_ties(struct wr_rank *self, char *const *entries, const uint32_t *rows,
                               const uint64_t *prefixes, uint32_t row_count, struct wr_error *err);
/* A walk over the rows that are given, in order, with their numbers. */
struct wr_rank_walk {
  const struct wr_rank_sorted *sorted;
  struct wr_rank_at at;
  const struct wr_sort_item *item; /* NULL: that was all */
  uint64_t place, number;
};
void wr_rank_walk_begin(const struct wr_rank *self, const struct wr_rank_list *list,
                        struct wr_rank_walk *walk);
void wr_rank_walk_next(const struct wr_rank *self, struct wr_rank_walk *walk);
/* What it gives; in the arena of the batch. */
struct wr_rank_given wr_rank_given(struct wr_rank *self, const struct wr_rank_list *list);
/* Remembers what a list gave before this batch, unless that is known, or not wanted. */
void wr_rank_touch(struct wr_rank *self, struct wr_rank_list *list);

/* Takes a row out of a list that is not an array. */
void wr_rank_leave(struct wr_rank *self, struct wr_rank_list *list,
                   const struct wr_rank_place *place, uint64_t address);

/* The rows that are over by now leave their lists; rank_ttl.c. */
void wr_rank_expire(struct wr_rank *self, int64_t now_us);

/* ---- rank_all.c */
/* ALL: the order of two rows, the whole of both; arrival does not count. */
int wr_rank_compare_rows(const struct wr_rank *self, const struct wr_batch *a, uint32_t a_row,
                         const struct wr_batch *b, uint32_t b_row);
/* Rows of a batch (self->fresh, with its changes) that come and go. */
enum wr_code wr_rank_take_all(struct wr_rank *self, struct wr_rank_window *window,
                              const struct wr_batch *batch, const uint32_t *rows,
                              const uint64_t *hashes, uint32_t row_count, struct wr_error *err);
/* The lists that have become empty go. */
void wr_rank_forget_empty(struct wr_rank *self, struct wr_rank_window *window);

/* ---- rank_emit.c */
void wr_rank_output_open(struct wr_rank *self);
void wr_rank_output_close(struct wr_rank *self);
/* All results of a window; they may wait for those of others until wr_rank_flush. */
enum wr_code wr_rank_emit_window(struct wr_rank *self, const struct wr_rank_window *window,
                                 struct wr_error *err);
/* One row goes out. */
enum wr_code wr_rank_emit(struct wr_rank *self, uint64_t address, uint64_t number,
                          enum wr_change change, struct wr_error *err);
/* Makes sure that so many more rows go into the batch. */
enum wr_code wr_rank_reserve(struct wr_rank *self, uint32_t more, struct wr_error *err);
enum wr_code wr_rank_flush(struct wr_rank *self, struct wr_error *err);

/* ---- rank_changes.c */

/* Whether what changes can only be told by looking at lists as they were before the batch. */
bool wr_rank_compares(const struct wr_rank *self);
/* What the batch has changed. */
enum wr_code wr_rank_emit_changes(struct wr_rank *self, struct wr_error *err);

#endif
