/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/rank_query.h"

#include <stdlib.h>

#include "core/limits.h"
#include "tests/unit/check.h"

/* ---- the operator, and a sink behind it that applies changes */

static void sink_remove(struct sink *sink, struct result result)
{
  struct outcome *outcome = sink->outcome;
  uint32_t i = 0;
  while (i < outcome->count && rank_result_compare(&outcome->results[i], &result) != 0)
    i++;
  WR_CHECK(i < outcome->count, "row %lld, rank %lld is not there", (long long)result.id,
           (long long)result.rank);
  if (i < outcome->count)
    outcome->results[i] = outcome->results[--outcome->count];
}

static void sink_change(struct sink *sink, enum wr_change change, struct result result, int64_t key)
{
  CU_ASSERT_EQUAL(sink->has_update, change == WR_UPDATE_AFTER);
  if (sink->has_update) { /* of the same place of the same key */
    CU_ASSERT_EQUAL(sink->update.rank, result.rank);
    CU_ASSERT_EQUAL(sink->update_key, key);
    CU_ASSERT_NOT_EQUAL(sink->update.id, result.id);
  }
  sink->has_update = change == WR_UPDATE_BEFORE;
  sink->update = result;
  sink->update_key = key;
  if (change & WR_DELETE)
    sink_remove(sink, result);
  else if (sink->outcome->count < RESULTS_MAX)
    sink->outcome->results[sink->outcome->count++] = result;
}

/* One number for what the partition keys of a row are. */
static int64_t sink_key(const struct sink *sink, const struct wr_batch *batch, uint32_t row)
{
  const struct wr_rank_spec *spec = sink->spec;
  int64_t key = 0;
  for (uint32_t i = 0; i < spec->key_count; i++) {
    const struct wr_column *column = &batch->columns[spec->keys[i]];
    if (spec->keys[i] == K) {
      key = key * 100 + (wr_column_is_null(column, row) ? 99 : wr_column_i64(column, row));
      continue;
    }
    char name[64];
    int64_t number = 0;
    const struct wr_text *text = wr_column_text(column, row);
    while (rank_name_make((uint32_t)number, name) != text->length ||
           memcmp(name, wr_text_bytes(text), text->length) != 0)
      number++;
    key = key * 100 + number;
  }
  return key;
}

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  (void)input, (void)err;
  CU_ASSERT_TRUE(!sink->windows || !batch->change);
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    struct result result = {.id = wr_column_i64(&batch->columns[ID], row)};
    int64_t rank = sink->with_rank ? wr_column_i64(&batch->columns[COLUMNS], row) : 0;
    result.rank = rank;
    int64_t key = sink_key(sink, batch, row);
    sink_change(sink, batch->change ? batch->change[row] : WR_INSERT, result, key);
    if (sink->windows) { /* by end */
      int64_t end_us = wr_column_i64(&batch->columns[END], row);
      CU_ASSERT_TRUE(end_us >= sink->end_us);
      sink->end_us = end_us;
    }
    sink->changes++;
  }
  return WR_OK;
}

static enum wr_code sink_on_watermark(struct wr_operator *op, int64_t watermark_us,
                                      struct wr_error *err)
{
  (void)op, (void)watermark_us, (void)err;
  return WR_OK;
}

static const struct wr_operator_class sink_class = {
    .name = "Sink", .on_batch = sink_on_batch, .on_watermark = sink_on_watermark};

static void rejects_put(struct wr_reject_sink *sink, const struct wr_reject *reject)
{
  struct rejects *rejects = (struct rejects *)sink;
  ++*(reject->kind == WR_REJECT_LATE ? &rejects->late : &rejects->time);
  CU_ASSERT_TRUE(reject->raw.length > 2);
  CU_ASSERT_PTR_NULL(memmem(reject->raw.bytes, reject->raw.length, "arrival", 7));
  snprintf(rejects->message, sizeof rejects->message, "%s", reject->message);
}

struct query *rank_query_new(const struct question *question, bool windows)
{
  struct query *query = wr_memory_get_zero(sizeof *query);
  query->spec = (struct wr_rank_spec){
      .schema = question->with_rank ? &rank_ranked_schema : &rank_input_schema,
      .input_schema = &rank_input_schema,
      .window = {.kind = WR_WINDOW_ATTACHED, .tick_us = MS},
      .start_column = windows ? START : UINT32_MAX,
      .end_column = windows ? END : UINT32_MAX,
      .keys = question->keys,
      .key_count = question->key_count,
      .order = question->order,
      .order_count = question->order_count,
      .first = question->first,
      .last = question->last,
      .number = question->number,
      .kept_max = WR_RANK_KEPT_MAX,
      .no_nulls = question->no_nulls,
      .takes_changes = question->changes,
      .newest_first = question->newest_first,
      .with_rank = question->with_rank,
  };
  query->rejects.sink.put = rejects_put;
  query->tasks = (struct operate){
      .class = &wr_operator_class_rank, .spec = &query->spec, .rejects = &query->rejects.sink};
  query->outcome.results = wr_memory_get_zero(RESULTS_MAX * sizeof *query->outcome.results);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_open(&query->builders[c], rank_input_schema.fields[c].type);
  return query;
}

void rank_query_open(struct query *query, uint32_t task_count)
{
  for (uint32_t t = 0; t < task_count; t++)
    query->sinks[t] = (struct sink){.op = operate_sink(&query->tasks, &sink_class),
                                    .spec = &query->spec,
                                    .outcome = &query->outcome,
                                    .with_rank = query->spec.with_rank,
                                    .windows = query->spec.start_column != UINT32_MAX,
                                    .end_us = WR_TIME_NONE};
  operate_open(&query->tasks, task_count, query->sinks, sizeof *query->sinks);
}

void rank_query_free(struct query *query)
{
  operate_close(&query->tasks);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_close(&query->builders[c]);
  free(query->outcome.results);
  free(query);
}

static void put_integer(struct wr_builder *builder, int64_t value, bool null)
{
  if (null)
    wr_builder_put_null(builder);
  else
    wr_builder_put_i64(builder, value);
}

static void query_put_row(struct query *query, const struct row *row)
{
  char text[64];
  uint32_t length = rank_name_make(row->name, text);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reserve(&query->builders[c], 1);
  put_integer(&query->builders[START], row->start, false);
  put_integer(&query->builders[END], row->end, row->null_window);
  put_integer(&query->builders[K], row->k, row->null_k);
  wr_builder_put_copy(&query->builders[NAME], text, length);
  put_integer(&query->builders[O], row->o, row->null_o);
  length = rank_name_make(row->t, text);
  wr_builder_put_copy(&query->builders[T], text, length);
  wr_builder_put_i128(&query->builders[D], row->d);
  wr_builder_put_f64(&query->builders[F], row->f);
  wr_builder_put_i64(&query->builders[ID], row->id);
}

/* Rows as a batch, whose columns are good until the next one. */
struct query_rows {
  struct wr_column columns[COLUMNS];
  int64_t *arrived_us;
  uint8_t *change;
  struct wr_batch batch;
};

static void query_rows_make(struct query *query, const struct row *rows, uint32_t count,
                            struct query_rows *out)
{
  out->arrived_us = wr_memory_get(count * sizeof *out->arrived_us);
  out->change = wr_memory_get_zero(count + WR_PADDING);
  for (uint32_t c = 0; c < COLUMNS; c++)
    wr_builder_reset(&query->builders[c]);
  for (uint32_t i = 0; i < count; i++) {
    query_put_row(query, &rows[i]);
    out->arrived_us[i] = rows[i].arrived;
    out->change[i] = rows[i].back ? WR_DELETE : WR_INSERT;
  }
  for (uint32_t c = 0; c < COLUMNS; c++)
    out->columns[c] = wr_builder_view(&query->builders[c]);
  out->batch = (struct wr_batch){.schema = &rank_input_schema,
                                 .columns = out->columns,
                                 .row_count = count,
                                 .picked_count = count,
                                 .change = query->spec.takes_changes ? out->change : NULL,
                                 .arrived_us = out->arrived_us,
                                 .others_us = WR_TIME_END,
                                 .now_us = query->now_us};
}

static void query_rows_free(struct query_rows *rows)
{
  free(rows->arrived_us);
  free(rows->change);
}

void rank_query_batch(struct query *query, const struct row *rows, uint32_t count,
                      int64_t watermark_us)
{
  struct query_rows made;
  const struct wr_column *keys[2];
  query_rows_make(query, rows, count, &made);
  for (uint32_t k = 0; k < query->spec.key_count; k++)
    keys[k] = &made.columns[query->spec.keys[k]];
  operate_batch(&query->tasks, 0, &made.batch, keys, query->spec.key_count, NULL);
  operate_watermark(&query->tasks, watermark_us);
  for (uint32_t t = 0; t < query->tasks.count; t++)
    CU_ASSERT_FALSE(query->sinks[t].has_update);
  query_rows_free(&made);
}

enum wr_code rank_query_try(struct query *query, const struct row *rows, uint32_t count,
                            struct wr_error *err)
{
  struct query_rows made;
  query_rows_make(query, rows, count, &made);
  enum wr_code code = wr_operator_batch(query->tasks.ops[0], 0, &made.batch, err);
  query_rows_free(&made);
  return code;
}

static int64_t watermark_before(const struct row *rows, uint32_t at)
{
  return at < ROWS ? rows[at].arrived : WR_TIME_END;
}

static uint32_t rows_left(uint32_t at, uint32_t end, uint32_t batch_rows)
{
  return end - at < batch_rows ? end - at : batch_rows;
}

void rank_query_rows(struct query *query, const struct row *rows, uint32_t first, uint32_t end,
                     uint32_t batch_rows)
{
  for (uint32_t at = first; at < end; at += batch_rows) {
    uint32_t count = rows_left(at, end, batch_rows);
    rank_query_batch(query, rows + at, count, watermark_before(rows, at + count));
  }
}

void rank_query_move(struct query *query, const struct row *rows, uint32_t at, uint32_t batch_rows,
                     uint32_t task_count)
{
  struct operate_snapshot snapshot;
  uint32_t count = query->outcome.count;
  uint32_t late = query->rejects.late, time = query->rejects.time;
  struct result *results = wr_memory_get((count + 1) * sizeof *results);
  memcpy(results, query->outcome.results, count * sizeof *results);
  operate_save(&query->tasks, &snapshot);
  bool done = false;
  for (uint32_t more = at; !done; more += batch_rows) {
    if (more < ROWS)
      rank_query_rows(query, rows, more, more + rows_left(more, ROWS, batch_rows), batch_rows);
    done = operate_save_step(&query->tasks, &snapshot);
  }
  operate_close(&query->tasks);
  memcpy(query->outcome.results, results, count * sizeof *results);
  query->outcome.count = count;
  query->rejects.late = late;
  query->rejects.time = time;
  rank_query_open(query, task_count);
  operate_load(&query->tasks, &snapshot);
  operate_snapshot_free(&snapshot);
  free(results);
}
