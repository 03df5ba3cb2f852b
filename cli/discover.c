/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weir discover: reads the beginning of a source and prints a table for it. What the URI names
 * becomes the options of a connector; --with adds to them or replaces them.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/sample.h"
#include "core/time.h"

#define DISCOVER_RECORDS     1000
#define DISCOVER_RECORDS_MAX 1000000
#define DISCOVER_WAIT_US     (10 * WR_US_PER_SECOND)
#define DISCOVER_OPTIONS_MAX 64

struct discover {
  const char *uri, *name, *format, *wait;
  bool kinesis_analytics;
  int header;
  uint64_t records;
  int64_t wait_us;
  const struct wr_connector *connector;
  const char *record_time; /* metadata column; NULL: it has none */
  struct wr_option_value options[DISCOVER_OPTIONS_MAX];
  uint32_t option_count;
  uint32_t given_count;                            /* of --with: they come first */
  const char *sampling_only[DISCOVER_OPTIONS_MAX]; /* keys that are no part of the table */
  uint32_t sampling_count;
  struct wr_arena arena;
};

static int discover_usage(const char *message, const char *what)
{
  fprintf(stderr, "weir discover: %s%s%s\n", message, what ? ": " : "", what ? what : "");
  wr_help_hint("discover");
  return WR_EXIT_USAGE;
}

/* Connectors speak of a table, which there is none of yet: it is called like the URI. */
static void discover_print_message(const char *message, const char *uri)
{
  static const char *const words[] = {" of table ", "table "};
  size_t length = strlen(uri);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    const char *at = strstr(message, words[i]);
    const char *name = at ? at + strlen(words[i]) : NULL;
    if (!name || strncmp(name, uri, length) != 0)
      continue;
    fprintf(stderr, "weir discover: %.*s%s\n", (int)(at - message), message,
            i == 0 ? name + length : name);
    return;
  }
  fprintf(stderr, "weir discover: %s\n", message);
}

static int discover_fail(const struct discover *self, const struct wr_error *err)
{
  discover_print_message(err->message, self->uri);
  if (err->hint[0])
    fprintf(stderr, "hint: %s\n", err->hint);
  return WR_EXIT_FAILED;
}

/* ---- options of the connector */

static void discover_set(struct discover *self, const char *key, const char *value)
{
  for (uint32_t i = 0; i < self->option_count; i++)
    if (strcmp(self->options[i].key, key) == 0)
      return; /* --with said otherwise */
  if (self->option_count < DISCOVER_OPTIONS_MAX)
    self->options[self->option_count++] =
        (struct wr_option_value){.key = key,
                                 .value = value,
                                 .key_span = {WR_NO_POSITION, 0},
                                 .value_span = {WR_NO_POSITION, 0}};
}

/* For reading the sample; the table goes on without it. */
static void discover_set_sampling(struct discover *self, const char *key, const char *value)
{
  uint32_t before = self->option_count;
  discover_set(self, key, value);
  if (self->option_count > before)
    self->sampling_only[self->sampling_count++] = key;
}

/* host:port,host:port/topic */
static bool discover_kafka(struct discover *self, const char *rest)
{
  const char *slash = strchr(rest, '/');
  int64_t wait_ms = self->wait_us < 1000 ? 1 : self->wait_us / 1000;
  if (!slash || slash == rest || !slash[1])
    return false;
  discover_set(self, "topic", slash + 1);
  discover_set(self, "properties.bootstrap.servers",
               wr_arena_copy(&self->arena, rest, (size_t)(slash - rest)));
  discover_set(self, "scan.startup.mode", "earliest-offset");
  discover_set_sampling(self, "scan.bounded.mode", "latest-offset");
  discover_set_sampling(self, "scan.connect.timeout",
                        wr_arena_print(&self->arena, "%lld ms", (long long)wait_ms));
  return true;
}

/* A name or an ARN */
static bool discover_kinesis(struct discover *self, const char *rest)
{
  discover_set(self, strncmp(rest, "arn:", 4) == 0 ? "stream.arn" : "stream", rest);
  discover_set(self, "source.init.position", "TRIM_HORIZON");
  return *rest != '\0';
}

static bool discover_s3(struct discover *self, const char *rest)
{
  discover_set(self, "path", self->uri);
  return *rest != '\0';
}

static bool discover_files(struct discover *self, const char *rest)
{
  discover_set(self, "path", rest);
  return *rest != '\0';
}

static const struct discover_scheme {
  const char *scheme, *connector, *form, *record_time;
  bool (*set)(struct discover *self, const char *rest);
} schemes[] = {
    {"kafka://", "kafka", "kafka://host:9092/topic", "timestamp", discover_kafka},
    {"kinesis://", "kinesis", "kinesis://stream", "approximate_arrival_timestamp",
     discover_kinesis},
    {"s3://", "s3", "s3://bucket/key", NULL, discover_s3},
    {"file://", "filesystem", "file:///path", NULL, discover_files},
    {"", "filesystem", "a path", NULL, discover_files},
};

static int discover_connect(struct discover *self)
{
  const struct discover_scheme *scheme = schemes;
  if (strstr(self->uri, "://"))
    while (*scheme->scheme && strncmp(self->uri, scheme->scheme, strlen(scheme->scheme)) != 0)
      scheme++;
  else
    scheme = &schemes[sizeof schemes / sizeof *schemes - 1];
  self->connector = wr_connector_find(scheme->connector);
  if (!*scheme->scheme && strstr(self->uri, "://"))
    return discover_usage("URIs begin with kafka://, kinesis://, s3:// or file://", self->uri);
  if (!self->connector || !self->connector->reader)
    return discover_usage("there is no connector that reads this", self->uri);
  if (!scheme->set(self, self->uri + strlen(scheme->scheme)))
    return discover_usage(wr_arena_print(&self->arena, "the URI is not like %s", scheme->form),
                          self->uri);
  self->record_time = scheme->record_time;
  return WR_EXIT_DONE;
}

static enum wr_code discover_check_options(struct discover *self, struct wr_options *options,
                                           struct wr_error *err)
{
  const struct wr_option *const tables[] = {self->connector->options};
  *options = (struct wr_options){self->options, self->option_count};
  return wr_options_check(options, tables, 1, self->uri, (struct wr_span){WR_NO_POSITION, 0}, err);
}

/* ---- command line */

static bool discover_option_is(int argc, char **argv, int *at, const char *name, const char **value)
{
  size_t length = strlen(name);
  const char *argument = argv[*at];
  if (strncmp(argument, name, length) != 0 || (argument[length] && argument[length] != '='))
    return false;
  *value = argument[length] ? argument + length + 1 : *at + 1 < argc ? argv[++*at] : "";
  return true;
}

static int discover_with(struct discover *self, const char *text)
{
  const char *equals = strchr(text, '=');
  if (!equals || equals == text)
    return discover_usage("--with wants KEY=VALUE", text);
  if (self->option_count == DISCOVER_OPTIONS_MAX / 2)
    return discover_usage("too many --with options", text);
  discover_set(self, wr_arena_copy(&self->arena, text, (size_t)(equals - text)), equals + 1);
  self->given_count = self->option_count;
  return WR_EXIT_DONE;
}

static int discover_option(int argc, char **argv, int *at, struct discover *self)
{
  const char *value;
  char *end;
  if (strcmp(argv[*at], "--kinesis-analytics") == 0) {
    self->kinesis_analytics = true;
  } else if (discover_option_is(argc, argv, at, "--with", &value)) {
    return discover_with(self, value);
  } else if (discover_option_is(argc, argv, at, "--name", &value)) {
    if (!*value)
      return discover_usage("--name wants the name of the table", NULL);
    self->name = value;
  } else if (discover_option_is(argc, argv, at, "--format", &value)) {
    if (strcmp(value, "json") != 0 && strcmp(value, "csv") != 0 && strcmp(value, "raw") != 0)
      return discover_usage("--format is json, csv or raw", value);
    self->format = value;
  } else if (discover_option_is(argc, argv, at, "--header", &value)) {
    self->header = strcmp(value, "yes") == 0 ? 1 : strcmp(value, "no") == 0 ? 0 : -2;
    if (self->header == -2)
      return discover_usage("--header is yes or no", value);
  } else if (discover_option_is(argc, argv, at, "--records", &value)) {
    self->records = strtoull(value, &end, 10);
    if (!isdigit((unsigned char)*value) || *end || self->records == 0 ||
        self->records > DISCOVER_RECORDS_MAX)
      return discover_usage("--records is a number from 1 to 1000000", value);
  } else if (discover_option_is(argc, argv, at, "--wait", &value)) {
    if (!wr_option_parse_duration(value, &self->wait_us) || self->wait_us <= 0)
      return discover_usage("--wait wants a duration such as 30 s", value);
  } else {
    return discover_usage("unknown option", argv[*at]);
  }
  return WR_EXIT_DONE;
}

static int discover_parse(int argc, char **argv, struct discover *self)
{
  for (int i = 0; i < argc; i++) {
    if (argv[i][0] == '-' && argv[i][1]) {
      int code = discover_option(argc, argv, &i, self);
      if (code != WR_EXIT_DONE)
        return code;
    } else if (self->uri) {
      return discover_usage("one URI at a time", argv[i]);
    } else {
      self->uri = argv[i];
    }
  }
  if (!self->uri || !*self->uri)
    return discover_usage("of what?", NULL);
  if (strcmp(self->uri, "-") == 0)
    return discover_usage("standard input cannot be looked at; put some of it into a file", NULL);
  return discover_connect(self);
}

/* ---- the answer */

/* The last part of the URI without what stands behind a dot, as a name. */
static const char *discover_name(struct discover *self)
{
  char name[64] = "";
  size_t length = strlen(self->uri), kept = 0;
  while (length && (self->uri[length - 1] == '/' || self->uri[length - 1] == '*'))
    length--;
  size_t begin = length;
  while (begin && !strchr("/:", self->uri[begin - 1]))
    begin--;
  for (size_t i = begin; i < length && self->uri[i] != '.' && kept + 1 < sizeof name; i++) {
    char c = self->uri[i];
    bool is_letter = isalnum((unsigned char)c) || c == '_';
    if (is_letter || (kept && name[kept - 1] != '_'))
      name[kept++] = is_letter ? c : '_';
  }
  while (kept && name[kept - 1] == '_')
    kept--;
  name[kept] = '\0';
  if (!isalpha((unsigned char)*name))
    return wr_arena_print(&self->arena, "t%s%s", *name ? "_" : "", name);
  return wr_arena_copy(&self->arena, name, kept);
}

static bool discover_is_secret(const struct discover *self, const char *key)
{
  for (const struct wr_option *option = self->connector->options; option->name; option++)
    if (strcmp(option->name, key) == 0)
      return option->secret;
  return false;
}

static bool discover_is_sampling(const struct discover *self, const char *key)
{
  for (uint32_t i = 0; i < self->sampling_count; i++)
    if (strcmp(self->sampling_only[i], key) == 0)
      return true;
  return false;
}

static void discover_print_table(struct discover *self, const struct wr_discovery *found,
                                 const struct wr_sample_folders *folders, struct wr_buffer *out)
{
  const char *options[2 * DISCOVER_OPTIONS_MAX + 3] = {"connector", self->connector->name};
  const char *secrets[DISCOVER_OPTIONS_MAX + 1] = {NULL};
  uint32_t count = 2, secret_count = 0;
  for (uint32_t i = 0; i < self->option_count; i++) {
    /* those of the URI first */
    const struct wr_option_value *option =
        &self->options[(i + self->given_count) % self->option_count];
    if (discover_is_secret(self, option->key)) {
      secrets[secret_count++] = option->key;
    } else if (!discover_is_sampling(self, option->key)) {
      options[count++] = option->key;
      options[count++] = option->value;
    }
  }
  options[count] = NULL;
  secrets[secret_count] = NULL;
  const struct wr_discovered_table table = {.name = self->name ? self->name : discover_name(self),
                                            .options = options,
                                            .secrets = secrets,
                                            .source = self->uri,
                                            .record_time = self->record_time,
                                            .folders = folders->at,
                                            .folder_count = folders->count};
  wr_discover_put_table(found, &table, out);
}

/* A comment ends with its line. */
static bool discover_is_one_line(const char *text)
{
  for (; *text; text++)
    if (iscntrl((unsigned char)*text))
      return false;
  return true;
}

static enum wr_code discover_run(struct discover *self, struct wr_buffer *out, struct wr_error *err)
{
  struct wr_sample_source source = {.connector = self->connector,
                                    .table = self->uri,
                                    .records_max = (uint32_t)self->records,
                                    .wait_us = self->wait_us};
  struct wr_sample sample = {.format = self->format,
                             .header = self->header,
                             .source = self->uri,
                             .is_named_csv = strstr(self->uri, ".csv") != NULL,
                             .records_max = (uint32_t)self->records};
  struct wr_discovery found;
  struct wr_sample_folders folders;
  enum wr_code code = discover_check_options(self, &source.options, err);
  if (code == WR_OK)
    code = wr_sample_read(&source, &self->arena, &sample, &folders, err);
  if (code == WR_OK)
    code = wr_discover(&sample, &self->arena, &found, err);
  if (code != WR_OK)
    return code;
  if (self->kinesis_analytics)
    wr_discover_put_schema(&found, &self->arena, out);
  else
    discover_print_table(self, &found, &folders, out);
  return WR_OK;
}

int wr_command_discover(int argc, char **argv)
{
  struct discover self = {.header = -1, .records = DISCOVER_RECORDS, .wait_us = DISCOVER_WAIT_US};
  struct wr_buffer out = {0};
  struct wr_error err;
  int result = discover_parse(argc, argv, &self);
  if (result == WR_EXIT_DONE && !discover_is_one_line(self.uri))
    result = discover_usage("the URI must be one line", NULL);
  if (result == WR_EXIT_DONE) {
    wr_error_clear(&err);
    if (discover_run(&self, &out, &err) != WR_OK)
      result = discover_fail(&self, &err);
    else if (fwrite(out.bytes, 1, out.length, stdout) != out.length || fflush(stdout) != 0)
      result = WR_EXIT_FAILED;
  }
  wr_buffer_free(&out);
  wr_arena_free(&self.arena);
  return result;
}
