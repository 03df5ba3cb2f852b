/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stopper.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "core/time.h"

#define STOPPER_STEP_US (50 * WR_US_PER_MS)
#define STOPPER_ECHO_US (10 * WR_US_PER_MS) /* one stop told to the process and to its group */

static void *stopper_wait(void *argument)
{
  struct wr_stopper *stopper = argument;
  sigset_t signals;
  int64_t first_us = 0;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  for (;;) {
    int signal_number;
    if (sigwait(&signals, &signal_number) != 0)
      continue;
    int64_t now_us = wr_monotonic_us();
    pthread_mutex_lock(&stopper->lock);
    bool first = atomic_fetch_add(&stopper->signals, 1) == 0;
    bool is_echo = !first && now_us - first_us < STOPPER_ECHO_US;
    if (first)
      first_us = now_us;
    if (!is_echo && (!first || (!stopper->execution && !stopper->pausing)))
      _exit(128 + signal_number);
    if (first && stopper->execution)
      wr_execution_stop(stopper->execution, stopper->drain);
    pthread_mutex_unlock(&stopper->lock);
  }
  return NULL;
}

void wr_stopper_open(struct wr_stopper *stopper, bool drain)
{
  pthread_mutex_init(&stopper->lock, NULL);
  stopper->execution = NULL;
  stopper->pausing = false;
  stopper->drain = drain;
  atomic_init(&stopper->signals, 0);
}

void wr_stopper_close(struct wr_stopper *stopper)
{
  pthread_mutex_destroy(&stopper->lock);
}

void wr_stopper_start(struct wr_stopper *stopper, bool drain)
{
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, NULL); /* for this thread and all that it starts */
  signal(SIGPIPE, SIG_IGN);
  wr_stopper_open(stopper, drain);
  pthread_create(&stopper->thread, NULL, stopper_wait, stopper);
}

void wr_stopper_watch(struct wr_stopper *stopper, struct wr_execution *execution)
{
  pthread_mutex_lock(&stopper->lock);
  stopper->execution = execution;
  if (execution && atomic_load(&stopper->signals)) /* it was told so before this one began */
    wr_execution_stop(execution, stopper->drain);
  pthread_mutex_unlock(&stopper->lock);
}

void wr_stopper_stop(struct wr_stopper *stopper, bool drain)
{
  pthread_mutex_lock(&stopper->lock);
  if (atomic_load(&stopper->signals) == 0) {
    stopper->drain = stopper->drain || drain;
    atomic_fetch_add(&stopper->signals, 1);
    if (stopper->execution)
      wr_execution_stop(stopper->execution, stopper->drain);
  }
  pthread_mutex_unlock(&stopper->lock);
}

void wr_stopper_expect(struct wr_stopper *stopper, bool looks)
{
  pthread_mutex_lock(&stopper->lock);
  stopper->pausing = looks;
  pthread_mutex_unlock(&stopper->lock);
}

bool wr_stopper_pause(struct wr_stopper *stopper, int64_t pause_us)
{
  const struct timespec step = {0, STOPPER_STEP_US * 1000};
  int64_t end_us = wr_monotonic_us() + pause_us;
  wr_stopper_expect(stopper, true);
  while (wr_monotonic_us() < end_us && !atomic_load(&stopper->signals))
    nanosleep(&step, NULL);
  wr_stopper_expect(stopper, false);
  return !atomic_load(&stopper->signals);
}

void wr_stopper_end(struct wr_stopper *stopper)
{
  pthread_cancel(stopper->thread); /* it waits for signals: the only place where it can be ended */
  pthread_join(stopper->thread, NULL);
  wr_stopper_close(stopper);
}
