/* SPDX-License-Identifier: Apache-2.0 */
/* What can be followed of a job. */
#include <string.h>

#include "server/api.h"

/* Whether its rows come when a window closes: only the plan knows. */
static bool stream_has_window(const struct wr_plan *plan, const struct wr_feed_look *feed)
{
  for (uint32_t i = 0; i < plan->stream_count; i++)
    if (plan->streams[i].has_window && strcmp(plan->streams[i].name, feed->name) == 0)
      return true;
  return false;
}

static void put_stream(struct wr_web_json *json, const struct wr_plan *plan,
                       const struct wr_feed_look *feed)
{
  wr_web_json_open(json, '{');
  wr_web_json_text(json, "name", feed->name);
  wr_web_json_text(json, "kind", wr_feed_kind_names[feed->kind]);
  wr_api_put_columns(json, "columns", feed->schema);
  wr_web_json_name(json, "key");
  wr_web_json_open(json, '[');
  for (uint32_t k = 0; k < feed->key_count; k++)
    wr_web_json_text(json, NULL, feed->schema->fields[feed->key[k]].name);
  wr_web_json_close(json, ']');
  wr_web_json_text(json, "time_column",
                   feed->time_column == UINT32_MAX ? NULL
                                                   : feed->schema->fields[feed->time_column].name);
  wr_web_json_bool(json, "window", stream_has_window(plan, feed));
  wr_web_json_count(json, "followers", feed->followers);
  wr_web_json_count(json, "rows_pushed", feed->rows_pushed);
  wr_web_json_count(json, "rows_skipped", feed->rows_skipped);
  wr_web_json_count(json, "rows_kept", feed->rows_kept);
  wr_web_json_count(json, "bytes", feed->bytes);
  wr_web_json_close(json, '}');
}

static void put_streams(struct wr_web_json *json, const struct wr_web_request *request,
                        const struct wr_api_look *look)
{
  uint32_t count;
  const struct wr_feed_look *feeds =
      wr_hub_look(request->context->hub, look->facts->name, request->arena, &count);
  wr_web_json_name(json, "streams");
  wr_web_json_open(json, '[');
  for (uint32_t i = 0; i < count; i++)
    put_stream(json, look->plan, &feeds[i]);
  wr_web_json_close(json, ']');
}

enum wr_code wr_api_streams(const struct wr_web_request *request, struct wr_web_reply *reply,
                            struct wr_error *err)
{
  return wr_api_answer(request, reply, put_streams, err);
}
