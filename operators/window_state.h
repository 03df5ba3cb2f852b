/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of window_aggregate share: rows going in (window_aggregate.c), windows coming
 * out (window_fire.c). */
#ifndef WEIR_OPERATORS_WINDOW_STATE_H
#define WEIR_OPERATORS_WINDOW_STATE_H

#include "operators/specs.h"
#include "operators/window_rows.h"
#include "operators/window_slices.h"

/* Rows of the result on their way out. */
struct wr_window_output {
  struct wr_builder *builders;
  struct wr_column *columns;
  uint32_t row_count;
  uint32_t *failed; /* per row: number of the aggregate without a result, plus one; 0: none */
  uint32_t failed_count;
  uint64_t *failed_bits; /* what wr_aggregate_code.result fills */
  char **entries;        /* of a table being read out */
};

struct wr_window_aggregate {
  struct wr_operator op;
  const struct wr_window_aggregate_spec *spec;
  struct wr_window window;        /* of the spec, prepared */
  struct wr_table_space **spaces; /* that of the slices' keys, then one per set */
  struct wr_table_space *space;   /* the first of them */
  struct wr_window_rows rows;     /* which rows reach which aggregate */
  struct wr_window_slices slices;
  int64_t closed_us; /* windows that close at or before it have fired */
  int64_t now_us;    /* of the last batch */
  struct wr_window_output output;
  struct wr_arena arena; /* one batch */
};

void wr_window_output_open(struct wr_window_aggregate *self);
void wr_window_output_close(struct wr_window_aggregate *self);

/* Fires what closes at or before watermark_us, in order of window end, and frees the slices that
 * nobody needs any more. */
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

/* Makes the states of entries that a probe has made. */
void wr_window_init_states(struct wr_window_aggregate *self, const struct wr_probe *probe);

#endif
