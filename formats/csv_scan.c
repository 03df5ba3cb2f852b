/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Lines without a quote or an escape, nearly all of them, are only searched, never
 * walked through. */
#include "formats/csv_scan.h"

#include <assert.h>
#include <string.h>

/* Where a quoted field ends: the byte behind its closing quote, or NULL if it does not end here.
 * at: behind the opening quote. *plain: nothing in it has to be resolved. */
static const char *quoted_end(const struct wr_csv_rules *rules, const char *at, const char *end,
                              bool *plain)
{
  *plain = true;
  while (at < end) {
    if (rules->has_escape && *at == rules->escape && *at != rules->quote) {
      *plain = false;
      at += 2;
    } else if (*at != rules->quote) {
      at++;
    } else if (at + 1 < end && at[1] == rules->quote) {
      *plain = false;
      at += 2;
    } else {
      return at + 1;
    }
  }
  return NULL;
}

/* Where an unquoted field ends: its delimiter, line feed, or the end. */
static const char *unquoted_end(const struct wr_csv_rules *rules, const char *at, const char *end,
                                bool *plain)
{
  *plain = true;
  for (; at < end && *at != rules->delimiter && *at != '\n'; at++) {
    if (rules->has_escape && *at == rules->escape && at + 1 < end && at[1] != '\n') {
      *plain = false;
      at++;
    }
  }
  return at;
}

/* The line feed that ends the record, walking through its fields; end: the record ends there; NULL:
 * it is broken, or, with *open, its last field has begun but not ended. */
static const char *record_walk(const struct wr_csv_rules *rules, const char *at, const char *end,
                               bool *open)
{
  bool plain;
  *open = false;
  for (;; at++) {
    if (at < end && rules->has_quote && *at == rules->quote) {
      at = quoted_end(rules, at + 1, end, &plain);
      *open = !at || at == end; /* a closing quote at the end may be the first of two */
      if (!at)
        return NULL;
      if (at < end && *at == '\r' && (at + 1 == end || at[1] == '\n')) {
        *open = at + 1 == end;
        at++;
      }
      if (at < end && *at != rules->delimiter && *at != '\n')
        return NULL;
    } else {
      at = unquoted_end(rules, at, end, &plain);
    }
    if (at == end || *at == '\n')
      return at;
  }
}

static void record_is_line(const char *bytes, size_t line_length, size_t length,
                           size_t *record_length, size_t *consumed)
{
  *consumed = line_length < length ? line_length + 1 : length;
  *record_length = line_length && bytes[line_length - 1] == '\r' ? line_length - 1 : line_length;
}

bool wr_csv_find_record(const struct wr_csv_rules *rules, const char *bytes, size_t length,
                        bool at_end, size_t *record_length, size_t *consumed)
{
  const char *end = bytes + length, *line_end = memchr(bytes, '\n', length);
  if (!line_end && !at_end)
    return false;
  size_t line_length = line_end ? (size_t)(line_end - bytes) : length;
  bool is_comment = rules->has_comments && length && *bytes == '#';
  if (is_comment || !rules->has_quote || !memchr(bytes, rules->quote, line_length)) {
    record_is_line(bytes, line_length, length, record_length, consumed);
    return true;
  }
  bool open;
  const char *found = record_walk(rules, bytes, end, &open);
  if (found && (found < end || at_end))
    line_length = (size_t)(found - bytes);
  else if ((found || open) && !at_end && length < WR_CSV_QUOTED_BYTES_MAX)
    return false;
  record_is_line(bytes, line_length, length, record_length, consumed);
  return true;
}

struct wr_csv_cursor wr_csv_cursor_make(const char *bytes, size_t length)
{
  if (length && bytes[length - 1] == '\n')
    length--;
  if (length && bytes[length - 1] == '\r')
    length--;
  return (struct wr_csv_cursor){.at = bytes, .end = bytes + length, .more = true};
}

/* Resolves doubled quotes and escapes behind the content of scratch, which has room. */
static void field_resolve(const struct wr_csv_rules *rules, struct wr_csv_field *field,
                          struct wr_buffer *scratch)
{
  assert(scratch->capacity - scratch->length >= field->length);
  char *out = scratch->bytes + scratch->length, *begin = out;
  const char *at = field->bytes, *end = at + field->length;
  while (at < end) {
    bool skips =
        (rules->has_escape && *at == rules->escape) || (field->quoted && *at == rules->quote);
    if (skips && at + 1 < end)
      at++;
    *out++ = *at++;
  }
  field->bytes = begin;
  field->length = (uint32_t)(out - begin);
  wr_buffer_added(scratch, field->length);
}

bool wr_csv_next_field(const struct wr_csv_rules *rules, struct wr_csv_cursor *cursor,
                       struct wr_buffer *scratch, struct wr_csv_field *field, const char **problem)
{
  assert(cursor->more);
  const char *at = cursor->at, *end = cursor->end, *behind;
  bool plain;
  field->quoted = rules->has_quote && at < end && *at == rules->quote;
  if (field->quoted) {
    behind = quoted_end(rules, at + 1, end, &plain);
    if (!behind) {
      *problem = "a quoted field does not end";
      return false;
    }
    field->bytes = at + 1;
    field->length = (uint32_t)(behind - 1 - (at + 1));
    if (behind < end && *behind != rules->delimiter) {
      *problem = "something stands between a closing quote and the next field";
      return false;
    }
  } else {
    behind = unquoted_end(rules, at, end, &plain);
    field->bytes = at;
    field->length = (uint32_t)(behind - at);
    if (behind < end && *behind == '\n') {
      *problem = "a line break stands outside of quotes";
      return false;
    }
  }
  if (!plain)
    field_resolve(rules, field, scratch);
  cursor->more = behind < end;
  cursor->at = cursor->more ? behind + 1 : end;
  return true;
}
