/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows from nowhere: for examples, measurements and tests. Row number r holds the same values in
 * every run and at every parallelism (datagen_field.h); which split it belongs to, and when it is
 * due, says pace.h. Positions tell when the job began: sequences of times that start with the job
 * go on unchanged after a restart.
 */
#include "connectors/connector.h"

#include <inttypes.h>
#include <stdlib.h>

#include "connectors/datagen_field.h"
#include "connectors/pace.h"
#include "core/time.h"

#define DATAGEN_WORD "rows" /* of the names of splits */

static const struct wr_option datagen_options[] = {
    {.name = "rows-per-second",
     .kind = WR_OPTION_INTEGER,
     .fallback = "10000",
     .help = "Rows per second over all splits; 0: as fast as possible."},
    {.name = "number-of-rows",
     .kind = WR_OPTION_INTEGER,
     .help = "How many rows there are; without it they never end, unless a sequence does."},
    {.name = "splits",
     .kind = WR_OPTION_INTEGER,
     .fallback = "1",
     .help = "Into how many independent streams the rows are dealt; as many tasks can make them."},
    {.name = "seed",
     .kind = WR_OPTION_INTEGER,
     .fallback = "0",
     .help =
         "Another seed gives other random values; tables with the same one have the same values in "
         "columns of the same name."},
    {.name = "fields.*",
     .kind = WR_OPTION_TEXT,
     .help = "'fields.<column>.<setting>': kind (random, sequence); random: min, max, length, "
             "values ('a|b|c'), null-rate; sequence: start, end, step; times: max-past. Nested: "
             "'fields.<row>.<field>.<setting>', 'fields.<array or multiset>.element.<setting>', "
             "'fields.<map>.key.<setting>' and '.value.'; a collection has length items (3)."},
    {.name = NULL},
};

struct datagen {
  struct wr_reader reader;
  struct wr_arena arena;
  struct wr_datagen_field *fields; /* of all columns */
  const uint32_t *wanted;
  uint32_t wanted_count;
  struct wr_builder *builders; /* of the wanted ones */
  struct wr_column *columns;
  struct wr_pace pace;
};

static const struct wr_reader_class datagen_reader;

static int64_t datagen_integer(const struct wr_table_spec *spec, const char *name)
{
  return wr_options_integer(spec->options, datagen_options, name);
}

static bool datagen_has_number(const struct wr_table_spec *spec)
{
  return wr_options_find(spec->options, "number-of-rows") != NULL;
}

static enum wr_code datagen_fields(const struct wr_table_spec *spec, struct wr_arena *arena,
                                   struct wr_datagen_field **fields, struct wr_error *err)
{
  return wr_datagen_fields_new(spec, datagen_integer(spec, "rows-per-second"),
                               (uint64_t)datagen_integer(spec, "seed"), arena, fields, err);
}

/* Rows of the whole table; INT64_MAX: without end. */
static int64_t datagen_row_count(const struct wr_table_spec *spec,
                                 const struct wr_datagen_field *fields)
{
  int64_t rows = datagen_has_number(spec) ? datagen_integer(spec, "number-of-rows") : INT64_MAX;
  for (uint32_t c = 0; c < spec->schema->column_count; c++) {
    int64_t column_rows = wr_datagen_field_rows(&fields[c]);
    rows = column_rows < rows ? column_rows : rows;
  }
  return rows;
}

static bool datagen_is_bounded(const struct wr_table_spec *spec)
{
  struct wr_arena arena = {0};
  struct wr_datagen_field *fields;
  struct wr_error err;
  bool bounded = datagen_fields(spec, &arena, &fields, &err) == WR_OK &&
                 datagen_row_count(spec, fields) != INT64_MAX;
  wr_arena_free(&arena);
  return bounded;
}

static enum wr_code datagen_check(const struct wr_table_spec *spec, bool writing,
                                  struct wr_error *err)
{
  static const struct {
    const char *name;
    int64_t min, max;
  } ranges[] = {{"rows-per-second", 0, INT64_C(1000000000)},
                {"number-of-rows", 0, INT64_MAX - 1},
                {"splits", 1, WR_PACE_SPLITS_MAX}};
  (void)writing;
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
    const struct wr_option_value *value = wr_options_find_value(spec->options, ranges[i].name);
    int64_t number = datagen_integer(spec, ranges[i].name);
    if (value && (number < ranges[i].min || number > ranges[i].max))
      return wr_fail_at(err, WR_SEMANTIC, value->value_span,
                        "the option '%s' of table %s is %s, but must be between %" PRId64
                        " and %" PRId64,
                        value->key, spec->table, value->value, ranges[i].min, ranges[i].max);
  }
  struct wr_arena arena = {0};
  struct wr_datagen_field *fields;
  enum wr_code code = datagen_fields(spec, &arena, &fields, err);
  wr_arena_free(&arena);
  return code;
}

/* ---- splits */

static enum wr_code datagen_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                                     struct wr_split **splits, uint32_t *split_count,
                                     struct wr_error *err)
{
  (void)err;
  *split_count = (uint32_t)datagen_integer(spec, "splits");
  wr_pace_discover(DATAGEN_WORD, *split_count, wr_now_us(), arena, splits);
  return WR_OK;
}

static void datagen_close(struct wr_reader *reader)
{
  struct datagen *self = (struct datagen *)reader;
  for (uint32_t i = 0; self->builders && i < self->wanted_count; i++)
    wr_builder_close(&self->builders[i]);
  struct wr_arena arena = self->arena;
  wr_arena_free(&arena);
  free(self);
}

static enum wr_code datagen_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                                 uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct datagen *self = wr_memory_get_zero(sizeof *self);
  enum wr_code code = datagen_fields(spec, &self->arena, &self->fields, err);
  if (code != WR_OK) {
    datagen_close(&self->reader);
    return code;
  }
  self->reader = (struct wr_reader){.class = &datagen_reader, .split_count = split_count};
  self->pace = (struct wr_pace){.word = DATAGEN_WORD,
                                .stride = datagen_integer(spec, "splits"),
                                .rate = datagen_integer(spec, "rows-per-second"),
                                .total = datagen_row_count(spec, self->fields),
                                .count_max = WR_BATCH_ROWS};
  wr_pace_open(&self->pace, splits, wr_now_us(), &self->reader, &self->arena);
  self->wanted = spec->wanted;
  self->wanted_count = spec->wanted_count;
  self->builders = WR_NEW_ARRAY(&self->arena, struct wr_builder, spec->wanted_count);
  self->columns = WR_NEW_ARRAY(&self->arena, struct wr_column, spec->wanted_count);
  for (uint32_t i = 0; i < spec->wanted_count; i++)
    wr_builder_open(&self->builders[i], spec->schema->fields[spec->wanted[i]].type);
  *out = &self->reader;
  return WR_OK;
}

/* ---- rows */

static void datagen_make(struct datagen *self, uint32_t s, uint32_t row_count,
                         struct wr_batch *batch)
{
  const struct wr_pace_split *split = &self->pace.splits[s];
  int64_t stride = self->pace.stride;
  int64_t first = split->index + split->made * stride, now_us = wr_now_us();
  for (uint32_t i = 0; i < self->wanted_count; i++) {
    struct wr_builder *builder = &self->builders[i];
    wr_builder_reset(builder);
    wr_builder_reserve(builder, row_count);
    wr_datagen_field_make(&self->fields[self->wanted[i]], first, stride, row_count, split->begun_us,
                          now_us, builder);
    self->columns[i] = wr_builder_view(builder);
  }
  batch->columns = self->columns;
  wr_pace_made(&self->pace, s, row_count, row_count, batch);
}

static enum wr_code datagen_poll_rows(struct wr_reader *reader, int wait_ms, struct wr_batch *batch,
                                      struct wr_error *err)
{
  struct datagen *self = (struct datagen *)reader;
  uint32_t split, row_count;
  (void)err;
  if (wr_pace_next(&self->pace, wait_ms, &split, &row_count))
    datagen_make(self, split, row_count, batch);
  return WR_OK;
}

static const struct wr_reader_class datagen_reader = {
    .discover = datagen_discover,
    .open = datagen_open,
    .close = datagen_close,
    .poll_rows = datagen_poll_rows,
};

const struct wr_connector wr_connector_datagen = {
    .name = "datagen",
    .help = "Makes rows: random values and sequences, at a given rate.",
    .options = datagen_options,
    .reader = &datagen_reader,
    .check = datagen_check,
    .is_bounded = datagen_is_bounded,
};
