/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a job is alive and ready, at moments that a test could not wait for. */
#include <stdio.h>
#include <string.h>

#include "connectors/connector.h"
#include "core/time.h"
#include "server/health.h"
#include "tests/unit/check.h"

#define S   WR_US_PER_SECOND
#define NOW (1000000 * S)

static const struct wr_plan_source source = {.table = {.name = "clicks"}};
static const struct wr_plan_node node = {
    .kind = WR_PLAN_SOURCE, .name = "Source(clicks)", .parallelism = 1, .source = &source};
static const struct wr_plan plan = {.nodes = &node, .node_count = 1};

struct moment {
  const char *what;
  struct wr_job_look look;
  struct wr_epochs_statistics epochs;
  int64_t away_us[3]; /* of splits; 0: is read */
  bool no_state, does_not_run;
  bool alive, ready;
  const char *reason; /* a part of the only one */
};

#define RUNS(ago) .status = WR_JOB_RUNNING, .since_us = NOW - (ago)*S, .newest_epoch = 1
#define KEPT(ago)                             \
  {                                           \
    .complete = 1, .sealed_us = NOW - (ago)*S \
  }

static const struct moment moments[] = {
    {"runs", {RUNS(100)}, KEPT(1), {0}, .alive = true, .ready = true},
    {"no state",
     {.status = WR_JOB_RUNNING, .since_us = NOW - 9 * S},
     {0},
     {0},
     .no_state = true,
     .alive = true,
     .ready = true},
    {"starts",
     {.status = WR_JOB_STARTING, .since_us = NOW},
     {0},
     {0},
     .does_not_run = true,
     .alive = true,
     .reason = "is starting"},
    {"has ended",
     {.status = WR_JOB_FINISHED, .since_us = NOW - 9999 * S},
     {0},
     {0},
     .does_not_run = true,
     .alive = true,
     .ready = true},
    {"was stopped behind old failures",
     {.status = WR_JOB_STOPPED, .trouble_since_us = NOW - 999 * S, .trouble_restarts = 9},
     {0},
     {0},
     .does_not_run = true,
     .alive = true,
     .ready = true},
    {"has failed",
     {.status = WR_JOB_FAILED, .failure = "no disk"},
     {0},
     {0},
     .does_not_run = true,
     .reason = "failed: no disk"},
    {"first epoch",
     {.status = WR_JOB_RUNNING, .since_us = NOW - S},
     {0},
     {0},
     .alive = true,
     .reason = "the first one is not complete"},
    {"failed once",
     {.status = WR_JOB_RESTARTING,
      .since_us = NOW - 5 * S,
      .trouble_since_us = NOW - 5 * S,
      .trouble_restarts = 1,
      .failure = "no broker"},
     {0},
     {0},
     .does_not_run = true,
     .alive = true,
     .reason = "is starting again after a failure: no broker"},
    {"fails for 61 s",
     {.status = WR_JOB_RESTARTING,
      .since_us = NOW - 5 * S,
      .trouble_since_us = NOW - 61 * S,
      .trouble_restarts = 6,
      .failure = "no broker"},
     {0},
     {0},
     .does_not_run = true,
     .reason = "restarted 6 times in 61 s: no broker"},
    {"runs for a moment between failures",
     {RUNS(2), .trouble_since_us = NOW - 90 * S, .trouble_restarts = 6, .failure = "no broker"},
     KEPT(1),
     {0},
     .reason = "restarted 6 times in 90 s"},
    {"has got over it",
     {RUNS(60), .trouble_since_us = NOW - 90 * S, .trouble_restarts = 6, .failure = "no broker"},
     KEPT(1),
     {0},
     .alive = true,
     .ready = true},
    {"away for a moment", {RUNS(100)}, KEPT(1), {0, 29 * S, 0}, .alive = true, .ready = true},
    {"away",
     {RUNS(100)},
     KEPT(1),
     {0, 45 * S, 0},
     .alive = true,
     .reason = "source clicks: clicks-1 could not be reached for 45 s"},
    {"several away",
     {RUNS(100)},
     KEPT(1),
     {31 * S, 45 * S, 30 * S},
     .alive = true,
     .reason = "source clicks: clicks-1 could not be reached for 45 s, nor 2 more"},
    {"one epoch failed",
     {RUNS(100)},
     {.complete = 1, .sealed_us = NOW - 15 * S, .failures_in_row = 1, .failure = "full"},
     {0},
     .alive = true,
     .ready = true},
    {"epochs fail",
     {RUNS(100)},
     {.complete = 1, .sealed_us = NOW - 25 * S, .failures_in_row = 2, .failure = "full"},
     {0},
     .alive = true,
     .reason = "checkpoints: 2 in a row could not be kept: full"},
    {"epoch is old", {RUNS(999)}, KEPT(110), {0}, .alive = true, .ready = true},
    {"epoch is too old",
     {RUNS(999)},
     KEPT(111),
     {0},
     .alive = true,
     .reason = "checkpoints: none was complete for 111 s, there should be one every 10 s"},
    {"went on a moment ago", {RUNS(20)}, KEPT(500), {0}, .alive = true, .ready = true},
};

static void moments_are_judged(void)
{
  for (size_t i = 0; i < WR_COUNT(moments); i++) {
    const struct moment *moment = &moments[i];
    struct wr_execution_split splits[3];
    static const char *const names[] = {"clicks-0", "clicks-1", "clicks-2"};
    for (int s = 0; s < 3; s++)
      splits[s] = (struct wr_execution_split){.name = names[s],
                                              .position = "",
                                              .state = moment->away_us[s] ? WR_SPLIT_AWAY
                                                                          : WR_SPLIT_READING,
                                              .state_since_us = NOW - moment->away_us[s]};
    const struct wr_job_facts facts = {.name = "app",
                                       .state_dir = moment->no_state ? NULL : "state",
                                       .epoch_interval_us = 10 * S,
                                       .epoch_timeout_us = 60 * S};
    const struct wr_figures figures = {.runs = !moment->does_not_run,
                                       .plan = &plan,
                                       .splits = splits,
                                       .split_count = 3,
                                       .epochs = moment->epochs};
    struct wr_arena arena = {0};
    struct wr_health health;
    wr_health_judge(&facts, &moment->look, &figures, 30 * S, NOW, &arena, &health);
    WR_CHECK(health.alive == moment->alive && health.ready == moment->ready, "%s", moment->what);
    WR_CHECK(health.reason_count == !health.ready, "%s: %u reasons", moment->what,
             health.reason_count);
    WR_CHECK(health.alive_reason_count == !health.alive, "%s", moment->what);
    if (moment->reason && health.reason_count)
      WR_CHECK(strstr(health.reasons[0], moment->reason), "%s: %s", moment->what,
               health.reasons[0]);
    wr_arena_free(&arena);
  }
}

static const struct wr_test tests[] = {
    {"moments", moments_are_judged},
    {NULL, NULL},
};

const struct wr_suite wr_suite_health = {"health", tests};
