/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinesis [SECONDS]: how fast answers of GetRecords become messages: JSON, base64, aggregated
 * records with their digests. In MB of records' data and records per second of the processor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "connectors/kinesis_records.h"
#include "core/time.h"
#include "text/json_write.h"

#define ANSWER_BYTES (2 << 20) /* of data: what a shard gives in a second */

struct recipe {
  const char *name;
  size_t record_bytes; /* of what the user wrote */
  uint32_t parts;      /* of an aggregated record; 0: ordinary ones */
};

static void put_data(struct wr_buffer *data, const struct recipe *recipe, uint32_t number)
{
  size_t begin = data->length;
  wr_buffer_print(data, "{\"id\":%u,\"page\":\"/home\",\"text\":\"", number);
  while (data->length - begin + 2 < recipe->record_bytes)
    wr_buffer_put_char(data, (char)('a' + (data->length * 7) % 26));
  wr_buffer_put_string(data, "\"}");
}

/* What one Kinesis record holds. */
static void make_record(struct wr_buffer *out, const struct recipe *recipe, uint32_t number)
{
  wr_buffer_clear(out);
  if (recipe->parts == 0) {
    put_data(out, recipe, number);
    return;
  }
  struct wr_kpl_writer writer = {0};
  struct wr_buffer data = {0};
  for (uint32_t i = 0; i < recipe->parts; i++) {
    char key[32];
    int length = snprintf(key, sizeof key, "key-%u", i % 50);
    wr_buffer_clear(&data);
    put_data(&data, recipe, number + i);
    wr_kpl_put(&writer, (struct wr_slice){key, (uint32_t)length}, (struct wr_slice){NULL, 0},
               data.bytes, (uint32_t)data.length);
  }
  wr_kpl_take(&writer, out);
  wr_buffer_free(&data);
  wr_kpl_writer_free(&writer);
}

static void make_answer(struct wr_buffer *out, const struct recipe *recipe)
{
  struct wr_buffer record = {0};
  size_t bytes = 0;
  wr_buffer_put_string(out,
                       "{\"MillisBehindLatest\":0,\"NextShardIterator\":\"AAAA\",\"Records\":[");
  for (uint32_t number = 0; bytes < ANSWER_BYTES; number++) {
    make_record(&record, recipe, number);
    wr_buffer_print(out, "%s{\"ApproximateArrivalTimestamp\":1700000000.%03u,\"Data\":\"",
                    number ? "," : "", number % 1000);
    wr_base64_write(out, record.bytes, record.length);
    wr_buffer_print(out,
                    "\",\"EncryptionType\":\"NONE\",\"PartitionKey\":\"key-%u\",\"SequenceNumber\":"
                    "\"49680434361671395386916866068186236800641594457%09u\"}",
                    number % 50, number);
    bytes += record.length;
  }
  wr_buffer_put_string(out, "]}");
  wr_buffer_free(&record);
}

static int64_t cpu_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * WR_US_PER_SECOND + now.tv_nsec / 1000;
}

static void measure(const struct recipe *recipe, double seconds)
{
  struct wr_buffer answer = {0};
  struct wr_kinesis_block *block = wr_memory_get_zero(sizeof *block);
  struct wr_kinesis_unpacker unpacker = {0};
  const struct wr_kinesis_position from = {.place = WR_KINESIS_FIRST};
  /* half of a stream's keys, so that keys of parts are hashed */
  const struct wr_kinesis_wanted wanted = {0, WR_HASH_KEY_MAX / 2, &from, false};
  struct wr_error err;
  uint64_t bytes = 0, records = 0;
  make_answer(&answer, recipe);
  int64_t began_us = cpu_us(), now_us = began_us;
  for (; now_us - began_us < (int64_t)(seconds * 1e6); now_us = cpu_us()) {
    if (wr_kinesis_block_read(block, &unpacker, &wanted, answer.bytes, answer.length, &err) !=
        WR_OK) {
      printf("%s\n", err.message);
      exit(1);
    }
    bytes += block->data_bytes;
    records += block->count + block->skipped;
  }
  double took = (double)(now_us - began_us) / 1e6;
  printf("%-28s %7.0f MB/s %12.0f records/s\n", recipe->name, (double)bytes / took / 1e6,
         (double)records / took);
  wr_kinesis_block_free(block);
  wr_kinesis_unpacker_free(&unpacker);
  wr_buffer_free(&answer);
}

int main(int argc, char **argv)
{
  static const struct recipe recipes[] = {{"records of 100 bytes", 100, 0},
                                          {"records of 1 kB", 1000, 0},
                                          {"records of 50 kB", 50000, 0},
                                          {"200 x 100 bytes, aggregated", 100, 200},
                                          {"50 x 1 kB, aggregated", 1000, 50}};
  double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
  for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
    measure(&recipes[i], seconds);
  return 0;
}
