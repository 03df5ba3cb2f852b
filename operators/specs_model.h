/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner says to models over rows, as operators/specs.h does to the others. */
#ifndef WEIR_OPERATORS_SPECS_MODEL_H
#define WEIR_OPERATORS_SPECS_MODEL_H

#include "operators/cut_forest.h"
#include "operators/hotspots.h"
#include "operators/operator.h"

enum wr_model_kind {
  WR_MODEL_FOREST,  /* RANDOM_CUT_FOREST: adds a score (DOUBLE), perhaps its explanation (text) */
  WR_MODEL_HOTSPOTS /* HOTSPOTS: adds those of the last rows (text) */
};

/*
 * model: something is learnt from rows in the order of their times, and every row leaves with what
 * it has to say of it. Output schema: the input's columns, then those that are added. Rows leave
 * when the watermark passes their time; those that come behind it leave with the next (the operator
 * reads arrived_us), unless rows of later times have left: then they are late. Rows with a NULL
 * among their numbers, or one that is none, leave with NULL and teach nothing. There is one copy.
 */
struct wr_model_spec {
  const struct wr_schema *schema; /* of the output */
  const struct wr_schema *input_schema;
  const uint64_t *column_ids; /* as in struct wr_over_spec */
  uint32_t time_column;
  bool any_order; /* rows of one time come in no order that means anything: they are put in one that
                     follows from what they are */
  enum wr_model_kind kind;
  const uint32_t *columns; /* of the input: numbers, as many as the shape has */
  union {
    struct {
      struct wr_forest_shape shape;
      bool explained, with_direction;
    } forest;
    struct wr_hotspots_shape hotspots;
  };
};

extern const struct wr_operator_class wr_operator_class_model;

#endif
