/* SPDX-License-Identifier: Apache-2.0 */
/* The format 'csv': its options, what it refuses, and the row of the registry. */
#include "formats/csv.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "formats/fault.h"
#include "formats/value.h"

static const struct wr_option csv_options[] = {
    {.name = "csv.field-delimiter",
     .kind = WR_OPTION_TEXT,
     .fallback = ",",
     .help = "The one character between fields; \\t is the tab."},
    {.name = "csv.quote-character",
     .kind = WR_OPTION_TEXT,
     .fallback = "\"",
     .help = "The one character around fields that contain delimiters, quotes or line breaks."},
    {.name = "csv.disable-quote-character",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "Quotes have no meaning and are never written."},
    {.name = "csv.allow-comments",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "Lines that begin with # are left out."},
    {.name = "csv.ignore-parse-errors",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "Values that do not fit become NULL; bad records are left out without a word."},
    {.name = "csv.array-element-delimiter",
     .kind = WR_OPTION_TEXT,
     .fallback = ";",
     .help = "The text between the items of an ARRAY and between the fields of a ROW."},
    {.name = "csv.escape-character",
     .kind = WR_OPTION_TEXT,
     .help = "The one character that takes the meaning from the one behind it; none by default."},
    {.name = "csv.null-literal",
     .kind = WR_OPTION_TEXT,
     .help = "The text that stands for NULL, in every column; none by default."},
    {.name = "csv.header",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help =
         "The first record of each file or other split holds names and is left out when reading."},
    {.name = NULL},
};

struct csv_decoder {
  struct wr_decoder base;
  struct wr_csv_decode *decode;
};

struct csv_encoder {
  struct wr_encoder base;
  struct wr_csv_style style;
  struct wr_arena arena;
  uint32_t column_count;
  struct wr_buffer scratch;
  struct wr_faults faults;
};

extern const struct wr_format wr_format_csv;

void wr_csv_style_keep(struct wr_csv_style *style, struct wr_arena *arena)
{
  if (style->null_literal)
    style->null_literal = wr_arena_copy(arena, style->null_literal, style->null_length);
  style->delimiter = wr_arena_copy(arena, style->delimiter, style->delimiter_length);
}

/* A single ASCII character, or \t. */
static enum wr_code csv_read_char(const struct wr_options *options, const char *name, char *out,
                                  struct wr_error *err)
{
  const char *text = wr_options_text(options, csv_options, name);
  if (text && strcmp(text, "\\t") == 0)
    text = "\t";
  bool fits = text && text[0] && !text[1] && (unsigned char)text[0] < 0x80 && text[0] != '\n' &&
              text[0] != '\r';
  if (!fits)
    return wr_fail(err, WR_SEMANTIC, "'%s' must be one ASCII character, not '%s'", name,
                   text ? text : "");
  *out = text[0];
  return WR_OK;
}

static enum wr_code csv_read_style(const struct wr_options *options, struct wr_csv_style *style,
                                   struct wr_error *err)
{
  *style = (struct wr_csv_style){
      .forgive = wr_options_bool(options, csv_options, "csv.ignore-parse-errors")};
  struct wr_csv_rules *rules = &style->rules;
  style->header = wr_options_bool(options, csv_options, "csv.header");
  style->null_literal = wr_options_find(options, "csv.null-literal");
  style->null_length = style->null_literal ? (uint32_t)strlen(style->null_literal) : 0;
  style->delimiter = wr_options_text(options, csv_options, "csv.array-element-delimiter");
  style->delimiter_length = (uint32_t)strlen(style->delimiter);
  if (strpbrk(style->delimiter, "\r\n") || style->delimiter_length == 0)
    return wr_fail(err, WR_SEMANTIC,
                   "'csv.array-element-delimiter' must be one or more characters of one line");
  rules->has_comments = wr_options_bool(options, csv_options, "csv.allow-comments");
  rules->has_quote = !wr_options_bool(options, csv_options, "csv.disable-quote-character");
  rules->has_escape = wr_options_find(options, "csv.escape-character") != NULL;
  if (!rules->has_quote && wr_options_find(options, "csv.quote-character"))
    return wr_fail(err, WR_SEMANTIC,
                   "'csv.quote-character' makes no sense with 'csv.disable-quote-character'");
  enum wr_code code = csv_read_char(options, "csv.field-delimiter", &rules->delimiter, err);
  if (code == WR_OK && rules->has_quote)
    code = csv_read_char(options, "csv.quote-character", &rules->quote, err);
  if (code == WR_OK && rules->has_escape)
    code = csv_read_char(options, "csv.escape-character", &rules->escape, err);
  if (code != WR_OK)
    return code;
  bool same = (rules->has_quote && rules->quote == rules->delimiter) ||
              (rules->has_escape && rules->escape == rules->delimiter) ||
              (rules->has_escape && rules->has_quote && rules->escape == rules->quote);
  if (rules->has_escape && style->null_literal && strchr(style->null_literal, rules->escape))
    return wr_fail(err, WR_SEMANTIC,
                   "'csv.null-literal' must not contain the 'csv.escape-character', which would "
                   "change it when it is read");
  if (same)
    return wr_fail(err, WR_SEMANTIC,
                   "delimiter, quote and escape of the format 'csv' must be different characters");
  return WR_OK;
}

/* Without quotes neither text nor a delimiter that values contain can be told apart from what
 * stands around it. */
static enum wr_code csv_check_unquoted(const struct wr_csv_rules *rules,
                                       const struct wr_field *field, struct wr_error *err)
{
  if (rules->has_quote)
    return WR_OK;
  bool nested = field->type->field_count > 0;
  if (field->type->physical == WR_TEXT || nested) {
    wr_fail(err, WR_SEMANTIC, "column %s is %s, which cannot be written to CSV without quotes",
            field->name, nested ? "nested" : "text");
    return wr_hint(err, "leave 'csv.disable-quote-character' out");
  }
  if (isalnum((unsigned char)rules->delimiter) || strchr("+-.: ", rules->delimiter))
    return wr_fail(err, WR_SEMANTIC,
                   "'%c' cannot be the delimiter of a CSV that is written without quotes",
                   rules->delimiter);
  return WR_OK;
}

/* A scalar; or an ARRAY or ROW of scalars, whose parts share a field. */
static enum wr_code csv_check_type(const struct wr_field *field, bool reading, struct wr_error *err)
{
  enum wr_code (*check)(const char *, const struct wr_field *, bool, struct wr_error *) =
      reading ? wr_value_check_readable : wr_value_check_writable;
  const struct wr_type *type = field->type;
  if (type->kind != WR_ARRAY && type->kind != WR_ROW) {
    enum wr_code code = check("csv", field, false, err);
    if (code != WR_OK && type->field_count > 0)
      wr_hint(err, "a field of CSV holds a scalar value, or an ARRAY or ROW of them");
    return code;
  }
  for (uint32_t i = 0; i < type->field_count; i++) {
    const struct wr_field part = {field->name, type->fields[i].type};
    struct wr_error inner;
    if (part.type->field_count == 0 && check("csv", &part, false, &inner) == WR_OK)
      continue;
    char name[96];
    wr_type_print(type, name, sizeof name);
    wr_fail(err, WR_UNSUPPORTED, "the format 'csv' cannot %s %s of type %s",
            reading ? "read" : "write", field->name, name);
    return wr_hint(err, "a field of CSV holds a scalar value, or an ARRAY or ROW of them");
  }
  return WR_OK;
}

static enum wr_code csv_check(const struct wr_format_spec *spec, bool reading, struct wr_error *err)
{
  struct wr_csv_style style;
  enum wr_code code = csv_read_style(spec->options, &style, err);
  if (code != WR_OK)
    return code;
  if (!reading && spec->changes) {
    wr_fail(err, WR_UNSUPPORTED, "the format 'csv' cannot say that a row is taken back");
    return wr_hint(err,
                   "the query updates rows it has sent; write it to a sink that takes updates");
  }
  if (!reading && style.header) {
    wr_fail(err, WR_UNSUPPORTED, "'csv.header' is not supported for writing yet");
    return wr_hint(err, "declare a table without it for writing, over the same path");
  }
  bool some = reading && spec->wanted;
  uint32_t count = some ? spec->wanted_count : spec->schema->column_count;
  for (uint32_t i = 0; i < count && code == WR_OK; i++) {
    const struct wr_field *field = &spec->schema->fields[some ? spec->wanted[i] : i];
    code = csv_check_type(field, reading, err);
    if (code == WR_OK && !reading)
      code = csv_check_unquoted(&style.rules, field, err);
  }
  return code;
}

static enum wr_code csv_decoder_new(const struct wr_format_spec *spec, struct wr_decoder **out,
                                    struct wr_error *err)
{
  struct wr_csv_style style;
  enum wr_code code = csv_read_style(spec->options, &style, err);
  if (code != WR_OK)
    return code;
  struct csv_decoder *decoder = wr_memory_get_zero(sizeof *decoder);
  *decoder = (struct csv_decoder){.base.format = &wr_format_csv,
                                  .decode = wr_csv_decode_new(spec, &style)};
  *out = &decoder->base;
  return WR_OK;
}

static struct csv_decoder *csv_decoder_of(struct wr_decoder *decoder)
{
  assert(decoder->format == &wr_format_csv);
  return (struct csv_decoder *)decoder;
}

static void csv_decoder_free(struct wr_decoder *decoder)
{
  struct csv_decoder *csv = csv_decoder_of(decoder);
  wr_csv_decode_free(csv->decode);
  free(csv);
}

static uint32_t csv_frame(struct wr_decoder *decoder, const char *bytes, size_t length, bool first,
                          bool at_end, struct wr_frame *frames, uint32_t frames_max,
                          size_t *consumed)
{
  return wr_csv_decode_frame(csv_decoder_of(decoder)->decode, bytes, length, first, at_end, frames,
                             frames_max, consumed);
}

static void csv_decode(struct wr_decoder *decoder, const struct wr_frame *frames,
                       uint32_t frame_count, struct wr_decoded *out)
{
  wr_csv_decode_run(csv_decoder_of(decoder)->decode, frames, frame_count, out);
}

static enum wr_code csv_encoder_new(const struct wr_format_spec *spec, struct wr_encoder **out,
                                    struct wr_error *err)
{
  struct wr_csv_style style;
  enum wr_code code = csv_read_style(spec->options, &style, err);
  if (code != WR_OK)
    return code;
  struct csv_encoder *csv = wr_memory_get_zero(sizeof *csv);
  csv->base.format = &wr_format_csv;
  csv->style = style;
  wr_csv_style_keep(&csv->style, &csv->arena);
  csv->column_count = spec->schema->column_count;
  *out = &csv->base;
  return WR_OK;
}

static struct csv_encoder *csv_encoder_of(struct wr_encoder *encoder)
{
  assert(encoder->format == &wr_format_csv);
  return (struct csv_encoder *)encoder;
}

static void csv_encoder_free(struct wr_encoder *encoder)
{
  struct csv_encoder *csv = csv_encoder_of(encoder);
  wr_arena_free(&csv->arena);
  wr_buffer_free(&csv->scratch);
  wr_faults_free(&csv->faults);
  free(csv);
}

static void csv_encode(struct wr_encoder *encoder, const struct wr_batch *batch,
                       struct wr_buffer *buffer, size_t *ends)
{
  struct csv_encoder *csv = csv_encoder_of(encoder);
  wr_faults_reset(&csv->faults);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    size_t begin = buffer->length;
    uint32_t failed;
    const char *problem = wr_csv_encode_row(&csv->style, batch->columns, csv->column_count,
                                            wr_batch_row(batch, i), &csv->scratch, buffer, &failed);
    if (problem) {
      buffer->length = begin;
      wr_faults_add(&csv->faults, i, "column %s %s", batch->schema->fields[failed].name, problem);
    }
    ends[i] = buffer->length;
  }
  encoder->faults = csv->faults.list;
  encoder->fault_count = csv->faults.count;
}

const struct wr_format wr_format_csv = {
    .name = "csv",
    .help = "fields by position, one record per line (RFC 4180)",
    .options = csv_options,
    .check = csv_check,
    .decoder_new = csv_decoder_new,
    .decoder_free = csv_decoder_free,
    .frame = csv_frame,
    .decode = csv_decode,
    .encoder_new = csv_encoder_new,
    .encoder_free = csv_encoder_free,
    .encode = csv_encode,
    .separator = "\n",
};
