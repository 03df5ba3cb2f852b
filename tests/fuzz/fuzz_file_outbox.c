/* SPDX-License-Identifier: Apache-2.0 */
/* The list of files that an epoch counts on. What can be read names nothing outside the folder, and
 * is written as the same bytes. */
#include <stdlib.h>

#include "connectors/filesystem_outbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
  if (!holds)
    abort();
}

static void demand_below(const struct wr_file_entry *entry)
{
  demand(!strchr(entry->hidden, '/') && !strchr(entry->shown, '/'));
  demand(entry->hidden[0] && entry->shown[0] && entry->folder[0] != '/');
  demand(strncmp(entry->folder, "../", 3) != 0 && strcmp(entry->folder, "..") != 0);
  demand(!strstr(entry->folder, "/../") && !strstr(entry->folder, "//"));
  demand(entry->length <= INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct wr_file_outbox outbox;
  struct wr_file_entry entry;
  struct wr_error err;
  struct wr_buffer again = {0};
  if (size == 0 || size > UINT32_MAX)
    return 0;
  const struct wr_slice bytes = {(const char *)data, (uint32_t)size};
  enum wr_code code = wr_file_outbox_open(&outbox, bytes, &err);
  if (code == WR_OK)
    wr_file_outbox_begin(&again, outbox.epoch, outbox.left);
  while (code == WR_OK && outbox.left) {
    code = wr_file_outbox_next(&outbox, &entry, &err);
    if (code != WR_OK)
      break;
    demand_below(&entry);
    wr_file_outbox_put(&again, &entry);
  }
  if (code == WR_OK)
    demand(again.length == size && memcmp(again.bytes, data, size) == 0);
  else
    demand(code == WR_DATA && err.message[0]);
  wr_buffer_free(&again);
  return 0;
}
