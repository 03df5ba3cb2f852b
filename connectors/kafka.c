/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Apache Kafka through librdkafka: the options, and which of them go together. Everything that
 * begins with 'properties.' goes to librdkafka, except what would take from Weir what it must own:
 * where reading begins, what counts as read, and how end of partition is told.
 */
#include "connectors/kafka.h"

#include <assert.h>
#include <string.h>

#include "text/number.h"

const char *wr_kafka_text(const struct wr_table_spec *spec, const char *name)
{
  return wr_options_text(spec->options, wr_kafka_options, name);
}

const char *const *wr_kafka_topics(const struct wr_table_spec *spec, struct wr_arena *arena,
                                   uint32_t *topic_count)
{
  const char *text = wr_kafka_text(spec, "topic");
  uint32_t room = 1;
  for (const char *c = text; *c; c++)
    room += *c == ';';
  const char **topics = WR_NEW_ARRAY(arena, const char *, room);
  *topic_count = 0;
  for (uint32_t i = 0; i < room; i++) {
    size_t length = strcspn(text, ";"), blanks = strspn(text, " ");
    const char *next = text + length + 1;
    blanks = blanks < length ? blanks : length;
    text += blanks;
    length -= blanks;
    while (length && text[length - 1] == ' ')
      length--;
    if (length)
      topics[(*topic_count)++] = wr_arena_copy(arena, text, length);
    text = next;
  }
  return topics;
}

/* ---- 'partition:0,offset:42;...' */

/* "name:123" at *text, which moves behind it. */
static bool offsets_parse_part(const char **text, const char *name, int64_t *number)
{
  size_t length = strlen(name);
  *text += strspn(*text, " ");
  if (strncmp(*text, name, length) != 0 || (*text)[length] != ':')
    return false;
  *text += length + 1;
  size_t digits = strspn(*text, "0123456789");
  if (!wr_parse_i64(*text, digits, number))
    return false;
  *text += digits;
  *text += strspn(*text, " ");
  return true;
}

enum wr_code wr_kafka_parse_offsets(const struct wr_table_spec *spec, const char *option,
                                    struct wr_arena *arena, struct wr_kafka_offset **offsets,
                                    uint32_t *offset_count, struct wr_error *err)
{
  const struct wr_option_value *value = wr_options_find_value(spec->options, option);
  assert(value);
  uint32_t room = 1;
  for (const char *c = value->value; *c; c++)
    room += *c == ';';
  *offsets = WR_NEW_ARRAY(arena, struct wr_kafka_offset, room);
  *offset_count = 0;
  const char *text = value->value;
  while (*text) {
    int64_t partition, offset;
    bool parses = offsets_parse_part(&text, "partition", &partition) && *text == ',';
    text += parses;
    parses = parses && offsets_parse_part(&text, "offset", &offset) && partition <= INT32_MAX &&
             (*text == ';' || *text == '\0');
    if (!parses)
      return wr_fail_at(err, WR_SEMANTIC, value->value_span,
                        "the option '%s' of table %s is '%s', but must look like "
                        "partition:0,offset:42;partition:1,offset:300",
                        option, spec->table, value->value);
    text += *text == ';';
    (*offsets)[(*offset_count)++] = (struct wr_kafka_offset){(int32_t)partition, offset};
  }
  return WR_OK;
}

/* ---- what goes together */

struct kafka_mode {
  const char *mode_option, *mode, *needs;
};

/* Modes that need a further option; and that option needs the mode. */
static const struct kafka_mode kafka_modes[] = {
    {"scan.startup.mode", "timestamp", "scan.startup.timestamp-millis"},
    {"scan.startup.mode", "specific-offsets", "scan.startup.specific-offsets"},
    {"scan.bounded.mode", "timestamp", "scan.bounded.timestamp-millis"},
    {"scan.bounded.mode", "specific-offsets", "scan.bounded.specific-offsets"},
};

static enum wr_code kafka_check_modes(const struct wr_table_spec *spec, struct wr_error *err)
{
  struct wr_arena arena = {0};
  enum wr_code code = WR_OK;
  for (size_t i = 0; code == WR_OK && i < sizeof kafka_modes / sizeof *kafka_modes; i++) {
    const struct kafka_mode *row = &kafka_modes[i];
    const struct wr_option_value *mode = wr_options_find_value(spec->options, row->mode_option);
    const struct wr_option_value *value = wr_options_find_value(spec->options, row->needs);
    bool is_on = mode && strcmp(mode->value, row->mode) == 0;
    struct wr_kafka_offset *offsets;
    uint32_t offset_count;
    if (is_on && !value)
      code = wr_fail_at(err, WR_SEMANTIC, mode->value_span,
                        "'%s' = '%s' of table %s needs the option '%s'", row->mode_option,
                        row->mode, spec->table, row->needs);
    else if (value && !is_on)
      code = wr_fail_at(err, WR_SEMANTIC, value->key_span,
                        "the option '%s' of table %s means nothing without '%s' = '%s'", row->needs,
                        spec->table, row->mode_option, row->mode);
    else if (value && strstr(row->needs, "offsets"))
      code = wr_kafka_parse_offsets(spec, row->needs, &arena, &offsets, &offset_count, err);
  }
  wr_arena_free(&arena);
  return code;
}

const char *wr_kafka_reset(const struct wr_table_spec *spec)
{
  const char *reset = wr_options_find(spec->options, "properties.auto.offset.reset");
  return reset && strcmp(reset, "none") != 0 ? reset : NULL;
}

static bool kafka_uses_group(const struct wr_table_spec *spec, const char *option)
{
  return strcmp(wr_kafka_text(spec, option), "group-offsets") == 0;
}

static enum wr_code kafka_check_reading(const struct wr_table_spec *spec, uint32_t topic_count,
                                        struct wr_error *err)
{
  const struct wr_option_value *topic = wr_options_find_value(spec->options, "topic");
  const struct wr_option_value *interval =
      wr_options_find_value(spec->options, "scan.topic-partition-discovery.interval");
  enum wr_code code = kafka_check_modes(spec, err);
  if (code != WR_OK)
    return code;
  if (topic_count > 1 && (wr_options_find(spec->options, "scan.startup.specific-offsets") ||
                          wr_options_find(spec->options, "scan.bounded.specific-offsets")))
    return wr_fail_at(err, WR_SEMANTIC, topic->value_span,
                      "specific offsets of table %s are of one topic, but it names %u", spec->table,
                      topic_count);
  if (!wr_options_find(spec->options, "properties.group.id") &&
      (kafka_uses_group(spec, "scan.bounded.mode") ||
       (kafka_uses_group(spec, "scan.startup.mode") && !wr_kafka_reset(spec)))) {
    wr_fail_at(err, WR_SEMANTIC, topic->key_span,
               "table %s begins where its consumer group left off, but names no group",
               spec->table);
    return wr_hint(err, "add 'properties.group.id' = '...', or 'scan.startup.mode' = "
                        "'earliest-offset'");
  }
  if (interval && wr_kafka_is_bounded(spec) &&
      wr_options_duration_us(spec->options, wr_kafka_options, interval->key) > 0) {
    wr_fail_at(err, WR_SEMANTIC, interval->key_span,
               "table %s cannot look for new partitions: 'scan.bounded.mode' fixes them at the "
               "start",
               spec->table);
    return wr_hint(err, "leave the option out");
  }
  return WR_OK;
}

bool wr_kafka_wants_exactly_once(const struct wr_table_spec *spec)
{
  return strcmp(wr_kafka_text(spec, "sink.delivery-guarantee"), "exactly-once") == 0;
}

/* Properties without which there are no transactions, and the only values they can have. */
static const struct {
  const char *option, *values[3];
} kafka_transactional[] = {
    {"properties.acks", {"all", "-1"}},
    {"properties.request.required.acks", {"all", "-1"}},
    {"properties.enable.idempotence", {"true"}},
};

static enum wr_code kafka_check_exactly_once(const struct wr_table_spec *spec, struct wr_error *err)
{
  const struct wr_option_value *prefix =
      wr_options_find_value(spec->options, "sink.transactional-id-prefix");
  if (!wr_kafka_wants_exactly_once(spec)) {
    if (prefix)
      return wr_fail_at(err, WR_SEMANTIC, prefix->key_span,
                        "the option '%s' of table %s means nothing without "
                        "'sink.delivery-guarantee' = 'exactly-once'",
                        prefix->key, spec->table);
    return WR_OK;
  }
  if (prefix && !*prefix->value)
    return wr_fail_at(err, WR_SEMANTIC, prefix->value_span, "the option '%s' of table %s is empty",
                      prefix->key, spec->table);
  for (size_t i = 0; i < sizeof kafka_transactional / sizeof *kafka_transactional; i++) {
    const struct wr_option_value *value =
        wr_options_find_value(spec->options, kafka_transactional[i].option);
    const char *const *allowed = kafka_transactional[i].values;
    while (value && *allowed && strcmp(value->value, *allowed) != 0)
      allowed++;
    if (value && !*allowed)
      return wr_fail_at(err, WR_SEMANTIC, value->value_span,
                        "'%s' = '%s' of table %s does not go with 'sink.delivery-guarantee' = "
                        "'exactly-once', which needs '%s'",
                        value->key, value->value, spec->table, kafka_transactional[i].values[0]);
  }
  return WR_OK;
}

static enum wr_code kafka_check_writing(const struct wr_table_spec *spec, uint32_t topic_count,
                                        struct wr_error *err)
{
  if (topic_count > 1)
    return wr_fail_at(err, WR_SEMANTIC, wr_options_find_value(spec->options, "topic")->value_span,
                      "table %s cannot be written: it has %u topics", spec->table, topic_count);
  return kafka_check_exactly_once(spec, err);
}

enum wr_code wr_kafka_check(const struct wr_table_spec *spec, bool writing, struct wr_error *err)
{
  const struct wr_option_value *pattern = wr_options_find_value(spec->options, "topic-pattern");
  if (pattern) {
    wr_fail_at(err, WR_UNSUPPORTED, pattern->key_span,
               "table %s cannot choose its topics by a pattern", spec->table);
    return wr_hint(err, "list them: 'topic' = 'clicks-eu;clicks-us'");
  }
  if (!wr_options_find(spec->options, "topic"))
    return wr_fail(err, WR_SEMANTIC, "table %s needs the option 'topic'", spec->table);
  struct wr_arena arena = {0};
  uint32_t topic_count;
  wr_kafka_topics(spec, &arena, &topic_count);
  wr_arena_free(&arena);
  if (topic_count == 0)
    return wr_fail_at(err, WR_SEMANTIC, wr_options_find_value(spec->options, "topic")->value_span,
                      "the option 'topic' of table %s names no topic", spec->table);
  enum wr_code code = wr_kafka_check_properties(spec, writing, err);
  if (code != WR_OK)
    return code;
  return writing ? kafka_check_writing(spec, topic_count, err)
                 : kafka_check_reading(spec, topic_count, err);
}

bool wr_kafka_is_bounded(const struct wr_table_spec *spec)
{
  return strcmp(wr_kafka_text(spec, "scan.bounded.mode"), "unbounded") != 0;
}

/* ---- tables */

const struct wr_option wr_kafka_options[] = {
    {.name = "topic",
     .kind = WR_OPTION_TEXT,
     .help = "The topic. Reading: also several, joined by semicolons."},
    {.name = "topic-pattern", .kind = WR_OPTION_TEXT, .help = "Not supported."},
    {.name = "properties.bootstrap.servers",
     .kind = WR_OPTION_TEXT,
     .required = true,
     .help = "Brokers to begin with: 'host:9092,host:9092'."},
    {.name = "properties.group.id",
     .kind = WR_OPTION_TEXT,
     .help = "Consumer group: where group-offsets begins, and where progress is shown."},
    WR_KAFKA_SECRETS,
    {.name = "properties.*",
     .kind = WR_OPTION_TEXT,
     .help = "Any property of librdkafka: 'properties.security.protocol' = 'SSL'."},
    {.name = "key.format",
     .kind = WR_OPTION_TEXT,
     .help = "How keys of records are made, and read: json, csv, raw. Its options have 'key.' in "
             "front."},
    {.name = "key.fields",
     .kind = WR_OPTION_TEXT,
     .help = "Which columns stand in the key, joined by semicolons; with key.format."},
    {.name = "key.fields-prefix",
     .kind = WR_OPTION_TEXT,
     .help = "What the names of key columns begin with, but not those of the fields in keys."},
    {.name = "value.fields-include",
     .kind = WR_OPTION_CHOICE,
     .choices = "ALL|EXCEPT_KEY",
     .fallback = "ALL",
     .help = "Whether the columns of the key stand in the value, too. If they do, they are read "
             "from there."},
    {.name = "scan.startup.mode",
     .kind = WR_OPTION_CHOICE,
     .choices = "group-offsets|earliest-offset|latest-offset|timestamp|specific-offsets",
     .fallback = "group-offsets",
     .help = "Where reading begins. group-offsets needs properties.group.id, and "
             "properties.auto.offset.reset (earliest, latest) for partitions the group never read; "
             "the latter alone will do, too."},
    {.name = "scan.startup.timestamp-millis",
     .kind = WR_OPTION_INTEGER,
     .help = "For 'timestamp': the first record of that time or later, in ms since 1970."},
    {.name = "scan.startup.specific-offsets",
     .kind = WR_OPTION_TEXT,
     .help = "For 'specific-offsets': 'partition:0,offset:42;partition:1,offset:300'. Other "
             "partitions begin with their earliest record."},
    {.name = "scan.bounded.mode",
     .kind = WR_OPTION_CHOICE,
     .choices = "unbounded|latest-offset|group-offsets|timestamp|specific-offsets",
     .fallback = "unbounded",
     .help = "Where reading ends, found out once at the start."},
    {.name = "scan.bounded.timestamp-millis",
     .kind = WR_OPTION_INTEGER,
     .help = "For 'timestamp': before the first record of that time or later."},
    {.name = "scan.bounded.specific-offsets",
     .kind = WR_OPTION_TEXT,
     .help = "For 'specific-offsets': before these. Other partitions are not read."},
    {.name = "scan.topic-partition-discovery.interval",
     .kind = WR_OPTION_DURATION,
     .fallback = "5 min",
     .help = "How often to look for partitions that topics have got while they are read; 0: never. "
             "These are read from their first record."},
    {.name = "scan.connect.timeout",
     .kind = WR_OPTION_DURATION,
     .fallback = "30 s",
     .help = "Reading: how long to wait for a first broker before giving up."},
    {.name = "sink.connect.timeout",
     .kind = WR_OPTION_DURATION,
     .fallback = "30 s",
     .help = "Writing: how long to wait for a first broker before giving up."},
    {.name = "sink.partitioner",
     .kind = WR_OPTION_CHOICE,
     .choices = "default|fixed|round-robin",
     .fallback = "default",
     .help = "default: by the key's murmur2 hash as in Java, without key in stretches; fixed: one "
             "partition per task; round-robin: one after the other."},
    {.name = "sink.delivery-guarantee",
     .kind = WR_OPTION_CHOICE,
     .choices = "none|at-least-once|exactly-once",
     .fallback = "at-least-once",
     .help = "none: epochs do not wait for the broker; exactly-once: the rows of an epoch are "
             "published in one transaction, which needs --state-dir."},
    {.name = "sink.transactional-id-prefix",
     .kind = WR_OPTION_TEXT,
     .help = "With exactly-once: the transactional id and the consumer group that keeps the epoch "
             "are '<prefix>-<table>' instead of 'weir-<job>-<table>'. No other job may have it."},
    {.name = NULL},
};

const struct wr_connector wr_connector_kafka = {
    .name = "kafka",
    .help = "Reads and writes topics of Apache Kafka.",
    .options = wr_kafka_options,
    .metadata = wr_kafka_metadata,
    .reader = &wr_kafka_reader,
    .writer = &wr_kafka_writer,
    .takes_format = true,
    .check = wr_kafka_check,
    .is_bounded = wr_kafka_is_bounded,
    .delivery = "at-least-once: acknowledged by the brokers before an epoch counts",
    .publisher = &wr_kafka_publisher,
    .wants_exactly_once = wr_kafka_wants_exactly_once,
};
