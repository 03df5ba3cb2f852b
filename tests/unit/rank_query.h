/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of rank: the operator in several tasks, fed with rows of rank_reference.h, and a sink
 * behind it that applies changes and checks that they come in an order that can be applied.
 */
#ifndef WEIR_TESTS_UNIT_RANK_QUERY_H
#define WEIR_TESTS_UNIT_RANK_QUERY_H

#include "core/builder.h"
#include "tests/unit/operate.h"
#include "tests/unit/rank_reference.h"

struct sink {
  struct wr_operator op;
  const struct wr_rank_spec *spec;
  struct outcome *outcome; /* of all tasks */
  bool with_rank, windows;
  struct result update; /* -U that waits for its +U */
  int64_t update_key;
  bool has_update;
  int64_t end_us, key, rank; /* windows: the row before */
  uint32_t changes;
};

struct rejects {
  struct wr_reject_sink sink;
  uint32_t late, time;
  char message[256];
};

struct query {
  struct wr_rank_spec spec;
  struct rejects rejects;
  struct outcome outcome;
  struct sink sinks[OPERATE_TASKS_MAX];
  struct operate tasks;
  struct wr_builder builders[COLUMNS];
  int64_t now_us;
};

struct query *rank_query_new(const struct question *question, bool windows);
void rank_query_open(struct query *query, uint32_t task_count);
void rank_query_free(struct query *query);
/* One batch, shared out over the tasks as an exchange would (but by picked rows), then the
 * watermark. */
void rank_query_batch(struct query *query, const struct row *rows, uint32_t count,
                      int64_t watermark_us);
/* What the first task says to a batch. */
enum wr_code rank_query_try(struct query *query, const struct row *rows, uint32_t count,
                            struct wr_error *err);
void rank_query_rows(struct query *query, const struct row *rows, uint32_t first, uint32_t end,
                     uint32_t batch_rows);
/* The tasks are saved as they are at row `at`; then they go on for a while, page by page of the
 * snapshot, which other tasks take up. What the old ones gave meanwhile is forgotten. */
void rank_query_move(struct query *query, const struct row *rows, uint32_t at, uint32_t batch_rows,
                     uint32_t task_count);

#endif
