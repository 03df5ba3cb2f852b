/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetching credentials, step by step. A fetch makes its plan anew from options, environment and
 * files, asks the origin, then sts once for every role, each request signed with what the step
 * before has brought:
 *
 *   GIVEN ------------------------------.
 *   WEB_IDENTITY: sts ------------------+--> role 0: sts --> role 1: sts --> ... --> kept
 *   CONTAINER: the address -------------|
 *   INSTANCE: token --> role --> keys --|
 *   PROCESS: a program -----------------|
 *   SSO: (a token, renewed -->) portal -'
 */
#include "net/credentials.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "net/aws_error.h"
#include "net/credential_fetch.h"
#include "net/sigv4.h"

#define RENEW_AGAIN_US        (30 * WR_US_PER_SECOND) /* after a renewal that failed */
#define EXPIRED_BEFORE_US     (10 * WR_US_PER_SECOND) /* so long a request may be on its way */
#define HOST_TIMEOUT_US       (2 * WR_US_PER_SECOND)  /* container's host, instance metadata */
#define HOST_ANSWER_BYTES_MAX (1 << 20)
#define STS_VERSION           "2011-06-15"

int64_t wr_fetch_now_us(const struct wr_credential_source *source)
{
  return wr_now_us() + *source->told.skew_us;
}

static bool source_is_valid(const struct wr_credential_source *source)
{
  return source->number > 0 && wr_fetch_now_us(source) + EXPIRED_BEFORE_US < source->now.expires_us;
}

int64_t wr_credentials_renewal(int64_t fetched_us, int64_t expires_us)
{
  if (expires_us == WR_TIME_END)
    return WR_TIME_END;
  int64_t life_us = expires_us - fetched_us;
  int64_t least_us = life_us / 2 < WR_US_PER_MINUTE ? life_us / 2 : WR_US_PER_MINUTE;
  int64_t wait_us = life_us - WR_FETCH_RENEW_BEFORE_US;
  return fetched_us + (wait_us > least_us ? wait_us : least_us);
}

/* ---- how a fetch ends */

static void fetch_end(struct wr_credential_source *source)
{
  source->step = WR_FETCH_STEP_IDLE;
  source->call = NULL;
}

void wr_fetch_fail(struct wr_credential_source *source, bool retry)
{
  source->err.retry = retry;
  fetch_end(source);
  if (!source_is_valid(source)) {
    source->failed = true;
    return;
  }
  source->renew_us = wr_fetch_now_us(source) + RENEW_AGAIN_US;
  if (source->told.note)
    source->told.note(source->told.note_self, source->err.message);
}

const char *wr_fetch_text(struct wr_arena *arena, const char *text)
{
  return text ? wr_arena_copy(arena, text, strlen(text)) : NULL;
}

static void fetch_succeed(struct wr_credential_source *source)
{
  if (source->next.expires_us <= wr_fetch_now_us(source) + EXPIRED_BEFORE_US) {
    wr_fail(&source->err, WR_CONNECTION,
            "no credentials for AWS from %s: those that it gives have ended; is a clock wrong?",
            source->plan.from);
    wr_fetch_fail(source, true);
    return;
  }
  struct wr_arena fresh = {0};
  source->now =
      (struct wr_credentials){.access_key = wr_fetch_text(&fresh, source->next.access_key),
                              .secret_key = wr_fetch_text(&fresh, source->next.secret_key),
                              .session_token = wr_fetch_text(&fresh, source->next.session_token),
                              .expires_us = source->next.expires_us};
  wr_arena_free(&source->kept);
  source->kept = fresh;
  source->number++;
  source->failed = false;
  source->renew_us = wr_credentials_renewal(wr_fetch_now_us(source), source->next.expires_us);
  fetch_end(source);
}

/* ---- requests */

static void fetch_on_done(void *self, const struct wr_http_result *answer);

void wr_fetch_send(struct wr_credential_source *source, struct wr_http_request *request)
{
  request->answer_max = HOST_ANSWER_BYTES_MAX;
  request->done = fetch_on_done;
  request->self = source;
  if (wr_http_start(source->told.http, request, &source->call, &source->err))
    wr_fetch_fail(source, false);
}

const char *wr_fetch_form(struct wr_arena *arena, const struct wr_http_header *pairs, size_t count)
{
  const char *form = "";
  for (size_t i = 0; i < count; i++) {
    if (!pairs[i].value)
      continue;
    size_t length = strlen(pairs[i].value), size = 3 * length + 1;
    char *value = wr_arena_get(arena, size);
    wr_http_escape(pairs[i].value, length, false, value, size);
    form = wr_arena_print(arena, "%s%s%s=%s", form, *form ? "&" : "", pairs[i].name, value);
  }
  return form;
}

/* A call of sts, signed with `by`; NULL: not signed. */
static void fetch_ask_sts(struct wr_credential_source *source, const struct wr_credentials *by,
                          const struct wr_http_header *pairs, size_t count)
{
  struct wr_arena *arena = &source->fetch;
  const char *form = wr_fetch_form(arena, pairs, count);
  char date[WR_SIGV4_DATE], hash[WR_SHA256_HEX];
  wr_sigv4_date(wr_fetch_now_us(source), date);
  wr_sha256_hex(form, strlen(form), hash);
  struct wr_http_header headers[8];
  uint32_t used = 0;
  headers[used++] = (struct wr_http_header){"host", source->sts.host};
  headers[used++] =
      (struct wr_http_header){"content-type", "application/x-www-form-urlencoded; charset=utf-8"};
  if (by) {
    headers[used++] = (struct wr_http_header){"x-amz-date", date};
    if (by->session_token)
      headers[used++] = (struct wr_http_header){"x-amz-security-token", by->session_token};
    const char *path = *source->sts.path ? source->sts.path : "/";
    struct wr_sigv4_request request = {.method = "POST",
                                       .path = path,
                                       .normalize = true,
                                       .headers = headers,
                                       .header_count = used,
                                       .payload_hash = hash};
    struct wr_sigv4_scope scope = {.access_key = by->access_key,
                                   .secret_key = by->secret_key,
                                   .region = source->told.setup->region,
                                   .service = "sts",
                                   .date = date};
    struct wr_sigv4 signature;
    wr_sigv4_sign(arena, &request, &scope, &signature);
    headers[used++] = (struct wr_http_header){"authorization", signature.authorization};
  }
  struct wr_http_request request = {
      .method = "POST",
      .url = wr_arena_print(arena, "%s%s", source->sts.text, *source->sts.path ? "" : "/"),
      .headers = headers,
      .header_count = used,
      .body = form,
      .body_length = strlen(form),
      .timeout_us = WR_FETCH_TIMEOUT_US};
  wr_fetch_send(source, &request);
}

static void fetch_ask_role(struct wr_credential_source *source)
{
  const struct wr_credential_role *role = &source->plan.roles[source->role];
  const struct wr_http_header pairs[] = {{"Action", "AssumeRole"},
                                         {"Version", STS_VERSION},
                                         {"RoleArn", role->arn},
                                         {"RoleSessionName", role->session_name},
                                         {"ExternalId", role->external_id},
                                         {"DurationSeconds", role->duration_s}};
  source->step = WR_FETCH_STEP_ROLE;
  fetch_ask_sts(source, &source->next, pairs, sizeof pairs / sizeof *pairs);
}

/* A secret that lies in a file, without the blanks around it. */
static const char *token_read(struct wr_credential_source *source, const char *path)
{
  const char *text;
  size_t length;
  if (wr_small_file_read(path, false, &source->fetch, &text, &length, &source->err))
    return NULL;
  while (length > 0 && (unsigned char)text[length - 1] <= ' ')
    length--;
  while (length > 0 && (unsigned char)*text <= ' ') {
    text++;
    length--;
  }
  if (length == 0) {
    wr_fail(&source->err, WR_DATA, "the file '%s' of a token is empty", path);
    return NULL;
  }
  return wr_arena_copy(&source->fetch, text, length);
}

static void fetch_ask_web_identity(struct wr_credential_source *source)
{
  const struct wr_credential_role *role = &source->plan.web_role;
  const char *token = token_read(source, source->plan.token_file);
  if (!token) {
    wr_fetch_fail(source, false);
    return;
  }
  const struct wr_http_header pairs[] = {{"Action", "AssumeRoleWithWebIdentity"},
                                         {"Version", STS_VERSION},
                                         {"RoleArn", role->arn},
                                         {"RoleSessionName", role->session_name},
                                         {"WebIdentityToken", token},
                                         {"DurationSeconds", role->duration_s}};
  fetch_ask_sts(source, NULL, pairs, sizeof pairs / sizeof *pairs);
}

/* A request to something near: past proxies, and not for long. */
static void fetch_ask_host(struct wr_credential_source *source, const char *method, const char *url,
                           struct wr_http_header header)
{
  struct wr_http_request request = {.method = method,
                                    .url = url,
                                    .headers = &header,
                                    .header_count = header.value ? 1 : 0,
                                    .timeout_us = HOST_TIMEOUT_US,
                                    .direct = true};
  wr_fetch_send(source, &request);
}

static void fetch_ask_container(struct wr_credential_source *source)
{
  const char *token = source->plan.token;
  if (source->plan.token_file && !(token = token_read(source, source->plan.token_file))) {
    wr_fetch_fail(source, false);
    return;
  }
  fetch_ask_host(source, "GET", source->plan.url, (struct wr_http_header){"authorization", token});
}

static void fetch_ask_instance(struct wr_credential_source *source, const char *role)
{
  const char *url = wr_arena_print(
      &source->fetch, "%s/latest/meta-data/iam/security-credentials/%s", source->plan.url, role);
  source->step = *role ? WR_FETCH_STEP_ORIGIN : WR_FETCH_STEP_INSTANCE_ROLE;
  fetch_ask_host(source, "GET", url,
                 (struct wr_http_header){"x-aws-ec2-metadata-token", source->instance_token});
}

/* ---- from step to step */

void wr_fetch_go_on(struct wr_credential_source *source)
{
  if (source->step == WR_FETCH_STEP_ROLE)
    source->role++;
  if (source->role < source->plan.role_count)
    fetch_ask_role(source);
  else
    fetch_succeed(source);
}

static void fetch_start(struct wr_credential_source *source)
{
  wr_arena_reset(&source->fetch);
  wr_error_clear(&source->err);
  source->next = (struct wr_credentials){.expires_us = WR_TIME_END};
  source->sso = (struct wr_sso_token){0};
  struct wr_aws_setup *setup = source->told.setup;
  struct wr_credential_plan *plan = &source->plan;
  const char *sts = wr_aws_option(setup, "aws.credentials.role.stsEndpoint");
  if (wr_aws_setup_refresh(setup, &source->fetch, &source->err) ||
      wr_credential_plan_make(setup, &source->fetch, plan, &source->err) ||
      wr_aws_endpoint_find(setup, "sts", setup->region, sts, &source->fetch, &source->sts,
                           &source->err)) {
    wr_fetch_fail(source, false);
    return;
  }
  source->renewable = plan->origin != WR_ORIGIN_GIVEN || plan->is_file || plan->role_count > 0;
  source->role = 0;
  source->clock_corrected = false;
  source->step = WR_FETCH_STEP_ORIGIN;
  switch (plan->origin) {
  case WR_ORIGIN_GIVEN:
    source->next = (struct wr_credentials){plan->access_key, plan->secret_key, plan->session_token,
                                           WR_TIME_END};
    wr_fetch_go_on(source);
    return;
  case WR_ORIGIN_WEB_IDENTITY: fetch_ask_web_identity(source); return;
  case WR_ORIGIN_CONTAINER: fetch_ask_container(source); return;
  case WR_ORIGIN_INSTANCE:
    source->step = WR_FETCH_STEP_INSTANCE_TOKEN;
    fetch_ask_host(source, "PUT", wr_arena_print(&source->fetch, "%s/latest/api/token", plan->url),
                   (struct wr_http_header){"x-aws-ec2-metadata-token-ttl-seconds", "21600"});
    return;
  case WR_ORIGIN_PROCESS: wr_fetch_start_process(source); return;
  case WR_ORIGIN_SSO: wr_fetch_begin_sso(source); return;
  }
}

/* Who was asked, for messages. */
static const char *fetch_whom(struct wr_credential_source *source)
{
  const struct wr_credential_plan *plan = &source->plan;
  if (source->step == WR_FETCH_STEP_ROLE || plan->origin == WR_ORIGIN_WEB_IDENTITY)
    return wr_arena_print(&source->fetch, "sts (%s), asked for the role %s", source->sts.text,
                          source->step == WR_FETCH_STEP_ROLE ? plan->roles[source->role].arn
                                                             : plan->web_role.arn);
  return wr_arena_print(&source->fetch, "%s (%s)", plan->from, plan->url);
}

/* There was no answer, or not the one that was hoped for. */
static void fetch_refused(struct wr_credential_source *source, const struct wr_http_result *answer)
{
  const char *whom = fetch_whom(source);
  struct wr_aws_problem problem = {.code = ""};
  bool answered = answer->code == WR_OK;
  if (answered)
    wr_aws_problem_read(answer, &problem);
  int64_t skew_us = answer->date_us == WR_TIME_NONE ? 0 : answer->date_us - wr_now_us();
  if (problem.skewed && !source->clock_corrected && skew_us != 0 &&
      source->step == WR_FETCH_STEP_ROLE) {
    source->clock_corrected = true;
    *source->told.skew_us = skew_us;
    fetch_ask_role(source);
    return;
  }
  wr_aws_problem_hide(&problem, source->next.secret_key);
  wr_aws_problem_hide(&problem, source->next.session_token);
  wr_aws_problem_hide(&problem, source->sso.access);
  if (answered && answer->status == 401 && source->step == WR_FETCH_STEP_ORIGIN &&
      source->plan.origin == WR_ORIGIN_SSO) {
    wr_fetch_fail_sso(source, "its token counts no more", false);
    return;
  }
  if (source->plan.is_last && source->step == WR_FETCH_STEP_INSTANCE_TOKEN)
    wr_fail(&source->err, WR_CONNECTION,
            "no credentials for AWS: neither options nor AWS_ACCESS_KEY_ID nor "
            "AWS_WEB_IDENTITY_TOKEN_FILE nor the profile '%s' (in '%s' and '%s') nor a container "
            "has any, and the instance metadata (%s) does not answer",
            source->told.setup->profile, source->told.setup->profiles.credentials_path,
            source->told.setup->profiles.config_path, source->plan.url);
  else if (!answered)
    wr_fail(&source->err, answer->code, "no credentials for AWS from %s: %s", whom,
            answer->message);
  else
    wr_fail(&source->err, WR_CONNECTION, "no credentials for AWS from %s: status %d%s%s%s%s", whom,
            answer->status, problem.code[0] ? ", " : "", problem.code,
            problem.message[0] ? ": " : "", problem.message);
  if (answer->untrusted)
    wr_hint(&source->err, WR_AWS_TRUST_HINT);
  wr_fetch_fail(source, answered ? problem.passes : answer->retry && !source->plan.is_last);
}

/* The instance metadata's token and role are lines of text. */
static void fetch_on_line(struct wr_credential_source *source, const struct wr_http_result *answer)
{
  uint32_t length = 0;
  while (length < answer->body.length && (unsigned char)answer->body.bytes[length] > ' ' &&
         (unsigned char)answer->body.bytes[length] <= '~')
    length++;
  const char *line = wr_arena_copy(&source->fetch, answer->body.bytes, length);
  if (source->step == WR_FETCH_STEP_INSTANCE_TOKEN && length > 0) {
    source->instance_token = line;
    fetch_ask_instance(source, "");
    return;
  }
  size_t size = 3 * (size_t)length + 1;
  char *role = wr_arena_get(&source->fetch, size);
  wr_http_escape(line, length, false, role, size);
  if (length > 0 && length < 256) {
    fetch_ask_instance(source, role);
    return;
  }
  wr_fail(&source->err, WR_DATA, "no credentials for AWS from %s: the instance has no role",
          fetch_whom(source));
  wr_fetch_fail(source, false);
}

static void fetch_on_done(void *self, const struct wr_http_result *answer)
{
  struct wr_credential_source *source = self;
  source->call = NULL;
  if (source->step == WR_FETCH_STEP_SSO_TOKEN) {
    wr_fetch_on_sso_token(source, answer);
    return;
  }
  if (answer->code != WR_OK || answer->status / 100 != 2) {
    fetch_refused(source, answer);
    return;
  }
  if (source->step == WR_FETCH_STEP_INSTANCE_TOKEN || source->step == WR_FETCH_STEP_INSTANCE_ROLE) {
    fetch_on_line(source, answer);
    return;
  }
  bool is_xml = source->step == WR_FETCH_STEP_ROLE || source->plan.origin == WR_ORIGIN_WEB_IDENTITY;
  const char *problem = "";
  bool good = (is_xml                                 ? wr_credential_answer_xml
               : source->plan.origin == WR_ORIGIN_SSO ? wr_credential_answer_sso
                                                      : wr_credential_answer_json)(
      &source->fetch, &answer->body, &source->next, &problem);
  if (good) {
    wr_fetch_go_on(source);
    return;
  }
  wr_fail(&source->err, WR_DATA, "no credentials for AWS from %s: %s", fetch_whom(source), problem);
  wr_fetch_fail(source, false);
}

/* ---- the source */

enum wr_code wr_credentials_open(const struct wr_credential_settings *settings,
                                 struct wr_credential_source **out, struct wr_error *err)
{
  assert(settings->setup && settings->http && settings->skew_us);
  struct wr_credential_source *source = wr_memory_get_zero(sizeof *source);
  source->told = *settings;
  wr_error_clear(&source->err);
  enum wr_code code = wr_credential_plan_make(settings->setup, &source->fetch, &source->plan, err);
  if (!code)
    code = wr_aws_endpoint_find(settings->setup, "sts", settings->setup->region,
                                wr_aws_option(settings->setup, "aws.credentials.role.stsEndpoint"),
                                &source->fetch, &source->sts, err);
  if (code) {
    wr_credentials_close(source);
    return code;
  }
  *out = source;
  return WR_OK;
}

void wr_credentials_close(struct wr_credential_source *source)
{
  if (!source)
    return;
  if (source->call)
    wr_http_cancel(source->call);
  wr_credential_process_free(source->process);
  if (source->number > 0)
    OPENSSL_cleanse((char *)source->now.secret_key, strlen(source->now.secret_key));
  wr_arena_free(&source->kept);
  wr_arena_free(&source->fetch);
  free(source);
}

enum wr_credential_state wr_credentials_look(struct wr_credential_source *source, bool wanted)
{
  bool is_due = source_is_valid(source) ? wr_fetch_now_us(source) >= source->renew_us
                                        : wanted && !source->failed;
  if (is_due && source->step == WR_FETCH_STEP_IDLE)
    fetch_start(source);
  if (source->step == WR_FETCH_STEP_PROCESS)
    wr_fetch_look_process(source);
  return source_is_valid(source)              ? WR_CREDENTIALS_READY
         : source->failed                     ? WR_CREDENTIALS_FAILED
         : source->step != WR_FETCH_STEP_IDLE ? WR_CREDENTIALS_FETCHING
                                              : WR_CREDENTIALS_NONE;
}

bool wr_credentials_must_look(const struct wr_credential_source *source)
{
  return source->step == WR_FETCH_STEP_PROCESS;
}

const struct wr_credentials *wr_credentials_get(const struct wr_credential_source *source,
                                                uint32_t *number)
{
  assert(source->number > 0);
  *number = source->number;
  return &source->now;
}

const struct wr_error *wr_credentials_error(const struct wr_credential_source *source)
{
  assert(source->failed);
  return &source->err;
}

void wr_credentials_forgive(struct wr_credential_source *source)
{
  source->failed = false;
}

bool wr_credentials_expire(struct wr_credential_source *source, uint32_t number)
{
  if (number != source->number)
    return true; /* there are newer ones already */
  source->now.expires_us = WR_TIME_NONE;
  return source->renewable;
}
