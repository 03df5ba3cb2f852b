/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus' text format 0.0.4: samples of one family behind each other, below its HELP and TYPE.
 *
 *   # HELP weir_job_restarts_total How often ...
 *   # TYPE weir_job_restarts_total counter
 *   weir_job_restarts_total{job="app"} 2
 *
 * A family without samples does not appear.
 */
#ifndef WEIR_SERVER_METRICS_WRITE_H
#define WEIR_SERVER_METRICS_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "text/buffer.h"

struct wr_metric_family {
  const char *name;
  const char *type; /* "counter", "gauge" */
  const char *help;
};

#define WR_METRIC_LABELS_MAX 6

struct wr_metric_label {
  const char *name, *value; /* value NULL: left out */
};

struct wr_metrics_writer {
  struct wr_buffer *out;
  const struct wr_metric_family *family; /* the one begun; written with its first sample */
  bool has_samples;
};

void wr_metrics_begin(struct wr_metrics_writer *writer, const struct wr_metric_family *family);
/* labels end with a row without a name, or are NULL. What is not UTF-8 in a value gets U+FFFD. */
void wr_metrics_count(struct wr_metrics_writer *writer, const struct wr_metric_label *labels,
                      uint64_t value);
/* With all digits that it has; NaN and infinite values as the format has them. */
void wr_metrics_value(struct wr_metrics_writer *writer, const struct wr_metric_label *labels,
                      double value);

#endif
