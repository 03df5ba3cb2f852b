/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/budget.h"

#include <stdio.h>
#include <string.h>

#include "runtime/memory.h"

#define BUDGET_STATEMENT_BYTES 60 /* shown of a SQL statement */
#define BUDGET_IDENTITY_BYTES  160
#define BUDGET_MIB             (UINT64_C(1) << 20)
#define BUDGET_ROOM            (256 * BUDGET_MIB) /* larger memory is proposed in such steps */

/* One step of the plan, over all its copies. */
struct budget_step {
  const struct wr_plan_node *node;
  uint64_t bytes, keys;
};

/* Of one copy of a step; memory that waits for its next state is taken as well. */
static uint64_t budget_bytes(const struct wr_metrics *metrics)
{
  return wr_metrics_get(&metrics->state_bytes) + wr_metrics_get(&metrics->spare_bytes);
}

uint64_t wr_budget_state_bytes(const struct wr_build *build)
{
  uint64_t bytes = 0;
  for (uint32_t t = 0; t < build->task_count; t++)
    for (uint32_t i = 0; i < build->tasks[t]->node_count; i++)
      bytes += budget_bytes(&build->tasks[t]->nodes[i].metrics);
  return bytes;
}

static struct budget_step budget_count(const struct wr_build *build,
                                       const struct wr_plan_node *node)
{
  struct budget_step step = {.node = node};
  for (uint32_t t = 0; t < build->task_count; t++)
    for (uint32_t i = 0; i < build->tasks[t]->node_count; i++) {
      const struct wr_task_node *copy = &build->tasks[t]->nodes[i];
      step.bytes += copy->plan == node ? budget_bytes(&copy->metrics) : 0;
      step.keys += copy->plan == node ? wr_metrics_get(&copy->metrics.state_keys) : 0;
    }
  return step;
}

/* The step that has most. */
static struct budget_step budget_largest(const struct wr_build *build)
{
  struct budget_step largest = {0};
  for (uint32_t t = 0; t < build->task_count; t++)
    for (uint32_t i = 0; i < build->tasks[t]->node_count; i++) {
      struct budget_step step = budget_count(build, build->tasks[t]->nodes[i].plan);
      if (!largest.node || step.bytes > largest.bytes)
        largest = step;
    }
  return largest;
}

/* A statement on one line, cut. */
static const char *budget_statement(const char *statement, char *line, size_t room)
{
  size_t length = 0;
  for (const char *at = statement ? statement : "several statements"; *at; at++) {
    bool space = strchr(" \t\r\n", *at) != NULL;
    if (length + 4 == room) {
      memcpy(line + length, "...", 3);
      length += 3;
      break;
    }
    if (!space || (length && line[length - 1] != ' '))
      line[length++] = space ? ' ' : *at;
  }
  line[length] = 0;
  return line;
}

static double budget_mib(uint64_t bytes)
{
  return (double)bytes / (double)BUDGET_MIB;
}

static enum wr_code budget_hint(uint64_t state, enum wr_budget_moment moment, struct wr_error *err)
{
  uint64_t wanted =
      state / wr_memory_shares[WR_MEMORY_STATE].percent * 150; /* half as much again */
  unsigned long long mib = (wanted / BUDGET_ROOM + 1) * (BUDGET_ROOM / BUDGET_MIB);
  if (moment == WR_BUDGET_RUNNING)
    return wr_hint(err,
                   "give it more, for example --memory %lluMiB, or group by less; with --state-dir "
                   "DIR it could go on from where it was",
                   mib);
  return wr_hint(
      err, "nothing is lost: start it again with more memory, for example --memory %lluMiB", mib);
}

enum wr_code wr_budget_check(const struct wr_build *build, uint64_t memory_bytes,
                             enum wr_budget_moment moment, uint64_t epoch, struct wr_error *err)
{
  uint64_t state = wr_budget_state_bytes(build);
  uint64_t share = wr_memory_share(memory_bytes, WR_MEMORY_STATE);
  char whose[64] = "the state", statement[BUDGET_STATEMENT_BYTES];
  if (state <= share)
    return WR_OK;
  struct budget_step largest = budget_largest(build);
  if (moment == WR_BUDGET_RESTORED)
    snprintf(whose, sizeof whose, "the state of epoch %llu alone", (unsigned long long)epoch);
  wr_fail(err, WR_LIMIT,
          "%s takes %.1f MiB, above the %.1f MiB that --memory %.0fMiB has for state (%u %%): "
          "%.1f MiB of it are %llu keys of %s (%.*s) in \"%s\"",
          whose, budget_mib(state), budget_mib(share), budget_mib(memory_bytes),
          wr_memory_shares[WR_MEMORY_STATE].percent, budget_mib(largest.bytes),
          (unsigned long long)largest.keys, largest.node->name, BUDGET_IDENTITY_BYTES,
          largest.node->identity ? largest.node->identity : "no name",
          budget_statement(largest.node->statement, statement, sizeof statement));
  return budget_hint(state, moment, err);
}
