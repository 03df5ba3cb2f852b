/* SPDX-License-Identifier: Apache-2.0 */
#include "server/parse.h"

#include <string.h>
#include <strings.h>

#include "text/number.h"
#include "text/utf8.h"

/* ---- targets */

static enum wr_code target_fail(struct wr_error *err, const char *what)
{
  return wr_fail(err, WR_SEMANTIC, "the address of the request %s", what);
}

/* Decodes %XX (and + in queries). NULL: it is no text that could be meant. */
static const char *target_decode(struct wr_arena *arena, const char *text, size_t length,
                                 bool is_query)
{
  char *out = wr_arena_get(arena, length + 1);
  size_t count = 0;
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '%') {
      int high = length - i > 2 ? wr_hex_digit(text[i + 1]) : -1;
      int low = length - i > 2 ? wr_hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return NULL;
      c = (unsigned char)(high * 16 + low);
      i += 2;
    } else if (c == '+' && is_query) {
      c = ' ';
    }
    if (c == 0 || (!is_query && (c < 0x20 || c == 0x7F)))
      return NULL;
    out[count++] = (char)c;
  }
  out[count] = 0;
  return wr_utf8_valid(out, count) ? out : NULL;
}

static enum wr_code target_path(const char *text, size_t length, struct wr_arena *arena,
                                struct wr_web_target *out, struct wr_error *err)
{
  if (length == 0 || text[0] != '/')
    return target_fail(err, "does not begin with /");
  const char *path = target_decode(arena, text, length, false);
  if (!path)
    return target_fail(err, "cannot be read: % needs two hex digits, and the text must be UTF-8 "
                            "without control characters");
  out->path = path;
  if (length == 1)
    return WR_OK;
  for (size_t at = 1; at <= length;) {
    const char *slash = memchr(text + at, '/', length - at);
    size_t end = slash ? (size_t)(slash - text) : length;
    if (out->part_count == WR_TARGET_PARTS_MAX)
      return wr_fail(err, WR_LIMIT, "the address of the request has more than %d parts",
                     WR_TARGET_PARTS_MAX);
    const char *part = target_decode(arena, text + at, end - at, false);
    if (!part)
      return target_fail(err, "cannot be read");
    if (!strcmp(part, ".") || !strcmp(part, ".."))
      return target_fail(err, "has . or .. in it");
    out->parts[out->part_count++] = part;
    at = end + 1;
  }
  return WR_OK;
}

static enum wr_code target_query(const char *text, size_t length, struct wr_arena *arena,
                                 struct wr_web_target *out, struct wr_error *err)
{
  for (size_t at = 0; at < length;) {
    const char *next = memchr(text + at, '&', length - at);
    size_t end = next ? (size_t)(next - text) : length;
    if (end > at) {
      const char *equals = memchr(text + at, '=', end - at);
      size_t name_end = equals ? (size_t)(equals - text) : end;
      size_t value = equals ? name_end + 1 : end;
      if (out->field_count == WR_TARGET_FIELDS_MAX)
        return wr_fail(err, WR_LIMIT, "the address of the request has more than %d parameters",
                       WR_TARGET_FIELDS_MAX);
      struct wr_web_field *field = &out->fields[out->field_count++];
      field->name = target_decode(arena, text + at, name_end - at, true);
      field->value = target_decode(arena, text + value, end - value, true);
      if (!field->name || !field->value)
        return target_fail(err, "has a parameter that cannot be read: % needs two hex digits, and "
                                "the text must be UTF-8");
    }
    at = end + 1;
  }
  return WR_OK;
}

enum wr_code wr_web_target_parse(const char *text, size_t length, struct wr_arena *arena,
                                 struct wr_web_target *out, struct wr_error *err)
{
  *out = (struct wr_web_target){0};
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7F || text[i] == '#' ||
        text[i] == '\\')
      return target_fail(err, "has a character that must be written as %XX");
  const char *question = length ? memchr(text, '?', length) : NULL;
  size_t path_length = question ? (size_t)(question - text) : length;
  enum wr_code code = target_path(text, path_length, arena, out, err);
  if (code == WR_OK && question)
    code = target_query(question + 1, length - path_length - 1, arena, out, err);
  return code;
}

bool wr_web_target_matches(const struct wr_web_target *target, const char *pattern,
                           struct wr_web_field *parts, uint32_t parts_max, struct wr_arena *arena,
                           uint32_t *part_count)
{
  uint32_t part = 0;
  *part_count = 0;
  for (const char *at = pattern + 1; *at; part++) {
    size_t length = strcspn(at, "/");
    if (part == target->part_count)
      return false;
    const char *given = target->parts[part];
    if (*at == '{') {
      if (!*given || *part_count == parts_max)
        return false;
      parts[(*part_count)++] =
          (struct wr_web_field){wr_arena_copy(arena, at + 1, length - 2), given};
    } else if (strlen(given) != length || memcmp(given, at, length) != 0) {
      return false;
    }
    at += length + (at[length] == '/');
  }
  return part == target->part_count;
}

/* ---- hosts */

bool wr_web_host_parse(const char *text, size_t length, struct wr_web_host *out)
{
  *out = (struct wr_web_host){.name = text};
  size_t at = 0;
  if (length && text[0] == '[') {
    out->is_v6 = true;
    out->name = text + 1;
    for (at = 1; at < length && text[at] != ']'; at++)
      if (wr_hex_digit(text[at]) < 0 && text[at] != ':' && text[at] != '.')
        return false;
    if (at == length)
      return false;
    out->length = at - 1;
    at++;
  } else {
    for (; at < length && text[at] != ':'; at++) {
      unsigned char c = (unsigned char)text[at], small = c | 0x20;
      if (!(small >= 'a' && small <= 'z') && !(c >= '0' && c <= '9') && !strchr("-._", c))
        return false;
    }
    out->length = at;
  }
  if (out->length == 0)
    return false;
  if (at == length)
    return true;
  int64_t port;
  if (text[at] != ':' || length - at - 1 > 5 || text[at + 1] == '+' || text[at + 1] == '-' ||
      !wr_parse_i64(text + at + 1, length - at - 1, &port) || port < 1 || port > 65535)
    return false;
  out->port = (uint32_t)port;
  return true;
}

static bool host_is_name(const struct wr_web_host *host, const char *name)
{
  return host->length == strlen(name) && !strncasecmp(host->name, name, host->length);
}

/* Four numbers; "127.1" and the like are written so only by who wants to get around something. */
static bool host_is_127(const struct wr_web_host *host)
{
  unsigned dots = 0, digits = 0, number = 0;
  if (host->is_v6 || host->length < 4 || memcmp(host->name, "127.", 4) != 0)
    return false;
  for (size_t i = 0; i < host->length; i++) {
    char c = host->name[i];
    if (c == '.' ? digits == 0 : (c < '0' || c > '9' || ++digits > 3))
      return false;
    number = c == '.' ? 0 : number * 10 + (unsigned)(c - '0');
    if (number > 255)
      return false;
    if (c == '.') {
      digits = 0;
      dots++;
    }
  }
  return dots == 3 && digits > 0;
}

bool wr_web_host_is_loopback(const struct wr_web_host *host)
{
  if (host->is_v6)
    return host_is_name(host, "::1");
  return host_is_name(host, "localhost") || host_is_127(host);
}

bool wr_web_host_equal(const struct wr_web_host *a, uint32_t port_a, const struct wr_web_host *b,
                       uint32_t port_b)
{
  return port_a == port_b && a->is_v6 == b->is_v6 && a->length == b->length &&
         !strncasecmp(a->name, b->name, a->length);
}

bool wr_web_origin_parse(const char *text, size_t length, struct wr_web_origin *out)
{
  static const char *const schemes[] = {"http://", "https://"};
  for (unsigned tls = 0; tls < 2; tls++) {
    size_t scheme = strlen(schemes[tls]);
    if (length > scheme && !strncasecmp(text, schemes[tls], scheme)) {
      out->is_tls = tls;
      return wr_web_host_parse(text + scheme, length - scheme, &out->host);
    }
  }
  return false;
}

uint32_t wr_web_origin_port(const struct wr_web_origin *origin)
{
  return origin->host.port ? origin->host.port : origin->is_tls ? 443 : 80;
}

/* ---- headers */

/* The next item of a list: blanks and separators around it are left out. */
static bool list_next(const char **at, char separator, const char **item, size_t *length)
{
  const char *start = *at;
  while (*start == ' ' || *start == '\t' || *start == separator)
    start++;
  if (!*start)
    return false;
  const char *end = strchr(start, separator);
  end = end ? end : start + strlen(start);
  *at = end;
  while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  *item = start;
  *length = (size_t)(end - start);
  return true;
}

bool wr_web_cookie_find(const char *header, const char *name, const char **value, size_t *length)
{
  size_t name_length = strlen(name), item_length;
  const char *item;
  while (list_next(&header, ';', &item, &item_length))
    if (item_length > name_length && !memcmp(item, name, name_length) && item[name_length] == '=') {
      *value = item + name_length + 1;
      *length = item_length - name_length - 1;
      return true;
    }
  return false;
}

bool wr_web_bearer(const char *header, const char **token, size_t *length)
{
  if (strncasecmp(header, "Bearer", 6) != 0 || (header[6] != ' ' && header[6] != '\t'))
    return false;
  header += 7;
  header += strspn(header, " \t");
  *length = strcspn(header, " \t,");
  *token = header;
  return *length > 0 && header[*length + strspn(header + *length, " \t")] == 0;
}

bool wr_web_list_has(const char *header, const char *word)
{
  size_t length, word_length = strlen(word);
  const char *item;
  while (list_next(&header, ',', &item, &length))
    if (length == word_length && !strncasecmp(item, word, length))
      return true;
  return false;
}

/* Of "gzip;q=0.5": how long the name is, and whether q says that it is wanted at all. */
static bool item_is_wanted(const char *item, size_t length, size_t *name_length)
{
  const char *semicolon = memchr(item, ';', length);
  *name_length = semicolon ? (size_t)(semicolon - item) : length;
  while (*name_length && (item[*name_length - 1] == ' ' || item[*name_length - 1] == '\t'))
    --*name_length;
  for (const char *at = semicolon; at && at < item + length; at++)
    if ((at[0] | 0x20) == 'q' && at + 1 < item + length && at[1] == '=') {
      for (at += 2; at < item + length && *at != ';'; at++)
        if (*at >= '1' && *at <= '9')
          return true;
      return false;
    }
  return true;
}

static bool list_wants(const char *header, const char *word)
{
  size_t length, name_length, word_length = strlen(word);
  const char *item;
  while (list_next(&header, ',', &item, &length)) {
    bool wanted = item_is_wanted(item, length, &name_length);
    if (name_length == word_length && !strncasecmp(item, word, name_length))
      return wanted;
  }
  return false;
}

bool wr_web_accepts_gzip(const char *header)
{
  return list_wants(header, "gzip") || list_wants(header, "x-gzip");
}

bool wr_web_accepts(const char *header, const char *type)
{
  return list_wants(header, type);
}

bool wr_web_tag_matches(const char *header, const char *tag)
{
  size_t length, tag_length = strlen(tag);
  const char *item;
  while (list_next(&header, ',', &item, &length)) {
    if (length == 1 && *item == '*')
      return true;
    if (length > 2 && !memcmp(item, "W/", 2)) {
      item += 2;
      length -= 2;
    }
    if (length == tag_length + 2 && item[0] == '"' && item[length - 1] == '"' &&
        !memcmp(item + 1, tag, tag_length))
      return true;
  }
  return false;
}
