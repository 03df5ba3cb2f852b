/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pump. It owns every WebSocket from the moment that libmicrohttpd hands over its socket; until
 * then the request does. Another thread may only put one on the list of those that are ready (the
 * hub, by wake) or of those that are new (libmicrohttpd), and write to the event descriptor.
 *
 *   OPEN     lines of the follower go out as long as the socket takes them
 *   CLOSING  our close frame is queued; the other side has CLOSE_US to answer
 *   OVER     will be freed at the end of this round
 */
#include "server/websocket.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/time.h"
#include "server/inner.h"
#include "server/websocket_frame.h"

#define EVENTS         64
#define ROUNDS         8          /* reads of one follower before the others get their turn */
#define READ_BYTES     (32 << 10) /* of a follower at a time */
#define OUT_BYTES_KEPT (8 << 10)  /* of a buffer that is empty */
#define SWEEP_US       WR_US_PER_SECOND
#define PING_US        (30 * WR_US_PER_SECOND)
#define CLOSE_US       (2 * WR_US_PER_SECOND)
#define BUDGET_US      (10 * WR_US_PER_SECOND)
#define BUDGET_FRAMES  100 /* that a client may send in that time */

enum websocket_state { WEBSOCKET_OPEN, WEBSOCKET_CLOSING, WEBSOCKET_OVER };

struct wr_websocket {
  struct wr_websockets *pump;
  struct wr_websocket *next, *before; /* of all */
  struct wr_websocket *next_ready;    /* under the pump's lock, like the next two */
  bool is_ready, is_given;
  /* the pump's alone from here on, once it is given */
  struct wr_follower *follower;
  struct MHD_UpgradeResponseHandle *handle;
  int fd;
  enum websocket_state state;
  bool in_message;     /* the last frame of ours was not the message's last */
  bool hears_message;  /* the same of the client */
  bool wants_out;      /* epoll tells when the socket takes bytes */
  size_t heard_bytes;  /* of the client's message */
  struct wr_buffer in; /* bytes of a frame that is not complete */
  struct wr_buffer out;
  size_t out_sent;
  int64_t moved_us, heard_us, pinged_us, closing_us, budget_us;
  uint32_t budget_frames;
};

struct wr_websockets {
  struct wr_server *server;
  pthread_t thread;
  pthread_mutex_t lock;
  struct wr_websocket *ready, *given; /* under lock */
  bool stopping, is_over;             /* under lock; over: the thread has ended */
  int epoll_fd, event_fd;
  struct wr_websocket *first; /* the pump's */
  char space[READ_BYTES];     /* the pump's */
};

/* ---- other threads */

static void pump_ring(struct wr_websockets *pump)
{
  const uint64_t one = 1;
  ssize_t written = write(pump->event_fd, &one, sizeof one);
  (void)written; /* if it is full, it rings already */
}

static void websocket_wake(void *self)
{
  struct wr_websocket *socket = self;
  struct wr_websockets *pump = socket->pump;
  pthread_mutex_lock(&pump->lock);
  bool must_ring = !socket->is_ready && socket->is_given && !pump->ready;
  if (!socket->is_ready && socket->is_given) {
    socket->is_ready = true;
    socket->next_ready = pump->ready;
    pump->ready = socket;
  }
  pthread_mutex_unlock(&pump->lock);
  if (must_ring)
    pump_ring(pump);
}

static void websocket_free(struct wr_websocket *socket)
{
  if (socket->follower)
    wr_follower_free(socket->follower); /* no wake from here on */
  atomic_fetch_sub(&socket->pump->server->websocket_count, 1);
  wr_buffer_free(&socket->in);
  wr_buffer_free(&socket->out);
  free(socket);
}

void wr_websocket_abandon(struct wr_websocket *socket)
{
  if (socket)
    websocket_free(socket);
}

/* ---- sending */

static void websocket_end(struct wr_websocket *socket)
{
  socket->state = WEBSOCKET_OVER;
}

static void websocket_watch(struct wr_websocket *socket, bool wants_out)
{
  if (socket->wants_out == wants_out)
    return;
  struct epoll_event event = {.events = EPOLLIN | (wants_out ? EPOLLOUT : 0), .data.ptr = socket};
  socket->wants_out = wants_out;
  epoll_ctl(socket->pump->epoll_fd, EPOLL_CTL_MOD, socket->fd, &event);
}

static void websocket_flush(struct wr_websocket *socket)
{
  while (socket->state != WEBSOCKET_OVER && socket->out_sent < socket->out.length) {
    ssize_t sent = send(socket->fd, socket->out.bytes + socket->out_sent,
                        socket->out.length - socket->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      socket->out_sent += (size_t)sent;
      socket->moved_us = wr_monotonic_us();
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      websocket_watch(socket, true);
      return;
    } else if (errno != EINTR) {
      websocket_end(socket);
      return;
    }
  }
  websocket_watch(socket, false);
  socket->out_sent = 0;
  wr_buffer_clear(&socket->out);
  if (socket->out.capacity > OUT_BYTES_KEPT)
    wr_buffer_free(&socket->out);
}

static void websocket_put(struct wr_websocket *socket, bool is_final,
                          enum wr_websocket_opcode opcode, const char *bytes, size_t length)
{
  char *head = wr_buffer_reserve(&socket->out, WR_WEBSOCKET_HEAD_BYTES_MAX);
  if (socket->out.length == 0)
    socket->moved_us = wr_monotonic_us(); /* something waits from now on */
  wr_buffer_added(&socket->out, wr_websocket_head_write(head, is_final, opcode, length));
  wr_buffer_put(&socket->out, bytes, length);
}

static void websocket_close(struct wr_websocket *socket, enum wr_websocket_code code)
{
  const char payload[2] = {(char)(code >> 8), (char)(code & 255)};
  if (socket->state != WEBSOCKET_OPEN)
    return;
  websocket_put(socket, true, WR_WEBSOCKET_CLOSE, payload, sizeof payload);
  socket->state = WEBSOCKET_CLOSING;
  socket->closing_us = wr_monotonic_us();
  websocket_flush(socket);
}

/* Each line is a message; what has no end yet is sent as a part of one. */
static void websocket_put_lines(struct wr_websocket *socket, const char *bytes, size_t length)
{
  while (length > 0) {
    const char *end = memchr(bytes, '\n', length);
    size_t piece = end ? (size_t)(end - bytes) : length;
    if (piece || socket->in_message)
      websocket_put(socket, end != NULL,
                    socket->in_message ? WR_WEBSOCKET_CONTINUE : WR_WEBSOCKET_TEXT, bytes, piece);
    socket->in_message = !end;
    piece += end != NULL;
    bytes += piece;
    length -= piece;
  }
}

/* Sends what the follower has, as far as the socket takes it. */
static void websocket_fill(struct wr_websocket *socket)
{
  struct wr_websockets *pump = socket->pump;
  for (unsigned i = 0; socket->state == WEBSOCKET_OPEN && socket->out.length == 0; i++) {
    if (i == ROUNDS) {
      websocket_wake(socket);
      return;
    }
    ptrdiff_t got = wr_follower_read(socket->follower, pump->space, sizeof pump->space);
    if (got == 0)
      return;
    if (got < 0) {
      if (got < -1)
        atomic_fetch_add(&pump->server->followers_slow_total, 1);
      websocket_close(socket, got < -1 ? WR_WEBSOCKET_LATER : WR_WEBSOCKET_NORMAL);
      return;
    }
    websocket_put_lines(socket, pump->space, (size_t)got);
    websocket_flush(socket);
  }
}

/* ---- hearing */

static void websocket_hear_control(struct wr_websocket *socket,
                                   const struct wr_websocket_head *head, char *bytes)
{
  size_t length = (size_t)head->length;
  wr_websocket_unmask(bytes, length, head->mask);
  if (head->opcode == WR_WEBSOCKET_PING && socket->state == WEBSOCKET_OPEN) {
    websocket_put(socket, true, WR_WEBSOCKET_PONG, bytes, length);
    websocket_flush(socket);
  } else if (head->opcode == WR_WEBSOCKET_CLOSE) {
    bool was_open = socket->state == WEBSOCKET_OPEN;
    websocket_close(socket, wr_websocket_close_valid(bytes, length) ? WR_WEBSOCKET_NORMAL
                                                                    : WR_WEBSOCKET_PROTOCOL);
    if (!was_open || socket->out.length == 0)
      websocket_end(socket);
  }
}

/* One frame's head. 0: go on; else the code to close with. */
static int websocket_judge(struct wr_websocket *socket, const struct wr_websocket_head *head,
                           int64_t now_us)
{
  if (now_us - socket->budget_us > BUDGET_US) {
    socket->budget_us = now_us;
    socket->budget_frames = 0;
  }
  if (++socket->budget_frames > BUDGET_FRAMES)
    return WR_WEBSOCKET_POLICY;
  if (head->opcode >= WR_WEBSOCKET_CLOSE)
    return 0;
  if ((head->opcode == WR_WEBSOCKET_CONTINUE) != socket->hears_message)
    return WR_WEBSOCKET_PROTOCOL;
  if (!socket->hears_message)
    socket->heard_bytes = 0;
  if (head->length > WR_HTTP_MESSAGE_BYTES_MAX - socket->heard_bytes)
    return WR_WEBSOCKET_TOO_BIG;
  socket->heard_bytes += head->length;
  socket->hears_message = !head->is_final;
  return 0;
}

/* Takes whole frames out of what has come. */
static void websocket_hear(struct wr_websocket *socket, int64_t now_us)
{
  size_t at = 0;
  while (socket->state != WEBSOCKET_OVER) {
    struct wr_websocket_head head;
    int taken = wr_websocket_head_read(socket->in.bytes + at, socket->in.length - at, &head);
    if (taken == 0)
      break;
    if (taken < 0 || head.length > WR_HTTP_MESSAGE_BYTES_MAX) {
      websocket_close(socket, taken < 0 ? WR_WEBSOCKET_PROTOCOL : WR_WEBSOCKET_TOO_BIG);
      at = socket->in.length; /* nothing behind it can be understood */
      break;
    }
    if (socket->in.length - at - (size_t)taken < head.length)
      break;
    int problem = websocket_judge(socket, &head, now_us);
    if (problem)
      websocket_close(socket, (enum wr_websocket_code)problem);
    else if (head.opcode >= WR_WEBSOCKET_CLOSE)
      websocket_hear_control(socket, &head, socket->in.bytes + at + taken);
    at += (size_t)taken + (size_t)head.length;
    if (problem) {
      at = socket->in.length;
      break;
    }
  }
  memmove(socket->in.bytes, socket->in.bytes + at, socket->in.length - at);
  socket->in.length -= at;
  if (socket->in.length == 0)
    wr_buffer_free(&socket->in);
}

static void websocket_on_bytes(struct wr_websocket *socket, int64_t now_us)
{
  size_t room = WR_HTTP_MESSAGE_BYTES_MAX + WR_WEBSOCKET_HEAD_BYTES_MAX;
  char *end = wr_buffer_reserve(&socket->in, room);
  ssize_t got = recv(socket->fd, end, room, MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
    websocket_end(socket);
    return;
  }
  if (got > 0) {
    wr_buffer_added(&socket->in, (size_t)got);
    socket->heard_us = now_us;
    if (socket->state == WEBSOCKET_CLOSING && socket->closing_us + CLOSE_US < now_us)
      websocket_end(socket);
  }
  if (socket->in.length)
    websocket_hear(socket, now_us);
}

/* ---- the pump */

/* Takes over those that libmicrohttpd has handed over. */
static void pump_begin(struct wr_websockets *pump, struct wr_websocket *given, int64_t now_us)
{
  while (given) {
    struct wr_websocket *socket = given;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = socket};
    given = socket->next;
    socket->before = NULL;
    socket->next = pump->first;
    if (socket->next)
      socket->next->before = socket;
    pump->first = socket;
    socket->moved_us = socket->heard_us = socket->pinged_us = now_us;
    if (epoll_ctl(pump->epoll_fd, EPOLL_CTL_ADD, socket->fd, &event) != 0)
      websocket_end(socket);
    if (socket->in.length)
      websocket_hear(socket, now_us);
    websocket_fill(socket);
  }
}

static void pump_bury(struct wr_websockets *pump, struct wr_websocket *socket)
{
  if (socket->next)
    socket->next->before = socket->before;
  if (socket->before)
    socket->before->next = socket->next;
  else
    pump->first = socket->next;
  epoll_ctl(pump->epoll_fd, EPOLL_CTL_DEL, socket->fd, NULL);
  struct MHD_UpgradeResponseHandle *handle = socket->handle;
  wr_follower_free(socket->follower);
  socket->follower = NULL;
  pthread_mutex_lock(&pump->lock);
  for (struct wr_websocket **at = &pump->ready; *at; at = &(*at)->next_ready)
    if (*at == socket) {
      *at = socket->next_ready;
      break;
    }
  pthread_mutex_unlock(&pump->lock);
  MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
  websocket_free(socket);
}

/* Once a second: who is silent, stuck or should have gone. */
static void pump_sweep(struct wr_websockets *pump, int64_t now_us)
{
  for (struct wr_websocket *socket = pump->first; socket; socket = socket->next) {
    if (socket->out.length && now_us - socket->moved_us > WR_HTTP_STALL_US) {
      const struct linger now = {.l_onoff = 1, .l_linger = 0};
      setsockopt(socket->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      atomic_fetch_add(&pump->server->followers_slow_total, 1);
      websocket_end(socket);
    } else if (socket->state == WEBSOCKET_CLOSING && now_us - socket->closing_us > CLOSE_US) {
      websocket_end(socket);
    } else if (socket->heard_us < socket->pinged_us && now_us - socket->pinged_us > PING_US) {
      websocket_end(socket);
    } else if (socket->state == WEBSOCKET_OPEN && now_us - socket->pinged_us > PING_US) {
      socket->pinged_us = now_us;
      websocket_put(socket, true, WR_WEBSOCKET_PING, "weir", 4);
      websocket_flush(socket);
    }
  }
}

static void pump_on_event(struct wr_websockets *pump, const struct epoll_event *event,
                          int64_t now_us)
{
  struct wr_websocket *socket = event->data.ptr;
  if (!socket) {
    uint64_t count;
    ssize_t got = read(pump->event_fd, &count, sizeof count);
    (void)got;
    return;
  }
  if (socket->state != WEBSOCKET_OVER && event->events & EPOLLOUT) {
    websocket_flush(socket);
    websocket_fill(socket);
  }
  if (socket->state != WEBSOCKET_OVER && event->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
    websocket_on_bytes(socket, now_us);
}

/* What other threads have left. Returns whether the server stops. */
static bool pump_take(struct wr_websockets *pump, int64_t now_us)
{
  pthread_mutex_lock(&pump->lock);
  struct wr_websocket *given = pump->given, *ready = pump->ready;
  pump->given = pump->ready = NULL;
  bool stopping = pump->stopping;
  while (ready) {
    /* Those behind it count as ready still, so that no wake links them into another list. */
    struct wr_websocket *socket = ready;
    ready = socket->next_ready; /* filling may put it on the list again */
    socket->is_ready = false;
    pthread_mutex_unlock(&pump->lock);
    websocket_fill(socket);
    pthread_mutex_lock(&pump->lock);
  }
  pthread_mutex_unlock(&pump->lock);
  pump_begin(pump, given, now_us);
  return stopping;
}

static void pump_bury_all(struct wr_websockets *pump)
{
  for (struct wr_websocket *socket = pump->first, *next; socket; socket = next) {
    next = socket->next;
    if (socket->state == WEBSOCKET_OVER)
      pump_bury(pump, socket);
  }
}

static bool pump_is_over(struct wr_websockets *pump)
{
  pthread_mutex_lock(&pump->lock);
  pump->is_over = !pump->first && !pump->given;
  bool is_over = pump->is_over;
  pthread_mutex_unlock(&pump->lock);
  return is_over;
}

static void *pump_run(void *self)
{
  struct wr_websockets *pump = self;
  struct epoll_event events[EVENTS];
  int64_t swept_us = wr_monotonic_us();
  for (;;) {
    int count = epoll_wait(pump->epoll_fd, events, EVENTS, (int)(SWEEP_US / WR_US_PER_MS / 4));
    int64_t now_us = wr_monotonic_us();
    for (int i = 0; i < count; i++)
      pump_on_event(pump, &events[i], now_us);
    if (pump_take(pump, now_us)) {
      for (struct wr_websocket *socket = pump->first; socket; socket = socket->next)
        websocket_close(socket, WR_WEBSOCKET_GOING_AWAY);
      if (pump_is_over(pump))
        return NULL;
    }
    if (now_us - swept_us > SWEEP_US) {
      swept_us = now_us;
      pump_sweep(pump, now_us);
    }
    pump_bury_all(pump);
  }
}

enum wr_code wr_websockets_new(struct wr_server *server, struct wr_websockets **out,
                               struct wr_error *err)
{
  struct wr_websockets *pump = wr_memory_get_zero(sizeof *pump);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  pump->server = server;
  pump->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  pump->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  pthread_mutex_init(&pump->lock, NULL);
  enum wr_code code = WR_OK;
  if (pump->epoll_fd < 0 || pump->event_fd < 0 ||
      epoll_ctl(pump->epoll_fd, EPOLL_CTL_ADD, pump->event_fd, &event) != 0)
    code = wr_fail(err, WR_IO, "cannot wait for sockets: %m");
  if (code == WR_OK)
    code = wr_web_thread_start(pump_run, pump, "http-websockets", &pump->thread, err);
  if (code == WR_OK) {
    *out = pump;
    return WR_OK;
  }
  close(pump->epoll_fd);
  close(pump->event_fd);
  pthread_mutex_destroy(&pump->lock);
  free(pump);
  return code;
}

void wr_websockets_stop(struct wr_websockets *pump)
{
  if (!pump)
    return;
  pthread_mutex_lock(&pump->lock);
  pump->stopping = true;
  pthread_mutex_unlock(&pump->lock);
  pump_ring(pump);
  pthread_join(pump->thread, NULL);
}

void wr_websockets_free(struct wr_websockets *pump)
{
  if (!pump)
    return;
  close(pump->epoll_fd);
  close(pump->event_fd);
  pthread_mutex_destroy(&pump->lock);
  free(pump);
}

/* ---- the handshake */

bool wr_websocket_is_wanted(const struct wr_web_request *request)
{
  const char *upgrade = wr_web_header(request, "Upgrade");
  return upgrade && wr_web_list_has(upgrade, "websocket");
}

/* libmicrohttpd's thread: 101 has been sent. */
static void websocket_on_upgrade(void *self, struct MHD_Connection *mhd, void *request_self,
                                 const char *extra, size_t extra_length, MHD_socket fd,
                                 struct MHD_UpgradeResponseHandle *handle)
{
  struct wr_websocket *socket = self;
  struct wr_websockets *pump = socket->pump;
  (void)mhd;
  ((struct wr_web_exchange *)request_self)->reply.websocket = NULL; /* it is the pump's now */
  socket->fd = fd;
  socket->handle = handle;
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  wr_buffer_put(&socket->in, extra, extra_length);
  pthread_mutex_lock(&pump->lock);
  bool is_over = pump->is_over;
  if (!is_over) {
    socket->is_given = true;
    socket->next = pump->given;
    pump->given = socket;
  }
  pthread_mutex_unlock(&pump->lock);
  if (!is_over) {
    pump_ring(pump);
    return;
  }
  MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
  websocket_free(socket);
}

enum wr_code wr_websocket_reply(const struct wr_web_request *request, struct wr_web_reply *reply,
                                struct wr_follow *follow, struct wr_error *err)
{
  struct wr_server *server = request->context->server;
  const char *connection = wr_web_header(request, "Connection");
  const char *version = wr_web_header(request, "Sec-WebSocket-Version");
  const char *key = wr_web_header(request, "Sec-WebSocket-Key");
  char accept[WR_WEBSOCKET_ACCEPT_CHARS + 1];
  enum wr_code code = WR_OK;
  if (!version || strcmp(version, "13") != 0) {
    wr_web_reply_header(request, reply, "Sec-WebSocket-Version", "13");
    wr_web_reply_header(request, reply, "Upgrade", "websocket"); /* RFC 9110, 15.5.22 */
    code = wr_web_fail(reply, 426, err, WR_SEMANTIC, "only version 13 of WebSocket is spoken here");
  } else if (!connection || !wr_web_list_has(connection, "upgrade") || !key ||
             !wr_websocket_accept(key, accept)) {
    code = wr_web_fail(reply, 400, err, WR_SEMANTIC, "the handshake of WebSocket is not complete");
  }
  if (code != WR_OK) {
    if (follow->filter)
      follow->filter->free(follow->filter);
    return code;
  }
  struct wr_websocket *socket = wr_memory_get_zero(sizeof *socket);
  socket->pump = server->websockets;
  follow->wake = websocket_wake;
  follow->wake_self = socket;
  code = wr_hub_follow(request->context->hub, follow, &socket->follower, err);
  if (code != WR_OK) {
    free(socket);
    return code;
  }
  atomic_fetch_add(&server->websocket_count, 1);
  reply->taken = MHD_create_response_for_upgrade(websocket_on_upgrade, socket);
  if (!reply->taken) {
    websocket_free(socket);
    return wr_fail(err, WR_IO, "there is no memory for another stream");
  }
  reply->websocket = socket;
  reply->status = 101;
  wr_web_reply_header(request, reply, "Upgrade", "websocket");
  wr_web_reply_header(request, reply, "Sec-WebSocket-Accept", "%s", accept);
  wr_connection_enter(request->connection, WR_CONNECTION_GIVEN);
  return WR_OK;
}
