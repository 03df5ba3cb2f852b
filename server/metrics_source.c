/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Families of the splits of sources. A split that has been read to its end (a file) has no series
 * of its own any more, nor have those of a source that reads more than WR_METRICS_SPLITS: what they
 * have counted is summed as split="(others)". A split that an earlier execution has read keeps its
 * series while there is none, so that neither a counter nor a sum of them goes back.
 */
#include <inttypes.h>
#include <stdio.h>

#include "server/metrics.h"

#define SOURCE_OTHERS "(others)"

#define COUNTER(name_, help_)                                      \
  {                                                                \
    .name = "weir_source_" name_, .type = "counter", .help = help_ \
  }
#define GAUGE(name_, help_)                                      \
  {                                                              \
    .name = "weir_source_" name_, .type = "gauge", .help = help_ \
  }

static const char *source_table(const struct wr_metrics_job *job, uint32_t node)
{
  const struct wr_plan_node *plan = &job->figures.plan->nodes[node];
  return plan->source ? plan->source->table.name : plan->name;
}

struct source_labels {
  struct wr_metric_label labels[WR_METRIC_LABELS_MAX];
  char id[12];
};

static const struct wr_metric_label *source_labels(struct source_labels *space,
                                                   const struct wr_metrics_job *job, uint32_t node,
                                                   const char *name, const char *value)
{
  snprintf(space->id, sizeof space->id, "%" PRIu32, node);
  space->labels[0] = (struct wr_metric_label){"job", job->name};
  space->labels[1] = (struct wr_metric_label){"id", space->id};
  space->labels[2] = (struct wr_metric_label){"table", source_table(job, node)};
  space->labels[3] = (struct wr_metric_label){name, value};
  space->labels[4] = (struct wr_metric_label){0};
  return space->labels;
}

static bool is_over(const struct wr_figures *figures, uint32_t i)
{
  return figures->splits[i].state == WR_SPLIT_DONE ||
         (figures->split_ended && figures->split_ended[i]);
}

void wr_metrics_choose_splits(struct wr_metrics_job *job, struct wr_arena *arena)
{
  const struct wr_figures *figures = &job->figures;
  uint32_t *counts = WR_NEW_ARRAY(arena, uint32_t, figures->plan->node_count);
  job->alone = WR_NEW_ARRAY(arena, bool, figures->split_count);
  job->gone_alone = WR_NEW_ARRAY(arena, bool, figures->gone_count);
  for (uint32_t i = 0; i < figures->split_count; i++)
    counts[figures->splits[i].node] += !is_over(figures, i);
  for (uint32_t i = 0; i < figures->gone_count; i++)
    counts[figures->gone[i].node] += figures->gone[i].state != WR_SPLIT_DONE;
  for (uint32_t i = 0; i < figures->split_count; i++)
    job->alone[i] = !is_over(figures, i) && counts[figures->splits[i].node] <= WR_METRICS_SPLITS;
  for (uint32_t i = 0; i < figures->gone_count; i++)
    job->gone_alone[i] = figures->gone[i].state != WR_SPLIT_DONE &&
                         counts[figures->gone[i].node] <= WR_METRICS_SPLITS;
}

static bool is_source(const struct wr_metrics_job *job, uint32_t node)
{
  return job->figures.plan->nodes[node].source;
}

/* ---- gauges: splits that are read */

/* What is put of a split; false: it has no such figure. */
typedef bool source_gauge(const struct wr_metrics_job *job, const struct wr_execution_split *split,
                          double *value);

static void put_gauge(struct wr_metrics_writer *writer, const struct wr_metrics_job *job,
                      source_gauge *gauge)
{
  struct source_labels space;
  double value;
  for (uint32_t i = 0; i < job->figures.split_count; i++) {
    const struct wr_execution_split *split = &job->figures.splits[i];
    if (job->alone[i] && gauge(job, split, &value))
      wr_metrics_value(writer, source_labels(&space, job, split->node, "split", split->name),
                       value);
  }
}

static bool lag_records(const struct wr_metrics_job *job, const struct wr_execution_split *split,
                        double *value)
{
  (void)job;
  *value = (double)split->behind_records;
  return split->behind_records >= 0;
}

static bool lag_seconds(const struct wr_metrics_job *job, const struct wr_execution_split *split,
                        double *value)
{
  (void)job;
  *value = (double)split->behind_ms / 1e3;
  return split->behind_ms >= 0;
}

static bool watermark(const struct wr_metrics_job *job, const struct wr_execution_split *split,
                      double *value)
{
  (void)job;
  *value = (double)split->watermark_us / 1e6;
  return split->watermark_us != WR_TIME_NONE && split->watermark_us != WR_TIME_END;
}

static bool away(const struct wr_metrics_job *job, const struct wr_execution_split *split,
                 double *value)
{
  bool is_away = split->state == WR_SPLIT_AWAY && job->now_us > split->state_since_us;
  *value = is_away ? (double)(job->now_us - split->state_since_us) / 1e6 : 0;
  return true;
}

static bool holds(const struct wr_metrics_job *job, const struct wr_execution_split *split,
                  double *value)
{
  (void)job;
  *value = split->holds;
  return true;
}

#define GAUGE_FAMILY(name)                                                                   \
  static void put_##name(struct wr_metrics_writer *writer, const struct wr_metrics_job *job) \
  {                                                                                          \
    put_gauge(writer, job, name);                                                            \
  }
GAUGE_FAMILY(lag_seconds)
GAUGE_FAMILY(watermark)
GAUGE_FAMILY(away)
GAUGE_FAMILY(holds)

/* The sum of all splits is what people want to know: those beyond the bound belong to it. */
static void put_lag_records(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  struct source_labels space;
  put_gauge(writer, job, lag_records);
  for (uint32_t n = 0; n < job->figures.plan->node_count; n++) {
    double sum = 0, value;
    bool some = false;
    for (uint32_t i = 0; i < job->figures.split_count; i++) {
      const struct wr_execution_split *split = &job->figures.splits[i];
      if (split->node != n || split->state == WR_SPLIT_DONE || job->alone[i] ||
          !lag_records(job, split, &value))
        continue;
      sum += value;
      some = true;
    }
    if (some)
      wr_metrics_value(writer, source_labels(&space, job, n, "split", SOURCE_OTHERS), sum);
  }
}

/* ---- counters: all splits there ever were */

typedef uint64_t source_counter(const struct wr_figures_rest *counts);

static struct wr_figures_rest split_counts(const struct wr_execution_split *split)
{
  return (struct wr_figures_rest){split->rows, split->bytes, split->throttles};
}

/* The series of those that stand alone; returns the sum of the others. gone: they are among the
 * rest. */
static uint64_t put_splits_of(struct wr_metrics_writer *writer, const struct wr_metrics_job *job,
                              uint32_t node, bool gone, source_counter *counter)
{
  const struct wr_figures *figures = &job->figures;
  const struct wr_execution_split *splits = gone ? figures->gone : figures->splits;
  const bool *alone = gone ? job->gone_alone : job->alone;
  uint32_t count = gone ? figures->gone_count : figures->split_count;
  uint64_t others = gone ? counter(&figures->rests[node]) : 0;
  struct source_labels space;
  for (uint32_t i = 0; i < count; i++) {
    struct wr_figures_rest counts = split_counts(&splits[i]);
    if (splits[i].node != node)
      continue;
    if (alone[i])
      wr_metrics_count(writer, source_labels(&space, job, node, "split", splits[i].name),
                       counter(&counts));
    if (alone[i] == gone) /* gone ones that stand alone are no longer among the rest */
      others += gone ? -counter(&counts) : counter(&counts);
  }
  return others;
}

static void put_counter(struct wr_metrics_writer *writer, const struct wr_metrics_job *job,
                        source_counter *counter)
{
  struct source_labels space;
  for (uint32_t n = 0; n < job->figures.plan->node_count; n++) {
    uint64_t others = put_splits_of(writer, job, n, false, counter);
    others += put_splits_of(writer, job, n, true, counter);
    if (others)
      wr_metrics_count(writer, source_labels(&space, job, n, "split", SOURCE_OTHERS), others);
  }
}

#define COUNTER_FAMILY(name)                                                                 \
  static uint64_t name##_of(const struct wr_figures_rest *counts)                            \
  {                                                                                          \
    return counts->name;                                                                     \
  }                                                                                          \
  static void put_##name(struct wr_metrics_writer *writer, const struct wr_metrics_job *job) \
  {                                                                                          \
    put_counter(writer, job, name##_of);                                                     \
  }
COUNTER_FAMILY(rows)
COUNTER_FAMILY(bytes)
COUNTER_FAMILY(throttles)

/* ---- sources */

static void put_splits(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  static const char *const names[] = {[WR_SPLIT_READING] = "reading",
                                      [WR_SPLIT_CAUGHT_UP] = "caught_up",
                                      [WR_SPLIT_AWAY] = "away",
                                      [WR_SPLIT_WAITS] = "waits",
                                      [WR_SPLIT_DONE] = "done"};
  struct source_labels space;
  for (uint32_t n = 0; n < job->figures.plan->node_count; n++) {
    uint64_t counts[WR_SPLIT_DONE + 1] = {0};
    if (!is_source(job, n) || !job->figures.runs)
      continue;
    for (uint32_t i = 0; i < job->figures.split_count; i++)
      counts[job->figures.splits[i].state] += job->figures.splits[i].node == n;
    for (int state = 0; state <= WR_SPLIT_DONE; state++)
      wr_metrics_count(writer, source_labels(&space, job, n, "state", names[state]), counts[state]);
  }
}

const struct wr_metrics_row wr_metrics_source_rows[] = {
    {GAUGE("splits", "Partitions, shards, files of a source, by their state."), put_splits},
    {COUNTER("records_total", "Rows read of a split."), put_rows},
    {COUNTER("bytes_total", "Bytes read of a split."), put_bytes},
    {COUNTER("throttles_total", "Questions that came too soon for the source, of a split."),
     put_throttles},
    {GAUGE("lag_records", "Records of a split that wait in the source."), put_lag_records},
    {GAUGE("lag_seconds", "How far reading a split is behind its newest record."), put_lag_seconds},
    {GAUGE("watermark_timestamp_seconds", "Watermark of a split."), put_watermark},
    {GAUGE("holds_watermark", "1: the watermark of the source waits for this split."), put_holds},
    {GAUGE("away_seconds", "For how long a split could not be reached; 0: it can."), put_away},
    {{0}, NULL},
};
