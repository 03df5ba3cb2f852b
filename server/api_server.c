/* SPDX-License-Identifier: Apache-2.0 */
/* The server itself: its description, and reading the folder of weir serve again. */
#include <string.h>

#include "server/api.h"

/* Made of server/openapi.json at build time: one literal per line. */
const char wr_api_openapi[] =
#include "server/openapi.inc"
    ;

enum wr_code wr_api_description(const struct wr_web_request *request, struct wr_web_reply *reply,
                                struct wr_error *err)
{
  (void)request, (void)err;
  wr_buffer_put(&reply->body, wr_api_openapi, sizeof wr_api_openapi - 1);
  return WR_OK;
}

enum wr_code wr_api_reload(const struct wr_web_request *request, struct wr_web_reply *reply,
                           struct wr_error *err)
{
  static const char *const none[] = {NULL};
  enum wr_code code = wr_web_body_flags(request, none, NULL, err);
  if (code != WR_OK)
    return code;
  if (!request->context->reload) {
    wr_web_fail(reply, 409, err, WR_SEMANTIC, "there is no folder of SQL files to read again");
    return wr_hint(err, "weir serve DIR has one; weir run runs a single file");
  }
  request->context->reload(request->context->reload_self);
  struct wr_web_json json = wr_web_reply_json(reply);
  reply->status = 202;
  wr_web_json_open(&json, '{');
  wr_web_json_text(&json, "status", "reloading");
  wr_web_json_close(&json, '}');
  return WR_OK;
}
