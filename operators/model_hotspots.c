/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HOTSPOTS: every row leaves with the hotspots of the last rows, itself among them,
 *
 *   {"hotspots":[{"density":208.5,"minValues":[2.1,3.0],"maxValues":[3.1,4.0]}, ...]}
 *
 * where the values of a box are those of the numeric columns, in their order.
 */
#include <stdlib.h>

#include "operators/model_state.h"
#include "text/number.h"

struct hotspots_model {
  struct wr_hotspots *hotspots;
  struct wr_hotspots_shape shape;
  struct wr_buffer text;
};

static void *hotspots_open(const struct wr_model_spec *spec)
{
  struct hotspots_model *self = wr_memory_get_zero(sizeof *self);
  self->shape = spec->hotspots;
  self->hotspots = wr_hotspots_new(&spec->hotspots);
  return self;
}

static void hotspots_close(void *model)
{
  struct hotspots_model *self = model;
  wr_hotspots_free(self->hotspots);
  wr_buffer_free(&self->text);
  free(self);
}

static uint64_t hotspots_bytes(const void *model)
{
  return wr_hotspots_bytes(&((const struct hotspots_model *)model)->shape);
}

static void hotspots_put_text(struct wr_buffer *out, const char *text)
{
  wr_buffer_put(out, text, strlen(text));
}

static void hotspots_put_number(struct wr_buffer *out, double value)
{
  wr_buffer_added(out, wr_format_f64(value, WR_FLOAT_JSON, wr_buffer_reserve(out, 40)));
}

static void hotspots_put_values(struct wr_buffer *out, const char *name, const double *values,
                                uint32_t count)
{
  hotspots_put_text(out, name);
  for (uint32_t c = 0; c < count; c++) {
    if (c > 0)
      wr_buffer_put_char(out, ',');
    hotspots_put_number(out, values[c]);
  }
}

static void hotspots_tell(struct hotspots_model *self)
{
  const struct wr_hotspot *items;
  uint32_t count = wr_hotspots_find(self->hotspots, &items), columns = self->shape.columns;
  struct wr_buffer *out = &self->text;
  wr_buffer_clear(out);
  hotspots_put_text(out, "{\"hotspots\":[");
  for (uint32_t i = 0; i < count; i++) {
    hotspots_put_text(out, i > 0 ? ",{\"density\":" : "{\"density\":");
    hotspots_put_number(out, items[i].density);
    hotspots_put_values(out, ",\"minValues\":[", items[i].least, columns);
    hotspots_put_values(out, "],\"maxValues\":[", items[i].greatest, columns);
    hotspots_put_text(out, "]}");
  }
  hotspots_put_text(out, "]}");
}

static void hotspots_run(void *model, const struct wr_model_rows *rows, struct wr_builder *added)
{
  struct hotspots_model *self = model;
  const double *values = rows->values;
  for (uint32_t i = 0; i < rows->count; i++) {
    if (!rows->usable[i]) {
      wr_builder_put_null(&added[0]);
      continue;
    }
    wr_hotspots_add(self->hotspots, values);
    values += self->shape.columns;
    hotspots_tell(self);
    wr_builder_put_copy(&added[0], self->text.bytes, (uint32_t)self->text.length);
  }
}

static void hotspots_save(const void *model, struct wr_part_writer *part)
{
  wr_hotspots_save(((const struct hotspots_model *)model)->hotspots, part);
}

static enum wr_code hotspots_load(void *model, struct wr_part_reader *part, struct wr_error *err)
{
  return wr_hotspots_load(((struct hotspots_model *)model)->hotspots, part, err);
}

const struct wr_model_work wr_model_hotspots = {
    .name = "HOTSPOTS",
    .rows_max = 64, /* each with a text that tells of every hotspot */
    .open = hotspots_open,
    .close = hotspots_close,
    .bytes = hotspots_bytes,
    .run = hotspots_run,
    .save = hotspots_save,
    .load = hotspots_load,
};
