/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. */
#include "discover/header.h"

#include <ctype.h>
#include <stdio.h>

#include "core/limits.h"
#include "discover/shape.h"
#include "text/utf8.h"

/* Words that are names of columns more often than values. */
static const char *const header_words[] = {
    "id",    "key",   "name",  "type", "kind",   "status", "state",   "code",    "city",
    "title", "url",   "page",  "path", "email",  "user",   "country", "message", "value",
    "label", "level", "event", "host", "source", "text",   "date",    "time",    "timestamp"};

void wr_header_add(struct wr_header *header, const struct wr_csv_field *fields, bool is_first)
{
  if (is_first && !header->cells) {
    header->cells = WR_NEW_ARRAY(header->arena, struct wr_slice, header->width);
    header->columns = WR_NEW_ARRAY(header->arena, struct wr_header_column, header->width);
    for (uint32_t c = 0; c < header->width; c++)
      header->cells[c] = (struct wr_slice){
          wr_arena_copy(header->arena, fields[c].bytes, fields[c].length), fields[c].length};
  }
  header->first_count += is_first;
  for (uint32_t c = 0; header->cells && c < header->width; c++) {
    const struct wr_slice *cell = &header->cells[c];
    bool is_same =
        cell->length == fields[c].length && memcmp(cell->bytes, fields[c].bytes, cell->length) == 0;
    struct wr_header_column *column = &header->columns[c];
    if (is_first) {
      header->is_different = header->is_different || !is_same;
      continue;
    }
    column->is_repeated = column->is_repeated || is_same;
    bool is_text = wr_look_of_text(fields[c].bytes, fields[c].length, true) == WR_LOOK_TEXT;
    column->texts += fields[c].length && is_text;
    column->typed += fields[c].length && !is_text;
  }
}

static bool header_is_name(struct wr_slice cell)
{
  bool is_name = cell.length > 0 && cell.length <= 64 && isalpha((unsigned char)cell.bytes[0]);
  for (uint32_t i = 0; i < cell.length; i++)
    is_name = is_name && (isalnum((unsigned char)cell.bytes[i]) || strchr("_-. ", cell.bytes[i]));
  return is_name;
}

/* Two words in one, or one of those above. */
static bool header_is_telling(struct wr_slice cell)
{
  for (uint32_t i = 1; i < cell.length; i++)
    if (cell.bytes[i] == '_' ||
        (islower((unsigned char)cell.bytes[i - 1]) && isupper((unsigned char)cell.bytes[i])))
      return true;
  for (size_t i = 0; i < sizeof header_words / sizeof *header_words; i++)
    if (cell.length == strlen(header_words[i]) &&
        strncasecmp(cell.bytes, header_words[i], cell.length) == 0)
      return true;
  return false;
}

bool wr_header_decide(const struct wr_header *header, int wanted, bool *is_sure)
{
  *is_sure = true;
  if (wanted >= 0)
    return wanted > 0 && header->cells != NULL;
  if (!header->cells)
    return false;
  bool has_typed = false, are_names = true, is_telling = false;
  uint32_t texts = 0;
  for (uint32_t c = 0; c < header->width; c++) {
    struct wr_slice cell = header->cells[c];
    const struct wr_header_column *column = &header->columns[c];
    bool is_text = wr_look_of_text(cell.bytes, cell.length, true) == WR_LOOK_TEXT;
    if (cell.length && !is_text)
      return false; /* a number is no name */
    texts += cell.length > 0;
    has_typed = has_typed || (cell.length && column->typed && !column->texts);
    are_names = are_names && header_is_name(cell) && !column->is_repeated && column->texts;
    is_telling = is_telling || header_is_telling(cell);
  }
  if (texts == 0)
    return false;
  if (has_typed || (header->first_count > 1 && !header->is_different))
    return true;
  *is_sure = false;
  return are_names && is_telling;
}

static bool header_has(const char *const *names, uint32_t count, const char *name)
{
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0)
      return true;
  return false;
}

const char **wr_header_names(const struct wr_header *header, bool has_header)
{
  const char **names = WR_NEW_ARRAY(header->arena, const char *, header->width);
  for (uint32_t c = 0; c < header->width; c++) {
    struct wr_slice cell = has_header ? header->cells[c] : (struct wr_slice){"", 0};
    while (cell.length && isspace((unsigned char)*cell.bytes))
      cell = (struct wr_slice){cell.bytes + 1, cell.length - 1};
    while (cell.length && isspace((unsigned char)cell.bytes[cell.length - 1]))
      cell.length--;
    bool is_usable = cell.length && cell.length + 8 <= WR_SQL_NAME_BYTES_MAX &&
                     wr_utf8_valid(cell.bytes, cell.length) &&
                     !memchr(cell.bytes, '\n', cell.length) &&
                     !memchr(cell.bytes, '\0', cell.length);
    const char *base = is_usable ? wr_arena_copy(header->arena, cell.bytes, cell.length)
                                 : wr_arena_print(header->arena, "column_%u", c + 1);
    names[c] = base;
    for (uint32_t n = 2; header_has(names, c, names[c]); n++)
      names[c] = wr_arena_print(header->arena, "%s_%u", base, n);
  }
  return names;
}
