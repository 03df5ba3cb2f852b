/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox of a Kafka sink: what goes in comes out, and damage is told. */
#include <stdlib.h>

#include "connectors/kafka_outbox.h"
#include "core/time.h"
#include "tests/unit/check.h"

static const struct wr_kafka_outbox_head head = {.partitioner = WR_KAFKA_PARTITION_ROUND_ROBIN,
                                                 .partition = 2,
                                                 .partition_count = 5,
                                                 .number = 0x123456789abcdef0};

static const struct wr_outgoing records[] = {
    {.bytes = "one", .length = 3},
    {.bytes = "", .length = 0, .key = "", .key_length = 0},
    {.bytes = NULL, .key = "gone", .key_length = 4, .has_time = true, .time_us = 1000},
    {.bytes = "later", .length = 5, .has_time = true, .time_us = INT64_C(253402300799999000)},
    {.bytes = "earlier",
     .length = 7,
     .key = "k",
     .key_length = 1,
     .has_time = true,
     .time_us = 2000},
    {.bytes = NULL},
};

static struct wr_buffer outbox_make(struct wr_kafka_outbox *outbox)
{
  struct wr_buffer bytes = {0};
  for (size_t i = 0; i < WR_COUNT(records); i++)
    wr_kafka_outbox_put(outbox, &records[i]);
  wr_kafka_outbox_take(outbox, &head, &bytes);
  return bytes;
}

static bool bytes_equal(const char *a, uint32_t a_length, const char *b, uint32_t b_length)
{
  return !a == !b && a_length == b_length && (!a || memcmp(a, b, a_length) == 0);
}

static void outbox_check(const char *bytes, size_t length)
{
  struct wr_kafka_outbox_reader reader;
  struct wr_error err;
  const struct wr_slice slice = {bytes, (uint32_t)length};
  CU_ASSERT_EQUAL_FATAL(wr_kafka_outbox_open(&reader, &slice, &err), WR_OK);
  CU_ASSERT_EQUAL(reader.head.partitioner, head.partitioner);
  CU_ASSERT_EQUAL(reader.head.partition, 2);
  CU_ASSERT_EQUAL(reader.head.partition_count, 5);
  CU_ASSERT_EQUAL(reader.head.number, head.number);
  CU_ASSERT_EQUAL_FATAL(reader.left, WR_COUNT(records));
  for (size_t i = 0; i < WR_COUNT(records); i++) {
    struct wr_outgoing record;
    CU_ASSERT_EQUAL_FATAL(wr_kafka_outbox_next(&reader, &record, &err), WR_OK);
    WR_CHECK(
        bytes_equal(record.bytes, record.length, records[i].bytes, records[i].length) &&
            bytes_equal(record.key, record.key_length, records[i].key, records[i].key_length) &&
            record.has_time == records[i].has_time && record.time_us == records[i].time_us,
        "record %zu", i);
  }
  CU_ASSERT_EQUAL(reader.left, 0);
}

static void test_round_trip(void)
{
  struct wr_kafka_outbox outbox = {0};
  for (int round = 0; round < 2; round++) { /* the second one begins anew */
    struct wr_buffer bytes = outbox_make(&outbox);
    outbox_check(bytes.bytes, bytes.length);
    CU_ASSERT_EQUAL(outbox.bytes.length, 0);
    wr_buffer_free(&bytes);
  }
  wr_kafka_outbox_free(&outbox);
}

static void test_appends(void)
{
  struct wr_kafka_outbox outbox = {0};
  struct wr_buffer bytes = {0};
  wr_buffer_put_string(&bytes, "before");
  for (size_t i = 0; i < WR_COUNT(records); i++)
    wr_kafka_outbox_put(&outbox, &records[i]);
  wr_kafka_outbox_take(&outbox, &head, &bytes);
  CU_ASSERT_EQUAL(memcmp(bytes.bytes, "before", 6), 0);
  outbox_check(bytes.bytes + 6, bytes.length - 6);
  wr_buffer_free(&bytes);
  wr_kafka_outbox_free(&outbox);
}

static void test_empty(void)
{
  struct wr_kafka_outbox outbox = {0};
  struct wr_kafka_outbox_reader reader;
  struct wr_error err;
  struct wr_buffer bytes = {0};
  wr_kafka_outbox_take(&outbox, &head, &bytes);
  CU_ASSERT_EQUAL(bytes.length, 0);
  CU_ASSERT_EQUAL(wr_kafka_outbox_open(&reader, &(struct wr_slice){"", 0}, &err), WR_OK);
  CU_ASSERT_EQUAL(reader.left, 0);
  wr_buffer_free(&bytes);
  wr_kafka_outbox_free(&outbox);
}

static enum wr_code read_all(const char *bytes, size_t length, struct wr_error *err)
{
  struct wr_kafka_outbox_reader reader;
  struct wr_outgoing record;
  enum wr_code code =
      wr_kafka_outbox_open(&reader, &(struct wr_slice){bytes, (uint32_t)length}, err);
  while (code == WR_OK && reader.left)
    code = wr_kafka_outbox_next(&reader, &record, err);
  return code;
}

/* Cut off anywhere, or followed by a byte too many: never taken for whole. */
static void test_cut_off(void)
{
  struct wr_kafka_outbox outbox = {0};
  struct wr_error err;
  struct wr_buffer bytes = outbox_make(&outbox);
  for (size_t length = 1; length < bytes.length; length++) {
    char *copy = wr_memory_get(length);
    memcpy(copy, bytes.bytes, length);
    WR_CHECK(read_all(copy, length, &err) == WR_DATA, "%zu bytes", length);
    free(copy);
  }
  wr_buffer_put_char(&bytes, 0);
  CU_ASSERT_EQUAL(read_all(bytes.bytes, bytes.length, &err), WR_DATA);
  wr_buffer_free(&bytes);
  wr_kafka_outbox_free(&outbox);
}

static void test_damaged_head(void)
{
  static const struct {
    size_t at;
    char value;
    const char *part;
  } rows[] = {
      {0, 2, "has the version 2, but this program reads version 1"},
      {1, 9, "no known partitioner"},
      {4, 5, "a partition that cannot be"}, /* 5 of 5 */
      {24, 0, "as many records"},
      {31, 1, "as many records"},
  };
  struct wr_kafka_outbox outbox = {0};
  struct wr_error err;
  for (size_t i = 0; i < WR_COUNT(rows); i++) {
    struct wr_buffer bytes = outbox_make(&outbox);
    bytes.bytes[rows[i].at] = rows[i].value;
    CU_ASSERT_EQUAL(read_all(bytes.bytes, bytes.length, &err), WR_DATA);
    WR_CHECK(strstr(err.message, rows[i].part) != NULL, "%s", err.message);
    wr_buffer_free(&bytes);
  }
  wr_kafka_outbox_free(&outbox);
}

static const struct wr_test tests[] = {
    {"round-trip", test_round_trip}, {"appends", test_appends},           {"empty", test_empty},
    {"cut-off", test_cut_off},       {"damaged-head", test_damaged_head}, {NULL, NULL},
};

const struct wr_suite wr_suite_kafka_outbox = {"kafka_outbox", tests};
