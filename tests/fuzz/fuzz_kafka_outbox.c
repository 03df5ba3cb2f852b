/* SPDX-License-Identifier: Apache-2.0 */
/* The outbox of a Kafka sink, as it comes back from a state directory. What can be read to its end
 * can be written again, and is the same then. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/kafka_outbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

static bool is_equal(const char *a, uint32_t a_length, const char *b, uint32_t b_length)
{
  return !a == !b && a_length == b_length && (!a || memcmp(a, b, a_length) == 0);
}

/* Records that carry their time in ms come back as they were. */
static void compare(const struct wr_slice *first, const struct wr_slice *second)
{
  struct wr_kafka_outbox_reader a, b;
  struct wr_outgoing x, y;
  struct wr_error err;
  demand(wr_kafka_outbox_open(&a, first, &err) == WR_OK);
  demand(wr_kafka_outbox_open(&b, second, &err) == WR_OK);
  demand(a.left == b.left && a.head.number == b.head.number &&
         a.head.partition == b.head.partition);
  while (a.left) {
    demand(wr_kafka_outbox_next(&a, &x, &err) == WR_OK);
    demand(wr_kafka_outbox_next(&b, &y, &err) == WR_OK);
    demand(is_equal(x.bytes, x.length, y.bytes, y.length));
    demand(is_equal(x.key, x.key_length, y.key, y.key_length));
    demand(x.has_time == y.has_time && x.time_us == y.time_us);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct wr_kafka_outbox again = {0};
  struct wr_kafka_outbox_reader reader;
  struct wr_outgoing record;
  struct wr_error err;
  if (size > UINT32_MAX)
    return 0;
  char *bytes = malloc(size ? size : 1); /* of exactly this size: reading on is seen */
  memcpy(bytes, data, size);
  const struct wr_slice outbox = {bytes, (uint32_t)size};
  enum wr_code code = wr_kafka_outbox_open(&reader, &outbox, &err);
  while (code == WR_OK && reader.left) {
    code = wr_kafka_outbox_next(&reader, &record, &err);
    if (code == WR_OK)
      wr_kafka_outbox_put(&again, &record);
  }
  demand(code == WR_OK || code == WR_DATA);
  if (code == WR_OK && again.record_count) {
    struct wr_buffer written = {0};
    wr_kafka_outbox_take(&again, &reader.head, &written);
    const struct wr_slice second = {written.bytes, (uint32_t)written.length};
    compare(&outbox, &second);
    wr_buffer_free(&written);
  }
  wr_kafka_outbox_free(&again);
  free(bytes);
  return 0;
}
