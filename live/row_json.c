/* SPDX-License-Identifier: Apache-2.0 */
#include "live/row_json.h"

#include <assert.h>
#include <stdlib.h>

#include "text/json_write.h"

struct row_json {
  struct wr_feed_encoder base;
  struct wr_json_row_writer *writer;
  uint32_t column_count;
};

static enum wr_code row_json_encode(struct wr_feed_encoder *encoder, const struct wr_batch *batch,
                                    uint32_t row, struct wr_buffer *out, struct wr_error *err)
{
  struct row_json *self = (struct row_json *)encoder;
  (void)err; /* NULL keys of maps have a name, so every row can be written */
  assert(batch->schema->column_count == self->column_count);
  wr_json_row_write(self->writer, batch->columns, row, out);
  return WR_OK;
}

static void row_json_free(struct wr_feed_encoder *encoder)
{
  struct row_json *self = (struct row_json *)encoder;
  wr_json_row_writer_free(self->writer);
  free(self);
}

struct wr_feed_encoder *wr_row_json_encoder(const struct wr_schema *schema)
{
  static const struct wr_json_style style = {
      .datetime = WR_DATETIME_ISO, .interval_numbers = true, .null_floats = true};
  struct row_json *self = wr_memory_get_zero(sizeof *self);
  self->base = (struct wr_feed_encoder){row_json_encode, row_json_free};
  self->writer = wr_json_row_writer_new(schema, &style);
  self->column_count = schema->column_count;
  return &self->base;
}
