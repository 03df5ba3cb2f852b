/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format 'json': one object per record, newline-delimited where records share a file. Decoding
 * is in json_decode.c, encoding is the row writer of text/json_write.h; here are the options and
 * the row of the registry.
 */
#include <assert.h>
#include <stdlib.h>

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
    {.name = "json.encode.decimal-as-plain-number",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "DECIMAL is written with plain digits, whatever this says: never with an exponent."},
    {.name = "json.encode.ignore-null-fields",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "Columns that are NULL are left out instead of being written as null."},
    {.name = NULL},
};

struct json_decoder {
  struct wr_decoder base;
  struct wr_json_decode *decode;
};

struct json_encoder {
  struct wr_encoder base;
  struct wr_json_row_writer *writer;
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
  const char *standard =
      wr_options_text(spec->options, json_options, "json.timestamp-format.standard");
  struct wr_json_style style = {
      .datetime = strcmp(standard, "SQL") == 0 ? WR_DATETIME_SQL : WR_DATETIME_ISO,
      .leave_out_null =
          wr_options_bool(spec->options, json_options, "json.encode.ignore-null-fields"),
  };
  struct json_encoder *encoder = wr_memory_get_zero(sizeof *encoder);
  encoder->base.format = &wr_format_json;
  encoder->writer = wr_json_row_writer_new(spec->schema, &style);
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
  free(json);
}

static void json_encode(struct wr_encoder *encoder, const struct wr_batch *batch,
                        struct wr_buffer *buffer, size_t *ends)
{
  const struct wr_json_row_writer *writer = json_encoder_of(encoder)->writer;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    wr_json_row_write(writer, batch->columns, wr_batch_row(batch, i), buffer);
    ends[i] = buffer->length;
  }
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
};
