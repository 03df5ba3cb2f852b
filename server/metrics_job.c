/* SPDX-License-Identifier: Apache-2.0 */
/* Families of jobs: the job, its nodes, tasks, checkpoints, memory and streams. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/time.h"
#include "server/metrics.h"

#define COUNTER(name_, help_)                               \
  {                                                         \
    .name = "weir_" name_, .type = "counter", .help = help_ \
  }
#define GAUGE(name_, help_)                               \
  {                                                       \
    .name = "weir_" name_, .type = "gauge", .help = help_ \
  }

static double seconds(int64_t us)
{
  return (double)us / 1e6;
}

static double seconds_of_ns(uint64_t ns)
{
  return (double)ns / 1e9;
}

/* ---- the job */

static void put_count(struct wr_metrics_writer *writer, const struct wr_metrics_job *job,
                      uint64_t value)
{
  wr_metrics_count(writer, (struct wr_metric_label[]){{"job", job->name}, {0}}, value);
}

static void put_value(struct wr_metrics_writer *writer, const struct wr_metrics_job *job,
                      double value)
{
  wr_metrics_value(writer, (struct wr_metric_label[]){{"job", job->name}, {0}}, value);
}

static void put_status(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  for (int status = WR_JOB_STARTING; status <= WR_JOB_FAILED; status++)
    wr_metrics_count(writer,
                     (struct wr_metric_label[]){
                         {"job", job->name}, {"status", wr_job_status_names[status]}, {0}},
                     (int)job->look.status == status);
}

static void put_began(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  put_value(writer, job, seconds(job->look.began_us));
}

static void put_since(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  put_value(writer, job, seconds(job->look.since_us));
}

static void put_alive(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  put_count(writer, job, job->health.alive);
}

static void put_ready(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  put_count(writer, job, job->health.ready);
}

static void put_restarts(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  put_count(writer, job, job->look.restarts);
}

static void put_reload_failed(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  put_count(writer, job, job->look.reload_error[0] != 0);
}

/* ---- nodes */

/* The labels of a node: names of nodes come more than once, their numbers do not. */
struct node_labels {
  struct wr_metric_label labels[WR_METRIC_LABELS_MAX];
  char id[12];
};

static const struct wr_metric_label *node_labels(struct node_labels *space,
                                                 const struct wr_metrics_job *job, uint32_t node,
                                                 const char *name, const char *value)
{
  static const char *const kinds[] = {
      [WR_PLAN_SOURCE] = "source", [WR_PLAN_OPERATOR] = "operator", [WR_PLAN_SINK] = "sink"};
  const struct wr_plan_node *plan = &job->figures.plan->nodes[node];
  snprintf(space->id, sizeof space->id, "%" PRIu32, node);
  memcpy(space->labels,
         (struct wr_metric_label[]){{"job", job->name},
                                    {"id", space->id},
                                    {"node", plan->name},
                                    {"kind", kinds[plan->kind]},
                                    {name ? name : "", value},
                                    {0}},
         sizeof space->labels);
  return space->labels;
}

/* Calls for every node that has the figure. */
#define EACH_NODE(job_, node_) \
  for (uint32_t node_ = 0; node_ < (job_)->figures.plan->node_count; node_++)

static void put_node(struct wr_metrics_writer *writer, const struct wr_metrics_job *job,
                     uint32_t node, uint64_t value)
{
  struct node_labels space;
  wr_metrics_count(writer, node_labels(&space, job, node, NULL, NULL), value);
}

static void put_records_in(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  EACH_NODE(job, n) put_node(writer, job, n, job->figures.steps[n].rows_in);
}

static void put_records_out(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  EACH_NODE(job, n) put_node(writer, job, n, job->figures.steps[n].rows_out);
}

static void put_bytes_in(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  EACH_NODE(job, n)
  if (job->figures.plan->nodes[n].source)
    put_node(writer, job, n, job->figures.steps[n].bytes_in);
}

static void put_bytes_out(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  EACH_NODE(job, n)
  if (job->figures.plan->nodes[n].sink)
    put_node(writer, job, n, job->figures.steps[n].bytes_out);
}

static bool keeps_state(const struct wr_metrics_job *job, uint32_t node)
{
  const struct wr_plan_node *plan = &job->figures.plan->nodes[node];
  return plan->kind == WR_PLAN_OPERATOR && plan->identity;
}

static void put_late(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  EACH_NODE(job, n)
  if (keeps_state(job, n) || job->figures.steps[n].rejected[WR_REJECT_LATE])
    put_node(writer, job, n, job->figures.steps[n].rejected[WR_REJECT_LATE]);
}

/* Where there may be such rows there is a 0 from the beginning. */
static bool may_be_bad(const struct wr_metrics_job *job, uint32_t node, enum wr_reject_kind kind)
{
  static const bool expected[][WR_REJECT_KIND_COUNT] = {
      [WR_PLAN_SOURCE] = {[WR_REJECT_RECORD] = true},
      [WR_PLAN_OPERATOR] = {[WR_REJECT_TIME] = true, [WR_REJECT_VALUE] = true},
      [WR_PLAN_SINK] = {[WR_REJECT_VALUE] = true}};
  return kind != WR_REJECT_LATE && (expected[job->figures.plan->nodes[node].kind][kind] ||
                                    job->figures.steps[node].rejected[kind]);
}

static void put_bad(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  struct node_labels space;
  EACH_NODE(job, n)
  for (int kind = 0; kind < WR_REJECT_KIND_COUNT; kind++)
    if (may_be_bad(job, n, (enum wr_reject_kind)kind))
      wr_metrics_count(writer, node_labels(&space, job, n, "reason", wr_reject_names[kind]),
                       job->figures.steps[n].rejected[kind]);
}

static void put_state_bytes(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  EACH_NODE(job, n)
  if (keeps_state(job, n) || job->figures.plan->nodes[n].reference)
    put_node(writer, job, n, job->figures.steps[n].state_bytes);
}

static void put_state_keys(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  EACH_NODE(job, n)
  if (keeps_state(job, n) || job->figures.plan->nodes[n].reference)
    put_node(writer, job, n, job->figures.steps[n].state_keys);
}

static void put_loaded(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  struct node_labels space;
  EACH_NODE(job, n)
  if (job->figures.steps[n].loaded_us)
    wr_metrics_value(writer, node_labels(&space, job, n, NULL, NULL),
                     seconds(job->figures.steps[n].loaded_us));
}

static bool has_watermark(const struct wr_metrics_job *job, uint32_t node)
{
  int64_t watermark_us = job->figures.steps[node].watermark_us;
  return watermark_us != WR_TIME_NONE && watermark_us != WR_TIME_END;
}

static void put_watermark(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  struct node_labels space;
  EACH_NODE(job, n)
  if (has_watermark(job, n))
    wr_metrics_value(writer, node_labels(&space, job, n, NULL, NULL),
                     seconds(job->figures.steps[n].watermark_us));
}

static void put_watermark_lag(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  struct node_labels space;
  EACH_NODE(job, n)
  if (has_watermark(job, n))
    wr_metrics_value(writer, node_labels(&space, job, n, NULL, NULL),
                     seconds(job->now_us) - seconds(job->figures.steps[n].watermark_us));
}

/* ---- tasks */

static void put_task(struct wr_metrics_writer *writer, const struct wr_metrics_job *job,
                     const struct wr_figures_task *task, uint64_t ns)
{
  char id[12], copy[12];
  snprintf(id, sizeof id, "%" PRIu32, task->head);
  snprintf(copy, sizeof copy, "%" PRIu32, task->copy);
  wr_metrics_value(writer,
                   (struct wr_metric_label[]){{"job", job->name},
                                              {"id", id},
                                              {"task", job->figures.plan->nodes[task->head].name},
                                              {"copy", copy},
                                              {0}},
                   seconds_of_ns(ns));
}

#define TASK_FAMILY(name)                                                                         \
  static void put_task_##name(struct wr_metrics_writer *writer, const struct wr_metrics_job *job) \
  {                                                                                               \
    for (uint32_t t = 0; t < job->figures.task_count; t++)                                        \
      put_task(writer, job, &job->figures.tasks[t], job->figures.tasks[t].name##_ns);             \
  }
TASK_FAMILY(busy)
TASK_FAMILY(backpressured)
TASK_FAMILY(idle)
TASK_FAMILY(checkpoint)
TASK_FAMILY(cpu)

/* ---- checkpoints */

static void put_completed(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  put_count(writer, job, job->figures.epochs_sealed);
}

static void put_failed(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  put_count(writer, job, job->figures.epochs_failed);
}

static void put_skipped(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  put_count(writer, job, job->figures.epochs_skipped);
}

static void put_in_progress(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  put_count(writer, job, job->figures.epochs.is_under_way);
}

static void put_interval(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  if (job->facts->state_dir && job->facts->epoch_interval_us)
    put_value(writer, job, seconds(job->facts->epoch_interval_us));
}

static void put_newest_epoch(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  uint64_t complete = job->figures.epochs.complete;
  if (job->facts->state_dir)
    put_count(writer, job, complete ? complete : job->look.newest_epoch);
}

/* What is known of the newest one: nothing, before this execution has sealed one. */
static bool has_sealed(const struct wr_metrics_job *job)
{
  return job->facts->state_dir && job->figures.epochs.sealed_us;
}

static void put_duration(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  if (has_sealed(job))
    put_value(writer, job, seconds(job->figures.epochs.collect_us + job->figures.epochs.write_us));
}

static void put_size(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  if (has_sealed(job))
    put_count(writer, job, job->figures.epochs.bytes);
}

static void put_own_size(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  if (has_sealed(job))
    put_count(writer, job, job->figures.epochs.own_bytes);
}

static void put_age(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  int64_t age_us = job->now_us - job->figures.epochs.sealed_us;
  if (has_sealed(job))
    put_value(writer, job, seconds(age_us > 0 ? age_us : 0));
}

/* ---- memory */

static void put_memory(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  for (int use = 0; job->figures.runs && use < WR_MEMORY_REST; use++)
    wr_metrics_count(
        writer,
        (struct wr_metric_label[]){{"job", job->name}, {"use", wr_memory_shares[use].name}, {0}},
        job->figures.memory_used[use]);
}

static void put_memory_limit(struct wr_metrics_writer *writer, const struct wr_metrics_job *job)
{
  if (job->figures.runs)
    put_count(writer, job, job->figures.memory_limit);
}

/* ---- streams */

static void put_stream(struct wr_metrics_writer *writer, const struct wr_metrics_job *job,
                       const struct wr_feed_look *feed, uint64_t value)
{
  wr_metrics_count(
      writer, (struct wr_metric_label[]){{"job", job->name}, {"stream", feed->name}, {0}}, value);
}

#define STREAM_FAMILY(family_, value_)                               \
  static void put_stream_##family_(struct wr_metrics_writer *writer, \
                                   const struct wr_metrics_job *job) \
  {                                                                  \
    for (uint32_t i = 0; i < job->feed_count; i++)                   \
      put_stream(writer, job, &job->feeds[i], job->feeds[i].value_); \
  }
STREAM_FAMILY(followers, followers)
STREAM_FAMILY(pushed, rows_pushed)
STREAM_FAMILY(skipped, rows_skipped)
STREAM_FAMILY(kept, rows_kept)
STREAM_FAMILY(bytes, bytes)

/* ---- the table */

const struct wr_metrics_row wr_metrics_job_rows[] = {
    {GAUGE("job_status", "1 for the status that the job has, 0 for all others."), put_status},
    {GAUGE("job_began_timestamp_seconds", "When the job began in this process."), put_began},
    {GAUGE("job_status_since_timestamp_seconds", "Since when it has its status."), put_since},
    {GAUGE("job_alive", "0: it has failed, or restarts again and again."), put_alive},
    {GAUGE("job_ready",
           "0: it does not do what it should: sources away, checkpoints not kept, not alive."),
     put_ready},
    {COUNTER("job_restarts_total", "Starts after a failure."), put_restarts},
    {GAUGE(
         "job_reload_failed",
         "weir serve: 1 if the SQL file as it is now does not run and the job goes on as before."),
     put_reload_failed},
    {COUNTER("records_in_total", "Rows that a node has taken; of a source: records read."),
     put_records_in},
    {COUNTER("records_out_total", "Rows that a node has given; of a sink: rows written."),
     put_records_out},
    {COUNTER("bytes_in_total", "Bytes that a source has read."), put_bytes_in},
    {COUNTER("bytes_out_total", "Bytes that a sink has written."), put_bytes_out},
    {COUNTER("late_records_total", "Rows that came after their windows had closed."), put_late},
    {COUNTER("bad_records_total", "Records and rows that could not be used, by the reason."),
     put_bad},
    {GAUGE("state_bytes", "Memory that a node keeps state in."), put_state_bytes},
    {GAUGE("state_keys", "Entries of that state."), put_state_keys},
    {GAUGE("table_loaded_timestamp_seconds",
           "When the table was loaded in which a node looks rows up."),
     put_loaded},
    {GAUGE("watermark_timestamp_seconds", "Watermark of a node, the least of its copies."),
     put_watermark},
    {GAUGE("watermark_lag_seconds", "How far the watermark is behind the clock."),
     put_watermark_lag},
    {COUNTER("task_busy_seconds_total", "Time that a task has worked."), put_task_busy},
    {COUNTER("task_backpressured_seconds_total",
             "Time that a task has waited for those who read what it sends."),
     put_task_backpressured},
    {COUNTER("task_idle_seconds_total", "Time that a task has waited for rows."), put_task_idle},
    {COUNTER("task_checkpoint_seconds_total",
             "Time that a task has waited so that a checkpoint can be complete."),
     put_task_checkpoint},
    {COUNTER("task_cpu_seconds_total", "Time that a task was on a processor."), put_task_cpu},
    {COUNTER("checkpoint_completed_total", "Checkpoints that are complete."), put_completed},
    {COUNTER("checkpoint_failed_total", "Checkpoints that could not be kept."), put_failed},
    {COUNTER("checkpoint_skipped_total",
             "Checkpoints that did not begin because one was still under way."),
     put_skipped},
    {GAUGE("checkpoint_in_progress", "1 while one is under way."), put_in_progress},
    {GAUGE("checkpoint_interval_seconds", "How often one should begin."), put_interval},
    {GAUGE("checkpoint_newest", "Number of the newest one that is complete; 0: none."),
     put_newest_epoch},
    {GAUGE("checkpoint_duration_seconds", "How long the newest one took."), put_duration},
    {GAUGE("checkpoint_size_bytes", "All that the newest one needs."), put_size},
    {GAUGE("checkpoint_own_size_bytes", "What was written with the newest one."), put_own_size},
    {GAUGE("checkpoint_age_seconds", "Time since the newest one was complete."), put_age},
    {GAUGE("memory_bytes", "Memory that is counted, by its use."), put_memory},
    {GAUGE("memory_limit_bytes", "What the job may take."), put_memory_limit},
    {GAUGE("live_followers", "Who follow a stream."), put_stream_followers},
    {COUNTER("live_rows_total", "Rows of a stream that were taken to be shown."),
     put_stream_pushed},
    {COUNTER("live_skipped_rows_total", "Rows that came too fast to be shown."),
     put_stream_skipped},
    {GAUGE("live_kept_rows", "Rows of the snapshot of a stream."), put_stream_kept},
    {GAUGE("live_stream_bytes", "Memory of a stream."), put_stream_bytes},
    {{0}, NULL},
};
