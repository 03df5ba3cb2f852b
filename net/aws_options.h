/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What options, environment and shared files say about a client: its region, where the service is,
 * whom to trust. Options come first, then the environment, then the profile.
 */
#ifndef WEIR_NET_AWS_OPTIONS_H
#define WEIR_NET_AWS_OPTIONS_H

#include "net/aws.h"
#include "net/profile.h"

struct wr_aws_endpoint {
  const char *text;                 /* "https://host:port/path" */
  const char *scheme, *host, *path; /* "https", "host:port", "/path" or "" */
};

struct wr_aws_setup {
  const struct wr_options *options; /* never NULL */
  struct wr_profiles profiles;
  const char *profile;   /* "default" if nobody names one */
  bool is_profile_named; /* by an option or AWS_PROFILE */
  const char *region;
  struct wr_aws_endpoint endpoint;
  const char *ca_file;
  bool insecure;
  uint32_t attempts_max;
};

/* All memory is the arena's; of `settings` the options are lent, and have to stay. */
enum wr_code wr_aws_setup_read(const struct wr_aws_settings *settings, struct wr_arena *arena,
                               struct wr_aws_setup *out, struct wr_error *err);

/* Reads the shared files again, for credentials that somebody has renewed there. */
enum wr_code wr_aws_setup_refresh(struct wr_aws_setup *setup, struct wr_arena *arena,
                                  struct wr_error *err);

/* Where a service is in a region; `given` (an option's value, or NULL) comes first. */
enum wr_code wr_aws_endpoint_find(const struct wr_aws_setup *setup, const char *service,
                                  const char *region, const char *given, struct wr_arena *arena,
                                  struct wr_aws_endpoint *out, struct wr_error *err);

/* The option's value, NULL without one. */
const char *wr_aws_option(const struct wr_aws_setup *setup, const char *name);
/* The place of an option's value in the SQL text, for errors. */
struct wr_span wr_aws_option_span(const struct wr_aws_setup *setup, const char *name);
/* A variable of the environment; NULL if it is not set or empty. */
const char *wr_aws_variable(const char *name);

#endif
