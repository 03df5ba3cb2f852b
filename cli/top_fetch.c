/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_fetch.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/time.h"

#define TOP_ANSWER_US  (10 * WR_US_PER_SECOND)
#define TOP_ANSWER_MAX (16 << 20)

/* ---- one answer */

struct answer {
  bool is_done;
  int status;
  struct json_object *json; /* NULL: it is none */
  enum wr_code code;
  struct wr_error err;
};

static struct json_object *json_parse(struct wr_slice body)
{
  struct json_tokener *tokener = json_tokener_new();
  struct json_object *json = json_tokener_parse_ex(tokener, body.bytes, (int)body.length);
  json_tokener_free(tokener);
  return json;
}

static void answer_done(void *self, const struct wr_http_result *result)
{
  struct answer *answer = self;
  answer->is_done = true;
  answer->status = result->status;
  answer->code = result->code;
  if (result->code == WR_OK)
    answer->json = json_parse(result->body);
  else
    wr_fail(&answer->err, WR_CONNECTION, "%s", result->message);
}

/* What a refusal says: application/problem+json. */
static enum wr_code answer_refusal(const struct wr_top_target *target, const char *path,
                                   const struct answer *answer, struct wr_error *err)
{
  const char *detail = wr_top_text(answer->json, "detail");
  if (answer->status == 401) {
    wr_fail(err, WR_CONNECTION, "%s wants a token%s", target->base,
            target->token ? ", and this is another one" : "");
    return wr_hint(err, "--token-file FILE, or WEIR_TOKEN in the environment");
  }
  return wr_fail(err, WR_CONNECTION, "%s%s answers %d%s%s", target->base, path, answer->status,
                 *detail ? ": " : "", detail);
}

/* *json NULL after WR_OK: there is no such thing (404). */
static enum wr_code fetch(const struct wr_top_target *target, const char *path,
                          struct json_object **json, struct wr_error *err)
{
  struct answer answer = {0};
  struct wr_arena arena = {0};
  struct wr_http_header headers[2] = {{"Accept", "application/json"}};
  const char *host = strstr(target->base, "://");
  bool is_here = host && (strncmp(host, "://127.", 7) == 0 || strncmp(host, "://[::1]", 8) == 0 ||
                          strncmp(host, "://localhost", 12) == 0);
  if (target->token)
    headers[1] = (struct wr_http_header){"Authorization",
                                         wr_arena_print(&arena, "Bearer %s", target->token)};
  const struct wr_http_request request = {.method = "GET",
                                          .url = wr_arena_print(&arena, "%s%s", target->base, path),
                                          .headers = headers,
                                          .header_count = target->token ? 2 : 1,
                                          .timeout_us = TOP_ANSWER_US,
                                          .answer_max = TOP_ANSWER_MAX,
                                          .direct = is_here,
                                          .done = answer_done,
                                          .self = &answer};
  *json = NULL;
  enum wr_code code = wr_http_start(target->http, &request, NULL, err);
  while (code == WR_OK && !answer.is_done)
    wr_http_pump(target->http, 1000);
  if (code == WR_OK && answer.code != WR_OK) {
    *err = answer.err;
    code = err->code;
    if (strstr(err->message, " is not trusted"))
      wr_hint(err, "--ca-file FILE names who has signed it, which may be itself");
    else if (strstr(err->message, "could not connect"))
      wr_hint(err, "weir serve, and weir run with --http, say where they can be watched");
  } else if (code == WR_OK && answer.status == 200 && answer.json) {
    *json = json_object_get(answer.json);
  } else if (code == WR_OK && answer.status == 200) {
    code = wr_fail(err, WR_CONNECTION, "what answers at %s is not weir", target->base);
  } else if (code == WR_OK && answer.status != 404) {
    code = answer_refusal(target, path, &answer, err);
  }
  json_object_put(answer.json);
  wr_arena_free(&arena);
  return code;
}

/* ---- all of them */

/* Takes a member out of an object that is given back. */
static struct json_object *take(struct json_object *object, const char *name)
{
  struct json_object *member = NULL;
  if (object)
    json_object_object_get_ex(object, name, &member);
  member = json_object_get(member);
  json_object_put(object);
  return member;
}

static enum wr_code fetch_job(const struct wr_top_target *target, const char *job,
                              struct wr_top_seen *out, struct wr_error *err)
{
  const struct {
    const char *path;
    struct json_object **json;
  } parts[] = {{"", &out->job},
               {"/plan", &out->plan},
               {"/checkpoints", &out->checkpoints},
               {"/errors?limit=20", &out->errors}};
  char path[256], name[128];
  enum wr_code code = WR_OK;
  wr_http_escape(job, strlen(job), false, name, sizeof name);
  for (size_t i = 0; code == WR_OK && i < sizeof parts / sizeof *parts; i++) {
    snprintf(path, sizeof path, "/v1/jobs/%s%s", name, parts[i].path);
    code = fetch(target, path, parts[i].json, err);
  }
  return code;
}

enum wr_code wr_top_fetch(const struct wr_top_target *target, const char *job,
                          struct wr_top_seen *out, struct wr_error *err)
{
  struct json_object *jobs;
  *out = (struct wr_top_seen){.clock_us = wr_monotonic_us(), .now_us = wr_now_us()};
  enum wr_code code = fetch(target, "/v1/jobs", &jobs, err);
  if (code != WR_OK)
    return code;
  out->jobs = take(jobs, "jobs");
  if (!json_object_is_type(out->jobs, json_type_array))
    code = wr_fail(err, WR_CONNECTION, "what answers at %s is not weir", target->base);
  if (code == WR_OK && job)
    code = fetch_job(target, job, out, err);
  if (code != WR_OK)
    wr_top_forget(out);
  return code;
}

void wr_top_forget(struct wr_top_seen *seen)
{
  json_object_put(seen->jobs);
  json_object_put(seen->job);
  json_object_put(seen->plan);
  json_object_put(seen->checkpoints);
  json_object_put(seen->errors);
  *seen = (struct wr_top_seen){0};
}

/* ---- reading */

const struct json_object *wr_top_member(const struct json_object *object, const char *name)
{
  struct json_object *member = NULL;
  if (!json_object_is_type(object, json_type_object) ||
      !json_object_object_get_ex(object, name, &member))
    return NULL;
  return member;
}

bool wr_top_has(const struct json_object *object, const char *name)
{
  return wr_top_member(object, name) != NULL;
}

const char *wr_top_text(const struct json_object *object, const char *name)
{
  const struct json_object *member = wr_top_member(object, name);
  return json_object_is_type(member, json_type_string)
             ? json_object_get_string((struct json_object *)member)
             : "";
}

double wr_top_number(const struct json_object *object, const char *name)
{
  const struct json_object *member = wr_top_member(object, name);
  return json_object_is_type(member, json_type_int) ||
                 json_object_is_type(member, json_type_double) ||
                 json_object_is_type(member, json_type_boolean)
             ? json_object_get_double(member)
             : 0;
}

uint32_t wr_top_count(const struct json_object *object, const char *name)
{
  const struct json_object *array = wr_top_member(object, name);
  return json_object_is_type(array, json_type_array) ? (uint32_t)json_object_array_length(array)
                                                     : 0;
}

const struct json_object *wr_top_item(const struct json_object *object, const char *name,
                                      uint32_t number)
{
  return json_object_array_get_idx(wr_top_member(object, name), number);
}

const struct json_object *wr_top_find(const struct json_object *array, const char *key,
                                      const char *value)
{
  if (!json_object_is_type(array, json_type_array))
    return NULL;
  for (size_t i = 0; i < json_object_array_length(array); i++) {
    const struct json_object *item = json_object_array_get_idx(array, i);
    if (strcmp(wr_top_text(item, key), value) == 0)
      return item;
  }
  return NULL;
}
