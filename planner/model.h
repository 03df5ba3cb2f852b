/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RANDOM_CUT_FOREST and HOTSPOTS: a node that hands the rows of a query on, in the order of their
 * times, with columns that say what has been learnt of the rows before.
 *
 *   query -> Model -> Project(columns of the query, those added, ROWTIME)
 */
#ifndef WEIR_PLANNER_MODEL_H
#define WEIR_PLANNER_MODEL_H

#include "operators/specs_model.h"
#include "planner/bind_cursor.h"
#include "planner/physical_spec.h"

/* Output: the input's columns, then those that are added. */
struct wr_logical_model {
  enum wr_model_kind kind;
  uint32_t time_column;
  bool any_order;          /* as in struct wr_model_spec */
  const uint32_t *columns; /* of the input: the numbers that are looked at */
  uint32_t column_count;
  struct wr_forest_shape forest;
  bool explained, with_direction;
  struct wr_hotspots_shape hotspots;
  struct wr_span span;
};

/* ---- bind_model.c: rows of the table in bind_cursor.c */

enum wr_code wr_bind_forest(struct wr_binder *binder, const struct wr_cursor_call *call,
                            struct wr_logical **out, struct wr_error *err);
enum wr_code wr_bind_explained_forest(struct wr_binder *binder, const struct wr_cursor_call *call,
                                      struct wr_logical **out, struct wr_error *err);
enum wr_code wr_bind_hotspots(struct wr_binder *binder, const struct wr_cursor_call *call,
                              struct wr_logical **out, struct wr_error *err);

/* ---- logical_model.c */

/* model: its arrays are kept, itself is copied. */
struct wr_logical *wr_logical_model(struct wr_arena *arena, struct wr_logical *input,
                                    const struct wr_logical_model *model);
void wr_model_reads(const struct wr_logical *node, const bool *wanted, bool *used);
bool wr_model_has_surplus(const struct wr_logical *node, const bool *wanted);
/* The same over another input, as far as somebody reads it; columns: of the old input in the new
 * one; kept: which columns of its own it still has, set for the added ones alone. */
struct wr_logical *wr_model_prune(struct wr_arena *arena, const struct wr_logical *node,
                                  struct wr_logical *input,
                                  const struct wr_expression *const *columns, const bool *wanted,
                                  bool *kept);
bool wr_model_equal(const struct wr_logical_model *a, const struct wr_logical_model *b);

/* ---- describe_model.c */

const char *wr_model_name(const struct wr_logical *node);
void wr_describe_model(struct wr_writing *out, const struct wr_logical *node);
const char *wr_identity_model(struct wr_arena *arena, const struct wr_logical *node);
void wr_model_fits(struct wr_writing *out, const struct wr_logical *node);
const void *wr_physical_model(const struct wr_placing *physical, const struct wr_logical *node,
                              const struct wr_schema *schema);

#endif
