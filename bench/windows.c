/* SPDX-License-Identifier: Apache-2.0 */
/*
 * windows [WORD]: window_aggregate by itself, in memory: recorded batches go straight into the
 * operator, in one thread, and its rows are counted. WORD picks the lines that contain it.
 *
 *   tumble   COUNT(*) and SUM by a BIGINT key: rows a second, bytes of state
 *   hop      SUM, or MAX, over windows of few and of many slides: (rows + results) a second once
 * the window is full, the slide (a second's rows and the windows that close) in the median and at
 * worst; "plain" merges the slices of each window instead of using the ring
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/hash.h"
#include "core/time.h"
#include "operators/specs.h"

enum { TS, KEY, VALUE, COLUMNS };
#define RECORDED_MAX 1024 /* batches that are made beforehand */
#define SEED         1

static const struct wr_field input_fields[COLUMNS] = {
    {"ts", &wr_type_timestamp3}, {"key", &wr_type_bigint}, {"value", &wr_type_bigint}};
static const struct wr_schema input_schema = {COLUMNS, input_fields};

static int64_t now_ns(void)
{
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* not what others take */
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return *state >> 33;
}

/* Keys and values; times are those of the moment. */
struct recording {
  int64_t *keys[RECORDED_MAX], *values[RECORDED_MAX];
  int64_t *times;
  uint32_t batch_count, next;
};

static void recording_open(struct recording *recording, uint64_t key_count, uint32_t batch_count)
{
  uint64_t seed = 3;
  size_t bytes = WR_BATCH_ROWS * sizeof(int64_t) + WR_PADDING;
  *recording = (struct recording){.batch_count = batch_count};
  recording->times = wr_memory_get_zero(bytes);
  for (uint32_t b = 0; b < batch_count; b++) {
    recording->keys[b] = wr_memory_get_zero(bytes);
    recording->values[b] = wr_memory_get_zero(bytes);
    for (uint32_t i = 0; i < WR_BATCH_ROWS; i++) {
      recording->keys[b][i] = (int64_t)(next_random(&seed) % key_count);
      recording->values[b][i] = (int64_t)(next_random(&seed) % 100000) - 50000;
    }
  }
}

static void recording_close(struct recording *recording)
{
  free(recording->times);
  for (uint32_t b = 0; b < recording->batch_count; b++) {
    free(recording->keys[b]);
    free(recording->values[b]);
  }
}

/* ---- the operator, and who takes its rows */

struct sink {
  struct wr_operator op;
  uint64_t rows;
};

static enum wr_code sink_on_batch(struct wr_operator *op, uint32_t input,
                                  const struct wr_batch *batch, struct wr_error *err)
{
  struct sink *sink = (struct sink *)op;
  (void)input, (void)err;
  sink->rows += batch->picked_count;
  return WR_OK;
}
static const struct wr_operator_class sink_class = {.name = "Sink", .on_batch = sink_on_batch};

struct query {
  struct wr_arena arena;
  struct wr_window_aggregate_spec spec;
  struct wr_aggregate aggregates[2];
  struct wr_aggregate_code codes[2];
  struct wr_aggregate_columns columns[2];
  struct wr_field fields[6];
  struct wr_schema schema;
  struct wr_metrics metrics, sink_metrics;
  struct wr_operator_context context, sink_context;
  struct wr_operator *op;
  struct sink sink;
  struct wr_target target;
  uint64_t bytes_max; /* of state */
};

static void query_open(struct query *query, const struct wr_window *window,
                       const char *const *calls, uint32_t call_count, bool plain)
{
  static const uint32_t key = KEY, value = VALUE;
  static const char *const bounds[] = {"window_start", "window_end", "window_time"};
  struct wr_binding binding = {.arena = &query->arena, .time_zone = "UTC"};
  struct wr_span nowhere = {WR_NO_POSITION, 0};
  struct wr_error err;
  const struct wr_expression *arg = wr_bind_column(&binding, VALUE, &wr_type_bigint, nowhere);
  uint32_t count = 0;
  query->fields[count++] = input_fields[KEY];
  for (uint32_t a = 0; a < call_count; a++) {
    bool star = strcmp(calls[a], "COUNT") == 0;
    const struct wr_aggregate_call call = {
        .name = calls[a], .args = star ? NULL : &arg, .arg_count = !star};
    if (wr_bind_aggregate(&binding, &call, &query->aggregates[a], &err) != WR_OK)
      exit(2);
    query->codes[a] = *query->aggregates[a].code;
    query->codes[a].ordered = plain; /* rings do not take it then */
    query->aggregates[a].code = &query->codes[a];
    query->columns[a] = (struct wr_aggregate_columns){&value, UINT32_MAX};
    query->fields[count++] = (struct wr_field){calls[a], query->aggregates[a].type};
  }
  for (uint32_t b = 0; b < 3; b++)
    query->fields[count++] = (struct wr_field){bounds[b], &wr_type_timestamp3};
  query->schema = (struct wr_schema){count, query->fields};
  query->spec = (struct wr_window_aggregate_spec){.schema = &query->schema,
                                                  .window = *window,
                                                  .time_column = TS,
                                                  .keys = &key,
                                                  .key_count = 1,
                                                  .aggregates = query->aggregates,
                                                  .columns = query->columns,
                                                  .aggregate_count = call_count,
                                                  .set_column = UINT32_MAX,
                                                  .input_schema = &input_schema,
                                                  .emit = {WR_EMIT_NEVER, WR_EMIT_NEVER, 0}};
  query->context = (struct wr_operator_context){
      .task_count = 1, .hash_seed = SEED, .name = "bench", .metrics = &query->metrics};
  query->sink_context =
      (struct wr_operator_context){.name = "sink", .metrics = &query->sink_metrics};
  if (wr_operator_class_window_aggregate.open(&query->spec, &query->context, &query->op, &err))
    exit(2);
  query->sink.op = wr_operator_head(&sink_class, &query->sink_context);
  query->target = (struct wr_target){&query->sink.op, 0};
  query->op->targets = &query->target;
  query->op->target_count = 1;
}

static void query_close(struct query *query)
{
  query->op->class->close(query->op);
  wr_arena_free(&query->arena);
}

/* Rows from time `from` up to before `to`, evenly spread, and (moves) the watermark behind them;
 * nanoseconds that it took. */
static int64_t query_rows(struct query *query, struct recording *recording, uint64_t row_count,
                          int64_t from, int64_t to, bool moves)
{
  struct wr_error err;
  int64_t spent_ns = 0;
  for (uint64_t done = 0; done < row_count;) {
    uint32_t count =
        (uint32_t)(row_count - done < WR_BATCH_ROWS ? row_count - done : WR_BATCH_ROWS);
    uint32_t b = recording->next++ % recording->batch_count;
    for (uint32_t i = 0; i < count; i++)
      recording->times[i] =
          (from + (to - from) * (int64_t)(done + i) / (int64_t)row_count) / 1000 * 1000;
    const struct wr_column columns[COLUMNS] = {
        {.type = &wr_type_timestamp3, .values = recording->times},
        {.type = &wr_type_bigint, .values = recording->keys[b]},
        {.type = &wr_type_bigint, .values = recording->values[b]}};
    struct wr_batch batch = {.schema = &input_schema,
                             .columns = columns,
                             .row_count = count,
                             .picked_count = count,
                             .others_us = WR_TIME_END};
    int64_t begin = now_ns();
    done += count;
    int64_t watermark_us = done < row_count ? recording->times[count - 1] - 1000 : to - 1000;
    if (wr_operator_batch(query->op, 0, &batch, &err) != WR_OK ||
        (moves && wr_operator_watermark(query->op, watermark_us, &err) != WR_OK))
      exit(2);
    spent_ns += now_ns() - begin;
    uint64_t bytes = atomic_load(&query->metrics.state_bytes);
    query->bytes_max = bytes > query->bytes_max ? bytes : query->bytes_max;
  }
  return spent_ns;
}

/* ---- tumble */

static void tumble(uint64_t keys, uint64_t rows_per_window, uint32_t windows, uint32_t recorded)
{
  const struct wr_window window = {
      .kind = WR_WINDOW_TUMBLE, .size_us = 10 * WR_US_PER_SECOND, .tick_us = 1000};
  static const char *const calls[] = {"COUNT", "SUM"};
  struct recording *recording = wr_memory_get(sizeof *recording);
  struct query *query = wr_memory_get_zero(sizeof *query);
  recording_open(recording, keys, recorded);
  query_open(query, &window, calls, 2, false);
  int64_t spent_ns = 0;
  for (uint32_t w = 0; w <= windows; w++) {
    int64_t ns = query_rows(query, recording, rows_per_window, w * window.size_us,
                            (w + 1) * window.size_us, true);
    spent_ns += w > 0 ? ns : 0; /* the first is for warming up */
  }
  double rows = (double)rows_per_window * windows;
  printf("tumble  COUNT, SUM  %8llu keys              %7.1f M rows/s   %6.1f ns a row   %7.1f MiB, "
         "%.0f bytes a key\n",
         (unsigned long long)keys, rows * 1000 / (double)spent_ns, (double)spent_ns / rows,
         (double)query->bytes_max / (1 << 20), (double)query->bytes_max / (double)keys);
  query_close(query);
  recording_close(recording);
  free(query);
  free(recording);
}

/* ---- hop */

struct hop_result {
  double rate; /* rows and results a second */
  double median_us, worst_us;
};

static int ns_compare(const void *a, const void *b)
{
  return (*(const int64_t *)a > *(const int64_t *)b) - (*(const int64_t *)a < *(const int64_t *)b);
}

static struct hop_result hop(const char *call, int64_t size_s, int64_t slide_s, uint64_t keys,
                             uint64_t rows_per_key, uint32_t slides, bool plain)
{
  const struct wr_window window = {.kind = WR_WINDOW_HOP,
                                   .size_us = size_s * WR_US_PER_SECOND,
                                   .slide_us = slide_s * WR_US_PER_SECOND,
                                   .tick_us = 1000};
  struct recording *recording = wr_memory_get(sizeof *recording);
  struct query *query = wr_memory_get_zero(sizeof *query);
  recording_open(recording, keys, 128);
  query_open(query, &window, &call, 1, plain);
  uint64_t row_count = keys * rows_per_key;
  int64_t warm = size_s / slide_s + 2, *ns = wr_memory_get(slides * sizeof *ns), spent_ns = 0;
  /* While the window fills, the plain way would take for ever: its rows come late for the windows
   * that are not measured. */
  struct wr_error err;
  if (plain && wr_operator_watermark(query->op, warm * window.slide_us - 1000, &err) != WR_OK)
    exit(2);
  for (int64_t s = plain ? 3 : 0; s < warm; s++)
    query_rows(query, recording, row_count, s * window.slide_us, (s + 1) * window.slide_us, !plain);
  uint64_t results = query->sink.rows;
  for (uint32_t i = 0; i < slides; i++) {
    int64_t s = warm + i;
    ns[i] = query_rows(query, recording, row_count, s * window.slide_us, (s + 1) * window.slide_us,
                       true);
    spent_ns += ns[i];
  }
  results = query->sink.rows - results;
  qsort(ns, slides, sizeof *ns, ns_compare);
  struct hop_result result = {
      .rate = (double)(row_count * slides + results) * 1e9 / (double)spent_ns,
      .median_us = (double)ns[slides / 2] / 1000,
      .worst_us = (double)ns[slides - 1] / 1000,
  };
  printf(
      "hop     %-5s %s %6llu keys %5lld s / %lld s  %7.2f M rows+results/s   slide %9.1f us, worst "
      "%9.1f (%.1f x)   %7.1f MiB\n",
      call, plain ? "plain" : "ring ", (unsigned long long)keys, (long long)size_s,
      (long long)slide_s, result.rate / 1e6, result.median_us, result.worst_us,
      result.worst_us / result.median_us, (double)query->bytes_max / (1 << 20));
  fflush(stdout);
  query_close(query);
  recording_close(recording);
  free(query);
  free(recording);
  free(ns);
  return result;
}

/* Few slides beside many: the cost of a result should not tell one from the other. */
static void hop_pair(const char *call, uint64_t keys)
{
  enum { ROWS_PER_KEY = 8, SLIDES = 2000, PLAIN_SLIDES = 8 };
  struct hop_result few = hop(call, 10, 2, keys, ROWS_PER_KEY, SLIDES, false);
  struct hop_result many = hop(call, 3600, 1, keys, ROWS_PER_KEY, SLIDES, false);
  struct hop_result plain_few = hop(call, 10, 2, keys, ROWS_PER_KEY, SLIDES, true);
  struct hop_result plain_many = hop(call, 3600, 1, keys, ROWS_PER_KEY, PLAIN_SLIDES, true);
  printf(
      "hop     %-5s %6llu keys: 10 s / 2 s is %.2f x as fast as 3600 s / 1 s (plain %.1f x); ring / "
      "plain %.2f x and %.1f x\n",
      call, (unsigned long long)keys, few.rate / many.rate, plain_few.rate / plain_many.rate,
      few.rate / plain_few.rate, many.rate / plain_many.rate);
}

int main(int argc, char **argv)
{
  const char *word = argc > 1 ? argv[1] : "";
  if (strstr("tumble 1000", word))
    tumble(1000, 1000000, 20, 32);
  if (strstr("tumble 1000000", word))
    tumble(1000000, 10000000, 3, RECORDED_MAX);
  if (strstr("hop SUM 1000", word))
    hop_pair("SUM", 1000);
  if (strstr("hop MAX 1000", word))
    hop_pair("MAX", 1000);
  if (strstr("hop SUM 10000", word))
    hop_pair("SUM", 10000);
  if (strstr("hop MAX 10000", word))
    hop_pair("MAX", 10000);
  return 0;
}
