/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "tests/unit/hand_plan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "functions/bind.h"

/* ---- the source */

void hand_row_open(struct hand_row *row, const struct wr_schema *schema)
{
  assert(schema->column_count <= HAND_COLUMNS_MAX);
  row->column_count = schema->column_count;
  for (uint32_t c = 0; c < row->column_count; c++)
    wr_builder_open(&row->builders[c], schema->fields[c].type);
}

void hand_row_close(struct hand_row *row)
{
  for (uint32_t c = 0; c < row->column_count; c++)
    wr_builder_close(&row->builders[c]);
}

void hand_row_make(struct hand_row *row, const int64_t *values, uint32_t split, int64_t number,
                   struct wr_batch *batch)
{
  for (uint32_t c = 0; c < row->column_count; c++) {
    wr_builder_reset(&row->builders[c]);
    wr_builder_reserve(&row->builders[c], 1);
    wr_builder_put_i64(&row->builders[c], values[c]);
    row->columns[c] = wr_builder_view(&row->builders[c]);
  }
  int length = snprintf(row->position, sizeof row->position, "%lld", (long long)number + 1);
  row->run = (struct wr_run){split, 0, 1, {row->position, (uint32_t)length}};
  batch->columns = row->columns;
  batch->row_count = batch->picked_count = 1;
  batch->runs = &row->run;
  batch->run_count = 1;
}

int64_t hand_option(const struct wr_table_spec *spec, const char *name)
{
  const char *value = wr_options_find(spec->options, name);
  return value ? strtoll(value, NULL, 10) : 0;
}

struct wr_plan_source hand_source(const struct wr_connector *connector,
                                  const struct wr_options *options, const struct wr_schema *schema)
{
  static const uint32_t all[HAND_COLUMNS_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};
  static const uint32_t *const whole[HAND_COLUMNS_MAX] = {NULL};
  return (struct wr_plan_source){
      .table = {.name = "t", .connector = connector, .options = options, .physical = schema},
      .wanted = all,
      .wanted_count = schema->column_count,
      .made = schema,
      .fields = whole,
      .bounded = true};
}

struct wr_watermark_spec hand_watermark(const struct wr_schema *schema, uint32_t column,
                                        struct wr_arena *arena)
{
  const struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_binding binding = {.arena = arena, .time_zone = "UTC"};
  return (struct wr_watermark_spec){
      .schema = schema,
      .table = "t",
      .expression = wr_bind_column(&binding, column, schema->fields[column].type, nowhere),
      .time_column = column,
      .arrived = true};
}

/* ---- the last step */

struct collector {
  struct wr_operator op;
  struct hand_collector *shared;
};

static enum wr_code collector_open(const void *spec, const struct wr_operator_context *context,
                                   struct wr_operator **out, struct wr_error *err)
{
  (void)err;
  struct collector *self = wr_memory_get_zero(sizeof *self);
  self->op = wr_operator_head(&hand_collector_class, context);
  self->shared = *(struct hand_collector *const *)spec;
  *out = &self->op;
  return WR_OK;
}

static enum wr_code collector_on_batch(struct wr_operator *op, uint32_t input,
                                       const struct wr_batch *batch, struct wr_error *err)
{
  struct hand_collector *shared = ((struct collector *)op)->shared;
  (void)input, (void)err;
  pthread_mutex_lock(&shared->lock);
  for (uint32_t i = 0; i < batch->picked_count; i++)
    shared->see(shared, op, batch, wr_batch_row(batch, i));
  pthread_mutex_unlock(&shared->lock);
  return WR_OK;
}

void hand_close(struct wr_operator *op)
{
  free(op);
}

const struct wr_operator_class hand_collector_class = {.name = "Collector",
                                                       .open = collector_open,
                                                       .on_batch = collector_on_batch,
                                                       .close = hand_close};

/* ---- running */

void hand_note(void *self, const char *message)
{
  (void)self, (void)message;
}

enum wr_code hand_run(const struct wr_plan *plan, struct wr_execution_options options,
                      struct wr_execution_summary *summary, struct wr_error *err)
{
  struct wr_execution *execution;
  options.note = hand_note;
  enum wr_code code = wr_execution_start(plan, &options, &execution, err);
  if (code != WR_OK)
    return code;
  while (!wr_execution_wait(execution, 1000))
    ;
  code = wr_execution_result(execution, err);
  if (summary)
    wr_execution_summarize(execution, summary);
  wr_execution_free(execution);
  return code;
}
