/* SPDX-License-Identifier: Apache-2.0 */
/* Values in the order in which they came. */
#include "functions/value_list.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/packed.h"

void wr_list_scratch_free(struct wr_list_scratch *scratch)
{
  free(scratch->bytes);
  *scratch = (struct wr_list_scratch){0};
}

struct wr_slice wr_list_pack(struct wr_list_scratch *scratch, const struct wr_column *column,
                             uint32_t row)
{
  row = wr_column_row(column, row);
  if (wr_column_is_null(column, row))
    return (struct wr_slice){NULL, WR_LIST_NULL};
  size_t bytes = wr_pack_item_bytes(column, row);
  if (bytes + 1 > scratch->room) {
    scratch->room = 2 * bytes + 64;
    scratch->bytes = wr_memory_resize(scratch->bytes, scratch->room);
  }
  wr_pack_item(scratch->bytes, column, row);
  assert(bytes < WR_LIST_NULL);
  return (struct wr_slice){scratch->bytes, (uint32_t)bytes};
}

void wr_list_add(const struct wr_aggregate_rows *in, uint32_t i, struct wr_slice value)
{
  size_t bytes = value.length == WR_LIST_NULL ? 0 : value.length;
  char *at = wr_aggregate_buffer_append(in, i, sizeof value.length + bytes);
  if (!at)
    return;
  memcpy(at, &value.length, sizeof value.length);
  if (bytes)
    memcpy(at + sizeof value.length, value.bytes, bytes);
}

bool wr_list_next(const struct wr_aggregate_buffer *list, uint32_t *at, struct wr_slice *value)
{
  const char *bytes = wr_aggregate_buffer_bytes(list);
  if (*at >= list->used)
    return false;
  memcpy(&value->length, bytes + *at, sizeof value->length);
  *at += (uint32_t)sizeof value->length;
  value->bytes = value->length == WR_LIST_NULL ? NULL : bytes + *at;
  *at += value->bytes ? value->length : 0;
  assert(*at <= list->used);
  return true;
}

void wr_list_cut(struct wr_aggregate_buffer *buffer, uint32_t at, uint32_t bytes)
{
  char *first = wr_aggregate_buffer_bytes(buffer);
  assert(at + bytes <= buffer->used);
  memmove(first + at, first + at + bytes, buffer->used - at - bytes);
  buffer->used -= bytes;
}

void wr_list_remove(const struct wr_aggregate_rows *in, uint32_t i, struct wr_slice value)
{
  struct wr_aggregate_buffer *list = wr_aggregate_buffer_at(in, i);
  struct wr_slice other;
  for (uint32_t at = 0, first = 0; wr_list_next(list, &at, &other); first = at) {
    if (other.length != value.length ||
        (other.bytes && memcmp(other.bytes, value.bytes, value.length) != 0))
      continue;
    wr_list_cut(list, first, at - first);
    return;
  }
}
