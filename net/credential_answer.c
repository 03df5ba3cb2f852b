/* SPDX-License-Identifier: Apache-2.0 */
/* Reading credentials. Whatever goes into a header later has to be one line of printable ASCII:
 * what is not is refused here. */
#include "net/credential_answer.h"

#include <string.h>

#include "core/time.h"
#include "net/aws_error.h"
#include "net/json_object.h"

#define ANSWER_TOKEN_BYTES_MAX (32 << 10) /* a session token; those of AWS have about 1 KiB */

/* ---- times */

/* Digits at text[at..at+count), or -1. */
static int digits(const char *text, size_t at, size_t count)
{
  int value = 0;
  for (size_t i = at; i < at + count; i++) {
    if (text[i] < '0' || text[i] > '9')
      return -1;
    value = 10 * value + (text[i] - '0');
  }
  return value;
}

bool wr_credential_time(const char *text, int64_t *time_us)
{
  static const char form[] = "0000-00-00T00:00:00";
  size_t length = strlen(text);
  if (length < sizeof form)
    return false;
  for (size_t i = 0; i + 1 < sizeof form; i++)
    if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
      return false;
  const char *rest = text + sizeof form - 1;
  if (*rest == '.') {
    rest++;
    rest += strspn(rest, "0123456789");
  }
  if (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0 && strcmp(rest, "UTC") != 0)
    return false;
  int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > wr_days_in_month(year, month) ||
      hour > 23 || minute > 59 || second > 60)
    return false;
  *time_us = wr_days_from_civil(year, month, day) * WR_US_PER_DAY + hour * WR_US_PER_HOUR +
             minute * WR_US_PER_MINUTE + second * WR_US_PER_SECOND;
  return true;
}

/* ---- both forms */

bool wr_credential_text_is_fit(const char *text)
{
  size_t length = 0;
  for (; text && text[length]; length++)
    if (text[length] <= ' ' || text[length] > '~' || length > ANSWER_TOKEN_BYTES_MAX)
      return false;
  return length > 0;
}

static bool answer_finish(struct wr_arena *arena, const char *expires, struct wr_credentials *out,
                          const char **problem)
{
  const struct {
    const char *name, *value;
  } rows[] = {{"AccessKeyId", out->access_key}, {"SecretAccessKey", out->secret_key}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (!wr_credential_text_is_fit(rows[i].value)) {
      *problem = wr_arena_print(arena, "the answer has no %s, or an unusable one", rows[i].name);
      return false;
    }
  if (out->session_token && !*out->session_token)
    out->session_token = NULL;
  if (out->session_token && !wr_credential_text_is_fit(out->session_token)) {
    *problem = "the answer has an unusable session token";
    return false;
  }
  out->expires_us = WR_TIME_END;
  if (expires && *expires && !wr_credential_time(expires, &out->expires_us)) {
    *problem = "the time at which the credentials end cannot be read";
    return false;
  }
  return true;
}

bool wr_credential_answer_xml(struct wr_arena *arena, const struct wr_slice *body,
                              struct wr_credentials *out, const char **problem)
{
  *out = (struct wr_credentials){
      .access_key = wr_xml_text(arena, body->bytes, body->length, "AccessKeyId"),
      .secret_key = wr_xml_text(arena, body->bytes, body->length, "SecretAccessKey"),
      .session_token = wr_xml_text(arena, body->bytes, body->length, "SessionToken")};
  const char *expires = wr_xml_text(arena, body->bytes, body->length, "Expiration");
  return answer_finish(arena, expires, out, problem);
}

/* NULL: it is no object, which *problem says. */
static struct json_object *answer_parse(const struct wr_slice *body, const char **problem)
{
  struct json_object *root = wr_json_object_parse(*body);
  if (!root)
    *problem = "the answer is no JSON object";
  return root;
}

bool wr_credential_answer_json(struct wr_arena *arena, const struct wr_slice *body,
                               struct wr_credentials *out, const char **problem)
{
  struct json_object *root = answer_parse(body, problem);
  bool good = root != NULL;
  *out = (struct wr_credentials){.expires_us = WR_TIME_END};
  if (root) {
    const char *code = wr_json_object_text(arena, root, "Code"); /* of the instance metadata */
    out->access_key = wr_json_object_text(arena, root, "AccessKeyId");
    out->secret_key = wr_json_object_text(arena, root, "SecretAccessKey");
    out->session_token = wr_json_object_text(arena, root, "Token");
    good = !code || strcmp(code, "Success") == 0;
    if (!good)
      *problem = wr_arena_print(arena, "the answer says %.100s", code);
    good =
        good && answer_finish(arena, wr_json_object_text(arena, root, "Expiration"), out, problem);
  }
  json_object_put(root);
  return good;
}

bool wr_credential_answer_process(struct wr_arena *arena, const struct wr_slice *body,
                                  struct wr_credentials *out, const char **problem)
{
  struct json_object *root = answer_parse(body, problem), *version;
  bool good = root != NULL;
  *out = (struct wr_credentials){.expires_us = WR_TIME_END};
  if (root) {
    out->access_key = wr_json_object_text(arena, root, "AccessKeyId");
    out->secret_key = wr_json_object_text(arena, root, "SecretAccessKey");
    out->session_token = wr_json_object_text(arena, root, "SessionToken");
    good = json_object_object_get_ex(root, "Version", &version) &&
           json_object_is_type(version, json_type_int) && json_object_get_int64(version) == 1;
    if (!good)
      *problem = "the answer's Version is not 1";
    good =
        good && answer_finish(arena, wr_json_object_text(arena, root, "Expiration"), out, problem);
  }
  json_object_put(root);
  return good;
}

bool wr_credential_answer_sso(struct wr_arena *arena, const struct wr_slice *body,
                              struct wr_credentials *out, const char **problem)
{
  struct json_object *root = answer_parse(body, problem), *role, *end;
  bool good = root != NULL;
  *out = (struct wr_credentials){.expires_us = WR_TIME_END};
  if (root && (!json_object_object_get_ex(root, "roleCredentials", &role) ||
               !json_object_is_type(role, json_type_object))) {
    *problem = "the answer has no roleCredentials";
    good = false;
  } else if (root) {
    out->access_key = wr_json_object_text(arena, role, "accessKeyId");
    out->secret_key = wr_json_object_text(arena, role, "secretAccessKey");
    out->session_token = wr_json_object_text(arena, role, "sessionToken");
    good = answer_finish(arena, NULL, out, problem);
    if (good && json_object_object_get_ex(role, "expiration", &end)) {
      int64_t end_ms = json_object_get_int64(end);
      good = json_object_is_type(end, json_type_int) && end_ms >= 0 &&
             end_ms < WR_TIME_END / WR_US_PER_MS;
      out->expires_us = good ? end_ms * WR_US_PER_MS : WR_TIME_END;
      if (!good)
        *problem = "the time at which the credentials end cannot be read";
    }
  }
  json_object_put(root);
  return good;
}
