/* SPDX-License-Identifier: Apache-2.0 */
/* The sink that forgets: for measuring what comes before it, and for queries that are run for their
 * error_stream only. The runtime counts the rows. */
#include "connectors/connector.h"

#include <stdlib.h>

static const struct wr_writer_class blackhole_writer;

static enum wr_code blackhole_open(const struct wr_table_spec *spec, struct wr_writer **out,
                                   struct wr_error *err)
{
  (void)spec, (void)err;
  struct wr_writer *writer = wr_memory_get_zero(sizeof *writer);
  writer->class = &blackhole_writer;
  *out = writer;
  return WR_OK;
}

static enum wr_code blackhole_write_rows(struct wr_writer *writer, const struct wr_batch *batch,
                                         struct wr_error *err)
{
  (void)writer, (void)batch, (void)err;
  return WR_OK;
}

static void blackhole_close(struct wr_writer *writer)
{
  free(writer);
}

static const struct wr_writer_class blackhole_writer = {
    .open = blackhole_open, .write_rows = blackhole_write_rows, .close = blackhole_close};

static const struct wr_option blackhole_options[] = {{.name = NULL}};

const struct wr_connector wr_connector_blackhole = {
    .name = "blackhole",
    .help = "Takes rows and forgets them.",
    .options = blackhole_options,
    .writer = &blackhole_writer,
    .takes_changes = true,
    .delivery = "none",
};
