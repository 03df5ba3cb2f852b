/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See the header. Reading is formats/json_decode.h with a form; writing is the row writer of
 * text/json_write.h between two constant pieces of text. A row that is taken back is written as one
 * that goes, whatever comes after it, as in Flink: nobody has to wait for the second half of an
 * update.
 */
#include "formats/json_change_format.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/fault.h"
#include "formats/json_decode.h"
#include "formats/lines.h"
#include "formats/value.h"
#include "text/json_write.h"

#define OPTION_BYTES_MAX 96

struct change_decoder {
  struct wr_decoder base;
  struct wr_json_decode *decode;
};

struct change_encoder {
  struct wr_encoder base;
  const struct wr_json_change_form *form;
  struct wr_arena arena;
  struct wr_json_style style;
  struct wr_json_row_writer *writer;
  struct wr_faults faults;
};

/* An option by its name behind that of the format. */
static const char *change_option(const struct wr_format *format, const char *name, char *out)
{
  int length = snprintf(out, OPTION_BYTES_MAX, "%s.%s", format->name, name);
  assert(length > 0 && length < OPTION_BYTES_MAX);
  (void)length;
  return out;
}

static const char *change_text(const struct wr_format *format, const struct wr_options *options,
                               const char *name)
{
  char key[OPTION_BYTES_MAX];
  return wr_options_text(options, format->options, change_option(format, name, key));
}

static bool change_bool(const struct wr_format *format, const struct wr_options *options,
                        const char *name)
{
  char key[OPTION_BYTES_MAX];
  return wr_options_bool(options, format->options, change_option(format, name, key));
}

enum wr_code wr_json_change_check(const struct wr_format *format, const struct wr_format_spec *spec,
                                  bool reading, struct wr_error *err)
{
  char key[OPTION_BYTES_MAX];
  const char *mode = change_text(format, spec->options, "map-null-key.mode");
  if (wr_options_find(spec->options, change_option(format, "map-null-key.literal", key)) &&
      strcmp(mode, "LITERAL") != 0)
    return wr_fail(err, WR_SEMANTIC, "'%s' needs '%s.map-null-key.mode' = 'LITERAL'", key,
                   format->name);
  enum wr_code code = WR_OK;
  uint32_t count = reading && spec->wanted ? spec->wanted_count : spec->schema->column_count;
  for (uint32_t i = 0; i < count && code == WR_OK; i++) {
    const struct wr_field *field =
        &spec->schema->fields[reading && spec->wanted ? spec->wanted[i] : i];
    code = reading ? wr_value_check_readable(format->name, field, true, err)
                   : wr_value_check_writable(format->name, field, true, err);
  }
  return code;
}

/* ---- reading */

enum wr_code wr_json_change_decoder_new(const struct wr_format *format,
                                        const struct wr_json_change_form *form, bool wrapped,
                                        const struct wr_format_spec *spec, struct wr_decoder **out,
                                        struct wr_error *err)
{
  const struct wr_json_decode_rules rules = {
      .zone_is_utc = wr_value_zone_is_utc(spec->time_zone),
      .forgive = change_bool(format, spec->options, "ignore-parse-errors"),
      .changes = form,
      .wrapped = wrapped,
  };
  struct wr_json_decode *decode = wr_json_decode_new(spec, &rules, err);
  if (!decode)
    return err->code;
  struct change_decoder *decoder = wr_memory_get_zero(sizeof *decoder);
  *decoder = (struct change_decoder){.base.format = format, .decode = decode};
  *out = &decoder->base;
  return WR_OK;
}

static struct change_decoder *change_decoder_of(struct wr_decoder *decoder)
{
  assert(decoder->format->decode == wr_json_change_decode);
  return (struct change_decoder *)decoder;
}

void wr_json_change_decoder_free(struct wr_decoder *decoder)
{
  struct change_decoder *self = change_decoder_of(decoder);
  wr_json_decode_free(self->decode);
  free(self);
}

uint32_t wr_json_change_frame(struct wr_decoder *decoder, const char *bytes, size_t length,
                              bool first, bool at_end, struct wr_frame *frames, uint32_t frames_max,
                              size_t *consumed)
{
  (void)decoder;
  size_t mark = first ? wr_lines_mark_length(bytes, length) : 0;
  uint32_t count =
      wr_lines_frame(bytes + mark, length - mark, at_end, true, frames, frames_max, consumed);
  *consumed += mark;
  return count;
}

void wr_json_change_decode(struct wr_decoder *decoder, const struct wr_frame *frames,
                           uint32_t frame_count, struct wr_decoded *out)
{
  wr_json_decode_run(change_decoder_of(decoder)->decode, frames, frame_count, out);
}

/* ---- writing */

void wr_json_change_encoder_new(const struct wr_format *format,
                                const struct wr_json_change_form *form,
                                const struct wr_format_spec *spec, struct wr_encoder **out)
{
  const struct wr_options *options = spec->options;
  struct change_encoder *encoder = wr_memory_get_zero(sizeof *encoder);
  const char *standard = change_text(format, options, "timestamp-format.standard"),
             *mode = change_text(format, options, "map-null-key.mode"),
             *literal = change_text(format, options, "map-null-key.literal");
  encoder->base.format = format;
  encoder->form = form;
  encoder->style = (struct wr_json_style){
      .datetime = strcmp(standard, "SQL") == 0 ? WR_DATETIME_SQL : WR_DATETIME_ISO,
      .leave_out_null = change_bool(format, options, "encode.ignore-null-fields"),
      .null_keys = strcmp(mode, "FAIL") == 0   ? WR_JSON_NULL_KEY_FAIL
                   : strcmp(mode, "DROP") == 0 ? WR_JSON_NULL_KEY_DROP
                                               : WR_JSON_NULL_KEY_LITERAL,
      .null_key = wr_arena_copy(&encoder->arena, literal, strlen(literal)),
      .decimal_exponents = !change_bool(format, options, "encode.decimal-as-plain-number"),
      .interval_numbers = true,
  };
  encoder->writer = wr_json_row_writer_new(spec->schema, &encoder->style);
  *out = &encoder->base;
}

static struct change_encoder *change_encoder_of(struct wr_encoder *encoder)
{
  assert(encoder->format->encode == wr_json_change_encode);
  return (struct change_encoder *)encoder;
}

void wr_json_change_encoder_free(struct wr_encoder *encoder)
{
  struct change_encoder *self = change_encoder_of(encoder);
  wr_json_row_writer_free(self->writer);
  wr_faults_free(&self->faults);
  wr_arena_free(&self->arena);
  free(self);
}

void wr_json_change_encode(struct wr_encoder *encoder, const struct wr_batch *batch,
                           struct wr_buffer *buffer, size_t *ends)
{
  struct change_encoder *self = change_encoder_of(encoder);
  wr_faults_reset(&self->faults);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    size_t begin = buffer->length;
    bool goes = batch->change && batch->change[row] & WR_DELETE;
    const char *const *around = goes ? self->form->delete : self->form->insert;
    wr_buffer_put_string(buffer, around[0]);
    if (wr_json_row_write(self->writer, batch->columns, row, buffer)) {
      wr_buffer_put_string(buffer, around[1]);
    } else {
      buffer->length = begin;
      wr_faults_add(&self->faults, i,
                    "a column holds a MAP with the key NULL, and '%s.map-null-key.mode' is FAIL",
                    self->form->name);
    }
    ends[i] = buffer->length;
  }
  encoder->faults = self->faults.list;
  encoder->fault_count = self->faults.count;
}
