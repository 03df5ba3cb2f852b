/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States that grow: aggregates that remember all their values. The text at the head of the state
 * serves as a buffer of bytes; its length is the room there is, `used` how much of it is taken. A
 * buffer that is full is doubled through the text store, so appending costs the same however long
 * it has become; between doublings bytes are written in place. Nothing in a buffer may be a
 * pointer or need alignment. Beyond WR_AGGREGATE_BYTES_MAX the state gives its bytes up, stays
 * `broken`, and its result fails with WR_AGGREGATE_BUFFER_FAILURE.
 */
#ifndef WEIR_FUNCTIONS_AGGREGATE_BUFFER_H
#define WEIR_FUNCTIONS_AGGREGATE_BUFFER_H

#include "core/limits.h"
#include "functions/aggregate_table.h"

struct wr_aggregate_buffer {
  struct wr_text bytes;
  uint32_t used;
  bool broken;
};

#define WR_LIMIT_TEXT_(number) #number
#define WR_LIMIT_TEXT(number)  WR_LIMIT_TEXT_(number)
#define WR_AGGREGATE_BUFFER_FAILURE \
  "is over more bytes than the limit WR_AGGREGATE_BYTES_MAX, " WR_LIMIT_TEXT(WR_AGGREGATE_BYTES_MAX)

static inline struct wr_aggregate_buffer *wr_aggregate_buffer_at(const struct wr_aggregate_rows *in,
                                                                 uint32_t i)
{
  return (struct wr_aggregate_buffer *)(void *)(in->entries[i] + in->offset);
}
static inline const struct wr_aggregate_buffer *wr_aggregate_buffer_of(const char *entry,
                                                                       uint32_t offset)
{
  return (const struct wr_aggregate_buffer *)(const void *)(entry + offset);
}
static inline char *wr_aggregate_buffer_bytes(const struct wr_aggregate_buffer *buffer)
{
  return (char *)wr_text_stored_bytes(&buffer->bytes);
}
static inline bool wr_aggregate_buffer_fits(const struct wr_aggregate_buffer *buffer, size_t bytes)
{
  return bytes <= buffer->bytes.length - buffer->used;
}

/* Where so many more bytes go in the buffer of entry i; NULL: it is broken, or has just become so.
 * Other pointers into state are not good any more. */
char *wr_aggregate_buffer_append(const struct wr_aggregate_rows *in, uint32_t i, size_t bytes);
/* Gives the bytes up for good. */
void wr_aggregate_buffer_break(const struct wr_aggregate_rows *in, uint32_t i);
/* A merge for states that are nothing but a buffer whose halves may stand one behind the other. */
void wr_aggregate_buffer_merge(const struct wr_aggregate_rows *in, const char *const *sources);
/* The result of a broken state: NULL and a failed bit. */
void wr_aggregate_buffer_fail(const struct wr_aggregate_results *results, uint32_t i);

#endif
