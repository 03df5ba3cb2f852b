/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP over libcurl's multi interface. A call is one easy handle in a list; libcurl's callbacks
 * only copy bytes, count them against limits, and hand pieces on. What callbacks may not do to
 * libcurl (add, remove and continue handles) is noted in the call and done by the next pump:
 *
 *   start -> NEW --pump--> RUNNING --libcurl says so--> done(result), freed
 *                cancel: at once, or inside a callback: at the next pump
 *
 * Holding needs no call of libcurl either: the next piece is refused with "pause", which libcurl
 * then keeps, and the pump that follows wr_http_hold(call, false) continues it.
 *
 * Connections are not multiplexed: libcurl 7.88 reads nothing from a connection while a stream of
 * it that is paused has bytes waiting, and readers that wait for each other would wait for ever.
 */
#include "net/http.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "config.h"
#include "core/limits.h"
#include "core/time.h"

#define HTTP_CONNECT_US   (10 * WR_US_PER_SECOND)
#define HTTP_TIMEOUT_US   (60 * WR_US_PER_SECOND)
#define HTTP_BUFFER_BYTES (128 * 1024L)
#define HTTP_HEADERS_MAX  256u

enum http_fault { FAULT_NONE, FAULT_ANSWER, FAULT_HEADERS, FAULT_STOPPED, FAULT_QUIET };

struct wr_http_call {
  struct wr_http *http;
  struct wr_http_call *next, *previous;
  CURL *easy;
  struct curl_slist *lines;    /* the request's headers */
  struct wr_arena arena;       /* the answer's headers and what describes the end */
  struct wr_http_request told; /* texts in it are not valid after the start */
  char host[272];              /* host:port, for messages */
  bool running;                /* libcurl has it */
  bool ended;                  /* `done` is being called */
  bool cancelled, held, paused;
  enum http_fault fault;
  size_t sent; /* of the body */
  int status;
  char *answer; /* wr_memory_get */
  size_t answer_length, answer_room;
  struct wr_http_header *headers;
  uint32_t header_count;
  size_t header_bytes;
  int64_t date_us, heard_us;
  char trouble[CURL_ERROR_SIZE];
};

struct wr_http {
  CURLM *multi;
  struct wr_http_call *first, *last;
  uint32_t count;
  bool inside;  /* libcurl is calling us */
  bool is_news; /* this pump has called somebody */
  char *ca_file, *agent;
  bool insecure;
  int64_t connect_us;
  struct wr_arena arena;
};

/* ---- a thread's requests */

enum wr_code wr_http_open(const struct wr_http_settings *settings, struct wr_http **out,
                          struct wr_error *err)
{
  assert(settings && out);
  CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT); /* counted, and safe between threads */
  if (code)
    return wr_fail(err, WR_INTERNAL, "libcurl cannot start: %s", curl_easy_strerror(code));
  CURLM *multi = curl_multi_init();
  if (!multi) {
    curl_global_cleanup();
    return wr_fail(err, WR_INTERNAL, "libcurl cannot start: no memory");
  }
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  struct wr_http *http = wr_memory_get_zero(sizeof *http);
  http->multi = multi;
  http->insecure = settings->insecure;
  http->connect_us = settings->connect_us ? settings->connect_us : HTTP_CONNECT_US;
  if (settings->ca_file)
    http->ca_file = wr_arena_copy(&http->arena, settings->ca_file, strlen(settings->ca_file));
  const char *agent = settings->agent ? settings->agent : "weir/" PACKAGE_VERSION;
  http->agent = wr_arena_copy(&http->arena, agent, strlen(agent));
  *out = http;
  return WR_OK;
}

/* Takes a call out of the list and of libcurl. */
static void call_free(struct wr_http_call *call)
{
  struct wr_http *http = call->http;
  *(call->previous ? &call->previous->next : &http->first) = call->next;
  *(call->next ? &call->next->previous : &http->last) = call->previous;
  http->count--;
  if (call->running)
    curl_multi_remove_handle(http->multi, call->easy);
  curl_easy_cleanup(call->easy);
  curl_slist_free_all(call->lines);
  free(call->answer);
  wr_arena_free(&call->arena);
  free(call);
}

void wr_http_close(struct wr_http *http)
{
  if (!http)
    return;
  assert(!http->inside);
  while (http->first)
    call_free(http->first);
  curl_multi_cleanup(http->multi);
  wr_arena_free(&http->arena);
  free(http);
  curl_global_cleanup();
}

/* ---- what libcurl calls */

static size_t call_fault(struct wr_http_call *call, enum http_fault fault)
{
  call->fault = fault;
  return 0; /* fewer bytes than given: libcurl ends the request */
}

/* What the answer says of its length, as far as it may be collected; a page if it says nothing. */
static size_t call_length(const struct wr_http_call *call)
{
  curl_off_t length = -1;
  curl_easy_getinfo(call->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  return length <= 0 || (uint64_t)length > call->told.answer_max ? 4096 : (size_t)length;
}

static size_t call_on_body(char *bytes, size_t one, size_t length, void *self)
{
  struct wr_http_call *call = self;
  (void)one; /* always 1 */
  if (call->cancelled)
    return call_fault(call, FAULT_STOPPED);
  if (call->held) {
    call->paused = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  call->heard_us = wr_monotonic_us();
  if (call->told.piece && call->status / 100 == 2) {
    call->http->is_news = true;
    bool goes_on = call->told.piece(call->told.self, bytes, length);
    return goes_on && !call->cancelled ? length : call_fault(call, FAULT_STOPPED);
  }
  size_t most = call->told.answer_max;
  if (length > most || call->answer_length > most - length)
    return call_fault(call, FAULT_ANSWER);
  if (call->answer_room - call->answer_length < length) {
    size_t room = call->answer_room ? 2 * call->answer_room : call_length(call);
    call->answer_room = room < call->answer_length + length ? call->answer_length + length : room;
    call->answer = wr_memory_resize(call->answer, call->answer_room);
  }
  memcpy(call->answer + call->answer_length, bytes, length);
  call->answer_length += length;
  return length;
}

/* A status line begins an answer anew: there may be several (100, or those of a proxy). */
static void call_begin_answer(struct wr_http_call *call, const char *line, size_t length)
{
  call->header_count = 0;
  call->header_bytes = 0;
  call->date_us = WR_TIME_NONE;
  wr_arena_reset(&call->arena);
  call->headers = WR_NEW_ARRAY(&call->arena, struct wr_http_header, HTTP_HEADERS_MAX);
  const char *blank = memchr(line, ' ', length);
  long status = 0;
  for (size_t i = blank ? (size_t)(blank - line) + 1 : length;
       i < length && line[i] >= '0' && line[i] <= '9' && status < 1000; i++)
    status = 10 * status + (line[i] - '0');
  call->status = (int)status;
}

static size_t call_on_header(char *line, size_t one, size_t given, void *self)
{
  struct wr_http_call *call = self;
  (void)one;
  call->heard_us = wr_monotonic_us();
  size_t length = given;
  while (length > 0 && (unsigned char)line[length - 1] <= ' ')
    length--;
  if (length > 5 && memcmp(line, "HTTP/", 5) == 0) {
    call_begin_answer(call, line, length);
    return given;
  }
  const char *colon = memchr(line, ':', length);
  if (!colon || !call->headers)
    return given;
  call->header_bytes += length;
  if (call->header_count == HTTP_HEADERS_MAX || call->header_bytes > WR_HTTP_HEADER_BYTES_MAX)
    return call_fault(call, FAULT_HEADERS);
  char *name = wr_arena_copy(&call->arena, line, (size_t)(colon - line));
  for (char *c = name; *c; c++)
    *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
  const char *value = colon + 1;
  while (value < line + length && (*value == ' ' || *value == '\t'))
    value++;
  char *kept = wr_arena_copy(&call->arena, value, (size_t)(line + length - value));
  call->headers[call->header_count++] = (struct wr_http_header){name, kept};
  if (strcmp(name, "date") == 0) {
    time_t seconds = curl_getdate(kept, NULL);
    call->date_us = seconds < 0 ? WR_TIME_NONE : (int64_t)seconds * WR_US_PER_SECOND;
  }
  return given;
}

static size_t call_on_send(char *out, size_t one, size_t room, void *self)
{
  struct wr_http_call *call = self;
  (void)one;
  if (call->cancelled)
    return CURL_READFUNC_ABORT;
  size_t left = call->told.body_length - call->sent;
  size_t length = left < room ? left : room;
  if (length > 0)
    memcpy(out, call->told.body + call->sent, length);
  call->sent += length;
  call->heard_us = wr_monotonic_us();
  return length;
}

/* A connection that was kept turned out to be closed: the body goes over a new one. */
static int call_on_seek(void *self, curl_off_t offset, int origin)
{
  struct wr_http_call *call = self;
  if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > call->told.body_length)
    return CURL_SEEKFUNC_FAIL;
  call->sent = (size_t)offset;
  return CURL_SEEKFUNC_OK;
}

/* ---- starting */

static enum wr_code call_check_url(struct wr_http_call *call, const char *url, struct wr_error *err)
{
  CURLU *parts = curl_url();
  char *scheme = NULL, *host = NULL, *port = NULL;
  CURLUcode bad = curl_url_set(parts, CURLUPART_URL, url, CURLU_PATH_AS_IS);
  if (!bad)
    bad = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
  if (!bad)
    bad = curl_url_get(parts, CURLUPART_HOST, &host, 0);
  if (!bad)
    bad = curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
  enum wr_code code = WR_OK;
  if (bad)
    code = wr_fail(err, WR_SEMANTIC, "'%s' is not a URL: %s", url, curl_url_strerror(bad));
  else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
    code = wr_fail(err, WR_SEMANTIC, "the URL '%s' must begin with http:// or https://", url);
  else
    snprintf(call->host, sizeof call->host, "%s:%s", host, port);
  curl_free(scheme);
  curl_free(host);
  curl_free(port);
  curl_url_cleanup(parts);
  return code;
}

static bool text_is_line(const char *text)
{
  for (; *text; text++)
    if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7F)
      return false;
  return true;
}

static enum wr_code call_add_headers(struct wr_http_call *call,
                                     const struct wr_http_request *request, struct wr_error *err)
{
  for (uint32_t i = 0; i < request->header_count; i++) {
    const struct wr_http_header *header = &request->headers[i];
    if (!text_is_line(header->name) || !text_is_line(header->value))
      return wr_fail(err, WR_SEMANTIC, "the value of the HTTP header '%s' has a line break",
                     text_is_line(header->name) ? header->name : "");
    /* libcurl's way of saying that a header is there and empty is "name;" */
    const char *line = *header->value
                           ? wr_arena_print(&call->arena, "%s: %s", header->name, header->value)
                           : wr_arena_print(&call->arena, "%s;", header->name);
    call->lines = curl_slist_append(call->lines, line);
  }
  call->lines = curl_slist_append(call->lines, "Expect:"); /* nobody asks before sending */
  return WR_OK;
}

static void call_set_method(struct wr_http_call *call, const char *method)
{
  CURL *easy = call->easy;
  bool has_body =
      call->told.body_length > 0 || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
  if (strcmp(method, "HEAD") == 0) {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (has_body) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)call->told.body_length);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, call_on_send);
    curl_easy_setopt(easy, CURLOPT_READDATA, call);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, call_on_seek);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, call);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, HTTP_BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  }
}

static long milliseconds(int64_t us)
{
  int64_t ms = us / WR_US_PER_MS + (us % WR_US_PER_MS != 0);
  return ms > INT32_MAX ? INT32_MAX : (long)ms;
}

static void call_set_options(struct wr_http_call *call, const char *url)
{
  const struct wr_http *http = call->http;
  CURL *easy = call->easy;
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, HTTP_BUFFER_BYTES);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, http->agent);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->lines);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(http->connect_us));
  if (call->told.timeout_us > 0)
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(call->told.timeout_us));
  if (call->told.direct)
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  if (http->ca_file)
    curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
  if (http->insecure) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->trouble);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, call_on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, call_on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
}

enum wr_code wr_http_start(struct wr_http *http, const struct wr_http_request *request,
                           struct wr_http_call **out, struct wr_error *err)
{
  assert(request->method && request->url && request->done);
  assert(request->body || request->body_length == 0);
  struct wr_http_call *call = wr_memory_get_zero(sizeof *call);
  call->http = http;
  call->told = *request;
  if (request->timeout_us == 0)
    call->told.timeout_us = HTTP_TIMEOUT_US;
  if (request->answer_max == 0 || request->answer_max > UINT32_MAX)
    call->told.answer_max = request->answer_max ? UINT32_MAX : WR_HTTP_ANSWER_BYTES_MAX;
  call->date_us = WR_TIME_NONE;
  call->heard_us = wr_monotonic_us();
  call->easy = curl_easy_init();
  call->previous = http->last;
  *(http->last ? &http->last->next : &http->first) = call;
  http->last = call;
  http->count++;
  enum wr_code code = call->easy ? WR_OK : wr_fail(err, WR_INTERNAL, "libcurl has no memory");
  if (!code)
    code = call_check_url(call, request->url, err);
  if (!code)
    code = call_add_headers(call, request, err);
  if (code) {
    call_free(call);
    return code;
  }
  call_set_options(call, request->url);
  call_set_method(call, request->method);
  call->told.url = call->told.method = NULL;
  call->told.headers = NULL;
  if (out)
    *out = call;
  return WR_OK;
}

void wr_http_cancel(struct wr_http_call *call)
{
  if (!call || call->ended)
    return;
  if (call->http->inside)
    call->cancelled = true;
  else
    call_free(call);
}

void wr_http_hold(struct wr_http_call *call, bool hold)
{
  if (call->held && !hold)
    call->heard_us = wr_monotonic_us();
  call->held = hold;
}

/* ---- how requests end */

/* A failure of libcurl in words of ours; *retry: it may pass. */
static const char *call_explain(struct wr_http_call *call, CURLcode curl, bool *retry)
{
  struct wr_arena *arena = &call->arena;
  *retry = true;
  switch (curl) {
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return wr_arena_print(arena, "the name of %s cannot be resolved", call->host);
  case CURLE_COULDNT_CONNECT: return wr_arena_print(arena, "could not connect to %s", call->host);
  case CURLE_OPERATION_TIMEDOUT:
    return wr_arena_print(arena, "no complete answer from %s in time (%s)", call->host,
                          call->trouble[0] ? call->trouble : curl_easy_strerror(curl));
  case CURLE_GOT_NOTHING:
  case CURLE_RECV_ERROR:
  case CURLE_SEND_ERROR:
  case CURLE_PARTIAL_FILE:
    return wr_arena_print(arena, "the connection to %s broke off (%s)", call->host,
                          call->trouble[0] ? call->trouble : curl_easy_strerror(curl));
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
    *retry = false;
    return wr_arena_print(arena, "the certificate of %s is not trusted (%s)", call->host,
                          call->trouble[0] ? call->trouble : curl_easy_strerror(curl));
  default:
    return wr_arena_print(arena, "talking to %s failed (%s)", call->host,
                          call->trouble[0] ? call->trouble : curl_easy_strerror(curl));
  }
}

static void call_describe(struct wr_http_call *call, CURLcode curl, struct wr_http_result *result)
{
  struct wr_arena *arena = &call->arena;
  switch (call->fault) {
  case FAULT_ANSWER:
    result->code = WR_LIMIT;
    result->message = wr_arena_print(
        arena, "the answer of %s is longer than %zu bytes (limit WR_HTTP_ANSWER_BYTES_MAX)",
        call->host, call->told.answer_max);
    return;
  case FAULT_HEADERS:
    result->code = WR_LIMIT;
    result->message = wr_arena_print(
        arena,
        "the headers of the answer of %s are longer than WR_HTTP_HEADER_BYTES_MAX (%d) or "
        "more than %u",
        call->host, WR_HTTP_HEADER_BYTES_MAX, HTTP_HEADERS_MAX);
    return;
  case FAULT_STOPPED:
    result->code = WR_STOPPED;
    result->message = "no more of the answer was wanted";
    return;
  case FAULT_QUIET:
    result->code = WR_CONNECTION;
    result->timed_out = result->retry = true;
    result->message = wr_arena_print(arena, "%s was silent for %lld ms", call->host,
                                     (long long)(call->told.quiet_us / WR_US_PER_MS));
    return;
  case FAULT_NONE: break;
  }
  if (curl == CURLE_OK)
    return;
  result->code = WR_CONNECTION;
  result->timed_out = curl == CURLE_OPERATION_TIMEDOUT;
  result->untrusted = curl == CURLE_PEER_FAILED_VERIFICATION || curl == CURLE_SSL_CACERT_BADFILE;
  result->message = call_explain(call, curl, &result->retry);
}

static void call_end(struct wr_http_call *call, CURLcode curl)
{
  struct wr_http_result result = {
      .code = WR_OK,
      .status = call->status,
      .headers = call->headers,
      .header_count = call->header_count,
      .date_us = call->date_us,
      .body = {call->answer_length ? call->answer : "", (uint32_t)call->answer_length}};
  call_describe(call, curl, &result);
  call->ended = true;
  if (!call->cancelled) {
    call->http->is_news = true;
    call->told.done(call->told.self, &result);
  }
  call_free(call);
}

/* ---- pumping */

/* Begins what is new, continues what was held, ends what was cancelled. */
static void http_prepare(struct wr_http *http)
{
  for (struct wr_http_call *call = http->first, *next; call; call = next) {
    next = call->next;
    if (call->cancelled) {
      call_free(call);
    } else if (!call->running) {
      call->running = true;
      CURLMcode bad = curl_multi_add_handle(http->multi, call->easy);
      assert(bad == CURLM_OK && "a fresh handle is taken");
      (void)bad;
    } else if (call->paused && !call->held) {
      call->paused = false;
      http->inside = true; /* it may hand on at once what it kept */
      curl_easy_pause(call->easy, CURLPAUSE_CONT);
      http->inside = false;
    }
  }
}

/* A call that has been silent for too long; NULL: none. *wait_us: at most how long until one is. */
static struct wr_http_call *http_find_quiet(struct wr_http *http, int64_t *wait_us)
{
  int64_t now_us = 0;
  for (struct wr_http_call *call = http->first; call; call = call->next) {
    if (call->told.quiet_us <= 0 || call->held || !call->running || call->ended)
      continue;
    if (now_us == 0)
      now_us = wr_monotonic_us();
    int64_t left_us = call->told.quiet_us - (now_us - call->heard_us);
    if (left_us <= 0)
      return call;
    if (left_us < *wait_us)
      *wait_us = left_us;
  }
  return NULL;
}

static void http_perform(struct wr_http *http, int64_t *wait_us)
{
  http_prepare(http);
  int running;
  http->inside = true;
  curl_multi_perform(http->multi, &running);
  http->inside = false;
  int left;
  for (CURLMsg *told; (told = curl_multi_info_read(http->multi, &left));) {
    if (told->msg != CURLMSG_DONE)
      continue;
    char *private = NULL;
    CURLcode curl = told->data.result;
    curl_easy_getinfo(told->easy_handle, CURLINFO_PRIVATE, &private);
    call_end((struct wr_http_call *)private, curl);
  }
  for (struct wr_http_call *quiet; (quiet = http_find_quiet(http, wait_us));) {
    quiet->fault = FAULT_QUIET;
    call_end(quiet, CURLE_OK);
  }
}

uint32_t wr_http_pump(struct wr_http *http, int wait_ms)
{
  assert(!http->inside && wait_ms >= 0);
  int64_t wait_us = (int64_t)wait_ms * WR_US_PER_MS;
  http->is_news = false;
  http_perform(http, &wait_us);
  if (http->is_news || wait_us == 0)
    return http->count;
  for (const struct wr_http_call *call = http->first; call; call = call->next)
    if (!call->running || (call->paused && !call->held))
      return http->count; /* started or continued just now: the caller comes again */
  curl_multi_poll(http->multi, NULL, 0, (int)milliseconds(wait_us), NULL);
  http_perform(http, &wait_us);
  return http->count;
}

void wr_http_wake(struct wr_http *http)
{
  curl_multi_wakeup(http->multi);
}

/* ---- texts */

size_t wr_http_escape(const char *text, size_t length, bool keep_slash, char *out, size_t size)
{
  static const char digits[] = "0123456789ABCDEF";
  size_t used = 0;
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '.' || c == '_' || c == '~' || (keep_slash && c == '/');
    const char piece[3] = {plain ? (char)c : '%', digits[c >> 4], digits[c & 15]};
    for (size_t j = 0; j < (plain ? 1 : sizeof piece); j++, used++)
      if (used + 1 < size)
        out[used] = piece[j];
  }
  if (size > 0)
    out[used < size ? used : size - 1] = '\0';
  return used;
}
