/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers what. The first row whose pattern fits wins. */
#include "server/api.h"
#include "server/metrics.h"

#define OPEN WR_ROUTE_OPEN

const struct wr_route wr_routes[] = {
    {"GET", "/v1/jobs/{job}/streams/{stream}", wr_web_follow, 0,
     "The rows of a stream as they come: Server-Sent Events, WebSocket or lines of JSON."},
    {"GET", "/v1/jobs/{job}/streams/{stream}/rows", wr_web_rows, 0, "The newest rows of a stream."},
    {"POST", "/v1/login", wr_web_login, OPEN, "Takes the token and gives a cookie for it."},
    {"GET", "/v1/jobs", wr_api_jobs, 0, "All jobs."},
    {"GET", "/v1/jobs/{job}", wr_api_job, 0, "One job, with its SQL and its memory."},
    {"GET", "/v1/jobs/{job}/plan", wr_api_plan, 0,
     "The steps of a job with live figures, its tasks, the splits of its sources."},
    {"GET", "/v1/jobs/{job}/checkpoints", wr_api_checkpoints, 0,
     "What has become of checkpoints, and those that are kept."},
    {"POST", "/v1/jobs/{job}/checkpoints", wr_api_take_checkpoint, 0, "Takes a checkpoint now."},
    {"GET", "/v1/jobs/{job}/checkpoints/{epoch}", wr_api_checkpoint, 0,
     "What has become of a checkpoint that somebody has asked for."},
    {"POST", "/v1/jobs/{job}/savepoint", wr_api_savepoint, 0,
     "Takes a checkpoint and, if asked, stops the job behind it."},
    {"POST", "/v1/jobs/{job}/stop", wr_api_stop, 0, "Stops a job in order."},
    {"GET", "/v1/jobs/{job}/errors", wr_api_errors, 0,
     "The last rows and records that could not be used."},
    {"GET", "/v1/jobs/{job}/streams", wr_api_streams, 0, "What can be followed."},
    {"POST", "/v1/reload", wr_api_reload, 0, "weir serve: reads its folder again."},
    {"GET", "/healthz", wr_api_alive, OPEN, "Whether no job has failed for good."},
    {"GET", "/readyz", wr_api_ready, OPEN, "Whether all jobs do what they should."},
    {"GET", "/metrics", wr_metrics_reply, 0, "All figures, in the text format of Prometheus."},
    {"GET", "/openapi.json", wr_api_description, 0, "The description of all this, OpenAPI 3.1."},
    {0},
};
