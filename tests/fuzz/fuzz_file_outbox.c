/* SPDX-License-Identifier: Apache-2.0 */
/* The list of files that an epoch counts on. What can be read names nothing outside the folder. */
#include "connectors/filesystem_outbox.h"
#include "tests/fuzz/outbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum wr_code copy_entry(struct wr_outbox_list *list, struct wr_buffer *again,
                               struct wr_error *err)
{
  struct wr_file_entry entry;
  enum wr_code code = wr_file_outbox_next(list, &entry, err);
  if (code != WR_OK)
    return code;
  fuzz_demand(!strchr(entry.hidden, '/') && !strchr(entry.shown, '/'));
  fuzz_demand(entry.hidden[0] && entry.shown[0] && entry.folder[0] != '/');
  fuzz_demand(strncmp(entry.folder, "../", 3) != 0 && strcmp(entry.folder, "..") != 0);
  fuzz_demand(!strstr(entry.folder, "/../") && !strstr(entry.folder, "//"));
  fuzz_demand(entry.length <= INT64_MAX);
  wr_file_outbox_put(again, &entry);
  return WR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const struct fuzz_outbox outbox = {wr_file_outbox_open, wr_file_outbox_begin, copy_entry};
  return fuzz_outbox(&outbox, data, size);
}
