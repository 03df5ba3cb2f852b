/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink for those who watch: what is written is the newest rows of a feed of the hub, under the
 * name of the table, made for dashboards. PRIMARY KEY says which rows replace each other. No row is
 * left out on the way to the hub, which the sink may wait for, never for those who follow.
 */
#include "connectors/connector.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "live/hub.h"
#include "live/row_json.h"

struct live {
  struct wr_writer writer;
  struct wr_feed *feed; /* NULL: nobody can watch this job */
};

static const struct wr_writer_class live_writer;

static const struct wr_option live_options[] = {
    {.name = "retention.rows",
     .kind = WR_OPTION_INTEGER,
     .fallback = "1000",
     .help = "How many of the newest rows are kept for those who come: with a PRIMARY KEY, one per "
             "key."},
    {.name = "retention.time",
     .kind = WR_OPTION_DURATION,
     .help = "Rows that are older leave what is kept, whether or not others come."},
    {.name = NULL},
};

static enum wr_code live_check(const struct wr_table_spec *spec, bool writing, struct wr_error *err)
{
  static const char *const names[] = {"retention.rows", "retention.time"};
  (void)writing;
  const int64_t values[] = {wr_options_integer(spec->options, live_options, names[0]),
                            wr_options_duration_us(spec->options, live_options, names[1])};
  for (int i = 0; i < 2; i++) {
    const struct wr_option_value *given = wr_options_find_value(spec->options, names[i]);
    if (given && values[i] < 1)
      return wr_fail_at(err, WR_SEMANTIC, given->value_span, "'%s' must be above 0, not '%s'",
                        names[i], given->value);
  }
  return WR_OK;
}

static void live_note(const struct wr_table_spec *spec)
{
  char message[WR_SQL_NAME_BYTES_MAX + 100];
  snprintf(message, sizeof message,
           "nobody can watch table %s: the job runs without --http (weir run FILE --http ADDRESS)",
           spec->table);
  spec->note(spec->note_self, message);
}

static enum wr_code live_open(const struct wr_table_spec *spec, struct wr_writer **out,
                              struct wr_error *err)
{
  struct live *self = wr_memory_get_zero(sizeof *self);
  enum wr_code code = WR_OK;
  self->writer.class = &live_writer;
  if (spec->hub) {
    const struct wr_feed_spec feed = {
        .job = spec->job_name,
        .name = spec->table,
        .kind = WR_FEED_SINK,
        .schema = spec->schema,
        .key = spec->key,
        .key_count = spec->key_count,
        .time_column = spec->time_column,
        .changes = spec->changes,
        .always = true,
        .lossless = true,
        .rows_max = (uint64_t)wr_options_integer(spec->options, live_options, "retention.rows"),
        .retention_us = wr_options_duration_us(spec->options, live_options, "retention.time"),
        .encoder = wr_row_json_encoder(spec->schema)};
    code = wr_hub_feed(spec->hub, &feed, &self->feed, err);
  } else if (spec->note && spec->task == 0) {
    live_note(spec);
  }
  if (code != WR_OK) {
    free(self);
    return code;
  }
  *out = &self->writer;
  return WR_OK;
}

static enum wr_code live_write_rows(struct wr_writer *writer, const struct wr_batch *batch,
                                    struct wr_error *err)
{
  struct live *self = (struct live *)writer;
  (void)err;
  if (self->feed)
    wr_feed_push(self->feed, batch);
  return WR_OK;
}

/* What was written is seen from here on; the runtime counts an epoch behind it. */
static enum wr_code live_finish(struct wr_writer *writer, struct wr_error *err)
{
  struct live *self = (struct live *)writer;
  (void)err;
  if (self->feed)
    wr_feed_flush(self->feed);
  return WR_OK;
}

static void live_close(struct wr_writer *writer)
{
  free(writer);
}

static const struct wr_writer_class live_writer = {
    .open = live_open, .write_rows = live_write_rows, .finish = live_finish, .close = live_close};

const struct wr_connector wr_connector_live = {
    .name = "live",
    .help = "Keeps the newest rows for those who watch the job over HTTP: pages, dashboards, curl. "
            "PRIMARY KEY says which rows replace each other. Without --http nobody sees them.",
    .options = live_options,
    .writer = &live_writer,
    .takes_changes = true,
    .check = live_check,
    .delivery = "at-least-once: the newest rows, kept in epochs",
};
