/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token: one secret that opens everything, as "Authorization: Bearer TOKEN" or, for browsers,
 * as a cookie that was given for it. The cookie is not the token but follows from it (HMAC), so
 * that it outlives a restart and does not give the token away.
 *
 * Texts are compared by their digests in constant time: how long it takes says nothing about how
 * much was right. Who guesses tokens gets a few tries a minute per address; cookies cannot be
 * guessed and are not counted, so that who is logged in stays so whatever others do.
 */
#ifndef WEIR_SERVER_AUTH_H
#define WEIR_SERVER_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/error.h"

#define WR_AUTH_COOKIE       "weir_token"
#define WR_AUTH_COOKIE_CHARS 64 /* hex digits */

struct wr_auth;

/* Reads the file: one line of 16 to 512 visible characters, not readable by others. */
enum wr_code wr_auth_new(const char *file, struct wr_auth **out, struct wr_error *err);
void wr_auth_free(struct wr_auth *auth);

enum wr_auth_answer {
  WR_AUTH_RIGHT,
  WR_AUTH_WRONG,
  WR_AUTH_LATER /* too many wrong ones from there; also the right one is not taken now */
};
/* A token that somebody at that address shows (NULL: not known). One thread. */
enum wr_auth_answer wr_auth_token(struct wr_auth *auth, const char *token, size_t length,
                                  const struct sockaddr *from, int64_t now_us);
/* After LATER: seconds until the next token from there is looked at; at least 1. */
uint32_t wr_auth_wait_s(struct wr_auth *auth, const struct sockaddr *from, int64_t now_us);
bool wr_auth_cookie(const struct wr_auth *auth, const char *value, size_t length);
/* What a cookie is worth: WR_AUTH_COOKIE_CHARS characters. */
const char *wr_auth_cookie_value(const struct wr_auth *auth);

#endif
