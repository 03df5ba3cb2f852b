/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An application as a script. Texts of the description get into it in quotes, or are looked at
 * first, so that none can become SQL of another meaning; but for the code, which stays as it is.
 *
 * An input that is shared by N streams is read once: every shard's rows go to the stream of its
 * number modulo N. System columns are only declared if the code has their names anywhere.
 */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"
#include "discover/application.h"
#include "formats/fault.h"

struct printer {
  struct wr_application *application;
  struct wr_arena *arena;
  struct wr_buffer *out;
  struct wr_error *err;
  const char *region; /* of the application, as far as its streams tell; else "" */
  struct wr_application_piece *pieces;
  uint32_t piece_count, piece_room;
};

/* ---- pieces of the script */

/* What is written from `begin` on is what is said of it. */
static void piece_end(struct printer *printer, size_t begin, const char *what, bool is_output)
{
  if (printer->piece_count == printer->piece_room) {
    uint32_t room = printer->piece_room ? 2 * printer->piece_room : 32;
    struct wr_application_piece *pieces =
        WR_NEW_ARRAY(printer->arena, struct wr_application_piece, room);
    for (uint32_t i = 0; i < printer->piece_count; i++)
      pieces[i] = printer->pieces[i];
    printer->pieces = pieces;
    printer->piece_room = room;
  }
  printer->pieces[printer->piece_count++] =
      (struct wr_application_piece){begin, printer->out->length, what, is_output};
}

const struct wr_application_piece *wr_application_piece_at(
    const struct wr_application_piece *pieces, uint32_t count, size_t offset)
{
  const struct wr_application_piece *found = NULL;
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_application_piece *piece = &pieces[i];
    if (offset >= piece->begin && offset < piece->end &&
        (!found || piece->end - piece->begin < found->end - found->begin))
      found = piece;
  }
  return found;
}

/* ---- pieces of SQL */

static void put_quoted(struct wr_buffer *out, const char *text, char quote)
{
  wr_buffer_put_char(out, quote);
  for (; *text; text++) {
    if (*text == quote)
      wr_buffer_put_char(out, quote);
    wr_buffer_put_char(out, *text);
  }
  wr_buffer_put_char(out, quote);
}

static void put_name(struct printer *printer, const char *name)
{
  put_quoted(printer->out, name, '"');
}

/* 'key' = 'value', on a line of its own. */
static void put_option(struct printer *printer, const char *key, const char *value)
{
  bool first = printer->out->bytes[printer->out->length - 1] == '(';
  wr_buffer_put_string(printer->out, first ? "\n  " : ",\n  ");
  put_quoted(printer->out, key, '\'');
  wr_buffer_put_string(printer->out, " = ");
  put_quoted(printer->out, value, '\'');
}

/* A delimiter with what the options of 'kinesis-csv' have for control characters. */
static const char *escaped(struct wr_arena *arena, const char *text)
{
  static const char characters[] = "\n\r\t", letters[] = "nrt";
  char *out = wr_arena_get(arena, 2 * strlen(text) + 1), *at = out;
  for (; *text; text++) {
    const char *found = strchr(characters, *text);
    bool is_pair = *text == '\\' && text[1] && strchr("nrt\\", text[1]);
    if (found) {
      *at++ = '\\';
      *at++ = letters[found - characters];
    } else if (is_pair) { /* \n as two characters means the same */
      *at++ = *text++;
      *at++ = *text;
    } else {
      if (*text == '\\')
        *at++ = '\\';
      *at++ = *text;
    }
  }
  *at = 0;
  return out;
}

static const char *shown(struct printer *printer, const char *text)
{
  struct wr_excerpt excerpt = wr_excerpt_make(text, strlen(text));
  return wr_arena_copy(printer->arena, excerpt.text, strlen(excerpt.text));
}

/* The parts of arn:partition:service:region:account:resource; NULL: it has not so many. */
static const char *arn_part(struct printer *printer, const char *arn, int number)
{
  for (; number > 0; number--) {
    arn = strchr(arn, ':');
    if (!arn)
      return NULL;
    arn++;
  }
  const char *end = strchr(arn, ':');
  return wr_arena_copy(printer->arena, arn, end ? (size_t)(end - arn) : strlen(arn));
}

static const char *arn_region(struct printer *printer, const char *arn)
{
  const char *region = arn_part(printer, arn, 3);
  return region ? region : "";
}

/* What stands behind `before` in its last part; NULL: it is no such ARN. */
static const char *arn_resource(const char *arn, const char *before)
{
  const char *found = strncmp(arn, "arn:", 4) == 0 ? strstr(arn, before) : NULL;
  return found && found[strlen(before)] ? found + strlen(before) : NULL;
}

/* ---- schemas */

/* Names of types are letters, digits, blanks, commas and brackets: nothing that ends a definition.
 */
static bool type_is_plain(const char *type)
{
  int depth = 0;
  for (; *type; type++) {
    depth += (*type == '(') - (*type == ')');
    if (depth < 0 || !(isalnum((unsigned char)*type) || strchr(" _(),", *type)) ||
        (*type == ',' && depth == 0))
      return false;
  }
  return depth == 0;
}

static const char *column_what(struct printer *printer, const struct wr_application_column *column,
                               const char *what)
{
  return wr_arena_print(printer->arena, "column %s of %s", shown(printer, column->name), what);
}

static enum wr_code put_columns(struct printer *printer, const struct wr_application_schema *schema,
                                const char *what)
{
  for (uint32_t i = 0; i < schema->column_count; i++) {
    const struct wr_application_column *column = &schema->columns[i];
    if (!type_is_plain(column->type))
      return wr_fail(printer->err, WR_SEMANTIC, "column %s of %s has the SqlType '%s'",
                     shown(printer, column->name), what, shown(printer, column->type));
    wr_buffer_put_string(printer->out, i ? ",\n  " : "\n  ");
    size_t begin = printer->out->length;
    put_name(printer, column->name);
    wr_buffer_put_char(printer->out, ' ');
    wr_buffer_put_string(printer->out, column->type);
    piece_end(printer, begin, column_what(printer, column, what), false);
  }
  return WR_OK;
}

static void put_format(struct printer *printer, const struct wr_application_schema *schema,
                       const char *what)
{
  put_option(printer, "format", schema->is_csv ? "kinesis-csv" : "kinesis-json");
  if (schema->is_csv) {
    if (schema->row_delimiter)
      put_option(printer, "kinesis-csv.row-delimiter",
                 escaped(printer->arena, schema->row_delimiter));
    if (schema->column_delimiter)
      put_option(printer, "kinesis-csv.column-delimiter",
                 escaped(printer->arena, schema->column_delimiter));
    return;
  }
  if (schema->row_path && strcmp(schema->row_path, "$") != 0)
    put_option(printer, "kinesis-json.row-path", schema->row_path);
  for (uint32_t i = 0; i < schema->column_count; i++) {
    const struct wr_application_column *column = &schema->columns[i];
    const char *usual = wr_arena_print(printer->arena, "$.%s", column->name);
    size_t begin = printer->out->length;
    if (!column->path || strcmp(column->path, usual) == 0)
      continue;
    put_option(printer, wr_arena_print(printer->arena, "kinesis-json.path.%s", column->name),
               column->path);
    piece_end(printer, begin, column_what(printer, column, what), false);
  }
}

/* ---- connectors */

static enum wr_code put_file(struct printer *printer, const char *path)
{
  bool is_standard = strcmp(path, "-") == 0;
  put_option(printer, "connector", is_standard ? "stdin" : "filesystem");
  if (!is_standard)
    put_option(printer, "path", path);
  return WR_OK;
}

static enum wr_code put_kinesis(struct printer *printer, const char *arn, const char *what)
{
  const char *name = arn_resource(arn, ":stream/"), *region = arn_region(printer, arn);
  if (!name) {
    wr_fail(printer->err, WR_SEMANTIC, "'%s' of %s is no ARN of a stream", shown(printer, arn),
            what);
    return wr_hint(printer->err, "it looks like arn:aws:kinesis:eu-west-1:123456789012:stream/x");
  }
  put_option(printer, "connector", "kinesis");
  if (*region && *arn_part(printer, arn, 4))
    put_option(printer, "stream.arn", arn);
  else
    put_option(printer, "stream", name);
  if (*region)
    put_option(printer, "aws.region", region);
  return WR_OK;
}

static enum wr_code put_firehose(struct printer *printer, const char *arn, const char *what)
{
  const char *name = arn_resource(arn, ":deliverystream/"), *region = arn_region(printer, arn);
  if (!name)
    return wr_fail(printer->err, WR_SEMANTIC, "'%s' of %s is no ARN of a delivery stream",
                   shown(printer, arn), what);
  put_option(printer, "connector", "firehose");
  put_option(printer, "delivery-stream", name);
  if (*region)
    put_option(printer, "aws.region", region);
  return WR_OK;
}

static enum wr_code put_object(struct printer *printer, const struct wr_application_end *end,
                               const char *what)
{
  const char *bucket = arn_resource(end->arn, ":::");
  if (!bucket)
    return wr_fail(printer->err, WR_SEMANTIC, "'%s' of %s is no ARN of a bucket",
                   shown(printer, end->arn), what);
  put_option(printer, "connector", "s3");
  put_option(printer, "path", wr_arena_print(printer->arena, "s3://%s/%s", bucket, end->key));
  if (*printer->region)
    put_option(printer, "aws.region", printer->region);
  return WR_OK;
}

/* ---- inputs */

#define NAMES_SHOWN 3 /* in a warning */

struct system_column {
  const char *name, *type, *metadata;
  const char *elsewhere; /* its value where the source is no stream of Kinesis */
};

static const struct system_column system_columns[] = {
    {"APPROXIMATE_ARRIVAL_TIME", "TIMESTAMP(3)", "approximate_arrival_timestamp",
     "CAST(CURRENT_ROW_TIMESTAMP AS TIMESTAMP(3))"},
    {"PARTITION_KEY", "VARCHAR(256)", "partition_key", "CAST(NULL AS VARCHAR(256))"},
    {"SEQUENCE_NUMBER", "VARCHAR(128)", "sequence_number", "CAST(NULL AS VARCHAR(128))"},
    {"SHARD_ID", "VARCHAR(64)", "shard_id", "CAST('shardId-000000000000' AS VARCHAR(64))"},
};
enum { SYSTEM_COLUMN_COUNT = sizeof system_columns / sizeof *system_columns };

/* Is the word anywhere in the code? */
static bool code_has(const char *code, const char *word)
{
  size_t length = strlen(word);
  for (const char *at = code; *at; at++) {
    bool begins = at == code || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
    if (begins && strncasecmp(at, word, length) == 0 &&
        !(isalnum((unsigned char)at[length]) || at[length] == '_'))
      return true;
  }
  return false;
}

static bool schema_has(const struct wr_application_schema *schema, const char *name)
{
  for (uint32_t i = 0; i < schema->column_count; i++)
    if (strcmp(schema->columns[i].name, name) == 0)
      return true;
  return false;
}

/* System columns that the code names. copied: as ordinary columns, else as the connector's. */
static void put_system_columns(struct printer *printer, const struct wr_application_input *input,
                               bool copied)
{
  for (int i = 0; i < SYSTEM_COLUMN_COUNT; i++) {
    const struct system_column *column = &system_columns[i];
    if (!code_has(printer->application->code, column->name) ||
        schema_has(&input->schema, column->name))
      continue;
    wr_buffer_print(printer->out, ",\n  \"%s\" ", column->name);
    if (copied)
      wr_buffer_put_string(printer->out, column->type);
    else if (input->from.place == WR_PLACE_KINESIS)
      wr_buffer_print(printer->out, "%s METADATA FROM '%s' VIRTUAL", column->type,
                      column->metadata);
    else
      wr_buffer_print(printer->out, "AS %s", column->elsewhere);
  }
}

static enum wr_code check_input(struct printer *printer, const struct wr_application_input *input,
                                const char *what)
{
  if (input->has_lambda && input->from.place != WR_PLACE_FILE) {
    wr_fail(printer->err, WR_UNSUPPORTED, "%s has a Lambda function in front of it", what);
    return wr_hint(printer->err,
                   "have the function write what it makes to a stream of its own and read that: "
                   "--input %s=arn:aws:kinesis:...:stream/NAME; or try it with --input %s=FILE",
                   shown(printer, input->prefix), shown(printer, input->prefix));
  }
  if (input->from.place == WR_PLACE_FIREHOSE) {
    wr_fail(printer->err, WR_UNSUPPORTED,
            "%s is a delivery stream of Firehose, which nobody else can read", what);
    return wr_hint(printer->err,
                   "read the stream that feeds it: --input %s=arn:aws:kinesis:...:stream/NAME; or "
                   "try it with --input %s=FILE",
                   shown(printer, input->prefix), shown(printer, input->prefix));
  }
  const char *position = input->position;
  if (position && strcmp(position, "NOW") != 0 && strcmp(position, "TRIM_HORIZON") != 0 &&
      strcmp(position, "LAST_STOPPED_POINT") != 0)
    return wr_fail(printer->err, WR_SEMANTIC, "%s begins at %s, which is not known", what,
                   shown(printer, position));
  return WR_OK;
}

/* The stream that reads the source; name: what it is called. */
static enum wr_code put_source(struct printer *printer, const struct wr_application_input *input,
                               const char *name, bool shared, const char *what)
{
  wr_buffer_put_string(printer->out, "CREATE STREAM ");
  put_name(printer, name);
  wr_buffer_put_string(printer->out, " (");
  enum wr_code code = put_columns(printer, &input->schema, what);
  if (code)
    return code;
  put_system_columns(printer, input, false);
  if (shared && input->from.place == WR_PLACE_KINESIS)
    wr_buffer_put_string(printer->out,
                         ",\n  \"shard of it\" VARCHAR(64) METADATA FROM 'shard_id' VIRTUAL");
  wr_buffer_put_string(printer->out, "\n) WITH (");
  bool is_file = input->from.place == WR_PLACE_FILE;
  code = is_file ? put_file(printer, input->from.arn) : put_kinesis(printer, input->from.arn, what);
  if (code)
    return code;
  bool from_now = !input->position || strcmp(input->position, "NOW") == 0;
  if (!is_file)
    put_option(printer, "source.init.position", from_now ? "LATEST" : "TRIM_HORIZON");
  put_format(printer, &input->schema, what);
  wr_buffer_put_string(printer->out, "\n);\n\n");
  return WR_OK;
}

/* Names of all columns, without their types. */
static void put_column_names(struct printer *printer, const struct wr_application_input *input)
{
  for (uint32_t i = 0; i < input->schema.column_count; i++) {
    if (i)
      wr_buffer_put_string(printer->out, ", ");
    put_name(printer, input->schema.columns[i].name);
  }
  for (int i = 0; i < SYSTEM_COLUMN_COUNT; i++)
    if (code_has(printer->application->code, system_columns[i].name) &&
        !schema_has(&input->schema, system_columns[i].name))
      wr_buffer_print(printer->out, ", \"%s\"", system_columns[i].name);
}

/* One of the streams that share an input, and what fills it. */
static enum wr_code put_share(struct printer *printer, const struct wr_application_input *input,
                              uint32_t number, const char *source, const char *what)
{
  const char *name = wr_arena_print(printer->arena, "%s_%03u", input->prefix, number + 1);
  wr_buffer_put_string(printer->out, "CREATE STREAM ");
  put_name(printer, name);
  wr_buffer_put_string(printer->out, " (");
  enum wr_code code = put_columns(printer, &input->schema, what);
  put_system_columns(printer, input, true);
  wr_buffer_put_string(printer->out, "\n);\nCREATE PUMP ");
  put_name(printer, wr_arena_print(printer->arena, "%s of %s", name, source));
  wr_buffer_put_string(printer->out, " AS INSERT INTO ");
  put_name(printer, name);
  wr_buffer_put_string(printer->out, " (");
  put_column_names(printer, input);
  wr_buffer_put_string(printer->out, ")\n  SELECT STREAM ");
  put_column_names(printer, input);
  wr_buffer_put_string(printer->out, " FROM ");
  put_name(printer, source);
  if (input->from.place == WR_PLACE_KINESIS)
    wr_buffer_print(printer->out,
                    "\n  WHERE MOD(CAST(SUBSTRING(\"shard of it\" FROM 9) AS BIGINT), %u) = %u",
                    input->count, number);
  else if (number > 0)
    wr_buffer_put_string(printer->out, "\n  WHERE FALSE");
  wr_buffer_put_string(printer->out, ";\n\n");
  return code;
}

/* The code with blanks where it has comments. */
static const char *code_without_comments(struct wr_arena *arena, const char *code)
{
  char *copy = wr_arena_copy(arena, code, strlen(code));
  for (char *at = copy; *at;) {
    const char *ends = strncmp(at, "--", 2) == 0 || strncmp(at, "//", 2) == 0 ? "\n"
                       : strncmp(at, "/*", 2) == 0                            ? "*/"
                                                                              : NULL;
    if (!ends && *at != '"' && *at != '\'') {
      at++;
      continue;
    }
    const char quote[] = {*at, 0};
    char *end = strstr(at + (ends && *ends == '*' ? 2 : 1), ends ? ends : quote);
    char *next = end ? end + strlen(ends ? ends : quote) : at + strlen(at);
    if (ends)
      memset(at, ' ', (size_t)(next - at));
    at = next;
  }
  return copy;
}

/* Each of the streams has rows that the others have not. */
static void warn_unread(struct printer *printer, const struct wr_application_input *input,
                        const char *what)
{
  struct wr_application *application = printer->application;
  const char *script = code_without_comments(printer->arena, application->code), *names = NULL;
  uint32_t count = 0;
  for (uint32_t i = 0; i < input->count; i++) {
    const char *name = wr_arena_print(printer->arena, "%s_%03u", input->prefix, i + 1);
    if (code_has(script, name))
      continue;
    if (count++ < NAMES_SHOWN)
      names = names ? wr_arena_print(printer->arena, "%s, %s", names, shown(printer, name))
                    : shown(printer, name);
  }
  if (count == 0 || application->warning_count == WR_APPLICATION_WARNINGS_MAX)
    return;
  if (count > NAMES_SHOWN)
    names = wr_arena_print(printer->arena, "%s and %u more", names, count - NAMES_SHOWN);
  application->warnings[application->warning_count++] = wr_arena_print(
      printer->arena,
      "the records of %s are shared by %u streams (InputParallelism), and the code does not read "
      "%s: the rows there are read by nobody",
      what, input->count, names);
}

static enum wr_code put_input(struct printer *printer, const struct wr_application_input *input)
{
  const char *what = wr_arena_print(printer->arena, "input %s", shown(printer, input->prefix));
  size_t begin = printer->out->length;
  enum wr_code code = check_input(printer, input, what);
  if (code)
    return code;
  if (input->position && strcmp(input->position, "LAST_STOPPED_POINT") == 0)
    wr_buffer_put_string(printer->out,
                         "-- Where the service stopped is not known: this begins with the oldest "
                         "record there is,\n-- and later, with a state directory, where Weir "
                         "stopped.\n");
  bool shared = input->count > 1;
  const char *source =
      wr_arena_print(printer->arena, shared ? "%s of all shards" : "%s_001", input->prefix);
  code = put_source(printer, input, source, shared, what);
  for (uint32_t i = 0; i < input->count && shared && code == WR_OK; i++)
    code = put_share(printer, input, i, source, what);
  if (shared && input->from.place == WR_PLACE_KINESIS)
    warn_unread(printer, input, what);
  piece_end(printer, begin, what, false);
  return code;
}

/* ---- the rest */

static enum wr_code put_reference(struct printer *printer,
                                  const struct wr_application_reference *reference)
{
  const char *what =
      wr_arena_print(printer->arena, "table of reference %s", shown(printer, reference->table));
  size_t begin = printer->out->length;
  wr_buffer_put_string(printer->out, "CREATE TABLE ");
  put_name(printer, reference->table);
  wr_buffer_put_string(printer->out, " (");
  enum wr_code code = put_columns(printer, &reference->schema, what);
  if (code)
    return code;
  wr_buffer_put_string(printer->out, "\n) WITH (");
  code = reference->from.place == WR_PLACE_FILE ? put_file(printer, reference->from.arn)
                                                : put_object(printer, &reference->from, what);
  if (code)
    return code;
  put_format(printer, &reference->schema, what);
  wr_buffer_put_string(printer->out, "\n);\n\n");
  piece_end(printer, begin, what, false);
  return WR_OK;
}

/* Does the code itself read a stream? Then it would not be shown as a result. */
static bool code_reads(const char *code, const char *name)
{
  static const char *const words[] = {"FROM", "JOIN", ","};
  size_t length = strlen(name);
  for (const char *at = code; (at = strstr(at, name)) != NULL; at += length) {
    const char *before = at;
    while (before > code && strchr("\" \t\r\n", before[-1]))
      before--;
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
      size_t word = strlen(words[w]);
      if ((size_t)(before - code) >= word && strncasecmp(before - word, words[w], word) == 0)
        return true;
    }
  }
  return false;
}

static bool end_is_shown(const struct wr_application_end *end)
{
  return end->place == WR_PLACE_FILE && strcmp(end->arn, "-") == 0;
}

/* How many outputs go to standard output. */
static uint32_t shown_count(const struct wr_application *application)
{
  uint32_t count = 0;
  for (uint32_t i = 0; i < application->output_count; i++)
    count += end_is_shown(&application->outputs[i].to);
  return count;
}

static enum wr_code put_output_end(struct printer *printer,
                                   const struct wr_application_output *output, const char *what)
{
  switch (output->to.place) {
  case WR_PLACE_KINESIS: return put_kinesis(printer, output->to.arn, what);
  case WR_PLACE_FIREHOSE: return put_firehose(printer, output->to.arn, what);
  case WR_PLACE_FILE:
    if (strcmp(output->to.arn, "-") != 0)
      return put_file(printer, output->to.arn);
    put_option(printer, "connector", "print");
    put_option(printer, "print-style", "json");
    if (shown_count(printer->application) > 1)
      put_option(printer, "print-identifier", output->stream);
    return WR_OK;
  default: break;
  }
  wr_fail(printer->err, WR_UNSUPPORTED, "%s goes to a Lambda function", what);
  return wr_hint(printer->err,
                 "let it go to a stream that triggers the function, --output "
                 "%s=arn:aws:kinesis:...:stream/NAME; or try it with --output %s=-",
                 shown(printer, output->stream), shown(printer, output->stream));
}

static enum wr_code put_output(struct printer *printer, uint32_t number)
{
  const struct wr_application_output *output = &printer->application->outputs[number];
  const char *what = wr_arena_print(printer->arena, "output %s", shown(printer, output->stream));
  bool prints = end_is_shown(&output->to);
  bool is_errors = strcmp(output->stream, "error_stream") == 0;
  if (prints && !is_errors && shown_count(printer->application) == 1 &&
      !code_reads(printer->application->code, output->stream))
    return WR_OK; /* what nobody reads is shown */
  size_t begin = printer->out->length;
  wr_buffer_put_string(printer->out, "\nCREATE TABLE ");
  put_name(printer, wr_arena_print(printer->arena, "output %u: %s", number + 1, output->stream));
  wr_buffer_put_string(printer->out, " WITH (");
  enum wr_code code = put_output_end(printer, output, what);
  if (code)
    return code;
  if (!prints)
    put_option(printer, "format", output->is_csv ? "kinesis-csv" : "kinesis-json");
  if (output->is_csv && output->to.place == WR_PLACE_KINESIS)
    put_option(printer, "kinesis-csv.end-rows", "true"); /* delivery streams have it by default */
  wr_buffer_put_string(printer->out, "\n) AS SELECT * FROM ");
  if (is_errors)
    wr_buffer_put_string(printer->out, "error_stream");
  else
    put_name(printer, output->stream);
  wr_buffer_put_string(printer->out, ";\n");
  piece_end(printer, begin, what, true);
  return WR_OK;
}

/* The code, and a semicolon behind it if it may have none at its end. */
static void put_code(struct printer *printer, struct wr_application_code *place)
{
  const char *code = printer->application->code;
  size_t length = strlen(code), end = length;
  place->offset = printer->out->length;
  place->length = length;
  wr_buffer_put(printer->out, code, length);
  while (end && isspace((unsigned char)code[end - 1]))
    end--;
  size_t line = end;
  while (line && code[line - 1] != '\n')
    line--;
  bool is_closed = end && code[end - 1] == ';' && !memmem(code + line, end - line, "--", 2);
  wr_buffer_put_string(printer->out, is_closed ? "\n" : "\n;\n");
}

static const char *application_region(struct printer *printer)
{
  const struct wr_application *application = printer->application;
  for (uint32_t i = 0; i < application->input_count; i++) {
    const struct wr_application_end *from = &application->inputs[i].from;
    if (from->place == WR_PLACE_KINESIS && *arn_region(printer, from->arn))
      return arn_region(printer, from->arn);
  }
  for (uint32_t i = 0; i < application->output_count; i++) {
    const struct wr_application_end *to = &application->outputs[i].to;
    if (to->place != WR_PLACE_FILE && *arn_region(printer, to->arn))
      return arn_region(printer, to->arn);
  }
  return "";
}

enum wr_code wr_application_print(struct wr_application *application, struct wr_arena *arena,
                                  struct wr_buffer *out, struct wr_application_code *code_place,
                                  struct wr_error *err)
{
  struct printer printer = {.application = application, .arena = arena, .out = out, .err = err};
  enum wr_code code = WR_OK;
  if (!application->code) {
    wr_fail(err, WR_SEMANTIC, "the description has no ApplicationCode");
    return wr_hint(err, "--code FILE.sql gives it");
  }
  printer.region = application_region(&printer);
  wr_buffer_put_string(out, "SET 'sql.dialect' = 'kinesis';\n");
  if (application->name) {
    wr_buffer_put_string(out, "SET 'pipeline.name' = ");
    put_quoted(out, application->name, '\'');
    wr_buffer_put_string(out, ";\n");
  }
  wr_buffer_put_char(out, '\n');
  for (uint32_t i = 0; i < application->input_count && code == WR_OK; i++)
    code = put_input(&printer, &application->inputs[i]);
  for (uint32_t i = 0; i < application->reference_count && code == WR_OK; i++)
    code = put_reference(&printer, &application->references[i]);
  if (code)
    return code;
  put_code(&printer, code_place);
  for (uint32_t i = 0; i < application->output_count && code == WR_OK; i++)
    code = put_output(&printer, i);
  code_place->pieces = printer.pieces;
  code_place->piece_count = printer.piece_count;
  return code;
}

/* ---- something else in the place of an end */

static void end_replace(struct wr_application_end *end, const char *with)
{
  bool is_kinesis = arn_resource(with, ":stream/") != NULL;
  bool is_firehose = arn_resource(with, ":deliverystream/") != NULL;
  end->arn = with;
  end->place = is_kinesis ? WR_PLACE_KINESIS : is_firehose ? WR_PLACE_FIREHOSE : WR_PLACE_FILE;
}

enum wr_code wr_application_replace(struct wr_application *application, struct wr_arena *arena,
                                    bool input, const char *name, const char *with,
                                    struct wr_error *err)
{
  uint32_t count = 0;
  for (uint32_t i = 0; input && i < application->input_count; i++) {
    struct wr_application_input *row = &application->inputs[i];
    const char *first = wr_arena_print(arena, "%s_001", row->prefix);
    if (strcmp(row->prefix, name) != 0 && strcmp(first, name) != 0)
      continue;
    end_replace(&row->from, with);
    row->has_lambda = false;
    count++;
  }
  for (uint32_t i = 0; input && i < application->reference_count; i++)
    if (strcmp(application->references[i].table, name) == 0) {
      application->references[i].from.place = WR_PLACE_FILE;
      application->references[i].from.arn = with;
      count++;
    }
  for (uint32_t i = 0; !input && i < application->output_count; i++)
    if (strcmp(application->outputs[i].stream, name) == 0) {
      end_replace(&application->outputs[i].to, with);
      count++;
    }
  if (count)
    return WR_OK;
  wr_fail(err, WR_SEMANTIC, "the application has no %s %s", input ? "input" : "output", name);
  return wr_hint(err, input ? "inputs are named by their NamePrefix, or by that with _001 behind "
                              "it; tables of reference by their TableName"
                            : "outputs are named by the streams that they write");
}
