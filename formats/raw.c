/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format 'raw': the table has one column, and a record is its value as it is. Bytes stay what
 * they are; text is in a character set and becomes UTF-8; BOOLEAN and numbers are binary, as wide
 * as their type. In files a record is a line without its line break. There a number may contain the
 * byte of a line break, so a record ends behind its width, if a line break follows. A NULL text is
 * written as an empty record; a NULL number has no form.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/packed.h"
#include "formats/fault.h"
#include "formats/format.h"
#include "formats/lines.h"
#include "text/buffer.h"
#include "text/charset.h"
#include "text/utf8.h"

static const struct wr_option raw_options[] = {
    {.name = "raw.charset",
     .kind = WR_OPTION_TEXT,
     .fallback = "UTF-8",
     .help = "The character set of text: " WR_CHARSET_NAMES "; UTF-16 is only read."},
    {.name = "raw.endianness",
     .kind = WR_OPTION_CHOICE,
     .fallback = "big-endian",
     .choices = "big-endian|little-endian",
     .help = "The order of the bytes of numbers."},
    {.name = NULL},
};

/* How values look in records. */
struct raw_shape {
  bool is_text, little; /* little: numbers begin with their lowest byte */
  uint32_t width;       /* bytes of every value; 0: any number of them */
  enum wr_charset charset;
};

struct raw_decoder {
  struct wr_decoder base;
  bool is_wanted;
  struct raw_shape shape;
  struct wr_builder builder;
  struct wr_column column;
  uint32_t *row_frame, row_capacity;
  struct wr_faults faults;
};

struct raw_encoder {
  struct wr_encoder base;
  struct raw_shape shape;
  struct wr_faults faults;
};

extern const struct wr_format wr_format_raw;

static struct raw_shape raw_shape(const struct wr_format_spec *spec)
{
  const struct wr_type *type = spec->schema->fields[0].type;
  const char *charset = wr_options_text(spec->options, raw_options, "raw.charset"),
             *order = wr_options_text(spec->options, raw_options, "raw.endianness");
  struct raw_shape shape = {
      .is_text = wr_kind_is_text(type->kind),
      .little = strcmp(order, "little-endian") == 0,
      .width = type->physical == WR_TEXT ? 0 : wr_physical_bytes[type->physical],
  };
  bool found = wr_charset_find(charset, strlen(charset), &shape.charset);
  assert(found);
  (void)found;
  return shape;
}

/* Text, bytes, and what has a width that everybody agrees on. */
static bool raw_carries(const struct wr_type *type)
{
  bool is_bytes = type->physical == WR_TEXT && !wr_kind_is_packed(type->kind);
  return is_bytes || type->kind == WR_BOOLEAN || wr_kind_is_integer(type->kind) ||
         type->kind == WR_FLOAT || type->kind == WR_DOUBLE;
}

static enum wr_code raw_check_charset(const struct wr_format_spec *spec, bool reading,
                                      struct wr_error *err)
{
  enum wr_charset charset;
  const char *name = wr_options_text(spec->options, raw_options, "raw.charset");
  if (!wr_charset_find(name, strlen(name), &charset)) {
    const struct wr_option_value *given = wr_options_find_value(spec->options, "raw.charset");
    wr_fail_at(err, WR_SEMANTIC, given->value_span, "there is no character set '%s'", name);
    wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
    return wr_hint(err, "there are " WR_CHARSET_NAMES);
  }
  if (reading || charset < WR_CHARSET_UTF16BE || !raw_shape(spec).is_text)
    return WR_OK;
  wr_fail(err, WR_UNSUPPORTED, "the format 'raw' cannot write %s, only read it",
          wr_charset_names[charset]);
  return wr_hint(err, "write UTF-8, or BYTES that ENCODE(text, '%s') makes",
                 wr_charset_names[charset]);
}

static enum wr_code raw_check(const struct wr_format_spec *spec, bool reading, struct wr_error *err)
{
  const struct wr_schema *schema = spec->schema;
  if (schema->column_count != 1)
    return wr_fail(err, WR_SEMANTIC,
                   "the format 'raw' carries exactly one column, but there are %u",
                   schema->column_count);
  const struct wr_type *type = schema->fields[0].type;
  if (!raw_carries(type)) {
    char name[96];
    wr_type_print(type, name, sizeof name);
    return wr_fail(err, WR_UNSUPPORTED,
                   "the format 'raw' carries text, bytes, BOOLEAN, integers, FLOAT or DOUBLE, but "
                   "column %s is %s",
                   schema->fields[0].name, name);
  }
  if (!reading && spec->changes)
    return wr_fail(err, WR_UNSUPPORTED, "the format 'raw' cannot say that a row is taken back");
  return raw_check_charset(spec, reading, err);
}

static enum wr_code raw_decoder_new(const struct wr_format_spec *spec, struct wr_decoder **out,
                                    struct wr_error *err)
{
  (void)err;
  struct raw_decoder *decoder = wr_memory_get_zero(sizeof *decoder);
  decoder->base.format = &wr_format_raw;
  decoder->is_wanted = spec->wanted_count > 0;
  decoder->shape = raw_shape(spec);
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

/* Bytes of the next record without its line break; SIZE_MAX: its end is not there yet. */
static size_t raw_record_length(const struct raw_shape *shape, const char *bytes, size_t length,
                                bool at_end)
{
  size_t width = shape->width;
  if (width && length <= width && !at_end)
    return SIZE_MAX;
  if (width && (length == width || (length > width && bytes[width] == '\n')))
    return width;
  size_t step = shape->width ? 1 : 2, high = shape->charset == WR_CHARSET_UTF16LE;
  for (size_t at = 0; at + step <= length; at += step)
    if (step == 1 ? bytes[at] == '\n' : bytes[at + !high] == '\n' && bytes[at + high] == '\0')
      return at;
  return at_end ? length : SIZE_MAX;
}

/* Where line breaks are no single byte, or single bytes no line breaks. */
static uint32_t raw_frame_shape(const struct raw_shape *shape, const char *bytes, size_t length,
                                bool at_end, struct wr_frame *frames, uint32_t frames_max,
                                size_t *consumed)
{
  size_t at = 0, feed_bytes = shape->width ? 1 : 2;
  uint32_t count = 0;
  while (at < length && count < frames_max) {
    size_t record = raw_record_length(shape, bytes + at, length - at, at_end);
    if (record == SIZE_MAX)
      break;
    assert(record <= UINT32_MAX);
    frames[count++] = (struct wr_frame){.bytes = bytes + at, .length = (uint32_t)record};
    at += record;
    at += length - at < feed_bytes ? length - at : feed_bytes;
  }
  *consumed = at;
  return count;
}

static uint32_t raw_frame(struct wr_decoder *decoder, const char *bytes, size_t length, bool first,
                          bool at_end, struct wr_frame *frames, uint32_t frames_max,
                          size_t *consumed)
{
  (void)first;
  const struct raw_shape *shape = &raw_decoder_of(decoder)->shape;
  if (shape->width || (shape->is_text && shape->charset >= WR_CHARSET_UTF16BE))
    return raw_frame_shape(shape, bytes, length, at_end, frames, frames_max, consumed);
  return wr_lines_frame(bytes, length, at_end, false, frames, frames_max, consumed);
}

/* Lowest byte first, whatever the machine. */
static uint64_t raw_bits(const struct raw_shape *shape, const char *bytes)
{
  uint64_t bits = 0;
  for (uint32_t i = 0; i < shape->width; i++)
    bits |= (uint64_t)(unsigned char)bytes[shape->little ? i : shape->width - 1 - i] << 8 * i;
  return bits;
}

static bool raw_put_number(struct raw_decoder *raw, const struct wr_frame *frame, uint32_t i)
{
  const struct wr_type *type = raw->builder.type;
  if (frame->length != raw->shape.width) {
    char name[96];
    wr_type_print(type, name, sizeof name);
    wr_faults_add(&raw->faults, i, "the record has %u byte%s, but %s takes %u", frame->length,
                  frame->length == 1 ? "" : "s", name, raw->shape.width);
    return false;
  }
  uint64_t bits = raw_bits(&raw->shape, frame->bytes);
  unsigned unused = 64 - 8 * raw->shape.width;
  if (type->kind == WR_BOOLEAN) {
    wr_builder_put_u8(&raw->builder, bits != 0);
  } else if (type->kind == WR_DOUBLE) {
    double value;
    memcpy(&value, &bits, sizeof value);
    wr_builder_put_f64(&raw->builder, value);
  } else if (type->kind == WR_FLOAT) {
    float value;
    memcpy(&value, &(uint32_t){(uint32_t)bits}, sizeof value);
    wr_builder_put_f32(&raw->builder, value);
  } else {
    wr_builder_put_integer(&raw->builder, (int64_t)(bits << unused) >> unused);
  }
  return true;
}

static bool raw_put_converted(struct raw_decoder *raw, const struct wr_frame *frame, uint32_t i)
{
  enum wr_charset charset = raw->shape.charset;
  size_t at = 0;
  char *room = wr_arena_get(&raw->builder.texts, 3 * (size_t)frame->length + 1), *end = room;
  wr_charset_settle(&charset, frame->bytes, frame->length, &at);
  while (at < frame->length) {
    uint32_t point = wr_charset_next(charset, frame->bytes, frame->length, &at);
    if (point == WR_CHARSET_BROKEN) {
      wr_faults_add(&raw->faults, i, "the record is not %s", wr_charset_names[raw->shape.charset]);
      return false;
    }
    end += wr_utf8_put(point, end);
  }
  wr_builder_put_text(&raw->builder, wr_text_make(room, (uint32_t)(end - room)));
  return true;
}

static bool raw_put(struct raw_decoder *raw, const struct wr_frame *frame, uint32_t i)
{
  if (raw->shape.width)
    return raw_put_number(raw, frame, i);
  if (raw->shape.is_text && raw->shape.charset != WR_CHARSET_UTF8)
    return raw_put_converted(raw, frame, i);
  if (raw->shape.is_text && !wr_utf8_valid(frame->bytes, frame->length)) {
    wr_faults_add(&raw->faults, i, "the record is not UTF-8");
    return false;
  }
  wr_builder_put_text(&raw->builder, wr_text_make(frame->bytes, frame->length));
  return true;
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
  for (uint32_t i = 0; i < frame_count; i++)
    if (raw_put(raw, &frames[i], i))
      raw->row_frame[row_count++] = i;
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
  (void)err;
  struct raw_encoder *encoder = wr_memory_get_zero(sizeof *encoder);
  encoder->base.format = &wr_format_raw;
  encoder->shape = raw_shape(spec);
  *out = &encoder->base;
  return WR_OK;
}

static struct raw_encoder *raw_encoder_of(struct wr_encoder *encoder)
{
  assert(encoder->format == &wr_format_raw);
  return (struct raw_encoder *)encoder;
}

static void raw_encoder_free(struct wr_encoder *encoder)
{
  struct raw_encoder *raw = raw_encoder_of(encoder);
  wr_faults_free(&raw->faults);
  free(raw);
}

static void raw_write_number(const struct raw_shape *shape, const struct wr_column *column,
                             uint32_t row, struct wr_buffer *buffer)
{
  uint64_t bits;
  if (column->type->kind == WR_FLOAT) {
    float value = (float)wr_column_f64(column, row);
    uint32_t half;
    memcpy(&half, &value, sizeof half);
    bits = half;
  } else if (column->type->kind == WR_DOUBLE) {
    double value = wr_column_f64(column, row);
    memcpy(&bits, &value, sizeof bits);
  } else {
    bits = (uint64_t)wr_column_i64(column, row);
  }
  char *out = wr_buffer_reserve(buffer, shape->width);
  for (uint32_t i = 0; i < shape->width; i++)
    out[shape->little ? i : shape->width - 1 - i] = (char)(bits >> 8 * i & 0xFF);
  wr_buffer_added(buffer, shape->width);
}

/* In US-ASCII or ISO-8859-1. */
static void raw_write_converted(struct raw_encoder *raw, const struct wr_text *text, uint32_t i,
                                struct wr_buffer *buffer)
{
  const char *bytes = wr_text_bytes(text);
  char *begin = wr_buffer_reserve(buffer, text->length), *out = begin;
  for (size_t at = 0; at < text->length;) {
    uint32_t point = wr_utf8_next(bytes, text->length, &at);
    if (!wr_charset_has(raw->shape.charset, point)) {
      wr_faults_add(&raw->faults, i, "'%s' contains a character that %s does not have",
                    wr_excerpt_make(bytes, text->length).text,
                    wr_charset_names[raw->shape.charset]);
      return;
    }
    out = wr_charset_put(raw->shape.charset, point, out);
  }
  wr_buffer_added(buffer, (size_t)(out - begin));
}

static void raw_write(struct raw_encoder *raw, const struct wr_column *column, uint32_t row,
                      uint32_t i, struct wr_buffer *buffer)
{
  bool is_null = wr_column_is_null(column, row);
  if (raw->shape.width && is_null) {
    char name[96];
    wr_type_print(column->type, name, sizeof name);
    wr_faults_add(&raw->faults, i, "the format 'raw' has no form for a NULL of type %s", name);
  } else if (raw->shape.width) {
    raw_write_number(&raw->shape, column, row, buffer);
  } else if (!is_null) {
    const struct wr_text *text = wr_column_text(column, row);
    if (raw->shape.is_text && raw->shape.charset != WR_CHARSET_UTF8)
      raw_write_converted(raw, text, i, buffer);
    else
      wr_buffer_put(buffer, wr_text_bytes(text), text->length);
  }
}

static void raw_encode(struct wr_encoder *encoder, const struct wr_batch *batch,
                       struct wr_buffer *buffer, size_t *ends)
{
  struct raw_encoder *raw = raw_encoder_of(encoder);
  wr_faults_reset(&raw->faults);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    raw_write(raw, &batch->columns[0], wr_batch_row(batch, i), i, buffer);
    ends[i] = buffer->length;
  }
  encoder->faults = raw->faults.list;
  encoder->fault_count = raw->faults.count;
}

const struct wr_format wr_format_raw = {
    .name = "raw",
    .help = "one column: the record is its value, as text, bytes or a binary number",
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
