/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir import: the script that runs an application of Kinesis Data Analytics for SQL. weir run,
 * check and explain make the same one when they are given such a description, and tell mistakes by
 * their place in its code.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "core/limits.h"
#include "discover/application.h"
#include "parser/parser.h"

/* A file as a text in the arena; NULL after saying why not. */
static char *read_code(const char *path, const char *command, struct wr_arena *arena)
{
  FILE *file = fopen(path, "rb");
  if (!file) {
    fprintf(stderr, "weir %s: %s cannot be opened: %s\n", command, path, strerror(errno));
    return NULL;
  }
  char *bytes = wr_memory_get(WR_SQL_BYTES_MAX + 1);
  size_t length = fread(bytes, 1, WR_SQL_BYTES_MAX + 1, file);
  char *copy = NULL;
  if (ferror(file))
    fprintf(stderr, "weir %s: %s cannot be read: %s\n", command, path, strerror(errno));
  else if (length > WR_SQL_BYTES_MAX)
    fprintf(stderr, "weir %s: %s is longer than the limit WR_SQL_BYTES_MAX, which is %d\n", command,
            path, WR_SQL_BYTES_MAX);
  else if (memchr(bytes, 0, length))
    fprintf(stderr, "weir %s: %s is no text: it has a NUL byte\n", command, path);
  else
    copy = wr_arena_copy(arena, bytes, length);
  free(bytes);
  fclose(file);
  return copy;
}

/* What is wrong with the description itself. */
static bool complain(const struct wr_arguments *arguments, const struct wr_error *err)
{
  if (err->span.offset == WR_NO_POSITION) {
    fprintf(stderr, "%s: error %s: %s\n", arguments->name, err->state, err->message);
  } else {
    struct wr_source_place place;
    wr_source_locate(arguments->text, arguments->length, err->span, &place);
    fprintf(stderr, "%s:%u:%u: error %s: %s\n", arguments->name, place.line, place.column,
            err->state, err->message);
  }
  if (err->hint[0])
    fprintf(stderr, "hint: %s\n", err->hint);
  return false;
}

static enum wr_code replace_ends(struct wr_application *application,
                                 const struct wr_arguments *arguments, struct wr_arena *arena,
                                 struct wr_error *err)
{
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < arguments->replaced_count && code == WR_OK; i++) {
    const char *text = arguments->replaced[i], *equals = strchr(text, '=');
    const char *name = wr_arena_copy(arena, text, (size_t)(equals - text));
    code = wr_application_replace(application, arena, arguments->replaced_input[i], name,
                                  equals + 1, err);
  }
  return code;
}

static bool is_json_name(const char *name)
{
  size_t length = strlen(name);
  return length > 5 && strcmp(name + length - 5, ".json") == 0;
}

/* What a file is that was to be the description of an application, but is no object of JSON; NULL:
 * it may be SQL, which begins with no such thing as "Resources:". */
static const char *other_description(const struct wr_arguments *arguments)
{
  const char *at = arguments->text, *end = at + arguments->length;
  if (strcmp(arguments->name, "-e") == 0)
    return NULL;
  if (end - at >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0)
    at += 3;
  for (;;) {
    while (at < end && isspace((unsigned char)*at))
      at++;
    bool skipped = at < end && (*at == '#' || (end - at >= 3 && memcmp(at, "---", 3) == 0));
    if (!skipped)
      break;
    while (at < end && *at != '\n')
      at++;
  }
  if (at < end && *at == '[')
    return "a JSON array";
  if (at == end && is_json_name(arguments->name))
    return "empty";
  const char *word = at;
  while (at < end && (isalnum((unsigned char)*at) || *at == '_'))
    at++;
  bool is_key =
      at > word && at < end && *at == ':' && (at + 1 == end || isspace((unsigned char)at[1]));
  return is_key ? "YAML" : NULL;
}

static bool not_an_application(const struct wr_arguments *arguments, const char *command,
                               bool required)
{
  const char *option = arguments->code_file ? "--code" : "--input and --output";
  const char *other = other_description(arguments);
  if (!other && !required && !arguments->code_file && arguments->replaced_count == 0)
    return true;
  if (other)
    fprintf(stderr, "weir %s: %s is %s, but the description of an application is a JSON object\n",
            command, arguments->name, other);
  else if (required)
    fprintf(stderr, "weir %s: %s is not JSON\n", command, arguments->name);
  else
    fprintf(stderr, "weir %s: %s is no description of an application, which %s are for\n", command,
            arguments->name, option);
  fprintf(stderr,
          "hint: aws kinesisanalyticsv2 describe-application --application-name NAME prints "
          "one; YAML has to be turned into JSON first\n");
  return false;
}

bool wr_arguments_import(struct wr_arguments *arguments, const char *command, bool required,
                         struct wr_arena *arena)
{
  struct wr_application application;
  struct wr_application_code place;
  struct wr_error err;
  struct wr_buffer sql = {0};
  if (!wr_application_is(arguments->text, arguments->length))
    return not_an_application(arguments, command, required);
  wr_error_clear(&err);
  if (wr_application_read(arguments->text, arguments->length, arena, &application, &err) != WR_OK)
    return complain(arguments, &err);
  if (arguments->code_file) {
    application.code = read_code(arguments->code_file, command, arena);
    if (!application.code)
      return false;
  }
  enum wr_code code = replace_ends(&application, arguments, arena, &err);
  if (code == WR_OK)
    code = wr_application_print(&application, arena, &sql, &place, &err);
  if (code == WR_OK) {
    for (uint32_t i = 0; i < application.warning_count && !arguments->quiet; i++)
      fprintf(stderr, "weir: warning: %s\n", application.warnings[i]);
    arguments->code_name = arguments->code_file
                               ? arguments->code_file
                               : wr_arena_print(arena, "%s, ApplicationCode", arguments->name);
    arguments->code_offset = place.offset;
    arguments->code_length = place.length;
    arguments->script_name = wr_arena_print(arena, "%s, script of weir import", arguments->name);
    arguments->pieces = place.pieces;
    arguments->piece_count = place.piece_count;
    arguments->text = wr_arena_copy(arena, sql.bytes, sql.length);
    arguments->length = sql.length;
  }
  wr_buffer_free(&sql);
  return code == WR_OK || complain(arguments, &err);
}

int wr_command_import(int argc, char **argv)
{
  struct wr_arena arena = {0};
  struct wr_arguments arguments;
  int exit_code = WR_EXIT_USAGE;
  if (wr_arguments_parse(argc, argv, "import", WR_TAKES_QUIET | WR_TAKES_APPLICATION, &arena,
                         &arguments) &&
      (arguments.code_name || wr_arguments_import(&arguments, "import", true, &arena))) {
    fwrite(arguments.text, 1, arguments.length, stdout);
    exit_code = WR_EXIT_DONE;
  }
  wr_arena_free(&arena);
  return exit_code;
}
