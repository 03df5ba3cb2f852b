/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is drawn in place stands at the bottom of the terminal: the newest rows that fit, and a line
 * that says how the query goes. Before anything else is printed, and before the next drawing, the
 * cursor goes up to where that began. Lines are cut at the width of the terminal, because one that
 * is wrapped would take two.
 */
#include "cli/shell_rows.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "cli/shell_kept.h"
#include "core/column.h"
#include "core/time.h"
#include "text/buffer.h"
#include "text/utf8.h"
#include "text/value_write.h"

#define ROWS_DRAW_US       (100 * WR_US_PER_MS)
#define ROWS_WIDTH_MAX     60 /* wider cells stick out */
#define ROWS_NUMBER_WIDTH  6
#define ROWS_TEXT_WIDTH    10
#define ROWS_LINES_DEFAULT 24
#define ROWS_MARGIN        3 /* lines of the terminal that a table in place leaves alone */

struct wr_shell_rows {
  struct wr_shell_rows_options options;
  struct wr_buffer line; /* what has come of a line that is not complete */
  struct wr_buffer out, row;
  struct wr_shell_kept *kept; /* not of APPEND */
  uint32_t *widths;
  uint64_t count; /* that have come */
  bool begun;     /* APPEND: the head is printed */
  uint32_t drawn_lines;
  int64_t drawn_us;
};

/* ---- cells. A row is its cells, each behind its sign; what it does stands apart. */

#define ROWS_CELL     '\x1f'
#define ROWS_NULL     '\x1e'
#define ROWS_OP_BYTES 2

struct rows_cell {
  const char *bytes;
  size_t length;
};

/* The next cell of a line behind `at`. */
static struct rows_cell rows_next_cell(const char **at, const char *end)
{
  const char *begin = *at < end ? *at + 1 : end;
  const char *stop = memchr(begin, ROWS_CELL, (size_t)(end - begin));
  *at = stop ? stop : end;
  if (begin < *at && *begin == ROWS_NULL)
    return (struct rows_cell){"NULL", 4};
  return (struct rows_cell){begin, (size_t)(*at - begin)};
}

static void rows_grow(struct wr_shell_rows *rows, uint32_t column, size_t width)
{
  width = width < ROWS_WIDTH_MAX ? width : ROWS_WIDTH_MAX;
  if (width > rows->widths[column])
    rows->widths[column] = (uint32_t)width;
}

static void rows_measure(void *self, const char *cells, size_t length)
{
  struct wr_shell_rows *rows = self;
  const char *at = cells, *end = cells + length;
  for (uint32_t c = 0; c < rows->options.schema->column_count; c++) {
    struct rows_cell cell = rows_next_cell(&at, end);
    rows_grow(rows, c, wr_utf8_width(cell.bytes, cell.length));
  }
}

static void rows_pad(struct wr_buffer *out, char filler, uint32_t count)
{
  memset(wr_buffer_reserve(out, count), filler, count);
  wr_buffer_added(out, count);
}

static void rows_put_cell(struct wr_shell_rows *rows, struct wr_buffer *out, uint32_t column,
                          struct rows_cell cell)
{
  const struct wr_schema *schema = rows->options.schema;
  bool right = wr_value_is_right_aligned(schema->fields[column].type);
  uint32_t width = (uint32_t)wr_utf8_width(cell.bytes, cell.length);
  uint32_t room = rows->widths[column] > width ? rows->widths[column] - width : 0;
  wr_buffer_put_string(out, column > 0 || rows->options.shows_op ? " | " : " ");
  rows_pad(out, ' ', right ? room : 0);
  wr_buffer_put(out, cell.bytes, cell.length);
  rows_pad(out, ' ', right || column + 1 == schema->column_count ? 0 : room);
}

/* The row of a table. */
static void rows_put_row(struct wr_shell_rows *rows, struct wr_buffer *out, const char *op,
                         const char *cells, size_t length)
{
  const char *at = cells, *end = cells + length;
  if (rows->options.shows_op) {
    wr_buffer_put_char(out, ' ');
    wr_buffer_put(out, op, ROWS_OP_BYTES);
  }
  for (uint32_t c = 0; c < rows->options.schema->column_count; c++)
    rows_put_cell(rows, out, c, rows_next_cell(&at, end));
}

static void rows_put_names(struct wr_shell_rows *rows, struct wr_buffer *out)
{
  const struct wr_schema *schema = rows->options.schema;
  if (rows->options.shows_op)
    wr_buffer_put_string(out, " op");
  for (uint32_t c = 0; c < schema->column_count; c++) {
    const char *name = schema->fields[c].name;
    rows_put_cell(rows, out, c, (struct rows_cell){name, strlen(name)});
  }
}

static void rows_put_rule(struct wr_shell_rows *rows, struct wr_buffer *out)
{
  uint32_t count = rows->options.schema->column_count;
  if (rows->options.shows_op)
    wr_buffer_put_string(out, "----");
  for (uint32_t c = 0; c < count; c++) {
    if (c > 0 || rows->options.shows_op)
      wr_buffer_put_char(out, '+');
    rows_pad(out, '-', rows->widths[c] + (c + 1 == count ? 1 : 2));
  }
}

/* A line per column, under a line with the number of the row. */
static void rows_put_expanded(struct wr_shell_rows *rows, uint64_t number, const char *op,
                              const char *cells, size_t length)
{
  const struct wr_schema *schema = rows->options.schema;
  const char *at = cells, *end = cells + length;
  size_t widest = 0;
  for (uint32_t c = 0; c < schema->column_count; c++) {
    size_t width = wr_utf8_width(schema->fields[c].name, strlen(schema->fields[c].name));
    widest = width > widest ? width : widest;
  }
  wr_buffer_print(&rows->out, "-[ row %llu%s%.*s ]-----\n", (unsigned long long)number,
                  rows->options.shows_op ? ", " : "", rows->options.shows_op ? ROWS_OP_BYTES : 0,
                  op);
  for (uint32_t c = 0; c < schema->column_count; c++) {
    const char *name = schema->fields[c].name;
    struct rows_cell cell = rows_next_cell(&at, end);
    wr_buffer_put_string(&rows->out, name);
    rows_pad(&rows->out, ' ', (uint32_t)(widest - wr_utf8_width(name, strlen(name))));
    wr_buffer_put_string(&rows->out, " | ");
    wr_buffer_put(&rows->out, cell.bytes, cell.length);
    wr_buffer_put_char(&rows->out, '\n');
  }
}

static void rows_send(struct wr_shell_rows *rows)
{
  if (rows->out.length == 0)
    return;
  fwrite(rows->out.bytes, 1, rows->out.length, rows->options.file);
  fflush(rows->options.file);
  wr_buffer_clear(&rows->out);
}

/* ---- in place */

static uint32_t rows_terminal(const struct wr_shell_rows *rows, uint32_t *width)
{
  struct winsize size;
  bool known = ioctl(fileno(rows->options.file), TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
               size.ws_col > 0;
  *width = known ? size.ws_col : 80;
  return known ? size.ws_row : ROWS_LINES_DEFAULT;
}

/* rows->row as a line of at most `width` cells of the terminal. */
static void rows_draw_line(struct wr_shell_rows *rows, uint32_t width)
{
  size_t at = 0, shown = 0;
  while (at < rows->row.length) {
    size_t next = at + 1;
    while (next < rows->row.length && (rows->row.bytes[next] & 0xc0) == 0x80)
      next++;
    size_t more = wr_utf8_width(rows->row.bytes + at, next - at);
    if (shown + more >= width)
      break;
    shown += more;
    at = next;
  }
  wr_buffer_put(&rows->out, rows->row.bytes, at);
  wr_buffer_put_string(&rows->out, "\033[K\n");
  wr_buffer_clear(&rows->row);
  rows->drawn_lines++;
}

void wr_shell_rows_clear(struct wr_shell_rows *rows)
{
  if (rows->drawn_lines == 0)
    return;
  wr_buffer_print(&rows->out, "\r\033[%uA\033[J", rows->drawn_lines);
  rows->drawn_lines = 0;
  rows_send(rows);
}

struct rows_drawing {
  struct wr_shell_rows *rows;
  uint32_t width;
};

static void rows_draw_row(void *self, const char *cells, size_t length)
{
  const struct rows_drawing *drawing = self;
  rows_put_row(drawing->rows, &drawing->rows->row, "", cells, length);
  rows_draw_line(drawing->rows, drawing->width);
}

/* The newest rows that fit. */
static void rows_draw_table(struct wr_shell_rows *rows, uint32_t lines, uint32_t width)
{
  struct rows_drawing drawing = {rows, width};
  uint32_t room = lines > ROWS_MARGIN + 3 ? lines - ROWS_MARGIN - 2 : 1;
  wr_shell_kept_show(rows->kept, room, rows_measure, rows);
  rows_put_names(rows, &rows->row);
  rows_draw_line(rows, width);
  rows_put_rule(rows, &rows->row);
  rows_draw_line(rows, width);
  wr_shell_kept_show(rows->kept, room, rows_draw_row, &drawing);
}

void wr_shell_rows_draw(struct wr_shell_rows *rows, int64_t now_us, const char *status)
{
  uint32_t width, lines, before = rows->drawn_lines;
  if (!rows->options.status || now_us - rows->drawn_us < ROWS_DRAW_US)
    return;
  lines = rows_terminal(rows, &width);
  if (before > 0)
    wr_buffer_print(&rows->out, "\r\033[%uA", before);
  rows->drawn_lines = 0;
  if (rows->options.style == WR_SHELL_LIVE)
    rows_draw_table(rows, lines, width);
  wr_buffer_put_string(&rows->row, status);
  rows_draw_line(rows, width);
  if (rows->drawn_lines < before)
    wr_buffer_put_string(&rows->out, "\033[J");
  rows->drawn_us = now_us;
  rows_send(rows);
}

/* ---- rows that come */

static void rows_append(struct wr_shell_rows *rows, const char *op, const char *cells,
                        size_t length)
{
  if (rows->options.expanded) {
    rows_put_expanded(rows, rows->count, op, cells, length);
    return;
  }
  rows_measure(rows, cells, length);
  rows_put_row(rows, &rows->out, op, cells, length);
  wr_buffer_put_char(&rows->out, '\n');
}

static void rows_take_line(struct wr_shell_rows *rows, const char *bytes, size_t length)
{
  const char *cells = bytes + ROWS_OP_BYTES;
  if (length < ROWS_OP_BYTES)
    return;
  rows->count++;
  if (rows->options.style == WR_SHELL_APPEND) {
    rows_append(rows, bytes, cells, length - ROWS_OP_BYTES);
    return;
  }
  bool takes_back = bytes[0] == '-', is_update = bytes[1] == 'U';
  wr_shell_kept_change(rows->kept,
                       takes_back ? (is_update ? WR_SHELL_UPDATED : WR_SHELL_TAKES_BACK)
                                  : (is_update ? WR_SHELL_UPDATES : WR_SHELL_ADDS),
                       cells, length - ROWS_OP_BYTES);
}

/* The head, as soon as the first rows say how wide columns are. */
static void rows_begin(struct wr_shell_rows *rows, const char *bytes, size_t length)
{
  rows->begun = true;
  if (rows->options.expanded)
    return;
  for (const char *at = bytes, *end; length > 0 && (end = memchr(at, '\n', length)) != NULL;) {
    if (end - at >= ROWS_OP_BYTES)
      rows_measure(rows, at + ROWS_OP_BYTES, (size_t)(end - at) - ROWS_OP_BYTES);
    length -= (size_t)(end + 1 - at);
    at = end + 1;
  }
  rows_put_names(rows, &rows->out);
  wr_buffer_put_char(&rows->out, '\n');
  rows_put_rule(rows, &rows->out);
  wr_buffer_put_char(&rows->out, '\n');
}

void wr_shell_rows_take(struct wr_shell_rows *rows, const char *bytes, size_t length)
{
  wr_buffer_put(&rows->line, bytes, length);
  const char *at = rows->line.bytes, *end = at + rows->line.length, *stop;
  if (!memchr(at, '\n', rows->line.length))
    return;
  if (rows->options.style == WR_SHELL_APPEND) {
    wr_shell_rows_clear(rows);
    if (!rows->begun)
      rows_begin(rows, at, rows->line.length);
  }
  for (; (stop = memchr(at, '\n', (size_t)(end - at))) != NULL; at = stop + 1)
    rows_take_line(rows, at, (size_t)(stop - at));
  memmove(rows->line.bytes, at, (size_t)(end - at));
  rows->line.length = (size_t)(end - at);
  rows_send(rows);
}

/* ---- beginning and end */

struct wr_shell_rows *wr_shell_rows_new(const struct wr_shell_rows_options *options)
{
  struct wr_shell_rows *rows = wr_memory_get_zero(sizeof *rows);
  uint32_t count = options->schema->column_count;
  rows->options = *options;
  rows->widths = wr_memory_get_zero((count + 1) * sizeof *rows->widths);
  if (options->style != WR_SHELL_APPEND)
    rows->kept = wr_shell_kept_new();
  for (uint32_t c = 0; c < count; c++) {
    const struct wr_field *field = &options->schema->fields[c];
    rows_grow(rows, c, wr_utf8_width(field->name, strlen(field->name)));
    if (options->style !=
        WR_SHELL_FINAL) /* what comes later is probably wider than what is there */
      rows_grow(rows, c,
                wr_value_is_right_aligned(field->type) ? ROWS_NUMBER_WIDTH : ROWS_TEXT_WIDTH);
  }
  return rows;
}

struct rows_last {
  struct wr_shell_rows *rows;
  uint64_t number;
};

static void rows_last_row(void *self, const char *cells, size_t length)
{
  struct rows_last *last = self;
  last->number++;
  if (last->rows->options.expanded) {
    rows_put_expanded(last->rows, last->number, "", cells, length);
    return;
  }
  rows_put_row(last->rows, &last->rows->out, "", cells, length);
  wr_buffer_put_char(&last->rows->out, '\n');
}

uint64_t wr_shell_rows_count(const struct wr_shell_rows *rows)
{
  return rows->kept ? wr_shell_kept_count(rows->kept) : rows->count;
}

void wr_shell_rows_finish(struct wr_shell_rows *rows)
{
  uint64_t count = wr_shell_rows_count(rows), left_out = 0;
  wr_shell_rows_clear(rows);
  if (rows->kept) {
    struct rows_last last = {rows, 0};
    left_out = wr_shell_kept_left_out(rows->kept);
    wr_shell_kept_show(rows->kept, UINT64_MAX, rows_measure, rows);
    rows_begin(rows, NULL, 0);
    wr_shell_kept_show(rows->kept, UINT64_MAX, rows_last_row, &last);
  } else if (!rows->begun) {
    rows_begin(rows, NULL, 0);
  }
  wr_buffer_print(&rows->out, "(%llu row%s", (unsigned long long)count, count == 1 ? "" : "s");
  if (left_out > 0)
    wr_buffer_print(&rows->out, ", of which the oldest %llu are not shown",
                    (unsigned long long)left_out);
  wr_buffer_put_string(&rows->out, ")\n");
  rows_send(rows);
}

void wr_shell_rows_free(struct wr_shell_rows *rows)
{
  if (!rows)
    return;
  wr_shell_kept_free(rows->kept);
  wr_buffer_free(&rows->line);
  wr_buffer_free(&rows->out);
  wr_buffer_free(&rows->row);
  free(rows->widths);
  free(rows);
}
