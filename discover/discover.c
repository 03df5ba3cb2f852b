/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which format a sample has. JSON is what at least half of its records are; CSV what nearly all of
 * them divide into the same number of fields, by the delimiter that does it best; everything else
 * that is text is lines. Then every record goes into the shapes of the columns.
 */
#include "discover/discover.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "core/limits.h"
#include "discover/header.h"
#include "formats/csv_scan.h"
#include "formats/unwrap.h"
#include "text/decompress.h"
#include "text/utf8.h"

#define DISCOVER_CSV_PERCENT  90 /* of the records have to divide alike */
#define DISCOVER_SAID_PERCENT 50 /* of those that are said to be CSV */
#define DISCOVER_JSON_PERCENT 50 /* have to be JSON, which nothing else is by chance */
#define DISCOVER_FIELDS_MAX   512

static const char discover_delimiters[] = ",;\t|";

struct record {
  const char *bytes;
  uint32_t length, split;
  bool is_first; /* of its split */
};

struct discover {
  const struct wr_sample *sample;
  struct wr_arena *arena;
  struct wr_discovery *out;
  struct wr_shaper shaper;
  struct record *records;
  uint32_t record_count, record_capacity;
  struct wr_buffer unwrapped, fields;
  struct wr_json_tape tape;
};

static void discover_add_record(struct discover *self, const char *bytes, size_t length,
                                uint32_t split, bool is_first)
{
  if (self->record_count == self->sample->records_max)
    return;
  if (self->record_count == self->record_capacity) {
    self->record_capacity = self->record_capacity ? 2 * self->record_capacity : 256;
    self->records = wr_memory_resize(self->records, self->record_capacity * sizeof *self->records);
  }
  self->records[self->record_count++] = (struct record){bytes, (uint32_t)length, split, is_first};
  self->out->byte_count += length;
}

/* ---- records */

/* Lines; a quoted line break belongs to its record if rules are given. */
static void discover_frame(struct discover *self, const struct wr_sample_piece *piece,
                           const struct wr_csv_rules *rules)
{
  static const struct wr_csv_rules lines = {.delimiter = '\0'};
  const char *at = piece->bytes, *end = at + piece->length;
  uint32_t count = 0, share = self->sample->records_max / self->sample->piece_count + 1;
  if (piece->length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
    at += 3;
  while (at < end && count < share) { /* all files have their part in the sample */
    size_t length, consumed;
    if (!wr_csv_find_record(rules ? rules : &lines, at, (size_t)(end - at), piece->is_whole,
                            &length, &consumed) ||
        consumed == 0)
      break;
    self->out->has_crlf = self->out->has_crlf || consumed == length + 2;
    if (length > 0)
      discover_add_record(self, at, length, piece->split, count++ == 0);
    at += consumed;
  }
}

/* Messages are records whatever the format is, and are made once. */
static void discover_make_records(struct discover *self, const struct wr_csv_rules *rules)
{
  if (self->sample->is_messages && self->record_count)
    return;
  self->record_count = 0;
  self->out->byte_count = 0;
  for (uint32_t i = 0; i < self->sample->piece_count; i++) {
    const struct wr_sample_piece *piece = &self->sample->pieces[i];
    if (self->sample->is_messages)
      discover_add_record(self, piece->bytes, piece->length, piece->split, false);
    else
      discover_frame(self, piece, rules);
  }
}

/* Messages that are compressed one by one, in their place in the arena. */
static void discover_unwrap(struct discover *self)
{
  uint32_t counts[3] = {0};
  for (uint32_t i = 0; i < self->record_count; i++)
    counts[wr_compression_of_bytes(self->records[i].bytes, self->records[i].length)]++;
  if (!self->sample->is_messages || counts[WR_COMPRESSION_NONE] == self->record_count)
    return;
  self->out->compression = counts[WR_COMPRESSION_GZIP] == self->record_count   ? "gzip"
                           : counts[WR_COMPRESSION_ZSTD] == self->record_count ? "zstd"
                                                                               : "auto";
  struct wr_unwrap *unwrap = wr_unwrap_new(WR_UNWRAP_AUTO);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < self->record_count; i++) {
    struct record record = self->records[i];
    struct wr_error err;
    wr_buffer_clear(&self->unwrapped);
    if (!wr_unwrap_record(unwrap, record.bytes, record.length, &self->unwrapped, &err)) {
      self->out->bad_count++;
      continue;
    }
    record.bytes = wr_arena_copy(self->arena, self->unwrapped.bytes, self->unwrapped.length);
    record.length = (uint32_t)self->unwrapped.length;
    self->records[kept++] = record;
  }
  self->record_count = kept;
  wr_unwrap_free(unwrap);
}

/* ---- JSON */

/* The end of the value that a record goes on with: of several in one record each is a row. */
static const char *discover_json_end(const char *at, const char *end)
{
  int depth = 0;
  bool in_string = false;
  for (; at < end; at++) {
    if (in_string && *at == '\\' && at + 1 < end)
      at++;
    else if (*at == '"')
      in_string = !in_string;
    else if (!in_string && (*at == '{' || *at == '['))
      depth++;
    else if (!in_string && (*at == '}' || *at == ']') && --depth == 0)
      return at + 1;
  }
  return end;
}

/* Adds the objects of a record to the columns (NULL: none); false: it is not only objects. */
static bool discover_json_record(struct discover *self, const struct record *record,
                                 struct wr_shape *columns)
{
  const char *at = record->bytes, *end = at + record->length;
  uint32_t values = 0;
  for (;;) {
    while (at < end && isspace((unsigned char)*at))
      at++;
    if (at == end)
      return values > 0;
    const char *next = discover_json_end(at, end);
    if (*at != '{' || !wr_json_scan(&self->tape, at, (size_t)(next - at)))
      return false;
    if (columns)
      wr_shape_add_json(&self->shaper, columns, &self->tape, 0, 0);
    values++;
    at = next;
  }
}

static bool discover_is_share(const struct discover *self, uint32_t count, uint32_t percent)
{
  return count > 0 && (uint64_t)count * 100 >= (uint64_t)self->record_count * percent;
}

static bool discover_is_json(struct discover *self)
{
  uint32_t good = 0;
  for (uint32_t i = 0; i < self->record_count; i++)
    good += discover_json_record(self, &self->records[i], NULL);
  return discover_is_share(self, good, DISCOVER_JSON_PERCENT);
}

/* A record that is broken in the middle must add nothing: so it is looked at before. */
static void discover_shape_json(struct discover *self)
{
  for (uint32_t i = 0; i < self->record_count; i++) {
    self->shaper.split = self->records[i].split;
    if (discover_json_record(self, &self->records[i], NULL))
      discover_json_record(self, &self->records[i], self->out->columns);
    else
      self->out->bad_count++;
  }
}

/* ---- CSV */

/* How many fields a record has; UINT32_MAX: it is broken. fields may be NULL. */
static uint32_t discover_split(struct discover *self, const struct wr_csv_rules *rules,
                               const struct record *record, struct wr_csv_field *fields)
{
  struct wr_csv_cursor cursor = wr_csv_cursor_make(record->bytes, record->length);
  uint32_t count = 0;
  const char *problem;
  wr_buffer_clear(&self->fields);
  wr_buffer_reserve(&self->fields, record->length + 1);
  while (cursor.more && count < DISCOVER_FIELDS_MAX) {
    struct wr_csv_field field;
    if (!wr_csv_next_field(rules, &cursor, &self->fields, &field, &problem))
      return UINT32_MAX;
    if (fields)
      fields[count] = field;
    count++;
  }
  return cursor.more ? UINT32_MAX : count;
}

/* The number of fields that most records have, and how many have it. */
static uint32_t discover_width(struct discover *self, const struct wr_csv_rules *rules,
                               uint32_t *width)
{
  uint32_t *counts = wr_memory_get_zero((DISCOVER_FIELDS_MAX + 1) * sizeof *counts);
  for (uint32_t i = 0; i < self->record_count; i++) {
    uint32_t fields = discover_split(self, rules, &self->records[i], NULL);
    if (fields != UINT32_MAX)
      counts[fields]++;
  }
  *width = 1;
  for (uint32_t i = 2; i <= DISCOVER_FIELDS_MAX; i++)
    if (counts[i] && counts[i] >= counts[*width])
      *width = i;
  uint32_t most = counts[*width];
  free(counts);
  return most;
}

/* The delimiter by which the most records divide alike; true: into several fields. */
static bool discover_is_csv(struct discover *self, struct wr_csv_rules *rules, uint32_t *width)
{
  uint32_t best = 0;
  bool is_said = self->sample->format || self->sample->is_named_csv;
  uint32_t percent = is_said ? DISCOVER_SAID_PERCENT : DISCOVER_CSV_PERCENT;
  *width = 1;
  for (const char *delimiter = discover_delimiters; *delimiter; delimiter++) {
    struct wr_csv_rules tried = {.delimiter = *delimiter, .has_quote = true, .quote = '"'};
    uint32_t fields;
    discover_make_records(self, &tried);
    uint32_t count = discover_width(self, &tried, &fields);
    if (fields < 2 || !discover_is_share(self, count, percent) || count < best ||
        (count == best && fields <= *width))
      continue;
    best = count;
    *width = fields;
    *rules = tried;
  }
  discover_make_records(self, rules);
  return best > 0;
}

static void discover_shape_csv(struct discover *self, const struct wr_csv_rules *rules,
                               uint32_t width)
{
  struct wr_csv_field *fields = wr_memory_get_zero(DISCOVER_FIELDS_MAX * sizeof *fields);
  struct wr_header header = {.arena = self->arena, .width = width};
  for (uint32_t i = 0; !self->sample->is_messages && i < self->record_count; i++)
    if (discover_split(self, rules, &self->records[i], fields) == width)
      wr_header_add(&header, fields, self->records[i].is_first);
  self->out->has_header =
      wr_header_decide(&header, self->sample->header, &self->out->is_header_sure);
  const char **names = wr_header_names(&header, self->out->has_header);
  for (uint32_t c = 0; c < width; c++)
    wr_shape_member(&self->shaper, self->out->columns, names[c], strlen(names[c]));
  assert(self->out->columns->member_count == width);
  for (uint32_t i = 0; i < self->record_count; i++) {
    const struct record *record = &self->records[i];
    if (self->out->has_header && record->is_first)
      continue;
    self->shaper.split = record->split;
    if (discover_split(self, rules, record, fields) != width) {
      self->out->bad_count++;
      continue;
    }
    self->out->columns->count++;
    self->out->columns->looks[WR_LOOK_OBJECT]++;
    for (uint32_t c = 0; c < width; c++)
      wr_shape_add_field(&self->shaper, self->out->columns->members[c], fields[c].bytes,
                         fields[c].length, fields[c].quoted);
  }
  free(fields);
}

/* ---- all of it */

static void discover_shape_lines(struct discover *self)
{
  struct wr_shape *line = wr_shape_member(&self->shaper, self->out->columns, "line", 4);
  for (uint32_t i = 0; i < self->record_count; i++) {
    const struct record *record = &self->records[i];
    wr_shape_add_field(&self->shaper, line, record->bytes, record->length, true);
    line->looks[WR_LOOK_TEXT] += line->looks[WR_LOOK_TEXT] == 0; /* numbers are lines, too */
  }
  self->out->columns->count = self->out->columns->looks[WR_LOOK_OBJECT] = self->record_count;
}

/* A table that would reject most of what it reads is none. */
static enum wr_code discover_check_csv(const struct discover *self, uint64_t bad_count,
                                       struct wr_error *err)
{
  if (bad_count * 2 <= self->record_count && (bad_count == 0 || self->out->columns->count))
    return WR_OK;
  wr_fail(
      err, WR_DATA,
      "%llu of %u records do not fit a table of CSV: they divide into different numbers of fields",
      (unsigned long long)bad_count, self->record_count);
  return wr_hint(err, "--format raw makes a table of lines");
}

/* The byte that is no text, and its line in its file or its place among the messages. */
static enum wr_code discover_fail_binary(const struct discover *self, uint32_t index,
                                         struct wr_error *err)
{
  const struct record *record = &self->records[index];
  const char *name = self->sample->source, *line = record->bytes, *what = "record";
  unsigned long long number = index + 1;
  size_t at = 0, bad = 0;
  while (at < record->length) {
    bad = at;
    uint32_t point = wr_utf8_next(record->bytes, record->length, &at);
    if (point == 0 || (point == 0xFFFD && at == bad + 1))
      break;
  }
  const char *byte = record->bytes + bad;
  for (uint32_t i = 0; !self->sample->is_messages && i < self->sample->piece_count; i++) {
    const struct wr_sample_piece *piece = &self->sample->pieces[i];
    if (byte < piece->bytes || byte >= piece->bytes + piece->length)
      continue;
    what = "line";
    number = 1;
    name = piece->name ? piece->name : name;
    line = piece->bytes;
    for (const char *end; (end = memchr(line, '\n', (size_t)(byte - line))); line = end + 1)
      number++;
  }
  return wr_fail(err, WR_DATA,
                 "the records are neither JSON nor CSV nor text in UTF-8: byte %llu of %s %llu%s%s "
                 "is 0x%02x",
                 (unsigned long long)(byte - line) + 1, what, number, name ? " of " : "",
                 name ? name : "", (unsigned)(unsigned char)*byte);
}

/* What cannot be read, said better than by a table that rejects everything. */
static enum wr_code discover_check(const struct discover *self, struct wr_error *err)
{
  uint32_t invalid = 0, first_invalid = 0;
  const char *source = self->sample->source;
  if (self->record_count == 0) {
    wr_fail(err, WR_DATA, "there are no records to look at%s%s", source ? " in " : "",
            source ? source : "");
    return wr_hint(err, self->sample->is_messages ? "--wait '1 min' gives them time to come"
                                                  : "are the files empty?");
  }
  for (uint32_t i = 0; i < self->record_count; i++) {
    const struct record *record = &self->records[i];
    bool is_invalid = memchr(record->bytes, '\0', record->length) != NULL ||
                      !wr_utf8_valid(record->bytes, record->length);
    first_invalid = is_invalid && !invalid ? i : first_invalid;
    invalid += is_invalid;
  }
  if (invalid * 10 > self->record_count)
    return discover_fail_binary(self, first_invalid, err);
  const struct record *first = &self->records[0];
  const char *at = first->bytes, *end = at + first->length;
  while (at < end && isspace((unsigned char)*at))
    at++;
  bool begins = at < end && (*at == '[' || *at == '{'), is_short = first->length < 3;
  if (self->out->format != WR_DISCOVERED_JSON && begins && (*at == '[' || is_short) &&
      !self->sample->format) {
    wr_fail(err, WR_DATA,
            *at == '[' ? "the records are JSON arrays, not objects"
                       : "JSON objects go over several lines");
    return wr_hint(err, "the format json reads one object per line: jq -c %s makes such files",
                   *at == '[' ? "'.[]'" : ".");
  }
  return WR_OK;
}

static void discover_choose(struct discover *self, struct wr_csv_rules *rules, uint32_t *width)
{
  const char *format = self->sample->format;
  struct wr_discovery *out = self->out;
  discover_make_records(self, NULL);
  discover_unwrap(self);
  out->format = WR_DISCOVERED_LINES;
  if (format ? strcmp(format, "json") == 0 : discover_is_json(self)) {
    out->format = WR_DISCOVERED_JSON;
  } else if (!format || strcmp(format, "csv") == 0) {
    bool is_csv = discover_is_csv(self, rules, width);
    if (is_csv || format || self->sample->is_named_csv)
      out->format = WR_DISCOVERED_CSV;
    else
      discover_make_records(self, NULL);
  }
  out->delimiter = rules->delimiter;
}

enum wr_code wr_discover(const struct wr_sample *sample, struct wr_arena *arena,
                         struct wr_discovery *out, struct wr_error *err)
{
  struct discover self = {.sample = sample, .arena = arena, .out = out, .shaper = {.arena = arena}};
  struct wr_csv_rules rules = {.delimiter = ',', .has_quote = true, .quote = '"'};
  uint32_t width = 1;
  *out = (struct wr_discovery){.columns = wr_shape_new(&self.shaper, (struct wr_slice){NULL, 0})};
  discover_choose(&self, &rules, &width);
  enum wr_code code = discover_check(&self, err);
  uint64_t bad_before = out->bad_count;
  if (code == WR_OK) {
    if (out->format == WR_DISCOVERED_JSON)
      discover_shape_json(&self);
    else if (out->format == WR_DISCOVERED_CSV)
      discover_shape_csv(&self, &rules, width);
    else
      discover_shape_lines(&self);
    out->record_count = self.record_count;
    out->left_out_names = self.shaper.left_out_names;
    out->left_out_name = self.shaper.left_out_name;
    if (out->format == WR_DISCOVERED_CSV)
      code = discover_check_csv(&self, out->bad_count - bad_before, err);
    if (code == WR_OK && out->columns->member_count == 0)
      code = wr_fail(err, WR_DATA, "the records have no columns");
    else if (code == WR_OK)
      out->time = wr_discover_time(out->columns);
  }
  free(self.records);
  wr_buffer_free(&self.unwrapped);
  wr_buffer_free(&self.fields);
  wr_buffer_free(&self.shaper.scratch);
  wr_json_tape_free(&self.tape);
  return code;
}
