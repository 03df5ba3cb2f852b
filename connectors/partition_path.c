/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is escaped is the list of Hive and Flink: control characters and those that mean something
 * to paths, patterns and shells become % and two hexadecimal digits. All else stands for itself,
 * UTF-8 too. Read backwards, any two such digits behind a % are taken, and a % without them is one.
 */
#include "connectors/partition_path.h"

#include <assert.h>
#include <string.h>

#include "core/limits.h"

static bool partition_escapes(unsigned char c)
{
  switch (c) {
  case '"':
  case '#':
  case '%':
  case '\'':
  case '*':
  case '/':
  case ':':
  case '=':
  case '?':
  case '\\':
  case '{':
  case '[':
  case ']':
  case '^': return true;
  default: return c < ' ' || c == 0x7f;
  }
}

static void partition_put_escaped(struct wr_buffer *out, const char *bytes, size_t length)
{
  static const char digits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)bytes[i];
    if (partition_escapes(c))
      wr_buffer_put(out, (const char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
    else
      wr_buffer_put_char(out, bytes[i]);
  }
}

bool wr_partition_put(struct wr_buffer *out, const char *column, const struct wr_text *value,
                      const char *fallback)
{
  assert(*column && *fallback);
  size_t start = out->length;
  if (value && value->length > WR_PARTITION_NAME_BYTES_MAX)
    return false;
  partition_put_escaped(out, column, strlen(column));
  wr_buffer_put_char(out, '=');
  if (value && value->length)
    partition_put_escaped(out, wr_text_bytes(value), value->length);
  else
    partition_put_escaped(out, fallback, strlen(fallback));
  if (out->length - start <= WR_PARTITION_NAME_BYTES_MAX)
    return true;
  out->length = start;
  return false;
}

/* ---- backwards */

static int partition_digit(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next byte of an escaped name, which ends at `end`. */
static char partition_byte(const char **at, const char *end)
{
  const char *c = *at;
  *at = c + 1;
  if (*c != '%' || end - c < 3 || partition_digit(c[1]) < 0 || partition_digit(c[2]) < 0)
    return *c;
  *at = c + 3;
  return (char)(partition_digit(c[1]) << 4 | partition_digit(c[2]));
}

/* The value in the folder's name, still escaped; NULL: it is of another column, or of none. */
static const char *partition_match(const char *name, const char *end, const char *column)
{
  const char *at = name;
  while (at < end && *at != '=' && *column)
    if (partition_byte(&at, end) != *column++)
      return NULL;
  return *column == '\0' && at < end && *at == '=' && end - at > 1 ? at + 1 : NULL;
}

bool wr_partition_column(const char *name, const char *end, struct wr_buffer *column)
{
  const char *equals = memchr(name, '=', (size_t)(end - name));
  if (!equals || equals == name || equals + 1 == end)
    return false;
  while (name < equals)
    wr_buffer_put_char(column, partition_byte(&name, equals));
  return true;
}

bool wr_partition_is_folder(const char *name, const char *column)
{
  return partition_match(name, name + strcspn(name, "/"), column) != NULL;
}

bool wr_partition_find(const char *path, const char *column, struct wr_buffer *value)
{
  const char *found = NULL, *found_end = NULL;
  assert(value->length == 0);
  for (const char *end; (end = strchr(path, '/')); path = end + 1) {
    const char *match = partition_match(path, end, column);
    found = match ? match : found;
    found_end = match ? end : found_end;
  }
  while (found < found_end)
    wr_buffer_put_char(value, partition_byte(&found, found_end));
  return found != NULL;
}
