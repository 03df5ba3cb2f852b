/* SPDX-License-Identifier: Apache-2.0 */
/* The formats kinesis-json and kinesis-csv: paths, the table of conversions, delimiters, and what
 * is written. */
#include "core/builder.h"
#include "formats/mapping_path.h"
#include "tests/unit/decode.h"

static const struct wr_field path_fields[] = {
    {"id", &wr_type_int}, {"city", &wr_type_string}, {"tags", &wr_type_string}};
static const struct wr_schema path_schema = {3, path_fields};

static struct decode_trial trial(const char *format, const struct wr_schema *schema,
                                 const char *const *options)
{
  return (struct decode_trial){.format = format, .schema = schema, .options = options};
}

/* Paths as texts with their parts, or what is wrong with them. */
static void paths(void)
{
  static const struct {
    const char *text, *parts;
  } rows[] = {
      {"$", ""},
      {"$.a", "a"},
      {"$.a.b-c.@d", "a|b-c|@d"},
      {"$['a b'].c[\"d.e\"]", "a b|c|d.e"},
      {"$.a[0:]", "a[]"},
      {"$.a[*]", "a[]"},
      {"$.a[0:].b.c", "a[]|b|c"},
      {"$[0:].a", "a"},
      {"a", "'a' is no path of a JSON value: character 1 is wrong"},
      {"$.", "'$.' is no path of a JSON value: character 3 is wrong"},
      {"$..a", "'$..a' is no path of a JSON value: character 3 is wrong"},
      {"$a", "'$a' is no path of a JSON value: character 2 is wrong"},
      {"$.a[", "'$.a[' is no path of a JSON value: character 4 is wrong"},
      {"$['a", "'$['a' is no path of a JSON value: character 2 is wrong"},
      {"$.a[0:][0:]", "'$.a[0:][0:]' is no path of a JSON value: character 8 is wrong"},
      {"$.a[0:].b[0:].c", "the path '$.a[0:].b[0:].c' goes through two arrays"},
      {"$.a[3]", "the path '$.a[3]' takes one item of an array"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_arena arena = {0};
    struct wr_buffer out = {0};
    struct wr_mapping_path path;
    struct wr_error err;
    if (wr_mapping_path_parse(rows[i].text, &arena, &path, &err) != WR_OK)
      wr_buffer_put_string(&out, err.message);
    else
      for (uint32_t n = 0; n < path.count; n++) {
        bool list = n + 1 == path.list || (n + 1 == path.count && path.is_list);
        wr_buffer_print(&out, "%s%s%s", n ? "|" : "", path.names[n], list ? "[]" : "");
      }
    WR_CHECK(strcmp(wr_buffer_string(&out), rows[i].parts) == 0, "%s: %s", rows[i].text,
             wr_buffer_string(&out));
    wr_buffer_free(&out);
    wr_arena_free(&arena);
  }
}

static void mapping(void)
{
  static const char *const options[] = {"kinesis-json.path.id",
                                        "$.head.id",
                                        "kinesis-json.path.city",
                                        "$.head.place.city",
                                        "kinesis-json.path.tags",
                                        "$.tags[0:]",
                                        NULL};
  decode_check_text(
      trial("kinesis-json", &path_schema, options),
      "{\"head\":{\"id\":1,\"place\":{\"city\":\"Bonn\"}},\"tags\":[\"a\", {\"b\":1}]}\n"
      "{\"head\":{\"id\":2,\"place\":null},\"tags\":[]}\n"
      "{\"head\":5}\n"
      "{}{\"head\":{\"id\":\"3\"}} {\"tags\":7}\n"
      "[{\"head\":{\"id\":4}}, {}]\n"
      "{\"head\":{\"id\":1,\"place\":{\"city\":\"x\"}},\"head\":{\"place\":{}}}\n",
      "{\"id\":1,\"city\":\"Bonn\",\"tags\":\"[\\\"a\\\", {\\\"b\\\":1}]\"}\n"
      "{\"id\":2,\"city\":null,\"tags\":\"[]\"}\n"
      "{\"id\":null,\"city\":null,\"tags\":null}\n"
      "{\"id\":null,\"city\":null,\"tags\":null}\n"
      "{\"id\":3,\"city\":null,\"tags\":null}\n"
      "{\"id\":null,\"city\":null,\"tags\":\"7\"}\n"
      "{\"id\":4,\"city\":null,\"tags\":null}\n"
      "{\"id\":null,\"city\":null,\"tags\":null}\n"
      "{\"id\":null,\"city\":null,\"tags\":null}\n");
}

/* One array gives rows; what is outside of it is repeated. */
static void flattening(void)
{
  static const char *const options[] = {"kinesis-json.path.city", "$.orders[0:].item",
                                        "kinesis-json.path.tags", "$.orders[0:].more.x", NULL};
  decode_check_text(
      trial("kinesis-json", &path_schema, options),
      "{\"id\":1,\"orders\":[{\"item\":\"pen\"},{\"more\":{\"x\":[1]},\"item\":\"cap\"},5,{}]}\n"
      "{\"id\":2,\"orders\":[]}\n"
      "{\"id\":3}\n"
      "{\"orders\":{\"item\":\"single\"},\"id\":4}\n"
      "{\"id\":5,\"orders\":[{\"item\":\"a\"},{\"item\":\"a text that is longer\"}]}\n"
      "{\"id\":\"x\",\"orders\":[{},{}]}\n"
      "{\"id\":6,\"orders\":[{},{]}\n"
      "{\"id\":7,\"orders\":[null]}\n",
      "{\"id\":1,\"city\":\"pen\",\"tags\":null}\n"
      "{\"id\":1,\"city\":\"cap\",\"tags\":\"[1]\"}\n"
      "{\"id\":1,\"city\":null,\"tags\":null}\n"
      "{\"id\":1,\"city\":null,\"tags\":null}\n"
      "{\"id\":2,\"city\":null,\"tags\":null}\n"
      "{\"id\":3,\"city\":null,\"tags\":null}\n"
      "{\"id\":4,\"city\":\"single\",\"tags\":null}\n"
      "{\"id\":5,\"city\":\"a\",\"tags\":null}\n"
      "{\"id\":5,\"city\":\"a text that is longer\",\"tags\":null}\n"
      "! column id: \"x\" is not an INT\n"
      "! the record is not JSON: at byte 23 a field name in quotes is expected\n"
      "{\"id\":7,\"city\":null,\"tags\":null}\n");
}

/* Rows that hang deeper: paths are absolute or from there on, and no item is no row. */
static void row_path(void)
{
  static const char *const options[] = {"kinesis-json.row-path",
                                        "$.batch.rows[0:]",
                                        "kinesis-json.path.city",
                                        "$.batch.rows[0:].c",
                                        "kinesis-json.path.tags",
                                        "$.deep.t",
                                        NULL};
  decode_check_text(
      trial("kinesis-json", &path_schema, options),
      "{\"batch\":{\"rows\":[{\"id\":1,\"c\":\"x\"},{\"deep\":{\"t\":\"y\"}}]}}\n{\"batch\":{}}\n"
      "{\"batch\":{\"rows\":[]}}{\"batch\":{\"rows\":{\"id\":3}}}\n",
      "{\"id\":1,\"city\":\"x\",\"tags\":null}\n{\"id\":null,\"city\":null,\"tags\":\"y\"}\n"
      "{\"id\":3,\"city\":null,\"tags\":null}\n");
  static const char *const whole[] = {"kinesis-json.row-path", "$.rows", "kinesis-json.path.tags",
                                      "$", NULL};
  decode_check_text(trial("kinesis-json", &path_schema, whole),
                    "{\"rows\":[{\"id\":1}, \"two\"]}\n",
                    "{\"id\":1,\"city\":null,\"tags\":\"{\\\"id\\\":1}\"}\n"
                    "{\"id\":null,\"city\":null,\"tags\":\"two\"}\n");
}

/* The record itself, which only a text can hold; also the first of a window. */
static void whole_record(void)
{
  static const char *const options[] = {"kinesis-json.path.city", "$", NULL};
  decode_check_text(trial("kinesis-json", &path_schema, options), "{\"id\":1}\n{ }{\"id\":2}\n",
                    "{\"id\":1,\"city\":\"{\\\"id\\\":1}\",\"tags\":null}\n"
                    "{\"id\":null,\"city\":\"{ }\",\"tags\":null}\n"
                    "{\"id\":2,\"city\":\"{\\\"id\\\":2}\",\"tags\":null}\n");
  static const char *const wrong[] = {"kinesis-json.path.id", "$", NULL};
  decode_check_text(trial("kinesis-json", &path_schema, wrong), "{\"id\":1}\n{\"id\":1}\n",
                    "! column id is the whole record, which only a text can hold\n"
                    "! column id is the whole record, which only a text can hold\n");
}

/* Documents of several lines; one that is not closed costs its first line. */
static void lines(void)
{
  static const struct wr_schema schema = {1, path_fields};
  decode_check_text(
      trial("kinesis-json", &schema, NULL),
      "{\n  \"id\": 1,\n  \"x\": {\"}\": [1,\n2]\n}\n}\n\n{\"id\":2}\n[\n{\"id\":3}\n]\n",
      "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
  decode_check_text(trial("kinesis-json", &schema, NULL), "{\"id\":1,\n{\"id\":2}\n",
                    "! the record is not JSON: it ends too early\n{\"id\":2}\n");
}

/* ---- conversions */

struct conversion {
  const char *json, *value; /* NULL: an error */
};

static void convert(const struct wr_type *type, const struct conversion *rows, size_t count)
{
  const struct wr_field field = {"v", type};
  const struct wr_schema schema = {1, &field};
  struct wr_buffer text = {0}, out = {0};
  char name[64];
  wr_type_print(type, name, sizeof name);
  for (size_t i = 0; i < count; i++) {
    wr_buffer_clear(&text);
    wr_buffer_clear(&out);
    wr_buffer_print(&text, "{\"v\":%s}", rows[i].json);
    struct decode_trial one = trial("kinesis-json", &schema, NULL);
    decode_text(&one, wr_buffer_string(&text), text.length, 1 << 20, 8, &out);
    wr_buffer_clear(&text);
    if (rows[i].value)
      wr_buffer_print(&text, "{\"v\":%s}\n", rows[i].value);
    const char *got = wr_buffer_string(&out);
    bool same = rows[i].value ? strcmp(got, wr_buffer_string(&text)) == 0 : *got == '!';
    WR_CHECK(same, "%s as %s: %s", rows[i].json, name, got);
  }
  wr_buffer_free(&text);
  wr_buffer_free(&out);
}

static void conversions(void)
{
  struct wr_arena arena = {0};
  static const struct conversion ints[] = {
      {"null", "null"}, {"true", "1"},     {"false", "0"},       {"12", "12"},   {"12.0", "12"},
      {"123.4", NULL},  {"1e2", "100"},    {"3000000000", NULL}, {"\"7\"", "7"}, {"\" 7 \"", "7"},
      {"\"x\"", NULL},  {"\"1.5\"", NULL}, {"\"\"", NULL},       {"[1]", NULL},  {"{}", NULL}};
  static const struct conversion decimals[] = {
      {"1.25", "1.25"},   {"1.250", "1.25"}, {"1.255", NULL},     {"1000", NULL},  {"true", "1.00"},
      {"125e-2", "1.25"}, {"1255e-3", NULL}, {"\"1.5\"", "1.50"}, {"null", "null"}};
  static const struct conversion doubles[] = {
      {"1.5", "1.5"}, {"true", "1.0"}, {"\"2.5\"", "2.5"}, {"1e999", NULL}, {"[]", NULL}};
  static const struct conversion booleans[] = {
      {"true", "true"},     {"false", "false"}, {"0", "false"},   {"0.0", "false"},
      {"-0", "false"},      {"2", "true"},      {"1e-3", "true"}, {"\"TRUE\"", "true"},
      {"\"yes\"", "false"}, {"\"\"", "false"},  {"null", "null"}, {"[]", NULL},
      {"{\"a\":1}", NULL}};
  static const struct conversion texts[] = {
      {"\"abcdef\"", "\"abcd\""},
      {"true", "\"true\""},
      {"false", "\"fals\""},
      {"12345.6", "\"1234\""},
      {"null", "null"},
      {"[1,2]", "\"[1,2\""},
      {"{\"a\":1}", "\"{\\\"a\\\"\""},
      {"\"\\u00e4\\u00f6\\u00fcxy\"", "\"\xC3\xA4\xC3\xB6\xC3\xBCx\""},
      {"\"\"", "\"\""}};
  static const struct conversion binaries[] = {{"\"X'00ff'\"", "\"AP8=\""},
                                               {"\"AP8=\"", "\"AP8=\""},
                                               {"true", "\"AQ==\""},
                                               {"false", "\"AA==\""},
                                               {"12", NULL},
                                               {"\"X'0'\"", NULL},
                                               {"\"X'0g'\"", NULL},
                                               {"[]", NULL},
                                               {"null", "null"}};
  static const struct conversion times[] = {
      {"\"2026-01-02 03:04:05.678\"", "\"2026-01-02 03:04:05.678\""},
      {"\"2026-01-02\"", "\"2026-01-02 00:00:00.000\""},
      {"\"2018-06-13T14:11:05.766191\"", "\"2018-06-13 14:11:05.766\""},
      {"\"2018-06-13T14:11:05Z\"", "\"2018-06-13 14:11:05.000\""},
      {"\"2018-06-13T14:11:05+02:00\"", "\"2018-06-13 12:11:05.000\""},
      {"1700000000000", NULL},
      {"true", NULL},
      {"\"yesterday\"", NULL},
      {"[]", NULL},
      {"\"2026-02-30 00:00:00\"", NULL},
      {"null", "null"}};
  static const struct conversion dates[] = {{"\"2026-01-02\"", "\"2026-01-02\""},
                                            {"\"2026-01-02 03:04:05\"", "\"2026-01-02\""},
                                            {"20260102", NULL}};
  convert(&wr_type_int, ints, WR_COUNT(ints));
  convert(wr_type_decimal(&arena, 5, 2), decimals, WR_COUNT(decimals));
  convert(&wr_type_double, doubles, WR_COUNT(doubles));
  convert(&wr_type_boolean, booleans, WR_COUNT(booleans));
  convert(wr_type_text(&arena, WR_VARCHAR, 4), texts, WR_COUNT(texts));
  convert(&wr_type_bytes, binaries, WR_COUNT(binaries));
  convert(&wr_type_timestamp3, times, WR_COUNT(times));
  convert(&wr_type_date, dates, WR_COUNT(dates));
  wr_arena_free(&arena);
}

/* What is shorter or longer than its column becomes what CAST makes of it. */
static void lengths(void)
{
  struct wr_arena arena = {0};
  static const struct conversion chars[] = {{"\"ab\"", "\"ab  \""},
                                            {"\"abcd\"", "\"abcd\""},
                                            {"\"abcdef\"", "\"abcd\""},
                                            {"\"\"", "\"    \""},
                                            {"7", "\"7   \""},
                                            {"null", "null"},
                                            {"\"\\u00e4\"", "\"\xC3\xA4   \""}};
  static const struct conversion varbinaries[] = {{"\"X'0102030405'\"", "\"AQIDBA==\""},
                                                  {"\"AQIDBAUGBwg=\"", "\"AQIDBA==\""},
                                                  {"\"AQI=\"", "\"AQI=\""},
                                                  {"true", "\"AQ==\""}};
  static const struct conversion fixed[] = {{"\"X'0102030405'\"", "\"AQIDBA==\""},
                                            {"\"AQI=\"", "\"AQIAAA==\""},
                                            {"true", "\"AAAAAQ==\""}};
  convert(wr_type_text(&arena, WR_CHAR, 4), chars, WR_COUNT(chars));
  convert(wr_type_text(&arena, WR_VARBINARY, 4), varbinaries, WR_COUNT(varbinaries));
  convert(wr_type_text(&arena, WR_BINARY, 4), fixed, WR_COUNT(fixed));
  wr_arena_free(&arena);
}

/* ---- delimited text */

static const struct wr_field csv_fields[] = {
    {"a", &wr_type_int}, {"b", &wr_type_string}, {"c", &wr_type_boolean}};
static const struct wr_schema csv_schema = {3, csv_fields};

static void delimited(void)
{
  decode_check_text(
      trial("kinesis-csv", &csv_schema, NULL),
      "1,x,true\n 2 , \"y, z\" ,FALSE\r\n\n3,\"say \"\"x\"\"\",no,more,\n4,,\n"
      "5,\"x\" y,true\n6,it's 6\" long,true\n7,\"open,true\nx,y,true\n8,y",
      "{\"a\":1,\"b\":\"x\",\"c\":true}\n{\"a\":2,\"b\":\"y, z\",\"c\":false}\n"
      "{\"a\":3,\"b\":\"say \\\"x\\\"\",\"c\":false}\n{\"a\":4,\"b\":\"\",\"c\":null}\n"
      "{\"a\":5,\"b\":\"\\\"x\\\" y\",\"c\":true}\n"
      "{\"a\":6,\"b\":\"it's 6\\\" long\",\"c\":true}\n"
      "{\"a\":7,\"b\":\"\\\"open\",\"c\":true}\n"
      "! column a: 'x' is not an INT\n"
      "! the record has 2 values, but the table has 3 columns\n");
  static const char *const strange[] = {"kinesis-csv.row-delimiter", "|",
                                        "kinesis-csv.column-delimiter", "||", NULL};
  decode_check_text(trial("kinesis-csv", &csv_schema, strange), "1||x||true|2||y\n||1|",
                    "{\"a\":1,\"b\":\"x\",\"c\":true}\n{\"a\":2,\"b\":\"y\\n\",\"c\":false}\n");
  static const char *const tabs[] = {"kinesis-csv.row-delimiter", "\\r\\n;",
                                     "kinesis-csv.column-delimiter", "\\t", NULL};
  decode_check_text(trial("kinesis-csv", &csv_schema, tabs), "1\t x \ttrue\r\n;2\t\ttrue",
                    "{\"a\":1,\"b\":\"x\",\"c\":true}\n{\"a\":2,\"b\":\"\",\"c\":true}\n");
}

/* One column is the row as it is, up to the first delimiter. */
static void one_column(void)
{
  static const struct wr_schema schema = {1, path_fields + 1};
  decode_check_text(trial("kinesis-csv", &schema, NULL), "  a log line \r\nb,c\n\"in, quotes\"\n",
                    "{\"city\":\"  a log line \"}\n{\"city\":\"b\"}\n{\"city\":\"in, quotes\"}\n");
}

/* A record of a stream may hold several rows, and one bad row costs the record. */
static void several_rows(void)
{
  struct wr_error err;
  const uint32_t wanted[] = {0, 2};
  const struct wr_options none = {.values = NULL};
  const struct wr_format_spec spec = {
      .schema = &csv_schema, .wanted = wanted, .wanted_count = 2, .options = &none};
  const struct wr_format *format = wr_format_find("kinesis-csv");
  struct wr_decoder *decoder;
  CU_ASSERT_FATAL(format->decoder_new(&spec, &decoder, &err) == WR_OK);
  const char *records[] = {"1,a,true\n2,b,false\n", "3,c,true\nx,d,true", "4,e,true"};
  struct wr_frame frames[3];
  for (int i = 0; i < 3; i++)
    frames[i] = (struct wr_frame){.bytes = decode_copy(records[i], strlen(records[i])),
                                  .length = (uint32_t)strlen(records[i])};
  struct wr_decoded decoded;
  format->decode(decoder, frames, 3, &decoded);
  CU_ASSERT_FATAL(decoded.row_count == 3);
  CU_ASSERT(decoded.row_frame[0] == 0 && decoded.row_frame[1] == 0 && decoded.row_frame[2] == 2);
  CU_ASSERT(decoded.fault_count == 1 && decoded.faults[0].frame == 1);
  CU_ASSERT(((const int32_t *)decoded.columns[0].values)[2] == 4);
  format->decoder_free(decoder);
  for (int i = 0; i < 3; i++)
    free((char *)frames[i].bytes);
}

/* ---- what is refused, and what is written */

static void refused(void)
{
  static const struct {
    const char *format;
    const char *options[5];
    const char *message;
  } rows[] = {
      {"kinesis-json",
       {"kinesis-json.path.x", "$.x"},
       "'kinesis-json.path.x' is for a column that there is not"},
      {"kinesis-json",
       {"kinesis-json.path.id", "id"},
       "'id' is no path of a JSON value: character 1 is wrong"},
      {"kinesis-json",
       {"kinesis-json.path.id", "$.a[0:].x", "kinesis-json.path.city", "$.b[0:].x"},
       "the path of column city goes through another array than that of the columns before it"},
      {"kinesis-json",
       {"kinesis-json.row-path", "$.a[0:]", "kinesis-json.path.id", "$.b[0:].x"},
       "the path '$.b[0:].x' goes through an array inside of that of the rows"},
      {"kinesis-json",
       {"kinesis-json.row-path", "$.a[0:].b"},
       "the path of the rows '$.a[0:].b' goes through an array and on"},
      {"kinesis-csv",
       {"kinesis-csv.row-delimiter", ","},
       "rows and columns of the format 'kinesis-csv' have the same delimiter"},
      {"kinesis-csv",
       {"kinesis-csv.column-delimiter", ""},
       "'kinesis-csv.column-delimiter' cannot be ''"},
      {"kinesis-csv",
       {"kinesis-csv.column-delimiter", "\\x"},
       "'kinesis-csv.column-delimiter' cannot be '\\x'"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_option_value values[4];
    struct wr_options options = decode_options(rows[i].options, values);
    struct wr_format_spec spec = {.schema = &path_schema, .options = &options};
    struct wr_error err;
    wr_error_clear(&err);
    const struct wr_format *format = wr_format_find(rows[i].format);
    WR_CHECK(format->check(&spec, true, &err) != WR_OK && strcmp(err.message, rows[i].message) == 0,
             "%s", err.message);
  }
}

static void written(void)
{
  static const struct wr_field fields[] = {
      {"at", &wr_type_timestamp6}, {"TEXT", &wr_type_string}, {"n", &wr_type_double}};
  static const struct wr_schema schema = {3, fields};
  static const struct {
    const char *format, *expected;
  } rows[] = {
      {"kinesis-json", "{\"at\":\"1970-01-01 00:00:01.500\",\"TEXT\":\"a,\\\"b\\\"\",\"n\":null}"
                       "{\"at\":\"1970-01-01 00:00:00.000\",\"TEXT\":\"plain\",\"n\":1.5}"},
      {"kinesis-csv", "1970-01-01 00:00:01.500,\"a,\"\"b\"\"\","
                      "1970-01-01 00:00:00.000,plain,1.5"},
  };
  struct wr_builder builders[3];
  struct wr_column columns[3];
  for (int i = 0; i < 3; i++) {
    wr_builder_open(&builders[i], fields[i].type);
    wr_builder_reserve(&builders[i], 2);
  }
  wr_builder_put_i64(&builders[0], 1500000);
  wr_builder_put_i64(&builders[0], 123);
  wr_builder_put_copy(&builders[1], "a,\"b\"", 5);
  wr_builder_put_copy(&builders[1], "plain", 5);
  wr_builder_put_null(&builders[2]);
  wr_builder_put_f64(&builders[2], 1.5);
  for (int i = 0; i < 3; i++)
    columns[i] = wr_builder_view(&builders[i]);
  const struct wr_batch batch = {
      .schema = &schema, .columns = columns, .row_count = 2, .picked_count = 2};
  const struct wr_options none = {.values = NULL};
  const struct wr_format_spec spec = {.schema = &schema, .options = &none};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    const struct wr_format *format = wr_format_find(rows[i].format);
    struct wr_encoder *encoder;
    struct wr_error err;
    struct wr_buffer out = {0};
    size_t ends[2];
    CU_ASSERT_FATAL(format->encoder_new(&spec, &encoder, &err) == WR_OK);
    format->encode(encoder, &batch, &out, ends);
    WR_CHECK(strcmp(wr_buffer_string(&out), rows[i].expected) == 0, "%s", wr_buffer_string(&out));
    format->encoder_free(encoder);
    wr_buffer_free(&out);
  }
  for (int i = 0; i < 3; i++)
    wr_builder_close(&builders[i]);
}

static const struct wr_test tests[] = {
    {"paths", paths},
    {"mapping", mapping},
    {"flattening", flattening},
    {"row path", row_path},
    {"whole record", whole_record},
    {"lines", lines},
    {"conversions", conversions},
    {"lengths", lengths},
    {"delimited", delimited},
    {"one column", one_column},
    {"several rows", several_rows},
    {"refused", refused},
    {"written", written},
    {NULL, NULL},
};
const struct wr_suite wr_suite_kinesis_format = {"kinesis_format", tests};
