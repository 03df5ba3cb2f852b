/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The REST API: one handler per path of server/openapi.json, which says what requests and answers
 * look like; the routes are in server/routes.c. Handlers only look at jobs, and ask for what takes
 * longer (server/watch.h).
 */
#ifndef WEIR_SERVER_API_H
#define WEIR_SERVER_API_H

#include "server/health.h"
#include "server/route.h"
#include "server/watch.h"

wr_web_handler wr_api_jobs, wr_api_job, wr_api_stop, wr_api_plan, wr_api_checkpoints,
    wr_api_take_checkpoint, wr_api_checkpoint, wr_api_savepoint, wr_api_errors, wr_api_streams,
    wr_api_alive, wr_api_ready, wr_api_reload, wr_api_description;

extern const char wr_api_openapi[]; /* server/openapi.json */

/* ---- what they share */

/* A job that is held while a handler looks at it. */
struct wr_api_look {
  struct wr_served_job *job;
  const struct wr_job_facts *facts;
  const struct wr_plan *plan;
  struct wr_job_look look;
};

/* The job that {job} names. WR_SEMANTIC and 404: there is none. */
enum wr_code wr_api_hold(const struct wr_web_request *request, struct wr_web_reply *reply,
                         struct wr_api_look *look, struct wr_error *err);
/* Answers with an object of which `put` writes the members, about the job that {job} names. */
enum wr_code wr_api_answer(const struct wr_web_request *request, struct wr_web_reply *reply,
                           void (*put)(struct wr_web_json *json,
                                       const struct wr_web_request *request,
                                       const struct wr_api_look *look),
                           struct wr_error *err);
/* Of a job that is held already. */
void wr_api_look_at(struct wr_served_job *job, struct wr_api_look *look);
/* WR_SEMANTIC and 409: there is nothing to ask, as the job does not run. */
enum wr_code wr_api_check_runs(const struct wr_api_look *look, struct wr_web_reply *reply,
                               struct wr_error *err);
/* SQL without its secrets; NULL stays NULL. */
const char *wr_api_shown_sql(struct wr_arena *arena, const char *sql);

void wr_api_put_rejected(struct wr_web_json *json, const char *name,
                         const uint64_t rejected[WR_REJECT_KIND_COUNT]);
void wr_api_put_columns(struct wr_web_json *json, const char *name, const struct wr_schema *schema);

#endif
