/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of commands that take SQL. Long options may be written --name value or
 * --name=value. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "core/limits.h"

#define ARGUMENTS_PARALLELISM_MAX 256
#define ARGUMENTS_CUT_EPOCHS_MAX  100

struct reader {
  int argc, at;
  char **argv;
  const char *command;
  struct wr_arena *arena;
  struct wr_arguments *out;
};

static bool complain(const struct reader *reader, const char *message, const char *what)
{
  fprintf(stderr, "weir %s: %s%s%s\n", reader->command, message, what ? ": " : "",
          what ? what : "");
  wr_help_hint(reader->command);
  return false;
}

/* The value of option `name` if the current argument is that option; *value NULL: it is missing. */
static bool option_is(struct reader *reader, const char *name, const char **value)
{
  const char *argument = reader->argv[reader->at];
  size_t length = strlen(name);
  bool is_short = length == 2, digit_follows = argument[length] >= '0' && argument[length] <= '9';
  if (strncmp(argument, name, length) != 0)
    return false;
  if (argument[length] && argument[length] != '=' && !(is_short && digit_follows))
    return false;
  if (argument[length] == '=')
    *value = argument + length + 1;
  else if (argument[length])
    *value = argument + length; /* -p2 */
  else
    *value = reader->at + 1 < reader->argc ? reader->argv[++reader->at] : NULL;
  return true;
}

static bool parse_count(const char *text, uint64_t max, uint64_t *value)
{
  char *end;
  errno = 0;
  unsigned long long parsed = strtoull(text, &end, 10);
  if (errno || *end || end == text || *text == '-' || parsed > max)
    return false;
  *value = parsed;
  return true;
}

static bool add_setting(struct reader *reader, const char *text)
{
  struct wr_arguments *out = reader->out;
  const char *equals = text ? strchr(text, '=') : NULL;
  if (!equals || equals == text)
    return complain(reader, "--set wants key=value", text);
  if (out->setting_count == WR_SETTINGS_MAX)
    return complain(reader, "too many --set options", text);
  out->settings[out->setting_count++] = (struct wr_option_value){
      .key = wr_arena_copy(reader->arena, text, (size_t)(equals - text)),
      .value = equals + 1,
      .key_span = {WR_NO_POSITION, 0},
      .value_span = {WR_NO_POSITION, 0},
  };
  return true;
}

static bool add_test(struct reader *reader, const char *text)
{
  struct wr_arguments *out = reader->out;
  uint64_t value;
  if (text && strcmp(text, "rules=off") == 0)
    return out->test_rules_off = true;
  if (text && strcmp(text, "endless=on") == 0)
    return out->test_endless = true;
  if (text && strncmp(text, "batch-rows=", 11) == 0 &&
      parse_count(text + 11, WR_BATCH_ROWS, &value) && value > 0)
    return (out->test_batch_rows = (uint32_t)value) > 0;
  if (text && strncmp(text, "cut=", 4) == 0 && parse_count(text + 4, UINT32_MAX, &value) &&
      value > 0)
    return (out->test_cut = value) > 0;
  if (text && strncmp(text, "cut-epochs=", 11) == 0 &&
      parse_count(text + 11, ARGUMENTS_CUT_EPOCHS_MAX, &value) && value > 0)
    return (out->test_cut_epochs = (uint32_t)value) > 0;
  if (text && strncmp(text, "cut-parallelism=", 16) == 0 &&
      parse_count(text + 16, ARGUMENTS_PARALLELISM_MAX, &value) && value > 0)
    return (out->test_cut_parallelism = (uint32_t)value) > 0;
  return complain(reader,
                  "--test knows batch-rows=N, rules=off, endless=on, cut=N, "
                  "cut-parallelism=N, cut-epochs=N",
                  text);
}

/* The whole of a stream, at most WR_SQL_BYTES_MAX and one byte (which the parser then refuses). */
static bool read_all(struct reader *reader, FILE *file, const char *name)
{
  size_t length = 0, capacity = 1 << 16;
  char *text = wr_memory_get(capacity);
  for (size_t got; (got = fread(text + length, 1, capacity - length, file)) > 0;) {
    length += got;
    if (length > WR_SQL_BYTES_MAX)
      break;
    if (length == capacity)
      text = wr_memory_resize(text, capacity *= 2);
  }
  bool failed = ferror(file) != 0;
  if (failed)
    fprintf(stderr, "weir %s: %s cannot be read: %s\n", reader->command, name, strerror(errno));
  reader->out->text = wr_arena_copy(reader->arena, text, length);
  reader->out->length = length;
  reader->out->name = name;
  free(text);
  return !failed;
}

static bool read_text(struct reader *reader, const char *path)
{
  if (strcmp(path, "-") == 0)
    return read_all(reader, stdin, "stdin");
  FILE *file = fopen(path, "rb");
  if (!file) {
    fprintf(stderr, "weir %s: %s cannot be opened: %s\n", reader->command, path, strerror(errno));
    return false;
  }
  bool read = read_all(reader, file, path);
  fclose(file);
  return read;
}

static bool set_from(struct reader *reader, const char *text)
{
  struct wr_arguments *out = reader->out;
  bool is_epoch =
      text && parse_count(text, UINT64_MAX - 1, &out->from_epoch) && out->from_epoch > 0;
  bool is_none = text && strcmp(text, "none") == 0;
  if (!is_epoch && !is_none && (!text || strcmp(text, "latest") != 0))
    return complain(reader, "--from is latest, none or the number of an epoch", text);
  out->from = is_epoch ? WR_FROM_EPOCH : is_none ? WR_FROM_NONE : WR_FROM_LATEST;
  return out->has_from = true;
}

static bool set_memory(struct reader *reader, const char *text)
{
  int64_t bytes;
  if (!text || !wr_option_parse_bytes(text, &bytes))
    return complain(reader, "--memory wants a size such as 512MiB or 4GB", text);
  if (bytes < (int64_t)WR_MEMORY_BYTES_MIN) {
    fprintf(stderr, "weir %s: --memory is at least %d MiB: %s\n", reader->command,
            (int)(WR_MEMORY_BYTES_MIN >> 20), text);
    wr_help_hint(reader->command);
    return false;
  }
  reader->out->memory_bytes = (uint64_t)bytes;
  return true;
}

/* --profile, --profile=json, --profile-file; *known: it is one of them. */
static bool parse_profile_option(struct reader *reader, bool *known)
{
  struct wr_arguments *out = reader->out;
  const char *argument = reader->argv[reader->at], *value = NULL;
  *known = true;
  if (strcmp(argument, "--profile") == 0 || strcmp(argument, "--profile=text") == 0)
    return (out->profile = WR_PROFILE_TEXT) != WR_PROFILE_NONE;
  if (strcmp(argument, "--profile=json") == 0)
    return (out->profile = WR_PROFILE_JSON) != WR_PROFILE_NONE;
  if (strncmp(argument, "--profile=", 10) == 0)
    return complain(reader, "--profile is one of text, json", argument + 10);
  if (option_is(reader, "--profile-file", &value)) {
    if (!value || !*value)
      return complain(reader, "--profile-file wants a file", NULL);
    return (out->profile_file = value) != NULL;
  }
  *known = false;
  return true;
}

/* Options about what is kept; *known: it is one of them. */
static bool parse_state_option(struct reader *reader, bool *known)
{
  struct wr_arguments *out = reader->out;
  const char *argument = reader->argv[reader->at], *value = NULL;
  *known = true;
  if (option_is(reader, "--state-dir", &value)) {
    if (!value || !*value)
      return complain(reader, "--state-dir wants a directory", NULL);
    return (out->state_dir = value) != NULL;
  }
  if (option_is(reader, "--from", &value))
    return set_from(reader, value);
  if (strcmp(argument, "--allow-dropped-state") == 0)
    return out->allow_dropped_state = true;
  if (strcmp(argument, "--allow-duplicates") == 0)
    return out->allow_duplicates = true;
  if (strcmp(argument, "--allow-gap") == 0)
    return out->allow_gap = true;
  if (option_is(reader, "--memory", &value))
    return set_memory(reader, value);
  if (strcmp(argument, "--drain") == 0)
    return out->drain = true;
  *known = false;
  return true;
}

/* Options about those who watch; *known: it is one of them. */
static bool parse_http_option(struct reader *reader, bool *known)
{
  struct wr_arguments *out = reader->out;
  const struct {
    const char *name, *wants;
    const char **value;
  } texts[] = {
      {"--http", "--http wants an address such as 127.0.0.1:8080", &out->http.address},
      {"--http-token-file", "--http-token-file wants a file", &out->http.token_file},
      {"--http-tls-cert", "--http-tls-cert wants a file", &out->http.tls_certificate},
      {"--http-tls-key", "--http-tls-key wants a file", &out->http.tls_key},
  };
  const char *value = NULL;
  *known = true;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (option_is(reader, texts[i].name, &value)) {
      if (!value || !*value)
        return complain(reader, texts[i].wants, NULL);
      return (*texts[i].value = value) != NULL;
    }
  if (option_is(reader, "--http-origin", &value)) {
    if (!value || !*value)
      return complain(reader, "--http-origin wants an origin such as https://example.org, or *",
                      NULL);
    if (out->http.origin_count == WR_HTTP_ORIGINS_MAX)
      return complain(reader, "too many --http-origin options", value);
    out->origins[out->http.origin_count++] = value;
    out->http.origins = out->origins;
    return true;
  }
  if (strcmp(reader->argv[reader->at], "--http-wait") == 0)
    return out->http_wait = true;
  *known = false;
  return true;
}

/* What belongs to one job has no place where there are several; false after saying so. */
static bool check_folder_option(struct reader *reader)
{
  static const struct {
    const char *name, *why;
  } rows[] = {
      {"--state-dir", "every job has a directory of its own in --state-root"},
      {"--from", "one job by itself: weir run --state-dir ROOT/NAME --from ..."},
      {"--profile", "weir top shows the same figures of running jobs"},
      {"--profile-file", "weir top shows the same figures of running jobs"},
      {"-e", "every job is a file of the folder"},
      {"--execute", "every job is a file of the folder"},
      {"--http-wait", "weir serve goes on until it is stopped"},
  };
  const char *argument = reader->argv[reader->at];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t length = strlen(rows[i].name);
    if (strncmp(argument, rows[i].name, length) == 0 &&
        (!argument[length] || argument[length] == '='))
      return complain(reader, rows[i].why, rows[i].name);
  }
  return true;
}

/* Options of a folder, --http and its kin; *known: it is one of them. */
static bool parse_watched_option(struct reader *reader, unsigned takes, bool *known)
{
  struct wr_arguments *out = reader->out;
  const char *value = NULL;
  *known = true;
  if (takes & WR_TAKES_FOLDER) {
    if (!check_folder_option(reader))
      return false;
    if (option_is(reader, "--state-root", &value)) {
      if (!value || !*value)
        return complain(reader, "--state-root wants a directory", NULL);
      return (out->state_root = value) != NULL;
    }
  }
  *known = false;
  return takes & WR_TAKES_HTTP ? parse_http_option(reader, known) : true;
}

/* Options about the description of an application; *known: it is one of them. */
static bool parse_application_option(struct reader *reader, bool *known)
{
  struct wr_arguments *out = reader->out;
  const char *value = NULL;
  *known = true;
  if (option_is(reader, "--code", &value)) {
    if (!value || !*value)
      return complain(reader, "--code wants a file of SQL", NULL);
    return (out->code_file = value) != NULL;
  }
  bool input = option_is(reader, "--input", &value);
  if (input || option_is(reader, "--output", &value)) {
    const char *equals = value ? strchr(value, '=') : NULL;
    if (!equals || equals == value || !equals[1])
      return complain(reader, "--input and --output want NAME=PATH, NAME=- or NAME=ARN", value);
    if (out->replaced_count == WR_REPLACED_MAX)
      return complain(reader, "too many --input and --output options", value);
    out->replaced_input[out->replaced_count] = input;
    return (out->replaced[out->replaced_count++] = value) != NULL;
  }
  *known = false;
  return true;
}

static bool parse_option(struct reader *reader, unsigned takes)
{
  struct wr_arguments *out = reader->out;
  const char *argument = reader->argv[reader->at], *value = NULL;
  uint64_t count;
  bool known, good = parse_watched_option(reader, takes, &known);
  if (good && !known && takes & WR_TAKES_APPLICATION)
    good = parse_application_option(reader, &known);
  if (good && !known && takes & WR_TAKES_STATE) {
    good = parse_state_option(reader, &known);
    if (good && !known)
      good = parse_profile_option(reader, &known);
  }
  if (!good || known)
    return good;
  if (option_is(reader, "-e", &value) || option_is(reader, "--execute", &value)) {
    if (!value || out->text)
      return complain(reader, value ? "only one SQL text can be given" : "-e wants the SQL text",
                      NULL);
    out->text = value;
    out->length = strlen(value);
    out->name = "-e";
    return true;
  }
  if (option_is(reader, "--set", &value))
    return add_setting(reader, value);
  if (option_is(reader, "--test", &value))
    return add_test(reader, value);
  if (option_is(reader, "--parallelism", &value) || option_is(reader, "-p", &value)) {
    if (!value || !parse_count(value, ARGUMENTS_PARALLELISM_MAX, &count) || count == 0)
      return complain(reader, "--parallelism wants a number from 1 to 256", value);
    out->parallelism = (uint32_t)count;
    return true;
  }
  if (takes & WR_TAKES_FORMAT && option_is(reader, "--format", &value)) {
    static const char *const formats[] = {"auto", "table", "json", "csv"};
    for (size_t i = 0; value && i < sizeof formats / sizeof *formats; i++)
      if (strcmp(value, formats[i]) == 0)
        return (out->format = value) != NULL;
    return complain(reader, "--format is one of auto, table, json, csv", value);
  }
  if (takes & WR_TAKES_JSON && strcmp(argument, "--json") == 0)
    return out->json = true;
  if (takes & WR_TAKES_QUIET && (strcmp(argument, "--quiet") == 0 || strcmp(argument, "-q") == 0))
    return out->quiet = true;
  return complain(reader, "unknown option", argument);
}

/* What only makes sense together with something else. */
static bool check_together(struct reader *reader)
{
  const struct wr_arguments *out = reader->out;
  const char *needs_state = out->has_from              ? "--from"
                            : out->allow_dropped_state ? "--allow-dropped-state"
                            : out->allow_duplicates    ? "--allow-duplicates"
                            : out->allow_gap           ? "--allow-gap"
                                                       : NULL;
  const char *needs_http = out->http.token_file        ? "--http-token-file"
                           : out->http.tls_certificate ? "--http-tls-cert"
                           : out->http.tls_key         ? "--http-tls-key"
                           : out->http.origin_count    ? "--http-origin"
                           : out->http_wait            ? "--http-wait"
                                                       : NULL;
  if (!out->state_dir && needs_state)
    return complain(reader, "without --state-dir there is nothing to go on from", needs_state);
  if (!out->http.address && needs_http)
    return complain(reader, "without --http nobody can watch", needs_http);
  if (!out->http.tls_certificate != !out->http.tls_key)
    return complain(reader, "--http-tls-cert and --http-tls-key belong together", NULL);
  if (out->profile_file && !out->profile)
    return complain(reader, "without --profile nothing is written there", "--profile-file");
  if (out->state_dir && out->test_cut)
    return complain(reader, "--test cut keeps its state in memory", "--state-dir");
  return true;
}

bool wr_arguments_parse(int argc, char **argv, const char *command, unsigned takes,
                        struct wr_arena *arena, struct wr_arguments *out)
{
  struct reader reader = {
      .argc = argc, .argv = argv, .command = command, .arena = arena, .out = out};
  bool is_folder = takes & WR_TAKES_FOLDER;
  *out = (struct wr_arguments){.format = "auto"};
  const char *path = NULL;
  for (; reader.at < argc; reader.at++) {
    const char *argument = argv[reader.at];
    if (argument[0] == '-' && argument[1]) {
      if (!parse_option(&reader, takes))
        return false;
    } else if (path) {
      bool is_format = out->profile && (strcmp(path, "json") == 0 || strcmp(path, "text") == 0);
      return complain(&reader,
                      is_format ? "the format of --profile stands behind '=', as in --profile=json"
                      : is_folder ? "one folder at a time"
                                  : "one file at a time",
                      argument);
    } else {
      path = argument;
    }
  }
  if (is_folder) {
    if (!path)
      return complain(&reader, "which folder? Every *.sql in it is a job", NULL);
    out->name = path;
    return true;
  }
  if (!check_together(&reader))
    return false;
  if (path && out->text)
    return complain(&reader, "give either a file or -e, not both", path);
  if (!path && !out->text)
    return complain(&reader,
                    strcmp(command, "import") == 0
                        ? "which application? Give a file, or - for standard input"
                        : "which SQL? Give a file, - for standard input, or -e 'SQL'",
                    NULL);
  if (path && !read_text(&reader, path))
    return false;
  bool takes_application = takes & WR_TAKES_APPLICATION;
  return !takes_application || wr_arguments_import(out, command, false, arena);
}
