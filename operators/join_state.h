/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of join share: join.c (the class, batches), join_fold.c (what a batch comes to),
 * join_lists.c (the rows of a key), join_index.c (rows of long lists by their content),
 * join_times.c (rows whose time says when they expire), join_ttl.c (rows that nobody has written
 * for long), join_emit.c (rows going out), join_save.c (snapshots).
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
#include "operators/gone_rows.h"
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
  uint32_t *frozen;  /* matches when the snapshot began that still wants the page; NULL: as now */
  uint32_t room;     /* of places and matches */
  bool is_due;       /* there is a timer for the page (join_ttl.c) */
};
/* Lists of more rows have them in an index, if rows of their side may be taken back. */
#define WR_JOIN_LONG 64
/* In a number of matches: there were some before this batch, and for now there are none. */
#define WR_JOIN_LOST (UINT32_C(1) << 31)

struct wr_join_rows {
  struct wr_kept_rows kept;
  struct wr_join_page *pages; /* by the same numbers as those of kept */
  uint32_t page_room;
  bool changes, has_places, has_matches;
  uint32_t *content; /* columns that are made: by them a row that is taken back is found */
  uint32_t content_count;
  struct wr_gone_rows gone; /* with this batch */
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
                        its time; else WR_TIME_NONE. NULL: by_clock */
  bool is_behind;    /* there are such rows */
  uint32_t *keyless; /* the same of rows without a key, of the batch; by_time also of others that
                        meet nothing and leave with NULLs */
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
  /* What is kept of rows has a column of the operator's own behind those of the input: known_us;
   * by_clock, or where rows have a ttl_us: when the row came. */
  struct wr_schema kept_schemas[2];
  bool has_own;       /* there is that column */
  bool has_behind;    /* some row with known_us was kept once */
  bool counts;        /* rows of some side have numbers of matches */
  bool saves_matches; /* which go into snapshots: those that they met may have gone */
  bool has_ttl;       /* rows of some side go by themselves */
  int64_t dated_us;   /* when rows came of which a snapshot did not say it; WR_TIME_NONE: yet */
  struct wr_timers
      timers;          /* when rows are of no more use: address and side; ttl_us: page and side */
  uint64_t list_bytes; /* of arrays, places and matches */
  bool is_ended[2];    /* inputs that give no more rows */
  bool is_uncounted;   /* rows were loaded, and their matches are not known yet */
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

/* Whether rows of a side have to be kept: others will come to meet them, or rows of the other side
 * have to know how many of them there are. */
static inline bool wr_join_keeps(const struct wr_join *self, uint32_t side)
{
  return !self->is_ended[!side] || (!self->spec->by_time && wr_join_asks(self->spec->kind, !side));
}

#endif
