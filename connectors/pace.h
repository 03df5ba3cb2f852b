/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that a reader makes itself, at a rate: record r belongs to split r mod (number of splits)
 * and is due r / rate after the reader began. Whoever makes them (datagen, nexmark) asks for the
 * next split and how many of its records are due, makes them, and says so. Records that fall due
 * within a few milliseconds are made together.
 *
 * The position of a split is "<records made> <when the job began>".
 */
#ifndef WEIR_CONNECTORS_PACE_H
#define WEIR_CONNECTORS_PACE_H

#include "connectors/connector.h"

#define WR_PACE_SPLITS_MAX 1024

struct wr_pace_split {
  int64_t index; /* of all splits of the table */
  int64_t made;  /* records so far */
  int64_t first; /* records made before this reader began */
  int64_t total; /* INT64_MAX: without end */
  int64_t begun_us;
  char position[48];
};

/* The caller fills in the first block and opens it; it may read `splits`. */
struct wr_pace {
  const char *word;   /* of the names of splits: <word>-<index> */
  int64_t stride;     /* number of splits of the table */
  int64_t rate;       /* records per second over all splits; 0: as fast as possible */
  int64_t total;      /* records of the table; INT64_MAX: without end */
  uint32_t count_max; /* records of a split that are made at once */

  struct wr_reader *reader;
  struct wr_pace_split *splits;
  struct wr_run run;
  uint32_t turn;
  int64_t started_us;
};

/* For discover: the splits of a table whose job begins now. */
void wr_pace_discover(const char *word, uint32_t split_count, int64_t begun_us,
                      struct wr_arena *arena, struct wr_split **splits);

/* The splits of a reader, whose split_count is set already and whose states are set here; all live
 * in the arena. begun_us is that of splits without a position. */
void wr_pace_open(struct wr_pace *pace, const struct wr_split *splits, int64_t begun_us,
                  struct wr_reader *reader, struct wr_arena *arena);

/* Waits until records of a split are due; false: none are within wait_ms, or all splits are done.
 */
bool wr_pace_next(struct wr_pace *pace, int wait_ms, uint32_t *split, uint32_t *count);

/* Of that split so many records have been made, which row_count rows of the batch come from. */
void wr_pace_made(struct wr_pace *pace, uint32_t split, uint32_t count, uint32_t row_count,
                  struct wr_batch *batch);

#endif
