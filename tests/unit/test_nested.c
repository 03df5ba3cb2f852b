/* SPDX-License-Identifier: Apache-2.0 */
/* Nested values written by formats: rows given as JSON, encoded, and decoded again where that must
 * give the same. What a format has no form for is a fault of its row. */
#include "core/packed.h"
#include "tests/unit/decode.h"

enum { ROWS_MAX = 16 };

/* A batch encoded: one line per row, "! message" for a fault. */
static void encode_batch(const struct wr_format *format, const struct wr_format_spec *spec,
                         const struct wr_column *columns, uint32_t count, struct wr_buffer *out)
{
  struct wr_encoder *encoder;
  struct wr_error err;
  struct wr_buffer written = {0};
  size_t ends[ROWS_MAX], begin = 0;
  if (format->check(spec, false, &err) != WR_OK ||
      format->encoder_new(spec, &encoder, &err) != WR_OK) {
    wr_buffer_print(out, "error: %s\n", err.message);
    return;
  }
  const struct wr_batch batch = {
      .schema = spec->schema, .columns = columns, .row_count = count, .picked_count = count};
  for (int again = 0; again < 2; again++) { /* faults of one batch are gone with the next */
    wr_buffer_clear(&written);
    format->encode(encoder, &batch, &written, ends);
  }
  for (uint32_t i = 0, fault = 0; i < count; begin = ends[i++]) {
    if (fault < encoder->fault_count && encoder->faults[fault].frame == i) {
      CU_ASSERT_EQUAL(ends[i], begin);
      wr_buffer_print(out, "! %s\n", encoder->faults[fault++].message);
      continue;
    }
    wr_buffer_put(out, written.bytes + begin, ends[i] - begin);
    wr_buffer_put_string(out, "\n");
  }
  format->encoder_free(encoder);
  wr_buffer_free(&written);
}

/* JSON rows encoded. */
static void encode_rows(const struct wr_schema *schema, const char *rows, const char *format,
                        const char *const *pairs, struct wr_buffer *out)
{
  struct wr_option_value values[16];
  struct wr_options none = {0}, options = decode_options(pairs, values);
  uint32_t wanted[8];
  for (uint32_t i = 0; i < schema->column_count; i++)
    wanted[i] = i;
  struct wr_format_spec spec = {
      .schema = schema, .wanted = wanted, .wanted_count = schema->column_count, .options = &none};
  const struct wr_format *json = wr_format_find("json");
  struct wr_decoder *decoder;
  struct wr_frame frames[ROWS_MAX];
  struct wr_decoded decoded;
  struct wr_error err;
  size_t consumed, length = strlen(rows);
  char *text = decode_copy(rows, length);
  CU_ASSERT_EQUAL_FATAL(json->decoder_new(&spec, &decoder, &err), WR_OK);
  uint32_t count = json->frame(decoder, text, length, true, true, frames, ROWS_MAX, &consumed);
  json->decode(decoder, frames, count, &decoded);
  WR_CHECK(decoded.fault_count == 0, "%s", decoded.faults ? decoded.faults[0].message : "");
  spec.options = &options;
  encode_batch(wr_format_find(format), &spec, decoded.columns, decoded.row_count, out);
  json->decoder_free(decoder);
  free(text);
}

struct round_trip {
  const char *format;
  const char *const *options;
  const char *rows, *text;
  const char *back; /* NULL: the same as rows; "": not read back */
};

static void check_round_trips(const struct wr_schema *schema, const struct round_trip *trips,
                              size_t count)
{
  for (size_t i = 0; i < count; i++) {
    struct wr_buffer text = {0}, back = {0};
    const struct round_trip *trip = &trips[i];
    encode_rows(schema, trip->rows, trip->format, trip->options, &text);
    WR_CHECK(strcmp(wr_buffer_string(&text), trip->text) == 0, "%s\n%s  instead of\n%s", trip->rows,
             wr_buffer_string(&text), trip->text);
    const char *expected = trip->back ? trip->back : trip->rows;
    if (*expected) {
      struct decode_trial trial = {
          .format = trip->format, .schema = schema, .options = trip->options};
      decode_text(&trial, text.bytes, text.length, 1 << 20, 8, &back);
      WR_CHECK(strcmp(wr_buffer_string(&back), expected) == 0, "%s\n%s  instead of\n%s",
               wr_buffer_string(&text), wr_buffer_string(&back), expected);
    }
    wr_buffer_free(&text);
    wr_buffer_free(&back);
  }
}

/* a ARRAY<STRING>, i ARRAY<INT>, r ROW<x INT, y STRING>. */
static void csv_fields_have_parts(void)
{
  struct wr_arena arena = {0};
  struct wr_field inner[] = {{"x", &wr_type_int}, {"y", &wr_type_string}};
  const struct wr_field fields[] = {{"a", wr_type_array(&arena, &wr_type_string)},
                                    {"i", wr_type_array(&arena, &wr_type_int)},
                                    {"r", wr_type_row(&arena, inner, 2)}};
  const struct wr_schema schema = {3, fields};
  static const char *const literal[] = {"csv.null-literal", "nil", NULL},
                           *const other[] = {"csv.array-element-delimiter", " | ", NULL},
                           *const comma[] = {"csv.array-element-delimiter", ",",
                                             "csv.escape-character", "\\", NULL};
  const struct round_trip trips[] = {
      {"csv", NULL,
       "{\"a\":[\"p\",\"q, \\\"r\\\"\",\"\"],\"i\":[1,null,-3],\"r\":{\"x\":7,\"y\":\"z\"}}\n"
       "{\"a\":null,\"i\":null,\"r\":null}\n"
       "{\"a\":[],\"i\":[],\"r\":{\"x\":null,\"y\":\"\"}}\n",
       "\"p;q, \"\"r\"\";\",1;;-3,7;z\n,,\n\"\",\"\",;\n", NULL},
      {"csv", literal,
       "{\"a\":[null,\"p\"],\"i\":[null],\"r\":{\"x\":null,\"y\":null}}\n"
       "{\"a\":[null],\"i\":[],\"r\":null}\n",
       "nil;p,\"nil\",nil;nil\n\"nil\",\"\",nil\n", NULL},
      {"csv", other, "{\"a\":[\"p;q\",\"r\"],\"i\":[1,2],\"r\":{\"x\":1,\"y\":\"|\"}}\n",
       "p;q | r,1 | 2,1 | |\n", NULL},
      {"csv", other, "{\"a\":[\"p |\",\"q\"],\"i\":[],\"r\":null}\n",
       "! column a holds a value that contains 'csv.array-element-delimiter'\n", ""},
      {"csv", comma, "{\"a\":[\"p;q\",\"r\\\\\"],\"i\":[1],\"r\":{\"x\":1,\"y\":\"\\\"\"}}\n",
       "\"p;q,r\\\\\",1,\"1,\\\"\"\n", NULL},
      {"csv", NULL,
       "{\"a\":[\"p;q\"],\"i\":[],\"r\":null}\n{\"a\":[\"ok\"],\"i\":[1],\"r\":null}\n"
       "{\"a\":[null,\"p\"],\"i\":[],\"r\":null}\n{\"a\":[\"\"],\"i\":[],\"r\":null}\n"
       "{\"a\":[],\"i\":[null],\"r\":null}\n{\"a\":[],\"i\":[],\"r\":{\"x\":1,\"y\":\";\"}}\n",
       "! column a holds a value that contains 'csv.array-element-delimiter'\nok,1,\n"
       "! column a holds a NULL among texts, which needs 'csv.null-literal'\n"
       "! column a holds an ARRAY of one empty item, which would be read as an ARRAY of none\n"
       "! column i holds an ARRAY of one empty item, which would be read as an ARRAY of none\n"
       "! column r holds a value that contains 'csv.array-element-delimiter'\n",
       ""},
      {"csv", literal, "{\"a\":[\"nil\"],\"i\":[],\"r\":null}\n",
       "! column a holds a value that would be read as 'csv.null-literal'\n", ""},
  };
  check_round_trips(&schema, trips, WR_COUNT(trips));
  wr_arena_free(&arena);
}

static void csv_parts_that_do_not_fit(void)
{
  struct wr_arena arena = {0};
  struct wr_field inner[] = {{"x", &wr_type_int}, {"y", &wr_type_date}};
  const struct wr_field fields[] = {
      {"i", wr_type_array(&arena, wr_type_with_not_null(&arena, &wr_type_int, true))},
      {"r", wr_type_row(&arena, inner, 2)}};
  const struct wr_schema schema = {2, fields};
  static const char *const forgive[] = {"csv.ignore-parse-errors", "true", NULL};
  static const char text[] = "1;2,1;2026-01-02\n1;x,\n1;;2,\n1,7\n1,7;x\n1,1;2026-01-02;3\n1,;\n";
  struct decode_trial trial = {.format = "csv", .schema = &schema};
  decode_check_text(trial, text,
                    "{\"i\":[1,2],\"r\":{\"x\":1,\"y\":\"2026-01-02\"}}\n"
                    "! column i[2]: 'x' is not an INT\n"
                    "! column i[2] is empty but declared NOT NULL\n"
                    "! column r has 1 part, but the ROW has 2\n"
                    "! column r[2]: 'x' is not a DATE\n"
                    "! column r has 3 parts, but the ROW has 2\n"
                    "{\"i\":[1],\"r\":{\"x\":null,\"y\":null}}\n");
  trial.options = forgive;
  decode_check_text(trial, text,
                    "{\"i\":[1,2],\"r\":{\"x\":1,\"y\":\"2026-01-02\"}}\n"
                    "{\"i\":null,\"r\":null}\n{\"i\":null,\"r\":null}\n{\"i\":[1],\"r\":null}\n"
                    "{\"i\":[1],\"r\":{\"x\":7,\"y\":null}}\n{\"i\":[1],\"r\":null}\n"
                    "{\"i\":[1],\"r\":{\"x\":null,\"y\":null}}\n");
  wr_arena_free(&arena);
}

static void types_without_a_form_are_refused(void)
{
  struct wr_arena arena = {0};
  const struct wr_type *ints = wr_type_array(&arena, &wr_type_int);
  struct wr_field inner[] = {{"x", &wr_type_int}, {"y", ints}};
  static const char *const bare[] = {"csv.disable-quote-character", "true", NULL};
  const struct {
    const struct wr_type *type;
    const char *format, *const *options, *error;
  } rows[] = {
      {wr_type_map(&arena, &wr_type_string, &wr_type_int), "csv", NULL,
       "the format 'csv' cannot write c of type MAP<STRING, INT>"},
      {wr_type_array(&arena, ints), "csv", NULL,
       "the format 'csv' cannot write c of type ARRAY<ARRAY<INT>>"},
      {wr_type_row(&arena, inner, 2), "csv", NULL,
       "the format 'csv' cannot write c of type ROW<x INT, y ARRAY<INT>>"},
      {ints, "csv", bare, "column c is nested, which cannot be written to CSV without quotes"},
      {wr_type_multiset(&arena, ints), "json", NULL,
       "the format 'json' cannot write c of type MULTISET<ARRAY<INT>>"},
      {ints, "raw", NULL,
       "the format 'raw' carries text, bytes, BOOLEAN, integers, FLOAT or DOUBLE, but column c is "
       "ARRAY<INT>"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_option_value values[4];
    struct wr_options options = decode_options(rows[i].options, values);
    const struct wr_field field = {"c", rows[i].type};
    const struct wr_schema schema = {1, &field};
    struct wr_format_spec spec = {.schema = &schema, .options = &options};
    struct wr_error err;
    CU_ASSERT_NOT_EQUAL(wr_format_find(rows[i].format)->check(&spec, false, &err), WR_OK);
    WR_CHECK(strcmp(err.message, rows[i].error) == 0, "%s", err.message);
  }
  wr_arena_free(&arena);
}

/* m MAP<STRING, INT>, d DECIMAL(20, 8), s MULTISET<DATE>, l ARRAY<ROW<x DOUBLE, t TIMESTAMP(3)>>.
 */
static void json_writes_what_it_reads(void)
{
  struct wr_arena arena = {0};
  struct wr_field inner[] = {{"x", &wr_type_double}, {"t", &wr_type_timestamp3}};
  const struct wr_field fields[] = {{"m", wr_type_map(&arena, &wr_type_string, &wr_type_int)},
                                    {"d", wr_type_decimal(&arena, 20, 8)},
                                    {"s", wr_type_multiset(&arena, &wr_type_date)},
                                    {"l", wr_type_array(&arena, wr_type_row(&arena, inner, 2))}};
  const struct wr_schema schema = {4, fields};
  static const char *const iso[] = {"json.timestamp-format.standard", "ISO-8601",
                                    "json.encode.ignore-null-fields", "true", NULL},
                           *const plain[] = {"json.encode.decimal-as-plain-number", "false", NULL};
  static const char rows[] =
      "{\"m\":{\"a\":1,\"\":null},\"d\":1000.00000000,\"s\":{\"2026-01-02\":3},"
      "\"l\":[{\"x\":1.5,\"t\":\"2026-01-02 03:04:05.678\"},null,{\"x\":\"NaN\",\"t\":null}]}\n"
      "{\"m\":{},\"d\":0.00000010,\"s\":{},\"l\":[]}\n"
      "{\"m\":null,\"d\":null,\"s\":null,\"l\":null}\n"
      "{\"m\":null,\"d\":-12.50000000,\"s\":null,\"l\":null}\n"
      "{\"m\":null,\"d\":0.00000000,\"s\":null,\"l\":null}\n";
  const struct round_trip trips[] = {
      {"json", NULL, rows, rows, NULL},
      {"json", iso, rows,
       "{\"m\":{\"a\":1,\"\":null},\"d\":1000.00000000,\"s\":{\"2026-01-02\":3},"
       "\"l\":[{\"x\":1.5,\"t\":\"2026-01-02T03:04:05.678\"},null,{\"x\":\"NaN\"}]}\n"
       "{\"m\":{},\"d\":0.00000010,\"s\":{},\"l\":[]}\n{}\n{\"d\":-12.50000000}\n"
       "{\"d\":0.00000000}\n",
       NULL},
      {"json", plain, rows,
       "{\"m\":{\"a\":1,\"\":null},\"d\":1E+3,\"s\":{\"2026-01-02\":3},"
       "\"l\":[{\"x\":1.5,\"t\":\"2026-01-02 03:04:05.678\"},null,{\"x\":\"NaN\",\"t\":null}]}\n"
       "{\"m\":{},\"d\":1E-7,\"s\":{},\"l\":[]}\n{\"m\":null,\"d\":null,\"s\":null,\"l\":null}\n"
       "{\"m\":null,\"d\":-12.5,\"s\":null,\"l\":null}\n"
       "{\"m\":null,\"d\":0,\"s\":null,\"l\":null}\n",
       NULL},
  };
  check_round_trips(&schema, trips, WR_COUNT(trips));
  wr_arena_free(&arena);
}

/* A key that is NULL has no name: the option says what becomes of it. */
static void json_null_keys(void)
{
  static const struct {
    const char *options[5], *text;
  } rows[] = {
      {{NULL},
       "! column a holds a MAP with the key NULL, and 'json.map-null-key.mode' is FAIL\n"
       "{\"id\":2,\"a\":[]}\n"},
      {{"json.map-null-key.mode", "DROP", NULL},
       "{\"id\":1,\"a\":[{\"k\":1,\"l\":3}]}\n{\"id\":2,\"a\":[]}\n"},
      {{"json.map-null-key.mode", "LITERAL", NULL},
       "{\"id\":1,\"a\":[{\"k\":1,\"null\":2,\"l\":3}]}\n{\"id\":2,\"a\":[]}\n"},
      {{"json.map-null-key.mode", "LITERAL", "json.map-null-key.literal", "no \"key\"", NULL},
       "{\"id\":1,\"a\":[{\"k\":1,\"no \\\"key\\\"\":2,\"l\":3}]}\n{\"id\":2,\"a\":[]}\n"},
      {{"json.map-null-key.literal", "x", NULL},
       "error: 'json.map-null-key.literal' needs 'json.map-null-key.mode' = 'LITERAL'\n"},
  };
  struct wr_arena arena = {0};
  const struct wr_type *map = wr_type_map(&arena, &wr_type_string, &wr_type_int);
  const struct wr_field fields[] = {{"id", &wr_type_int}, {"a", wr_type_array(&arena, map)}};
  const struct wr_schema schema = {2, fields};
  struct wr_builder ids, arrays;
  wr_builder_open(&ids, fields[0].type);
  wr_builder_open(&arrays, fields[1].type);
  struct wr_builder *builders[] = {&ids, &arrays, &arrays.children[0],
                                   &arrays.children[0].children[0],
                                   &arrays.children[0].children[1]};
  for (size_t i = 0; i < WR_COUNT(builders); i++)
    wr_builder_reserve(builders[i], 3);
  wr_builder_put_i32(&ids, 1);
  wr_builder_put_i32(&ids, 2);
  wr_builder_put_text(builders[3], wr_text_make("k", 1));
  wr_builder_put_null(builders[3]);
  wr_builder_put_text(builders[3], wr_text_make("l", 1));
  for (int32_t i = 1; i <= 3; i++)
    wr_builder_put_i32(builders[4], i);
  wr_builder_put_collected(builders[2]);
  wr_builder_put_collected(&arrays);
  wr_builder_put_collected(&arrays);
  const struct wr_column columns[] = {wr_builder_view(&ids), wr_builder_view(&arrays)};
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_option_value values[4];
    struct wr_options options = decode_options(rows[i].options, values);
    struct wr_format_spec spec = {.schema = &schema, .options = &options};
    struct wr_buffer out = {0};
    encode_batch(wr_format_find("json"), &spec, columns, 2, &out);
    WR_CHECK(strcmp(wr_buffer_string(&out), rows[i].text) == 0, "%s", wr_buffer_string(&out));
    wr_buffer_free(&out);
  }
  wr_builder_close(&ids);
  wr_builder_close(&arrays);
  wr_arena_free(&arena);
}

static const struct wr_test tests[] = {
    {"csv_fields_have_parts", csv_fields_have_parts},
    {"csv_parts_that_do_not_fit", csv_parts_that_do_not_fit},
    {"types_without_a_form_are_refused", types_without_a_form_are_refused},
    {"json_writes_what_it_reads", json_writes_what_it_reads},
    {"json_null_keys", json_null_keys},
    {NULL, NULL},
};

const struct wr_suite wr_suite_nested = {"nested", tests};
