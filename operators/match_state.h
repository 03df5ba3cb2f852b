/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the match operator share: match.c (rows coming in, watermarks, snapshots),
 * match_plan.c (the automaton, what is kept of rows), match_rows.c (rows of a partition),
 * match_work.c (from state to work at hand and back), match_run.c (rows going through the
 * automaton), match_values.c (conditions and references), match_output.c (matches leaving).
 *
 * A partition looks for one match at a time: the one that begins with its first kept row. Only when
 * that is found, or can no more be, does it turn to the next row, and looks at those it has kept
 * again. What a match so far is made of is told by the number of rows of each step, as its rows lie
 * side by side:
 *
 *   rows      | 7  9  10  5 |          kept from the first row of the match on
 *   PATTERN   (A+ B* C)
 *   branch    node: B, ends: 3 4 4     7 9 10 are A's, 5 is B's
 */
#ifndef WEIR_OPERATORS_MATCH_STATE_H
#define WEIR_OPERATORS_MATCH_STATE_H

#include "operators/match_plan.h"
#include "operators/over_waiting.h"
#include "state/table.h"
#include "state/timers.h"

/* When a match was found: matches leave in this order, whatever the watermarks were. */
struct wr_match_moment {
  int64_t time_us;
  uint64_t place; /* 0: at that time, before its rows; else with the row that stands there */
};

/* A partition that is worked on; row numbers count from its first kept row. */
struct wr_match_work {
  uint32_t index; /* of its entry in the probe */
  uint64_t hash;
  const char *rows, *texts;
  uint64_t texts_base; /* of the first of texts */
  uint32_t old_count, row_count;
  const uint32_t *places; /* in the chunk, of the rows from old_count on */
  uint32_t begin, at;     /* first row of the match; the one that is next */
  uint32_t seen;          /* rows that were looked at, for any match */
  struct wr_match_moment moment;
  bool asked; /* conditions of the next row are being worked out */
  char *branches, *next;
  uint32_t branch_count, next_count, room;
  uint8_t *truths; /* per branch and variable: enum wr_match_truth */
};
enum wr_match_truth { WR_MATCH_UNKNOWN, WR_MATCH_ASKED, WR_MATCH_FALSE, WR_MATCH_TRUE };

/* A match, or one so far together with a row that is taken for a variable's. */
struct wr_match_span {
  const struct wr_match_work *work;
  const struct wr_match_branch *branch;
  uint32_t begin;
  uint32_t hand, variable; /* hand WR_MATCH_NONE: no such row */
};

/* A branch that has asked for a condition, or has taken a row. */
struct wr_match_try {
  uint32_t work, branch, row, variable;
};
struct wr_match_tries {
  struct wr_match_try *items;
  uint32_t count, room;
};

struct wr_match_found {
  uint32_t work, begin, row_count;
  struct wr_match_moment moment;
};

/* Rows on their way out. */
struct wr_match_output {
  struct wr_builder *builders;
  struct wr_builder *lent; /* the same, before texts are copied */
  struct wr_column *columns;
  struct wr_match_leaving {
    struct wr_match_moment moment;
    int64_t last_us; /* time of the last row */
    uint64_t hash;
    uint32_t row;
    uint32_t failed; /* number of the measure without a result, plus one */
  } * leaving;
  uint32_t count, room;
  struct wr_compactor compactor;
};

struct wr_match {
  struct wr_operator op;
  const struct wr_match_spec *spec;
  /* the plan */
  struct wr_match_node *nodes;
  uint32_t node_count, start;
  struct wr_match_fields fields;
  struct wr_schema field_schema;
  struct wr_match_total *totals;
  uint32_t total_count;
  struct wr_match_test *tests; /* one per variable */
  uint32_t branch_bytes;
  uint32_t *start_columns; /* of the input: a row can begin a match only if one of them is TRUE */
  uint32_t start_count;    /* 0: any row may */
  uint64_t signature;      /* of what is kept */
  /* partitions */
  struct wr_table_space *space;
  struct wr_table *table;
  uint32_t rows_at, texts_at,
      head_at; /* offsets in entries; texts_at WR_MATCH_NONE: there is none */
  struct wr_timers timers;
  uint64_t kept_rows;
  /* rows that wait */
  struct wr_over_waiting waiting;
  struct wr_over_item *items;
  uint32_t item_room;
  int64_t closed_us; /* the watermark; by_clock: the clock */
  int64_t now_us;
  struct wr_compactor compactor, sorter;
  struct wr_arena leaving;
  /* work */
  struct wr_probe probe;
  struct wr_match_work *works;
  uint32_t work_count, work_room;
  uint32_t *active;
  struct wr_match_tries *asked; /* per variable */
  struct wr_match_tries taken;
  struct wr_match_found *found;
  char *found_branches; /* one each */
  uint32_t found_count, found_room;
  struct wr_builder *hand; /* per field: of the rows of some tries */
  struct wr_builder *told; /* per field: of a row that is rejected */
  struct wr_column *told_columns;
  struct wr_match_output output;
  struct wr_arena arena;  /* of a chunk */
  struct wr_arena values; /* of a call that works values out */
  struct wr_part_writer *part;
  bool tables_saved;
};

static inline struct wr_match_head *wr_match_head_of(const struct wr_match *self, uint32_t index)
{
  return (struct wr_match_head *)(void *)(self->probe.entries[index] + self->head_at);
}
/* The first branch of an entry. */
static inline char *wr_match_first_branch(struct wr_match_head *head)
{
  return (char *)(head + 1);
}
static inline struct wr_match_branch *wr_match_branch_at(const struct wr_match *self,
                                                         const char *branches, uint32_t i)
{
  return (struct wr_match_branch *)(void *)(branches + (size_t)i * self->branch_bytes);
}
static inline const char *wr_match_row_at(const struct wr_match *self,
                                          const struct wr_match_work *work, uint32_t row)
{
  return work->rows + (size_t)row * self->fields.stride;
}
static inline int64_t wr_match_time_of(const struct wr_match *self,
                                       const struct wr_match_work *work, uint32_t row)
{
  int64_t time_us;
  memcpy(&time_us, wr_match_row_at(self, work, row) + offsetof(struct wr_match_row, time_us),
         sizeof time_us);
  return time_us;
}
/* When a match that begins with a row must be complete: WITHIN. */
static inline int64_t wr_match_deadline(const struct wr_match *self, int64_t begin_us)
{
  int64_t deadline_us;
  return __builtin_add_overflow(begin_us, self->spec->within_us, &deadline_us) ? WR_TIME_END
                                                                               : deadline_us;
}

/* match_rows.c: keeps row `row` of a batch in the entry `index` of the probe, which may move. */
enum wr_code wr_match_rows_add(struct wr_match *self, uint32_t index, const struct wr_batch *batch,
                               uint32_t row, int64_t time_us, struct wr_error *err);
/* The first `count` rows of the entry go; `rows` is where they are. */
void wr_match_rows_drop(struct wr_match *self, uint32_t index, uint32_t count);
/* Where the rows of an entry are. */
void wr_match_rows_open(const struct wr_match *self, struct wr_match_work *work);
bool wr_match_row_is_true(const struct wr_match *self, const struct wr_match_work *work,
                          uint32_t row, uint32_t field);
/* Appends a field of a row to a builder with room for it; long texts stay lent from the entry. */
void wr_match_row_put(const struct wr_match *self, const struct wr_match_work *work, uint32_t row,
                      uint32_t field, struct wr_builder *out);
/* Rejects a row, once. */
void wr_match_row_reject(struct wr_match *self, const struct wr_match_work *work, uint32_t row,
                         const char *message);

/* match_work.c: rows of a chunk, in their order, go to their partitions, and these are run. */
struct wr_match_chunk {
  const struct wr_batch *rows; /* without picked rows */
  const int64_t *times;
  uint32_t first, count;
};
enum wr_code wr_match_chunk(struct wr_match *self, const struct wr_match_chunk *chunk,
                            struct wr_error *err);
/* Matches that cannot be completed any more when time has come to `passed_us` are given up. */
enum wr_code wr_match_expire(struct wr_match *self, int64_t passed_us, struct wr_error *err);
/* Timers and counts anew, from the table. */
void wr_match_work_rebuild(struct wr_match *self);
void wr_match_work_close(struct wr_match *self);

/* match_run.c: room for so many branches */
void wr_match_work_reserve(const struct wr_match *self, struct wr_match_work *work, uint32_t count);
/* A match that begins with that row is looked for. */
void wr_match_work_begin(const struct wr_match *self, struct wr_match_work *work, uint32_t begin);
/* The works go through their rows; what is found is put to the others found. */
enum wr_code wr_match_run(struct wr_match *self, int64_t passed_us, struct wr_error *err);

/* match_values.c */
/* The row of a span that FIRST or LAST means; WR_MATCH_NONE. */
uint32_t wr_match_locate(const struct wr_match *self, const struct wr_match_span *span,
                         enum wr_match_reference_kind kind, uint32_t variable, uint64_t offset);
/* Works out what branches have asked for: a condition of all tries of a variable. */
void wr_match_test(struct wr_match *self, uint32_t variable);
/* Adds the rows that were taken to the totals of their branches. */
void wr_match_add_taken(struct wr_match *self);
/* A reference over some spans: a value each. failed: bits of spans without a result, set. */
void wr_match_refer(struct wr_match *self, const struct wr_match_reference *reference,
                    const struct wr_match_span *spans, uint32_t count, struct wr_builder *out,
                    uint64_t *failed);
void wr_match_tries_add(struct wr_match_tries *tries, struct wr_match_try item);

/* match_output.c */
void wr_match_output_open(struct wr_match *self);
void wr_match_output_close(struct wr_match *self);
/* Makes rows of what was found, while the works are there. */
void wr_match_output_add(struct wr_match *self);
/* They leave, in order. */
enum wr_code wr_match_output_emit(struct wr_match *self, struct wr_error *err);

#endif
