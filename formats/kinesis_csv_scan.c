/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Rows without a quote are only searched for their end. */
#include "formats/kinesis_csv_scan.h"

#include <assert.h>
#include <string.h>

#include "formats/csv_scan.h"

static bool delimiter_is_at(const struct wr_delimiter *delimiter, const char *at, const char *end)
{
  return (size_t)(end - at) >= delimiter->length &&
         memcmp(at, delimiter->bytes, delimiter->length) == 0;
}

/* What ends a value here, if anything does; the longer of two delimiters. */
static bool scan_end_at(const struct wr_delimited_rules *rules, const char *at, const char *end,
                        enum wr_delimited_end *kind, uint32_t *length)
{
  bool row = delimiter_is_at(&rules->row, at, end);
  bool column = delimiter_is_at(&rules->column, at, end);
  if (!row && !column)
    return false;
  bool is_row = row && (!column || rules->row.length >= rules->column.length);
  *kind = is_row ? WR_ENDS_ROW : WR_ENDS_VALUE;
  *length = is_row ? rules->row.length : rules->column.length;
  return true;
}

static bool scan_is_blank(const struct wr_delimited_rules *rules, char c)
{
  return c == ' ' || c == '\r' ||
         (c == '\t' && !memchr(rules->column.bytes, '\t', rules->column.length));
}

static const char *scan_skip_blanks(const struct wr_delimited_rules *rules, const char *at,
                                    const char *end)
{
  uint32_t length;
  enum wr_delimited_end kind;
  while (at < end && scan_is_blank(rules, *at) && !scan_end_at(rules, at, end, &kind, &length))
    at++;
  return at;
}

/* A value in quotes, whose first one is at `at`; false: quotes mean nothing here. */
static bool scan_quoted(const struct wr_delimited_rules *rules, const char *at, const char *end,
                        struct wr_delimited_value *value, const char **behind,
                        enum wr_delimited_end *kind)
{
  uint32_t length = 0;
  const char *begin = at + 1, *quote = begin;
  bool doubled = false;
  for (;; quote += 2, doubled = true) {
    quote = memchr(quote, '"', (size_t)(end - quote));
    if (!quote)
      return false;
    if (quote + 1 == end || quote[1] != '"')
      break;
  }
  const char *next = scan_skip_blanks(rules, quote + 1, end);
  *kind = WR_ENDS_BYTES;
  if (next < end && !scan_end_at(rules, next, end, kind, &length))
    return false;
  *value = (struct wr_delimited_value){begin, (uint32_t)(quote - begin), true, doubled};
  *behind = next + length;
  return true;
}

enum wr_delimited_end wr_delimited_next(const struct wr_delimited_rules *rules, const char **at,
                                        const char *end, struct wr_delimited_value *value)
{
  const char *begin = *at, *first = scan_skip_blanks(rules, begin, end);
  enum wr_delimited_end kind = WR_ENDS_BYTES;
  uint32_t length = 0;
  if (first < end && *first == '"' && scan_quoted(rules, first, end, value, at, &kind))
    return kind;
  char row = rules->row.bytes[0], column = rules->column.bytes[0];
  const char *stop = begin;
  while (stop < end &&
         !((*stop == row || *stop == column) && scan_end_at(rules, stop, end, &kind, &length)))
    stop++;
  *at = stop + length;
  const char *last = stop;
  if (rules->keeps_blanks) {
    if (last > begin && last[-1] == '\r' && kind != WR_ENDS_VALUE)
      last--;
  } else {
    begin = first < stop ? first : stop;
    while (last > begin && scan_is_blank(rules, last[-1]))
      last--;
  }
  *value = (struct wr_delimited_value){begin, (uint32_t)(last - begin), false, false};
  return kind;
}

size_t wr_delimited_row(const struct wr_delimited_rules *rules, const char *bytes, size_t length,
                        bool at_end, size_t *separator)
{
  const char *end = bytes + length;
  const char *found = memmem(bytes, length, rules->row.bytes, rules->row.length);
  size_t line = found ? (size_t)(found - bytes) : length;
  *separator = found ? rules->row.length : 0;
  if (!found && !at_end)
    return SIZE_MAX;
  /* A longer delimiter of columns may begin with one of rows. */
  bool is_plain = rules->column.length <= rules->row.length && !memchr(bytes, '"', line);
  if (is_plain)
    return line;
  const char *at = bytes;
  struct wr_delimited_value value;
  enum wr_delimited_end kind = WR_ENDS_VALUE;
  while (kind == WR_ENDS_VALUE)
    kind = wr_delimited_next(rules, &at, end, &value);
  if (kind == WR_ENDS_ROW && (at < end || at_end)) {
    *separator = rules->row.length;
    return (size_t)(at - bytes) - rules->row.length;
  }
  if (at_end) {
    *separator = 0;
    return length;
  }
  return length < WR_CSV_QUOTED_BYTES_MAX ? SIZE_MAX : line;
}
