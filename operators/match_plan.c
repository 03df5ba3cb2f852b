/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the steps of a pattern to an automaton, and what is kept of rows and partitions.
 *
 *   A+      first: take -> loop      loop: take -> loop, proceed -> next
 *   A*      the same, first: proceed -> next, too
 *   A{2,4}  first: take -> 2    2: take -> 3, proceed -> next    3: take -> next, proceed -> next
 *
 * As in Flink's CEP library a greedy step makes the first node of the step behind it refuse rows
 * that could be the greedy one's, even where that has as many as it may have.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"
#include "core/limits.h"
#include "operators/match_state.h"

/* ---- the automaton */

static uint32_t node_add(struct wr_match *self, uint32_t step, uint32_t take, uint32_t proceed)
{
  uint32_t number = self->node_count++;
  bool ends = proceed == WR_MATCH_FINAL || (proceed != WR_MATCH_NONE && self->nodes[proceed].ends);
  self->nodes[number] = (struct wr_match_node){.variable = self->spec->steps[step].variable,
                                               .step = step,
                                               .take = take == WR_MATCH_NONE ? number : take,
                                               .proceed = proceed,
                                               .unless = WR_MATCH_NONE,
                                               .ends = ends};
  return number;
}

static bool step_is_greedy(const struct wr_match_step *step)
{
  return !step->reluctant && step->least != step->most && !(step->least == 0 && step->most == 1);
}

/* The nodes of a step before those of the next; returns the first of them. */
static uint32_t plan_step(struct wr_match *self, uint32_t number, uint32_t next)
{
  const struct wr_match_step *step = &self->spec->steps[number];
  uint32_t least = step->least ? step->least : 1, last = next;
  uint32_t skip = step->least ? WR_MATCH_NONE : next;
  if (step_is_greedy(step) && next != WR_MATCH_FINAL)
    self->nodes[next].unless = step->variable;
  if (step->most == UINT32_MAX)
    last = node_add(self, number, WR_MATCH_NONE, next);
  for (uint32_t i = least; step->most != UINT32_MAX && i < step->most; i++)
    last = node_add(self, number, last, next);
  for (uint32_t i = 1; i < least; i++)
    last = node_add(self, number, last, WR_MATCH_NONE);
  return node_add(self, number, last, skip);
}

static enum wr_code plan_nodes(struct wr_match *self, struct wr_error *err)
{
  const struct wr_match_spec *spec = self->spec;
  uint64_t count = 0;
  for (uint32_t s = 0; s < spec->step_count; s++) {
    const struct wr_match_step *step = &spec->steps[s];
    assert(step->most > 0 && step->least <= step->most && step->variable < spec->variable_count);
    count += step->most == UINT32_MAX ? 1 + (uint64_t)step->least : step->most;
    count += step->least == 0;
  }
  if (count > (uint64_t)WR_MATCH_REPEAT_MAX + 2 * (uint64_t)spec->step_count)
    return wr_fail(err, WR_LIMIT,
                   "the steps of the pattern count more rows than the limit "
                   "WR_MATCH_REPEAT_MAX, %d",
                   WR_MATCH_REPEAT_MAX);
  self->nodes = wr_memory_get_zero((count + 1) * sizeof *self->nodes);
  uint32_t next = WR_MATCH_FINAL;
  for (uint32_t s = spec->step_count; s-- > 0;)
    next = plan_step(self, s, next);
  assert(next != WR_MATCH_FINAL && !self->nodes[next].ends);
  self->start = next;
  return WR_OK;
}

/* ---- what is kept of rows */

static uint32_t fields_add(struct wr_match *self, uint32_t column)
{
  struct wr_match_fields *fields = &self->fields;
  if (fields->of_column[column] != WR_MATCH_NONE)
    return fields->of_column[column];
  uint32_t field = fields->count++;
  fields->of_column[column] = field;
  fields->columns[field] = column;
  fields->fields[field] = self->spec->input_schema->fields[column];
  return field;
}

static void fields_add_reference(struct wr_match *self, const struct wr_match_reference *reference)
{
  if (reference->kind != WR_MATCH_AGGREGATE) {
    fields_add(self, reference->column);
    return;
  }
  assert(!reference->aggregate.distinct || reference->aggregate.code->once);
  for (uint32_t i = 0; i < reference->aggregate.arg_count; i++)
    fields_add(self, reference->columns.args[i]);
  if (reference->columns.filter != UINT32_MAX)
    fields_add(self, reference->columns.filter);
}

static void plan_fields(struct wr_match *self)
{
  const struct wr_match_spec *spec = self->spec;
  struct wr_match_fields *fields = &self->fields;
  uint32_t room = spec->input_schema->column_count + 1;
  fields->fields = wr_memory_get_zero(room * sizeof *fields->fields);
  fields->columns = wr_memory_get_zero(room * sizeof *fields->columns);
  fields->offsets = wr_memory_get_zero(room * sizeof *fields->offsets);
  fields->widths = wr_memory_get_zero(room * sizeof *fields->widths);
  fields->of_column = wr_memory_get(room * sizeof *fields->of_column);
  for (uint32_t c = 0; c < room; c++)
    fields->of_column[c] = WR_MATCH_NONE;
  for (uint32_t v = 0; v < spec->variable_count; v++) {
    const struct wr_match_variable *variable = &spec->variables[v];
    if (variable->column != UINT32_MAX)
      fields_add(self, variable->column);
    for (uint32_t r = 0; r < variable->reference_count; r++)
      fields_add_reference(self, &variable->references[r]);
  }
  for (uint32_t m = 0; m < spec->measure_count; m++)
    fields_add_reference(self, &spec->measures[m]);
  uint32_t at = sizeof(struct wr_match_row);
  for (uint32_t f = 0; f < fields->count; f++) {
    uint32_t width = wr_physical_bytes[fields->fields[f].type->physical];
    bool is_text = width == 0 || fields->fields[f].type->physical == WR_TEXT;
    fields->has_texts |= is_text;
    fields->offsets[f] = at;
    fields->widths[f] = is_text ? 0 : width;
    at += is_text ? sizeof(struct wr_text) : (width + 7) / 8 * 8;
  }
  fields->nulls_at = at;
  fields->told_at = at + (fields->count + 7) / 8;
  fields->stride = (fields->told_at + 1 + 7) / 8 * 8;
  self->field_schema = (struct wr_schema){fields->count, fields->fields};
}

/* ---- conditions */

/* The total of a reference; WR_MATCH_NONE: it is worked out anew, as its state has a text. */
static uint32_t plan_total(struct wr_match *self, const struct wr_match_reference *reference)
{
  if (reference->kind != WR_MATCH_AGGREGATE || reference->aggregate.code->has_text)
    return WR_MATCH_NONE;
  for (uint32_t t = 0; t < self->total_count; t++) {
    const struct wr_match_reference *other = self->totals[t].reference;
    if (other->variable == reference->variable &&
        other->columns.filter == reference->columns.filter &&
        wr_aggregate_equal(&other->aggregate, &reference->aggregate) &&
        memcmp(other->columns.args, reference->columns.args,
               reference->aggregate.arg_count * sizeof *other->columns.args) == 0)
      return t;
  }
  self->totals = wr_memory_resize(self->totals, (self->total_count + 1) * sizeof *self->totals);
  uint32_t align = reference->aggregate.code->state_align;
  uint32_t offset = (self->branch_bytes + align - 1) / align * align;
  self->totals[self->total_count] = (struct wr_match_total){reference, offset};
  self->branch_bytes = offset + reference->aggregate.code->state_bytes;
  return self->total_count++;
}

static const struct wr_type *reference_type(const struct wr_match *self,
                                            const struct wr_match_reference *reference)
{
  return reference->kind == WR_MATCH_AGGREGATE
             ? reference->aggregate.type
             : self->spec->input_schema->fields[reference->column].type;
}

static void plan_tests(struct wr_match *self)
{
  const struct wr_match_spec *spec = self->spec;
  self->branch_bytes =
      (uint32_t)(sizeof(struct wr_match_branch) + spec->step_count * sizeof(uint32_t));
  self->tests = wr_memory_get_zero((spec->variable_count + 1) * sizeof *self->tests);
  for (uint32_t v = 0; v < spec->variable_count; v++) {
    const struct wr_match_variable *variable = &spec->variables[v];
    struct wr_match_test *test = &self->tests[v];
    test->field =
        variable->column == UINT32_MAX ? WR_MATCH_NONE : self->fields.of_column[variable->column];
    if (!variable->condition)
      continue;
    assert(variable->column == UINT32_MAX && variable->condition->type->kind == WR_BOOLEAN);
    uint32_t count = variable->reference_count;
    test->evaluator = wr_evaluator_new(&variable->condition, 1);
    test->builders = wr_memory_get_zero((count + 1) * sizeof *test->builders);
    test->columns = wr_memory_get_zero((count + 1) * sizeof *test->columns);
    test->totals = wr_memory_get_zero((count + 1) * sizeof *test->totals);
    for (uint32_t r = 0; r < count; r++) {
      test->totals[r] = plan_total(self, &variable->references[r]);
      wr_builder_open(&test->builders[r], reference_type(self, &variable->references[r]));
    }
  }
  self->branch_bytes = (self->branch_bytes + 15) / 16 * 16;
}

/* If what rows may begin a match is known before they are given to a partition. */
static void plan_start(struct wr_match *self)
{
  self->start_columns = wr_memory_get_zero((self->node_count + 1) * sizeof *self->start_columns);
  for (uint32_t n = self->start; n != WR_MATCH_NONE; n = self->nodes[n].proceed) {
    uint32_t column = self->spec->variables[self->nodes[n].variable].column;
    if (column == UINT32_MAX) {
      self->start_count = 0;
      return;
    }
    self->start_columns[self->start_count++] = column;
  }
}

/* ---- state */

static void plan_table(struct wr_match *self)
{
  const struct wr_match_spec *spec = self->spec;
  const struct wr_type **keys = wr_memory_get((spec->key_count + 1) * sizeof *keys);
  for (uint32_t k = 0; k < spec->key_count; k++)
    keys[k] = spec->input_schema->fields[spec->keys[k]].type;
  uint32_t head_bytes = (uint32_t)sizeof(struct wr_match_head) + self->branch_bytes;
  const struct wr_state_piece pieces[] = {
      {head_bytes, 16, true},
      {sizeof(struct wr_match_buffer), 8, true},
      {sizeof(struct wr_match_buffer), 8, true},
  };
  struct wr_layout *layout =
      wr_layout_new(keys, spec->key_count, pieces, self->fields.has_texts ? 3 : 2);
  self->head_at = wr_layout_state(layout, 0);
  self->rows_at = wr_layout_state(layout, 1);
  self->texts_at = self->fields.has_texts ? wr_layout_state(layout, 2) : WR_MATCH_NONE;
  self->space = wr_table_space_new(layout);
  self->table = wr_table_new(self->space, 0, false);
  free(keys);
}

/* Of the pattern and of what is kept, so that state of something else is not taken for its own. */
static void plan_sign(struct wr_match *self)
{
  uint64_t hash = wr_hash_bytes(&self->branch_bytes, sizeof self->branch_bytes, 0);
  for (uint32_t n = 0; n < self->node_count; n++) {
    const struct wr_match_node *node = &self->nodes[n];
    const uint32_t numbers[] = {node->variable, node->step, node->take, node->proceed,
                                node->unless};
    hash = wr_hash_bytes(numbers, sizeof numbers, hash);
  }
  for (uint32_t f = 0; f < self->fields.count; f++) {
    const uint32_t numbers[] = {self->fields.fields[f].type->kind,
                                self->fields.fields[f].type->physical, self->fields.offsets[f]};
    hash = wr_hash_bytes(numbers, sizeof numbers, hash);
  }
  for (uint32_t t = 0; t < self->total_count; t++) {
    const struct wr_match_reference *reference = self->totals[t].reference;
    const uint32_t numbers[] = {reference->variable, self->totals[t].offset};
    hash = wr_hash_bytes(numbers, sizeof numbers, hash);
    hash = wr_hash_bytes(reference->aggregate.name, strlen(reference->aggregate.name), hash);
  }
  self->signature = hash;
}

enum wr_code wr_match_plan_open(struct wr_match *self, struct wr_error *err)
{
  enum wr_code code = plan_nodes(self, err);
  if (code != WR_OK)
    return code;
  plan_fields(self);
  plan_tests(self);
  plan_start(self);
  plan_table(self);
  plan_sign(self);
  uint32_t count = self->fields.count;
  self->asked = wr_memory_get_zero((self->spec->variable_count + 1) * sizeof *self->asked);
  self->hand = wr_memory_get_zero((count + 1) * sizeof *self->hand);
  self->told = wr_memory_get_zero((count + 1) * sizeof *self->told);
  self->told_columns = wr_memory_get_zero((count + 1) * sizeof *self->told_columns);
  for (uint32_t f = 0; f < count; f++) {
    wr_builder_open(&self->hand[f], self->fields.fields[f].type);
    wr_builder_open(&self->told[f], self->fields.fields[f].type);
  }
  return WR_OK;
}

void wr_match_plan_close(struct wr_match *self)
{
  const struct wr_match_spec *spec = self->spec;
  for (uint32_t v = 0; v < spec->variable_count && self->tests; v++) {
    struct wr_match_test *test = &self->tests[v];
    if (test->evaluator)
      wr_evaluator_free(test->evaluator);
    for (uint32_t r = 0; test->builders && r < spec->variables[v].reference_count; r++)
      wr_builder_close(&test->builders[r]);
    free(test->builders);
    free(test->columns);
    free(test->totals);
    free(self->asked[v].items);
  }
  for (uint32_t f = 0; f < self->fields.count; f++) {
    wr_builder_close(&self->hand[f]);
    wr_builder_close(&self->told[f]);
  }
  if (self->space)
    wr_table_space_free(self->space);
  wr_timers_free(&self->timers);
  free(self->hand);
  free(self->told);
  free(self->told_columns);
  free(self->asked);
  free(self->taken.items);
  free(self->tests);
  free(self->totals);
  free(self->nodes);
  free(self->start_columns);
  free(self->fields.fields);
  free(self->fields.columns);
  free(self->fields.offsets);
  free(self->fields.widths);
  free(self->fields.of_column);
}
