/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format 'kinesis-csv': delimited text as the input schemas of Kinesis Data Analytics for SQL
 * describe it, and as its outputs wrote it. Delimiters are any strings; columns are bound by
 * position, and a row may have more values than there are columns, not fewer. Values are converted
 * as formats/coerce.h says; one that is empty is NULL, but for text. A record may hold several
 * rows.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "formats/coerce.h"
#include "formats/fault.h"
#include "formats/kinesis_csv_scan.h"
#include "formats/kinesis_encode.h"
#include "formats/lines.h"
#include "text/json_write.h"
#include "text/utf8.h"
#include "text/value_write.h"

static const struct wr_option kinesis_csv_options[] = {
    {.name = "kinesis-csv.row-delimiter",
     .kind = WR_OPTION_TEXT,
     .fallback = "\\n",
     .help = "The text between rows; \\n, \\r, \\t, \\\\ stand for characters."},
    {.name = "kinesis-csv.column-delimiter",
     .kind = WR_OPTION_TEXT,
     .fallback = ",",
     .help = "The text between values; \\n, \\r, \\t, \\\\ stand for characters."},
    {.name = "kinesis-csv.end-rows",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "Writing: every record ends with a line end, as in streams that the service wrote; "
             "files have one anyway."},
    {.name = NULL},
};

struct kinesis_csv_decoder {
  struct wr_decoder base;
  struct wr_delimited_rules rules;
  struct wr_arena arena;
  uint32_t field_count, column_count; /* of the table; wanted */
  struct wr_field *fields;            /* of the table */
  uint32_t *slots;                    /* per field the number of its builder, or UINT32_MAX */
  struct wr_builder *builders;
  struct wr_column *columns;
  uint32_t row_count, row_capacity;
  uint32_t *row_frame;
  struct wr_value_reader reader;
  struct wr_buffer scratch; /* values with doubled quotes; texts are lent from it */
  struct wr_faults faults;
  char problem[WR_FAULT_EXCERPT_BYTES + 512];
};

struct kinesis_csv_encoder {
  struct wr_encoder base;
  struct wr_arena arena;
  struct wr_delimited_rules rules;
  struct wr_kinesis_columns columns;
  bool ends_rows;
};

extern const struct wr_format wr_format_kinesis_csv;

/* A delimiter as the option has it; false: it is empty, too long, or has a strange escape. */
static bool delimiter_read(const char *text, struct wr_delimiter *out)
{
  static const char letters[] = "nrt\\", characters[] = "\n\r\t\\";
  out->length = 0;
  for (; *text; text++) {
    char c = *text;
    if (out->length == WR_DELIMITER_BYTES_MAX)
      return false;
    if (c == '\\') {
      const char *letter = text[1] ? strchr(letters, text[1]) : NULL;
      if (!letter)
        return false;
      c = characters[letter - letters];
      text++;
    }
    out->bytes[out->length++] = c;
  }
  return out->length > 0 && !memchr(out->bytes, '"', out->length);
}

static enum wr_code delimiters_read(const struct wr_format_spec *spec,
                                    struct wr_delimited_rules *out, struct wr_error *err)
{
  struct {
    const char *name;
    struct wr_delimiter *to;
  } rows[] = {{"kinesis-csv.row-delimiter", &out->row},
              {"kinesis-csv.column-delimiter", &out->column}};
  *out = (struct wr_delimited_rules){.keeps_blanks = spec->schema->column_count == 1};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *text = wr_options_text(spec->options, kinesis_csv_options, rows[i].name);
    const struct wr_option_value *given = wr_options_find_value(spec->options, rows[i].name);
    if (delimiter_read(text, rows[i].to))
      continue;
    wr_fail_at(err, WR_SEMANTIC, given->value_span, "'%s' cannot be '%s'", rows[i].name, text);
    return wr_hint(err, "it is 1 to 64 bytes without double quotes; \\n, \\r, \\t and \\\\ stand "
                        "for characters");
  }
  if (out->row.length == out->column.length &&
      memcmp(out->row.bytes, out->column.bytes, out->row.length) == 0)
    return wr_fail(err, WR_SEMANTIC,
                   "rows and columns of the format 'kinesis-csv' have the same delimiter");
  return WR_OK;
}

static enum wr_code kinesis_csv_check(const struct wr_format_spec *spec, bool reading,
                                      struct wr_error *err)
{
  struct wr_delimited_rules rules;
  enum wr_code code = delimiters_read(spec, &rules, err);
  return code ? code : wr_kinesis_check_types("kinesis-csv", spec, reading, err);
}

/* ---- reading */

static enum wr_code kinesis_csv_decoder_new(const struct wr_format_spec *spec,
                                            struct wr_decoder **out, struct wr_error *err)
{
  struct wr_delimited_rules rules;
  enum wr_code code = delimiters_read(spec, &rules, err);
  if (code)
    return code;
  struct kinesis_csv_decoder *csv = wr_memory_get_zero(sizeof *csv);
  struct wr_arena *arena = &csv->arena;
  csv->base.format = &wr_format_kinesis_csv;
  csv->rules = rules;
  csv->reader.zone_is_utc = wr_value_zone_is_utc(spec->time_zone);
  csv->field_count = spec->schema->column_count;
  csv->column_count = spec->wanted_count;
  csv->fields = WR_NEW_ARRAY(arena, struct wr_field, csv->field_count + 1);
  csv->slots = WR_NEW_ARRAY(arena, uint32_t, csv->field_count + 1);
  csv->builders = WR_NEW_ARRAY(arena, struct wr_builder, csv->column_count + 1);
  csv->columns = WR_NEW_ARRAY(arena, struct wr_column, csv->column_count + 1);
  for (uint32_t i = 0; i < csv->field_count; i++) {
    const struct wr_field *field = &spec->schema->fields[i];
    csv->fields[i].name = wr_arena_copy(arena, field->name, strlen(field->name));
    csv->fields[i].type = field->type;
    csv->slots[i] = UINT32_MAX;
  }
  for (uint32_t i = 0; i < csv->column_count; i++) {
    csv->slots[spec->wanted[i]] = i;
    wr_builder_open(&csv->builders[i], csv->fields[spec->wanted[i]].type);
  }
  *out = &csv->base;
  return WR_OK;
}

static struct kinesis_csv_decoder *kinesis_csv_decoder_of(struct wr_decoder *decoder)
{
  assert(decoder->format == &wr_format_kinesis_csv);
  return (struct kinesis_csv_decoder *)decoder;
}

static void kinesis_csv_decoder_free(struct wr_decoder *decoder)
{
  struct kinesis_csv_decoder *csv = kinesis_csv_decoder_of(decoder);
  for (uint32_t i = 0; i < csv->column_count; i++)
    wr_builder_close(&csv->builders[i]);
  wr_buffer_free(&csv->scratch);
  wr_faults_free(&csv->faults);
  wr_arena_free(&csv->arena);
  free(csv->row_frame);
  free(csv);
}

static uint32_t kinesis_csv_frame(struct wr_decoder *decoder, const char *bytes, size_t length,
                                  bool first, bool at_end, struct wr_frame *frames,
                                  uint32_t frames_max, size_t *consumed)
{
  const struct kinesis_csv_decoder *csv = kinesis_csv_decoder_of(decoder);
  size_t at = first ? wr_lines_mark_length(bytes, length) : 0;
  uint32_t count = 0;
  while (count < frames_max && at < length) {
    size_t separator;
    size_t row = wr_delimited_row(&csv->rules, bytes + at, length - at, at_end, &separator);
    if (row == SIZE_MAX)
      break;
    assert(row <= UINT32_MAX);
    if (row)
      frames[count++] = (struct wr_frame){.bytes = bytes + at, .length = (uint32_t)row};
    at += row + separator;
  }
  *consumed = at;
  return count;
}

/* Doubled quotes become single ones, behind the content of the scratch, which has room. */
static void value_resolve(struct kinesis_csv_decoder *csv, struct wr_delimited_value *value)
{
  assert(csv->scratch.capacity - csv->scratch.length >= value->length);
  char *out = csv->scratch.bytes + csv->scratch.length, *begin = out;
  const char *at = value->bytes, *end = at + value->length;
  while (at < end) {
    at += *at == '"';
    *out++ = *at++;
  }
  value->bytes = begin;
  value->length = (uint32_t)(out - begin);
  wr_buffer_added(&csv->scratch, value->length);
}

/* A value into its column; false: csv->problem says why not. */
static bool value_put(struct kinesis_csv_decoder *csv, uint32_t number,
                      struct wr_delimited_value *value)
{
  struct wr_builder *builder = &csv->builders[csv->slots[number]];
  const struct wr_type *type = builder->type;
  const char *name = csv->fields[number].name;
  char complaint[160];
  if (value->doubled)
    value_resolve(csv, value);
  bool is_null = value->length == 0 && !value->quoted && !wr_kind_is_text(type->kind);
  if (is_null && type->not_null) {
    snprintf(csv->problem, sizeof csv->problem, "column %s is empty but declared NOT NULL", name);
    return false;
  }
  if (is_null) {
    wr_builder_put_null(builder);
    return true;
  }
  if (wr_coerce_text(&csv->reader, builder, value->bytes, value->length))
    return true;
  wr_value_complain(type, value->bytes, value->length, complaint, sizeof complaint);
  snprintf(csv->problem, sizeof csv->problem, "column %s: '%s' %s", name,
           wr_excerpt_make(value->bytes, value->length).text, complaint);
  return false;
}

static void csv_reserve(struct kinesis_csv_decoder *csv)
{
  if (csv->row_count < csv->row_capacity)
    return;
  uint32_t capacity = csv->row_capacity ? 2 * csv->row_capacity : 64;
  csv->row_frame = wr_memory_resize(csv->row_frame, sizeof *csv->row_frame * capacity);
  for (uint32_t i = 0; i < csv->column_count; i++)
    wr_builder_reserve(&csv->builders[i], capacity - csv->row_count);
  csv->row_capacity = capacity;
}

/* The row at *at, as far as it goes. */
static bool row_put(struct kinesis_csv_decoder *csv, const char **at, const char *end)
{
  enum wr_delimited_end kind = WR_ENDS_VALUE;
  uint32_t number = 0;
  for (; kind == WR_ENDS_VALUE; number++) {
    struct wr_delimited_value value;
    kind = wr_delimited_next(&csv->rules, at, end, &value);
    bool is_empty = number == 0 && kind != WR_ENDS_VALUE && value.length == 0 && !value.quoted;
    if (is_empty)
      return true; /* nothing but blanks: not a row */
    if (number == 0)
      csv_reserve(csv);
    bool wanted = number < csv->field_count && csv->slots[number] != UINT32_MAX;
    if (wanted && !value_put(csv, number, &value))
      return false;
  }
  if (number < csv->field_count) {
    snprintf(csv->problem, sizeof csv->problem,
             "the record has %u value%s, but the table has %u columns", number,
             number == 1 ? "" : "s", csv->field_count);
    return false;
  }
  csv->row_count++;
  return true;
}

static bool record_put(struct kinesis_csv_decoder *csv, const struct wr_frame *frame,
                       uint32_t number)
{
  if (!wr_utf8_valid(frame->bytes, frame->length)) {
    snprintf(csv->problem, sizeof csv->problem, "the record is not UTF-8");
    return false;
  }
  const char *at = frame->bytes, *end = at + frame->length;
  while (at < end) {
    uint32_t row = csv->row_count;
    if (!row_put(csv, &at, end))
      return false;
    if (csv->row_count > row)
      csv->row_frame[row] = number;
  }
  return true;
}

static void kinesis_csv_decode(struct wr_decoder *decoder, const struct wr_frame *frames,
                               uint32_t frame_count, struct wr_decoded *out)
{
  struct kinesis_csv_decoder *csv = kinesis_csv_decoder_of(decoder);
  size_t bytes = 0;
  for (uint32_t i = 0; i < frame_count; i++)
    bytes += frames[i].length;
  wr_buffer_clear(&csv->scratch);
  wr_buffer_reserve(&csv->scratch, bytes); /* never moves while texts are lent from it */
  wr_faults_reset(&csv->faults);
  csv->row_count = 0;
  for (uint32_t i = 0; i < csv->column_count; i++) {
    wr_builder_reset(&csv->builders[i]);
    wr_builder_reserve(&csv->builders[i], csv->row_capacity);
  }
  for (uint32_t i = 0; i < frame_count; i++) {
    uint32_t rows = csv->row_count;
    if (record_put(csv, &frames[i], i))
      continue;
    csv->row_count = rows;
    for (uint32_t c = 0; c < csv->column_count; c++)
      while (csv->builders[c].row_count > rows)
        wr_builder_pop(&csv->builders[c]);
    wr_faults_add(&csv->faults, i, "%s", csv->problem);
  }
  for (uint32_t c = 0; c < csv->column_count; c++)
    csv->columns[c] = wr_builder_view(&csv->builders[c]);
  *out = (struct wr_decoded){
      .row_count = csv->row_count,
      .columns = csv->columns,
      .row_frame = csv->row_frame,
      .faults = csv->faults.list,
      .fault_count = csv->faults.count,
  };
}

/* ---- writing */

static enum wr_code kinesis_csv_encoder_new(const struct wr_format_spec *spec,
                                            struct wr_encoder **out, struct wr_error *err)
{
  struct wr_delimited_rules rules;
  enum wr_code code = delimiters_read(spec, &rules, err);
  if (code)
    return code;
  struct kinesis_csv_encoder *encoder = wr_memory_get_zero(sizeof *encoder);
  encoder->base.format = &wr_format_kinesis_csv;
  encoder->rules = rules;
  encoder->ends_rows = wr_options_bool(spec->options, kinesis_csv_options, "kinesis-csv.end-rows");
  encoder->columns = wr_kinesis_columns_make(&encoder->arena, spec->schema);
  *out = &encoder->base;
  return WR_OK;
}

static struct kinesis_csv_encoder *kinesis_csv_encoder_of(struct wr_encoder *encoder)
{
  assert(encoder->format == &wr_format_kinesis_csv);
  return (struct kinesis_csv_encoder *)encoder;
}

static void kinesis_csv_encoder_free(struct wr_encoder *encoder)
{
  struct kinesis_csv_encoder *csv = kinesis_csv_encoder_of(encoder);
  wr_arena_free(&csv->arena);
  free(csv);
}

/* True if a text would not read back as it is. */
static bool text_needs_quotes(const struct wr_delimited_rules *rules, const char *bytes,
                              uint32_t length)
{
  if (length == 0)
    return false;
  return memchr(bytes, '"', length) || bytes[0] == ' ' || bytes[length - 1] == ' ' ||
         bytes[0] == '\t' || bytes[length - 1] == '\t' || memchr(bytes, '\r', length) ||
         memmem(bytes, length, rules->row.bytes, rules->row.length) ||
         memmem(bytes, length, rules->column.bytes, rules->column.length);
}

static void value_write(struct kinesis_csv_encoder *csv, const struct wr_column *column,
                        uint32_t row, struct wr_buffer *buffer)
{
  static const struct wr_scalar_style style = {WR_FLOAT_PLAIN, WR_DATETIME_SQL, true, true};
  if (wr_column_is_null(column, row))
    return;
  if (column->type->physical != WR_TEXT) {
    char *at = wr_buffer_reserve(buffer, WR_SCALAR_CHARS);
    wr_buffer_added(buffer, wr_scalar_format(column, row, &style, at));
    return;
  }
  const struct wr_text *text = wr_column_text(column, row);
  const char *bytes = wr_text_bytes(text);
  if (!wr_kind_is_text(column->type->kind)) {
    wr_base64_write(buffer, bytes, text->length);
  } else if (!text_needs_quotes(&csv->rules, bytes, text->length)) {
    wr_buffer_put(buffer, bytes, text->length);
  } else {
    wr_buffer_put_char(buffer, '"');
    for (uint32_t i = 0; i < text->length; i++) {
      if (bytes[i] == '"')
        wr_buffer_put_char(buffer, '"');
      wr_buffer_put_char(buffer, bytes[i]);
    }
    wr_buffer_put_char(buffer, '"');
  }
}

static void kinesis_csv_encode(struct wr_encoder *encoder, const struct wr_batch *batch,
                               struct wr_buffer *buffer, size_t *ends)
{
  struct kinesis_csv_encoder *csv = kinesis_csv_encoder_of(encoder);
  const struct wr_column *columns = wr_kinesis_columns_view(&csv->columns, batch);
  const struct wr_delimiter *between = &csv->rules.column;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    for (uint32_t c = 0; c < csv->columns.schema->column_count; c++) {
      if (c)
        wr_buffer_put(buffer, between->bytes, between->length);
      value_write(csv, &columns[c], wr_batch_row(batch, i), buffer);
    }
    if (csv->ends_rows)
      wr_buffer_put_char(buffer, '\n');
    ends[i] = buffer->length;
  }
}

const struct wr_format wr_format_kinesis_csv = {
    .name = "kinesis-csv",
    .help = "delimited text, as input schemas of Kinesis Data Analytics for SQL describe it",
    .options = kinesis_csv_options,
    .check = kinesis_csv_check,
    .decoder_new = kinesis_csv_decoder_new,
    .decoder_free = kinesis_csv_decoder_free,
    .frame = kinesis_csv_frame,
    .decode = kinesis_csv_decode,
    .encoder_new = kinesis_csv_encoder_new,
    .encoder_free = kinesis_csv_encoder_free,
    .encode = kinesis_csv_encode,
    .separator = "\n",
    .checks_all = true,
};
