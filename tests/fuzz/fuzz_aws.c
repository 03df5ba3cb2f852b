/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What net reads from outside: shared files of AWS, answers of sts, container hosts, metadata
 * services, programs and portals, tokens of a sign-on, command lines, errors of all protocols,
 * ARNs, and queries on their way into a signature. The first byte chooses the reader, the rest is
 * what it reads.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/aws.h"
#include "net/aws_error.h"
#include "net/credential_answer.h"
#include "net/credential_process.h"
#include "net/profile.h"
#include "net/sigv4.h"
#include "net/sso_token.h"

#define SECRET "0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Entries have no line breaks, and what was read can be found again. */
static void read_profiles(struct wr_arena *arena, const char *text, size_t length, bool is_config)
{
  struct wr_profiles profiles = {0};
  struct wr_error err;
  if (wr_profiles_add(&profiles, arena, text, length, is_config, "file", &err))
    return;
  for (uint32_t i = 0; i < profiles.count; i++) {
    const struct wr_profile_entry *entry = &profiles.entries[i];
    assert(!strchr(entry->key, '\n') && !strchr(entry->value, '\n'));
    assert(wr_profiles_have(&profiles, entry->section));
    assert(wr_profiles_find(&profiles, entry->section, entry->key));
    wr_profiles_find_service(&profiles, entry->section, "kinesis", "endpoint_url");
  }
}

static void check_text(const char *text)
{
  for (const char *c = text; c && *c; c++)
    assert(*c > ' ' && *c <= '~');
}

/* Credentials that are taken fit into a header. */
static void read_credentials(struct wr_arena *arena, const char *text, size_t length,
                             bool (*read)(struct wr_arena *arena, const struct wr_slice *body,
                                          struct wr_credentials *out, const char **problem))
{
  const struct wr_slice body = {text, (uint32_t)length};
  struct wr_credentials out;
  const char *problem = NULL;
  bool good = read(arena, &body, &out, &problem);
  assert(good || problem);
  if (!good)
    return;
  check_text(out.access_key);
  check_text(out.secret_key);
  check_text(out.session_token);
  assert(*out.access_key && *out.secret_key);
}

/* A token's file, and what the service says that renews it. */
static void read_token(struct wr_arena *arena, const char *text, size_t length)
{
  const struct wr_slice body = {text, (uint32_t)length};
  struct wr_sso_token token;
  const char *problem = NULL;
  bool good = wr_sso_token_parse(arena, &body, &token, &problem);
  assert(good || problem);
  if (good && wr_sso_token_is_renewable(&token, 0))
    assert(*wr_sso_token_question(arena, &token) == '{');
  token = (struct wr_sso_token){.refresh = "r", .client_id = "i", .client_secret = "c"};
  problem = NULL;
  good = wr_sso_token_renew(arena, &body, 0, &token, &problem);
  assert(good || problem);
  check_text(token.access);
  assert(!good || (token.expires_us > 0 && *wr_sso_token_question(arena, &token) == '{'));
}

/* Words have no more bytes than their line. */
static void read_command(struct wr_arena *arena, const char *text)
{
  size_t used = 0;
  char **words = wr_command_split(text, arena);
  for (char **word = words; word && *word; word++)
    used += strlen(*word) + 1;
  assert(used <= strlen(text) + 1);
}

static void read_problem(const char *text, size_t length)
{
  const struct wr_http_result answer = {.status = 400, .body = {text, (uint32_t)length}};
  struct wr_aws_problem problem;
  wr_aws_problem_read(&answer, &problem);
  wr_aws_problem_hide(&problem, SECRET);
  assert(!strstr(problem.message, SECRET) && !strchr(problem.message, '\n'));
  assert(strlen(problem.code) < sizeof problem.code);
}

/* Signing what has been brought into canonical form changes it no more. */
static void read_query(struct wr_arena *arena, const char *text)
{
  const struct wr_http_header header = {"host", text};
  const struct wr_sigv4_scope scope = {"id", SECRET, "region", "service", "20150830T123600Z"};
  struct wr_sigv4_request request = {.method = "GET",
                                     .path = text,
                                     .normalize = true,
                                     .query = text,
                                     .headers = &header,
                                     .header_count = 1,
                                     .payload_hash = WR_SIGV4_UNSIGNED};
  struct wr_sigv4 out, again;
  wr_sigv4_sign(arena, &request, &scope, &out);
  const char *query = strchr(strchr(out.canonical, '\n') + 1, '\n') + 1;
  request.query = wr_arena_copy(arena, query, strcspn(query, "\n"));
  wr_sigv4_sign(arena, &request, &scope, &again);
  assert(strcmp(out.canonical, again.canonical) == 0);
  assert(strcmp(out.authorization, again.authorization) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  struct wr_arena arena = {0};
  size_t length = size - 1;
  char *text = malloc(length + 1); /* its end is where it says */
  memcpy(text, data + 1, length);
  text[length] = '\0';
  struct wr_aws_arn arn;
  switch ((unsigned char)(data[0] - '*') % 11) {
  case 0: read_profiles(&arena, text, length, true); break;
  case 1: read_profiles(&arena, text, length, false); break;
  case 2: read_credentials(&arena, text, length, wr_credential_answer_xml); break;
  case 3: read_credentials(&arena, text, length, wr_credential_answer_json); break;
  case 4: read_problem(text, length); break;
  case 5: read_query(&arena, text); break;
  case 7: read_credentials(&arena, text, length, wr_credential_answer_process); break;
  case 8: read_credentials(&arena, text, length, wr_credential_answer_sso); break;
  case 9: read_token(&arena, text, length); break;
  case 10: read_command(&arena, text); break;
  default: wr_aws_arn_parse(text, &arn); break;
  }
  free(text);
  wr_arena_free(&arena);
  return 0;
}
