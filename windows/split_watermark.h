/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watermark of a source task: per split the running greatest value of the watermark expression,
 * for the task the least of them over the active splits. It never goes back.
 *
 *   split state   counts for the least                     may become idle
 *   READING       yes                                      no
 *   CAUGHT_UP     until it has had no row for the timeout  yes
 *   AWAY, WAITS   yes: nobody knows what they still hold   no
 *   DONE          no: nothing more can come                -
 *
 * When no split counts, the watermark is the greatest of theirs. Idle time is time in which the
 * task was able to read: the owner calls wr_split_watermarks_clock at least as often as it is asked
 * to, and a longer gap than that (the task was blocked) counts no more than one such step.
 */
#ifndef WEIR_WINDOWS_SPLIT_WATERMARK_H
#define WEIR_WINDOWS_SPLIT_WATERMARK_H

#include <stdbool.h>
#include <stdint.h>

#include "state/part.h"

/* The states of a split, in the order of enum wr_split_state of connectors/connector.h, which this
 * room cannot include. */
enum wr_split_phase {
  WR_SPLIT_PHASE_READING,
  WR_SPLIT_PHASE_CAUGHT_UP,
  WR_SPLIT_PHASE_AWAY,
  WR_SPLIT_PHASE_WAITS,
  WR_SPLIT_PHASE_DONE,
  WR_SPLIT_PHASE_COUNT
};

struct wr_split_watermark {
  int64_t greatest_us; /* WR_TIME_NONE: no row yet */
  int64_t quiet_us;    /* idle time counted so far */
  enum wr_split_phase phase;
};

/* Fields are read by anybody, written by the functions below. */
struct wr_split_watermarks {
  struct wr_split_watermark *splits;
  uint32_t split_count;
  int64_t watermark_us;    /* of the task; WR_TIME_NONE: none yet */
  int64_t clock_us;        /* processing time of the last call */
  int64_t idle_timeout_us; /* 0: never idle */
  bool follow_clock; /* while every split is CAUGHT_UP or DONE the watermark is at least clock -
                        clock_delay */
  int64_t clock_delay_us;
  bool loaded; /* some old part had one of our splits */
  bool grows;  /* set by the owner: splits may come although all of now have ended, or none is */
};

/* All splits begin READING without a row. */
void wr_split_watermarks_open(struct wr_split_watermarks *self, uint32_t split_count,
                              int64_t idle_timeout_us, bool follow_clock, int64_t clock_delay_us);
void wr_split_watermarks_close(struct wr_split_watermarks *self);

/* Splits that appear later; the first ones keep their numbers. A new one counts as READING without
 * a row: it holds the watermark where it is. */
void wr_split_watermarks_grow(struct wr_split_watermarks *self, uint32_t split_count);

/* Processing time has reached now_us. Returns when the next call is wanted: WR_TIME_END if nothing
 * waits for the clock. */
int64_t wr_split_watermarks_clock(struct wr_split_watermarks *self, int64_t now_us);

void wr_split_watermarks_phase(struct wr_split_watermarks *self, uint32_t split,
                               enum wr_split_phase phase);

/*
 * Rows of one split in its order. values[i] is the watermark expression of the i-th row
 * (WR_TIME_NONE: NULL); before[i] becomes the task's watermark before that row. before may be NULL.
 * Afterwards watermark_us is up to date.
 */
void wr_split_watermarks_rows(struct wr_split_watermarks *self, uint32_t split,
                              const int64_t *values, uint32_t count, int64_t *before);

/* Whether a split counts for the least. */
bool wr_split_watermarks_is_active(const struct wr_split_watermarks *self, uint32_t split);

/* True while no split counts for the least although some, or some that appear later, may still
 * bring rows. */
bool wr_split_watermarks_is_idle(const struct wr_split_watermarks *self);

/* By split name, so that splits may come back in another task. load may be called once per old
 * part, before the first row. */
void wr_split_watermarks_save(const struct wr_split_watermarks *self, const char *const *names,
                              struct wr_part_writer *part);
enum wr_code wr_split_watermarks_load(struct wr_split_watermarks *self, const char *const *names,
                                      struct wr_part_reader *part, struct wr_error *err);

#endif
