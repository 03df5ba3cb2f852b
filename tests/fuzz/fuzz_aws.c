/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What net reads from outside: shared files of AWS, answers of sts, container hosts and metadata
 * services, errors of all protocols, ARNs, and queries on their way into a signature. The first
 * byte chooses the reader, the rest is what it reads.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/aws.h"
#include "net/aws_error.h"
#include "net/credential_answer.h"
#include "net/profile.h"
#include "net/sigv4.h"

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

/* Credentials that are taken fit into a header. */
static void read_credentials(struct wr_arena *arena, const char *text, size_t length, bool is_xml)
{
  const struct wr_slice body = {text, (uint32_t)length};
  struct wr_credentials out;
  const char *problem = NULL;
  bool good = is_xml ? wr_credential_answer_xml(arena, &body, &out, &problem)
                     : wr_credential_answer_json(arena, &body, &out, &problem);
  assert(good || problem);
  if (!good)
    return;
  const char *const texts[] = {out.access_key, out.secret_key, out.session_token};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    for (const char *c = texts[i]; c && *c; c++)
      assert(*c > ' ' && *c <= '~');
  assert(*out.access_key && *out.secret_key);
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
  switch (data[0] % 7) {
  case 0: read_profiles(&arena, text, length, true); break;
  case 1: read_profiles(&arena, text, length, false); break;
  case 2: read_credentials(&arena, text, length, true); break;
  case 3: read_credentials(&arena, text, length, false); break;
  case 4: read_problem(text, length); break;
  case 5: read_query(&arena, text); break;
  default: wr_aws_arn_parse(text, &arn); break;
  }
  free(text);
  wr_arena_free(&arena);
  return 0;
}
