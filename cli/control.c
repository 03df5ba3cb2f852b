/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/control.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/control_inner.h"
#include "core/time.h"

#define CONTROL_WAITING_MS 10   /* how often savepoints are looked after */
#define CONTROL_IDLE_MS    1000 /* how often silence is */
#define CONTROL_SILENT_US  (60 * WR_US_PER_SECOND)
#define CONTROL_HOLD_US    WR_US_PER_HOUR
#define CONTROL_CLOSING_US (1 * WR_US_PER_SECOND)
#define CONTROL_DEAF_US    (100 * WR_US_PER_MS)

/* ---- visitors */

static void visitor_leave(struct wr_control_visitor *visitor)
{
  close(visitor->fd);
  wr_buffer_free(&visitor->out);
  *visitor = (struct wr_control_visitor){.fd = -1};
}

static bool visitor_has_heard(const struct wr_control_visitor *visitor)
{
  return visitor->out_at == visitor->out.length;
}

/* Nobody waits for it: it may be sent away. */
static bool visitor_is_idle(const struct wr_control_visitor *visitor)
{
  return !visitor->waits && !visitor->held;
}

/* Sends what it takes without waiting. */
static void visitor_tell(struct wr_control_visitor *visitor, int64_t now_us)
{
  while (!visitor_has_heard(visitor)) {
    ssize_t sent = send(visitor->fd, visitor->out.bytes + visitor->out_at,
                        visitor->out.length - visitor->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      return;
    if (sent < 0) {
      visitor_leave(visitor);
      return;
    }
    visitor->out_at += (size_t)sent;
    visitor->active_us = now_us;
  }
  wr_buffer_clear(&visitor->out);
  visitor->out_at = 0;
  if (visitor->leaves)
    visitor_leave(visitor);
}

/* The lines that are there, one answer after the other. */
static void visitor_read_lines(struct wr_control *control, struct wr_control_visitor *visitor)
{
  size_t line, used;
  while (!visitor->waits && !visitor->leaves && visitor_has_heard(visitor) &&
         wr_line_find(visitor->in, visitor->in_length, &line, &used)) {
    char request[sizeof visitor->in];
    memcpy(request, visitor->in, line);
    visitor->in_length -= used;
    memmove(visitor->in, visitor->in + used, visitor->in_length);
    wr_control_answer(control, visitor, request, line);
  }
  if (visitor->in_length == sizeof visitor->in &&
      !wr_line_find(visitor->in, visitor->in_length, &line, &used)) {
    wr_control_answer(control, visitor, visitor->in, visitor->in_length);
    visitor->leaves = true;
  }
}

static void visitor_hear(struct wr_control_visitor *visitor, int64_t now_us)
{
  ssize_t got = recv(visitor->fd, visitor->in + visitor->in_length,
                     sizeof visitor->in - visitor->in_length, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    return;
  visitor->active_us = now_us;
  if (got > 0)
    visitor->in_length += (size_t)got;
  else if (got == 0)
    visitor->is_finished = true;
  else
    visitor_leave(visitor);
}

/* Line after line, as long as it takes the answers. */
static void visitor_serve(struct wr_control *control, struct wr_control_visitor *visitor,
                          int64_t now_us)
{
  size_t before;
  do {
    before = visitor->in_length;
    visitor_read_lines(control, visitor);
    if (visitor->waits)
      wr_control_follow(control, visitor);
    visitor_tell(visitor, now_us);
  } while (visitor->fd >= 0 && visitor->in_length < before);
  if (visitor->fd >= 0 && visitor->is_finished && !visitor->waits && visitor_has_heard(visitor))
    visitor_leave(visitor);
}

/* Whoever takes nothing, or says nothing, goes. */
static void visitor_check_time(struct wr_control_visitor *visitor, int64_t now_us)
{
  bool is_silent = now_us - visitor->active_us > CONTROL_SILENT_US;
  bool holds_too_long = visitor->held && now_us - visitor->held_us > CONTROL_HOLD_US;
  if ((is_silent && (visitor_is_idle(visitor) || !visitor_has_heard(visitor))) || holds_too_long)
    visitor_leave(visitor);
}

/* ---- the thread */

/* A place for one more: a free one, or that of the one who has been idle for the longest time. */
static struct wr_control_visitor *control_place(struct wr_control *control)
{
  struct wr_control_visitor *place = NULL;
  for (uint32_t i = 0; i < WR_CONTROL_VISITORS_MAX; i++) {
    struct wr_control_visitor *visitor = &control->visitors[i];
    if (visitor->fd < 0)
      return visitor;
    if (visitor_is_idle(visitor) && (!place || visitor->active_us < place->active_us))
      place = visitor;
  }
  if (place)
    visitor_leave(place);
  return place;
}

static void control_accept(struct wr_control *control, int64_t now_us)
{
  static const char full[] =
      "failed too many others wait for savepoints of this job; try again later\n";
  int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) {
    control->deaf_us = now_us + CONTROL_DEAF_US; /* too many files are open: not at once again */
    return;
  }
  struct wr_control_visitor *place = control_place(control);
  if (!place) {
    ssize_t sent = send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent; /* it closes all the same */
    close(fd);
    return;
  }
  place->fd = fd;
  place->active_us = now_us;
}

/* What the store must keep: the oldest that anybody holds. */
static void control_hold(struct wr_control *control)
{
  uint64_t held = 0;
  for (uint32_t i = 0; i < WR_CONTROL_VISITORS_MAX; i++) {
    const struct wr_control_visitor *visitor = &control->visitors[i];
    if (visitor->fd >= 0 && visitor->held && (held == 0 || visitor->held < held))
      held = visitor->held;
  }
  atomic_store(&control->store->held, held);
}

static void control_serve(struct wr_control *control, const struct pollfd *polls)
{
  int64_t now_us = wr_monotonic_us();
  uint64_t wakes;
  if (polls[0].revents & POLLIN && read(control->wake_fd, &wakes, sizeof wakes) < 0)
    assert(errno == EAGAIN || errno == EINTR);
  for (uint32_t i = 0; i < WR_CONTROL_VISITORS_MAX; i++) {
    struct wr_control_visitor *visitor = &control->visitors[i];
    short events = polls[2 + i].fd == visitor->fd ? polls[2 + i].revents : 0;
    if (visitor->fd >= 0 && events & POLLIN)
      visitor_hear(visitor, now_us);
    else if (visitor->fd >= 0 && events & (POLLHUP | POLLERR))
      visitor_leave(visitor);
    if (visitor->fd >= 0)
      visitor_serve(control, visitor, now_us);
    if (visitor->fd >= 0)
      visitor_check_time(visitor, now_us);
  }
  if (polls[1].fd >= 0 && polls[1].revents & POLLIN)
    control_accept(control, now_us);
  control_hold(control);
}

/* Who is to be listened to, and for how long. */
static int control_prepare(struct wr_control *control, struct pollfd *polls)
{
  bool is_deaf = wr_monotonic_us() < control->deaf_us;
  int wait_ms = is_deaf ? CONTROL_IDLE_MS : -1;
  polls[0] = (struct pollfd){control->wake_fd, POLLIN, 0};
  polls[1] = (struct pollfd){is_deaf ? -1 : control->listen_fd, POLLIN, 0};
  for (uint32_t i = 0; i < WR_CONTROL_VISITORS_MAX; i++) {
    const struct wr_control_visitor *visitor = &control->visitors[i];
    bool hears = visitor->in_length < sizeof visitor->in && !visitor->is_finished;
    polls[2 + i] = (struct pollfd){visitor->fd, hears ? POLLIN : 0, 0};
    if (visitor->fd < 0)
      continue;
    if (!visitor_has_heard(visitor))
      polls[2 + i].events |= POLLOUT;
    int step_ms = visitor->waits ? CONTROL_WAITING_MS : CONTROL_IDLE_MS;
    wait_ms = wait_ms < 0 || step_ms < wait_ms ? step_ms : wait_ms;
  }
  return wait_ms;
}

static void *control_run(void *argument)
{
  struct wr_control *control = argument;
  struct pollfd polls[2 + WR_CONTROL_VISITORS_MAX];
  bool closing = false;
  while (!closing) {
    pthread_mutex_lock(&control->lock);
    int wait_ms = control_prepare(control, polls);
    pthread_mutex_unlock(&control->lock);
    if (poll(polls, sizeof polls / sizeof *polls, wait_ms) < 0 && errno != EINTR)
      break;
    pthread_mutex_lock(&control->lock);
    closing = control->closing;
    if (!closing)
      control_serve(control, polls);
    pthread_mutex_unlock(&control->lock);
  }
  return NULL;
}

/* ---- opening */

static enum wr_code control_listen(struct wr_control *control, const char *state_dir,
                                   struct wr_error *err)
{
  struct sockaddr_un address;
  control->folder_fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (control->folder_fd < 0)
    return wr_fail(err, WR_IO, "cannot open the folder %s: %m", state_dir);
  wr_control_address(control->folder_fd, &address);
  control->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  control->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (control->listen_fd < 0 || control->wake_fd < 0)
    return wr_fail(err, WR_IO, "cannot make a socket: %m");
  if (unlinkat(control->folder_fd, WR_CONTROL_NAME, 0) != 0 && errno != ENOENT)
    return wr_fail(err, WR_IO, "cannot remove %s/" WR_CONTROL_NAME ": %m", state_dir);
  if (bind(control->listen_fd, (struct sockaddr *)&address, sizeof address) != 0)
    return wr_fail(err, WR_IO, "cannot make %s/" WR_CONTROL_NAME ": %m", state_dir);
  /* Before it listens nobody can connect. */
  if (fchmodat(control->folder_fd, WR_CONTROL_NAME, 0600, 0) != 0)
    return wr_fail(err, WR_IO, "cannot protect %s/" WR_CONTROL_NAME ": %m", state_dir);
  if (listen(control->listen_fd, WR_CONTROL_VISITORS_MAX) != 0)
    return wr_fail(err, WR_IO, "cannot listen on %s/" WR_CONTROL_NAME ": %m", state_dir);
  return WR_OK;
}

static void control_free(struct wr_control *control)
{
  for (uint32_t i = 0; i < WR_CONTROL_VISITORS_MAX; i++)
    if (control->visitors[i].fd >= 0)
      visitor_leave(&control->visitors[i]);
  if (control->folder_fd >= 0)
    unlinkat(control->folder_fd, WR_CONTROL_NAME, 0);
  const int fds[] = {control->listen_fd, control->wake_fd, control->folder_fd};
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0)
      close(fds[i]);
  pthread_mutex_destroy(&control->lock);
  free(control);
}

enum wr_code wr_control_open(const char *state_dir, struct wr_store *store,
                             struct wr_stopper *stopper, struct wr_control **out,
                             struct wr_error *err)
{
  struct wr_control *control = wr_memory_get_zero(sizeof *control);
  control->folder_fd = control->listen_fd = control->wake_fd = -1;
  control->store = store;
  control->stopper = stopper;
  control->started_us = wr_monotonic_us();
  for (uint32_t i = 0; i < WR_CONTROL_VISITORS_MAX; i++)
    control->visitors[i].fd = -1;
  pthread_mutex_init(&control->lock, NULL);
  enum wr_code code = control_listen(control, state_dir, err);
  if (code == WR_OK) {
    sigset_t all, old; /* signals are for the one that waits for them */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&control->thread, NULL, control_run, control) != 0)
      code = wr_fail(err, WR_IO, "no thread can be started for %s/" WR_CONTROL_NAME, state_dir);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
  }
  if (code != WR_OK)
    control_free(control);
  else
    *out = control;
  return code;
}

/* ---- what the job tells it */

static void control_wake(struct wr_control *control)
{
  uint64_t one = 1;
  ssize_t written = write(control->wake_fd, &one, sizeof one);
  (void)written; /* full: it is awake already */
}

void wr_control_watch(struct wr_control *control, struct wr_execution *execution)
{
  pthread_mutex_lock(&control->lock);
  control->execution = execution;
  control->is_paused = false;
  pthread_mutex_unlock(&control->lock);
}

void wr_control_pause(struct wr_control *control, const struct wr_control_past *past,
                      const char *failure)
{
  pthread_mutex_lock(&control->lock);
  assert(!control->execution);
  control->past = *past;
  control->is_paused = true;
  control->failed_us = wr_now_us();
  snprintf(control->failure, sizeof control->failure, "%s", failure);
  snprintf(control->why_not, sizeof control->why_not,
           "the job has failed and is going to start again: %s", failure);
  for (uint32_t i = 0; i < WR_CONTROL_VISITORS_MAX; i++) {
    struct wr_control_visitor *visitor = &control->visitors[i];
    if (visitor->fd >= 0 && visitor->waits)
      wr_control_reply_failure(visitor, control->why_not);
  }
  pthread_mutex_unlock(&control->lock);
  control_wake(control);
}

static void control_tell_end(struct wr_control *control, const struct wr_control_end *end)
{
  struct wr_reply reply = {.kind = end->ended ? WR_REPLY_ENDED : WR_REPLY_STOPPED,
                           .epoch = end->epoch};
  for (uint32_t i = 0; i < WR_CONTROL_VISITORS_MAX; i++) {
    struct wr_control_visitor *visitor = &control->visitors[i];
    if (visitor->fd < 0 || !visitor->waits)
      continue;
    if (end->failure)
      wr_control_reply_failure(visitor, end->failure);
    else
      wr_control_reply(visitor, &reply);
  }
}

/* Gives everybody a moment to take what was said. */
static void control_linger(struct wr_control *control)
{
  int64_t end_us = wr_monotonic_us() + CONTROL_CLOSING_US, now_us;
  bool all_heard = false;
  while (!all_heard && (now_us = wr_monotonic_us()) < end_us) {
    all_heard = true;
    for (uint32_t i = 0; i < WR_CONTROL_VISITORS_MAX; i++) {
      struct wr_control_visitor *visitor = &control->visitors[i];
      if (visitor->fd >= 0)
        visitor_tell(visitor, now_us);
      all_heard = all_heard && (visitor->fd < 0 || visitor_has_heard(visitor));
    }
    if (!all_heard)
      poll(NULL, 0, CONTROL_WAITING_MS);
  }
}

void wr_control_close(struct wr_control *control, const struct wr_control_end *end)
{
  if (!control)
    return;
  pthread_mutex_lock(&control->lock);
  control->closing = true;
  pthread_mutex_unlock(&control->lock);
  control_wake(control);
  pthread_join(control->thread, NULL);
  control_tell_end(control, end);
  control_linger(control);
  control_free(control);
}
