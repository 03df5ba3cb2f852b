/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rows reach which aggregate of a window operator. A choice is a FILTER and, for DISTINCT, a
 * set; aggregates with the same share the work of choosing. A set is a further table of every
 * slice, with an entry per group and value of the arguments; it serves all aggregates over the same
 * arguments. If these differ in their FILTER, an entry has a bit per choice: set once the value has
 * come through it.
 *
 *   COUNT(*)                             choice 0: all rows
 *   SUM(y) FILTER (WHERE c)              choice 1: filter c
 *   COUNT(DISTINCT x)                    choice 2: set 0, bit 1
 *   COUNT(DISTINCT x) FILTER (WHERE c)   choice 3: filter c, set 0, bit 2
 *
 * A snapshot says which set is whose and which bit is which; a job that goes on from it keeps to
 * that, so that aggregates may change places.
 *
 * The hash of a set's entry begins with the key group of its group, so that snapshots can be spread
 * over other tasks.
 */
#ifndef WEIR_OPERATORS_WINDOW_ROWS_H
#define WEIR_OPERATORS_WINDOW_ROWS_H

#include "operators/specs.h"
#include "state/table.h"

#define WR_WINDOW_NO_SET UINT32_MAX

struct wr_window_choice {
  uint32_t filter; /* column of the input; UINT32_MAX: none */
  uint32_t set;    /* WR_WINDOW_NO_SET: rows need not be distinct */
  uint64_t bit;    /* within entries of the set */
  bool has_text;   /* some aggregate of it keeps a text */
  uint64_t name;   /* of its aggregates, whatever their order */
  uint32_t *rows;  /* scratch of one call: what it has chosen, as indices */
  uint32_t row_count;
};

struct wr_window_set {
  const uint32_t *args; /* columns of the input; lent from the spec */
  uint32_t arg_count, choice_count;
  uint64_t name; /* in snapshots: of all aggregates that share it; 0: it has none */
};

struct wr_window_rows {
  struct wr_window_choice *choices; /* the first is that of all rows */
  uint32_t choice_count;
  struct wr_window_set *sets;
  uint32_t set_count;
  uint32_t *of_aggregate; /* choice per aggregate */
};

void wr_window_rows_open(struct wr_window_rows *rows, const struct wr_window_aggregate_spec *spec);
void wr_window_rows_close(struct wr_window_rows *rows);
/* What the state of an aggregate is found by in a snapshot, together with its set; 0: its number.
 */
uint64_t wr_window_state_name(const struct wr_window_rows *rows, const uint64_t *state_ids,
                              uint32_t aggregate);
/* Which sets there are, and whose bit is which, into a snapshot; and out of it, before anything has
 * been counted: *numbers are those of the sets that were saved, WR_WINDOW_NO_SET where one is gone,
 * to be freed. */
void wr_window_rows_save(const struct wr_window_rows *rows, struct wr_part_writer *part);
enum wr_code wr_window_rows_load(struct wr_window_rows *rows, struct wr_part_reader *part,
                                 uint32_t **numbers, uint32_t *count, struct wr_error *err);
/* Keys of the group, then the arguments; the bits, if there is more than one choice. */
struct wr_layout *wr_window_set_layout(const struct wr_window_aggregate_spec *spec,
                                       const struct wr_window_set *set);

/* The argument columns of an aggregate. */
static inline const struct wr_column *const *wr_window_args(
    struct wr_arena *arena, const struct wr_batch *batch, const struct wr_aggregate *aggregate,
    const struct wr_aggregate_columns *columns)
{
  const struct wr_column **args =
      wr_arena_get(arena, (aggregate->arg_count + 1) * sizeof(struct wr_column *));
  for (uint32_t i = 0; i < aggregate->arg_count; i++)
    args[i] = &batch->columns[columns->args[i]];
  return args;
}

#endif
