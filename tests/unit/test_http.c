/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests against a server of the test's own, whose answers are whole, slow, broken, held or
 * endless. Waiting is always for something that happens; time limits only end what would hang. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/time.h"
#include "net/http.h"
#include "tests/unit/check.h"
#include "tests/unit/http_server.h"

#define PUMP_MS  1000
#define LARGE    (4 << 20)
#define SHORT_US (50 * WR_US_PER_MS)

/* What a request has brought. */
struct taken {
  struct wr_http *http;
  struct wr_http_call *call;
  uint32_t done;
  enum wr_code code;
  int status;
  bool timed_out, retry;
  char message[256], body[256], type[64];
  size_t length;
  int64_t date_us;
  size_t pieces, piece_bytes;
  uint64_t sum;            /* of the pieces' bytes, weighted by their place */
  size_t stop_at, hold_at; /* bytes; 0: never */
  uint32_t follow;         /* requests that `done` starts */
  const char *url;
};

static void taken_on_done(void *self, const struct wr_http_result *result)
{
  struct taken *taken = self;
  taken->done++;
  taken->code = result->code;
  taken->status = result->status;
  taken->timed_out = result->timed_out;
  taken->retry = result->retry;
  taken->date_us = result->date_us;
  taken->length = result->body.length;
  snprintf(taken->message, sizeof taken->message, "%s", result->message ? result->message : "");
  snprintf(taken->body, sizeof taken->body, "%.*s", (int)result->body.length, result->body.bytes);
  for (uint32_t i = 0; i < result->header_count; i++)
    if (strcmp(result->headers[i].name, "content-type") == 0)
      snprintf(taken->type, sizeof taken->type, "%s", result->headers[i].value);
  wr_http_cancel(taken->call); /* no harm: it has ended */
  taken->call = NULL;
  if (taken->follow == 0)
    return;
  taken->follow--;
  struct wr_error err;
  struct wr_http_request request = {
      .method = "GET", .url = taken->url, .done = taken_on_done, .self = taken};
  CU_ASSERT_EQUAL(wr_http_start(taken->http, &request, &taken->call, &err), WR_OK);
}

static bool taken_on_piece(void *self, const char *bytes, size_t length)
{
  struct taken *taken = self;
  for (size_t i = 0; i < length; i++)
    taken->sum += (uint64_t)(unsigned char)bytes[i] * (taken->piece_bytes + i + 1);
  taken->pieces++;
  taken->piece_bytes += length;
  if (taken->hold_at && taken->piece_bytes >= taken->hold_at)
    wr_http_hold(taken->call, true);
  return !taken->stop_at || taken->piece_bytes < taken->stop_at;
}

static struct wr_http *http_open(void)
{
  struct wr_http_settings settings = {.agent = "weir-test"};
  struct wr_http *http = NULL;
  struct wr_error err;
  CU_ASSERT_EQUAL_FATAL(wr_http_open(&settings, &http, &err), WR_OK);
  return http;
}

static void taken_start(struct wr_http *http, struct wr_http_request request, struct taken *taken)
{
  struct wr_error err;
  taken->http = http;
  taken->url = request.url;
  request.method = request.method ? request.method : "GET";
  request.done = taken_on_done;
  request.self = taken;
  enum wr_code code = wr_http_start(http, &request, &taken->call, &err);
  WR_CHECK(code == WR_OK, "%s", err.message);
}

static void pump_all(struct wr_http *http)
{
  int64_t end_us = wr_monotonic_us() + 90 * WR_US_PER_SECOND;
  while (wr_http_pump(http, PUMP_MS) > 0 && wr_monotonic_us() < end_us)
    ;
  CU_ASSERT_EQUAL(wr_http_pump(http, 0), 0);
}

static uint64_t large_sum(void)
{
  uint64_t sum = 0;
  for (size_t i = 0; i < LARGE; i++)
    sum += (uint64_t)(i % 251) * (i + 1);
  return sum;
}

static bool serve_large(const struct http_request *request)
{
  char text[128];
  char *large = malloc(LARGE);
  for (size_t i = 0; i < LARGE; i++)
    large[i] = (char)(i % 251);
  int length = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", LARGE);
  bool good = http_send(request, text, (size_t)length) && http_send(request, large, LARGE);
  free(large);
  return good;
}

/* The server: what it does is the path. */
static bool serve(void *self, const struct http_request *request)
{
  (void)self;
  const char *path = request->path;
  char text[512];
  if (strcmp(path, "/large") == 0)
    return serve_large(request);
  if (strcmp(path, "/echo") == 0) {
    uint64_t sum = 0;
    for (size_t i = 0; i < request->body_length; i++)
      sum += (uint64_t)(unsigned char)request->body[i] * (i + 1);
    char agent[64], own[64], expect[64];
    snprintf(text, sizeof text, "%s %zu %llu %s %s%s", request->method, request->body_length,
             (unsigned long long)sum, http_header(request, "user-agent", agent, sizeof agent),
             http_header(request, "x-own", own, sizeof own),
             http_header(request, "expect", expect, sizeof expect));
    return http_answer(request, 200,
                       "Content-Type: text/PLAIN\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", text);
  }
  if (strcmp(path, "/missing") == 0)
    return http_answer(request, 404, "", "nothing here");
  if (strcmp(path, "/moved") == 0)
    return http_answer(request, 301, "Location: /echo\r\n", "");
  if (strcmp(path, "/broken") == 0) {
    static const char part[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this";
    http_send(request, part, sizeof part - 1);
    return false;
  }
  if (strcmp(path, "/closed") == 0)
    return false;
  if (strcmp(path, "/last") == 0) { /* the connection ends without a word */
    http_answer(request, 200, "", "last");
    return false;
  }
  if (strcmp(path, "/garbage") == 0) {
    http_send(request, "\x01\x02\x03 no HTTP\r\n\r\n", 15);
    return false;
  }
  if (strcmp(path, "/silent") == 0)
    return http_wait(request);
  if (strcmp(path, "/begun") == 0) {
    static const char part[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun";
    http_send(request, part, sizeof part - 1);
    return http_wait(request);
  }
  if (strcmp(path, "/endless") == 0) {
    char block[4096] = {0};
    static const char head[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    http_send(request, head, sizeof head - 1);
    while (http_send(request, block, sizeof block))
      ;
    return false;
  }
  if (strcmp(path, "/headers") == 0 || strcmp(path, "/long-headers") == 0) {
    int count = path[1] == 'h' ? 1000 : 10, width = path[1] == 'h' ? 4 : 10000;
    char line[10100];
    http_send(request, "HTTP/1.1 200 OK\r\n", 17);
    for (int i = 0; i < count; i++) {
      int length = snprintf(line, sizeof line, "X-%d: %0*d\r\n", i, width, i);
      if (!http_send(request, line, (size_t)length))
        return false;
    }
    return http_send(request, "\r\n", 2);
  }
  if (strcmp(path, "/continue") == 0) {
    static const char both[] =
        "HTTP/1.1 100 Continue\r\nContent-Type: wrong\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    return http_send(request, both, sizeof both - 1);
  }
  return http_answer(request, 400, "", path);
}

static const char *url_of(struct http_server *server, const char *path, char *out, size_t size)
{
  snprintf(out, size, "%s%s", http_server_url(server), path);
  return out;
}

/* Everything about an answer that arrives. */
static void test_answers(void)
{
  static const struct {
    const char *method, *path, *body;
    int status;
    const char *answer;
  } rows[] = {
      {"GET", "/echo", NULL, 200, "GET 0 0 weir-test mine"},
      {"POST", "/echo", "abc", 200, "POST 3 590 weir-test mine"},
      {"POST", "/echo", NULL, 200, "POST 0 0 weir-test mine"},
      {"PUT", "/echo", "abc", 200, "PUT 3 590 weir-test mine"},
      {"DELETE", "/echo", NULL, 200, "DELETE 0 0 weir-test mine"},
      {"GET", "/missing", NULL, 404, "nothing here"},
      {"GET", "/moved", NULL, 301, ""},
      {"GET", "/a%20b/../c", NULL, 400, "/a%20b/../c"},
      {"GET", "/continue", NULL, 200, "ok"},
  };
  struct http_server *server = http_server_start(serve, NULL);
  struct wr_http *http = http_open();
  const struct wr_http_header own[] = {{"X-Own", "mine"}, {"X-Empty", ""}};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    char url[256];
    struct taken taken = {0};
    taken_start(http,
                (struct wr_http_request){.method = rows[i].method,
                                         .url = url_of(server, rows[i].path, url, sizeof url),
                                         .headers = own,
                                         .header_count = 2,
                                         .body = rows[i].body,
                                         .body_length = rows[i].body ? strlen(rows[i].body) : 0},
                &taken);
    pump_all(http);
    WR_CHECK(taken.done == 1 && taken.code == WR_OK && taken.status == rows[i].status &&
                 strcmp(taken.body, rows[i].answer) == 0,
             "%s %s: %d %s %s", rows[i].method, rows[i].path, taken.status, taken.body,
             taken.message);
    bool is_echo = strcmp(rows[i].path, "/echo") == 0;
    WR_CHECK(taken.date_us == (is_echo ? INT64_C(784111777000000) : WR_TIME_NONE), "%s",
             rows[i].path);
    WR_CHECK(strcmp(taken.type, is_echo ? "text/PLAIN" : "") == 0, "%s: %s", rows[i].path,
             taken.type);
  }
  CU_ASSERT_EQUAL(http_server_connections(server), 1); /* one, used again and again */
  wr_http_close(http);
  http_server_stop(server);
}

/* A connection that was kept and has been closed by the other side is replaced, body and all. */
static void test_closed_meanwhile(void)
{
  struct http_server *server = http_server_start(serve, NULL);
  struct wr_http *http = http_open();
  char url[256];
  for (int i = 0; i < 20; i++) {
    struct taken taken = {0};
    taken_start(
        http,
        (struct wr_http_request){.method = "POST",
                                 .url = url_of(server, i % 2 ? "/echo" : "/last", url, sizeof url),
                                 .body = "abc",
                                 .body_length = 3},
        &taken);
    pump_all(http);
    WR_CHECK(taken.code == WR_OK &&
                 strcmp(taken.body, i % 2 ? "POST 3 590 weir-test " : "last") == 0,
             "%d: %s %s", i, taken.body, taken.message);
  }
  wr_http_close(http);
  http_server_stop(server);
}

static void test_large_body(void)
{
  struct http_server *server = http_server_start(serve, NULL);
  struct wr_http *http = http_open();
  char *body = malloc(LARGE), url[256], expected[64];
  for (size_t i = 0; i < LARGE; i++)
    body[i] = (char)(i % 251);
  struct taken taken = {0};
  taken_start(http,
              (struct wr_http_request){.method = "POST",
                                       .url = url_of(server, "/echo", url, sizeof url),
                                       .body = body,
                                       .body_length = LARGE},
              &taken);
  pump_all(http);
  snprintf(expected, sizeof expected, "POST %d %llu weir-test ", LARGE,
           (unsigned long long)large_sum());
  WR_CHECK(strcmp(taken.body, expected) == 0, "%s", taken.body);
  free(body);
  wr_http_close(http);
  http_server_stop(server);
}

static void test_pieces(void)
{
  static const struct {
    const char *path;
    size_t stop_at, piece_bytes;
    enum wr_code code;
    int status;
    const char *body;
  } rows[] = {
      {"/large", 0, LARGE, WR_OK, 200, ""},
      {"/endless", 100000, 0, WR_STOPPED, 200, ""},
      {"/missing", 0, 0, WR_OK, 404, "nothing here"}, /* collected: it is no success */
  };
  struct http_server *server = http_server_start(serve, NULL);
  struct wr_http *http = http_open();
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    char url[256];
    struct taken taken = {.stop_at = rows[i].stop_at};
    taken_start(http,
                (struct wr_http_request){.url = url_of(server, rows[i].path, url, sizeof url),
                                         .piece = taken_on_piece},
                &taken);
    pump_all(http);
    WR_CHECK(taken.done == 1 && taken.code == rows[i].code && taken.status == rows[i].status &&
                 strcmp(taken.body, rows[i].body) == 0,
             "%s: %d %d %s", rows[i].path, taken.code, taken.status, taken.message);
    if (rows[i].piece_bytes) {
      CU_ASSERT_EQUAL(taken.piece_bytes, rows[i].piece_bytes);
      CU_ASSERT_EQUAL(taken.sum, large_sum());
    }
  }
  wr_http_close(http);
  http_server_stop(server);
}

/* While an answer is held nothing of it comes, others do, and in the end nothing is missing. */
static void test_hold(void)
{
  struct http_server *server = http_server_start(serve, NULL);
  struct wr_http *http = http_open();
  char url[256], other[256];
  struct taken taken = {.hold_at = 1}, second = {0};
  taken_start(http,
              (struct wr_http_request){.url = url_of(server, "/large", url, sizeof url),
                                       .piece = taken_on_piece},
              &taken);
  while (taken.pieces == 0)
    wr_http_pump(http, PUMP_MS);
  size_t before = taken.piece_bytes;
  taken_start(http, (struct wr_http_request){.url = url_of(server, "/echo", other, sizeof other)},
              &second);
  while (second.done == 0)
    wr_http_pump(http, PUMP_MS);
  for (int i = 0; i < 5; i++)
    CU_ASSERT_EQUAL(wr_http_pump(http, 10), 1);
  CU_ASSERT_EQUAL(taken.piece_bytes, before);
  taken.hold_at = LARGE / 2; /* and once more from there */
  wr_http_hold(taken.call, false);
  while (taken.piece_bytes < LARGE / 2)
    wr_http_pump(http, PUMP_MS);
  taken.hold_at = 0;
  wr_http_hold(taken.call, false);
  pump_all(http);
  CU_ASSERT_EQUAL(taken.code, WR_OK);
  CU_ASSERT_EQUAL(taken.piece_bytes, LARGE);
  CU_ASSERT_EQUAL(taken.sum, large_sum());
  wr_http_close(http);
  http_server_stop(server);
}

/* Silence does not count while nothing is wanted, and counts afterwards. */
static void test_hold_quiet(void)
{
  struct http_server *server = http_server_start(serve, NULL);
  struct wr_http *http = http_open();
  char url[256];
  struct taken taken = {0};
  taken_start(http,
              (struct wr_http_request){.url = url_of(server, "/begun", url, sizeof url),
                                       .piece = taken_on_piece,
                                       .timeout_us = -1,
                                       .quiet_us = SHORT_US},
              &taken);
  wr_http_hold(taken.call, true);
  int64_t until_us = wr_monotonic_us() + 3 * SHORT_US;
  while (wr_monotonic_us() < until_us)
    CU_ASSERT_EQUAL(wr_http_pump(http, 10), 1);
  CU_ASSERT_EQUAL(taken.piece_bytes, 0);
  wr_http_hold(taken.call, false);
  pump_all(http);
  CU_ASSERT_TRUE(taken.done == 1 && taken.timed_out);
  wr_http_close(http);
  http_server_stop(server);
}

/* Answers that never come whole. */
static void test_failures(void)
{
  static const struct {
    const char *path;
    int64_t timeout_us, quiet_us;
    size_t answer_max;
    enum wr_code code;
    bool timed_out, retry;
    const char *message; /* a part of it */
  } rows[] = {
      {"/broken", 0, 0, 0, WR_CONNECTION, false, true, "broke off"},
      {"/closed", 0, 0, 0, WR_CONNECTION, false, true, "broke off"},
      {"/garbage", 0, 0, 0, WR_CONNECTION, false, true, "talking to 127.0.0.1"},
      {"/silent", SHORT_US, 0, 0, WR_CONNECTION, true, true, "no complete answer"},
      {"/begun", SHORT_US, 0, 0, WR_CONNECTION, true, true, "no complete answer"},
      {"/silent", -1, SHORT_US, 0, WR_CONNECTION, true, true, "was silent for 50 ms"},
      {"/begun", -1, SHORT_US, 0, WR_CONNECTION, true, true, "was silent for 50 ms"},
      {"/endless", 0, 0, 10000, WR_LIMIT, false, false, "longer than 10000 bytes"},
      {"/endless", -1, 0, 1 << 20, WR_LIMIT, false, false, "WR_HTTP_ANSWER_BYTES_MAX"},
      {"/headers", 0, 0, 0, WR_LIMIT, false, false, "WR_HTTP_HEADER_BYTES_MAX"},
      {"/long-headers", 0, 0, 0, WR_LIMIT, false, false, "WR_HTTP_HEADER_BYTES_MAX"},
  };
  struct http_server *server = http_server_start(serve, NULL);
  struct wr_http *http = http_open();
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    char url[256];
    struct taken taken = {0};
    taken_start(http,
                (struct wr_http_request){.url = url_of(server, rows[i].path, url, sizeof url),
                                         .timeout_us = rows[i].timeout_us,
                                         .quiet_us = rows[i].quiet_us,
                                         .answer_max = rows[i].answer_max},
                &taken);
    pump_all(http);
    WR_CHECK(taken.done == 1 && taken.code == rows[i].code &&
                 taken.timed_out == rows[i].timed_out && taken.retry == rows[i].retry &&
                 strstr(taken.message, rows[i].message),
             "%s: %d %d %s", rows[i].path, taken.code, taken.retry, taken.message);
  }
  wr_http_close(http);
  http_server_stop(server);
}

static void test_nobody(void)
{
  struct http_server *server = http_server_start(serve, NULL);
  char url[256];
  url_of(server, "/echo", url, sizeof url);
  http_server_stop(server);
  struct wr_http *http = http_open();
  struct taken taken = {0}, unknown = {0};
  taken_start(http, (struct wr_http_request){.url = url}, &taken);
  taken_start(http, (struct wr_http_request){.url = "http://no-such-host.invalid/"}, &unknown);
  pump_all(http);
  CU_ASSERT_TRUE(taken.code == WR_CONNECTION && taken.retry);
  WR_CHECK(strstr(taken.message, "could not connect to 127.0.0.1:"), "%s", taken.message);
  CU_ASSERT_TRUE(unknown.code == WR_CONNECTION && unknown.retry);
  WR_CHECK(strstr(unknown.message, "no-such-host.invalid:80"), "%s", unknown.message);
  wr_http_close(http);
}

static void test_refusals(void)
{
  static const struct {
    const char *url, *name, *value, *message;
  } rows[] = {
      {"ftp://example.com/", "a", "b", "must begin with http:// or https://"},
      {"file:///etc/passwd", "a", "b", "is not a URL"},
      {"", "a", "b", "is not a URL"},
      {"http://", "a", "b", "is not a URL"},
      {"http://a b/", "a", "b", "is not a URL"},
      {"http://localhost/", "a", "b\r\nc: d", "HTTP header 'a' has a line break"},
      {"http://localhost/", "a\nb", "c", "has a line break"},
  };
  struct wr_http *http = http_open();
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_error err;
    struct taken taken = {0};
    struct wr_http_header header = {rows[i].name, rows[i].value};
    struct wr_http_request request = {.method = "GET",
                                      .url = rows[i].url,
                                      .headers = &header,
                                      .header_count = 1,
                                      .done = taken_on_done,
                                      .self = &taken};
    enum wr_code code = wr_http_start(http, &request, NULL, &err);
    WR_CHECK(code == WR_SEMANTIC && strstr(err.message, rows[i].message), "%s: %s", rows[i].url,
             code ? err.message : "");
  }
  CU_ASSERT_EQUAL(wr_http_pump(http, 0), 0);
  wr_http_close(http);
}

/* Many at once; each `done` starts two more, one after the other. */
static void test_many(void)
{
  enum { COUNT = 40 };
  struct http_server *server = http_server_start(serve, NULL);
  struct wr_http *http = http_open();
  static struct taken taken[COUNT];
  char url[256];
  url_of(server, "/echo", url, sizeof url);
  for (size_t i = 0; i < COUNT; i++) {
    taken[i] = (struct taken){.follow = 2};
    taken_start(http, (struct wr_http_request){.url = url}, &taken[i]);
  }
  pump_all(http);
  for (size_t i = 0; i < COUNT; i++)
    WR_CHECK(taken[i].done == 3 && taken[i].status == 200, "%zu: %u", i, taken[i].done);
  CU_ASSERT_EQUAL(http_server_requests(server), 3 * COUNT);
  wr_http_close(http);
  http_server_stop(server);
}

struct canceller {
  struct wr_http_call *victim, *own;
  uint32_t pieces;
};

static bool canceller_on_piece(void *self, const char *bytes, size_t length)
{
  struct canceller *canceller = self;
  (void)bytes;
  (void)length;
  canceller->pieces++;
  wr_http_cancel(canceller->victim);
  wr_http_cancel(canceller->own);
  canceller->victim = canceller->own = NULL;
  return true;
}

static void never_on_done(void *self, const struct wr_http_result *result)
{
  (void)self;
  (void)result;
  CU_FAIL("done was called for a request that was cancelled");
}

/* Cancelled from outside, and from inside a piece: their `done` is never called. */
static void test_cancel(void)
{
  struct http_server *server = http_server_start(serve, NULL);
  struct wr_http *http = http_open();
  struct wr_error err;
  char silent[256], endless[256];
  struct wr_http_request request = {.method = "GET",
                                    .url = url_of(server, "/silent", silent, sizeof silent),
                                    .done = never_on_done};
  struct wr_http_call *early = NULL, *late = NULL;
  struct canceller canceller = {0};
  CU_ASSERT_EQUAL(wr_http_start(http, &request, &early, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_http_start(http, &request, &late, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_http_start(http, &request, &canceller.victim, &err), WR_OK);
  wr_http_cancel(early); /* before it has begun */
  CU_ASSERT_EQUAL(wr_http_pump(http, 0), 2);
  while (http_server_requests(server) < 2)
    wr_http_pump(http, 10);
  wr_http_cancel(late);
  request.url = url_of(server, "/endless", endless, sizeof endless);
  request.piece = canceller_on_piece;
  request.self = &canceller;
  CU_ASSERT_EQUAL(wr_http_start(http, &request, &canceller.own, &err), WR_OK);
  pump_all(http);
  CU_ASSERT_EQUAL(canceller.pieces, 1);
  CU_ASSERT_EQUAL(wr_http_start(http, &request, NULL, &err), WR_OK);
  wr_http_pump(http, 0);
  wr_http_close(http); /* with one under way */
  http_server_stop(server);
}

static void *waker_run(void *self)
{
  wr_http_wake(self);
  return NULL;
}

/* Another thread ends a long wait, whether a request is under way or not. */
static void test_wake(void)
{
  struct http_server *server = http_server_start(serve, NULL);
  struct wr_http *http = http_open();
  char url[256];
  struct taken taken = {0};
  for (uint32_t under_way = 0; under_way < 2; under_way++) {
    pthread_t waker;
    int64_t begin_us = wr_monotonic_us();
    while (http_server_requests(server) < under_way)
      wr_http_pump(http, 10);
    pthread_create(&waker, NULL, waker_run, http);
    CU_ASSERT_EQUAL(wr_http_pump(http, 120000), under_way);
    CU_ASSERT_TRUE(wr_monotonic_us() - begin_us < 60 * WR_US_PER_SECOND);
    pthread_join(waker, NULL);
    if (under_way == 0)
      taken_start(http, (struct wr_http_request){.url = url_of(server, "/silent", url, sizeof url)},
                  &taken);
  }
  CU_ASSERT_EQUAL(taken.done, 0);
  wr_http_close(http);
  http_server_stop(server);
}

static void test_escape(void)
{
  static const struct {
    const char *text;
    bool keep_slash;
    const char *escaped;
  } rows[] = {
      {"", false, ""},
      {"aZ09-._~", false, "aZ09-._~"},
      {"a/b c", false, "a%2Fb%20c"},
      {"a/b c", true, "a/b%20c"},
      {"+=&?#%", true, "%2B%3D%26%3F%23%25"},
      {"\xC3\xBC", true, "%C3%BC"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    char out[64], small[4];
    size_t length = strlen(rows[i].text);
    size_t used = wr_http_escape(rows[i].text, length, rows[i].keep_slash, out, sizeof out);
    WR_CHECK(strcmp(out, rows[i].escaped) == 0 && used == strlen(rows[i].escaped), "%s", out);
    CU_ASSERT_EQUAL(wr_http_escape(rows[i].text, length, rows[i].keep_slash, small, sizeof small),
                    used);
    CU_ASSERT_TRUE(strlen(small) < sizeof small);
    CU_ASSERT_EQUAL(wr_http_escape(rows[i].text, length, rows[i].keep_slash, NULL, 0), used);
  }
}

static const struct wr_test tests[] = {
    {"answers", test_answers},
    {"closed-meanwhile", test_closed_meanwhile},
    {"large-body", test_large_body},
    {"pieces", test_pieces},
    {"hold", test_hold},
    {"hold-quiet", test_hold_quiet},
    {"failures", test_failures},
    {"nobody", test_nobody},
    {"refusals", test_refusals},
    {"many", test_many},
    {"cancel", test_cancel},
    {"wake", test_wake},
    {"escape", test_escape},
    {NULL, NULL},
};

const struct wr_suite wr_suite_http = {"http", tests};
