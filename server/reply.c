/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out: bodies, problems (RFC 9457), compression, and the headers that all replies have.
 */
#include <stdlib.h>
#include <zlib.h>

#include "core/limits.h"
#include "server/asset.h"
#include "server/inner.h"

#define GZIP_BYTES_MIN 2048      /* smaller ones fit into a packet or two anyway */
#define GZIP_BYTES_MAX (4 << 20) /* larger ones would hold up the others */
#define GZIP_WINDOW    (15 + 16) /* zlib's way to say gzip */

/* ---- what handlers call */

struct wr_web_json wr_web_reply_json(struct wr_web_reply *reply)
{
  return (struct wr_web_json){.out = &reply->body};
}

void wr_web_reply_header(const struct wr_web_request *request, struct wr_web_reply *reply,
                         const char *name, const char *format, ...)
{
  va_list args;
  assert(reply->header_count < WR_WEB_HEADERS_MAX);
  va_start(args, format);
  reply->headers[reply->header_count++] =
      (struct wr_web_field){name, wr_arena_print_va(request->arena, format, args)};
  va_end(args);
}

enum wr_code wr_web_fail(struct wr_web_reply *reply, uint32_t status, struct wr_error *err,
                         enum wr_code code, const char *format, ...)
{
  va_list args;
  assert(status >= 400 && status <= 599 && code != WR_OK);
  reply->status = status;
  va_start(args, format);
  wr_fail_va(err, code, format, args);
  va_end(args);
  return code;
}

void wr_web_figures(const struct wr_web_context *context, struct wr_web_figures *out)
{
  struct wr_server *server = context->server;
  *out = (struct wr_web_figures){
      .events = atomic_load(&server->events),
      .lines = atomic_load(&server->lines),
      .websockets = atomic_load(&server->websocket_count),
      .followers_slow_total = atomic_load(&server->followers_slow_total),
      .tokens_wrong_total = atomic_load(&server->tokens_wrong_total),
  };
  for (unsigned i = 0; i < 6; i++)
    out->requests_total[i] = atomic_load(&server->requests_total[i]);
  wr_connections_count(server->connections, &out->connections, &out->connections_total,
                       &out->connections_slow_total);
}

/* ---- problems */

static uint32_t status_of_code(enum wr_code code)
{
  switch (code) {
  case WR_OK: return 200;
  case WR_SYNTAX:
  case WR_SEMANTIC:
  case WR_DATA: return 400;
  case WR_UNSUPPORTED: return 501;
  case WR_LIMIT:
  case WR_CONNECTION:
  case WR_STOPPED: return 503;
  case WR_IO:
  case WR_INTERNAL: break;
  }
  return 500;
}

static void reply_problem(struct wr_web_exchange *exchange, enum wr_code code)
{
  struct wr_web_reply *reply = &exchange->reply;
  const struct wr_error *err = &exchange->err;
  if (reply->status < 400)
    reply->status = status_of_code(code);
  reply->type = "application/problem+json";
  wr_buffer_clear(&reply->body);
  struct wr_web_json json = wr_web_reply_json(reply);
  wr_web_json_open(&json, '{');
  wr_web_json_text(&json, "type", "about:blank");
  wr_web_json_text(&json, "title", MHD_get_reason_phrase_for(reply->status));
  wr_web_json_count(&json, "status", reply->status);
  wr_web_json_text(&json, "detail", err->message);
  if (*err->hint)
    wr_web_json_text(&json, "hint", err->hint);
  wr_web_json_close(&json, '}');
}

/* ---- compression */

static bool gzip_fits(const struct wr_web_exchange *exchange)
{
  const struct wr_web_reply *reply = &exchange->reply;
  const char *accept = wr_web_header(&exchange->request, "Accept-Encoding");
  for (uint32_t i = 0; i < reply->header_count; i++)
    if (!strcmp(reply->headers[i].name, "Content-Encoding"))
      return false;
  return accept && reply->body.length >= GZIP_BYTES_MIN && reply->body.length <= GZIP_BYTES_MAX &&
         wr_web_accepts_gzip(accept);
}

/* Leaves the body as it is if it does not become smaller. */
static bool reply_compress(struct wr_web_reply *reply)
{
  z_stream stream = {.next_in = (Bytef *)reply->body.bytes, .avail_in = (uInt)reply->body.length};
  struct wr_buffer packed = {0};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return false;
  stream.next_out = (Bytef *)wr_buffer_reserve(&packed, reply->body.length);
  stream.avail_out = (uInt)reply->body.length;
  bool is_whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  if (is_whole)
    wr_buffer_added(&packed, stream.total_out);
  deflateEnd(&stream);
  if (!is_whole) {
    wr_buffer_free(&packed);
    return false;
  }
  wr_buffer_free(&reply->body);
  reply->body = packed;
  return true;
}

/* ---- queueing */

/* One reply may be as large as that, and all that are on their way together. */
static void reply_bound(struct wr_web_exchange *exchange)
{
  struct wr_web_reply *reply = &exchange->reply;
  struct wr_server *server = exchange->server;
  bool too_large = reply->body.length > WR_HTTP_REPLY_BYTES_MAX;
  if (!too_large &&
      atomic_load(&server->reply_bytes) + reply->body.length <= WR_HTTP_REPLIES_BYTES_MAX)
    return;
  wr_buffer_free(&reply->body);
  if (too_large)
    wr_web_fail(reply, 500, &exchange->err, WR_LIMIT, "the answer has more than %d bytes",
                WR_HTTP_REPLY_BYTES_MAX);
  else
    wr_web_fail(reply, 503, &exchange->err, WR_LIMIT,
                "the server has too much to send already; try again later");
  reply_problem(exchange, WR_LIMIT);
}

static void reply_secure(const struct wr_web_exchange *exchange, struct MHD_Response *response)
{
  const struct wr_web_reply *reply = &exchange->reply;
  bool is_cached = false;
  for (uint32_t i = 0; i < reply->header_count; i++)
    is_cached = is_cached || !strcmp(reply->headers[i].name, "Cache-Control");
  if (!is_cached)
    MHD_add_response_header(response, "Cache-Control", "no-store");
  MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  MHD_add_response_header(response, "X-Frame-Options", "DENY");
  MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
  MHD_add_response_header(response, "Content-Security-Policy",
                          "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri "
                          "'none'; form-action 'self'; frame-ancestors 'none'");
  MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
}

/* A buffer becomes a body; its memory goes with the response. */
static struct MHD_Response *reply_body(struct wr_web_exchange *exchange)
{
  struct wr_web_reply *reply = &exchange->reply;
  reply_bound(exchange);
  if (gzip_fits(exchange) && reply_compress(reply))
    wr_web_reply_header(&exchange->request, reply, "Content-Encoding", "gzip");
  struct MHD_Response *response =
      MHD_create_response_from_buffer(reply->body.length, reply->body.bytes, MHD_RESPMEM_MUST_FREE);
  if (!response)
    return NULL;
  exchange->reply_bytes = reply->body.length;
  atomic_fetch_add(&exchange->server->reply_bytes, reply->body.length);
  if (reply->body.length)
    MHD_add_response_header(response, "Content-Type",
                            reply->type ? reply->type : "application/json");
  reply->body = (struct wr_buffer){0};
  return response;
}

enum MHD_Result wr_reply_queue(struct wr_web_exchange *exchange, enum wr_code code)
{
  struct wr_web_reply *reply = &exchange->reply;
  if (code != WR_OK)
    reply_problem(exchange, code);
  uint32_t status = reply->status ? reply->status : 200;
  struct MHD_Response *response = reply->taken ? reply->taken : reply_body(exchange);
  if (!response) {
    wr_buffer_free(&reply->body);
    return MHD_NO;
  }
  status = reply->status ? reply->status : status;
  for (uint32_t i = 0; i < reply->header_count; i++)
    MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
  if (status != 101)
    reply_secure(exchange, response);
  wr_guard_cross_origin(exchange, response);
  enum MHD_Result queued = MHD_queue_response(exchange->mhd, status, response);
  MHD_destroy_response(response);
  exchange->is_answered = true;
  atomic_fetch_add(&exchange->server->requests_total[status / 100 % 6], 1);
  wr_arena_free(&exchange->arena);
  wr_buffer_free(&exchange->body);
  return queued;
}
