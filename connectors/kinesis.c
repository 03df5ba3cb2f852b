/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amazon Kinesis Data Streams: the options, and which of them go together. They have the names that
 * Apache Flink gave them; how the service is reached and who asks is net/aws.h's.
 */
#include "connectors/kinesis.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "connectors/kinesis_time.h"
#include "connectors/put_writer.h"
#include "core/time.h"
#include "text/number.h"

#define KINESIS_RECORDS_MAX      10000                    /* that one GetRecords brings */
#define KINESIS_RENEWAL_LEAST_US (6 * WR_US_PER_SECOND)   /* within 5 s no other one is taken */
#define KINESIS_RENEWAL_MOST_US  (300 * WR_US_PER_SECOND) /* then the service ends it */

const char *wr_kinesis_text(const struct wr_table_spec *spec, const char *name)
{
  return wr_options_text(spec->options, wr_kinesis_options, name);
}

bool wr_kinesis_uses_fanout(const struct wr_table_spec *spec)
{
  return strcmp(wr_kinesis_text(spec, "source.reader.type"), "EFO") == 0;
}

/* ---- the stream ---- */

/* "stream/NAME" of an ARN of Kinesis. */
static bool kinesis_arn_parse(const char *text, struct wr_aws_arn *arn, struct wr_slice *name)
{
  static const char prefix[] = "stream/";
  const uint32_t length = sizeof prefix - 1;
  if (!wr_aws_arn_parse(text, arn) || arn->service.length != strlen("kinesis") ||
      memcmp(arn->service.bytes, "kinesis", arn->service.length) != 0 || arn->region.length == 0 ||
      arn->resource.length <= length || memcmp(arn->resource.bytes, prefix, length) != 0)
    return false;
  *name = (struct wr_slice){arn->resource.bytes + length, arn->resource.length - length};
  return !memchr(name->bytes, '/', name->length);
}

struct wr_kinesis_stream wr_kinesis_stream_of(const struct wr_table_spec *spec,
                                              struct wr_arena *arena)
{
  const char *text = wr_options_find(spec->options, "stream.arn");
  struct wr_kinesis_stream stream = {.name = NULL};
  struct wr_aws_arn arn;
  struct wr_slice name;
  if (text && kinesis_arn_parse(text, &arn, &name)) {
    stream.name = wr_arena_copy(arena, name.bytes, name.length);
    stream.arn = wr_arena_copy(arena, text, strlen(text));
    stream.region = wr_arena_copy(arena, arn.region.bytes, arn.region.length);
  } else {
    text = wr_options_find(spec->options, "stream");
    assert(text); /* kinesis_check */
    stream.name = wr_arena_copy(arena, text, strlen(text));
  }
  return stream;
}

enum wr_code wr_kinesis_open_client(const struct wr_table_spec *spec,
                                    const struct wr_kinesis_stream *stream, struct wr_aws **out,
                                    struct wr_error *err)
{
  const struct wr_aws_settings settings = {.service = "kinesis",
                                           .options = spec->options,
                                           .region = stream->region,
                                           .note = spec->note,
                                           .note_self = spec->note_self};
  return wr_aws_open(&settings, out, err);
}

/* ---- what goes together ---- */

static enum wr_code kinesis_check_stream(const struct wr_table_spec *spec, struct wr_error *err)
{
  const struct wr_option_value *arn = wr_options_find_value(spec->options, "stream.arn");
  const struct wr_option_value *name = wr_options_find_value(spec->options, "stream");
  struct wr_aws_arn parts;
  struct wr_slice resource;
  if (arn && name)
    return wr_fail_at(err, WR_SEMANTIC, name->key_span,
                      "table %s names its stream twice: by 'stream.arn' and by 'stream'",
                      spec->table);
  if (!arn && !name)
    return wr_fail(err, WR_SEMANTIC, "table %s needs the option 'stream.arn' or 'stream'",
                   spec->table);
  if (arn && !kinesis_arn_parse(arn->value, &parts, &resource)) {
    wr_fail_at(err, WR_SEMANTIC, arn->value_span,
               "the option 'stream.arn' of table %s is '%s', which is no ARN of a stream",
               spec->table, arn->value);
    return wr_hint(err, "it looks like arn:aws:kinesis:eu-west-1:123456789012:stream/clicks; "
                        "'stream' = 'clicks' takes the name alone");
  }
  const struct wr_option_value *region = wr_options_find_value(spec->options, "aws.region");
  if (arn && region &&
      (strlen(region->value) != parts.region.length ||
       memcmp(region->value, parts.region.bytes, parts.region.length) != 0))
    return wr_fail_at(
        err, WR_SEMANTIC, region->value_span,
        "'aws.region' of table %s is '%s', but the region of its 'stream.arn' is %.*s", spec->table,
        region->value, (int)parts.region.length, parts.region.bytes);
  if (name && !*name->value)
    return wr_fail_at(err, WR_SEMANTIC, name->value_span,
                      "the option 'stream' of table %s is empty", spec->table);
  return WR_OK;
}

enum wr_code wr_kinesis_init_time(const struct wr_table_spec *spec, int64_t *time_ms,
                                  struct wr_error *err)
{
  const struct wr_option_value *time =
      wr_options_find_value(spec->options, "source.init.timestamp");
  const char *pattern = wr_kinesis_text(spec, "source.init.timestamp.format");
  double seconds;
  assert(time);
  if (wr_kinesis_time_parse(time->value, pattern, time_ms))
    return WR_OK;
  if (wr_parse_f64(time->value, strlen(time->value), &seconds) && seconds >= 0 &&
      seconds < 253402300800.0) {
    *time_ms = llround(seconds * 1000);
    return WR_OK;
  }
  wr_fail_at(err, WR_SEMANTIC, time->value_span,
             "the option 'source.init.timestamp' of table %s is '%s', but must look like %s",
             spec->table, time->value, pattern);
  return wr_hint(err, "seconds since 1970, such as 1700000000.5, will do too; "
                      "'source.init.timestamp.format' sets another pattern");
}

static enum wr_code kinesis_check_begin(const struct wr_table_spec *spec, struct wr_error *err)
{
  const struct wr_option_value *position =
      wr_options_find_value(spec->options, "source.init.position");
  const struct wr_option_value *time =
      wr_options_find_value(spec->options, "source.init.timestamp");
  const struct wr_option_value *format =
      wr_options_find_value(spec->options, "source.init.timestamp.format");
  bool at_time = position && strcmp(position->value, "AT_TIMESTAMP") == 0;
  const struct wr_option_value *extra = time ? time : format;
  char letter;
  int64_t time_ms;
  if (extra && !at_time)
    return wr_fail_at(err, WR_SEMANTIC, extra->key_span,
                      "the option '%s' of table %s means nothing without 'source.init.position' = "
                      "'AT_TIMESTAMP'",
                      extra->key, spec->table);
  if (at_time && !time)
    return wr_fail_at(err, WR_SEMANTIC, position->value_span,
                      "'source.init.position' = 'AT_TIMESTAMP' of table %s needs the option "
                      "'source.init.timestamp'",
                      spec->table);
  if (format && !wr_kinesis_time_check(format->value, &letter)) {
    if (letter == '\'')
      return wr_fail_at(err, WR_SEMANTIC, format->value_span,
                        "'source.init.timestamp.format' of table %s has a quote that does not end",
                        spec->table);
    return wr_fail_at(err, WR_UNSUPPORTED, format->value_span,
                      "'source.init.timestamp.format' of table %s has the letter %c, which is not "
                      "known",
                      spec->table, letter);
  }
  return time ? wr_kinesis_init_time(spec, &time_ms, err) : WR_OK;
}

static enum wr_code kinesis_check_renewal(const struct wr_table_spec *spec, struct wr_error *err)
{
  const struct wr_option_value *value = wr_options_find_value(spec->options, WR_KINESIS_RENEWAL);
  int64_t interval_us =
      wr_options_duration_us(spec->options, wr_kinesis_options, WR_KINESIS_RENEWAL);
  if (interval_us >= KINESIS_RENEWAL_LEAST_US && interval_us <= KINESIS_RENEWAL_MOST_US)
    return WR_OK;
  return wr_fail_at(err, WR_SEMANTIC, value->value_span,
                    "the option '%s' of table %s is %s, but must be %d s to %d s", value->key,
                    spec->table, value->value, (int)(KINESIS_RENEWAL_LEAST_US / WR_US_PER_SECOND),
                    (int)(KINESIS_RENEWAL_MOST_US / WR_US_PER_SECOND));
}

static enum wr_code kinesis_check_reading(const struct wr_table_spec *spec, struct wr_error *err)
{
  static const char *const fanout_only[] = {"source.efo.consumer.name", "source.efo.lifecycle",
                                            "source.efo.subscription.timeout", WR_KINESIS_RENEWAL,
                                            "source.efo.deregister.timeout"};
  const char *most = "source.shard.get-records.max-record-count";
  const struct wr_option_value *records = wr_options_find_value(spec->options, most);
  bool fanout = wr_kinesis_uses_fanout(spec);
  for (size_t i = 0; i < sizeof fanout_only / sizeof *fanout_only; i++) {
    const struct wr_option_value *value = wr_options_find_value(spec->options, fanout_only[i]);
    if (value && !fanout)
      return wr_fail_at(err, WR_SEMANTIC, value->key_span,
                        "the option '%s' of table %s means nothing without 'source.reader.type' = "
                        "'EFO'",
                        value->key, spec->table);
  }
  if (fanout && !wr_options_find(spec->options, "source.efo.consumer.name"))
    return wr_fail_at(err, WR_SEMANTIC,
                      wr_options_find_value(spec->options, "source.reader.type")->value_span,
                      "'source.reader.type' = 'EFO' of table %s needs the option "
                      "'source.efo.consumer.name'",
                      spec->table);
  if (records && fanout)
    return wr_fail_at(err, WR_SEMANTIC, records->key_span,
                      "the option '%s' of table %s means nothing with 'source.reader.type' = 'EFO'",
                      most, spec->table);
  int64_t count = wr_options_integer(spec->options, wr_kinesis_options, most);
  if (count < 1 || count > KINESIS_RECORDS_MAX)
    return wr_fail_at(err, WR_SEMANTIC, records->value_span,
                      "the option '%s' of table %s is %s, but must be 1 to %d", most, spec->table,
                      records->value, KINESIS_RECORDS_MAX);
  enum wr_code code = kinesis_check_renewal(spec, err);
  return code == WR_OK ? kinesis_check_begin(spec, err) : code;
}

static enum wr_code kinesis_check(const struct wr_table_spec *spec, bool writing,
                                  struct wr_error *err)
{
  enum wr_code code = wr_aws_check(spec->options, err);
  if (!code)
    code = kinesis_check_stream(spec, err);
  if (code != WR_OK)
    return code;
  return writing ? wr_kinesis_check_writing(spec, err) : kinesis_check_reading(spec, err);
}

/* ---- tables ---- */

const struct wr_option wr_kinesis_options[] = {
    {.name = "stream.arn",
     .kind = WR_OPTION_TEXT,
     .help = "The stream: 'arn:aws:kinesis:eu-west-1:123456789012:stream/clicks'."},
    {.name = "stream",
     .kind = WR_OPTION_TEXT,
     .help = "The stream's name instead; its region is that of the options or the environment."},
    {.name = "source.init.position",
     .kind = WR_OPTION_CHOICE,
     .choices = "LATEST|TRIM_HORIZON|AT_TIMESTAMP",
     .fallback = "LATEST",
     .help = "Where reading begins: with what comes from now on, with the oldest record, or at a "
             "time."},
    {.name = "source.init.timestamp",
     .kind = WR_OPTION_TEXT,
     .help = "For AT_TIMESTAMP: records that arrived then or later. By the format below, or in "
             "seconds since 1970."},
    {.name = "source.init.timestamp.format",
     .kind = WR_OPTION_TEXT,
     .fallback = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
     .help = "A pattern as in Java's SimpleDateFormat, of the letters y M d H m s S X Z."},
    {.name = "source.expired-position",
     .kind = WR_OPTION_CHOICE,
     .choices = "fail|trim-horizon",
     .fallback = "fail",
     .help = "When the job goes on from a place that the stream no longer has: end with an error "
             "that says so, or go on with the oldest record and note it."},
    {.name = "source.reader.type",
     .kind = WR_OPTION_CHOICE,
     .choices = "POLLING|EFO",
     .fallback = "POLLING",
     .help = "POLLING asks for records, within the limits that all readers of a shard share; EFO "
             "(enhanced fan-out) has them sent, with 2 MB a second of its own per shard."},
    {.name = "source.shard.get-records.max-record-count",
     .kind = WR_OPTION_INTEGER,
     .fallback = "10000",
     .help = "POLLING: records of one answer at most."},
    {.name = "source.shard.discovery.interval",
     .kind = WR_OPTION_DURATION,
     .fallback = "10 s",
     .help = "How often shards are listed anew; a shard's children are also found when it ends. 0: "
             "only then."},
    {.name = "source.efo.consumer.name",
     .kind = WR_OPTION_TEXT,
     .help = "EFO: the name of the registered consumer. No two jobs may use one at a time."},
    {.name = "source.efo.lifecycle",
     .kind = WR_OPTION_CHOICE,
     .choices = "JOB_MANAGED|SELF_MANAGED",
     .fallback = "JOB_MANAGED",
     .help = "EFO: the job registers its consumer and takes it away at the end, or uses one that "
             "is there."},
    {.name = "source.efo.subscription.timeout",
     .kind = WR_OPTION_DURATION,
     .fallback = "60 s",
     .help = "EFO: how long to wait for the consumer to become active, and for a sign of life on a "
             "subscription."},
    {.name = WR_KINESIS_RENEWAL,
     .kind = WR_OPTION_DURATION,
     .fallback = "285 s",
     .help = "EFO: how old a subscription becomes before it is renewed, 6 s to 300 s; the service "
             "takes no other one within its first 5 s, and ends it after 300 s."},
    {.name = "source.efo.deregister.timeout",
     .kind = WR_OPTION_DURATION,
     .fallback = "10 s",
     .help = "EFO, JOB_MANAGED: how long to try to take the consumer away at the end."},
    {.name = "sink.partitioner",
     .kind = WR_OPTION_CHOICE,
     .choices = "random|fixed",
     .fallback = "random",
     .help = "Writing: the partition key of records that have none of columns: another one for "
             "each, or one per writer."},
    {.name = "sink.partitioner-field-delimiter",
     .kind = WR_OPTION_TEXT,
     .fallback = "|",
     .help = "Writing: what stands between the columns of PARTITIONED BY in a partition key."},
    {.name = "sink.ordering",
     .kind = WR_OPTION_CHOICE,
     .choices = "key|none",
     .fallback = "key",
     .help =
         "Writing: key: a record is sent when the one before it with the same partition key was "
         "taken, so that nothing changes their order; none: faster where there are few keys."},
    {.name = "sink.aggregation",
     .kind = WR_OPTION_BOOL,
     .fallback = "false",
     .help = "Writing: records of the same key that come together are packed into one, as the "
             "Kinesis Producer Library does; who reads must take them apart."},
    WR_PUT_OPTIONS("5 mb"),
    WR_AWS_OPTIONS,
    {.name = NULL},
};

static bool kinesis_is_bounded(const struct wr_table_spec *spec)
{
  (void)spec;
  return false;
}

const struct wr_connector wr_connector_kinesis = {
    .name = "kinesis",
    .help = "Reads and writes streams of Amazon Kinesis Data Streams.",
    .options = wr_kinesis_options,
    .metadata = wr_kinesis_metadata,
    .reader = &wr_kinesis_reader,
    .writer = &wr_kinesis_writer,
    .takes_format = true,
    .check = kinesis_check,
    .is_bounded = kinesis_is_bounded,
    .key_option = "sink.partitioner-field-delimiter",
    .delivery = "at-least-once: taken by the stream before an epoch counts",
};
