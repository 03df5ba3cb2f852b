/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of temporal_join share: temporal_join.c (the class: rows coming in, watermarks,
 * snapshots), temporal_versions.c (the versions of a key), temporal_emit.c (rows of the left that
 * meet them and leave).
 *
 *   table: key -> | version | version | ... |   by (time, arrival); the only one lies in the entry
 *                      | time, seen, end?
 *                      v
 *   kept rows:  columns of the right | time | seen | mark
 *
 * `seen` is the watermark that a version knew when it came. If that has passed its time, the
 * version is late: rows that had left by then were not beside it. So it is there only for rows that
 * leave behind `seen`, whoever came first.
 */
#ifndef WEIR_OPERATORS_TEMPORAL_STATE_H
#define WEIR_OPERATORS_TEMPORAL_STATE_H

#include "functions/evaluator.h"
#include "operators/gone_rows.h"
#include "operators/operator.h"
#include "operators/over_waiting.h"
#include "operators/specs_temporal.h"
#include "state/table.h"
#include "state/timers.h"

#define WR_TEMPORAL_NONE UINT64_MAX /* the address of no version */

struct wr_temporal_version {
  int64_t time_us, seen_us;
  uint64_t address;
  bool is_end; /* there is no version from here on */
};

/* The versions of a key. */
struct wr_temporal_key {
  union {
    struct wr_temporal_version only;
    struct wr_temporal_version *items;
  };
  uint32_t count, room; /* room 0: `only` */
  bool is_timed;        /* a timer is there for it */
};

/* The columns behind those of the right. */
enum wr_temporal_column {
  WR_TEMPORAL_TIME,
  WR_TEMPORAL_SEEN,
  WR_TEMPORAL_MARK, /* arrival * 2 + is_end */
  WR_TEMPORAL_COLUMNS
};

struct wr_temporal_join {
  struct wr_operator op;
  const struct wr_temporal_join_spec *spec;
  int64_t closed_us; /* the watermark: what can leave with it has left */
  int64_t now_us;
  /* versions */
  struct wr_schema kept_schema;
  struct wr_kept_rows kept;
  struct wr_table_space *space;
  struct wr_table *table;
  uint32_t key_at; /* of the state in entries */
  struct wr_timers timers;
  int64_t arrivals;
  uint64_t list_bytes;
  struct wr_gone_rows gone;             /* they go at the end of a call */
  const struct wr_column **key_columns; /* scratch */
  /* rows of the left */
  struct wr_schema waiting_schema; /* the left's; with changes one column more */
  uint64_t *waiting_ids;
  struct wr_over_waiting waiting;
  struct wr_over_item *items;
  uint32_t item_room;
  /* rows going out */
  struct wr_evaluator *evaluator; /* NULL: there is no condition */
  struct wr_builder *builders;    /* per column of the right */
  struct wr_column *columns;      /* of a pair */
  struct wr_column *nulls;        /* per column of the right */
  uint32_t *picked;
  struct wr_arena leaving;     /* rows that leave together */
  struct wr_arena arena;       /* one call */
  struct wr_arena forever;     /* of the operator */
  struct wr_part_writer *part; /* the snapshot being written; NULL: none */
  bool versions_saved;
};

/* Rows of one side whose keys are not NULL, and their entries; lent from self->arena. */
struct wr_temporal_rows {
  const uint32_t *rows;
  const uint64_t *hashes;
  uint32_t count;
};
/* rows: of the batch; those with a NULL among their keys are left out. */
struct wr_temporal_rows wr_temporal_hash(struct wr_temporal_join *self, uint32_t side,
                                         const struct wr_batch *batch, const uint32_t *rows,
                                         uint32_t row_count);

/* ---- temporal_versions.c */

void wr_temporal_versions_open(struct wr_temporal_join *self);
void wr_temporal_versions_close(struct wr_temporal_join *self);
static inline struct wr_temporal_key *wr_temporal_key_of(const struct wr_temporal_join *self,
                                                         char *entry)
{
  return (struct wr_temporal_key *)(void *)(entry + self->key_at);
}
/* Rows of the right come. */
enum wr_code wr_temporal_versions_add(struct wr_temporal_join *self, const struct wr_batch *batch,
                                      struct wr_error *err);
/* The version for a row of this time that leaves with this watermark; WR_TEMPORAL_NONE. */
uint64_t wr_temporal_find(const struct wr_temporal_join *self, const struct wr_temporal_key *key,
                          int64_t time_us, int64_t release_us);
/* Versions that no row to come can have had are forgotten. */
void wr_temporal_forget(struct wr_temporal_join *self, int64_t watermark_us);
/* Kept rows of a snapshot, as batches of kept_schema. */
void wr_temporal_versions_take(void *self, const struct wr_batch *batch);

/* ---- temporal_emit.c */

void wr_temporal_emit_open(struct wr_temporal_join *self);
void wr_temporal_emit_close(struct wr_temporal_join *self);
/* Rows of the left meet their versions and leave; items: theirs. */
enum wr_code wr_temporal_emit(struct wr_temporal_join *self, const struct wr_batch *rows,
                              const struct wr_over_item *items, struct wr_error *err);

#endif
