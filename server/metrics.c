/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics.h"

#include "core/time.h"

void wr_metrics_put_jobs(struct wr_metrics_writer *writer, const struct wr_metrics_row *rows,
                         const struct wr_metrics_job *jobs, uint32_t job_count)
{
  for (const struct wr_metrics_row *row = rows; row->put; row++) {
    wr_metrics_begin(writer, &row->family);
    for (uint32_t j = 0; j < job_count; j++)
      row->put(writer, &jobs[j]);
  }
}

static void job_read(const struct wr_web_context *context, struct wr_served_job *served,
                     struct wr_arena *arena, struct wr_metrics_job *job)
{
  job->facts = wr_served_job_facts(served);
  job->name = job->facts->name;
  job->now_us = wr_now_us();
  wr_served_job_look(served, &job->look);
  wr_served_job_figures(served, 0, arena, &job->figures);
  wr_health_judge(job->facts, &job->look, &job->figures, context->away_us, job->now_us, arena,
                  &job->health);
  job->feeds = wr_hub_look(context->hub, job->name, arena, &job->feed_count);
  wr_metrics_choose_splits(job, arena);
}

enum wr_code wr_metrics_reply(const struct wr_web_request *request, struct wr_web_reply *reply,
                              struct wr_error *err)
{
  const struct wr_web_context *context = request->context;
  struct wr_metrics_writer writer = {.out = &reply->body};
  struct wr_web_figures figures;
  uint32_t count;
  (void)err;
  struct wr_served_job **served = wr_jobs_hold_all(context->jobs, request->arena, &count);
  struct wr_metrics_job *jobs = WR_NEW_ARRAY(request->arena, struct wr_metrics_job, count);
  for (uint32_t i = 0; i < count; i++)
    job_read(context, served[i], request->arena, &jobs[i]);
  wr_metrics_put_jobs(&writer, wr_metrics_job_rows, jobs, count);
  wr_metrics_put_jobs(&writer, wr_metrics_source_rows, jobs, count);
  for (uint32_t i = 0; i < count; i++)
    wr_served_job_release(served[i]);
  wr_web_figures(context, &figures);
  wr_metrics_put_process(&writer, &figures, wr_hub_bytes(context->hub));
  reply->type = "text/plain; version=0.0.4; charset=utf-8";
  return WR_OK;
}
