/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All connections, and the sweeper: a thread that looks at them once a second and ends those that
 * are too slow, which libmicrohttpd cannot see, and at those in use 50 times a second, whether the
 * other side has gone. It only shuts sockets down; libmicrohttpd then notices and cleans up.
 *
 *   HEAD    waits for a request: WR_HTTP_HEAD_US from its first byte (the kernel counts received
 *           bytes, so nobody has to look at them) to the end of its head
 *   BODY    WR_HTTP_BODY_US to the end of the body
 *   REPLY   what the handler made is being sent; libmicrohttpd's own timeout
 *   FOLLOW  an event stream: its socket must take something every WR_HTTP_STALL_US
 *   GIVEN   a WebSocket: its pump looks after it
 */
#ifndef WEIR_SERVER_CONNECTION_H
#define WEIR_SERVER_CONNECTION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"

struct MHD_Connection;
struct wr_connections;

enum wr_connection_phase {
  WR_CONNECTION_HEAD,
  WR_CONNECTION_BODY,
  WR_CONNECTION_REPLY,
  WR_CONNECTION_FOLLOW,
  WR_CONNECTION_GIVEN
};

/* What follow.c tells the sweeper about an event stream. */
struct wr_connection_follow {
  /* When libmicrohttpd asked for bytes last; INT64_MAX: it has asked and waits for us. */
  _Atomic int64_t asked_us;
  _Atomic int64_t told_us;      /* when it got some last */
  void (*beat)(void *self);     /* it has been quiet for WR_HTTP_BEAT_US: say something */
  void (*gone)(void *self);     /* the other side has gone: come to an end */
  _Atomic uint64_t *slow_total; /* counts those that are ended */
  void *self;
};

struct wr_web_connection {
  struct wr_web_connection *next, *before; /* the registry's */
  struct MHD_Connection *mhd;
  int fd;
  _Atomic int phase;                   /* enum wr_connection_phase */
  _Atomic int64_t phase_us;            /* since when */
  _Atomic uint64_t phase_bytes;        /* received until then */
  struct wr_connection_follow *follow; /* under the registry's lock */
  /* the sweeper's own */
  int64_t first_byte_us, moved_us;
  uint64_t sent_bytes;
  uint32_t gone_count;
};

enum wr_code wr_connections_new(struct wr_connections **out, struct wr_error *err);
/* All connections have been removed. */
void wr_connections_free(struct wr_connections *connections);
struct wr_web_connection *wr_connections_add(struct wr_connections *connections,
                                             struct MHD_Connection *mhd, int fd);
void wr_connections_remove(struct wr_connections *connections,
                           struct wr_web_connection *connection);
void wr_connection_enter(struct wr_web_connection *connection, enum wr_connection_phase phase);
/* follow: lent until it is set to NULL; nobody uses it any more when that returns. */
void wr_connection_follow(struct wr_connections *connections, struct wr_web_connection *connection,
                          struct wr_connection_follow *follow);
/* Ends all of a phase: at the end of the server. */
void wr_connections_shut(struct wr_connections *connections, enum wr_connection_phase phase);
/* Wakes all that are followed, so that they see that the server stops. */
void wr_connections_beat(struct wr_connections *connections);
void wr_connections_count(const struct wr_connections *connections, uint32_t *now, uint64_t *total,
                          uint64_t *slow_total);

/* Starts a thread of the server, which gets no signals. */
enum wr_code wr_web_thread_start(void *(*run)(void *), void *self, const char *name,
                                 pthread_t *thread, struct wr_error *err);

#endif
