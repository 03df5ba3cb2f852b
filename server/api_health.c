/* SPDX-License-Identifier: Apache-2.0 */
/* /healthz and /readyz. Who is asked for a token and does not show it hears whether, not why. */
#include "core/time.h"
#include "server/api.h"

static void put_health(struct wr_web_json *json, const char *job, bool healthy,
                       const struct wr_health *health, uint32_t reason_count)
{
  wr_web_json_name(json, job);
  wr_web_json_open(json, '{');
  wr_web_json_bool(json, "healthy", healthy);
  wr_web_json_name(json, "reasons");
  wr_web_json_open(json, '[');
  for (uint32_t i = 0; i < reason_count; i++)
    wr_web_json_text(json, NULL, health->reasons[i]);
  wr_web_json_close(json, ']');
  wr_web_json_close(json, '}');
}

/* Appends all jobs as members; true: all are well. */
static bool put_jobs(struct wr_web_json *json, const struct wr_web_request *request, bool ready,
                     int64_t away_us)
{
  struct wr_arena arena = {0}; /* of one job */
  bool all = true, may_say_why = wr_web_is_trusted(request);
  uint32_t count;
  struct wr_served_job **jobs = wr_jobs_hold_all(request->context->jobs, request->arena, &count);
  for (uint32_t i = 0; i < count; i++) {
    struct wr_api_look look;
    struct wr_figures figures;
    struct wr_health health;
    wr_api_look_at(jobs[i], &look);
    wr_served_job_figures(look.job, 0, &arena, &figures);
    wr_health_judge(look.facts, &look.look, &figures, away_us, wr_now_us(), &arena, &health);
    bool healthy = ready ? health.ready : health.alive;
    uint32_t reason_count = ready ? health.reason_count : health.alive_reason_count;
    all = all && healthy;
    put_health(json, look.facts->name, healthy, &health, may_say_why ? reason_count : 0);
    wr_arena_reset(&arena);
    wr_served_job_release(jobs[i]);
  }
  wr_arena_free(&arena);
  return all;
}

static enum wr_code put_all(const struct wr_web_request *request, struct wr_web_reply *reply,
                            bool ready, int64_t away_us)
{
  struct wr_buffer members = {0};
  struct wr_web_json jobs = {.out = &members}, json = wr_web_reply_json(reply);
  wr_web_json_open(&jobs, '{');
  bool all = put_jobs(&jobs, request, ready, away_us);
  wr_web_json_close(&jobs, '}');
  wr_web_json_open(&json, '{');
  wr_web_json_text(&json, "status", all ? "ok" : "failing");
  wr_web_json_raw(&json, "jobs", members.bytes, members.length);
  wr_web_json_close(&json, '}');
  wr_buffer_free(&members);
  reply->status = all ? 200 : 503;
  return WR_OK;
}

enum wr_code wr_api_alive(const struct wr_web_request *request, struct wr_web_reply *reply,
                          struct wr_error *err)
{
  (void)err;
  return put_all(request, reply, false, request->context->away_us);
}

enum wr_code wr_api_ready(const struct wr_web_request *request, struct wr_web_reply *reply,
                          struct wr_error *err)
{
  static const char *const names[] = {"away", NULL};
  int64_t away_us = request->context->away_us;
  enum wr_code code = wr_web_query_check(request, names, err);
  if (code == WR_OK)
    code = wr_web_query_duration(request, "away", 0, WR_US_PER_DAY, &away_us, err);
  return code == WR_OK ? put_all(request, reply, true, away_us) : code;
}
