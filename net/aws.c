/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of one service. A call goes from stage to stage, driven by the pump alone:
 *
 *   WAITS (for credentials) -> SENT -> done
 *     ^                          |  may pass: throttled, 5xx, lost, expired, clock off
 *     '------- RESTS (until) <---'
 *
 * The texts of a request are kept, so that every attempt can be signed anew. `done` is only called
 * by the pump, after libcurl has returned, so that it may do whatever it likes.
 */
#include "net/aws.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/time.h"
#include "net/aws_error.h"
#include "net/credentials.h"
#include "net/sigv4.h"

#define REST_FIRST_US   (100 * WR_US_PER_MS)
#define REST_LONGEST_US (20 * WR_US_PER_SECOND)
#define SKEW_LEAST_US   (30 * WR_US_PER_SECOND) /* less is no reason for a refusal */
#define AWS_LOOK_US     (20 * WR_US_PER_MS)     /* while a program makes credentials */
#define NOTE_ATTEMPTS   3                       /* so many failures in a row are worth a word */
#define HEADERS_OWN_MAX 8                       /* that a signed request has besides its own */

enum call_stage { CALL_WAITS, CALL_SENT, CALL_RESTS };

struct wr_aws_call {
  struct wr_aws *aws;
  struct wr_aws_call *next, *previous;
  struct wr_arena arena;      /* texts of the request */
  struct wr_arena attempt;    /* of the attempt under way */
  struct wr_aws_request told; /* its texts are in the arena */
  char payload_hash[WR_SHA256_HEX];
  enum call_stage stage;
  uint64_t number; /* calls are numbered as they start */
  int64_t due_us;  /* RESTS: monotonic */
  uint32_t attempts, attempts_max;
  uint32_t credentials;    /* which set the attempt is signed with */
  bool renewed, corrected; /* done once each */
  bool was_handed;         /* pieces have left */
  bool held, ended;
  struct wr_http_call *http;
};

struct wr_aws {
  struct wr_arena arena;
  struct wr_aws_settings told; /* the service is copied, the options are lent for good */
  struct wr_aws_setup setup;
  struct wr_http *http;
  struct wr_credential_source *credentials;
  int64_t skew_us; /* the service's clock minus ours */
  struct wr_aws_call *first, *last;
  uint32_t count;
  uint64_t started;
  uint64_t dice;
  bool is_news;      /* this pump has called somebody */
  uint32_t failures; /* attempts in a row without an answer or with 5xx */
  char trouble[WR_AWS_CODE_BYTES + WR_AWS_MESSAGE_BYTES + 256]; /* that was told; "": none */
  struct wr_arena answer; /* what the last wr_aws_do has told */
};

/* ---- clients */

enum wr_code wr_aws_open(const struct wr_aws_settings *settings, struct wr_aws **out,
                         struct wr_error *err)
{
  assert(settings && settings->service && out);
  struct wr_aws *aws = wr_memory_get_zero(sizeof *aws);
  aws->told = *settings;
  aws->told.service = wr_arena_copy(&aws->arena, settings->service, strlen(settings->service));
  aws->dice = (uint64_t)wr_now_us() ^ (uint64_t)(uintptr_t)aws << 20;
  enum wr_code code = wr_aws_setup_read(settings, &aws->arena, &aws->setup, err);
  if (!code) {
    struct wr_http_settings http = {.ca_file = aws->setup.ca_file, .insecure = aws->setup.insecure};
    code = wr_http_open(&http, &aws->http, err);
  }
  if (!code) {
    struct wr_credential_settings credentials = {.setup = &aws->setup,
                                                 .http = aws->http,
                                                 .skew_us = &aws->skew_us,
                                                 .note = settings->note,
                                                 .note_self = settings->note_self};
    code = wr_credentials_open(&credentials, &aws->credentials, err);
  }
  if (code) {
    wr_aws_close(aws);
    return code;
  }
  *out = aws;
  return WR_OK;
}

/* Takes a call out of the list; its request, if one is under way, is dropped. */
static void call_free(struct wr_aws_call *call)
{
  struct wr_aws *aws = call->aws;
  *(call->previous ? &call->previous->next : &aws->first) = call->next;
  *(call->next ? &call->next->previous : &aws->last) = call->previous;
  aws->count--;
  wr_http_cancel(call->http);
  wr_arena_free(&call->arena);
  wr_arena_free(&call->attempt);
  free(call);
}

void wr_aws_close(struct wr_aws *aws)
{
  if (!aws)
    return;
  while (aws->first)
    call_free(aws->first);
  wr_credentials_close(aws->credentials);
  wr_http_close(aws->http);
  wr_arena_free(&aws->answer);
  wr_arena_free(&aws->arena);
  free(aws);
}

const char *wr_aws_region(const struct wr_aws *aws)
{
  return aws->setup.region;
}

const char *wr_aws_endpoint(const struct wr_aws *aws)
{
  return aws->setup.endpoint.text;
}

struct wr_http *wr_aws_http(struct wr_aws *aws)
{
  return aws->http;
}

const char *wr_aws_trouble(const struct wr_aws *aws)
{
  return aws->trouble;
}

/* ---- one attempt */

static void call_on_done(void *self, const struct wr_http_result *answer);

static bool call_on_piece(void *self, const char *bytes, size_t length)
{
  struct wr_aws_call *call = self;
  call->was_handed = true;
  return call->told.piece(call->told.self, bytes, length);
}

static bool call_is_s3(const struct wr_aws_call *call)
{
  return strcmp(call->aws->told.service, "s3") == 0;
}

/* The headers of the request, all of which are signed; room for one more. */
static struct wr_http_header *call_headers(struct wr_aws_call *call, const char *host,
                                           const char *date,
                                           const struct wr_credentials *credentials,
                                           const char **payload_hash, uint32_t *count)
{
  const struct wr_aws_request *told = &call->told;
  struct wr_http_header *headers =
      WR_NEW_ARRAY(&call->attempt, struct wr_http_header, told->header_count + HEADERS_OWN_MAX);
  uint32_t used = 0;
  bool has_hash = false;
  for (uint32_t i = 0; i < told->header_count; i++) {
    headers[used++] = told->headers[i];
    if (strcasecmp(told->headers[i].name, "x-amz-content-sha256") == 0) {
      *payload_hash = told->headers[i].value;
      has_hash = true;
    }
  }
  headers[used++] = (struct wr_http_header){"host", host};
  headers[used++] = (struct wr_http_header){"x-amz-date", date};
  if (credentials->session_token)
    headers[used++] = (struct wr_http_header){"x-amz-security-token", credentials->session_token};
  if (told->target) {
    headers[used++] = (struct wr_http_header){"content-type", "application/x-amz-json-1.1"};
    headers[used++] = (struct wr_http_header){"x-amz-target", told->target};
  }
  if (call_is_s3(call) && !has_hash)
    headers[used++] = (struct wr_http_header){"x-amz-content-sha256", *payload_hash};
  *count = used;
  return headers;
}

/* The path as it is sent. */
static const char *call_path(struct wr_aws_call *call, const char *raw)
{
  size_t length = strlen(raw), size = 3 * length + 1;
  char *path = wr_arena_get(&call->attempt, size);
  wr_http_escape(raw, length, true, path, size);
  return path;
}

static enum wr_code call_send(struct wr_aws_call *call, struct wr_error *err)
{
  struct wr_aws *aws = call->aws;
  const struct wr_aws_request *told = &call->told;
  const struct wr_aws_endpoint *endpoint = &aws->setup.endpoint;
  const struct wr_credentials *credentials =
      wr_credentials_get(aws->credentials, &call->credentials);
  struct wr_arena *arena = &call->attempt;
  wr_arena_reset(arena);
  const char *host = told->host_prefix
                         ? wr_arena_print(arena, "%s.%s", told->host_prefix, endpoint->host)
                         : endpoint->host;
  char date[WR_SIGV4_DATE];
  wr_sigv4_date(wr_now_us() + aws->skew_us, date);
  const char *raw = wr_arena_print(arena, "%s%s", endpoint->path, told->target ? "/" : told->path);
  const char *path = call_path(call, raw);
  const char *payload_hash = call->payload_hash;
  uint32_t header_count;
  struct wr_http_header *headers =
      call_headers(call, host, date, credentials, &payload_hash, &header_count);
  struct wr_sigv4_request request = {.method = told->method,
                                     .path = call_is_s3(call) ? raw : path,
                                     .normalize = !call_is_s3(call),
                                     .query = told->query,
                                     .headers = headers,
                                     .header_count = header_count,
                                     .payload_hash = payload_hash};
  struct wr_sigv4_scope scope = {.access_key = credentials->access_key,
                                 .secret_key = credentials->secret_key,
                                 .region = aws->setup.region,
                                 .service = aws->told.service,
                                 .date = date};
  struct wr_sigv4 signature;
  wr_sigv4_sign(arena, &request, &scope, &signature);
  headers[header_count++] = (struct wr_http_header){"authorization", signature.authorization};
  bool has_query = told->query && *told->query;
  struct wr_http_request http = {.method = told->method,
                                 .url = wr_arena_print(arena, "%s://%s%s%s%s", endpoint->scheme,
                                                       host, path, has_query ? "?" : "",
                                                       has_query ? told->query : ""),
                                 .headers = headers,
                                 .header_count = header_count,
                                 .body = told->body,
                                 .body_length = told->body_length,
                                 .timeout_us = told->timeout_us,
                                 .quiet_us = told->quiet_us,
                                 .piece = told->piece ? call_on_piece : NULL,
                                 .done = call_on_done,
                                 .self = call};
  call->attempts++;
  call->stage = CALL_SENT;
  enum wr_code code = wr_http_start(aws->http, &http, &call->http, err);
  if (!code && call->held)
    wr_http_hold(call->http, true);
  return code;
}

/* ---- what comes of it */

static void call_end(struct wr_aws_call *call, struct wr_aws_result *result)
{
  const char *dot = call->told.target ? strrchr(call->told.target, '.') : NULL;
  result->attempts = call->attempts;
  result->operation = dot ? dot + 1 : call->told.target ? call->told.target : call->told.method;
  call->ended = true;
  call->aws->is_news = true;
  call->http = NULL;
  call->told.done(call->told.self, result);
  call_free(call);
}

static uint64_t dice_throw(struct wr_aws *aws)
{
  aws->dice += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
  uint64_t x = aws->dice;
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

/* Full jitter: anything up to a bound that doubles. least_us: what the server asks for. */
static void call_rest(struct wr_aws_call *call, int64_t least_us)
{
  uint32_t doublings = call->attempts > 1 ? call->attempts - 1 : 0;
  int64_t bound_us = doublings < 8 ? REST_FIRST_US << doublings : REST_LONGEST_US;
  if (bound_us > REST_LONGEST_US)
    bound_us = REST_LONGEST_US;
  int64_t rest_us = (int64_t)(dice_throw(call->aws) % (uint64_t)(bound_us + 1));
  if (least_us > REST_LONGEST_US)
    least_us = REST_LONGEST_US;
  call->due_us = wr_monotonic_us() + (rest_us > least_us ? rest_us : least_us);
  call->stage = CALL_RESTS;
  call->http = NULL;
}

/* Tells once that the service is away, or only answers with failures, and once that it is back.
 * status 0: there was no answer; code and message: what it said, may be empty. */
static void aws_note(struct wr_aws *aws, bool failed, int status, const char *code,
                     const char *message)
{
  aws->failures = failed ? aws->failures + 1 : 0;
  bool was_away = aws->trouble[0] != '\0';
  bool is_away = aws->failures >= NOTE_ATTEMPTS || (was_away && failed);
  if (is_away == was_away)
    return;
  const char *service = aws->told.service, *region = aws->setup.region;
  char back[256];
  aws->trouble[0] = '\0';
  if (!is_away)
    snprintf(back, sizeof back, "%s in %s is back", service, region);
  else if (status)
    snprintf(aws->trouble, sizeof aws->trouble,
             "%s in %s answers with status %d%s%s%s%s, trying again", service, region, status,
             *code ? " " : "", code, *message ? ": " : "", message);
  else
    snprintf(aws->trouble, sizeof aws->trouble, "%s in %s is away (%s), trying again", service,
             region, message);
  if (aws->told.note)
    aws->told.note(aws->told.note_self, is_away ? aws->trouble : back);
}

/* Seconds that an answer asks to wait for. */
static int64_t answer_rest_us(const struct wr_http_result *answer)
{
  const char *text = wr_http_header_find(answer->headers, answer->header_count, "retry-after");
  if (!text || *text < '0' || *text > '9')
    return 0;
  long seconds = strtol(text, NULL, 10);
  return seconds > 3600 ? REST_LONGEST_US : seconds * WR_US_PER_SECOND;
}

/* Whether a refusal goes away with other credentials or another time; then they are changed. */
static bool call_repair(struct wr_aws_call *call, const struct wr_http_result *answer,
                        const struct wr_aws_problem *problem)
{
  struct wr_aws *aws = call->aws;
  if (problem->skewed && !call->corrected && answer->date_us != WR_TIME_NONE) {
    int64_t skew_us = answer->date_us - wr_now_us();
    if (llabs(skew_us - aws->skew_us) > SKEW_LEAST_US) {
      call->corrected = true;
      aws->skew_us = skew_us;
      return true;
    }
  }
  if (!problem->expired || call->renewed)
    return false;
  call->renewed = true;
  return wr_credentials_expire(aws->credentials, call->credentials);
}

/* The attempt brought an answer that is no success. */
static void call_refused(struct wr_aws_call *call, const struct wr_http_result *answer)
{
  struct wr_aws *aws = call->aws;
  struct wr_aws_problem problem;
  wr_aws_problem_read(answer, &problem);
  uint32_t number;
  const struct wr_credentials *credentials = wr_credentials_get(aws->credentials, &number);
  wr_aws_problem_hide(&problem, credentials->session_token);
  wr_aws_problem_hide(&problem, credentials->secret_key);
  aws_note(aws, answer->status / 100 == 5 && !problem.throttled, answer->status, problem.code,
           problem.message);
  if (!problem.message[0])
    snprintf(problem.message, sizeof problem.message, "status %d", answer->status);
  if (call_repair(call, answer, &problem)) {
    call->stage = CALL_WAITS;
    call->http = NULL;
    return;
  }
  bool again = problem.passes && !(problem.throttled && call->told.own_throttling);
  if (again && (call->attempts < call->attempts_max || call->attempts_max == UINT32_MAX)) {
    call_rest(call, answer_rest_us(answer));
    return;
  }
  struct wr_aws_result result = {.code = problem.passes ? WR_CONNECTION : WR_IO,
                                 .retry = problem.passes,
                                 .status = answer->status,
                                 .error = problem.code,
                                 .message = problem.message,
                                 .body = answer->body,
                                 .headers = answer->headers,
                                 .header_count = answer->header_count};
  call_end(call, &result);
}

/* There was no whole answer, or there are no credentials; lost: why. */
static void call_lost(struct wr_aws_call *call, const struct wr_aws_result *lost)
{
  aws_note(call->aws, lost->code == WR_CONNECTION, 0, "", lost->message);
  if (lost->retry && !call->was_handed &&
      (call->attempts < call->attempts_max || call->attempts_max == UINT32_MAX)) {
    call_rest(call, 0);
    return;
  }
  struct wr_aws_result result = *lost;
  result.error = "";
  call_end(call, &result);
}

static void call_on_done(void *self, const struct wr_http_result *answer)
{
  struct wr_aws_call *call = self;
  call->http = NULL;
  if (answer->code) {
    struct wr_aws_result lost = {.code = answer->code,
                                 .status = answer->status,
                                 .retry = answer->retry,
                                 .message = answer->message};
    if (answer->untrusted)
      lost.hint = WR_AWS_TRUST_HINT;
    call_lost(call, &lost);
    return;
  }
  if (answer->status / 100 != 2) {
    call_refused(call, answer);
    return;
  }
  aws_note(call->aws, false, 0, "", "");
  struct wr_aws_result result = {.code = WR_OK,
                                 .status = answer->status,
                                 .error = "",
                                 .message = "",
                                 .body = answer->body,
                                 .headers = answer->headers,
                                 .header_count = answer->header_count};
  call_end(call, &result);
}

/* ---- starting and stopping */

static const char *text_keep(struct wr_arena *arena, const char *text)
{
  return text ? wr_arena_copy(arena, text, strlen(text)) : NULL;
}

enum wr_code wr_aws_start(struct wr_aws *aws, const struct wr_aws_request *request,
                          struct wr_aws_call **out, struct wr_error *err)
{
  assert(request->done && (request->target || (request->method && request->path)));
  assert(request->body || request->body_length == 0);
  (void)err; /* nothing can fail yet; what does is told by `done` */
  struct wr_aws_call *call = wr_memory_get_zero(sizeof *call);
  struct wr_arena *arena = &call->arena;
  call->aws = aws;
  call->told = *request;
  call->told.target = text_keep(arena, request->target);
  call->told.method = request->target ? "POST" : text_keep(arena, request->method);
  call->told.path = text_keep(arena, request->path);
  call->told.query = text_keep(arena, request->query);
  call->told.host_prefix = text_keep(arena, request->host_prefix);
  struct wr_http_header *headers =
      WR_NEW_ARRAY(arena, struct wr_http_header, request->header_count);
  bool has_hash = false;
  for (uint32_t i = 0; i < request->header_count; i++) {
    headers[i].name = text_keep(arena, request->headers[i].name);
    headers[i].value = text_keep(arena, request->headers[i].value);
    has_hash = has_hash || strcasecmp(headers[i].name, "x-amz-content-sha256") == 0;
  }
  call->told.headers = headers;
  call->attempts_max = request->attempts_max ? request->attempts_max : aws->setup.attempts_max;
  if (!has_hash)
    wr_sha256_hex(request->body ? request->body : "", request->body_length, call->payload_hash);
  call->number = ++aws->started;
  call->previous = aws->last;
  *(aws->last ? &aws->last->next : &aws->first) = call;
  aws->last = call;
  aws->count++;
  if (out)
    *out = call;
  return WR_OK;
}

void wr_aws_cancel(struct wr_aws_call *call)
{
  if (call && !call->ended)
    call_free(call);
}

void wr_aws_hold(struct wr_aws_call *call, bool hold)
{
  call->held = hold;
  if (call->http)
    wr_http_hold(call->http, hold);
}

/* ---- pumping */

/* The next call, of those up to a number, that something can be done about; NULL: none. */
static struct wr_aws_call *aws_find_due(struct wr_aws *aws, uint64_t last, int64_t now_us,
                                        enum wr_credential_state state)
{
  bool decided = state == WR_CREDENTIALS_READY || state == WR_CREDENTIALS_FAILED;
  for (struct wr_aws_call *call = aws->first; call && call->number <= last; call = call->next) {
    if (call->ended)
      continue;
    if (call->stage == CALL_RESTS && call->due_us <= now_us)
      call->stage = CALL_WAITS;
    if (call->stage == CALL_WAITS && decided)
      return call;
  }
  return NULL;
}

/* How long until the next call has rested, at most `most_us`. */
static int64_t aws_rest_us(const struct wr_aws *aws, int64_t most_us)
{
  int64_t now_us = wr_monotonic_us();
  for (const struct wr_aws_call *call = aws->first; call; call = call->next)
    if (call->stage == CALL_RESTS && call->due_us - now_us < most_us)
      most_us = call->due_us > now_us ? call->due_us - now_us : 0;
  return most_us;
}

/* Sends what waits and can be sent. Calls that `done` starts meanwhile have their turn next time.
 */
static void aws_advance(struct wr_aws *aws)
{
  uint64_t last = aws->started;
  int64_t now_us = wr_monotonic_us();
  bool wanted = false;
  for (const struct wr_aws_call *call = aws->first; call && !wanted; call = call->next)
    wanted = call->stage == CALL_WAITS || (call->stage == CALL_RESTS && call->due_us <= now_us);
  enum wr_credential_state state = wr_credentials_look(aws->credentials, wanted);
  struct wr_error why;
  if (state == WR_CREDENTIALS_FAILED)
    why = *wr_credentials_error(aws->credentials);
  for (struct wr_aws_call *call; (call = aws_find_due(aws, last, now_us, state));) {
    struct wr_error err;
    if (state == WR_CREDENTIALS_FAILED) {
      call->attempts++;
      call_lost(call, &(struct wr_aws_result){.code = why.code,
                                              .retry = why.retry,
                                              .message = why.message,
                                              .hint = why.hint[0] ? why.hint : NULL});
    } else if (call_send(call, &err)) {
      call_lost(call, &(struct wr_aws_result){.code = err.code, .message = err.message});
    }
  }
  if (state == WR_CREDENTIALS_FAILED)
    wr_credentials_forgive(aws->credentials);
}

uint32_t wr_aws_pump(struct wr_aws *aws, int wait_ms)
{
  assert(wait_ms >= 0);
  aws->is_news = false;
  aws_advance(aws);
  int64_t wait_us = aws_rest_us(aws, (int64_t)wait_ms * WR_US_PER_MS);
  if (aws->is_news)
    wait_us = 0;
  if (wr_credentials_must_look(aws->credentials) && wait_us > AWS_LOOK_US)
    wait_us = AWS_LOOK_US;
  wr_http_pump(aws->http, (int)((wait_us + WR_US_PER_MS - 1) / WR_US_PER_MS));
  aws_advance(aws);
  return aws->count;
}

/* ---- one request at a time */

struct wait {
  struct wr_aws *aws;
  struct wr_aws_result result;
  char *body;
  size_t body_length;
  bool ended;
};

static void wait_on_done(void *self, const struct wr_aws_result *result)
{
  struct wait *wait = self;
  struct wr_aws *aws = wait->aws;
  wait->result = *result;
  wr_arena_reset(&aws->answer);
  wait->result.error = text_keep(&aws->answer, result->error);
  wait->result.message = text_keep(&aws->answer, result->message);
  wait->result.operation = text_keep(&aws->answer, result->operation);
  wait->result.hint = text_keep(&aws->answer, result->hint);
  struct wr_http_header *headers =
      WR_NEW_ARRAY(&aws->answer, struct wr_http_header, result->header_count);
  for (uint32_t i = 0; i < result->header_count; i++)
    headers[i] = (struct wr_http_header){text_keep(&aws->answer, result->headers[i].name),
                                         text_keep(&aws->answer, result->headers[i].value)};
  wait->result.headers = headers;
  wait->body_length = result->body.length;
  wait->body = wr_memory_get(wait->body_length + 1);
  if (wait->body_length > 0)
    memcpy(wait->body, result->body.bytes, wait->body_length);
  wait->body[wait->body_length] = '\0';
  wait->ended = true;
}

enum wr_code wr_aws_do(struct wr_aws *aws, const struct wr_aws_request *request, char **body,
                       size_t *body_length, struct wr_aws_result *result, struct wr_error *err)
{
  assert(!request->piece);
  struct wait wait = {.aws = aws};
  struct wr_aws_request own = *request;
  own.done = wait_on_done;
  own.self = &wait;
  enum wr_code code = wr_aws_start(aws, &own, NULL, err);
  if (code)
    return code;
  while (!wait.ended)
    wr_aws_pump(aws, 1000);
  wait.result.body = (struct wr_slice){"", 0};
  if (result)
    *result = wait.result;
  if (wait.result.code || !body) {
    free(wait.body);
    wait.body = NULL;
    wait.body_length = 0;
  }
  if (body)
    *body = wait.body;
  if (body_length)
    *body_length = wait.body_length;
  return wait.result.code ? wr_aws_fail(aws, NULL, &wait.result, err) : WR_OK;
}

enum wr_code wr_aws_fail(const struct wr_aws *aws, const char *what,
                         const struct wr_aws_result *result, struct wr_error *err)
{
  assert(result->code);
  bool named = result->error && *result->error;
  /* What it does not know, or does not explain, is only understood with the question. */
  bool asks = !what && result->operation && result->status / 100 > 2 &&
              (!named || strcmp(result->error, "UnknownOperationException") == 0);
  if (asks)
    what = result->operation;
  wr_fail(err, result->code, "%s in %s: %s%s%s%s%s", aws->told.service, aws->setup.region,
          what ? what : "", what ? ": " : "", named ? result->error : "", named ? ": " : "",
          result->message);
  err->retry = result->retry;
  if (result->hint)
    wr_hint(err, "%s", result->hint);
  else if (named && strcmp(result->error, "ResourceNotFoundException") == 0)
    wr_hint(err, "is it the right name, and the right region? %s was asked, at %s",
            aws->setup.region, aws->setup.endpoint.text);
  return err->code;
}
