/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of text for a terminal of some width, or for a file: cells are cut and padded to their
 * width as it is seen, and control characters, which data may bring, are shown as '?'. Rows beyond
 * the height are left out.
 */
#ifndef WEIR_CLI_CANVAS_H
#define WEIR_CLI_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "text/buffer.h"

enum wr_style {
  WR_STYLE_PLAIN,
  WR_STYLE_BOLD,
  WR_STYLE_DIM,
  WR_STYLE_CHOSEN,
  WR_STYLE_GOOD,
  WR_STYLE_WARN,
  WR_STYLE_BAD
};

struct wr_canvas {
  struct wr_buffer out;
  uint32_t width, height; /* height 0: any number of lines */
  bool terminal;          /* escapes for styles and ends of lines */
  uint32_t lines;         /* that are complete */
  uint32_t column;        /* of the line under way */
};

/* Left-aligned in so many columns; a negative width: right-aligned; 0: as wide as it is. */
void wr_canvas_put(struct wr_canvas *canvas, enum wr_style style, int width, const char *text);
void wr_canvas_print(struct wr_canvas *canvas, enum wr_style style, int width, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));
/* share of 1 of so many columns. */
void wr_canvas_bar(struct wr_canvas *canvas, enum wr_style style, uint32_t width, double share);
void wr_canvas_end_line(struct wr_canvas *canvas);
/* Whether one more line would be seen. */
bool wr_canvas_has_room(const struct wr_canvas *canvas);
uint32_t wr_canvas_rows_left(const struct wr_canvas *canvas);

#endif
