/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deciding where credentials come from. One function per place, which says whether it has some;
 * profiles lead to other profiles by source_profile, innermost first:
 *
 *   dev: role_arn B, source_profile base;  base: role_arn A, source_profile keys  ->  keys, A, B
 */
#include "net/credential_plan.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PLAN_SESSION_NAME "weir"

/* What a plan is made of, and where it grows. */
struct planner {
  const struct wr_aws_setup *setup;
  struct wr_arena *arena;
  struct wr_credential_plan *plan;
  struct wr_error *err;
};

/* ---- options */

enum provider {
  AUTO = 1,
  BASIC = 2,
  ENV_VAR = 4,
  PROFILE = 8,
  ASSUME_ROLE = 16,
  WEB_IDENTITY = 32
};

static const struct {
  const char *name;
  unsigned provider;
} provider_rows[] = {
    {"AUTO", AUTO},
    {"BASIC", BASIC},
    {"ENV_VAR", ENV_VAR},
    {"PROFILE", PROFILE},
    {"ASSUME_ROLE", ASSUME_ROLE},
    {"WEB_IDENTITY_TOKEN", WEB_IDENTITY},
};

/* Which providers an option is for; others would not read it, and that is said. */
static const struct {
  const char *option;
  unsigned providers;
} use_rows[] = {
    {"aws.credentials.basic.accesskeyid", AUTO | BASIC | ASSUME_ROLE},
    {"aws.credentials.basic.secretkey", AUTO | BASIC | ASSUME_ROLE},
    {"aws.credentials.basic.sessiontoken", AUTO | BASIC | ASSUME_ROLE},
    {"aws.credentials.profile.name", AUTO | PROFILE | ASSUME_ROLE},
    {"aws.credentials.profile.path", AUTO | PROFILE | ASSUME_ROLE},
    {"aws.credentials.role.arn", AUTO | ASSUME_ROLE | WEB_IDENTITY},
    {"aws.credentials.role.sessionName", AUTO | ASSUME_ROLE | WEB_IDENTITY},
    {"aws.credentials.role.externalId", AUTO | ASSUME_ROLE},
    {"aws.credentials.role.stsEndpoint", AUTO | ASSUME_ROLE | WEB_IDENTITY | PROFILE},
    {"aws.credentials.webIdentityToken.file", AUTO | WEB_IDENTITY},
};

static const char *option(const struct planner *p, const char *name)
{
  return wr_aws_option(p->setup, name);
}

static enum wr_code fail_option(const struct planner *p, const char *name, const char *format,
                                const char *what)
{
  wr_fail_at(p->err, WR_SEMANTIC, wr_aws_option_span(p->setup, name), format, name, what);
  return wr_state(p->err, WR_STATE_INVALID_OPTION_VALUE);
}

static enum wr_code options_check(const struct planner *p, unsigned provider, const char *name)
{
  for (size_t i = 0; i < sizeof use_rows / sizeof *use_rows; i++)
    if (option(p, use_rows[i].option) && !(use_rows[i].providers & provider))
      return fail_option(p, use_rows[i].option,
                         "the option '%s' does not go with 'aws.credentials.provider' = '%s'",
                         name);
  static const char *const with_role[] = {"aws.credentials.role.externalId",
                                          "aws.credentials.webIdentityToken.file"};
  bool has_role = option(p, "aws.credentials.role.arn") ||
                  (provider == WEB_IDENTITY && wr_aws_variable("AWS_ROLE_ARN"));
  for (size_t i = 0; i < sizeof with_role / sizeof *with_role; i++)
    if (option(p, with_role[i]) && !has_role)
      return fail_option(p, with_role[i], "the option '%s' is of no use without '%s'",
                         "aws.credentials.role.arn");
  return WR_OK;
}

/* ---- places of keys */

static enum wr_code plan_keys(struct planner *p, const char *id, const char *secret,
                              const char *token, const char *id_name, const char *secret_name)
{
  if (!id || !secret)
    return wr_fail(p->err, WR_SEMANTIC, "%s is given, but %s is not", id ? id_name : secret_name,
                   id ? secret_name : id_name);
  p->plan->origin = WR_ORIGIN_GIVEN;
  p->plan->access_key = id;
  p->plan->secret_key = secret;
  p->plan->session_token = token;
  return WR_OK;
}

static enum wr_code plan_options(struct planner *p)
{
  static const char id[] = "aws.credentials.basic.accesskeyid";
  static const char secret[] = "aws.credentials.basic.secretkey";
  static const char token[] = "aws.credentials.basic.sessiontoken";
  p->plan->from = "the options";
  if (!option(p, id) && !option(p, secret)) {
    bool has_token = option(p, token) != NULL;
    const char *name = has_token ? token : "aws.credentials.provider";
    wr_fail_at(p->err, WR_SEMANTIC, wr_aws_option_span(p->setup, name),
               "%s, but neither '%s' nor '%s' is given",
               has_token ? "'aws.credentials.basic.sessiontoken' is given"
                         : "'aws.credentials.provider' is 'BASIC'",
               id, secret);
    return wr_state(p->err, WR_STATE_INVALID_OPTION_VALUE);
  }
  enum wr_code code = plan_keys(p, option(p, id), option(p, secret), option(p, token), id, secret);
  if (code)
    p->err->span = wr_aws_option_span(p->setup, option(p, id) ? id : secret);
  return code;
}

static bool environment_has_keys(void)
{
  return wr_aws_variable("AWS_ACCESS_KEY_ID") || wr_aws_variable("AWS_SECRET_ACCESS_KEY");
}

static enum wr_code plan_environment(struct planner *p)
{
  p->plan->from = "the environment";
  if (!environment_has_keys())
    return wr_fail(p->err, WR_SEMANTIC,
                   "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, but the credentials "
                   "are to come from there");
  return plan_keys(p, wr_aws_variable("AWS_ACCESS_KEY_ID"),
                   wr_aws_variable("AWS_SECRET_ACCESS_KEY"), wr_aws_variable("AWS_SESSION_TOKEN"),
                   "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
}

static const char *session_name(const struct planner *p, const char *of_profile)
{
  const char *name = option(p, "aws.credentials.role.sessionName");
  if (!name)
    name = of_profile ? of_profile : wr_aws_variable("AWS_ROLE_SESSION_NAME");
  return name ? name : PLAN_SESSION_NAME;
}

static enum wr_code plan_web_identity(struct planner *p)
{
  const char *file = option(p, "aws.credentials.webIdentityToken.file");
  const char *arn = option(p, "aws.credentials.role.arn");
  p->plan->origin = WR_ORIGIN_WEB_IDENTITY;
  p->plan->from = "a web identity token";
  p->plan->token_file = file ? file : wr_aws_variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  p->plan->web_role.arn = arn ? arn : wr_aws_variable("AWS_ROLE_ARN");
  p->plan->web_role.session_name = session_name(p, NULL);
  if (!p->plan->token_file)
    return wr_fail(p->err, WR_SEMANTIC,
                   "neither 'aws.credentials.webIdentityToken.file' nor "
                   "AWS_WEB_IDENTITY_TOKEN_FILE says where the token is");
  if (!p->plan->web_role.arn)
    return wr_fail(p->err, WR_SEMANTIC,
                   "neither 'aws.credentials.role.arn' nor AWS_ROLE_ARN says which role the token "
                   "is for");
  return WR_OK;
}

/* ---- container and instance */

static bool environment_has_container(void)
{
  return wr_aws_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") ||
         wr_aws_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
}

/* Over http only to this machine and to the addresses that hosts of containers have. */
static bool is_container_url(const char *url)
{
  static const char *const hosts[] = {"localhost",     "127.0.0.1",      "[::1]",
                                      "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  if (strncmp(url, "https://", 8) == 0)
    return true;
  if (strncmp(url, "http://", 7) != 0)
    return false;
  const char *host = url + 7;
  size_t length = strcspn(host, "/");
  if (memchr(host, '@', length))
    return false;
  if (*host == '[')
    length = strcspn(host, "]") + 1;
  else
    length = strcspn(host, ":/");
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
    if (strlen(hosts[i]) == length && memcmp(hosts[i], host, length) == 0)
      return true;
  return false;
}

static enum wr_code plan_container(struct planner *p)
{
  const char *relative = wr_aws_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const char *full = wr_aws_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  p->plan->origin = WR_ORIGIN_CONTAINER;
  p->plan->from = "the container endpoint";
  if (!relative && !full)
    return wr_fail(p->err, WR_SEMANTIC,
                   "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and "
                   "AWS_CONTAINER_CREDENTIALS_FULL_URI are not set: this is no container of ECS "
                   "or EKS");
  p->plan->url = relative ? wr_arena_print(p->arena, "http://169.254.170.2%s%s",
                                           *relative == '/' ? "" : "/", relative)
                          : full;
  if (!is_container_url(p->plan->url))
    return wr_fail(p->err, WR_SEMANTIC,
                   "AWS_CONTAINER_CREDENTIALS_FULL_URI is '%s', but must be https, or http to "
                   "this machine or a container's host",
                   p->plan->url);
  p->plan->token = wr_aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  p->plan->token_file = wr_aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  return WR_OK;
}

static bool instance_is_disabled(void)
{
  const char *disabled = wr_aws_variable("AWS_EC2_METADATA_DISABLED");
  return disabled && strcasecmp(disabled, "true") == 0;
}

static enum wr_code plan_instance(struct planner *p)
{
  const char *url = wr_aws_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  const char *mode = wr_aws_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  if (!url)
    url =
        mode && strcasecmp(mode, "IPv6") == 0 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  size_t length = strlen(url);
  while (length > 0 && url[length - 1] == '/')
    length--;
  p->plan->origin = WR_ORIGIN_INSTANCE;
  p->plan->from = "the instance metadata";
  p->plan->url = wr_arena_copy(p->arena, url, length);
  if (instance_is_disabled())
    return wr_fail(p->err, WR_SEMANTIC,
                   "the credentials are to come from the instance metadata, but "
                   "AWS_EC2_METADATA_DISABLED is true");
  return WR_OK;
}

/* ---- profiles */

static enum wr_code plan_push_role(struct planner *p, struct wr_credential_role role)
{
  if (p->plan->role_count == WR_AWS_ROLES_MAX)
    return wr_fail(p->err, WR_LIMIT, "more than WR_AWS_ROLES_MAX (%d) roles lead to %s",
                   WR_AWS_ROLES_MAX, role.arn);
  p->plan->roles[p->plan->role_count++] = role;
  return WR_OK;
}

static enum wr_code plan_credential_source(struct planner *p, const char *profile,
                                           const char *source)
{
  static const struct {
    const char *name;
    enum wr_code (*plan)(struct planner *p);
  } rows[] = {{"Environment", plan_environment},
              {"Ec2InstanceMetadata", plan_instance},
              {"EcsContainer", plan_container}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (strcmp(rows[i].name, source) == 0)
      return rows[i].plan(p);
  return wr_fail(p->err, WR_SEMANTIC,
                 "credential_source of the profile '%s' is '%s', but must be Environment, "
                 "Ec2InstanceMetadata or EcsContainer",
                 profile, source);
}

static enum wr_code plan_profile_keys(struct planner *p, const char *profile)
{
  const struct wr_profiles *files = &p->setup->profiles;
  p->plan->from = wr_arena_print(p->arena, "the profile '%s'", profile);
  p->plan->is_file = true;
  return plan_keys(p, wr_profiles_find(files, profile, "aws_access_key_id"),
                   wr_profiles_find(files, profile, "aws_secret_access_key"),
                   wr_profiles_find(files, profile, "aws_session_token"),
                   wr_arena_print(p->arena, "aws_access_key_id of the profile '%s'", profile),
                   wr_arena_print(p->arena, "aws_secret_access_key of the profile '%s'", profile));
}

static enum wr_code plan_profile_process(struct planner *p, const char *profile,
                                         const char *command)
{
  p->plan->origin = WR_ORIGIN_PROCESS;
  p->plan->from = wr_arena_print(p->arena, "the program of the profile '%s'", profile);
  p->plan->command = command;
  return WR_OK;
}

/* A sign-on: of a session, which has a section of its own, or all of it in the profile. */
static enum wr_code plan_profile_sso(struct planner *p, const char *profile)
{
  const struct wr_profiles *files = &p->setup->profiles;
  const char *session = wr_profiles_find(files, profile, "sso_session");
  const char *section = session ? wr_arena_print(p->arena, "sso-session %s", session) : profile;
  const char *url = wr_profiles_find(files, section, "sso_start_url");
  struct wr_credential_sso *sso = &p->plan->sso;
  *sso = (struct wr_credential_sso){.profile = profile,
                                    .region = wr_profiles_find(files, section, "sso_region"),
                                    .account = wr_profiles_find(files, profile, "sso_account_id"),
                                    .role = wr_profiles_find(files, profile, "sso_role_name"),
                                    .cache_name = session ? session : url};
  const struct {
    const char *name, *value;
  } rows[] = {{"sso_start_url", url},
              {"sso_region", sso->region},
              {"sso_account_id", sso->account},
              {"sso_role_name", sso->role}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (!rows[i].value)
      return wr_fail(p->err, WR_SEMANTIC, "the sign-on of the profile '%s' has no %s%s%s%s",
                     profile, rows[i].name, session && i < 2 ? " in the section [" : "",
                     session && i < 2 ? section : "", session && i < 2 ? "]" : "");
  p->plan->origin = WR_ORIGIN_SSO;
  p->plan->from = wr_arena_print(p->arena, "the sign-on of the profile '%s'", profile);
  return WR_OK;
}

static enum wr_code plan_profile(struct planner *p, const char *profile, uint32_t depth, bool *has);

static enum wr_code plan_profile_role(struct planner *p, const char *profile, const char *arn,
                                      uint32_t depth)
{
  const struct wr_profiles *files = &p->setup->profiles;
  const char *token_file = wr_profiles_find(files, profile, "web_identity_token_file");
  const char *parent = wr_profiles_find(files, profile, "source_profile");
  const char *source = wr_profiles_find(files, profile, "credential_source");
  struct wr_credential_role role = {
      arn, session_name(p, wr_profiles_find(files, profile, "role_session_name")),
      wr_profiles_find(files, profile, "external_id"),
      wr_profiles_find(files, profile, "duration_seconds")};
  if (wr_profiles_find(files, profile, "mfa_serial"))
    return wr_fail(p->err, WR_UNSUPPORTED,
                   "the profile '%s' asks for a code of mfa_serial, which is not supported: nobody "
                   "sits there to type it",
                   profile);
  if (token_file) {
    p->plan->origin = WR_ORIGIN_WEB_IDENTITY;
    p->plan->from = wr_arena_print(p->arena, "the profile '%s'", profile);
    p->plan->token_file = token_file;
    p->plan->web_role = role;
    return WR_OK;
  }
  if (!parent == !source)
    return wr_fail(p->err, WR_SEMANTIC,
                   "the profile '%s' has role_arn, and must have either source_profile or "
                   "credential_source with it",
                   profile);
  enum wr_code code;
  if (source) {
    code = plan_credential_source(p, profile, source);
  } else if (strcmp(parent, profile) == 0) {
    code = plan_profile_keys(p, profile);
  } else if (depth == WR_AWS_ROLES_MAX) {
    code = wr_fail(p->err, WR_LIMIT,
                   "source_profile leads through more than WR_AWS_ROLES_MAX (%d) profiles, or in a "
                   "circle, at the profile '%s'",
                   WR_AWS_ROLES_MAX, profile);
  } else {
    bool has;
    code = plan_profile(p, parent, depth + 1, &has);
    if (!code && !has)
      code = wr_fail(p->err, WR_SEMANTIC, "source_profile of the profile '%s' is '%s', which %s",
                     profile, parent,
                     wr_profiles_have(files, parent) ? "has no credentials" : "does not exist");
  }
  return code ? code : plan_push_role(p, role);
}

static enum wr_code plan_profile(struct planner *p, const char *profile, uint32_t depth, bool *has)
{
  const struct wr_profiles *files = &p->setup->profiles;
  const char *arn = wr_profiles_find(files, profile, "role_arn");
  *has = true;
  if (arn)
    return plan_profile_role(p, profile, arn, depth);
  if (wr_profiles_find(files, profile, "sso_account_id") ||
      wr_profiles_find(files, profile, "sso_role_name"))
    return plan_profile_sso(p, profile);
  if (wr_profiles_find(files, profile, "aws_access_key_id") ||
      wr_profiles_find(files, profile, "aws_secret_access_key"))
    return plan_profile_keys(p, profile);
  const char *command = wr_profiles_find(files, profile, "credential_process");
  if (command)
    return plan_profile_process(p, profile, command);
  *has = wr_profiles_find(files, profile, "sso_session") ||
         wr_profiles_find(files, profile, "sso_start_url");
  return *has ? plan_profile_sso(p, profile) : WR_OK;
}

/* The profile that has been named, by whatever. */
static enum wr_code plan_named_profile(struct planner *p)
{
  const struct wr_aws_setup *setup = p->setup;
  bool has;
  enum wr_code code = plan_profile(p, setup->profile, 0, &has);
  if (code || has)
    return code;
  if (wr_profiles_have(&setup->profiles, setup->profile))
    return wr_fail(p->err, WR_SEMANTIC, "the profile '%s' has no credentials", setup->profile);
  const char *name = "aws.credentials.profile.name";
  return wr_fail_at(p->err, WR_SEMANTIC, wr_aws_option_span(setup, name),
                    "there is no profile '%s', neither in '%s' nor in '%s'", setup->profile,
                    setup->profiles.credentials_path, setup->profiles.config_path);
}

/* ---- all together */

static enum wr_code plan_chain(struct planner *p)
{
  if (environment_has_keys())
    return plan_environment(p);
  if (wr_aws_variable("AWS_WEB_IDENTITY_TOKEN_FILE"))
    return plan_web_identity(p);
  if (p->setup->is_profile_named)
    return plan_named_profile(p);
  bool has;
  enum wr_code code = plan_profile(p, p->setup->profile, 0, &has);
  if (code || has)
    return code;
  if (environment_has_container())
    return plan_container(p);
  if (!instance_is_disabled()) {
    p->plan->is_last = true;
    return plan_instance(p);
  }
  wr_fail(p->err, WR_SEMANTIC,
          "no credentials for AWS: neither options nor AWS_ACCESS_KEY_ID nor "
          "AWS_WEB_IDENTITY_TOKEN_FILE nor the profile '%s' (in '%s' and '%s') nor a container has "
          "any, and AWS_EC2_METADATA_DISABLED is true",
          p->setup->profile, p->setup->profiles.credentials_path, p->setup->profiles.config_path);
  return wr_hint(p->err, "for a local server any will do: AWS_ACCESS_KEY_ID=x "
                         "AWS_SECRET_ACCESS_KEY=x");
}

static enum wr_code plan_role_option(struct planner *p)
{
  const char *arn = option(p, "aws.credentials.role.arn");
  if (!arn)
    return wr_fail(p->err, WR_SEMANTIC,
                   "'aws.credentials.provider' = 'ASSUME_ROLE' needs 'aws.credentials.role.arn'");
  bool has_keys = option(p, "aws.credentials.basic.accesskeyid") ||
                  option(p, "aws.credentials.basic.secretkey");
  bool has_profile =
      option(p, "aws.credentials.profile.name") || option(p, "aws.credentials.profile.path");
  enum wr_code code = has_keys      ? plan_options(p)
                      : has_profile ? plan_named_profile(p)
                                    : plan_chain(p);
  struct wr_credential_role role = {.arn = arn,
                                    .session_name = session_name(p, NULL),
                                    .external_id = option(p, "aws.credentials.role.externalId")};
  return code ? code : plan_push_role(p, role);
}

/* What AUTO means, given these options. */
static unsigned provider_choose(const struct planner *p)
{
  if (option(p, "aws.credentials.webIdentityToken.file"))
    return WEB_IDENTITY;
  if (option(p, "aws.credentials.role.arn"))
    return ASSUME_ROLE;
  if (option(p, "aws.credentials.basic.accesskeyid") ||
      option(p, "aws.credentials.basic.secretkey") ||
      option(p, "aws.credentials.basic.sessiontoken"))
    return BASIC;
  if (option(p, "aws.credentials.profile.name") || option(p, "aws.credentials.profile.path"))
    return PROFILE;
  return AUTO;
}

/* The provider that the options name. */
static unsigned provider_read(const struct planner *p)
{
  const char *name = option(p, "aws.credentials.provider");
  for (size_t i = 0; i < sizeof provider_rows / sizeof *provider_rows; i++)
    if (strcmp(provider_rows[i].name, name) == 0)
      return provider_rows[i].provider;
  return AUTO;
}

enum wr_code wr_credential_plan_check(const struct wr_aws_setup *setup, struct wr_error *err)
{
  struct wr_credential_plan plan = {.from = ""};
  struct planner p = {.setup = setup, .plan = &plan, .err = err};
  unsigned provider = provider_read(&p);
  enum wr_code code = options_check(&p, provider, option(&p, "aws.credentials.provider"));
  bool has_keys = option(&p, "aws.credentials.basic.accesskeyid") ||
                  option(&p, "aws.credentials.basic.secretkey") ||
                  option(&p, "aws.credentials.basic.sessiontoken");
  if (!code && (has_keys || provider == BASIC))
    code = plan_options(&p);
  if (!code && provider == ASSUME_ROLE && !option(&p, "aws.credentials.role.arn"))
    code = plan_role_option(&p);
  return code;
}

enum wr_code wr_credential_plan_make(const struct wr_aws_setup *setup, struct wr_arena *arena,
                                     struct wr_credential_plan *out, struct wr_error *err)
{
  *out = (struct wr_credential_plan){.from = ""};
  struct planner p = {setup, arena, out, err};
  unsigned provider = provider_read(&p);
  enum wr_code code = options_check(&p, provider, option(&p, "aws.credentials.provider"));
  if (code)
    return code;
  switch (provider == AUTO ? provider_choose(&p) : provider) {
  case BASIC: return plan_options(&p);
  case ENV_VAR: return plan_environment(&p);
  case PROFILE: return plan_named_profile(&p);
  case ASSUME_ROLE: return plan_role_option(&p);
  case WEB_IDENTITY: return plan_web_identity(&p);
  default: return plan_chain(&p);
  }
}
