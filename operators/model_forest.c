/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RANDOM_CUT_FOREST and its explanation: per column
 *
 *   {"systolic":{"DIRECTION":"HIGH","STRENGTH":"0.8567","ATTRIBUTION_SCORE":"1.7447"}, ...}
 *
 * where the attributions sum up to the score, and the strength is by how much one direction counts
 * more than the other: their ratio, less 1.
 */
#include <math.h>
#include <stdlib.h>

#include "operators/model_state.h"
#include "text/json_write.h"
#include "text/number.h"

#define DIGITS    10000  /* four behind the point */
#define SHARE_MIN 0.0001 /* the least that is told of a direction */

struct forest_model {
  const struct wr_model_spec *spec;
  struct wr_forest *forest;
  double *scores;
  struct wr_forest_share *shares;
  uint32_t room;
  struct wr_buffer *names; /* per column: `"name":` */
  struct wr_buffer text;
};

static void *forest_open(const struct wr_model_spec *spec)
{
  struct forest_model *self = wr_memory_get_zero(sizeof *self);
  uint32_t columns = spec->forest.shape.columns;
  self->spec = spec;
  self->forest = wr_forest_new(&spec->forest.shape);
  self->names = wr_memory_get_zero(columns * sizeof *self->names);
  for (uint32_t c = 0; c < columns; c++) {
    const char *name = spec->input_schema->fields[spec->columns[c]].name;
    wr_json_write_string(&self->names[c], name, strlen(name));
    wr_buffer_put_char(&self->names[c], ':');
  }
  return self;
}

static void forest_close(void *model)
{
  struct forest_model *self = model;
  for (uint32_t c = 0; c < self->spec->forest.shape.columns; c++)
    wr_buffer_free(&self->names[c]);
  wr_buffer_free(&self->text);
  wr_forest_free(self->forest);
  free(self->names);
  free(self->scores);
  free(self->shares);
  free(self);
}

static uint64_t forest_bytes(const void *model)
{
  return wr_forest_bytes(((const struct forest_model *)model)->forest);
}

static void forest_put_text(struct wr_buffer *out, const char *text)
{
  wr_buffer_put(out, text, strlen(text));
}

/* "1.7447", with its quotes. */
static void forest_put_number(struct wr_buffer *out, double value)
{
  uint64_t number = (uint64_t)llround(value * DIGITS), rest = number % DIGITS;
  char *at = wr_buffer_reserve(out, 32);
  size_t length = 0;
  at[length++] = '"';
  length += wr_format_u64(number / DIGITS, at + length);
  at[length++] = '.';
  for (uint64_t digit = DIGITS / 10; digit > 0; digit /= 10)
    at[length++] = (char)('0' + rest / digit % 10);
  at[length++] = '"';
  wr_buffer_added(out, length);
}

static void forest_explain(struct forest_model *self, const struct wr_forest_share *shares)
{
  struct wr_buffer *out = &self->text;
  wr_buffer_clear(out);
  wr_buffer_put_char(out, '{');
  for (uint32_t c = 0; c < self->spec->forest.shape.columns; c++) {
    double high = shares[c].high, low = shares[c].low;
    double more = high > low ? high : low, less = high > low ? low : high;
    if (c > 0)
      wr_buffer_put_char(out, ',');
    wr_buffer_put(out, self->names[c].bytes, self->names[c].length);
    forest_put_text(out, "{");
    if (self->spec->forest.with_direction) {
      forest_put_text(out, high > low ? "\"DIRECTION\":\"HIGH\"" : "\"DIRECTION\":\"LOW\"");
      forest_put_text(out, ",\"STRENGTH\":");
      forest_put_number(out, (more - less) / (less > SHARE_MIN ? less : SHARE_MIN));
      forest_put_text(out, ",");
    }
    forest_put_text(out, "\"ATTRIBUTION_SCORE\":");
    forest_put_number(out, high + low);
    wr_buffer_put_char(out, '}');
  }
  wr_buffer_put_char(out, '}');
}

static void forest_run(void *model, const struct wr_model_rows *rows, struct wr_builder *added)
{
  struct forest_model *self = model;
  uint32_t columns = self->spec->forest.shape.columns;
  bool explained = self->spec->forest.explained;
  if (rows->usable_count > self->room) {
    self->room = rows->usable_count;
    self->scores = wr_memory_resize(self->scores, self->room * sizeof *self->scores);
    if (explained)
      self->shares =
          wr_memory_resize(self->shares, (size_t)self->room * columns * sizeof *self->shares);
  }
  wr_forest_run(self->forest, rows->values, rows->usable_count, self->scores,
                explained ? self->shares : NULL);
  for (uint32_t i = 0, next = 0; i < rows->count; i++) {
    if (!rows->usable[i]) {
      wr_builder_put_null(&added[0]);
      if (explained)
        wr_builder_put_null(&added[1]);
      continue;
    }
    wr_builder_put_f64(&added[0], self->scores[next]);
    if (explained) {
      forest_explain(self, self->shares + (size_t)next * columns);
      wr_builder_put_copy(&added[1], self->text.bytes, (uint32_t)self->text.length);
    }
    next++;
  }
}

static void forest_save(const void *model, struct wr_part_writer *part)
{
  wr_forest_save(((const struct forest_model *)model)->forest, part);
}

static enum wr_code forest_load(void *model, struct wr_part_reader *part, struct wr_error *err)
{
  return wr_forest_load(((struct forest_model *)model)->forest, part, err);
}

const struct wr_model_work wr_model_forest = {
    .name = "RANDOM_CUT_FOREST",
    .rows_max = 1024,
    .open = forest_open,
    .close = forest_close,
    .bytes = forest_bytes,
    .run = forest_run,
    .save = forest_save,
    .load = forest_load,
};
