/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as people see them:
 *
 *   app.sql:3:8: error: no column "pge" in clicks
 *     3 | SELECT pge, COUNT(*)
 *       |        ^^^
 *   hint: did you mean "page"?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/command.h"
#include "parser/parser.h"

#define REPORT_BEFORE 80 /* bytes of a long line that are shown before and behind its mark */
#define REPORT_BEHIND 100

static bool is_inside_character(char c)
{
  return ((unsigned char)c & 0xC0) == 0x80;
}

/* The byte where character `column` (from 1) of a line begins. */
static size_t line_byte(const struct wr_source_place *place, uint32_t column)
{
  size_t at = 0;
  for (uint32_t c = 1; c < column && at < place->line_length; c++)
    do
      at++;
    while (at < place->line_length && is_inside_character(place->line_text[at]));
  return at;
}

/* Words in the key of an option whose value nobody should see. */
static bool key_is_secret(const char *key, size_t length)
{
  static const char *const words[] = {"password", "secret", "jaas", ".pem", "token", ".key"};
  for (size_t w = 0; w < sizeof words / sizeof *words; w++)
    for (size_t i = 0; i + strlen(words[w]) <= length; i++)
      if (strncasecmp(key + i, words[w], strlen(words[w])) == 0)
        return true;
  return false;
}

/* Logs keep what is shown here: 'ssl.key.password' = 'x' becomes 'ssl.key.password' = '*'. */
static void line_hide_secrets(char *line)
{
  const char *key = NULL;
  size_t key_length = 0;
  for (char *at = line; (at = strchr(at, '\'')) != NULL;) {
    char *text = at + 1, *end = strchr(text, '\'');
    size_t length = end ? (size_t)(end - text) : strlen(text);
    if (key && key_is_secret(key, key_length))
      memset(text, '*', length);
    char *next = text + length + (end != NULL);
    key = next[strspn(next, " \t")] == '=' ? text : NULL;
    key_length = length;
    at = next;
  }
}

/* The line, or of a long one what stands around the mark, and the mark itself; tabs are kept so
 * that the mark stands below what it marks. */
static void report_line(const struct wr_source_place *found)
{
  char *line = wr_memory_get(found->line_length + 1);
  memcpy(line, found->line_text, found->line_length);
  line[found->line_length] = 0;
  line_hide_secrets(line);
  struct wr_source_place shown_place = *found, *place = &shown_place;
  place->line_text = line;
  size_t mark = line_byte(place, place->column);
  size_t from = mark > REPORT_BEFORE ? mark - REPORT_BEFORE : 0;
  size_t to = place->line_length - mark > REPORT_BEHIND ? mark + REPORT_BEHIND : place->line_length;
  while (from > 0 && is_inside_character(place->line_text[from]))
    from--;
  while (to < place->line_length && is_inside_character(place->line_text[to]))
    to++;
  int margin = fprintf(stderr, "%5u | ", place->line);
  fprintf(stderr, "%s%.*s%s\n%*s", from ? "..." : "", (int)(to - from), place->line_text + from,
          to < place->line_length ? "..." : "", margin + (from ? 3 : 0), from ? "|    " : "| ");
  for (size_t i = from; i < mark; i++)
    if (!is_inside_character(place->line_text[i]))
      fputc(place->line_text[i] == '\t' ? '\t' : ' ', stderr);
  size_t shown = line_byte(place, place->column + place->width);
  shown = shown < to ? shown : to;
  fputc('^', stderr);
  for (size_t i = mark + 1; i < shown; i++)
    if (!is_inside_character(place->line_text[i]))
      fputc('^', stderr);
  fputc('\n', stderr);
  free(line);
}

void wr_report_error(const struct wr_arguments *arguments, const struct wr_error *err)
{
  if (err->span.offset == WR_NO_POSITION || !arguments->text) {
    fprintf(stderr, "weir: error: %s\n", err->message);
  } else {
    struct wr_source_place place;
    wr_source_locate(arguments->text, arguments->length, err->span, &place);
    fprintf(stderr, "%s:%u:%u: error: %s\n", arguments->name, place.line, place.column,
            err->message);
    report_line(&place);
  }
  if (err->hint[0])
    fprintf(stderr, "hint: %s\n", err->hint);
}

bool wr_program_load(const struct wr_arguments *arguments, uint32_t parallelism,
                     struct wr_arena *arena, struct wr_program *out)
{
  struct wr_planner_options options = {.settings = arguments->settings,
                                       .setting_count = arguments->setting_count,
                                       .parallelism = parallelism,
                                       .result_format = arguments->format,
                                       .rules_off = arguments->test_rules_off};
  struct wr_error err;
  wr_error_clear(&err);
  if (wr_program_build(arguments->text, arguments->length, &options, arena, out, &err) == WR_OK)
    return true;
  wr_report_error(arguments, &err);
  return false;
}
