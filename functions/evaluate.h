/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the evaluator. The expressions are compiled once into nodes, equal ones into one node,
 * arguments before what uses them. A run gives every node that is needed a column. Where only some
 * rows need a value (a branch of CASE, the rest of an AND), the node is evaluated for a frame: the
 * list of those rows. Frames nest; what was evaluated for a frame serves all frames inside it.
 * Dense nodes cannot fail and cost little, so they are evaluated for all rows at once.
 */
#ifndef WEIR_FUNCTIONS_EVALUATE_H
#define WEIR_FUNCTIONS_EVALUATE_H

#include "core/builder.h"
#include "functions/evaluator.h"
#include "functions/failure.h"
#include "functions/function.h"

struct wr_frame {
  uint64_t id; /* never the same twice in the life of an evaluator */
  const uint32_t *rows;
  uint32_t row_count;
  const struct wr_frame *parent;
};

/* Memory of a column of any type, for results that are put together row by row. */
struct wr_scratch {
  const struct wr_type *type;
  void *values; /* NULL for ROW */
  uint64_t *valid;
  uint32_t capacity;           /* in rows */
  struct wr_scratch *children; /* ROW: one per field */
  struct wr_column *columns;   /* ROW: what the result has as its children */
};

struct wr_node {
  const struct wr_expression *expression;
  struct wr_node **args;
  uint32_t arg_count;
  bool dense; /* it and all beneath are total and cannot fail */
  bool whole; /* evaluated for all rows at once: dense, or of chance over dense arguments */
  struct wr_node *same_hash;
  uint64_t done_id;        /* of the frame it was last evaluated for; 0: none */
  struct wr_column column; /* the result */
  void *values;            /* own memory for it, if needed */
  uint64_t *valid;
  uint32_t values_capacity, valid_capacity; /* in rows */
  uint64_t chance[2];                       /* for WR_RANDOM */
  struct wr_column *fields;                 /* WR_GIVES_FIELDS */
  struct wr_scratch *scratch;               /* a ROW put together row by row */
  struct wr_builder *unpacked;              /* a ROW that a kernel gave as packed bytes */
};

struct wr_evaluator {
  struct wr_arena arena; /* nodes */
  struct wr_node **tops, **nodes;
  uint32_t top_count, node_count, node_capacity;
  struct wr_column *results;
  const struct wr_batch *batch; /* at work */
  uint32_t row_count;
  struct wr_frame root;
  uint64_t frame_id;
  uint32_t *identity; /* 0, 1, 2 ...: the list of all rows */
  uint32_t identity_count;
  struct wr_arena lists; /* of this run: rows of frames */
  struct wr_text_room room;
  struct wr_failure_list failures;
};

/* Makes node->column right for the rows of the frame. */
void wr_node_evaluate(struct wr_evaluator *evaluator, struct wr_node *node,
                      const struct wr_frame *frame);
/* For AND, OR and CASE; functions/evaluate_branch.c */
void wr_node_evaluate_logic(struct wr_evaluator *evaluator, struct wr_node *node,
                            const struct wr_frame *frame);
void wr_node_evaluate_case(struct wr_evaluator *evaluator, struct wr_node *node,
                           const struct wr_frame *frame);

/* ---- ROWs; functions/evaluate_row.c */

/* The arguments as the fields of a ROW. */
void wr_node_gather_fields(struct wr_evaluator *evaluator, struct wr_node *node,
                           const struct wr_frame *frame);
/* Columns out of the packed bytes in node->column.values. */
void wr_node_unpack(struct wr_evaluator *evaluator, struct wr_node *node,
                    const struct wr_frame *frame);
/* The node's own column, NULL in every row, with room for this batch; then copying rows there. */
struct wr_column wr_node_scratch(struct wr_evaluator *evaluator, struct wr_node *node);
void wr_scratch_copy(struct wr_scratch *scratch, const struct wr_column *from, const uint32_t *rows,
                     uint32_t row_count);
void wr_node_free_rows(struct wr_node *node);

/* Own memory of a node for the rows of this batch. */
void *wr_node_values(struct wr_evaluator *evaluator, struct wr_node *node);
uint64_t *wr_node_valid(struct wr_evaluator *evaluator, struct wr_node *node);

/* count copies of one value of `width` bytes: by doubling what is already there. */
void wr_values_fill(void *out, const void *value, size_t width, uint32_t count);

/* ---- booleans as bytes, bits and lists; functions/row_list.c ---- */

/* Bit i of the result is the lowest bit of byte i, for 64 bytes. */
uint64_t wr_pack_booleans(const uint8_t *bytes);
/* Rows of a dense BOOLEAN column that are TRUE; out has room for row_count + 64. */
uint32_t wr_rows_true(const struct wr_column *column, uint32_t row_count, uint32_t *out);
/* Splits a list: rows that are TRUE, and the others (rest may be NULL). */
uint32_t wr_rows_split(const struct wr_column *column, const uint32_t *rows, uint32_t row_count,
                       uint32_t *taken, uint32_t *rest);
/* Rows of a list whose bit is set. */
uint32_t wr_rows_valid(const uint64_t *valid, const uint32_t *rows, uint32_t row_count,
                       uint32_t *out);

#endif
