/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every list in an outbox: what can be read is written as the same bytes, and
 * what cannot is refused with a reason. */
#ifndef WEIR_TESTS_FUZZ_OUTBOX_H
#define WEIR_TESTS_FUZZ_OUTBOX_H

#include <stdlib.h>
#include <string.h>

#include "connectors/outbox_list.h"

static inline void fuzz_demand(bool holds)
{
  if (!holds)
    abort();
}

struct fuzz_outbox {
  enum wr_code (*open)(struct wr_outbox_list *list, struct wr_slice bytes, struct wr_error *err);
  void (*begin)(struct wr_buffer *again, uint64_t epoch, uint64_t entry_count);
  /* reads an entry, demands what is true of it, and writes it again */
  enum wr_code (*copy)(struct wr_outbox_list *list, struct wr_buffer *again, struct wr_error *err);
};

static inline int fuzz_outbox(const struct fuzz_outbox *outbox, const uint8_t *data, size_t size)
{
  struct wr_outbox_list list;
  struct wr_error err;
  struct wr_buffer again = {0};
  if (size == 0 || size > UINT32_MAX)
    return 0;
  const struct wr_slice bytes = {(const char *)data, (uint32_t)size};
  enum wr_code code = outbox->open(&list, bytes, &err);
  if (code == WR_OK)
    outbox->begin(&again, list.epoch, list.left);
  while (code == WR_OK && list.left)
    code = outbox->copy(&list, &again, &err);
  if (code == WR_OK)
    fuzz_demand(again.length == size && memcmp(again.bytes, data, size) == 0);
  else
    fuzz_demand(code == WR_DATA && err.message[0]);
  wr_buffer_free(&again);
  return 0;
}

#endif
