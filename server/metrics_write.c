/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics_write.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "text/number.h"
#include "text/utf8.h"

void wr_metrics_begin(struct wr_metrics_writer *writer, const struct wr_metric_family *family)
{
  writer->family = family;
  writer->has_samples = false;
}

/* In a HELP line a quote may stand as it is. */
static void put_escaped(struct wr_buffer *out, const char *text, bool quoted)
{
  size_t length = strlen(text);
  for (size_t at = 0; at < length;) {
    char *end = wr_buffer_reserve(out, WR_UTF8_BYTES_MAX);
    uint32_t point = wr_utf8_next(text, length, &at);
    if (point == '\n')
      wr_buffer_put_string(out, "\\n");
    else if (point == '\\')
      wr_buffer_put_string(out, "\\\\");
    else if (point == '"' && quoted)
      wr_buffer_put_string(out, "\\\"");
    else
      wr_buffer_added(out, wr_utf8_put(point, end));
  }
}

static void put_head(struct wr_metrics_writer *writer)
{
  const struct wr_metric_family *family = writer->family;
  wr_buffer_print(writer->out, "# HELP %s ", family->name);
  put_escaped(writer->out, family->help, false);
  wr_buffer_print(writer->out, "\n# TYPE %s %s\n", family->name, family->type);
  writer->has_samples = true;
}

static void put_name(struct wr_metrics_writer *writer, const struct wr_metric_label *labels)
{
  bool some = false;
  assert(writer->family);
  if (!writer->has_samples)
    put_head(writer);
  wr_buffer_put_string(writer->out, writer->family->name);
  for (; labels && labels->name; labels++) {
    if (!labels->value)
      continue;
    wr_buffer_print(writer->out, "%s%s=\"", some ? "," : "{", labels->name);
    put_escaped(writer->out, labels->value, true);
    wr_buffer_put_char(writer->out, '"');
    some = true;
  }
  wr_buffer_put_string(writer->out, some ? "} " : " ");
}

void wr_metrics_count(struct wr_metrics_writer *writer, const struct wr_metric_label *labels,
                      uint64_t value)
{
  put_name(writer, labels);
  wr_buffer_print(writer->out, "%" PRIu64 "\n", value);
}

void wr_metrics_value(struct wr_metrics_writer *writer, const struct wr_metric_label *labels,
                      double value)
{
  put_name(writer, labels);
  if (isnan(value))
    wr_buffer_put_string(writer->out, "NaN\n");
  else if (isinf(value))
    wr_buffer_put_string(writer->out, value < 0 ? "-Inf\n" : "+Inf\n");
  else
    wr_buffer_print(writer->out, "%.15g\n", value);
}
