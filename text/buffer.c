/* SPDX-License-Identifier: Apache-2.0 */
/* Growing by doubling, and printing. */
#include "text/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/arena.h"

#define BUFFER_BYTES_MIN 256

void wr_buffer_free(struct wr_buffer *buffer)
{
  free(buffer->bytes);
  *buffer = (struct wr_buffer){0};
}

void wr_buffer_grow(struct wr_buffer *buffer, size_t more)
{
  assert(more < SIZE_MAX / 4 && buffer->length < SIZE_MAX / 4);
  size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_BYTES_MIN;
  while (capacity < buffer->length + more)
    capacity *= 2;
  buffer->bytes = wr_memory_resize(buffer->bytes, capacity);
  buffer->capacity = capacity;
}

void wr_buffer_print_va(struct wr_buffer *buffer, const char *format, va_list args)
{
  va_list again;
  va_copy(again, args);
  char *end = wr_buffer_reserve(buffer, 64);
  size_t room = buffer->capacity - buffer->length;
  int length = vsnprintf(end, room, format, args);
  assert(length >= 0);
  if ((size_t)length >= room) {
    end = wr_buffer_reserve(buffer, (size_t)length + 1);
    vsnprintf(end, (size_t)length + 1, format, again);
  }
  va_end(again);
  wr_buffer_added(buffer, (size_t)length);
}

void wr_buffer_print(struct wr_buffer *buffer, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  wr_buffer_print_va(buffer, format, args);
  va_end(args);
}

const char *wr_buffer_string(struct wr_buffer *buffer)
{
  *wr_buffer_reserve(buffer, 1) = '\0';
  return buffer->bytes;
}
