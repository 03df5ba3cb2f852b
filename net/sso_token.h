/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token that `aws sso login` leaves in ~/.aws/sso/cache: a JSON file named after the SHA-1 of
 * the session, with the token, when it ends, and perhaps what it takes to get another one.
 */
#ifndef WEIR_NET_SSO_TOKEN_H
#define WEIR_NET_SSO_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/batch.h"
#include "core/error.h"

struct wr_sso_token {
  const char *access;
  int64_t expires_us;
  /* NULL, all three: it cannot be renewed */
  const char *refresh, *client_id, *client_secret;
  int64_t client_expires_us; /* WR_TIME_END: not said */
};

/* The file of a session (or of a start URL); NULL: there is no HOME. */
const char *wr_sso_token_path(struct wr_arena *arena, const char *cache_name);

/* A file's text. False: *problem (a clause without any of it) says what is wrong. */
bool wr_sso_token_parse(struct wr_arena *arena, const struct wr_slice *text,
                        struct wr_sso_token *out, const char **problem);

/* Whether it may be renewed at this time. */
bool wr_sso_token_is_renewable(const struct wr_sso_token *token, int64_t now_us);
/* The question to the service that renews it, as JSON. */
const char *wr_sso_token_question(struct wr_arena *arena, const struct wr_sso_token *token);
/* Its answer: what is new of the token. */
bool wr_sso_token_renew(struct wr_arena *arena, const struct wr_slice *answer, int64_t now_us,
                        struct wr_sso_token *token, const char **problem);
/* Puts a renewed token into its file, whose other fields stay, in one step. */
enum wr_code wr_sso_token_write(const char *path, const struct wr_sso_token *token,
                                struct wr_error *err);

#endif
