/* SPDX-License-Identifier: Apache-2.0 */
/* --http: what lets people watch the jobs of this process. The server, the hub that their streams
 * go through, the list of jobs. */
#ifndef WEIR_CLI_WATCHERS_H
#define WEIR_CLI_WATCHERS_H

#include "cli/command.h"
#include "cli/stopper.h"

struct wr_watchers {
  struct wr_jobs *jobs;
  struct wr_hub *hub;
  struct wr_server *server;
  bool has_told;
};

/* Listens. Failures have been told. */
bool wr_watchers_open(struct wr_watchers *watchers, const struct wr_arguments *arguments);
/* Says where, once: when there is something to be seen. */
void wr_watchers_tell(struct wr_watchers *watchers, const struct wr_arguments *arguments);
/* No job runs any more. */
void wr_watchers_close(struct wr_watchers *watchers);
/* A job becomes visible, and its streams can be followed; facts but for those of stopping, which
 * the stopper does. */
enum wr_code wr_watchers_add(struct wr_watchers *watchers, struct wr_job_facts facts,
                             struct wr_stopper *stopper, struct wr_served_job **out,
                             struct wr_error *err);
/* The same job by another text, or with another stopper. */
void wr_watchers_change(struct wr_served_job *served, struct wr_job_facts facts,
                        struct wr_stopper *stopper);

#endif
