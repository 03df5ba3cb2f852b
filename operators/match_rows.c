/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kept rows of a partition, in two buffers of its entry that are filled at the end and emptied
 * at the front: rows of equal length, so that any of them is found at once, and their long texts.
 *
 *   row    | time | texts_at | field field field ... | NULL bits | told |
 *   field  a number, or a text in 16 bytes: short ones inside, of long ones the place where their
 *          bytes lie, counted from the first byte that the partition ever had
 */
#include <assert.h>
#include <stdlib.h>

#include "core/limits.h"
#include "core/packed.h"
#include "operators/match_state.h"

#define BUFFER_BYTES_MIN 64
#define BUFFER_BYTES_MAX (WR_MATCH_PARTITION_BYTES_MAX / 4 * 5) /* with room to spare */
#define BUFFER_SPARE     8 /* one so many times as large as what is in it is made smaller */

static struct wr_match_buffer *buffer_at(const struct wr_match *self, uint32_t index, uint32_t at)
{
  return (struct wr_match_buffer *)(void *)(self->probe.entries[index] + at);
}

static char *buffer_bytes(const struct wr_match_buffer *buffer)
{
  return (char *)wr_text_stored_bytes(&buffer->bytes);
}

/* Makes room at the end, and gives it: moves what there is to the front, or elsewhere. */
static char *buffer_add(struct wr_match *self, uint32_t index, uint32_t at, uint32_t need)
{
  struct wr_match_buffer *buffer = buffer_at(self, index, at);
  struct wr_text_store *store = wr_table_space_texts(self->space);
  uint32_t room = buffer->bytes.length, live = buffer->end - buffer->begin;
  if (room - buffer->end < need) {
    memmove(buffer_bytes(buffer), buffer_bytes(buffer) + buffer->begin, live);
    buffer->base += buffer->begin;
    buffer->begin = 0;
    buffer->end = live;
    uint32_t wanted = 2 * (live + need);
    wanted = wanted < BUFFER_BYTES_MIN ? BUFFER_BYTES_MIN : wanted;
    wanted = wanted < BUFFER_BYTES_MAX ? wanted : BUFFER_BYTES_MAX;
    if (live + need > room / 2) {
      if (wanted > room)
        store->grow(store, index, at, wanted);
    } else if (room / BUFFER_SPARE > wanted) {
      char *copy = wr_memory_get_zero(wanted);
      memcpy(copy, buffer_bytes(buffer), live);
      store->put(store, index, at, copy, wanted);
      free(copy);
    }
    buffer = buffer_at(self, index, at);
  }
  char *out = buffer_bytes(buffer) + buffer->end;
  buffer->end += need;
  return out;
}

static enum wr_code rows_check(const struct wr_match *self, uint32_t index, uint64_t more,
                               struct wr_error *err)
{
  const struct wr_match_buffer *rows = buffer_at(self, index, self->rows_at);
  uint64_t bytes = rows->end - rows->begin + more;
  if (self->texts_at != WR_MATCH_NONE) {
    const struct wr_match_buffer *texts = buffer_at(self, index, self->texts_at);
    bytes += texts->end - texts->begin;
  }
  if (bytes <= WR_MATCH_PARTITION_BYTES_MAX)
    return WR_OK;
  return wr_fail(err, WR_LIMIT,
                 "%s keeps more bytes of rows for one match than the limit "
                 "WR_MATCH_PARTITION_BYTES_MAX, %u",
                 self->op.context->name, WR_MATCH_PARTITION_BYTES_MAX);
}

/* Bytes of a value that do not lie in its row. */
static size_t value_texts(const struct wr_match_fields *fields, uint32_t field,
                          const struct wr_column *column, uint32_t row)
{
  if (fields->widths[field] || wr_column_is_null(column, row))
    return 0;
  size_t bytes = wr_pack_item_bytes(column, row);
  return bytes > WR_TEXT_INLINE ? bytes : 0;
}

/* Writes a text, or a packed ROW, into the field of a row; long ones to `texts`. */
static char *value_put_text(char *out, const struct wr_column *column, uint32_t row, char *texts,
                            uint64_t texts_at)
{
  struct wr_text text = {.length = (uint32_t)wr_pack_item_bytes(column, row)};
  if (text.length <= WR_TEXT_INLINE) {
    wr_pack_item((char *)&text + 4, column, row);
  } else {
    wr_pack_item(texts, column, row);
    memcpy(text.head, texts, 4);
    text.distance = (int64_t)texts_at;
    texts += text.length;
  }
  memcpy(out, &text, sizeof text);
  return texts;
}

enum wr_code wr_match_rows_add(struct wr_match *self, uint32_t index, const struct wr_batch *batch,
                               uint32_t row, int64_t time_us, struct wr_error *err)
{
  const struct wr_match_fields *fields = &self->fields;
  uint64_t bytes = 0;
  for (uint32_t f = 0; fields->has_texts && f < fields->count; f++)
    bytes += value_texts(fields, f, &batch->columns[fields->columns[f]], row);
  enum wr_code code = rows_check(self, index, fields->stride + bytes, err);
  if (code != WR_OK)
    return code;
  struct wr_match_row head = {.time_us = time_us};
  buffer_add(self, index, self->rows_at, fields->stride);
  char *texts = NULL;
  if (fields->has_texts) {
    texts = buffer_add(self, index, self->texts_at, (uint32_t)bytes);
    const struct wr_match_buffer *buffer = buffer_at(self, index, self->texts_at);
    head.texts_at = buffer->base + buffer->end - bytes;
  }
  const struct wr_match_buffer *rows = buffer_at(self, index, self->rows_at);
  char *out = buffer_bytes(rows) + rows->end - fields->stride;
  memset(out, 0, fields->stride);
  memcpy(out, &head, sizeof head);
  const char *texts_from = texts;
  for (uint32_t f = 0; f < fields->count; f++) {
    const struct wr_column *column = &batch->columns[fields->columns[f]];
    uint32_t width = fields->widths[f];
    if (wr_column_is_null(column, row))
      out[fields->nulls_at + f / 8] = (char)(out[fields->nulls_at + f / 8] | 1 << f % 8);
    else if (width)
      memcpy(out + fields->offsets[f],
             (const char *)column->values + (size_t)width * wr_column_row(column, row), width);
    else
      texts = value_put_text(out + fields->offsets[f], column, row, texts,
                             head.texts_at + (uint64_t)(texts - texts_from));
  }
  return WR_OK;
}

void wr_match_rows_drop(struct wr_match *self, uint32_t index, uint32_t count)
{
  struct wr_match_buffer *rows = buffer_at(self, index, self->rows_at);
  assert((uint64_t)count * self->fields.stride <= rows->end - rows->begin);
  rows->begin += count * self->fields.stride;
  if (self->texts_at == WR_MATCH_NONE)
    return;
  struct wr_match_buffer *texts = buffer_at(self, index, self->texts_at);
  struct wr_match_row head = {.texts_at = texts->base + texts->end};
  if (rows->begin < rows->end)
    memcpy(&head, buffer_bytes(rows) + rows->begin, sizeof head);
  texts->begin = (uint32_t)(head.texts_at - texts->base);
  assert(texts->begin <= texts->end);
}

void wr_match_rows_open(const struct wr_match *self, struct wr_match_work *work)
{
  const struct wr_match_buffer *rows = buffer_at(self, work->index, self->rows_at);
  work->rows = buffer_bytes(rows) + rows->begin;
  work->row_count = (rows->end - rows->begin) / self->fields.stride;
  if (self->texts_at == WR_MATCH_NONE)
    return;
  const struct wr_match_buffer *texts = buffer_at(self, work->index, self->texts_at);
  work->texts = buffer_bytes(texts);
  work->texts_base = texts->base;
}

static bool row_is_null(const struct wr_match_fields *fields, const char *row, uint32_t field)
{
  return (unsigned char)row[fields->nulls_at + field / 8] >> field % 8 & 1;
}

bool wr_match_row_is_true(const struct wr_match *self, const struct wr_match_work *work,
                          uint32_t row, uint32_t field)
{
  const char *at = wr_match_row_at(self, work, row);
  return !row_is_null(&self->fields, at, field) && at[self->fields.offsets[field]];
}

void wr_match_row_put(const struct wr_match *self, const struct wr_match_work *work, uint32_t row,
                      uint32_t field, struct wr_builder *out)
{
  const struct wr_match_fields *fields = &self->fields;
  const char *at = wr_match_row_at(self, work, row);
  uint32_t width = fields->widths[field];
  if (row_is_null(fields, at, field)) {
    wr_builder_put_null(out);
    return;
  }
  at += fields->offsets[field];
  if (width) {
    memcpy((char *)out->values + (size_t)width * out->row_count, at, width);
    wr_builder_put_valid(out);
    return;
  }
  struct wr_text text;
  memcpy(&text, at, sizeof text);
  if (text.length > WR_TEXT_INLINE)
    text.bytes = work->texts + ((uint64_t)text.distance - work->texts_base);
  if (out->type->physical == WR_TEXT)
    wr_builder_put_text(out, text);
  else
    wr_packed_put(
        out->type,
        (struct wr_slice){text.length > WR_TEXT_INLINE ? text.bytes : at + 4, text.length}, out);
}

void wr_match_row_reject(struct wr_match *self, const struct wr_match_work *work, uint32_t row,
                         const char *message)
{
  char *told = (char *)wr_match_row_at(self, work, row) + self->fields.told_at;
  if (*told)
    return;
  *told = 1;
  for (uint32_t f = 0; f < self->fields.count; f++) {
    wr_builder_reset(&self->told[f]);
    wr_builder_reserve(&self->told[f], 1);
    wr_match_row_put(self, work, row, f, &self->told[f]);
    self->told_columns[f] = wr_builder_view(&self->told[f]);
  }
  const struct wr_batch batch = {.schema = &self->field_schema,
                                 .columns = self->told_columns,
                                 .row_count = 1,
                                 .picked_count = 1,
                                 .others_us = WR_TIME_END,
                                 .now_us = self->now_us};
  wr_operator_reject(&self->op, &batch, 0, WR_REJECT_VALUE, "%s", message);
}
