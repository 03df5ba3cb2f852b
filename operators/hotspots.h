/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hotspots: where the last rows lie close together. As in DBSCAN (M. Ester, H.-P. Kriegel,
 * J. Sander, X. Xu, 1996): a row with enough rows within a radius, itself counted, is in the inside
 * of a hotspot; inner rows within the radius of each other are of the same one, and so are the rows
 * around them.
 *
 * Who is near whom is kept as a bit per pair of rows and brought up to date as a row comes and
 * another goes; so finding the hotspots anew after every row looks at words of bits, not at
 * distances.
 */
#ifndef WEIR_OPERATORS_HOTSPOTS_H
#define WEIR_OPERATORS_HOTSPOTS_H

#include <stdint.h>

#include "state/part.h"

struct wr_hotspots_shape {
  uint32_t window;  /* so many last rows count */
  uint32_t least;   /* rows within the radius of an inner one */
  uint32_t columns; /* of a row */
  double radius;
};

struct wr_hotspot {
  uint32_t count; /* of rows */
  double density; /* rows per unit of its box; a side without length counts as the radius */
  const double *least, *greatest; /* the box: a value per column each */
};

struct wr_hotspots;

uint64_t wr_hotspots_bytes(const struct wr_hotspots_shape *shape);
struct wr_hotspots *wr_hotspots_new(const struct wr_hotspots_shape *shape);
void wr_hotspots_free(struct wr_hotspots *hotspots);

/* A row comes, and the oldest goes if the window is full. Values are as wr_forest_takes has them.
 */
void wr_hotspots_add(struct wr_hotspots *hotspots, const double *row);
/* The hotspots of the rows that are there, the densest first, then the one with the oldest inner
 * row; lent until the next call. */
uint32_t wr_hotspots_find(struct wr_hotspots *hotspots, const struct wr_hotspot **out);

void wr_hotspots_save(const struct wr_hotspots *hotspots, struct wr_part_writer *part);
/* Into one that is new. */
enum wr_code wr_hotspots_load(struct wr_hotspots *hotspots, struct wr_part_reader *part,
                              struct wr_error *err);

#endif
