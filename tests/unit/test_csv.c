/* SPDX-License-Identifier: Apache-2.0 */
/* The formats csv and raw: where records end, what fields mean, and that what is written reads back
 * the same. */
#include "core/builder.h"
#include "tests/unit/decode.h"

static const struct wr_field three_fields[] = {
    {"a", &wr_type_int}, {"b", &wr_type_string}, {"c", &wr_type_double}};
static const struct wr_schema three_schema = {3, three_fields};
static const struct wr_field text_fields[] = {{"a", &wr_type_string}, {"b", &wr_type_string}};
static const struct wr_schema text_schema = {2, text_fields};

static struct decode_trial csv_trial(const struct wr_schema *schema, const char *const *options)
{
  return (struct decode_trial){.format = "csv", .schema = schema, .options = options};
}

static void values(void)
{
  decode_check_text(csv_trial(&three_schema, NULL),
                    "1,x,1.5\n-2,,\r\n 3 , y , 2e3 \n,\"\",\n\"4\",\"z\",\"0\"\n5,last,9",
                    "{\"a\":1,\"b\":\"x\",\"c\":1.5}\n{\"a\":-2,\"b\":\"\",\"c\":null}\n"
                    "{\"a\":3,\"b\":\" y \",\"c\":2000.0}\n{\"a\":null,\"b\":\"\",\"c\":null}\n"
                    "{\"a\":4,\"b\":\"z\",\"c\":0.0}\n{\"a\":5,\"b\":\"last\",\"c\":9.0}\n");
}

static void quotes(void)
{
  decode_check_text(
      csv_trial(&text_schema, NULL),
      "\"a,b\",\"c\"\"d\"\n\"two\nlines\",\"x\r\ny\"\r\n\"\",\"\"\"\"\nmid\"dle,\"\n\"\n"
      "\"a text with \"\"quotes\"\" that is not short\",'\n",
      "{\"a\":\"a,b\",\"b\":\"c\\\"d\"}\n{\"a\":\"two\\nlines\",\"b\":\"x\\r\\ny\"}\n"
      "{\"a\":\"\",\"b\":\"\\\"\"}\n{\"a\":\"mid\\\"dle\",\"b\":\"\\n\"}\n"
      "{\"a\":\"a text with \\\"quotes\\\" that is not short\",\"b\":\"'\"}\n");
}

/* A bad record costs its own line only, whatever its quotes claim. */
static void bad_records(void)
{
  static const struct {
    const char *record, *message;
  } rows[] = {
      {"1", "the record has 1 field, but the table has 3 columns"},
      {"1,2,3,4", "the record has 4 fields, but the table has 3 columns"},
      {"1,2", "the record has 2 fields, but the table has 3 columns"},
      {"x,y,1", "column a: 'x' is not an INT"},
      {"99999999999,y,1", "column a: '99999999999' does not fit INT"},
      {"1.5,y,1", "column a: '1.5' is not an INT"},
      {"1,y,\"x\"", "column c: 'x' is not a DOUBLE"},
      {"1,y,\"\"", "column c: '' is not a DOUBLE"},
      {"1,\"y\"x,1",
       "the record is not CSV: something stands between a closing quote and the next field"},
      {"1,\"y\"\r,1",
       "the record is not CSV: something stands between a closing quote and the next field"},
      {"1,\"open,1", "the record is not CSV: a quoted field does not end"},
      {"1,\"\"\",1", "the record is not CSV: a quoted field does not end"},
      {"1,\xC3,1", "the record is not UTF-8"},
  };
  struct wr_buffer text = {0}, expected = {0};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    wr_buffer_print(&text, "%zu,\"be,fore\",0\n%s\n%zu,\"aft\"\"er\",1\n", i, rows[i].record, i);
    wr_buffer_print(&expected,
                    "{\"a\":%zu,\"b\":\"be,fore\",\"c\":0.0}\n! %s\n{\"a\":%zu,\"b\":\"aft\\\"er\","
                    "\"c\":1.0}\n",
                    i, rows[i].message, i);
  }
  decode_check(csv_trial(&three_schema, NULL), text.bytes, text.length,
               wr_buffer_string(&expected));
  wr_buffer_free(&text);
  wr_buffer_free(&expected);
}

static void an_unclosed_quote_costs_one_line(void)
{
  struct wr_buffer text = {0}, expected = {0}, out = {0};
  wr_buffer_put_string(&text, "1,\"open,1\n");
  wr_buffer_put_string(&expected, "! the record is not CSV: a quoted field does not end\n");
  for (int i = 0; i < 200000; i++)
    wr_buffer_print(&text, "2,x,%d\n", i % 10);
  struct decode_trial trial = csv_trial(&three_schema, NULL);
  decode_text(&trial, text.bytes, text.length, 1 << 18, DECODE_FRAMES_MAX, &out);
  CU_ASSERT_NSTRING_EQUAL(wr_buffer_string(&out), wr_buffer_string(&expected), expected.length);
  size_t lines = 0;
  for (size_t i = 0; i < out.length; i++)
    lines += out.bytes[i] == '\n';
  CU_ASSERT_EQUAL(lines, 200001);
  wr_buffer_free(&text);
  wr_buffer_free(&expected);
  wr_buffer_free(&out);
}

static void options_are_kept(void)
{
  static const struct {
    const char *options[9];
    const char *text, *expected;
  } rows[] = {
      {{"csv.field-delimiter", ";"}, "a,b;c\n", "{\"a\":\"a,b\",\"b\":\"c\"}\n"},
      {{"csv.field-delimiter", "\\t"}, "a b\tc\n", "{\"a\":\"a b\",\"b\":\"c\"}\n"},
      {{"csv.field-delimiter", "||"},
       "",
       "error: 'csv.field-delimiter' must be one ASCII character, not '||'\n"},
      {{"csv.quote-character", "'"}, "'a,''b',\"c\"\n", "{\"a\":\"a,'b\",\"b\":\"\\\"c\\\"\"}\n"},
      {{"csv.disable-quote-character", "true"}, "\"a,b\"\n", "{\"a\":\"\\\"a\",\"b\":\"b\\\"\"}\n"},
      {{"csv.disable-quote-character", "true", "csv.quote-character", "'"},
       "",
       "error: 'csv.quote-character' makes no sense with 'csv.disable-quote-character'\n"},
      {{"csv.allow-comments", "true"},
       "#x\n#\"y\na,b\n\"#c\",d\n",
       "{\"a\":\"a\",\"b\":\"b\"}\n{\"a\":\"#c\",\"b\":\"d\"}\n"},
      {{NULL}, "#x,y\n", "{\"a\":\"#x\",\"b\":\"y\"}\n"},
      {{"csv.escape-character", "\\"},
       "a\\,b,\\\\c\n\"d\\\"e\",\"f\\\\\"\n",
       "{\"a\":\"a,b\",\"b\":\"\\\\c\"}\n{\"a\":\"d\\\"e\",\"b\":\"f\\\\\"}\n"},
      {{"csv.escape-character", ","},
       "",
       "error: delimiter, quote and escape of the format 'csv' must be different characters\n"},
      {{"csv.null-literal", "NULL"},
       "NULL,\"NULL\"\n,null\n",
       "{\"a\":null,\"b\":\"NULL\"}\n{\"a\":\"\",\"b\":\"null\"}\n"},
      {{"csv.null-literal", ""}, ",\"\"\n", "{\"a\":null,\"b\":\"\"}\n"},
      {{"csv.header", "true"},
       "\xEF\xBB\xBFname,\"two\nlines\"\na,b\n",
       "{\"a\":\"a\",\"b\":\"b\"}\n"},
      {{"csv.header", "true"}, "\n\nname,other\n", ""},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    if (strncmp(rows[i].expected, "error", 5) != 0) {
      decode_check_text(csv_trial(&text_schema, rows[i].options), rows[i].text, rows[i].expected);
      continue;
    }
    struct wr_buffer out = {0};
    struct decode_trial trial = csv_trial(&text_schema, rows[i].options);
    decode_text(&trial, "", 0, 10, 1, &out);
    WR_CHECK(strcmp(wr_buffer_string(&out), rows[i].expected) == 0, "row %zu: %s", i, out.bytes);
    wr_buffer_free(&out);
  }
}

static void errors_can_be_ignored(void)
{
  static const char *const options[] = {"csv.ignore-parse-errors", "true", NULL};
  decode_check_text(
      csv_trial(&three_schema, options), "x,y,1\n2,z\n3,\"open,1\n4,u,2,more\n",
      "{\"a\":null,\"b\":\"y\",\"c\":1.0}\n{\"a\":2,\"b\":\"z\",\"c\":null}\n{\"a\":4,"
      "\"b\":\"u\",\"c\":2.0}\n");
}

static void only_wanted_columns_are_built(void)
{
  static const uint32_t wanted[] = {2};
  struct wr_options options = {0};
  struct wr_format_spec spec = {
      .schema = &three_schema, .wanted = wanted, .wanted_count = 1, .options = &options};
  const struct wr_format *csv = wr_format_find("csv");
  struct wr_decoder *decoder;
  struct wr_decoded decoded;
  struct wr_error err;
  char *text = decode_copy("no number,y,7", 13);
  CU_ASSERT_EQUAL(csv->decoder_new(&spec, &decoder, &err), WR_OK);
  csv->decode(decoder, &(struct wr_frame){.bytes = text, .length = 13}, 1, &decoded);
  CU_ASSERT_EQUAL(decoded.row_count, 1);
  CU_ASSERT_EQUAL(wr_column_f64(&decoded.columns[0], 0), 7);
  csv->decoder_free(decoder);
  free(text);
}

/* Rows of all kinds go through an encoder and back, with a NULL in every column. */
static void check_round_trip(const char *format, const char *const *pairs, const char *expected)
{
  struct wr_arena arena = {0};
  const struct wr_field fields[] = {
      {"t", &wr_type_string},
      {"i", &wr_type_bigint},
      {"d", wr_type_decimal(&arena, 20, 3)},
      {"f", &wr_type_double},
      {"o", &wr_type_boolean},
      {"y", &wr_type_bytes},
      {"s", &wr_type_timestamp6},
      {"z", &wr_type_timestamp_ltz3},
      {"e", &wr_type_date},
  };
  const struct wr_schema schema = {WR_COUNT(fields), fields};
  static const char rows[] =
      "{\"t\":\"plain\",\"i\":-5,\"d\":12.345,\"f\":1.5,\"o\":true,\"y\":\"YWI=\","
      "\"s\":\"2026-01-02 03:04:05.678901\","
      "\"z\":\"2026-01-02 03:04:05.678Z\",\"e\":\"2026-01-02\"}\n"
      "{\"t\":\"co,mma \\\"quote\\\" \\\\ line\\nbreak\",\"i\":9223372036854775807,"
      "\"d\":-0.001,\"f\":1.0E-7,\"o\":false,"
      "\"y\":\"\",\"s\":\"1969-12-31 23:59:59.999999\","
      "\"z\":\"1970-01-01 00:00:00.000Z\",\"e\":\"1969-12-31\"}\n"
      "{\"t\":\"\",\"i\":null,\"d\":null,\"f\":null,\"o\":null,\"y\":null,\"s\":null,"
      "\"z\":null,\"e\":null}\n"
      "{\"t\":\"nil\",\"i\":0,\"d\":0.000,\"f\":0.0,\"o\":true,\"y\":\"//79\","
      "\"s\":\"2026-01-02 03:04:05.000000\","
      "\"z\":\"2026-01-02 03:04:05.000Z\",\"e\":\"2026-01-02\"}\n";
  struct wr_option_value values[16];
  struct wr_options none = {0}, options = decode_options(pairs, values);
  uint32_t wanted[WR_COUNT(fields)];
  for (uint32_t i = 0; i < WR_COUNT(fields); i++)
    wanted[i] = i;
  struct wr_format_spec spec = {
      .schema = &schema, .wanted = wanted, .wanted_count = WR_COUNT(fields), .options = &none};
  const struct wr_format *json = wr_format_find("json"), *other = wr_format_find(format);
  struct wr_decoder *decoder;
  struct wr_encoder *encoder;
  struct wr_frame frames[8];
  struct wr_decoded decoded;
  struct wr_error err;
  struct wr_buffer written = {0}, back = {0};
  size_t consumed, ends[8];
  char *text = decode_copy(rows, sizeof rows - 1);
  CU_ASSERT_EQUAL(json->decoder_new(&spec, &decoder, &err), WR_OK);
  uint32_t count = json->frame(decoder, text, sizeof rows - 1, true, true, frames, 8, &consumed);
  json->decode(decoder, frames, count, &decoded);
  CU_ASSERT_EQUAL(decoded.row_count, 4);

  spec.options = &options;
  struct wr_batch batch = {
      .schema = &schema, .columns = decoded.columns, .row_count = 4, .picked_count = 4};
  CU_ASSERT_EQUAL(other->check(&spec, false, &err), WR_OK);
  CU_ASSERT_EQUAL(other->encoder_new(&spec, &encoder, &err), WR_OK);
  other->encode(encoder, &batch, &written, ends);
  struct wr_buffer lines = {0};
  for (uint32_t i = 0, begin = 0; i < 4; begin = (uint32_t)ends[i++]) {
    wr_buffer_put(&lines, written.bytes + begin, ends[i] - begin);
    wr_buffer_put_string(&lines, other->separator);
  }
  if (expected)
    CU_ASSERT_STRING_EQUAL(wr_buffer_string(&lines), expected);
  struct decode_trial trial = {.format = format, .schema = &schema, .options = pairs};
  decode_text(&trial, lines.bytes, lines.length, 1 << 20, 8, &back);
  WR_CHECK(strcmp(wr_buffer_string(&back), rows) == 0, "%s\n%s\n%s", rows, wr_buffer_string(&lines),
           back.bytes);

  json->decoder_free(decoder);
  other->encoder_free(encoder);
  wr_buffer_free(&written);
  wr_buffer_free(&lines);
  wr_buffer_free(&back);
  wr_arena_free(&arena);
  free(text);
}

static void what_is_written_reads_back(void)
{
  static const char *const literal[] = {"csv.null-literal", "nil", NULL};
  static const char *const strange[] = {
      "csv.field-delimiter", "-", "csv.quote-character", "'", "csv.escape-character", "\\", NULL};
  static const char *const iso[] = {"json.timestamp-format.standard", "ISO-8601",
                                    "json.encode.ignore-null-fields", "true", NULL};
  check_round_trip(
      "csv", NULL,
      "plain,-5,12.345,1.5,true,YWI=,2026-01-02 03:04:05.678901,2026-01-02 03:04:05.678Z,2026-01-02\n"
      "\"co,mma \"\"quote\"\" \\ line\nbreak\",9223372036854775807,-0.001,1.0E-7,false,\"\","
      "1969-12-31 23:59:59.999999,1970-01-01 00:00:00.000Z,1969-12-31\n\"\",,,,,,,,\n"
      "nil,0,0.000,0.0,true,//79,2026-01-02 03:04:05.000000,2026-01-02 03:04:05.000Z,2026-01-02\n");
  check_round_trip("csv", literal, NULL);
  check_round_trip("csv", strange, NULL);
  check_round_trip("json", NULL, NULL);
  check_round_trip("json", iso, NULL);
}

static void updates_are_refused(void)
{
  static const char *const formats[] = {"json", "csv", "raw"};
  static const struct wr_schema one = {1, text_fields};
  struct wr_options options = {0};
  struct wr_format_spec spec = {.schema = &one, .options = &options, .changes = true};
  struct wr_error err;
  for (size_t i = 0; i < WR_COUNT(formats); i++)
    CU_ASSERT_EQUAL(wr_format_find(formats[i])->check(&spec, false, &err), WR_UNSUPPORTED);
}

static void raw_records_are_values(void)
{
  static const struct wr_schema text = {1, text_fields};
  static const struct wr_field bytes_field = {"a", &wr_type_bytes};
  static const struct wr_schema bytes = {1, &bytes_field};
  decode_check_text((struct decode_trial){.format = "raw", .schema = &text},
                    " a line \n\n{\"x\":1}\r\n\xC3\nlast",
                    "{\"a\":\" a line \"}\n{\"a\":\"\"}\n{\"a\":\"{\\\"x\\\":1}\\r\"}\n"
                    "! the record is not UTF-8\n"
                    "{\"a\":\"last\"}\n");
  decode_check_text((struct decode_trial){.format = "raw", .schema = &bytes}, "\xFF\xFE\xFD\n",
                    "{\"a\":\"//79\"}\n");
  struct wr_buffer out = {0};
  struct decode_trial trial = {.format = "raw", .schema = &text_schema};
  decode_text(&trial, "", 0, 1, 1, &out);
  CU_ASSERT_STRING_EQUAL(wr_buffer_string(&out),
                         "error: the format 'raw' carries exactly one column, but there are 2\n");
  wr_buffer_free(&out);
}

/* Rows of a raw column, written and read again. */
static void check_raw(const struct wr_type *type, const char *const *options, const char *written,
                      size_t written_length, const char *expected)
{
  const struct wr_field field = {"a", type};
  const struct wr_schema schema = {1, &field};
  struct wr_option_value values[4];
  struct wr_options given = decode_options(options, values);
  const struct wr_format *raw = wr_format_find("raw");
  uint32_t wanted = 0;
  struct wr_format_spec spec = {
      .schema = &schema, .wanted = &wanted, .wanted_count = 1, .options = &given};
  struct wr_error err;
  struct wr_decoder *decoder;
  struct wr_encoder *encoder;
  CU_ASSERT_EQUAL_FATAL(raw->check(&spec, true, &err), WR_OK);
  CU_ASSERT_EQUAL_FATAL(raw->decoder_new(&spec, &decoder, &err), WR_OK);
  CU_ASSERT_EQUAL_FATAL(raw->encoder_new(&spec, &encoder, &err), WR_OK);
  char *copy = decode_copy(written, written_length);
  struct wr_frame frame = {.bytes = copy, .length = (uint32_t)written_length};
  struct wr_decoded decoded;
  struct wr_buffer shown = {0}, back = {0};
  raw->decode(decoder, &frame, 1, &decoded);
  decode_show(&schema, &decoded, &shown);
  WR_CHECK(strcmp(wr_buffer_string(&shown), expected) == 0, "%s  instead of %s", shown.bytes,
           expected);
  if (decoded.row_count == 1) {
    uint32_t picked = 0;
    size_t end = 0;
    struct wr_batch batch = {.schema = &schema,
                             .columns = decoded.columns,
                             .row_count = 1,
                             .picked_count = 1,
                             .picked = &picked};
    raw->encode(encoder, &batch, &back, &end);
    CU_ASSERT_EQUAL(encoder->fault_count, 0);
    CU_ASSERT_EQUAL(end, written_length);
    CU_ASSERT(end == written_length && memcmp(back.bytes, written, end) == 0);
  }
  wr_buffer_free(&shown);
  wr_buffer_free(&back);
  raw->encoder_free(encoder);
  raw->decoder_free(decoder);
  free(copy);
}

static void raw_values_are_binary(void)
{
  static const char *const little[] = {"raw.endianness", "little-endian", NULL};
  static const char *const latin[] = {"raw.charset", "ISO-8859-1", NULL};
  static const char *const ascii[] = {"raw.charset", "us-ascii", NULL};
  static const struct {
    const struct wr_type *type;
    const char *const *options;
    const char *bytes;
    size_t length;
    const char *rows;
  } rows[] = {
      {&wr_type_boolean, NULL, "\1", 1, "{\"a\":true}\n"},
      {&wr_type_boolean, NULL, "\0", 1, "{\"a\":false}\n"},
      {&wr_type_tinyint, NULL, "\x80", 1, "{\"a\":-128}\n"},
      {&wr_type_smallint, NULL, "\x01\x02", 2, "{\"a\":258}\n"},
      {&wr_type_smallint, little, "\x01\x02", 2, "{\"a\":513}\n"},
      {&wr_type_int, NULL, "\xff\xff\xff\xfe", 4, "{\"a\":-2}\n"},
      {&wr_type_bigint, little, "\0\0\0\0\0\0\0\x80", 8, "{\"a\":-9223372036854775808}\n"},
      {&wr_type_float, NULL, "\x3f\xc0\0\0", 4, "{\"a\":1.5}\n"},
      {&wr_type_double, NULL, "\xbf\xf8\0\0\0\0\0\0", 8, "{\"a\":-1.5}\n"},
      {&wr_type_int, NULL, "abc", 3, "! the record has 3 bytes, but INT takes 4\n"},
      {&wr_type_boolean, NULL, "", 0, "! the record has 0 bytes, but BOOLEAN takes 1\n"},
      {&wr_type_double, NULL, "123456789", 9, "! the record has 9 bytes, but DOUBLE takes 8\n"},
      {&wr_type_string, latin, "\xe9", 1, "{\"a\":\"\xC3\xA9\"}\n"},
      {&wr_type_string, ascii, "\xe9", 1, "! the record is not US-ASCII\n"},
      {&wr_type_bytes, ascii, "\xe9", 1, "{\"a\":\"6Q==\"}\n"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++)
    check_raw(rows[i].type, rows[i].options, rows[i].bytes, rows[i].length, rows[i].rows);
}

static void formats_are_found_by_name(void)
{
  uint32_t count;
  const struct wr_format *const *all = wr_format_all(&count);
  CU_ASSERT(count >= 3);
  for (uint32_t i = 0; i < count; i++)
    CU_ASSERT_PTR_EQUAL(wr_format_find(all[i]->name), all[i]);
  CU_ASSERT_PTR_NULL(wr_format_find("jsn"));
}

static const struct wr_test tests[] = {
    {"values", values},
    {"quotes", quotes},
    {"bad_records", bad_records},
    {"an_unclosed_quote_costs_one_line", an_unclosed_quote_costs_one_line},
    {"options_are_kept", options_are_kept},
    {"errors_can_be_ignored", errors_can_be_ignored},
    {"only_wanted_columns_are_built", only_wanted_columns_are_built},
    {"what_is_written_reads_back", what_is_written_reads_back},
    {"updates_are_refused", updates_are_refused},
    {"raw_records_are_values", raw_records_are_values},
    {"raw_values_are_binary", raw_values_are_binary},
    {"formats_are_found_by_name", formats_are_found_by_name},
    {NULL, NULL},
};

const struct wr_suite wr_suite_csv = {"csv", tests};
