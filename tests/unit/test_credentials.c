/* SPDX-License-Identifier: Apache-2.0 */
/* How credentials are fetched and renewed. One server plays sts, the
 * container's host, the instance metadata and the service that is called. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/time.h"
#include "net/aws.h"
#include "net/credential_answer.h"
#include "net/credentials.h"
#include "tests/unit/aws_environment.h"
#include "tests/unit/check.h"
#include "tests/unit/http_server.h"

/* ---- answers */

static void test_times(void)
{
  static const struct {
    const char *text;
    int64_t seconds; /* -1: none */
  } rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2015-08-30T12:36:00Z", 1440938160},
      {"2015-08-30T12:36:00.123Z", 1440938160},
      {"2015-08-30T12:36:00+00:00", 1440938160},
      {"2015-08-30T12:36:00UTC", 1440938160},
      {"2016-02-29T00:00:00Z", 1456704000},
      {"2015-02-29T00:00:00Z", -1},
      {"2015-13-01T00:00:00Z", -1},
      {"2015-08-30T24:00:00Z", -1},
      {"2015-08-30T12:36:00", -1},
      {"2015-08-30 12:36:00Z", -1},
      {"1969-08-30T12:36:00Z", -1},
      {"soon", -1},
      {"", -1},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    int64_t time_us = -WR_US_PER_SECOND;
    bool good = wr_credential_time(rows[i].text, &time_us);
    WR_CHECK(good == (rows[i].seconds >= 0) && time_us == rows[i].seconds * WR_US_PER_SECOND, "%s",
             rows[i].text);
  }
}

static void test_answers(void)
{
  static const struct {
    const char *body, *expected; /* "id secret token", or a part of the problem behind "!" */
  } rows[] = {
      {"{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\",\"Token\":\"c\"}", "a b c"},
      {"{\"Code\":\"Success\",\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}", "a b -"},
      {"{\"Code\":\"Failed\",\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}", "!says Failed"},
      {"{\"AccessKeyId\":\"a\"}", "!no SecretAccessKey"},
      {"{\"AccessKeyId\":1,\"SecretAccessKey\":\"b\"}", "!no AccessKeyId"},
      {"{\"AccessKeyId\":\"a\\nb\",\"SecretAccessKey\":\"b\"}", "!no AccessKeyId, or an unusable"},
      {"{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\",\"Token\":\"c d\"}",
       "!unusable session token"},
      {"{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\",\"Expiration\":\"soon\"}",
       "!cannot be read"},
      {"[1]", "!no JSON object"},
      {"{", "!no JSON object"},
      {"", "!no JSON object"},
      {"<r><Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>b/+</SecretAccessKey>"
       "<SessionToken>c=</SessionToken><Expiration>2015-08-30T12:36:00Z</Expiration></Credentials></r>",
       "a b/+ c="},
      {"<r><AccessKeyId>a</AccessKeyId></r>", "!no SecretAccessKey"},
      {"<", "!no AccessKeyId"},
      {"P{\"Version\":1,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}", "a b -"},
      {"P{\"Version\":1,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\",\"SessionToken\":\"c\","
       "\"Expiration\":\"2015-08-30T12:36:00Z\"}",
       "a b c"},
      {"P{\"Version\":2,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}", "!Version is not 1"},
      {"P{\"Version\":\"1\",\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}", "!Version is not 1"},
      {"P{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\"}", "!Version is not 1"},
      {"P{\"Version\":1,\"AccessKeyId\":\"a\"}", "!no SecretAccessKey"},
      {"P", "!no JSON object"},
      {"S{\"roleCredentials\":{\"accessKeyId\":\"a\",\"secretAccessKey\":\"b\",\"sessionToken\":"
       "\"c\",\"expiration\":1440938160000}}",
       "a b c"},
      {"S{\"roleCredentials\":{\"accessKeyId\":\"a\",\"secretAccessKey\":\"b\",\"expiration\":-1}}",
       "!cannot be read"},
      {"S{\"roleCredentials\":{\"accessKeyId\":\"a\",\"secretAccessKey\":\"b\",\"expiration\":"
       "99999999999999999}}",
       "!cannot be read"},
      {"S{\"roleCredentials\":{\"accessKeyId\":\"a\"}}", "!no SecretAccessKey"},
      {"S{\"roleCredentials\":1}", "!no roleCredentials"},
      {"S[]", "!no JSON object"},
  };
  static const struct {
    char kind; /* the first byte of a body, which belongs to it if it is_part */
    bool is_part;
    bool (*read)(struct wr_arena *arena, const struct wr_slice *body, struct wr_credentials *out,
                 const char **problem);
  } readers[] = {{'<', true, wr_credential_answer_xml},
                 {'P', false, wr_credential_answer_process},
                 {'S', false, wr_credential_answer_sso},
                 {'\0', true, wr_credential_answer_json}};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_credentials out;
    const char *problem = "";
    char text[256];
    size_t reader = 0;
    while (readers[reader].kind && readers[reader].kind != rows[i].body[0])
      reader++;
    const char *text_of = rows[i].body + !readers[reader].is_part;
    const struct wr_slice body = {text_of, (uint32_t)strlen(text_of)};
    bool good = readers[reader].read(&arena, &body, &out, &problem);
    if (good)
      snprintf(text, sizeof text, "%s %s %s", out.access_key, out.secret_key,
               out.session_token ? out.session_token : "-");
    else
      snprintf(text, sizeof text, "!%s", problem);
    WR_CHECK(good ? strcmp(text, rows[i].expected) == 0
                  : rows[i].expected[0] == '!' && strstr(text, rows[i].expected + 1),
             "%s: %s", rows[i].body, text);
    wr_arena_free(&arena);
  }
}

static void test_renewal(void)
{
  static const struct {
    int64_t life_s, wait_s;
  } rows[] = {{3600, 3300}, {900, 600}, {361, 61}, {360, 60}, {300, 60}, {100, 50}, {0, 0}};
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    CU_ASSERT_EQUAL(wr_credentials_renewal(7, 7 + rows[i].life_s * WR_US_PER_SECOND),
                    7 + rows[i].wait_s * WR_US_PER_SECOND);
  CU_ASSERT_EQUAL(wr_credentials_renewal(7, WR_TIME_END), WR_TIME_END);
}

/* ---- fetching */

/* All servers in one. */
struct world {
  struct http_server *server;
  struct wr_aws *aws;
  struct wr_error err;
  enum wr_code opened;
  struct wr_option_value values[AWS_OPTIONS_MAX];
  struct wr_options options;
  pthread_mutex_t lock;
  char log[2048];   /* what was asked, in order */
  uint32_t fetches; /* sets given out: their keys are KEY1, KEY2 ... */
  int64_t life_s;   /* of the sets; 0: for ever */
  uint32_t ended;   /* the service says of sets up to this one that they have ended */
  uint32_t failing; /* so many asks for credentials are answered by 500 */
  bool refuses;     /* the others by 403 */
};

static void world_log(struct world *world, const char *text)
{
  size_t used = strlen(world->log);
  snprintf(world->log + used, sizeof world->log - used, "%s%s", used ? "; " : "", text);
}

/* The value of a field of a form, escapes left as they are. */
static void form_field(const struct http_request *request, const char *name, char *out, size_t size)
{
  size_t length = strlen(name);
  char body[2048];
  snprintf(body, sizeof body, "&%.*s", (int)request->body_length, request->body);
  out[0] = '\0';
  for (char *at = body; (at = strchr(at, '&')); at++)
    if (strncmp(at + 1, name, length) == 0 && at[1 + length] == '=')
      snprintf(out, size, "%.*s", (int)strcspn(at + length + 2, "&"), at + length + 2);
}

static void key_of(const struct http_request *request, char *out, size_t size)
{
  char text[512];
  http_header(request, "authorization", text, sizeof text);
  const char *key = strstr(text, "Credential=");
  snprintf(out, size, "%.*s", key ? (int)strcspn(key + 11, "/") : 1, key ? key + 11 : "-");
}

static void world_expiry(const struct world *world, char *out, size_t size)
{
  time_t end = time(NULL) + world->life_s;
  struct tm parts;
  strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end, &parts));
}

static bool world_give(struct world *world, const struct http_request *request, bool is_xml)
{
  char body[1024], end[64] = "";
  if (world->failing > 0) {
    world->failing--;
    return http_answer(request, 500, "", "");
  }
  if (world->refuses)
    return http_answer(request, 403, "",
                       "<ErrorResponse><Error><Code>AccessDenied</Code><Message>You may "
                       "not</Message></Error></ErrorResponse>");
  uint32_t number = ++world->fetches;
  if (world->life_s)
    world_expiry(world, end, sizeof end);
  if (is_xml)
    snprintf(
        body, sizeof body,
        "<R><Credentials><AccessKeyId>KEY%u</AccessKeyId><SecretAccessKey>SECRET</SecretAccessKey>"
        "<SessionToken>TOKEN%u</SessionToken><Expiration>%s</Expiration></Credentials></R>",
        number, number, end);
  else
    snprintf(
        body, sizeof body,
        "{\"Code\":\"Success\",\"AccessKeyId\":\"KEY%u\",\"SecretAccessKey\":\"SECRET\",\"Token\":"
        "\"TOKEN%u\",\"Expiration\":\"%s\"}",
        number, number, end);
  return http_answer(request, 200, "", body);
}

static bool world_sts(struct world *world, const struct http_request *request, const char *action,
                      const char *key)
{
  char role[128], name[64], external[64], token[64], text[512];
  form_field(request, "RoleArn", role, sizeof role);
  form_field(request, "RoleSessionName", name, sizeof name);
  form_field(request, "ExternalId", external, sizeof external);
  form_field(request, "WebIdentityToken", token, sizeof token);
  snprintf(text, sizeof text, "%s %s %s%s%s by %s", action, role, name, external, token, key);
  world_log(world, text);
  return world_give(world, request, true);
}

static bool world_answer(struct world *world, const struct http_request *request)
{
  char action[64], key[64], header[128], text[512];
  key_of(request, key, sizeof key);
  form_field(request, "Action", action, sizeof action);
  if (action[0])
    return world_sts(world, request, action, key);
  if (strcmp(request->path, "/container") == 0) {
    snprintf(text, sizeof text, "container %s",
             http_header(request, "authorization", header, sizeof header));
    world_log(world, text);
    return world_give(world, request, false);
  }
  if (strcmp(request->path, "/latest/api/token") == 0) {
    snprintf(text, sizeof text, "%s token %s", request->method,
             http_header(request, "x-aws-ec2-metadata-token-ttl-seconds", header, sizeof header));
    world_log(world, text);
    return http_answer(request, 200, "", "METATOKEN");
  }
  if (strncmp(request->path, "/latest/meta-data/", 18) == 0) {
    snprintf(text, sizeof text, "%s %s", strrchr(request->path, '/'),
             http_header(request, "x-aws-ec2-metadata-token", header, sizeof header));
    world_log(world, text);
    return text[1] == ' ' ? http_answer(request, 200, "", "my-role\n")
                          : world_give(world, request, false);
  }
  snprintf(text, sizeof text, "call by %s", key);
  world_log(world, text);
  if (strncmp(key, "KEY", 3) == 0 && (uint32_t)strtoul(key + 3, NULL, 10) <= world->ended)
    return http_answer(request, 400, "",
                       "{\"__type\":\"ExpiredTokenException\",\"message\":\"over\"}");
  return http_answer(request, 200, "", "{}");
}

static bool world_serve(void *self, const struct http_request *request)
{
  struct world *world = self;
  pthread_mutex_lock(&world->lock);
  bool goes_on = world_answer(world, request);
  pthread_mutex_unlock(&world->lock);
  return goes_on;
}

/* Texts may have one %s, which becomes the server's address. */
static const char *world_text(struct world *world, const char *text, char *out, size_t size)
{
  const char *place = strstr(text, "%s");
  if (!place)
    return text;
  snprintf(out, size, "%.*s%s%s", (int)(place - text), text, http_server_url(world->server),
           place + 2);
  return out;
}

static void world_begin(struct world *world)
{
  aws_environment_begin();
  pthread_mutex_init(&world->lock, NULL);
  world->server = http_server_start(world_serve, world);
}

static void world_open(struct world *world)
{
  char text[128];
  snprintf(text, sizeof text, "AWS_ENDPOINT_URL=%s", http_server_url(world->server));
  aws_environment_set((const char *const[]){text, "AWS_REGION=eu-west-1", NULL});
  struct wr_aws_settings settings = {.service = "kinesis", .options = &world->options};
  world->opened = wr_aws_open(&settings, &world->aws, &world->err);
}

/* Calls the service; what comes is in world->err. */
static enum wr_code world_call(struct world *world, uint32_t attempts_max)
{
  struct wr_aws_request request = {.target = "x", .attempts_max = attempts_max};
  wr_error_clear(&world->err);
  return wr_aws_do(world->aws, &request, NULL, NULL, NULL, &world->err);
}

static void world_end(struct world *world)
{
  wr_aws_close(world->aws);
  http_server_stop(world->server);
  pthread_mutex_destroy(&world->lock);
  aws_environment_end();
}

struct origin_row {
  const char *what, *options[10], *variables[4], *config, *token, *log;
};

static const struct origin_row origin_rows[] = {
    {"a chain of roles", {0}, {AWS_KEYS, "AWS_PROFILE=none"}, "", NULL, "call by ENV"},
    {"roles of profiles",
     {"aws.credentials.profile.name", "c"},
     {0},
     "[profile c]\nrole_arn = arn:C\nsource_profile = b\nexternal_id = x/y\n"
     "[profile b]\nrole_arn = B\nsource_profile = a\nrole_session_name = me\n"
     "[profile a]\naws_access_key_id = A\naws_secret_access_key = s\n",
     NULL,
     "AssumeRole B me by A; AssumeRole arn%3AC weirx%2Fy by KEY1; call by KEY2"},
    {"a role of options",
     {AWS_BASIC, AWS_ROLE},
     {0},
     "",
     NULL,
     "AssumeRole arn%3Arole%2FR weir by OPT; call by KEY1"},
    {"a web identity",
     {"aws.credentials.webIdentityToken.file", "token", AWS_ROLE},
     {0},
     "",
     " to.ken\n",
     "AssumeRoleWithWebIdentity arn%3Arole%2FR weirto.ken by -; call by KEY1"},
    {"a container",
     {0},
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/container"},
     "",
     NULL,
     "container ; call by KEY1"},
    {"a container with a token",
     {0},
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/container",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN=Basic x"},
     "",
     NULL,
     "container Basic x; call by KEY1"},
    {"an instance",
     {0},
     {"AWS_EC2_METADATA_SERVICE_ENDPOINT=%s"},
     "",
     NULL,
     "PUT token 21600; / METATOKEN; /my-role METATOKEN; call by KEY1"},
    {"a role of an instance",
     {"aws.credentials.profile.name", "p"},
     {"AWS_EC2_METADATA_SERVICE_ENDPOINT=%s/"},
     "[profile p]\nrole_arn = R\ncredential_source = Ec2InstanceMetadata\n",
     NULL,
     "PUT token 21600; / METATOKEN; /my-role METATOKEN; AssumeRole R weir by KEY1; call by KEY2"},
};

/* Every origin, as far as the call that is signed with what it gave. */
static void test_origins(void)
{
  for (size_t i = 0; i < WR_COUNT(origin_rows); i++) {
    struct world world = {.life_s = 3600};
    world_begin(&world);
    for (size_t v = 0; v < 4 && origin_rows[i].variables[v]; v++) {
      char text[256];
      const char *variable = world_text(&world, origin_rows[i].variables[v], text, sizeof text);
      aws_environment_set((const char *const[]){variable, NULL});
    }
    aws_environment_file("config", origin_rows[i].config);
    const char *pairs[12] = {NULL};
    memcpy(pairs, origin_rows[i].options, sizeof origin_rows[i].options);
    world.options = (struct wr_options){world.values, aws_environment_options(pairs, world.values)};
    if (origin_rows[i].token)
      world.values[0].value = aws_environment_file("token", origin_rows[i].token);
    world_open(&world);
    enum wr_code code = world.opened ? world.opened : world_call(&world, 1);
    if (!code) /* the same credentials serve again */
      code = world_call(&world, 1);
    char log[1024];
    const char *last = strstr(origin_rows[i].log, "call by");
    snprintf(log, sizeof log, "%s; %s", origin_rows[i].log, last);
    WR_CHECK(code == WR_OK && strcmp(world.log, log) == 0, "%s: %s %s", origin_rows[i].what,
             world.log, code ? world.err.message : "");
    world_end(&world);
  }
}

/* Credentials that have ended, by the clock or because the service says so. */
static void test_expired(void)
{
  static const struct {
    const char *what;
    int64_t life_s;
    uint32_t ended;
    enum wr_code code;
    const char *log; /* of two calls */
  } rows[] = {
      {"for ever", 0, 0, WR_OK, "container ; call by KEY1; call by KEY1"},
      {"ended when they come", 1, 0, WR_CONNECTION, "container ; container "},
      {"the service says so", 3600, 1, WR_OK,
       "container ; call by KEY1; container ; call by KEY2; call by KEY2"},
      {"and says so again", 3600, 9, WR_IO,
       "container ; call by KEY1; container ; call by KEY2; call by KEY2; container ; call by KEY3"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct world world = {.life_s = rows[i].life_s, .ended = rows[i].ended};
    char text[256];
    world_begin(&world);
    const char *variable =
        world_text(&world, "AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/container", text, sizeof text);
    aws_environment_set((const char *const[]){variable, NULL});
    world_open(&world);
    world_call(&world, 1);
    enum wr_code code = world_call(&world, 1);
    WR_CHECK(code == rows[i].code && strcmp(world.log, rows[i].log) == 0, "%s: %d %s", rows[i].what,
             code, world.log);
    world_end(&world);
  }
}

static void world_container(struct world *world)
{
  char text[256];
  world_begin(world);
  const char *variable =
      world_text(world, "AWS_CONTAINER_CREDENTIALS_FULL_URI=%s/container", text, sizeof text);
  aws_environment_set((const char *const[]){variable, NULL});
  world_open(world);
}

struct noted {
  uint32_t count;
  char text[256];
};

static void noted_on_note(void *self, const char *message)
{
  struct noted *noted = self;
  noted->count++;
  snprintf(noted->text, sizeof noted->text, "%s", message);
}

/* Looks, lets a fetch that this begins come to its end, and checks what is there then. */
static void check_look(struct wr_credential_source *source, struct wr_http *http, bool wanted,
                       enum wr_credential_state first, enum wr_credential_state then,
                       uint32_t number)
{
  CU_ASSERT_EQUAL(wr_credentials_look(source, wanted), first);
  while (wr_http_pump(http, 10) > 0) /* which waits so long even if nothing is on its way */
    ;
  enum wr_credential_state state = wr_credentials_look(source, false);
  CU_ASSERT_EQUAL(state, then);
  uint32_t found = 0;
  if (state == WR_CREDENTIALS_READY)
    wr_credentials_get(source, &found);
  CU_ASSERT_EQUAL(found, number);
}

/* Near their end they are renewed while the old ones go on; a renewal that fails harms nobody. The
 * clock is moved by the skew. */
static void test_renewed(void)
{
  struct world world = {.life_s = 3600};
  struct noted noted = {0};
  struct wr_arena arena = {0};
  struct wr_aws_setup setup;
  struct wr_error err;
  struct wr_http *http = NULL;
  struct wr_credential_source *source = NULL;
  int64_t skew_us = 0;
  world_container(&world);
  const struct wr_aws_settings settings = {.service = "kinesis"};
  CU_ASSERT_EQUAL(wr_aws_setup_read(&settings, &arena, &setup, &err), WR_OK);
  CU_ASSERT_EQUAL(wr_http_open(&(struct wr_http_settings){0}, &http, &err), WR_OK);
  struct wr_credential_settings credentials = {.setup = &setup,
                                               .http = http,
                                               .skew_us = &skew_us,
                                               .note = noted_on_note,
                                               .note_self = &noted};
  CU_ASSERT_EQUAL(wr_credentials_open(&credentials, &source, &err), WR_OK);
  enum wr_credential_state none = WR_CREDENTIALS_NONE, fetching = WR_CREDENTIALS_FETCHING;
  enum wr_credential_state ready = WR_CREDENTIALS_READY;
  check_look(source, http, false, none, none, 0); /* nobody has wanted any */
  check_look(source, http, true, fetching, ready, 1);
  skew_us = 3200 * WR_US_PER_SECOND;
  check_look(source, http, true, ready, ready, 1);
  skew_us = 3400 * WR_US_PER_SECOND;
  world.life_s = 10000;
  check_look(source, http, false, ready, ready, 2);
  CU_ASSERT_EQUAL(world.fetches, 2);
  skew_us = 9800 * WR_US_PER_SECOND;
  world.failing = 1;
  check_look(source, http, false, ready, ready, 2);
  WR_CHECK(noted.count == 1 && strstr(noted.text, "status 500"), "%s", noted.text);
  skew_us += 20 * WR_US_PER_SECOND; /* too soon to try again */
  check_look(source, http, false, ready, ready, 2);
  CU_ASSERT_EQUAL(world.fetches, 2);
  skew_us += 20 * WR_US_PER_SECOND;
  world.life_s = 20000;
  check_look(source, http, false, ready, ready, 3);
  skew_us = 19995 * WR_US_PER_SECOND; /* the last seconds do not count */
  world.life_s = 30000;
  check_look(source, http, false, none, none, 0);
  check_look(source, http, true, fetching, ready, 4);
  CU_ASSERT_TRUE(wr_credentials_expire(source, 3)); /* of old ones: says nothing of these */
  check_look(source, http, false, ready, ready, 4);
  CU_ASSERT_TRUE(wr_credentials_expire(source, 4));
  check_look(source, http, true, fetching, ready, 5);
  wr_credentials_close(source);
  wr_http_close(http);
  wr_arena_free(&arena);
  world_end(&world);
}

/* What cannot be had is said, with the reason; what may pass is tried again. */
static void test_failures(void)
{
  struct world world = {.failing = 2};
  world_container(&world);
  CU_ASSERT_EQUAL(world_call(&world, 1), WR_CONNECTION);
  WR_CHECK(strstr(world.err.message, "no credentials for AWS from the container endpoint (") &&
               strstr(world.err.message, "status 500") && world.err.retry,
           "%s", world.err.message);
  CU_ASSERT_EQUAL(world_call(&world, 0), WR_OK);
  CU_ASSERT_STRING_EQUAL(world.log, "container ; container ; container ; call by KEY1");
  world_end(&world);

  struct world refusing = {.refuses = true};
  world_begin(&refusing);
  aws_environment_set((const char *const[]){AWS_KEYS, NULL});
  const char *const pairs[] = {AWS_ROLE, NULL};
  refusing.options =
      (struct wr_options){refusing.values, aws_environment_options(pairs, refusing.values)};
  world_open(&refusing);
  CU_ASSERT_EQUAL(world_call(&refusing, 0), WR_CONNECTION);
  WR_CHECK(strstr(refusing.err.message,
                  "asked for the role arn:role/R: status 403, AccessDenied: You may not") &&
               !refusing.err.retry,
           "%s", refusing.err.message);
  CU_ASSERT_EQUAL(refusing.fetches, 0);
  world_end(&refusing);

  struct world nobody = {0};
  world_begin(&nobody);
  aws_environment_set(
      (const char *const[]){"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1", NULL});
  world_open(&nobody);
  CU_ASSERT_EQUAL(world_call(&nobody, 0), WR_CONNECTION);
  WR_CHECK(strstr(nobody.err.message, "no credentials for AWS: neither options nor") &&
               strstr(nobody.err.message, "(http://127.0.0.1:1) does not answer"),
           "%s", nobody.err.message);
  world_end(&nobody);
}

static const struct wr_test tests[] = {
    {"times", test_times},       {"answers", test_answers},
    {"renewal", test_renewal},   {"origins", test_origins},
    {"expired", test_expired},   {"renewed", test_renewed},
    {"failures", test_failures}, {NULL, NULL},
};

const struct wr_suite wr_suite_credentials = {"credentials", tests};
