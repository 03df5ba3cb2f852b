/* SPDX-License-Identifier: Apache-2.0 */
/* The options that all connectors to AWS share, what stands in for them when they are not given,
 * and the names of things: regions, endpoints, ARNs. */
#include "net/aws_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/limits.h"
#include "net/credential_plan.h"

#define SETUP_ATTEMPTS_MAX 8

const struct wr_option wr_aws_options[] = {WR_AWS_OPTIONS, {.name = NULL}};

/* Regions whose services have another domain. */
static const struct {
  const char *prefix, *domain;
} partition_rows[] = {
    {"cn-", "amazonaws.com.cn"}, {"us-isob-", "sc2s.sgov.gov"},  {"us-isof-", "csp.hci.ic.gov"},
    {"us-iso-", "c2s.ic.gov"},   {"eu-isoe-", "cloud.adc-e.uk"}, {"eusc-", "amazonaws.eu"},
    {"", "amazonaws.com"}, /* us-gov- too */
};

/* Services that are not called like their hosts. */
static const struct {
  const char *service, *host;
} host_rows[] = {{"sso", "portal.sso"}, {"sso-oidc", "oidc"}};

/* ---- ARNs */

bool wr_aws_arn_parse(const char *arn, struct wr_aws_arn *out)
{
  if (strncmp(arn, "arn:", 4) != 0)
    return false;
  struct wr_slice *const parts[] = {&out->partition, &out->service, &out->region, &out->account};
  const char *part = arn + 4;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    const char *colon = strchr(part, ':');
    if (!colon || colon - part > UINT16_MAX)
      return false;
    *parts[i] = (struct wr_slice){part, (uint32_t)(colon - part)};
    part = colon + 1;
  }
  size_t length = strlen(part);
  out->resource = (struct wr_slice){part, (uint32_t)length};
  return out->partition.length > 0 && out->service.length > 0 && length > 0 && length <= UINT16_MAX;
}

/* ---- what is given */

const char *wr_aws_option(const struct wr_aws_setup *setup, const char *name)
{
  return wr_options_text(setup->options, wr_aws_options, name);
}

struct wr_span wr_aws_option_span(const struct wr_aws_setup *setup, const char *name)
{
  const struct wr_option_value *value = wr_options_find_value(setup->options, name);
  return value ? value->value_span : (struct wr_span){WR_NO_POSITION, 0};
}

const char *wr_aws_variable(const char *name)
{
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

/* The first of: option, variable, the profile's setting. */
static const char *setup_find(const struct wr_aws_setup *setup, const char *option,
                              const char *variable, const char *key)
{
  const char *value = wr_aws_option(setup, option);
  if (!value)
    value = wr_aws_variable(variable);
  return value ? value : wr_profiles_find(&setup->profiles, setup->profile, key);
}

/* ---- endpoints */

static enum wr_code endpoint_parse(const char *text, struct wr_span span, struct wr_arena *arena,
                                   struct wr_aws_endpoint *out, struct wr_error *err)
{
  size_t length = strlen(text);
  while (length > 0 && text[length - 1] == '/')
    length--;
  char *copy = wr_arena_copy(arena, text, length);
  const char *host = strncasecmp(copy, "https://", 8) == 0  ? copy + 8
                     : strncasecmp(copy, "http://", 7) == 0 ? copy + 7
                                                            : NULL;
  size_t host_length = host ? strcspn(host, "/") : 0;
  bool bad = host_length == 0;
  for (const char *c = copy; *c && !bad; c++)
    bad = (unsigned char)*c <= ' ' || strchr("?#@\"'<>\\", *c) != NULL;
  if (bad) {
    wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_OPTION_VALUE, span,
                  "the endpoint '%s' is not of the form http://HOST:PORT or https://HOST:PORT",
                  text);
    return err->code;
  }
  out->text = copy;
  out->scheme = host == copy + 8 ? "https" : "http";
  out->host = wr_arena_copy(arena, host, host_length);
  out->path = host + host_length;
  return WR_OK;
}

static const char *endpoint_of_environment(const struct wr_aws_setup *setup, const char *service,
                                           struct wr_arena *arena)
{
  const char *ignore = wr_aws_variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
  if (ignore && strcasecmp(ignore, "true") == 0)
    return NULL;
  char *variable = wr_arena_print(arena, "AWS_ENDPOINT_URL_%s", service);
  for (char *c = variable; *c; c++)
    *c = (char)(*c >= 'a' && *c <= 'z' ? *c - ('a' - 'A') : *c == '-' ? '_' : *c);
  const char *found = wr_aws_variable(variable);
  if (!found)
    found = wr_aws_variable("AWS_ENDPOINT_URL");
  if (!found)
    found = wr_profiles_find_service(&setup->profiles, setup->profile, service, "endpoint_url");
  return found ? found : wr_profiles_find(&setup->profiles, setup->profile, "endpoint_url");
}

enum wr_code wr_aws_endpoint_find(const struct wr_aws_setup *setup, const char *service,
                                  const char *region, const char *given, struct wr_arena *arena,
                                  struct wr_aws_endpoint *out, struct wr_error *err)
{
  struct wr_span span = {WR_NO_POSITION, 0};
  for (uint32_t i = 0; given && i < setup->options->value_count; i++)
    if (setup->options->values[i].value == given)
      span = setup->options->values[i].value_span;
  const char *text = given ? given : endpoint_of_environment(setup, service, arena);
  if (text)
    return endpoint_parse(text, span, arena, out, err);
  size_t row = 0;
  while (strncmp(region, partition_rows[row].prefix, strlen(partition_rows[row].prefix)) != 0)
    row++;
  const char *host = service;
  for (size_t i = 0; i < sizeof host_rows / sizeof *host_rows; i++)
    host = strcmp(host_rows[i].service, service) == 0 ? host_rows[i].host : host;
  text = wr_arena_print(arena, "https://%s.%s.%s", host, region, partition_rows[row].domain);
  return endpoint_parse(text, span, arena, out, err);
}

/* ---- a client's settings */

static enum wr_code region_check(const struct wr_aws_setup *setup, const char *region,
                                 struct wr_error *err)
{
  size_t length = strlen(region);
  if (length <= 64 && strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == length)
    return WR_OK;
  return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_OPTION_VALUE,
                       wr_aws_option_span(setup, "aws.region"),
                       "'%s' is no region; one looks like eu-west-1", region);
}

static enum wr_code setup_find_region(const struct wr_aws_settings *settings,
                                      struct wr_aws_setup *out, struct wr_error *err)
{
  const char *region = settings->region ? settings->region : wr_aws_option(out, "aws.region");
  if (!region)
    region = wr_aws_variable("AWS_REGION");
  if (!region)
    region = setup_find(out, "aws.region", "AWS_DEFAULT_REGION", "region");
  if (!region) {
    wr_fail(err, WR_SEMANTIC, "no region is given for %s", settings->service);
    wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
    return wr_hint(err, "set 'aws.region', AWS_REGION, or the region of the profile '%s'",
                   out->profile);
  }
  out->region = region;
  return region_check(out, region, err);
}

/* text NULL: as often as usual. */
static enum wr_code attempts_read(struct wr_aws_setup *out, const char *text, struct wr_error *err)
{
  out->attempts_max = SETUP_ATTEMPTS_MAX;
  if (!text)
    return WR_OK;
  char *end;
  long value = strtol(text, &end, 10);
  if (end == text || *end || value < 1 || value > 1000)
    return wr_fail_state(err, WR_SEMANTIC, WR_STATE_INVALID_OPTION_VALUE,
                         wr_aws_option_span(out, "aws.max-attempts"),
                         "the number of attempts is '%s', but must be 1 to 1000", text);
  out->attempts_max = (uint32_t)value;
  return WR_OK;
}

enum wr_code wr_aws_check(const struct wr_options *options, struct wr_error *err)
{
  struct wr_aws_setup setup = {.options = options};
  struct wr_arena arena = {0};
  const char *region = wr_aws_option(&setup, "aws.region");
  enum wr_code code = region ? region_check(&setup, region, err) : WR_OK;
  static const char *const endpoints[] = {"aws.endpoint", "aws.credentials.role.stsEndpoint"};
  for (size_t i = 0; !code && i < sizeof endpoints / sizeof *endpoints; i++) {
    struct wr_aws_endpoint endpoint;
    const char *given = wr_aws_option(&setup, endpoints[i]);
    if (given)
      code = wr_aws_endpoint_find(&setup, "", "", given, &arena, &endpoint, err);
  }
  if (!code)
    code = attempts_read(&setup, wr_aws_option(&setup, "aws.max-attempts"), err);
  wr_arena_free(&arena);
  return code ? code : wr_credential_plan_check(&setup, err);
}

static enum wr_code setup_find_trust(struct wr_aws_setup *out, struct wr_error *err)
{
  out->insecure = wr_options_bool(out->options, wr_aws_options, "aws.trust.all.certificates");
  out->ca_file = setup_find(out, "aws.ca-file", "AWS_CA_BUNDLE", "ca_bundle");
  if (out->ca_file && access(out->ca_file, R_OK) != 0)
    return wr_fail_at(err, WR_IO, wr_aws_option_span(out, "aws.ca-file"),
                      "cannot read the file of trusted authorities '%s': %m", out->ca_file);
  return WR_OK;
}

enum wr_code wr_aws_setup_refresh(struct wr_aws_setup *setup, struct wr_arena *arena,
                                  struct wr_error *err)
{
  enum wr_code code = wr_profiles_read(wr_aws_option(setup, "aws.credentials.profile.path"), arena,
                                       &setup->profiles, err);
  if (code)
    err->span = wr_aws_option_span(setup, "aws.credentials.profile.path");
  return code;
}

enum wr_code wr_aws_setup_read(const struct wr_aws_settings *settings, struct wr_arena *arena,
                               struct wr_aws_setup *out, struct wr_error *err)
{
  static const struct wr_options none;
  *out = (struct wr_aws_setup){.options = settings->options ? settings->options : &none};
  out->profile = wr_aws_option(out, "aws.credentials.profile.name");
  if (!out->profile)
    out->profile = wr_aws_variable("AWS_PROFILE");
  out->is_profile_named = out->profile != NULL;
  if (!out->profile)
    out->profile = "default";
  enum wr_code code = wr_aws_setup_refresh(out, arena, err);
  if (!code)
    code = setup_find_region(settings, out, err);
  if (!code)
    code = wr_aws_endpoint_find(out, settings->service, out->region,
                                wr_aws_option(out, "aws.endpoint"), arena, &out->endpoint, err);
  if (!code)
    code = attempts_read(
        out, setup_find(out, "aws.max-attempts", "AWS_MAX_ATTEMPTS", "max_attempts"), err);
  if (!code)
    code = setup_find_trust(out, err);
  /* The environment may change, and files are read again. */
  const char **const kept[] = {&out->profile, &out->region, &out->ca_file};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    if (*kept[i])
      *kept[i] = wr_arena_copy(arena, *kept[i], strlen(*kept[i]));
  return code;
}
