/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emission control: results of a window before it closes, and again after that for rows that come
 * within the allowed lateness. Only for windows that share nothing: TUMBLE, ATTACHED.
 *
 * What was shown need not be kept for every key: it follows from the state, until a row changes
 * that. So each slice has, as one more table, its entries as they were when last shown, of those
 * keys alone that have changed since; a key that was never shown is marked there as fresh.
 *
 *   slice      a: 5   b: 7   c: 1
 *   before            b: 6   c: fresh      gives  -U b 6   +U b 7   +I c 1, and is empty again
 *
 * Before a window has been shown at all (without early results: until it closes) nothing is
 * remembered.
 */
#ifndef WEIR_OPERATORS_WINDOW_EMIT_H
#define WEIR_OPERATORS_WINDOW_EMIT_H

#include "operators/specs.h"
#include "operators/window_slices.h"

struct wr_window_aggregate;

struct wr_window_emission {
  struct wr_window_emit how;
  struct wr_table_space *space;      /* of the entries before; same layout as the operator's own */
  uint32_t set;                      /* which of the sets of a slice they are */
  int64_t early_due_us, late_due_us; /* by the clock; WR_TIME_END: nothing waits */
  struct wr_window_slice **changed;  /* those with entries before */
  uint32_t changed_count, changed_room;
  char **pairs; /* scratch: entries before and now, in turn */
};

/* NULL: results come once. */
struct wr_window_emission *wr_window_emission_new(const struct wr_window_aggregate_spec *spec);
void wr_window_emission_free(struct wr_window_emission *emission);

/* Rows are late for a window only from so much behind its close. */
static inline int64_t wr_window_lateness(const struct wr_window_emission *emission)
{
  return emission ? emission->how.lateness_us : 0;
}

/* Before the keys of these rows change in a slice: remembers what was shown of them. rows NULL: row
 * i. */
void wr_window_emit_before(struct wr_window_aggregate *self, const struct wr_batch *batch,
                           struct wr_window_slice *slice, const uint32_t *rows,
                           const uint64_t *hashes, uint32_t row_count);
/* After a batch: what is wanted with every change leaves; otherwise the clock is set. */
enum wr_code wr_window_emit_changes(struct wr_window_aggregate *self, struct wr_error *err);
/* The clock has come to self->now_us. */
enum wr_code wr_window_emit_due(struct wr_window_aggregate *self, struct wr_error *err);
/* Slices have been loaded: finds those that have changed. */
void wr_window_emit_loaded(struct wr_window_aggregate *self);
/* In place of wr_window_fire. */
enum wr_code wr_window_emit_fire(struct wr_window_aggregate *self, int64_t watermark_us,
                                 struct wr_error *err);

#endif
