/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format 'kinesis-json': JSON as the input schemas of Kinesis Data Analytics for SQL describe
 * it. A column is wherever its path says (formats/json_mapping.h), values are converted as that
 * service did (formats/json_coerce.h), and several documents may stand in one record, one behind
 * the other. In files a record is a line, or as many lines as its brackets need.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "formats/fault.h"
#include "formats/json_decode.h"
#include "formats/json_mapping.h"
#include "formats/kinesis_encode.h"
#include "formats/lines.h"
#include "formats/value.h"
#include "text/json_write.h"

#define PATH_OPTION "kinesis-json.path."
#define DOCUMENT_BYTES \
  (1u << 20) /* a document of several lines; longer: its first line is broken */

static const struct wr_option kinesis_json_options[] = {
    {.name = "kinesis-json.row-path",
     .kind = WR_OPTION_TEXT,
     .fallback = "$",
     .help = "Where the rows hang in a record; an array gives a row for each of its objects."},
    {.name = PATH_OPTION "*",
     .kind = WR_OPTION_TEXT,
     .help = "The path of a column, such as $.place.city or $.orders[0:].item; without: its name."},
    {.name = NULL},
};

struct kinesis_json_decoder {
  struct wr_decoder base;
  struct wr_json_decode *decode;
};

struct kinesis_json_encoder {
  struct wr_encoder base;
  struct wr_arena arena;
  struct wr_kinesis_columns columns;
  struct wr_json_style style;
  struct wr_json_row_writer *writer;
};

extern const struct wr_format wr_format_kinesis_json;

/* The path of a column as the options have it, or its name. */
static enum wr_code mapping_path(const struct wr_format_spec *spec, const struct wr_field *field,
                                 const struct wr_mapping_path *rows, struct wr_arena *arena,
                                 struct wr_mapping_path *out, struct wr_error *err)
{
  const char *key = wr_arena_print(arena, PATH_OPTION "%s", field->name);
  const struct wr_option_value *given = wr_options_find_value(spec->options, key);
  struct wr_mapping_path path = {.names = {wr_arena_copy(arena, field->name, strlen(field->name))},
                                 .count = 1,
                                 .list = UINT32_MAX};
  const char *text = given ? given->value : field->name;
  enum wr_code code = given ? wr_mapping_path_parse(text, arena, &path, err) : WR_OK;
  if (code == WR_OK)
    code = wr_mapping_path_join(rows, &path, text, out, err);
  if (code && given)
    err->span = given->value_span;
  return code;
}

static enum wr_code mapping_two_lists(const struct wr_format_spec *spec,
                                      const struct wr_field *field, struct wr_error *err)
{
  char key[512];
  snprintf(key, sizeof key, PATH_OPTION "%s", field->name);
  const struct wr_option_value *given = wr_options_find_value(spec->options, key);
  struct wr_span none = {WR_NO_POSITION, 0};
  wr_fail_at(err, WR_UNSUPPORTED, given ? given->value_span : none,
             "the path of column %s goes through another array than that of the columns before it",
             field->name);
  return wr_hint(err, "one array of a record gives rows; another one can be taken whole, as "
                      "$.list[0:], into a text");
}

/* What the options say of the wanted columns (wanted NULL: of all). */
static enum wr_code mapping_plan(const struct wr_format_spec *spec, struct wr_arena *arena,
                                 struct wr_json_mapping_plan *out, struct wr_error *err)
{
  const char *row_text =
      wr_options_text(spec->options, kinesis_json_options, "kinesis-json.row-path");
  const struct wr_option_value *given =
      wr_options_find_value(spec->options, "kinesis-json.row-path");
  struct wr_mapping_path rows;
  *out = (struct wr_json_mapping_plan){.list = {.count = 0}};
  enum wr_code code = wr_mapping_path_parse(row_text, arena, &rows, err);
  if (code == WR_OK && rows.list != UINT32_MAX) {
    wr_fail(err, WR_UNSUPPORTED, "the path of the rows '%s' goes through an array and on",
            row_text);
    code = wr_hint(err, "the array whose items are rows is the end of the path");
  }
  if (code) {
    if (given)
      err->span = given->value_span;
    return code;
  }
  uint32_t count = spec->schema->column_count;
  struct wr_mapping_path *all = WR_NEW_ARRAY(arena, struct wr_mapping_path, count + 1);
  for (uint32_t i = 0; i < count && code == WR_OK; i++) {
    code = mapping_path(spec, &spec->schema->fields[i], &rows, arena, &all[i], err);
    uint32_t list = all[i].list;
    if (code || list == UINT32_MAX)
      continue;
    if (out->list.count == 0) {
      out->list = all[i];
      out->list.count = list;
    } else if (out->list.count != list || !wr_mapping_path_equal(&out->list, &all[i], list)) {
      return mapping_two_lists(spec, &spec->schema->fields[i], err);
    }
  }
  if (rows.count && (rows.is_list || out->list.count == 0)) {
    out->list = rows;
    out->list_is_rows = true;
  }
  struct wr_mapping_path *paths = WR_NEW_ARRAY(arena, struct wr_mapping_path, count + 1);
  for (uint32_t i = 0; spec->wanted && i < spec->wanted_count; i++)
    paths[i] = all[spec->wanted[i]];
  out->paths = spec->wanted ? paths : all;
  return code;
}

/* A path for a column that there is not. */
static enum wr_code check_path_names(const struct wr_format_spec *spec, struct wr_error *err)
{
  const struct wr_schema *schema = spec->schema;
  for (uint32_t o = 0; o < spec->options->value_count; o++) {
    const struct wr_option_value *value = &spec->options->values[o];
    if (strncmp(value->key, PATH_OPTION, strlen(PATH_OPTION)) != 0)
      continue;
    const char *name = value->key + strlen(PATH_OPTION);
    uint32_t i = 0;
    while (i < schema->column_count && strcmp(schema->fields[i].name, name) != 0)
      i++;
    if (i < schema->column_count)
      continue;
    wr_fail_at(err, WR_SEMANTIC, value->key_span, "'%s' is for a column that there is not",
               value->key);
    return wr_hint(err, "columns whose values come from the record have paths, by their exact "
                        "names");
  }
  return WR_OK;
}

static enum wr_code kinesis_json_check(const struct wr_format_spec *spec, bool reading,
                                       struct wr_error *err)
{
  struct wr_arena arena = {0};
  struct wr_json_mapping_plan plan;
  struct wr_format_spec all = *spec;
  all.wanted = NULL;
  enum wr_code code = wr_kinesis_check_types("kinesis-json", spec, reading, err);
  if (code == WR_OK)
    code = check_path_names(spec, err);
  if (code == WR_OK)
    code = mapping_plan(&all, &arena, &plan, err);
  wr_arena_free(&arena);
  return code;
}

static enum wr_code kinesis_json_decoder_new(const struct wr_format_spec *spec,
                                             struct wr_decoder **out, struct wr_error *err)
{
  struct wr_arena arena = {0};
  struct wr_json_mapping_plan plan;
  struct wr_json_decode *decode = NULL;
  enum wr_code code = mapping_plan(spec, &arena, &plan, err);
  if (code == WR_OK) {
    const struct wr_json_decode_rules rules = {.zone_is_utc = wr_value_zone_is_utc(spec->time_zone),
                                               .mapping = &plan};
    decode = wr_json_decode_new(spec, &rules, err);
    code = decode ? WR_OK : err->code;
  }
  wr_arena_free(&arena);
  if (code)
    return code;
  struct kinesis_json_decoder *decoder = wr_memory_get_zero(sizeof *decoder);
  *decoder =
      (struct kinesis_json_decoder){.base.format = &wr_format_kinesis_json, .decode = decode};
  *out = &decoder->base;
  return WR_OK;
}

static struct kinesis_json_decoder *kinesis_json_decoder_of(struct wr_decoder *decoder)
{
  assert(decoder->format == &wr_format_kinesis_json);
  return (struct kinesis_json_decoder *)decoder;
}

static void kinesis_json_decoder_free(struct wr_decoder *decoder)
{
  struct kinesis_json_decoder *json = kinesis_json_decoder_of(decoder);
  wr_json_decode_free(json->decode);
  free(json);
}

/* ---- where documents end */

/* The byte behind the bracket that closes the first one; NULL: it is not closed. */
static const char *document_end(const char *at, const char *end)
{
  uint32_t depth = 0;
  bool in_string = false;
  for (; at < end; at++) {
    if (in_string) {
      if (*at == '\\')
        at++;
      else if (*at == '"')
        in_string = false;
    } else if (*at == '"') {
      in_string = true;
    } else if (*at == '{' || *at == '[') {
      depth++;
    } else if ((*at == '}' || *at == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return NULL;
}

/*
 * How far the record goes that bytes begin with, its line end not included. Usually a line ends
 * with the bracket that closes it; otherwise brackets are counted. SIZE_MAX: more bytes are needed.
 */
static size_t document_length(const char *bytes, size_t length, bool at_end)
{
  const char *end = bytes + length, *line_end = memchr(bytes, '\n', length);
  if (!line_end && !at_end)
    return SIZE_MAX;
  if (!line_end)
    line_end = end;
  const char *last = line_end;
  while (last > bytes && wr_json_is_blank(last[-1]))
    last--;
  bool is_open =
      last > bytes && (*bytes == '{' || *bytes == '[') && last[-1] != '}' && last[-1] != ']';
  if (!is_open)
    return (size_t)(line_end - bytes);
  const char *close = document_end(bytes, length < DOCUMENT_BYTES ? end : bytes + DOCUMENT_BYTES);
  if (close) {
    const char *behind = memchr(close, '\n', (size_t)(end - close));
    if (behind || at_end)
      return (size_t)((behind ? behind : end) - bytes);
    return SIZE_MAX;
  }
  if (!at_end && length < DOCUMENT_BYTES)
    return SIZE_MAX;
  return (size_t)(line_end - bytes);
}

static uint32_t kinesis_json_frame(struct wr_decoder *decoder, const char *bytes, size_t length,
                                   bool first, bool at_end, struct wr_frame *frames,
                                   uint32_t frames_max, size_t *consumed)
{
  (void)decoder;
  size_t at = first ? wr_lines_mark_length(bytes, length) : 0;
  uint32_t count = 0;
  while (count < frames_max && at < length) {
    size_t record = document_length(bytes + at, length - at, at_end);
    if (record == SIZE_MAX)
      break;
    const char *begin = bytes + at, *end = begin + record;
    at += record + (at + record < length);
    while (begin < end && wr_json_is_blank(*begin))
      begin++;
    while (end > begin && wr_json_is_blank(end[-1]))
      end--;
    assert(end - begin <= UINT32_MAX);
    if (end > begin)
      frames[count++] = (struct wr_frame){.bytes = begin, .length = (uint32_t)(end - begin)};
  }
  *consumed = at;
  return count;
}

static void kinesis_json_decode(struct wr_decoder *decoder, const struct wr_frame *frames,
                                uint32_t frame_count, struct wr_decoded *out)
{
  wr_json_decode_run(kinesis_json_decoder_of(decoder)->decode, frames, frame_count, out);
}

/* ---- writing */

static enum wr_code kinesis_json_encoder_new(const struct wr_format_spec *spec,
                                             struct wr_encoder **out, struct wr_error *err)
{
  (void)err;
  struct kinesis_json_encoder *encoder = wr_memory_get_zero(sizeof *encoder);
  encoder->base.format = &wr_format_kinesis_json;
  encoder->columns = wr_kinesis_columns_make(&encoder->arena, spec->schema);
  encoder->writer = wr_json_row_writer_new(encoder->columns.schema, &encoder->style);
  *out = &encoder->base;
  return WR_OK;
}

static struct kinesis_json_encoder *kinesis_json_encoder_of(struct wr_encoder *encoder)
{
  assert(encoder->format == &wr_format_kinesis_json);
  return (struct kinesis_json_encoder *)encoder;
}

static void kinesis_json_encoder_free(struct wr_encoder *encoder)
{
  struct kinesis_json_encoder *json = kinesis_json_encoder_of(encoder);
  wr_json_row_writer_free(json->writer);
  wr_arena_free(&json->arena);
  free(json);
}

static void kinesis_json_encode(struct wr_encoder *encoder, const struct wr_batch *batch,
                                struct wr_buffer *buffer, size_t *ends)
{
  struct kinesis_json_encoder *json = kinesis_json_encoder_of(encoder);
  const struct wr_column *columns = wr_kinesis_columns_view(&json->columns, batch);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    bool written = wr_json_row_write(json->writer, columns, wr_batch_row(batch, i), buffer);
    assert(written); /* there are no MAPs */
    (void)written;
    ends[i] = buffer->length;
  }
}

const struct wr_format wr_format_kinesis_json = {
    .name = "kinesis-json",
    .help = "JSON by paths, as input schemas of Kinesis Data Analytics for SQL describe it",
    .options = kinesis_json_options,
    .check = kinesis_json_check,
    .decoder_new = kinesis_json_decoder_new,
    .decoder_free = kinesis_json_decoder_free,
    .frame = kinesis_json_frame,
    .decode = kinesis_json_decode,
    .encoder_new = kinesis_json_encoder_new,
    .encoder_free = kinesis_json_encoder_free,
    .encode = kinesis_json_encode,
    .separator = "\n",
    .checks_all = true,
};
