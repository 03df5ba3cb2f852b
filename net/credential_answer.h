/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials as servers tell them: XML of sts, JSON of a container's host and of the instance
 * metadata, of a program, and of the portal of those who have signed on.
 */
#ifndef WEIR_NET_CREDENTIAL_ANSWER_H
#define WEIR_NET_CREDENTIAL_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/batch.h"

struct wr_credentials {
  const char *access_key, *secret_key;
  const char *session_token; /* NULL: none */
  int64_t expires_us;        /* WR_TIME_END: never */
};

/* All copy into the arena. False: there are no whole credentials in it; *problem (a clause, of the
 * arena) says what is wrong, and contains none of them. */
bool wr_credential_answer_xml(struct wr_arena *arena, const struct wr_slice *body,
                              struct wr_credentials *out, const char **problem);
bool wr_credential_answer_json(struct wr_arena *arena, const struct wr_slice *body,
                               struct wr_credentials *out, const char **problem);
bool wr_credential_answer_process(struct wr_arena *arena, const struct wr_slice *body,
                                  struct wr_credentials *out, const char **problem);
bool wr_credential_answer_sso(struct wr_arena *arena, const struct wr_slice *body,
                              struct wr_credentials *out, const char **problem);

/* "2026-01-31T12:00:00Z", perhaps with parts of a second; "UTC" stands for Z, too. */
bool wr_credential_time(const char *text, int64_t *time_us);

/* What goes into a header: a line of printable ASCII without blanks. NULL: no. */
bool wr_credential_text_is_fit(const char *text);

#endif
