/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What conditions and measures ask of the rows of a match: FIRST and LAST find their row from the
 * ends of the steps; aggregates of conditions run along in the branches (totals), those whose state
 * has a text and those of measures are worked out from the rows. Conditions of many partitions are
 * evaluated together: a row of references for each.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "operators/match_state.h"

#define TEST_ROWS WR_BATCH_ROWS /* tries of a condition that are evaluated at once */

/* ---- rows of a match */

static uint32_t step_begin(const struct wr_match_branch *branch, uint32_t step)
{
  return step ? branch->ends[step - 1] : 0;
}

static uint32_t branch_rows(const struct wr_match *self, const struct wr_match_branch *branch)
{
  return branch->ends[self->spec->step_count - 1];
}

/* The row at hand is one of the variable's. */
static bool span_has_hand(const struct wr_match_span *span, uint32_t variable)
{
  return span->hand != WR_MATCH_NONE && (variable == WR_MATCH_ALL || variable == span->variable);
}

static uint32_t locate_first(const struct wr_match *self, const struct wr_match_span *span,
                             uint32_t variable, uint64_t offset)
{
  const struct wr_match_spec *spec = self->spec;
  const struct wr_match_branch *branch = span->branch;
  if (variable == WR_MATCH_ALL) {
    uint32_t count = branch_rows(self, branch);
    if (offset < count)
      return span->begin + (uint32_t)offset;
    offset -= count;
  }
  for (uint32_t s = 0; variable != WR_MATCH_ALL && s < spec->step_count; s++) {
    if (spec->steps[s].variable != variable)
      continue;
    uint32_t begin = step_begin(branch, s), count = branch->ends[s] - begin;
    if (offset < count)
      return span->begin + begin + (uint32_t)offset;
    offset -= count;
  }
  return offset == 0 && span_has_hand(span, variable) ? span->hand : WR_MATCH_NONE;
}

static uint32_t locate_last(const struct wr_match *self, const struct wr_match_span *span,
                            uint32_t variable, uint64_t offset)
{
  const struct wr_match_spec *spec = self->spec;
  const struct wr_match_branch *branch = span->branch;
  if (span_has_hand(span, variable)) {
    if (offset == 0)
      return span->hand;
    offset--;
  }
  if (variable == WR_MATCH_ALL) {
    uint32_t count = branch_rows(self, branch);
    return offset < count ? span->begin + count - 1 - (uint32_t)offset : WR_MATCH_NONE;
  }
  for (uint32_t s = spec->step_count; s-- > 0;) {
    if (spec->steps[s].variable != variable)
      continue;
    uint32_t count = branch->ends[s] - step_begin(branch, s);
    if (offset < count)
      return span->begin + branch->ends[s] - 1 - (uint32_t)offset;
    offset -= count;
  }
  return WR_MATCH_NONE;
}

uint32_t wr_match_locate(const struct wr_match *self, const struct wr_match_span *span,
                         enum wr_match_reference_kind kind, uint32_t variable, uint64_t offset)
{
  return kind == WR_MATCH_FIRST ? locate_first(self, span, variable, offset)
                                : locate_last(self, span, variable, offset);
}

/* ---- aggregates */

/* Keeps texts of states in the arena of values. */
struct values_store {
  struct wr_text_store store;
  struct wr_arena *arena;
  char **entries;
};

static void store_set(struct wr_text *text, char *bytes, uint32_t length)
{
  *text = (struct wr_text){.length = length};
  if (length <= WR_TEXT_INLINE) {
    memcpy((char *)text + 4, bytes, length);
  } else {
    memcpy(text->head, bytes, 4);
    text->distance = bytes - (char *)text;
  }
}

static void store_put(struct wr_text_store *store, uint32_t i, uint32_t offset, const char *bytes,
                      uint32_t length)
{
  struct values_store *self = (struct values_store *)store;
  struct wr_text *text = (struct wr_text *)(void *)(self->entries[i] + offset);
  store_set(text, wr_arena_copy(self->arena, bytes, length), length);
}

static void store_grow(struct wr_text_store *store, uint32_t i, uint32_t offset, uint32_t length)
{
  struct values_store *self = (struct values_store *)store;
  struct wr_text *text = (struct wr_text *)(void *)(self->entries[i] + offset);
  char *bytes = wr_arena_get_zero(self->arena, length + 1);
  assert(length >= text->length);
  memcpy(bytes, wr_text_stored_bytes(text), text->length);
  store_set(text, bytes, length);
}

/* The arguments of an aggregate, out of the builders of the fields. */
static const struct wr_column *const *hand_args(struct wr_match *self,
                                                const struct wr_match_reference *reference)
{
  uint32_t count = reference->aggregate.arg_count;
  struct wr_column *columns = wr_arena_get(&self->values, (count + 1) * sizeof *columns);
  const struct wr_column **args = wr_arena_get(&self->values, (count + 1) * sizeof *args);
  for (uint32_t i = 0; i < count; i++) {
    columns[i] = wr_builder_view(&self->hand[self->fields.of_column[reference->columns.args[i]]]);
    args[i] = &columns[i];
  }
  return args;
}

static void hand_begin(struct wr_match *self, const struct wr_match_reference *reference,
                       uint32_t count)
{
  for (uint32_t i = 0; i < reference->aggregate.arg_count; i++) {
    struct wr_builder *hand = &self->hand[self->fields.of_column[reference->columns.args[i]]];
    wr_builder_reset(hand);
    wr_builder_reserve(hand, count);
  }
}

/* Puts the arguments of a row behind those of the others. */
static void hand_put(struct wr_match *self, const struct wr_match_reference *reference,
                     const struct wr_match_work *work, uint32_t row)
{
  for (uint32_t i = 0; i < reference->aggregate.arg_count; i++) {
    uint32_t field = self->fields.of_column[reference->columns.args[i]];
    bool again = false; /* an argument that stands twice */
    for (uint32_t j = 0; j < i; j++)
      again |= reference->columns.args[j] == reference->columns.args[i];
    if (!again)
      wr_match_row_put(self, work, row, field, &self->hand[field]);
  }
}

static bool passes_filter(const struct wr_match *self, const struct wr_match_reference *reference,
                          const struct wr_match_work *work, uint32_t row)
{
  return reference->columns.filter == UINT32_MAX ||
         wr_match_row_is_true(self, work, row, self->fields.of_column[reference->columns.filter]);
}

/* Rows that go into states, some at once. */
struct values_adding {
  struct wr_match *self;
  const struct wr_match_reference *reference;
  struct values_store store;
  char **entries; /* TEST_ROWS */
  uint32_t *rows;
  uint32_t count, offset;
};

static void adding_begin(struct values_adding *adding, struct wr_match *self,
                         const struct wr_match_reference *reference, uint32_t offset)
{
  *adding = (struct values_adding){
      .self = self,
      .reference = reference,
      .entries = wr_arena_get(&self->values, TEST_ROWS * sizeof *adding->entries),
      .rows = wr_arena_get(&self->values, TEST_ROWS * sizeof *adding->rows),
      .offset = offset,
  };
  adding->store = (struct values_store){
      .store = {.put = store_put, .grow = store_grow},
      .arena = &self->values,
      .entries = adding->entries,
  };
  hand_begin(self, reference, TEST_ROWS);
}

static void adding_flush(struct values_adding *adding)
{
  const struct wr_aggregate *aggregate = &adding->reference->aggregate;
  if (adding->count == 0)
    return;
  const struct wr_aggregate_rows rows = {
      .entries = adding->entries,
      .offset = adding->offset,
      .args = hand_args(adding->self, adding->reference),
      .prepared = aggregate->prepared,
      .rows = adding->rows,
      .row_count = adding->count,
      .store = &adding->store.store,
  };
  aggregate->code->add(&rows);
  adding->count = 0;
  hand_begin(adding->self, adding->reference, TEST_ROWS);
}

static void adding_put(struct values_adding *adding, const struct wr_match_work *work, uint32_t row,
                       char *entry)
{
  if (!passes_filter(adding->self, adding->reference, work, row))
    return;
  hand_put(adding->self, adding->reference, work, row);
  adding->rows[adding->count] = adding->count;
  adding->entries[adding->count++] = entry;
  if (adding->count == TEST_ROWS)
    adding_flush(adding);
}

static void read_results(struct wr_match *self, const struct wr_match_reference *reference,
                         const char *const *entries, uint32_t offset, uint32_t count,
                         struct wr_builder *out, uint64_t *failed)
{
  (void)self;
  const struct wr_aggregate_results results = {.entries = entries,
                                               .offset = offset,
                                               .count = count,
                                               .type = reference->aggregate.type,
                                               .prepared = reference->aggregate.prepared,
                                               .out = out,
                                               .failed = failed};
  reference->aggregate.code->result(&results);
}

/* An aggregate over the rows of each span, from nothing. */
static void aggregate_anew(struct wr_match *self, const struct wr_match_reference *reference,
                           const struct wr_match_span *spans, uint32_t count,
                           struct wr_builder *out, uint64_t *failed)
{
  const struct wr_match_spec *spec = self->spec;
  struct values_adding adding;
  adding_begin(&adding, self, reference, 0);
  size_t bytes = (reference->aggregate.code->state_bytes + (size_t)15) / 16 * 16;
  char *states = wr_arena_get_zero(&self->values, (count + 1) * bytes);
  char **entries = wr_arena_get(&self->values, (count + 1) * sizeof *entries);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_match_span *span = &spans[i];
    entries[i] = states + i * bytes;
    for (uint32_t s = 0; s < spec->step_count; s++) {
      if (reference->variable != WR_MATCH_ALL && spec->steps[s].variable != reference->variable)
        continue;
      for (uint32_t r = step_begin(span->branch, s); r < span->branch->ends[s]; r++)
        adding_put(&adding, span->work, span->begin + r, entries[i]);
    }
    if (span_has_hand(span, reference->variable))
      adding_put(&adding, span->work, span->hand, entries[i]);
  }
  adding_flush(&adding);
  read_results(self, reference, (const char *const *)entries, 0, count, out, failed);
}

/* An aggregate that runs along, with the row at hand where it is the variable's. */
static void aggregate_total(struct wr_match *self, const struct wr_match_total *total,
                            const struct wr_match_span *spans, uint32_t count,
                            struct wr_builder *out, uint64_t *failed)
{
  const struct wr_match_reference *reference = total->reference;
  struct values_adding adding;
  adding_begin(&adding, self, reference, 0);
  uint32_t state_bytes = reference->aggregate.code->state_bytes;
  size_t bytes = (state_bytes + (size_t)15) / 16 * 16;
  char *states = wr_arena_get(&self->values, (count + 1) * bytes);
  char **entries = wr_arena_get(&self->values, (count + 1) * sizeof *entries);
  for (uint32_t i = 0; i < count; i++) {
    entries[i] = states + i * bytes;
    memcpy(entries[i], (const char *)spans[i].branch + total->offset, state_bytes);
    if (span_has_hand(&spans[i], reference->variable))
      adding_put(&adding, spans[i].work, spans[i].hand, entries[i]);
  }
  adding_flush(&adding);
  read_results(self, reference, (const char *const *)entries, 0, count, out, failed);
}

void wr_match_add_taken(struct wr_match *self)
{
  for (uint32_t t = 0; t < self->total_count; t++) {
    const struct wr_match_total *total = &self->totals[t];
    struct values_adding adding;
    wr_arena_reset(&self->values);
    adding_begin(&adding, self, total->reference, total->offset);
    for (uint32_t i = 0; i < self->taken.count; i++) {
      const struct wr_match_try *taken = &self->taken.items[i];
      const struct wr_match_work *work = &self->works[taken->work];
      if (total->reference->variable == WR_MATCH_ALL ||
          total->reference->variable == taken->variable)
        adding_put(&adding, work, taken->row,
                   (char *)wr_match_branch_at(self, work->branches, taken->branch));
    }
    adding_flush(&adding);
  }
  self->taken.count = 0;
}

void wr_match_refer(struct wr_match *self, const struct wr_match_reference *reference,
                    const struct wr_match_span *spans, uint32_t count, struct wr_builder *out,
                    uint64_t *failed)
{
  wr_builder_reserve(out, count);
  if (reference->kind == WR_MATCH_AGGREGATE) {
    aggregate_anew(self, reference, spans, count, out, failed);
    return;
  }
  uint32_t field = self->fields.of_column[reference->column];
  for (uint32_t i = 0; i < count; i++) {
    uint32_t row =
        wr_match_locate(self, &spans[i], reference->kind, reference->variable, reference->offset);
    if (row == WR_MATCH_NONE)
      wr_builder_put_null(out);
    else
      wr_match_row_put(self, spans[i].work, row, field, out);
  }
}

/* ---- conditions */

void wr_match_tries_add(struct wr_match_tries *tries, struct wr_match_try item)
{
  if (tries->count == tries->room) {
    tries->room = tries->room ? 2 * tries->room : 64;
    tries->items = wr_memory_resize(tries->items, tries->room * sizeof *tries->items);
  }
  tries->items[tries->count++] = item;
}

static void test_set(struct wr_match *self, const struct wr_match_try *item,
                     enum wr_match_truth truth)
{
  struct wr_match_work *work = &self->works[item->work];
  work->truths[(size_t)item->branch * self->spec->variable_count + item->variable] = (uint8_t)truth;
}

static void test_reject(struct wr_match *self, const struct wr_match_try *item, const char *message)
{
  wr_match_row_reject(self, &self->works[item->work], item->row, message);
  test_set(self, item, WR_MATCH_FALSE);
}

/* Says of which tries an aggregate has no result. */
static void test_failed(struct wr_match *self, const struct wr_match_reference *reference,
                        const struct wr_match_try *tries, uint32_t count, const uint64_t *failed,
                        uint64_t *all_failed)
{
  for (uint32_t word = 0; word < wr_bit_words(count); word++) {
    all_failed[word] |= failed[word];
    for (uint64_t bits = failed[word]; bits; bits &= bits - 1) {
      char type[128], message[256];
      wr_type_print(reference->aggregate.type, type, sizeof type);
      if (reference->aggregate.code->failure)
        snprintf(message, sizeof message, "the result of %s %s", reference->aggregate.name,
                 reference->aggregate.code->failure);
      else
        snprintf(message, sizeof message, "the result of %s does not fit %s",
                 reference->aggregate.name, type);
      wr_match_row_reject(self,
                          &self->works[tries[word * 64 + (uint32_t)__builtin_ctzll(bits)].work],
                          tries[word * 64 + (uint32_t)__builtin_ctzll(bits)].row, message);
    }
  }
}

static void test_some(struct wr_match *self, uint32_t number, const struct wr_match_try *tries,
                      uint32_t count)
{
  const struct wr_match_variable *variable = &self->spec->variables[number];
  struct wr_match_test *test = &self->tests[number];
  wr_arena_reset(&self->values);
  struct wr_match_span *spans = wr_arena_get(&self->values, count * sizeof *spans);
  size_t bitmap_bytes = wr_bit_words(count) * sizeof(uint64_t);
  uint64_t *failed = wr_arena_get(&self->values, bitmap_bytes);
  uint64_t *all_failed = wr_arena_get_zero(&self->values, bitmap_bytes);
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_match_work *work = &self->works[tries[i].work];
    spans[i] = (struct wr_match_span){
        .work = work,
        .branch = wr_match_branch_at(self, work->branches, tries[i].branch),
        .begin = work->begin,
        .hand = tries[i].row,
        .variable = number,
    };
    test_set(self, &tries[i], WR_MATCH_FALSE);
  }
  for (uint32_t r = 0; r < variable->reference_count; r++) {
    const struct wr_match_reference *reference = &variable->references[r];
    wr_builder_reset(&test->builders[r]);
    wr_builder_reserve(&test->builders[r], count);
    memset(failed, 0, bitmap_bytes);
    if (test->totals[r] != WR_MATCH_NONE)
      aggregate_total(self, &self->totals[test->totals[r]], spans, count, &test->builders[r],
                      failed);
    else
      wr_match_refer(self, reference, spans, count, &test->builders[r], failed);
    if (reference->kind == WR_MATCH_AGGREGATE)
      test_failed(self, reference, tries, count, failed, all_failed);
    test->columns[r] = wr_builder_view(&test->builders[r]);
  }
  const struct wr_batch batch = {.schema = variable->schema,
                                 .columns = test->columns,
                                 .row_count = count,
                                 .picked_count = count,
                                 .others_us = WR_TIME_END,
                                 .now_us = self->now_us};
  uint32_t *picked = wr_arena_get(&self->values, (count + (size_t)64) * sizeof *picked);
  struct wr_evaluation evaluation;
  uint32_t picked_count = wr_evaluator_pick(test->evaluator, &batch, picked, &evaluation);
  for (uint32_t i = 0; i < picked_count; i++)
    if (!wr_bit_get(all_failed, picked[i]))
      test_set(self, &tries[picked[i]], WR_MATCH_TRUE);
  for (uint32_t i = 0; i < evaluation.failure_count; i++)
    test_reject(self, &tries[evaluation.failures[i].row], evaluation.failures[i].message);
}

void wr_match_test(struct wr_match *self, uint32_t variable)
{
  struct wr_match_tries *tries = &self->asked[variable];
  for (uint32_t first = 0; first < tries->count; first += TEST_ROWS) {
    uint32_t count = tries->count - first < TEST_ROWS ? tries->count - first : TEST_ROWS;
    test_some(self, variable, tries->items + first, count);
  }
  tries->count = 0;
}
