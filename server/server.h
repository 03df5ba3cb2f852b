/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: REST, live feeds, metrics, the page. One thread of libmicrohttpd serves all
 * connections; whatever takes longer (a savepoint) is asked for and looked at later.
 */
#ifndef WEIR_SERVER_SERVER_H
#define WEIR_SERVER_SERVER_H

#include "live/hub.h"
#include "server/jobs.h"

struct wr_server;

struct wr_server_options {
  const char *address;    /* "127.0.0.1:8080", "[::1]:8080", ":8080" (all), port 0: any */
  const char *token_file; /* needed beyond loopback; NULL: none */
  const char *tls_certificate, *tls_key; /* files; both or none */
  const char *const *origins;            /* of pages elsewhere that may ask (CORS); "*": any */
  uint32_t origin_count;
  int64_t away_us; /* a source that could not be reached for so long is not healthy; 0: 30 s */
  /* weir serve: reads the folder again; NULL: there is nothing to reload. Returns at once. */
  void (*reload)(void *self);
  void *reload_self;
};

/* Listens. Options that cannot be are errors with hints (no token beyond loopback, files that
 * cannot be read or are readable by everybody). */
enum wr_code wr_server_start(const struct wr_server_options *options, struct wr_jobs *jobs,
                             struct wr_hub *hub, struct wr_server **out, struct wr_error *err);
/* "http://127.0.0.1:8080/", with the port that was chosen. */
const char *wr_server_address(const struct wr_server *server);
/* Followers are told the end of their streams first, for a moment. */
void wr_server_stop(struct wr_server *server);

#endif
