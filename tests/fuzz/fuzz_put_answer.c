/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to PutRecords and PutRecordBatch, as any server may give them: whatever they say, a
 * record is either taken or waits, and what cannot be understood is an error. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/put_queue.h"
#include "core/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS = 3 };

struct server {
  struct wr_aws_request request;
  bool is_asked;
  struct wr_slice answer;
  int64_t now_us;
};

static void demand(bool holds)
{
  if (!holds)
    abort();
}

static enum wr_code server_start(void *self, const struct wr_aws_request *request,
                                 struct wr_error *err)
{
  struct server *server = self;
  (void)err;
  server->request = *request;
  server->is_asked = true;
  return WR_OK;
}

static uint32_t server_pump(void *self, int wait_ms)
{
  struct server *server = self;
  const struct wr_aws_result result = {
      .status = 200, .error = "", .message = "", .body = server->answer};
  (void)wait_ms;
  server->now_us += WR_US_PER_SECOND;
  if (server->is_asked) {
    server->is_asked = false;
    server->request.done(server->request.self, &result);
  }
  return 0;
}

static enum wr_code server_fail(void *self, const struct wr_aws_result *result,
                                struct wr_error *err)
{
  (void)self;
  return wr_fail(err, result->code, "%s", result->message);
}

static int64_t server_now(void *self)
{
  return ((struct server *)self)->now_us;
}

static const char *server_trouble(void *self)
{
  (void)self;
  return "";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct wr_put_protocol protocol = {"T.Put", "Records", "the stream"};
  if (size > UINT32_MAX / 2)
    return 0;
  struct server server = {.answer = {(const char *)data, (uint32_t)size}, .now_us = 1};
  const struct wr_put_settings settings = {
      .table = "t",
      .protocol = &protocol,
      .transport = {&server, server_start, server_pump, server_fail, server_now, server_trouble},
      .head = "{\"Records\":[",
      .batch_records = RECORDS,
      .requests_max = 1,
      .records_max = RECORDS,
      .batch_bytes = 1000,
      .fails_on_errors = size % 2};
  struct wr_put_queue *queue = wr_put_queue_new(&settings);
  struct wr_error err;
  for (uint64_t key = 0; key < RECORDS; key++) {
    const struct wr_put_record record = {"{}", 2, 2, true, key};
    demand(wr_put_queue_add(queue, &record, &err) == WR_OK);
  }
  for (int round = 0; round < 4; round++) {
    enum wr_code code = wr_put_queue_work(queue, 100, &err);
    demand(code == WR_OK || code == WR_CONNECTION);
    demand(wr_put_queue_waiting(queue) <= RECORDS);
    if (code != WR_OK) {
      demand(strncmp(err.message, "table t: ", strlen("table t: ")) == 0);
      break;
    }
  }
  wr_put_queue_free(queue);
  return 0;
}
