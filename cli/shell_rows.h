/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a query as weir shell shows them: line by line as they come, as a table that changes
 * in place, or as the table that is there in the end. They come as the cells of the console
 * connector.
 */
#ifndef WEIR_CLI_SHELL_ROWS_H
#define WEIR_CLI_SHELL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/type.h"

enum wr_shell_style {
  WR_SHELL_APPEND, /* a line per row, as it comes */
  WR_SHELL_LIVE,   /* rows that are there now, drawn again and again; then as FINAL */
  WR_SHELL_FINAL   /* rows that are there in the end */
};

struct wr_shell_rows_options {
  const struct wr_schema *schema; /* lent */
  enum wr_shell_style style;
  bool shows_op; /* APPEND: what each row does stands in front */
  bool expanded; /* a line per column */
  bool status;   /* a terminal: a line at the bottom says how it goes */
  FILE *file;    /* lent */
};

struct wr_shell_rows;

struct wr_shell_rows *wr_shell_rows_new(const struct wr_shell_rows_options *options);
/* Whole lines or parts of them. */
void wr_shell_rows_take(struct wr_shell_rows *rows, const char *bytes, size_t length);
/* Draws what has changed, a few times a second; status: the line at the bottom. */
void wr_shell_rows_draw(struct wr_shell_rows *rows, int64_t now_us, const char *status);
/* Takes away what is drawn in place, so that something else can be printed. */
void wr_shell_rows_clear(struct wr_shell_rows *rows);
/* The last rows, and how many there were. */
void wr_shell_rows_finish(struct wr_shell_rows *rows);
uint64_t wr_shell_rows_count(const struct wr_shell_rows *rows);
void wr_shell_rows_free(struct wr_shell_rows *rows);

#endif
