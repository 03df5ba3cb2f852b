/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of the Nexmark benchmark as a table (nexmark_events.h): all three kinds in one, with a
 * column event_type and a ROW per kind, or one kind alone with its fields as columns. Event n is
 * the same in every run and at every parallelism; events are dealt to `splits` splits, event n to
 * split n mod splits.
 *
 * A position is "<events made in this split> <when the job began>".
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "connectors/connector.h"
#include "connectors/nexmark_events.h"
#include "core/limits.h"
#include "core/time.h"
#include "text/datetime.h"

#define NEXMARK_SPLITS_MAX 1024
#define NEXMARK_PULSE_US   INT64_C(10000) /* events that fall due within this time come together */
#define NEXMARK_LOOKS      (64 * WR_BATCH_ROWS) /* events passed over in one poll */
#define NEXMARK_ALL        WR_NEXMARK_KINDS

static const struct wr_option nexmark_options[] = {
    {.name = "event",
     .kind = WR_OPTION_CHOICE,
     .fallback = "all",
     .choices = "all|person|auction|bid",
     .help =
         "Which events are rows: all of them, with the columns event_type (0 person, 1 auction, "
         "2 bid), person, auction and bid, each a ROW; or one kind, its fields being columns."},
    {.name = "events.num",
     .kind = WR_OPTION_INTEGER,
     .fallback = "0",
     .help = "How many events there are, of all kinds; 0: they never end."},
    {.name = "first-event.rate",
     .kind = WR_OPTION_INTEGER,
     .fallback = "10000",
     .help = "Events per second of event time; and of the clock, unless max-emit-speed."},
    {.name = "next-event.rate",
     .kind = WR_OPTION_INTEGER,
     .help = "The same; another rate than first-event.rate is not supported."},
    {.name = "max-emit-speed",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "As fast as possible, whatever the rate."},
    {.name = "base-time",
     .kind = WR_OPTION_TEXT,
     .help =
         "Event time of the first event, such as 2026-01-01 00:00:00; without it the moment the "
         "job begins, or 2015-07-15 00:00:00 with max-emit-speed, so that runs are equal."},
    {.name = "seed",
     .kind = WR_OPTION_INTEGER,
     .fallback = "0",
     .help = "Another seed gives other values."},
    {.name = "splits",
     .kind = WR_OPTION_INTEGER,
     .fallback = "1",
     .help =
         "Into how many independent streams the events are dealt; as many tasks can make them."},
    {.name = "out-of-order-group-size",
     .kind = WR_OPTION_INTEGER,
     .fallback = "1",
     .help = "Events are shuffled within groups of so many."},
    {.name = "person.proportion",
     .kind = WR_OPTION_INTEGER,
     .fallback = "1",
     .help = "Of the sum of the three proportions, so many events are people."},
    {.name = "auction.proportion", .kind = WR_OPTION_INTEGER, .fallback = "3", .help = "Auctions."},
    {.name = "bid.proportion", .kind = WR_OPTION_INTEGER, .fallback = "46", .help = "Bids."},
    {.name = "person.avg-size",
     .kind = WR_OPTION_INTEGER,
     .fallback = "200",
     .help = "Bytes of a person on average: the column extra fills it up."},
    {.name = "auction.avg-size",
     .kind = WR_OPTION_INTEGER,
     .fallback = "500",
     .help = "Bytes of an auction."},
    {.name = "bid.avg-size",
     .kind = WR_OPTION_INTEGER,
     .fallback = "100",
     .help = "Bytes of a bid."},
    {.name = "auction.hot-ratio.sellers",
     .kind = WR_OPTION_INTEGER,
     .fallback = "4",
     .help = "Of so many auctions all but one are a hot seller's."},
    {.name = "bid.hot-ratio.auctions",
     .kind = WR_OPTION_INTEGER,
     .fallback = "2",
     .help = "Of so many bids all but one are for a hot auction."},
    {.name = "bid.hot-ratio.bidders",
     .kind = WR_OPTION_INTEGER,
     .fallback = "4",
     .help = "Of so many bids all but one are a hot bidder's."},
    {.name = NULL},
};

/* A column that is wanted: event_type (no field, no children), a field, or a ROW of fields. */
struct nexmark_column {
  const struct wr_nexmark_field **fields; /* one, or those of the ROW */
  uint32_t field_count;
  enum wr_nexmark_kind kind;
  bool is_row;
  void **values; /* per field */
};

struct nexmark_split {
  int64_t index; /* of all splits of the table */
  int64_t made, first, total, begun_us;
  char position[48];
};

struct nexmark {
  struct wr_reader reader;
  struct wr_arena arena;
  struct wr_nexmark_shape shape;
  struct wr_nexmark *events;
  int kind; /* NEXMARK_ALL, or the one whose fields are columns */
  bool fast;
  struct nexmark_column *made;
  struct wr_column *columns;
  uint32_t column_count;
  int32_t *types;                     /* event_type */
  int64_t *numbers[WR_NEXMARK_KINDS]; /* of a batch, by kind */
  uint32_t *rows[WR_NEXMARK_KINDS];
  uint32_t counts[WR_NEXMARK_KINDS];
  uint64_t *valid[WR_NEXMARK_KINDS];
  struct nexmark_split *splits;
  struct wr_run run;
  uint32_t turn;
  int64_t stride;
  int64_t started_us;
};

static const struct wr_reader_class nexmark_reader;

/* ---- options */

static int64_t nexmark_integer(const struct wr_table_spec *spec, const char *name)
{
  return wr_options_integer(spec->options, nexmark_options, name);
}

static int nexmark_kind_option(const struct wr_table_spec *spec)
{
  const char *event = wr_options_text(spec->options, nexmark_options, "event");
  int kind = 0;
  while (kind < WR_NEXMARK_KINDS && strcmp(event, wr_nexmark_kind_name(kind)) != 0)
    kind++;
  return kind;
}

static bool nexmark_is_bounded(const struct wr_table_spec *spec)
{
  return nexmark_integer(spec, "events.num") > 0;
}

static enum wr_code nexmark_fail_option(const struct wr_table_spec *spec, const char *name,
                                        const char *expected, struct wr_error *err)
{
  const struct wr_option_value *value = wr_options_find_value(spec->options, name);
  return wr_fail_at(err, WR_SEMANTIC, value->value_span,
                    "the option '%s' of table %s is %s, but must be %s", name, spec->table,
                    value->value, expected);
}

static enum wr_code nexmark_check_numbers(const struct wr_table_spec *spec, struct wr_error *err)
{
  static const struct {
    const char *name;
    int64_t min, max;
    const char *expected;
  } ranges[] = {
      {"events.num", 0, INT64_C(1000000000000000), "from 0 to 10^15"},
      {"first-event.rate", 1, 1000000000, "from 1 to 10^9"},
      {"next-event.rate", 1, 1000000000, "from 1 to 10^9"},
      {"splits", 1, NEXMARK_SPLITS_MAX, "from 1 to 1024"},
      {"out-of-order-group-size", 1, 100000, "from 1 to 100000"},
      {"person.proportion", 1, 1000000, "from 1 to 10^6"},
      {"auction.proportion", 1, 1000000, "from 1 to 10^6"},
      {"bid.proportion", 1, 1000000, "from 1 to 10^6"},
      {"person.avg-size", 0, 10000, "from 0 to 10000"},
      {"auction.avg-size", 0, 10000, "from 0 to 10000"},
      {"bid.avg-size", 0, 10000, "from 0 to 10000"},
      {"auction.hot-ratio.sellers", 1, 1000000, "from 1 to 10^6"},
      {"bid.hot-ratio.auctions", 1, 1000000, "from 1 to 10^6"},
      {"bid.hot-ratio.bidders", 1, 1000000, "from 1 to 10^6"},
  };
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
    int64_t number = nexmark_integer(spec, ranges[i].name);
    if (wr_options_find(spec->options, ranges[i].name) &&
        (number < ranges[i].min || number > ranges[i].max))
      return nexmark_fail_option(spec, ranges[i].name, ranges[i].expected, err);
  }
  if (wr_options_find(spec->options, "next-event.rate") &&
      nexmark_integer(spec, "next-event.rate") != nexmark_integer(spec, "first-event.rate"))
    return nexmark_fail_option(spec, "next-event.rate", "the same as first-event.rate", err);
  const char *base = wr_options_find(spec->options, "base-time");
  int64_t base_us;
  if (base && !wr_parse_timestamp(base, strlen(base), &base_us))
    return nexmark_fail_option(spec, "base-time", "a time such as 2026-01-01 00:00:00", err);
  return WR_OK;
}

/* ---- columns */

static bool nexmark_type_fits(const struct wr_type *wanted, const struct wr_type *made)
{
  if (wr_kind_is_text(made->kind))
    return wr_kind_is_text(wanted->kind);
  if (made->kind == WR_TIMESTAMP)
    return wr_kind_is_timestamp(wanted->kind) && wanted->precision >= made->precision;
  return wanted->kind == made->kind;
}

static const struct wr_nexmark_field *nexmark_find_field(enum wr_nexmark_kind kind,
                                                         const char *name)
{
  const struct wr_nexmark_field *field = wr_nexmark_fields(kind);
  while (field->name && strcmp(field->name, name) != 0)
    field++;
  return field->name ? field : NULL;
}

static enum wr_code nexmark_fail_column(const struct wr_table_spec *spec, const char *row,
                                        const char *name, const struct wr_type *type,
                                        const char *expected, struct wr_error *err)
{
  char text[128];
  wr_type_print(type, text, sizeof text);
  return wr_fail(err, WR_SEMANTIC, "nexmark has no %s%s%s %s for the table %s%s%s", row,
                 *row ? "." : "", name, text, spec->table, *expected ? ": it makes " : "",
                 expected);
}

/* The fields of a kind in the order in which a ROW, or the table, has them. */
static enum wr_code nexmark_fields(const struct wr_table_spec *spec, const char *row,
                                   enum wr_nexmark_kind kind, const struct wr_field *wanted,
                                   uint32_t count, const struct wr_nexmark_field **out,
                                   struct wr_error *err)
{
  for (uint32_t i = 0; i < count; i++) {
    const struct wr_nexmark_field *field = nexmark_find_field(kind, wanted[i].name);
    char made[64] = "";
    if (field)
      wr_type_print(field->type, made, sizeof made);
    if (!field || !nexmark_type_fits(wanted[i].type, field->type))
      return nexmark_fail_column(spec, row, wanted[i].name, wanted[i].type, made, err);
    out[i] = field;
  }
  return WR_OK;
}

static enum wr_code nexmark_column(const struct wr_table_spec *spec, int table_kind,
                                   const struct wr_field *wanted, struct wr_arena *arena,
                                   struct nexmark_column *out, struct wr_error *err)
{
  bool is_row = wanted->type->kind == WR_ROW;
  int kind = table_kind;
  *out = (struct nexmark_column){.field_count = 1};
  if (table_kind == NEXMARK_ALL) {
    for (kind = 0; kind < WR_NEXMARK_KINDS; kind++)
      if (is_row && strcmp(wanted->name, wr_nexmark_kind_name(kind)) == 0)
        break;
    if (kind == WR_NEXMARK_KINDS) {
      out->field_count = 0;
      return strcmp(wanted->name, "event_type") == 0 && wanted->type->kind == WR_INT
                 ? WR_OK
                 : nexmark_fail_column(spec, "", wanted->name, wanted->type,
                                       "event_type INT and the ROWs person, auction and bid", err);
    }
    out->field_count = wanted->type->field_count;
    out->is_row = true;
  }
  out->kind = (enum wr_nexmark_kind)kind;
  out->fields = (const struct wr_nexmark_field **)wr_arena_get_zero(arena, (out->field_count + 1) *
                                                                               sizeof *out->fields);
  return nexmark_fields(spec, out->is_row ? wanted->name : "", out->kind,
                        out->is_row ? wanted->type->fields : wanted, out->field_count, out->fields,
                        err);
}

static enum wr_code nexmark_check(const struct wr_table_spec *spec, bool writing,
                                  struct wr_error *err)
{
  struct wr_arena arena = {0};
  struct nexmark_column column;
  enum wr_code code = nexmark_check_numbers(spec, err);
  (void)writing;
  for (uint32_t c = 0; code == WR_OK && c < spec->schema->column_count; c++)
    code = nexmark_column(spec, nexmark_kind_option(spec), &spec->schema->fields[c], &arena,
                          &column, err);
  wr_arena_free(&arena);
  return code;
}

/* ---- splits */

static enum wr_code nexmark_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                                     struct wr_split **splits, uint32_t *split_count,
                                     struct wr_error *err)
{
  (void)err;
  *split_count = (uint32_t)nexmark_integer(spec, "splits");
  *splits = WR_NEW_ARRAY(arena, struct wr_split, *split_count);
  char *position = wr_arena_print(arena, "0 %" PRId64, wr_now_us() / 1000 * 1000);
  for (uint32_t i = 0; i < *split_count; i++)
    (*splits)[i] = (struct wr_split){wr_arena_print(arena, "events-%u", i), position};
  return WR_OK;
}

static void nexmark_open_split(struct nexmark *self, struct nexmark_split *split,
                               const struct wr_split *from, int64_t total)
{
  bool known = sscanf(from->name, "events-%" SCNd64, &split->index) == 1;
  assert(known && split->index >= 0 && split->index < self->stride);
  (void)known;
  split->begun_us = wr_now_us() / 1000 * 1000;
  if (from->position)
    sscanf(from->position, "%" SCNd64 " %" SCNd64, &split->made, &split->begun_us);
  split->first = split->made;
  split->total = INT64_MAX;
  if (total > 0) {
    split->total = total > split->index ? (total - split->index - 1) / self->stride + 1 : 0;
    self->reader.progress_total += (uint64_t)split->total;
    self->reader.progress_done += (uint64_t)split->made;
  }
}

static void nexmark_close(struct wr_reader *reader)
{
  struct nexmark *self = (struct nexmark *)reader;
  wr_nexmark_free(self->events);
  struct wr_arena arena = self->arena;
  wr_arena_free(&arena);
  free(self);
}

static void nexmark_open_shape(struct nexmark *self, const struct wr_table_spec *spec)
{
  struct wr_nexmark_shape *shape = &self->shape;
  *shape = (struct wr_nexmark_shape){
      .seed = (uint64_t)nexmark_integer(spec, "seed"),
      .base_us = INT64_C(1436918400) * WR_US_PER_SECOND,
      .rate = nexmark_integer(spec, "first-event.rate"),
      .disorder = nexmark_integer(spec, "out-of-order-group-size"),
      .proportions = {nexmark_integer(spec, "person.proportion"),
                      nexmark_integer(spec, "auction.proportion"),
                      nexmark_integer(spec, "bid.proportion")},
      .sizes = {nexmark_integer(spec, "person.avg-size"), nexmark_integer(spec, "auction.avg-size"),
                nexmark_integer(spec, "bid.avg-size")},
      .hot_sellers = nexmark_integer(spec, "auction.hot-ratio.sellers"),
      .hot_auctions = nexmark_integer(spec, "bid.hot-ratio.auctions"),
      .hot_bidders = nexmark_integer(spec, "bid.hot-ratio.bidders"),
      .active_people = 1000,
      .open_auctions = 100,
  };
  const char *base = wr_options_find(spec->options, "base-time");
  self->fast = wr_options_bool(spec->options, nexmark_options, "max-emit-speed");
  if (base)
    wr_parse_timestamp(base, strlen(base), &shape->base_us);
  else if (!self->fast && self->reader.split_count)
    shape->base_us = self->splits[0].begun_us;
}

static void *nexmark_values(struct nexmark *self, size_t width)
{
  return wr_arena_get_zero(&self->arena, WR_BATCH_ROWS * width + WR_PADDING);
}

/* What a batch's columns point to does not change from batch to batch. */
static void nexmark_open_column(struct nexmark *self, struct nexmark_column *made,
                                const struct wr_type *type, struct wr_column *column)
{
  *column = (struct wr_column){.type = type, .values = self->types};
  made->values = wr_arena_get(&self->arena, (made->field_count + 1) * sizeof *made->values);
  for (uint32_t f = 0; f < made->field_count; f++)
    made->values[f] = nexmark_values(self, wr_kind_is_text(made->fields[f]->type->kind) ? 16 : 8);
  if (!made->is_row) {
    if (made->field_count)
      column->values = made->values[0];
    return;
  }
  struct wr_column *children = WR_NEW_ARRAY(&self->arena, struct wr_column, made->field_count + 1);
  for (uint32_t f = 0; f < made->field_count; f++)
    children[f] = (struct wr_column){
        .type = type->fields[f].type, .valid = self->valid[made->kind], .values = made->values[f]};
  column->values = NULL;
  column->valid = self->valid[made->kind];
  column->children = children;
}

static enum wr_code nexmark_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                                 uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct nexmark *self = wr_memory_get_zero(sizeof *self);
  self->reader = (struct wr_reader){
      .class = &nexmark_reader,
      .states = WR_NEW_ARRAY(&self->arena, enum wr_split_state, split_count + 1),
      .split_count = split_count,
  };
  self->stride = nexmark_integer(spec, "splits");
  self->kind = nexmark_kind_option(spec);
  self->started_us = wr_monotonic_us();
  self->splits = WR_NEW_ARRAY(&self->arena, struct nexmark_split, split_count + 1);
  for (uint32_t i = 0; i < split_count; i++) {
    nexmark_open_split(self, &self->splits[i], &splits[i], nexmark_integer(spec, "events.num"));
    self->reader.states[i] =
        self->splits[i].made >= self->splits[i].total ? WR_SPLIT_DONE : WR_SPLIT_READING;
  }
  nexmark_open_shape(self, spec);
  self->events = wr_nexmark_new(&self->shape);
  self->types = nexmark_values(self, sizeof *self->types);
  for (int k = 0; k < WR_NEXMARK_KINDS; k++) {
    self->numbers[k] = nexmark_values(self, sizeof *self->numbers[k]);
    self->rows[k] = nexmark_values(self, sizeof *self->rows[k]);
    self->valid[k] = nexmark_values(self, 1);
  }
  self->column_count = spec->wanted_count;
  self->made = WR_NEW_ARRAY(&self->arena, struct nexmark_column, spec->wanted_count + 1);
  self->columns = WR_NEW_ARRAY(&self->arena, struct wr_column, spec->wanted_count + 1);
  enum wr_code code = WR_OK;
  for (uint32_t i = 0; code == WR_OK && i < spec->wanted_count; i++) {
    const struct wr_field *field = &spec->schema->fields[spec->wanted[i]];
    code = nexmark_column(spec, self->kind, field, &self->arena, &self->made[i], err);
    if (code == WR_OK)
      nexmark_open_column(self, &self->made[i], field->type, &self->columns[i]);
  }
  if (code != WR_OK)
    nexmark_close(&self->reader);
  else
    *out = &self->reader;
  return code;
}

/* ---- rows */

static int64_t nexmark_due_us(const struct nexmark *self, const struct nexmark_split *split,
                              int64_t made)
{
  __int128 events = (__int128)(made - split->first) * self->stride;
  return self->started_us + (int64_t)(events * WR_US_PER_SECOND / self->shape.rate);
}

/* Events of a split that may happen now; 0: none yet, and *wake_us is when. */
static int64_t nexmark_due_count(const struct nexmark *self, const struct nexmark_split *split,
                                 int64_t now_us, int64_t *wake_us)
{
  int64_t left = split->total - split->made;
  int64_t most = left < NEXMARK_LOOKS ? left : NEXMARK_LOOKS;
  if (self->fast)
    return most;
  int64_t together = self->shape.rate * NEXMARK_PULSE_US / WR_US_PER_SECOND / self->stride;
  together = together < 1 ? 1 : together > most ? most : together;
  int64_t full_us = nexmark_due_us(self, split, split->made + together - 1);
  if (full_us > now_us) {
    *wake_us = full_us < *wake_us ? full_us : *wake_us;
    return 0;
  }
  __int128 due = (__int128)(now_us - self->started_us) * self->shape.rate /
                     ((__int128)WR_US_PER_SECOND * self->stride) +
                 1 - (split->made - split->first);
  return due < together ? together : due > most ? most : (int64_t)due;
}

static uint32_t nexmark_pick(struct nexmark *self, int64_t now_us, int64_t *event_count,
                             int64_t *wake_us)
{
  for (uint32_t i = 0; i < self->reader.split_count; i++) {
    uint32_t s = (self->turn + i) % self->reader.split_count;
    if (self->splits[s].made >= self->splits[s].total)
      self->reader.states[s] = WR_SPLIT_DONE; /* its last rows have been taken away */
    if (self->reader.states[s] == WR_SPLIT_DONE || (self->reader.held && self->reader.held[s]))
      continue;
    *event_count = nexmark_due_count(self, &self->splits[s], now_us, wake_us);
    if (*event_count) {
      self->turn = s + 1;
      return s;
    }
  }
  return UINT32_MAX;
}

/* Which of the split's next events are rows: their numbers, by kind; returns how many rows. The
 * division of an event's number by the cycle is what decides, so it is done once and then counted
 * on. */
static uint32_t nexmark_deal(struct nexmark *self, struct nexmark_split *split, int64_t event_count)
{
  const struct wr_nexmark_shape *shape = &self->shape;
  const int64_t people = shape->proportions[WR_NEXMARK_PERSON];
  const int64_t others = people + shape->proportions[WR_NEXMARK_AUCTION];
  const int64_t cycle = others + shape->proportions[WR_NEXMARK_BID];
  const int64_t step = self->stride % cycle;
  int64_t number = split->index + split->made * self->stride, place = number % cycle;
  uint32_t row_count = 0;
  memset(self->counts, 0, sizeof self->counts);
  for (; event_count && row_count < WR_BATCH_ROWS; event_count--, split->made++) {
    int64_t event = number, at = place;
    if (shape->disorder > 1) {
      event = wr_nexmark_shuffled(shape, number);
      at = event % cycle;
    }
    int kind = at < people ? WR_NEXMARK_PERSON : at < others ? WR_NEXMARK_AUCTION : WR_NEXMARK_BID;
    if (self->kind == NEXMARK_ALL || self->kind == kind) {
      self->types[row_count] = kind;
      self->numbers[kind][self->counts[kind]] = event;
      self->rows[kind][self->counts[kind]++] = row_count++;
    }
    number += self->stride;
    place += step;
    place -= place >= cycle ? cycle : 0;
  }
  return row_count;
}

static void nexmark_make_column(struct nexmark *self, const struct nexmark_column *made)
{
  enum wr_nexmark_kind kind = made->kind;
  for (uint32_t f = 0; f < made->field_count; f++)
    made->fields[f]->fill(self->events, self->numbers[kind], made->is_row ? self->rows[kind] : NULL,
                          self->counts[kind], made->values[f]);
}

static void nexmark_make(struct nexmark *self, uint32_t s, int64_t event_count,
                         struct wr_batch *batch)
{
  struct nexmark_split *split = &self->splits[s];
  int64_t before = split->made;
  uint32_t row_count = nexmark_deal(self, split, event_count);
  if (self->kind == NEXMARK_ALL)
    for (int k = 0; k < WR_NEXMARK_KINDS; k++) {
      memset(self->valid[k], 0, WR_BATCH_ROWS / 8);
      for (uint32_t i = 0; i < self->counts[k]; i++)
        wr_bit_set(self->valid[k], self->rows[k][i]);
    }
  for (uint32_t c = 0; c < self->column_count; c++)
    nexmark_make_column(self, &self->made[c]);
  self->reader.progress_done += (uint64_t)(split->made - before);
  int length = snprintf(split->position, sizeof split->position, "%" PRId64 " %" PRId64,
                        split->made, split->begun_us);
  self->run = (struct wr_run){s, 0, row_count, {split->position, (uint32_t)length}};
  batch->columns = self->columns;
  batch->row_count = batch->picked_count = row_count;
  batch->runs = &self->run;
  batch->run_count = 1;
}

static enum wr_code nexmark_poll_rows(struct wr_reader *reader, int wait_ms, struct wr_batch *batch,
                                      struct wr_error *err)
{
  struct nexmark *self = (struct nexmark *)reader;
  int64_t now_us = wr_monotonic_us(), end_us = now_us + wait_ms * WR_US_PER_MS;
  (void)err;
  for (;;) {
    int64_t event_count = 0, wake_us = end_us;
    uint32_t s = nexmark_pick(self, now_us, &event_count, &wake_us);
    if (s != UINT32_MAX) {
      nexmark_make(self, s, event_count, batch);
      return WR_OK;
    }
    bool done = true;
    for (uint32_t i = 0; i < self->reader.split_count; i++)
      done = done && self->reader.states[i] == WR_SPLIT_DONE;
    if (now_us >= end_us || done)
      return WR_OK;
    struct timespec pause = {(wake_us - now_us) / WR_US_PER_SECOND,
                             (wake_us - now_us) % WR_US_PER_SECOND * 1000};
    if (wake_us > now_us)
      nanosleep(&pause, NULL);
    now_us = wr_monotonic_us();
  }
}

static const struct wr_reader_class nexmark_reader = {
    .discover = nexmark_discover,
    .open = nexmark_open,
    .close = nexmark_close,
    .poll_rows = nexmark_poll_rows,
};

const struct wr_connector wr_connector_nexmark = {
    .name = "nexmark",
    .help = "Makes the events of the Nexmark benchmark: people, auctions, bids.",
    .options = nexmark_options,
    .reader = &nexmark_reader,
    .check = nexmark_check,
    .is_bounded = nexmark_is_bounded,
    .rows_by_name = true,
};
