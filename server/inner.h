/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the HTTP core share. Three threads: the one of libmicrohttpd (requests and
 * event streams), the pump of WebSockets (websocket.c), and the sweeper (connection.c), which looks
 * once a second at who is too slow. Handlers and all that is called by them run on the first.
 */
#ifndef WEIR_SERVER_INNER_H
#define WEIR_SERVER_INNER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "server/address.h"
#include "server/asset.h"
#include "server/auth.h"
#include "server/connection.h"
#include "server/route.h"
#include "server/server.h"

struct wr_follow_budget;
struct wr_websockets;

struct wr_server {
  struct wr_web_context context;
  struct wr_web_address address;
  char *url;
  struct wr_auth *auth; /* NULL: no token is needed */
  const char **origins; /* allowed ones, without "*" */
  uint32_t origin_count;
  bool any_origin, is_tls;
  struct MHD_Daemon *daemon;
  struct wr_connections *connections;
  struct wr_websockets *websockets;
  struct wr_follow_budget *budget; /* of conditions, which may outlive the server */
  _Atomic bool stopping;           /* no new followers; those there come to their end */
  _Atomic uint64_t reply_bytes;    /* bodies on their way */
  struct wr_arena arena;           /* options */

  /* figures, see struct wr_web_figures */
  _Atomic uint64_t requests_total[6], followers_slow_total, tokens_wrong_total;
  _Atomic uint32_t events, lines, websocket_count;
};

/* One request on its way, the con_cls of libmicrohttpd. Its memory goes when the reply is queued,
 * itself when the reply was sent. */
struct wr_web_exchange {
  struct wr_web_request request;
  struct wr_server *server;
  struct MHD_Connection *mhd;
  struct wr_arena arena;
  struct wr_web_target target;
  struct wr_buffer body;
  bool has_begun;
  bool is_refused;  /* err and reply say why; the rest of the body is thrown away */
  bool is_answered; /* a reply has been queued */
  size_t thrown;    /* bytes of the body */
  size_t reply_bytes;
  struct wr_web_reply reply;
  struct wr_error err;
};

/* ---- guard.c: who may ask */

/* Looks at the head of a request: hosts, origins, tokens, the route, sizes. On failure err and
 * reply->status say what is wrong. *is_done: the reply is complete (a preflight). */
enum wr_code wr_guard_check(struct wr_web_exchange *exchange, bool *is_done);
/* Adds the headers of CORS. */
void wr_guard_cross_origin(const struct wr_web_exchange *exchange, struct MHD_Response *response);

/* ---- reply.c: what goes out */

/* Makes the response of libmicrohttpd out of exchange->reply, or a problem if code says so, and
 * queues it. */
enum MHD_Result wr_reply_queue(struct wr_web_exchange *exchange, enum wr_code code);
/* The reply to a request for an asset. */
enum wr_code wr_asset_reply(const struct wr_web_request *request, struct wr_web_reply *reply,
                            struct wr_error *err);
const struct wr_asset *wr_asset_find(const char *path);

#endif
