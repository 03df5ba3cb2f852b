/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/grid.h"

#include <assert.h>
#include <stdio.h>

struct wr_grid_row {
  struct wr_grid_row *next;
  const char *line; /* instead of cells; NULL: none */
  const char *cells[WR_GRID_COLUMNS_MAX];
};

static struct wr_grid_row *grid_add_row(struct wr_grid *grid)
{
  struct wr_grid_row *row = WR_NEW(grid->arena, struct wr_grid_row);
  *row = (struct wr_grid_row){0};
  if (grid->last)
    grid->last->next = row;
  else
    grid->first = row;
  return grid->last = row;
}

void wr_grid_add(struct wr_grid *grid, const char *const *cells)
{
  struct wr_grid_row *row = grid_add_row(grid);
  assert(strlen(grid->sides) <= WR_GRID_COLUMNS_MAX);
  for (size_t c = 0; grid->sides[c]; c++) {
    uint32_t width = (uint32_t)strlen(cells[c]);
    row->cells[c] = cells[c];
    if (width > grid->widths[c])
      grid->widths[c] = width;
  }
}

void wr_grid_add_line(struct wr_grid *grid, const char *line)
{
  grid_add_row(grid)->line = line;
}

static void grid_print_row(const struct wr_grid *grid, const struct wr_grid_row *row)
{
  size_t last = 0;
  for (size_t c = 0; grid->sides[c]; c++)
    last = *row->cells[c] ? c : last;
  for (size_t c = 0; c <= last; c++) {
    bool right = grid->sides[c] == 'r';
    int width = (int)grid->widths[c];
    if (right)
      printf("%s%*s", c ? "  " : "", width, row->cells[c]);
    else
      printf("%s%-*s", c ? "  " : "", c == last ? 0 : width, row->cells[c]);
  }
}

void wr_grid_print(const struct wr_grid *grid)
{
  for (const struct wr_grid_row *row = grid->first; row; row = row->next) {
    fputs(grid->indent, stdout);
    if (row->line)
      fputs(row->line, stdout);
    else
      grid_print_row(grid, row);
    putchar('\n');
  }
}
