/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tap.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/connector.h"
#include "core/limits.h"
#include "live/row_json.h"
#include "runtime/sink.h"

/* ---- the consumer */

struct tap {
  struct wr_operator op;
  struct wr_feed *feed;
  const struct wr_schema *schema; /* with the names of the stream */
};

static enum wr_code tap_on_batch(struct wr_operator *op, uint32_t input,
                                 const struct wr_batch *batch, struct wr_error *err)
{
  struct tap *tap = (struct tap *)op;
  (void)input, (void)err;
  if (!wr_feed_is_followed(tap->feed))
    return WR_OK;
  struct wr_batch rows = *batch;
  rows.schema = tap->schema;
  wr_feed_push(tap->feed, &rows);
  return WR_OK;
}

static void tap_close(struct wr_operator *op)
{
  free(op);
}

static const struct wr_operator_class tap_class = {
    .name = "Tap", .on_batch = tap_on_batch, .close = tap_close};

struct wr_operator *wr_tap_new(struct wr_feed *feed, const struct wr_plan_stream *stream,
                               const struct wr_operator_context *context)
{
  struct tap *tap = wr_memory_get_zero(sizeof *tap);
  tap->op = wr_operator_head(&tap_class, context);
  tap->feed = feed;
  tap->schema = stream->schema;
  wr_operator_set_enough(&tap->op);
  return &tap->op;
}

/* ---- feeds */

static void taps_note(const struct wr_taps *taps, const char *what, const struct wr_error *err)
{
  char message[WR_MESSAGE_BYTES_MAX + 100];
  if (!taps->note)
    return;
  snprintf(message, sizeof message, "%s: %s", what, err->message);
  taps->note(taps->note_self, message);
}

/* The sink of a stream that shows its rows itself; NULL: there is none. */
static const struct wr_plan_node *taps_shown_by(const struct wr_plan *plan,
                                                const struct wr_plan_stream *stream)
{
  for (uint32_t n = 0; stream->kind == WR_PLAN_STREAM_SINK && n < plan->node_count; n++) {
    const struct wr_plan_node *node = &plan->nodes[n];
    if (node->sink && node->inputs[0].node == stream->node &&
        strcmp(node->sink->table.name, stream->name) == 0)
      return strcmp(node->sink->table.connector->name, "live") == 0 ? node : NULL;
  }
  return NULL;
}

/* Raw tables have as many rows as there are: theirs are kept only while somebody looks. */
static struct wr_feed *taps_open_feed(const struct wr_taps *taps,
                                      const struct wr_plan_stream *stream)
{
  static const enum wr_feed_kind kinds[] = {[WR_PLAN_STREAM_TABLE] = WR_FEED_TABLE,
                                            [WR_PLAN_STREAM_VIEW] = WR_FEED_VIEW,
                                            [WR_PLAN_STREAM_SINK] = WR_FEED_SINK};
  const struct wr_feed_spec spec = {.job = taps->job,
                                    .name = stream->name,
                                    .kind = kinds[stream->kind],
                                    .schema = stream->schema,
                                    .key = stream->key,
                                    .key_count = stream->key_count,
                                    .time_column = stream->time_column,
                                    .changes = taps->plan->nodes[stream->node].changes,
                                    .always = stream->kind != WR_PLAN_STREAM_TABLE &&
                                              (stream->key_count || stream->has_window),
                                    .encoder = wr_row_json_encoder(stream->schema)};
  struct wr_feed *feed;
  struct wr_error err;
  wr_error_clear(&err);
  if (wr_hub_feed(taps->hub, &spec, &feed, &err) == WR_OK)
    return feed;
  taps_note(taps, stream->name, &err);
  return NULL;
}

/* Sinks that write one table share its feed. */
static struct wr_feed *taps_find(const struct wr_taps *taps, uint32_t before)
{
  for (uint32_t i = 0; i < before; i++)
    if (strcmp(taps->plan->streams[i].name, taps->plan->streams[before].name) == 0)
      return taps->feeds[i];
  return NULL;
}

static enum wr_code taps_load_part(void *self, struct wr_part_reader *part, struct wr_error *err)
{
  struct wr_taps *taps = self;
  const char *bytes;
  size_t length;
  enum wr_code code = wr_part_get_bytes(part, &bytes, &length, err);
  if (code || length == 0)
    return code;
  if (length > UINT32_MAX)
    return wr_fail(err, WR_DATA, "%zu bytes are more than any hub keeps", length);
  return wr_hub_load(taps->hub, taps->job, (struct wr_slice){bytes, (uint32_t)length}, err);
}

void wr_taps_open(struct wr_taps *taps, const struct wr_snapshot *from)
{
  const struct wr_plan *plan = taps->plan;
  struct wr_error err;
  if (!taps->hub)
    return;
  taps->feeds = wr_memory_get_zero((plan->stream_count + 1) * sizeof(struct wr_feed *));
  for (uint32_t i = 0; i < plan->stream_count; i++) {
    const struct wr_plan_stream *stream = &plan->streams[i];
    assert(stream->node < plan->node_count);
    if (taps_shown_by(plan, stream))
      continue;
    taps->feeds[i] = taps_find(taps, i);
    if (!taps->feeds[i])
      taps->feeds[i] = taps_open_feed(taps, stream);
  }
  wr_error_clear(&err);
  if (!from)
    return;
  if (wr_snapshot_restore(from, WR_TAPS_KEY, taps_load_part, taps, &err) != WR_OK)
    taps_note(taps, "rows that could be followed are forgotten", &err);
  from->store->class->release(from->store);
}

/* The connector makes the feed; nothing is written. */
static void taps_announce_sink(struct wr_hub *hub, const char *job, const struct wr_plan *plan,
                               const struct wr_plan_stream *stream, const struct wr_plan_node *node)
{
  const struct wr_sink_settings settings = {.task_count = 1,
                                            .hub = hub,
                                            .job_name = job,
                                            .stream = stream,
                                            .changes = plan->nodes[stream->node].changes};
  const struct wr_table_spec spec = wr_sink_spec(node->sink, &settings);
  struct wr_writer *writer;
  struct wr_error err;
  if (node->sink->table.connector->writer->open(&spec, &writer, &err) == WR_OK)
    writer->class->close(writer);
}

void wr_taps_announce(struct wr_hub *hub, const char *job, const struct wr_plan *plan)
{
  struct wr_taps taps = {.hub = hub, .job = job, .plan = plan};
  wr_taps_open(&taps, NULL);
  wr_taps_close(&taps);
  for (uint32_t i = 0; i < plan->stream_count; i++) {
    const struct wr_plan_node *node = taps_shown_by(plan, &plan->streams[i]);
    if (node)
      taps_announce_sink(hub, job, plan, &plan->streams[i], node);
  }
}

void wr_taps_close(struct wr_taps *taps)
{
  free(taps->feeds);
  taps->feeds = NULL;
}

void wr_taps_save(void *self, struct wr_epochs *epochs, uint64_t epoch)
{
  const struct wr_taps *taps = self;
  struct wr_part_writer part = {0};
  struct wr_buffer bytes = {0};
  wr_hub_save(taps->hub, taps->job, &bytes);
  wr_part_put_bytes(&part, bytes.bytes, bytes.length);
  wr_buffer_free(&bytes);
  wr_epochs_put(epochs, epoch, WR_TAPS_KEY, 0, &part);
}
