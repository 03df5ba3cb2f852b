/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The credentials of one client: fetched when they are first wanted, renewed five minutes before
 * they end while the old ones are still used, fetched again when a service says that they have
 * ended. Fetching takes several requests (instance metadata: three; one per role), which go on
 * while somebody pumps the wr_http, or a program that runs beside us.
 *
 *   NONE -look(wanted)-> FETCHING -> READY -look, near the end-> READY and fetching -> READY
 *                            `-----> FAILED -look(wanted)-> FETCHING
 */
#ifndef WEIR_NET_CREDENTIALS_H
#define WEIR_NET_CREDENTIALS_H

#include "net/aws_options.h"
#include "net/credential_answer.h"

struct wr_credential_source;

enum wr_credential_state {
  WR_CREDENTIALS_NONE, /* nobody has wanted any yet */
  WR_CREDENTIALS_FETCHING,
  WR_CREDENTIALS_READY,
  WR_CREDENTIALS_FAILED
};

struct wr_credential_settings {
  struct wr_aws_setup *setup; /* kept; its profiles are read again with every fetch */
  struct wr_http *http;       /* kept */
  int64_t *skew_us; /* kept: the services' clocks minus ours, corrected by whoever notices */
  void (*note)(void *self, const char *message); /* may be NULL */
  void *note_self;
};

/* Says at once what is wrong with options and files; asks nobody yet. */
enum wr_code wr_credentials_open(const struct wr_credential_settings *settings,
                                 struct wr_credential_source **out, struct wr_error *err);
void wr_credentials_close(struct wr_credential_source *source);

/* Starts what is due; wanted: somebody waits for credentials. */
enum wr_credential_state wr_credentials_look(struct wr_credential_source *source, bool wanted);
/* Whether something goes on that no pump wakes up for: then look again soon. */
bool wr_credentials_must_look(const struct wr_credential_source *source);
/* READY: lent until the next pump. Each set has a number of its own, from 1. */
const struct wr_credentials *wr_credentials_get(const struct wr_credential_source *source,
                                                uint32_t *number);
/* FAILED: why; retry: it may pass. */
const struct wr_error *wr_credentials_error(const struct wr_credential_source *source);
/* FAILED: everybody knows; the next look that wants some tries again. */
void wr_credentials_forgive(struct wr_credential_source *source);
/* A service says that the set with this number has ended. False: so there is nothing to be got. */
bool wr_credentials_expire(struct wr_credential_source *source, uint32_t number);

/* When a set has to be renewed that was fetched at one time and ends at another. */
int64_t wr_credentials_renewal(int64_t fetched_us, int64_t expires_us);

#endif
