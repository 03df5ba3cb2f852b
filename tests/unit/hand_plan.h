/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What plans made by hand have in common, which are run as jobs are: a source of rows whose values
 * the test makes, each a batch of its own, and a last step that shows every row to the test.
 */
#ifndef WEIR_TESTS_UNIT_HAND_PLAN_H
#define WEIR_TESTS_UNIT_HAND_PLAN_H

#include <pthread.h>

#include "connectors/connector.h"
#include "core/builder.h"
#include "operators/specs.h"
#include "runtime/execution.h"

enum { HAND_COLUMNS_MAX = 8 };

/* ---- the source */

/* A reader's row; all its columns are of 64 bits. */
struct hand_row {
  uint32_t column_count;
  struct wr_builder builders[HAND_COLUMNS_MAX];
  struct wr_column columns[HAND_COLUMNS_MAX];
  struct wr_run run;
  char position[32];
};
void hand_row_open(struct hand_row *row, const struct wr_schema *schema);
void hand_row_close(struct hand_row *row);
/* A batch with row `number` of a split, behind which the position is number + 1. Lent until the
 * next. */
void hand_row_make(struct hand_row *row, const int64_t *values, uint32_t split, int64_t number,
                   struct wr_batch *batch);

/* An option of the table that is a number; 0: it is not there. */
int64_t hand_option(const struct wr_table_spec *spec, const char *name);

/* Of a table "t" with all its columns. */
struct wr_plan_source hand_source(const struct wr_connector *connector,
                                  const struct wr_options *options, const struct wr_schema *schema);
/* WATERMARK FOR a column AS itself; rows get `arrived`. */
struct wr_watermark_spec hand_watermark(const struct wr_schema *schema, uint32_t column,
                                        struct wr_arena *arena);

/* ---- the last step */

/* All copies of it show their rows to one of these, one after the other. The spec of the node is a
 * pointer to a pointer to it. */
struct hand_collector {
  pthread_mutex_t lock;
  void (*see)(struct hand_collector *self, const struct wr_operator *op,
              const struct wr_batch *batch, uint32_t row);
};
extern const struct wr_operator_class hand_collector_class;
/* The close of an operator that has nothing but itself. */
void hand_close(struct wr_operator *op);

/* ---- running */

void hand_note(void *self, const char *message); /* nobody hears it */
/* To the end. Notes are for nobody; summary may be NULL. */
enum wr_code hand_run(const struct wr_plan *plan, struct wr_execution_options options,
                      struct wr_execution_summary *summary, struct wr_error *err);

#endif
