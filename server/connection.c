/* SPDX-License-Identifier: Apache-2.0 */
#include "server/connection.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

#include "core/arena.h"
#include "core/limits.h"
#include "core/time.h"

#define SWEEP_US      WR_US_PER_SECOND
#define GLANCE_US     (20 * WR_US_PER_MS)    /* while there is something to glance at */
#define GLANCE_FOR_US (2 * WR_US_PER_SECOND) /* since a connection was used */

struct wr_connections {
  pthread_t sweeper;
  pthread_mutex_t lock; /* the list and all that is not atomic in its members */
  pthread_cond_t changed;
  struct wr_web_connection *first;
  bool stopping;
  _Atomic uint32_t count;
  _Atomic uint64_t total, slow_total;
};

/* ---- what the kernel knows */

struct socket_look {
  uint64_t received, acked; /* bytes, so far */
  bool is_open;             /* both sides may still send */
};

/* False: it is no TCP socket, so nothing is known. */
static bool socket_look(int fd, struct socket_look *out)
{
  struct tcp_info facts = {0};
  socklen_t length = sizeof facts;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &facts, &length) != 0)
    return false;
  *out = (struct socket_look){.received = facts.tcpi_bytes_received,
                              .acked = facts.tcpi_bytes_acked,
                              .is_open = facts.tcpi_state == 1 /* established */};
  return true;
}

/* ---- the sweeper */

/* With a reset: what it has not taken is given up, too. */
static void connection_end_slow(struct wr_web_connection *connection, _Atomic uint64_t *slow_total)
{
  const struct linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  shutdown(connection->fd, SHUT_RDWR);
  atomic_fetch_add_explicit(slow_total, 1, memory_order_relaxed);
}

static bool connection_has_request(const struct wr_web_connection *connection)
{
  int phase = atomic_load(&connection->phase);
  return phase == WR_CONNECTION_HEAD || phase == WR_CONNECTION_BODY;
}

/* libmicrohttpd may miss that the other side has ended the connection if that came together with
 * bytes: it is woken up as soon as it has read these. Answers are still sent. False: the connection
 * has been quiet for so long that it would have been seen. */
static bool connection_glance(struct wr_web_connection *connection, int64_t now_us)
{
  struct socket_look look;
  int waiting = 0;
  if (now_us - atomic_load(&connection->phase_us) > GLANCE_FOR_US)
    return false;
  if (connection_has_request(connection) && !connection->follow &&
      socket_look(connection->fd, &look) && !look.is_open &&
      ioctl(connection->fd, SIOCINQ, &waiting) == 0 && waiting == 0)
    shutdown(connection->fd, SHUT_RD);
  return true;
}

/* Should that not have helped. */
static void sweep_gone(struct wr_web_connection *connection, const struct socket_look *look)
{
  if (look->is_open)
    connection->gone_count = 0;
  else if (++connection->gone_count > 1)
    shutdown(connection->fd, SHUT_RDWR);
}

static void sweep_head(struct wr_connections *connections, struct wr_web_connection *connection,
                       const struct socket_look *look, int64_t since_us, int64_t now_us)
{
  if (look->received <= atomic_load(&connection->phase_bytes)) {
    connection->first_byte_us = 0;
    return;
  }
  if (connection->first_byte_us < since_us) /* of the request before: this one's is new */
    connection->first_byte_us = now_us;
  else if (now_us - connection->first_byte_us > WR_HTTP_HEAD_US)
    connection_end_slow(connection, &connections->slow_total);
}

static void sweep_follow(struct wr_web_connection *connection, const struct socket_look *look,
                         int64_t now_us)
{
  struct wr_connection_follow *follow = connection->follow;
  int64_t asked_us = atomic_load(&follow->asked_us);
  if (!look->is_open) {
    follow->gone(follow->self);
    return;
  }
  if (asked_us == INT64_MAX) {
    if (now_us - atomic_load(&follow->told_us) >= WR_HTTP_BEAT_US)
      follow->beat(follow->self);
    return;
  }
  if (look->acked != connection->sent_bytes || asked_us > connection->moved_us) {
    connection->sent_bytes = look->acked;
    connection->moved_us = now_us;
  } else if (now_us - connection->moved_us > WR_HTTP_STALL_US) {
    connection_end_slow(connection, follow->slow_total);
  }
}

static void sweep_one(struct wr_connections *connections, struct wr_web_connection *connection,
                      int64_t now_us)
{
  struct socket_look look;
  int phase = atomic_load(&connection->phase);
  int64_t since_us = atomic_load(&connection->phase_us);
  if (phase == WR_CONNECTION_BODY && now_us - since_us > WR_HTTP_BODY_US)
    connection_end_slow(connection, &connections->slow_total);
  if ((!connection_has_request(connection) && !connection->follow) ||
      !socket_look(connection->fd, &look))
    return;
  if (connection->follow)
    sweep_follow(connection, &look, now_us);
  else
    sweep_gone(connection, &look);
  if (phase == WR_CONNECTION_HEAD)
    sweep_head(connections, connection, &look, since_us, now_us);
}

static void *sweeper_run(void *self)
{
  struct wr_connections *connections = self;
  int64_t swept_us = wr_monotonic_us(), now_us = swept_us;
  uint64_t total = 0;
  bool is_used = false;
  pthread_mutex_lock(&connections->lock);
  while (!connections->stopping) {
    int64_t until_us = is_used ? now_us + GLANCE_US : swept_us + SWEEP_US;
    const struct timespec until = {until_us / WR_US_PER_SECOND, until_us % WR_US_PER_SECOND * 1000};
    pthread_cond_timedwait(&connections->changed, &connections->lock, &until);
    now_us = wr_monotonic_us();
    bool sweeps = now_us - swept_us >= SWEEP_US;
    swept_us = sweeps ? now_us : swept_us;
    is_used = total != atomic_load(&connections->total);
    total = atomic_load(&connections->total);
    struct wr_web_connection *connection = connections->stopping ? NULL : connections->first;
    for (; connection; connection = connection->next) {
      if (sweeps)
        sweep_one(connections, connection, now_us);
      is_used = connection_glance(connection, now_us) || is_used;
    }
  }
  pthread_mutex_unlock(&connections->lock);
  return NULL;
}

enum wr_code wr_web_thread_start(void *(*run)(void *), void *self, const char *name,
                                 pthread_t *thread, struct wr_error *err)
{
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int problem = pthread_create(thread, NULL, run, self);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  errno = problem;
  if (problem)
    return wr_fail(err, WR_IO, "cannot start a thread for HTTP: %m");
  pthread_setname_np(*thread, name);
  return WR_OK;
}

enum wr_code wr_connections_new(struct wr_connections **out, struct wr_error *err)
{
  struct wr_connections *connections = wr_memory_get_zero(sizeof *connections);
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&connections->lock, NULL);
  pthread_cond_init(&connections->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  enum wr_code code =
      wr_web_thread_start(sweeper_run, connections, "http-sweeper", &connections->sweeper, err);
  if (code != WR_OK) {
    pthread_mutex_destroy(&connections->lock);
    pthread_cond_destroy(&connections->changed);
    free(connections);
    return code;
  }
  *out = connections;
  return WR_OK;
}

void wr_connections_free(struct wr_connections *connections)
{
  if (!connections)
    return;
  assert(!connections->first);
  pthread_mutex_lock(&connections->lock);
  connections->stopping = true;
  pthread_cond_signal(&connections->changed);
  pthread_mutex_unlock(&connections->lock);
  pthread_join(connections->sweeper, NULL);
  pthread_mutex_destroy(&connections->lock);
  pthread_cond_destroy(&connections->changed);
  free(connections);
}

/* ---- the list */

struct wr_web_connection *wr_connections_add(struct wr_connections *connections,
                                             struct MHD_Connection *mhd, int fd)
{
  struct wr_web_connection *connection = wr_memory_get_zero(sizeof *connection);
  connection->mhd = mhd;
  connection->fd = fd;
  atomic_store(&connection->phase_us, wr_monotonic_us());
  pthread_mutex_lock(&connections->lock);
  connection->next = connections->first;
  if (connection->next)
    connection->next->before = connection;
  connections->first = connection;
  pthread_mutex_unlock(&connections->lock);
  atomic_fetch_add(&connections->count, 1);
  atomic_fetch_add(&connections->total, 1);
  return connection;
}

void wr_connections_remove(struct wr_connections *connections, struct wr_web_connection *connection)
{
  pthread_mutex_lock(&connections->lock);
  assert(!connection->follow);
  if (connection->next)
    connection->next->before = connection->before;
  if (connection->before)
    connection->before->next = connection->next;
  else
    connections->first = connection->next;
  pthread_mutex_unlock(&connections->lock);
  atomic_fetch_sub(&connections->count, 1);
  free(connection);
}

void wr_connection_enter(struct wr_web_connection *connection, enum wr_connection_phase phase)
{
  struct socket_look look;
  if (phase == WR_CONNECTION_HEAD && socket_look(connection->fd, &look))
    atomic_store(&connection->phase_bytes, look.received);
  atomic_store(&connection->phase_us, wr_monotonic_us());
  atomic_store(&connection->phase, phase);
}

void wr_connection_follow(struct wr_connections *connections, struct wr_web_connection *connection,
                          struct wr_connection_follow *follow)
{
  pthread_mutex_lock(&connections->lock);
  connection->follow = follow;
  connection->moved_us = wr_monotonic_us();
  pthread_mutex_unlock(&connections->lock);
}

void wr_connections_shut(struct wr_connections *connections, enum wr_connection_phase phase)
{
  pthread_mutex_lock(&connections->lock);
  for (struct wr_web_connection *at = connections->first; at; at = at->next)
    if (atomic_load(&at->phase) == (int)phase)
      shutdown(at->fd, SHUT_RDWR);
  pthread_mutex_unlock(&connections->lock);
}

void wr_connections_beat(struct wr_connections *connections)
{
  pthread_mutex_lock(&connections->lock);
  for (struct wr_web_connection *at = connections->first; at; at = at->next)
    if (at->follow)
      at->follow->beat(at->follow->self);
  pthread_mutex_unlock(&connections->lock);
}

void wr_connections_count(const struct wr_connections *connections, uint32_t *now, uint64_t *total,
                          uint64_t *slow_total)
{
  *now = atomic_load(&connections->count);
  *total = atomic_load(&connections->total);
  *slow_total = atomic_load(&connections->slow_total);
}
