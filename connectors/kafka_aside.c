/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Whoever is there last, the thread or the one who waits, frees. */
#include "connectors/kafka_aside.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "core/arena.h"
#include "core/time.h"

struct wr_kafka_aside {
  pthread_t thread;
  rd_kafka_t *rk;
  rd_kafka_topic_partition_list_t *place;
  rd_kafka_consumer_group_metadata_t *group;
  int timeout_ms;
  pthread_mutex_t lock; /* guards what follows */
  pthread_cond_t changed;
  rd_kafka_error_t *error;
  bool is_back, is_left;
};

static void aside_free(struct wr_kafka_aside *aside)
{
  rd_kafka_topic_partition_list_destroy(aside->place);
  rd_kafka_consumer_group_metadata_destroy(aside->group);
  pthread_cond_destroy(&aside->changed);
  pthread_mutex_destroy(&aside->lock);
  free(aside);
}

static void aside_free_left(struct wr_kafka_aside *aside)
{
  if (aside->error)
    rd_kafka_error_destroy(aside->error);
  rd_kafka_destroy(aside->rk);
  aside_free(aside);
}

static void *aside_run(void *argument)
{
  struct wr_kafka_aside *aside = argument;
  rd_kafka_error_t *error = rd_kafka_send_offsets_to_transaction(aside->rk, aside->place,
                                                                 aside->group, aside->timeout_ms);
  pthread_mutex_lock(&aside->lock);
  bool is_left = aside->is_left;
  aside->error = error;
  aside->is_back = true;
  pthread_cond_signal(&aside->changed);
  pthread_mutex_unlock(&aside->lock);
  if (is_left)
    aside_free_left(aside);
  return NULL;
}

enum wr_code wr_kafka_aside_begin(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *place,
                                  const char *group, int timeout_ms, struct wr_kafka_aside **out,
                                  struct wr_error *err)
{
  struct wr_kafka_aside *aside = wr_memory_get_zero(sizeof *aside);
  pthread_condattr_t attributes;
  sigset_t all, old;
  aside->rk = rk;
  aside->place = rd_kafka_topic_partition_list_copy(place);
  aside->group = rd_kafka_consumer_group_metadata_new(group);
  aside->timeout_ms = timeout_ms;
  pthread_mutex_init(&aside->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&aside->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  sigfillset(&all); /* signals are for the thread that started the job */
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int failure = pthread_create(&aside->thread, NULL, aside_run, aside);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (failure) {
    aside_free(aside);
    wr_fail(err, WR_IO, "no thread can be started for asking Kafka");
    err->retry = true;
    return err->code;
  }
  *out = aside;
  return WR_OK;
}

bool wr_kafka_aside_wait(struct wr_kafka_aside *aside, int timeout_ms)
{
  int64_t deadline_us = wr_monotonic_us() + timeout_ms * WR_US_PER_MS;
  struct timespec deadline = {deadline_us / WR_US_PER_SECOND,
                              deadline_us % WR_US_PER_SECOND * 1000};
  pthread_mutex_lock(&aside->lock);
  while (!aside->is_back && wr_monotonic_us() < deadline_us)
    pthread_cond_timedwait(&aside->changed, &aside->lock, &deadline);
  bool is_back = aside->is_back;
  pthread_mutex_unlock(&aside->lock);
  return is_back;
}

rd_kafka_error_t *wr_kafka_aside_end(struct wr_kafka_aside *aside)
{
  pthread_join(aside->thread, NULL);
  rd_kafka_error_t *error = aside->error;
  assert(aside->is_back && !aside->is_left);
  aside_free(aside);
  return error;
}

void wr_kafka_aside_leave(struct wr_kafka_aside *aside)
{
  pthread_mutex_lock(&aside->lock);
  bool is_back = aside->is_back;
  pthread_t thread = aside->thread;
  aside->is_left = true;
  if (!is_back)
    pthread_detach(thread);
  pthread_mutex_unlock(&aside->lock);
  if (!is_back)
    return; /* it is the thread's */
  pthread_join(thread, NULL);
  aside_free_left(aside);
}
