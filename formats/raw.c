/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format 'raw': the table has one column of text or bytes, and a record is its value as it is.
 * In files a record is a line without its line break. Text must be UTF-8; a NULL is written as an
 * empty record.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/builder.h"
#include "formats/fault.h"
#include "formats/format.h"
#include "formats/lines.h"
#include "text/buffer.h"
#include "text/utf8.h"

static const struct wr_option raw_options[] = {{.name = NULL}};

struct raw_decoder {
  struct wr_decoder base;
  bool is_wanted, is_text;
  struct wr_builder builder;
  struct wr_column column;
  uint32_t *row_frame, row_capacity;
  struct wr_faults faults;
};

extern const struct wr_format wr_format_raw;

static bool raw_is_text(const struct wr_format_spec *spec)
{
  return wr_kind_is_text(spec->schema->fields[0].type->kind);
}

static enum wr_code raw_check(const struct wr_format_spec *spec, bool reading, struct wr_error *err)
{
  const struct wr_schema *schema = spec->schema;
  if (schema->column_count != 1)
    return wr_fail(err, WR_SEMANTIC,
                   "the format 'raw' carries exactly one column, but there are %u",
                   schema->column_count);
  if (schema->fields[0].type->physical != WR_TEXT) {
    char name[96];
    wr_type_print(schema->fields[0].type, name, sizeof name);
    return wr_fail(err, WR_UNSUPPORTED,
                   "the format 'raw' carries STRING or BYTES, but column %s is %s",
                   schema->fields[0].name, name);
  }
  if (!reading && spec->changes)
    return wr_fail(err, WR_UNSUPPORTED, "the format 'raw' cannot say that a row is taken back");
  return WR_OK;
}

static enum wr_code raw_decoder_new(const struct wr_format_spec *spec, struct wr_decoder **out,
                                    struct wr_error *err)
{
  (void)err;
  struct raw_decoder *decoder = wr_memory_get_zero(sizeof *decoder);
  decoder->base.format = &wr_format_raw;
  decoder->is_wanted = spec->wanted_count > 0;
  decoder->is_text = raw_is_text(spec);
  wr_builder_open(&decoder->builder, spec->schema->fields[0].type);
  *out = &decoder->base;
  return WR_OK;
}

static struct raw_decoder *raw_decoder_of(struct wr_decoder *decoder)
{
  assert(decoder->format == &wr_format_raw);
  return (struct raw_decoder *)decoder;
}

static void raw_decoder_free(struct wr_decoder *decoder)
{
  struct raw_decoder *raw = raw_decoder_of(decoder);
  wr_builder_close(&raw->builder);
  wr_faults_free(&raw->faults);
  free(raw->row_frame);
  free(raw);
}

static uint32_t raw_frame(struct wr_decoder *decoder, const char *bytes, size_t length, bool first,
                          bool at_end, struct wr_frame *frames, uint32_t frames_max,
                          size_t *consumed)
{
  (void)decoder;
  (void)first;
  return wr_lines_frame(bytes, length, at_end, false, frames, frames_max, consumed);
}

static void raw_decode(struct wr_decoder *decoder, const struct wr_frame *frames,
                       uint32_t frame_count, struct wr_decoded *out)
{
  struct raw_decoder *raw = raw_decoder_of(decoder);
  wr_builder_reset(&raw->builder);
  wr_builder_reserve(&raw->builder, frame_count);
  wr_faults_reset(&raw->faults);
  if (frame_count > raw->row_capacity) {
    raw->row_frame = wr_memory_resize(raw->row_frame, sizeof *raw->row_frame * frame_count);
    raw->row_capacity = frame_count;
  }
  uint32_t row_count = 0;
  for (uint32_t i = 0; i < frame_count; i++) {
    if (raw->is_text && !wr_utf8_valid(frames[i].bytes, frames[i].length)) {
      wr_faults_add(&raw->faults, i, "the record is not UTF-8");
      continue;
    }
    wr_builder_put_text(&raw->builder, wr_text_make(frames[i].bytes, frames[i].length));
    raw->row_frame[row_count++] = i;
  }
  raw->column = wr_builder_view(&raw->builder);
  *out = (struct wr_decoded){
      .row_count = row_count,
      .columns = raw->is_wanted ? &raw->column : NULL,
      .row_frame = raw->faults.count ? raw->row_frame : NULL,
      .faults = raw->faults.list,
      .fault_count = raw->faults.count,
  };
}

static enum wr_code raw_encoder_new(const struct wr_format_spec *spec, struct wr_encoder **out,
                                    struct wr_error *err)
{
  (void)spec;
  (void)err;
  struct wr_encoder *encoder = wr_memory_get_zero(sizeof *encoder);
  encoder->format = &wr_format_raw;
  *out = encoder;
  return WR_OK;
}

static void raw_encoder_free(struct wr_encoder *encoder)
{
  assert(encoder->format == &wr_format_raw);
  free(encoder);
}

static void raw_encode(struct wr_encoder *encoder, const struct wr_batch *batch,
                       struct wr_buffer *buffer, size_t *ends)
{
  assert(encoder->format == &wr_format_raw);
  const struct wr_column *column = &batch->columns[0];
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    const struct wr_text *text = wr_column_text(column, row);
    if (!wr_column_is_null(column, row))
      wr_buffer_put(buffer, wr_text_bytes(text), text->length);
    ends[i] = buffer->length;
  }
}

const struct wr_format wr_format_raw = {
    .name = "raw",
    .help = "one column of text or bytes: the record as it is",
    .options = raw_options,
    .check = raw_check,
    .decoder_new = raw_decoder_new,
    .decoder_free = raw_decoder_free,
    .frame = raw_frame,
    .decode = raw_decode,
    .encoder_new = raw_encoder_new,
    .encoder_free = raw_encoder_free,
    .encode = raw_encode,
    .separator = "\n",
};
