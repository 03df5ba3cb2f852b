/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See the header. Keys are copied together, as they lie anywhere in memory, and decoded as records
 * of their own; values are decoded as they lie. Then the rows of both are brought together: mostly
 * every record has given one row of each, and columns are handed on as they are; where some are
 * bad or have no value, columns are put together row by row.
 */
#include "formats/keyed.h"

#include <assert.h>
#include <stdlib.h>

#include "core/builder.h"
#include "formats/fault.h"
#include "text/buffer.h"

#define NO_ROW    UINT32_MAX
#define MANY_ROWS (UINT32_MAX - 1)

/* A column that is made. */
struct keyed_column {
  bool is_key;
  uint32_t number; /* of what its decoder makes */
};

struct keyed_decoder {
  struct wr_decoder base;
  struct wr_decoder *key, *value;
  struct wr_field *value_fields; /* some decoders keep their names */
  struct wr_schema value_schema;
  struct keyed_column *wanted;
  uint32_t wanted_count;
  struct wr_builder *builders; /* per wanted column, for rows that are put together */
  struct wr_column *columns;
  struct wr_buffer keys; /* of the records, a line break behind each */
  struct wr_frame *key_frames, *value_frames;
  uint32_t *key_rows, *value_rows; /* per record */
  uint32_t *key_records, *value_records;
  uint32_t *row_frame;
  uint8_t *change;
  uint32_t room; /* of these, in records */
  struct wr_faults faults;
};

static void keyed_free(struct wr_decoder *decoder);
static void keyed_decode(struct wr_decoder *decoder, const struct wr_frame *frames,
                         uint32_t frame_count, struct wr_decoded *out);

/* Only records that come one by one have keys, so nobody asks where they end. */
static const struct wr_format keyed_format = {
    .name = "keyed", .decoder_free = keyed_free, .decode = keyed_decode, .changes = true};
static const struct wr_format keyed_format_inserts = {
    .name = "keyed", .decoder_free = keyed_free, .decode = keyed_decode};

/* ---- making one */

/* The number of a column among those of the key, or the value; NO_ROW: it is none. */
static uint32_t keyed_find(const uint32_t *numbers, uint32_t count, uint32_t column)
{
  for (uint32_t i = 0; i < count; i++)
    if (numbers[i] == column)
      return i;
  return NO_ROW;
}

/* Columns that are keys come from the key. A ROW may be made with some of its fields only: so the
 * value's schema is taken from the spec. */
static enum wr_code keyed_open(struct keyed_decoder *self, const struct wr_keyed *keyed,
                               const struct wr_format_spec *spec, struct wr_error *err)
{
  uint32_t value_count = keyed->value_schema->column_count, most = spec->wanted_count + 1;
  uint32_t *numbers = wr_memory_get(2 * most * sizeof *numbers), *values = numbers + most;
  struct wr_format_spec key = *spec, value = *spec;
  self->value_fields = wr_memory_get((value_count + 1) * sizeof *self->value_fields);
  self->value_schema = (struct wr_schema){value_count, self->value_fields};
  for (uint32_t v = 0; v < value_count; v++)
    self->value_fields[v] = spec->schema->fields[keyed->values[v]];
  key.schema = keyed->key_schema;
  key.options = keyed->key_options;
  key.wanted_count = value.wanted_count = 0;
  /* wanted numbers ascend: keys are asked for in their own order */
  for (uint32_t k = 0; k < keyed->key_schema->column_count; k++)
    for (uint32_t i = 0; i < spec->wanted_count; i++)
      if (spec->wanted[i] == keyed->keys[k]) {
        self->wanted[i] = (struct keyed_column){true, key.wanted_count};
        numbers[key.wanted_count++] = k;
      }
  for (uint32_t i = 0; i < spec->wanted_count; i++) {
    if (keyed_find(keyed->keys, keyed->key_schema->column_count, spec->wanted[i]) != NO_ROW)
      continue;
    self->wanted[i] = (struct keyed_column){false, value.wanted_count};
    values[value.wanted_count] = keyed_find(keyed->values, value_count, spec->wanted[i]);
    assert(values[value.wanted_count] != NO_ROW);
    value.wanted_count++;
  }
  key.wanted = numbers;
  value.wanted = values;
  value.schema = &self->value_schema;
  enum wr_code code = keyed->key_format->decoder_new(&key, &self->key, err);
  if (code == WR_OK)
    code = keyed->value_format->decoder_new(&value, &self->value, err);
  free(numbers);
  return code;
}

enum wr_code wr_keyed_decoder_new(const struct wr_keyed *keyed, const struct wr_format_spec *spec,
                                  struct wr_decoder **out, struct wr_error *err)
{
  struct keyed_decoder *self = wr_memory_get_zero(sizeof *self);
  uint32_t count = spec->wanted_count;
  self->base.format = keyed->upserts ? &keyed_format : &keyed_format_inserts;
  self->wanted = wr_memory_get_zero((count + 1) * sizeof *self->wanted);
  self->builders = wr_memory_get_zero((count + 1) * sizeof *self->builders);
  self->columns = wr_memory_get_zero((count + 1) * sizeof *self->columns);
  for (uint32_t i = 0; i < count; i++)
    wr_builder_open(&self->builders[i], spec->schema->fields[spec->wanted[i]].type);
  self->wanted_count = count;
  enum wr_code code = keyed_open(self, keyed, spec, err);
  if (code == WR_OK)
    *out = &self->base;
  else
    keyed_free(&self->base);
  return code;
}

static void keyed_free(struct wr_decoder *decoder)
{
  struct keyed_decoder *self = (struct keyed_decoder *)decoder;
  if (self->key)
    self->key->format->decoder_free(self->key);
  if (self->value)
    self->value->format->decoder_free(self->value);
  for (uint32_t i = 0; i < self->wanted_count; i++)
    wr_builder_close(&self->builders[i]);
  wr_buffer_free(&self->keys);
  wr_faults_free(&self->faults);
  free(self->wanted);
  free(self->value_fields);
  free(self->builders);
  free(self->columns);
  free(self->key_frames);
  free(self->key_rows);
  free(self->row_frame);
  free(self->change);
  free(self);
}

enum wr_code wr_keyed_check(const struct wr_keyed *keyed, const struct wr_format_spec *spec,
                            bool reading, struct wr_error *err)
{
  struct wr_format_spec part = *spec;
  enum wr_code code = WR_OK;
  part.changes = false;
  part.wanted = NULL; /* all of them */
  part.wanted_count = 0;
  part.schema = keyed->key_schema;
  part.options = keyed->key_options;
  if (keyed->key_format->check)
    code = keyed->key_format->check(&part, reading, err);
  part.schema = keyed->value_schema;
  part.options = spec->options;
  if (code == WR_OK && keyed->value_format->check)
    code = keyed->value_format->check(&part, reading, err);
  return code;
}

/* ---- decoding */

static void keyed_reserve(struct keyed_decoder *self, uint32_t count)
{
  if (count <= self->room)
    return;
  self->room = count;
  free(self->key_frames);
  free(self->key_rows);
  self->key_frames = wr_memory_get(2 * (size_t)count * sizeof *self->key_frames);
  self->value_frames = self->key_frames + count;
  self->key_rows = wr_memory_get(4 * (size_t)count * sizeof *self->key_rows);
  self->value_rows = self->key_rows + count;
  self->key_records = self->value_rows + count;
  self->value_records = self->key_records + count;
  self->row_frame = wr_memory_resize(self->row_frame, count * sizeof *self->row_frame);
  self->change = wr_memory_resize(self->change, count + WR_PADDING);
}

/* The keys one behind the other, where decoders may read beyond them. Returns how many there are.
 */
static uint32_t keyed_lay_keys(struct keyed_decoder *self, const struct wr_frame *frames,
                               uint32_t frame_count)
{
  uint32_t count = 0;
  size_t at = 0;
  wr_buffer_clear(&self->keys);
  for (uint32_t f = 0; f < frame_count; f++) {
    if (!frames[f].key)
      continue;
    wr_buffer_put(&self->keys, frames[f].key, frames[f].key_length);
    wr_buffer_put_char(&self->keys, '\n');
    self->key_frames[count] = (struct wr_frame){.length = frames[f].key_length};
    self->key_records[count++] = f;
  }
  wr_buffer_reserve(&self->keys, WR_PADDING);
  for (uint32_t k = 0; k < count; k++) {
    self->key_frames[k].bytes = self->keys.bytes + at;
    at += self->key_frames[k].length + 1;
  }
  return count;
}

/* Per record the row that came of it. */
static void keyed_note_rows(const struct wr_decoded *decoded, const uint32_t *records,
                            uint32_t *rows, uint32_t record_count)
{
  for (uint32_t r = 0; r < record_count; r++)
    rows[r] = NO_ROW;
  for (uint32_t row = 0; row < decoded->row_count; row++) {
    uint32_t record = records[decoded->row_frame ? decoded->row_frame[row] : row];
    rows[record] = rows[record] == NO_ROW ? row : MANY_ROWS;
  }
}

/* The message about record r among those of one decoder; NULL: there is none. */
static const char *keyed_fault(const struct wr_decoded *decoded, const uint32_t *records,
                               uint32_t *at, uint32_t r)
{
  while (*at < decoded->fault_count && records[decoded->faults[*at].frame] < r)
    ++*at;
  return *at < decoded->fault_count && records[decoded->faults[*at].frame] == r
             ? decoded->faults[*at].message
             : NULL;
}

static void keyed_note_faults(struct keyed_decoder *self, const struct wr_frame *frames,
                              uint32_t frame_count, const struct wr_decoded *keys,
                              const struct wr_decoded *values)
{
  uint32_t key_at = 0, value_at = 0;
  for (uint32_t f = 0; f < frame_count; f++) {
    const char *key = keyed_fault(keys, self->key_records, &key_at, f),
               *value = keyed_fault(values, self->value_records, &value_at, f);
    if (!frames[f].key)
      wr_faults_add(&self->faults, f, "the record has no key");
    else if (key)
      wr_faults_add(&self->faults, f, "in the key: %s", key);
    else if (self->key_rows[f] == MANY_ROWS || self->value_rows[f] == MANY_ROWS)
      wr_faults_add(&self->faults, f, "the record has several rows, but one key");
    else if (value)
      wr_faults_add(&self->faults, f, "%s", value);
  }
}

/* Which records give a row, and which change it is. Returns how many. */
static uint32_t keyed_note_changes(struct keyed_decoder *self, const struct wr_frame *frames,
                                   uint32_t frame_count, bool *has_gone)
{
  uint32_t count = 0;
  for (uint32_t f = 0; f < frame_count; f++) {
    bool gone = !frames[f].bytes;
    if (self->key_rows[f] >= MANY_ROWS || (!gone && self->value_rows[f] >= MANY_ROWS))
      continue;
    *has_gone = *has_gone || gone;
    self->change[count] = gone ? WR_DELETE : WR_UPDATE_AFTER;
    self->row_frame[count++] = f;
  }
  return count;
}

/* A column of rows that are put together. */
static struct wr_column keyed_gather(struct keyed_decoder *self, uint32_t wanted,
                                     const struct wr_column *column, const uint32_t *rows,
                                     uint32_t row_count)
{
  struct wr_builder *builder = &self->builders[wanted];
  bool is_key = self->wanted[wanted].is_key;
  wr_builder_reset(builder);
  wr_builder_reserve(builder, row_count);
  for (uint32_t i = 0; i < row_count; i++) {
    uint32_t f = self->row_frame[i];
    if (!is_key && self->change[i] == WR_DELETE)
      wr_builder_put_null(builder);
    else
      wr_builder_put_row(builder, column, rows[f], false);
  }
  return wr_builder_view(builder);
}

static void keyed_decode(struct wr_decoder *decoder, const struct wr_frame *frames,
                         uint32_t frame_count, struct wr_decoded *out)
{
  struct keyed_decoder *self = (struct keyed_decoder *)decoder;
  struct wr_decoded keys, values;
  uint32_t value_count = 0;
  keyed_reserve(self, frame_count);
  wr_faults_reset(&self->faults);
  uint32_t key_count = keyed_lay_keys(self, frames, frame_count);
  for (uint32_t f = 0; f < frame_count; f++)
    if (frames[f].bytes) {
      self->value_frames[value_count] = frames[f];
      self->value_records[value_count++] = f;
    }
  self->key->format->decode(self->key, self->key_frames, key_count, &keys);
  self->value->format->decode(self->value, self->value_frames, value_count, &values);
  keyed_note_rows(&keys, self->key_records, self->key_rows, frame_count);
  keyed_note_rows(&values, self->value_records, self->value_rows, frame_count);
  if (keys.row_count != frame_count || values.row_count != value_count || keys.fault_count ||
      values.fault_count)
    keyed_note_faults(self, frames, frame_count, &keys, &values);
  bool has_gone = false;
  uint32_t row_count = keyed_note_changes(self, frames, frame_count, &has_gone);
  bool is_whole = row_count == frame_count && keys.row_count == row_count &&
                  values.row_count == row_count && !has_gone;
  for (uint32_t i = 0; i < self->wanted_count; i++) {
    bool is_key = self->wanted[i].is_key;
    const struct wr_column *column = &(is_key ? &keys : &values)->columns[self->wanted[i].number];
    self->columns[i] =
        is_whole
            ? *column
            : keyed_gather(self, i, column, is_key ? self->key_rows : self->value_rows, row_count);
  }
  *out = (struct wr_decoded){.row_count = row_count,
                             .columns = self->columns,
                             .row_frame = is_whole ? NULL : self->row_frame,
                             .change = decoder->format->changes ? self->change : NULL,
                             .faults = self->faults.list,
                             .fault_count = self->faults.count};
}

/* ---- writing */

void wr_keyed_columns(const struct wr_schema *schema, const uint32_t *numbers,
                      const struct wr_batch *batch, struct wr_column *room, struct wr_batch *out)
{
  for (uint32_t c = 0; c < schema->column_count; c++)
    room[c] = batch->columns[numbers[c]];
  *out = *batch;
  out->schema = schema;
  out->columns = room;
}
