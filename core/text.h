/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text value in 16 bytes. Up to 12 bytes live inside; longer ones keep their first 4 bytes for
 * quick comparison and a lent pointer. In state the pointer is replaced by a distance from the
 * text's own address (see wr_text_stored_bytes), so that a page of state can be moved and saved as
 * bytes. Unused inline bytes are zero: two short texts are equal iff their 16 bytes are. The same
 * shape carries BINARY values.
 *
 *   short:  | length | head[4]  tail[8]          |
 *   long:   | length | head[4]  bytes / distance |
 */
#ifndef WEIR_CORE_TEXT_H
#define WEIR_CORE_TEXT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WR_TEXT_INLINE 12

struct wr_text {
  uint32_t length;
  char head[4];
  union {
    char tail[8];
    const char *bytes;
    int64_t distance; /* in state only: bytes of the value are at (char *)text + distance */
  };
};
static_assert(sizeof(struct wr_text) == 16, "16 bytes");

/* A value over lent bytes; short ones are copied inside. */
static inline struct wr_text wr_text_make(const char *bytes, uint32_t length)
{
  struct wr_text text = {.length = length};
  if (length <= WR_TEXT_INLINE) {
    memcpy((char *)&text + 4, bytes, length);
  } else {
    memcpy(text.head, bytes, 4);
    text.bytes = bytes;
  }
  return text;
}

static inline const char *wr_text_bytes(const struct wr_text *text)
{
  return text->length <= WR_TEXT_INLINE ? (const char *)text + 4 : text->bytes;
}

static inline const char *wr_text_stored_bytes(const struct wr_text *text)
{
  return text->length <= WR_TEXT_INLINE ? (const char *)text + 4
                                        : (const char *)text + text->distance;
}

static inline bool wr_text_equal(const struct wr_text *a, const struct wr_text *b)
{
  if (memcmp(a, b, 8) != 0) /* length and head */
    return false;
  if (a->length <= WR_TEXT_INLINE)
    return memcmp(a->tail, b->tail, 8) == 0;
  return a->bytes == b->bytes || memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* By bytes, a prefix before what it begins: below 0, 0 or above 0. */
static inline int wr_text_compare(const struct wr_text *a, const struct wr_text *b)
{
  uint32_t common = a->length < b->length ? a->length : b->length;
  int order = memcmp(wr_text_bytes(a), wr_text_bytes(b), common);
  return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

#endif
