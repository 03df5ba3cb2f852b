/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as people see them:
 *
 *   app.sql:3:8: error 42703: there is no column 'pge' in 'clicks'
 *     3 | SELECT pge, COUNT(*)
 *       |        ^^^
 *   hint: did you mean 'page'?
 *
 * and as programs read them (--json).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/command.h"
#include "discover/application.h"
#include "parser/parser.h"
#include "text/json_write.h"

#define REPORT_BEFORE        80 /* bytes of a long line that are shown before and behind its mark */
#define REPORT_BEHIND        100
#define REPORT_MESSAGE_BYTES 2048

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
static void report_line(FILE *file, const struct wr_source_place *found)
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
  int margin = fprintf(file, "%5u | ", place->line);
  fprintf(file, "%s%.*s%s\n%*s", from ? "..." : "", (int)(to - from), place->line_text + from,
          to < place->line_length ? "..." : "", margin + (from ? 3 : 0), from ? "|    " : "| ");
  for (size_t i = from; i < mark; i++)
    if (!is_inside_character(place->line_text[i]))
      fputc(place->line_text[i] == '\t' ? '\t' : ' ', file);
  size_t shown = line_byte(place, place->column + place->width);
  shown = shown < to ? shown : to;
  fputc('^', file);
  for (size_t i = mark + 1; i < shown; i++)
    if (!is_inside_character(place->line_text[i]))
      fputc('^', file);
  fputc('\n', file);
  free(line);
}

/* What is wrong. In what was made of the description of an application it says of which part. */
static const char *report_message(const struct wr_arguments *arguments, const struct wr_error *err,
                                  char *room, size_t size)
{
  size_t at = err->span.offset, code = arguments->code_offset;
  bool is_made = arguments->code_name && at != WR_NO_POSITION &&
                 !(at >= code && at <= code + arguments->code_length);
  const struct wr_application_piece *piece =
      is_made ? wr_application_piece_at(arguments->pieces, arguments->piece_count, at) : NULL;
  if (!piece)
    return err->message;
  bool is_missing = piece->is_output && strcmp(err->state, WR_STATE_UNDEFINED_TABLE) == 0;
  snprintf(room, size, "%s: %s", piece->what,
           is_missing ? "the code creates no such stream" : err->message);
  return room;
}

/* Where a span is: of an application in its code, or in the script that is made. Returns the name
 * of that. */
static const char *report_locate(const struct wr_arguments *arguments, struct wr_span span,
                                 struct wr_source_place *place)
{
  size_t begin = arguments->code_offset;
  bool of_code =
      arguments->code_name && span.offset >= begin && span.offset <= begin + arguments->code_length;
  if (!of_code) {
    wr_source_locate(arguments->text, arguments->length, span, place);
    return arguments->code_name ? arguments->script_name : arguments->name;
  }
  span.offset -= (uint32_t)begin;
  wr_source_locate(arguments->text + begin, arguments->code_length, span, place);
  return arguments->code_name;
}

static void report_error(const struct wr_arguments *arguments, const struct wr_error *err)
{
  FILE *file = wr_messages(arguments);
  if (err->span.offset == WR_NO_POSITION || !arguments->text) {
    fprintf(file, "weir: error %s: %s\n", err->state, err->message);
  } else {
    struct wr_source_place place;
    char message[REPORT_MESSAGE_BYTES];
    const char *name = report_locate(arguments, err->span, &place);
    fprintf(file, "%s:%u:%u: error %s: %s\n", name, place.line, place.column, err->state,
            report_message(arguments, err, message, sizeof message));
    report_line(file, &place);
  }
  if (err->hint[0])
    fprintf(file, "hint: %s\n", err->hint);
}

void wr_report_errors(const struct wr_arguments *arguments, const struct wr_error_list *errors)
{
  FILE *file = wr_messages(arguments);
  for (uint32_t i = 0; i < errors->count; i++) {
    if (i)
      fputc('\n', file);
    report_error(arguments, &errors->items[i]);
  }
  if (errors->left_out)
    fprintf(file, "\nand %u more errors\n", errors->left_out);
  else if (errors->count > 1)
    fprintf(file, "\n%u errors\n", errors->count);
}

void wr_report_warnings(const struct wr_arguments *arguments, const struct wr_program *program)
{
  FILE *file = wr_messages(arguments);
  for (uint32_t i = 0; i < program->warning_count; i++) {
    const struct wr_warning *warning = &program->warnings[i];
    struct wr_source_place place;
    if (warning->span.offset == WR_NO_POSITION) {
      fprintf(file, "weir: warning: %s\n", warning->message);
      continue;
    }
    const char *name = report_locate(arguments, warning->span, &place);
    fprintf(file, "%s:%u:%u: warning: %s\n", name, place.line, place.column, warning->message);
  }
}

/* ---- JSON */

static void json_text(struct wr_buffer *out, const char *name, const char *text)
{
  wr_buffer_put_string(out, name);
  wr_json_write_string(out, text, strlen(text));
}

static void json_number(struct wr_buffer *out, const char *name, uint32_t number)
{
  char digits[16];
  snprintf(digits, sizeof digits, "%u", number);
  wr_buffer_put_string(out, name);
  wr_buffer_put_string(out, digits);
}

static void json_place(struct wr_buffer *out, const struct wr_arguments *arguments,
                       struct wr_span span)
{
  struct wr_source_place place;
  if (span.offset == WR_NO_POSITION)
    return;
  const char *name = report_locate(arguments, span, &place);
  if (name != arguments->name)
    json_text(out, ",\"part\":", name);
  json_number(out, ",\"line\":", place.line);
  json_number(out, ",\"column\":", place.column);
  json_number(out, ",\"width\":", place.width);
  json_number(out, ",\"offset\":", span.offset);
  json_number(out, ",\"length\":", span.length);
}

static void json_error(struct wr_buffer *out, const struct wr_arguments *arguments,
                       const struct wr_error *err)
{
  char message[REPORT_MESSAGE_BYTES];
  json_text(out, "{\"state\":", err->state);
  json_text(out, ",\"message\":", report_message(arguments, err, message, sizeof message));
  if (err->hint[0])
    json_text(out, ",\"hint\":", err->hint);
  json_place(out, arguments, err->span);
  wr_buffer_put_char(out, '}');
}

void wr_report_json(const struct wr_arguments *arguments, const struct wr_error_list *errors,
                    const struct wr_program *program)
{
  struct wr_buffer out = {0};
  json_text(&out, "{\"file\":", arguments->name);
  wr_buffer_put_string(&out, program ? ",\"ok\":true" : ",\"ok\":false");
  json_number(&out, ",\"jobs\":", program ? program->job_count : 0);
  wr_buffer_put_string(&out, ",\"warnings\":[");
  for (uint32_t i = 0; program && i < program->warning_count; i++) {
    json_text(&out, i ? ",\n{\"message\":" : "\n{\"message\":", program->warnings[i].message);
    json_place(&out, arguments, program->warnings[i].span);
    wr_buffer_put_char(&out, '}');
  }
  wr_buffer_put_string(&out, "],\"errors\":[");
  for (uint32_t i = 0; i < errors->count; i++) {
    wr_buffer_put_string(&out, i ? ",\n" : "\n");
    json_error(&out, arguments, &errors->items[i]);
  }
  json_number(&out, "],\"more_errors\":", errors->left_out);
  wr_buffer_put_string(&out, "}\n");
  fwrite(out.bytes, 1, out.length, stdout);
  wr_buffer_free(&out);
}

/* ---- the program */

/* What rows look like also decides when they come, so it is known before there is a plan. */
static const char *program_format(const struct wr_arguments *arguments)
{
  if (!arguments->format || strcmp(arguments->format, "auto") != 0)
    return arguments->format;
  return isatty(STDOUT_FILENO) ? "table" : "json";
}

bool wr_program_plan(const struct wr_arguments *arguments, uint32_t parallelism,
                     struct wr_arena *arena, struct wr_program *out, struct wr_error_list *errors)
{
  const struct wr_planner_options options = {.settings = arguments->settings,
                                             .setting_count = arguments->setting_count,
                                             .parallelism = parallelism,
                                             .result_format = program_format(arguments),
                                             .check_only = arguments->check_only,
                                             .streams = arguments->http.address != NULL,
                                             .rules_off = arguments->test_rules_off,
                                             .endless = arguments->test_endless};
  return wr_program_build(arguments->text, arguments->length, &options, arena, out, errors) ==
         WR_OK;
}

bool wr_program_load(const struct wr_arguments *arguments, uint32_t parallelism,
                     struct wr_arena *arena, struct wr_program *out)
{
  struct wr_error_list errors = {0};
  if (wr_program_plan(arguments, parallelism, arena, out, &errors))
    return true;
  if (arguments->json)
    wr_report_json(arguments, &errors, NULL);
  else
    wr_report_errors(arguments, &errors);
  return false;
}
