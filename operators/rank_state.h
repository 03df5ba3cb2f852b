/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of rank share: rank.c (the class: which window a row is of, snapshots),
 * rank_lists.c (the rows of a window by key and order), rank_emit.c (rows going out).
 *
 *   window -> table: key -> list of items, in order     item: prefix, address
 *   window -> table ...                                                  |
 *   kept rows, of all windows: pages                                     |
 *               input's columns | arrival  <-----------------------------+
 *
 * Windows share the pages of their rows, so that many windows with few rows cost little. Arrival, a
 * number that grows with every row, is a column of kept rows and the last key of the order: so it
 * is total, whatever a snapshot or the tidying of pages does to where rows lie.
 */
#ifndef WEIR_OPERATORS_RANK_STATE_H
#define WEIR_OPERATORS_RANK_STATE_H

#include "operators/row_groups.h"
#include "operators/sort_order.h"
#include "state/table.h"

#define WR_RANK_FRESH (UINT64_C(1) << 63) /* an address: row of the batch that is being taken */

/* The state of a key. */
struct wr_rank_list {
  uint64_t worst; /* prefix of the last item */
  union {
    uint64_t address;           /* of the only item, if `last` is 1 */
    struct wr_sort_item *items; /* best first; room for the next power of two; its own memory */
  };
  uint32_t count;
  uint32_t touched; /* its number, from 1, among the lists that this batch changes; 0: none */
};

struct wr_rank_window {
  int64_t start_us, end_us;
  struct wr_table *table;
  uint32_t group; /* within the batch at hand (operators/row_groups.h) */
};

/* A list that a batch changes, and what it was before. */
struct wr_rank_touched {
  struct wr_rank_list *list;
  uint64_t *before;
  uint32_t before_count;
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
  bool has_window;
  bool is_exact; /* one key, of numbers: equal prefixes mostly are equal keys */
  struct wr_window window;
  struct wr_schema kept_schema; /* input, arrival */
  struct wr_sort_key *keys;     /* order, arrival */
  struct wr_sort_order order;
  struct wr_table_space *space;
  uint32_t list_at;                /* of the state in entries */
  struct wr_kept_rows kept;        /* rows of all windows */
  uint32_t filling;                /* the page that took rows when pages were last tidied */
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
  uint64_t *dropped; /* addresses of kept rows that have to go once the changes are emitted */
  uint32_t dropped_count, dropped_room;

  struct wr_part_writer *part; /* of the snapshot being written; NULL: none */
};

static inline struct wr_rank_list *wr_rank_list_of(const struct wr_rank *self, char *entry)
{
  return (struct wr_rank_list *)(entry + self->list_at);
}

/* ---- rank_lists.c */

/* The number of the first window that does not end, or begin, before these bounds. */
uint32_t wr_rank_window_search(const struct wr_rank *self, int64_t start_us, int64_t end_us);
/* The window with these bounds, made if there is none yet. */
struct wr_rank_window *wr_rank_window_get(struct wr_rank *self, int64_t start_us, int64_t end_us);
/* It gives back its lists; rows: it lets go of its rows, too, which stay until wr_rank_settle. */
void wr_rank_window_free(struct wr_rank *self, struct wr_rank_window *window, bool rows);

/* Rows rows[i] of self->fresh with these hashes of their keys: those that are among the best of
 * their key are kept. Others have to make room; they stay until wr_rank_settle. */
void wr_rank_take(struct wr_rank *self, struct wr_rank_window *window, const uint32_t *rows,
                  const uint64_t *hashes, uint32_t row_count);
/* Lets go of rows that are not kept any more, and tidies pages that are mostly empty. */
void wr_rank_settle(struct wr_rank *self);
/* Hashes of the keys of rows (NULL: all) of a batch. */
void wr_rank_hash(struct wr_rank *self, const struct wr_batch *batch, const uint32_t *rows,
                  uint32_t row_count, uint64_t *hashes);

/* ---- rank_emit.c */

void wr_rank_output_open(struct wr_rank *self);
void wr_rank_output_close(struct wr_rank *self);
/* All results of a window; they may wait for those of others until wr_rank_flush. */
enum wr_code wr_rank_emit_window(struct wr_rank *self, const struct wr_rank_window *window,
                                 struct wr_error *err);
/* Whether what changes can only be told by looking at lists as they were before the batch. */
bool wr_rank_compares(const struct wr_rank_spec *spec);
/* What the batch has changed. */
enum wr_code wr_rank_emit_changes(struct wr_rank *self, struct wr_error *err);
enum wr_code wr_rank_flush(struct wr_rank *self, struct wr_error *err);

#endif
