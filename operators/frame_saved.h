/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of a snapshot whose aggregates were others: panes lie in entries as bytes, so their shape
 * is saved beside them, and frames are made anew with the aggregates that are still there. Those
 * that are new are empty in every pane.
 */
#ifndef WEIR_OPERATORS_FRAME_SAVED_H
#define WEIR_OPERATORS_FRAME_SAVED_H

#include "operators/frame.h"
#include "state/part.h"

/* Where one aggregate's state lies in a pane. */
struct wr_frame_field {
  uint64_t id, offset, bytes;
  uint64_t exact; /* it is unmerged, so that its total is over all panes */
};

struct wr_frame_saved {
  uint64_t pane_bytes, state_bytes;
  uint32_t field_count;
  struct wr_frame_field *fields;
};

/* ids: per aggregate, what it is found by; NULL: its number. */
void wr_frame_save_shape(const struct wr_frame *frame, const uint64_t *ids,
                         struct wr_part_writer *part);
/* On success, *same: the frames that were saved are as those here, and nothing is to be freed. */
enum wr_code wr_frame_load_shape(const struct wr_frame *frame, const uint64_t *ids,
                                 struct wr_part_reader *part, struct wr_frame_saved *saved,
                                 bool *same, struct wr_error *err);
void wr_frame_saved_free(struct wr_frame_saved *saved);
/* A saved frame as a piece of an entry. */
struct wr_state_piece wr_frame_saved_piece(const struct wr_frame_saved *saved);
/* Makes the frame at `place`, which is empty, from the one at `state`. */
enum wr_code wr_frame_take_saved(const struct wr_frame *frame, const uint64_t *ids,
                                 const struct wr_frame_saved *saved, const char *state,
                                 const struct wr_frame_place *place, struct wr_error *err);

#endif
