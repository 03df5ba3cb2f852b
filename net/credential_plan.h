/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where credentials are to be had, decided from options, environment and shared files without
 * asking anybody: an origin, and the roles that are assumed one after the other from there.
 *
 *   AUTO: options -> environment -> web identity -> profile -> container -> instance metadata
 */
#ifndef WEIR_NET_CREDENTIAL_PLAN_H
#define WEIR_NET_CREDENTIAL_PLAN_H

#include "core/limits.h"
#include "net/aws_options.h"

enum wr_credential_origin {
  WR_ORIGIN_GIVEN,        /* they stand in options, environment or a file */
  WR_ORIGIN_WEB_IDENTITY, /* sts gives them for a token in a file */
  WR_ORIGIN_CONTAINER,    /* an address that the container's host listens on */
  WR_ORIGIN_INSTANCE,     /* the instance metadata service of EC2 */
  WR_ORIGIN_PROCESS,      /* a program prints them */
  WR_ORIGIN_SSO           /* the portal of IAM Identity Center, for a token of `aws sso login` */
};

struct wr_credential_role {
  const char *arn, *session_name;
  const char *external_id; /* NULL: none */
  const char *duration_s;  /* NULL: as sts likes */
};

/* Whom somebody has signed on as. */
struct wr_credential_sso {
  const char *profile, *region, *account, *role;
  const char *cache_name; /* what the file of the token is called after: the session, or its URL */
};

struct wr_credential_plan {
  enum wr_credential_origin origin;
  const char *from; /* "the profile 'dev' in ...", for messages */
  const char *access_key, *secret_key, *session_token; /* GIVEN; the token may be NULL */
  struct wr_credential_role web_role;                  /* WEB_IDENTITY */
  const char *token_file;                              /* WEB_IDENTITY, CONTAINER; or NULL */
  const char *url;              /* CONTAINER: of the credentials; INSTANCE: of the service */
  const char *token;            /* CONTAINER: the header Authorization; NULL: none */
  const char *command;          /* PROCESS: its command line */
  struct wr_credential_sso sso; /* SSO */
  bool is_file;                 /* GIVEN: in a file, where others may stand later */
  bool is_last;                 /* INSTANCE: because there was nothing else */
  struct wr_credential_role roles[WR_AWS_ROLES_MAX]; /* in the order in which they are assumed */
  uint32_t role_count;
};

/* Whether the options go together, as far as they say that alone. */
enum wr_code wr_credential_plan_check(const struct wr_aws_setup *setup, struct wr_error *err);

/* Memory is the arena's; texts of setup are lent. */
enum wr_code wr_credential_plan_make(const struct wr_aws_setup *setup, struct wr_arena *arena,
                                     struct wr_credential_plan *out, struct wr_error *err);

#endif
