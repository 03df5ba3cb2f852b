/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: all of them, one of them, and stopping it. */
#include <string.h>

#include "core/time.h"
#include "planner/redact.h"
#include "server/api.h"

/* The statements of the job's sinks, each once. */
static void put_statements(struct wr_web_json *json, struct wr_arena *arena,
                           const struct wr_plan *plan)
{
  wr_web_json_name(json, "statements");
  wr_web_json_open(json, '[');
  for (uint32_t n = 0; n < plan->node_count; n++) {
    const char *statement = plan->nodes[n].statement;
    bool is_new = plan->nodes[n].sink && statement;
    for (uint32_t before = 0; is_new && before < n; before++)
      is_new = !plan->nodes[before].sink || !plan->nodes[before].statement ||
               strcmp(plan->nodes[before].statement, statement) != 0;
    if (is_new)
      wr_web_json_text(json, NULL, wr_api_shown_sql(arena, statement));
  }
  wr_web_json_close(json, ']');
}

static void put_progress(struct wr_web_json *json, const struct wr_api_look *look,
                         const struct wr_figures *figures)
{
  if (look->look.status == WR_JOB_FINISHED)
    wr_web_json_double(json, "progress", 1);
  else if (look->plan->bounded && figures->progress_total)
    wr_web_json_double(json, "progress",
                       figures->progress_done < figures->progress_total
                           ? (double)figures->progress_done / (double)figures->progress_total
                           : 1);
  else
    wr_web_json_null(json, "progress");
}

static void put_newest_epoch(struct wr_web_json *json, const struct wr_api_look *look,
                             const struct wr_figures *figures)
{
  uint64_t newest = figures->epochs.complete ? figures->epochs.complete : look->look.newest_epoch;
  if (newest && look->facts->state_dir)
    wr_web_json_count(json, "newest_epoch", newest);
  else
    wr_web_json_null(json, "newest_epoch");
}

static const char *text_or_null(const char *text)
{
  return text[0] ? text : NULL;
}

/* Members of the object of a job. */
static void put_job(struct wr_web_json *json, const struct wr_web_request *request,
                    const struct wr_api_look *look, struct wr_arena *arena,
                    struct wr_figures *figures)
{
  struct wr_health health;
  wr_served_job_figures(look->job, 0, arena, figures);
  wr_health_judge(look->facts, &look->look, figures, request->context->away_us, wr_now_us(), arena,
                  &health);
  wr_web_json_text(json, "name", look->facts->name);
  wr_web_json_text(json, "status", wr_job_status_names[look->look.status]);
  wr_web_json_time(json, "since", look->look.since_us);
  wr_web_json_time(json, "began", look->look.began_us);
  wr_web_json_count(json, "restarts", look->look.restarts);
  wr_web_json_text(json, "failure", text_or_null(look->look.failure));
  wr_web_json_text(json, "file", look->facts->file);
  put_statements(json, arena, look->plan);
  wr_web_json_bool(json, "bounded", look->plan->bounded);
  put_progress(json, look, figures);
  wr_web_json_count(json, "rows_in", figures->rows_in);
  wr_web_json_count(json, "rows_out", figures->rows_out);
  wr_web_json_count(json, "late", figures->rejected[WR_REJECT_LATE]);
  wr_web_json_count(json, "bad", wr_figures_bad(figures->rejected));
  wr_web_json_text(json, "state_dir", look->facts->state_dir);
  put_newest_epoch(json, look, figures);
  wr_web_json_bool(json, "healthy", health.ready);
  wr_web_json_name(json, "reasons");
  wr_web_json_open(json, '[');
  for (uint32_t i = 0; i < health.reason_count; i++)
    wr_web_json_text(json, NULL, health.reasons[i]);
  wr_web_json_close(json, ']');
  wr_web_json_text(json, "reload_error", text_or_null(look->look.reload_error));
}

enum wr_code wr_api_jobs(const struct wr_web_request *request, struct wr_web_reply *reply,
                         struct wr_error *err)
{
  struct wr_web_json json = wr_web_reply_json(reply);
  struct wr_figures figures;
  struct wr_arena arena = {0}; /* of one job */
  uint32_t count;
  (void)err;
  struct wr_served_job **jobs = wr_jobs_hold_all(request->context->jobs, request->arena, &count);
  wr_web_json_open(&json, '{');
  wr_web_json_name(&json, "jobs");
  wr_web_json_open(&json, '[');
  for (uint32_t i = 0; i < count; i++) {
    struct wr_api_look look;
    wr_api_look_at(jobs[i], &look);
    wr_web_json_open(&json, '{');
    put_job(&json, request, &look, &arena, &figures);
    wr_web_json_close(&json, '}');
    wr_arena_reset(&arena);
    wr_served_job_release(jobs[i]);
  }
  wr_web_json_close(&json, ']');
  wr_web_json_close(&json, '}');
  wr_arena_free(&arena);
  return WR_OK;
}

static void put_memory(struct wr_web_json *json, const struct wr_web_request *request,
                       const struct wr_figures *figures)
{
  wr_web_json_name(json, "memory");
  wr_web_json_open(json, '{');
  wr_web_json_count(json, "limit", figures->memory_limit);
  wr_web_json_name(json, "used");
  wr_web_json_open(json, '{');
  for (int use = 0; use < WR_MEMORY_REST; use++)
    wr_web_json_count(json, wr_memory_shares[use].name, figures->memory_used[use]);
  wr_web_json_count(json, "live", wr_hub_bytes(request->context->hub));
  wr_web_json_close(json, '}');
  wr_web_json_close(json, '}');
}

static void put_whole_job(struct wr_web_json *json, const struct wr_web_request *request,
                          const struct wr_api_look *look)
{
  const char *sql = look->facts->sql;
  struct wr_figures figures;
  put_job(json, request, look, request->arena, &figures);
  wr_web_json_text(json, "sql",
                   wr_sql_redact(request->arena, sql, sql ? look->facts->sql_length : 0));
  put_memory(json, request, &figures);
}

enum wr_code wr_api_job(const struct wr_web_request *request, struct wr_web_reply *reply,
                        struct wr_error *err)
{
  return wr_api_answer(request, reply, put_whole_job, err);
}

enum wr_code wr_api_stop(const struct wr_web_request *request, struct wr_web_reply *reply,
                         struct wr_error *err)
{
  static const char *const fields[] = {"drain", NULL};
  struct wr_api_look look;
  bool drain = false;
  enum wr_code code = wr_web_body_flags(request, fields, &drain, err);
  if (code == WR_OK)
    code = wr_api_hold(request, reply, &look, err);
  if (code != WR_OK)
    return code;
  bool is_over = look.look.status == WR_JOB_STOPPED || look.look.status == WR_JOB_FINISHED ||
                 look.look.status == WR_JOB_FAILED;
  if (is_over)
    code = wr_web_fail(reply, 409, err, WR_SEMANTIC, "job %s is over: it is %s", look.facts->name,
                       wr_job_status_names[look.look.status]);
  else
    look.facts->stop(look.facts->self, drain);
  wr_served_job_release(look.job);
  if (code != WR_OK)
    return code;
  struct wr_web_json json = wr_web_reply_json(reply);
  reply->status = 202;
  wr_web_json_open(&json, '{');
  wr_web_json_text(&json, "status", "stopping");
  wr_web_json_close(&json, '}');
  return WR_OK;
}
