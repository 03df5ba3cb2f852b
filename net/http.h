/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests of one thread, any number at a time. Nothing happens in the background: answers
 * arrive while wr_http_pump runs, which calls the functions given with each request. Connections
 * are kept open and used again; HTTP/2 is spoken over TLS where the server offers it, one request
 * at a time on a connection, so that an answer that is held never stands in the way of another.
 *
 *   start, start -> pump -> piece..., done -> start the next -> pump ...
 *
 * Over libcurl's multi interface; its environment variables for proxies count (https_proxy,
 * http_proxy, no_proxy). Redirections are answers like others.
 */
#ifndef WEIR_NET_HTTP_H
#define WEIR_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/batch.h"

struct wr_http;      /* the requests of one thread */
struct wr_http_call; /* one of them; gone when its `done` has returned */

struct wr_http_settings {
  const char *ca_file; /* PEM file of trusted authorities; NULL: the system's */
  bool insecure;       /* certificates are not checked */
  int64_t connect_us;  /* time limit for a connection; 0: 10 s */
  const char *agent;   /* User-Agent; NULL: "weir/VERSION" */
};

struct wr_http_header {
  const char *name, *value;
};

/* How a request ended. */
struct wr_http_result {
  enum wr_code code; /* WR_OK: there is an answer, whatever its status; else it never came whole */
  int status;        /* 200, 404 ...; 0: no answer */
  const char *message; /* code not WR_OK: one clause, e.g. "could not connect to host:443" */
  bool timed_out;
  bool untrusted;                       /* code not WR_OK: the certificate is not */
  bool retry;                           /* code not WR_OK: the same request may succeed later */
  struct wr_slice body;                 /* collected; empty if the request has a body function */
  const struct wr_http_header *headers; /* names in lower case */
  uint32_t header_count;
  int64_t date_us; /* the server's Date header, else WR_TIME_NONE */
};

struct wr_http_request {
  const char *method; /* "GET", "POST" ... */
  const char *url;
  const struct wr_http_header *headers;
  uint32_t header_count;
  const char *body; /* lent until `done` */
  size_t body_length;
  int64_t timeout_us; /* for the whole answer; 0: 60 s; negative: none */
  int64_t quiet_us;   /* fails when nothing comes for so long; 0: no such limit */
  size_t answer_max;  /* bytes that are collected at most; 0: WR_HTTP_ANSWER_BYTES_MAX. More fails
                       * with WR_LIMIT */
  bool direct;        /* past any proxy: for addresses of this machine and its host */
  /* Pieces of a successful (2xx) answer as they come, instead of collecting them; NULL: collect.
   * False: no more is wanted, the request ends with WR_STOPPED. Bodies of other statuses are
   * always collected. */
  bool (*piece)(void *self, const char *bytes, size_t length);
  /* Called once, from wr_http_pump; the result is lent for the call. May start other requests, but
   * not close the wr_http. Not called after wr_http_cancel or wr_http_close. Both functions may
   * start, cancel and hold any request; only `done` may pump. */
  void (*done)(void *self, const struct wr_http_result *result);
  void *self;
};

enum wr_code wr_http_open(const struct wr_http_settings *settings, struct wr_http **out,
                          struct wr_error *err);
/* Requests under way are dropped without a word to their `done`. */
void wr_http_close(struct wr_http *http);

/* All texts but the body are copied. What is wrong with the URL is told here; everything else by
 * `done`. out may be NULL. */
enum wr_code wr_http_start(struct wr_http *http, const struct wr_http_request *request,
                           struct wr_http_call **out, struct wr_error *err);
void wr_http_cancel(struct wr_http_call *call);
/* Stops and continues taking the answer of a request (the window of HTTP/2 or TCP then fills, so
 * that the server waits). While it is held, quiet_us does not count; timeout_us does. */
void wr_http_hold(struct wr_http_call *call, bool hold);

/* Does what can be done now, waiting at most wait_ms for something to happen. Returns how many
 * requests are under way afterwards. */
uint32_t wr_http_pump(struct wr_http *http, int wait_ms);
/* Any thread: a pump that waits returns soon. */
void wr_http_wake(struct wr_http *http);

/* Text as it stands in a URL's path or query (RFC 3986: all but letters, digits, - . _ ~ is
 * escaped); keep_slash: '/' stays. Writes at most size bytes, zero-terminated; returns the length
 * it has or would have. */
size_t wr_http_escape(const char *text, size_t length, bool keep_slash, char *out, size_t size);

#endif
