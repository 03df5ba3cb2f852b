/* SPDX-License-Identifier: Apache-2.0 */
#include "planner/redact.h"

#include <string.h>

#include "connectors/connector.h"
#include "core/limits.h"
#include "formats/format.h"
#include "planner/settings.h"
#include "planner/table.h"
#include "text/buffer.h"

#define REDACT_KEY_BYTES_MAX 256

/* What a table says of a key. */
enum redact_verdict { REDACT_UNKNOWN, REDACT_OPEN, REDACT_SECRET };

/* Of a row for many keys nobody knows which are secret. */
static bool redact_sounds_secret(const char *key)
{
  static const char *const words[] = {"pass", "secret", "token", "cred", "key",
                                      "pem",  "jaas",   "sasl",  "auth", "config"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcasestr(key, words[i]))
      return true;
  return false;
}

static enum redact_verdict redact_by_table(const struct wr_option *table, const char *key)
{
  for (const struct wr_option *row = table; row && row->name; row++) {
    size_t length = strlen(row->name);
    if (length && row->name[length - 1] == '*') {
      if (strncmp(row->name, key, length - 1) == 0)
        return row->secret || redact_sounds_secret(key) ? REDACT_SECRET : REDACT_OPEN;
    } else if (strcmp(row->name, key) == 0) {
      return row->secret ? REDACT_SECRET : REDACT_OPEN;
    }
  }
  return REDACT_UNKNOWN;
}

/* Options of a format have its name before them in Flink's way: 'json.ignore-parse-errors'. */
static enum redact_verdict redact_by_formats(const char *key)
{
  uint32_t count;
  const struct wr_format *const *formats = wr_format_all(&count);
  enum redact_verdict verdict = REDACT_UNKNOWN;
  for (uint32_t i = 0; i < count && verdict != REDACT_SECRET; i++) {
    enum redact_verdict by_this = redact_by_table(formats[i]->options, key);
    verdict = by_this > verdict ? by_this : verdict;
  }
  return verdict;
}

/* Shown only if somebody knows the key and nobody says that it is secret. */
static bool redact_may_show(const char *key)
{
  const struct wr_option *const tables[] = {wr_table_options, wr_table_format_options,
                                            wr_table_scan_options, wr_table_sink_options,
                                            wr_settings_table};
  uint32_t count;
  const struct wr_connector *const *connectors = wr_connector_all(&count);
  enum redact_verdict verdict = redact_by_formats(key);
  for (uint32_t i = 0; i < count && verdict != REDACT_SECRET; i++) {
    enum redact_verdict by_this = redact_by_table(connectors[i]->options, key);
    verdict = by_this > verdict ? by_this : verdict;
  }
  for (size_t i = 0; i < sizeof tables / sizeof *tables && verdict != REDACT_SECRET; i++) {
    enum redact_verdict by_this = redact_by_table(tables[i], key);
    verdict = by_this > verdict ? by_this : verdict;
  }
  return verdict == REDACT_OPEN;
}

/* Where a text that begins with a quote ends, behind its last one; doubled ones belong to it. The
 * end of all if it does not end. */
static size_t redact_quoted_end(const char *text, size_t length, size_t at)
{
  char quote = text[at++];
  while (at < length) {
    if (text[at++] != quote)
      continue;
    if (at >= length || text[at] != quote)
      return at;
    at++;
  }
  return length;
}

/* Two slashes are a comment where only blanks stand before them on their line. */
static bool redact_begins_line(const char *text, size_t at)
{
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t'))
    at--;
  return at == 0 || text[at - 1] == '\n' || text[at - 1] == '\r';
}

/* The end of a comment that begins here; at itself: none does. Hints are no comments. */
static size_t redact_comment_end(const char *text, size_t length, size_t at)
{
  bool is_pair = at + 1 < length && text[at] == text[at + 1];
  if (is_pair && (text[at] == '-' || (text[at] == '/' && redact_begins_line(text, at)))) {
    const char *end = memchr(text + at, '\n', length - at);
    return end ? (size_t)(end - text) : length;
  }
  if (at + 2 < length && text[at] == '/' && text[at + 1] == '*' && text[at + 2] != '+') {
    const char *end = memmem(text + at + 2, length - at - 2, "*/", 2);
    return end ? (size_t)(end - text) + 2 : length;
  }
  return at;
}

/* Blanks and comments. */
static size_t redact_skip_blanks(const char *text, size_t length, size_t at)
{
  for (;;) {
    size_t end = redact_comment_end(text, length, at);
    while (end < length && strchr(" \t\r\n\f\v", text[end]))
      end++;
    if (end == at)
      return at;
    at = end;
  }
}

/* Behind the text 'key' from begin to end: where a value begins that must not be shown; 0: there is
 * none. */
static size_t redact_value(const char *text, size_t length, size_t begin, size_t end)
{
  char key[REDACT_KEY_BYTES_MAX];
  size_t bytes = end - begin < 2 ? 0 : end - begin - 2;
  size_t at = redact_skip_blanks(text, length, end);
  if (at >= length || text[at] != '=')
    return 0;
  at = redact_skip_blanks(text, length, at + 1);
  if (at >= length || text[at] != '\'')
    return 0;
  if (bytes >= sizeof key)
    return at;
  memcpy(key, text + begin + 1, bytes);
  key[bytes] = 0;
  return redact_may_show(key) ? 0 : at;
}

/* An apostrophe in a comment begins a text only if that is a key on the same line. */
static size_t redact_in_comment(const char *text, size_t length, size_t at, size_t comment_end)
{
  const char *end = memchr(text + at + 1, '\'', comment_end - at - 1);
  if (!end || redact_value(text, length, at, (size_t)(end - text) + 1) == 0)
    return at + 1;
  return (size_t)(end - text) + 1;
}

const char *wr_sql_redact(struct wr_arena *arena, const char *text, size_t length)
{
  struct wr_buffer out = {0};
  size_t comment_end = 0;
  for (size_t at = 0; at < length;) {
    if (at >= comment_end)
      comment_end = redact_comment_end(text, length, at);
    bool in_comment = at < comment_end;
    size_t next = at + 1;
    if (text[at] == '\'')
      next = in_comment ? redact_in_comment(text, length, at, comment_end)
                        : redact_quoted_end(text, length, at);
    else if ((text[at] == '`' || text[at] == '"') && !in_comment)
      next = redact_quoted_end(text, length, at);
    size_t value = text[at] == '\'' && next > at + 1 ? redact_value(text, length, at, next) : 0;
    if (value) {
      wr_buffer_put(&out, text + at, value - at);
      wr_buffer_put_string(&out, "'******'");
      next = redact_quoted_end(text, length, value);
    } else {
      wr_buffer_put(&out, text + at, next - at);
    }
    at = next;
  }
  const char *shown = wr_arena_copy(arena, out.bytes ? out.bytes : "", out.length);
  wr_buffer_free(&out);
  return shown;
}
