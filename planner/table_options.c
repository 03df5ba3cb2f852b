/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WITH (...): the options of a table are checked against the rows of the planner (here), of its
 * connector and of its format at once, so that a misspelt one is found whoever it was meant for.
 */
#include "planner/table.h"

#include <assert.h>
#include <string.h>

#include "core/hash.h"
#include "formats/keyed.h"
#include "formats/unwrap.h"

#define WATERMARK_ALIGNMENT "scan.watermark.alignment."

const struct wr_option wr_table_options[] = {
    {"connector", WR_OPTION_TEXT, true, false, NULL, NULL, "Where the rows come from or go to."},
    {"on-error", WR_OPTION_CHOICE, false, false, "stream", wr_on_error_choices,
     "What happens to records that cannot be decoded: to error_stream, or the job fails, or they "
     "are only counted."},
    {0},
};

const struct wr_option wr_table_format_options[] = {
    {"format", WR_OPTION_TEXT, false, false, NULL, NULL, "How records are written: json, csv ..."},
    {"value.format", WR_OPTION_TEXT, false, false, NULL, NULL, "The same as format."},
    {"value.compression", WR_OPTION_CHOICE, false, false, "none", WR_UNWRAP_CHOICES,
     "How the producer compressed each record by itself; auto: looks at the first bytes of each. "
     "For sources of records; compressed files are recognised without it."},
    {0},
};

const struct wr_option wr_table_scan_options[] = {
    {"scan.watermark.idle-timeout", WR_OPTION_DURATION, false, false, NULL, NULL,
     "How long a split may be silent before the watermark stops waiting for it; 0: for ever. "
     "Otherwise as table.exec.source.idle-timeout says."},
    {"scan.watermark.max-ahead", WR_OPTION_DURATION, false, false, NULL, NULL,
     "Rows whose time is further ahead of the clock are rejected; 0: no limit. Otherwise 1 d, "
     "and no limit if reading ends "
     "by itself."},
    {"scan.watermark.idle-advance", WR_OPTION_BOOL, false, false, "false", NULL,
     "Whether the watermark follows the clock while there is nothing to read, so that the last "
     "windows close."},
    {"scan.watermark.idle-advance-delay", WR_OPTION_DURATION, false, false, "10 s", NULL,
     "How far behind the clock it then stays."},
    {WATERMARK_ALIGNMENT "group", WR_OPTION_TEXT, false, false, NULL, NULL,
     "Splits of this table, and of all tables of the same group, are not read further ahead of "
     "the slowest of them than max-drift says, so that windows need not keep what comes early."},
    {WATERMARK_ALIGNMENT "max-drift", WR_OPTION_DURATION, false, false, NULL, NULL,
     "How far ahead of the slowest watermark of its group a split may be, and a batch more."},
    {WATERMARK_ALIGNMENT "update-interval", WR_OPTION_DURATION, false, false, "0 s", NULL,
     "How often a copy of the source looks at the watermarks of the others; 0: before every batch. "
     "It always looks at its own splits before every batch."},
    {"scan.watermark.emit.strategy", WR_OPTION_CHOICE, false, false, "on-event",
     "on-event|on-periodic",
     "Both mean the same here: whether a row is late is judged by the watermark of the row before "
     "it, however rarely watermarks travel."},
    {"scan.parallelism", WR_OPTION_INTEGER, false, false, NULL, NULL,
     "Copies of the source, 1 to 256; otherwise as many as of the job's other steps."},
    {"lookup.cache", WR_OPTION_CHOICE, false, false, "FULL", "FULL|NONE|PARTIAL",
     "Of a table in which rows are looked up. FULL: all of it is loaded before the job begins; the "
     "others are not supported."},
    {"lookup.full-cache.reload-strategy", WR_OPTION_CHOICE, false, false, "PERIODIC",
     "PERIODIC|TIMED",
     "PERIODIC: the table is loaded anew every so often, if the interval says so; TIMED, at a time "
     "of day, is not supported."},
    {"lookup.full-cache.periodic-reload.interval", WR_OPTION_DURATION, false, false, NULL, NULL,
     "How often the table is loaded anew; without it it is loaded once."},
    {"lookup.full-cache.periodic-reload.schedule-mode", WR_OPTION_CHOICE, false, false,
     "FIXED_DELAY", "FIXED_DELAY|FIXED_RATE",
     "From when the interval counts: from the end of a loading, or from when it was due."},
    {0},
};

const struct wr_option wr_table_sink_options[] = {
    {"sink.parallelism", WR_OPTION_INTEGER, false, false, NULL, NULL,
     "1: one writer takes all rows; otherwise there are as many as steps before it."},
    {0},
};

static const struct wr_option options_none[] = {{0}};

/* "json, csv or raw" for a hint. */
static const char *options_list(struct wr_arena *arena, const char *const *names, uint32_t count)
{
  const char *list = count ? names[0] : "";
  for (uint32_t i = 1; i < count; i++)
    list = wr_arena_print(arena, "%s%s%s", list, i + 1 == count ? " or " : ", ", names[i]);
  return list;
}

/* Names that mean something to Flink. */
static const char *const options_later_formats[] = {
    "avro", "avro-confluent", "protobuf", "parquet", "orc", "debezium-avro-confluent", NULL};
static const char *const options_later_connectors[] = {"kinesis-legacy",
                                                       "dynamodb",
                                                       "jdbc",
                                                       "elasticsearch-6",
                                                       "elasticsearch-7",
                                                       "elasticsearch-8",
                                                       "opensearch",
                                                       "opensearch-1",
                                                       "opensearch-2",
                                                       "hbase-1.4",
                                                       "hbase-2.2",
                                                       "hbase-2.6",
                                                       "mongodb",
                                                       "pulsar",
                                                       "rabbitmq",
                                                       "hive",
                                                       "iceberg",
                                                       "hudi",
                                                       "paimon",
                                                       "mysql-cdc",
                                                       "postgres-cdc",
                                                       "mongodb-cdc",
                                                       "oracle-cdc",
                                                       "sqlserver-cdc",
                                                       "prometheus",
                                                       "sqs",
                                                       "redis",
                                                       NULL};

static enum wr_code options_fail_name(struct wr_arena *arena, const char *what,
                                      const struct wr_option_value *given, const char *const *names,
                                      uint32_t count, const char *const *later,
                                      struct wr_error *err)
{
  for (; *later; later++) {
    if (strcmp(*later, given->value) != 0)
      continue;
    wr_fail_at(err, WR_UNSUPPORTED, given->value_span, "the %s '%s' is not supported yet", what,
               given->value);
    return wr_hint(err, "choose %s", options_list(arena, names, count));
  }
  wr_fail_at(err, WR_SEMANTIC, given->value_span, "there is no %s '%s'", what, given->value);
  wr_state(err, WR_STATE_UNDEFINED_OBJECT);
  const char *near = wr_nearest(given->value, names, count);
  if (near)
    return wr_hint(err, "did you mean '%s'?", near);
  return wr_hint(err, "choose %s", options_list(arena, names, count));
}

/* A number of copies; *out is 0 if it is not given. */
static enum wr_code options_parallelism(const struct wr_table *table, const struct wr_option *rows,
                                        const char *key, uint32_t most, uint32_t *out,
                                        struct wr_error *err)
{
  const struct wr_option_value *given = wr_options_find_value(table->options, key);
  *out = 0;
  if (!given)
    return WR_OK;
  int64_t number = wr_options_integer(table->options, rows, key);
  if (number >= 1 && number <= WR_KEY_GROUPS && number > most)
    return wr_fail_at(err, WR_UNSUPPORTED, given->value_span,
                      "'%s' can only be 1: there is no other way yet to spread rows over writers",
                      key);
  if (number < 1 || number > WR_KEY_GROUPS) {
    wr_fail_at(err, WR_SEMANTIC, given->value_span, "'%s' is %s, but must be from 1 to %u", key,
               given->value, most);
    return wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
  }
  *out = (uint32_t)number;
  return WR_OK;
}

static enum wr_code options_connector(struct wr_arena *arena, struct wr_table *table,
                                      struct wr_span span, struct wr_error *err)
{
  uint32_t count, shown = 0;
  const struct wr_connector *const *all = wr_connector_all(&count);
  const char **names = WR_NEW_ARRAY(arena, const char *, count);
  for (uint32_t i = 0; i < count; i++)
    if (!all[i]->hidden)
      names[shown++] = all[i]->name;
  const struct wr_option_value *given = wr_options_find_value(table->options, "connector");
  if (!given) {
    wr_fail_at(err, WR_SEMANTIC, span, "the table '%s' does not say where its rows are",
               table->name);
    wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
    return wr_hint(err, "add WITH ('connector' = '...'): %s", options_list(arena, names, shown));
  }
  table->connector = wr_connector_find(given->value);
  if (!table->connector || table->connector->hidden)
    return options_fail_name(arena, "connector", given, names, shown, options_later_connectors,
                             err);
  return WR_OK;
}

static enum wr_code options_format(struct wr_arena *arena, struct wr_table *table,
                                   struct wr_span span, struct wr_error *err)
{
  if (!table->connector->takes_format)
    return WR_OK;
  uint32_t all_count, count = 0;
  const struct wr_format *const *all = wr_format_all(&all_count);
  const char **names = WR_NEW_ARRAY(arena, const char *, all_count);
  for (uint32_t i = 0; i < all_count; i++)
    if (!all[i]->changes || !table->connector->upserts)
      names[count++] = all[i]->name;
  const struct wr_option_value *given = wr_options_find_value(table->options, "format");
  const struct wr_option_value *other = wr_options_find_value(table->options, "value.format");
  if (given && other) {
    wr_fail_at(err, WR_SEMANTIC, other->key_span,
               "'format' and 'value.format' mean the same; give one of them");
    return wr_state(err, WR_STATE_INVALID_OPTION_NAME);
  }
  if (!given || table->connector->upserts)
    given = other;
  if (!given) {
    wr_fail_at(err, WR_SEMANTIC, span, "the table '%s' lacks the option '%sformat'", table->name,
               table->connector->upserts ? "value." : "");
    wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
    return wr_hint(err, "choose %s", options_list(arena, names, count));
  }
  table->format = wr_format_find(given->value);
  if (!table->format)
    return options_fail_name(arena, "format", given, names, count, options_later_formats, err);
  given = wr_options_find_value(table->options, "key.format");
  if (!given && !table->connector->upserts)
    return WR_OK;
  if (!given) {
    wr_fail_at(err, WR_SEMANTIC, span, "the table '%s' lacks the option 'key.format'", table->name);
    wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
    return wr_hint(err, "choose %s", options_list(arena, names, count));
  }
  table->key_format = wr_format_find(given->value);
  bool is_known = table->key_format && !table->key_format->changes;
  return is_known
             ? WR_OK
             : options_fail_name(arena, "format", given, names, count, options_later_formats, err);
}

static void options_read_scan(struct wr_table *table)
{
  const struct wr_options *options = table->options;
  const struct wr_option *rows = wr_table_scan_options;
  table->idle_timeout_us =
      wr_options_find(options, "scan.watermark.idle-timeout")
          ? wr_options_duration_us(options, rows, "scan.watermark.idle-timeout")
          : table->definition->idle_timeout_us;
  table->max_ahead_us = wr_options_find(options, "scan.watermark.max-ahead")
                            ? wr_options_duration_us(options, rows, "scan.watermark.max-ahead")
                            : -1;
  table->idle_advance = wr_options_bool(options, rows, "scan.watermark.idle-advance");
  table->idle_advance_delay_us =
      wr_options_duration_us(options, rows, "scan.watermark.idle-advance-delay");
}

/* A group and its drift go together, and both need a watermark. */
static enum wr_code options_alignment(struct wr_table *table, struct wr_error *err)
{
  const struct wr_option_value *group =
      wr_options_find_value(table->options, WATERMARK_ALIGNMENT "group");
  const struct wr_option_value *drift =
      wr_options_find_value(table->options, WATERMARK_ALIGNMENT "max-drift");
  const struct wr_option_value *interval =
      wr_options_find_value(table->options, WATERMARK_ALIGNMENT "update-interval");
  const struct wr_option_value *given = group ? group : drift ? drift : interval;
  const struct wr_option *rows = wr_table_scan_options;
  if (!given)
    return WR_OK;
  if (!group || !drift) {
    wr_fail_at(err, WR_SEMANTIC, given->key_span, "'%s' needs '" WATERMARK_ALIGNMENT "%s', too",
               given->key, group ? "max-drift" : "group");
    return wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
  }
  if (!table->definition->watermark) {
    wr_fail_at(err, WR_SEMANTIC, group->key_span,
               "'%s' compares watermarks, and the table '%s' has none", group->key, table->name);
    wr_state(err, WR_STATE_INVALID_TABLE_DEFINITION);
    return wr_hint(err, "add WATERMARK FOR column AS column - INTERVAL '5' SECOND");
  }
  table->alignment = (struct wr_plan_alignment){
      .group = group->value,
      .max_drift_us = wr_options_duration_us(table->options, rows, drift->key),
      .interval_us =
          wr_options_duration_us(table->options, rows, WATERMARK_ALIGNMENT "update-interval")};
  if (*group->value && table->alignment.max_drift_us > 0)
    return WR_OK;
  given = *group->value ? drift : group;
  wr_fail_at(err, WR_SEMANTIC, given->value_span, "'%s' must %s", given->key,
             *group->value ? "be longer than 0" : "not be empty");
  return wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
}

/* ---- options of somebody else */

static bool options_has(const struct wr_option *table, const char *key)
{
  for (const struct wr_option *option = table; option && option->name; option++) {
    size_t length = strlen(option->name);
    if (option->name[length - 1] == '*' ? strncmp(option->name, key, length - 1) == 0
                                        : strcmp(option->name, key) == 0)
      return true;
  }
  return false;
}

/* What an option that this table does not know belongs to, as a part of a sentence; or NULL. */
static const char *options_owner(struct wr_arena *arena, const char *key)
{
  uint32_t count;
  const struct wr_format *const *formats = wr_format_all(&count);
  for (uint32_t i = 0; i < count; i++)
    if (options_has(formats[i]->options, key))
      return wr_arena_print(arena, "of the format %s", formats[i]->name);
  const struct wr_connector *const *connectors = wr_connector_all(&count);
  for (uint32_t i = 0; i < count; i++)
    if (!connectors[i]->hidden && options_has(connectors[i]->options, key))
      return wr_arena_print(arena, "of the connector %s", connectors[i]->name);
  if (options_has(wr_table_format_options, key))
    return "of connectors with a format";
  if (options_has(wr_table_scan_options, key))
    return "of tables that are read";
  return options_has(wr_table_sink_options, key) ? "of tables that are written" : NULL;
}

/* An option that exists, but not here: said better than by the nearest name. */
static enum wr_code options_check_owner(struct wr_arena *arena, const struct wr_table *table,
                                        const struct wr_option *const *tables, uint32_t table_count,
                                        struct wr_error *err)
{
  for (uint32_t i = 0; i < table->options->value_count; i++) {
    const struct wr_option_value *value = &table->options->values[i];
    bool is_known = false;
    for (uint32_t t = 0; t < table_count; t++)
      is_known = is_known || options_has(tables[t], value->key);
    const char *owner = is_known ? NULL : options_owner(arena, value->key);
    if (!owner)
      continue;
    wr_fail_at(err, WR_SEMANTIC, value->key_span,
               "'%s' is an option %s, but the table '%s' has the connector %s%s%s", value->key,
               owner, table->name, table->connector->name, table->format ? " and the format " : "",
               table->format ? table->format->name : "");
    return wr_state(err, WR_STATE_INVALID_OPTION_NAME);
  }
  return WR_OK;
}

/* An error about an option that came with LIKE: it is the LIKE that can be changed here. */
static enum wr_code options_blame_like(const struct wr_table_definition *definition,
                                       struct wr_error *err)
{
  const struct wr_option_value *at = definition->options.values,
                               *end = at + definition->inherited_count;
  while (at < end &&
         (err->span.offset == WR_NO_POSITION ||
          (err->span.offset != at->key_span.offset && err->span.offset != at->value_span.offset)))
    at++;
  if (at == end)
    return err->code;
  const struct wr_error cause = *err;
  wr_fail_state(err, cause.code, cause.state, definition->like_span,
                "'%s' of '%s' does not fit: %s", at->key, definition->like_name, cause.message);
  return wr_hint(err,
                 "LIKE %s (EXCLUDING OPTIONS) leaves the options of that table out; give all that "
                 "this one needs in its own WITH",
                 definition->like_name);
}

static enum wr_code options_read(struct wr_arena *arena, struct wr_table *table,
                                 struct wr_error *err)
{
  struct wr_span span = table->definition->options_span;
  enum wr_code code = options_connector(arena, table, span, err);
  if (code == WR_OK)
    code = options_format(arena, table, span, err);
  if (code)
    return code;
  const struct wr_connector *connector = table->connector;
  const struct wr_option *const tables[] = {
      wr_table_options,
      connector->takes_format ? wr_table_format_options : options_none,
      connector->reader ? wr_table_scan_options : options_none,
      connector->writer ? wr_table_sink_options : options_none,
      connector->options ? connector->options : options_none,
      table->format && table->format->options ? table->format->options : options_none,
      wr_table_takes_elsewhere(table) ? wr_table_elsewhere_options : options_none,
      wr_table_prefixed_options(arena, "key.", table->key_format),
      wr_table_prefixed_options(
          arena, "value.", wr_options_find(table->options, "value.format") ? table->format : NULL),
  };
  const char *what = wr_arena_print(arena, "table %s (%s)", table->name, connector->name);
  uint32_t table_count = sizeof tables / sizeof *tables;
  code = wr_table_check_elsewhere(table, err);
  if (code == WR_OK)
    code = options_check_owner(arena, table, tables, table_count, err);
  if (code == WR_OK)
    code = wr_options_check(table->options, tables, table_count, what, span, err);
  if (code)
    return code;
  table->on_error =
      wr_on_error_from_text(wr_options_text(table->options, wr_table_options, "on-error"));
  uint32_t writers = 0;
  if (connector->reader) {
    options_read_scan(table);
    code = wr_table_read_lookup(table, err);
    if (code == WR_OK)
      code = options_alignment(table, err);
    if (code == WR_OK)
      code = options_parallelism(table, wr_table_scan_options, "scan.parallelism", WR_KEY_GROUPS,
                                 &table->scan_parallelism, err);
  }
  if (code == WR_OK && connector->writer)
    code = options_parallelism(table, wr_table_sink_options, "sink.parallelism",
                               connector->upserts ? WR_KEY_GROUPS : 1, &writers, err);
  table->single_writer = connector->single_writer || writers == 1;
  table->sink_parallelism = writers > 1 ? writers : 0;
  wr_table_settle_options(arena, table);
  return code;
}

enum wr_code wr_table_read_options(struct wr_arena *arena, struct wr_table *table,
                                   struct wr_error *err)
{
  enum wr_code code = options_read(arena, table, err);
  return code ? options_blame_like(table->definition, err) : WR_OK;
}

struct wr_table_spec wr_table_spec_of(const struct wr_table *table)
{
  return (struct wr_table_spec){.table = table->name,
                                .options = table->options,
                                .schema = &table->physical,
                                .partitions = table->partitions,
                                .partition_count = table->partition_count,
                                .separator = table->format ? table->format->separator : NULL,
                                .task_count = 1};
}

/* Records are decompressed where they come one by one, and never compressed. */
static enum wr_code options_check_compression(const struct wr_table *table, bool writing,
                                              struct wr_error *err)
{
  const struct wr_option_value *given = wr_options_find_value(table->options, "value.compression");
  if (!given || strcmp(given->value, "none") == 0)
    return WR_OK;
  if (writing)
    return wr_fail_at(err, WR_UNSUPPORTED, given->key_span,
                      "the table '%s' cannot be written with '%s': records are sent as the format "
                      "makes them",
                      table->name, given->key);
  if (table->keyed)
    return wr_fail_at(err, WR_UNSUPPORTED, given->key_span,
                      "the connector %s cannot read records that were compressed one by one",
                      table->connector->name);
  if (!table->connector->reader->next_split)
    return WR_OK;
  wr_fail_at(err, WR_UNSUPPORTED, given->key_span,
             "'%s' is for records that come one by one, but the connector %s reads streams of "
             "bytes",
             given->key, table->connector->name);
  return wr_hint(err, "leave it out: files of gzip and zstd are recognised by their first bytes");
}

enum wr_code wr_table_check_use(const struct wr_table *table, bool writing, struct wr_span span,
                                struct wr_error *err)
{
  const struct wr_connector *connector = table->connector;
  const struct wr_format *format = table->format;
  const char *verb = writing ? "written to" : "read from";
  bool has_connector = writing ? connector->writer != NULL : connector->reader != NULL;
  bool has_format =
      !format || (writing ? format->encoder_new != NULL : format->decoder_new != NULL);
  if (!has_connector || !has_format) {
    wr_fail_at(err, WR_SEMANTIC, span, "the table '%s' cannot be %s: its %s '%s' only %s",
               table->name, verb, has_connector ? "format" : "connector",
               has_connector ? format->name : connector->name, writing ? "reads" : "writes");
    return wr_state(err, WR_STATE_WRONG_OBJECT_TYPE);
  }
  struct wr_table_spec spec = wr_table_spec_of(table);
  enum wr_code code = connector->check ? connector->check(&spec, writing, err) : WR_OK;
  if (code == WR_OK && format)
    code = options_check_compression(table, writing, err);
  if (code == WR_OK && format && format->check) {
    const struct wr_format_spec form = {
        .schema = &table->physical, .options = table->options, .time_zone = table->time_zone};
    code = table->keyed ? wr_keyed_check(table->keyed, &form, !writing, err)
                        : format->check(&form, !writing, err);
  }
  if (code && err->span.offset == WR_NO_POSITION)
    err->span = span;
  if (code && strcmp(err->state, WR_STATE_SEMANTIC_ERROR) == 0)
    wr_state(err, WR_STATE_INVALID_OPTION_VALUE);
  return code;
}
