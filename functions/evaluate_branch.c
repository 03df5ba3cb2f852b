/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AND, OR and CASE. What is dense is evaluated for all rows and combined by the word: nothing there
 * can fail, and a branch per row costs more than the work it saves. Everything else is evaluated
 * only for the rows that still need it, which is what keeps `x <> 0 AND 1 / x > 2` from failing.
 *
 * AND and OR take their dense operands first. OR is AND with the two truth values swapped: `stop`
 * is the value that decides.
 */
#include <assert.h>

#include "functions/evaluate.h"

static struct wr_frame branch_frame(struct wr_evaluator *evaluator, const struct wr_frame *parent,
                                    const uint32_t *rows, uint32_t row_count)
{
  return (struct wr_frame){
      .id = ++evaluator->frame_id, .rows = rows, .row_count = row_count, .parent = parent};
}

static uint32_t *branch_list(struct wr_evaluator *evaluator, uint32_t row_count)
{
  return wr_arena_get(&evaluator->lists, sizeof(uint32_t) * ((size_t)row_count + 1));
}

/* ---- AND, OR ---- */

/*
 * The value byte of AND is the AND of the bytes, whatever stands under a NULL: if all operands are
 * known it is right, and one known FALSE makes it 0. Only which rows are known has to be worked
 * out: those with a known FALSE, and those where all are known.
 */
static void logic_combine_valid(struct wr_evaluator *evaluator, uint64_t *valid,
                                const uint8_t *before, const struct wr_column *operand, bool stop)
{
  const uint64_t flip = stop ? 0 : UINT64_MAX; /* makes the deciding value 1 */
  const uint8_t *values = operand->values;
  for (uint32_t base = 0; base < evaluator->row_count; base += 64) {
    uint32_t w = base / 64;
    uint64_t known = operand->constant ? (wr_column_is_null(operand, 0) ? 0 : UINT64_MAX)
                     : operand->valid  ? operand->valid[w]
                                       : UINT64_MAX;
    uint64_t decides =
        operand->constant ? (values[0] & 1 ? UINT64_MAX : 0) : wr_pack_booleans(values + base);
    uint64_t decides_before = wr_pack_booleans(before + base);
    valid[w] =
        (valid[w] & known) | (known & (decides ^ flip)) | (valid[w] & (decides_before ^ flip));
  }
}

static void logic_combine_values(uint8_t *restrict out, const struct wr_column *operand,
                                 uint32_t row_count, bool stop)
{
  const uint8_t *values = operand->values;
  if (operand->constant) {
    if ((values[0] & 1) == stop)
      memset(out, stop, row_count);
  } else if (stop) {
    for (uint32_t r = 0; r < row_count; r++)
      out[r] |= values[r] & 1;
  } else {
    for (uint32_t r = 0; r < row_count; r++)
      out[r] &= values[r];
  }
}

/* The first operand as the result so far. */
static void logic_start(struct wr_evaluator *evaluator, struct wr_node *node,
                        const struct wr_column *first)
{
  uint8_t *values = wr_node_values(evaluator, node);
  uint32_t words = wr_bit_words(evaluator->row_count);
  if (first->constant)
    memset(values, *(const uint8_t *)first->values & 1, evaluator->row_count);
  else
    for (uint32_t r = 0; r < evaluator->row_count; r++)
      values[r] = ((const uint8_t *)first->values)[r] & 1;
  node->column = (struct wr_column){.type = node->expression->type, .values = values};
  if (!first->valid)
    return;
  uint64_t *valid = wr_node_valid(evaluator, node);
  if (first->constant)
    memset(valid, wr_column_is_null(first, 0) ? 0 : 0xff, sizeof(uint64_t) * words);
  else
    memcpy(valid, first->valid, sizeof(uint64_t) * words);
  node->column.valid = valid;
}

static void logic_add(struct wr_evaluator *evaluator, struct wr_node *node,
                      const struct wr_column *operand, bool stop)
{
  uint8_t *values = node->values;
  if (operand->valid || node->column.valid) {
    uint64_t *valid = wr_node_valid(evaluator, node);
    if (!node->column.valid)
      memset(valid, 0xff, sizeof(uint64_t) * wr_bit_words(evaluator->row_count));
    node->column.valid = valid;
    logic_combine_valid(evaluator, valid, values, operand, stop);
  }
  logic_combine_values(values, operand, evaluator->row_count, stop);
}

/* Adds an operand that was evaluated only for some rows, none of which was decided before. */
static void logic_add_rows(struct wr_evaluator *evaluator, struct wr_node *node,
                           const struct wr_column *operand, const struct wr_frame *frame, bool stop)
{
  uint8_t *values = node->values;
  uint64_t *valid = (uint64_t *)node->column.valid;
  if (operand->valid && !valid) {
    valid = wr_node_valid(evaluator, node);
    memset(valid, 0xff, sizeof(uint64_t) * wr_bit_words(evaluator->row_count));
    node->column.valid = valid;
  }
  const uint8_t *operands = operand->values;
  for (uint32_t i = 0; i < frame->row_count; i++) {
    uint32_t row = frame->rows[i], from = wr_column_row(operand, row);
    if (wr_column_is_null(operand, row)) {
      wr_bit_clear(valid, row);
    } else if ((operands[from] & 1) == stop) {
      values[row] = stop;
      if (valid)
        wr_bit_set(valid, row);
    }
  }
}

/* Rows of the frame that the operands so far have not decided. */
static uint32_t logic_undecided(const struct wr_node *node, const struct wr_frame *frame, bool stop,
                                uint32_t *out)
{
  const uint8_t *values = node->values;
  const uint64_t *valid = node->column.valid;
  uint32_t count = 0;
  for (uint32_t i = 0; i < frame->row_count; i++) {
    uint32_t row = frame->rows[i];
    out[count] = row;
    count += (values[row] & 1) != stop || (valid && !wr_bit_get(valid, row));
  }
  return count;
}

void wr_node_evaluate_logic(struct wr_evaluator *evaluator, struct wr_node *node,
                            const struct wr_frame *frame)
{
  bool stop = node->expression->kind == WR_EXPRESSION_OR;
  bool started = false;
  for (uint32_t i = 0; i < node->arg_count; i++) {
    struct wr_node *arg = node->args[i];
    if (!arg->dense)
      continue;
    wr_node_evaluate(evaluator, arg, frame);
    if (started)
      logic_add(evaluator, node, &arg->column, stop);
    else
      logic_start(evaluator, node, &arg->column);
    started = true;
  }
  uint32_t *list = node->dense ? NULL : branch_list(evaluator, frame->row_count);
  for (uint32_t i = 0; i < node->arg_count; i++) {
    struct wr_node *arg = node->args[i];
    if (arg->dense)
      continue;
    if (!started) {
      wr_node_evaluate(evaluator, arg, frame);
      logic_start(evaluator, node, &arg->column);
      started = true;
      continue;
    }
    struct wr_frame rest =
        branch_frame(evaluator, frame, list, logic_undecided(node, frame, stop, list));
    if (rest.row_count == 0)
      break;
    wr_node_evaluate(evaluator, arg, &rest);
    logic_add_rows(evaluator, node, &arg->column, &rest, stop);
  }
}

/* ---- CASE ---- */

/* Values are moved whatever they mean, texts as two words. */
struct case_pair {
  uint64_t first, second;
} __attribute__((may_alias));

#define CHOOSE(c_type)                                      \
  do {                                                      \
    const c_type __attribute__((may_alias)) *from = values; \
    c_type __attribute__((may_alias)) *restrict to = out;   \
    if (then->constant) {                                   \
      const c_type only = *from;                            \
      for (uint32_t r = 0; r < row_count; r++)              \
        to[r] = when[r] & 1 ? only : to[r];                 \
    } else {                                                \
      for (uint32_t r = 0; r < row_count; r++)              \
        to[r] = when[r] & 1 ? from[r] : to[r];              \
    }                                                       \
  } while (0)

/* out[r] = then[r] where when[r]; when is not NULL anywhere that matters. */
static void case_choose_values(void *out, const uint8_t *when, const struct wr_column *then,
                               uint32_t row_count)
{
  const void *values = then->values;
  switch (wr_physical_bytes[then->type->physical]) {
  case 1: CHOOSE(uint8_t); break;
  case 2: CHOOSE(uint16_t); break;
  case 4: CHOOSE(uint32_t); break;
  case 8: CHOOSE(uint64_t); break;
  default: assert(wr_physical_bytes[then->type->physical] == 16); CHOOSE(struct case_pair);
  }
}

static uint64_t case_valid_word(const struct wr_column *column, uint32_t w)
{
  if (!column->valid)
    return UINT64_MAX;
  return column->constant ? (wr_column_is_null(column, 0) ? 0 : UINT64_MAX) : column->valid[w];
}

static void case_choose_valid(uint64_t *valid, const uint8_t *when, const struct wr_column *then,
                              uint32_t row_count)
{
  for (uint32_t base = 0; base < row_count; base += 64) {
    uint64_t chosen = wr_pack_booleans(when + base);
    valid[base / 64] = (valid[base / 64] & ~chosen) | (case_valid_word(then, base / 64) & chosen);
  }
}

/* A condition as plain bytes: 1 where it is known and TRUE. */
static const uint8_t *case_condition(struct wr_evaluator *evaluator,
                                     const struct wr_column *condition)
{
  const uint8_t *values = condition->values;
  uint32_t row_count = evaluator->row_count;
  if (!condition->constant && !condition->valid)
    return values;
  uint8_t *plain = wr_arena_get(&evaluator->lists, row_count + WR_PADDING);
  if (condition->constant) {
    memset(plain, !wr_column_is_null(condition, 0) && (values[0] & 1), row_count);
    return plain;
  }
  for (uint32_t r = 0; r < row_count; r++)
    plain[r] = values[r] & (uint8_t)wr_bit_get(condition->valid, r);
  return plain;
}

/* All branches for all rows, the last first: each WHEN overwrites what those behind it have chosen.
 */
static void case_evaluate_dense(struct wr_evaluator *evaluator, struct wr_node *node,
                                const struct wr_frame *frame)
{
  uint32_t row_count = evaluator->row_count;
  bool has_null = false;
  for (uint32_t i = 0; i < node->arg_count; i++) {
    wr_node_evaluate(evaluator, node->args[i], frame);
    has_null =
        has_null || (node->args[i]->column.valid && (i % 2 == 1 || i + 1 == node->arg_count));
  }
  void *values = wr_node_values(evaluator, node);
  uint64_t *valid = has_null ? wr_node_valid(evaluator, node) : NULL;
  node->column =
      (struct wr_column){.type = node->expression->type, .values = values, .valid = valid};
  const struct wr_column *otherwise = &node->args[node->arg_count - 1]->column;
  size_t width = wr_physical_bytes[otherwise->type->physical];
  if (otherwise->constant) {
    wr_values_fill(values, otherwise->values, width, row_count);
  } else {
    memcpy(values, otherwise->values, width * row_count);
  }
  for (uint32_t w = 0; valid && w < wr_bit_words(row_count); w++)
    valid[w] = case_valid_word(otherwise, w);
  for (uint32_t i = node->arg_count - 1; i >= 2; i -= 2) {
    const uint8_t *when = case_condition(evaluator, &node->args[i - 2]->column);
    const struct wr_column *then = &node->args[i - 1]->column;
    case_choose_values(values, when, then, row_count);
    if (valid)
      case_choose_valid(valid, when, then, row_count);
  }
}

#define COPY(c_type)                                                \
  do {                                                              \
    const c_type __attribute__((may_alias)) *source = from->values; \
    c_type __attribute__((may_alias)) *to = node->values;           \
    for (uint32_t i = 0; i < row_count; i++)                        \
      to[rows[i]] = source[from->constant ? 0 : rows[i]];           \
  } while (0)

/* The values of the branch taken, row by row. */
static void case_copy_rows(struct wr_node *node, const struct wr_column *from, const uint32_t *rows,
                           uint32_t row_count)
{
  if (from->type->physical == WR_NESTED) {
    wr_scratch_copy(node->scratch, from, rows, row_count);
    return;
  }
  switch (wr_physical_bytes[from->type->physical]) {
  case 1: COPY(uint8_t); break;
  case 2: COPY(uint16_t); break;
  case 4: COPY(uint32_t); break;
  case 8: COPY(uint64_t); break;
  default: COPY(struct case_pair);
  }
  for (uint32_t i = 0; from->valid && i < row_count; i++) {
    if (wr_column_is_null(from, rows[i]))
      wr_bit_clear(node->valid, rows[i]);
  }
}

static void case_evaluate_rows(struct wr_evaluator *evaluator, struct wr_node *node,
                               const struct wr_frame *frame)
{
  if (node->expression->type->physical == WR_NESTED) {
    node->column = wr_node_scratch(evaluator, node);
  } else {
    void *values = wr_node_values(evaluator, node);
    uint64_t *valid = wr_node_valid(evaluator, node);
    memset(valid, 0xff, sizeof(uint64_t) * wr_bit_words(evaluator->row_count));
    node->column =
        (struct wr_column){.type = node->expression->type, .values = values, .valid = valid};
  }
  struct wr_frame rest = *frame;
  for (uint32_t i = 0; i + 1 < node->arg_count && rest.row_count; i += 2) {
    struct wr_node *when = node->args[i], *then = node->args[i + 1];
    wr_node_evaluate(evaluator, when, &rest);
    uint32_t *taken = branch_list(evaluator, rest.row_count),
             *others = branch_list(evaluator, rest.row_count);
    uint32_t taken_count;
    if (when->column.constant) {
      bool is_true =
          !wr_column_is_null(&when->column, 0) && (*(const uint8_t *)when->column.values & 1);
      taken_count = is_true ? rest.row_count : 0;
      memcpy(is_true ? taken : others, rest.rows, sizeof *taken * rest.row_count);
    } else {
      taken_count = wr_rows_split(&when->column, rest.rows, rest.row_count, taken, others);
    }
    if (taken_count) {
      struct wr_frame branch = branch_frame(evaluator, frame, taken, taken_count);
      wr_node_evaluate(evaluator, then, &branch);
      case_copy_rows(node, &then->column, taken, taken_count);
    }
    rest = branch_frame(evaluator, frame, others, rest.row_count - taken_count);
  }
  if (rest.row_count) {
    struct wr_node *otherwise = node->args[node->arg_count - 1];
    wr_node_evaluate(evaluator, otherwise, &rest);
    case_copy_rows(node, &otherwise->column, rest.rows, rest.row_count);
  }
}

void wr_node_evaluate_case(struct wr_evaluator *evaluator, struct wr_node *node,
                           const struct wr_frame *frame)
{
  assert(node->arg_count % 2 == 1);
  if (node->dense)
    case_evaluate_dense(evaluator, node, frame);
  else
    case_evaluate_rows(evaluator, node, frame);
}
