/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of join share: join.c (the class: batches, snapshots), join_fold.c (what a batch
 * comes to), join_lists.c (the rows of a key), join_index.c (rows of long lists by their content),
 * join_times.c (rows that expire), join_emit.c (rows going out).
 *
 *   table: key -> | left: count, rows | right: count, rows |    one entry for both sides
 *                          |                   |
 *                   one address, or an array   +--> address ...
 *                          v
 *   kept rows of a side: pages                  beside each page, where they are needed:
 *   | columns of the input ... |                places in the arrays, numbers of matches
 *
 * One probe per row finds both the list that it goes to and the rows that it meets. Rows without a
 * key (a NULL among its columns) meet nothing and are never kept.
 */
#ifndef WEIR_OPERATORS_JOIN_STATE_H
#define WEIR_OPERATORS_JOIN_STATE_H

#include "functions/evaluator.h"
#include "operators/kept_rows.h"
#include "operators/specs.h"
#include "state/table.h"
#include "state/timers.h"

/* The rows of one key. */
struct wr_join_entry {
  uint64_t rows[2]; /* per side: the address of the only one, or their array (join_lists.c) */
  uint32_t counts[2];
};

/* What is known of the rows of a page beside their columns. */
struct wr_join_page {
  uint32_t *places;  /* in the list of their key; NULL: not needed */
  uint32_t *matches; /* rows of the other side that match; NULL: not needed */
  uint32_t room;     /* of both */
};
/* Lists of more rows have them in an index, if rows of their side may be taken back. */
#define WR_JOIN_LONG 64
/* In a number of matches: there were some before this batch, and for now there are none. */
#define WR_JOIN_LOST (UINT32_C(1) << 31)

struct wr_join_rows {
  struct wr_kept_rows kept;
  struct wr_join_page *pages; /* by the same numbers as those of kept */
  uint32_t page_room;
  uint32_t filling; /* the page that took rows when pages were last tidied */
  bool changes, has_places, has_matches;
  uint32_t *content; /* columns that are made: by them a row that is taken back is found */
  uint32_t content_count;
  uint64_t *dropped; /* addresses of rows that went with this batch */
  uint32_t dropped_count, dropped_room;
};

/* A batch as the join goes through it: rows with keys that came, or were taken back, for good. */
struct wr_join_input {
  uint32_t side;
  const struct wr_batch *batch;
  uint32_t *rows; /* of the batch: first those that are taken back, then those that come */
  uint32_t gone_count, row_count;
  char **entries;    /* per row; NULL: its key is not known, so it meets nothing */
  uint32_t *matches; /* per row: how many it meets; only with a condition */
  int64_t *known_us; /* by_time, per row of the batch: the watermark before it, if that has passed
                        its time; else WR_TIME_NONE */
  bool is_behind;    /* there are such rows */
  uint32_t *keyless; /* the same of rows without a key, of the batch */
  uint32_t keyless_gone_count, keyless_count;
};

/* A key of the batch: how many rows of the input's side it had, and has behind it. */
struct wr_join_touched {
  struct wr_join_entry *entry;
  uint32_t before, after;
};

/* Pairs that wait to be put together: at most a batch of them. */
struct wr_join_pairs {
  uint32_t *rows;         /* of the batch */
  uint32_t *numbers;      /* the same as indices of wr_join_input.rows */
  uint64_t *addresses[2]; /* of kept rows */
  uint32_t *picked;
  uint32_t count;
};

struct wr_join {
  struct wr_operator op;
  const struct wr_join_spec *spec;
  struct wr_join_rows sides[2];
  struct wr_table_space *space;
  struct wr_table *table;
  uint32_t entry_at, touched_at; /* of the states in an entry of the table */
  struct wr_table_space *index_space;
  struct wr_table *index; /* rows of long lists: by the hash of their content */
  uint32_t index_at;
  struct wr_schema kept_schemas[2]; /* by_time: with known_us behind the columns */
  bool has_behind;                  /* some of them was kept once */
  struct wr_timers timers;          /* by_time: when rows are of no more use; address and side */
  uint64_t list_bytes;              /* of arrays, places and matches */
  bool is_ended[2];                 /* inputs that give no more rows */
  bool is_uncounted;                /* rows were loaded, and their matches are not known yet */
  const struct wr_column **key_columns; /* scratch */

  /* the batch at hand */
  struct wr_join_input in;
  struct wr_join_touched *touched; /* NULL: nobody asks */
  uint32_t touched_count;
  uint64_t *lost; /* addresses of rows of the other side whose last match has gone */
  uint32_t lost_count, lost_room;

  /* rows going out */
  struct wr_evaluator *evaluator; /* NULL: there is no condition */
  struct wr_builder *builders;    /* per column of a pair: values of kept rows */
  struct wr_builder *others;      /* the same of rows that leave alone */
  struct wr_column *columns, *alone;
  struct wr_column *nulls; /* per column of a pair */
  struct wr_compactor compactor;
  struct wr_join_pairs pairs;
  uint8_t *taken_back; /* changes of a batch whose rows all are */
  int64_t now_us;
  struct wr_arena arena;   /* one batch */
  struct wr_arena forever; /* of the operator */

  struct wr_part_writer *part; /* of the snapshot under way; NULL: none */
  uint32_t saving;             /* the side that is being written */
};

static inline struct wr_join_entry *wr_join_entry_of(const struct wr_join *self, char *entry)
{
  return (struct wr_join_entry *)(entry + self->entry_at);
}

/* Whether rows of a side leave with NULLs where nothing matches them. */
static inline bool wr_join_pads(enum wr_join_kind kind, uint32_t side)
{
  return kind == WR_JOIN_FULL || kind == (side ? WR_JOIN_RIGHT : WR_JOIN_LEFT);
}
/* Whether it only matters if the left has a match. */
static inline bool wr_join_is_half(enum wr_join_kind kind)
{
  return kind == WR_JOIN_SEMI || kind == WR_JOIN_ANTI;
}
/* Whether it matters of a row of a side if it has a match at all. */
static inline bool wr_join_asks(enum wr_join_kind kind, uint32_t side)
{
  return wr_join_pads(kind, side) || (side == 0 && wr_join_is_half(kind));
}

/* ---- join_fold.c */

/* What the batch comes to: rows that come and go, or the other way round, cancel out. Fills
 * in.rows and in.keyless. */
void wr_join_fold(struct wr_join *self, const struct wr_batch *batch, uint32_t side);
/* True if two rows of a side are equal in all columns that are made; NULLs are. */
bool wr_join_rows_equal(const struct wr_join_rows *side, const struct wr_batch *a, uint32_t a_row,
                        const struct wr_batch *b, uint32_t b_row);

/* Hashes of these columns of some rows. */
void wr_join_hash_rows(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                       const uint32_t *rows, uint32_t row_count, uint64_t *hashes);

/* ---- join_lists.c */

/* The addresses of the rows of one side, `counts[side]` of them; lent until rows come or go. */
static inline const uint64_t *wr_join_list(const struct wr_join_entry *entry, uint32_t side)
{
  return entry->counts[side] > 1 ? (const uint64_t *)(uintptr_t)entry->rows[side] + 1
                                 : &entry->rows[side];
}
/* places: it is the list of a key, and its rows know where they stand in it. */
void wr_join_list_add(struct wr_join *self, uint32_t side, struct wr_join_entry *entry,
                      uint64_t address, bool places);
void wr_join_list_remove(struct wr_join *self, uint32_t side, struct wr_join_entry *entry,
                         uint32_t at, bool places);
void wr_join_list_set(struct wr_join_entry *entry, uint32_t side, uint32_t at, uint64_t address);
/* Keeps rows rows[i] of a batch with their entries. */
enum wr_code wr_join_keep(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                          const uint32_t *rows, char *const *entries, const uint32_t *matches,
                          uint32_t row_count, struct wr_error *err);
/* Takes one kept row out that is equal to that of the batch; false: there is none. The row itself
 * stays until wr_join_settle. */
bool wr_join_take_out(struct wr_join *self, uint32_t side, struct wr_join_entry *entry,
                      const struct wr_batch *batch, uint32_t row);
/* Lets go of rows that were taken out, and tidies pages that are mostly empty. */
void wr_join_settle(struct wr_join *self, uint32_t side);
/* These kept rows leave the lists of their entries. */
void wr_join_leave(struct wr_join *self, uint32_t side, char *const *entries,
                   const uint64_t *addresses, uint32_t count);
/* Keys that have no rows any more. */
void wr_join_forget(struct wr_join *self, char *const *entries, uint32_t count);
void wr_join_lists_free(struct wr_join *self);
/* The number of matches of a kept row. */
static inline uint32_t *wr_join_matches(struct wr_join_rows *rows, uint64_t address)
{
  return &rows->pages[address >> WR_KEPT_ROW_BITS]
              .matches[address & ((1u << WR_KEPT_ROW_BITS) - 1)];
}

/* ---- join_times.c */

/* Of the input's rows those that nothing can meet are rejected: they come too late. */
void wr_join_judge(struct wr_join *self);
/* The batch with a column more, as its rows are kept. */
struct wr_batch wr_join_with_known(struct wr_join *self);
/* Whether a row of the input may meet a kept one: neither was forgotten before the other came. */
bool wr_join_may_meet(const struct wr_join *self, uint32_t row, uint64_t address);
/* When the watermark is behind everything that a row of this time can meet. */
int64_t wr_join_expiry(const struct wr_join *self, uint32_t side, int64_t time_us);
int64_t wr_join_kept_expiry(const struct wr_join *self, uint32_t side, uint64_t address);
/* Rows that nothing can meet any more are forgotten. */
void wr_join_expire(struct wr_join *self, int64_t watermark_us);
/* The watermark of what comes out. */
int64_t wr_join_watermark(const struct wr_join *self, int64_t watermark_us);

/* ---- join_index.c */

void wr_join_index_open(struct wr_join *self);
/* Kept rows come into the index, or leave it. */
void wr_join_index_add(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                       uint32_t count);
void wr_join_index_remove(struct wr_join *self, uint32_t side, const uint64_t *addresses,
                          uint32_t count);
/* One that is equal to the row leaves it; false: there is none. */
bool wr_join_index_take(struct wr_join *self, uint32_t side, const struct wr_batch *batch,
                        uint32_t row, uint64_t *address);
void wr_join_index_move(struct wr_join *self, uint32_t side, uint64_t old, uint64_t address);

/* ---- join_emit.c */

void wr_join_output_open(struct wr_join *self);
void wr_join_output_close(struct wr_join *self);
/* What the batch changes: rows that are taken back have left their lists, those that come are not
 * there yet. */
enum wr_code wr_join_emit(struct wr_join *self, struct wr_error *err);
/* Counts the matches of all rows that are kept. */
void wr_join_count(struct wr_join *self);

#endif
