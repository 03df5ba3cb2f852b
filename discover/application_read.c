/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptions of applications, out of everything that holds one. All of them say the same under
 * slightly different names; which, stands where it is read.
 */
#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "discover/application.h"
#include "discover/application_json.h"
#include "formats/fault.h"

#define JSON_LEVELS_MAX 64

#define DEPLOYED_HINT                                                                         \
  "aws kinesisanalyticsv2 describe-application --application-name NAME prints a description " \
  "with everything filled in"

struct reader {
  struct wr_description description;
  struct json_object *root;
  struct wr_application *out;
  struct wr_error *err;
};

bool wr_application_is(const char *text, size_t length)
{
  size_t at = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  while (at < length && strchr(" \t\r\n", text[at]) && text[at])
    at++;
  return at < length && text[at] == '{';
}

/* A text of the description as a message may show it. */
static const char *shown(const struct reader *reader, const char *text)
{
  struct wr_excerpt excerpt = wr_excerpt_make(text, strlen(text));
  return wr_arena_copy(reader->description.arena, excerpt.text, strlen(excerpt.text));
}

static const char *text_of(struct reader *reader, struct json_object *object, const char *names)
{
  return wr_description_text(&reader->description, object, names);
}

/* What is needed; `what` says of what it is a part. */
static enum wr_code text_needed(struct reader *reader, struct json_object *object,
                                const char *names, const char *what, const char **out)
{
  *out = text_of(reader, object, names);
  if (*out && **out)
    return WR_OK;
  int length = (int)strcspn(names, "|");
  if (!reader->description.unresolved)
    return wr_fail(reader->err, WR_SEMANTIC, "%s has no %.*s", what, length, names);
  wr_fail(reader->err, WR_UNSUPPORTED, "%.*s of %s is %s, which the template alone does not say",
          length, names, what, shown(reader, reader->description.unresolved));
  return wr_hint(reader->err, DEPLOYED_HINT);
}

static void warn(struct reader *reader, const char *sentence)
{
  struct wr_application *out = reader->out;
  if (out->warning_count < WR_APPLICATION_WARNINGS_MAX)
    out->warnings[out->warning_count++] = sentence;
}

static void *rows_new(struct reader *reader, uint32_t count, size_t bytes)
{
  return wr_arena_get_zero(reader->description.arena, (count + (size_t)1) * bytes);
}

/* ---- schemas */

static enum wr_code read_columns(struct reader *reader, struct json_object *schema,
                                 const char *what, struct wr_application_schema *out)
{
  struct wr_arena *arena = reader->description.arena;
  struct json_object *list =
      wr_description_list(schema, "RecordColumns|record_columns|record_column", &out->column_count);
  if (out->column_count == 0)
    return wr_fail(reader->err, WR_SEMANTIC, "the schema of %s has no RecordColumns", what);
  if (out->column_count > WR_COLUMNS_MAX)
    return wr_fail(reader->err, WR_LIMIT,
                   "the schema of %s has more columns than the limit WR_COLUMNS_MAX, which is %d",
                   what, WR_COLUMNS_MAX);
  out->columns = rows_new(reader, out->column_count, sizeof *out->columns);
  for (uint32_t i = 0; i < out->column_count; i++) {
    struct json_object *column = wr_description_item(list, i);
    struct wr_application_column *to = &out->columns[i];
    const char *place = wr_arena_print(arena, "column %u of %s", i + 1, what);
    enum wr_code code = text_needed(reader, column, "Name|name", place, &to->name);
    if (code == WR_OK)
      code = text_needed(reader, column, "SqlType|sql_type", place, &to->type);
    if (code)
      return code;
    to->path = text_of(reader, column, "Mapping|mapping");
  }
  return WR_OK;
}

static enum wr_code read_schema(struct reader *reader, struct json_object *schema, const char *what,
                                struct wr_application_schema *out)
{
  if (!schema)
    return wr_fail(reader->err, WR_SEMANTIC, "%s has no schema", what);
  struct json_object *format = wr_description_get(schema, "RecordFormat|record_format");
  struct json_object *parameters =
      wr_description_get(format, "MappingParameters|mapping_parameters");
  struct json_object *json =
      wr_description_get(parameters, "JSONMappingParameters|json_mapping_parameters|json");
  struct json_object *csv =
      wr_description_get(parameters, "CSVMappingParameters|csv_mapping_parameters|csv");
  const char *type = text_of(reader, format, "RecordFormatType|record_format_type");
  const char *encoding = text_of(reader, schema, "RecordEncoding|record_encoding");
  if (!type)
    type = csv && !json ? "CSV" : "JSON";
  out->is_csv = strcmp(type, "CSV") == 0;
  if (!out->is_csv && strcmp(type, "JSON") != 0)
    return wr_fail(reader->err, WR_UNSUPPORTED,
                   "the record format of %s is %s, but there are JSON and CSV", what,
                   shown(reader, type));
  if (encoding && strcmp(encoding, "UTF-8") != 0 && strcmp(encoding, "UTF8") != 0)
    warn(reader,
         wr_arena_print(reader->description.arena, "the records of %s are read as UTF-8, not as %s",
                        what, shown(reader, encoding)));
  out->row_path = text_of(reader, json, "RecordRowPath|record_row_path");
  out->row_delimiter = text_of(reader, csv, "RecordRowDelimiter|record_row_delimiter");
  out->column_delimiter = text_of(reader, csv, "RecordColumnDelimiter|record_column_delimiter");
  return read_columns(reader, schema, what, out);
}

/* ---- where rows come from and go */

struct end_row {
  const char *names;
  enum wr_application_place place;
};

/* The first of the rows that the object has. */
static enum wr_code read_end(struct reader *reader, struct json_object *object,
                             const struct end_row *rows, const char *what,
                             struct wr_application_end *out)
{
  for (; rows->names; rows++) {
    struct json_object *end = wr_description_get(object, rows->names);
    if (!end)
      continue;
    out->place = rows->place;
    return text_needed(reader, end, "ResourceARN|resource_arn", what, &out->arn);
  }
  return wr_fail(reader->err, WR_SEMANTIC, "%s names no stream", what);
}

static enum wr_code read_input(struct reader *reader, struct json_object *input,
                               struct wr_application_input *out)
{
  static const struct end_row ends[] = {
      {"KinesisStreamsInput|KinesisStreamsInputDescription|kinesis_streams_input|kinesis_stream",
       WR_PLACE_KINESIS},
      {"KinesisFirehoseInput|KinesisFirehoseInputDescription|kinesis_firehose_input|"
       "kinesis_firehose",
       WR_PLACE_FIREHOSE},
      {NULL, WR_PLACE_KINESIS},
  };
  enum wr_code code =
      text_needed(reader, input, "NamePrefix|name_prefix", "an input", &out->prefix);
  if (code)
    return code;
  const char *what =
      wr_arena_print(reader->description.arena, "input %s", shown(reader, out->prefix));
  code = read_end(reader, input, ends, what, &out->from);
  if (code == WR_OK)
    code = read_schema(reader, wr_description_get(input, "InputSchema|input_schema|schema"), what,
                       &out->schema);
  if (code)
    return code;
  const char *count =
      text_of(reader, wr_description_get(input, "InputParallelism|input_parallelism|parallelism"),
              "Count|count");
  out->count = 1;
  if (count && *count) {
    char *end;
    unsigned long number = strtoul(count, &end, 10);
    if (*end || number < 1 || number > WR_APPLICATION_INPUTS_MAX)
      return wr_fail(reader->err, WR_SEMANTIC, "the InputParallelism of %s is %s, but 1 to %d",
                     what, shown(reader, count), WR_APPLICATION_INPUTS_MAX);
    out->count = (uint32_t)number;
  }
  out->position =
      text_of(reader,
              wr_description_get(
                  input, "InputStartingPositionConfiguration|input_starting_position_configuration|"
                         "starting_position_configuration"),
              "InputStartingPosition|input_starting_position|starting_position");
  struct json_object *processing = wr_description_get(
      input, "InputProcessingConfiguration|InputProcessingConfigurationDescription|"
             "input_processing_configuration|processing_configuration");
  out->has_lambda = wr_description_get(processing, "InputLambdaProcessor|"
                                                   "InputLambdaProcessorDescription|"
                                                   "input_lambda_processor|lambda") != NULL;
  return WR_OK;
}

static enum wr_code read_reference(struct reader *reader, struct json_object *reference,
                                   struct wr_application_reference *out)
{
  enum wr_code code =
      text_needed(reader, reference, "TableName|table_name", "a table of reference", &out->table);
  if (code)
    return code;
  const char *what =
      wr_arena_print(reader->description.arena, "table of reference %s", shown(reader, out->table));
  struct json_object *s3 =
      wr_description_get(reference, "S3ReferenceDataSource|S3ReferenceDataSourceDescription|"
                                    "s3_reference_data_source|s3");
  out->from.place = WR_PLACE_S3;
  code = text_needed(reader, s3, "BucketARN|bucket_arn", what, &out->from.arn);
  if (code == WR_OK)
    code = text_needed(reader, s3, "FileKey|file_key", what, &out->from.key);
  if (code == WR_OK)
    code = read_schema(reader,
                       wr_description_get(reference, "ReferenceSchema|reference_schema|schema"),
                       what, &out->schema);
  return code;
}

static enum wr_code read_output(struct reader *reader, struct json_object *output,
                                struct wr_application_output *out)
{
  static const struct end_row ends[] = {
      {"KinesisStreamsOutput|KinesisStreamsOutputDescription|kinesis_streams_output|"
       "kinesis_stream",
       WR_PLACE_KINESIS},
      {"KinesisFirehoseOutput|KinesisFirehoseOutputDescription|kinesis_firehose_output|"
       "kinesis_firehose",
       WR_PLACE_FIREHOSE},
      {"LambdaOutput|LambdaOutputDescription|lambda_output|lambda", WR_PLACE_LAMBDA},
      {NULL, WR_PLACE_KINESIS},
  };
  enum wr_code code = text_needed(reader, output, "Name|name", "an output", &out->stream);
  if (code)
    return code;
  const char *what =
      wr_arena_print(reader->description.arena, "output %s", shown(reader, out->stream));
  struct json_object *schema =
      wr_description_get(output, "DestinationSchema|destination_schema|schema");
  const char *type = text_of(reader, schema, "RecordFormatType|record_format_type");
  out->is_csv = type && strcmp(type, "CSV") == 0;
  if (type && !out->is_csv && strcmp(type, "JSON") != 0)
    return wr_fail(reader->err, WR_UNSUPPORTED,
                   "the format of %s is %s, but there are JSON and CSV", what, shown(reader, type));
  return read_end(reader, output, ends, what, &out->to);
}

/* ---- the application */

/* Inputs, references and outputs that stand in one object; they are added to those there are. */
static enum wr_code read_lists(struct reader *reader, struct json_object *object)
{
  struct wr_application *out = reader->out;
  uint32_t inputs, references, outputs;
  struct json_object *input_list =
      wr_description_list(object, "Inputs|InputDescriptions|Input|inputs|input", &inputs);
  struct json_object *reference_list = wr_description_list(
      object,
      "ReferenceDataSources|ReferenceDataSourceDescriptions|ReferenceDataSource|"
      "reference_data_sources|reference_data_source",
      &references);
  struct json_object *output_list =
      wr_description_list(object, "Outputs|OutputDescriptions|Output|outputs|output", &outputs);
  if (inputs > WR_APPLICATION_INPUTS_MAX - out->input_count ||
      references > WR_APPLICATION_INPUTS_MAX - out->reference_count ||
      outputs > WR_APPLICATION_OUTPUTS_MAX - out->output_count)
    return wr_fail(reader->err, WR_LIMIT,
                   "the application has more inputs or outputs than the limit "
                   "WR_APPLICATION_OUTPUTS_MAX, which is %d",
                   WR_APPLICATION_OUTPUTS_MAX);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < inputs && code == WR_OK; i++)
    code = read_input(reader, wr_description_item(input_list, i), &out->inputs[out->input_count++]);
  for (uint32_t i = 0; i < references && code == WR_OK; i++)
    code = read_reference(reader, wr_description_item(reference_list, i),
                          &out->references[out->reference_count++]);
  for (uint32_t i = 0; i < outputs && code == WR_OK; i++)
    code = read_output(reader, wr_description_item(output_list, i),
                       &out->outputs[out->output_count++]);
  return code;
}

static enum wr_code read_code(struct reader *reader, struct json_object *object,
                              struct json_object *configuration)
{
  struct json_object *code = wr_description_get(
      configuration, "ApplicationCodeConfiguration|ApplicationCodeConfigurationDescription|"
                     "application_code_configuration");
  struct json_object *content =
      wr_description_get(code, "CodeContent|CodeContentDescription|code_content");
  reader->out->code = text_of(reader, object, "ApplicationCode|code");
  if (!reader->out->code && !reader->description.unresolved)
    reader->out->code = text_of(reader, content, "TextContent|text_content");
  if (!reader->description.unresolved)
    return WR_OK;
  wr_fail(reader->err, WR_UNSUPPORTED,
          "the code of the application is %s, which the template alone does not say",
          shown(reader, reader->description.unresolved));
  return wr_hint(reader->err, "--code FILE.sql gives it");
}

static enum wr_code read_application(struct reader *reader, struct json_object *object)
{
  struct json_object *configuration = wr_description_get(
      object,
      "ApplicationConfiguration|ApplicationConfigurationDescription|application_configuration");
  struct json_object *sql = wr_description_get(
      configuration, "SqlApplicationConfiguration|SqlApplicationConfigurationDescription|"
                     "sql_application_configuration");
  const char *runtime = text_of(reader, object, "RuntimeEnvironment|runtime_environment");
  if (runtime && strncmp(runtime, "SQL", 3) != 0) {
    wr_fail(reader->err, WR_UNSUPPORTED, "the application runs %s, not SQL",
            shown(reader, runtime));
    return wr_hint(reader->err, "applications of Kinesis Data Analytics for SQL have the runtime "
                                "SQL-1_0");
  }
  reader->out->name = text_of(reader, object, "ApplicationName|name");
  enum wr_code code = read_code(reader, object, configuration);
  if (code == WR_OK)
    code = read_lists(reader, object);
  if (code == WR_OK && sql)
    code = read_lists(reader, sql);
  if (wr_description_get(object, "CloudWatchLoggingOptions|CloudWatchLoggingOptionDescriptions|"
                                 "cloudwatch_logging_options"))
    warn(reader, "CloudWatch logging options are left out: what goes wrong is said on standard "
                 "error, in error_stream, and by weir run --http");
  return code;
}

/* ---- what holds it */

static bool type_is(struct json_object *resource, const char *part)
{
  struct json_object *type = wr_description_get(resource, "Type");
  const char *name =
      json_object_is_type(type, json_type_string) ? json_object_get_string(type) : "";
  bool is_own = strncmp(name, "AWS::KinesisAnalytics::", 23) == 0;
  bool is_newer = strncmp(name, "AWS::KinesisAnalyticsV2::", 25) == 0;
  return (is_own || is_newer) && strcmp(name + (is_own ? 23 : 25), part) == 0;
}

static enum wr_code several(struct reader *reader, const char *one, const char *other)
{
  one = one ? one : "one without a name";
  other = other ? other : "one without a name";
  wr_fail(reader->err, WR_UNSUPPORTED, "there are several applications: %s and %s",
          shown(reader, one), shown(reader, other));
  return wr_hint(reader->err, "take one of them, with what belongs to it, into a file of its own");
}

static enum wr_code read_template(struct reader *reader, struct json_object *resources)
{
  struct json_object *found = NULL;
  const char *name = NULL;
  enum wr_code code = WR_OK;
  json_object_object_foreach(resources, id, resource)
  {
    if (!type_is(resource, "Application"))
      continue;
    if (found)
      return several(reader, name, id);
    found = resource;
    name = id;
  }
  if (!found) {
    wr_fail(reader->err, WR_SEMANTIC,
            "the template has no resource of type AWS::KinesisAnalytics::Application");
    return wr_hint(reader->err, "AWS::KinesisAnalyticsV2::Application will do, too");
  }
  code = read_application(reader, wr_description_get(found, "Properties"));
  json_object_object_foreach(resources, part_id, part)
  {
    (void)part_id;
    if (code == WR_OK &&
        (type_is(part, "ApplicationOutput") || type_is(part, "ApplicationReferenceDataSource")))
      code = read_lists(reader, wr_description_get(part, "Properties"));
  }
  return code;
}

/* The attributes of a resource of Terraform, if it is an application. */
static struct json_object *terraform_application(struct json_object *resource)
{
  struct json_object *type = wr_description_get(resource, "type");
  const char *name =
      json_object_is_type(type, json_type_string) ? json_object_get_string(type) : "";
  if (strcmp(name, "aws_kinesis_analytics_application") != 0 &&
      strcmp(name, "aws_kinesisanalyticsv2_application") != 0)
    return NULL;
  struct json_object *instance = wr_description_get(resource, "instances");
  return instance ? wr_description_get(instance, "attributes")
                  : wr_description_get(resource, "values");
}

static enum wr_code read_terraform(struct reader *reader, struct json_object *list, uint32_t count)
{
  struct json_object *found = NULL;
  for (uint32_t i = 0; i < count; i++) {
    struct json_object *application = terraform_application(wr_description_item(list, i));
    if (application && found)
      return several(reader, json_object_get_string(wr_description_get(found, "name")),
                     json_object_get_string(wr_description_get(application, "name")));
    found = application ? application : found;
  }
  if (found)
    return read_application(reader, found);
  wr_fail(reader->err, WR_SEMANTIC, "the state has no resource aws_kinesis_analytics_application");
  return wr_hint(reader->err, "aws_kinesisanalyticsv2_application will do, too; those of modules "
                              "are not looked for");
}

static enum wr_code read_root(struct reader *reader)
{
  struct json_object *root = reader->root;
  struct json_object *detail = wr_description_get(root, "ApplicationDetail");
  if (detail)
    return read_application(reader, detail);
  struct json_object *resources = wr_description_get(root, "Resources");
  if (json_object_is_type(resources, json_type_object))
    return read_template(reader, resources);
  if (type_is(root, "Application"))
    return read_application(reader, wr_description_get(root, "Properties"));
  uint32_t count;
  struct json_object *values = wr_description_get(root, "values");
  struct json_object *list = wr_description_list(
      values ? wr_description_get(values, "root_module") : root, "resources", &count);
  if (list)
    return read_terraform(reader, list, count);
  if (wr_description_get(root, "ApplicationName|ApplicationCode|Inputs|InputDescriptions|"
                               "ApplicationConfiguration|ApplicationConfigurationDescription"))
    return read_application(reader, root);
  wr_fail(reader->err, WR_SEMANTIC, "this JSON describes no application");
  return wr_hint(reader->err, "understood are answers of DescribeApplication, requests of "
                              "CreateApplication, templates of CloudFormation and states of "
                              "Terraform, as JSON");
}

static enum wr_code parse(struct reader *reader, const char *text, size_t length)
{
  size_t mark = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  if (length > WR_SQL_BYTES_MAX)
    return wr_fail(reader->err, WR_LIMIT,
                   "the description is longer than the limit WR_SQL_BYTES_MAX, which is %d",
                   WR_SQL_BYTES_MAX);
  struct json_tokener *tokener = json_tokener_new_ex(JSON_LEVELS_MAX);
  if (!tokener)
    return wr_fail(reader->err, WR_INTERNAL, "json-c finds no memory for a description");
  json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
  reader->root = json_tokener_parse_ex(tokener, text + mark, (int)(length - mark));
  enum json_tokener_error error = json_tokener_get_error(tokener);
  size_t at = mark + json_tokener_get_parse_end(tokener);
  json_tokener_free(tokener);
  while (error == json_tokener_success && at < length && text[at] && strchr(" \t\r\n", text[at]))
    at++;
  if (error == json_tokener_success && at == length &&
      json_object_is_type(reader->root, json_type_object))
    return WR_OK;
  const char *why = error == json_tokener_continue  ? "it ends too early"
                    : error == json_tokener_success ? "something stands behind it"
                                                    : json_tokener_error_desc(error);
  const struct wr_span span = {(uint32_t)at, 1};
  wr_fail_at(reader->err, WR_SYNTAX, span, "the description is not JSON: %s", why);
  return wr_hint(reader->err, DEPLOYED_HINT);
}

enum wr_code wr_application_read(const char *text, size_t length, struct wr_arena *arena,
                                 struct wr_application *out, struct wr_error *err)
{
  struct reader reader = {.description.arena = arena, .out = out, .err = err};
  *out = (struct wr_application){.name = NULL};
  out->inputs = rows_new(&reader, WR_APPLICATION_INPUTS_MAX, sizeof *out->inputs);
  out->references = rows_new(&reader, WR_APPLICATION_INPUTS_MAX, sizeof *out->references);
  out->outputs = rows_new(&reader, WR_APPLICATION_OUTPUTS_MAX, sizeof *out->outputs);
  enum wr_code code = parse(&reader, text, length);
  reader.description.root = reader.root;
  if (code == WR_OK)
    code = read_root(&reader);
  json_object_put(reader.root);
  return code;
}
