/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the OVER operator share: over.c (rows coming in, watermarks, snapshots),
 * over_plan.c (how each call is worked out, and what a partition keeps for it), over_rows.c (rows
 * in their order going through their partitions), over_running.c (unbounded frames), over_anew.c
 * (aggregates worked out anew for every row), over_own.c (calls that leave NULLs out, or count from
 * the end), over_output.c (rows leaving).
 */
#ifndef WEIR_OPERATORS_OVER_STATE_H
#define WEIR_OPERATORS_OVER_STATE_H

#include "operators/frame.h"
#include "operators/over_queue.h"
#include "operators/over_waiting.h"
#include "operators/specs.h"
#include "operators/ttl.h"
#include "state/table.h"
#include "state/timers.h"

#define WR_OVER_NONE UINT32_MAX
#define WR_OVER_LATE UINT32_MAX /* in wr_over_output.dropped */

/* How a call is worked out. */
enum wr_over_way {
  WR_OVER_BY_NUMBER, /* ROW_NUMBER, RANK, DENSE_RANK: from the numbers of the partition */
  WR_OVER_BY_LAG,    /* from the queue of the last rows */
  WR_OVER_BY_NTH,    /* from the queue of the frame */
  WR_OVER_BY_OWN,    /* LAG, NTH_VALUE: from a queue of their own */
  WR_OVER_BY_FRAME,  /* bounded: operators/frame.h; else a running state, without a text */
  WR_OVER_BY_TEXT,   /* unbounded: a running state with a text */
  WR_OVER_BY_ANEW    /* bounded, with texts or DISTINCT: from the queue of the frame */
};

struct wr_over_plan {
  enum wr_over_way way;
  uint32_t at;  /* BY_FRAME: number within the frame; BY_TEXT: offset in entries; BY_ANEW: number
                   among these; LAG, NTH: field in the queue; BY_OWN: number among these */
  uint32_t set; /* unbounded DISTINCT: number of its set; WR_OVER_NONE */
};

/* The head of a partition's state. */
struct wr_over_key {
  int64_t time_us, release_us; /* of the last row that was not late; WR_TIME_NONE: none was */
  int64_t rows, rank, dense_rank;
  uint64_t answer;     /* which group of peers has an answer of BY_ANEW, and at which row; */
  uint32_t answer_row; /* not looked at after a restore */
  uint32_t unused;
};

/* Rows on their way out: those of one batch, with a builder per call. */
struct wr_over_output {
  struct wr_builder *builders;
  struct wr_column *columns;
  uint32_t *dropped; /* per row: WR_OVER_LATE, or number of the call without a result, plus one */
  uint32_t dropped_count, room;
  uint32_t *picked;
  uint64_t *failed_bits; /* what wr_aggregate_code.result fills */
  struct wr_arena texts; /* of values that were kept */
  struct wr_compactor slices;
};

/* BY_ANEW: states that live until the rows have left. */
struct wr_over_anew {
  uint32_t *calls; /* numbers of the calls */
  uint32_t count;
  uint32_t *fields;             /* per call: of its filter, then its arguments */
  struct wr_table_space *space; /* one entry per row */
  struct wr_table_space **sets; /* per call: for DISTINCT, else NULL */
  struct wr_table **tables;     /* one per chunk */
  uint32_t table_count, table_room;
  uint64_t answer; /* counts groups of peers */
  /* while one row is worked on */
  struct wr_builder rows; /* of its frame */
  struct wr_table **met;  /* per call: the values that have come */
  uint32_t *chosen;
  uint64_t *hashes;
  struct wr_arena arena;
};

/* BY_OWN: of the last rows, or the first, that have a value; operators/over_own.c. */
struct wr_over_own {
  uint32_t call, queue_at; /* its number; offset in entries */
  struct wr_over_shape shape;
};

struct wr_over {
  struct wr_operator op;
  const struct wr_over_spec *spec;
  int64_t preceding; /* that of the spec, within bounds */
  bool has_peers;    /* results wait for the rows of equal time */
  bool forgets;      /* partitions go when the watermark has passed their last row's frame */
  struct wr_over_plan *plans;
  /* partitions */
  struct wr_table_space **spaces; /* that of the partitions, then one per set of DISTINCT */
  struct wr_table **tables;       /* one in each */
  uint32_t set_count;
  uint32_t *set_calls; /* per set: a call that it belongs to */
  struct wr_timers timers;
  struct wr_ttl ttl;           /* of the tables, in their order; not if partitions are forgotten */
  struct wr_aggregate *framed; /* the aggregates BY_FRAME */
  uint32_t *framed_calls, framed_count;
  struct wr_frame *frame; /* NULL: there are none */
  char *empty_pane;
  uint32_t fetch_bytes; /* of its piece in an entry */
  struct wr_over_shape queue_shape, lag_shape;
  uint32_t lag_rows, nth_rows;                 /* so many are looked back at; 0: no such call */
  uint32_t key_at, frame_at, queue_at, lag_at; /* offsets in entries; WR_OVER_NONE: not there */
  bool lag_expires;                            /* LAG sees the frame alone */
  struct wr_over_anew anew;
  struct wr_over_own *owns;
  uint32_t own_count;
  /* rows */
  struct wr_over_waiting waiting;
  int64_t closed_us; /* what can leave with it has left; by_clock: the clock */
  int64_t now_us;
  struct wr_over_item *items;
  uint32_t item_room;
  struct wr_compactor compactor;
  struct wr_over_output output;
  struct wr_arena leaving;     /* rows that leave together */
  struct wr_arena arena;       /* one chunk of them */
  struct wr_part_writer *part; /* the snapshot being written; NULL: none */
  bool tables_saved;
};

void wr_over_plan_open(struct wr_over *self);
void wr_over_plan_close(struct wr_over *self);

/* Rows first .. first+count-1 of a batch without picked rows, in the order in which they leave;
 * items[0] is that of the first. Groups of peers are not cut. */
struct wr_over_chunk {
  const struct wr_batch *rows;
  const struct wr_over_item *items;
  uint32_t first, count;
  /* filled by wr_over_rows */
  const uint32_t *numbers; /* of the rows */
  const uint64_t *hashes;
  struct wr_probe probe;
  uint8_t *flags;  /* enum wr_over_flag */
  int64_t *counts; /* number of a row in its partition, from 1 */
};
enum wr_over_flag {
  WR_OVER_IS_LATE = 1,
  WR_OVER_IS_PEER = 2, /* of the row before it in its partition */
  WR_OVER_IS_FRESH = 4 /* what its partition had before is forgotten */
};
/* End of the group of peers that begins at row i of a chunk. */
static inline uint32_t wr_over_group_end(const struct wr_over *self,
                                         const struct wr_over_chunk *chunk, uint32_t i)
{
  uint32_t end = i + 1;
  while (self->has_peers && end < chunk->count &&
         chunk->items[end].time_us == chunk->items[i].time_us &&
         chunk->items[end].release_us == chunk->items[i].release_us)
    end++;
  return end;
}
static inline struct wr_over_key *wr_over_key_of(const struct wr_over *self,
                                                 const struct wr_over_chunk *chunk, uint32_t i)
{
  return (struct wr_over_key *)(void *)(chunk->probe.entries[i] + self->key_at);
}

/* Until when a row counts, and what has passed when it comes. */
static inline int64_t wr_over_row_until(const struct wr_over *self,
                                        const struct wr_over_chunk *chunk, uint32_t i)
{
  int64_t at = self->spec->frame.rows ? chunk->counts[i] : chunk->items[i].time_us;
  return at > INT64_MAX - 1 - self->preceding ? INT64_MAX - 1 : at + self->preceding;
}
static inline int64_t wr_over_row_passed(const struct wr_over *self,
                                         const struct wr_over_chunk *chunk, uint32_t i)
{
  if (chunk->flags[i] & WR_OVER_IS_FRESH)
    return INT64_MAX - 1;
  return (self->spec->frame.rows ? chunk->counts[i] : chunk->items[i].time_us) - 1;
}

/* Lets rows go through their partitions; appends a value per row and call to the output. */
enum wr_code wr_over_rows(struct wr_over *self, struct wr_over_chunk *chunk, struct wr_error *err);

/* Unbounded frames: rows of the chunk are added to what runs along, and results read. */
void wr_over_running(struct wr_over *self, const struct wr_over_chunk *chunk);
/* The results of the aggregates BY_FRAME from a pane per row. */
void wr_over_read_totals(struct wr_over *self, const struct wr_over_chunk *chunk,
                         const char *totals);

/* The argument columns of an aggregate. */
const struct wr_column *const *wr_over_args(struct wr_over *self, const struct wr_batch *batch,
                                            const struct wr_over_call *call);
/* Whether a row passes the filter of a call. */
static inline bool wr_over_passes(const struct wr_batch *batch, const struct wr_over_call *call,
                                  uint32_t row)
{
  if (call->columns.filter == UINT32_MAX)
    return true;
  const struct wr_column *filter = &batch->columns[call->columns.filter];
  return !wr_column_is_null(filter, row) &&
         ((const uint8_t *)filter->values)[wr_column_row(filter, row)];
}

/* A field of a kept row goes to a builder; its bytes to the arena, for the queue may move. */
void wr_over_put_kept(struct wr_over *self, const struct wr_over_shape *shape, uint32_t field,
                      struct wr_slice row, struct wr_builder *out);
/* BY_OWN: rows of the chunk are put into the queues, and results read. */
enum wr_code wr_over_own(struct wr_over *self, const struct wr_over_chunk *chunk,
                         struct wr_error *err);

void wr_over_anew_open(struct wr_over *self);
void wr_over_anew_close(struct wr_over *self);
/* BY_ANEW: the rows of a chunk are begun; row i of it is answered from its partition's queue; all
 * are read. */
struct wr_over_answers {
  struct wr_table *table;
  int64_t *shared; /* per row of the chunk: which row's answer it has */
};
void wr_over_anew_begin(struct wr_over *self, const struct wr_over_chunk *chunk,
                        struct wr_over_answers *answers);
void wr_over_anew_answer(struct wr_over *self, const struct wr_over_chunk *chunk, uint32_t i,
                         struct wr_over_answers *answers);
void wr_over_anew_read(struct wr_over *self, const struct wr_over_chunk *chunk,
                       struct wr_over_answers *answers);
/* The rows have left. */
void wr_over_anew_end(struct wr_over *self);

void wr_over_output_open(struct wr_over *self);
void wr_over_output_close(struct wr_over *self);
/* Before the first chunk of a batch. */
void wr_over_output_begin(struct wr_over *self, uint32_t row_count);
/* Appends the results of a call for the states at entries[i] + offset, of rows first .. */
void wr_over_output_results(struct wr_over *self, uint32_t call, const char *const *entries,
                            uint32_t offset, uint32_t first, uint32_t count);
void wr_over_output_drop(struct wr_over *self, uint32_t row, uint32_t why);
/* The rows of a batch leave, with what the builders have. */
enum wr_code wr_over_output_emit(struct wr_over *self, const struct wr_batch *rows,
                                 const int64_t *arrived_us, struct wr_error *err);

#endif
