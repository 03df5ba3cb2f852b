/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of models over rows share: model.c (rows coming in, put in order, leaving;
 * snapshots) and one file per kind, which knows what is learnt of them.
 */
#ifndef WEIR_OPERATORS_MODEL_STATE_H
#define WEIR_OPERATORS_MODEL_STATE_H

#include "core/builder.h"
#include "operators/over_waiting.h"
#include "operators/specs_model.h"
#include "text/buffer.h"

/* Rows in their order, as the numbers that a model looks at. */
struct wr_model_rows {
  uint32_t count;
  const bool *usable;   /* per row */
  const double *values; /* of the usable ones, row by row */
  uint32_t usable_count;
};

/* What a kind does; `model` is what its open has given. */
struct wr_model_work {
  const char *name;  /* for messages: "RANDOM_CUT_FOREST" */
  uint32_t rows_max; /* per call of run: what it makes of them must not be too much at once */
  void *(*open)(const struct wr_model_spec *spec);
  void (*close)(void *model);
  uint64_t (*bytes)(const void *model);
  /* Appends a value per row to each of the added columns; room is reserved. */
  void (*run)(void *model, const struct wr_model_rows *rows, struct wr_builder *added);
  void (*save)(const void *model, struct wr_part_writer *part);
  enum wr_code (*load)(void *model, struct wr_part_reader *part, struct wr_error *err);
};

extern const struct wr_model_work wr_model_forest;
extern const struct wr_model_work wr_model_hotspots;

#endif
