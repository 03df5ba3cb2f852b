/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the rows of a bare SELECT go: standard output. On a terminal an aligned table whose header
 * is written once; its column widths come from the types and the first rows and grow when they must
 * (rows already written cannot move). Otherwise one JSON object per line, or CSV. Nested values are
 * JSON in all of them. A result that updates also says what each row does: a first column "op", or
 * {"op":"+I","row":{...}}. One of several results of a job says whose a row is: a column "stream"
 * before that, or {"stream":"s","row":{...}}; their lines mix, so they leave in pieces that a pipe
 * takes at once.
 *
 * "cells" is for a program that shows the rows itself (weir shell, through a pipe): per line what
 * the row does, then for each column \x1f and the text of its cell. NULL is \x1e; control
 * characters in texts are escaped, so there are no others.
 */
#include "connectors/connector.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connectors/output.h"
#include "text/json_write.h"
#include "text/utf8.h"
#include "text/value_write.h"

#define CONSOLE_WIDTH_MAX   60   /* wider values stick out */
#define CONSOLE_SAMPLE_ROWS 200  /* rows of the first batch that widths are taken from */
#define CONSOLE_PIECE_BYTES 2048 /* of one of several results, before it leaves */

struct console {
  struct wr_writer writer;
  struct wr_arena arena;
  struct wr_output output;
  const struct console_style *style;
  const struct wr_schema *schema; /* lent by the plan */
  const char *stream; /* of one of several results: its name; else NULL. Lent by the plan */
  bool changes;
  bool begun;       /* the header is written */
  uint32_t *widths; /* as a terminal shows them, per column */
  uint64_t row_count;
  struct wr_buffer cell;
  struct wr_json_row_writer *json;
};

/* How a format writes its beginning, a row, and its end. */
struct console_style {
  const char *name;
  void (*begin)(struct console *self, const struct wr_batch *batch);
  void (*row)(struct console *self, const struct wr_batch *batch, uint32_t row);
  void (*end)(struct console *self);
};

static const char *console_change(const struct wr_batch *batch, uint32_t row)
{
  return wr_output_changes[batch->change ? batch->change[row] & 3 : WR_INSERT];
}

/* Whether something stands before the first column. */
static bool console_leads(const struct console *self)
{
  return self->changes || self->stream;
}

/* ---- table */

/* A value as it may stand in a line of a terminal: control characters could do anything there. */
static void console_put_visible(struct wr_buffer *out, const char *bytes, size_t length)
{
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)bytes[i];
    if (c >= 0x20 && c != 0x7f && !(c == 0xc2 && i + 1 < length && (bytes[i + 1] & 0xe0) == 0x80)) {
      wr_buffer_put_char(out, bytes[i]);
    } else if (c == '\n' || c == '\t' || c == '\r') {
      wr_buffer_put_char(out, '\\');
      wr_buffer_put_char(out, c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
    } else {
      if (c == 0xc2) /* U+0080 to U+009F: controls in two bytes */
        c = (unsigned char)bytes[++i];
      char escape[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
      wr_buffer_put(out, escape, sizeof escape);
    }
  }
}

/* A value that is not NULL as a cell shows it: nested ones as JSON, where texts can be told from
 * what stands around them. */
static void console_put_value(struct wr_buffer *out, const struct wr_column *column, uint32_t row)
{
  if (column->type->field_count > 0)
    wr_json_write_value(out, column, row, NULL);
  else
    wr_value_write(out, column, row);
}

/* The cell's text into self->cell; returns its width on a terminal. */
static uint32_t console_cell(struct console *self, const struct wr_column *column, uint32_t row)
{
  wr_buffer_clear(&self->cell);
  if (wr_column_is_null(column, row)) {
    wr_buffer_put(&self->cell, "NULL", 4);
  } else if (wr_kind_is_text(column->type->kind)) {
    const struct wr_text *text = wr_column_text(column, row);
    console_put_visible(&self->cell, wr_text_bytes(text), text->length);
  } else if (column->type->field_count > 0) { /* may have texts inside */
    struct wr_buffer raw = {0};
    console_put_value(&raw, column, row);
    console_put_visible(&self->cell, raw.bytes, raw.length);
    wr_buffer_free(&raw);
  } else {
    console_put_value(&self->cell, column, row);
  }
  return (uint32_t)wr_utf8_width(self->cell.bytes, self->cell.length);
}

/* What values of a type usually take, so that a first row with small numbers decides nothing. */
static uint32_t console_usual_width(const struct wr_type *type)
{
  switch (type->kind) {
  case WR_BOOLEAN: return 5;
  case WR_TINYINT:
  case WR_SMALLINT: return 4;
  case WR_INT:
  case WR_BIGINT: return 6;
  case WR_FLOAT:
  case WR_DOUBLE:
  case WR_DECIMAL: return 8;
  case WR_DATE: return 10;
  case WR_TIME: return type->precision ? 9u + type->precision : 8;
  case WR_TIMESTAMP: return type->precision ? 20u + type->precision : 19;
  case WR_TIMESTAMP_LTZ: return type->precision ? 21u + type->precision : 20;
  case WR_CHAR:
  case WR_VARCHAR: return type->length < 10 ? type->length : 10;
  default: return 10;
  }
}

static void console_grow(struct console *self, uint32_t column, uint32_t width)
{
  width = width < CONSOLE_WIDTH_MAX ? width : CONSOLE_WIDTH_MAX;
  if (width > self->widths[column])
    self->widths[column] = width;
}

static void console_pad(struct wr_buffer *out, char filler, uint32_t count)
{
  memset(wr_buffer_reserve(out, count), filler, count);
  wr_buffer_added(out, count);
}

/* self->cell into its column; the last one is not filled up. */
static void console_put_cell(struct console *self, uint32_t column, uint32_t width, bool right)
{
  struct wr_buffer *out = &self->output.buffer;
  uint32_t room = self->widths[column] > width ? self->widths[column] - width : 0;
  bool last = column + 1 == self->schema->column_count;
  wr_buffer_put_string(out, column > 0 || console_leads(self) ? " | " : " ");
  if (right)
    console_pad(out, ' ', room);
  wr_buffer_put(out, self->cell.bytes, self->cell.length);
  if (!right && !last)
    console_pad(out, ' ', room);
}

static uint32_t table_stream_width(const struct console *self)
{
  uint32_t width = (uint32_t)wr_utf8_width(self->stream, strlen(self->stream));
  return width > strlen("stream") ? width : (uint32_t)strlen("stream");
}

/* What stands before the first column. */
static void table_lead(struct console *self, const char *stream, const char *op)
{
  struct wr_buffer *out = &self->output.buffer;
  if (self->stream) {
    wr_buffer_put_char(out, ' ');
    wr_buffer_clear(&self->cell);
    console_put_visible(&self->cell, stream, strlen(stream));
    wr_buffer_put(out, self->cell.bytes, self->cell.length);
    uint32_t width = (uint32_t)wr_utf8_width(self->cell.bytes, self->cell.length);
    if (width < table_stream_width(self))
      console_pad(out, ' ', table_stream_width(self) - width);
  }
  if (self->changes)
    wr_buffer_print(out, "%s%s", self->stream ? " | " : " ", op);
}

static void table_begin(struct console *self, const struct wr_batch *batch)
{
  struct wr_buffer *out = &self->output.buffer;
  uint32_t column_count = self->schema->column_count;
  uint32_t row_count = !batch ? 0 : batch->picked_count;
  row_count = row_count < CONSOLE_SAMPLE_ROWS ? row_count : CONSOLE_SAMPLE_ROWS;
  for (uint32_t c = 0; c < column_count; c++) {
    const struct wr_field *field = &self->schema->fields[c];
    console_grow(self, c, (uint32_t)wr_utf8_width(field->name, strlen(field->name)));
    console_grow(self, c, console_usual_width(field->type));
    for (uint32_t i = 0; i < row_count; i++)
      console_grow(self, c, console_cell(self, &batch->columns[c], wr_batch_row(batch, i)));
  }
  table_lead(self, "stream", "op");
  for (uint32_t c = 0; c < column_count; c++) {
    const struct wr_field *field = &self->schema->fields[c];
    wr_buffer_clear(&self->cell);
    console_put_visible(&self->cell, field->name, strlen(field->name));
    console_put_cell(self, c, (uint32_t)wr_utf8_width(self->cell.bytes, self->cell.length),
                     wr_value_is_right_aligned(field->type));
  }
  wr_buffer_put_char(out, '\n');
  if (self->stream)
    console_pad(out, '-', table_stream_width(self) + 2);
  if (self->changes)
    wr_buffer_put_string(out, self->stream ? "+----" : "----");
  for (uint32_t c = 0; c < column_count; c++) {
    if (c > 0 || console_leads(self))
      wr_buffer_put_char(out, '+');
    console_pad(out, '-', self->widths[c] + (c + 1 == column_count ? 1 : 2));
  }
  wr_buffer_put_char(out, '\n');
}

static void table_row(struct console *self, const struct wr_batch *batch, uint32_t row)
{
  struct wr_buffer *out = &self->output.buffer;
  table_lead(self, self->stream, self->changes ? console_change(batch, row) : "");
  for (uint32_t c = 0; c < self->schema->column_count; c++) {
    uint32_t width = console_cell(self, &batch->columns[c], row);
    console_grow(self, c, width);
    console_put_cell(self, c, width, wr_value_is_right_aligned(self->schema->fields[c].type));
  }
  wr_buffer_put_char(out, '\n');
}

static void table_end(struct console *self)
{
  wr_buffer_print(&self->output.buffer, "(%llu row%s%s%s)\n", (unsigned long long)self->row_count,
                  self->row_count == 1 ? "" : "s", self->stream ? " of " : "",
                  self->stream ? self->stream : "");
}

/* ---- JSON */

static void json_begin(struct console *self, const struct wr_batch *batch)
{
  (void)self, (void)batch;
}

static void json_row(struct console *self, const struct wr_batch *batch, uint32_t row)
{
  struct wr_buffer *out = &self->output.buffer;
  if (console_leads(self))
    wr_buffer_put_char(out, '{');
  if (self->stream) {
    wr_buffer_put_string(out, "\"stream\":");
    wr_json_write_string(out, self->stream, strlen(self->stream));
    wr_buffer_put_char(out, ',');
  }
  if (self->changes)
    wr_buffer_print(out, "\"op\":\"%s\",", console_change(batch, row));
  if (console_leads(self))
    wr_buffer_put_string(out, "\"row\":");
  wr_json_row_write(self->json, batch->columns, row, out);
  wr_buffer_put_string(out, console_leads(self) ? "}\n" : "\n");
}

static void json_end(struct console *self)
{
  (void)self;
}

/* ---- CSV */

static void csv_lead(struct console *self, const char *stream, const char *op)
{
  struct wr_buffer *out = &self->output.buffer;
  if (self->stream)
    wr_csv_write_text(out, stream, strlen(stream), ',', '"');
  if (self->changes)
    wr_buffer_print(out, "%s%s", self->stream ? "," : "", op);
}

static void csv_begin(struct console *self, const struct wr_batch *batch)
{
  (void)batch;
  struct wr_buffer *out = &self->output.buffer;
  csv_lead(self, "stream", "op");
  for (uint32_t c = 0; c < self->schema->column_count; c++) {
    const char *name = self->schema->fields[c].name;
    if (c > 0 || console_leads(self))
      wr_buffer_put_char(out, ',');
    wr_csv_write_text(out, name, strlen(name), ',', '"');
  }
  wr_buffer_put_char(out, '\n');
}

static void csv_row(struct console *self, const struct wr_batch *batch, uint32_t row)
{
  struct wr_buffer *out = &self->output.buffer;
  csv_lead(self, self->stream, self->changes ? console_change(batch, row) : "");
  for (uint32_t c = 0; c < self->schema->column_count; c++) {
    const struct wr_column *column = &batch->columns[c];
    if (c > 0 || console_leads(self))
      wr_buffer_put_char(out, ',');
    if (wr_column_is_null(column, row))
      continue;
    wr_buffer_clear(&self->cell);
    console_put_value(&self->cell, column, row);
    wr_csv_write_text(out, self->cell.bytes, self->cell.length, ',', '"');
  }
  wr_buffer_put_char(out, '\n');
}

/* ---- cells */

static void cells_row(struct console *self, const struct wr_batch *batch, uint32_t row)
{
  struct wr_buffer *out = &self->output.buffer;
  wr_buffer_put_string(out, console_change(batch, row));
  for (uint32_t c = 0; c < self->schema->column_count; c++) {
    wr_buffer_put_char(out, '\x1f');
    if (wr_column_is_null(&batch->columns[c], row)) {
      wr_buffer_put_char(out, '\x1e');
      continue;
    }
    console_cell(self, &batch->columns[c], row);
    wr_buffer_put(out, self->cell.bytes, self->cell.length);
  }
  wr_buffer_put_char(out, '\n');
}

static const struct console_style console_styles[] = {
    {"table", table_begin, table_row, table_end},
    {"json", json_begin, json_row, json_end},
    {"csv", csv_begin, csv_row, json_end},
    {"cells", json_begin, cells_row, json_end},
};

/* ---- the writer */

static const struct wr_writer_class console_writer;

static const struct wr_option console_options[] = {
    {.name = "format",
     .kind = WR_OPTION_CHOICE,
     .choices = "auto|table|json|csv|cells",
     .fallback = "auto",
     .help = "What rows look like; auto: a table on a terminal, JSON otherwise."},
    {.name = "changes",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "Rows may take back: say of each what it does."},
    {.name = "stream",
     .kind = WR_OPTION_TEXT,
     .help = "Whose rows they are, said of each: several results of a job are written."},
    {.name = "descriptor",
     .kind = WR_OPTION_INTEGER,
     .fallback = "1",
     .help = "The file descriptor that is written to."},
    {.name = NULL},
};

static enum wr_code console_open(const struct wr_table_spec *spec, struct wr_writer **out,
                                 struct wr_error *err)
{
  (void)err;
  struct console *self = wr_memory_get_zero(sizeof *self);
  const char *format = wr_options_text(spec->options, console_options, "format");
  int descriptor = (int)wr_options_integer(spec->options, console_options, "descriptor");
  if (strcmp(format, "auto") == 0)
    format = isatty(descriptor) ? "table" : "json";
  for (size_t i = 0; i < sizeof console_styles / sizeof *console_styles; i++)
    if (strcmp(console_styles[i].name, format) == 0)
      self->style = &console_styles[i];
  assert(self->style);
  self->writer.class = &console_writer;
  self->schema = spec->schema;
  self->changes = wr_options_bool(spec->options, console_options, "changes");
  self->stream = wr_options_text(spec->options, console_options, "stream");
  self->widths = WR_NEW_ARRAY(&self->arena, uint32_t, spec->schema->column_count);
  self->json = wr_json_row_writer_new(spec->schema, NULL);
  wr_output_open(&self->output, descriptor, false);
  *out = &self->writer;
  return WR_OK;
}

static enum wr_code console_write_rows(struct wr_writer *writer, const struct wr_batch *batch,
                                       struct wr_error *err)
{
  struct console *self = (struct console *)writer;
  if (batch->picked_count == 0)
    return WR_OK;
  if (!self->begun)
    self->style->begin(self, batch);
  self->begun = true;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    assert(self->changes || !batch->change || batch->change[wr_batch_row(batch, i)] == WR_INSERT);
    self->style->row(self, batch, wr_batch_row(batch, i));
    enum wr_code code = WR_OK;
    if (self->stream && self->output.buffer.length >= CONSOLE_PIECE_BYTES)
      code = wr_output_flush(&self->output, err);
    if (code)
      return code;
  }
  self->row_count += batch->picked_count;
  return wr_output_after_batch(&self->output, err);
}

/* What is written leaves before the epoch counts it. */
static enum wr_code console_barrier(struct wr_writer *writer, uint64_t epoch, struct wr_error *err)
{
  (void)epoch;
  return wr_output_flush(&((struct console *)writer)->output, err);
}

static enum wr_code console_tick(struct wr_writer *writer, int64_t now_us, struct wr_error *err)
{
  (void)now_us;
  return wr_output_flush(&((struct console *)writer)->output, err);
}

static enum wr_code console_finish(struct wr_writer *writer, struct wr_error *err)
{
  struct console *self = (struct console *)writer;
  if (!self->begun)
    self->style->begin(self, NULL);
  self->begun = true;
  self->style->end(self);
  return wr_output_flush(&self->output, err);
}

static void console_close(struct wr_writer *writer)
{
  struct console *self = (struct console *)writer;
  wr_json_row_writer_free(self->json);
  wr_buffer_free(&self->cell);
  wr_output_close(&self->output);
  wr_arena_free(&self->arena);
  free(self);
}

static const struct wr_writer_class console_writer = {
    .open = console_open,
    .write_rows = console_write_rows,
    .barrier = console_barrier,
    .tick = console_tick,
    .finish = console_finish,
    .close = console_close,
};

const struct wr_connector wr_connector_console = {
    .name = "console",
    .help = "Standard output, for a SELECT that stands alone.",
    .options = console_options,
    .writer = &console_writer,
    .single_writer = true,
    .takes_changes = true,
    .hidden = true,
    .delivery = "at-least-once: written out before an epoch counts",
};
