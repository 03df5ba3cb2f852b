/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signature Version 4. Everything is built as text in the arena:
 *
 *   canonical = method \n path \n query \n headers \n \n names of headers \n hash of the body
 *   text      = algorithm \n date \n scope \n hash of canonical
 *   key       = HMAC(HMAC(HMAC(HMAC("AWS4" secret, day), region), service), "aws4_request")
 *
 * Own code rather than CURLOPT_AWS_SIGV4: that of libcurl 7.88 takes a query as it stands, neither
 * sorted nor escaped anew, and what it signs cannot be compared with the published examples.
 */
#include "net/sigv4.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/time.h"

#define SHA256_BYTES 32

/* ---- hashes */

static void hex_print(const unsigned char *bytes, char out[WR_SHA256_HEX])
{
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < SHA256_BYTES; i++) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
  out[2 * SHA256_BYTES] = '\0';
}

void wr_sha256_hex(const char *bytes, size_t length, char out[WR_SHA256_HEX])
{
  unsigned char hash[SHA256_BYTES];
  int good = EVP_Digest(bytes, length, hash, NULL, EVP_sha256(), NULL);
  assert(good && "SHA-256 is always there");
  (void)good;
  hex_print(hash, out);
}

static void hmac(const unsigned char *key, size_t key_length, const char *text,
                 unsigned char out[SHA256_BYTES])
{
  unsigned char *good = HMAC(EVP_sha256(), key, (int)key_length, (const unsigned char *)text,
                             strlen(text), out, NULL);
  assert(good && "HMAC with SHA-256 is always there");
  (void)good;
}

void wr_sigv4_date(int64_t time_us, char out[WR_SIGV4_DATE])
{
  int64_t days = wr_floor_div(time_us, WR_US_PER_DAY);
  int64_t second = wr_floor_mod(time_us, WR_US_PER_DAY) / WR_US_PER_SECOND;
  struct wr_civil day = wr_civil_from_days((int32_t)days);
  assert(day.year >= 0 && day.year <= 9999);
  char text[64];
  snprintf(text, sizeof text, "%04d%02d%02dT%02d%02d%02dZ", day.year, day.month, day.day,
           (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
  memcpy(out, text, WR_SIGV4_DATE);
  out[WR_SIGV4_DATE - 1] = '\0';
}

/* ---- canonical form */

static char *text_escape(struct wr_arena *arena, const char *text, size_t length, bool keep_slash)
{
  size_t size = 3 * length + 1;
  char *out = wr_arena_get(arena, size);
  wr_http_escape(text, length, keep_slash, out, size);
  return out;
}

/* RFC 3986, 5.2.4, and no empty parts. */
static char *path_normalize(struct wr_arena *arena, const char *path)
{
  size_t length = strlen(path), used = 0;
  char *out = wr_arena_get(arena, length + 2);
  bool is_folder = true; /* the path ends in a slash */
  for (const char *part = path; *part;) {
    if (*part == '/') {
      part++;
      is_folder = true;
      continue;
    }
    size_t part_length = strcspn(part, "/");
    is_folder = true;
    if (part_length == 2 && memcmp(part, "..", 2) == 0) {
      while (used > 0 && out[--used] != '/')
        ;
    } else if (part_length != 1 || *part != '.') {
      out[used++] = '/';
      memcpy(out + used, part, part_length);
      used += part_length;
      is_folder = false;
    }
    part += part_length;
  }
  if (is_folder)
    out[used++] = '/';
  out[used] = '\0';
  return out;
}

static int hex_value(char c)
{
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                : -1;
}

/* A name or value of a query, escaped in whatever way, escaped as it has to be. */
static char *query_part(struct wr_arena *arena, const char *text, size_t length)
{
  char *plain = wr_arena_get(arena, length + 1);
  size_t used = 0;
  for (size_t i = 0; i < length; i++) {
    int high = text[i] == '%' && i + 2 < length ? hex_value(text[i + 1]) : -1;
    int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0)
      i += 2;
    plain[used++] = low >= 0 ? (char)(16 * high + low) : text[i];
  }
  return text_escape(arena, plain, used, false);
}

struct query_pair {
  const char *name, *value;
};

static int query_compare(const void *a, const void *b)
{
  const struct query_pair *x = a, *y = b;
  int order = strcmp(x->name, y->name);
  return order ? order : strcmp(x->value, y->value);
}

static const char *query_canonical(struct wr_arena *arena, const char *query)
{
  if (!query || !*query)
    return "";
  size_t count = 1, length = 0;
  for (const char *c = query; *c; c++)
    count += *c == '&';
  struct query_pair *pairs = WR_NEW_ARRAY(arena, struct query_pair, count);
  count = 0;
  for (const char *pair = query; *pair; pair += *pair == '&') {
    size_t pair_length = strcspn(pair, "&"), name_length = strcspn(pair, "&=");
    if (pair_length > 0) {
      size_t value_at = name_length < pair_length ? name_length + 1 : name_length;
      pairs[count].name = query_part(arena, pair, name_length);
      pairs[count].value = query_part(arena, pair + value_at, pair_length - value_at);
      length += strlen(pairs[count].name) + strlen(pairs[count].value) + 2;
      count++;
    }
    pair += pair_length;
  }
  qsort(pairs, count, sizeof *pairs, query_compare);
  char *out = wr_arena_get(arena, length + 1);
  size_t used = 0;
  for (size_t i = 0; i < count; i++)
    used += (size_t)snprintf(out + used, length + 1 - used, "%s%s=%s", i ? "&" : "", pairs[i].name,
                             pairs[i].value);
  out[used] = '\0';
  return out;
}

struct signed_header {
  const char *name, *value;
  uint32_t order; /* as given: values of the same name are joined in it */
};

static int header_compare(const void *a, const void *b)
{
  const struct signed_header *x = a, *y = b;
  int order = strcmp(x->name, y->name);
  return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* Without blanks around it, runs of blanks as one. */
static const char *header_value(struct wr_arena *arena, const char *value)
{
  char *out = wr_arena_get(arena, strlen(value) + 1);
  size_t used = 0;
  for (; *value; value++) {
    bool blank = *value == ' ' || *value == '\t';
    if (!blank)
      out[used++] = *value;
    else if (used > 0 && out[used - 1] != ' ')
      out[used++] = ' ';
  }
  while (used > 0 && out[used - 1] == ' ')
    used--;
  out[used] = '\0';
  return out;
}

/* Lines "name:value\n" sorted by name, and the names joined by ';'. */
static void headers_canonical(struct wr_arena *arena, const struct wr_sigv4_request *request,
                              const char **lines, const char **names)
{
  uint32_t count = request->header_count;
  struct signed_header *headers = WR_NEW_ARRAY(arena, struct signed_header, count);
  size_t size = 1;
  for (uint32_t i = 0; i < count; i++) {
    const char *given = request->headers[i].name;
    char *name = wr_arena_copy(arena, given, strlen(given));
    for (char *c = name; *c; c++)
      *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
    headers[i] = (struct signed_header){name, header_value(arena, request->headers[i].value), i};
    size += strlen(name) + strlen(headers[i].value) + 2;
  }
  qsort(headers, count, sizeof *headers, header_compare);
  char *line = wr_arena_get(arena, size), *name = wr_arena_get(arena, size);
  size_t line_used = 0, name_used = 0;
  for (uint32_t i = 0; i < count; i++) {
    bool again = i > 0 && strcmp(headers[i].name, headers[i - 1].name) == 0;
    if (again) {
      line[line_used - 1] = ','; /* in the place of the line's end */
      line_used += (size_t)snprintf(line + line_used, size - line_used, "%s\n", headers[i].value);
    } else {
      line_used += (size_t)snprintf(line + line_used, size - line_used, "%s:%s\n", headers[i].name,
                                    headers[i].value);
      name_used += (size_t)snprintf(name + name_used, size - name_used, "%s%s", i ? ";" : "",
                                    headers[i].name);
    }
  }
  line[line_used] = name[name_used] = '\0';
  *lines = line;
  *names = name;
}

/* ---- the signature */

void wr_sigv4_sign(struct wr_arena *arena, const struct wr_sigv4_request *request,
                   const struct wr_sigv4_scope *scope, struct wr_sigv4 *out)
{
  assert(strlen(scope->date) == WR_SIGV4_DATE - 1);
  const char *lines, *names;
  headers_canonical(arena, request, &lines, &names);
  const char *path = *request->path ? request->path : "/";
  if (request->normalize)
    path = path_normalize(arena, path);
  path = text_escape(arena, path, strlen(path), true);
  out->canonical =
      wr_arena_print(arena, "%s\n%s\n%s\n%s\n%s\n%s", request->method, path,
                     query_canonical(arena, request->query), lines, names, request->payload_hash);
  char hash[WR_SHA256_HEX];
  wr_sha256_hex(out->canonical, strlen(out->canonical), hash);
  const char *place =
      wr_arena_print(arena, "%.8s/%s/%s/aws4_request", scope->date, scope->region, scope->service);
  out->text = wr_arena_print(arena, "AWS4-HMAC-SHA256\n%s\n%s\n%s", scope->date, place, hash);

  char day[9];
  memcpy(day, scope->date, 8);
  day[8] = '\0';
  size_t secret_length = strlen(scope->secret_key);
  char *secret = wr_arena_print(arena, "AWS4%s", scope->secret_key);
  unsigned char key[SHA256_BYTES], next[SHA256_BYTES];
  hmac((const unsigned char *)secret, secret_length + 4, day, key);
  OPENSSL_cleanse(secret, secret_length + 4);
  const char *const steps[] = {scope->region, scope->service, "aws4_request", out->text};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    hmac(key, sizeof key, steps[i], next);
    memcpy(key, next, sizeof key);
  }
  char signature[WR_SHA256_HEX];
  hex_print(key, signature);
  OPENSSL_cleanse(key, sizeof key);
  OPENSSL_cleanse(next, sizeof next);
  out->authorization =
      wr_arena_print(arena, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
                     scope->access_key, place, names, signature);
}
