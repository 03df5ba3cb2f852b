/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live feeds as event streams and lines of JSON. libmicrohttpd asks for bytes when the socket takes
 * some; we copy what the follower has. If it has nothing the connection is suspended, and `wake`
 * resumes it. A wake that comes between the read of nothing and the suspension is kept
 * (`is_woken`): both are done under the stream's lock.
 *
 *   libmicrohttpd's thread         hub's thread, sweeper
 *   read -> 0
 *   lock: woken? read again        lock: suspended? resume, else woken = true
 *         else suspend             unlock
 *   unlock, 0
 *
 * Nothing of this waits: a reader that takes nothing is simply not asked for any more, until the
 * sweeper ends it (WR_HTTP_STALL_US) or it has fallen out of the hub's ring.
 */
#include "server/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/limits.h"
#include "core/time.h"
#include "planner/predicate.h"
#include "server/inner.h"
#include "server/websocket.h"

#define BLOCK_BYTES   4096 /* copied at a time for HTTP/1.0; else as much as a connection has */
#define WORDS_MAX     64   /* what the stream says by itself */
#define RETRY_MS      1000
#define EVERY_US_MIN  (10 * WR_US_PER_MS)
#define EVERY_US_MAX  WR_US_PER_HOUR
#define PICK_ROWS_MAX 64 /* that a condition sees before its time is looked at */
#define LAST_ID_MAX   128
#define ROWS_FALLBACK 100

struct follow_stream {
  struct wr_connection_follow sweep;
  struct wr_server *server;
  struct wr_web_connection *connection;
  struct wr_follower *follower;
  enum wr_framing framing;
  pthread_mutex_t lock;
  bool is_suspended, is_woken, must_beat, has_gone; /* under lock */
  char words[WORDS_MAX];                            /* to be sent between two frames */
  size_t words_length, words_sent;
};

/* ---- filters */

struct wr_follow_budget {
  pthread_mutex_t lock;
  uint32_t holders; /* the server, and conditions */
  int64_t left_us, filled_us;
};

struct follow_filter {
  struct wr_feed_filter filter;
  struct wr_follow_budget *budget;
  struct wr_predicate *predicate;
  int64_t left_us, filled_us; /* processor time that it may take */
  struct wr_arena arena;      /* text and schema */
};

struct wr_follow_budget *wr_follow_budget_new(int64_t now_us)
{
  struct wr_follow_budget *budget = wr_memory_get_zero(sizeof *budget);
  pthread_mutex_init(&budget->lock, NULL);
  budget->holders = 1;
  budget->left_us = WR_PREDICATES_BURST_US;
  budget->filled_us = now_us;
  return budget;
}

static void budget_hold(struct wr_follow_budget *budget)
{
  pthread_mutex_lock(&budget->lock);
  budget->holders++;
  pthread_mutex_unlock(&budget->lock);
}

void wr_follow_budget_let_go(struct wr_follow_budget *budget)
{
  if (!budget)
    return;
  pthread_mutex_lock(&budget->lock);
  bool is_last = --budget->holders == 0;
  pthread_mutex_unlock(&budget->lock);
  if (!is_last)
    return;
  pthread_mutex_destroy(&budget->lock);
  free(budget);
}

/* What has come by the share since *filled_us; what is less than 1 us comes next time. */
static int64_t share_come(int64_t *filled_us, int64_t share, int64_t now_us)
{
  int64_t come_us = now_us > *filled_us ? (now_us - *filled_us) / share : 0;
  *filled_us += come_us * share;
  return come_us;
}

bool wr_follow_budget_take(struct wr_follow_budget *budget, int64_t taken_us, int64_t now_us)
{
  pthread_mutex_lock(&budget->lock);
  int64_t left_us = budget->left_us + share_come(&budget->filled_us, WR_PREDICATES_SHARE, now_us);
  left_us = (left_us < WR_PREDICATES_BURST_US ? left_us : WR_PREDICATES_BURST_US) - taken_us;
  budget->left_us = left_us > -WR_PREDICATES_BURST_US ? left_us : -WR_PREDICATES_BURST_US;
  pthread_mutex_unlock(&budget->lock);
  return left_us > 0;
}

/* Of this thread. */
static int64_t processor_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * WR_US_PER_SECOND + now.tv_nsec / 1000;
}

/* While all together have taken too much, nobody gets more. */
static void filter_fill(struct follow_filter *filter)
{
  int64_t now_us = wr_monotonic_us();
  int64_t come_us = share_come(&filter->filled_us, WR_PREDICATE_SHARE, now_us);
  if (wr_follow_budget_take(filter->budget, 0, now_us))
    filter->left_us += come_us;
  if (filter->left_us > WR_PREDICATE_BURST_US)
    filter->left_us = WR_PREDICATE_BURST_US;
}

/* In small pieces, the first of one row: others wait for the thread that does this, and for the
 * lock that it holds. */
static uint32_t filter_pick(struct wr_feed_filter *filter, const struct wr_batch *batch,
                            const uint32_t *rows, uint32_t count, uint32_t *out)
{
  struct follow_filter *own = (struct follow_filter *)filter;
  uint32_t picked = 0, piece = 1;
  int64_t before_us = processor_us();
  filter_fill(own);
  for (uint32_t at = 0; at < count && !filter->is_spent; at += piece) {
    piece = at ? 2 * piece : 1;
    piece = piece < PICK_ROWS_MAX ? piece : PICK_ROWS_MAX;
    piece = piece < count - at ? piece : count - at;
    picked += wr_predicate_pick(own->predicate, batch, rows + at, piece, out + picked);
    int64_t now_us = processor_us();
    bool is_room = wr_follow_budget_take(own->budget, now_us - before_us, wr_monotonic_us());
    own->left_us -= now_us - before_us;
    before_us = now_us;
    filter->is_spent =
        own->left_us < (is_room ? 0 : WR_PREDICATE_BURST_US - WR_PREDICATE_LITTLE_US);
  }
  return filter->is_spent ? 0 : picked;
}

static void filter_free(struct wr_feed_filter *filter)
{
  struct follow_filter *own = (struct follow_filter *)filter;
  wr_predicate_free(own->predicate);
  wr_follow_budget_let_go(own->budget);
  wr_arena_free(&own->arena);
  free(own);
}

enum wr_code wr_feed_filter_new(const struct wr_web_context *context, const char *job,
                                const char *stream, const char *where, struct wr_feed_filter **out,
                                struct wr_error *err)
{
  *out = NULL;
  if (!where)
    return WR_OK;
  struct follow_filter *filter = wr_memory_get_zero(sizeof *filter);
  uint32_t count = 0;
  const struct wr_feed_look *looks = wr_hub_look(context->hub, job, &filter->arena, &count);
  const struct wr_schema *schema = NULL;
  for (uint32_t i = 0; i < count && !schema; i++)
    schema = strcmp(looks[i].name, stream) ? NULL : looks[i].schema;
  if (!schema) { /* whoever follows next says so, with names that are near */
    wr_arena_free(&filter->arena);
    free(filter);
    return WR_OK;
  }
  enum wr_code code =
      wr_predicate_new(where, strlen(where), schema, "UTC", &filter->predicate, err);
  if (code != WR_OK) {
    wr_arena_free(&filter->arena);
    free(filter);
    return code;
  }
  filter->filter =
      (struct wr_feed_filter){.text = wr_arena_copy(&filter->arena, where, strlen(where)),
                              .pick = filter_pick,
                              .free = filter_free,
                              .schema = schema};
  filter->budget = context->server->budget;
  budget_hold(filter->budget);
  filter->left_us = WR_PREDICATE_BURST_US;
  filter->filled_us = wr_monotonic_us();
  *out = &filter->filter;
  return WR_OK;
}

/* ---- waking */

/* Any thread but libmicrohttpd's own. */
static void stream_wake(void *self)
{
  struct follow_stream *stream = self;
  pthread_mutex_lock(&stream->lock);
  if (stream->is_suspended) {
    stream->is_suspended = false;
    MHD_resume_connection(stream->connection->mhd);
  } else {
    stream->is_woken = true;
  }
  pthread_mutex_unlock(&stream->lock);
}

static void stream_beat(void *self)
{
  struct follow_stream *stream = self;
  pthread_mutex_lock(&stream->lock);
  stream->must_beat = stream->framing == WR_FRAMING_EVENTS;
  pthread_mutex_unlock(&stream->lock);
  stream_wake(self);
}

static void stream_gone(void *self)
{
  struct follow_stream *stream = self;
  pthread_mutex_lock(&stream->lock);
  stream->has_gone = true;
  pthread_mutex_unlock(&stream->lock);
  stream_wake(self);
}

/* ---- reading */

static void stream_say(struct follow_stream *stream, const char *words)
{
  stream->words_length = (size_t)snprintf(stream->words, sizeof stream->words, "%s", words);
  assert(stream->words_length < sizeof stream->words);
  stream->words_sent = 0;
}

static ssize_t stream_words(struct follow_stream *stream, char *space, size_t room)
{
  size_t length = stream->words_length - stream->words_sent;
  length = length < room ? length : room;
  memcpy(space, stream->words + stream->words_sent, length);
  stream->words_sent += length;
  return (ssize_t)length;
}

enum stream_rest { STREAM_AGAIN, STREAM_SUSPENDED, STREAM_OVER };

/* There was nothing to read. */
static enum stream_rest stream_rest(struct follow_stream *stream)
{
  enum stream_rest rest = STREAM_SUSPENDED;
  pthread_mutex_lock(&stream->lock);
  if (stream->has_gone || atomic_load(&stream->server->stopping)) {
    rest = STREAM_OVER;
  } else if (stream->is_woken || stream->must_beat) {
    if (stream->must_beat)
      stream_say(stream, ":\n\n");
    stream->is_woken = stream->must_beat = false;
    rest = STREAM_AGAIN;
  } else {
    stream->is_suspended = true;
    atomic_store(&stream->sweep.asked_us, INT64_MAX);
    MHD_suspend_connection(stream->connection->mhd);
  }
  pthread_mutex_unlock(&stream->lock);
  return rest;
}

static ssize_t stream_on_room(void *self, uint64_t position, char *space, size_t room)
{
  struct follow_stream *stream = self;
  (void)position;
  atomic_store(&stream->sweep.asked_us, wr_monotonic_us());
  for (;;) {
    ssize_t got = stream_words(stream, space, room);
    if (got == 0)
      got = wr_follower_read(stream->follower, space, room);
    if (got > 0) {
      atomic_store(&stream->sweep.told_us, wr_monotonic_us());
      return got;
    }
    if (got == -1)
      return MHD_CONTENT_READER_END_OF_STREAM;
    if (got < 0) {
      atomic_fetch_add(&stream->server->followers_slow_total, 1);
      return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    switch (stream_rest(stream)) {
    case STREAM_AGAIN: break;
    case STREAM_SUSPENDED: return 0;
    case STREAM_OVER: return MHD_CONTENT_READER_END_OF_STREAM;
    }
  }
}

static void stream_free(void *self)
{
  struct follow_stream *stream = self;
  struct wr_server *server = stream->server;
  wr_connection_follow(server->connections, stream->connection, NULL);
  if (stream->follower) {
    wr_follower_free(stream->follower);
    atomic_fetch_sub(stream->framing == WR_FRAMING_EVENTS ? &server->events : &server->lines, 1);
  }
  pthread_mutex_destroy(&stream->lock);
  free(stream);
}

static enum wr_code stream_reply(const struct wr_web_request *request, struct wr_web_reply *reply,
                                 struct wr_follow *follow, struct wr_error *err)
{
  struct wr_server *server = request->context->server;
  struct follow_stream *stream = wr_memory_get_zero(sizeof *stream);
  stream->server = server;
  stream->connection = request->connection;
  stream->framing = follow->framing;
  stream->sweep = (struct wr_connection_follow){.beat = stream_beat,
                                                .gone = stream_gone,
                                                .slow_total = &server->followers_slow_total,
                                                .self = stream};
  atomic_store(&stream->sweep.asked_us, wr_monotonic_us());
  atomic_store(&stream->sweep.told_us, wr_monotonic_us());
  pthread_mutex_init(&stream->lock, NULL);
  follow->wake = stream_wake;
  follow->wake_self = stream;
  enum wr_code code = wr_hub_follow(request->context->hub, follow, &stream->follower, err);
  if (code != WR_OK) {
    stream->follower = NULL;
    stream_free(stream);
    return code;
  }
  atomic_fetch_add(stream->framing == WR_FRAMING_EVENTS ? &server->events : &server->lines, 1);
  if (stream->framing == WR_FRAMING_EVENTS) {
    char words[WORDS_MAX];
    snprintf(words, sizeof words, "retry: %d\n\n", RETRY_MS);
    stream_say(stream, words);
  }
  reply->taken = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, stream_on_room,
                                                   stream, stream_free);
  if (!reply->taken) {
    stream_free(stream);
    return wr_fail(err, WR_IO, "there is no memory for another stream");
  }
  wr_connection_follow(server->connections, request->connection, &stream->sweep);
  wr_connection_enter(request->connection, WR_CONNECTION_FOLLOW);
  return WR_OK;
}

/* ---- requests */

static enum wr_code follow_read(const struct wr_web_request *request, struct wr_follow *follow,
                                struct wr_error *err)
{
  static const char *const names[] = {"where", "every", "snapshot", "last_id", NULL};
  int64_t snapshot = WR_LIVE_ROWS;
  enum wr_code code = wr_web_query_check(request, names, err);
  if (code == WR_OK)
    code =
        wr_web_query_duration(request, "every", EVERY_US_MIN, EVERY_US_MAX, &follow->every_us, err);
  if (code == WR_OK)
    code = wr_web_query_integer(request, "snapshot", 0, INT64_MAX, &snapshot, err);
  follow->snapshot_rows = (uint64_t)snapshot;
  const char *header = wr_web_header(request, "Last-Event-ID");
  follow->last_id = header && *header ? header : wr_web_query(request, "last_id");
  if (code == WR_OK && follow->last_id && strlen(follow->last_id) > LAST_ID_MAX)
    code = wr_fail(err, WR_SEMANTIC, "last_id has more than %d characters", LAST_ID_MAX);
  return code;
}

/* A stream that is not there may be so since its job has failed. */
static enum wr_code follow_missing(const struct wr_web_request *request, struct wr_web_reply *reply,
                                   struct wr_error *err)
{
  struct wr_job_look look = {.status = WR_JOB_RUNNING};
  struct wr_served_job *job = wr_jobs_hold(request->context->jobs, wr_web_part(request, "job"));
  reply->status = 404;
  if (job) {
    wr_served_job_look(job, &look);
    wr_served_job_release(job);
  }
  return look.status == WR_JOB_FAILED && *look.failure
             ? wr_hint(err, "the job has failed: %s", look.failure)
             : err->code;
}

/* Without following: for HEAD. */
static enum wr_code follow_look(const struct wr_web_request *request, struct wr_web_reply *reply,
                                struct wr_error *err)
{
  const char *job = wr_web_part(request, "job"), *stream = wr_web_part(request, "stream");
  uint32_t count = 0;
  const struct wr_feed_look *looks =
      wr_hub_look(request->context->hub, job, request->arena, &count);
  for (uint32_t i = 0; i < count; i++)
    if (!strcmp(looks[i].name, stream))
      return WR_OK;
  return wr_web_fail(reply, 404, err, WR_SEMANTIC, "job %s has no stream %s", job, stream);
}

enum wr_code wr_web_follow(const struct wr_web_request *request, struct wr_web_reply *reply,
                           struct wr_error *err)
{
  struct wr_follow follow = {.job = wr_web_part(request, "job"),
                             .name = wr_web_part(request, "stream")};
  const char *accept = wr_web_header(request, "Accept");
  bool is_websocket = wr_websocket_is_wanted(request);
  bool is_events = !is_websocket && accept && wr_web_accepts(accept, "text/event-stream");
  follow.framing = is_events ? WR_FRAMING_EVENTS : WR_FRAMING_LINES;
  reply->type = is_events ? "text/event-stream; charset=utf-8" : "application/x-ndjson";
  if (atomic_load(&request->context->server->stopping))
    return wr_web_fail(reply, 503, err, WR_STOPPED, "the server is about to stop");
  enum wr_code code = follow_read(request, &follow, err);
  if (code != WR_OK)
    return code;
  if (request->is_head)
    return follow_look(request, reply, err);
  code = wr_feed_filter_new(request->context, follow.job, follow.name,
                            wr_web_query(request, "where"), &follow.filter, err);
  if (code != WR_OK) {
    reply->status = 400;
    return code;
  }
  code = is_websocket ? wr_websocket_reply(request, reply, &follow, err)
                      : stream_reply(request, reply, &follow, err);
  if (code == WR_OK && !is_websocket) {
    wr_web_reply_header(request, reply, "Content-Type", "%s", reply->type);
    wr_web_reply_header(request, reply, "X-Accel-Buffering", "no"); /* nginx: as it comes */
  }
  if (code == WR_SEMANTIC && !reply->status)
    code = follow_missing(request, reply, err);
  return code;
}

enum wr_code wr_web_rows(const struct wr_web_request *request, struct wr_web_reply *reply,
                         struct wr_error *err)
{
  static const char *const names[] = {"where", "limit", NULL};
  const char *job = wr_web_part(request, "job"), *stream = wr_web_part(request, "stream");
  struct wr_feed_filter *filter = NULL;
  int64_t limit = ROWS_FALLBACK;
  enum wr_code code = wr_web_query_check(request, names, err);
  if (code == WR_OK)
    code = wr_web_query_integer(request, "limit", 0, INT32_MAX, &limit, err);
  if (code == WR_OK)
    code = wr_feed_filter_new(request->context, job, stream, wr_web_query(request, "where"),
                              &filter, err);
  if (code != WR_OK) {
    reply->status = 400;
    return code;
  }
  code =
      wr_hub_rows(request->context->hub, job, stream, filter, (uint64_t)limit, &reply->body, err);
  if (filter)
    filter->free(filter);
  if (code == WR_SEMANTIC)
    code = follow_missing(request, reply, err);
  return code;
}
