/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows going through the automaton. A partition goes on until a condition has to be worked out; it
 * asks, and waits for the next round. So in each round the conditions of all partitions of a chunk
 * are evaluated together:
 *
 *   round 1   a: DOWN?  b: DOWN?  c: UP?       two evaluations, of two rows and of one
 *   round 2   a: UP?    c: DOWN?               b has no more rows
 *
 * All branches of a match begin with the same row. A branch whose match is complete ends the
 * others; if none is left, the match cannot be found, and the next row is tried.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "operators/match_state.h"

/* ---- a work */

static void work_raise(struct wr_match_work *work, int64_t time_us, uint64_t place)
{
  struct wr_match_moment *moment = &work->moment;
  if (time_us < moment->time_us || (time_us == moment->time_us && place <= moment->place))
    return;
  *moment = (struct wr_match_moment){time_us, place};
}

void wr_match_work_begin(const struct wr_match *self, struct wr_match_work *work, uint32_t begin)
{
  work->begin = work->at = begin;
  work->branch_count = 1;
  memset(work->branches, 0, self->branch_bytes);
  wr_match_branch_at(self, work->branches, 0)->node = self->start;
}

void wr_match_work_reserve(const struct wr_match *self, struct wr_match_work *work, uint32_t count)
{
  if (count <= work->room)
    return;
  uint32_t room = work->room ? 2 * work->room : 4;
  while (room < count)
    room *= 2;
  work->room = room;
  size_t bytes = (size_t)room * self->branch_bytes;
  work->branches = wr_memory_resize(work->branches, bytes);
  work->next = wr_memory_resize(work->next, bytes);
  work->truths = wr_memory_resize(work->truths, (size_t)room * self->spec->variable_count);
}

/* ---- conditions */

/* Whether the next row can be the variable's, after what branch has. UNKNOWN: that was asked. */
static enum wr_match_truth work_truth(struct wr_match *self, struct wr_match_work *work,
                                      uint32_t branch, uint32_t variable)
{
  uint8_t *truth = &work->truths[(size_t)branch * self->spec->variable_count + variable];
  if (*truth >= WR_MATCH_FALSE)
    return *truth;
  const struct wr_match_test *test = &self->tests[variable];
  if (test->evaluator) {
    if (*truth == WR_MATCH_UNKNOWN)
      wr_match_tries_add(
          &self->asked[variable],
          (struct wr_match_try){(uint32_t)(work - self->works), branch, work->at, variable});
    *truth = WR_MATCH_ASKED;
    return WR_MATCH_UNKNOWN;
  }
  bool is_true =
      test->field == WR_MATCH_NONE || wr_match_row_is_true(self, work, work->at, test->field);
  *truth = is_true ? WR_MATCH_TRUE : WR_MATCH_FALSE;
  return *truth;
}

/* ---- one row */

enum walk_end { WALK_ON, WALK_WAITS, WALK_COMPLETE };

/* If a match is complete that has come to this node with the row at hand. */
static enum wr_match_truth walk_ends(struct wr_match *self, struct wr_match_work *work,
                                     uint32_t branch, uint32_t node)
{
  if (node != WR_MATCH_FINAL && !self->nodes[node].ends)
    return WR_MATCH_FALSE;
  for (; node != WR_MATCH_FINAL; node = self->nodes[node].proceed) {
    uint32_t unless = self->nodes[node].unless;
    if (unless == WR_MATCH_NONE)
      continue;
    enum wr_match_truth truth = work_truth(self, work, branch, unless);
    if (truth != WR_MATCH_FALSE)
      return truth == WR_MATCH_TRUE ? WR_MATCH_FALSE : WR_MATCH_UNKNOWN;
  }
  return WR_MATCH_TRUE;
}

/* The branch `from` with the row at hand, at the end of the next ones. */
static struct wr_match_branch *walk_take(const struct wr_match *self, struct wr_match_work *work,
                                         uint32_t from, const struct wr_match_node *node)
{
  if (work->next_count == work->room)
    wr_match_work_reserve(self, work, work->next_count + 1);
  struct wr_match_branch *branch = wr_match_branch_at(self, work->next, work->next_count++);
  memcpy(branch, wr_match_branch_at(self, work->branches, from), self->branch_bytes);
  branch->node = node->take;
  for (uint32_t s = node->step; s < self->spec->step_count; s++)
    branch->ends[s]++;
  return branch;
}

static enum walk_end walk_branch(struct wr_match *self, struct wr_match_work *work, uint32_t number)
{
  uint32_t at = wr_match_branch_at(self, work->branches, number)->node;
  enum walk_end end = WALK_ON;
  while (at != WR_MATCH_NONE && at != WR_MATCH_FINAL) {
    const struct wr_match_node *node = &self->nodes[at];
    at = node->proceed;
    if (node->unless != WR_MATCH_NONE) {
      enum wr_match_truth truth = work_truth(self, work, number, node->unless);
      if (truth != WR_MATCH_FALSE)
        return truth == WR_MATCH_TRUE ? end : WALK_WAITS;
    }
    enum wr_match_truth truth = work_truth(self, work, number, node->variable);
    if (truth == WR_MATCH_UNKNOWN)
      end = WALK_WAITS;
    if (truth != WR_MATCH_TRUE)
      continue;
    uint32_t first = work->next_count;
    walk_take(self, work, number, node);
    enum wr_match_truth ends = walk_ends(self, work, number, node->take);
    if (ends == WR_MATCH_UNKNOWN)
      end = WALK_WAITS;
    if (ends != WR_MATCH_TRUE || end == WALK_WAITS)
      continue;
    /* the first that is complete; put in front for whoever reads it */
    memmove(work->next, wr_match_branch_at(self, work->next, first), self->branch_bytes);
    return WALK_COMPLETE;
  }
  return end;
}

/* Notes which branch took the row for which variable, for their totals. */
static void walk_note(struct wr_match *self, struct wr_match_work *work, uint32_t first,
                      uint32_t number)
{
  for (uint32_t b = first; b < work->next_count; b++) {
    const struct wr_match_branch *before = wr_match_branch_at(self, work->branches, number),
                                 *branch = wr_match_branch_at(self, work->next, b);
    uint32_t step = 0;
    while (branch->ends[step] == before->ends[step])
      step++;
    wr_match_tries_add(&self->taken,
                       (struct wr_match_try){(uint32_t)(work - self->works), b, work->at,
                                             self->spec->steps[step].variable});
  }
}

/* The next row meets all branches. */
static enum walk_end work_walk(struct wr_match *self, struct wr_match_work *work)
{
  enum walk_end end = WALK_ON;
  uint32_t noted = self->taken.count;
  work->next_count = 0;
  for (uint32_t b = 0; b < work->branch_count; b++) {
    uint32_t first = work->next_count;
    enum walk_end one = walk_branch(self, work, b);
    if (one == WALK_COMPLETE && end == WALK_ON) {
      self->taken.count = noted;
      return WALK_COMPLETE;
    }
    if (one != WALK_ON)
      end = WALK_WAITS;
    if (self->total_count)
      walk_note(self, work, first, b);
  }
  if (end == WALK_WAITS)
    self->taken.count = noted;
  return end;
}

/* ---- matches */

static void found_add(struct wr_match *self, const struct wr_match_work *work)
{
  if (self->found_count == self->found_room) {
    self->found_room = self->found_room ? 2 * self->found_room : 64;
    self->found = wr_memory_resize(self->found, self->found_room * sizeof *self->found);
    self->found_branches =
        wr_memory_resize(self->found_branches, (size_t)self->found_room * self->branch_bytes);
  }
  memcpy(wr_match_branch_at(self, self->found_branches, self->found_count), work->next,
         self->branch_bytes);
  self->found[self->found_count++] =
      (struct wr_match_found){.work = (uint32_t)(work - self->works),
                              .begin = work->begin,
                              .row_count = work->at - work->begin + 1,
                              .moment = work->moment};
}

/* Where the next match begins after the one of work->next. */
static uint32_t found_skip(struct wr_match *self, const struct wr_match_work *work)
{
  const struct wr_match_spec *spec = self->spec;
  const struct wr_match_span span = {.work = work,
                                     .branch = wr_match_branch_at(self, work->next, 0),
                                     .begin = work->begin,
                                     .hand = WR_MATCH_NONE};
  if (spec->skip == WR_MATCH_PAST_LAST_ROW)
    return work->at + 1;
  if (spec->skip == WR_MATCH_TO_NEXT_ROW)
    return work->begin + 1;
  bool first = spec->skip == WR_MATCH_TO_FIRST;
  uint32_t row =
      wr_match_locate(self, &span, first ? WR_MATCH_FIRST : WR_MATCH_LAST, spec->skip_variable, 0);
  if (row != WR_MATCH_NONE && row > work->begin)
    return row;
  char message[WR_SQL_NAME_BYTES_MAX + 256];
  snprintf(message, sizeof message,
           "AFTER MATCH SKIP TO %s %.*s does not go on: %s; the next match is looked for from "
           "the second row of this one on",
           first ? "FIRST" : "LAST", WR_SQL_NAME_BYTES_MAX,
           spec->variables[spec->skip_variable].name,
           row == WR_MATCH_NONE ? "the match has no row of it"
                                : "it is the row with which the match begins");
  wr_match_row_reject(self, work, work->begin, message);
  return work->begin + 1;
}

/* The rows that were taken become what there is. */
static enum wr_code work_take(struct wr_match *self, struct wr_match_work *work,
                              struct wr_error *err)
{
  if (work->next_count > WR_MATCH_BRANCHES_MAX)
    return wr_fail(err, WR_LIMIT,
                   "%s has more ways to go on with one match than the limit "
                   "WR_MATCH_BRANCHES_MAX, %d",
                   self->op.context->name, WR_MATCH_BRANCHES_MAX);
  if (work->at - work->begin >= WR_MATCH_ROWS_MAX)
    return wr_fail(err, WR_LIMIT,
                   "%s has a match so far of more rows than the limit WR_MATCH_ROWS_MAX, %d",
                   self->op.context->name, WR_MATCH_ROWS_MAX);
  char *branches = work->branches;
  work->branches = work->next;
  work->next = branches;
  work->branch_count = work->next_count;
  work->at++;
  return WR_OK;
}

/* ---- rounds */

enum step_end { STEP_DONE, STEP_WAITS };

/* WITHIN: a match that the time `now_us` leaves too late is given up. */
static bool work_expires(const struct wr_match *self, struct wr_match_work *work, int64_t now_us)
{
  if (self->spec->within_us == 0 || work->begin == work->row_count)
    return false;
  int64_t deadline_us = wr_match_deadline(self, wr_match_time_of(self, work, work->begin));
  if (now_us < deadline_us)
    return false;
  work_raise(work, deadline_us, 0);
  wr_match_work_begin(self, work, work->begin + 1);
  return true;
}

/* Goes on until there is something to be worked out, or no more rows. */
static enum wr_code work_step(struct wr_match *self, struct wr_match_work *work, int64_t passed_us,
                              enum step_end *step, struct wr_error *err)
{
  for (;;) {
    *step = STEP_DONE;
    if (work->at == work->row_count) {
      if (!work_expires(self, work, passed_us))
        return WR_OK;
      continue;
    }
    if (!work->asked) {
      if (work->at > work->begin &&
          work_expires(self, work, wr_match_time_of(self, work, work->at)))
        continue;
      if (work->at >= work->seen) {
        work_raise(work, wr_match_time_of(self, work, work->at),
                   UINT64_C(1) + work->places[work->at - work->old_count]);
        work->seen = work->at + 1;
      }
      memset(work->truths, WR_MATCH_UNKNOWN,
             (size_t)work->branch_count * self->spec->variable_count);
    }
    enum walk_end end = work_walk(self, work);
    work->asked = end == WALK_WAITS;
    if (end == WALK_WAITS) {
      *step = STEP_WAITS;
      return WR_OK;
    }
    if (end == WALK_COMPLETE) {
      found_add(self, work);
      wr_match_work_begin(self, work, found_skip(self, work));
      continue;
    }
    if (work->next_count == 0) {
      wr_match_work_begin(self, work, work->begin + 1);
      continue;
    }
    enum wr_code code = work_take(self, work, err);
    if (code != WR_OK)
      return code;
    if (self->total_count) { /* they are needed for what comes next */
      *step = STEP_WAITS;
      return WR_OK;
    }
  }
}

enum wr_code wr_match_run(struct wr_match *self, int64_t passed_us, struct wr_error *err)
{
  uint32_t active = self->work_count;
  for (uint32_t w = 0; w < active; w++)
    self->active[w] = w;
  while (active) {
    uint32_t left = 0;
    for (uint32_t i = 0; i < active; i++) {
      enum step_end step;
      struct wr_match_work *work = &self->works[self->active[i]];
      enum wr_code code = work_step(self, work, passed_us, &step, err);
      if (code != WR_OK)
        return code;
      if (step == STEP_WAITS)
        self->active[left++] = self->active[i];
    }
    active = left;
    for (uint32_t v = 0; v < self->spec->variable_count; v++)
      if (self->asked[v].count)
        wr_match_test(self, v);
    if (self->taken.count)
      wr_match_add_taken(self);
  }
  return WR_OK;
}
