/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluating one node: columns, literals, fields and calls. What takes branches is in
 * functions/evaluate_branch.c. */
#include "functions/evaluate.h"

#include <assert.h>
#include <stdlib.h>

#define ROOM_CHUNK_BYTES 16384

void wr_text_room_grow(struct wr_text_room *room, size_t bytes)
{
  size_t chunk = bytes > ROOM_CHUNK_BYTES / 4 ? bytes : ROOM_CHUNK_BYTES;
  room->at = wr_arena_get(&room->arena, chunk);
  room->end = room->at + chunk;
}

/* ---- memory of nodes ---- */

static uint32_t node_capacity(uint32_t row_count)
{
  uint32_t capacity = 64;
  while (capacity < row_count)
    capacity *= 2;
  return capacity;
}

void *wr_node_values(struct wr_evaluator *evaluator, struct wr_node *node)
{
  enum wr_physical physical = node->expression->type->physical;
  size_t width = wr_physical_bytes[physical == WR_NESTED ? WR_TEXT : physical]; /* packed */
  if (!node->values || node->values_capacity < evaluator->row_count) {
    free(node->values);
    node->values_capacity = node_capacity(evaluator->row_count);
    node->values = wr_memory_get_zero(width * node->values_capacity + WR_PADDING);
  }
  return node->values;
}

uint64_t *wr_node_valid(struct wr_evaluator *evaluator, struct wr_node *node)
{
  if (!node->valid || node->valid_capacity < evaluator->row_count) {
    free(node->valid);
    node->valid_capacity = node_capacity(evaluator->row_count);
    node->valid =
        wr_memory_get_zero(sizeof(uint64_t) * wr_bit_words(node->valid_capacity) + WR_PADDING);
  }
  return node->valid;
}

void wr_values_fill(void *out, const void *value, size_t width, uint32_t count)
{
  size_t total = width * count, done = width < total ? width : total;
  memcpy(out, value, done);
  while (done < total) {
    size_t more = done < total - done ? done : total - done;
    memcpy((char *)out + done, out, more);
    done += more;
  }
}

/* ---- which rows of a call are not NULL ---- */

static bool call_args_constant(const struct wr_node *node)
{
  if (node->expression->function->traits & (WR_RANDOM | WR_ARRIVED))
    return false;
  for (uint32_t i = 0; i < node->arg_count; i++) {
    if (!node->args[i]->column.constant)
      return false;
  }
  return true;
}

static bool call_has_null_constant(const struct wr_node *node)
{
  for (uint32_t i = 0; i < node->arg_count; i++) {
    const struct wr_column *column = &node->args[i]->column;
    if (column->constant && wr_column_is_null(column, 0))
      return true;
  }
  return false;
}

/* The bits where all arguments are: NULL if all rows are, one argument's own bits where that is
 * enough, else node's. */
static const uint64_t *call_args_valid(struct wr_evaluator *evaluator, struct wr_node *node)
{
  const uint64_t *valid = NULL;
  uint32_t words = wr_bit_words(evaluator->row_count);
  for (uint32_t i = 0; i < node->arg_count; i++) {
    const struct wr_column *column = &node->args[i]->column;
    if (!column->valid || column->constant || column->valid == valid)
      continue;
    if (!valid) {
      valid = column->valid;
      continue;
    }
    uint64_t *both = wr_node_valid(evaluator, node);
    for (uint32_t w = 0; w < words; w++)
      both[w] = valid[w] & column->valid[w];
    valid = both;
  }
  return valid;
}

/* Own bits of the node, which a kernel may clear. */
static uint64_t *call_own_valid(struct wr_evaluator *evaluator, struct wr_node *node,
                                const uint64_t *valid)
{
  uint64_t *own = wr_node_valid(evaluator, node);
  uint32_t words = wr_bit_words(evaluator->row_count);
  if (!valid)
    memset(own, 0xff, sizeof(uint64_t) * words);
  else if (valid != own)
    memcpy(own, valid, sizeof(uint64_t) * words);
  return own;
}

/* ---- calls ---- */

/* The partial half: over rows that count and are not NULL. */
static void call_run_rows(struct wr_evaluator *evaluator, const struct wr_kernel *kernel,
                          struct wr_call *call, const struct wr_frame *frame,
                          const uint64_t *args_valid)
{
  const uint32_t *rows = frame->rows;
  uint32_t row_count = frame->row_count;
  if (args_valid && !(kernel->traits & WR_SEES_NULL)) {
    uint32_t *list = wr_arena_get(&evaluator->lists, sizeof(uint32_t) * ((size_t)row_count + 1));
    row_count = wr_rows_valid(args_valid, rows, row_count, list);
    rows = list;
  }
  if (row_count)
    kernel->rows(call, rows, row_count);
}

/* Only constant arguments: the call is made once, for row 0, and the result is constant. */
static void call_run_once(struct wr_evaluator *evaluator, struct wr_node *node,
                          const struct wr_kernel *kernel, struct wr_call *call,
                          const struct wr_frame *frame)
{
  const uint32_t first_row = 0;
  node->column.constant = true;
  if (kernel->traits & (WR_CAN_FAIL | WR_MAKES_NULL)) {
    call->valid = wr_node_valid(evaluator, node);
    call->valid[0] = UINT64_MAX;
    node->column.valid = call->valid;
  }
  if (kernel->total && kernel->total(call, 1))
    return;
  assert(kernel->rows);
  if (frame->row_count == 0)
    return;
  evaluator->failures.stand_in = frame->rows;
  evaluator->failures.stand_in_count = frame->row_count;
  kernel->rows(call, &first_row, 1);
  evaluator->failures.stand_in = NULL;
}

/* WR_SAME_VALUES: the argument's column, in which rows may be found that fail. */
static void call_pass_values(struct wr_evaluator *evaluator, struct wr_node *node,
                             struct wr_call *call, const struct wr_frame *frame)
{
  const struct wr_kernel *kernel = node->expression->kernel;
  node->column = node->args[0]->column;
  node->column.type = node->expression->type;
  if (!kernel->rows || frame->row_count == 0)
    return;
  const uint32_t first_row = 0;
  bool once = node->column.constant;
  uint32_t words = once ? 1 : wr_bit_words(evaluator->row_count);
  uint64_t *own = wr_node_valid(evaluator, node);
  if (node->column.valid)
    memcpy(own, node->column.valid, sizeof *own * words);
  else
    memset(own, 0xff, sizeof *own * words);
  call->valid = own;
  if (once) {
    evaluator->failures.stand_in = frame->rows;
    evaluator->failures.stand_in_count = frame->row_count;
  }
  kernel->rows(call, once ? &first_row : frame->rows, once ? 1 : frame->row_count);
  evaluator->failures.stand_in = NULL;
  node->column.valid = own;
}

static void call_run(struct wr_evaluator *evaluator, struct wr_node *node, struct wr_call *call,
                     const struct wr_frame *frame)
{
  const struct wr_kernel *kernel = node->expression->kernel;
  bool strict = !(kernel->traits & WR_SEES_NULL);
  if (call_args_constant(node)) {
    call_run_once(evaluator, node, kernel, call, frame);
    return;
  }
  const uint64_t *args_valid = strict ? call_args_valid(evaluator, node) : NULL;
  const uint64_t *own = NULL;
  if (kernel->traits & WR_MAKES_NULL)
    own = call->valid = call_own_valid(evaluator, node, args_valid);
  bool few = kernel->rows && frame->row_count < evaluator->row_count / 8;
  bool done = kernel->total && !few && kernel->total(call, evaluator->row_count);
  if (!done) {
    assert(kernel->rows);
    if ((kernel->traits & WR_CAN_FAIL) && !own)
      own = call->valid = call_own_valid(evaluator, node, args_valid);
    call_run_rows(evaluator, kernel, call, frame, args_valid);
  }
  node->column.valid = own ? own : args_valid;
}

static void call_evaluate(struct wr_evaluator *evaluator, struct wr_node *node,
                          const struct wr_frame *frame)
{
  const struct wr_expression *expression = node->expression;
  const struct wr_kernel *kernel = expression->kernel;
  if (kernel->traits & WR_GIVES_FIELDS) {
    wr_node_gather_fields(evaluator, node, frame);
    return;
  }
  const struct wr_column *args[WR_FUNCTION_ARGS_MAX], **arg_list = args;
  if (node->arg_count > WR_FUNCTION_ARGS_MAX)
    arg_list = wr_arena_get(&evaluator->lists, sizeof *arg_list * node->arg_count);
  for (uint32_t i = 0; i < node->arg_count; i++)
    arg_list[i] = &node->args[i]->column;
  struct wr_call call = {
      .expression = expression,
      .args = arg_list,
      .arg_count = node->arg_count,
      .prepared = expression->prepared,
      .now_us = evaluator->batch->now_us,
      .arrived_us = evaluator->batch->arrived_us,
      .chance = node->chance,
      .room = &evaluator->room,
      .failures = &evaluator->failures,
  };
  if (kernel->traits & WR_SAME_VALUES) {
    call_pass_values(evaluator, node, &call, frame);
    return;
  }
  if (!(kernel->traits & WR_SEES_NULL) && call_has_null_constant(node)) {
    node->column = wr_column_null(&evaluator->lists, expression->type);
    return;
  }
  call.values = wr_node_values(evaluator, node);
  node->column = (struct wr_column){.type = expression->type, .values = call.values};
  call_run(evaluator, node, &call, frame);
  if (expression->type->physical == WR_NESTED)
    wr_node_unpack(evaluator, node, frame);
}

/* ---- fields ---- */

/* A constant field of rows that may be NULL as a whole: its value once per row. */
static void field_spread(struct wr_evaluator *evaluator, struct wr_node *node,
                         struct wr_column *field)
{
  size_t width = wr_physical_bytes[field->type->physical];
  if (field->type->physical == WR_NESTED) {
    struct wr_column own = wr_node_scratch(evaluator, node);
    wr_scratch_copy(node->scratch, field, evaluator->root.rows, evaluator->root.row_count);
    *field = own;
    return;
  }
  void *values = wr_node_values(evaluator, node);
  wr_values_fill(values, field->values, width, evaluator->row_count);
  field->values = values;
  field->valid = NULL;
  field->constant = false;
}

static void field_evaluate(struct wr_evaluator *evaluator, struct wr_node *node)
{
  const struct wr_column *row = &node->args[0]->column;
  assert(node->expression->column < row->type->field_count && row->children);
  struct wr_column field = row->children[node->expression->column];
  if (row->constant) {
    field.constant = true;
    if (wr_column_is_null(row, 0))
      field.valid = row->valid;
  } else if (row->valid && !(field.constant && wr_column_is_null(&field, 0))) {
    if (field.constant)
      field_spread(evaluator, node, &field);
    if (!field.valid || field.valid == row->valid) {
      field.valid = row->valid;
    } else {
      uint64_t *both = wr_node_valid(evaluator, node);
      for (uint32_t w = 0; w < wr_bit_words(evaluator->row_count); w++)
        both[w] = row->valid[w] & field.valid[w];
      field.valid = both;
    }
  }
  node->column = field;
}

/* ---- any node ---- */

static bool node_is_done(const struct wr_node *node, const struct wr_frame *frame)
{
  for (; frame; frame = frame->parent) {
    if (node->done_id == frame->id)
      return true;
  }
  return false;
}

void wr_node_evaluate(struct wr_evaluator *evaluator, struct wr_node *node,
                      const struct wr_frame *frame)
{
  const struct wr_expression *expression = node->expression;
  if (node->whole)
    frame = &evaluator->root;
  if (expression->kind == WR_EXPRESSION_LITERAL || node_is_done(node, frame))
    return;
  switch (expression->kind) {
  case WR_EXPRESSION_COLUMN:
    assert(expression->column < evaluator->batch->schema->column_count);
    node->column = evaluator->batch->columns[expression->column];
    break;
  case WR_EXPRESSION_FIELD:
    wr_node_evaluate(evaluator, node->args[0], frame);
    field_evaluate(evaluator, node);
    break;
  case WR_EXPRESSION_CALL:
    for (uint32_t i = 0; i < node->arg_count; i++)
      wr_node_evaluate(evaluator, node->args[i], frame);
    call_evaluate(evaluator, node, frame);
    break;
  case WR_EXPRESSION_AND:
  case WR_EXPRESSION_OR: wr_node_evaluate_logic(evaluator, node, frame); break;
  case WR_EXPRESSION_CASE: wr_node_evaluate_case(evaluator, node, frame); break;
  case WR_EXPRESSION_LITERAL: break;
  }
  node->done_id = frame->id;
}
