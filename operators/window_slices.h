/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The open slices of a window operator. A slice is a stretch of time with a table of keys; it
 * belongs to the windows that end at first_end, first_end + slide, ... last_end. Rows that came too
 * late for the first windows over their time, but not for all of them, have a slice of their own
 * beside the regular one, with a later first_end: so no window has to fire before the watermark
 * says so, and the result does not depend on how rows were cut into batches.
 *
 *   HOP(size 3, slide 1)    windows    [0,3)  [1,4)  [2,5)
 *   regular slice [2,3)                  x      x      x       first_end 3, last_end 5
 *   rows of [2,3) after 3 closed                x      x       first_end 4, last_end 5
 *
 * CUMULATE merges its slices as its windows grow: when one that ends at e has closed, all slices
 * under it have become one, up to e, of the windows that end later; rows that are late for the
 * first windows go straight there.
 *
 *   CUMULATE(size 3, step 1), 1 has closed:  [0,1) first_end 2   [1,2) first_end 2   last_end 3
 *                             2 has closed:  [0,2) first_end 3
 *
 * TUMBLE has one slice per window, ATTACHED one per pair of bounds, ALL one. Beside the table of
 * its keys a slice may have sets: further tables, each in a space of its own
 * (operators/window_rows.h).
 */
#ifndef WEIR_OPERATORS_WINDOW_SLICES_H
#define WEIR_OPERATORS_WINDOW_SLICES_H

#include "core/batch.h"
#include "state/table.h"
#include "windows/window.h"

struct wr_window_bounds {
  int64_t start_us, end_us;          /* of the slice */
  int64_t first_end_us, last_end_us; /* of its windows; first > last: there are none */
};

struct wr_window_slice {
  struct wr_window_bounds bounds;
  uint64_t tag; /* of its table */
  uint64_t row_count;
  struct wr_table *table;
  struct wr_table **sets; /* one per space of sets */
  uint32_t group;         /* within the batch at hand (operators/row_groups.h) */
};

struct wr_window_slices {
  struct wr_window_slice **slices; /* by end, first_end, start; within room */
  struct wr_window_slice **room;
  uint32_t count, capacity; /* capacity: of room */
  uint64_t next_tag;
  struct wr_table_space *const *set_spaces; /* lent; sets of a slice have its tag */
  uint32_t set_count;
  struct wr_table *ring; /* in a space behind the sets; NULL: there is none */
};

/* Its table and its sets, and giving them back. */
void wr_window_slice_open(struct wr_window_slice *slice, const struct wr_window_slices *slices,
                          struct wr_table_space *space, uint64_t tag, bool temporary);
void wr_window_slice_close(struct wr_window_slice *slice, const struct wr_window_slices *slices);

void wr_window_slices_free(struct wr_window_slices *slices);

/* The regular slice of a time; ALL: of any. */
struct wr_window_bounds wr_window_bounds_of(const struct wr_window *window, int64_t time_us);
/* The slice of a window that comes as two columns. */
struct wr_window_bounds wr_window_bounds_attached(int64_t start_us, int64_t end_us);
/* Leaves out the windows that close at or before closed_us; what is left may be none. CUMULATE: the
 * slice is then what its later windows have in common. */
void wr_window_bounds_cut(const struct wr_window *window, struct wr_window_bounds *bounds,
                          int64_t closed_us);

/* The slice with these bounds, made if there is none yet. */
struct wr_window_slice *wr_window_slices_get(struct wr_window_slices *slices,
                                             struct wr_table_space *space,
                                             const struct wr_window_bounds *bounds);
/* Takes slice number `at` out, which is the caller's then; and puts one in that has changed its
 * bounds: if there is one with those already it is returned, and nothing is put in. */
struct wr_window_slice *wr_window_slices_take(struct wr_window_slices *slices, uint32_t at);
struct wr_window_slice *wr_window_slices_put(struct wr_window_slices *slices,
                                             struct wr_window_slice *slice);
/* The end of the first window over any slice that closes behind closed_us (TUMBLE, ATTACHED, ALL:
 * of the first slice); WR_TIME_END: no slice has one. */
int64_t wr_window_slices_next(const struct wr_window_slices *slices, const struct wr_window *window,
                              int64_t closed_us);
/* The number of the first slice that ends more than a tick behind closed_us. */
uint32_t wr_window_slices_open_from(const struct wr_window_slices *slices, int64_t closed_us,
                                    int64_t tick_us);
/* HOP: leaves out of every slice the windows that close at or before closed_us. */
void wr_window_slices_cut(struct wr_window_slices *slices, const struct wr_window *window,
                          int64_t closed_us);
/* Frees the slices whose last window ends at or before end_us. */
void wr_window_slices_drop(struct wr_window_slices *slices, int64_t end_us);
uint64_t wr_window_slices_rows(const struct wr_window_slices *slices);

/* The list of slices (not their tables). */
void wr_window_slices_save(const struct wr_window_slices *slices, struct wr_part_writer *part);
/*
 * That list, and behind it what wr_table_spaces_save wrote: makes the slices that are missing and
 * fills in what belongs to the task. with_rows: the rows that the part counted are counted here (by
 * one of the tasks that read it). spaces: that of the slices' tables, then those of their sets,
 * then that of the ring, in the order in which they were saved: numbers[i] is the one that
 * spaces[i] is here; NULL: i itself. A space that is NULL is left out.
 */
enum wr_code wr_window_slices_load(struct wr_window_slices *slices,
                                   struct wr_table_space *const *spaces, const uint32_t *numbers,
                                   uint32_t space_count, bool with_rows, uint32_t task,
                                   uint32_t task_count, struct wr_part_reader *part,
                                   struct wr_error *err);

#endif
