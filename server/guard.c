/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may ask. Three doors, in this order:
 *
 *   Host    without a token, only names of this machine count: a page of elsewhere whose name was
 *           made to point here (DNS rebinding) sends its own
 *   token   for all but what is open
 *   Origin  a page of elsewhere may neither change anything nor open a WebSocket, unless it is
 *           allowed; reading is the browser's own rule (CORS), which wr_guard_cross_origin feeds
 *
 * Errors say what is wrong, and nothing of the token or of what lies behind the door.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "core/limits.h"
#include "core/time.h"
#include "server/asset.h"
#include "server/inner.h"
#include "text/utf8.h"

#define METHODS_MAX       8
#define SHOWN_BYTES_MAX   100
#define PREFLIGHT_SECONDS "600"

static const char *header_find(const struct wr_web_exchange *exchange, const char *name)
{
  return MHD_lookup_connection_value(exchange->mhd, MHD_HEADER_KIND, name);
}

/* ---- the form of the head */

struct head_count {
  size_t bytes;
  uint32_t hosts, lengths, encodings;
};

static enum MHD_Result head_on_header(void *self, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
  struct head_count *count = self;
  count->bytes += strlen(name) + (value ? strlen(value) : 0) + 4;
  count->hosts += !strcasecmp(name, "host");
  count->lengths += !strcasecmp(name, "content-length");
  count->encodings += !strcasecmp(name, "transfer-encoding");
  (void)kind;
  return MHD_YES;
}

static enum wr_code guard_head(struct wr_web_exchange *exchange)
{
  struct head_count count = {0};
  struct wr_web_reply *reply = &exchange->reply;
  MHD_get_connection_values(exchange->mhd, MHD_HEADER_KIND, head_on_header, &count);
  if (count.bytes > WR_HTTP_REQUEST_BYTES_MAX / 2)
    return wr_web_fail(reply, 431, &exchange->err, WR_LIMIT,
                       "the head of the request has more than %d bytes",
                       WR_HTTP_REQUEST_BYTES_MAX / 2);
  if (count.hosts > 1 || count.lengths + count.encodings > 1)
    return wr_web_fail(reply, 400, &exchange->err, WR_SEMANTIC,
                       "the request says more than once which host or how long it is");
  return WR_OK;
}

static enum wr_code guard_body(struct wr_web_exchange *exchange)
{
  const char *length = header_find(exchange, "Content-Length");
  if (length && strtoull(length, NULL, 10) > WR_HTTP_REQUEST_BYTES_MAX)
    return wr_web_fail(&exchange->reply, 413, &exchange->err, WR_LIMIT,
                       "the body of the request has more than %d bytes", WR_HTTP_REQUEST_BYTES_MAX);
  return WR_OK;
}

/* ---- Host and Origin */

static bool origin_is_listed(const struct wr_server *server, const struct wr_web_origin *origin)
{
  for (uint32_t i = 0; i < server->origin_count; i++) {
    struct wr_web_origin listed;
    if (wr_web_origin_parse(server->origins[i], strlen(server->origins[i]), &listed) &&
        listed.is_tls == origin->is_tls &&
        wr_web_host_equal(&listed.host, wr_web_origin_port(&listed), &origin->host,
                          wr_web_origin_port(origin)))
      return true;
  }
  return false;
}

/* Behind a proxy that is named as an origin, its name is ours. */
static bool host_is_listed(const struct wr_server *server, const struct wr_web_host *host)
{
  for (uint32_t i = 0; i < server->origin_count; i++) {
    struct wr_web_origin listed;
    if (wr_web_origin_parse(server->origins[i], strlen(server->origins[i]), &listed) &&
        wr_web_host_equal(&listed.host, 1, host, 1))
      return true;
  }
  return false;
}

static enum wr_code guard_host(struct wr_web_exchange *exchange)
{
  const struct wr_server *server = exchange->server;
  const char *text = header_find(exchange, "Host");
  struct wr_web_host host;
  if (!text || !wr_web_host_parse(text, strlen(text), &host))
    return wr_web_fail(&exchange->reply, 400, &exchange->err, WR_SEMANTIC,
                       "the request does not say which host it is for");
  if (server->auth || wr_web_host_is_loopback(&host) || host_is_listed(server, &host) ||
      wr_web_host_equal(&host, 1, &server->address.host, 1))
    return WR_OK;
  wr_web_fail(&exchange->reply, 403, &exchange->err, WR_SEMANTIC,
              "the host '%.*s' is not this server",
              wr_utf8_shown(text, strlen(text), SHOWN_BYTES_MAX), text);
  return wr_hint(&exchange->err,
                 "names of this machine alone are taken without a token; start weir with "
                 "--http-token-file, or name the page's address with --http-origin");
}

/* Not said by a browser: whoever it is could say anything, so this is no protection against it. */
static bool origin_is_own(const struct wr_web_exchange *exchange, const char *text)
{
  const char *host_text = header_find(exchange, "Host");
  struct wr_web_origin origin;
  struct wr_web_host host;
  return wr_web_origin_parse(text, strlen(text), &origin) && host_text &&
         wr_web_host_parse(host_text, strlen(host_text), &host) &&
         wr_web_host_equal(&origin.host, origin.host.port, &host, host.port);
}

static bool origin_is_allowed(const struct wr_web_exchange *exchange, const char *text)
{
  struct wr_web_origin origin;
  return wr_web_origin_parse(text, strlen(text), &origin) &&
         origin_is_listed(exchange->server, &origin);
}

/* Requests that change something or that CORS does not guard. */
static enum wr_code guard_origin(struct wr_web_exchange *exchange, bool with_token)
{
  const char *origin = header_find(exchange, "Origin");
  const char *site = header_find(exchange, "Sec-Fetch-Site");
  const char *upgrade = header_find(exchange, "Upgrade");
  if (!strcmp(exchange->request.method, "GET") && !upgrade)
    return WR_OK;
  if (origin ? origin_is_own(exchange, origin) || origin_is_allowed(exchange, origin)
             : !site || strcmp(site, "cross-site") != 0)
    return WR_OK;
  /* "*" opens what a page shows a token for by itself, and without tokens what can only be read. A
   * cookie is nothing that the page shows: the browser does, whoever asks. */
  bool is_reading = !strcmp(exchange->request.method, "GET");
  if (exchange->server->any_origin && (with_token || (is_reading && !exchange->server->auth)))
    return WR_OK;
  wr_web_fail(&exchange->reply, 403, &exchange->err, WR_SEMANTIC,
              "a page of '%.*s' may not do this",
              origin ? wr_utf8_shown(origin, strlen(origin), SHOWN_BYTES_MAX) : 9,
              origin ? origin : "elsewhere");
  return wr_hint(&exchange->err, "pages of other addresses are allowed by --http-origin");
}

void wr_guard_cross_origin(const struct wr_web_exchange *exchange, struct MHD_Response *response)
{
  const char *origin = header_find(exchange, "Origin");
  const struct wr_server *server = exchange->server;
  if (server->origin_count)
    MHD_add_response_header(response, "Vary", "Origin");
  if (!origin || (!server->any_origin && !origin_is_allowed(exchange, origin)))
    return;
  if (origin_is_allowed(exchange, origin)) {
    MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
    MHD_add_response_header(response, "Access-Control-Allow-Credentials", "true");
  } else {
    MHD_add_response_header(response, "Access-Control-Allow-Origin", "*");
  }
  MHD_add_response_header(response, "Access-Control-Expose-Headers", "Location, Retry-After");
}

/* ---- routes */

static void methods_add(char *allow, size_t room, const char *method)
{
  size_t length = strlen(allow);
  if (!strstr(allow, method))
    snprintf(allow + length, room - length, "%s%s", length ? ", " : "", method);
}

/* The route, NULL if there is none; which methods the path has. */
static const struct wr_route *route_find(struct wr_web_exchange *exchange, char *allow, size_t room)
{
  struct wr_web_request *request = &exchange->request;
  const struct wr_route *found = NULL;
  struct wr_web_field parts[WR_WEB_PARTS_MAX];
  uint32_t count;
  *allow = 0;
  for (const struct wr_route *route = wr_routes; route->method; route++)
    if (wr_web_target_matches(&exchange->target, route->pattern, parts, WR_WEB_PARTS_MAX,
                              &exchange->arena, &count)) {
      methods_add(allow, room, route->method);
      if (!strcmp(route->method, "GET"))
        methods_add(allow, room, "HEAD");
      if (!found && !strcmp(route->method, request->method)) {
        found = route;
        memcpy(request->parts, parts, sizeof parts);
        request->part_count = count;
      }
    }
  if (*allow == 0 && wr_asset_find(request->path))
    methods_add(allow, room, "GET, HEAD");
  return found;
}

/* ---- tokens */

static enum wr_code guard_later(const struct wr_web_request *request, struct wr_web_reply *reply,
                                const union MHD_ConnectionInfo *from, int64_t now_us,
                                struct wr_error *err)
{
  struct wr_auth *auth = request->context->server->auth;
  wr_web_reply_header(request, reply, "Retry-After", "%" PRIu32,
                      wr_auth_wait_s(auth, from ? from->client_addr : NULL, now_us));
  return wr_web_fail(reply, 429, err, WR_LIMIT, "too many wrong tokens came from your address");
}

static enum wr_code guard_token(struct wr_web_exchange *exchange, bool *with_token)
{
  struct wr_auth *auth = exchange->server->auth;
  const char *header = header_find(exchange, "Authorization");
  const char *cookies = header_find(exchange, "Cookie"), *text;
  size_t length;
  enum wr_auth_answer answer = WR_AUTH_WRONG;
  const union MHD_ConnectionInfo *from = NULL;
  int64_t now_us = wr_monotonic_us();
  *with_token = false;
  if (!auth)
    return WR_OK;
  if (header && wr_web_bearer(header, &text, &length)) {
    from = MHD_get_connection_info(exchange->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    answer = wr_auth_token(auth, text, length, from ? from->client_addr : NULL, now_us);
    *with_token = answer == WR_AUTH_RIGHT;
    if (answer == WR_AUTH_WRONG)
      atomic_fetch_add(&exchange->server->tokens_wrong_total, 1);
  } else if (cookies && wr_web_cookie_find(cookies, WR_AUTH_COOKIE, &text, &length)) {
    answer = wr_auth_cookie(auth, text, length) ? WR_AUTH_RIGHT : WR_AUTH_WRONG;
  }
  if (answer == WR_AUTH_RIGHT)
    return WR_OK;
  if (answer == WR_AUTH_LATER)
    return guard_later(&exchange->request, &exchange->reply, from, now_us, &exchange->err);
  wr_web_reply_header(&exchange->request, &exchange->reply, "WWW-Authenticate", "Bearer");
  wr_web_fail(&exchange->reply, 401, &exchange->err, WR_SEMANTIC,
              "this needs the token of the server");
  return wr_hint(&exchange->err, "send it as 'Authorization: Bearer TOKEN'");
}

bool wr_web_is_trusted(const struct wr_web_request *request)
{
  struct wr_auth *auth = request->context->server->auth;
  struct MHD_Connection *mhd = request->connection->mhd;
  const char *cookies = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Cookie"), *text;
  const char *header = MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Authorization");
  const union MHD_ConnectionInfo *from =
      MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  size_t length;
  if (!auth)
    return true;
  if (header && wr_web_bearer(header, &text, &length)) {
    enum wr_auth_answer answer =
        wr_auth_token(auth, text, length, from ? from->client_addr : NULL, wr_monotonic_us());
    if (answer == WR_AUTH_WRONG)
      atomic_fetch_add(&request->context->server->tokens_wrong_total, 1);
    return answer == WR_AUTH_RIGHT;
  }
  return cookies && wr_web_cookie_find(cookies, WR_AUTH_COOKIE, &text, &length) &&
         wr_auth_cookie(auth, text, length);
}

/* ---- all of it */

/* A browser asks before it asks: no token comes with that. */
static void guard_preflight(struct wr_web_exchange *exchange, const char *allow)
{
  struct wr_web_reply *reply = &exchange->reply;
  const struct wr_web_request *request = &exchange->request;
  const char *origin = header_find(exchange, "Origin");
  reply->status = 204;
  wr_web_reply_header(request, reply, "Allow", "%s, OPTIONS", allow);
  if (!origin || !header_find(exchange, "Access-Control-Request-Method") ||
      (!exchange->server->any_origin && !origin_is_allowed(exchange, origin)))
    return;
  wr_web_reply_header(request, reply, "Access-Control-Allow-Methods", "%s", allow);
  wr_web_reply_header(request, reply, "Access-Control-Allow-Headers",
                      "Authorization, Content-Type, Last-Event-ID");
  wr_web_reply_header(request, reply, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
  if (header_find(exchange, "Access-Control-Request-Private-Network") &&
      origin_is_allowed(exchange, origin))
    wr_web_reply_header(request, reply, "Access-Control-Allow-Private-Network", "true");
}

enum wr_code wr_guard_check(struct wr_web_exchange *exchange, bool *is_done)
{
  struct wr_web_request *request = &exchange->request;
  char allow[METHODS_MAX * 10];
  bool with_token;
  *is_done = false;
  if (exchange->err.code != WR_OK) { /* of the address */
    exchange->reply.status = 400;
    return exchange->err.code;
  }
  enum wr_code code = guard_head(exchange);
  if (code == WR_OK)
    code = guard_host(exchange);
  if (code != WR_OK)
    return code;
  const struct wr_route *route = request->route = route_find(exchange, allow, sizeof allow);
  if (*allow && !strcmp(request->method, "OPTIONS")) {
    guard_preflight(exchange, allow);
    *is_done = true;
    return WR_OK;
  }
  bool is_open = route ? route->flags & WR_ROUTE_OPEN : wr_asset_find(request->path) != NULL;
  with_token = false;
  if (!is_open)
    code = guard_token(exchange, &with_token);
  if (code == WR_OK && *allow == 0)
    code = wr_web_fail(
        &exchange->reply, 404, &exchange->err, WR_SEMANTIC, "there is nothing at '%.*s'",
        wr_utf8_shown(request->path, strlen(request->path), SHOWN_BYTES_MAX), request->path);
  if (code == WR_OK && !route && (!is_open || strcmp(request->method, "GET") != 0)) {
    wr_web_reply_header(request, &exchange->reply, "Allow", "%s, OPTIONS", allow);
    code = wr_web_fail(&exchange->reply, 405, &exchange->err, WR_SEMANTIC,
                       "'%.*s' cannot be asked so here, only by %s",
                       wr_utf8_shown(request->method, strlen(request->method), 20), request->method,
                       allow);
  }
  if (code == WR_OK)
    code = guard_origin(exchange, with_token);
  return code == WR_OK ? guard_body(exchange) : code;
}

/* ---- logging in */

enum wr_code wr_web_login(const struct wr_web_request *request, struct wr_web_reply *reply,
                          struct wr_error *err)
{
  struct wr_server *server = request->context->server;
  const char *token;
  reply->status = 204;
  if (!server->auth)
    return WR_OK;
  enum wr_code code = wr_web_body_text(request, "token", &token, err);
  if (code != WR_OK) {
    reply->status = 400;
    return code;
  }
  const union MHD_ConnectionInfo *from =
      MHD_get_connection_info(request->connection->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  int64_t now_us = wr_monotonic_us();
  switch (
      wr_auth_token(server->auth, token, strlen(token), from ? from->client_addr : NULL, now_us)) {
  case WR_AUTH_RIGHT: break;
  case WR_AUTH_WRONG:
    atomic_fetch_add(&server->tokens_wrong_total, 1);
    return wr_web_fail(reply, 401, err, WR_SEMANTIC, "that is not the token of the server");
  case WR_AUTH_LATER: return guard_later(request, reply, from, now_us, err);
  }
  wr_web_reply_header(request, reply, "Set-Cookie",
                      WR_AUTH_COOKIE "=%s; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict%s",
                      wr_auth_cookie_value(server->auth), server->is_tls ? "; Secure" : "");
  return WR_OK;
}
