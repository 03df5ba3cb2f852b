/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HOP at a cost that does not depend on how many slices a window has. A slice is fed once, when the
 * first window over it closes: each of its keys gets a pane in that key's frame
 * (operators/frame.h), which counts until the slice's last window; then the slice goes. A window
 * that closes reads the totals of all keys and takes out the panes whose last window it was. Slices
 * of rows that were late for their first windows are fed like others, their `until` puts them in
 * their place.
 *
 *   slices not fed     a: 3  b: 1            (open, or with later windows only)
 *   ring               a: | until 40: 5 | until 50: 2 |  b: | until 50: 7 |
 *   window to 40       fed;  a 5+2+3, b 7+1;  panes until 40 go; keys without panes too
 *
 * For aggregates that can be framed and do not depend on the order of rows; without DISTINCT.
 * Others, and windows that share no slices, are read out by window_fire.c.
 */
#ifndef WEIR_OPERATORS_WINDOW_RING_H
#define WEIR_OPERATORS_WINDOW_RING_H

#include "operators/frame_saved.h"
#include "operators/specs.h"
#include "state/table.h"

struct wr_frame;
struct wr_window_aggregate;
struct wr_window_ring;

/* Whether such windows are read out by a ring. */
bool wr_window_ring_fits(const struct wr_window *window, const struct wr_aggregate *aggregates,
                         uint32_t aggregate_count);
/* NULL: they are not. source: the layout of the slices' tables. */
struct wr_window_ring *wr_window_ring_new(const struct wr_window_aggregate_spec *spec,
                                          const struct wr_layout *source);
/* Its space is not freed with it. */
void wr_window_ring_free(struct wr_window_ring *ring);
struct wr_table_space *wr_window_ring_space(const struct wr_window_ring *ring);
const struct wr_frame *wr_window_ring_frame(const struct wr_window_ring *ring);
struct wr_table *wr_window_ring_table(const struct wr_window_ring *ring);

/* End of the next window that has rows in the ring; WR_TIME_END: there is none. */
int64_t wr_window_ring_next(const struct wr_window_aggregate *self);
/* Feeds the slices that belong to the window that ends at end_us, and reads it out. */
enum wr_code wr_window_ring_fire(struct wr_window_aggregate *self, int64_t end_us,
                                 struct wr_error *err);
/* Rows in windows that have not closed. */
uint64_t wr_window_ring_rows(const struct wr_window_ring *ring);

/* A ring of a snapshot whose aggregates were others: it is loaded into a table of its own. */
struct wr_window_ring_old {
  struct wr_frame_saved saved;
  struct wr_table_space *space;
  struct wr_table *table;
};

/* How its panes look; that of a snapshot, *old: NULL if it is the same. */
void wr_window_ring_save_shape(const struct wr_window_ring *ring, struct wr_part_writer *part);
enum wr_code wr_window_ring_load_shape(struct wr_window_ring *ring, struct wr_part_reader *part,
                                       struct wr_window_ring_old **old, struct wr_error *err);
/* Moves what is in the table of an old ring into this one, and frees it. load: how loading that
 * went; otherwise nothing is moved. */
enum wr_code wr_window_ring_load_old(struct wr_window_ring *ring, struct wr_window_ring_old *old,
                                     enum wr_code load, struct wr_error *err);
/* What is not in its table. closed_us: of the operator. */
void wr_window_ring_save(const struct wr_window_ring *ring, struct wr_part_writer *part);
/* Of an old task of so many, which had closed windows up to closed_us. with_rows: its rows are
 * counted here. */
enum wr_code wr_window_ring_load(struct wr_window_ring *ring, bool by_clock, int64_t closed_us,
                                 uint64_t old_task, uint64_t old_count, bool with_rows,
                                 struct wr_part_reader *part, struct wr_error *err);

#endif
