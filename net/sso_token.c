/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of a sign-on: read from the file that all tools of AWS share, and put back there when they
 * were renewed, as the one before it then counts no more. */
#include "net/sso_token.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "core/time.h"
#include "net/credential_answer.h"
#include "net/json_object.h"
#include "net/profile.h"

#define SSO_LIFE_MAX_S INT64_C(31622400) /* a year: more is no length of time */

const char *wr_sso_token_path(struct wr_arena *arena, const char *cache_name)
{
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  char name[2 * EVP_MAX_MD_SIZE + 1] = "";
  const char *home = getenv("HOME");
  if (!home || !*home ||
      !EVP_Digest(cache_name, strlen(cache_name), digest, &length, EVP_sha1(), NULL))
    return NULL;
  for (unsigned int i = 0; i < length; i++)
    snprintf(name + 2 * i, 3, "%02x", digest[i]);
  return wr_arena_print(arena, "%s/.aws/sso/cache/%s.json", home, name);
}

bool wr_sso_token_parse(struct wr_arena *arena, const struct wr_slice *text,
                        struct wr_sso_token *out, const char **problem)
{
  struct json_object *root = wr_json_object_parse(*text);
  *out = (struct wr_sso_token){.client_expires_us = WR_TIME_END};
  if (!root) {
    *problem = "is no JSON object";
    return false;
  }
  const char *end = wr_json_object_text(arena, root, "expiresAt");
  const char *client_end = wr_json_object_text(arena, root, "registrationExpiresAt");
  out->access = wr_json_object_text(arena, root, "accessToken");
  out->refresh = wr_json_object_text(arena, root, "refreshToken");
  out->client_id = wr_json_object_text(arena, root, "clientId");
  out->client_secret = wr_json_object_text(arena, root, "clientSecret");
  json_object_put(root);
  if (!out->refresh || !out->client_id || !out->client_secret)
    out->refresh = out->client_id = out->client_secret = NULL;
  if (client_end && !wr_credential_time(client_end, &out->client_expires_us))
    out->client_expires_us = 0;
  if (!wr_credential_text_is_fit(out->access)) {
    *problem = "has no accessToken, or an unusable one";
    return false;
  }
  if (!end || !wr_credential_time(end, &out->expires_us)) {
    *problem = "does not say when its token ends";
    return false;
  }
  return true;
}

/* ---- renewing */

bool wr_sso_token_is_renewable(const struct wr_sso_token *token, int64_t now_us)
{
  return token->refresh && now_us < token->client_expires_us;
}

const char *wr_sso_token_question(struct wr_arena *arena, const struct wr_sso_token *token)
{
  struct json_object *root = json_object_new_object();
  assert(token->refresh);
  json_object_object_add(root, "clientId", json_object_new_string(token->client_id));
  json_object_object_add(root, "clientSecret", json_object_new_string(token->client_secret));
  json_object_object_add(root, "grantType", json_object_new_string("refresh_token"));
  json_object_object_add(root, "refreshToken", json_object_new_string(token->refresh));
  const char *text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN);
  const char *copy = wr_arena_copy(arena, text, strlen(text));
  json_object_put(root);
  return copy;
}

bool wr_sso_token_renew(struct wr_arena *arena, const struct wr_slice *answer, int64_t now_us,
                        struct wr_sso_token *token, const char **problem)
{
  struct json_object *root = wr_json_object_parse(*answer), *life = NULL;
  if (!root) {
    *problem = "the answer is no JSON object";
    return false;
  }
  const char *access = wr_json_object_text(arena, root, "accessToken");
  const char *refresh = wr_json_object_text(arena, root, "refreshToken");
  int64_t life_s = json_object_object_get_ex(root, "expiresIn", &life) &&
                           json_object_is_type(life, json_type_int)
                       ? json_object_get_int64(life)
                       : 0;
  json_object_put(root);
  if (!wr_credential_text_is_fit(access) || life_s < 1 || life_s > SSO_LIFE_MAX_S) {
    *problem = "the answer has no usable accessToken and expiresIn";
    return false;
  }
  token->access = access;
  token->refresh = refresh ? refresh : token->refresh;
  token->expires_us = now_us + life_s * WR_US_PER_SECOND;
  return true;
}

/* The file's text with the token in it; NULL: the file cannot be read. */
static struct json_object *token_merge(const char *path, const struct wr_sso_token *token)
{
  struct wr_arena arena = {0};
  struct wr_error err;
  const char *text;
  size_t length;
  char end[32];
  time_t end_s = (time_t)(token->expires_us / WR_US_PER_SECOND);
  struct tm parts;
  struct json_object *root = NULL;
  if (wr_small_file_read(path, false, &arena, &text, &length, &err) == WR_OK)
    root = wr_json_object_parse((struct wr_slice){text, (uint32_t)length});
  wr_arena_free(&arena);
  if (!root)
    return NULL;
  strftime(end, sizeof end, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end_s, &parts));
  json_object_object_add(root, "accessToken", json_object_new_string(token->access));
  json_object_object_add(root, "expiresAt", json_object_new_string(end));
  json_object_object_add(root, "refreshToken", json_object_new_string(token->refresh));
  return root;
}

enum wr_code wr_sso_token_write(const char *path, const struct wr_sso_token *token,
                                struct wr_error *err)
{
  struct wr_arena arena = {0};
  char *fresh = wr_arena_print(&arena, "%s.XXXXXX", path);
  struct json_object *root = token_merge(path, token);
  int file = root ? mkstemp(fresh) : -1; /* for nobody else to read */
  bool good = file >= 0;
  if (good) {
    const char *text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN);
    size_t length = strlen(text);
    good = write(file, text, length) == (ssize_t)length;
    good = close(file) == 0 && good && rename(fresh, path) == 0;
  }
  enum wr_code code = good ? WR_OK : wr_fail(err, WR_IO, "cannot write '%s': %m", path);
  if (!good && file >= 0)
    unlink(fresh);
  json_object_put(root);
  wr_arena_free(&arena);
  return code;
}
