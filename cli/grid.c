/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/grid.h"

#include <assert.h>
#include <stdio.h>

#include "planner/writing.h"

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

/* In characters. */
static uint32_t cell_width(const char *cell)
{
  uint32_t width = 0;
  for (; *cell; cell++)
    width += ((unsigned char)*cell & 0xC0) != 0x80;
  return width;
}

void wr_grid_add(struct wr_grid *grid, const char *const *cells)
{
  struct wr_grid_row *row = grid_add_row(grid);
  assert(strlen(grid->sides) <= WR_GRID_COLUMNS_MAX);
  for (size_t c = 0; grid->sides[c]; c++) {
    uint32_t width = cell_width(cells[c]);
    row->cells[c] = cells[c];
    if (width > grid->widths[c])
      grid->widths[c] = width;
  }
}

void wr_grid_add_line(struct wr_grid *grid, const char *line)
{
  grid_add_row(grid)->line = line;
}

static void grid_write_row(const struct wr_grid *grid, const struct wr_grid_row *row,
                           struct wr_writing *out)
{
  size_t last = 0;
  for (size_t c = 0; grid->sides[c]; c++)
    last = *row->cells[c] ? c : last;
  for (size_t c = 0, shown = 0; c <= last; c++) {
    bool right = grid->sides[c] == 'r';
    uint32_t spaces = grid->widths[c] - cell_width(row->cells[c]);
    if (grid->widths[c] == 0)
      continue;
    wr_write_spaces(out, (shown++ ? 2 : 0) + (right ? spaces : 0));
    wr_write(out, "%s", row->cells[c]);
    wr_write_spaces(out, right || c == last ? 0 : spaces);
  }
}

const char *wr_grid_text(const struct wr_grid *grid)
{
  struct wr_writing out = {.arena = grid->arena};
  for (const struct wr_grid_row *row = grid->first; row; row = row->next) {
    wr_write(&out, "%s", grid->indent);
    if (row->line)
      wr_write(&out, "%s", row->line);
    else
      grid_write_row(grid, row, &out);
    wr_write(&out, "\n");
  }
  return wr_written(&out);
}

void wr_grid_print(const struct wr_grid *grid)
{
  fputs(wr_grid_text(grid), stdout);
}
