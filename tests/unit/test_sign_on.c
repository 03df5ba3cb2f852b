/* SPDX-License-Identifier: Apache-2.0 */
/* Signing on by a token of `aws sso login`: its file, its renewal, and what the portal gives for
 * it. One server plays the portal, the service that renews tokens, and the one that is called. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/time.h"
#include "net/aws.h"
#include "net/credential_answer.h"
#include "net/profile.h"
#include "net/sso_token.h"
#include "tests/unit/aws_environment.h"
#include "tests/unit/check.h"
#include "tests/unit/http_server.h"

#define CACHE_FILE "sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json" /* of my-sso */
#define PAST       "2020-06-17T10:02:08UTC"
#define FUTURE     "2100-01-01T00:00:00Z"
#define RENEWABLE  "\"refreshToken\":\"REFRESH\",\"clientId\":\"ID\",\"clientSecret\":\"CLIENT\","

static void test_tokens(void)
{
  static const struct {
    const char *text, *problem; /* NULL: it is good */
    bool is_renewable;
  } rows[] = {
      {"{\"accessToken\":\"a\",\"expiresAt\":\"" PAST "\"}", NULL, false},
      {"{\"accessToken\":\"a\",\"expiresAt\":\"" PAST "\",\"refreshToken\":\"r\"}", NULL, false},
      {"{" RENEWABLE "\"accessToken\":\"a\",\"expiresAt\":\"" PAST "\"}", NULL, true},
      {"{" RENEWABLE "\"accessToken\":\"a\",\"expiresAt\":\"" PAST
       "\",\"registrationExpiresAt\":\"" FUTURE "\"}",
       NULL, true},
      {"{" RENEWABLE "\"accessToken\":\"a\",\"expiresAt\":\"" PAST
       "\",\"registrationExpiresAt\":\"" PAST "\"}",
       NULL, false},
      {"{" RENEWABLE "\"accessToken\":\"a\",\"expiresAt\":\"" PAST
       "\",\"registrationExpiresAt\":\"?\"}",
       NULL, false},
      {"{\"accessToken\":\"a\"}", "does not say when", false},
      {"{\"accessToken\":\"a b\",\"expiresAt\":\"" PAST "\"}", "no accessToken", false},
      {"{\"expiresAt\":\"" PAST "\"}", "no accessToken", false},
      {"[]", "no JSON object", false},
      {"", "no JSON object", false},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_sso_token token;
    const char *problem = "";
    const struct wr_slice text = {rows[i].text, (uint32_t)strlen(rows[i].text)};
    bool good = wr_sso_token_parse(&arena, &text, &token, &problem);
    WR_CHECK(good == !rows[i].problem && (good || strstr(problem, rows[i].problem)), "%s: %s",
             rows[i].text, problem);
    WR_CHECK(!good || wr_sso_token_is_renewable(&token, wr_now_us()) == rows[i].is_renewable, "%s",
             rows[i].text);
    wr_arena_free(&arena);
  }
}

static void test_renewals(void)
{
  static const struct {
    const char *answer, *expected; /* token, refresh token, life; or "!" */
  } rows[] = {
      {"{\"accessToken\":\"b\",\"expiresIn\":10}", "b r 10"},
      {"{\"accessToken\":\"b\",\"expiresIn\":10,\"refreshToken\":\"s\"}", "b s 10"},
      {"{\"accessToken\":\"b\"}", "!"},
      {"{\"accessToken\":\"b\",\"expiresIn\":\"10\"}", "!"},
      {"{\"accessToken\":\"b\",\"expiresIn\":9223372036854775807}", "!"},
      {"{\"expiresIn\":10}", "!"},
      {"1", "!"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_sso_token token = {"a", 0, "r", "i", "c", WR_TIME_END};
    const char *problem = NULL;
    char text[64] = "!";
    const struct wr_slice answer = {rows[i].answer, (uint32_t)strlen(rows[i].answer)};
    if (wr_sso_token_renew(&arena, &answer, 7, &token, &problem))
      snprintf(text, sizeof text, "%s %s %d", token.access, token.refresh,
               (int)((token.expires_us - 7) / WR_US_PER_SECOND));
    else
      CU_ASSERT_PTR_NOT_NULL(problem);
    WR_CHECK(strcmp(text, rows[i].expected) == 0, "%s: %s", rows[i].answer, text);
    wr_arena_free(&arena);
  }
}

/* ---- clients */

struct portal {
  pthread_mutex_t lock;
  char log[1024];
  bool refuses_renewal;
};

static bool portal_answer(struct portal *portal, const struct http_request *request)
{
  char text[512], header[256];
  size_t used = strlen(portal->log);
  char *log = portal->log + used;
  size_t room = sizeof portal->log - used;
  if (strncmp(request->path, "/federation/", 12) == 0) {
    http_header(request, "x-amz-sso_bearer_token", header, sizeof header);
    snprintf(log, room, "%s by %s; ", request->path + 12, header);
    if (strcmp(header, "REVOKED") == 0)
      return http_answer(request, 401, "", "{\"message\":\"REVOKED is not valid\"}");
    return http_answer(request, 200, "",
                       "{\"roleCredentials\":{\"accessKeyId\":\"KEY\",\"secretAccessKey\":\"S\","
                       "\"sessionToken\":\"T\",\"expiration\":4102444800000}}");
  }
  if (strcmp(request->path, "/token") == 0) {
    snprintf(log, room, "token %.*s; ", (int)request->body_length, request->body);
    return portal->refuses_renewal
               ? http_answer(request, 400, "", "{\"error\":\"invalid_grant\"}")
               : http_answer(request, 200, "",
                             "{\"accessToken\":\"SECOND\",\"refreshToken\":\"NEXT\","
                             "\"expiresIn\":28800,\"tokenType\":\"Bearer\"}");
  }
  http_header(request, "authorization", text, sizeof text);
  const char *key = strstr(text, "Credential=");
  snprintf(log, room, "call by %.*s", key ? (int)strcspn(key + 11, "/") : 0, key ? key + 11 : "");
  return http_answer(request, 200, "", "{}");
}

static bool portal_serve(void *self, const struct http_request *request)
{
  struct portal *portal = self;
  pthread_mutex_lock(&portal->lock);
  bool goes_on = portal_answer(portal, request);
  pthread_mutex_unlock(&portal->lock);
  return goes_on;
}

#define ROLE "credentials?role_name=my%20role&account_id=111122223333"
#define RENEWS                                                                              \
  "token {\"clientId\":\"ID\",\"clientSecret\":\"CLIENT\",\"grantType\":\"refresh_token\"," \
  "\"refreshToken\":\"REFRESH\"}; "

static const struct {
  const char *what, *token; /* of the file; NULL: there is none */
  bool refuses_renewal;
  const char *log, *problem; /* NULL: none */
  const char *file;          /* a part of it afterwards; NULL: as it was */
} rows[] = {
    {"a token", "{\"accessToken\":\"FIRST\",\"expiresAt\":\"" FUTURE "\"}", false,
     ROLE " by FIRST; call by KEY", NULL, NULL},
    {"no token", NULL, false, "", "cannot read '", NULL},
    {"one that has ended", "{\"accessToken\":\"FIRST\",\"expiresAt\":\"" PAST "\"}", false, "",
     "the sign-on of the profile 'p': its token has ended", NULL},
    {"one that is renewed",
     "{\"more\":1," RENEWABLE "\"accessToken\":\"FIRST\",\"expiresAt\":\"" PAST "\"}", false,
     RENEWS ROLE " by SECOND; call by KEY", NULL,
     "{\"more\":1,\"refreshToken\":\"NEXT\",\"clientId\":\"ID\",\"clientSecret\":\"CLIENT\","
     "\"accessToken\":\"SECOND\",\"expiresAt\":\"2"},
    {"one that is not renewed",
     "{" RENEWABLE "\"accessToken\":\"FIRST\",\"expiresAt\":\"" PAST "\"}", true,
     RENEWS RENEWS RENEWS RENEWS, "its token has ended and could not be renewed: that was refused",
     NULL},
    {"one that was taken back", "{\"accessToken\":\"REVOKED\",\"expiresAt\":\"" FUTURE "\"}", false,
     ROLE " by REVOKED; ", "the sign-on of the profile 'p': its token counts no more", NULL},
    {"nonsense", "[]", false, "", "is no JSON object", NULL},
};

static void check_file(const char *path, const char *before, const char *after)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  const char *text;
  size_t length;
  struct stat about;
  CU_ASSERT_EQUAL_FATAL(wr_small_file_read(path, false, &arena, &text, &length, &err), WR_OK);
  WR_CHECK(after ? strncmp(text, after, strlen(after)) == 0 : strcmp(text, before) == 0, "%s",
           text);
  CU_ASSERT_TRUE(!after || (stat(path, &about) == 0 && (about.st_mode & 0777) == 0600));
  wr_arena_free(&arena);
}

static void test_clients(void)
{
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct portal portal = {.refuses_renewal = rows[i].refuses_renewal};
    struct wr_aws *aws = NULL;
    struct wr_error err = {0};
    char text[128];
    pthread_mutex_init(&portal.lock, NULL);
    aws_environment_begin();
    struct http_server *server = http_server_start(portal_serve, &portal);
    aws_environment_file("config",
                         "[profile p]\nsso_session = my-sso\nsso_account_id = 111122223333\n"
                         "sso_role_name = my role\n[sso-session my-sso]\nsso_region = us-east-1\n"
                         "sso_start_url = https://me.awsapps.com/start\n");
    const char *path = rows[i].token ? aws_environment_file(CACHE_FILE, rows[i].token) : NULL;
    snprintf(text, sizeof text, "AWS_ENDPOINT_URL=%s", http_server_url(server));
    aws_environment_set((const char *const[]){text, "AWS_REGION=eu-west-1", "AWS_PROFILE=p", NULL});
    const struct wr_aws_settings settings = {.service = "kinesis"};
    CU_ASSERT_EQUAL_FATAL(wr_aws_open(&settings, &aws, &err), WR_OK);
    const struct wr_aws_request request = {.target = "x"};
    enum wr_code code = wr_aws_do(aws, &request, NULL, NULL, NULL, &err);
    WR_CHECK(strcmp(portal.log, rows[i].log) == 0, "%s: %s", rows[i].what, portal.log);
    WR_CHECK(!code == !rows[i].problem, "%s: %s", rows[i].what, code ? err.message : "");
    WR_CHECK(!code || (strstr(err.message, rows[i].problem) && !strstr(err.message, "REVOKED") &&
                       strcmp(err.hint, "sign on again: aws sso login --profile p") == 0),
             "%s: %s (%s)", rows[i].what, err.message, err.hint);
    if (path)
      check_file(path, rows[i].token, rows[i].file);
    wr_aws_close(aws);
    http_server_stop(server);
    pthread_mutex_destroy(&portal.lock);
    aws_environment_end();
  }
}

static const struct wr_test tests[] = {
    {"tokens", test_tokens}, {"renewals", test_renewals}, {"clients", test_clients}, {NULL, NULL}};

const struct wr_suite wr_suite_sign_on = {"sign_on", tests};
