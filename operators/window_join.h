/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two halves of window_join share: rows going in, snapshots (window_join.c), and windows
 * coming out (window_join_fire.c).
 *
 *   open windows, by end and start        rows of a side, as they came
 *   | [0, 10) | left:  addresses  ------> | page | page | page |
 *   |         | right: addresses  ------> | page | page |
 *   | [5, 15) | ...
 *
 * All windows share the pages of a side, so that many windows with few rows cost few pages. When
 * most rows of the pages have gone with their windows, the others move together.
 */
#ifndef WEIR_OPERATORS_WINDOW_JOIN_H
#define WEIR_OPERATORS_WINDOW_JOIN_H

#include "functions/evaluator.h"
#include "operators/kept_rows.h"
#include "operators/specs.h"

#define WR_JOIN_SIDES 2

/* The rows of one side of a window, ascending. */
struct wr_join_list {
  uint64_t *addresses;
  uint32_t count, room;
};

struct wr_join_window {
  int64_t start_us, end_us;
  struct wr_join_list sides[WR_JOIN_SIDES];
};

/* Pairs of rows whose keys are equal, at most a batch of them. */
struct wr_join_pairs {
  uint64_t *addresses[WR_JOIN_SIDES];
  uint32_t *numbers[WR_JOIN_SIDES]; /* in the lists of the window */
  uint32_t *picked;
  uint32_t count;
};

/* A snapshot under way: pages first .. end - 1 of a side are to be written. */
struct wr_join_saving {
  uint64_t first, end, next;
  uint64_t *written; /* a bit per page, from first on */
};

struct wr_window_join {
  struct wr_operator op;
  const struct wr_window_join_spec *spec;
  struct wr_kept_rows kept[WR_JOIN_SIDES];
  struct wr_join_window **windows; /* those that are open, by end, then start */
  uint32_t window_count, window_room;
  int64_t
      closed_us;  /* windows that close at or before it have fired; local where there is a zone */
  int64_t now_us; /* of the last batch */
  /* rows going out */
  struct wr_evaluator *evaluator; /* NULL: there is no condition */
  struct wr_builder *builders;    /* per column of a pair */
  struct wr_column *columns;      /* the same, as they leave */
  struct wr_column *nulls;        /* per column of a pair: NULL, for rows without a match */
  struct wr_join_pairs pairs;
  struct wr_part_writer *part; /* of the snapshot under way; NULL: none */
  struct wr_join_saving saving[WR_JOIN_SIDES];
  struct wr_arena arena;   /* one batch */
  struct wr_arena forever; /* of the operator */
};

/* Gives the rows of a window; afterwards they are of no more use. */
enum wr_code wr_window_join_fire(struct wr_window_join *self, const struct wr_join_window *window,
                                 struct wr_error *err);

/* Which sides' rows leave although nothing matches them. */
static inline bool wr_join_keeps(enum wr_join_kind kind, uint32_t side)
{
  return kind == WR_JOIN_FULL || (side == 0 && (kind == WR_JOIN_LEFT || kind == WR_JOIN_ANTI)) ||
         (side == 1 && kind == WR_JOIN_RIGHT);
}

#endif
