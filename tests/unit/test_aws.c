/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of AWS: what they send, and what they do about every kind of refusal. The
 * server answers from a list, one answer per request. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/time.h"
#include "net/aws.h"
#include "net/aws_error.h"
#include "tests/unit/aws_environment.h"
#include "tests/unit/check.h"
#include "tests/unit/http_server.h"

#define OPTIONS_MAX 16
#define SECRET      "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define TOKEN       "IQoJb3JpZ2luX2VjEXAMPLETOKEN"

/* ---- a server with a list of answers */

struct canned {
  int status;
  const char *headers, *body;
  int64_t date_off_s; /* the server's clock; 0: no Date */
  const char *raw;    /* instead of all that, and then the connection is closed */
};

struct seen {
  char method[16], path[256], host[128], authorization[512], date[64], token[64], target[64];
  char hash[80], own[64], body[128];
};

struct script {
  const struct canned *answers;
  uint32_t count;
  struct seen seen[16];
  pthread_mutex_t lock;
};

static bool script_serve(void *self, const struct http_request *request)
{
  struct script *script = self;
  const struct canned *canned =
      &script->answers[request->number < script->count ? request->number : script->count - 1];
  pthread_mutex_lock(&script->lock);
  if (request->number < WR_COUNT(script->seen)) {
    struct seen *seen = &script->seen[request->number];
    snprintf(seen->method, sizeof seen->method, "%s", request->method);
    snprintf(seen->path, sizeof seen->path, "%s", request->path);
    snprintf(seen->body, sizeof seen->body, "%.*s", (int)request->body_length, request->body);
    http_header(request, "host", seen->host, sizeof seen->host);
    http_header(request, "authorization", seen->authorization, sizeof seen->authorization);
    http_header(request, "x-amz-date", seen->date, sizeof seen->date);
    http_header(request, "x-amz-security-token", seen->token, sizeof seen->token);
    http_header(request, "x-amz-target", seen->target, sizeof seen->target);
    http_header(request, "x-amz-content-sha256", seen->hash, sizeof seen->hash);
    http_header(request, "x-own", seen->own, sizeof seen->own);
  }
  pthread_mutex_unlock(&script->lock);
  if (canned->raw) {
    http_send(request, canned->raw, strlen(canned->raw));
    return false;
  }
  char headers[512], date[64] = "";
  if (canned->date_off_s) {
    time_t now = time(NULL) + canned->date_off_s;
    struct tm parts;
    strftime(date, sizeof date, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&now, &parts));
  }
  snprintf(headers, sizeof headers, "%s%s", date, canned->headers ? canned->headers : "");
  return http_answer(request, canned->status, headers, canned->body ? canned->body : "");
}

/* ---- a client */

struct bench {
  struct script script;
  struct http_server *server;
  struct wr_aws *aws;
  struct wr_option_value values[OPTIONS_MAX];
  struct wr_options options;
  char notes[512];
};

static void bench_on_note(void *self, const char *message)
{
  struct bench *bench = self;
  size_t used = strlen(bench->notes);
  snprintf(bench->notes + used, sizeof bench->notes - used, "%s|", message);
}

static void bench_option(struct bench *bench, const char *key, const char *value)
{
  bench->values[bench->options.value_count++] =
      (struct wr_option_value){.key = key, .value = value};
  bench->options.values = bench->values;
}

static void bench_open(struct bench *bench, const char *service, const struct canned *answers,
                       uint32_t count)
{
  struct wr_error err;
  aws_environment_begin();
  bench->script.answers = answers;
  bench->script.count = count;
  pthread_mutex_init(&bench->script.lock, NULL);
  bench->server = http_server_start(script_serve, &bench->script);
  bench_option(bench, "aws.region", "eu-west-1");
  bench_option(bench, "aws.endpoint", http_server_url(bench->server));
  bench_option(bench, "aws.credentials.basic.accesskeyid", "AKIDEXAMPLE");
  bench_option(bench, "aws.credentials.basic.secretkey", SECRET);
  bench_option(bench, "aws.credentials.basic.sessiontoken", TOKEN);
  struct wr_aws_settings settings = {
      .service = service, .options = &bench->options, .note = bench_on_note, .note_self = bench};
  enum wr_code code = wr_aws_open(&settings, &bench->aws, &err);
  WR_CHECK(code == WR_OK, "%s", err.message);
}

static void bench_close(struct bench *bench)
{
  wr_aws_close(bench->aws);
  http_server_stop(bench->server);
  pthread_mutex_destroy(&bench->script.lock);
  aws_environment_end();
}

#define LIST "Kinesis_20131202.ListShards"

/* ---- tests */

/* What a request looks like on the wire, by protocol. */
static void test_requests(void)
{
  static const struct canned answers[] = {{200, "ETag: x\r\n", "{\"a\":1}", 0, NULL}};
  struct bench json = {0}, rest = {0};
  bench_open(&json, "kinesis", answers, 1);
  struct wr_error err;
  struct wr_aws_result result;
  struct wr_aws_request list = {.target = LIST, .body = "{}", .body_length = 2};
  char *body = NULL;
  size_t length = 0;
  WR_CHECK(wr_aws_do(json.aws, &list, &body, &length, &result, &err) == WR_OK, "%s", err.message);
  CU_ASSERT_TRUE(body && length == 7 && strcmp(body, "{\"a\":1}") == 0);
  CU_ASSERT_TRUE(result.status == 200 && result.attempts == 1);
  const char *tag = wr_http_header_find(result.headers, result.header_count, "etag");
  CU_ASSERT_TRUE(tag && strcmp(tag, "x") == 0);
  free(body);
  const struct seen *seen = &json.script.seen[0];
  CU_ASSERT_STRING_EQUAL(seen->method, "POST");
  CU_ASSERT_STRING_EQUAL(seen->path, "/");
  CU_ASSERT_STRING_EQUAL(seen->target, LIST);
  CU_ASSERT_STRING_EQUAL(seen->token, TOKEN);
  CU_ASSERT_STRING_EQUAL(seen->body, "{}");
  CU_ASSERT_STRING_EQUAL(seen->host, http_server_url(json.server) + strlen("http://"));
  WR_CHECK(strstr(seen->authorization, "Credential=AKIDEXAMPLE/") &&
               strstr(seen->authorization,
                      "/eu-west-1/kinesis/aws4_request, SignedHeaders=content-type;"
                      "host;x-amz-date;x-amz-security-token;x-amz-target, Sig"),
           "%s", seen->authorization);
  bench_close(&json);

  bench_open(&rest, "s3", answers, 1);
  const struct wr_http_header own[] = {{"x-own", "a  b"},
                                       {"X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"}};
  struct wr_aws_request put = {.method = "PUT",
                               .path = "/a b/../c+d",
                               .query = "partNumber=1&uploadId=x%2Fy",
                               .headers = own,
                               .header_count = 2,
                               .host_prefix = "bucket",
                               .body = "data",
                               .body_length = 4};
  /* bucket.127.0.0.1 is no host; what is sent is looked at without the prefix */
  struct wr_aws_request plain = put;
  plain.host_prefix = NULL;
  WR_CHECK(wr_aws_do(rest.aws, &plain, NULL, NULL, NULL, &err) == WR_OK, "%s", err.message);
  seen = &rest.script.seen[0];
  CU_ASSERT_STRING_EQUAL(seen->method, "PUT");
  CU_ASSERT_STRING_EQUAL(seen->path, "/a%20b/../c%2Bd?partNumber=1&uploadId=x%2Fy");
  CU_ASSERT_STRING_EQUAL(seen->hash, "UNSIGNED-PAYLOAD");
  CU_ASSERT_STRING_EQUAL(seen->own, "a  b");
  WR_CHECK(strstr(seen->authorization, "SignedHeaders=host;x-amz-content-sha256;x-amz-date;"
                                       "x-amz-security-token;x-own, Sig"),
           "%s", seen->authorization);
  put.attempts_max = 1;
  CU_ASSERT_EQUAL(wr_aws_do(rest.aws, &put, NULL, NULL, NULL, &err), WR_CONNECTION);
  WR_CHECK(strstr(err.message, "s3 in eu-west-1: the name of bucket.127.0.0.1:") && err.retry, "%s",
           err.message);
  bench_close(&rest);
}

#define SKEWED "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired\"}"
#define MISSING \
  "{\"__type\":\"com.amazonaws#ResourceNotFoundException\",\"message\":\"Stream x not found\"}"
#define UNKNOWN "{\"__type\":\"com.amazonaws#UnknownOperationException\"}"
#define SLOW    "{\"__type\":\"ProvisionedThroughputExceededException\",\"message\":\"slow\"}"
#define SIGNED                                                                                 \
  "{\"__type\":\"InvalidSignatureException\",\"message\":\"It does not match " TOKEN           \
  ". The Canonical String for this request should have been 'POST x-amz-security-token:" TOKEN \
  "'\"}"

struct refusal_row {
  const char *what;
  struct canned answers[4];
  uint32_t attempts_max;
  bool own_throttling;
  enum wr_code code;
  bool retry;
  uint32_t attempts;
  const char *message;
};

static const struct refusal_row refusal_rows[] = {
    {"503 and then good",
     {{503, "", "", 0, 0}, {200, "", "{}", 0, 0}},
     0,
     false,
     WR_OK,
     false,
     2,
     ""},
    {"once",
     {{503, "", "", 0, 0}, {200, "", "{}", 0, 0}},
     1,
     false,
     WR_CONNECTION,
     true,
     1,
     "kinesis in eu-west-1: ListShards: status 503"},
    {"three times", {{500, "", "", 0, 0}}, 3, false, WR_CONNECTION, true, 3, "status 500"},
    {"throttled", {{400, "", SLOW, 0, 0}, {200, "", "{}", 0, 0}}, 0, false, WR_OK, false, 2, ""},
    {"429",
     {{429, "", "", 0, 0}, {200, "", "{}", 0, 0}},
     0,
     true,
     WR_CONNECTION,
     true,
     1,
     "status 429"},
    {"throttled, told at once",
     {{400, "", SLOW, 0, 0}, {200, "", "{}", 0, 0}},
     0,
     true,
     WR_CONNECTION,
     true,
     1,
     "kinesis in eu-west-1: ProvisionedThroughputExceededException: slow"},
    {"not there",
     {{400, "", MISSING, 0, 0}},
     0,
     false,
     WR_IO,
     false,
     1,
     "kinesis in eu-west-1: ResourceNotFoundException: Stream x not found"},
    {"not known",
     {{400, "", UNKNOWN, 0, 0}},
     0,
     false,
     WR_IO,
     false,
     1,
     "kinesis in eu-west-1: ListShards: UnknownOperationException: status 400"},
    {"a header's code",
     {{400, "x-amzn-ErrorType: ValidationException:http://x\r\n", "", 0, 0}},
     0,
     false,
     WR_IO,
     false,
     1,
     "ValidationException: status 400"},
    {"XML",
     {{404, "",
       "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>The "
       "&lt;key&gt; is\nnot there</Message></Error>",
       0, 0}},
     0,
     false,
     WR_IO,
     false,
     1,
     "NoSuchKey: The <key> is not there"},
    {"rubbish", {{400, "", "{\"__type\": [", 0, 0}}, 0, false, WR_IO, false, 1, "status 400"},
    {"a clock an hour behind",
     {{403, "", SKEWED, 3600, 0}, {200, "", "{}", 0, 0}},
     1,
     false,
     WR_OK,
     false,
     2,
     ""},
    {"a clock that is right",
     {{403, "", SKEWED, 1, 0}, {200, "", "{}", 0, 0}},
     0,
     false,
     WR_IO,
     false,
     1,
     "InvalidSignatureException: Signature expired"},
    {"a clock that stays wrong",
     {{403, "", SKEWED, 3600, 0}, {403, "", SKEWED, 7200, 0}},
     0,
     false,
     WR_IO,
     false,
     2,
     "Signature expired"},
    {"no secrets",
     {{403, "", SIGNED, 0, 0}},
     0,
     false,
     WR_IO,
     false,
     1,
     "It does not match (secret)."},
    {"keys that have ended and cannot be renewed",
     {{400, "", "{\"__type\":\"ExpiredTokenException\",\"message\":\"over\"}", 0, 0}},
     0,
     false,
     WR_IO,
     false,
     1,
     "ExpiredTokenException: over"},
    {"broken off",
     {{0, "", "", 0, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"}, {200, "", "{}", 0, 0}},
     0,
     false,
     WR_OK,
     false,
     2,
     ""},
};

/* Refusals: which are tried again, how often, and what is told in the end. */
static void test_refusals(void)
{
  for (size_t i = 0; i < WR_COUNT(refusal_rows); i++) {
    uint32_t count = 0;
    while (count < 4 &&
           (refusal_rows[i].answers[count].status || refusal_rows[i].answers[count].raw))
      count++;
    struct bench bench = {0};
    bench_open(&bench, "kinesis", refusal_rows[i].answers, count);
    struct wr_error err = {.message = ""};
    struct wr_aws_result result;
    struct wr_aws_request request = {.target = LIST,
                                     .body = "{}",
                                     .body_length = 2,
                                     .attempts_max = refusal_rows[i].attempts_max,
                                     .own_throttling = refusal_rows[i].own_throttling};
    enum wr_code code = wr_aws_do(bench.aws, &request, NULL, NULL, &result, &err);
    WR_CHECK(code == refusal_rows[i].code && result.attempts == refusal_rows[i].attempts &&
                 result.retry == refusal_rows[i].retry,
             "%s: %d after %u: %s", refusal_rows[i].what, code, result.attempts, err.message);
    if (code)
      WR_CHECK(strstr(err.message, refusal_rows[i].message) && err.retry == refusal_rows[i].retry,
               "%s: %s", refusal_rows[i].what, err.message);
    if (strstr(err.message, "ResourceNotFoundException"))
      WR_CHECK(strstr(err.hint, "eu-west-1 was asked, at http://127.0.0.1:"), "%s", err.hint);
    WR_CHECK(!strstr(err.message, "Canonical"), "%s: %s", refusal_rows[i].what, err.message);
    WR_CHECK(!code || (!strstr(err.message, TOKEN) && !strstr(err.message, SECRET)), "%s: %s",
             refusal_rows[i].what, err.message);
    CU_ASSERT_EQUAL(http_server_requests(bench.server), refusal_rows[i].attempts);
    bench_close(&bench);
  }
}

/* The clock that was corrected stays so: the next request is right at once. */
static void test_skew_stays(void)
{
  static const struct canned answers[] = {{403, "", SKEWED, -7200, NULL}, {200, "", "{}", 0, NULL}};
  struct bench bench = {0};
  struct wr_error err;
  struct wr_aws_request request = {.target = LIST, .body = "{}", .body_length = 2};
  bench_open(&bench, "kinesis", answers, 2);
  for (int i = 0; i < 2; i++)
    CU_ASSERT_EQUAL(wr_aws_do(bench.aws, &request, NULL, NULL, NULL, &err), WR_OK);
  CU_ASSERT_EQUAL(http_server_requests(bench.server), 3);
  CU_ASSERT_TRUE(strcmp(bench.script.seen[1].date, bench.script.seen[0].date) < 0);
  CU_ASSERT_TRUE(strcmp(bench.script.seen[2].date, bench.script.seen[0].date) < 0);
  bench_close(&bench);
}

struct reader {
  struct wr_aws *aws;
  uint32_t done;
  enum wr_code code;
  bool retry;
  char bytes[256];
};

static bool reader_on_piece(void *self, const char *bytes, size_t length)
{
  struct reader *reader = self;
  size_t used = strlen(reader->bytes);
  snprintf(reader->bytes + used, sizeof reader->bytes - used, "%.*s", (int)length, bytes);
  return strstr(reader->bytes, "stop") == NULL;
}

static void reader_on_done(void *self, const struct wr_aws_result *result)
{
  struct reader *reader = self;
  reader->done++;
  reader->code = result->code;
  reader->retry = result->retry;
}

/* What has been handed on cannot be taken back: such an answer is not asked for again. */
static void test_pieces(void)
{
  static const struct {
    struct canned answers[2];
    enum wr_code code;
    bool retry;
    uint32_t requests;
    const char *bytes;
  } rows[] = {
      {{{503, "", "wait", 0, NULL}, {200, "", "good", 0, NULL}}, WR_OK, false, 2, "good"},
      {{{0, "", "", 0, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"},
        {200, "", "all", 0, NULL}},
       WR_CONNECTION,
       true,
       1,
       "half"},
      {{{200, "", "stop", 0, NULL}, {200, "", "all", 0, NULL}}, WR_STOPPED, false, 1, "stop"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct bench bench = {0};
    bench_open(&bench, "s3", rows[i].answers, 2);
    struct reader reader = {.bytes = ""};
    struct wr_error err;
    struct wr_aws_request request = {.method = "GET",
                                     .path = "/x",
                                     .piece = reader_on_piece,
                                     .done = reader_on_done,
                                     .self = &reader};
    CU_ASSERT_EQUAL(wr_aws_start(bench.aws, &request, NULL, &err), WR_OK);
    while (wr_aws_pump(bench.aws, 1000) > 0)
      ;
    WR_CHECK(reader.done == 1 && reader.code == rows[i].code && reader.retry == rows[i].retry &&
                 strcmp(reader.bytes, rows[i].bytes) == 0 &&
                 http_server_requests(bench.server) == rows[i].requests,
             "%zu: %d %s", i, reader.code, reader.bytes);
    bench_close(&bench);
  }
}

/* Several requests at once, some of which are cancelled in every stage. */
static void test_cancel(void)
{
  static const struct canned answers[] = {{503, "Retry-After: 20\r\n", "", 0, NULL}};
  struct bench bench = {0};
  bench_open(&bench, "kinesis", answers, 1);
  struct reader reader = {.bytes = ""};
  struct wr_error err;
  struct wr_aws_request request = {
      .target = LIST, .attempts_max = UINT32_MAX, .done = reader_on_done, .self = &reader};
  struct wr_aws_call *calls[3];
  for (size_t i = 0; i < 3; i++)
    CU_ASSERT_EQUAL(wr_aws_start(bench.aws, &request, &calls[i], &err), WR_OK);
  wr_aws_cancel(calls[0]); /* waits */
  CU_ASSERT_EQUAL(wr_aws_pump(bench.aws, 0), 2);
  wr_aws_cancel(calls[1]); /* sent */
  while (http_server_requests(bench.server) < 1)
    wr_aws_pump(bench.aws, 10);
  for (int i = 0; i < 20; i++)
    CU_ASSERT_EQUAL(wr_aws_pump(bench.aws, 1), 1);
  wr_aws_cancel(calls[2]); /* rests, for the twenty seconds that the answer asks for */
  CU_ASSERT_EQUAL(wr_aws_pump(bench.aws, 0), 0);
  CU_ASSERT_EQUAL(reader.done, 0);
  CU_ASSERT_TRUE(http_server_requests(bench.server) <= 2);
  CU_ASSERT_EQUAL(wr_aws_start(bench.aws, &request, NULL, &err), WR_OK);
  bench_close(&bench); /* with one that has not begun */
}

/* A server that says when to come again is not asked earlier. */
static void test_retry_after(void)
{
  static const struct canned answers[] = {{503, "Retry-After: 1\r\n", "", 0, NULL},
                                          {200, "", "", 0, NULL}};
  struct bench bench = {0};
  struct wr_error err;
  struct wr_aws_request request = {.target = LIST};
  bench_open(&bench, "kinesis", answers, WR_COUNT(answers));
  int64_t begin_us = wr_monotonic_us();
  CU_ASSERT_EQUAL(wr_aws_do(bench.aws, &request, NULL, NULL, NULL, &err), WR_OK);
  CU_ASSERT_TRUE(wr_monotonic_us() - begin_us >= WR_US_PER_SECOND);
  bench_close(&bench);
}

/* A service that is away is told once, and its return too. */
static void test_notes(void)
{
  static const char internal[] = "{\"__type\":\"InternalError\",\"message\":\"oh\"}";
  static const struct canned answers[] = {{500, "", "", 0, NULL},
                                          {502, "", "", 0, NULL},
                                          {500, "", internal, 0, NULL},
                                          {504, "", "", 0, NULL},
                                          {200, "", "", 0, NULL}};
  struct bench bench = {0};
  struct wr_error err;
  struct wr_aws_request request = {.target = LIST, .attempts_max = UINT32_MAX};
  bench_open(&bench, "kinesis", answers, WR_COUNT(answers));
  CU_ASSERT_EQUAL(wr_aws_do(bench.aws, &request, NULL, NULL, NULL, &err), WR_OK);
  CU_ASSERT_STRING_EQUAL(bench.notes, "kinesis in eu-west-1 answers with status 500 "
                                      "InternalError: oh, trying again|"
                                      "kinesis in eu-west-1 is back|");
  CU_ASSERT_STRING_EQUAL(wr_aws_trouble(bench.aws), "");
  bench_close(&bench);
}

static void test_xml(void)
{
  static const struct {
    const char *xml, *name, *text;
  } rows[] = {
      {"<a><b>x</b></a>", "b", "x"},
      {"<a><n:b c='d'>x</n:b></a>", "b", "x"},
      {"<a><b/></a>", "b", ""},
      {"<a><b></b></a>", "b", ""},
      {"<a><!-- <b>no</b> --><b>x &amp;lt; y</b></a>", "b", "x &lt; y"},
      {"<a><bb>no</bb><b>yes</b></a>", "b", "yes"},
      {"<a><b><![CDATA[x <c> &lt;]]></b></a>", "b", "x <c> &lt;"},
      {"<a><b><![CDATA[x", "b", NULL},
      {"<a><b>cut", "b", NULL},
      {"<a", "a", NULL},
      {"<", "a", NULL},
      {"", "a", NULL},
      {"<a>x</a>", "b", NULL},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    const char *text = wr_xml_text(&arena, rows[i].xml, strlen(rows[i].xml), rows[i].name);
    WR_CHECK(rows[i].text ? text && strcmp(text, rows[i].text) == 0 : !text, "%s: %s", rows[i].xml,
             text ? text : "none");
    wr_arena_free(&arena);
  }
}

static const struct wr_test tests[] = {
    {"requests", test_requests}, {"refusals", test_refusals}, {"skew-stays", test_skew_stays},
    {"pieces", test_pieces},     {"cancel", test_cancel},     {"retry-after", test_retry_after},
    {"notes", test_notes},       {"xml", test_xml},           {NULL, NULL},
};

const struct wr_suite wr_suite_aws = {"aws", tests};
