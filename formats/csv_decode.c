/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV records into columns, by position. A record must have as many fields as the table has
 * columns. NULL is the text of 'csv.null-literal' without quotes; and an empty field without
 * quotes, unless the column is text. The field of an ARRAY or ROW is cut at
 * 'csv.array-element-delimiter', and its parts are fields of their own, but for quotes; an empty
 * one in quotes is an ARRAY without items.
 */
#include "formats/csv.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "core/packed.h"
#include "formats/fault.h"
#include "formats/lines.h"
#include "formats/value.h"
#include "text/utf8.h"

struct wr_csv_decode {
  struct wr_csv_style style;
  struct wr_arena arena;
  uint32_t field_count, column_count; /* of the table; wanted */
  const struct wr_field **fields; /* per field of a record: its column if it is wanted, else NULL */
  uint32_t *slots;                /* and the number of its builder */
  struct wr_builder *builders;
  struct wr_column *columns;
  uint32_t *row_frame, row_capacity;
  struct wr_value_reader reader;
  struct wr_buffer scratch; /* fields with quotes or escapes resolved; texts are lent from it */
  struct wr_faults faults;
  char problem[WR_FAULT_EXCERPT_BYTES + 512];
};

struct wr_csv_decode *wr_csv_decode_new(const struct wr_format_spec *spec,
                                        const struct wr_csv_style *style)
{
  struct wr_csv_decode *csv = wr_memory_get_zero(sizeof *csv);
  csv->style = *style;
  wr_csv_style_keep(&csv->style, &csv->arena);
  csv->reader.zone_is_utc = wr_value_zone_is_utc(spec->time_zone);
  csv->field_count = spec->schema->column_count;
  csv->column_count = spec->wanted_count;
  csv->fields = WR_NEW_ARRAY(&csv->arena, const struct wr_field *, csv->field_count + 1);
  csv->slots = WR_NEW_ARRAY(&csv->arena, uint32_t, csv->field_count + 1);
  csv->builders = WR_NEW_ARRAY(&csv->arena, struct wr_builder, csv->column_count + 1);
  csv->columns = WR_NEW_ARRAY(&csv->arena, struct wr_column, csv->column_count + 1);
  for (uint32_t i = 0; i < csv->column_count; i++) {
    uint32_t number = spec->wanted[i];
    assert(number < csv->field_count && (i == 0 || spec->wanted[i - 1] < number));
    csv->fields[number] = &spec->schema->fields[number];
    csv->slots[number] = i;
    wr_builder_open(&csv->builders[i], csv->fields[number]->type);
  }
  return csv;
}

void wr_csv_decode_free(struct wr_csv_decode *csv)
{
  for (uint32_t i = 0; i < csv->column_count; i++)
    wr_builder_close(&csv->builders[i]);
  wr_buffer_free(&csv->scratch);
  wr_faults_free(&csv->faults);
  wr_arena_free(&csv->arena);
  free(csv->row_frame);
  free(csv);
}

uint32_t wr_csv_decode_frame(struct wr_csv_decode *csv, const char *bytes, size_t length,
                             bool first, bool at_end, struct wr_frame *frames, uint32_t frames_max,
                             size_t *consumed)
{
  const struct wr_csv_rules *rules = &csv->style.rules;
  size_t mark = first ? wr_lines_mark_length(bytes, length) : 0, at = mark;
  uint32_t count = 0;
  bool header_ahead = first && csv->style.header;
  while (count < frames_max && at < length) {
    const char *record = bytes + at;
    size_t record_length, more;
    if (!wr_csv_find_record(rules, record, length - at, at_end, &record_length, &more))
      break;
    at += more;
    bool is_comment = rules->has_comments && record_length && *record == '#';
    if (record_length == 0 || is_comment)
      continue;
    if (header_ahead) {
      header_ahead = false;
      continue;
    }
    assert(record_length <= UINT32_MAX);
    frames[count++] = (struct wr_frame){.bytes = record, .length = (uint32_t)record_length};
  }
  *consumed = header_ahead && !at_end ? 0 : at; /* the header has not come whole: all over again */
  return count;
}

static bool csv_is_null(const struct wr_csv_style *style, const struct wr_type *type,
                        const struct wr_csv_field *field)
{
  if (field->quoted)
    return false;
  if (style->null_literal && field->length == style->null_length &&
      memcmp(field->bytes, style->null_literal, field->length) == 0)
    return true;
  return field->length == 0 && !wr_kind_is_text(type->kind);
}

/* The value of one field, or of a part of it, into a builder of a scalar type. index: of the part,
 * from 1; 0: the field is the value. False: csv->problem says why not. */
static bool csv_put_scalar(struct wr_csv_decode *csv, const struct wr_field *column,
                           struct wr_builder *builder, const struct wr_csv_field *field,
                           uint32_t index)
{
  char place[16] = "", complaint[160];
  const struct wr_type *type = builder->type;
  if (index)
    snprintf(place, sizeof place, "[%u]", index);
  if (!csv_is_null(&csv->style, type, field)) {
    if (wr_value_put(&csv->reader, builder, field->bytes, field->length))
      return true;
    if (!csv->style.forgive || type->not_null) {
      wr_value_complain(type, field->bytes, field->length, complaint, sizeof complaint);
      snprintf(csv->problem, sizeof csv->problem, "column %s%s: '%s' %s", column->name, place,
               wr_excerpt_make(field->bytes, field->length).text, complaint);
      return false;
    }
  } else if (type->not_null) {
    snprintf(csv->problem, sizeof csv->problem, "column %s%s is empty but declared NOT NULL",
             column->name, place);
    return false;
  }
  wr_builder_put_null(builder);
  return true;
}

/* The next part of a field: from *at up to the delimiter or the end. False: there is none. */
static bool csv_next_part(const struct wr_csv_style *style, const char **at, const char *end,
                          struct wr_csv_field *part)
{
  if (!*at)
    return false;
  size_t left = (size_t)(end - *at);
  const char *delimiter =
      left ? memmem(*at, left, style->delimiter, style->delimiter_length) : NULL;
  const char *part_end = delimiter ? delimiter : end;
  *part = (struct wr_csv_field){.bytes = *at, .length = (uint32_t)(part_end - *at)};
  *at = delimiter ? delimiter + style->delimiter_length : NULL;
  return true;
}

static bool csv_put_array(struct wr_csv_decode *csv, const struct wr_field *column,
                          struct wr_builder *builder, const struct wr_csv_field *field)
{
  struct wr_builder *items = &builder->children[0];
  const char *at = field->length ? field->bytes : NULL;
  struct wr_csv_field part;
  bool good = true;
  while (good && csv_next_part(&csv->style, &at, field->bytes + field->length, &part)) {
    if (items->row_count == WR_COLLECTION_VALUES_MAX) {
      snprintf(csv->problem, sizeof csv->problem,
               "column %s has more values than the limit WR_COLLECTION_VALUES_MAX, which is %d",
               column->name, WR_COLLECTION_VALUES_MAX);
      good = false;
      break;
    }
    if (items->row_count == items->row_capacity)
      wr_builder_reserve(items, items->row_count + 1);
    good = csv_put_scalar(csv, column, items, &part, items->row_count + 1);
  }
  if (good)
    wr_builder_put_collected(builder);
  else
    wr_builder_drop_collected(builder);
  return good;
}

static bool csv_put_row(struct wr_csv_decode *csv, const struct wr_field *column,
                        struct wr_builder *builder, const struct wr_csv_field *field)
{
  uint32_t count = 0, field_count = builder->type->field_count;
  const char *at = field->bytes;
  struct wr_csv_field part;
  bool good = true;
  while (good && csv_next_part(&csv->style, &at, field->bytes + field->length, &part)) {
    if (count < field_count)
      good = csv_put_scalar(csv, column, &builder->children[count], &part, count + 1);
    count += good;
  }
  if (good && count == field_count) {
    wr_builder_put_valid(builder);
    return true;
  }
  if (good)
    snprintf(csv->problem, sizeof csv->problem, "column %s has %u part%s, but the ROW has %u",
             column->name, count, count == 1 ? "" : "s", field_count);
  for (uint32_t i = 0; i < count && i < field_count; i++)
    wr_builder_pop(&builder->children[i]);
  return false;
}

/* Puts a field into its column; false: csv->problem says why not. */
static bool csv_put_field(struct wr_csv_decode *csv, uint32_t number,
                          const struct wr_csv_field *field)
{
  const struct wr_field *column = csv->fields[number];
  struct wr_builder *builder = &csv->builders[csv->slots[number]];
  const struct wr_type *type = column->type;
  bool is_array = type->kind == WR_ARRAY;
  if (type->field_count == 0 || csv_is_null(&csv->style, type, field))
    return csv_put_scalar(csv, column, builder, field, 0);
  if (is_array ? csv_put_array(csv, column, builder, field)
               : csv_put_row(csv, column, builder, field))
    return true;
  if (!csv->style.forgive || type->not_null)
    return false;
  wr_builder_put_null(builder);
  return true;
}

/* Adds a record's row, as far as it goes; false: csv->problem says why. */
static bool csv_put_record(struct wr_csv_decode *csv, const struct wr_frame *frame)
{
  if (!wr_utf8_valid(frame->bytes, frame->length)) {
    snprintf(csv->problem, sizeof csv->problem, "the record is not UTF-8");
    return false;
  }
  struct wr_csv_cursor cursor = wr_csv_cursor_make(frame->bytes, frame->length);
  uint32_t number = 0;
  for (; cursor.more; number++) {
    struct wr_csv_field field;
    const char *problem;
    if (!wr_csv_next_field(&csv->style.rules, &cursor, &csv->scratch, &field, &problem)) {
      snprintf(csv->problem, sizeof csv->problem, "the record is not CSV: %s", problem);
      return false;
    }
    if (number < csv->field_count && csv->fields[number] && !csv_put_field(csv, number, &field))
      return false;
  }
  if (number != csv->field_count && !csv->style.forgive) {
    snprintf(csv->problem, sizeof csv->problem,
             "the record has %u field%s, but the table has %u column%s", number,
             number == 1 ? "" : "s", csv->field_count, csv->field_count == 1 ? "" : "s");
    return false;
  }
  static const struct wr_csv_field missing = {.bytes = "", .length = 0, .quoted = false};
  for (; number < csv->field_count; number++)
    if (csv->fields[number]) {
      if (csv->fields[number]->type->not_null)
        return csv_put_field(csv, number, &missing);
      wr_builder_put_null(&csv->builders[csv->slots[number]]);
    }
  return true;
}

static void csv_decode_begin(struct wr_csv_decode *csv, const struct wr_frame *frames,
                             uint32_t frame_count)
{
  size_t bytes = 0;
  for (uint32_t i = 0; i < frame_count; i++)
    bytes += frames[i].length;
  wr_buffer_clear(&csv->scratch);
  wr_buffer_reserve(&csv->scratch, bytes); /* never moves while texts are lent from it */
  wr_faults_reset(&csv->faults);
  for (uint32_t i = 0; i < csv->column_count; i++) {
    wr_builder_reset(&csv->builders[i]);
    wr_builder_reserve(&csv->builders[i], frame_count);
  }
  if (frame_count > csv->row_capacity) {
    csv->row_frame = wr_memory_resize(csv->row_frame, sizeof *csv->row_frame * frame_count);
    csv->row_capacity = frame_count;
  }
}

void wr_csv_decode_run(struct wr_csv_decode *csv, const struct wr_frame *frames,
                       uint32_t frame_count, struct wr_decoded *out)
{
  uint32_t row_count = 0;
  csv_decode_begin(csv, frames, frame_count);
  for (uint32_t i = 0; i < frame_count; i++) {
    if (csv_put_record(csv, &frames[i])) {
      csv->row_frame[row_count++] = i;
      continue;
    }
    for (uint32_t c = 0; c < csv->column_count; c++)
      if (csv->builders[c].row_count > row_count)
        wr_builder_pop(&csv->builders[c]);
    if (!csv->style.forgive)
      wr_faults_add(&csv->faults, i, "%s", csv->problem);
  }
  for (uint32_t c = 0; c < csv->column_count; c++)
    csv->columns[c] = wr_builder_view(&csv->builders[c]);
  *out = (struct wr_decoded){
      .row_count = row_count,
      .columns = csv->columns,
      .row_frame = row_count == frame_count ? NULL : csv->row_frame,
      .faults = csv->faults.list,
      .fault_count = csv->faults.count,
  };
}
