/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers that are states: growing, merging, giving up. */
#include "functions/aggregate_buffer.h"

#include <assert.h>
#include <stdlib.h>

#define BUFFER_BYTES_MIN 32

void wr_aggregate_buffer_break(const struct wr_aggregate_rows *in, uint32_t i)
{
  in->store->put(in->store, i, in->offset, "", 0);
  struct wr_aggregate_buffer *buffer = wr_aggregate_buffer_at(in, i);
  buffer->used = 0;
  buffer->broken = true;
}

char *wr_aggregate_buffer_append(const struct wr_aggregate_rows *in, uint32_t i, size_t bytes)
{
  struct wr_aggregate_buffer *buffer = wr_aggregate_buffer_at(in, i);
  if (buffer->broken)
    return NULL;
  if (!wr_aggregate_buffer_fits(buffer, bytes)) {
    if (bytes > WR_AGGREGATE_BYTES_MAX - buffer->used) {
      wr_aggregate_buffer_break(in, i);
      return NULL;
    }
    uint32_t length = buffer->bytes.length ? buffer->bytes.length : BUFFER_BYTES_MIN;
    while (length - buffer->used < bytes)
      length = length > WR_AGGREGATE_BYTES_MAX / 2 ? WR_AGGREGATE_BYTES_MAX : 2 * length;
    in->store->grow(in->store, i, in->offset, length);
    buffer = wr_aggregate_buffer_at(in, i);
    assert(buffer->bytes.length == length);
  }
  char *at = wr_aggregate_buffer_bytes(buffer) + buffer->used;
  buffer->used += (uint32_t)bytes;
  return at;
}

/* Sources are entries of another table: making room here does not move them. */
void wr_aggregate_buffer_merge(const struct wr_aggregate_rows *in, const char *const *sources)
{
  for (uint32_t i = 0; i < in->row_count; i++) {
    const struct wr_aggregate_buffer *source = wr_aggregate_buffer_of(sources[i], in->offset);
    if (source->broken)
      wr_aggregate_buffer_break(in, i);
    char *at = source->used ? wr_aggregate_buffer_append(in, i, source->used) : NULL;
    if (at)
      memcpy(at, wr_aggregate_buffer_bytes(source), source->used);
  }
}

void wr_aggregate_buffer_fail(const struct wr_aggregate_results *results, uint32_t i)
{
  wr_bit_set(results->failed, i);
  wr_builder_put_null(results->out);
}
