/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format 'json': one object per record, newline-delimited where records share a file. Decoding
 * is in json_decode.c, encoding is the row writer of text/json_write.h; here are the options and
 * the row of the registry.
 */
#include <assert.h>
#include <stdlib.h>

#include "formats/fault.h"
#include "formats/format.h"
#include "formats/json_decode.h"
#include "formats/lines.h"
#include "formats/value.h"
#include "text/json_write.h"

static const struct wr_option json_options[] = {
    {.name = "json.fail-on-missing-field",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "A record that lacks a column that is read is bad; else the column is NULL."},
    {.name = "json.ignore-parse-errors",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "Values that do not fit become NULL; bad records are left out without a word."},
    {.name = "json.timestamp-format.standard",
     .kind = WR_OPTION_CHOICE,
     .fallback = "SQL",
     .choices = "SQL|ISO-8601",
     .help = "Timestamps are written as 2026-01-02 03:04:05.678, or with a T; both are read."},
    {.name = "json.map-null-key.mode",
     .kind = WR_OPTION_CHOICE,
     .fallback = "FAIL",
     .choices = "FAIL|DROP|LITERAL",
     .help =
         "Entries of a MAP whose key is NULL: reject the row, leave them out, or write them under "
         "the name json.map-null-key.literal."},
    {.name = "json.map-null-key.literal",
     .kind = WR_OPTION_TEXT,
     .fallback = "null",
     .help = "The name of a NULL key if json.map-null-key.mode is LITERAL."},
    {.name = "json.encode.decimal-as-plain-number",
     .kind = WR_OPTION_BOOL,
     .fallback = "true",
     .help =
         "DECIMAL is written with all its digits; if false, without zeros at the end and with an "
         "exponent if it is small or round: 1E+3, 1.5E-8."},
    {.name = "json.encode.ignore-null-fields",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help =
         "Columns and fields of ROWs that are NULL are left out instead of being written as null."},
    {.name = NULL},
};

struct json_decoder {
  struct wr_decoder base;
  struct wr_json_decode *decode;
};

struct json_encoder {
  struct wr_encoder base;
  struct wr_arena arena;
  struct wr_json_style style;
  struct wr_json_row_writer *writer;
  struct wr_faults faults;
};

extern const struct wr_format wr_format_json;

static enum wr_code json_check_reading(const struct wr_format_spec *spec, struct wr_error *err)
{
  if (wr_options_bool(spec->options, json_options, "json.fail-on-missing-field") &&
      wr_options_bool(spec->options, json_options, "json.ignore-parse-errors"))
    return wr_fail(
        err, WR_SEMANTIC,
        "'json.fail-on-missing-field' and 'json.ignore-parse-errors' cannot both be true");
  enum wr_code code = WR_OK;
  uint32_t count = spec->wanted ? spec->wanted_count : spec->schema->column_count;
  for (uint32_t i = 0; i < count && code == WR_OK; i++) {
    const struct wr_field *field = &spec->schema->fields[spec->wanted ? spec->wanted[i] : i];
    code = wr_value_check_readable("json", field, true, err);
  }
  return code;
}

static enum wr_code json_check(const struct wr_format_spec *spec, bool reading,
                               struct wr_error *err)
{
  const char *mode = wr_options_text(spec->options, json_options, "json.map-null-key.mode");
  if (wr_options_find(spec->options, "json.map-null-key.literal") && strcmp(mode, "LITERAL") != 0)
    return wr_fail(err, WR_SEMANTIC,
                   "'json.map-null-key.literal' needs 'json.map-null-key.mode' = 'LITERAL'");
  if (reading)
    return json_check_reading(spec, err);
  if (spec->changes) {
    wr_fail(err, WR_UNSUPPORTED, "the format 'json' cannot say that a row is taken back");
    return wr_hint(err,
                   "the query updates rows it has sent; write it to a sink that takes updates");
  }
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; i < spec->schema->column_count && code == WR_OK; i++)
    code = wr_value_check_writable("json", &spec->schema->fields[i], true, err);
  return code;
}

static enum wr_code json_decoder_new(const struct wr_format_spec *spec, struct wr_decoder **out,
                                     struct wr_error *err)
{
  struct wr_json_decode_rules rules = {
      .zone_is_utc = wr_value_zone_is_utc(spec->time_zone),
      .fail_on_missing = wr_options_bool(spec->options, json_options, "json.fail-on-missing-field"),
      .forgive = wr_options_bool(spec->options, json_options, "json.ignore-parse-errors"),
  };
  struct wr_json_decode *decode = wr_json_decode_new(spec, &rules, err);
  if (!decode)
    return err->code;
  struct json_decoder *decoder = wr_memory_get_zero(sizeof *decoder);
  *decoder = (struct json_decoder){.base.format = &wr_format_json, .decode = decode};
  *out = &decoder->base;
  return WR_OK;
}

static struct json_decoder *json_decoder_of(struct wr_decoder *decoder)
{
  assert(decoder->format == &wr_format_json);
  return (struct json_decoder *)decoder;
}

static void json_decoder_free(struct wr_decoder *decoder)
{
  struct json_decoder *json = json_decoder_of(decoder);
  wr_json_decode_free(json->decode);
  free(json);
}

static uint32_t json_frame(struct wr_decoder *decoder, const char *bytes, size_t length, bool first,
                           bool at_end, struct wr_frame *frames, uint32_t frames_max,
                           size_t *consumed)
{
  (void)decoder;
  size_t mark = first ? wr_lines_mark_length(bytes, length) : 0;
  uint32_t count =
      wr_lines_frame(bytes + mark, length - mark, at_end, true, frames, frames_max, consumed);
  *consumed += mark;
  return count;
}

static void json_decode(struct wr_decoder *decoder, const struct wr_frame *frames,
                        uint32_t frame_count, struct wr_decoded *out)
{
  wr_json_decode_run(json_decoder_of(decoder)->decode, frames, frame_count, out);
}

static enum wr_code json_encoder_new(const struct wr_format_spec *spec, struct wr_encoder **out,
                                     struct wr_error *err)
{
  (void)err;
  const struct wr_options *options = spec->options;
  struct json_encoder *encoder = wr_memory_get_zero(sizeof *encoder);
  const char *standard = wr_options_text(options, json_options, "json.timestamp-format.standard"),
             *mode = wr_options_text(options, json_options, "json.map-null-key.mode"),
             *literal = wr_options_text(options, json_options, "json.map-null-key.literal");
  encoder->base.format = &wr_format_json;
  encoder->style = (struct wr_json_style){
      .datetime = strcmp(standard, "SQL") == 0 ? WR_DATETIME_SQL : WR_DATETIME_ISO,
      .leave_out_null = wr_options_bool(options, json_options, "json.encode.ignore-null-fields"),
      .null_keys = strcmp(mode, "FAIL") == 0   ? WR_JSON_NULL_KEY_FAIL
                   : strcmp(mode, "DROP") == 0 ? WR_JSON_NULL_KEY_DROP
                                               : WR_JSON_NULL_KEY_LITERAL,
      .null_key = wr_arena_copy(&encoder->arena, literal, strlen(literal)),
      .decimal_exponents =
          !wr_options_bool(options, json_options, "json.encode.decimal-as-plain-number"),
      .interval_numbers = true,
  };
  encoder->writer = wr_json_row_writer_new(spec->schema, &encoder->style);
  *out = &encoder->base;
  return WR_OK;
}

static struct json_encoder *json_encoder_of(struct wr_encoder *encoder)
{
  assert(encoder->format == &wr_format_json);
  return (struct json_encoder *)encoder;
}

static void json_encoder_free(struct wr_encoder *encoder)
{
  struct json_encoder *json = json_encoder_of(encoder);
  wr_json_row_writer_free(json->writer);
  wr_faults_free(&json->faults);
  wr_arena_free(&json->arena);
  free(json);
}

/* Takes back what was written of a row, and says which of its columns has the NULL key. */
static void json_refuse_row(struct json_encoder *json, const struct wr_batch *batch, uint32_t i,
                            struct wr_buffer *buffer, size_t begin)
{
  uint32_t row = wr_batch_row(batch, i), c = 0;
  buffer->length = begin;
  while (wr_json_write_value(buffer, &batch->columns[c], row, &json->style))
    c++;
  assert(c < batch->schema->column_count);
  buffer->length = begin;
  wr_faults_add(&json->faults, i,
                "column %s holds a MAP with the key NULL, and 'json.map-null-key.mode' is FAIL",
                batch->schema->fields[c].name);
}

static void json_encode(struct wr_encoder *encoder, const struct wr_batch *batch,
                        struct wr_buffer *buffer, size_t *ends)
{
  struct json_encoder *json = json_encoder_of(encoder);
  wr_faults_reset(&json->faults);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    size_t begin = buffer->length;
    if (!wr_json_row_write(json->writer, batch->columns, wr_batch_row(batch, i), buffer))
      json_refuse_row(json, batch, i, buffer, begin);
    ends[i] = buffer->length;
  }
  encoder->faults = json->faults.list;
  encoder->fault_count = json->faults.count;
}

const struct wr_format wr_format_json = {
    .name = "json",
    .help = "JSON objects, one per record (RFC 8259); in files one per line",
    .options = json_options,
    .check = json_check,
    .decoder_new = json_decoder_new,
    .decoder_free = json_decoder_free,
    .frame = json_frame,
    .decode = json_decode,
    .encoder_new = json_encoder_new,
    .encoder_free = json_encoder_free,
    .encode = json_encode,
    .separator = "\n",
    .rows_by_name = true,
};
