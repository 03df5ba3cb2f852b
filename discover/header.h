/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether files of CSV begin with the names of their columns. Sure if below a name there are only
 * numbers or times, or if several files begin alike; else a guess by what the names look like.
 */
#ifndef WEIR_DISCOVER_HEADER_H
#define WEIR_DISCOVER_HEADER_H

#include "core/arena.h"
#include "core/batch.h"
#include "formats/csv_scan.h"

/* Zero-initialised but for arena and width, the number of columns. */
struct wr_header {
  struct wr_arena *arena;
  uint32_t width;
  struct wr_slice *cells; /* of the first record; NULL: none so far */
  struct wr_header_column {
    uint32_t typed, texts; /* values of the others: numbers, times ..., and texts */
    bool is_repeated;      /* the cell is a value, too */
  } * columns;
  uint32_t first_count; /* records that were the first of their file */
  bool is_different;    /* they are not all the same */
};

void wr_header_add(struct wr_header *header, const struct wr_csv_field *fields, bool is_first);
/* wanted: 1 or 0 if it is known, -1 if not. *is_sure: it is no guess. */
bool wr_header_decide(const struct wr_header *header, int wanted, bool *is_sure);
/* Names of all columns, different ones; column_1, column_2 ... without a header. */
const char **wr_header_names(const struct wr_header *header, bool has_header);

#endif
