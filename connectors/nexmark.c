/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events of the Nexmark benchmark as a table (nexmark_events.h): all three kinds in one, with a
 * column event_type and a ROW per kind, or one kind alone with its fields as columns. Event n is
 * the same in every run and at every parallelism.
 *
 * Events are dealt to splits in turn (pace.h), where the kinds come round after 50 events. Of two
 * splits one would never get a person, and its watermark, and with it all windows, would stand
 * still. So whenever kinds and splits have come round together a few times, in every block of that
 * many events, another split begins.
 */
#include <stdlib.h>

#include "connectors/connector.h"
#include "connectors/nexmark_events.h"
#include "connectors/pace.h"
#include "core/limits.h"
#include "core/time.h"
#include "text/datetime.h"

#define NEXMARK_WORD         "events"             /* of the names of splits */
#define NEXMARK_LOOKS        (64 * WR_BATCH_ROWS) /* events passed over in one poll */
#define NEXMARK_LEAPS_CYCLE  1024
#define NEXMARK_BLOCK_ROUNDS 16 /* more: fewer divisions; fewer: splits are alike sooner */
#define NEXMARK_ALL          WR_NEXMARK_KINDS

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

struct nexmark {
  struct wr_reader reader;
  struct wr_arena arena;
  struct wr_nexmark_shape shape;
  struct wr_nexmark *events;
  int kind; /* NEXMARK_ALL, or the one whose fields are columns */
  struct nexmark_column *made;
  struct wr_column *columns;
  uint32_t column_count;
  int32_t *types;                     /* event_type */
  int64_t *numbers[WR_NEXMARK_KINDS]; /* of a batch, by kind */
  uint32_t *rows[WR_NEXMARK_KINDS];
  uint32_t counts[WR_NEXMARK_KINDS];
  uint64_t *valid[WR_NEXMARK_KINDS];
  struct wr_pace pace;
  int64_t cycle;   /* events until the kinds come round */
  int64_t block;   /* events until another split begins */
  int64_t shifts;  /* blocks until all have; 1: it is always the first */
  uint32_t *leaps; /* per place in the cycle: how many of the split's events to pass over until one
                      is a row; NULL: they are looked at one by one */
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
      {"splits", 1, WR_PACE_SPLITS_MAX, "from 1 to 1024"},
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

/* Event time is in milliseconds. */
static int64_t nexmark_now_us(void)
{
  return wr_now_us() / WR_US_PER_MS * WR_US_PER_MS;
}

static enum wr_code nexmark_discover(const struct wr_table_spec *spec, struct wr_arena *arena,
                                     struct wr_split **splits, uint32_t *split_count,
                                     struct wr_error *err)
{
  (void)err;
  *split_count = (uint32_t)nexmark_integer(spec, "splits");
  wr_pace_discover(NEXMARK_WORD, *split_count, nexmark_now_us(), arena, splits);
  return WR_OK;
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
  if (base)
    wr_parse_timestamp(base, strlen(base), &shape->base_us);
  else if (self->pace.rate > 0 && self->reader.split_count)
    shape->base_us = self->pace.splits[0].begun_us;
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

static void nexmark_open_pace(struct nexmark *self, const struct wr_table_spec *spec,
                              const struct wr_split *splits)
{
  bool fast = wr_options_bool(spec->options, nexmark_options, "max-emit-speed");
  int64_t total = nexmark_integer(spec, "events.num");
  self->pace = (struct wr_pace){.word = NEXMARK_WORD,
                                .stride = nexmark_integer(spec, "splits"),
                                .rate = fast ? 0 : nexmark_integer(spec, "first-event.rate"),
                                .total = total > 0 ? total : INT64_MAX,
                                .count_max = NEXMARK_LOOKS};
  wr_pace_open(&self->pace, splits, nexmark_now_us(), &self->reader, &self->arena);
}

static void nexmark_open_turns(struct nexmark *self)
{
  const int64_t *proportions = self->shape.proportions;
  self->cycle = proportions[WR_NEXMARK_PERSON] + proportions[WR_NEXMARK_AUCTION] +
                proportions[WR_NEXMARK_BID];
  int64_t common = self->cycle;
  for (int64_t rest = self->pace.stride; rest;) {
    int64_t last = common % rest;
    common = rest;
    rest = last;
  }
  self->shifts = common;
  self->block = NEXMARK_BLOCK_ROUNDS * (self->cycle / common) * self->pace.stride;
}

/* A place from which none of the kind is ever reached has the greatest number. */
static void nexmark_open_leaps(struct nexmark *self)
{
  const int64_t *proportions = self->shape.proportions;
  if (self->kind == NEXMARK_ALL || self->shape.disorder > 1 || self->cycle > NEXMARK_LEAPS_CYCLE ||
      2 * proportions[self->kind] > self->cycle)
    return;
  int64_t first = 0, cycle = self->cycle, step = self->pace.stride % cycle;
  for (int k = 0; k < self->kind; k++)
    first += proportions[k];
  self->leaps = WR_NEW_ARRAY(&self->arena, uint32_t, cycle);
  for (int64_t begin = 0; begin < cycle; begin++) {
    int64_t place = begin;
    uint32_t leap = 0;
    while (leap < cycle && (place < first || place >= first + proportions[self->kind])) {
      place = (place + step) % cycle;
      leap++;
    }
    self->leaps[begin] = leap < cycle ? leap : UINT32_MAX;
  }
}

static enum wr_code nexmark_open(const struct wr_table_spec *spec, const struct wr_split *splits,
                                 uint32_t split_count, struct wr_reader **out, struct wr_error *err)
{
  struct nexmark *self = wr_memory_get_zero(sizeof *self);
  self->reader = (struct wr_reader){.class = &nexmark_reader, .split_count = split_count};
  self->kind = nexmark_kind_option(spec);
  nexmark_open_pace(self, spec, splits);
  nexmark_open_shape(self, spec);
  nexmark_open_turns(self);
  nexmark_open_leaps(self);
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
  self->shape.numbers_only = true;
  for (uint32_t i = 0; code == WR_OK && i < spec->wanted_count; i++)
    for (uint32_t f = 0; f < self->made[i].field_count; f++)
      self->shape.numbers_only &= !wr_kind_is_text(self->made[i].fields[f]->type->kind);
  self->events = wr_nexmark_new(&self->shape);
  if (code != WR_OK)
    nexmark_close(&self->reader);
  else
    *out = &self->reader;
  return code;
}

/* ---- rows */

/* The number of a split's next event; *count: so many come at equal distances, itself included. The
 * last block, if it is not a whole one, begins with the first split. */
static int64_t nexmark_next(const struct nexmark *self, int64_t index, int64_t made, int64_t *count)
{
  const int64_t stride = self->pace.stride, turns = self->block / stride;
  int64_t block = made / turns, shift = block % self->shifts;
  *count = self->shifts > 1 ? turns - made % turns : INT64_MAX;
  if (shift > 0 && self->pace.total / self->block > block)
    index = (index + stride - shift) % stride;
  return index + made * stride;
}

/* Notes the numbers of events that are rows, `count` of them from `number` on, until the batch is
 * full; returns of how many events. The division of a number by the cycle is what decides, so it is
 * done once and then counted on. */
static uint32_t nexmark_look(struct nexmark *self, int64_t number, uint32_t count,
                             uint32_t *row_count)
{
  const struct wr_nexmark_shape *shape = &self->shape;
  const int64_t people = shape->proportions[WR_NEXMARK_PERSON];
  const int64_t others = people + shape->proportions[WR_NEXMARK_AUCTION];
  const int64_t cycle = self->cycle, stride = self->pace.stride, step = stride % cycle;
  int64_t place = number % cycle;
  uint32_t rows = *row_count, looked = 0;
  for (; looked < count && rows < WR_BATCH_ROWS; looked++) {
    int64_t event = number, at = place;
    if (shape->disorder > 1) {
      event = wr_nexmark_shuffled(shape, number);
      at = event % cycle;
    }
    int kind = at < people ? WR_NEXMARK_PERSON : at < others ? WR_NEXMARK_AUCTION : WR_NEXMARK_BID;
    if (self->kind == NEXMARK_ALL || self->kind == kind) {
      self->types[rows] = kind;
      self->numbers[kind][self->counts[kind]] = event;
      self->rows[kind][self->counts[kind]++] = rows++;
    }
    number += stride;
    place += step;
    place -= place >= cycle ? cycle : 0;
  }
  *row_count = rows;
  return looked;
}

/* The same for a kind that is few among the others: from one to the next. */
static uint32_t nexmark_leap(struct nexmark *self, int64_t number, uint32_t count,
                             uint32_t *row_count)
{
  const int64_t cycle = self->cycle, stride = self->pace.stride;
  int64_t *numbers = self->numbers[self->kind];
  uint32_t *places = self->rows[self->kind];
  uint32_t rows = *row_count, looked = 0;
  while (looked < count && rows < WR_BATCH_ROWS) {
    uint32_t leap = self->leaps[number % cycle];
    if (leap >= count - looked) {
      looked = count;
      break;
    }
    looked += leap + 1;
    number += leap * stride;
    self->types[rows] = self->kind;
    numbers[rows] = number;
    places[rows] = rows;
    rows++;
    number += stride;
  }
  self->counts[self->kind] = rows;
  *row_count = rows;
  return looked;
}

/* Which of the split's next events are rows: their numbers, by kind; returns how many rows, and of
 * how many events. */
static uint32_t nexmark_deal(struct nexmark *self, const struct wr_pace_split *split,
                             uint32_t *event_count)
{
  uint32_t row_count = 0, looked = 0;
  memset(self->counts, 0, sizeof self->counts);
  while (looked < *event_count && row_count < WR_BATCH_ROWS) {
    int64_t count, number = nexmark_next(self, split->index, split->made + looked, &count);
    uint32_t left = *event_count - looked;
    uint32_t some = count < left ? (uint32_t)count : left;
    looked += self->leaps ? nexmark_leap(self, number, some, &row_count)
                          : nexmark_look(self, number, some, &row_count);
  }
  *event_count = looked;
  return row_count;
}

static void nexmark_make_column(struct nexmark *self, const struct nexmark_column *made)
{
  enum wr_nexmark_kind kind = made->kind;
  for (uint32_t f = 0; f < made->field_count; f++)
    made->fields[f]->fill(self->events, self->numbers[kind], made->is_row ? self->rows[kind] : NULL,
                          self->counts[kind], made->values[f]);
}

static void nexmark_make(struct nexmark *self, uint32_t s, uint32_t event_count,
                         struct wr_batch *batch)
{
  uint32_t row_count = nexmark_deal(self, &self->pace.splits[s], &event_count);
  if (self->kind == NEXMARK_ALL)
    for (int k = 0; k < WR_NEXMARK_KINDS; k++) {
      memset(self->valid[k], 0, WR_BATCH_ROWS / 8);
      for (uint32_t i = 0; i < self->counts[k]; i++)
        wr_bit_set(self->valid[k], self->rows[k][i]);
    }
  for (uint32_t c = 0; c < self->column_count; c++)
    nexmark_make_column(self, &self->made[c]);
  batch->columns = self->columns;
  wr_pace_made(&self->pace, s, event_count, row_count, batch);
}

static enum wr_code nexmark_poll_rows(struct wr_reader *reader, int wait_ms, struct wr_batch *batch,
                                      struct wr_error *err)
{
  struct nexmark *self = (struct nexmark *)reader;
  uint32_t split, event_count;
  (void)err;
  if (wr_pace_next(&self->pace, wait_ms, &split, &event_count))
    nexmark_make(self, split, event_count, batch);
  return WR_OK;
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
