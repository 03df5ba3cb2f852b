/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows from nowhere: for examples, measurements and tests. Row number r holds the same values in
 * every run and at every parallelism (datagen_field.h). The rows are dealt to `splits` splits, row
 * r to split r mod splits; row r is due r / rows-per-second after the reader began, and a few
 * milliseconds' worth of rows are made at a time.
 *
 * A position is "<rows made in this split> <when the job began>": sequences of times that start
 * with the job go on unchanged after a restart.
 */
#include "connectors/connector.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "connectors/datagen_field.h"
#include "core/time.h"

#define DATAGEN_PULSE_US   INT64_C(10000) /* rows that fall due within this time come together */
#define DATAGEN_SPLITS_MAX 1024

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
     .help = "Another seed gives other random values."},
    {.name = "fields.*",
     .kind = WR_OPTION_TEXT,
     .help = "'fields.<column>.<setting>': kind (random, sequence); random: min, max, length, "
             "values ('a|b|c'), null-rate; sequence: start, end, step; times: max-past. Nested: "
             "'fields.<row>.<field>.<setting>', 'fields.<array or multiset>.element.<setting>', "
             "'fields.<map>.key.<setting>' and '.value.'; a collection has length items (3)."},
    {.name = NULL},
};

struct datagen_split {
  int64_t index; /* of all splits of the table */
  int64_t made;  /* rows so far */
  int64_t first; /* rows made before this reader began */
  int64_t total; /* INT64_MAX: without end */
  int64_t begun_us;
  char position[48];
};

struct datagen {
  struct wr_reader reader;
  struct wr_arena arena;
  struct wr_datagen_field *fields; /* of all columns */
  const uint32_t *wanted;
  uint32_t wanted_count;
  struct wr_builder *builders; /* of the wanted ones */
  struct wr_column *columns;
  struct datagen_split *splits;
  struct wr_run run;
  uint32_t turn;
  int64_t stride; /* number of splits of the table */
  int64_t rows_per_second, started_us;
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
                {"splits", 1, DATAGEN_SPLITS_MAX}};
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
  *splits = WR_NEW_ARRAY(arena, struct wr_split, *split_count);
  char *position = wr_arena_print(arena, "0 %" PRId64, wr_now_us());
  for (uint32_t i = 0; i < *split_count; i++)
    (*splits)[i] = (struct wr_split){wr_arena_print(arena, "rows-%u", i), position};
  return WR_OK;
}

static void datagen_open_split(struct datagen *self, struct datagen_split *split,
                               const struct wr_split *from, int64_t total)
{
  bool known = sscanf(from->name, "rows-%" SCNd64, &split->index) == 1;
  assert(known && split->index >= 0 && split->index < self->stride);
  (void)known;
  split->begun_us = wr_now_us();
  if (from->position)
    sscanf(from->position, "%" SCNd64 " %" SCNd64, &split->made, &split->begun_us);
  split->first = split->made;
  split->total = INT64_MAX;
  if (total != INT64_MAX) {
    split->total = total > split->index ? (total - split->index - 1) / self->stride + 1 : 0;
    self->reader.progress_total += (uint64_t)split->total;
    self->reader.progress_done += (uint64_t)split->made;
  }
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
  int64_t total = datagen_row_count(spec, self->fields);
  self->reader = (struct wr_reader){
      .class = &datagen_reader,
      .states = WR_NEW_ARRAY(&self->arena, enum wr_split_state, split_count),
      .split_count = split_count,
  };
  self->stride = datagen_integer(spec, "splits");
  self->rows_per_second = datagen_integer(spec, "rows-per-second");
  self->started_us = wr_monotonic_us();
  self->wanted = spec->wanted;
  self->wanted_count = spec->wanted_count;
  self->builders = WR_NEW_ARRAY(&self->arena, struct wr_builder, spec->wanted_count);
  self->columns = WR_NEW_ARRAY(&self->arena, struct wr_column, spec->wanted_count);
  for (uint32_t i = 0; i < spec->wanted_count; i++)
    wr_builder_open(&self->builders[i], spec->schema->fields[spec->wanted[i]].type);
  self->splits = WR_NEW_ARRAY(&self->arena, struct datagen_split, split_count);
  for (uint32_t i = 0; i < split_count; i++) {
    datagen_open_split(self, &self->splits[i], &splits[i], total);
    self->reader.states[i] =
        self->splits[i].made >= self->splits[i].total ? WR_SPLIT_DONE : WR_SPLIT_READING;
  }
  *out = &self->reader;
  return WR_OK;
}

/* ---- rows */

/* When row number `made` of a split is due, on the monotonic clock. */
static int64_t datagen_due_us(const struct datagen *self, const struct datagen_split *split,
                              int64_t made)
{
  __int128 rows = (__int128)(made - split->first) * self->stride;
  return self->started_us + (int64_t)(rows * WR_US_PER_SECOND / self->rows_per_second);
}

/* Rows of a split that may be made now; 0: not yet, and *wake_us is when. Rows that fall due
 * shortly one after another are made together by the last of them. */
static uint32_t datagen_due_count(const struct datagen *self, const struct datagen_split *split,
                                  int64_t now_us, int64_t *wake_us)
{
  int64_t left = split->total - split->made;
  int64_t most = left < WR_BATCH_ROWS ? left : WR_BATCH_ROWS;
  if (self->rows_per_second == 0)
    return (uint32_t)most;
  int64_t together = self->rows_per_second * DATAGEN_PULSE_US / WR_US_PER_SECOND / self->stride;
  together = together < 1 ? 1 : together > most ? most : together;
  int64_t full_us = datagen_due_us(self, split, split->made + together - 1);
  if (full_us > now_us) {
    *wake_us = full_us < *wake_us ? full_us : *wake_us;
    return 0;
  }
  __int128 due = (__int128)(now_us - self->started_us) * self->rows_per_second /
                     ((__int128)WR_US_PER_SECOND * self->stride) +
                 1 - (split->made - split->first);
  return (uint32_t)(due < together ? together : due > most ? most : due);
}

/* The next split with rows to make, or UINT32_MAX and when to look again. */
static uint32_t datagen_pick(struct datagen *self, int64_t now_us, uint32_t *row_count,
                             int64_t *wake_us)
{
  for (uint32_t i = 0; i < self->reader.split_count; i++) {
    uint32_t s = (self->turn + i) % self->reader.split_count;
    if (self->splits[s].made >= self->splits[s].total)
      self->reader.states[s] = WR_SPLIT_DONE; /* its last rows have been taken away */
    if (self->reader.states[s] == WR_SPLIT_DONE || (self->reader.held && self->reader.held[s]))
      continue;
    *row_count = datagen_due_count(self, &self->splits[s], now_us, wake_us);
    if (*row_count) {
      self->turn = s + 1;
      return s;
    }
  }
  return UINT32_MAX;
}

static bool datagen_is_done(const struct datagen *self)
{
  for (uint32_t i = 0; i < self->reader.split_count; i++)
    if (self->reader.states[i] != WR_SPLIT_DONE)
      return false;
  return true;
}

static void datagen_wait(int64_t wait_us)
{
  struct timespec time = {wait_us / WR_US_PER_SECOND, wait_us % WR_US_PER_SECOND * 1000};
  if (wait_us > 0)
    nanosleep(&time, NULL);
}

static void datagen_make(struct datagen *self, uint32_t s, uint32_t row_count,
                         struct wr_batch *batch)
{
  struct datagen_split *split = &self->splits[s];
  int64_t first = split->index + split->made * self->stride, now_us = wr_now_us();
  for (uint32_t i = 0; i < self->wanted_count; i++) {
    struct wr_builder *builder = &self->builders[i];
    wr_builder_reset(builder);
    wr_builder_reserve(builder, row_count);
    wr_datagen_field_make(&self->fields[self->wanted[i]], first, self->stride, row_count,
                          split->begun_us, now_us, builder);
    self->columns[i] = wr_builder_view(builder);
  }
  split->made += row_count;
  self->reader.progress_done += row_count;
  int length = snprintf(split->position, sizeof split->position, "%" PRId64 " %" PRId64,
                        split->made, split->begun_us);
  self->run = (struct wr_run){s, 0, row_count, {split->position, (uint32_t)length}};
  batch->columns = self->columns;
  batch->row_count = batch->picked_count = row_count;
  batch->runs = &self->run;
  batch->run_count = 1;
}

static enum wr_code datagen_poll_rows(struct wr_reader *reader, int wait_ms, struct wr_batch *batch,
                                      struct wr_error *err)
{
  struct datagen *self = (struct datagen *)reader;
  int64_t now_us = wr_monotonic_us(), end_us = now_us + wait_ms * WR_US_PER_MS;
  (void)err;
  for (;;) {
    uint32_t row_count = 0;
    int64_t wake_us = end_us;
    uint32_t s = datagen_pick(self, now_us, &row_count, &wake_us);
    if (s != UINT32_MAX) {
      datagen_make(self, s, row_count, batch);
      return WR_OK;
    }
    if (now_us >= end_us || datagen_is_done(self))
      return WR_OK;
    datagen_wait(wake_us - now_us);
    now_us = wr_monotonic_us();
  }
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
