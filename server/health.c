/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health.h"

#include <inttypes.h>

#include "core/time.h"

#define HEALTH_REASONS_BESIDES  6 /* those that are not about a source: at most one per rule */
#define HEALTH_TROUBLE_US       (60 * WR_US_PER_SECOND) /* how long a row of failures may last */
#define HEALTH_TROUBLE_RESTARTS 3 /* so many make one that runs for a moment a doubtful one */
#define HEALTH_FAILURES_IN_ROW  2
#define HEALTH_INTERVALS        5
#define HEALTH_EPOCH_TIMEOUT_US (10 * WR_US_PER_MINUTE) /* if any time is allowed */

struct health_check {
  const struct wr_job_facts *facts;
  const struct wr_job_look *look;
  const struct wr_figures *figures;
  int64_t away_us, now_us;
  struct wr_arena *arena;
  struct wr_health *health;
};

static void health_add(struct health_check *check, const char *reason)
{
  check->health->ready = false;
  check->health->reasons[check->health->reason_count++] = reason;
}

static int64_t health_seconds(int64_t us)
{
  return us < 0 ? 0 : us / WR_US_PER_SECOND;
}

/* ---- alive */

/* A row of failures that lasts, and is not over just because the job runs for the moment. */
static bool health_is_in_trouble(const struct health_check *check)
{
  const struct wr_job_look *look = check->look;
  if (!look->trouble_since_us || check->now_us - look->trouble_since_us < HEALTH_TROUBLE_US)
    return false;
  switch (look->status) {
  case WR_JOB_STARTING:
  case WR_JOB_RESTARTING: return true;
  case WR_JOB_RUNNING:
    return check->now_us - look->since_us < WR_JOB_STEADY_US &&
           look->trouble_restarts >= HEALTH_TROUBLE_RESTARTS;
  default: return false;
  }
}

static void health_check_alive(struct health_check *check)
{
  const struct wr_job_look *look = check->look;
  if (look->status == WR_JOB_FAILED)
    health_add(check, wr_arena_print(check->arena, "failed: %s",
                                     look->failure[0] ? look->failure : "for no known reason"));
  else if (health_is_in_trouble(check))
    health_add(check, wr_arena_print(check->arena, "restarted %u times in %" PRId64 " s: %s",
                                     look->trouble_restarts,
                                     health_seconds(check->now_us - look->trouble_since_us),
                                     look->failure));
  check->health->alive_reason_count = check->health->reason_count;
  check->health->alive = check->health->reason_count == 0;
}

/* ---- ready */

static void health_check_start(struct health_check *check)
{
  const struct wr_job_look *look = check->look;
  if (look->status == WR_JOB_STARTING)
    health_add(check, "is starting");
  else if (look->status == WR_JOB_RESTARTING && check->health->alive)
    health_add(check, wr_arena_print(check->arena, "is starting again after a failure: %s",
                                     look->failure));
}

static bool health_is_away(const struct health_check *check, const struct wr_execution_split *split)
{
  return split->state == WR_SPLIT_AWAY && check->now_us - split->state_since_us >= check->away_us;
}

/* One sentence per source, about the split that has been away for longest. */
static void health_check_source(struct health_check *check, uint32_t node)
{
  const struct wr_execution_split *longest = NULL;
  const struct wr_plan_node *plan = &check->figures->plan->nodes[node];
  uint32_t count = 0;
  for (uint32_t i = 0; i < check->figures->split_count; i++) {
    const struct wr_execution_split *split = &check->figures->splits[i];
    if (split->node != node || !health_is_away(check, split))
      continue;
    count++;
    if (!longest || split->state_since_us < longest->state_since_us)
      longest = split;
  }
  if (!longest)
    return;
  const char *more = count > 1 ? wr_arena_print(check->arena, ", nor %u more", count - 1) : "";
  health_add(check,
             wr_arena_print(check->arena, "source %s: %s could not be reached for %" PRId64 " s%s",
                            plan->source ? plan->source->table.name : plan->name, longest->name,
                            health_seconds(check->now_us - longest->state_since_us), more));
}

static void health_check_checkpoints(struct health_check *check)
{
  const struct wr_job_facts *facts = check->facts;
  const struct wr_epochs_statistics *epochs = &check->figures->epochs;
  int64_t timeout_us = facts->epoch_timeout_us ? facts->epoch_timeout_us : HEALTH_EPOCH_TIMEOUT_US;
  int64_t since_us =
      epochs->sealed_us > check->look->since_us ? epochs->sealed_us : check->look->since_us;
  int64_t age_us = check->now_us - since_us;
  if (!facts->state_dir)
    return;
  if (epochs->complete == 0 && check->look->newest_epoch == 0)
    health_add(check, "checkpoints: the first one is not complete yet");
  if (epochs->failures_in_row >= HEALTH_FAILURES_IN_ROW)
    health_add(check, wr_arena_print(check->arena, "checkpoints: %u in a row could not be kept: %s",
                                     epochs->failures_in_row, epochs->failure));
  if (facts->epoch_interval_us && age_us > HEALTH_INTERVALS * facts->epoch_interval_us + timeout_us)
    health_add(check,
               wr_arena_print(check->arena,
                              "checkpoints: none was complete for %" PRId64
                              " s, there should be one every %g s",
                              health_seconds(age_us), (double)facts->epoch_interval_us / 1e6));
}

void wr_health_judge(const struct wr_job_facts *facts, const struct wr_job_look *look,
                     const struct wr_figures *figures, int64_t away_us, int64_t now_us,
                     struct wr_arena *arena, struct wr_health *out)
{
  struct health_check check = {.facts = facts,
                               .look = look,
                               .figures = figures,
                               .away_us = away_us,
                               .now_us = now_us,
                               .arena = arena,
                               .health = out};
  *out = (struct wr_health){.ready = true};
  out->reasons =
      WR_NEW_ARRAY(arena, const char *, figures->plan->node_count + HEALTH_REASONS_BESIDES);
  health_check_alive(&check);
  health_check_start(&check);
  if (!figures->runs || look->status != WR_JOB_RUNNING)
    return;
  for (uint32_t n = 0; n < figures->plan->node_count; n++)
    if (figures->plan->nodes[n].kind == WR_PLAN_SOURCE)
      health_check_source(&check, n);
  health_check_checkpoints(&check);
}
