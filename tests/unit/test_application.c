/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions of applications: what of them is understood, and the scripts that come of them. */
#include "discover/application.h"
#include "tests/unit/check.h"

#include "parser/parser.h"

#define CODE                                                                           \
  "CREATE STREAM \\\"OUT\\\" (N INTEGER);\\nCREATE PUMP P AS INSERT INTO \\\"OUT\\\" " \
  "SELECT STREAM \\\"n\\\" FROM \\\"IN_001\\\";"
#define SCHEMA                                                                           \
  "{\"RecordFormat\":{\"RecordFormatType\":\"JSON\",\"MappingParameters\":"              \
  "{\"JSONMappingParameters\":{\"RecordRowPath\":\"$\"}}},\"RecordEncoding\":\"UTF-8\"," \
  "\"RecordColumns\":[{\"Name\":\"n\",\"SqlType\":\"INTEGER\",\"Mapping\":\"$.n\"}]}"
#define ARN "arn:aws:kinesis:eu-west-1:123456789012:stream/"

/* What all of these come to, from the same names in other places. */
static const char same[] =
    "SET 'sql.dialect' = 'kinesis';\n"
    "SET 'pipeline.name' = 'app';\n"
    "\n"
    "CREATE STREAM \"IN_001\" (\n"
    "  \"n\" INTEGER\n"
    ") WITH (\n"
    "  'connector' = 'kinesis',\n"
    "  'stream.arn' = '" ARN "a',\n"
    "  'aws.region' = 'eu-west-1',\n"
    "  'source.init.position' = 'LATEST',\n"
    "  'format' = 'kinesis-json'\n"
    ");\n"
    "\n"
    "CREATE STREAM \"OUT\" (N INTEGER);\n"
    "CREATE PUMP P AS INSERT INTO \"OUT\" SELECT STREAM \"n\" FROM \"IN_001\";\n"
    "\n"
    "CREATE TABLE \"output 1: OUT\" WITH (\n"
    "  'connector' = 'kinesis',\n"
    "  'stream.arn' = '" ARN "b',\n"
    "  'aws.region' = 'eu-west-1',\n"
    "  'format' = 'kinesis-json'\n"
    ") AS SELECT * FROM \"OUT\";\n";

struct replaced {
  bool input;
  const char *name, *with;
};

/* The script, or the error with its hint. */
static void show(const char *text, const struct replaced *replaced, struct wr_buffer *out)
{
  struct wr_arena arena = {0};
  struct wr_application application;
  struct wr_application_code place;
  struct wr_error err;
  wr_error_clear(&err);
  enum wr_code code = wr_application_read(text, strlen(text), &arena, &application, &err);
  if (code == WR_OK && replaced)
    code = wr_application_replace(&application, &arena, replaced->input, replaced->name,
                                  replaced->with, &err);
  if (code == WR_OK)
    code = wr_application_print(&application, &arena, out, &place, &err);
  if (code == WR_OK) {
    CU_ASSERT(place.offset + place.length <= out->length &&
              memcmp(out->bytes + place.offset, application.code, place.length) == 0);
    struct wr_script *script;
    CU_ASSERT(wr_parse(out->bytes, out->length, &arena, &script, &err) == WR_OK);
  } else {
    wr_buffer_clear(out);
    wr_buffer_print(out, "%s", err.message);
    if (err.hint[0])
      wr_buffer_print(out, "; %s", err.hint);
  }
  wr_arena_free(&arena);
}

static void expect(const char *text, const struct replaced *replaced, const char *expected)
{
  struct wr_buffer out = {0};
  show(text, replaced, &out);
  WR_CHECK(strcmp(wr_buffer_string(&out), expected) == 0, "%.80s\n%s", text, out.bytes);
  wr_buffer_free(&out);
}

/* Part of the script or of the error. */
static void expect_part(const char *text, const struct replaced *replaced, const char *part)
{
  struct wr_buffer out = {0};
  show(text, replaced, &out);
  WR_CHECK(strstr(wr_buffer_string(&out), part) != NULL, "%.80s\n%s", text, out.bytes);
  wr_buffer_free(&out);
}

static void every_kind(void)
{
  static const char *const texts[] = {
      /* DescribeApplication, version 1 */
      "{\"ApplicationDetail\":{\"ApplicationName\":\"app\",\"ApplicationCode\":\"" CODE "\","
      "\"InputDescriptions\":[{\"NamePrefix\":\"IN\",\"KinesisStreamsInputDescription\":"
      "{\"ResourceARN\":\"" ARN "a\",\"RoleARN\":\"r\"},\"InputSchema\":" SCHEMA ","
      "\"InputParallelism\":{\"Count\":1},\"InputStartingPositionConfiguration\":"
      "{\"InputStartingPosition\":\"NOW\"}}],\"OutputDescriptions\":[{\"Name\":\"OUT\","
      "\"KinesisStreamsOutputDescription\":{\"ResourceARN\":\"" ARN "b\"},\"DestinationSchema\":"
      "{\"RecordFormatType\":\"JSON\"}}]}}",
      /* and 2 */
      "{\"ApplicationDetail\":{\"ApplicationName\":\"app\",\"RuntimeEnvironment\":\"SQL-1_0\","
      "\"ApplicationConfigurationDescription\":{\"SqlApplicationConfigurationDescription\":{"
      "\"InputDescriptions\":[{\"NamePrefix\":\"IN\",\"KinesisStreamsInputDescription\":"
      "{\"ResourceARN\":\"" ARN "a\"},\"InputSchema\":" SCHEMA "}],\"OutputDescriptions\":[{"
      "\"Name\":\"OUT\",\"KinesisStreamsOutputDescription\":{\"ResourceARN\":\"" ARN "b\"}}]},"
      "\"ApplicationCodeConfigurationDescription\":{\"CodeContentDescription\":{\"TextContent\":"
      "\"" CODE "\"}}}}}",
      /* CreateApplication, version 1 */
      " {\"ApplicationName\":\"app\",\"ApplicationCode\":\"" CODE "\",\"Inputs\":[{\"NamePrefix\":"
      "\"IN\",\"KinesisStreamsInput\":{\"ResourceARN\":\"" ARN "a\"},\"InputSchema\":" SCHEMA "}],"
      "\"Outputs\":[{\"Name\":\"OUT\",\"KinesisStreamsOutput\":{\"ResourceARN\":\"" ARN "b\"}}]}\n",
      /* and 2 */
      "{\"ApplicationName\":\"app\",\"ApplicationConfiguration\":{\"SqlApplicationConfiguration\":{"
      "\"Inputs\":[{\"NamePrefix\":\"IN\",\"KinesisStreamsInput\":{\"ResourceARN\":\"" ARN "a\"},"
      "\"InputSchema\":" SCHEMA "}],\"Outputs\":[{\"Name\":\"OUT\",\"KinesisStreamsOutput\":"
      "{\"ResourceARN\":\"" ARN "b\"}}]},\"ApplicationCodeConfiguration\":{\"CodeContent\":"
      "{\"TextContent\":\"" CODE "\"},\"CodeContentType\":\"PLAINTEXT\"}}}",
      /* CloudFormation */
      "{\"AWSTemplateFormatVersion\":\"2010-09-09\",\"Parameters\":{\"Name\":{\"Type\":\"String\","
      "\"Default\":\"app\"}},\"Resources\":{\"App\":{\"Type\":\"AWS::KinesisAnalytics::Application\","
      "\"Properties\":{\"ApplicationName\":{\"Ref\":\"Name\"},\"ApplicationCode\":{\"Fn::Join\":"
      "[\"\",[\"CREATE STREAM \\\"OUT\\\" (N INTEGER);\\n\",{\"Fn::Sub\":\"CREATE PUMP P AS INSERT "
      "INTO \\\"OUT\\\" SELECT STREAM \\\"n\\\" FROM \\\"IN_001\\\";\"}]]},\"Inputs\":[{"
      "\"NamePrefix\":\"IN\",\"KinesisStreamsInput\":{\"ResourceARN\":\"" ARN "a\"},"
      "\"InputSchema\":" SCHEMA "}]}},\"AppOutput\":{\"Type\":"
      "\"AWS::KinesisAnalytics::ApplicationOutput\",\"Properties\":{\"ApplicationName\":{\"Ref\":"
      "\"App\"},\"Output\":{\"Name\":\"OUT\",\"KinesisStreamsOutput\":{\"ResourceARN\":\"" ARN
      "b\"},\"DestinationSchema\":{\"RecordFormatType\":\"JSON\"}}}}}}",
      /* Terraform */
      "{\"format_version\":\"1.0\",\"values\":{\"root_module\":{\"resources\":[{\"type\":"
      "\"aws_iam_role\",\"values\":{}},{\"type\":\"aws_kinesis_analytics_application\",\"values\":{"
      "\"name\":\"app\",\"code\":\"" CODE "\",\"cloudwatch_logging_options\":[],\"inputs\":[{"
      "\"name_prefix\":\"IN\",\"kinesis_firehose\":[],\"kinesis_stream\":[{\"resource_arn\":\"" ARN
      "a\"}],\"parallelism\":[{\"count\":1}],\"schema\":[{\"record_columns\":[{\"mapping\":\"$.n\","
      "\"name\":\"n\",\"sql_type\":\"INTEGER\"}],\"record_encoding\":\"UTF-8\",\"record_format\":[{"
      "\"mapping_parameters\":[{\"csv\":[],\"json\":[{\"record_row_path\":\"$\"}]}]}]}]}],"
      "\"outputs\":[{\"name\":\"OUT\",\"kinesis_stream\":[{\"resource_arn\":\"" ARN
      "b\"}],\"lambda\":[],\"schema\":[{\"record_format_type\":\"JSON\"}]}]}}]}}}",
      "{\"version\":4,\"resources\":[{\"type\":\"aws_kinesisanalyticsv2_application\",\"instances\":"
      "[{\"attributes\":{\"name\":\"app\",\"runtime_environment\":\"SQL-1_0\","
      "\"application_configuration\":[{\"application_code_configuration\":[{\"code_content\":[{"
      "\"s3_content_location\":[],\"text_content\":\"" CODE "\"}]}],"
      "\"sql_application_configuration\":[{\"input\":[{\"name_prefix\":\"IN\",\"input_schema\":[{"
      "\"record_column\":[{\"name\":\"n\",\"sql_type\":\"INTEGER\",\"mapping\":\"$.n\"}],"
      "\"record_format\":[{\"record_format_type\":\"JSON\",\"mapping_parameters\":[{"
      "\"json_mapping_parameters\":[{\"record_row_path\":\"$\"}]}]}]}],\"kinesis_streams_input\":[{"
      "\"resource_arn\":\"" ARN "a\"}]}],\"output\":[{\"name\":\"OUT\",\"destination_schema\":[{"
      "\"record_format_type\":\"JSON\"}],\"kinesis_streams_output\":[{\"resource_arn\":\"" ARN
      "b\"}]}]}]}]}}]}]}",
  };
  for (size_t i = 0; i < WR_COUNT(texts); i++)
    expect(texts[i], NULL, same);
}

#define APP(input, more)                                                                       \
  "{\"ApplicationName\":\"app\",\"ApplicationCode\":\"" CODE "\",\"Inputs\":[{\"NamePrefix\":" \
  "\"IN\"," input "}]" more "}"
#define FROM_A     "\"KinesisStreamsInput\":{\"ResourceARN\":\"" ARN "a\"}"
#define OUTPUT(to) ",\"Outputs\":[{\"Name\":\"OUT\"," to "}]"

static void details(void)
{
  static const struct {
    const char *text, *part;
  } rows[] = {
      {APP(FROM_A
           ",\"InputStartingPositionConfiguration\":{\"InputStartingPosition\":"
           "\"TRIM_HORIZON\"},\"InputSchema\":{\"RecordFormat\":{\"RecordFormatType\":\"CSV\","
           "\"MappingParameters\":{\"CSVMappingParameters\":{\"RecordRowDelimiter\":\"\\r\\n\","
           "\"RecordColumnDelimiter\":\"\\\\t\"}}},\"RecordColumns\":[{\"Name\":\"a\\\"b\","
           "\"SqlType\":\"DECIMAL(5, 2)\",\"Mapping\":\"0\"}]}",
           ""),
       "  \"a\"\"b\" DECIMAL(5, 2)\n) WITH (\n  'connector' = 'kinesis',\n  'stream.arn' = '" ARN
       "a',\n  'aws.region' = 'eu-west-1',\n  'source.init.position' = 'TRIM_HORIZON',\n"
       "  'format' = 'kinesis-csv',\n  'kinesis-csv.row-delimiter' = '\\r\\n',\n"
       "  'kinesis-csv.column-delimiter' = '\\t'\n);"},
      {APP(FROM_A
           ",\"InputSchema\":{\"RecordFormat\":{\"RecordFormatType\":\"JSON\","
           "\"MappingParameters\":{\"JSONMappingParameters\":{\"RecordRowPath\":\"$.rows[0:]\"}}"
           "},\"RecordColumns\":[{\"Name\":\"n\",\"SqlType\":\"VARCHAR(4)\",\"Mapping\":"
           "\"$.it's\"}]}",
           ""),
       "  'format' = 'kinesis-json',\n  'kinesis-json.row-path' = '$.rows[0:]',\n"
       "  'kinesis-json.path.n' = '$.it''s'\n);"},
      {APP(FROM_A ",\"InputSchema\":" SCHEMA,
           ",\"ReferenceDataSources\":[{\"TableName\":\"T\",\"S3ReferenceDataSource\":{"
           "\"BucketARN\":\"arn:aws:s3:::bucket\",\"FileKey\":\"a/b.json\"},\"ReferenceSchema\":" SCHEMA
           "}]"),
       "CREATE TABLE \"T\" (\n  \"n\" INTEGER\n) WITH (\n  'connector' = 's3',\n"
       "  'path' = 's3://bucket/a/b.json',\n  'aws.region' = 'eu-west-1',\n"
       "  'format' = 'kinesis-json'\n);"},
      {APP(FROM_A ",\"InputSchema\":" SCHEMA,
           OUTPUT("\"KinesisFirehoseOutput\":{\"ResourceARN\":"
                  "\"arn:aws:firehose:eu-west-1:1:deliverystream/d\"},\"DestinationSchema\":{"
                  "\"RecordFormatType\":\"CSV\"}")),
       "  'connector' = 'firehose',\n  'delivery-stream' = 'd',\n  'aws.region' = 'eu-west-1',\n"
       "  'format' = 'kinesis-csv'\n) AS SELECT * FROM \"OUT\";"},
      {APP(FROM_A ",\"InputSchema\":" SCHEMA,
           ",\"Outputs\":[{\"Name\":\"error_stream\",\"KinesisStreamsOutput\":{\"ResourceARN\":"
           "\"" ARN "e\"},\"DestinationSchema\":{\"RecordFormatType\":\"CSV\"}}]"),
       "  'format' = 'kinesis-csv',\n  'kinesis-csv.end-rows' = 'true'\n"
       ") AS SELECT * FROM error_stream;"},
      {APP(FROM_A ",\"InputParallelism\":{\"Count\":2},\"InputSchema\":" SCHEMA, ""),
       "CREATE STREAM \"IN_002\" (\n  \"n\" INTEGER\n);\n"
       "CREATE PUMP \"IN_002 of IN of all shards\" AS INSERT INTO \"IN_002\" (\"n\")\n"
       "  SELECT STREAM \"n\" FROM \"IN of all shards\"\n"
       "  WHERE MOD(CAST(SUBSTRING(\"shard of it\" FROM 9) AS BIGINT), 2) = 1;\n"},
      {"{\"ApplicationCode\":\"-- approximate_arrival_time, \\\"PARTITION_KEY\\\"\\n" CODE
       "\",\"Inputs\":[{\"NamePrefix\":\"IN\"," FROM_A ",\"InputSchema\":" SCHEMA "}]}",
       "  \"n\" INTEGER,\n  \"APPROXIMATE_ARRIVAL_TIME\" TIMESTAMP(3) METADATA FROM "
       "'approximate_arrival_timestamp' VIRTUAL,\n  \"PARTITION_KEY\" VARCHAR(256) METADATA FROM "
       "'partition_key' VIRTUAL\n) WITH ("},
      {"{\"Resources\":{\"S\":{\"Type\":\"AWS::Kinesis::Stream\",\"Properties\":{\"Name\":\"real\"}},"
       "\"A\":{\"Type\":\"AWS::KinesisAnalyticsV2::Application\",\"Properties\":{"
       "\"RuntimeEnvironment\":\"SQL-1_0\",\"ApplicationConfiguration\":{"
       "\"ApplicationCodeConfiguration\":{\"CodeContent\":{\"TextContent\":\"" CODE
       "\"}},\"SqlApplicationConfiguration\":{\"Inputs\":[{\"NamePrefix\":\"IN\","
       "\"KinesisStreamsInput\":{\"ResourceARN\":{\"Fn::GetAtt\":[\"S\",\"Arn\"]}},"
       "\"InputSchema\":" SCHEMA "}]}}}}}}",
       "'connector' = 'kinesis',\n  'stream' = 'real',\n  'source.init"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    expect_part(rows[i].text, NULL, rows[i].part);
}

static void refused(void)
{
  static const struct {
    const char *text, *part;
  } rows[] = {
      {"{\"a\":", "the description is not JSON: it ends too early"},
      {"{} x", "the description is not JSON: unexpected character"},
      {"{}", "this JSON describes no application"},
      {"{\"Resources\":{}}", "the template has no resource of type"},
      {"{\"ApplicationName\":\"a\",\"RuntimeEnvironment\":\"FLINK-1_15\"}",
       "the application runs FLINK-1_15, not SQL"},
      {"{\"ApplicationName\":\"a\"}", "the description has no ApplicationCode; --code FILE.sql"},
      {"{\"ApplicationName\":\"a\",\"Inputs\":[{}]}", "an input has no NamePrefix"},
      {APP(FROM_A, ""), "input IN has no schema"},
      {APP("\"InputSchema\":" SCHEMA, ""), "input IN names no stream"},
      {APP(FROM_A ",\"InputSchema\":{\"RecordColumns\":[{\"Name\":\"a\"}]}", ""),
       "column 1 of input IN has no SqlType"},
      {APP(FROM_A ",\"InputSchema\":{\"RecordColumns\":[{\"Name\":\"a\",\"SqlType\":"
                  "\"INT); DROP\"}]}",
           ""),
       "column a of input IN has the SqlType 'INT); DROP'"},
      {APP(FROM_A ",\"InputParallelism\":{\"Count\":65},\"InputSchema\":" SCHEMA, ""),
       "the InputParallelism of input IN is 65, but 1 to 64"},
      {APP("\"KinesisStreamsInput\":{\"ResourceARN\":\"stream\"},\"InputSchema\":" SCHEMA, ""),
       "'stream' of input IN is no ARN of a stream"},
      {APP("\"KinesisStreamsInput\":{\"ResourceARN\":{\"Fn::ImportValue\":\"x\"}},"
           "\"InputSchema\":" SCHEMA,
           ""),
       "ResourceARN of input IN is {\"Fn::ImportValue\":\"x\"}, which the template alone"},
      {APP("\"KinesisFirehoseInput\":{\"ResourceARN\":"
           "\"arn:aws:firehose:eu-west-1:1:deliverystream/d\"},\"InputSchema\":" SCHEMA,
           ""),
       "input IN is a delivery stream of Firehose, which nobody else can read; read the stream"},
      {APP(FROM_A ",\"InputProcessingConfiguration\":{\"InputLambdaProcessor\":{\"ResourceARN\":"
                  "\"arn:aws:lambda:eu-west-1:1:function:f\"}},\"InputSchema\":" SCHEMA,
           ""),
       "input IN has a Lambda function in front of it; have the function write"},
      {APP(FROM_A ",\"InputSchema\":" SCHEMA,
           OUTPUT("\"LambdaOutput\":{\"ResourceARN\":\"arn:aws:lambda:eu-west-1:1:function:f\"}")),
       "output OUT goes to a Lambda function; let it go to a stream"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    expect_part(rows[i].text, NULL, rows[i].part);
}

static void replacing(void)
{
  static const char app[] = APP(
      "\"KinesisFirehoseInput\":{\"ResourceARN\":\"arn:aws:firehose:eu-west-1:1:deliverystream/"
      "d\"},\"InputProcessingConfiguration\":{\"InputLambdaProcessor\":{\"ResourceARN\":\"x\"}},"
      "\"InputSchema\":" SCHEMA,
      OUTPUT("\"KinesisStreamsOutput\":{\"ResourceARN\":\"" ARN "b\"}"));
  static const struct {
    struct replaced replaced;
    const char *part;
  } rows[] = {
      {{true, "IN", "in.json"}, "'connector' = 'filesystem',\n  'path' = 'in.json',\n  'format'"},
      {{true, "IN_001", "-"}, "'connector' = 'stdin',\n  'format'"},
      {{true, "IN", ARN "c"}, "'stream.arn' = '" ARN "c'"},
      {{true, "OUT", "x"},
       "the application has no input OUT; inputs are named by their NamePrefix"},
      {{false, "IN", "x"}, "the application has no output IN"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    expect_part(app, &rows[i].replaced, rows[i].part);
  struct wr_buffer out = {0};
  static const struct replaced shown = {false, "OUT", "-"};
  static const char simple[] =
      APP(FROM_A ",\"InputSchema\":" SCHEMA, OUTPUT("\"LambdaOutput\":{\"ResourceARN\":\"x\"}"));
  show(simple, &shown, &out);
  WR_CHECK(strstr(wr_buffer_string(&out), "CREATE TABLE") == NULL, "%s", out.bytes);
  wr_buffer_free(&out);
}

/* A description that is read, its only output shown if wanted, and printed. */
static void print(const char *text, bool shown, struct wr_arena *arena, struct wr_buffer *out,
                  struct wr_application *application, struct wr_application_code *place)
{
  struct wr_error err;
  enum wr_code code = wr_application_read(text, strlen(text), arena, application, &err);
  for (uint32_t i = 0; i < application->output_count && shown && code == WR_OK; i++)
    code = wr_application_replace(application, arena, false, application->outputs[i].stream, "-",
                                  &err);
  if (code == WR_OK)
    code = wr_application_print(application, arena, out, place, &err);
  CU_ASSERT_FATAL(code == WR_OK);
}

/* What every place of the script was made of. */
static void pieces(void)
{
  static const char text[] =
      APP(FROM_A ",\"InputSchema\":{\"RecordColumns\":[{\"Name\":\"m\",\"SqlType\":\"INTEGER\"},"
                 "{\"Name\":\"n\",\"SqlType\":\"INTEGER\",\"Mapping\":\"$.x\"}]}",
          OUTPUT("\"KinesisStreamsOutput\":{\"ResourceARN\":\"" ARN "b\"}"));
  static const struct {
    const char *at, *what;
    bool is_output;
  } rows[] = {{"SET 'pipeline", NULL, false},
              {"INTEGER,", "column m of input IN", false},
              {"\"n\" INTEGER\n", "column n of input IN", false},
              {"'$.x'", "column n of input IN", false},
              {"'connector'", "input IN", false},
              {"CREATE PUMP", NULL, false},
              {"\"OUT\";\n", "output OUT", true}};
  struct wr_arena arena = {0};
  struct wr_buffer out = {0};
  struct wr_application application;
  struct wr_application_code place;
  print(text, false, &arena, &out, &application, &place);
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const char *at = strstr(wr_buffer_string(&out), rows[i].at);
    CU_ASSERT_FATAL(at != NULL);
    const struct wr_application_piece *piece =
        wr_application_piece_at(place.pieces, place.piece_count, (size_t)(at - out.bytes));
    const char *what = piece ? piece->what : "nothing";
    WR_CHECK(strcmp(what, rows[i].what ? rows[i].what : "nothing") == 0, "%s: %s", rows[i].at,
             what);
    CU_ASSERT((piece && piece->is_output) == rows[i].is_output);
  }
  CU_ASSERT(application.warning_count == 0);
  wr_buffer_free(&out);
  wr_arena_free(&arena);
}

/* Streams that share the records of an input, and that nobody reads. */
static void unread_shares(void)
{
  static const struct {
    const char *text, *part;
  } rows[] = {
      {APP(FROM_A ",\"InputParallelism\":{\"Count\":1},\"InputSchema\":" SCHEMA, ""), NULL},
      {APP(FROM_A ",\"InputParallelism\":{\"Count\":2},\"InputSchema\":" SCHEMA, ""),
       "input IN are shared by 2 streams (InputParallelism), and the code does not read IN_002: "},
      {APP(FROM_A ",\"InputParallelism\":{\"Count\":9},\"InputSchema\":" SCHEMA, ""),
       "the code does not read IN_002, IN_003, IN_004 and 5 more: the rows there"},
      {"{\"ApplicationCode\":\"/* \\\"IN_002\\\" */ SELECT STREAM '--', \\\"IN_001\\\".* FROM IN_001; -- "
       "in_002\",\"Inputs\":[{\"NamePrefix\":\"IN\"," FROM_A
       ",\"InputParallelism\":{\"Count\":2},\"InputSchema\":" SCHEMA "}]}",
       "the code does not read IN_002: "},
      {"{\"ApplicationCode\":\"SELECT STREAM * FROM IN_001 UNION ALL SELECT STREAM * FROM in_002;\","
       "\"Inputs\":[{\"NamePrefix\":\"IN\"," FROM_A
       ",\"InputParallelism\":{\"Count\":2},\"InputSchema\":" SCHEMA "}]}",
       NULL},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_buffer out = {0};
    struct wr_application application;
    struct wr_application_code place;
    print(rows[i].text, false, &arena, &out, &application, &place);
    CU_ASSERT(application.warning_count == (rows[i].part != NULL));
    if (rows[i].part && application.warning_count)
      WR_CHECK(strstr(application.warnings[0], rows[i].part) != NULL, "%s",
               application.warnings[0]);
    wr_buffer_free(&out);
    wr_arena_free(&arena);
  }
}

/* Outputs on standard output: one has plain rows, of several each says whose they are. */
static void shown_outputs(void)
{
#define ERRORS "{\"Name\":\"error_stream\",\"KinesisStreamsOutput\":{\"ResourceARN\":\"" ARN "e\"}}"
#define ROWS   "{\"Name\":\"OUT\",\"KinesisStreamsOutput\":{\"ResourceARN\":\"" ARN "b\"}}"
  static const struct {
    const char *text;
    int json, named;
  } rows[] = {
      {APP(FROM_A ",\"InputSchema\":" SCHEMA, ",\"Outputs\":[" ROWS "]"), 0, 0},
      {APP(FROM_A ",\"InputSchema\":" SCHEMA, ",\"Outputs\":[" ERRORS "]"), 1, 0},
      {APP(FROM_A ",\"InputSchema\":" SCHEMA, ",\"Outputs\":[" ROWS "," ERRORS "]"), 2, 2},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_buffer out = {0};
    struct wr_application application;
    struct wr_application_code place;
    int json = 0, named = 0;
    print(rows[i].text, true, &arena, &out, &application, &place);
    const char *script = wr_buffer_string(&out);
    for (const char *at = script; (at = strstr(at, "'print-style' = 'json'")) != NULL; at++)
      json++;
    for (const char *at = script; (at = strstr(at, "'print-identifier' = '")) != NULL; at++)
      named++;
    WR_CHECK(json == rows[i].json && named == rows[i].named, "%s", script);
    wr_buffer_free(&out);
    wr_arena_free(&arena);
  }
}

static const struct wr_test tests[] = {
    {"every kind", every_kind},       {"details", details}, {"refused", refused},
    {"replacing", replacing},         {"pieces", pieces},   {"unread shares", unread_shares},
    {"shown outputs", shown_outputs}, {NULL, NULL},
};
const struct wr_suite wr_suite_application = {"application", tests};
