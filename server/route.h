/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests, replies and the table that says who answers. A handler gets a request whose path was
 * matched and whose body is complete, and fills a reply; the core does all the rest (tokens, Host
 * and Origin, CORS, HEAD, compression, errors as problem+json, security headers).
 *
 *   enum wr_code wr_api_plan(const struct wr_web_request *request, struct wr_web_reply *reply,
 *                            struct wr_error *err)
 *   {
 *     struct wr_web_json json = wr_web_reply_json(reply);
 *     wr_web_json_open(&json, '{');
 *     wr_web_json_text(&json, "job", wr_web_part(request, "job"));
 *     wr_web_json_close(&json, '}');
 *     return WR_OK;
 *   }
 *
 * Thread: handlers are called by the one thread that serves all connections. They must not wait:
 * no disk, no network, no lock that somebody holds long. What takes longer is asked for (202) and
 * looked at later.
 *
 * Memory: everything of a request is lent until the handler returns, also what is taken from
 * request->arena. The body of a reply is the reply's buffer (text/buffer.h): append to it, the core
 * sends and frees it. Header values and the content type are copied or constant, as said below.
 *
 * Errors: return a code other than WR_OK with err filled and it becomes a problem: what was
 * appended to the body is forgotten. The status is that of reply->status if the handler set one of
 * 400 and above (wr_web_fail does both), else it follows from the code: SYNTAX, SEMANTIC, DATA 400;
 * UNSUPPORTED 501; LIMIT, CONNECTION, STOPPED 503; IO, INTERNAL 500.
 */
#ifndef WEIR_SERVER_ROUTE_H
#define WEIR_SERVER_ROUTE_H

#include "core/arena.h"
#include "live/hub.h"
#include "server/jobs.h"
#include "server/json.h"
#include "server/parse.h"
#include "text/buffer.h"

struct wr_server;
struct wr_watch; /* server/watch.h */
struct wr_web_connection;
struct wr_websocket;

/* ---- requests */

#define WR_WEB_PARTS_MAX 4 /* {names} of one pattern */

/* What all handlers may use; lent for the life of the server. */
struct wr_web_context {
  struct wr_jobs *jobs;
  struct wr_hub *hub;
  int64_t away_us;            /* of wr_server_options; never 0 */
  void (*reload)(void *self); /* NULL: there is nothing to reload */
  void *reload_self;
  int64_t began_us; /* when the server was started, clock of the machine */
  struct wr_server *server;
  struct wr_watch *watch; /* what takes longer than a request may */
};

struct wr_web_request {
  const struct wr_web_context *context;
  const char *method; /* "GET" also for HEAD: the core leaves out the body */
  const char *path;   /* decoded, without the query: UTF-8 without control characters */
  const struct wr_route *route;
  struct wr_web_field parts[WR_WEB_PARTS_MAX]; /* what stands for {names} of the pattern */
  uint32_t part_count;
  const struct wr_web_field *query; /* in order; a name may come more than once */
  uint32_t query_count;
  const char *body; /* NUL behind it; at most WR_HTTP_REQUEST_BYTES_MAX */
  size_t body_length;
  struct wr_arena *arena;               /* until the reply is queued */
  struct wr_web_connection *connection; /* the core's */
  bool is_head;
};

/* Of an open route: whether it may see what needs a token, as it shows one or none is needed. */
bool wr_web_is_trusted(const struct wr_web_request *request);
/* The part of the path that stands for {name}; asserts that the pattern has it. */
const char *wr_web_part(const struct wr_web_request *request, const char *name);
/* The value of a header, or NULL; names in any case. */
const char *wr_web_header(const struct wr_web_request *request, const char *name);
/* The last value of a query parameter, or NULL. */
const char *wr_web_query(const struct wr_web_request *request, const char *name);
/* The same as a whole number; not given: *out stays. WR_SEMANTIC: no number, or out of bounds. */
enum wr_code wr_web_query_integer(const struct wr_web_request *request, const char *name,
                                  int64_t least, int64_t most, int64_t *out, struct wr_error *err);
/* As duration ("500ms", "5 s"); a number alone is milliseconds. */
enum wr_code wr_web_query_duration(const struct wr_web_request *request, const char *name,
                                   int64_t least_us, int64_t most_us, int64_t *out_us,
                                   struct wr_error *err);
/* WR_SEMANTIC for parameters that are none of names[] (NULL-terminated), with the nearest. */
enum wr_code wr_web_query_check(const struct wr_web_request *request, const char *const *names,
                                struct wr_error *err);

/* A body is a JSON object, or empty: then it has no fields. fields: their names (NULL-terminated);
 * values[i] is set to those that are given and must be true or false. WR_SEMANTIC else. */
enum wr_code wr_web_body_flags(const struct wr_web_request *request, const char *const *names,
                               bool *values, struct wr_error *err);
/* One field that must be there and be a string; into the request's arena. */
enum wr_code wr_web_body_text(const struct wr_web_request *request, const char *name,
                              const char **out, struct wr_error *err);

/* ---- replies */

#define WR_WEB_HEADERS_MAX 8 /* that a handler adds */

struct wr_web_reply {
  uint32_t status;       /* 0: 200 */
  const char *type;      /* constant text; NULL: "application/json" */
  struct wr_buffer body; /* given to the core */
  /* The core's, or added by wr_web_reply_header. Names are constant, values in the arena. */
  struct wr_web_field headers[WR_WEB_HEADERS_MAX];
  uint32_t header_count;
  struct MHD_Response *taken;     /* the core's: live feeds answer by themselves */
  struct wr_websocket *websocket; /* the core's, until its socket is handed over */
};

/* A writer for the body. */
struct wr_web_json wr_web_reply_json(struct wr_web_reply *reply);
/* A header, e.g. "Location"; name is constant, the value is copied. */
void wr_web_reply_header(const struct wr_web_request *request, struct wr_web_reply *reply,
                         const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Fills err and sets the status that the problem gets; returns code. */
enum wr_code wr_web_fail(struct wr_web_reply *reply, uint32_t status, struct wr_error *err,
                         enum wr_code code, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* ---- the server's own figures, for /metrics */

struct wr_web_figures {
  uint32_t connections;               /* now */
  uint64_t connections_total;         /* so far */
  uint32_t events, lines, websockets; /* followers, now */
  uint64_t requests_total[6];         /* by the first digit of their status: [2] is 2xx */
  uint64_t followers_slow_total;      /* closed since they took nothing, or dropped by the hub */
  uint64_t connections_slow_total;    /* closed since their request did not come to an end */
  uint64_t tokens_wrong_total;
};
void wr_web_figures(const struct wr_web_context *context, struct wr_web_figures *out);

/* ---- the table */

typedef enum wr_code wr_web_handler(const struct wr_web_request *request,
                                    struct wr_web_reply *reply, struct wr_error *err);

enum wr_route_flags {
  WR_ROUTE_OPEN = 1, /* no token */
};

/* Methods are GET (which serves HEAD), POST, DELETE, PUT. Parts of a pattern in braces stand for
 * one part of a path each. The most exact pattern must come first. */
struct wr_route {
  const char *method, *pattern;
  wr_web_handler *handler;
  uint32_t flags;
  const char *help; /* one sentence, for the manual */
};

extern const struct wr_route wr_routes[]; /* ends with a row without a method */

/* ---- the core's own handlers */
wr_web_handler wr_web_login, wr_web_follow, wr_web_rows;

#endif
