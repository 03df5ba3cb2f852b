/* SPDX-License-Identifier: Apache-2.0 */
/* weir top: what is shown of two answers, one after the other. Only reads and writes memory. */
#ifndef WEIR_CLI_TOP_VIEW_H
#define WEIR_CLI_TOP_VIEW_H

#include "cli/canvas.h"
#include "cli/top_fetch.h"

enum wr_top_sort { WR_TOP_BY_ORDER, WR_TOP_BY_RATE, WR_TOP_BY_LOAD, WR_TOP_SORT_COUNT };

struct wr_top_view {
  const char *address;
  const struct wr_top_seen *before; /* without jobs: rates are not known yet */
  const struct wr_top_seen *now;
  const char *job;     /* the one that is looked at; NULL: the table of all */
  const char *chosen;  /* in the table; NULL: none */
  const char *trouble; /* the last look has failed, because; NULL: it has not */
  enum wr_top_sort sort;
};

/* Names of the jobs as the table shows them, in a new array of lent texts. */
const char **wr_top_order(const struct wr_top_view *view, uint32_t *count);
void wr_top_draw(const struct wr_top_view *view, struct wr_canvas *canvas);

#endif
