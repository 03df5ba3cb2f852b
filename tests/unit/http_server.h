/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP server on this machine for tests: threads of its own, one per connection, which read
 * requests and have a function answer them. Answers can be whole, slow, broken or endless.
 */
#ifndef WEIR_TESTS_UNIT_HTTP_SERVER_H
#define WEIR_TESTS_UNIT_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_server;

struct http_request {
  struct http_server *server;
  int socket;
  uint32_t number;           /* of the request, from 0, over all connections */
  const char *method, *path; /* path with query */
  const char *head;          /* all header lines, "\r\n" between them */
  const char *body;
  size_t body_length;
};

/* Answers one request. False: the connection is closed. Called by several threads at once, but
 * `number` is never the same twice. */
typedef bool (*http_handler)(void *self, const struct http_request *request);

struct http_server *http_server_start(http_handler handler, void *self);
/* Ends all connections and waits for the threads. */
void http_server_stop(struct http_server *server);
uint16_t http_server_port(const struct http_server *server);
const char *http_server_url(const struct http_server *server); /* "http://127.0.0.1:PORT" */
uint32_t http_server_connections(struct http_server *server);
uint32_t http_server_requests(struct http_server *server);

/* A whole answer; headers: more lines, each ending in "\r\n", or "". */
bool http_answer(const struct http_request *request, int status, const char *headers,
                 const char *body);
/* Bytes as they are; false: the other side has gone. */
bool http_send(const struct http_request *request, const char *bytes, size_t length);
/* Waits until the server is stopped or the other side has gone. */
bool http_wait(const struct http_request *request);
/* A header's value, copied; "" if there is none. */
const char *http_header(const struct http_request *request, const char *name, char *out,
                        size_t size);

#endif
