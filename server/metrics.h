/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /metrics: the figures of all jobs and of the process for Prometheus. Family by family, so each is
 * a row of a table and a function that writes the samples of one job; docs/metrics.md says what
 * they mean and what Flink calls them. Counters never go back while a job lives (server/figures.h).
 * Labels have bounded values: jobs, nodes, copies, streams, and splits if there are at most
 * WR_METRICS_SPLITS of a source.
 */
#ifndef WEIR_SERVER_METRICS_H
#define WEIR_SERVER_METRICS_H

#include "server/health.h"
#include "server/metrics_write.h"
#include "server/route.h"

/* A source that reads more splits than these has no series of its own for each, but sums. */
#define WR_METRICS_SPLITS 1000

wr_web_handler wr_metrics_reply;

/* A job at one moment; all families are written from that. */
struct wr_metrics_job {
  const char *name;
  const struct wr_job_facts *facts;
  struct wr_job_look look;
  struct wr_figures figures;
  struct wr_health health;
  const struct wr_feed_look *feeds;
  uint32_t feed_count;
  int64_t now_us;
  bool *alone, *gone_alone; /* per split of the figures: it has series of its own */
};

/* What all samples of a family are written from; writes those of one job, may write none. */
struct wr_metrics_row {
  struct wr_metric_family family;
  void (*put)(struct wr_metrics_writer *writer, const struct wr_metrics_job *job);
};
extern const struct wr_metrics_row wr_metrics_job_rows[], wr_metrics_source_rows[];

/* Sets alone and gone_alone. */
void wr_metrics_choose_splits(struct wr_metrics_job *job, struct wr_arena *arena);
void wr_metrics_put_jobs(struct wr_metrics_writer *writer, const struct wr_metrics_row *rows,
                         const struct wr_metrics_job *jobs, uint32_t job_count);
/* The process, the server, and the hub. figures NULL: there is no server. */
void wr_metrics_put_process(struct wr_metrics_writer *writer, const struct wr_web_figures *figures,
                            uint64_t hub_bytes);

#endif
