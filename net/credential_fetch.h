/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fetch of credentials from inside: what credentials.c, which leads it from step to step, shares
 * with the steps that have files of their own. The last that a step does is wr_fetch_go_on,
 * wr_fetch_fail or another request.
 */
#ifndef WEIR_NET_CREDENTIAL_FETCH_H
#define WEIR_NET_CREDENTIAL_FETCH_H

#include "core/time.h"
#include "net/credential_plan.h"
#include "net/credential_process.h"
#include "net/credentials.h"
#include "net/sso_token.h"

#define WR_FETCH_RENEW_BEFORE_US (5 * WR_US_PER_MINUTE)
#define WR_FETCH_TIMEOUT_US      (10 * WR_US_PER_SECOND) /* of services that are far */

/* What the request under way is for. */
enum wr_fetch_step {
  WR_FETCH_STEP_IDLE,
  WR_FETCH_STEP_ORIGIN,
  WR_FETCH_STEP_INSTANCE_TOKEN,
  WR_FETCH_STEP_INSTANCE_ROLE,
  WR_FETCH_STEP_SSO_TOKEN,
  WR_FETCH_STEP_PROCESS, /* it runs: there is no request */
  WR_FETCH_STEP_ROLE
};

struct wr_credential_source {
  struct wr_credential_settings told;
  struct wr_arena kept; /* of `now` */
  struct wr_credentials now;
  uint32_t number; /* of `now`; 0: there are none */
  int64_t renew_us;
  bool renewable; /* fetching again may bring others */

  struct wr_arena fetch; /* of everything below */
  enum wr_fetch_step step;
  struct wr_http_call *call;
  struct wr_credential_plan plan;
  struct wr_credentials next;
  uint32_t role;              /* that is being assumed */
  const char *instance_token; /* of the metadata service */
  const char *sso_path;       /* of the token's file */
  struct wr_sso_token sso;
  uint32_t sso_refusals;                 /* to renew it, in a row */
  struct wr_credential_process *process; /* NULL: none runs */
  bool clock_corrected;
  struct wr_aws_endpoint sts;

  bool failed;
  struct wr_error err;
};

/* By the services' clocks. */
int64_t wr_fetch_now_us(const struct wr_credential_source *source);
/* The text in that arena; NULL stays NULL. */
const char *wr_fetch_text(struct wr_arena *arena, const char *text);
/* "Name=value&..." escaped; pairs with a NULL value are left out. */
const char *wr_fetch_form(struct wr_arena *arena, const struct wr_http_header *pairs, size_t count);
/* Its answer comes to the step that is set by then. */
void wr_fetch_send(struct wr_credential_source *source, struct wr_http_request *request);
/* The origin or a role has brought source->next. */
void wr_fetch_go_on(struct wr_credential_source *source);
/* source->err has been filled but for retry. */
void wr_fetch_fail(struct wr_credential_source *source, bool retry);

/* credential_sign_on.c */
void wr_fetch_begin_sso(struct wr_credential_source *source);
void wr_fetch_on_sso_token(struct wr_credential_source *source,
                           const struct wr_http_result *answer);
void wr_fetch_fail_sso(struct wr_credential_source *source, const char *why, bool retry);

/* credential_program.c */
void wr_fetch_start_process(struct wr_credential_source *source);
/* Whether the program has ended, and with what. */
void wr_fetch_look_process(struct wr_credential_source *source);

#endif
