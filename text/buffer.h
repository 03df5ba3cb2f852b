/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing string of bytes: what writers append to. Memory is kept between rounds. There is no
 * final NUL; where a C string is wanted, wr_buffer_string adds one behind the content. Two ways to
 * append: the wr_buffer_put family, or reserve, write at wr_buffer_end, and add the length.
 */
#ifndef WEIR_TEXT_BUFFER_H
#define WEIR_TEXT_BUFFER_H

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

/* Zero-initialised is a valid empty buffer. */
struct wr_buffer {
  char *bytes; /* NULL as long as nothing was reserved */
  size_t length,
      capacity; /* length <= capacity; writers may add to length what they have reserved */
};

/* Gives the memory back; the buffer is empty and usable again. */
void wr_buffer_free(struct wr_buffer *buffer);
/* Forgets the content, keeps the memory. */
static inline void wr_buffer_clear(struct wr_buffer *buffer)
{
  buffer->length = 0;
}

void wr_buffer_grow(struct wr_buffer *buffer, size_t more); /* the slow half of wr_buffer_reserve */

/* Makes room for `more` bytes and returns where they go: the end of the content. Lent until the
 * buffer changes. */
static inline char *wr_buffer_reserve(struct wr_buffer *buffer, size_t more)
{
  if (buffer->capacity - buffer->length < more || !buffer->bytes)
    wr_buffer_grow(buffer, more);
  return buffer->bytes + buffer->length;
}

/* Counts bytes that were written where wr_buffer_reserve said. */
static inline void wr_buffer_added(struct wr_buffer *buffer, size_t length)
{
  assert(length <= buffer->capacity - buffer->length);
  buffer->length += length;
}

static inline void wr_buffer_put(struct wr_buffer *buffer, const char *bytes, size_t length)
{
  char *end = wr_buffer_reserve(buffer, length);
  if (length)
    memcpy(end, bytes, length);
  buffer->length += length;
}

static inline void wr_buffer_put_char(struct wr_buffer *buffer, char c)
{
  *wr_buffer_reserve(buffer, 1) = c;
  buffer->length++;
}

static inline void wr_buffer_put_string(struct wr_buffer *buffer, const char *text)
{
  wr_buffer_put(buffer, text, strlen(text));
}

void wr_buffer_print(struct wr_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void wr_buffer_print_va(struct wr_buffer *buffer, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* The content as a C string: a NUL stands behind it until the next change. Lent. */
const char *wr_buffer_string(struct wr_buffer *buffer);

#endif
