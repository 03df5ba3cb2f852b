/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of window_aggregate share: rows going in (window_aggregate.c), windows coming out
 * (window_fire.c) as rows (window_output.c), earlier and again (window_emit.c). */
#ifndef WEIR_OPERATORS_WINDOW_STATE_H
#define WEIR_OPERATORS_WINDOW_STATE_H

#include "operators/clock.h"
#include "operators/specs.h"
#include "operators/window_emit.h"
#include "operators/window_ring.h"
#include "operators/window_rows.h"
#include "operators/window_slices.h"

#define WR_WINDOW_HIDDEN UINT32_MAX /* failed: the row does not leave, and nothing is told */

/* Rows of the result on their way out. */
struct wr_window_output {
  struct wr_builder *builders;
  struct wr_column *columns;
  uint32_t row_count;
  uint8_t *change; /* enum wr_change per row */
  bool has_changes;
  uint32_t *failed; /* per row: number of the aggregate without a result, plus one; 0: none */
  uint32_t failed_count;
  uint64_t *failed_bits; /* what wr_aggregate_code.result fills */
  char **entries;        /* of a table being read out */
};

struct wr_window_aggregate {
  struct wr_operator op;
  const struct wr_window_aggregate_spec *spec;
  struct wr_window window;        /* of the spec, prepared */
  struct wr_clock clock;          /* by_clock */
  struct wr_table_space **spaces; /* that of the slices' keys, one per set, that of the ring */
  uint32_t space_count;
  struct wr_table_space *space; /* the first of them */
  struct wr_window_rows rows;   /* which rows reach which aggregate */
  struct wr_window_slices slices;
  struct wr_window_emission *emission; /* NULL: a window comes once, when it closes */
  struct wr_window_ring *ring;         /* HOP; NULL: the slices of each window are merged */
  int64_t closed_us; /* windows that close at or before it have fired; local time */
  int64_t now_us;    /* of the last batch or timer */
  bool loaded;       /* from some old part */
  struct wr_window_output output;
  struct wr_arena arena; /* one batch */
};

void wr_window_output_open(struct wr_window_aggregate *self);
void wr_window_output_close(struct wr_window_aggregate *self);
/* Appends the rows of some entries of one window; there is room for them in the batch. */
void wr_window_output_add(struct wr_window_aggregate *self, const char *const *entries,
                          uint32_t count, int64_t start_us, int64_t end_us);
/* The same where keys are in entries of the ring, and states in panes. */
void wr_window_output_add_panes(struct wr_window_aggregate *self, const char *const *entries,
                                const char *const *panes, uint32_t count, int64_t start_us,
                                int64_t end_us);
/* How many of the entries make a batch: their texts may be long, and results may be copies. */
uint32_t wr_window_output_fitting(const struct wr_layout *layout, const char *const *entries,
                                  uint32_t count);
enum wr_code wr_window_output_flush(struct wr_window_aggregate *self, struct wr_error *err);
/* All keys of a table as rows of one window. */
enum wr_code wr_window_output_table(struct wr_window_aggregate *self, const struct wr_table *table,
                                    int64_t start_us, int64_t end_us, struct wr_error *err);

/* End of the next window that fires; WR_TIME_END: there is none. */
int64_t wr_window_next_end(const struct wr_window_aggregate *self);
/* Fires what closes at or before watermark_us (local time), in order of window end, and frees the
 * slices that nobody needs any more. */
enum wr_code wr_window_fire(struct wr_window_aggregate *self, int64_t watermark_us,
                            struct wr_error *err);

/* FILTER and DISTINCT: hands the rows of a batch, for whose keys `probe` has found the entries of a
 * slice, to the aggregates that do not get all of them. hashes[i] goes with numbers[i]. */
void wr_window_add_chosen(struct wr_window_aggregate *self, const struct wr_batch *batch,
                          struct wr_window_slice *slice, const uint32_t *numbers,
                          const uint64_t *hashes, uint32_t row_count, const struct wr_probe *probe);
/* DISTINCT: the values of a slice that a window has not had go to its aggregates. */
void wr_window_merge_sets(struct wr_window_aggregate *self, const struct wr_window_slice *from,
                          struct wr_window_slice *to);

/* wr_operator_class.save and save_step; load, but for timer and metrics. */
void wr_window_save(struct wr_operator *op, struct wr_part_writer *part);
bool wr_window_save_step(struct wr_operator *op, struct wr_part_writer *part);
enum wr_code wr_window_load(struct wr_window_aggregate *self, struct wr_part_reader *part,
                            struct wr_error *err);

#endif
