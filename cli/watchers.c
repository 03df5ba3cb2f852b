/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watchers.h"

#include "runtime/tap.h"

bool wr_watchers_open(struct wr_watchers *watchers, const struct wr_arguments *arguments)
{
  struct wr_error err;
  FILE *file = wr_messages(arguments);
  *watchers = (struct wr_watchers){0};
  watchers->jobs = wr_jobs_new();
  enum wr_code code = wr_hub_new(0, &watchers->hub, &err);
  if (code == WR_OK)
    code =
        wr_server_start(&arguments->http, watchers->jobs, watchers->hub, &watchers->server, &err);
  if (code == WR_OK)
    return true;
  fprintf(file, "weir: error: %s\n", err.message);
  if (err.hint[0])
    fprintf(file, "hint: %s\n", err.hint);
  wr_watchers_close(watchers);
  return false;
}

void wr_watchers_tell(struct wr_watchers *watchers, const struct wr_arguments *arguments)
{
  FILE *file = wr_messages(arguments);
  if (watchers->has_told)
    return;
  watchers->has_told = true;
  fprintf(file, "weir: watch at %s\n", wr_server_address(watchers->server));
  fflush(file);
}

void wr_watchers_close(struct wr_watchers *watchers)
{
  if (watchers->server)
    wr_server_stop(watchers->server);
  if (watchers->hub)
    wr_hub_free(watchers->hub);
  wr_jobs_free(watchers->jobs);
  *watchers = (struct wr_watchers){0};
}

static void watchers_stop_job(void *self, bool drain)
{
  if (self) /* else there is nothing to stop: its text does not run */
    wr_stopper_stop(self, drain);
}

enum wr_code wr_watchers_add(struct wr_watchers *watchers, struct wr_job_facts facts,
                             struct wr_stopper *stopper, struct wr_served_job **out,
                             struct wr_error *err)
{
  facts.stop = watchers_stop_job;
  facts.self = stopper;
  enum wr_code code = wr_jobs_add(watchers->jobs, &facts, out, err);
  if (code == WR_OK)
    wr_taps_announce(watchers->hub, facts.name, facts.job->plan);
  return code;
}

void wr_watchers_change(struct wr_served_job *served, struct wr_job_facts facts,
                        struct wr_stopper *stopper)
{
  facts.stop = watchers_stop_job;
  facts.self = stopper;
  wr_served_job_change(served, &facts);
}
