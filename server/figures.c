/* SPDX-License-Identifier: Apache-2.0 */
#include "server/figures.h"

#include <stdlib.h>
#include <string.h>

#include "core/limits.h"

uint64_t wr_figures_bad(const uint64_t rejected[WR_REJECT_KIND_COUNT])
{
  uint64_t bad = 0;
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    bad += kind == WR_REJECT_LATE ? 0 : rejected[kind];
  return bad;
}

uint32_t wr_figures_head(const struct wr_plan *plan, uint32_t node)
{
  while (plan->nodes[node].input_count == 1 &&
         plan->nodes[node].inputs[0].exchange == WR_EXCHANGE_FORWARD)
    node = plan->nodes[node].inputs[0].node;
  return node;
}

/* ---- steps */

static struct wr_execution_step *steps_none(const struct wr_plan *plan, struct wr_arena *arena)
{
  struct wr_execution_step *steps = WR_NEW_ARRAY(arena, struct wr_execution_step, plan->node_count);
  for (uint32_t n = 0; n < plan->node_count; n++) {
    steps[n].name = plan->nodes[n].name;
    steps[n].statement = plan->nodes[n].statement;
    steps[n].plan = &plan->nodes[n];
    steps[n].watermark_us = WR_TIME_NONE;
  }
  return steps;
}

/* Sums of the job; what comes from earlier plans is in out already. */
static void steps_sum(struct wr_figures *out, const struct wr_execution_step *steps, uint32_t count)
{
  for (uint32_t n = 0; n < count; n++) {
    out->rows_in += steps[n].plan->source ? steps[n].rows_in : 0;
    out->rows_out += steps[n].plan->sink ? steps[n].rows_out : 0;
    for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
      out->rejected[kind] += steps[n].rejected[kind];
  }
}

static void step_add_past(struct wr_execution_step *step, const struct wr_execution_step *past)
{
  step->rows_in += past->rows_in;
  step->rows_out += past->rows_out;
  step->batches_in += past->batches_in;
  step->bytes_in += past->bytes_in;
  step->bytes_out += past->bytes_out;
  step->own_ns += past->own_ns;
  step->format_ns += past->format_ns;
  step->connector_ns += past->connector_ns;
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    step->rejected[kind] += past->rejected[kind];
}

static void figures_read_steps(struct wr_figures *out, const struct wr_figures *past,
                               const struct wr_execution *execution, struct wr_arena *arena)
{
  uint32_t count = out->plan->node_count;
  out->steps =
      execution ? wr_execution_steps(execution, arena, &count) : steps_none(out->plan, arena);
  steps_sum(out, out->steps, count);
  for (uint32_t n = 0; past && n < count; n++)
    step_add_past(&out->steps[n], &past->steps[n]);
}

/* ---- tasks */

static struct wr_figures_task task_figures(const struct wr_execution_task *task)
{
  return (struct wr_figures_task){
      .head = task->first_step,
      .copy = task->copy,
      .busy_ns = task->steps_ns + task->sending_ns + task->spent_ns[WR_SPENT_BUSY] +
                 task->spent_ns[WR_SPENT_SAVING],
      .backpressured_ns = task->spent_ns[WR_SPENT_OUTPUT],
      .idle_ns = task->spent_ns[WR_SPENT_INPUT],
      .checkpoint_ns = task->spent_ns[WR_SPENT_BARRIER],
      .cpu_ns = task->cpu_ns,
  };
}

static void task_add_past(struct wr_figures_task *task, const struct wr_figures_task *past)
{
  task->busy_ns += past->busy_ns;
  task->backpressured_ns += past->backpressured_ns;
  task->idle_ns += past->idle_ns;
  task->checkpoint_ns += past->checkpoint_ns;
  task->cpu_ns += past->cpu_ns;
}

/* All executions of a plan have the same tasks in the same order. */
static void figures_read_tasks(struct wr_figures *out, const struct wr_figures *past,
                               const struct wr_execution *execution, struct wr_arena *arena)
{
  const struct wr_execution_task *tasks = NULL;
  uint32_t count = past ? past->task_count : 0;
  if (execution)
    tasks = wr_execution_tasks(execution, arena, &count);
  out->task_count = count;
  out->tasks = WR_NEW_ARRAY(arena, struct wr_figures_task, count);
  for (uint32_t t = 0; t < count; t++) {
    if (tasks)
      out->tasks[t] = task_figures(&tasks[t]);
    if (past && t < past->task_count) {
      out->tasks[t].head = past->tasks[t].head;
      out->tasks[t].copy = past->tasks[t].copy;
      task_add_past(&out->tasks[t], &past->tasks[t]);
    }
  }
}

/* ---- splits */

static int split_compare(const void *left, const void *right)
{
  const struct wr_execution_split *a = left, *b = right;
  if (a->node != b->node)
    return a->node < b->node ? -1 : 1;
  return strcmp(a->name, b->name);
}

static void rest_add(struct wr_figures_rest *rest, const struct wr_execution_split *split)
{
  rest->rows += split->rows;
  rest->bytes += split->bytes;
  rest->throttles += split->throttles;
}

static void split_add_past(struct wr_execution_split *split, const struct wr_execution_split *past)
{
  split->rows += past->rows;
  split->bytes += past->bytes;
  split->throttles += past->throttles;
}

/* What past knows of splits goes to those that are there, and to the rests. */
static void figures_add_past_splits(struct wr_figures *out, const struct wr_figures *past,
                                    struct wr_arena *arena)
{
  bool *found = WR_NEW_ARRAY(arena, bool, past->gone_count);
  bool *ended = WR_NEW_ARRAY(arena, bool, out->split_count);
  out->split_ended = ended;
  memcpy(out->rests, past->rests, out->plan->node_count * sizeof *out->rests);
  for (uint32_t i = 0; i < out->split_count; i++) {
    const struct wr_execution_split *known =
        bsearch(&out->splits[i], past->gone, past->gone_count, sizeof *past->gone, split_compare);
    if (!known || found[known - past->gone])
      continue;
    split_add_past(&out->splits[i], known);
    found[known - past->gone] = true;
    ended[i] = known->state == WR_SPLIT_DONE;
    out->rests[known->node].rows -= known->rows;
    out->rests[known->node].bytes -= known->bytes;
    out->rests[known->node].throttles -= known->throttles;
  }
  out->gone = WR_NEW_ARRAY(arena, struct wr_execution_split, past->gone_count);
  for (uint32_t i = 0; i < past->gone_count; i++)
    if (!found[i])
      out->gone[out->gone_count++] = past->gone[i];
}

static void figures_read_splits(struct wr_figures *out, const struct wr_figures *past,
                                const struct wr_execution *execution, struct wr_arena *arena)
{
  out->rests = WR_NEW_ARRAY(arena, struct wr_figures_rest, out->plan->node_count);
  out->split_ended = NULL;
  if (execution)
    out->splits = wr_execution_splits(execution, arena, &out->split_count, &out->splits_left_out);
  if (past)
    figures_add_past_splits(out, past, arena);
}

/* ---- rejects */

/* Those of the execution are newer than all of before. */
static void figures_read_rejects(struct wr_figures *out, const struct wr_figures *past,
                                 const struct wr_execution *execution, uint32_t most,
                                 struct wr_arena *arena)
{
  struct wr_execution_reject *now = NULL;
  uint32_t count = 0, before = past ? past->reject_count : 0;
  uint64_t number = before ? past->rejects[0].number : 0;
  if (execution)
    now = wr_execution_rejects(execution, most, arena, &count);
  out->rejects = WR_NEW_ARRAY(arena, struct wr_execution_reject, most);
  for (uint32_t i = 0; i < count && i < most; i++) {
    out->rejects[i] = now[i];
    out->rejects[i].number += number;
    out->reject_count++;
  }
  for (uint32_t i = 0; i < before && out->reject_count < most; i++)
    out->rejects[out->reject_count++] = past->rejects[i];
}

/* ---- all of it */

static void figures_read_execution(struct wr_figures *out, const struct wr_execution *execution)
{
  struct wr_execution_summary summary;
  wr_execution_summarize(execution, &summary);
  wr_execution_epochs(execution, &out->epochs);
  wr_execution_memory(execution, &out->memory_limit, out->memory_used);
  out->progress_done = summary.progress_done;
  out->progress_total = summary.progress_total;
  out->epochs_sealed += out->epochs.sealed;
  out->epochs_failed += out->epochs.failed;
  out->epochs_skipped += out->epochs.skipped;
}

void wr_figures_read(const struct wr_plan *plan, const struct wr_figures *past,
                     const struct wr_execution *execution, uint32_t rejects_most,
                     struct wr_arena *arena, struct wr_figures *out)
{
  *out = (struct wr_figures){.plan = plan, .runs = execution != NULL};
  if (past) {
    out->rows_in = past->rows_in;
    out->rows_out = past->rows_out;
    memcpy(out->rejected, past->rejected, sizeof out->rejected);
    out->epochs_sealed = past->epochs_sealed;
    out->epochs_failed = past->epochs_failed;
    out->epochs_skipped = past->epochs_skipped;
  }
  if (rejects_most)
    figures_read_rejects(out, past, execution, rejects_most, arena);
  if (past && past->plan != plan)
    past = NULL; /* nodes of another plan */
  figures_read_steps(out, past, execution, arena);
  figures_read_tasks(out, past, execution, arena);
  figures_read_splits(out, past, execution, arena);
  if (execution)
    figures_read_execution(out, execution);
}

/* ---- executions that are over */

/* Splits that were read are now among those that are gone. */
static void past_keep_splits(struct wr_figures *figures, struct wr_arena *arena)
{
  uint32_t room = figures->split_count + figures->gone_count;
  struct wr_execution_split *all = WR_NEW_ARRAY(arena, struct wr_execution_split, room);
  uint32_t count = 0;
  for (uint32_t i = 0; i < figures->split_count; i++) {
    rest_add(&figures->rests[figures->splits[i].node], &figures->splits[i]);
    all[count] = figures->splits[i];
    if (figures->split_ended && figures->split_ended[i])
      all[count].state = WR_SPLIT_DONE; /* once and for all */
    count++;
  }
  for (uint32_t i = 0; i < figures->gone_count && count < WR_LOOK_SPLITS_MAX; i++)
    all[count++] = figures->gone[i];
  qsort(all, count, sizeof *all, split_compare);
  figures->gone = all;
  figures->gone_count = count;
  figures->splits = NULL;
  figures->split_ended = NULL;
  figures->split_count = figures->splits_left_out = 0;
}

/* States of what is over. */
static void past_forget_states(struct wr_figures *figures)
{
  for (uint32_t n = 0; n < figures->plan->node_count; n++) {
    struct wr_execution_step *step = &figures->steps[n];
    step->state_bytes = step->state_keys = step->state_bytes_most = step->state_keys_most = 0;
    step->watermark_us = WR_TIME_NONE;
    step->loaded_us = 0;
  }
  memset(&figures->epochs, 0, sizeof figures->epochs);
  figures->runs = false;
}

static const char *past_copy_text(struct wr_arena *arena, const char *text)
{
  return text ? wr_arena_copy(arena, text, strlen(text)) : NULL;
}

/* So that nothing is left of the arena before, nor of the execution. */
static void past_keep_texts(struct wr_figures *figures, struct wr_arena *arena)
{
  for (uint32_t i = 0; i < figures->gone_count; i++) {
    figures->gone[i].name = past_copy_text(arena, figures->gone[i].name);
    figures->gone[i].position = "";
  }
  for (uint32_t i = 0; i < figures->reject_count; i++) {
    struct wr_execution_reject *reject = &figures->rejects[i];
    reject->message = past_copy_text(arena, reject->message);
    reject->source = past_copy_text(arena, reject->source);
    reject->split = past_copy_text(arena, reject->split);
    reject->statement = past_copy_text(arena, reject->statement);
    reject->position.bytes = wr_arena_copy(
        arena, reject->position.length ? reject->position.bytes : "", reject->position.length);
    if (reject->raw.bytes)
      reject->raw.bytes = wr_arena_copy(arena, reject->raw.bytes, reject->raw.length);
  }
}

void wr_figures_past_add(struct wr_figures_past *past, const struct wr_plan *plan,
                         const struct wr_execution *execution)
{
  struct wr_arena arena = {0};
  struct wr_figures figures;
  wr_figures_read(plan, past->is_some ? &past->figures : NULL, execution, WR_LOOK_REJECTS, &arena,
                  &figures);
  past_keep_splits(&figures, &arena);
  past_forget_states(&figures);
  past_keep_texts(&figures, &arena);
  wr_arena_free(&past->arena);
  *past = (struct wr_figures_past){.arena = arena, .figures = figures, .is_some = true};
}

void wr_figures_past_change(struct wr_figures_past *past)
{
  past->figures.plan = NULL;
}

void wr_figures_past_free(struct wr_figures_past *past)
{
  wr_arena_free(&past->arena);
  *past = (struct wr_figures_past){0};
}
