/* SPDX-License-Identifier: Apache-2.0 */
/* The list of uploads that an epoch counts on. What can be read has names and parts, and is written
 * as the same bytes. */
#include <stdlib.h>

#include "connectors/s3_outbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct wr_s3_outbox outbox;
  struct wr_s3_entry entry;
  struct wr_error err;
  struct wr_buffer again = {0};
  if (size == 0 || size > UINT32_MAX)
    return 0;
  const struct wr_slice bytes = {(const char *)data, (uint32_t)size};
  enum wr_code code = wr_s3_outbox_open(&outbox, bytes, &err);
  if (code == WR_OK)
    wr_s3_outbox_begin(&again, outbox.epoch, outbox.left);
  while (code == WR_OK && outbox.left) {
    code = wr_s3_outbox_next(&outbox, &entry, &err);
    if (code != WR_OK)
      break;
    demand(entry.bucket[0] && !strchr(entry.bucket, '/') && entry.key[0] && entry.upload[0]);
    demand(entry.part_count >= 1 && entry.part_count <= WR_S3_PARTS_MAX);
    wr_s3_outbox_put(&again, &entry);
  }
  if (code == WR_OK)
    demand(again.length == size && memcmp(again.bytes, data, size) == 0);
  else
    demand(code == WR_DATA && err.message[0]);
  wr_buffer_free(&again);
  return 0;
}
