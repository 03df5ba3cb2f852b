/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials of a sign-on: its token lies in a file, is renewed there when it ends soon, and is
 * shown to the portal, which gives credentials for a role.
 *
 *   file -> token -(ends soon: sso-oidc renews it -> file)-> portal -> wr_fetch_go_on
 */
#include <string.h>

#include "net/credential_fetch.h"

#define SIGN_ON_REFUSALS_MAX 3

void wr_fetch_fail_sso(struct wr_credential_source *source, const char *why, bool retry)
{
  wr_fail(&source->err, WR_CONNECTION, "no credentials for AWS from %s: %s", source->plan.from,
          why);
  wr_hint(&source->err, "sign on again: aws sso login --profile %s", source->plan.sso.profile);
  wr_fetch_fail(source, retry);
}

static void sign_on_ask_portal(struct wr_credential_source *source)
{
  const struct wr_credential_sso *sso = &source->plan.sso;
  struct wr_arena *arena = &source->fetch;
  struct wr_aws_endpoint portal;
  const struct wr_http_header pairs[] = {{"role_name", sso->role}, {"account_id", sso->account}};
  const struct wr_http_header header = {"x-amz-sso_bearer_token", source->sso.access};
  source->step = WR_FETCH_STEP_ORIGIN;
  if (wr_aws_endpoint_find(source->told.setup, "sso", sso->region, NULL, arena, &portal,
                           &source->err)) {
    wr_fetch_fail(source, false);
    return;
  }
  source->plan.url = portal.text;
  struct wr_http_request request = {
      .method = "GET",
      .url = wr_arena_print(arena, "%s/federation/credentials?%s", portal.text,
                            wr_fetch_form(arena, pairs, sizeof pairs / sizeof *pairs)),
      .headers = &header,
      .header_count = 1,
      .timeout_us = WR_FETCH_TIMEOUT_US};
  wr_fetch_send(source, &request);
}

static void sign_on_ask_token(struct wr_credential_source *source)
{
  struct wr_arena *arena = &source->fetch;
  struct wr_aws_endpoint oidc;
  const struct wr_http_header header = {"content-type", "application/json"};
  source->step = WR_FETCH_STEP_SSO_TOKEN;
  if (wr_aws_endpoint_find(source->told.setup, "sso-oidc", source->plan.sso.region, NULL, arena,
                           &oidc, &source->err)) {
    wr_fetch_fail(source, false);
    return;
  }
  const char *question = wr_sso_token_question(arena, &source->sso);
  struct wr_http_request request = {.method = "POST",
                                    .url = wr_arena_print(arena, "%s/token", oidc.text),
                                    .headers = &header,
                                    .header_count = 1,
                                    .body = question,
                                    .body_length = strlen(question),
                                    .timeout_us = WR_FETCH_TIMEOUT_US};
  wr_fetch_send(source, &request);
}

/* The token that lies in its file. False: there is none, which has been said. */
static bool sign_on_read_token(struct wr_credential_source *source)
{
  struct wr_arena *arena = &source->fetch;
  const char *text, *problem;
  size_t length;
  struct wr_error cause;
  source->sso_path = wr_sso_token_path(arena, source->plan.sso.cache_name);
  if (!source->sso_path)
    wr_fetch_fail_sso(source, "HOME is not set, so its token cannot be found", false);
  else if (wr_small_file_read(source->sso_path, false, arena, &text, &length, &cause))
    wr_fetch_fail_sso(source, cause.message, false);
  else if (!wr_sso_token_parse(arena, &(struct wr_slice){text, (uint32_t)length}, &source->sso,
                               &problem))
    wr_fetch_fail_sso(source, wr_arena_print(arena, "'%s' %s", source->sso_path, problem), false);
  else
    return true;
  return false;
}

static bool sign_on_token_lasts(const struct wr_credential_source *source, int64_t for_us)
{
  return wr_fetch_now_us(source) + for_us < source->sso.expires_us;
}

void wr_fetch_begin_sso(struct wr_credential_source *source)
{
  if (!sign_on_read_token(source))
    return;
  if (!sign_on_token_lasts(source, WR_FETCH_RENEW_BEFORE_US) &&
      wr_sso_token_is_renewable(&source->sso, wr_fetch_now_us(source)))
    sign_on_ask_token(source);
  else if (sign_on_token_lasts(source, 0))
    sign_on_ask_portal(source);
  else
    wr_fetch_fail_sso(source, "its token has ended", false);
}

/* A renewed token goes back into its file. If there is none, somebody else may have renewed it, or
 * be about to: other clients of this job begin at the same time. */
void wr_fetch_on_sso_token(struct wr_credential_source *source, const struct wr_http_result *answer)
{
  const char *problem = "that was refused";
  struct wr_error cause;
  if (answer->code != WR_OK)
    problem = wr_fetch_text(&source->fetch, answer->message);
  else if (answer->status / 100 == 2 &&
           wr_sso_token_renew(&source->fetch, &answer->body, wr_fetch_now_us(source), &source->sso,
                              &problem)) {
    source->sso_refusals = 0;
    if (wr_sso_token_write(source->sso_path, &source->sso, &cause) && source->told.note)
      source->told.note(source->told.note_self, cause.message);
    sign_on_ask_portal(source);
    return;
  }
  if (!sign_on_read_token(source))
    return;
  if (sign_on_token_lasts(source, 0)) {
    sign_on_ask_portal(source);
    return;
  }
  const char *why =
      wr_arena_print(&source->fetch, "its token has ended and could not be renewed: %s", problem);
  bool is_away = answer->code != WR_OK && answer->retry;
  wr_fetch_fail_sso(source, why, is_away || source->sso_refusals++ < SIGN_ON_REFUSALS_MAX);
}
