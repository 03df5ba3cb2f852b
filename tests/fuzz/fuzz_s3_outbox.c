/* SPDX-License-Identifier: Apache-2.0 */
/* The list of uploads that an epoch counts on. What can be read has names and parts. */
#include "connectors/s3_outbox.h"
#include "tests/fuzz/outbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum wr_code copy_entry(struct wr_outbox_list *list, struct wr_buffer *again,
                               struct wr_error *err)
{
  struct wr_s3_entry entry;
  enum wr_code code = wr_s3_outbox_next(list, &entry, err);
  if (code != WR_OK)
    return code;
  fuzz_demand(entry.bucket[0] && !strchr(entry.bucket, '/') && entry.key[0] && entry.upload[0]);
  fuzz_demand(entry.part_count >= 1 && entry.part_count <= WR_S3_PARTS_MAX);
  wr_s3_outbox_put(again, &entry);
  return WR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct fuzz_outbox outbox = {wr_s3_outbox_open, wr_s3_outbox_begin, copy_entry};
  return fuzz_outbox(&outbox, data, size);
}
