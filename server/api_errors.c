/* SPDX-License-Identifier: Apache-2.0 */
/* The last rows and records that could not be used. */
#include "core/limits.h"
#include "server/api.h"

#define ERRORS_SHOWN 100 /* if nobody says how many */

static void put_slice(struct wr_web_json *json, const char *name, struct wr_slice slice)
{
  if (slice.bytes)
    wr_web_json_bytes(json, name, slice.bytes, slice.length);
  else
    wr_web_json_null(json, name);
}

static void put_error(struct wr_web_json *json, struct wr_arena *arena,
                      const struct wr_execution_reject *reject)
{
  struct wr_slice position = reject->position;
  wr_web_json_open(json, '{');
  wr_web_json_count(json, "number", reject->number);
  wr_web_json_time(json, "time", reject->time_us);
  wr_web_json_text(json, "name", wr_reject_names[reject->kind]);
  wr_web_json_text(json, "message", reject->message ? reject->message : "");
  wr_web_json_text(json, "source", reject->source);
  wr_web_json_text(json, "split", reject->split);
  if (position.length == 0)
    position.bytes = NULL;
  put_slice(json, "position", position);
  wr_web_json_text(json, "statement", wr_api_shown_sql(arena, reject->statement));
  put_slice(json, "raw", reject->raw);
  wr_web_json_close(json, '}');
}

enum wr_code wr_api_errors(const struct wr_web_request *request, struct wr_web_reply *reply,
                           struct wr_error *err)
{
  static const char *const names[] = {"limit", NULL};
  int64_t limit = ERRORS_SHOWN;
  struct wr_api_look look;
  struct wr_figures figures;
  enum wr_code code = wr_web_query_check(request, names, err);
  if (code == WR_OK)
    code = wr_web_query_integer(request, "limit", 0, WR_LOOK_REJECTS, &limit, err);
  if (code == WR_OK)
    code = wr_api_hold(request, reply, &look, err);
  if (code != WR_OK)
    return code;
  struct wr_web_json json = wr_web_reply_json(reply);
  wr_served_job_figures(look.job, (uint32_t)limit, request->arena, &figures);
  wr_web_json_open(&json, '{');
  wr_web_json_name(&json, "errors");
  wr_web_json_open(&json, '[');
  for (uint32_t i = 0; i < figures.reject_count; i++)
    put_error(&json, request->arena, &figures.rejects[i]);
  wr_web_json_close(&json, ']');
  wr_api_put_rejected(&json, "counted", figures.rejected);
  wr_web_json_close(&json, '}');
  wr_served_job_release(look.job);
  return WR_OK;
}
