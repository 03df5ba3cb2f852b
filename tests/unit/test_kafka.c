/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Kafka connector against librdkafka's own mock cluster, whose brokers can be taken down and
 * made to refuse. What the mock does not know (lookups by time, compaction, transactions) is tested
 * end to end with real brokers.
 */
#include "core/time.h"
#include "tests/unit/connect.h"
#include "tests/unit/mock_kafka.h"
#include "text/json_write.h"

#define GIVE_UP_US (90 * WR_US_PER_SECOND) /* when waiting for what must come */

/* ---- writing */

static struct wr_writer *writer_open(struct connect_table *table, const struct mock_kafka *cluster,
                                     const char *key, const char *value)
{
  struct wr_writer *writer = NULL;
  connect_open(table, "kafka", NULL,
               (const char *[]){"topic", "clicks", "properties.bootstrap.servers", cluster->servers,
                                key, value, NULL});
  enum wr_code code = connect_check(table, true);
  WR_CHECK(code == WR_OK, "%s", table->err.message);
  code = table->connector->writer->open(&table->spec, &writer, &table->err);
  WR_CHECK(code == WR_OK, "%s", table->err.message);
  return writer;
}

static enum wr_code write_numbers(struct connect_table *table, struct wr_writer *writer, int first,
                                  int count)
{
  enum wr_code code = WR_OK;
  for (int i = first; i < first + count && code == WR_OK; i++) {
    char text[16];
    struct wr_outgoing record = {.bytes = text};
    record.length = (uint32_t)snprintf(text, sizeof text, "%d", i);
    code = writer->class->write(writer, &record, 1, &table->err);
  }
  return code;
}

static void put_numbers(const struct mock_kafka *cluster, int first, int count)
{
  struct connect_table table;
  struct wr_writer *writer = writer_open(&table, cluster, "sink.partitioner", "round-robin");
  CU_ASSERT_EQUAL(write_numbers(&table, writer, first, count), WR_OK);
  CU_ASSERT_EQUAL(writer->class->finish(writer, &table.err), WR_OK);
  writer->class->close(writer);
  connect_close(&table);
}

/* ---- reading */

struct reading {
  struct connect_table table;
  struct wr_split *splits;
  uint32_t split_count;
  struct wr_reader *reader;
  uint32_t message_count, sum;
};

static enum wr_code reading_discover(struct reading *reading, const struct mock_kafka *cluster,
                                     const char *const *options)
{
  const char *all[20] = {"topic", "clicks", "properties.bootstrap.servers", cluster->servers};
  for (int i = 4; options && *options; i++)
    all[i] = *options++;
  *reading = (struct reading){0};
  connect_open(&reading->table, "kafka", NULL, all);
  enum wr_code code = connect_check(&reading->table, false);
  if (code != WR_OK)
    return code;
  return reading->table.connector->reader->discover(&reading->table.spec, &reading->table.arena,
                                                    &reading->splits, &reading->split_count,
                                                    &reading->table.err);
}

static void reading_open(struct reading *reading)
{
  enum wr_code code = reading->table.connector->reader->open(&reading->table.spec, reading->splits,
                                                             reading->split_count, &reading->reader,
                                                             &reading->table.err);
  WR_CHECK(code == WR_OK, "%s", reading->table.err.message);
}

/* One poll; remembers positions the way the runtime does. */
static enum wr_code reading_poll(struct reading *reading)
{
  struct wr_chunk chunk = {0};
  const struct wr_reader_class *class = reading->reader->class;
  enum wr_code code = class->poll(reading->reader, 50, &chunk, &reading->table.err);
  for (uint32_t i = 0; code == WR_OK && i < chunk.message_count; i++) {
    const struct wr_message *message = &chunk.messages[i];
    char text[160];
    class->position_after(reading->reader, message, text, sizeof text);
    reading->splits[message->split].position =
        wr_arena_copy(&reading->table.arena, text, strlen(text));
    snprintf(text, sizeof text, "%.*s", (int)message->length, message->bytes);
    reading->sum += (uint32_t)strtoul(text, NULL, 10);
    reading->message_count++;
  }
  return code;
}

static bool reading_has_state(const struct reading *reading, enum wr_split_state state)
{
  for (uint32_t i = 0; i < reading->split_count; i++)
    if (reading->reader->states[i] != state)
      return false;
  return true;
}

/* Polls until so many messages have come and all splits have the state. */
static void reading_wait(struct reading *reading, uint32_t message_count, enum wr_split_state state)
{
  int64_t end_us = wr_monotonic_us() + GIVE_UP_US;
  enum wr_code code = WR_OK;
  while (code == WR_OK && wr_monotonic_us() < end_us &&
         (reading->message_count < message_count || !reading_has_state(reading, state)))
    code = reading_poll(reading);
  WR_CHECK(code == WR_OK, "%s", reading->table.err.message);
  CU_ASSERT_EQUAL(reading->message_count, message_count);
  CU_ASSERT(reading_has_state(reading, state));
}

static void reading_close(struct reading *reading)
{
  if (reading->reader)
    reading->reader->class->close(reading->reader);
  connect_close(&reading->table);
}

static const char *const bounded[] = {"scan.startup.mode", "earliest-offset", "scan.bounded.mode",
                                      "latest-offset", NULL};

/* ---- tests */

static void test_round_trip(void)
{
  struct mock_kafka cluster;
  struct reading reading;
  mock_kafka_open(&cluster, "clicks", 3);
  put_numbers(&cluster, 0, 10000);
  CU_ASSERT_EQUAL(reading_discover(&reading, &cluster, bounded), WR_OK);
  CU_ASSERT_EQUAL(reading.split_count, 3);
  CU_ASSERT_STRING_EQUAL(reading.splits[1].name, "clicks-1");
  CU_ASSERT_STRING_EQUAL(reading.splits[1].position, "0..3333");
  put_numbers(&cluster, 0, 5); /* behind the end that was found */
  reading_open(&reading);
  reading_wait(&reading, 10000, WR_SPLIT_DONE);
  CU_ASSERT_EQUAL(reading.sum, 49995000);
  CU_ASSERT_EQUAL(reading.reader->progress_total, 10000);
  CU_ASSERT_EQUAL(reading.reader->progress_done, 10000);
  CU_ASSERT_STRING_EQUAL(reading.splits[0].position, "3334..3334");
  reading_close(&reading);
  mock_kafka_close(&cluster);
}

/* Stopped after every poll and opened again where it stood: each record once. */
static void test_goes_on_at_position(void)
{
  struct mock_kafka cluster;
  struct reading reading;
  mock_kafka_open(&cluster, "clicks", 2);
  put_numbers(&cluster, 0, 20000);
  CU_ASSERT_EQUAL(reading_discover(&reading, &cluster, bounded), WR_OK);
  for (int round = 0; round < 3; round++) {
    uint32_t before = reading.message_count;
    reading_open(&reading);
    while (reading.message_count == before && reading_poll(&reading) == WR_OK)
      ;
    reading.reader->class->close(reading.reader);
  }
  CU_ASSERT(reading.message_count < 20000);
  reading_open(&reading);
  reading_wait(&reading, 20000, WR_SPLIT_DONE);
  CU_ASSERT_EQUAL(reading.sum, 199990000);
  reading_close(&reading);
  mock_kafka_close(&cluster);
}

static void test_offset_is_gone(void)
{
  struct mock_kafka cluster;
  struct reading reading;
  static const char *const options[] = {"scan.startup.mode", "specific-offsets",
                                        "scan.startup.specific-offsets", "partition:0,offset:500",
                                        NULL};
  mock_kafka_open(&cluster, "clicks", 1);
  put_numbers(&cluster, 0, 10);
  CU_ASSERT_EQUAL(reading_discover(&reading, &cluster, options), WR_OK);
  CU_ASSERT_STRING_EQUAL(reading.splits[0].position, "500");
  reading_open(&reading);
  int64_t end_us = wr_monotonic_us() + GIVE_UP_US;
  enum wr_code code = WR_OK;
  while (code == WR_OK && wr_monotonic_us() < end_us)
    code = reading_poll(&reading);
  CU_ASSERT_EQUAL(code, WR_DATA);
  WR_CHECK(strstr(reading.table.err.message, "partition 0 of the topic 'clicks' has no offset 500"),
           "%s", reading.table.err.message);
  reading_close(&reading);
  mock_kafka_close(&cluster);
}

static void test_group_offsets(void)
{
  struct mock_kafka cluster;
  struct reading reading;
  static const char *const options[] = {"properties.group.id", "g", NULL};
  static const char *const reset[] = {"properties.group.id", "g", "properties.auto.offset.reset",
                                      "earliest", NULL};
  mock_kafka_open(&cluster, "clicks", 2);
  put_numbers(&cluster, 0, 100);
  CU_ASSERT_EQUAL(reading_discover(&reading, &cluster, options), WR_SEMANTIC);
  CU_ASSERT(strstr(reading.table.err.message, "'g' has no offset") != NULL);
  reading_close(&reading);
  CU_ASSERT_EQUAL(reading_discover(&reading, &cluster, reset), WR_OK);
  reading_open(&reading);
  reading_wait(&reading, 100, WR_SPLIT_CAUGHT_UP);
  for (uint32_t s = 0; s < reading.split_count; s++)
    reading.reader->class->committed(reading.reader, s, s == 0 ? "20" : "30");
  reading_close(&reading);
  CU_ASSERT_EQUAL(reading_discover(&reading, &cluster, options), WR_OK);
  CU_ASSERT_STRING_EQUAL(reading.splits[0].position, "20");
  CU_ASSERT_STRING_EQUAL(reading.splits[1].position, "30");
  reading_close(&reading);
  mock_kafka_close(&cluster);
}

static void test_nobody_there(void)
{
  struct mock_kafka cluster = {.servers = "127.0.0.1:1"};
  struct reading reading;
  static const char *const options[] = {"scan.startup.mode", "earliest-offset",
                                        "scan.connect.timeout", "300 ms", NULL};
  CU_ASSERT_EQUAL(reading_discover(&reading, &cluster, options), WR_CONNECTION);
  CU_ASSERT(reading.table.err.retry);
  WR_CHECK(strstr(reading.table.err.message, "no Kafka broker at 127.0.0.1:1 answered") &&
               strstr(reading.table.err.message, "refused"),
           "%s", reading.table.err.message);
  reading_close(&reading);
}

/* A broker that goes and comes back: said once each, and no record is lost. */
static void test_broker_goes_and_comes(void)
{
  struct mock_kafka cluster;
  struct reading reading;
  static const char *const options[] = {"scan.startup.mode", "earliest-offset", NULL};
  mock_kafka_open(&cluster, "clicks", 2);
  put_numbers(&cluster, 0, 1000);
  CU_ASSERT_EQUAL(reading_discover(&reading, &cluster, options), WR_OK);
  reading_open(&reading);
  reading_wait(&reading, 1000, WR_SPLIT_CAUGHT_UP);
  rd_kafka_mock_broker_set_down(cluster.mock, 1);
  reading_wait(&reading, 1000, WR_SPLIT_AWAY);
  for (int64_t end_us = wr_monotonic_us() + GIVE_UP_US;
       !reading.table.notes[0] && wr_monotonic_us() < end_us;)
    reading_poll(&reading);
  WR_CHECK(strstr(reading.table.notes, "no answer from Kafka at 127.0.0.1") != NULL, "%s",
           reading.table.notes);
  rd_kafka_mock_broker_set_up(cluster.mock, 1);
  put_numbers(&cluster, 1000, 1000);
  reading_wait(&reading, 2000, WR_SPLIT_CAUGHT_UP);
  CU_ASSERT_EQUAL(reading.sum, 1999000);
  WR_CHECK(strstr(reading.table.notes, "answers again\n") != NULL, "%s", reading.table.notes);
  reading_close(&reading);
  mock_kafka_close(&cluster);
}

static bool wait_settled(struct connect_table *table, struct wr_writer *writer, uint64_t epoch,
                         int64_t wait_us)
{
  bool settled = false;
  int64_t end_us = wr_monotonic_us() + wait_us;
  while (!settled && wr_monotonic_us() < end_us)
    CU_ASSERT_EQUAL(writer->class->settled(writer, epoch, &settled, &table->err), WR_OK);
  return settled;
}

static void test_epochs_settle(void)
{
  struct mock_kafka cluster;
  struct connect_table table;
  mock_kafka_open(&cluster, "clicks", 2);
  struct wr_writer *writer = writer_open(&table, &cluster, NULL, NULL);
  CU_ASSERT_EQUAL(writer->class->barrier(writer, 1, &table.err), WR_OK);
  CU_ASSERT(wait_settled(&table, writer, 1, GIVE_UP_US)); /* nothing was written */
  CU_ASSERT_EQUAL(write_numbers(&table, writer, 0, 100), WR_OK);
  CU_ASSERT_EQUAL(writer->class->barrier(writer, 2, &table.err), WR_OK);
  CU_ASSERT(wait_settled(&table, writer, 2, GIVE_UP_US));
  rd_kafka_mock_broker_set_down(cluster.mock, 1);
  CU_ASSERT_EQUAL(write_numbers(&table, writer, 100, 100), WR_OK);
  CU_ASSERT_EQUAL(writer->class->barrier(writer, 3, &table.err), WR_OK);
  CU_ASSERT(!wait_settled(&table, writer, 3, WR_US_PER_SECOND / 5));
  rd_kafka_mock_broker_set_up(cluster.mock, 1);
  CU_ASSERT_EQUAL(write_numbers(&table, writer, 200, 1), WR_OK); /* is not part of it */
  CU_ASSERT(wait_settled(&table, writer, 3, GIVE_UP_US));
  CU_ASSERT_EQUAL(writer->class->finish(writer, &table.err), WR_OK);
  writer->class->close(writer);
  connect_close(&table);
  mock_kafka_close(&cluster);
}

static void test_refused_record(void)
{
  struct mock_kafka cluster;
  struct connect_table table;
  mock_kafka_open(&cluster, "clicks", 1);
  struct wr_writer *writer =
      writer_open(&table, &cluster, "properties.enable.idempotence", "false");
  rd_kafka_mock_push_request_errors(cluster.mock, 0 /* Produce */, 1,
                                    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  /* the answer may be there before the call returns */
  enum wr_code code = write_numbers(&table, writer, 0, 1);
  if (code == WR_OK)
    code = writer->class->finish(writer, &table.err);
  CU_ASSERT_EQUAL(code, WR_CONNECTION);
  WR_CHECK(strstr(table.err.message, "partition 0 of the topic 'clicks' was not delivered") != NULL,
           "%s", table.err.message);
  writer->class->close(writer);
  connect_close(&table);
  mock_kafka_close(&cluster);
}

/* One record with a key and headers, by a producer of our own: the connector writes none. */
static void put_with_headers(const struct mock_kafka *cluster)
{
  char why[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, mock_kafka_ignore_log);
  rd_kafka_conf_set(conf, "bootstrap.servers", cluster->servers, why, sizeof why);
  rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  CU_ASSERT_PTR_NOT_NULL_FATAL(producer);
  CU_ASSERT_EQUAL(
      rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("clicks"), RD_KAFKA_V_VALUE("7", 1),
                        RD_KAFKA_V_KEY("k", 1), RD_KAFKA_V_HEADER("twice", "1", 1),
                        RD_KAFKA_V_HEADER("bytes", "\xff\x00", 2),
                        RD_KAFKA_V_HEADER("none", NULL, 0), RD_KAFKA_V_HEADER("", "", 0),
                        RD_KAFKA_V_HEADER("twice", "a longer value", 14), RD_KAFKA_V_END),
      RD_KAFKA_RESP_ERR_NO_ERROR);
  CU_ASSERT_EQUAL(rd_kafka_flush(producer, (int)(GIVE_UP_US / WR_US_PER_MS)),
                  RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_destroy(producer);
}

static void test_metadata(void)
{
  struct mock_kafka cluster;
  struct reading reading;
  static const char *const expected[] = {
      "\"clicks\"",
      "0",
      "0",
      NULL,
      "\"CreateTime\"",
      "\"k\"",
      "{\"twice\":\"YSBsb25nZXIgdmFsdWU=\",\"bytes\":\"/wA=\",\"none\":null,\"\":\"\"}"};
  mock_kafka_open(&cluster, "clicks", 1);
  put_with_headers(&cluster);
  CU_ASSERT_EQUAL(reading_discover(&reading, &cluster, bounded), WR_OK);
  reading_open(&reading);
  struct wr_chunk chunk = {0};
  for (int64_t end_us = wr_monotonic_us() + GIVE_UP_US;
       chunk.message_count == 0 && wr_monotonic_us() < end_us;)
    reading.reader->class->poll(reading.reader, 50, &chunk, &reading.table.err);
  const struct wr_message *message = chunk.messages;
  for (uint32_t m = 0; chunk.message_count == 1 && reading.table.connector->metadata[m].name; m++) {
    struct wr_builder builder;
    wr_builder_open(&builder, reading.table.connector->metadata[m].type);
    wr_builder_reserve(&builder, 1);
    reading.reader->class->metadata(reading.reader, m, &message, 1, &builder);
    struct wr_column column = wr_builder_view(&builder);
    CU_ASSERT(!wr_column_is_null(&column, 0));
    struct wr_buffer text = {0};
    wr_json_write_value(&text, &column, 0, NULL);
    if (m < WR_COUNT(expected) && expected[m])
      WR_CHECK(strcmp(wr_buffer_string(&text), expected[m]) == 0, "%s: %s",
               reading.table.connector->metadata[m].name, wr_buffer_string(&text));
    wr_buffer_free(&text);
    wr_builder_close(&builder);
  }
  CU_ASSERT_EQUAL(chunk.message_count, 1);
  reading_close(&reading);
  mock_kafka_close(&cluster);
}

/* The value of a metadata column of the only record, as JSON. */
static void metadata_check(struct reading *reading, const struct wr_message *message,
                           const char *name, const char *expected)
{
  uint32_t m = 0;
  while (strcmp(reading->table.connector->metadata[m].name, name) != 0)
    m++;
  struct wr_builder builder;
  wr_builder_open(&builder, reading->table.connector->metadata[m].type);
  wr_builder_reserve(&builder, 1);
  reading->reader->class->metadata(reading->reader, m, &message, 1, &builder);
  struct wr_column column = wr_builder_view(&builder);
  struct wr_buffer text = {0};
  wr_json_write_value(&text, &column, 0, NULL);
  WR_CHECK(strcmp(wr_buffer_string(&text), expected) == 0, "%s: %s", name, wr_buffer_string(&text));
  wr_buffer_free(&text);
  wr_builder_close(&builder);
}

/* Key and time of a record are those that the sink was given. */
static void test_writes_metadata(void)
{
  struct mock_kafka cluster;
  struct reading reading;
  struct connect_table table;
  mock_kafka_open(&cluster, "clicks", 1);
  struct wr_writer *writer = writer_open(&table, &cluster, "sink.partitioner", "default");
  const struct wr_outgoing record = {.bytes = "7",
                                     .length = 1,
                                     .key = "page",
                                     .key_length = 4,
                                     .has_time = true,
                                     .time_us = 1767323045678 * WR_US_PER_MS};
  CU_ASSERT_EQUAL(writer->class->write(writer, &record, 1, &table.err), WR_OK);
  CU_ASSERT_EQUAL(writer->class->finish(writer, &table.err), WR_OK);
  writer->class->close(writer);
  connect_close(&table);
  CU_ASSERT_EQUAL(reading_discover(&reading, &cluster, bounded), WR_OK);
  reading_open(&reading);
  struct wr_chunk chunk = {0};
  for (int64_t end_us = wr_monotonic_us() + GIVE_UP_US;
       chunk.message_count == 0 && wr_monotonic_us() < end_us;)
    reading.reader->class->poll(reading.reader, 50, &chunk, &reading.table.err);
  CU_ASSERT_EQUAL_FATAL(chunk.message_count, 1);
  metadata_check(&reading, chunk.messages, "key", "\"page\"");
  metadata_check(&reading, chunk.messages, "timestamp", "\"2026-01-02 03:04:05.678Z\"");
  reading_close(&reading);
  mock_kafka_close(&cluster);
}

static void test_refuses_options(void)
{
  static const struct {
    const char *key, *value;
    bool writing;
    enum wr_code code;
    const char *part;
  } rows[] = {
      {"topic-pattern", "c.*", false, WR_UNSUPPORTED, "by a pattern"},
      {"scan.startup.mode", "group-offsets", false, WR_SEMANTIC, "names no group"},
      {"scan.startup.mode", "timestamp", false, WR_SEMANTIC, "scan.startup.timestamp-millis"},
      {"scan.startup.timestamp-millis", "5", false, WR_SEMANTIC, "means nothing without"},
      {"scan.startup.mode", "sometimes", false, WR_SEMANTIC, "must be one of"},
      {"properties.enable.auto.commit", "true", false, WR_SEMANTIC, "cannot be set"},
      {"properties.auto.offset.reset", "earliest", false, WR_OK, NULL},
      {"properties.auto.offset.reset", "none", false, WR_SEMANTIC, "names no group"},
      {"properties.key.decoder", "x", true, WR_SEMANTIC, "librdkafka has no property"},
      {"properties.key.serializer", "x", true, WR_OK, NULL},
      {"properties.max.request.size", "2000000", true, WR_OK, NULL},
      {"properties.max.request.size", "much", true, WR_SEMANTIC, "max.request.size"},
      {"properties.ssl.endpoint.identification.algorithm", "", true, WR_OK, NULL},
      {"properties.ssl.truststore.location", "/t.jks", true, WR_UNSUPPORTED, "trust store"},
      {"properties.sasl.mechanism", "AWS_MSK_IAM", true, WR_UNSUPPORTED, "IAM"},
      {"properties.acks", "some", true, WR_SEMANTIC, "acks"},
      {"properties.group.id", "g", false, WR_OK, NULL},
      {"scan.topic-partition-discovery.interval", "0", true, WR_OK, NULL},
      {"sink.delivery-guarantee", "exactly-once", true, WR_OK, NULL},
      {"properties.transactional.id", "mine", true, WR_SEMANTIC, "cannot be set"},
      {"sink.transactional-id-prefix", "p", true, WR_SEMANTIC, "means nothing without"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct connect_table table;
    connect_open(&table, "kafka", NULL,
                 (const char *[]){"topic", "clicks", "properties.bootstrap.servers", "x:1",
                                  rows[i].key, rows[i].value, NULL});
    WR_CHECK(connect_check(&table, rows[i].writing) == rows[i].code, "%s", rows[i].key);
    if (rows[i].part)
      WR_CHECK(strstr(table.err.message, rows[i].part) != NULL, "%s: %s", rows[i].key,
               table.err.message);
    connect_close(&table);
  }
}

static const struct wr_test tests[] = {
    {"round-trip", test_round_trip},
    {"goes-on-at-position", test_goes_on_at_position},
    {"offset-is-gone", test_offset_is_gone},
    {"group-offsets", test_group_offsets},
    {"nobody-there", test_nobody_there},
    {"broker-goes-and-comes", test_broker_goes_and_comes},
    {"epochs-settle", test_epochs_settle},
    {"refused-record", test_refused_record},
    {"metadata", test_metadata},
    {"writes_metadata", test_writes_metadata},
    {"refuses-options", test_refuses_options},
    {NULL, NULL},
};

const struct wr_suite wr_suite_kafka = {"kafka", tests};
