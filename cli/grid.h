/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of texts, with their columns aligned. */
#ifndef WEIR_CLI_GRID_H
#define WEIR_CLI_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"

#define WR_GRID_COLUMNS_MAX 16

struct wr_grid_row;

struct wr_grid {
  struct wr_arena *arena;
  const char *indent;
  const char *sides; /* one letter per column: l or r */
  struct wr_grid_row *first, *last;
  uint32_t widths[WR_GRID_COLUMNS_MAX];
};

/* One cell per letter of `sides`, lent until it is printed. A column without any text is left out.
 */
void wr_grid_add(struct wr_grid *grid, const char *const *cells);
/* A line of its own between the rows. */
void wr_grid_add_line(struct wr_grid *grid, const char *line);
/* In the arena. */
const char *wr_grid_text(const struct wr_grid *grid);
/* On standard output. */
void wr_grid_print(const struct wr_grid *grid);

#endif
