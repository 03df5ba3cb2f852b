/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publishing exactly once, against librdkafka's own mock cluster: what brokers answer, and what
 * becomes of it. The mock keeps no offsets of transactions and aborts none; which epochs are
 * published, fences and restarts are tested end to end with real brokers.
 */
#include "connectors/kafka_outbox.h"
#include "connectors/publisher.h"
#include "core/time.h"
#include "tests/unit/connect.h"
#include "tests/unit/mock_kafka.h"

#define JOB "0123456789abcdef"

/* Requests, as Kafka numbers them. */
enum {
  PRODUCE = 0,
  OFFSET_FETCH = 9,
  FIND_COORDINATOR = 10,
  INIT_PRODUCER_ID = 22,
  ADD_PARTITIONS = 24,
  ADD_OFFSETS = 25,
  END = 26,
  TXN_OFFSET_COMMIT = 28
};

struct sink {
  struct connect_table table;
  struct wr_publisher *publisher;
};

static void sink_open_noting(struct sink *sink, const char *servers, const char *connect_timeout,
                             void (*note)(void *self, const char *message), void *note_self)
{
  connect_open(&sink->table, "kafka", NULL,
               (const char *[]){"topic", "out", "properties.bootstrap.servers", servers,
                                "sink.delivery-guarantee", "exactly-once", "sink.connect.timeout",
                                connect_timeout, NULL});
  WR_CHECK(connect_check(&sink->table, true) == WR_OK, "%s", sink->table.err.message);
  sink->table.spec.job = JOB;
  sink->table.spec.sink = "t";
  sink->table.spec.note = note;
  sink->table.spec.note_self = note_self;
  enum wr_code code =
      sink->table.connector->publisher->open(&sink->table.spec, &sink->publisher, &sink->table.err);
  WR_CHECK(code == WR_OK, "%s", sink->table.err.message);
}

static void sink_open(struct sink *sink, const char *servers, const char *connect_timeout)
{
  sink_open_noting(sink, servers, connect_timeout, connect_note, &sink->table);
}

static void sink_close(struct sink *sink)
{
  sink->publisher->class->close(sink->publisher);
  connect_close(&sink->table);
}

static enum wr_code sink_recover(struct sink *sink)
{
  const struct wr_recovery recovery = {.state_dir = "state"};
  return sink->publisher->class->recover(sink->publisher, &recovery, &sink->table.err);
}

static enum wr_code sink_publish(struct sink *sink, uint64_t epoch, uint32_t count)
{
  struct wr_kafka_outbox outbox = {0};
  struct wr_buffer bytes = {0};
  const struct wr_kafka_outbox_head head = {.number = epoch};
  for (uint32_t i = 0; i < count; i++)
    wr_kafka_outbox_put(&outbox, &(struct wr_outgoing){.bytes = "hello", .length = 5});
  wr_kafka_outbox_take(&outbox, &head, &bytes);
  const struct wr_slice slice = {bytes.bytes, (uint32_t)bytes.length};
  enum wr_code code =
      sink->publisher->class->publish(sink->publisher, epoch, &slice, 1, &sink->table.err);
  wr_buffer_free(&bytes);
  wr_kafka_outbox_free(&outbox);
  return code;
}

static int64_t topic_records(const struct mock_kafka *cluster)
{
  char why[256];
  int64_t low, high, all = 0;
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", cluster->servers, why, sizeof why);
  rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
  for (int32_t p = 0; p < 2; p++)
    all += rd_kafka_query_watermark_offsets(rk, "out", p, &low, &high, 10000) ==
                   RD_KAFKA_RESP_ERR_NO_ERROR
               ? high
               : INT32_MAX;
  rd_kafka_destroy(rk);
  return all;
}

static void test_publishes(void)
{
  struct mock_kafka cluster;
  struct sink sink;
  mock_kafka_open(&cluster, "out", 2);
  sink_open(&sink, cluster.servers, "60 s");
  WR_CHECK(sink_recover(&sink) == WR_OK, "%s", sink.table.err.message);
  for (uint64_t epoch = 1; epoch < 6; epoch++)
    WR_CHECK(sink_publish(&sink, epoch, (uint32_t)epoch - 1) == WR_OK, "epoch %d: %s", (int)epoch,
             sink.table.err.message);
  WR_CHECK(topic_records(&cluster) == 10, "%d records", (int)topic_records(&cluster));
  CU_ASSERT_STRING_EQUAL(sink.table.notes, "");
  sink_close(&sink);
  mock_kafka_close(&cluster);
}

/* What passes by itself is waited for; the epoch is there once. */
static void test_passing_answers(void)
{
  static const struct {
    int request;
    rd_kafka_resp_err_t error;
  } rows[] = {
      {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},
      {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS},
      {FIND_COORDINATOR, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE},
      {OFFSET_FETCH, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},
      {OFFSET_FETCH, RD_KAFKA_RESP_ERR_NOT_COORDINATOR},
      {ADD_OFFSETS, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS},
      {TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},
      {END, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS},
      {END, RD_KAFKA_RESP_ERR_NOT_COORDINATOR},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct mock_kafka cluster;
    struct sink sink;
    mock_kafka_open(&cluster, "out", 2);
    sink_open(&sink, cluster.servers, "60 s");
    rd_kafka_mock_push_request_errors(cluster.mock, (int16_t)rows[i].request, 2, rows[i].error,
                                      rows[i].error);
    WR_CHECK(sink_recover(&sink) == WR_OK, "%d %s: %s", rows[i].request,
             rd_kafka_err2name(rows[i].error), sink.table.err.message);
    WR_CHECK(sink_publish(&sink, 1, 3) == WR_OK, "%d %s: %s", rows[i].request,
             rd_kafka_err2name(rows[i].error), sink.table.err.message);
    CU_ASSERT_EQUAL(topic_records(&cluster), 3);
    sink_close(&sink);
    mock_kafka_close(&cluster);
  }
}

/* What does not: the first two words of the message, and of the hint. */
static void test_final_answers(void)
{
  static const struct {
    int request;
    rd_kafka_resp_err_t error;
    const char *message, *hint;
  } rows[] = {
      {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
       "as 'weir-" JOB "-t': it is not allowed to use the transactional id", "WRITE and DESCRIBE"},
      {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
       "not allowed to be an idempotent producer", "IDEMPOTENT_WRITE"},
      {INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT,
       "transaction.max.timeout.ms", "lower 'properties.transaction.timeout.ms'"},
      {OFFSET_FETCH, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
       "not allowed to use the consumer group", "READ for the consumer group"},
      {FIND_COORDINATOR, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
       "not allowed to use the consumer group", "READ for the consumer group"},
      {TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE, "text beside an offset",
       "offset.metadata.max.bytes"},
      {TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
       "not allowed to use the consumer group", "READ for the consumer group"},
      {ADD_OFFSETS, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
       "not allowed to use the consumer group", "READ for the consumer group"},
      {END, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, "the transactional id",
       "WRITE and DESCRIBE"},
      {END, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
       "another process writes the topic 'out' with the same transactional id 'weir-" JOB "-t'",
       "a second time"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct mock_kafka cluster;
    struct sink sink;
    mock_kafka_open(&cluster, "out", 2);
    sink_open(&sink, cluster.servers, "60 s");
    rd_kafka_mock_push_request_errors(cluster.mock, (int16_t)rows[i].request, 1, rows[i].error);
    WR_CHECK(sink_recover(&sink) == WR_CONNECTION && !sink.table.err.retry, "%d %s",
             rows[i].request, rd_kafka_err2name(rows[i].error));
    WR_CHECK(strstr(sink.table.err.message, rows[i].message) != NULL, "%s", sink.table.err.message);
    WR_CHECK(strstr(sink.table.err.hint, rows[i].hint) != NULL, "%s", sink.table.err.hint);
    CU_ASSERT_EQUAL(topic_records(&cluster), 0);
    sink_close(&sink);
    mock_kafka_close(&cluster);
  }
}

static void test_refused_record(void)
{
  static const struct {
    rd_kafka_resp_err_t error;
    const char *part;
  } rows[] = {
      {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "of the topic 'out' was refused: it is too long"},
      {RD_KAFKA_RESP_ERR_INVALID_RECORD, "takes it for invalid"},
      {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "not allowed to write the topic"},
  };
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct mock_kafka cluster;
    struct sink sink;
    mock_kafka_open(&cluster, "out", 2);
    sink_open(&sink, cluster.servers, "60 s");
    CU_ASSERT_EQUAL(sink_recover(&sink), WR_OK);
    rd_kafka_mock_push_request_errors(cluster.mock, PRODUCE, 1, rows[i].error);
    CU_ASSERT_EQUAL(sink_publish(&sink, 1, 1), WR_CONNECTION);
    WR_CHECK(strstr(sink.table.err.message, rows[i].part) != NULL, "%s", sink.table.err.message);
    CU_ASSERT(!sink.table.err.retry);
    sink_close(&sink);
    mock_kafka_close(&cluster);
  }
}

/* Brokers too few for the topic of transactions: said after a while, and an error in the end. */
static void test_no_coordinator(void)
{
  struct mock_kafka cluster;
  struct sink sink;
  rd_kafka_resp_err_t errors[2000];
  for (size_t i = 0; i < WR_COUNT(errors); i++)
    errors[i] = RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE;
  mock_kafka_open(&cluster, "out", 2);
  sink_open(&sink, cluster.servers, "4 s");
  rd_kafka_mock_push_request_errors_array(cluster.mock, FIND_COORDINATOR, WR_COUNT(errors), errors);
  CU_ASSERT_EQUAL(sink_recover(&sink), WR_CONNECTION);
  CU_ASSERT(sink.table.err.retry);
  WR_CHECK(strstr(sink.table.err.hint, "transaction.state.log.replication.factor") != NULL,
           "%s: %s", sink.table.err.message, sink.table.err.hint);
  WR_CHECK(strstr(sink.table.notes, "transaction.state.log.replication.factor") != NULL, "%s",
           sink.table.notes);
  sink_close(&sink);
  mock_kafka_close(&cluster);
}

/* Nobody there, and cancelled before anything began. */
static void test_nobody_there(void)
{
  struct sink sink;
  sink_open(&sink, "127.0.0.1:9", "300 ms");
  CU_ASSERT_EQUAL(sink_recover(&sink), WR_CONNECTION);
  CU_ASSERT(sink.table.err.retry);
  WR_CHECK(strstr(sink.table.err.message, "no Kafka broker at 127.0.0.1:9 answered") != NULL, "%s",
           sink.table.err.message);
  sink.publisher->class->cancel(sink.publisher);
  CU_ASSERT_EQUAL(sink_recover(&sink), WR_STOPPED);
  sink_close(&sink);
}

/* The group's coordinator goes away behind the records, and the library does not come back before
 * it does: the user hears of it all the same, and may stop the job. */
struct lost_coordinator {
  struct mock_kafka cluster;
  struct sink sink;
  bool comes_back;
  char note[1024]; /* the first one */
};

static void lost_note(void *self, const char *message)
{
  struct lost_coordinator *lost = self;
  if (lost->note[0])
    return;
  snprintf(lost->note, sizeof lost->note, "%s", message);
  if (lost->comes_back)
    rd_kafka_mock_broker_set_up(lost->cluster.mock, 2);
  else
    lost->sink.publisher->class->cancel(lost->sink.publisher);
}

static void test_lost_coordinator(void)
{
  for (int comes_back = 0; comes_back < 2; comes_back++) {
    struct lost_coordinator lost = {.comes_back = comes_back};
    struct sink *sink = &lost.sink;
    mock_kafka_open_brokers(&lost.cluster, 2, "out", 2);
    for (int32_t p = 0; p < 2; p++)
      rd_kafka_mock_partition_set_leader(lost.cluster.mock, "out", p, 1);
    rd_kafka_mock_coordinator_set(lost.cluster.mock, "transaction", "weir-" JOB "-t", 1);
    rd_kafka_mock_coordinator_set(lost.cluster.mock, "group", "weir-" JOB "-t", 2);
    sink_open_noting(sink, lost.cluster.servers, "60 s", lost_note, &lost);
    WR_CHECK(sink_recover(sink) == WR_OK, "%s", sink->table.err.message);
    rd_kafka_mock_broker_set_down(lost.cluster.mock, 2);
    enum wr_code code = sink_publish(sink, 1, 3);
    WR_CHECK(code == (comes_back ? WR_OK : WR_STOPPED), "%s", sink->table.err.message);
    WR_CHECK(strstr(lost.note, "epoch 1 waits to be published") != NULL, "%s", lost.note);
    sink_close(sink);
    rd_kafka_mock_broker_set_up(lost.cluster.mock, 2);
    CU_ASSERT_EQUAL(topic_records(&lost.cluster), 3);
    mock_kafka_close(&lost.cluster);
  }
}

static const struct wr_test tests[] = {
    {"publishes", test_publishes},
    {"passing-answers", test_passing_answers},
    {"final-answers", test_final_answers},
    {"refused-record", test_refused_record},
    {"no-coordinator", test_no_coordinator},
    {"nobody-there", test_nobody_there},
    {"lost-coordinator", test_lost_coordinator},
    {NULL, NULL},
};

const struct wr_suite wr_suite_kafka_publisher = {"kafka_publisher", tests};
