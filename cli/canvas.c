/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistr.h>
#include <uniwidth.h>

#define CANVAS_TEXT_BYTES 1024

static const char *const styles[] = {
    [WR_STYLE_PLAIN] = "",         [WR_STYLE_BOLD] = "\033[1m",  [WR_STYLE_DIM] = "\033[2m",
    [WR_STYLE_CHOSEN] = "\033[7m", [WR_STYLE_GOOD] = "\033[32m", [WR_STYLE_WARN] = "\033[33m",
    [WR_STYLE_BAD] = "\033[31m",
};

bool wr_canvas_has_room(const struct wr_canvas *canvas)
{
  return !canvas->height || canvas->lines < canvas->height;
}

uint32_t wr_canvas_rows_left(const struct wr_canvas *canvas)
{
  return !canvas->height                   ? UINT32_MAX
         : canvas->lines >= canvas->height ? 0
                                           : canvas->height - canvas->lines;
}

/* The next character: its bytes as they are shown, and columns. */
static size_t character_next(const char *text, size_t length, const char **shown,
                             size_t *shown_length, uint32_t *columns)
{
  ucs4_t c;
  int used = u8_mbtouc(&c, (const uint8_t *)text, length);
  int width = c == 0xFFFD ? -1 : uc_width(c, "UTF-8");
  *shown = text;
  *shown_length = (size_t)used;
  if (width < 0) {
    *shown = "?";
    *shown_length = 1;
    width = 1;
  }
  *columns = (uint32_t)width;
  return (size_t)used;
}

static uint32_t text_columns(const char *text)
{
  size_t length = strlen(text), shown_length;
  const char *shown;
  uint32_t columns, sum = 0;
  for (size_t at = 0; at < length; sum += columns)
    at += character_next(text + at, length - at, &shown, &shown_length, &columns);
  return sum;
}

/* At most so many columns of a text; returns how many it has taken. */
static uint32_t canvas_write(struct wr_canvas *canvas, const char *text, uint32_t room)
{
  size_t length = strlen(text), shown_length;
  const char *shown;
  uint32_t columns, taken = 0;
  for (size_t at = 0; at < length;) {
    at += character_next(text + at, length - at, &shown, &shown_length, &columns);
    if (taken + columns > room)
      break;
    wr_buffer_put(&canvas->out, shown, shown_length);
    taken += columns;
  }
  return taken;
}

static void canvas_pad(struct wr_canvas *canvas, uint32_t count)
{
  for (uint32_t i = 0; i < count; i++)
    wr_buffer_put_char(&canvas->out, ' ');
}

void wr_canvas_put(struct wr_canvas *canvas, enum wr_style style, int width, const char *text)
{
  uint32_t room = canvas->width > canvas->column ? canvas->width - canvas->column : 0;
  uint32_t wanted = width ? (uint32_t)(width < 0 ? -width : width) : room;
  uint32_t columns = text_columns(text);
  bool styled = canvas->terminal && style != WR_STYLE_PLAIN;
  if (!wr_canvas_has_room(canvas) || !room)
    return;
  if (wanted > room)
    wanted = room;
  if (styled)
    wr_buffer_put_string(&canvas->out, styles[style]);
  uint32_t before = width < 0 && columns < wanted ? wanted - columns : 0;
  canvas_pad(canvas, before);
  uint32_t taken = before + canvas_write(canvas, text, wanted);
  if (width > 0 && taken < wanted) {
    canvas_pad(canvas, wanted - taken);
    taken = wanted;
  }
  if (styled)
    wr_buffer_put_string(&canvas->out, "\033[0m");
  canvas->column += taken;
}

void wr_canvas_print(struct wr_canvas *canvas, enum wr_style style, int width, const char *format,
                     ...)
{
  char text[CANVAS_TEXT_BYTES];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  wr_canvas_put(canvas, style, width, text);
}

void wr_canvas_bar(struct wr_canvas *canvas, enum wr_style style, uint32_t width, double share)
{
  char bar[64];
  uint32_t full;
  width = width < sizeof bar ? width : sizeof bar - 1;
  share = share < 0 ? 0 : share > 1 ? 1 : share;
  full = (uint32_t)(share * width + 0.5);
  memset(bar, '.', width);
  memset(bar, '#', full);
  bar[width] = 0;
  wr_canvas_put(canvas, style, (int)width, bar);
}

/* Blanks at the end of a line are of no use in a file. */
static void canvas_trim(struct wr_canvas *canvas)
{
  while (canvas->out.length && canvas->out.bytes[canvas->out.length - 1] == ' ')
    canvas->out.length--;
}

void wr_canvas_end_line(struct wr_canvas *canvas)
{
  if (wr_canvas_has_room(canvas)) {
    if (!canvas->terminal)
      canvas_trim(canvas);
    bool is_last = canvas->terminal && canvas->lines + 1 == canvas->height;
    wr_buffer_put_string(&canvas->out, !canvas->terminal ? "\n" : is_last ? "\033[K" : "\033[K\n");
  }
  canvas->lines++;
  canvas->column = 0;
}
