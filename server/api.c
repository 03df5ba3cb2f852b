/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api.h"

#include <string.h>

#include "planner/redact.h"

static const char *nearest_job(const struct wr_web_request *request, const char *name)
{
  uint32_t count;
  struct wr_served_job **jobs = wr_jobs_hold_all(request->context->jobs, request->arena, &count);
  const char **names = WR_NEW_ARRAY(request->arena, const char *, count);
  for (uint32_t i = 0; i < count; i++) {
    const char *other = wr_served_job_facts(jobs[i])->name;
    names[i] = wr_arena_copy(request->arena, other, strlen(other));
    wr_served_job_release(jobs[i]);
  }
  return count == 1 ? names[0] : wr_nearest(name, names, count);
}

void wr_api_look_at(struct wr_served_job *job, struct wr_api_look *look)
{
  look->job = job;
  look->facts = wr_served_job_facts(job);
  look->plan = look->facts->job->plan;
  wr_served_job_look(job, &look->look);
}

enum wr_code wr_api_hold(const struct wr_web_request *request, struct wr_web_reply *reply,
                         struct wr_api_look *look, struct wr_error *err)
{
  const char *name = wr_web_part(request, "job");
  struct wr_served_job *job = wr_jobs_hold(request->context->jobs, name);
  if (!job) {
    const char *near = nearest_job(request, name);
    wr_web_fail(reply, 404, err, WR_SEMANTIC, "there is no job '%.100s'", name);
    return near ? wr_hint(err, "there is %s", near) : err->code;
  }
  wr_api_look_at(job, look);
  return WR_OK;
}

enum wr_code wr_api_answer(const struct wr_web_request *request, struct wr_web_reply *reply,
                           void (*put)(struct wr_web_json *json,
                                       const struct wr_web_request *request,
                                       const struct wr_api_look *look),
                           struct wr_error *err)
{
  struct wr_api_look look;
  enum wr_code code = wr_api_hold(request, reply, &look, err);
  if (code != WR_OK)
    return code;
  struct wr_web_json json = wr_web_reply_json(reply);
  wr_web_json_open(&json, '{');
  put(&json, request, &look);
  wr_web_json_close(&json, '}');
  wr_served_job_release(look.job);
  return WR_OK;
}

enum wr_code wr_api_check_runs(const struct wr_api_look *look, struct wr_web_reply *reply,
                               struct wr_error *err)
{
  if (wr_served_job_execution(look->job))
    return WR_OK;
  return wr_web_fail(reply, 409, err, WR_SEMANTIC, "job %s does not run: it is %s",
                     look->facts->name, wr_job_status_names[look->look.status]);
}

const char *wr_api_shown_sql(struct wr_arena *arena, const char *sql)
{
  return sql ? wr_sql_redact(arena, sql, strlen(sql)) : NULL;
}

void wr_api_put_rejected(struct wr_web_json *json, const char *name,
                         const uint64_t rejected[WR_REJECT_KIND_COUNT])
{
  wr_web_json_name(json, name);
  wr_web_json_open(json, '{');
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    wr_web_json_count(json, wr_reject_names[kind], rejected[kind]);
  wr_web_json_close(json, '}');
}

void wr_api_put_columns(struct wr_web_json *json, const char *name, const struct wr_schema *schema)
{
  wr_web_json_name(json, name);
  wr_web_json_open(json, '[');
  for (uint32_t c = 0; c < schema->column_count; c++) {
    char type[1024];
    wr_type_print(schema->fields[c].type, type, sizeof type);
    wr_web_json_open(json, '{');
    wr_web_json_text(json, "name", schema->fields[c].name);
    wr_web_json_text(json, "type", type);
    wr_web_json_close(json, '}');
  }
  wr_web_json_close(json, ']');
}
