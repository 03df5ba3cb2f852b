/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public side of the evaluator: compiling expressions into shared nodes, running them over a
 * batch, and turning the first of them into a list of rows. See functions/evaluate.h for the idea.
 */
#include "functions/evaluator.h"

#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "functions/evaluate.h"

#define EVALUATOR_HASH_SLOTS 1024

/* ---- compiling ---- */

struct compiler {
  struct wr_evaluator *evaluator;
  struct wr_node *slots[EVALUATOR_HASH_SLOTS]; /* chains of nodes with the same hash */
};

static uint64_t compiler_hash(const struct wr_expression *expression, struct wr_node *const *args)
{
  uint64_t parts[6] = {expression->kind,
                       expression->column,
                       expression->type->kind,
                       (uintptr_t)expression->kernel,
                       (uintptr_t)expression->function,
                       (uintptr_t)expression->written};
  uint64_t hash = wr_hash_bytes(parts, sizeof parts, 0);
  if (expression->kind == WR_EXPRESSION_LITERAL && !wr_column_is_null(expression->literal, 0) &&
      expression->type->physical != WR_TEXT)
    hash = wr_hash_bytes(expression->literal->values, wr_physical_bytes[expression->type->physical],
                         hash);
  return expression->arg_count ? wr_hash_bytes(args, sizeof *args * expression->arg_count, hash)
                               : hash;
}

/* Arguments are nodes already, so equal arguments are the same node. */
static bool compiler_is_same(const struct wr_node *node, const struct wr_expression *expression,
                             struct wr_node *const *args)
{
  const struct wr_expression *other = node->expression;
  if (other->kind != expression->kind || other->arg_count != expression->arg_count)
    return false;
  if (expression->arg_count == 0)
    return wr_expression_equal(other, expression);
  return other->kernel == expression->kernel && other->function == expression->function &&
         other->written == expression->written && other->column == expression->column &&
         wr_type_equal(other->type, expression->type) &&
         memcmp(node->args, args, sizeof *args * expression->arg_count) == 0;
}

static bool compiler_is_dense(const struct wr_node *node)
{
  const struct wr_expression *expression = node->expression;
  if (expression->kind == WR_EXPRESSION_CALL) {
    const struct wr_kernel *kernel = expression->kernel;
    bool total = kernel->total && !kernel->rows && !(expression->function->traits & WR_RANDOM);
    if ((kernel->traits & WR_GIVES_FIELDS) && (expression->function->traits & WR_QUIET))
      return false; /* looks for rows that failed */
    if (!total && !(kernel->traits & (WR_SAME_VALUES | WR_GIVES_FIELDS)))
      return false;
    if (kernel->rows)
      return false;
  }
  if (expression->kind == WR_EXPRESSION_CASE && expression->type->physical == WR_NESTED)
    return false; /* ROWs are put together row by row */
  for (uint32_t i = 0; i < node->arg_count; i++) {
    if (!node->args[i]->dense)
      return false;
  }
  return true;
}

/* Chance is called for all rows at once, so that a row sees one value wherever it is used. */
static bool compiler_is_whole(const struct wr_node *node)
{
  if (node->dense || !node->expression->written)
    return node->dense;
  for (uint32_t i = 0; i < node->arg_count; i++) {
    if (!node->args[i]->dense)
      return false;
  }
  return true;
}

static struct wr_node *compiler_add(struct compiler *compiler,
                                    const struct wr_expression *expression)
{
  struct wr_evaluator *evaluator = compiler->evaluator;
  struct wr_node **args = WR_NEW_ARRAY(&evaluator->arena, struct wr_node *, expression->arg_count);
  for (uint32_t i = 0; i < expression->arg_count; i++)
    args[i] = compiler_add(compiler, expression->args[i]);
  struct wr_node **slot = &compiler->slots[compiler_hash(expression, args) % EVALUATOR_HASH_SLOTS];
  for (struct wr_node *node = *slot; node; node = node->same_hash) {
    if (compiler_is_same(node, expression, args))
      return node;
  }
  struct wr_node *node = WR_NEW(&evaluator->arena, struct wr_node);
  node->expression = expression;
  node->args = args;
  node->arg_count = expression->arg_count;
  node->dense = compiler_is_dense(node);
  node->whole = compiler_is_whole(node);
  node->same_hash = *slot;
  *slot = node;
  if (expression->kind == WR_EXPRESSION_LITERAL)
    node->column = *expression->literal;
  if (evaluator->node_count == evaluator->node_capacity) {
    evaluator->node_capacity = evaluator->node_capacity ? evaluator->node_capacity * 2 : 16;
    evaluator->nodes =
        wr_memory_resize(evaluator->nodes, sizeof(struct wr_node *) * evaluator->node_capacity);
  }
  evaluator->nodes[evaluator->node_count++] = node;
  return node;
}

struct wr_evaluator *wr_evaluator_new(const struct wr_expression *const *expressions,
                                      uint32_t count)
{
  struct wr_evaluator *evaluator = wr_memory_get_zero(sizeof *evaluator);
  struct compiler compiler = {.evaluator = evaluator};
  evaluator->tops = WR_NEW_ARRAY(&evaluator->arena, struct wr_node *, count);
  evaluator->results = WR_NEW_ARRAY(&evaluator->arena, struct wr_column, count);
  evaluator->top_count = count;
  for (uint32_t i = 0; i < count; i++)
    evaluator->tops[i] = compiler_add(&compiler, expressions[i]);
  return evaluator;
}

void wr_evaluator_free(struct wr_evaluator *evaluator)
{
  if (!evaluator)
    return;
  for (uint32_t i = 0; i < evaluator->node_count; i++) {
    free(evaluator->nodes[i]->values);
    free(evaluator->nodes[i]->valid);
    wr_node_free_rows(evaluator->nodes[i]);
  }
  free(evaluator->nodes);
  free(evaluator->identity);
  wr_arena_free(&evaluator->lists);
  wr_arena_free(&evaluator->room.arena);
  wr_failure_list_free(&evaluator->failures);
  wr_arena_free(&evaluator->arena);
  free(evaluator);
}

/* ---- running ---- */

static void evaluator_identity(struct wr_evaluator *evaluator, uint32_t row_count)
{
  if (row_count <= evaluator->identity_count)
    return;
  evaluator->identity = wr_memory_resize(evaluator->identity, sizeof(uint32_t) * row_count);
  for (uint32_t i = evaluator->identity_count; i < row_count; i++)
    evaluator->identity[i] = i;
  evaluator->identity_count = row_count;
}

static void evaluator_begin(struct wr_evaluator *evaluator, const struct wr_batch *batch)
{
  evaluator->batch = batch;
  evaluator->row_count = batch->row_count;
  evaluator_identity(evaluator, batch->row_count);
  evaluator->root = (struct wr_frame){
      .id = ++evaluator->frame_id,
      .rows = batch->picked ? batch->picked : evaluator->identity,
      .row_count = batch->picked ? batch->picked_count : batch->row_count,
  };
  wr_arena_reset(&evaluator->lists);
  wr_arena_reset(&evaluator->room.arena);
  evaluator->room.at = evaluator->room.end = NULL;
  wr_failure_list_reset(&evaluator->failures, batch->row_count);
}

void wr_evaluator_run(struct wr_evaluator *evaluator, const struct wr_batch *batch,
                      struct wr_evaluation *out)
{
  evaluator_begin(evaluator, batch);
  for (uint32_t i = 0; i < evaluator->top_count; i++) {
    evaluator->failures.expression = i;
    wr_node_evaluate(evaluator, evaluator->tops[i], &evaluator->root);
    evaluator->results[i] = evaluator->tops[i]->column;
  }
  wr_failure_list_sort(&evaluator->failures);
  out->columns = evaluator->results;
  out->failures = evaluator->failures.items;
  out->failure_count = evaluator->failures.count;
}

uint32_t wr_evaluator_pick(struct wr_evaluator *evaluator, const struct wr_batch *batch,
                           uint32_t *picked, struct wr_evaluation *out)
{
  assert(evaluator->top_count >= 1 && evaluator->tops[0]->expression->type->kind == WR_BOOLEAN);
  wr_evaluator_run(evaluator, batch, out);
  const struct wr_column *column = &out->columns[0];
  const struct wr_frame *root = &evaluator->root;
  uint32_t count = 0;
  if (column->constant) {
    if (!wr_column_is_null(column, 0) && *(const uint8_t *)column->values) {
      memcpy(picked, root->rows, sizeof *picked * root->row_count);
      count = root->row_count;
    }
  } else if (batch->picked) {
    count = wr_rows_split(column, root->rows, root->row_count, picked, NULL);
  } else {
    count = wr_rows_true(column, batch->row_count, picked);
  }
  if (out->failure_count) { /* a failed row may still be TRUE: failed OR TRUE */
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
      picked[kept] = picked[i];
      kept += !wr_failure_list_has(&evaluator->failures, picked[i]);
    }
    count = kept;
  }
  return count;
}
