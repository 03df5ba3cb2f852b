/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows as lines for people who try things out: "+I[2026-01-02 03:04:00.000, /home, 12]", on
 * standard output or standard error, with an identifier in front when several tables print. Or as
 * objects of JSON, as the console writes those of several results (connectors/console.c).
 */
#include "connectors/connector.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connectors/output.h"
#include "text/json_write.h"
#include "text/value_write.h"

struct print {
  struct wr_writer writer;
  struct wr_output output;
  const char *identifier; /* lent by the options; NULL: none */
  uint32_t column_count;
  struct wr_json_row_writer *json; /* NULL: not JSON */
  bool changes;
};

static const struct wr_writer_class print_writer;

static const struct wr_option print_options[] = {
    {.name = "print-identifier",
     .kind = WR_OPTION_TEXT,
     .help = "A word in front of every line: 'late> +I[...]'."},
    {.name = "print-style",
     .kind = WR_OPTION_CHOICE,
     .choices = "rows|json",
     .fallback = "rows",
     .help = "json: an object per row, with an identifier {\"stream\":\"late\",\"row\":{...}}."},
    {.name = "standard-error",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "Write to standard error instead of standard output."},
    {.name = NULL},
};

static enum wr_code print_open(const struct wr_table_spec *spec, struct wr_writer **out,
                               struct wr_error *err)
{
  (void)err;
  struct print *self = wr_memory_get_zero(sizeof *self);
  bool to_error = wr_options_bool(spec->options, print_options, "standard-error");
  self->writer.class = &print_writer;
  self->identifier = wr_options_text(spec->options, print_options, "print-identifier");
  self->column_count = spec->schema->column_count;
  self->changes = spec->changes;
  if (strcmp(wr_options_text(spec->options, print_options, "print-style"), "json") == 0)
    self->json = wr_json_row_writer_new(spec->schema, NULL);
  wr_output_open(&self->output, to_error ? STDERR_FILENO : STDOUT_FILENO, true);
  *out = &self->writer;
  return WR_OK;
}

static void print_json(struct print *self, const struct wr_batch *batch, uint32_t row)
{
  struct wr_buffer *out = &self->output.buffer;
  bool leads = self->identifier || self->changes;
  if (leads)
    wr_buffer_put_char(out, '{');
  if (self->identifier) {
    wr_buffer_put_string(out, "\"stream\":");
    wr_json_write_string(out, self->identifier, strlen(self->identifier));
    wr_buffer_put_char(out, ',');
  }
  if (self->changes)
    wr_buffer_print(out, "\"op\":\"%s\",",
                    wr_output_changes[batch->change ? batch->change[row] & 3 : 0]);
  if (leads)
    wr_buffer_put_string(out, "\"row\":");
  wr_json_row_write(self->json, batch->columns, row, out);
  wr_buffer_put_string(out, leads ? "}\n" : "\n");
}

static enum wr_code print_write_rows(struct wr_writer *writer, const struct wr_batch *batch,
                                     struct wr_error *err)
{
  struct print *self = (struct print *)writer;
  struct wr_buffer *out = &self->output.buffer;
  for (uint32_t i = 0; i < batch->picked_count; i++) {
    uint32_t row = wr_batch_row(batch, i);
    if (self->json) {
      print_json(self, batch, row);
      continue;
    }
    if (self->identifier) {
      wr_buffer_put_string(out, self->identifier);
      wr_buffer_put_string(out, "> ");
    }
    wr_buffer_put_string(out, wr_output_changes[batch->change ? batch->change[row] & 3 : 0]);
    wr_buffer_put_char(out, '[');
    for (uint32_t c = 0; c < self->column_count; c++) {
      if (c > 0)
        wr_buffer_put_string(out, ", ");
      if (!wr_value_write(out, &batch->columns[c], row))
        wr_buffer_put_string(out, "NULL");
    }
    wr_buffer_put_string(out, "]\n");
  }
  return wr_output_after_batch(&self->output, err);
}

/* What is written leaves before the epoch counts it. */
static enum wr_code print_barrier(struct wr_writer *writer, uint64_t epoch, struct wr_error *err)
{
  (void)epoch;
  return wr_output_flush(&((struct print *)writer)->output, err);
}

static enum wr_code print_tick(struct wr_writer *writer, int64_t now_us, struct wr_error *err)
{
  (void)now_us;
  return wr_output_flush(&((struct print *)writer)->output, err);
}

static enum wr_code print_finish(struct wr_writer *writer, struct wr_error *err)
{
  return wr_output_flush(&((struct print *)writer)->output, err);
}

static void print_close(struct wr_writer *writer)
{
  struct print *self = (struct print *)writer;
  if (self->json)
    wr_json_row_writer_free(self->json);
  wr_output_close(&self->output);
  free(self);
}

static const struct wr_writer_class print_writer = {
    .open = print_open,
    .write_rows = print_write_rows,
    .barrier = print_barrier,
    .tick = print_tick,
    .finish = print_finish,
    .close = print_close,
};

const struct wr_connector wr_connector_print = {
    .name = "print",
    .help = "Writes each row as a line to standard output or standard error.",
    .options = print_options,
    .writer = &print_writer,
    .single_writer = true,
    .takes_changes = true,
    .delivery = "at-least-once: written out before an epoch counts",
};
