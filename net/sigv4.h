/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS Signature Version 4 (IAM User Guide, "Signing AWS API requests"): what a request says,
 * brought into one canonical form, and a keyed hash of it for the header Authorization. Pure
 * functions over OpenSSL's SHA-256 and HMAC; results come from the arena.
 */
#ifndef WEIR_NET_SIGV4_H
#define WEIR_NET_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "net/http.h"

#define WR_SHA256_HEX     65 /* its digits and a zero */
#define WR_SIGV4_DATE     17 /* "20150830T123600Z" and a zero */
#define WR_SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"

struct wr_sigv4_request {
  const char *method;
  /* Escaped once more on the way: the raw path for s3, the path as it is sent for all others (so
   * that theirs is escaped twice, as they expect). */
  const char *path;
  bool normalize;                       /* the path: not s3. No empty parts, no "." and ".." */
  const char *query;                    /* "a=b&c=d", escaped, in any order; NULL: none */
  const struct wr_http_header *headers; /* all are signed; with host and x-amz-date */
  uint32_t header_count;
  const char *payload_hash; /* hex SHA-256 of the body, or WR_SIGV4_UNSIGNED */
};

struct wr_sigv4_scope {
  const char *access_key, *secret_key;
  const char *region, *service;
  const char *date; /* as in x-amz-date */
};

struct wr_sigv4 {
  const char *canonical;     /* the request in canonical form */
  const char *text;          /* what is signed: "string to sign" */
  const char *authorization; /* the header's value */
};

void wr_sigv4_sign(struct wr_arena *arena, const struct wr_sigv4_request *request,
                   const struct wr_sigv4_scope *scope, struct wr_sigv4 *out);

/* Lower-case hex digits of the SHA-256 of some bytes. */
void wr_sha256_hex(const char *bytes, size_t length, char out[WR_SHA256_HEX]);
/* A moment as x-amz-date says it. */
void wr_sigv4_date(int64_t time_us, char out[WR_SIGV4_DATE]);

#endif
